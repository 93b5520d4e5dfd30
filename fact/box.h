/* SPDX-License-Identifier: MIT
 *
 * box: a verifier on its way to one replica, closed for everybody else; and an invitation.
 *
 * StoredKey is half of a log-in: who has it, and hears one proof, has ClientKey. So it never
 * travels readable. A replica makes a key pair when it starts, and its WELCOME tells the public
 * key. A client closes a verifier for that key with a key pair of its own, drawn for this one box:
 *
 *   secret     = X25519(own secret key, the other's public key)
 *   box key    = HMAC(secret, "Box" Auth)     purpose AUTH_INTRODUCE; the client nonce is the
 *                                             public key of the box
 *   part       = key xor HMAC(box key, "Part" n)   of seal, StoredKey, ServerKey, lock: n = 0 to 3
 *                                             of an invitation that goes with it: n = 4, and of its
 *                                             last 6 bytes n = 5, with as many of the HMAC's
 *   answer     = HMAC(box key, "Answer")      the replica's, which shows that it has opened the box
 *
 * By the same key pair a replica shows that it is the process that has once told this public key
 * (replication/member.c): MEMBER holds the public key of a pair that the client has just drawn, and
 *
 *   answer     = HMAC(secret, "member" uuid public-key client's-public-key)   as auth_member
 *
 * No other use is made of the secret, and none of the two is the other one: the first words differ.
 *
 * Nothing else proves that the box is whole and new, and nothing needs to: Auth has the replica's
 * uuid, its public key and its nonce for this connection, so anywhere else, or another time, the
 * box opens to bytes that the id does not vouch for. That is true of every changed bit, too. Who
 * closes a box shows that he knows the verifier, and nothing from which ClientKey follows. Of an
 * invitation its stamp says whether it is right.
 *
 * Pure. Random bytes come in from outside.
 */
#ifndef THREEFOLD_FACT_BOX_H
#define THREEFOLD_FACT_BOX_H

#include "fact/auth.h"
#include "fact/invitation.h"

enum { BOX_PARTS = 4 };

struct box {
	uint8_t public[KEY_SIZE];           /* of the box */
	uint8_t parts[BOX_PARTS][KEY_SIZE]; /* seal, StoredKey, ServerKey, lock */
};

/* The public key of a secret key, which is 32 random bytes. */
void box_public(const uint8_t secret[KEY_SIZE], uint8_t public[KEY_SIZE]);
/* Closes the verifier of an account for the replica of `auth`, which says all but the client's
 * nonce: that is set here. `secret` is used for this box alone. `answer` is what the replica must
 * answer. False: the replica's public key cannot be one, and nothing is to be sent. */
bool box_close(struct box *box, const uint8_t secret[KEY_SIZE], struct auth *auth,
               const struct verifier *verifier, uint8_t answer[KEY_SIZE]);
/* The same with an invitation, which is closed where it stands. NULL: there is none. */
bool box_close_invited(struct box *box, const uint8_t secret[KEY_SIZE], struct auth *auth,
                       const struct verifier *verifier, struct invitation *invitation,
                       uint8_t answer[KEY_SIZE]);
/* The replica's side, with its own secret key: fills in the keys of `verifier`, but not the
 * setting, and the answer. Whether they are right, the id must say (auth_account_fits). The
 * client's nonce in `auth` is set here. False: the box's public key cannot be one. */
bool box_open(const struct box *box, const uint8_t secret[KEY_SIZE], struct auth *auth,
              struct verifier *verifier, uint8_t answer[KEY_SIZE]);
/* The same with the invitation that stood beside the box, which is opened where it stands. */
bool box_open_invited(const struct box *box, const uint8_t secret[KEY_SIZE], struct auth *auth,
                      struct verifier *verifier, struct invitation *invitation,
                      uint8_t answer[KEY_SIZE]);
/* What the replica with this uuid and public key answers to MEMBER with FLAG_BOXED. `secret` is the
 * caller's, and `other` the public key of the other side: the client's is also the nonce of the
 * question. False: `other` cannot be a public key, and the answer shows nothing. */
bool box_member(const uint8_t secret[KEY_SIZE], const uint8_t other[KEY_SIZE],
                const uint8_t uuid[UUID_SIZE], const uint8_t public[KEY_SIZE],
                const uint8_t nonce[KEY_SIZE], uint8_t answer[KEY_SIZE]);

#endif
