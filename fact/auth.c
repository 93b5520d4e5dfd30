/* SPDX-License-Identifier: MIT
 *
 * A setting is `$y$j?T$` and 22 characters of salt. `j` is yescrypt's flavour (that of every
 * setting that crypt_gensalt makes), `T` a block size r of 32, and the character between them the
 * memory: N = 4096 for '9', twice as much for each next character, and 128 * r * N bytes are
 * touched.
 *
 *   cost    7      8      9       A       B          measured on one core of an AMD EPYC:
 *   memory  4 MiB  8 MiB  16 MiB  32 MiB  64 MiB     4, 8, 17, 35 and 70 ms
 *
 * All five are accepted, so that a later version may raise the standard, '9', which is that of
 * crypt_gensalt too. The salt must be what 16 bytes give: crypt_r refuses any bit beyond them, so
 * whatever auth_setting_is_valid lets through, crypt_r takes.
 *
 * Argon2 and a stretch of our own lost: the system has neither, and passwords here need nothing
 * better than those of the system itself.
 */
#include "fact/auth.h"

#include <crypt.h>
#include <stdio.h>

#include "base/bug.h"
#include "base/sha256.h"

#define SETTING_START  "$y$j"
#define SETTING_MIDDLE "T$"

enum {
	SALT_SIZE = 16,
	SALT_TEXT_SIZE = 22, /* 21 characters of 6 bits and one of 2 */
	COST_OFFSET = sizeof SETTING_START - 1,
	MIDDLE_OFFSET = COST_OFFSET + 1,
	SALT_OFFSET = MIDDLE_OFFSET + sizeof SETTING_MIDDLE - 1,
	SETTING_SIZE = SALT_OFFSET + SALT_TEXT_SIZE,
	HASH_TEXT_SIZE = 43, /* of crypt's result, after the setting and a dollar sign */
	COST_STANDARD = '9',
};
_Static_assert(SETTING_SIZE == 29, "the header says so");
_Static_assert((int)SETTING_SIZE <= (int)SETTING_SIZE_MAX, "what we make, we accept");
_Static_assert(PASSWORD_SIZE_MAX < CRYPT_MAX_PASSPHRASE_SIZE, "crypt(3) wants room for a NUL");

/* crypt(3)'s own base 64. */
static const char salt_digits[] =
	"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
_Static_assert(sizeof salt_digits == 64 + 1, "64 digits and a NUL");

static bool is_salt_digit(uint8_t c)
{
	return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool auth_setting_is_valid(struct view setting)
{
	const uint8_t *text = setting.data;

	assert(text != NULL || setting.size == 0);
	if (setting.size != SETTING_SIZE)
		return false;
	if (memcmp(text, SETTING_START, strlen(SETTING_START)) != 0)
		return false;
	if (memcmp(text + MIDDLE_OFFSET, SETTING_MIDDLE, strlen(SETTING_MIDDLE)) != 0)
		return false;
	uint8_t cost = text[COST_OFFSET];

	if (!(cost >= '7' && cost <= '9') && cost != 'A' && cost != 'B')
		return false;
	for (size_t i = SALT_OFFSET; i < SETTING_SIZE; i++)
		if (!is_salt_digit(text[i]))
			return false;
	/* 21 * 6 + 2 bits: the last digit is one of the first four. */
	return memchr(salt_digits, text[SETTING_SIZE - 1], 4) != NULL;
}

bool auth_setting_is_standard(struct view setting)
{
	return auth_setting_is_valid(setting) && setting.data[COST_OFFSET] >= COST_STANDARD;
}

/* yescrypt reads a salt in groups of three bytes, little-endian, the lowest six bits first. */
void auth_setting_make(const uint8_t random[16], char setting[AUTH_SETTING_TEXT_SIZE])
{
	char *to = setting + SALT_OFFSET;
	uint32_t bits = 0;
	unsigned bit_count = 0;

	assert(random != NULL);
	memcpy(setting, SETTING_START, strlen(SETTING_START));
	setting[COST_OFFSET] = COST_STANDARD;
	memcpy(setting + MIDDLE_OFFSET, SETTING_MIDDLE, strlen(SETTING_MIDDLE));
	for (size_t i = 0; i < SALT_SIZE; i++) {
		bits |= (uint32_t)random[i] << bit_count;
		bit_count += 8;
		/* The last byte of all ends its group: what is left of it becomes a digit too. */
		while (bit_count >= 6 || (i == SALT_SIZE - 1 && bit_count > 0)) {
			*to++ = salt_digits[bits & 63];
			bits >>= 6;
			bit_count = bit_count < 6 ? 0 : bit_count - 6;
		}
	}
	*to = '\0';
	assert(to == setting + SETTING_SIZE);
	assert(auth_setting_is_valid(view_of_string(setting)));
}

/* crypt_r fails with a string that begins with a star, or in some systems with NULL. */
static bool is_result_of(const char *result, const char *setting)
{
	return result != NULL && strlen(result) == SETTING_SIZE + 1 + HASH_TEXT_SIZE &&
	       memcmp(result, setting, SETTING_SIZE) == 0 && result[SETTING_SIZE] == '$';
}

bool auth_stretch(struct view password, struct view setting, uint8_t stretched[KEY_SIZE])
{
	assert(password.data != NULL || password.size == 0);
	assert(stretched != NULL);
	if (password.size < 1 || password.size > PASSWORD_SIZE_MAX)
		return false;
	if (memchr(password.data, 0, password.size) != NULL)
		return false;
	if (!auth_setting_is_valid(setting))
		return false;

	/* 32 KiB are too much for a thread's stack. The fields `input` and `setting` are for
	 * callers (crypt(3)), so that one wipe covers the password and all that came of it. */
	struct crypt_data *data = memory_alloc_zero(1, sizeof *data);

	memcpy(data->input, password.data, password.size);
	memcpy(data->setting, setting.data, setting.size);
	const char *result = crypt_r(data->input, data->setting, data);
	bool is_stretched = is_result_of(result, data->setting);

	if (is_stretched)
		sha256(result, strlen(result), stretched);
	explicit_bzero(data, sizeof *data);
	memory_free(data);
	return is_stretched;
}

static void hmac_of_label(const uint8_t key[KEY_SIZE], const char *label, uint8_t digest[KEY_SIZE])
{
	hmac_sha256(key, KEY_SIZE, label, strlen(label), digest);
}

static void client_key_make(const uint8_t stretched[KEY_SIZE], uint8_t client_key[KEY_SIZE],
                            uint8_t stored_key[KEY_SIZE])
{
	hmac_of_label(stretched, "Client Key", client_key);
	sha256(client_key, KEY_SIZE, stored_key);
}

void auth_server_key(const uint8_t stretched[KEY_SIZE], uint8_t server_key[KEY_SIZE])
{
	assert(stretched != NULL);
	assert(server_key != NULL);
	hmac_of_label(stretched, "Server Key", server_key);
}

void auth_delete_key(const uint8_t stretched[KEY_SIZE], const uint8_t seal[KEY_SIZE],
                     uint8_t delete_key[KEY_SIZE])
{
	static const char label[] = "Delete Key";
	struct hmac h;

	assert(seal != NULL);
	assert(delete_key != NULL);
	hmac_init(&h, stretched, KEY_SIZE);
	hmac_update(&h, label, strlen(label));
	hmac_update(&h, seal, KEY_SIZE);
	hmac_final(&h, delete_key);
	explicit_bzero(&h, sizeof h);
}

void auth_verifier_make(const uint8_t stretched[KEY_SIZE], const uint8_t seal[KEY_SIZE],
                        struct view setting, struct verifier *verifier)
{
	uint8_t key[KEY_SIZE];

	assert(setting.size <= SETTING_SIZE_MAX);
	assert(verifier != NULL);
	verifier->setting = setting;
	memcpy(verifier->seal, seal, KEY_SIZE);
	client_key_make(stretched, key, verifier->stored_key);
	auth_server_key(stretched, verifier->server_key);
	auth_delete_key(stretched, seal, key);
	sha256(key, KEY_SIZE, verifier->lock);
	explicit_bzero(key, sizeof key);
}

/* Closes the delete key under P, or opens it: both are the same xor. */
static void delete_box(const uint8_t stretched[KEY_SIZE], const uint8_t in[KEY_SIZE],
                       uint8_t out[KEY_SIZE])
{
	uint8_t mask[KEY_SIZE];

	hmac_of_label(stretched, "Delete Box", mask);
	for (size_t i = 0; i < KEY_SIZE; i++)
		out[i] = in[i] ^ mask[i];
	explicit_bzero(mask, sizeof mask);
}

void auth_verifier_renew(const uint8_t stretched[KEY_SIZE], const uint8_t delete_key[KEY_SIZE],
                         struct view setting, struct verifier *verifier)
{
	uint8_t client_key[KEY_SIZE];

	assert(setting.size <= SETTING_SIZE_MAX);
	verifier->setting = setting;
	delete_box(stretched, delete_key, verifier->seal);
	client_key_make(stretched, client_key, verifier->stored_key);
	auth_server_key(stretched, verifier->server_key);
	sha256(delete_key, KEY_SIZE, verifier->lock);
	explicit_bzero(client_key, sizeof client_key);
}

bool auth_account_delete_key(const uint8_t stretched[KEY_SIZE], const struct account *account,
                             uint8_t delete_key[KEY_SIZE])
{
	uint8_t lock[KEY_SIZE];

	if (account->epoch == 0)
		auth_delete_key(stretched, account->verifier.seal, delete_key);
	else
		delete_box(stretched, account->verifier.seal, delete_key);
	sha256(delete_key, KEY_SIZE, lock);
	return sha256_equal(lock, account->verifier.lock);
}

void auth_stamp(const uint8_t key[KEY_SIZE], const struct account *account, uint8_t stamp[KEY_SIZE])
{
	static const char label[] = "password";
	const struct verifier *v = &account->verifier;
	uint8_t epoch[4];
	uint8_t by = (uint8_t)account->by;
	struct hmac h;

	buf_store_u32(epoch, account->epoch);
	hmac_init(&h, key, KEY_SIZE);
	hmac_update_part(&h, label, strlen(label));
	if (!BUG(stamp_of_any_account))
		hmac_update_part(&h, account->id.bytes, ID_SIZE);
	if (!BUG(stamp_of_any_epoch))
		hmac_update_part(&h, epoch, sizeof epoch);
	hmac_update_part(&h, &by, sizeof by);
	hmac_update_part(&h, v->setting.data, v->setting.size);
	hmac_update_part(&h, v->seal, KEY_SIZE);
	hmac_update_part(&h, v->stored_key, KEY_SIZE);
	hmac_update_part(&h, v->server_key, KEY_SIZE);
	hmac_final(&h, stamp);
	explicit_bzero(&h, sizeof h);
}

void auth_gone_stamp(const uint8_t key[KEY_SIZE], const struct tombstone *tombstone,
                     uint8_t stamp[KEY_SIZE])
{
	static const char label[] = "gone";
	uint8_t by = (uint8_t)tombstone->by;
	struct hmac h;

	assert(tombstone->by != GONE_BY_KEY);
	hmac_init(&h, key, KEY_SIZE);
	hmac_update_part(&h, label, strlen(label));
	hmac_update_part(&h, tombstone->id.bytes, ID_SIZE);
	hmac_update_part(&h, tombstone->name.data, tombstone->name.size);
	hmac_update_part(&h, &by, sizeof by);
	hmac_final(&h, stamp);
	explicit_bzero(&h, sizeof h);
}

void auth_account_middle(const struct account *account, uint8_t middle[KEY_SIZE])
{
	if (account->epoch == 0)
		auth_middle(&account->verifier, middle);
	else
		memcpy(middle, account->middle, KEY_SIZE);
}

void auth_middle(const struct verifier *verifier, uint8_t middle[KEY_SIZE])
{
	struct sha256 h;

	assert(verifier->setting.size <= SETTING_SIZE_MAX);
	assert(middle != NULL);
	sha256_init(&h);
	sha256_update_part(&h, verifier->setting.data, verifier->setting.size);
	sha256_update_part(&h, verifier->seal, KEY_SIZE);
	sha256_update_part(&h, verifier->stored_key, KEY_SIZE);
	sha256_update_part(&h, verifier->server_key, KEY_SIZE);
	sha256_final(&h, middle);
}

/* The milliseconds go in as 64 bits, little-endian. */
static void id_of_content(uint64_t time_ms, struct view name, const uint8_t middle[KEY_SIZE],
                          const uint8_t lock[KEY_SIZE], struct id *id)
{
	struct sha256 h;
	uint8_t time[8];
	uint8_t digest[SHA256_SIZE];

	assert(time_ms <= ID_TIME_MS_MAX);
	assert(name.size <= NAME_SIZE_MAX);
	buf_store_u64(time, time_ms);
	sha256_init(&h);
	sha256_update_part(&h, time, sizeof time);
	sha256_update_part(&h, name.data, name.size);
	sha256_update_part(&h, middle, KEY_SIZE);
	sha256_update_part(&h, lock, KEY_SIZE);
	sha256_final(&h, digest);
	id_make(id, time_ms, digest);
}

void auth_id_make(uint64_t time_ms, struct view name, const struct verifier *verifier,
                  struct id *id)
{
	uint8_t middle[KEY_SIZE];

	assert(name.size >= 1);
	assert(id != NULL);
	auth_middle(verifier, middle);
	id_of_content(time_ms, name, middle, verifier->lock, id);
}

void auth_tombstone_make(const struct account *account, const uint8_t delete_key[KEY_SIZE],
                         struct tombstone *tombstone)
{
	assert(delete_key != NULL);
	assert(tombstone != NULL);
	tombstone->id = account->id;
	tombstone->name = account->name;
	auth_account_middle(account, tombstone->middle);
	tombstone->by = GONE_BY_KEY;
	memcpy(tombstone->delete_key, delete_key, KEY_SIZE);
}

void auth_tombstone_remove(const struct account *account, enum gone_by by,
                           struct tombstone *tombstone)
{
	assert(by != GONE_BY_KEY);
	tombstone->id = account->id;
	tombstone->name = account->name;
	auth_account_middle(account, tombstone->middle);
	tombstone->by = by;
	memcpy(tombstone->lock, account->verifier.lock, KEY_SIZE);
}

bool auth_account_fits(const struct account *account)
{
	uint8_t middle[KEY_SIZE];
	struct id id;

	if (!name_is_valid(account->name))
		return false;
	if (!auth_setting_is_valid(account->verifier.setting))
		return false;
	auth_account_middle(account, middle);
	id_of_content(id_time_ms(&account->id), account->name, middle, account->verifier.lock, &id);
	return id_equal(&id, &account->id);
}

bool auth_id_fits(const struct id *id, struct view name, const uint8_t middle[KEY_SIZE],
                  const uint8_t lock[KEY_SIZE])
{
	struct id right;

	if (!name_is_valid(name))
		return false;
	id_of_content(id_time_ms(id), name, middle, lock, &right);
	return id_equal(&right, id);
}

bool auth_tombstone_fits(const struct tombstone *tombstone)
{
	uint8_t lock[KEY_SIZE];

	if (tombstone->by == GONE_BY_KEY)
		sha256(tombstone->delete_key, KEY_SIZE, lock);
	else
		memcpy(lock, tombstone->lock, KEY_SIZE);
	return auth_id_fits(&tombstone->id, tombstone->name, tombstone->middle, lock);
}

/* Nobody changes on the way what a log-in asks for. */
static void update_login(struct hmac *h, const struct auth *auth)
{
	uint8_t rest[4 + 4 + 1];

	buf_store_u32(rest, auth->dial);
	buf_store_u32(rest + 4, auth->epoch);
	rest[8] = auth->flags;
	hmac_update_part(h, auth->session.bytes, ULID_SIZE);
	hmac_update_part(h, rest, sizeof rest);
}

/* HMAC(key, role Auth), not ended yet. Without a role it begins with the protocol's name, which is
 * no role. */
static void hmac_begin_auth(struct hmac *h, const uint8_t key[KEY_SIZE], const char *role,
                            const struct auth *auth)
{
	const char *name = auth->version < AUTH_VERSION_NAMED ? "threefold-2" : "threefold-4";
	uint8_t purpose = (uint8_t)auth->purpose;

	assert(auth->purpose >= AUTH_INTRODUCE);
	assert(auth->purpose <= AUTH_TAG);
	assert(auth->setting.size <= SETTING_SIZE_MAX);
	hmac_init(h, key, KEY_SIZE);
	if (role != NULL)
		hmac_update_part(h, role, strlen(role));
	hmac_update_part(h, name, strlen(name));
	hmac_update_part(h, &purpose, sizeof purpose);
	hmac_update_part(h, auth->id.bytes, ID_SIZE);
	hmac_update_part(h, auth->client_nonce, KEY_SIZE);
	hmac_update_part(h, auth->server_nonce, KEY_SIZE);
	hmac_update_part(h, auth->uuid, UUID_SIZE);
	hmac_update_part(h, auth->public, KEY_SIZE);
	hmac_update_part(h, auth->setting.data, auth->setting.size);
	if (auth->purpose == AUTH_LOGIN_KEYED)
		update_login(h, auth);
}

static void hmac_of_auth(const uint8_t key[KEY_SIZE], const char *role, const struct auth *auth,
                         uint8_t digest[KEY_SIZE])
{
	struct hmac h;

	hmac_begin_auth(&h, key, role, auth);
	hmac_final(&h, digest);
	explicit_bzero(&h, sizeof h);
}

void auth_hmac(const uint8_t key[KEY_SIZE], const char *role, const struct auth *auth,
               uint8_t digest[KEY_SIZE])
{
	assert(role != NULL);
	hmac_of_auth(key, role, auth, digest);
}

static bool is_login(const struct auth *auth)
{
	return auth->purpose == AUTH_LOGIN || auth->purpose == AUTH_LOGIN_KEYED;
}

static bool is_operator(const struct auth *auth)
{
	return auth->purpose == AUTH_OPERATOR || auth->purpose == AUTH_OPERATOR_KEYED;
}

static void xor_keys(const uint8_t a[KEY_SIZE], const uint8_t b[KEY_SIZE], uint8_t out[KEY_SIZE])
{
	for (size_t i = 0; i < KEY_SIZE; i++)
		out[i] = a[i] ^ b[i];
}

void auth_proof(const uint8_t stretched[KEY_SIZE], const struct auth *auth, uint8_t proof[KEY_SIZE])
{
	uint8_t client_key[KEY_SIZE];
	uint8_t stored_key[KEY_SIZE];
	uint8_t mask[KEY_SIZE];

	assert(is_login(auth)); /* who has StoredKey reads ClientKey from a proof */
	assert(proof != NULL);
	client_key_make(stretched, client_key, stored_key);
	hmac_of_auth(stored_key, NULL, auth, mask);
	xor_keys(client_key, mask, proof);
	explicit_bzero(client_key, sizeof client_key);
}

/* What the mask takes off the proof must be the key whose digest is stored. */
bool auth_proof_is_right(const uint8_t stored_key[KEY_SIZE], const struct auth *auth,
                         const uint8_t proof[KEY_SIZE])
{
	uint8_t client_key[KEY_SIZE];
	uint8_t digest[SHA256_SIZE];

	assert(!is_operator(auth));
	assert(proof != NULL);
	hmac_of_auth(stored_key, NULL, auth, client_key);
	xor_keys(client_key, proof, client_key);
	sha256(client_key, KEY_SIZE, digest);
	explicit_bzero(client_key, sizeof client_key);
	return sha256_equal(digest, stored_key);
}

void auth_signature(const uint8_t server_key[KEY_SIZE], const struct auth *auth,
                    uint8_t signature[KEY_SIZE])
{
	assert(!is_operator(auth));
	assert(signature != NULL);
	hmac_of_auth(server_key, NULL, auth, signature);
}

void auth_seal_mask(const uint8_t server_key[KEY_SIZE], const struct auth *auth,
                    const uint8_t in[KEY_SIZE], uint8_t out[KEY_SIZE])
{
	uint8_t mask[KEY_SIZE];

	assert(!is_operator(auth));
	assert(in != NULL);
	assert(out != NULL);
	hmac_of_auth(server_key, "Seal", auth, mask);
	xor_keys(in, mask, out);
	explicit_bzero(mask, sizeof mask);
}

void auth_taken_over(const uint8_t server_key[KEY_SIZE], const struct auth *auth,
                     const struct ulid *session, uint32_t dial, uint8_t signature[KEY_SIZE])
{
	uint8_t number[4];
	struct hmac h;

	assert(is_login(auth));
	buf_store_u32(number, dial);
	hmac_begin_auth(&h, server_key, "Taken Over", auth);
	hmac_update_part(&h, session->bytes, ULID_SIZE);
	hmac_update_part(&h, number, sizeof number);
	hmac_final(&h, signature);
	explicit_bzero(&h, sizeof h);
}

void auth_operator(const uint8_t key[KEY_SIZE], bool replica, const struct auth *auth,
                   uint8_t proof[KEY_SIZE])
{
	assert(is_operator(auth));
	assert(id_is_zero(&auth->id));
	assert(auth->setting.size == 0);
	hmac_of_auth(key, replica ? "replica" : "operator", auth, proof);
}

void auth_member(const uint8_t key[KEY_SIZE], const uint8_t uuid[UUID_SIZE],
                 const uint8_t public[KEY_SIZE], const uint8_t nonce[KEY_SIZE],
                 uint8_t answer[KEY_SIZE])
{
	static const char role[] = "member";
	struct hmac h;

	hmac_init(&h, key, KEY_SIZE);
	hmac_update_part(&h, role, strlen(role));
	hmac_update_part(&h, uuid, UUID_SIZE);
	hmac_update_part(&h, public, KEY_SIZE);
	hmac_update_part(&h, nonce, KEY_SIZE);
	hmac_final(&h, answer);
	explicit_bzero(&h, sizeof h);
}

void auth_cluster_text(const uint8_t key[KEY_SIZE], char text[AUTH_CLUSTER_TEXT_SIZE])
{
	static const char role[] = "cluster";
	uint8_t cluster[KEY_SIZE];
	struct hmac h;

	hmac_init(&h, key, KEY_SIZE);
	hmac_update_part(&h, role, strlen(role));
	hmac_final(&h, cluster);
	explicit_bzero(&h, sizeof h);
	(void)snprintf(text, AUTH_CLUSTER_TEXT_SIZE, "%02x%02x%02x%02x", cluster[0], cluster[1],
	               cluster[2], cluster[3]);
}

/* What a nonce ends with that says so. */
static const uint8_t lowered[] = { 'l', 'o', 'w', 'e', 'r', 'e', 'd', '!' };

void auth_nonce_lower(uint8_t nonce[KEY_SIZE])
{
	memcpy(nonce + KEY_SIZE - sizeof lowered, lowered, sizeof lowered);
}

bool auth_nonce_is_lowered(const uint8_t nonce[KEY_SIZE])
{
	return memcmp(nonce + KEY_SIZE - sizeof lowered, lowered, sizeof lowered) == 0;
}
