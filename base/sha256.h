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

/* Begins a digest; sha256_update takes its bytes in pieces of any size, sha256_final ends it. */
void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *data, size_t size);
/* A 32-bit little-endian length, then the bytes: so that parts cannot run into each other. */
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

/* The same four for a digest with a key of any size. The key is not kept, but the state gives as
 * much power as the key: its owner overwrites it after hmac_final. */
void hmac_init(struct hmac *h, const void *key, size_t key_size);
void hmac_update(struct hmac *h, const void *data, size_t size);
void hmac_update_part(struct hmac *h, const void *data, size_t size);
void hmac_final(struct hmac *h, uint8_t digest[SHA256_SIZE]);
void hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                 uint8_t digest[SHA256_SIZE]);

/* Takes as long wherever the difference is, so that nobody finds a digest byte by byte. */
bool sha256_equal(const uint8_t a[SHA256_SIZE], const uint8_t b[SHA256_SIZE]);

#endif
