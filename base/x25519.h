/* SPDX-License-Identifier: MIT
 *
 * x25519: the Diffie-Hellman function of RFC 7748 on Curve25519. libc has none. Checked against the
 * vectors of RFC 7748.
 *
 * Two who know each other's public key get the same secret, and nobody who hears both public keys
 * gets it. Time and memory addresses depend on no bit of a key, so that a stranger who measures
 * learns none. One call takes some 40 us.
 */
#ifndef THREEFOLD_BASE_X25519_H
#define THREEFOLD_BASE_X25519_H

#include "base/buf.h"

enum { X25519_SIZE = 32 };

/* The public key of a secret key, which is any 32 random bytes. */
void x25519_public(const uint8_t secret[X25519_SIZE], uint8_t public[X25519_SIZE]);
/* What an own secret key and another's public key give. It is no uniform string: a digest of it is
 * the key to use. False, and `shared` is all zero, if `public` is one of the few points that give
 * zero with every secret: no honest side has such a key. Every other string of 32 bytes is one that
 * a public key may have. */
bool x25519_shared(const uint8_t secret[X25519_SIZE], const uint8_t public[X25519_SIZE],
                   uint8_t shared[X25519_SIZE]);

#endif
