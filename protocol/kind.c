/* SPDX-License-Identifier: MIT
 *
 * The kinds of fields. Each reads one value from bytes and checks it, tells how many bytes a value
 * takes, and writes one. First come numbers, bytes and strings; then lists, which take all that is
 * left of their payload; then kinds that are given the whole frame, because a rule of theirs
 * depends on several values.
 */
#include "protocol/kind.h"
#include "protocol/private.h"

const uint8_t protocol_magic[MAGIC_SIZE] = { 't', 'h', 'r', 'e', 'e', 'f', 'o', 'l', 'd' };

/* ---- kinds: numbers and bytes ---- */

/* Checks the magic and keeps nothing, since its bytes are always the same. */
static const char *read_magic(struct reader *r, void *value)
{
	const uint8_t *from = reader_bytes(r, MAGIC_SIZE);

	assert(value != NULL);
	return from != NULL && memcmp(from, protocol_magic, MAGIC_SIZE) == 0 ? NULL
	                                                                     : "another magic";
}

static uint8_t *write_magic(uint8_t *to, const void *value)
{
	assert(value != NULL);
	return protocol_write_bytes(to, protocol_magic, MAGIC_SIZE);
}

static const char *read_u16(struct reader *r, void *value)
{
	*(uint16_t *)value = reader_u16(r);
	return r->failed ? WHY_SHORT : NULL;
}

static uint8_t *write_u16(uint8_t *to, const void *value)
{
	return buf_store_u16(to, *(const uint16_t *)value);
}

static const char *read_u32(struct reader *r, void *value)
{
	*(uint32_t *)value = reader_u32(r);
	return r->failed ? WHY_SHORT : NULL;
}

static uint8_t *write_u32(uint8_t *to, const void *value)
{
	return buf_store_u32(to, *(const uint32_t *)value);
}

static const char *read_u64(struct reader *r, void *value)
{
	*(uint64_t *)value = reader_u64(r);
	return r->failed ? WHY_SHORT : NULL;
}

static const char *read_time(struct reader *r, void *value)
{
	const char *why = read_u64(r, value);

	if (why != NULL)
		return why;
	return protocol_is_time(*(uint64_t *)value) ? NULL : WHY_TIME;
}

static uint8_t *write_u64(uint8_t *to, const void *value)
{
	return buf_store_u64(to, *(const uint64_t *)value);
}

static const char *read_version(struct reader *r, void *value)
{
	const char *why = read_u16(r, value);

	if (why != NULL)
		return why;
	return *(uint16_t *)value >= 1 ? NULL : "a version that is 0";
}

/* How long a client may be silent. Less would make it spin, and more be a replica that keeps the
 * sessions of the dead. */
static const char *read_silence(struct reader *r, void *value)
{
	const char *why = read_u32(r, value);
	uint32_t ms = *(uint32_t *)value;

	if (why != NULL)
		return why;
	return ms >= SILENCE_MS_LEAST && ms <= SILENCE_MS_MOST ? NULL : "a silence out of bounds";
}

static const char *read_list_count(struct reader *r, void *value)
{
	const char *why = read_u16(r, value);
	uint16_t count = *(uint16_t *)value;

	if (why != NULL)
		return why;
	return count >= 1 && count <= LIST_COUNT_MAX ? NULL : WHY_COUNT;
}

static const char *read_bool(struct reader *r, void *value)
{
	uint8_t byte = reader_u8(r);

	if (r->failed)
		return WHY_SHORT;
	*(bool *)value = byte != 0;
	return byte <= 1 ? NULL : WHY_BOOL;
}

static uint8_t *write_bool(uint8_t *to, const void *value)
{
	*to = *(const bool *)value;
	return to + 1;
}

static const char *read_set(struct reader *r, void *value)
{
	uint8_t set = reader_u8(r);

	*(uint8_t *)value = set;
	if (r->failed)
		return WHY_SHORT;
	return set >= SET_GONE && set <= SET_ALL ? NULL : "a set that is not known";
}

static uint8_t *write_u8(uint8_t *to, const void *value)
{
	*to = *(const uint8_t *)value;
	return to + 1;
}

/* How many elements SPLIT puts into a part. 0 would make parts without end. */
static const char *read_step(struct reader *r, void *value)
{
	const char *why = read_u32(r, value);

	if (why != NULL)
		return why;
	return *(uint32_t *)value >= 1 ? NULL : "parts of no elements";
}

/* The status that tells why a replica ends a session or a connection. ENDED allows three of these
 * values (read_why_ended), ERROR all. */
static const char *read_why(struct reader *r, void *value)
{
	uint8_t status = reader_u8(r);

	if (r->failed)
		return WHY_SHORT;
	*(enum status *)value = status;
	return status != STATUS_OK && status < STATUS_END ? NULL : WHY_STATUS;
}

static const char *read_why_ended(struct reader *r, void *value)
{
	const char *why = read_why(r, value);
	enum status status = *(enum status *)value;

	if (why != NULL)
		return why;
	return status == STATUS_TAKEN_OVER || status == STATUS_GONE || status == STATUS_CHANGED
	               ? NULL
	               : WHY_STATUS;
}

static const char *read_by(struct reader *r, void *value)
{
	*(uint8_t *)value = reader_u8(r);
	if (r->failed)
		return WHY_SHORT;
	return *(uint8_t *)value < ACCOUNT_BY_END ? NULL : WHY_BY;
}

static uint8_t *write_by(uint8_t *to, const void *value)
{
	*to = *(const uint8_t *)value;
	return to + 1;
}

/* Writes a status of either kind. */
static uint8_t *write_why(uint8_t *to, const void *value)
{
	enum status status = *(const enum status *)value;

	assert(status < STATUS_END);
	*to = (uint8_t)status;
	return to + 1;
}

static const char *read_id(struct reader *r, void *value)
{
	reader_copy(r, value, ID_SIZE);
	return r->failed ? WHY_SHORT : NULL;
}

static uint8_t *write_id(uint8_t *to, const void *value)
{
	return protocol_write_bytes(to, value, ID_SIZE);
}

static const char *read_ulid(struct reader *r, void *value)
{
	reader_copy(r, value, ULID_SIZE);
	return r->failed ? WHY_SHORT : NULL;
}

static uint8_t *write_ulid(uint8_t *to, const void *value)
{
	return protocol_write_bytes(to, value, ULID_SIZE);
}

static const char *read_key(struct reader *r, void *value)
{
	reader_copy(r, value, KEY_SIZE);
	return r->failed ? WHY_SHORT : NULL;
}

static uint8_t *write_key(uint8_t *to, const void *value)
{
	return protocol_write_bytes(to, value, KEY_SIZE);
}

static const char *read_place(struct reader *r, void *value)
{
	return protocol_read_place(r, value);
}

static uint8_t *write_place(uint8_t *to, const void *value)
{
	protocol_put_place(to, value);
	return to + PLACE_SIZE;
}

static const char *read_bound(struct reader *r, void *value)
{
	return protocol_read_bound(r, value);
}

static size_t size_bound(const void *value)
{
	return protocol_bound_size(value);
}

static uint8_t *write_bound(uint8_t *to, const void *value)
{
	return protocol_write_bound(to, value);
}

/* ---- kinds: strings ---- */

/* Strings have one byte for their size. Names, prefixes, suffixes and settings differ only in how
 * they are checked. */
static size_t size_view8(const void *value)
{
	return 1 + ((const struct view *)value)->size;
}

static uint8_t *write_string(uint8_t *to, const void *value)
{
	return protocol_write_view8(to, *(const struct view *)value);
}

static const char *read_string(struct reader *r, struct view *string)
{
	*string = reader_view8(r);
	return r->failed ? WHY_SHORT : NULL;
}

static const char *read_name(struct reader *r, void *value)
{
	const char *why = read_string(r, value);

	if (why != NULL)
		return why;
	return name_is_valid(*(struct view *)value) ? NULL : WHY_NAME;
}

/* The name after which LIST begins; empty: at the first one. */
static const char *read_after_name(struct reader *r, void *value)
{
	const char *why = read_string(r, value);
	const struct view *name = value;

	if (why != NULL)
		return why;
	return name->size == 0 || name_is_valid(*name) ? NULL : WHY_NAME;
}

static const char *read_prefix(struct reader *r, void *value)
{
	const char *why = read_string(r, value);
	const struct view *prefix = value;

	if (why != NULL)
		return why;
	if (prefix->size > NAME_SIZE_MAX)
		return "a prefix that is longer than a name";
	if (!name_is_prefix(*prefix))
		return "a prefix with a character that names do not have";
	return NULL;
}

/* The last digits of an id, which tell accounts with one name apart; may be empty. Only upper case
 * is valid on the wire, so that a suffix has one form. */
static const char *read_suffix(struct reader *r, void *value)
{
	const char *why = read_string(r, value);
	const struct view *suffix = value;

	if (why != NULL)
		return why;
	if (suffix->size != 0 && suffix->size != ID_SUFFIX_SIZE)
		return "a suffix of another size";
	for (size_t i = 0; i < suffix->size; i++)
		if (id_digit(suffix->data[i]) < 0 || suffix->data[i] > 'Z')
			return "a suffix with a character that is no digit";
	return NULL;
}

static const char *read_setting(struct reader *r, void *value)
{
	const char *why = read_string(r, value);

	if (why != NULL)
		return why;
	return auth_setting_is_valid(*(struct view *)value) ? NULL : WHY_SETTING;
}

static const char *read_text(struct reader *r, void *value)
{
	struct view *text = value;

	*text = reader_view32(r);
	if (r->failed)
		return WHY_SHORT;
	return protocol_is_text_size(text->size) ? NULL : WHY_TEXT;
}

static size_t size_text(const void *value)
{
	return 4 + ((const struct view *)value)->size;
}

static uint8_t *write_text(uint8_t *to, const void *value)
{
	return protocol_write_view32(to, *(const struct view *)value);
}

static const char *read_gone_by(struct reader *r, void *value)
{
	uint8_t by = reader_u8(r);

	if (r->failed)
		return WHY_SHORT;
	*(enum gone_by *)value = by;
	return by != GONE_BY_KEY && by < GONE_BY_END ? NULL : WHY_GONE_BY;
}

static const char *read_by_key(struct reader *r, void *value)
{
	(void)r;
	*(enum gone_by *)value = GONE_BY_KEY;
	return NULL;
}

static uint8_t *write_by_key(uint8_t *to, const void *value)
{
	assert(*(const enum gone_by *)value == GONE_BY_KEY);
	return to;
}

static uint8_t *write_gone_by(uint8_t *to, const void *value)
{
	enum gone_by by = *(const enum gone_by *)value;

	assert(by != GONE_BY_KEY && by < GONE_BY_END);
	*to = (uint8_t)by;
	return to + 1;
}

/* ---- kinds: an entry, and lists that are all the rest of a payload ---- */

/* Reads an entry that must have this state, because the status before it says so. */
static const char *read_entry_of(struct reader *r, struct entry *entry, enum entry_state state)
{
	const char *why = protocol_read_entry(r, entry);

	if (why != NULL)
		return why;
	return entry->state == state ? NULL : "an entry of another state";
}

static const char *read_holder(struct reader *r, void *value)
{
	return read_entry_of(r, value, ENTRY_ALIVE);
}

static const char *read_gone(struct reader *r, void *value)
{
	return read_entry_of(r, value, ENTRY_GONE);
}

static size_t size_entry(const void *value)
{
	return protocol_entry_size(value);
}

static uint8_t *write_entry(uint8_t *to, const void *value)
{
	return protocol_write_entry(to, value);
}

/* Takes all that is left of the payload as a list. Each kind of list differs only in its check. */
static struct view read_rest(struct reader *r, void *value)
{
	struct view rest = reader_view(r, reader_left(r));

	*(struct view *)value = rest;
	return rest;
}

static const char *read_ids(struct reader *r, void *value)
{
	return protocol_check_ids(read_rest(r, value));
}

static const char *read_found(struct reader *r, void *value)
{
	return protocol_check_found(read_rest(r, value));
}

static const char *read_entries(struct reader *r, void *value)
{
	return protocol_check_entries(read_rest(r, value));
}

static const char *read_results(struct reader *r, void *value)
{
	return protocol_check_results(read_rest(r, value));
}

static const char *read_received(struct reader *r, void *value)
{
	return protocol_check_received(read_rest(r, value));
}

static const char *read_questions(struct reader *r, void *value)
{
	return protocol_check_questions(read_rest(r, value));
}

static const char *read_answers(struct reader *r, void *value)
{
	return protocol_check_answers(read_rest(r, value));
}

static const char *read_messages(struct reader *r, void *value)
{
	return protocol_check_messages(read_rest(r, value));
}

static const char *read_bounds(struct reader *r, void *value)
{
	return protocol_check_bounds(read_rest(r, value));
}

static const char *read_parts(struct reader *r, void *value)
{
	return protocol_check_parts(read_rest(r, value));
}

static const char *read_splits(struct reader *r, void *value)
{
	return protocol_check_splits(read_rest(r, value));
}

static const char *read_facts(struct reader *r, void *value)
{
	return protocol_check_facts(read_rest(r, value));
}

static size_t size_rest(const void *value)
{
	return ((const struct view *)value)->size;
}

static uint8_t *write_rest(uint8_t *to, const void *value)
{
	const struct view *list = value;

	return protocol_write_bytes(to, list->data, list->size);
}

/* ---- kinds that are given the whole frame ---- */

/* For tests. A test reads no bytes and writes none: it compares fields that were read before it. */
static uint8_t *write_none(uint8_t *to, const void *value)
{
	assert(value != NULL);
	return to;
}

/* HELLO's versions are a range in order. */
static const char *test_versions(struct reader *r, void *value)
{
	const struct frame *frame = value;

	assert(!r->failed);
	return frame->hello.version_min <= frame->hello.version_max
	               ? NULL
	               : "a smallest version above the largest";
}

/* PAGE's reply: the last page reaches the end of the mailbox, and no other page does. */
static const char *test_last(struct reader *r, void *value)
{
	const struct frame *frame = value;

	assert(!r->failed);
	assert(reader_left(r) <= PAGE_SIZE_MAX); /* by the type's largest payload */
	return frame->paged.last == place_is_end(&frame->paged.upto)
	               ? NULL
	               : "a last page that does not reach the end, or another that does";
}

#define WHY_EMPTY_RANGE "a range that ends before it begins"

/* DIGEST: the first bound lies above `after`. That the bounds ascend was checked with the list. */
static const char *test_bounds(struct reader *r, void *value)
{
	const struct frame *frame = value;
	struct reader bounds = reader_of(frame->digest.bounds);
	struct bound first = bound_begin();

	assert(!r->failed);
	bool is_there = protocol_next_bound(&bounds, &first);

	assert(is_there);
	return bound_compare(&frame->digest.after, &first) < 0 ? NULL : WHY_EMPTY_RANGE;
}

/* SPLIT: the range from `after` to `upto` is not empty. */
static const char *test_split(struct reader *r, void *value)
{
	const struct frame *frame = value;

	assert(!r->failed);
	return bound_compare(&frame->split.after, &frame->split.upto) < 0 ? NULL : WHY_EMPTY_RANGE;
}

/* ELEMENTS: the same rule. */
static const char *test_elements(struct reader *r, void *value)
{
	const struct frame *frame = value;

	assert(!r->failed);
	return bound_compare(&frame->elements.after, &frame->elements.upto) < 0 ? NULL
	                                                                        : WHY_EMPTY_RANGE;
}

/* What vouches for an account that is brought stands last, and only with the flag. */
static bool is_vouched(const struct frame *frame)
{
	return (frame->flags & FLAG_VOUCHED) != 0;
}

static const char *read_invitation(struct reader *r, void *value)
{
	struct frame *frame = value;

	frame->introduce.invitation = (struct invitation){ { 0 } };
	if (is_vouched(frame))
		reader_copy(r, frame->introduce.invitation.bytes, INVITATION_SIZE);
	return r->failed ? WHY_SHORT : NULL;
}

static size_t size_invitation(const void *value)
{
	return is_vouched(value) ? INVITATION_SIZE : 0;
}

static uint8_t *write_invitation(uint8_t *to, const void *value)
{
	const struct frame *frame = value;

	return protocol_write_bytes(to, frame->introduce.invitation.bytes, size_invitation(frame));
}

static const char *read_stamp(struct reader *r, void *value)
{
	struct frame *frame = value;

	memset(frame->introduce.stamp, 0, KEY_SIZE);
	if (is_vouched(frame))
		reader_copy(r, frame->introduce.stamp, KEY_SIZE);
	return r->failed ? WHY_SHORT : NULL;
}

static size_t size_stamp(const void *value)
{
	return is_vouched(value) ? KEY_SIZE : 0;
}

static uint8_t *write_stamp(uint8_t *to, const void *value)
{
	const struct frame *frame = value;

	return protocol_write_bytes(to, frame->introduce.stamp, size_stamp(frame));
}

/* Reads all of a SEND. The flag says whether there is a session, and the count says where the text
 * begins. A count that is too large is refused before the list is read, and numbers are checked
 * only when the whole list is there. */
static const char *read_send(struct reader *r, void *value)
{
	struct frame *frame = value;

	frame->send.sent_ms = reader_u64(r);
	if ((frame->flags & FLAG_SESSION) != 0)
		reader_copy(r, frame->send.session.bytes, ULID_SIZE);
	else
		frame->send.session = (struct ulid){ { 0 } };
	frame->send.count = reader_u16(r);
	if (!protocol_is_time(frame->send.sent_ms))
		return WHY_TIME;
	if (frame->send.count > RECIPIENTS_MAX)
		return WHY_COUNT;
	frame->send.recipients = reader_view(r, (size_t)frame->send.count * RECIPIENT_SIZE);
	if (r->failed)
		return WHY_SHORT;
	const char *why = protocol_read_said(r, &frame->send.text, &frame->send.audience);

	if (why != NULL)
		return why;
	if (frame->send.count < 1)
		return WHY_COUNT;
	if (!message_text_is_valid(frame->send.text))
		return WHY_UTF8;
	return protocol_check_recipients(frame->send.recipients);
}

static size_t size_send(const void *value)
{
	const struct frame *frame = value;
	size_t session_size = (frame->flags & FLAG_SESSION) != 0 ? ULID_SIZE : 0;

	return 8 + session_size + 2 + frame->send.recipients.size + 4 + frame->send.text.size +
	       frame->send.audience.size;
}

static uint8_t *write_send(uint8_t *to, const void *value)
{
	const struct frame *frame = value;

	assert(frame->send.recipients.size == (size_t)frame->send.count * RECIPIENT_SIZE);
	to = buf_store_u64(to, frame->send.sent_ms);
	if ((frame->flags & FLAG_SESSION) != 0)
		to = write_ulid(to, &frame->send.session);
	else
		assert(ulid_is_zero(&frame->send.session));
	to = buf_store_u16(to, frame->send.count);
	to = write_rest(to, &frame->send.recipients);
	return protocol_write_said(to, frame->send.text, frame->send.audience);
}

/* The bits of the last byte of `online` that belong to no entry, as a mask. */
static uint8_t unused_bits(uint16_t count)
{
	unsigned used = (1u << count % 8) - 1;

	return count % 8 == 0 ? 0 : (uint8_t)~used;
}

/* Reads all of LIST's reply: `last`, the count, the digest, a bit for each entry, and the entries.
 * The count says how many bits there are; with FLAG_DIGEST there are no entries. Unused bits must
 * be 0, so that one answer has one form. */
static const char *read_listed(struct reader *r, void *value)
{
	struct frame *frame = value;
	bool digest_only = (frame->flags & FLAG_DIGEST) != 0;
	uint8_t last = reader_u8(r);
	uint16_t count = reader_u16(r);

	reader_copy(r, frame->listed.digest, KEY_SIZE);
	frame->listed.last = last != 0;
	frame->listed.count = count;
	frame->listed.online = reader_view(r, (count + 7u) / 8);
	if (r->failed)
		return WHY_SHORT;
	if (last > 1)
		return WHY_BOOL;
	if (count > LIST_COUNT_MAX)
		return WHY_COUNT;
	if (count > 0 && (frame->listed.online.data[(count - 1) / 8] & unused_bits(count)) != 0)
		return "a bit of no entry";
	read_rest(r, &frame->listed.entries);
	return protocol_check_listed(frame->listed.entries, digest_only ? 0 : count);
}

static size_t size_listed(const void *value)
{
	const struct frame *frame = value;

	return 1 + 2 + KEY_SIZE + frame->listed.online.size + frame->listed.entries.size;
}

static uint8_t *write_listed(uint8_t *to, const void *value)
{
	const struct frame *frame = value;

	assert(frame->listed.online.size == (frame->listed.count + 7u) / 8);
	to = write_bool(to, &frame->listed.last);
	to = buf_store_u16(to, frame->listed.count);
	to = write_key(to, frame->listed.digest);
	to = write_rest(to, &frame->listed.online);
	return write_rest(to, &frame->listed.entries);
}

/* ---- the table ---- */

_Static_assert(UUID_SIZE == ULID_SIZE, "one kind serves both");
const struct kind protocol_kinds[KIND_COUNT] = {
	[KIND_MAGIC] = { read_magic, write_magic, NULL, MAGIC_SIZE },
	[KIND_U32] = { read_u32, write_u32, NULL, 4 },
	[KIND_U64] = { read_u64, write_u64, NULL, 8 },
	[KIND_TIME] = { read_time, write_u64, NULL, 8 },
	[KIND_VERSION] = { read_version, write_u16, NULL, 2 },
	[KIND_SILENCE] = { read_silence, write_u32, NULL, 4 },
	[KIND_LIST_COUNT] = { read_list_count, write_u16, NULL, 2 },
	[KIND_BOOL] = { read_bool, write_bool, NULL, 1 },
	[KIND_WHY] = { read_why, write_why, NULL, 1 },
	[KIND_WHY_ENDED] = { read_why_ended, write_why, NULL, 1 },
	[KIND_BY] = { read_by, write_by, NULL, 1 },
	[KIND_GONE_BY] = { read_gone_by, write_gone_by, NULL, 1 },
	[KIND_BY_KEY] = { read_by_key, write_by_key, NULL, 0 },
	[KIND_ID] = { read_id, write_id, NULL, ID_SIZE },
	[KIND_ULID] = { read_ulid, write_ulid, NULL, ULID_SIZE },
	[KIND_KEY] = { read_key, write_key, NULL, KEY_SIZE },
	[KIND_PLACE] = { read_place, write_place, NULL, PLACE_SIZE },
	[KIND_NAME] = { read_name, write_string, size_view8, 0 },
	[KIND_AFTER_NAME] = { read_after_name, write_string, size_view8, 0 },
	[KIND_PREFIX] = { read_prefix, write_string, size_view8, 0 },
	[KIND_SUFFIX] = { read_suffix, write_string, size_view8, 0 },
	[KIND_SETTING] = { read_setting, write_string, size_view8, 0 },
	[KIND_TEXT] = { read_text, write_text, size_text, 0 },
	[KIND_HOLDER] = { read_holder, write_entry, size_entry, 0 },
	[KIND_GONE] = { read_gone, write_entry, size_entry, 0 },
	[KIND_IDS] = { read_ids, write_rest, size_rest, 0 },
	[KIND_FOUND] = { read_found, write_rest, size_rest, 0 },
	[KIND_ENTRIES] = { read_entries, write_rest, size_rest, 0 },
	[KIND_RESULTS] = { read_results, write_rest, size_rest, 0 },
	[KIND_RECEIVED] = { read_received, write_rest, size_rest, 0 },
	[KIND_QUESTIONS] = { read_questions, write_rest, size_rest, 0 },
	[KIND_ANSWERS] = { read_answers, write_rest, size_rest, 0 },
	[KIND_MESSAGES] = { read_messages, write_rest, size_rest, 0 },
	[KIND_SET] = { read_set, write_u8, NULL, 1 },
	[KIND_STEP] = { read_step, write_u32, NULL, 4 },
	[KIND_BOUND] = { read_bound, write_bound, size_bound, 0 },
	[KIND_BOUNDS] = { read_bounds, write_rest, size_rest, 0 },
	[KIND_PARTS] = { read_parts, write_rest, size_rest, 0 },
	[KIND_SPLITS] = { read_splits, write_rest, size_rest, 0 },
	[KIND_FACTS] = { read_facts, write_rest, size_rest, 0 },
	[KIND_TEST_VERSIONS] = { test_versions, write_none, NULL, 0 },
	[KIND_TEST_LAST] = { test_last, write_none, NULL, 0 },
	[KIND_TEST_BOUNDS] = { test_bounds, write_none, NULL, 0 },
	[KIND_TEST_SPLIT] = { test_split, write_none, NULL, 0 },
	[KIND_TEST_ELEMENTS] = { test_elements, write_none, NULL, 0 },
	[KIND_INVITATION] = { read_invitation, write_invitation, size_invitation, 0 },
	[KIND_STAMP] = { read_stamp, write_stamp, size_stamp, 0 },
	[KIND_SEND] = { read_send, write_send, size_send, 0 },
	[KIND_LISTED] = { read_listed, write_listed, size_listed, 0 },
};
