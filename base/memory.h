/* SPDX-License-Identifier: MIT
 *
 * memory: the one place that memory comes from.
 *
 * No function here ever gives NULL. A process that cannot have the memory it asks for ends: a
 * replica whose state depended on which allocation failed would differ from the others, so nobody
 * recovers from it. That costs nothing that was promised, since a promise is only given for what is
 * on the disk.
 *
 * This is the one file of the pure parts that may ask the system. Any thread may call it.
 */
#ifndef THREEFOLD_BASE_MEMORY_H
#define THREEFOLD_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* `size` bytes with any content, which the caller frees. A size of 0 gives one byte. */
void *memory_alloc(size_t size);
/* `count` times `size` bytes, all zero. A product that size_t cannot hold ends the process. */
void *memory_alloc_zero(size_t count, size_t size);
/* Makes `memory` (NULL: nothing yet) `size` bytes large and returns where it stands now. What it
 * held is kept, as far as it fits; what is new has any content. */
void *memory_resize(void *memory, size_t size);
/* Gives back what one of the three above gave; NULL is fine. */
void memory_free(void *memory);

/* `size` bytes of zeros straight from the system, aligned to their size: a power of two of whole
 * pages. With is_large_page the system is asked to hold them in as large a page as it has, which
 * becomes resident as a whole with its first byte; if it has none, they are in small ones. */
void *memory_alloc_block(size_t size, bool is_large_page);
/* Gives back the whole of a block; `size` is what it was asked for with. */
void memory_free_block(void *memory, size_t size);

/* Says in one line on stderr that `size` bytes could not be had, and ends the process with status
 * 1, without what atexit(3) has been told. For callers whose own count is full, too. */
_Noreturn void memory_exhausted(size_t size);

#endif
