/* SPDX-License-Identifier: MIT
 *
 * file: reading and writing a whole file or pipe, random bytes, and the folders that a file stands
 * in. Everything that writes a small file uses it. (A journal writes through journal/disk.h.)
 *
 * All calls go on after EINTR and after a short read or write. On failure errno says why.
 */
#ifndef THREEFOLD_IO_FILE_H
#define THREEFOLD_IO_FILE_H

#include "base/buf.h"

#include <errno.h>
#include <sys/types.h>

/* As open(2). */
int file_open(const char *path, int flags, mode_t mode);
/* The error of file_open_data for what is no regular file, besides ELOOP for a link. */
#define FILE_NO_FILE EMEDIUMTYPE

/* Opens a file of data in the folder `folder` (AT_FDCWD: the current one); `flags` and `mode` are
 * those of open(2). Only a regular file is opened: a link might lead to somebody else's file, and a
 * pipe or a device might keep the caller waiting for ever. Returns the descriptor or a negative
 * errno value. */
int file_open_data(int folder, const char *name, int flags, mode_t mode);
/* Whether this errno value says that something is there, and that it is no regular file. */
bool file_is_wrong_kind(int error);
/* What an errno value of file_open_data means, as a phrase; for others what strerror says. */
const char *file_reason(int error);
/* Reads until there are `size` bytes or the file ends. Returns how many bytes it read; -1: failure.
 */
ssize_t file_read(int fd, void *data, size_t size);
/* Writes all bytes. False: failure, and some of them may have been written. */
bool file_write(int fd, const void *data, size_t size);
/* Whether something that was printed to the standard output so far could not be written, although
 * somebody may want it: a pipe whose reader has gone (`| head`) loses nothing. What an earlier
 * flush has lost is asked for, too: fflush alone tells of its own failure only. */
bool file_output_is_lost(void);
/* Fills `data` with random bytes of the system. False: it gives none. */
bool file_random(void *data, size_t size);
/* Makes each folder above `path` that is missing, for its owner alone (mode 0700); not the last
 * part of `path`. Each one that is made is synced in the folder above it, if that may be read.
 * Returns 0. On failure it returns how many bytes of `path` name the folder that could not be made.
 * `path` is changed on the way and restored. */
size_t file_make_folders(char *path);
/* Whether others than its owner may put files into this folder, or replace those in it. Sets
 * *mode to its mode. False also if it cannot be looked at. */
bool file_is_shared_folder(const char *path, unsigned *mode);
/* Syncs the folder in which `path` stands: a file that was made, renamed or removed there then
 * survives a power cut under its new name. `path` has at most 4095 bytes. */
bool file_sync_folder(const char *path);

#endif
