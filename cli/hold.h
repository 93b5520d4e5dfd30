/* SPDX-License-Identifier: MIT
 *
 * hold: a line that would send a password to somebody by a slip (chat/slip.h, chat/secret.h) is
 * held back when it is typed. So is a line that looks like another command, and what follows a
 * log-in that was given while one is logged in: it asks for no password, and fingers type one.
 *
 * The next Enter on the same line lets it go as it stands: the person has read why. If it may hold
 * a password, that Enter asks first: an Enter alone never sends one, however often it is pressed.
 * What was added to such a line, or cut from it, is held back, too. An Enter that comes too soon is
 * a key that bounces, or is held down.
 */
#ifndef THREEFOLD_CLI_HOLD_H
#define THREEFOLD_CLI_HOLD_H

#include "chat/secret.h"

enum { HOLD_WHY_SIZE = 240 };

struct cli_hold {
	struct secret_known known; /* what the person has typed as a password */
	struct buf held;           /* the line that was held back, until another one is typed */
	struct buf let_go;         /* the one that may go */
	bool held_is_text;
	bool held_is_secret;   /* it may hold a password */
	enum secret_next next; /* what the line before makes of the next one */
	bool is_after_log_in;  /* a word may be a password that was typed too late */
	uint64_t entered_ms;   /* the last Enter */
};

/* Where a line is typed. */
struct hold_place {
	bool is_logged_in;
	bool has_aim; /* plain text goes to somebody */
	uint64_t now_ms;
};

enum hold_verdict {
	HOLD_NOTHING,  /* the line goes on */
	HOLD_RELEASED, /* so does one that was held back before: hold_let_go */
	HOLD_ASK,      /* the same, if the person says so */
	HOLD_TOO_SOON, /* it is held back still */
	HOLD_BACK,     /* it is held back now, and `why` is a sentence */
};

/* Begins with no password and no line; a line has at most `line_size_max` bytes. */
void hold_init(struct cli_hold *h, size_t line_size_max);
/* Wipes and frees what it has. */
void hold_release(struct cli_hold *h);
/* Tells a password that the person has typed. An empty one is none. */
void hold_know(struct cli_hold *h, struct view password);
/* Decides about a line at its Enter. is_text: it is no command, even if it begins with '/'. What
 * can reach nobody is not held back: it is refused anyway. */
enum hold_verdict hold_line(struct cli_hold *h, struct view line, bool is_text,
                            struct hold_place place, char why[HOLD_WHY_SIZE]);
/* The line that is held back goes as it stands. Gives it as the parser is to take it;
 * `line` lives until the next call. */
void hold_let_go(struct cli_hold *h, struct view *line, bool *is_text);
/* Whether nobody is to find the line later: it may hold a password. Of somebody who is not logged
 * in, a word may be the answer to a question that has just ended, or one that looks so: it is no
 * word of a language. Called after hold_line. */
bool hold_hides(const struct cli_hold *h, struct view line, bool is_logged_in);

#endif
