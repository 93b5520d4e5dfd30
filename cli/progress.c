/* SPDX-License-Identifier: MIT
 *
 * The timer only sets a flag and ends the loop's wait: the client draws the prompt after each turn.
 */
#include "cli/progress.h"

#include <stdio.h>

static void expired(struct loop_timer *timer)
{
	LOOP_OWNER(timer, struct cli_progress, timer)->is_slow = true;
}

void progress_init(struct cli_progress *p, struct loop *l)
{
	*p = (struct cli_progress){ .loop = l, .timer = { .expired = expired } };
}

void progress_begin(struct cli_progress *p, const char *what, const char *hint)
{
	assert(what != NULL);
	progress_end(p);
	p->what = what;
	p->hint = hint;
	loop_timer_set(p->loop, &p->timer, loop_now_ms(p->loop) + PROGRESS_MS);
}

void progress_done(struct cli_progress *p, uint64_t done)
{
	p->done = done;
}

void progress_end(struct cli_progress *p)
{
	loop_timer_cancel(p->loop, &p->timer);
	p->what = NULL;
	p->is_slow = false;
	p->done = 0;
}

void progress_text(const struct cli_progress *p, char text[PROGRESS_SIZE])
{
	text[0] = 0;
	if (p->what == NULL || !p->is_slow)
		return;
	if (p->hint != NULL)
		(void)snprintf(text, PROGRESS_SIZE, "[%s: %s] ", p->what, p->hint);
	else
		(void)snprintf(text, PROGRESS_SIZE, "[%s: %ju so far] ", p->what,
		               (uintmax_t)p->done);
}
