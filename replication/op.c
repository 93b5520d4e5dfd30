/* SPDX-License-Identifier: MIT
 *
 * op: a request as such. It goes to every live replica, and ends when each of its audience has
 * replied or died.
 *
 *   state     waits for                         and leaves for
 *   BUSY      itself: it begins; or the end     ASKING: op_audience, op_ask, op_resume
 *             of a child; or P                  WAITING: nobody is live to be asked, or
 *                                                         too many ended with it
 *   ASKING    the replies of its audience       BUSY: all have replied or died (`advance`)
 *                                               WAITING: all have died (or `emptied`)
 *   WAITING   a live replica                    BUSY: there is one (`start`)
 *   BEHIND    another request to end            BUSY: it has (`start`), or WAITING
 *   ENDED     being freed
 *
 *   what happens            BUSY       ASKING              WAITING    BEHIND     ENDED
 *   a reply                 dropped    done; is settled *  dropped    -          -
 *   a replica dies          ------ leaves the audience, and if ASKING it is settled ------
 *   it is settled           -          advance or step     -          -          freed
 *   a replica is live       -          -                   start      -          -
 *   the other one ended     -          -                   -          start      -
 *   wait_until_ms           -          -                   expired    expired    -
 *   op_end                  ------------------------ ENDED ------------------------
 *
 *   * if it is the last one, or if there is a step
 *
 * Replies and deaths only set bits and put the request on the list of those to be settled; its
 * `advance` is called from there. So no request is entered from within another one, and none is
 * freed while somebody is inside it; but a parent is told of its child's end at once.
 *
 * A request that ENDS_MAX replicas had when they ended, and that none has answered since, may be
 * what ended them. So it is written to nobody any more: not to the next one in order, and not again
 * to those that return (op_stop). Whoever has it still may answer it. A replica that is only silent
 * does not count, and neither does a connection that we close. A connection may also end because a
 * network did. So the request waits, as long as a reply may take, for a sign: if a replica that had
 * it greets us as the same process, the request did not end it, and begins again.
 *
 * What was lost on the way decides what an answer is worth: if one of the audience died with the
 * request (OP_DIED), a no of the others is no outcome; if it began again after it had been written
 * (OP_RESTARTED), it may have taken effect already.
 */
#include "replication/private.h"

#include "base/bug.h"

#include <assert.h>
#include <string.h>

/* ---- life ---- */

struct op *op_new(struct replication *r, const struct op_row *row, struct op *parent)
{
	struct op *op = pool_alloc_zero(&r->pool, row->size);

	assert(row->size >= sizeof *op);
	op->row = row;
	op->parent = parent;
	if (parent != NULL)
		parent->children++;
	op->previous = r->last_op;
	if (r->last_op != NULL)
		r->last_op->next = op;
	else
		r->first_op = op;
	r->last_op = op;
	return op;
}

static void op_free(struct replication *r, struct op *op)
{
	assert(op->children == 0);
	assert(!op->settling);
	if (op->row->release != NULL)
		op->row->release(r, op);
	if (op->previous != NULL)
		op->previous->next = op->next;
	else
		r->first_op = op->next;
	if (op->next != NULL)
		op->next->previous = op->previous;
	else
		r->last_op = op->previous;
	pool_free(&r->pool, op);
}

void op_release(struct replication *r)
{
	for (struct op *op = r->first_op; op != NULL; op = r->first_op) {
		op->children = 0;
		op->settling = false;
		op_free(r, op);
	}
}

/* WAITING or BEHIND, for as long as a command may wait. Nobody waits for a request whose result was
 * told, so that one may take for ever. */
static void op_wait(struct replication *r, struct op *op, enum op_state state)
{
	op->state = state;
	op->wait_until_ms = UINT64_MAX;
	if (r->options.wait_ms > 0 && !op->told)
		op->wait_until_ms = r->now_ms + r->options.wait_ms;
}

static void op_wait_live(struct replication *r, struct op *op)
{
	op->done = 0;
	if (op->ends < ENDS_MAX)
		op->judged_ms = UINT64_MAX;
	r->waiting_ops = true;
	op_wait(r, op, OP_WAITING);
}

void op_stand_behind(struct replication *r, struct op *op)
{
	op_wait(r, op, OP_BEHIND);
}

void op_begin(struct replication *r, struct op *op)
{
	op->state = OP_BUSY;
	if (r->live)
		op->row->start(r, op);
	else
		op_wait_live(r, op);
}

void op_begin_behind(struct replication *r)
{
	for (struct op *op = r->first_op; op != NULL; op = op->next)
		if (op->state == OP_BEHIND)
			op_begin(r, op);
}

const char op_stopped[] = "servers ended while they had it, so it is not sent again";

enum outcome op_unreached(const struct op *child)
{
	return child->outcome == OUTCOME_STOPPED ? OUTCOME_STOPPED : OUTCOME_NO_REPLICA;
}

/* A part of another request says that it was stopped; whether it may have taken effect is for the
 * whole to say. */
static void op_stop(struct replication *r, struct op *op)
{
	enum outcome outcome = op->parent != NULL ? OUTCOME_STOPPED : OUTCOME_UNKNOWN;
	struct result *result = op_result(r, op, outcome, op_stopped);

	if (op->row->stopped != NULL)
		op->row->stopped(r, op, result);
	else if (op->row->expired != NULL)
		op->row->expired(r, op, result);
	else
		op_end(r, op, result);
}

/* Nobody has ended of it. */
static void op_acquit(struct op *op)
{
	op->ends = op->proven = op->ended = op->returned = op->excused = 0;
}

/* This one has not ended: the network broke. So it may have broken the others' connections, too. */
static void op_excuse(struct op *op, uint32_t index)
{
	op->ended &= (uint8_t)~BIT(index);
	op->excused = op->ended & (uint8_t)~op->returned;
	op->ends = op->proven;
}

/* This one has ended, whatever the network did. */
static void op_accuse(struct op *op, uint32_t index)
{
	op->returned |= BIT(index);
	op->proven++;
	if (op->excused & BIT(index))
		op->ends++;
	op->excused &= (uint8_t)~BIT(index);
}

/* Whether it may be written: not too many ended with it, or it goes on all the same. One that
 * cannot begin again cannot wait either: it asks whoever is left. */
static bool may_be_written(const struct replication *r, const struct op *op)
{
	return op->ends < ENDS_MAX || BUG(ends_not_counted) || op->row->start == NULL ||
	       (op->goes_on && r->now_ms >= op->judged_ms);
}

/* One that waits, and that too many ended with: whether it may begin again. If not, it is stopped,
 * or waits for a sign. */
static bool op_is_cleared(struct replication *r, struct op *op)
{
	if (may_be_written(r, op))
		return true;
	if (r->now_ms >= op->judged_ms || op->returned == op->ended)
		op_stop(r, op);
	else
		r->waiting_ops = true;
	return false;
}

/* It waits, until it is judged (op_is_cleared). */
static void suspect(struct replication *r, struct op *op)
{
	if (op->row->suspected != NULL)
		op->row->suspected(r, op);
	op->audience = 0;
	op->judged_ms = r->now_ms + r->options.reply_timeout_ms;
	op_wait_live(r, op);
}

/* Nobody has it any more who may answer it, and too many ended with it. */
static bool is_suspect(const struct replication *r, const struct op *op)
{
	if (op->ends < ENDS_MAX || BUG(ends_not_counted))
		return false;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((op->audience & BIT(i)) &&
		    ((op->done & BIT(i)) || due_has(&r->replicas[i], op)))
			return false;
	return true;
}

void op_restart(struct replication *r)
{
	if (!r->waiting_ops || !r->live)
		return;
	r->waiting_ops = false;
	for (struct op *op = r->first_op; op != NULL; op = op->next) {
		if (op->state != OP_WAITING || (BUG(audience_never_again) && op->written) ||
		    !op_is_cleared(r, op))
			continue;
		if (op->written)
			op->loss = OP_RESTARTED;
		op_begin(r, op);
	}
}

void op_greeted(struct replication *r, uint32_t index, bool is_same)
{
	for (struct op *op = r->first_op; op != NULL; op = op->next) {
		if (!(op->ended & BIT(index) & ~op->returned))
			continue;
		if (is_same)
			op_excuse(op, index);
		else
			op_accuse(op, index);
		r->waiting_ops |= op->state == OP_WAITING;
	}
}

/* ---- asking ---- */

bool op_audience(struct replication *r, struct op *op)
{
	op->audience = r->live;
	op->done = 0;
	op->state = OP_ASKING;
	if (!op->audience)
		op_wait_live(r, op);
	else if (!may_be_written(r, op))
		suspect(r, op); /* it began again, and then one more has told that it had ended */
	return op->audience != 0;
}

void op_ask(struct replication *r, struct op *op, uint32_t index, const struct frame *frame)
{
	assert(op->audience & BIT(index));
	op->done &= (uint8_t)~BIT(index);
	op->written |= BIT(index);
	op->state = OP_ASKING;
	due_ask(r, index, frame, TARGET_OP, op);
}

bool op_multicast(struct replication *r, struct op *op, const struct frame *frame)
{
	if (!op_audience(r, op))
		return false;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (op->audience & BIT(i))
			op_ask(r, op, i, frame);
	return true;
}

void op_resume(struct replication *r, struct op *op)
{
	op->state = OP_ASKING;
	op_settle(r, op);
}

void op_stretch(struct replication *r, struct op *op, struct view password, const char *setting)
{
	struct action *a = replication_act(r, ACTION_STRETCH, NULL);

	assert(op->token != 0); /* by which the answer is found */
	a->stretch.token = op->token;
	a->stretch.password = password;
	a->stretch.setting = view_of_string(setting);
}

void op_replied(struct replication *r, struct op *op, uint32_t index, const struct frame *frame)
{
	assert(op->state != OP_ENDED);
	if (op->state != OP_ASKING || !(op->audience & BIT(index)))
		return;
	op->done |= BIT(index);
	op_acquit(op); /* it can be answered */
	if (op->row->reply != NULL)
		op->row->reply(r, op, index, frame);
	if (op->done == op->audience || op->row->step != NULL)
		op_settle(r, op); /* else it waits for the others */
}

void op_lost(struct replication *r, uint32_t index)
{
	for (struct op *op = r->first_op; op != NULL; op = op->next) {
		op->helped &= (uint8_t)~BIT(index);
		if (op->state == OP_ENDED || !(op->audience & BIT(index)))
			continue;
		if (op->is_struck && op->state == OP_ASKING && !(op->done & BIT(index))) {
			op->ends++;
			op->ended |= BIT(index);
			op->returned &= (uint8_t)~BIT(index);
			op->excused &= (uint8_t)~BIT(index);
		}
		op->is_struck = false;
		op->audience &= (uint8_t)~BIT(index);
		op->done &= (uint8_t)~BIT(index);
		if (op->loss == OP_WHOLE)
			op->loss = OP_DIED;
		if (op->state == OP_ASKING)
			op_settle(r, op);
	}
}

/* ---- settling ---- */

void op_settle(struct replication *r, struct op *op)
{
	if (op->settling)
		return;
	op->settling = true;
	op->settle_next = NULL;
	if (r->settle_last != NULL)
		r->settle_last->settle_next = op;
	else
		r->settle_first = op;
	r->settle_last = op;
}

static void settle_asking(struct replication *r, struct op *op)
{
	if (!op->audience && op->row->emptied != NULL) {
		op->row->emptied(r, op);
	} else if (is_suspect(r, op)) {
		suspect(r, op);
	} else if (!op->audience) {
		op_wait_live(r, op);
	} else if (op->done == op->audience) {
		op->state = OP_BUSY;
		op->row->advance(r, op);
	} else if (op->row->step != NULL) {
		op->row->step(r, op);
	}
}

bool op_settle_next(struct replication *r)
{
	struct op *op = r->settle_first;

	if (op == NULL)
		return false;
	r->settle_first = op->settle_next;
	if (r->settle_first == NULL)
		r->settle_last = NULL;
	op->settling = false;
	if (op->state == OP_ENDED)
		op_free(r, op);
	else if (op->state == OP_ASKING)
		settle_asking(r, op);
	return true;
}

/* ---- results ---- */

struct result *op_result_of_users(struct replication *r, const struct op *op, enum outcome outcome,
                                  const char *detail, uint32_t users)
{
	struct result *result = pool_alloc_zero(&r->pool,
	                                        sizeof *result + users * sizeof(struct user));

	result->token = op->token;
	result->kind = op->kind;
	result->outcome = outcome;
	result->detail = detail;
	result->audience = replica_count(op->audience);
	result->users = users > 0 ? (struct user *)(result + 1) : NULL;
	return result;
}

struct result *op_result(struct replication *r, const struct op *op, enum outcome outcome,
                         const char *detail)
{
	return op_result_of_users(r, op, outcome, detail, 0);
}

void op_tell_result(struct replication *r, struct op *op, struct result *result)
{
	assert(!op->told);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (op->token && result->outcome == OUTCOME_OK &&
		    ((op->done | op->helped) & BIT(i)))
			r->replicas[i].has_served = true;
	if (op->token)
		replication_act_piece(r, ACTION_RESULT, result)->result = result;
	else
		pool_free(&r->pool, result);
	op->told = true;
	op->wait_until_ms = UINT64_MAX;
}

void op_end(struct replication *r, struct op *op, struct result *result)
{
	struct op *parent = op->parent;

	assert(op->state != OP_ENDED);
	op->outcome = result->outcome;
	if (op->told)
		pool_free(&r->pool, result);
	else
		op_tell_result(r, op, result);
	op->state = OP_ENDED;
	if (parent != NULL) {
		parent->children--;
		parent->helped |= op->outcome == OUTCOME_OK ? op->done | op->helped : 0;
		op->parent = NULL;
		parent->row->child(r, parent, op);
	}
	op_settle(r, op); /* freed there: nobody is inside it then */
}

void op_refuse(struct replication *r, struct op *op, enum outcome outcome, const char *detail)
{
	op_end(r, op, op_result(r, op, outcome, detail));
}

bool op_too_few(struct replication *r, struct op *op)
{
	if (replica_count(r->live) >= r->options.min_copies)
		return false;
	op_refuse(r, op, OUTCOME_TOO_FEW_REPLICAS,
	          "fewer replicas are live than the copies asked for; nothing was sent");
	return true;
}

/* ---- the time to wait ---- */

static bool op_is_waiting(const struct op *op)
{
	return op->state == OP_WAITING || op->state == OP_BEHIND;
}

static void op_expire(struct replication *r, struct op *op)
{
	struct result *result = op_result(r, op, OUTCOME_NO_REPLICA, "no replica could be reached");

	if (op->written) {
		result->outcome = OUTCOME_UNKNOWN;
		result->detail = "no replica is left that could say whether it took effect";
	}
	if (op->row->expired != NULL)
		op->row->expired(r, op, result);
	else
		op_end(r, op, result);
}

void op_tick(struct replication *r)
{
	for (struct op *op = r->first_op; op != NULL; op = op->next)
		if (op_is_waiting(op) && r->now_ms >= op->wait_until_ms)
			op_expire(r, op);
}

void op_give_up(struct replication *r)
{
	for (struct op *op = r->first_op; op != NULL; op = op->next)
		if (op_is_waiting(op) && !op->told)
			op_expire(r, op);
}

uint64_t op_deadline(const struct replication *r)
{
	uint64_t deadline = UINT64_MAX;

	if (!r->waiting_ops && !r->backs) /* whom another one could stand behind */
		return deadline;
	for (const struct op *op = r->first_op; op != NULL; op = op->next)
		if (op_is_waiting(op)) {
			uint64_t until = op->wait_until_ms;

			if (r->live && op->state == OP_WAITING && op->judged_ms < until)
				until = op->judged_ms;
			deadline = until < deadline ? until : deadline;
		}
	return deadline;
}

/* ---- questions ---- */

bool op_is_idle(const struct replication *r)
{
	for (const struct op *op = r->first_op; op != NULL; op = op->next)
		if (op->state != OP_ENDED && !(op->told && op->state == OP_WAITING))
			return false;
	return true;
}

void op_check(const struct replication *r)
{
	for (const struct op *op = r->first_op; op != NULL; op = op->next) {
		if (op->state != OP_ASKING)
			continue;
		assert(!(op->audience & ~r->live) || op->settling);
		assert(!(op->done & ~op->audience));
	}
}
