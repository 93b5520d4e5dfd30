/* SPDX-License-Identifier: MIT
 *
 * journal: makes a store's facts durable, as JSON, and gives them back at the next start.
 *
 * Files, all in one data directory and all through a `disk`:
 *
 *   users.json          snapshot: accounts and tombstones, by id
 *   pending.json        snapshot: dead ranges and messages, by mailbox (store_pending_next), long
 *                       texts last
 *   journal.jsonl       every fact since, one JSON object a line, each with a CRC-32C
 *   journal.old.jsonl   the journal before, while both snapshots are being written again
 *   replica.json        what is this replica's own: its uuid
 *   *.new               written aside, not yet renamed
 *
 * A snapshot is one valid JSON document with one element a line and ends with its count of elements
 * and a checksum of its content. Nothing in it belongs to one replica: equal sets give equal bytes.
 * The first line of a journal names the checksums of the two snapshots that it follows; a snapshot
 * that no journal names is damage. Every file says its format version; a newer one is refused
 * untouched. FORMAT in DESIGN.md has examples.
 *
 * Group commit. journal_append puts a fact into the batch that is being filled and returns its
 * position (the count of facts so far). One job at a time is run: journal_begin prepares it,
 * journal_run does its I/O and may be called on another thread, journal_end takes the result in.
 * While a batch runs, the next one fills. Each batch begins with a line that says how much of the
 * journal was synced when it was written.
 *
 * A start reads both snapshots, the old journal if there is one, and the journal. Damage at or
 * after the largest mark is a torn tail: it is cut, with a warning. Damage before it is refused,
 * with file, line and byte, and nothing is changed; `salvage` sets the damaged file aside
 * (NAME.bad-N) and starts with what is whole. What stands whole after the largest mark is written
 * again over itself and synced before journal_open returns.
 *
 * Compaction (begun by itself when the journal has outgrown the snapshots): waits for the batch
 * under way, begins a new journal, writes both snapshots in slices between batches, notes their
 * checksums in the new journal, renames them, and removes the old journal. A start that finds it
 * half done finishes it.
 *
 * Errors: anything that fails while facts are at stake is final: journal_end returns -1 with a
 * sentence, and the process must end. A snapshot that does not fit is given up, its file removed,
 * and tried again later.
 *
 * Threads: only journal_run may be called on another thread than the rest, and between
 * journal_begin and journal_end the caller may append, but not begin, work or close.
 */
#ifndef THREEFOLD_JOURNAL_JOURNAL_H
#define THREEFOLD_JOURNAL_JOURNAL_H

#include "journal/disk.h"
#include "store.h"

struct journal;

struct journal_options {
	bool salvage;
	bool new_uuid;             /* draw the uuid anew */
	uint8_t uuid[UUID_SIZE];   /* random bytes, used if there is none yet or new_uuid */
	uint64_t compact_size_min; /* journal bytes below which no compaction begins; 0: 256
	                            * MiB */
	/* journal bytes reserved ahead, and sixteen times a slice of compaction; 0: 4 MiB */
	uint64_t reserve_size;
};

/* What a start found, for its first line. `warnings` are sentences, one a line, possibly empty. */
struct journal_loaded {
	uint64_t facts;    /* elements in the store */
	uint64_t replayed; /* journal lines */
	uint64_t cut;      /* bytes of a torn tail */
	char warnings[4 * ERR_SIZE];
};

enum journal_status {
	JOURNAL_OK,
	JOURNAL_FAILED,  /* the environment: cannot read, write, no space to start at all */
	JOURNAL_REFUSED, /* the data: damaged, of a newer format, mixed copies; nothing was
	                  * changed */
};

/* Loads into an empty store. `disk` and `store` must outlive the journal. On failure *journal stays
 * as it was and `err` has one sentence that names file, line and byte and, for damage, says what
 * --salvage would do. */
enum journal_status journal_open(struct disk *disk, const struct journal_options *options,
                                 struct store *store, struct journal **journal,
                                 struct journal_loaded *loaded, char err[ERR_SIZE]);
const uint8_t *journal_uuid(const struct journal *j);

/* The fact has changed the store and must become durable. Copies what it needs. */
uint64_t journal_append(struct journal *j, const struct fact *fact);
/* The last position appended, and the last one on disk. */
uint64_t journal_position(const struct journal *j);
uint64_t journal_synced(const struct journal *j);

/* Prepares the next job, if there is one to do and none is running: a batch, else, if
 * `may_compact`, a slice of compaction (reads the store, at most a few milliseconds). Under a load
 * that never pauses a slice comes after every fourth batch, or the journal would grow for ever.
 * False: nothing to do, or a job has failed for good. */
bool journal_begin(struct journal *j, bool may_compact);
/* How many bytes wait for the next batch, so that the caller may run a small one inline. */
size_t journal_waiting_size(const struct journal *j);
/* Of the job that was begun: false if it is a slice of compaction. */
bool journal_job_is_batch(const struct journal *j);
/* Does the job's I/O. Any thread. */
void journal_run(struct journal *j);
/* 0, or -1 and a sentence: the process must end at once. */
int journal_end(struct journal *j, char err[ERR_SIZE]);

/* False below the low-water mark: additions must be refused then. The mark leaves room for both
 * next snapshots, a new journal and the reserve. Looked at once a batch and at least once a second
 * of `now_ms` given. */
bool journal_has_room(struct journal *j, uint64_t now_ms);
/* Whether a compaction is wanted or under way: the caller goes on calling journal_begin(j, true)
 * when idle. */
bool journal_compacting(const struct journal *j);

/* A clean stop: commits, writes both snapshots, empties the journal to its first line. 0 also if
 * the snapshots did not fit: the journal then stays as it is. -1 and a sentence if facts may be
 * lost. Frees the journal either way. */
int journal_close(struct journal *j, char err[ERR_SIZE]);
/* Frees without writing anything, as a crash would leave it (tests, and after a failed start). */
void journal_abandon(struct journal *j);

#endif
