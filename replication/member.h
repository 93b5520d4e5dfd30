/* SPDX-License-Identifier: MIT
 *
 * member: which replicas belong to the cluster. A part of private.h, which includes it; the rules
 * stand in member.c.
 */
#ifndef THREEFOLD_REPLICATION_MEMBER_H
#define THREEFOLD_REPLICATION_MEMBER_H

#include "replication/replication.h"

struct replication;

/* What was asked and said, on the connections of now, of whether one replica belongs to the cluster
 * (member.c). Index i stands for what replica i says of it, also itself. */
struct membership {
	uint8_t nonce[KEY_SIZE];
	uint8_t asked;    /* these have not answered yet */
	uint8_t answered; /* these have, */
	uint8_t answers[REPLICAS][KEY_SIZE];
	uint32_t requests[REPLICAS]; /* the number of the question there */
	/* It was known before, and has not answered yet whether it is the same process. */
	bool is_challenged;
	uint32_t challenge; /* the number of that question */
	uint8_t box_answer[KEY_SIZE];
	bool shown;      /* it belongs: this connection has shown it */
	bool has_signed; /* it has shown that it holds an account of this user's */
};

/* The replica has greeted: asks it and the others whether it belongs to the cluster. */
void member_greeted(struct replication *r, uint32_t index);
/* The connection has ended: forgets what was said on it and about it. */
void member_lost(struct replication *r, uint32_t index);
/* Takes in a reply to MEMBER, by the number of its request. */
void member_answered(struct replication *r, uint32_t voucher, uint32_t request,
                     const struct frame *frame);
/* Whether one that is live is to answer yet about this replica, which is live. */
bool member_is_asked(const struct replication *r, uint32_t index);
/* It has signed an answer to a log-in. */
void member_signed(struct replication *r, uint32_t index);
/* Whether it is known, or one of these vouches for it. */
bool member_is_vouched(const struct replication *r, uint32_t index, uint8_t vouchers);
/* Whether it may be given an account that `holders` have shown to hold. */
bool member_may_have(const struct replication *r, uint32_t index, uint8_t holders);
/* Those that have shown, on their connections of now, that they belong. */
uint8_t member_known(const struct replication *r);
/* Those of `live` that may be given a new account. None: several are live, and none of them is
 * known. */
uint8_t member_of(const struct replication *r, uint8_t live);

#endif
