/* SPDX-License-Identifier: MIT
 *
 * siphash: a keyed 64-bit hash for tables that hold what others chose, and a tag of bytes.
 *
 * SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). Whoever does not know
 * the 128 bits of the key cannot choose inputs whose hashes collide, so a table stays fast whatever
 * strangers put into it. For that SipHash-1-3 is enough: one round for each word and three at the
 * end. The key must be random, and must not be shown: nothing that depends on such a hash may reach
 * an output. A tag travels, so it is that of the paper, SipHash-2-4.
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

static inline void siphash_word(struct siphash_state *s, uint64_t word, int rounds)
{
	s->d ^= word;
	for (int i = 0; i < rounds; i++)
		siphash_round(s);
	s->a ^= word;
}

static inline struct siphash_state siphash_begin(const struct siphash_key *key)
{
	return (struct siphash_state){
		.a = key->low ^ UINT64_C(0x736f6d6570736575),
		.b = key->high ^ UINT64_C(0x646f72616e646f6d),
		.c = key->low ^ UINT64_C(0x6c7967656e657261),
		.d = key->high ^ UINT64_C(0x7465646279746573),
	};
}

/* Takes the last bytes of an input of `all` bytes, and gives the hash. What came before them were
 * whole words. */
static inline uint64_t siphash_end(struct siphash_state *s, const void *data, size_t size,
                                   size_t all, int rounds)
{
	const uint8_t *from = data;
	const uint8_t *end = from + size / 8 * 8;
	uint64_t last = (uint64_t)all << 56;

	for (; from != end; from += 8)
		siphash_word(s, mix_load(from), rounds);
	for (size_t i = 0; i < size % 8; i++)
		last |= (uint64_t)end[i] << (8 * i);
	siphash_word(s, last, rounds);
	s->c ^= 0xff;
	for (int i = 0; i < rounds + 2; i++)
		siphash_round(s);
	return s->a ^ s->b ^ s->c ^ s->d;
}

/* The hash of `size` bytes: SipHash-1-3. */
static inline uint64_t siphash(const struct siphash_key *key, const void *data, size_t size)
{
	struct siphash_state s = siphash_begin(key);

	return siphash_end(&s, data, size, size, 1);
}

/* SipHash-2-4 of a number, as 8 bytes, little-endian, and `size` bytes behind it. */
static inline uint64_t siphash_tag(const struct siphash_key *key, uint64_t number, const void *data,
                                   size_t size)
{
	struct siphash_state s = siphash_begin(key);

	siphash_word(&s, number, 2);
	return siphash_end(&s, data, size, size + 8, 2);
}

/* A key from SIPHASH_KEY_SIZE random bytes. */
static inline struct siphash_key siphash_key_from(const uint8_t random[SIPHASH_KEY_SIZE])
{
	return (struct siphash_key){ mix_load(random), mix_load(random + 8) };
}

#endif
