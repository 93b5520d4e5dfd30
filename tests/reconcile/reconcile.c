/* SPDX-License-Identifier: MIT
 *
 * Repair's plan against real sessions and stores in one process. Random sets of two and three
 * replicas must become the union, whatever the order in which bytes move; runs that are cut off
 * anywhere must leave nothing worse, and a run after them must finish; and what is moved must
 * follow the difference. All seeds are fixed.
 */
#include "tests/reconcile/fixture.h"

static void test_equal(void)
{
	struct rig g;

	rig_open(&g, 1, 3);
	rig_facts(&g, 3000, PEOPLE, 500);
	rig_deal(&g, 0);
	struct reconcile_result result = rig_run(&g, RECONCILE_REPAIR);

	OK(result.is_done && result.is_ready && result.is_same, "equal sets are the same");
	IS_U64(result.passes, 2, "equal sets take one pass over each kind");
	for (uint32_t i = 0; i < 3; i++) {
		struct store_totals totals;

		store_totals(g.replicas[i].store, &totals);
		IS_U64(result.replicas[i].elements, totals.facts, "all elements are counted");
		IS_U64(result.replicas[i].missing, 0, "nothing is missing");
		IS_U64(g.replicas[i].appended, 0, "nothing is stored");
	}
	OK(memcmp(result.replicas[0].digest, result.replicas[2].digest, KEY_SIZE) == 0,
	   "equal sets have equal digests");
	g.moved = 0;
	result = rig_run(&g, RECONCILE_CHECK);
	OK(result.is_same && result.passes == 1, "a check of equal sets takes one pass");
	for (uint32_t i = 0; i < 3; i++) {
		struct store_totals totals;

		store_totals(g.replicas[i].store, &totals);
		IS_U64(result.replicas[i].elements, totals.facts, "a check counts all elements");
	}
	rig_close(&g);
}

static void test_empty(void)
{
	struct rig g;

	rig_open(&g, 2, 3);
	OK(rig_run(&g, RECONCILE_REPAIR).is_same, "three empty replicas are the same");
	OK(g.moved < 3000, "that costs next to nothing");
	rig_facts(&g, 1, 2, 5);
	give(&g, 1, &g.facts[0]);
	OK(!rig_run(&g, RECONCILE_CHECK).is_same, "a check sees a single element");
	OK(rig_run(&g, RECONCILE_REPAIR).is_same, "and repair copies it");
	OK(store_equals(g.replicas[0].store, g.replicas[1].store) &&
	           store_equals(g.replicas[2].store, g.replicas[1].store),
	   "to both others");
	rig_close(&g);
}

/* Of two replicas the third is not one that is waited for. */
static void test_two(void)
{
	struct reconcile_options options = { .mode = RECONCILE_CHECK, .count = 2 };
	struct reconcile *r = reconcile_new(&options, 0);
	struct reconcile_result result;

	reconcile_result(r, &result);
	OK(result.replicas[0].state == RECONCILE_WAITING &&
	           result.replicas[1].state == RECONCILE_WAITING,
	   "at the beginning all are waited for");
	OK(result.replicas[2].state == RECONCILE_LOST, "but not one that was not named");
	reconcile_free(r);
}

static void test_random(uint32_t count, uint32_t facts, uint32_t people, uint64_t numbers,
                        uint64_t missing, const char *name)
{
	uint32_t same = 0;
	uint32_t equal = 0;
	uint32_t again = 0;
	uint32_t checked = 0;
	uint32_t disordered = 0;
	const uint32_t seeds = facts > 1000 ? 12 : 60;

	for (uint32_t seed = 1; seed <= seeds; seed++) {
		struct rig g;

		rig_open(&g, seed * 31 + count, count);
		rig_facts(&g, facts, people, numbers);
		rig_deal(&g, missing);
		struct store *want = union_of(&g);
		bool differs = !all_equal(&g, want);
		struct reconcile_result before = rig_run(&g, RECONCILE_CHECK);

		checked += before.is_same == !differs;
		for (uint32_t i = 0; i < count; i++)
			ALWAYS(g.replicas[i].appended == 0, "a check stores nothing");
		same += rig_run(&g, RECONCILE_REPAIR).is_same;
		equal += all_equal(&g, want);
		for (uint32_t i = 0; i < count; i++)
			disordered += g.replicas[i].is_disordered;
		struct reconcile_result after = rig_run(&g, RECONCILE_REPAIR);

		again += after.is_same && after.passes == 2 && g.replicas[0].appended == 0;
		store_check(g.replicas[0].store);
		store_free(want);
		rig_close(&g);
	}
	printf("# %s\n", name);
	IS_U64(equal, seeds, "random sets become their union");
	IS_U64(same, seeds, "and the run says so");
	IS_U64(checked, seeds, "a check before it told whether they differed");
	IS_U64(again, seeds, "a second run finds nothing");
	IS_U64(disordered, 0, "what is gone was stored before what is alive");
}

/* [1,5] here, [3,9] there, and neighbours. */
static void test_ranges(void)
{
	static const struct range left[] = { { 1, 5 }, { 20, 22 }, { 30, 30 } };
	static const struct range right[] = { { 3, 9 }, { 10, 19 }, { 31, 40 } };
	struct rig g;
	struct fact fact = { .kind = FACT_BURIAL };

	rig_open(&g, 3, 2);
	for (int i = 0; i < 3; i++) {
		fact.burial = (struct burial){ { .recipient = g.people[0].account.id }, left[i] };
		give(&g, 0, &fact);
		fact.burial.range = right[i];
		give(&g, 1, &fact);
	}
	struct reconcile_result result = rig_run(&g, RECONCILE_REPAIR);
	struct range range;

	OK(result.is_same, "ranges that overlap are exchanged to an end");
	for (int i = 0; i < 2; i++) {
		bool is_there = store_range_next(g.replicas[i].store, &fact.burial.stream, 0,
		                                 &range);

		OK(is_there && range.first == 1 && range.last == 22, "they merge");
		is_there = store_range_next(g.replicas[i].store, &fact.burial.stream, 22, &range);
		OK(is_there && range.first == 30 && range.last == 40, "the hole stays");
	}
	rig_close(&g);
}

/* A replica that is empty gets everything, also large texts; each other one is read once. */
static void test_wiped(void)
{
	static uint8_t large[TEXT_SIZE_MAX];
	struct rig g;
	struct fact fact = { .kind = FACT_MESSAGE };
	uint64_t bytes = 0;

	memset(large, 'x', sizeof large);
	rig_open(&g, 4, 3);
	for (uint32_t i = 0; i < 3000; i++) {
		fact.message = (struct message){
			.stream = { g.people[i % 5].account.id,
			            g.people[i % 7].account.id,
			            { { 1 } } },
			.number = i + 1,
			.sent_ms = i,
			.text = view_of(large, i % 100 == 0 ? sizeof large : 1 + i % 200),
		};
		bytes += protocol_fact_size(&fact);
		give(&g, 0, &fact);
		give(&g, 1, &fact);
	}
	struct reconcile_result result = rig_run(&g, RECONCILE_REPAIR);

	OK(result.is_same, "a wiped replica is filled");
	OK(store_equals(g.replicas[2].store, g.replicas[0].store), "it holds all of it");
	IS_U64(result.replicas[2].missing, 3000, "all of it was missing");
	IS_U64(result.replicas[2].stored, 3000, "and was stored once");
	IS_U64(result.replicas[0].stored + result.replicas[1].stored, 0, "the others got nothing");
	OK(g.moved < 2 * bytes + bytes / 10 + 300000, "everything moved twice: read, stored");
	rig_close(&g);
}

/* What a person sees of a run that is under way. */
static void test_progress(void)
{
	struct reconcile_progress progress;
	struct rig g;
	uint64_t done = 0;
	bool is_right = true;
	bool has_begun = false;

	rig_open(&g, 15, 3);
	rig_facts(&g, 2000, PEOPLE, 200);
	rig_deal(&g, 20);
	rig_begin(&g);
	reconcile_progress(g.r, &progress);
	IS_STRING(progress.what, "connecting", "progress: first it connects");
	for (uint32_t i = 0; i < 3; i++)
		rig_connect(&g, i);
	while (!g.is_done && rig_step(&g)) {
		struct reconcile_result result = rig_result(&g);
		uint64_t stored = 0;

		reconcile_progress(g.r, &progress);
		for (uint32_t i = 0; i < 3; i++)
			stored += result.replicas[i].stored;
		is_right = is_right && progress.stored == stored && progress.done <= progress.total;
		has_begun = has_begun || strcmp(progress.what, "what is gone") == 0;
		done = progress.done > done ? progress.done : done;
	}
	struct reconcile_result result = rig_result(&g);

	OK(is_right, "progress: what was stored is the sum of all replicas, at each step");
	for (uint32_t i = 0; i < 3; i++)
		OK(result.replicas[i].stored > 0 && result.replicas[i].stored < progress.stored,
		   "progress: of which each has a part");
	OK(has_begun && done > 0, "progress: and it goes on");
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < 3; i++)
		bytes += result.replicas[i].bytes_in + result.replicas[i].bytes_out;
	OK(bytes >= g.moved && bytes < g.moved + 1000, "progress: each byte that moves is counted");
	IS_STRING(progress.what, "accounts and messages", "progress: to what is alive");
	rig_stop(&g);
	rig_close(&g);
}

/* The run ends at any of its steps: nothing is lost, and another run finishes. */
static void test_interrupted(void)
{
	uint32_t steps = 0;
	uint32_t kept = 0;
	uint32_t finished = 0;

	for (uint32_t stop = 1; stop < 2000; stop++) {
		struct rig g;
		uint32_t step = 0;

		rig_open(&g, 5, 3);
		rig_facts(&g, 200, 6, 30);
		rig_deal(&g, 30);
		struct store *want = union_of(&g);

		rig_begin(&g);
		for (uint32_t i = 0; i < 3; i++)
			rig_connect(&g, i);
		while (!g.is_done && step < stop && rig_step(&g))
			step++;
		bool is_over = g.is_done;

		rig_stop(&g);
		struct store *left = union_of(&g);

		kept += store_equals(left, want);
		finished += rig_run(&g, RECONCILE_REPAIR).is_same && all_equal(&g, want);
		store_free(left);
		store_free(want);
		rig_close(&g);
		steps++;
		if (is_over)
			break;
	}
	OK(steps > 50, "the run has many steps to be cut off at");
	IS_U64(kept, steps, "a run that is cut off loses nothing, at each of its steps");
	IS_U64(finished, steps, "and the next one finishes");
}

/* Whether the store shows exactly this element: traffic may have buried it, or bettered it. */
static bool shows(const struct store *s, const struct fact *fact)
{
	struct store_key key = store_key_of(fact);
	struct fact found;
	struct buf form;

	assert(fact->kind != FACT_BURIAL);
	if (key.streams)
		key.number--;
	else if (key.account.bytes[ID_SIZE - 1]-- == 0)
		return true; /* as good as never: then it must be known */
	if (!store_next(s, &key, &found))
		return false;
	buf_init(&form, 4 * FACT_SIZE_MAX);
	protocol_put_fact(&form, fact);
	size_t size = form.size;

	protocol_put_fact(&form, &found);
	bool is_same = form.size == 2 * size && memcmp(form.data, form.data + size, size) == 0;

	buf_release(&form);
	return is_same;
}

/* All that was there is known here: being given it again changes nothing. */
static bool covers(struct store *s, const struct store *had, const struct store *now_all)
{
	struct store_key key = { .streams = 0 };
	struct fact fact;

	while (store_next(had, &key, &fact)) {
		if (fact.kind != FACT_BURIAL && !shows(now_all, &fact))
			continue;
		enum store_result known = store_apply(s, &fact, NULL);

		if (known == STORE_NEW || known == STORE_REPLACED)
			return false;
	}
	return true;
}

/* Facts come while it runs. What was there when it began is everywhere when it ends. */
static void test_traffic(void)
{
	uint32_t covered = 0;
	uint32_t equal = 0;
	const uint32_t seeds = 40;

	for (uint32_t seed = 1; seed <= seeds; seed++) {
		struct rig g;
		bool is_covered = true;

		rig_open(&g, 1000 + seed, 3);
		rig_facts(&g, 2000, PEOPLE, 100);
		for (uint32_t i = 0; i < 1000; i++)
			for (uint32_t k = 0; k < 3; k++)
				if (below(&g, 10) > 0)
					give(&g, k, &g.facts[i]);
		struct store *had = union_of(&g);

		rig_begin(&g);
		for (uint32_t i = 0; i < 3; i++)
			rig_connect(&g, i);
		for (uint32_t i = 1000; !g.is_done && rig_step(&g);)
			for (; i < 2000 && below(&g, 3) > 0; i++)
				give(&g, (uint32_t)below(&g, 3), &g.facts[i]);
		ALWAYS(g.is_done, "a run ends while facts come");
		rig_stop(&g);
		struct store *want = union_of(&g);
		struct reconcile_result result = rig_run(&g, RECONCILE_CHECK);

		for (uint32_t k = 0; k < 3 && !result.is_same; k++)
			is_covered = is_covered && covers(g.replicas[k].store, had, want);
		covered += is_covered;
		equal += rig_run(&g, RECONCILE_REPAIR).is_same && all_equal(&g, want);
		store_free(want);
		store_free(had);
		rig_close(&g);
	}
	IS_U64(covered, seeds,
	       "what was known when a run began is everywhere, in spite of traffic");
	IS_U64(equal, seeds, "a run without traffic makes the sets the same");
}

/* Two operators at once. */
static void test_two_runs(void)
{
	uint32_t equal = 0;

	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct rig g;
		struct rig other;

		rig_open(&g, 2000 + seed, 3);
		rig_facts(&g, 500, PEOPLE, 50);
		rig_deal(&g, 30);
		struct store *want = union_of(&g);

		/* The same replicas, with connections of its own. */
		rig_open(&other, 3000 + seed, 0);
		other.count = 3;
		other.options.count = 3;
		for (uint32_t i = 0; i < 3; i++) {
			other.replicas[i] = g.replicas[i];
			buf_init(&other.replicas[i].in, 1024 * 1024);
		}
		rig_begin(&g);
		rig_begin(&other);
		for (uint32_t i = 0; i < 3; i++) {
			rig_connect(&g, i);
			other.replicas[i].position = g.replicas[i].position;
			rig_connect(&other, i);
		}
		while (!g.is_done || !other.is_done) {
			struct rig *from = below(&g, 2) == 0 ? &g : &other;
			struct rig *to = from == &g ? &other : &g;

			if (!from->is_done && !rig_step(from))
				break;
			for (uint32_t i = 0; i < 3; i++)
				to->replicas[i].position = from->replicas[i].position;
		}
		equal += g.is_done && other.is_done && all_equal(&g, want);
		rig_stop(&other);
		for (uint32_t i = 0; i < 3; i++)
			buf_release(&other.replicas[i].in);
		other.count = 0;
		rig_close(&other);
		store_free(want);
		rig_close(&g);
	}
	IS_U64(equal, 20, "two runs at once end with the union");
}

/* One replica has the mark, two are equal without it, and another repair tells one of them after so
 * many steps of this run. Gives whether "the same" was said of what is not. */
static bool says_same_wrongly(enum reconcile_mode mode, uint32_t steps)
{
	struct rig g;
	struct fact fact = { .kind = FACT_ACCOUNT };

	rig_open(&g, 11, 3);
	fact.account = g.people[0].account;
	for (uint32_t i = 1; i < 3; i++)
		give(&g, i, &fact);
	fact.account.confirmed = true;
	give(&g, 0, &fact);
	g.options.mode = mode;
	rig_begin(&g);
	for (uint32_t i = 0; i < 3; i++)
		rig_connect(&g, i);
	for (uint32_t step = 0; !g.is_done; step++) {
		if (step == steps)
			give(&g, 1, &fact);
		if (!rig_step(&g))
			break;
	}
	bool is_wrong = rig_result(&g).is_same &&
	                !store_equals(g.replicas[0].store, g.replicas[2].store);

	rig_stop(&g);
	rig_close(&g);
	return is_wrong;
}

static void test_spoken_for(void)
{
	uint32_t wrong = 0;

	for (uint32_t steps = 0; steps < 120; steps++) {
		wrong += says_same_wrongly(RECONCILE_REPAIR, steps);
		wrong += says_same_wrongly(RECONCILE_CHECK, steps);
	}
	IS_U64(wrong, 0, "one of two equal ones changes: the other one is looked at all the same");
}

static void test_lost(void)
{
	struct rig g;
	uint32_t done = 0;
	uint32_t equal = 0;

	for (uint32_t stop = 0; stop < 60; stop++) {
		rig_open(&g, 6, 3);
		rig_facts(&g, 500, PEOPLE, 50);
		rig_deal(&g, 30);
		rig_begin(&g);
		for (uint32_t i = 0; i < 3; i++)
			rig_connect(&g, i);
		for (uint32_t i = 0; i < stop && !g.is_done; i++)
			rig_step(&g);
		if (!g.is_done) {
			reconcile_failed(g.r, 1, "was cut off", g.time_ms);
			rig_act(&g);
		}
		while (!g.is_done && rig_step(&g))
			continue;
		struct reconcile_result result = rig_result(&g);

		done += result.is_done && result.is_same && result.is_ready;
		equal += store_equals(g.replicas[0].store, g.replicas[2].store);
		ALWAYS(result.replicas[1].state == RECONCILE_LOST &&
		               strcmp(result.replicas[1].why, "was cut off") == 0,
		       "why a replica is lost is said");
		rig_close(&g);
	}
	IS_U64(done, 60, "a replica may be lost at any step: the other two go on");
	IS_U64(equal, 60, "and become the same");

	rig_open(&g, 6, 3);
	rig_begin(&g);
	for (uint32_t i = 0; i < 3; i++)
		rig_connect(&g, i);
	reconcile_failed(g.r, 1, "x", 0);
	reconcile_failed(g.r, 2, "y", 0);
	rig_act(&g);
	while (!g.is_done && rig_step(&g))
		continue;
	OK(g.is_done && !rig_result(&g).is_ready && !rig_result(&g).is_same,
	   "one replica alone is not enough");
	rig_close(&g);
}

/* What the two ends say to each other before they trust each other. */
static void test_proofs(void)
{
	struct rig g;

	rig_open(&g, 7, 3);
	g.options.key[5] ^= 1;
	struct reconcile_result result = rig_run(&g, RECONCILE_REPAIR);

	OK(!result.is_ready && !result.is_same, "with another key nothing is done");
	OK(result.replicas[0].is_refused && result.replicas[1].is_refused, "and it is said why");
	rig_close(&g);

	/* A stranger who does not know the key answers that all is well. */
	rig_open(&g, 8, 2);
	g.options.count = 2;
	rig_begin(&g);
	rig_connect(&g, 0);
	reconcile_connected(g.r, 1, 0);
	struct buf b;
	struct frame welcome = { .type = FRAME_WELCOME,
		                 .welcome = { .version = PROTOCOL_VERSION_MAX,
		                              .silence_ms = 6000 } };
	struct frame proof = { .type = FRAME_MEMBER | FRAME_REPLY, .request = 1 };

	buf_init(&b, FRAME_SIZE_MAX);
	protocol_encode(&b, &welcome);
	reconcile_input(g.r, 1, buf_view(&b), 0);
	rig_act(&g);
	while (rig_step(&g))
		continue;
	size_t said = reconcile_output(g.r, 1).size;

	buf_clear(&b);
	protocol_encode(&b, &proof);
	reconcile_input(g.r, 1, buf_view(&b), 0);
	rig_act(&g);
	OK(rig_result(&g).replicas[1].state == RECONCILE_LOST &&
	           rig_result(&g).replicas[1].is_refused,
	   "a stranger who cannot prove the key is not trusted");
	OK(said == HELLO_SIZE + FRAME_HEADER_SIZE + 2 * KEY_SIZE + UUID_SIZE,
	   "and was told nothing but the handshake and a question");
	while (!g.is_done && rig_step(&g))
		continue;
	OK(g.is_done && !rig_result(&g).is_ready, "one replica is left: not enough");
	rig_close(&g);

	/* A line of text. */
	rig_open(&g, 9, 2);
	rig_begin(&g);
	reconcile_connected(g.r, 0, 0);
	reconcile_input(g.r, 0, view_of_string("220 mail.example ESMTP\r\n"), 0);
	rig_act(&g);
	OK(strstr(rig_result(&g).replicas[0].why, "220 mail.example ESMTP") != NULL,
	   "what speaks something else is quoted");
	rig_close(&g);
	buf_release(&b);
}

static void test_time(void)
{
	struct rig g;

	rig_open(&g, 11, 2);
	rig_begin(&g);
	rig_connect(&g, 0);
	IS_U64(reconcile_deadline(g.r), 5000, "a dial has its time");
	g.time_ms = 5000;
	reconcile_tick(g.r, 5000);
	rig_act(&g);
	OK(g.is_done && !rig_result(&g).is_ready, "who does not answer in time is lost");
	rig_close(&g);

	/* One replica works for long; the other one hears from us, or it would close. */
	rig_open(&g, 12, 2);
	rig_facts(&g, 3000, PEOPLE, 500);
	rig_deal(&g, 10);
	rig_begin(&g);
	rig_connect(&g, 0);
	rig_connect(&g, 1);
	for (int i = 0; i < 20; i++) {
		move_out(&g, 0, SIZE_MAX);
		while (rig_work(&g, 0))
			continue;
		move_in(&g, 0, SIZE_MAX);
		if (i < 4) {
			move_out(&g, 1, SIZE_MAX);
			move_in(&g, 1, SIZE_MAX);
		}
	}
	uint32_t pings = 0;

	for (int i = 0; i < 8; i++) {
		g.time_ms = reconcile_deadline(g.r);
		if (g.time_ms > 25000)
			break;
		reconcile_tick(g.r, g.time_ms);
		rig_act(&g);
		pings += move_out(&g, 0, SIZE_MAX);
		move_in(&g, 0, SIZE_MAX);
		session_tick(g.replicas[0].s, now(&g));
		replica_act(&g, &g.replicas[0]);
	}
	OK(pings > 5, "a replica that has nothing to do hears from us");
	OK(rig_result(&g).replicas[0].state == RECONCILE_READY, "and stays");
	rig_close(&g);
}

/* A full disk: what cannot be stored is said, and the run ends. */
static void test_refused(void)
{
	struct rig g;

	rig_open(&g, 13, 2);
	rig_facts(&g, 200, 4, 20);
	for (uint32_t i = 0; i < g.fact_count; i++)
		give(&g, 0, &g.facts[i]);
	session_disk(g.replicas[1].s, SESSION_DISK_LOW);
	struct reconcile_result result = rig_run(&g, RECONCILE_REPAIR);

	OK(!result.is_same && result.is_ready, "a replica with a full disk stays different");
	IS_U64(result.replicas[1].refusal, STATUS_DISK_FULL, "and the run says why");
	OK(result.passes <= 2 * RECONCILE_PASSES_MAX, "it does not try for ever");
	session_disk(g.replicas[1].s, SESSION_DISK_OK);
	OK(rig_run(&g, RECONCILE_REPAIR).is_same, "with room again the next run finishes");
	rig_close(&g);
}

/* A replica that proves itself and then talks nonsense ends nothing but its own part. */
static void test_damaged(void)
{
	uint32_t done = 0;
	uint32_t lost = 0;

	for (uint32_t seed = 1; seed <= 300; seed++) {
		struct rig g;

		rig_open(&g, 5000 + seed, 3);
		rig_facts(&g, 600, PEOPLE, 50);
		rig_deal(&g, 20);
		g.damage = 2 + seed % 20;
		rig_begin(&g);
		for (uint32_t i = 0; i < 3; i++)
			rig_connect(&g, i);
		while (!g.is_done) {
			if (rig_step(&g))
				continue;
			g.time_ms = reconcile_deadline(g.r);
			reconcile_tick(g.r, g.time_ms);
			rig_act(&g);
		}
		struct reconcile_result result = rig_result(&g);

		done += result.is_ready && result.replicas[1].state == RECONCILE_READY &&
		        result.replicas[2].state == RECONCILE_READY;
		lost += result.replicas[0].state == RECONCILE_LOST;
		rig_close(&g);
	}
	IS_U64(done, 300, "a replica that talks nonsense stops no run");
	OK(lost > 200, "it is found out");
}

static void test_collect(void)
{
	uint32_t equal = 0;

	for (uint32_t seed = 1; seed <= 30; seed++) {
		struct rig g;
		struct store *backup = store_new();

		rig_open(&g, 4000 + seed, 1 + seed % 3);
		rig_facts(&g, 1000, PEOPLE, 80);
		rig_deal(&g, seed % 40);
		struct store *want = union_of(&g);

		g.options.collect = true;
		g.collected = backup;
		g.options.least = 1;
		struct reconcile_result result = rig_run(&g, RECONCILE_CHECK);

		while (store_work(backup, 1000))
			continue;
		equal += result.is_ready && store_equals(backup, want);
		for (uint32_t i = 0; i < g.count; i++)
			ALWAYS(g.replicas[i].appended == 0, "a backup stores nothing");
		store_free(want);
		store_free(backup);
		rig_close(&g);
	}
	IS_U64(equal, 30, "a backup is the union of one, two or three replicas");
}

/* The operator looks for an account: nobody's mail is read for that. */
static void test_collect_accounts(void)
{
	uint32_t equal = 0;

	for (uint32_t seed = 1; seed <= 30; seed++) {
		struct rig g;
		struct store *found = store_new();
		struct store_key key = { 0 };
		struct fact fact;

		rig_open(&g, 4100 + seed, 1 + seed % 3);
		rig_facts(&g, 1000, PEOPLE, 80);
		rig_deal(&g, seed % 40);
		struct store *all = union_of(&g);
		struct store *want = store_new();

		while (store_next(all, &key, &fact) && !key.streams)
			(void)store_apply(want, &fact, NULL);
		g.options.collect = g.options.accounts = true;
		g.collected = found;
		g.options.least = 1;
		struct reconcile_result result = rig_run(&g, RECONCILE_CHECK);

		while (store_work(found, 1000))
			continue;
		equal += result.is_ready && store_equals(found, want);
		store_free(want);
		store_free(all);
		store_free(found);
		rig_close(&g);
	}
	IS_U64(equal, 30, "accounts alone are the union of those, and nothing else");
}

/* Many elements, few of them missing. */
static void test_cost(uint32_t elements, uint32_t missing, uint64_t moved_max, const char *name)
{
	struct rig g;
	struct fact fact = { .kind = FACT_MESSAGE };
	uint32_t dropped = 0;

	rig_open(&g, 14, 3);
	for (uint32_t i = 0; i < elements; i++) {
		fact.message = (struct message){
			.stream = { .sender = { { 9 } }, .session = { { 1 } } },
			.number = 1 + i / 1000,
			.sent_ms = i,
			.text = view_of_string("a message of the usual length, more or less so"),
		};
		fact.message.stream.recipient.bytes[0] = (uint8_t)(i * 7);
		fact.message.stream.sender.bytes[5] = (uint8_t)(i % 1000 / 256 + 1);
		bool drops = i % (elements / missing) == 3;
		uint32_t from = (uint32_t)below(&g, 3);

		dropped += drops;
		for (uint32_t k = 0; k < 3; k++)
			if (!drops || k != from)
				give(&g, k, &fact);
	}
	struct store_totals totals;
	struct store *want = union_of(&g);

	store_totals(want, &totals);
	struct reconcile_result result = rig_run(&g, RECONCILE_REPAIR);

	printf("# %s: %ju elements, %u missing: %ju bytes moved in %u passes\n", name,
	       (uintmax_t)totals.facts, dropped, (uintmax_t)g.moved, result.passes);
	OK(result.is_same && all_equal(&g, want), name);
	OK(g.moved < moved_max, "what is moved follows the difference");
	store_free(want);
	rig_close(&g);
}

/* All three are compared and then asked. One is too old for that, and one breaks the form: what was
 * found stays. */
static void test_figures(void)
{
	struct rig g;
	struct reconcile_result result;

	rig_open(&g, 31, 3);
	rig_facts(&g, 100, 5, 20);
	rig_deal(&g, 10);
	g.options.figures = true;
	g.options.least = 1;
	g.replicas[0].figures = "version 7\nuptime_ms 5\nnews 1\n";
	g.replicas[2].figures = "no form";
	result = rig_run(&g, RECONCILE_CHECK);
	OK(result.is_done && result.is_ready && !result.is_same, "figures: the run has its result");
	for (uint32_t i = 0; i < 3; i++) {
		OK(result.replicas[i].state == RECONCILE_READY, "figures: each took part");
		OK(result.replicas[i].elements > 0, "figures: and was compared");
		OK(result.replicas[i].has_figures == (i == 0), "figures: one has told");
	}
	IS_U64(result.replicas[0].figures.uptime_ms, 5, "figures: how it is");
	g.replicas[1].figures = "uptime_ms 6\n";
	g.replicas[2].figures = "uptime_ms 7\n";
	result = rig_run(&g, RECONCILE_REPAIR);
	OK(result.is_same && result.replicas[1].has_figures && result.replicas[2].has_figures,
	   "figures: after a repair, too");
	IS_U64(result.replicas[2].figures.uptime_ms, 7, "figures: each its own");
	rig_close(&g);
	rig_open(&g, 32, 1);
	g.options.figures = true;
	g.options.least = 1;
	g.replicas[0].figures = "uptime_ms 8\n";
	result = rig_run(&g, RECONCILE_CHECK);
	OK(result.is_ready && result.replicas[0].has_figures, "figures: one alone is enough");
	rig_close(&g);
}

/* Each is asked about all of a long list, in several questions; nothing is compared. */
static void test_seen(void)
{
	enum { IDS = 2 * LOOKUP_IDS_MAX + 3 };
	static struct id ids[IDS];
	static struct reconcile_seen seen[IDS];
	struct reconcile_result result;
	struct rig g;

	rig_open(&g, 33, 3);
	for (uint32_t i = 0; i < IDS; i++)
		ids[i].bytes[7] = (uint8_t)(i % 250), ids[i].bytes[8] = (uint8_t)(i / 250);
	ids[0] = g.people[0].account.id;
	struct fact fact = { .kind = FACT_ACCOUNT, .account = g.people[0].account };

	give(&g, 1, &fact);
	g.options.ids = ids;
	g.options.seen = seen;
	g.options.id_count = IDS;
	g.options.least = 1;
	result = rig_run(&g, RECONCILE_CHECK);
	OK(result.is_done && result.is_ready, "seen: the run has its result");
	OK(g.moved > 3 * IDS * ID_SIZE, "seen: each was asked about all of them");
	OK(result.replicas[0].has_seen && result.replicas[1].has_seen &&
	           result.replicas[2].has_seen,
	   "seen: each has told all");
	IS_U64(result.passes, 0, "seen: nothing was compared");
	OK(seen[0].session_ms == 0 && seen[0].online_ms == 0, "seen: who was not there");
	rig_stop(&g);
	rig_begin(&g);
	for (uint32_t i = 0; i < 3; i++)
		rig_connect(&g, i);
	while (g.moved < 4 * IDS * ID_SIZE && !g.is_done && rig_step(&g))
		continue;
	reconcile_failed(g.r, 1, "the connection was closed", g.time_ms);
	rig_act(&g);
	while (!g.is_done && rig_step(&g))
		continue;
	result = rig_result(&g);
	OK(result.is_ready && result.replicas[0].has_seen && !result.replicas[1].has_seen,
	   "seen: who has gone meanwhile has not");
	IS_STRING(result.replicas[1].why, "the connection was closed", "seen: and it is said why");
	rig_close(&g);
}

int main(void)
{
	test_figures();
	test_seen();
	test_equal();
	test_empty();
	test_two();
	test_ranges();
	test_random(2, 40, 3, 12, 40, "few facts, two replicas");
	test_random(3, 40, 3, 12, 40, "few facts, three replicas");
	test_random(3, 400, PEOPLE, 40, 20, "some facts, much of it missing");
	test_random(3, 4000, PEOPLE, 400, 2, "many facts, little of it missing");
	test_random(2, 3000, 4, 2000, 50, "long streams, half of it missing");
	test_random(3, 600, PEOPLE, 60, 100, "nothing anywhere");
	test_wiped();
	test_progress();
	test_interrupted();
	test_traffic();
	test_two_runs();
	test_spoken_for();
	test_lost();
	test_proofs();
	test_time();
	test_refused();
	test_damaged();
	test_collect();
	test_collect_accounts();
	test_cost(100000, 100, 900000, "a hundred thousand elements");
	test_cost(1000000, 100, 1000000, "a million elements");
	return tap_done();
}
