/* SPDX-License-Identifier: MIT
 *
 * A load that never pauses: whenever a job begins, a whole batch waits. After each job the journal
 * and the old one together are no larger than twice the snapshots in place and twice
 * compact_size_min. And no batch waits for a whole snapshot.
 */
#include "tests/journal/fixture.h"
#include "tests/simulate/simdisk.c"

enum {
	COMPACT_SIZE = 256 * 1024,
	BATCH_SIZE = 4096,
	RESERVE = 16 * 1024,           /* a slice has a KiB */
	LOAD = 4 * COMPACT_SIZE / 100, /* messages, of some hundred bytes and more */
	WAITING_MAX = 32, /* slices between two batches: a few KiB for each of a batch */
	SENDERS = 40,
	TEXT_SIZE = 100,
};

struct load {
	struct life life;
	uint64_t count;     /* messages sent */
	uint64_t read_from; /* of them, which every second is buried; 0: nobody reads */
	bool may_compact;   /* what the caller says */
	unsigned slices;    /* since the last batch */
	unsigned slices_max;
	unsigned compactions;
	uint64_t largest; /* journal, in percent of what it may have */
};

static struct fact message_of(uint64_t n)
{
	static uint8_t text[TEXT_SIZE];
	struct fact fact = { .kind = FACT_MESSAGE };

	memset(text, 'a', sizeof text);
	fact.message = (struct message){
		.stream = { .recipient = life_id(n % 7), .sender = life_id(100 + n % SENDERS) },
		.number = n / SENDERS + 1,
		.sent_ms = UINT64_C(1764000000000) + n,
		.text = view_of(text, sizeof text),
	};
	memset(fact.message.stream.session.bytes, 1, ULID_SIZE);
	return fact;
}

static void append(struct load *load, const struct fact *fact)
{
	if (is_change(store_apply(load->life.store, fact, NULL)))
		(void)journal_append(load->life.journal, fact);
	while (store_work(load->life.store, 1000))
		continue;
}

/* Until a batch is full. Who reads takes what was sent some time before. */
static void fill_batch(struct load *load)
{
	while (journal_waiting_size(load->life.journal) < BATCH_SIZE) {
		struct fact fact = message_of(load->count++);

		append(load, &fact);
		if (load->read_from == 0 || load->count < load->read_from)
			continue;
		fact = message_of(load->count - load->read_from);
		fact = (struct fact){ .kind = FACT_BURIAL,
			              .burial = { fact.message.stream,
			                          { fact.message.number, fact.message.number } } };
		append(load, &fact);
	}
}

/* As a server sees them: with the zeros behind their lines. */
static void look_at_sizes(struct load *load)
{
	const struct life *l = &load->life;
	uint64_t journals = size_of(l, "journal.jsonl") + size_of(l, "journal.old.jsonl");
	uint64_t snapshots = size_of(l, "users.json") + size_of(l, "pending.json");
	uint64_t percent = journals * 100 / (2 * (snapshots + COMPACT_SIZE));

	if (percent > load->largest)
		load->largest = percent;
}

static void run_job(struct load *load)
{
	struct journal *j = load->life.journal;
	bool had_old = size_of(&load->life, "journal.old.jsonl") > 0;

	MUST(journal_begin(j, load->may_compact));
	load->slices = journal_job_is_batch(j) ? 0 : load->slices + 1;
	if (load->slices > load->slices_max)
		load->slices_max = load->slices;
	journal_run(j);
	MUST(journal_end(j, load->life.err) == 0);
	if (had_old && size_of(&load->life, "journal.old.jsonl") == 0)
		load->compactions++;
}

static void run_load(struct load *load, uint64_t messages)
{
	for (uint64_t end = load->count + messages; load->count < end;) {
		fill_batch(load);
		run_job(load);
		look_at_sizes(load);
	}
}

static void load_begin(struct load *load, bool may_compact, uint64_t read_from)
{
	*load = (struct load){ .may_compact = may_compact, .read_from = read_from };
	life_init(&load->life, 1);
	load->life.options.compact_size_min = COMPACT_SIZE;
	load->life.options.batch_size_max = BATCH_SIZE;
	load->life.options.reserve_size = RESERVE;
	MUST(life_open(&load->life) == JOURNAL_OK);
}

static void load_end(struct load *load, const char *what)
{
	printf("# %s: %u compactions, journals up to %u %% of their bound, up to %u slices in a "
	       "row\n",
	       what, load->compactions, (unsigned)load->largest, load->slices_max);
	OK(load->compactions >= 3, "pace: compactions come to an end under the load");
	OK(load->largest <= 100, "pace: the journals stay within their bound");
	OK(load->slices_max <= WAITING_MAX, "pace: no batch waits for a whole snapshot");
	life_end(&load->life);
}

/* The caller may keep slices apart, as a server does under load, or not. */
static void test_growing(bool may_compact)
{
	struct load load;

	load_begin(&load, may_compact, 0);
	run_load(&load, 4 * LOAD);
	load_end(&load, "nobody reads");
}

/* The snapshots are much smaller than the journal of which they are made. */
static void test_reading(void)
{
	struct load load;

	load_begin(&load, false, 50);
	run_load(&load, 2 * LOAD);
	load_end(&load, "all is read");
}

/* First much is stored, then all of it is read: the next snapshots are nearly empty. */
static void test_shrinking(void)
{
	struct load load;

	load_begin(&load, false, 0);
	run_load(&load, 2 * LOAD);
	load.read_from = load.count;
	run_load(&load, 2 * LOAD);
	load_end(&load, "all is read later");
}

/* The process ends in the middle of the slices, and the next one goes on. */
static void test_ending(void)
{
	struct load load;

	load_begin(&load, false, 0);
	for (unsigned i = 0; i < 3; i++) {
		run_load(&load, LOAD / 2);
		while (load.slices < 2) {
			fill_batch(&load);
			run_job(&load);
		}
		life_crash(&load.life, SIMDISK_KILLED);
		MUST(life_open(&load.life) == JOURNAL_OK);
		load.slices = 0;
	}
	run_load(&load, LOAD);
	load_end(&load, "a process that ends");
}

int main(void)
{
	test_growing(false);
	test_growing(true);
	test_reading();
	test_shrinking();
	test_ending();
	return tap_done();
}
