/* SPDX-License-Identifier: MIT
 *
 * Stories of sessions: log-ins that race, are taken over, or lose replicas and gain them on the
 * way. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

static struct cluster k;

static void fresh(uint32_t clients)
{
	cluster_start(&k, SHARE_USUAL, clients);
}

static void test_race(void)
{
	uint32_t in = 0, refused = 0;

	fresh(3);
	say(&k, 2, "create alice pw");
	say(&k, 2, "logout");
	pass(&k, 10);
	for (uint32_t i = 0; i < 2; i++) {
		struct command command = { .kind = COMMAND_LOGIN };

		command.name = view_of_string("alice");
		command.password = view_of_string("pw");
		(void)replication_command(k.clients[i].r, &command, client_time(&k));
	}
	hold_there(&k, 0, 0, true); /* one is first here, the other there */
	hold_there(&k, 1, 2, true);
	pump(&k);
	hold_there(&k, 0, 0, false);
	hold_there(&k, 1, 2, false);
	pass(&k, 500);
	for (uint32_t i = 0; i < 2; i++) {
		const char *h = heard(&k, i);
		char name[DISPLAY_SIZE];

		in += replication_logged_in(k.clients[i].r, name);
		refused += has(h, "already-logged-in") || has(h, "logged out");
	}
	IS_U64(in, 1, "race of two log-ins: one stays");
	IS_U64(refused, 1, "race of two log-ins: the other is told");
	cluster_free(&k);
}

static void test_look(void)
{
	fresh(2);
	say(&k, 0, "look alice");
	OK(has(heard(&k, 0), "no-such-user"), "a name that nobody has means nobody");
	say(&k, 1, "create alice pw");
	say(&k, 0, "look ALICE");
	OK(has(heard(&k, 0), "ok"), "one that somebody has means somebody, however it is written");
	client_cut(&k, 1, 2);
	pump(&k);
	say(&k, 1, "delete");
	say(&k, 0, "look alice");
	OK(has(heard(&k, 0), "no-such-user"),
	   "who is gone for one replica is nobody, whatever the others say");
	say(&k, 0, "look .a");
	OK(has(heard(&k, 0), "bad-name"), "what is no name is refused without a question");
	cluster_free(&k);
}

/* A password at its limits, and beyond them. */
static void test_password_sizes(void)
{
	char line[PASSWORD_SIZE_MAX + 64];
	int size;

	fresh(1);
	say(&k, 0, "create ann p");
	IS_STRING(heard(&k, 0), "result create ok copies=3\n", "password: may have one byte");
	say(&k, 0, "logout");
	say(&k, 0, "login ann p");
	OK(has(heard(&k, 0), "result login ok copies=3"), "password: which opens the account");
	say(&k, 0, "logout");
	(void)heard(&k, 0);
	size = snprintf(line, sizeof line, "create bob ");
	memset(line + size, 'p', PASSWORD_SIZE_MAX + 1);
	line[size + PASSWORD_SIZE_MAX + 1] = '\0';
	say(&k, 0, line);
	IS_STRING(heard(&k, 0), "result create usage\n", "password: too long a one is refused");
	line[size + PASSWORD_SIZE_MAX] = '\0';
	say(&k, 0, line);
	IS_STRING(heard(&k, 0), "result create ok copies=3\n", "password: the longest is not");
	cluster_free(&k);
}

static unsigned stretches;

static void count_stretches(const struct action *a)
{
	stretches += a->kind == ACTION_STRETCH;
}

/* A log-in whose caller knows P already, under a setting with `flip` in its last byte. Gives how
 * often it is asked for another one. */
static unsigned login_with_p(const uint8_t p[KEY_SIZE], const char *setting, char flip)
{
	struct command command = { .kind = COMMAND_LOGIN, .name = view_of_string("alice") };
	char text[AUTH_SETTING_TEXT_SIZE];

	(void)snprintf(text, sizeof text, "%s", setting);
	text[strlen(text) - 1] ^= flip;
	command.password = view_of_string("pw");
	command.stretched = p;
	command.setting = view_of_string(text);
	stretches = 0;
	k.clients[0].hear = count_stretches;
	(void)replication_command(k.clients[0].r, &command, client_time(&k));
	pump(&k);
	OK(has(heard(&k, 0), "result login ok copies=3"), "known: logged in");
	say(&k, 0, "logout");
	(void)heard(&k, 0);
	return stretches;
}

/* The same for a creation. Who comes later knows the password alone. */
static void create_with_p(const uint8_t p[KEY_SIZE], const char *setting)
{
	struct command command = { .kind = COMMAND_CREATE, .name = view_of_string("bob") };

	command.password = view_of_string("pw");
	command.stretched = p;
	command.setting = view_of_string(setting);
	stretches = 0;
	(void)replication_command(k.clients[0].r, &command, client_time(&k));
	pump(&k);
	OK(has(heard(&k, 0), "result create ok copies=3"), "known: created");
	IS_U64(stretches, 0, "known: a creation does not ask for P, either");
	say(&k, 0, "logout");
	say(&k, 0, "login bob pw");
	OK(has(heard(&k, 0), "result login ok copies=3"),
	   "known: the new account has the setting that P was made under");
}

/* P of a password is slow to make, so it is asked for once at most. */
static void test_known_p(void)
{
	struct login_session made;

	fresh(1);
	say(&k, 0, "create alice pw");
	made = k.clients[0].r->session;
	say(&k, 0, "logout");
	(void)heard(&k, 0);
	IS_U64(login_with_p(made.stretched, made.setting, 0), 0, "known: P is not asked for");
	IS_U64(login_with_p(made.stretched, made.setting, 1), 1,
	       "known: but that of another setting is");
	create_with_p(made.stretched, made.setting);
	cluster_free(&k);
}

/* A larger session comes while the log-in waits for a slow replica which that one cannot reach. */
static void test_over_while_logging_in(void)
{
	char name[DISPLAY_SIZE];

	fresh(3);
	say(&k, 2, "create alice pw");
	say(&k, 2, "logout");
	(void)heard(&k, 0), (void)heard(&k, 1);
	client_cut(&k, 1, 2);
	pump(&k);
	hold_here(&k, 0, 2, true);
	say(&k, 0, "login alice pw");
	let_here(&k, 0, 2, 1); /* the look-up */
	pump(&k);
	pass(&k, 5);
	say(&k, 1, "takeover alice pw");
	pump(&k);
	hold_here(&k, 0, 2, false);
	pass(&k, 100);
	OK(!replication_logged_in(k.clients[0].r, name) ||
	           !replication_logged_in(k.clients[1].r, name),
	   "taken over while logging in: two sessions of one account do not both go on");
	cluster_free(&k);
}

static void test_over_while_joining(void)
{
	char name[DISPLAY_SIZE];

	fresh(2);
	say(&k, 0, "create alice pw");
	replica_kill(&k, 2);
	pump(&k);
	replica_start(&k, 2);
	hold_here(&k, 0, 2, true);
	pass(&k, 200);         /* dialled, greeted */
	let_here(&k, 0, 2, 2); /* welcome and pong: its own log-in is written */
	pump(&k);
	say(&k, 1, "takeover alice pw");
	pump(&k);
	pass(&k, 100);
	OK(has(heard(&k, 0), "logged out\n"),
	   "taken over while a redial logs in: the session is over");
	say(&k, 0, "takeover alice pw"); /* and by hand it is taken back, before the old answer
	                                  * comes */
	hold_here(&k, 0, 2, false);
	pass(&k, 2000);
	OK(replication_logged_in(k.clients[0].r, name),
	   "taken over while a redial logs in: the late answer ends no later one");
	OK(!replication_logged_in(k.clients[1].r, name),
	   "taken over while a redial logs in: the other one is out");
	IS_U64(replication_live(k.clients[0].r), 3,
	       "taken over while a redial logs in: all three live in the end");
	cluster_free(&k);
}

/* As above, and the answer that comes late is that a larger session was there: it speaks of the old
 * session. */
static void test_late_join_answer(void)
{
	char name[DISPLAY_SIZE];

	fresh(2);
	say(&k, 0, "create alice pw");
	replica_kill(&k, 2);
	pump(&k);
	client_cut(&k, 0, 2);
	replica_start(&k, 2);
	pass(&k, 1500); /* the other client is live there */
	client_heal(&k, 0, 2);
	hold_here(&k, 0, 2, true);
	hold_there(&k, 0, 2, true);
	pass(&k, 1200);                  /* dialled */
	k.clients[0].links[2].there = 2; /* hello, ping */
	let_here(&k, 0, 2, 2);
	pump(&k); /* its log-in is written and on its way */
	say(&k, 1, "takeover alice pw");
	pass(&k, 10);
	say(&k, 0, "takeover alice pw");
	(void)heard(&k, 0);
	hold_there(&k, 0, 2, false); /* the old log in, log out, ... arrive: refused, a larger one
	                              * is there */
	hold_here(&k, 0, 2, false);
	pass(&k, 2000);
	OK(replication_logged_in(k.clients[0].r, name),
	   "a late answer to an earlier session's log in ends no later session");
	IS_U64(replication_live(k.clients[0].r), 3, "a late answer: and the replica lives");
	cluster_free(&k);
}

static void test_logout_while_joining(void)
{
	fresh(2);
	say(&k, 0, "create alice pw");
	replica_kill(&k, 2);
	pump(&k);
	replica_start(&k, 2);
	hold_here(&k, 0, 2, true);
	pass(&k, 300);
	let_here(&k, 0, 2, 2);
	pump(&k);
	say(&k, 0, "logout");
	hold_here(&k, 0, 2, false);
	pass(&k, 1500);
	IS_STRING(heard(&k, 0), "result create ok copies=3\ndead 2\nlive 2\nresult logout ok\n",
	          "N5: log out while a redial logs in");
	(void)heard(&k, 1);
	say(&k, 1, "login alice pw");
	IS_STRING(heard(&k, 1), "result login ok copies=3\n", "N5: leaves no ghost");
	cluster_free(&k);
}

static void test_handover_full(void)
{
	fresh(1);
	client_cut(&k, 0, 0);
	pump(&k);
	say(&k, 0, "create alice pw");
	replica_full(&k, 0, true);
	(void)heard(&k, 0);
	client_heal(&k, 0, 0);
	pass(&k, 3000);
	IS_STRING(heard(&k, 0), "",
	          "WALK-1: a returned replica that cannot store the account stays dead");
	OK(has(replication_why(k.clients[0].r, 0), "disk full"),
	   "WALK-1: and that is the reason shown");
	say(&k, 0, "send alice hi");
	pass(&k, 300);
	IS_STRING(heard(&k, 0), "result send ok copies=2 stored=1 online=1\nmessage alice hi 1\n",
	          "WALK-1: nothing waits for it");
	cluster_free(&k);
}

static void test_remembered(void)
{
	fresh(2);
	set_clocks(&k, 100000);
	pass(&k, 5000);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout"); /* its session is far ahead of what follows */
	set_clocks(&k, 0);
	pass(&k, 5000);
	(void)heard(&k, 1);
	say(&k, 1, "login alice pw");
	IS_STRING(heard(&k, 1), "result login ok copies=3\n",
	          "session: drawn above those that a live replica remembers");
	cluster_free(&k);
}

/* The one that remembers a larger session becomes live between the look-up and the log-in. */
static void test_remembered_late(void)
{
	fresh(2);
	set_clocks(&k, 50000);
	pass(&k, 5000);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout");
	set_clocks(&k, 0);
	pass(&k, 5000);
	replica_kill(&k, 0);
	replica_kill(&k, 1); /* what they remember is gone */
	pump(&k);
	replica_start(&k, 0);
	replica_start(&k, 1);
	client_cut(&k, 1, 2);
	pass(&k, 2000);
	hold_here(&k, 1, 0, true);
	say(&k, 1, "login alice pw");
	client_heal(&k, 1, 2);
	pass(&k, 1500);
	(void)heard(&k, 1);
	hold_here(&k, 1, 0, false);
	pass(&k, 100);
	OK(has(heard(&k, 1), "result login ok copies=3"),
	   "session: a larger one that has ended, named by the log-in only, is no refusal");
	cluster_free(&k);
}

/* A log-in is under way at the only live replica; another one is about to become live; the first
 * dies. */
static void test_login_waits(void)
{
	fresh(1);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout");
	replica_kill(&k, 1);
	replica_kill(&k, 2);
	pump(&k);
	hold_here(&k, 0, 0, true);
	say(&k, 0, "login alice pw");
	let_here(&k, 0, 0, 1); /* the look-up's answer; that of the log-in is held back */
	pump(&k);
	replica_start(&k, 1);
	pass(&k, 1500);
	(void)heard(&k, 0);
	client_cut(&k, 0, 0);
	pass(&k, 2000);
	IS_STRING(heard(&k, 0), "dead 0\nlive 1\nleader 1\nresult login ok copies=1\n",
	          "log in: one that waited for its end becomes live when nobody else is left");
	cluster_free(&k);
}

static void test_parallel(void)
{
	fresh(2);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout");
	(void)heard(&k, 0), (void)heard(&k, 1);
	k.clients[0].links[0].there = 1; /* the look-up arrives at the leader, the log-in does
	                                  * not */
	say(&k, 0, "login alice pw");
	IS_STRING(heard(&k, 0), "", "WALK-12: a log-in ends when all have answered");
	say(&k, 1, "login alice pw");
	IS_STRING(heard(&k, 1), "result login already-logged-in\n",
	          "WALK-12: and goes to all at once, the leader or not");
	hold_there(&k, 0, 0, false);
	pump(&k);
	IS_STRING(heard(&k, 0), "result login ok copies=3\n", "WALK-12: it is in");
	cluster_free(&k);
}

/* Confirmed at one replica alone, which is live too late for the look-up. */
static void refuse_log_ins(struct view bytes, struct buf *to)
{
	struct frame f;
	const char *why;

	if (bytes.data[4] != (FRAME_LOGIN | FRAME_REPLY) || !protocol_decode(bytes, &f, &why)) {
		ALWAYS(buf_put(to, bytes.data, bytes.size), "there is room");
		return;
	}
	f.status = STATUS_WRONG_PROOF;
	ALWAYS(protocol_encode(to, &f), "there is room");
}

/* One that comes back refuses the session that goes on: it takes no part, and that is said. */
static void test_refused_on_return(void)
{
	fresh(1);
	say(&k, 0, "create alice pw");
	k.replicas[2].lie = refuse_log_ins;
	cut_and_heal(&k, 0, 2);
	pass(&k, 1000);
	OK(has(replication_why(k.clients[0].r, 2), "refuses the log-in of this session"),
	   "refused on return: it is said why");
	say(&k, 0, "send alice hi");
	OK(has(heard(&k, 0), "result send ok copies=2"), "refused on return: two go on");
	k.replicas[2].lie = NULL;
	pass(&k, 10000);
	IS_U64(replication_live(k.clients[0].r), REPLICAS, "refused on return: until it does not");
	cluster_free(&k);
}

static void test_not_unfinished(void)
{
	fresh(1);
	pass(&k, 100);
	k.replicas[0].clock_offset_ms = k.replicas[1].clock_offset_ms = 70000;
	say(&k, 0, "create alice pw");
	IS_STRING(heard(&k, 0), "result create ok copies=1\n", "finished: confirmed by one alone");
	say(&k, 0, "logout");
	client_cut(&k, 0, 2);
	pump(&k);
	hold_here(&k, 0, 0, true);
	say(&k, 0, "login alice pw");
	client_heal(&k, 0, 2);
	pass(&k, 1500);
	(void)heard(&k, 0);
	hold_here(&k, 0, 0, false);
	pump(&k);
	IS_STRING(heard(&k, 0), "result login ok copies=3\n",
	          "finished: nobody is told otherwise who did not ask all three");
	cluster_free(&k);
}

static void test_gone_at_login(void)
{
	char line[64], text[ID_TEXT_SIZE + 1];

	fresh(2);
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.clients[0].links[i].there = 2; /* introduce, confirm */
	say(&k, 0, "create alice pw");
	say(&k, 1, "login alice pw");
	say(&k, 1, "delete");
	hold_all_there(&k, 0, false);
	pass(&k, 10);
	IS_STRING(heard(&k, 0), "result create ok copies=3\n",
	          "gone: deleted by its owner before the creation's own log-in");
	OK(!replication_logged_in(k.clients[0].r, line), "gone: made, and not logged in");
	say(&k, 1, "create bob pw");
	id_to_text(&k.clients[1].last.id, text);
	(void)snprintf(line, sizeof line, "takeover bob~%s pw",
	               text + ID_TEXT_SIZE - ID_SUFFIX_SIZE);
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.clients[0].links[i].there = 1; /* the look-up */
	say(&k, 0, line);
	say(&k, 1, "delete");
	say(&k, 1, "create bob pw"); /* another one, with the same password */
	say(&k, 1, "logout");
	hold_all_there(&k, 0, false);
	pass(&k, 10);
	IS_STRING(heard(&k, 0), "result login wrong-password\n",
	          "gone: who was named by his digits is nobody else");
	cluster_free(&k);
}

/* What was handed out is shown when somebody else is logged in. His own mail is not taken for
 * it. */
static void test_shown_late(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 3);
	say(&k, 2, "create carol pw");
	say(&k, 2, "logout");
	k.clients[1].stalls = true;
	say(&k, 0, "send bob hi");
	say(&k, 2, "takeover bob pw");
	OK(has(heard(&k, 1), "logged out"), "late: the session is over before it is shown");
	say(&k, 1, "login carol pw");
	(void)heard(&k, 1);
	replication_shown(k.clients[1].r, k.clients[1].serial, client_time(&k));
	pass(&k, 200);
	k.clients[1].stalls = false;
	say(&k, 0, "send carol one");
	pass(&k, GRACE_MS);
	IS_STRING(heard(&k, 1), "message alice one 1\n", "late: the next one gets his own mail");
	cluster_free(&k);
}

int main(void)
{
	test_login_waits();
	test_look();
	test_password_sizes();
	test_known_p();
	test_race();
	test_over_while_logging_in();
	test_over_while_joining();
	test_late_join_answer();
	test_logout_while_joining();
	test_handover_full();
	test_remembered();
	test_remembered_late();
	test_parallel();
	test_refused_on_return();
	test_not_unfinished();
	test_gone_at_login();
	test_shown_late();
	return tap_done();
}
