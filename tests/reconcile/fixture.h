/* SPDX-License-Identifier: MIT
 *
 * Up to three replicas without sockets and disk, and a repair between them: bytes are moved by
 * hand, in an order that a seed draws, in pieces of any size. A universe of facts, of which each
 * replica accepts some: accounts, marks, tombstones, messages (also two contents of one key) and
 * ranges that overlap. What must come out is a store that was given all of them.
 */
#ifndef THREEFOLD_TESTS_RECONCILE_FIXTURE_H
#define THREEFOLD_TESTS_RECONCILE_FIXTURE_H

#include "reconcile/private.h"
#include "reconcile/reconcile.h"
#include "session/session.h"
#include "tests/lib/tap.h"

enum { PEOPLE = 12, FACTS_MAX = 4000 };

static const char setting_text[] = "$y$j9T$k5jwnHTxqTDytfzywrjzz1";
static const uint8_t operator_key[KEY_SIZE] = { 7, 1, 4 };

struct person {
	char name[16];
	struct account account;
	struct tombstone tombstone;
};

struct replica {
	struct store *store;
	struct sessions *s;
	uint32_t connection; /* SESSION_NONE: none */
	bool is_told;        /* RECONCILE_WRITE, and not all of it has been taken */
	struct buf in;       /* on its way to the replica */
	uint64_t position;
	bool has_live;      /* was given an account or a message */
	bool is_disordered; /* was given something gone after that */
	uint64_t appended;
	uint32_t slices_max; /* of one request */
	const char *figures; /* what it tells of itself; NULL: it knows no such question */
};

struct rig {
	uint64_t seed;
	struct person people[PEOPLE];
	struct fact *facts;
	uint32_t fact_count;
	struct replica replicas[RECONCILE_MAX];
	uint32_t count;
	struct reconcile *r;
	struct reconcile_options options;
	uint64_t time_ms;
	uint64_t moved; /* bytes, both ways */
	bool is_done;
	struct store *collected; /* or NULL */
	uint64_t damage; /* one in so many frames from the first replica has a byte that is wrong */
};

static inline uint64_t draw(struct rig *g)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return g->seed;
}

static inline uint64_t below(struct rig *g, uint64_t n)
{
	return draw(g) >> 16 > 0 ? (draw(g) >> 16) % n : 0;
}

static inline void person_make(struct rig *g, uint32_t i)
{
	struct person *p = &g->people[i];
	uint8_t stretched[KEY_SIZE];
	uint8_t seal[KEY_SIZE];
	uint8_t delete_key[KEY_SIZE];

	(void)snprintf(p->name, sizeof p->name, "name%u", i / 2);
	memset(stretched, (int)i + 1, KEY_SIZE);
	memset(seal, (int)i + 100, KEY_SIZE);
	p->account.name = view_of_string(p->name);
	auth_verifier_make(stretched, seal, view_of_string(setting_text), &p->account.verifier);
	auth_delete_key(stretched, seal, delete_key);
	auth_id_make(1000 + below(g, 1000), p->account.name, &p->account.verifier, &p->account.id);
	auth_tombstone_make(&p->account, delete_key, &p->tombstone);
}

static uint16_t first_speaks; /* the latest version of the first replica; 0: today's */

/* Its process starts: the store stays. */
static inline void replica_start(struct replica *p, uint32_t index)
{
	struct session_options options = {
		.limits = { 1000000, UINT64_C(1) << 30, STORE_GAPS_MAX },
		.has_operator_key = true,
		.version_max = index == 0 ? first_speaks : 0,
	};

	memset(options.uuid, (int)index + 1, UUID_SIZE);
	memset(options.box_secret, (int)index + 11, KEY_SIZE);
	memcpy(options.operator_key, operator_key, KEY_SIZE);
	p->s = session_new(&options, p->store);
	p->position = 0;
}

static inline void replica_open(struct replica *p, uint32_t index)
{
	*p = (struct replica){ .connection = SESSION_NONE, .store = store_new() };
	replica_start(p, index);
	buf_init(&p->in, 64 * 1024 * 1024);
}

static inline void replica_close(struct replica *p)
{
	session_free(p->s);
	store_free(p->store);
	buf_release(&p->in);
}

static inline void rig_open(struct rig *g, uint64_t seed, uint32_t count)
{
	*g = (struct rig){ .seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .count = count };
	for (int i = 0; i < 8; i++)
		draw(g);
	for (uint32_t i = 0; i < PEOPLE; i++)
		person_make(g, i);
	g->facts = memory_alloc_zero(FACTS_MAX, sizeof *g->facts);
	for (uint32_t i = 0; i < count; i++)
		replica_open(&g->replicas[i], i);
	g->options = (struct reconcile_options){ .count = count };
	memcpy(g->options.key, operator_key, KEY_SIZE);
	memset(g->options.seed, (int)seed, KEY_SIZE);
}

static inline void rig_stop(struct rig *g);

static inline void rig_close(struct rig *g)
{
	rig_stop(g);
	for (uint32_t i = 0; i < g->count; i++)
		replica_close(&g->replicas[i]);
	memory_free(g->facts);
}

/* ---- facts ---- */

static inline struct fact draw_fact(struct rig *g, uint32_t people, uint64_t numbers)
{
	static const char *const texts[] = { "a", "hello there", "zz", "another text" };
	const struct person *p = &g->people[below(g, people)];
	struct fact fact = { .kind = FACT_MESSAGE };
	uint64_t what = below(g, 20);

	if (what < 3) {
		fact = (struct fact){ .kind = FACT_ACCOUNT, .account = p->account };
		fact.account.confirmed = what == 0;
		return fact;
	}
	if (what == 3 && below(g, 4) == 0) {
		uint64_t by = below(g, GONE_BY_END);

		fact = (struct fact){ .kind = FACT_TOMBSTONE, .tombstone = p->tombstone };
		if (by != GONE_BY_KEY)
			auth_tombstone_remove(&p->account, (enum gone_by)by, &fact.tombstone);
		return fact;
	}
	struct stream stream = { .recipient = p->account.id,
		                 .sender = g->people[below(g, people)].account.id };

	stream.session.bytes[0] = (uint8_t)below(g, 3);
	uint64_t number = 1 + below(g, numbers);

	if (what < 9) {
		fact.kind = FACT_BURIAL;
		fact.burial = (struct burial){ stream, { number, number + below(g, 6) } };
		return fact;
	}
	fact.message = (struct message){
		.stream = stream,
		.number = number,
		.sent_ms = 5000 + below(g, 3),
		.text = view_of_string(texts[below(g, 4)]),
	};
	return fact;
}

static inline void rig_facts(struct rig *g, uint32_t count, uint32_t people, uint64_t numbers)
{
	assert(count <= FACTS_MAX);
	g->fact_count = count;
	for (uint32_t i = 0; i < count; i++)
		g->facts[i] = draw_fact(g, people, numbers);
}

static inline void give(struct rig *g, uint32_t index, const struct fact *fact)
{
	(void)store_apply(g->replicas[index].store, fact, NULL);
}

/* Each fact to each replica, but for some. */
static inline void rig_deal(struct rig *g, uint64_t missing_percent)
{
	for (uint32_t i = 0; i < g->fact_count; i++)
		for (uint32_t k = 0; k < g->count; k++)
			if (below(g, 100) >= missing_percent)
				give(g, k, &g->facts[i]);
	for (uint32_t k = 0; k < g->count; k++)
		while (store_work(g->replicas[k].store, 1000))
			continue;
}

static inline bool store_equals(const struct store *a, const struct store *b)
{
	struct store_key at_a = { .streams = 0 };
	struct store_key at_b = { .streams = 0 };
	struct fact fact_a;
	struct fact fact_b;
	struct buf form;
	bool is_equal = true;

	buf_init(&form, 4 * FACT_SIZE_MAX);
	for (;;) {
		bool more = store_next(a, &at_a, &fact_a);

		if (more != store_next(b, &at_b, &fact_b))
			is_equal = false;
		if (!more || !is_equal)
			break;
		buf_clear(&form);
		protocol_put_fact(&form, &fact_a);
		size_t size = form.size;

		protocol_put_fact(&form, &fact_b);
		is_equal = form.size == 2 * size && memcmp(form.data, form.data + size, size) == 0;
		if (!is_equal)
			break;
	}
	buf_release(&form);
	return is_equal;
}

/* All that any replica holds. */
static inline struct store *union_of(const struct rig *g)
{
	struct store *all = store_new();

	for (uint32_t i = 0; i < g->count; i++) {
		struct store_key key = { .streams = 0 };
		struct fact fact;

		while (store_next(g->replicas[i].store, &key, &fact))
			(void)store_apply(all, &fact, NULL);
	}
	while (store_work(all, 1000))
		continue;
	return all;
}

static inline bool all_equal(const struct rig *g, const struct store *want)
{
	bool is_equal = true;

	for (uint32_t i = 0; i < g->count; i++)
		is_equal = is_equal && store_equals(g->replicas[i].store, want);
	return is_equal;
}

/* ---- a run ---- */

static inline struct session_time now(const struct rig *g)
{
	return (struct session_time){ .clock_ms = 1000000 + g->time_ms,
		                      .monotonic_ms = g->time_ms };
}

static inline void rig_act(struct rig *g)
{
	struct reconcile_action action;

	while (reconcile_next(g->r, &action)) {
		struct replica *p = &g->replicas[action.index];

		if (action.kind == RECONCILE_CLOSE && p->connection != SESSION_NONE) {
			session_closed(p->s, p->connection, now(g));
			p->connection = SESSION_NONE;
			buf_clear(&p->in);
		}
		if (action.kind == RECONCILE_WRITE) {
			ALWAYS(!p->is_told, "rig: that there is output is told once");
			p->is_told = true;
		}
		g->is_done = g->is_done || action.kind == RECONCILE_DONE;
	}
	reconcile_check(g->r);
}

static inline void replica_act(struct rig *g, struct replica *p)
{
	struct session_action action;

	while (session_next(p->s, &action)) {
		if (action.kind == SESSION_ASKED && p->figures != NULL)
			session_tell(p->s, action.connection, view_of_string(p->figures));
		if (action.kind == SESSION_ASKED && p->figures == NULL)
			session_unread(p->s, action.connection, now(g)); /* ERROR, and the end */
		if (action.kind != SESSION_APPEND)
			continue;
		bool is_gone = action.fact->kind == FACT_TOMBSTONE ||
		               action.fact->kind == FACT_BURIAL;

		p->has_live = p->has_live || !is_gone;
		p->is_disordered = p->is_disordered || (is_gone && p->has_live);
		p->position++;
		p->appended++;
	}
	session_synced(p->s, p->position);
	while (session_next(p->s, &action))
		continue;
}

static inline void rig_connect(struct rig *g, uint32_t index)
{
	struct replica *p = &g->replicas[index];
	uint8_t nonce[KEY_SIZE];

	memset(nonce, (int)draw(g), KEY_SIZE);
	p->connection = session_open(p->s, nonce, NULL, now(g));
	replica_act(g, p);
	p->is_told = false;
	reconcile_connected(g->r, index, g->time_ms);
	rig_act(g);
}

static inline void rig_begin(struct rig *g)
{
	g->is_done = false;
	g->r = reconcile_new(&g->options, g->time_ms);
	for (uint32_t i = 0; i < g->count; i++) {
		g->replicas[i].has_live = false;
		g->replicas[i].is_disordered = false;
		g->replicas[i].appended = 0;
	}
}

static inline void rig_stop(struct rig *g)
{
	for (uint32_t i = 0; i < g->count && g->r != NULL; i++) {
		struct replica *p = &g->replicas[i];

		if (p->connection != SESSION_NONE)
			session_closed(p->s, p->connection, now(g));
		p->connection = SESSION_NONE;
		buf_clear(&p->in);
	}
	reconcile_free(g->r);
	g->r = NULL;
}

/* Moves at most `size_max` bytes to a replica and lets it take them; gives whether any moved. */
static inline bool move_out(struct rig *g, uint32_t index, size_t size_max)
{
	struct replica *p = &g->replicas[index];
	struct view output = reconcile_output(g->r, index);
	size_t size = output.size < size_max ? output.size : size_max;
	size_t used = 0;

	if (p->connection == SESSION_NONE)
		return false;
	if (size > 0) {
		buf_put(&p->in, output.data, size);
		ALWAYS(p->is_told, "rig: that there is output is told");
		reconcile_output_sent(g->r, index, size);
		p->is_told = size < output.size;
	}
	g->moved += size;
	for (;;) {
		size_t taken = session_input(p->s, p->connection,
		                             view_of(p->in.data + used, p->in.size - used), now(g));

		replica_act(g, p);
		if (taken == 0)
			break;
		used += taken;
	}
	buf_consume(&p->in, used);
	return size > 0 || used > 0;
}

/* What a replica says, and not who stands on the way: it has the key of its tags, so the first
 * frame gets a right one. Gives how many bytes of `said` were taken. */
static inline size_t rig_hear(struct rig *g, uint32_t index, struct view said)
{
	const struct member *m = &g->r->members[index];
	struct tag_key key = m->answers;
	size_t size = 0, taken;
	struct buf b;

	if (!m->answers_have_tags || !protocol_size(said, &size) || size == 0 || size > said.size ||
	    said.data[4] <= FRAME_WELCOME)
		return reconcile_input(g->r, index, said, g->time_ms);
	buf_init(&b, FRAME_SIZE_MAX);
	bool is_put = buf_put(&b, said.data, size);

	if (protocol_is_tagged(buf_view(&b)) && size >= FRAME_HEADER_SIZE + TAG_SIZE) {
		b.size -= TAG_SIZE;
		b.data[5] &= (uint8_t)~FLAG_TAGGED;
		buf_store_u32(b.data, (uint32_t)(b.size - 4));
	}
	if ((b.data[5] & FLAG_TAGGED) == 0)
		(void)protocol_tag(&b, 0, &key);
	taken = reconcile_input(g->r, index, buf_view(&b), g->time_ms);
	assert(is_put);
	buf_release(&b);
	return taken == 0 ? 0 : size;
}

/* The first frame, with one byte of it changed, but for its length. */
static inline uint8_t *damaged(struct rig *g, struct view frames)
{
	uint8_t *copy = memory_alloc(frames.size);
	size_t size = 0;

	memcpy(copy, frames.data, frames.size);
	if (protocol_size(frames, &size) && size > 4 && size <= frames.size)
		copy[4 + below(g, size - 4)] ^= (uint8_t)(1 << below(g, 8));
	return copy;
}

static inline bool move_in(struct rig *g, uint32_t index, size_t size_max)
{
	struct replica *p = &g->replicas[index];

	if (p->connection == SESSION_NONE)
		return false;
	struct view output = session_output(p->s, p->connection);
	uint8_t *copy = NULL;
	size_t used = 0;

	(void)size_max;
	if (index == 0 && g->damage > 0 && output.size > 100 && below(g, g->damage) == 0) {
		copy = damaged(g, output);
		output.data = copy;
	}
	for (;;) {
		size_t taken = reconcile_input(
			g->r, index, view_of(output.data + used, output.size - used), g->time_ms);

		struct reader collected = reader_of(reconcile_collected(g->r));
		struct fact fact;

		while (g->collected != NULL && protocol_next_fact(&collected, &fact))
			(void)store_apply(g->collected, &fact, NULL);
		rig_act(g);
		used += taken;
		if (taken == 0 || p->connection == SESSION_NONE)
			break;
		if (draw(g) % 4 == 0)
			break;
	}
	memory_free(copy);
	g->moved += used;
	if (p->connection != SESSION_NONE && used > 0)
		session_output_sent(p->s, p->connection, used);
	replica_act(g, p);
	return used > 0;
}

static inline bool rig_work(struct rig *g, uint32_t index)
{
	struct replica *p = &g->replicas[index];

	if (!session_has_work(p->s))
		return false;
	session_work(p->s, now(g));
	replica_act(g, p);
	return true;
}

/* One thing happens, if anything can; false if nothing can. */
static inline bool rig_step(struct rig *g)
{
	uint64_t first = below(g, 3 * g->count);

	for (uint64_t i = 0; i < 3 * g->count; i++) {
		uint64_t what = (first + i) % (3 * g->count);
		uint32_t index = (uint32_t)(what / 3);

		if (what % 3 == 0 && move_out(g, index, 1 + below(g, 100000)))
			return true;
		if (what % 3 == 1 && move_in(g, index, SIZE_MAX))
			return true;
		if (what % 3 == 2 && rig_work(g, index))
			return true;
	}
	return false;
}

static inline struct reconcile_result rig_result(const struct rig *g)
{
	struct reconcile_result result;

	reconcile_result(g->r, &result);
	return result;
}

/* A whole run, from the dial to its end. */
static inline struct reconcile_result rig_run(struct rig *g, enum reconcile_mode mode)
{
	g->options.mode = mode;
	rig_begin(g);
	for (uint32_t i = 0; i < g->count; i++)
		rig_connect(g, i);
	while (!g->is_done && rig_step(g))
		continue;
	struct reconcile_result result = rig_result(g);

	ALWAYS(g->is_done, "reconcile: a run ends");
	rig_stop(g);
	return result;
}

#endif
