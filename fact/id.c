/* SPDX-License-Identifier: MIT
 *
 * Base 32 of a big-endian number, with zero bits put in front of it until its bits divide by five.
 * So the first character is limited (48 bits: 0..7, 128 bits: 0..7, 80 bits: any), and a text whose
 * first character says more is refused: one identity has one text. For the same reason I, L and O,
 * which Crockford reads as 1, 1 and 0, are refused here.
 */
#include "fact/id.h"

enum {
	TIME_SIZE = 6,
	TIME_TEXT_SIZE = 10,
	DIGEST_SIZE = 16,
	DIGEST_TEXT_SIZE = 26,
	RANDOM_SIZE = 10,
	RANDOM_TEXT_SIZE = 16,
	DIGIT_BITS = 5,
	DIGIT_COUNT = 32,
	GROUP_SIZE = 5, /* bytes */
	GROUP_DIGITS = 8,
};
_Static_assert(TIME_SIZE + DIGEST_SIZE == ID_SIZE, "an id is a time and a digest");
_Static_assert(TIME_SIZE + RANDOM_SIZE == ULID_SIZE, "a ULID is a time and random bits");
_Static_assert(TIME_TEXT_SIZE + DIGEST_TEXT_SIZE == ID_TEXT_SIZE, "so are their texts");
_Static_assert(TIME_TEXT_SIZE + RANDOM_TEXT_SIZE == ULID_TEXT_SIZE, "so are their texts");

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
_Static_assert(sizeof digits == DIGIT_COUNT + 1, "32 digits and a NUL");

/* The value of a character plus 1; 0 is no digit. */
#define LETTER(upper, lower, value) [upper] = (value) + 1, [lower] = (value) + 1
/* clang-format off */
static const uint8_t values[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5,
	['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	LETTER('A', 'a', 10), LETTER('B', 'b', 11), LETTER('C', 'c', 12), LETTER('D', 'd', 13),
	LETTER('E', 'e', 14), LETTER('F', 'f', 15), LETTER('G', 'g', 16), LETTER('H', 'h', 17),
	LETTER('J', 'j', 18), LETTER('K', 'k', 19), LETTER('M', 'm', 20), LETTER('N', 'n', 21),
	LETTER('P', 'p', 22), LETTER('Q', 'q', 23), LETTER('R', 'r', 24), LETTER('S', 's', 25),
	LETTER('T', 't', 26), LETTER('V', 'v', 27), LETTER('W', 'w', 28), LETTER('X', 'x', 29),
	LETTER('Y', 'y', 30), LETTER('Z', 'z', 31),
};
/* clang-format on */
#undef LETTER

int id_digit(uint8_t c)
{
	return values[c] - 1;
}

/* Five bytes are eight digits, and no bit is left over. Written out, since this is done for three
 * ids of every line of a journal. */
static void put_group(const uint8_t bytes[GROUP_SIZE], char text[GROUP_DIGITS])
{
	uint64_t bits = (uint64_t)bytes[0] << 32 | (uint64_t)bytes[1] << 24 |
	                (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 8 | bytes[4];

	text[0] = digits[bits >> 35];
	text[1] = digits[bits >> 30 & (DIGIT_COUNT - 1)];
	text[2] = digits[bits >> 25 & (DIGIT_COUNT - 1)];
	text[3] = digits[bits >> 20 & (DIGIT_COUNT - 1)];
	text[4] = digits[bits >> 15 & (DIGIT_COUNT - 1)];
	text[5] = digits[bits >> 10 & (DIGIT_COUNT - 1)];
	text[6] = digits[bits >> 5 & (DIGIT_COUNT - 1)];
	text[7] = digits[bits & (DIGIT_COUNT - 1)];
}

/* Whole groups from the end; what is left is the front. */
static void base32_encode(const uint8_t *bytes, size_t size, char *text, size_t text_size)
{
	uint64_t bits = 0;

	assert(text_size == (size * 8 + DIGIT_BITS - 1) / DIGIT_BITS);
	for (; size >= GROUP_SIZE; size -= GROUP_SIZE, text_size -= GROUP_DIGITS)
		put_group(bytes + size - GROUP_SIZE, text + text_size - GROUP_DIGITS);
	for (size_t i = 0; i < size; i++)
		bits = bits << 8 | bytes[i];
	for (; text_size > 0; bits >>= DIGIT_BITS)
		text[--text_size] = digits[bits % DIGIT_COUNT];
	assert(bits == 0);
}

/* The other way round; false if a character is no digit or the number does not fit `size` bytes. */
static bool base32_decode(const uint8_t *text, size_t text_size, uint8_t *bytes, size_t size)
{
	unsigned bits = 0;
	unsigned bit_count = 0;

	assert(text_size == (size * 8 + DIGIT_BITS - 1) / DIGIT_BITS);
	while (text_size > 0) {
		unsigned value = values[text[--text_size]];

		if (value == 0)
			return false;
		bits |= (value - 1) << bit_count;
		bit_count += DIGIT_BITS;
		if (bit_count >= 8 && size > 0) {
			bytes[--size] = (uint8_t)bits;
			bits >>= 8;
			bit_count -= 8;
		}
	}
	assert(size == 0);
	return bits == 0;
}

static void time_put(uint8_t bytes[TIME_SIZE], uint64_t time_ms)
{
	assert(time_ms <= ID_TIME_MS_MAX);
	for (size_t i = TIME_SIZE; i-- > 0; time_ms >>= 8)
		bytes[i] = (uint8_t)time_ms;
	assert(time_ms == 0);
}

static uint64_t time_get(const uint8_t bytes[TIME_SIZE])
{
	uint64_t time_ms = 0;

	for (size_t i = 0; i < TIME_SIZE; i++)
		time_ms = time_ms << 8 | bytes[i];
	assert(time_ms <= ID_TIME_MS_MAX);
	return time_ms;
}

int id_compare(const struct id *a, const struct id *b)
{
	return memcmp(a->bytes, b->bytes, ID_SIZE);
}

uint64_t id_time_ms(const struct id *id)
{
	return time_get(id->bytes);
}

void id_make(struct id *id, uint64_t time_ms, const uint8_t digest[16])
{
	assert(digest != NULL);
	time_put(id->bytes, time_ms);
	memcpy(id->bytes + TIME_SIZE, digest, DIGEST_SIZE);
	assert(id_time_ms(id) == time_ms);
}

void id_to_text(const struct id *id, char text[ID_TEXT_SIZE + 1])
{
	base32_encode(id->bytes, TIME_SIZE, text, TIME_TEXT_SIZE);
	base32_encode(id->bytes + TIME_SIZE, DIGEST_SIZE, text + TIME_TEXT_SIZE, DIGEST_TEXT_SIZE);
	text[ID_TEXT_SIZE] = '\0';
}

bool id_from_text(struct view text, struct id *id)
{
	struct id parsed;

	assert(id != NULL);
	if (text.size != ID_TEXT_SIZE)
		return false;
	if (!base32_decode(text.data, TIME_TEXT_SIZE, parsed.bytes, TIME_SIZE))
		return false;
	if (!base32_decode(text.data + TIME_TEXT_SIZE, DIGEST_TEXT_SIZE, parsed.bytes + TIME_SIZE,
	                   DIGEST_SIZE))
		return false;
	*id = parsed;
	return true;
}

int ulid_compare(const struct ulid *a, const struct ulid *b)
{
	return memcmp(a->bytes, b->bytes, ULID_SIZE);
}

uint64_t ulid_time_ms(const struct ulid *ulid)
{
	return time_get(ulid->bytes);
}

void ulid_make(struct ulid *ulid, uint64_t time_ms, const uint8_t random[10])
{
	assert(random != NULL);
	time_put(ulid->bytes, time_ms);
	memcpy(ulid->bytes + TIME_SIZE, random, RANDOM_SIZE);
	assert(ulid_time_ms(ulid) == time_ms);
}

void ulid_to_text(const struct ulid *ulid, char text[ULID_TEXT_SIZE + 1])
{
	base32_encode(ulid->bytes, TIME_SIZE, text, TIME_TEXT_SIZE);
	base32_encode(ulid->bytes + TIME_SIZE, RANDOM_SIZE, text + TIME_TEXT_SIZE,
	              RANDOM_TEXT_SIZE);
	text[ULID_TEXT_SIZE] = '\0';
}

bool ulid_from_text(struct view text, struct ulid *ulid)
{
	struct ulid parsed;

	assert(ulid != NULL);
	if (text.size != ULID_TEXT_SIZE)
		return false;
	if (!base32_decode(text.data, TIME_TEXT_SIZE, parsed.bytes, TIME_SIZE))
		return false;
	if (!base32_decode(text.data + TIME_TEXT_SIZE, RANDOM_TEXT_SIZE, parsed.bytes + TIME_SIZE,
	                   RANDOM_SIZE))
		return false;
	*ulid = parsed;
	return true;
}
