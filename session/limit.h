/* SPDX-License-Identifier: MIT
 *
 * session/limit: what one address may cost. All limits of that kind stand here.
 *
 *   what                                       at most                       then
 *   accounts, names and tombstones that are    LIMIT_ACCOUNTS_A_MINUTE       STATUS_SLOW_DOWN
 *   new to the replica
 *   messages to accounts, and numbers of       LIMIT_UNKNOWN_A_MINUTE        STATUS_SLOW_DOWN
 *   streams, that the replica does not know
 *   wrong passwords for one account            LIMIT_GUESSES_FREE            the answer comes later
 *   wrong passwords for all accounts together  LIMIT_GUESSES_ALL             the answer comes later
 *   connections                                one of all in                 its oldest one that is
 *                                              LIMIT_CONNECTIONS_PART        not logged in goes
 *
 * The first two are buckets: an address may use at once what a minute allows, and gets it back
 * evenly. An address is an IPv4 address or 64 bits of an IPv6 address. The first, second and fourth
 * limit do not hold for the loopback interface, where tunnels end, unless that is asked for. An
 * operator is not limited.
 *
 * A right password is never delayed, so nobody can lock an owner out. A wrong one is answered late,
 * by a time that grows with the count of this account and this address, and the connection takes no
 * other request meanwhile.
 *
 * The memory is fixed: LIMIT_ADDRESSES rows for addresses, as many for passwords, each found by a
 * keyed hash among LIMIT_WAYS rows, of which the one that was used least lately is given up.
 * Whoever has more addresses than that is not limited by addresses anyway.
 *
 * Pure: the time comes with each call, in milliseconds, from any moment, and never goes back.
 */
#ifndef THREEFOLD_SESSION_LIMIT_H
#define THREEFOLD_SESSION_LIMIT_H

#include "base/siphash.h"
#include "fact/id.h"

enum {
	LIMIT_ACCOUNTS_A_MINUTE = 60,
	LIMIT_UNKNOWN_A_MINUTE = 1000,
	LIMIT_CONNECTIONS_PART = 8,
	/* Of all connections at most three in so many may be strangers, who are not logged in. */
	LIMIT_STRANGERS_PART = 4,
	LIMIT_GUESSES_FREE = 3,
	LIMIT_GUESSES_ALL = 100,    /* of one address, for all accounts together */
	LIMIT_GUESS_FIRST_MS = 125, /* the first delay; each further one is twice as long, ... */
	LIMIT_GUESS_MAX_MS = 1000,  /* ... and clients call a replica dead that takes 3 s */
	LIMIT_GUESS_STEPS = 4,      /* delays there are: 125, 250, 500, 1000 */
	LIMIT_GUESS_FORGET_MS = 10 * 60 * 1000, /* after so long without a wrong one */
	LIMIT_ADDRESSES = 4096,
	LIMIT_WAYS = 8,
	LIMIT_REPORT_MS = 60 * 1000, /* between two lines about one address */
};
_Static_assert(LIMIT_GUESS_FIRST_MS << (LIMIT_GUESS_STEPS - 1) == LIMIT_GUESS_MAX_MS,
               "the last step is the longest");

enum limit_kind {
	LIMIT_ACCOUNTS,
	LIMIT_UNKNOWN,
	LIMIT_PASSWORDS,
	LIMIT_CONNECTIONS,
	LIMIT_KINDS,
};

/* IPv4 as ::ffff:a.b.c.d. */
struct limit_address {
	uint8_t bytes[16];
	bool is_local; /* of the loopback interface */
};

struct limit_options {
	uint32_t accounts;    /* a minute; 0: LIMIT_ACCOUNTS_A_MINUTE */
	uint32_t unknown;     /* a minute; 0: LIMIT_UNKNOWN_A_MINUTE */
	uint32_t connections; /* 0: one in LIMIT_CONNECTIONS_PART of all */
	bool is_for_loopback; /* the loopback interface is an address like others */
};

struct limit_row;
struct limit_guesses;

struct limit {
	struct limit_options options;
	struct siphash_key key;
	struct limit_row *rows;
	struct limit_guesses *guesses;
	uint64_t due_ms;               /* the next report; UINT64_MAX: none */
	uint64_t refused[LIMIT_KINDS]; /* since the start, of all addresses */
};

/* Begins without any address. The key is random and secret. */
void limit_init(struct limit *l, const struct limit_options *options, struct siphash_key key);
/* Frees the memory. */
void limit_release(struct limit *l);

/* What stands for an address: of IPv6 the first 64 bits. */
void limit_key_of(const struct limit_address *from, uint8_t key[16]);
/* Whether this address is limited at all. */
bool limit_counts(const struct limit *l, const struct limit_address *from);
/* Takes one from the bucket of LIMIT_ACCOUNTS or LIMIT_UNKNOWN. False if it is empty: that is
 * counted for the log, and *wait_ms is the time until there is one again. */
bool limit_take(struct limit *l, enum limit_kind kind, const struct limit_address *from,
                uint64_t now_ms, uint32_t *wait_ms);
/* Counts a wrong password. Gives the step of the delay of its answer, from 1 to LIMIT_GUESS_STEPS;
 * 0: there is none. This holds for the loopback interface, too. */
uint32_t limit_guess(struct limit *l, const struct id *account, const struct limit_address *from,
                     uint64_t now_ms);
/* The delay of a step, in ms. */
static inline uint32_t limit_guess_ms(uint32_t step)
{
	return step == 0 ? 0 : (uint32_t)LIMIT_GUESS_FIRST_MS << (step - 1);
}
/* Counts what the caller has refused for LIMIT_CONNECTIONS. */
void limit_refused(struct limit *l, enum limit_kind kind, const struct limit_address *from,
                   uint64_t now_ms);

/* What an address was refused since the last report about it. */
struct limit_report {
	uint8_t address[16]; /* limit_key_of */
	uint32_t refused[LIMIT_KINDS];
};
/* The next report that is due; false: there is none. */
bool limit_next_report(struct limit *l, uint64_t now_ms, struct limit_report *report);
/* All that was refused and not reported yet is due now: the server stops. */
void limit_report_all(struct limit *l);
/* When the next one is due; UINT64_MAX: never. */
uint64_t limit_deadline(const struct limit *l);

#endif
