/* SPDX-License-Identifier: MIT
 *
 * One run. The seed chooses who takes part. Then the run does one event after another, the earliest
 * first. There is no queue of events: each step asks every part for its next event, so no event can
 * be forgotten or out of date.
 */
#include "tests/simulate/simulate.h"

#include "base/sha256.h"

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(struct sim *s)
{
	uint64_t z = (s->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t sim_random(struct sim *s, uint64_t limit)
{
	return limit ? draw(s) % limit : 0;
}

bool sim_chance(struct sim *s, uint32_t percent)
{
	return sim_random(s, 100) < percent;
}

uint64_t sim_around(struct sim *s, uint64_t mean)
{
	uint64_t how = sim_random(s, 16);
	uint64_t time = how == 0 ? sim_random(s, mean * 8 + 1)
	                         : mean / 4 + sim_random(s, mean * 3 / 2 + 1);

	return time ? time : 1;
}

void sim_draw(struct sim *s, void *to, size_t size)
{
	uint8_t *at = to;

	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)draw(s);
}

static void init(struct sim *s)
{
	static const uint64_t delays[] = { 200, 2000, 20 * SIM_MS, 100 * SIM_MS };
	static const uint64_t disks[] = { SIM_MS, SIM_MS, SIM_MS, 50 * SIM_MS };
	static const uint32_t pipes[] = { 1 << 20, 65536, 65536, 4096 };

	s->random = s->options.seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
	s->clients_count = 2 + (uint32_t)sim_random(s, 4);
	s->delay = delays[sim_random(s, 4)];
	s->disk_delay = disks[sim_random(s, 4)];
	s->pipe_size = pipes[sim_random(s, 4)];
	s->command_gap = (40 + sim_random(s, 800)) * SIM_MS;
	s->names_count = sim_chance(s, 50) ? SIM_NAMES : 1 + (uint32_t)sim_random(s, SIM_NAMES);
	s->share_messages = sim_chance(s, 80) ? 1000 : 3;
	s->gaps = sim_chance(s, 60) ? STORE_GAPS_MAX : 3;
	s->slow_work = sim_chance(s, 10);
	s->ends_at = (8 + sim_random(s, 20)) * SIM_SECOND;
	s->now = SIM_SECOND;
	sim_register_init(s);
	for (uint32_t i = 0; i < REPLICAS; i++)
		sim_replica_init(s, i);
	for (uint32_t c = 0; c < s->clients_count; c++) {
		struct sim_client *p = &s->clients[c];

		p->account = UINT32_MAX;
		p->start_at = s->now + sim_random(s, 200 * SIM_MS);
		for (uint8_t i = 0; i < REPLICAS; i++)
			p->order[i] = i;
		if (sim_chance(s, 15)) { /* this one was given them in another order */
			uint32_t a = (uint32_t)sim_random(s, 3);
			uint32_t b = (uint32_t)sim_random(s, 3);
			uint8_t other = p->order[a];

			p->order[a] = p->order[b];
			p->order[b] = other;
		}
	}
	sim_fault_init(s);
	sim_false_init(s);
	sim_relay_init(s);
	sim_forge_init(s);
	sim_liar_init(s);
}

/* Who is next: replicas, then clients, repairs, connections, then faults, then the liar. */
enum next_kind {
	NEXT_NONE,
	NEXT_REPLICA,
	NEXT_CLIENT,
	NEXT_REPAIR,
	NEXT_WIRE,
	NEXT_FAULT,
	NEXT_LIAR,
};

struct next {
	uint64_t at;
	enum next_kind kind;
	uint32_t which;
};

static void consider(struct next *n, uint64_t at, enum next_kind kind, uint32_t which)
{
	if (at >= n->at)
		return;
	n->at = at;
	n->kind = kind;
	n->which = which;
}

static struct next find_next(const struct sim *s)
{
	struct next n = { SIM_NEVER, NEXT_NONE, 0 };

	for (uint32_t i = 0; i < REPLICAS; i++)
		consider(&n, sim_replica_next(s, i), NEXT_REPLICA, i);
	for (uint32_t c = 0; c < s->clients_count; c++)
		consider(&n, sim_client_next(s, c), NEXT_CLIENT, c);
	for (uint32_t k = 0; k < SIM_REPAIRS; k++)
		consider(&n, sim_repair_next(s, k), NEXT_REPAIR, k);
	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++)
		if (s->wires[k].used)
			consider(&n, sim_wire_next(s, &s->wires[k]), NEXT_WIRE, k);
	if (!s->healed)
		consider(&n, s->fault_at, NEXT_FAULT, 0);
	if (!s->healed)
		consider(&n, sim_liar_next(s), NEXT_LIAR, 0);
	return n;
}

/* The bytes are the same on every machine. */
static void hash_step(struct sim *s, uint32_t which)
{
	uint8_t bytes[8 + 4];

	buf_store_u64(bytes, s->now);
	buf_store_u32(bytes + 8, which);
	sim_hash(s, bytes, sizeof bytes);
}

bool sim_step(struct sim *s, uint64_t until)
{
	struct next n = find_next(s);

	if (n.at > until || s->failed)
		return false;
	if (n.at > s->now)
		s->now = n.at;
	s->step++;
	s->produced->steps++;
	hash_step(s, n.which);
	switch (n.kind) {
	case NEXT_REPLICA:
		sim_replica_step(s, n.which);
		break;
	case NEXT_CLIENT:
		sim_client_step(s, n.which);
		break;
	case NEXT_REPAIR:
		sim_repair_step(s, n.which);
		break;
	case NEXT_WIRE:
		sim_wire_step(s, &s->wires[n.which]);
		break;
	case NEXT_FAULT:
		sim_fault_step(s);
		break;
	case NEXT_LIAR:
		sim_liar_step(s);
		break;
	case NEXT_NONE:
		return false;
	}
	return !s->failed;
}

void sim_run(struct sim *s)
{
	init(s);
	while (sim_step(s, s->ends_at))
		;
	if (!s->failed)
		sim_wind_up(s);
	if (!s->failed)
		sim_check_end(s);
	s->produced->runs++;
	s->produced->virtual_s += s->now / SIM_SECOND;
}

void sim_release(struct sim *s)
{
	for (uint32_t c = 0; c < SIM_CLIENTS_MAX; c++)
		sim_client_release(s, c);
	for (uint32_t k = 0; k < SIM_REPAIRS; k++)
		sim_repair_release(s, k);
	for (uint32_t i = 0; i < REPLICAS; i++)
		sim_replica_release(s, i);
	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++)
		if (s->wires[k].used)
			sim_wire_free(&s->wires[k]);
	sim_liar_release(s);
	for (uint32_t i = 0; i < s->history.texts.count; i++)
		memory_free(s->history.texts.items[i].text);
	memory_free(s->history.texts.items);
	memory_free(s->history.accounts.items);
	memory_free(s->history.attempts.items);
	memory_free(s->history.changes.items);
	memory_free(s->history.messages.items);
	memory_free(s->history.seen.items);
	memory_free(s->history.sessions.items);
	memory_free(s->history.listed.items);
	memory_free(s->history.lies.items);
}
