/* SPDX-License-Identifier: MIT
 *
 * The fuzz target of the server's half: two connections, one of them logged in, say what the input
 * says. Whatever that is, the session's invariants hold, what was journaled is what the store
 * holds, and a third connection is served as if nothing had been.
 *
 * The input is a row of frames: a byte with the connection in its highest bit and the size in the
 * others, then so many bytes behind a length field that is right, so that the fuzzer need not guess
 * lengths. What is left at the end goes in as it stands.
 */
#include "tests/session/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(struct rig *r, struct peer *peer, struct view bytes)
{
	if (!peer->is_closed)
		(void)rig_feed(r, peer, bytes);
	rig_work(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct person ann = person_make("ann", 1, CLOCK_MS - 1000);
	struct person bob = person_make("bob", 2, CLOCK_MS - 900);
	struct fact facts[] = {
		{ .kind = FACT_ACCOUNT, .account = account_of(&ann) },
		{ .kind = FACT_ACCOUNT, .account = account_of(&bob) },
	};
	struct peer *peers[2];
	struct view in = view_of(data, size);
	struct rig r;

	rig_open(&r);
	for (size_t i = 0; i < 2; i++) {
		facts[i].account.confirmed = true;
		(void)store_apply(r.store, &facts[i], NULL);
		(void)store_apply(r.journal, &facts[i], NULL);
	}
	peers[0] = rig_login(&r, &ann, 1, false);
	peers[1] = rig_join(&r);
	while (in.size > 1) {
		uint8_t head = in.data[0];
		size_t count = (head & 0x7fu) < in.size - 1 ? head & 0x7fu : in.size - 1;
		uint8_t frame[4 + 0x7f];

		buf_store_u32(frame, (uint32_t)count);
		memcpy(frame + 4, in.data + 1, count);
		in = view_of(in.data + 1 + count, in.size - 1 - count);
		say(&r, peers[head >> 7], view_of(frame, 4 + count));
	}
	say(&r, peers[0], in);
	session_check(r.s);
	store_check(r.store);
	if (rig_entry(&r, rig_join(&r), &bob).id.bytes[0] != bob.account.id.bytes[0])
		abort();
	rig_close(&r);
	return 0;
}
