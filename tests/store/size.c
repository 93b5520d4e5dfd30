/* SPDX-License-Identifier: MIT
 *
 * What a store costs: bytes for a message that waits and for a stream that was read to its end,
 * and (printed, not judged, for machines differ) the time of each operation at these sizes.
 */
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mix.h"
#include "fact/audience.h"
#include "store.h"
#include "tests/lib/tap.h"

static uint64_t all_steps = STORE_STEPS_ALL; /* of a walk */

/* What a measurement takes for granted: only a failure prints. */
#define MUST(condition) ALWAYS(condition, #condition)

enum { TEXT_SIZE = 100, RECIPIENTS = 1000, SENDERS = 16, ACCOUNTS = 100 };

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What the process holds of the machine, all told. */
static uint64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	MUST(f != NULL);
	MUST(fscanf(f, "%*u %lu", &pages) == 1);
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t memory_of(const struct store *s)
{
	struct store_totals totals;

	store_totals(s, &totals);
	return totals.memory;
}

/* Ids look as real ones: a time, then a digest. */
static struct id id_of(unsigned index)
{
	struct id id;
	uint8_t digest[16];

	for (unsigned i = 0; i < 16; i += 8)
		buf_store_u64(digest + i, mix_end(index * 2 + i));
	id_make(&id, UINT64_C(1700000000000) + index, digest);
	return id;
}

static struct ulid session_of(unsigned index)
{
	struct ulid ulid;
	uint8_t random[10] = { 0 };

	buf_store_u64(random, mix_end(index + 77));
	ulid_make(&ulid, UINT64_C(1700000000000) + index, random);
	return ulid;
}

static struct fact account_of(unsigned index, char name[16])
{
	struct fact fact = { .kind = FACT_ACCOUNT };

	(void)snprintf(name, 16, "user%u", index); /* fits */
	fact.account.id = id_of(index);
	fact.account.name = view_of_string(name);
	fact.account.confirmed = true;
	fact.account.verifier.setting = view_of_string("$y$j9T$0123456789abcdefghijkl");
	return fact;
}

static void accounts_add(struct store *s, unsigned count)
{
	char name[16];

	for (unsigned i = 0; i < count; i++) {
		struct fact fact = account_of(i, name);

		MUST(store_apply(s, &fact, NULL) == STORE_NEW);
	}
}

/* The i-th message of `count` to `recipients`: times and numbers ascend, senders take turns. */
static struct fact message_of(unsigned i, unsigned recipients, const uint8_t *text)
{
	struct fact fact = { .kind = FACT_MESSAGE };
	unsigned recipient = (unsigned)(mix_end(i / SENDERS) % recipients);

	fact.message.stream.recipient = id_of(SENDERS + recipient);
	fact.message.stream.sender = id_of(i % SENDERS);
	fact.message.stream.session = session_of(i % SENDERS);
	fact.message.number = i / SENDERS + 1;
	fact.message.sent_ms = UINT64_C(1700000000000) + i / 300;
	fact.message.text = view_of(text, TEXT_SIZE);
	return fact;
}

static void report(const char *what, uint64_t start, uint64_t count)
{
	printf("# %s: %.0f ns\n", what, (double)(now_ns() - start) / (double)count);
}

/* The slowest single step tells whether growth stalls. */
static void messages_add(struct store *s, unsigned from, unsigned to, unsigned recipients,
                         const char *what)
{
	uint8_t text[TEXT_SIZE];
	static const struct store_limits limits = { 1000000, UINT64_C(1) << 30, STORE_GAPS_MAX };
	uint64_t inside = 0;
	uint64_t worst = 0;

	memset(text, 'x', sizeof text);
	for (unsigned i = from; i < to; i++) {
		struct fact fact = message_of(i, recipients, text);
		uint64_t start = now_ns();

		MUST(store_apply(s, &fact, &limits) == STORE_NEW);
		uint64_t took = now_ns() - start;

		inside += took;
		worst = took > worst ? took : worst;
	}
	printf("# %s: %.0f ns, slowest %.0f us\n", what, (double)inside / (to - from),
	       (double)worst / 1000);
}

static void walk(const struct store *s, const char *what)
{
	struct store_key key = { 0 };
	struct store_pending pending;
	struct fact fact;
	uint64_t start = now_ns();
	uint64_t count = 0;
	uint64_t again = 0;

	while (store_next(s, &key, &fact))
		count++;
	report(what, start, count);
	memset(&pending, 0, sizeof pending);
	start = now_ns();
	while (store_pending_next(s, &pending, &fact, &all_steps) == STORE_STEP_FOUND)
		again++;
	report("the same as pending", start, again);
}

static void message_test(unsigned count)
{
	uint64_t before = resident_bytes();
	struct store *s = store_new();

	accounts_add(s, SENDERS + RECIPIENTS);
	uint64_t empty = memory_of(s);

	messages_add(s, 0, count, RECIPIENTS, "a message of 100 bytes");
	uint64_t own = (memory_of(s) - empty) / count;
	uint64_t resident = (resident_bytes() - before - empty) / count;

	printf("# a message of 100 bytes: %" PRIu64 " bytes, %" PRIu64 " resident\n", own,
	       resident);
	OK(own <= 185, "store: a message of 100 bytes costs at most 185 bytes");
	/* A block that has begun counts whole. */
	OK(is_sanitized || resident * count <= (own + 2) * count + 2 * (uint64_t)ARENA_BLOCK_SIZE,
	   "store: what is resident agrees");
	walk(s, "a step of a walk");

	uint64_t start = now_ns();
	uint64_t buried = 0;

	for (unsigned i = 0; i < RECIPIENTS; i++)
		for (unsigned sender = 0; sender < SENDERS; sender++, buried++) {
			struct fact fact = { .kind = FACT_BURIAL };

			fact.burial.stream.recipient = id_of(SENDERS + i);
			fact.burial.stream.sender = id_of(sender);
			fact.burial.stream.session = session_of(sender);
			fact.burial.range = (struct range){ 1, count };
			(void)store_apply(s, &fact,
			                  NULL); /* some streams are empty when count is small */
		}
	while (store_work(s, 1000))
		;
	report("freeing a message", start, count);
	uint64_t left = memory_of(s) - empty;

	printf("# after all are read: %" PRIu64 " bytes for %" PRIu64 " streams\n", left, buried);
	OK(left < buried * 100 + 3000000, "store: memory is given back when messages are read");
	store_free(s);
}

/* One text of `sender` to all recipients. */
static void say_to_all(struct store *s, unsigned sender, uint64_t number)
{
	static const uint8_t all[] = { AUDIENCE_ALL };
	uint8_t text[TEXT_SIZE];

	memset(text, 'x', sizeof text);
	for (unsigned i = 0; i < RECIPIENTS; i++) {
		struct fact fact = { .kind = FACT_MESSAGE };

		fact.message.stream.recipient = id_of(SENDERS + i);
		fact.message.stream.sender = id_of(sender);
		fact.message.stream.session = session_of(sender);
		fact.message.number = number;
		fact.message.sent_ms = UINT64_C(1700000000000) + number * SENDERS + sender;
		fact.message.text = view_of(text, TEXT_SIZE);
		fact.message.audience = view_of(all, sizeof all);
		MUST(store_apply(s, &fact, NULL) == STORE_NEW);
	}
}

/* What one more recipient costs, where the streams are there already. */
static void said_test(unsigned texts)
{
	struct store *s = store_new();
	uint64_t begin;
	uint64_t each;

	accounts_add(s, SENDERS + RECIPIENTS);
	for (unsigned sender = 0; sender < SENDERS; sender++)
		say_to_all(s, sender, 1);
	begin = memory_of(s);
	for (unsigned i = 0; i < texts; i++)
		say_to_all(s, i % SENDERS, 2 + i / SENDERS);
	each = (memory_of(s) - begin) / texts / (RECIPIENTS - 1);
	printf("# one more recipient of a text: %" PRIu64 " bytes\n", each);
	OK(each <= 60, "store: one more recipient of a text costs at most 60 bytes");
	store_check(s);
	store_free(s);
}

static void stream_test(unsigned count)
{
	uint64_t before = resident_bytes();
	struct store *s = store_new();
	unsigned sessions = count / 5;

	accounts_add(s, ACCOUNTS);
	/* What ids and sessions cost alone: each session in one stream to one mailbox, less that
	 * stream. */
	uint64_t start = now_ns();
	uint64_t empty = memory_of(s);
	uint64_t worst = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned session = i / 5;
		unsigned sender = session % ACCOUNTS;
		unsigned recipient = (sender + 1 + i % 5 * 7 + session / ACCOUNTS % 50) % ACCOUNTS;
		struct fact fact = { .kind = FACT_BURIAL };

		fact.burial.stream.recipient = id_of(recipient);
		fact.burial.stream.sender = id_of(sender);
		fact.burial.stream.session = session_of(session);
		fact.burial.range = (struct range){ 1, 1 + i % 13 };
		uint64_t step = now_ns();

		MUST(store_apply(s, &fact, NULL) == STORE_NEW);
		step = now_ns() - step;
		worst = step > worst ? step : worst;
	}
	report("a finished stream", start, count);
	printf("# slowest %.0f us\n", (double)worst / 1000);
	struct store_totals totals;

	store_totals(s, &totals);
	uint64_t all = totals.memory - empty;
	uint64_t session_bytes = (uint64_t)sessions * 31; /* 24 and the place in the table */

	printf("# %" PRIu64
	       " streams: %.1f bytes each with sessions, %.1f without, %.1f resident\n",
	       totals.streams, (double)all / count, (double)(all - session_bytes) / count,
	       (double)(resident_bytes() - before - empty) / count);
	IS_U64(totals.streams, count, "store: the finished streams are all different");
	OK(all - session_bytes <= 40 * (uint64_t)count,
	   "store: a stream read to its end costs at most 40 bytes beside its session");
	walk(s, "a step of a walk over finished streams");
	store_free(s);
}

/* Streams that were read out of order, and then whole: they cost what they cost in order. */
static uint64_t read_streams(unsigned count, const struct range *ranges, size_t ranges_count)
{
	struct store *s = store_new();
	struct fact fact = { .kind = FACT_BURIAL };
	uint64_t memory;

	for (unsigned i = 0; i < count; i++)
		for (size_t r = 0; r < ranges_count; r++) {
			fact.burial.stream.recipient = id_of(0);
			fact.burial.stream.sender = id_of(1);
			fact.burial.stream.session = session_of(i);
			fact.burial.range = ranges[r];
			MUST(store_apply(s, &fact, NULL) == STORE_NEW);
		}
	memory = memory_of(s);
	store_free(s);
	return memory;
}

static void order_test(void)
{
	static const struct range in_order[] = { { 1, 1 }, { 2, 2 }, { 3, 3 } };
	static const struct range out_of_order[] = { { 1, 1 }, { 3, 3 }, { 2, 2 } };
	enum { STREAMS = 20000, ROUNDING = 65536 }; /* the arena's blocks */

	OK(read_streams(STREAMS, out_of_order, 3) <= read_streams(STREAMS, in_order, 3) + ROUNDING,
	   "store: a stream whose gap was closed costs no more than one without");
}

/* What accounts cost whose setting has so many bytes. */
static uint64_t accounts_cost(unsigned count, size_t setting_size, uint32_t epoch)
{
	static const char setting[] =
		"$y$j9T$0123456789abcdefghijklmnopqrstuvwxyz012345678901234567890";
	struct store *s = store_new();
	char name[16];

	assert(setting_size < sizeof setting);
	for (unsigned i = 0; i < count; i++) {
		struct fact fact = account_of(10000 + i, name);

		fact.account.verifier.setting = view_of(setting, setting_size);
		fact.account.epoch = epoch;
		fact.account.by = ACCOUNT_BY_OWNER;
		MUST(store_apply(s, &fact, NULL) == STORE_NEW);
	}
	uint64_t memory = memory_of(s);

	store_free(s);
	return memory;
}

/* A password that was changed costs the 37 bytes that are kept of it, and no more: as many bytes of
 * a setting cost the same, wherever memory is rounded up. */
static void changed_test(void)
{
	enum { COUNT = 6000, CHANGED = 32 + 4 + 1, MORE = 16 };
	unsigned equal = 0;

	for (size_t more = 0; more < MORE; more++)
		equal += accounts_cost(COUNT, 8 + more, 1) ==
		         accounts_cost(COUNT, 8 + more + CHANGED, 0);
	IS_U64(equal, MORE, "store: a password that was changed costs what is kept of it");
}

static void account_test(unsigned count)
{
	struct store *s = store_new();
	uint64_t start = now_ns();

	accounts_add(s, count);
	report("an account", start, count);
	printf("# an account: %.0f bytes\n", (double)memory_of(s) / count);
	messages_add(s, 0, 200000, 1000, "a message beside many accounts");
	store_free(s);
}

int main(int argc, char **argv)
{
	/* An argument multiplies the sizes, for measurements by hand. */
	unsigned times = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;

	message_test(1000000 * times);
	said_test(100 * times);
	stream_test(1000000 * times);
	account_test(100000 * times);
	order_test();
	changed_test();
	return tap_done();
}
