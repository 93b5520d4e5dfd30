/* SPDX-License-Identifier: MIT
 *
 * replication: where commands and events come in, and how each of them is brought to its end. See
 * replication/replication.h for the whole, and replication/private.h for the parts.
 *
 * An event is given to the part that it is for, which changes what that part knows and leaves marks
 * for the others. Then replication_settle goes through the marks until none is left, so an event is
 * over when its call returns.
 */
#include "replication/replication.h"

#include "replication/private.h"

#include "base/sha256.h"

#include <assert.h>
#include <string.h>

static const char *const codes[OUTCOME_END] = {
	[OUTCOME_OK] = "ok",
	[OUTCOME_NAME_TAKEN] = "name-taken",
	[OUTCOME_BAD_NAME] = "bad-name",
	[OUTCOME_NO_SUCH_USER] = "no-such-user",
	[OUTCOME_WRONG_PASSWORD] = "wrong-password",
	[OUTCOME_ALREADY_LOGGED_IN] = "already-logged-in",
	[OUTCOME_NOT_LOGGED_IN] = "not-logged-in",
	[OUTCOME_LOGGED_IN] = "logged-in",
	[OUTCOME_TOO_LONG] = "too-long",
	[OUTCOME_BAD_TEXT] = "bad-text",
	[OUTCOME_MAILBOX_FULL] = "mailbox-full",
	[OUTCOME_DISK_FULL] = "disk-full",
	[OUTCOME_TOO_FEW_REPLICAS] = "too-few-replicas",
	[OUTCOME_NAME_CHANGED] = "name-changed",
	[OUTCOME_CLOCK] = "clock",
	[OUTCOME_UNKNOWN_COMMAND] = "unknown-command",
	[OUTCOME_USAGE] = "usage",
	[OUTCOME_NO_REPLICA] = "no-replica",
	[OUTCOME_UNKNOWN] = "unknown-outcome",
	[OUTCOME_DIFFERENT_TEXT] = "different-text",
	[OUTCOME_SEVERAL] = "several-users",
	[OUTCOME_SLOW_DOWN] = "slow-down",
	[OUTCOME_REGISTRATION_CLOSED] = "registration-closed",
	[OUTCOME_INVITATION_NEEDED] = "invitation-needed",
	[OUTCOME_INVITATION_EXPIRED] = "invitation-expired",
	[OUTCOME_INVITATION_WRONG] = "invitation-wrong",
	[OUTCOME_STOPPED] = "not-repeated",
};

const char *outcome_code(enum outcome outcome)
{
	assert(outcome < OUTCOME_END);
	return codes[outcome];
}

/* ---- settling ---- */

/* ACTION_READY, once: each replica has become live or failed, or has had time enough to. */
static void settle_ready(struct replication *r)
{
	uint8_t known = r->live;

	if (r->ready || !r->live)
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].failed_once)
			known |= BIT(i);
	if (known != ALL_REPLICAS && r->now_ms < r->started_ms + r->options.reply_timeout_ms)
		return;
	r->ready = true;
	replication_act(r, ACTION_READY, NULL);
}

/* All three have contradicted the protocol: what waits for a live replica waits for nothing. */
static bool all_lie(const struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].state != REPLICA_DOWN || !r->replicas[i].lies)
			return false;
	return true;
}

/* What an event has left to do, until nothing is left: first replicas, then requests, then what was
 * received. A replica that is doubted is dead before any request counts its answer. */
static void replication_settle(struct replication *r)
{
	for (;;) {
		if (r->has_ends)
			login_session_settle(r);
		if (r->unsettled)
			replica_settle(r);
		if (op_settle_next(r))
			continue;
		op_restart(r);
		if (all_lie(r))
			op_give_up(r);
		logout_settle(r);
		if (r->settle_first == NULL)
			mailbox_settle(r);
		if (r->settle_first == NULL)
			break;
	}
	settle_ready(r);
}

/* ---- commands ---- */

/* What each command is, and when it may be given. */
struct command_rule {
	const struct op_row *row;
	bool logged_in;  /* must be */
	bool logged_out; /* must be */
};

static const struct command_rule command_rules[COMMAND_KIND_END] = {
	[COMMAND_CREATE] = { &create_row, false, true },
	[COMMAND_LOGIN] = { &login_row, false, true },
	[COMMAND_LOGOUT] = { &logout_row, true, false },
	[COMMAND_DELETE] = { &delete_row, true, false },
	[COMMAND_PASSWORD] = { &password_row, true, false },
	[COMMAND_LIST] = { &list_row, false, false },
	[COMMAND_LOOK] = { &look_row, false, false },
	[COMMAND_SEND] = { &send_row, true, false },
	[COMMAND_ALL] = { &all_row, true, false },
	[COMMAND_REPLICAS] = { &replicas_row, false, false },
};

static bool password_is_possible(struct view password)
{
	return password.size >= 1 && password.size <= PASSWORD_SIZE_MAX &&
	       memchr(password.data, 0, password.size) == NULL;
}

/* What can be said of a command without asking anybody: the form of its arguments. */
static enum outcome command_form(const struct command *c, const char **detail)
{
	*detail = "a name has " NAME_FORM;
	if (c->kind == COMMAND_CREATE && !name_is_valid(c->name))
		return OUTCOME_BAD_NAME;
	if ((c->kind == COMMAND_LOGIN || c->kind == COMMAND_LOOK) && !name_is_reference(c->name))
		return OUTCOME_BAD_NAME;
	for (size_t i = 0; c->kind == COMMAND_SEND && i < c->names_count; i++)
		if (!name_is_reference(c->names[i]))
			return OUTCOME_BAD_NAME;
	*detail = "a password has " PASSWORD_FORM " and no NUL";
	if (c->kind == COMMAND_CREATE || c->kind == COMMAND_LOGIN)
		if (!password_is_possible(c->password))
			return OUTCOME_USAGE;
	if (c->kind == COMMAND_PASSWORD &&
	    !(password_is_possible(c->password) && password_is_possible(c->new_password)))
		return OUTCOME_USAGE;
	if (c->kind != COMMAND_SEND && c->kind != COMMAND_ALL)
		return OUTCOME_OK;
	*detail = "a text has " TEXT_FORM;
	if (c->text.size > TEXT_SIZE_MAX)
		return OUTCOME_TOO_LONG;
	*detail = "a text is valid UTF-8, not empty and without NUL";
	return message_text_is_valid(c->text) ? OUTCOME_OK : OUTCOME_BAD_TEXT;
}

/* A creation or a log-in that has not ended: two at once would end up with one connection and two
 * accounts. */
static bool is_logging_in(const struct replication *r)
{
	for (const struct op *op = r->first_op; op != NULL; op = op->next)
		if (op->state != OP_ENDED && !op->told &&
		    (op->row == &create_row || op->row == &login_row))
			return true; /* one that is only taking back is no obstacle */
	return false;
}

uint32_t replication_command(struct replication *r, const struct command *command,
                             struct replication_time time)
{
	const struct command_rule *rule = &command_rules[command->kind];
	bool is_in = rule->logged_out && (r->session.active || is_logging_in(r));
	const char *detail;
	enum outcome outcome;
	struct op *op;
	uint32_t token;

	assert(r->magic == REPLICATION_MAGIC);
	assert(command->kind < COMMAND_KIND_END);
	r->now_ms = time.monotonic_ms;
	op = op_new(r, rule->row, NULL);
	token = ++r->token ? r->token : ++r->token;
	op->token = token;
	op->kind = command->kind;
	outcome = command_form(command, &detail);
	if (outcome != OUTCOME_OK)
		op_refuse(r, op, outcome, detail);
	else if (rule->logged_in && !r->session.active)
		op_refuse(r, op, OUTCOME_NOT_LOGGED_IN, "log in first");
	else if (is_in)
		op_refuse(r, op, OUTCOME_LOGGED_IN, "log out first");
	else
		rule->row->command(r, op, command);
	replication_settle(r);
	return token;
}

/* ---- events ---- */

struct replication *replication_new(const struct replication_options *options,
                                    struct replication_time time)
{
	struct replication *r = memory_alloc_zero(1, sizeof *r);
	uint8_t secret[SHA256_SIZE];

	r->magic = REPLICATION_MAGIC;
	r->options = *options;
	if (!r->options.reply_timeout_ms)
		r->options.reply_timeout_ms = REPLY_TIMEOUT_MS;
	if (r->options.handed_count_max == 0)
		r->options.handed_count_max = HANDED_COUNT_MAX;
	r->now_ms = time.monotonic_ms;
	r->started_ms = r->now_ms;
	r->leader = -1;
	r->changes = 1;
	r->grace_ms = UINT64_MAX;
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_init(r, i);
	/* Senders choose their sessions, and others choose names. */
	sha256(r->options.seed, KEY_SIZE, secret);
	r->contacts.secret = r->outbounds.secret = siphash_key_from(secret);
	r->persons.secret = r->streams.secret = siphash_key_from(secret);
	return r;
}

void replication_free(struct replication *r)
{
	if (r == NULL)
		return;
	assert(r->magic == REPLICATION_MAGIC);
	op_release(r);
	login_session_clear(r);
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_release(r, i);
	stream_release(r);
	contact_release(r);
	replication_act_release(r);
	handed_drop(r);
	pool_release(&r->pool);
	explicit_bzero(r, sizeof *r); /* keys, and the seed of all that was drawn */
	memory_free(r);
}

void replication_connected(struct replication *r, uint32_t index, struct replication_time time)
{
	assert(index < REPLICAS);
	r->now_ms = time.monotonic_ms;
	replica_connected(r, index);
	replication_settle(r);
}

void replication_failed(struct replication *r, uint32_t index, const char *why,
                        struct replication_time time)
{
	assert(index < REPLICAS);
	r->now_ms = time.monotonic_ms;
	replica_failed(r, index, why);
	replication_settle(r);
}

size_t replication_input(struct replication *r, uint32_t index, struct view bytes,
                         struct replication_time time)
{
	size_t used;

	assert(index < REPLICAS);
	r->now_ms = time.monotonic_ms;
	used = replica_input(r, index, bytes);
	replication_settle(r);
	/* The rest of what a dead one has sent is of no use. */
	return r->replicas[index].state > REPLICA_DIALLING ? used : bytes.size;
}

void replication_stretched(struct replication *r, uint32_t token, const uint8_t *stretched,
                           struct replication_time time)
{
	assert(token != 0); /* nobody else is asked for one */
	r->now_ms = time.monotonic_ms;
	for (struct op *op = r->first_op; op != NULL; op = op->next)
		if (op->token == token && op->state != OP_ENDED) {
			op->row->stretched(r, op, stretched);
			break;
		}
	replication_settle(r);
}

void replication_tick(struct replication *r, struct replication_time time)
{
	assert(r->magic == REPLICATION_MAGIC);
	assert(time.monotonic_ms >= r->now_ms);
	r->now_ms = time.monotonic_ms;
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_tick(r, i);
	op_tick(r);
	mailbox_tick(r);
	replication_settle(r);
}

void replication_shown(struct replication *r, uint64_t serial, struct replication_time time)
{
	assert(r->magic == REPLICATION_MAGIC);
	r->now_ms = time.monotonic_ms;
	handed_shown(r, serial);
	replication_settle(r);
}

void replication_blind(struct replication *r, struct replication_time time)
{
	assert(r->magic == REPLICATION_MAGIC);
	r->now_ms = time.monotonic_ms;
	r->is_blind = true;
	handed_drop(r);
	stream_drop_received(r);
	mailbox_clear(r);
	replication_settle(r);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t replication_deadline(const struct replication *r)
{
	uint64_t deadline = earlier(earlier(stream_deadline(r), r->grace_ms), op_deadline(r));

	if (!r->ready && r->live)
		deadline = earlier(deadline, r->started_ms + r->options.reply_timeout_ms);
	for (uint32_t i = 0; i < REPLICAS; i++)
		deadline = earlier(deadline, replica_deadline(r, i));
	return deadline;
}

/* ---- questions ---- */

bool replication_logged_in(const struct replication *r, char name[DISPLAY_SIZE])
{
	if (r->session.active)
		memcpy(name, r->session.display, DISPLAY_SIZE);
	return r->session.active;
}

int replication_leader(const struct replication *r)
{
	return r->leader;
}

uint32_t replication_live(const struct replication *r)
{
	return replica_count(r->live);
}

const char *replication_why(const struct replication *r, uint32_t index)
{
	assert(index < REPLICAS);
	return r->replicas[index].why;
}

bool replication_idle(const struct replication *r)
{
	return op_is_idle(r) && !r->merging && r->held == NULL && r->handed.count == 0 &&
	       stream_is_idle(r);
}

void replication_check(const struct replication *r)
{
	assert(r->magic == REPLICATION_MAGIC);
	assert(!(r->live & ~ALL_REPLICAS));
	assert(r->leader == (r->live ? (int)replica_first(r->live) : -1));
	for (uint32_t i = 0; i < REPLICAS; i++)
		assert(!!(r->live & BIT(i)) == (r->replicas[i].state == REPLICA_LIVE));
	for (uint32_t i = 0; i < REPLICAS; i++)
		assert(r->replicas[i].tell_first == NULL || (replication_joined(r) & BIT(i)));
	replica_check(r);
	op_check(r);
	assert(r->merge_for == NULL || r->merging);
	assert(r->handed.count <= r->options.handed_count_max);
	assert(r->handed.count > 0 || r->handed_size == 0);
	assert(!r->is_blind || (r->held == NULL && !r->merging));
}
