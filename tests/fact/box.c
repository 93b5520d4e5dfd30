/* SPDX-License-Identifier: MIT
 *
 * A box whose every value was computed by another implementation; that it opens for one replica and
 * one connection only; and that nobody who has all that travels can log in with it.
 */
#include "tests/lib/tap.h"

#include "fact/box.h"

static const char setting_text[] = "$y$j9T$k5jwnHTxqTDytfzywrjzz1";
static const char stretched_hex[] =
	"14d02fc469dc732373694cb166c7c9ec743c0913d3fbafcccab138c29a5881db";
#define TIME_MS UINT64_C(1763726400000)

static uint8_t stretched[KEY_SIZE];
static struct account alice;
static uint8_t replica_secret[KEY_SIZE], box_secret[KEY_SIZE];

static void is_hex(const uint8_t *bytes, const char *want, const char *name)
{
	char hex[2 * KEY_SIZE + 1];

	for (size_t i = 0; i < KEY_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	IS_STRING(hex, want, name);
}

static struct auth auth_here(void)
{
	struct auth auth = { .purpose = AUTH_INTRODUCE, .id = alice.id };

	memset(auth.server_nonce, 0x50, KEY_SIZE);
	memset(auth.uuid, 0x11, UUID_SIZE);
	box_public(replica_secret, auth.public);
	auth.setting = alice.verifier.setting;
	return auth;
}

static void begin(void)
{
	uint8_t seal[KEY_SIZE];

	for (size_t i = 0; i < KEY_SIZE; i++) {
		unsigned value = 0;

		(void)sscanf(stretched_hex + 2 * i, "%2x", &value);
		stretched[i] = (uint8_t)value;
		seal[i] = (uint8_t)i;
	}
	memset(replica_secret, 0x0b, KEY_SIZE);
	memset(box_secret, 0x0c, KEY_SIZE);
	alice.name = view_of_string("alice");
	auth_verifier_make(stretched, seal, view_of_string(setting_text), &alice.verifier);
	auth_id_make(TIME_MS, alice.name, &alice.verifier, &alice.id);
}

static struct box closed;
static uint8_t wanted[KEY_SIZE]; /* the answer */

static void test_known(void)
{
	struct auth auth = auth_here();

	is_hex(auth.public, "73b2d8b76aa9b53660032bc8f5d8bee3a3ae4e3b3a7fd49ade81f7347a34aa68",
	       "box: the replica's known public key");
	OK(box_close(&closed, box_secret, &auth, &alice.verifier, wanted), "box: is closed");
	is_hex(closed.public, "97c3b10b4d6c133a78ea5dcc1cf6421d3f81ae37b1f628ce14ca6fce7730f333",
	       "box: its known public key");
	is_hex(closed.parts[0], "84202437e52649f4238859cd4a069b012eedc12dacbb55313ecd734098372ffe",
	       "box: the known seal");
	is_hex(closed.parts[1], "4464506f6e333abc81eb5d0f0e34fd79ec560f6b78d26a98b575a169dac2e360",
	       "box: the known stored key");
	is_hex(closed.parts[2], "269b5f8b75b2932c7e766df405d5c4ab966b011a1b8c720860c605696166adf3",
	       "box: the known server key");
	is_hex(closed.parts[3], "e7d8cc3339937b9cf0c27e4b41e57eb983aba39964585039497731729d0db343",
	       "box: the known lock");
	is_hex(wanted, "32b34c8f8edc8ea2a6877a61ab62cc192579861e77525ba580f1431122ea49df",
	       "box: the known answer");
}

static const uint8_t operator_key[KEY_SIZE] = { 7 };

/* Whether an invitation is right that is opened with this secret key. */
static bool is_invited(const struct box *box, struct auth auth, const uint8_t secret[KEY_SIZE],
                       struct invitation invitation)
{
	struct verifier verifier = { .setting = alice.verifier.setting };
	uint8_t answer[KEY_SIZE];

	return box_open_invited(box, secret, &auth, &verifier, &invitation, answer) &&
	       invitation_is_right(operator_key, &invitation);
}

/* It is closed with the key of the box, by parts of its own. */
static void test_invitation(void)
{
	const struct verifier *v = &alice.verifier;
	const uint8_t *const keys[BOX_PARTS] = { v->seal, v->stored_key, v->server_key, v->lock };
	static const uint8_t random[16] = { 8 };
	struct auth auth = auth_here();
	struct invitation invitation, masked;
	uint8_t answer[KEY_SIZE], other[KEY_SIZE] = { 1 };
	struct box box;
	unsigned same = 0, again = 0;

	invitation_make(operator_key, TIME_MS, random, &invitation);
	masked = invitation;
	OK(box_close_invited(&box, box_secret, &auth, v, &masked, answer),
	   "box: is closed with an invitation");
	OK(memcmp(&box, &closed, sizeof box) == 0, "box: which changes nothing of it");
	for (size_t i = 0; i < INVITATION_SIZE; i++) {
		uint8_t mask = masked.bytes[i] ^ invitation.bytes[i];

		same += mask == 0;
		for (size_t part = 0; part < BOX_PARTS; part++)
			again += mask == (box.parts[part][i % KEY_SIZE] ^ keys[part][i % KEY_SIZE]);
	}
	OK(same < 4, "box: a listener reads nothing of the invitation");
	OK(again < 8, "box: nor does who knows what else is in the box");
	OK(is_invited(&box, auth_here(), replica_secret, masked), "box: the replica opens it");
	OK(!is_invited(&box, auth_here(), other, masked), "box: nobody else does");
	auth.server_nonce[0] ^= 1;
	OK(!is_invited(&box, auth, replica_secret, masked), "box: nor on another connection");
	masked.bytes[INVITATION_SIZE - 1] ^= 1;
	OK(!is_invited(&box, auth_here(), replica_secret, masked), "box: each byte of it counts");
}

/* What the replica makes of a box. */
static bool opens(const struct box *box, struct auth auth, const uint8_t secret[KEY_SIZE])
{
	struct account copy = { .id = alice.id, .name = alice.name };
	uint8_t answer[KEY_SIZE];
	bool is_open;

	memset(auth.client_nonce, 0xee, KEY_SIZE); /* that of the box counts */
	copy.verifier.setting = alice.verifier.setting;
	is_open = box_open(box, secret, &auth, &copy.verifier, answer) && auth_account_fits(&copy);
	if (is_open)
		ALWAYS(memcmp(answer, wanted, KEY_SIZE) == 0, "box: the answer is the one");
	return is_open;
}

static void test_open(void)
{
	struct auth auth = auth_here();
	uint8_t other[KEY_SIZE] = { 1 };

	OK(opens(&closed, auth, replica_secret), "box: the replica opens it");
	OK(!opens(&closed, auth, other), "box: nobody else does");
	OK(!opens(&closed, auth, box_secret), "box: not even with the secret key of the box");
	auth.server_nonce[0] ^= 1;
	OK(!opens(&closed, auth, replica_secret), "box: nor on another connection");
	auth = auth_here();
	auth.uuid[15] ^= 1;
	OK(!opens(&closed, auth, replica_secret), "box: nor another replica with the same key");
	auth = auth_here();
	auth.public[31] ^= 0x80;
	OK(!opens(&closed, auth, replica_secret), "box: nor under another name of the same key");
}

static void test_changes(void)
{
	uint8_t *bytes = (uint8_t *)&closed;
	unsigned opened = 0;

	for (size_t bit = 0; bit < sizeof closed * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		opened += opens(&closed, auth_here(), replica_secret);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	IS_U64(opened, 0, "box: each bit of it counts");
	OK(opens(&closed, auth_here(), replica_secret), "box: and as it was it opens");
}

/* A point that gives zero with every secret: whoever closes a box for it closes it for all. */
static void test_no_key(void)
{
	struct auth auth = auth_here();
	struct box box;
	uint8_t answer[KEY_SIZE];

	memset(auth.public, 0, KEY_SIZE);
	OK(!box_close(&box, box_secret, &auth, &alice.verifier, answer),
	   "box: is closed for no public key that cannot be one");
	box = closed;
	memset(box.public, 0, KEY_SIZE);
	auth = auth_here();
	OK(!box_open(&box, replica_secret, &auth, &alice.verifier, answer),
	   "box: and none with such a key is opened");
	begin();
}

/* With StoredKey a proof gives ClientKey (fact/auth.h). Whatever 32 bytes of a box are taken for
 * StoredKey: they are not. */
static void test_listener(void)
{
	const uint8_t *bytes = (const uint8_t *)&closed;
	struct auth login = auth_here();
	uint8_t proof[KEY_SIZE];
	unsigned found = 0;

	login.purpose = AUTH_LOGIN;
	auth_proof(stretched, &login, proof);
	for (size_t at = 0; at + KEY_SIZE <= sizeof closed; at++)
		found += auth_proof_is_right(bytes + at, &login, proof);
	OK(auth_proof_is_right(alice.verifier.stored_key, &login, proof),
	   "listener: the stored key opens a proof");
	IS_U64(found, 0, "listener: and nothing in a box is one");
}

/* Both sides make the same answer, and it is about all that it names. */
static void test_member(void)
{
	uint8_t nonce[KEY_SIZE], public[KEY_SIZE], zero[KEY_SIZE] = { 0 }, uuid[UUID_SIZE] = { 1 };
	uint8_t want[KEY_SIZE], got[KEY_SIZE];

	box_public(box_secret, nonce);
	box_public(replica_secret, public);
	OK(box_member(box_secret, public, uuid, public, nonce, want), "member: a client asks");
	OK(box_member(replica_secret, nonce, uuid, public, nonce, got), "member: it answers");
	IS_BYTES(got, want, KEY_SIZE, "member: by the secret of its public key");
	(void)box_member(box_secret, nonce, uuid, public, nonce, got);
	OK(memcmp(got, want, KEY_SIZE) != 0, "member: nobody does by another one");
	uuid[0]++;
	(void)box_member(replica_secret, nonce, uuid, public, nonce, got);
	OK(memcmp(got, want, KEY_SIZE) != 0, "member: nor for another uuid");
	OK(!box_member(replica_secret, zero, uuid, public, zero, got),
	   "member: what cannot be a public key asks nothing");
}

int main(void)
{
	begin();
	test_known();
	test_invitation();
	test_open();
	test_changes();
	test_no_key();
	test_listener();
	test_member();
	return tap_done();
}
