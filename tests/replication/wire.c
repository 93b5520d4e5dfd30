/* SPDX-License-Identifier: MIT
 *
 * Somebody stands between a client and a replica, and changes what the client says: he adds a
 * request to a session, and lowers the version that both speak.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

static struct cluster k;

/* How many of the requests that wait to be written to a replica have tags, and how many not. */
static void count_tags(uint32_t i, uint32_t *with, uint32_t *without)
{
	struct view out = replication_output(k.clients[0].r, i);
	size_t size;

	*with = *without = 0;
	while (protocol_size(out, &size) && size > 0 && size <= out.size) {
		++*(protocol_is_tagged(out) ? with : without);
		out = view_of(out.data + size, out.size - size);
	}
}

static void test_tags(void)
{
	uint32_t with, without;

	cluster_alice_bob(&k, SHARE_USUAL, 2);
	hold_all_there(&k, 0, true);
	say(&k, 0, "send bob hi");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		count_tags(i, &with, &without);
		OK(with > 0 && without == 0, "tags: all that a session asks has one");
	}
	hold_all_there(&k, 0, false);
	pass(&k, 10);
	OK(has(heard(&k, 0), "result send ok"), "tags: replicas take it");
	say(&k, 0, "logout");
	say(&k, 0, "login alice pw");
	(void)heard(&k, 0);
	say(&k, 0, "send bob hi");
	OK(has(heard(&k, 0), "result send ok"), "tags: also behind another log-in");
	cut_and_heal(&k, 0, 1);
	pass(&k, 3000);
	(void)heard(&k, 0);
	say(&k, 0, "send bob again");
	OK(has(heard(&k, 0), "result send ok") && k.clients[0].r->live == 7,
	   "tags: also where a connection broke");
	cluster_free(&k);
}

/* Adds a request to what waits for a replica, as who passes it on can. */
static void add(uint32_t i, const struct frame *frame)
{
	struct buf *out = &k.clients[0].r->replicas[i].out;

	ALWAYS(protocol_encode(out, frame), "there is room");
}

static void test_added(void)
{
	struct frame frame = { .type = FRAME_REMOVE, .request = 1 };
	struct account account;

	cluster_alice_bob(&k, SHARE_USUAL, 2);
	ALWAYS(store_holder(k.replicas[1].store, view_of_string("alice"), NULL, &account),
	       "she is there");
	auth_tombstone_remove(&account, GONE_BY_OWNER, &frame.remove.tombstone);
	hold_there(&k, 0, 1, true);
	say(&k, 0, "send bob hi");
	add(1, &frame);
	hold_there(&k, 0, 1, false);
	pump(&k);
	OK(has(replication_why(k.clients[0].r, 1), "a frame without a tag"),
	   "added: a request that is not the client's ends the connection");
	pass(&k, 4000);
	IS_U64(held(&k, "alice", true), 7, "added: and is not done");
	IS_U64(k.clients[0].r->live, 7, "added: and the client comes back");
	OK(has(heard(&k, 0), "result send ok"), "added: what it asked is done");
	cluster_free(&k);
}

/* On its way to a replica a HELLO asks for version 3. */
static void test_lowered(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	client_cut(&k, 0, 2);
	client_heal(&k, 0, 2);
	hold_there(&k, 0, 2, true);
	pass(&k, 3000);
	struct buf *out = &k.clients[0].r->replicas[2].out;

	ALWAYS(out->size >= HELLO_SIZE && out->data[4] == FRAME_HELLO, "it greets");
	buf_store_u16(out->data + HELLO_SIZE - 2, 3);
	hold_there(&k, 0, 2, false);
	pump(&k);
	OK(has(replication_why(k.clients[0].r, 2), "an earlier version than it speaks"),
	   "lowered: the client sees it");
	IS_U64(k.clients[0].r->live, 3, "lowered: and does without that one");
	cluster_free(&k);
}

int main(void)
{
	test_tags();
	test_added();
	test_lowered();
	return tap_done();
}
