/* SPDX-License-Identifier: MIT
 *
 * store/walk: the orders in which everything held comes out.
 *
 * The store keeps nothing of a walk: the caller has the key of the last element. So a walk may stop
 * for as long as it likes while the store changes. Each step finds the key's place again: a stream
 * by its hash, a place in a tree by the hint of where the last step ended. Only after a change the
 * place is searched.
 *
 *   store_next           accounts and tombstones by id; then all streams by (recipient, sender,
 *                        session), in each ranges and messages by number
 *   store_pending_next   mailboxes by recipient; in each all ranges, then all messages by place
 *   store_mailbox_next   the messages of one mailbox by place
 *
 * A walk passes over ghosts. In a stream that takes one step for each dead range. In a mailbox,
 * which has another order, it takes one step for each ghost: so these walks have a budget.
 */
#include "store/private.h"

enum {
	AHEAD = 4,       /* messages of a mailbox on their way from memory while one is read */
	CACHE_LINE = 64, /* a message of usual length has two */
};

/* ---- keys ---- */

/* The parts of a key that do not count are zero: so comparing all of them is right for accounts,
 * too. */
int store_key_compare(const struct store_key *a, const struct store_key *b)
{
	if (a->streams != b->streams)
		return a->streams < b->streams ? -1 : 1;
	int order = id_compare(&a->account, &b->account);

	if (order == 0)
		order = id_compare(&a->sender, &b->sender);
	if (order == 0)
		order = ulid_compare(&a->session, &b->session);
	return order ? order : (a->number > b->number) - (a->number < b->number);
}

static struct store_key key_of_stream(const struct stream *stream, uint64_t number)
{
	return (struct store_key){ .streams = 1,
		                   .account = stream->recipient,
		                   .sender = stream->sender,
		                   .session = stream->session,
		                   .number = number };
}

struct store_key store_key_of(const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_ACCOUNT:
		return (struct store_key){ .account = fact->account.id };
	case FACT_TOMBSTONE:
		return (struct store_key){ .account = fact->tombstone.id };
	case FACT_MESSAGE:
		return key_of_stream(&fact->message.stream, fact->message.number);
	case FACT_BURIAL:
		return key_of_stream(&fact->burial.stream, fact->burial.range.first);
	}
	assert(false); /* a fact is of one of these kinds */
	return (struct store_key){ 0 };
}

/* ---- steps inside a stream ---- */

/* The next range whose first number is after `after`. The first that ends after it may begin
 * before it. */
static bool range_after(const struct store *s, const struct stream_slot *slot, uint64_t after,
                        struct range *range)
{
	assert(after <= NUMBER_MAX);
	if (!stream_range_from(s, slot, after + 1, range))
		return false;
	return range->first > after || stream_range_from(s, slot, range->last + 1, range);
}

/* The next live message after a number; 0: none. What stands in a dead range is a ghost, so the
 * search goes on behind that range. */
static uint32_t message_after(const struct store *s, const struct stream_slot *slot, uint64_t after)
{
	struct tree_use use = store_use(s, &message_number_order);
	struct range dead;

	while (slot->live) {
		uint32_t handle = tree_next(&use, stream_live_at(s, slot->live)->messages, &after,
		                            store_hint(s, WALK_NUMBERS));

		if (!handle)
			return 0;
		uint64_t number = message_at(s, handle)->number;

		assert(number > after);
		if (!stream_range_from(s, slot, number, &dead) || dead.first > number)
			return handle;
		after = dead.last;
	}
	return 0;
}

static void range_fact(const struct store *s, const struct stream_slot *slot,
                       const struct range *range, struct fact *fact)
{
	fact->kind = FACT_BURIAL;
	fact->burial.range = *range;
	stream_fill(s, slot, &fact->burial.stream);
}

/* The next element of a stream after a number: its next range or its next message. */
static bool element_after(const struct store *s, uint32_t stream, uint64_t after, struct fact *fact)
{
	const struct stream_slot *slot = stream_at(s, stream);
	struct range range;
	bool is_range = range_after(s, slot, after, &range);
	uint32_t message = message_after(s, slot, after);

	if (!is_range && !message)
		return false;
	if (is_range && (!message || range.first < message_at(s, message)->number)) {
		range_fact(s, slot, &range, fact);
	} else {
		fact->kind = FACT_MESSAGE;
		message_fill(s, message, &fact->message);
	}
	return true;
}

/* ---- from stream to stream ---- */

/* The mailbox of a recipient; 0: nothing is held for him. */
static uint32_t mailbox_of(const struct store *s, const struct id *recipient)
{
	uint32_t ident = ident_find(s, recipient);

	return ident ? ident_at(s, ident)->mailbox : 0;
}

/* The next mailbox after a recipient; 0: none. */
static uint32_t mailbox_after(const struct store *s, const struct id *recipient)
{
	struct tree_use use = store_use(s, &mailbox_order);

	return tree_next(&use, s->mailboxes, recipient, store_hint(s, WALK_MAILBOXES));
}

/* The next stream of a mailbox after one, held or not; 0: none. */
static uint32_t stream_after(const struct store *s, uint32_t mailbox, const struct stream *stream)
{
	struct tree_use use = store_use(s, &stream_order);

	return tree_next(&use, mailbox_at(s, mailbox)->streams, stream,
	                 store_hint(s, WALK_STREAMS));
}

/* The first stream of a mailbox, which has one. */
static uint32_t first_stream(const struct store *s, uint32_t mailbox)
{
	struct tree_use use = store_use(s, &stream_order);
	const struct stream zero = { .session = { { 0 } } };

	return tree_from(&use, mailbox_at(s, mailbox)->streams, &zero);
}

/* The stream where a walk stands; 0: it is not held. Mostly it is where the last step ended. */
static uint32_t walk_find(const struct store *s, const struct stream *stream)
{
	uint32_t handle = store_hints(s)->stream;
	struct stream last;
	struct store_found found;

	if (handle) {
		stream_fill(s, stream_at(s, handle), &last);
		if (stream_compare(&last, stream) == 0)
			return handle;
	}
	stream_find(s, stream, &found);
	return found.stream;
}

/* The next stream after one, in this mailbox or a later one; 0: none. `held` is the handle of that
 * one, 0 if it is not held. */
static uint32_t stream_next(const struct store *s, uint32_t held, const struct stream *stream)
{
	uint32_t mailbox = held ? stream_at(s, held)->mailbox : mailbox_of(s, &stream->recipient);
	uint32_t handle = mailbox ? stream_after(s, mailbox, stream) : 0;

	if (handle)
		return handle;
	mailbox = mailbox_after(s, &stream->recipient);
	return mailbox ? first_stream(s, mailbox) : 0;
}

/* Accounts first, then streams. A key of an account is before every stream, so behind the last
 * account the walk goes on with a stream that is all zero. */
bool store_next(const struct store *s, struct store_key *after, struct fact *fact)
{
	struct tree_use use = store_use(s, &ident_order);

	assert(s->magic == STORE_MAGIC);
	if (!after->streams) {
		uint32_t ident = tree_next(&use, s->accounts, &after->account,
		                           store_hint(s, WALK_ACCOUNTS));

		if (ident) {
			account_fact(s, ident, fact);
			*after = store_key_of(fact);
			return true;
		}
	}
	struct stream stream = { .session = { { 0 } } };
	uint64_t number = 0;

	if (after->streams) {
		stream = (struct stream){ after->account, after->sender, after->session };
		number = after->number;
	}
	uint32_t handle = walk_find(s, &stream);

	if (!handle || !element_after(s, handle, number, fact)) {
		handle = stream_next(s, handle, &stream);
		if (!handle)
			return false;
		/* A stream that is held has an element. */
		bool found = element_after(s, handle, 0, fact);

		assert(found);
	}
	store_hints(s)->stream = handle;
	assert(fact->kind == FACT_MESSAGE || fact->kind == FACT_BURIAL);
	*after = store_key_of(fact);
	return true;
}

/* ---- mailboxes ---- */

/* Asks the processor for a message that the walk will reach soon. They came at different times, so
 * they lie apart, and most of them are in no cache. */
static void prefetch_ahead(const struct store *s, const struct tree_hint *hint)
{
	uint32_t handle = tree_ahead(hint, AHEAD);

	if (!handle)
		return;
	__builtin_prefetch(message_at(s, handle));
	__builtin_prefetch((const uint8_t *)message_at(s, handle) + CACHE_LINE);
}

/* The next live message of a mailbox after a place. There are no ghosts while no work waits. */
static enum store_step place_next(const struct store *s, uint32_t mailbox, struct place *after,
                                  struct message *message, uint64_t *budget)
{
	struct tree_use use = store_use(s, &message_place_order);
	bool ghosts = s->work_given != s->work_done;

	while (*budget > 0) {
		struct tree_hint *hint = store_hint(s, WALK_PLACES);
		uint32_t handle = tree_next(&use, mailbox_at(s, mailbox)->messages, after, hint);

		if (!handle)
			return STORE_STEP_END;
		prefetch_ahead(s, hint);
		const struct message_slot *slot = message_at(s, handle);

		assert(stream_at(s, slot->stream)->mailbox == mailbox);
		message_fill(s, handle, message);
		*after = place_of(message);
		--*budget;
		if (!ghosts || !stream_range_covers(s, stream_at(s, slot->stream), slot->number))
			return STORE_STEP_FOUND;
	}
	return STORE_STEP_LATER;
}

enum store_step store_mailbox_next(const struct store *s, const struct id *recipient,
                                   struct place *after, struct message *message, uint64_t *budget)
{
	assert(s->magic == STORE_MAGIC);
	uint32_t mailbox = mailbox_of(s, recipient);

	return mailbox ? place_next(s, mailbox, after, message, budget) : STORE_STEP_END;
}

/* ---- pending.json ---- */

/* The next dead range of a mailbox after (stream, number), where `after` stands. */
static bool pending_range(const struct store *s, uint32_t mailbox, struct store_pending *after,
                          struct fact *fact)
{
	struct range range;
	struct stream stream = after->stream;
	uint64_t number = after->number;

	stream.recipient = after->recipient;
	uint32_t handle = walk_find(s, &stream);

	if (!handle) {
		handle = stream_after(s, mailbox, &stream);
		number = 0;
	}
	for (; handle; handle = stream_after(s, mailbox, &stream), number = 0) {
		stream_fill(s, stream_at(s, handle), &stream);
		if (!range_after(s, stream_at(s, handle), number, &range))
			continue;
		range_fact(s, stream_at(s, handle), &range, fact);
		store_hints(s)->stream = handle;
		after->stream = stream;
		after->number = range.first;
		return true;
	}
	return false;
}

enum store_step store_pending_next(const struct store *s, struct store_pending *after,
                                   struct fact *fact, uint64_t *budget)
{
	assert(s->magic == STORE_MAGIC);
	uint32_t mailbox = mailbox_of(s, &after->recipient);

	for (;;) {
		if (mailbox && !after->in_messages && pending_range(s, mailbox, after, fact))
			return STORE_STEP_FOUND;
		after->in_messages = true;
		enum store_step step = STORE_STEP_END;

		if (mailbox)
			step = place_next(s, mailbox, &after->place, &fact->message, budget);
		fact->kind = FACT_MESSAGE;
		if (step != STORE_STEP_END)
			return step;
		mailbox = mailbox_after(s, &after->recipient);
		if (!mailbox)
			return STORE_STEP_END;
		*after = (struct store_pending){
			.recipient = ident_at(s, mailbox_at(s, mailbox)->ident)->id
		};
	}
}
