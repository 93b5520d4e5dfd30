/* SPDX-License-Identifier: MIT
 *
 * Log in at all live replicas in parallel, hand-over to those that do not know the account, and
 * the session's own log-in at a replica that returned (replication/login.c,
 * replication/replica.c). All log-ins of the scripts take over.
 */
#include "tests/model/model.h"

#include <string.h>

enum { DIAL_MAX = 7, RANK_MAX = 15 };

void login_write(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;
	unsigned rank = (q->largest >> 4) + 1u;

	q->phase = LOGGING_IN;
	q->audience = k->live;
	q->look_audience = q->look_done = 0;
	q->done = q->yes = q->unknown = q->over = q->gone = 0;
	if (rank > RANK_MAX) {
		broken(w, QUEUE_FULL);
		return;
	}
	k->session = SESSION(rank, c, 1);
	client_multicast(w, c, q->audience, (struct frame){ LOGIN, q->target, 0, k->session });
}

void login_hear(struct world *w, unsigned c, unsigned r, const struct frame *reply)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;
	uint8_t bit = BIT(r);

	q->done |= bit;
	if (reply->kind == HANDOVER && reply->value == YES) {
		q->unknown &= NOT(bit);
		q->done &= NOT(bit);
		client_ask(w, c, r, (struct frame){ LOGIN, q->target, 0, k->session });
	} else if (reply->value == YES) {
		q->unknown &= NOT(bit);
		q->yes |= bit;
	} else if (reply->value == UNKNOWN) {
		q->unknown |= bit;
	} else if (reply->value == OVER) {
		q->over |= bit;
		if (reply->extra > q->largest)
			q->largest = reply->extra;
	} else {
		q->gone |= bit;
	}
}

static void logout(struct world *w, unsigned c, uint8_t at)
{
	client_multicast(w, c, at, (struct frame){ LOGOUT, 0, 0, w->clients[c].session });
}

static void succeed(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];

	SAY(" {%c: logged in to %d at %d}", 'A' + (int)c, k->q.target, k->q.yes);
	k->account = (uint8_t)(k->q.target + 1);
	k->joined = k->q.yes & k->live;
	request_end(w, c);
	mailbox_begin(w, c);
}

/* Hands the account to those that do not know it; they are asked again. */
static void hand_over(struct world *w, unsigned c, uint8_t to)
{
	struct request *q = &w->clients[c].q;

	q->done &= NOT(to);
	client_multicast(w, c, to, (struct frame){ HANDOVER, q->target, 0, 0 });
}

static void look_again(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];

	k->q.audience = k->q.done = 0;
	request_look(w, c, LOOKING);
	login_go_on(w, c);
}

void login_advance(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;
	uint8_t here = q->yes & q->audience;
	uint8_t lacking = q->unknown & q->audience;

	if (q->over) {
		logout(w, c, q->audience);
		if (client_row(w, c)->operation == OP_LOGIN_ONCE)
			request_end(w, c);
		else if (++q->rounds > ROUNDS_MAX)
			broken(w, WAITS_FOR_EVER);
		else
			login_write(w, c);
	} else if (q->gone) {
		logout(w, c, q->audience);
		look_again(w, c);
	} else if (here && lacking && rule(RULE_HANDOVER)) {
		hand_over(w, c, lacking);
	} else if (here) {
		succeed(w, c);
	} else {
		look_again(w, c); /* nobody knows it any more, or those who did have died */
	}
}

/* ---- a replica that returned ---- */

void login_live(struct world *w, unsigned c, unsigned r)
{
	struct client *k = &w->clients[c];

	k->live |= BIT(r);
	k->contact_fresh = 0;
	client_tell_tombstones(w, c, r, k->kept);
	if (has(k->joined, r))
		mailbox_read(w, c, r);
}

void login_join(struct world *w, unsigned c, unsigned r)
{
	struct client *k = &w->clients[c];

	k->joining |= BIT(r);
	if ((k->session & DIAL_MAX) == DIAL_MAX) {
		broken(w, QUEUE_FULL);
		return;
	}
	k->session++;
	client_ask(w, c, r, (struct frame){ LOGIN, (uint8_t)(k->account - 1), 0, k->session });
}

void login_joined(struct world *w, unsigned c, unsigned r, const struct frame *reply)
{
	struct client *k = &w->clients[c];
	uint8_t x = (uint8_t)(k->account - 1);

	if (!k->account) {
		k->joining &= NOT(BIT(r));
		login_live(w, c, r);
	} else if (reply->kind == HANDOVER && reply->value == YES) {
		client_ask(w, c, r, (struct frame){ LOGIN, x, 0, k->session });
	} else if (reply->value == YES) {
		k->joining &= NOT(BIT(r));
		k->joined |= BIT(r);
		login_live(w, c, r);
	} else if (reply->value == UNKNOWN) {
		client_ask(w, c, r, (struct frame){ HANDOVER, x, 0, 0 });
	} else { /* taken over, or the account is gone */
		login_lost(w, c);
	}
}

/* Those that waited for the end of a log-in. */
void login_go_on(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	uint8_t waiting = k->waiting;

	if (k->q.phase == LOGGING_IN)
		return;
	k->waiting = 0;
	for (unsigned r = 0; r < REPLICAS; r++) {
		if (!has(waiting, r))
			continue;
		if (k->account)
			login_join(w, c, r);
		else
			login_live(w, c, r);
	}
}

void login_lost(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	uint8_t joining = k->joining;

	SAY(" {%c: the session has ended}", 'A' + (int)c);
	logout(w, c, k->joined | joining);
	k->account = k->session = k->joined = k->joining = 0;
	mailbox_clear(w, c);
	for (unsigned r = 0; r < REPLICAS; r++)
		if (has(joining, r))
			login_live(w, c, r);
}
