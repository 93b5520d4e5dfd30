/* SPDX-License-Identifier: MIT
 *
 * Stories of creating, finding and deleting accounts: what the client's half does when replicas
 * die, return, refuse or know less in the middle of it. See tests/replication/cluster.h for what
 * the lines say.
 */
#include "tests/replication/cluster.h"

static struct cluster k;

static void fresh(uint32_t clients)
{
	cluster_start(&k, SHARE_USUAL, clients);
}

static void revive(uint32_t i)
{
	replica_start(&k, i);
	pass(&k, 2000);
}

/* ---- the audience becomes empty ---- */

/* The only live replica is lost after it has taken so many frames, and comes back, or another one
 * does. */
static void lose_at(const char *prepare, const char *command, uint32_t frames, bool another,
                    const char *want)
{
	char name[160];
	const char *h;

	fresh(2);
	say(&k, 1, "create bob pw");
	say(&k, 1, "logout");
	say(&k, 0, prepare);
	replica_kill(&k, 1);
	replica_kill(&k, 2);
	pump(&k);
	(void)heard(&k, 0);
	break_after(&k, 0, 0, frames);
	say(&k, 0, command);
	pass(&k, 100);
	if (another)
		replica_start(&k, 1);
	else
		client_heal(&k, 0, 0);
	pass(&k, 3000);
	h = heard(&k, 0);
	(void)snprintf(name, sizeof name, "%s: lost after %u frames, %s: begins again and succeeds",
	               command, frames, another ? "another returns" : "the same returns");
	if (!OK(has(h, want), name))
		printf("# %s\n", h);
	if (another)
		client_heal(&k, 0, 0);
	pass(&k, 3000);
	ALWAYS(replication_idle(k.clients[0].r), name);
	cluster_free(&k);
}

static void test_empty_audience(void)
{
	for (uint32_t frames = 1; frames <= 6; frames++)
		for (int another = 0; another < 2; another++) {
			lose_at("replicas", "create carol pw", frames, another, "result create ok");
			lose_at("replicas", "login bob pw", frames, another, "result login ok");
			if (frames > 3)
				continue;
			lose_at("create carol pw", "send bob hi", frames, another,
			        "result send ok");
			lose_at("create carol pw", "all hi", frames, another, "result all ok");
			lose_at("create carol pw", "delete", frames, another, "result delete ok");
			lose_at("create carol pw", "list", frames, another, "result list ok");
		}
}

/* ---- creation ---- */

static void test_j1(void)
{
	fresh(2);
	client_cut(&k, 1, 0);
	client_cut(&k, 1, 2);
	pass(&k, 1);
	say(&k, 1, "create alice theirs"); /* on replica 1 alone */
	replica_kill(&k, 2);
	pump(&k);
	(void)heard(&k, 0);
	hold_there(&k, 0, 0, true);
	hold_there(&k, 0, 1, true);
	say(&k, 0, "create alice mine");
	k.clients[0].links[0].there = 1;
	pump(&k); /* granted by 0 */
	k.clients[0].links[1].there = 1;
	pump(&k); /* refused by 1; both are asked about the holder */
	k.clients[0].links[0].there = 1;
	k.clients[0].links[1].there = 1;
	pump(&k); /* he lives; both are to delete it, which stays on its way */
	IS_STRING(heard(&k, 0), "", "J1: the user is not told before the taking back is done");
	client_cut(&k, 0, 0);
	client_cut(&k, 0, 1);
	replica_start(&k, 2);
	pass(&k, 4000); /* the reply timeout, in which 0 and 1 might show that they have ended */
	IS_STRING(heard(&k, 0),
	          "dead 0\nleader 1\ndead 1\nlive 2\nleader 2\nresult create name-taken\n",
	          "J1: a taking back that lost its audience goes on, and nothing is created");
	IS_U64(held(&k, "alice", false) & 4, 0, "J1: which does not hold it");
	client_heal(&k, 0, 0);
	client_heal(&k, 0, 1);
	pass(&k, 3000);
	IS_U64(held(&k, "alice", false), 2, "J1: and those that return are told that it is gone");
	cluster_free(&k);
}

static void test_j2(void)
{
	fresh(3);
	/* half: unconfirmed on 0, where its first copy was granted */
	client_cut(&k, 0, 1);
	client_cut(&k, 0, 2);
	pump(&k);
	break_after(&k, 0, 0, 1); /* introduce arrives, its answer does not */
	say(&k, 0, "create alice mine");
	client_cut(&k, 1, 0);
	pass(&k, 50);
	say(&k, 1, "create alice theirs");
	OK(has(heard(&k, 1), "result create ok copies=2"), "J2: acknowledged elsewhere meanwhile");
	client_heal(&k, 0, 0);
	client_heal(&k, 0, 1);
	client_heal(&k, 0, 2);
	pass(&k, 3000);
	OK(has(heard(&k, 0), "result create name-taken"),
	   "J2: a repeated creation is judged again everywhere");
	IS_U64(held(&k, "alice", false), 6, "J2: and taken back where it was granted");
	cluster_free(&k);
}

static void test_j3(void)
{
	fresh(3);
	say(&k, 0, "create alice one");
	replica_kill(&k, 2);
	pump(&k);
	say(&k, 0, "delete");
	say(&k, 0, "create alice two");
	say(&k, 0, "logout");
	client_stop(&k, 0);
	replica_kill(&k, 0);
	replica_kill(&k, 1);
	replica_start(&k, 2);
	pass(&k, 2000);
	(void)heard(&k, 1);
	say(&k, 1, "create alice three");
	IS_STRING(heard(&k, 1), "result create name-taken\n", "J3: a stale replica alone refuses");
	revive(0);
	(void)heard(&k, 1);
	say(&k, 1, "create alice three");
	IS_STRING(heard(&k, 1), "result create name-taken\n",
	          "J3: with the one that knows better the holder is the new one");
	say(&k, 2, "login alice two");
	OK(has(heard(&k, 2), "result login ok copies=2"), "J3: who is found and logged in to");
	IS_U64(held(&k, "alice", false), 7,
	       "J3: the stale one was told the tombstone and handed the account");
	cluster_free(&k);
}

static void test_j4(void)
{
	fresh(2);
	say(&k, 1, "create alice pw");
	say(&k, 1, "logout");
	(void)heard(&k, 1);
	replica_kill(&k, 0);
	replica_wipe(&k, 0);
	replica_start(&k, 0);
	pass(&k, 2000);
	say(&k, 1, "login alice pw"); /* handed over to 0, unconfirmed */
	say(&k, 1, "logout");
	replica_kill(&k, 1);
	replica_kill(&k, 2);
	pump(&k);
	(void)heard(&k, 0), (void)heard(&k, 1);
	say(&k, 0, "create alice pw");
	IS_STRING(heard(&k, 0), "result create name-taken\n",
	          "J4: an unconfirmed holder is a holder");
	IS_U64(held(&k, "alice", false) & 1, 1, "J4: and nobody deletes it");
	say(&k, 1, "login alice pw");
	IS_STRING(heard(&k, 1), "result login ok copies=1\n",
	          "PAPER5-6: not called unfinished while one is down that may have it");
	cluster_free(&k);
}

static void test_unfinished(void)
{
	fresh(2);
	break_after(&k, 0, 2, 1); /* introduce at the last one, and then nothing */
	k.clients[0].links[2].fragile = false;
	hold_here(&k, 0, 2, true);
	say(&k, 0, "create alice pw");
	client_stop(&k, 0);
	IS_U64(held(&k, "alice", false), 7,
	       "unfinished: a crash before confirm leaves it unconfirmed");
	IS_U64(held(&k, "alice", true), 0, "unfinished: on all three");
	say(&k, 1, "login alice pw");
	IS_STRING(heard(&k, 1), "result login ok copies=3 unfinished\n",
	          "unfinished: the owner is told");
	cluster_free(&k);
}

/* The result was told when the time to wait was over; the taking back goes on, and the next
 * creation waits for it. */
static void test_back_goes_on(void)
{
	cluster_init(&k, SHARE_USUAL);
	k.options.wait_ms = 500;
	(void)client_start(&k);
	(void)client_start(&k);
	pass(&k, 1);
	client_cut(&k, 1, 0);
	client_cut(&k, 1, 2);
	pump(&k);
	say(&k, 1, "create alice theirs");
	client_cut(&k, 0, 2);
	pump(&k);
	(void)heard(&k, 0);
	k.clients[0].links[0].there = 1; /* the introduce, no more */
	say(&k, 0, "create alice mine");
	client_cut(&k, 0, 0);
	client_cut(&k, 0, 1);
	pass(&k, 600);
	OK(has(heard(&k, 0), "result create unknown-outcome"),
	   "taking back: the user hears that the outcome is unknown when the wait is over");
	OK(replication_idle(k.clients[0].r),
	   "taking back: nobody who wants to end waits for it without a live replica");
	say(&k, 0, "create carol pw");
	IS_STRING(heard(&k, 0), "", "taking back: the next creation waits for it");
	pass(&k, 600);
	IS_STRING(heard(&k, 0), "result create no-replica\n",
	          "taking back: but no longer than any command waits");
	say(&k, 0, "create carol pw");
	client_heal(&k, 0, 0);
	client_heal(&k, 0, 1);
	client_heal(&k, 0, 2);
	pass(&k, 1500);
	OK(has(heard(&k, 0), "result create ok"), "taking back: and it is made when that is over");
	pass(&k, 2000);
	IS_U64(held(&k, "alice", false), 2, "taking back: it went on behind the result");
	IS_U64(k.clients[0].last.kind, COMMAND_CREATE,
	       "taking back: and no second result was told");
	cluster_free(&k);
}

static void test_old(void)
{
	fresh(1);
	client_cut(&k, 0, 1);
	client_cut(&k, 0, 2);
	pump(&k);
	break_after(&k, 0, 0, 1);
	say(&k, 0, "create alice pw");
	pass(&k, 90000);
	client_heal(&k, 0, 1);
	pass(&k, 2000);
	OK(has(heard(&k, 0), "result create ok copies=1"),
	   "WALK-15: a wait made it old: begun anew, under a new id");
	client_heal(&k, 0, 0);
	pass(&k, 2000);
	IS_U64(held(&k, "alice", true), 2, "WALK-15: the old id is gone where it was granted");
	IS_U64(held(&k, "alice", false) & 1, 1,
	       "WALK-15: and the log-in there handed the new one over");
	cluster_free(&k);
}

static void test_clock(void)
{
	fresh(2);
	k.replicas[2].clock_offset_ms = 70000;
	pass(&k, 5000);
	say(&k, 0, "create alice pw");
	IS_STRING(heard(&k, 0), "result create ok copies=2\n",
	          "PAPER5-4: one fast replica does not confirm, and is not among the copies");
	IS_U64(held(&k, "alice", false), 7, "PAPER5-4: it holds it all the same");
	k.replicas[2].clock_offset_ms = 0;
	k.replicas[0].clock_offset_ms = -70000;
	pass(&k, 5000);
	say(&k, 1, "create bob pw");
	IS_STRING(heard(&k, 1), "result create ok copies=3\n",
	          "PAPER5-4: one slow clock, the leader's, costs nothing: time is the middle one");
	cluster_free(&k);
	fresh(1);
	pass(&k, 100);
	set_clocks(&k, 70000); /* the client has not heard of it yet */
	say(&k, 0, "create alice pw");
	IS_STRING(heard(&k, 0), "result create clock\n", "clock: if nobody confirms it is refused");
	IS_U64(held(&k, "alice", false), 0, "clock: and taken back");
	cluster_free(&k);
}

static void test_taken(void)
{
	fresh(2);
	client_cut(&k, 1, 0);
	pass(&k, 1);
	say(&k, 1, "create alice theirs"); /* on 1 and 2 */
	say(&k, 0, "create alice mine");
	IS_STRING(heard(&k, 0), "result create name-taken\n",
	          "taken: refused at the second replica");
	IS_U64(held(&k, "alice", false), 6,
	       "taken: taken back at the first, before the user is told");
	cluster_free(&k);
	fresh(2);
	say(&k, 1, "create alice theirs");
	say(&k, 0, "create alice mine");
	IS_STRING(heard(&k, 0), "result create name-taken\n",
	          "WALK-6: refused by the very first replica");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct store_totals totals;

		store_totals(k.replicas[i].store, &totals);
		IS_U64(totals.facts, 1, "WALK-6: leaves no tombstone anywhere");
	}
	cluster_free(&k);
}

static void test_confirm_refused(void)
{
	fresh(2);
	/* both are granted where they share no replica; then one of them confirms first where both
	 * are known */
	hold_there(&k, 0, 0, true);
	hold_there(&k, 0, 1, true);
	hold_there(&k, 0, 2, true);
	say(&k, 0, "create alice mine");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		k.clients[0].links[i].there = 1;
		pump(&k);
	}
	IS_U64(held(&k, "alice", false), 7, "confirm: granted by all");
	(void)put_account(&k, 7, "alice", UINT64_C(1790000000000), true); /* by repair, say */
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.clients[0].links[i].there = FREELY;
	pump(&k);
	IS_STRING(heard(&k, 0), "result create name-taken\n",
	          "confirm: is answered like introduce");
	cluster_free(&k);
}

/* A no for want of room is never told beside a replica that died with the request. */
static void test_full(void)
{
	fresh(2);
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_full(&k, i, true);
	say(&k, 0, "create alice pw");
	IS_STRING(heard(&k, 0), "result create disk-full\n",
	          "WALK-2: all three full: refused by that name");
	replica_full(&k, 1, false);
	say(&k, 0, "create alice pw");
	IS_STRING(heard(&k, 0), "dead 0\nleader 1\ndead 2\nresult create ok copies=1\n",
	          "N5: one has room: one copy, and the others are dead for this session");
	say(&k, 0, "send alice hi");
	pass(&k, 300);
	OK(has(heard(&k, 0), "message alice hi 1"), "N5: and messages are shown");
	replica_full(&k, 0, false);
	pass(&k, 1500);
	OK(has(heard(&k, 0), "live 0\nleader 0"),
	   "N5: with room again it is handed the account and lives");
	say(&k, 0, "logout");
	pass(&k, 1500);
	OK(has(heard(&k, 0), "live 2"), "N5: without a session it lives, full as it is");
	cluster_free(&k);
	fresh(1);
	replica_full(&k, 1, true);
	replica_full(&k, 2, true);
	k.clients[0].links[0].there = 2; /* introduce and confirm arrive */
	k.clients[0].links[0].here = 1;  /* the latter's answer does not */
	say(&k, 0, "create alice pw");
	client_cut(&k, 0, 0);
	pump(&k);
	OK(!has(heard(&k, 0), "result create disk-full"),
	   "N3: confirmed by one that died: no refusal is told");
	cluster_free(&k);
}

static void test_holder_gone(void)
{
	fresh(2);
	client_cut(&k, 1, 1);
	pass(&k, 1);
	say(&k, 1, "create alice pw"); /* on 0 and 2 */
	client_cut(&k, 1, 0);
	pass(&k, 1);
	say(&k, 1, "delete"); /* on 2 */
	(void)heard(&k, 1);
	say(&k, 0, "create alice new");
	IS_STRING(heard(&k, 0), "result create ok copies=3\n",
	          "holder: gone elsewhere: the refuser is told and asked again");
	IS_U64(held(&k, "alice", true), 7, "holder: all three hold the new one");
	cluster_free(&k);
}

/* ---- two accounts of one name ---- */

static void two_alices(void)
{
	fresh(4);
	client_cut(&k, 0, 1);
	client_cut(&k, 0, 2);
	client_cut(&k, 1, 0);
	pass(&k, 5);
	say(&k, 0, "create alice one"); /* the older, on 0 */
	pass(&k, 5);
	say(&k, 1, "create alice two"); /* on 1 and 2 */
	for (uint32_t i = 0; i < 2; i++) {
		IS_U64(k.clients[i].last.outcome, OUTCOME_OK,
		       "two of one name: made where no replica is shared");
		for (uint32_t n = 0; n < REPLICAS; n++)
			client_heal(&k, i, n);
	}
	pass(&k, 2000);
	for (uint32_t i = 0; i < 4; i++)
		(void)heard(&k, i);
}

static void test_two(void)
{
	char digits[DISPLAY_SIZE], line[128], text[ID_TEXT_SIZE + 1];
	const char *h;

	two_alices();
	id_to_text(&k.clients[1].last.id, text);
	(void)snprintf(digits, sizeof digits, "alice~%s", text + ID_TEXT_SIZE - ID_SUFFIX_SIZE);
	say(&k, 2, "create bob pw");
	say(&k, 2, "send alice to the older");
	IS_STRING(heard(&k, 0), "message bob to the older 1\n",
	          "two of one name: the older counts");
	(void)snprintf(line, sizeof line, "send %s to the younger", digits);
	say(&k, 2, line);
	IS_STRING(heard(&k, 1), "message bob to the younger 1\n",
	          "two of one name: the other by its digits");
	(void)heard(&k, 2);
	say(&k, 0, "send bob plain");
	say(&k, 1, "send bob digits");
	pass(&k, 300);
	(void)snprintf(line, sizeof line, "message alice plain 1\nmessage %s digits 1\n", digits);
	IS_STRING(heard(&k, 2), line, "PAPER4-10: the one that lost the name is shown with digits");
	say(&k, 2, "list");
	(void)snprintf(line, sizeof line, "users alice+ %s+ bob+\nresult list ok\n", digits);
	IS_STRING(heard(&k, 2), line, "two of one name: the list shows both");
	say(&k, 1, "logout");
	(void)heard(&k, 1);
	say(&k, 1, "takeover alice two");
	(void)snprintf(line, sizeof line, "this password opens '%s'", digits);
	h = heard(&k, 1);
	IS_STRING(h, "result login wrong-password\n",
	          "two of one name: the plain name is the other's");
	OK(has(k.clients[1].last.text, line),
	   "two of one name: and the loser is told which name is his");
	(void)snprintf(line, sizeof line, "login %s two", digits);
	say(&k, 1, line);
	OK(has(heard(&k, 1), "result login ok copies=3"),
	   "two of one name: he logs in by his digits");
	IS_STRING(k.clients[1].last.name, digits, "two of one name: and is called by them");
	cluster_free(&k);
}

/* Accounts of before, whose names differ in case only: several with one name. */
static void test_two_cases(void)
{
	char line[128], text[ID_TEXT_SIZE + 1];

	fresh(2);
	(void)put_account(&k, 7, "Alice", UINT64_C(1700000000001), true);
	(void)put_account(&k, 7, "alice", UINT64_C(1700000000000), true);
	say(&k, 0, "list AL");
	const char *h = heard(&k, 0);

	OK(has(h, "users alice- Alice~"),
	   "two cases: the older has the name, the other its digits");
	say(&k, 0, "create bob pw");
	say(&k, 1, "create Bob pw");
	OK(has(heard(&k, 1), "result create name-taken"), "two cases: taken in any case");
	say(&k, 1, "create Carl pw");
	say(&k, 1, "logout");
	say(&k, 1, "login cARL pw");
	OK(has(heard(&k, 1), "result login ok copies=3"), "two cases: logged in to by any");
	IS_STRING(k.clients[1].last.name, "Carl", "two cases: and called as it was made");
	id_to_text(&k.clients[1].last.id, text);
	(void)snprintf(line, sizeof line, "send CARL~%s hi", text + ID_TEXT_SIZE - ID_SUFFIX_SIZE);
	say(&k, 0, line);
	say(&k, 0, "send carl there");
	OK(has(heard(&k, 1), "message bob hi 1\nmessage bob there 2\n"),
	   "two cases: reached by any, with digits and without");
	(void)heard(&k, 0);
	say(&k, 0, "list");
	OK(has(heard(&k, 0), " bob+ Carl+\nresult list ok"), "two cases: listed as made, in order");
	cluster_free(&k);
}

static void test_none_counts(void)
{
	fresh(2);
	(void)put_account(&k, 1, "alice", UINT64_C(1700000000000), false);
	(void)put_account(&k, 2, "alice", UINT64_C(1700000000001), false);
	say(&k, 0, "create bob pw");
	(void)heard(&k, 0);
	say(&k, 0, "send alice hi");
	OK(has(heard(&k, 0), "result send several-users stored=0"),
	   "PAPER5-7: of several unconfirmed none counts");
	say(&k, 1, "login alice pw");
	OK(has(heard(&k, 1), "result login several-users alice~"),
	   "PAPER5-7: nor at a log-in; both are named");
	(void)put_account(&k, 4, "alice", UINT64_C(1700000000009), true);
	say(&k, 0, "send alice hi");
	OK(has(heard(&k, 0), "result send ok copies=3"),
	   "PAPER5-7: a confirmed one does, though younger");
	cluster_free(&k);
}

/* ---- deletion ---- */

static void test_delete(void)
{
	fresh(2);
	say(&k, 0, "create alice pw");
	say(&k, 1, "create bob pw");
	replica_kill(&k, 2);
	pump(&k);
	(void)heard(&k, 0);
	say(&k, 0, "delete");
	IS_STRING(heard(&k, 0), "result delete ok copies=2\n",
	          "delete: two copies while one is down");
	revive(2);
	IS_U64(held(&k, "alice", false), 0, "delete: the one that returns is told the tombstone");
	cluster_free(&k);
	fresh(1);
	say(&k, 0, "create alice pw");
	replica_kill(&k, 2);
	pump(&k);
	hold_here(&k, 0, 0, true);
	say(&k, 0, "delete");
	replica_start(&k, 2);
	pass(&k, 1500); /* it becomes live while the deletion is under way */
	hold_here(&k, 0, 0, false);
	pass(&k, 100);
	OK(has(heard(&k, 0), "result delete ok copies=2"),
	   "delete: one that returns meanwhile is not among the copies");
	IS_U64(held(&k, "alice", false), 0, "delete: but it is told as well");
	cluster_free(&k);
}

/* A message larger than what strangers may send begins again where the account is deleted. That
 * replica has greeted us anew, and would close the connection for it. */
static void test_send_while_deleted(void)
{
	static char line[2000] = "send bob ";

	memset(line + strlen(line), 'x', sizeof line - 1 - strlen(line));
	fresh(2);
	say(&k, 0, "create alice pw");
	say(&k, 1, "create bob pw");
	say(&k, 0, "send bob zero");
	quiet(&k);
	replica_kill(&k, 2), client_cut(&k, 0, 1);
	pump(&k);
	hold_here(&k, 0, 0, true);
	say(&k, 0, line);
	say(&k, 0, "delete");
	client_heal(&k, 0, 1);
	pass(&k, 1500);
	IS_U64(held(&k, "alice", false) & 2, 0, "delete: one that returns is told of it");
	cut_and_heal(&k, 0, 1);
	pass(&k, 1000);
	(void)heard(&k, 0);
	let_here(&k, 0, 1, 1); /* what is known of bob, and nothing of the deletion */
	client_cut(&k, 0, 0);
	pass(&k, 100);
	hold_here(&k, 0, 1, false);
	pass(&k, 100);
	IS_STRING(heard(&k, 0),
	          "dead 0\nleader 1\nresult send unknown-outcome stored=0 online=0\n"
	          "result delete ok copies=1\n",
	          "delete: a message is not written where the session has ended for it");
	cluster_free(&k);
}

/* No replica has room for it: so nothing is deleted, also not later. */
static void test_delete_refused(void)
{
	fresh(1);
	say(&k, 0, "create alice pw");
	for (uint32_t i = 0; i < REPLICAS; i++)
		session_disk(k.replicas[i].sessions, SESSION_DISK_FULL);
	(void)heard(&k, 0);
	say(&k, 0, "delete");
	IS_STRING(heard(&k, 0), "result delete disk-full\n", "delete: refused by full disks");
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_full(&k, i, false);
	say(&k, 0, "list");
	OK(has(heard(&k, 0), "users alice+"), "delete: the session goes on then");
	cut_and_heal(&k, 0, 0);
	pass(&k, 3000);
	IS_U64(held(&k, "alice", true), 7, "delete: and nobody is told of it later");
	cluster_free(&k);
}

static void test_uuid(void)
{
	fresh(0);
	replica_kill(&k, 2);
	memcpy(k.replicas[2].uuid, k.replicas[1].uuid, UUID_SIZE);
	replica_start(&k, 2);
	(void)client_start(&k);
	pass(&k, 1);
	OK(has(heard(&k, 0), "dead 2\n"), "uuid twice: the lower index is taken");
	OK(has(replication_why(k.clients[0].r, 2), "same replica as number 1"),
	   "uuid twice: the other is dead for that");
	say(&k, 0, "create alice pw");
	IS_STRING(heard(&k, 0), "result create ok copies=2\n", "uuid twice: and is no copy");
	replica_kill(&k, 1);
	pass(&k, 1500);
	OK(has(heard(&k, 0), "live 2"), "uuid twice: alone it serves");
	cluster_free(&k);
}

/* What was still on its way when its client gave up arrives late. */
static void test_late(void)
{
	fresh(2);
	hold_there(&k, 0, 0, true);
	say(&k, 0, "create alice pw");
	client_lose(&k, 0, 0);
	pass(&k, 10);
	OK(has(heard(&k, 0), "result create ok copies=2"),
	   "late: introduce is stuck at a replica that is lost");
	say(&k, 0, "delete");
	ghosts_arrive(&k);
	IS_U64(held(&k, "alice", false), 1,
	       "late: it arrives behind the deletion, at a replica that did not hear of that");
	client_heal(&k, 0, 0);
	pass(&k, 2000);
	IS_U64(held(&k, "alice", false), 0, "late: which is told when it returns");
	cluster_free(&k);
}

/* What needs nobody's answer does not wait for one. */
static void test_emptied(void)
{
	fresh(2);
	say(&k, 0, "create alice pw");
	(void)heard(&k, 0);
	hold_all_here(&k, 0, true);
	say(&k, 0, "logout");
	cut_all(&k, 0);
	pump(&k);
	OK(has(heard(&k, 0), "result logout ok"),
	   "log out: without a live replica it is over at once");
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.replicas[i].silent = true;
	(void)heard(&k, 1);
	say(&k, 1, "replicas");
	pass(&k, 3100);
	OK(has(heard(&k, 1), "replicas dead dead dead\nresult replicas ok"),
	   "replicas: all stopped: they are dead, it says");
	cluster_free(&k);
}

/* The first process died before it heard that its creation had succeeded; another one tries again
 * where it is half. */
static void test_repeated_elsewhere(void)
{
	fresh(4);
	client_cut(&k, 0, 0);
	pump(&k);
	for (uint32_t i = 1; i < REPLICAS; i++)
		hold_here(&k, 0, i, true);
	say(&k, 0, "create alice pw");
	let_here(&k, 0, 1, 1), let_here(&k, 0, 2, 0);
	pump(&k);
	let_here(&k, 0, 2, 1);
	pump(&k); /* both have granted and confirmed; it hears nothing of the latter */
	client_stop(&k, 0);
	IS_U64(held(&k, "alice", true), 6, "PAPER5-5: made, but its process never heard of it");
	pass(&k, 90000);
	(void)heard(&k, 1), (void)heard(&k, 2);
	say(&k, 1, "create alice pw");
	IS_STRING(heard(&k, 1), "result create name-taken\n",
	          "PAPER5-5: another process is refused as anyone");
	IS_U64(held(&k, "alice", true), 6, "PAPER5-5: and takes nothing back");
	say(&k, 2, "login alice pw");
	IS_STRING(heard(&k, 2), "result login ok copies=3\n", "PAPER5-5: the owner logs in");
	cluster_free(&k);
}

int main(void)
{
	test_empty_audience();
	test_j1();
	test_j2();
	test_j3();
	test_j4();
	test_unfinished();
	test_back_goes_on();
	test_old();
	test_clock();
	test_taken();
	test_confirm_refused();
	test_full();
	test_holder_gone();
	test_two();
	test_two_cases();
	test_none_counts();
	test_delete();
	test_send_while_deleted();
	test_delete_refused();
	test_uuid();
	test_late();
	test_emptied();
	test_repeated_elsewhere();
	return tap_done();
}
