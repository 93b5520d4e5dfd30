/* SPDX-License-Identifier: MIT
 *
 * ranges: a set of numbers as sorted maximal ranges. Neighbours merge, holes stay.
 *
 * Mostly a set is one range, which stands in the set itself and takes no memory elsewhere. More
 * ranges stand in pieces of up to RANGES_PIECE, so adding one in the middle of many moves a piece,
 * not all that stands behind: others choose the numbers, in any order. All zero is empty.
 */
#ifndef THREEFOLD_FACT_RANGES_H
#define THREEFOLD_FACT_RANGES_H

#include "fact/fact.h"

enum { RANGES_PIECE = 256 };

struct ranges_piece;

struct ranges {
	struct range only;            /* if count is 1 */
	struct ranges_piece **pieces; /* if count is more; none of them is empty */
	uint32_t piece_count;
	uint32_t piece_capacity;
	uint32_t count; /* of ranges */
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
/* The first range that ends at or after `number`. False if there is none. */
bool ranges_from(const struct ranges *set, uint64_t number, struct range *range);
/* Takes the first range out of the set. False if it is empty. */
bool ranges_pop(struct ranges *set, struct range *range);

#endif
