/* SPDX-License-Identifier: MIT
 *
 * Stories of a replica that does not belong: it has another operator key than the others. It is
 * given no account. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

static struct cluster k;

/* Replica `i` is another one now, without data; one that has the key of the others, or has not. */
static void replace(uint32_t i, bool stranger)
{
	replica_kill(&k, i);
	replica_wipe(&k, i);
	k.replicas[i].stranger = stranger;
	replica_start(&k, i);
}

static void test_creation(void)
{
	cluster_start(&k, SHARE_USUAL, 0);
	replace(2, true);
	(void)client_start(&k);
	pass(&k, 10);
	say(&k, 0, "create alice pw");
	OK(has(heard(&k, 0), "result create ok copies=2"), "creation: at those who belong");
	IS_U64(held(&k, "alice", false), 3, "creation: the stranger is not given the account");
	OK(has(replication_why(k.clients[0].r, 2), AUTH_OTHER_KEY), "creation: it is said why");
	cluster_free(&k);
}

/* Neither can be told from the other, unless one is known from before. */
static void test_two(void)
{
	cluster_start(&k, SHARE_USUAL, 0);
	replace(2, true);
	replica_kill(&k, 1);
	(void)client_start(&k);
	pass(&k, 10);
	say(&k, 0, "create alice pw");
	OK(has(heard(&k, 0), "result create no-replica"), "two: both are refused");
	IS_U64(held(&k, "alice", false), 0, "two: and are given nothing");
	replica_start(&k, 1);
	pass(&k, 2000);
	replica_kill(&k, 1);
	say(&k, 0, "create alice pw");
	OK(has(heard(&k, 0), "result create ok copies=1"),
	   "two: one that was vouched for is known");
	IS_U64(held(&k, "alice", false), 1, "two: it alone is given the account");
	cluster_free(&k);
}

static void test_alone(void)
{
	cluster_start(&k, SHARE_USUAL, 0);
	replica_kill(&k, 0);
	replica_kill(&k, 1);
	(void)client_start(&k);
	pass(&k, 4000);
	say(&k, 0, "create alice pw");
	OK(has(heard(&k, 0), "result create ok copies=1"), "alone: an account can be made");
	cluster_free(&k);
}

static void test_log_in(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout");
	replace(2, true);
	pass(&k, 2000);
	(void)heard(&k, 0);
	say(&k, 0, "login alice pw");
	OK(has(heard(&k, 0), "result login ok copies=2"), "log in: at those who belong");
	IS_U64(held(&k, "alice", false), 3, "log in: the stranger is not given the account");
	OK(has(replication_why(k.clients[0].r, 2), AUTH_OTHER_KEY), "log in: it is said why");
	replace(2, false);
	pass(&k, 3000);
	IS_U64(held(&k, "alice", false), 7, "log in: with the key it is given the account");
	OK(has(heard(&k, 0), "live 2"), "log in: and is live");
	cluster_free(&k);
}

static void test_session(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	(void)heard(&k, 0);
	replace(0, true);
	pass(&k, 3000);
	IS_U64(held(&k, "alice", false), 6, "session: the stranger is not given the account");
	say(&k, 0, "send alice hi");
	OK(has(heard(&k, 0), "result send ok copies=2"), "session: it goes on without it");
	OK(has(replication_why(k.clients[0].r, 0), AUTH_OTHER_KEY), "session: it is said why");
	replace(0, false);
	pass(&k, 3000);
	IS_U64(held(&k, "alice", false), 7, "session: with the key it is given the account");
	cluster_free(&k);
}

static struct buf overheard; /* replica 0's answer about itself */

static void overhear(struct view bytes, struct buf *to)
{
	if (bytes.size > 4 && bytes.data[4] == (FRAME_MEMBER | FRAME_REPLY) && overheard.size == 0)
		buf_append(&overheard, bytes);
	buf_append(to, bytes);
}

/* Says it again, as its own. */
static void repeat(struct view bytes, struct buf *to)
{
	if (bytes.size <= 4 || bytes.data[4] != (FRAME_MEMBER | FRAME_REPLY)) {
		buf_append(to, bytes);
		return;
	}
	struct buf answer;

	buf_init(&answer, overheard.size);
	buf_append(&answer, buf_view(&overheard));
	memcpy(answer.data + 6, bytes.data + 6, 4); /* the request that it answers */
	buf_append(to, buf_view(&answer));
	buf_release(&answer);
}

/* Whoever takes the place of one that was vouched for has no part in that, also if he has heard
 * what that one said. The others have not answered yet when he does. */
static void test_keyless(void)
{
	buf_init(&overheard, FRAME_SIZE_MAX);
	cluster_start(&k, SHARE_USUAL, 0);
	k.replicas[0].lie = overhear;
	(void)client_start(&k);
	pass(&k, 10);
	say(&k, 0, "create alice pw");
	(void)heard(&k, 0);
	ALWAYS(overheard.size > 0, "keyless: the answer was heard");
	k.replicas[0].keyless = true;
	k.replicas[0].lie = repeat;
	hold_here(&k, 0, 1, true);
	hold_here(&k, 0, 2, true);
	replace(0, true);
	pass(&k, 1000);
	hold_here(&k, 0, 1, false);
	hold_here(&k, 0, 2, false);
	pass(&k, 3000);
	IS_U64(held(&k, "alice", false), 6, "keyless: one without a key is not given the account");
	k.replicas[0].keyless = false;
	k.replicas[0].lie = NULL;
	cluster_free(&k);
	buf_release(&overheard);
}

/* Nobody holds the account who could vouch for others. If all three come back, they do; two of one
 * key might be anybody. */
static void test_all_wiped(bool with_stranger)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_kill(&k, i);
	for (uint32_t i = 0; i < REPLICAS; i++)
		replace(i, with_stranger && i == 2);
	pass(&k, 3000);
	IS_U64(held(&k, "alice", false), with_stranger ? 0 : 7,
	       "all wiped: three of one key are given the account, two are not");
	cluster_free(&k);
}

/* Two strangers at the ports of dead replicas vouch for each other. The third one holds the account
 * and does not vouch for them: a log-in gives it to nobody else. */
static void test_two_strangers(bool in_session)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	for (uint32_t i = 0; i < 2; i++) {
		replica_kill(&k, i);
		replace(i, true);
	}
	if (in_session) {
		client_cut(&k, 0, 2);
		pass(&k, 4000);
		client_heal(&k, 0, 2);
	} else {
		client_stop(&k, 0);
		uint32_t fresh = client_start(&k);

		quiet(&k);
		say(&k, fresh, "login alice pw");
		OK(has(heard(&k, fresh), "result login ok copies=1"),
		   "two strangers: who holds the account lets in");
	}
	pass(&k, 4000);
	IS_U64(held(&k, "alice", false), 4, "two strangers: they are not given it");
	cluster_free(&k);
}

int main(void)
{
	test_creation();
	test_two();
	test_alone();
	test_log_in();
	test_session();
	test_keyless();
	test_all_wiped(false);
	test_all_wiped(true);
	test_two_strangers(false);
	test_two_strangers(true);
	return tap_done();
}
