/* SPDX-License-Identifier: MIT
 *
 * evil: ids that a stranger chose so that they meet in one place of a table. They are made for a
 * hash that reads an id in two lanes of which one has no key: whatever the key of the other, all of
 * them have one hash there (base/mix.h, mix_bytes).
 */
#ifndef THREEFOLD_TESTS_STORE_EVIL_H
#define THREEFOLD_TESTS_STORE_EVIL_H

#include "base/mix.h"
#include "fact/id.h"

#include <stdlib.h>

/* The inverse of MIX_ODD modulo 2^64, by Newton's iteration. */
static inline uint64_t evil_odd_inverse(void)
{
	uint64_t inverse = MIX_ODD;

	for (int i = 0; i < 6; i++)
		inverse *= 2 - MIX_ODD * inverse;
	return inverse;
}

/* What mix_word(hash, word) was given as hash ^ word, from its result. */
static inline uint64_t evil_unmix(uint64_t result)
{
	uint64_t product = result;

	for (int i = 0; i < 3; i++)
		product = result ^ product >> 29;
	return product * evil_odd_inverse();
}

/* Each number makes another one. */
static inline struct id evil_id(uint64_t number)
{
	struct id id = { 0 };
	uint64_t middle = evil_unmix(evil_unmix(0) ^ number) ^ MIX_ODD;

	memset(id.bytes, 7, 8);
	for (int i = 0; i < 8; i++)
		id.bytes[8 + i] = (uint8_t)(middle >> (8 * i));
	for (int i = 0; i < ID_SIZE - 16; i++)
		id.bytes[16 + i] = (uint8_t)(number >> (8 * i));
	return id;
}

static inline int evil_by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* How many of so many hashes are equal to another one; sorts them. */
static inline uint32_t evil_collisions(uint64_t *hashes, uint32_t size)
{
	uint32_t count = 0;

	qsort(hashes, size, sizeof *hashes, evil_by_value);
	for (uint32_t i = 1; i < size; i++)
		count += hashes[i] == hashes[i - 1];
	return count;
}

#endif
