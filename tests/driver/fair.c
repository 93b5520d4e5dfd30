/* SPDX-License-Identifier: MIT
 *
 * Who is served next: flows of the test that spend what the test says.
 */
#include "driver/fair.h"
#include "tests/lib/tap.h"

enum { MANY = 1000, DEAR = 290, CHEAP = 5 };

/* Serves the next one, who spends `cost` and comes back. */
static struct fair_flow *serve(struct fair *f, uint64_t cost)
{
	struct fair_flow *flow = fair_next(f, false);

	if (flow == NULL)
		return NULL;
	fair_spend(f, flow, flow->class, cost);
	fair_add(f, flow, flow->class);
	return flow;
}

static void test_equal_parts(void)
{
	struct fair f = { .order = 0 };
	struct fair_flow flows[MANY] = { { .tag = 0 } };
	uint64_t spent[2] = { 0 };
	uint64_t least = UINT64_MAX;
	uint64_t most = 0;
	static uint64_t served[MANY];

	fair_add(&f, &flows[0], FAIR_KNOWN);
	fair_add(&f, &flows[1], FAIR_KNOWN);
	for (int i = 0; i < 10000; i++) {
		size_t which = (size_t)(f.heaps[FAIR_KNOWN].flows[0] - flows);

		serve(&f, which == 0 ? DEAR : CHEAP);
		spent[which] += which == 0 ? DEAR : CHEAP;
	}
	OK(spent[0] <= spent[1] + DEAR && spent[1] <= spent[0] + DEAR,
	   "one who asks for dear things and one who asks for cheap ones cost the same");
	for (size_t i = 2; i < MANY; i++)
		fair_add(&f, &flows[i], FAIR_KNOWN);
	for (int i = 0; i < 100 * MANY; i++)
		served[serve(&f, DEAR) - flows]++;
	for (size_t i = 0; i < MANY; i++) {
		least = served[i] < least ? served[i] : least;
		most = served[i] > most ? served[i] : most;
	}
	OK(most - least <= 1, "a thousand equal ones are served as often as each other");
	for (size_t i = 0; i < MANY; i += 2)
		fair_remove(&f, &flows[i]);
	for (int i = 0; i < MANY; i++)
		served[serve(&f, DEAR) - flows] = 0;
	for (size_t i = 0; i < MANY; i++)
		ALWAYS(i % 2 == 0 || served[i] == 0, "all others are served");
	for (size_t i = 0; i < MANY; i += 2)
		ALWAYS(flows[i].place == 0, "who is taken out does not wait");
	fair_release(&f);
}

static void test_newcomer(void)
{
	struct fair f = { .order = 0 };
	static struct fair_flow flows[MANY];
	struct fair_flow honest = { .tag = 0 };
	int waited = 0;
	int waited_first = -1;

	for (size_t i = 0; i < MANY; i++)
		fair_add(&f, &flows[i], FAIR_KNOWN);
	for (int i = 0; i < 3 * MANY / 2; i++)
		serve(&f, DEAR);
	for (int i = 0; i < DEAR / CHEAP; i++) {
		fair_add(&f, &honest, FAIR_KNOWN);
		while (f.heaps[FAIR_KNOWN].flows[0] != &honest && waited++ >= 0)
			serve(&f, DEAR);
		if (waited_first < 0)
			waited_first = waited;
		fair_spend(&f, fair_next(&f, false), FAIR_KNOWN, CHEAP);
	}
	OK(waited <= MANY / 2,
	   "as many small requests as cost one dear one wait for one round at most");
	IS_U64(waited_first, 0, "and the first for nobody");
	fair_release(&f);
}

static void test_strangers(void)
{
	struct fair f = { .order = 0 };
	static struct fair_flow strangers[MANY];
	struct fair_flow known = { .tag = 0 };
	uint64_t spent = 0;

	for (size_t i = 0; i < MANY; i++)
		fair_add(&f, &strangers[i], FAIR_STRANGER);
	fair_turn(&f);
	fair_add(&f, &known, FAIR_KNOWN);
	OK(fair_next(&f, false) == &known, "a known one comes before all strangers");
	OK(fair_next_known(&f) == NULL, "where strangers have no turn they wait");
	fair_add(&f, &known, FAIR_KNOWN);
	OK(fair_next_known(&f) == &known, "and a known one does not");
	while (serve(&f, DEAR) != NULL)
		spent += DEAR;
	OK(spent >= FAIR_STRANGERS && spent < FAIR_STRANGERS + DEAR,
	   "strangers have their part of a turn, and no more");
	OK(!fair_is_next(&f, &known, FAIR_STRANGER) && fair_waits(&f),
	   "and wait for the next turn");
	fair_turn(&f);
	fair_add(&f, &known, FAIR_KNOWN);
	struct fair_flow *served = fair_next(&f, true);

	OK(served != NULL && served != &known,
	   "in a late turn one stranger is served all the same");
	fair_spend(&f, served, FAIR_STRANGER, 1);
	OK(fair_next(&f, true) == NULL, "and only one");
	fair_release(&f);
}

static void test_alone(void)
{
	struct fair f = { .order = 0 };
	struct fair_flow greedy = { .tag = 0 };
	struct fair_flow other = { .tag = 0 };

	OK(!fair_must_stop(&f, FAIR_KNOWN, 10 * FAIR_SLICE), "who is alone need not stop");
	fair_spend(&f, &greedy, FAIR_KNOWN, 1000000);
	OK(fair_is_next(&f, &greedy, FAIR_KNOWN), "nor wait, whatever it has spent");
	fair_spend(&f, &greedy, FAIR_KNOWN, 1);
	fair_add(&f, &greedy, FAIR_KNOWN);
	OK(fair_must_stop(&f, FAIR_KNOWN, FAIR_SLICE), "where another one waits, it stops");
	fair_add(&f, &other, FAIR_KNOWN);
	OK(fair_next(&f, false) == &other,
	   "what it spent while it was alone is not forgotten at once");
	fair_spend(&f, &other, FAIR_KNOWN, CHEAP);
	OK(fair_next(&f, false) == &greedy && !fair_waits(&f), "and it has its turn");
	fair_release(&f);
}

int main(void)
{
	test_equal_parts();
	test_newcomer();
	test_strangers();
	test_alone();
	return tap_done();
}
