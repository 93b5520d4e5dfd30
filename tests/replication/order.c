/* SPDX-License-Identifier: MIT
 *
 * Stories of order: the messages of one sender are shown, and sent, in the order in which they were
 * given, also if the replicas that have them come back one after the other. See
 * tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

static struct cluster k;

enum { ALICE, BOB, CAROL };

/* Alice's message of that number in her present stream, out of turn. */
static void out_of_turn(uint64_t number, const char *text)
{
	struct result last = k.clients[ALICE].last;

	last.number = number;
	say_again(&k, ALICE, &last, "bob", text);
}

/* Replica 0 alone has alice's numbers 1 and 2; 1 and 2 get number 3; bob is not connected to 0. */
static void split(uint32_t clients)
{
	cluster_alice_bob(&k, SHARE_USUAL, clients);
	client_cut(&k, BOB, 0);
	client_cut(&k, ALICE, 1), client_cut(&k, ALICE, 2);
	pump(&k);
	say(&k, ALICE, "send bob one");
	say(&k, ALICE, "send bob two");
	client_heal(&k, ALICE, 1), client_heal(&k, ALICE, 2);
	pass(&k, 1000);
	client_cut(&k, ALICE, 0);
	quiet(&k);
	say(&k, ALICE, "send bob three");
	pass(&k, 1);
}

static void test_returns(void)
{
	split(2);
	pass(&k, 1500);
	IS_STRING(heard(&k, BOB), "",
	          "order: a number waits for those that a dead replica may have");
	client_heal(&k, BOB, 0);
	pass(&k, 1300);
	IS_STRING(heard(&k, BOB),
	          "live 0\nleader 0\nmessage alice one 1 waited\nmessage alice two 2 waited\n"
	          "message alice three 3\n",
	          "order: it returns: the numbers are shown in their order");
	cluster_free(&k);
}

/* A client that has just logged in: the replica that is read first has number 3 alone. */
static void test_login(void)
{
	uint32_t bob;

	split(2);
	client_stop(&k, BOB);
	bob = client_start(&k);
	client_cut(&k, bob, 0);
	pass(&k, 10);
	say(&k, bob, "login bob pw");
	pass(&k, 1000);
	IS_STRING(heard(&k, bob), "live 1\nleader 1\nlive 2\nready\nresult login ok copies=2\n",
	          "order: at a log-in, too");
	client_heal(&k, bob, 0);
	pass(&k, 1300);
	IS_STRING(heard(&k, bob),
	          "live 0\nleader 0\nmessage alice one 1 waited\nmessage alice two 2 waited\n"
	          "message alice three 3 waited\n",
	          "order: what was read comes after what the one that returns has before it");
	cluster_free(&k);
}

static void test_bound(void)
{
	split(2);
	pass(&k, ORDER_MS - 2);
	IS_STRING(heard(&k, BOB), "", "order: it waits");
	pass(&k, 2);
	IS_STRING(heard(&k, BOB), "message alice three 3\n", "order: no longer than ORDER_MS");
	say(&k, ALICE, "send bob four");
	IS_STRING(heard(&k, BOB), "message alice four 4\n",
	          "order: and not for the same once more");
	out_of_turn(6, "six");
	pass(&k, GRACE_MS - 2);
	IS_STRING(heard(&k, BOB), "", "order: for another one, of a stream that waited in vain,");
	pass(&k, 3);
	IS_STRING(heard(&k, BOB), "message alice six 6\n", "order: only as for what is on its way");
	client_heal(&k, BOB, 0);
	pass(&k, 1300);
	IS_STRING(heard(&k, BOB),
	          "live 0\nleader 0\nmessage alice one 1 waited\nmessage alice two 2 waited\n",
	          "order: what comes after all is shown then");
	client_cut(&k, BOB, 0);
	quiet(&k);
	out_of_turn(8, "eight");
	pass(&k, ORDER_MS - 2);
	IS_STRING(heard(&k, BOB), "", "order: after a change of the replicas it waits again");
	pass(&k, 3);
	IS_STRING(heard(&k, BOB), "message alice eight 8\n", "order: no longer than before");
	cluster_free(&k);
}

/* One stream waits, the others do not: neither what is pushed nor what is read. */
static void test_others(void)
{
	uint32_t bob;

	split(3);
	say(&k, CAROL, "create carol pw");
	say(&k, CAROL, "send bob hi");
	IS_STRING(heard(&k, BOB), "message carol hi 1\n", "order: who waits makes no other wait");
	client_stop(&k, BOB);
	say(&k, CAROL, "send bob again");
	bob = client_start(&k);
	client_cut(&k, bob, 0);
	pass(&k, 10);
	say(&k, bob, "login bob pw");
	pass(&k, 1);
	OK(has(heard(&k, bob), "message carol again 2 waited"),
	   "order: nor when both are read, and the one that waits is older");
	pass(&k, ORDER_MS);
	IS_STRING(heard(&k, bob), "message alice three 3 waited\n", "order: which is shown later");
	cluster_free(&k);
}

/* All replicas are live. One has not answered since: what it has may still come. */
static void test_stalled(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 2);
	client_cut(&k, ALICE, 0), client_cut(&k, ALICE, 1);
	hold_here(&k, BOB, 2, true);
	say(&k, ALICE, "send bob one");
	client_heal(&k, ALICE, 0), client_heal(&k, ALICE, 1);
	pass(&k, 1000);
	quiet(&k);
	say(&k, ALICE, "send bob two");
	pass(&k, 1000);
	IS_STRING(heard(&k, BOB), "", "order: a replica that does not answer is waited for");
	hold_here(&k, BOB, 2, false);
	pass(&k, GRACE_MS + 1);
	IS_STRING(heard(&k, BOB), "message alice one 1\nmessage alice two 2\n",
	          "order: what it had comes in time");
	out_of_turn(4, "four");
	pass(&k, GRACE_MS + 1);
	IS_STRING(heard(&k, BOB), "message alice four 4\n",
	          "order: all have answered: only what is on its way is waited for");
	cluster_free(&k);
}

/* One that was not sent the message is asked at once whether it has what is missing. */
static void test_asked(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 2);
	say(&k, ALICE, "send bob one");
	client_cut(&k, ALICE, 2);
	pass(&k, 100);
	quiet(&k);
	out_of_turn(3, "three");
	pass(&k, GRACE_MS + 1);
	IS_STRING(heard(&k, BOB), "message alice three 3\n",
	          "order: who has nothing to say is asked, and then not waited for");
	cluster_free(&k);
}

/* Who sends much behind a gap is not waited for: what waits has a bound. */
static void test_size(void)
{
	static char line[1000];
	uint64_t number = 2;

	split(2);
	(void)heard(&k, BOB);
	memset(line, 'x', sizeof line - 1);
	while (k.clients[BOB].shown == 0 && ++number < 400) {
		k.clients[BOB].counts_only = true;
		out_of_turn(number + 1, line);
	}
	OK(number > 200 && number < 300, "order: what waits in one stream has a bound");
	IS_U64(k.clients[BOB].shown, number - 1, "order: then all of it is shown");
	IS_U64(k.clients[BOB].backwards, 0, "order: as it follows each other");
	cluster_free(&k);
}

/* What waits when the session ends was not shown, and comes again. */
static void test_logout(void)
{
	split(2);
	OK(!replication_idle(k.clients[BOB].r), "order: something waits");
	say(&k, BOB, "logout");
	IS_STRING(heard(&k, BOB), "result logout ok\n", "order: a log-out does not wait for it");
	OK(replication_idle(k.clients[BOB].r), "order: then nothing waits any more");
	client_heal(&k, BOB, 0);
	pass(&k, 1300);
	say(&k, BOB, "login bob pw");
	pass(&k, 1);
	OK(has(heard(&k, BOB), "message alice one 1 waited\nmessage alice two 2 waited\n"
	                       "message alice three 3 waited\n"),
	   "order: it comes again at the next log-in");
	cluster_free(&k);
}

/* The name is asked about again for each message; the first answer makes it known for a later one,
 * which must not pass those that still wait for theirs. */
static void test_sends(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 2);
	say(&k, ALICE, "send bob zero");
	replica_kill(&k, 2);
	replica_start(&k, 2);
	pass(&k, 2000);
	quiet(&k);
	hold_all_here(&k, ALICE, true);
	say(&k, ALICE, "send bob one");
	say(&k, ALICE, "send bob two");
	for (uint32_t i = 0; i < REPLICAS; i++)
		let_here(&k, ALICE, i, 1);
	pump(&k);
	say(&k, ALICE, "send bob three");
	hold_all_here(&k, ALICE, false);
	pass(&k, 1);
	IS_STRING(heard(&k, BOB),
	          "message alice one 2\nmessage alice two 3\nmessage alice three 4\n",
	          "sends: are written in the order in which they were given");
	IS_U64(k.clients[ALICE].last.number, 4, "sends: and have their results");
	cluster_free(&k);
}

/* A name that nobody has keeps nobody who was written to after it from getting his. */
static void test_sends_refused(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 2);
	say(&k, ALICE, "send bob zero");
	quiet(&k);
	hold_all_here(&k, ALICE, true);
	say(&k, ALICE, "send nobody hi");
	say(&k, ALICE, "send bob one");
	IS_STRING(heard(&k, BOB), "", "sends: one waits until the name before it is known");
	hold_all_here(&k, ALICE, false);
	pass(&k, 1);
	IS_STRING(heard(&k, BOB), "message alice one 2\n", "sends: or known to be nobody's");
	OK(has(heard(&k, ALICE), "result send no-such-user stored=0 online=0 nobody\n"
	                         "result send ok copies=3"),
	   "sends: each has its result");
	cluster_free(&k);
}

int main(void)
{
	test_returns();
	test_login();
	test_bound();
	test_others();
	test_stalled();
	test_asked();
	test_size();
	test_logout();
	test_sends();
	test_sends_refused();
	return tap_done();
}
