/* SPDX-License-Identifier: MIT
 *
 * login: log in, and the session that it begins.
 *
 *   phase        what is asked                                 when that is there
 *   LOOK         a joined look-up: which account, and is a     STRETCH; refused if it is not known
 *                session of it active anywhere?                or a session is active
 *   STRETCH      the caller for P of the password              LOGIN
 *   LOGIN        all live replicas in parallel, by id with     see below
 *                a proof, for a session larger than any that
 *                was named
 *   TRY_STRETCH  P under the setting of an account that        TRY
 *                lost the name
 *   TRY          one replica that has it, with a proof         refused: with that account's name if
 *                under the smallest session                    it is a yes; else the next one
 *
 *   LOGIN when all have replied, by the first line that is true:
 *   a larger session is there        with --take-over a larger one is drawn, else LOOK again
 *   one says that it is gone         LOOK again
 *   one that is known says that the  LOOK again; if none is known: one of the others
 *   password was changed
 *   one of the others says so        it is left out
 *   a yes, and that it is over       that one is asked again, for a proof
 *   a yes, and one does not know it  that one is handed the account (HANDOVER), and asked again
 *   a yes                            logged in; who did not say yes is dead for this session
 *   the proof is wrong               TRY_STRETCH: does the password open an account that lost this
 *                                    name? Then its owner is told
 *   nothing                          LOOK again: nobody knows it any more, or those who did died
 *
 * A yes brings the replica's signature and the seal. With them and P the client makes the whole
 * verifier and checks it against the id, so it can hand the account over. A TRY is under the
 * smallest session there is, so it never ends anybody's.
 *
 * From the first LOGIN frame to the end (`is_written`) a replica that returns waits
 * (REPLICA_WAITING): it gets the session's own log-in when it is known whose session that is.
 */
#include "base/bug.h"
#include "replication/private.h"

#include "base/sha256.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { PHASE_LOOK, PHASE_STRETCH, PHASE_LOGIN, PHASE_TRY_STRETCH, PHASE_TRY };
enum {
	ROUNDS_MAX = 8, /* each costs the replicas a proof */
	OTHERS_MAX = 3,
};

static void stretched(struct replication *r, struct op *op, const uint8_t *p);

/* An account that lost the name. */
struct other {
	struct id id;
	uint32_t epoch;
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
	char key_setting[SETTING_SIZE_MAX + 1];
	uint8_t key[KEY_SIZE]; /* P under key_setting */
	bool take_over;
	bool created;               /* no look-up: the account was just made */
	bool is_written;            /* LOGIN frames are: replicas that return wait for its end */
	bool confirmed;             /* by some replica */
	bool all_looked;            /* all three were asked about that */
	struct ulid largest;        /* session that was named */
	uint8_t in, unknown, wrong; /* what replicas have said: yes; not known; no */
	const char *no_account[REPLICAS]; /* why they do not take it; NULL: they do */
	bool over;                        /* one has said that a larger session is there, */
	bool gone;                        /* or that the account is gone */
	uint8_t changed; /* these, that it has a later password than was tried last */
	uint8_t handed;  /* replicas that have stored the account since then */
	uint32_t rounds; /* so many times it has begun again */
	struct other others[OTHERS_MAX];
	uint32_t others_count;
	uint8_t ended;  /* these say that the session is over which is only being made, */
	uint8_t proves; /* and, of those who said yes, these are to prove it */
	uint8_t shows;  /* these have shown the password that is tried, if they have helped */
};

/* ---- the session ---- */

/* The account's views then point into the copy. */
static void login_session_copy(struct login_session *to, const struct login_session *from)
{
	*to = *from;
	to->account.name = view_of_string(to->name);
	to->account.verifier.setting = view_of_string(to->setting);
}

/* What is asked for a session, and has no outcome that could be told. */
static const enum target session_targets[] = { TARGET_JOIN, TARGET_HANDOVER, TARGET_PROVE,
	                                       TARGET_PAGE, TARGET_STREAMS,  TARGET_RECEIVED };
enum { SESSION_TARGETS = sizeof session_targets / sizeof *session_targets };

void login_session_clear(struct replication *r)
{
	for (size_t i = 0; i < SESSION_TARGETS; i++)
		due_acquit(r, session_targets[i]);
	explicit_bzero(&r->session, sizeof r->session);
	explicit_bzero(&r->maybe, sizeof r->maybe);
	explicit_bzero(&r->before, sizeof r->before);
	r->has_maybe = r->has_before = false;
	outbound_clear(r);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		r->replicas[i].joined = false;
		r->replicas[i].prove = 0;
		stream_lost(r, i); /* another session may receive before the next one of ours */
	}
	mailbox_clear(r);
}

void login_tell_logout(struct replication *r, const struct ulid *session, uint8_t but)
{
	struct frame frame = { .type = FRAME_LOGOUT, .session.session = *session };

	stream_flush(r); /* what was shown is said before */
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct replica *p = &r->replicas[i];

		if (p->login_written && p->state > REPLICA_GREETING && !(but & BIT(i)))
			due_ask(r, i, &frame, TARGET_TELL, NULL);
	}
}

/* Ended by nobody else: the replicas are told, and it is forgotten. */
static void end_session(struct replication *r, const char *why)
{
	struct ulid session = r->session.ulid;

	replication_act(r, ACTION_LOGGED_OUT, NULL)->why = why;
	login_tell_logout(r, &session, 0);
	login_session_clear(r);
}

void login_session_settle(struct replication *r)
{
	r->has_ends = false;
	for (size_t target = 0; target < TARGET_END; target++)
		r->has_ends |= r->ends[target] > 0;
	if (r->ends[TARGET_TELL] >= SESSION_ENDS_MAX)
		r->tombstones_count = 0;
	for (size_t i = 0; i < SESSION_TARGETS; i++)
		if (r->session.active && r->ends[session_targets[i]] >= SESSION_ENDS_MAX)
			end_session(r, "servers ended again and again of what it asked them");
}

void login_session_lost(struct replication *r, enum status why)
{
	if (why == STATUS_GONE && r->deletes) /* that is our own doing, whose result is under way */
		return;
	end_session(r, why == STATUS_GONE      ? "the account was deleted"
	               : why == STATUS_CHANGED ? "the password was changed: log in with the new one"
	               : why == STATUS_CLOCK   ? "an operator has removed the account"
	                                       : "taken over by another log-in of this account");
}

/* ---- log in ---- */

bool login_is_written(const struct replication *r)
{
	for (const struct op *op = r->first_op; op != NULL; op = op->next)
		if (op->row == &login_row && op->state != OP_ENDED &&
		    ((const struct login *)op)->is_written)
			return true;
	return false;
}

/* The same for a wrong password and for a name that nobody has. */
static void refuse_password(struct replication *r, struct login *l)
{
	op_refuse(r, &l->op, OUTCOME_WRONG_PASSWORD,
	          "the name or the password is wrong (/create NAME makes a new account)");
}

static void login_command(struct replication *r, struct op *op, const struct command *command)
{
	struct login *l = (struct login *)op;

	memcpy(l->text, command->name.data, command->name.size);
	l->text_size = command->name.size;
	memcpy(l->password, command->password.data, command->password.size);
	l->password_size = command->password.size;
	l->take_over = command->take_over;
	l->s.is_sending = command->is_sending;
	if (command->stretched != NULL) {
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

/* A new session is asked for at all live replicas. */
static void write_logins(struct replication *r, struct login *l)
{
	struct op *op = &l->op;
	struct frame frame;

	op->phase = PHASE_LOGIN;
	l->in = l->unknown = l->wrong = l->changed = l->ended = l->proves = 0;
	memset(l->no_account, 0, sizeof l->no_account);
	memset(&l->s.vouched, 0, sizeof l->s.vouched);
	l->over = l->gone = false;
	l->handed = 0;
	if (!op_audience(r, op))
		return;
	l->is_written = true;
	draw_session(r, l);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(op->audience & BIT(i)))
			continue;
		proof_frame(r, i, &l->s, &frame);
		op_ask(r, op, i, &frame);
	}
}

/* What is known may be old, so it is looked up again; but not before the first try for an account
 * that this client has just made. */
static void start(struct replication *r, struct op *op)
{
	struct login *l = (struct login *)op;

	l->is_written = false;
	if (l->created && op->written == 0) {
		write_logins(r, l);
	} else if (++l->rounds > ROUNDS_MAX) {
		op_refuse(r, &l->op, OUTCOME_UNKNOWN,
		          "the replicas keep changing their answers; try again");
	} else {
		op->phase = PHASE_LOOK;
		if (l->created)
			(void)lookup_id_new(r, op, &l->s.id, NULL);
		else
			(void)lookup_new(r, op, view_of(l->text, l->text_size), NULL);
	}
}

/* P under this setting: known from before, or the caller is asked. */
static void want_stretch(struct replication *r, struct login *l, const char *setting)
{
	if (l->created || strcmp(setting, l->key_setting) == 0) {
		stretched(r, &l->op, l->created ? l->s.stretched : l->key);
		return;
	}
	(void)snprintf(l->key_setting, sizeof l->key_setting, "%s", setting);
	op_stretch(r, &l->op, view_of(l->password, l->password_size), l->key_setting);
}

/* Those that lost this name, in case the password is one of theirs. An account that no replica has
 * confirmed may be anybody's: whoever made it knows what a proof to it says of the password. It
 * must not make guessing cheaper than usual. */
static void note_others(struct login *l, const struct lookup *look)
{
	l->others_count = 0;
	for (uint32_t i = 0; i < look->count && l->others_count < OTHERS_MAX; i++) {
		struct other *other = &l->others[l->others_count];

		const struct lookup_password *password = &look->accounts[i].password;

		if ((int)i == look->found || password->setting[0] == '\0' ||
		    (!look->accounts[i].confirmed &&
		     !auth_setting_is_standard(view_of_string(password->setting))))
			continue;
		other->id = look->accounts[i].id;
		other->epoch = password->epoch;
		other->alive = look->accounts[i].alive;
		memcpy(other->setting, password->setting, sizeof other->setting);
		lookup_display(look, i, other->display);
		l->others_count++;
	}
}

/* The user is to say which one he means. */
static void refuse_several(struct replication *r, struct login *l, const struct lookup *look)
{
	struct result *result = op_result_of_users(
		r, &l->op, OUTCOME_SEVERAL,
		"several accounts fit, none of which counts: name the one that is meant",
		look->count);

	result->users_count = look->count;
	for (uint32_t i = 0; i < look->count; i++) {
		struct user *user = &((struct user *)(result + 1))[i];

		user->id = look->accounts[i].id;
		user->online = look->accounts[i].online;
		lookup_display(look, i, user->name);
	}
	op_end(r, &l->op, result);
}

static void refuse_active(struct replication *r, struct login *l, uint64_t since_ms)
{
	struct result *result = op_result(
		r, &l->op, OUTCOME_ALREADY_LOGGED_IN,
		"a session of this account is active; --take-over ends it");

	result->since_ms = since_ms;
	op_end(r, &l->op, result);
}

/* A later password than was tried is not forgotten. Who has said that there is one, and shows none
 * on the same connection, has lied. */
static void find_lies(struct replication *r, const struct login *l, const struct lookup_account *a)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((l->changed & a->alive & BIT(i)) && r->replicas[i].login_written &&
		    id_equal(&a->id, &l->s.id) && a->said[i].epoch <= l->s.account.epoch)
			replica_lies(r, i, "says that a password was changed which it shows");
}

/* The look-up has ended. */
static void looked(struct replication *r, struct login *l, const struct lookup *look)
{
	const struct lookup_account *a;

	if (look->count > 1 && look->found < 0) {
		refuse_several(r, l, look);
		return;
	}
	if (look->found < 0) {
		refuse_password(r, l);
		return;
	}
	a = &look->accounts[look->found];
	if (a->password.setting[0] == '\0') {
		op_refuse(r, &l->op, OUTCOME_NO_REPLICA,
		          "nobody shows how this password is stretched but a server for which "
		          "nobody vouches, in a way that makes it cheap to guess");
		return;
	}
	if (a->online && !l->take_over && !l->s.is_sending) {
		refuse_active(r, l, a->online_since_ms);
		return;
	}
	find_lies(r, l, a);
	l->s.id = a->id;
	l->confirmed = a->confirmed != 0;
	l->all_looked = look->op.audience == ALL_REPLICAS;
	if (ulid_compare(&a->session, &l->largest) > 0) /* a larger one may be proved already */
		l->largest = a->session;
	memcpy(l->s.name, a->name, sizeof l->s.name);
	memcpy(l->s.setting, a->password.setting, sizeof l->s.setting);
	l->s.account.epoch = a->password.epoch;
	l->shows = a->newest;
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
		op_refuse(r, &l->op, op->written ? OUTCOME_UNKNOWN : op_unreached(ended),
		          ended->outcome == OUTCOME_STOPPED ? op_stopped
		                                            : "no replica could be reached");
	else
		looked(r, l, (struct lookup *)ended);
}

/* ---- the password fits another account of that name ---- */

/* The next of those that lost the name; a wrong password if there is none. */
static void try_other(struct replication *r, struct login *l)
{
	if (l->others_count == 0) {
		refuse_password(r, l);
		return;
	}
	l->op.phase = PHASE_TRY_STRETCH;
	want_stretch(r, l, l->others[l->others_count - 1].setting);
}

/* At one replica that has shown the account: a proof is dear, and one answer is enough. */
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
	l->s.account.epoch = other->epoch;
	memcpy(l->s.setting, other->setting, sizeof l->s.setting);
	memset(&l->s.ulid, 0, sizeof l->s.ulid);
	l->s.ulid.bytes[ULID_SIZE - 1] = 1;
	l->s.dial = 1;
	l->op.audience = BIT(replica_first(at));
	l->op.done = 0;
	proof_frame(r, replica_first(at), &l->s, &frame);
	op_ask(r, &l->op, replica_first(at), &frame);
}

/* The one that was asked has answered, or died. */
static void tried(struct replication *r, struct login *l)
{
	const struct other *other = &l->others[l->others_count - 1];
	struct result *result;

	if (!l->in) {
		l->others_count--;
		try_other(r, l);
		return;
	}
	login_tell_logout(r, &l->s.ulid, 0);
	result = op_result(r, &l->op, OUTCOME_WRONG_PASSWORD, "");
	(void)snprintf(result->text, sizeof result->text,
	               "this password opens '%s', which lost the name: log in by that",
	               other->display);
	result->detail = result->text;
	op_end(r, &l->op, result);
}

static void stretched(struct replication *r, struct op *op, const uint8_t *p)
{
	struct login *l = (struct login *)op;

	if (p == NULL) {
		refuse_password(r, l);
		return;
	}
	memmove(l->key, p, KEY_SIZE); /* it may be the same place */
	memmove(l->s.stretched, p, KEY_SIZE);
	if (op->phase == PHASE_TRY_STRETCH)
		try_proof(r, l);
	else
		write_logins(r, l);
}

/* ---- answers ---- */

/* One replica's answer to LOGIN, of the session's log-in or of a TRY. */
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
		if (l->proves & bit)
			replica_lies(r, index, "ends a session that is not over");
		else if (proof_is_signed(r, index, &l->s, frame) &&
		         (l->op.phase == PHASE_TRY || proof_takes_yes(r, index, &l->s, frame)))
			l->in |= bit;
		break;
	case STATUS_UNKNOWN:
		if (l->handed & bit)
			replica_lies(r, index, LIES_UNKNOWN);
		/* Else a look-up would show it again, and again nobody would know it. */
		else if (l->op.phase == PHASE_LOGIN && (l->shows & l->op.helped & bit) &&
		         !BUG(password_forgotten))
			replica_lies(r, index, "does not know the password that it has shown");
		l->unknown |= bit;
		break;
	case STATUS_TAKEN_OVER:
		if (!proof_is_signed(r, index, &l->s, frame))
			break;
		if (ulid_time_ms(&frame->logged_in.session) >
		    replication_now(r) + SESSION_AHEAD_MS) {
			replica_lies(r, index, "names a session that no replica accepts");
			break;
		}
		if (l->op.phase == PHASE_TRY)
			l->in |= bit;
		l->over = true;
		if (ulid_compare(&frame->logged_in.session, &l->largest) > 0)
			l->largest = frame->logged_in.session;
		break;
	case STATUS_GONE: /* since the look-up: it is looked up again */
		l->gone = true;
		break;
	case STATUS_CHANGED:
		l->changed |= l->op.phase == PHASE_LOGIN ? bit : 0;
		break;
	default:
		l->wrong |= bit;
	}
}

void login_ended(struct replication *r, uint32_t index, const struct ulid *session)
{
	for (struct op *op = r->first_op; op != NULL; op = op->next) {
		struct login *l = (struct login *)op;

		if (op->row != &login_row || op->state == OP_ENDED || !l->is_written ||
		    !ulid_equal(&l->s.ulid, session))
			continue;
		l->ended |= BIT(index);
	}
}

static void reply(struct replication *r, struct op *op, uint32_t index, const struct frame *frame)
{
	struct login *l = (struct login *)op;
	struct frame login;

	if (frame->type == (FRAME_LOGIN | FRAME_REPLY)) {
		login_answered(r, l, index, frame);
	} else if (frame->status == STATUS_OK) {
		if (!proof_is_opened(r, index, frame))
			return;
		l->unknown &= (uint8_t)~BIT(index);
		l->wrong &= (uint8_t)~BIT(index);
		l->handed |= BIT(index);
		proof_frame(r, index, &l->s, &login);
		op_ask(r, op, index, &login);
	} else if (frame->status == STATUS_GONE) {
		l->gone = true;
	} else if (vouched_goes_on(&l->s.vouched, index, &l->s.account, frame->status)) {
		proof_handover(r, index, &l->s, &login);
		op_ask(r, op, index, &login);
	} else {
		l->unknown &= (uint8_t)~BIT(index);
		l->wrong &= (uint8_t)~BIT(index);
		l->no_account[index] = vouched_refused(&l->s, frame->status);
	}
}

/* Those that do not know the account, or its password; also one that refuses a later password which
 * another replica has proved: it may hold another one of that epoch. Once each. */
static uint8_t lacking(const struct login *l)
{
	uint8_t other = l->s.account.epoch > 0 ? l->wrong & (uint8_t)~l->handed : 0;

	return l->unknown | other;
}

/* The account, to those that do not know it and belong to the cluster; `reply` asks them again. The
 * others die before this log-in is looked at again. */
static void hand_over(struct replication *r, struct login *l)
{
	struct frame frame;

	op_resume(r, &l->op);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(lacking(l) & l->op.audience & BIT(i)))
			continue;
		if (!member_may_have(r, i, l->in)) {
			replica_doubt(r, i, AUTH_OTHER_KEY);
			continue;
		}
		proof_handover(r, i, &l->s, &frame);
		op_ask(r, &l->op, i, &frame);
	}
}

/* Who has not said yes takes no part in the session. True if there is one: it dies before this log
 * in is looked at again. */
static bool doubt_others(struct replication *r, const struct login *l)
{
	uint8_t others = r->live & (uint8_t)~l->in;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (others & BIT(i))
			replica_doubt(r, i,
			              l->no_account[i] != NULL
			                      ? l->no_account[i]
			                      : "refuses the log-in of this session");
	return others != 0;
}

/* All live replicas have said yes. */
static void succeed(struct replication *r, struct login *l)
{
	struct result *result = op_result(r, &l->op, OUTCOME_OK, "");

	login_session_copy(&r->session, &l->s);
	r->session.active = true;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (l->in & r->live & BIT(i)) {
			r->replicas[i].joined = true;
			r->replicas[i].joined_epoch = l->s.account.epoch;
		}
	memcpy(result->name, l->s.display, DISPLAY_SIZE);
	result->id = l->s.id;
	result->copies = replica_count(l->in);
	result->unfinished = !l->confirmed && l->all_looked && l->in == ALL_REPLICAS;
	result->is_reset = vouched_is_reset(&l->s.vouched, &l->s.account);
	if (result->unfinished)
		result->detail =
			"never finished: it may lose its name and its mail until it is deleted and "
			"made anew";
	else if (result->is_reset)
		result->detail = "your password was set by an operator: /password sets your own";
	op_end(r, &l->op, result);
	mailbox_begin(r);
}

/* Some have said yes, and then that the session is over, without a proof. They are asked once
 * more: the answer holds one. Who says yes again has lied. */
static void ask_for_proof(struct replication *r, struct login *l)
{
	struct frame frame;

	l->proves = l->ended & l->in & l->op.audience;
	l->in &= (uint8_t)~l->proves;
	l->s.dial++;
	op_resume(r, &l->op);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(l->proves & BIT(i)))
			continue;
		proof_frame(r, i, &l->s, &frame);
		op_ask(r, &l->op, i, &frame);
	}
}

/* Whether the password was changed since the look-up. Nothing proves that, so those who are known
 * say it (member.c), and the others only while nobody is known. */
static bool is_changed(const struct replication *r, const struct login *l)
{
	uint8_t known = member_known(r) & r->live;

	return l->changed && (!known || (l->changed & known) || BUG(changed_believed));
}

/* Who has said so, and is not believed, takes no part in this log-in. */
static void doubt_changed(struct replication *r, struct login *l)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (l->changed & l->op.audience & BIT(i))
			replica_doubt(r, i, CHANGED_UNKNOWN);
	op_resume(r, &l->op);
}

/* Every replica of the audience has answered the log-in. */
static void advance(struct replication *r, struct op *op)
{
	struct login *l = (struct login *)op;
	uint8_t here = l->in & op->audience;

	proof_know(r, &l->s, here); /* whom another one has vouched for since */
	if (op->phase == PHASE_TRY) {
		tried(r, l);
	} else if (l->over) {
		login_tell_logout(r, &l->s.ulid, 0);
		if (l->take_over && l->rounds < ROUNDS_MAX) {
			l->rounds++;
			write_logins(r, l);
		} else {
			start(r, op); /* is that one active? */
		}
	} else if (l->gone || is_changed(r, l)) {
		login_tell_logout(r, &l->s.ulid, 0);
		start(r, op);
	} else if (l->changed & op->audience) {
		doubt_changed(r, l);
	} else if (here & l->ended) {
		ask_for_proof(r, l);
	} else if (here && (lacking(l) & op->audience)) {
		hand_over(r, l);
	} else if (here && doubt_others(r, l)) {
		op_resume(r, op);
	} else if (here) {
		succeed(r, l);
	} else if (l->wrong) {
		l->is_written = false;
		try_other(r, l);
	} else {
		start(r, op); /* nobody knows it any more, or those who did have died */
	}
}

static void release(struct replication *r, struct op *op)
{
	struct login *l = (struct login *)op;

	(void)r;
	explicit_bzero(&l->s, sizeof l->s);
	explicit_bzero(l->password, sizeof l->password);
	explicit_bzero(l->key, sizeof l->key);
}

const struct op_row login_row = {
	.name = "log in",
	.size = sizeof(struct login),
	.command = login_command,
	.start = start,
	.stretched = stretched,
	.reply = reply,
	.advance = advance,
	.child = child,
	.release = release,
};
