/* SPDX-License-Identifier: MIT
 *
 * What is shown, once and in order (replication/mailbox.c, replication/stream.c): pages of all
 * replicas merged, pushes, one question about the stream at each replica and connection, and
 * telling all of them what was received.
 */
#include "tests/model/model.h"

#include <string.h>

static bool is_ours(const struct world *w, unsigned c, unsigned m)
{
	return w->clients[c].account && w->ledger.recipient[m] == w->clients[c].account;
}

static bool is_done(const struct reading *reading, unsigned m)
{
	return has(reading->shown | reading->gone, m);
}

static void tell(struct world *w, unsigned c, unsigned m, uint8_t to)
{
	struct reading *reading = &w->clients[c].reading;

	for (unsigned r = 0; r < REPLICAS; r++) {
		if (!has(to, r) || has(reading->told[r], m))
			continue;
		reading->told[r] |= BIT(m);
		client_ask(w, c, r, (struct frame){ RECEIVED, (uint8_t)m, 0, 0 });
	}
}

/* ---- pages ---- */

void mailbox_read(struct world *w, unsigned c, unsigned r)
{
	struct reading *reading = &w->clients[c].reading;

	if (!reading->paging)
		reading->initial = 0;
	reading->paging |= BIT(r);
	client_ask(w, c, r, (struct frame){ PAGE, 0, 0, 0 });
}

void mailbox_begin(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];

	for (unsigned r = 0; r < REPLICAS; r++)
		if (has(k->joined, r))
			mailbox_read(w, c, r);
	k->reading.initial = 1;
}

/* ---- what comes ---- */

static void list(struct world *w, unsigned c, unsigned r, unsigned m)
{
	struct reading *reading = &w->clients[c].reading;

	if (is_ours(w, c, m))
		reading->listed[m] |= BIT(r);
}

static void take_push(struct world *w, unsigned c, unsigned r, unsigned m)
{
	struct client *k = &w->clients[c];
	struct reading *reading = &k->reading;

	if (!is_ours(w, c, m) || !has(k->joined, r))
		return;
	if (is_done(reading, m)) {
		tell(w, c, m, BIT(r));
	} else if (reading->paging && reading->initial) {
		list(w, c, r, m);
	} else {
		reading->held |= BIT(m);
		reading->from[m] |= BIT(r);
	}
}

void mailbox_hear(struct world *w, unsigned c, unsigned r, const struct frame *frame)
{
	struct client *k = &w->clients[c];
	struct reading *reading = &k->reading;

	if (frame->kind == PUSH) {
		take_push(w, c, r, frame->about);
	} else if (frame->kind == STREAM) {
		reading->asked &= NOT(BIT(r));
		reading->gone |= frame->value;
		if (has(k->joined, r))
			reading->answered |= BIT(r);
	} else {
		bool returned = !reading->initial;

		if (!has(reading->paging, r))
			return;
		reading->paging &= NOT(BIT(r));
		for (unsigned m = 0; m < MESSAGES; m++)
			if (has(frame->value, m) && (rule(RULE_READ_RETURNED) || !returned))
				list(w, c, r, m);
	}
}

/* ---- showing ---- */

static void show(struct world *w, unsigned c, unsigned m)
{
	struct client *k = &w->clients[c];
	struct reading *reading = &k->reading;

	SAY(" {%c SHOWS message %u}", 'A' + (int)c, m);
	promise_shown(w, c, m);
	reading->shown |= BIT(m);
	w->ledger.shown |= BIT(m);
	tell(w, c, m, k->joined & k->live);
}

/* Every live replica has said what is gone of the stream; asks those that have not. */
static bool is_settled(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct reading *reading = &k->reading;
	uint8_t need = k->joined & k->live & NOT(reading->answered);
	uint8_t ask = need & NOT(reading->asked);

	if (!rule(RULE_ASK_STREAM))
		return true;
	if (!rule(RULE_ASK_AGAIN) && reading->answered)
		return true; /* once for a stream, whoever has become live since */
	reading->asked |= ask;
	client_multicast(w, c, ask, (struct frame){ STREAM, 0, 0, 0 });
	return need == 0;
}

static bool is_next(const struct world *w, unsigned c, unsigned m)
{
	const struct reading *reading = &w->clients[c].reading;

	return m == 0 || w->ledger.recipient[m - 1] != w->ledger.recipient[m] ||
	       is_done(reading, m - 1);
}

static bool may_show(const struct world *w, unsigned c, unsigned m)
{
	const struct client *k = &w->clients[c];

	if (has(k->reading.grace, m))
		return true;
	if (has(k->reading.merged, m))
		return is_next(w, c, m) || !rule(RULE_NUMBER_ORDER);
	return k->live && has(k->reading.from[m], lowest(k->live)) && is_next(w, c, m);
}

bool mailbox_waits_for_grace(const struct world *w, unsigned c, unsigned m)
{
	const struct client *k = &w->clients[c];
	const struct reading *reading = &k->reading;

	if (k->life != RUNNING || !has(reading->held, m) || is_done(reading, m) ||
	    may_show(w, c, m))
		return false;
	for (unsigned before = 0; before < m; before++)
		if (has(reading->held, before))
			return false; /* that one's comes first */
	return true;
}

static void drop(struct reading *reading, unsigned m)
{
	reading->held &= NOT(BIT(m));
	reading->merged &= NOT(BIT(m));
	reading->grace &= NOT(BIT(m));
	reading->from[m] = 0;
}

/* All pages are there: what they list comes in order, shown at once when it may be. */
static void merge(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct reading *reading = &k->reading;

	if (reading->paging)
		return;
	reading->initial = 0;
	for (unsigned m = 0; m < MESSAGES; m++) {
		uint8_t from = reading->listed[m];

		reading->listed[m] = 0;
		if (!from)
			continue;
		if (is_done(reading, m)) {
			tell(w, c, m, from & k->joined);
		} else {
			reading->held |= BIT(m);
			reading->merged |= BIT(m);
			reading->from[m] |= from;
		}
	}
}

void mailbox_settle(struct world *w, unsigned c)
{
	struct client *k = &w->clients[c];
	struct reading *reading = &k->reading;

	if (!k->account)
		return;
	merge(w, c);
	for (unsigned i = 0; i < MESSAGES; i++) {
		unsigned m = rule(RULE_NUMBER_ORDER) ? i : MESSAGES - 1 - i;

		if (!has(reading->held, m))
			continue;
		if (is_done(reading, m)) {
			tell(w, c, m, reading->from[m] & k->joined);
		} else if (is_settled(w, c) && !has(reading->gone, m) && may_show(w, c, m)) {
			show(w, c, m);
		} else if (rule(RULE_NUMBER_ORDER)) {
			return; /* those after it wait, too */
		} else {
			continue;
		}
		drop(reading, m);
	}
	if (!rule(RULE_REMEMBER_SHOWN))
		reading->shown = 0;
}

/* ---- ends ---- */

void mailbox_lost(struct world *w, unsigned c, unsigned r)
{
	struct reading *reading = &w->clients[c].reading;

	reading->paging &= NOT(BIT(r));
	reading->asked &= NOT(BIT(r));
	reading->answered &= NOT(BIT(r));
	reading->told[r] = 0;
	for (unsigned m = 0; m < MESSAGES; m++)
		reading->listed[m] &= NOT(BIT(r));
}

/* What was shown and what is gone is remembered for life. */
void mailbox_clear(struct world *w, unsigned c)
{
	struct reading kept = w->clients[c].reading;
	struct reading *reading = &w->clients[c].reading;

	memset(reading, 0, sizeof *reading);
	reading->shown = kept.shown;
	reading->gone = kept.gone;
	reading->seen = kept.seen;
	memcpy(reading->buried, kept.buried, sizeof kept.buried);
}
