/* SPDX-License-Identifier: MIT
 *
 * What the files of the journal share. From the bottom up; each file calls only files above it in
 * this list, and journal/line.h:
 *
 *   names.c        the names of the files
 *   same.c         what the message before says (same.h)
 *   batch.c        facts to lines, lines to the disk; what a job may fail with
 *   snapshot.c     a snapshot of the store, encoded slice by slice
 *   compaction.c   when both snapshots are written again, and the steps of it
 *   journal.c      which job is next; room; a clean stop
 *   window.c       reading files line by line; what is wrong with them
 *   read.c         what the lines of each file mean, and what makes them whole
 *   load.c         a start: which files must be there, finishing what a crash left, salvage
 *   backup.c       a journal that is made in a directory of its own and closed (backup.h)
 *
 * All I/O of a running journal is done by jobs. A job is prepared on the caller's thread by a
 * `..._begin`, which may look at the store; it is run by a `..._run`, on any thread, which does
 * nothing but I/O; and its result is taken in by an `..._end`, on the caller's thread again.
 *
 * The steps of a compaction, and what a crash leaves at each:
 *
 *   PREPARE  journal.jsonl.new is made and gets its room. If a crash leaves it, a start removes it.
 *   TURN     Its first line is written and synced. The journal is renamed journal.old.jsonl, names
 *            synced; the new one is renamed journal.jsonl, names synced. After a crash between the
 *            renames a start does the second one.
 *   USERS    users.json.new is written, a slice a job. A start begins this step again, because from
 *            here on the old journal is needed.
 *   PENDING  pending.json.new, in the same way.
 *   NOTE     The checksums of both go into the new journal, synced. From now on a snapshot is right
 *            in its old and in its new form.
 *   PLACE    Both are renamed, names synced; the old journal is removed, names synced. A start does
 *            it all again unless both snapshots are noted ones.
 *
 * The old journal is never replaced while it is needed, because a TURN comes only after a PLACE.
 */
#ifndef THREEFOLD_JOURNAL_PRIVATE_H
#define THREEFOLD_JOURNAL_PRIVATE_H

#include "base/ring.h"
#include "journal/journal.h"
#include "journal/line.h"
#include "journal/same.h"

enum {
	JOURNAL_MAGIC = 0x6a6f7572,
	RESERVE_STEPS = 16, /* a job enlarges the reserve by about a 16th, and a slice of a
	                     * snapshot is as large as that */
};
/* Of all buffers here. What bounds them is batch_size_max, and what one request brings more. */
#define JOURNAL_BUFFER_MAX (SIZE_MAX / 4)

/* ---- names.c ---- */

enum journal_file {
	FILE_USERS, /* the two snapshots are also indices of `sizes` in struct journal */
	FILE_PENDING,
	FILE_JOURNAL,
	FILE_OLD,
	FILE_REPLICA,
	FILE_COUNT,
};
/* "users.json", and "users.json.new" for the file that is written aside. */
extern const char *const journal_names[FILE_COUNT];
extern const char *const journal_names_new[FILE_COUNT];
/* Stands in the directory of a backup that is not finished. */
extern const char journal_unfinished[];

/* ---- batch.c ---- */

enum journal_job_kind {
	JOB_NONE,
	JOB_BATCH,
	JOB_PREPARE, /* the others belong to a compaction, or to a clean stop */
	JOB_TURN,
	JOB_SLICE,
	JOB_PLACE,
	JOB_EMPTY,
};

/* What journal_run is given, and what it gives back. While it runs, the rest of the journal may
 * change only in `fill` and `position`. */
struct journal_job {
	enum journal_job_kind kind;
	const uint8_t *data; /* what is to be written; the kind says where */
	size_t size;
	uint64_t position;  /* BATCH: facts up to this one are then durable */
	int result;         /* 0 or a negative errno value */
	bool is_note;       /* BATCH: it is the note of a compaction */
	bool gives_up;      /* it failed, and no fact is lost by it: it is tried again later */
	const char *failed; /* what could not be done, and with which file; NULL: all was done */
	const char *file;
	int handle;        /* of the file written aside; -1: it is opened by the job */
	uint64_t reserved; /* the size of the journal after the job */
	uint32_t crc;      /* BATCH: of the journal with it */
	int64_t room;      /* of the disk; below 0: not looked at */
};

/* A stream that a batch uses, for so many facts in a row. */
struct batch_use {
	uint64_t number;
	uint32_t count;
	struct stream stream;
};

/* A batch that is being filled, or that has its size, and waits. */
struct journal_batch {
	struct buf bytes;
	struct buf uses;   /* of struct batch_use */
	uint64_t position; /* of its last fact, once it has its size */
};

/* An empty batch, and its end. */
void batch_init(struct journal_batch *b);
void batch_release(struct journal_batch *b);
/* How many bytes are appended and not begun. When they are begun, the file may first have to name
 * the streams that they use. */
size_t batch_waiting(const struct journal *j);
/* The same with the names of all streams, also of those that the file has named already. */
size_t batch_waiting_max(const struct journal *j);
/* Whether a call of the disk failed because the disk, a quota or a limit is full. */
bool journal_is_no_room(int result);
/* From now on, for a second, what has given up is not tried again. */
void journal_put_off_job(struct journal *j);
/* Remembers the first thing that fails in a job, for its sentence "cannot WHAT 'FILE': ...". Gives
 * `result` back. */
int journal_failed(struct journal *j, int result, const char *what, const char *file);
/* Begins a job that writes and syncs what `fill` holds. */
void batch_begin(struct journal *j);
/* Begins a batch that holds no fact, only the note that both snapshots are written. */
void batch_begin_note(struct journal *j);
/* Does the batch's I/O. Any thread. What fails is noted in the job. */
void batch_run(struct journal *j);
/* Takes in a batch that is on the disk: its facts count as synced. One that did not fit is kept,
 * and is the next job. */
void batch_end(struct journal *j);
/* Makes the batch that did not fit the job again. */
void batch_begin_again(struct journal *j);

/* ---- snapshot.c ---- */

/* One snapshot that is being written. */
struct snapshot {
	enum journal_file file; /* FILE_USERS or FILE_PENDING */
	int handle;             /* -1: not opened yet */
	bool in_texts;          /* all elements but the long texts are written */
	bool complete;          /* the slice holds its end */
	uint64_t offset;        /* of the slice in the file */
	uint64_t count;         /* facts and long texts */
	bool has_element;
	struct named named; /* the streams that the file has named */
	/* store_said_mark: what this file has said is marked above said_before, by which marks are
	 * larger than the numbers of this file; said_last was given last, by any file. */
	uint64_t said_before;
	uint64_t said_last;
	uint32_t crc;       /* of all bytes of the file */
	uint32_t block_crc; /* of those since the last checksum */
	size_t begin;       /* of the element that is being put */
	size_t block_size;
	size_t hashed; /* bytes of the slice that both checksums hold */
	/* the last element that was written, of each order in which the store gives them */
	struct store_key users_after;
	struct store_pending pending_after;
	uint8_t text_after[KEY_SIZE];
	struct buf slice; /* what the job writes */
};

enum { SNAPSHOT_BLOCK_SIZE = 1024 }; /* bytes after which a checksum stands */

/* Begins a snapshot anew. Nothing is opened or written yet. */
void snapshot_begin(struct journal *j, enum journal_file file);
/* Frees the memory of one. The next may begin. */
void snapshot_release(struct snapshot *s);
/* Encodes the next slice and makes it the job. j->snapshot says where it goes on; it is not
 * complete yet. */
void snapshot_begin_slice(struct journal *j);

/* ---- compaction.c ---- */

enum compaction_step {
	STEP_IDLE,
	STEP_PREPARE,
	STEP_TURN,
	STEP_USERS,
	STEP_PENDING,
	STEP_NOTE,
	STEP_PLACE,
};

/* Whether there is a job of a compaction to do: one is under way, or the journal has outgrown the
 * snapshots, or the disk is full and a compaction would give room back. It may be put off. */
bool compaction_is_wanted(const struct journal *j);
/* Whether a job of a compaction must be done before the next batch, so that the journals stay
 * within their bound (compaction.c). Only asked for one that is wanted. */
bool compaction_is_due(const struct journal *j);
/* How many bytes the next snapshots may have: what the present ones and the journals have. */
uint64_t compaction_size_max(const struct journal *j);
/* Begins the next job of the compaction that is under way or due. */
void compaction_begin(struct journal *j);
/* Does the I/O of every job but a batch. Any thread. What fails is noted in the job. */
void compaction_run(struct journal *j);
/* Takes in every job but a batch that is no note, and takes the step that follows. */
void compaction_end(struct journal *j);
/* Throws away what is written aside and goes to the step USERS. */
void compaction_restart(struct journal *j);
/* Begins the job of PLACE. */
void compaction_begin_place(struct journal *j);
/* Begins a job that replaces the journal by one of nothing but its first line. All facts must stand
 * in the snapshots in place. */
void compaction_begin_empty(struct journal *j);

/* ---- journal.c ---- */

struct journal {
	uint32_t magic;
	struct disk *disk;
	struct store *store;
	uint8_t uuid[UUID_SIZE];
	uint64_t compact_size_min;
	uint64_t reserve_size;
	uint64_t slice_size; /* of a snapshot, in one job */
	uint64_t batch_size_max;
	bool keeps_reserve; /* at a clean stop */

	int handle;                  /* of journal.jsonl */
	uint64_t end;                /* its bytes that are on the disk: where the next batch goes */
	uint64_t reserved;           /* its size */
	uint32_t crc;                /* of its bytes up to `end` */
	uint64_t head_size;          /* of its first line */
	struct snapshot_names names; /* of the snapshots that are in place */
	uint64_t sizes[2];           /* of users.json and pending.json in place */
	bool has_old;                /* journal.old.jsonl holds facts that the snapshots lack */
	uint64_t old_size;
	bool has_leftovers; /* the snapshot in place has texts that nobody has */

	uint64_t position; /* facts appended */
	uint64_t synced;   /* facts on the disk */
	/* What is appended and not begun: whole batches, then the one that is being filled. Each
	 * begins with JOURNAL_SYNCED_SIZE_MAX bytes of room. */
	struct ring full; /* of struct journal_batch */
	struct journal_batch fill;
	size_t full_size;   /* bytes in all of `full` */
	size_t full_uses;   /* how many struct batch_use, in all of `full` */
	uint64_t mark;      /* counts the batches that are filled: store_text_once */
	uint64_t begun;     /* counts those that began: struct name */
	uint64_t file;      /* counts the files that were journal.jsonl since the start, from 1 */
	struct named named; /* the streams of what was appended */
	struct same same;   /* the last message that was appended to `fill` */
	bool is_behind;
	struct buf batch; /* what the job writes */
	struct journal_job job;
	bool failed;       /* a job failed for good: there will be no other */
	bool has_kept;     /* `batch` and `job` are a batch that did not fit */
	uint64_t now_ms;   /* when journal_room was asked last */
	uint64_t retry_ms; /* what was put off begins again then; 0: nothing was */
	bool is_put_off;   /* `put_off` was not told yet */
	char put_off[ERR_SIZE];
	uint32_t batches_in_a_row;
	uint32_t slices_in_a_row;
	int64_t room; /* of the disk; below 0: not known */
	uint64_t room_looked_ms;

	enum compaction_step step;
	int new_handle; /* of journal.jsonl.new, in PREPARE and TURN */
	uint64_t new_reserved;
	uint64_t retry_end;  /* one did not fit: wait until the journal has grown to this */
	uint64_t paced_from; /* the journal's end when the snapshots were begun */
	struct snapshot snapshot;
	struct snapshot_names written; /* the snapshots written aside */
	uint64_t written_sizes[2];
};

/* A journal with no file open yet, for journal_open to fill in. journal_abandon frees it. */
struct journal *journal_new(struct disk *disk, const struct journal_options *options,
                            struct store *store);
/* Does a whole job at once, while no other is running: begins it by `begin`, runs it and ends it.
 * Returns what journal_end does. */
int journal_do(struct journal *j, void (*begin)(struct journal *j), char err[ERR_SIZE]);
/* Writes both snapshots aside, notes them in the journal if `note`, and puts them in place; then
 * empties the journal to its first line. 0; 1 if they did not fit (nothing has changed then); -1
 * and a sentence. */
int journal_write_all(struct journal *j, bool note, char err[ERR_SIZE]);

/* ---- window.c ---- */

/* Where reading stands, and what it found wrong. */
struct loading {
	struct disk *disk;
	struct store *store;
	bool salvage;
	struct journal_loaded *loaded;
	char *err;
	enum journal_status status; /* not JOURNAL_OK: `err` is set and reading is over */
	bool bad[FILE_COUNT];       /* damaged; only with `salvage` does reading go on */
	bool has_leftovers;         /* a snapshot holds texts that nobody has */
	bool collecting;            /* a salvage's first pass over pending.json, for `texts` only */
	struct buf texts;           /* digests, in order, of the long texts that are whole */
	struct buf said;            /* of a snapshot, by number: uint32_t of store_said_hold */
	struct buf batch_texts;     /* of the batch of a journal that is being read */
	struct same same;           /* the last message of that batch */
	struct journal_line_parser parser;
};

/* A call of the disk has failed with the negative errno value `result`: ends reading with the
 * sentence "cannot WHAT 'FILE': ...". Always false. */
bool loading_fail(struct loading *l, const char *what, const char *file, int result);
/* The file is damaged; `what` is a phrase. Line 0: the file as a whole. Ends reading and is false.
 * But with `salvage` it gives a warning and is true: go on. */
bool loading_damage(struct loading *l, enum journal_file file, uint64_t line, uint64_t byte,
                    const char *what);
/* The file is of a format that only a newer program knows: ends reading. Always false. */
bool loading_refuse_newer(struct loading *l, enum journal_file file, uint64_t format);
/* Adds a sentence to l->loaded->warnings, cut to the room that is left there. */
void loading_warn(struct loading *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether the file is there. False also on failure: then l->status says so. */
bool loading_exists(struct loading *l, const char *name);
/* Reads up to `size` bytes at `offset`, and gives how many; -1: reading is over. A sector that
 * cannot be read is damage. A salvage takes each block of it for zeros, and goes on. */
int64_t loading_read(struct loading *l, enum journal_file file, int handle, uint64_t offset,
                     void *data, size_t size);
/* A part of a file in memory. Lines are taken from its front; bytes from `keep` on stay, because a
 * snapshot's lines are applied only when the checksum of their block has been read. */
struct read_window {
	struct loading *l;
	enum journal_file file;
	int handle;
	uint8_t *data;
	size_t size;
	size_t keep;   /* from here on bytes stay in the window */
	size_t next;   /* the next line begins here */
	uint64_t base; /* the file's offset of data[0] */
	uint64_t line; /* number of the line that window_line gave last */
	bool at_end;   /* the file has no more bytes than are here */
};

/* A whole line; bytes without a newline; nothing, the file has ended; nothing, reading is over. */
enum got { GOT_LINE, GOT_PIECE, GOT_END, GOT_FAILURE };

/* The longest block of a snapshot, with the line after it. */
enum { BLOCK_SIZE_MAX = SNAPSHOT_BLOCK_SIZE + JOURNAL_LINE_SIZE_MAX };

/* Begins to read a file: nothing of another one is remembered. False: reading is over. */
bool window_open(struct read_window *w, struct loading *l, enum journal_file file,
                 const char *name);
void window_close(struct read_window *w);
/* Where a byte of the window stands in the file. */
uint64_t window_offset(const struct read_window *w, size_t at);
/* The next line, without its newline. A piece without a newline is given where the file ends, or
 * when it is longer than any line may be. `begin` is its place in the window, until the next
 * call. */
enum got window_line(struct read_window *w, struct view *line, size_t *begin);

/* ---- read.c ---- */

/* What a journal turned out to hold. */
struct found_journal {
	bool exists;
	enum journal_file file; /* FILE_OLD, or FILE_JOURNAL, under whichever name it stood */
	const char *name;
	struct journal_head head;
	struct snapshot_names *notes; /* the caller frees them */
	size_t note_count;
	uint64_t head_size;
	uint64_t named;     /* the largest number of a stream */
	uint64_t mark;      /* the largest: so many bytes were synced */
	uint64_t whole_end; /* the end of the last whole line */
	uint32_t crc;       /* of all bytes up to there */
	uint64_t torn_size; /* bytes that are cut off, without zeros at the end */
	uint64_t size;      /* of the file */
};

struct found_snapshot {
	struct snapshot_name name;
	uint64_t size;
};

/* Forgets the long texts of the batch that was read. */
void loading_forget_texts(struct loading *l);
/* Applies what a snapshot holds to the store, and fills in `found`. A snapshot that is not there
 * counts as read. False: reading is over, and l->status says why. */
bool read_snapshot(struct loading *l, enum journal_file file, struct found_snapshot *found);
/* The same for a journal, which must be there. The caller has set file and name in `found`. */
bool read_journal(struct loading *l, struct found_journal *found);

#endif
