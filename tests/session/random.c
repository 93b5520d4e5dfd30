/* SPDX-License-Identifier: MIT
 *
 * Random runs with fixed seeds.
 *
 * test_order: what one replica accepted is given to another one in another order, some of it twice:
 * both stores end equal, element by element. (A request that rests on a session comes before the
 * deletion of its own account; otherwise the order is free.)
 *
 * test_storm: connections come, ask, stop reading, break off and fall silent, while a slow disk
 * syncs when it likes. Seen on every step: all invariants; replies in the order of requests; no
 * reply before what was applied when it was made is synced. Not seen: contents of replies.
 *
 * test_reading: a reader who takes output at random, on a slow disk, and follows READ_ON and pages,
 * sees every message in the end.
 */
#include "tests/session/fixture.h"

enum { PEOPLE = 6, OPS = 300, WAITING_MAX = 4096 };

static uint64_t state;

static uint64_t random_below(uint64_t bound)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % bound;
}

/* ---- two orders, one state ---- */

struct op {
	enum { OP_SEND, OP_RECEIVED, OP_CONFIRM, OP_DELETE } kind;
	unsigned who;
	unsigned other;
	uint64_t number; /* and, received: up to */
	uint64_t upto;
	uint64_t sent_ms;
	char text[8];
	bool done;
};

struct replica {
	struct rig r;
	struct peer *peers[PEOPLE];
	struct peer *owners[PEOPLE]; /* have proved to own the account, and are not logged in */
};

static void replica_open(struct replica *x, const struct person *people)
{
	rig_open(&x->r);
	for (unsigned i = 0; i < PEOPLE; i++) {
		x->owners[i] = rig_join(&x->r);
		struct frame reply = rig_ask(
			&x->r, x->owners[i],
			introduction(&x->r, x->owners[i], &people[i], FRAME_HANDOVER));

		ALWAYS(reply.status == STATUS_OK, "order: an account is handed over");
		x->peers[i] = rig_login(&x->r, &people[i], 5, i % 2 == 0);
	}
}

static enum status op_run(struct replica *x, const struct person *people, const struct op *op)
{
	const struct person *who = &people[op->who];
	const struct person *other = &people[op->other];

	switch (op->kind) {
	case OP_SEND:
		return rig_tell(&x->r, x->peers[op->who], other, op->number, op->sent_ms, op->text)
		        .status;
	case OP_RECEIVED:
		return rig_bury(&x->r, x->peers[op->who], other, 5, op->number, op->upto);
	case OP_CONFIRM:
		return rig_ask(&x->r, x->owners[op->who], confirmation_of(who)).status;
	case OP_DELETE:
		return rig_ask(&x->r, x->owners[op->who], deletion_of(who)).status;
	}
	return STATUS_END;
}

static struct op op_random(void)
{
	struct op op = {
		.who = (unsigned)random_below(PEOPLE),
		.other = (unsigned)random_below(PEOPLE),
		.number = 1 + random_below(30),
		.sent_ms = 1 + random_below(3),
	};
	uint64_t dice = random_below(100);

	op.upto = op.number + random_below(4);
	snprintf(op.text, sizeof op.text, "t%u", (unsigned)random_below(3));
	op.kind = dice < 60   ? OP_SEND
	          : dice < 92 ? OP_RECEIVED
	          : dice < 99 ? OP_CONFIRM
	                      : OP_DELETE;
	return op;
}

/* Different content is stored or kept by the same rule everywhere: accepted, for this test. */
static bool is_accepted(enum status status)
{
	return status == STATUS_OK || status == STATUS_DIFFERENT;
}

/* May `op` run, all before it in its own account's session being done? */
static bool may_run(const struct op *ops, unsigned count, unsigned index)
{
	if (ops[index].kind != OP_DELETE)
		return true;
	for (unsigned i = 0; i < count; i++)
		if (i != index && !ops[i].done && ops[i].who == ops[index].who &&
		    ops[i].kind != OP_DELETE)
			return false;
	return true;
}

static void stores_are_equal(const struct store *a, const struct store *b)
{
	struct store_key at_a = { 0 };
	struct store_key at_b = { 0 };
	struct fact fact_a;
	struct fact fact_b;
	unsigned count = 0;
	bool is_equal = true;

	while (store_next(a, &at_a, &fact_a)) {
		is_equal = is_equal && store_next(b, &at_b, &fact_b) &&
		           store_key_compare(&at_a, &at_b) == 0 &&
		           store_fact_hash(&fact_a) == store_fact_hash(&fact_b);
		count++;
	}
	is_equal = is_equal && !store_next(b, &at_b, &fact_b);
	OK(is_equal, "order: the same accepted requests make the same state, element by element");
	OK(count > 20, "order: which is not empty");
}

static void test_order(uint64_t seed)
{
	static struct op ops[OPS];
	struct person people[PEOPLE];
	struct replica a;
	struct replica b;
	unsigned count = 0;
	unsigned left;

	state = seed;
	for (unsigned i = 0; i < PEOPLE; i++) {
		char name[NAME_SIZE_MAX];

		snprintf(name, sizeof name, "person%u", i);
		people[i] = person_make(name, (uint8_t)(i + 1), CLOCK_MS + i);
	}
	replica_open(&a, people);
	replica_open(&b, people);
	for (unsigned i = 0; i < OPS; i++) {
		ops[count] = op_random();
		count += is_accepted(op_run(&a, people, &ops[count]));
	}
	for (left = count; left > 0;) {
		unsigned index = (unsigned)random_below(count);
		enum status status;

		if (ops[index].done && random_below(4) > 0)
			continue;
		if (!may_run(ops, count, index))
			continue;
		status = op_run(&b, people, &ops[index]);
		ALWAYS(is_accepted(status) || status == STATUS_GONE || ops[index].done,
		       "order: what one replica accepted, another accepts");
		left -= !ops[index].done;
		ops[index].done = true;
	}
	stores_are_equal(a.r.store, b.r.store);
	store_check(a.r.store);
	store_check(b.r.store);
	rig_close(&a.r);
	rig_close(&b.r);
}

/* ---- a storm ---- */

/* What a peer waits for. */
struct waits {
	uint32_t request[WAITING_MAX];
	uint64_t position[WAITING_MAX]; /* when it was asked, all applied by then included */
	unsigned first;
	unsigned end;
};

struct storm {
	struct rig r;
	struct person people[PEOPLE];
	struct waits waits[PEERS];
	uint64_t session;
	uint64_t number;
	unsigned replies;
	unsigned pushes;
	unsigned read_ons;
};

static struct frame storm_message(struct storm *t, struct buf *b)
{
	static char text[60000];
	struct frame frame = { .type = FRAME_SEND };
	size_t count = random_below(8) == 0 ? 300 : 1 + random_below(3);

	memset(text, 'z', sizeof text);
	for (size_t i = 0; i < count; i++) {
		const struct recipient recipient = {
			.id = t->people[random_below(PEOPLE)].account.id,
			.number = ++t->number,
		};

		protocol_put_recipient(b, &recipient);
	}
	frame.send.sent_ms = 1 + random_below(1000);
	frame.send.count = (uint16_t)count;
	frame.send.recipients = buf_view(b);
	frame.send.text = view_of(text, count > 100 ? 20 : 1 + random_below(sizeof text));
	return frame;
}

static struct frame storm_received(const struct storm *t, struct buf *b)
{
	struct frame frame = { .type = FRAME_RECEIVED };
	struct range range = { .first = 1 + random_below(t->number + 1) };
	struct stream_item item = { .session = ulid_of(1 + random_below(t->session + 1)) };
	struct buf ranges;

	buf_init(&ranges, RANGE_SIZE);
	range.last = range.first + random_below(3000);
	protocol_put_range(&ranges, &range);
	item.sender = t->people[random_below(PEOPLE)].account.id;
	item.ranges = buf_view(&ranges);
	protocol_put_received(b, &item);
	buf_release(&ranges);
	frame.streams.streams = buf_view(b);
	return frame;
}

static struct frame storm_frame(struct storm *t, struct peer *peer, struct buf *b)
{
	struct person *p = &t->people[random_below(PEOPLE)];
	const struct place places[3] = { { 0 },
		                         { .sent_ms = 1 + random_below(1000) },
		                         place_end() };
	struct frame frame = { .type = FRAME_PING };

	switch (random_below(24)) {
	case 0:
		return introduction(&t->r, peer, p, FRAME_INTRODUCE);
	case 1:
		return introduction(&t->r, peer, p, FRAME_HANDOVER);
	case 2:
		return confirmation_of(p);
	case 3:
		return random_below(30) == 0 ? deletion_of(p) : frame;
	case 4:
	case 5:
		return login_of(&t->r, peer, p, random_below(6) == 0 ? ++t->session : t->session,
		                (uint32_t)random_below(4));
	case 6:
	case 7:
	case 9:
	case 10:
		return page_of(&places[random_below(3)], (uint32_t)random_below(PAGE_SIZE_MAX));
	case 8:
		return random_below(4) == 0 ? storm_received(t, b) : frame;
	default:
		return storm_message(t, b);
	}
}

/* Asks, if it is taken, and notes what the reply must wait for. */
static void storm_ask(struct storm *t, struct peer *peer)
{
	struct waits *w = &t->waits[peer - t->r.peers];
	struct frame frame;
	struct buf b;

	buf_init(&b, FRAME_SIZE_MAX);
	frame = storm_frame(t, peer, &b);
	if (w->end < WAITING_MAX && rig_send(&t->r, peer, &frame)) {
		w->request[w->end] = frame.request;
		w->position[w->end++] = t->r.position;
	}
	buf_release(&b);
}

static void storm_read(struct storm *t, struct peer *peer)
{
	struct waits *w = &t->waits[peer - t->r.peers];
	struct frame frame;

	while (rig_next(peer, &frame)) {
		t->pushes += frame.type == FRAME_PUSH;
		t->read_ons += frame.type == FRAME_READ_ON;
		if (frame.type < FRAME_REPLY)
			continue;
		ALWAYS(w->first < w->end && frame.request == w->request[w->first],
		       "storm: replies come in the order of requests, one for each");
		ALWAYS(t->r.synced >= w->position[w->first],
		       "storm: a reply waits for all that was applied before it");
		w->first++;
		t->replies++;
	}
	if (peer->offset == peer->in.size) {
		peer->in.size = 0;
		peer->offset = 0;
	}
}

static void storm_join(struct storm *t, struct peer *peer)
{
	struct frame hello = rig_hello();
	struct peer *joined = rig_connect(&t->r);

	ALWAYS(joined == peer, "storm: the first free peer connects");
	t->waits[peer - t->r.peers] = (struct waits){ .first = 0 };
	rig_send(&t->r, peer, &hello);
	t->waits[peer - t->r.peers].request[0] = hello.request;
	t->waits[peer - t->r.peers].position[0] = t->r.position;
	t->waits[peer - t->r.peers].end = 1;
	peer->is_deaf = random_below(3) == 0;
}

static void storm_step(struct storm *t)
{
	struct peer *free_peer = peer_of(&t->r, SESSION_NONE);
	struct peer *peer = &t->r.peers[random_below(PEERS)];
	uint64_t dice = random_below(1000);

	if (free_peer != NULL && dice < 300) {
		storm_join(t, free_peer);
		peer = free_peer;
	} else if (peer->number == SESSION_NONE) {
		return;
	} else if (dice < 8 || peer->is_closed) {
		rig_leave(&t->r, peer);
		return;
	} else if (dice < 60) {
		rig_sync(&t->r);
	} else if (dice < 200 && session_has_work(t->r.s)) {
		session_work(t->r.s, t->r.time);
		rig_settle(&t->r);
	} else if (dice < 250) {
		rig_tick(&t->r, random_below(700));
	} else if (dice < 330) {
		rig_take(&t->r, peer, random_below(100000));
	} else if (dice < 332) {
		session_disk(t->r.s, (enum session_disk)random_below(3));
	} else {
		storm_ask(t, peer);
	}
	storm_read(t, peer);
}

static void test_storm(uint64_t seed)
{
	static struct storm t;
	struct session_counts counts;

	state = seed;
	t = (struct storm){ .session = 1 };
	rig_open(&t.r);
	t.r.is_slow = true;
	for (unsigned i = 0; i < PEOPLE; i++)
		t.people[i] = person_make(i % 2 == 0 ? "even" : "odd", (uint8_t)(i + 1),
		                          CLOCK_MS - 50000 + i);
	for (unsigned i = 0; i < 6000; i++) {
		storm_step(&t);
		if (i % 500 == 0)
			store_check(t.r.store);
	}
	session_counts(t.r.s, &counts);
	OK(t.replies > 1000, "storm: many replies came");
	OK(t.pushes > 20, "storm: and pushes");
	OK(counts.refused > 100, "storm: and refusals");
	printf("# seed %u: %u replies, %u pushes, %u read on, %u slow\n", (unsigned)seed, t.replies,
	       t.pushes, t.read_ons, (unsigned)counts.closed_slow);
	t.r.is_slow = false;
	rig_sync(&t.r);
	rig_close(&t.r);
}

/* ---- nothing is missed ---- */

enum { SENT_MAX = 400 };

/* A client that reads pages and pushes, as slowly as it likes. */
struct reading {
	struct rig r;
	struct person alice;
	struct person bob;
	struct peer *a;
	struct peer *b;
	bool has_seen[SENT_MAX + 1];
	bool is_asked;    /* a page is on its way */
	bool is_to_go_on; /* from `after` */
	struct place after;
	unsigned read_ons;
	unsigned pages;
};

static void reading_see(struct reading *x, struct view messages)
{
	struct reader r = reader_of(messages);
	struct message_item item;

	while (protocol_next_message(&r, &item)) {
		ALWAYS(item.number <= SENT_MAX, "reading: what was sent");
		x->has_seen[item.number <= SENT_MAX ? item.number : 0] = true;
	}
}

/* From the smaller of two places. */
static void reading_go_on(struct reading *x, const struct place *place)
{
	if (!x->is_to_go_on || place_compare(place, &x->after) < 0)
		x->after = *place;
	x->is_to_go_on = true;
}

static void reading_ask(struct reading *x)
{
	struct frame frame = page_of(&x->after, (uint32_t)random_below(PAGE_SIZE_MAX));

	if (!x->is_to_go_on || x->is_asked || !rig_send(&x->r, x->b, &frame))
		return;
	x->is_to_go_on = false;
	x->is_asked = true;
	x->pages++;
}

static void reading_read(struct reading *x)
{
	struct frame frame;

	while (rig_next(x->b, &frame)) {
		if (frame.type == FRAME_PUSH) {
			reading_see(x, frame.push.messages);
		} else if (frame.type == FRAME_READ_ON) {
			reading_go_on(x, &frame.read_on.place);
			x->read_ons++;
		} else {
			ALWAYS(frame.type == (FRAME_PAGE | FRAME_REPLY), "reading: a page");
			x->is_asked = false;
			reading_see(x, frame.paged.messages);
			if (!frame.paged.last)
				reading_go_on(x, &frame.paged.upto);
		}
	}
}

static void reading_tell(struct reading *x, uint64_t number)
{
	static char text[40000];
	const struct recipient recipient = { x->bob.account.id, number };
	struct frame frame = { .type = FRAME_SEND };
	struct buf b;

	buf_init(&b, RECIPIENT_SIZE);
	memset(text, 'w', sizeof text);
	protocol_put_recipient(&b, &recipient);
	frame.send.sent_ms = 1 + random_below(20);
	frame.send.count = 1;
	frame.send.recipients = buf_view(&b);
	frame.send.text = view_of(text, 1 + random_below(sizeof text));
	rig_send(&x->r, x->a, &frame);
	buf_release(&b);
}

static void test_reading(uint64_t seed)
{
	static struct reading x;
	uint64_t sent = 0;
	unsigned missed = 0;

	state = seed;
	x = (struct reading){ .is_to_go_on = true };
	x.alice = person_make("alice", 1, CLOCK_MS);
	x.bob = person_make("bob", 2, CLOCK_MS);
	rig_open(&x.r);
	struct peer *peer = rig_join(&x.r);

	rig_create(&x.r, peer, &x.alice);
	rig_create(&x.r, peer, &x.bob);
	x.a = rig_login(&x.r, &x.alice, 5, false);
	x.b = rig_login(&x.r, &x.bob, 7, false);
	x.b->is_deaf = true;
	x.r.is_slow = true;
	while (sent < SENT_MAX) {
		if (random_below(3) == 0)
			reading_tell(&x, ++sent);
		if (random_below(8) == 0)
			rig_sync(&x.r);
		if (random_below(2) == 0)
			rig_take(&x.r, x.b, random_below(20000 + 2 * seed % 15000));
		reading_read(&x);
		reading_ask(&x);
	}
	x.b->is_deaf = false;
	x.r.is_slow = false;
	do {
		rig_sync(&x.r);
		reading_read(&x);
		reading_ask(&x);
	} while (x.is_asked || x.is_to_go_on);
	for (uint64_t i = 1; i <= SENT_MAX; i++)
		missed += !x.has_seen[i];
	IS_U64(missed, 0, "reading: pages and pushes together bring all that was sent");
	OK(x.read_ons > 3, "reading: also where pushes were dropped");
	printf("# seed %u: %u read on, %u pages\n", (unsigned)seed, x.read_ons, x.pages);
	rig_close(&x.r);
}

int main(void)
{
	for (uint64_t seed = 1; seed <= 12; seed++)
		test_order(seed * 7919);
	for (uint64_t seed = 1; seed <= 6; seed++)
		test_storm(seed * 104729);
	for (uint64_t seed = 1; seed <= 8; seed++)
		test_reading(seed * 1299709);
	return tap_done();
}
