/* SPDX-License-Identifier: MIT
 *
 * One account whose every value was computed by another implementation; the conversations of client
 * and replica; and that each single bit of what is vouched for counts.
 *
 * crypt_r is defined here, in front of the library's, so that it can fail on request; else it goes
 * on to crypt_rn. It also counts: stretches are slow.
 */
#include "tests/lib/tap.h"

#include <crypt.h>

#include "fact/auth.h"
#include "base/sha256.h"

enum crypt_mode {
	CRYPT_REAL,
	CRYPT_STAR,
	CRYPT_NULL,
	CRYPT_OTHER_SETTING,
	CRYPT_SHORT,
	CRYPT_LONGER_SALT,
	CRYPT_ECHO
};
static enum crypt_mode crypt_mode = CRYPT_REAL;
static unsigned crypt_calls;

char *crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	crypt_calls++;
	switch (crypt_mode) {
	case CRYPT_REAL:
		return crypt_rn(phrase, setting, data, (int)sizeof *data);
	case CRYPT_STAR:
		strcpy(data->output, "*0");
		return data->output;
	case CRYPT_OTHER_SETTING:
	case CRYPT_SHORT:
	case CRYPT_LONGER_SALT:
	case CRYPT_ECHO:
		memset(data->output, 'x', 73);
		memcpy(data->output, setting, strlen(setting));
		data->output[29] = crypt_mode == CRYPT_LONGER_SALT ? '/' : '$';
		data->output[crypt_mode == CRYPT_SHORT ? 72 : 73] = '\0';
		if (crypt_mode == CRYPT_OTHER_SETTING)
			data->output[28] = data->output[28] == '.' ? '/' : '.';
		return data->output;
	default:
		return NULL;
	}
}

static const char setting_text[] = "$y$j9T$k5jwnHTxqTDytfzywrjzz1";
static const char password[] = "correct horse";
#define TIME_MS UINT64_C(1763726400000)

/* What `password` and the setting give, the seal being 0, 1, 2, ... 31. */
static uint8_t stretched[KEY_SIZE];
static uint8_t seal[KEY_SIZE];
static struct account alice;

static void is_hex(const uint8_t *bytes, size_t size, const char *want, const char *name)
{
	char hex[2 * KEY_SIZE + 1];

	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	IS_STRING(hex, want, name);
}

static struct auth auth_of(enum auth_purpose purpose)
{
	struct auth auth = { .purpose = purpose };

	memset(auth.client_nonce, 0xc0, KEY_SIZE);
	memset(auth.server_nonce, 0x50, KEY_SIZE);
	memset(auth.uuid, 0x11, UUID_SIZE);
	memset(auth.public, 0x99, KEY_SIZE);
	if (purpose != AUTH_OPERATOR) {
		auth.id = alice.id;
		auth.setting = alice.verifier.setting;
	}
	return auth;
}

static void test_stretch(void)
{
	uint8_t random[16];
	char made[AUTH_SETTING_TEXT_SIZE];

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)(0xf0 + i);
	auth_setting_make(random, made);
	IS_STRING(made, setting_text, "setting: is made as crypt_gensalt would");
	OK(auth_stretch(view_of_string(password), view_of_string(made), stretched),
	   "stretch: a password is stretched");
	is_hex(stretched, KEY_SIZE,
	       "14d02fc469dc732373694cb166c7c9ec743c0913d3fbafcccab138c29a5881db",
	       "stretch: is the digest of what crypt(3) gives");
	IS_U64(crypt_calls, 1, "stretch: calls crypt(3) once");
}

static void test_known_account(void)
{
	uint8_t key[KEY_SIZE];

	for (size_t i = 0; i < KEY_SIZE; i++)
		seal[i] = (uint8_t)i;
	alice.name = view_of_string("alice");
	auth_verifier_make(stretched, seal, view_of_string(setting_text), &alice.verifier);
	auth_id_make(TIME_MS, alice.name, &alice.verifier, &alice.id);
	OK(view_equal(alice.verifier.setting, view_of_string(setting_text)) &&
	           memcmp(alice.verifier.seal, seal, KEY_SIZE) == 0,
	   "verifier: keeps the setting and the seal");
	is_hex(alice.verifier.stored_key, KEY_SIZE,
	       "c6c9bc293fdcc89dc1be7597540b7ff0edb6835478b9a88bb3a8f24b2e2e9fd9",
	       "verifier: the known stored key");
	is_hex(alice.verifier.server_key, KEY_SIZE,
	       "4d8f4c94ad883ce4005c71aacd6802b0f8cbd9e9274948420b191eda9f349758",
	       "verifier: the known server key");
	is_hex(alice.verifier.lock, KEY_SIZE,
	       "966cc3457912f034339562d14d589ec16973779fab15e81aa9d68e2c329212c7",
	       "verifier: the known lock");
	auth_middle(&alice.verifier, key);
	is_hex(key, KEY_SIZE, "3e86056a33b42f6ce6b4af212b8b6cb3aee0cebbe8304574217a0df098d15e49",
	       "verifier: the known middle");
	auth_delete_key(stretched, seal, key);
	is_hex(key, KEY_SIZE, "0779d21e7b5bee4cd66fa63bcadbb6231fac5744daf4e18575d63e7fffdd4f79",
	       "delete key: the known one");
	auth_server_key(stretched, key);
	IS_BYTES(key, alice.verifier.server_key, KEY_SIZE,
	         "server key: the client's is the replica's");
	is_hex(alice.id.bytes, ID_SIZE, "019aa6491a005bd5cbe5d6dbb5d501bb66e2106a7c96",
	       "id: the known one");
	OK(auth_account_fits(&alice), "account: fits its id");
}

static void test_known_answers(void)
{
	struct auth login = auth_of(AUTH_LOGIN);
	struct auth admin = auth_of(AUTH_OPERATOR);
	uint8_t key[KEY_SIZE];
	uint8_t out[KEY_SIZE];

	auth_proof(stretched, &login, out);
	is_hex(out, KEY_SIZE, "175a962fea1713c473fe5eeae0af8f8315cb94355c8d658e7e1b2d4ac6ae43f2",
	       "proof: the known one");
	auth_signature(alice.verifier.server_key, &login, out);
	is_hex(out, KEY_SIZE, "a8afa658c645590141e770ddce57f7a56a1f7e65b54c3106accfbb3a31cda731",
	       "signature: the known one");
	auth_seal_mask(alice.verifier.server_key, &login, seal, out);
	is_hex(out, KEY_SIZE, "994207d3a0e90e01a0c4a854264745424b4b3d61280ff71667511e2488d2ee58",
	       "seal: the known masked one");
	const struct ulid session = { .bytes = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
		                                 15 } };

	auth_taken_over(alice.verifier.server_key, &login, &session, 7, out);
	is_hex(out, KEY_SIZE, "b907bc91356a8e33f1a5a5790e1476e38092ea34771d97060a76bab21b35536a",
	       "taken over: the known signature");
	memset(key, 7, sizeof key);
	auth_operator(key, false, &admin, out);
	is_hex(out, KEY_SIZE, "87920ad4b69f736f7c3e3009fd706b00b25226404402456e1973905ca49a3a0d",
	       "operator: the known proof of the client");
	auth_member(key, admin.uuid, admin.public, admin.client_nonce, out);
	is_hex(out, KEY_SIZE, "53ebf4f858dec6898f2117558766830ad1f1e30c2bbe84116487ed0c1ca03c44",
	       "member: the known answer");
	auth_operator(key, true, &admin, out);
	is_hex(out, KEY_SIZE, "d5019134c70a937979dc5e962dbf3b2f87d9b0825cfb1d545535892618cc4c07",
	       "operator: the known proof of the replica");
}

/* Log in with a replica that holds the verifier, and the seal's way to another client. */
static void test_conversation(void)
{
	struct auth login = auth_of(AUTH_LOGIN);
	uint8_t proof[KEY_SIZE], wrong[KEY_SIZE], server_key[KEY_SIZE];
	uint8_t answer[KEY_SIZE], want[KEY_SIZE], sealed[KEY_SIZE], opened[KEY_SIZE];
	struct account copy = { .id = alice.id, .name = alice.name };

	auth_proof(stretched, &login, proof);
	OK(auth_proof_is_right(alice.verifier.stored_key, &login, proof),
	   "log in: the owner's proof is right");
	memset(wrong, 1, sizeof wrong);
	auth_proof(wrong, &login, proof);
	OK(!auth_proof_is_right(alice.verifier.stored_key, &login, proof),
	   "log in: that of another password is not");

	auth_signature(alice.verifier.server_key, &login, answer);
	auth_server_key(stretched, server_key);
	auth_signature(server_key, &login, want);
	IS_BYTES(answer, want, KEY_SIZE, "log in: the client can check the replica's signature");
	auth_signature(wrong, &login, want);
	OK(memcmp(answer, want, KEY_SIZE) != 0, "log in: who lacks the key cannot sign");

	auth_seal_mask(alice.verifier.server_key, &login, seal, sealed);
	OK(memcmp(sealed, seal, KEY_SIZE) != 0 && memcmp(sealed, answer, KEY_SIZE) != 0,
	   "log in: the seal travels masked, and not by the signature");
	auth_seal_mask(server_key, &login, sealed, opened);
	IS_BYTES(opened, seal, KEY_SIZE, "log in: the owner takes the mask off");
	auth_seal_mask(server_key, &login, opened, opened);
	IS_BYTES(opened, sealed, KEY_SIZE, "log in: a mask may be put on in place");
	auth_seal_mask(server_key, &login, opened, opened);
	auth_verifier_make(stretched, opened, view_of_string(setting_text), &copy.verifier);
	OK(auth_account_fits(&copy), "log in: seal and password make the whole account again");
	opened[31] ^= 1;
	auth_verifier_make(stretched, opened, view_of_string(setting_text), &copy.verifier);
	OK(!auth_account_fits(&copy), "log in: with another seal they do not");
}

/* Each bit of `bytes`, changed alone, must make `fits` false; and it must be true again in the end.
 * */
static bool every_bit_counts(uint8_t *bytes, size_t size, bool (*fits)(void))
{
	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		bool is_fit = fits();

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (is_fit)
			return false;
	}
	return fits();
}

static struct account account;

static bool account_fits(void)
{
	return auth_account_fits(&account);
}

static void test_account_changes(void)
{
	char name[] = "alice";
	char setting[sizeof setting_text];

	account = alice;
	account.name = view_of_string(name);
	memcpy(setting, setting_text, sizeof setting);
	account.verifier.setting = view_of_string(setting);
	OK(every_bit_counts(account.id.bytes, ID_SIZE, account_fits), "account: the id counts");
	OK(every_bit_counts((uint8_t *)name, 5, account_fits), "account: the name counts");
	OK(every_bit_counts((uint8_t *)setting, 29, account_fits), "account: the setting counts");
	OK(every_bit_counts(account.verifier.seal, KEY_SIZE, account_fits),
	   "account: the seal counts");
	OK(every_bit_counts(account.verifier.stored_key, KEY_SIZE, account_fits),
	   "account: the stored key counts");
	OK(every_bit_counts(account.verifier.server_key, KEY_SIZE, account_fits),
	   "account: the server key counts");
	OK(every_bit_counts(account.verifier.lock, KEY_SIZE, account_fits),
	   "account: the lock counts");
	account.name.size = 4;
	OK(!account_fits(), "account: the end of the name counts");
	account.name.size = 5;
	account.confirmed = true;
	OK(account_fits(), "account: its mark does not count");

	/* Forms are judged even where the id was made for them. */
	account.name = view_of_string("-alice");
	auth_id_make(TIME_MS, account.name, &account.verifier, &account.id);
	OK(!account_fits(), "account: a bad name does not fit its own id");
	account.name = view_of_string("alice");
	account.verifier.setting = view_of_string("$1$salt");
	auth_id_make(TIME_MS, account.name, &account.verifier, &account.id);
	OK(!account_fits(), "account: a bad setting does not fit its own id");
	account.name = view_of(NULL, 0);
	OK(!account_fits(), "account: no name does not fit");
}

static struct tombstone tombstone;

static bool tombstone_fits(void)
{
	return auth_tombstone_fits(&tombstone);
}

static void test_tombstone(void)
{
	uint8_t delete_key[KEY_SIZE];
	char name[] = "alice";
	static const uint8_t long_name[NAME_SIZE_MAX + 1] = "abcdefghijklmnopqrstuvwxyzabcdefg";

	auth_delete_key(stretched, seal, delete_key);
	auth_tombstone_make(&alice, delete_key, &tombstone);
	OK(tombstone_fits(), "tombstone: the owner's proves itself");
	OK(view_equal(tombstone.name, alice.name) && id_equal(&tombstone.id, &alice.id),
	   "tombstone: keeps the id and the name");
	tombstone.name = view_of_string(name);
	OK(every_bit_counts(tombstone.id.bytes, ID_SIZE, tombstone_fits),
	   "tombstone: the id counts");
	OK(every_bit_counts((uint8_t *)name, 5, tombstone_fits), "tombstone: the name counts");
	OK(every_bit_counts(tombstone.middle, KEY_SIZE, tombstone_fits),
	   "tombstone: the middle counts");
	OK(every_bit_counts(tombstone.delete_key, KEY_SIZE, tombstone_fits),
	   "tombstone: the delete key counts");
	tombstone.name = view_of(long_name, sizeof long_name);
	OK(!tombstone_fits(), "tombstone: a name that is too long does not fit");
	auth_tombstone_make(&alice, alice.verifier.lock, &tombstone);
	OK(!tombstone_fits(), "tombstone: the lock is not the key");
	memset(delete_key, 0, sizeof delete_key);
	auth_delete_key(stretched, delete_key, delete_key);
	auth_tombstone_make(&alice, delete_key, &tombstone);
	OK(!tombstone_fits(), "tombstone: without the seal the password opens nothing");
}

/* An account that is gone by a stamp. */
static void test_removed(void)
{
	static const uint8_t key[KEY_SIZE] = "the key of an operator", other[KEY_SIZE] = "another";
	uint8_t stamp[KEY_SIZE], again[KEY_SIZE];
	char name[] = "alice";

	auth_tombstone_remove(&alice, GONE_BY_OPERATOR, &tombstone);
	OK(tombstone_fits(), "removed: needs no delete key");
	auth_gone_stamp(key, &tombstone, stamp);
	tombstone.name = view_of_string(name);
	auth_gone_stamp(key, &tombstone, again);
	OK(memcmp(stamp, again, KEY_SIZE) == 0, "removed: one content has one stamp");
	OK(every_bit_counts((uint8_t *)name, 5, tombstone_fits), "removed: the name counts");
	OK(every_bit_counts(tombstone.lock, KEY_SIZE, tombstone_fits), "removed: the lock counts");
	auth_gone_stamp(other, &tombstone, again);
	OK(memcmp(stamp, again, KEY_SIZE) != 0, "removed: the key counts");
	tombstone.by = GONE_BY_OWNER;
	auth_gone_stamp(key, &tombstone, again);
	OK(memcmp(stamp, again, KEY_SIZE) != 0, "removed: who has removed it counts");
	tombstone.by = GONE_BY_OPERATOR;
	tombstone.id.bytes[0] ^= 1;
	auth_gone_stamp(key, &tombstone, again);
	OK(memcmp(stamp, again, KEY_SIZE) != 0, "removed: the account counts");
	tombstone.id.bytes[0] ^= 1;
	tombstone.by = GONE_BY_KEY;
	OK(!tombstone_fits(), "removed: the lock is no delete key");
}

static struct auth auth;
static uint8_t auth_proof_bytes[KEY_SIZE];
static uint8_t auth_stored_key[KEY_SIZE];

static bool proof_fits(void)
{
	return auth_proof_is_right(auth_stored_key, &auth, auth_proof_bytes);
}

static void test_proof_changes(void)
{
	char setting[sizeof setting_text];

	memcpy(setting, setting_text, sizeof setting);
	memcpy(auth_stored_key, alice.verifier.stored_key, KEY_SIZE);
	auth = auth_of(AUTH_LOGIN);
	auth.setting = view_of_string(setting);
	auth_proof(stretched, &auth, auth_proof_bytes);
	OK(every_bit_counts(auth.id.bytes, ID_SIZE, proof_fits), "proof: the id counts");
	OK(every_bit_counts(auth.client_nonce, KEY_SIZE, proof_fits),
	   "proof: the client's nonce counts");
	OK(every_bit_counts(auth.server_nonce, KEY_SIZE, proof_fits),
	   "proof: the replica's nonce counts");
	OK(every_bit_counts(auth.uuid, UUID_SIZE, proof_fits), "proof: the replica counts");
	OK(every_bit_counts(auth.public, KEY_SIZE, proof_fits), "proof: its public key counts");
	OK(every_bit_counts((uint8_t *)setting, 29, proof_fits), "proof: the setting counts");
	OK(every_bit_counts(auth_proof_bytes, KEY_SIZE, proof_fits), "proof: each bit counts");
	OK(every_bit_counts(auth_stored_key, KEY_SIZE, proof_fits), "proof: the stored key counts");
	auth.purpose = AUTH_INTRODUCE;
	OK(!proof_fits(), "proof: the purpose counts");
}

static uint8_t operator_key[KEY_SIZE];
static uint8_t operator_want[KEY_SIZE];

static bool operator_fits(void)
{
	uint8_t proof[KEY_SIZE];

	auth_operator(operator_key, true, &auth, proof);
	return memcmp(proof, operator_want, KEY_SIZE) == 0;
}

static void test_operator(void)
{
	uint8_t proof[KEY_SIZE];

	memset(operator_key, 0x33, KEY_SIZE);
	auth = auth_of(AUTH_OPERATOR);
	auth_operator(operator_key, true, &auth, operator_want);
	OK(every_bit_counts(operator_key, KEY_SIZE, operator_fits), "operator: the key counts");
	OK(every_bit_counts(auth.client_nonce, KEY_SIZE, operator_fits),
	   "operator: the client's nonce counts");
	OK(every_bit_counts(auth.server_nonce, KEY_SIZE, operator_fits),
	   "operator: the replica's nonce counts");
	OK(every_bit_counts(auth.uuid, UUID_SIZE, operator_fits), "operator: the replica counts");
	auth_operator(operator_key, false, &auth, proof);
	OK(memcmp(proof, operator_want, KEY_SIZE) != 0,
	   "operator: a replica's proof cannot be sent back to it as a client's");
}

static void test_settings(void)
{
	static const struct {
		const char *text;
		bool is_valid;
	} rows[] = {
		{ "$y$j7T$......................", true },
		{ "$y$j8T$zzzzzzzzzzzzzzzzzzzzz/", true },
		{ "$y$j9T$0123456789abcdefABCDE0", true },
		{ "$y$jAT$0123456789abcdefABCDE1", true },
		{ "$y$jBT$0123456789abcdefABCDE1", true },
		{ "$y$jCT$0123456789abcdefABCDE1", false }, /* 128 MiB */
		{ "$y$jFT$0123456789abcdefABCDE1", false }, /* 1 GiB */
		{ "$y$jzT$0123456789abcdefABCDE1", false },
		{ "$y$j6T$0123456789abcdefABCDE1", false }, /* 2 MiB */
		{ "$y$j/T$0123456789abcdefABCDE1", false },
		{ "$y$j:T$0123456789abcdefABCDE1", false },
		{ "$y$j@T$0123456789abcdefABCDE1", false },
		{ "$y$j95$0123456789abcdefABCDE1", false }, /* another block size */
		{ "$y$k9T$0123456789abcdefABCDE1", false }, /* another flavour */
		{ "$y$j9T.0123456789abcdefABCDE1", false },
		{ "$y$j9T$0123456789abcdefABCDE2", false }, /* 129 bits of salt */
		{ "$y$j9T$0123456789abcdefABCDEz", false },
		{ "$y$j9T$0123456789abcdefABCDE", false },
		{ "$y$j9T$0123456789abcdefABCDE11", false },
		{ "$y$j9T$0123456789abcdefABCDE1$", false },
		{ "$y$j9T$0123456789abcde$ABCDE1", false },
		{ "$y$j9T$0123456789abcde:ABCDE1", false },
		{ "$y$j9T$0123456789abcde-ABCDE1", false },
		{ "$y$j9T$0123456789abcde\xe9"
		  "ABCDE1",
		  false },
		{ "$y$j9T$", false },
		{ "$gy$j9T$0123456789abcdefABCD1", false },
		{ "$6$rounds=1000$0123456789abcd", false },
		{ "$1$0123456789abcdefABCDEFGHI1", false },
		{ "$2b$04$0123456789abcdefABCDEF", false },
		{ "ab", false },
		{ "*0", false },
		{ "", false },
	};
	uint8_t out[KEY_SIZE];
	uint8_t before[KEY_SIZE];
	unsigned calls = crypt_calls;

	memset(out, 0x42, sizeof out);
	memset(before, 0x42, sizeof before);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct view setting = view_of_string(rows[i].text);

		if (auth_setting_is_valid(setting) != rows[i].is_valid)
			printf("# '%s'\n", rows[i].text);
		OK(auth_setting_is_valid(setting) == rows[i].is_valid,
		   "setting: is accepted if it is ours");
		if (!rows[i].is_valid)
			ALWAYS(!auth_stretch(view_of("x", 1), setting, out),
			       "setting: what is not ours is not stretched");
	}
	OK(!auth_setting_is_valid(view_of("$y$j9T$0123456789\0bcdefABCDE1", 29)),
	   "setting: has no NUL");
	OK(!auth_setting_is_valid(view_of(NULL, 0)), "setting: nothing is none");
	IS_U64(crypt_calls, calls, "setting: what is refused never comes to crypt(3)");
	IS_BYTES(out, before, sizeof out, "setting: what is refused leaves the output untouched");
}

/* Each salt's bits come back, by decoding in the other direction. */
static void test_salts(void)
{
	static const char digits[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char setting[AUTH_SETTING_TEXT_SIZE];
	uint8_t random[16];
	bool is_back = true;

	for (unsigned round = 0; round < 2000; round++) {
		uint8_t digest[KEY_SIZE];

		sha256(&round, sizeof round, digest);
		memcpy(random, digest, sizeof random);
		auth_setting_make(random, setting);
		ALWAYS(auth_setting_is_standard(view_of_string(setting)),
		       "setting: what is made has the standard cost");
		setting[4] = '7';
		ALWAYS(auth_setting_is_valid(view_of_string(setting)) &&
		               !auth_setting_is_standard(view_of_string(setting)),
		       "setting: a cheaper one has not, and may be used");
		auth_setting_make(random, setting);
		is_back = is_back && strlen(setting) == 29 && strncmp(setting, "$y$j9T$", 7) == 0;
		for (size_t bit = 0; bit < 128; bit++) {
			/* A group of 24 bits fills four digits; each digit begins with its lowest
			 * bit. */
			const char *digit = strchr(digits, setting[7 + bit / 6]);

			is_back = is_back && digit != NULL &&
			          ((digit - digits) >> bit % 6 & 1) ==
			                  (random[bit / 8] >> bit % 8 & 1);
		}
	}
	OK(is_back, "setting: has each of the 128 random bits");
}

static void test_passwords(void)
{
	char text[PASSWORD_SIZE_MAX + 2];
	struct view setting = view_of_string("$y$j7T$0123456789abcdefABCDE1");
	uint8_t out[KEY_SIZE] = { 0 }, other[KEY_SIZE] = { 0 };
	const uint8_t zero[KEY_SIZE] = { 0 };
	unsigned calls = crypt_calls;

	memset(text, 'p', sizeof text);
	OK(!auth_stretch(view_of(NULL, 0), setting, out), "password: nothing is refused");
	OK(!auth_stretch(view_of("a\0b", 3), setting, out), "password: a NUL is refused");
	OK(!auth_stretch(view_of("ab\0", 3), setting, out),
	   "password: a NUL at its end is refused");
	OK(!auth_stretch(view_of(text, PASSWORD_SIZE_MAX + 1), setting, out),
	   "password: one byte too many is refused");
	IS_U64(crypt_calls, calls, "password: what is refused never comes to crypt(3)");
	IS_BYTES(out, zero, KEY_SIZE, "password: what is refused leaves the output untouched");
	OK(auth_stretch(view_of(text, PASSWORD_SIZE_MAX), setting, out),
	   "password: the longest is stretched");
	OK(auth_stretch(view_of(text, PASSWORD_SIZE_MAX - 1), setting, other) &&
	           memcmp(out, other, KEY_SIZE) != 0,
	   "password: its last byte counts");
	OK(auth_stretch(view_of("\xff\x01 ", 3), setting, out),
	   "password: any other byte is allowed");
}

static void test_failing_crypt(void)
{
	static const struct {
		enum crypt_mode mode;
		const char *name;
	} rows[] = {
		{ CRYPT_STAR, "stretch: *0 is a failure" },
		{ CRYPT_NULL, "stretch: NULL is a failure" },
		{ CRYPT_OTHER_SETTING, "stretch: a result of another setting is a failure" },
		{ CRYPT_LONGER_SALT, "stretch: a result of a longer salt is a failure" },
		{ CRYPT_SHORT, "stretch: a result that is too short is a failure" },
	};
	uint8_t out[KEY_SIZE];
	uint8_t before[KEY_SIZE];

	memset(out, 0x42, sizeof out);
	memset(before, 0x42, sizeof before);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		crypt_mode = rows[i].mode;
		OK(!auth_stretch(view_of("x", 1), view_of_string(setting_text), out), rows[i].name);
	}
	IS_BYTES(out, before, sizeof out, "stretch: a failure leaves the output untouched");
	crypt_mode = CRYPT_ECHO;
	OK(auth_stretch(view_of("x", 1), view_of_string(setting_text), out) &&
	           memcmp(out, before, sizeof out) != 0,
	   "stretch: a result of the form expected is none");
	crypt_mode = CRYPT_REAL;
}

int main(void)
{
	test_stretch();
	test_known_account();
	test_known_answers();
	test_conversation();
	test_account_changes();
	test_tombstone();
	test_removed();
	test_proof_changes();
	test_operator();
	test_settings();
	test_salts();
	test_passwords();
	test_failing_crypt();
	return tap_done();
}
