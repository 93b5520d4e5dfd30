/* SPDX-License-Identifier: MIT
 *
 * sha256: SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). libc has neither. Checked against the
 * vectors of FIPS 180-4, RFC 6234 and RFC 4231.
 */
#ifndef THREEFOLD_BASE_SHA256_H
#define THREEFOLD_BASE_SHA256_H

#include "base/buf.h"

enum { SHA256_SIZE = 32, SHA256_BLOCK_SIZE = 64 };

/* A digest under way. */
struct sha256 {
	uint32_t state[8];
	uint64_t size; /* bytes so far */
	uint8_t block[SHA256_BLOCK_SIZE];
};

/* Begins a digest. There is nothing to release. */
void sha256_init(struct sha256 *h);
/* Takes the next `size` bytes of what is digested. `data` may be NULL only if `size` is 0. */
void sha256_update(struct sha256 *h, const void *data, size_t size);
/* Takes a 32-bit little-endian length, then the bytes, so that parts cannot run into each other.
 * `size` is below 2^32. */
void sha256_update_part(struct sha256 *h, const void *data, size_t size);
/* Writes the digest of all bytes so far. What is in `h` afterwards is of no use: begin it anew. */
void sha256_final(struct sha256 *h, uint8_t digest[SHA256_SIZE]);
/* The digest of bytes that are all there. */
void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]);

/* An HMAC under way. */
struct hmac {
	struct sha256 inner;
	struct sha256 outer;
};

/* The same five for a digest with a key of `key_size` bytes, which may be any number. The key is
 * not kept. But who has the state can do all that the key allows, so the owner of `h` overwrites it
 * after hmac_final. */
void hmac_init(struct hmac *h, const void *key, size_t key_size);
void hmac_update(struct hmac *h, const void *data, size_t size);
void hmac_update_part(struct hmac *h, const void *data, size_t size);
void hmac_final(struct hmac *h, uint8_t digest[SHA256_SIZE]);
void hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                 uint8_t digest[SHA256_SIZE]);

/* Whether two digests are equal. Takes as long wherever the difference is, so that nobody finds a
 * digest byte by byte. */
bool sha256_equal(const uint8_t a[SHA256_SIZE], const uint8_t b[SHA256_SIZE]);

#endif
