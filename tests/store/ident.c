/* SPDX-License-Identifier: MIT
 *
 * Ids that were chosen to meet in one place of a table do not meet.
 */
#include "store/private.h"
#include "tests/lib/tap.h"
#include "tests/store/evil.h"

enum { IDS = 4096 };

int main(void)
{
	static uint64_t hashes[IDS];

	for (uint64_t i = 0; i < IDS; i++)
		hashes[i] = mix_bytes(0x1234567, evil_id(i).bytes, ID_SIZE);
	IS_U64(evil_collisions(hashes, IDS), IDS - 1,
	       "ident: the ids are made right: all meet without a key");
	for (uint8_t seed = 0; seed < 2; seed++) {
		struct store *store = store_new();

		store_seed(store, (const uint8_t[SIPHASH_KEY_SIZE]){ seed });
		for (uint64_t i = 0; i < IDS; i++) {
			struct id id = evil_id(i);

			hashes[i] = ident_id_hash(store, &id);
		}
		IS_U64(evil_collisions(hashes, IDS), 0, "ident: in the store no two of them meet");
		store_free(store);
	}
	return tap_done();
}
