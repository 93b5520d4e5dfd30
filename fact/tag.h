/* SPDX-License-Identifier: MIT
 *
 * tag: requests to which nobody on the way can add any.
 *
 * A log-in, and an operator's proof, hold for a connection. Whoever passes that connection on (who
 * changes what travels, or listens on the port of a dead replica and repeats what a live one says)
 * could go on with requests of his own. So the client draws a key pair for each proof, and its
 * nonce is the public key of that. Both sides know then what nobody else does:
 *
 *   secret   = X25519(own secret key, the other's public key)    the replica's is that of boxes
 *   tag key  = first 128 bits of HMAC(secret, "Tag" Auth)        purpose AUTH_TAG; the last 128
 *                                                                bits are that of the answers
 *   tag      = SipHash-2-4(tag key, count, frame)                64 bits; behind the frame
 *
 * The count is that of the frames before it under this key, so none can be left out, repeated or
 * put in another place. The proof is about the nonce and says that tags follow (enum auth_purpose):
 * nobody can put in a key of his own, or take the tags away. A wrong tag ends the connection, so
 * guessing one succeeds once in 2^64 connections. Tags hide nothing.
 *
 * What a replica answers in a session has none: who changes that can do what a replica can that
 * lies. What it answers to an operator has tags by a key of its own: `repair` carries to the other
 * replicas what one of them says.
 *
 * Pure. Random bytes come in from outside.
 */
#ifndef THREEFOLD_FACT_TAG_H
#define THREEFOLD_FACT_TAG_H

#include "base/siphash.h"
#include "fact/auth.h"

enum { TAG_SIZE = 8 };

struct tag_key {
	struct siphash_key key;
	uint64_t count; /* of frames that were tagged, or taken */
};

/* Makes the key of the tags, and that of the answers, which may be NULL; their counts are 0.
 * `secret` is the own secret key, `public` the other's. Of `auth` the nonces and the replica's keys
 * count; it is changed. False: the other's public key cannot be one, and nobody knows the key. */
bool tag_key_make(struct tag_key *key, struct tag_key *answers, const uint8_t secret[KEY_SIZE],
                  const uint8_t public[KEY_SIZE], struct auth *auth);
/* The tag of the next frame. */
void tag_make(struct tag_key *key, struct view frame, uint8_t tag[TAG_SIZE]);
/* Whether the last TAG_SIZE bytes are the tag of those before them, which are the next frame. If
 * so, it is counted. */
bool tag_take(struct tag_key *key, struct view tagged);

#endif
