/* SPDX-License-Identifier: MIT
 *
 * simdisk: a disk in memory that behaves as badly as disks may, but the same each time for the same
 * seed.
 *
 * Model. A file is an array of pages. A write changes the cache; which pages differ from the disk
 * is known. `sync` puts a file's pages and size on the disk, `sync_names` what was made, renamed
 * and removed. At a power cut each page that was not synced is lost, kept or torn (sectors of 512
 * bytes, new up to one and old from there), independently of all others; a size that was not synced
 * is the old or the new one; names that were not synced are kept up to some operation and lost from
 * there (the order of a journaling file system), or, in the harsh mode, lost or kept each for
 * itself. A process that is merely killed loses nothing of the cache.
 *
 * A sync that fails does what Linux does: the pages are marked clean although they are not on the
 * disk. They read back well until the power is cut, and no later sync writes them; only writing
 * them again does.
 *
 * Every operation counts, and a power cut or a failure can be asked for at the n-th. The operation
 * at which the power is cut may have taken effect or not; it and all later ones give -EIO, until
 * simdisk_crash.
 *
 * Not modelled: bits that rot (change a file with simdisk_put), operations that never return.
 *
 * Threads: one.
 */
#ifndef THREEFOLD_TESTS_SIMULATE_SIMDISK_H
#define THREEFOLD_TESTS_SIMULATE_SIMDISK_H

#include "journal/disk.h"

enum simdisk_operation {
	SIMDISK_OPEN = 1 << 0,
	SIMDISK_CLOSE = 1 << 1,
	SIMDISK_READ = 1 << 2,
	SIMDISK_WRITE = 1 << 3,
	SIMDISK_SYNC = 1 << 4,
	SIMDISK_SIZE = 1 << 5,
	SIMDISK_TRUNCATE = 1 << 6,
	SIMDISK_RESERVE = 1 << 7,
	SIMDISK_RENAME = 1 << 8,
	SIMDISK_REMOVE = 1 << 9,
	SIMDISK_SYNC_NAMES = 1 << 10,
	SIMDISK_ROOM = 1 << 11,
	SIMDISK_CHANGES = SIMDISK_WRITE | SIMDISK_SYNC | SIMDISK_TRUNCATE | SIMDISK_RESERVE |
	                  SIMDISK_RENAME | SIMDISK_REMOVE | SIMDISK_SYNC_NAMES,
	SIMDISK_ALL = (1 << 12) - 1,
};

enum simdisk_loss {
	SIMDISK_KILLED, /* the process only: the cache stays */
	SIMDISK_LOSES,  /* a power cut that loses all that was not synced */
	SIMDISK_KEEPS,  /* one that happens to lose nothing */
	SIMDISK_TEARS,  /* pages as the seed says, names up to one operation */
	SIMDISK_HARSH,  /* pages and names as the seed says, each for itself */
};
enum { SIMDISK_LOSS_COUNT = SIMDISK_HARSH + 1 };

struct simdisk;

/* Makes an empty disk without a limit of size. The seed decides all that happens by chance. */
struct simdisk *simdisk_new(uint64_t seed);
void simdisk_free(struct simdisk *s);
struct disk *simdisk_disk(struct simdisk *s);
void simdisk_seed(struct simdisk *s, uint64_t seed);

/* Sets the size of the disk: it is full when its files take so many bytes. UINT64_MAX: never. */
void simdisk_limit(struct simdisk *s, uint64_t bytes);
/* How many bytes the files take now. */
uint64_t simdisk_used(const struct simdisk *s);
/* How many operations of these kinds (SIMDISK_...) there were so far. */
uint64_t simdisk_count(const struct simdisk *s, unsigned kinds);
/* Makes the n-th operation of these kinds from now on (1: the next) fail with this error (EIO,
 * ENOSPC, ...) and do nothing. With `ever`, every later one fails, too. n 0: none fails. */
void simdisk_fail(struct simdisk *s, unsigned kinds, uint64_t n, int error, bool ever);
/* Cuts the power, or kills the process, in the n-th operation from now on that changes anything. n
 * 0: never. */
void simdisk_stop(struct simdisk *s, uint64_t n);
bool simdisk_is_stopped(const struct simdisk *s);
/* How many files are open. */
size_t simdisk_open_count(const struct simdisk *s);
/* Leaves the disk as the next process finds it after this kind of loss. Closes all handles, and
 * clears the failures and the stop that were asked for. */
void simdisk_crash(struct simdisk *s, enum simdisk_loss loss);

/* Copies all files as they are on the disk now, and puts such a copy back: a backup that is
 * restored, or the disk of another replica. What was not synced is not in the copy. */
struct simdisk_image;
struct simdisk_image *simdisk_save(const struct simdisk *s);
void simdisk_restore(struct simdisk *s, const struct simdisk_image *image);
void simdisk_image_free(struct simdisk_image *image);
void simdisk_wipe(struct simdisk *s);

/* A file as a process reads it now; false if there is none. The view lives until the next change.
 *  */
bool simdisk_get(const struct simdisk *s, const char *name, struct view *content);
/* From now on the sector of a file that this byte is in cannot be read, until simdisk_crash. */
void simdisk_spoil(struct simdisk *s, const char *name, uint64_t byte);
/* Puts a file on the disk, synced, name and all. */
void simdisk_put(struct simdisk *s, const char *name, struct view content);
void simdisk_delete(struct simdisk *s, const char *name);
/* The names of all files that a process sees, in order: the i-th, NULL after the last. */
const char *simdisk_name(const struct simdisk *s, size_t i);

#endif
