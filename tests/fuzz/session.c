/* SPDX-License-Identifier: MIT
 *
 * The fuzz target of the server's half. Two connections, one of them logged in, send what the input
 * says. After each input the session's invariants hold, the journal has the same facts as the
 * store, and a third connection is served as usual.
 *
 * The input is a list of frames. The first two bytes of a frame have the connection in the highest
 * bit and the size in the other bits; so many bytes follow. They are sent with the right length
 * field, so that the fuzzer need not guess lengths. Bytes left at the end are sent as they are.
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
	while (in.size > 2) {
		bool is_second = (in.data[0] & 0x80) != 0;
		size_t count = (size_t)(in.data[0] & 0x7f) << 8 | in.data[1];
		static uint8_t frame[4 + 0x7fff];

		if (count > in.size - 2)
			count = in.size - 2;
		buf_store_u32(frame, (uint32_t)count);
		memcpy(frame + 4, in.data + 2, count);
		in = view_of(in.data + 2 + count, in.size - 2 - count);
		say(&r, peers[is_second], view_of(frame, 4 + count));
	}
	say(&r, peers[0], in);
	session_check(r.s);
	store_check(r.store);
	if (rig_entry(&r, rig_join(&r), &bob).id.bytes[0] != bob.account.id.bytes[0])
		abort();
	rig_close(&r);
	return 0;
}
