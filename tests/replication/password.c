/* SPDX-License-Identifier: MIT
 *
 * Passwords that change, beside replicas that were away: which one opens the account, and where.
 */
#include "tests/replication/old.h"

#include "base/sha256.h"
#include "tests/lib/tap.h"

static struct cluster k;

/* The stories here have alice at client 0; client 1 is hers, too. */
static void fresh(void)
{
	cluster_start(&k, SHARE_USUAL, 2);
	say(&k, 0, "create alice one");
	(void)heard(&k, 0);
	(void)heard(&k, 1);
}

static void test_changed(void)
{
	fresh();
	say(&k, 0, "password two three");
	IS_STRING(heard(&k, 0), "result password wrong-password\n",
	          "change: not without the old one");
	say(&k, 0, "password one two");
	IS_STRING(heard(&k, 0), "result password ok copies=3\n", "change: with it");
	say(&k, 0, "list");
	OK(has(heard(&k, 0), "users alice+"), "change: the session stays");
	say(&k, 1, "takeover alice one");
	IS_STRING(heard(&k, 1), "result login wrong-password\n",
	          "change: the old one opens nothing");
	say(&k, 1, "takeover alice two");
	OK(has(heard(&k, 1), "result login ok copies=3"), "change: the new one does");
	OK(has(heard(&k, 0), "logged out"), "change: and takes over as ever");
	say(&k, 1, "password two three");
	say(&k, 1, "password three four");
	OK(has(heard(&k, 1), "ok copies=3\nresult password ok copies=3"),
	   "change: again and again");
	say(&k, 1, "delete");
	OK(has(heard(&k, 1), "result delete ok"), "change: the account can be deleted");
	say(&k, 0, "login alice four");
	OK(has(heard(&k, 0), "result login wrong-password"), "change: and is gone then");
	IS_U64(held(&k, "alice", false), 0, "change: everywhere");
	cluster_free(&k);
}

/* A replica was down, or has lost its disk, while the password changed. */
static void test_returns(bool is_empty)
{
	fresh();
	replica_kill(&k, 2);
	pump(&k);
	say(&k, 0, "password one two");
	OK(has(heard(&k, 0), "result password ok copies=2"), "returns: two have the change");
	if (is_empty)
		replica_wipe(&k, 2);
	replica_start(&k, 2);
	pass(&k, 4000);
	OK(has(heard(&k, 0), "live 2\n"), "returns: the session goes on at the third");
	replica_kill(&k, 0);
	replica_kill(&k, 1);
	pass(&k, 100);
	(void)heard(&k, 1);
	say(&k, 1, "takeover alice one");
	pass(&k, 2000);
	OK(has(heard(&k, 1), "result login wrong-password"), "returns: the third has been told");
	say(&k, 1, "takeover alice two");
	OK(has(heard(&k, 1), "result login ok copies=1"), "returns: of the new one");
	cluster_free(&k);
}

/* Nobody is logged in when it returns: the next log-in tells it. */
static void test_told_at_log_in(void)
{
	fresh();
	replica_kill(&k, 0);
	pump(&k);
	say(&k, 0, "password one two");
	say(&k, 0, "logout");
	replica_start(&k, 0);
	pass(&k, 4000);
	(void)heard(&k, 1);
	say(&k, 1, "login alice one");
	IS_STRING(heard(&k, 1), "result login wrong-password\n",
	          "told: one that missed the change makes the old one no better");
	say(&k, 1, "login alice two");
	OK(has(heard(&k, 1), "result login ok copies=3"), "told: it is told by a log-in");
	say(&k, 1, "delete");
	OK(has(heard(&k, 1), "result delete ok copies=3"), "told: which can delete, too");
	cluster_free(&k);
}

/* All that were asked die before they have answered. */
static void test_unanswered(void)
{
	fresh();
	hold_all_here(&k, 0, true);
	say(&k, 0, "password one two");
	pump(&k);
	for (uint32_t i = 0; i < REPLICAS; i++)
		client_cut(&k, 0, i);
	pass(&k, 100);
	for (uint32_t i = 0; i < REPLICAS; i++)
		client_heal(&k, 0, i);
	pass(&k, 6000);
	OK(has(heard(&k, 0), "result password ok"),
	   "unanswered: it begins again, with the new one where that was stored");
	say(&k, 0, "list");
	OK(has(heard(&k, 0), "users alice+"), "unanswered: in the same session");
	cluster_free(&k);
}

/* A replica that has stored the change comes back, and tells the session that its password is an
 * older one, just after another one has said yes. That is the session's own change. */
static void test_yes_between(void)
{
	fresh();
	hold_all_here(&k, 0, true);
	say(&k, 0, "password one two");
	pump(&k);
	client_cut(&k, 0, 2);
	pass(&k, 50);
	client_heal(&k, 0, 2);
	let_here(&k, 0, 2, 2); /* its greeting and a pong, and so the log-in is written there */
	pass(&k, 1000);
	let_here(&k, 0, 0, 1);
	pass(&k, 100);
	hold_here(&k, 0, 2, false);
	pass(&k, 500);
	hold_all_here(&k, 0, false);
	pass(&k, 3000);
	const char *h = heard(&k, 0);

	OK(has(h, "result password ok") && !has(h, "logged out"),
	   "between: our own change does not end the session");
	say(&k, 0, "list");
	OK(has(heard(&k, 0), "users alice+"), "between: which goes on");
	IS_U64(replication_live(k.clients[0].r), REPLICAS, "between: at all three");
	cluster_free(&k);
}

/* Only the third replica is left, which was away when the session changed its password. */
static void only_third(const char *is_told)
{
	replica_kill(&k, 0);
	replica_kill(&k, 1);
	pass(&k, 100);
	(void)heard(&k, 0);
	say(&k, 0, "send alice hi");
	OK(has(heard(&k, 0), "result send ok copies=1"), "joining: the session runs there");
	(void)heard(&k, 1);
	say(&k, 1, "takeover alice one");
	pass(&k, 2000);
	OK(has(heard(&k, 1), "result login wrong-password"), is_told);
	say(&k, 1, "takeover alice two");
	OK(has(heard(&k, 1), "result login ok copies=1"), "joining: the new one opens the account");
	cluster_free(&k);
}

/* A replica comes back, and its answer to the session's log-in is on its way when the session
 * changes its password. The log-in was written with the old one. It is told then. */
static void test_change_while_joining(void)
{
	fresh();
	client_cut(&k, 0, 2);
	pass(&k, 50);
	client_heal(&k, 0, 2);
	let_here(&k, 0, 2, 2); /* its greeting and a pong, and so the log-in is written there */
	pass(&k, 1000);
	say(&k, 0, "password one two");
	OK(has(heard(&k, 0), "result password ok copies=2"), "joining: two have the change");
	hold_here(&k, 0, 2, false);
	pass(&k, 3000);
	const char *h = heard(&k, 0);

	OK(has(h, "live 2") && !has(h, "logged out"), "joining: the third is live");
	only_third("joining: and is told of a change before its yes");
}

/* The other way: it is live with the old password before the first yes to the change. */
static void test_joined_while_changing(void)
{
	fresh();
	client_cut(&k, 0, 2);
	pass(&k, 50);
	hold_here(&k, 0, 0, true), hold_here(&k, 0, 1, true);
	say(&k, 0, "password one two");
	client_heal(&k, 0, 2);
	pass(&k, 1000);
	OK(has(heard(&k, 0), "live 2"), "joining: the third is live before");
	hold_here(&k, 0, 0, false), hold_here(&k, 0, 1, false);
	pass(&k, 1000);
	const char *h = heard(&k, 0);

	OK(has(h, "result password ok copies=2") && !has(h, "logged out") && !has(h, "dead 2"),
	   "joining: it was not asked for the change");
	only_third("joining: and is told of a change that was under way");
}

/* Two sessions, where no replica is shared, each change it: one of the two stays. */
static void test_two(void)
{
	fresh();
	client_cut(&k, 0, 1), client_cut(&k, 0, 2);
	client_cut(&k, 1, 0);
	pass(&k, 50);
	(void)heard(&k, 0);
	say(&k, 1, "takeover alice one");
	(void)heard(&k, 1);
	say(&k, 1, "password one right");
	OK(has(heard(&k, 1), "result password ok copies=2"), "two: there");
	say(&k, 0, "password one left");
	OK(has(heard(&k, 0), "result password ok copies=1"), "two: here");
	for (uint32_t i = 0; i < REPLICAS; i++)
		client_heal(&k, 0, i), client_heal(&k, 1, i);
	pass(&k, 5000);
	IS_U64(replication_live(k.clients[1].r), REPLICAS,
	       "two: the other session goes on at all three, or is over");
	say(&k, 0, "logout");
	say(&k, 1, "logout");
	(void)heard(&k, 0);
	say(&k, 0, "login alice left");
	pass(&k, 3000); /* a wrong one is answered late */
	bool left = has(heard(&k, 0), "result login ok copies=3");

	say(&k, 0, "logout");
	(void)heard(&k, 0);
	say(&k, 0, "login alice right");
	pass(&k, 3000);
	OK(has(heard(&k, 0), "result login ok copies=3") != left, "two: one of them, everywhere");
	cluster_free(&k);
}

/* A change reaches nobody, and somebody else makes another one meanwhile. */
static void test_lost(void)
{
	fresh();
	for (uint32_t i = 0; i < REPLICAS; i++)
		break_after(&k, 0, i, 0);
	say(&k, 0, "password one left");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		client_cut(&k, 0, i);
		k.clients[0].links[i].fragile = false;
	}
	say(&k, 1, "takeover alice one");
	say(&k, 1, "password one right");
	OK(has(heard(&k, 1), "result password ok copies=3"), "lost: there is another one");
	say(&k, 1, "logout");
	(void)heard(&k, 0);
	for (uint32_t i = 0; i < REPLICAS; i++)
		client_heal(&k, 0, i);
	pass(&k, 5000);
	OK(has(heard(&k, 0), "logged out"), "lost: the session with the one that is lost ends");
	IS_U64(replication_live(k.clients[0].r), REPLICAS, "lost: and no replica is dead for it");
	say(&k, 0, "login alice right");
	pass(&k, 100);
	OK(has(heard(&k, 0), "result login ok copies=3"), "lost: it logs in with the other one");
	cluster_free(&k);
}

/* One replica alone has stored a change, and the answer was lost. The session learns of it from the
 * next log-in there, and goes on with the new password; then the disk is lost, too, or the replica
 * is down for long. */
static void learn_and_lose(void)
{
	const char *why = "has learned the new password: logs in again";

	fresh();
	replica_kill(&k, 1), replica_kill(&k, 2);
	pump(&k);
	break_after(&k, 0, 0, 1);
	say(&k, 0, "password one two");
	k.clients[0].links[0].fragile = false;
	client_heal(&k, 0, 0);
	for (int ms = 0; ms < 15000 && strcmp(replication_why(k.clients[0].r, 0), why) != 0; ms++)
		pass(&k, 1);
	IS_STRING(replication_why(k.clients[0].r, 0), why, "lost twice: the change is there");
	replica_kill(&k, 0);
	(void)heard(&k, 0);
}

/* A change waits for a replica that is silent, and another one is asked for. */
static void test_one_at_a_time(void)
{
	fresh();
	hold_there(&k, 0, 1, true);
	say(&k, 0, "password one two");
	say(&k, 0, "password two three");
	IS_STRING(heard(&k, 0), "result password usage\n", "one at a time: another one is refused");
	hold_there(&k, 0, 1, false);
	pass(&k, 100);
	OK(has(heard(&k, 0), "result password ok copies=3"),
	   "one at a time: the first one is made");
	say(&k, 0, "password two three");
	OK(has(heard(&k, 0), "result password ok copies=3"), "one at a time: and then another");
	cluster_free(&k);
}

static void test_lost_with_its_disk(bool others_return)
{
	learn_and_lose();
	replica_wipe(&k, 0);
	replica_start(&k, 0);
	for (uint32_t i = 1; i < REPLICAS && others_return; i++)
		replica_start(&k, i);
	pass(&k, 40000);
	OK(!has(heard(&k, 0), "logged out"), "lost twice: the session goes on");
	if (!others_return)
		replica_start(&k, 1), replica_start(&k, 2);
	pass(&k, 40000);
	OK(has(k.clients[0].story, "result password ok copies="), "lost twice: sets it again");
	IS_U64(replication_live(k.clients[0].r), REPLICAS, "lost twice: everywhere");
	say(&k, 1, "takeover alice two");
	OK(has(heard(&k, 1), "result login ok copies=3"), "lost twice: and opens the account");
	cluster_free(&k);
}

/* The session goes on with the old password where the new one is not known. */
static void test_returned(void)
{
	learn_and_lose();
	replica_start(&k, 1), replica_start(&k, 2);
	pass(&k, 40000);
	IS_U64(replication_live(k.clients[0].r), 2, "returned: two that lack it are live");
	OK(has(heard(&k, 0), "result password ok copies="), "returned: it is set again there");
	replica_start(&k, 0);
	pass(&k, 40000);
	IS_U64(replication_live(k.clients[0].r), REPLICAS,
	       "returned: and so is the one that has it");
	say(&k, 1, "takeover alice two");
	OK(has(heard(&k, 1), "result login ok copies=3"), "returned: it opens the account");
	cluster_free(&k);
}

static unsigned dials;

static void count_dials(const struct action *a)
{
	dials += a->kind == ACTION_DIAL && a->index == 2;
}

/* A change reached nobody, and nobody could say so. The session made another one since, which
 * stands: so when a replica says that the password is a third one, the lost one is not tried. */
static void test_overtaken(void)
{
	cluster_init(&k, SHARE_USUAL);
	k.options.wait_ms = 500;
	(void)client_start(&k);
	(void)client_start(&k);
	quiet(&k);
	say(&k, 0, "create alice one");
	for (uint32_t i = 0; i < REPLICAS; i++)
		break_after(&k, 0, i, 0);
	say(&k, 0, "password one two");
	cut_all(&k, 0);
	pass(&k, 1000);
	OK(has(heard(&k, 0), "result password unknown"), "overtaken: nobody knows of a change");
	heal_all(&k, 0);
	pass(&k, 15000);
	say(&k, 0, "password one three");
	OK(has(heard(&k, 0), "result password ok copies=3"), "overtaken: it is made another one");
	cut_all(&k, 0);
	say(&k, 1, "takeover alice three");
	say(&k, 1, "password three four");
	say(&k, 1, "logout");
	pass(&k, 100);
	client_heal(&k, 0, 2);
	dials = 0;
	k.clients[0].hear = count_dials;
	(void)heard(&k, 0);
	for (int ms = 0; ms < 15000 && !has(k.clients[0].story + k.clients[0].read, "logged out");
	     ms++)
		pass(&k, 1);
	OK(has(heard(&k, 0), "logged out"), "overtaken: the session ends when it hears of a third");
	IS_U64(dials, 1, "overtaken: at once, and the lost one is not tried there");
	cluster_free(&k);
}

/* An account that was never finished has lapsed on some replicas (bits): an operator has removed
 * it there. */
static void lapse(unsigned at)
{
	struct fact fact = { .kind = FACT_ACCOUNT };
	struct store_limits limits = { 1 << 20, 1 << 30, STORE_GAPS_MAX };

	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(at >> i & 1))
			continue;
		OK(store_holder(k.replicas[i].store, view_of_string("alice"), NULL, &fact.account),
		   "lapsed: the account was here");
		fact.account.lapsed = true;
		(void)store_apply(k.replicas[i].store, &fact, &limits);
	}
}

/* Client 1 is logged in with a changed password, to an account that was never finished. */
static void unfinished(void)
{
	cluster_start(&k, SHARE_USUAL, 2);
	break_after(&k, 0, 2, 1);
	k.clients[0].links[2].fragile = false;
	hold_here(&k, 0, 2, true);
	say(&k, 0, "create alice one");
	client_stop(&k, 0);
	say(&k, 1, "login alice one");
	say(&k, 1, "password one two");
	OK(has(heard(&k, 1), "result password ok copies=3"), "lapsed: a password is changed");
}

/* An operator has set the password, on some replicas (bits). */
static void reset(unsigned at, const char *password)
{
	static const char setting[] = "$y$j9T$bybybybybybybybybybyb.";
	static const uint8_t seal[KEY_SIZE] = { 7 };
	struct store_limits limits = { 1 << 20, 1 << 30, STORE_GAPS_MAX };
	struct fact fact = { .kind = FACT_ACCOUNT };
	uint8_t p[KEY_SIZE], lock[KEY_SIZE];
	struct account *a = &fact.account;
	struct sha256 h;

	OK(store_holder(k.replicas[0].store, view_of_string("alice"), NULL, a),
	   "reset: the account is there");
	OK(auth_setting_is_valid(view_of_string(setting)), "reset: the setting is one");
	sha256_init(&h); /* as stretch does it */
	sha256_update_part(&h, password, strlen(password));
	sha256_update_part(&h, setting, strlen(setting));
	sha256_final(&h, p);
	auth_account_middle(a, a->middle);
	memcpy(lock, a->verifier.lock, KEY_SIZE);
	auth_verifier_make(p, seal, view_of_string(setting), &a->verifier);
	memcpy(a->verifier.lock, lock, KEY_SIZE);
	a->epoch = account_next_epoch(a->epoch, ACCOUNT_BY_OPERATOR);
	a->by = ACCOUNT_BY_OPERATOR;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (at >> i & 1)
			(void)store_apply(k.replicas[i].store, &fact, &limits);
}

static void test_reset(void)
{
	fresh();
	say(&k, 0, "logout");
	reset(6, "two"); /* of a copy: the first replica's account is about to change */
	reset(1, "two");
	say(&k, 1, "login alice one");
	OK(has(heard(&k, 1), "result login wrong-password"), "reset: the old one opens nothing");
	say(&k, 1, "login alice two");
	OK(has(heard(&k, 1), "result login ok copies=3 reset"), "reset: the owner is told");
	say(&k, 1, "password two three");
	OK(has(heard(&k, 1), "result password ok copies=3"), "reset: the owner sets another one");
	say(&k, 1, "logout");
	say(&k, 1, "login alice three");
	OK(has(heard(&k, 1), "result login ok copies=3\n"), "reset: which is the owner's own");
	say(&k, 1, "delete");
	OK(has(heard(&k, 1), "result delete ok copies=3"), "reset: and deletes it without a key");
	cluster_free(&k);
}

/* One replica was away when the operator did that: a log-in tells it. */
static void test_reset_is_told(void)
{
	fresh();
	say(&k, 0, "logout");
	reset(6, "two");
	say(&k, 1, "login alice one");
	OK(has(heard(&k, 1), "result login wrong-password"),
	   "reset: it makes the old one no better");
	say(&k, 1, "login alice two");
	OK(has(heard(&k, 1), "result login ok copies=3 reset"), "reset: it is told by a log-in");
	replica_kill(&k, 1);
	replica_kill(&k, 2);
	pass(&k, 100);
	(void)heard(&k, 0);
	say(&k, 0, "takeover alice two");
	pass(&k, 2000);
	OK(has(heard(&k, 0), "result login ok copies=1 reset"),
	   "reset: also that an operator has set it");
	cluster_free(&k);
}

/* The session has ended at the replicas, and the client has not heard of it yet. */
static void test_reset_deleted_too_late(void)
{
	fresh();
	say(&k, 0, "logout");
	reset(6, "two");
	reset(1, "two");
	say(&k, 1, "login alice two");
	(void)heard(&k, 1);
	for (uint32_t i = 0; i < REPLICAS; i++)
		hold_here(&k, 1, i, true);
	say(&k, 0, "takeover alice two");
	say(&k, 1, "delete");
	for (uint32_t i = 0; i < REPLICAS; i++)
		hold_here(&k, 1, i, false);
	pass(&k, 100);
	OK(has(heard(&k, 1), "result delete not-logged-in"), "too late: the session has ended");
	IS_U64(held(&k, "alice", false), 7, "too late: and nothing is deleted");
	cluster_free(&k);
}

/* Some replicas (bits) are of version 3, which knows of no removal. */
static void test_reset_beside_old(unsigned old, const char *result, uint32_t left)
{
	fresh();
	say(&k, 0, "logout");
	reset(6, "two");
	reset(1, "two");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(old >> i & 1))
			continue;
		replica_speaks(&k, i, 3);
	}
	pass(&k, 4000);
	say(&k, 1, "login alice two");
	(void)heard(&k, 1);
	say(&k, 1, "delete");
	OK(has(heard(&k, 1), result), "reset: who knows of removals is asked");
	IS_U64(held(&k, "alice", false), left, "reset: and who does not has it still");
	cluster_free(&k);
}

static void test_lapsed_elsewhere(void)
{
	unfinished();
	say(&k, 1, "logout");
	(void)heard(&k, 1);
	lapse(3);
	say(&k, 1, "login alice two");
	pass(&k, 3000);
	OK(has(heard(&k, 1), "result login ok copies=1"),
	   "lapsed: each that refuses the password is told of it once, and then left out");
	cluster_free(&k);
}

/* While somebody is logged in to it, whose connections break. */
static void test_lapsed_meanwhile(void)
{
	unfinished();
	lapse(3);
	for (uint32_t i = 0; i < REPLICAS; i++)
		cut_and_heal(&k, 1, i);
	pass(&k, 4000);
	OK(!has(heard(&k, 1), "logged out"), "lapsed: not everywhere, so the session goes on");
	IS_U64(replication_live(k.clients[1].r), 1, "lapsed: where it is known");
	lapse(4);
	cut_and_heal(&k, 1, 2);
	pass(&k, 12000);
	OK(has(heard(&k, 1), "logged out"), "lapsed: everywhere, and it ends");
	IS_U64(replication_live(k.clients[1].r), REPLICAS, "lapsed: no replica is dead for it");
	cluster_free(&k);
}

int main(void)
{
	test_changed();
	test_returns(false);
	test_returns(true);
	test_told_at_log_in();
	test_unanswered();
	test_yes_between();
	test_change_while_joining();
	test_joined_while_changing();
	test_two();
	test_lost();
	test_one_at_a_time();
	test_lost_with_its_disk(true);
	test_lost_with_its_disk(false);
	test_returned();
	test_overtaken();
	test_reset();
	test_reset_is_told();
	test_reset_deleted_too_late();
	test_reset_beside_old(4, "result delete ok copies=2", 4);
	test_reset_beside_old(7, "result delete usage", 7);
	test_lapsed_elsewhere();
	test_lapsed_meanwhile();
	return tap_done();
}
