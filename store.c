/* SPDX-License-Identifier: MIT
 *
 * store: the join of a message, and what concerns the store as a whole. store.h has the rules,
 * store/private.h the shape of what is held and the other parts.
 */
#include "store.h"

#include "base/bug.h"
#include "store/private.h"

static void touch(const void *context, uint32_t handle)
{
	const struct store *s = context;

	arena_prefetch(s->arena, handle);
}

struct store *store_new(void)
{
	struct store *s = memory_alloc_zero(1, sizeof *s);

	s->magic = STORE_MAGIC;
	s->slice_max = STORE_SLICE_MAX;
	s->arena = memory_alloc(sizeof *s->arena);
	s->hints = memory_alloc_zero(1, sizeof *s->hints);
	arena_init(s->arena);
	s->memory_max = (uint64_t)ARENA_BLOCKS_MAX * ARENA_BLOCK_SIZE / 8 * 7;
	table_init(&s->idents, touch);
	table_init(&s->sessions, touch);
	table_init(&s->streams, touch);
	table_init(&s->said, touch);
	return s;
}

void store_slice_size(struct store *s, uint32_t max)
{
	assert(max > 0);
	s->slice_max = max;
}

void store_seed(struct store *s, const uint8_t random[SIPHASH_KEY_SIZE])
{
	assert(s->magic == STORE_MAGIC);
	assert(s->idents.count == 0);
	s->key = siphash_key_from(random);
}

void store_limit_memory(struct store *s, uint64_t bytes)
{
	assert(s->magic == STORE_MAGIC);
	s->memory_max = bytes;
}

/* Long texts alone stand outside the arena. */
static void texts_free(struct store *s)
{
	struct view text;
	uint8_t after[KEY_SIZE] = { 0 };

	while (store_text_next(s, after, &text))
		memory_free((void *)(uintptr_t)text.data);
}

void store_free(struct store *s)
{
	if (s == NULL)
		return;
	assert(s->magic == STORE_MAGIC);
	texts_free(s);
	table_release(&s->idents);
	table_release(&s->sessions);
	table_release(&s->streams);
	table_release(&s->said);
	arena_release(s->arena);
	memory_free(s->arena);
	memory_free(s->hints);
	s->magic = 0;
	memory_free(s);
}

bool store_wants_memory(const struct store *s)
{
	assert(s->magic == STORE_MAGIC);
	return arena_wants_block(s->arena);
}

void *store_memory_new(void)
{
	return arena_block_new();
}

void store_give_memory(struct store *s, void *memory)
{
	assert(s->magic == STORE_MAGIC);
	arena_give_block(s->arena, memory);
}

void store_check(const struct store *s)
{
	assert(s->magic == STORE_MAGIC);
	arena_check(s->arena);
	ident_check(s);
	account_check(s);
	stream_check(s);
	message_check(s);
	work_check(s);
	text_check(s);
	said_check(s);
}

/* ---- the join ---- */

/* Whether a message that would be new has room: STORE_NEW, or why it has not. `near`: how many runs
 * of its stream it touches. */
static enum store_result message_limits(const struct store *s, const struct store_found *found,
                                        uint32_t near, const struct store_limits *limits)
{
	uint64_t bytes;
	uint32_t messages;

	share_used(s, found, &messages, &bytes);
	if (messages / 2 >= limits->share_messages || bytes / 2 >= limits->share_bytes)
		return STORE_FULL;
	if (near == 0 && found->stream) {
		const struct stream_slot *slot = stream_at(s, found->stream);
		uint64_t runs = BUG(burial_refused) ? stream_range_count(s, slot)
		                                    : message_runs(s, slot);

		if (runs > limits->gaps)
			return STORE_GAPS;
	}
	return STORE_NEW;
}

/* The key is held: the smaller content stays. The new content may be the text for which the held
 * message waits while a snapshot is read. */
static enum store_result message_meet(struct store *s, uint32_t held, const struct stream *stream,
                                      const struct content *content)
{
	uint32_t handle = message_at(s, held)->stream;
	uint64_t number = message_at(s, held)->number;
	int order = message_compare(s, content, held);

	if (order == 0 && content->text.data != NULL && message_awaits_text(s, held))
		(void)store_load_text(s, content->text); /* `held` waits for it */
	if (order == 0)
		return STORE_KNOWN;
	if (order > 0 || BUG(first_content_stays))
		return STORE_KEPT;
	struct stream_slot *slot = stream_at(s, handle);
	uint32_t runs = stream_live_at(s, slot->live)->runs;

	message_uncount(s, slot, 1, message_weight(message_at(s, held)));
	message_drop(s, held);
	message_add(s, handle, stream, number, content);
	stream_live_at(s, slot->live)->runs = runs; /* the number is the same */
	return STORE_REPLACED;
}

/* The order of the questions matters: is the recipient gone, is the number dead, is the key held?
 * Only what would be new needs room. Nothing is made before all of them are answered, so a message
 * that is refused leaves nothing behind. */
static enum store_result message_apply(struct store *s, const struct stream *stream,
                                       uint64_t number, const struct content *content,
                                       const struct store_limits *limits)
{
	struct store_found found;
	uint32_t near = 0;

	assert(number >= 1);
	assert(number <= NUMBER_MAX);
	assert(content->text.size <= TEXT_SIZE_MAX);
	assert(content->audience.size <= AUDIENCE_SIZE_MAX);
	stream_find(s, stream, &found);
	if (found.recipient && ident_at(s, found.recipient)->state == STORE_DEAD &&
	    !BUG(gone_gets_mail))
		return STORE_GONE;
	if (found.stream) {
		const struct stream_slot *slot = stream_at(s, found.stream);

		message_prefetch(s, slot);
		if (!BUG(dead_again_live) && stream_range_covers(s, slot, number))
			return STORE_KNOWN;
		uint32_t held = message_find(s, slot, number);

		if (held)
			return message_meet(s, held, stream, content);
		near = message_near(s, slot, number);
	}
	if (limits != NULL) {
		enum store_result result = message_limits(s, &found, near, limits);

		if (result != STORE_NEW)
			return result;
	}
	message_make_stream(s, stream, &found);
	s->last = found;
	message_add(s, found.stream, stream, number, content);
	stream_live_at(s, stream_at(s, found.stream)->live)->runs += 1 - near;
	return STORE_NEW;
}

/* An account that becomes known may have mail already, from senders who wrote to an unknown id. */
static enum store_result account_join(struct store *s, const struct account *account)
{
	uint32_t entered;
	enum store_result result = account_apply(s, account, &entered);

	if (entered)
		work_shares(s, entered);
	return result;
}

/* The account is gone at once. Its mailbox is freed in slices. */
static enum store_result tombstone_apply(struct store *s, const struct tombstone *tombstone)
{
	uint32_t detached;
	enum store_result result = account_bury(s, tombstone, &detached);

	if (detached)
		work_mailbox(s, detached);
	return result;
}

enum store_result store_apply(struct store *s, const struct fact *fact,
                              const struct store_limits *limits)
{
	assert(s->magic == STORE_MAGIC);
	s->changes++;
	switch (fact->kind) {
	case FACT_ACCOUNT:
		return account_join(s, &fact->account);
	case FACT_TOMBSTONE:
		return tombstone_apply(s, &fact->tombstone);
	case FACT_MESSAGE:
		return message_apply(s, &fact->message.stream, fact->message.number,
		                     &(struct content){ .sent_ms = fact->message.sent_ms,
		                                        .text = fact->message.text,
		                                        .audience = fact->message.audience },
		                     limits);
	case FACT_BURIAL:
		return work_burial(s, &fact->burial, limits);
	}
	assert(false); /* a fact is of one of these kinds */
	return STORE_KNOWN;
}

enum store_result store_load_message(struct store *s, const struct message *message,
                                     const uint8_t digest[KEY_SIZE], uint32_t text_size)
{
	struct content content = { .sent_ms = message->sent_ms,
		                   .text = { NULL, text_size },
		                   .digest = digest,
		                   .audience = message->audience };

	assert(s->magic == STORE_MAGIC);
	assert(text_size > STORE_TEXT_SHARED);
	assert(message->text.size == 0);
	s->changes++;
	return message_apply(s, &message->stream, message->number, &content, NULL);
}

/* ---- the whole ---- */

static uint64_t memory_of(const struct store *s)
{
	return sizeof *s + sizeof *s->arena + sizeof *s->hints + s->arena->held + s->idents.held +
	       s->sessions.held + s->streams.held + s->said.held + s->text_bytes;
}

bool store_is_full(const struct store *s)
{
	assert(s->magic == STORE_MAGIC);
	return memory_of(s) >= s->memory_max;
}

void store_totals(const struct store *s, struct store_totals *totals)
{
	assert(s->magic == STORE_MAGIC);
	*totals = s->totals;
	totals->facts = totals->accounts + totals->lapsed + totals->tombstones + totals->messages +
	                totals->ranges;
	totals->unconfirmed = tree_count(s->arena, s->names[0]);
	totals->memory = memory_of(s);
}
