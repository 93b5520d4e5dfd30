/* SPDX-License-Identifier: MIT
 *
 * create: a new account. Another client can make it fail, by creating the same name.
 *
 *   phase      what is asked                              when that is there
 *   STRETCH    the caller for P of the password           MEMBERS
 *   MEMBERS    all live replicas: a ping, behind what     INTRODUCE, with a new id, at those that
 *              they say of each other (member.c)          belong to the cluster
 *   INTRODUCE  the lowest live replica, then the next;    CONFIRM; BACK if nobody has granted it
 *              each grant is durable
 *   CONFIRM    in parallel, all that have granted it      LOGIN; BACK if nobody has confirmed it
 *   LOGIN      the log-in that belongs to a creation      done
 *   BACK       all live replicas, to delete the own id    refused
 *
 * INTRODUCE goes in order of index, one replica at a time: the classic ordered lock. Two clients
 * that race meet at the first replica that they share, and the loser has stopped there. Only the
 * replies to CONFIRM acknowledge, so half a creation never beats a whole one.
 *
 * A replica that refuses INTRODUCE or CONFIRM says which account holds the name. That account may
 * be gone, and the replica may not know it. So the account is looked up first. If it is gone, the
 * look-up has told the replica so, and the replica is asked again. If it is alive, the creation
 * goes to BACK.
 *
 * Where registration is not open a replica wants an invitation, by its own clock and setting. As
 * with a full disk, one that takes it is enough: the log-in then hands the account to the others,
 * with a stamp. If none takes it, the refusal is told that the user can do most about. It is shown
 * to those alone of whom it is known that they belong to the cluster, and closed in the box.
 *
 * BACK is done before the user is told no, because a creation that was refused must not live on
 * where it was granted. Once it has begun that id is never created again: if the audience becomes
 * empty BACK goes on when a replica is live again, also after the user was told that the outcome is
 * unknown. Then the next creation waits for it (OP_BEHIND), so that it is not refused by a name
 * that this client itself is giving back.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <string.h>

enum { PHASE_STRETCH, PHASE_MEMBERS, PHASE_INTRODUCE, PHASE_CONFIRM, PHASE_BACK, PHASE_LOGIN };
enum { ROUNDS_MAX = 32 }; /* holders that are looked up */

struct create {
	struct op op;
	struct login_session made; /* the account, and later its session */
	char password[PASSWORD_SIZE_MAX];
	size_t password_size;
	bool have_key; /* P and its setting */
	bool have_id;
	bool back; /* its taking back has begun */
	/* Replicas that may have granted it, or confirmed it: it was written there, and no refusal
	 * came. */
	uint8_t maybe, maybe_confirmed;
	/* What replicas have said since the last start, or in this round. */
	uint8_t granted, refused, confirmed, clock;
	bool has_invitation;
	struct invitation invitation;
	const struct gate *gate; /* why it is not registered; NULL: nobody has said so */
	uint32_t wait_ms; /* the shortest that a replica told, which takes no more; 0: none */
	uint8_t asked;    /* INTRODUCE is under way there */
	uint32_t rounds;
	struct id holder;
	enum outcome outcome; /* why it is taken back */
	const char *detail;
};

/* Why a replica registers nobody, or not this one; who can do more about it stands first. */
static const struct gate {
	enum status status;
	enum outcome outcome;
	const char *detail;
} gates[] = {
	{ STATUS_UNINVITED, OUTCOME_INVITATION_NEEDED,
	  "whoever makes an account here needs an invitation" },
	{ STATUS_EXPIRED, OUTCOME_INVITATION_EXPIRED, "this invitation has expired" },
	{ STATUS_UNFIT, OUTCOME_INVITATION_WRONG,
	  "this is no invitation of the operator of these servers" },
	{ STATUS_CLOSED, OUTCOME_REGISTRATION_CLOSED, "nobody may make an account here" },
};
enum { GATES = sizeof gates / sizeof gates[0] };

static void take_back(struct replication *r, struct create *c, enum outcome outcome,
                      const char *detail);

/* ---- beginning ---- */

static void create_command(struct replication *r, struct op *op, const struct command *command)
{
	struct create *c = (struct create *)op;

	memcpy(c->made.name, command->name.data, command->name.size);
	memcpy(c->password, command->password.data, command->password.size);
	c->password_size = command->password.size;
	if (command->invitation != NULL) {
		c->invitation = *command->invitation;
		c->has_invitation = true;
	}
	if (command->stretched != NULL) {
		memcpy(c->made.stretched, command->stretched, KEY_SIZE);
		memcpy(c->made.setting, command->setting.data, command->setting.size);
		c->have_key = true;
	}
	if (r->backs)
		op_stand_behind(r, op);
	else
		op_begin(r, op);
}

/* Under a new setting. */
static void stretch(struct replication *r, struct create *c)
{
	uint8_t random[16];

	c->op.phase = PHASE_STRETCH;
	replication_random(r, random, sizeof random);
	auth_setting_make(random, c->made.setting);
	op_stretch(r, &c->op, view_of(c->password, c->password_size), c->made.setting);
}

static void stretched(struct replication *r, struct op *op, const uint8_t *p)
{
	struct create *c = (struct create *)op;

	assert(op->phase == PHASE_STRETCH);
	if (p == NULL) {
		op_refuse(r, op, OUTCOME_USAGE, "this password cannot be used");
		return;
	}
	memcpy(c->made.stretched, p, KEY_SIZE);
	c->have_key = true;
	op_begin(r, op);
}

/* A new id, with a seal of its own: two accounts with one seal would have one delete key. */
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

static void ping_all(struct replication *r, struct op *op)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (op->audience & BIT(i))
			due_ping(r, i, op);
}

/* One that is live alone is given an account unseen, but no invitation: with that anybody comes
 * in, at the others, too. One of version 3 is given none in any case. */
static bool is_for_a_stranger(const struct replication *r, const struct create *c)
{
	uint32_t index = replica_first(c->op.audience);

	return c->has_invitation && r->replicas[index].version >= PROTOCOL_VERSION_VOUCHED &&
	       !(member_known(r) & BIT(index));
}

/* Nobody is there to whom it may be introduced. Where it was granted before it must not stay. */
static void give_up(struct replication *r, struct create *c, enum outcome outcome,
                    const char *detail)
{
	if (c->maybe)
		take_back(r, c, outcome, detail);
	else
		op_refuse(r, &c->op, c->op.written ? OUTCOME_UNKNOWN : outcome, detail);
}

/* It is known who belongs to the cluster. */
static void introduce_to_members(struct replication *r, struct create *c)
{
	struct op *op = &c->op;

	op->audience = member_of(r, op->audience);
	op->done = 0;
	if (op->audience == 0) {
		give_up(r, c, OUTCOME_NO_REPLICA,
		        "the live replicas do not vouch for each other: they need copies of one "
		        "operator.key");
		return;
	}
	if (is_for_a_stranger(r, c)) {
		give_up(r, c, OUTCOME_TOO_FEW_REPLICAS,
		        "an invitation is shown only to servers that vouch for each other: at "
		        "least two must answer");
		return;
	}
	if (!c->have_id || !op->written)
		draw(r, c);
	op->phase = PHASE_INTRODUCE;
	c->granted = c->refused = c->confirmed = c->clock = c->asked = 0;
	c->wait_ms = 0;
	c->gate = NULL;
	op_resume(r, op); /* step asks the first one */
}

/* A creation that was written somewhere begins again under the same id, which is judged again by
 * every replica. */
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
	op->phase = PHASE_MEMBERS;
	if (!op_audience(r, op))
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((op->audience & BIT(i)) && member_is_asked(r, i)) {
			ping_all(r, op);
			return;
		}
	introduce_to_members(r, c);
}

/* ---- introduce ---- */

/* At one replica. */
static void introduce(struct replication *r, struct create *c, uint32_t index)
{
	const struct account *account = &c->made.account;
	struct frame frame = { .type = FRAME_INTRODUCE };

	frame.introduce.id = account->id;
	frame.introduce.name = account->name;
	frame.introduce.setting = account->verifier.setting;
	if (c->has_invitation && r->replicas[index].version >= PROTOCOL_VERSION_VOUCHED) {
		frame.flags = FLAG_VOUCHED;
		frame.introduce.invitation = c->invitation;
	}
	proof_close_box(r, index, &c->made, &frame);
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
	c->op.state = OP_BUSY;
	if (++c->rounds > ROUNDS_MAX)
		take_back(r, c, OUTCOME_NAME_TAKEN, "the name is taken");
	else
		(void)lookup_id_new(r, &c->op, &c->holder, NULL);
}

static void note_gate(struct create *c, enum status status)
{
	for (const struct gate *gate = gates; gate < gates + GATES; gate++)
		if (gate->status == status && (c->gate == NULL || gate < c->gate))
			c->gate = gate;
}

/* A refusal takes a replica out of `maybe`, unless an earlier try may have been granted there. */
static void introduced(struct replication *r, struct create *c, uint32_t index,
                       const struct frame *frame)
{
	c->asked &= (uint8_t)~BIT(index);
	switch (frame->status) {
	case STATUS_OK:
		if (proof_is_opened(r, index, frame))
			c->granted |= BIT(index);
		break;
	case STATUS_TAKEN:
		if (!(c->granted & BIT(index)) && c->op.loss != OP_RESTARTED)
			c->maybe &= (uint8_t)~BIT(index);
		c->refused |= BIT(index);
		c->holder = frame->introduced.entry.id;
		if (!BUG(created_in_parallel))
			ask_about_holder(r, c);
		break;
	case STATUS_SLOW_DOWN:
		if (c->wait_ms == 0 || frame->slow_down.wait_ms < c->wait_ms)
			c->wait_ms = frame->slow_down.wait_ms + (frame->slow_down.wait_ms == 0);
		/* fall through */
	case STATUS_UNINVITED:
	case STATUS_EXPIRED:
	case STATUS_UNFIT:
	case STATUS_CLOSED:
		note_gate(c, frame->status);
		/* fall through */
	case STATUS_DISK_FULL:
		if (c->op.loss != OP_RESTARTED)
			c->maybe &= (uint8_t)~BIT(index);
		break;
	case STATUS_CLOCK: /* it was removed, because nobody had confirmed it for so long */
		c->clock |= BIT(index);
		break;
	case STATUS_GONE:
		take_back(r, c, OUTCOME_NAME_TAKEN,
		          "this creation was taken back elsewhere; try again");
		break;
	default:
		replica_lies(r, index, "refuses an account that is right");
	}
}

/* ---- confirm ---- */

/* In parallel, at those of `at`. */
static void confirm(struct replication *r, struct create *c, uint8_t at)
{
	struct frame frame = { .type = FRAME_CONFIRM, .confirm.id = c->made.id };

	c->op.phase = PHASE_CONFIRM;
	c->refused = 0;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (at & c->op.audience & BIT(i)) {
			c->maybe_confirmed |= BIT(i);
			if (BUG(confirm_not_awaited) && i != replica_first(at & c->op.audience))
				due_ask(r, i, &frame, TARGET_TELL, NULL);
			else
				op_ask(r, &c->op, i, &frame);
		}
	op_resume(r, &c->op);
}

/* One replica's answer to CONFIRM. */
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
	case STATUS_GONE: /* buried: nothing is left to confirm */
		c->outcome = OUTCOME_NAME_TAKEN;
		break;
	default: /* no room */
		break;
	}
}

/* Their answers come before those of the taking back, so whoever tries again dates it by them: on a
 * busy connection there is no heartbeat that would tell how the clocks have moved. */
static void ask_for_clocks(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->live & BIT(i))
			due_ping(r, i, NULL);
}

/* All have answered. One yes is enough: who has not room for the mark gets it from a repair. */
static void confirm_done(struct replication *r, struct create *c)
{
	if (c->outcome != OUTCOME_OK)
		take_back(r, c, c->outcome, "this creation was taken back elsewhere; try again");
	else if (c->refused)
		ask_about_holder(r, c);
	else if (c->confirmed) {
		c->op.phase = PHASE_LOGIN;
		login_created(r, &c->op, &c->made);
	} else if (c->clock) {
		ask_for_clocks(r);
		take_back(r, c, OUTCOME_CLOCK,
		          "no replica confirmed it: their clocks and its date differ; try again");
	} else
		take_back(r, c, OUTCOME_DISK_FULL, "no replica has room for it");
}

/* ---- taking back ---- */

/* Ends with what the user is to be told. */
static void refuse(struct replication *r, struct create *c)
{
	struct result *result = op_result(r, &c->op, c->outcome, c->detail);

	if (c->outcome == OUTCOME_SLOW_DOWN)
		result->wait_ms = c->wait_ms;
	op_end(r, &c->op, result);
}

/* Goes to BACK. `outcome` and `detail` are what the user is told in the end. */
static void take_back(struct replication *r, struct create *c, enum outcome outcome,
                      const char *detail)
{
	struct frame frame = { .type = FRAME_DELETE };
	uint8_t delete_key[KEY_SIZE];

	c->outcome = outcome;
	c->detail = detail;
	/* Every replica that it was written to has refused it, so none has it. */
	if (!c->maybe || (BUG(taken_back_where_granted) && !c->granted)) {
		refuse(r, c);
		return;
	}
	if (!c->back)
		r->backs++;
	c->back = c->op.goes_on = true;
	c->op.phase = PHASE_BACK;
	auth_delete_key(c->made.stretched, c->made.account.verifier.seal, delete_key);
	auth_tombstone_make(&c->made.account, delete_key, &frame.tombstone);
	if (!BUG(created_after_taking_back))
		tombstone_keep(r, &frame.tombstone, NULL);
	op_multicast(r, &c->op, &frame);
	explicit_bzero(delete_key, sizeof delete_key);
	explicit_bzero(&frame, sizeof frame);
}

/* BACK is done. */
static void taken_back(struct replication *r, struct create *c)
{
	bool again = c->outcome == OUTCOME_CLOCK && c->op.loss == OP_RESTARTED && !c->op.told;

	assert(r->backs > 0);
	r->backs--;
	c->back = c->op.goes_on = false;
	if (again) { /* a wait had made it old: begun anew, under a new id and setting */
		c->have_key = c->have_id = false;
		c->maybe = c->maybe_confirmed = 0;
		c->outcome = OUTCOME_OK;
		c->op.written = 0;
		c->op.loss = OP_WHOLE;
		op_begin(r, &c->op);
	} else if (c->maybe_confirmed & (uint8_t)~c->op.audience) {
		op_refuse(
			r, &c->op, OUTCOME_UNKNOWN,
			"taken back; a replica that died may have it, and is told when it returns");
	} else {
		refuse(r, c);
	}
	if (r->backs == 0)
		op_begin_behind(r);
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
	} else if (op->phase == PHASE_MEMBERS) {
		start(r, op); /* another one may have become live, and is to answer, too */
	} else if (op->phase == PHASE_CONFIRM) {
		confirm_done(r, c);
	} else if (BUG(created_in_parallel) && c->refused) {
		ask_about_holder(r, c);
	} else if (BUG(no_confirm) && (c->granted & op->audience)) {
		c->confirmed = c->granted;
		confirm_done(r, c);
	} else if (c->granted & op->audience) {
		confirm(r, c, c->granted);
	} else if (c->wait_ms != 0) {
		take_back(r, c, OUTCOME_SLOW_DOWN,
		          "too many accounts were made from this address in the last minute");
	} else if (c->clock) {
		take_back(r, c, OUTCOME_CLOCK, "it was begun too long ago; try again");
	} else if (c->gate != NULL) {
		take_back(r, c, c->gate->outcome, c->gate->detail);
	} else {
		take_back(r, c, OUTCOME_DISK_FULL, "no replica has room for it");
	}
}

/* The look-up about the holder, or the log-in, has ended. */
static void child(struct replication *r, struct op *op, struct op *ended)
{
	struct create *c = (struct create *)op;
	struct result *result;

	if (op->phase == PHASE_LOGIN) {
		result = op_result(r, op, OUTCOME_OK, "");
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
		          ended->outcome == OUTCOME_STOPPED
		                  ? op_stopped
		                  : "no replica is left that could say whether it was made");
	} else if (((struct lookup *)ended)->count > 0) {
		take_back(r, c, OUTCOME_NAME_TAKEN, "the name is taken");
	} else if (!op->audience) {
		op_resume(r, op); /* waits, and begins again */
	} else if (op->phase == PHASE_CONFIRM) {
		confirm(r, c, c->refused);
	} else {
		op->done &= (uint8_t)~c->refused; /* step asks them again */
		c->refused = 0;
		op_resume(r, op);
	}
}

static void suspected(struct replication *r, struct op *op)
{
	struct create *c = (struct create *)op;

	if (c->back)
		tombstone_forget(r, &c->made.account.id);
}

/* Nothing goes on behind it: the taking back is what replicas ended of. */
static void stopped(struct replication *r, struct op *op, struct result *result)
{
	struct create *c = (struct create *)op;

	if (c->back) {
		r->backs--;
		c->back = false;
	}
	op_end(r, op, result);
	if (r->backs == 0)
		op_begin_behind(r);
}

static void expired(struct replication *r, struct op *op, struct result *result)
{
	struct create *c = (struct create *)op;

	if (c->back)
		op_tell_result(r, op, result); /* taking back goes on behind it */
	else
		op_end(r, op, result);
}

static void release(struct replication *r, struct op *op)
{
	struct create *c = (struct create *)op;

	(void)r;
	explicit_bzero(&c->made, sizeof c->made);
	explicit_bzero(c->password, sizeof c->password);
	explicit_bzero(&c->invitation, sizeof c->invitation);
}

const struct op_row create_row = {
	.name = "create",
	.size = sizeof(struct create),
	.command = create_command,
	.start = start,
	.stretched = stretched,
	.reply = reply,
	.advance = advance,
	.step = step,
	.child = child,
	.expired = expired,
	.suspected = suspected,
	.stopped = stopped,
	.release = release,
};
