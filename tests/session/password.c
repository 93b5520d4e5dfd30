/* SPDX-License-Identifier: MIT
 *
 * Passwords that change: who may change one, who may bring one, and whose session ends.
 */
#include "tests/session/fixture.h"

#include "base/sha256.h"

static void open_with_key(struct rig *r)
{
	struct session_options options = { .silence_ms = 6000, .has_operator_key = true };

	memcpy(options.operator_key, operator_key, KEY_SIZE);
	rig_open_with(r, options);
}

/* Servers with a key, and an account; gives who made it. */
static struct peer *begin(struct rig *r, const struct person *alice)
{
	open_with_key(r);
	struct peer *peer = rig_join(r);

	rig_create(r, peer, alice);
	return peer;
}

/* Logs in for sending alone. */
static struct peer *login_to_send(struct rig *r, const struct person *p)
{
	struct peer *sender = rig_join(r);
	struct frame frame = login_of(r, sender, p, 1, 1);

	frame.flags = FLAG_SENDING;
	IS_U64(rig_ask(r, sender, frame).status, STATUS_OK, "password: one who only sends");
	return sender;
}

static enum status login(struct rig *r, struct peer *peer, const struct person *p, uint64_t session)
{
	return rig_ask(r, peer, login_of(r, peer, p, session, 1)).status;
}

static enum status change(struct rig *r, struct peer *peer, const struct person *p)
{
	return rig_ask(r, peer, renewal_of(r, peer, p, FRAME_PASSWORD, NULL)).status;
}

static enum status bring(struct rig *r, struct peer *peer, const struct person *p,
                         const uint8_t *key)
{
	return rig_ask(r, peer, renewal_of(r, peer, p, FRAME_RENEW, key)).status;
}

/* A replica that has missed an operator's change: who knows the password before sets no other one
 * there that wins. */
static void test_behind(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person last = renewed(&alice, 2), reset, beyond;
	struct rig r;

	(void)begin(&r, &alice);
	reset = renewed(&alice, 4);
	reset.account.by = ACCOUNT_BY_OPERATOR;
	reset.account.epoch = account_next_epoch(0, ACCOUNT_BY_OPERATOR);
	last.account.epoch = UINT16_MAX;
	IS_U64(bring(&r, rig_join(&r), &last, operator_key), STATUS_OK, "behind: it was set often");
	struct peer *peer = rig_login(&r, &last, 1, false);

	beyond = renewed(&last, 3);
	IS_U64(change(&r, peer, &beyond), STATUS_WRONG_PROOF, "behind: then no more");
	IS_U64(bring(&r, rig_join(&r), &reset, operator_key), STATUS_OK,
	       "behind: the operator's wins");
	IS_U64(login(&r, rig_join(&r), &reset, 2), STATUS_OK, "behind: and opens the account");
	beyond = renewed(&reset, 5);
	beyond.account.by = ACCOUNT_BY_OWNER;
	IS_U64(change(&r, rig_login(&r, &reset, 3, false), &beyond), STATUS_OK,
	       "behind: from there the owner goes on");
	rig_close(&r);
}

static void test_change(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person next = renewed(&alice, 2);
	struct person after = renewed(&next, 3);
	struct entry entry;
	struct rig r;
	struct peer *stranger = begin(&r, &alice);

	IS_U64(change(&r, stranger, &next), STATUS_NO_SESSION, "change: not without a log-in");
	struct peer *peer = rig_login(&r, &alice, 1, false);

	IS_U64(change(&r, peer, &after), STATUS_WRONG_PROOF, "change: no epoch is left out");
	struct person far = next;

	far.account.epoch = UINT32_MAX;
	IS_U64(change(&r, peer, &far), STATUS_WRONG_PROOF, "change: nor all of them");
	far = next;
	far.account.by = ACCOUNT_BY_OPERATOR;
	IS_U64(change(&r, peer, &far), STATUS_WRONG_PROOF,
	       "change: nobody is an operator by saying so");
	far = next;
	far.account.verifier.lock[0] ^= 1;
	IS_U64(change(&r, peer, &far), STATUS_WRONG_PROOF, "change: the lock stays");
	struct frame reply = rig_ask(&r, peer, renewal_of(&r, peer, &next, FRAME_PASSWORD, NULL));
	const struct account account = account_of(&next);
	uint8_t stamp[KEY_SIZE];

	auth_stamp(operator_key, &account, stamp);
	IS_U64(reply.status, STATUS_OK, "change: the next one");
	OK(sha256_equal(reply.introduced.stamp, stamp), "change: with a stamp");
	IS_U64(change(&r, peer, &next), STATUS_OK, "change: again");
	IS_U64(rig_ask(&r, peer, page_of(&(struct place){ 0 }, 100)).status, STATUS_OK,
	       "change: the session that made it stays");
	IS_U64(login(&r, stranger, &alice, 2), STATUS_CHANGED, "change: the old one is an old one");
	IS_U64(login(&r, stranger, &after, 2), STATUS_UNKNOWN,
	       "change: the one after it is not known");
	struct person liar = alice;

	liar.account.epoch = 1;
	liar.account.verifier.setting = next.account.verifier.setting;
	IS_U64(login(&r, stranger, &liar, 2), STATUS_WRONG_PROOF, "change: and opens nothing");
	reply = rig_ask(&r, stranger, login_of(&r, stranger, &next, 2, 1));
	IS_U64(reply.status, STATUS_OK, "change: the new one does");
	OK(sha256_equal(reply.logged_in.stamp, stamp) &&
	           memcmp(reply.logged_in.middle, next.account.middle, KEY_SIZE) == 0 &&
	           memcmp(reply.logged_in.lock, alice.account.verifier.lock, KEY_SIZE) == 0,
	   "change: and its owner is told what hands it over");
	struct frame found = { .type = FRAME_LOOKUP_ID };

	found.lookup_id.ids = view_of(&alice.account.id, ID_SIZE);
	reply = rig_ask(&r, stranger, found);
	struct reader entries = reader_of(reply.entries.entries);

	OK(protocol_next_entry(&entries, &entry) && entry.epoch == 1 &&
	           view_equal(entry.setting, next.account.verifier.setting),
	   "change: everybody is told its epoch and its setting");
	IS_U64(rig_ask(&r, peer, deletion_of(&next)).status, STATUS_OK,
	       "change: the delete key is what it was");
	rig_close(&r);
}

/* By a client, or by a repair: the session there ends. */
static void test_bring(void)
{
	static const uint8_t another_key[KEY_SIZE] = "a key of no server";
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person bob = person_make("bob", 9, CLOCK_MS);
	struct person next = renewed(&alice, 2);
	struct frame got;
	struct rig r;
	struct peer *peer = begin(&r, &alice);

	rig_create(&r, peer, &bob);
	struct peer *session = rig_login(&r, &alice, 1, false);
	struct peer *sender = login_to_send(&r, &alice);

	IS_U64(bring(&r, peer, &next, another_key), STATUS_WRONG_PROOF,
	       "bring: not without a stamp");
	struct person bobs = renewed(&bob, 2);
	struct frame frame = renewal_of(&r, peer, &bobs, FRAME_RENEW, operator_key);
	struct frame stolen = renewal_of(&r, peer, &next, FRAME_RENEW, NULL);

	memcpy(stolen.introduce.stamp, frame.introduce.stamp, KEY_SIZE);
	IS_U64(rig_ask(&r, peer, stolen).status, STATUS_WRONG_PROOF, "bring: not with another's");
	IS_U64(bring(&r, peer, &next, operator_key), STATUS_OK, "bring: with its stamp");
	OK(rig_next(session, &got) && got.type == FRAME_ENDED && got.status == STATUS_CHANGED,
	   "bring: the session that was there ends");
	IS_U64(rig_message(&r, sender, &bob, 1, CLOCK_MS, view_of_string("hi")).status,
	       STATUS_NO_SESSION, "bring: and of one who only sends, with the next message");
	IS_U64(login(&r, session, &next, 2), STATUS_OK, "bring: and begins again with the new one");
	IS_U64(bring(&r, peer, &next, operator_key), STATUS_OK, "bring: again");
	OK(!rig_next(session, &got), "bring: which ends nothing");
	rig_close(&r);
}

/* Who brings what: of that, what he has proved, and what is held then. */
static void test_brought(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person next = renewed(&alice, 2);
	struct person rival = renewed(&alice, 3);
	struct rig r;
	struct peer *peer = begin(&r, &alice);

	IS_U64(bring(&r, peer, &next, operator_key), STATUS_OK, "brought: with its stamp");
	struct peer *again = rig_join(&r);

	IS_U64(bring(&r, again, &next, operator_key), STATUS_OK, "brought: and by another one");
	IS_U64(rig_ask(&r, again, confirmation_of(&next)).status, STATUS_OK,
	       "brought: who brings what is held has proved as much");
	/* The smaller of two of one epoch stays, whichever comes first. */
	const struct account a = account_of(&next), b = account_of(&rival);
	bool rival_wins = account_verifier_compare(&b, &a) < 0;

	IS_U64(bring(&r, peer, &rival, operator_key), STATUS_OK,
	       "brought: another one of that epoch");
	IS_U64(login(&r, rig_join(&r), &rival, 3), rival_wins ? STATUS_OK : STATUS_WRONG_PROOF,
	       "brought: of which the smaller one stays");
	struct peer *old = rig_join(&r);

	IS_U64(rig_ask(&r, old, introduction(&r, old, &alice, FRAME_HANDOVER)).status, STATUS_OK,
	       "brought: the first one changes nothing");
	IS_U64(rig_ask(&r, old, confirmation_of(&alice)).status, STATUS_WRONG_PROOF,
	       "brought: and who brings it has proved nothing");
	struct person carol = person_make("carol", 4, CLOCK_MS);

	carol = renewed(&carol, 5);
	IS_U64(bring(&r, peer, &carol, operator_key), STATUS_OK,
	       "brought: also of one who is not known");
	IS_U64(login(&r, rig_join(&r), &carol, 4), STATUS_OK, "brought: who can log in then");
	(void)rig_ask(&r, peer, deletion_of(&alice));
	IS_U64(bring(&r, peer, &next, operator_key), STATUS_GONE,
	       "brought: who is gone stays gone");
	rig_close(&r);
}

/* Of two passwords of one epoch the smaller one comes later. Who only sends with the other one is
 * noticed, too. */
static void test_rival(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person first = renewed(&alice, 2), second = renewed(&alice, 3);
	const struct account a = account_of(&first), b = account_of(&second);
	bool in_order = account_verifier_compare(&b, &a) < 0;
	const struct person *larger = in_order ? &first : &second;
	struct frame got;
	struct rig r;
	struct peer *peer = begin(&r, &alice);

	IS_U64(bring(&r, peer, larger, operator_key), STATUS_OK, "rival: one is brought");
	struct peer *sender = login_to_send(&r, larger);

	IS_U64(rig_message(&r, sender, &alice, 1, CLOCK_MS, view_of_string("hi")).status, STATUS_OK,
	       "rival: to send");
	IS_U64(bring(&r, peer, in_order ? &second : &first, operator_key), STATUS_OK,
	       "rival: another one of that epoch is brought");
	IS_U64(rig_message(&r, sender, &alice, 2, CLOCK_MS, view_of_string("ho")).status,
	       STATUS_NO_SESSION, "rival: the first one sends no more");
	OK(!rig_next(sender, &got), "rival: that is all");
	rig_close(&r);
}

static void test_without_key(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person next = renewed(&alice, 2);
	struct rig r;

	rig_open(&r);
	rig_create(&r, rig_join(&r), &alice);
	struct peer *peer = rig_login(&r, &alice, 1, false);

	IS_U64(change(&r, peer, &next), STATUS_UNKNOWN, "no key: nothing is vouched for");
	IS_U64(bring(&r, peer, &next, operator_key), STATUS_WRONG_PROOF, "no key: nor checked");
	rig_close(&r);
}

int main(void)
{
	test_behind();
	test_change();
	test_bring();
	test_brought();
	test_rival();
	test_without_key();
	return tap_done();
}
