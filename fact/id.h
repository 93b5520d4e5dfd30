/* SPDX-License-Identifier: MIT
 *
 * id: the two kinds of identity, their order and their text.
 *
 * An account id is 22 bytes: 48 bits of milliseconds since 1970, big-endian, and 128 bits of a
 * digest of the account's content (fact/auth.h makes it). A ULID is 16 bytes: 48 bits of
 * milliseconds, big-endian, and 80 random bits; it names a session (github.com/ulid/spec). Both
 * sort by their bytes, hence first by time.
 *
 * As text both use Crockford's base 32 (0-9 A-Z without I L O U), upper case: a ULID is 26
 * characters, an account id 36 (10 for the milliseconds, 26 for the digest). Parsing accepts lower
 * case.
 */
#ifndef THREEFOLD_FACT_ID_H
#define THREEFOLD_FACT_ID_H

#include "base/buf.h"

enum {
	ID_SIZE = 22,
	ID_TEXT_SIZE = 36,
	/* 'name~' and this many last characters name an account that lost its name. */
	ID_SUFFIX_SIZE = 8,
	ULID_SIZE = 16,
	ULID_TEXT_SIZE = 26,
	UUID_SIZE = 16,
};

#define ID_TIME_MS_MAX ((UINT64_C(1) << 48) - 1)

struct id {
	uint8_t bytes[ID_SIZE];
};
struct ulid {
	uint8_t bytes[ULID_SIZE];
};
_Static_assert(sizeof(struct id) == ID_SIZE, "an id has no padding");
_Static_assert(sizeof(struct ulid) == ULID_SIZE, "a ULID has no padding");

/* The value of a base 32 digit, 0 to 31, in either case; -1 if `c` is none. */
int id_digit(uint8_t c);
/* <0, 0, >0 by bytes, hence by time first. */
int id_compare(const struct id *a, const struct id *b);
/* Whether all bytes are the same. */
static inline bool id_equal(const struct id *a, const struct id *b)
{
	return memcmp(a->bytes, b->bytes, ID_SIZE) == 0;
}
/* Whether all bytes are 0, which no account has: it stands for none. */
static inline bool id_is_zero(const struct id *id)
{
	const struct id zero = { { 0 } };

	return id_equal(id, &zero);
}
/* When it was made: milliseconds since 1970. */
uint64_t id_time_ms(const struct id *id);
/* Puts an id together. `time_ms` is at most ID_TIME_MS_MAX. `digest` is used as it is. */
void id_make(struct id *id, uint64_t time_ms, const uint8_t digest[16]);
/* Writes ID_TEXT_SIZE characters and a NUL. */
void id_to_text(const struct id *id, char text[ID_TEXT_SIZE + 1]);
/* Reads exactly ID_TEXT_SIZE characters in either case. False, and `id` is untouched, if it is
 * anything else or its first digit of either part is too large: so one id has one text. */
bool id_from_text(struct view text, struct id *id);

/* The same seven for ULIDs: `random` takes the place of the digest, and the text has ULID_TEXT_SIZE
 * characters. All zero stands for no session. */
int ulid_compare(const struct ulid *a, const struct ulid *b);
static inline bool ulid_equal(const struct ulid *a, const struct ulid *b)
{
	return memcmp(a->bytes, b->bytes, ULID_SIZE) == 0;
}
static inline bool ulid_is_zero(const struct ulid *ulid)
{
	const struct ulid zero = { { 0 } };

	return ulid_equal(ulid, &zero);
}
uint64_t ulid_time_ms(const struct ulid *ulid);
void ulid_make(struct ulid *ulid, uint64_t time_ms, const uint8_t random[10]);
void ulid_to_text(const struct ulid *ulid, char text[ULID_TEXT_SIZE + 1]);
bool ulid_from_text(struct view text, struct ulid *ulid);

#endif
