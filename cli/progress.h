/* SPDX-License-Identifier: MIT
 *
 * client_progress: what a person is told of a command that takes long: a word before the prompt,
 * which is drawn again in its place as it grows. A command that is done within half a second says
 * nothing.
 */
#ifndef THREEFOLD_CLI_PROGRESS_H
#define THREEFOLD_CLI_PROGRESS_H

#include "io/loop.h"

enum { CLIENT_PROGRESS_MS = 500, CLIENT_PROGRESS_SIZE = 64 };

struct client_progress {
	struct loop *loop;
	struct loop_timer timer;
	const char *what; /* NULL: nothing is under way */
	bool is_slow;
	uint64_t done;
};

/* Nothing is under way. `l` must outlive it. */
void client_progress_init(struct client_progress *p, struct loop *l);
/* `what` is kept as it is: "/list". */
void client_progress_begin(struct client_progress *p, const char *what);
/* So many are done so far. */
void client_progress_done(struct client_progress *p, uint64_t done);
/* Nothing is under way any more; also before the end of the loop. */
void client_progress_end(struct client_progress *p);
/* What to show before the prompt: "[/list: 1200 so far] ", or nothing. */
void client_progress_text(const struct client_progress *p, char text[CLIENT_PROGRESS_SIZE]);

#endif
