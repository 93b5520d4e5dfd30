/* SPDX-License-Identifier: MIT
 *
 * buf: bounded byte buffers, and little-endian writing and reading.
 *
 * A `buf` grows up to a maximum that its owner named; a put that would pass it fails and changes
 * nothing. A `reader` walks over bytes that belong to somebody else; a get on too few bytes fails,
 * consumes nothing and marks the reader as failed, so that a caller may read a whole frame and ask
 * once at the end. A `view` is a pointer and a length into memory that somebody else owns.
 *
 * Widths are in the names, everything is little-endian and written by shifts, never by copying
 * structs.
 *
 * What every frame and every comparison runs through is `static inline`, its body at the end of
 * this file; what may allocate is in buf.c.
 *
 * Pure: no I/O.
 */
#ifndef THREEFOLD_BASE_BUF_H
#define THREEFOLD_BASE_BUF_H

#ifdef NDEBUG
#error "assertions stay on in what ships"
#endif

#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Bytes that belong to somebody else. `data` may be NULL only if `size` is 0. */
struct view {
	const uint8_t *data;
	size_t size;
};

/* The view of a C string, without its NUL. It lives as long as the string does. */
static inline struct view view_of_string(const char *string);
/* The view of `size` bytes. It lives as long as they do. `data` may be NULL only if `size` is 0. */
static inline struct view view_of(const void *data, size_t size);
/* Whether both have the same size and the same bytes. */
static inline bool view_equal(struct view a, struct view b);
/* Byte-wise order; a prefix sorts before what it begins. <0, 0, >0. */
static inline int view_compare(struct view a, struct view b);
/* Whether the first bytes of `v` are those of `prefix`. An empty prefix fits every view. */
static inline bool view_starts_with(struct view v, struct view prefix);
/* Takes the next line from the front of `rest`: `line` is without its newline, which the last one
 * may lack. False: nothing is left, and the line is empty. */
static inline bool view_take_line(struct view *rest, struct view *line);
/* The lower case of a letter of ASCII. Any other byte is itself. */
static inline uint8_t view_lower(uint8_t byte);
/* Whether both are equal if upper and lower case of ASCII's letters are. */
static inline bool view_equal_lower(struct view a, struct view b);
/* Copies the bytes of `v` and a NUL to `to`, which has `size` bytes. The caller knows that they
 * fit. */
static inline void view_to_string(struct view v, char *to, size_t size);

/* A growing array of bytes. Zero bytes of memory are held until the first put. */
struct buf {
	uint8_t *data;
	size_t size;     /* bytes in use */
	size_t capacity; /* bytes allocated */
	size_t size_max; /* a put never makes it larger than this */
};

/* Makes `b` empty; it may grow to `size_max` bytes. */
void buf_init(struct buf *b, size_t size_max);
/* Frees the memory and makes `b` empty; it may be used again. */
void buf_release(struct buf *b);
/* Empties `b` and keeps its memory. */
void buf_clear(struct buf *b);
/* The same, and overwrites what it held: for secrets. */
void buf_wipe(struct buf *b);
/* Makes room for `size` more bytes and returns where they go; they count only after buf_added.
 * NULL if that would pass size_max. */
static inline uint8_t *buf_reserve(struct buf *b, size_t size);
/* Counts the `size` bytes that were written where buf_reserve said, at most as many as reserved. */
static inline void buf_added(struct buf *b, size_t size);
/* What buf_reserve does when there is no room yet; nobody else calls it. */
uint8_t *buf_grow(struct buf *b, size_t size);
/* Drops `size` bytes from the front, at most as many as it holds, and moves the rest there. */
void buf_consume(struct buf *b, size_t size);
/* What is in it; valid until the next call that puts or releases. */
static inline struct view buf_view(const struct buf *b);

/* Puts `size` bytes at the end. False, and nothing put, if that would pass size_max. `data` may be
 * NULL only if `size` is 0. */
static inline bool buf_put(struct buf *b, const void *data, size_t size);
/* The four put a number of 1, 2, 4 or 8 bytes, little-endian. False, and nothing put, if that
 * would pass size_max. */
static inline bool buf_put_u8(struct buf *b, uint8_t value);
static inline bool buf_put_u16(struct buf *b, uint16_t value);
static inline bool buf_put_u32(struct buf *b, uint32_t value);
static inline bool buf_put_u64(struct buf *b, uint64_t value);
/* Both put bytes into a buffer that has room for them, as its owner knows: they assert that they
 * fit. buf_append_text puts a C string without its NUL. */
static inline void buf_append(struct buf *b, struct view bytes);
static inline void buf_append_text(struct buf *b, const char *text);
/* Both put the length, in one byte or in four, and then the bytes. False, and nothing put, if that
 * would pass size_max. They assert that the length fits its width. */
bool buf_put_view8(struct buf *b, struct view v);
bool buf_put_view32(struct buf *b, struct view v);

/* The three store a number of 2, 4 or 8 bytes, little-endian, at `to`, where the caller has made
 * room. They return the address of the byte behind it. `to` need not be aligned. */
static inline uint8_t *buf_store_u16(uint8_t *to, uint16_t value);
static inline uint8_t *buf_store_u32(uint8_t *to, uint32_t value);
static inline uint8_t *buf_store_u64(uint8_t *to, uint64_t value);
/* The three load a little-endian number from the 2, 4 or 8 bytes at `from`, which need not be
 * aligned. */
static inline uint16_t buf_load_u16(const uint8_t *from);
static inline uint32_t buf_load_u32(const uint8_t *from);
static inline uint64_t buf_load_u64(const uint8_t *from);

/* A place in bytes that somebody else owns. A get that fails gives 0, NULL or an empty view; the
 * caller looks at `failed` once, at the end. */
struct reader {
	const uint8_t *data;
	size_t size;
	size_t offset;
	bool failed; /* some get found too few bytes; every later one fails too */
};

/* A reader at the front of `v`, whose bytes must outlive it and every view it gives. */
static inline struct reader reader_of(struct view v);
/* How many bytes were not read yet. */
static inline size_t reader_left(const struct reader *r);
/* Read a little-endian number of each width. 0 (and failed) if fewer bytes are left. */
static inline uint8_t reader_u8(struct reader *r);
static inline uint16_t reader_u16(struct reader *r);
static inline uint32_t reader_u32(struct reader *r);
static inline uint64_t reader_u64(struct reader *r);
/* The address of the next `size` bytes, in the memory of the reader's owner. NULL (and failed) if
 * fewer are left. */
static inline const uint8_t *reader_bytes(struct reader *r, size_t size);
/* Copies the next `size` bytes to `to`. If fewer are left it fails and writes zeros. */
void reader_copy(struct reader *r, void *to, size_t size);
/* The next `size` bytes. reader_view8 and reader_view32 first read the size, from one byte or four.
 * If the bytes are not all there, each fails, consumes nothing and gives an empty view. */
static inline struct view reader_view(struct reader *r, size_t size);
struct view reader_view8(struct reader *r);
struct view reader_view32(struct reader *r);

/* From here on: the bodies of what is inline above. */

static inline struct view view_of(const void *data, size_t size)
{
	assert(data != NULL || size == 0);
	return (struct view){ .data = data, .size = size };
}

static inline struct view view_of_string(const char *string)
{
	assert(string != NULL);
	return view_of(string, strlen(string));
}

/* memcmp and memcpy must not be given NULL, not even with a size of 0: hence the tests of the size.
 * */
static inline bool view_equal(struct view a, struct view b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline int view_compare(struct view a, struct view b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool view_starts_with(struct view v, struct view prefix)
{
	return v.size >= prefix.size &&
	       (prefix.size == 0 || memcmp(v.data, prefix.data, prefix.size) == 0);
}

static inline bool view_take_line(struct view *rest, struct view *line)
{
	const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
	size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
	size_t taken = size + (end != NULL);

	*line = (struct view){ .data = rest->data, .size = size };
	if (taken == 0)
		return false;
	*rest = (struct view){ .data = rest->data + taken, .size = rest->size - taken };
	return true;
}

static inline uint8_t view_lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

static inline bool view_equal_lower(struct view a, struct view b)
{
	size_t i = 0;

	while (i < a.size && i < b.size && view_lower(a.data[i]) == view_lower(b.data[i]))
		i++;
	return a.size == b.size && i == a.size;
}

static inline void view_to_string(struct view v, char *to, size_t size)
{
	assert(v.size < size);
	if (v.size > 0)
		memcpy(to, v.data, v.size);
	to[v.size] = 0;
}

/* Compilers turn these shifts into one store or load on a little-endian machine. */
static inline uint8_t *buf_store_u16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
	return to + 2;
}

static inline uint8_t *buf_store_u32(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
	to[2] = (uint8_t)(value >> 16);
	to[3] = (uint8_t)(value >> 24);
	return to + 4;
}

static inline uint8_t *buf_store_u64(uint8_t *to, uint64_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
	to[2] = (uint8_t)(value >> 16);
	to[3] = (uint8_t)(value >> 24);
	to[4] = (uint8_t)(value >> 32);
	to[5] = (uint8_t)(value >> 40);
	to[6] = (uint8_t)(value >> 48);
	to[7] = (uint8_t)(value >> 56);
	return to + 8;
}

static inline uint16_t buf_load_u16(const uint8_t *from)
{
	return (uint16_t)(from[0] | from[1] << 8);
}

static inline uint32_t buf_load_u32(const uint8_t *from)
{
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
	       (uint32_t)from[3] << 24;
}

static inline uint64_t buf_load_u64(const uint8_t *from)
{
	return (uint64_t)from[0] | (uint64_t)from[1] << 8 | (uint64_t)from[2] << 16 |
	       (uint64_t)from[3] << 24 | (uint64_t)from[4] << 32 | (uint64_t)from[5] << 40 |
	       (uint64_t)from[6] << 48 | (uint64_t)from[7] << 56;
}

static inline uint8_t *buf_reserve(struct buf *b, size_t size)
{
	assert(b->size <= b->capacity);
	if (size <= b->capacity - b->size && b->data != NULL)
		return b->data + b->size;
	return buf_grow(b, size);
}

static inline void buf_added(struct buf *b, size_t size)
{
	assert(size <= b->capacity - b->size);
	b->size += size;
}

static inline struct view buf_view(const struct buf *b)
{
	return (struct view){ .data = b->data, .size = b->size };
}

static inline bool buf_put(struct buf *b, const void *data, size_t size)
{
	uint8_t *to = buf_reserve(b, size);

	assert(data != NULL || size == 0);
	if (to == NULL)
		return false;
	if (size != 0)
		memcpy(to, data, size);
	b->size += size;
	return true;
}

static inline void buf_append(struct buf *b, struct view bytes)
{
	bool fitted = buf_put(b, bytes.data, bytes.size);

	assert(fitted);
	(void)fitted;
}

static inline void buf_append_text(struct buf *b, const char *text)
{
	buf_append(b, view_of_string(text));
}

static inline bool buf_put_u8(struct buf *b, uint8_t value)
{
	uint8_t *to = buf_reserve(b, 1);

	if (to == NULL)
		return false;
	*to = value;
	b->size += 1;
	return true;
}

static inline bool buf_put_u16(struct buf *b, uint16_t value)
{
	uint8_t *to = buf_reserve(b, 2);

	if (to == NULL)
		return false;
	buf_store_u16(to, value);
	b->size += 2;
	return true;
}

static inline bool buf_put_u32(struct buf *b, uint32_t value)
{
	uint8_t *to = buf_reserve(b, 4);

	if (to == NULL)
		return false;
	buf_store_u32(to, value);
	b->size += 4;
	return true;
}

static inline bool buf_put_u64(struct buf *b, uint64_t value)
{
	uint8_t *to = buf_reserve(b, 8);

	if (to == NULL)
		return false;
	buf_store_u64(to, value);
	b->size += 8;
	return true;
}

/* An empty view may have no address; a reader always has one, so that only failure gives NULL. */
static inline struct reader reader_of(struct view v)
{
	assert(v.data != NULL || v.size == 0);
	return (struct reader){
		.data = v.data != NULL ? v.data : (const uint8_t *)"",
		.size = v.size,
	};
}

static inline size_t reader_left(const struct reader *r)
{
	assert(r->offset <= r->size);
	return r->size - r->offset;
}

static inline const uint8_t *reader_bytes(struct reader *r, size_t size)
{
	const uint8_t *from = r->data + r->offset;

	if (r->failed || size > reader_left(r)) {
		r->failed = true;
		return NULL;
	}
	r->offset += size;
	return from;
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *from = reader_bytes(r, 1);

	return from == NULL ? 0 : *from;
}

static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *from = reader_bytes(r, 2);

	return from == NULL ? 0 : buf_load_u16(from);
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *from = reader_bytes(r, 4);

	return from == NULL ? 0 : buf_load_u32(from);
}

static inline uint64_t reader_u64(struct reader *r)
{
	const uint8_t *from = reader_bytes(r, 8);

	return from == NULL ? 0 : buf_load_u64(from);
}

static inline struct view reader_view(struct reader *r, size_t size)
{
	const uint8_t *from = reader_bytes(r, size);

	return (struct view){ .data = from, .size = from == NULL ? 0 : size };
}

#endif
