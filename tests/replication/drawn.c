/* SPDX-License-Identifier: MIT
 *
 * All that must be random comes from the seed, and no number of it serves for two things. So it is
 * asked of each value whether it is one that this client has drawn, and which.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

enum { DRAWN_MAX = 4096 };

static struct cluster k;
static bool used[DRAWN_MAX];

static void begin(uint32_t clients)
{
	memset(used, 0, sizeof used);
	cluster_start(&k, SHARE_USUAL, clients);
}

/* The number `at` of what the client draws. */
static void drawn(const struct replication *r, uint64_t at, uint8_t to[SHA256_SIZE])
{
	uint8_t block[KEY_SIZE + 8];

	memcpy(block, r->options.seed, KEY_SIZE);
	buf_store_u64(block + KEY_SIZE, at);
	sha256(block, sizeof block, to);
}

typedef bool is_made_of_it(const uint8_t random[SHA256_SIZE], const void *value, size_t size);

/* Whether the value was made of a number that was drawn, and of which nothing else was. */
static bool is_drawn(const struct replication *r, is_made_of_it *is_made, const void *value,
                     size_t size)
{
	uint8_t random[SHA256_SIZE];

	assert(r->random_count < DRAWN_MAX);
	for (uint64_t at = 0; at < r->random_count; at++) {
		drawn(r, at, random);
		if (used[at] || !is_made(random, value, size))
			continue;
		used[at] = true;
		return true;
	}
	return false;
}

static bool is_its_bytes(const uint8_t random[SHA256_SIZE], const void *value, size_t size)
{
	return memcmp(random, value, size) == 0;
}

static bool is_its_setting(const uint8_t random[SHA256_SIZE], const void *value, size_t size)
{
	char setting[SETTING_SIZE_MAX + 1];

	auth_setting_make(random, setting);
	return strlen(setting) == size && memcmp(setting, value, size) == 0;
}

static bool is_its_public_key(const uint8_t random[SHA256_SIZE], const void *value, size_t size)
{
	uint8_t public[KEY_SIZE];

	box_public(random, public);
	return size == KEY_SIZE && memcmp(public, value, size) == 0;
}

/* The box of the first INTRODUCE, HANDOVER or RENEW that waits to be written to replica `i`. */
static bool box_on_its_way(const struct replication *r, uint32_t i, struct box *box)
{
	struct view out = replication_output((struct replication *)r, i);
	struct frame frame;
	const char *why;
	size_t size;

	while (protocol_size(out, &size) && size > 0 && size <= out.size) {
		if (protocol_decode(view_of(out.data, size), &frame, &why) &&
		    (frame.type == FRAME_INTRODUCE || frame.type == FRAME_HANDOVER ||
		     frame.type == FRAME_RENEW)) {
			*box = frame.introduce.box;
			return true;
		}
		out = view_of(out.data + size, out.size - size);
	}
	return false;
}

/* Of each replica the first box, while one frame after another is let through. */
static uint32_t count_drawn_boxes(const struct replication *r)
{
	uint8_t seen = 0;
	uint32_t count = 0;
	struct box box;

	for (uint32_t turn = 0; turn < 20 * REPLICAS; turn++) {
		uint32_t i = turn % REPLICAS;

		if (!(seen & BIT(i)) && box_on_its_way(r, i, &box)) {
			seen |= BIT(i);
			count += is_drawn(r, is_its_public_key, box.public, KEY_SIZE);
		}
		k.clients[0].links[i].there = 1;
		pump(&k);
	}
	return count;
}

static bool has_drawn_setting(const struct replication *r)
{
	const struct view setting = r->session.account.verifier.setting;

	return is_drawn(r, is_its_setting, setting.data, setting.size);
}

static bool has_drawn_session(const struct replication *r)
{
	const size_t random = 10; /* bytes, behind the time */

	return is_drawn(r, is_its_bytes, r->session.ulid.bytes + ULID_SIZE - random, random);
}

static bool has_drawn_log_ins(const struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (!is_drawn(r, is_its_public_key, r->replicas[i].login_nonce, KEY_SIZE))
			return false;
	return true;
}

static void test_account(void)
{
	begin(1);
	const struct replication *r = k.clients[0].r;

	for (uint32_t i = 0; i < REPLICAS; i++)
		OK(is_drawn(r, is_its_bytes, r->replicas[i].member.nonce, KEY_SIZE),
		   "drawn: what a replica is to prove itself with");
	hold_all_there(&k, 0, true);
	say(&k, 0, "create alice pw");
	IS_U64(count_drawn_boxes(r), REPLICAS,
	       "drawn: the key of each box that an account goes in");
	hold_all_there(&k, 0, false);
	pass(&k, 10);
	OK(has(heard(&k, 0), "result create ok copies=3"), "drawn: the account is made");
	OK(has_drawn_setting(r), "drawn: what its password is salted with");
	OK(is_drawn(r, is_its_bytes, r->session.account.verifier.seal, KEY_SIZE),
	   "drawn: its seal");
	OK(has_drawn_session(r), "drawn: the name of its session");
	OK(has_drawn_log_ins(r), "drawn: the nonce of each log-in");
	say(&k, 0, "password pw new");
	OK(has(heard(&k, 0), "result password ok"), "drawn: another password");
	OK(has_drawn_setting(r), "drawn: has a salt of its own");
	cluster_free(&k);
}

/* Also of what was drawn before a log-out nothing is used again. */
static void test_again(void)
{
	begin(1);
	const struct replication *r = k.clients[0].r;

	say(&k, 0, "create alice pw");
	OK(has_drawn_session(r) && has_drawn_log_ins(r), "again: a session");
	say(&k, 0, "logout");
	say(&k, 0, "login alice pw");
	OK(has(heard(&k, 0), "result login ok"), "again: and another one");
	OK(has_drawn_session(r), "again: which has a name of its own");
	OK(has_drawn_log_ins(r), "again: and nonces");
	replica_kill(&k, 1);
	replica_wipe(&k, 1);
	replica_start(&k, 1);
	OK(!is_drawn(r, is_its_public_key, r->replicas[1].login_nonce, KEY_SIZE),
	   "again: nothing counts twice");
	pass(&k, 3000);
	OK(is_drawn(r, is_its_public_key, r->replicas[1].login_nonce, KEY_SIZE),
	   "again: one that comes back is asked with a nonce of its own");
	OK(is_drawn(r, is_its_bytes, r->replicas[1].member.nonce, KEY_SIZE),
	   "again: and has to prove itself anew");
	cluster_free(&k);
}

/* However many there are in one millisecond, each is larger than the one before by its time. */
static void test_one_moment(void)
{
	begin(1);
	const struct replication *r = k.clients[0].r;

	say(&k, 0, "create alice pw");
	for (int i = 0; i < 10; i++) {
		const struct ulid before = r->session.ulid;

		say(&k, 0, "logout");
		say(&k, 0, "login alice pw");
		ALWAYS(ulid_time_ms(&r->session.ulid) > ulid_time_ms(&before),
		       "one moment: the next session is of a later one");
	}
	IS_U64(replication_live(r), REPLICAS, "one moment: all three live");
	cluster_free(&k);
}

int main(void)
{
	test_account();
	test_again();
	test_one_moment();
	return tap_done();
}
