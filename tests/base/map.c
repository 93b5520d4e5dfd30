/* SPDX-License-Identifier: MIT
 *
 * base/map against an array that is searched from its beginning.
 */
#include "base/map.h"

#include "tests/lib/tap.h"

enum { KEYS = 300, KEY_BYTES = 40 };

struct item {
	uint8_t key[KEY_BYTES];
	size_t size;
	bool in;
};
static struct item items[KEYS];

static struct view key_of(const struct item *item)
{
	return view_of(item->key, item->size);
}

static uint64_t mix64(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* Keys of every length, many of which differ in one byte only. */
static void make_items(uint64_t seed)
{
	for (uint32_t i = 0; i < KEYS; i++) {
		memset(&items[i], 0, sizeof items[i]);
		items[i].size = 2 + i % (KEY_BYTES - 1);
		items[i].key[0] = (uint8_t)(i & 0xff);
		items[i].key[1] = (uint8_t)(i >> 8);
		if (items[i].size > 2 && seed % 2 == 0)
			items[i].key[items[i].size - 1] = (uint8_t)mix64(seed + i);
	}
}

/* Each value once. */
static bool walks(const struct map *m, uint32_t count)
{
	bool seen[KEYS] = { false };
	uint32_t place = 0;
	struct item *item;

	while ((item = map_next(m, &place))) {
		if (seen[item - items] || !item->in)
			return false;
		seen[item - items] = true;
		count--;
	}
	return count == 0;
}

static void test_random(void)
{
	uint64_t random = 1;

	for (uint64_t round = 0; round < 40; round++) {
		struct map m = { 0 };
		uint32_t count = 0;
		uint32_t puts = 1 + (uint32_t)round % 5; /* of six: how full it gets */

		make_items(round);
		for (uint32_t step = 0; step < 3000; step++) {
			struct item *item;

			random = mix64(random + step);
			item = &items[random % KEYS];
			ALWAYS(map_get(&m, key_of(item)) == (item->in ? item : NULL),
			       "get: as the model");
			if ((random >> 32) % 6 < puts) {
				if (item->in)
					continue;
				map_put(&m, key_of(item), item);
				item->in = true;
				count++;
			} else {
				ALWAYS(map_take(&m, key_of(item)) == (item->in ? item : NULL),
				       "take: as the model");
				count -= item->in;
				item->in = false;
			}
			ALWAYS(m.count == count && (m.count < m.capacity || count == 0),
			       "count: as the model, never quite full");
			ALWAYS((m.capacity & (m.capacity - 1)) == 0, "capacity: a power of two");
		}
		for (uint32_t i = 0; i < KEYS; i++)
			ALWAYS(map_get(&m, key_of(&items[i])) == (items[i].in ? &items[i] : NULL),
			       "in the end: as the model");
		ALWAYS(walks(&m, count), "next: each value once");
		map_clear(&m);
		ALWAYS(!m.slots && !m.count && !m.capacity, "clear: takes no memory");
	}
	OK(true, "map: 120,000 steps agree with a list");
}

static void test_empty(void)
{
	struct map m = { 0 };
	uint32_t place = 0;
	int value;

	OK(!map_get(&m, view_of_string("a")), "empty: has nothing");
	OK(!map_take(&m, view_of_string("a")), "empty: gives nothing");
	OK(!map_next(&m, &place), "empty: nothing to walk through");
	map_put(&m, view_of_string(""), &value);
	OK(map_get(&m, view_of_string("")) == &value, "the empty key is a key");
	OK(!map_get(&m, view_of_string("a")), "and no other");
	OK(map_take(&m, view_of_string("")) == &value, "taken: its value");
	OK(!map_get(&m, view_of_string("")), "taken: it is not there any more");
	map_clear(&m);
}

int main(void)
{
	test_empty();
	test_random();
	return tap_done();
}
