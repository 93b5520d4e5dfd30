/* SPDX-License-Identifier: MIT
 *
 * The fuzz target of the decoder (clang -fsanitize=fuzzer). Each input is decoded twice: as a
 * frame, and as the rest of a frame after a right length field, so that the fuzzer need not guess
 * lengths.
 */
#include "tests/protocol/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *framed = memory_alloc(4 + size);
	size_t length;
	bool whole;

	check_bytes(data, size);
	buf_store_u32(framed, (uint32_t)size);
	if (size != 0)
		memcpy(framed + 4, data, size);
	check_bytes(framed, 4 + size);
	if (protocol_size(view_of(data, size), &length))
		MUST(length == 0 || (length >= FRAME_HEADER_SIZE && length <= FRAME_SIZE_MAX));
	(void)protocol_hello_begins(view_of(data, size), &whole);
	memory_free(framed);
	return 0;
}
