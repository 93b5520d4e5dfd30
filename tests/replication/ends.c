/* SPDX-License-Identifier: MIT
 *
 * Stories of requests that servers end of: such a request is sent to no replica that did not have
 * it, and never again. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

static struct cluster k;

enum { ALICE, BOB };

/* These replicas end, for everybody, before they answer what alice has asked. */
static void end_with(uint8_t mask)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (mask >> i & 1)
			hold_here(&k, ALICE, i, true);
	pump(&k);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (mask >> i & 1)
			replica_kill(&k, i);
	pump(&k);
}

static void start_all(void)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		client_heal(&k, ALICE, i);
		if (!k.replicas[i].up)
			replica_start(&k, i);
	}
	pass(&k, 3000);
}

static void hold(uint8_t mask)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		hold_there(&k, ALICE, i, mask >> i & 1);
}

/* The request is on its way to these replicas, which end; what they took is not kept. */
static void send_and_end(const char *line, uint8_t mask)
{
	hold(mask);
	say(&k, ALICE, line);
	end_with(mask);
	hold(0);
}

/* Alice knows whom she writes to. */
static void begin(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 2);
	say(&k, ALICE, "send bob zero");
	quiet(&k);
}

/* The same, and bob is away: what comes for him waits. Gives his id. */
static struct id begin_away(void)
{
	struct id id;

	cluster_alice_bob(&k, SHARE_USUAL, 2);
	id = k.clients[BOB].last.id;
	say(&k, ALICE, "send bob zero");
	say(&k, BOB, "logout");
	quiet(&k);
	return id;
}

static void test_third(void)
{
	struct id id = begin_away();

	client_cut(&k, ALICE, 2);
	quiet(&k);
	client_heal(&k, ALICE, 2);
	hold(3);
	say(&k, ALICE, "send bob poison");
	pass(&k, 1000);
	IS_U64(replication_live(k.clients[ALICE].r), 3, "ends: the third becomes live meanwhile");
	end_with(3);
	hold(0);
	OK(!has(heard(&k, ALICE), "result"), "ends: it waits whether they have ended");
	pass(&k, 3000);
	OK(has(heard(&k, ALICE), "result send unknown-outcome stored=0"),
	   "ends: two replicas ended with a message: its outcome is not known");
	IS_STRING(k.clients[ALICE].last.detail,
	          "servers ended while they had it, so it is not sent again", "ends: and why");
	start_all();
	IS_U64(waiting(&k, 2, &id), 0, "ends: the third never gets it");
	IS_U64(waiting(&k, 0, &id), 0, "ends: nor do those that have come back");
	say(&k, ALICE, "send bob one");
	OK(has(heard(&k, ALICE), "result send ok copies=3"), "ends: what follows goes on");
	cluster_free(&k);
}

/* All three have it: it goes to all at once. None gets it again. */
static void test_all(void)
{
	struct id id = begin_away();

	send_and_end("send bob poison", 7);
	start_all();
	OK(has(k.clients[ALICE].story, "result send unknown-outcome"),
	   "ends: all three ended with it: it is told when one has come back");
	IS_U64(waiting_anywhere(&k, &id), 0, "ends: nobody gets it again");
	cluster_free(&k);
}

/* One after the other: the second one is the last. */
static void test_one_by_one(void)
{
	struct id id = begin_away();

	client_cut(&k, ALICE, 1), client_cut(&k, ALICE, 2);
	quiet(&k);
	send_and_end("send bob poison", 1);
	hold_here(&k, ALICE, 0, false);
	client_heal(&k, ALICE, 1);
	pump(&k);
	while (k.clients[ALICE].links[1].there == FREELY && k.now_ms < 60000 &&
	       waiting(&k, 1, &id) == 0)
		pass(&k, 1);
	IS_U64(waiting(&k, 1, &id), 1,
	       "ends: one may have ended for any reason: it goes to another");
	cluster_free(&k);
}

/* All connections break, but nobody has ended: the network has. */
static void test_network(void)
{
	begin();
	hold_all_there(&k, ALICE, true);
	say(&k, ALICE, "send bob one");
	cut_all(&k, ALICE);
	pass(&k, 5000);
	OK(!has(heard(&k, ALICE), "result"), "ends: the network broke");
	heal_all(&k, ALICE);
	pass(&k, 3000);
	OK(has(heard(&k, ALICE), "result send ok copies="), "ends: so it begins again");
	IS_STRING(heard(&k, BOB), "message alice one 2\n", "ends: once");
	cluster_free(&k);
}

/* A connection to a process that has come back breaks once more, before the last one ends that has
 * the request. That process is not the one that had it. */
static void test_back_and_cut(void)
{
	struct id id = begin_away();

	hold(7);
	say(&k, ALICE, "send bob poison");
	end_with(6);
	hold(1);
	for (uint32_t i = 1; i < REPLICAS; i++) {
		client_heal(&k, ALICE, i);
		replica_start(&k, i);
	}
	pass(&k, 1000);
	OK(replication_live(k.clients[ALICE].r) & 2, "ends: one has come back, another is silent");
	client_cut(&k, ALICE, 1);
	pump(&k);
	client_heal(&k, ALICE, 1);
	pass(&k, 1000);
	IS_U64(replication_live(k.clients[ALICE].r) & 3, 3, "ends: it comes back once more");
	end_with(1);
	hold(0);
	pass(&k, 3100);
	OK(has(heard(&k, ALICE), "result send unknown-outcome"),
	   "ends: the same process as at the last dial, but not as when it was sent");
	start_all();
	IS_U64(waiting_anywhere(&k, &id), 0, "ends: nobody gets it again");
	cluster_free(&k);
}

/* The network breaks one connection, so it may have broken the other one. But that one comes back
 * as another process, and a third end is the second that counts. */
static void test_network_and_end(void)
{
	struct id id = begin_away();

	client_cut(&k, ALICE, 2);
	quiet(&k);
	hold(3);
	say(&k, ALICE, "send bob poison");
	client_cut(&k, ALICE, 0);
	end_with(2);
	hold(0);
	client_heal(&k, ALICE, 0);
	let_here(&k, ALICE, 0, 6); /* until it is live */
	pass(&k, 1000);
	IS_U64(replication_live(k.clients[ALICE].r), 1, "ends: the network broke one connection");
	IS_U64(waiting(&k, 0, &id), 1, "ends: so it begins again");
	client_heal(&k, ALICE, 1);
	replica_start(&k, 1);
	pass(&k, 2000);
	client_cut(&k, ALICE, 1);
	end_with(1);
	hold_here(&k, ALICE, 0, false);
	pass(&k, 3100);
	start_all();
	OK(has(k.clients[ALICE].story, "result send unknown-outcome"),
	   "ends: two had ended with it, whatever the network did");
	IS_U64(waiting(&k, 1, &id) + waiting(&k, 2, &id), 0, "ends: so nobody else gets it");
	cluster_free(&k);
}

/* One that has ended with it comes back as another process, and then the network breaks that one's
 * connection. That excuses the second end, and not the first. */
static void test_end_and_network(void)
{
	struct id id = begin_away();

	client_cut(&k, ALICE, 1), client_cut(&k, ALICE, 2);
	quiet(&k);
	send_and_end("send bob poison", 1);
	replica_start(&k, 0);
	client_heal(&k, ALICE, 0);
	let_here(&k, ALICE, 0, 5); /* until it is live */
	pass(&k, 1000);
	IS_U64(waiting(&k, 0, &id), 1, "ends: it goes once more to who has come back");
	client_cut(&k, ALICE, 0);
	pump(&k);
	client_heal(&k, ALICE, 0);
	let_here(&k, ALICE, 0, 5);
	pass(&k, 2000);
	IS_U64(replication_live(k.clients[ALICE].r), 1,
	       "ends: the network broke, it is live again");
	OK(!has(heard(&k, ALICE), "result"), "ends: and has it again");
	end_with(1);
	start_all();
	OK(has(k.clients[ALICE].story, "result send unknown-outcome"),
	   "ends: that was the second end, whatever the network did between them");
	IS_U64(waiting(&k, 1, &id) + waiting(&k, 2, &id), 0, "ends: so the others do not get it");
	cluster_free(&k);
}

/* The network broke one connection, so it begins again. It looks for its recipient when the two
 * come back that have ended with it. */
static void test_told_late(void)
{
	struct id id = begin_away();

	hold(7);
	say(&k, ALICE, "send bob poison");
	client_cut(&k, ALICE, 0);
	end_with(6);
	hold(0);
	client_heal(&k, ALICE, 0);
	let_here(&k, ALICE, 0, 5); /* until it is live */
	pass(&k, 500);
	IS_U64(replication_live(k.clients[ALICE].r), 1, "ends: the network broke one connection");
	OK(!has(heard(&k, ALICE), "result"), "ends: so it begins again, with a look-up");
	IS_U64(waiting(&k, 0, &id), 0, "ends: which is not answered yet");
	for (uint32_t i = 1; i < REPLICAS; i++) {
		client_heal(&k, ALICE, i);
		replica_start(&k, i);
	}
	pass(&k, 2000);
	OK(replication_live(k.clients[ALICE].r) & 2, "ends: the two come back that had ended");
	hold_here(&k, ALICE, 0, false);
	start_all();
	OK(has(k.clients[ALICE].story, "result send unknown-outcome"),
	   "ends: they tell so before it is sent");
	IS_U64(waiting_anywhere(&k, &id), 0, "ends: nobody gets it");
	cluster_free(&k);
}

/* The table of replicas asks in rounds, and cannot begin again: it goes on with who is left. */
static void test_rounds(void)
{
	begin();
	for (uint32_t i = 1; i < REPLICAS; i++)
		hold_here(&k, ALICE, i, true);
	hold(7);
	say(&k, ALICE, "replicas");
	hold(0);
	pump(&k);
	end_with(6);
	pass(&k, 4000);
	OK(has(heard(&k, ALICE), "result replicas ok"),
	   "ends: the table is shown though two ended while they were asked");
	IS_U64(replication_live(k.clients[ALICE].r), 1, "ends: by the one that is left");
	cluster_free(&k);
}

/* What another one answers did not end those that died. */
static void test_innocent(void)
{
	begin();
	hold(3);
	hold_here(&k, ALICE, 2, true);
	say(&k, ALICE, "send bob one");
	end_with(3);
	hold(0);
	OK(!has(heard(&k, ALICE), "result"), "ends: who has it still may answer");
	hold_here(&k, ALICE, 2, false);
	pass(&k, 1);
	OK(has(heard(&k, ALICE), "result send ok copies=1"), "ends: and its yes is a yes");
	cluster_free(&k);
}

/* One answers between the two ends, and is out of reach then: what can be answered has ended nobody
 * before. The second end is the first that counts. */
static void test_answered_between(void)
{
	begin();
	hold(3);
	hold_here(&k, ALICE, 2, true);
	say(&k, ALICE, "send bob one");
	end_with(1);
	hold_here(&k, ALICE, 2, false);
	pass(&k, 1);
	client_cut(&k, ALICE, 2);
	end_with(2);
	hold(0);
	IS_U64(replication_live(k.clients[ALICE].r), 0, "ends: one answered, and is cut off");
	OK(!has(heard(&k, ALICE), "result"), "ends: two have ended, one of them since");
	client_heal(&k, ALICE, 2);
	pass(&k, 3100);
	OK(has(heard(&k, ALICE), "result send ok copies=1"), "ends: so it is sent again");
	IS_STRING(strstr(k.clients[BOB].story, "message alice one 2"), "message alice one 2\n",
	          "ends: it arrives once");
	cluster_free(&k);
}

/* A replica that does not answer is dead, but it has not ended. */
static void test_silent(void)
{
	begin();
	hold_all_there(&k, ALICE, true);
	say(&k, ALICE, "send bob one");
	pass(&k, 3100);
	OK(has(heard(&k, ALICE), "dead 0") && replication_live(k.clients[ALICE].r) == 0,
	   "ends: all are silent");
	hold_all_there(&k, ALICE, false);
	pass(&k, 3000);
	OK(has(heard(&k, ALICE), "result send ok copies="), "ends: it begins again");
	cluster_free(&k);
}

/* A creation goes from one to the next. */
static void test_create(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	pass(&k, 1);
	hold_there(&k, ALICE, 0, true), hold_there(&k, ALICE, 1, true);
	say(&k, ALICE, "create alice pw");
	replica_kill(&k, 0);
	pump(&k);
	replica_kill(&k, 1);
	pass(&k, 3100);
	OK(has(heard(&k, ALICE), "result create unknown-outcome"),
	   "ends: the creation stops when the second one ended");
	k.replicas[0].up = k.replicas[1].up = true;
	IS_U64(held(&k, "alice", false) + held(&k, "alice", true), 0,
	       "ends: the third one is not asked");
	k.replicas[0].up = k.replicas[1].up = false;
	cluster_free(&k);
}

/* All end with the taking back of a creation whose result was told before: so it is stopped. The
 * next creation has waited for it. */
static void test_create_behind(void)
{
	cluster_init(&k, SHARE_USUAL);
	k.options.wait_ms = 2000;
	(void)client_start(&k), (void)client_start(&k);
	quiet(&k);
	client_cut(&k, BOB, 0), client_cut(&k, BOB, 2);
	say(&k, BOB, "create alice theirs");
	quiet(&k);
	hold_here(&k, ALICE, 1, true);
	say(&k, ALICE, "create alice mine");
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.clients[ALICE].links[i].there = 1; /* who has the name; not the taking back */
	hold_here(&k, ALICE, 1, false);
	pump(&k);
	cut_all(&k, ALICE);
	pass(&k, 2100);
	OK(has(heard(&k, ALICE), "result create unknown-outcome"),
	   "ends: a creation is taken back");
	heal_all(&k, ALICE);
	for (uint32_t i = 0; i < REPLICAS; i++)
		let_here(&k, ALICE, i, 2); /* until it is live */
	for (int ms = 0; ms < 2000 && replication_live(k.clients[ALICE].r) < REPLICAS; ms++)
		pass(&k, 1);
	IS_U64(replication_live(k.clients[ALICE].r), REPLICAS, "ends: which goes on behind that");
	(void)heard(&k, ALICE);
	say(&k, ALICE, "create carol pw");
	end_with(7);
	OK(!has(heard(&k, ALICE), "result"), "ends: the next creation waits for it");
	start_all();
	OK(has(heard(&k, ALICE), "result create ok"),
	   "ends: what waits for one that is stopped begins");
	cluster_free(&k);
}

/* Replica i takes bob's log-in when it is dialled next, and the connection breaks before he has the
 * answer. */
static void end_at_log_in(uint32_t i)
{
	client_heal(&k, BOB, i);
	break_after(&k, BOB, i, 3); /* HELLO, PING, LOGIN */
	let_here(&k, BOB, i, 2);
}

/* What is asked for the session, each time that a replica returns. The network may break the
 * connection to another one each time. That counts as one end until that one is back as the same
 * process, and excuses nobody else. */
static void test_session(bool breaks)
{
	uint32_t ends = 0;

	cluster_alice_bob(&k, SHARE_USUAL, 2);
	cut_all(&k, BOB);
	quiet(&k);
	for (; ends < 20 && !has(k.clients[BOB].story, "logged out"); ends++) {
		replica_kill(&k, 0);
		replica_start(&k, 0);
		end_at_log_in(0);
		if (breaks)
			end_at_log_in(1);
		pass(&k, 2600);
		cut_all(&k, BOB);
		pump(&k);
	}
	IS_U64(ends, SESSION_ENDS_MAX - breaks,
	       breaks ? "ends: the network ends none, and excuses no other end"
	              : "ends: a session that replicas end of is over after some of them");
	cluster_free(&k);
}

int main(void)
{
	test_third();
	test_all();
	test_one_by_one();
	test_network();
	test_back_and_cut();
	test_network_and_end();
	test_end_and_network();
	test_told_late();
	test_rounds();
	test_innocent();
	test_answered_between();
	test_silent();
	test_create();
	test_create_behind();
	test_session(false);
	test_session(true);
	return tap_done();
}
