/* SPDX-License-Identifier: MIT
 *
 * Identities as text against a naive model (one large number, divided by 32 again and again), their
 * order, and everything that is not the one text of an identity.
 */
#include "tests/lib/tap.h"

#include "fact/id.h"

static uint64_t seed = 4;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

/* Random bytes, with many zeros and ones among them. */
static void draw_bytes(uint8_t *bytes, size_t size)
{
	uint32_t kind = draw(4);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(kind == 0 ? 0 : kind == 1 ? 255 : draw(256));
	if (draw(2) != 0)
		bytes[draw((uint32_t)size)] = (uint8_t)draw(256);
}

static uint64_t draw_time(void)
{
	uint64_t time_ms = (uint64_t)draw(1 << 24) << 24 | draw(1 << 24);

	return time_ms >> draw(48);
}

/* Divides a big-endian number by 32 in place and returns the remainder. */
static unsigned divide(uint8_t *bytes, size_t size)
{
	unsigned rest = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned value = rest * 256 + bytes[i];

		bytes[i] = (uint8_t)(value / 32);
		rest = value % 32;
	}
	return rest;
}

static void model_text(const uint8_t *bytes, size_t size, char *text, size_t text_size)
{
	uint8_t number[16];

	memcpy(number, bytes, size);
	while (text_size > 0)
		text[--text_size] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[divide(number, size)];
}

static void test_known(void)
{
	static const uint8_t bytes[ULID_SIZE] = { 0x01, 0x56, 0x3e, 0x3a, 0xb5, 0xd3, 0xd6, 0x76,
		                                  0x4c, 0x61, 0xef, 0xb9, 0x93, 0x02, 0xbd, 0x5b };
	struct ulid ulid = { { 0 } };
	char text[ULID_TEXT_SIZE + 1];

	OK(ulid_from_text(view_of_string("01ARZ3NDEKTSV4RRFFQ69G5FAV"), &ulid),
	   "ulid: the example of its specification parses");
	IS_BYTES(ulid.bytes, bytes, ULID_SIZE, "ulid: the example's bytes");
	IS_U64(ulid_time_ms(&ulid), UINT64_C(1469922850259), "ulid: the example's time");
	ulid_to_text(&ulid, text);
	IS_STRING(text, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid: the example's text");

	static const uint8_t digest[16] = { 0x5b, 0xd5, 0xcb, 0xe5, 0xd6, 0xdb, 0xb5, 0xd5,
		                            0x01, 0xbb, 0x66, 0xe2, 0x10, 0x6a, 0x7c, 0x96 };
	struct id id;
	char id_text[ID_TEXT_SIZE + 1];

	id_make(&id, UINT64_C(1763726400000), digest);
	id_to_text(&id, id_text);
	IS_STRING(id_text, "01KAK4J6G02VTQ5YBNPVPQAG3EV6W886MZ4P", "id: a known text");
}

static void test_edges(void)
{
	struct id id;
	struct ulid ulid;
	uint8_t ones[16];
	char text[ID_TEXT_SIZE + 1];

	memset(&id, 0, sizeof id);
	memset(&ulid, 0, sizeof ulid);
	OK(id_is_zero(&id) && ulid_is_zero(&ulid), "id: all zero is zero");
	id_to_text(&id, text);
	IS_STRING(text, "000000000000000000000000000000000000", "id: the text of zero");
	for (size_t i = 0; i < ID_SIZE; i++) {
		id.bytes[i] = 1;
		ALWAYS(!id_is_zero(&id), "id: with a byte set is not zero");
		id.bytes[i] = 0;
	}
	for (size_t i = 0; i < ULID_SIZE; i++) {
		ulid.bytes[i] = 0x80;
		ALWAYS(!ulid_is_zero(&ulid), "ulid: with a byte set is not zero");
		ulid.bytes[i] = 0;
	}
	memset(ones, 0xff, sizeof ones);
	id_make(&id, ID_TIME_MS_MAX, ones);
	IS_U64(id_time_ms(&id), ID_TIME_MS_MAX, "id: the last time comes back");
	id_to_text(&id, text);
	IS_STRING(text, "7ZZZZZZZZZ7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "id: the text of the largest");
	OK(id_from_text(view_of_string(text), &id), "id: the largest parses");
	ulid_make(&ulid, ID_TIME_MS_MAX, ones);
	ulid_to_text(&ulid, text);
	IS_STRING(text, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "ulid: the text of the largest");
	IS_U64(ulid_time_ms(&ulid), ID_TIME_MS_MAX, "ulid: the last time comes back");
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static void test_against_model(void)
{
	bool is_model = true;
	bool is_back = true;

	for (int i = 0; i < 20000; i++) {
		struct id id, id_back;
		struct ulid ulid, ulid_back;
		uint8_t bytes[16];
		uint64_t time_ms = draw_time();
		char text[ID_TEXT_SIZE + 1], want[ID_TEXT_SIZE + 1] = "";

		draw_bytes(bytes, sizeof bytes);
		id_make(&id, time_ms, bytes);
		id_to_text(&id, text);
		model_text(id.bytes, 6, want, 10);
		model_text(id.bytes + 6, 16, want + 10, 26);
		is_model = is_model && strcmp(text, want) == 0 && id_time_ms(&id) == time_ms &&
		           memcmp(id.bytes + 6, bytes, 16) == 0;
		if (i % 2 == 0)
			lower(text);
		is_back = is_back && id_from_text(view_of(text, ID_TEXT_SIZE), &id_back) &&
		          id_equal(&id, &id_back);

		ulid_make(&ulid, time_ms, bytes);
		ulid_to_text(&ulid, text);
		model_text(ulid.bytes, 16, want, 26);
		want[26] = '\0';
		is_model = is_model && strcmp(text, want) == 0 && ulid_time_ms(&ulid) == time_ms &&
		           memcmp(ulid.bytes + 6, bytes, 10) == 0;
		if (i % 2 == 0)
			lower(text);
		is_back = is_back && ulid_from_text(view_of(text, ULID_TEXT_SIZE), &ulid_back) &&
		          ulid_equal(&ulid, &ulid_back);
	}
	OK(is_model, "id: text and bytes are those of a large number in base 32");
	OK(is_back, "id: a text in either case gives the identity back");
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static void test_order(void)
{
	bool is_same = true;
	bool is_by_time = true;

	for (int i = 0; i < 20000; i++) {
		uint8_t bytes[2][16];
		struct id id[2];
		struct ulid ulid[2];
		uint64_t time_ms[2];
		char text[2][ID_TEXT_SIZE + 1], ulid_text[2][ULID_TEXT_SIZE + 1];

		for (int k = 0; k < 2; k++) {
			time_ms[k] = k == 1 && draw(2) != 0 ? time_ms[0] : draw_time();
			draw_bytes(bytes[k], 16);
			id_make(&id[k], time_ms[k], bytes[k]);
			ulid_make(&ulid[k], time_ms[k], bytes[k]);
			id_to_text(&id[k], text[k]);
			ulid_to_text(&ulid[k], ulid_text[k]);
		}
		int order = sign(id_compare(&id[0], &id[1]));
		int ulid_order = sign(ulid_compare(&ulid[0], &ulid[1]));

		is_same = is_same && order == sign(strcmp(text[0], text[1])) &&
		          ulid_order == sign(strcmp(ulid_text[0], ulid_text[1])) &&
		          id_equal(&id[0], &id[1]) == (order == 0) &&
		          ulid_equal(&ulid[0], &ulid[1]) == (ulid_order == 0);
		if (time_ms[0] != time_ms[1])
			is_by_time = is_by_time && order == (time_ms[0] < time_ms[1] ? -1 : 1) &&
			             ulid_order == order;
	}
	OK(is_same, "id: bytes and text sort alike");
	OK(is_by_time, "id: the earlier sorts first");
}

/* Whether `text` is refused by both, if it has the size of either, and leaves them untouched. */
static bool is_refused(const char *text, size_t size)
{
	struct id id;
	struct ulid ulid;

	memset(&id, 0x77, sizeof id);
	memset(&ulid, 0x77, sizeof ulid);
	struct id id_before = id;
	struct ulid ulid_before = ulid;

	return !id_from_text(view_of(text, size), &id) && id_equal(&id, &id_before) &&
	       !ulid_from_text(view_of(text, size), &ulid) && ulid_equal(&ulid, &ulid_before);
}

static void test_wrong_characters(void)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz";
	const size_t sizes[2] = { ULID_TEXT_SIZE, ID_TEXT_SIZE };
	char text[ID_TEXT_SIZE + 1] = "000000000000000000000000000000000000";
	struct id id;
	struct ulid ulid;
	unsigned accepted = 0;

	for (size_t s = 0; s < 2; s++)
		for (size_t at = 0; at < sizes[s]; at++)
			for (int c = 0; c < 256; c++) {
				bool is_digit = c != 0 && strchr(digits, c) != NULL;
				bool is_first = at == 0 || (s == 1 && at == 10);

				text[at] = (char)c;
				if (is_digit && (!is_first || c <= '7')) {
					struct view v = view_of(text, sizes[s]);

					ALWAYS(s == 0 ? ulid_from_text(v, &ulid)
					              : id_from_text(v, &id),
					       "id: every digit is accepted");
					accepted++;
				} else {
					ALWAYS(is_refused(text, sizes[s]),
					       "id: no other character is accepted");
				}
				text[at] = '0';
			}
	IS_U64(accepted, (ULID_TEXT_SIZE + ID_TEXT_SIZE - 3) * 54 + 3 * 8,
	       "id: 54 characters are digits, and eight where bits are missing");
}

static void test_wrong_sizes(void)
{
	char text[64];

	memset(text, '0', sizeof text);
	for (size_t size = 0; size <= sizeof text; size++)
		if (size != ID_TEXT_SIZE && size != ULID_TEXT_SIZE)
			ALWAYS(is_refused(text, size), "id: no other length is accepted");
	struct id id;
	struct ulid ulid;

	OK(!id_from_text(view_of(text, ULID_TEXT_SIZE), &id),
	   "id: the length of a ULID is refused");
	OK(!ulid_from_text(view_of(text, ID_TEXT_SIZE), &ulid),
	   "ulid: the length of an id is refused");
	OK(is_refused(NULL, 0), "id: nothing is refused");
}

int main(void)
{
	test_known();
	test_edges();
	test_against_model();
	test_order();
	test_wrong_characters();
	test_wrong_sizes();
	return tap_done();
}
