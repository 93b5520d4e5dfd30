/* SPDX-License-Identifier: MIT
 *
 * Accounts that are removed: who may bring that, and what everybody is told.
 */
#include "tests/session/fixture.h"

#include "base/sha256.h"

static void open_with_key(struct rig *r, bool has_key)
{
	struct session_options options = { .silence_ms = 6000, .has_operator_key = has_key };

	memcpy(options.operator_key, operator_key, KEY_SIZE);
	rig_open_with(r, options);
}

/* REMOVE, with the stamp of this key; NULL: without one, as the owner's word. */
static struct frame removal_of(const struct person *p, enum gone_by by, const uint8_t *key)
{
	struct frame frame = { .type = FRAME_REMOVE };
	const struct account account = account_of(p);

	auth_tombstone_remove(&account, by, &frame.remove.tombstone);
	if (key == NULL)
		return frame;
	frame.flags = FLAG_VOUCHED;
	auth_gone_stamp(key, &frame.remove.tombstone, frame.remove.stamp);
	return frame;
}

static enum status removed(struct rig *r, struct peer *peer, const struct person *p,
                           enum gone_by by, const uint8_t *key)
{
	return rig_ask(r, peer, removal_of(p, by, key)).status;
}

static void test_refused(void)
{
	static const uint8_t another_key[KEY_SIZE] = "a key of no server";
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct rig r;

	open_with_key(&r, true);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &alice);
	IS_U64(removed(&r, peer, &alice, GONE_BY_OPERATOR, NULL), STATUS_WRONG_PROOF,
	       "refused: not without a stamp");
	IS_U64(removed(&r, peer, &alice, GONE_BY_OPERATOR, another_key), STATUS_WRONG_PROOF,
	       "refused: nor with that of another key");
	IS_U64(removed(&r, peer, &alice, GONE_BY_OWNER, NULL), STATUS_WRONG_PROOF,
	       "refused: nobody is the owner by saying so");
	struct frame frame = removal_of(&alice, GONE_BY_OPERATOR, NULL);
	struct frame of_bob = removal_of(&bob, GONE_BY_OPERATOR, operator_key);

	memcpy(frame.remove.stamp, of_bob.remove.stamp, KEY_SIZE);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "refused: a stamp is of one account");
	frame = removal_of(&alice, GONE_BY_OPERATOR, operator_key);
	frame.flags = 0;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "refused: a right stamp that nobody vouches with");
	frame.flags = FLAG_VOUCHED;
	frame.remove.tombstone.by = GONE_BY_OWNER;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "refused: and says who has removed it");
	frame = removal_of(&alice, GONE_BY_OPERATOR, operator_key);
	frame.remove.tombstone.name = view_of_string("bob");
	auth_gone_stamp(operator_key, &frame.remove.tombstone, frame.remove.stamp);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "refused: with a name that its id does not fit");
	IS_U64(r.position, 2, "refused: nothing is journalled of all that");
	rig_close(&r);
}

static void test_brought(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person carol = person_make("carol", 3, CLOCK_MS);
	struct frame right = removal_of(&alice, GONE_BY_OPERATOR, operator_key);
	const uint8_t *stamp = right.remove.stamp;
	struct frame reply, got;
	struct rig r;

	open_with_key(&r, true);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &alice);
	struct peer *session = rig_login(&r, &alice, 1, false);

	reply = rig_ask(&r, peer, removal_of(&alice, GONE_BY_OPERATOR, operator_key));
	IS_U64(reply.status, STATUS_OK, "brought: with its stamp");
	OK(sha256_equal(reply.introduced.stamp, stamp), "brought: which is told");
	OK(rig_next(session, &got) && got.type == FRAME_ENDED && got.status == STATUS_GONE,
	   "brought: the session ends");
	IS_U64(removed(&r, peer, &alice, GONE_BY_OPERATOR, operator_key), STATUS_OK,
	       "brought: twice is once");
	IS_U64(r.position, 3, "brought: and journalled once");
	reply = rig_ask(&r, peer, login_of(&r, peer, &alice, 2, 1));
	IS_U64(reply.status, STATUS_GONE, "brought: nobody logs in to it");
	OK(reply.logged_in.entry.by == GONE_BY_OPERATOR &&
	           sha256_equal(reply.logged_in.entry.stamp, stamp) &&
	           memcmp(reply.logged_in.entry.lock, alice.account.verifier.lock, KEY_SIZE) == 0,
	   "brought: the refusal has the stamp");
	struct entry entry = rig_entry(&r, peer, &alice);

	OK(entry.state == ENTRY_GONE && sha256_equal(entry.stamp, stamp),
	   "brought: so has a look-up");
	IS_U64(rig_ask(&r, peer, deletion_of(&alice)).status, STATUS_OK,
	       "brought: its owner has deleted it, too");
	entry = rig_entry(&r, peer, &alice);
	OK(entry.by == GONE_BY_KEY && memcmp(entry.delete_key, alice.delete_key, KEY_SIZE) == 0,
	   "brought: the proof takes the place of the stamp");
	IS_U64(r.position, 4, "brought: and is journalled");
	IS_U64(removed(&r, peer, &alice, GONE_BY_OPERATOR, operator_key), STATUS_OK,
	       "brought: the other way it is known");
	IS_U64(rig_entry(&r, peer, &alice).by, GONE_BY_KEY, "brought: and stays");
	IS_U64(removed(&r, peer, &carol, GONE_BY_OPERATOR, operator_key), STATUS_OK,
	       "brought: it may come before its account");
	IS_U64(rig_ask(&r, peer, introduction(&r, peer, &carol, FRAME_INTRODUCE)).status,
	       STATUS_GONE, "brought: which then does not come");
	rig_close(&r);
}

static void test_owner(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct frame reply, frame;
	uint8_t stamp[KEY_SIZE];
	struct rig r;

	open_with_key(&r, true);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &alice);
	rig_create(&r, peer, &bob);
	struct peer *session = rig_login(&r, &alice, 1, false);

	IS_U64(removed(&r, session, &alice, GONE_BY_OPERATOR, NULL), STATUS_WRONG_PROOF,
	       "owner: is no operator");
	IS_U64(removed(&r, session, &bob, GONE_BY_OWNER, NULL), STATUS_WRONG_PROOF,
	       "owner: of one account");
	frame = removal_of(&alice, GONE_BY_OWNER, operator_key);
	memcpy(stamp, frame.remove.stamp, KEY_SIZE);
	frame.remove.stamp[0] ^= 1;
	IS_U64(rig_ask(&r, session, frame).status, STATUS_WRONG_PROOF,
	       "owner: what a replica claims of the account is checked on her connection, too");
	OK(rig_entry(&r, peer, &alice).state == ENTRY_ALIVE, "owner: and removes nothing");
	struct peer *sender = rig_join(&r);
	struct frame login = login_of(&r, sender, &alice, 9, 1);

	login.flags = FLAG_SENDING;
	IS_U64(rig_ask(&r, sender, login).status, STATUS_OK, "owner: a log-in for SEND alone");
	IS_U64(removed(&r, sender, &alice, GONE_BY_OWNER, NULL), STATUS_WRONG_PROOF,
	       "owner: which removes nothing, since its password may be an older one");
	frame.flags = 0;
	reply = rig_ask(&r, session, frame);
	IS_U64(reply.status, STATUS_OK, "owner: needs no stamp");
	OK(sha256_equal(reply.introduced.stamp, stamp), "owner: and is told it");
	OK(rig_entry(&r, peer, &alice).by == GONE_BY_OWNER, "owner: it is gone");
	rig_close(&r);
}

static void test_without_key(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct rig r;

	open_with_key(&r, false);
	IS_U64(removed(&r, rig_join(&r), &alice, GONE_BY_OPERATOR, operator_key), STATUS_UNKNOWN,
	       "without a key: nothing can be checked");
	rig_close(&r);
}

/* A client of version 3 has no words for it: to it such an account has lapsed. */
static void test_old_client(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct person carol = person_make("carol", 3, CLOCK_MS);
	struct frame hello = rig_hello();
	struct rig r;

	hello.hello.version_max = 3;
	open_with_key(&r, true);
	struct peer *peer = rig_join(&r);
	struct peer *old = rig_connect(&r);

	rig_ask(&r, old, hello);
	rig_create(&r, peer, &alice);
	rig_create(&r, peer, &bob);
	rig_create(&r, peer, &carol);
	IS_U64(removed(&r, peer, &alice, GONE_BY_OPERATOR, operator_key), STATUS_OK,
	       "old client: an account is removed");
	IS_U64(rig_ask(&r, peer, deletion_of(&carol)).status, STATUS_OK,
	       "old client: another one is deleted");
	IS_U64(rig_entry(&r, old, &alice).state, ENTRY_UNKNOWN, "old client: finds it no more");
	IS_U64(rig_entry(&r, old, &carol).state, ENTRY_GONE, "old client: hears what it knows");
	IS_U64(rig_ask(&r, old, login_of(&r, old, &alice, 1, 1)).status, STATUS_CLOCK,
	       "old client: cannot log in");
	IS_U64(rig_ask(&r, old, introduction(&r, old, &alice, FRAME_INTRODUCE)).status,
	       STATUS_CLOCK, "old client: nor make it again");
	IS_U64(rig_ask(&r, old, introduction(&r, old, &alice, FRAME_HANDOVER)).status, STATUS_CLOCK,
	       "old client: nor hand it over");
	IS_U64(rig_ask(&r, old, login_of(&r, old, &bob, 1, 1)).status, STATUS_OK,
	       "old client: another one logs in");
	IS_U64(rig_tell(&r, old, &alice, 1, 1, "x").status, STATUS_MAILBOX_FULL,
	       "old client: there is no room for mail to it");
	IS_U64(rig_tell(&r, old, &carol, 1, 1, "x").status, STATUS_GONE,
	       "old client: mail to one that was deleted is refused as ever");
	IS_U64(rig_tell(&r, rig_login(&r, &bob, 2, false), &alice, 1, 1, "x").status, STATUS_GONE,
	       "old client: a newer one hears more");
	rig_close(&r);
}

int main(void)
{
	test_refused();
	test_brought();
	test_owner();
	test_without_key();
	test_old_client();
	return tap_done();
}
