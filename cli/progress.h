/* SPDX-License-Identifier: MIT
 *
 * progress: a word before the prompt that tells a person how far a long command is, or what ends
 * it. It changes in its place. A command that ends within half a second shows nothing.
 */
#ifndef THREEFOLD_CLI_PROGRESS_H
#define THREEFOLD_CLI_PROGRESS_H

#include "io/loop.h"

enum { PROGRESS_MS = 500, PROGRESS_SIZE = 64 };

struct cli_progress {
	struct loop *loop;
	struct loop_timer timer;
	const char *what; /* NULL: nothing is under way */
	const char *hint; /* what is told in the place of `done`; NULL: `done` is */
	bool is_slow;     /* PROGRESS_MS have passed */
	uint64_t done;    /* accounts that came, or messages that were sent */
};

/* Begins with no command under way. `l` must outlive `p`. */
void progress_init(struct cli_progress *p, struct loop *l);
/* Begins a command. `what` is its name, as "/list"; `hint` is told beside it, or NULL: then it is
 * told how many are done. Both are not copied and must live until progress_end. */
void progress_begin(struct cli_progress *p, const char *what, const char *hint);
/* Sets how many are done so far. */
void progress_done(struct cli_progress *p, uint64_t done);
/* Ends the command, if there is one. Called before the loop ends, too, since the timer may run. */
void progress_end(struct cli_progress *p);
/* Sets `text` to what is shown before the prompt: "[/list: 1200 so far] ", or "". */
void progress_text(const struct cli_progress *p, char text[PROGRESS_SIZE]);

#endif
