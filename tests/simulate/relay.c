/* SPDX-License-Identifier: MIT
 *
 * The relay. In some runs one replica dies for as long as there are faults, and somebody listens on
 * its port who passes on what clients write to another one, which stays up, and what that answers:
 * so one process seems to answer at two indexes. Now and then it refuses. Whoever has heard the
 * true one at its own index, and nothing else there since, tells the relay nothing of an account.
 *
 * A client that has not heard the true one yet cannot know, and neither can one whose dial there
 * has just failed: that is no violation.
 *
 * In some of these runs it passes on what the one and what the other of them says, by turns, and
 * they are killed now and then. When all that has not happened for some time, and the relay still
 * stands, both must be live for every client.
 */
#include "tests/simulate/simulate.h"

enum { RELAYS_EVERY = 32, RELAYS_AT = 28, TURNS_EVERY = 128, TURNS_AT = 92 };

/* So long, at the end of a run with turns, there is no other fault. */
static const uint64_t quiet_time = 20 * SIM_SECOND;

void sim_relay_init(struct sim *s)
{
	s->relay.at = REPLICAS;
	if (s->options.calm || s->options.seed % RELAYS_EVERY != RELAYS_AT)
		return;
	s->relay.at = (uint32_t)sim_random(s, REPLICAS);
	s->relay.to = (s->relay.at + 1 + (uint32_t)sim_random(s, 2)) % REPLICAS;
	s->relay.from = s->now + (sim_chance(s, 30) ? 0 : sim_random(s, 10 * SIM_SECOND));
	s->faults_on &= 1u << FAULT_CUT_BOTH | 1u << FAULT_CUT_CLIENT | 1u << FAULT_CUT_REPLICA |
	                1u << FAULT_STALL_OUTPUT;
	s->faults_on |= 1u << FAULT_CRASH_CLIENT | 1u << FAULT_CRASH_CLIENT_HOST;
	s->fault_gap = 400 * SIM_MS;
	s->fault_at = s->now + sim_around(s, s->fault_gap);
	s->relay.turns = s->options.seed % TURNS_EVERY == TURNS_AT;
	if (!s->relay.turns)
		return;
	s->faults_on = 1u << FAULT_CUT_BOTH | 1u << FAULT_CUT_REPLICA | 1u << FAULT_KILL |
	               1u << FAULT_CRASH_CLIENT;
	s->ends_at += quiet_time;
}

/* From now on nothing but the relay disturbs. */
static void begin_quiet(struct sim *s)
{
	s->faults_on = 0;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (i != s->relay.at && !s->replicas[i].up)
			s->replicas[i].start_at = s->now;
}

void sim_relay_step(struct sim *s)
{
	if (s->relay.turns && s->faults_on && s->now + quiet_time > s->ends_at)
		begin_quiet(s);
	if (s->relay.at == REPLICAS || s->now < s->relay.from || !s->replicas[s->relay.at].up)
		return;
	sim_replica_crash(s, s->relay.at, SIMDISK_KILLED, false);
	s->replicas[s->relay.at].start_at = SIM_NEVER;
	s->relay.stands = true;
	sim_trace(s, "a relay stands at replica %u, for replica %u", s->relay.at, s->relay.to);
}

uint32_t sim_relay_dialled(struct sim *s, uint32_t replica)
{
	if (!s->relay.stands || replica != s->relay.at || !sim_chance(s, 90))
		return replica;
	if (s->relay.turns && sim_chance(s, 50))
		s->relay.to = REPLICAS - s->relay.at - s->relay.to; /* the other one of the two */
	return s->relay.to;
}

static bool is_relayed(const struct sim *s, const struct sim_wire *w)
{
	return s->relay.at < REPLICAS && w->client < SIM_CLIENTS_MAX &&
	       s->clients[w->client].order[w->index] != w->replica;
}

uint32_t sim_relay_who(struct sim *s, uint32_t c, const struct action *a)
{
	struct sim_client *p = &s->clients[c];
	uint32_t wire = p->wires[a->index];

	if (a->live)
		p->live_as[a->index] = wire < SIM_WIRES_MAX ? s->wires[wire].replica
		                                            : p->order[a->index];
	return p->live_as[a->index];
}

void sim_relay_check(struct sim *s)
{
	if (!s->relay.turns)
		return;
	for (uint32_t c = 0; c < s->clients_count; c++) {
		const struct sim_client *p = &s->clients[c];

		for (uint32_t i = 0; p->up && i < REPLICAS; i++) {
			const struct sim_wire *w = &s->wires[p->wires[i]];
			uint32_t replica = p->order[i];

			if (replica != s->relay.at &&
			    (p->wires[i] == SIM_WIRES_MAX || w->replica != replica ||
			     !(p->live & 1u << replica)))
				sim_fail(s, "client %u: a relay keeps replica %u out: %s", c,
				         replica, replication_why(p->r, i));
		}
	}
}

void sim_relay_end(struct sim *s)
{
	s->relay.stands = false;
	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++)
		if (s->wires[k].used && is_relayed(s, &s->wires[k]))
			sim_pipe_end(s, &s->wires[k], false, true);
}

bool sim_relay_refuses(const struct sim *s, const struct sim_wire *w)
{
	return is_relayed(s, w) && !s->relay.stands;
}

/* The one whose port this is. */
static bool is_true_one(const struct sim *s, const struct sim_wire *w)
{
	return s->relay.at < REPLICAS && w->client < SIM_CLIENTS_MAX && w->replica != s->relay.at &&
	       !is_relayed(s, w);
}

void sim_relay_greeted(struct sim *s, struct sim_wire *w)
{
	w->greeted = true;
	if (is_true_one(s, w)) {
		s->relay.heard[w->replica][w->client].life = w->life;
		s->relay.heard[w->replica][w->client].boot = w->boot;
	}
	s->produced->relayed += is_relayed(s, w);
}

void sim_relay_lost(struct sim *s, const struct sim_wire *w)
{
	if (is_true_one(s, w) && !w->greeted)
		s->relay.heard[w->replica][w->client].life = 0;
}

void sim_relay_asked(struct sim *s, const struct sim_wire *w, uint8_t type)
{
	if (is_relayed(s, w) && s->relay.heard[w->replica][w->client].life == w->life &&
	    s->relay.heard[w->replica][w->client].boot == w->boot &&
	    (type == FRAME_LOGIN || type == FRAME_INTRODUCE || type == FRAME_HANDOVER))
		sim_fail(s, "client %u takes a relay for replica %u, which it has heard", w->client,
		         w->replica);
}
