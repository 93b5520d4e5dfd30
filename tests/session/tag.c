/* SPDX-License-Identifier: MIT
 *
 * Requests with tags: who passes a connection on cannot add one, leave one out, or take the tags
 * away.
 */
#include "tests/session/fixture.h"

static struct rig r;
static struct person alice;
static const uint8_t secret[KEY_SIZE] = "a secret key, for one log-in";

static void begin(void)
{
	struct session_options options = { .silence_ms = 6000, .has_operator_key = true };

	memcpy(options.operator_key, operator_key, KEY_SIZE);
	rig_open_with(&r, options);
	alice = person_make("alice", 1, CLOCK_MS);
	struct peer *peer = rig_join(&r);

	rig_ask(&r, peer, introduction(&r, peer, &alice, FRAME_INTRODUCE));
	rig_ask(&r, peer, confirmation_of(&alice));
	rig_leave(&r, peer);
}

/* A log-in whose nonce is a public key; `key` is that of the tags behind it. */
static struct frame keyed_login(struct peer *peer, const struct person *p, uint64_t session,
                                struct tag_key *key)
{
	struct frame frame = login_of(&r, peer, p, session, 1);
	struct auth auth = rig_auth(&r, peer, p, AUTH_LOGIN_KEYED);

	auth.session = frame.login.session;
	auth.dial = frame.login.dial;
	auth.epoch = frame.login.epoch;
	auth.flags = FLAG_KEYED;
	box_public(secret, auth.client_nonce);
	memcpy(frame.login.client_nonce, auth.client_nonce, KEY_SIZE);
	frame.flags = FLAG_KEYED;
	auth_proof(p->stretched, &auth, frame.login.proof);
	ALWAYS(tag_key_make(key, NULL, secret, auth.public, &auth), "tag: there is a key");
	return frame;
}

/* The request's bytes, with the next tag. */
static struct buf tagged(struct peer *peer, struct frame frame, struct tag_key *key)
{
	struct buf b;

	buf_init(&b, FRAME_SIZE_MAX);
	frame.request = ++peer->request;
	ALWAYS(protocol_encode(&b, &frame) && protocol_tag(&b, 0, key), "tag: there is room");
	return b;
}

static void feed(struct peer *peer, struct buf *b)
{
	rig_feed(&r, peer, buf_view(b));
	rig_work(&r);
}

/* The type of the reply to a request with the next tag, or FRAME_ERROR. */
static uint8_t ask(struct peer *peer, struct frame frame, struct tag_key *key)
{
	struct buf b = tagged(peer, frame, key);

	feed(peer, &b);
	buf_release(&b);
	return rig_next_type(peer);
}

static struct peer *log_in(struct tag_key *key)
{
	static uint64_t session = 1000;
	struct peer *peer = rig_join(&r);

	IS_U64(rig_ask(&r, peer, keyed_login(peer, &alice, session++, key)).status, STATUS_OK,
	       "tag: a log-in with a key");
	return peer;
}

static struct frame ping(void)
{
	return (struct frame){ .type = FRAME_PING };
}

static void test_session(void)
{
	struct tag_key key;
	struct frame frame;

	begin();
	struct peer *peer = log_in(&key);

	IS_U64(ask(peer, ping(), &key), FRAME_PING | FRAME_REPLY, "session: it is answered");
	frame = deletion_of(&alice);
	frame.tombstone.delete_key[0] ^= 1;
	IS_U64(ask(peer, frame, &key), FRAME_DELETE | FRAME_REPLY, "session: whatever it asks");
	frame = keyed_login(peer, &alice, 2000, &(struct tag_key){ .count = 0 });
	IS_U64(ask(peer, frame, &key), FRAME_LOGIN | FRAME_REPLY, "session: a log-in too");
	IS_U64(ask(peer, ping(), &key), FRAME_ERROR, "session: then the old key counts no more");
	OK(peer->is_closed, "session: and its use ends the connection");
	rig_close(&r);
}

static void test_again(void)
{
	struct tag_key key, next;

	begin();
	struct peer *peer = log_in(&key);
	struct frame frame = keyed_login(peer, &alice, 2000, &next);

	IS_U64(ask(peer, frame, &key), FRAME_LOGIN | FRAME_REPLY, "again: another log-in");
	IS_U64(ask(peer, ping(), &next), FRAME_PING | FRAME_REPLY, "again: has its own key");
	rig_close(&r);
}

/* Whether the bytes end the connection. */
static bool ends(struct peer *peer, struct view bytes)
{
	rig_feed(&r, peer, bytes);
	return rig_next_type(peer) == FRAME_ERROR && peer->is_closed;
}

static void test_relay(void)
{
	struct tag_key key;
	struct frame frame = ping();

	begin();
	struct peer *peer = log_in(&key);
	struct buf b = tagged(peer, ping(), &key);

	frame.request = 9;
	buf_clear(&b);
	ALWAYS(protocol_encode(&b, &frame), "relay: there is room");
	OK(ends(peer, buf_view(&b)), "relay: a request without a tag ends it");
	buf_release(&b);
	peer = log_in(&key);
	b = tagged(peer, ping(), &key);
	feed(peer, &b);
	IS_U64(rig_next_type(peer), FRAME_PING | FRAME_REPLY,
	       "relay: what the client says goes on");
	OK(ends(peer, buf_view(&b)), "relay: but not twice");
	buf_release(&b);
	peer = log_in(&key);
	b = tagged(peer, ping(), &key);
	buf_release(&b);
	b = tagged(peer, ping(), &key);
	OK(ends(peer, buf_view(&b)), "relay: none is left out");
	buf_release(&b);
	peer = log_in(&key);
	b = tagged(peer, ping(), &key);
	b.data[PROTOCOL_REQUEST_AT] ^= 1;
	OK(ends(peer, buf_view(&b)), "relay: none is changed");
	buf_release(&b);
	peer = rig_join(&r);
	b = tagged(peer, ping(), &key);
	OK(ends(peer, buf_view(&b)), "relay: no tags where no log-in has said so");
	buf_release(&b);
	rig_close(&r);
}

/* That tags follow is part of the proof, and so is the nonce, which is the key. */
static void test_taken_away(void)
{
	static const uint8_t others[KEY_SIZE] = "a secret key of his own";
	struct tag_key key;
	struct frame frame;

	begin();
	struct peer *peer = rig_join(&r);

	frame = keyed_login(peer, &alice, 100, &key);
	frame.flags = 0;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF, "taken away: it is no proof");
	peer = rig_join(&r);
	frame = login_of(&r, peer, &alice, 100, 1);
	frame.flags = FLAG_KEYED;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF, "taken away: nor given");
	peer = rig_join(&r);
	frame = keyed_login(peer, &alice, 100, &key);
	box_public(others, frame.login.client_nonce);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "taken away: the nonce is the key, and nobody puts in his own");
	rig_close(&r);
}

/* Who passes it on changes one thing that a log-in asks for. */
static void test_changed(void)
{
	struct frame frame;
	struct tag_key key;

	begin();
	for (int what = 0; what < 3; what++) {
		struct peer *peer = rig_join(&r);

		frame = keyed_login(peer, &alice, 100, &key);
		if (what == 0)
			frame.login.session = ulid_of(101);
		else if (what == 1)
			frame.login.dial++;
		else
			frame.flags |= FLAG_SENDING;
		IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF, "changed: no proof");
		rig_leave(&r, peer);
	}
	rig_close(&r);
}

/* The tags are agreed on before it is known whether the password is right. */
static void test_refused(void)
{
	struct tag_key key;
	struct frame frame;

	begin();
	struct peer *peer = rig_join(&r);

	frame = keyed_login(peer, &alice, 100, &key);
	frame.login.proof[0] ^= 1;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF, "refused: a wrong password");
	IS_U64(ask(peer, ping(), &key), FRAME_PING | FRAME_REPLY, "refused: and tags");
	frame = ping();
	rig_send(&r, peer, &frame);
	OK(peer->is_closed, "refused: or an end");
	struct person bob = person_make("bob", 2, CLOCK_MS);

	peer = rig_join(&r);
	IS_U64(rig_ask(&r, peer, keyed_login(peer, &bob, 100, &key)).status, STATUS_UNKNOWN,
	       "refused: an account that is not known");
	IS_U64(ask(peer, ping(), &key), FRAME_PING | FRAME_REPLY, "refused: and tags too");
	peer = rig_join(&r);
	frame = keyed_login(peer, &alice, 100, &key);
	memset(frame.login.client_nonce, 0, KEY_SIZE);
	rig_ask(&r, peer, frame);
	IS_U64(ask(peer, ping(), &key), FRAME_ERROR, "refused: no key with what is no public key");
	rig_close(&r);
}

static void test_operator(void)
{
	struct frame frame = { .type = FRAME_OPERATE, .flags = FLAG_KEYED };
	struct tag_key key, again, answers;

	begin();
	struct peer *peer = rig_join(&r);
	struct auth auth = rig_auth(&r, peer, NULL, AUTH_OPERATOR_KEYED);

	box_public(secret, auth.client_nonce);
	memcpy(frame.operate.client_nonce, auth.client_nonce, KEY_SIZE);
	auth_operator(operator_key, false, &auth, frame.operate.proof);
	frame.flags = 0;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "operator: the tags are part of this proof, too");
	frame.flags = FLAG_KEYED;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_OK, "operator: with its key");
	ALWAYS(tag_key_make(&key, NULL, secret, auth.public, &auth), "tag: there is a key");
	frame = (struct frame){ .type = FRAME_ELEMENTS, .elements = { .set = SET_ALL } };
	frame.elements.after = bound_begin();
	frame.elements.upto = bound_end();
	auth = rig_auth(&r, peer, NULL, AUTH_OPERATOR_KEYED);
	box_public(secret, auth.client_nonce);
	ALWAYS(tag_key_make(&again, &answers, secret, auth.public, &auth), "tag: there are two");
	size_t begin_at = peer->in.size;

	IS_U64(ask(peer, frame, &key), FRAME_ELEMENTS | FRAME_REPLY, "operator: may ask");
	struct view said = view_of(peer->in.data + begin_at, peer->in.size - begin_at);

	OK(protocol_is_tagged(said) && !tag_take(&again, said) && tag_take(&answers, said),
	   "operator: the answer has a tag, by a key of its own");
	rig_send(&r, peer, &frame);
	OK(peer->is_closed, "operator: nobody else on that connection");
	rig_close(&r);
}

/* The nonce of who is asked for less than it speaks says so, and who asks for all sees none. */
static void test_lowered(void)
{
	struct frame hello = rig_hello();

	begin();
	struct peer *peer = rig_connect(&r);

	OK(!auth_nonce_is_lowered(rig_ask(&r, peer, hello).welcome.nonce),
	   "lowered: not who speaks the latest version");
	peer = rig_connect(&r);
	hello.hello.version_max = 3;
	struct frame welcome = rig_ask(&r, peer, hello);

	IS_U64(welcome.welcome.version, 3, "lowered: an earlier one");
	OK(auth_nonce_is_lowered(welcome.welcome.nonce), "lowered: is told as such");
	IS_U64(rig_ask(&r, peer, login_of(&r, peer, &alice, 100, 1)).status, STATUS_OK,
	       "lowered: and that nonce is in the proof");
	rig_close(&r);
	rig_open_with(&r, (struct session_options){ .silence_ms = 6000, .version_max = 3 });
	peer = rig_connect(&r);
	hello = rig_hello();
	welcome = rig_ask(&r, peer, hello);
	OK(welcome.welcome.version == 3 && !auth_nonce_is_lowered(welcome.welcome.nonce),
	   "lowered: not by a replica that knows no later one");
	rig_close(&r);
}

int main(void)
{
	test_session();
	test_again();
	test_relay();
	test_taken_away();
	test_changed();
	test_refused();
	test_operator();
	test_lowered();
	return tap_done();
}
