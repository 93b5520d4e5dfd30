/* SPDX-License-Identifier: MIT
 *
 * The nonces of a repair: all come from the seed of the run, each is another one, and a run with
 * another seed has none of them. Else an answer of one run could be given again in another.
 */
#include "reconcile/private.h"

#include "tests/lib/tap.h"

enum { NONCES = 1 + 2 * RECONCILE_MAX };

/* All nonces of a run with this seed. */
static void nonces_of(uint8_t seed, uint8_t to[NONCES][KEY_SIZE])
{
	struct reconcile_options options = { .count = RECONCILE_MAX, .mode = RECONCILE_CHECK };
	uint32_t count = 0;

	memset(options.seed, seed, KEY_SIZE);
	struct reconcile *r = reconcile_new(&options, 0);

	memcpy(to[count++], r->nonce, KEY_SIZE);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		memcpy(to[count++], r->members[i].client_nonce, KEY_SIZE);
		memcpy(to[count++], r->members[i].member_nonce, KEY_SIZE);
	}
	reconcile_free(r);
}

int main(void)
{
	uint8_t all[3 * NONCES][KEY_SIZE];
	uint32_t equal = 0;

	nonces_of(1, all);
	nonces_of(2, all + NONCES);
	nonces_of(1, all + 2 * NONCES);
	for (uint32_t i = 0; i < 2 * NONCES; i++)
		for (uint32_t k = 0; k < i; k++)
			equal += memcmp(all[i], all[k], KEY_SIZE) == 0;
	IS_U64(equal, 0, "drawn: no nonce is another's, in two runs of two seeds");
	IS_BYTES(all, all + 2 * NONCES, (size_t)NONCES * KEY_SIZE,
	         "drawn: nothing but the seed tells what they are");
	return tap_done();
}
