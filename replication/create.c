/* SPDX-License-Identifier: MIT
 *
 * create: an account is made in index order, because another client can make it fail.
 *
 *   STRETCH    the password becomes P; the id is drawn from the time, the name and the new verifier
 *   INTRODUCE  at the lowest live replica, then the next; each grant is durable
 *   HOLDER     a refuser named the holder of the name: is it gone? Then the look-up has told the
 *              refuser the
 *              tombstone, and it is asked again
 *   CONFIRM    in parallel at all that granted; only these replies acknowledge
 *   BACK       the own id is deleted at all live replicas, before the user is told no
 *   LOGIN      creating logs in
 *
 * It is the classic ordered lock: two clients that race meet at the first replica that they share.
 * Once a taking back has begun that id is never created again: if the audience becomes empty,
 * taking back goes on when a replica is live again, also after the user was told that nothing is
 * known.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <string.h>

enum { PHASE_STRETCH, PHASE_INTRODUCE, PHASE_CONFIRM, PHASE_BACK, PHASE_LOGIN };
enum { ROUNDS_MAX = 32 }; /* of holders found gone: each buries one account for ever, so it ends */

struct create {
	struct op op;
	struct login_session made;
	char password[PASSWORD_SIZE_MAX];
	size_t password_size;
	bool have_key;
	bool have_id;
	bool back;     /* its taking back has begun */
	uint8_t maybe; /* may have granted: it was written there and no refusal came */
	uint8_t granted;
	uint8_t refused; /* in this round, for another holder */
	uint8_t confirmed;
	uint8_t clock, full;
	uint8_t asked; /* INTRODUCE is under way there */
	uint8_t maybe_confirmed;
	uint32_t rounds;
	struct id holder;
	enum outcome outcome; /* why it is taken back */
	const char *detail;
};

static void take_back(struct replication *r, struct create *c, enum outcome outcome,
                      const char *detail);

/* ---- beginning ---- */

void create_command(struct replication *r, struct op *op, const struct command *command)
{
	struct create *c = (struct create *)op;

	memcpy(c->made.name, command->name.data, command->name.size);
	memcpy(c->password, command->password.data, command->password.size);
	c->password_size = command->password.size;
	if (command->stretched) {
		memcpy(c->made.stretched, command->stretched, KEY_SIZE);
		memcpy(c->made.setting, command->setting.data, command->setting.size);
		c->have_key = true;
	}
	if (r->backs)
		op_stand_behind(r, op);
	else
		op_begin(r, op);
}

static void begin_those_behind(struct replication *r)
{
	for (struct op *op = r->first_op; op && r->backs == 0; op = op->next) {
		if (!op->behind || op->ended)
			continue;
		op->behind = false;
		op_begin(r, op);
	}
}

static void stretch(struct replication *r, struct create *c)
{
	uint8_t random[16];
	struct action *a;

	c->op.phase = PHASE_STRETCH;
	replication_random(r, random, sizeof random);
	auth_setting_make(random, c->made.setting);
	a = replication_act(r, ACTION_STRETCH, NULL);
	a->stretch.token = c->op.token;
	a->stretch.password = view_of(c->password, c->password_size);
	a->stretch.setting = view_of_string(c->made.setting);
}

void create_stretched(struct replication *r, struct op *op, const uint8_t *stretched)
{
	struct create *c = (struct create *)op;

	assert(op->phase == PHASE_STRETCH);
	if (!stretched) {
		op_refuse(r, op, OUTCOME_USAGE, "this password cannot be used");
		return;
	}
	memcpy(c->made.stretched, stretched, KEY_SIZE);
	c->have_key = true;
	op_begin(r, op);
}

/* A new id, with a seal of its own. */
static void draw(struct replication *r, struct create *c)
{
	struct login_session *s = &c->made;
	uint8_t seal[KEY_SIZE];

	replication_random(r, seal, sizeof seal);
	s->account.name = view_of_string(s->name);
	auth_verifier_make(s->stretched, seal, view_of_string(s->setting), &s->account.verifier);
	auth_id_make(replication_now(r), s->account.name, &s->account.verifier, &s->account.id);
	s->account.confirmed = false;
	s->id = s->account.id;
	memcpy(s->display, s->name, sizeof s->name);
	c->have_id = true;
}

static void start(struct replication *r, struct op *op)
{
	struct create *c = (struct create *)op;

	if (BUG(created_after_taking_back))
		c->outcome = OUTCOME_OK;
	else if (c->back) {
		take_back(r, c, c->outcome, c->detail);
		return;
	}
	if (!op->written && op_too_few(r, op))
		return;
	if (!c->have_key) {
		stretch(r, c);
		return;
	}
	if (!c->have_id || !op->written)
		draw(r, c);
	op->phase = PHASE_INTRODUCE;
	c->granted = c->refused = c->confirmed = c->clock = c->full = c->asked = 0;
	if (op_audience(r, op))
		op_settle(r, op);
}

/* ---- introduce ---- */

static void introduce(struct replication *r, struct create *c, uint32_t index)
{
	struct frame frame;

	login_handover_frame(r, index, &c->made, &frame); /* the same payload and proof */
	frame.type = FRAME_INTRODUCE;
	c->asked |= BIT(index);
	c->maybe |= BIT(index);
	op_ask(r, &c->op, index, &frame);
}

/* The next one in order, unless one is being asked. */
static void step(struct replication *r, struct op *op)
{
	struct create *c = (struct create *)op;
	uint8_t left = op->audience & (uint8_t)~op->done;

	while (op->phase == PHASE_INTRODUCE && (left & (uint8_t)~c->asked) &&
	       (!(c->asked & left) || BUG(created_in_parallel)))
		introduce(r, c, replica_first(left & (uint8_t)~c->asked));
}

/* Is the holder of the name gone? The look-up tells the refuser if it is. */
static void ask_about_holder(struct replication *r, struct create *c)
{
	c->op.asking = false;
	if (++c->rounds > ROUNDS_MAX)
		take_back(r, c, OUTCOME_NAME_TAKEN, "the name is taken");
	else
		(void)lookup_id_new(r, &c->op, &c->holder, NULL);
}

static void introduced(struct replication *r, struct create *c, uint32_t index,
                       const struct frame *frame)
{
	c->asked &= (uint8_t)~BIT(index);
	switch (frame->status) {
	case STATUS_OK:
		c->granted |= BIT(index);
		break;
	case STATUS_TAKEN:
		if (!(c->granted & BIT(index)) && !c->op.restarted)
			c->maybe &= (uint8_t)~BIT(index);
		c->refused |= BIT(index);
		c->holder = frame->introduced.entry.id;
		if (!BUG(created_in_parallel))
			ask_about_holder(r, c);
		break;
	case STATUS_DISK_FULL:
		if (!c->op.restarted)
			c->maybe &= (uint8_t)~BIT(index);
		c->full |= BIT(index);
		break;
	case STATUS_GONE:
		take_back(r, c, OUTCOME_NAME_TAKEN,
		          "this creation was taken back elsewhere; try again");
		break;
	default:
		replica_die(r, index, "refuses a proof that is right");
	}
}

/* ---- confirm ---- */

static void confirm(struct replication *r, struct create *c, uint8_t at)
{
	struct frame frame = { .type = FRAME_CONFIRM, .confirm.id = c->made.id };

	c->op.phase = PHASE_CONFIRM;
	c->refused = 0;
	c->op.asking = true;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (at & c->op.audience & BIT(i)) {
			c->maybe_confirmed |= BIT(i);
			if (BUG(confirm_not_awaited) && i != replica_first(at & c->op.audience))
				due_ask(r, i, &frame, TARGET_TELL, NULL);
			else
				op_ask(r, &c->op, i, &frame);
		}
	op_settle(r, &c->op);
}

static void confirm_answered(struct create *c, uint32_t index, const struct frame *frame)
{
	switch (frame->status) {
	case STATUS_OK:
		c->confirmed |= BIT(index);
		break;
	case STATUS_TAKEN:
		c->refused |= BIT(index);
		c->holder = frame->introduced.entry.id;
		break;
	case STATUS_CLOCK:
		c->clock |= BIT(index);
		break;
	case STATUS_GONE:
		c->outcome = OUTCOME_NAME_TAKEN; /* buried: nothing is left to confirm */
		break;
	default:
		c->full |= BIT(index);
	}
}

/* Their answers come before those of the taking back, so whoever tries again dates it by them: on a
 * busy connection there is no heartbeat that would tell how the clocks have moved. */
static void ask_for_clocks(struct replication *r)
{
	struct frame ping = { .type = FRAME_PING };

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->live & BIT(i))
			due_ask(r, i, &ping, TARGET_PING, NULL);
}

static void confirm_done(struct replication *r, struct create *c)
{
	if (c->outcome != OUTCOME_OK)
		take_back(r, c, c->outcome, "this creation was taken back elsewhere; try again");
	else if (c->refused)
		ask_about_holder(r, c);
	else if (c->confirmed) {
		c->op.phase = PHASE_LOGIN;
		c->op.asking = false;
		login_created(r, &c->op, &c->made);
	} else if (c->clock) {
		ask_for_clocks(r);
		take_back(r, c, OUTCOME_CLOCK,
		          "no replica confirmed it: their clocks and its date differ; try again");
	} else
		take_back(r, c, OUTCOME_DISK_FULL, "no replica has room for it");
}

/* ---- taking back ---- */

static void take_back(struct replication *r, struct create *c, enum outcome outcome,
                      const char *detail)
{
	struct frame frame = { .type = FRAME_DELETE };
	uint8_t delete_key[KEY_SIZE];

	c->outcome = outcome;
	c->detail = detail;
	/* Every one that it was written to has refused: nothing has it. */
	if (!c->maybe || (BUG(taken_back_where_granted) && !c->granted)) {
		op_refuse(r, &c->op, outcome, detail);
		return;
	}
	if (!c->back)
		r->backs++;
	c->back = true;
	c->op.phase = PHASE_BACK;
	auth_delete_key(c->made.stretched, c->made.account.verifier.seal, delete_key);
	auth_tombstone_make(&c->made.account, delete_key, &frame.tombstone);
	if (!BUG(created_after_taking_back))
		tombstone_keep(r, &frame.tombstone);
	op_multicast(r, &c->op, &frame);
}

static void taken_back(struct replication *r, struct create *c)
{
	bool again = c->outcome == OUTCOME_CLOCK && c->op.restarted && !c->op.silent;

	assert(r->backs > 0);
	r->backs--;
	c->back = false;
	if (again) { /* a wait had made it old: begun anew, under a new id and setting */
		c->have_key = c->have_id = false;
		c->maybe = c->maybe_confirmed = 0;
		c->outcome = OUTCOME_OK;
		c->op.written = 0;
		c->op.restarted = false;
		op_begin(r, &c->op);
	} else if (c->maybe_confirmed & (uint8_t)~c->op.audience) {
		op_refuse(
			r, &c->op, OUTCOME_UNKNOWN,
			"taken back; a replica that died may have it, and is told when it returns");
	} else {
		op_refuse(r, &c->op, c->outcome, c->detail);
	}
	begin_those_behind(r);
}

/* ---- the row ---- */

static void reply(struct replication *r, struct op *op, uint32_t index, const struct frame *frame)
{
	struct create *c = (struct create *)op;

	if (op->phase == PHASE_INTRODUCE)
		introduced(r, c, index, frame);
	else if (op->phase == PHASE_CONFIRM)
		confirm_answered(c, index, frame);
}

static void advance(struct replication *r, struct op *op)
{
	struct create *c = (struct create *)op;

	if (op->phase == PHASE_BACK) {
		taken_back(r, c);
	} else if (op->phase == PHASE_CONFIRM) {
		confirm_done(r, c);
	} else if (BUG(created_in_parallel) && c->refused) {
		ask_about_holder(r, c);
	} else if (BUG(no_confirm) && (c->granted & op->audience)) {
		c->confirmed = c->granted;
		confirm_done(r, c);
	} else if (c->granted & op->audience) {
		confirm(r, c, c->granted);
	} else {
		take_back(r, c, OUTCOME_DISK_FULL, "no replica has room for it");
	}
}

/* The look-up about the holder, or the log in, has ended. */
static void child(struct replication *r, struct op *op, struct op *ended)
{
	struct create *c = (struct create *)op;
	struct result *result;

	if (op->phase == PHASE_LOGIN) {
		result = op_result(op, OUTCOME_OK, "");
		if (ended->outcome != OUTCOME_OK)
			result->detail = "made, but not logged in: log in when a replica is live";
		memcpy(result->name, c->made.display, DISPLAY_SIZE);
		result->id = c->made.id;
		result->copies = replica_count(c->confirmed);
		if (result->copies < r->options.min_copies) {
			result->outcome = OUTCOME_UNKNOWN;
			result->detail = "made, but on fewer replicas than the copies asked for";
		}
		op_end(r, op, result);
	} else if (ended->outcome != OUTCOME_OK) { /* nobody was there to ask for too long */
		op_refuse(r, op, OUTCOME_UNKNOWN,
		          "no replica is left that could say whether it was made");
	} else if (((struct lookup *)ended)->count > 0) {
		take_back(r, c, OUTCOME_NAME_TAKEN, "the name is taken");
	} else if (!op->audience) {
		op->asking = true;
		op_settle(r, op); /* waits, and begins again */
	} else if (op->phase == PHASE_CONFIRM) {
		confirm(r, c, c->refused);
	} else {
		op->asking = true;
		op->done &= (uint8_t)~c->refused;
		c->refused = 0;
		op_settle(r, op);
	}
}

static void expired(struct replication *r, struct op *op, struct result *result)
{
	struct create *c = (struct create *)op;

	if (c->back)
		op_tell_result(r, op, result); /* taking back goes on behind it */
	else
		op_end(r, op, result);
}

static void release(struct op *op)
{
	struct create *c = (struct create *)op;

	explicit_bzero(&c->made, sizeof c->made);
	explicit_bzero(c->password, sizeof c->password);
}

const struct op_row create_row = {
	.name = "create",
	.size = sizeof(struct create),
	.start = start,
	.reply = reply,
	.advance = advance,
	.step = step,
	.child = child,
	.expired = expired,
	.release = release,
};
