/* SPDX-License-Identifier: MIT
 *
 * What was asked for is there, and a process that cannot have it says so and ends.
 */
#include "tests/lib/tap.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static void test_memory(void)
{
	uint8_t *zeros = memory_alloc_zero(100, 10);
	uint8_t *bytes = memory_alloc(16);
	bool is_zero = true;

	for (size_t i = 0; i < 1000; i++)
		is_zero = is_zero && zeros[i] == 0;
	OK(is_zero, "memory: is zero if that is asked for");
	memcpy(bytes, "0123456789abcdef", 16);
	bytes = memory_resize(bytes, 100000);
	IS_BYTES(bytes, "0123456789abcdef", 16, "memory: keeps its content when resized");
	memory_free(zeros);
	memory_free(bytes);
	memory_free(NULL);
	void *nothing[3] = { memory_alloc(0), memory_alloc_zero(0, 8), memory_resize(NULL, 0) };

	for (size_t i = 0; i < 3; i++) {
		OK(nothing[i] != NULL, "memory: of no size has an address");
		memory_free(nothing[i]);
	}
}

static void test_blocks(void)
{
	enum { SIZE = 1 << 16 };
	uint8_t *block = memory_alloc_block(SIZE, false);
	bool is_zero = true;

	IS_U64((uintptr_t)block % SIZE, 0, "memory: a block is aligned to its size");
	for (size_t i = 0; i < SIZE; i++)
		is_zero = is_zero && block[i] == 0;
	OK(is_zero, "memory: a block is zero");
	memory_free_block(block, SIZE);
}

/* How much of the address space the process has, in bytes; 0: it cannot be seen. */
static uint64_t address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	(void)fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A sanitizer keeps some of what was given back for a while, to see who still uses it. */
static void test_given_back(void)
{
	enum { ROUNDS = 64, SIZE = 1 << 26 };
	uint64_t before = address_space();

	for (int i = 0; i < ROUNDS; i++)
		memory_free(memory_alloc(SIZE));
	OK(address_space() - before < (uint64_t)ROUNDS * SIZE / 2,
	   "memory: what is given back is there again");
}

static void ask_overflow(void)
{
	(void)memory_alloc_zero(SIZE_MAX / 2, 4);
}

static volatile size_t too_much = SIZE_MAX / 4;

static void ask_alloc(void)
{
	(void)memory_alloc(too_much);
}

static void ask_zero(void)
{
	(void)memory_alloc_zero(1, too_much);
}

static void ask_resize(void)
{
	(void)memory_resize(NULL, too_much);
}

static void ask_block(void)
{
	(void)memory_alloc_block((size_t)1 << 61, false);
}

/* What a child that asks for more than there can be writes to stderr; gives its exit status. */
static int end_of_child(void (*ask)(void), char *line, size_t size)
{
	int ends[2], status = -1;
	ssize_t length;

	if (pipe(ends) != 0)
		return -1;
	pid_t child = fork();

	if (child == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		ask();
		_exit(77);
	}
	(void)close(ends[1]);
	length = read(ends[0], line, size - 1);
	line[length > 0 ? length : 0] = '\0';
	(void)close(ends[0]);
	(void)waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_exhaustion(void)
{
	static void (*const ways[])(void) = { ask_alloc, ask_zero, ask_resize, ask_block };
	char line[200];

	for (size_t i = 0; i < sizeof ways / sizeof ways[0] && !is_sanitized; i++) {
		IS_U64(end_of_child(ways[i], line, sizeof line), 1,
		       "memory: whoever asks for more than there is ends with 1");
		OK(strncmp(line, "no memory for ", 14) == 0, "memory: and says so");
	}
	IS_U64(end_of_child(ask_overflow, line, sizeof line), 1,
	       "memory: a process that has none ends with 1");
	IS_STRING(line, "no memory for 18446744073709551615 bytes, this is the end\n",
	          "memory: a process that has none says so");
}

int main(void)
{
	test_memory();
	test_blocks();
	test_given_back();
	test_exhaustion();
	return tap_done();
}
