/* SPDX-License-Identifier: MIT
 *
 * ranges: see fact/ranges.h.
 */
#include "fact/ranges.h"

#include "base/bug.h"

#include <assert.h>
#include <string.h>

struct ranges_piece {
	uint32_t count;
	uint32_t capacity;
	struct range items[];
};

/* Where a range stands. At the end of the set `piece` is one too many. */
struct place_of_range {
	uint32_t piece;
	uint32_t at;
};

static struct range *item(const struct ranges *set, struct place_of_range place)
{
	assert(place.piece < set->piece_count);
	assert(place.at < set->pieces[place.piece]->count);
	return &set->pieces[place.piece]->items[place.at];
}

static bool is_end(const struct ranges *set, struct place_of_range place)
{
	return place.piece == set->piece_count;
}

void ranges_clear(struct ranges *set)
{
	for (uint32_t i = 0; i < set->piece_count; i++)
		memory_free(set->pieces[i]);
	memory_free(set->pieces);
	memset(set, 0, sizeof *set);
}

/* ---- places ---- */

/* The index of the first piece whose last range ends at or after `number`. */
static uint32_t find_piece(const struct ranges *set, uint64_t number)
{
	uint32_t low = 0;
	uint32_t high = set->piece_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct ranges_piece *piece = set->pieces[middle];

		if (piece->items[piece->count - 1].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The place of the first range that ends at or after `number`. */
static struct place_of_range find(const struct ranges *set, uint64_t number)
{
	struct place_of_range place = { find_piece(set, number), 0 };

	if (is_end(set, place))
		return place;
	const struct ranges_piece *piece = set->pieces[place.piece];
	uint32_t high = piece->count - 1; /* it ends late enough */

	while (place.at < high) {
		uint32_t middle = place.at + (high - place.at) / 2;

		if (piece->items[middle].last < number)
			place.at = middle + 1;
		else
			high = middle;
	}
	return place;
}

static struct place_of_range next_place(const struct ranges *set, struct place_of_range place)
{
	if (place.at + 1 < set->pieces[place.piece]->count)
		return (struct place_of_range){ place.piece, place.at + 1 };
	return (struct place_of_range){ place.piece + 1, 0 };
}

/* ---- pieces ---- */

/* Makes an empty piece at an index. */
static void piece_insert(struct ranges *set, uint32_t index)
{
	if (set->piece_count == set->piece_capacity) {
		set->piece_capacity = set->piece_capacity ? set->piece_capacity * 2 : 1;
		set->pieces = memory_resize(set->pieces,
		                            set->piece_capacity * sizeof(struct ranges_piece *));
	}
	memmove(&set->pieces[index + 1], &set->pieces[index],
	        (set->piece_count - index) * sizeof(struct ranges_piece *));
	set->pieces[index] = memory_alloc_zero(1, sizeof(struct ranges_piece));
	set->piece_count++;
}

static void piece_remove(struct ranges *set, uint32_t index)
{
	memory_free(set->pieces[index]);
	set->piece_count--;
	memmove(&set->pieces[index], &set->pieces[index + 1],
	        (set->piece_count - index) * sizeof(struct ranges_piece *));
}

/* Makes room for so many ranges in a piece. */
static struct ranges_piece *piece_grow(struct ranges *set, uint32_t index, uint32_t count)
{
	struct ranges_piece *piece = set->pieces[index];

	if (count > piece->capacity) {
		uint32_t capacity = piece->capacity * 2 > count ? piece->capacity * 2 : count;

		piece = memory_resize(piece, sizeof *piece + capacity * sizeof *piece->items);
		piece->capacity = capacity;
		set->pieces[index] = piece;
	}
	return piece;
}

/* Moves the second half of a full piece to a new one behind it. */
static void piece_split(struct ranges *set, uint32_t index)
{
	uint32_t half = RANGES_PIECE / 2;

	piece_insert(set, index + 1);
	struct ranges_piece *to = piece_grow(set, index + 1, half);
	struct ranges_piece *from = set->pieces[index];

	memcpy(to->items, &from->items[from->count - half], half * sizeof *to->items);
	to->count = half;
	from->count -= half;
}

/* ---- ranges ---- */

/* Puts a range before the one at a place. */
static void insert(struct ranges *set, struct place_of_range place, struct range range)
{
	if (is_end(set, place)) { /* what rises fills one piece after the other */
		if (place.piece == 0 || set->pieces[place.piece - 1]->count == RANGES_PIECE) {
			piece_insert(set, place.piece);
		} else {
			place.piece--;
			place.at = set->pieces[place.piece]->count;
		}
	} else if (set->pieces[place.piece]->count == RANGES_PIECE) {
		piece_split(set, place.piece);
		if (place.at > set->pieces[place.piece]->count) {
			place.at -= set->pieces[place.piece]->count;
			place.piece++;
		}
	}
	struct ranges_piece *piece = piece_grow(set, place.piece,
	                                        set->pieces[place.piece]->count + 1);

	memmove(&piece->items[place.at + 1], &piece->items[place.at],
	        (piece->count - place.at) * sizeof *piece->items);
	piece->items[place.at] = range;
	piece->count++;
	set->count++;
}

static void remove_at(struct ranges *set, struct place_of_range place)
{
	struct ranges_piece *piece = set->pieces[place.piece];

	piece->count--;
	memmove(&piece->items[place.at], &piece->items[place.at + 1],
	        (piece->count - place.at) * sizeof *piece->items);
	if (piece->count == 0)
		piece_remove(set, place.piece);
	set->count--;
}

/* A single range stands in the set itself; pieces are for more. */
static void unfold(struct ranges *set)
{
	if (set->count == 1) {
		struct range only = set->only;

		set->count = 0;
		insert(set, (struct place_of_range){ 0, 0 }, only);
	}
}

static void fold(struct ranges *set)
{
	if (set->count > 1)
		return;
	struct range only = { 0, 0 };
	uint32_t count = set->count;

	if (count == 1)
		only = *item(set, (struct place_of_range){ 0, 0 });
	ranges_clear(set);
	set->only = only;
	set->count = count;
}

/* Whether two ranges are one: they overlap or touch. */
static bool joins(uint64_t last, uint64_t first)
{
	return first <= last + (BUG(ranges_over_hole) ? 2 : 1);
}

/* Adds to a set of one range, or of none, if one range is enough for that. */
static bool add_alone(struct ranges *set, uint64_t first, uint64_t last)
{
	if (set->count == 0) {
		set->only = (struct range){ first, last };
		set->count = 1;
		return true;
	}
	if (set->count > 1 || !joins(set->only.last, first) || !joins(last, set->only.first))
		return false;
	if (first < set->only.first)
		set->only.first = first;
	if (last > set->only.last)
		set->only.last = last;
	return true;
}

/* All ranges that it overlaps or touches become one with it. */
static void add_among(struct ranges *set, uint64_t first, uint64_t last)
{
	struct place_of_range place = find(set, first - 1); /* one that ends right before, too */

	if (is_end(set, place) || !joins(last, item(set, place)->first)) {
		insert(set, place, (struct range){ first, last });
		return;
	}
	if (item(set, place)->first < first)
		first = item(set, place)->first;
	for (;;) {
		struct place_of_range next = next_place(set, place);

		if (item(set, place)->last > last)
			last = item(set, place)->last;
		if (is_end(set, next) || !joins(last, item(set, next)->first))
			break;
		remove_at(set, place); /* the next one takes its place, or that of its piece */
		if (place.piece < next.piece && place.at > 0)
			place = (struct place_of_range){ next.piece, 0 };
	}
	*item(set, place) = (struct range){ first, last };
}

bool ranges_add(struct ranges *set, uint64_t first, uint64_t last)
{
	struct range held;

	assert(first >= 1);
	assert(first <= last);
	if (ranges_from(set, first, &held) && held.first <= first && held.last >= last)
		return false;
	if (add_alone(set, first, last))
		return true;
	unfold(set);
	add_among(set, first, last);
	fold(set);
	return true;
}

bool ranges_from(const struct ranges *set, uint64_t number, struct range *range)
{
	if (set->count == 1) {
		*range = set->only;
		return range->last >= number;
	}
	struct place_of_range place = find(set, number);

	if (is_end(set, place))
		return false;
	*range = *item(set, place);
	return true;
}

bool ranges_have(const struct ranges *set, uint64_t number)
{
	struct range range;

	return ranges_from(set, number, &range) && range.first <= number;
}

uint64_t ranges_below(const struct ranges *set, uint64_t number)
{
	struct range range;

	assert(number >= 1);
	if (ranges_from(set, number, &range) && range.first < number)
		return number - 1;
	if (set->count <= 1)
		return set->count == 1 && set->only.last < number ? set->only.last : 0;
	struct place_of_range place = find(set, number);

	if (place.at > 0)
		return item(set, (struct place_of_range){ place.piece, place.at - 1 })->last;
	if (place.piece == 0)
		return 0;
	const struct ranges_piece *before = set->pieces[place.piece - 1];

	return before->items[before->count - 1].last;
}

uint64_t ranges_through(const struct ranges *set, uint64_t number)
{
	struct range range;

	assert(number >= 1);
	return ranges_from(set, number, &range) && range.first <= number ? range.last : number - 1;
}

bool ranges_pop(struct ranges *set, struct range *range)
{
	if (set->count == 0)
		return false;
	unfold(set);
	*range = *item(set, (struct place_of_range){ 0, 0 });
	remove_at(set, (struct place_of_range){ 0, 0 });
	fold(set);
	return true;
}
