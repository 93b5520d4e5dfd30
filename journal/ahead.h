/* SPDX-License-Identifier: MIT
 *
 * ahead: reads a file on a thread of its own, ahead of a caller who reads it from its front to its
 * end.
 *
 * A start reads all that a replica holds, checks it and builds the store of it. The disk works
 * only while somebody asks for the next bytes, and this thread asks while the caller builds. Where
 * the file system can do that, it reads past the page cache (O_DIRECT): it always has the same few
 * blocks of memory to fill, and the kernel need not find a page for each page of the file.
 *
 * It only saves time. What it could not read, for whatever reason, the caller reads from the file,
 * and so gets each error as if there were no thread.
 */
#ifndef THREEFOLD_JOURNAL_AHEAD_H
#define THREEFOLD_JOURNAL_AHEAD_H

#include <stddef.h>
#include <stdint.h>

enum {
	AHEAD_BLOCK = 1 << 20, /* bytes that are read with one call */
	AHEAD_BLOCKS = 3,      /* in memory: one for the caller, the others for the disk */
	AHEAD_SIZE_MIN = 4 * AHEAD_BLOCK, /* of a file: a smaller one is not worth a thread */
};

struct ahead;

/* Begins to read the file of `fd`, which must stay open and must not be written to until
 * ahead_close. NULL: the file is small, or no file, or the system gives no thread; the caller then
 * reads the file as any other. */
struct ahead *ahead_open(int fd);
/* Gives up to `size` bytes at `offset`, and waits for them. Returns how many. They are fewer where
 * the thread came to the end of the file or could not read on, and none if the caller does not go
 * on where the last call ended: the rest is to be read from the file. */
size_t ahead_read(struct ahead *a, uint64_t offset, void *data, size_t size);
/* Ends the thread and frees. NULL is fine. */
void ahead_close(struct ahead *a);

#endif
