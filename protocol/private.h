/* SPDX-License-Identifier: MIT
 *
 * What the parts of protocol.c share: phrases, small checks and writes, and below them the items of
 * lists. Everybody else includes protocol.h. Calls go down: protocol.c, protocol/kind.c,
 * protocol/list.c and protocol/operator.c, then what stands at the top of this header.
 *
 * A read takes one thing from a reader and checks it. It returns NULL, or a phrase that says what
 * is wrong; then what it filled in means nothing. A check does the same for a whole list and keeps
 * nothing. A write puts one thing where the caller has made room, and returns the byte after it.
 */
#ifndef THREEFOLD_PROTOCOL_PRIVATE_H
#define THREEFOLD_PROTOCOL_PRIVATE_H

#include "protocol.h"

/* What is wrong, as protocol_decode tells it. */
#define WHY_SHORT   "too few bytes in the payload"
#define WHY_LONG    "too many bytes in the payload"
#define WHY_NUMBER  "a number that is 0 or too large"
#define WHY_RANGE   "a range that is not within bounds and in order"
#define WHY_TIME    "a time that is too large"
#define WHY_NAME    "a name that is not valid"
#define WHY_SETTING "a setting that is not valid"
#define WHY_BOOL    "a byte that is neither 0 nor 1"
#define WHY_STATUS  "a status that is not known or does not belong there"
#define WHY_TEXT    "a text that is empty or too long"
#define WHY_UTF8    "a text that is not UTF-8 without NUL"
#define WHY_COUNT   "a list with too few or too many items"
#define WHY_BOUND   "a bound that is not in its one form"

/* 0 becomes the largest value, which is refused as well. */
static inline bool protocol_is_number(uint64_t number)
{
	return number - 1 < NUMBER_MAX;
}

static inline bool protocol_is_range(const struct range *range)
{
	return protocol_is_number(range->first) && protocol_is_number(range->last) &&
	       range->first <= range->last;
}

static inline bool protocol_is_time(uint64_t time_ms)
{
	return time_ms <= NUMBER_MAX;
}

static inline bool protocol_is_text_size(size_t size)
{
	return size >= 1 && size <= TEXT_SIZE_MAX;
}

static inline uint8_t *protocol_write_bytes(uint8_t *to, const void *from, size_t size)
{
	if (size != 0)
		memcpy(to, from, size);
	return to + size;
}

static inline uint8_t *protocol_write_view8(uint8_t *to, struct view v)
{
	assert(v.size <= UINT8_MAX);
	*to = (uint8_t)v.size;
	return protocol_write_bytes(to + 1, v.data, v.size);
}

static inline uint8_t *protocol_write_view32(uint8_t *to, struct view v)
{
	assert(v.size <= UINT32_MAX);
	return protocol_write_bytes(buf_store_u32(to, (uint32_t)v.size), v.data, v.size);
}

/* ---- protocol/list.c ---- */

const char *protocol_read_place(struct reader *r, struct place *place);

/* Fields of `entry` that its state does not have become zero; the two keys keep what they held. */
const char *protocol_read_entry(struct reader *r, struct entry *entry);
size_t protocol_entry_size(const struct entry *entry);
uint8_t *protocol_write_entry(uint8_t *to, const struct entry *entry);

const char *protocol_check_ids(struct view list);
const char *protocol_check_found(struct view list);   /* of LOOKUP_NAME's reply */
const char *protocol_check_entries(struct view list); /* of LOOKUP_ID's reply */
const char *protocol_check_recipients(struct view list);
const char *protocol_check_results(struct view list);
const char *protocol_check_received(struct view list);
const char *protocol_check_questions(struct view list);
const char *protocol_check_answers(struct view list);
const char *protocol_check_messages(struct view list);
const char *protocol_check_listed(struct view list, uint16_t count);

/* ---- protocol/operator.c ---- */

/* A bound that does not depend on the one before it. */
const char *protocol_read_bound(struct reader *r, struct bound *bound);
size_t protocol_bound_size(const struct bound *bound);
uint8_t *protocol_write_bound(uint8_t *to, const struct bound *bound);

const char *protocol_check_bounds(struct view list);
const char *protocol_check_parts(struct view list);  /* of DIGEST's reply */
const char *protocol_check_splits(struct view list); /* of SPLIT's reply */
const char *protocol_check_facts(struct view list);

#endif
