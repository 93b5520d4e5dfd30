/* SPDX-License-Identifier: MIT
 *
 * arena: see arena.h. Each chunk has its own list of freed pieces (their numbers, kept in the
 * pieces themselves) and the chunks of one size that have room are linked both ways, as are the
 * free ones. So an allocation looks at one chunk, and what is freed can go without a search.
 * One list of free pieces for each size would be simpler, and would never give memory back.
 */
#include "base/arena.h"

#include <string.h>

#include "base/buf.h"

struct arena_chunk {
	uint32_t next, prev; /* among those with room, of the same size, or the free; 0: none */
	uint16_t granules;   /* of a piece; 0: the chunk is free */
	uint16_t used;       /* pieces given out */
	uint16_t touched;    /* pieces that were ever given out: those behind are fresh */
	uint16_t freed;      /* the first freed piece, by its number + 1; 0: none */
};
_Static_assert(sizeof(struct arena_chunk) == 16, "the price of a chunk is as the header says");
_Static_assert(sizeof(struct arena_block) == 16, "the price of a block, too");

enum {
	BLOCK_LISTS = sizeof(struct arena_block) + ARENA_BLOCK_CHUNKS * sizeof(struct arena_chunk),
	TOUCH_STEP = 4096, /* bytes; no page is smaller */
};

/* How many pieces of this size a chunk holds; what is left at its end is lost. */
static uint16_t pieces_of(uint16_t granules)
{
	assert(granules > 0);
	return (uint16_t)(ARENA_CHUNK_GRANULES / granules);
}

static bool has_room(const struct arena_chunk *chunk)
{
	return chunk->used < pieces_of(chunk->granules);
}

static struct arena_block *block_of(const struct arena *a, uint32_t chunk)
{
	return &a->blocks[chunk / ARENA_BLOCK_CHUNKS];
}

static uint8_t *piece_at(const struct arena *a, uint32_t chunk, uint32_t piece)
{
	return block_of(a, chunk)->memory +
	       (size_t)(chunk % ARENA_BLOCK_CHUNKS) * ARENA_CHUNK_SIZE +
	       (size_t)piece * a->chunks[chunk].granules * ARENA_GRANULE;
}

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void arena_release(struct arena *a)
{
	for (uint32_t i = 0; i < a->block_count; i++)
		if (a->blocks[i].memory != NULL)
			memory_free_block(a->blocks[i].memory, ARENA_BLOCK_SIZE);
	if (a->spare != NULL)
		memory_free_block(a->spare, ARENA_BLOCK_SIZE);
	memory_free(a->blocks);
	memory_free(a->chunks);
	arena_init(a);
}

/* ---- lists ---- */

/* Lists of chunks are linked both ways by the chunks' numbers; chunk 0 is in none, so 0 ends
 * one. */
static void list_add(struct arena *a, uint32_t *head, uint32_t index)
{
	struct arena_chunk *chunk = &a->chunks[index];

	assert(index != 0);
	chunk->next = *head;
	chunk->prev = 0;
	if (*head)
		a->chunks[*head].prev = index;
	*head = index;
}

static void list_remove(struct arena *a, uint32_t *head, uint32_t index)
{
	struct arena_chunk *chunk = &a->chunks[index];

	if (chunk->prev)
		a->chunks[chunk->prev].next = chunk->next;
	else
		*head = chunk->next;
	if (chunk->next)
		a->chunks[chunk->next].prev = chunk->prev;
	chunk->next = chunk->prev = 0;
}

/* The lists of chunks that have room, one for each size of pieces. */
static void list_with_room(struct arena *a, uint32_t index)
{
	list_add(a, &a->partial[a->chunks[index].granules], index);
}

static void unlist_with_room(struct arena *a, uint32_t index)
{
	list_remove(a, &a->partial[a->chunks[index].granules], index);
}

/* ---- blocks ---- */

/* Makes room for one more block in the lists. */
static uint32_t block_append(struct arena *a)
{
	if (a->block_count == a->block_capacity) {
		uint32_t capacity = a->block_capacity ? a->block_capacity * 2 : 1;

		if (a->block_count == ARENA_BLOCKS_MAX)
			memory_exhausted(ARENA_BLOCK_SIZE);
		a->blocks = memory_resize(a->blocks, capacity * sizeof *a->blocks);
		a->chunks = memory_resize(a->chunks, (size_t)capacity * ARENA_BLOCK_CHUNKS *
		                                             sizeof *a->chunks);
		a->held += (size_t)(capacity - a->block_capacity) * BLOCK_LISTS;
		a->block_capacity = capacity;
	}
	return a->block_count++;
}

bool arena_wants_block(const struct arena *a)
{
	return a->spare == NULL && a->block_count > 0 && a->free_chunks < ARENA_BLOCK_CHUNKS / 4;
}

void *arena_block_new(void)
{
	volatile uint8_t *block = memory_alloc_block(ARENA_BLOCK_SIZE, true);

	for (size_t at = 0; at < ARENA_BLOCK_SIZE; at += TOUCH_STEP)
		block[at] = 0; /* as it was */
	return (void *)block;
}

void arena_give_block(struct arena *a, void *block)
{
	if (a->spare != NULL)
		memory_free_block(a->spare, ARENA_BLOCK_SIZE);
	a->spare = block;
}

/* Where the memory of block `index` comes from: the one that waits, or the system. */
static uint8_t *memory_for(struct arena *a, uint32_t index)
{
	uint8_t *memory = a->spare;

	if (memory == NULL)
		return memory_alloc_block(ARENA_BLOCK_SIZE, index > 0);
	a->spare = NULL;
	return memory;
}

/* Chunk 0 is never used, so that no handle is 0: it counts as used for ever. */
static void block_new(struct arena *a)
{
	uint32_t index = a->free_block;
	uint32_t first;

	if (index)
		a->free_block = a->blocks[index].next;
	else
		index = block_append(a);
	first = index * ARENA_BLOCK_CHUNKS;
	a->blocks[index] = (struct arena_block){
		.memory = memory_for(a, index),
		.used = index == 0,
	};
	memset(&a->chunks[first], 0, ARENA_BLOCK_CHUNKS * sizeof *a->chunks);
	/* The first is taken first. */
	for (uint32_t i = ARENA_BLOCK_CHUNKS; i > a->blocks[index].used; i--)
		list_add(a, &a->free_chunk, first + i - 1);
	a->free_chunks += ARENA_BLOCK_CHUNKS - a->blocks[index].used;
}

/* Gives back a block whose chunks are all free; its number waits for the next block. */
static void block_free(struct arena *a, uint32_t index)
{
	struct arena_block *block = &a->blocks[index];

	assert(index > 0);
	assert(block->used == 0);
	for (uint32_t i = 0; i < ARENA_BLOCK_CHUNKS; i++)
		list_remove(a, &a->free_chunk, index * ARENA_BLOCK_CHUNKS + i);
	a->free_chunks -= ARENA_BLOCK_CHUNKS;
	memory_free_block(block->memory, ARENA_BLOCK_SIZE);
	*block = (struct arena_block){ .next = a->free_block };
	a->free_block = index;
}

/* ---- chunks ---- */

/* Takes a free chunk for pieces of this size, out of a new block if none is free. */
static uint32_t chunk_new(struct arena *a, uint16_t granules)
{
	uint32_t index;

	if (!a->free_chunk)
		block_new(a);
	index = a->free_chunk;
	list_remove(a, &a->free_chunk, index);
	a->free_chunks--;
	assert(a->chunks[index].granules == 0);
	a->chunks[index] = (struct arena_chunk){ .granules = granules };
	block_of(a, index)->used++;
	a->held += ARENA_CHUNK_SIZE;
	list_with_room(a, index);
	return index;
}

/* A block that is not needed goes only if there is room for as much again, or a chunk that comes
 * and goes would take a block each time. */
static void chunk_free(struct arena *a, uint32_t index)
{
	assert(a->chunks[index].used == 0);
	unlist_with_room(a, index);
	a->held -= ARENA_CHUNK_SIZE;
	a->chunks[index] = (struct arena_chunk){ .granules = 0 };
	list_add(a, &a->free_chunk, index);
	a->free_chunks++;
	if (--block_of(a, index)->used == 0 && a->free_chunks >= 2 * ARENA_BLOCK_CHUNKS)
		block_free(a, index / ARENA_BLOCK_CHUNKS);
}

uint32_t arena_alloc(struct arena *a, size_t size)
{
	assert(size > 0);
	assert(size <= ARENA_PIECE_MAX);
	uint16_t granules = (uint16_t)((size + ARENA_GRANULE - 1) / ARENA_GRANULE);
	uint32_t index = a->partial[granules];

	if (!index)
		index = chunk_new(a, granules);

	struct arena_chunk *chunk = &a->chunks[index];
	uint32_t piece;

	assert(chunk->granules == granules);
	assert(has_room(chunk));
	/* Freed pieces first: their memory was touched already. */
	if (chunk->freed) {
		piece = chunk->freed - 1u;
		memcpy(&chunk->freed, piece_at(a, index, piece), sizeof chunk->freed);
	} else {
		piece = chunk->touched++;
	}
	chunk->used++;
	if (!has_room(chunk))
		unlist_with_room(a, index);
	return (index << ARENA_CHUNK_BITS) + piece * granules;
}

void arena_free(struct arena *a, uint32_t handle)
{
	uint32_t index = handle >> ARENA_CHUNK_BITS;
	uint32_t offset = handle & (ARENA_CHUNK_GRANULES - 1);

	assert(index > 0);
	assert(index < a->block_count * ARENA_BLOCK_CHUNKS);
	struct arena_chunk *chunk = &a->chunks[index];

	assert(chunk->used > 0);
	assert(offset % chunk->granules == 0);
	if (!has_room(chunk))
		list_with_room(a, index);
	memcpy(arena_at(a, handle), &chunk->freed, sizeof chunk->freed);
	chunk->freed = (uint16_t)(offset / chunk->granules + 1);
	chunk->used--;
	/* The last chunk with room of its size stays, or a piece that comes and goes would take
	 * a chunk each time. */
	if (chunk->used == 0 && (chunk->next || chunk->prev))
		chunk_free(a, index);
}

/* The pieces of one chunk that wait to be given again. */
static uint32_t count_freed(const struct arena *a, uint32_t index)
{
	const struct arena_chunk *chunk = &a->chunks[index];
	uint32_t freed = 0;

	for (uint16_t at = chunk->freed; at; freed++) {
		assert(at <= chunk->touched);
		memcpy(&at, piece_at(a, index, at - 1u), sizeof at);
	}
	return freed;
}

void arena_check(const struct arena *a)
{
	size_t held = (size_t)a->block_capacity * BLOCK_LISTS;
	uint32_t linked = 0;
	uint32_t with_room = 0;
	uint32_t free_chunks = 0;

	for (uint32_t i = 1; i < a->block_count * ARENA_BLOCK_CHUNKS; i++) {
		const struct arena_chunk *chunk = &a->chunks[i];

		if (!chunk->granules) {
			free_chunks += block_of(a, i)->memory != NULL;
			continue;
		}
		assert(block_of(a, i)->memory != NULL);
		held += ARENA_CHUNK_SIZE;
		with_room += has_room(chunk);
		assert(chunk->used + count_freed(a, i) == chunk->touched);
		assert(chunk->touched <= pieces_of(chunk->granules));
	}
	for (uint32_t class = 1; class <= ARENA_CLASSES; class ++)
		for (uint32_t i = a->partial[class]; i; i = a->chunks[i].next, linked++)
			assert(a->chunks[i].granules == class);
	assert(linked == with_room);
	assert(free_chunks == a->free_chunks);
	for (uint32_t i = a->free_chunk; i; i = a->chunks[i].next)
		free_chunks--;
	assert(free_chunks == 0);
	assert(held == a->held);
}
