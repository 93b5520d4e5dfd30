/* SPDX-License-Identifier: MIT
 *
 * mutate: what a hostile replica says instead of what a true one would say. The fuzzer's input
 * decides, byte by byte, so that a small change of it is a small change of what is said. When the
 * input is at its end the replica is honest.
 */
#ifndef THREEFOLD_TESTS_FUZZ_MUTATE_H
#define THREEFOLD_TESTS_FUZZ_MUTATE_H

#include "protocol.h"

enum { MUTATE_KEPT = 4, MUTATE_SIZE = 4096 };

/* The input that is left, and some frames of before. */
struct mutate {
	struct view in;
	uint8_t kept[MUTATE_KEPT][MUTATE_SIZE];
	size_t kept_size[MUTATE_KEPT];
};

static inline uint8_t mutate_byte(struct mutate *m)
{
	uint8_t byte = m->in.size > 0 ? m->in.data[0] : 0;

	if (m->in.size > 0)
		m->in = view_of(m->in.data + 1, m->in.size - 1);
	return byte;
}

/* Numbers at the ends of their range. */
static inline uint64_t mutate_number(struct mutate *m)
{
	static const uint64_t numbers[] = {
		0,          1,         NUMBER_MAX - 1, NUMBER_MAX, NUMBER_MAX + 1, UINT64_MAX - 1,
		UINT64_MAX, UINT32_MAX
	};

	return numbers[mutate_byte(m) % (sizeof numbers / sizeof numbers[0])];
}

/* Puts what is said instead of `frame` at the end of `to`, perhaps nothing. */
static inline void mutate_frame(struct mutate *m, struct view frame, struct buf *to)
{
	uint8_t what = mutate_byte(m);
	size_t begin = to->size;
	uint8_t slot = what % MUTATE_KEPT;
	size_t at, size;

	if (what >= 240 && frame.size <= MUTATE_SIZE) { /* kept for later */
		memcpy(m->kept[slot], frame.data, frame.size);
		m->kept_size[slot] = frame.size;
	} else if (what >= 224 && m->kept_size[slot] >= FRAME_HEADER_SIZE) { /* one of before */
		(void)buf_put(to, m->kept[slot], m->kept_size[slot]);
		if (what & 8)
			memcpy(to->data + begin + 6, frame.data + 6, 4); /* with this number */
		return;
	}
	if (what >= 208 && what < 216)
		return;
	(void)buf_put(to, frame.data, frame.size);
	if (what >= 216 && what < 224) {
		(void)buf_put(to, frame.data, frame.size);
	} else if (what >= 128 && what < 208) {
		at = 4 + ((size_t)mutate_byte(m) | (size_t)mutate_byte(m) << 8) % (frame.size - 4);
		if (what < 160) {
			to->data[begin + at] ^= mutate_byte(m);
		} else if (what < 192 && at + 8 <= frame.size) {
			buf_store_u64(to->data + begin + at, mutate_number(m));
		} else { /* cut off there, or longer by what is left of the input */
			size = at < FRAME_HEADER_SIZE ? FRAME_HEADER_SIZE : at;
			to->size = begin + size;
			for (uint8_t more = mutate_byte(m) & 63; more > 0; more--) {
				uint8_t byte = mutate_byte(m);

				(void)buf_put(to, &byte, 1);
			}
			buf_store_u32(to->data + begin, (uint32_t)(to->size - begin - 4));
		}
	}
}

#endif
