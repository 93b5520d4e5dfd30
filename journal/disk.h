/* SPDX-License-Identifier: MIT
 *
 * disk: the file operations that the journal needs, as a table, so that tests and the simulator can
 * put a disk of their own under the real journal: one that loses what was not synced, tears pages,
 * fills up, fails.
 *
 * Paths are names inside one directory (the data directory), which a disk is opened on. Every
 * operation returns 0 (or a count, a size, a handle) or a negative errno value; short writes and
 * EINTR are dealt with here and nowhere else. A handle is a small number >= 0.
 *
 * Threads: any may call, one at a time.
 */
#ifndef THREEFOLD_JOURNAL_DISK_H
#define THREEFOLD_JOURNAL_DISK_H

#include "base/buf.h"

enum { ERR_SIZE = 512 };      /* of every buffer for an error's sentence */
#define DISK_LOCK_NAME "lock" /* the file in a data directory that its server has locked */

enum disk_open {
	DISK_READ,       /* -ENOENT if it is not there */
	DISK_CREATE,     /* for reading and writing, made or emptied, mode 0600 */
	DISK_LOG,        /* for reading and writing; must be there. What is written is on its way to
	                  * the disk at once, past the page cache if possible, and up to a block of
	                  * zeros more may follow it at the end */
	DISK_CREATE_LOG, /* such a file, made or emptied, mode 0600 */
};

struct disk;

struct disk_operations {
	int (*open)(struct disk *d, const char *name, enum disk_open how);
	int (*close)(struct disk *d, int handle);
	/* Reads up to `size` bytes at `offset`; the count, 0 at the end. */
	int64_t (*read)(struct disk *d, int handle, uint64_t offset, void *data, size_t size);
	/* Writes all of it or fails. */
	int (*write)(struct disk *d, int handle, uint64_t offset, const void *data, size_t size);
	/* All written bytes of the file, and its size, are on the disk (fdatasync). Never to be
	 * retried. */
	int (*sync)(struct disk *d, int handle);
	int64_t (*size)(struct disk *d, int handle);
	int (*truncate)(struct disk *d, int handle, uint64_t size);
	/* Gives the file room for bytes up to `size`, which then read as zeros; later writes there
	 * need no new space. The file's size becomes at least `size`. */
	int (*reserve)(struct disk *d, int handle, uint64_t size);
	int (*rename)(struct disk *d, const char *from, const char *to);
	int (*remove)(struct disk *d, const char *name);
	/* Names made, renamed and removed are on the disk (fsync of the directory). */
	int (*sync_names)(struct disk *d);
	/* Bytes that can still be written. */
	int64_t (*room)(struct disk *d);
};

/* The first member of every implementation's own struct. */
struct disk {
	const struct disk_operations *operations;
};

/* The real one: on the directory `path`, which it makes (mode 0700) and locks against a second
 * server. NULL and a sentence in `err` if that cannot be done; *locked tells that another server
 * has it. */
struct disk *disk_open_directory(const char *path, bool *locked, char err[ERR_SIZE]);
void disk_close_directory(struct disk *d);

#endif
