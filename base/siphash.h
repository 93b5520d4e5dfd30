/* SPDX-License-Identifier: MIT
 *
 * siphash: a keyed 64-bit hash for tables that hold what others chose.
 *
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, with one round for
 * each word and three at the end). Whoever does not know the 128 bits of the key cannot choose
 * inputs whose hashes collide, so a table stays fast whatever strangers put into it. The key must
 * be random, and must not be shown: nothing that depends on a hash may reach an output.
 *
 * The functions are inline because they stand in the path of every message.
 */
#ifndef THREEFOLD_BASE_SIPHASH_H
#define THREEFOLD_BASE_SIPHASH_H

#include "base/mix.h"

enum { SIPHASH_KEY_SIZE = 16 };

/* 128 secret bits. All zero is a key too, for tables of a test. */
struct siphash_key {
	uint64_t low, high;
};

/* The four words that the rounds mix. */
struct siphash_state {
	uint64_t a, b, c, d;
};

static inline uint64_t siphash_rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void siphash_round(struct siphash_state *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = siphash_rotate(s->b, 13) ^ s->a;
	s->d = siphash_rotate(s->d, 16) ^ s->c;
	s->a = siphash_rotate(s->a, 32) + s->d;
	s->c += s->b;
	s->d = siphash_rotate(s->d, 21) ^ s->a;
	s->b = siphash_rotate(s->b, 17) ^ s->c;
	s->c = siphash_rotate(s->c, 32);
}

static inline void siphash_word(struct siphash_state *s, uint64_t word)
{
	s->d ^= word;
	siphash_round(s);
	s->a ^= word;
}

/* The hash of `size` bytes. */
static inline uint64_t siphash(const struct siphash_key *key, const void *data, size_t size)
{
	const uint8_t *from = data;
	const uint8_t *end = from + size / 8 * 8;
	uint64_t last = (uint64_t)size << 56;
	struct siphash_state s = {
		.a = key->low ^ UINT64_C(0x736f6d6570736575),
		.b = key->high ^ UINT64_C(0x646f72616e646f6d),
		.c = key->low ^ UINT64_C(0x6c7967656e657261),
		.d = key->high ^ UINT64_C(0x7465646279746573),
	};

	for (; from != end; from += 8)
		siphash_word(&s, mix_load(from));
	for (size_t i = 0; i < size % 8; i++)
		last |= (uint64_t)end[i] << (8 * i);
	siphash_word(&s, last);
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		siphash_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

/* A key from SIPHASH_KEY_SIZE random bytes. */
static inline struct siphash_key siphash_key_from(const uint8_t random[SIPHASH_KEY_SIZE])
{
	return (struct siphash_key){ mix_load(random), mix_load(random + 8) };
}

#endif
