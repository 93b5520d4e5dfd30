/* SPDX-License-Identifier: MIT
 *
 * Creation in index order (replication/create.c): introduce at the lowest live replica, then the
 * next; confirm in parallel at all that granted; or take back at all live ones, and never create
 * that id again.
 */
#include "tests/model/model.h"

static uint8_t account_of(const struct world *w, unsigned c)
{
	return client_row(w, c)->about;
}

static void take_back(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;
	uint8_t x = account_of(w, c);

	q->phase = TAKING_BACK;
	q->look_audience = q->look_done = 0;
	w->ledger.back_begun |= BIT(x);
	if (!q->maybe) { /* every one that it was written to has refused: nothing has it */
		w->ledger.taken_back |= BIT(x);
		request_end(w, c);
		return;
	}
	q->back = rule(RULE_BACK_IS_FINAL);
	q->audience = rule(RULE_BACK_EVERYWHERE) ? k->live : k->live & q->granted;
	q->done = 0;
	k->kept |= bit_if(rule(RULE_BACK_EVERYWHERE) && rule(RULE_BACK_IS_FINAL), x);
	client_multicast(w, c, q->audience, (struct frame){ DELETE, x, 0, 0 });
	if (!rule(RULE_BACK_EVERYWHERE) && !q->audience) {
		w->ledger.taken_back |= BIT(x);
		request_end(w, c);
	}
}

void create_start(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;

	if (q->back) {
		take_back(w, c);
		return;
	}
	q->phase = INTRODUCING;
	q->audience = k->live;
	q->wiped = q->done = q->granted = q->refused = q->confirmed = q->clock = q->asked = 0;
}

void create_step(struct world *w, unsigned c)
{
	struct request *q = &w->clients[c].q;
	uint8_t left = q->audience & NOT(q->done);

	if (q->phase != INTRODUCING || (q->asked & left))
		return;
	q->asked = BIT(lowest(left));
	q->maybe |= q->asked;
	client_ask(w, c, lowest(left), (struct frame){ INTRODUCE, account_of(w, c), 0, 0 });
}

static void ask_about_holder(struct world *w, unsigned c)
{
	struct request *q = &w->clients[c].q;

	q->resume = q->phase;
	if (++q->rounds > ROUNDS_MAX)
		broken(w, WAITS_FOR_EVER);
	else
		request_look(w, c, HOLDER);
}

/* The look-up about the holder has ended. */
void create_looked(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct request *q = &k->q;
	bool lives = false;

	for (unsigned r = 0; r < REPLICAS; r++)
		lives |= has(q->look_audience, r) && has(q->alive[r], q->holder);
	if (lives && !has(q->gone_somewhere, q->holder)) {
		promise_refused(w, c);
		take_back(w, c);
		return;
	}
	q->phase = q->resume;
	q->look_audience = q->look_done = 0;
	q->done &= NOT(q->refused);
	if (q->phase == CONFIRMING)
		client_multicast(w, c, q->refused & q->audience,
		                 (struct frame){ CONFIRM, account_of(w, c), 0, 0 });
	q->refused = 0;
}

static void introduced(struct world *w, unsigned c, unsigned r, const struct frame *reply)
{
	struct request *q = &w->clients[c].q;

	q->asked = 0;
	switch (reply->value) {
	case YES:
		q->done |= BIT(r);
		q->granted |= BIT(r);
		break;
	case TAKEN:
		SAY(" {%c: taken by %d at r%u}", 'A' + (int)c, reply->about, r);
		if (!has(q->granted, r) && !q->restarted)
			q->maybe &= NOT(BIT(r));
		q->refused = BIT(r);
		q->holder = reply->about;
		ask_about_holder(w, c);
		break;
	default:
		take_back(w, c); /* the own id is gone: it was taken back elsewhere */
	}
}

static void confirm_heard(struct request *q, unsigned r, const struct frame *reply)
{
	q->done |= BIT(r);
	switch (reply->value) {
	case YES:
		q->confirmed |= BIT(r);
		break;
	case TAKEN:
		q->refused |= BIT(r);
		q->holder = reply->about;
		break;
	case CLOCK:
		q->clock |= BIT(r);
		break;
	default:
		q->own_gone = 1;
	}
}

void create_hear(struct world *w, unsigned c, unsigned r, const struct frame *reply)
{
	struct request *q = &w->clients[c].q;

	if (q->phase == INTRODUCING) {
		introduced(w, c, r, reply);
	} else if (q->phase == CONFIRMING) {
		confirm_heard(q, r, reply);
		if (!rule(RULE_CONFIRM_ALL) && q->confirmed)
			q->done = q->audience;
	} else {
		q->done |= BIT(r);
	}
}

static void acknowledged(struct world *w, unsigned c)
{
	struct request *q = &w->clients[c].q;
	uint8_t x = account_of(w, c);

	SAY(" {%c: account %d ACKNOWLEDGED by %d}", 'A' + (int)c, x, q->confirmed);
	if (!q->confirmed)
		w->ledger.acknowledged_by_none = 1;
	promise_acknowledged(w, x,
	                     (rule(RULE_CONFIRM_ALL) ? q->confirmed : q->audience) & NOT(q->wiped));
	request_end(w, c);
}

void create_advance(struct world *w, unsigned c)
{
	struct request *q = &w->clients[c].q;
	uint8_t x = account_of(w, c);

	if (q->phase == TAKING_BACK) {
		SAY(" {%c: account %d is REFUSED}", 'A' + (int)c, x);
		w->ledger.taken_back |= BIT(x);
		request_end(w, c);
	} else if (q->phase == INTRODUCING) {
		w->ledger.granted[x] |= q->audience & NOT(q->wiped);
		q->phase = CONFIRMING;
		q->done = q->refused = 0;
		if (rule(RULE_CONFIRM)) {
			client_multicast(w, c, q->audience & q->granted,
			                 (struct frame){ CONFIRM, x, 0, 0 });
			return;
		}
		q->confirmed = q->audience;
		acknowledged(w, c);
	} else if (q->own_gone) {
		take_back(w, c);
	} else if (q->refused && rule(RULE_CONFIRM_ALL)) {
		ask_about_holder(w, c);
	} else if (q->confirmed) {
		acknowledged(w, c);
	} else {
		take_back(w, c);
	}
}
