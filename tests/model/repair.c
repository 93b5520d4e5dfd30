/* SPDX-License-Identifier: MIT
 *
 * repair: reads each replica, then tells each what is gone, then tells each the rest. It may be
 * interrupted between any two of these, and what it read may be old by then.
 */
#include "tests/model/model.h"

#include <string.h>

enum { LAST_STEP = 3 * REPLICAS };

static void read_one(struct repair *p, const struct replica *from)
{
	p->known |= from->known;
	p->confirmed |= from->confirmed;
	p->gone |= from->gone;
	p->added |= from->added;
	p->buried |= from->buried;
}

static void write_rest(struct world *w, unsigned r)
{
	const struct repair *p = &w->repair;

	replica_apply(&w->replicas[r], &w->ledger, p->known, p->confirmed, 0, 0);
	for (unsigned m = 0; m < MESSAGES; m++)
		if (has(p->added, m))
			replica_add(w, r, m);
}

void repair_step(struct world *w)
{
	struct repair *p = &w->repair;
	unsigned at = p->step - 1u;
	unsigned r = at % REPLICAS;

	assert(p->step > 0);
	if (w->replicas[r].up) {
		if (at < REPLICAS)
			read_one(p, &w->replicas[r]);
		else if (at < 2 * REPLICAS)
			replica_apply(&w->replicas[r], &w->ledger, 0, 0, p->gone, p->buried);
		else
			write_rest(w, r);
	}
	if (p->step++ == LAST_STEP)
		memset(p, 0, sizeof *p);
}
