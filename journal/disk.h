/* SPDX-License-Identifier: MIT
 *
 * disk: the file operations that the journal needs, as a table. So tests and the simulator can put
 * a disk of their own under the real journal: one that loses what was not synced, writes half a
 * page, is full, or fails.
 *
 * A disk stands for one directory, the data directory. Names are those of files in it. Every
 * operation returns 0 (or a count, a size, a handle) or a negative errno value. It goes on by
 * itself after a short write or EINTR. A handle is a small number >= 0.
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
	DISK_READ_ALL,   /* the same, for a file that will be read once, from its front to its end,
	                  * and not written meanwhile: the disk may read ahead */
	DISK_CREATE,     /* for reading and writing, made or emptied, mode 0600 */
	DISK_LOG,        /* for reading and writing; must be there. What is written goes to the disk
	                  * at once, past the page cache if possible, but is safe only after a
	                  * sync. Up to a block of zeros may follow it at the end of the file */
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
	/* Waits until all written bytes of the file, and its size, are on the disk (fdatasync).
	 * After a failure it must not be called again for the same bytes: it might then say yes. */
	int (*sync)(struct disk *d, int handle);
	/* Of the file, in bytes. */
	int64_t (*size)(struct disk *d, int handle);
	int (*truncate)(struct disk *d, int handle, uint64_t size);
	/* Makes the file at least `size` bytes long, with zeros at its end. Later writes there need
	 * no new space, so they do not fail for lack of it. */
	int (*reserve)(struct disk *d, int handle, uint64_t size);
	/* `to` is replaced, in one step, if it is there. */
	int (*rename)(struct disk *d, const char *from, const char *to);
	int (*remove)(struct disk *d, const char *name);
	/* Waits until names that were made, renamed or removed are on the disk (fsync of the
	 * directory). */
	int (*sync_names)(struct disk *d);
	/* Bytes that can still be written to the file system. */
	int64_t (*room)(struct disk *d);
};

/* The first member of every implementation's own struct. */
struct disk {
	const struct disk_operations *operations;
};

/* The real disk, on the directory `path`. Makes the directory, and those above it, if it is missing
 * (mode 0700), and locks it against a second server. NULL and a sentence in `err` if that cannot be
 * done; *locked then tells whether another server has the lock. */
struct disk *disk_open_directory(const char *path, bool *locked, char err[ERR_SIZE]);
/* The same directory for reading only: nothing is made, and nothing can be written, also where a
 * file system is read-only. Operations that would write are missing. A server that has the lock is
 * told as above; none can begin meanwhile if the file of the lock is there. */
struct disk *disk_open_to_read(const char *path, bool *locked, char err[ERR_SIZE]);
/* Releases the lock and frees. NULL is fine. No file may be open. */
void disk_close_directory(struct disk *d);

#endif
