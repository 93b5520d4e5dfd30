/* SPDX-License-Identifier: MIT
 *
 * hold: a line that would send a password to somebody by a slip (chat/slip.h, chat/secret.h) is
 * held back when it is typed. The next Enter on the same line lets it go as it stands: the person
 * has read why. So is what follows a log-in that was given while one is logged in: it asks for no
 * password, and fingers type one. An Enter that comes too soon is a key that bounces, or is held
 * down.
 */
#ifndef THREEFOLD_CLI_HOLD_H
#define THREEFOLD_CLI_HOLD_H

#include "chat/secret.h"

enum { HOLD_WHY_SIZE = 240 };

struct cli_hold {
	struct secret_known known; /* what the person has typed as a password */
	struct buf held;           /* the line that was held back, until the next Enter */
	bool held_is_text;
	enum secret_next next; /* what the line before makes of the next one */
	uint64_t entered_ms;   /* the last Enter */
};

enum hold_verdict {
	HOLD_NOTHING,  /* the line goes on */
	HOLD_RELEASED, /* so does one that was held back before */
	HOLD_TOO_SOON, /* it is held back still */
	HOLD_BACK,     /* it is held back now, and `why` is a sentence */
};

/* Begins with no password and no line; a line has at most `line_size_max` bytes. */
void hold_init(struct cli_hold *h, size_t line_size_max);
/* Wipes and frees what it has. */
void hold_release(struct cli_hold *h);
/* Tells a password that the person has typed. An empty one is none. */
void hold_know(struct cli_hold *h, struct view password);
/* Decides about a line at its Enter. is_text: it is no command, even if it begins with '/'. For
 * HOLD_RELEASED both may change, so that the parser takes a text for one. */
enum hold_verdict hold_line(struct cli_hold *h, struct view *line, bool *is_text, bool is_logged_in,
                            uint64_t now_ms, char why[HOLD_WHY_SIZE]);
/* Whether nobody is to find the line later: it may hold a password. Of somebody who is not logged
 * in, a word without a command may be the answer to a question that has just ended. */
bool hold_hides(const struct cli_hold *h, struct view line, bool is_logged_in);

#endif
