/* SPDX-License-Identifier: MIT
 *
 * What one connection may cost the others: the cost of each request is counted; what changes the
 * store waits while the disk is behind; a page passes over much that was received in slices.
 */
#include "tests/session/fixture.h"

static uint64_t cost_of(struct rig *r, struct peer *peer, struct frame frame)
{
	(void)session_spent(r->s, peer->number);
	rig_ask(r, peer, frame);
	rig_work(r);
	return session_spent(r->s, peer->number);
}

static void test_cost(void)
{
	struct rig r;
	struct person people[60];
	char name[NAME_SIZE_MAX];
	struct frame ping = { .type = FRAME_PING };
	struct frame list = { .type = FRAME_LIST, .flags = FLAG_DIGEST };
	struct frame ids = { .type = FRAME_LOOKUP_ID };
	struct buf b;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	buf_init(&b, 60 * ID_SIZE);
	for (uint8_t i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "user%02d", i);
		people[i] = person_make(name, i + 1, CLOCK_MS + i);
		rig_create(&r, peer, &people[i]);
		buf_put(&b, people[i].account.id.bytes, ID_SIZE);
	}
	uint64_t cheap = cost_of(&r, peer, ping);

	OK(cheap >= 1, "cost: every request costs something");
	IS_U64(session_spent(r.s, peer->number), 0, "cost: what was asked for is told once");
	list.list.count = 3;
	uint64_t few = cost_of(&r, peer, list);

	list.list.count = 60;
	OK(cost_of(&r, peer, list) >= few + 57 / 3,
	   "cost: a list by its accounts, also a digest of it");
	ids.lookup_id.ids = buf_view(&b);
	OK(cost_of(&r, peer, ids) >= 60, "cost: a look-up by its ids");
	OK(!session_is_known(r.s, peer->number), "cost: who is not logged in is a stranger");
	struct peer *known = rig_login(&r, &people[0], 1, false);

	(void)session_spent(r.s, known->number);
	rig_tell(&r, known, &people[1], 1, 1, "x");
	uint64_t one = session_spent(r.s, known->number);

	OK(session_is_known(r.s, known->number), "cost: and who is, is known");
	OK(one >= cheap + 3, "cost: a message by its line in the journal");
	buf_release(&b);
	rig_close(&r);
}

/* Sends a text of this size to so many; the cost of it. */
/* What is written to the journal costs what a message does, whatever it is. */
static void test_cost_of_passwords(void)
{
	static const uint8_t another_key[KEY_SIZE] = "a key of no server";
	struct session_options options = { .silence_ms = 6000, .has_operator_key = true };
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct person next = renewed(&ann, 2), after = renewed(&next, 3);
	struct frame ping = { .type = FRAME_PING };
	struct rig r;

	memcpy(options.operator_key, operator_key, KEY_SIZE);
	rig_open_with(&r, options);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &ann);
	struct peer *peer = rig_login(&r, &ann, 1, false);
	uint64_t cheap = cost_of(&r, peer, ping);
	uint64_t refused = cost_of(&r, peer, renewal_of(&r, peer, &after, FRAME_PASSWORD, NULL));
	uint64_t changed = cost_of(&r, peer, renewal_of(&r, peer, &next, FRAME_PASSWORD, NULL));

	OK(refused > cheap, "cost: a password by what its box takes");
	OK(changed >= refused + 3, "cost: and by its line in the journal");
	refused = cost_of(&r, other, renewal_of(&r, other, &after, FRAME_RENEW, another_key));
	changed = cost_of(&r, other, renewal_of(&r, other, &after, FRAME_RENEW, operator_key));
	OK(changed >= refused + 3, "cost: also one that is brought");
	rig_close(&r);
}

static void test_cost_of_streams(void)
{
	enum { COUNT = 50 };
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct frame streams = { .type = FRAME_STREAMS };
	struct rig r;
	struct buf list;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &ann);
	peer = rig_login(&r, &ann, 1, false);
	buf_init(&list, FRAME_SIZE_MAX);
	for (uint64_t i = 1; i <= COUNT; i++) {
		const struct stream_item item = { .sender = ann.account.id, .session = ulid_of(i) };

		protocol_put_question(&list, &item);
	}
	streams.streams.streams = view_of(list.data, list.size / COUNT);
	uint64_t one = cost_of(&r, peer, streams);

	streams.streams.streams = buf_view(&list);
	OK(cost_of(&r, peer, streams) >= one + COUNT - 1, "cost: streams by their number");
	buf_release(&list);
	rig_close(&r);
}

static uint64_t cost_of_text(struct rig *r, struct peer *peer, size_t size, uint16_t count,
                             uint64_t number)
{
	struct frame frame = { .type = FRAME_SEND };
	uint8_t *text = memory_alloc(size);
	struct buf b;

	memset(text, 'x', size);
	buf_init(&b, (size_t)count * RECIPIENT_SIZE);
	for (uint16_t i = 0; i < count; i++) {
		struct recipient recipient = { .number = number };

		buf_store_u64(recipient.id.bytes, i + 1);
		protocol_put_recipient(&b, &recipient);
	}
	frame.send.sent_ms = number;
	frame.send.count = count;
	frame.send.recipients = buf_view(&b);
	frame.send.text = view_of(text, size);
	uint64_t cost = cost_of(r, peer, frame);

	buf_release(&b);
	memory_free(text);
	return cost;
}

/* What is written once a batch is counted once, what stands in each line with each. */
static void test_cost_of_texts(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &ann);
	peer = rig_login(&r, &ann, 1, true);
	uint64_t tiny = cost_of_text(&r, peer, 1, 10, 1);

	IS_U64(cost_of_text(&r, peer, 641, 10, 2), tiny + 10 * (640 / 128),
	       "cost: a short text is counted with each recipient, and with no other");
	IS_U64(cost_of_text(&r, peer, STORE_TEXT_SHARED, 10, 5),
	       tiny + 10 * (STORE_TEXT_SHARED / 128), "cost: also the longest of them");
	uint64_t one = cost_of_text(&r, peer, 60000, 1, 3);
	uint64_t ten = cost_of_text(&r, peer, 60000, 10, 4);

	OK(one >= 60000 / 128 && ten < 2 * one, "cost: a long one once for all");
	rig_close(&r);
}

/* ---- the disk is behind ---- */

/* Sends a message; false if it is not taken. Whoever wants the reply reads it. */
static bool try_send(struct rig *r, struct peer *peer, const struct person *to, uint64_t number)
{
	struct frame frame = { .type = FRAME_SEND };
	const struct recipient recipient = { to->account.id, number };
	struct buf b;

	buf_init(&b, RECIPIENT_SIZE);
	protocol_put_recipient(&b, &recipient);
	frame.send.sent_ms = number;
	frame.send.count = 1;
	frame.send.recipients = buf_view(&b);
	frame.send.text = view_of_string("x");
	bool is_taken = rig_send(r, peer, &frame);

	buf_release(&b);
	return is_taken;
}

static void test_behind(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct frame ping = { .type = FRAME_PING };

	rig_open(&r);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &ann);
	rig_create(&r, other, &bob);
	struct peer *peer = rig_login(&r, &ann, 1, true);
	uint64_t position = r.position;
	struct frame frame = { .type = FRAME_LOGOUT };

	session_behind(r.s, true);
	OK(!try_send(&r, peer, &bob, 1), "behind: a message is not taken");
	OK(r.position == position && !session_takes_input(r.s, peer->number),
	   "behind: nor what comes after it on this connection");
	IS_U64(rig_ask(&r, other, ping).status, STATUS_OK, "behind: questions of others are");
	rig_tick(&r, 60000);
	OK(!peer->is_closed, "behind: who waits for the disk is not called silent");
	session_behind(r.s, false);
	rig_settle(&r);
	OK(peer->resumed == 1 && session_takes_input(r.s, peer->number),
	   "behind: when the disk has caught up, it goes on");
	IS_U64(rig_tell(&r, peer, &bob, 1, 1, "x").status, STATUS_OK, "behind: with the message");
	session_behind(r.s, true);
	frame.session.session = ulid_of(1);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_OK, "behind: a log-out is taken");
	IS_U64(rig_tell(&r, peer, &bob, 2, 2, "x").status, STATUS_NO_SESSION,
	       "behind: and what is refused anyhow is refused at once");
	frame = deletion_of(&ann);
	OK(!rig_send(&r, other, &frame), "behind: a deletion waits, of which anybody may tell");
	rig_leave(&r, other);
	session_behind(r.s, false);
	OK(true, "behind: who leaves meanwhile is not missed");
	rig_close(&r);
}

/* A long request that is half done waits as well. */
static void test_behind_slices(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct frame frame = { .type = FRAME_SEND };
	struct buf b;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &ann);
	peer = rig_login(&r, &ann, 1, true);
	buf_init(&b, RECIPIENTS_MAX * RECIPIENT_SIZE);
	for (uint64_t i = 1; i <= RECIPIENTS_MAX; i++) {
		struct recipient recipient = { .number = i };

		buf_store_u64(recipient.id.bytes, i);
		protocol_put_recipient(&b, &recipient);
	}
	frame.send.sent_ms = 1;
	frame.send.count = RECIPIENTS_MAX;
	frame.send.recipients = buf_view(&b);
	frame.send.text = view_of_string("to all");
	rig_send(&r, peer, &frame);
	uint64_t position = r.position;

	session_behind(r.s, true);
	OK(!session_has_work(r.s), "behind: what is half done is no work for now");
	rig_work(&r);
	IS_U64(r.position, position, "behind: and adds nothing");
	session_behind(r.s, false);
	rig_work(&r);
	IS_U64(r.position, position + RECIPIENTS_MAX - (position - 2), "behind: later it does");
	IS_U64(rig_next_type(peer), FRAME_SEND | FRAME_REPLY, "behind: and is answered");
	frame.send.sent_ms = 2;
	rig_send(&r, peer, &frame);
	session_behind(r.s, true); /* so it ends half done */
	buf_release(&b);
	rig_close(&r);
}

/* ---- pages over what is still to be freed ---- */

enum { GHOSTS = 20000 };

static void give(struct rig *r, const struct fact *fact)
{
	store_apply(r->store, fact, NULL);
	store_apply(r->journal, fact, NULL);
}

static struct fact message_to(const struct person *p, uint64_t session, uint64_t number)
{
	return (struct fact){ .kind = FACT_MESSAGE,
		              .message = {
				      .stream = { p->account.id, p->account.id, ulid_of(session) },
				      .number = number,
				      .sent_ms = number,
				      .text = view_of_string("x") } };
}

/* Buries all numbers up to one, and does no work. */
static void bury(struct rig *r, struct peer *peer, const struct person *p, uint64_t session,
                 uint64_t last)
{
	struct frame frame = { .type = FRAME_RECEIVED };
	struct stream_item item = { .sender = p->account.id, .session = ulid_of(session) };
	const struct range range = { 1, last };
	struct buf ranges;
	struct buf list;

	buf_init(&ranges, RANGE_SIZE);
	buf_init(&list, 100);
	protocol_put_range(&ranges, &range);
	item.ranges = buf_view(&ranges);
	protocol_put_received(&list, &item);
	frame.streams.streams = buf_view(&list);
	rig_send(r, peer, &frame);
	buf_release(&ranges);
	buf_release(&list);
}

static void test_ghosts(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct frame ping = { .type = FRAME_PING };
	struct place start = { 0 };
	unsigned slices = 0;

	rig_open(&r);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &ann);
	for (uint64_t i = 1; i <= GHOSTS; i++) {
		struct fact fact = message_to(&ann, 5, i);

		give(&r, &fact);
	}
	struct fact last = message_to(&ann, 6, GHOSTS + 1);

	give(&r, &last);
	struct peer *peer = rig_login(&r, &ann, 9, false);

	bury(&r, peer, &ann, 5, GHOSTS);
	IS_U64(rig_next_type(peer), FRAME_RECEIVED | FRAME_REPLY, "ghosts: all are received");
	struct frame page = page_of(&start, PAGE_SIZE_MAX);

	rig_send(&r, peer, &page);
	OK(rig_next_type(peer) == 0, "ghosts: a page over many of them takes some turns");
	rig_send(&r, other, &ping);
	IS_U64(rig_next_type(other), FRAME_PING | FRAME_REPLY,
	       "ghosts: others are served meanwhile");
	OK(!try_send(&r, peer, &ann, 1), "ghosts: its connection waits");
	for (; session_has_work(r.s) && rig_next_type(peer) != (FRAME_PAGE | FRAME_REPLY);
	     slices++) {
		session_work(r.s, r.time);
		rig_settle(&r);
	}
	OK(slices >= 2 && slices <= GHOSTS / 1000,
	   "ghosts: some, but not as many as freeing takes");
	rig_work(&r);
	while (store_work(r.journal, UINT32_MAX))
		;
	rig_close(&r);
}

/* A page is being made over many ghosts when a message comes that stands before the place where it
 * is now, and cannot be pushed, since much waits already. A page that begins before it takes it in.
 * Else the client is told to read on from there, before the page. Gives in `first` the number of
 * the first message of the page, 0: none. */
static unsigned read_ons_of_drop(uint64_t after_ms, uint64_t *first)
{
	static uint8_t text[TEXT_SIZE_MAX];
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct frame frame = page_of(&(struct place){ .sent_ms = after_ms }, PAGE_SIZE_MAX);
	struct message_item item = { .number = 0 };
	unsigned read_ons = 0;
	bool is_paged = false;

	memset(text, 'x', sizeof text);
	rig_open(&r);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &ann);
	rig_create(&r, other, &bob);
	struct peer *sender = rig_login(&r, &bob, 7, false);
	struct peer *peer = rig_login(&r, &ann, 9, true);

	for (uint64_t i = 1; i <= GHOSTS; i++) {
		struct fact fact = message_to(&ann, 5, i);

		give(&r, &fact);
	}
	peer->is_deaf = true;
	for (uint64_t i = 1; i * sizeof text < PAGE_SIZE_MAX; i++)
		rig_message(&r, sender, &ann, GHOSTS + i, GHOSTS + i, view_of(text, sizeof text));
	bury(&r, peer, &ann, 5, GHOSTS);
	rig_send(&r, peer, &frame);
	ALWAYS(session_has_work(r.s), "drop: the page takes some turns");
	frame = (struct frame){ .type = FRAME_SEND };
	const struct recipient recipient = { ann.account.id, 77 };
	struct buf b;

	buf_init(&b, RECIPIENT_SIZE);
	protocol_put_recipient(&b, &recipient);
	frame.send.sent_ms = 1000;
	frame.send.count = 1;
	frame.send.recipients = buf_view(&b);
	frame.send.text = view_of(text, sizeof text);
	rig_send(&r, sender, &frame);
	buf_release(&b);
	rig_work(&r);
	peer->is_deaf = false;
	rig_write(&r);
	while (rig_next(peer, &frame)) {
		if (frame.type == FRAME_READ_ON)
			read_ons += is_paged ? 100 : 1; /* late */
		if (frame.type != (FRAME_PAGE | FRAME_REPLY))
			continue;
		struct reader messages = reader_of(frame.paged.messages);

		is_paged = true;
		(void)protocol_next_message(&messages, &item);
	}
	ALWAYS(is_paged, "drop: the page comes");
	*first = item.number;
	while (store_work(r.journal, UINT32_MAX))
		;
	rig_close(&r);
	return read_ons;
}

static void test_drop(void)
{
	uint64_t first;

	IS_U64(read_ons_of_drop(0, &first), 0, "drop: a page from before it needs no other word");
	IS_U64(first, 77, "drop: and has it");
	IS_U64(read_ons_of_drop(2000, &first), 1,
	       "drop: a page from behind it: this is told first");
	IS_U64(first, GHOSTS + 1, "drop: which goes on where it was");
}

/* ---- output that is not read ---- */

/* Asks for as much as is taken, and gives how many bytes wait. */
static size_t pile_up(struct rig *r, struct peer *peer, const struct person *p)
{
	struct frame frame = { .type = FRAME_LOOKUP_ID };
	uint8_t *ids = memory_alloc(LOOKUP_IDS_MAX * ID_SIZE);

	for (size_t i = 0; i < LOOKUP_IDS_MAX; i++)
		memcpy(ids + i * ID_SIZE, p->account.id.bytes, ID_SIZE);
	frame.lookup_id.ids = view_of(ids, LOOKUP_IDS_MAX * ID_SIZE);
	peer->is_deaf = true;
	while (rig_send(r, peer, &frame))
		;
	memory_free(ids);
	return session_output(r->s, peer->number).size;
}

static void test_rate(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);

	rig_open(&r);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &ann);
	rig_leave(&r, other);
	struct peer *slow = rig_login(&r, &ann, 1, true);

	OK(pile_up(&r, slow, &ann) > 1000000, "rate: much waits for one who is logged in");
	for (int i = 0; i < 20 && !slow->is_closed; i++) {
		rig_take(&r, slow, 20000);
		rig_tick(&r, 5000);
	}
	OK(!slow->is_closed, "rate: who reads 20 KB in five seconds is not too slow");
	for (int i = 0; i < 3 && !slow->is_closed; i++) {
		rig_take(&r, slow, 100);
		rig_tick(&r, 5000);
	}
	OK(slow->is_closed, "rate: who reads 100 bytes is");
	rig_close(&r);
}

/* Feeds a frame, and counts how many connections are to be closed. */
static unsigned feed(struct sessions *s, uint32_t number, const struct frame *frame,
                     struct session_time time)
{
	struct session_action action;
	unsigned closed = 0;
	struct buf b;

	buf_init(&b, FRAME_SIZE_MAX);
	protocol_encode(&b, frame);
	(void)session_input(s, number, buf_view(&b), time);
	while (session_next(s, &action))
		closed += action.kind == SESSION_CLOSE;
	buf_release(&b);
	return closed;
}

/* Strangers who read nothing: all together are bounded, and one who reads is not touched. */
static void test_sum(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct frame hello = rig_hello();
	struct frame ask = { .type = FRAME_LOOKUP_ID };
	uint8_t *ids = memory_alloc(LOOKUP_IDS_MAX * ID_SIZE);
	uint8_t nonce[KEY_SIZE] = { 1 };
	uint64_t held = 0;
	unsigned closed = 0;

	rig_open(&r);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &ann);
	struct peer *known = rig_login(&r, &ann, 1, true);

	for (size_t i = 0; i < LOOKUP_IDS_MAX; i++)
		memcpy(ids + i * ID_SIZE, ann.account.id.bytes, ID_SIZE);
	ask.lookup_id.ids = view_of(ids, LOOKUP_IDS_MAX * ID_SIZE);
	for (int i = 0; i < 2000; i++) {
		uint32_t number = session_open(r.s, nonce, NULL, r.time);

		closed += feed(r.s, number, &hello, r.time);
		closed += feed(r.s, number, &ask, r.time);
		held += session_output(r.s, number).size;
	}
	OK(held > 80 << 20, "sum: two thousand strangers would hold much");
	OK(closed > 100 && closed < 2000, "sum: those who have waited longest are closed");
	OK(!known->is_closed, "sum: who is logged in is not");
	session_check(r.s);
	memory_free(ids);
	rig_close(&r);
}

int main(void)
{
	test_cost();
	test_cost_of_passwords();
	test_cost_of_streams();
	test_cost_of_texts();
	test_behind();
	test_behind_slices();
	test_ghosts();
	test_drop();
	test_rate();
	test_sum();
	return tap_done();
}
