/* SPDX-License-Identifier: MIT
 *
 * replicas: the table of replicas, and whether they hold the same facts.
 *
 * All live replicas are pinged; a ping's answer has the count of facts and the sum of their hashes.
 * The answers are of different moments, so under traffic they differ although nothing is wrong.
 * They are compared only between replicas whose count and sum did not move from one round of pings
 * to the next; after PING_ROUNDS_MAX rounds the table says of the others that it is not known. It
 * only informs: nothing is decided by it.
 */
#include "replication/private.h"

#include <string.h>

enum { PING_ROUNDS_MAX = 5 };

struct replicas_op {
	struct op op;
	uint32_t rounds;
	bool known[REPLICAS]; /* facts and sums, from the round before */
	bool still[REPLICAS]; /* no count has moved since then */
	uint64_t facts[REPLICAS];
	uint64_t sums[REPLICAS];
};

static void replicas_ping(struct replication *r, struct op *op)
{
	if (!op_audience(r, op))
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (op->audience & BIT(i))
			due_ping(r, i, op);
}

/* The table as it is known now; dead replicas have their reasons. */
static void replicas_end(struct replication *r, struct op *op)
{
	const struct replicas_op *o = (struct replicas_op *)op;
	struct replica_row *rows = memory_alloc_zero(REPLICAS, sizeof *rows);
	struct action *action = replication_act(r, ACTION_REPLICAS, rows);
	uint32_t leader = r->leader < 0 ? 0 : (uint32_t)r->leader;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct replica *p = &r->replicas[i];

		rows[i].live = (r->live & BIT(i)) != 0;
		rows[i].leader = (int)i == r->leader;
		rows[i].facts_known = rows[i].live && p->facts_known;
		rows[i].facts = p->facts;
		rows[i].agrees_known = rows[i].facts_known && o->still[i] && o->still[leader];
		rows[i].agrees = p->facts == r->replicas[leader].facts &&
		                 p->sum == r->replicas[leader].sum;
		rows[i].round_trip_known = rows[i].facts_known;
		rows[i].round_trip_ms = p->round_trip_ms;
		memcpy(rows[i].why, p->why, WHY_SIZE);
	}
	action->rows = rows;
	action->token = op->token;
	op_refuse(r, op, OUTCOME_OK, "");
}

/* A round is over: it was the last one if no count has moved. */
static void replicas_advance(struct replication *r, struct op *op)
{
	struct replicas_op *o = (struct replicas_op *)op;
	bool still = true;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct replica *p = &r->replicas[i];

		if (!(op->audience & BIT(i)))
			continue;
		o->still[i] = o->known[i] && o->facts[i] == p->facts && o->sums[i] == p->sum;
		still = still && o->still[i];
		o->known[i] = true;
		o->facts[i] = p->facts;
		o->sums[i] = p->sum;
	}
	if (still || ++o->rounds >= PING_ROUNDS_MAX)
		replicas_end(r, op);
	else
		replicas_ping(r, op);
}

static void replicas_command(struct replication *r, struct op *op, const struct command *command)
{
	(void)command;
	if (r->live)
		replicas_ping(r, op);
	else
		replicas_end(r, op);
}

const struct op_row replicas_row = {
	.name = "replicas",
	.size = sizeof(struct replicas_op),
	.command = replicas_command,
	.advance = replicas_advance,
	.emptied = replicas_end,
};
