/* SPDX-License-Identifier: MIT
 *
 * Ids that were chosen to meet in one place of a table do not meet. They are made for a hash that
 * reads an id in two lanes of which one has no key: whatever the key of the other, all of them had
 * one hash there (base/mix.h, mix_bytes).
 */
#include "store/private.h"
#include "tests/lib/tap.h"

#include "base/mix.h"

enum { IDS = 4096 };

/* The inverse of MIX_ODD modulo 2^64, by Newton's iteration. */
static uint64_t odd_inverse(void)
{
	uint64_t inverse = MIX_ODD;

	for (int i = 0; i < 6; i++)
		inverse *= 2 - MIX_ODD * inverse;
	return inverse;
}

/* What mix_word(hash, word) was given as hash ^ word, from its result. */
static uint64_t unmix(uint64_t result)
{
	uint64_t product = result;

	for (int i = 0; i < 3; i++)
		product = result ^ product >> 29;
	return product * odd_inverse();
}

static struct id evil_id(uint64_t number)
{
	struct id id = { 0 };
	uint64_t middle = unmix(unmix(0) ^ number) ^ MIX_ODD;

	memset(id.bytes, 7, 8);
	for (int i = 0; i < 8; i++)
		id.bytes[8 + i] = (uint8_t)(middle >> (8 * i));
	for (int i = 0; i < ID_SIZE - 16; i++)
		id.bytes[16 + i] = (uint8_t)(number >> (8 * i));
	return id;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* How many of the ids share a hash with another one. */
static uint32_t collisions(uint64_t hashes[IDS])
{
	uint32_t count = 0;

	qsort(hashes, IDS, sizeof *hashes, by_value);
	for (uint32_t i = 1; i < IDS; i++)
		count += hashes[i] == hashes[i - 1];
	return count;
}

int main(void)
{
	static uint64_t hashes[IDS];

	for (uint64_t i = 0; i < IDS; i++)
		hashes[i] = mix_bytes(0x1234567, evil_id(i).bytes, ID_SIZE);
	IS_U64(collisions(hashes), IDS - 1,
	       "ident: the ids are made right: all meet without a key");
	for (uint8_t seed = 0; seed < 2; seed++) {
		struct store *store = store_new();

		store_seed(store, (const uint8_t[SIPHASH_KEY_SIZE]){ seed });
		for (uint64_t i = 0; i < IDS; i++) {
			struct id id = evil_id(i);

			hashes[i] = ident_id_hash(store, &id);
		}
		IS_U64(collisions(hashes), 0, "ident: in the store no two of them meet");
		store_free(store);
	}
	return tap_done();
}
