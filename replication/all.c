/* SPDX-License-Identifier: MIT
 *
 * all: a message to all other accounts.
 *
 * A broadcast is a walk through the joined list of accounts (list.c): a page, one send to the
 * accounts of that page (send.c), the next page. Those of a page whose mailbox was full are looked
 * up first, because only a look-up says that there is room again; one that is full is left out, and
 * the result says so.
 *
 * It is sent in the session in which it was said. If that session ends on the way, or nobody is
 * left to ask, the rest is not sent, and the outcome is unknown if anybody may have got it.
 */
#include "replication/private.h"

#include <string.h>

struct all {
	struct op op;
	struct list_cursor cursor;
	struct ulid by; /* the session in which it was said */
	uint8_t *text;
	uint32_t text_size;
	bool is_notice;
	struct send_sum sum;
	struct id ids[LIST_COUNT_MAX]; /* of this page, who gets it */
	uint32_t count;
};

static struct result *all_result(struct replication *r, const struct all *a, enum outcome outcome)
{
	struct result *result = op_result(r, &a->op, outcome, send_explain(outcome));

	result->stored = a->sum.stored;
	result->online = a->sum.online;
	return result;
}

static void all_progress(struct replication *r, const struct all *a)
{
	struct action *progress = replication_act(r, ACTION_PROGRESS, NULL);

	progress->done = a->sum.stored;
	progress->token = a->op.token;
}

/* Ends before everybody was written to. */
static void all_stop(struct replication *r, struct all *a, enum outcome outcome)
{
	bool is_stopped = outcome == OUTCOME_STOPPED;
	struct result *result;

	if (a->sum.stored || a->sum.outcome == OUTCOME_UNKNOWN || a->sum.outcome == OUTCOME_STOPPED)
		outcome = OUTCOME_UNKNOWN;
	result = all_result(r, a, outcome);
	if (is_stopped)
		result->detail = op_stopped;
	op_end(r, &a->op, result);
}

/* The next page; the result if that was the last one. */
static void all_next(struct replication *r, struct all *a)
{
	struct result *result;

	if (!a->cursor.last) {
		list_page_new(r, &a->op, &a->cursor);
		return;
	}
	if (a->sum.outcome == OUTCOME_OK && a->sum.stored && a->sum.copies < r->options.min_copies)
		a->sum.outcome = OUTCOME_UNKNOWN; /* stored, but not as often as was asked for */
	result = all_result(r, a, a->sum.outcome);
	result->copies = a->sum.stored ? a->sum.copies : 0;
	all_progress(r, a);
	op_end(r, &a->op, result);
}

static void all_start(struct replication *r, struct op *op)
{
	struct all *a = (struct all *)op;

	if (!op_too_few(r, op))
		all_next(r, a);
}

static void all_command(struct replication *r, struct op *op, const struct command *command)
{
	struct all *a = (struct all *)op;

	a->text = pool_alloc(&r->pool, command->text.size);
	memcpy(a->text, command->text.data, command->text.size);
	a->text_size = (uint32_t)command->text.size;
	a->is_notice = command->is_notice;
	a->by = r->session.ulid;
	a->sum.copies = REPLICAS;
	op_begin(r, op);
}

/* Those who are to get it are known: sends it to them. */
static void all_chunk(struct replication *r, struct all *a)
{
	if (!login_session_is(r, &a->by))
		all_stop(r, a, OUTCOME_NOT_LOGGED_IN);
	else if (a->count > 0)
		send_chunk(r, &a->op, &a->by, a->ids, a->count, view_of(a->text, a->text_size),
		           a->is_notice);
	else
		all_next(r, a);
}

/* The accounts of a page but ourselves; those whose mailbox was full are looked up first. */
static void all_listed(struct replication *r, struct all *a, const struct list_page *page)
{
	a->count = 0;
	for (uint32_t i = 0; i < page->count && login_session_is(r, &a->by); i++) {
		const struct id *id = &page->users[i].id;
		const struct outbound *outbound = map_get(&r->outbounds, view_of(id, ID_SIZE));

		if (id_equal(id, &r->session.id))
			continue;
		if (outbound != NULL && outbound->full)
			(void)lookup_id_new(r, &a->op, id, NULL);
		else
			a->ids[a->count++] = *id;
	}
	if (a->op.children == 0)
		all_chunk(r, a);
}

/* One whose mailbox was full. */
static void all_looked(struct replication *r, struct all *a, const struct lookup *l)
{
	if (l->found >= 0 && l->accounts[0].share < SHARE_FULL) {
		outbound_get(r, &l->id)->full = false;
		a->ids[a->count++] = l->id;
	} else if (l->found >= 0) {
		if (a->sum.outcome == OUTCOME_OK)
			a->sum.outcome = OUTCOME_MAILBOX_FULL;
	}
	if (a->op.children == 0)
		all_chunk(r, a);
}

/* A page, a look-up, or a send has ended. What it was written to, the broadcast was written to. */
static void all_child(struct replication *r, struct op *op, struct op *ended)
{
	struct all *a = (struct all *)op;

	op->written |= ended->written;
	if (ended->row == &send_row) {
		send_chunk_sum(ended, &a->sum);
		all_progress(r, a);
		if (ended->outcome == OUTCOME_NOT_LOGGED_IN ||
		    ended->outcome == OUTCOME_NO_REPLICA || ended->outcome == OUTCOME_STOPPED)
			all_stop(r, a, ended->outcome);
		else
			all_next(r, a);
	} else if (ended->outcome != OUTCOME_OK) {
		if (op->children == 0)
			all_stop(r, a, op_unreached(ended));
	} else if (ended->row == &list_page_row) {
		all_listed(r, a, (struct list_page *)ended);
	} else {
		all_looked(r, a, (struct lookup *)ended);
	}
}

static void all_release(struct replication *r, struct op *op)
{
	pool_free(&r->pool, ((struct all *)op)->text);
}

const struct op_row all_row = {
	.name = "send to all",
	.size = sizeof(struct all),
	.command = all_command,
	.start = all_start,
	.child = all_child,
	.release = all_release,
};
