/* SPDX-License-Identifier: MIT
 *
 * delete: the own account is deleted.
 *
 * The tombstone is made once, from the password and the seal, and goes to all live replicas in
 * parallel. One yes is enough: what is gone anywhere is gone, and the tombstone is told to whoever
 * becomes live later, also while the request is under way. Then the session is over.
 *
 * An owner whose password an operator has once set has no delete key: the session removes the
 * account (REMOVE). Whoever says yes gives the stamp with which the others are told. Replicas of
 * version 3 have no word for that, and are not asked.
 *
 * If all refuse for want of room, or the outcome is unknown, the tombstone is forgotten again: what
 * the user was told had failed does not happen later. `deletes` keeps the session while the request
 * is under way: that a replica says the account is gone is our own doing then.
 */
#include "replication/private.h"

#include <string.h>

struct deletion {
	struct op op;
	char name[NAME_SIZE_MAX + 1];
	struct tombstone tombstone; /* its name: a view of `name` */
	uint8_t yes;                /* replicas that have stored it, */
	uint8_t over;               /* and that say this is no session of the owner any more */
	uint8_t stamp[KEY_SIZE];    /* that one of them has given, if it needs one */
	bool counted;               /* in r->deletes */
};

static void delete_over(struct replication *r, struct deletion *d)
{
	if (d->counted)
		r->deletes--;
}

/* By a stamp: only those are asked whose version has words for that. */
static void remove_there(struct replication *r, struct deletion *d)
{
	struct frame frame = { .type = FRAME_REMOVE };

	frame.remove.tombstone = d->tombstone;
	if (!op_audience(r, &d->op))
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (!tombstone_is_known_to(r, i, &d->tombstone))
			d->op.audience &= (uint8_t)~BIT(i);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (d->op.audience & BIT(i))
			op_ask(r, &d->op, i, &frame);
	if (d->op.audience)
		return;
	delete_over(r, d);
	op_refuse(r, &d->op, d->op.written ? OUTCOME_UNKNOWN : OUTCOME_USAGE,
	          "an account whose password an operator has set is deleted by servers of "
	          "version 0.2 or later, and none of those is live");
}

static void delete_start(struct replication *r, struct op *op)
{
	struct deletion *d = (struct deletion *)op;
	struct frame frame = { .type = FRAME_DELETE };

	d->yes = d->over = 0;
	if (!op->written && op_too_few(r, op))
		return;
	if (!d->counted)
		r->deletes++;
	d->counted = true;
	if (d->tombstone.by != GONE_BY_KEY) {
		remove_there(r, d);
		return;
	}
	frame.tombstone = d->tombstone;
	tombstone_keep(r, &d->tombstone, NULL); /* also for those that return meanwhile */
	op_multicast(r, op, &frame);
}

static void delete_command(struct replication *r, struct op *op, const struct command *command)
{
	struct deletion *d = (struct deletion *)op;
	uint8_t delete_key[KEY_SIZE];

	(void)command;
	stream_flush(r); /* before the account is gone, which would refuse it */
	if (auth_account_delete_key(r->session.stretched, &r->session.account, delete_key))
		auth_tombstone_make(&r->session.account, delete_key, &d->tombstone);
	else
		auth_tombstone_remove(&r->session.account, GONE_BY_OWNER, &d->tombstone);
	explicit_bzero(delete_key, sizeof delete_key);
	memcpy(d->name, r->session.name, sizeof d->name);
	d->tombstone.name = view_of_string(d->name);
	op_begin(r, op);
}

static void delete_reply(struct replication *r, struct op *op, uint32_t index,
                         const struct frame *frame)
{
	struct deletion *d = (struct deletion *)op;

	if (frame->status == STATUS_WRONG_PROOF)
		d->over |= BIT(index);
	if (frame->status != STATUS_OK) /* or there is no room */
		return;
	d->yes |= BIT(index);
	if (d->tombstone.by != GONE_BY_KEY) {
		memcpy(d->stamp, frame->introduced.stamp, KEY_SIZE);
		tombstone_keep(r, &d->tombstone, d->stamp);
	}
}

/* Those that have become live without the session took it from nobody. */
static void tell_others(struct replication *r, const struct deletion *d)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (d->tombstone.by != GONE_BY_KEY && (r->live & ~d->yes & BIT(i)))
			tombstone_write(r, i, &d->tombstone, d->stamp, TARGET_TELL);
}

static void delete_advance(struct replication *r, struct op *op)
{
	struct deletion *d = (struct deletion *)op;
	struct result *result = op_result(r, op, OUTCOME_OK, "");

	result->copies = replica_count(d->yes);
	memcpy(result->name, d->name, sizeof d->name);
	delete_over(r, d);
	if (d->yes)
		tell_others(r, d);
	if (d->yes && r->session.active && id_equal(&r->session.id, &d->tombstone.id)) {
		struct ulid session = r->session.ulid;

		login_tell_logout(r, &session, 0);
		login_session_clear(r);
	} else if (!d->yes) {
		tombstone_forget(r, &d->tombstone.id);
		result->outcome = op->loss != OP_WHOLE ? OUTCOME_UNKNOWN
		                  : d->over            ? OUTCOME_NOT_LOGGED_IN
		                                       : OUTCOME_DISK_FULL;
		result->detail = d->over ? "the session has ended; nothing was deleted"
		                         : "no replica has room to store the deletion";
	}
	op_end(r, op, result);
}

static void delete_suspected(struct replication *r, struct op *op)
{
	tombstone_forget(r, &((struct deletion *)op)->tombstone.id);
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
	.command = delete_command,
	.start = delete_start,
	.reply = delete_reply,
	.advance = delete_advance,
	.expired = delete_expired,
	.suspected = delete_suspected,
};
