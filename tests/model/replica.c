/* SPDX-License-Identifier: MIT
 *
 * A replica takes one frame, changes what it holds, and answers: the session's table of questions
 * (session/account.c, session/login.c), one line each.
 */
#include "tests/model/model.h"

#include <string.h>

static void put_down(struct world *w, unsigned c, unsigned r, struct frame frame)
{
	struct connection *k = &w->connections[c][r];

	if (!k->replica_open || !k->client_open)
		return;
	if (k->down.count == DOWN_MAX) {
		broken(w, QUEUE_FULL);
		return;
	}
	k->down.frames[k->down.count++] = frame;
}

/* ---- the join ---- */

/* What is gone has one form: no account, no mark, no mailbox. */
static void normalize(struct replica *p, const struct ledger *l)
{
	p->known &= NOT(p->gone);
	p->confirmed &= p->known;
	for (unsigned m = 0; m < MESSAGES; m++)
		if (l->recipient[m] && has(p->gone, l->recipient[m] - 1u)) {
			p->added &= NOT(BIT(m));
			p->buried &= NOT(BIT(m));
		}
	p->added &= NOT(p->buried);
}

void replica_apply(struct replica *p, const struct ledger *l, uint8_t known, uint8_t confirmed,
                   uint8_t gone, uint8_t buried)
{
	if (!rule(RULE_TOMBSTONES)) { /* forgotten, not remembered as gone */
		p->known &= NOT(gone);
		p->confirmed &= NOT(gone);
		gone = 0;
	}
	if (!rule(RULE_GONE_STAYS))
		p->gone &= NOT(known);
	p->gone |= gone;
	p->known |= known;
	p->confirmed |= confirmed & known;
	p->buried |= rule(RULE_BURY_ABSENT) ? buried : buried & p->added;
	normalize(p, l);
}

void replica_add(struct world *w, unsigned r, unsigned m)
{
	struct replica *p = &w->replicas[r];
	uint8_t to = w->ledger.recipient[m];

	assert(to);
	if (has(p->gone, to - 1u) || has(p->buried | p->added, m))
		return;
	p->added |= BIT(m);
	for (unsigned c = 0; c < CLIENTS; c++) {
		const struct seat *seat = &w->connections[c][r].seat;

		if (seat->account == to && seat->paged)
			put_down(w, c, r, (struct frame){ PUSH, (uint8_t)m, 0, 0 });
	}
}

int best(uint8_t candidates, uint8_t confirmed)
{
	uint8_t sure = candidates & confirmed;

	if (sure) /* account numbers grow with age: 0 is the oldest */
		return (int)lowest(sure);
	if (candidates && !(candidates & (candidates - 1)))
		return (int)lowest(candidates);
	return -1;
}

/* ---- requests about accounts ---- */

static struct frame introduce(struct replica *p, const struct ledger *l, uint8_t x)
{
	uint8_t others = alive(p) & NOT(BIT(x));
	struct frame reply = { INTRODUCE, 0, YES, 0 };

	if (has(p->gone, x)) {
		reply.value = GONE;
	} else if (others && (rule(RULE_REPEATED_NAME_TEST) || !has(p->known, x))) {
		int holder = best(others, p->confirmed);

		reply.value = TAKEN;
		reply.about = holder < 0 ? (uint8_t)lowest(others) : (uint8_t)holder;
	} else {
		replica_apply(p, l, BIT(x), bit_if(!rule(RULE_CONFIRM), x), 0, 0);
	}
	return reply;
}

static struct frame confirm(struct replica *p, uint8_t x)
{
	uint8_t others = alive(p) & NOT(BIT(x));
	struct frame reply = { CONFIRM, 0, YES, 0 };

	if (has(p->confirmed, x))
		return reply;
	if (has(p->gone, x)) {
		reply.value = GONE;
	} else if (!has(p->known, x)) {
		reply.value = UNKNOWN;
	} else if (others && rule(RULE_CONFIRM_NAME_TEST)) {
		reply.value = TAKEN;
		reply.about = (uint8_t)lowest(others);
	} else if (has(p->late, x)) {
		reply.value = CLOCK;
	} else {
		p->confirmed |= BIT(x);
	}
	return reply;
}

/* ---- sessions ---- */

/* The session ends on the seat where it is active; another one's client is told. */
static void displace(struct world *w, unsigned r, uint8_t account, uint8_t session)
{
	for (unsigned c = 0; c < CLIENTS; c++) {
		struct connection *k = &w->connections[c][r];
		struct leftover *old = &w->leftovers[c][r];

		if (k->seat.account == account) {
			struct frame ended = { ENDED, 0, 0, k->seat.session };

			if (ULID(k->seat.session) != ULID(session))
				put_down(w, c, r, ended);
			memset(&k->seat, 0, sizeof k->seat);
		}
		if (old->seat.account != account)
			continue;
		if (ULID(old->seat.session) == ULID(session))
			memset(old, 0, sizeof *old); /* its own client has left it behind: closed */
		else
			memset(&old->seat, 0, sizeof old->seat);
	}
}

static struct frame login(struct world *w, unsigned r, struct seat *seat, const struct frame *q)
{
	struct replica *p = &w->replicas[r];
	uint8_t x = q->about;
	struct frame reply = { LOGIN, x, YES, 0 };

	if (has(p->gone, x)) {
		reply.value = GONE;
	} else if (!has(p->known, x)) {
		reply.value = UNKNOWN;
	} else if (rule(RULE_LARGER_SESSION) && q->extra <= p->largest[x]) {
		reply.value = OVER;
		reply.extra = p->largest[x];
	} else {
		if (!rule(RULE_LOGIN_CONFIRMS_NOT))
			p->confirmed |= BIT(x);
		displace(w, r, (uint8_t)(x + 1), q->extra);
		p->largest[x] = q->extra;
		*seat = (struct seat){ (uint8_t)(x + 1), q->extra, 0 };
	}
	return reply;
}

static void delete (struct world *w, unsigned r, uint8_t x)
{
	replica_apply(&w->replicas[r], &w->ledger, 0, 0, BIT(x), 0);
	for (unsigned c = 0; c < CLIENTS; c++) {
		struct seat *seat = &w->connections[c][r].seat;
		struct frame ended = { ENDED, 0, 1, seat->session };

		if (seat->account == x + 1) {
			memset(seat, 0, sizeof *seat);
			put_down(w, c, r, ended);
		}
		if (w->leftovers[c][r].seat.account == x + 1)
			memset(&w->leftovers[c][r].seat, 0, sizeof(struct seat));
	}
}

/* ---- mail ---- */

static uint8_t mailbox(const struct world *w, uint8_t account)
{
	uint8_t set = 0;

	for (unsigned m = 0; m < MESSAGES; m++)
		if (w->ledger.recipient[m] == account)
			set |= BIT(m);
	return set;
}

static uint8_t largest(const struct replica *p)
{
	uint8_t session = 0;

	for (unsigned x = 0; x < ACCOUNTS; x++)
		if (p->largest[x] > session)
			session = p->largest[x];
	return session;
}

static struct frame send(struct world *w, unsigned r, uint8_t m)
{
	struct frame reply = { SEND, m, YES, 0 };

	if (has(w->replicas[r].gone, w->ledger.recipient[m] - 1u))
		reply.value = GONE;
	else
		replica_add(w, r, m);
	return reply;
}

/* ---- dispatch ---- */

/* False: no reply is due. */
static bool take(struct world *w, unsigned r, struct seat *seat, const struct frame *q,
                 struct frame *reply)
{
	struct replica *p = &w->replicas[r];

	*reply = *q;
	reply->value = 0;
	switch ((enum kind)q->kind) {
	case INTRODUCE:
		*reply = introduce(p, &w->ledger, q->about);
		return true;
	case CONFIRM:
		*reply = confirm(p, q->about);
		return true;
	case DELETE:
		delete (w, r, q->about);
		return q->value == 0;
	case LOOK:
		*reply = (struct frame){ LOOK, alive(p), p->confirmed, largest(p) };
		return true;
	case LOOK_ID:
		*reply = (struct frame){ LOOK_ID, q->about & alive(p), q->about & p->gone, 0 };
		return true;
	case LOGIN:
		*reply = login(w, r, seat, q);
		return true;
	case HANDOVER:
		reply->value = has(p->gone, q->about) ? GONE : YES;
		if (reply->value == YES)
			replica_apply(p, &w->ledger, BIT(q->about),
			              bit_if(!rule(RULE_HANDOVER_UNCONFIRMED), q->about), 0, 0);
		return true;
	case LOGOUT:
		if (seat->account && ULID(seat->session) == ULID(q->extra))
			memset(seat, 0, sizeof *seat);
		return false;
	case PAGE:
		seat->paged = seat->account != 0;
		reply->value = seat->account ? p->added & mailbox(w, seat->account) : 0;
		return true;
	case STREAM:
		reply->value = seat->account ? p->buried & mailbox(w, seat->account) : 0;
		return true;
	case RECEIVED:
		if (seat->account && seat->account == w->ledger.recipient[q->about])
			replica_apply(p, &w->ledger, 0, 0, 0, BIT(q->about));
		return false;
	case SEND:
		*reply = send(w, r, q->about);
		return true;
	default:
		assert(false);
		return false;
	}
}

static struct frame pop(struct up *up)
{
	struct frame first = up->frames[0];

	assert(up->count > 0);
	up->count--;
	memmove(up->frames, up->frames + 1, up->count * sizeof first);
	memset(&up->frames[up->count], 0, sizeof first);
	return first;
}

void replica_take(struct world *w, unsigned c, unsigned r)
{
	struct connection *k = &w->connections[c][r];
	struct frame q = pop(&k->up);
	struct frame reply;

	if (take(w, r, &k->seat, &q, &reply))
		put_down(w, c, r, reply);
}

void replica_take_leftover(struct world *w, unsigned c, unsigned r)
{
	struct leftover *old = &w->leftovers[c][r];
	struct frame q = pop(&old->up);
	struct frame reply;

	(void)take(w, r, &old->seat, &q, &reply); /* nobody reads what it answers */
	if (old->up.count == 0)
		memset(old, 0, sizeof *old);
}

void replica_crash(struct world *w, unsigned r, bool wiped)
{
	struct replica *p = &w->replicas[r];

	p->up = 0;
	memset(p->largest, 0, sizeof p->largest);
	for (unsigned c = 0; c < CLIENTS; c++) {
		struct connection *k = &w->connections[c][r];

		k->replica_open = 0;
		memset(&k->seat, 0, sizeof k->seat);
		memset(&k->up, 0, sizeof k->up);
		memset(&w->leftovers[c][r], 0, sizeof(struct leftover));
		if (wiped) {
			w->clients[c].reading.buried[r] = 0;
			if (w->clients[c].q.phase != IDLE)
				w->clients[c].q.wiped |= BIT(r);
		}
	}
	if (!wiped)
		return;
	p->known = p->confirmed = p->gone = p->added = p->buried = 0;
	for (unsigned x = 0; x < ACCOUNTS; x++) { /* the promise rests on the other disks now */
		w->ledger.acknowledged[x] &= NOT(BIT(r));
		w->ledger.granted[x] &= NOT(BIT(r));
		w->ledger.deleted[x] &= NOT(BIT(r));
	}
	for (unsigned m = 0; m < MESSAGES; m++)
		w->ledger.stored[m] &= NOT(BIT(r));
}
