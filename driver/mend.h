/* SPDX-License-Identifier: MIT
 *
 * mend: drives reconcile over a loop. It dials the replicas, reads, writes, keeps the times, and
 * shows on a terminal (stderr) how far it is.
 */
#ifndef THREEFOLD_DRIVER_MEND_H
#define THREEFOLD_DRIVER_MEND_H

#include "driver/dial.h"
#include "reconcile/reconcile.h"
#include "store.h"

struct mend_options {
	const struct dial_target *targets; /* RECONCILE_MAX of them */
	uint8_t key[KEY_SIZE];             /* the operator's, */
	const char *key_file;              /* which stands here */
	bool check;                        /* change nothing, only compare */
	/* Ask about these accounts only, as reconcile_options says; NULL: compare. */
	const struct id *ids;
	struct reconcile_seen *seen;
	uint32_t id_count;
	bool figures;        /* ask each how it is, at the end; one replica is enough then */
	uint64_t timeout_ms; /* for a replica to answer the handshake */
	struct view bring;   /* facts that every replica is brought first: a list for
	                    * protocol_next_fact */
	bool accounts;       /* of all that is to be collected: only accounts and tombstones */
};

/* Makes one run, from the dial to its end, and waits for it. `collect` may be NULL; if not, that
 * store gets the union of all sets, nothing is changed, and one replica is enough. `seed` is random
 * and new for each run. *ms is how long the run took. If no replica has the key, the result says of
 * which file it is. */
void mend_run(struct loop *l, const struct mend_options *o, const uint8_t seed[KEY_SIZE],
              struct store *collect, struct reconcile_result *result, uint64_t *ms);

#endif
