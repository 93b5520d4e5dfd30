/* SPDX-License-Identifier: MIT
 *
 * ring: a queue of items of one size. Items are added at the end and dropped at the front.
 *
 * The ring holds the items themselves, and grows without a limit: its owner bounds the count. The
 * size of an item is given with each call, and is the same in all calls for one ring. All zero is
 * an empty ring. A pointer to an item is good until the next ring_add.
 */
#ifndef THREEFOLD_BASE_RING_H
#define THREEFOLD_BASE_RING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *items;
	uint32_t first;    /* where the item at the front stands */
	uint32_t count;    /* items in use */
	uint32_t capacity; /* a power of two, or 0 */
};

/* Room for one more item at the end. Its bytes are not set. */
void *ring_add(struct ring *r, size_t size);
/* Frees the memory and makes the ring empty. Items that own something are the caller's. */
void ring_release(struct ring *r);

/* The item at a place: 0 is the front. */
static inline void *ring_at(const struct ring *r, uint32_t place, size_t size)
{
	assert(place < r->count);
	return r->items + ((r->first + place) & (r->capacity - 1)) * size;
}

/* Drops the item at the front. */
static inline void ring_drop(struct ring *r)
{
	assert(r->count > 0);
	r->first = (r->first + 1) & (r->capacity - 1);
	r->count--;
}

#endif
