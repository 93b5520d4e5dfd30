/* SPDX-License-Identifier: MIT
 *
 * The fuzz target of repair: a run against three replicas, of which one or all are hostile. They
 * are true ones with the operator key, and the input changes what they say (tests/fuzz/mutate.h).
 * Whatever they say, the run ends, its invariants hold, and so do those of the stores.
 */
#include "tests/fuzz/mutate.h"
#include "tests/reconcile/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 200000 };

/* What a replica says next, as it lies or not. */
static bool fuzz_in(struct rig *g, struct mutate *m, uint32_t index, bool lies)
{
	struct replica *p = &g->replicas[index];
	struct view out;
	struct buf said;
	size_t size, taken;

	if (p->connection == SESSION_NONE)
		return false;
	out = session_output(p->s, p->connection);
	if (!protocol_size(out, &size) || size == 0 || size > out.size)
		return false;
	buf_init(&said, 4 * FRAME_SIZE_MAX);
	if (lies)
		mutate_frame(m, view_of(out.data, size), &said);
	else
		(void)buf_put(&said, out.data, size);
	session_output_sent(p->s, p->connection, size);
	do {
		taken = rig_hear(g, index, buf_view(&said));
		buf_consume(&said, taken);
		rig_act(g);
	} while (taken > 0 && p->connection != SESSION_NONE);
	buf_release(&said);
	replica_act(g, p);
	return true;
}

static bool fuzz_step(struct rig *g, struct mutate *m, uint8_t who)
{
	bool any = false;

	for (uint32_t i = 0; i < g->count && !g->is_done; i++) {
		any = move_out(g, i, SIZE_MAX) || any;
		any = rig_work(g, i) || any;
		any = fuzz_in(g, m, i, (who & 4) != 0 || who % 4 % g->count == i) || any;
	}
	if (any || g->is_done)
		return any;
	if (reconcile_deadline(g->r) == UINT64_MAX)
		return false;
	g->time_ms = reconcile_deadline(g->r);
	reconcile_tick(g->r, g->time_ms);
	rig_act(g);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig g;
	struct mutate m;
	uint32_t steps = 0;
	uint8_t who;

	memset(&m, 0, sizeof m);
	m.in = view_of(data, size);
	who = mutate_byte(&m);
	rig_open(&g, 3, 3);
	rig_facts(&g, who & 16 ? 400 : 40, PEOPLE, 30);
	rig_deal(&g, who & 32 ? 5 : 60);
	g.options.mode = who & 8 ? RECONCILE_CHECK : RECONCILE_REPAIR;
	rig_begin(&g);
	for (uint32_t i = 0; i < g.count; i++)
		rig_connect(&g, i);
	while (!g.is_done && steps++ < STEPS_MAX)
		if (!fuzz_step(&g, &m, who))
			break;
	if (!g.is_done) /* it goes on without end, or nobody will ever wake it */
		abort();
	reconcile_check(g.r);
	for (uint32_t i = 0; i < g.count; i++)
		store_check(g.replicas[i].store);
	rig_close(&g);
	return 0;
}
