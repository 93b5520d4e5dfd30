/* SPDX-License-Identifier: MIT
 *
 * direct: writes to a file past the page cache (O_DIRECT, open(2)).
 *
 * A journal is written once, synced, and read at the next start. Through the page cache each of its
 * bytes would be copied to a page that nobody reads, allocated for it, written back and reclaimed:
 * several times the cost of handing the block to the disk. What a disk takes is whole blocks, so
 * the block in which the file ends is kept here and written again with what follows; what stands in
 * it already is written as it was.
 *
 * All calls return 0 or a negative errno value. One thread at a time may use one of these. The file
 * may be read by other descriptors at any time; nobody else may write to it.
 */
#ifndef THREEFOLD_JOURNAL_DIRECT_H
#define THREEFOLD_JOURNAL_DIRECT_H

#include <stddef.h>
#include <stdint.h>

enum { DIRECT_BLOCK = 4096 }; /* bytes; no file system that is in use asks for more */

struct direct;

/* Opens the file again that `fd` is open on. NULL: its file system cannot do that, or there is
 * nothing left to open it with; it is then to be written as any other. */
struct direct *direct_open(int fd);
void direct_close(struct direct *d);
/* Writes `size` bytes at `offset`, whatever stands around them. The file may end up to a block
 * behind them, in zeros. -EINVAL, when nothing was written yet: it cannot be done here after
 * all. */
int direct_write(struct direct *d, uint64_t offset, const void *data, size_t size);
/* Writes zeros from the block in which `from` lies, or the next one, up to the end of that in which
 * `to` lies. There must be nothing but zeros from `from` on. */
int direct_zeros(struct direct *d, uint64_t from, uint64_t to);
/* The file was cut to `size`. */
void direct_cut(struct direct *d, uint64_t size);

#endif
