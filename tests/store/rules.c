/* SPDX-License-Identifier: MIT
 *
 * The rules of the store that random facts seldom meet: limits at their edge, very large
 * numbers, texts that come later, work in slices, walks during changes, memory that comes back.
 */
#include "store.h"
#include "tests/lib/tap.h"

static uint64_t all_steps = STORE_STEPS_ALL; /* of a walk */

/* What a test takes for granted: only a failure prints. */
#define MUST(condition) ALWAYS(condition, #condition)

static const struct store_limits wide = { 1000000, UINT64_C(1) << 40, STORE_GAPS_MAX };
static uint8_t long_bytes[5000];

static struct stream stream_of(unsigned recipient, unsigned sender, unsigned session)
{
	struct stream stream;

	memset(&stream, 1, sizeof stream);
	buf_store_u32(stream.recipient.bytes, recipient);
	buf_store_u32(stream.sender.bytes, sender);
	buf_store_u32(stream.session.bytes, session);
	return stream;
}

static enum store_result send(struct store *s, struct stream stream, uint64_t number,
                              struct view text, const struct store_limits *limits)
{
	struct fact fact = { .kind = FACT_MESSAGE };

	fact.message = (struct message){ stream, number, 1000 + number, text, { 0 } };
	return store_apply(s, &fact, limits);
}

static enum store_result bury(struct store *s, struct stream stream, uint64_t first, uint64_t last,
                              const struct store_limits *limits)
{
	struct fact fact = { .kind = FACT_BURIAL };

	fact.burial = (struct burial){ stream, { first, last } };
	return store_apply(s, &fact, limits);
}

static enum store_result create(struct store *s, struct id id)
{
	struct fact fact = { .kind = FACT_ACCOUNT };

	fact.account.id = id;
	fact.account.name = view_of_string("carla");
	return store_apply(s, &fact, NULL);
}

static enum store_result delete (struct store *s, struct id id) {
	struct fact fact = { .kind = FACT_TOMBSTONE };

	fact.tombstone.id = id;
	fact.tombstone.name = view_of_string("carla");
	return store_apply(s, &fact, NULL);
}

/* With a stamp, or with a key. */
static enum store_result remove_by(struct store *s, struct id id, enum gone_by by)
{
	struct fact fact = { .kind = FACT_TOMBSTONE, .tombstone = { .id = id, .by = by } };

	fact.tombstone.name = view_of_string("carla");
	memset(fact.tombstone.lock, by == GONE_BY_KEY ? 1 : 2, KEY_SIZE);
	return store_apply(s, &fact, NULL);
}

static struct store_totals totals_of(const struct store *s)
{
	struct store_totals totals;

	store_totals(s, &totals);
	return totals;
}

static uint64_t sum_of_walk(const struct store *s)
{
	struct store_key key = { 0 };
	struct fact fact;
	uint64_t sum = 0;

	while (store_next(s, &key, &fact))
		sum += store_fact_hash(&fact);
	return sum;
}

/* What a sender may leave: a thousand gaps between all numbers, read or not. */
static void gaps_test(void)
{
	struct store *s = store_new();
	struct stream stream = stream_of(1, 2, 3);
	struct view text = view_of_string("hello");

	for (uint64_t i = 0; i <= STORE_GAPS_MAX; i++)
		MUST(send(s, stream, 10 + 2 * i, text, &wide) == STORE_NEW);
	IS_U64(send(s, stream, 2, text, &wide), STORE_GAPS,
	       "store: a message that would leave one more gap is refused");
	IS_U64(send(s, stream, 5000, text, &wide), STORE_GAPS, "store: wherever it stands");
	IS_U64(send(s, stream, 9, text, &wide), STORE_NEW, "store: one that leaves none is not");
	IS_U64(send(s, stream, 10, text, &wide), STORE_KNOWN, "store: what it holds is known");
	IS_U64(send(s, stream, 11, text, &wide), STORE_NEW, "store: a gap that is filled is free");
	IS_U64(send(s, stream, 5000, text, &wide), STORE_NEW, "store: for another one");
	store_check(s);
	for (uint64_t i = 0; i <= STORE_GAPS_MAX; i++)
		MUST(bury(s, stream, 10 + 2 * i, 10 + 2 * i, &wide) == STORE_NEW);
	IS_U64(bury(s, stream, 11, 11, &wide), STORE_NEW, "store: all that is held can be read");
	MUST(bury(s, stream, 9, 9, &wide) == STORE_NEW);
	MUST(bury(s, stream, 5000, 5000, &wide) == STORE_NEW);
	IS_U64(totals_of(s).messages, 0, "store: then nothing waits any more");
	IS_U64(send(s, stream, 2, text, &wide), STORE_GAPS, "store: gaps between the dead count");
	IS_U64(send(s, stream, 2, text, NULL), STORE_NEW, "store: without limits they do not");
	IS_U64(bury(s, stream, 2, 2, &wide), STORE_NEW, "store: that is read as well");
	store_check(s);
	IS_U64(bury(s, stream, 1, 20000, &wide), STORE_NEW, "store: one burial closes all gaps");
	IS_U64(totals_of(s).ranges, 1, "store: then one range is left");
	IS_U64(send(s, stream, 30000, text, &wide), STORE_NEW, "store: and there is room again");
	store_check(s);
	store_free(s);
}

/* What a reader may tell of a stream: all that three replicas may have taken. */
static void told_test(void)
{
	static const struct store_limits few = { 1000, 1000000, 2 };
	struct store *s = store_new();
	struct stream stream = stream_of(1, 2, 3);
	struct view text = view_of_string("hello");
	uint64_t number = 10;

	for (; bury(s, stream, number, number, &few) == STORE_NEW; number += 2)
		MUST(number < 100);
	IS_U64(totals_of(s).ranges, 10, "store: three replicas take three runs each, and one more");
	IS_U64(bury(s, stream, number, number, &few), STORE_GAPS,
	       "store: what touches nothing is refused from then on");
	IS_U64(bury(s, stream, 9, 9, &few), STORE_NEW, "store: what touches a dead range is not");
	MUST(send(s, stream, 2, text, NULL) == STORE_NEW);
	IS_U64(bury(s, stream, 3, 3, &few), STORE_NEW, "store: nor what touches a message");
	IS_U64(bury(s, stream, 1, 4, &few), STORE_NEW, "store: nor what is held");
	MUST(send(s, stream, 6, text, NULL) == STORE_NEW);
	MUST(send(s, stream, 100, text, NULL) == STORE_NEW);
	IS_U64(bury(s, stream, 5, number, &few), STORE_NEW, "store: nor what joins all of them");
	IS_U64(totals_of(s).ranges, 1, "store: to one range");
	store_check(s);
	IS_U64(send(s, stream, 102, text, &few), STORE_NEW, "store: which is one run");
	IS_U64(send(s, stream, 104, text, &few), STORE_GAPS, "store: with two messages three");
	store_check(s);
	store_free(s);
}

/* A burial over messages with and without gaps, larger than a slice. */
static void runs_test(void)
{
	struct store *s = store_new();
	struct stream stream = stream_of(1, 2, 3);
	struct view text = view_of_string("hello");

	for (uint64_t n = 1; n <= 9000; n++)
		if (n % 1000 != 0)
			MUST(send(s, stream, n, text, &wide) == STORE_NEW);
	store_check(s);
	MUST(bury(s, stream, 500, 6500, &wide) == STORE_NEW);
	OK(store_work_given(s) > store_work_done(s), "store: a long burial closes gaps at once");
	store_check(s);
	MUST(send(s, stream, 8000, text, &wide) == STORE_NEW);
	store_check(s);
	while (store_work(s, 1000))
		;
	store_check(s);
	MUST(bury(s, stream, 7000, 7000, &wide) == STORE_NEW);
	MUST(bury(s, stream, 1, 9000, &wide) == STORE_NEW);
	while (store_work(s, 1000))
		;
	IS_U64(totals_of(s).ranges, 1, "store: and in the end all is one range");
	store_check(s);
	store_free(s);
}

static void number_test(void)
{
	struct store *s = store_new();
	struct stream stream = stream_of(1, 2, 3);
	struct view text = view_of_string("hello");
	struct range range;
	uint64_t edge = UINT32_MAX;

	IS_U64(send(s, stream, NUMBER_MAX, text, &wide), STORE_NEW,
	       "store: the largest number is one");
	IS_U64(bury(s, stream, edge, edge, NULL), STORE_NEW, "store: a range may end at 2^32 - 1");
	IS_U64(bury(s, stream, edge + 1, edge + 1, NULL), STORE_NEW, "store: and go on beyond");
	OK(store_range_next(s, &stream, 0, &range) && range.first == edge && range.last == edge + 1,
	   "store: as one range");
	store_check(s);
	IS_U64(bury(s, stream, 1, NUMBER_MAX, NULL), STORE_NEW, "store: all numbers can be buried");
	IS_U64(totals_of(s).facts, 1, "store: then one range is left of everything");
	IS_U64(send(s, stream, 77, text, &wide), STORE_KNOWN, "store: what was received is known");
	IS_U64(bury(s, stream, NUMBER_MAX, NUMBER_MAX, &wide), STORE_KNOWN, "store: and stays so");
	OK(!store_range_next(s, &stream, NUMBER_MAX, &range),
	   "store: no range ends after the largest");
	store_check(s);
	store_free(s);
}

static void share_test(void)
{
	static const struct store_limits narrow = { 2, 1000, STORE_GAPS_MAX };
	struct store *s = store_new();
	struct stream mine = stream_of(1, 1, 1);
	struct stream other = stream_of(2, 1, 1);
	struct view text = view_of_string("hello");
	uint32_t messages;
	uint64_t bytes;

	for (unsigned n = 1; n <= 3; n++)
		MUST(send(s, mine, n, text, &narrow) == STORE_NEW);
	IS_U64(send(s, other, 1, text, &narrow), STORE_NEW,
	       "store: a fourth is just under twice two");
	IS_U64(send(s, other, 2, text, &narrow), STORE_FULL,
	       "store: mail to several unknown ids counts together");
	(void)create(s, other.recipient);
	store_share(s, &other.recipient, &other.sender, &messages, &bytes);
	OK(messages == 1 && bytes == 5, "store: an id that becomes known has a share of its own");
	IS_U64(send(s, other, 2, text, &narrow), STORE_NEW, "store: then there is room again");
	IS_U64(bury(s, stream_of(2, 9, 9), 1, 5, &narrow), STORE_NEW,
	       "store: a strange burial counts one message");
	store_share(s, &other.recipient, &other.recipient, &messages, &bytes);
	OK(messages == 1 && bytes == 0, "store: in the burier's own share");
	for (unsigned k = 1; k < 4; k++)
		MUST(bury(s, stream_of(2, 9, 100 + k), 1, 5, &narrow) == STORE_NEW);
	IS_U64(bury(s, stream_of(2, 9, 200), 1, 5, &narrow), STORE_FULL,
	       "store: beyond twice the share a strange burial is refused");
	IS_U64(bury(s, stream_of(2, 9, 9), 6, 6, &narrow), STORE_NEW,
	       "store: one in a stream that is held is not");
	IS_U64(bury(s, stream_of(2, 9, 200), 1, 5, NULL), STORE_NEW, "store: nor one of repair");
	store_check(s);
	store_free(s);
}

/* Streams stay for ever, so each that was read counts. */
static void streams_test(void)
{
	static const struct store_limits narrow = { 3, 1000, STORE_GAPS_MAX };
	struct store *s = store_new();
	struct view text = view_of_string("hello");
	struct stream first = stream_of(1, 2, 0);
	uint32_t messages;
	uint64_t bytes;

	(void)create(s, first.recipient);
	for (unsigned k = 0; k < 6; k++) {
		MUST(send(s, stream_of(1, 2, k), 1, text, &narrow) == STORE_NEW);
		MUST(bury(s, stream_of(1, 2, k), 1, 1, &narrow) == STORE_NEW);
	}
	store_share(s, &first.recipient, &first.sender, &messages, &bytes);
	OK(messages == 6 && bytes == 0, "store: a stream that was read counts as a message");
	IS_U64(send(s, stream_of(1, 2, 7), 1, text, &narrow), STORE_FULL,
	       "store: beyond twice the share there is no new stream");
	IS_U64(send(s, stream_of(1, 3, 7), 1, text, &narrow), STORE_NEW,
	       "store: another sender has a share of his own");
	MUST(send(s, first, 2, text, NULL) == STORE_NEW);
	store_share(s, &first.recipient, &first.sender, &messages, &bytes);
	IS_U64(messages, 6, "store: a message in a stream that was read takes its place");
	store_check(s);
	store_free(s);
}

/* Many have written to an id before it becomes known: their shares follow in slices. */
static void known_test(void)
{
	enum { SENDERS = 5000 };
	struct view text = view_of_string("hello");
	struct stream other = stream_of(2, 10, 0);
	struct id known = stream_of(1, 0, 0).recipient;
	uint32_t messages;
	uint64_t bytes;

	for (int dies = 0; dies < 2; dies++) {
		struct store *s = store_new();

		for (unsigned i = 0; i < SENDERS; i++)
			MUST(send(s, stream_of(1, 10 + i, 0), 1, text, &wide) == STORE_NEW);
		MUST(send(s, other, 1, text, &wide) == STORE_NEW);
		MUST((dies ? delete (s, known) : create(s, known)) == STORE_NEW);
		OK(store_work_given(s) > store_work_done(s),
		   "store: what is known is counted later");
		store_check(s);
		if (!dies) {
			MUST(send(s, stream_of(1, SENDERS, 1), 1, text, &wide) == STORE_NEW);
			MUST(bury(s, stream_of(1, 9 + SENDERS, 0), 1, 1, &wide) == STORE_NEW);
			store_share(s, &known, &other.sender, &messages, &bytes);
			IS_U64(messages, 1, "store: a share of a known one is right at once");
		}
		while (store_work(s, 100))
			store_check(s);
		store_share(s, &other.recipient, &other.sender, &messages, &bytes);
		OK(messages == 1 && bytes == 5,
		   "store: the share of unknown ids has the others left");
		store_check(s);
		store_free(s);
	}
}

static void memory_test(void)
{
	struct store *s = store_new();
	struct view text = view_of_string("hello");
	unsigned k = 0;

	OK(!store_is_full(s), "store: a new store is not full");
	store_limit_memory(s, totals_of(s).memory + 1000000);
	for (; !store_is_full(s); k++)
		MUST(send(s, stream_of(1, 2, k), 1, text, NULL) == STORE_NEW);
	OK(k > 1000 && totals_of(s).memory < 2500000, "store: it is full at its limit");
	MUST(delete (s, stream_of(1, 2, 3).recipient) == STORE_NEW);
	while (store_work(s, 1000))
		;
	OK(!store_is_full(s), "store: what is freed makes room");
	store_free(s);
}

/* ---- long texts ---- */

static void text_test(void)
{
	struct store *s = store_new();
	struct view text = view_of(long_bytes, sizeof long_bytes);
	struct view other = view_of(long_bytes, sizeof long_bytes - 1);
	struct view got;
	uint8_t after[32] = { 0 };
	unsigned count = 0;

	for (unsigned i = 0; i < 1000; i++)
		MUST(send(s, stream_of(i, 1, 1), 1, i % 10 ? text : other, &wide) == STORE_NEW);
	OK(totals_of(s).memory < 2000000, "store: a long text to a thousand is held once");
	while (store_text_next(s, after, &got))
		count++;
	IS_U64(count, 2, "store: each long text comes out once");
	store_check(s);
	for (unsigned i = 0; i < 1000; i++)
		MUST(bury(s, stream_of(i, 1, 1), 1, 1, &wide) == STORE_NEW);
	memset(after, 0, sizeof after);
	OK(!store_text_next(s, after, &got), "store: a text goes with its last message");
	store_check(s);
	store_free(s);
}

/* Reads the elements of one store into another as a snapshot is read: messages first, long texts
 * later. */
static struct store *load(const struct store *from, bool with_texts)
{
	struct store *s = store_new();
	struct store_pending pending;
	struct fact fact;
	struct view text;
	uint8_t after[32] = { 0 };

	memset(&pending, 0, sizeof pending);
	while (store_pending_next(from, &pending, &fact, &all_steps) == STORE_STEP_FOUND) {
		uint8_t digest[KEY_SIZE];

		if (fact.kind == FACT_MESSAGE && fact.message.text.size > STORE_TEXT_SHARED) {
			uint32_t size = (uint32_t)fact.message.text.size;

			OK(store_text_digest(from, &fact.message, digest),
			   "store: a long text has a digest");
			fact.message.text = view_of(NULL, 0);
			MUST(store_load_message(s, &fact.message, digest, size) == STORE_NEW);
		} else {
			MUST(store_apply(s, &fact, NULL) == STORE_NEW);
		}
	}
	while (with_texts && store_text_next(from, after, &text))
		OK(store_load_text(s, text), "store: a text is taken by those that wait for it");
	return s;
}

static void load_test(void)
{
	struct store *from = store_new();
	struct view text = view_of(long_bytes, sizeof long_bytes);
	struct view other = view_of(long_bytes, sizeof long_bytes - 1);
	struct id recipient = stream_of(1, 2, 3).recipient;
	struct place place = { 0 };
	struct place start = { 0 };
	struct message message;

	(void)send(from, stream_of(1, 2, 3), 1, text, NULL);
	(void)send(from, stream_of(1, 2, 3), 2, other, NULL);
	(void)send(from, stream_of(1, 2, 3), 3, view_of_string("short"), NULL);
	(void)bury(from, stream_of(1, 2, 3), 4, 4, NULL);
	for (uint64_t number = 3; number <= 5; number++) {
		struct message none = { .stream = stream_of(1, 2, 3), .number = number };
		uint8_t digest[KEY_SIZE];

		OK(!store_text_digest(from, &none, digest),
		   "store: neither a short text has one, nor what is not held");
	}
	struct store *s = load(from, true);

	IS_U64(store_load_missing(s), 0, "store: after all texts nobody waits");
	IS_U64(totals_of(s).sum, totals_of(from).sum, "store: what was loaded has the same sum");
	IS_U64(sum_of_walk(s), sum_of_walk(from), "store: and the same elements");
	OK(!store_load_text(s, text), "store: a text that nobody waits for is not taken");
	store_check(s);
	store_free(s);

	s = load(from, false);
	IS_U64(store_load_missing(s), 2, "store: messages without their texts are counted");
	IS_U64(totals_of(s).sum, totals_of(from).sum,
	       "store: their digests are enough for the sum");
	MUST(store_mailbox_next(s, &recipient, &place, &message, &all_steps) == STORE_STEP_FOUND);
	IS_U64(message.text.size, 0, "store: until it comes the text is empty");
	IS_U64(bury(s, stream_of(1, 2, 3), 1, 1, NULL), STORE_NEW, "store: one is buried since");
	IS_U64(send(s, stream_of(1, 2, 3), 2, other, NULL), STORE_KNOWN,
	       "store: the other comes again with its text, and is known");
	store_check(s);
	IS_U64(store_load_missing(s), 0, "store: then none is missing");
	MUST(store_mailbox_next(s, &recipient, &start, &message, &all_steps) == STORE_STEP_FOUND);
	OK(view_equal(message.text, other), "store: and the text is there");
	store_free(s);
	store_free(from);
}

/* ---- slices ---- */

static void slice_test(void)
{
	enum { COUNT = 20000 };
	struct store *s = store_new();
	struct stream stream = stream_of(1, 2, 3);
	struct stream second = stream_of(1, 4, 5);
	struct view text = view_of_string("twelve bytes");
	struct place place = { 0 };
	struct message message;
	struct store_key key = { 0 };
	struct fact fact;
	uint32_t messages;
	uint64_t bytes;

	(void)create(s, stream.recipient);
	for (unsigned n = 1; n <= COUNT; n++)
		MUST(send(s, stream, n, text, &wide) == STORE_NEW);
	MUST(send(s, second, COUNT, text, &wide) == STORE_NEW);
	IS_U64(bury(s, stream, 1, STORE_SLICE_MAX, NULL), STORE_NEW,
	       "store: a thousand are buried");
	IS_U64(store_work_given(s), store_work_done(s), "store: at once");
	uint64_t full = totals_of(s).memory;

	IS_U64(bury(s, stream, 2, COUNT - 1, NULL), STORE_NEW, "store: more than that are buried");
	OK(store_work_given(s) == store_work_done(s) + 1, "store: as work for later");
	IS_U64(totals_of(s).messages, 2, "store: but no count has them");
	store_share(s, &stream.recipient, &stream.sender, &messages, &bytes);
	OK(messages == 1 && bytes == text.size, "store: no share");
	OK(store_mailbox_next(s, &stream.recipient, &place, &message, &all_steps) ==
	                   STORE_STEP_FOUND &&
	           message.number == COUNT,
	   "store: no mailbox");
	OK(store_next(s, &key, &fact) && fact.kind == FACT_ACCOUNT && store_next(s, &key, &fact) &&
	           fact.kind == FACT_BURIAL && store_next(s, &key, &fact) &&
	           fact.kind == FACT_MESSAGE && fact.message.number == COUNT,
	   "store: no walk");
	IS_U64(send(s, stream, 5000, text, NULL), STORE_KNOWN, "store: and none comes back");
	store_check(s);
	OK(store_work(s, 1000), "store: a slice of the work leaves more to do");
	store_check(s);
	unsigned slices = 1;

	while (store_work(s, 1000))
		slices++;
	OK(slices >= 18 && slices <= 20,
	   "store: the work takes as many slices as it has thousands");
	IS_U64(store_work_given(s), store_work_done(s), "store: then all work is done");
	printf("# %" PRIu64 " of %" PRIu64 " bytes are left\n", totals_of(s).memory, full);
	OK(full - totals_of(s).memory > (uint64_t)COUNT * 40 - 2 * 65536,
	   "store: and the memory is given back");
	IS_U64(totals_of(s).sum, sum_of_walk(s), "store: the sum is that of what is left");
	store_check(s);
	store_free(s);
}

static void gone_test(void)
{
	enum { COUNT = 20000 };
	struct store *s = store_new();
	struct view text = view_of_string("some text");
	struct id gone = stream_of(1, 0, 0).recipient;
	uint64_t empty = totals_of(s).memory;
	struct place place = { 0 };
	struct message message;
	uint64_t holds = 0;

	for (unsigned i = 0; i < COUNT; i++) {
		MUST(send(s, stream_of(1, 10 + i, i), 1, text, &wide) == STORE_NEW);
		MUST(bury(s, stream_of(1, 10 + i, i), 3, 4, &wide) == STORE_NEW);
	}
	for (unsigned n = 2; n < COUNT; n++) {
		if (n == 3 || n == 4)
			continue;
		MUST(send(s, stream_of(1, 10, 0), n, text, &wide) == STORE_NEW);
	}
	MUST(send(s, stream_of(7, 1, 1), 1, text, &wide) == STORE_NEW);
	(void)bury(s, stream_of(1, 10, 0), 2, COUNT, NULL);
	uint64_t full = totals_of(s).memory;

	IS_U64(delete (s, gone), STORE_NEW, "store: a tombstone may come before its account");
	store_check(s);
	struct store_totals totals = totals_of(s);

	OK(totals.messages == 1 && totals.ranges == 0 && totals.streams == 1 && totals.facts == 2,
	   "store: what was held for a gone account is gone at once");
	IS_U64(totals.sum, sum_of_walk(s), "store: from the sum too");
	for (unsigned i = 0; i < COUNT; i++) {
		struct stream stream = stream_of(1, 10 + i, i);

		holds += store_holds(s, &stream);
	}
	IS_U64(holds, 0, "store: no stream of it is held");
	OK(store_mailbox_next(s, &gone, &place, &message, &all_steps) != STORE_STEP_FOUND,
	   "store: its mailbox is empty");
	IS_U64(send(s, stream_of(1, 10, 0), 1, text, NULL), STORE_GONE,
	       "store: mail for it is refused");
	IS_U64(bury(s, stream_of(1, 10, 0), 1, 1, NULL), STORE_GONE, "store: and burials");
	IS_U64(create(s, gone), STORE_GONE, "store: and the account itself");
	IS_U64(delete (s, gone), STORE_KNOWN, "store: the tombstone is known");
	OK(store_holds(s, &(struct stream){ stream_of(7, 0, 0).recipient, gone,
	                                    stream_of(0, 0, 1).session }),
	   "store: what the gone account sent stays");
	while (store_work(s, 100))
		;
	store_check(s);
	printf("# %" PRIu64 " bytes are left of %" PRIu64 "\n", totals_of(s).memory, full);
	/* The last chunk of each size may stay. */
	OK(totals_of(s).memory < empty + 30 * 65536, "store: all of its memory comes back");
	store_free(s);
}

/* ---- walks and sums ---- */

static void walk_test(void)
{
	struct store *s = store_new();
	struct view text = view_of_string("x");
	struct store_key key = { 0 };
	struct store_key last = { 0 };
	struct fact fact;
	uint64_t shown = 0;
	bool ascends = true;

	for (unsigned i = 0; i < 3000; i++)
		(void)send(s, stream_of(i % 40, i % 7, 1), i + 1, text, NULL);
	while (store_next(s, &key, &fact)) {
		ascends &= store_key_compare(&last, &key) < 0;
		struct store_key own = store_key_of(&fact);

		ascends &= store_key_compare(&own, &key) == 0;
		last = key;
		/* Each one shown is buried at once: it becomes a range behind the walk's place. */
		if (fact.kind == FACT_MESSAGE && shown % 2)
			(void)bury(s, fact.message.stream, fact.message.number, fact.message.number,
			           NULL);
		shown++;
	}
	OK(ascends, "store: a walk ascends while the store changes");
	IS_U64(shown, 3000, "store: and shows each element once");
	store_check(s);
	store_free(s);
}

/* These numbers are the same on every machine, for ever: replicas of different builds compare
 * them. */
static void hash_test(void)
{
	struct fact fact = { .kind = FACT_MESSAGE };
	uint64_t inside;

	fact.message =
		(struct message){ stream_of(1, 2, 3), 4, 5, view_of_string("hello, world"), { 0 } };
	IS_U64(store_fact_hash(&fact), UINT64_C(9277517991909265447),
	       "store: the hash of a message is fixed");
	fact.message.text = view_of(long_bytes, 2000);
	IS_U64(store_fact_hash(&fact), UINT64_C(17069306252145313502), "store: of a long message");
	inside = store_fact_hash(&fact);
	fact.message.text = view_of(long_bytes, 2001);
	OK(store_fact_hash(&fact) != inside, "store: one byte more is another hash");
	fact.kind = FACT_BURIAL;
	fact.burial = (struct burial){ stream_of(1, 2, 3), { 4, 5 } };
	IS_U64(store_fact_hash(&fact), UINT64_C(16884934015152034831), "store: of a range");
	fact = (struct fact){ .kind = FACT_ACCOUNT };
	fact.account.name = view_of_string("anna");
	IS_U64(store_fact_hash(&fact), UINT64_C(16796631761688032962), "store: of an account");
	inside = store_fact_hash(&fact);
	fact.account.confirmed = true;
	OK(store_fact_hash(&fact) != inside, "store: the mark is in it");
}

/* A mark belongs to its stream while a message of that is held, however the stream is found. */
static void mark_test(void)
{
	struct store *s = store_new();
	struct stream one = stream_of(1, 2, 3);
	struct stream two = stream_of(4, 2, 3);
	struct view text = view_of_string("x");

	OK(store_mark(s, &one) == NULL, "store: no mark in a stream that is not known");
	MUST(send(s, one, 1, text, NULL) == STORE_NEW);
	OK(store_mark(s, &one) != NULL && *store_mark(s, &one) == 0, "store: a mark is 0 at first");
	OK(store_mark(s, &two) == NULL, "store: and is there for no other stream");
	*store_mark(s, &one) = 7;
	MUST(send(s, one, 2, text, NULL) == STORE_NEW);
	OK(*store_mark(s, &one) == 7, "store: it is there with the next message");
	MUST(send(s, two, 1, text, NULL) == STORE_NEW);
	*store_mark(s, &two) = 8;
	OK(*store_mark(s, &one) == 7 && *store_mark(s, &two) == 8,
	   "store: and after one of another stream");
	MUST(bury(s, one, 1, 1, NULL) == STORE_NEW);
	OK(*store_mark(s, &one) == 7, "store: and while a message is left");
	MUST(bury(s, one, 2, 2, NULL) == STORE_NEW);
	OK(store_mark(s, &one) == NULL, "store: it goes with the last one");
	MUST(send(s, one, 3, text, NULL) == STORE_NEW);
	OK(*store_mark(s, &one) == 0, "store: and does not come back");
	store_free(s);
}

/* In whatever order tombstones of one account come, the smallest `by` stays. */
static void test_removed(void)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		                              { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct id id = stream_of(1, 0, 0).recipient;
	uint64_t sum = 0;

	for (int at = 0; at < 6; at++) {
		struct store *s = store_new();
		struct tombstone held;
		unsigned smallest = 3;

		for (int i = 0; i < 3; i++) {
			uint8_t by = orders[at][i];
			enum store_result want = i == 0          ? STORE_NEW
			                         : by < smallest ? STORE_REPLACED
			                                         : STORE_KNOWN;

			ALWAYS(remove_by(s, id, by) == want, "store: which tombstone stays");
			smallest = by < smallest ? by : smallest;
			ALWAYS(store_find(s, &id, NULL, &held) == STORE_DEAD && held.by == smallest,
			       "store: the smaller one");
			ALWAYS(totals_of(s).sum == sum_of_walk(s),
			       "store: it is the one in the sum");
			store_check(s);
		}
		ALWAYS(held.delete_key[0] == 1, "store: with its key");
		ALWAYS(at == 0 || totals_of(s).sum == sum, "store: equal in any order");
		sum = totals_of(s).sum;
		store_free(s);
	}
	struct store *s = store_new();

	(void)remove_by(s, id, GONE_BY_OPERATOR);
	OK(totals_of(s).sum != sum, "store: by what an account is gone counts in the sum");
	IS_U64(create(s, id), STORE_GONE, "store: what was removed is gone");
	store_free(s);
}

int main(void)
{
	memset(long_bytes, 'l', sizeof long_bytes);
	gaps_test();
	told_test();
	runs_test();
	number_test();
	share_test();
	streams_test();
	known_test();
	memory_test();
	text_test();
	load_test();
	slice_test();
	gone_test();
	walk_test();
	hash_test();
	mark_test();
	test_removed();
	return tap_done();
}
