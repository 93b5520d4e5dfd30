/* SPDX-License-Identifier: MIT
 *
 * Stories of accounts where registration is not open: who makes one, and how it comes to a replica
 * that was away. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/old.h"

#include "replication/private.h"

enum { DAY_MS = 86400000 };

static struct cluster k;
static struct invitation good, expired, foreign;

static void start(enum session_registration a, enum session_registration b,
                  enum session_registration c)
{
	const enum session_registration who[REPLICAS] = { a, b, c };
	uint8_t key[KEY_SIZE], random[16] = { 1 };
	uint64_t now_ms;

	cluster_start(&k, SHARE_USUAL, 0);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		k.replicas[i].registration = who[i];
		replica_kill(&k, i);
		replica_start(&k, i);
	}
	(void)client_start(&k);
	pass(&k, 10);
	now_ms = replica_time(&k, 0).clock_ms;
	memset(key, 0x66, KEY_SIZE);
	invitation_make(key, now_ms + DAY_MS, random, &good);
	invitation_make(key, now_ms - 1, random, &expired);
	key[0]++;
	invitation_make(key, now_ms + DAY_MS, random, &foreign);
	k.invitation = NULL;
}

/* What comes of a creation with this invitation. */
static const char *create(const struct invitation *invitation)
{
	k.invitation = invitation;
	say(&k, 0, "create alice pw");
	return heard(&k, 0);
}

static void test_refusals(void)
{
	start(REGISTRATION_INVITED, REGISTRATION_INVITED, REGISTRATION_INVITED);
	OK(has(create(NULL), "result create invitation-needed\n"), "invited: it is needed");
	OK(has(create(&expired), "result create invitation-expired\n"), "invited: in time");
	OK(has(create(&foreign), "result create invitation-wrong\n"), "invited: a right one");
	IS_U64(held(&k, "alice", false), 0, "invited: nothing is left of a refusal");
	OK(has(create(&good), "result create ok copies=3\n"), "invited: with it");
	cluster_free(&k);
	start(REGISTRATION_CLOSED, REGISTRATION_CLOSED, REGISTRATION_CLOSED);
	OK(has(create(&good), "result create registration-closed\n"), "closed: nobody");
	cluster_free(&k);
	start(REGISTRATION_CLOSED, REGISTRATION_INVITED, REGISTRATION_CLOSED);
	OK(has(create(NULL), "result create invitation-needed\n"),
	   "different: the refusal that one can do something about is told");
	cluster_free(&k);
}

/* One that takes it is enough: the others are given it, with its stamp. */
static void test_one_is_enough(void)
{
	start(REGISTRATION_CLOSED, REGISTRATION_INVITED, REGISTRATION_CLOSED);
	OK(has(create(&good), "result create ok copies=1\n"), "one: confirms it");
	IS_U64(held(&k, "alice", false), 7, "one: and the others have it, too");
	cluster_free(&k);
	start(REGISTRATION_INVITED, REGISTRATION_INVITED, REGISTRATION_INVITED);
	k.replicas[0].clock_offset_ms = 2 * (int64_t)DAY_MS;
	say(&k, 0, "list");
	(void)heard(&k, 0);
	OK(has(create(&good), "result create ok copies=2\n"), "clocks: two still take it");
	IS_U64(held(&k, "alice", false), 7, "clocks: the third is given it");
	cluster_free(&k);
}

static void test_return(void)
{
	start(REGISTRATION_INVITED, REGISTRATION_CLOSED, REGISTRATION_CLOSED);
	replica_kill(&k, 2);
	OK(has(create(&good), "result create ok copies=1\n"), "return: made while one is away");
	IS_U64(held(&k, "alice", false), 3, "return: which lacks it");
	replica_start(&k, 2);
	pass(&k, 4000);
	OK(has(heard(&k, 0), "live 2"), "return: it joins the session");
	IS_U64(held(&k, "alice", false), 7, "return: and is given the account");
	replica_kill(&k, 2);
	replica_wipe(&k, 2);
	say(&k, 0, "logout");
	replica_start(&k, 2);
	pass(&k, 4000);
	say(&k, 0, "login alice pw");
	OK(has(heard(&k, 0), "result login ok copies=3"), "return: a log-in gives it, too");
	cluster_free(&k);
}

/* The one that has granted it dies before it confirms. */
static void test_cut_off(void)
{
	start(REGISTRATION_INVITED, REGISTRATION_INVITED, REGISTRATION_INVITED);
	hold_here(&k, 0, 0, true);
	k.invitation = &good;
	say(&k, 0, "create alice pw");
	replica_kill(&k, 0);
	hold_here(&k, 0, 0, false);
	pass(&k, 4000);
	OK(has(heard(&k, 0), "result create ok copies=2"), "cut off: the others take it");
	replica_start(&k, 0);
	pass(&k, 4000);
	IS_U64(held(&k, "alice", false), 7, "cut off: and the first one, when it is back");
	cluster_free(&k);
}

/* Whether these bytes stand in what waits to be written to a replica. */
static bool is_readable(const struct invitation *invitation)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct view out = replication_output(k.clients[0].r, i);

		if (memmem(out.data, out.size, invitation->bytes, INVITATION_SIZE) != NULL ||
		    memmem(out.data, out.size, invitation->bytes, 8) != NULL)
			return true;
	}
	return false;
}

static void test_closed_box(void)
{
	struct view out;
	struct frame frame;
	const char *why;
	size_t size;

	start(REGISTRATION_INVITED, REGISTRATION_INVITED, REGISTRATION_INVITED);
	hold_all_there(&k, 0, true);
	k.invitation = &good;
	say(&k, 0, "create alice pw");
	out = replication_output(k.clients[0].r, 0);
	OK(protocol_size(out, &size) && protocol_decode(view_of(out.data, size), &frame, &why) &&
	           frame.type == FRAME_INTRODUCE && (frame.flags & FLAG_VOUCHED),
	   "closed: the invitation is on its way");
	OK(!is_readable(&good), "closed: and nobody can read it");
	hold_all_there(&k, 0, false);
	pump(&k);
	OK(has(heard(&k, 0), "result create ok copies=3"), "closed: but the replicas");
	cluster_free(&k);
}

/* It may be anybody. */
static void test_alone(void)
{
	start(REGISTRATION_INVITED, REGISTRATION_INVITED, REGISTRATION_INVITED);
	replica_kill(&k, 0), replica_kill(&k, 1);
	OK(has(create(&good), "result create ok copies=1"), "alone: one that is known is shown it");
	cluster_free(&k);
	start(REGISTRATION_OPEN, REGISTRATION_OPEN, REGISTRATION_OPEN);
	replica_kill(&k, 0), replica_kill(&k, 1);
	(void)client_start(&k);
	client_stop(&k, 0);
	pass(&k, 10);
	k.invitation = &good;
	say(&k, 1, "create alice pw");
	OK(has(heard(&k, 1), "result create too-few-replicas"), "alone: one that is not is not");
	OK(has(k.clients[1].last.detail, "vouch for each other"), "alone: it is said why");
	IS_U64(held(&k, "alice", false), 0, "alone: and it is given no account");
	k.invitation = NULL;
	say(&k, 1, "create alice pw");
	OK(has(heard(&k, 1), "result create ok copies=1"), "alone: but one without an invitation");
	say(&k, 1, "logout");
	replica_start(&k, 0);
	pass(&k, 2000);
	k.invitation = &good;
	say(&k, 1, "create bob pw");
	OK(has(heard(&k, 1), "result create ok copies=2"), "alone: with a second one both are");
	cluster_free(&k);
}

/* Two have granted it and are gone. A third one, which is not known, is shown no invitation; and
 * the name is free when they are back. */
static void test_taken_back(void)
{
	start(REGISTRATION_INVITED, REGISTRATION_INVITED, REGISTRATION_INVITED);
	client_stop(&k, 0);
	replica_kill(&k, 2);
	(void)client_start(&k);
	pass(&k, 2000);
	k.invitation = &good;
	hold_here(&k, 1, 1, true); /* what is said to the second INTRODUCE */
	say(&k, 1, "create alice pw");
	IS_U64(held(&k, "alice", false), 3, "taken back: two have granted it");
	replica_kill(&k, 0), replica_kill(&k, 1);
	hold_here(&k, 1, 1, false);
	pass(&k, 100);
	replica_start(&k, 2);
	pass(&k, 5000);
	replica_start(&k, 0), replica_start(&k, 1);
	pass(&k, 20000);
	IS_U64(held(&k, "alice", false), 0, "taken back: it is not left there");
	(void)heard(&k, 1);
	say(&k, 1, "create alice pw");
	OK(has(heard(&k, 1), "result create ok copies=3"), "taken back: the name is free");
	cluster_free(&k);
}

static void test_old(void)
{
	start(REGISTRATION_OPEN, REGISTRATION_OPEN, REGISTRATION_INVITED);
	replica_kill(&k, 2);
	for (uint32_t i = 0; i < 2; i++)
		replica_speaks(&k, i, 3);
	pass(&k, 4000);
	OK(has(create(&good), "result create ok copies=2"), "old: they know of no invitation");
	replica_start(&k, 2);
	pass(&k, 4000);
	OK(has(replication_why(k.clients[0].r, 2), "that another replica vouches for"),
	   "old: a newer one beside them takes no part, and it is said why");
	say(&k, 0, "list");
	OK(has(heard(&k, 0), "users alice+"), "old: the session goes on");
	k.replicas[0].lie = NULL;
	cut_and_heal(&k, 0, 0);
	pass(&k, 20000);
	IS_U64(held(&k, "alice", false), 7, "old: when one is upgraded, it vouches");
	cluster_free(&k);
}

int main(void)
{
	test_refusals();
	test_one_is_enough();
	test_return();
	test_cut_off();
	test_closed_box();
	test_alone();
	test_old();
	test_taken_back();
	return tap_done();
}
