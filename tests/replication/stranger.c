/* SPDX-License-Identifier: MIT
 *
 * Stories of somebody who listens on the port of a dead replica, and has no operator key. He has
 * read what that one has said, or holds accounts. See tests/replication/cluster.h for what the
 * lines say.
 */
#include "tests/replication/old.h"

#include "replication/private.h"

static struct cluster k;

/* ---- what he says ---- */

static struct buf greeting; /* of the third replica, while it lived */
static uint32_t repeated;   /* greetings */

static void decode(struct view bytes, struct frame *f)
{
	const char *why;

	ALWAYS(protocol_decode(bytes, f, &why), "a frame of a replica");
}

static void encode(const struct frame *f, struct buf *to)
{
	ALWAYS(protocol_encode(to, f), "there is room");
}

static void overhear(struct view bytes, struct buf *to)
{
	if (bytes.data[4] == FRAME_WELCOME && greeting.size == 0)
		buf_append(&greeting, bytes);
	buf_append(to, bytes);
}

/* Greets as the third replica did. */
static void repeat_greeting(struct frame *f)
{
	struct frame old;

	decode(buf_view(&greeting), &old);
	memcpy(f->welcome.uuid, old.welcome.uuid, UUID_SIZE);
	memcpy(f->welcome.public, old.welcome.public, KEY_SIZE);
	repeated++;
}

/* And says that every password was changed. */
static void repeat_and_change(struct view bytes, struct buf *to)
{
	struct frame f;

	decode(bytes, &f);
	if (f.type == FRAME_WELCOME)
		repeat_greeting(&f);
	if (f.type == (FRAME_LOGIN | FRAME_REPLY))
		f.status = STATUS_CHANGED;
	encode(&f, to);
}

static void repeat_only(struct view bytes, struct buf *to)
{
	struct frame f;

	decode(bytes, &f);
	if (f.type == FRAME_WELCOME)
		repeat_greeting(&f);
	encode(&f, to);
}

/* ---- one that repeats a greeting ---- */

/* He is on the port of replica `i` now: without data, or with what it held. */
static void take_port(uint32_t i, bool is_wiped, void (*lie)(struct view frame, struct buf *to))
{
	replica_kill(&k, i);
	if (is_wiped)
		replica_wipe(&k, i);
	k.replicas[i].keyless = true;
	k.replicas[i].lie = lie;
	replica_start(&k, i);
}

static void forget_liars(void)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		k.replicas[i].keyless = k.replicas[i].stranger = false;
		k.replicas[i].lie = NULL;
	}
	buf_release(&greeting);
	cluster_free(&k);
}

/* A client has known the third replica. */
static void know_third(uint32_t clients)
{
	buf_init(&greeting, FRAME_SIZE_MAX);
	cluster_init(&k, SHARE_USUAL);
	k.replicas[2].lie = overhear;
	for (uint32_t c = 0; c < clients; c++)
		(void)client_start(&k);
	quiet(&k);
	ALWAYS(greeting.size > 0, "the greeting was heard");
	repeated = 0;
}

static void test_ends_no_session(uint16_t version)
{
	know_third(1);
	k.replicas[2].version = version;
	say(&k, 0, "create alice pw");
	(void)heard(&k, 0);
	take_port(2, true, repeat_and_change);
	pass(&k, 60000);
	OK(repeated > 0, "repeats: the greeting of a dead replica was repeated");
	OK(!has(heard(&k, 0), "logged out"), "repeats: that ends no session");
	say(&k, 0, "send alice hi");
	OK(has(heard(&k, 0), "result send ok copies=2"), "repeats: which goes on at the others");
	IS_U64(member_known(k.clients[0].r), 3, "repeats: and makes nobody known");
	if (version != 3)
		OK(repeated < 8, "repeats: he is a liar, and is dialled seldom");
	forget_liars();
}

/* The others start again, so nobody is known: he does not become so, and they do. */
static void test_keeps_nobody_out(void)
{
	know_third(1);
	take_port(2, true, repeat_only);
	for (uint32_t i = 0; i < 2; i++) {
		replica_kill(&k, i);
		replica_start(&k, i);
	}
	pass(&k, 4000);
	IS_U64(member_known(k.clients[0].r), 3, "keeps out: those who vouch for each other");
	say(&k, 0, "create alice pw");
	OK(has(heard(&k, 0), "result create ok copies=2"), "keeps out: an account is made there");
	IS_U64(held(&k, "alice", false), 3, "keeps out: and is not given to him");
	forget_liars();
}

/* An honest one is the same process after its connection broke, and is known at once, with nobody
 * there who would vouch for it. */
static void test_returns(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	replica_kill(&k, 0);
	replica_kill(&k, 1);
	cut_and_heal(&k, 0, 2);
	pass(&k, 3000);
	IS_U64(member_known(k.clients[0].r), 4, "returns: the same process is known");
	replica_kill(&k, 2);
	replica_start(&k, 2);
	pass(&k, 5000);
	IS_U64(k.clients[0].r->live, 4, "returns: another one is live");
	IS_U64(member_known(k.clients[0].r), 0, "returns: and is not");
	cluster_free(&k);
}

/* Of version 3 nobody is asked for a secret key: the others vouch for who comes back. */
static void test_version_3(void)
{
	cluster_init(&k, SHARE_USUAL);
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_speaks(&k, i, 3);
	(void)client_start(&k);
	quiet(&k);
	IS_U64(member_known(k.clients[0].r), 7, "version 3: all are known");
	cut_and_heal(&k, 0, 2);
	pass(&k, 2000);
	IS_U64(member_known(k.clients[0].r), 7, "version 3: and again, by the others");
	cut_all(&k, 0);
	heal_all(&k, 0);
	pass(&k, 3000);
	IS_U64(member_known(k.clients[0].r), 7, "version 3: also if all connections break");
	client_cut(&k, 0, 0), client_cut(&k, 0, 1);
	cut_and_heal(&k, 0, 2);
	pass(&k, 3000);
	IS_U64(k.clients[0].r->live, 4, "version 3: one is live alone");
	IS_U64(member_known(k.clients[0].r), 0, "version 3: and cannot show who it is");
	forget_liars();
}

static void wait_open(uint32_t i)
{
	for (uint32_t ms = 0; ms < 3000 && !k.clients[0].links[i].open; ms++)
		pass(&k, 1);
}

/* It has greeted and answered the ping, and so is live, and has not answered who belongs. */
static void let_live(uint32_t i)
{
	for (uint32_t frames = 0; frames < 2; frames++) {
		let_here(&k, 0, i, 1);
		pump(&k);
	}
}

/* A creation begins while it is not known who belongs. Another one becomes live, and is to answer,
 * too: it waits for all, and is not refused. */
static void test_creation_waits(void)
{
	know_third(1);
	take_port(2, true, repeat_only);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		hold_here(&k, 0, i, true);
		cut_and_heal(&k, 0, i);
		hold_here(&k, 0, i, true);
	}
	for (uint32_t i = 0; i < 2; i++) {
		replica_kill(&k, i);
		replica_start(&k, i);
	}
	wait_open(0), wait_open(1), wait_open(2);
	let_here(&k, 0, 2, 1); /* the greeting */
	pump(&k);
	let_live(0), let_live(1);
	IS_U64(k.clients[0].r->live, 3, "waits: two are live");
	(void)heard(&k, 0);
	say(&k, 0, "create alice pw");
	let_here(&k, 0, 2, 1);
	pump(&k);
	IS_U64(k.clients[0].r->live, 7, "waits: and then one who repeats");
	hold_here(&k, 0, 0, false), hold_here(&k, 0, 1, false);
	pass(&k, 100);
	OK(!has(heard(&k, 0), "result"), "waits: it is not known who belongs");
	hold_here(&k, 0, 2, false);
	pass(&k, 100);
	OK(has(heard(&k, 0), "result create ok copies=2"), "waits: and then it is");
	forget_liars();
}

/* One that is live, is asked, and says nothing keeps the others from being known until he is dead;
 * a creation waits for that. One that is not live yet keeps nobody. */
static void test_silent(bool is_live)
{
	know_third(1);
	take_port(2, true, repeat_only);
	hold_here(&k, 0, 2, true);
	wait_open(2);
	let_here(&k, 0, 2, 1);
	if (is_live)
		let_live(2);
	for (uint32_t i = 0; i < 2; i++) {
		replica_kill(&k, i);
		replica_start(&k, i);
	}
	pass(&k, 2000);
	OK(k.clients[0].r->replicas[2].member.is_challenged, "silent: he has not answered");
	IS_U64(k.clients[0].r->live, is_live ? 7 : 3, "silent: and the others are live");
	IS_U64(member_known(k.clients[0].r), is_live ? 0 : 3, "silent: who counts waits for him");
	say(&k, 0, "create alice pw");
	pass(&k, 10000);
	OK(has(heard(&k, 0), "result create ok copies=2"), "silent: a creation does not hang");
	IS_U64(member_known(k.clients[0].r), 3, "silent: the others are known without him");
	forget_liars();
}

int main(void)
{
	test_ends_no_session(0);
	test_ends_no_session(3);
	test_keeps_nobody_out();
	test_returns();
	test_version_3();
	test_creation_waits();
	test_silent(false);
	test_silent(true);
	return tap_done();
}
