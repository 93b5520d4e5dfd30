/* SPDX-License-Identifier: MIT
 *
 * A repair's process: the shipped reconcile, driven as driver/mend.c drives it, with the operator's
 * key. It dials the replicas like any client, at any time: beside traffic, other repairs and
 * faults. Some are given one replica at two addresses.
 *
 * What is checked:
 *
 *   OPERATE   It is not sent if one uuid answers at two addresses.
 *   STORE     It brings no living fact that a replica of this repair knew to be gone before the
 *             repair began. A replica that says yes must hold all of it.
 *   The end   It comes. With fewer than two replicas it is no success. The result is "the same"
 *             only if the last passes moved nothing. Each fact that a replica of this repair had on
 *             its disk at the beginning is on the disks of all of them.
 *
 * When all is quiet, simulate/end.c asks for more: one repair makes the replicas the same.
 */
#include "tests/simulate/simulate.h"

enum { WIRES_BUSY = 64 }; /* so many connections, and no other repair begins */

const uint8_t sim_operator_key[KEY_SIZE] = { 3, 1, 4, 1, 5, 9, 2, 6 };

static struct sim_repair *repair_of(struct sim *s, const struct sim_wire *w)
{
	assert(w->client > SIM_CLIENTS_MAX);
	return &s->repairs[w->client - SIM_CLIENTS_MAX - 1];
}

static uint32_t number_of(const struct sim *s, const struct sim_repair *p)
{
	return (uint32_t)(p - s->repairs);
}

static uint64_t time_ms(const struct sim *s)
{
	return s->now / SIM_MS;
}

bool sim_repair_awake(const struct sim *s, uint32_t k)
{
	return s->repairs[k].r != NULL && s->repairs[k].frozen_until <= s->now;
}

bool sim_repair_runs(const struct sim *s)
{
	return s->repairs[0].r != NULL || s->repairs[1].r != NULL;
}

/* ---- its life ---- */

static void dial_all(struct sim *s, uint32_t k)
{
	struct sim_repair *p = &s->repairs[k];

	for (uint32_t i = 0; i < REPLICAS; i++)
		p->wires[i] = (uint32_t)(sim_dial(s, SIM_CLIENTS_MAX + 1 + k, i, p->order[i]) -
		                         s->wires);
}

/* The operator removes accounts that some replica has unconfirmed, of any age: also some that are
 * being confirmed, or that another one has confirmed. These must live. */
static void put_lapsed(struct sim *s, struct buf *bring)
{
	const struct sim_replica *p = &s->replicas[sim_random(s, REPLICAS)];
	struct store_key key = { 0 };
	struct fact fact;

	while (p->up && store_next(p->store, &key, &fact) && !key.streams)
		if (fact.kind == FACT_ACCOUNT && !fact.account.confirmed && sim_chance(s, 50)) {
			fact.account.lapsed = true;
			s->produced->lapsed += protocol_put_fact(bring, &fact);
		}
}

/* The operator sets the password of somebody who has forgotten it. The newest that one replica has
 * is taken for the newest, so another one may have, or get, another of that epoch. */
static void put_reset(struct sim *s, struct buf *bring)
{
	const struct sim_replica *p = &s->replicas[sim_random(s, REPLICAS)];
	uint32_t at = (uint32_t)sim_random(s, s->history.accounts.count + 1);
	char setting[AUTH_SETTING_TEXT_SIZE];
	struct fact fact = { .kind = FACT_ACCOUNT };

	if (!p->up || at == s->history.accounts.count || s->history.accounts.items[at].by_liar ||
	    store_find(p->store, &s->history.accounts.items[at].id, &fact.account, NULL) !=
	            STORE_ALIVE)
		return;
	sim_password_reset(s, at, &fact.account, setting);
	s->produced->resets += protocol_put_fact(bring, &fact);
}

/* The operator removes an account. */
static void put_removal(struct sim *s, struct buf *bring)
{
	const struct sim_replica *p = &s->replicas[sim_random(s, REPLICAS)];
	uint32_t at = (uint32_t)sim_random(s, s->history.accounts.count + 1);
	struct fact fact = { .kind = FACT_TOMBSTONE };
	struct account account;
	struct sim_account *a;

	if (!p->up || at == s->history.accounts.count)
		return;
	a = &s->history.accounts.items[at];
	if (a->by_liar || a->delete_begun ||
	    store_find(p->store, &a->id, &account, NULL) != STORE_ALIVE)
		return;
	auth_tombstone_remove(&account, GONE_BY_OPERATOR, &fact.tombstone);
	a->delete_begun = true;
	s->produced->removed += protocol_put_fact(bring, &fact);
	sim_trace(s, "the operator removes account %u", at);
}

struct sim_repair *sim_repair_start(struct sim *s, const struct reconcile_options *given)
{
	struct reconcile_options options = *given;
	struct sim_repair *p = s->repairs[0].r ? &s->repairs[1] : &s->repairs[0];
	uint32_t busy = 0;

	for (uint32_t w = 0; w < SIM_WIRES_MAX; w++)
		busy += s->wires[w].used;
	if (p->r || busy > WIRES_BUSY)
		return NULL;
	options.count = REPLICAS;
	memcpy(options.key, sim_operator_key, KEY_SIZE);
	sim_draw(s, options.seed, KEY_SIZE);
	*p = (struct sim_repair){ .life = p->life + 1, .begun_at = s->now, .mode = options.mode };
	for (uint8_t i = 0; i < REPLICAS; i++)
		p->order[i] = i;
	if (!s->winding_up && sim_chance(s, 5)) {
		uint8_t twice = (uint8_t)sim_random(s, REPLICAS);

		p->order[sim_random(s, REPLICAS)] = twice;
	}
	buf_init(&p->bring, FRAME_SIZE_MAX);
	if (!s->winding_up && p->mode == RECONCILE_REPAIR && sim_chance(s, 25))
		put_lapsed(s, &p->bring);
	if (s->resets && !s->winding_up && p->mode == RECONCILE_REPAIR && sim_chance(s, 60))
		put_reset(s, &p->bring);
	if (s->resets && !s->winding_up && p->mode == RECONCILE_REPAIR && sim_chance(s, 15))
		put_removal(s, &p->bring);
	options.bring = buf_view(&p->bring);
	sim_trace(s, "repair %u begins, %s; %zu bytes are brought", number_of(s, p),
	          p->mode == RECONCILE_CHECK ? "to check" : "to repair", p->bring.size);
	s->produced->repairs++;
	p->r = reconcile_new(&options, time_ms(s));
	dial_all(s, number_of(s, p));
	return p;
}

/* Its ends of the connections are closed. */
static void end(struct sim *s, struct sim_repair *p, bool host)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct sim_wire *w = p->wires[i] < SIM_WIRES_MAX ? &s->wires[p->wires[i]] : NULL;

		p->wires[i] = SIM_WIRES_MAX;
		if (!w)
			continue;
		w->client_open = w->dialling = false;
		w->up.lost |= host;
		sim_pipe_end(s, w, true, host);
		sim_wire_settle(s, w);
	}
	reconcile_free(p->r);
	buf_release(&p->bring);
	p->r = NULL;
	p->thaws = false;
	p->frozen_until = 0;
}

bool sim_repair_kill(struct sim *s, uint32_t k, bool host)
{
	struct sim_repair *p = &s->repairs[k];

	if (!p->r)
		return false;
	sim_trace(s, "repair %u is killed%s", k, host ? " with its host" : "");
	end(s, p, host);
	return true;
}

void sim_repair_release(struct sim *s, uint32_t k)
{
	if (s->repairs[k].r != NULL)
		buf_release(&s->repairs[k].bring);
	reconcile_free(s->repairs[k].r);
	s->repairs[k].r = NULL;
}

/* ---- what it says at the end ---- */

/* The replicas that took part to the end, and whose processes are the ones that did. */
static uint32_t took_part(const struct sim *s, const struct sim_repair *p)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct sim_wire *w = p->wires[i] < SIM_WIRES_MAX ? &s->wires[p->wires[i]]
		                                                       : NULL;

		if (w && p->result.replicas[i].state == RECONCILE_READY &&
		    s->replicas[w->replica].up && s->replicas[w->replica].boot == w->boot)
			mask |= 1u << w->replica;
	}
	return mask;
}

static bool was_refused(const struct sim_repair *p)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (p->result.replicas[i].refusal != STATUS_OK)
			return true;
	return false;
}

/* Whether one of these had it on its disk when the run began. */
static bool had(const struct sim_held *h, uint32_t mask, uint64_t begun_at)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((mask >> i & 1) && h->at[i] && h->at[i] < begun_at)
			return true;
	return false;
}

/* One of `mask` knew before the run began that it is received, and knows it still. A replica that
 * has learned since that the recipient is gone has dropped what was received, and has it to tell to
 * nobody; the message takes no effect where that is known. */
static bool is_received(const struct sim *s, const struct sim_message *m, uint32_t mask,
                        uint64_t begun_at)
{
	uint32_t to = sim_account_find(s, &m->stream.recipient);

	if (to != UINT32_MAX)
		mask &= ~sim_held_mask(&s->history.accounts.items[to].gone);
	return had(&m->gone, mask, begun_at);
}

static void check_account(struct sim *s, const struct sim_repair *p, uint32_t n, uint32_t mask,
                          uint32_t i)
{
	struct sim_account *a = &s->history.accounts.items[n];
	struct account account = { .confirmed = false };
	enum store_state state = store_find(s->replicas[i].store, &a->id, &account, NULL);

	if (had(&a->gone, mask, p->begun_at)) {
		sim_held_set(s, &a->gone, i);
		if (state != STORE_DEAD)
			sim_fail(s, "repair did not tell replica %u that account %u is gone", i, n);
	}
	for (uint32_t k = 0; k < REPLICAS; k++)
		if ((mask >> k & 1) &&
		    store_find(s->replicas[k].store, &a->id, NULL, NULL) == STORE_DEAD)
			return; /* was deleted meanwhile */
	if (had(&a->stored, mask, p->begun_at)) {
		sim_held_set(s, &a->stored, i);
		if (state == STORE_UNKNOWN)
			sim_fail(s, "repair did not bring account %u to replica %u", n, i);
	}
	if (had(&a->confirmed, mask, p->begun_at)) {
		sim_held_set(s, &a->confirmed, i);
		if (state != STORE_DEAD && !account.confirmed)
			sim_fail(s, "repair did not tell replica %u that account %u is confirmed",
			         i, n);
	}
	if (had(&a->lapsed, mask, p->begun_at)) {
		sim_held_set(s, &a->lapsed, i);
		if (state == STORE_ALIVE && !account.confirmed)
			sim_fail(s, "repair did not tell replica %u that account %u was removed", i,
			         n);
	}
}

/* What was buried while the run went on has nothing left to be copied. */
static bool is_dead_in(const struct sim *s, const struct sim_message *m, uint32_t mask)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((mask >> i & 1) &&
		    sim_message_state(s->replicas[i].store, m, NULL) == STORE_DEAD)
			return true;
	return false;
}

static void check_message(struct sim *s, const struct sim_repair *p, uint32_t n, uint32_t mask,
                          uint32_t i)
{
	struct sim_message *m = &s->history.messages.items[n];
	enum store_state state = sim_message_state(s->replicas[i].store, m, NULL);

	if (is_received(s, m, mask, p->begun_at)) {
		sim_held_set(s, &m->gone, i);
		if (state != STORE_DEAD)
			sim_fail(s, "repair did not tell replica %u that t%u is received", i,
			         m->text);
	}
	if (had(&m->stored, mask, p->begun_at) && !is_dead_in(s, m, mask)) {
		sim_held_set(s, &m->stored, i);
		if (state == STORE_UNKNOWN)
			sim_fail(s, "repair did not bring t%u to replica %u", m->text, i);
	}
}

static void check_copied(struct sim *s, const struct sim_repair *p)
{
	uint32_t mask = took_part(s, p);

	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(mask >> i & 1))
			continue;
		for (uint32_t n = 0; n < s->history.accounts.count; n++)
			check_account(s, p, n, mask, i);
		for (uint32_t n = 0; n < s->history.messages.count; n++)
			check_message(s, p, n, mask, i);
	}
}

static void done(struct sim *s, struct sim_repair *p)
{
	const struct reconcile_result *result = &p->result;
	uint32_t ready = 0;

	reconcile_result(p->r, &p->result);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		ready += result->replicas[i].state == RECONCILE_READY;
		s->produced->repaired += result->replicas[i].stored;
		sim_trace(s, "repair %u, replica %u: %llu missing, %llu stored %s", number_of(s, p),
		          p->order[i], (unsigned long long)result->replicas[i].missing,
		          (unsigned long long)result->replicas[i].stored, result->replicas[i].why);
	}
	sim_trace(s, "repair %u ends: %u replicas, %s, %u passes", number_of(s, p), ready,
	          result->is_same ? "the same" : "not the same", result->passes);
	s->produced->repairs_done += result->is_ready;
	s->produced->repairs_same += result->is_same;
	if (result->is_ready && ready < 2)
		sim_fail(s, "repair %u is content with %u replicas", number_of(s, p), ready);
	if (result->is_same && !result->is_ready)
		sim_fail(s, "repair %u says the same of too few replicas", number_of(s, p));
	/* With one lost the run began anew, and what it had said before may leave it later. */
	if (result->is_same && ready == REPLICAS && (p->moved[SET_GONE] || p->moved[SET_LIVE]))
		sim_fail(s, "repair %u says the same, but its last pass has moved something",
		         number_of(s, p));
	if (result->is_ready && (result->is_same || p->mode == RECONCILE_REPAIR) && !was_refused(p))
		check_copied(s, p);
	p->ended = true;
	end(s, p, false);
}

/* ---- what it is seen to do ---- */

/* One uuid at two addresses: neither is told anything. */
static void check_twins(struct sim *s, const struct sim_wire *w, const struct sim_repair *p)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct sim_wire *o = p->wires[i] < SIM_WIRES_MAX ? &s->wires[p->wires[i]]
		                                                       : NULL;

		if (o && o != w && o->replica == w->replica)
			sim_fail(s, "repair proves itself to replica %u, which answers twice",
			         w->replica);
	}
}

/* What lives is brought after all that is gone is known; but a password that an operator sets, at
 * once: an account that is gone stays gone beside it. */
static void check_order(struct sim *s, const struct sim_wire *w, struct sim_repair *p,
                        const struct fact *fact)
{
	const struct sim_message *m = NULL;
	uint32_t at = UINT32_MAX;
	uint32_t mask;

	reconcile_result(p->r, &p->result);
	mask = was_refused(p) ? 0 : took_part(s, p);
	if (fact->kind == FACT_MESSAGE)
		m = sim_message_find(s, &fact->message.stream, fact->message.number);
	else
		at = sim_account_find(s, &fact->account.id);
	if (m != NULL && is_received(s, m, mask, p->begun_at))
		sim_fail(s, "repair brings t%u to replica %u, though another knows it is received",
		         m->text, w->replica);
	if (at != UINT32_MAX && had(&s->history.accounts.items[at].gone, mask, p->begun_at) &&
	    !(p->bring.size > 0 && fact->account.by == ACCOUNT_BY_OPERATOR))
		sim_fail(s, "repair brings account %u to replica %u, though another knows it gone",
		         at, w->replica);
}

static void brings_mark(struct sim *s, uint32_t replica, const struct account *account)
{
	uint32_t at = sim_account_find(s, &account->id);

	if (at != UINT32_MAX && account->confirmed)
		s->history.accounts.items[at].brought |= 1u << replica;
	if (at == UINT32_MAX || !account->lapsed)
		return;
	s->history.accounts.items[at].lapsing = true;
	sim_trace(s, "account %u is removed from replica %u", at, replica);
}

static void asked_store(struct sim *s, struct sim_wire *w, struct sim_repair *p,
                        const struct frame *f)
{
	struct reader r = reader_of(f->store.facts);
	uint8_t bit = (uint8_t)(1u << w->replica);
	bool is_bring = !(p->brought & bit) && view_equal(f->store.facts, buf_view(&p->bring));
	struct fact fact;

	p->brought |= is_bring ? bit : 0;
	while (protocol_next_fact(&r, &fact)) {
		bool is_gone = fact.kind == FACT_TOMBSTONE || fact.kind == FACT_BURIAL;

		p->moved[is_gone ? SET_GONE : SET_LIVE] |= !is_bring;
		if (p->mode == RECONCILE_CHECK)
			sim_fail(s, "repair was to check, and stores");
		if (!is_gone && !(fact.kind == FACT_ACCOUNT && fact.account.lapsed))
			check_order(s, w, p, &fact);
		if (fact.kind == FACT_ACCOUNT)
			brings_mark(s, w->replica, &fact.account);
	}
}

void sim_repair_asked(struct sim *s, struct sim_wire *w, const struct frame *f)
{
	struct sim_repair *p = repair_of(s, w);
	struct bound begin = bound_begin(), last = bound_end();

	if (f->type == FRAME_OPERATE)
		check_twins(s, w, p);
	if (f->type == FRAME_SPLIT && bound_compare(&f->split.after, &begin) == 0 &&
	    bound_compare(&f->split.upto, &last) == 0) { /* a pass begins */
		p->moved[f->split.set & SET_GONE] = false;
		p->moved[f->split.set & SET_LIVE] = false;
	}
	if (f->type == FRAME_STORE)
		asked_store(s, w, p, f);
}

static void stored_burial(struct sim *s, uint32_t replica, const struct burial *burial)
{
	for (uint32_t i = 0; i < s->history.messages.count; i++) {
		struct sim_message *m = &s->history.messages.items[i];

		if (stream_compare(&m->stream, &burial->stream) == 0 &&
		    m->number >= burial->range.first && m->number <= burial->range.last)
			sim_held_set(s, &m->gone, replica);
	}
}

static void stored_account(struct sim *s, uint32_t replica, const struct fact *fact)
{
	bool is_gone = fact->kind == FACT_TOMBSTONE;
	uint32_t at = sim_account_find(s, is_gone ? &fact->tombstone.id : &fact->account.id);
	struct sim_account *a = at == UINT32_MAX ? NULL : &s->history.accounts.items[at];

	if (!a)
		return;
	sim_held_set(s, &a->stored, replica);
	if (is_gone)
		sim_held_set(s, &a->gone, replica);
	else if (fact->account.confirmed)
		sim_held_set(s, &a->confirmed, replica);
	else if (fact->account.lapsed)
		sim_held_set(s, &a->lapsed, replica);
	if (!is_gone && fact->account.epoch > 0)
		sim_password_brought(s, replica, &fact->account);
}

void sim_repair_answered(struct sim *s, uint32_t replica, const struct frame *request)
{
	struct reader r = reader_of(request->store.facts);
	struct sim_message *m;
	struct fact fact;

	while (protocol_next_fact(&r, &fact)) {
		if (fact.kind == FACT_BURIAL) {
			stored_burial(s, replica, &fact.burial);
		} else if (fact.kind == FACT_MESSAGE) {
			m = sim_message_find(s, &fact.message.stream, fact.message.number);
			if (m)
				sim_held_set(s, &m->stored, replica);
		} else {
			stored_account(s, replica, &fact);
		}
	}
}

/* ---- events ---- */

static void close_wire(struct sim *s, struct sim_repair *p, uint32_t index)
{
	struct sim_wire *w = p->wires[index] < SIM_WIRES_MAX ? &s->wires[p->wires[index]] : NULL;

	p->wires[index] = SIM_WIRES_MAX;
	if (!w)
		return;
	w->client_open = w->dialling = false;
	sim_pipe_end(s, w, true, false);
	sim_wire_settle(s, w);
}

static void flush(struct sim *s, struct sim_repair *p)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct sim_wire *w = p->wires[i] < SIM_WIRES_MAX ? &s->wires[p->wires[i]] : NULL;
		struct view out;
		size_t sent;

		if (!w || !w->client_open || w->up.ended)
			continue;
		out = reconcile_output(p->r, i);
		sent = out.size ? sim_pipe_write(s, w, true, out) : 0;
		if (sent)
			reconcile_output_sent(p->r, i, sent);
	}
}

static void settle(struct sim *s, struct sim_repair *p)
{
	struct reconcile_action action;
	bool is_done = false;

	while (reconcile_next(p->r, &action)) {
		if (action.kind == RECONCILE_CLOSE)
			close_wire(s, p, action.index);
		is_done |= action.kind == RECONCILE_DONE;
	}
	reconcile_check(p->r);
	if (is_done)
		done(s, p);
	else
		flush(s, p);
}

void sim_repair_connected(struct sim *s, struct sim_wire *w)
{
	struct sim_repair *p = repair_of(s, w);

	reconcile_connected(p->r, w->index, time_ms(s));
	settle(s, p);
}

void sim_repair_failed(struct sim *s, struct sim_wire *w, const char *why)
{
	struct sim_repair *p = repair_of(s, w);

	p->wires[w->index] = SIM_WIRES_MAX;
	reconcile_failed(p->r, w->index, why, time_ms(s));
	settle(s, p);
}

void sim_repair_feed(struct sim *s, struct sim_wire *w)
{
	struct sim_repair *p = repair_of(s, w);
	uint32_t replica = w->replica;
	size_t used = 0;
	size_t size;

	if (!sim_repair_awake(s, number_of(s, p)))
		return;
	assert(p->life == w->life);
	do {
		struct view rest = view_of(w->down.arrived.data + used,
		                           w->down.arrived.size - used);

		size = reconcile_input(p->r, w->index, rest, time_ms(s));
		used += size;
	} while (size > 0);
	buf_consume(&w->down.arrived, used);
	settle(s, p);
	sim_replica_settle(s, replica); /* there is room again */
}

uint64_t sim_repair_next(const struct sim *s, uint32_t k)
{
	const struct sim_repair *p = &s->repairs[k];
	uint64_t at;

	if (!p->r)
		return SIM_NEVER;
	if (p->thaws)
		return p->frozen_until;
	at = reconcile_deadline(p->r);
	return at == UINT64_MAX ? SIM_NEVER : at * SIM_MS;
}

bool sim_repair_freeze(struct sim *s, uint32_t k, uint64_t time)
{
	struct sim_repair *p = &s->repairs[k];

	if (!p->r || p->thaws)
		return false;
	p->frozen_until = s->now + time;
	p->thaws = true;
	sim_trace(s, "repair %u is stopped for %llu ms", k, (unsigned long long)(time / SIM_MS));
	return true;
}

void sim_repair_step(struct sim *s, uint32_t k)
{
	struct sim_repair *p = &s->repairs[k];

	if (!p->thaws) {
		reconcile_tick(p->r, time_ms(s));
		settle(s, p);
		return;
	}
	p->thaws = false;
	sim_trace(s, "repair %u goes on", k);
	for (uint32_t i = 0; i < REPLICAS && p->r; i++)
		if (p->wires[i] < SIM_WIRES_MAX && s->wires[p->wires[i]].down.arrived.size)
			sim_repair_feed(s, &s->wires[p->wires[i]]);
}
