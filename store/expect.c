/* SPDX-License-Identifier: MIT
 *
 * store/expect: what the next messages will read is asked for beforehand, all of them together.
 *
 * Where a message goes is found through some ten places in memory, each of which says where the
 * next one is, and none of which is in a cache if there are many mailboxes: a message alone waits
 * for one after the other. So the way is gone for a whole batch at once, a step at a time: by the
 * time that the last one has asked for its place, that of the first one is there. Nothing is
 * decided here, and a wrong guess (two hashes with one tag) costs time alone.
 */
#include "store/private.h"

struct expect_item {
	uint64_t hash; /* of what is looked for next */
	uint32_t ident;
	uint32_t mailbox;
	uint32_t stream;
	uint32_t places;  /* the node of the mailbox's tree that is read next; 0: none */
	uint32_t numbers; /* of the stream's */
};

struct expect_batch {
	const struct store *store;
	uint32_t sender;
	uint32_t session;
};

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

static void seek_live(const struct expect_batch *b, struct expect_item *e)
{
	const struct store *s = b->store;

	e->numbers = e->stream ? stream_at(s, e->stream)->live : 0;
	arena_prefetch(s->arena, e->numbers);
	tree_prefetch_end(s->arena, e->places);
}

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
	for (size_t step = 0; step < sizeof(steps) / sizeof(steps[0]); step++)
		for (size_t i = 0; i < count; i++)
			steps[step](&batch, &expected[i]);
}
