/* SPDX-License-Identifier: MIT
 *
 * One job has journal_begin, journal_run and journal_end, in this order, and no two jobs overlap.
 * Only journal_run may run on the other thread.
 */
#include "driver/commit.h"

#include "io/log.h"
#include "io/syncer.h"

#include <time.h>
#include <unistd.h>

enum {
	INLINE_SIZE_MAX = 32 * 1024, /* bytes of a commit on the loop's thread */
	INLINE_HEARD_MAX = 2,        /* connections that were heard since the last one */
	INLINE_FACTS_MAX = 2,        /* of each connection, where there are more */
	INLINE_AGAIN_MS = 20,        /* after a slow one */
	HOLD_FACTS_MIN = 16,         /* of the last batch: under such a load the next may wait */
	HOLD_MS = 2,                 /* but no longer after the last one's end */
	COMPACT_EVERY_MS = 20,       /* a slice of compaction, if a batch was as short ago */
	LOOK_AGAIN_MS = 100,         /* after a compaction that is wanted had nothing to do */
	ROOM_LOOK_MS = 1000,         /* while the disk is full */
	PUT_OFF_LOG_MS = 60000,      /* between two lines about what was put off */
};

struct committer {
	struct loop *loop;
	struct journal *journal;
	struct sessions *sessions;
	struct peers *peers;
	struct syncer *syncer;
	enum journal_room room;
	uint64_t put_off_ms;       /* when it was last told that something was put off; 0: never */
	uint64_t heard;            /* connections, since the last batch began */
	uint64_t batch;            /* facts of the last one */
	uint64_t batch_ended_ms;   /* 0: there was none */
	uint64_t inline_after_ms;  /* not before */
	uint64_t compact_after_ms; /* under load, not before */
	uint64_t look_after_ms;
	uint64_t started_ms; /* the job on the other thread, the last one there was */
	uint64_t took_us;    /* the last job; it is the other thread's while that one runs */
	bool is_full;        /* session_memory_is_full, when it was last looked at */
	struct commit_counts counts;
};

static uint64_t clock_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void run_job(void *context)
{
	struct committer *c = context;
	uint64_t begun_us = clock_us();

	journal_run(c->journal);
	c->took_us = clock_us() - begun_us;
}

/* What follows from the room of the disk. */
static const struct {
	enum session_disk disk;
	enum log_level level;
	const char *line;
} rooms[] = {
	[JOURNAL_ROOM_ALL] = { SESSION_DISK_OK, LOG_NOTICE, "the disk has room again" },
	[JOURNAL_ROOM_BURIALS] = { SESSION_DISK_LOW, LOG_WARNING,
	                           "the disk is nearly full: nothing new is stored until "
	                           "there is room" },
	[JOURNAL_ROOM_NONE] = { SESSION_DISK_FULL, LOG_WARNING,
	                        "the disk is full, and the reserve is used up: nothing is "
	                        "stored, not even what was received, until there is room" },
};

/* Only between two jobs: the sizes of the journal must not be asked for while one runs. */
static void look_at_room(struct committer *c)
{
	enum journal_room room = journal_room(c->journal, loop_now_ms(c->loop));
	bool is_full = session_memory_is_full(c->sessions);

	if (is_full && !c->is_full)
		log_line(LOG_WARNING,
		         "the facts take as much memory as they may "
		         "(--limit-memory): nothing new is stored until there is room");
	c->is_full = is_full;
	if (room == c->room)
		return;
	c->room = room;
	log_line(rooms[room].level, "%s", rooms[room].line);
	session_disk(c->sessions, rooms[room].disk);
	peers_act(c->peers);
}

/* A job that was put off is tried again every second, so that is not told each time. */
static void tell_put_off(struct committer *c)
{
	const char *why = journal_put_off(c->journal);
	uint64_t now_ms = loop_now_ms(c->loop);

	if (why == NULL || (c->put_off_ms != 0 && now_ms - c->put_off_ms < PUT_OFF_LOG_MS))
		return;
	c->put_off_ms = now_ms;
	log_line(LOG_WARNING, "%s; it is tried again", why);
}

/* What the job put on the disk may be answered now. */
static void job_done(struct committer *c)
{
	uint64_t before = journal_synced(c->journal);
	uint64_t synced;
	char err[ERR_SIZE];

	if (journal_end(c->journal, err) != 0) {
		log_line(LOG_ERROR, "%s; this is the end", err);
		_exit(1); /* nothing that waits may be answered, and nothing else written */
	}
	tell_put_off(c);
	synced = journal_synced(c->journal);
	assert(synced >= before);
	if (synced == before)
		return; /* a slice of compaction, or a batch that did not fit */
	c->batch = synced - before;
	c->batch_ended_ms = loop_now_ms(c->loop);
	c->counts.syncs++;
	c->counts.took[figures_bucket(c->took_us)]++;
	c->counts.took_us += c->took_us;
	c->counts.facts += synced - before;
	if (synced - before > c->counts.batch_max)
		c->counts.batch_max = synced - before;
	session_synced(c->sessions, synced);
	session_behind(c->sessions, journal_is_behind(c->journal));
	peers_act(c->peers);
}

static void thread_done(void *context)
{
	job_done(context);
}

struct committer *committer_new(struct loop *l, struct journal *journal, struct sessions *sessions,
                                struct peers *peers)
{
	struct committer *c = memory_alloc_zero(1, sizeof *c);

	*c = (struct committer){
		.loop = l,
		.journal = journal,
		.sessions = sessions,
		.peers = peers,
	};
	c->syncer = syncer_new(l, run_job, thread_done, c);
	if (c->syncer == NULL) {
		memory_free(c);
		return NULL;
	}
	/* Before the first client asks for anything. The first turn tells it. */
	session_disk(sessions, rooms[journal_room(journal, loop_now_ms(l))].disk);
	return c;
}

void committer_free(struct committer *c)
{
	if (c == NULL)
		return;
	syncer_free(c->syncer);
	memory_free(c);
}

/* Waking the other thread costs two switches, some 80 us each on an idle core, and the sync of one
 * small batch takes about as long. The other thread pays if the loop has something better to do
 * meanwhile: to read what the same connections send next. If each has sent little, because it waits
 * for this commit, more of them can be heard at once after it. */
static bool is_inline(const struct committer *c)
{
	uint64_t facts = journal_position(c->journal) - journal_synced(c->journal);
	bool is_calm = c->heard <= INLINE_HEARD_MAX || facts <= c->heard * INLINE_FACTS_MAX;

	return is_calm && journal_waiting_size(c->journal) <= INLINE_SIZE_MAX &&
	       peers_written(c->peers) == 0 && loop_now_ms(c->loop) >= c->inline_after_ms;
}

/* Under load, the clients that the last batch answered will send again at once. A batch that does
 * not wait for them makes two commits out of one: twice the work for the disk, and nobody is served
 * sooner. So it waits until nearly as much has come as last time. */
static bool is_held(const struct committer *c)
{
	uint64_t facts = journal_position(c->journal) - journal_synced(c->journal);

	return facts > 0 && c->batch >= HOLD_FACTS_MIN && facts < c->batch * 3 / 4 &&
	       loop_now_ms(c->loop) < c->batch_ended_ms + HOLD_MS;
}

/* Between two jobs: begins the next, if there is anything to do. */
static bool begin_job(struct committer *c)
{
	uint64_t now_ms = loop_now_ms(c->loop);
	bool is_loaded = now_ms < c->batch_ended_ms + COMPACT_EVERY_MS;
	bool may_compact = !is_loaded || now_ms >= c->compact_after_ms;

	assert(!syncer_is_running(c->syncer));
	look_at_room(c);
	/* Under load slices of compaction are spread, so that a batch seldom waits for one. */
	if (!journal_begin(c->journal, may_compact)) {
		c->look_after_ms = now_ms + LOOK_AGAIN_MS;
		return false;
	}
	c->look_after_ms = 0;
	if (journal_job_is_batch(c->journal))
		c->heard = 0;
	else
		c->compact_after_ms = now_ms + COMPACT_EVERY_MS;
	return true;
}

void committer_turn(struct committer *c)
{
	bool goes_inline;
	bool was_late;

	c->heard += peers_heard(c->peers);
	if (syncer_is_running(c->syncer))
		return;
	goes_inline = is_inline(c);
	if (is_held(c) || !begin_job(c))
		return;
	if (!goes_inline || !journal_job_is_batch(c->journal)) {
		c->started_ms = loop_now_ms(c->loop);
		syncer_start(c->syncer);
		return;
	}
	was_late = loop_is_late(c->loop);
	run_job(c);
	c->counts.syncs_inline++;
	if (!was_late && loop_is_late(c->loop)) /* by the disk's fault */
		c->inline_after_ms = loop_now_ms(c->loop) + INLINE_AGAIN_MS;
	job_done(c);
}

uint64_t committer_deadline(const struct committer *c)
{
	uint64_t deadline_ms = LOOP_NEVER;

	/* A job that runs wakes the loop at its end. */
	if (syncer_is_running(c->syncer))
		return LOOP_NEVER;
	if (c->room != JOURNAL_ROOM_ALL)
		deadline_ms = loop_now_ms(c->loop) + ROOM_LOOK_MS;
	if (journal_position(c->journal) > journal_synced(c->journal))
		deadline_ms = is_held(c) ? c->batch_ended_ms + HOLD_MS
		                         : journal_begin_ms(c->journal);
	else if (journal_compacting(c->journal) && c->look_after_ms < deadline_ms)
		deadline_ms = c->look_after_ms;
	return deadline_ms;
}

uint64_t committer_waits_ms(const struct committer *c)
{
	return syncer_is_running(c->syncer) ? loop_now_ms(c->loop) - c->started_ms : 0;
}

void committer_finish(struct committer *c)
{
	if (syncer_is_running(c->syncer)) {
		syncer_wait(c->syncer);
		job_done(c);
	}
	while (journal_begin(c->journal, false)) {
		run_job(c);
		job_done(c);
	}
	/* What does not fit is tried once more by journal_close, which tells. */
}

void committer_counts(const struct committer *c, struct commit_counts *counts)
{
	*counts = c->counts;
}
