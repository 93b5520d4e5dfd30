/* SPDX-License-Identifier: MIT
 *
 * The tally of bench: percentiles against a naive count, and the way from process to process.
 */
#include "tools/tally.h"
#include "tests/lib/tap.h"

#include <stdlib.h>
#include <unistd.h>

static uint64_t random_state = 88172645463325252;

static uint64_t draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void test_empty(void)
{
	struct tally t = { .count = 0 };

	tally_sort(&t);
	OK(tally_percentile(&t, 50) == 0, "tally: the percentile of nothing is 0");
	OK(tally_percentile(&t, 100) == 0, "tally: so is its maximum");
	tally_release(&t);
}

static void test_units(void)
{
	struct tally t = { .count = 0 };

	tally_add(&t, 1234567);
	OK(tally_percentile(&t, 0) == 1234.5, "tally: a latency is kept to 100 ns");
	OK(tally_percentile(&t, 100) == 1234.5, "tally: one value is every percentile");
	tally_add(&t, UINT64_MAX);
	tally_sort(&t);
	OK(tally_percentile(&t, 100) == (double)UINT32_MAX / 10,
	   "tally: what is too large is the largest, not a small one");
	tally_release(&t);
}

/* The smallest value that is not exceeded by as many as asked for, counted one by one. */
static double naive(const uint32_t *values, size_t count, double percent)
{
	size_t place = (size_t)(percent / 100 * (double)(count - 1) + 0.5);

	for (size_t i = 0; i < count; i++) {
		size_t below = 0;
		size_t equal = 0;

		for (size_t k = 0; k < count; k++) {
			below += values[k] < values[i];
			equal += values[k] == values[i];
		}
		if (below <= place && place < below + equal)
			return (double)values[i] / 10;
	}
	return -1;
}

static void test_percentiles(void)
{
	static const double percents[] = { 0, 1, 50, 90, 99, 99.9, 100 };
	size_t wrong = 0;

	for (size_t count = 1; count <= 300; count += 23) {
		struct tally t = { .count = 0 };
		uint32_t values[300];

		for (size_t i = 0; i < count; i++) {
			values[i] = (uint32_t)(draw() % 100);
			tally_add(&t, (uint64_t)values[i] * TALLY_UNIT_NS);
		}
		tally_sort(&t);
		for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++)
			wrong += tally_percentile(&t, percents[i]) !=
			         naive(values, count, percents[i]);
		tally_release(&t);
	}
	OK(wrong == 0, "tally: percentiles are those of a naive count, in any order of arrival");
}

static void test_many(void)
{
	struct tally t = { .count = 0 };
	const size_t count = 300000; /* it grows more than once */

	for (size_t i = 0; i < count; i++)
		tally_add(&t, (count - i) * TALLY_UNIT_NS);
	tally_sort(&t);
	OK(t.count == count, "tally: every latency is kept");
	OK(tally_percentile(&t, 0) == 0.1, "tally: the least of many");
	OK(tally_percentile(&t, 100) == (double)count / 10, "tally: the largest of many");
	tally_release(&t);
}

static void test_pipe(void)
{
	struct tally a = { .errors = 2, .longest_pause_ns = 70, .measured_ns = 5 };
	struct tally b = { .errors = 3, .longest_pause_ns = 90, .measured_ns = 4 };
	int ends[2];

	for (uint64_t i = 1; i <= 1000; i++) {
		tally_add(&a, i * 2 * TALLY_UNIT_NS);
		tally_add(&b, (i * 2 - 1) * TALLY_UNIT_NS);
	}
	if (pipe(ends) != 0)
		abort();
	OK(tally_write(&b, ends[1]), "tally: goes through a pipe");
	OK(tally_read(&a, ends[0]), "tally: and is added to another");
	tally_sort(&a);
	OK(a.count == 2000, "tally: the latencies of both are there");
	OK(tally_percentile(&a, 0) == 0.1, "tally: the least of both");
	OK(tally_percentile(&a, 100) == 200, "tally: the largest of both");
	OK(a.errors == 5, "tally: errors add up");
	OK(a.longest_pause_ns == 90, "tally: of pauses the longest counts");
	OK(a.measured_ns == 5, "tally: of times the longest counts");
	(void)close(ends[1]);
	OK(!tally_read(&a, ends[0]), "tally: a process that died in between is noticed");
	(void)close(ends[0]);
	OK(!tally_write(&a, -1), "tally: a pipe that is broken is noticed");
	tally_release(&a);
	tally_release(&b);
}

int main(void)
{
	test_empty();
	test_units();
	test_percentiles();
	test_many();
	test_pipe();
	return tap_done();
}
