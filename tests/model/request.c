/* SPDX-License-Identifier: MIT
 *
 * A client: it multicasts, waits until each of its audience has replied or died, and joins what
 * they said (replication/replication.c). Here are its life, the look-up, and what needs one round
 * trip: send, delete.
 *
 * One request is under way at a time; what it waits for stands in `q`. An audience that became
 * empty waits for a live replica and begins the request again.
 */
#include "tests/model/model.h"

#include <string.h>

const struct operation_row *client_row(const struct world *w, unsigned c)
{
	return &setting.script->rows[c][w->clients[c].at];
}

/* ---- writing ---- */

void client_ask(struct world *w, unsigned c, unsigned r, struct frame frame)
{
	struct connection *k = &w->connections[c][r];
	char name[48];

	if (narrating) {
		frame_name(&frame, false, name);
		SAY(" [%c: %s to r%u]", 'A' + (int)c, name, r);
	}
	if (!k->client_open || !k->replica_open)
		return;
	if (k->up.count == UP_MAX) {
		broken(w, QUEUE_FULL);
		return;
	}
	k->up.frames[k->up.count++] = frame;
}

void client_multicast(struct world *w, unsigned c, uint8_t to, struct frame frame)
{
	for (unsigned r = 0; r < REPLICAS; r++)
		if (has(to, r))
			client_ask(w, c, r, frame);
}

void client_tell_tombstones(struct world *w, unsigned c, unsigned r, uint8_t accounts)
{
	for (unsigned x = 0; x < ACCOUNTS; x++)
		if (has(accounts, x))
			client_ask(w, c, r, (struct frame){ DELETE, (uint8_t)x, 1, 0 });
}

/* ---- look up ---- */

/* By name, or (HOLDER) whether the holder that a replica named is gone. */
void request_look(struct world *w, unsigned c, enum phase phase)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;

	q->phase = (uint8_t)phase;
	q->look_audience = k->live;
	q->look_done = 0;
	q->confirmed_somewhere = q->gone_somewhere = q->largest = 0;
	memset(q->alive, 0, sizeof q->alive);
	q->was_acknowledged = q->was_deleted = 0;
	for (unsigned x = 0; x < ACCOUNTS; x++) {
		if (w->ledger.acknowledged[x])
			q->was_acknowledged |= BIT(x);
		if (w->ledger.deleted[x])
			q->was_deleted |= BIT(x);
	}
	if (phase == HOLDER)
		client_multicast(w, c, k->live, (struct frame){ LOOK_ID, BIT(q->holder), 0, 0 });
	else
		client_multicast(w, c, k->live, (struct frame){ LOOK, 0, 0, 0 });
}

static void look_hear(struct client *k, unsigned r, const struct frame *reply)
{
	struct request *q = &k->q;

	if (reply->kind == LOOK_ID) {
		if (rule(RULE_ASK_GONE))
			q->gone_somewhere |= reply->value;
		q->alive[r] |= reply->about;
	} else {
		q->alive[r] = reply->about;
		q->confirmed_somewhere |= reply->value;
		if (reply->extra > q->largest)
			q->largest = reply->extra;
	}
	q->look_done |= BIT(r);
}

static uint8_t shown_alive(const struct request *q)
{
	uint8_t set = 0;

	if (!rule(RULE_JOINED_LOOKUP)) /* the leader's word */
		return q->look_audience ? q->alive[lowest(q->look_audience)] : 0;
	for (unsigned r = 0; r < REPLICAS; r++)
		if (has(q->look_audience, r))
			set |= q->alive[r];
	return set;
}

/* Ids that some show and others did not are asked of those others. */
static void look_gone(struct world *w, unsigned c)
{
	struct request *q = &w->clients[c].q;
	uint8_t all = shown_alive(q);

	q->phase = LOOKING_GONE;
	q->look_done = 0;
	for (unsigned r = 0; r < REPLICAS; r++) {
		uint8_t left = all & NOT(q->alive[r]);

		if (!has(q->look_audience, r))
			continue;
		if (left)
			client_ask(w, c, r, (struct frame){ LOOK_ID, left, 0, 0 });
		else
			q->look_done |= BIT(r);
	}
}

/* What is gone is told to those that showed it alive. */
static void bury_found(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];

	if (!rule(RULE_TELL_REFUSER))
		return;
	for (unsigned r = 0; r < REPLICAS; r++)
		if (has(k->live & k->q.look_audience, r))
			client_tell_tombstones(w, c, r, k->q.alive[r] & k->q.gone_somewhere);
	k->kept |= k->q.gone_somewhere;
}

/* ---- send ---- */

static void send_write(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;
	uint8_t m = client_row(w, c)->about;

	if (!w->ledger.recipient[m]) {
		w->ledger.recipient[m] = k->contact;
	} else if (w->ledger.recipient[m] != k->contact) {
		SAY(" {%c: the name gives another account: outcome unknown}", 'A' + (int)c);
		request_end(w, c);
		return;
	}
	w->ledger.sent |= BIT(m);
	q->phase = SENDING;
	q->audience = k->live;
	q->wiped = q->done = q->yes = q->gone = 0;
	client_multicast(w, c, q->audience, (struct frame){ SEND, m, 0, 0 });
}

static void send_done(struct world *w, unsigned c)
{
	struct request *q = &w->clients[c].q;
	uint8_t m = client_row(w, c)->about;

	if (q->gone) {
		SAY(" {%c: the recipient is gone}", 'A' + (int)c);
		w->clients[c].contact_fresh = 0;
	} else {
		if (!q->yes)
			w->ledger.acknowledged_by_none = 1;
		w->ledger.stored[m] = (rule(RULE_SEND_ALL) ? q->yes : q->audience) & NOT(q->wiped);
		SAY(" {%c: message %d ACKNOWLEDGED by %d}", 'A' + (int)c, m, w->ledger.stored[m]);
	}
	request_end(w, c);
}

/* ---- delete ---- */

static void delete_write(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	uint8_t x = client_row(w, c)->about;

	k->q.phase = DELETING;
	k->q.audience = k->live;
	k->q.wiped = k->q.done = k->q.yes = 0;
	w->ledger.wanted_gone |= BIT(x);
	client_multicast(w, c, k->live, (struct frame){ DELETE, x, 0, 0 });
}

static void delete_done(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	uint8_t x = client_row(w, c)->about;

	w->ledger.deleted[x] = k->q.yes & NOT(k->q.wiped);
	SAY(" {%c: deletion of %d ACKNOWLEDGED by %d}", 'A' + (int)c, x, k->q.yes);
	k->kept |= BIT(x);
	request_end(w, c);
}

/* A liar: he made the account himself, dates it back, and asks nobody whether the name is free. */
static void steal(struct world *w, unsigned c)
{
	uint8_t x = client_row(w, c)->about;
	uint8_t live = w->clients[c].live;

	client_multicast(w, c, live, (struct frame){ HANDOVER, x, 0, 0 });
	client_multicast(w, c, live, (struct frame){ CONFIRM, x, 0, 0 });
	request_end(w, c);
}

/* ---- what a joined look-up leads to ---- */

static void looked(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	const struct operation_row *row = client_row(w, c);
	uint8_t candidates = shown_alive(&k->q) & NOT(k->q.gone_somewhere);
	int found = best(candidates, k->q.confirmed_somewhere);
	uint8_t own = row->about;

	bury_found(w, c);
	if (is_login(row) && found < 0 && has(candidates, own))
		found = own; /* none counts: its owner names it by its digits */
	promise_found(w, c, found);
	if (row->operation == OP_SEND && found >= 0) {
		k->contact = (uint8_t)(found + 1);
		k->contact_fresh = has(k->q.confirmed_somewhere, (unsigned)found);
		send_write(w, c);
	} else if (is_login(row) && found >= 0 &&
	           setting.script->owner[found] == setting.script->owner[own]) {
		k->q.target = (uint8_t)found;
		login_write(w, c);
	} else {
		SAY(" {%c: %s %d}", 'A' + (int)c, found < 0 ? "no such account" : "finds", found);
		request_end(w, c);
	}
}

/* ---- the course of a request ---- */

void request_end(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];

	memset(&k->q, 0, sizeof k->q);
	k->at++;
	login_go_on(w, c);
}

/* From its first step, at everybody who is live. */
void request_restart(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];

	switch (client_row(w, c)->operation) {
	case OP_CREATE:
		create_start(w, c);
		break;
	case OP_SEND:
		if (k->contact_fresh)
			send_write(w, c);
		else
			request_look(w, c, LOOKING);
		break;
	case OP_DELETE:
		delete_write(w, c);
		break;
	case OP_STEAL:
		steal(w, c);
		break;
	default:
		request_look(w, c, LOOKING);
	}
}

bool client_may_start(const struct world *w, unsigned c)
{
	const struct client *k = &w->clients[c];

	if (k->life == NOT_BEGUN)
		return true;
	return k->life == RUNNING && k->q.phase == IDLE && k->at < k->end && k->live;
}

void client_start(struct world *w, unsigned c)
{
	struct request *q = &w->clients[c].q;
	const struct operation_row *row = client_row(w, c);

	assert(q->phase == IDLE);
	if (row->operation == OP_CREATE) {
		w->ledger.started |= BIT(row->about);
		q->maybe = setting.script->half[row->about];
		q->restarted = q->maybe != 0; /* it is being repeated */
	}
	request_restart(w, c);
	client_settle(w, c);
}

static bool is_looking(const struct request *q)
{
	return q->phase == HOLDER || q->phase == LOOKING || q->phase == LOOKING_GONE;
}

static void look_advance(struct world *w, unsigned c)
{
	struct request *q = &w->clients[c].q;

	if (q->phase == LOOKING) {
		look_gone(w, c);
	} else if (q->phase == HOLDER) {
		bury_found(w, c);
		create_looked(w, c);
	} else {
		looked(w, c);
	}
}

static void advance(struct world *w, unsigned c)
{
	switch (w->clients[c].q.phase) {
	case SENDING:
		send_done(w, c);
		break;
	case DELETING:
		delete_done(w, c);
		break;
	case LOGGING_IN:
		login_advance(w, c);
		break;
	default:
		create_advance(w, c);
	}
}

static bool send_early(const struct request *q)
{
	return q->phase == SENDING && !rule(RULE_SEND_ALL) && (q->yes | q->gone);
}

/* One transition, if one is due. */
static bool move(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;
	uint8_t audience = is_looking(q) ? q->look_audience : q->audience;
	uint8_t done = is_looking(q) ? q->look_done : q->done;

	if (q->phase == IDLE)
		return false;
	if (!audience && !rule(RULE_EMPTY_AUDIENCE) && q->phase == SENDING) {
		advance(w, c);
		return true;
	}
	if (!audience) {
		if (!k->live)
			return false;
		if (is_looking(q)) {
			request_look(w, c, q->phase == HOLDER ? HOLDER : LOOKING);
		} else {
			q->restarted = 1;
			request_restart(w, c);
		}
		return true;
	}
	if (done != audience && !send_early(q)) {
		create_step(w, c);
		return false;
	}
	if (is_looking(q))
		look_advance(w, c);
	else
		advance(w, c);
	return true;
}

/* ---- life ---- */

/* Nothing is left to do: the process ends, and what it wrote still arrives. */
static void leave(struct world *w, unsigned c)
{
	for (unsigned r = 0; r < REPLICAS; r++)
		if (w->connections[c][r].up.count && w->leftovers[c][r].up.count)
			return;
	for (unsigned r = 0; r < REPLICAS; r++) {
		struct connection *k = &w->connections[c][r];

		if (k->up.count)
			w->leftovers[c][r] = (struct leftover){ k->seat, k->up };
		memset(k, 0, sizeof *k);
	}
	memset(&w->clients[c], 0, sizeof(struct client));
	w->clients[c].life = OVER_AND_OUT;
}

/* Whatever the client does at once after an event. */
void client_settle(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];

	if (k->life != RUNNING)
		return;
	for (unsigned i = 0; i < 12 && move(w, c); i++)
		;
	mailbox_settle(w, c);
	if (k->q.phase == IDLE && !k->account && k->at >= k->end && !k->joining)
		leave(w, c);
}

static unsigned script_length(unsigned c)
{
	unsigned length = 0;

	while (length < SCRIPT_MAX && setting.script->rows[c][length].operation != OP_NONE)
		length++;
	return length;
}

void client_begin(struct world *w, unsigned c, bool second_life)
{
	struct client *k = &w->clients[c];
	unsigned split = setting.script->split[c] ? setting.script->split[c] : script_length(c);

	memset(k, 0, sizeof *k);
	k->life = RUNNING;
	k->at = second_life ? (uint8_t)split : 0;
	k->end = second_life ? (uint8_t)script_length(c) : (uint8_t)split;
	for (unsigned r = 0; r < REPLICAS; r++) {
		k->reading.buried[r] = w->replicas[r].buried;
		if (!w->replicas[r].up || (!second_life && has(setting.script->out_of_reach[c], r)))
			continue;
		w->connections[c][r].client_open = w->connections[c][r].replica_open = 1;
		k->live |= BIT(r);
	}
}

void client_dial(struct world *w, unsigned c, unsigned r)
{
	struct client *k = &w->clients[c];

	w->connections[c][r].client_open = w->connections[c][r].replica_open = 1;
	if (k->q.phase == LOGGING_IN && k->live)
		k->waiting |= BIT(r);
	else if (k->account)
		login_join(w, c, r);
	else
		login_live(w, c, r);
	client_settle(w, c);
}

/* The connection is gone, for the client: what it had written and not read is another matter. */
void client_lost(struct world *w, unsigned c, unsigned r)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;
	uint8_t others = NOT(BIT(r));

	memset(&w->connections[c][r], 0, sizeof(struct connection));
	k->live &= others;
	k->waiting &= others;
	k->joining &= others;
	k->joined &= others;
	q->audience &= others;
	q->done &= others;
	q->look_audience &= others;
	q->look_done &= others;
	q->asked &= others;
	mailbox_lost(w, c, r);
	client_settle(w, c);
}

/* ---- replies ---- */

static bool is_awaited(const struct client *k, unsigned r, const struct frame *reply)
{
	const struct request *q = &k->q;

	switch (q->phase) {
	case INTRODUCING:
		return reply->kind == INTRODUCE && has(q->asked, r);
	case CONFIRMING:
		return reply->kind == CONFIRM && has(q->audience, r);
	case TAKING_BACK:
		return reply->kind == DELETE && has(q->audience, r);
	case HOLDER:
	case LOOKING_GONE:
		return reply->kind == LOOK_ID && has(q->look_audience, r);
	case LOOKING:
		return reply->kind == LOOK && has(q->look_audience, r);
	case LOGGING_IN:
		return (reply->kind == LOGIN || reply->kind == HANDOVER) && has(q->audience, r);
	case SENDING:
		return reply->kind == SEND && has(q->audience, r);
	case DELETING:
		return reply->kind == DELETE && has(q->audience, r);
	default:
		return false;
	}
}

static void request_hear(struct world *w, unsigned c, unsigned r, const struct frame *reply)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;

	switch (q->phase) {
	case HOLDER:
	case LOOKING:
	case LOOKING_GONE:
		look_hear(k, r, reply);
		break;
	case LOGGING_IN:
		login_hear(w, c, r, reply);
		break;
	case SENDING:
	case DELETING:
		q->done |= BIT(r);
		if (reply->value == GONE)
			q->gone |= BIT(r);
		else
			q->yes |= BIT(r);
		break;
	default:
		create_hear(w, c, r, reply);
	}
}

void client_hear(struct world *w, unsigned c, unsigned r)
{
	struct client *k = &w->clients[c];
	struct down *down = &w->connections[c][r].down;
	struct frame reply = down->frames[0];

	assert(down->count > 0);
	down->count--;
	memmove(down->frames, down->frames + 1, down->count * sizeof reply);
	memset(&down->frames[down->count], 0, sizeof reply);
	if (reply.kind == PUSH || reply.kind == PAGE || reply.kind == STREAM) {
		mailbox_hear(w, c, r, &reply);
	} else if (reply.kind == ENDED) {
		if (k->account && ULID(reply.extra) == ULID(k->session))
			login_lost(w, c);
	} else if (has(k->joining, r)) {
		login_joined(w, c, r, &reply);
	} else if (is_awaited(k, r, &reply)) {
		request_hear(w, c, r, &reply);
	}
	client_settle(w, c);
}
