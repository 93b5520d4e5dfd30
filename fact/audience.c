/* SPDX-License-Identifier: MIT
 *
 * Reading checks everything, so whoever holds the bytes need not check them again.
 */
#include "fact/audience.h"

_Static_assert(AUDIENCE_COUNT_MAX <= UINT16_MAX, "a count is two bytes");
_Static_assert(DISPLAY_SIZE - 1 <= UINT8_MAX, "the size of a name is one byte");

static size_t names_of(uint32_t count)
{
	return count < AUDIENCE_NAMES_MAX ? count : AUDIENCE_NAMES_MAX;
}

/* The count and the names of several. */
static bool take_several(struct reader *r)
{
	uint16_t count = reader_u16(r);

	if (r->failed || count < 2 || count > AUDIENCE_COUNT_MAX)
		return false;
	for (size_t i = 0; i < names_of(count); i++) {
		struct view name = reader_view8(r);

		if (r->failed || name.size >= DISPLAY_SIZE || !name_is_reference(name))
			return false;
	}
	return true;
}

bool audience_take(struct reader *r, struct view *bytes)
{
	size_t begin = r->offset;
	uint8_t kind = reader_u8(r);

	if (r->failed || kind == AUDIENCE_ONE || (kind & ~AUDIENCE_NOTICE) > AUDIENCE_ALL)
		return false;
	if ((kind & ~AUDIENCE_NOTICE) == AUDIENCE_SEVERAL && !take_several(r))
		return false;
	*bytes = view_of(r->data + begin, r->offset - begin);
	return true;
}

struct audience audience_of(struct view bytes)
{
	struct audience audience = { .kind = AUDIENCE_ONE, .count = 1 };
	struct reader r = reader_of(bytes);

	if (bytes.size == 0)
		return audience;
	uint8_t kind = reader_u8(&r);

	audience.is_notice = (kind & AUDIENCE_NOTICE) != 0;
	audience.kind = (enum audience_kind)(kind & ~AUDIENCE_NOTICE);
	if (audience.kind == AUDIENCE_ALL)
		audience.count = 0;
	if (audience.kind == AUDIENCE_SEVERAL) {
		audience.count = reader_u16(&r);
		audience.names_count = names_of(audience.count);
	}
	for (size_t i = 0; i < audience.names_count; i++)
		audience.names[i] = reader_view8(&r);
	assert(!r.failed);
	assert(reader_left(&r) == 0);
	return audience;
}

bool audience_has_form(const struct audience *audience)
{
	if (audience->kind != AUDIENCE_SEVERAL)
		return audience->kind == AUDIENCE_ALL || audience->is_notice;
	if (audience->count < 2 || audience->count > AUDIENCE_COUNT_MAX ||
	    audience->names_count != names_of(audience->count))
		return false;
	for (size_t i = 0; i < audience->names_count; i++)
		if (audience->names[i].size >= DISPLAY_SIZE ||
		    !name_is_reference(audience->names[i]))
			return false;
	return true;
}

size_t audience_put(uint8_t to[AUDIENCE_SIZE_MAX], const struct audience *audience)
{
	uint8_t *end = to;

	if (audience->kind == AUDIENCE_ONE && !audience->is_notice)
		return 0;
	*end++ = (uint8_t)(audience->kind | (audience->is_notice ? AUDIENCE_NOTICE : 0));
	if (audience->kind != AUDIENCE_SEVERAL)
		return 1;
	assert(audience->count >= 2);
	assert(audience->count <= AUDIENCE_COUNT_MAX);
	assert(audience->names_count == names_of(audience->count));
	end = buf_store_u16(end, (uint16_t)audience->count);
	for (size_t i = 0; i < audience->names_count; i++) {
		const struct view *name = &audience->names[i];

		assert(name->size < DISPLAY_SIZE);
		assert(name_is_reference(*name));
		*end++ = (uint8_t)name->size;
		memcpy(end, name->data, name->size);
		end += name->size;
	}
	return (size_t)(end - to);
}
