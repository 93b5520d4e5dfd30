/* SPDX-License-Identifier: MIT */
#include "fact/box.h"

#include "base/sha256.h"
#include "base/x25519.h"

_Static_assert((int)X25519_SIZE == (int)KEY_SIZE, "keys are of one size");

void box_public(const uint8_t secret[KEY_SIZE], uint8_t public[KEY_SIZE])
{
	x25519_public(secret, public);
}

/* Which part of a verifier stands where. */
static uint8_t *part_of(struct verifier *v, unsigned part)
{
	uint8_t *const parts[BOX_PARTS] = { v->seal, v->stored_key, v->server_key, v->lock };

	return parts[part];
}

/* What both sides know, and nobody else. */
static bool box_key(const struct box *box, const uint8_t secret[KEY_SIZE],
                    const uint8_t public[KEY_SIZE], struct auth *auth, uint8_t key[KEY_SIZE])
{
	uint8_t shared[KEY_SIZE];
	bool is_shared = x25519_shared(secret, public, shared);

	assert(auth->purpose == AUTH_INTRODUCE);
	memcpy(auth->client_nonce, box->public, KEY_SIZE);
	auth_hmac(shared, "Box", auth, key);
	explicit_bzero(shared, sizeof shared);
	return is_shared;
}

/* `size` is KEY_SIZE at most. */
static void mask(const uint8_t key[KEY_SIZE], unsigned part, const uint8_t *in, uint8_t *out,
                 size_t size)
{
	uint8_t label[] = { 'P', 'a', 'r', 't', (uint8_t)part };
	uint8_t stream[KEY_SIZE];

	hmac_sha256(key, KEY_SIZE, label, sizeof label, stream);
	assert(size <= KEY_SIZE);
	for (size_t i = 0; i < size; i++)
		out[i] = in[i] ^ stream[i];
	explicit_bzero(stream, sizeof stream);
}

/* Its parts come after those of the verifier. */
static void mask_invitation(const uint8_t key[KEY_SIZE], struct invitation *invitation)
{
	uint8_t *at = invitation->bytes;

	mask(key, BOX_PARTS, at, at, KEY_SIZE);
	mask(key, BOX_PARTS + 1, at + KEY_SIZE, at + KEY_SIZE, INVITATION_SIZE - KEY_SIZE);
}

static void answer_of(const uint8_t key[KEY_SIZE], uint8_t answer[KEY_SIZE])
{
	static const char label[] = "Answer";

	hmac_sha256(key, KEY_SIZE, label, strlen(label), answer);
}

bool box_close_invited(struct box *box, const uint8_t secret[KEY_SIZE], struct auth *auth,
                       const struct verifier *verifier, struct invitation *invitation,
                       uint8_t answer[KEY_SIZE])
{
	struct verifier v = *verifier;
	uint8_t key[KEY_SIZE];

	x25519_public(secret, box->public);
	bool is_shared = box_key(box, secret, auth->public, auth, key);

	for (unsigned i = 0; i < BOX_PARTS; i++)
		mask(key, i, part_of(&v, i), box->parts[i], KEY_SIZE);
	if (invitation != NULL)
		mask_invitation(key, invitation);
	answer_of(key, answer);
	explicit_bzero(key, sizeof key);
	explicit_bzero(&v, sizeof v);
	return is_shared;
}

bool box_close(struct box *box, const uint8_t secret[KEY_SIZE], struct auth *auth,
               const struct verifier *verifier, uint8_t answer[KEY_SIZE])
{
	return box_close_invited(box, secret, auth, verifier, NULL, answer);
}

bool box_open_invited(const struct box *box, const uint8_t secret[KEY_SIZE], struct auth *auth,
                      struct verifier *verifier, struct invitation *invitation,
                      uint8_t answer[KEY_SIZE])
{
	uint8_t key[KEY_SIZE];
	bool is_shared = box_key(box, secret, box->public, auth, key);

	for (unsigned i = 0; i < BOX_PARTS; i++)
		mask(key, i, box->parts[i], part_of(verifier, i), KEY_SIZE);
	if (invitation != NULL)
		mask_invitation(key, invitation);
	answer_of(key, answer);
	explicit_bzero(key, sizeof key);
	return is_shared;
}

bool box_open(const struct box *box, const uint8_t secret[KEY_SIZE], struct auth *auth,
              struct verifier *verifier, uint8_t answer[KEY_SIZE])
{
	return box_open_invited(box, secret, auth, verifier, NULL, answer);
}

bool box_member(const uint8_t secret[KEY_SIZE], const uint8_t other[KEY_SIZE],
                const uint8_t uuid[UUID_SIZE], const uint8_t public[KEY_SIZE],
                const uint8_t nonce[KEY_SIZE], uint8_t answer[KEY_SIZE])
{
	uint8_t shared[KEY_SIZE];
	bool is_shared = x25519_shared(secret, other, shared);

	auth_member(shared, uuid, public, nonce, answer);
	explicit_bzero(shared, sizeof shared);
	return is_shared;
}
