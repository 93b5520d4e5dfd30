/* SPDX-License-Identifier: MIT
 *
 * auth: what a password becomes, the proofs made of it, and ids that vouch for their content.
 *
 * The construction is SCRAM-SHA-256 (RFC 5802, RFC 7677) with yescrypt, through crypt(3), as its
 * stretch. Passwords never travel, and a replica does only SHA-256 and HMAC:
 *
 *   P          = SHA256(crypt(password, setting))         the client alone, some milliseconds
 *   ClientKey  = HMAC(P, "Client Key")
 *   StoredKey  = SHA256(ClientKey)
 *   ServerKey  = HMAC(P, "Server Key")
 *   DeleteKey  = HMAC(P, "Delete Key" seal)
 *   lock       = SHA256(DeleteKey)
 *   verifier   = (setting, seal, StoredKey, ServerKey, lock)   seal: 32 random bytes
 *   middle     = H(setting, seal, StoredKey, ServerKey)
 *   id         = milliseconds, first 128 bits of H(milliseconds, name, middle, lock)
 *   Auth       = (protocol name, purpose, account id, client nonce, server nonce, replica uuid,
 *              replica public key, setting); with a key for tags also (session, dial epoch flags)
 *   proof      = ClientKey xor HMAC(StoredKey, Auth)
 *   signature  = HMAC(ServerKey, Auth)                     the replica's answer
 *   seal mask  = HMAC(ServerKey, "Seal" Auth)              the seal travels xor this
 *   over       = HMAC(ServerKey, "Taken Over" Auth session dial)   instead, if a larger session
 *              is there
 *
 * The protocol name is "threefold-4", up to version 3 of the protocol "threefold-2"; a purpose is
 * one byte, milliseconds are 64 bits, little-endian. The operator's proof is HMAC(key, role Auth),
 * the roles being "operator" and "replica". Where the client's nonce is a public key, and the
 * requests that follow have tags (fact/tag.h), the purpose says so: nobody can take that away.
 *
 * Somebody on the way could lower the version that both speak, to one without tags. A replica that
 * is asked for a lower version than it speaks says so in its nonce, which is part of each proof
 * (as RFC 8446, 4.1.3): a client that speaks more than it is greeted with looks there.
 *
 * That it belongs to a cluster a replica shows by HMAC(operator key, "member" uuid public-key
 * nonce), the nonce being the client's (replication/member.c).
 *
 * Passwords change. The verifier of a later epoch (1, 2, ...) is (setting, seal, StoredKey,
 * ServerKey) of the new password. Its seal is the delete key, closed:
 *
 *   seal       = DeleteKey xor HMAC(P, "Delete Box")
 *   stamp      = HMAC(operator key, "password" id epoch by setting seal StoredKey ServerKey)
 *
 * An operator removes accounts, and has no delete key. Neither has an owner whose password an
 * operator has set. Then an account is gone by a stamp:
 *
 *   stamp      = HMAC(operator key, "gone" id name by)
 *
 * P is of a setting of its own, so nothing is closed twice under one key. (A stamp of epoch 0 has
 * the seal of the first verifier.) The id goes on vouching for name, middle and lock of the first
 * verifier; of that nothing else is kept. The stamp says that a replica which has checked the older
 * password took the newer one, or that the account was removed. Only replicas and operators can
 * make one, and who carries it learns nothing. It is computed when it is told, and checked when it
 * comes; it stands in no file, so equal sets have equal bytes.
 *
 * Every part of H, of Auth and of a stamp is length-prefixed (sha256_update_part). So are "Seal"
 * and the role. The id vouches for all of the verifier: nobody can put another one under
 * somebody's id, and anybody may hand a copy over. A tombstone (id, name, middle, DeleteKey)
 * proves itself: SHA256(DeleteKey) is the lock inside the id, and only the owner can derive that
 * key. One with a stamp (id, name, middle, lock, by) does not: there the id vouches only for the
 * name. The seal is told to nobody but a proved owner: without it a public id would let anybody
 * test passwords at home.
 *
 * Pure but for crypt_r, which auth_stretch calls. Nonces and seals come in from outside.
 */
#ifndef THREEFOLD_FACT_AUTH_H
#define THREEFOLD_FACT_AUTH_H

#include "fact/fact.h"

/* What clients and repair say of a replica that cannot show that it has the key. */
#define AUTH_OTHER_KEY \
	"it has another operator key: copy operator.key of the others to it, and start it again"

/* crypt(3) takes at most 512 bytes with the NUL, so 511 is the longest password. */
enum { PASSWORD_SIZE_MAX = 511, AUTH_SETTING_TEXT_SIZE = SETTING_SIZE_MAX + 1 };
/* The same for people: "a password has " PASSWORD_FORM. */
#define PASSWORD_FORM "1 to 511 bytes"
_Static_assert(PASSWORD_SIZE_MAX == 511, "the sentence is true");

enum auth_purpose {
	AUTH_INTRODUCE = 1,
	AUTH_LOGIN = 2,
	AUTH_OPERATOR = 3,
	AUTH_LOGIN_KEYED = 4,    /* the client's nonce is a public key: tags follow */
	AUTH_OPERATOR_KEYED = 5, /* the same */
	AUTH_TAG = 6,            /* the key of the tags */
};
enum { AUTH_VERSION_NAMED = 4 }; /* from this version of the protocol on its name says it */

/* What a proof is about. For an operator, and for AUTH_TAG, the id is zero and the setting
 * empty. */
struct auth {
	enum auth_purpose purpose;
	uint16_t version; /* of the protocol on this connection */
	struct id id;
	uint8_t client_nonce[KEY_SIZE];
	uint8_t server_nonce[KEY_SIZE];
	uint8_t uuid[UUID_SIZE];
	uint8_t public[KEY_SIZE]; /* of the replica, from its WELCOME (fact/box.h) */
	struct view setting;
	/* AUTH_LOGIN_KEYED: what else stands in the LOGIN. */
	struct ulid session;
	uint32_t dial, epoch;
	uint8_t flags;
};

/* Whether a setting may be used: it is `$y$` with costs between our own bounds, and has characters
 * that crypt(3) allows. All else that a stranger might choose for us (a fast hash, 16 GiB of
 * memory) is refused. */
bool auth_setting_is_valid(struct view setting);
/* Whether a setting may be used, and has at least our standard cost. */
bool auth_setting_is_standard(struct view setting);
/* Makes a setting of our standard cost from 16 random bytes; NUL-terminated. */
void auth_setting_make(const uint8_t random[16], char setting[AUTH_SETTING_TEXT_SIZE]);

/* P of a password. Slow on purpose. `password` without NUL, 1 to PASSWORD_SIZE_MAX bytes.
 * False if the password or the setting is not valid or crypt(3) failed; `stretched` is then
 * untouched. */
bool auth_stretch(struct view password, struct view setting, uint8_t stretched[KEY_SIZE]);

/* Makes the whole verifier from P, a seal and the setting, whose view it keeps. */
void auth_verifier_make(const uint8_t stretched[KEY_SIZE], const uint8_t seal[KEY_SIZE],
                        struct view setting, struct verifier *verifier);
/* DeleteKey, by which a tombstone proves itself. It is a secret until a replica is told: the caller
 * wipes its copy. */
void auth_delete_key(const uint8_t stretched[KEY_SIZE], const uint8_t seal[KEY_SIZE],
                     uint8_t delete_key[KEY_SIZE]);
/* The verifier of a later epoch, from the new P. `delete_key` is that of the account, and its lock
 * is that of the first verifier. Keeps the view of the setting. */
void auth_verifier_renew(const uint8_t stretched[KEY_SIZE], const uint8_t delete_key[KEY_SIZE],
                         struct view setting, struct verifier *verifier);
/* DeleteKey of an account of any epoch, from P of its newest password. False: it is not in there,
 * because an operator has set the password. The caller wipes its copy. */
bool auth_account_delete_key(const uint8_t stretched[KEY_SIZE], const struct account *account,
                             uint8_t delete_key[KEY_SIZE]);
/* The stamp of an account of any epoch. Of epoch 0 it says that a replica holds the account. */
void auth_stamp(const uint8_t key[KEY_SIZE], const struct account *account,
                uint8_t stamp[KEY_SIZE]);
/* The stamp of an account that is gone, but not by its delete key. */
void auth_gone_stamp(const uint8_t key[KEY_SIZE], const struct tombstone *tombstone,
                     uint8_t stamp[KEY_SIZE]);
/* The middle of an account of any epoch. */
void auth_account_middle(const struct account *account, uint8_t middle[KEY_SIZE]);
/* The middle of an id: the digest of the verifier without its lock. A tombstone has it instead of
 * the verifier. */
void auth_middle(const struct verifier *verifier, uint8_t middle[KEY_SIZE]);
/* The id of an account that is made at `time_ms`, which is at most ID_TIME_MS_MAX. `name` has 1 to
 * NAME_SIZE_MAX bytes. */
void auth_id_make(uint64_t time_ms, struct view name, const struct verifier *verifier,
                  struct id *id);
/* The tombstone of `account`. It keeps the view of the account's name. Whether the key fits is not
 * checked (auth_tombstone_fits). */
void auth_tombstone_make(const struct account *account, const uint8_t delete_key[KEY_SIZE],
                         struct tombstone *tombstone);
/* The tombstone of an account that is removed, by the owner or an operator. It needs a stamp. It
 * keeps the view of the account's name. */
void auth_tombstone_remove(const struct account *account, enum gone_by by,
                           struct tombstone *tombstone);

/* Whether an account can be trusted, wherever it comes from: its name and its setting are valid,
 * and its id is that of its content. Of a later epoch this says nothing of the verifier but its
 * lock: that needs a stamp, or somebody who is trusted. */
bool auth_account_fits(const struct account *account);
/* Whether the id is that of an account with this name: `middle` and `lock` are of its verifier.
 * They tell nobody anything of a password, because the seal went into both. */
bool auth_id_fits(const struct id *id, struct view name, const uint8_t middle[KEY_SIZE],
                  const uint8_t lock[KEY_SIZE]);
/* Whether a tombstone proves itself: its name is valid, and its delete key opens the lock inside
 * the id. Of one with a stamp only that it fits its id: the rest needs the stamp, or somebody who
 * is trusted. */
bool auth_tombstone_fits(const struct tombstone *tombstone);

/* Writes into a replica's nonce that it speaks a later version of the protocol than it was asked
 * for; and whether that stands there. A nonce that was drawn has it once in 2^64 times. */
void auth_nonce_lower(uint8_t nonce[KEY_SIZE]);
bool auth_nonce_is_lowered(const uint8_t nonce[KEY_SIZE]);

/* For the client: the proof that it knows P. In this function and the next four, auth->purpose is
 * not that of an operator. */
void auth_proof(const uint8_t stretched[KEY_SIZE], const struct auth *auth,
                uint8_t proof[KEY_SIZE]);
/* For the replica: whether a proof is right. Takes the same time for every wrong one. */
bool auth_proof_is_right(const uint8_t stored_key[KEY_SIZE], const struct auth *auth,
                         const uint8_t proof[KEY_SIZE]);
/* The replica's answer, which shows that it holds the verifier. The client makes it, too, and
 * compares the two by sha256_equal. */
void auth_signature(const uint8_t server_key[KEY_SIZE], const struct auth *auth,
                    uint8_t signature[KEY_SIZE]);
/* Masks the seal, as the replica sends it, or takes the mask off, as the client does: both are the
 * same xor. `out` may be `in`. */
void auth_seal_mask(const uint8_t server_key[KEY_SIZE], const struct auth *auth,
                    const uint8_t in[KEY_SIZE], uint8_t out[KEY_SIZE]);
/* HMAC(key, role Auth), for what other files make of an Auth (fact/box.h). */
void auth_hmac(const uint8_t key[KEY_SIZE], const char *role, const struct auth *auth,
               uint8_t digest[KEY_SIZE]);
/* The replica's answer that a larger (session, dial) than that of the log-in is there: with it a
 * session ends, so it is proved like a yes. */
void auth_taken_over(const uint8_t server_key[KEY_SIZE], const struct auth *auth,
                     const struct ulid *session, uint32_t dial, uint8_t signature[KEY_SIZE]);
/* ServerKey of P: the client needs it for auth_signature and auth_seal_mask. */
void auth_server_key(const uint8_t stretched[KEY_SIZE], uint8_t server_key[KEY_SIZE]);

/* The proof of the operator (`replica` false), or the replica's answer to it (true). auth->purpose
 * is an operator's. The key is 32 random bytes and needs no stretch. */
void auth_operator(const uint8_t key[KEY_SIZE], bool replica, const struct auth *auth,
                   uint8_t proof[KEY_SIZE]);

/* The id of a cluster, for people: the first eight hexadecimal digits of HMAC(operator key,
 * "cluster"), which tells nothing of the key. With a NUL. */
enum { AUTH_CLUSTER_TEXT_SIZE = 2 * 4 + 1 };
void auth_cluster_text(const uint8_t key[KEY_SIZE], char text[AUTH_CLUSTER_TEXT_SIZE]);

/* What the replica with this uuid and this public key answers to a nonce, to show that it belongs
 * to the cluster of this operator key. */
void auth_member(const uint8_t key[KEY_SIZE], const uint8_t uuid[UUID_SIZE],
                 const uint8_t public[KEY_SIZE], const uint8_t nonce[KEY_SIZE],
                 uint8_t answer[KEY_SIZE]);

#endif
