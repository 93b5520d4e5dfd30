/* SPDX-License-Identifier: MIT
 *
 * What strangers may cost: accounts, tombstones and mail for nobody, passwords that are guessed,
 * frames that are large. Each story also shows that somebody else is not concerned.
 */
#include "tests/session/fixture.h"

static struct limit_address address_of(uint8_t number)
{
	return (struct limit_address){
		.bytes = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = number }
	};
}

/* A peer of that address; 0: of the loopback interface. It has shaken hands. */
static struct peer *come(struct rig *r, uint8_t number)
{
	struct limit_address from = address_of(number);
	struct peer *peer = rig_connect_from(r, number == 0 ? NULL : &from);

	rig_ask(r, peer, rig_hello());
	return peer;
}

static struct person person_of(uint8_t number)
{
	char name[16];

	snprintf(name, sizeof name, "person%u", number);
	return person_make(name, number, CLOCK_MS - 1000 + number);
}

static enum status introduce(struct rig *r, struct peer *peer, uint8_t number, uint8_t type)
{
	struct person p = person_of(number);

	return rig_ask(r, peer, introduction(r, peer, &p, type)).status;
}

static enum status bury(struct rig *r, struct peer *peer, uint8_t number)
{
	struct person p = person_of(number);

	return rig_ask(r, peer, deletion_of(&p)).status;
}

static void test_accounts(void)
{
	struct rig r;

	rig_open_with(&r, (struct session_options){ .addresses = { .accounts = 3 } });
	struct peer *a = come(&r, 1);
	struct peer *again = come(&r, 1);
	struct peer *b = come(&r, 2);

	IS_U64(introduce(&r, a, 1, FRAME_INTRODUCE), STATUS_OK, "accounts: the first");
	IS_U64(introduce(&r, a, 2, FRAME_HANDOVER), STATUS_OK, "accounts: one that is handed over");
	IS_U64(bury(&r, again, 3), STATUS_OK, "accounts: the tombstone of one that never was");
	struct person p = person_of(4);
	struct frame reply = rig_ask(&r, again, introduction(&r, again, &p, FRAME_INTRODUCE));

	IS_U64(reply.status, STATUS_SLOW_DOWN, "accounts: that is enough for an address");
	OK(reply.slow_down.wait_ms >= 20000 && reply.slow_down.wait_ms <= 20001,
	   "accounts: which is told how long to wait");
	IS_U64(introduce(&r, a, 4, FRAME_HANDOVER), STATUS_SLOW_DOWN, "accounts: of either kind");
	IS_U64(bury(&r, a, 5), STATUS_SLOW_DOWN, "accounts: and for tombstones");
	IS_U64(introduce(&r, a, 1, FRAME_INTRODUCE), STATUS_OK, "accounts: what is known is free");
	IS_U64(bury(&r, a, 1), STATUS_OK, "accounts: and so is its deletion");
	IS_U64(introduce(&r, b, 6, FRAME_INTRODUCE), STATUS_OK,
	       "accounts: another address has its own");
	for (uint8_t i = 10; i < 20; i++)
		IS_U64(introduce(&r, come(&r, 0), i, FRAME_INTRODUCE), STATUS_OK,
		       "accounts: loopback is not limited"),
			rig_leave(&r, peer_of(&r, 3));
	rig_tick(&r, 20001 / 4);
	for (int i = 0; i < 3; i++) {
		(void)bury(&r, a, 3);
		(void)bury(&r, b, 3);
		(void)bury(&r, again, 3);
		rig_tick(&r, 20004 / 4);
	}
	IS_U64(introduce(&r, a, 4, FRAME_INTRODUCE), STATUS_OK,
	       "accounts: after that time there is one");
	IS_U64(introduce(&r, a, 7, FRAME_INTRODUCE), STATUS_SLOW_DOWN, "accounts: and no second");
	rig_close(&r);
}

static void test_unknown(void)
{
	struct rig r;
	struct person ann = person_of(1);
	struct person bob = person_of(2);
	struct person nobody = person_of(3);

	rig_open_with(&r, (struct session_options){ .addresses = { .unknown = 4 } });
	struct peer *a = come(&r, 1);

	rig_create(&r, a, &ann);
	rig_create(&r, a, &bob);
	ALWAYS(rig_ask(&r, a, login_of(&r, a, &ann, 1, 1)).status == STATUS_OK, "unknown: log in");
	for (uint64_t i = 1; i <= 3; i++)
		IS_U64(rig_tell(&r, a, &nobody, i, 1, "x").status, STATUS_OK,
		       "unknown: an account that is not here may get mail");
	IS_U64(rig_bury(&r, a, &nobody, 5, 1, 1), STATUS_OK, "unknown: and a stream be received");
	IS_U64(rig_tell(&r, a, &nobody, 5, 1, "x").status, STATUS_SLOW_DOWN,
	       "unknown: but not without end");
	IS_U64(rig_tell(&r, a, &nobody, 3, 1, "x").status, STATUS_OK,
	       "unknown: what is held already is no more of it");
	IS_U64(rig_bury(&r, a, &nobody, 6, 1, 1), STATUS_SLOW_DOWN, "unknown: of either kind");
	for (uint64_t i = 1; i <= 20; i++)
		ALWAYS(rig_tell(&r, a, &bob, i, 1, "x").status == STATUS_OK,
		       "unknown: mail for who is known goes on");
	IS_U64(rig_bury(&r, a, &nobody, 5, 1, 9), STATUS_OK, "unknown: and what is held is buried");
	rig_close(&r);
}

static struct frame wrong_login(struct rig *r, struct peer *peer, const struct person *p)
{
	struct frame frame = login_of(r, peer, p, 9, 1);

	frame.login.proof[0] ^= 1;
	return frame;
}

/* Sends a wrong password and gives after how many ms it was answered. */
static uint64_t guess_takes(struct rig *r, struct peer *peer, const struct person *p)
{
	struct frame frame = wrong_login(r, peer, p);
	uint64_t began_ms = r->time.monotonic_ms;
	struct frame reply;

	ALWAYS(rig_send(r, peer, &frame), "guesses: a log-in is taken");
	while (!rig_next(peer, &reply) && r->time.monotonic_ms - began_ms < 5000)
		rig_tick(r, 1);
	ALWAYS(reply.status == STATUS_WRONG_PROOF, "guesses: it is refused");
	return r->time.monotonic_ms - began_ms;
}

static void test_guesses(void)
{
	static const uint64_t wanted[] = { 0, 0, 0, 125, 250, 500, 1000, 1000 };
	struct rig r;
	struct person ann = person_of(1);
	struct frame ping = { .type = FRAME_PING };

	rig_open(&r);
	struct peer *a = come(&r, 1);

	rig_create(&r, a, &ann);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		IS_U64(guess_takes(&r, a, &ann), wanted[i],
		       "guesses: are answered later and later");
	struct frame wrong = wrong_login(&r, a, &ann);

	rig_send(&r, a, &wrong);
	OK(!session_takes_input(r.s, a->number), "guesses: meanwhile nothing else is taken");
	OK(!rig_send(&r, a, &ping), "guesses: so they cannot be sent at once");
	struct peer *owner = come(&r, 1);

	IS_U64(rig_ask(&r, owner, login_of(&r, owner, &ann, 10, 1)).status, STATUS_OK,
	       "guesses: the right password is not delayed, not even from the same address");
	struct peer *other = come(&r, 2);

	IS_U64(guess_takes(&r, other, &ann), 0, "guesses: another address has its own count");
	struct peer *leaver = come(&r, 1);

	wrong = wrong_login(&r, leaver, &ann);
	rig_send(&r, leaver, &wrong);
	rig_leave(&r, leaver);
	rig_tick(&r, 1000);
	struct frame reply;

	OK(rig_next(a, &reply) && reply.status == STATUS_WRONG_PROOF,
	   "guesses: who has left is forgotten, who waits is answered");
	rig_close(&r);
}

/* The front of a frame: its length, and its type. */
static size_t feed_front(struct rig *r, struct peer *peer, uint32_t size, uint8_t type)
{
	uint8_t bytes[64] = { 0 };

	buf_store_u32(bytes, size - 4);
	bytes[4] = type;
	return rig_feed(r, peer, view_of(bytes, sizeof bytes));
}

static void test_frames(void)
{
	struct rig r;
	struct person ann = person_of(1);

	rig_open(&r);
	struct peer *a = come(&r, 1);

	rig_create(&r, a, &ann);
	struct peer *b = come(&r, 1);

	(void)feed_front(&r, b, FRAME_HEADER_SIZE + LOOKUP_IDS_MAX * ID_SIZE, FRAME_LOOKUP_ID);
	OK(!b->is_closed, "frames: a stranger may look up as many as fit");
	b = come(&r, 1);
	(void)feed_front(&r, b, STRANGER_FRAME_MAX + 1, FRAME_SEND);
	OK(b->is_closed, "frames: a large one that needs a log-in is not waited for");
	rig_leave(&r, b);
	b = come(&r, 1);
	(void)feed_front(&r, b, FRAME_SIZE_MAX, FRAME_PING);
	OK(b->is_closed, "frames: nor one that is larger than its type allows");
	rig_leave(&r, b);
	b = come(&r, 1);
	(void)feed_front(&r, b, 11, 99);
	OK(b->is_closed, "frames: nor one of no type");
	rig_leave(&r, b);
	OK(rig_tell(&r, come(&r, 1), &ann, 1, 1, "x").status == STATUS_NO_SESSION,
	   "frames: a small one is answered");
	(void)feed_front(&r, a, FRAME_SIZE_MAX - 1000, FRAME_RECEIVED);
	OK(!a->is_closed, "frames: who has proved something may send all");
	rig_close(&r);
}

int main(void)
{
	test_accounts();
	test_unknown();
	test_guesses();
	test_frames();
	return tap_done();
}
