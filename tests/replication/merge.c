/* SPDX-License-Identifier: MIT
 *
 * Stories of the merge: what three mailboxes have, each in part, is shown once and in the order of
 * its places; what is pushed meanwhile waits only if it must; and a replica whose mailbox holds
 * what nobody else knows is heard within bounds. See tests/replication/cluster.h for what the lines
 * say.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

static struct cluster k;

enum { ALICE, BOB };

/* Bob is logged out. */
static struct id begin(void)
{
	struct id id;

	cluster_alice_bob(&k, 1 << 20, 2);
	id = k.clients[BOB].last.id;
	say(&k, BOB, "logout");
	quiet(&k);
	return id;
}

/* Message `i` to bob: each is of a session of its own, so only its time tells its place. */
static void put(const struct id *to, unsigned at, uint32_t i)
{
	struct stream stream = { .recipient = *to, .sender = k.clients[ALICE].last.id };
	char text[16];

	memset(stream.session.bytes, 3, ULID_SIZE);
	stream.session.bytes[15] = (uint8_t)(i * 37);
	(void)snprintf(text, sizeof text, "t%02u", i);
	put_message(&k, at, &stream, 1, UINT64_C(1780000000000) + i, text);
}

/* Whether these messages, and no others, were shown in this order. */
static bool shows_all(const char *story, uint32_t count)
{
	char part[32];

	for (uint32_t i = 1; i <= count; i++) {
		(void)snprintf(part, sizeof part, "message alice t%02u 1", i);
		const char *next = strstr(story, "message ");

		if (next == NULL || strncmp(next, part, strlen(part)) != 0)
			return false;
		story = next + 1;
	}
	return strstr(story, "message ") == NULL;
}

/* All ways in which three replicas can hold a few messages, each on one of them at least. */
static void test_order(void)
{
	enum { COUNT = 3, WAYS = 7 * 7 * 7 };
	uint32_t right = 0;

	for (uint32_t way = 0; way < WAYS; way++) {
		const struct id id = begin();
		uint32_t left = way;

		for (uint32_t i = 1; i <= COUNT; i++, left /= 7)
			put(&id, 1 + left % 7, i);
		say(&k, BOB, "login bob pw");
		pass(&k, 50);
		right += shows_all(heard(&k, BOB), COUNT);
		cluster_free(&k);
	}
	IS_U64(right, WAYS, "order: whoever holds what, all is shown in the order of its places");
}

/* A follower has dropped pushes and is read again: what others push is shown meanwhile. */
static void test_push_goes_on(void)
{
	char line[900];

	(void)begin();
	const struct replication *r = k.clients[BOB].r;
	const struct reading *reading = &r->replicas[1].reading;

	k.clients[BOB].counts_only = true;
	say(&k, BOB, "login bob pw");
	pass(&k, 10);
	say(&k, ALICE, "send bob so that all know the stream");
	hold_here(&k, BOB, 1, true);
	memset(line, 'y', sizeof line);
	memcpy(line, "send bob ", 9);
	line[sizeof line - 1] = '\0';
	for (uint32_t i = 0; i < 400; i++)
		say(&k, ALICE, line);
	IS_U64(k.clients[BOB].shown, 401, "goes on: two replicas show all");
	for (uint32_t i = 0; i < 1000 && !reading->active; i++) {
		let_here(&k, BOB, 1, 1);
		pump(&k);
	}
	hold_here(&k, BOB, 1, true);
	OK(reading->active && r->merging, "goes on: the third one is read again");
	say(&k, ALICE, "send bob meanwhile");
	IS_U64(k.clients[BOB].shown, 402, "goes on: and nothing waits for it");
	hold_here(&k, BOB, 1, false);
	pass(&k, 500);
	IS_U64(k.clients[BOB].shown, 402, "goes on: nor is shown twice");
	OK(replication_idle(r) && !r->merging, "goes on: nothing is left to do");
	cluster_free(&k);
}

/* Who has brought something of a stream is known of all who have, whatever came first. */
static void test_brought(void)
{
	(void)begin();
	const struct id alice = k.clients[ALICE].last.id;

	say(&k, BOB, "login bob pw");
	for (uint32_t late = 0; late < REPLICAS; late++) {
		hold_here(&k, BOB, late, true);
		say(&k, ALICE, "send bob one of some");
		pass(&k, 10);
		hold_here(&k, BOB, late, false);
		pass(&k, 10);
		const struct stream_state *s = stream_known(k.clients[BOB].r, &alice,
		                                            &k.clients[ALICE].r->session.ulid);

		OK(s != NULL && s->brought == ALL_REPLICAS, "brought: all three have");
	}
	for (uint32_t i = 0; i < REPLICAS; i++)
		OK(k.clients[BOB].r->replicas[i].alone_pushed <= 1, "brought: none of them alone");
	cluster_free(&k);
}

/* A mailbox on replica 1 alone, of senders whom it alone knows (or all do), one frame of each
 * replica in so many milliseconds. Gives whether the replica is taken for a liar. */
static bool is_strange(uint32_t count, uint64_t ms, unsigned known_by)
{
	const struct id id = begin();
	bool is_liar = false;

	for (uint32_t i = 0; i < count; i++) {
		char name[16];
		struct stream stream = { .recipient = id, .session = { { 3 } } };

		(void)snprintf(name, sizeof name, "s%u", i);
		stream.sender = put_account(&k, known_by, name, UINT64_C(1700000000000) + i, true);
		put_message(&k, 2, &stream, 1, UINT64_C(1780000000000) + i, "x");
	}
	k.clients[BOB].counts_only = true;
	hold_all_here(&k, BOB, true);
	say(&k, BOB, "login bob pw");
	for (uint32_t round = 0; round < 3000 && k.clients[BOB].shown < count; round++) {
		for (uint32_t i = 0; i < REPLICAS; i++)
			let_here(&k, BOB, i, 1);
		pass(&k, k.clients[BOB].shown > 0 ? ms : 1);
		is_liar = is_liar ||
		          has(replication_why(k.clients[BOB].r, 1), "senders whom nobody else");
	}
	ALWAYS(is_liar || k.clients[BOB].shown == count, "strange: all is shown");
	cluster_free(&k);
	return is_liar;
}

static void test_strange(void)
{
	const uint32_t most = STRANGE_MAX;
	const uint64_t slowly = STRANGE_MS / STRANGE_MAX + 1;

	OK(is_strange(most + 40, slowly, 2), "strange: too many, and slowly: without end");
	OK(!is_strange(most, slowly, 2), "strange: as many as may be");
	OK(!is_strange(most + 40, 1, 2), "strange: any number, if it takes no time");
	OK(!is_strange(most + 40, slowly, 7), "strange: or if others know who it is");
	OK(!is_strange(most + 40, slowly, 3), "strange: one of them is enough");
}

int main(void)
{
	test_order();
	test_push_goes_on();
	test_brought();
	test_strange();
	return tap_done();
}
