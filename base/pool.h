/* SPDX-License-Identifier: MIT
 *
 * pool: memory for many short lives. What is given back is kept, and given out again.
 *
 * A request, its text and its result live as long as one message is under way. The allocator pays
 * some hundred instructions for each of them, because so many are out at a time that none of its
 * short cuts apply. A pool pays ten: it has a list of free pieces for each size, in steps of
 * POOL_STEP.
 *
 * A pool has one owner and no lock. All zero is an empty pool. Pieces over POOL_PIECE_MAX go to the
 * allocator, and of one size at most POOL_KEPT_MAX free ones are kept: after a large window of
 * messages an idle owner holds 64 KiB of them or so. Under AddressSanitizer none is kept, so that a
 * piece which is used after it was given back is found.
 */
#ifndef THREEFOLD_BASE_POOL_H
#define THREEFOLD_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

enum {
	POOL_STEP = 64,
	POOL_PIECE_MAX = 1024, /* bytes; the largest piece that is kept */
	POOL_CLASSES = POOL_PIECE_MAX / POOL_STEP,
	POOL_KEPT_MAX = 128,
};

struct pool_piece;

struct pool {
	struct pool_piece *free[POOL_CLASSES]; /* the last one that came back is first */
	uint32_t kept[POOL_CLASSES];
};

/* `size` bytes with any content, aligned for everything, until pool_free. Never NULL, as
 * memory_alloc. */
void *pool_alloc(struct pool *p, size_t size);
/* The same, all zero. */
void *pool_alloc_zero(struct pool *p, size_t size);
/* Gives back what pool_alloc of the same pool gave; NULL is fine. */
void pool_free(struct pool *p, void *memory);
/* Frees what is kept. Pieces that are out may still be given back, and the pool used again. */
void pool_release(struct pool *p);

#endif
