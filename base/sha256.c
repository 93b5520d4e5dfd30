/* SPDX-License-Identifier: MIT
 *
 * SHA-256 in plain C: a round names its eight variables in turn instead of moving them, so that the
 * compiler keeps all of them in registers. The processor's SHA instructions lost: a replica hashes
 * some hundred bytes for a log-in, and a second path would have to be tested on machines that lack
 * it.
 */
#include "base/sha256.h"

/* First 32 bits of the fractions of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate_right(uint32_t x, unsigned bits)
{
	return x >> bits | x << (32 - bits);
}

/* The functions of FIPS 180-4, 4.1.2, by the names that it gives them. */
static uint32_t small_sigma0(uint32_t x)
{
	return rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3;
}

static uint32_t small_sigma1(uint32_t x)
{
	return rotate_right(x, 17) ^ rotate_right(x, 19) ^ x >> 10;
}

static uint32_t big_sigma0(uint32_t x)
{
	return rotate_right(x, 2) ^ rotate_right(x, 13) ^ rotate_right(x, 22);
}

static uint32_t big_sigma1(uint32_t x)
{
	return rotate_right(x, 6) ^ rotate_right(x, 11) ^ rotate_right(x, 25);
}

/* `ch` and `maj` of the standard, in forms that take one operation less. */
static uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
	return z ^ (x & (y ^ z));
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) | (z & (x | y));
}

static uint32_t get_u32_big_endian(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* One round: what the standard calls d and h change, the other six only change their names. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                    \
	do {                                                                                \
		uint32_t t = (h) + big_sigma1(e) + choose(e, f, g) + round_constants[(i)] + \
		             w[(i)];                                                        \
		(d) += t;                                                                   \
		(h) = t + big_sigma0(a) + majority(a, b, c);                                \
	} while (0)

static void hash_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	for (size_t i = 0; i < 16; i++)
		w[i] = get_u32_big_endian(block + 4 * i);
	for (size_t i = 16; i < 64; i++)
		w[i] = small_sigma1(w[i - 2]) + w[i - 7] + small_sigma0(w[i - 15]) + w[i - 16];
	for (size_t i = 0; i < 64; i += 8) {
		ROUND(a, b, c, d, e, f, g, h, i);
		ROUND(h, a, b, c, d, e, f, g, i + 1);
		ROUND(g, h, a, b, c, d, e, f, i + 2);
		ROUND(f, g, h, a, b, c, d, e, i + 3);
		ROUND(e, f, g, h, a, b, c, d, i + 4);
		ROUND(d, e, f, g, h, a, b, c, i + 5);
		ROUND(c, d, e, f, g, h, a, b, i + 6);
		ROUND(b, c, d, e, f, g, h, a, i + 7);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}
#undef ROUND

void sha256_init(struct sha256 *h)
{
	/* The first 32 bits of the fractions of the square roots of the first eight primes (5.3.3).
	 * */
	*h = (struct sha256){
		.state = {
			0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
		},
	};
}

void sha256_update(struct sha256 *h, const void *data, size_t size)
{
	const uint8_t *from = data;
	size_t held = h->size % SHA256_BLOCK_SIZE;

	assert(data != NULL || size == 0);
	assert(h->size <= UINT64_MAX / 8 - size);
	if (size == 0)
		return;
	h->size += size;
	if (held != 0) {
		size_t room = SHA256_BLOCK_SIZE - held;
		size_t taken = size < room ? size : room;

		memcpy(h->block + held, from, taken);
		from += taken;
		size -= taken;
		if (taken < room)
			return;
		hash_block(h->state, h->block);
	}
	for (; size >= SHA256_BLOCK_SIZE; size -= SHA256_BLOCK_SIZE, from += SHA256_BLOCK_SIZE)
		hash_block(h->state, from);
	if (size != 0)
		memcpy(h->block, from, size);
	assert(h->size % SHA256_BLOCK_SIZE == size);
}

void sha256_update_part(struct sha256 *h, const void *data, size_t size)
{
	uint8_t length[4];

	assert(size <= UINT32_MAX);
	buf_store_u32(length, (uint32_t)size);
	sha256_update(h, length, sizeof length);
	sha256_update(h, data, size);
}

/* A bit of 1, bits of 0, and the size in bits, big-endian, in the last eight bytes of a block. */
void sha256_final(struct sha256 *h, uint8_t digest[SHA256_SIZE])
{
	const size_t length_offset = SHA256_BLOCK_SIZE - 8;
	size_t held = h->size % SHA256_BLOCK_SIZE;
	uint64_t bits = h->size * 8;

	assert(digest != NULL);
	h->block[held++] = 0x80;
	if (held > length_offset) {
		memset(h->block + held, 0, SHA256_BLOCK_SIZE - held);
		hash_block(h->state, h->block);
		held = 0;
	}
	memset(h->block + held, 0, length_offset - held);
	for (size_t i = 0; i < 8; i++)
		h->block[length_offset + i] = (uint8_t)(bits >> (56 - 8 * i));
	hash_block(h->state, h->block);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		digest[i] = (uint8_t)(h->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, data, size);
	sha256_final(&h, digest);
}

/* HMAC(K, text) = H(K xor opad, H(K xor ipad, text)); a key longer than a block is hashed first. */
void hmac_init(struct hmac *h, const void *key, size_t key_size)
{
	uint8_t pad[SHA256_BLOCK_SIZE] = { 0 };

	assert(key != NULL || key_size == 0);
	if (key_size > SHA256_BLOCK_SIZE)
		sha256(key, key_size, pad);
	else if (key_size != 0)
		memcpy(pad, key, key_size);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36;
	sha256_init(&h->inner);
	sha256_update(&h->inner, pad, sizeof pad);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha256_init(&h->outer);
	sha256_update(&h->outer, pad, sizeof pad);
	explicit_bzero(pad, sizeof pad);
}

void hmac_update(struct hmac *h, const void *data, size_t size)
{
	assert(h->inner.size >= SHA256_BLOCK_SIZE);
	sha256_update(&h->inner, data, size);
}

void hmac_update_part(struct hmac *h, const void *data, size_t size)
{
	assert(h->inner.size >= SHA256_BLOCK_SIZE);
	sha256_update_part(&h->inner, data, size);
}

void hmac_final(struct hmac *h, uint8_t digest[SHA256_SIZE])
{
	uint8_t inner[SHA256_SIZE];

	assert(h->outer.size == SHA256_BLOCK_SIZE);
	sha256_final(&h->inner, inner);
	sha256_update(&h->outer, inner, sizeof inner);
	sha256_final(&h->outer, digest);
}

void hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                 uint8_t digest[SHA256_SIZE])
{
	struct hmac h;

	hmac_init(&h, key, key_size);
	hmac_update(&h, data, size);
	hmac_final(&h, digest);
	explicit_bzero(&h, sizeof h); /* it holds what the key can be told from */
}

/* `volatile`, or a compiler that sees through the loop might leave it at the first difference. */
bool sha256_equal(const uint8_t a[SHA256_SIZE], const uint8_t b[SHA256_SIZE])
{
	const volatile uint8_t *left = a;
	const volatile uint8_t *right = b;
	unsigned difference = 0;

	for (size_t i = 0; i < SHA256_SIZE; i++)
		difference |= (unsigned)(left[i] ^ right[i]);
	return difference == 0;
}
