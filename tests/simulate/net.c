/* SPDX-License-Identifier: MIT
 *
 * The network of the simulation: connections of two byte channels each. Bytes keep their order and
 * arrive in pieces. They may be under way when one end is gone; the other end learns of that later,
 * or never. A ghost is a connection whose client has gone and whose last requests still arrive.
 *
 * A replica learns that a connection has ended only after all bytes sent before. So does a client,
 * unless these bytes are lost with the connection.
 */
#include "tests/simulate/simulate.h"

static uint64_t delay(struct sim *s)
{
	return sim_around(s, s->delay);
}

static void pipe_init(struct sim_pipe *p)
{
	memset(p, 0, sizeof *p);
	buf_init(&p->flight, 64 << 20);
	buf_init(&p->arrived, 64 << 20);
}

static void pipe_release(struct sim_pipe *p)
{
	buf_release(&p->flight);
	buf_release(&p->arrived);
}

struct sim_wire *sim_dial(struct sim *s, uint32_t client, uint32_t index, uint32_t replica)
{
	struct sim_wire *w = s->wires;

	while (w < s->wires + SIM_WIRES_MAX && w->used)
		w++;
	assert(w < s->wires + SIM_WIRES_MAX);
	memset(w, 0, sizeof *w);
	w->used = true;
	w->client = client;
	if (client != SIM_CLIENTS_MAX)
		w->life = client < SIM_CLIENTS_MAX ? s->clients[client].life
		                                   : s->repairs[client - SIM_CLIENTS_MAX - 1].life;
	w->index = index;
	w->replica = replica;
	w->opened_at = s->now;
	w->dialling = true;
	w->syn_at = s->now + delay(s);
	w->ack_at = SIM_NEVER;
	w->close_at = SIM_NEVER;
	pipe_init(&w->up);
	pipe_init(&w->down);
	buf_init(&w->held_back, 64 << 20);
	buf_init(&w->up_tap, 2 * FRAME_SIZE_MAX);
	buf_init(&w->down_tap, 2 * FRAME_SIZE_MAX);
	return w;
}

void sim_wire_free(struct sim_wire *w)
{
	pipe_release(&w->up);
	pipe_release(&w->down);
	buf_release(&w->held_back);
	sim_tap_release(w);
	w->used = false;
}

void sim_wire_settle(struct sim *s, struct sim_wire *w)
{
	(void)s;
	if (w->used && !w->client_open && !w->dialling && !w->replica_open && !w->accepting)
		sim_wire_free(w);
}

/* Bytes are under way, in pieces. */
static void launch(struct sim *s, struct sim_pipe *p, struct view bytes)
{
	size_t left = bytes.size;

	(void)buf_put(&p->flight, bytes.data, bytes.size); /* its maximum is far beyond a pipe's */
	while (left > 0) {
		size_t part = left > 1 && sim_chance(s, 15) ? 1 + sim_random(s, left) : left;
		uint64_t at = s->now + delay(s);

		if (at < p->last_at)
			at = p->last_at;
		if (p->count == SIM_CHUNKS_MAX)
			p->count--, part = left + p->chunks[p->count].size, left = part;
		p->chunks[p->count++] = (struct sim_chunk){ (uint32_t)part, at };
		p->last_at = at;
		left -= part;
	}
}

void sim_pipe_forge(struct sim *s, struct sim_wire *w, struct view bytes)
{
	launch(s, &w->up, bytes);
}

size_t sim_pipe_write(struct sim *s, struct sim_wire *w, bool up, struct view bytes)
{
	struct sim_pipe *p = up ? &w->up : &w->down;
	/* What has arrived is the reader's, who keeps a frame that is not whole in its own
	 * memory. */
	size_t waiting = p->flight.size + (p->arrived.size > FRAME_SIZE_MAX ? s->pipe_size : 0);
	size_t room = waiting < s->pipe_size ? s->pipe_size - waiting : 0;
	size_t size = bytes.size < room ? bytes.size : room;

	assert(!p->ended);
	if (size == 0)
		return 0;
	if (up)
		sim_tap_up(s, w, view_of(bytes.data, size));
	else
		sim_tap_down(s, w, view_of(bytes.data, size));
	if (!p->lost)
		launch(s, p, view_of(bytes.data, size));
	return size;
}

void sim_pipe_end(struct sim *s, struct sim_wire *w, bool up, bool loses)
{
	struct sim_pipe *p = up ? &w->up : &w->down;

	if (p->ended)
		return;
	p->ended = true;
	if (loses) {
		p->count = 0;
		buf_clear(&p->flight);
	}
	p->end_at = s->now + delay(s);
	if (!loses && p->end_at < p->last_at)
		p->end_at = p->last_at;
	if (p->lost)
		p->end_at = SIM_NEVER;
}

/* ---- time ---- */

static uint64_t later(uint64_t at, uint64_t until)
{
	return at == SIM_NEVER || at > until ? at : until;
}

static uint64_t pipe_next(const struct sim_pipe *p, uint64_t blocked)
{
	if (p->count > 0)
		return later(p->chunks[0].at, blocked);
	return p->ended ? later(p->end_at, blocked) : SIM_NEVER;
}

uint64_t sim_wire_next(const struct sim *s, const struct sim_wire *w)
{
	uint64_t up = s->blocked_up[w->client][w->replica];
	uint64_t down = s->blocked_down[w->client][w->replica];
	uint64_t next = w->close_at;
	uint64_t at;

	if ((at = later(w->syn_at, up)) < next)
		next = at;
	if (w->dialling && (at = later(w->ack_at, down)) < next)
		next = at;
	if ((w->replica_open || w->up.count > 0) && !w->accepting &&
	    (at = pipe_next(&w->up, up)) < next)
		next = at;
	if (w->client_open && (at = pipe_next(&w->down, down)) < next)
		next = at;
	return next;
}

/* ---- events ---- */

/* The process at the client's end. */
static uint64_t asleep_until(const struct sim *s, const struct sim_wire *w)
{
	if (w->client == SIM_CLIENTS_MAX)
		return 0;
	return w->client < SIM_CLIENTS_MAX
	               ? s->clients[w->client].frozen_until
	               : s->repairs[w->client - SIM_CLIENTS_MAX - 1].frozen_until;
}

static void syn(struct sim *s, struct sim_wire *w)
{
	const struct sim_replica *p = &s->replicas[w->replica];

	w->syn_at = SIM_NEVER;
	if (p->dead_host)
		return;
	w->ack_at = s->now + delay(s);
	if (!p->up) {
		w->refused = true;
		return;
	}
	w->boot = p->boot;
	w->accepting = true;
	if (sim_replica_awake(s, w->replica))
		sim_replica_accept(s, w);
}

static void told(struct sim *s, struct sim_wire *w, const char *why)
{
	bool was_dialling = w->dialling;

	w->dialling = false;
	w->client_open = false;
	sim_pipe_end(s, w, true, false);
	if (w->client == SIM_CLIENTS_MAX) {
		sim_liar_closed(s, w);
		return;
	}
	if (w->client > SIM_CLIENTS_MAX) {
		sim_repair_failed(s, w, why);
		return;
	}
	struct sim_client *c = &s->clients[w->client];

	assert(c->up);
	assert(c->life == w->life);
	c->wires[w->index] = SIM_WIRES_MAX;
	sim_check_lost_arrivals(s, w->client, w->replica);
	sim_tap_lost(s, w);
	sim_client_wait_for_sign(s, w);
	sim_relay_lost(s, w);
	replication_failed(c->r, w->index, why, (struct replication_time){ s->now / SIM_MS });
	sim_trace(s, "client %u hears of replica %u: %s%s", w->client, w->replica, why,
	          was_dialling ? " (dialling)" : "");
	sim_client_settle(s, w->client);
}

static void ack(struct sim *s, struct sim_wire *w)
{
	w->ack_at = SIM_NEVER;
	if (w->refused || sim_relay_refuses(s, w)) {
		told(s, w, "connection refused");
		return;
	}
	w->dialling = false;
	w->client_open = true;
	if (w->client == SIM_CLIENTS_MAX) {
		sim_liar_connected(s, w);
		return;
	}
	if (w->client > SIM_CLIENTS_MAX) {
		sim_repair_connected(s, w);
		return;
	}
	replication_connected(s->clients[w->client].r, w->index,
	                      (struct replication_time){ s->now / SIM_MS });
	sim_client_settle(s, w->client);
}

/* A chunk has arrived. */
static void arrive(struct sim_pipe *p)
{
	uint32_t size = p->chunks[0].size;

	p->count--;
	memmove(p->chunks, p->chunks + 1, p->count * sizeof *p->chunks);
	(void)buf_put(&p->arrived, p->flight.data, size);
	buf_consume(&p->flight, size);
}

static void arrive_altered(struct sim *s, struct sim_wire *w)
{
	struct sim_pipe *p = &w->down;
	uint32_t size = p->chunks[0].size;

	p->count--;
	memmove(p->chunks, p->chunks + 1, p->count * sizeof *p->chunks);
	sim_false_arrive(s, w, view_of(p->flight.data, size));
	buf_consume(&p->flight, size);
}

/* The host says that it knows no such connection. */
static void reset(struct sim *s, struct sim_wire *w)
{
	w->down.ended = true;
	w->down.lost = false;
	w->down.count = 0;
	buf_clear(&w->down.flight);
	w->down.end_at = s->now + delay(s);
}

static void step_up(struct sim *s, struct sim_wire *w)
{
	if (w->up.count > 0) {
		arrive(&w->up);
		if (w->replica_open) {
			sim_replica_feed(s, w);
			return;
		}
		/* Nobody is there: a reset comes back, if a host is. */
		buf_clear(&w->up.arrived);
		if (!s->replicas[w->replica].dead_host && (!w->down.ended || w->down.lost))
			reset(s, w);
		return;
	}
	w->up.end_at = SIM_NEVER;
	if (w->replica_open)
		sim_replica_closed(s, w);
}

static void step_down(struct sim *s, struct sim_wire *w)
{
	if (w->down.count > 0) {
		if (w->replica == s->lying && w->client < SIM_CLIENTS_MAX)
			arrive_altered(s, w);
		else
			arrive(&w->down);
		if (w->client == SIM_CLIENTS_MAX)
			sim_liar_feed(s, w);
		else if (w->client > SIM_CLIENTS_MAX)
			sim_repair_feed(s, w);
		else
			sim_client_feed(s, w);
		return;
	}
	/* A client that is stopped is told when it goes on. */
	if (asleep_until(s, w) > s->now) {
		w->down.end_at = asleep_until(s, w);
		return;
	}
	w->down.end_at = SIM_NEVER;
	told(s, w, "closed the connection");
}

void sim_wire_step(struct sim *s, struct sim_wire *w)
{
	uint64_t up = s->blocked_up[w->client][w->replica];
	uint64_t down = s->blocked_down[w->client][w->replica];

	assert(w->used);
	if (later(w->syn_at, up) <= s->now) {
		syn(s, w);
	} else if (w->dialling && later(w->ack_at, down) <= s->now) {
		if (asleep_until(s, w) > s->now)
			w->ack_at = asleep_until(s, w);
		else
			ack(s, w);
	} else if (w->close_at <= s->now) {
		w->close_at = SIM_NEVER;
		sim_replica_closed(s, w);
	} else if ((w->replica_open || w->up.count > 0) && !w->accepting &&
	           pipe_next(&w->up, up) <= s->now) {
		step_up(s, w);
	} else {
		assert(w->client_open);
		assert(pipe_next(&w->down, down) <= s->now);
		step_down(s, w);
	}
	sim_wire_settle(s, w);
}
