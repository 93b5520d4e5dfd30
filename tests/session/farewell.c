/* SPDX-License-Identifier: MIT
 *
 * The last thing that a connection is told, and what the log says of it: word for word, since a
 * person reads them. Who has not shaken hands gets a line of text, all others a frame.
 */
#include "tests/session/fixture.h"

static bool is_line(const struct peer *peer, const char *text)
{
	return peer->is_closed && peer->in.size == strlen(text) &&
	       memcmp(peer->in.data, text, peer->in.size) == 0;
}

/* The last frame. Replies before it are passed over. */
static bool is_frame(struct peer *peer, enum status status, const char *text)
{
	struct frame frame = { .type = 0 };
	struct frame next;

	while (rig_next(peer, &next))
		frame = next;
	return peer->is_closed && frame.type == FRAME_ERROR && frame.status == status &&
	       view_equal(frame.error.text, view_of_string(text));
}

static bool is_logged(const struct peer *peer, const char *why)
{
	return peer->why != NULL && strcmp(peer->why, why) == 0 && !peer->is_urgent;
}

static void test_silent(void)
{
	struct rig r;

	rig_open(&r);
	struct peer *stranger = rig_connect(&r);
	struct peer *peer = rig_join(&r);

	rig_tick(&r, 6000);
	OK(is_line(stranger, "threefold: no handshake came in time\n"), "silent: a stranger");
	OK(is_logged(stranger, "silent"), "silent: and the log");
	OK(is_frame(peer, STATUS_SLOW, "nothing came on this connection for too long"),
	   "silent: who has shaken hands");
	OK(is_logged(peer, "silent"), "silent: and the log");
	rig_close(&r);
}

static void test_unread(void)
{
	struct rig r;

	rig_open(&r);
	struct peer *stranger = rig_connect(&r);
	struct peer *peer = rig_join(&r);

	session_unread(r.s, stranger->number, r.time);
	session_unread(r.s, peer->number, r.time);
	rig_settle(&r);
	OK(is_line(stranger, "threefold: no handshake came in time\n"), "unread: a stranger");
	OK(is_frame(peer, STATUS_SLOW,
	            "what was sent on this connection was not read for too long"),
	   "unread: who has shaken hands");
	OK(is_logged(peer, "does not read"), "unread: and the log");
	size_t size = peer->in.size;

	session_unread(r.s, peer->number, r.time);
	rig_settle(&r);
	IS_U64(peer->in.size, size, "unread: who is being closed is told nothing more");
	rig_close(&r);
}

static void test_malformed(void)
{
	struct rig r;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_feed(&r, peer, view_of("\1\0\0\0", 4));
	struct frame frame;

	OK(rig_next(peer, &frame) && frame.type == FRAME_ERROR && frame.status == STATUS_MALFORMED,
	   "malformed: is told so");
	OK(frame.error.text.size > 44 &&
	           memcmp(frame.error.text.data,
	                  "the replica does not understand this client: ", 45) == 0,
	   "malformed: by whom, and what was not understood");
	OK(is_logged(peer, "malformed frame"), "malformed: and the log");
	rig_close(&r);
}

static struct peer *come(struct rig *r, bool shakes_hands)
{
	static const struct limit_address from = {
		.bytes = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 }
	};
	struct peer *peer = rig_connect_from(r, &from);

	if (shakes_hands)
		rig_ask(r, peer, rig_hello());
	return peer;
}

static void test_room(void)
{
	struct rig r;

	rig_open_with(&r, (struct session_options){ .connections_max = 100,
	                                            .addresses = { .connections = 2 } });
	struct peer *stranger = come(&r, false);
	struct peer *peer = come(&r, true);

	(void)come(&r, false);
	(void)come(&r, false);
	OK(is_line(stranger, "threefold: too many connections; room was needed for another\n"),
	   "room: a stranger");
	OK(is_frame(peer, STATUS_BUSY, "room was needed, and this connection was not logged in"),
	   "room: who has shaken hands");
	OK(stranger->is_urgent && peer->is_urgent, "room: nobody waits for them");
	OK(stranger->why == NULL && peer->why == NULL, "room: nor writes a line of the log");
	rig_close(&r);
}

/* Its account lapses. */
static void test_removed(void)
{
	struct session_options options = { .silence_ms = 6000, .has_operator_key = true };
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct fact fact = { .kind = FACT_ACCOUNT, .account = account_of(&alice) };
	struct frame frame = { .type = FRAME_OPERATE };
	struct rig r;
	struct buf b;

	memcpy(options.operator_key, operator_key, KEY_SIZE);
	rig_open_with(&r, options);
	struct peer *keeper = rig_join(&r);
	struct auth auth = rig_auth(&r, keeper, NULL, AUTH_OPERATOR);

	memcpy(frame.operate.client_nonce, auth.client_nonce, KEY_SIZE);
	auth_operator(operator_key, false, &auth, frame.operate.proof);
	IS_U64(rig_ask(&r, keeper, frame).status, STATUS_OK, "removed: by an operator");
	struct frame reply = rig_ask(&r, keeper, introduction(&r, keeper, &alice, FRAME_INTRODUCE));

	IS_U64(reply.status, STATUS_OK, "removed: an account without a mark");
	struct peer *peer = rig_login(&r, &alice, 1, false);

	buf_init(&b, FRAME_SIZE_MAX);
	fact.account.lapsed = true;
	protocol_put_fact(&b, &fact);
	frame = (struct frame){ .type = FRAME_STORE };
	frame.store.facts = buf_view(&b);
	IS_U64(rig_ask(&r, keeper, frame).status, STATUS_OK, "removed: it lapses");
	OK(is_frame(peer, STATUS_CLOCK, "the operator has removed this account"),
	   "removed: its session");
	OK(is_logged(peer, "its account was removed"), "removed: and the log");
	OK(!keeper->is_closed, "removed: the operator stays");
	buf_release(&b);
	rig_close(&r);
}

int main(void)
{
	test_silent();
	test_unread();
	test_malformed();
	test_room();
	test_removed();
	return tap_done();
}
