/* SPDX-License-Identifier: MIT
 *
 * Who may bring an account that is new to a replica: where registration is open, for those who are
 * invited, and closed.
 */
#include "tests/session/fixture.h"

static const uint8_t other_key[KEY_SIZE] = "the key of another three of them";
static const uint8_t random_bytes[16] = { 7 };

static void open_as(struct rig *r, enum session_registration registration)
{
	struct session_options options = { .silence_ms = 6000,
		                           .has_operator_key = true,
		                           .registration = registration };

	memcpy(options.operator_key, operator_key, KEY_SIZE);
	rig_open_with(r, options);
}

static struct person person_of(uint8_t number)
{
	char name[16];

	snprintf(name, sizeof name, "person%u", number);
	return person_make(name, number, CLOCK_MS - 1000 + number);
}

static struct invitation invitation_of(const uint8_t *key, uint64_t expiry_ms)
{
	struct invitation invitation;

	invitation_make(key, expiry_ms, random_bytes, &invitation);
	return invitation;
}

/* `invitation` NULL: without one. */
static enum status introduce(struct rig *r, struct peer *peer, uint8_t number,
                             const struct invitation *invitation)
{
	struct person p = person_of(number);
	const struct account account = account_of(&p);
	uint8_t answer[KEY_SIZE];

	return rig_ask(r, peer,
	               introduction_with(r, peer, &account, FRAME_INTRODUCE, invitation, answer))
	        .status;
}

/* With the stamp for account `stamped`, made by `key`; NULL: without one. */
static enum status hand_over(struct rig *r, struct peer *peer, uint8_t number, uint8_t stamped,
                             const uint8_t *key)
{
	struct person p = person_of(number);
	struct person other = person_of(stamped);
	struct frame frame = introduction(r, peer, &p, FRAME_HANDOVER);
	const struct account account = account_of(&other);

	if (key != NULL) {
		frame.flags = FLAG_VOUCHED;
		auth_stamp(key, &account, frame.introduce.stamp);
	}
	return rig_ask(r, peer, frame).status;
}

static bool holds(const struct rig *r, uint8_t number)
{
	struct person p = person_of(number);

	return store_find(r->store, &p.account.id, NULL, NULL) == STORE_ALIVE;
}

static void test_open(void)
{
	const struct invitation expired = invitation_of(other_key, 1);
	struct rig r;

	open_as(&r, REGISTRATION_OPEN);
	struct peer *peer = rig_join(&r);

	IS_U64(introduce(&r, peer, 1, NULL), STATUS_OK, "open: anybody");
	IS_U64(introduce(&r, peer, 2, &expired), STATUS_OK, "open: whatever the invitation is");
	IS_U64(hand_over(&r, peer, 3, 3, NULL), STATUS_OK, "open: hands over");
	IS_U64(hand_over(&r, peer, 4, 5, other_key), STATUS_OK, "open: whatever the stamp is");
	rig_close(&r);
}

static void test_invited(void)
{
	struct invitation good = invitation_of(operator_key, CLOCK_MS);
	struct invitation expired = invitation_of(operator_key, CLOCK_MS - 1);
	struct invitation foreign = invitation_of(other_key, CLOCK_MS);
	struct rig r;

	open_as(&r, REGISTRATION_INVITED);
	struct peer *peer = rig_join(&r);

	IS_U64(introduce(&r, peer, 1, NULL), STATUS_UNINVITED, "invited: nobody else");
	IS_U64(introduce(&r, peer, 1, &foreign), STATUS_UNFIT, "invited: by this operator");
	IS_U64(introduce(&r, peer, 1, &expired), STATUS_EXPIRED, "invited: in time");
	memcpy(expired.bytes, good.bytes, 6);
	IS_U64(introduce(&r, peer, 1, &expired), STATUS_UNFIT, "invited: not longer than it says");
	OK(!holds(&r, 1), "invited: who is not leaves nothing");
	IS_U64(introduce(&r, peer, 1, &good), STATUS_OK, "invited: up to the last millisecond");
	IS_U64(introduce(&r, peer, 2, &good), STATUS_OK, "invited: any number of accounts");
	IS_U64(introduce(&r, peer, 1, NULL), STATUS_OK, "invited: what is held is not new");
	struct person again = person_make("person2", 9, CLOCK_MS);
	const struct account account = account_of(&again);
	uint8_t answer[KEY_SIZE];
	struct frame frame = introduction_with(&r, peer, &account, FRAME_INTRODUCE, &good, answer);

	IS_U64(rig_ask(&r, peer, frame).status, STATUS_TAKEN, "invited: a name has one owner");
	struct person third = person_of(3);

	frame = introduction(&r, peer, &third, FRAME_INTRODUCE);
	frame.flags = FLAG_VOUCHED;
	frame.introduce.invitation = good;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_UNFIT,
	       "invited: nor by one that is readable");
	r.time.clock_ms++;
	IS_U64(introduce(&r, peer, 3, &good), STATUS_EXPIRED, "invited: by this replica's clock");
	rig_close(&r);
}

static void test_closed(void)
{
	const struct invitation good = invitation_of(operator_key, CLOCK_MS);
	struct rig r;

	open_as(&r, REGISTRATION_CLOSED);
	struct peer *peer = rig_join(&r);

	IS_U64(introduce(&r, peer, 1, NULL), STATUS_CLOSED, "closed: nobody");
	IS_U64(introduce(&r, peer, 1, &good), STATUS_CLOSED, "closed: not who is invited");
	OK(!holds(&r, 1), "closed: and nothing is left");
	rig_close(&r);
}

/* What one replica holds goes to another one by the stamp that its owner is told. */
static void test_hand_over(enum session_registration registration)
{
	struct rig r;

	open_as(&r, registration);
	struct peer *peer = rig_join(&r);

	IS_U64(hand_over(&r, peer, 1, 1, NULL), STATUS_UNINVITED, "hand over: not without a stamp");
	IS_U64(hand_over(&r, peer, 1, 2, operator_key), STATUS_UNINVITED,
	       "hand over: not with another account's");
	IS_U64(hand_over(&r, peer, 1, 1, other_key), STATUS_UNINVITED,
	       "hand over: not with another cluster's");
	OK(!holds(&r, 1), "hand over: nothing is left");
	struct person p = person_of(1);
	struct person next = renewed(&p, 4);

	IS_U64(rig_ask(&r, peer, renewal_of(&r, peer, &next, FRAME_RENEW, other_key)).status,
	       STATUS_WRONG_PROOF, "hand over: nor by a later password");
	IS_U64(hand_over(&r, peer, 1, 1, operator_key), STATUS_OK,
	       "hand over: what is vouched for");
	OK(holds(&r, 1), "hand over: is there");
	IS_U64(hand_over(&r, peer, 1, 1, NULL), STATUS_OK, "hand over: what is held is not new");
	struct frame reply = rig_ask(&r, peer, login_of(&r, peer, &p, 1, 1));
	const struct account account = account_of(&p);
	uint8_t stamp[KEY_SIZE];

	auth_stamp(operator_key, &account, stamp);
	OK(reply.status == STATUS_OK && memcmp(reply.logged_in.stamp, stamp, KEY_SIZE) == 0,
	   "hand over: its owner is told the stamp");
	rig_close(&r);
}

/* A client of version 3 sends no flag, and knows no status of a later version. */
static void test_old_client(void)
{
	struct frame hello = rig_hello();
	struct rig r;

	hello.hello.version_max = 3;
	open_as(&r, REGISTRATION_INVITED);
	struct peer *peer = rig_connect(&r);

	IS_U64(rig_ask(&r, peer, hello).welcome.version, 3, "old client: is met at its version");
	IS_U64(introduce(&r, peer, 1, NULL), STATUS_DISK_FULL, "old client: hears what it knows");
	IS_U64(hand_over(&r, peer, 1, 1, NULL), STATUS_DISK_FULL, "old client: of either kind");
	rig_close(&r);
	open_as(&r, REGISTRATION_OPEN);
	peer = rig_connect(&r);
	rig_ask(&r, peer, hello);
	IS_U64(introduce(&r, peer, 1, NULL), STATUS_OK,
	       "old client: makes an account where it may");
	IS_U64(hand_over(&r, peer, 2, 2, NULL), STATUS_OK, "old client: and hands one over");
	rig_close(&r);
}

/* Nobody can be invited, or vouch. */
static void test_no_key(void)
{
	const uint8_t zeros[KEY_SIZE] = { 0 };
	const struct invitation good = invitation_of(zeros, CLOCK_MS);
	struct rig r;

	rig_open_with(&r, (struct session_options){ .registration = REGISTRATION_INVITED });
	struct peer *peer = rig_join(&r);

	IS_U64(introduce(&r, peer, 1, &good), STATUS_UNFIT, "no key: no invitation fits");
	IS_U64(hand_over(&r, peer, 1, 1, zeros), STATUS_UNINVITED, "no key: and no stamp");
	rig_close(&r);
}

int main(void)
{
	test_open();
	test_invited();
	test_closed();
	test_hand_over(REGISTRATION_INVITED);
	test_hand_over(REGISTRATION_CLOSED);
	test_old_client();
	test_no_key();
	return tap_done();
}
