/* SPDX-License-Identifier: MIT
 *
 * Stories of sending and receiving: what is told of a message, who gets it, and what is shown,
 * when replicas die, return, are full, or know less. See tests/replication/cluster.h for what the
 * lines say.
 */
#include "tests/replication/cluster.h"

static struct cluster k;

static void fresh(uint32_t clients)
{
	cluster_alice_bob(&k, SHARE_USUAL, clients);
}

/* Bob's client has told what it was shown and is killed; another one is started, which logs in. */
static uint32_t bob_again(uint32_t old)
{
	pass(&k, RECEIVED_MS);
	client_stop(&k, old);
	return client_start(&k);
}

/* Alice's message of that number in her present stream, out of turn. */
static void out_of_turn(uint64_t number, const char *text)
{
	struct result last = k.clients[0].last;

	last.number = number;
	say_again(&k, 0, &last, "bob", text);
}

/* ---- what is shown when ---- */

static void test_gap(void)
{
	fresh(2);
	say(&k, 0, "send bob one");
	quiet(&k);
	out_of_turn(3, "three");
	pass(&k, 248);
	IS_STRING(heard(&k, 1), "", "gap: a number waits for the one before it");
	pass(&k, 3);
	IS_STRING(heard(&k, 1), "message alice three 3\n", "gap: for the grace");
	out_of_turn(4, "four");
	IS_STRING(heard(&k, 1), "message alice four 4\n", "PAPER5-15: once");
	out_of_turn(2, "two");
	IS_STRING(heard(&k, 1), "message alice two 2\n", "gap: what comes after all is shown then");
	out_of_turn(6, "six");
	out_of_turn(5, "five");
	IS_STRING(heard(&k, 1), "message alice five 5\nmessage alice six 6\n",
	          "gap: one that closes in time is none");
	cluster_free(&k);
}

static void test_followers(void)
{
	fresh(2);
	client_cut(&k, 0, 0);
	say(&k, 0, "send bob one");
	pass(&k, 248);
	IS_STRING(heard(&k, 1), "", "followers: what only they pushed waits");
	pass(&k, 3);
	IS_STRING(heard(&k, 1), "message alice one 1\n", "followers: for 250 ms");
	say(&k, 0, "send bob two");
	pass(&k, 20);
	IS_STRING(heard(&k, 1), "", "followers: again");
	replica_kill(&k, 0);
	pump(&k);
	IS_STRING(heard(&k, 1), "dead 0\nleader 1\nmessage alice two 2\n",
	          "followers: at once when the leader dies");
	cluster_free(&k);
}

/* Received in an earlier life at two replicas; the third gets it late. */
static void test_j5(void)
{
	struct id id;
	uint32_t bob;

	fresh(2);
	id = k.clients[1].last.id;
	say(&k, 0, "send bob before");
	quiet(&k);
	client_cut(&k, 1, 2); /* `received` does not get there */
	hold_there(&k, 0, 2, true);
	say(&k, 0, "send bob one");
	client_lose(&k, 0, 2);
	quiet(&k);
	bob = bob_again(1);
	pass(&k, 1);
	say(&k, bob, "login bob pw");
	pass(&k, 300);
	quiet(&k);
	IS_U64(waiting(&k, 2, &id), 0, "J5: one replica has not got it");
	ghosts_arrive(&k);
	IS_U64(waiting(&k, 2, &id), 1, "J5: it comes late, and is pushed");
	pass(&k, 1000);
	IS_STRING(heard(&k, bob), "",
	          "J5: what was received in an earlier life is not shown again");
	IS_U64(waiting(&k, 2, &id), 0, "J5: and the one that pushed it is told");
	cluster_free(&k);
}

/* What is gone of a stream is known to one replica alone, which becomes live after the stream was
 * asked about. */
static void test_j5_live(void)
{
	struct result first;
	uint32_t bob;

	fresh(2);
	client_cut(&k, 0, 1), client_cut(&k, 0, 2);
	client_cut(&k, 1, 1), client_cut(&k, 1, 2);
	pump(&k);
	say(&k, 0, "send bob one");
	first = k.clients[0].last;
	OK(has(heard(&k, 1), "message alice one 1"), "J5: received at one replica alone");
	bob = bob_again(1);
	client_cut(&k, bob, 0);
	client_cut(&k, 0, 0);
	client_heal(&k, 0, 1), client_heal(&k, 0, 2);
	pass(&k, 2000);
	say(&k, bob, "login bob pw");
	say(&k, 0, "send bob two");
	pass(&k, ORDER_MS + 1);
	OK(has(heard(&k, bob), "message alice two 2"),
	   "J5: the stream is asked about at the other two");
	client_heal(&k, bob, 0);
	pass(&k, 2000);
	(void)heard(&k, bob);
	say_again(&k, 0, &first, "bob", "one");
	pass(&k, 1000);
	IS_STRING(heard(&k, bob), "", "J5: and again after another replica became live");
	IS_U64(replication_idle(k.clients[bob].r), true, "J5: nothing is left of it");
	cluster_free(&k);
}

/* The stream was asked about for number 2; then a replica is given number 1, which the others know
 * is gone. */
static void test_walk9(void)
{
	struct result first;
	struct id id;
	uint32_t bob;

	fresh(2);
	id = k.clients[1].last.id;
	client_cut(&k, 0, 2), client_cut(&k, 1, 2);
	pump(&k);
	say(&k, 0, "send bob one");
	first = k.clients[0].last;
	client_heal(&k, 0, 2);
	bob = bob_again(1);
	pass(&k, 2000);
	say(&k, bob, "login bob pw");
	say(&k, 0, "send bob two");
	OK(has(heard(&k, bob), "message alice two 2"),
	   "WALK-9: what is gone before it leaves no gap");
	say_again(&k, 0, &first, "bob", "one");
	pass(&k, 1000);
	IS_STRING(heard(&k, bob), "",
	          "WALK-9: a number below the one first asked about was asked about too");
	IS_U64(waiting(&k, 2, &id), 0, "WALK-9: and who pushed it is told");
	cluster_free(&k);
}

/* Number 1 is at replica 0 alone; number 3 waits at replica 1, whose page brings it; then number 2
 * is pushed from there. Before anything of the stream is known, replica 0 returns. */
static void test_returned_page(void)
{
	struct stream stream;
	uint32_t bob;

	fresh(2);
	stream.sender = k.clients[0].last.id;
	stream.recipient = k.clients[1].last.id;
	client_stop(&k, 1);
	client_cut(&k, 0, 1), client_cut(&k, 0, 2);
	pump(&k);
	say(&k, 0, "send bob one");
	stream.session = k.clients[0].last.session;
	client_cut(&k, 0, 0);
	client_heal(&k, 0, 1);
	pass(&k, 2000);
	put_message(&k, 1u << 1, &stream, 3, replica_time(&k, 1).clock_ms + 60000, "three");
	bob = client_start(&k);
	client_cut(&k, bob, 0), client_cut(&k, bob, 2);
	pass(&k, 100);
	hold_here(&k, bob, 1, true);
	say(&k, bob, "login bob pw");
	for (int i = 0; i < 2; i++) { /* the look-up's reply, and the log-in's */
		let_here(&k, bob, 1, 1);
		pump(&k);
	}
	OK(has(heard(&k, bob), "result login ok copies=1"),
	   "returned page: bob logs in at replica 1");
	hold_there(&k, bob, 1, true); /* the question about the stream does not arrive */
	hold_here(&k, bob, 1, false);
	pump(&k);
	say(&k, 0, "send bob two");
	client_heal(&k, bob, 0);
	pass(&k, 1500);
	OK(!has(heard(&k, bob), "message"), "returned page: nothing is shown unasked");
	hold_there(&k, bob, 1, false);
	pass(&k, 1000);
	IS_STRING(heard(&k, bob),
	          "message alice one 1 waited\nmessage alice two 2\nmessage alice three 3 waited\n",
	          "returned page: what it brought is shown before what follows it");
	cluster_free(&k);
}

/* Gone is kept for life: those who said it are dead when the message comes. */
static void test_gone_for_life(void)
{
	struct result first;
	uint32_t bob;

	fresh(2);
	client_cut(&k, 0, 2), client_cut(&k, 1, 2);
	pump(&k);
	say(&k, 0, "send bob one");
	first = k.clients[0].last;
	bob = bob_again(1);
	client_cut(&k, bob, 2);
	pass(&k, 100);
	say(&k, bob, "login bob pw");
	say(&k, 0, "send bob two"); /* 0 and 1 say that number 1 is gone */
	pass(&k, 300);
	client_heal(&k, 0, 2), client_heal(&k, bob, 2);
	client_cut(&k, 0, 0), client_cut(&k, 0, 1);
	client_cut(&k, bob, 0), client_cut(&k, bob, 1);
	pass(&k, 3000);
	(void)heard(&k, bob);
	say_again(&k, 0, &first, "bob", "one");
	pass(&k, 1000);
	IS_STRING(
		heard(&k, bob), "",
		"PAPER5-15: what is gone is known for life, also when those who said it are dead");
	cluster_free(&k);
}

static void test_disk_hangs(void)
{
	fresh(2);
	say(&k, 0, "send bob first");
	say(&k, 1, "send alice first");
	quiet(&k);
	k.replicas[0].stuck = true;
	say(&k, 0, "send bob hi");
	IS_STRING(heard(&k, 1), "message alice hi 2\n",
	          "N4: a replica whose disk hangs still pushes");
	for (int i = 0; i < 5; i++) {
		pass(&k, 500);
		say(&k, 1, "send alice more");
	}
	OK(!has(heard(&k, 0), "dead 0"), "N4: for so long nobody is dead");
	pass(&k, 300);
	say(&k, 1, "send alice more");
	pass(&k, 300);
	OK(has(heard(&k, 0), "message bob more 7\ndead 0\nleader 1\nresult send ok copies=2"),
	   "N4: pushes are no replies: dead after the reply timeout, and the requests end");
	cluster_free(&k);
}

static void test_slow(void)
{
	fresh(2);
	hold_here(&k, 0, 0, true);
	for (int i = 0; i < 6; i++)
		say(&k, 0, "send bob hi");
	for (int i = 0; i < 2; i++) {
		pass(&k, 2900);
		let_here(&k, 0, 0, 1);
		pump(&k);
	}
	OK(!has(heard(&k, 0), "dead"),
	   "WALK-3: one reply in time is a sign of life, however many are due");
	pass(&k, 3100);
	OK(has(heard(&k, 0), "dead 0"), "WALK-3: none is death");
	cluster_free(&k);
}

/* Each command would take as many timeouts as it has steps. */
static void test_always_slow(void)
{
	fresh(2);
	hold_here(&k, 0, 0, true);
	for (int i = 0; i < 6; i++)
		say(&k, 0, "send bob hi");
	for (int i = 0; i < 4; i++) {
		pass(&k, 2900);
		let_here(&k, 0, 0, 1);
		pump(&k);
	}
	OK(has(heard(&k, 0), "dead 0\nleader 1\nresult send ok copies=2"),
	   "slow: but if every reply takes as long as it may, it is dead");
	OK(has(replication_why(k.clients[0].r, 0), "so late"), "slow: which is said");
	hold_here(&k, 0, 0, false);
	pass(&k, 8000);
	OK(!has(heard(&k, 0), "live 0"), "slow: and it is left out for a while");
	pass(&k, 8000);
	OK(has(heard(&k, 0), "live 0"), "slow: and then it takes part again");
	cluster_free(&k);

	/* As slow as that are all: the network is, or the servers have much to do. */
	fresh(2);
	hold_all_here(&k, 0, true);
	for (int i = 0; i < 6; i++)
		say(&k, 0, "send bob hi");
	for (int i = 0; i < 5; i++) {
		pass(&k, 2900);
		for (uint32_t at = 0; at < REPLICAS; at++)
			let_here(&k, 0, at, 1);
		pump(&k);
	}
	OK(!has(heard(&k, 0), "dead"), "slow: if all are, nobody is dead");
	hold_all_here(&k, 0, false);
	cluster_free(&k);
}

/* The leader's clock was ahead, and then another one leads. */
static void test_time(void)
{
	fresh(2);
	say(&k, 1, "logout");
	replica_kill(&k, 2);
	k.replicas[0].clock_offset_ms = 300000;
	pass(&k, 5000);
	say(&k, 0, "send bob ten");
	replica_kill(&k, 0);
	pass(&k, 5000);
	say(&k, 0, "send bob eleven");
	quiet(&k);
	say(&k, 1, "login bob pw");
	pass(&k, 300);
	IS_STRING(heard(&k, 1),
	          "result login ok copies=1\nmessage alice ten 1 waited\n"
	          "message alice eleven 2 waited\n",
	          "PAPER5-11: within a session time never goes back: pages keep the order");
	cluster_free(&k);
}

/* ---- what is told of it ---- */

static void test_full_disks(void)
{
	fresh(2);
	replica_full(&k, 0, true);
	say(&k, 0, "send bob one");
	IS_STRING(heard(&k, 0), "result send ok copies=2 stored=1 online=1\n",
	          "disk full: the leader is not among the copies");
	replica_full(&k, 1, true), replica_full(&k, 2, true);
	say(&k, 0, "send bob two");
	IS_STRING(heard(&k, 0), "result send disk-full stored=0 online=0 bob\n",
	          "disk full: all say so: that is the refusal");
	hold_here(&k, 0, 2, true);
	say(&k, 0, "send bob three");
	client_cut(&k, 0, 2);
	pump(&k);
	OK(has(heard(&k, 0), "result send unknown-outcome"), "N3: beside a death it is unknown");
	cluster_free(&k);
}

static void test_no_session(void)
{
	fresh(3);
	say(&k, 0, "send bob first");
	quiet(&k);
	hold_there(&k, 0, 0, true);
	say(&k, 0, "send bob hi");
	say(&k, 2, "takeover alice pw");
	hold_there(&k, 0, 0, false);
	pass(&k, 10);
	IS_STRING(heard(&k, 0), "logged out\nresult send ok copies=2 stored=1 online=1\n",
	          "WALK-2: 'no session here' beside a yes is not the outcome");
	cluster_free(&k);
}

static void test_waited_unwritten(void)
{
	fresh(2);
	cut_all(&k, 0);
	pump(&k);
	say(&k, 0, "send bob hi");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		replica_full(&k, i, true);
		client_heal(&k, 0, i);
	}
	pass(&k, 2500);
	OK(has(heard(&k, 0), "result send disk-full"),
	   "wait: what was written to nobody before is refused, not unknown");
	cluster_free(&k);
}

static void test_repetition(void)
{
	struct result first;
	struct id id;

	fresh(3);
	id = k.clients[1].last.id;
	say(&k, 0, "send bob one");
	first = k.clients[0].last;
	quiet(&k);
	say_again(&k, 0, &first, "bob", "one");
	IS_STRING(heard(&k, 0), "result send ok copies=3 stored=1 online=1\n",
	          "repetition: received already: ok");
	pass(&k, 300);
	IS_STRING(heard(&k, 1), "", "repetition: and not shown again");
	say(&k, 1, "logout");
	say(&k, 0, "send bob two");
	first = k.clients[0].last;
	say_again(&k, 0, &first, "bob", "other");
	OK(has(heard(&k, 0), "result send different-text stored=0"),
	   "PAPER5-15: another text under the id is refused");
	say_again(&k, 0, &first, "bob", "two");
	OK(has(heard(&k, 0), "result send ok copies=3"),
	   "repetition: the same text is the same message");
	IS_U64(waiting(&k, 0, &id), 1, "repetition: held once");
	say(&k, 0, "logout");
	say(&k, 0, "login alice pw");
	pass(&k, 10);
	(void)heard(&k, 0);
	say_again(&k, 0, &first, "bob", "two");
	OK(has(heard(&k, 0), "result send ok copies=3"), "repetition: from another session too");
	IS_U64(waiting(&k, 0, &id), 1, "repetition: held once still");
	say(&k, 1, "login bob pw");
	say(&k, 1, "delete");
	say_again(&k, 0, &first, "bob", "two");
	OK(has(heard(&k, 0), "result send unknown-outcome"),
	   "PAPER5-15: 'gone' to a repetition is unknown");
	cluster_free(&k);
}

static void test_repetition_gone(void)
{
	fresh(2);
	say(&k, 0, "send bob zero");
	hold_here(&k, 0, 0, true), hold_here(&k, 0, 1, true), hold_here(&k, 0, 2, true);
	say(&k, 0, "send bob one");
	say(&k, 1, "delete");
	cut_all(&k, 0);
	pump(&k);
	(void)heard(&k, 0);
	heal_all(&k, 0);
	pass(&k, 2500);
	OK(has(heard(&k, 0), "result send unknown-outcome"),
	   "PAPER5-15: so it is to one that begins again");
	cluster_free(&k);
}

/* ---- shares ---- */

static void small_shares(uint32_t messages)
{
	cluster_alice_bob(&k, messages, 3);
	say(&k, 2, "create eve pw");
	say(&k, 1, "logout");
	quiet(&k);
}

static void test_share(void)
{
	struct result last;

	small_shares(2);
	say(&k, 0, "send bob 1");
	say(&k, 0, "send bob,eve 2");
	IS_STRING(heard(&k, 0),
	          "result send ok copies=3 stored=1 online=0\n"
	          "result send ok copies=3 stored=2 online=1 full bob\n",
	          "share: of several, the one whose mailbox is full now is named");
	last = k.clients[0].last;
	say(&k, 0, "send bob,eve 3");
	IS_STRING(heard(&k, 0), "result send mailbox-full stored=0 online=0 bob\n",
	          "share: nothing is sent to the others either");
	IS_U64(k.clients[2].shown, 1, "share: nor shown to them");
	say(&k, 0, "all 3");
	OK(has(heard(&k, 0), "result all mailbox-full copies=3 stored=1 online=1"),
	   "share: a broadcast leaves him out");
	say(&k, 1, "login bob pw");
	pass(&k, 300);
	(void)heard(&k, 1);
	say(&k, 0, "send bob,eve 4");
	IS_STRING(heard(&k, 0), "result send ok copies=3 stored=2 online=2\n", "share: room again");
	IS_STRING(heard(&k, 1), "message alice 4 3\n", "share: numbers go on where they were");
	(void)last;
	cluster_free(&k);
}

/* A replica that missed that the mailbox was read misleads nobody: the smallest share counts. */
static void test_share_stale(void)
{
	small_shares(2);
	say(&k, 0, "send bob 1");
	say(&k, 0, "send bob 2");
	replica_kill(&k, 2);
	say(&k, 1, "login bob pw");
	pass(&k, 300);
	say(&k, 1, "logout");
	client_stop(&k, 1);
	replica_start(&k, 2);
	pass(&k, 2000);
	(void)heard(&k, 0);
	say(&k, 0, "send bob 3");
	IS_STRING(heard(&k, 0), "result send ok copies=3 stored=1 online=0\n",
	          "PAPER5-12: the smallest share that a live replica names counts");
	cluster_free(&k);
}

/* The message that filled the share is repeated: it is asked, not refused unasked. */
static void test_share_repeated(void)
{
	struct result last;

	small_shares(2);
	say(&k, 0, "send bob 1");
	say(&k, 0, "send bob 2");
	last = k.clients[0].last;
	(void)heard(&k, 0);
	say_again(&k, 0, &last, "bob", "2");
	IS_STRING(heard(&k, 0), "result send ok copies=3 stored=1 online=0 full bob\n",
	          "share: the message that filled it, again, is ok");
	cluster_free(&k);
}

/* ---- who it goes to ---- */

/* The same twice, the second before the first has an answer. */
static void send_twice(const char *name, const char *text)
{
	struct view names[1] = { view_of_string(name) };
	struct command command = { .kind = COMMAND_SEND, .names = names, .names_count = 1 };

	command.text = view_of_string(text);
	(void)replication_command(k.clients[0].r, &command, client_time(&k));
	(void)replication_command(k.clients[0].r, &command, client_time(&k));
	pass(&k, 10);
}

/* Streams that all replicas push are nobody's lie, however many they are. */
static void test_many_streams(void)
{
	enum { STREAMS = 4200 };
	struct result last;

	cluster_alice_bob(&k, 2 * STREAMS, 2);
	say(&k, 0, "send bob first");
	last = k.clients[0].last;
	k.clients[1].counts_only = true;
	for (uint32_t i = 0; i < STREAMS; i++) {
		buf_store_u64(last.session.bytes, i);
		say_again(&k, 0, &last, "bob", "x");
		(void)heard(&k, 0);
	}
	(void)heard(&k, 1);
	IS_U64(k.clients[1].shown, STREAMS + 1, "mail: all of many streams is shown");
	for (uint32_t i = 0; i < REPLICAS; i++)
		IS_STRING(replication_why(k.clients[1].r, i), "",
		          "mail: who brings many streams is live");
	cluster_free(&k);
}

/* More is pushed at once than a client keeps that does not know yet whose it is. All of it was sent
 * in one millisecond, so the time alone does not say what was kept. */
static void test_no_room_for_pushes(void)
{
	enum { MESSAGES = 24, SIZE = 60000 };
	static char text[SIZE];
	struct view names[1] = { view_of_string("bob") };
	struct command command = { .kind = COMMAND_SEND, .names = names, .names_count = 1 };

	memset(text, 'x', sizeof text);
	fresh(2);
	k.clients[1].counts_only = true;
	client_cut(&k, 0, 1), client_cut(&k, 0, 2);
	hold_here(&k, 1, 1, true), hold_here(&k, 1, 2, true);
	command.text = view_of((const uint8_t *)text, sizeof text);
	for (int i = 0; i < MESSAGES; i++) {
		(void)replication_command(k.clients[0].r, &command, client_time(&k));
		pump(&k); /* or else the replica keeps no more of them than a page */
	}
	IS_U64(k.clients[1].shown, 0, "room: nothing is shown before it is known whose it is");
	hold_here(&k, 1, 1, false), hold_here(&k, 1, 2, false);
	pass(&k, 1000);
	IS_U64(k.clients[1].shown, MESSAGES, "room: what was not kept is read again");
	IS_U64(k.clients[1].backwards, 0, "room: in its order");
	cluster_free(&k);
}

/* Only a message to one has an id that sends it again. */
static void test_id_of_result(void)
{
	fresh(3);
	say(&k, 2, "create carol pw");
	say(&k, 0, "send bob one");
	OK(k.clients[0].last.has_id && k.clients[0].last.number == 1,
	   "mail: a message to one tells its id");
	say(&k, 0, "send bob,carol two");
	OK(!k.clients[0].last.has_id, "mail: one to several tells none");
	cluster_free(&k);
}

static void test_changed(void)
{
	fresh(3);
	say(&k, 0, "send bob to the first");
	say(&k, 1, "delete");
	say(&k, 2, "create bob other");
	quiet(&k);
	send_twice("bob", "both under way");
	IS_STRING(heard(&k, 0),
	          "result send name-changed stored=0 online=0 bob\n"
	          "result send name-changed stored=0 online=0 bob\n",
	          "PAPER5-8: another account than before: the user is asked, for each");
	IS_STRING(heard(&k, 2), "", "PAPER5-8: and nothing was sent");
	say(&k, 0, "send bob meant");
	OK(has(heard(&k, 2), "message alice meant 1"),
	   "PAPER5-8: the same command again goes to the new one");
	cluster_free(&k);
}

/* Whoever was asked about one account has not answered for another one, whether the name is looked
 * up again because nobody is there any more or because a replica has come back. */
static void test_changed_twice(bool returns)
{
	fresh(4);
	say(&k, 0, "send bob to the first");
	say(&k, 1, "delete");
	say(&k, 2, "create bob other");
	quiet(&k);
	say(&k, 0, "send bob secret");
	OK(has(heard(&k, 0), "result send name-changed"), "twice: the user is asked");
	say(&k, 2, "delete");
	say(&k, 3, "create bob third");
	if (returns) {
		replica_kill(&k, 2);
		pass(&k, 10);
		replica_start(&k, 2);
		pass(&k, 3000);
	}
	quiet(&k);
	say(&k, 0, "send bob secret");
	OK(has(heard(&k, 0), "result send name-changed"), "twice: and again for another one");
	IS_STRING(heard(&k, 3), "", "twice: nothing was sent");
	say(&k, 0, "send bob meant");
	OK(has(heard(&k, 3), "message alice meant 1"), "twice: the same command again goes there");
	cluster_free(&k);
}

static void test_changed_by_return(void)
{
	fresh(4);
	client_cut(&k, 0, 2); /* alice sees 0 and 1 */
	client_cut(&k, 2, 0), client_cut(&k, 2, 1);
	client_cut(&k, 3, 2);
	pass(&k, 5);
	say(&k, 2, "create carol old"); /* the older, on 2 alone */
	pass(&k, 5);
	say(&k, 3, "create carol new"); /* on 0 and 1 */
	say(&k, 0, "send carol hi");
	OK(has(heard(&k, 3), "message alice hi 1"),
	   "PAPER4-9: the one that the live replicas know");
	say(&k, 3, "send alice before");
	OK(has(heard(&k, 0), "message carol before 1"),
	   "PAPER4-10: who is shown by the name alone");
	client_heal(&k, 0, 2);
	pass(&k, 2000);
	(void)heard(&k, 0);
	send_twice("carol", "secret");
	IS_STRING(heard(&k, 0),
	          "result send name-changed stored=0 online=0 carol\n"
	          "result send name-changed stored=0 online=0 carol\n",
	          "PAPER4-9: asked again when another replica became live, for each");
	OK(!has(heard(&k, 2), "message"), "PAPER4-9: nobody gets it unasked");
	say(&k, 3, "send alice after");
	pass(&k, 300);
	OK(has(heard(&k, 0), "message carol~"),
	   "PAPER4-10: until another replica knows an older one");
	cluster_free(&k);
}

/* The name is nobody's for a while: a try that fails then takes nothing from the warning. In
 * whatever case the name is written, it is one name. */
static void test_changed_after_tries(void)
{
	fresh(3);
	say(&k, 0, "send bob to the first");
	say(&k, 1, "delete");
	say(&k, 0, "send Bob who is gone");
	OK(has(heard(&k, 0), "result send no-such-user"), "changed: nobody has the name");
	say(&k, 0, "send bob again");
	OK(has(heard(&k, 0), "result send no-such-user"), "changed: nor now");
	say(&k, 2, "create BOB other");
	quiet(&k);
	say(&k, 0, "send boB secret");
	OK(has(heard(&k, 0), "result send name-changed stored=0 online=0 BOB"),
	   "changed: the warning outlives tries that failed");
	IS_STRING(heard(&k, 2), "", "changed: and nothing was sent");
	say(&k, 0, "send bob meant");
	OK(has(heard(&k, 2), "message alice meant 1"),
	   "changed: the same command again goes to the new one");
	cluster_free(&k);
}

/* The replicas that a message was written to die, and the one that returns gives the name to
 * another account: the message's outcome is unknown. That tells nobody of the other account. */
static void test_changed_while_unknown(void)
{
	struct view names[1] = { view_of_string("carol") };
	struct command command = { .kind = COMMAND_SEND, .names = names, .names_count = 1 };

	fresh(4);
	client_cut(&k, 0, 2); /* alice sees 0 and 1 */
	client_cut(&k, 2, 0), client_cut(&k, 2, 1);
	client_cut(&k, 3, 2);
	pass(&k, 5);
	say(&k, 2, "create carol old"); /* the older, on 2 alone */
	pass(&k, 5);
	say(&k, 3, "create carol new"); /* on 0 and 1 */
	say(&k, 0, "send carol hi");
	(void)heard(&k, 0);
	command.text = view_of_string("under way");
	(void)replication_command(k.clients[0].r, &command, client_time(&k));
	client_cut(&k, 0, 0), client_cut(&k, 0, 1);
	client_heal(&k, 0, 2);
	pass(&k, 4000);
	OK(has(heard(&k, 0), "result send unknown-outcome"),
	   "PAPER4-9: written to the one, and now it is another's: the outcome is not known");
	say(&k, 0, "send carol secret");
	OK(has(heard(&k, 0), "result send name-changed"),
	   "PAPER4-9: and the next message asks first");
	OK(!has(heard(&k, 2), "message"), "PAPER4-9: nothing was sent to the other unasked");
	cluster_free(&k);
}

static void test_unconfirmed_not_kept(void)
{
	fresh(3);
	(void)put_account(&k, 1, "carol", UINT64_C(1790000000500), false);
	say(&k, 0, "send carol to half an account");
	OK(has(heard(&k, 0), "result send ok"), "PAPER5-8b: a lone unconfirmed account is found");
	client_cut(&k, 2, 0);
	pass(&k, 1);
	say(&k, 2, "create carol pw"); /* acknowledged where the half is not known */
	(void)heard(&k, 0);
	say(&k, 0, "send carol secret");
	OK(has(heard(&k, 0), "result send name-changed"),
	   "PAPER5-8b: an answer that rests on it is not kept");
	cluster_free(&k);
}

/* Bob is deleted and made anew while alice writes to him and another. */
static void test_gone_of_several(void)
{
	fresh(3);
	say(&k, 2, "create eve pw");
	say(&k, 0, "send bob,eve one");
	say(&k, 1, "delete");
	say(&k, 0, "send bob,eve two");
	OK(has(heard(&k, 0), "result send no-such-user copies=3 stored=1 online=1 bob"),
	   "gone: of several, the one who was deleted meanwhile is named");
	say(&k, 1, "create bob new");
	quiet(&k);
	say(&k, 0, "send bob,eve three");
	OK(has(heard(&k, 0), "result send name-changed"), "gone: his name is asked about anew");
	say(&k, 0, "send bob,eve four");
	OK(has(heard(&k, 1), "message alice four 1"), "gone: and the new one is written to");
	cluster_free(&k);
}

/* Mail of one who was deleted, whose name has another owner now. */
static void test_gone_sender(void)
{
	fresh(3);
	say(&k, 1, "logout");
	say(&k, 0, "send bob from the first");
	say(&k, 0, "delete");
	say(&k, 2, "create alice other");
	say(&k, 2, "send bob from the second");
	quiet(&k);
	say(&k, 1, "login bob pw");
	pass(&k, 300);
	OK(has(k.clients[1].story, "message alice~"),
	   "gone sender: with digits if his name has a new owner");
	OK(has(k.clients[1].story, "message alice from the second 1"),
	   "gone sender: who is shown by it alone");
	cluster_free(&k);
	fresh(2);
	say(&k, 1, "logout");
	say(&k, 0, "send bob bye");
	say(&k, 0, "delete");
	say(&k, 1, "login bob pw");
	pass(&k, 300);
	OK(has(k.clients[1].story, "message alice bye 1"),
	   "gone sender: alone if nobody else has the name");
	cluster_free(&k);
}

/* What was said by one account is never sent by another. */
static void test_other_session(void)
{
	struct id id;

	fresh(3);
	say(&k, 2, "create eve pw");
	say(&k, 2, "logout");
	quiet(&k);
	for (int i = 0; i < 2900; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "u%04d", i);
		id = put_account(&k, 7, name, UINT64_C(1700000000000) + (uint64_t)i, true);
	}
	hold_here(&k, 0, 0, true);
	say(&k, 0, "all hello");
	let_here(&k, 0, 0, 2); /* the first page, and what was sent to it */
	pump(&k);
	say(&k, 0, "logout");
	say(&k, 0, "login eve pw");
	hold_here(&k, 0, 0, false);
	pass(&k, 100);
	OK(!has(heard(&k, 0), "result all ok"), "broadcast: ended by a log out, it is not ok");
	IS_U64(waiting(&k, 0, &id), 0, "broadcast: and goes on under no other account");
	cluster_free(&k);
}

int main(void)
{
	test_gap();
	test_followers();
	test_j5();
	test_j5_live();
	test_walk9();
	test_returned_page();
	test_gone_for_life();
	test_disk_hangs();
	test_slow();
	test_always_slow();
	test_time();
	test_full_disks();
	test_no_session();
	test_waited_unwritten();
	test_repetition();
	test_repetition_gone();
	test_share();
	test_share_stale();
	test_share_repeated();
	test_id_of_result();
	test_many_streams();
	test_no_room_for_pushes();
	test_changed();
	test_changed_twice(false);
	test_changed_twice(true);
	test_changed_after_tries();
	test_changed_by_return();
	test_changed_while_unknown();
	test_unconfirmed_not_kept();
	test_gone_of_several();
	test_gone_sender();
	test_other_session();
	return tap_done();
}
