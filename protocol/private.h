/* SPDX-License-Identifier: MIT
 *
 * What the files of protocol share: phrases, small checks and writes, and below them the items of
 * lists. Everybody else includes protocol.h. From the bottom up; each file calls only files above
 * it in this list, and the inline functions of this header:
 *
 *   protocol/operator.c   the items of an operator's lists: bounds, parts, facts
 *   protocol/list.c       the items of all other lists
 *   protocol/answer.c     whether a reply fits its request
 *   protocol/kind.c       the kinds of fields (protocol/kind.h)
 *   protocol.c            frames
 *
 * Four verbs have one meaning each:
 *
 *   read_X(r, &x)    takes one X from the reader and checks it. NULL: it is good. Else a phrase
 *                    that says what is wrong; then the content of x has no meaning. Views in x
 *                    point into the reader's bytes.
 *   check_X(list)    checks a whole list in the same way, with the limits of its count; keeps
 *                    nothing. The list is all that is left of a payload.
 *   X_size(&x)       how many bytes write_X needs.
 *   write_X(to, &x)  writes one X at `to`, where the caller has made room, and returns the address
 *                    of the byte after it. It asserts the rules that read_X checks.
 */
#ifndef THREEFOLD_PROTOCOL_PRIVATE_H
#define THREEFOLD_PROTOCOL_PRIVATE_H

#include "protocol.h"

/* What is wrong, as protocol_decode tells it. */
#define WHY_SHORT    "too few bytes in the payload"
#define WHY_LONG     "too many bytes in the payload"
#define WHY_NUMBER   "a number that is 0 or too large"
#define WHY_RANGE    "a range that is not within bounds and in order"
#define WHY_TIME     "a time that is too large"
#define WHY_NAME     "a name that is not valid"
#define WHY_SETTING  "a setting that is not valid"
#define WHY_BOOL     "a byte that is neither 0 nor 1"
#define WHY_MARK     "an unknown mark of an account"
#define WHY_BY       "a password that was set by nobody known"
#define WHY_GONE_BY  "an account that was removed by nobody known"
#define WHY_STATUS   "a status that is not known or does not belong there"
#define WHY_TEXT     "a text that is empty or too long"
#define WHY_UTF8     "a text that is not UTF-8 without NUL"
#define WHY_AUDIENCE "an audience that is not in its one form"
#define WHY_COUNT    "a list with too few or too many items"
#define WHY_BOUND    "a bound that is not in its one form"

/* Whether it is a message number: 1 to NUMBER_MAX. The subtraction turns 0 into the largest value,
 * so one comparison refuses both ends. */
static inline bool protocol_is_number(uint64_t number)
{
	return number - 1 < NUMBER_MAX;
}

/* Whether it is a range of message numbers: two of them, in order. Both ends belong to it. */
static inline bool protocol_is_range(const struct range *range)
{
	return protocol_is_number(range->first) && protocol_is_number(range->last) &&
	       range->first <= range->last;
}

/* Whether it is a time, in milliseconds since 1970: at most NUMBER_MAX. */
static inline bool protocol_is_time(uint64_t time_ms)
{
	return time_ms <= NUMBER_MAX;
}

/* Whether a message's text may have this size, in bytes. */
static inline bool protocol_is_text_size(size_t size)
{
	return size >= 1 && size <= TEXT_SIZE_MAX;
}

/* Writes bytes as they are. `from` may be NULL if there are none, which memcpy forbids. */
static inline uint8_t *protocol_write_bytes(uint8_t *to, const void *from, size_t size)
{
	if (size != 0)
		memcpy(to, from, size);
	return to + size;
}

/* Writes a string of at most 255 bytes: one byte for its size, then its bytes. */
static inline uint8_t *protocol_write_view8(uint8_t *to, struct view v)
{
	assert(v.size <= UINT8_MAX);
	*to = (uint8_t)v.size;
	return protocol_write_bytes(to + 1, v.data, v.size);
}

/* Writes a text: four bytes for its size, then its bytes. */
static inline uint8_t *protocol_write_view32(uint8_t *to, struct view v)
{
	assert(v.size <= UINT32_MAX);
	return protocol_write_bytes(buf_store_u32(to, (uint32_t)v.size), v.data, v.size);
}

/* ---- protocol/operator.c ---- */

/* Reads a bound that stands alone: its form does not depend on a bound before it. Bytes 0xff at its
 * end do not travel. A bound that has them is refused, so that equal bounds have equal bytes. */
const char *protocol_read_bound(struct reader *r, struct bound *bound);
/* How many bytes protocol_write_bound writes: 1 to 1 + BOUND_SIZE. */
size_t protocol_bound_size(const struct bound *bound);
/* Writes a bound that stands alone. */
uint8_t *protocol_write_bound(uint8_t *to, const struct bound *bound);

/* DIGEST: 1 to PARTS_MAX bounds that ascend. */
const char *protocol_check_bounds(struct view list);
/* DIGEST's reply: 1 to PARTS_MAX parts. Every value of a part is possible. */
const char *protocol_check_parts(struct view list);
/* SPLIT's reply: 1 to PARTS_MAX parts, each after the bound where it ends. Bounds ascend. */
const char *protocol_check_splits(struct view list);
/* STORE, and the reply of ELEMENTS: any number of facts. */
const char *protocol_check_facts(struct view list);

/* ---- protocol/list.c ---- */

/* Reads a place in a mailbox: PLACE_SIZE bytes. The end, with all bits 1, is valid, too. */
const char *protocol_read_place(struct reader *r, struct place *place);

/* Reads an account as a replica knows it: unknown, alive or gone. Fields that this state does not
 * have become zero; only the two keys of a gone account stay as they were. */
const char *protocol_read_entry(struct reader *r, struct entry *entry);
/* How many bytes protocol_write_entry writes: at most ENTRY_SIZE_MAX. */
size_t protocol_entry_size(const struct entry *entry);
/* Writes an entry. Fields that its state does not have are not looked at. */
uint8_t *protocol_write_entry(uint8_t *to, const struct entry *entry);

/* Reads what a message says: its text, and its audience or none. Whether the text is UTF-8 is not
 * checked. */
const char *protocol_read_said(struct reader *r, struct view *text, struct view *audience);
/* Writes it: 4 bytes more than both have. */
uint8_t *protocol_write_said(uint8_t *to, struct view text, struct view audience);

/* LOOKUP_ID: ids, each of ID_SIZE bytes. */
const char *protocol_check_ids(struct view list);
/* LOOKUP_NAME's reply: at most LOOKUP_NAME_MAX entries, all of them alive. */
const char *protocol_check_found(struct view list);
/* LOOKUP_ID's reply: at most LOOKUP_IDS_MAX entries of any state. */
const char *protocol_check_entries(struct view list);
/* SEND: an id and a message number for each recipient. The caller has cut the list to whole items
 * and checked their count. */
const char *protocol_check_recipients(struct view list);
/* SEND's reply: a result for each recipient, at least one. */
const char *protocol_check_results(struct view list);
/* RECEIVED: any number of streams, each with 1 to RANGES_MAX ranges of numbers. */
const char *protocol_check_received(struct view list);
/* STREAMS: 1 to STREAMS_MAX streams, without ranges. */
const char *protocol_check_questions(struct view list);
/* STREAMS' reply: 1 to STREAMS_MAX entries of senders, each with its ranges, if any. */
const char *protocol_check_answers(struct view list);
/* PAGE's reply and PUSH: any number of messages. Their texts come from a replica, which checked
 * that they are UTF-8 when they were sent, so this is not checked again. */
const char *protocol_check_messages(struct view list);
/* LIST's reply: exactly `count` accounts, and nothing after them. */
const char *protocol_check_listed(struct view list, uint16_t count);

#endif
