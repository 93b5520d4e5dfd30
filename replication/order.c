/* SPDX-License-Identifier: MIT
 *
 * order: whether a message waits for those before it.
 *
 * The numbers of a stream leave no holes, so a number that was neither handed out nor is gone,
 * below one that has come, is missing. It may be on its way, or held only by a replica that is not
 * there yet: the sender's audience was another set of replicas than those whom we hear. So the
 * message waits,
 *   - GRACE_MS in any case, for what is on its way;
 *   - ORDER_MS at most, while a replica may still bring it: one that is not live with our session,
 *     whose mailbox was not read up to this place, or that has not answered anything which it was
 *     asked since the message came. What a replica had to push it has pushed before that answer.
 *
 * Some numbers never come: a message was refused, or its sender ended. So each wait has an end,
 * and what did not come by then is waited for no more; if it comes later, it is shown late. A
 * stream that has waited for ORDER_MS in vain waits only for GRACE_MS from then on, until a
 * replica dies or becomes live. So with a replica that is dead for good nobody waits again and
 * again, whatever numbers a sender draws; and who waits makes no other stream wait.
 *
 * Nothing here delays a message that is the next one of its stream.
 */
#include "base/bug.h"
#include "replication/private.h"

/* A stream that holds more does not wait: memory has a bound, and who sends so much pays. */
enum { ORDER_SIZE_MAX = 256 * 1024 };

/* Nothing at or before this place of the replica's mailbox has to be read or merged yet. */
static bool is_read_to(const struct reading *reading, const struct place *place)
{
	const struct page_item *head = reading->first;

	if (reading->active && place_compare(&reading->upto, place) < 0)
		return false;
	return head == NULL || place_compare(&head->place, place) > 0;
}

/* Whether this replica may still bring what is before the candidate. If it has to answer something
 * first, it is asked. */
static bool may_bring(struct replication *r, uint32_t index, const struct stream_state *s,
                      const struct candidate *c)
{
	struct replica *p = &r->replicas[index];
	struct place place = { c->sent_ms, s->key.sender, s->key.session, c->number };

	if (!(replication_joined(r) & BIT(index)))
		return p->state != REPLICA_DOWN || p->redial_ms != UINT64_MAX;
	if (!is_read_to(&p->reading, &place))
		return true;
	if (p->heard_ms >= c->arrived_ms)
		return false;
	if (p->due.count == 0)
		due_ping(r, index, NULL);
	return true;
}

/* All of them are looked at, so that all are asked at the same time. */
static bool may_come(struct replication *r, const struct stream_state *s, const struct candidate *c)
{
	bool may = false;

	if (s->vainly == r->changes)
		return false;
	for (uint32_t i = 0; i < REPLICAS; i++)
		may |= may_bring(r, i, s, c);
	return may;
}

bool order_waits(struct replication *r, struct stream_state *s, const struct candidate *c)
{
	uint64_t until_ms = c->arrived_ms + GRACE_MS;

	if (s->whole + 1 < c->number)
		s->whole = ranges_through(&s->gone, s->whole + 1);
	if (s->whole + 1 >= c->number || s->held_size > ORDER_SIZE_MAX)
		return false;
	if (!BUG(order_not_awaited) && may_come(r, s, c)) {
		until_ms = c->arrived_ms + ORDER_MS;
		if (r->now_ms >= until_ms)
			s->vainly = r->changes;
	}
	if (BUG(order_for_ever))
		until_ms = UINT64_MAX;
	if (r->now_ms >= until_ms)
		return false;
	if (until_ms < r->grace_ms)
		r->grace_ms = until_ms;
	return true;
}

void order_handed(struct stream_state *s, uint64_t number)
{
	if (number > s->whole)
		s->whole = number;
}
