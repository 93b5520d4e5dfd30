/* SPDX-License-Identifier: MIT
 *
 * Years of use. What is dead costs one range for each stream, for ever: what does that come to?
 *
 * A team of 100 accounts, each logs in three times a day and writes to five others each time, a
 * million messages a year in all; everything is read. In ten years that makes 5.5 million finished
 * streams. The history goes through a store, the last day of it through a journal too, then into a
 * snapshot, and back. Each figure is printed; sizes are judged as they are, times only as generous
 * multiples, for machines differ, and with a sanitizer not at all. YEARS=10 in the environment puts
 * all ten years through.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mix.h"
#include "journal/journal.h"
#include "tests/session/fixture.h"

enum {
	TEAM = 100,
	LOGINS_A_DAY = 3,
	CORRESPONDENTS = 5,
	DAYS_A_YEAR = 365,
	MESSAGES_A_YEAR = 1000000,
	STREAMS_A_DAY = TEAM * LOGINS_A_DAY * CORRESPONDENTS,
	TEXT_SIZE = 100,
	STREAM_BYTES_MAX = 40,    /* of memory, beside its session */
	SESSION_BYTES = 31,       /* 24 and its place in a table */
	SNAPSHOT_BYTES_MAX = 160, /* for a stream, sessions and accounts included */
	START_NS_WANTED = 1600,
	GENEROUS = 12,
	DAY_MS = 86400000,
	PATH_SIZE = 512,
};
static const uint64_t begin_ms = UINT64_C(1700000000000);

static struct person team[TEAM];
static uint8_t text[TEXT_SIZE];

/* Of this process alone: what else runs on the machine is not counted, nor is the disk. */
static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the history ---- */

static void team_make(void)
{
	memset(text, 'x', TEXT_SIZE);
	for (unsigned i = 0; i < TEAM; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "person%u", i);
		team[i] = person_make(name, (uint8_t)i, begin_ms + i);
	}
}

static void team_add(struct store *s)
{
	for (unsigned i = 0; i < TEAM; i++) {
		struct fact fact = { .kind = FACT_ACCOUNT, .account = account_of(&team[i]) };

		fact.account.confirmed = true;
		ALWAYS(store_apply(s, &fact, NULL) == STORE_NEW, "years: an account is new");
	}
}

/* Session by session, a hundred of them three times a day. */
static struct stream stream_at(uint64_t i)
{
	uint64_t session = i / CORRESPONDENTS;
	unsigned sender = (unsigned)(session % TEAM);
	unsigned recipient =
		(unsigned)((sender + 1 + i % CORRESPONDENTS * 7 + session / TEAM % 50) % TEAM);
	struct stream stream = { .recipient = team[recipient].account.id,
		                 .sender = team[sender].account.id };
	uint8_t random[10] = { 0 };

	assert(recipient != sender);
	buf_store_u64(random, mix_end(session));
	ulid_make(&stream.session, begin_ms + session * (DAY_MS / TEAM / LOGINS_A_DAY), random);
	return stream;
}

struct history {
	uint64_t streams, messages;
	struct journal *journal; /* NULL: nothing is journalled */
};

static void apply(const struct history *h, struct store *s, const struct fact *fact,
                  bool journalled)
{
	ALWAYS(store_apply(s, fact, NULL) == STORE_NEW, "years: what comes is new");
	if (journalled)
		(void)journal_append(h->journal, fact);
}

/* Its messages come, each is read. */
static void live_stream(const struct history *h, struct store *s, uint64_t i, bool journalled)
{
	uint64_t first = h->messages * i / h->streams;
	uint64_t count = h->messages * (i + 1) / h->streams - first;
	struct fact message = { .kind = FACT_MESSAGE, .message = { .stream = stream_at(i) } };
	struct fact burial = { .kind = FACT_BURIAL, .burial = { .stream = stream_at(i) } };

	assert(count >= 1);
	message.message.text = view_of(text, TEXT_SIZE);
	for (uint64_t number = 1; number <= count; number++) {
		message.message.number = number;
		message.message.sent_ms = ulid_time_ms(&message.message.stream.session) + number;
		apply(h, s, &message, journalled);
		burial.burial.range = (struct range){ number, number };
		apply(h, s, &burial, journalled);
	}
}

static void journal_commit(struct journal *j)
{
	char err[ERR_SIZE];

	while (journal_begin(j, true)) {
		journal_run(j);
		ALWAYS(journal_end(j, err) == 0, "years: a batch is committed");
	}
}

static void live(const struct history *h, struct store *s)
{
	uint64_t start = now_ns();

	for (uint64_t i = 0; i < h->streams; i++)
		live_stream(h, s, i, h->journal && i + STREAMS_A_DAY >= h->streams);
	while (store_work(s, 1000))
		;
	if (h->journal)
		journal_commit(h->journal);
	printf("# %" PRIu64 " streams, %" PRIu64 " messages: %.1f s\n", h->streams, h->messages,
	       (double)(now_ns() - start) / 1e9);
}

/* ---- memory ---- */

static void judge_memory(const struct history *h, const struct store *s, uint64_t empty)
{
	uint64_t sessions = (h->streams + CORRESPONDENTS - 1) / CORRESPONDENTS;
	struct store_totals totals;

	store_totals(s, &totals);
	uint64_t all = totals.memory - empty;
	uint64_t apart = all - sessions * SESSION_BYTES;

	printf("# memory: %.1f bytes a stream, %.1f with the sessions\n",
	       (double)apart / (double)h->streams, (double)all / (double)h->streams);
	IS_U64(totals.messages, 0, "years: everything was read");
	IS_U64(totals.streams, h->streams, "years: every stream is remembered");
	IS_U64(totals.ranges, h->streams, "years: a stream that was read is one range");
	OK(apart <= STREAM_BYTES_MAX * h->streams,
	   "years: a finished stream costs at most 40 bytes of memory");
}

/* ---- requests ---- */

enum { CYCLES = 200, FRAMES_A_CYCLE = 4, ROUNDS = 25 };

/* Frames of two clients, in the order in which they are fed. */
struct batch {
	struct buf bytes;
	size_t ends[CYCLES * FRAMES_A_CYCLE];
	struct peer *peers[CYCLES * FRAMES_A_CYCLE];
	size_t count;
};

static void put(struct batch *b, struct peer *peer, struct frame *frame)
{
	frame->request = ++peer->request;
	ALWAYS(protocol_encode(&b->bytes, frame), "years: a request is encoded");
	b->peers[b->count] = peer;
	b->ends[b->count++] = b->bytes.size;
}

static void put_send(struct batch *b, struct peer *peer, const struct person *to, uint64_t number)
{
	const struct recipient recipient = { to->account.id, number };
	struct frame frame = { .type = FRAME_SEND };
	struct buf list;

	buf_init(&list, RECIPIENT_SIZE);
	(void)protocol_put_recipient(&list, &recipient); /* fits */
	frame.send.sent_ms = begin_ms + number;
	frame.send.count = 1;
	frame.send.recipients = buf_view(&list);
	frame.send.text = view_of(text, TEXT_SIZE);
	put(b, peer, &frame);
	buf_release(&list);
}

/* What is gone of the stream? And then: this message was received. */
static void put_read(struct batch *b, struct peer *peer, const struct person *from, uint64_t number)
{
	struct stream_item item = { .sender = from->account.id, .session = ulid_of(1) };
	const struct range range = { number, number };
	struct frame question = { .type = FRAME_STREAMS };
	struct frame received = { .type = FRAME_RECEIVED };
	struct buf ranges, list;

	buf_init(&ranges, RANGE_SIZE);
	buf_init(&list, 100);
	(void)protocol_put_question(&list, &item); /* fits */
	question.streams.streams = buf_view(&list);
	put(b, peer, &question);
	buf_clear(&list);
	(void)protocol_put_range(&ranges, &range); /* fits */
	item.ranges = buf_view(&ranges);
	(void)protocol_put_received(&list, &item); /* fits */
	received.streams.streams = buf_view(&list);
	put(b, peer, &received);
	buf_release(&ranges);
	buf_release(&list);
}

static void drain(struct rig *r)
{
	struct session_action action;

	while (session_next(r->s, &action))
		r->position += action.kind == SESSION_APPEND;
}

static void feed(struct rig *r, const struct batch *b, size_t at)
{
	size_t begin = at ? b->ends[at - 1] : 0;
	struct view bytes = view_of(b->bytes.data + begin, b->ends[at] - begin);
	size_t used = session_input(r->s, b->peers[at]->number, bytes, r->time);

	ALWAYS(used == bytes.size, "years: a request is taken");
	drain(r);
	while (session_has_work(r->s)) {
		session_work(r->s, r->time);
		drain(r);
	}
	session_synced(r->s, r->position);
	drain(r);
	for (unsigned i = 0; i < PEERS; i++)
		if (r->peers[i].number != SESSION_NONE)
			session_output_sent(r->s, r->peers[i].number,
			                    session_output(r->s, r->peers[i].number).size);
	drain(r);
}

struct load {
	struct rig *rig;
	struct peer *writer, *reader;
	uint64_t number;
	uint64_t best_ns; /* of the rounds */
};

static void load_begin(struct load *l)
{
	l->writer = rig_login(l->rig, &team[0], 1, true);
	l->reader = rig_login(l->rig, &team[1], 2, true);
	l->best_ns = UINT64_MAX;
}

static void load_round(struct load *l)
{
	static struct batch b; /* large */
	struct frame look = { .type = FRAME_LOOKUP_NAME };

	b.count = 0;
	buf_init(&b.bytes, IN_SIZE_MAX);
	look.lookup_name.name = view_of_string(team[1].name);
	for (unsigned i = 0; i < CYCLES; i++) {
		put(&b, l->writer, &look);
		put_send(&b, l->writer, &team[1], ++l->number);
		put_read(&b, l->reader, &team[0], l->number);
	}
	uint64_t start = now_ns();

	for (size_t i = 0; i < b.count; i++)
		feed(l->rig, &b, i);
	uint64_t took = now_ns() - start;

	l->best_ns = took < l->best_ns ? took : l->best_ns;
	buf_release(&b.bytes);
}

/* The rounds of both take turns, and the best of each counts: what else runs here hits both. */
static void judge_requests(struct rig *full)
{
	struct rig empty;
	struct load loads[2] = { { .rig = full }, { .rig = &empty } };

	rig_open(&empty);
	team_add(empty.store);
	load_begin(&loads[0]);
	load_begin(&loads[1]);
	for (unsigned i = 0; i < ROUNDS; i++) {
		load_round(&loads[0]);
		load_round(&loads[1]);
	}
	double each = (double)loads[1].best_ns / (CYCLES * FRAMES_A_CYCLE);
	double ratio = (double)loads[0].best_ns / (double)loads[1].best_ns;

	printf("# a request: %.0f ns beside an empty store, %.3f times that after the years\n",
	       each, ratio);
	OK(is_sanitized || ratio <= 1.15 * 2,
	   "years: requests cost what they cost beside an empty store (1.15 times, noise apart)");
	session_free(empty.s);
	store_free(empty.store);
	store_free(empty.journal);
	for (unsigned i = 0; i < PEERS; i++)
		buf_release(&empty.peers[i].in);
}

/* ---- the snapshot, and a start from it ---- */

static struct disk *disk_of(const char *path)
{
	char err[ERR_SIZE] = "";
	bool locked = false;
	struct disk *disk = disk_open_directory(path, &locked, err);

	if (!disk)
		printf("Bail out! %s\n", err);
	if (!disk)
		exit(1);
	return disk;
}

static struct journal *journal_of(struct disk *disk, struct store *s)
{
	struct journal_options options = { .uuid = { 7 } };
	struct journal_loaded loaded;
	struct journal *journal = NULL;
	char err[ERR_SIZE] = "";

	if (journal_open(disk, &options, s, &journal, &loaded, err) != JOURNAL_OK) {
		printf("Bail out! %s\n", err);
		exit(1);
	}
	return journal;
}

static uint64_t size_of(const char *path, const char *name)
{
	char whole[PATH_SIZE + 32];
	struct stat status;

	(void)snprintf(whole, sizeof whole, "%s/%s", path, name); /* short */
	return stat(whole, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static void judge_snapshot(const struct history *h, const char *path)
{
	uint64_t users = size_of(path, "users.json");
	uint64_t pending = size_of(path, "pending.json");

	printf("# snapshot: %.1f bytes a stream\n", (double)(users + pending) / (double)h->streams);
	OK(users > 0, "years: users.json is written");
	OK(pending > h->streams, "years: pending.json is written");
	OK(users + pending <= SNAPSHOT_BYTES_MAX * h->streams,
	   "years: a finished stream costs at most 160 bytes of snapshot");
}

static void judge_start(const struct history *h, const char *path,
                        const struct store_totals *before)
{
	struct store *s = store_new();
	struct disk *disk = disk_of(path);
	uint64_t start = now_ns();
	struct journal *journal = journal_of(disk, s);
	double each = (double)(now_ns() - start) / (double)h->streams;
	struct store_totals after;

	printf("# start: %.2f us of processor a stream, %.2f s (wanted: at most %.1f us)\n",
	       each / 1000, each * (double)h->streams / 1e9, START_NS_WANTED / 1000.0);
	store_totals(s, &after);
	IS_U64(after.facts, before->facts, "years: a start gives every fact back");
	IS_U64(after.sum, before->sum, "years: and the same ones");
	OK(is_sanitized || each <= START_NS_WANTED * GENEROUS,
	   "years: a start takes at most 1.6 us a stream (12 times, noise apart)");
	store_check(s);
	journal_abandon(journal);
	disk_close_directory(disk);
	store_free(s);
}

static void remove_all(const char *path)
{
	static const char *const names[] = { "users.json", "pending.json", "journal.jsonl",
		                             "replica.json", "lock" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		char whole[PATH_SIZE + 32];

		(void)snprintf(whole, sizeof whole, "%s/%s", path, names[i]); /* short */
		(void)unlink(whole); /* not all are there */
	}
	OK(rmdir(path) == 0, "years: nothing else is left in the data directory");
}

static void years_test(unsigned years)
{
	const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	struct history h = { .streams = (uint64_t)years * DAYS_A_YEAR * STREAMS_A_DAY,
		             .messages = (uint64_t)years * MESSAGES_A_YEAR };
	struct store_totals empty, before;
	char path[PATH_SIZE], err[ERR_SIZE];
	struct rig rig;

	(void)snprintf(path, sizeof path, "%s/threefold-years.XXXXXX", base);
	ALWAYS(mkdtemp(path) != NULL, "years: a directory is made");
	rig_open(&rig);
	struct disk *disk = disk_of(path);

	h.journal = journal_of(disk, rig.store);
	team_add(rig.store);
	store_totals(rig.store, &empty);
	live(&h, rig.store);
	judge_memory(&h, rig.store, empty.memory);
	store_totals(rig.store, &before);
	OK(journal_close(h.journal, err) == 0, "years: a clean stop");
	disk_close_directory(disk);
	judge_snapshot(&h, path);
	judge_start(&h, path, &before);
	judge_requests(&rig);
	remove_all(path);
	session_free(rig.s);
	store_free(rig.store);
	store_free(rig.journal);
	for (unsigned i = 0; i < PEERS; i++)
		buf_release(&rig.peers[i].in);
}

/* ---- holes ---- */

static void join(struct store *to, const struct store *from)
{
	struct store_key key = { 0 };
	struct fact fact;

	while (store_next(from, &key, &fact))
		(void)store_apply(to, &fact, NULL); /* known or new: it is a join */
}

/* Each replica misses what it was away for, and a sender crashed after writing a number to one
 * replica alone: numbers 1 to 9 of each stream, of which replica r never heard those with number
 * % 3 == r. */
static void holes_test(void)
{
	enum { STREAMS = 3000, NUMBERS = 9 };
	struct store *replicas[3] = { store_new(), store_new(), store_new() };
	struct store_totals totals[3];

	for (uint64_t i = 0; i < STREAMS; i++)
		for (uint64_t number = 1; number <= NUMBERS; number++)
			for (unsigned r = 0; r < 3; r++) {
				struct fact fact = { .kind = FACT_BURIAL,
					             .burial = { .stream = stream_at(i) } };

				fact.burial.range = (struct range){ number, number };
				if (number % 3 != r)
					(void)store_apply(replicas[r], &fact, NULL);
			}
	store_totals(replicas[0], &totals[0]);
	IS_U64(totals[0].ranges, STREAMS * 3, "holes: what a replica missed splits its ranges");
	for (unsigned r = 1; r < 3; r++)
		join(replicas[0], replicas[r]);
	for (unsigned r = 1; r < 3; r++)
		join(replicas[r], replicas[0]);
	for (unsigned r = 0; r < 3; r++) {
		store_totals(replicas[r], &totals[r]);
		store_check(replicas[r]);
	}
	IS_U64(totals[0].ranges, STREAMS, "holes: joined, they close: one range a stream");
	IS_U64(totals[1].sum, totals[0].sum, "holes: the second replica holds the same");
	IS_U64(totals[2].sum, totals[0].sum, "holes: the third one, too");
	for (unsigned r = 0; r < 3; r++)
		store_free(replicas[r]);
}

int main(void)
{
	const char *years = getenv("YEARS");

	team_make();
	holes_test();
	years_test(years ? (unsigned)strtoul(years, NULL, 10) : 1);
	return tap_done();
}
