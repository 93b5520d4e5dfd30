/* SPDX-License-Identifier: MIT
 *
 * ranges: see fact/ranges.h.
 */
#include "fact/ranges.h"

#include "base/bug.h"

#include <assert.h>
#include <string.h>

void ranges_clear(struct ranges *set)
{
	memory_free(set->items);
	memset(set, 0, sizeof *set);
}

/* The index of the first range that ends at or after `number`. */
static uint32_t find(const struct ranges *set, uint64_t number)
{
	uint32_t low = 0;
	uint32_t high = set->count;

	if (high > 0 && set->items[high - 1].last < number)
		return high;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (set->items[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert(struct ranges *set, uint32_t at, struct range range)
{
	if (set->count == set->capacity) {
		set->capacity = set->capacity ? set->capacity * 2 : 1;
		set->items = memory_resize(set->items, set->capacity * sizeof *set->items);
	}
	memmove(&set->items[at + 1], &set->items[at], (set->count - at) * sizeof *set->items);
	set->items[at] = range;
	set->count++;
}

bool ranges_add(struct ranges *set, uint64_t first, uint64_t last)
{
	uint32_t at = find(set, first - 1); /* one that ends right before merges too */
	uint32_t end = at;

	assert(first >= 1);
	assert(first <= last);
	while (end < set->count && set->items[end].first <= last + (BUG(ranges_over_hole) ? 2 : 1))
		end++;
	if (end == at) {
		insert(set, at, (struct range){ first, last });
		return true;
	}
	if (set->items[at].first <= first && set->items[at].last >= last)
		return false;
	if (set->items[at].first > first)
		set->items[at].first = first;
	if (set->items[end - 1].last > last)
		last = set->items[end - 1].last;
	set->items[at].last = last;
	memmove(&set->items[at + 1], &set->items[end], (set->count - end) * sizeof *set->items);
	set->count -= end - at - 1;
	assert(set->count > 0);
	return true;
}

bool ranges_have(const struct ranges *set, uint64_t number)
{
	uint32_t at = find(set, number);

	return at < set->count && set->items[at].first <= number;
}

uint64_t ranges_below(const struct ranges *set, uint64_t number)
{
	uint32_t at = find(set, number);

	assert(number >= 1);
	if (at < set->count && set->items[at].first < number)
		return number - 1;
	return at > 0 ? set->items[at - 1].last : 0;
}

uint64_t ranges_through(const struct ranges *set, uint64_t number)
{
	uint32_t at = find(set, number);

	assert(number >= 1);
	return at < set->count && set->items[at].first <= number ? set->items[at].last : number - 1;
}
