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
 * From such answers a replica becomes *known*, for the life of this client, as long as it shows the
 * same uuid and public key: that is, until its process ends. It becomes known if one that is known
 * vouches for it, or, while none of those connected is known, if any does.
 *
 * An account is given to a replica that is known. Besides,
 *   at a log-in        to one for which a replica vouches that has shown that it holds the account
 *   at a creation      to the only one that is live: else nobody could create while two are down
 * Everything here is asked when a replica has greeted, so before any request of ours is written
 * there; replies come in order, so a request whose answers are there has these answers, too.
 */
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

void member_greeted(struct replication *r, uint32_t index)
{
	replication_random(r, r->replicas[index].member.nonce, KEY_SIZE);
	ask(r, index, index);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (i == index || !r->replicas[i].welcomed)
			continue;
		ask(r, i, index);
		ask(r, index, i);
	}
}

void member_lost(struct replication *r, uint32_t index)
{
	memset(&r->replicas[index].member, 0, sizeof r->replicas[index].member);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		r->replicas[i].member.asked &= (uint8_t)~BIT(index);
		r->replicas[i].member.answered &= (uint8_t)~BIT(index);
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

	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct replica *p = &r->replicas[i];

		if ((all & BIT(i)) && p->welcomed && p->is_known &&
		    memcmp(p->known_uuid, p->uuid, UUID_SIZE) == 0 &&
		    memcmp(p->known_public, p->public, KEY_SIZE) == 0)
			mask |= BIT(i);
	}
	return mask;
}

static void remember(struct replica *p)
{
	p->is_known = true;
	memcpy(p->known_uuid, p->uuid, UUID_SIZE);
	memcpy(p->known_public, p->public, KEY_SIZE);
}

/* Those for whom one that counts vouches become known, until there are no more. */
static void spread(struct replication *r)
{
	for (uint32_t round = 0; round < REPLICAS * REPLICAS; round++) {
		uint32_t voucher = round / REPLICAS % REPLICAS;
		uint32_t index = round % REPLICAS;
		uint8_t now = known(r, ALL_REPLICAS);

		if (!(now & BIT(index)) && (!now || (now & BIT(voucher))) &&
		    vouches(r, voucher, index)) {
			remember(&r->replicas[index]);
			round = 0;
		}
	}
}

void member_answered(struct replication *r, uint32_t voucher, uint32_t request,
                     const struct frame *frame)
{
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
	spread(r);
	r->unsettled = ALL_REPLICAS; /* who belongs may have become known */
}

bool member_is_asked(const struct replication *r, uint32_t index)
{
	return r->replicas[index].member.asked != 0;
}

bool member_belongs(const struct replication *r, uint32_t index, uint8_t vouchers)
{
	if (known(r, ALL_REPLICAS) & BIT(index))
		return true;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((vouchers & BIT(i)) && vouches(r, i, index))
			return true;
	return false;
}

uint8_t member_of(const struct replication *r, uint8_t live)
{
	uint8_t mask = known(r, live);

	return mask == 0 && replica_count(live) == 1 ? live : mask;
}
