/* SPDX-License-Identifier: MIT
 *
 * replication: commands in, actions out, and requests as such: who is asked, who has answered,
 * waiting for a live replica. See replication/replication.h and replication/private.h.
 */
#include "replication/replication.h"

#include "base/bug.h"
#include "replication/private.h"
#include "base/sha256.h"

#include <assert.h>
#include <string.h>

enum { REPLICATION_MAGIC = 0x33464c44 };

/* ---- small things ---- */

uint32_t replica_count(uint8_t mask)
{
	return (uint32_t)(mask & 1) + (uint32_t)(mask >> 1 & 1) + (uint32_t)(mask >> 2 & 1);
}

uint32_t replica_first(uint8_t mask)
{
	assert(mask & ALL_REPLICAS);
	return mask & 1 ? 0 : mask & 2 ? 1 : 2;
}

/* SHA-256 of (seed, counter): 32 bytes a step. */
void replication_random(struct replication *r, void *to, size_t size)
{
	uint8_t *at = to;

	while (size > 0) {
		uint8_t block[KEY_SIZE + 8];
		uint8_t digest[SHA256_SIZE];
		size_t part = size < sizeof digest ? size : sizeof digest;

		memcpy(block, r->options.seed, KEY_SIZE);
		put_u64(block + KEY_SIZE, r->random_count++);
		sha256(block, sizeof block, digest);
		memcpy(at, digest, part);
		at += part;
		size -= part;
	}
}

void display_name(char to[DISPLAY_SIZE], struct view name, const struct id *id, bool plain)
{
	char text[ID_TEXT_SIZE + 1];

	assert(name.size <= NAME_SIZE_MAX);
	memcpy(to, name.data, name.size);
	to[name.size] = '\0';
	if (plain)
		return;
	id_to_text(id, text);
	to[name.size] = '~';
	memcpy(to + name.size + 1, text + ID_TEXT_SIZE - ID_SUFFIX_SIZE, ID_SUFFIX_SIZE);
	to[name.size + 1 + ID_SUFFIX_SIZE] = '\0';
}

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
};

const char *outcome_code(enum outcome outcome)
{
	assert(outcome < OUTCOME_END);
	return codes[outcome];
}

/* ---- actions ---- */

struct action *replication_act(struct replication *r, enum action_kind kind, void *owned)
{
	struct queued *q;

	if (r->actions_count == r->actions_capacity) {
		uint32_t capacity = r->actions_capacity ? r->actions_capacity * 2 : 16;
		struct queued *ring = memory_alloc(capacity * sizeof *ring);

		for (uint32_t i = 0; i < r->actions_count; i++)
			ring[i] = r->actions[(r->actions_first + i) % r->actions_capacity];
		memory_free(r->actions);
		r->actions = ring;
		r->actions_first = 0;
		r->actions_capacity = capacity;
	}
	q = &r->actions[(r->actions_first + r->actions_count) % r->actions_capacity];
	r->actions_count++;
	memset(q, 0, sizeof *q);
	q->action.kind = kind;
	q->owned = owned;
	return &q->action;
}

bool replication_next(struct replication *r, struct action *action)
{
	struct queued *q;

	assert(r->magic == REPLICATION_MAGIC);
	memory_free(r->owned);
	r->owned = NULL;
	if (r->actions_count == 0)
		return false;
	q = &r->actions[r->actions_first];
	r->actions_first = (r->actions_first + 1) % r->actions_capacity;
	r->actions_count--;
	*action = q->action;
	r->owned = q->owned;
	return true;
}

/* ---- requests ---- */

struct op *op_new(struct replication *r, const struct op_row *row, struct op *parent)
{
	struct op *op = memory_alloc_zero(1, row->size);

	assert(row->size >= sizeof *op);
	op->row = row;
	op->parent = parent;
	if (parent)
		parent->children++;
	op->previous = r->last_op;
	if (r->last_op)
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
	if (op->row->release)
		op->row->release(op);
	if (op->previous)
		op->previous->next = op->next;
	else
		r->first_op = op->next;
	if (op->next)
		op->next->previous = op->previous;
	else
		r->last_op = op->previous;
	memory_free(op);
}

static void bound_wait(const struct replication *r, struct op *op)
{
	op->wait_until_ms = UINT64_MAX;
	if (r->options.wait_ms && !op->silent)
		op->wait_until_ms = r->now_ms + r->options.wait_ms;
}

static void op_wait(struct replication *r, struct op *op)
{
	op->asking = false;
	op->done = 0;
	if (op->waiting)
		return;
	op->waiting = true;
	r->waiting_ops = true;
	bound_wait(r, op);
}

void op_stand_behind(struct replication *r, struct op *op)
{
	op->behind = true;
	bound_wait(r, op);
}

void op_begin(struct replication *r, struct op *op)
{
	if (r->live)
		op->row->start(r, op);
	else
		op_wait(r, op);
}

bool op_audience(struct replication *r, struct op *op)
{
	op->audience = r->live;
	op->done = 0;
	op->asking = true;
	if (!op->audience)
		op_wait(r, op);
	return op->audience != 0;
}

void op_ask(struct replication *r, struct op *op, uint32_t index, const struct frame *frame)
{
	assert(op->audience & BIT(index));
	op->done &= (uint8_t)~BIT(index);
	op->written |= BIT(index);
	op->asking = true;
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

void op_settle(struct replication *r, struct op *op)
{
	if (op->settling)
		return;
	op->settling = true;
	op->settle_next = NULL;
	if (r->settle_last)
		r->settle_last->settle_next = op;
	else
		r->settle_first = op;
	r->settle_last = op;
}

struct result *op_result(const struct op *op, enum outcome outcome, const char *detail)
{
	struct result *result = memory_alloc_zero(1, sizeof *result);

	result->token = op->token;
	result->kind = op->kind;
	result->outcome = outcome;
	result->detail = detail;
	result->audience = replica_count(op->audience);
	return result;
}

void op_tell_result(struct replication *r, struct op *op, struct result *result)
{
	assert(!op->silent);
	if (op->token)
		replication_act(r, ACTION_RESULT, result)->result = result;
	else
		memory_free(result);
	op->silent = true;
	op->wait_until_ms = UINT64_MAX;
}

void op_end(struct replication *r, struct op *op, struct result *result)
{
	struct op *parent = op->parent;

	assert(!op->ended);
	if (result)
		op->outcome = result->outcome;
	if (result && !op->silent)
		op_tell_result(r, op, result);
	else
		memory_free(result);
	op->ended = true;
	op->asking = false;
	op->waiting = false;
	if (parent) {
		parent->children--;
		op->parent = NULL;
		parent->row->child(r, parent, op);
	}
	op_settle(r, op); /* freed there: nobody is inside it then */
}

void op_refuse(struct replication *r, struct op *op, enum outcome outcome, const char *detail)
{
	op_end(r, op, op_result(op, outcome, detail));
}

bool op_too_few(struct replication *r, struct op *op)
{
	if (replica_count(r->live) >= r->options.min_copies)
		return false;
	op_refuse(r, op, OUTCOME_TOO_FEW_REPLICAS,
	          "fewer replicas are live than the copies asked for; nothing was sent");
	return true;
}

static void settle_one(struct replication *r, struct op *op)
{
	if (op->ended) {
		op_free(r, op);
		return;
	}
	if (!op->asking)
		return;
	if (!op->audience) {
		if (op->row->emptied)
			op->row->emptied(r, op);
		else
			op_wait(r, op);
		return;
	}
	if (op->done == op->audience) {
		op->asking = false;
		op->row->advance(r, op);
	} else if (op->row->step) {
		op->row->step(r, op);
	}
}

static void restart_waiting(struct replication *r)
{
	struct op *next;

	if (!r->waiting_ops || !r->live)
		return;
	r->waiting_ops = false;
	for (struct op *op = r->first_op; op; op = next) {
		next = op->next;
		if (!op->waiting || op->ended || (BUG(audience_never_again) && op->written))
			continue;
		op->waiting = false;
		op->restarted = op->restarted || op->written;
		op->row->start(r, op);
	}
}

static void settle_ready(struct replication *r)
{
	bool all = true;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (!(r->live & BIT(i)) && !r->replicas[i].failed_once)
			all = false;
	if (r->ready || !r->live)
		return;
	if (!all && r->now_ms < r->started_ms + r->options.reply_timeout_ms)
		return;
	r->ready = true;
	replication_act(r, ACTION_READY, NULL);
}

void replication_settle(struct replication *r)
{
	for (;;) {
		while (r->settle_first) {
			struct op *op = r->settle_first;

			r->settle_first = op->settle_next;
			if (!r->settle_first)
				r->settle_last = NULL;
			op->settling = false;
			settle_one(r, op);
		}
		for (uint32_t i = 0; i < REPLICAS; i++)
			if (r->replicas[i].overflow)
				replica_die(r, i, "takes nothing that is written to it");
		restart_waiting(r);
		if (r->settle_first)
			continue;
		mailbox_settle(r);
		if (!r->settle_first)
			break;
	}
	settle_ready(r);
}

/* ---- commands ---- */

struct command_rule {
	const struct op_row *row;
	void (*begin)(struct replication *r, struct op *op, const struct command *command);
	bool logged_in;  /* must be */
	bool logged_out; /* must be */
};

static const struct command_rule command_rules[COMMAND_KIND_END] = {
	[COMMAND_CREATE] = { &create_row, create_command, false, true },
	[COMMAND_LOGIN] = { &login_row, login_command, false, true },
	[COMMAND_LOGOUT] = { &logout_row, logout_command, true, false },
	[COMMAND_DELETE] = { &delete_row, delete_command, true, false },
	[COMMAND_LIST] = { &list_row, list_command, false, false },
	[COMMAND_SEND] = { &send_row, send_command, true, false },
	[COMMAND_ALL] = { &all_row, all_command, true, false },
	[COMMAND_REPLICAS] = { &replicas_row, replicas_command, false, false },
};

/* What can be said of a command without asking anybody: the form of its arguments. */
static enum outcome command_form(const struct command *c, const char **detail)
{
	*detail = "a name has 1 to 32 of A-Z a-z 0-9 _ . - and does not begin with - or a dot";
	if (c->kind == COMMAND_CREATE && !name_is_valid(c->name))
		return OUTCOME_BAD_NAME;
	if (c->kind == COMMAND_LOGIN && !lookup_form(c->name))
		return OUTCOME_BAD_NAME;
	for (size_t i = 0; c->kind == COMMAND_SEND && i < c->names_count; i++)
		if (!lookup_form(c->names[i]))
			return OUTCOME_BAD_NAME;
	*detail = "a password has 1 to 511 bytes and no NUL";
	if (c->kind == COMMAND_CREATE || c->kind == COMMAND_LOGIN)
		if (c->password.size < 1 || c->password.size > PASSWORD_SIZE_MAX ||
		    memchr(c->password.data, 0, c->password.size))
			return OUTCOME_USAGE;
	if (c->kind != COMMAND_SEND && c->kind != COMMAND_ALL)
		return OUTCOME_OK;
	*detail = "a text has at most 65536 bytes";
	if (c->text.size > TEXT_SIZE_MAX)
		return OUTCOME_TOO_LONG;
	*detail = "a text is valid UTF-8, not empty and without NUL";
	return text_is_valid(c->text) ? OUTCOME_OK : OUTCOME_BAD_TEXT;
}

/* A creation or a log in that has not ended: two at once would end up with one connection and two
 * accounts. */
static bool is_logging_in(const struct replication *r)
{
	for (const struct op *op = r->first_op; op; op = op->next)
		if (!op->ended && !op->silent && (op->row == &create_row || op->row == &login_row))
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
		rule->begin(r, op, command);
	replication_settle(r);
	return token;
}

/* ---- events ---- */

struct replication *replication_new(const struct replication_options *options,
                                    struct replication_time time)
{
	struct replication *r = memory_alloc_zero(1, sizeof *r);

	r->magic = REPLICATION_MAGIC;
	r->options = *options;
	if (!r->options.reply_timeout_ms)
		r->options.reply_timeout_ms = REPLY_TIMEOUT_MS;
	r->now_ms = time.monotonic_ms;
	r->started_ms = r->now_ms;
	r->leader = -1;
	r->grace_ms = UINT64_MAX;
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_init(r, i);
	return r;
}

void replication_free(struct replication *r)
{
	struct op *next;

	if (!r)
		return;
	assert(r->magic == REPLICATION_MAGIC);
	for (struct op *op = r->first_op; op; op = next) {
		next = op->next;
		if (op->row->release)
			op->row->release(op);
		memory_free(op);
	}
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_release(r, i);
	mailbox_release(r);
	stream_release(r);
	login_session_clear(r);
	for (uint32_t place = 0;;) {
		void *contact = map_next(&r->contacts, &place);

		if (!contact)
			break;
		memory_free(contact);
	}
	map_clear(&r->contacts);
	for (uint32_t i = 0; i < r->actions_count; i++)
		memory_free(r->actions[(r->actions_first + i) % r->actions_capacity].owned);
	memory_free(r->actions);
	memory_free(r->owned);
	r->magic = 0;
	memory_free(r);
}

void replication_stretched(struct replication *r, uint32_t token, const uint8_t *stretched,
                           struct replication_time time)
{
	assert(token != 0); /* nobody else is asked for one */
	r->now_ms = time.monotonic_ms;
	for (struct op *op = r->first_op; op; op = op->next) {
		if (op->token != token || op->ended)
			continue;
		if (op->row == &create_row)
			create_stretched(r, op, stretched);
		else
			login_stretched(r, op, stretched);
		break;
	}
	replication_settle(r);
}

static void expire(struct replication *r, struct op *op)
{
	struct result *result = op_result(op, OUTCOME_NO_REPLICA, "no replica could be reached");

	if (op->written) {
		result->outcome = OUTCOME_UNKNOWN;
		result->detail = "no replica is left that could say whether it took effect";
	}
	if (op->row->expired)
		op->row->expired(r, op, result);
	else
		op_end(r, op, result);
}

void replication_tick(struct replication *r, struct replication_time time)
{
	struct op *next;

	assert(r->magic == REPLICATION_MAGIC);
	assert(time.monotonic_ms >= r->now_ms);
	r->now_ms = time.monotonic_ms;
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_tick(r, i);
	for (struct op *op = r->first_op; op; op = next) {
		next = op->next;
		if ((op->waiting || op->behind) && !op->ended && r->now_ms >= op->wait_until_ms)
			expire(r, op);
	}
	mailbox_tick(r);
	replication_settle(r);
}

uint64_t replication_deadline(const struct replication *r)
{
	uint64_t told_ms = stream_deadline(r);
	uint64_t deadline = told_ms < r->grace_ms ? told_ms : r->grace_ms;

	if (!r->ready && r->live && r->started_ms + r->options.reply_timeout_ms < deadline)
		deadline = r->started_ms + r->options.reply_timeout_ms;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (replica_deadline(r, i) < deadline)
			deadline = replica_deadline(r, i);
	if (r->waiting_ops || r->backs)
		for (const struct op *op = r->first_op; op; op = op->next)
			if ((op->waiting || op->behind) && !op->ended &&
			    op->wait_until_ms < deadline)
				deadline = op->wait_until_ms;
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

bool replication_idle(const struct replication *r)
{
	for (const struct op *op = r->first_op; op; op = op->next)
		if (!op->ended && !(op->silent && op->waiting)) /* which nobody waits for */
			return false;
	return !r->merging && !r->held && stream_is_idle(r);
}

/* The middle of three offsets; of two the leader's; of one that. */
uint64_t replication_clock(const struct replication *r, struct replication_time time)
{
	int64_t offsets[REPLICAS];
	uint32_t count = 0;
	int64_t middle;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].clock_known && (!r->live || (r->live & BIT(i))))
			offsets[count++] = r->replicas[i].clock_offset_ms;
	if (count == 0)
		return 0;
	middle = offsets[0];
	if (count == 3) {
		int64_t low = offsets[0] < offsets[1] ? offsets[0] : offsets[1];
		int64_t high = offsets[0] < offsets[1] ? offsets[1] : offsets[0];

		middle = offsets[2] < low ? low : offsets[2] > high ? high : offsets[2];
	}
	middle += (int64_t)time.monotonic_ms;
	return middle < 1                          ? 1
	       : (uint64_t)middle > ID_TIME_MS_MAX ? ID_TIME_MS_MAX
	                                           : (uint64_t)middle;
}

uint64_t replication_now(const struct replication *r)
{
	return replication_clock(r, (struct replication_time){ r->now_ms });
}

void replication_check(const struct replication *r)
{
	assert(r->magic == REPLICATION_MAGIC);
	assert(!(r->live & ~ALL_REPLICAS));
	assert(r->leader == (r->live ? (int)replica_first(r->live) : -1));
	for (uint32_t i = 0; i < REPLICAS; i++)
		assert(!!(r->live & BIT(i)) == (r->replicas[i].state == REPLICA_LIVE));
	for (uint32_t i = 0; i < REPLICAS; i++)
		assert(!r->replicas[i].tell_first || (replication_joined(r) & BIT(i)));
	for (const struct op *op = r->first_op; op; op = op->next) {
		assert(!(op->audience & ~r->live) || op->settling || op->waiting || !op->asking);
		assert(!(op->done & ~op->audience) || !op->asking);
		assert(!op->waiting || !op->asking);
	}
	assert(!r->merge_waits || r->merging);
}
