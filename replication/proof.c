/* SPDX-License-Identifier: MIT
 *
 * proof: what a session shows one replica, and what that shows of it: the proof of a log-in and its
 * signature, the account in a box, the seal. All of it is bound to the connection.
 */
#include "replication/private.h"

#include "base/sha256.h"

#include <assert.h>
#include <string.h>

static uint8_t login_flags(const struct replica *p, const struct login_session *session)
{
	return (uint8_t)((session->is_sending ? FLAG_SENDING : 0) |
	                 (p->version >= PROTOCOL_VERSION_KEYED ? FLAG_KEYED : 0));
}

/* What a proof at this replica is about; it binds the proof to this connection. */
static struct auth auth_of(const struct replica *p, enum auth_purpose purpose,
                           const struct login_session *session, const uint8_t *client_nonce)
{
	struct auth auth = { .purpose = purpose, .version = p->version, .id = session->id };

	if (purpose == AUTH_LOGIN && p->version >= PROTOCOL_VERSION_KEYED)
		auth.purpose = AUTH_LOGIN_KEYED;
	memcpy(auth.client_nonce, client_nonce, KEY_SIZE);
	memcpy(auth.server_nonce, p->nonce, KEY_SIZE);
	memcpy(auth.uuid, p->uuid, UUID_SIZE);
	memcpy(auth.public, p->public, KEY_SIZE);
	auth.setting = view_of_string(session->setting);
	auth.session = session->ulid;
	auth.dial = p->login_dial;
	auth.epoch = p->login_epoch;
	auth.flags = login_flags(p, session);
	return auth;
}

/* The nonce of a log-in. It is a public key where requests have tags. */
static void draw_nonce(struct replication *r, struct replica *p,
                       const struct login_session *session, uint8_t nonce[KEY_SIZE])
{
	uint8_t secret[KEY_SIZE];
	struct auth auth;

	replication_random(r, nonce, KEY_SIZE);
	if (p->version < PROTOCOL_VERSION_KEYED)
		return;
	memcpy(secret, nonce, KEY_SIZE);
	box_public(secret, nonce);
	auth = auth_of(p, AUTH_LOGIN, session, nonce);
	/* A public key that cannot be one is that of nobody who could open a box. */
	(void)tag_key_make(&p->next_tags, NULL, secret, p->public, &auth);
	explicit_bzero(secret, sizeof secret);
}

void proof_frame(struct replication *r, uint32_t index, const struct login_session *session,
                 struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	struct auth auth;

	memset(frame, 0, sizeof *frame);
	frame->type = FRAME_LOGIN;
	frame->flags = login_flags(p, session);
	frame->login.id = session->id;
	frame->login.session = session->ulid;
	frame->login.dial = session->dial;
	frame->login.epoch = session->account.epoch;
	p->login_dial = session->dial;
	p->login_epoch = session->account.epoch;
	draw_nonce(r, p, session, frame->login.client_nonce);
	auth = auth_of(p, AUTH_LOGIN, session, frame->login.client_nonce);
	memcpy(p->login_nonce, frame->login.client_nonce, KEY_SIZE);
	auth_proof(session->stretched, &auth, frame->login.proof);
	p->login_written = true;
}

bool proof_is_signed(struct replication *r, uint32_t index, const struct login_session *session,
                     const struct frame *frame)
{
	const struct replica *p = &r->replicas[index];
	bool is_old = p->login_epoch < session->account.epoch;
	struct auth auth = auth_of(p, AUTH_LOGIN, session, p->login_nonce);
	uint8_t server_key[KEY_SIZE], signature[KEY_SIZE];

	assert(frame->status == STATUS_OK || frame->status == STATUS_TAKEN_OVER);
	if (is_old) /* it was written before the password changed */
		auth.setting = view_of_string(session->old_setting);
	auth_server_key(is_old ? session->old_stretched : session->stretched, server_key);
	if (frame->status == STATUS_OK)
		auth_signature(server_key, &auth, signature);
	else
		auth_taken_over(server_key, &auth, &frame->logged_in.session, frame->logged_in.dial,
		                signature);
	explicit_bzero(server_key, sizeof server_key);
	if (sha256_equal(signature, frame->logged_in.signature)) {
		member_signed(r, index);
		return true;
	}
	replica_lies(r, index, "cannot prove that it knows this account");
	return false;
}

void proof_close_box(struct replication *r, uint32_t index, const struct login_session *session,
                     struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	struct auth auth = auth_of(p, AUTH_INTRODUCE, session, p->nonce);
	struct invitation *invitation = &frame->introduce.invitation;
	bool is_invited = frame->type == FRAME_INTRODUCE && (frame->flags & FLAG_VOUCHED) != 0;
	uint8_t secret[KEY_SIZE];

	replication_random(r, secret, sizeof secret);
	if (!box_close_invited(&frame->introduce.box, secret, &auth, &session->account.verifier,
	                       is_invited ? invitation : NULL, p->box_answer)) {
		/* Everybody could open that one. */
		memset(frame->introduce.box.parts, 0, sizeof frame->introduce.box.parts);
		memset(invitation, 0, sizeof *invitation);
		replica_lies(r, index, "has a public key that cannot be one");
	}
	explicit_bzero(secret, sizeof secret);
}

void proof_handover(struct replication *r, uint32_t index, struct login_session *session,
                    struct frame *frame)
{
	const struct account *account = &session->account;
	const struct replica *p = &r->replicas[index];

	memset(frame, 0, sizeof *frame);
	frame->type = FRAME_HANDOVER;
	frame->introduce.id = account->id;
	frame->introduce.name = account->name;
	frame->introduce.setting = account->verifier.setting;
	bool has_stamp = vouched_tell(&session->vouched, index, account, frame->introduce.stamp);

	if (account->epoch > 0) {
		frame->type = FRAME_RENEW;
		frame->introduce.epoch = account->epoch;
		frame->introduce.by = (uint8_t)account->by;
		memcpy(frame->introduce.middle, account->middle, KEY_SIZE);
	} else if (p->version >= PROTOCOL_VERSION_VOUCHED && has_stamp) {
		frame->flags = FLAG_VOUCHED;
	}
	proof_close_box(r, index, session, frame);
}

void proof_password(struct replication *r, uint32_t index, struct login_session *session,
                    struct frame *frame)
{
	proof_handover(r, index, session, frame);
	assert(frame->type == FRAME_RENEW);
	frame->type = FRAME_PASSWORD;
}

bool proof_is_opened(struct replication *r, uint32_t index, const struct frame *frame)
{
	const struct replica *p = &r->replicas[index];

	if (sha256_equal(frame->introduced.signature, p->box_answer))
		return true;
	replica_lies(r, index, "has not opened what was sent to it alone");
	return false;
}

/* The verifier of a password that was changed; the rest of the account is told with it. */
static void unseal_later(const struct login_session *s, const uint8_t seal[KEY_SIZE],
                         const struct frame *frame, struct account *account)
{
	auth_verifier_make(s->stretched, seal, view_of_string(s->setting), &account->verifier);
	memcpy(account->verifier.lock, frame->logged_in.lock, KEY_SIZE);
	memcpy(account->middle, frame->logged_in.middle, KEY_SIZE);
	account->by = frame->logged_in.by;
}

bool proof_takes_yes(struct replication *r, uint32_t index, struct login_session *session,
                     const struct frame *frame)
{
	const struct replica *p = &r->replicas[index];
	const struct auth auth = auth_of(p, AUTH_LOGIN, session, p->login_nonce);
	uint8_t server_key[KEY_SIZE], seal[KEY_SIZE];
	struct account account = session->account;

	auth_server_key(session->stretched, server_key);
	auth_seal_mask(server_key, &auth, frame->logged_in.sealed, seal);
	explicit_bzero(server_key, sizeof server_key);
	account.id = session->id;
	account.name = view_of_string(session->name);
	account.confirmed = false;
	if (account.epoch == 0)
		auth_verifier_make(session->stretched, seal, view_of_string(session->setting),
		                   &account.verifier);
	else
		unseal_later(session, seal, frame, &account);
	explicit_bzero(seal, sizeof seal);
	if (!auth_account_fits(&account)) {
		replica_lies(r, index, "cannot prove that it knows this account");
		return false;
	}
	session->account = account;
	vouched_take(&session->vouched, index, &account, session->stretched,
	             frame->logged_in.stamp);
	proof_know(r, session, BIT(index));
	return true;
}

void proof_know(struct replication *r, struct login_session *session, uint8_t among)
{
	vouched_know(&session->vouched, member_known(r) & among);
	vouched_choose(&session->vouched, &session->account);
}
