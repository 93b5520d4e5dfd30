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
 * There first is an index that was live when at each other one something else was heard, and later
 * than this identity was shown here: that is
 *
 *   a dial has failed that began ABSENT_MS later     or
 *   another identity is there, and has answered a question that was asked later
 *
 * and none of them has ever shown this identity before. "Later", because a process makes its key
 * when it starts. Whoever waits for a replica to be started again, and passes its new greeting on,
 * is often dialled before that one is. What was heard of it before says nothing then. For the same
 * reason an index with an identity that is new waits, before it becomes live, until those that have
 * no connection were dialled once more. It does not wait if nobody else is live, nor at the start
 * of the client, when its user waits for all three; nor for longer than a reply may take.
 *
 * What is there first stays so, also while its own dials fail, until it greets as another process.
 */
#include "replication/private.h"

#include "base/bug.h"

#include <assert.h>
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

	if (!has_shown(p, uuid, public)) {
		p->twin.is_own = false;
		p->twin.dialled = p->twin.absent = 0;
		p->twin.since_ms = r->now_ms;
	}
	p->twin.is_set = p->twin.is_last = true;
}

void twin_lost(struct replication *r, uint32_t index, bool welcomed)
{
	struct twin *lost = &r->replicas[index].twin;

	if (welcomed)
		return;
	lost->is_last = false;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct twin *t = &r->replicas[i].twin;

		if (i != index && lost->dialled_ms > t->since_ms)
			t->dialled |= BIT(index);
		if (i != index && lost->dialled_ms >= t->since_ms + ABSENT_MS)
			t->absent |= BIT(index);
	}
}

uint8_t twin_losers(const struct replication *r, uint32_t index, uint32_t other)
{
	const struct replica *p = &r->replicas[index], *q = &r->replicas[other];

	if (!q->twin.is_last || !has_shown(q, p->uuid, p->public))
		return 0;
	if (BUG(relay_takes_place) && q->welcomed)
		return other < index || (r->live & BIT(other)) ? BIT(index) : BIT(other);
	if (BUG(relay_takes_place))
		return 0;
	assert(!p->twin.is_own || !q->twin.is_own);
	if (p->twin.is_own)
		return BIT(other);
	return q->twin.is_own ? BIT(index) : BIT(index) | BIT(other);
}

bool twin_waits(const struct replication *r, uint32_t index)
{
	const struct twin *t = &r->replicas[index].twin;

	if (!r->ready || !r->live || t->is_own || BUG(relay_takes_place) ||
	    r->now_ms >= t->since_ms + r->options.reply_timeout_ms)
		return false;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (i != index && !r->replicas[i].welcomed && !(t->dialled & BIT(i)))
			return true;
	return false;
}

/* Whether something else was heard at `other`, later than the identity of `index` was shown, and
 * that one never. */
static bool is_heard(const struct replication *r, uint32_t index, uint32_t other)
{
	const struct replica *p = &r->replicas[index], *q = &r->replicas[other];
	bool answers = q->welcomed && q->heard_ms >= p->twin.since_ms;

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
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((r->live & BIT(i)) && !r->replicas[i].twin.is_own)
			r->replicas[i].twin.is_own = is_first(r, i);
}

/* One uuid with two public keys is a data directory that was copied, if both are known. Else one
 * may have read the uuid in the other's greeting. Then it makes nobody dead. */
bool twin_are_copies(const struct replication *r, uint32_t i, uint32_t k)
{
	uint8_t both = BIT(i) | BIT(k);

	return (member_known(r) & both) == both &&
	       memcmp(r->replicas[i].uuid, r->replicas[k].uuid, UUID_SIZE) == 0;
}
