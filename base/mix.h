/* SPDX-License-Identifier: MIT
 *
 * mix: a cheap 64-bit hash over bytes, for tables and for sums of sets. It is no secret and guards
 * against nobody: what must not be forged has SHA-256.
 *
 * Words of 8 bytes are read as little-endian on every machine, so the value of the same bytes is
 * the same everywhere. Each word is xored in, multiplied by an odd constant and folded down (the
 * construction of Fibonacci hashing); mix_end spreads what is left with the finisher of
 * SplitMix64. The functions are inline because they stand in the path of every message.
 */
#ifndef THREEFOLD_BASE_MIX_H
#define THREEFOLD_BASE_MIX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MIX_ODD UINT64_C(0x9e3779b97f4a7c15)

/* Eight bytes as a little-endian number. */
static inline uint64_t mix_load(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

/* Mixes one word into `hash`. The bits of the result are not spread evenly yet: mix_end does
 * that. */
static inline uint64_t mix_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * MIX_ODD;
	return hash ^ (hash >> 29);
}

/* Mixes `size` bytes into `hash`. Two words at a time go into two lanes, so that the processor need
 * not wait for one multiplication before it begins the next. Bytes at the end that are no whole
 * word are filled with zeros: callers who mix strings of different sizes mix the size, too. */
static inline uint64_t mix_bytes(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *from = data;
	uint64_t lane = MIX_ODD;

	for (; size >= 16; size -= 16, from += 16) {
		hash = mix_word(hash, mix_load(from));
		lane = mix_word(lane, mix_load(from + 8));
	}
	if (size >= 8) {
		hash = mix_word(hash, mix_load(from));
		size -= 8;
		from += 8;
	}
	if (size > 0) {
		uint8_t last[8] = { 0 };

		memcpy(last, from, size);
		lane = mix_word(lane, mix_load(last));
	}
	return mix_word(hash, lane);
}

/* Spreads what was mixed, so that any bits of the result may choose a place in a table. */
static inline uint64_t mix_end(uint64_t hash)
{
	hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
	return hash ^ (hash >> 31);
}

#endif
