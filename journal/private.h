/* SPDX-License-Identifier: MIT
 *
 * journal_private: what the four files of the journal share and nobody else sees.
 *
 *   journal_line.[ch]    lines, both ways; no I/O
 *   journal.c            appending, batches, jobs, a clean stop
 *   journal/snapshot.c   writing both snapshots in slices; the steps of a compaction
 *   journal/read.c       reading files line by line, with what makes a line whole
 *   journal/load.c       a start: which files must be there, finishing what a crash left, salvage
 *
 * The steps of a compaction, and what a crash leaves at each:
 *
 *   PREPARE  journal.jsonl.new is given room; left over by a crash, it is removed
 *   TURN     its first line is written and synced; the journal becomes journal.old.jsonl, names
 *            synced; the new one becomes the journal, names synced. A start finishes that pair
 *   USERS    users.json.new is written, a slice a job; a start begins it again, because from
 *   PENDING  here on, as in pending.json.new, the old journal is needed
 *   NOTE     both checksums go into the new journal, synced: either name of a snapshot is right now
 *   PLACE    both are renamed, names synced, the old journal removed, names synced; it is needed
 *            until both snapshots are noted ones
 *
 * The old journal is never replaced while it is needed, because a TURN comes only after a PLACE.
 */
#ifndef THREEFOLD_JOURNAL_PRIVATE_H
#define THREEFOLD_JOURNAL_PRIVATE_H

#include "journal/journal.h"
#include "journal/line.h"

enum {
	JOURNAL_MAGIC = 0x6a6f7572,
	BLOCK_SIZE = 1024,        /* bytes of a snapshot after which a checksum stands */
	SLICE_HASH_MAX = 1 << 20, /* bytes of long texts hashed for one: some 3 ms */
	BATCHES_PER_SLICE = 4,    /* of a steady load: then the compaction has its turn */
	RESERVE_STEPS = 16,       /* the reserve grows by this part of it in one job, and such a
	                             part of a snapshot is encoded and written in one */
	ROOM_LOOK_MS = 1000,
	SIZE_ESTIMATE_ACCOUNT = 640,
	SIZE_ESTIMATE_ELEMENT = 320, /* of anything else, without its text */
};

enum journal_file {
	FILE_USERS,
	FILE_PENDING,
	FILE_JOURNAL,
	FILE_OLD,
	FILE_REPLICA,
	FILE_COUNT,
};
/* "users.json", and "users.json.new". */
extern const char *const journal_names[FILE_COUNT];
extern const char *const journal_names_new[FILE_COUNT];

enum step {
	STEP_IDLE,
	STEP_PREPARE,
	STEP_TURN,
	STEP_USERS,
	STEP_PENDING,
	STEP_NOTE,
	STEP_PLACE,
};

/* One snapshot under way. */
struct snapshot {
	enum journal_file file; /* FILE_USERS or FILE_PENDING */
	int handle;             /* -1: not opened yet */
	bool in_texts;          /* all elements but the long texts are written */
	bool complete;          /* the slice holds its end */
	uint64_t offset;        /* of the slice */
	uint64_t count;         /* facts and long texts */
	bool has_element;
	uint32_t crc;       /* of all bytes */
	uint32_t block_crc; /* of those since the last checksum */
	size_t block_size;
	size_t hashed; /* bytes of the slice that both crcs hold */
	struct store_key users_after;
	struct store_pending pending_after;
	uint8_t text_after[KEY_SIZE];
	struct buf slice;
};

enum job_kind { JOB_NONE, JOB_BATCH, JOB_PREPARE, JOB_TURN, JOB_SLICE, JOB_PLACE, JOB_EMPTY };

/* What journal_run is given and what it gives back. While it runs, the rest of the journal may
 * change only in `fill` and `position`. */
struct job {
	enum job_kind kind;
	const uint8_t *data; /* what is to be written, wherever the job's kind says */
	size_t size;
	uint64_t position;  /* that this batch makes durable */
	int result;         /* 0 or a negative errno value */
	bool is_note;       /* this batch is the note of a compaction */
	bool gives_up;      /* it failed for want of room, and nothing is lost by it */
	const char *failed; /* what could not be done, and with which file */
	const char *file;
	int handle;        /* a file opened */
	uint64_t reserved; /* the size of the journal after the job */
	int64_t room;      /* of the disk; below 0: not looked at */
};

struct journal {
	uint32_t magic;
	struct disk *disk;
	struct store *store;
	uint8_t uuid[UUID_SIZE];
	uint64_t compact_size_min;
	uint64_t reserve_size;
	uint64_t slice_size; /* of a snapshot, in one job */

	int handle;                  /* of journal.jsonl */
	uint64_t end;                /* its bytes that are on the disk: where the next batch goes */
	uint64_t reserved;           /* its size */
	uint32_t crc;                /* of its bytes up to `end` */
	uint64_t head_size;          /* of its first line */
	struct snapshot_names names; /* of the snapshots that are in place */
	uint64_t sizes[2];           /* of users.json and pending.json in place */
	bool has_old;                /* journal.old.jsonl holds what they lack */
	uint64_t old_size;

	uint64_t position;
	uint64_t synced;
	struct buf fill; /* begins with SYNCED_SIZE_MAX bytes of room, if it holds anything */
	struct buf batch;
	struct job job;
	bool failed; /* a job failed for good: there will be no other */
	uint32_t batches_in_a_row;
	int64_t room;
	uint64_t room_looked_ms;

	enum step step;
	int new_handle; /* of journal.jsonl.new, in PREPARE and TURN */
	uint64_t new_reserved;
	uint64_t retry_end; /* one did not fit: wait until the journal has grown to this */
	struct snapshot snapshot;
	struct snapshot_names written; /* the snapshots written aside */
	uint64_t written_sizes[2];
};

/* ---- journal.c ---- */

struct journal *journal_new(struct disk *disk, const struct journal_options *options,
                            struct store *store);
/* A whole job at once: begins it by `begin`, runs and ends it. */
int journal_do(struct journal *j, void (*begin)(struct journal *j), char err[ERR_SIZE]);
/* Both snapshots aside, noted in the journal if `note`, and in place; then a journal of nothing but
 * its first line. 0; 1 if they did not fit (nothing has changed then); -1. */
int journal_write_all(struct journal *j, bool note, char err[ERR_SIZE]);
bool is_no_room(int result);
/* Remembers the first thing that failed in a job. */
int job_failed(struct job *job, int result, const char *what, const char *file);
/* A batch of nothing but a note. */
void journal_begin_note(struct journal *j);
/* How many bytes the next snapshots may have: what their last ones and the journals have. */
uint64_t journal_next_sizes(const struct journal *j);

/* ---- journal/snapshot.c ---- */

/* Begins the next job of the compaction that is under way or wanted. */
void compaction_begin(struct journal *j);
bool compaction_is_due(const struct journal *j);
void compaction_run(struct journal *j);
void compaction_end(struct journal *j);
/* Forgets what is written aside, and begins with users.json anew. */
void compaction_restart(struct journal *j);
void snapshot_begin(struct journal *j, enum journal_file file);
void snapshot_begin_slice(struct journal *j);
void compaction_begin_place(struct journal *j);
void compaction_begin_empty(struct journal *j);

/* ---- journal/read.c ---- */

/* Where reading stands and what it found wrong. */
struct loading {
	struct disk *disk;
	struct store *store;
	bool salvage;
	struct journal_loaded *loaded;
	char *err;
	enum journal_status status; /* not JOURNAL_OK: `err` is set and reading is over */
	bool bad[FILE_COUNT];       /* damaged; only with `salvage` does reading go on */
	bool collecting;            /* a salvage's first pass over pending.json, for `texts` only */
	struct buf texts;           /* digests, in order, of the long texts that are whole */
	struct line_parser parser;
};

struct found_journal {
	bool exists;
	enum journal_file file; /* FILE_OLD, or FILE_JOURNAL, under whichever name it stood */
	const char *name;
	struct journal_head head;
	struct snapshot_names *notes;
	size_t note_count;
	uint64_t head_size;
	uint64_t mark;      /* the largest: so much was synced */
	uint64_t whole_end; /* the end of the last whole line */
	uint32_t crc;       /* of all up to there */
	uint64_t torn_size; /* bytes that are cut off, without zeros at the end */
	uint64_t size;      /* of the file */
};

struct found_snapshot {
	struct snapshot_name name;
	uint64_t size;
};

bool loading_fail(struct loading *l, const char *what, const char *file, int result);
/* The data is refused: a sentence about file, line and byte. With `salvage` it becomes a warning,
 * and the result is true: go on. Line 0: the file as a whole. */
bool loading_damage(struct loading *l, enum journal_file file, uint64_t line, uint64_t byte,
                    const char *what);
void loading_warn(struct loading *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether the file is there. False also on failure: then l->status says so. */
bool loading_exists(struct loading *l, const char *name);
/* Each applies what the file holds; false if reading is over. A file that is not there is none. */
bool read_snapshot(struct loading *l, enum journal_file file, struct found_snapshot *found);
bool read_journal(struct loading *l, struct found_journal *found);

#endif
