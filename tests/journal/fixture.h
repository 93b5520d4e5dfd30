/* SPDX-License-Identifier: MIT
 *
 * journal_fixture: one replica's store and journal over a simulated disk, with a model beside them.
 *
 * Everything that was appended goes into the model's list. What the journal says is synced is
 * acknowledged. After a crash the next life must hold each acknowledged fact and nothing that was
 * never appended: both are asked of stores by joining, so a message that was buried later, or
 * replaced by a smaller one, is no difference.
 */
#ifndef THREEFOLD_TESTS_JOURNAL_FIXTURE_H
#define THREEFOLD_TESTS_JOURNAL_FIXTURE_H

#include "base/sha256.h"
#include "journal/journal.h"
#include "tests/simulate/simdisk.h"
#include "tests/lib/tap.h"

enum {
	LIFE_FACTS_MAX = 4096,
	LIFE_ACCOUNTS = 6,
	LIFE_SESSIONS = 2,
	LIFE_NUMBERS = 12,
	LIFE_TEXT_MAX = 3000,
};

/* What a test rests on but does not ask: if it fails, nothing after it means anything. */
#define MUST(condition)                                                                  \
	do {                                                                             \
		if (!(condition)) {                                                      \
			printf("Bail out! %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                         \
		}                                                                        \
	} while (0)

struct life_fact {
	struct fact fact;
	char name[NAME_SIZE_MAX + 1];
	char *text;
};

struct life {
	struct simdisk *sim;
	struct store *store;
	struct journal *journal;
	struct journal_loaded loaded;
	char err[ERR_SIZE];
	struct journal_options options;
	struct life_fact *facts;
	size_t count;
	uint64_t first;      /* facts[i] of this life has the position i + 1 - first */
	size_t acknowledged; /* facts[0..acknowledged) */
	uint64_t random;
};

static inline uint64_t life_random(struct life *l, uint64_t limit)
{
	l->random = l->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (l->random >> 33) % limit;
}

static inline void life_init(struct life *l, uint64_t seed)
{
	memset(l, 0, sizeof *l);
	l->sim = simdisk_new(seed);
	l->random = seed;
	l->facts = memory_alloc_zero(LIFE_FACTS_MAX, sizeof *l->facts);
	l->options = (struct journal_options){
		.uuid = { 0x11, 0x22, 0x33 },
		.compact_size_min = 6000,
		.reserve_size = 16384,
	};
}

static inline void life_end(struct life *l)
{
	journal_abandon(l->journal);
	MUST(simdisk_is_stopped(l->sim) || simdisk_open_count(l->sim) == 0);
	store_free(l->store);
	for (size_t i = 0; i < l->count; i++)
		memory_free(l->facts[i].text);
	memory_free(l->facts);
	simdisk_free(l->sim);
}

static inline struct id life_id(uint64_t n)
{
	uint8_t digest[SHA256_SIZE], number[8];
	struct id id;

	buf_store_u64(number, n);
	sha256(number, sizeof number, digest);
	id_make(&id, UINT64_C(1764000000000) + n, digest);
	return id;
}

static inline struct stream life_stream(struct life *l)
{
	struct stream stream = {
		.recipient = life_id(life_random(l, LIFE_ACCOUNTS)),
		.sender = life_id(life_random(l, LIFE_ACCOUNTS)),
	};

	memset(stream.session.bytes, (int)life_random(l, LIFE_SESSIONS) + 1, ULID_SIZE);
	return stream;
}

/* Texts that need every kind of escape, some over a kilobyte, often the same one. */
static inline struct view life_text(struct life *l, struct life_fact *to)
{
	static const char *const pieces[] = { "plain", "\"",       "\\",   "\n",
		                              "\x01",  "\xc3\xa4", "\t",   "\xf0\x9f\x8c\x8d",
		                              "\x7f",  "/",        "\x1f", "12345678" };
	size_t want = life_random(l, 8) == 0 ? 1025 + life_random(l, 3) * 400
	                                     : 1 + life_random(l, 120);
	size_t size = 0;
	uint64_t kept = l->random;

	to->text = memory_alloc(LIFE_TEXT_MAX + 16);
	if (want > 1024)
		l->random = want; /* the same length, the same text */
	while (size < want) {
		const char *piece = pieces[life_random(l, sizeof pieces / sizeof pieces[0])];

		memcpy(to->text + size, piece, strlen(piece));
		size += strlen(piece);
	}
	if (want > 1024)
		l->random = kept;
	return view_of(to->text, size);
}

/* One message in four is to several or to all; no random number is drawn for it. */
static inline struct view life_audience(uint64_t number)
{
	static const struct view forms[] = {
		{ (const uint8_t *)"\2", 1 },
		{ (const uint8_t *)"\4", 1 },
		{ (const uint8_t *)"\6", 1 },
		{ (const uint8_t *)"\1\2\0\3bob\x0e"
		                   "carol~0123ABCD",
		  22 },
		{ (const uint8_t *)"\5\x09\0\1a\1b\1c\1d\1e\1f\1g\1h", 19 },
	};

	return number % 4 != 0 ? view_of(NULL, 0) : forms[number / 4 % 5];
}

static inline void life_account(struct life *l, struct life_fact *f)
{
	uint64_t n = life_random(l, LIFE_ACCOUNTS);
	struct account *a = &f->fact.account;

	f->fact.kind = FACT_ACCOUNT;
	a->id = life_id(n);
	(void)snprintf(f->name, sizeof f->name, "user-%u", (unsigned)n);
	a->name = view_of_string(f->name);
	a->verifier.setting = view_of_string("$y$j9T$abcdefgh");
	memset(a->verifier.seal, (int)n + 1, KEY_SIZE);
	memset(a->verifier.stored_key, (int)n + 2, KEY_SIZE);
	memset(a->verifier.server_key, (int)n + 3, KEY_SIZE);
	memset(a->verifier.lock, (int)n + 4, KEY_SIZE);
	a->confirmed = life_random(l, 2) == 0;
	a->epoch = life_random(l, 2) == 0 ? 0 : (uint32_t)life_random(l, 4);
	if (a->epoch == 0)
		return;
	a->by = life_random(l, 2) == 0 ? ACCOUNT_BY_OWNER : ACCOUNT_BY_OPERATOR;
	memset(a->verifier.seal, (int)(n + a->epoch), KEY_SIZE);
	memset(a->middle, (int)n + 5, KEY_SIZE);
}

static inline struct life_fact *life_fact(struct life *l)
{
	struct life_fact *f = &l->facts[l->count++];
	uint64_t kind = life_random(l, 20);

	assert(l->count < LIFE_FACTS_MAX);
	if (kind < 3) {
		life_account(l, f);
	} else if (kind == 3 && life_random(l, 4) == 0) {
		life_account(l, f);

		struct tombstone t = { .id = f->fact.account.id, .name = f->fact.account.name };

		memset(t.middle, 7, KEY_SIZE);
		t.by = (enum gone_by)life_random(l, GONE_BY_END);
		memset(t.delete_key, t.by == GONE_BY_KEY ? 8 : 9, KEY_SIZE); /* or the lock */
		f->fact = (struct fact){ .kind = FACT_TOMBSTONE, .tombstone = t };
	} else if (kind < 14) {
		struct stream stream = life_stream(l);

		f->fact.kind = FACT_MESSAGE;
		f->fact.message = (struct message){
			.stream = stream,
			.number = 1 + life_random(l, LIFE_NUMBERS),
			.sent_ms = UINT64_C(1764000000000) + life_random(l, 1000),
			.text = life_text(l, f),
		};
		f->fact.message.audience = life_audience(f->fact.message.number);
		if (f->fact.message.number % 8 == 4) { /* others of this number say the same */
			f->fact.message.sent_ms = UINT64_C(1764000000000) + f->fact.message.number;
			f->fact.message.text = view_of_string("to several");
		}
	} else {
		f->fact.kind = FACT_BURIAL;
		f->fact.burial.stream = life_stream(l);
		f->fact.burial.range.first = 1 + life_random(l, LIFE_NUMBERS);
		f->fact.burial.range.last = f->fact.burial.range.first + life_random(l, 3);
	}
	return f;
}

static inline bool is_change(enum store_result result)
{
	return result == STORE_NEW || result == STORE_REPLACED;
}

/* One random fact; it is appended if it changes the store, as a server does. */
static inline void life_append(struct life *l)
{
	struct life_fact *f = life_fact(l);

	if (is_change(store_apply(l->store, &f->fact, NULL))) {
		(void)journal_append(l->journal, &f->fact);
		return;
	}
	memory_free(f->text);
	memset(f, 0, sizeof *f);
	l->count--;
}

/* All jobs there are, or `most` of them. False: the process must end. */
static inline bool life_run(struct life *l, bool may_compact, int most)
{
	for (; most > 0 && journal_begin(l->journal, may_compact); most--) {
		journal_run(l->journal);
		if (journal_end(l->journal, l->err) < 0)
			return false;
		l->acknowledged = l->first + journal_synced(l->journal);
	}
	return true;
}

static inline enum journal_status life_open(struct life *l)
{
	enum journal_status status;

	assert(l->journal == NULL);
	store_free(l->store);
	l->store = store_new();
	l->first = l->count;
	status = journal_open(simdisk_disk(l->sim), &l->options, l->store, &l->journal, &l->loaded,
	                      l->err);
	if (status == JOURNAL_OK)
		store_check(l->store);
	return status;
}

static inline bool life_close(struct life *l)
{
	int result = journal_close(l->journal, l->err);

	l->journal = NULL;
	if (result == 0)
		l->acknowledged = l->count;
	return result == 0;
}

static inline void life_crash(struct life *l, enum simdisk_loss loss)
{
	journal_abandon(l->journal);
	l->journal = NULL;
	MUST(simdisk_is_stopped(l->sim) || simdisk_open_count(l->sim) == 0);
	simdisk_crash(l->sim, loss);
}

/* Every acknowledged fact changes nothing in this store, and no element of it anything in a store
 * of all facts. */
static inline bool life_is_right(struct life *l)
{
	struct store *all = store_new();
	struct store_key after = { 0 };
	struct fact fact;
	bool right = true;

	for (size_t i = 0; i < l->count; i++)
		(void)store_apply(all, &l->facts[i].fact, NULL);
	while (right && store_next(l->store, &after, &fact))
		right = !is_change(store_apply(all, &fact, NULL));
	if (!right)
		printf("# an element that was never appended\n");
	store_free(all);
	for (size_t i = 0; right && i < l->acknowledged; i++) {
		right = !is_change(store_apply(l->store, &l->facts[i].fact, NULL));
		if (!right)
			printf("# fact %zu of %zu was lost, %zu acknowledged\n", i, l->count,
			       l->acknowledged);
	}
	return right;
}

/* Whether a fact would change nothing; asked of a copy. */
static inline bool life_holds(const struct store *s, const struct fact *wanted)
{
	struct store *copy = store_new();
	struct store_key after = { 0 };
	struct fact fact;
	bool holds;

	while (store_next(s, &after, &fact))
		(void)store_apply(copy, &fact, NULL);
	holds = !is_change(store_apply(copy, wanted, NULL));
	store_free(copy);
	return holds;
}

/* After a start: what was appended without being acknowledged is there for good, or gone for good.
 * The latter is forgotten by the model, so that its return would be noticed. */
static inline void life_settle(struct life *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (i < l->acknowledged || life_holds(l->store, &l->facts[i].fact))
			l->facts[kept++] = l->facts[i];
		else
			memory_free(l->facts[i].text);
	}
	memset(l->facts + kept, 0, (l->count - kept) * sizeof *l->facts);
	l->count = l->acknowledged = l->first = kept;
}

static inline uint64_t store_sum(const struct store *s)
{
	struct store_totals totals;

	store_totals(s, &totals);
	return totals.sum;
}

static inline void append_some(struct life *l, int count)
{
	while (count-- > 0)
		life_append(l);
}

/* A directory with both snapshots and a journal of so many batches after them. */
static inline void life_with(struct life *l, uint64_t seed, int facts, int batches)
{
	life_init(l, seed);
	l->options.compact_size_min = 1 << 20;
	MUST(life_open(l) == JOURNAL_OK);
	append_some(l, facts);
	MUST(life_run(l, false, 1));
	MUST(life_close(l));
	MUST(life_open(l) == JOURNAL_OK);
	for (int i = 0; i < batches; i++) {
		append_some(l, 3);
		MUST(life_run(l, false, 1));
	}
}

static inline struct buf copy_of(const struct life *l, const char *name)
{
	struct view content = { 0 };
	struct buf copy;
	bool there = simdisk_get(l->sim, name, &content);

	assert(there);
	buf_init(&copy, SIZE_MAX / 4);
	MUST(buf_put(&copy, content.data, content.size));
	return copy;
}

static inline size_t size_of(const struct life *l, const char *name)
{
	struct view content = { 0 };

	return simdisk_get(l->sim, name, &content) ? content.size : 0;
}

static inline void flip(struct life *l, const char *name, size_t at, uint8_t bits)
{
	struct buf copy = copy_of(l, name);

	assert(at < copy.size);
	copy.data[at] ^= bits;
	simdisk_put(l->sim, name, buf_view(&copy));
	buf_release(&copy);
}

static inline void restore(struct life *l, const struct simdisk_image *image)
{
	journal_abandon(l->journal);
	l->journal = NULL;
	simdisk_restore(l->sim, image);
}

static inline enum journal_status reopen(struct life *l)
{
	journal_abandon(l->journal);
	l->journal = NULL;
	return life_open(l);
}

/* In the middle of a compaction, with the old journal needed. */
static inline void life_with_old(struct life *l, uint64_t seed)
{
	struct view content;

	life_init(l, seed);
	(void)life_open(l);
	while (!simdisk_get(l->sim, "journal.old.jsonl", &content)) {
		append_some(l, 3);
		MUST(life_run(l, true, 1));
	}
	append_some(l, 3);
	MUST(life_run(l, false, 1));
}

#endif
