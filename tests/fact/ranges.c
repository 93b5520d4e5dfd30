/* SPDX-License-Identifier: MIT
 *
 * fact/ranges against a plain array of flags.
 */
#include "fact/ranges.h"

#include "tests/lib/tap.h"

enum { SPACE = 200 };

static uint64_t mix64(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* Sorted, maximal, and as many members as the model. */
static bool is_maximal(const struct ranges *set, const bool *in)
{
	uint32_t members = 0, counted = 0;

	for (uint32_t i = 0; i < set->count; i++) {
		if (set->items[i].first > set->items[i].last)
			return false;
		if (i > 0 && set->items[i - 1].last + 1 >= set->items[i].first)
			return false;
		members += (uint32_t)(set->items[i].last - set->items[i].first + 1);
	}
	for (uint32_t n = 1; n <= SPACE; n++)
		counted += in[n];
	return members == counted && set->count <= set->capacity;
}

static uint64_t below(const bool *in, uint64_t number)
{
	while (--number > 0)
		if (in[number])
			return number;
	return 0;
}

static void test_random(void)
{
	uint64_t random = 1;

	for (uint32_t round = 0; round < 400; round++) {
		struct ranges set = { 0 };
		bool in[SPACE + 2] = { false };
		uint32_t widest = 1 + round % 12;

		for (uint32_t step = 0; step < 60; step++) {
			uint64_t first, last;
			bool is_new = false;

			random = mix64(random + step);
			first = 1 + random % SPACE;
			last = first + (random >> 32) % widest;
			last = last > SPACE ? SPACE : last;
			for (uint64_t n = first; n <= last; n++) {
				is_new = is_new || !in[n];
				in[n] = true;
			}
			ALWAYS(ranges_add(&set, first, last) == is_new,
			       "add: tells whether any was new");
			ALWAYS(is_maximal(&set, in),
			       "add: ranges are sorted, maximal and complete");
		}
		for (uint64_t n = 1; n <= SPACE; n++) {
			ALWAYS(ranges_have(&set, n) == in[n], "have: as the model");
			ALWAYS(ranges_below(&set, n) == below(in, n), "below: as the model");
		}
		ranges_clear(&set);
		ALWAYS(!set.items && !set.count && !set.capacity, "clear: takes no memory");
	}
	OK(true, "ranges: 24,000 additions agree with an array of flags");
}

static void test_edges(void)
{
	struct ranges set = { 0 };

	OK(!ranges_have(&set, 1), "empty: has nothing");
	IS_U64(ranges_below(&set, NUMBER_MAX), 0, "empty: nothing is below");
	OK(ranges_add(&set, 1, 1), "the least number");
	OK(ranges_add(&set, NUMBER_MAX, NUMBER_MAX), "the largest number");
	OK(!ranges_add(&set, NUMBER_MAX, NUMBER_MAX), "again: nothing new");
	IS_U64(set.count, 2, "they do not touch");
	IS_U64(ranges_below(&set, NUMBER_MAX), 1, "below: the end of the range before");
	IS_U64(ranges_below(&set, 1), 0, "below the least: nothing");
	OK(ranges_add(&set, 2, NUMBER_MAX - 1), "all between");
	IS_U64(set.count, 1, "one range is left");
	IS_U64(ranges_below(&set, NUMBER_MAX), NUMBER_MAX - 1, "below: inside a range");
	OK(!ranges_add(&set, 1, NUMBER_MAX), "everything again: nothing new");
	ranges_clear(&set);
	for (uint64_t n = 1; n <= 1000; n++)
		ranges_add(&set, n, n);
	IS_U64(set.count, 1, "a stream that was read to its end is one range");
	IS_U64(set.capacity, 1, "of one range's memory");
	ranges_clear(&set);
}

int main(void)
{
	test_edges();
	test_random();
	return tap_done();
}
