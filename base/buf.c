/* SPDX-License-Identifier: MIT
 *
 * Buffers double when they grow, so that n puts cost O(n) copies, but never past the owner's
 * maximum: the last step goes exactly there. A buffer never shrinks by itself; who held a large
 * frame in it and wants the memory back releases it. (A ring would spare buf_consume its move, but
 * then a frame could lie in two pieces, and every decoder would have to know.)
 */
#include "base/buf.h"

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
	memory_free(b->data);
	buf_init(b, b->size_max);
}

void buf_clear(struct buf *b)
{
	assert(b->size <= b->capacity);
	b->size = 0;
}

void buf_wipe(struct buf *b)
{
	if (b->capacity > 0)
		explicit_bzero(b->data, b->capacity);
	buf_clear(b);
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
	b->data = memory_resize(b->data, capacity);
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
	to = buf_store_u32(to, (uint32_t)v.size);
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
