/* SPDX-License-Identifier: MIT
 *
 * figures: how a replica is, in numbers: what it holds, what it was asked, what it refused, how
 * long its disk takes. One table of rows says for each figure its name, its unit and what it means.
 * A server puts them into the reply to FIGURES by the table, and repair reads and shows them by it.
 *
 * The form is lines of a name, a blank, a value and a newline. Names of rows that have several
 * figures go on with a dot and a label:
 *
 *   version 0.2.0
 *   register invited                 who may make an account; not told by 0.1
 *   uptime_ms 86400000
 *   requests.SEND.ok 1234
 *   requests.LOGIN.wrong-proof 3
 *   sync_us.128 77                   took 64 to 128 us; "more" is beyond the last of these
 *
 * What is 0 may be left out of a row with labels. Readers pass over names that they do not know, so
 * rows can be added without a new version of the protocol. A row is never given another meaning.
 *
 * Pure.
 */
#ifndef THREEFOLD_PROTOCOL_FIGURES_H
#define THREEFOLD_PROTOCOL_FIGURES_H

#include "protocol.h"

enum {
	FIGURES_WORD_SIZE = 32, /* of a value that is a word, with its NUL */
	FIGURES_NAME_SIZE = 64, /* of a name with its labels, and its NUL */
	FIGURES_BUCKETS = 19,   /* of times: up to 64 us, 128 us, ... 8.4 s; and what is longer */
	FIGURES_BUCKET_FIRST_US = 64,
	FIGURES_LABELS = 2, /* that a row has at most */
};

/* What was refused, by what limit. */
enum figures_limit {
	FIGURES_ACCOUNTS,    /* new accounts of one address */
	FIGURES_UNKNOWN,     /* messages of or to unknown accounts, of one address */
	FIGURES_PASSWORDS,   /* wrong passwords that were answered late */
	FIGURES_CONNECTIONS, /* connections of one address, or of all */
	FIGURES_SHARE,       /* of a sender in a mailbox */
	FIGURES_GAPS,        /* in a stream */
	FIGURES_ROOM,        /* on the disk, or in memory */
	FIGURES_LIMITS,
};

struct figures {
	/* Words: printable ASCII without blanks. */
	char version[FIGURES_WORD_SIZE];
	char registration[FIGURES_WORD_SIZE];
	uint64_t uptime_ms;
	uint64_t connections, sessions;
	uint64_t accounts, unconfirmed, tombstones;
	uint64_t pending, streams, ranges;
	uint64_t facts, store_bytes;
	uint64_t journal_bytes, free_bytes;
	uint64_t pushes, closed_malformed, closed_slow;
	uint64_t requests[FRAME_TYPE_REQUEST_END][STATUS_END];
	uint64_t messages[STATUS_END];
	uint64_t refused[FIGURES_LIMITS];
	uint64_t sync_us[FIGURES_BUCKETS]; /* how many took so long */
	uint64_t sync_sum_us;
};

enum figures_unit { FIGURES_COUNT, FIGURES_BYTES, FIGURES_MS, FIGURES_US };
enum figures_kind {
	FIGURES_GAUGE,   /* as it is now */
	FIGURES_COUNTER, /* since the start */
	FIGURES_TIMES,   /* counters by how long something took; the row after it is their sum */
	FIGURES_SUM,
};
/* By what a row's figures are told apart. */
enum figures_by {
	FIGURES_ALONE,
	FIGURES_BY_REQUEST, /* and by outcome */
	FIGURES_BY_OUTCOME,
	FIGURES_BY_LIMIT,
	FIGURES_BY_TIME,
};

struct figures_row {
	const char *name; /* NULL: the table's end */
	const char *help; /* one phrase */
	enum figures_kind kind;
	enum figures_unit unit;
	enum figures_by by;
	size_t offset; /* in struct figures, of the first of `figures_count` numbers */
};
extern const struct figures_row figures_rows[];

/* How many numbers a row has. */
uint32_t figures_count(const struct figures_row *row);
/* The number of a row at an index. */
uint64_t figures_at(const struct figures *f, const struct figures_row *row, uint32_t index);
/* The labels of that number, without dots: "SEND" and "disk-full", "wrong-proof", "share", "128".
 * Gives how many there are; 0 for a row that has one number alone. */
uint32_t figures_labels(const struct figures_row *row, uint32_t index,
                        char labels[FIGURES_LABELS][FIGURES_NAME_SIZE]);
/* What the labels of a row are called: "type" and "outcome"; NULL: it has none so far. */
const char *figures_label_name(const struct figures_row *row, uint32_t place);

/* In which bucket of times so many microseconds belong. */
uint32_t figures_bucket(uint64_t us);
/* The longest time of a bucket, in microseconds; UINT64_MAX of the last. */
uint64_t figures_bucket_us(uint32_t bucket);
/* The time within which so many of a thousand stayed, in microseconds: somewhere in the bucket
 * where that one is, as far in it as its place among those there. 0 if there are none. In the last
 * bucket it is where that one begins. */
uint64_t figures_permille(const uint64_t buckets[FIGURES_BUCKETS], uint32_t permille);
/* How many times are in all buckets together. */
uint64_t figures_times(const uint64_t buckets[FIGURES_BUCKETS]);

/* Appends the lines. False if there is no room. */
bool figures_encode(struct buf *to, const struct figures *f);
/* Reads them. What they do not say is 0, or empty. False if something is not in the form. */
bool figures_decode(struct view text, struct figures *f);

#endif
