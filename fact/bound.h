/* SPDX-License-Identifier: MIT
 *
 * bound: where a range of elements ends, as bytes whose order is that of the elements' keys.
 *
 * The key of an element (struct store_key of store.h) written out big-endian: one byte that is 0
 * for accounts and 1 for streams, account or recipient, sender, session, number. An account's
 * other parts are 0. All bytes 0 is before every element, all bytes 0xff is the end, after every
 * element. A bound need not be the key of an element that exists: bound_between makes short ones
 * (trailing bytes 0xff are left out when a bound travels), so that most cost a few bytes.
 *
 * A range is what lies after one bound, up to and including another.
 */
#ifndef THREEFOLD_FACT_BOUND_H
#define THREEFOLD_FACT_BOUND_H

#include "fact/fact.h"

enum { BOUND_SIZE = 1 + ID_SIZE + ID_SIZE + ULID_SIZE + 8 };

struct bound {
	uint8_t bytes[BOUND_SIZE];
};

/* <0, 0, >0, in the order of the elements. */
int bound_compare(const struct bound *a, const struct bound *b);
/* The bound before every element. */
struct bound bound_begin(void);
/* The bound after every element. */
struct bound bound_end(void);
/* The bound behind all accounts and tombstones, and before everything else. */
struct bound bound_of_accounts(void);
/* Whether it is bound_end(). */
bool bound_is_end(const struct bound *bound);
/* The bound that is an element's own key; the element is the last one up to it. A burial's number
 * is its first. */
struct bound bound_of(const struct fact *fact);
/* The shortest bound that is not before `a` and before `b`; a < b. */
struct bound bound_between(const struct bound *a, const struct bound *b);
/* How many bytes of it travel: all but the bytes 0xff at its end. 0 for bound_end(). */
size_t bound_size(const struct bound *bound);

#endif
