/* SPDX-License-Identifier: MIT
 *
 * The relay. In some runs one replica dies for as long as there are faults, and somebody listens on
 * its port who passes on what clients write to another one, which stays up, and what that answers:
 * so one process seems to answer at two indexes. Now and then it refuses. Whoever has heard the
 * true one at its own index, and nothing else there since, tells the relay nothing of an account.
 *
 * A client that has not heard the true one yet cannot know, and neither can one whose dial there
 * has just failed: that is no violation.
 */
#include "tests/simulate/simulate.h"

enum { RELAYS_EVERY = 32, RELAYS_AT = 28 };

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
}

void sim_relay_step(struct sim *s)
{
	if (s->relay.at == REPLICAS || s->now < s->relay.from || !s->replicas[s->relay.at].up)
		return;
	sim_replica_crash(s, s->relay.at, SIMDISK_KILLED, false);
	s->replicas[s->relay.at].start_at = SIM_NEVER;
	s->relay.stands = true;
	sim_trace(s, "a relay stands at replica %u, for replica %u", s->relay.at, s->relay.to);
}

uint32_t sim_relay_dialled(struct sim *s, uint32_t replica)
{
	return s->relay.stands && replica == s->relay.at && sim_chance(s, 90) ? s->relay.to
	                                                                      : replica;
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
	return s->relay.at < REPLICAS && w->client < SIM_CLIENTS_MAX && w->replica == s->relay.to &&
	       !is_relayed(s, w);
}

void sim_relay_greeted(struct sim *s, struct sim_wire *w)
{
	w->greeted = true;
	if (is_true_one(s, w))
		s->relay.heard[w->client] = w->life;
	s->produced->relayed += is_relayed(s, w);
}

void sim_relay_lost(struct sim *s, const struct sim_wire *w)
{
	if (is_true_one(s, w) && !w->greeted)
		s->relay.heard[w->client] = 0;
}

void sim_relay_asked(struct sim *s, const struct sim_wire *w, uint8_t type)
{
	if (is_relayed(s, w) && s->relay.heard[w->client] == w->life &&
	    (type == FRAME_LOGIN || type == FRAME_INTRODUCE || type == FRAME_HANDOVER))
		sim_fail(s, "client %u takes a relay for replica %u, which it has heard", w->client,
		         w->replica);
}
