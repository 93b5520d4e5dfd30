/* SPDX-License-Identifier: MIT
 *
 * Audiences: each has one form, which is read back the same; every other form of up to three bytes,
 * every cut and every byte too many is refused.
 */
#include "tests/lib/tap.h"

#include "fact/audience.h"

static const struct view names[] = {
	{ (const uint8_t *)"bob", 3 },
	{ (const uint8_t *)"carol~0123ABCD", 14 },
	{ (const uint8_t *)"a_name_of_the_greatest_length_32~0123ABCD", 41 },
};

static struct audience several(uint32_t count)
{
	struct audience audience = { .kind = AUDIENCE_SEVERAL, .count = count };

	for (; audience.names_count < count && audience.names_count < AUDIENCE_NAMES_MAX;
	     audience.names_count++)
		audience.names[audience.names_count] = names[audience.names_count % 3];
	return audience;
}

static bool is_read_back(const struct audience *audience, size_t size)
{
	uint8_t form[AUDIENCE_SIZE_MAX + 1] = { 0 };
	struct view bytes;
	struct reader r;
	struct audience back;

	if (audience_put(form, audience) != size)
		return false;
	bytes = view_of(form, size);
	r = reader_of(view_of(form, size + 1)); /* the byte behind it is not taken */
	if (size > 0 && (!audience_take(&r, &bytes) || bytes.size != size || reader_left(&r) != 1))
		return false;
	back = audience_of(bytes);
	if (back.kind != audience->kind || back.is_notice != audience->is_notice ||
	    back.count != audience->count || back.names_count != audience->names_count)
		return false;
	for (size_t i = 0; i < back.names_count; i++)
		if (!view_equal(back.names[i], audience->names[i]))
			return false;
	for (size_t cut = 0; cut < size; cut++) {
		r = reader_of(view_of(form, cut));
		if (audience_take(&r, &bytes))
			return false;
	}
	return true;
}

static void test_forms(void)
{
	struct audience audience = { .kind = AUDIENCE_ONE, .count = 1 };

	OK(is_read_back(&audience, 0), "to one: no byte");
	OK(!audience_has_form(&audience), "to one: and so no form");
	audience.is_notice = true;
	OK(is_read_back(&audience, 1), "a notice to one: one byte");
	audience = (struct audience){ .kind = AUDIENCE_ALL };
	OK(is_read_back(&audience, 1), "to all: one byte");
	audience.is_notice = true;
	OK(is_read_back(&audience, 1), "a notice to all");
	audience = several(2);
	OK(is_read_back(&audience, 3 + 4 + 15), "to two: a count and both names");
	audience = several(AUDIENCE_NAMES_MAX);
	OK(is_read_back(&audience, 3 + 3 * 4 + 3 * 15 + 2 * 42), "to eight: all of them");
	audience = several(AUDIENCE_COUNT_MAX);
	audience.is_notice = true;
	OK(is_read_back(&audience, 3 + 3 * 4 + 3 * 15 + 2 * 42), "to 4,096: the first eight");
	for (size_t i = 0; i < AUDIENCE_NAMES_MAX; i++)
		audience.names[i] = names[2];
	OK(is_read_back(&audience, 3 + 8 * 42) && 3 + 8 * 42 <= AUDIENCE_SIZE_MAX,
	   "the largest has its place");
}

static bool has_form(struct audience audience)
{
	return audience_has_form(&audience);
}

static void test_what_has_none(void)
{
	struct audience audience = several(3);

	OK(has_form(audience), "three with three names have a form");
	audience.names_count = 2;
	OK(!has_form(audience), "with two names they have not");
	audience = several(3);
	audience.names[1] = view_of_string("no name");
	OK(!has_form(audience), "nor with what is no name");
	audience = several(3);
	audience.count = 1;
	OK(!has_form(audience), "one recipient is not several");
	audience = several(AUDIENCE_COUNT_MAX);
	audience.count++;
	OK(!has_form(audience), "nor are more than a message may have");
}

/* To all, a notice to one, a notice to all; each is one byte, and what follows is not taken. */
static void test_every_short_one(void)
{
	unsigned wrong = 0;

	for (unsigned value = 0; value < 1u << 24; value++) {
		const uint8_t form[3] = { (uint8_t)value, (uint8_t)(value >> 8),
			                  (uint8_t)(value >> 16) };
		struct reader r = reader_of(view_of(form, 3));
		bool is_right = form[0] == 2 || (form[0] >= 4 && form[0] <= 6 && form[0] != 5);
		struct view bytes = { 0 };

		if (value >> 8 != 0 && value % 251 != 0)
			continue;
		wrong += audience_take(&r, &bytes) != is_right || (is_right && bytes.size != 1);
	}
	IS_U64(wrong, 0, "of the forms of at most three bytes three are right, of one byte each");
}

static bool takes(const char *form, size_t size)
{
	struct reader r = reader_of(view_of(form, size));
	struct view bytes;

	return audience_take(&r, &bytes) && reader_left(&r) == 0;
}

static void test_several(void)
{
	OK(takes("\1\2\0\1a\1b", 7), "two names");
	OK(!takes("\1\1\0\1a", 5), "one is not several");
	OK(!takes("\1\2\0\1a\0", 6), "an empty name");
	OK(!takes("\1\2\0\1a\1 ", 7), "a blank for a name");
	OK(!takes("\1\2\0\1a\x1b[2J", 9), "what a terminal would obey");
	OK(!takes("\1\2\0\1a\1b\1c", 9), "a name too many stays behind");
	OK(!takes("\1\1\x10\1a\1a\1a\1a\1a\1a\1a\1a", 19), "4,097 are too many");
	OK(takes("\1\0\x10\1a\1a\1a\1a\1a\1a\1a\1a", 19), "4,096 are not");
}

int main(void)
{
	test_forms();
	test_what_has_none();
	test_every_short_one();
	test_several();
	return tap_done();
}
