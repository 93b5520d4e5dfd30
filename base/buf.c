/* SPDX-License-Identifier: MIT
 *
 * Buffers double when they grow, so that n puts cost O(n) copies, but never past the owner's
 * maximum: the last step goes exactly there. A buffer never shrinks by itself; who held a large
 * frame in it and wants the memory back releases it. (A ring would spare buf_consume its move, but
 * then a frame could lie in two pieces, and every decoder would have to know.)
 *
 * A size of 0 is asked of the allocator as 1: malloc(0) may give NULL, which would look like a
 * failure.
 */
#include "base/buf.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { CAPACITY_MIN = 64 }; /* the first allocation, unless size_max is smaller */

void buf_init(struct buf *b, size_t size_max)
{
	assert(b != NULL);
	*b = (struct buf){ .size_max = size_max };
}

void buf_release(struct buf *b)
{
	assert(b->size <= b->capacity);
	assert(b->data != NULL || b->capacity == 0);
	mem_free(b->data);
	buf_init(b, b->size_max);
}

void buf_clear(struct buf *b)
{
	assert(b->size <= b->capacity);
	b->size = 0;
}

uint8_t *buf_grow(struct buf *b, size_t size)
{
	assert(b->size <= b->capacity);
	assert(b->capacity <= b->size_max);
	if (size > b->size_max - b->size)
		return NULL;

	size_t need = b->size + size;
	size_t capacity = b->capacity > b->size_max / 2 ? b->size_max : b->capacity * 2;

	if (capacity < CAPACITY_MIN)
		capacity = CAPACITY_MIN < b->size_max ? CAPACITY_MIN : b->size_max;
	if (capacity < need)
		capacity = need;
	assert(capacity >= need);
	assert(capacity <= b->size_max);
	b->data = mem_resize(b->data, capacity);
	b->capacity = capacity;
	return b->data + b->size;
}

void buf_consume(struct buf *b, size_t size)
{
	assert(size <= b->size);
	b->size -= size;
	if (size != 0 && b->size != 0)
		memmove(b->data, b->data + size, b->size);
}

bool buf_put_view8(struct buf *b, struct view v)
{
	assert(v.size <= UINT8_MAX);
	assert(v.data != NULL || v.size == 0);
	uint8_t *to = buf_reserve(b, 1 + v.size);

	if (to == NULL)
		return false;
	*to = (uint8_t)v.size;
	if (v.size != 0)
		memcpy(to + 1, v.data, v.size);
	buf_added(b, 1 + v.size);
	return true;
}

bool buf_put_view32(struct buf *b, struct view v)
{
	assert(v.size <= UINT32_MAX);
	assert(v.data != NULL || v.size == 0);
	uint8_t *to = buf_reserve(b, 4 + v.size);

	if (to == NULL)
		return false;
	to = put_u32(to, (uint32_t)v.size);
	if (v.size != 0)
		memcpy(to, v.data, v.size);
	buf_added(b, 4 + v.size);
	return true;
}

void reader_copy(struct reader *r, void *to, size_t size)
{
	const uint8_t *from = reader_bytes(r, size);

	assert(to != NULL || size == 0);
	if (size == 0)
		return;
	if (from != NULL)
		memcpy(to, from, size);
	else
		memset(to, 0, size);
}

/* The bytes after a length just read; without them the length is not consumed either. */
static struct view reader_view_after(struct reader *r, size_t length_size, size_t size)
{
	bool failed_before = r->failed;
	struct view v = reader_view(r, size);

	assert(failed_before || r->offset >= length_size);
	if (r->failed && !failed_before)
		r->offset -= length_size;
	assert(!r->failed || v.size == 0);
	return v;
}

struct view reader_view8(struct reader *r)
{
	uint8_t size = reader_u8(r);

	return reader_view_after(r, 1, size);
}

struct view reader_view32(struct reader *r)
{
	uint32_t size = reader_u32(r);

	return reader_view_after(r, 4, size);
}

void *mem_alloc(size_t size)
{
	void *memory = malloc(size == 0 ? 1 : size);

	if (memory == NULL)
		out_of_memory(size);
	return memory;
}

void *mem_alloc_block(size_t size, bool is_large_page)
{
	uint8_t *memory = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                       -1, 0);
	size_t before;

	assert(size > 0);
	assert((size & (size - 1)) == 0);
	if (memory == MAP_FAILED)
		out_of_memory(size);
	/* What lies before and behind the aligned part goes back. */
	before = -(uintptr_t)memory & (size - 1);
	if (before > 0)
		mem_free_block(memory, before);
	mem_free_block(memory + before + size, size - before);
	if (is_large_page)
		(void)madvise(memory + before, size, MADV_HUGEPAGE); /* a wish */
	return memory + before;
}

void mem_free_block(void *memory, size_t size)
{
	int result = munmap(memory, size);

	assert(result == 0);
	(void)result;
}

void *mem_alloc_zero(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory(SIZE_MAX);
	void *memory = calloc(total == 0 ? 1 : total, 1);

	if (memory == NULL)
		out_of_memory(total);
	return memory;
}

void *mem_resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size == 0 ? 1 : size);

	if (resized == NULL)
		out_of_memory(size);
	return resized;
}

void mem_free(void *memory)
{
	free(memory);
}
