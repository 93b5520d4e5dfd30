/* SPDX-License-Identifier: MIT
 *
 * person: how the sender of a message is shown.
 *
 * A message carries its sender's id. Whether he is shown by his name alone is a question to all
 * live replicas, because an older or a confirmed account of the same name may be known anywhere.
 * Most need no question of their own: what a replica answers about a stream (stream.c) also says
 * who its sender is there.
 *
 *   every replica that has our session says that the   shown by the name alone
 *   name gives him, and one says that he is confirmed
 *   anything else                                      a joined look-up of his name decides
 *   he is gone                                         by the name alone if nobody else has it now;
 *                                                      a replica that showed him alive is told
 *
 * The answer is kept until another replica becomes live, or for one message only if it rests on an
 * account that is not confirmed.
 */
#include "replication/private.h"

#include <assert.h>
#include <string.h>

struct person *person_get(struct replication *r, const struct id *id)
{
	struct person *p = map_get(&r->persons, view_of(id, ID_SIZE));

	if (p != NULL)
		return p;
	p = memory_alloc_zero(1, sizeof *p);
	p->id = *id;
	map_put(&r->persons, view_of(&p->id, ID_SIZE), p);
	return p;
}

void person_learn(struct person *p, uint32_t index, const struct entry *e)
{
	uint8_t bit = BIT(index);

	p->answered |= bit;
	p->alive &= (uint8_t)~bit;
	p->holder &= (uint8_t)~bit;
	p->confirmed &= (uint8_t)~bit;
	if (e->state == ENTRY_UNKNOWN)
		return;
	if (e->state == ENTRY_ALIVE) {
		p->alive |= bit;
		if (e->marks & MARK_HOLDER)
			p->holder |= bit;
		if (e->marks & MARK_CONFIRMED)
			p->confirmed |= bit;
	} else {
		p->gone = true;
		p->tombstone = entry_tombstone(e);
	}
	memcpy(p->name, e->name.data, e->name.size);
	p->name[e->name.size] = '\0';
	p->named = true;
}

void person_lost(struct replication *r, uint32_t index)
{
	uint8_t others = (uint8_t)~BIT(index);
	struct person *p;
	uint32_t place = 0;

	while ((p = map_next(&r->persons, &place)) != NULL) {
		p->answered &= others;
		p->alive &= others;
		p->holder &= others;
		p->confirmed &= others; /* but what is gone is gone */
	}
}

void person_drop(struct replication *r, struct person *p)
{
	assert(p->streams > 0);
	if (--p->streams > 0 || p->looking)
		return;
	(void)map_take(&r->persons, view_of(&p->id, ID_SIZE));
	memory_free(p);
}

void person_release(struct replication *r)
{
	replication_empty(&r->persons);
}

/* ---- the look-up ---- */

struct person_op {
	struct op op;
	struct person *person;
};

static void person_start(struct replication *r, struct op *op)
{
	struct person *p = ((struct person_op *)op)->person;

	if (p->named)
		(void)lookup_new(r, op, view_of_string(p->name), NULL);
	else
		(void)lookup_id_new(r, op, &p->id, NULL);
}

static void person_child(struct replication *r, struct op *op, struct op *ended)
{
	struct person *p = ((struct person_op *)op)->person;
	const struct lookup *l = (struct lookup *)ended;

	p->looking = false;
	p->stopped = ended->outcome == OUTCOME_STOPPED;
	if (p->stopped) {
		name_display(p->display, view_of_string(p->named ? p->name : "unknown"), &p->id,
		             false);
	} else if (ended->outcome == OUTCOME_OK) {
		bool plain = !l->by_id && l->found >= 0 &&
		             id_equal(&l->accounts[l->found].id, &p->id);
		bool free_name = p->gone && p->named && l->count == 0;

		p->shown_as = true;
		p->era = l->era;
		p->brief = plain && l->unconfirmed;
		name_display(p->display, view_of_string(p->named ? p->name : "unknown"), &p->id,
		             plain || free_name);
	}
	op_end(r, op, op_result(r, op, ended->outcome, ""));
}

/* It waited for a live replica for too long: found out anew when it is needed. */
static void person_expired(struct replication *r, struct op *op, struct result *result)
{
	((struct person_op *)op)->person->looking = false;
	op_end(r, op, result);
}

static const struct op_row person_row = {
	.name = "who is it",
	.size = sizeof(struct person_op),
	.start = person_start,
	.child = person_child,
	.expired = person_expired,
};

static void look_up(struct replication *r, struct person *p)
{
	struct person_op *o = (struct person_op *)op_new(r, &person_row, NULL);

	p->looking = true;
	o->person = p;
	op_begin(r, &o->op);
}

/* ---- the answer ---- */

bool person_is_settled(struct replication *r, struct person *p)
{
	uint8_t joined = replication_joined(r);

	if ((p->shown_as && p->era == r->era) || p->stopped)
		return true;
	if (joined & (uint8_t)~p->answered) /* comes with the answers about his streams */
		return false;
	if (p->gone && p->alive) {
		p->tombstone.name = view_of_string(p->name);
		tombstone_tell(r, p->alive, &p->tombstone);
		p->alive = 0;
	}
	if (!p->gone && joined && (p->holder & joined) == joined && p->confirmed) {
		name_display(p->display, view_of_string(p->name), &p->id, true);
		p->shown_as = true;
		p->brief = false;
		p->era = r->era;
		return true;
	}
	if (!p->looking)
		look_up(r, p);
	return false;
}
