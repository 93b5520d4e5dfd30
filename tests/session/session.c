/* SPDX-License-Identifier: MIT
 *
 * Connections: the handshake, malformed bytes, who may ask what, the order of replies and pushes,
 * held replies, limits, silence.
 */
#include "tests/session/fixture.h"

static bool says(const struct peer *peer, const char *word)
{
	return memmem(peer->in.data, peer->in.size, word, strlen(word)) != NULL;
}

static struct frame ping(void)
{
	return (struct frame){ .type = FRAME_PING };
}

static void test_handshake(void)
{
	struct rig r;
	struct frame hello = rig_hello();

	rig_open(&r);
	struct peer *peer = rig_connect(&r);
	struct frame welcome = rig_ask(&r, peer, hello);

	IS_U64(welcome.welcome.version, PROTOCOL_VERSION_MAX,
	       "handshake: the largest common version is chosen");
	IS_U64(welcome.welcome.silence_ms, 6000,
	       "handshake: the replica says how long silence may be");
	IS_U64(welcome.welcome.clock_ms, CLOCK_MS, "handshake: the replica says its clock");
	IS_U64(welcome.welcome.nonce[5], 1, "handshake: the replica says its nonce");
	IS_BYTES(welcome.welcome.uuid, r.options.uuid, UUID_SIZE, "handshake: and its uuid");
	struct frame pong = rig_ask(&r, peer, ping());

	IS_U64(pong.pong.clock_ms, CLOCK_MS, "ping: is answered with the clock");
	hello.hello.version_max = 9;
	peer = rig_connect(&r);
	welcome = rig_ask(&r, peer, hello);
	IS_U64(welcome.welcome.version, PROTOCOL_VERSION_MAX,
	       "handshake: a newer client is met at our version");
	rig_send(&r, peer, &hello);
	IS_U64(rig_next_type(peer), FRAME_ERROR, "handshake: a second one is an error");
	OK(peer->is_closed, "handshake: after which the connection is closed");
	rig_close(&r);
}

static void test_versions(void)
{
	struct rig r;
	struct frame hello = rig_hello();

	rig_open(&r);
	hello.hello.version_min = 7;
	hello.hello.version_max = 9;
	struct peer *peer = rig_connect(&r);

	rig_send(&r, peer, &hello);
	OK(says(peer, "versions 3 to 4"), "versions: a refusal names ours");
	OK(says(peer, "the client 7 to 9"), "versions: and the client's");
	OK(says(peer, "upgrade the replica\n"), "versions: and who must be upgraded, in a line");
	OK(peer->is_closed, "versions: the connection is closed");
	OK(!session_takes_input(r.s, peer->number), "versions: and takes nothing any more");
	rig_close(&r);
}

static void test_strangers(void)
{
	static const char *const strange[] = {
		"GET / HTTP/1.1\r\n\r\n",
		"\x16\x03\x01",
		"\xff\xff\xff\xff",
		"hello\n",
		"\n",
		"\x13\x01",
		"SSH-2.0-x\r\n",
	};
	struct rig r;

	rig_open(&r);
	for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
		struct peer *peer = rig_connect(&r);

		rig_feed(&r, peer, view_of_string(strange[i]));
		OK(says(peer, "threefold: this is a replica"), "strangers: are told who we are");
		OK(peer->in.data[peer->in.size - 1] == '\n', "strangers: in a line");
		OK(peer->is_closed, "strangers: and left");
		rig_leave(&r, peer);
	}
	struct session_counts counts;

	session_counts(r.s, &counts);
	IS_U64(counts.closed_malformed, sizeof strange / sizeof strange[0],
	       "strangers: are counted");
	rig_close(&r);
}

/* HELLO and two requests, one byte at a time and all at once. */
static void test_bytes(void)
{
	struct frame frames[3] = { rig_hello(), ping(), ping() };
	struct rig r;
	struct buf b;

	rig_open(&r);
	buf_init(&b, 1000);
	for (uint32_t i = 0; i < 3; i++) {
		frames[i].request = i + 10;
		protocol_encode(&b, &frames[i]);
	}
	struct peer *slow = rig_connect(&r);
	struct peer *fast = rig_connect(&r);
	struct buf pending;
	uint64_t most = 0;

	buf_init(&pending, 1000);
	for (size_t i = 0; i < b.size; i++) {
		buf_put_u8(&pending, b.data[i]);
		size_t used = rig_feed(&r, slow, buf_view(&pending));

		most = pending.size > most ? pending.size : most;
		buf_consume(&pending, used);
	}
	IS_U64(pending.size, 0, "bytes: one at a time all are taken");
	IS_U64(most, HELLO_SIZE, "bytes: none is taken before its frame is whole");
	IS_U64(rig_feed(&r, fast, buf_view(&b)), b.size, "bytes: all at once too");
	OK(slow->in.size == fast->in.size, "bytes: the answers are as long");
	for (uint32_t i = 0; i < 3; i++) {
		struct frame frame;

		OK(rig_next(slow, &frame) && frame.request == i + 10, "bytes: answered in order");
	}
	buf_release(&b);
	buf_release(&pending);
	rig_close(&r);
}

/* Every frame of a session, cut and flipped: an answer, an error or silence, and nothing else. */
static void test_malformed(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct buf b;
	unsigned errors = 0;
	unsigned tries = 0;

	rig_open(&r);
	buf_init(&b, 10000);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &alice);
	for (size_t at = 0; at < 400; at++) {
		struct peer *hostile = rig_join(&r);
		struct frame frame = introduction(&r, hostile, &alice, FRAME_HANDOVER);
		struct frame got;

		b.size = 0;
		protocol_encode(&b, &frame);
		if (at >= b.size) {
			rig_leave(&r, hostile);
			break;
		}
		b.data[at] ^= 0x81;
		rig_feed(&r, hostile, buf_view(&b));
		if (rig_next(hostile, &got)) {
			ALWAYS(got.type == FRAME_ERROR ||
			               got.type == (FRAME_HANDOVER | FRAME_REPLY),
			       "malformed: the answer is an error or a refusal");
			ALWAYS(got.type != FRAME_ERROR || hostile->is_closed, "malformed: closed");
			ALWAYS(got.status != STATUS_OK || at < FRAME_HEADER_SIZE,
			       "malformed: what was changed is not stored");
			errors += got.type == FRAME_ERROR;
		}
		tries++;
		rig_leave(&r, hostile);
	}
	OK(errors > 20, "malformed: many changes are errors of form");
	OK(tries > 220, "malformed: each byte of a frame was changed");
	struct frame pong = rig_ask(&r, peer, ping());

	IS_U64(pong.pong.facts, 1, "malformed: nothing was stored, everybody else is served");
	buf_release(&b);
	rig_close(&r);
}

static void test_lengths(void)
{
	static const uint8_t lengths[][4] = {
		{ 5, 0, 0, 0 },
		{ 0xff, 0xff, 0xff, 0xff },
		{ 0, 0, 4, 0 },
		{ 0, 0, 0, 0 },
	};
	struct rig r;

	rig_open(&r);
	for (size_t i = 0; i < 4; i++) {
		struct peer *peer = rig_join(&r);

		rig_feed(&r, peer, view_of(lengths[i], 4));
		OK(peer->is_closed, "lengths: an impossible one ends the connection");
		IS_U64(rig_next_type(peer), FRAME_ERROR, "lengths: and is said to be an error");
	}
	rig_close(&r);
}

/* Each type from a connection that has proved nothing. */
static void test_may(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);

	rig_open(&r);
	for (unsigned type = FRAME_PING; type < 256; type++) {
		const struct protocol_row *row = protocol_row((uint8_t)type);
		struct peer *peer = rig_join(&r);
		uint8_t bytes[FRAME_HEADER_SIZE] = { 6, 0, 0, 0, (uint8_t)type };

		if (row == NULL || type >= FRAME_TYPE_REQUEST_END) {
			rig_feed(&r, peer, view_of(bytes, sizeof bytes));
			ALWAYS(peer->is_closed, "may: what is no request ends the connection");
			ALWAYS(rig_next_type(peer) == FRAME_ERROR, "may: and is an error");
		}
		rig_leave(&r, peer);
	}
	struct peer *peer = rig_join(&r);
	const struct place beginning = { 0 };
	struct frame streams = { .type = FRAME_STREAMS };
	uint8_t question[QUESTION_SIZE] = { 0 };

	streams.streams.streams = view_of(question, sizeof question);
	IS_U64(rig_ask(&r, peer, page_of(&beginning, 1)).status, STATUS_NO_SESSION,
	       "may: a page needs a session");
	IS_U64(rig_ask(&r, peer, streams).status, STATUS_NO_SESSION, "may: so do streams");
	IS_U64(rig_bury(&r, peer, &alice, 1, 1, 1), STATUS_NO_SESSION, "may: so does received");
	IS_U64(rig_tell(&r, peer, &alice, 1, 1, "x").status, STATUS_NO_SESSION,
	       "may: so does a message");
	struct peer *other = rig_join(&r);

	rig_ask(&r, other, introduction(&r, other, &alice, FRAME_INTRODUCE));
	IS_U64(rig_ask(&r, peer, confirmation_of(&alice)).status, STATUS_WRONG_PROOF,
	       "may: confirm needs a proof on this very connection");
	IS_U64(rig_ask(&r, other, confirmation_of(&alice)).status, STATUS_OK,
	       "may: with it, it is done");
	OK(!peer->is_closed, "may: none of these ends the connection");
	rig_close(&r);
}

static void test_operator(void)
{
	struct rig r;
	struct session_options options = { .has_operator_key = true };
	struct frame frame = { .type = FRAME_OPERATE };
	uint8_t key[KEY_SIZE];
	uint8_t want[KEY_SIZE];

	memset(key, 0x0b, KEY_SIZE);
	memcpy(options.operator_key, key, KEY_SIZE);
	rig_open_with(&r, options);
	struct peer *peer = rig_join(&r);
	struct auth auth = rig_auth(&r, peer, NULL, AUTH_OPERATOR);

	memcpy(frame.operate.client_nonce, auth.client_nonce, KEY_SIZE);
	auth_operator(key, true, &auth, frame.operate.proof);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "operate: the replica's half is no proof of an operator");
	auth_operator(key, false, &auth, frame.operate.proof);
	struct frame reply = rig_ask(&r, peer, frame);

	IS_U64(reply.status, STATUS_OK, "operate: the key opens");
	auth_operator(key, true, &auth, want);
	IS_BYTES(reply.introduced.signature, want, KEY_SIZE,
	         "operate: the replica proves itself too");
	IS_U64(rig_ask(&r, rig_join(&r), frame).status, STATUS_WRONG_PROOF,
	       "operate: a proof is worth nothing on another connection");
	rig_close(&r);
	memset(options.operator_key, 0, KEY_SIZE);
	options.has_operator_key = false;
	rig_open_with(&r, options);
	peer = rig_join(&r);
	auth = rig_auth(&r, peer, NULL, AUTH_OPERATOR);
	auth_operator(options.operator_key, false, &auth, frame.operate.proof);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "operate: no key opens a replica that has none");
	rig_close(&r);
}

/* Replies wait for the disk, also those to questions; pushes do not. */
static void test_held(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct frame frame;

	rig_open(&r);
	struct peer *idle = rig_join(&r);

	rig_create(&r, idle, &alice);
	rig_create(&r, idle, &bob);
	struct peer *a = rig_login(&r, &alice, 1, true);
	struct peer *b = rig_login(&r, &bob, 1, true);
	uint64_t position = r.position;

	r.is_slow = true;
	frame = ping();
	rig_send(&r, b, &frame);
	IS_U64(rig_next_type(b), FRAME_PING | FRAME_REPLY, "held: not while all is on disk");
	rig_message(&r, a, &bob, 1, 5, view_of_string("one"));
	IS_U64(r.position, position + 1, "held: the message is to be journalled");
	IS_U64(rig_next_type(b), FRAME_PUSH, "held: a push does not wait for the disk");
	rig_send(&r, b, &frame);
	rig_send(&r, idle, &frame);
	rig_message(&r, a, &bob, 2, 6, view_of_string("two"));
	rig_send(&r, idle, &frame);
	IS_U64(rig_next_type(idle), 0, "held: a question is not answered before what was applied");
	IS_U64(rig_next_type(b), FRAME_PUSH, "held: later pushes overtake it");
	session_synced(r.s, position + 1);
	rig_act(&r);
	rig_write(&r);
	IS_U64(rig_next_type(a), FRAME_SEND | FRAME_REPLY,
	       "held: the first sync releases one reply");
	IS_U64(rig_next_type(a), 0, "held: and not the next one");
	IS_U64(rig_next_type(idle), FRAME_PING | FRAME_REPLY, "held: nor more than one elsewhere");
	IS_U64(rig_next_type(idle), 0, "held: what was asked later waits on");
	IS_U64(rig_next_type(b), FRAME_PING | FRAME_REPLY, "held: each connection gets its own");
	rig_leave(&r, idle);
	rig_join(&r); /* the same number, another connection */
	rig_sync(&r);
	IS_U64(rig_next_type(a), FRAME_SEND | FRAME_REPLY,
	       "held: the second sync releases the rest");
	IS_U64(r.peers[0].in.size, FRAME_HEADER_SIZE + 74 + KEY_SIZE,
	       "held: who comes after one that left gets nothing of his");
	struct session_counts counts;

	session_counts(r.s, &counts);
	IS_U64(counts.pushed_unsynced, 2, "held: pushes before the disk are counted");
	r.is_slow = false;
	rig_close(&r);
}

/* Malformed after a request that waits: first the reply, then the error, then the end. */
static void test_orderly_close(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);

	rig_open(&r);
	struct peer *peer = rig_join(&r);
	struct frame frame = introduction(&r, peer, &alice, FRAME_INTRODUCE);

	r.is_slow = true;
	rig_send(&r, peer, &frame);
	rig_feed(&r, peer, view_of("\1\0\0\0", 4));
	OK(!peer->is_closed, "close: waits for replies that wait for the disk");
	OK(!session_takes_input(r.s, peer->number), "close: but takes nothing more");
	rig_sync(&r);
	IS_U64(rig_next_type(peer), FRAME_INTRODUCE | FRAME_REPLY, "close: the reply comes first");
	IS_U64(rig_next_type(peer), FRAME_ERROR, "close: then the error");
	OK(peer->is_closed, "close: then the end");
	rig_close(&r);
}

static void test_silence(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct session_counts counts;

	rig_open(&r);
	IS_U64(session_deadline(r.s), UINT64_MAX, "silence: nobody, no deadline");
	struct peer *stranger = rig_connect(&r);
	struct peer *b = rig_join(&r);

	rig_create(&r, b, &alice);
	struct peer *a = rig_login(&r, &alice, 1, true);

	IS_U64(session_deadline(r.s), 6001, "silence: the deadline is the first one's");
	rig_tick(&r, 5999);
	OK(!stranger->is_closed, "silence: one millisecond less is none");
	rig_ask(&r, a, ping());
	rig_tick(&r, 1);
	OK(stranger->is_closed, "silence: without a handshake too");
	OK(says(stranger, "no handshake came in time\n"), "silence: a stranger is told in a line");
	OK(b->is_closed, "silence: who says nothing is left");
	IS_U64(rig_next_type(b), FRAME_ERROR, "silence: and told so");
	OK(!a->is_closed, "silence: a frame starts the time anew");
	session_counts(r.s, &counts);
	IS_U64(counts.sessions, 1, "silence: the session that speaks stays");
	rig_tick(&r, 5998);
	rig_feed(&r, a, view_of("\6\0\0", 3));
	rig_tick(&r, 1);
	OK(a->is_closed, "silence: half a frame is none");
	session_counts(r.s, &counts);
	IS_U64(counts.sessions, 0, "silence: the session has ended");
	IS_U64(counts.closed_slow, 3, "silence: is counted");
	IS_U64(session_deadline(r.s), UINT64_MAX,
	       "silence: those that are closed have no deadline");
	rig_close(&r);
}

/* How long somebody has not read is counted from when there was something to read, not from when it
 * was asked for. */
static void test_slow_disk(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct frame frame = ping();

	rig_open(&r);
	struct peer *peer = rig_join(&r);
	struct frame introduces = introduction(&r, peer, &alice, FRAME_INTRODUCE);

	r.is_slow = true;
	peer->is_deaf = true;
	rig_send(&r, peer, &introduces);
	r.time.monotonic_ms += 5000;
	session_synced(r.s, r.position);
	rig_act(&r);
	rig_send(&r, peer, &frame);
	rig_tick(&r, 5999);
	OK(!peer->is_closed, "slow disk: who could not read yet is not slow");
	rig_tick(&r, 1);
	OK(peer->is_closed, "slow disk: nor is he for ever");
	r.is_slow = false;
	rig_close(&r);
}

/* Who reads is given his time anew from when he has read, not from when he last said something. */
static void test_slow_reading(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct frame ask = { .type = FRAME_LOOKUP_ID };
	struct frame frame = ping();
	uint8_t *ids = memory_alloc_zero(LOOKUP_IDS_MAX, ID_SIZE);

	rig_open(&r);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &alice);
	struct peer *peer = rig_login(&r, &alice, 1, true);

	for (size_t i = 0; i < LOOKUP_IDS_MAX; i++)
		memcpy(ids + i * ID_SIZE, alice.account.id.bytes, ID_SIZE);
	ask.lookup_id.ids = view_of(ids, LOOKUP_IDS_MAX * ID_SIZE);
	peer->is_deaf = other->is_deaf = true; /* so that no call without a time comes between */
	r.is_slow = true;
	rig_send(&r, peer, &ask);
	r.time.monotonic_ms += 3000;
	rig_send(&r, peer, &frame);
	r.time.monotonic_ms += 2000;
	session_output_sent(r.s, peer->number, (size_t)16 * 1024);
	rig_tick(&r, 0);
	r.time.monotonic_ms += 3000;
	rig_send(&r, peer, &frame);
	rig_tick(&r, 2999);
	OK(!peer->is_closed, "slow reading: who has read some of it has time anew");
	rig_tick(&r, 1);
	OK(peer->is_closed, "slow reading: as long as before");
	memory_free(ids);
	r.is_slow = false;
	rig_close(&r);
}

/* A reader who does not read takes no input, then none at all. */
static void test_slow(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct frame frame = { .type = FRAME_LOOKUP_ID };
	uint8_t *ids = memory_alloc_zero(LOOKUP_IDS_MAX, ID_SIZE);
	unsigned requests = 0;

	rig_open(&r);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &alice);
	struct peer *peer = rig_login(&r, &alice, 1, true);

	for (size_t i = 0; i < LOOKUP_IDS_MAX; i++)
		memcpy(ids + i * ID_SIZE, alice.account.id.bytes, ID_SIZE);
	frame.lookup_id.ids = view_of(ids, LOOKUP_IDS_MAX * ID_SIZE);
	peer->is_deaf = true;
	while (requests < 1000 && rig_send(&r, peer, &frame))
		requests++;
	OK(requests > 10 && requests < 40, "slow: about a megabyte of answers may wait");
	OK(!session_takes_input(r.s, peer->number), "slow: then nothing more is taken");
	OK(!peer->is_closed, "slow: which is no reason to close");
	rig_tick(&r, 5000);
	rig_ask(&r, other, ping());
	while (peer->resumed == 0 && rig_take(&r, peer, 100000) > 0)
		;
	IS_U64(peer->resumed, 1, "slow: when half is read, input is taken again");
	OK(session_takes_input(r.s, peer->number), "slow: and so it says");
	rig_tick(&r, 5000);
	rig_ask(&r, other, ping());
	OK(!peer->is_closed, "slow: who reads a little has time");
	rig_tick(&r, 3000);
	IS_U64(rig_send(&r, peer, &frame), true, "slow: his frames are taken");
	rig_ask(&r, other, ping());
	rig_tick(&r, 3000);
	OK(peer->is_closed, "slow: who reads nothing for too long is left");
	OK(!other->is_closed, "slow: at nobody's cost");
	memory_free(ids);
	rig_close(&r);
}

static void test_numbers(void)
{
	struct rig r;
	uint8_t nonce[KEY_SIZE] = { 0 };

	rig_open_with(&r, (struct session_options){ .connections_max = 3 });
	struct peer *peers[3] = { rig_join(&r), rig_join(&r), rig_join(&r) };

	IS_U64(session_open(r.s, nonce, NULL, r.time), SESSION_NONE,
	       "numbers: there are no more than asked");
	IS_U64(peers[1]->number, 1, "numbers: are counted from 0");
	rig_leave(&r, peers[1]);
	IS_U64(rig_join(&r)->number, 1, "numbers: are used again");
	IS_U64(session_input(r.s, 1, (struct view){ 0 }, r.time), 0,
	       "numbers: no bytes are no frame");
	rig_act(&r);
	rig_close(&r);
}

/* What is to be told of a connection is forgotten with it. */
static void test_forgotten(void)
{
	struct rig r;
	struct frame frame = { .type = FRAME_LOOKUP_ID };
	uint8_t *ids = memory_alloc_zero(LOOKUP_IDS_MAX, ID_SIZE);
	struct session_action action;
	struct view output;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	frame.lookup_id.ids = view_of(ids, LOOKUP_IDS_MAX * ID_SIZE);
	peer->is_deaf = true;
	while (rig_send(&r, peer, &frame))
		;
	output = session_output(r.s, peer->number);
	OK(output.size > 64 * 1024 && output.size < 300000,
	   "forgotten: much waits, and for a stranger no more than 64 KiB and a reply");
	session_output_sent(r.s, peer->number, output.size);
	session_closed(r.s, peer->number, r.time);
	OK(!session_next(r.s, &action), "forgotten: nothing is to be done for who has left");
	peer->number = SESSION_NONE;
	memory_free(ids);
	rig_close(&r);
}

/* Three have something to read. Some of it may have been told already when one of them leaves. */
static void leave_while_told(uint32_t told, uint32_t leaver)
{
	struct rig r;
	struct peer *peers[3];
	struct session_action action;
	uint32_t rest = 0;
	char name[120];

	rig_open(&r);
	for (int i = 0; i < 3; i++)
		peers[i] = rig_join(&r);
	for (int i = 0; i < 3; i++)
		session_unread(r.s, peers[i]->number, r.time);
	for (uint32_t i = 0; i < 2 * told; i++)
		(void)session_next(r.s, &action); /* it writes, and is closed */
	session_closed(r.s, peers[leaver]->number, r.time);
	peers[leaver]->number = SESSION_NONE;
	bool in_order = true;

	for (uint32_t i = told; i < 3; i++) {
		if (i == leaver)
			continue;
		in_order = in_order && session_next(r.s, &action) && action.kind == SESSION_WRITE &&
		           action.connection == peers[i]->number;
		in_order = in_order && session_next(r.s, &action) && action.kind == SESSION_CLOSE &&
		           action.connection == peers[i]->number;
	}
	while (session_next(r.s, &action))
		rest++;
	snprintf(name, sizeof name,
	         "forgotten: %u were told of, number %u leaves: the others are told of, once", told,
	         leaver);
	OK(in_order && rest == 0, name);
	rig_close(&r);
}

static void test_not_forgotten(void)
{
	for (uint32_t told = 0; told <= 3; told++)
		for (uint32_t leaver = 0; leaver < 3; leaver++)
			leave_while_told(told, leaver);
}

/* A log-in says nothing but that it is one, to whoever reads and to whoever only sends. */
static void test_log_in_alone(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct frame frame;

	rig_open(&r);
	rig_create(&r, rig_join(&r), &alice);
	for (int sends = 0; sends < 2; sends++) {
		struct peer *peer = rig_join(&r);

		frame = login_of(&r, peer, &alice, 5, 1);
		frame.flags = sends ? FLAG_SENDING : 0;
		rig_send(&r, peer, &frame);
		rig_work(&r);
		IS_U64(rig_next_type(peer), FRAME_LOGIN | FRAME_REPLY, "log-in: is answered");
		IS_U64(rig_next_type(peer), 0, "log-in: and that is all");
	}
	rig_close(&r);
}

int main(void)
{
	test_handshake();
	test_versions();
	test_strangers();
	test_bytes();
	test_malformed();
	test_lengths();
	test_may();
	test_operator();
	test_held();
	test_orderly_close();
	test_silence();
	test_slow_disk();
	test_slow_reading();
	test_slow();
	test_numbers();
	test_forgotten();
	test_not_forgotten();
	test_log_in_alone();
	return tap_done();
}
