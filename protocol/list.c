/* SPDX-License-Identifier: MIT
 *
 * The items of the lists inside frames. Each kind of item has a read, which checks it. Two callers
 * share it: the check of a whole list, and the walk over a checked list (protocol_next_X). So a
 * walk never meets an item that the check would refuse, and asserts this. A put writes one item.
 *
 * Recipients and results are in every message sent, so they must be cheap. Their items have one
 * size, and their checks only loop over the numbers in them.
 */
#include "protocol/private.h"

_Static_assert(ENTRY_SIZE_MAX >= ENTRY_REMOVED_SIZE + NAME_SIZE_MAX, "a gone one is smaller");
_Static_assert(MESSAGE_SIZE + TEXT_SIZE_MAX + (int)AUDIENCE_SIZE_MAX <= (int)PAGE_SIZE_MAX,
               "every message fits a page");
_Static_assert(STATUS_END <= 32, "statuses fit the set of those that a recipient may have");

enum { MARKS = MARK_CONFIRMED | MARK_ONLINE | MARK_HOLDER };

/* The statuses that the reply to SEND may have for one recipient, as a set of bits. */
static const uint32_t result_statuses = 1u << STATUS_OK | 1u << STATUS_GONE |
                                        1u << STATUS_DIFFERENT | 1u << STATUS_DISK_FULL |
                                        1u << STATUS_MAILBOX_FULL | 1u << STATUS_GAPS |
                                        1u << STATUS_SLOW_DOWN;

static bool is_result_status(unsigned status)
{
	return status < STATUS_END && (result_statuses >> status & 1) != 0;
}

/* ---- places ---- */

/* The end is the place with all bits 1. The beginning is all 0, so a place may have the number 0,
 * which no message has. */
const char *protocol_read_place(struct reader *r, struct place *place)
{
	place->sent_ms = reader_u64(r);
	reader_copy(r, place->sender.bytes, ID_SIZE);
	reader_copy(r, place->session.bytes, ULID_SIZE);
	place->number = reader_u64(r);
	if (r->failed)
		return WHY_SHORT;
	if (protocol_is_time(place->sent_ms) && place->number <= NUMBER_MAX)
		return NULL;
	return place_is_end(place) ? NULL : "a place that is out of bounds";
}

void protocol_put_place(uint8_t to[PLACE_SIZE], const struct place *place)
{
	bool within = protocol_is_time(place->sent_ms) && place->number <= NUMBER_MAX;
	uint8_t *end = buf_store_u64(to, place->sent_ms);

	assert(within || place_is_end(place));
	end = protocol_write_bytes(end, place->sender.bytes, ID_SIZE);
	end = protocol_write_bytes(end, place->session.bytes, ULID_SIZE);
	end = buf_store_u64(end, place->number);
	assert(end == to + PLACE_SIZE);
}

/* ---- entries: one row of a table for each state ----
 * Entries come from replicas, but their names and settings are checked, too: a client shows the
 * names and computes with the settings.
 */

static const char *read_nothing(struct reader *r, struct entry *entry)
{
	assert(!r->failed);
	assert(entry->state == ENTRY_UNKNOWN);
	return NULL;
}

static const char *read_alive(struct reader *r, struct entry *entry)
{
	entry->marks = reader_u8(r);
	entry->online_since_ms = reader_u64(r);
	reader_copy(r, entry->session.bytes, ULID_SIZE);
	entry->share = reader_u32(r);
	entry->epoch = reader_u32(r);
	entry->name = reader_view8(r);
	entry->setting = reader_view8(r);
	reader_copy(r, entry->middle, KEY_SIZE);
	reader_copy(r, entry->lock, KEY_SIZE);
	if (r->failed)
		return WHY_SHORT;
	if ((entry->marks & ~MARKS) != 0)
		return "a mark that is not known";
	if (!protocol_is_time(entry->online_since_ms))
		return WHY_TIME;
	if ((entry->marks & MARK_ONLINE) == 0 && entry->online_since_ms != 0)
		return "an account that is not online since a time";
	if (!name_is_valid(entry->name))
		return WHY_NAME;
	if (!auth_setting_is_valid(entry->setting))
		return WHY_SETTING;
	return NULL;
}

static const char *read_gone(struct reader *r, struct entry *entry)
{
	entry->name = reader_view8(r);
	reader_copy(r, entry->middle, KEY_SIZE);
	reader_copy(r, entry->delete_key, KEY_SIZE);
	if (r->failed)
		return WHY_SHORT;
	return name_is_valid(entry->name) ? NULL : WHY_NAME;
}

static const char *read_removed(struct reader *r, struct entry *entry)
{
	entry->state = ENTRY_GONE;
	entry->name = reader_view8(r);
	reader_copy(r, entry->middle, KEY_SIZE);
	reader_copy(r, entry->lock, KEY_SIZE);
	uint8_t by = reader_u8(r);

	reader_copy(r, entry->stamp, KEY_SIZE);
	if (r->failed)
		return WHY_SHORT;
	if (by == GONE_BY_KEY || by >= GONE_BY_END)
		return WHY_GONE_BY;
	entry->by = by;
	return name_is_valid(entry->name) ? NULL : WHY_NAME;
}

static uint8_t *write_nothing(uint8_t *to, const struct entry *entry)
{
	assert(entry->state == ENTRY_UNKNOWN);
	return to;
}

static uint8_t *write_alive(uint8_t *to, const struct entry *entry)
{
	assert((entry->marks & ~MARKS) == 0);
	assert(protocol_is_time(entry->online_since_ms));
	assert((entry->marks & MARK_ONLINE) != 0 || entry->online_since_ms == 0);
	assert(name_is_valid(entry->name));
	assert(auth_setting_is_valid(entry->setting));
	*to++ = entry->marks;
	to = buf_store_u64(to, entry->online_since_ms);
	to = protocol_write_bytes(to, entry->session.bytes, ULID_SIZE);
	to = buf_store_u32(to, entry->share);
	to = buf_store_u32(to, entry->epoch);
	to = protocol_write_view8(to, entry->name);
	to = protocol_write_view8(to, entry->setting);
	to = protocol_write_bytes(to, entry->middle, KEY_SIZE);
	return protocol_write_bytes(to, entry->lock, KEY_SIZE);
}

static uint8_t *write_gone(uint8_t *to, const struct entry *entry)
{
	assert(name_is_valid(entry->name));
	to = protocol_write_view8(to, entry->name);
	to = protocol_write_bytes(to, entry->middle, KEY_SIZE);
	return protocol_write_bytes(to, entry->delete_key, KEY_SIZE);
}

static uint8_t *write_removed(uint8_t *to, const struct entry *entry)
{
	assert(name_is_valid(entry->name));
	assert(entry->by < GONE_BY_END);
	to = protocol_write_view8(to, entry->name);
	to = protocol_write_bytes(to, entry->middle, KEY_SIZE);
	to = protocol_write_bytes(to, entry->lock, KEY_SIZE);
	*to = (uint8_t)entry->by;
	return protocol_write_bytes(to + 1, entry->stamp, KEY_SIZE);
}

static const struct {
	size_t size; /* without strings */
	const char *(*read)(struct reader *r, struct entry *entry);
	uint8_t *(*write)(uint8_t *to, const struct entry *entry);
} states[] = {
	[ENTRY_UNKNOWN] = { ID_SIZE + 1, read_nothing, write_nothing },
	[ENTRY_ALIVE] = { ENTRY_ALIVE_SIZE, read_alive, write_alive },
	[ENTRY_GONE] = { ENTRY_GONE_SIZE, read_gone, write_gone },
	[ENTRY_REMOVED] = { ENTRY_REMOVED_SIZE, read_removed, write_removed },
};
enum { STATE_END = sizeof states / sizeof states[0] };

const char *protocol_read_entry(struct reader *r, struct entry *entry)
{
	reader_copy(r, entry->id.bytes, ID_SIZE);
	uint8_t state = reader_u8(r);

	if (r->failed)
		return WHY_SHORT;
	if (state >= STATE_END)
		return "an entry of a state that is not known";
	entry->state = state;
	entry->marks = 0;
	entry->online_since_ms = 0;
	entry->session = (struct ulid){ { 0 } };
	entry->share = 0;
	entry->epoch = 0;
	entry->by = GONE_BY_KEY;
	entry->name = (struct view){ 0 };
	entry->setting = (struct view){ 0 };
	return states[state].read(r, entry);
}

/* The state in a frame. */
static enum entry_state state_of(const struct entry *entry)
{
	bool is_removed = entry->state == ENTRY_GONE && entry->by != GONE_BY_KEY;

	assert(entry->state <= ENTRY_GONE);
	return is_removed ? ENTRY_REMOVED : entry->state;
}

size_t protocol_entry_size(const struct entry *entry)
{
	size_t size = states[state_of(entry)].size;

	if (entry->state == ENTRY_ALIVE)
		size += entry->name.size + entry->setting.size;
	if (entry->state == ENTRY_GONE)
		size += entry->name.size;
	return size;
}

uint8_t *protocol_write_entry(uint8_t *to, const struct entry *entry)
{
	enum entry_state state = state_of(entry);
	uint8_t *end = protocol_write_bytes(to, entry->id.bytes, ID_SIZE);

	*end++ = (uint8_t)state;
	end = states[state].write(end, entry);
	assert(end == to + protocol_entry_size(entry));
	return end;
}

struct tombstone entry_tombstone(const struct entry *entry)
{
	struct tombstone t = { .id = entry->id, .name = entry->name, .by = entry->by };

	assert(entry->state == ENTRY_GONE);
	memcpy(t.middle, entry->middle, KEY_SIZE);
	if (t.by == GONE_BY_KEY)
		memcpy(t.delete_key, entry->delete_key, KEY_SIZE);
	else
		memcpy(t.lock, entry->lock, KEY_SIZE);
	return t;
}

struct entry entry_of_tombstone(const struct tombstone *tombstone)
{
	struct entry entry = { .id = tombstone->id,
		               .state = ENTRY_GONE,
		               .name = tombstone->name,
		               .by = tombstone->by };

	memcpy(entry.middle, tombstone->middle, KEY_SIZE);
	if (entry.by == GONE_BY_KEY)
		memcpy(entry.delete_key, tombstone->delete_key, KEY_SIZE);
	else
		memcpy(entry.lock, tombstone->lock, KEY_SIZE);
	return entry;
}

/* ---- the other items, read ---- */

/* Reads the ranges of a stream, as bytes. Only their count is checked: check_streams calls
 * check_ranges for their numbers, once, so a walk does not check them again. */
static const char *read_ranges(struct reader *r, size_t count_min, size_t count_max,
                               struct view *ranges)
{
	size_t count = reader_u16(r);

	*ranges = reader_view(r, count * RANGE_SIZE);
	if (r->failed)
		return WHY_SHORT;
	return count >= count_min && count <= count_max ? NULL : WHY_COUNT;
}

static const char *read_question(struct reader *r, struct stream_item *item)
{
	reader_copy(r, item->sender.bytes, ID_SIZE);
	reader_copy(r, item->session.bytes, ULID_SIZE);
	return r->failed ? WHY_SHORT : NULL;
}

static const char *read_received(struct reader *r, struct stream_item *item)
{
	const char *why = read_question(r, item);

	return why != NULL ? why : read_ranges(r, 1, RANGES_MAX, &item->ranges);
}

/* An answer names the sender by its entry. It lacks the session, which stood in the question. */
static const char *read_answer(struct reader *r, struct stream_item *item)
{
	const char *why = protocol_read_entry(r, &item->entry);

	if (why != NULL)
		return why;
	item->sender = item->entry.id;
	item->session = (struct ulid){ { 0 } };
	return read_ranges(r, 0, UINT16_MAX, &item->ranges);
}

/* What is said behind the length of its text, which was read. */
static const char *read_said_of(struct reader *r, uint32_t length, struct view *text,
                                struct view *audience)
{
	*text = reader_view(r, length & ~TEXT_HAS_AUDIENCE);
	*audience = view_of(NULL, 0);
	if (r->failed)
		return WHY_SHORT;
	if (!protocol_is_text_size(text->size))
		return WHY_TEXT;
	if ((length & TEXT_HAS_AUDIENCE) != 0 && !audience_take(r, audience))
		return WHY_AUDIENCE;
	return NULL;
}

const char *protocol_read_said(struct reader *r, struct view *text, struct view *audience)
{
	uint32_t length = reader_u32(r);

	return r->failed ? WHY_SHORT : read_said_of(r, length, text, audience);
}

uint8_t *protocol_write_said(uint8_t *to, struct view text, struct view audience)
{
	uint32_t mark = audience.size > 0 ? TEXT_HAS_AUDIENCE : 0;

	assert(protocol_is_text_size(text.size));
	assert(audience.size <= AUDIENCE_SIZE_MAX);
	to = buf_store_u32(to, (uint32_t)text.size | mark);
	to = protocol_write_bytes(to, text.data, text.size);
	return protocol_write_bytes(to, audience.data, audience.size);
}

/* A message: a head of MESSAGE_SIZE bytes, read at once since pages hold many, then its text. */
static const char *read_message(struct reader *r, struct message_item *item)
{
	const uint8_t *from = reader_bytes(r, MESSAGE_SIZE);

	if (from == NULL)
		return WHY_SHORT;
	memcpy(item->sender.bytes, from, ID_SIZE);
	memcpy(item->session.bytes, from + ID_SIZE, ULID_SIZE);
	item->number = buf_load_u64(from + QUESTION_SIZE);
	item->sent_ms = buf_load_u64(from + QUESTION_SIZE + 8);
	const char *why = read_said_of(r, buf_load_u32(from + MESSAGE_SIZE - 4), &item->text,
	                               &item->audience);

	if (why != NULL)
		return why;
	if (!protocol_is_number(item->number))
		return WHY_NUMBER;
	if (!protocol_is_time(item->sent_ms))
		return WHY_TIME;
	return NULL;
}

static const char *read_listed(struct reader *r, struct list_item *item)
{
	reader_copy(r, item->id.bytes, ID_SIZE);
	item->name = reader_view8(r);
	if (r->failed)
		return WHY_SHORT;
	return name_is_valid(item->name) ? NULL : WHY_NAME;
}

/* ---- whole lists, checked ---- */

const char *protocol_check_ids(struct view list)
{
	assert(list.size / ID_SIZE <= LOOKUP_IDS_MAX); /* by the type's largest payload */
	return list.size % ID_SIZE == 0 ? NULL : WHY_SHORT;
}

/* Checks at most `count_max` entries. alive: no other state is allowed. */
static const char *check_entries(struct view list, size_t count_max, bool alive)
{
	struct reader r = reader_of(list);
	struct entry entry;

	for (size_t count = 0; reader_left(&r) > 0; count++) {
		const char *why = count < count_max ? protocol_read_entry(&r, &entry) : WHY_COUNT;

		if (why != NULL)
			return why;
		if (alive && entry.state != ENTRY_ALIVE)
			return "an entry that is not alive";
	}
	return NULL;
}

const char *protocol_check_found(struct view list)
{
	return check_entries(list, LOOKUP_NAME_MAX, true);
}

const char *protocol_check_entries(struct view list)
{
	return check_entries(list, LOOKUP_IDS_MAX, false);
}

const char *protocol_check_recipients(struct view list)
{
	assert(list.size % RECIPIENT_SIZE == 0);
	for (size_t offset = 0; offset < list.size; offset += RECIPIENT_SIZE)
		if (!protocol_is_number(buf_load_u64(list.data + offset + ID_SIZE)))
			return WHY_NUMBER;
	return NULL;
}

const char *protocol_check_results(struct view list)
{
	size_t count = list.size / RESULT_SIZE;

	assert(count <= RECIPIENTS_MAX); /* by the type's largest payload */
	if (list.size % RESULT_SIZE != 0)
		return WHY_SHORT;
	if (count < 1)
		return WHY_COUNT;
	for (size_t offset = 0; offset < list.size; offset += RESULT_SIZE) {
		if (!is_result_status(list.data[offset]))
			return WHY_STATUS;
		if (list.data[offset + 1] > 1)
			return WHY_BOOL;
	}
	return NULL;
}

static const char *check_ranges(struct view list)
{
	assert(list.size % RANGE_SIZE == 0);
	for (size_t offset = 0; offset < list.size; offset += RANGE_SIZE) {
		const struct range range = {
			.first = buf_load_u64(list.data + offset),
			.last = buf_load_u64(list.data + offset + 8),
		};

		if (!protocol_is_range(&range))
			return WHY_RANGE;
	}
	return NULL;
}

/* Checks a list of streams, whose items `read` reads, with their ranges; questions have none. */
static const char *check_streams(struct view list, size_t count_min, size_t count_max,
                                 const char *(*read)(struct reader *r, struct stream_item *item))
{
	struct reader r = reader_of(list);
	size_t count = 0;
	struct stream_item item;

	for (; reader_left(&r) > 0; count++) {
		const char *why = read(&r, &item);

		if (why == NULL && read != read_question)
			why = check_ranges(item.ranges);
		if (why != NULL)
			return why;
	}
	return count >= count_min && count <= count_max ? NULL : WHY_COUNT;
}

const char *protocol_check_received(struct view list)
{
	return check_streams(list, 0, SIZE_MAX, read_received);
}

const char *protocol_check_questions(struct view list)
{
	return check_streams(list, 1, STREAMS_MAX, read_question);
}

const char *protocol_check_answers(struct view list)
{
	return check_streams(list, 1, STREAMS_MAX, read_answer);
}

const char *protocol_check_messages(struct view list)
{
	struct reader r = reader_of(list);
	struct message_item item;

	while (reader_left(&r) > 0) {
		const char *why = read_message(&r, &item);

		if (why != NULL)
			return why;
	}
	return NULL;
}

const char *protocol_check_listed(struct view list, uint16_t count)
{
	struct reader r = reader_of(list);
	struct list_item item;

	for (uint16_t i = 0; i < count; i++) {
		const char *why = read_listed(&r, &item);

		if (why != NULL)
			return why;
	}
	return reader_left(&r) == 0 ? NULL : WHY_LONG;
}

/* ---- walks ---- */

bool protocol_next_id(struct reader *r, struct id *id)
{
	if (reader_left(r) == 0)
		return false;
	reader_copy(r, id->bytes, ID_SIZE);
	assert(!r->failed);
	return true;
}

bool protocol_next_entry(struct reader *r, struct entry *entry)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = protocol_read_entry(r, entry);

	assert(why == NULL);
	return true;
}

bool protocol_next_recipient(struct reader *r, struct recipient *recipient)
{
	if (reader_left(r) == 0)
		return false;
	reader_copy(r, recipient->id.bytes, ID_SIZE);
	recipient->number = reader_u64(r);
	assert(!r->failed);
	assert(protocol_is_number(recipient->number));
	return true;
}

bool protocol_next_result(struct reader *r, struct send_result *result)
{
	if (reader_left(r) == 0)
		return false;
	result->status = reader_u8(r);
	result->online = reader_u8(r) != 0;
	result->share = reader_u32(r);
	assert(!r->failed);
	assert(is_result_status(result->status));
	return true;
}

bool protocol_next_range(struct reader *r, struct range *range)
{
	if (reader_left(r) == 0)
		return false;
	range->first = reader_u64(r);
	range->last = reader_u64(r);
	assert(!r->failed);
	assert(protocol_is_range(range));
	return true;
}

bool protocol_next_received(struct reader *r, struct stream_item *item)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = read_received(r, item);

	assert(why == NULL);
	return true;
}

bool protocol_next_question(struct reader *r, struct stream_item *item)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = read_question(r, item);

	assert(why == NULL);
	item->ranges = (struct view){ 0 };
	return true;
}

bool protocol_next_answer(struct reader *r, struct stream_item *item)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = read_answer(r, item);

	assert(why == NULL);
	return true;
}

bool protocol_next_message(struct reader *r, struct message_item *item)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = read_message(r, item);

	assert(why == NULL);
	return true;
}

bool protocol_next_listed(struct reader *r, struct list_item *item)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = read_listed(r, item);

	assert(why == NULL);
	return true;
}

/* ---- puts: each makes room for the whole item first, so a list never ends within an item ---- */

bool protocol_put_id(struct buf *b, const struct id *id)
{
	assert(id != NULL);
	return buf_put(b, id->bytes, ID_SIZE);
}

bool protocol_put_entry(struct buf *b, const struct entry *entry)
{
	size_t size = protocol_entry_size(entry);
	uint8_t *to = buf_reserve(b, size);

	assert(size <= ENTRY_SIZE_MAX);
	if (to == NULL)
		return false;
	protocol_write_entry(to, entry);
	buf_added(b, size);
	return true;
}

bool protocol_put_recipient(struct buf *b, const struct recipient *recipient)
{
	uint8_t *to = buf_reserve(b, RECIPIENT_SIZE);

	assert(protocol_is_number(recipient->number));
	if (to == NULL)
		return false;
	buf_store_u64(protocol_write_bytes(to, recipient->id.bytes, ID_SIZE), recipient->number);
	buf_added(b, RECIPIENT_SIZE);
	return true;
}

bool protocol_put_result(struct buf *b, const struct send_result *result)
{
	uint8_t *to = buf_reserve(b, RESULT_SIZE);

	assert(is_result_status(result->status));
	if (to == NULL)
		return false;
	to[0] = (uint8_t)result->status;
	to[1] = result->online;
	buf_store_u32(to + 2, result->share);
	buf_added(b, RESULT_SIZE);
	return true;
}

bool protocol_put_range(struct buf *b, const struct range *range)
{
	uint8_t *to = buf_reserve(b, RANGE_SIZE);

	assert(protocol_is_range(range));
	if (to == NULL)
		return false;
	buf_store_u64(buf_store_u64(to, range->first), range->last);
	buf_added(b, RANGE_SIZE);
	return true;
}

bool protocol_put_question(struct buf *b, const struct stream_item *item)
{
	uint8_t *to = buf_reserve(b, QUESTION_SIZE);

	assert(item != NULL);
	if (to == NULL)
		return false;
	to = protocol_write_bytes(to, item->sender.bytes, ID_SIZE);
	protocol_write_bytes(to, item->session.bytes, ULID_SIZE);
	buf_added(b, QUESTION_SIZE);
	return true;
}

/* Writes a count of two bytes, then the ranges. */
static uint8_t *write_ranges(uint8_t *to, struct view ranges)
{
	assert(ranges.size % RANGE_SIZE == 0);
	assert(ranges.size / RANGE_SIZE <= UINT16_MAX);
	assert(check_ranges(ranges) == NULL);
	to = buf_store_u16(to, (uint16_t)(ranges.size / RANGE_SIZE));
	return protocol_write_bytes(to, ranges.data, ranges.size);
}

bool protocol_put_received(struct buf *b, const struct stream_item *item)
{
	size_t size = QUESTION_SIZE + 2 + item->ranges.size;
	uint8_t *to = buf_reserve(b, size);

	assert(item->ranges.size >= RANGE_SIZE);
	assert(item->ranges.size <= RANGES_MAX * RANGE_SIZE);
	if (to == NULL)
		return false;
	to = protocol_write_bytes(to, item->sender.bytes, ID_SIZE);
	to = protocol_write_bytes(to, item->session.bytes, ULID_SIZE);
	write_ranges(to, item->ranges);
	buf_added(b, size);
	return true;
}

bool protocol_put_answer(struct buf *b, const struct stream_item *item)
{
	size_t size = protocol_entry_size(&item->entry) + 2 + item->ranges.size;
	uint8_t *to = buf_reserve(b, size);

	if (to == NULL)
		return false;
	write_ranges(protocol_write_entry(to, &item->entry), item->ranges);
	buf_added(b, size);
	return true;
}

bool protocol_put_message(struct buf *b, const struct message_item *item)
{
	size_t size = MESSAGE_SIZE + item->text.size + item->audience.size;
	uint8_t *to = buf_reserve(b, size);

	assert(protocol_is_number(item->number));
	assert(protocol_is_time(item->sent_ms));
	if (to == NULL)
		return false;
	to = protocol_write_bytes(to, item->sender.bytes, ID_SIZE);
	to = protocol_write_bytes(to, item->session.bytes, ULID_SIZE);
	to = buf_store_u64(buf_store_u64(to, item->number), item->sent_ms);
	protocol_write_said(to, item->text, item->audience);
	buf_added(b, size);
	return true;
}

bool protocol_put_said(struct buf *b, struct view text, struct view audience)
{
	size_t size = 4 + text.size + audience.size;
	uint8_t *to = buf_reserve(b, size);

	if (to == NULL)
		return false;
	protocol_write_said(to, text, audience);
	buf_added(b, size);
	return true;
}

bool protocol_put_listed(struct buf *b, const struct list_item *item)
{
	size_t size = ID_SIZE + 1 + item->name.size;
	uint8_t *to = buf_reserve(b, size);

	assert(name_is_valid(item->name));
	if (to == NULL)
		return false;
	protocol_write_view8(protocol_write_bytes(to, item->id.bytes, ID_SIZE), item->name);
	buf_added(b, size);
	return true;
}
