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
	pass(&k, 1000);
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

/* Who stands on the port of `at`, and whom each dial finds there, in turn: the index of one whom
 * it is passed on to, or `at`: he answers with an identity of his own. */
static struct {
	uint32_t at, turn, count;
	uint32_t faces[4];
	bool greets_only; /* then he is silent */
	uint32_t died;    /* how often honest ones did */
	uint64_t dialled_ms;
} stranger;

static void stranger_hears(const struct action *a)
{
	if (a->kind == ACTION_REPLICA && !a->live && a->index != stranger.at)
		stranger.died++;
	if (a->kind != ACTION_DIAL || a->index != stranger.at)
		return;
	uint32_t face = stranger.faces[stranger.turn++ % stranger.count];

	stranger.dialled_ms = k.now_ms;
	if (stranger.greets_only)
		let_here(&k, 0, stranger.at, 1);
	k.replicas[stranger.at].behind = face == stranger.at ? NULL : &k.replicas[face];
}

/* The client, if there is one, begins to be watched. */
static void stranger_is(uint32_t at, uint32_t count, const uint32_t *faces)
{
	memset(&stranger, 0, sizeof stranger);
	stranger.at = at;
	stranger.count = count;
	memcpy(stranger.faces, faces, count * sizeof *faces);
	if (k.count > 0)
		k.clients[0].hear = stranger_hears;
}

/* He comes. */
static void stranger_begin(uint32_t at, uint32_t count, const uint32_t *faces)
{
	stranger_is(at, count, faces);
	if (k.replicas[at].up)
		replica_kill(&k, at);
	replica_wipe(&k, at);
	k.replicas[at].keyless = true;
	replica_start(&k, at);
}

static void begin_watched(void)
{
	uint32_t c = client_start(&k);

	k.clients[c].hear = stranger_hears;
}

/* He goes, and with him what he passed on. */
static void stranger_end(void)
{
	relay_end(stranger.at);
	k.clients[0].hear = NULL;
	if (k.replicas[stranger.at].up)
		replica_kill(&k, stranger.at);
	replica_wipe(&k, stranger.at);
	k.replicas[stranger.at].keyless = false;
}

/* Of so many milliseconds, those in which not all of `wanted` are live. */
static uint32_t without(uint32_t ms, unsigned wanted)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < ms; i++) {
		pass(&k, 1);
		count += (live() & wanted) != wanted;
	}
	return count;
}

static bool are_own(unsigned wanted)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((wanted & BIT(i)) && !k.clients[0].r->replicas[i].twin.is_own)
			return false;
	return true;
}

/* Two indexes, of which `at` is none, in turn. */
static void others_of(uint32_t at, uint32_t faces[2])
{
	faces[0] = at == 0 ? 1 : 0;
	faces[1] = at == 2 ? 1 : 2;
}

/* He shows one of the two others, and then the other one. The client comes when he is there. */
static void story_turns_fresh(uint32_t at)
{
	unsigned honest = ALL_REPLICAS ^ BIT(at);
	uint32_t faces[2], lost;

	others_of(at, faces);
	cluster_start(&k, SHARE_USUAL, 0);
	stranger_begin(at, 2, faces);
	begin_watched();
	lost = without(60000, honest);
	OK(lost <= TWIN_WAIT_MS, of(at, "takes turns: fresh client has both but for a moment"));
	OK(stranger.died <= 1, of(at, "takes turns: no more than one dies of it, once"));
	OK(stranger.turn < 12, of(at, "takes turns: he is dialled seldom"));
	OK(are_own(honest), of(at, "takes turns: both are there first"));
	OK(k.clients[0].r->replicas[at].lies && has_why(at, "of one other server, then"),
	   of(at, "takes turns: it is said who lies, and why"));
	IS_U64(without(LIAR_MS_MAX * 2, honest), 0, of(at, "takes turns: and so it stays"));

	stranger_end();
	replica_start(&k, at);
	pass(&k, LIAR_MS_MAX + LIAR_MS_MAX / 4);
	IS_U64(live(), ALL_REPLICAS, of(at, "takes turns: the owner of the port is used again"));
	OK(are_own(ALL_REPLICAS) && k.clients[0].r->replicas[at].twin.with_before == 0,
	   of(at, "takes turns: what was shown there before is forgiven"));
	replica_kill(&k, faces[0]);
	relay_begin(faces[0], at);
	IS_U64(without(60000, BIT(at)), 0, of(at, "takes turns: nobody takes his place then"));
	relay_end(faces[0]);
	cluster_free(&k);
}

/* The client has a session, and both of the others are started again, one after the other. */
static void story_turns_running(uint32_t at)
{
	unsigned honest = ALL_REPLICAS ^ BIT(at);
	uint32_t faces[2];

	others_of(at, faces);
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	stranger_begin(at, 2, faces);
	IS_U64(without(5000, honest), 0, of(at, "rolling: nothing happens before"));
	for (uint32_t i = 0; i < 2; i++) {
		if (k.replicas[at].behind == &k.replicas[faces[i]]) {
			close_there(&k, &k.clients[0], at);
			close_here(&k, &k.clients[0], at, "closed the connection");
		}
		replica_kill(&k, faces[i]);
		pass(&k, 100);
		replica_start(&k, faces[i]);
		pass(&k, 5000);
	}
	IS_U64(without(60000, honest), 0, of(at, "rolling: both are live when it is done"));
	quiet(&k);
	say(&k, 0, "send alice hi");
	OK(has(heard(&k, 0), "result send ok copies=2"), of(at, "rolling: and are used"));
	stranger_end();
	replica_start(&k, at);
	pass(&k, LIAR_MS_MAX + LIAR_MS_MAX / 4);
	IS_U64(live(), ALL_REPLICAS, of(at, "rolling: the owner of the port is used again"));
	cluster_free(&k);
}

/* A made-up identity in between frees him from what he has shown only when it harms nobody. */
static void story_made_up(bool greets_only)
{
	const uint32_t faces[] = { 0, 2, 1, 2 };
	uint32_t lost = 0;

	cluster_start(&k, SHARE_USUAL, 0);
	stranger_begin(2, 4, faces);
	stranger.greets_only = greets_only;
	begin_watched();
	for (uint32_t i = 0; i < 240; i++) {
		lost += without(250, 3);
		close_there(&k, &k.clients[0], 2);
		close_here(&k, &k.clients[0], 2, "closed the connection");
	}
	OK(lost <= TWIN_WAIT_MS, "made up: both others are live but for a moment");
	OK(stranger.died <= 1, "made up: one dies of it at most, once");
	OK(are_own(3), "made up: both are there first");
	stranger_end();
	cluster_free(&k);
}

/* Strangers stand on one port after the other: the true one is no liar for that. */
static void test_other_port(void)
{
	const uint32_t faces[] = { 0 };
	bool lies = false;

	cluster_start(&k, SHARE_USUAL, 1);
	stranger_begin(2, 1, faces);
	pass(&k, 5000);
	stranger_end();
	replica_start(&k, 2);
	pass(&k, 1500);
	IS_U64(live(), 7, "other port: all three are live between");
	replica_kill(&k, 1);
	replica_kill(&k, 0);
	replica_start(&k, 0);
	relay_begin(1, 0);
	for (uint32_t ms = 0; ms < 20000; ms++) {
		pass(&k, 1);
		lies |= k.clients[0].r->replicas[0].lies;
	}
	OK(has_why(1, SAME) && !lies, "other port: the true one is called no liar");
	relay_end(1);
	cluster_free(&k);
}

/* One server stands at two indexes, and the others are started again and again: nobody lies. */
static void test_given_twice(void)
{
	bool lies = false;

	cluster_start(&k, SHARE_USUAL, 0);
	replica_kill(&k, 2);
	relay_begin(2, 0);
	(void)client_start(&k);
	for (uint32_t i = 0; i < 12; i++) {
		pass(&k, 3000);
		close_there(&k, &k.clients[0], 2);
		close_here(&k, &k.clients[0], 2, "closed the connection");
		replica_kill(&k, i % 2);
		pass(&k, 50);
		replica_start(&k, i % 2);
		for (uint32_t ms = 0; ms < 1000; ms++) {
			pass(&k, 1);
			for (uint32_t n = 0; n < REPLICAS; n++)
				lies |= k.clients[0].r->replicas[n].lies;
		}
	}
	OK(!lies, "given twice: nobody is called a liar, whoever is started again");
	relay_end(2);
	replica_start(&k, 2);
	pass(&k, 1500);
	IS_U64(live(), 7, "given twice: all three are used when that is mended");
	cluster_free(&k);
}

/* The address of one is moved to a second server, and later to the third; then it is right. */
static void test_moved(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	for (uint32_t i = 0; i < 2; i++) {
		if (i == 0)
			replica_kill(&k, 2);
		else
			relay_end(2);
		relay_begin(2, i);
		IS_U64(without(20000, 3), 0, "moved: the two others stay");
	}
	OK(k.clients[0].r->replicas[2].lies, "moved: the second time it is a lie");
	relay_end(2);
	replica_start(&k, 2);
	pass(&k, 4 * LIAR_MS_MIN);
	IS_U64(live(), 7, "moved: it is used again when it is right");
	cluster_free(&k);
}

/* Number 0 is started again, and greets. How long it is until it is live, in milliseconds. */
static uint32_t waits(void)
{
	const struct replica *p = &k.clients[0].r->replicas[0];

	replica_kill(&k, 0);
	replica_start(&k, 0);
	while (!p->welcomed)
		pass(&k, 1);
	while (!(live() & 1) && k.now_ms < p->twin.since_ms + 100000)
		pass(&k, 1);
	return (uint32_t)(k.now_ms - p->twin.since_ms);
}

/* An identity that is new waits for the others, but not for long. */
static void test_wait_ends(void)
{
	const uint32_t timeouts[] = { 0, 60000 };
	const uint32_t nobody[] = { 2 }, faces[] = { 1 }, both[] = { 0, 1 };

	for (uint32_t i = 0; i < 2; i++) {
		cluster_start(&k, SHARE_USUAL, 0);
		k.options.reply_timeout_ms = timeouts[i];
		(void)client_start(&k);
		pass(&k, 3000);
		client_cut(&k, 0, 2);
		client_heal(&k, 0, 2);
		hold_here(&k, 0, 2, true);
		pass(&k, 500);
		IS_U64(waits(), 1250, "wait: for one that hangs, no longer than for a dial");
		cluster_free(&k);
	}
	memset(&k.options, 0, sizeof k.options);

	cluster_start(&k, SHARE_USUAL, 1);
	stranger_is(2, 1, nobody);
	replica_kill(&k, 2);
	pass(&k, 5000);
	OK(waits() <= 1250, "wait: for one that refuses, until it is dialled");
	IS_U64(k.clients[0].r->replicas[0].live_ms, stranger.dialled_ms,
	       "wait: it ends when that has failed");
	cluster_free(&k);

	cluster_start(&k, SHARE_USUAL, 1);
	stranger_begin(2, 1, faces);
	pass(&k, 5000);
	OK(waits() <= 1250, "wait: for one that greets and dies, until it is dialled");
	IS_U64(k.clients[0].r->replicas[0].live_ms, stranger.dialled_ms,
	       "wait: it ends with that greeting");
	stranger_end();
	cluster_free(&k);

	cluster_start(&k, SHARE_USUAL, 1);
	stranger_begin(2, 2, both);
	pass(&k, 5000);
	IS_U64(waits(), 0, "wait: not for a liar, who is dialled much later");
	stranger_end();
	cluster_free(&k);
}

/* One that waited for the end of a log-in is there first as soon as it is live. */
static void test_first_at_once(void)
{
	cluster_start(&k, SHARE_USUAL, 2);
	say(&k, 1, "create alice pw");
	say(&k, 1, "logout");
	let_here(&k, 0, 1, 1); /* the look-up's answer */
	say(&k, 0, "login alice wrong");
	replica_kill(&k, 0);
	replica_start(&k, 0);
	pass(&k, 500);
	IS_U64(live(), 6, "first at once: it waits for the end of the log-in");
	hold_here(&k, 0, 1, false);
	for (uint32_t i = 0; i < 2000 && !(live() & 1); i++)
		pass(&k, 1);
	OK(are_own(1), "first at once: and is there first when it is live");
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
	for (uint32_t at = 0; at < REPLICAS; at++) {
		story_turns_fresh(at);
		story_turns_running(at);
	}
	story_made_up(false);
	story_made_up(true);
	test_other_port();
	test_given_twice();
	test_moved();
	test_wait_ends();
	test_first_at_once();
	return tap_done();
}
