/* SPDX-License-Identifier: MIT
 *
 * The client's half, as stories: see tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

static struct cluster k;

static void fresh(uint32_t clients)
{
	cluster_start(&k, SHARE_USUAL, clients);
}

static void test_first(void)
{
	cluster_init(&k, SHARE_USUAL);
	(void)client_start(&k);
	(void)client_start(&k);
	pass(&k, 1);
	IS_STRING(heard(&k, 0), "live 0\nleader 0\nlive 1\nlive 2\nready\n",
	          "start: all three become live and the first leads");
	say(&k, 0, "create alice pw");
	IS_STRING(heard(&k, 0), "result create ok copies=3\n", "create: stored three times");
	say(&k, 0, "create eve pw");
	IS_STRING(heard(&k, 0), "result create logged-in\n", "create: not while logged in");
	say(&k, 0, "send bob hi");
	IS_STRING(heard(&k, 0), "result send no-such-user stored=0 online=0 bob\n",
	          "send: to nobody is refused");
	(void)heard(&k, 1);
	say(&k, 1, "create bob pw2");
	IS_STRING(heard(&k, 1), "result create ok copies=3\n", "create: a second account");
	say(&k, 0, "send bob hi");
	IS_STRING(heard(&k, 0), "result send ok copies=3 stored=1 online=1\n",
	          "send: stored and online");
	IS_STRING(heard(&k, 1), "message alice hi 1\n", "receive: shown once");
	say(&k, 0, "send bob again");
	IS_STRING(heard(&k, 1), "message alice again 2\n", "receive: the second one at once");
	say(&k, 1, "send bob note");
	pump(&k);
	IS_STRING(heard(&k, 1), "result send ok copies=3 stored=1 online=1\nmessage bob note 1\n",
	          "send: to oneself");
	say(&k, 0, "list");
	(void)heard(&k, 1);
	IS_STRING(heard(&k, 0),
	          "result send ok copies=3 stored=1 online=1\nusers alice+ bob+\nresult list ok\n",
	          "list: both are online");
	say(&k, 0, "replicas");
	IS_STRING(heard(&k, 0), "replicas agrees agrees agrees\nresult replicas ok\n",
	          "replicas: they agree");
	say(&k, 1, "logout");
	IS_STRING(heard(&k, 1), "result logout ok\n", "log out");
	say(&k, 0, "all hello everybody");
	IS_STRING(heard(&k, 0), "result all ok copies=3 stored=1 online=0\n",
	          "all: stored for one who is away");
	say(&k, 0, "send bob,bob twice");
	IS_STRING(heard(&k, 0), "result send ok copies=3 stored=1 online=0\n",
	          "send: a name twice is one message");
	say(&k, 1, "login bob wrong");
	IS_STRING(heard(&k, 1), "result login wrong-password\n", "log in: wrong password");
	say(&k, 1, "login nobody pw");
	IS_STRING(heard(&k, 1), "result login wrong-password\n",
	          "log in: unknown names say the same");
	say(&k, 1, "login bob pw2");
	pass(&k, 1);
	IS_STRING(heard(&k, 1),
	          "result login ok copies=3\nmessage alice hello everybody 3 waited\n"
	          "message alice twice 4 waited\n",
	          "log in: what waited is shown in order");
	say(&k, 1, "logout");
	say(&k, 1, "login bob pw2");
	pass(&k, 300);
	IS_STRING(heard(&k, 1), "result logout ok\nresult login ok copies=3\n",
	          "log in again: nothing is shown twice");
	say(&k, 1, "delete");
	IS_STRING(heard(&k, 1), "result delete ok copies=3\n", "delete");
	say(&k, 0, "send bob gone?");
	IS_STRING(heard(&k, 0), "result send no-such-user stored=0 online=0 bob\n",
	          "send: to one who was deleted");
	cluster_free(&k);
}

static void test_failover(void)
{
	fresh(3);
	say(&k, 0, "create alice pw");
	say(&k, 1, "create bob pw");
	say(&k, 0, "send bob one");
	(void)heard(&k, 0), (void)heard(&k, 1);
	replica_kill(&k, 0);
	pump(&k);
	IS_STRING(heard(&k, 0), "dead 0\nleader 1\n", "failover: the next one leads");
	say(&k, 0, "send bob two");
	IS_STRING(heard(&k, 0), "result send ok copies=2 stored=1 online=1\n",
	          "failover: two copies");
	IS_STRING(heard(&k, 1), "dead 0\nleader 1\nmessage alice two 2\n", "failover: shown");
	replica_kill(&k, 1);
	pump(&k);
	say(&k, 0, "send bob three");
	IS_STRING(heard(&k, 0), "dead 1\nleader 2\nresult send ok copies=1 stored=1 online=1\n",
	          "failover: the last one serves");
	IS_STRING(heard(&k, 1), "dead 1\nleader 2\nmessage alice three 3\n",
	          "failover: shown by the last one");
	say(&k, 2, "create carol pw");
	IS_STRING(heard(&k, 2), "dead 0\nleader 1\ndead 1\nleader 2\nresult create ok copies=1\n",
	          "failover: a new account on the last one");
	say(&k, 0, "send carol hi");
	(void)heard(&k, 0);
	IS_STRING(heard(&k, 2), "message alice hi 1\n", "failover: mail to the new one");
	replica_start(&k, 0);
	replica_start(&k, 1);
	pass(&k, 2000);
	IS_STRING(heard(&k, 0), "live 0\nleader 0\nlive 1\n",
	          "return: they come back by themselves");
	say(&k, 0, "send carol back");
	IS_STRING(heard(&k, 0), "result send ok copies=3 stored=1 online=1\n",
	          "return: three copies again");
	pump(&k);
	OK(strstr(heard(&k, 2), "leader 0\n"), "return: the first leads again");
	OK(strstr(k.clients[2].story, "message alice back 2\n"),
	   "return: a session goes on at replicas that missed its account");
	replica_kill(&k, 2);
	replica_kill(&k, 1);
	pump(&k);
	say(&k, 2, "list");
	(void)heard(&k, 0);
	IS_STRING(heard(&k, 2), "dead 2\ndead 1\nusers alice+ bob+\nresult list ok\n",
	          "return: an account that was handed over is not confirmed there");
	cluster_free(&k);
}

static void test_race(void)
{
	uint32_t won = 0;

	fresh(20);
	for (uint32_t i = 0; i < 20; i++) {
		struct command command = { .kind = COMMAND_CREATE };

		command.name = view_of_string("same");
		command.password = view_of_string("pw");
		(void)replication_command(k.clients[i].r, &command, client_time(&k));
	}
	pass(&k, 10);
	for (uint32_t i = 0; i < 20; i++) {
		const char *h = heard(&k, i);

		won += strcmp(h, "result create ok copies=3\n") == 0;
		ALWAYS(strncmp(h, "result create ", 14) == 0, "race: each is answered");
	}
	IS_U64(won, 1, "race: exactly one of twenty gets the name");
	cluster_free(&k);
}

static void test_wiped(void)
{
	fresh(3);
	say(&k, 0, "create alice pw");
	say(&k, 1, "create bob pw");
	say(&k, 2, "create carol pw");
	say(&k, 2, "delete");
	say(&k, 1, "logout");
	say(&k, 0, "send bob one");
	replica_kill(&k, 0);
	replica_wipe(&k, 0);
	replica_start(&k, 0);
	pass(&k, 2000);
	(void)heard(&k, 0), (void)heard(&k, 1), (void)heard(&k, 2);
	say(&k, 0, "list");
	IS_STRING(heard(&k, 0), "users alice+ bob-\nresult list ok\n",
	          "wiped leader: the list is joined");
	say(&k, 1, "login bob pw");
	pass(&k, 300);
	IS_STRING(heard(&k, 1), "result login ok copies=3\nmessage alice one 1 waited\n",
	          "wiped leader: log in hands the account over, mail is shown");
	say(&k, 2, "create alice mine");
	IS_STRING(heard(&k, 2), "result create name-taken\n",
	          "wiped leader: a name is still taken");
	say(&k, 2, "create carol again");
	IS_STRING(heard(&k, 2), "result create ok copies=3\n", "wiped leader: a free name is free");
	cluster_free(&k);
}

static void test_stale(void)
{
	fresh(2);
	say(&k, 0, "create alice pw");
	client_cut(&k, 0, 0);
	pass(&k, 1);
	say(&k, 0, "delete");
	(void)heard(&k, 0);
	say(&k, 1, "create alice other");
	IS_STRING(heard(&k, 1), "result create ok copies=3\n",
	          "stale refuser: it is told the tombstone and grants the name");
	cluster_free(&k);
}

static void test_silent(void)
{
	fresh(2);
	say(&k, 0, "create alice pw");
	say(&k, 1, "create bob pw");
	say(&k, 0, "send bob first");
	(void)heard(&k, 0), (void)heard(&k, 1);
	k.replicas[0].silent = true;
	say(&k, 0, "send bob hi");
	IS_STRING(heard(&k, 0), "", "stopped leader: the request waits");
	pass(&k, 2999);
	IS_STRING(heard(&k, 0), "", "stopped leader: until the reply timeout");
	pass(&k, 2);
	IS_STRING(heard(&k, 0), "dead 0\nleader 1\nresult send ok copies=2 stored=1 online=1\n",
	          "stopped leader: then the others' yes is the outcome");
	pass(&k, 3000);
	IS_STRING(heard(&k, 1), "message alice hi 2\ndead 0\nleader 1\n",
	          "stopped leader: what only followers pushed is shown after the grace");
	cluster_free(&k);
}

static void test_takeover(void)
{
	fresh(2);
	say(&k, 0, "create alice pw");
	(void)heard(&k, 0);
	say(&k, 1, "login alice pw");
	IS_STRING(heard(&k, 1), "result login already-logged-in\n", "second log-in: refused");
	say(&k, 1, "takeover alice pw");
	IS_STRING(heard(&k, 1), "result login ok copies=3\n", "take over: succeeds");
	pump(&k);
	IS_STRING(heard(&k, 0), "logged out\n", "take over: the first is told, once");
	pass(&k, 5000);
	IS_STRING(heard(&k, 0), "", "take over: and does not come back");
	IS_STRING(heard(&k, 1), "", "take over: nor does the second lose it");
	cluster_free(&k);
}

static void test_full(void)
{
	cluster_start(&k, 2, 2);
	say(&k, 1, "create bob pw");
	say(&k, 1, "logout");
	say(&k, 0, "create alice pw");
	(void)heard(&k, 0), (void)heard(&k, 1);
	say(&k, 0, "send bob 1");
	say(&k, 0, "send bob 2");
	say(&k, 0, "send bob 3");
	IS_STRING(heard(&k, 0),
	          "result send ok copies=3 stored=1 online=0\n"
	          "result send ok copies=3 stored=1 online=0 full bob\n"
	          "result send mailbox-full stored=0 online=0 bob\n",
	          "share: the message that fills it counts as sent, the next is refused");
	say(&k, 1, "login bob pw");
	pass(&k, 300);
	(void)heard(&k, 1);
	say(&k, 0, "send bob 4");
	IS_STRING(heard(&k, 0), "result send ok copies=3 stored=1 online=1\n",
	          "share: there is room again");
	cluster_free(&k);
}

static void test_gap(void)
{
	fresh(2);
	say(&k, 0, "create alice pw");
	say(&k, 1, "create bob pw");
	say(&k, 0, "send bob 1");
	client_cut(&k, 1, 0);
	client_cut(&k, 1, 1);
	pump(&k);
	(void)heard(&k, 1);
	client_cut(&k, 0, 2);
	pump(&k);
	say(&k, 0, "send bob 2");
	pass(&k, 10);
	IS_STRING(heard(&k, 1), "", "disjoint live sets: nothing arrives");
	client_heal(&k, 1, 0);
	pass(&k, 2000);
	IS_STRING(heard(&k, 1), "live 0\nleader 0\nmessage alice 2 2 waited\n",
	          "disjoint live sets: it is read when a replica that has it is live again");
	cluster_free(&k);
}

/* Each row has the time of its own replica's last ping. */
static void test_round_trip(void)
{
	const struct replica_row *rows = k.clients[0].rows;

	fresh(1);
	replica_kill(&k, 1);
	pump(&k);
	(void)heard(&k, 0);
	hold_here(&k, 0, 2, true);
	say(&k, 0, "replicas");
	pass(&k, 40);
	let_here(&k, 0, 2, 1); /* the table asks twice, to see whether a count moves */
	pass(&k, 25);
	IS_STRING(heard(&k, 0), "", "round trip: the table waits for the slow one");
	hold_here(&k, 0, 2, false);
	pump(&k);
	IS_STRING(heard(&k, 0), "replicas agrees dead agrees\nresult replicas ok\n",
	          "round trip: then it is there");
	OK(rows[0].round_trip_known, "round trip: known of a live replica");
	OK(!rows[1].round_trip_known, "round trip: and not of a dead one");
	OK(rows[2].round_trip_known, "round trip: of a slow one, too");
	IS_U64(rows[0].round_trip_ms, 0, "round trip: at once is less than a millisecond");
	IS_U64(rows[2].round_trip_ms, 25, "round trip: from the last ping to its answer");
	cluster_free(&k);
}

/* A server of another kind or version answers with a line of text. */
static void test_line(void)
{
	struct view half = view_of_string("HTTP/1.1 400 Bad");
	struct view line = view_of_string("HTTP/1.1 400 Bad Request\r\nServer: x\r\n");

	fresh(1);
	IS_U64(replication_input(k.clients[0].r, 1, half, client_time(&k)), 0,
	       "a line instead of a frame: its end is waited for");
	pump(&k);
	OK(!has(heard(&k, 0), "dead"), "a line instead of a frame: until then nothing is known");
	OK(replication_input(k.clients[0].r, 1, line, client_time(&k)) > 0,
	   "a line instead of a frame: it is taken");
	pump(&k);
	OK(has(heard(&k, 0), "dead 1"), "a line instead of a frame: that replica is dead");
	say(&k, 0, "replicas");
	OK(strstr(k.clients[0].rows[1].why, "says: HTTP/1.1 400 Bad Request") != NULL,
	   "a line instead of a frame: the reason quotes it");
	cluster_free(&k);
}

/* How long the client takes to have all three back after they have ended once more. */
static uint64_t time_back(void)
{
	uint64_t begin = k.now_ms;

	cut_all(&k, 0);
	heal_all(&k, 0);
	while (replication_live(k.clients[0].r) != REPLICAS && k.now_ms < begin + 5000)
		pass(&k, 1);
	return k.now_ms - begin;
}

/* Replicas that answer and end at once are dialled again as soon as at first, as often as it
 * happens; those that only greet, less and less often. */
static void test_pauses(void)
{
	uint64_t most = 0, last = 0;

	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	for (int i = 0; i < 20; i++) {
		uint64_t ms = time_back();

		most = ms > most ? ms : most;
		say(&k, 0, "send alice again");
	}
	OK(most <= 2 * REDIAL_MS_MIN, "pauses: who has answered a command is back at once");
	for (int i = 0; i < 6; i++)
		last = time_back();
	OK(last >= REDIAL_MS_MAX, "pauses: who has not is dialled seldom");
	say(&k, 0, "list");
	(void)time_back();
	OK(time_back() <= 3 * REDIAL_MS_MIN, "pauses: and soon again after its first answer");
	cluster_free(&k);
}

int main(void)
{
	test_first();
	test_line();
	test_failover();
	test_race();
	test_wiped();
	test_stale();
	test_silent();
	test_takeover();
	test_full();
	test_gap();
	test_round_trip();
	test_pauses();
	return tap_done();
}
