/* SPDX-License-Identifier: MIT
 *
 * A number modulo p = 2^255 - 19 is five limbs of 51 bits, the lowest first. Between operations a
 * limb may be larger than 51 bits: after add and multiply it is below 2^52, after subtract below
 * 2^54. Multiply takes limbs below 2^54: 19 times one is below 2^59, a product of that below 2^113,
 * and the sum of five fits 128 bits.
 *
 * The names of the ladder (a, aa, b, bb, e, da, cb) are those of RFC 7748, section 5.
 */
#include "base/x25519.h"

enum { LIMBS = 5, LIMB_BITS = 51, SCALAR_BITS = 255, A24 = 121665 };
#define LIMB_MASK ((UINT64_C(1) << LIMB_BITS) - 1)

__extension__ typedef unsigned __int128 u128;

struct number {
	uint64_t limb[LIMBS];
};

/* All that a ladder must not leave on the stack. */
struct ladder {
	struct number x1, x2, z2, x3, z3;
	struct number a, aa, b, bb, e, c, d, da, cb;
	uint8_t scalar[X25519_SIZE];
};

/* The highest bit of the bytes is not looked at, as RFC 7748 says. */
static void load(struct number *n, const uint8_t bytes[X25519_SIZE])
{
	n->limb[0] = buf_load_u64(bytes) & LIMB_MASK;
	n->limb[1] = buf_load_u64(bytes + 6) >> 3 & LIMB_MASK;
	n->limb[2] = buf_load_u64(bytes + 12) >> 6 & LIMB_MASK;
	n->limb[3] = buf_load_u64(bytes + 19) >> 1 & LIMB_MASK;
	n->limb[4] = buf_load_u64(bytes + 24) >> 12 & LIMB_MASK;
}

/* Moves what is above 51 bits of each limb into the next one, and from the last into the first:
 * 2^255 is 19. */
static void carry(struct number *n)
{
	for (unsigned i = 0; i < LIMBS - 1; i++) {
		n->limb[i + 1] += n->limb[i] >> LIMB_BITS;
		n->limb[i] &= LIMB_MASK;
	}
	n->limb[0] += 19 * (n->limb[LIMBS - 1] >> LIMB_BITS);
	n->limb[LIMBS - 1] &= LIMB_MASK;
}

/* The one value from 0 to p - 1. After three carries the number is below 2^255. It is p or more if
 * and only if 19 more would carry out of the last limb; then that carry, 2^255, is dropped. */
static void store(const struct number *from, uint8_t bytes[X25519_SIZE])
{
	struct number n = *from;
	uint64_t over = 19;

	carry(&n);
	carry(&n);
	carry(&n);
	for (unsigned i = 0; i < LIMBS; i++)
		over = (n.limb[i] + over) >> LIMB_BITS;
	n.limb[0] += 19 * over;
	for (unsigned i = 0; i < LIMBS - 1; i++) {
		n.limb[i + 1] += n.limb[i] >> LIMB_BITS;
		n.limb[i] &= LIMB_MASK;
	}
	n.limb[LIMBS - 1] &= LIMB_MASK;
	buf_store_u64(bytes, n.limb[0] | n.limb[1] << 51);
	buf_store_u64(bytes + 8, n.limb[1] >> 13 | n.limb[2] << 38);
	buf_store_u64(bytes + 16, n.limb[2] >> 26 | n.limb[3] << 25);
	buf_store_u64(bytes + 24, n.limb[3] >> 39 | n.limb[4] << 12);
	explicit_bzero(&n, sizeof n);
}

static void add(struct number *out, const struct number *a, const struct number *b)
{
	for (unsigned i = 0; i < LIMBS; i++)
		out->limb[i] = a->limb[i] + b->limb[i];
}

/* 4p is added first, so that no limb becomes negative: b's limbs are below 2^52. */
static void subtract(struct number *out, const struct number *a, const struct number *b)
{
	const uint64_t low = 4 * (LIMB_MASK - 18);
	const uint64_t high = 4 * LIMB_MASK;

	for (unsigned i = 0; i < LIMBS; i++)
		out->limb[i] = a->limb[i] + (i == 0 ? low : high) - b->limb[i];
}

/* Sums of products become limbs. */
static void reduce(struct number *out, u128 sum[LIMBS])
{
	for (unsigned i = 0; i < LIMBS - 1; i++) {
		/* cppcheck-suppress shiftTooManyBits ; it takes u128 for an int */
		sum[i + 1] += sum[i] >> LIMB_BITS;
		out->limb[i] = (uint64_t)sum[i] & LIMB_MASK;
	}
	/* cppcheck-suppress shiftTooManyBits */
	u128 first = (sum[LIMBS - 1] >> LIMB_BITS) * 19 + out->limb[0];

	out->limb[LIMBS - 1] = (uint64_t)sum[LIMBS - 1] & LIMB_MASK;
	out->limb[0] = (uint64_t)first & LIMB_MASK;
	out->limb[1] += (uint64_t)(first >> LIMB_BITS);
}

/* `out` may be `a` or `b`. Written out, because a loop takes three times as long. */
static void multiply(struct number *out, const struct number *a, const struct number *b)
{
	const uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2];
	const uint64_t a3 = a->limb[3], a4 = a->limb[4];
	const uint64_t b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2];
	const uint64_t b3 = b->limb[3], b4 = b->limb[4];
	const uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;
	u128 sum[LIMBS] = {
		(u128)a0 * b0 + (u128)a1 * c4 + (u128)a2 * c3 + (u128)a3 * c2 + (u128)a4 * c1,
		(u128)a0 * b1 + (u128)a1 * b0 + (u128)a2 * c4 + (u128)a3 * c3 + (u128)a4 * c2,
		(u128)a0 * b2 + (u128)a1 * b1 + (u128)a2 * b0 + (u128)a3 * c4 + (u128)a4 * c3,
		(u128)a0 * b3 + (u128)a1 * b2 + (u128)a2 * b1 + (u128)a3 * b0 + (u128)a4 * c4,
		(u128)a0 * b4 + (u128)a1 * b3 + (u128)a2 * b2 + (u128)a3 * b1 + (u128)a4 * b0,
	};

	reduce(out, sum);
}

static void multiply_small(struct number *out, const struct number *a, uint32_t factor)
{
	u128 sum[LIMBS];

	for (unsigned i = 0; i < LIMBS; i++)
		sum[i] = (u128)a->limb[i] * factor;
	reduce(out, sum);
}

/* a to the power of p - 2 = 2^255 - 21, whose bits but 2 and 4 are ones. */
static void invert(struct number *out, const struct number *a)
{
	struct number power = *a;

	for (int bit = SCALAR_BITS - 2; bit >= 0; bit--) {
		multiply(&power, &power, &power);
		if (bit != 2 && bit != 4)
			multiply(&power, &power, a);
	}
	*out = power;
	explicit_bzero(&power, sizeof power);
}

/* Swaps if `swap` is 1, with no branch on it. */
static void swap_if(uint64_t swap, struct number *a, struct number *b)
{
	const uint64_t mask = 0 - swap;

	for (unsigned i = 0; i < LIMBS; i++) {
		uint64_t difference = mask & (a->limb[i] ^ b->limb[i]);

		a->limb[i] ^= difference;
		b->limb[i] ^= difference;
	}
}

/* One step of the ladder. */
static void step(struct ladder *l)
{
	add(&l->a, &l->x2, &l->z2);
	multiply(&l->aa, &l->a, &l->a);
	subtract(&l->b, &l->x2, &l->z2);
	multiply(&l->bb, &l->b, &l->b);
	subtract(&l->e, &l->aa, &l->bb);
	add(&l->c, &l->x3, &l->z3);
	subtract(&l->d, &l->x3, &l->z3);
	multiply(&l->da, &l->d, &l->a);
	multiply(&l->cb, &l->c, &l->b);
	add(&l->x3, &l->da, &l->cb);
	multiply(&l->x3, &l->x3, &l->x3);
	subtract(&l->z3, &l->da, &l->cb);
	multiply(&l->z3, &l->z3, &l->z3);
	multiply(&l->z3, &l->z3, &l->x1);
	multiply(&l->x2, &l->aa, &l->bb);
	multiply_small(&l->z2, &l->e, A24);
	add(&l->z2, &l->z2, &l->aa);
	multiply(&l->z2, &l->z2, &l->e);
}

bool x25519_shared(const uint8_t secret[X25519_SIZE], const uint8_t public[X25519_SIZE],
                   uint8_t shared[X25519_SIZE])
{
	struct ladder l = { .x2.limb = { 1 }, .z3.limb = { 1 } };
	uint64_t swap = 0;
	uint8_t any = 0;

	memcpy(l.scalar, secret, X25519_SIZE);
	l.scalar[0] &= 248;
	l.scalar[31] = (uint8_t)((l.scalar[31] & 127) | 64);
	load(&l.x1, public);
	l.x3 = l.x1;
	for (int bit = SCALAR_BITS - 1; bit >= 0; bit--) {
		uint64_t is_set = l.scalar[bit / 8] >> bit % 8 & 1;

		swap ^= is_set;
		swap_if(swap, &l.x2, &l.x3);
		swap_if(swap, &l.z2, &l.z3);
		swap = is_set;
		step(&l);
	}
	swap_if(swap, &l.x2, &l.x3);
	swap_if(swap, &l.z2, &l.z3);
	invert(&l.z2, &l.z2);
	multiply(&l.x2, &l.x2, &l.z2);
	store(&l.x2, shared);
	explicit_bzero(&l, sizeof l);
	for (unsigned i = 0; i < X25519_SIZE; i++)
		any |= shared[i];
	return any != 0;
}

void x25519_public(const uint8_t secret[X25519_SIZE], uint8_t public[X25519_SIZE])
{
	static const uint8_t base[X25519_SIZE] = { 9 };
	bool is_point = x25519_shared(secret, base, public);

	assert(is_point); /* the base point has a large prime order */
}
