/* SPDX-License-Identifier: MIT
 *
 * steady: a fuzz target without a fuzzer. Inputs are drawn from a seed, the same each time, so what
 * is found is found again.
 */
#ifndef THREEFOLD_TESTS_FUZZ_STEADY_H
#define THREEFOLD_TESTS_FUZZ_STEADY_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* So many inputs of at most `size_max` bytes, which is at most 4096. */
static inline void fuzz_steadily(uint32_t inputs, uint32_t size_max)
{
	static uint8_t bytes[4096];
	uint64_t state = 88172645463325252u;

	for (uint32_t i = 0; i < inputs; i++) {
		uint32_t size = 0, want = 1 + i * 7919u % size_max;

		/* Most bytes change nothing, so that a run gets far before it is found out. */
		while (size < want) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[size++] = (uint8_t)(state >> 40 & 7 ? state >> 57 : state >> 32);
		}
		bytes[0] = (uint8_t)i;
		(void)LLVMFuzzerTestOneInput(bytes, size);
	}
}

#endif
