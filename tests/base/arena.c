/* SPDX-License-Identifier: MIT
 *
 * The arena: pieces keep what is written into them, whatever comes and goes around them.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "tests/lib/tap.h"

enum { PIECES = 4000, STEPS = 200000 };

static uint32_t handles[PIECES];
static size_t sizes[PIECES];
static uint64_t random_state = 9;

static unsigned below(unsigned limit)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % limit;
}

static void fill(const struct arena *a, unsigned i)
{
	memset(arena_at(a, handles[i]), (int)(i & 255), sizes[i]);
}

static bool is_filled(const struct arena *a, unsigned i)
{
	const uint8_t *piece = arena_at(a, handles[i]);

	for (size_t at = 0; at < sizes[i]; at++)
		if (piece[at] != (i & 255))
			return false;
	return true;
}

static void random_test(void)
{
	struct arena a;
	bool kept = true;
	bool aligned = true;
	size_t live = 0;

	arena_init(&a);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = below(PIECES);

		if (handles[i]) {
			kept &= is_filled(&a, i);
			arena_free(&a, handles[i]);
			live -= sizes[i];
			handles[i] = 0;
		} else {
			sizes[i] = 1 + below(below(8) ? 200 : ARENA_PIECE_MAX);
			handles[i] = arena_alloc(&a, sizes[i]);
			live += sizes[i];
			aligned &= (uintptr_t)arena_at(&a, handles[i]) % ARENA_GRANULE == 0;
			fill(&a, i);
		}
		if (step % 20000 == 0)
			arena_check(&a);
	}
	OK(kept, "arena: a piece keeps what was written into it");
	OK(aligned, "arena: every piece is aligned to 8 bytes");
	OK(a.held >= live, "arena: what is held is at least what was asked for");
	for (unsigned i = 0; i < PIECES; i++)
		if (handles[i])
			arena_free(&a, handles[i]);
	arena_check(&a);
	OK(a.held <= (ARENA_CLASSES + 2) * (size_t)ARENA_CHUNK_SIZE,
	   "arena: when all is freed at most one chunk of each size stays");
	arena_release(&a);
	IS_U64(a.held, 0, "arena: release gives everything back");
}

static void size_test(void)
{
	struct arena a;
	uint32_t last = 0;

	arena_init(&a);
	for (unsigned i = 0; i < 100000; i++)
		last = arena_alloc(&a, 24);
	OK(a.held < 100000 * 25, "arena: 100,000 pieces of 24 bytes cost less than 25 bytes each");
	arena_free(&a, last);
	IS_U64(arena_alloc(&a, 17), last,
	       "arena: a freed piece is the next to be given, for its size");
	uint32_t largest = arena_alloc(&a, ARENA_PIECE_MAX);

	memset(arena_at(&a, largest), 1, ARENA_PIECE_MAX);
	OK(largest != 0, "arena: the largest piece can be had");
	arena_check(&a);
	arena_release(&a);
}

static uint32_t blocks_held(const struct arena *a)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < a->block_count; i++)
		count += a->blocks[i].memory != NULL;
	return count;
}

static void block_test(void)
{
	enum { COUNT = 10 * ARENA_BLOCK_SIZE / 1024 };
	static uint32_t kept[COUNT];
	struct arena a;
	uint32_t blocks;
	bool aligned = true;

	arena_init(&a);
	for (unsigned i = 0; i < COUNT; i++) {
		kept[i] = arena_alloc(&a, 1024);
		memset(arena_at(&a, kept[i]), 7, 1024);
	}
	blocks = a.block_count;
	OK(blocks >= 10, "arena: what needs ten blocks takes them");
	for (uint32_t i = 0; i < blocks; i++)
		aligned &= (uintptr_t)a.blocks[i].memory % ARENA_BLOCK_SIZE == 0;
	OK(aligned, "arena: a block is aligned as a large page is");
	for (unsigned i = 0; i < COUNT; i++)
		arena_free(&a, kept[i]);
	arena_check(&a);
	OK(blocks_held(&a) <= 2, "arena: blocks that are empty are given back, but for one");
	for (unsigned i = 0; i < COUNT; i++)
		kept[i] = arena_alloc(&a, 512);
	arena_check(&a);
	IS_U64(a.block_count, blocks,
	       "arena: the numbers of blocks that were given back are used again");
	for (unsigned i = 0; i < COUNT; i++)
		arena_free(&a, kept[i]);
	arena_check(&a);
	arena_release(&a);
}

/* As a thread would do it that has nothing else to do. */
static void spare_test(void)
{
	struct arena a;
	uint8_t *spare;
	uint32_t last = 0;
	bool wanted_early = false;

	arena_init(&a);
	OK(!arena_wants_block(&a), "arena: an empty one wants no block beforehand");
	while (!arena_wants_block(&a)) {
		wanted_early |= a.block_count > 1;
		last = arena_alloc(&a, 1024);
	}
	OK(!wanted_early && a.free_chunks > 0, "arena: one is wanted before the first is full");
	spare = arena_block_new();
	OK((uintptr_t)spare % ARENA_BLOCK_SIZE == 0 && spare[0] == 0 &&
	           memcmp(spare, spare + 1, ARENA_BLOCK_SIZE - 1) == 0,
	   "arena: a new block is aligned and all zeros");
	arena_give_block(&a, spare);
	OK(!arena_wants_block(&a), "arena: once it was given, no other one is wanted");
	while (a.block_count == 1)
		last = arena_alloc(&a, 1024);
	OK(a.blocks[1].memory == spare, "arena: what was given is the next block");
	arena_check(&a);
	memset(arena_at(&a, last), 1, 1024);
	arena_give_block(&a, arena_block_new());
	arena_give_block(&a, arena_block_new()); /* the first of them goes, or a sanitizer tells */
	arena_release(&a);
	OK(a.spare == NULL, "arena: a block that still waits goes with the rest");
}

int main(void)
{
	spare_test();
	block_test();
	random_test();
	size_test();
	return tap_done();
}
