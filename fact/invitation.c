/* SPDX-License-Identifier: MIT */
#include "fact/invitation.h"

#include "base/sha256.h"

static void stamp_of(const uint8_t key[KEY_SIZE], const struct invitation *invitation,
                     uint8_t stamp[SHA256_SIZE])
{
	static const char label[] = "invite";
	struct hmac h;

	hmac_init(&h, key, KEY_SIZE);
	hmac_update_part(&h, label, strlen(label));
	hmac_update_part(&h, invitation->bytes, ID_SIZE);
	hmac_final(&h, stamp);
	explicit_bzero(&h, sizeof h);
}

void invitation_make(const uint8_t key[KEY_SIZE], uint64_t expiry_ms, const uint8_t random[16],
                     struct invitation *invitation)
{
	uint8_t stamp[SHA256_SIZE];
	struct id content;

	id_make(&content, expiry_ms, random);
	memcpy(invitation->bytes, content.bytes, ID_SIZE);
	stamp_of(key, invitation, stamp);
	memcpy(invitation->bytes + ID_SIZE, stamp, ULID_SIZE);
}

/* sha256_equal compares whole digests, so what an invitation has no room for is taken as right. */
bool invitation_is_right(const uint8_t key[KEY_SIZE], const struct invitation *invitation)
{
	uint8_t right[SHA256_SIZE], given[SHA256_SIZE];

	stamp_of(key, invitation, right);
	memcpy(given, right, SHA256_SIZE);
	memcpy(given, invitation->bytes + ID_SIZE, ULID_SIZE);
	return sha256_equal(right, given);
}

uint64_t invitation_expiry_ms(const struct invitation *invitation)
{
	struct id content;

	memcpy(content.bytes, invitation->bytes, ID_SIZE);
	return id_time_ms(&content);
}

void invitation_to_text(const struct invitation *invitation, char text[INVITATION_TEXT_SIZE + 1])
{
	struct id content;
	struct ulid stamp;

	memcpy(content.bytes, invitation->bytes, ID_SIZE);
	memcpy(stamp.bytes, invitation->bytes + ID_SIZE, ULID_SIZE);
	id_to_text(&content, text);
	ulid_to_text(&stamp, text + ID_TEXT_SIZE);
}

bool invitation_from_text(struct view text, struct invitation *invitation)
{
	struct id content;
	struct ulid stamp;

	if (text.size != INVITATION_TEXT_SIZE ||
	    !id_from_text(view_of(text.data, ID_TEXT_SIZE), &content) ||
	    !ulid_from_text(view_of(text.data + ID_TEXT_SIZE, ULID_TEXT_SIZE), &stamp))
		return false;
	memcpy(invitation->bytes, content.bytes, ID_SIZE);
	memcpy(invitation->bytes + ID_SIZE, stamp.bytes, ULID_SIZE);
	return true;
}
