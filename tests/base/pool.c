/* SPDX-License-Identifier: MIT
 *
 * base/pool: pieces hold what is put in them, are given out again, and all of them are freed.
 */
#include "base/pool.h"

#include "base/memory.h"
#include "tests/lib/heap.h"
#include "tests/lib/tap.h"

#include <stdalign.h>
#include <string.h>

enum { PIECES = 300 };

/* Under AddressSanitizer a pool keeps nothing. */
static bool keeps(void)
{
	struct pool p = { 0 };
	bool is_kept;

	pool_free(&p, pool_alloc(&p, 1));
	is_kept = p.kept[0] == 1;
	pool_release(&p);
	return is_kept;
}

/* Sizes on both sides of each step, up to beyond what is kept. */
static size_t size_of(uint32_t i)
{
	return (size_t)i / 3 * POOL_STEP / 4 + i % 3;
}

static void test_content(void)
{
	struct pool p = { 0 };
	uint8_t *pieces[PIECES] = { NULL };
	uint64_t wrong = 0;
	uint32_t random = 1;

	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t i = (random = random * 1664525 + 1013904223) >> 8 & 0xffff;
		uint8_t *piece = pieces[i %= PIECES];

		for (size_t at = 0; piece != NULL && at < size_of(i); at++)
			wrong += piece[at] != (uint8_t)i;
		pool_free(&p, piece);
		pieces[i] = step % 2 ? pool_alloc(&p, size_of(i)) : pool_alloc_zero(&p, size_of(i));
		for (size_t at = 0; step % 2 == 0 && at < size_of(i); at++)
			wrong += pieces[i][at] != 0;
		wrong += (uintptr_t)pieces[i] % alignof(max_align_t) != 0;
		memset(pieces[i], (int)i, size_of(i));
	}
	IS_U64(wrong, 0,
	       "pool: pieces are aligned, zero if asked for, and nobody else writes them");
	for (uint32_t i = 0; i < PIECES; i++)
		pool_free(&p, pieces[i]);
	pool_release(&p);
}

static void test_reuse(void)
{
	struct pool p = { 0 };
	void *first = pool_alloc(&p, 65);
	void *again, *more;
	long before;

	pool_free(&p, first);
	before = heap_live();
	again = pool_alloc(&p, 128);
	OK(again == first || !keeps(), "pool: a piece of the same step is given out again");
	IS_U64((uint64_t)(heap_live() - before), keeps() ? 0 : 1, "pool: without new memory");
	more = pool_alloc(&p, 128);
	OK(more != again, "pool: but only once");
	pool_free(&p, NULL);
	pool_free(&p, again);
	pool_free(&p, more);
	pool_release(&p);
}

static void test_bounds(void)
{
	struct pool p = { 0 };
	void *pieces[2 * POOL_KEPT_MAX];
	long before = heap_live();

	for (uint32_t i = 0; i < 2 * POOL_KEPT_MAX; i++)
		pieces[i] = pool_alloc(&p, POOL_PIECE_MAX);
	for (uint32_t i = 0; i < 2 * POOL_KEPT_MAX; i++)
		pool_free(&p, pieces[i]);
	IS_U64((uint64_t)(heap_live() - before), keeps() ? POOL_KEPT_MAX : 0,
	       "pool: no more than POOL_KEPT_MAX of one size are kept");
	pool_free(&p, pool_alloc(&p, POOL_PIECE_MAX + 1));
	IS_U64((uint64_t)(heap_live() - before), keeps() ? POOL_KEPT_MAX : 0,
	       "pool: and none that is larger than POOL_PIECE_MAX");
	pool_release(&p);
	IS_U64((uint64_t)(heap_live() - before), 0, "pool: released, it holds nothing");
}

int main(void)
{
	test_content();
	test_reuse();
	test_bounds();
	return tap_done();
}
