/* SPDX-License-Identifier: MIT
 *
 * A write copies the data into `room`, an aligned buffer, and writes whole blocks from there. Where
 * the data begins or ends in the middle of a block, the other bytes of that block come from the
 * file as it is. A block's content is found in this order: it is the tail that was kept; it lies
 * behind all that was ever written, so it is zeros; or it is read. A journal is written from
 * front to back, so only its first write reads.
 */
#include "journal/direct.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	ROOM_SIZE = 512 * 1024, /* of one write */
	ZEROS_SIZE = 64 * 1024,
	ZEROS_PARTS = 16, /* of one call */
};
_Static_assert(ROOM_SIZE % DIRECT_BLOCK == 0, "a write is of whole blocks");
_Static_assert(ZEROS_SIZE % DIRECT_BLOCK == 0, "and so are zeros");

struct direct {
	int fd;
	uint64_t zeros_from; /* behind all that was written: the file reads as zeros */
	uint64_t tail_at;    /* UINT64_MAX: no tail is kept */
	uint8_t tail[DIRECT_BLOCK];
	uint8_t *room;
	uint8_t *allocated;
};

static uint64_t round_down(uint64_t offset)
{
	return offset / DIRECT_BLOCK * DIRECT_BLOCK;
}

static uint64_t round_up(uint64_t offset)
{
	return round_down(offset + DIRECT_BLOCK - 1);
}

/* Opens the file by the kernel's name for the descriptor, because the file's own name may have
 * changed since. Only regular files have blocks. */
struct direct *direct_open(int fd)
{
	char path[64];
	struct stat status;
	struct direct *d;
	int own;

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	own = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (own < 0)
		return NULL;
	if (fstat(own, &status) < 0 || !S_ISREG(status.st_mode)) {
		(void)close(own); /* nothing was written */
		return NULL;
	}
	d = memory_alloc(sizeof *d);
	d->fd = own;
	d->zeros_from = (uint64_t)status.st_size;
	d->tail_at = UINT64_MAX;
	d->allocated = memory_alloc(ROOM_SIZE + DIRECT_BLOCK);
	d->room = d->allocated + (DIRECT_BLOCK - (uintptr_t)d->allocated % DIRECT_BLOCK);
	return d;
}

void direct_close(struct direct *d)
{
	if (d == NULL)
		return;
	(void)close(d->fd); /* what counts was synced */
	memory_free(d->allocated);
	memory_free(d);
}

/* The block at offset `at` as it is now in the file. */
static int get_block(const struct direct *d, uint64_t at, uint8_t *to)
{
	size_t done = 0;

	assert(at % DIRECT_BLOCK == 0);
	if (at == d->tail_at) {
		memcpy(to, d->tail, DIRECT_BLOCK);
		return 0;
	}
	if (at < d->zeros_from) {
		ssize_t count;

		do
			count = pread(d->fd, to, DIRECT_BLOCK, (off_t)at);
		while (count < 0 && errno == EINTR);
		if (count < 0)
			return -errno;
		done = (size_t)count;
	}
	memset(to + done, 0, DIRECT_BLOCK - done);
	return 0;
}

/* Writes `size` bytes, whole blocks, from the room. After a short write whole blocks are written
 * again; fewer bytes than a block is a failure, because it would never get any further. */
static int put_blocks(const struct direct *d, uint64_t at, size_t size)
{
	size_t done = 0;

	assert(size % DIRECT_BLOCK == 0 && size <= ROOM_SIZE);
	while (done < size) {
		ssize_t count = pwrite(d->fd, d->room + done, size - done, (off_t)(at + done));

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count >= 0 && count < DIRECT_BLOCK)
			return -EIO;
		if (count > 0)
			done += (size_t)round_down((uint64_t)count);
	}
	return 0;
}

/* Remembers the last block that was written, if the data ends in it: the next write begins
 * there. */
static void keep_tail(struct direct *d, uint64_t at, size_t size, uint64_t end)
{
	if (end > d->zeros_from)
		d->zeros_from = end;
	d->tail_at = UINT64_MAX;
	if (end % DIRECT_BLOCK == 0)
		return;
	d->tail_at = at + size - DIRECT_BLOCK;
	memcpy(d->tail, d->room + size - DIRECT_BLOCK, DIRECT_BLOCK);
}

/* In parts of what fits the room. Unless it is one block, the last block of a part is fetched apart
 * from the first. */
int direct_write(struct direct *d, uint64_t offset, const void *data, size_t size)
{
	const uint8_t *from = data;

	assert(offset <= INT64_MAX - size - DIRECT_BLOCK);
	while (size > 0) {
		uint64_t at = round_down(offset);
		size_t front = (size_t)(offset - at);
		size_t part = size < ROOM_SIZE - front ? size : ROOM_SIZE - front;
		size_t whole = (size_t)round_up(front + part);
		uint64_t last = at + whole - DIRECT_BLOCK;
		bool is_cut = (front + part) % DIRECT_BLOCK != 0;
		int result = 0;

		if (front > 0)
			result = get_block(d, at, d->room);
		if (result == 0 && is_cut && (last > at || front == 0))
			result = get_block(d, last, d->room + whole - DIRECT_BLOCK);
		memcpy(d->room + front, from, part);
		if (result == 0)
			result = put_blocks(d, at, whole);
		if (result < 0)
			return result;
		keep_tail(d, at, whole, offset + part);
		offset += part;
		from += part;
		size -= part;
	}
	return 0;
}

/* One call takes many parts, all of them the same piece of zeros. */
int direct_zeros(struct direct *d, uint64_t from, uint64_t to)
{
	static _Alignas(DIRECT_BLOCK) uint8_t zeros[ZEROS_SIZE]; /* never written */
	struct iovec parts[ZEROS_PARTS];
	uint64_t end = round_up(to);

	assert(from >= d->zeros_from);
	for (uint64_t at = round_up(from); at < end;) {
		int count = 0;
		ssize_t done;

		for (uint64_t left = end - at; left > 0 && count < ZEROS_PARTS; count++) {
			parts[count].iov_base = zeros;
			parts[count].iov_len = left < ZEROS_SIZE ? (size_t)left : ZEROS_SIZE;
			left -= parts[count].iov_len;
		}
		done = pwritev(d->fd, parts, count, (off_t)at);
		if (done < 0 && errno != EINTR)
			return -errno;
		if (done >= 0 && done < DIRECT_BLOCK)
			return -EIO;
		if (done > 0)
			at += round_down((uint64_t)done);
	}
	return 0;
}

void direct_cut(struct direct *d, uint64_t size)
{
	if (size < d->zeros_from)
		d->zeros_from = size;
	d->tail_at = UINT64_MAX;
}
