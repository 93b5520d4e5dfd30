/* SPDX-License-Identifier: MIT
 *
 * Stories of one process that seems to answer at two indexes: a relay on the port of a dead replica
 * passes on what a live one says. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

#define SAME "shows the same uuid and key as number"

static struct cluster k;

/* On the port of `at`, which is down, somebody passes everything on to `to`. */
static void relay_begin(uint32_t at, uint32_t to)
{
	assert(!k.replicas[at].up);
	k.replicas[at].behind = &k.replicas[to];
}

/* The port refuses again. */
static void relay_end(uint32_t at)
{
	for (uint32_t c = 0; c < k.count; c++)
		if (k.clients[c].r != NULL)
			close_there(&k, &k.clients[c], at);
	k.replicas[at].behind = NULL;
	for (uint32_t c = 0; c < k.count; c++)
		if (k.clients[c].r != NULL)
			close_here(&k, &k.clients[c], at, "closed the connection");
}

static unsigned live(void)
{
	return k.clients[0].r->live;
}

/* What is tested, with the place of the relay. */
static const char *of(uint32_t at, const char *what)
{
	static char name[128];

	(void)snprintf(name, sizeof name, "relay at %u: %s", at, what);
	return name;
}

static bool has_why(uint32_t index, const char *why)
{
	return has(replication_why(k.clients[0].r, index), why);
}

/* The client comes when the relay is there. It is number `at`; 1 is the true one. */
static void story_fresh(uint32_t at)
{
	uint32_t other = 2 - at;

	cluster_start(&k, SHARE_USUAL, 0);
	replica_kill(&k, at);
	relay_begin(at, 1);
	(void)client_start(&k);
	pass(&k, 10);
	IS_U64(live(), BIT(other), of(at, "fresh client: neither is used"));
	OK(has_why(at, SAME " 1"), of(at, "fresh client: it is said why"));
	OK(has_why(1, SAME) && !k.clients[0].r->replicas[1].lies,
	   of(at, "fresh client: also of the true one, which has not lied"));
	say(&k, 0, "create alice pw");
	(void)heard(&k, 0);
	for (int i = 0; i < 50; i++) {
		pass(&k, 100);
		if (live() != BIT(other))
			break;
	}
	IS_U64(live(), BIT(other), of(at, "fresh client: whoever is dialled first"));
	IS_U64(held(&k, "alice", false), BIT(other), of(at, "fresh client: gets nothing"));
	relay_end(at);
	pass(&k, 1500);
	IS_STRING(heard(&k, 0), at == 2 ? "live 1\n" : "live 1\nleader 1\n",
	          of(at, "fresh client: when it is gone, the true one is used"));
	IS_U64(held(&k, "alice", false), BIT(1) | BIT(other),
	       of(at, "fresh client: and is given the account"));
	cluster_free(&k);
}

/* Another process on its port is as good as none. */
static void test_replaced(void)
{
	cluster_start(&k, SHARE_USUAL, 0);
	replica_kill(&k, 0);
	relay_begin(0, 1);
	(void)client_start(&k);
	pass(&k, 500);
	IS_U64(live(), 4, "replaced: relay and true one are not used");
	relay_end(0);
	replica_start(&k, 0);
	pass(&k, 1500);
	IS_U64(live(), 7, "replaced: all three are when the dead one is back");
	cluster_free(&k);
}

/* The client has been there before. */
static void story_running(uint32_t at)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	replica_kill(&k, at);
	pass(&k, 200);
	(void)heard(&k, 0);
	relay_begin(at, 1);
	pass(&k, 5000);
	IS_STRING(heard(&k, 0), "", of(at, "running client: nothing happens"));
	OK(has_why(at, SAME " 1"), of(at, "running client: it is said why"));
	cut_and_heal(&k, 0, 1);
	for (int i = 0; i < 30; i++) {
		pass(&k, 100);
		if (live() & BIT(at))
			break;
	}
	IS_U64(live(), ALL_REPLICAS & (uint8_t)~BIT(at),
	       of(at, "running client: the true one comes back when its connection broke"));
	say(&k, 0, "send alice hi");
	OK(has(heard(&k, 0), "result send ok copies=2"), of(at, "running client: and goes on"));
	client_cut(&k, 0, 1);
	pass(&k, 3000);
	client_heal(&k, 0, 1);
	pass(&k, 1500);
	IS_U64(live(), ALL_REPLICAS & (uint8_t)~BIT(at),
	       of(at, "running client: also when it could not be dialled for some time"));
	cluster_free(&k);
}

/* The client has never seen the dead one alive. If it was there for some time before the relay, it
 * knows who was first; but not if the true one is the one that it could not reach. */
static void test_absent(void)
{
	cluster_start(&k, SHARE_USUAL, 0);
	replica_kill(&k, 0);
	(void)client_start(&k);
	pass(&k, ABSENT_MS + 2000);
	(void)heard(&k, 0);
	relay_begin(0, 1);
	pass(&k, 5000);
	IS_STRING(heard(&k, 0), "", "absent: a relay on a port that was dead changes nothing");
	cluster_free(&k);

	cluster_start(&k, SHARE_USUAL, 0);
	replica_kill(&k, 0);
	relay_begin(0, 1);
	(void)client_start(&k);
	client_cut(&k, 0, 1);
	pass(&k, 4000);
	IS_U64(live(), 5, "absent: a relay to what cannot be reached is not found out");
	client_heal(&k, 0, 1);
	pass(&k, 1500);
	IS_U64(live(), 4, "absent: but as soon as it can be reached again");
	cluster_free(&k);
}

/* The true one has a new key then, and the relay shows it first. */
static void test_started_again(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	replica_kill(&k, 0);
	pass(&k, 2000);
	replica_kill(&k, 1);
	hold_here(&k, 0, 1, true);
	replica_start(&k, 1);
	relay_begin(0, 1);
	quiet(&k);
	pass(&k, 2000);
	IS_U64(live(), 4, "started again: the relay waits until the true one was dialled");
	hold_here(&k, 0, 1, false);
	pass(&k, 1000);
	IS_STRING(heard(&k, 0), "", "started again: then neither is used");
	relay_end(0);
	pass(&k, 1500);
	IS_STRING(heard(&k, 0), "live 1\nleader 1\n", "started again: the true one is, alone");
	cluster_free(&k);
}

/* Nothing is waited for where nobody else is live, or all the others are. */
static void test_honest(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_kill(&k, i);
	pass(&k, 3000);
	replica_start(&k, 1);
	pass(&k, 1300);
	IS_U64(live(), 2, "honest: one that is live alone does not wait");
	replica_start(&k, 0), replica_start(&k, 2);
	pass(&k, 5000);
	IS_U64(live(), 7, "honest: all come back");
	replica_kill(&k, 2);
	replica_start(&k, 2);
	pass(&k, 130);
	IS_U64(live(), 7, "honest: one that has a new key beside two does not wait");
	cluster_free(&k);
}

int main(void)
{
	story_fresh(0);
	story_fresh(2);
	test_replaced();
	story_running(0);
	story_running(2);
	test_absent();
	test_started_again();
	test_honest();
	return tap_done();
}
