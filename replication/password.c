/* SPDX-License-Identifier: MIT
 *
 * password: the owner sets another password.
 *
 *   phase  what is asked                                 when that is there
 *   OLD    the caller for P of the old password          NEW; refused if it is not the session's
 *   NEW    the caller for P of the new one               WRITE
 *   WRITE  all live replicas in parallel                 done; the session goes on with the new one
 *
 * One yes is enough: a log-in is tried with the newest password that any live replica has, and who
 * has said yes has given a stamp, with which the others are told: by this client when they return,
 * or at the end if they returned meanwhile; by a later log-in; or by a repair. The session stays,
 * because it has proved the old password and made the new one.
 *
 * If all who were asked die before one answers, it begins again with those that return. One of them
 * may have stored it: that one refuses the log-in of the session with the old password. Then the
 * session goes on with the new one (password_adopt); if that was somebody else's, the next log-in
 * there is refused.
 */
#include "base/bug.h"
#include "replication/private.h"

#include "base/sha256.h"

#include <assert.h>
#include <string.h>

enum { PHASE_OLD, PHASE_NEW, PHASE_WRITE };

struct password {
	struct op op;
	char old[PASSWORD_SIZE_MAX];
	size_t old_size;
	char new[PASSWORD_SIZE_MAX];
	size_t new_size;
	struct ulid by;                      /* the session */
	bool is_made;                        /* `next` is whole */
	struct login_session next;           /* what it becomes */
	uint8_t yes, different, ended;       /* what replicas have said */
	uint8_t answers[REPLICAS][KEY_SIZE]; /* what each must answer */
};

void password_use(struct replication *r, const struct login_session *next)
{
	struct login_session *s = &r->session;

	if (next->account.epoch > s->account.epoch) {
		memcpy(s->old_setting, s->setting, sizeof s->old_setting);
		memcpy(s->old_stretched, s->stretched, KEY_SIZE);
	}
	memcpy(s->setting, next->setting, sizeof s->setting);
	memcpy(s->stretched, next->stretched, KEY_SIZE);
	s->vouched = next->vouched;
	s->lacking = 0;
	s->account = next->account;
	s->account.name = view_of_string(s->name);
	s->account.verifier.setting = view_of_string(s->setting);
}

/* A change that was written, and of which nothing is known, is over; but not for the session. */
static void keep(struct replication *r, const struct password *p)
{
	if (!p->is_made || !p->op.written || !r->session.active ||
	    !ulid_equal(&p->by, &r->session.ulid))
		return;
	r->maybe = p->next;
	r->has_maybe = true;
}

/* It goes on with a password that no replica has said yes to. */
static void try_it(struct replication *r, const struct login_session *next)
{
	if (!r->has_before)
		r->before = r->session;
	r->has_before = true;
	password_use(r, next);
}

void password_return(struct replication *r)
{
	struct login_session *s = &r->session;

	assert(r->has_before);
	r->maybe = *s;
	r->has_maybe = true;
	password_use(r, &r->before);
	memcpy(s->old_setting, r->before.old_setting, sizeof s->old_setting);
	memcpy(s->old_stretched, r->before.old_stretched, KEY_SIZE);
	r->has_before = false;
}

bool password_adopt(struct replication *r)
{
	if (r->has_maybe && r->session.account.epoch < r->maybe.account.epoch) {
		try_it(r, &r->maybe);
		r->has_maybe = false;
		return true;
	}
	for (struct op *op = r->first_op; op != NULL; op = op->next) {
		struct password *p = (struct password *)op;

		if (op->row == &password_row && op->state != OP_ENDED && p->is_made &&
		    op->written && ulid_equal(&p->by, &r->session.ulid) &&
		    r->session.account.epoch < p->next.account.epoch) {
			try_it(r, &p->next);
			return true;
		}
	}
	return false;
}

/* Two changes at once would be of one epoch. One replica might take this one and the next that one,
 * and it is not for us to say which of them stands in the end. */
static bool is_being_changed(const struct replication *r, const struct op *by)
{
	for (const struct op *op = r->first_op; op != NULL; op = op->next)
		if (op != by && op->row == &password_row && op->state != OP_ENDED)
			return true;
	return false;
}

static void password_command(struct replication *r, struct op *op, const struct command *command)
{
	struct password *p = (struct password *)op;

	if (r->session.is_sending) {
		op_refuse(r, op, OUTCOME_USAGE, "this session only sends");
		return;
	}
	if (is_being_changed(r, op)) {
		op_refuse(r, op, OUTCOME_USAGE,
		          "another change of the password is under way: wait for its result");
		return;
	}
	memcpy(p->old, command->password.data, command->password.size);
	p->old_size = command->password.size;
	memcpy(p->new, command->new_password.data, command->new_password.size);
	p->new_size = command->new_password.size;
	p->by = r->session.ulid;
	op_begin(r, op);
}

/* What closes the delete key under the new password. If an operator has set the one before, nobody
 * has that key any more, and random bytes take its place. */
static void take_delete_key(struct replication *r, uint8_t delete_key[KEY_SIZE])
{
	if (!auth_account_delete_key(r->session.stretched, &r->session.account, delete_key))
		replication_random(r, delete_key, KEY_SIZE);
}

/* The account of the next epoch; false: there is none. */
static bool make_next(struct replication *r, struct password *p, const uint8_t *stretched)
{
	struct login_session *next = &p->next;
	uint8_t delete_key[KEY_SIZE];

	uint32_t epoch = account_next_epoch(r->session.account.epoch, ACCOUNT_BY_OWNER);

	if (epoch == 0)
		return false;
	take_delete_key(r, delete_key);
	memcpy(next->name, r->session.name, sizeof next->name);
	memcpy(next->stretched, stretched, KEY_SIZE);
	next->id = r->session.id;
	next->account = r->session.account;
	auth_account_middle(&r->session.account, next->account.middle);
	next->account.name = view_of_string(next->name);
	next->account.epoch = epoch;
	next->account.by = ACCOUNT_BY_OWNER;
	auth_verifier_renew(stretched, delete_key, view_of_string(next->setting),
	                    &next->account.verifier);
	if (!BUG(lock_of_another_key))
		memcpy(next->account.verifier.lock, r->session.account.verifier.lock, KEY_SIZE);
	explicit_bzero(delete_key, sizeof delete_key);
	p->is_made = true;
	return true;
}

static void write_it(struct replication *r, struct password *p)
{
	struct op *op = &p->op;
	struct frame frame;

	op->phase = PHASE_WRITE;
	p->yes = p->different = p->ended = 0;
	if (!op_audience(r, op))
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (op->audience & BIT(i)) {
			proof_password(r, i, &p->next, &frame);
			memcpy(p->answers[i], r->replicas[i].box_answer, KEY_SIZE);
			op_ask(r, op, i, &frame);
		}
	explicit_bzero(&frame, sizeof frame);
}

static void password_start(struct replication *r, struct op *op)
{
	struct password *p = (struct password *)op;

	if (!r->session.active || !ulid_equal(&p->by, &r->session.ulid)) {
		op_refuse(r, op, op->written ? OUTCOME_UNKNOWN : OUTCOME_NOT_LOGGED_IN,
		          op->written ? "the session ended before any replica has answered"
		                      : "the session has ended: log in first");
	} else if (!op->written && op_too_few(r, op)) {
		return;
	} else if (p->is_made) {
		write_it(r, p);
	} else {
		op->phase = PHASE_OLD;
		op_stretch(r, op, view_of(p->old, p->old_size), r->session.setting);
	}
}

static void password_stretched(struct replication *r, struct op *op, const uint8_t *stretched)
{
	struct password *p = (struct password *)op;
	uint8_t random[16];

	if (stretched == NULL) {
		op_refuse(r, op, OUTCOME_USAGE, "this password cannot be used");
	} else if (!r->session.active || !ulid_equal(&p->by, &r->session.ulid)) {
		op_refuse(r, op, OUTCOME_NOT_LOGGED_IN, "the session has ended: log in first");
	} else if (op->phase == PHASE_NEW) {
		if (make_next(r, p, stretched))
			write_it(r, p);
		else
			op_refuse(r, op, OUTCOME_USAGE, "it was changed too often");
	} else if (!sha256_equal(stretched, r->session.stretched)) {
		op_refuse(r, op, OUTCOME_WRONG_PASSWORD,
		          "the old password is wrong; nothing was changed");
	} else {
		op->phase = PHASE_NEW;
		replication_random(r, random, sizeof random);
		auth_setting_make(random, p->next.setting);
		op_stretch(r, op, view_of(p->new, p->new_size), p->next.setting);
	}
}

/* The first yes is enough for the session to go on with the new one. */
static void password_reply(struct replication *r, struct op *op, uint32_t index,
                           const struct frame *frame)
{
	struct password *p = (struct password *)op;

	if (frame->status == STATUS_DIFFERENT)
		p->different |= BIT(index);
	if (frame->status == STATUS_NO_SESSION)
		p->ended |= BIT(index);
	if (frame->status != STATUS_OK)
		return;
	if (!sha256_equal(frame->introduced.signature, p->answers[index])) {
		replica_lies(r, index, "has not opened what was sent to it alone");
		return;
	}
	p->yes |= BIT(index);
	r->replicas[index].joined_epoch = p->next.account.epoch;
	vouched_take(&p->next.vouched, index, &p->next.account, p->next.stretched,
	             frame->introduced.stamp);
	vouched_know(&p->next.vouched, member_known(r) & BIT(index));
	if (r->session.active && ulid_equal(&p->by, &r->session.ulid)) {
		password_use(r, &p->next);
		r->has_before = false;
	}
}

/* Those that have become live since it was written, or that lacked the change before and could not
 * take this one, run the session with an older password. They are told by nobody else. */
static void tell_others(struct replication *r, const struct password *p)
{
	uint8_t others = replication_joined(r) & (uint8_t)~p->yes;

	if (BUG(joins_with_old_password) || !r->session.active ||
	    !ulid_equal(&p->by, &r->session.ulid))
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (others & BIT(i))
			r->replicas[i].lacks_password = true;
	r->unsettled |= others; /* replica_settle goes on */
}

static void password_advance(struct replication *r, struct op *op)
{
	struct password *p = (struct password *)op;
	struct result *result;

	if (p->yes) {
		tell_others(r, p);
		result = op_result(r, op, OUTCOME_OK, "");
		result->copies = replica_count(p->yes);
		if (result->copies < r->options.min_copies) {
			result->outcome = OUTCOME_UNKNOWN;
			result->detail = "changed, but on fewer replicas than the copies asked for";
		}
		op_end(r, op, result);
	} else if (op->loss != OP_WHOLE) {
		keep(r, p);
		op_refuse(r, op, OUTCOME_UNKNOWN,
		          "no replica is left that could say whether it was changed");
	} else if (p->different) {
		op_refuse(r, op, OUTCOME_WRONG_PASSWORD,
		          "another password was set meanwhile; nothing was changed");
	} else if (p->ended) {
		op_refuse(r, op, OUTCOME_NOT_LOGGED_IN,
		          "the session has ended; nothing was changed");
	} else {
		op_refuse(r, op, OUTCOME_DISK_FULL,
		          "no replica has room for it; nothing was changed");
	}
}

static void password_expired(struct replication *r, struct op *op, struct result *result)
{
	keep(r, (struct password *)op);
	op_end(r, op, result);
}

static void password_release(struct replication *r, struct op *op)
{
	struct password *p = (struct password *)op;

	(void)r;
	explicit_bzero(p->old, sizeof p->old);
	explicit_bzero(p->new, sizeof p->new);
	explicit_bzero(&p->next, sizeof p->next);
}

const struct op_row password_row = {
	.name = "password",
	.size = sizeof(struct password),
	.command = password_command,
	.start = password_start,
	.stretched = password_stretched,
	.reply = password_reply,
	.advance = password_advance,
	.expired = password_expired,
	.release = password_release,
};
