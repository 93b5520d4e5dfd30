/* SPDX-License-Identifier: MIT
 *
 * store/expect: asks the processor for what the next messages will read, for all of them together.
 *
 * To add a message, the store reads some ten places in memory. Each place says where the next one
 * is, and if there are many mailboxes, none of them is in a cache. So a message alone waits for one
 * place after the other. Here a whole batch takes the same way, all messages one step, then all the
 * next step: when the last message has asked for its place, the place of the first has arrived.
 *
 * Nothing is decided here. A wrong guess (two hashes that look alike) costs time and nothing else.
 */
#include "store/private.h"

/* How far one message of the batch has come; 0: the way ends, because nothing is held there yet. */
struct expect_item {
	uint64_t hash; /* of what is looked for next */
	uint32_t ident;
	uint32_t mailbox;
	uint32_t stream;
	uint32_t places;  /* the node of the mailbox's tree that is read next */
	uint32_t numbers; /* the same of the stream's tree */
};

/* What all messages of the batch have in common. */
struct expect_batch {
	const struct store *store;
	uint32_t sender;
	uint32_t session;
};

/* ---- the steps: each reads what the step before asked for, and asks for the next ---- */

static void seek_ident(const struct expect_batch *b, struct expect_item *e)
{
	const struct store *s = b->store;

	e->ident = table_guess(&s->idents, e->hash);
	arena_prefetch(s->arena, e->ident);
}

static void seek_mailbox(const struct expect_batch *b, struct expect_item *e)
{
	const struct store *s = b->store;

	e->mailbox = e->ident ? ident_at(s, e->ident)->mailbox : 0;
	if (!e->mailbox)
		return;
	__builtin_prefetch(mailbox_at(s, e->mailbox));
	__builtin_prefetch(&mailbox_at(s, e->mailbox)->sent_ms_max);
	e->hash = stream_key_hash(s, e->mailbox, b->sender, b->session);
	table_prefetch(&s->streams, e->hash);
}

static void seek_stream(const struct expect_batch *b, struct expect_item *e)
{
	const struct store *s = b->store;

	if (!e->mailbox)
		return;
	e->stream = table_guess(&s->streams, e->hash);
	arena_prefetch(s->arena, e->stream);
	e->places = mailbox_at(s, e->mailbox)->messages;
	arena_prefetch(s->arena, e->places);
}

/* In a tree the way leads to the last element, since nearly all messages are added at the end. */
static void seek_live(const struct expect_batch *b, struct expect_item *e)
{
	const struct store *s = b->store;

	e->numbers = e->stream ? stream_at(s, e->stream)->live : 0;
	arena_prefetch(s->arena, e->numbers);
	tree_prefetch_end(s->arena, e->places);
}

/* Two levels of the mailbox's tree are followed and one of the stream's, which is enough for a
 * mailbox of some thousand messages. */
static void seek_leaf(const struct expect_batch *b, struct expect_item *e)
{
	const struct store *s = b->store;

	if (e->numbers) {
		const struct stream_live *live = stream_live_at(s, e->numbers);

		e->numbers = live->messages;
		arena_prefetch(s->arena, live->share);
		arena_prefetch(s->arena, e->numbers);
	}
	e->places = tree_end_child(s->arena, e->places);
	arena_prefetch(s->arena, e->places);
}

static void seek_end(const struct expect_batch *b, struct expect_item *e)
{
	tree_prefetch_end(b->store->arena, e->places);
	tree_prefetch_end(b->store->arena, e->numbers);
}

void store_expect(const struct store *s, const struct id *sender, const struct ulid *session,
                  const struct id *recipients, size_t count)
{
	static void (*const steps[])(const struct expect_batch *b, struct expect_item *e) = {
		seek_ident, seek_mailbox, seek_stream, seek_live, seek_leaf, seek_end,
	};
	struct expect_item expected[STORE_EXPECT_MAX];
	struct expect_batch batch = { s, ident_find(s, sender), ident_session_find(s, session) };

	assert(s->magic == STORE_MAGIC);
	assert(count <= STORE_EXPECT_MAX);
	for (size_t i = 0; i < count; i++) {
		expected[i] = (struct expect_item){ .hash = ident_id_hash(s, &recipients[i]) };
		table_prefetch(&s->idents, expected[i].hash);
	}
	for (size_t step = 0; step < sizeof steps / sizeof steps[0]; step++)
		for (size_t i = 0; i < count; i++)
			steps[step](&batch, &expected[i]);
}
