/* SPDX-License-Identifier: MIT
 *
 * The flows that wait stand in a binary heap for each class.
 */
#include "driver/fair.h"

#include "base/memory.h"

#include <assert.h>

enum { HEAP_MIN = 64 };

#define SERVED (UINT64_C(1) << 63) /* of `order` */

void fair_release(struct fair *f)
{
	for (int i = 0; i < FAIR_CLASSES; i++)
		memory_free(f->heaps[i].flows);
	*f = (struct fair){ .order = 0 };
}

/* ---- the heap ---- */

static bool is_before(const struct fair_flow *a, const struct fair_flow *b)
{
	return a->tag != b->tag ? a->tag < b->tag : a->order < b->order;
}

/* Places are counted from 1, so that 0 is none: the children of p are 2p and 2p + 1. */
static void put(struct fair_heap *h, uint32_t place, struct fair_flow *flow)
{
	h->flows[place - 1] = flow;
	flow->place = place;
}

static void move_up(struct fair_heap *h, uint32_t place, struct fair_flow *flow)
{
	while (place > 1 && is_before(flow, h->flows[place / 2 - 1])) {
		put(h, place, h->flows[place / 2 - 1]);
		place /= 2;
	}
	put(h, place, flow);
}

static void move_down(struct fair_heap *h, uint32_t place, struct fair_flow *flow)
{
	for (uint32_t child; (child = 2 * place) <= h->count; place = child) {
		if (child < h->count && is_before(h->flows[child], h->flows[child - 1]))
			child++;
		if (!is_before(h->flows[child - 1], flow))
			break;
		put(h, place, h->flows[child - 1]);
	}
	put(h, place, flow);
}

/* ---- flows ---- */

void fair_turn(struct fair *f)
{
	f->strangers = 0;
}

/* Where a flow begins that is added now. */
static uint64_t tag_of(const struct fair *f, const struct fair_flow *flow, enum fair_class class)
{
	uint64_t now = f->heaps[class].now;

	/* The tags of two classes have nothing to do with each other. */
	return flow->class == class && flow->tag > now ? flow->tag : now;
}

void fair_add(struct fair *f, struct fair_flow *flow, enum fair_class class)
{
	struct fair_heap *h = &f->heaps[class];

	if (flow->place != 0)
		return;
	bool is_behind = flow->class == class && flow->tag > h->now;

	flow->tag = tag_of(f, flow, class);
	flow->class = class;
	/* Of those with one tag, who has less than its part goes first. */
	flow->order = f->order++ | (is_behind ? SERVED : 0);
	if (h->count == h->capacity) {
		h->capacity = h->capacity == 0 ? HEAP_MIN : 2 * h->capacity;
		h->flows = memory_resize(h->flows, h->capacity * sizeof h->flows[0]);
	}
	move_up(h, ++h->count, flow);
}

void fair_remove(struct fair *f, struct fair_flow *flow)
{
	struct fair_heap *h = &f->heaps[flow->class];
	uint32_t place = flow->place;

	if (place == 0)
		return;
	assert(h->flows[place - 1] == flow);
	struct fair_flow *last = h->flows[--h->count];

	flow->place = 0;
	if (last == flow)
		return;
	move_down(h, place, last);
	move_up(h, last->place, last);
}

bool fair_is_next(const struct fair *f, const struct fair_flow *flow, enum fair_class class)
{
	const struct fair_heap *h = &f->heaps[class];

	assert(flow->place == 0);
	if (class == FAIR_STRANGER && f->strangers >= FAIR_STRANGERS)
		return false;
	return h->count == 0 || tag_of(f, flow, class) < h->flows[0]->tag;
}

static struct fair_flow *take(struct fair *f, enum fair_class class)
{
	struct fair_heap *h = &f->heaps[class];
	struct fair_flow *flow = h->flows[0];

	fair_remove(f, flow);
	return flow;
}

struct fair_flow *fair_next_known(struct fair *f)
{
	return f->heaps[FAIR_KNOWN].count > 0 ? take(f, FAIR_KNOWN) : NULL;
}

struct fair_flow *fair_next(struct fair *f, bool is_late)
{
	uint64_t part = is_late ? 1 : FAIR_STRANGERS;
	struct fair_flow *known = is_late ? NULL : fair_next_known(f);

	if (known != NULL)
		return known;
	if (f->heaps[FAIR_STRANGER].count > 0 && f->strangers < part)
		return take(f, FAIR_STRANGER);
	return NULL;
}

void fair_spend(struct fair *f, struct fair_flow *flow, enum fair_class class, uint64_t cost)
{
	assert(flow->place == 0);
	flow->tag = tag_of(f, flow, class);
	flow->class = class;
	if (flow->tag > f->heaps[class].now)
		f->heaps[class].now = flow->tag;
	flow->tag += cost;
	if (class == FAIR_STRANGER)
		f->strangers += cost;
}

bool fair_must_stop(const struct fair *f, enum fair_class class, uint64_t cost)
{
	if (class == FAIR_STRANGER && f->strangers + cost >= FAIR_STRANGERS)
		return true;
	return cost >= FAIR_SLICE && (f->heaps[class].count > 0 || f->heaps[FAIR_KNOWN].count > 0);
}

bool fair_waits(const struct fair *f)
{
	return f->heaps[FAIR_KNOWN].count > 0 || f->heaps[FAIR_STRANGER].count > 0;
}
