/* SPDX-License-Identifier: MIT
 *
 * journal: writes a store's facts to a disk, as JSON, and reads them back at the next start.
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
 * A snapshot is one valid JSON document. It has one element a line, and ends with the count of
 * elements and a checksum of its content. Nothing in it belongs to one replica: equal sets give
 * equal bytes. The first line of a journal names the two snapshots that it follows, by their
 * checksums; a snapshot that no journal names is damage. Every file says the version of its format.
 * A file of a newer version is refused, and stays as it is. FORMAT in DESIGN.md has examples.
 *
 * Group commit. journal_append puts a fact into the batch that is being filled and returns its
 * position (the count of facts so far). One job at a time runs: journal_begin prepares it,
 * journal_run does its I/O and may be called on another thread, journal_end takes the result in.
 * While a batch runs, the next one fills. Each batch begins with a mark: a line that says how much
 * of the journal was synced when the batch was written.
 *
 * A start reads both snapshots, the old journal if there is one, and the journal. Damage behind the
 * largest mark is a torn tail: it is cut off, with a warning. Damage before it is refused, with
 * file, line and byte, and nothing is changed. With `salvage` a start copies a damaged file to
 * NAME.bad-N and goes on with what is whole. What is whole behind the largest mark is written again
 * over itself, and synced, before journal_open returns.
 *
 * A compaction begins by itself when the journal has outgrown the snapshots. It begins a new
 * journal, writes both snapshots in slices between batches, notes their checksums in the new
 * journal, renames them, and removes the old journal. If a crash interrupts it, a start finishes
 * it.
 *
 * Errors. What fails while facts are at stake is final: journal_end returns -1 with a sentence, and
 * the process must end. It is no such failure if a snapshot or a new journal does not fit, or its
 * file cannot be opened: what was written is removed, and tried again later. A batch that does not
 * fit stays, and is written when there is room; until then none of its facts counts as synced.
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
	bool salvage;            /* start in spite of damage */
	bool new_uuid;           /* give this replica another uuid */
	uint8_t uuid[UUID_SIZE]; /* random bytes: its uuid if it has none yet, or with new_uuid */
	/* Random bytes: they keep strangers from choosing streams that all meet in one place of a
	 * table. No file depends on them. */
	uint8_t secret[SIPHASH_KEY_SIZE];
	uint64_t compact_size_min; /* of a journal, before it is compacted; 0: 128 MiB */
	bool is_copy;              /* for nobody to write to: a clean stop keeps no reserve */
	uint64_t batch_size_max;   /* of a batch; the rest is in the next. 0: 2 MiB */
	uint64_t reserve_size;     /* of a journal, ahead of its end; 0: 4 MiB. A slice of a
	                            * compaction has a sixteenth of it */
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
	JOURNAL_REFUSED, /* the data: damaged, of a newer format, or copies of different times;
	                  * nothing was changed */
};

/* Loads into an empty store. `disk` and `store` must outlive the journal. On failure *journal stays
 * as it was and `err` has one sentence that names file, line and byte and, for damage, says what
 * --salvage would do. */
enum journal_status journal_open(struct disk *disk, const struct journal_options *options,
                                 struct store *store, struct journal **journal,
                                 struct journal_loaded *loaded, char err[ERR_SIZE]);
/* Reads all files as a start does, into an empty store, and changes nothing. JOURNAL_OK: a start
 * would take all of it; loaded->cut is what it would cut off. JOURNAL_REFUSED: loaded->warnings has
 * a sentence for each damage, with file, line and byte; or `err` has one, which is else empty, for
 * what is no damage. JOURNAL_FAILED: `err`. */
enum journal_status journal_verify(struct disk *disk, struct store *store,
                                   struct journal_loaded *loaded, char err[ERR_SIZE]);
/* The uuid of this replica: UUID_SIZE bytes, which live as long as the journal. */
const uint8_t *journal_uuid(const struct journal *j);

/* Takes a fact that has changed the store and must become durable. Copies what it needs. Returns
 * its position: when journal_synced has reached it, the fact survives a crash. */
uint64_t journal_append(struct journal *j, const struct fact *fact);
/* The last position appended; 0: none was since the start. */
uint64_t journal_position(const struct journal *j);
/* The last position that is on the disk, and survives a crash; 0: none. */
uint64_t journal_synced(const struct journal *j);

/* Prepares the next job; none may be running. It is a batch if facts wait. Else, if `may_compact`,
 * it is a step of a compaction, which may read the store for a few milliseconds. Under a load that
 * never pauses such a step comes after every fourth batch. And whatever `may_compact` says, it
 * comes before the next batch if the journal would else outgrow its bound: the journal and the old
 * one together have no more bytes than twice the snapshots and twice compact_size_min. False: there
 * is nothing to do, or a job has failed for good. */
bool journal_begin(struct journal *j, bool may_compact);
/* Whether much more has been appended than is on the disk: two batches and more. The caller then
 * appends nothing new until this is false, when less than one batch is left. So the memory that
 * waits for the disk is bounded, and so is the time for which a reply waits. */
bool journal_is_behind(struct journal *j);
/* How many bytes wait for the next batches, so that the caller may run a small one inline. */
size_t journal_waiting_size(const struct journal *j);
/* Whether the job that was begun is a batch; else it is a step of a compaction. */
bool journal_job_is_batch(const struct journal *j);
/* Does the I/O of the job that journal_begin has prepared. Any thread. Failures are kept for
 * journal_end. */
void journal_run(struct journal *j);
/* Takes in what journal_run has done; then the next job may begin. 0, or -1 and a sentence in
 * `err`: facts may be lost, and the process must end at once. */
int journal_end(struct journal *j, char err[ERR_SIZE]);

enum journal_room {
	JOURNAL_ROOM_ALL,     /* for both next snapshots, a new journal and the reserve */
	JOURNAL_ROOM_BURIALS, /* additions must be refused; the reserve takes burials */
	JOURNAL_ROOM_NONE,    /* burials must be refused, too: the reserve is used up */
};
/* What the disk has room for. Asks the disk once a batch, and once a second of `now_ms`. This is
 * also the journal's clock, so it must be called before each journal_begin. */
enum journal_room journal_room(struct journal *j, uint64_t now_ms);
/* How large the journal is, in bytes, with the old one while both are there. What a job that runs
 * writes is not counted yet. */
uint64_t journal_size(const struct journal *j);
/* Bytes that the disk has room for, as it is now. UINT64_MAX: it does not say. Any thread. */
uint64_t journal_free(const struct journal *j);
/* The time before which journal_begin begins no batch, because the last one did not fit; 0: there
 * is no such time. */
uint64_t journal_begin_ms(const struct journal *j);
/* Why a job was put off since the last call: "cannot open 'x': ..."; NULL: none was. It lives until
 * the next journal_end. */
const char *journal_put_off(struct journal *j);
/* Whether a compaction is wanted or under way. The caller then calls journal_begin(j, true) also
 * when no fact waits. */
bool journal_compacting(const struct journal *j);

/* A clean stop, while no job is running: commits, writes both snapshots, empties the journal to its
 * first line, and keeps the reserve behind it. Finishes the store's work before. 0 also if the
 * snapshots did not fit: the journal then stays as it is. -1 and a sentence if facts may be lost,
 * or if the snapshots could not be written for another reason. Frees the journal either way. */
int journal_close(struct journal *j, char err[ERR_SIZE]);
/* Frees the journal without writing anything, as a crash would leave it (tests, and after a failed
 * start). NULL is fine. */
void journal_abandon(struct journal *j);

#endif
