/* SPDX-License-Identifier: MIT
 *
 * seen: which of the messages that are kept still stand in the window: so PgUp begins with what
 * stands there no more.
 *
 * Pure.
 */
#ifndef THREEFOLD_CLI_SEEN_H
#define THREEFOLD_CLI_SEEN_H

#include <stddef.h>
#include <stdint.h>

/* Of so many messages the place is known. A window that shows more is not guessed at. */
enum { SEEN_MAX = 256 };

struct cli_seen {
	uint64_t places[SEEN_MAX]; /* a ring */
	uint64_t count;            /* of all so far */
};

/* A message was kept. `place` is the number of its first row, of all rows that were printed,
 * counted from 1; 0: not all of it can be seen, or nobody knows where. */
void seen_add(struct cli_seen *s, uint64_t place);
/* How many of the last messages stand in row `top`, which is not 0, or below it: all those after
 * the last one that does not. */
size_t seen_count(const struct cli_seen *s, uint64_t top);
/* What is kept from now on is another account's. */
void seen_clear(struct cli_seen *s);

#endif
