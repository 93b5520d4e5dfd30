/* SPDX-License-Identifier: MIT
 *
 * mend: drives reconcile over a loop: dials, reads, writes, keeps its times, and shows
 * on a terminal how far it is.
 */
#ifndef THREEFOLD_TOOLS_MEND_H
#define THREEFOLD_TOOLS_MEND_H

#include "io/loop.h"
#include "tools/repair_options.h"
#include "store.h"

/* One run from the dial to its end. `collect`: gets the union of all sets, and nothing is changed;
 * NULL: it does not. *ms is how long it took. */
void repair_run(struct loop *l, const struct repair_options *o, const uint8_t key[KEY_SIZE],
                struct store *collect, struct reconcile_result *result, uint64_t *ms);

#endif
