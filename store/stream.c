/* SPDX-License-Identifier: MIT
 *
 * store/stream: streams, their mailboxes, and the ranges of numbers that are dead.
 *
 * Nearly every stream ends as one dead range 1..n, which stands in the stream itself. Only a stream
 * with holes, or with numbers from 2^32 on, has a tree of ranges. When its holes close, the tree
 * goes.
 *
 * A range that is added becomes one with all that it overlaps or touches:
 *
 *   dead     1-3   5-6   9
 *   add            6-8           overlaps 5-6, touches 9
 *   dead     1-3   5-9           4 stays a hole: it may still come
 *
 * Ranges of a stream do not overlap or touch. So whether they are sorted by first or by last number
 * is the same. The tree has them by last number, since nearly all questions are about the first
 * range that ends at or after a number.
 */
#include "store/private.h"

/* ---- streams by hash ----
 * The key is made of handles. A mailbox, an ident and a session are held once each, so equal
 * handles are equal ids. Handles depend on history, and so does the place in the table; no result
 * depends on either. */

struct stream_key {
	uint32_t mailbox;
	uint32_t sender;
	uint32_t session;
};

uint64_t stream_key_hash(const struct store *s, uint32_t mailbox, uint32_t sender, uint32_t session)
{
	const struct stream_key key = { mailbox, sender, session };

	return siphash(&s->key, &key, sizeof key);
}

static bool stream_match(const void *context, const void *key, uint32_t handle)
{
	const struct stream_key *wanted = key;
	const struct stream_slot *slot = stream_at(context, handle);

	return slot->mailbox == wanted->mailbox && slot->sender == wanted->sender &&
	       slot->session == wanted->session;
}

static uint64_t stream_hash(const void *context, uint32_t handle)
{
	const struct stream_slot *slot = stream_at(context, handle);

	return stream_key_hash(context, slot->mailbox, slot->sender, slot->session);
}

/* ---- orders ---- */

/* Inside one mailbox, so the recipients are the same. */
static int compare_stream(const void *context, const void *key, uint32_t element)
{
	const struct store *s = context;
	const struct stream *stream = key;
	const struct stream_slot *slot = stream_at(s, element);
	int order = id_compare(&stream->sender, &ident_at(s, slot->sender)->id);

	return order ? order
	             : ulid_compare(&stream->session, &ident_session_at(s, slot->session)->ulid);
}

const struct tree_order stream_order = { compare_stream, NULL };

static int compare_mailbox(const void *context, const void *key, uint32_t element)
{
	return id_compare(key, &ident_at(context, mailbox_at(context, element)->ident)->id);
}

const struct tree_order mailbox_order = { compare_mailbox, NULL };

static int compare_range(const void *context, const void *key, uint32_t element)
{
	const struct store *s = context;
	const struct range *range = arena_at(s->arena, element);
	uint64_t number = *(const uint64_t *)key;

	return (number > range->last) - (number < range->last);
}

const struct tree_order stream_range_order = { compare_range, NULL };

/* ---- finding and making ---- */

/* Messages come in batches of one sender, so his handles are often those of the last message. */
void stream_find(const struct store *s, const struct stream *stream, struct store_found *found)
{
	uint32_t sender = s->last.sender;
	uint32_t session = s->last.session;

	if (!sender || !id_equal(&ident_at(s, sender)->id, &stream->sender) ||
	    !ulid_equal(&ident_session_at(s, session)->ulid, &stream->session)) {
		ident_prefetch(s, stream);
		sender = ident_find(s, &stream->sender);
		session = ident_session_find(s, &stream->session);
	}
	*found = (struct store_found){ .recipient = ident_find(s, &stream->recipient),
		                       .sender = sender,
		                       .session = session };
	if (!found->recipient || !found->sender || !found->session)
		return;
	struct stream_key key = { ident_at(s, found->recipient)->mailbox, found->sender,
		                  found->session };

	/* A new message is counted in the mailbox, so that is read next. */
	arena_prefetch(s->arena, key.mailbox);
	if (key.mailbox)
		found->stream = table_find(&s->streams,
		                           stream_key_hash(s, key.mailbox, key.sender, key.session),
		                           stream_match, s, &key);
}

/* The mailbox of a recipient, made if there is none. It stays until the recipient is gone. */
static uint32_t mailbox_get(struct store *s, uint32_t recipient)
{
	struct ident *ident = ident_at(s, recipient);
	struct tree_use use = store_use(s, &mailbox_order);

	assert(ident->state != STORE_DEAD);
	if (ident->mailbox)
		return ident->mailbox;
	ident->mailbox = arena_alloc(s->arena, sizeof(struct mailbox));
	*mailbox_at(s, ident->mailbox) = (struct mailbox){ .ident = recipient };
	tree_add(&use, &s->mailboxes, &ident->id, ident->mailbox);
	return ident->mailbox;
}

void stream_make(struct store *s, const struct stream *stream, struct store_found *found)
{
	struct tree_use use = store_use(s, &stream_order);

	if (found->stream)
		return;
	if (!found->recipient)
		found->recipient = ident_get(s, &stream->recipient);
	if (!found->sender)
		found->sender = ident_get(s, &stream->sender);
	if (!found->session)
		found->session = ident_session_get(s, &stream->session);
	uint32_t handle = mailbox_get(s, found->recipient);
	struct mailbox *mailbox = mailbox_at(s, handle);

	found->stream = arena_alloc(s->arena, sizeof(struct stream_slot));
	*stream_at(s, found->stream) = (struct stream_slot){ .mailbox = handle,
		                                             .sender = found->sender,
		                                             .session = found->session };
	table_add(&s->streams, stream_key_hash(s, handle, found->sender, found->session),
	          found->stream, stream_hash, s);
	tree_add(&use, &mailbox->streams, stream, found->stream);
	ident_at(s, found->sender)->streams++;
	ident_session_at(s, found->session)->streams++;
	mailbox->stream_count++;
	s->totals.streams++;
}

uint32_t stream_count_from(const struct store *s, const struct mailbox *mailbox, uint32_t sender)
{
	struct tree_use use = store_use(s, &stream_order);
	struct stream from = { .sender = ident_at(s, sender)->id };
	struct stream to = from;

	memset(to.session.bytes, 0xff, ULID_SIZE); /* one session of 2^128 does not count */
	return (uint32_t)tree_between(&use, mailbox->streams, &from, &to).count;
}

void stream_fill(const struct store *s, const struct stream_slot *slot, struct stream *stream)
{
	stream->recipient = ident_at(s, mailbox_at(s, slot->mailbox)->ident)->id;
	stream->sender = ident_at(s, slot->sender)->id;
	stream->session = ident_session_at(s, slot->session)->ulid;
}

void stream_free(struct store *s, uint32_t handle)
{
	const struct stream_slot *slot = stream_at(s, handle);
	uint32_t sender = slot->sender;
	uint32_t session = slot->session;

	/* The mailbox's tree of streams and all counts are the caller's. */
	assert(mailbox_at(s, slot->mailbox)->detached);
	assert(slot->live == 0);
	assert(stream_range_count(s, slot) == 0);
	s->last = (struct store_found){ 0 };
	table_remove(&s->streams, stream_hash(s, handle), handle, stream_hash, s);
	arena_free(s->arena, handle);
	ident_at(s, sender)->streams--;
	ident_session_at(s, session)->streams--;
	ident_release(s, sender);
	ident_session_release(s, session);
}

bool store_holds(const struct store *s, const struct stream *stream)
{
	struct store_found found;

	assert(s->magic == STORE_MAGIC);
	stream_find(s, stream, &found);
	return found.stream != 0;
}

uint32_t *store_mark(struct store *s, const struct stream *stream)
{
	struct store_found found = s->last;

	assert(s->magic == STORE_MAGIC);
	if (!found.stream || !id_equal(&ident_at(s, found.recipient)->id, &stream->recipient) ||
	    !id_equal(&ident_at(s, found.sender)->id, &stream->sender) ||
	    !ulid_equal(&ident_session_at(s, found.session)->ulid, &stream->session))
		stream_find(s, stream, &found);
	if (!found.stream || !stream_at(s, found.stream)->live)
		return NULL;
	return &stream_live_at(s, stream_at(s, found.stream)->live)->mark;
}

/* ---- dead ranges ---- */

/* Whether `range_last` is the root of a tree. The first number of a range is never 0, so a 0 there
 * means a tree or nothing. */
static bool ranges_are_tree(const struct stream_slot *slot)
{
	return slot->range_first == 0 && slot->range_last != 0;
}

uint64_t stream_range_count(const struct store *s, const struct stream_slot *slot)
{
	if (slot->range_first)
		return 1;
	return tree_count(s->arena, slot->range_last);
}

bool stream_range_from(const struct store *s, const struct stream_slot *slot, uint64_t number,
                       struct range *range)
{
	struct tree_use use = store_use(s, &stream_range_order);

	if (slot->range_first) {
		*range = (struct range){ slot->range_first, slot->range_last };
		return range->last >= number;
	}
	uint32_t handle = tree_from(&use, slot->range_last, &number);

	if (handle)
		*range = *(const struct range *)arena_at(s->arena, handle);
	return handle != 0;
}

bool stream_range_covers(const struct store *s, const struct stream_slot *slot, uint64_t number)
{
	struct range range;

	return stream_range_from(s, slot, number, &range) && range.first <= number;
}

/* Adds a range to the tree, which is made with the first one. */
static void tree_add_range(struct store *s, struct stream_slot *slot, struct range range)
{
	struct tree_use use = store_use(s, &stream_range_order);
	uint32_t handle = arena_alloc(s->arena, sizeof(struct range));

	assert(slot->range_first == 0);
	*(struct range *)arena_at(s->arena, handle) = range;
	tree_add(&use, &slot->range_last, &range.last, handle);
}

/* Adds a range that no other overlaps or touches. It counts nothing. */
static void range_insert(struct store *s, struct stream_slot *slot, struct range range)
{
	if (slot->range_last == 0 && range.last <= UINT32_MAX) {
		slot->range_first = (uint32_t)range.first;
		slot->range_last = (uint32_t)range.last;
		return;
	}
	if (slot->range_first) {
		struct range old = { slot->range_first, slot->range_last };

		slot->range_first = slot->range_last = 0;
		tree_add_range(s, slot, old);
	}
	tree_add_range(s, slot, range);
}

/* The opposite: the range is there. */
static void range_remove(struct store *s, struct stream_slot *slot, struct range range)
{
	struct tree_use use = store_use(s, &stream_range_order);

	if (slot->range_first) {
		assert(slot->range_last == range.last);
		slot->range_first = slot->range_last = 0;
		return;
	}
	arena_free(s->arena, tree_remove(&use, &slot->range_last, &range.last));
}

/* If the tree has one range left that fits into the stream itself, the tree goes. */
static void ranges_settle(struct store *s, struct stream_slot *slot)
{
	struct range range;

	if (!ranges_are_tree(slot) || tree_count(s->arena, slot->range_last) != 1)
		return;
	if (stream_range_from(s, slot, 1, &range) && range.last <= UINT32_MAX) {
		range_remove(s, slot, range);
		range_insert(s, slot, range);
	}
}

void stream_range_add(struct store *s, struct stream_slot *slot, struct range range)
{
	struct mailbox *mailbox = mailbox_at(s, slot->mailbox);
	struct stream stream;
	struct range old;
	uint64_t sum = 0;
	uint64_t merged = 0;

	assert(range.first >= 1);
	assert(range.last >= range.first);
	stream_fill(s, slot, &stream);
	/* All ranges that overlap or touch it become one with it. The first of them is the first
	 * that ends at or after first - 1. */
	while (stream_range_from(s, slot, range.first - 1, &old) && old.first <= range.last + 1) {
		range_remove(s, slot, old);
		sum -= hash_range(&stream, &old);
		merged++;
		range.first = old.first < range.first ? old.first : range.first;
		range.last = old.last > range.last ? old.last : range.last;
	}
	range_insert(s, slot, range);
	ranges_settle(s, slot);
	sum += hash_range(&stream, &range);
	mailbox->sum += sum;
	mailbox->range_count += 1 - merged;
	s->totals.sum += sum;
	s->totals.ranges += 1 - merged;
}

bool stream_range_free_one(struct store *s, struct stream_slot *slot)
{
	struct range range;

	if (!stream_range_from(s, slot, 0, &range))
		return false;
	range_remove(s, slot, range);
	return true;
}

bool store_range_next(const struct store *s, const struct stream *stream, uint64_t after,
                      struct range *range)
{
	struct store_found found;

	assert(s->magic == STORE_MAGIC);
	stream_find(s, stream, &found);
	return found.stream && after < UINT64_MAX &&
	       stream_range_from(s, stream_at(s, found.stream), after + 1, range);
}

/* ---- checking ---- */

/* The ranges of a stream are in order and do not touch. Adds them to the mailbox's true counts. */
static void ranges_check(const struct store *s, const struct stream_slot *slot,
                         const struct stream *stream, struct mailbox *truth)
{
	struct tree_use use = store_use(s, &stream_range_order);
	struct range range;
	uint64_t after = 0;
	uint64_t count = 0;

	if (ranges_are_tree(slot))
		tree_check(&use, slot->range_last);
	for (; stream_range_from(s, slot, after, &range); after = range.last + 1, count++) {
		assert(range.first <= range.last);
		assert(count == 0 || range.first > after);
		truth->sum += hash_range(stream, &range);
	}
	assert(count == stream_range_count(s, slot));
	truth->range_count += count;
}

/* The streams of a mailbox are in order, can be found, and are not empty. */
static void mailbox_check(const struct store *s, uint32_t handle, struct store_totals *totals)
{
	struct tree_use use = store_use(s, &stream_order);
	const struct mailbox *mailbox = mailbox_at(s, handle);
	struct mailbox truth = { .sum = 0 };
	struct stream stream = { .session = { { 0 } } };
	struct stream next;

	assert(!mailbox->detached);
	assert(ident_at(s, mailbox->ident)->mailbox == handle);
	tree_check(&use, mailbox->streams);
	for (uint32_t h; (h = tree_next(&use, mailbox->streams, &stream, NULL)) != 0;) {
		const struct stream_slot *slot = stream_at(s, h);
		struct store_found found;

		assert(slot->mailbox == handle);
		stream_fill(s, slot, &next);
		assert(truth.stream_count == 0 || stream_compare(&stream, &next) < 0);
		stream = next;
		stream_find(s, &stream, &found);
		assert(found.stream == h);
		assert(slot->live || stream_range_count(s, slot) > 0);
		ranges_check(s, slot, &stream, &truth);
		truth.stream_count++;
	}
	assert(truth.stream_count == mailbox->stream_count);
	assert(truth.range_count == mailbox->range_count);
	totals->streams += mailbox->stream_count;
	totals->ranges += mailbox->range_count;
	totals->messages += mailbox->message_count;
}

/* The table may hold more streams than the mailboxes do: those of detached mailboxes. */
void stream_check(const struct store *s)
{
	struct tree_use use = store_use(s, &mailbox_order);
	struct store_totals totals = { 0 };
	struct id id = { { 0 } };

	table_check(&s->streams, stream_hash, s);
	tree_check(&use, s->mailboxes);
	for (uint32_t h; (h = tree_next(&use, s->mailboxes, &id, NULL)) != 0;) {
		const struct id *next = &ident_at(s, mailbox_at(s, h)->ident)->id;

		assert(id_compare(&id, next) < 0);
		id = *next;
		mailbox_check(s, h, &totals);
	}
	assert(totals.streams == s->totals.streams);
	assert(totals.ranges == s->totals.ranges);
	assert(totals.messages == s->totals.messages);
	assert(s->streams.count >= totals.streams);
}
