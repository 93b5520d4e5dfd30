/* SPDX-License-Identifier: MIT
 *
 * twin: two indexes at which one process seems to answer. A part of private.h, which includes it;
 * the rules stand in twin.c.
 */
#ifndef THREEFOLD_REPLICATION_TWIN_H
#define THREEFOLD_REPLICATION_TWIN_H

#include "replication/replication.h"

enum {
	/* An index counts as silent only after so long: a network that failed for a moment has come
	 * back by then. */
	ABSENT_MS = 10000,
	/* So long one that has greeted anew waits for the others: the longest pause between two
	 * dials of one that has not lied, with what is added at random. */
	TWIN_WAIT_MS = REDIAL_MS_MAX + REDIAL_MS_MAX / 4,
};

/* What is known of who answers at one index: the uuid and public key that its last greeting showed,
 * which stand in struct replica, are kept when the connection ends, and are called the identity. */
struct twin {
	bool is_set;         /* it has greeted once */
	bool is_last;        /* and nothing else was heard there since */
	bool is_own;         /* it was there first; another index that shows the same dies */
	bool is_false;       /* as its last greeting has shown: then that counts for nothing */
	uint8_t with;        /* other indexes that have shown the same, and were not false; */
	uint8_t with_before; /* the same of its earlier identities, until it is there first */
	uint64_t since_ms;   /* when it first greeted with this identity */
	uint8_t dialled;     /* other indexes that have greeted since, or a dial has failed there */
	uint8_t absent;      /* those where one has that began ABSENT_MS later, or more */
	uint64_t dialled_ms; /* when the last dial began here */
};

/* A greeting has come with this identity, which is not in struct replica yet. */
void twin_greeted(struct replication *r, uint32_t index, const uint8_t uuid[UUID_SIZE],
                  const uint8_t public[KEY_SIZE]);
/* The connection has ended, or the dial has failed. `welcomed`: it had greeted. */
void twin_lost(struct replication *r, uint32_t index, bool welcomed);
/* Which replicas die, as bits, because `index` has greeted and `other` shows the same identity; 0:
 * it does not. One that is found to be false (is_false) dies as a liar. */
uint8_t twin_losers(struct replication *r, uint32_t index, uint32_t other);
/* Why `index` does. */
void twin_why(const struct replication *r, uint32_t index, uint32_t other, char why[WHY_SIZE]);
/* Whether it is to wait, before it becomes live, for what is heard at the others. */
bool twin_waits(const struct replication *r, uint32_t index);
/* The monotonic time, in ms, at which that ends at the latest; UINT64_MAX: it waits for nobody. */
uint64_t twin_deadline(const struct replication *r, uint32_t index);
/* Notes which of those that are live have shown to be there first. */
void twin_settle(struct replication *r);
/* Whether the two are copies of one data directory. */
bool twin_are_copies(const struct replication *r, uint32_t i, uint32_t k);

#endif
