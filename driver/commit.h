/* SPDX-License-Identifier: MIT
 *
 * commit: makes durable what the turns of the loop have appended to the journal, and tells the
 * sessions.
 *
 * All facts that come while one commit runs share the next one. Under load a commit waits a moment,
 * until nearly as much has come as last time. A commit runs on a thread of its own, so that the
 * loop goes on. It runs on the thread of the loop if that costs less than waking the other one:
 *   - it is small;
 *   - few connections have sent something, or each has sent little;
 *   - nothing was written in this turn: the answer to a push would have to wait;
 *   - the disk has been fast.
 *
 * Slices of compaction, and looks at the room on the disk, happen between commits.
 */
#ifndef THREEFOLD_DRIVER_COMMIT_H
#define THREEFOLD_DRIVER_COMMIT_H

#include "driver/peers.h"
#include "protocol/figures.h"

struct committer;

/* Starts the thread. NULL if the system gives none; errno says why. All that is given must outlive
 * it. */
struct committer *committer_new(struct loop *l, struct journal *journal, struct sessions *sessions,
                                struct peers *peers);
/* Ends the thread; no commit runs (committer_finish). NULL is fine. */
void committer_free(struct committer *c);

/* Begins a commit if one is due. Must be called once a turn, after all that needs no disk has been
 * written. Replies that a commit releases wait in the sessions. If the disk fails, it says so and
 * ends the process. */
void committer_turn(struct committer *c);
/* When committer_turn must be called again, at the latest; LOOP_NEVER: when the loop wakes. */
uint64_t committer_deadline(const struct committer *c);
/* For how long the job that is under way on the other thread has run; 0: there is none. */
uint64_t committer_waits_ms(const struct committer *c);
/* Commits all that was appended, and returns when it is on the disk. */
void committer_finish(struct committer *c);

struct commit_counts {
	uint64_t syncs;
	uint64_t syncs_inline; /* of them on the thread of the loop */
	uint64_t facts;
	uint64_t batch_max; /* facts in one commit */
	uint64_t took_us;   /* what the disk took for all of them together, */
	/* and how many took how long (figures_bucket). */
	uint64_t took[FIGURES_BUCKETS];
};
/* The counts since the start. */
void committer_counts(const struct committer *c, struct commit_counts *counts);

#endif
