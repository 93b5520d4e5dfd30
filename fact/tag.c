/* SPDX-License-Identifier: MIT */
#include "fact/tag.h"

#include "base/sha256.h"
#include "base/x25519.h"

bool tag_key_make(struct tag_key *key, struct tag_key *answers, const uint8_t secret[KEY_SIZE],
                  const uint8_t public[KEY_SIZE], struct auth *auth)
{
	uint8_t shared[KEY_SIZE], digest[KEY_SIZE];
	bool is_shared = x25519_shared(secret, public, shared);

	auth->purpose = AUTH_TAG;
	auth->id = (struct id){ { 0 } };
	auth->setting = (struct view){ 0 };
	auth_hmac(shared, "Tag", auth, digest);
	*key = (struct tag_key){ .key = siphash_key_from(digest) };
	if (answers != NULL)
		*answers = (struct tag_key){ .key = siphash_key_from(digest + SIPHASH_KEY_SIZE) };
	explicit_bzero(shared, sizeof shared);
	explicit_bzero(digest, sizeof digest);
	return is_shared;
}

void tag_make(struct tag_key *key, struct view frame, uint8_t tag[TAG_SIZE])
{
	buf_store_u64(tag, siphash_tag(&key->key, key->count++, frame.data, frame.size));
}

bool tag_take(struct tag_key *key, struct view tagged)
{
	uint8_t right[TAG_SIZE];
	uint8_t differs = 0;

	assert(tagged.size >= TAG_SIZE);
	struct view frame = view_of(tagged.data, tagged.size - TAG_SIZE);

	buf_store_u64(right, siphash_tag(&key->key, key->count, frame.data, frame.size));
	for (size_t i = 0; i < TAG_SIZE; i++)
		differs |= (uint8_t)(right[i] ^ frame.data[frame.size + i]);
	key->count += differs == 0;
	return differs == 0;
}
