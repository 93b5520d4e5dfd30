/* SPDX-License-Identifier: MIT
 *
 * Two sides make one key of tags, and nobody else does; a frame is taken once, in its place, as it
 * was.
 */
#include "fact/tag.h"

#include "fact/box.h"
#include "tests/lib/tap.h"

static uint8_t ours[KEY_SIZE], theirs[KEY_SIZE];

/* What both sides know. */
static struct auth auth_here(void)
{
	struct auth auth = { .purpose = AUTH_LOGIN_KEYED, .version = 4 };

	auth.id.bytes[0] = 7;
	auth.setting = view_of_string("a setting");
	box_public(ours, auth.client_nonce);
	memset(auth.server_nonce, 0x50, KEY_SIZE);
	memset(auth.uuid, 0x11, UUID_SIZE);
	box_public(theirs, auth.public);
	return auth;
}

/* The key of the client, or of the replica, for what they think is so. */
static struct tag_key key_of(bool is_client, struct auth auth)
{
	const struct auth here = auth_here();
	struct tag_key key;
	bool is_made = is_client ? tag_key_make(&key, NULL, ours, here.public, &auth)
	                         : tag_key_make(&key, NULL, theirs, here.client_nonce, &auth);

	ALWAYS(is_made, "tag: a key is made");
	return key;
}

/* Whether the replica of `key` takes the next frame of the client's. */
static bool takes(struct tag_key *client, struct tag_key *key, const char *frame)
{
	uint8_t bytes[64];
	size_t size = strlen(frame);

	memcpy(bytes, frame, size);
	tag_make(client, view_of(bytes, size), bytes + size);
	return tag_take(key, view_of(bytes, size + TAG_SIZE));
}

static bool differs(const struct auth *auth)
{
	struct tag_key client = key_of(true, auth_here()), replica = key_of(false, *auth);

	return !takes(&client, &replica, "a frame");
}

static void test_key(void)
{
	struct tag_key client = key_of(true, auth_here()), replica = key_of(false, auth_here());
	struct auth auth = auth_here();
	uint8_t zero[KEY_SIZE] = { 0 };

	OK(takes(&client, &replica, "one") && takes(&client, &replica, "two"),
	   "key: both sides have the same");
	auth.server_nonce[3] ^= 1;
	OK(differs(&auth), "key: another connection has another one");
	auth = auth_here();
	auth.uuid[0] ^= 1;
	OK(differs(&auth), "key: so has another replica");
	auth = auth_here();
	auth.public[0] ^= 2;
	OK(differs(&auth), "key: and another process");
	auth = auth_here();
	auth.client_nonce[0] ^= 1;
	OK(differs(&auth), "key: and another nonce of the client's");
	auth = auth_here();
	auth.id.bytes[0] ^= 1;
	auth.purpose = AUTH_OPERATOR_KEYED;
	auth.setting = (struct view){ 0 };
	OK(!differs(&auth), "key: of whom the proof is does not count");
	theirs[5] ^= 1;
	struct tag_key other = key_of(false, auth_here());

	theirs[5] ^= 1;
	client = key_of(true, auth_here());
	OK(!takes(&client, &other, "a frame"), "key: who has another secret key has another one");
	auth = auth_here();
	OK(!tag_key_make(&other, NULL, ours, zero, &auth), "key: none with what is no public key");
}

static void test_order(void)
{
	struct tag_key client = key_of(true, auth_here()), replica = key_of(false, auth_here());
	uint8_t first[3 + TAG_SIZE] = "one", second[3 + TAG_SIZE] = "two";
	struct view frames[2] = { view_of(first, sizeof first), view_of(second, sizeof second) };

	tag_make(&client, view_of(first, 3), first + 3);
	tag_make(&client, view_of(second, 3), second + 3);
	OK(!tag_take(&replica, frames[1]), "order: none is left out");
	OK(tag_take(&replica, frames[0]), "order: what was refused has not counted");
	OK(!tag_take(&replica, frames[0]), "order: none is repeated");
	OK(tag_take(&replica, frames[1]), "order: the next one is next");
}

static void test_bits(void)
{
	bool is_taken = false;

	for (size_t bit = 0; bit < 8 * (5 + TAG_SIZE); bit++) {
		struct tag_key client = key_of(true, auth_here());
		struct tag_key replica = key_of(false, auth_here());
		uint8_t bytes[5 + TAG_SIZE] = "frame";

		tag_make(&client, view_of(bytes, 5), bytes + 5);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		is_taken |= tag_take(&replica, view_of(bytes, sizeof bytes));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ALWAYS(tag_take(&replica, view_of(bytes, sizeof bytes)), "bits: as it was");
	}
	OK(!is_taken, "bits: each of the frame and of its tag counts");
}

int main(void)
{
	memset(ours, 0x0c, KEY_SIZE);
	memset(theirs, 0x0b, KEY_SIZE);
	test_key();
	test_order();
	test_bits();
	return tap_done();
}
