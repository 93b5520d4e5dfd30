/* SPDX-License-Identifier: MIT
 *
 * wait: /wait SECONDS [COUNT], which ends when the time is over, or with the COUNTth message. What
 * was shown since the one before counts: a message may come between two commands of a script.
 */
#ifndef THREEFOLD_CLI_WAIT_H
#define THREEFOLD_CLI_WAIT_H

#include "io/loop.h"

struct cli_wait {
	struct loop *loop;
	struct loop_timer timer;
	void (*done)(void *context, uint64_t heard);
	void *context;
	bool is_on;
	uint64_t wanted; /* messages; UINT64_MAX: only the time counts */
	uint64_t heard;  /* since the last wait has ended, or the log-in */
};

/* `done` is called at the end of each wait, with the messages that it has heard. It may be called
 * within wait_begin and wait_heard. */
void wait_init(struct cli_wait *w, struct loop *l, void (*done)(void *context, uint64_t heard),
               void *context);
/* Begins to wait so long, for so many messages. None is under way. */
void wait_begin(struct cli_wait *w, uint64_t ms, uint64_t wanted);
/* A message was shown. */
void wait_heard(struct cli_wait *w);
/* Ends a wait without `done`; nothing if there is none. */
void wait_cancel(struct cli_wait *w);

#endif
