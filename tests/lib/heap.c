/* SPDX-License-Identifier: MIT
 *
 * heap: counts the memory that a unit test was given and has not given back.
 *
 * Unit tests are linked with --wrap (ld(1)), so that every call of base/memory.h comes here first.
 * tap_done looks at the count at a test's end. Sanitizers see only memory that nobody points to any
 * more, and only when they run; this sees all of it, always.
 */
#include "tests/lib/heap.h"

#include <stdatomic.h>
#include <stdbool.h>

void *__real_memory_alloc(size_t size);
void *__real_memory_alloc_zero(size_t count, size_t size);
void *__real_memory_resize(void *memory, size_t size);
void __real_memory_free(void *memory);
void *__real_memory_alloc_block(size_t size, bool is_large_page);
void __real_memory_free_block(void *memory, size_t size);

void *__wrap_memory_alloc(size_t size);
void *__wrap_memory_alloc_zero(size_t count, size_t size);
void *__wrap_memory_resize(void *memory, size_t size);
void __wrap_memory_free(void *memory);
void *__wrap_memory_alloc_block(size_t size, bool is_large_page);
void __wrap_memory_free_block(void *memory, size_t size);

static atomic_long live; /* pieces; threads count, too */

long heap_live(void)
{
	return atomic_load(&live);
}

void *__wrap_memory_alloc(size_t size)
{
	(void)atomic_fetch_add(&live, 1);
	return __real_memory_alloc(size);
}

void *__wrap_memory_alloc_zero(size_t count, size_t size)
{
	(void)atomic_fetch_add(&live, 1);
	return __real_memory_alloc_zero(count, size);
}

void *__wrap_memory_resize(void *memory, size_t size)
{
	if (memory == NULL)
		(void)atomic_fetch_add(&live, 1);
	return __real_memory_resize(memory, size);
}

void __wrap_memory_free(void *memory)
{
	if (memory != NULL)
		(void)atomic_fetch_sub(&live, 1);
	__real_memory_free(memory);
}

void *__wrap_memory_alloc_block(size_t size, bool is_large_page)
{
	(void)atomic_fetch_add(&live, 1);
	return __real_memory_alloc_block(size, is_large_page);
}

void __wrap_memory_free_block(void *memory, size_t size)
{
	(void)atomic_fetch_sub(&live, 1);
	__real_memory_free_block(memory, size);
}
