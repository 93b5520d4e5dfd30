/* SPDX-License-Identifier: MIT
 *
 * The items of the lists in operators' frames: bounds, parts and facts. As in protocol/list.c, each
 * has a read, which the check of a list and the walk over a checked list share.
 *
 * Digests are computed over the bytes of facts as this file writes them. So each fact has exactly
 * one form: every field has one place and one width, and nothing travels that is not stored.
 */
#include "protocol/private.h"

_Static_assert(BOUND_SIZE <= UINT8_MAX, "a bound's size is one byte");
_Static_assert((int)FACT_SIZE_MAX <= (int)PAGE_SIZE_MAX, "every fact fits a page");

enum {
	/* Of facts, with the byte of their kind. */
	STREAM_BYTES = ID_SIZE + ID_SIZE + ULID_SIZE,
	ACCOUNT_BYTES = 1 + ID_SIZE + 1 + 1 + 4 * KEY_SIZE + 1 + 4, /* without strings */
	LATER_BYTES = 1 + KEY_SIZE,                                 /* of an epoch over 0 */
	TOMBSTONE_BYTES = 1 + ID_SIZE + 1 + 2 * KEY_SIZE,
	REMOVED_BYTES = TOMBSTONE_BYTES + 1,
	MESSAGE_BYTES = 1 + STREAM_BYTES + 8 + 8 + 4,
	BURIAL_BYTES = 1 + STREAM_BYTES + RANGE_SIZE,
};
_Static_assert(FACT_SIZE_MAX == MESSAGE_BYTES + TEXT_SIZE_MAX + AUDIENCE_SIZE_MAX,
               "the largest fact is a message");

/* ---- bounds ---- */

const char *protocol_read_bound(struct reader *r, struct bound *bound)
{
	size_t size = reader_u8(r);
	const uint8_t *from = size <= BOUND_SIZE ? reader_bytes(r, size) : NULL;

	if (from == NULL)
		return r->failed ? WHY_SHORT : WHY_BOUND;
	if (size > 0 && from[size - 1] == 0xff)
		return WHY_BOUND;
	memset(bound->bytes, 0xff, BOUND_SIZE);
	protocol_write_bytes(bound->bytes, from, size);
	return NULL;
}

size_t protocol_bound_size(const struct bound *bound)
{
	return 1 + bound_size(bound);
}

uint8_t *protocol_write_bound(uint8_t *to, const struct bound *bound)
{
	size_t size = bound_size(bound);

	*to = (uint8_t)size;
	return protocol_write_bytes(to + 1, bound->bytes, size);
}

/* How many bytes two bounds share at their front. */
static size_t shared_size(const struct bound *a, const struct bound *b)
{
	size_t shared = 0;

	while (shared < BOUND_SIZE && a->bytes[shared] == b->bytes[shared])
		shared++;
	return shared;
}

/* Gives the one form of `bound` in a list: it begins with *shared bytes of the bound before it, and
 * *size bytes follow, which travel. All bytes after them are 0xff and do not travel. */
static void next_bound_form(const struct bound *before, const struct bound *bound, size_t *shared,
                            size_t *size)
{
	size_t whole = bound_size(bound);

	*shared = shared_size(before, bound);
	if (*shared > whole)
		*shared = whole;
	*size = whole - *shared;
}

/* Reads the next bound of a list into `bound`, which holds the one before it. Only the form that
 * next_bound_form gives is valid, so that equal lists have equal bytes. Bounds ascend. The bound
 * before the first is all 0, and only the first may equal it. */
static const char *read_next_bound(struct reader *r, struct bound *bound, bool is_first)
{
	size_t shared = reader_u8(r);
	size_t size = reader_u8(r);
	size_t shared_form;
	size_t size_form;
	struct bound next;

	if (!r->failed && shared + size > BOUND_SIZE)
		return WHY_BOUND;
	const uint8_t *from = reader_bytes(r, size);

	if (from == NULL)
		return WHY_SHORT;
	memset(next.bytes, 0xff, BOUND_SIZE);
	memcpy(next.bytes, bound->bytes, shared);
	protocol_write_bytes(next.bytes + shared, from, size);
	next_bound_form(bound, &next, &shared_form, &size_form);
	if (shared != shared_form || size != size_form)
		return WHY_BOUND;
	if (!is_first && bound_compare(bound, &next) >= 0)
		return "bounds that do not ascend";
	*bound = next;
	return NULL;
}

/* Writes what read_next_bound reads. Needs room for 2 + BOUND_SIZE bytes. */
static uint8_t *write_next_bound(uint8_t *to, const struct bound *before, const struct bound *bound)
{
	size_t shared;
	size_t size;

	next_bound_form(before, bound, &shared, &size);
	*to++ = (uint8_t)shared;
	*to++ = (uint8_t)size;
	return protocol_write_bytes(to, bound->bytes + shared, size);
}

bool protocol_put_bound(struct buf *b, const struct bound *before, const struct bound *bound)
{
	uint8_t *to = buf_reserve(b, 2 + BOUND_SIZE);

	if (to == NULL)
		return false;
	buf_added(b, (size_t)(write_next_bound(to, before, bound) - to));
	return true;
}

/* is_first is true for each bound: the check has seen that bounds ascend, so a walk need not. */
bool protocol_next_bound(struct reader *r, struct bound *bound)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = read_next_bound(r, bound, true);

	assert(why == NULL);
	return true;
}

const char *protocol_check_bounds(struct view list)
{
	struct reader r = reader_of(list);
	struct bound bound = bound_begin();
	size_t count = 0;

	for (; reader_left(&r) > 0; count++) {
		const char *why = read_next_bound(&r, &bound, count == 0);

		if (why != NULL)
			return why;
	}
	return count >= 1 && count <= PARTS_MAX ? NULL : WHY_COUNT;
}

/* ---- parts: every value is possible, so only counts are checked ---- */

static const char *read_part(struct reader *r, struct digest_part *part)
{
	part->count = reader_u32(r);
	part->size = reader_u32(r);
	reader_copy(r, part->digest, DIGEST_SIZE);
	return r->failed ? WHY_SHORT : NULL;
}

bool protocol_put_part(struct buf *b, const struct digest_part *part)
{
	uint8_t *to = buf_reserve(b, PART_SIZE);

	if (to == NULL)
		return false;
	to = buf_store_u32(buf_store_u32(to, part->count), part->size);
	protocol_write_bytes(to, part->digest, DIGEST_SIZE);
	buf_added(b, PART_SIZE);
	return true;
}

bool protocol_next_part(struct reader *r, struct digest_part *part)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = read_part(r, part);

	assert(why == NULL);
	return true;
}

const char *protocol_check_parts(struct view list)
{
	size_t count = list.size / PART_SIZE;

	if (list.size % PART_SIZE != 0)
		return WHY_SHORT;
	return count >= 1 && count <= PARTS_MAX ? NULL : WHY_COUNT;
}

/* A split is a bound and a part. If there is no room for both, neither is put. */
bool protocol_put_split(struct buf *b, const struct bound *before, const struct split_part *split)
{
	size_t size = b->size;

	if (!protocol_put_bound(b, before, &split->upto))
		return false;
	if (protocol_put_part(b, &split->part))
		return true;
	b->size = size;
	return false;
}

bool protocol_next_split(struct reader *r, struct split_part *split)
{
	return protocol_next_bound(r, &split->upto) && protocol_next_part(r, &split->part);
}

const char *protocol_check_splits(struct view list)
{
	struct reader r = reader_of(list);
	struct bound bound = bound_begin();
	struct digest_part part;
	size_t count = 0;

	for (; reader_left(&r) > 0; count++) {
		const char *why = read_next_bound(&r, &bound, count == 0);

		if (why == NULL)
			why = read_part(&r, &part);
		if (why != NULL)
			return why;
	}
	return count >= 1 && count <= PARTS_MAX ? NULL : WHY_COUNT;
}

/* ---- facts: a byte for the kind, then the fields of the kind ----
 * Unlike in INTRODUCE, `confirmed` travels: repair copies what a replica holds. */

static void read_stream(struct reader *r, struct stream *stream)
{
	reader_copy(r, stream->recipient.bytes, ID_SIZE);
	reader_copy(r, stream->sender.bytes, ID_SIZE);
	reader_copy(r, stream->session.bytes, ULID_SIZE);
}

static uint8_t *write_stream(uint8_t *to, const struct stream *stream)
{
	to = protocol_write_bytes(to, stream->recipient.bytes, ID_SIZE);
	to = protocol_write_bytes(to, stream->sender.bytes, ID_SIZE);
	return protocol_write_bytes(to, stream->session.bytes, ULID_SIZE);
}

static const char *read_account(struct reader *r, struct fact *fact)
{
	struct account *account = &fact->account;

	reader_copy(r, account->id.bytes, ID_SIZE);
	account->name = reader_view8(r);
	account->verifier.setting = reader_view8(r);
	reader_copy(r, account->verifier.seal, KEY_SIZE);
	reader_copy(r, account->verifier.stored_key, KEY_SIZE);
	reader_copy(r, account->verifier.server_key, KEY_SIZE);
	reader_copy(r, account->verifier.lock, KEY_SIZE);
	uint8_t mark = reader_u8(r);

	account->confirmed = mark == ACCOUNT_CONFIRMED;
	account->lapsed = mark == ACCOUNT_LAPSED;
	account->epoch = reader_u32(r);
	account->by = ACCOUNT_BY_OWNER;
	if (account->epoch > 0) {
		account->by = reader_u8(r);
		reader_copy(r, account->middle, KEY_SIZE);
	}
	if (r->failed)
		return WHY_SHORT;
	if (account->by >= ACCOUNT_BY_END)
		return WHY_BY;
	if (!name_is_valid(account->name))
		return WHY_NAME;
	if (!auth_setting_is_valid(account->verifier.setting))
		return WHY_SETTING;
	return mark < ACCOUNT_MARK_END ? NULL : WHY_MARK;
}

static uint8_t *write_account(uint8_t *to, const struct fact *fact)
{
	const struct account *account = &fact->account;

	to = protocol_write_bytes(to, account->id.bytes, ID_SIZE);
	to = protocol_write_view8(to, account->name);
	to = protocol_write_view8(to, account->verifier.setting);
	to = protocol_write_bytes(to, account->verifier.seal, KEY_SIZE);
	to = protocol_write_bytes(to, account->verifier.stored_key, KEY_SIZE);
	to = protocol_write_bytes(to, account->verifier.server_key, KEY_SIZE);
	to = protocol_write_bytes(to, account->verifier.lock, KEY_SIZE);
	*to++ = (uint8_t)account_mark(account);
	to = buf_store_u32(to, account->epoch);
	if (account->epoch == 0)
		return to;
	*to++ = (uint8_t)account->by;
	return protocol_write_bytes(to, account->middle, KEY_SIZE);
}

static const char *read_tombstone(struct reader *r, struct fact *fact)
{
	struct tombstone *tombstone = &fact->tombstone;

	reader_copy(r, tombstone->id.bytes, ID_SIZE);
	tombstone->name = reader_view8(r);
	reader_copy(r, tombstone->middle, KEY_SIZE);
	reader_copy(r, tombstone->delete_key, KEY_SIZE); /* or the lock */
	if (r->failed)
		return WHY_SHORT;
	tombstone->by = GONE_BY_KEY;
	return name_is_valid(tombstone->name) ? NULL : WHY_NAME;
}

/* One with a stamp. It stands with the others of its kind once it is read. */
static const char *read_removed(struct reader *r, struct fact *fact)
{
	const char *why = read_tombstone(r, fact);
	uint8_t by = reader_u8(r);

	fact->kind = FACT_TOMBSTONE;
	if (r->failed)
		return WHY_SHORT;
	fact->tombstone.by = by;
	if (by == GONE_BY_KEY || by >= GONE_BY_END)
		return WHY_GONE_BY;
	return why;
}

static uint8_t *write_tombstone(uint8_t *to, const struct fact *fact)
{
	to = protocol_write_bytes(to, fact->tombstone.id.bytes, ID_SIZE);
	to = protocol_write_view8(to, fact->tombstone.name);
	to = protocol_write_bytes(to, fact->tombstone.middle, KEY_SIZE);
	to = protocol_write_bytes(to, fact->tombstone.delete_key, KEY_SIZE); /* or the lock */
	if (fact->tombstone.by != GONE_BY_KEY)
		*to++ = (uint8_t)fact->tombstone.by;
	return to;
}

static const char *read_message(struct reader *r, struct fact *fact)
{
	struct message *message = &fact->message;

	read_stream(r, &message->stream);
	message->number = reader_u64(r);
	message->sent_ms = reader_u64(r);
	if (r->failed)
		return WHY_SHORT;
	const char *why = protocol_read_said(r, &message->text, &message->audience);

	if (why != NULL)
		return why;
	if (!protocol_is_number(message->number))
		return WHY_NUMBER;
	if (!protocol_is_time(message->sent_ms))
		return WHY_TIME;
	return message_text_is_valid(message->text) ? NULL : WHY_UTF8;
}

static uint8_t *write_message(uint8_t *to, const struct fact *fact)
{
	to = write_stream(to, &fact->message.stream);
	to = buf_store_u64(to, fact->message.number);
	to = buf_store_u64(to, fact->message.sent_ms);
	return protocol_write_said(to, fact->message.text, fact->message.audience);
}

static const char *read_burial(struct reader *r, struct fact *fact)
{
	struct range *range = &fact->burial.range;

	read_stream(r, &fact->burial.stream);
	range->first = reader_u64(r);
	range->last = reader_u64(r);
	if (r->failed)
		return WHY_SHORT;
	return protocol_is_range(range) ? NULL : WHY_RANGE;
}

static uint8_t *write_burial(uint8_t *to, const struct fact *fact)
{
	to = write_stream(to, &fact->burial.stream);
	return buf_store_u64(buf_store_u64(to, fact->burial.range.first), fact->burial.range.last);
}

/* How each kind of fact reads and writes its fields, without the byte for the kind. */
static const struct {
	const char *(*read)(struct reader *r, struct fact *fact);
	uint8_t *(*write)(uint8_t *to, const struct fact *fact);
} kinds[] = {
	[FACT_ACCOUNT] = { read_account, write_account },
	[FACT_TOMBSTONE] = { read_tombstone, write_tombstone },
	[FACT_MESSAGE] = { read_message, write_message },
	[FACT_BURIAL] = { read_burial, write_burial },
	[FACT_REMOVED] = { read_removed, write_tombstone },
};

/* Reads a fact of any kind. `fact` has only the member of its kind set. */
static const char *read_fact(struct reader *r, struct fact *fact)
{
	uint8_t kind = reader_u8(r);

	if (r->failed)
		return WHY_SHORT;
	if (kind < FACT_ACCOUNT || kind > FACT_REMOVED)
		return "a fact of a kind that is not known";
	fact->kind = kind;
	return kinds[kind].read(r, fact);
}

size_t protocol_fact_size(const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_ACCOUNT:
		return ACCOUNT_BYTES + fact->account.name.size +
		       fact->account.verifier.setting.size +
		       (fact->account.epoch > 0 ? LATER_BYTES : 0);
	case FACT_TOMBSTONE:
		return (fact->tombstone.by == GONE_BY_KEY ? TOMBSTONE_BYTES : REMOVED_BYTES) +
		       fact->tombstone.name.size;
	case FACT_MESSAGE:
		return MESSAGE_BYTES + fact->message.text.size + fact->message.audience.size;
	case FACT_BURIAL:
		return BURIAL_BYTES;
	}
	assert(false); /* a fact is of one of these kinds */
	return 0;
}

bool protocol_put_fact(struct buf *b, const struct fact *fact)
{
	size_t size = protocol_fact_size(fact);
	uint8_t *begin = buf_reserve(b, size);

	assert(size <= FACT_SIZE_MAX);
	if (begin == NULL)
		return false;
	*begin = (uint8_t)fact->kind;
	if (fact->kind == FACT_TOMBSTONE && fact->tombstone.by != GONE_BY_KEY)
		*begin = FACT_REMOVED;
	uint8_t *end = kinds[fact->kind].write(begin + 1, fact);

	assert(end == begin + size);
	buf_added(b, size);
	return true;
}

bool protocol_next_fact(struct reader *r, struct fact *fact)
{
	if (reader_left(r) == 0)
		return false;
	const char *why = read_fact(r, fact);

	assert(why == NULL);
	return true;
}

const char *protocol_check_facts(struct view list)
{
	struct reader r = reader_of(list);
	struct fact fact;

	while (reader_left(&r) > 0) {
		const char *why = read_fact(&r, &fact);

		if (why != NULL)
			return why;
	}
	return NULL;
}
