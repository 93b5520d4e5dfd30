/* SPDX-License-Identifier: MIT
 *
 * tap: the macros with which unit tests print TAP (testanything.org) for prove.
 *
 * Each check prints one line; a failed one also prints where it stands and both values. A test
 * program ends with `return tap_done();`, which prints the plan. The counters are this file's, so a
 * test program includes it in one of its sources.
 */
#ifndef THREEFOLD_TESTS_LIB_TAP_H
#define THREEFOLD_TESTS_LIB_TAP_H

#include "tests/lib/heap.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a sanitizer is built in: it keeps memory of its own beside each byte and holds back what
 * was freed, its allocator and its signal handlers end the process by themselves; it is slow. */
#ifdef __SANITIZE_ADDRESS__
enum { is_sanitized = true };
#else
enum { is_sanitized = false };
#endif

static int tap_count;
static int tap_failed;

static inline bool tap_ok(bool passed, const char *file, int line, const char *name)
{
	tap_count++;
	printf("%sok %d - %s\n", passed ? "" : "not ", tap_count, name);
	if (!passed) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return passed;
}

static inline bool tap_is_u64(uint64_t got, uint64_t want, const char *file, int line,
                              const char *name)
{
	bool passed = tap_ok(got == want, file, line, name);

	if (!passed)
		printf("# got %" PRIu64 ", want %" PRIu64 "\n", got, want);
	return passed;
}

static inline bool tap_is_string(const char *got, const char *want, const char *file, int line,
                                 const char *name)
{
	bool passed = tap_ok(strcmp(got, want) == 0, file, line, name);

	if (!passed)
		printf("# got '%s', want '%s'\n", got, want);
	return passed;
}

static inline bool tap_is_bytes(const void *got, const void *want, size_t size, const char *file,
                                int line, const char *name)
{
	bool passed = tap_ok(memcmp(got, want, size) == 0, file, line, name);
	const uint8_t *a = got;
	const uint8_t *b = want;

	for (size_t i = 0; !passed && i < size; i++)
		if (a[i] != b[i]) {
			printf("# byte %zu: got %02x, want %02x\n", i, a[i], b[i]);
			break;
		}
	return passed;
}

/* At its end a test has given back all memory: what it does not free, a program does not. */
static inline int tap_done(void)
{
	tap_is_u64((uint64_t)heap_live(), 0, __FILE__, __LINE__, "all memory was given back");
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#define OK(condition, name) tap_ok((condition), __FILE__, __LINE__, (name))
#define IS_U64(got, want, name) \
	tap_is_u64((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, (name))
#define IS_STRING(got, want, name) tap_is_string((got), (want), __FILE__, __LINE__, (name))
#define IS_BYTES(got, want, size, name) \
	tap_is_bytes((got), (want), (size), __FILE__, __LINE__, (name))
/* A check inside a loop: only a failure prints. */
#define ALWAYS(condition, name)                                    \
	do {                                                       \
		if (!(condition))                                  \
			tap_ok(false, __FILE__, __LINE__, (name)); \
	} while (0)

#endif
