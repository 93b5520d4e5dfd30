/* SPDX-License-Identifier: MIT
 *
 * What protocol.h says, against samples made by hand, one changed value at a time, every cut and
 * flip, counts and sizes at their bounds, and half a million seeded mutations. What must hold of
 * any bytes whatever is in tests/protocol/check.h.
 */
#include "tests/protocol/check.h"
#include "tests/protocol/samples.h"
#include "tests/lib/tap.h"

enum { MUTATIONS = 500000 };

static void test_table(void)
{
	size_t types = 0;

	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		const struct protocol_row *row = protocol_row((uint8_t)type);
		bool has_sample = false;

		for (size_t i = 0; i < sample_count; i++)
			has_sample = has_sample || samples[i].frame.type == type;
		ALWAYS((row != NULL) == has_sample, "every type has a sample, and nothing else");
		if (row == NULL) {
			uint8_t frame[FRAME_HEADER_SIZE] = { 6, 0, 0, 0, (uint8_t)type };

			ALWAYS(!check_bytes(frame, sizeof frame), "what is no type is refused");
			continue;
		}
		types++;
		ALWAYS(row->type == type, "a row knows its type");
		ALWAYS(row->payload_min <= row->payload_max, "sizes are in order");
		ALWAYS(row->payload_max <= FRAME_SIZE_MAX - FRAME_HEADER_SIZE, "sizes fit a frame");
		if (type < FRAME_TYPE_REQUEST_END)
			ALWAYS(protocol_row(row->type | FRAME_REPLY) != NULL,
			       "requests have replies");
	}
	IS_U64(types, 2 * (FRAME_TYPE_REQUEST_END - 1) + 4,
	       "table: each request, its reply, four pushes");
	OK(protocol_row(FRAME_CONFIRM)->may == MAY_PROVEN, "table: a confirm needs a proof");
	OK(protocol_row(FRAME_SEND)->may == MAY_SESSION, "table: a send needs a session");
	OK(protocol_row(FRAME_SEND)->addition, "table: a send adds");
	OK(!protocol_row(FRAME_LOGIN)->addition, "table: a log-in adds nothing");
	OK(protocol_row(FRAME_HELLO)->payload_max == HELLO_SIZE - FRAME_HEADER_SIZE,
	   "table: a HELLO has its size");
	IS_STRING(protocol_row(FRAME_SEND)->name, "SEND", "table: a request has its name");
	IS_STRING(protocol_row(FRAME_SEND | FRAME_REPLY)->name, "SEND_REPLY",
	          "table: so has a reply");
	for (unsigned a = 0; a < STATUS_END; a++)
		for (unsigned b = 0; b < a; b++)
			ALWAYS(strcmp(protocol_status_name(a), protocol_status_name(b)) != 0,
			       "statuses have different names");
}

/* The bytes in protocol.h's example. */
static void test_example(void)
{
	static const uint8_t send_bytes[] = {
		0x34, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x07, 0x00, 0x00, 0x00, 0x7b, 0x68, 0xe5, 0xcf,
		0x8b, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
		0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
		0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x68, 0x69,
	};
	static const uint8_t reply_bytes[] = {
		0x0d, 0x00, 0x00, 0x00, 0x8b, 0x00, 0x07, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x01, 0xfa, 0x00, 0x00, 0x00,
	};
	const struct recipient recipient = { an_id(0), 3 };
	const struct send_result result = { STATUS_OK, true, 250 };
	struct frame frame = { .type = FRAME_SEND, .request = 7 };
	struct buf list;
	struct buf b;

	buf_init(&list, 100);
	buf_init(&b, 100);
	hand(protocol_put_recipient(&list, &recipient));
	frame.send.sent_ms = a_time;
	frame.send.count = 1;
	frame.send.recipients = buf_view(&list);
	frame.send.text = view_of_string("hi");
	OK(protocol_encode(&b, &frame), "example: the send is encoded");
	IS_U64(b.size, sizeof send_bytes, "example: it has the size in the header's text");
	IS_BYTES(b.data, send_bytes, sizeof send_bytes, "example: and the bytes");
	OK(check_bytes(send_bytes, sizeof send_bytes), "example: they are accepted");
	buf_clear(&list);
	buf_clear(&b);
	hand(protocol_put_result(&list, &result));
	frame = (struct frame){ .type = FRAME_SEND | FRAME_REPLY, .request = 7 };
	frame.sent.results = buf_view(&list);
	OK(protocol_encode(&b, &frame), "example: the reply is encoded");
	IS_U64(b.size, sizeof reply_bytes, "example: it has the size in the header's text");
	IS_BYTES(b.data, reply_bytes, sizeof reply_bytes, "example: and the bytes");
	buf_release(&list);
	buf_release(&b);
}

static void test_samples(void)
{
	struct buf b;

	for (size_t i = 0; i < sample_count; i++) {
		const struct sample *s = &samples[i];
		const char *name = protocol_row(s->frame.type)->name;

		buf_init(&b, s->bytes.size - 1);
		ALWAYS(!protocol_encode(&b, &s->frame), "without room nothing is encoded");
		ALWAYS(b.size == 0, "and nothing is appended");
		buf_release(&b);
		buf_init(&b, s->bytes.size);
		ALWAYS(protocol_encode(&b, &s->frame), "with just enough room it is");
		bool equal = view_equal(buf_view(&b), buf_view(&s->bytes));

		if (!equal || !check_bytes(s->bytes.data, s->bytes.size))
			printf("# sample %zu: %s, status %d\n", i, name, (int)s->frame.status);
		ALWAYS(equal, "an encoded frame is as the text says");
		ALWAYS(check_bytes(s->bytes.data, s->bytes.size), "and is accepted");
		buf_release(&b);
	}
	OK(sample_count > 60, "samples: each frame encodes as by hand, decodes, encodes the same");
}

static void test_fields(void)
{
	const struct sample *s = sample_of(FRAME_SEND, FLAG_SESSION, STATUS_OK);
	const struct ulid session = a_ulid(50);
	struct reader recipients;
	struct recipient first;
	struct id peeked;
	struct frame f;
	const char *why;

	OK(protocol_decode(buf_view(&s->bytes), &f, &why), "fields: a send is accepted");
	OK(f.type == FRAME_SEND && f.flags == FLAG_SESSION, "fields: type and flags");
	IS_U64(f.request, 0x01020304, "fields: request");
	IS_U64(f.send.sent_ms, a_time, "fields: time sent");
	OK(ulid_equal(&f.send.session, &session), "fields: session");
	IS_U64(f.send.count, 5, "fields: count");
	IS_U64(f.send.recipients.size, 5 * RECIPIENT_SIZE, "fields: recipients");
	OK(f.send.recipients.data > s->bytes.data, "fields: a view points into the frame");
	OK(view_equal(f.send.text, s->frame.send.text), "fields: text");
	OK(!protocol_peek_send(buf_view(&s->bytes), &peeked),
	   "peek: not at one of another session");
	s = sample_of(FRAME_SEND, 0, STATUS_OK);
	OK(protocol_decode(buf_view(&s->bytes), &f, &why), "fields: one without a session too");
	recipients = reader_of(f.send.recipients);
	OK(protocol_next_recipient(&recipients, &first) &&
	           protocol_peek_send(buf_view(&s->bytes), &peeked) && id_equal(&peeked, &first.id),
	   "peek: a send's first recipient is seen without decoding it");
	OK(!protocol_peek_send(view_of(s->bytes.data, FRAME_HEADER_SIZE + 10 + ID_SIZE - 1),
	                       &peeked),
	   "peek: but not in fewer bytes");
	OK(ulid_is_zero(&f.send.session), "fields: whose session is zero");
	s = sample_of(FRAME_INTRODUCE, 0, STATUS_OK);
	memset(&f, 0xff, sizeof f);
	OK(protocol_decode(buf_view(&s->bytes), &f, &why), "fields: an account is accepted");
	OK(f.status == STATUS_OK, "fields: a request's status is OK");
	s = sample_of(FRAME_ENDED, 0, STATUS_TAKEN_OVER);
	OK(protocol_decode(buf_view(&s->bytes), &f, &why), "fields: an end is accepted");
	OK(f.status == STATUS_TAKEN_OVER, "fields: the end's reason is its status");
}

/* Every size, then every byte; the length field also made to fit, so that more than it is tested.
 * */
static void test_cuts_and_flips(void)
{
	size_t accepted = 0;
	size_t flips = 0;

	for (size_t i = 0; i < sample_count; i++) {
		struct view bytes = buf_view(&samples[i].bytes);
		uint8_t *copy = memory_alloc(bytes.size + 1);

		memcpy(copy, bytes.data, bytes.size);
		copy[bytes.size] = 0;
		for (size_t size = 0; size < bytes.size; size++)
			ALWAYS(!check_bytes(copy, size), "a prefix is refused");
		ALWAYS(!check_bytes(copy, bytes.size + 1), "a byte too many is refused");
		for (size_t size = FRAME_HEADER_SIZE; size <= bytes.size + 1; size++) {
			buf_store_u32(copy, (uint32_t)(size - 4));
			check_bytes(copy, size);
		}
		buf_store_u32(copy, (uint32_t)(bytes.size - 4));
		for (size_t offset = 0; offset < bytes.size; offset++)
			for (unsigned flip = 1; flip <= 0xff; flip += flip < 8 ? 1 : 13) {
				copy[offset] ^= (uint8_t)flip;
				accepted += check_bytes(copy, bytes.size);
				copy[offset] ^= (uint8_t)flip;
				flips++;
			}
		memory_free(copy);
	}
	OK(accepted > flips / 10, "flips: what is accepted encodes the same");
	OK(accepted < flips, "flips: some are refused");
}

/* ---- one value of a sample changed ---- */

struct change {
	const char *fact;
	uint8_t type;
	uint8_t flags;
	enum status status;
	size_t offset; /* in the payload */
	size_t width;
	uint64_t value;
	bool accepted;
};

#define REPLY_OF(type) (FRAME_##type | FRAME_REPLY)
enum {
	/* Behind the status and the entries of the states before it. */
	REMOVED_BY = 1 + ID_SIZE + 1 + ENTRY_ALIVE_SIZE + 3 + 29 + ENTRY_GONE_SIZE + 7 + ID_SIZE +
	             1 + 8 + 2 * KEY_SIZE,
	SEND_NUMBER = 8 + 2 + ID_SIZE,
	SEND_TEXT = SEND_NUMBER + 8 + 4,
	ALIVE_MARKS = ID_SIZE + 1,
	RECEIVED_COUNT = ID_SIZE + ULID_SIZE,
	PAGED_MESSAGE = 1 + 1 + PLACE_SIZE,
	LISTED_ONLINE = 1 + 1 + 2 + KEY_SIZE,
};
static const struct change changes[] = {
	{ "HELLO: another magic", FRAME_HELLO, 0, 0, 8, 1, 'D', false },
	{ "HELLO: a smallest version 0", FRAME_HELLO, 0, 0, 9, 2, 0, false },
	{ "HELLO: equal versions", FRAME_HELLO, 0, 0, 9, 2, 0x0203, true },
	{ "HELLO: versions out of order", FRAME_HELLO, 0, 0, 9, 2, 0x0204, false },
	{ "WELCOME: version 0", FRAME_WELCOME, 0, 0, 0, 2, 0, false },
	{ "WELCOME: the last time", FRAME_WELCOME, 0, 0, 82, 8, NUMBER_MAX, true },
	{ "WELCOME: a later time", FRAME_WELCOME, 0, 0, 82, 8, NUMBER_MAX + 1, false },
	{ "WELCOME: no silence at all", FRAME_WELCOME, 0, 0, 102, 4, 0, false },
	{ "WELCOME: too short a silence", FRAME_WELCOME, 0, 0, 102, 4, 999, false },
	{ "WELCOME: the shortest silence", FRAME_WELCOME, 0, 0, 102, 4, 1000, true },
	{ "WELCOME: the longest silence", FRAME_WELCOME, 0, 0, 102, 4, 86400000, true },
	{ "WELCOME: too long a silence", FRAME_WELCOME, 0, 0, 102, 4, 86400001, false },
	{ "PING: a later time", REPLY_OF(PING), 0, 0, 1, 8, NUMBER_MAX + 1, false },
	{ "PING: any sum", REPLY_OF(PING), 0, 0, 17, 8, 0, true },
	{ "LOOKUP_NAME: a name with a space", FRAME_LOOKUP_NAME, 0, 0, 2, 1, ' ', false },
	{ "LOOKUP_NAME: a name that begins with -", FRAME_LOOKUP_NAME, 0, 0, 1, 1, '-', false },
	{ "LOOKUP_NAME: a name with a - within", FRAME_LOOKUP_NAME, 0, 0, 2, 1, '-', true },
	{ "LOOKUP_NAME: an entry that is unknown", REPLY_OF(LOOKUP_NAME), 0, 0, 23, 1, 0, false },
	{ "LOOKUP_ID: an entry of state 3", REPLY_OF(LOOKUP_ID), 0, 0, 1 + ID_SIZE, 1, 3, false },
	{ "TAKEN: a mark beyond", REPLY_OF(INTRODUCE), 0, 1, 1 + ALIVE_MARKS, 1, 8 | 2, false },
	{ "TAKEN: all marks", REPLY_OF(INTRODUCE), 0, 1, 1 + ALIVE_MARKS, 1, 7, true },
	{ "TAKEN: offline since a time", REPLY_OF(INTRODUCE), 0, 1, 1 + ALIVE_MARKS, 1, 1, false },
	{ "TAKEN: online since the last time", REPLY_OF(INTRODUCE), 0, 1, 2 + ALIVE_MARKS, 8,
	  NUMBER_MAX, true },
	{ "TAKEN: online since later", REPLY_OF(INTRODUCE), 0, 1, 2 + ALIVE_MARKS, 8,
	  NUMBER_MAX + 1, false },
	{ "TAKEN: a holder without a name", REPLY_OF(INTRODUCE), 0, 1, 1 + 22 + 1 + 33, 1, 0,
	  false },
	{ "TAKEN: a setting of another kind", REPLY_OF(INTRODUCE), 0, 1, 1 + 22 + 1 + 38, 1, '#',
	  false },
	{ "TAKEN: a status that is none", REPLY_OF(DELETE), 0, 0, 0, 1, STATUS_END, false },
	{ "DELETE: no room", REPLY_OF(DELETE), 0, 0, 0, 1, STATUS_DISK_FULL, true },
	{ "DELETE: a status of other replies", REPLY_OF(DELETE), 0, 0, 0, 1, STATUS_TAKEN, false },
	{ "TAKEN: gone, with an entry that is alive", REPLY_OF(INTRODUCE), 0, 1, 0, 1, STATUS_GONE,
	  false },
	{ "TAKEN: unknown, with an entry", REPLY_OF(INTRODUCE), 0, 1, 0, 1, STATUS_UNKNOWN, false },
	{ "GONE: taken, with an entry that is gone", REPLY_OF(CONFIRM), 0, 2, 0, 1, STATUS_TAKEN,
	  false },
	{ "REMOVE: by its key", FRAME_REMOVE, FLAG_VOUCHED, 0, ID_SIZE + 2 + 2 * KEY_SIZE, 1, 0,
	  false },
	{ "REMOVE: by the owner", FRAME_REMOVE, FLAG_VOUCHED, 0, ID_SIZE + 2 + 2 * KEY_SIZE, 1, 1,
	  true },
	{ "REMOVE: by nobody known", FRAME_REMOVE, FLAG_VOUCHED, 0, ID_SIZE + 2 + 2 * KEY_SIZE, 1,
	  3, false },
	{ "REMOVE: no room", REPLY_OF(REMOVE), 0, 0, 0, 1, STATUS_DISK_FULL, false },
	{ "GONE: removed by an operator", REPLY_OF(LOOKUP_ID), 0, 0, REMOVED_BY, 1, 2, true },
	{ "GONE: removed by nobody known", REPLY_OF(LOOKUP_ID), 0, 0, REMOVED_BY, 1, 3, false },
	{ "INTRODUCE: another setting", FRAME_INTRODUCE, 0, 0, ID_SIZE + 10 + 2, 1, 'x', false },
	{ "PASSWORD: epoch 0", FRAME_PASSWORD, 0, 0, ID_SIZE + 10 + 30 + 5 * KEY_SIZE, 4, 0,
	  false },
	{ "PASSWORD: the last epoch", FRAME_PASSWORD, 0, 0, ID_SIZE + 10 + 30 + 5 * KEY_SIZE, 4,
	  UINT32_MAX, true },
	{ "RENEW: by nobody known", FRAME_RENEW, 0, 0, ID_SIZE + 10 + 30 + 5 * KEY_SIZE + 4, 1, 2,
	  false },
	{ "ENDED: the password was changed", FRAME_ENDED, 0, STATUS_TAKEN_OVER, 0, 1,
	  STATUS_CHANGED, true },
	{ "SEND: the last time", FRAME_SEND, 0, 0, 0, 8, NUMBER_MAX, true },
	{ "SEND: a later time", FRAME_SEND, 0, 0, 0, 8, NUMBER_MAX + 1, false },
	{ "SEND: to nobody", FRAME_SEND, 0, 0, 8, 2, 0, false },
	{ "SEND: to more than there are", FRAME_SEND, 0, 0, 8, 2, 2, false },
	{ "SEND: number 0", FRAME_SEND, 0, 0, SEND_NUMBER, 8, 0, false },
	{ "SEND: the last number", FRAME_SEND, 0, 0, SEND_NUMBER, 8, NUMBER_MAX, true },
	{ "SEND: a number beyond", FRAME_SEND, 0, 0, SEND_NUMBER, 8, NUMBER_MAX + 1, false },
	{ "SEND: all bits one", FRAME_SEND, 0, 0, SEND_NUMBER, 8, UINT64_MAX, false },
	{ "SEND: NUL in the text", FRAME_SEND, 0, 0, SEND_TEXT, 1, 0, false },
	{ "SEND: no UTF-8", FRAME_SEND, 0, 0, SEND_TEXT, 1, 0xc0, false },
	{ "SEND: a text of 4 GiB", FRAME_SEND, 0, 0, SEND_TEXT - 4, 4, UINT32_MAX, false },
	{ "SENT: a status that no recipient has", REPLY_OF(SEND), 0, 0, 1, 1, STATUS_TAKEN, false },
	{ "SENT: no status", REPLY_OF(SEND), 0, 0, 1, 1, 200, false },
	{ "SENT: online twice", REPLY_OF(SEND), 0, 0, 2, 1, 2, false },
	{ "SENT: any share", REPLY_OF(SEND), 0, 0, 3, 4, UINT32_MAX, true },
	{ "RECEIVED: no ranges", FRAME_RECEIVED, 0, 0, RECEIVED_COUNT, 2, 0, false },
	{ "RECEIVED: from 0", FRAME_RECEIVED, 0, 0, RECEIVED_COUNT + 2, 8, 0, false },
	{ "RECEIVED: first after last", FRAME_RECEIVED, 0, 0, RECEIVED_COUNT + 2, 8, 2, false },
	{ "RECEIVED: to the last number", FRAME_RECEIVED, 0, 0, RECEIVED_COUNT + 10, 8, NUMBER_MAX,
	  true },
	{ "RECEIVED: beyond it", FRAME_RECEIVED, 0, 0, RECEIVED_COUNT + 10, 8, NUMBER_MAX + 1,
	  false },
	{ "PAGE: a place at number 0", FRAME_PAGE, 0, 0, PLACE_SIZE - 8, 8, 0, true },
	{ "PAGE: at the last number", FRAME_PAGE, 0, 0, PLACE_SIZE - 8, 8, NUMBER_MAX, true },
	{ "PAGE: beyond it", FRAME_PAGE, 0, 0, PLACE_SIZE - 8, 8, NUMBER_MAX + 1, false },
	{ "PAGE: half an end", FRAME_PAGE, 0, 0, 0, 8, UINT64_MAX, false },
	{ "PAGED: last, but not to the end", REPLY_OF(PAGE), 0, 0, 1, 1, 1, false },
	{ "PAGED: neither last nor not", REPLY_OF(PAGE), 0, 0, 1, 1, 2, false },
	{ "PAGED: message 0", REPLY_OF(PAGE), 0, 0, PAGED_MESSAGE + 38, 8, 0, false },
	{ "PAGED: sent too late", REPLY_OF(PAGE), 0, 0, PAGED_MESSAGE + 46, 8, NUMBER_MAX + 1,
	  false },
	{ "PAGED: a text that is not there", REPLY_OF(PAGE), 0, 0, PAGED_MESSAGE + 54, 4, 0,
	  false },
	{ "LIST: count 0", FRAME_LIST, 0, 0, 2 + ID_SIZE, 2, 0, false },
	{ "LIST: the largest count", FRAME_LIST, 0, 0, 2 + ID_SIZE, 2, LIST_COUNT_MAX, true },
	{ "LIST: a larger count", FRAME_LIST, 0, 0, 2 + ID_SIZE, 2, LIST_COUNT_MAX + 1, false },
	{ "LIST: a prefix that is no name", FRAME_LIST, 2, 0, 1, 1, '-', true },
	{ "LIST: a prefix with ~", FRAME_LIST, 2, 0, 1, 1, '~', false },
	{ "LIST: after what is no name", FRAME_LIST, 2, 0, 5, 1, '-', false },
	{ "LISTED: one more than there are", REPLY_OF(LIST), 0, 0, 2, 2, 1, false },
	{ "LISTED: a bit of no entry", REPLY_OF(LIST), 2, 0, LISTED_ONLINE + 1, 1, 0x0f, false },
	{ "LISTED: fewer bits", REPLY_OF(LIST), 2, 0, LISTED_ONLINE + 1, 1, 0x04, true },
	{ "READ_ON: an impossible time", FRAME_READ_ON, 0, 0, 0, 8, NUMBER_MAX + 1, false },
	{ "ENDED: for another reason", FRAME_ENDED, 0, STATUS_TAKEN_OVER, 0, 1, 0, false },
	{ "ENDED: gone", FRAME_ENDED, 0, STATUS_TAKEN_OVER, 0, 1, STATUS_GONE, true },
	{ "ENDED: by a full disk", FRAME_ENDED, 0, STATUS_TAKEN_OVER, 0, 1, STATUS_DISK_FULL,
	  false },
	{ "ERROR: OK", FRAME_ERROR, 0, STATUS_MALFORMED, 0, 1, STATUS_OK, false },
	{ "ERROR: why is no status", FRAME_ERROR, 0, STATUS_MALFORMED, 0, 1, STATUS_END, false },
};

static void test_changes(void)
{
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		const struct change *change = &changes[i];
		const struct sample *s = sample_of(change->type, change->flags, change->status);
		uint8_t *copy = memory_alloc(s->bytes.size);
		uint8_t value[8];
		char name[100];

		buf_store_u64(value, change->value);
		memcpy(copy, s->bytes.data, s->bytes.size);
		memcpy(copy + FRAME_HEADER_SIZE + change->offset, value, change->width);
		snprintf(name, sizeof name, "%s is %s", change->fact,
		         change->accepted ? "accepted" : "refused");
		OK(check_bytes(copy, s->bytes.size) == change->accepted, name);
		memory_free(copy);
	}
}

/* ---- sizes ---- */

/* Whether a frame is accepted whose payload is `before`, `count` times `item`, `after`. */
static bool repeated(uint8_t type, struct view before, struct view item, size_t count,
                     struct view after)
{
	struct buf b;

	buf_init(&b, 4 * FRAME_SIZE_MAX);
	hand(buf_put_u32(&b, 0) && buf_put_u8(&b, type) && buf_put_u8(&b, 0));
	hand(buf_put_u32(&b, type >= FRAME_PUSH && type < FRAME_REPLY ? 0 : 9));
	hand(buf_put(&b, before.data, before.size));
	for (size_t i = 0; i < count; i++)
		hand(buf_put(&b, item.data, item.size));
	hand(buf_put(&b, after.data, after.size));
	buf_store_u32(b.data, (uint32_t)(b.size - 4));
	bool accepted = check_bytes(b.data, b.size);

	buf_release(&b);
	return accepted;
}

static const struct view no_bytes;
static const uint8_t zeros[200];

/* Of each reply: every status is a sample, or is refused. */
static void test_statuses(void)
{
	uint32_t refused = 0;

	for (unsigned type = FRAME_PING; type < FRAME_TYPE_REQUEST_END; type++)
		for (unsigned status = 1; status < STATUS_END; status++) {
			uint8_t bytes[FRAME_HEADER_SIZE + 1] = { 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 };
			bool is_bare = (bare_refusals[type] >> status & 1) != 0;

			bytes[4] = (uint8_t)(type | FRAME_REPLY);
			bytes[FRAME_HEADER_SIZE] = (uint8_t)status;
			ALWAYS(check_bytes(bytes, sizeof bytes) == is_bare,
			       "a status is one that the reply may have");
			refused += !is_bare;
		}
	OK(refused > 200, "statuses: a reply has no other than those of its request");
}

static void test_counts_of_lists(void)
{
	const struct view status = view_of(zeros, 1);
	const struct view id = view_of(zeros, ID_SIZE);
	const struct view question = view_of(zeros, QUESTION_SIZE);
	const struct view unknown = view_of(zeros, ID_SIZE + 1);
	const struct view answer = view_of(zeros, ID_SIZE + 1 + 2);
	const struct view result = view_of(zeros, RESULT_SIZE);
	struct entry entry = an_entry(ENTRY_ALIVE);
	struct buf alive;

	OK(repeated(FRAME_LOOKUP_ID, no_bytes, id, 512, no_bytes), "counts: 512 ids");
	OK(!repeated(FRAME_LOOKUP_ID, no_bytes, id, 513, no_bytes), "counts: not 513 ids");
	OK(repeated(FRAME_STREAMS, no_bytes, question, 512, no_bytes), "counts: 512 streams");
	OK(!repeated(FRAME_STREAMS, no_bytes, question, 513, no_bytes), "counts: not 513 streams");
	OK(!repeated(FRAME_STREAMS, no_bytes, question, 0, no_bytes), "counts: not no streams");
	OK(repeated(REPLY_OF(STREAMS), status, answer, 512, no_bytes), "counts: 512 answers");
	OK(!repeated(REPLY_OF(STREAMS), status, answer, 513, no_bytes), "counts: not 513 answers");
	OK(!repeated(REPLY_OF(STREAMS), status, answer, 0, no_bytes), "counts: not no answers");
	OK(repeated(REPLY_OF(LOOKUP_ID), status, unknown, 512, no_bytes), "counts: 512 entries");
	OK(!repeated(REPLY_OF(LOOKUP_ID), status, unknown, 513, no_bytes), "counts: not 513");
	OK(repeated(REPLY_OF(SEND), status, result, 4096, no_bytes), "counts: 4096 results");
	OK(!repeated(REPLY_OF(SEND), status, result, 4097, no_bytes), "counts: not 4097 results");
	OK(!repeated(REPLY_OF(SEND), status, result, 0, no_bytes), "counts: not no results");
	buf_init(&alive, 1000);
	hand(protocol_put_entry(&alive, &entry));
	OK(repeated(REPLY_OF(LOOKUP_NAME), status, buf_view(&alive), 64, no_bytes),
	   "counts: 64 found");
	OK(!repeated(REPLY_OF(LOOKUP_NAME), status, buf_view(&alive), 65, no_bytes),
	   "counts: not 65 found");
	OK(repeated(REPLY_OF(LOOKUP_NAME), status, no_bytes, 0, no_bytes), "counts: none found");
	OK(!repeated(REPLY_OF(LOOKUP_NAME), status, unknown, 1, no_bytes),
	   "counts: what is not alive is not found");
	buf_release(&alive);
}

static void test_counts_that_are_said(void)
{
	const struct view text = view_of("\1\0\0\0x", 5);
	const struct view range = view_of("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", RANGE_SIZE);
	uint8_t recipient[RECIPIENT_SIZE] = { [ID_SIZE] = 1 };
	uint8_t listed[ID_SIZE + 2] = { [ID_SIZE] = 1, 'a' };
	uint8_t before[300] = { 0 };

	buf_store_u16(before + 8, 4096);
	OK(repeated(FRAME_SEND, view_of(before, 10), view_of(recipient, 30), 4096, text),
	   "counts: 4096 recipients");
	buf_store_u16(before + 8, 4097);
	OK(!repeated(FRAME_SEND, view_of(before, 10), view_of(recipient, 30), 4097, text),
	   "counts: not 4097 recipients");
	buf_store_u16(before + 8, 0);
	buf_store_u16(before + QUESTION_SIZE, 1024);
	OK(repeated(FRAME_RECEIVED, view_of(before, QUESTION_SIZE + 2), range, 1024, no_bytes),
	   "counts: 1024 ranges");
	buf_store_u16(before + QUESTION_SIZE, 1025);
	OK(!repeated(FRAME_RECEIVED, view_of(before, QUESTION_SIZE + 2), range, 1025, no_bytes),
	   "counts: not 1025 ranges");
	memset(before, 0, sizeof before);
	buf_store_u16(before + 24, 16000);
	before[1 + 22] = ENTRY_UNKNOWN;
	OK(repeated(REPLY_OF(STREAMS), view_of(before, 26), range, 16000, no_bytes),
	   "counts: 16000 ranges in an answer");
	memset(before, 0, sizeof before);
	buf_store_u16(before + 2, 1000);
	OK(repeated(REPLY_OF(LIST), view_of(before, 4 + 32 + 125), view_of(listed, 24), 1000,
	            no_bytes),
	   "counts: 1000 listed");
	buf_store_u16(before + 2, 1001);
	OK(!repeated(REPLY_OF(LIST), view_of(before, 4 + 32 + 126), view_of(listed, 24), 1001,
	             no_bytes),
	   "counts: not 1001 listed");
}

static void test_sizes_of_strings(void)
{
	const struct view letter = view_of_string("a");
	uint8_t page[1 + 1 + PLACE_SIZE + MESSAGE_SIZE] = { 0 };
	uint8_t send[44] = { [8] = 1, [10 + ID_SIZE] = 1 };
	uint8_t size[1];

	for (size_t i = 0; i <= 34; i++) {
		size[0] = (uint8_t)i;
		ALWAYS(repeated(FRAME_LOOKUP_NAME, view_of(size, 1), letter, i,
		                view_of(zeros, 1)) == (i >= 1 && i <= 32),
		       "a name has 1 to 32 characters");
		ALWAYS(repeated(FRAME_LIST, view_of(size, 1), letter, i,
		                view_of("\0......................\1\0", 25)) == (i <= 32),
		       "a prefix has 0 to 32");
		ALWAYS(repeated(FRAME_LOOKUP_NAME, view_of_string("\3bob"), no_bytes, 0,
		                view_of("\x8"
		                        "0123456\xff",
		                        i <= 8 ? i + 1 : 9)) == false,
		       "a suffix that says 8 must have 8 digits");
	}
	for (uint8_t i = 0; i <= 9; i++) {
		const uint8_t name[5] = { 3, 'b', 'o', 'b', i };

		ALWAYS(repeated(FRAME_LOOKUP_NAME, view_of(name, 5), view_of_string("Z"), i,
		                no_bytes) == (i == 0 || i == 8),
		       "a suffix has 0 or 8 digits");
		ALWAYS(!repeated(FRAME_LOOKUP_NAME, view_of(name, 5), view_of_string("z"), i,
		                 no_bytes) ||
		               i == 0,
		       "a suffix is upper case");
		ALWAYS(!repeated(FRAME_LOOKUP_NAME, view_of(name, 5), view_of_string("U"), i,
		                 no_bytes) ||
		               i == 0,
		       "a suffix has no U");
	}
	buf_store_u32(send + 40, 65536);
	OK(repeated(FRAME_SEND, view_of(send, 44), letter, 65536, no_bytes),
	   "sizes: a text of 64 KiB");
	buf_store_u32(send + 40, 65537);
	OK(!repeated(FRAME_SEND, view_of(send, 44), letter, 65537, no_bytes),
	   "sizes: not a longer one");
	buf_store_u32(send + 40, 0);
	OK(!repeated(FRAME_SEND, view_of(send, 44), letter, 0, no_bytes),
	   "sizes: not an empty one");
	page[56 + 38] = 1;
	buf_store_u32(page + 56 + 54, 14);
	/* A message of 64 bytes before, and messages of 64 bytes: pages of 128 KiB and 64 bytes
	 * more. */
	const struct view before = view_of(page, 56);
	uint8_t message[64] = { [38] = 1, [54] = 6 };

	OK(repeated(REPLY_OF(PAGE), before, view_of(message, 64), 2048, no_bytes),
	   "sizes: a full page");
	OK(!repeated(REPLY_OF(PAGE), before, view_of(message, 64), 2049, no_bytes),
	   "sizes: not a fuller one");
	OK(repeated(FRAME_PUSH, no_bytes, view_of(message, 64), 4095, no_bytes),
	   "sizes: a full push");
	OK(!repeated(FRAME_PUSH, no_bytes, view_of(message, 64), 4096, no_bytes),
	   "sizes: not a fuller one than a frame");
}

static void test_sizes_of_messages(void)
{
	const struct view letter = view_of_string("a");
	uint8_t message[MESSAGE_SIZE] = { [38] = 1 };
	const struct view before = view_of(message, MESSAGE_SIZE);

	OK(!repeated(FRAME_PUSH, before, letter, 0, no_bytes), "sizes: not a message without text");
	buf_store_u32(message + 54, 65536);
	OK(repeated(FRAME_PUSH, before, letter, 65536, no_bytes), "sizes: one of 64 KiB");
	buf_store_u32(message + 54, 65537);
	OK(!repeated(FRAME_PUSH, before, letter, 65537, no_bytes), "sizes: not a longer one");
}

static const char *why_of(uint8_t *bytes, size_t size)
{
	struct frame frame;
	const char *why = "accepted";

	(void)protocol_decode(view_of(bytes, size), &frame, &why);
	return why;
}

static void test_phrases(void)
{
	uint8_t bytes[] = { 6, 0, 0, 0, FRAME_PING, 0, 0, 0, 0, 0, 0 };

	IS_STRING(why_of(bytes, 9), "a frame that is shorter than its header",
	          "phrase: half a header");
	IS_STRING(why_of(bytes, 11), "a length that is not the frame's", "phrase: another length");
	bytes[0] = 7;
	IS_STRING(why_of(bytes, 11), "too many bytes in the payload", "phrase: too many");
	bytes[0] = 6;
	bytes[4] = FRAME_LOGIN;
	IS_STRING(why_of(bytes, 10), "too few bytes in the payload", "phrase: too few");
	bytes[4] = FRAME_TYPE_REQUEST_END;
	IS_STRING(why_of(bytes, 10), "a type that is not known", "phrase: no type");
	bytes[4] = FRAME_PING;
	bytes[5] = FLAG_SESSION;
	IS_STRING(why_of(bytes, 10), "a flag that the type does not have",
	          "phrase: another's flag");
	bytes[4] = FRAME_PUSH;
	bytes[5] = 0;
	bytes[6] = 1;
	IS_STRING(why_of(bytes, 10), "a push with the number of a request",
	          "phrase: a push's number");
}

static void test_size_of_frame(void)
{
	uint8_t bytes[8] = { 0 };
	size_t size = 1;

	for (size_t i = 0; i < 4; i++) {
		OK(protocol_size(view_of(bytes, i), &size), "size: too few bytes say nothing");
		IS_U64(size, 0, "size: which is 0");
	}
	OK(!protocol_size(view_of(bytes, 4), &size), "size: length 0 is no frame");
	buf_store_u32(bytes, 5);
	OK(!protocol_size(view_of(bytes, 4), &size), "size: nor is length 5");
	buf_store_u32(bytes, 6);
	OK(protocol_size(view_of(bytes, 4), &size), "size: length 6 is one");
	IS_U64(size, 10, "size: of 10 bytes");
	buf_store_u32(bytes, FRAME_SIZE_MAX - 4);
	OK(protocol_size(view_of(bytes, 8), &size), "size: the largest length is one");
	IS_U64(size, FRAME_SIZE_MAX, "size: of the largest size");
	buf_store_u32(bytes, FRAME_SIZE_MAX - 3);
	OK(!protocol_size(view_of(bytes, 4), &size), "size: a larger length is none");
	OK(!protocol_size(view_of("GET / HTTP/1.1", 14), &size), "size: nor is a readable line");
}

/* ---- HELLO, byte by byte ---- */

static bool hello_with_versions(const uint8_t hello[HELLO_SIZE], size_t size, uint16_t version_min,
                                uint16_t version_max, bool *whole)
{
	uint8_t copy[HELLO_SIZE];

	memcpy(copy, hello, HELLO_SIZE);
	buf_store_u16(copy + HELLO_SIZE - 4, version_min);
	buf_store_u16(copy + HELLO_SIZE - 2, version_max);
	return protocol_hello_begins(view_of(copy, size), whole);
}

static void test_hello_begins(void)
{
	const struct sample *s = sample_of(FRAME_HELLO, 0, STATUS_OK);
	uint8_t copy[HELLO_SIZE + 5] = { 0 };
	bool whole = true;

	IS_U64(s->bytes.size, HELLO_SIZE, "hello: it has its size");
	memcpy(copy, s->bytes.data, HELLO_SIZE);
	for (size_t size = 0; size <= sizeof copy; size++) {
		ALWAYS(protocol_hello_begins(view_of(copy, size), &whole),
		       "each prefix begins one");
		ALWAYS(whole == (size >= HELLO_SIZE), "it is whole when all of it is there");
	}
	for (size_t i = 0; i < HELLO_SIZE; i++) {
		bool is_request = i >= 6 && i < 10;
		bool is_version = i >= HELLO_SIZE - 4;

		copy[i] ^= 0x40;
		for (size_t size = 0; size <= HELLO_SIZE && !is_version; size++)
			ALWAYS(protocol_hello_begins(view_of(copy, size), &whole) ==
			               (size <= i || is_request),
			       "a wrong byte is seen as soon as it is there");
		copy[i] ^= 0x40;
	}
	OK(!hello_with_versions(copy, 23, 0, 1, &whole), "hello: not with version 0");
	OK(!hello_with_versions(copy, 21, 0, 1, &whole), "hello: which its second byte tells");
	OK(hello_with_versions(copy, 20, 0, 1, &whole), "hello: and its first does not");
	OK(hello_with_versions(copy, 23, 5, 5, &whole) && whole, "hello: with one version");
	OK(!hello_with_versions(copy, 23, 6, 5, &whole), "hello: not with versions out of order");
	OK(hello_with_versions(copy, 22, 6, 5, &whole), "hello: which its last byte tells");
	OK(!hello_with_versions(copy, 22, 0xffff, 5, &whole), "hello: or the one before");
	OK(hello_with_versions(copy, 23, 0xffff, 0xffff, &whole), "hello: with versions not ours");
	OK(!protocol_hello_begins(view_of("GET / HTTP/1.1\r\n", 16), &whole),
	   "hello: not a web browser");
	OK(!protocol_hello_begins(view_of("G", 1), &whole), "hello: as its first byte tells");
}

/* ---- frames written in place, and what encoding asserts ---- */

/* Everything as large as it may be. */
static void test_largest_send(void)
{
	static uint8_t text[TEXT_SIZE_MAX], form[AUDIENCE_SIZE_MAX];
	static char names[AUDIENCE_NAMES_MAX][DISPLAY_SIZE];
	struct audience audience = { .kind = AUDIENCE_SEVERAL,
		                     .is_notice = true,
		                     .count = RECIPIENTS_MAX,
		                     .names_count = AUDIENCE_NAMES_MAX };
	struct frame frame = { .type = FRAME_SEND, .flags = FLAG_SESSION };
	struct frame again;
	const char *why = "";
	struct buf list;
	struct buf b;

	buf_init(&list, FRAME_SIZE_MAX);
	buf_init(&b, FRAME_SIZE_MAX);
	for (uint32_t i = 0; i < RECIPIENTS_MAX; i++)
		hand(protocol_put_recipient(&list, &(struct recipient){ an_id((uint8_t)i), 1 }));
	for (size_t i = 0; i < AUDIENCE_NAMES_MAX; i++) {
		const struct id id = an_id((uint8_t)i);
		char name[NAME_SIZE_MAX];

		memset(name, 'n', sizeof name);
		name_display(names[i], view_of(name, sizeof name), &id, false);
		audience.names[i] = view_of_string(names[i]);
	}
	memset(text, 't', sizeof text);
	frame.send.session = a_ulid(1);
	frame.send.sent_ms = a_time;
	frame.send.count = RECIPIENTS_MAX;
	frame.send.recipients = buf_view(&list);
	frame.send.text = view_of(text, sizeof text);
	frame.send.audience = view_of(form, audience_put(form, &audience));
	OK(protocol_encode(&b, &frame), "largest: a SEND is encoded");
	OK(b.size <= FRAME_HEADER_SIZE + protocol_row(FRAME_SEND)->payload_max,
	   "largest: the table knows that it may be so large");
	OK(protocol_decode(buf_view(&b), &again, &why), "largest: and it is decoded");
	buf_release(&list);
	buf_release(&b);
}

static uint64_t random_state = 0x7468726565666f6c;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((random_state >> 33) % bound);
}

static uint32_t random_offset(size_t size)
{
	return random_below((uint32_t)size);
}

/* Changes a byte or a few, or makes the frame longer or shorter; there is room for MUTATION_ROOM
 * more. */
enum { MUTATION_ROOM = 64 };
static size_t mutate(uint8_t *bytes, size_t size)
{
	static const uint8_t edges[] = { 0, 1, 2, 0x1f, 0x20, 0x7f, 0x80, 0xfe, 0xff };
	uint32_t offset = random_offset(size);
	size_t run = 1 + random_below(8);

	switch (random_below(6)) {
	case 0:
		bytes[offset] ^= (uint8_t)(1u << random_below(8));
		return size;
	case 1:
		bytes[offset] = edges[random_below(sizeof edges)];
		return size;
	case 2:
		bytes[offset] = (uint8_t)random_below(256);
		return size;
	case 3: /* a run from elsewhere */
		if (offset + run < size)
			memmove(bytes + offset, bytes + random_offset(size - run), run);
		return size;
	case 4: /* a run taken out */
		if (offset < FRAME_HEADER_SIZE || offset + run > size)
			return size;
		memmove(bytes + offset, bytes + offset + run, size - offset - run);
		return size - run;
	default: /* a run twice */
		if (offset < FRAME_HEADER_SIZE || offset + run > size)
			return size;
		memmove(bytes + offset + run, bytes + offset, size - offset);
		return size + run;
	}
}

static void test_mutations(void)
{
	uint8_t bytes[2048];
	uint32_t accepted = 0;

	for (uint32_t i = 0; i < MUTATIONS; i++) {
		const struct sample *s = &samples[random_offset(sample_count)];
		size_t size = s->bytes.size;

		if (size > sizeof bytes - MUTATION_ROOM)
			abort();
		memcpy(bytes, s->bytes.data, size);
		for (uint32_t changes_left = 1 + random_below(4); changes_left > 0; changes_left--)
			size = mutate(bytes, size);
		if (random_below(8) != 0)
			buf_store_u32(bytes, (uint32_t)(size - 4));
		accepted += check_bytes(bytes, size);
	}
	printf("# %u of %u mutations were accepted\n", accepted, (unsigned)MUTATIONS);
	OK(accepted > MUTATIONS / 20,
	   "mutations: what is accepted can be walked and encodes the same");
	OK(accepted < MUTATIONS / 2, "mutations: most are refused");
}

/* Of each request and reply, and of what is neither: with a tag it is read as the same frame, or
 * not at all. */
static void test_tags(void)
{
	struct tag_key key = { .count = 5 }, same = key;
	struct frame frame;
	const char *why;
	struct buf b;

	buf_init(&b, FRAME_SIZE_MAX);
	for (size_t i = 0; i < sample_count; i++) {
		const struct sample *s = &samples[i];
		uint8_t type = s->frame.type;

		buf_clear(&b);
		hand(buf_put(&b, s->bytes.data, s->bytes.size));
		if (type == FRAME_HELLO ||
		    (type >= FRAME_TYPE_REQUEST_END && type <= FRAME_WELCOME)) {
			b.data[5] |= FLAG_TAGGED;
			ALWAYS(!protocol_decode(buf_view(&b), &frame, &why), "tag: none has one");
			continue;
		}
		ALWAYS(protocol_tag(&b, 0, &key), "tag: there is room");
		IS_U64(b.size, s->bytes.size + TAG_SIZE, "tag: is behind a request");
		ALWAYS(protocol_is_tagged(buf_view(&b)) && tag_take(&same, buf_view(&b)),
		       "tag: is right");
		ALWAYS(protocol_decode(buf_view(&b), &frame, &why), "tag: the request is read");
		IS_U64(frame.flags, s->frame.flags, "tag: its flags are the same");
		IS_U64(frame.request, s->frame.request, "tag: and its number");
		buf_clear(&b);
		ALWAYS(protocol_encode(&b, &frame), "tag: it is read as what it was");
		OK(view_equal(buf_view(&b), buf_view(&s->bytes)), "tag: its payload is the same");
	}
	buf_release(&b);
}

static void test_tag_sizes(void)
{
	struct frame ping = { .type = FRAME_PING, .request = 3 }, frame;
	struct tag_key key = { .count = 0 };
	const char *why;
	struct buf b, copy;

	buf_init(&b, FRAME_HEADER_SIZE + TAG_SIZE);
	ALWAYS(protocol_encode(&b, &ping) && protocol_tag(&b, 0, &key), "tag: there is room");
	b.data[0]--;
	OK(!protocol_decode(view_of(b.data, b.size - 1), &frame, &why), "tag: is whole");
	b.data[0]++;
	buf_init(&copy, FRAME_HEADER_SIZE);
	ALWAYS(protocol_repeat(&copy, buf_view(&b), 4), "repeat: there is room");
	OK(protocol_decode(buf_view(&copy), &frame, &why) && frame.request == 4 &&
	           !protocol_is_tagged(buf_view(&copy)),
	   "repeat: another number, and no tag");
	OK(!protocol_tag(&copy, 0, &key) && !protocol_is_tagged(buf_view(&copy)) &&
	           protocol_decode(buf_view(&copy), &frame, &why),
	   "tag: without room it stays as it is");
	OK(!protocol_repeat(&copy, buf_view(&b), 4), "repeat: without room there is none");
	buf_release(&b);
	buf_release(&copy);
}

int main(void)
{
	const uint8_t salt[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

	auth_setting_make(salt, setting_text);
	samples_make();
	test_table();
	test_example();
	test_samples();
	test_tags();
	test_tag_sizes();
	test_fields();
	test_cuts_and_flips();
	test_changes();
	test_statuses();
	test_counts_of_lists();
	test_counts_that_are_said();
	test_sizes_of_strings();
	test_sizes_of_messages();
	test_phrases();
	test_size_of_frame();
	test_hello_begins();
	test_largest_send();
	test_mutations();
	for (size_t i = 0; i < sample_count; i++) {
		buf_release(&samples[i].bytes);
		buf_release(&samples[i].lists);
	}
	return tap_done();
}
