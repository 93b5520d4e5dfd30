/* SPDX-License-Identifier: MIT
 *
 * Figures: each number of the table comes through the lines as it was, what others may add or
 * break, and times in buckets.
 */
#include "protocol/figures.h"
#include "tests/lib/tap.h"

/* Every number another one. A type without a row has no requests. */
static void fill(struct figures *f, uint64_t first)
{
	memset(f, 0, sizeof *f);
	snprintf(f->version, sizeof f->version, "1.2.3~rc1");
	snprintf(f->registration, sizeof f->registration, "invited");
	for (const struct figures_row *row = figures_rows; row->name != NULL; row++) {
		uint32_t from = row->by == FIGURES_BY_REQUEST ? STATUS_END : 0;

		for (uint32_t i = from; i < figures_count(row); i++) {
			uint64_t value = first++;

			memcpy((uint8_t *)f + row->offset + i * sizeof value, &value, sizeof value);
		}
	}
}

static void test_lines(void)
{
	static struct figures f;
	static struct figures back;
	struct buf text;
	struct buf again;

	buf_init(&text, TEXT_SIZE_MAX);
	buf_init(&again, TEXT_SIZE_MAX);
	fill(&f, UINT64_MAX - 1000);
	OK(figures_encode(&text, &f), "lines: all of the table at its largest fits a text");
	OK(figures_decode(buf_view(&text), &back), "lines: they are read");
	OK(memcmp(&f, &back, sizeof f) == 0, "lines: each number is what it was");
	OK(memmem(text.data, text.size, "\nrequests.LOGIN.wrong-proof ", 28) != NULL,
	   "lines: labels are words");
	f = (struct figures){ .version = "v", .uptime_ms = 7 };
	buf_clear(&text);
	OK(figures_encode(&text, &f), "lines: few figures");
	OK(text.size < 400, "lines: what is 0 and has a label is left out");
	OK(figures_decode(buf_view(&text), &back) && memcmp(&f, &back, sizeof f) == 0,
	   "lines: and is 0 again");
	/* From the last line to the first. */
	fill(&f, 1);
	buf_clear(&text);
	(void)figures_encode(&text, &f);
	for (size_t end = text.size; end > 0;) {
		size_t from = end - 1;

		while (from > 0 && text.data[from - 1] != '\n')
			from--;
		buf_append(&again, view_of(text.data + from, end - from));
		end = from;
	}
	OK(figures_decode(buf_view(&again), &back) && memcmp(&f, &back, sizeof f) == 0,
	   "lines: their order is free");
	buf_release(&text);
	buf_release(&again);
}

static bool reads(const char *text, struct figures *f)
{
	return figures_decode(view_of_string(text), f);
}

static void test_others(void)
{
	static struct figures f;

	OK(reads("", &f), "others: nothing is a text");
	OK(reads("news 5\nuptime_ms 9\nrequests.SEND.maybe 3\nuptime_s 4\nword a b\n", &f),
	   "others: unknown names are passed over");
	IS_U64(f.uptime_ms, 9, "others: and known ones between them are read");
	OK(reads("uptime_ms 99999999999999999999\nfacts -1\nranges \n", &f),
	   "others: a value that is no number of ours is passed over, too");
	IS_U64(f.uptime_ms + f.facts + f.ranges, 0, "others: it is 0");
	OK(!reads("uptime_ms 9", &f), "others: a line that does not end is refused");
	OK(!reads("uptime_ms\n", &f), "others: so is one without a value");
	OK(!reads(" 9\n", &f), "others: and one without a name");
	OK(!reads("\n", &f), "others: and an empty one");
	OK(!reads("version 1\x1b[2J\n", &f), "others: and a version that is more than a word");
	OK(!reads("register in vited\n", &f), "others: so with who may make an account");
	OK(reads("version 0.1\n", &f) && f.registration[0] == '\0',
	   "others: which an earlier release does not tell");
	OK(!reads("version 12345678901234567890123456789012\n", &f),
	   "others: and one that is too long");
	OK(reads("version 1234567890123456789012345678901\n", &f), "others: the longest one");
}

static void test_times(void)
{
	uint64_t buckets[FIGURES_BUCKETS] = { 0 };

	IS_U64(figures_permille(buckets, 500), 0, "times: of nothing");
	IS_U64(figures_bucket(0), 0, "times: the shortest");
	IS_U64(figures_bucket(64), 0, "times: a bound belongs to its bucket");
	IS_U64(figures_bucket(65), 1, "times: and what is longer to the next");
	IS_U64(figures_bucket(UINT64_MAX), FIGURES_BUCKETS - 1, "times: the longest");
	for (uint32_t i = 0; i < 90; i++)
		buckets[figures_bucket(100)]++;
	for (uint32_t i = 0; i < 10; i++)
		buckets[figures_bucket(5000)]++;
	IS_U64(figures_times(buckets), 100, "times: all are counted");
	OK(figures_permille(buckets, 500) > 64 && figures_permille(buckets, 500) < 128,
	   "times: half of them within the bucket where the middle one is");
	IS_U64(figures_permille(buckets, 900), 128, "times: nine of ten");
	OK(figures_permille(buckets, 990) > 4096 && figures_permille(buckets, 990) < 8192,
	   "times: ninety-nine of a hundred");
	buckets[FIGURES_BUCKETS - 1] = 100;
	IS_U64(figures_permille(buckets, 999), figures_bucket_us(FIGURES_BUCKETS - 2),
	       "times: what has no bound is where its bucket begins");
}

/* Whatever a replica says instead: what is read is written as it was read. */
static void test_mutated(void)
{
	static struct figures f;
	static struct figures back;
	uint64_t state = 88172645463325252;
	unsigned accepted = 0;
	bool is_same = true;
	struct buf text;
	struct buf again;

	buf_init(&text, TEXT_SIZE_MAX);
	buf_init(&again, TEXT_SIZE_MAX);
	f = (struct figures){ .version = "1.2", .uptime_ms = 77, .refused = { 1, 2, 3 } };
	f.requests[FRAME_SEND][STATUS_OK] = 9;
	(void)figures_encode(&text, &f);
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t *copy = memory_alloc(text.size); /* so that a byte too far is seen */

		memcpy(copy, text.data, text.size);
		for (unsigned k = 0; k < 3; k++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			copy[(state >> 20) % text.size] = (uint8_t)(state >> 8);
		}
		if (figures_decode(view_of(copy, text.size), &f)) {
			accepted++;
			buf_clear(&again);
			is_same = is_same && figures_encode(&again, &f) &&
			          figures_decode(buf_view(&again), &back) &&
			          memcmp(&f, &back, sizeof f) == 0;
		}
		memory_free(copy);
	}
	OK(is_same, "mutated: what is accepted has one form");
	OK(accepted > 100 && accepted < 1000, "mutated: some is, and some is not");
	buf_release(&text);
	buf_release(&again);
}

int main(void)
{
	test_mutated();
	test_lines();
	test_others();
	test_times();
	return tap_done();
}
