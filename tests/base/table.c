/* SPDX-License-Identifier: MIT
 *
 * The table: what was added is found, what was removed is not, at any size and with the worst
 * hashes.
 */
#include "base/buf.h"
#include "base/mix.h"
#include "base/table.h"
#include "tests/lib/tap.h"

enum { KEYS = 200000 };

/* A handle h names the key h - 1; `bad` decides how its hash is spoiled. */
enum spoil { GOOD, FEW_HIGH_BITS, ALL_EQUAL };

static enum spoil spoil;
static bool present[KEYS];
static uint64_t random_state = 5;
static uint64_t touched;
static uint64_t hashed;

static unsigned below(unsigned limit)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % limit;
}

static uint64_t hash_of_key(uint32_t key)
{
	uint64_t hash = mix_end(key + UINT64_C(1));

	if (spoil == FEW_HIGH_BITS)
		return hash & UINT64_C(0x80000000ffffffff);
	return spoil == ALL_EQUAL ? UINT64_C(0x1234567890abcdef) : hash;
}

static uint64_t hash_of(const void *context, uint32_t handle)
{
	(void)context; /* the keys are the handles */
	hashed++;
	return hash_of_key(handle - 1);
}

static bool match(const void *context, const void *key, uint32_t handle)
{
	(void)context; /* the keys are the handles */
	return *(const uint32_t *)key == handle - 1;
}

static void touch(const void *context, uint32_t handle)
{
	(void)context; /* the keys are the handles */
	ALWAYS(handle > 0 && handle <= KEYS, "table: what is asked for is what it holds");
	touched++;
}

static uint32_t find(const struct table *t, uint32_t key)
{
	return table_find(t, hash_of_key(key), match, NULL, &key);
}

static void random_test(enum spoil how, uint32_t keys, unsigned steps, const char *name)
{
	struct table t;
	bool right = true;
	uint64_t count = 0;
	uint64_t most = 0;

	spoil = how;
	memset(present, 0, sizeof present);
	table_init(&t, touch);
	touched = hashed = 0;
	for (unsigned step = 0; step < steps; step++) {
		uint32_t key = below(keys);

		right &= find(&t, key) == (present[key] ? key + 1 : 0);
		/* Grows in the first half and shrinks in the second. */
		bool add = below(4) != 0 ? step < steps / 2 : step >= steps / 2;

		if (add && !present[key])
			table_add(&t, hash_of_key(key), key + 1, hash_of, NULL);
		else if (!add && present[key])
			table_remove(&t, hash_of_key(key), key + 1, hash_of, NULL);
		count += add && !present[key];
		count -= !add && present[key];
		most = count > most ? count : most;
		/* As wide as the many, not as the equal ones: 64 handles for each entry. */
		ALWAYS(t.depth == 0 || (UINT64_C(1) << (t.depth - 1)) * 64 <= most,
		       "table: its list of segments grows only as fast as the table");
		present[key] = add;
		/* Nothing is hashed before it was asked for, and nothing is asked for in vain. */
		ALWAYS(touched == hashed, "table: it asks ahead for what it hashes");
		if (step % (steps / 8) == 0)
			table_check(&t, hash_of, NULL);
		touched = hashed = 0;
	}
	for (uint32_t key = 0; key < keys; key++)
		right &= find(&t, key) == (present[key] ? key + 1 : 0);
	OK(right && t.count == count, name);
	table_check(&t, hash_of, NULL);
	table_release(&t);
}

static void size_test(void)
{
	struct table t;
	double worst = 0;

	spoil = GOOD;
	table_init(&t, NULL);
	for (uint32_t key = 0; key < KEYS; key++) {
		table_add(&t, hash_of_key(key), key + 1, hash_of, NULL);
		double each = (double)t.held / (key + 1);

		if (key > 1000 && each > worst)
			worst = each;
	}
	printf("# at most %.2f bytes for a handle\n", worst);
	OK(worst < 9.0, "table: from 1,000 on a handle never costs 9 bytes");
	for (uint32_t key = 0; key < KEYS; key++)
		table_remove(&t, hash_of_key(key), key + 1, hash_of, NULL);
	OK(t.held < KEYS, "table: an emptied table has given nearly everything back");
	table_check(&t, hash_of, NULL);
	table_release(&t);
}

int main(void)
{
	random_test(GOOD, 50, 20000, "table: a small table answers as an array does");
	random_test(GOOD, KEYS, 1000000, "table: a large table answers as an array does");
	random_test(FEW_HIGH_BITS, 20000, 100000,
	            "table: hashes that share their first bits are no harm");
	random_test(ALL_EQUAL, 700, 6000, "table: equal hashes cost time and no answer");
	size_test();
	return tap_done();
}
