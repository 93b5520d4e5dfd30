/* SPDX-License-Identifier: MIT
 *
 * The sum runs over every line of every journal, so it has two paths. One instruction takes eight
 * bytes in three cycles, which is faster than any disk; interleaving three streams would need
 * tables to join them. The portable path is 'slicing by eight': eight bytes at a time through eight
 * tables.
 */
#include "base/crc32c.h"

#include "base/buf.h"

/* Entry n of slice k is what a byte n leaves in the register after k further bytes of zero. That is
 * linear in the bits of n, so eight numbers make a slice, those of 80, 40, 20, ... 1: the
 * polynomial 82f63b78 (reflected), and each next one is the one before moved on by one bit. The
 * compiler makes the 2048 entries of them. */
#define ENTRY(n, b7, b6, b5, b4, b3, b2, b1, b0)                                 \
	(((n) >> 7 & 1) * (b7) ^ ((n) >> 6 & 1) * (b6) ^ ((n) >> 5 & 1) * (b5) ^ \
	 ((n) >> 4 & 1) * (b4) ^ ((n) >> 3 & 1) * (b3) ^ ((n) >> 2 & 1) * (b2) ^ \
	 ((n) >> 1 & 1) * (b1) ^ ((n)&1) * (b0))
#define ENTRIES_4(n, ...)                                                                \
	ENTRY(n, __VA_ARGS__), ENTRY((n) + 1, __VA_ARGS__), ENTRY((n) + 2, __VA_ARGS__), \
		ENTRY((n) + 3, __VA_ARGS__)
#define ENTRIES_16(n, ...)                                          \
	ENTRIES_4(n, __VA_ARGS__), ENTRIES_4((n) + 4, __VA_ARGS__), \
		ENTRIES_4((n) + 8, __VA_ARGS__), ENTRIES_4((n) + 12, __VA_ARGS__)
#define ENTRIES_64(n, ...)                                             \
	ENTRIES_16(n, __VA_ARGS__), ENTRIES_16((n) + 16, __VA_ARGS__), \
		ENTRIES_16((n) + 32, __VA_ARGS__), ENTRIES_16((n) + 48, __VA_ARGS__)
#define SLICE(...)                                                                   \
	{                                                                            \
		ENTRIES_64(0u, __VA_ARGS__), ENTRIES_64(64u, __VA_ARGS__),           \
			ENTRIES_64(128u, __VA_ARGS__), ENTRIES_64(192u, __VA_ARGS__) \
	}

static const uint32_t crc_slices[8][256] = {
	SLICE(0x82f63b78, 0x417b1dbc, 0x20bd8ede, 0x105ec76f, 0x8ad958cf, 0xc79a971f, 0xe13b70f7,
	      0xf26b8303),
	SLICE(0xfbc3faf9, 0xff17c604, 0x7f8be302, 0x3fc5f181, 0x9d14c3b8, 0x4e8a61dc, 0x274530ee,
	      0x13a29877),
	SLICE(0x8b277743, 0xc76580d9, 0xe144fb14, 0x70a27d8a, 0x38513ec5, 0x9edea41a, 0x4f6f520d,
	      0xa541927e),
	SLICE(0x52a0c93f, 0xaba65fe7, 0xd725148b, 0xe964b13d, 0xf64463e6, 0x7b2231f3, 0xbf672381,
	      0xdd45aab8),
	SLICE(0x6ea2d55c, 0x37516aae, 0x1ba8b557, 0x8f2261d3, 0xc5670b91, 0xe045beb0, 0x7022df58,
	      0x38116fac),
	SLICE(0x1c08b7d6, 0x0e045beb, 0x85f4168d, 0xc00c303e, 0x6006181f, 0xb2f53777, 0xdb8ca0c3,
	      0xef306b19),
	SLICE(0xf56e0ef4, 0x7ab7077a, 0x3d5b83bd, 0x9c5bfaa6, 0x4e2dfd53, 0xa5e0c5d1, 0xd0065990,
	      0x68032cc8),
	SLICE(0x34019664, 0x1a00cb32, 0x0d006599, 0x847609b4, 0x423b04da, 0x211d826d, 0x9278fa4e,
	      0x493c7d27),
};

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *from = data;
	const uint8_t *end = size == 0 ? from : from + size;

	assert(data != NULL || size == 0);
	crc = ~crc;
	for (; end - from >= 8; from += 8) {
		uint64_t word = buf_load_u64(from) ^ crc;

		crc = crc_slices[7][word & 255] ^ crc_slices[6][word >> 8 & 255] ^
		      crc_slices[5][word >> 16 & 255] ^ crc_slices[4][word >> 24 & 255] ^
		      crc_slices[3][word >> 32 & 255] ^ crc_slices[2][word >> 40 & 255] ^
		      crc_slices[1][word >> 48 & 255] ^ crc_slices[0][word >> 56];
	}
	for (; from < end; from++)
		crc = crc_slices[0][(crc ^ *from) & 255] ^ crc >> 8;
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *data,
                                                               size_t size)
{
	const uint8_t *from = data;
	const uint8_t *end = size == 0 ? from : from + size;
	uint64_t wide;

	assert(data != NULL || size == 0);
	wide = ~crc;
	for (; end - from >= 8; from += 8)
		wide = __builtin_ia32_crc32di(wide, buf_load_u64(from));
	crc = (uint32_t)wide;
	for (; from < end; from++)
		crc = __builtin_ia32_crc32qi(crc, *from);
	return ~crc;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, data, size);
#endif
	return crc32c_portable(crc, data, size);
}
