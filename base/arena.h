/* SPDX-License-Identifier: MIT
 *
 * arena: many small pieces of memory that are named by 4-byte handles.
 *
 * Memory comes in blocks of 2 MiB, which are cut into chunks of 64 KiB. A chunk holds pieces of one
 * size, a multiple of 8 bytes. A handle is the offset of its piece in units of 8 bytes, counted
 * through all chunks. So 4 bytes reach 32 GiB, and neither a header nor the handle needs to hold
 * the size of a piece. A chunk that becomes empty is free for another size. A block that becomes
 * empty is given back, except the last one. Nothing moves: a pointer from arena_at lives as long as
 * its piece, whatever is allocated meanwhile.
 *
 * A block is one large page of the processor, where the system has such pages. There are two
 * reasons. Most reads miss the caches, and then the look-up of a small page costs as much as the
 * read. And the system closes the sockets of a killed process only when it has freed all its pages:
 * thousands of small pages would keep clients waiting for milliseconds. The first block has small
 * pages, so that a small store needs little memory.
 *
 * The first touch of a large page takes milliseconds on a virtual machine whose host must find the
 * memory. So a caller with a spare thread can make the next block there beforehand
 * (arena_block_new, which touches all of it) and add it when it is needed.
 *
 * Handle 0 is never given: it stands for "none".
 *
 * Pure. Nothing is copied when it grows but the lists, 16 bytes for each chunk and each block.
 */
#ifndef THREEFOLD_BASE_ARENA_H
#define THREEFOLD_BASE_ARENA_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ARENA_GRANULE = 8,
	ARENA_CHUNK_BITS = 13, /* granules in a chunk, as a power of two */
	ARENA_CHUNK_GRANULES = 1 << ARENA_CHUNK_BITS,
	ARENA_CHUNK_SIZE = ARENA_CHUNK_GRANULES * ARENA_GRANULE,
	ARENA_PIECE_MAX = 1400, /* bytes; the largest piece */
	ARENA_CLASSES = ARENA_PIECE_MAX / ARENA_GRANULE,
	ARENA_BLOCK_BITS = ARENA_CHUNK_BITS + 5, /* granules in a block, the same way */
	ARENA_BLOCK_GRANULES = 1 << ARENA_BLOCK_BITS,
	ARENA_BLOCK_SIZE = ARENA_BLOCK_GRANULES * ARENA_GRANULE,
	ARENA_BLOCK_CHUNKS = ARENA_BLOCK_SIZE / ARENA_CHUNK_SIZE,
	ARENA_BLOCKS_MAX = 1 << (32 - ARENA_BLOCK_BITS),
};
_Static_assert(ARENA_PIECE_MAX % ARENA_GRANULE == 0, "the largest piece is whole granules");

struct arena_chunk;

/* ARENA_BLOCK_SIZE bytes at once from the system. */
struct arena_block {
	uint8_t *memory; /* NULL: it was given back */
	uint32_t used;   /* chunks that hold pieces */
	uint32_t next;   /* among those without memory; 0: none */
};

/* The owner of all pieces. */
struct arena {
	struct arena_block *blocks;
	struct arena_chunk *chunks; /* ARENA_BLOCK_CHUNKS for each block */
	uint32_t block_count;
	uint32_t block_capacity;
	uint32_t free_block;  /* the first of those without memory; 0: none */
	uint32_t free_chunk;  /* the first of the free ones of the other blocks; 0: none */
	uint32_t free_chunks; /* how many those are */
	uint32_t partial[ARENA_CLASSES + 1]; /* by granules: the first chunk that has room */
	uint8_t *spare;                      /* a block that waits to be used; NULL: none */
	size_t held; /* bytes of the chunks that hold pieces, and of the lists */
};

/* An empty arena, which holds no memory yet. */
void arena_init(struct arena *a);
/* Frees everything at once. */
void arena_release(struct arena *a);
/* A piece of `size` bytes, 1 to ARENA_PIECE_MAX, aligned to 8, its content undefined. */
uint32_t arena_alloc(struct arena *a, size_t size);
/* Gives a piece back. */
void arena_free(struct arena *a, uint32_t handle);
/* A quarter of a block is left, and none waits. */
bool arena_wants_block(const struct arena *a);
/* Makes a block, touched as a whole. Knows no arena: any thread may. */
void *arena_block_new(void);
/* The arena owns it from now on, wanted or not. */
void arena_give_block(struct arena *a, void *block);
/* Asserts every invariant; costs the number of chunks and free pieces. */
void arena_check(const struct arena *a);

/* Where a piece stands; valid until it is freed. */
static inline void *arena_at(const struct arena *a, uint32_t handle)
{
	assert(handle != 0);
	return a->blocks[handle >> ARENA_BLOCK_BITS].memory +
	       (size_t)(handle & (ARENA_BLOCK_GRANULES - 1)) * ARENA_GRANULE;
}

/* Asks the processor for the front of a piece that is read soon; 0 is allowed. */
static inline void arena_prefetch(const struct arena *a, uint32_t handle)
{
	if (handle != 0)
		__builtin_prefetch(arena_at(a, handle));
}

#endif
