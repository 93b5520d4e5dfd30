/* SPDX-License-Identifier: MIT
 *
 * named: see journal/named.h. A number's place is the number modulo twice NAMED_MAX.
 */
#include "journal/named.h"

enum {
	PLACES = 2 * NAMED_MAX,
	PAGE_PLACES = PLACES / NAMED_PAGE_COUNT,
};

struct named_page {
	struct name names[PAGE_PLACES];
};

_Static_assert(sizeof(struct stream) == 2 * ID_SIZE + ULID_SIZE,
               "streams without padding are equal if their bytes are");

static struct view key_of(const struct stream *stream)
{
	return view_of(stream, sizeof *stream);
}

static struct name *place_at(const struct named *n, uint64_t number)
{
	struct named_page *page = n->pages[number % PLACES / PAGE_PLACES];

	return page == NULL ? NULL : &page->names[number % PAGE_PLACES];
}

static struct name *take_place(struct named *n, uint64_t number, const struct stream *stream)
{
	struct named_page **page = &n->pages[number % PLACES / PAGE_PLACES];
	struct name *name;

	if (*page == NULL)
		*page = memory_alloc_zero(1, sizeof **page);
	name = place_at(n, number);
	*name = (struct name){ .number = number, .stream = *stream };
	if (number > n->last)
		n->last = number;
	return name;
}

void named_prefetch(const struct named *n, uint64_t number)
{
	__builtin_prefetch(place_at(n, number));
}

struct name *named_get(const struct named *n, uint64_t number)
{
	struct name *name = place_at(n, number);

	assert(number >= 1);
	return name != NULL && name->number == number ? name : NULL;
}

bool named_put(struct named *n, uint64_t number, const struct stream *stream)
{
	struct name *held = named_get(n, number);

	assert(number <= NUMBER_MAX);
	if (number < n->last && n->last - number >= PLACES)
		return false;
	if (held != NULL) {
		held->is_disputed |= memcmp(&held->stream, stream, sizeof *stream) != 0;
		return !held->is_disputed;
	}
	(void)take_place(n, number, stream);
	return true;
}

struct name *named_find(const struct named *n, const struct stream *stream)
{
	return map_get(&n->map, key_of(stream));
}

struct name *named_add(struct named *n, const struct stream *stream)
{
	uint64_t number = n->last + 1;
	struct name *oldest = number > NAMED_MAX ? named_get(n, number - NAMED_MAX) : NULL;
	struct name *name;

	if (oldest != NULL)
		(void)map_take(&n->map, key_of(&oldest->stream));
	name = take_place(n, number, stream);
	map_put(&n->map, key_of(&name->stream), name);
	return name;
}

void named_release(struct named *n)
{
	for (size_t i = 0; i < NAMED_PAGE_COUNT; i++) {
		memory_free(n->pages[i]);
		n->pages[i] = NULL;
	}
	map_clear(&n->map);
	n->last = 0;
}
