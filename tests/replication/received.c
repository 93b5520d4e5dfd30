/* SPDX-License-Identifier: MIT
 *
 * Stories of telling the replicas what was received: when it is told, in how many frames, and what
 * becomes of it when a connection, a session or the client ends before. Bob is client 1; what he
 * writes is held back where its frames are looked at. See tests/replication/cluster.h for what the
 * lines say.
 */
#include "tests/replication/cluster.h"

enum { BOB = 1 };

static struct cluster k;
static struct id alice_id, bob_id;

/* What waits to be written to one replica, of FRAME_RECEIVED. */
struct told {
	uint32_t frames, streams, ranges;
	uint64_t numbers;
	uint8_t followed_by; /* the type of the frame behind the last one */
};

static void add_frame(struct told *told, const struct frame *f)
{
	struct reader streams = reader_of(f->streams.streams);
	struct stream_item item;
	struct range range;

	told->frames++;
	told->followed_by = 0;
	while (protocol_next_received(&streams, &item)) {
		struct reader ranges = reader_of(item.ranges);

		told->streams++;
		while (protocol_next_range(&ranges, &range)) {
			told->ranges++;
			told->numbers += range.last - range.first + 1;
		}
	}
}

static struct told told_to(uint32_t index)
{
	struct view out = replication_output(k.clients[BOB].r, index);
	struct told told = { 0 };
	struct frame frame;
	const char *why;
	size_t size;

	while (protocol_size(out, &size) && size > 0) {
		bool is_frame = size <= out.size &&
		                protocol_decode(view_of(out.data, size), &frame, &why);

		assert(is_frame);
		if (frame.type == FRAME_RECEIVED)
			add_frame(&told, &frame);
		else if (told.frames > 0 && told.followed_by == 0)
			told.followed_by = frame.type;
		out.data += size;
		out.size -= size;
	}
	return told;
}

/* Alice is client 0, carol client 2. Both have written to bob before, so what they write is shown
 * without a question. */
static void fresh(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 3);
	alice_id = k.clients[0].last.id;
	bob_id = k.clients[BOB].last.id;
	say(&k, 2, "create carol pw");
	say(&k, 0, "send bob first");
	say(&k, 2, "send bob first");
	pass(&k, 100);
	quiet(&k);
}

/* ---- when ---- */

static void test_together(void)
{
	fresh();
	hold_all_there(&k, BOB, true);
	say(&k, 0, "send bob one");
	IS_STRING(heard(&k, BOB), "message alice one 2\n", "together: it is shown at once");
	pass(&k, 10);
	say(&k, 0, "send bob two");
	say(&k, 2, "send bob three");
	IS_STRING(heard(&k, BOB), "message alice two 3\nmessage carol three 2\n",
	          "together: so are those that come while it waits to be told");
	pass(&k, RECEIVED_MS - 11);
	for (uint32_t i = 0; i < REPLICAS; i++)
		IS_U64(told_to(i).frames, 0, "together: nothing is told before its time");
	OK(replication_idle(k.clients[BOB].r), "together: what waits for it is no work");
	pass(&k, 1);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct told told = told_to(i);

		IS_U64(told.frames, 1, "together: then all is told in one frame,");
		IS_U64(told.streams, 2, "together: with both streams,");
		IS_U64(told.ranges, 2, "together: and what follows in one is one range");
		IS_U64(told.numbers, 3, "together: nothing is missing");
	}
	OK(!replication_idle(k.clients[BOB].r), "together: its replies are waited for");
	pass(&k, 200);
	IS_U64(told_to(0).frames, 1, "together: it is told once");
	hold_all_there(&k, BOB, false);
	pass(&k, 1);
	IS_U64(waiting_anywhere(&k, &bob_id), 0, "together: and is gone then");
	OK(replication_idle(k.clients[BOB].r), "together: nothing is left to do");
	cluster_free(&k);
}

static void test_many(void)
{
	fresh();
	hold_all_there(&k, BOB, true);
	for (uint32_t i = 1; i < RECEIVED_COUNT; i++)
		say(&k, 0, "send bob hi");
	IS_U64(k.clients[BOB].shown, 2 + RECEIVED_COUNT - 1, "many: all are shown");
	IS_U64(told_to(1).frames, 0, "many: one less than many waits");
	say(&k, 0, "send bob hi");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		IS_U64(told_to(i).frames, 1, "many: so many are told at once,");
		IS_U64(told_to(i).numbers, RECEIVED_COUNT, "many: all of them");
	}
	pass(&k, 5);
	say(&k, 0, "send bob hi");
	pass(&k, RECEIVED_MS - 1);
	IS_U64(told_to(2).frames, 1, "many: the next one waits its own time");
	pass(&k, 1);
	IS_U64(told_to(2).frames, 2, "many: and is told then");
	cluster_free(&k);
}

/* No time passes while the mailbox is read. */
static void test_pages(void)
{
	enum { MAIL = 2000 };
	struct stream stream;

	fresh();
	say(&k, BOB, "logout");
	draw(&k, &stream.session, sizeof stream.session);
	stream.sender = alice_id;
	stream.recipient = bob_id;
	for (uint32_t i = 1; i <= MAIL; i++)
		put_message(&k, 7, &stream, i, UINT64_C(1780000000000) + i, "a text of some words");
	k.clients[BOB].counts_only = true;
	say(&k, BOB, "login bob pw");
	IS_U64(k.clients[BOB].shown, 2 + MAIL, "pages: a mailbox of many pages is read");
	OK(waiting_anywhere(&k, &bob_id) < 3 * RECEIVED_COUNT, "pages: and emptied meanwhile");
	pass(&k, RECEIVED_MS);
	IS_U64(waiting_anywhere(&k, &bob_id), 0, "pages: to the last one");
	cluster_free(&k);
}

/* ---- what ends before ---- */

static void test_logout(void)
{
	fresh();
	hold_all_there(&k, BOB, true);
	say(&k, 0, "send bob one");
	say(&k, BOB, "logout");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		IS_U64(told_to(i).numbers, 1, "log out: it is told at once");
		IS_U64(told_to(i).followed_by, FRAME_LOGOUT, "log out: before the session ends");
	}
	hold_all_there(&k, BOB, false);
	pump(&k);
	IS_U64(waiting_anywhere(&k, &bob_id), 0, "log out: so it is gone");
	(void)heard(&k, BOB);
	say(&k, BOB, "login bob pw");
	pass(&k, 300);
	IS_STRING(heard(&k, BOB), "result login ok copies=3\n", "log out: nothing waits");
	cluster_free(&k);
}

static void test_delete(void)
{
	fresh();
	hold_all_there(&k, BOB, true);
	say(&k, 0, "send bob one");
	say(&k, BOB, "delete");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		IS_U64(told_to(i).numbers, 1, "delete: it is told at once");
		IS_U64(told_to(i).followed_by, FRAME_DELETE, "delete: before the account is gone");
	}
	hold_all_there(&k, BOB, false);
	pass(&k, 100);
	OK(has(heard(&k, BOB), "result delete ok copies=3"), "delete: which goes on");
	cluster_free(&k);
}

/* Another log in reaches replica 0 first. */
static void test_taken_over(void)
{
	uint32_t other;

	fresh();
	other = client_start(&k);
	pass(&k, 1);
	say(&k, 0, "send bob one");
	hold_there(&k, other, 1, true), hold_there(&k, other, 2, true);
	say(&k, other, "takeover bob pw");
	OK(!has(heard(&k, BOB), "logged out"), "taken over: not before all have said who is there");
	for (uint32_t i = 1; i < REPLICAS; i++)
		k.clients[other].links[i].there = 1; /* the look-up */
	pump(&k);
	OK(has(heard(&k, BOB), "logged out"), "taken over: by a log-in at one replica");
	IS_U64(waiting(&k, 0, &bob_id), 1, "taken over: which hears no more of bob");
	IS_U64(waiting(&k, 1, &bob_id) + waiting(&k, 2, &bob_id), 0,
	       "taken over: the others are told what he was shown");
	hold_there(&k, other, 1, false), hold_there(&k, other, 2, false);
	pass(&k, 300);
	OK(has(k.clients[other].story, "result login ok copies=3"), "taken over: everywhere");
	OK(!has(k.clients[other].story, "message"), "taken over: so it is not shown again");
	IS_U64(waiting_anywhere(&k, &bob_id), 0, "taken over: and is gone at the first one, too");
	cluster_free(&k);
}

static void test_redial(void)
{
	fresh();
	say(&k, 0, "send bob one");
	pass(&k, RECEIVED_MS - 1);
	client_cut(&k, BOB, 2);
	(void)heard(&k, BOB);
	pass(&k, 1);
	IS_U64(waiting(&k, 0, &bob_id) + waiting(&k, 1, &bob_id), 0,
	       "redial: those that are there are told");
	IS_U64(waiting(&k, 2, &bob_id), 1, "redial: who was lost before is not");
	client_heal(&k, BOB, 2);
	pass(&k, 2000);
	OK(!has(heard(&k, BOB), "message"), "redial: its page shows nothing again");
	IS_U64(waiting(&k, 2, &bob_id), 0, "redial: and it is told then");
	client_cut(&k, BOB, 0), client_cut(&k, BOB, 1), client_cut(&k, BOB, 2);
	OK(replication_deadline(k.clients[BOB].r) > k.now_ms, "redial: nothing is due to nobody");
	cluster_free(&k);
}

/* It was shown on a screen that nobody may have seen: better twice than never. */
static void test_killed(void)
{
	uint32_t other;

	fresh();
	say(&k, 0, "send bob one");
	pass(&k, RECEIVED_MS);
	say(&k, 0, "send bob two");
	client_stop(&k, BOB);
	other = client_start(&k);
	pass(&k, 1);
	say(&k, other, "login bob pw");
	pass(&k, 300);
	OK(has(k.clients[other].story, "result login ok copies=3\nmessage alice two 3 waited\n"),
	   "killed: what it had not told is shown to the next client, and nothing else");
	IS_U64(waiting_anywhere(&k, &bob_id), 0, "killed: which tells it");
	cluster_free(&k);
}

/* ---- shown or not ---- */

/* Bob is handed it; nobody sees it yet. */
static void test_not_shown(void)
{
	struct replication *bob;

	fresh();
	bob = k.clients[BOB].r;
	k.clients[BOB].stalls = true;
	say(&k, 0, "send bob one");
	say(&k, 0, "send bob two");
	IS_STRING(heard(&k, BOB), "message alice one 2\nmessage alice two 3\n",
	          "not shown: it is handed out");
	pass(&k, 10 * RECEIVED_MS);
	IS_U64(waiting(&k, 0, &bob_id) + waiting(&k, 1, &bob_id) + waiting(&k, 2, &bob_id), 6,
	       "not shown: no replica is told");
	OK(!replication_idle(bob), "not shown: so something is under way");
	cut_and_heal(&k, BOB, 2);
	pass(&k, 2000);
	OK(!has(heard(&k, BOB), "message"), "not shown: it is not handed out again,");
	IS_U64(waiting(&k, 2, &bob_id), 2, "not shown: nor told to one that brings it again");
	replication_shown(bob, k.clients[BOB].serial - 1, client_time(&k));
	pass(&k, RECEIVED_MS);
	for (uint32_t i = 0; i < REPLICAS; i++)
		IS_U64(waiting(&k, i, &bob_id), 1, "not shown: what is shown is told, and no more");
	replication_shown(bob, k.clients[BOB].serial, client_time(&k));
	replication_shown(bob, k.clients[BOB].serial - 1, client_time(&k));
	pass(&k, RECEIVED_MS);
	IS_U64(waiting_anywhere(&k, &bob_id), 0, "not shown: until all is");
	OK(replication_idle(bob), "not shown: and nothing is under way");
	cluster_free(&k);
}

/* A client that shows nothing is handed a few messages. */
static void test_bounded(void)
{
	uint32_t few;

	fresh();
	for (uint32_t i = 0; i < 7; i++)
		say(&k, 0, "send carol hi");
	say(&k, 2, "logout");
	say(&k, 0, "send carol hi");
	k.options.handed_count_max = 3;
	few = client_start(&k);
	k.clients[few].stalls = true;
	pass(&k, 1);
	say(&k, few, "login carol pw");
	pass(&k, 1000);
	IS_U64(k.clients[few].shown, 1, "bounded: what waits is handed out");
	say(&k, few, "logout");
	OK(!has(heard(&k, few), "result logout"), "bounded: a log-out waits until it is shown");
	replication_shown(k.clients[few].r, 1, client_time(&k));
	pump(&k);
	OK(has(heard(&k, few), "result logout ok"), "bounded: and goes on then");
	IS_U64(waiting_anywhere(&k, &k.clients[2].last.id), 0, "bounded: having told it");
	for (uint32_t i = 0; i < 8; i++)
		say(&k, 0, "send carol hi");
	say(&k, few, "login carol pw");
	pass(&k, 1000);
	IS_U64(k.clients[few].shown, 4, "bounded: no more than so many are handed out");
	say(&k, 0, "send carol hi");
	pass(&k, 1000);
	IS_U64(k.clients[few].shown, 4, "bounded: whatever is pushed");
	replication_shown(k.clients[few].r, 2, client_time(&k));
	pump(&k);
	IS_U64(k.clients[few].shown, 5, "bounded: one that is shown makes room for one");
	k.clients[few].stalls = false;
	replication_shown(k.clients[few].r, 5, client_time(&k));
	pass(&k, 1000);
	IS_U64(k.clients[few].shown, 10, "bounded: all come in the end,");
	IS_U64(k.clients[few].backwards, 0, "bounded: in their order");
	cluster_free(&k);
}

/* Bob's output fails when the first of three messages is told; the others are handed out or just
 * shown. */
static void test_blind(void)
{
	uint32_t other;

	fresh();
	k.clients[BOB].stalls = true;
	say(&k, 0, "send bob one");
	say(&k, 0, "send bob two");
	replication_shown(k.clients[BOB].r, k.clients[BOB].serial - 1, client_time(&k));
	pass(&k, RECEIVED_MS);
	say(&k, 0, "send bob three");
	replication_shown(k.clients[BOB].r, k.clients[BOB].serial, client_time(&k));
	replication_blind(k.clients[BOB].r, client_time(&k));
	say(&k, 0, "send bob four");
	OK(!has(heard(&k, BOB), "four"), "blind: nothing is handed out any more");
	OK(replication_deadline(k.clients[BOB].r) > k.now_ms, "blind: and nothing is due");
	say(&k, BOB, "logout");
	OK(has(heard(&k, BOB), "result logout ok"), "blind: a log-out waits for nothing");
	IS_U64(waiting(&k, 0, &bob_id), 3, "blind: what was told before is gone, and nothing else");
	other = client_start(&k);
	pass(&k, 1);
	say(&k, other, "login bob pw");
	pass(&k, 300);
	OK(has(k.clients[other].story, "message alice two 3 waited\nmessage alice three 4 waited\n"
	                               "message alice four 5 waited\n"),
	   "blind: the next client shows the others");
	IS_U64(waiting_anywhere(&k, &bob_id), 0, "blind: and tells it");
	cluster_free(&k);
}

/* Somebody else takes over what was handed out and is not shown. */
static void test_shown_late(void)
{
	uint32_t other;

	fresh();
	k.clients[BOB].stalls = true;
	say(&k, 0, "send bob one");
	other = client_start(&k);
	pass(&k, 1);
	k.clients[other].stalls = true;
	say(&k, other, "takeover bob pw");
	pass(&k, 300);
	OK(has(heard(&k, BOB), "logged out"), "late: another client takes over");
	OK(has(k.clients[other].story, "message alice one 2 waited"),
	   "late: and is handed it, too");
	say(&k, BOB, "login carol pw");
	say(&k, BOB, "takeover carol pw");
	replication_shown(k.clients[BOB].r, k.clients[BOB].serial, client_time(&k));
	pass(&k, 10 * RECEIVED_MS);
	IS_U64(waiting(&k, 0, &bob_id), 1, "late: shown after its session it is told by nobody");
	replication_shown(k.clients[other].r, k.clients[other].serial, client_time(&k));
	pass(&k, RECEIVED_MS);
	IS_U64(waiting_anywhere(&k, &bob_id), 0, "late: but by who has the session");
	cluster_free(&k);
}

/* Killed between writing and telling, the message comes again; before writing, it comes. */
static void test_killed_stalled(void)
{
	uint32_t other;

	fresh();
	k.clients[BOB].stalls = true;
	say(&k, 0, "send bob one");
	pass(&k, 10 * RECEIVED_MS);
	client_stop(&k, BOB);
	other = client_start(&k);
	pass(&k, 1);
	say(&k, other, "login bob pw");
	pass(&k, 300);
	OK(has(k.clients[other].story, "message alice one 2 waited"),
	   "stalled and killed: the next client shows it");
	cluster_free(&k);
}

static uint32_t received_count; /* answers to RECEIVED of replica 2 */

/* It has no room to note the first that it is told of; then a repair brings it the message. */
static void no_room_then_brought(struct view bytes, struct buf *to)
{
	static uint8_t push[4096];
	static size_t push_size;
	struct frame f;
	const char *why;

	if (bytes.data[4] == FRAME_PUSH) {
		assert(bytes.size <= sizeof push);
		memcpy(push, bytes.data, bytes.size);
		push_size = bytes.size;
	}
	if (bytes.data[4] != (FRAME_RECEIVED | FRAME_REPLY)) {
		OK(buf_put(to, bytes.data, bytes.size), "no room: it passes on the rest");
		return;
	}
	if (received_count++ > 0) {
		OK(buf_put(to, bytes.data, bytes.size), "no room: there is room the next time");
		return;
	}
	OK(protocol_decode(bytes, &f, &why), "no room: the answer is read");
	f.status = STATUS_MAILBOX_FULL;
	OK(protocol_encode(to, &f), "no room: it is another one");
	OK(buf_put(to, push, push_size), "no room: and the message comes again");
}

static void test_no_room(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 2);
	k.replicas[2].lie = no_room_then_brought;
	received_count = 0;
	say(&k, 0, "send bob hello");
	pass(&k, 500);
	OK(has(heard(&k, 1), "message alice hello 1\n"), "no room: it is shown once");
	IS_U64(received_count, 2, "no room: who shows it again is told again");
	cluster_free(&k);
}

int main(void)
{
	test_together();
	test_many();
	test_pages();
	test_logout();
	test_delete();
	test_taken_over();
	test_redial();
	test_killed();
	test_not_shown();
	test_bounded();
	test_blind();
	test_shown_late();
	test_killed_stalled();
	test_no_room();
	return tap_done();
}
