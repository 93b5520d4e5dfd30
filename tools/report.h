/* SPDX-License-Identifier: MIT
 *
 * report: what `repair --status` prints, as text, as JSON and for Prometheus. All of it comes from
 * the table of figures (protocol/figures.h) and a few rows more. It reads nothing and prints
 * nothing: the caller writes the buffer.
 */
#ifndef THREEFOLD_TOOLS_REPORT_H
#define THREEFOLD_TOOLS_REPORT_H

#include "reconcile/reconcile.h"

enum { REPORT_DIGEST_SIZE = 16, REPORT_SIZE_MAX = 1024 * 1024 };

struct report_replica {
	const char *address; /* HOST:PORT, as it was given */
	const char *why;     /* not live: why */
	bool is_live;
	bool is_copy;     /* live, and REPORT_COPY */
	bool is_refused;  /* not live: it answers, and does not belong to the cluster */
	bool has_figures; /* else it is too old to tell */
	const struct figures *figures;
	uint64_t facts;
	uint64_t lacks;        /* of what the others hold */
	const uint8_t *digest; /* REPORT_DIGEST_SIZE bytes; equal in one run if the facts are */
};

/* What is the matter with a copy. */
#define REPORT_COPY                                                                          \
	"has the uuid of another one, so clients leave it out: a data directory was copied " \
	"(start one of the two with --new-uuid)"

struct report {
	char cluster[AUTH_CLUSTER_TEXT_SIZE];
	bool is_same; /* those who are live hold the same */
	struct report_replica replicas[RECONCILE_MAX];
};

/* How many of them are live, and no copies. */
uint32_t report_live(const struct report *report);
/* Each appends all of a report. `to` may grow to REPORT_SIZE_MAX. */
/* A table for a person: a column for each replica. Rows that are 0 everywhere are left out. */
void report_text(struct buf *to, const struct report *report);
/* One object in one line. */
void report_json(struct buf *to, const struct report *report);
/* Metrics in Prometheus' text format, in seconds and bytes. */
void report_prometheus(struct buf *to, const struct report *report);

#endif
