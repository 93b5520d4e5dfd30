/* SPDX-License-Identifier: MIT
 *
 * Messages: send, received, streams, pages and the place that pushes follow, dropped pushes,
 * limits, and what goes in slices.
 */
#include "tests/session/fixture.h"

static const struct place beginning;

/* Two people, both online and read to the end; `a` and `b` are their connections. */
struct pair {
	struct rig r;
	struct person alice;
	struct person bob;
	struct peer *other;
	struct peer *a;
	struct peer *b;
};

static void pair_open_with(struct pair *p, struct session_options options, bool bob_reads)
{
	rig_open_with(&p->r, options);
	p->alice = person_make("alice", 1, CLOCK_MS);
	p->bob = person_make("bob", 2, CLOCK_MS);
	p->other = rig_join(&p->r);
	rig_create(&p->r, p->other, &p->alice);
	rig_create(&p->r, p->other, &p->bob);
	p->a = rig_login(&p->r, &p->alice, 5, true);
	p->b = rig_login(&p->r, &p->bob, 7, bob_reads);
}

static void pair_open(struct pair *p)
{
	pair_open_with(p, (struct session_options){ .silence_ms = 6000 }, true);
}

/* Alice tells Bob. */
static struct send_result tell(struct pair *p, uint64_t number, uint64_t sent_ms, const char *text)
{
	return rig_tell(&p->r, p->a, &p->bob, number, sent_ms, text);
}

static struct frame page(struct pair *p, const struct place *after, uint32_t bytes)
{
	return rig_ask(&p->r, p->b, page_of(after, bytes));
}

static unsigned messages_in(struct view messages, uint64_t *first, uint64_t *last)
{
	struct reader r = reader_of(messages);
	struct message_item item;
	unsigned count = 0;

	for (; protocol_next_message(&r, &item); count++) {
		if (count == 0)
			*first = item.number;
		*last = item.number;
	}
	return count;
}

/* The number of the only message of the next frame, if that is a push; else 0. */
static uint64_t pushed(struct peer *peer)
{
	struct frame frame;
	uint64_t first = 0;
	uint64_t last = 0;

	if (!rig_next(peer, &frame) || frame.type != FRAME_PUSH)
		return 0;
	return messages_in(frame.push.messages, &first, &last) == 1 ? first : 0;
}

static void test_send(void)
{
	struct pair p;
	struct frame got;
	struct message_item item;

	pair_open(&p);
	struct send_result result = tell(&p, 1, 100, "hi");

	IS_U64(result.status, STATUS_OK, "send: is stored");
	OK(result.online, "send: the recipient is online");
	IS_U64(result.share, 1, "send: one of a million is used");
	OK(rig_next(p.b, &got) && got.type == FRAME_PUSH, "send: and is pushed to him");
	struct reader r = reader_of(got.push.messages);

	protocol_next_message(&r, &item);
	OK(id_equal(&item.sender, &p.alice.account.id), "send: with the sender's id");
	IS_U64(item.sent_ms, 100, "send: and the time");
	OK(view_equal(item.text, view_of_string("hi")), "send: and the text");
	IS_U64(tell(&p, 1, 100, "hi").status, STATUS_OK, "send: a repetition is ok");
	IS_U64(rig_next_type(p.b), 0, "send: and not pushed again");
	IS_U64(tell(&p, 1, 101, "hi").status, STATUS_DIFFERENT,
	       "send: with a larger content it is not");
	IS_U64(rig_next_type(p.b), 0, "send: which changes nothing");
	IS_U64(tell(&p, 1, 99, "ho").status, STATUS_DIFFERENT, "send: nor with a smaller one");
	IS_U64(pushed(p.b), 1, "send: which replaces it on every replica, and is pushed");
	rig_ask(&p.r, p.other, deletion_of(&p.bob));
	result = tell(&p, 2, 100, "gone?");
	IS_U64(result.status, STATUS_GONE, "send: to who is gone");
	OK(!result.online, "send: who is not online");
	rig_close(&p.r);
}

/* With a session named the stream is that one's: a repetition from a later log in. */
static void test_repetition(void)
{
	struct pair p;
	struct frame frame = { .type = FRAME_SEND, .flags = FLAG_SESSION };
	const struct place zero = { 0 };
	struct buf b;
	uint64_t first = 0;
	uint64_t last = 0;

	pair_open(&p);
	tell(&p, 1, 100, "hi");
	struct peer *later = rig_login(&p.r, &p.alice, 6, true);
	const struct recipient recipient = { p.bob.account.id, 1 };

	buf_init(&b, RECIPIENT_SIZE);
	protocol_put_recipient(&b, &recipient);
	frame.send.sent_ms = 100;
	frame.send.session = ulid_of(5);
	frame.send.count = 1;
	frame.send.recipients = buf_view(&b);
	frame.send.text = view_of_string("hi");
	IS_U64(rig_ask(&p.r, later, frame).sent.results.data[0], STATUS_OK, "repetition: is ok");
	frame.send.sent_ms = 200;
	IS_U64(rig_ask(&p.r, later, frame).sent.results.data[0], STATUS_OK,
	       "repetition: of the same text at another time too");
	frame.send.sent_ms = 50;
	uint64_t position = p.r.position;

	IS_U64(rig_ask(&p.r, later, frame).sent.results.data[0], STATUS_OK,
	       "repetition: also before");
	IS_U64(p.r.position, position + 1, "repetition: the smaller time is kept");
	frame.send.text = view_of_string("ha");
	IS_U64(rig_ask(&p.r, later, frame).sent.results.data[0], STATUS_DIFFERENT,
	       "repetition: of another text is refused");
	IS_U64(p.r.position, position + 1, "repetition: and changes nothing");
	struct frame reply = page(&p, &zero, PAGE_SIZE_MAX);

	IS_U64(messages_in(reply.paged.messages, &first, &last), 1, "repetition: adds nothing");
	IS_U64(rig_tell(&p.r, later, &p.bob, 1, 100, "hi").status, STATUS_OK,
	       "repetition: none is");
	reply = page(&p, &zero, PAGE_SIZE_MAX);
	IS_U64(messages_in(reply.paged.messages, &first, &last), 2, "repetition: another stream");
	buf_release(&b);
	rig_close(&p.r);
}

static void test_self_and_strangers(void)
{
	struct pair p;
	struct person nobody = person_make("nobody", 9, CLOCK_MS);

	pair_open(&p);
	struct send_result result = rig_tell(&p.r, p.a, &p.alice, 1, 1, "note");

	IS_U64(result.status, STATUS_OK, "send: to oneself");
	OK(result.online, "send: oneself is online");
	IS_U64(pushed(p.a), 0, "send: the push came before the reply");
	result = rig_tell(&p.r, p.a, &nobody, 1, 1, "who?");
	IS_U64(result.status, STATUS_OK, "send: to an id that is not known here");
	OK(!result.online, "send: which is not online");
	rig_close(&p.r);
}

static void test_share(void)
{
	struct pair p;
	struct session_options options = { .limits = { 4, 1000, STORE_GAPS_MAX } };
	char text[601];

	pair_open_with(&p, options, true);
	memset(text, 'x', 600);
	text[600] = '\0';
	IS_U64(tell(&p, 1, 1, "a").share, 250000, "share: one of four messages");
	IS_U64(tell(&p, 2, 1, text).share, 601000, "share: bytes count, if they are more");
	IS_U64(rig_entry(&p.r, p.a, &p.bob).share, 601000, "share: a look up tells it");
	IS_U64(rig_entry(&p.r, p.b, &p.bob).share, 0, "share: to each his own");
	IS_U64(rig_entry(&p.r, p.other, &p.bob).share, 0, "share: none to who is not logged in");
	for (uint64_t i = 3; i <= 8; i++)
		ALWAYS(tell(&p, i, 1, "b").status == STATUS_OK, "share: up to twice is stored");
	struct send_result result = tell(&p, 9, 1, "c");

	IS_U64(result.status, STATUS_MAILBOX_FULL, "share: more is not");
	IS_U64(result.share, 2000000, "share: twice is used");
	IS_U64(tell(&p, 8, 1, "b").status, STATUS_OK, "share: what is held is ok as ever");
	IS_U64(rig_bury(&p.r, p.b, &p.alice, 5, 1, 8), STATUS_OK, "share: he has read them");
	IS_U64(tell(&p, 9, 1, "c").share, 250000, "share: there is room again");
	rig_close(&p.r);
}

static void test_received(void)
{
	struct pair p;
	uint64_t first = 0;
	uint64_t last = 0;

	pair_open(&p);
	for (uint64_t i = 1; i <= 5; i++)
		tell(&p, i, i, "x");
	IS_U64(rig_bury(&p.r, p.a, &p.alice, 5, 1, 5), STATUS_OK, "received: of one's own mailbox");
	struct frame reply = page(&p, &beginning, PAGE_SIZE_MAX);

	IS_U64(messages_in(reply.paged.messages, &first, &last), 5, "received: touches no other");
	IS_U64(rig_bury(&p.r, p.b, &p.alice, 5, 2, 4), STATUS_OK, "received: some");
	reply = page(&p, &beginning, PAGE_SIZE_MAX);
	IS_U64(messages_in(reply.paged.messages, &first, &last), 2, "received: the others stay");
	IS_U64(rig_bury(&p.r, p.b, &p.alice, 5, 7, 7), STATUS_OK, "received: before the message");
	IS_U64(tell(&p, 7, 7, "x").status, STATUS_OK, "received: which then is ok");
	reply = page(&p, &beginning, PAGE_SIZE_MAX);
	IS_U64(messages_in(reply.paged.messages, &first, &last), 2, "received: and not stored");
	struct frame none = { .type = FRAME_RECEIVED };

	IS_U64(rig_ask(&p.r, p.b, none).status, STATUS_OK, "received: nothing is ok");
	rig_close(&p.r);
}

/* Some of it could not be stored: that is said, the rest is stored. */
static void test_received_in_part(void)
{
	struct pair p;
	struct frame frame = { .type = FRAME_RECEIVED };
	struct range ranges[2] = { { 1, 1 }, { 3, 3 } };
	struct stream_item item = { .session = ulid_of(5) };
	struct buf list;
	struct buf b;

	pair_open(&p);
	tell(&p, 1, 1, "x");
	buf_init(&list, 1000);
	buf_init(&b, 1000);
	for (int i = 0; i < 2; i++)
		protocol_put_range(&b, &ranges[i]);
	item.ranges = buf_view(&b);
	item.sender = p.bob.account.id; /* of a stream that is not held */
	protocol_put_received(&list, &item);
	item.sender = p.alice.account.id;
	protocol_put_received(&list, &item);
	frame.streams.streams = buf_view(&list);
	session_disk(p.r.s, SESSION_DISK_LOW);
	uint64_t position = p.r.position;

	IS_U64(rig_ask(&p.r, p.b, frame).status, STATUS_DISK_FULL, "received: the worst is said");
	IS_U64(p.r.position, position + 2, "received: the others are stored");
	session_disk(p.r.s, SESSION_DISK_OK);
	IS_U64(rig_ask(&p.r, p.b, frame).status, STATUS_OK, "received: again with room");
	IS_U64(p.r.position, position + 4, "received: only what is new is journalled");
	buf_release(&list);
	buf_release(&b);
	rig_close(&p.r);
}

/* Each number leaves a gap, until one more gap is refused. Whatever was taken can be read. */
static void test_gaps(void)
{
	struct pair p;
	enum status status = STATUS_OK;
	uint64_t number = 1;
	struct store_totals totals;
	bool all_read = true;

	pair_open(&p);
	for (; status == STATUS_OK && number < 4000; number += 2)
		status = tell(&p, number, 1, "x").status;
	IS_U64(status, STATUS_GAPS, "gaps: a stream takes so many and no more");
	OK(number > 2000 && number < 2010, "gaps: that is a thousand");
	IS_U64(tell(&p, 2, 1, "x").status, STATUS_OK, "gaps: what fills one is taken");
	for (uint64_t n = 1; n < number - 2; n += 2)
		all_read &= rig_bury(&p.r, p.b, &p.alice, 5, n, n) == STATUS_OK;
	OK(all_read, "gaps: what was taken is read");
	IS_U64(rig_bury(&p.r, p.b, &p.alice, 5, 2, 2), STATUS_OK, "gaps: all of it");
	store_totals(p.r.store, &totals);
	IS_U64(totals.messages, 0, "gaps: and nothing is left");
	IS_U64(tell(&p, 5000, 1, "x").status, STATUS_OK, "gaps: the one that was filled is free");
	IS_U64(tell(&p, 5002, 1, "x").status, STATUS_GAPS, "gaps: what was read counts as well");
	rig_close(&p.r);
}

/* A store that takes all the memory it may: what is new is refused, what waits can be read. */
static void test_memory(void)
{
	struct pair p;

	pair_open(&p);
	IS_U64(tell(&p, 1, 1, "x").status, STATUS_OK, "memory: there is room");
	store_limit_memory(p.r.store, 1);
	IS_U64(tell(&p, 2, 1, "x").status, STATUS_DISK_FULL, "memory: nothing new is stored");
	IS_U64(tell(&p, 1, 1, "x").status, STATUS_OK, "memory: what is held is");
	IS_U64(rig_bury(&p.r, p.b, &p.alice, 5, 1, 1), STATUS_OK, "memory: and can be read");
	store_limit_memory(p.r.store, UINT64_MAX);
	IS_U64(tell(&p, 2, 1, "x").status, STATUS_OK, "memory: with more room all goes on");
	rig_close(&p.r);
}

static void test_streams(void)
{
	struct pair p;
	struct frame frame = { .type = FRAME_STREAMS };
	struct stream_item item = { .session = ulid_of(5) };
	struct range range;
	struct buf b;

	pair_open(&p);
	buf_init(&b, 1000);
	rig_bury(&p.r, p.b, &p.alice, 5, 1, 3);
	rig_bury(&p.r, p.b, &p.alice, 5, 8, 9);
	item.sender = p.alice.account.id;
	protocol_put_question(&b, &item);
	item.session = ulid_of(6);
	protocol_put_question(&b, &item);
	memset(item.sender.bytes, 3, ID_SIZE);
	protocol_put_question(&b, &item);
	frame.streams.streams = buf_view(&b);
	struct frame reply = rig_ask(&p.r, p.b, frame);
	struct reader r = reader_of(reply.streams.streams);
	struct reader ranges;

	protocol_next_answer(&r, &item);
	IS_U64(item.entry.state, ENTRY_ALIVE, "streams: who the sender is");
	OK(view_equal(item.entry.name, view_of_string("alice")), "streams: by name");
	ranges = reader_of(item.ranges);
	OK(protocol_next_range(&ranges, &range) && range.first == 1 && range.last == 3,
	   "streams: what is gone");
	OK(protocol_next_range(&ranges, &range) && range.first == 8 && range.last == 9,
	   "streams: and what else");
	OK(!protocol_next_range(&ranges, &range), "streams: and nothing more");
	protocol_next_answer(&r, &item);
	IS_U64(item.ranges.size, 0, "streams: of another session nothing is gone");
	protocol_next_answer(&r, &item);
	IS_U64(item.entry.state, ENTRY_UNKNOWN, "streams: a sender who is not known");
	OK(!protocol_next_answer(&r, &item), "streams: one answer to each question");
	buf_release(&b);
	rig_close(&p.r);
}

/* More answers than a page: fewer, at least one, in order. */
static void test_streams_bounded(void)
{
	struct pair p;
	struct frame frame = { .type = FRAME_STREAMS };
	struct stream_item item = { .session = ulid_of(5) };
	struct buf b;
	unsigned count = 0;

	pair_open(&p);
	buf_init(&b, STREAMS_MAX * QUESTION_SIZE);
	for (uint64_t i = 1; i < 1990; i += 2) {
		const struct fact fact = {
			.kind = FACT_BURIAL,
			.burial = { { p.bob.account.id, p.alice.account.id, ulid_of(5) },
			            { i, i } },
		};

		store_apply(p.r.store, &fact, NULL);
		store_apply(p.r.journal, &fact, NULL);
	}
	item.sender = p.alice.account.id;
	for (int i = 0; i < 100; i++)
		protocol_put_question(&b, &item);
	frame.streams.streams = buf_view(&b);
	struct frame reply = rig_ask(&p.r, p.b, frame);
	struct reader r = reader_of(reply.streams.streams);

	for (; protocol_next_answer(&r, &item); count++)
		ALWAYS(item.ranges.size == 995 * RANGE_SIZE, "streams: an answer is whole");
	OK(count >= 1 && count < 10, "streams: as many as fit a page");
	buf_release(&b);
	rig_close(&p.r);
}

static void test_pages(void)
{
	struct pair p;
	struct place after = { 0 };
	uint64_t first = 0;
	uint64_t last = 0;
	unsigned pages = 0;
	uint64_t next = 1;

	pair_open(&p);
	for (uint64_t i = 1; i <= 40; i++)
		tell(&p, i, i, "twelve bytes");
	struct frame reply = page(&p, &after, 0);

	IS_U64(messages_in(reply.paged.messages, &first, &last), 1, "page: at least one message");
	OK(!reply.paged.last, "page: which is not the last");
	IS_U64(reply.paged.upto.sent_ms, 1, "page: up to its place");
	for (;;) {
		reply = page(&p, &after, 10 * (MESSAGE_SIZE + 12));
		pages++;
		IS_U64(messages_in(reply.paged.messages, &first, &last), 10,
		       "page: as many as fit");
		IS_U64(first, next, "page: in order, none left out");
		next = last + 1;
		if (reply.paged.last)
			break;
		after = reply.paged.upto;
	}
	IS_U64(pages, 4, "page: the last one says so, though it is full");
	OK(place_is_end(&reply.paged.upto), "page: and reaches the end");
	after = place_end();
	reply = page(&p, &after, 1000);
	OK(reply.paged.last && reply.paged.messages.size == 0, "page: after the end is nothing");
	rig_close(&p.r);
}

/* The place rule, with the hole that it closes: what arrives behind the place is pushed. */
static void test_place(void)
{
	struct pair p;

	pair_open_with(&p, (struct session_options){ .silence_ms = 6000 }, false);
	for (uint64_t i = 1; i <= 4; i++)
		tell(&p, i, 10 * i, "twelve bytes");
	IS_U64(rig_next_type(p.b), 0, "place: nothing is pushed before a page was answered");
	struct frame reply = page(&p, &beginning, 2 * (MESSAGE_SIZE + 12));

	IS_U64(reply.paged.upto.sent_ms, 20, "place: a page up to the second");
	tell(&p, 5, 15, "behind");
	IS_U64(pushed(p.b), 5, "place: what arrives behind it is pushed");
	tell(&p, 6, 25, "before");
	IS_U64(pushed(p.b), 0, "place: what arrives before it a page will bring");
	tell(&p, 4, 19, "smaller");
	IS_U64(pushed(p.b), 4, "place: what moves behind it is pushed");
	tell(&p, 2, 20, "smaller");
	IS_U64(pushed(p.b), 2, "place: what changes just there is pushed too");
	page(&p, &beginning, 0);
	tell(&p, 7, 12, "again");
	IS_U64(pushed(p.b), 0, "place: a page sets it back too");
	struct place after = reply.paged.upto;

	page(&p, &after, PAGE_SIZE_MAX);
	tell(&p, 8, 1, "old");
	IS_U64(pushed(p.b), 8, "place: after the last page all is pushed");
	tell(&p, 9, NUMBER_MAX, "young");
	IS_U64(pushed(p.b), 9, "place: old or young");
	rig_ask(&p.r, p.b, login_of(&p.r, p.b, &p.bob, 7, 2));
	tell(&p, 10, 1, "later");
	IS_U64(pushed(p.b), 0, "place: a log-in sets it to the beginning");
	page(&p, &beginning, PAGE_SIZE_MAX);
	rig_ask(&p.r, p.b, login_of(&p.r, p.b, &p.bob, 7, 2));
	tell(&p, 11, 1, "once more");
	IS_U64(pushed(p.b), 11, "place: the same log-in again leaves it where it is");
	rig_close(&p.r);
}

static void test_coalesced(void)
{
	struct pair p;
	struct frame frame;
	uint64_t first = 0;
	uint64_t last = 0;

	pair_open(&p);
	p.b->is_deaf = true;
	for (uint64_t i = 1; i <= 3; i++)
		tell(&p, i, i, "x");
	p.b->is_deaf = false;
	rig_write(&p.r);
	OK(rig_next(p.b, &frame) && frame.type == FRAME_PUSH, "pushes: of one look are one frame");
	IS_U64(messages_in(frame.push.messages, &first, &last), 3, "pushes: with all three");
	IS_U64(rig_next_type(p.b), 0, "pushes: and no more");
	IS_U64(p.b->told, 4, "pushes: output that waits is told once");
	struct session_counts counts;

	session_counts(p.r.s, &counts);
	IS_U64(counts.pushes, 3, "pushes: are counted");
	rig_close(&p.r);
}

/* Texts of 30,000 bytes; `number` is the time too. */
static void tell_long(struct pair *p, uint64_t number, uint64_t sent_ms)
{
	static char text[30000];

	memset(text, 'y', sizeof text);
	rig_message(&p->r, p->a, &p->bob, number, sent_ms, view_of(text, sizeof text));
}

/* A reader who does not read: a page of pushes waits, then a place from which to read on. */
static void test_read_on(void)
{
	struct pair p;
	struct frame frame;
	uint64_t first = 0;
	uint64_t last = 0;
	unsigned count = 0;

	pair_open(&p);
	p.b->is_deaf = true;
	for (uint64_t i = 1; i <= 50; i++)
		tell_long(&p, i, 1000 + i);
	tell_long(&p, 51, 900);
	tell_long(&p, 52, 800);
	tell_long(&p, 53, 850);
	p.b->is_deaf = false;
	rig_write(&p.r);
	while (rig_next(p.b, &frame) && frame.type == FRAME_PUSH)
		count += messages_in(frame.push.messages, &first, &last);
	IS_U64(count, 4, "read on: no more than a page of pushes waits");
	IS_U64(frame.type, FRAME_READ_ON, "read on: then comes a place");
	struct place place = frame.read_on.place;

	IS_U64(place.sent_ms, 800, "read on: before the first that was dropped");
	IS_U64(rig_next_type(p.b), 0, "read on: told once");
	tell_long(&p, 60, 2000);
	IS_U64(rig_next_type(p.b), 0, "read on: what comes after that place is not pushed");
	struct frame reply = page(&p, &place, PAGE_SIZE_MAX);

	messages_in(reply.paged.messages, &first, &last);
	IS_U64(first, 52, "read on: a page from there begins with what was dropped");
	tell_long(&p, 61, 1);
	IS_U64(pushed(p.b), 61, "read on: and pushes go on");
	rig_close(&p.r);
}

/* A drop while a READ_ON is on its way, partly written: one more, lower, after it. */
static void test_read_on_twice(void)
{
	struct pair p;
	struct frame frame;
	uint64_t places[3] = { 0 };
	unsigned count = 0;

	pair_open(&p);
	p.b->is_deaf = true;
	for (uint64_t i = 1; i <= 6; i++)
		tell_long(&p, i, 1000 + i);
	rig_take(&p.r, p.b, 10);
	tell_long(&p, 7, 500);
	tell_long(&p, 8, 600);
	rig_take(&p.r, p.b, 10);
	tell_long(&p, 9, 400);
	rig_take(&p.r, p.b, 10);
	p.b->is_deaf = false;
	rig_write(&p.r);
	while (rig_next(p.b, &frame)) {
		if (frame.type == FRAME_READ_ON && count < 3)
			places[count] = frame.read_on.place.sent_ms;
		count += frame.type == FRAME_READ_ON;
	}
	IS_U64(count, 2, "read on: at most one is on its way, the next tells the lowest place");
	IS_U64(places[0], 1005, "read on: the first, before the first drop");
	IS_U64(places[1], 400, "read on: the second, before the last");
	rig_close(&p.r);
}

/* A page that was asked for before a drop was known. */
static void test_read_on_page(void)
{
	struct pair p;
	struct frame frame;
	struct place after = place_end();

	pair_open(&p);
	p.b->is_deaf = true;
	for (uint64_t i = 1; i <= 6; i++)
		tell_long(&p, i, 1000 + i);
	frame = page_of(&after, 1000);
	rig_send(&p.r, p.b, &frame);
	p.b->is_deaf = false;
	rig_write(&p.r);
	while (rig_next(p.b, &frame) && frame.type == FRAME_PUSH)
		;
	IS_U64(frame.type, FRAME_READ_ON, "read on: is told before a page from behind the drop");
	IS_U64(rig_next_type(p.b), FRAME_PAGE | FRAME_REPLY, "read on: then the page");
	p.b->is_deaf = true;
	for (uint64_t i = 11; i <= 16; i++)
		tell_long(&p, i, 1000 + i);
	frame = page_of(&beginning, 1000);
	rig_send(&p.r, p.b, &frame);
	p.b->is_deaf = false;
	rig_write(&p.r);
	while (rig_next(p.b, &frame) && frame.type == FRAME_PUSH)
		;
	IS_U64(frame.type, FRAME_PAGE | FRAME_REPLY, "read on: a page from before it needs none");
	tell(&p, 20, 1, "behind");
	IS_U64(rig_next_type(p.b), FRAME_PUSH, "read on: nor after it");
	rig_close(&p.r);
}

/* The edges of 'just before': number 1, then a session and a sender of zeros. */
static void test_place_before(void)
{
	struct pair p;
	struct frame frame;
	struct message_item item;

	pair_open(&p);
	p.b->is_deaf = true;
	for (uint64_t i = 2; i <= 6; i++)
		tell_long(&p, i, 1000);
	tell_long(&p, 1, 1000);
	p.b->is_deaf = false;
	rig_write(&p.r);
	while (rig_next(p.b, &frame) && frame.type == FRAME_PUSH)
		;
	IS_U64(frame.type, FRAME_READ_ON, "before: there is a place before the first number");
	const struct place place = frame.read_on.place;
	struct frame reply = page(&p, &place, 1);
	struct reader r = reader_of(reply.paged.messages);

	protocol_next_message(&r, &item);
	IS_U64(item.number, 1, "before: from which that number is the next");
	rig_close(&p.r);
}

/* A broadcast to many goes in slices; its connection waits, nobody else does. */
static void test_slices(void)
{
	struct pair p;
	struct frame frame = { .type = FRAME_SEND };
	struct frame ping = { .type = FRAME_PING };
	struct send_result result;
	struct buf b;
	unsigned stored = 0;
	unsigned slices = 0;

	pair_open(&p);
	buf_init(&b, RECIPIENTS_MAX * RECIPIENT_SIZE);
	for (uint64_t i = 1; i <= RECIPIENTS_MAX; i++) {
		struct recipient recipient = { .number = i };

		if (i == RECIPIENTS_MAX)
			recipient.id = p.bob.account.id;
		else
			buf_store_u64(recipient.id.bytes, i);
		protocol_put_recipient(&b, &recipient);
	}
	frame.send.sent_ms = 1;
	frame.send.count = RECIPIENTS_MAX;
	frame.send.recipients = buf_view(&b);
	frame.send.text = view_of_string("to all");
	rig_send(&p.r, p.a, &frame);
	OK(session_has_work(p.r.s), "slices: a long request is not done in one turn");
	OK(!session_takes_input(p.r.s, p.a->number),
	   "slices: its connection takes nothing meanwhile");
	IS_U64(rig_ask(&p.r, p.b, ping).status, STATUS_OK, "slices: others are served");
	IS_U64(p.a->resumed, 1, "slices: and then it takes input again");
	rig_send(&p.r, p.a, &frame);
	while (session_has_work(p.r.s)) {
		session_work(p.r.s, p.r.time);
		rig_settle(&p.r);
		slices++;
	}
	OK(slices >= RECIPIENTS_MAX / 256, "slices: each is small");
	for (int i = 0; i < 2; i++) {
		struct frame reply;
		bool is_there = rig_next(p.a, &reply);
		struct reader r = reader_of(reply.sent.results);

		OK(is_there && reply.type == (FRAME_SEND | FRAME_REPLY), "slices: one reply");
		while (protocol_next_result(&r, &result))
			stored += result.status == STATUS_OK;
		OK(result.online, "slices: the last result is the last recipient's");
	}
	IS_U64(stored, 2 * RECIPIENTS_MAX, "slices: with a result for each");
	IS_U64(pushed(p.b), RECIPIENTS_MAX, "slices: he was pushed his message");
	IS_U64(pushed(p.b), 0, "slices: once");
	rig_send(&p.r, p.a, &frame);
	rig_leave(&p.r, p.a);
	rig_work(&p.r);
	OK(true, "slices: who leaves in the middle is not missed");
	buf_release(&b);
	rig_close(&p.r);
}

/* A deletion with a large mailbox, and a burial of many: the reply comes at once, and what they
 * leave is freed later. */
static void test_freed(void)
{
	struct pair p;
	struct frame frame = { .type = FRAME_RECEIVED };
	struct range range = { 1, NUMBER_MAX };
	struct stream_item item = { .session = ulid_of(5) };
	struct buf b;
	struct buf list;

	pair_open(&p);
	for (uint64_t i = 1; i <= 6000; i++) {
		const struct fact fact = {
			.kind = FACT_MESSAGE,
			.message = {
				.stream = { i <= 3000 ? p.bob.account.id : p.alice.account.id,
				            p.alice.account.id, ulid_of(5) },
				.number = i,
				.sent_ms = i,
				.text = view_of_string("x"),
			},
		};

		store_apply(p.r.store, &fact, NULL);
		store_apply(p.r.journal, &fact, NULL);
	}
	buf_init(&b, 100);
	buf_init(&list, 100);
	protocol_put_range(&b, &range);
	item.sender = p.alice.account.id;
	item.ranges = buf_view(&b);
	protocol_put_received(&list, &item);
	frame.streams.streams = buf_view(&list);
	rig_send(&p.r, p.b, &frame);
	IS_U64(rig_next_type(p.b), FRAME_RECEIVED | FRAME_REPLY,
	       "freed: a burial of many is answered at once");
	frame = deletion_of(&p.alice);
	rig_send(&p.r, p.other, &frame);
	IS_U64(rig_next_type(p.other), FRAME_DELETE | FRAME_REPLY,
	       "freed: and so is a deletion with much mail, for which others' mail waits");
	IS_U64(rig_next_type(p.a), FRAME_ENDED, "freed: it takes effect at once");
	OK(session_has_work(p.r.s), "freed: memory is given back later");
	OK(session_takes_input(p.r.s, p.b->number), "freed: for which nobody waits");
	rig_work(&p.r);
	struct store_totals totals;

	store_totals(p.r.store, &totals);
	IS_U64(totals.messages, 0, "freed: no message is left");
	store_check(p.r.store);
	buf_release(&b);
	buf_release(&list);
	while (store_work(p.r.journal, 1000))
		;
	rig_close(&p.r);
}

int main(void)
{
	test_send();
	test_repetition();
	test_self_and_strangers();
	test_share();
	test_received();
	test_received_in_part();
	test_gaps();
	test_memory();
	test_streams();
	test_streams_bounded();
	test_pages();
	test_place();
	test_coalesced();
	test_read_on();
	test_read_on_twice();
	test_read_on_page();
	test_place_before();
	test_slices();
	test_freed();
	return tap_done();
}
