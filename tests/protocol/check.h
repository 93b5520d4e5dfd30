/* SPDX-License-Identifier: MIT
 *
 * protocol_check: what must hold of any bytes that somebody sends, for the unit test's mutations
 * and for the fuzzer: they are refused with a phrase and nothing is filled in, or every list can be
 * walked and rebuilt from its items, and the frame encodes to the same bytes.
 *
 * A failed check ends the process, as the fuzzer wants it.
 */
#ifndef THREEFOLD_TESTS_PROTOCOL_CHECK_H
#define THREEFOLD_TESTS_PROTOCOL_CHECK_H

#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                                \
	do {                                                                           \
		if (!(condition)) {                                                    \
			printf("not ok - %s:%d %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                       \
		}                                                                      \
	} while (0)

/* Walks `list`, puts every item again, and compares. `also` is done with each item. */
#define REBUILD(list, type, next, put, also)                \
	do {                                                \
		struct reader walk = reader_of(list);       \
		struct buf rebuilt;                         \
		type item;                                  \
                                                            \
		buf_init(&rebuilt, FRAME_SIZE_MAX);         \
		while (next(&walk, &item)) {                \
			MUST(put(&rebuilt, &item));         \
			also;                               \
		}                                           \
		MUST(view_equal(buf_view(&rebuilt), list)); \
		buf_release(&rebuilt);                      \
	} while (0)

static inline void check_ranges(struct view list)
{
	REBUILD(list, struct range, protocol_next_range, protocol_put_range,
	        MUST(item.first >= 1 && item.first <= item.last && item.last <= NUMBER_MAX));
}

static inline void check_messages(struct view list)
{
	REBUILD(list, struct message_item, protocol_next_message, protocol_put_message,
	        MUST(item.number >= 1 && item.text.size >= 1 && item.text.size <= TEXT_SIZE_MAX));
}

static inline void check_entries(struct view list)
{
	REBUILD(list, struct entry, protocol_next_entry, protocol_put_entry,
	        MUST(item.state == ENTRY_UNKNOWN || name_is_valid(item.name)));
}

static inline void check_listed(const struct frame *frame)
{
	size_t count = 0;

	REBUILD(frame->listed.entries, struct list_item, protocol_next_listed, protocol_put_listed,
	        count++);
	MUST(frame->flags == FLAG_DIGEST ? count == 0 : count == frame->listed.count);
	MUST(frame->listed.online.size == (frame->listed.count + 7u) / 8);
}

static inline void check_facts(struct view list)
{
	REBUILD(list, struct fact, protocol_next_fact, protocol_put_fact,
	        MUST(protocol_fact_size(&item) <= FACT_SIZE_MAX));
}

/* Bounds, with parts or without, hang on the one before. */
static inline void check_bounds(struct view list, bool has_parts)
{
	struct split_part before = { .upto = bound_begin() };
	struct split_part item = before;
	struct reader walk = reader_of(list);
	struct buf rebuilt;

	buf_init(&rebuilt, FRAME_SIZE_MAX);
	while (has_parts ? protocol_next_split(&walk, &item)
	                 : protocol_next_bound(&walk, &item.upto)) {
		MUST(rebuilt.size == 0 || bound_compare(&before.upto, &item.upto) < 0);
		MUST(has_parts ? protocol_put_split(&rebuilt, &before.upto, &item)
		               : protocol_put_bound(&rebuilt, &before.upto, &item.upto));
		before = item;
	}
	MUST(view_equal(buf_view(&rebuilt), list));
	buf_release(&rebuilt);
}

static inline void check_requests(const struct frame *frame)
{
	size_t count = 0;

	if (frame->type == FRAME_LOOKUP_ID)
		REBUILD(frame->lookup_id.ids, struct id, protocol_next_id, protocol_put_id,
		        (void)0);
	if (frame->type == FRAME_SEND) {
		REBUILD(frame->send.recipients, struct recipient, protocol_next_recipient,
		        protocol_put_recipient, count++);
		MUST(count == frame->send.count);
		MUST(message_text_is_valid(frame->send.text));
	}
	if (frame->type == FRAME_RECEIVED)
		REBUILD(frame->streams.streams, struct stream_item, protocol_next_received,
		        protocol_put_received, check_ranges(item.ranges));
	if (frame->type == FRAME_STREAMS)
		REBUILD(frame->streams.streams, struct stream_item, protocol_next_question,
		        protocol_put_question, MUST(item.ranges.size == 0));
	if (frame->type == FRAME_PUSH)
		check_messages(frame->push.messages);
	if (frame->type == FRAME_DIGEST)
		check_bounds(frame->digest.bounds, false);
	if (frame->type == FRAME_STORE)
		check_facts(frame->store.facts);
}

static inline void check_replies(const struct frame *frame)
{
	size_t count = 0;

	if (frame->status != STATUS_OK)
		return;
	if (frame->type == (FRAME_LOOKUP_NAME | FRAME_REPLY) ||
	    frame->type == (FRAME_LOOKUP_ID | FRAME_REPLY))
		check_entries(frame->entries.entries);
	if (frame->type == (FRAME_SEND | FRAME_REPLY)) {
		REBUILD(frame->sent.results, struct send_result, protocol_next_result,
		        protocol_put_result, count++);
		MUST(count >= 1 && count <= RECIPIENTS_MAX);
	}
	if (frame->type == (FRAME_STREAMS | FRAME_REPLY))
		REBUILD(frame->streams.streams, struct stream_item, protocol_next_answer,
		        protocol_put_answer, check_ranges(item.ranges));
	if (frame->type == (FRAME_PAGE | FRAME_REPLY))
		check_messages(frame->paged.messages);
	if (frame->type == (FRAME_LIST | FRAME_REPLY))
		check_listed(frame);
	if (frame->type == (FRAME_DIGEST | FRAME_REPLY))
		REBUILD(frame->digested.parts, struct digest_part, protocol_next_part,
		        protocol_put_part, (void)0);
	if (frame->type == (FRAME_SPLIT | FRAME_REPLY))
		check_bounds(frame->split_reply.parts, true);
	if (frame->type == (FRAME_ELEMENTS | FRAME_REPLY))
		check_facts(frame->element_page.facts);
}

/* Whether the bytes were accepted. They are copied to memory of exactly their size, so that a
 * sanitizer sees a step beyond them. */
static inline bool check_bytes(const uint8_t *data, size_t size)
{
	uint8_t *copy = memory_alloc(size);
	struct frame frame;
	struct frame untouched;
	const char *why = NULL;
	struct buf again, untagged;
	bool whole;

	if (size != 0)
		memcpy(copy, data, size);
	memset(&frame, 0x5a, sizeof frame);
	memset(&untouched, 0x5a, sizeof untouched);
	bool accepted = protocol_decode(view_of(copy, size), &frame, &why);

	if (accepted) {
		check_requests(&frame);
		check_replies(&frame);
		/* A tag is no part of what is encoded. */
		buf_init(&again, size);
		buf_init(&untagged, size);
		MUST(protocol_encode(&again, &frame));
		MUST(protocol_repeat(&untagged, view_of(copy, size), frame.request));
		MUST(view_equal(buf_view(&again), buf_view(&untagged)));
		MUST(protocol_is_tagged(view_of(copy, size)) || again.size == size);
		buf_release(&again);
		buf_release(&untagged);
	} else {
		MUST(why != NULL && why[0] != '\0');
		MUST(memcmp(&frame, &untouched, sizeof frame) == 0);
	}
	if (accepted && frame.type == FRAME_HELLO)
		MUST(protocol_hello_begins(view_of(copy, size), &whole) && whole);
	memory_free(copy);
	return accepted;
}

#endif
