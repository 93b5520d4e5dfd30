/* SPDX-License-Identifier: MIT
 *
 * twin: two indexes at which one process seems to answer. A part of private.h, which includes it;
 * the rules stand in twin.c.
 */
#ifndef THREEFOLD_REPLICATION_TWIN_H
#define THREEFOLD_REPLICATION_TWIN_H

#include "replication/replication.h"

/* So long nobody else is heard at an index, before that counts: a network that fails for a moment
 * has come back. */
enum { ABSENT_MS = 10000 };

/* What is known of who answers at one index: the uuid and public key that its last greeting showed,
 * which stand in struct replica, are kept when the connection ends, and are called the identity. */
struct twin {
	bool is_set;         /* it has greeted once */
	bool is_last;        /* and nothing else was heard there since */
	bool is_own;         /* it has shown to be there first: another index that shows it dies */
	uint64_t since_ms;   /* when it first greeted with this identity */
	uint8_t dialled;     /* other indexes at which a dial has failed that began after that, */
	uint8_t absent;      /* or ABSENT_MS after that */
	uint64_t dialled_ms; /* when the last dial began here */
};

/* A greeting has come with this identity, which is not in struct replica yet. */
void twin_greeted(struct replication *r, uint32_t index, const uint8_t uuid[UUID_SIZE],
                  const uint8_t public[KEY_SIZE]);
/* The connection has ended, or the dial has failed. `welcomed`: it had greeted. */
void twin_lost(struct replication *r, uint32_t index, bool welcomed);
/* Which replicas die, as bits, because `index` has greeted and `other` shows the same identity; 0:
 * it does not. */
uint8_t twin_losers(const struct replication *r, uint32_t index, uint32_t other);
/* Whether it is to wait, before it becomes live, for what is heard at the others. */
bool twin_waits(const struct replication *r, uint32_t index);
/* Notes which of those that are live have shown to be there first. */
void twin_settle(struct replication *r);
/* Whether the two are copies of one data directory. */
bool twin_are_copies(const struct replication *r, uint32_t i, uint32_t k);

#endif
