/* SPDX-License-Identifier: MIT
 *
 * named: the streams that a file of the journal has named. No I/O.
 *
 * A file says once who wrote to whom in which session, in a line of its own that gives the stream a
 * number. Its messages then say the number. Numbers rise, and in one file no number ever means two
 * streams: so a line that is lost takes away messages, and never gives them to somebody else.
 *
 * A stream is named again from time to time, by the same number: so damage to one name does not
 * take all that follows.
 *
 * Who writes a file uses the last NAMED_MAX numbers; a stream that comes again after that gets a
 * new number. Who reads it keeps twice as many, since a batch is written later than it is filled:
 * it may use numbers that are older by as many as it has itself, and it has at most NAMED_MAX.
 * So a name with a number that is older than all that are kept is none that was written so.
 */
#ifndef THREEFOLD_JOURNAL_NAMED_H
#define THREEFOLD_JOURNAL_NAMED_H

#include "base/map.h"
#include "fact/fact.h"

enum {
	NAMED_MAX = 16384,      /* with all that belongs to them, 4 MiB */
	NAMED_PAGE_COUNT = 256, /* they get their memory a page at a time */
};
/* A start that finds a larger number does not go on behind it: it writes all files anew, with
 * numbers from 1 on. */
#define NAMED_NUMBER_MAX (NUMBER_MAX / 2)

struct name {
	uint64_t number;  /* 1 to NUMBER_MAX; 0: free */
	uint64_t file;    /* for the caller: the last file that has named it, */
	uint64_t batch;   /* the last batch that uses it, */
	uint32_t uses;    /* and how often it was used since it was named. 0 at first */
	bool is_disputed; /* for who reads: another stream was named so, too */
	struct stream stream;
};

struct named_page;

/* All zero is empty. */
struct named {
	struct named_page *pages[NAMED_PAGE_COUNT];
	uint64_t last;  /* the largest number so far; 0: none */
	struct map map; /* of who writes: names by stream. Its secret is set before the first */
};

/* The name that belongs to a number, until NAMED_MAX more are there; NULL: it is not kept. */
struct name *named_get(const struct named *n, uint64_t number);
/* Asks the processor for what named_get will read. */
void named_prefetch(const struct named *n, uint64_t number);
/* For who reads: takes a number for a stream. False: it is none that was written so, since it is
 * older than what is kept, or means another one already. In the last case it is disputed from then
 * on, and means none: one of the two names is of another file, and nobody knows which. */
bool named_put(struct named *n, uint64_t number, const struct stream *stream);
/* For who writes: the name of a stream among the last NAMED_MAX; NULL: it needs a new one. */
struct name *named_find(const struct named *n, const struct stream *stream);
/* For who writes: whether a number is one of the last NAMED_MAX. So who remembers the number of a
 * stream need not find it. */
static inline bool named_is_recent(const struct named *n, uint64_t number)
{
	return number > 0 && number <= n->last && n->last - number < NAMED_MAX;
}
/* For who writes: gives a stream that has no name the next number. */
struct name *named_add(struct named *n, const struct stream *stream);
/* Frees all of it. It is empty then, but for the map's secret; the next number is 1. */
void named_release(struct named *n);

#endif
