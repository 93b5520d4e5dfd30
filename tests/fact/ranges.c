/* SPDX-License-Identifier: MIT
 *
 * fact/ranges against a plain array of flags.
 */
#include "fact/ranges.h"

#include <time.h>

#include "tests/lib/tap.h"

enum { SPACE = 200 };

static uint64_t mix64(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* Sorted, maximal, and the members of the model. */
static bool is_maximal(const struct ranges *set, const bool *in, uint64_t space)
{
	struct range range;
	uint64_t number = 1;
	uint32_t count = 0;

	for (; ranges_from(set, number, &range); number = range.last + 1, count++) {
		if (count > 0 && range.first <= number) /* they touch */
			return false;
		for (; number < range.first; number++)
			if (in[number])
				return false;
		for (; number <= range.last; number++)
			if (!in[number])
				return false;
		number--;
	}
	for (; number <= space; number++)
		if (in[number])
			return false;
	return count == set->count;
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
			ALWAYS(is_maximal(&set, in, SPACE),
			       "add: ranges are sorted, maximal and complete");
		}
		for (uint64_t n = 1; n <= SPACE; n++) {
			ALWAYS(ranges_have(&set, n) == in[n], "have: as the model");
			ALWAYS(ranges_below(&set, n) == below(in, n), "below: as the model");
		}
		ranges_clear(&set);
		ALWAYS(!set.pieces && !set.count, "clear: takes no memory");
	}
	OK(true, "ranges: 24,000 additions agree with an array of flags");
}

static void test_edges(void)
{
	struct ranges set = { 0 };

	OK(!ranges_have(&set, 1), "empty: has nothing");
	IS_U64(ranges_below(&set, NUMBER_MAX), 0, "empty: nothing is below");
	OK(ranges_add(&set, 5, 7), "one range");
	IS_U64(ranges_below(&set, 100), 7, "one range: its end is below what comes after it");
	IS_U64(ranges_below(&set, 4), 0, "one range: nothing is below it");
	ranges_clear(&set);
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
	OK(set.pieces == NULL, "without memory of its own");
	ranges_clear(&set);
}

enum { WIDE = 6000 };

/* Many pieces: numbers with holes between them, that come rising, falling and anyhow, and then
 * ranges that join some of them. */
static void test_many(void)
{
	static bool in[WIDE + 2];
	uint64_t random = 1;

	for (uint32_t round = 0; round < 9; round++) {
		struct ranges set = { 0 };
		struct range range;
		uint32_t most = 0;

		memset(in, 0, sizeof in);
		for (uint64_t i = 1; i < WIDE / 2; i++) {
			uint64_t number = round % 3 == 0   ? 2 * i
			                  : round % 3 == 1 ? WIDE - 2 * i
			                                   : 2 * (i * 1201 % (WIDE / 2));

			if (number == 0)
				continue;
			ALWAYS(ranges_add(&set, number, number) == !in[number], "many: new once");
			in[number] = true;
		}
		most = set.count;
		ALWAYS(is_maximal(&set, in, WIDE), "many: all are there");
		for (uint32_t step = 0; step < 200 && set.count > 1; step++) {
			random = mix64(random + step);
			uint64_t first = 1 + random % WIDE;
			uint64_t last = first + (random >> 32) % (round < 3 ? 3 : 400);

			last = last > WIDE ? WIDE : last;
			(void)ranges_add(&set, first, last); /* the model tells */
			for (uint64_t n = first; n <= last; n++)
				in[n] = true;
			ALWAYS(is_maximal(&set, in, WIDE), "many: ranges join across pieces");
			uint64_t at = 1 + (random >> 40) % WIDE;

			ALWAYS(ranges_have(&set, at) == in[at], "many: have");
			ALWAYS(ranges_below(&set, at) == below(in, at), "many: below");
		}
		ALWAYS(most > 2000, "many: there were many");
		for (uint64_t after = 0; ranges_pop(&set, &range); after = range.last) {
			ALWAYS(range.first > after, "pop: the first one");
			for (uint64_t n = range.first; n <= range.last; n++)
				in[n] = false;
			ALWAYS(is_maximal(&set, in, WIDE), "pop: the others stay");
		}
		ALWAYS(set.pieces == NULL && set.count == 0, "pop: nothing is left");
	}
	OK(true, "ranges: thousands of them agree with an array of flags");
}

/* Falling numbers with holes, as many as a mailbox may hold, cost hardly more than rising ones. */
static void test_cost(void)
{
	enum { COUNT = 300000 };
	clock_t took[2];

	for (uint32_t falls = 0; falls < 2; falls++) {
		struct ranges set = { 0 };
		clock_t start = clock();

		for (uint64_t i = 1; i <= COUNT; i++)
			ranges_add(&set, 2 * (falls ? COUNT + 1 - i : i),
			           2 * (falls ? COUNT + 1 - i : i));
		took[falls] = clock() - start;
		IS_U64(set.count, COUNT, "cost: no two numbers are one range");
		ranges_clear(&set);
	}
	printf("# rising %ld us, falling %ld us\n", (long)took[0], (long)took[1]);
	OK(took[1] < 20 * took[0] + CLOCKS_PER_SEC, "cost: falling is like rising");
}

int main(void)
{
	test_edges();
	test_random();
	test_many();
	test_cost();
	return tap_done();
}
