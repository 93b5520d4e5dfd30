/* SPDX-License-Identifier: MIT
 *
 * login: log in, log out, and delete the own account.
 *
 * Log in:
 *   LOOK       a joined look-up: which account, and is a session of it active anywhere?
 *   STRETCH    the password becomes P under that account's setting
 *   LOGIN      by id with a proof, at all live replicas in parallel, under a session larger than
 *              any that was named
 *   HANDOVER   the first yes brought the seal: with it and the password the whole verifier is made,
 *              checked against
 *              the id, and handed to those that do not know the account; then they are asked again
 *   TRY        the password is wrong for the account that the name gives: does it open one that
 *              lost this name? A
 *              proof under the smallest session tells, and logs nobody out
 *
 * While a log in is written somewhere, replicas that return wait for its end (replica.c).
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { PHASE_LOOK, PHASE_STRETCH, PHASE_LOGIN, PHASE_TRY_STRETCH, PHASE_TRY };
enum { ROUNDS_MAX = 8, OTHERS_MAX = 3 };

struct other {
	struct id id;
	uint8_t alive;
	char setting[SETTING_SIZE_MAX + 1];
	char display[DISPLAY_SIZE];
};

struct login {
	struct op op;
	struct login_session s;
	char text[ID_TEXT_SIZE + DISPLAY_SIZE];
	size_t text_size;
	char password[PASSWORD_SIZE_MAX];
	size_t password_size;
	char key_setting[SETTING_SIZE_MAX + 1]; /* of which `key` is P */
	uint8_t key[KEY_SIZE];
	bool take_over;
	bool created;    /* no look-up: the account was just made */
	bool counted;    /* in r->logins */
	bool confirmed;  /* by some replica */
	bool all_looked; /* all three were asked about that */
	struct ulid largest;
	uint8_t in, unknown, wrong, over, gone, full;
	uint32_t rounds;
	struct other others[OTHERS_MAX];
	uint32_t others_count;
	struct frame sent[REPLICAS]; /* nonces, for the signature */
};

/* ---- sessions ---- */

void login_session_copy(struct login_session *to, const struct login_session *from)
{
	*to = *from;
	to->account.name = view_of_string(to->name);
	to->account.verifier.setting = view_of_string(to->setting);
}

void login_session_clear(struct replication *r)
{
	uint32_t place = 0;
	struct contact *contact;
	struct outbound *outbound;

	explicit_bzero(&r->session, sizeof r->session);
	while ((outbound = map_next(&r->outbounds, &place)))
		memory_free(outbound);
	map_clear(&r->outbounds);
	place = 0;
	while ((contact = map_next(&r->contacts, &place)))
		contact->outbound = NULL;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		r->replicas[i].joined = false;
		stream_lost(r, i); /* another session may receive before the next one of ours */
	}
	mailbox_clear(r);
}

/* On every connection on which a log in was written. */
static void tell_logout(struct replication *r, const struct ulid *session, uint8_t but)
{
	struct frame frame = { .type = FRAME_LOGOUT, .session.session = *session };

	stream_flush(r); /* what was shown is said before */
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct replica *p = &r->replicas[i];

		if (p->login_written && p->state > REPLICA_GREETING && !(but & BIT(i)))
			due_ask(r, i, &frame, TARGET_TELL, NULL);
	}
}

void login_session_lost(struct replication *r, bool deleted)
{
	struct ulid session = r->session.ulid;

	if (deleted && r->deletes) /* that is our own doing, whose result is under way */
		return;
	replication_act(r, ACTION_LOGGED_OUT, NULL)->why =
		deleted ? "the account was deleted"
			: "taken over by another log in of this account";
	tell_logout(r, &session, 0);
	login_session_clear(r);
	replica_go_on(r);
}

/* ---- log in ---- */

static void count_login(struct replication *r, struct login *l, bool counts)
{
	if (l->counted == counts)
		return;
	l->counted = counts;
	if (counts) {
		r->logins++;
	} else {
		assert(r->logins > 0);
		r->logins--;
		replica_go_on(r);
	}
}

static void refuse(struct replication *r, struct login *l, enum outcome outcome, const char *detail)
{
	op_refuse(r, &l->op, outcome, detail);
	count_login(r, l, false);
}

void login_command(struct replication *r, struct op *op, const struct command *command)
{
	struct login *l = (struct login *)op;

	memcpy(l->text, command->name.data, command->name.size);
	l->text_size = command->name.size;
	memcpy(l->password, command->password.data, command->password.size);
	l->password_size = command->password.size;
	l->take_over = command->take_over;
	if (command->stretched) {
		memcpy(l->key, command->stretched, KEY_SIZE);
		memcpy(l->key_setting, command->setting.data, command->setting.size);
	}
	op_begin(r, op);
}

void login_created(struct replication *r, struct op *parent, const struct login_session *made)
{
	struct login *l = (struct login *)op_new(r, &login_row, parent);

	l->op.kind = COMMAND_LOGIN;
	l->created = true;
	l->confirmed = true;
	l->take_over = true;
	login_session_copy(&l->s, made);
	op_begin(r, &l->op);
}

/* A session above every one that was named, with fresh random bits. */
static void draw_session(struct replication *r, struct login *l)
{
	uint64_t ms = replication_now(r);
	uint8_t random[10];

	if (ulid_time_ms(&l->largest) >= ms)
		ms = ulid_time_ms(&l->largest) + 1;
	if (ms > ID_TIME_MS_MAX)
		ms = ID_TIME_MS_MAX;
	replication_random(r, random, sizeof random);
	ulid_make(&l->s.ulid, ms, random);
	l->s.dial = 1;
	l->s.sent_ms = 0;
}

static void write_logins(struct replication *r, struct login *l)
{
	struct op *op = &l->op;

	op->phase = PHASE_LOGIN;
	l->in = l->unknown = l->wrong = l->over = l->gone = l->full = 0;
	if (!op_audience(r, op))
		return;
	count_login(r, l, true);
	draw_session(r, l);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(op->audience & BIT(i)))
			continue;
		login_frame(r, i, &l->s, &l->sent[i]);
		op_ask(r, op, i, &l->sent[i]);
	}
}

static void start(struct replication *r, struct op *op)
{
	struct login *l = (struct login *)op;

	count_login(r, l, false);
	if (l->created && op->written == 0) {
		write_logins(r, l);
	} else if (++l->rounds > ROUNDS_MAX) {
		refuse(r, l, OUTCOME_UNKNOWN,
		       "the replicas keep changing their answers; try again");
	} else {
		op->phase = PHASE_LOOK;
		op->asking = false;
		if (l->created)
			(void)lookup_id_new(r, op, &l->s.id, NULL);
		else
			(void)lookup_new(r, op, view_of(l->text, l->text_size), NULL);
	}
}

static void want_stretch(struct replication *r, struct login *l, const char *setting)
{
	struct action *a;

	if (l->created || strcmp(setting, l->key_setting) == 0) {
		login_stretched(r, &l->op, l->created ? l->s.stretched : l->key);
		return;
	}
	(void)snprintf(l->key_setting, sizeof l->key_setting, "%s", setting);
	a = replication_act(r, ACTION_STRETCH, NULL);
	a->stretch.token = l->op.token;
	a->stretch.password = view_of(l->password, l->password_size);
	a->stretch.setting = view_of_string(l->key_setting);
}

/* Those that lost this name, in case the password is one of theirs. */
static void note_others(struct login *l, const struct lookup *look)
{
	l->others_count = 0;
	for (uint32_t i = 0; i < look->count && l->others_count < OTHERS_MAX; i++) {
		struct other *other = &l->others[l->others_count];

		if ((int)i == look->found)
			continue;
		other->id = look->accounts[i].id;
		other->alive = look->accounts[i].alive;
		memcpy(other->setting, look->accounts[i].setting, sizeof other->setting);
		lookup_display(look, i, other->display);
		l->others_count++;
	}
}

static void refuse_several(struct replication *r, struct login *l, const struct lookup *look)
{
	struct result *result = op_result(&l->op, OUTCOME_SEVERAL, "");

	result = memory_resize(result, sizeof *result + look->count * sizeof(struct user));
	result->users = (struct user *)(result + 1);
	result->users_count = look->count;
	result->detail = "several accounts fit, none of which counts: name the one that is meant";
	for (uint32_t i = 0; i < look->count; i++) {
		struct user *user = &((struct user *)(result + 1))[i];

		user->id = look->accounts[i].id;
		user->online = look->accounts[i].online != 0;
		lookup_display(look, i, user->name);
	}
	op_end(r, &l->op, result);
}

static void refuse_active(struct replication *r, struct login *l, uint64_t since_ms)
{
	struct result *result = op_result(
		&l->op, OUTCOME_ALREADY_LOGGED_IN,
		"a session of this account is active; --take-over ends it");

	result->since_ms = since_ms;
	op_end(r, &l->op, result);
	count_login(r, l, false);
}

static void looked(struct replication *r, struct login *l, const struct lookup *look)
{
	const struct lookup_account *a;

	if (look->count > 1 && look->found < 0) {
		refuse_several(r, l, look);
		return;
	}
	if (look->found < 0) {
		refuse(r, l, OUTCOME_WRONG_PASSWORD,
		       "the name or the password is wrong (/create NAME makes a new account)");
		return;
	}
	a = &look->accounts[look->found];
	if (a->online && !l->take_over) {
		refuse_active(r, l, a->online_since_ms);
		return;
	}
	l->s.id = a->id;
	l->confirmed = a->confirmed != 0;
	l->all_looked = look->op.audience == ALL_REPLICAS;
	l->largest = a->session;
	memcpy(l->s.name, a->name, sizeof l->s.name);
	memcpy(l->s.setting, a->setting, sizeof l->s.setting);
	if (!l->created)
		lookup_display(look, (uint32_t)look->found, l->s.display);
	note_others(l, look);
	l->op.phase = PHASE_STRETCH;
	want_stretch(r, l, l->s.setting);
}

static void child(struct replication *r, struct op *op, struct op *ended)
{
	struct login *l = (struct login *)op;

	if (ended->outcome != OUTCOME_OK)
		refuse(r, l, op->written ? OUTCOME_UNKNOWN : OUTCOME_NO_REPLICA,
		       "no replica could be reached");
	else
		looked(r, l, (struct lookup *)ended);
}

/* ---- the password fits another account of that name ---- */

static void try_other(struct replication *r, struct login *l)
{
	if (l->others_count == 0) {
		refuse(r, l, OUTCOME_WRONG_PASSWORD,
		       "the name or the password is wrong (/create NAME makes a new account)");
		return;
	}
	l->op.phase = PHASE_TRY_STRETCH;
	l->op.asking = false;
	want_stretch(r, l, l->others[l->others_count - 1].setting);
}

static void try_proof(struct replication *r, struct login *l)
{
	const struct other *other = &l->others[l->others_count - 1];
	uint8_t at = other->alive & r->live;
	struct frame frame;

	if (!at) {
		l->others_count--;
		try_other(r, l);
		return;
	}
	l->op.phase = PHASE_TRY;
	l->s.id = other->id;
	memcpy(l->s.setting, other->setting, sizeof l->s.setting);
	memset(&l->s.ulid, 0, sizeof l->s.ulid);
	l->s.ulid.bytes[ULID_SIZE - 1] = 1;
	l->s.dial = 1;
	l->op.audience = BIT(replica_first(at));
	l->op.done = 0;
	login_frame(r, replica_first(at), &l->s, &frame);
	op_ask(r, &l->op, replica_first(at), &frame);
}

static void tried(struct replication *r, struct login *l)
{
	const struct other *other = &l->others[l->others_count - 1];
	struct result *result;

	if (!l->in) {
		l->others_count--;
		try_other(r, l);
		return;
	}
	tell_logout(r, &l->s.ulid, 0);
	result = op_result(&l->op, OUTCOME_WRONG_PASSWORD, "");
	(void)snprintf(result->text, sizeof result->text,
	               "this password opens '%s', which lost the name: log in by that",
	               other->display);
	result->detail = result->text;
	op_end(r, &l->op, result);
	count_login(r, l, false);
}

void login_stretched(struct replication *r, struct op *op, const uint8_t *stretched)
{
	struct login *l = (struct login *)op;

	if (!stretched) {
		refuse(r, l, OUTCOME_WRONG_PASSWORD,
		       "the name or the password is wrong (/create NAME makes a new account)");
		return;
	}
	memmove(l->key, stretched, KEY_SIZE);
	memmove(l->s.stretched, stretched, KEY_SIZE);
	if (op->phase == PHASE_TRY_STRETCH)
		try_proof(r, l);
	else
		write_logins(r, l);
}

/* ---- answers ---- */

/* A yes brings the replica's signature and the seal. False: the replica does not hold what the id
 * vouches for. */
static bool unseal(struct replication *r, struct login *l, uint32_t index,
                   const struct frame *frame)
{
	struct auth auth = { .purpose = AUTH_LOGIN, .id = l->s.id };
	uint8_t server_key[KEY_SIZE], signature[KEY_SIZE], seal[KEY_SIZE];
	struct account *account = &l->s.account;

	memcpy(auth.client_nonce, l->sent[index].login.client_nonce, KEY_SIZE);
	memcpy(auth.server_nonce, r->replicas[index].nonce, KEY_SIZE);
	memcpy(auth.uuid, r->replicas[index].uuid, UUID_SIZE);
	auth.setting = view_of_string(l->s.setting);
	auth_server_key(l->s.stretched, server_key);
	auth_signature(server_key, &auth, signature);
	if (memcmp(signature, frame->logged_in.signature, KEY_SIZE) != 0)
		return false;
	auth_seal_mask(server_key, &auth, frame->logged_in.sealed, seal);
	account->id = l->s.id;
	account->name = view_of_string(l->s.name);
	account->confirmed = false;
	auth_verifier_make(l->s.stretched, seal, view_of_string(l->s.setting), &account->verifier);
	return auth_account_fits(account);
}

static void login_answered(struct replication *r, struct login *l, uint32_t index,
                           const struct frame *frame)
{
	uint8_t bit = BIT(index);

	switch (frame->status) {
	case STATUS_OK:
		l->unknown &= (uint8_t)~bit;
		if (BUG(login_confirms))
			due_ask(r, index,
			        &(struct frame){ .type = FRAME_CONFIRM, .confirm.id = l->s.id },
			        TARGET_TELL, NULL);
		if (l->op.phase == PHASE_TRY || unseal(r, l, index, frame))
			l->in |= bit;
		else
			replica_die(r, index, "cannot prove that it knows this account");
		break;
	case STATUS_UNKNOWN:
		l->unknown |= bit;
		break;
	case STATUS_TAKEN_OVER:
		if (l->op.phase == PHASE_TRY)
			l->in |= bit;
		l->over |= bit;
		if (ulid_compare(&frame->logged_in.session, &l->largest) > 0)
			l->largest = frame->logged_in.session;
		break;
	case STATUS_GONE:
		l->gone |= bit;
		break;
	default:
		l->wrong |= bit;
	}
}

void login_ended(struct replication *r, uint32_t index, const struct ulid *session, enum status why)
{
	for (struct op *op = r->first_op; op; op = op->next) {
		struct login *l = (struct login *)op;

		if (op->row != &login_row || op->ended || !l->counted ||
		    !ulid_equal(&l->s.ulid, session))
			continue;
		if (why == STATUS_GONE)
			l->gone |= BIT(index);
		else
			l->over |= BIT(index);
	}
}

static void reply(struct replication *r, struct op *op, uint32_t index, const struct frame *frame)
{
	struct login *l = (struct login *)op;

	if (frame->type == (FRAME_LOGIN | FRAME_REPLY)) {
		login_answered(r, l, index, frame);
	} else if (frame->status == STATUS_OK) { /* handed over */
		l->unknown &= (uint8_t)~BIT(index);
		login_frame(r, index, &l->s, &l->sent[index]);
		op_ask(r, op, index, &l->sent[index]);
	} else if (frame->status == STATUS_GONE) {
		l->gone |= BIT(index);
	} else {
		l->unknown &= (uint8_t)~BIT(index);
		l->full |= BIT(index);
	}
}

static void hand_over(struct replication *r, struct login *l)
{
	struct frame frame;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(l->unknown & l->op.audience & BIT(i)))
			continue;
		login_handover_frame(r, i, &l->s, &frame);
		op_ask(r, &l->op, i, &frame);
	}
}

static void succeed(struct replication *r, struct login *l)
{
	struct result *result = op_result(&l->op, OUTCOME_OK, "");

	login_session_copy(&r->session, &l->s);
	r->session.active = true;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (l->in & r->live & BIT(i))
			r->replicas[i].joined = true;
		else if (r->live & BIT(i))
			replica_die(r, i,
			            l->full & BIT(i)
			                    ? "cannot store the account of this session (disk full)"
			                    : "refuses the log in of this session");
	}
	memcpy(result->name, l->s.display, DISPLAY_SIZE);
	result->id = l->s.id;
	result->copies = replica_count(l->in);
	result->unfinished = !l->confirmed && l->all_looked && l->in == ALL_REPLICAS;
	if (result->unfinished)
		result->detail =
			"never finished: it may lose its name and its mail until it is deleted and "
			"made anew";
	op_end(r, &l->op, result);
	count_login(r, l, false);
	mailbox_begin(r);
}

/* Every replica of the audience has answered the log in. */
static void advance(struct replication *r, struct op *op)
{
	struct login *l = (struct login *)op;
	uint8_t here = l->in & op->audience;

	if (op->phase == PHASE_TRY) {
		tried(r, l);
	} else if (l->over) {
		tell_logout(r, &l->s.ulid, 0);
		if (l->take_over && l->rounds < ROUNDS_MAX) {
			l->rounds++;
			write_logins(r, l);
		} else {
			start(r, op); /* is that one active? */
		}
	} else if (l->gone) {
		tell_logout(r, &l->s.ulid, 0);
		start(r, op);
	} else if (here && (l->unknown & op->audience)) {
		hand_over(r, l);
	} else if (here) {
		succeed(r, l);
	} else if (l->wrong) {
		count_login(r, l, false);
		try_other(r, l);
	} else {
		start(r, op); /* nobody knows it any more, or those who did have died */
	}
}

static void expired(struct replication *r, struct op *op, struct result *result)
{
	struct login *l = (struct login *)op;

	op_end(r, op, result);
	count_login(r, l, false);
}

static void release(struct op *op)
{
	struct login *l = (struct login *)op;

	explicit_bzero(&l->s, sizeof l->s);
	explicit_bzero(l->password, sizeof l->password);
	explicit_bzero(l->key, sizeof l->key);
}

const struct op_row login_row = {
	.name = "log in",
	.size = sizeof(struct login),
	.start = start,
	.reply = reply,
	.advance = advance,
	.child = child,
	.expired = expired,
	.release = release,
};

/* ---- log out ---- */

void logout_command(struct replication *r, struct op *op, const struct command *command)
{
	struct frame frame = { .type = FRAME_LOGOUT, .session.session = r->session.ulid };
	uint8_t live = r->live;

	(void)command;
	tell_logout(r, &frame.session.session, live);
	login_session_clear(r);
	if (live)
		op_multicast(r, op, &frame);
	else
		op_refuse(r, op, OUTCOME_OK, "");
	replica_go_on(r);
}

static void logout_reply(struct replication *r, struct op *op, uint32_t index,
                         const struct frame *frame)
{
	(void)r;
	(void)op;
	(void)index;
	(void)frame;
}

static void logout_advance(struct replication *r, struct op *op)
{
	op_refuse(r, op, OUTCOME_OK, "");
}

const struct op_row logout_row = {
	.name = "log out",
	.size = sizeof(struct op),
	.reply = logout_reply,
	.advance = logout_advance,
	.emptied = logout_advance, /* the connections, and with them the session, are gone
	                            * everywhere */
};

/* ---- delete ---- */

struct deletion {
	struct op op;
	char name[NAME_SIZE_MAX + 1];
	struct tombstone tombstone;
	uint8_t yes, full;
	bool counted;
};

static void delete_start(struct replication *r, struct op *op)
{
	struct deletion *d = (struct deletion *)op;
	struct frame frame = { .type = FRAME_DELETE, .tombstone = d->tombstone };

	d->yes = d->full = 0;
	if (!op->written && op_too_few(r, op))
		return;
	if (!d->counted)
		r->deletes++;
	d->counted = true;
	tombstone_keep(r, &d->tombstone); /* also for those that return meanwhile */
	op_multicast(r, op, &frame);
}

void delete_command(struct replication *r, struct op *op, const struct command *command)
{
	struct deletion *d = (struct deletion *)op;
	uint8_t delete_key[KEY_SIZE];

	(void)command;
	stream_flush(r); /* before the account is gone, which would refuse it */
	auth_delete_key(r->session.stretched, r->session.account.verifier.seal, delete_key);
	auth_tombstone_make(&r->session.account, delete_key, &d->tombstone);
	memcpy(d->name, r->session.name, sizeof d->name);
	d->tombstone.name = view_of_string(d->name);
	op_begin(r, op);
}

static void delete_reply(struct replication *r, struct op *op, uint32_t index,
                         const struct frame *frame)
{
	struct deletion *d = (struct deletion *)op;

	(void)r;
	if (frame->status == STATUS_OK)
		d->yes |= BIT(index);
	else
		d->full |= BIT(index);
}

static void delete_over(struct replication *r, struct deletion *d)
{
	if (d->counted)
		r->deletes--;
	d->counted = false;
}

static void delete_advance(struct replication *r, struct op *op)
{
	struct deletion *d = (struct deletion *)op;
	struct result *result = op_result(op, OUTCOME_OK, "");

	result->copies = replica_count(d->yes);
	memcpy(result->name, d->name, sizeof d->name);
	delete_over(r, d);
	if (d->yes && r->session.active && id_equal(&r->session.id, &d->tombstone.id)) {
		struct ulid session = r->session.ulid;

		tell_logout(r, &session, 0);
		login_session_clear(r);
		replica_go_on(r);
	} else if (!d->yes) {
		tombstone_forget(r, &d->tombstone.id);
		result->outcome = op->died || op->restarted ? OUTCOME_UNKNOWN : OUTCOME_DISK_FULL;
		result->detail = "no replica has room to store the deletion";
	}
	op_end(r, op, result);
}

static void delete_expired(struct replication *r, struct op *op, struct result *result)
{
	struct deletion *d = (struct deletion *)op;

	delete_over(r, d);
	tombstone_forget(r, &d->tombstone.id);
	op_end(r, op, result);
}

const struct op_row delete_row = {
	.name = "delete",
	.size = sizeof(struct deletion),
	.start = delete_start,
	.reply = delete_reply,
	.advance = delete_advance,
	.expired = delete_expired,
};
