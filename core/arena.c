/* SPDX-License-Identifier: MIT
 *
 * arena: see arena.h. Each chunk has its own list of freed pieces (their numbers, kept in the
 * pieces themselves) and the chunks of one size that have room are linked both ways. So an
 * allocation looks at one chunk, and a chunk whose last piece is freed can go without a search.
 * One list of free pieces for each size would be simpler, and would never give memory back.
 */
#include "core/arena.h"

#include <stdbool.h>
#include <string.h>

#include "core/buf.h"

struct arena_chunk {
	uint32_t next, prev; /* among those with room, of the same size; 0: none */
	uint16_t granules;   /* of a piece; 0: the chunk is free */
	uint16_t used;       /* pieces given out */
	uint16_t touched;    /* pieces that were ever given out: those behind are fresh */
	uint16_t freed;      /* the first freed piece, by its number + 1; 0: none */
};
_Static_assert(sizeof(struct arena_chunk) == 16, "the price of a chunk is as the header says");

static uint16_t pieces_of(uint16_t granules)
{
	assert(granules > 0);
	return (uint16_t)(ARENA_CHUNK_GRANULES / granules);
}

static bool has_room(const struct arena_chunk *chunk)
{
	return chunk->used < pieces_of(chunk->granules);
}

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void arena_release(struct arena *a)
{
	for (uint32_t i = 0; i < a->chunk_count; i++)
		mem_free(a->memory[i]);
	mem_free(a->memory);
	mem_free(a->chunks);
	arena_init(a);
}

/* Makes room for one more chunk in the list. Chunk 0 is never used, so that no handle is 0. */
static uint32_t chunk_append(struct arena *a)
{
	if (a->chunk_count == a->chunk_capacity) {
		uint32_t capacity = a->chunk_capacity ? a->chunk_capacity * 2 : 16;
		size_t price = sizeof(*a->memory) + sizeof(*a->chunks);

		if (a->chunk_count == ARENA_CHUNKS_MAX)
			out_of_memory(ARENA_CHUNK_SIZE);
		a->memory = mem_resize(a->memory, capacity * sizeof(*a->memory));
		a->chunks = mem_resize(a->chunks, capacity * sizeof(*a->chunks));
		a->held += (capacity - a->chunk_capacity) * price;
		a->chunk_capacity = capacity;
	}
	a->memory[a->chunk_count] = NULL;
	a->chunks[a->chunk_count] = (struct arena_chunk){ 0 };
	return a->chunk_count++;
}

static void link_partial(struct arena *a, uint32_t index)
{
	struct arena_chunk *chunk = &a->chunks[index];
	uint32_t *head = &a->partial[chunk->granules];

	chunk->next = *head;
	chunk->prev = 0;
	if (*head)
		a->chunks[*head].prev = index;
	*head = index;
}

static void unlink_partial(struct arena *a, uint32_t index)
{
	struct arena_chunk *chunk = &a->chunks[index];

	if (chunk->prev)
		a->chunks[chunk->prev].next = chunk->next;
	else
		a->partial[chunk->granules] = chunk->next;
	if (chunk->next)
		a->chunks[chunk->next].prev = chunk->prev;
	chunk->next = chunk->prev = 0;
}

static uint32_t chunk_new(struct arena *a, uint16_t granules)
{
	uint32_t index = a->free_chunk;

	if (index)
		a->free_chunk = a->chunks[index].next;
	else if ((index = chunk_append(a)) == 0)
		index = chunk_append(a);
	assert(a->memory[index] == NULL);
	a->memory[index] = mem_alloc(ARENA_CHUNK_SIZE);
	a->held += ARENA_CHUNK_SIZE;
	a->chunks[index] = (struct arena_chunk){ .granules = granules };
	link_partial(a, index);
	return index;
}

static void chunk_free(struct arena *a, uint32_t index)
{
	assert(a->chunks[index].used == 0);
	unlink_partial(a, index);
	mem_free(a->memory[index]);
	a->memory[index] = NULL;
	a->held -= ARENA_CHUNK_SIZE;
	a->chunks[index] = (struct arena_chunk){ .next = a->free_chunk };
	a->free_chunk = index;
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
	if (chunk->freed) {
		piece = chunk->freed - 1u;
		memcpy(&chunk->freed, a->memory[index] + (size_t)piece * granules * ARENA_GRANULE,
		       sizeof(chunk->freed));
	} else {
		piece = chunk->touched++;
	}
	chunk->used++;
	if (!has_room(chunk))
		unlink_partial(a, index);
	return (index << ARENA_CHUNK_BITS) + piece * granules;
}

void arena_free(struct arena *a, uint32_t handle)
{
	uint32_t index = handle >> ARENA_CHUNK_BITS;
	uint32_t offset = handle & (ARENA_CHUNK_GRANULES - 1);

	assert(index > 0);
	assert(index < a->chunk_count);
	struct arena_chunk *chunk = &a->chunks[index];

	assert(chunk->used > 0);
	assert(offset % chunk->granules == 0);
	if (!has_room(chunk))
		link_partial(a, index);
	memcpy(arena_at(a, handle), &chunk->freed, sizeof(chunk->freed));
	chunk->freed = (uint16_t)(offset / chunk->granules + 1);
	chunk->used--;
	/* The last chunk with room of its size stays, or a piece that comes and goes would take
	 * a chunk each time. */
	if (chunk->used == 0 && (chunk->next || chunk->prev))
		chunk_free(a, index);
}

void arena_check(const struct arena *a)
{
	size_t held = a->chunk_capacity * (sizeof(*a->memory) + sizeof(*a->chunks));
	uint32_t linked = 0;
	uint32_t with_room = 0;

	for (uint32_t i = 1; i < a->chunk_count; i++) {
		const struct arena_chunk *chunk = &a->chunks[i];
		uint32_t freed = 0;

		assert((a->memory[i] != NULL) == (chunk->granules > 0));
		if (!chunk->granules)
			continue;
		held += ARENA_CHUNK_SIZE;
		with_room += has_room(chunk);
		for (uint16_t at = chunk->freed; at; freed++) {
			assert(at <= chunk->touched);
			memcpy(&at,
			       a->memory[i] + (size_t)(at - 1u) * chunk->granules * ARENA_GRANULE,
			       sizeof(at));
		}
		assert(chunk->used + freed == chunk->touched);
		assert(chunk->touched <= pieces_of(chunk->granules));
	}
	for (uint32_t class = 1; class <= ARENA_CLASSES; class ++)
		for (uint32_t i = a->partial[class]; i; i = a->chunks[i].next, linked++)
			assert(a->chunks[i].granules == class);
	assert(linked == with_room);
	assert(held == a->held);
}
