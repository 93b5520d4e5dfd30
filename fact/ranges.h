/* SPDX-License-Identifier: MIT
 *
 * ranges: a set of numbers as sorted maximal ranges. Neighbours merge, holes stay.
 *
 * Small sets are the usual case: adding at the end and asking near the end are O(1), anything else
 * is a binary search and a move of what stands behind. Takes no memory while it is empty. All zero
 * is empty.
 */
#ifndef THREEFOLD_FACT_RANGES_H
#define THREEFOLD_FACT_RANGES_H

#include "fact/fact.h"

struct ranges {
	struct range *items;
	uint32_t count;
	uint32_t capacity;
};

/* Frees the memory; the set is empty and may be used again. */
void ranges_clear(struct ranges *set);
/* Adds first..last, where 1 <= first <= last. True if any of them was new. */
bool ranges_add(struct ranges *set, uint64_t first, uint64_t last);
/* Whether the number is a member. */
bool ranges_have(const struct ranges *set, uint64_t number);
/* The largest member below `number`; 0 if there is none. */
uint64_t ranges_below(const struct ranges *set, uint64_t number);
/* The last number of the range that has `number`; number - 1 if none has it. */
uint64_t ranges_through(const struct ranges *set, uint64_t number);

#endif
