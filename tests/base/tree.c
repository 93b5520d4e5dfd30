/* SPDX-License-Identifier: MIT
 *
 * The tree against a sorted array: every question is asked of both.
 */
#include "base/buf.h"
#include "base/tree.h"
#include "tests/lib/tap.h"

enum { KEYS = 60000 };

static struct arena arena;
static bool present[KEYS + 1]; /* the element of key k is k itself; keys begin at 1 */
static uint64_t random_state = 3;

static unsigned below(unsigned limit)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % limit;
}

static int compare(const void *context, const void *key, uint32_t element)
{
	uint32_t wanted = *(const uint32_t *)key;

	(void)context; /* elements are their own keys */
	return (wanted > element) - (wanted < element);
}

static uint64_t weight(const void *context, uint32_t element)
{
	(void)context; /* elements are their own keys */
	return element % 7;
}

static const struct tree_order order = { compare, weight };
static const struct tree_use use = { &arena, &order, NULL };

static uint32_t array_from(uint32_t key, uint32_t keys)
{
	while (key <= keys && !present[key])
		key++;
	return key <= keys ? key : 0;
}

static unsigned seen_ahead; /* how often a walk said what comes next */

static bool same_walk(uint32_t root, uint32_t keys)
{
	struct tree_hint hint = { 0 };
	uint32_t plain = 0;
	uint32_t hinted = 0;
	uint32_t ahead = 0;

	do {
		uint32_t want = array_from(plain + 1, keys);
		uint32_t a = tree_next(&use, root, &plain, NULL);
		uint32_t b = tree_next(&use, root, &hinted, &hint);

		if (a != want || b != want || (ahead != 0 && ahead != want))
			return false;
		seen_ahead += ahead != 0;
		ahead = want != 0 ? tree_ahead(&hint, 1) : 0;
		plain = hinted = want;
	} while (plain);
	return true;
}

static bool same_weights(uint32_t root, uint32_t keys)
{
	for (unsigned i = 0; i < 20; i++) {
		uint32_t from = 1 + below(keys);
		uint32_t to = from + below(keys);
		struct tree_weight want = { 0 };
		struct tree_weight got = tree_between(&use, root, &from, &to);

		for (uint32_t key = from; key < to && key <= keys; key++) {
			want.count += present[key];
			want.weight += present[key] ? key % 7 : 0;
		}
		if (got.count != want.count || got.weight != want.weight)
			return false;
	}
	return true;
}

static void random_test(uint32_t keys, unsigned steps, const char *name)
{
	uint32_t root = 0;
	bool right = true;
	uint64_t count = 0;

	memset(present, 0, sizeof present);
	for (unsigned step = 0; step < steps; step++) {
		uint32_t key = 1 + below(keys);
		/* Grows, shrinks, and once is nearly empty. */
		bool add = below(8) != 0 ? step / (steps / 4) % 2 == 0 : below(2) != 0;

		right &= tree_find(&use, root, &key) == (present[key] ? key : 0);
		if (add && !present[key])
			tree_add(&use, &root, &key, key);
		else if (!add && present[key])
			right &= tree_remove(&use, &root, &key) == key;
		count += add && !present[key];
		count -= !add && present[key];
		present[key] = add;
		if (step % 16 == 0) {
			uint32_t from = 1 + below(keys);

			if (step % 512 == 0)
				right &= tree_from(&use, root, &from) == array_from(from, keys);
			right &= tree_count(&arena, root) == count;
		}
		if (step % (steps / 16) == 0) {
			tree_check(&use, root);
			right &= same_walk(root, keys);
			right &= same_weights(root, keys);
		}
	}
	for (uint32_t want; (want = array_from(1, keys)) != 0; present[want] = false)
		right &= tree_pop(&use, &root) == want;
	right &= tree_pop(&use, &root) == 0;
	right &= root == 0;
	OK(right, name);
}

/* Bytes for an element when `count` are added as `next` says. */
static double price(uint32_t count, uint32_t (*next)(uint32_t i, uint32_t count), bool check)
{
	size_t before = arena.held;
	uint32_t root = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t key = next(i, count);

		tree_add(&use, &root, &key, key);
	}
	if (check)
		tree_check(&use, root);
	double each = (double)(arena.held - before) / count;

	while (tree_pop(&use, &root))
		;
	return each;
}

static uint32_t ascending(uint32_t i, uint32_t count)
{
	(void)count; /* the next one */
	return i + 1;
}

static uint32_t descending(uint32_t i, uint32_t count)
{
	return count - i;
}

/* 131,071 is prime and larger than any count here, so each key comes once. */
static uint32_t scattered(uint32_t i, uint32_t count)
{
	(void)count; /* any order will do */
	return (uint32_t)((i + UINT64_C(1)) * 50021 % 131071);
}

/* Nearly ascending, as messages of several senders are. */
static uint32_t jittered(uint32_t i, uint32_t count)
{
	(void)count; /* pairs of eights swapped */
	return (i ^ 5) + 1;
}

static void price_test(void)
{
	double up = price(100000, ascending, true);
	double near = price(100000, jittered, true);
	double random = price(100000, scattered, true);
	double down = price(100000, descending, true);

	printf("# bytes each: ascending %.2f, nearly %.2f, scattered %.2f, descending %.2f\n", up,
	       near, random, down);
	OK(up < 5.2, "tree: ascending elements leave leaves full");
	OK(near < 5.2, "tree: nearly ascending ones leave them nearly full");
	OK(random < 6.0, "tree: scattered elements cost under 6 bytes");
	OK(down < 6.0, "tree: descending ones too");
}

/* Many trees of one and two elements, as streams have them. */
static void small_test(void)
{
	enum { TREES = 50000 };
	static uint32_t roots[TREES];
	size_t before = arena.held;

	for (uint32_t i = 0; i < TREES; i++)
		for (uint32_t key = 1; key <= 2; key++)
			tree_add(&use, &roots[i], &key, key);
	OK(arena.held - before < TREES * 17, "tree: a tree of two costs 16 bytes");
	for (uint32_t i = 0; i < TREES; i++)
		while (tree_pop(&use, &roots[i]))
			;
	arena_check(&arena);
}

/* What is left of a large tree after most of it has gone does not hold on to its leaves. */
static void thin_test(void)
{
	size_t before = arena.held;
	uint32_t root = 0;

	for (uint32_t key = 1; key <= KEYS; key++)
		tree_add(&use, &root, &key, key);
	for (uint32_t key = 1; key <= KEYS; key++)
		if (key % 50)
			(void)tree_remove(&use, &root, &key); /* it is `key` */
	tree_check(&use, root);
	IS_U64(tree_count(&arena, root), KEYS / 50, "tree: removals leave the others");
	OK(arena.held - before < (size_t)KEYS / 50 * 20 + 3 * (size_t)ARENA_CHUNK_SIZE,
	   "tree: a thinned tree joins its leaves");
	while (tree_pop(&use, &root))
		;
}

int main(void)
{
	arena_init(&arena);
	random_test(20, 20000, "tree: a tree of a few answers as a sorted array does");
	random_test(400, 60000, "tree: a tree of two levels answers as a sorted array does");
	random_test(KEYS, 400000, "tree: a large tree answers as a sorted array does");
	price_test();
	small_test();
	thin_test();
	arena_release(&arena);
	OK(seen_ahead > 0, "tree: a walk sees what comes next");
	return tap_done();
}
