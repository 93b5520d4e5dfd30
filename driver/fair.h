/* SPDX-License-Identifier: MIT
 *
 * fair: who is served next, when many want more than there is time for.
 *
 * Each flow (a connection) has a tag: where it stands in the time that all flows share. Whoever has
 * the smallest tag is served next, and what it spends is added to its tag. A flow that comes back
 * begins where the others are now, or where its own last service ended, if that is later. So who
 * asks for little is served at once, however many ask for much, and however dear that is; and those
 * who ask for much get equal parts. (Start-time fair queueing, Goyal, Vin and Cheng 1996.)
 *
 * There are two classes. Flows that are known (logged in) come before strangers, since anybody can
 * make as many strangers as he likes. Strangers get a part of each turn of the loop all the same.
 *
 * Cost is counted in units of session_spent.
 */
#ifndef THREEFOLD_DRIVER_FAIR_H
#define THREEFOLD_DRIVER_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FAIR_SLICE = 100,     /* units that a flow spends before another one has its turn */
	FAIR_STRANGERS = 500, /* units that all strangers together spend in a turn of the loop */
};

enum fair_class { FAIR_KNOWN, FAIR_STRANGER, FAIR_CLASSES };

struct fair_flow {
	uint64_t tag;
	uint64_t order;        /* of those with one tag the smaller goes first */
	uint32_t place;        /* in the heap, counted from 1; 0: it does not wait */
	enum fair_class class; /* in which it was added last */
};

struct fair_heap {
	struct fair_flow **flows;
	uint32_t count;
	uint32_t capacity;
	uint64_t now; /* the tag of what was served last */
};

/* All zero is a `struct fair` in which nobody waits, and a `struct fair_flow` never served. */
struct fair {
	struct fair_heap heaps[FAIR_CLASSES];
	uint64_t order;
	uint64_t strangers; /* what they have spent in this turn */
};

/* Frees what it holds. The flows are the caller's. */
void fair_release(struct fair *f);
/* A turn of the loop begins. */
void fair_turn(struct fair *f);
/* The flow wants to be served. `class` is what it is now. Does nothing if it waits already. It must
 * not move, and not be freed, while it waits. */
void fair_add(struct fair *f, struct fair_flow *flow, enum fair_class class);
/* Takes the flow out, if it waits. */
void fair_remove(struct fair *f, struct fair_flow *flow);
/* Whether a flow that does not wait would be the next one if it were added: then it may be served
 * at once instead. */
bool fair_is_next(const struct fair *f, const struct fair_flow *flow, enum fair_class class);
/* Takes out who is to be served now of those who are known. NULL: none of them waits. */
struct fair_flow *fair_next_known(struct fair *f);
/* Takes out who is to be served now. `is_late`: the turn has taken long; then it is only a
 * stranger, and only if none was served in this turn. NULL: nobody, or strangers who have had their
 * part. */
struct fair_flow *fair_next(struct fair *f, bool is_late);
/* The flow, which does not wait, has spent so many units. */
void fair_spend(struct fair *f, struct fair_flow *flow, enum fair_class class, uint64_t cost);
/* Whether the flow, having spent so many units, must make room: others wait, or strangers have had
 * their part of this turn. */
bool fair_must_stop(const struct fair *f, enum fair_class class, uint64_t cost);
/* Whether anybody waits. */
bool fair_waits(const struct fair *f);

#endif
