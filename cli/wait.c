/* SPDX-License-Identifier: MIT */
#include "cli/wait.h"

#include <assert.h>

static void end(struct cli_wait *w)
{
	uint64_t heard = w->heard;

	wait_cancel(w);
	w->heard = 0;
	w->done(w->context, heard);
}

static void expired(struct loop_timer *timer)
{
	end(LOOP_OWNER(timer, struct cli_wait, timer));
}

void wait_init(struct cli_wait *w, struct loop *l, void (*done)(void *context, uint64_t heard),
               void *context)
{
	*w = (struct cli_wait){ .loop = l, .done = done, .context = context };
	w->timer.expired = expired;
}

void wait_begin(struct cli_wait *w, uint64_t ms, uint64_t wanted)
{
	assert(!w->is_on);
	w->is_on = true;
	w->wanted = wanted;
	loop_timer_set(w->loop, &w->timer, loop_now_ms(w->loop) + ms);
	if (w->heard >= wanted)
		end(w);
}

void wait_heard(struct cli_wait *w)
{
	w->heard++;
	if (w->is_on && w->heard >= w->wanted)
		end(w);
}

void wait_cancel(struct cli_wait *w)
{
	w->is_on = false;
	loop_timer_cancel(w->loop, &w->timer);
}
