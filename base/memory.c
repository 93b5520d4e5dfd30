/* SPDX-License-Identifier: MIT
 *
 * A size of 0 is asked of the allocator as 1: malloc(0) may give NULL, which would look like a
 * failure.
 */
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* One write(2), so that the line does not mix with those of other threads and processes. */
_Noreturn void memory_exhausted(size_t size)
{
	char line[128];
	int length = snprintf(line, sizeof line, "no memory for %zu bytes, this is the end\n",
	                      size);

	while (write(STDERR_FILENO, line, (size_t)length) < 0 && errno == EINTR)
		continue;
	/* Not exit: other threads run, and nothing unacknowledged is promised. A terminal gets its
	 * mode back. */
	quick_exit(1);
}

void *memory_alloc(size_t size)
{
	void *memory = malloc(size == 0 ? 1 : size);

	if (memory == NULL)
		memory_exhausted(size);
	return memory;
}

void *memory_alloc_block(size_t size, bool is_large_page)
{
	uint8_t *memory = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                       -1, 0);
	size_t before;

	assert(size > 0);
	assert((size & (size - 1)) == 0);
	if (memory == MAP_FAILED)
		memory_exhausted(size);
	/* What lies before and behind the aligned part goes back. */
	before = -(uintptr_t)memory & (size - 1);
	if (before > 0)
		memory_free_block(memory, before);
	memory_free_block(memory + before + size, size - before);
	if (is_large_page)
		(void)madvise(memory + before, size, MADV_HUGEPAGE); /* a wish */
	return memory + before;
}

void memory_free_block(void *memory, size_t size)
{
	int result = munmap(memory, size);

	/* A part of a mapping makes two of one, which may be more than the system allows: then it
	 * stays mapped. */
	assert(result == 0 || errno == ENOMEM);
	(void)result;
}

void *memory_alloc_zero(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		memory_exhausted(SIZE_MAX);
	void *memory = calloc(total == 0 ? 1 : total, 1);

	if (memory == NULL)
		memory_exhausted(total);
	return memory;
}

void *memory_resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size == 0 ? 1 : size);

	if (resized == NULL)
		memory_exhausted(size);
	return resized;
}

void memory_free(void *memory)
{
	free(memory);
}
