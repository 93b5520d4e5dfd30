/* SPDX-License-Identifier: MIT
 *
 * Stories of more than fits: lists and broadcasts over many pages, mailboxes that are read in
 * pages, floods of pushes. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

static struct cluster k;
static char long_text[1001];

/* Alice is client 0, bob is client 1, with the id that is returned; he is logged out. */
static struct id fresh(uint32_t clients)
{
	struct id id;

	cluster_alice_bob(&k, 1 << 20, clients);
	id = k.clients[1].last.id;
	say(&k, 1, "logout");
	k.clients[1].counts_only = true;
	quiet(&k);
	memset(long_text, 'x', sizeof long_text - 1);
	return id;
}

/* How much the client keeps of what it has not shown. */
static size_t kept(uint32_t client)
{
	const struct replication *r = k.clients[client].r;
	size_t size = r->held_size;

	for (uint32_t i = 0; i < REPLICAS; i++)
		size += r->replicas[i].reading.size;
	return size;
}

/* ---- lists ---- */

enum { CROWD = 1300 };
static struct id crowd[CROWD];

/* So many accounts; `everywhere` or each on one replica less. */
static void make_crowd(bool everywhere)
{
	for (uint32_t i = 0; i < CROWD; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "u%04u", i);
		crowd[i] = put_account(&k, everywhere || i % 50 ? 7 : 7 & ~(1u << i / 50 % 3), name,
		                       UINT64_C(1700000000000) + i, true);
	}
}

static void test_list(void)
{
	(void)fresh(2);
	make_crowd(true);
	k.clients[0].counts_only = true;
	say(&k, 0, "list");
	IS_STRING(heard(&k, 0), "result list ok\n", "list: several equal pages");
	IS_U64(k.clients[0].users, CROWD + 2, "list: all of them");
	(void)replication_command(k.clients[0].r,
	                          &(struct command){ .kind = COMMAND_LIST, .enough = 501 },
	                          client_time(&k));
	pump(&k);
	IS_U64(k.clients[0].last.count, 1000, "list: no page more than is enough");
	cluster_free(&k);
	(void)fresh(2);
	make_crowd(false);
	k.clients[0].counts_only = true;
	say(&k, 0, "list");
	IS_U64(k.clients[0].users, CROWD + 2, "list: unequal pages are merged");
	IS_U64(k.clients[0].last.count, CROWD + 2, "list: and counted");
	cluster_free(&k);
}

static void test_list_impossible(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 2);
	say(&k, 0, "list no!name");
	IS_STRING(heard(&k, 0), "result list ok\n", "list: what begins no name begins none");
	IS_U64(k.clients[0].last.count, 0, "list: and nobody is listed");
	cluster_free(&k);
}

/* One replica missed a deletion and a creation. */
static void test_list_stale(void)
{
	(void)fresh(4);
	say(&k, 2, "create carol pw");
	replica_kill(&k, 2);
	pump(&k);
	say(&k, 2, "delete");
	say(&k, 3, "create dave pw");
	client_stop(&k, 2);
	replica_start(&k, 2);
	pass(&k, 2000);
	(void)heard(&k, 0);
	say(&k, 0, "list");
	IS_STRING(heard(&k, 0), "users alice+ bob- dave+\nresult list ok\n",
	          "list: gone on one is gone, known on one is known");
	OK(!store_holder(k.replicas[2].store, view_of_string("carol"), NULL,
	                 &(struct account){ 0 }),
	   "list: the one that showed the gone one alive is told");
	say(&k, 0, "list");
	IS_STRING(heard(&k, 0), "users alice+ bob- dave+\nresult list ok\n",
	          "list: the same again");
	cluster_free(&k);
}

/* All are lost after so many frames, in any phase of any page, and come back. */
static void test_list_lost(void)
{
	static const char *const extra[6] = { "u0100x", "u0300x", "u0600x",
		                              "u0700x", "u1100x", "u1200x" };

	/* the leader is lost after some frames, the others after some others */
	for (uint32_t frames = 0; frames < 32; frames++) {
		(void)fresh(2);
		make_crowd(true);
		for (unsigned i = 0; i < 6; i++) /* which make each page unequal */
			(void)put_account(&k, 1u << i % 3, extra[i], UINT64_C(1700000000000), true);
		k.clients[0].counts_only = true;
		for (uint32_t i = 0; i < REPLICAS; i++)
			break_after(&k, 0, i, 1 + (i == 0 ? frames % 4 : frames / 4));
		say(&k, 0, "list");
		pass(&k, 10);
		heal_all(&k, 0);
		pass(&k, 2500);
		/* whoever returns first is asked alone, so some of the six may be missing */
		if (!OK(k.clients[0].users >= CROWD + 2 && k.clients[0].users <= CROWD + 8 &&
		                k.clients[0].last.outcome == OUTCOME_OK,
		        "list: lost in any phase it goes on where it was: everybody once"))
			printf("# after %u frames: %u users\n", frames,
			       (unsigned)k.clients[0].users);
		cluster_free(&k);
	}
}

/* The leader dies after so many frames of a broadcast over three pages. */
static void test_all_death(void)
{
	for (uint32_t frames = 1; frames <= 7; frames++) {
		uint32_t wrong = 0;

		(void)fresh(2);
		make_crowd(false);
		break_after(&k, 0, 0, frames);
		say(&k, 0, "all hello");
		pass(&k, 100);
		for (uint32_t i = 0; i < CROWD; i++)
			wrong += waiting(&k, 1, &crowd[i]) != 1 || waiting(&k, 2, &crowd[i]) != 1;
		if (!OK(wrong == 0 && has(heard(&k, 0), "result all ok copies=2 stored=1301"),
		        "broadcast: the leader dies in any phase: everybody gets it once"))
			printf("# after %u frames: %u, %s\n", frames, wrong, k.clients[0].story);
		cluster_free(&k);
	}
	(void)fresh(2);
	make_crowd(true);
	for (uint32_t i = 0; i < REPLICAS; i++)
		break_after(&k, 0, i, 3); /* page, chunk, page; the second chunk is written to
		                           * nobody */
	say(&k, 0, "all hello");
	pass(&k, 10);
	heal_all(&k, 0);
	pass(&k, 2500);
	OK(has(heard(&k, 0), "result all ok copies=1 stored=1301"),
	   "broadcast: all are lost, and it goes on");
	for (uint32_t i = 0; i < CROWD; i++) {
		uint32_t copies = 0;

		for (uint32_t n = 0; n < REPLICAS; n++) {
			copies += waiting(&k, n, &crowd[i]);
			ALWAYS(waiting(&k, n, &crowd[i]) <= 1, "broadcast: nobody gets it twice");
		}
		ALWAYS(copies >= 1, "broadcast: everybody gets it");
	}
	cluster_free(&k);
}

/* ---- mailboxes ---- */

/* One stream to `to`, which some replicas missed in part. */
static void make_mail(const struct id *to, uint32_t count, bool holes)
{
	struct stream stream = { .recipient = *to, .sender = k.clients[0].last.id };

	memset(stream.session.bytes, 3, ULID_SIZE);
	for (uint32_t i = 1; i <= count; i++)
		put_message(&k, holes && i % 7 == 0 ? 7 & ~(1u << i / 7 % 3) : 7, &stream, i,
		            UINT64_C(1780000000000) + i, long_text);
}

static void test_merge(void)
{
	struct id id = fresh(2);
	uint32_t left = 0;
	size_t most = 0;

	make_mail(&id, 2000, true);
	hold_all_here(&k, 1, true);
	say(&k, 1, "login bob pw");
	for (uint32_t round = 0; round < 5000 && k.clients[1].shown < 2000; round++) {
		for (uint32_t i = 0; i < REPLICAS; i++)
			let_here(&k, 1, i, (round + i) % 3 ? 1 : 0);
		pass(&k, 1);
		most = kept(1) > most ? kept(1) : most;
	}
	IS_U64(k.clients[1].shown, 2000,
	       "merge: two megabytes that each replica has in part are shown");
	IS_U64(k.clients[1].backwards, 0, "merge: in order");
	OK(most < 3 * 2 * PAGE_SIZE_MAX, "merge: in constant memory");
	hold_all_here(&k, 1, false);
	pass(&k, 300);
	for (uint32_t i = 0; i < REPLICAS; i++)
		left += waiting(&k, i, &id);
	IS_U64(left, 0, "merge: and received everywhere");
	OK(replication_idle(k.clients[1].r), "merge: nothing is left to do");
	cluster_free(&k);
}

/* One replica dies in the middle of the merge, another one returns with more. */
static void test_merge_death(void)
{
	struct id id = fresh(2);

	make_mail(&id, 600, true);
	replica_kill(&k, 2);
	pass(&k, 1);
	hold_here(&k, 1, 0, true);
	say(&k, 1, "login bob pw");
	let_here(&k, 1, 0, 3);
	pass(&k, 10);
	replica_kill(&k, 0);
	replica_start(&k, 2);
	pass(&k, 3000);
	/* those that replica 1 missed were on 0 and 2: all are shown */
	IS_U64(k.clients[1].shown, 600,
	       "merge: what a dead one would have shown is read at the next");
	cluster_free(&k);
}

static void flood(uint32_t count)
{
	char line[900];

	memset(line, 'y', sizeof line);
	memcpy(line, "send bob ", 9);
	line[sizeof line - 1] = '\0';
	for (uint32_t i = 0; i < count; i++)
		say(&k, 0, line);
}

/* A megabyte is pushed while the merge waits for the page of a stopped replica. */
static void test_push_while_merging(void)
{
	struct id id = fresh(2);
	size_t most = 0;

	make_mail(&id, 20, false); /* one page: then all is pushed */
	hold_here(&k, 1, 2, true);
	say(&k, 1, "login bob pw");
	let_here(&k, 1, 2, 2); /* look up, log in; no page */
	pump(&k);
	for (uint32_t i = 0; i < 20; i++) {
		flood(60);
		pass(&k, 1);
		most = kept(1) > most ? kept(1) : most;
	}
	IS_U64(k.clients[1].shown, 0, "flood while merging: nothing is shown before its turn");
	OK(most < 3 * 3 * PAGE_SIZE_MAX, "flood while merging: nor kept without bound");
	hold_here(&k, 1, 2, false);
	pass(&k, 500);
	IS_U64(k.clients[1].shown, 1220, "flood while merging: all of it is shown");
	IS_U64(k.clients[1].backwards, 0, "flood while merging: in order");
	IS_U64(waiting_anywhere(&k, &id), 0, "flood while merging: and received");
	cluster_free(&k);
}

/* A mail dated before the place that was read arrives meanwhile: pages will not bring it. */
static void test_behind_the_place(void)
{
	struct id id = fresh(2);

	make_mail(&id, 300, false); /* dated before all that alice sends, so: */
	set_clocks(&k, -INT64_C(20000000000));
	pass(&k, 5000);
	say(&k, 0, "send alice so that the clocks are known");
	hold_all_here(&k, 1, true);
	say(&k, 1, "login bob pw");
	for (uint32_t i = 0; i < REPLICAS; i++)
		let_here(&k, 1, i, 3); /* look up, log in, the first page */
	pass(&k, 1);
	say(&k, 0, "send bob dated before them");
	hold_all_here(&k, 1, false);
	pass(&k, 500);
	IS_U64(k.clients[1].shown, 301,
	       "PAPER5-2: what arrives behind the place is pushed, and shown");
	cluster_free(&k);
}

/* A reader that does not read: the replica drops pushes and says from where to read on. */
static void test_read_on(void)
{
	struct id id = fresh(2);

	say(&k, 1, "login bob pw");
	pass(&k, 10);
	hold_all_here(&k, 1, true);
	flood(400);
	hold_all_here(&k, 1, false);
	pass(&k, 500);
	IS_U64(k.clients[1].shown, 400, "read on: what was dropped is read by pages");
	IS_U64(k.clients[1].backwards, 0, "WALK-7: in order, for nothing behind it is pushed");
	IS_U64(waiting_anywhere(&k, &id), 0, "read on: and received");
	flood(3);
	IS_U64(k.clients[1].shown, 403, "read on: then pushes go on");
	cluster_free(&k);
}

/* A page is asked for and waits for the disk; pushes do not, and more of them are dropped before it
 * comes. */
static void test_read_on_twice(void)
{
	struct id id = fresh(2);

	say(&k, 1, "login bob pw");
	pass(&k, 10);
	hold_all_here(&k, 1, true);
	flood(160);
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.replicas[i].stuck = true;
	flood(1); /* for whose sake replies wait */
	hold_all_here(&k, 1, false);
	pump(&k); /* the page is asked for */
	hold_all_here(&k, 1, true);
	flood(300);
	hold_all_here(&k, 1, false);
	pump(&k);
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.replicas[i].stuck = false;
	pass(&k, 1000);
	IS_U64(k.clients[1].shown, 461,
	       "read on: what was dropped while a page was under way is read too");
	IS_U64(k.clients[1].backwards, 0, "read on: in order");
	IS_U64(waiting_anywhere(&k, &id), 0, "read on: and received, all of it");
	cluster_free(&k);
}

/* Pages are under way, which wait for the disk, and so much is pushed beside them that what was
 * kept of it has to go: the pages, which know nothing of it, are then not the end. */
static void test_too_much_beside_pages(void)
{
	enum { COUNT = 1500 };
	struct id id = fresh(2);
	size_t most = 0;

	make_mail(&id, 5, false);
	hold_all_here(&k, 1, true);
	say(&k, 1, "login bob pw");
	for (uint32_t i = 0; i < REPLICAS; i++)
		let_here(&k, 1, i, 1); /* the look-up */
	pump(&k);
	hold_all_there(&k, 1, true);
	for (uint32_t i = 0; i < REPLICAS; i++)
		let_here(&k, 1, i, 1); /* the log-in; pages are asked for */
	pump(&k);
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.replicas[i].stuck = true;
	flood(1); /* for whose sake replies wait */
	hold_all_there(&k, 1, false);
	hold_all_here(&k, 1, false);
	pump(&k);
	for (uint32_t i = 0; i < REPLICAS; i++)
		ALWAYS(k.clients[1].r->replicas[i].reading.asked, "beside pages: one is asked for");
	for (uint32_t i = 0; i < COUNT / 50; i++) {
		flood(50);
		most = kept(1) > most ? kept(1) : most;
	}
	OK(most > 2 * 2 * PAGE_SIZE_MAX && most < 3 * 3 * PAGE_SIZE_MAX,
	   "beside pages: much is kept, not without bound");
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.replicas[i].stuck = false;
	pass(&k, 1000);
	IS_U64(k.clients[1].shown, 5 + 1 + COUNT, "beside pages: all of it is shown");
	IS_U64(k.clients[1].backwards, 0, "beside pages: in order");
	IS_U64(waiting_anywhere(&k, &id), 0, "beside pages: and received");
	cluster_free(&k);
}

/* Only one replica is slow: the others' pushes are shown, what it dropped is read and known. */
static void test_read_on_one(void)
{
	struct id id = fresh(2);

	say(&k, 1, "login bob pw");
	flood(1);
	hold_here(&k, 1, 1, true);
	flood(400);
	IS_U64(k.clients[1].shown, 401, "read on: a slow follower holds nothing up");
	hold_here(&k, 1, 1, false);
	pass(&k, 500);
	IS_U64(k.clients[1].shown, 401, "read on: and nothing is shown twice when it is read on");
	IS_U64(waiting_anywhere(&k, &id), 0, "read on: it is told what was received");
	OK(replication_idle(k.clients[1].r), "read on: nothing is left to do");
	cluster_free(&k);
}

/* Nothing of a stream is shown while one replica has not said what is gone of it; meanwhile two
 * megabytes come. */
static void test_unanswered(void)
{
	struct id id = fresh(2);
	size_t most = 0;

	say(&k, 1, "login bob pw");
	pass(&k, 10);
	hold_here(&k, 1, 2, true);
	for (uint32_t i = 0; i < 25; i++) {
		flood(100);
		pass(&k, 1);
		most = kept(1) > most ? kept(1) : most;
	}
	IS_U64(k.clients[1].shown, 0,
	       "unanswered: nothing is shown before all have said what is gone");
	OK(most < 2 * 1024 * 1024, "unanswered: nor kept without bound");
	hold_here(&k, 1, 2, false);
	pass(&k, 500);
	IS_U64(k.clients[1].shown, 2500, "unanswered: then all of it is shown");
	IS_U64(k.clients[1].backwards, 0, "unanswered: in order");
	IS_U64(waiting_anywhere(&k, &id), 0, "unanswered: and received");
	OK(replication_idle(k.clients[1].r), "unanswered: nothing is left to do");
	cluster_free(&k);
}

/* Links that let frames through by chance, replicas that break by chance: each message once and in
 * order. */
static void test_random(void)
{
	uint32_t bad = 0, lost = 0;

	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct id id = fresh(2);
		uint64_t draw_bits = seed * UINT64_C(0x9E3779B97F4A7C15);
		uint32_t sent = 0;

		make_mail(&id, 150, seed % 2 == 0);
		say(&k, 1, "login bob pw");
		for (uint32_t round = 0; round < 200; round++) {
			uint32_t i = (uint32_t)(draw_bits >> 33) % REPLICAS;
			uint32_t what = (uint32_t)(draw_bits >> 40) % 8;

			draw_bits = draw_bits * UINT64_C(6364136223846793005) +
			            1442695040888963407u;
			if (what < 4)
				let_here(&k, 1, i, what);
			else if (what == 4 && round % 5 == 0)
				client_cut(&k, 1, i);
			else if (what == 5)
				client_heal(&k, 1, i);
			if (sent < 120) {
				say(&k, 0, "send bob hi");
				sent++;
			}
			pass(&k, 1 + (draw_bits >> 50) % 20);
		}
		heal_all(&k, 1);
		pass(&k, 4500);
		if (k.clients[1].shown != 150 + sent || !replication_idle(k.clients[1].r)) {
			printf("# seed %u: shown %u of %u\n", (unsigned)seed,
			       (unsigned)k.clients[1].shown, 150 + sent);
			lost++;
		}
		bad += waiting_anywhere(&k, &id) != 0;
		cluster_free(&k);
	}
	IS_U64(lost, 0, "random links: each message is shown once");
	IS_U64(bad, 0, "random links: and received everywhere");
}

int main(void)
{
	test_list();
	test_list_impossible();
	test_list_stale();
	test_list_lost();
	test_all_death();
	test_merge();
	test_merge_death();
	test_push_while_merging();
	test_behind_the_place();
	test_read_on();
	test_read_on_twice();
	test_too_much_beside_pages();
	test_read_on_one();
	test_unanswered();
	test_random();
	return tap_done();
}
