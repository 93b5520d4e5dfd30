/* SPDX-License-Identifier: MIT
 *
 * What must be true: after every step what can be said then, and of a world in which nothing but
 * faults can happen any more what must have come of it. The numbers are those of the promises in
 * DESIGN.md.
 */
#include "tests/model/model.h"

#include <string.h>

static const char *const texts[PROMISES] = {
	[ACCOUNT_LOST] =
		"1: an acknowledged account is gone or not confirmed where it was acknowledged",
	[MESSAGE_LOST] =
		"1: an acknowledged message was buried, or is missing, and nobody has seen it",
	[ACKNOWLEDGED_BY_NONE] = "1: something was acknowledged that no replica holds",
	[SHOWN_TWICE] = "2: a message is shown twice in one life of a client",
	[SHOWN_OUT_OF_ORDER] = "2: a message is shown while one with a smaller number is at hand",
	[TWO_OWNERS] = "3: two accounts of one name were acknowledged by one replica",
	[OWNER_LOST_NAME] =
		"3: after repair an acknowledged owner has lost the name to an unacknowledged one",
	[STATES_DIFFER] = "4: after repair the replicas differ",
	[OWNER_NOT_FOUND] =
		"6: a look-up does not find an owner whom a live replica has acknowledged",
	[DELETED_FOUND] =
		"6: a look-up finds an account whose deletion a live replica has acknowledged",
	[DELETED_LIVES] = "6: a deleted account is alive after repair",
	[REFUSED_FOR_DELETED] =
		"6: refused for a holder whose deletion a live replica has acknowledged",
	[REFUSED_LIVES] = "7: a refused creation is alive after repair",
	[RECEIVED_SHOWN] =
		"6: what an earlier life received is shown, though a live replica has it buried",
	[NOT_SHOWN] =
		"1: all replicas are up, the recipient is logged in, and a message is not shown",
	[TWO_SESSIONS] = "two clients are logged in to one account",
	[NO_SESSION] = "a client believes to be logged in where it is not",
	[NOBODY_STAYED] = "of two log-ins to one account none has stayed",
	[WAITS_FOR_EVER] = "a request waits for ever",
	[QUEUE_FULL] = "a queue of this model is too short",
};

const char *promise_text(enum promise p)
{
	return texts[p];
}

static uint8_t replicas_up(const struct world *w)
{
	uint8_t up = 0;

	for (unsigned r = 0; r < REPLICAS; r++)
		if (w->replicas[r].up)
			up |= BIT(r);
	return up;
}

static uint8_t gone_anywhere(const struct world *w)
{
	return w->replicas[0].gone | w->replicas[1].gone | w->replicas[2].gone;
}

/* An owner in its own right: acknowledged, or granted by all that it could reach. */
static bool is_rightful(const struct world *w, int account)
{
	return account >= 0 && (w->ledger.acknowledged[account] || w->ledger.granted[account]);
}

/* ---- as they happen ---- */

/* The joined look-up is complete. */
void promise_found(struct world *w, unsigned c, int found)
{
	const struct request *q = &w->clients[c].q;
	const struct ledger *l = &w->ledger;
	const struct operation_row *row = client_row(w, c);
	uint8_t asked = q->look_audience & replicas_up(w);
	const uint8_t *owner = setting.script->owner;

	for (int x = 0; x < ACCOUNTS; x++) {
		if (x == found || !(l->acknowledged[x] & asked) ||
		    !has(q->was_acknowledged, (unsigned)x) || has(l->wanted_gone, (unsigned)x))
			continue;
		if (is_login(row) && owner[x] != owner[row->about])
			continue;
		if (!is_rightful(w, found) || has(l->wanted_gone, (unsigned)found))
			broken(w, OWNER_NOT_FOUND);
	}
	if (found >= 0 && (l->deleted[found] & asked) && has(q->was_deleted, (unsigned)found))
		broken(w, DELETED_FOUND);
}

/* A creation is about to be taken back, for the holder. */
void promise_refused(struct world *w, unsigned c)
{
	const struct request *q = &w->clients[c].q;

	if ((w->ledger.deleted[q->holder] & q->look_audience & replicas_up(w)) &&
	    has(q->was_deleted, q->holder))
		broken(w, REFUSED_FOR_DELETED);
}

void promise_acknowledged(struct world *w, unsigned account, uint8_t by)
{
	struct ledger *l = &w->ledger;
	uint8_t gone = gone_anywhere(w) | l->wanted_gone;

	l->acknowledged[account] = by;
	for (unsigned y = 0; y < ACCOUNTS; y++)
		if (y != account && (l->acknowledged[y] & by) && !has(gone, y) &&
		    !has(gone, account))
			broken(w, TWO_OWNERS);
}

void promise_shown(struct world *w, unsigned c, unsigned m)
{
	const struct client *k = &w->clients[c];
	struct reading *reading = &w->clients[c].reading;
	uint8_t up = k->live & k->joined & replicas_up(w);

	if (has(reading->seen, m))
		broken(w, SHOWN_TWICE);
	reading->seen |= BIT(m);
	for (unsigned r = 0; r < REPLICAS; r++)
		if (has(up, r) && has(reading->buried[r], m))
			broken(w, RECEIVED_SHOWN);
	for (unsigned before = 0; before < m; before++)
		if (has(reading->held, before) && !has(reading->seen | reading->gone, before) &&
		    w->ledger.recipient[before] == w->ledger.recipient[m])
			broken(w, SHOWN_OUT_OF_ORDER);
}

/* ---- after every step ---- */

static bool message_is_kept(const struct world *w, unsigned m)
{
	unsigned to = w->ledger.recipient[m] - 1u;
	uint8_t excused = w->ledger.wanted_gone | w->ledger.back_begun;

	if (has(gone_anywhere(w), to))
		return has(excused, to); /* mail to a creation that was not finished dies with it */
	for (unsigned r = 0; r < REPLICAS; r++) {
		if (has(w->replicas[r].buried, m))
			return false;
		if (has(w->ledger.stored[m], r) && !has(w->replicas[r].added, m))
			return false;
	}
	return true;
}

void promise_state(struct world *w)
{
	const struct ledger *l = &w->ledger;

	if (l->acknowledged_by_none)
		broken(w, ACKNOWLEDGED_BY_NONE);
	for (unsigned m = 0; m < MESSAGES; m++)
		if (l->stored[m] && !has(l->shown, m) && !message_is_kept(w, m))
			broken(w, MESSAGE_LOST);
	for (unsigned x = 0; x < ACCOUNTS; x++) {
		if (!l->acknowledged[x] || has(l->wanted_gone, x))
			continue;
		if (has(gone_anywhere(w), x))
			broken(w, ACCOUNT_LOST);
		for (unsigned r = 0; r < REPLICAS; r++)
			if (has(l->acknowledged[x], r) && !has(w->replicas[r].confirmed, x))
				broken(w, ACCOUNT_LOST);
	}
}

/* ---- at the end ---- */

static void client_end(const struct world *w, unsigned c, struct world *result)
{
	const struct client *k = &w->clients[c];
	const struct reading *reading = &k->reading;

	if (k->life != RUNNING)
		return;
	if (k->q.phase != IDLE || k->joining || k->waiting || reading->paging || reading->held)
		broken(result, WAITS_FOR_EVER);
	for (unsigned m = 0; m < MESSAGES; m++)
		if (k->account && w->ledger.recipient[m] == k->account && w->ledger.stored[m] &&
		    !has(w->ledger.shown, m) && !has(gone_anywhere(w), k->account - 1u))
			broken(result, NOT_SHOWN);
	for (unsigned r = 0; k->account && r < REPLICAS; r++)
		if (w->connections[c][r].seat.account != k->account)
			broken(result, NO_SESSION);
}

static void repair_all(struct world *w)
{
	memset(&w->repair, 0, sizeof w->repair);
	memset(w->connections, 0, sizeof w->connections);
	w->repair.step = 1;
	while (w->repair.step)
		repair_step(w);
}

static void after_repair(const struct world *w, struct world *result)
{
	const struct ledger *l = &w->ledger;
	const struct replica *p = &w->replicas[0];
	int owner = best(alive(p), p->confirmed);

	for (unsigned r = 1; r < REPLICAS; r++) {
		const struct replica *other = &w->replicas[r];

		if (p->known != other->known || p->confirmed != other->confirmed ||
		    p->gone != other->gone || p->added != other->added ||
		    p->buried != other->buried)
			broken(result, STATES_DIFFER);
	}
	for (unsigned x = 0; x < ACCOUNTS; x++) {
		if (!has(alive(p), x))
			continue;
		if (l->deleted[x])
			broken(result, DELETED_LIVES);
		if (has(l->taken_back, x) && !l->wipes)
			broken(result, REFUSED_LIVES);
		if (l->acknowledged[x] && owner != (int)x &&
		    !(is_rightful(w, owner) &&
		      (l->acknowledged[owner] || !(l->granted[owner] & l->acknowledged[x]))))
			broken(result, OWNER_LOST_NAME);
	}
}

void promise_end(const struct world *w, struct world *result)
{
	struct world repaired = *w;

	assert(replicas_up(w) == BIT(REPLICAS) - 1);
	for (unsigned c = 0; c < CLIENTS; c++)
		client_end(w, c, result);
	if (w->clients[0].account && w->clients[0].account == w->clients[1].account)
		broken(result, TWO_SESSIONS);
	if (setting.script->somebody_stays && !w->clients[0].account && !w->clients[1].account)
		broken(result, NOBODY_STAYED);
	repair_all(&repaired);
	after_repair(&repaired, result);
}
