/* SPDX-License-Identifier: MIT
 *
 * map: see base/map.h. Deleting moves later slots of the same run back, so there are no markers.
 */
#include "base/map.h"

#include <assert.h>
#include <string.h>

static uint32_t hash(const struct map *m, struct view key)
{
	return (uint32_t)siphash(&m->secret, key.data, key.size);
}

/* The key itself, which is seldom in a cache, is looked at only where the whole hash is equal. */
static uint32_t find(const struct map *m, struct view key, uint32_t hashed)
{
	uint32_t at = hashed & (m->capacity - 1);

	while (m->slots[at].value &&
	       (m->slots[at].hash != hashed || !view_equal(m->slots[at].key, key)))
		at = (at + 1) & (m->capacity - 1);
	return at;
}

void *map_get(const struct map *m, struct view key)
{
	return m->capacity ? m->slots[find(m, key, hash(m, key))].value : NULL;
}

/* Doubles the slots and puts everything in anew. */
static void grow(struct map *m)
{
	struct map old = *m;

	m->capacity = old.capacity ? old.capacity * 2 : 8;
	m->slots = memory_alloc_zero(m->capacity, sizeof *m->slots);
	for (uint32_t i = 0; i < old.capacity; i++)
		if (old.slots[i].value)
			m->slots[find(m, old.slots[i].key, old.slots[i].hash)] = old.slots[i];
	memory_free(old.slots);
}

void map_put(struct map *m, struct view key, void *value)
{
	uint32_t hashed = hash(m, key);
	uint32_t at;

	assert(value != NULL);
	if ((m->count + 1) * 4 > m->capacity * 3)
		grow(m);
	at = find(m, key, hashed);
	assert(m->slots[at].value == NULL);
	m->slots[at] = (struct map_slot){ key, value, hashed };
	m->count++;
}

void *map_take(struct map *m, struct view key)
{
	uint32_t mask = m->capacity - 1;
	uint32_t at;
	void *value;

	if (m->capacity == 0)
		return NULL;
	at = find(m, key, hash(m, key));
	value = m->slots[at].value;
	if (value == NULL)
		return NULL;
	m->count--;
	/* What stands behind a gap moves into it, unless its own place lies behind the gap: so a
	 * search may end at the first free slot, and no slot is marked as deleted. */
	for (uint32_t next = (at + 1) & mask; m->slots[next].value != NULL;
	     next = (next + 1) & mask) {
		uint32_t home = m->slots[next].hash & mask;

		if (((next - home) & mask) < ((next - at) & mask))
			continue;
		m->slots[at] = m->slots[next];
		at = next;
	}
	memset(&m->slots[at], 0, sizeof m->slots[at]);
	return value;
}

void *map_next(const struct map *m, uint32_t *place)
{
	while (*place < m->capacity) {
		void *value = m->slots[(*place)++].value;

		if (value != NULL)
			return value;
	}
	return NULL;
}

void map_clear(struct map *m)
{
	memory_free(m->slots);
	*m = (struct map){ .secret = m->secret };
}
