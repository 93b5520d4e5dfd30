/* SPDX-License-Identifier: MIT
 *
 * The capacity is a power of two, so a mask finds an item's place.
 */
#include "base/ring.h"

#include "base/memory.h"

#include <string.h>

enum { CAPACITY_MIN = 16 };

void *ring_add(struct ring *r, size_t size)
{
	if (r->count == r->capacity) {
		struct ring old = *r;

		r->capacity = old.capacity == 0 ? CAPACITY_MIN : old.capacity * 2;
		r->items = memory_alloc(r->capacity * size);
		r->first = 0;
		for (uint32_t i = 0; i < old.count; i++)
			memcpy(r->items + i * size, ring_at(&old, i, size), size);
		memory_free(old.items);
	}
	r->count++;
	return ring_at(r, r->count - 1, size);
}

void ring_release(struct ring *r)
{
	memory_free(r->items);
	*r = (struct ring){ 0 };
}
