/* SPDX-License-Identifier: MIT
 *
 * Before each piece stands its class, so that nobody has to know the size of what he gives back. In
 * a free piece the next one's address stands beside it.
 */
#include "base/pool.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_NOTHING true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(KEEPS_NOTHING)
#define KEEPS_NOTHING true
#endif
#ifndef KEEPS_NOTHING
#define KEEPS_NOTHING false
#endif

struct pool_piece {
	_Alignas(max_align_t) struct pool_piece *next; /* while it is free */
	size_t class;                                  /* POOL_CLASSES: it is too large to keep */
};

static size_t class_of(size_t size)
{
	return size == 0 ? 0 : size > POOL_PIECE_MAX ? POOL_CLASSES : (size - 1) / POOL_STEP;
}

void *pool_alloc(struct pool *p, size_t size)
{
	size_t class = class_of(size);
	struct pool_piece *piece;

	if (class < POOL_CLASSES && p->free[class] != NULL) {
		piece = p->free[class];
		p->free[class] = piece->next;
		p->kept[class]--;
		return piece + 1;
	}
	assert(size <= SIZE_MAX - sizeof *piece);
	piece = memory_alloc(sizeof *piece +
	                     (class < POOL_CLASSES ? (class + 1) * POOL_STEP : size));
	piece->class = class;
	return piece + 1;
}

void *pool_alloc_zero(struct pool *p, size_t size)
{
	return memset(pool_alloc(p, size), 0, size);
}

void pool_free(struct pool *p, void *memory)
{
	struct pool_piece *piece;

	if (memory == NULL)
		return;
	piece = (struct pool_piece *)memory - 1;
	assert(piece->class <= POOL_CLASSES);
	if (piece->class == POOL_CLASSES || p->kept[piece->class] == POOL_KEPT_MAX ||
	    KEEPS_NOTHING) {
		memory_free(piece);
		return;
	}
	piece->next = p->free[piece->class];
	p->free[piece->class] = piece;
	p->kept[piece->class]++;
}

void pool_release(struct pool *p)
{
	for (size_t i = 0; i < POOL_CLASSES; i++) {
		struct pool_piece *next;

		for (struct pool_piece *piece = p->free[i]; piece != NULL; piece = next) {
			next = piece->next;
			memory_free(piece);
		}
	}
	*p = (struct pool){ 0 };
}
