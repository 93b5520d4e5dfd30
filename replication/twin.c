/* SPDX-License-Identifier: MIT
 *
 * twin: one process that seems to answer at two indexes.
 *
 * Uuid and public key stand in every greeting, so whoever listens on the port of a dead replica can
 * show those of a live one, and pass on what is written to it and what it answers. No question
 * tells the two apart: the true one answers each of them. Nor does it tell them from one server
 * that was given twice. So this is decided by who was there first:
 *
 *   one index is known to have been there first      it stays, the other one dies
 *   neither is                                       both die
 *
 * and it is asked again at each greeting, also while the other index has no connection: what was
 * heard there last counts, until it greets as another process, or does not greet when it is dialled
 * (its port refuses, it says nothing). So a relay that stands there from the beginning gets no
 * session, whichever of the two is dialled first. When it goes, the true one is back with its next
 * dial. All of this is a plain failure, and no lie: the true one is among those who die.
 *
 * One such stranger must not keep two out. No honest process shows the identity of one other index,
 * and later, as another process, that of the third. Who does has shown that he is false: he alone
 * dies, as a liar, and what he shows counts for nothing, neither against the true ones nor against
 * their being there first. So he can take one from a client, and not two in turn. What an index has
 * shown is kept against it, whatever it shows meanwhile, until it is there first itself. That is
 * how the owner of the port is freed from it: he has an identity of his own, and stays. A stranger
 * who makes one up is freed, too, when those whom he could harm have answered beside it; so they
 * are there first from then on.
 *
 * There first is an index that is live when at each other one something else was heard, not earlier
 * than this identity was shown here: that is
 *
 *   a dial has failed that began ABSENT_MS later, or more    or
 *   another identity is there, and has answered a question that was asked then or later    or
 *   who is there is false
 *
 * and none of those who are not false has shown this identity in its last greeting. "Not earlier",
 * because a process makes its key when it starts. Whoever waits for a replica to be started again,
 * and passes its new greeting on, is often dialled before that one is. What was heard of it before
 * says nothing then. For the same reason an index with an identity that is new waits, before it
 * becomes live, until those that have no connection have greeted once more, or a dial of theirs has
 * failed. It does not wait if nobody else is live, nor at the start of the client, when its user
 * waits for all three; nor longer than TWIN_WAIT_MS, in which each that refuses is dialled; nor for
 * one that will be dialled later than that, because it has lied.
 *
 * What is there first stays so, also while its own dials fail, until it greets as another process.
 */
#include "replication/private.h"

#include "base/bug.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Whether the last greeting there, if any, showed this identity. */
static bool has_shown(const struct replica *p, const uint8_t *uuid, const uint8_t *public)
{
	return p->twin.is_set && memcmp(p->uuid, uuid, UUID_SIZE) == 0 &&
	       memcmp(p->public, public, KEY_SIZE) == 0;
}

void twin_greeted(struct replication *r, uint32_t index, const uint8_t uuid[UUID_SIZE],
                  const uint8_t public[KEY_SIZE])
{
	struct replica *p = &r->replicas[index];
	struct twin *t = &p->twin;

	if (!has_shown(p, uuid, public)) {
		t->is_own = false;
		t->with_before |= t->with;
		t->with = t->dialled = t->absent = 0;
		t->since_ms = r->now_ms;
	}
	t->is_false = false; /* twin_losers judges it anew */
	t->is_set = t->is_last = true;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (i != index)
			r->replicas[i].twin.dialled |= BIT(index);
}

void twin_lost(struct replication *r, uint32_t index, bool welcomed)
{
	struct twin *lost = &r->replicas[index].twin;

	if (welcomed)
		return;
	lost->is_last = false;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct twin *t = &r->replicas[i].twin;

		if (i == index)
			continue;
		t->dialled |= BIT(index);
		if (lost->dialled_ms >= t->since_ms + ABSENT_MS)
			t->absent |= BIT(index);
	}
}

/* It shows the identity of `other`. If it was there first, it is the other one who does. */
static void accuse(struct twin *t, uint32_t other)
{
	if (t->is_own)
		return;
	t->with |= BIT(other);
	t->is_false = t->with_before && replica_count(t->with | t->with_before) > 1 &&
	              !BUG(stranger_takes_turns);
}

uint8_t twin_losers(struct replication *r, uint32_t index, uint32_t other)
{
	struct replica *p = &r->replicas[index], *q = &r->replicas[other];

	if (!q->twin.is_last || !has_shown(q, p->uuid, p->public))
		return 0;
	if (BUG(relay_takes_place) && q->welcomed)
		return BIT(other < index || (r->live & BIT(other)) ? index : other);
	if (BUG(relay_takes_place))
		return 0;
	if (!q->twin.is_false)
		accuse(&p->twin, other);
	if (!p->twin.is_false)
		accuse(&q->twin, index);
	if (p->twin.is_false)
		return BIT(index);
	if (q->twin.is_false)
		return BIT(other);
	assert(!p->twin.is_own || !q->twin.is_own);
	if (p->twin.is_own)
		return BIT(other);
	return (uint8_t)(BIT(index) | (q->twin.is_own ? 0 : BIT(other)));
}

bool twin_waits(const struct replication *r, uint32_t index)
{
	const struct twin *t = &r->replicas[index].twin;
	uint64_t end_ms = t->since_ms + TWIN_WAIT_MS;

	if (!r->ready || !r->live || t->is_own || BUG(relay_takes_place) || r->now_ms >= end_ms)
		return false;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct replica *q = &r->replicas[i];
		bool is_away = q->state == REPLICA_DOWN && q->redial_ms > end_ms;

		if (i != index && !q->welcomed && !(t->dialled & BIT(i)) && !is_away)
			return true;
	}
	return false;
}

uint64_t twin_deadline(const struct replication *r, uint32_t index)
{
	const struct replica *p = &r->replicas[index];

	if (p->state != REPLICA_WAITING || !twin_waits(r, index))
		return UINT64_MAX;
	return p->twin.since_ms + TWIN_WAIT_MS;
}

/* Whether something else than the identity of `index` was heard at `other`, not earlier than this
 * one was shown. */
static bool is_heard(const struct replication *r, uint32_t index, uint32_t other)
{
	const struct replica *p = &r->replicas[index], *q = &r->replicas[other];
	bool answers = q->welcomed && q->heard_ms >= p->twin.since_ms;

	if (q->twin.is_false)
		return true;
	return (answers || (p->twin.absent & BIT(other))) && !has_shown(q, p->uuid, p->public);
}

/* Whether it is there first from now on. */
static bool is_first(const struct replication *r, uint32_t index)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (i != index && !is_heard(r, index, i))
			return false;
	return true;
}

void twin_settle(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct twin *t = &r->replicas[i].twin;

		if (!(r->live & BIT(i)) || t->is_own || !is_first(r, i))
			continue;
		t->is_own = true;
		t->with = t->with_before = 0;
	}
}

void twin_why(const struct replication *r, uint32_t index, uint32_t other, char why[WHY_SIZE])
{
	if (r->replicas[index].twin.is_false)
		(void)snprintf(why, WHY_SIZE,
		               "shows the uuid and key of one other server, then of another");
	else
		(void)snprintf(why, WHY_SIZE,
		               "shows the same uuid and key as number %u: one server was given "
		               "twice, or somebody passes on what it says",
		               other);
}

/* One uuid with two public keys is a data directory that was copied, if both are known. Else one
 * may have read the uuid in the other's greeting. Then it makes nobody dead. */
bool twin_are_copies(const struct replication *r, uint32_t i, uint32_t k)
{
	uint8_t both = BIT(i) | BIT(k);

	return (member_known(r) & both) == both &&
	       memcmp(r->replicas[i].uuid, r->replicas[k].uuid, UUID_SIZE) == 0;
}
