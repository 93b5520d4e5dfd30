/* SPDX-License-Identifier: MIT
 *
 * arena: many small pieces of memory that are named by 4-byte handles.
 *
 * Memory comes in chunks of 64 KiB. A chunk holds pieces of one size, a multiple of 8 bytes, and a
 * handle is the number of the 8 bytes at which its piece begins, counted through all chunks: so
 * 4 bytes reach 32 GiB, there is no header before a piece, and no handle need say how large its
 * piece is. A chunk that becomes empty is given back. Chunks never move: a pointer from arena_at
 * lives as long as its piece, whatever is allocated meanwhile.
 *
 * Handle 0 is never given: it stands for "none".
 *
 * Pure. Nothing is copied when it grows but the list of chunks, 8 + 16 bytes for 64 KiB.
 */
#ifndef THREEFOLD_CORE_ARENA_H
#define THREEFOLD_CORE_ARENA_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ARENA_GRANULE = 8,
	ARENA_CHUNK_BITS = 13, /* granules in a chunk, as a power of two */
	ARENA_CHUNK_GRANULES = 1 << ARENA_CHUNK_BITS,
	ARENA_CHUNK_SIZE = ARENA_CHUNK_GRANULES * ARENA_GRANULE,
	ARENA_PIECE_MAX = 1096, /* bytes; the largest piece */
	ARENA_CLASSES = ARENA_PIECE_MAX / ARENA_GRANULE,
	ARENA_CHUNKS_MAX = 1 << (32 - ARENA_CHUNK_BITS),
};
_Static_assert(ARENA_PIECE_MAX % ARENA_GRANULE == 0, "the largest piece is whole granules");

struct arena_chunk;

struct arena {
	uint8_t **memory; /* of each chunk, NULL if the chunk is free */
	struct arena_chunk *chunks;
	uint32_t chunk_count;
	uint32_t chunk_capacity;
	uint32_t free_chunk; /* the first of those without memory, linked; 0: none */
	uint32_t partial[ARENA_CLASSES + 1]; /* by granules: the first chunk that has room */
	size_t held;                         /* bytes allocated, all told */
};

void arena_init(struct arena *a);
/* Frees everything at once. */
void arena_release(struct arena *a);
/* A piece of `size` bytes, 1 to ARENA_PIECE_MAX, aligned to 8, its content undefined. */
uint32_t arena_alloc(struct arena *a, size_t size);
/* Gives a piece back. */
void arena_free(struct arena *a, uint32_t handle);
/* Asserts every invariant; costs the number of chunks and free pieces. */
void arena_check(const struct arena *a);

static inline void *arena_at(const struct arena *a, uint32_t handle)
{
	assert(handle != 0);
	return a->memory[handle >> ARENA_CHUNK_BITS] +
	       (size_t)(handle & (ARENA_CHUNK_GRANULES - 1)) * ARENA_GRANULE;
}

/* Asks the processor for the front of a piece that is read soon; 0 is allowed. */
static inline void arena_prefetch(const struct arena *a, uint32_t handle)
{
	if (handle != 0)
		__builtin_prefetch(arena_at(a, handle));
}

#endif
