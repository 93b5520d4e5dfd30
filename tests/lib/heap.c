/* SPDX-License-Identifier: MIT
 *
 * heap: counts the memory that a unit test was given and has not given back.
 *
 * Unit tests are linked with --wrap (ld(1)), so that every call of base/memory.h comes here first.
 * tap_done looks at the count at a test's end. Sanitizers see only memory that nobody points to any
 * more, and only when they run; this sees all of it, always.
 *
 * What is given without a promise what it holds is full of garbage. So what is read before it is
 * written is no zero by chance.
 */
#include "tests/lib/heap.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

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

enum { GARBAGE = 0xa5, GARBAGE_MAX = 4096 /* of a piece: a larger one is mostly text */ };

static void *filled(void *memory, size_t from, size_t size)
{
	if (size > GARBAGE_MAX)
		size = GARBAGE_MAX;
	if (from < size)
		memset((char *)memory + from, GARBAGE, size - from);
	return memory;
}

long heap_live(void)
{
	return atomic_load(&live);
}

void *__wrap_memory_alloc(size_t size)
{
	(void)atomic_fetch_add(&live, 1);
	return filled(__real_memory_alloc(size), 0, size);
}

void *__wrap_memory_alloc_zero(size_t count, size_t size)
{
	(void)atomic_fetch_add(&live, 1);
	return __real_memory_alloc_zero(count, size);
}

void *__wrap_memory_resize(void *memory, size_t size)
{
	size_t before = memory == NULL ? 0 : malloc_usable_size(memory);

	if (memory == NULL)
		(void)atomic_fetch_add(&live, 1);
	return filled(__real_memory_resize(memory, size), before, size);
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
