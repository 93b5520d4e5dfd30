/* SPDX-License-Identifier: MIT
 *
 * member: which replicas belong to the cluster, and so may be given an account.
 *
 * Whoever listens on the port of a dead replica can say all that a replica says without an account.
 * A client has no key to tell one from the other. But the replicas share one, the operator's. So
 * the client draws a nonce for every connection, and asks the same MEMBER of everybody: about the
 * replica there, with that nonce, its uuid and its public key. That replica answers a digest which
 * only a holder of the key can make. The others answer the digest of that digest. Who has no key
 * can ask a member for the second, and learns nothing that he could answer with. Who passes on a
 * member's answer vouches for that member's public key, and cannot open what is closed for it.
 *
 * From such answers a replica becomes *known*: it has shown, on this connection, that it belongs.
 * It has if
 *
 *   one that is known vouches for it, or
 *   it was known before, by this uuid and public key, and has shown on this connection that it has
 *   the secret key (MEMBER with FLAG_BOXED); so it is the same process; or
 *   any vouches for it, while none of those connected is known, and none that is live is to answer
 *   yet about its secret key
 *
 * As whom it was known is remembered for the life of this client: uuid and public key. Alone they
 * show nothing, because every greeting tells them. Who repeats the greeting of another one has not
 * the secret key, and is a liar. One of version 3 cannot be asked for that.
 *
 * Two who have no key can vouch for each other, if they have agreed on an answer: while nobody is
 * known they are servers like others. But they cannot sign a log-in. So whoever is known, and has
 * not signed, is known no longer if one that has signed does not vouch for it, and none does.
 *
 * An account is given
 *   at a creation      to who is known, or to the only one that is live: else nobody could create
 *                      while two are down
 *   later              to one for which a replica vouches that has shown that it holds the account;
 *                      while nobody has, to one for which both others vouch
 * Everything here is asked when a replica has greeted, so before any request of ours is written
 * there; replies come in order, so a request whose answers are there has these answers, too.
 */
#include "base/bug.h"
#include "replication/private.h"

#include "base/sha256.h"

#include <assert.h>
#include <string.h>

/* Asks `voucher` about `index`. */
static void ask(struct replication *r, uint32_t voucher, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	struct frame frame = { .type = FRAME_MEMBER };

	memcpy(frame.member.nonce, p->member.nonce, KEY_SIZE);
	memcpy(frame.member.uuid, p->uuid, UUID_SIZE);
	memcpy(frame.member.public, p->public, KEY_SIZE);
	due_ask(r, voucher, &frame, TARGET_MEMBER, NULL);
	p->member.asked |= BIT(voucher);
	p->member.requests[voucher] = r->replicas[voucher].next_request;
}

/* Whether it greets as one that was known. */
static bool is_remembered(const struct replica *p)
{
	return p->is_known && memcmp(p->known_uuid, p->uuid, UUID_SIZE) == 0 &&
	       memcmp(p->known_public, p->public, KEY_SIZE) == 0;
}

/* Asks one that is remembered for the secret of its public key. */
static void challenge(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	struct membership *m = &p->member;
	struct frame frame = { .type = FRAME_MEMBER, .flags = FLAG_BOXED };
	uint8_t secret[KEY_SIZE];

	replication_random(r, secret, KEY_SIZE);
	box_public(secret, frame.member.nonce);
	memcpy(frame.member.uuid, p->uuid, UUID_SIZE);
	memcpy(frame.member.public, p->public, KEY_SIZE);
	m->is_challenged = box_member(secret, p->public, p->uuid, p->public, frame.member.nonce,
	                              m->box_answer);
	explicit_bzero(secret, sizeof secret);
	if (!m->is_challenged) /* everybody could answer that */
		return;
	due_ask(r, index, &frame, TARGET_MEMBER, NULL);
	m->challenge = p->next_request;
}

void member_greeted(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	replication_random(r, p->member.nonce, KEY_SIZE);
	if (is_remembered(p) && BUG(identity_repeated))
		p->member.shown = true;
	else if (is_remembered(p) && p->version >= PROTOCOL_VERSION_VOUCHED)
		challenge(r, index);
	ask(r, index, index);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (i == index || !r->replicas[i].welcomed)
			continue;
		ask(r, i, index);
		ask(r, index, i);
	}
}

/* Whether `voucher` has shown that it can make the answer of `index`. */
static bool vouches(const struct replication *r, uint32_t voucher, uint32_t index)
{
	const struct membership *m = &r->replicas[index].member;
	uint8_t digest[SHA256_SIZE];

	if (voucher == index || !(m->answered & BIT(voucher)) || !(m->answered & BIT(index)))
		return false;
	sha256(m->answers[index], KEY_SIZE, digest);
	return sha256_equal(digest, m->answers[voucher]);
}

/* The replicas of `all` that are known. */
static uint8_t known(const struct replication *r, uint8_t all)
{
	uint8_t mask = 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((all & BIT(i)) && r->replicas[i].welcomed && r->replicas[i].member.shown)
			mask |= BIT(i);
	return mask;
}

/* It has shown that it belongs. */
static void show(struct replica *p)
{
	p->member.shown = true;
	p->is_known = true;
	memcpy(p->known_uuid, p->uuid, UUID_SIZE);
	memcpy(p->known_public, p->public, KEY_SIZE);
}

/* Whether one that is live may become known without anybody else. One that is not live yet is not
 * waited for: it may be silent. */
static bool is_any_challenged(const struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((r->live & BIT(i)) && r->replicas[i].member.is_challenged)
			return true;
	return false;
}

/* Those for whom one that counts vouches become known, until there are no more. */
static void spread(struct replication *r)
{
	for (uint32_t round = 0; round < REPLICAS * REPLICAS; round++) {
		uint32_t voucher = round / REPLICAS % REPLICAS;
		uint32_t index = round % REPLICAS;
		uint8_t now = known(r, ALL_REPLICAS);
		bool counts = now ? (now & BIT(voucher)) != 0 : !is_any_challenged(r);

		if (!(now & BIT(index)) && counts && vouches(r, voucher, index)) {
			show(&r->replicas[index]);
			round = 0;
		}
	}
}

void member_lost(struct replication *r, uint32_t index)
{
	memset(&r->replicas[index].member, 0, sizeof r->replicas[index].member);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		r->replicas[i].member.asked &= (uint8_t)~BIT(index);
		r->replicas[i].member.answered &= (uint8_t)~BIT(index);
	}
	spread(r); /* it may have been the one that was known, or that was to answer */
	r->unsettled = ALL_REPLICAS;
}

/* Who has signed counts more than who was known without it: those may have vouched for each other.
 * So one for whom none of the signers vouches that were asked about it is known no longer. */
static void forget_unvouched(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct membership *m = &r->replicas[i].member;
		bool is_doubted = false, is_vouched = m->has_signed;

		for (uint32_t k = 0; k < REPLICAS; k++) {
			if (k == i || !r->replicas[k].member.has_signed)
				continue;
			is_doubted |= (m->answered >> i & m->answered >> k & 1) != 0;
			is_vouched |= vouches(r, k, i);
		}
		if (is_doubted && !is_vouched)
			r->replicas[i].member.shown = r->replicas[i].is_known = false;
	}
}

void member_signed(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	if (p->member.has_signed)
		return;
	p->member.has_signed = true;
	forget_unvouched(r);
	spread(r);
	r->unsettled = ALL_REPLICAS;
}

/* What a replica says that is asked for the secret of its public key. */
static void challenge_answered(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct replica *p = &r->replicas[index];

	p->member.is_challenged = false;
	if (frame->status == STATUS_OK &&
	    sha256_equal(frame->introduced.signature, p->member.box_answer))
		show(p);
	else
		replica_lies(r, index, "repeats the greeting of another process");
}

void member_answered(struct replication *r, uint32_t voucher, uint32_t request,
                     const struct frame *frame)
{
	const struct membership *own = &r->replicas[voucher].member;

	if (own->is_challenged && own->challenge == request)
		challenge_answered(r, voucher, frame);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct membership *m = &r->replicas[i].member;

		if (!(m->asked & BIT(voucher)) || m->requests[voucher] != request)
			continue;
		m->asked &= (uint8_t)~BIT(voucher);
		if (frame->status != STATUS_OK)
			continue;
		m->answered |= BIT(voucher);
		memcpy(m->answers[voucher], frame->introduced.signature, KEY_SIZE);
	}
	if (r->replicas[voucher].doubt ==
	    NULL) /* else it dies, and then the others are looked at */
		spread(r);
	forget_unvouched(r);
	r->unsettled = ALL_REPLICAS; /* who belongs may have become known */
}

bool member_is_asked(const struct replication *r, uint32_t index)
{
	const struct membership *m = &r->replicas[index].member;

	return (m->asked & r->live) != 0 || m->is_challenged;
}

/* How many of them vouch for it. */
static uint32_t count_vouchers(const struct replication *r, uint32_t index, uint8_t among)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		count += (among & BIT(i)) && vouches(r, i, index);
	return count;
}

bool member_is_vouched(const struct replication *r, uint32_t index, uint8_t vouchers)
{
	return (known(r, ALL_REPLICAS) & BIT(index)) || count_vouchers(r, index, vouchers) > 0;
}

bool member_may_have(const struct replication *r, uint32_t index, uint8_t holders)
{
	if (holders & BIT(index))
		return true;
	return count_vouchers(r, index, holders ? holders : ALL_REPLICAS) >=
	       (holders ? 1 : REPLICAS - 1);
}

uint8_t member_known(const struct replication *r)
{
	return known(r, ALL_REPLICAS);
}

uint8_t member_of(const struct replication *r, uint8_t live)
{
	uint8_t mask = known(r, live);

	return mask == 0 && replica_count(live) == 1 ? live : mask;
}
