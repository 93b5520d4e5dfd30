/* SPDX-License-Identifier: MIT
 *
 * removed: what a replica says of accounts that are gone by a stamp, which a client cannot check.
 *
 * The other replicas can. So such a claim is carried to those that are live, as a REMOVE that is
 * vouched for (FLAG_VOUCHED; without it it would be the owner's word): they are to be told anyway.
 * The reply that makes it is held (due_hold) until they have answered or died; what comes of it is
 * as if it had come then. Who takes the REMOVE, or makes the same claim, says that the stamp is
 * right; also who has no room for it. Who answers WRONG_PROOF says that it is wrong. The first line
 * that fits decides, and those who are known (member.c) before the others:
 *
 *   one that is known says that it is right       it is true
 *   one that is known says that it is wrong       the replica has lied
 *   one says that it is right, none that it is    it is true
 *   wrong
 *   one says that it is wrong, and the replica    it is not believed: one of the two is a stranger
 *   is not known
 *   nobody can check it, another one is live,     it is not believed: the replica may be anybody
 *   and the replica is not known
 *   the replica is known                          it is true: no other one that is known says no
 *   nobody else is live, or can check it          it is true: promise 6. But it ends a session only
 *                                                 if the replica has that session
 *
 * What another one has said to be right is kept (tombstone.c): it is believed at once from then on,
 * and told to replicas that become live later.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <string.h>

#define LIES_REMOVED "says of an account that was not removed that it was"

/* ---- the claims of a reply ---- */

/* A walk through what a reply says of accounts that are gone by a stamp. */
struct walk {
	const struct frame *frame;
	struct reader items;
	bool is_over;
};

static struct walk walk_of(const struct frame *frame)
{
	struct walk w = { .frame = frame };

	if (frame->status != STATUS_OK)
		w.is_over = frame->status != STATUS_GONE;
	else if (frame->type == (FRAME_STREAMS | FRAME_REPLY))
		w.items = reader_of(frame->streams.streams);
	else if (frame->type == (FRAME_LOOKUP_ID | FRAME_REPLY))
		w.items = reader_of(frame->entries.entries);
	return w;
}

static bool is_claim(const struct entry *e)
{
	return e->state == ENTRY_GONE && e->by != GONE_BY_KEY;
}

/* Of the replies that hold one entry, if the account is gone. */
static bool walk_one(struct walk *w, const struct entry *e, struct entry *claim)
{
	if (w->is_over || w->frame->status != STATUS_GONE || !is_claim(e))
		return false;
	w->is_over = true;
	*claim = *e;
	return true;
}

static bool walk_next(struct walk *w, struct entry *claim)
{
	struct stream_item item;

	switch (w->frame->type & ~FRAME_REPLY) {
	case FRAME_LOOKUP_ID:
		while (protocol_next_entry(&w->items, claim))
			if (is_claim(claim))
				return true;
		return false;
	case FRAME_STREAMS:
		while (protocol_next_answer(&w->items, &item))
			if (is_claim(&item.entry)) {
				*claim = item.entry;
				return true;
			}
		return false;
	case FRAME_LOGIN:
		return walk_one(w, &w->frame->logged_in.entry, claim);
	case FRAME_INTRODUCE:
	case FRAME_HANDOVER:
	case FRAME_RENEW:
	case FRAME_CONFIRM:
		return walk_one(w, &w->frame->introduced.entry, claim);
	default:
		return false;
	}
}

/* ---- asking the others ---- */

/* Another stamp is another claim. */
static struct claim *find(const struct replication *r, const struct entry *e)
{
	struct claim *c = r->claims;

	while (c != NULL && (!id_equal(&c->tombstone.id, &e->id) || c->tombstone.by != e->by ||
	                     memcmp(c->stamp, e->stamp, KEY_SIZE) != 0))
		c = c->next;
	return c;
}

static struct claim *make(struct replication *r, const struct entry *e)
{
	struct claim *c = memory_alloc_zero(1, sizeof *c);

	c->tombstone = entry_tombstone(e);
	memcpy(c->name, e->name.data, e->name.size);
	c->tombstone.name.data = (const uint8_t *)c->name;
	memcpy(c->stamp, e->stamp, KEY_SIZE);
	c->next = r->claims;
	r->claims = c;
	return c;
}

/* A replica makes a claim: those that are live, and have not been asked, are. */
static void ask(struct replication *r, uint32_t index, const struct entry *e)
{
	struct claim *c = find(r, e);

	if (c == NULL)
		c = make(r, e);
	c->from |= BIT(index);
	c->asked &= (uint8_t)~BIT(index);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(r->live & BIT(i)) || ((c->from | c->asked | c->right | c->wrong) & BIT(i)) ||
		    !tombstone_is_known_to(r, i, &c->tombstone))
			continue;
		tombstone_write(r, i, &c->tombstone, c->stamp, TARGET_REMOVE);
		c->asked |= BIT(i);
		c->requests[i] = r->replicas[i].next_request;
	}
}

bool removed_hold(struct replication *r, uint32_t index, struct due_reply *due,
                  const struct frame *frame, struct view bytes)
{
	struct walk w = walk_of(frame);
	bool is_held = false;
	struct entry e;

	while (walk_next(&w, &e)) {
		if (tombstone_is_kept(r, &e) || BUG(removal_believed))
			continue;
		ask(r, index, &e);
		is_held = true;
	}
	if (!is_held)
		return false;
	due_hold(r, index, due, bytes);
	r->unsettled |= BIT(index);
	return true;
}

/* A full disk, and what slows an address down, come behind the stamp. */
void removed_answered(struct replication *r, uint32_t index, uint32_t request,
                      const struct frame *frame)
{
	for (struct claim *c = r->claims; c != NULL; c = c->next) {
		if (!(c->asked & BIT(index)) || c->requests[index] != request)
			continue;
		c->asked &= (uint8_t)~BIT(index);
		if (frame->status == STATUS_WRONG_PROOF)
			c->wrong |= BIT(index);
		else if (frame->status != STATUS_UNKNOWN) /* it has no key */
			c->right |= BIT(index);
	}
	r->unsettled = ALL_REPLICAS;
}

void removed_lost(struct replication *r, uint32_t index)
{
	struct claim **at = &r->claims;

	while (*at != NULL) {
		struct claim *c = *at;

		c->from &= (uint8_t)~BIT(index);
		c->asked &= (uint8_t)~BIT(index);
		c->right &= (uint8_t)~BIT(index);
		c->wrong &= (uint8_t)~BIT(index);
		if (c->from) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		memory_free(c);
	}
	r->unsettled = ALL_REPLICAS;
}

/* ---- what becomes of it ---- */

/* Whether what the replica says ends the session, if it has one. */
static bool ends_session(const struct replication *r, const struct due_reply *due)
{
	return r->session.active && (due->target == TARGET_JOIN || due->target == TARGET_PROVE ||
	                             due->target == TARGET_HANDOVER);
}

/* By the table above. */
static enum removed_verdict judge(const struct replication *r, uint32_t index,
                                  const struct due_reply *due, const struct claim *c)
{
	uint8_t right = (c->right | c->from) & (uint8_t)~BIT(index);
	uint8_t known = member_known(r);

	if (c->asked)
		return REMOVED_WAITS;
	if (right & known)
		return REMOVED_TRUE;
	if (c->wrong & known)
		return REMOVED_LIE;
	if (right && !c->wrong)
		return REMOVED_TRUE;
	if (!(known & BIT(index)) && c->wrong)
		return REMOVED_DOUBTED;
	if (!(known & BIT(index)) && (r->live & (uint8_t)~BIT(index)))
		return member_is_asked(r, index) ? REMOVED_WAITS : REMOVED_DOUBTED;
	return !ends_session(r, due) || r->replicas[index].joined || (known & BIT(index))
	               ? REMOVED_TRUE
	               : REMOVED_DOUBTED;
}

/* It is true: if another one has said so, it is kept. */
static void believe(struct replication *r, uint32_t index, const struct claim *c)
{
	if ((c->right | c->from) & (uint8_t)~BIT(index))
		tombstone_keep(r, &c->tombstone, c->stamp);
}

/* A claim whose last reply is gone: nobody waits for it. */
static void forget(struct replication *r, struct claim *claim)
{
	struct claim **at = &r->claims;

	while (*at != claim)
		at = &(*at)->next;
	*at = claim->next;
	memory_free(claim);
}

enum removed_verdict removed_settle(struct replication *r, uint32_t index,
                                    const struct due_reply *due, const struct frame *frame)
{
	struct walk w = walk_of(frame);
	struct entry e;

	while (walk_next(&w, &e)) {
		const struct claim *c = find(r, &e);
		enum removed_verdict verdict = c == NULL ? REMOVED_TRUE : judge(r, index, due, c);

		if (verdict == REMOVED_LIE)
			replica_lies(r, index, LIES_REMOVED);
		else if (verdict == REMOVED_DOUBTED)
			replica_doubt(r, index, LIES_REMOVED);
		if (verdict != REMOVED_TRUE)
			return verdict;
	}
	w = walk_of(frame);
	while (walk_next(&w, &e)) {
		struct claim *c = find(r, &e);

		if (c == NULL)
			continue;
		believe(r, index, c);
		c->from &= (uint8_t)~BIT(index);
		c->right |= BIT(index);
		if (!c->from)
			forget(r, c);
	}
	return REMOVED_TRUE;
}
