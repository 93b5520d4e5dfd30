/* SPDX-License-Identifier: MIT
 *
 * Stories of a replica that lies to a repair, or is broken: it takes no part, it is said why, and
 * the other two become the same.
 */
#include "tests/reconcile/fixture.h"

/* What is said instead of a frame; false: nothing. */
typedef bool lie(struct rig *g, struct frame *frame, struct buf *to);

static uint64_t told;    /* frames of the liar so far */
static struct buf parts; /* of a digest that lies */

/* Gives what the replica says, frame by frame, as the lie wants it. */
static bool say_instead(struct rig *g, uint32_t index, lie *what)
{
	struct replica *p = &g->replicas[index];
	struct buf to;
	struct frame frame;
	const char *why;
	size_t size = 0;
	bool is_whole;

	if (p->connection == SESSION_NONE)
		return false;
	struct view output = session_output(p->s, p->connection);

	if (!protocol_size(output, &size) || size == 0 || size > output.size)
		return false;
	buf_init(&to, 4 * FRAME_SIZE_MAX);
	is_whole = protocol_decode(view_of(output.data, size), &frame, &why);
	assert(is_whole);
	told++;
	if (what(g, &frame, &to))
		(void)protocol_encode(&to, &frame);
	for (size_t used = 0, taken = 1; taken > 0; used += taken)
		taken = rig_hear(g, index, view_of(to.data + used, to.size - used));
	buf_release(&to);
	rig_act(g);
	if (p->connection != SESSION_NONE)
		session_output_sent(p->s, p->connection, size);
	replica_act(g, p);
	return true;
}

/* A run in which replica 0 lies. Nothing waits for anything but for an answer that never comes. */
static struct reconcile_result run(struct rig *g, lie *what)
{
	bool moved;

	told = 0;
	g->options.mode = RECONCILE_REPAIR;
	rig_begin(g);
	for (uint32_t i = 0; i < 3; i++)
		rig_connect(g, i);
	while (!g->is_done) {
		moved = false;
		for (uint32_t i = 0; i < 3 && !g->is_done; i++) {
			moved |= move_out(g, i, SIZE_MAX);
			while (rig_work(g, i))
				continue;
			moved |= i > 0 && move_in(g, i, SIZE_MAX);
		}
		/* The liar is the last one to say anything. */
		if (moved || g->is_done || say_instead(g, 0, what))
			continue;
		g->time_ms = reconcile_deadline(g->r);
		reconcile_tick(g->r, g->time_ms);
		rig_act(g);
	}
	return rig_result(g);
}

/* ---- an earlier release ---- */

/* It is brought all but removals by a stamp, which would end its connection. */
static void test_old(void)
{
	struct fact fact = { .kind = FACT_TOMBSTONE };
	struct tombstone held;
	struct account account;
	struct rig g;

	first_speaks = 3;
	rig_open(&g, 171, 3);
	rig_facts(&g, 300, PEOPLE, 50);
	rig_deal(&g, 20);
	struct store_key key = { 0 };
	struct fact any;

	while (store_next(g.replicas[1].store, &key, &any) && any.kind != FACT_ACCOUNT)
		continue;
	account = any.account;
	auth_tombstone_remove(&account, GONE_BY_OPERATOR, &fact.tombstone);
	give(&g, 2, &fact);
	struct reconcile_result result = rig_run(&g, RECONCILE_REPAIR);

	OK(result.is_ready && result.replicas[0].state == RECONCILE_READY,
	   "old: it takes part to the end");
	OK(result.replicas[0].is_behind && !result.replicas[1].is_behind,
	   "old: it is said that it lacks a removal");
	OK(store_find(g.replicas[0].store, &account.id, NULL, NULL) != STORE_DEAD,
	   "old: which it was not told");
	OK(store_find(g.replicas[1].store, &account.id, NULL, &held) == STORE_DEAD &&
	           held.by == GONE_BY_OPERATOR,
	   "old: the other one was");
	rig_stop(&g);
	first_speaks = 0;
	session_free(g.replicas[0].s);
	replica_start(&g.replicas[0], 0);
	result = rig_run(&g, RECONCILE_REPAIR);
	OK(result.is_same && store_equals(g.replicas[0].store, g.replicas[1].store),
	   "old: when it is upgraded, they become the same");
	rig_close(&g);
}

/* ---- somebody on the way ---- */

/* The first byte of each later answer of one type is changed, and nothing else; he has no key. */
static uint8_t changed_type;

static bool change_on_the_way(struct rig *g, uint32_t index)
{
	struct replica *p = &g->replicas[index];
	size_t size = 0;

	if (p->connection == SESSION_NONE)
		return false;
	struct view output = session_output(p->s, p->connection);

	if (!protocol_size(output, &size) || size == 0 || size > output.size)
		return false;
	uint8_t *copy = memory_alloc(size);

	memcpy(copy, output.data, size);
	if (copy[4] == changed_type)
		copy[size - TAG_SIZE - 1] ^= 1;
	(void)reconcile_input(g->r, index, view_of(copy, size), g->time_ms);
	memory_free(copy);
	rig_act(g);
	if (p->connection != SESSION_NONE)
		session_output_sent(p->s, p->connection, size);
	replica_act(g, p);
	return true;
}

static void test_on_the_way(void)
{
	static const uint8_t types[] = { FRAME_PING, FRAME_DIGEST, FRAME_ELEMENTS };
	struct rig g;

	for (size_t i = 0; i < sizeof types; i++) {
		bool moved = true;

		rig_open(&g, 171, 3);
		rig_facts(&g, 300, PEOPLE, 50);
		rig_deal(&g, 20);
		changed_type = types[i] | FRAME_REPLY;
		g.options.mode = RECONCILE_REPAIR;
		rig_begin(&g);
		for (uint32_t k = 0; k < 3; k++)
			rig_connect(&g, k);
		while (moved && !g.is_done) {
			moved = false;
			for (uint32_t k = 0; k < 3 && !g.is_done; k++) {
				moved |= move_out(&g, k, SIZE_MAX);
				while (rig_work(&g, k))
					continue;
				moved |= k > 0 ? move_in(&g, k, SIZE_MAX)
				               : change_on_the_way(&g, 0);
			}
		}
		struct reconcile_result result = rig_result(&g);

		/* What was changed may be no frame any more. */
		OK(types[i] == FRAME_ELEMENTS
		           ? result.replicas[0].state == RECONCILE_LOST
		           : strstr(result.replicas[0].why, "somebody has changed") != NULL,
		   "on the way: an answer that was changed is none");
		OK(g.is_done && store_equals(g.replicas[1].store, g.replicas[2].store),
		   "on the way: the two others become the same");
		rig_close(&g);
	}
}

/* ---- lies ---- */

/* Another one's uuid and public key, which anybody can read in its greeting. */
static bool others_uuid(struct rig *g, struct frame *frame, struct buf *to)
{
	struct frame other;
	const char *why;

	(void)to;
	if (frame->type != FRAME_WELCOME)
		return true;
	memset(frame->welcome.uuid, 2, UUID_SIZE);
	struct view greeting = session_output(g->replicas[1].s, g->replicas[1].connection);

	if (greeting.size > 0 && protocol_decode(greeting, &other, &why))
		memcpy(frame->welcome.public, other.welcome.public, KEY_SIZE);
	return true;
}

static bool pushes(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)g;
	if (frame->type != FRAME_WELCOME)
		(void)protocol_encode(to, &(struct frame){ .type = FRAME_PUSH });
	return true;
}

static bool says_nothing(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)g;
	(void)to;
	return frame->type == FRAME_WELCOME;
}

static bool claims(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)g;
	(void)to;
	if (frame->type == (FRAME_PING | FRAME_REPLY))
		frame->pong.facts = UINT64_C(1) << 50;
	return true;
}

static bool another_key(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)g;
	(void)to;
	if (frame->type == (FRAME_MEMBER | FRAME_REPLY))
		frame->introduced.signature[3] ^= 1;
	return true;
}

/* Each reply just before the time is over. */
static bool drips(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)frame;
	(void)to;
	g->time_ms += told < 6 ? 4900 : 29900;
	return true;
}

/* Every page begins anew. */
static bool never_ends(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)g;
	(void)to;
	if (frame->type == (FRAME_ELEMENTS | FRAME_REPLY))
		frame->element_page.reached = bound_begin();
	return true;
}

/* Nothing is as it says: each digest is another one than that of the elements, each time. */
static bool flips(struct rig *g, struct frame *frame, struct buf *to)
{
	struct reader reader;
	struct digest_part part;

	(void)g;
	(void)to;
	if (frame->type != (FRAME_DIGEST | FRAME_REPLY))
		return true;
	buf_clear(&parts);
	reader = reader_of(frame->digested.parts);
	while (protocol_next_part(&reader, &part)) {
		part.digest[0] ^= (uint8_t)++told;
		(void)protocol_put_part(&parts, &part);
	}
	frame->digested.parts = buf_view(&parts);
	return true;
}

/* Its greeting is that of another version. */
static bool is_newer(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)g;
	(void)to;
	if (frame->type == FRAME_WELCOME)
		frame->welcome.version = PROTOCOL_VERSION_MAX + 1;
	return true;
}

/* It begins with something else. */
static bool no_greeting(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)g;
	if (frame->type == FRAME_WELCOME)
		(void)protocol_encode(to, &(struct frame){ .type = FRAME_PUSH });
	return frame->type != FRAME_WELCOME;
}

/* It holds more than it has counted, as if there were no end of it. */
static bool counts_few(struct rig *g, struct frame *frame, struct buf *to)
{
	(void)g;
	(void)to;
	if (frame->type == (FRAME_PING | FRAME_REPLY))
		frame->pong.facts = 3;
	return true;
}

static const struct {
	const char *name;
	lie *what;
	const char *why;
	uint64_t ms_max;
} lies[] = {
	{ "another one's uuid and public key", others_uuid, "passes itself off as another", 0 },
	{ "pushes", pushes, "sends what is for those who are logged in", 0 },
	{ "a greeting of another version", is_newer, "does not answer the handshake", 0 },
	{ "no greeting", no_greeting, "does not answer the handshake", 5000 },
	{ "nothing behind its greeting", says_nothing, "does not answer in time", 5000 },
	{ "a number of elements that cannot be", claims, "more elements than a replica can hold",
	  0 },
	{ "an answer without the operator key", another_key, "it has another operator key", 0 },
	{ "every answer at the last moment", drips, "answers too slowly", 180000 },
	{ "pages that begin anew", never_ends, "elements that are not of the range", 0 },
	{ "digests of nothing", flips, "", 0 },
};

static void test_lie(size_t at)
{
	char name[128];
	struct rig g;

	rig_open(&g, 100 + at, 3);
	rig_facts(&g, 2000, PEOPLE, 200);
	rig_deal(&g, 20);
	struct reconcile_result result = run(&g, lies[at].what);

	(void)snprintf(name, sizeof name, "%s: it is said why", lies[at].name);
	if (!OK(strstr(result.replicas[0].why, lies[at].why) != NULL, name))
		printf("# '%s'\n", result.replicas[0].why);
	(void)snprintf(name, sizeof name, "%s: and whether it is a refusal", lies[at].name);
	OK(result.replicas[0].is_refused ==
	           (lies[at].what == another_key || lies[at].what == others_uuid),
	   name);
	(void)snprintf(name, sizeof name, "%s: the others are ready, and the same", lies[at].name);
	OK(result.is_ready && result.replicas[1].state == RECONCILE_READY &&
	           result.replicas[2].state == RECONCILE_READY &&
	           store_equals(g.replicas[1].store, g.replicas[2].store),
	   name);
	(void)snprintf(name, sizeof name, "%s: in bounded time", lies[at].name);
	if (!OK(g.time_ms <= lies[at].ms_max, name))
		printf("# %ju ms\n", (uintmax_t)g.time_ms);
	rig_close(&g);
}

static void test_endless(void)
{
	struct fact fact = { .kind = FACT_MESSAGE };
	struct rig g;

	rig_open(&g, 150, 3);
	fact.message.text = view_of_string("x");
	fact.message.sent_ms = 1;
	fact.message.stream.recipient = g.people[0].account.id;
	fact.message.stream.sender = g.people[1].account.id;
	for (uint64_t n = 1; n <= 70000; n++) {
		fact.message.number = n;
		give(&g, 0, &fact);
	}
	struct reconcile_result result = run(&g, counts_few);

	IS_STRING(result.replicas[0].why, "shows more elements than it has",
	          "elements without end are not read for ever");
	OK(result.is_ready && store_equals(g.replicas[1].store, g.replicas[2].store),
	   "and the others are the same");
	rig_close(&g);
	rig_open(&g, 151, 3);
	for (uint64_t n = 1; n <= 70000; n++) {
		fact.message.number = n;
		give(&g, 0, &fact);
	}
	result = rig_run(&g, RECONCILE_REPAIR);
	OK(result.is_same && result.replicas[2].stored == 70000, "as many that it has counted are");
	rig_close(&g);
}

/* Who is only repeated takes part. Whoever passes on all that another says cannot be told from it:
 * then neither is told a proof. */
static void test_relay(void)
{
	struct rig g;
	struct sessions *own;

	rig_open(&g, 200, 3);
	own = g.replicas[2].s;
	g.replicas[2].s = g.replicas[1].s;
	g.options.mode = RECONCILE_REPAIR;
	rig_begin(&g);
	for (uint32_t i = 0; i < 3; i++)
		rig_connect(&g, i);
	while (!g.is_done && rig_step(&g))
		continue;
	struct reconcile_result result = rig_result(&g);

	OK(g.is_done && !result.is_ready, "one process at two addresses: the run ends");
	OK(result.replicas[1].state == RECONCILE_LOST && result.replicas[2].state == RECONCILE_LOST,
	   "one process at two addresses is trusted at neither");
	OK(strstr(result.replicas[1].why, "one server was given twice") != NULL, "and it is said");
	OK(result.replicas[1].bytes_out == result.replicas[2].bytes_out &&
	           result.replicas[1].bytes_out ==
	                   HELLO_SIZE + FRAME_HEADER_SIZE + 2 * KEY_SIZE + UUID_SIZE,
	   "and no proof goes there");
	rig_stop(&g);
	g.replicas[2].s = own;
	rig_close(&g);
}

/* The same, but whoever passes it on waits until the true one is lost. */
static void test_late_relay(void)
{
	struct rig g;
	struct sessions *own;

	rig_open(&g, 202, 3);
	own = g.replicas[2].s;
	g.options.mode = RECONCILE_REPAIR;
	rig_begin(&g);
	rig_connect(&g, 0);
	rig_connect(&g, 1);
	while (rig_step(&g))
		continue;
	reconcile_failed(g.r, 1, "the connection was closed", g.time_ms);
	rig_act(&g);
	g.replicas[2].s = g.replicas[1].s;
	rig_connect(&g, 2);
	while (!g.is_done && rig_step(&g))
		continue;
	struct reconcile_result result = rig_result(&g);

	OK(g.is_done && !result.is_ready, "a relay that has waited: the run ends");
	OK(strstr(result.replicas[2].why, "one server was given twice") != NULL,
	   "a relay that has waited is not trusted");
	OK(result.replicas[2].bytes_out ==
	           HELLO_SIZE + FRAME_HEADER_SIZE + 2 * KEY_SIZE + UUID_SIZE,
	   "and gets no proof");
	OK(result.replicas[0].bytes_out == result.replicas[2].bytes_out,
	   "nor does the one that is left, since one is too few");
	rig_stop(&g);
	g.replicas[2].s = own;
	rig_close(&g);
}

/* A data directory that was copied: two processes with one uuid, both of this cluster. */
static void test_copy(void)
{
	struct session_options options = {
		.limits = { 1000000, UINT64_C(1) << 30, STORE_GAPS_MAX },
		.has_operator_key = true,
	};
	struct rig g;

	rig_open(&g, 201, 3);
	session_free(g.replicas[2].s);
	memset(options.uuid, 1, UUID_SIZE);
	memset(options.box_secret, 99, KEY_SIZE);
	memcpy(options.operator_key, operator_key, KEY_SIZE);
	g.replicas[2].s = session_new(&options, g.replicas[2].store);
	rig_facts(&g, 500, PEOPLE, 50);
	rig_deal(&g, 20);
	struct store *want = union_of(&g);
	struct reconcile_result result = rig_run(&g, RECONCILE_REPAIR);

	OK(result.is_same && all_equal(&g, want), "a copied data directory is repaired, too");
	OK(result.replicas[2].is_copy && !result.replicas[1].is_copy && !result.replicas[0].is_copy,
	   "and it is told which is the copy");
	store_free(want);
	rig_close(&g);
}

int main(void)
{
	buf_init(&parts, FRAME_SIZE_MAX);
	for (size_t at = 0; at < sizeof lies / sizeof *lies; at++)
		test_lie(at);
	test_old();
	test_on_the_way();
	test_endless();
	test_relay();
	test_late_relay();
	test_copy();
	buf_release(&parts);
	return tap_done();
}
