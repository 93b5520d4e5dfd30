/* SPDX-License-Identifier: MIT
 *
 * direct: writes to a file past the page cache (O_DIRECT, open(2)).
 *
 * A journal is written once, synced, and read at the next start. Through the page cache the kernel
 * would allocate a page for its bytes, copy them, write the page back and reclaim it, and nobody
 * would read the page. That costs several times as much as giving the block to the disk. A disk
 * takes whole blocks only. So the block in which the file ends is kept here, and it is written
 * again together with what follows it.
 *
 * All calls return 0 or a negative errno value. One thread at a time may use a `struct direct`.
 * Other descriptors may read the file at any time; nobody else may write to it.
 */
#ifndef THREEFOLD_JOURNAL_DIRECT_H
#define THREEFOLD_JOURNAL_DIRECT_H

#include <stddef.h>
#include <stdint.h>

enum { DIRECT_BLOCK = 4096 }; /* bytes; no file system that is in use asks for more */

struct direct;

/* Opens the file of `fd` a second time. NULL: its file system cannot do that, or the process has no
 * descriptor left; the caller then writes the file as any other. */
struct direct *direct_open(int fd);
/* Closes the second descriptor and frees. NULL is fine. */
void direct_close(struct direct *d);
/* Writes `size` bytes at `offset`, and leaves the bytes around them as they are. The file may then
 * end in up to a block of zeros behind them. -EINVAL: the file system cannot do it after all;
 * nothing is written then. */
int direct_write(struct direct *d, uint64_t offset, const void *data, size_t size);
/* Writes zeros, whole blocks: from the first block that begins at or behind `from` to the end of
 * the block in which `to` lies. The file must hold nothing but zeros from `from` on. */
int direct_zeros(struct direct *d, uint64_t from, uint64_t to);
/* To be told when the file was cut to `size` by another descriptor. */
void direct_cut(struct direct *d, uint64_t size);

#endif
