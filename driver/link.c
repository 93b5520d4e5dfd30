/* SPDX-License-Identifier: MIT
 *
 * A link is on the pool's list, once, from any event until the pool has settled it. Settling takes
 * the actions until none is left, then writes what waits for each connection. A write that fails is
 * an event again, so this is repeated until no write fails.
 */
#include "driver/link.h"

#include "io/stretcher.h"

enum {
	/* Reads of one connection before the clock is looked at: more than its sockets' buffers
	 * hold. */
	CATCH_UP_READS_MAX = 256,
	/* A timer that is called so late shows that this process did not run: it was stopped, or
	 * the machine slept. */
	LATE_MS = 30,
	/* Then what it wrote just before, under an older time, gets so long to be answered. */
	LATE_GRACE_MS = 250,
};

struct link {
	struct link_pool *pool;
	struct replication *replication;
	void (*handle)(void *context, const struct action *action);
	void *context;
	struct link *next; /* on the pool's list */
	bool is_listed;
	struct loop_timer timer;
	uint64_t grace_ms; /* the timer is not set to an earlier time */
	struct dial dials[REPLICAS];
};

struct link_pool {
	struct loop *loop;
	struct dial_half half;
	struct conn_input input;
	struct stretcher *stretcher;
	struct link *first; /* of those that are to be settled */
	struct link **last; /* the place for the next of them */
	size_t count;
};

static struct replication_time now(const struct link *k)
{
	return (struct replication_time){ .monotonic_ms = loop_now_ms(k->pool->loop) };
}

static void list(struct link *k)
{
	if (k->is_listed)
		return;
	k->is_listed = true;
	k->next = NULL;
	*k->pool->last = k;
	k->pool->last = &k->next;
}

/* ---- what stands behind a connection ---- */

static struct link *link_of(struct dial *d)
{
	return LOOP_OWNER(d - d->index, struct link, dials);
}

static void ready(struct loop_source *source, unsigned events)
{
	dial_ready(source, events);
	list(link_of(LOOP_OWNER(source, struct dial, conn.source)));
}

static void connected(struct dial *d)
{
	struct link *k = link_of(d);

	replication_connected(k->replication, d->index, now(k));
	list(k);
}

static void failed(struct dial *d, const char *why)
{
	struct link *k = link_of(d);

	replication_failed(k->replication, d->index, why, now(k));
	list(k); /* it may come of a timer */
}

static size_t input(struct dial *d, struct view bytes)
{
	struct link *k = link_of(d);

	return replication_input(k->replication, d->index, bytes, now(k));
}

static struct view output(struct dial *d)
{
	return replication_output(link_of(d)->replication, d->index);
}

static void output_sent(struct dial *d, size_t size)
{
	replication_output_sent(link_of(d)->replication, d->index, size);
}

/* ---- actions ---- */

static void act(struct link *k, const struct action *action)
{
	switch (action->kind) {
	case ACTION_DIAL:
		dial_begin(&k->dials[action->index]);
		break;
	case ACTION_CLOSE:
		dial_close(&k->dials[action->index]);
		break;
	case ACTION_WRITE:
		break; /* all connections are flushed when no action is left */
	case ACTION_STRETCH:
		if (stretcher_begin(k->pool->stretcher, k, action->stretch.token,
		                    action->stretch.password, action->stretch.setting) < 0)
			replication_stretched(k->replication, action->stretch.token, NULL, now(k));
		break;
	default:
		k->handle(k->context, action);
		break;
	}
}

static void settle(struct link *k)
{
	struct action action;
	uint64_t deadline;
	bool again;

	do {
		while (replication_next(k->replication, &action))
			act(k, &action);
		again = false;
		for (uint32_t i = 0; i < REPLICAS; i++)
			again = dial_flush(&k->dials[i]) || again;
	} while (again);
	deadline = replication_deadline(k->replication);
	if (deadline == LOOP_NEVER)
		loop_timer_cancel(k->pool->loop, &k->timer);
	else
		loop_timer_set(k->pool->loop, &k->timer,
		               deadline > k->grace_ms ? deadline : k->grace_ms);
}

static void expired(struct loop_timer *timer)
{
	struct link *k = LOOP_OWNER(timer, struct link, timer);
	uint64_t now_ms = loop_now_ms(k->pool->loop);

	for (uint32_t i = 0; i < REPLICAS; i++)
		for (unsigned reads = 0; reads < CATCH_UP_READS_MAX; reads++)
			if (!dial_is_connected(&k->dials[i]) || !dial_receive(&k->dials[i]))
				break;
	if (now_ms > timer->deadline_ms + LATE_MS)
		k->grace_ms = now_ms + LATE_GRACE_MS;
	else if (replication_deadline(k->replication) <= now_ms)
		replication_tick(k->replication, now(k));
	list(k);
}

static void stretched(void *owner, uint32_t token, const uint8_t *key)
{
	struct link *k = owner;

	replication_stretched(k->replication, token, key, now(k));
	list(k);
}

/* ---- the pool ---- */

struct link_pool *link_pool_new(struct loop *l)
{
	struct link_pool *p = memory_alloc_zero(1, sizeof *p);

	p->loop = l;
	p->last = &p->first;
	p->stretcher = stretcher_new(l, stretched);
	p->half = (struct dial_half){
		.loop = l,
		.buffer = &p->input,
		.ready = ready,
		.connected = connected,
		.failed = failed,
		.input = input,
		.output = output,
		.output_sent = output_sent,
	};
	conn_input_init(&p->input, FRAME_SIZE_MAX);
	return p;
}

void link_pool_free(struct link_pool *p)
{
	if (p == NULL)
		return;
	assert(p->count == 0);
	stretcher_free(p->stretcher);
	conn_input_release(&p->input);
	memory_free(p);
}

void link_pool_settle(struct link_pool *p)
{
	while (p->first != NULL) {
		struct link *k = p->first;

		settle(k);
		/* Only now is it taken off: what it did to itself meanwhile is settled already. */
		assert(p->first == k);
		p->first = k->next;
		if (p->first == NULL)
			p->last = &p->first;
		k->is_listed = false;
	}
}

/* ---- a link ---- */

struct link *link_new(struct link_pool *p, const struct dial_target targets[REPLICAS],
                      const struct replication_options *options,
                      void (*handle)(void *context, const struct action *action), void *context)
{
	struct link *k = memory_alloc_zero(1, sizeof *k);

	assert(handle != NULL);
	*k = (struct link){ .pool = p, .handle = handle, .context = context };
	k->timer.expired = expired;
	for (uint32_t i = 0; i < REPLICAS; i++)
		dial_init(&k->dials[i], &p->half, &targets[i], i);
	k->replication = replication_new(options, now(k));
	p->count++;
	list(k);
	return k;
}

void link_free(struct link *k)
{
	struct link **place;

	if (k == NULL)
		return;
	stretcher_forget(k->pool->stretcher, k);
	loop_timer_cancel(k->pool->loop, &k->timer);
	for (uint32_t i = 0; i < REPLICAS; i++)
		dial_release(&k->dials[i]);
	replication_free(k->replication);
	place = &k->pool->first;
	while (k->is_listed && *place != k)
		place = &(*place)->next;
	if (k->is_listed) {
		*place = k->next;
		if (*place == NULL)
			k->pool->last = place;
	}
	k->pool->count--;
	memory_free(k);
}

uint32_t link_command(struct link *k, const struct command *command)
{
	uint32_t token = replication_command(k->replication, command, now(k));

	list(k);
	return token;
}

void link_shown(struct link *k, uint64_t serial)
{
	replication_shown(k->replication, serial, now(k));
	list(k);
}

void link_blind(struct link *k)
{
	replication_blind(k->replication, now(k));
	list(k);
}

bool link_is_logged_in(const struct link *k, char name[DISPLAY_SIZE])
{
	return replication_logged_in(k->replication, name);
}

const struct replication *link_replication(const struct link *k)
{
	return k->replication;
}

struct replication_time link_time(const struct link *k)
{
	return now(k);
}

bool link_is_flushed(struct link *k)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (dial_is_connected(&k->dials[i]) && output(&k->dials[i]).size > 0)
			return false;
	return true;
}
