/* SPDX-License-Identifier: MIT
 *
 * Every latency is kept, four bytes each, so percentiles are exact; an estimate by buckets would
 * cost as much to explain as it saves.
 */
#include "tools/tally.h"

#include "io/file.h"

#include <stdlib.h>

enum { TALLY_FIRST = 65536 };

void tally_release(struct tally *t)
{
	memory_free(t->latencies);
	*t = (struct tally){ .count = 0 };
}

static void reserve(struct tally *t, size_t more)
{
	size_t capacity = t->capacity == 0 ? TALLY_FIRST : t->capacity;

	while (capacity < t->count + more)
		capacity *= 2;
	if (capacity == t->capacity)
		return;
	t->latencies = memory_resize(t->latencies, capacity * sizeof *t->latencies);
	t->capacity = capacity;
}

void tally_add(struct tally *t, uint64_t latency_ns)
{
	uint64_t units = latency_ns / TALLY_UNIT_NS;

	if (t->count == t->capacity)
		reserve(t, 1);
	assert(t->count < t->capacity);
	t->latencies[t->count++] = units < UINT32_MAX ? (uint32_t)units : UINT32_MAX;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void tally_sort(struct tally *t)
{
	if (t->count > 1)
		qsort(t->latencies, t->count, sizeof *t->latencies, compare);
}

double tally_percentile(const struct tally *t, double percent)
{
	size_t place;

	assert(percent >= 0);
	assert(percent <= 100);
	if (t->count == 0)
		return 0;
	place = (size_t)(percent / 100 * (double)(t->count - 1) + 0.5);
	assert(place < t->count);
	return (double)t->latencies[place] * TALLY_UNIT_NS / 1000;
}

/* ---- between processes ---- */

bool tally_write(const struct tally *t, int fd)
{
	return file_write(fd, t, sizeof *t) &&
	       file_write(fd, t->latencies, t->count * sizeof *t->latencies);
}

bool tally_read(struct tally *t, int fd)
{
	struct tally other;
	size_t size;

	if (file_read(fd, &other, sizeof other) != sizeof other)
		return false;
	reserve(t, other.count);
	size = other.count * sizeof *t->latencies;
	if (file_read(fd, t->latencies + t->count, size) != (ssize_t)size)
		return false;
	t->count += other.count;
	t->errors += other.errors;
	if (t->longest_pause_ns < other.longest_pause_ns)
		t->longest_pause_ns = other.longest_pause_ns;
	if (t->measured_ns < other.measured_ns)
		t->measured_ns = other.measured_ns;
	return true;
}
