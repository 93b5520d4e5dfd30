/* SPDX-License-Identifier: MIT
 *
 * server_commit: makes durable what the turns of the loop have appended to the journal, and tells
 * the sessions.
 *
 * All facts that come while one commit runs share the next one. Under load that one waits a
 * moment, until nearly as much has come as last time. A commit runs on a thread of its own, so that
 * the loop goes on; or on the loop's thread, when that is cheaper than waking the other one: it is
 * small, few connections are active or each has sent but little, nobody was pushed anything to
 * whose answer would have to wait, and the disk has been fast.
 *
 * Slices of compaction, and looks at the room on the disk, happen between commits.
 */
#ifndef THREEFOLD_DRIVER_COMMIT_H
#define THREEFOLD_DRIVER_COMMIT_H

#include "driver/peers.h"

struct committer;

/* The others must outlive it. NULL if the system gives no thread; errno says why. */
struct committer *committer_new(struct loop *l, struct journal *journal, struct sessions *sessions,
                                struct peers *peers);
void committer_free(struct committer *c);

/* Once a turn, when what can be written without the disk has been written. Replies that it
 * releases wait in the sessions. If the disk fails it says so and ends the process. */
void committer_turn(struct committer *c);
/* When the loop must call committer_turn again, at the latest. */
uint64_t committer_deadline(const struct committer *c);
/* Commits all that was appended, and returns when it is on the disk. */
void committer_finish(struct committer *c);

struct commit_counts {
	uint64_t syncs;
	uint64_t syncs_inline; /* of them on the loop's thread */
	uint64_t facts;
	uint64_t batch_max; /* facts in one commit */
};
void committer_counts(const struct committer *c, struct commit_counts *counts);

#endif
