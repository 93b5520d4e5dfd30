/* SPDX-License-Identifier: MIT
 *
 * The timer does no more than to end the loop's wait: after each turn the prompt is drawn.
 */
#include "cli/progress.h"

#include <stdio.h>

static void expired(struct loop_timer *timer)
{
	LOOP_OWNER(timer, struct client_progress, timer)->is_slow = true;
}

void client_progress_init(struct client_progress *p, struct loop *l)
{
	*p = (struct client_progress){ .loop = l, .timer = { .expired = expired } };
}

void client_progress_begin(struct client_progress *p, const char *what)
{
	assert(what != NULL);
	client_progress_end(p);
	p->what = what;
	loop_timer_set(p->loop, &p->timer, loop_now_ms(p->loop) + CLIENT_PROGRESS_MS);
}

void client_progress_done(struct client_progress *p, uint64_t done)
{
	p->done = done;
}

void client_progress_end(struct client_progress *p)
{
	loop_timer_cancel(p->loop, &p->timer);
	p->what = NULL;
	p->is_slow = false;
	p->done = 0;
}

void client_progress_text(const struct client_progress *p, char text[CLIENT_PROGRESS_SIZE])
{
	text[0] = 0;
	if (p->what != NULL && p->is_slow)
		(void)snprintf(text, CLIENT_PROGRESS_SIZE, "[%s: %ju so far] ", p->what,
		               (uintmax_t)p->done);
}
