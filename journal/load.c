/* SPDX-License-Identifier: MIT
 *
 * A start. Its steps are in such an order that a refusal has changed nothing, and that another
 * start can begin after a crash at any step:
 *
 *   1. Look which files are there. The journal is missing only in a new directory, or after a crash
 *      between the two renames of a TURN; then the old journal and the one aside are both there
 *      ("the pair").
 *   2. Read both snapshots, the journal, and the old journal if it is needed.
 *   3. Judge whether these files belong together: the journal must name each snapshot.
 *   4. With --salvage, if anything is damaged: copy what is damaged to NAME.bad-N, then write both
 *      snapshots anew and begin a new journal.
 *   5. Else finish the pair. Then write what is whole behind the largest mark again, over itself,
 *      and sync it: before the crash it may have been in the cache only, and clients are about to
 *      be told that it is safe. Then cut off a torn tail.
 *   6. Remove what was left aside, and an old journal that nobody needs.
 *
 * A compaction that was half done is finished later, between batches. The old journal stays until
 * then, and no other compaction begins before.
 */
#include "base/bug.h"
#include "journal/private.h"

#include "base/crc32c.h"
#include "journal/json.h"

#include <errno.h>
#include <stdio.h>

enum {
	COPY_SIZE = 256 * 1024,
	BAD_FILES_MAX = 1000, /* NAME.bad-N of one file */
	REPLICA_SIZE_MAX = 256,
	UUID_TEXT_SIZE = 36,
};

/* What a start finds, file by file. */
struct start {
	struct loading l;
	const struct journal_options *options;
	struct journal *j;
	bool exists[FILE_COUNT];
	bool exists_new[FILE_COUNT];
	bool is_pair;  /* the journal still has its name aside; the one before is renamed already */
	bool is_fresh; /* nothing is there */
	bool needs_old; /* the old journal holds facts that the snapshots lack */
	struct found_snapshot users;
	struct found_snapshot pending;
	struct found_journal journal;
	struct found_journal old;
	bool has_uuid;
	bool is_replica_older; /* replica.json has an older format, and a uuid */
};

static const struct disk_operations *operations(const struct start *s)
{
	return s->l.disk->operations;
}

/* Whether a call of the disk went well. If not, reading is over, with a sentence. */
static bool check(struct start *s, int64_t result, const char *what, const char *file)
{
	return result >= 0 || loading_fail(&s->l, what, file, (int)result);
}

static bool sync_names(struct start *s)
{
	return check(s, operations(s)->sync_names(s->l.disk), "sync the names of",
	             "the data directory");
}

/* ---- which files are there ---- */

/* It holds what had come when the backup was interrupted. Always false. */
static bool refuse_unfinished(struct start *s)
{
	(void)snprintf(
		s->l.err, ERR_SIZE,
		"this is a backup that was not finished ('%s' is there): it holds only a part",
		journal_unfinished);
	s->l.status = JOURNAL_REFUSED;
	return false;
}

/* Step 1. */
static bool look(struct start *s)
{
	if (!s->options->is_copy && loading_exists(&s->l, journal_unfinished))
		return refuse_unfinished(s);
	for (size_t f = 0; f < FILE_COUNT; f++) {
		s->exists[f] = loading_exists(&s->l, journal_names[f]);
		s->exists_new[f] = loading_exists(&s->l, journal_names_new[f]);
	}
	if (s->l.status != JOURNAL_OK)
		return false;
	s->journal.file = FILE_JOURNAL;
	s->journal.exists = s->exists[FILE_JOURNAL];
	s->journal.name = journal_names[FILE_JOURNAL];
	s->old.file = FILE_OLD;
	s->old.exists = s->exists[FILE_OLD];
	s->old.name = journal_names[FILE_OLD];
	if (s->journal.exists)
		return true;
	if (s->old.exists && s->exists_new[FILE_JOURNAL]) {
		s->is_pair = true;
		s->journal.exists = true;
		s->journal.name = journal_names_new[FILE_JOURNAL];
		return true;
	}
	s->is_fresh = !s->old.exists && !s->exists[FILE_USERS] && !s->exists[FILE_PENDING] &&
	              !s->exists[FILE_REPLICA];
	return s->is_fresh ||
	       loading_damage(&s->l, FILE_JOURNAL, 0, 0, "is missing beside files that need it");
}

/* ---- replica.json ---- */

static void put_uuid(char text[UUID_TEXT_SIZE + 1], const uint8_t u[UUID_SIZE])
{
	int size = snprintf(text, UUID_TEXT_SIZE + 1,
	                    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	                    u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
	                    u[11], u[12], u[13], u[14], u[15]);

	assert(size == UUID_TEXT_SIZE);
	(void)size; /* only asserted */
}

/* The digits count wherever they stand; printed again they tell whether the text had its form. */
static bool uuid_from_text(struct view text, uint8_t uuid[UUID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char again[UUID_TEXT_SIZE + 1];
	size_t count = 0;

	for (size_t i = 0; i < text.size && count < 2 * UUID_SIZE; i++) {
		const char *digit = memchr(digits, text.data[i], 16);

		if (digit == NULL)
			continue;
		uuid[count / 2] = (uint8_t)(uuid[count / 2] << 4 | (digit - digits));
		count++;
	}
	put_uuid(again, uuid);
	return view_equal(text, view_of_string(again));
}

/* A uuid is this replica's name on the wire. With --salvage a damaged one is
 * replaced by a new one, because no fact depends on it. */
static bool parse_replica(struct start *s, struct view line)
{
	static const char *const keys[] = { "format", "uuid", "crc" };
	const char *wrong = "it is not what it should be";
	uint8_t uuid[UUID_SIZE] = { 0 };
	uint64_t format = 0;
	struct view text;

	if (line.size < 1 || line.data[line.size - 1] != '\n')
		return loading_damage(&s->l, FILE_REPLICA, 1, 0, "its line has no end");
	line.size--;

	struct cJSON *tree = json_parse(line, &wrong);
	bool newer = json_integer(json_member(tree, "format"), &format) && format > REPLICA_FORMAT;
	bool fits = journal_line_is_sealed(line) && json_has_only(tree, keys, 3) && format >= 1 &&
	            format <= REPLICA_FORMAT && json_string(json_member(tree, "uuid"), &text) &&
	            uuid_from_text(text, uuid);

	json_free(tree);
	if (newer)
		return loading_refuse_newer(&s->l, FILE_REPLICA, format);
	if (!fits)
		return loading_damage(&s->l, FILE_REPLICA, 1, 0, wrong);
	memcpy(s->j->uuid, uuid, UUID_SIZE);
	s->has_uuid = !s->options->new_uuid;
	s->is_replica_older = format < REPLICA_FORMAT;
	return true;
}

static bool read_replica(struct start *s)
{
	const char *name = journal_names[FILE_REPLICA];
	uint8_t text[REPLICA_SIZE_MAX];
	int handle;
	int64_t size;

	if (!s->exists[FILE_REPLICA])
		return true;
	handle = operations(s)->open(s->l.disk, name, DISK_READ);
	if (!check(s, handle, "open", name))
		return false;
	size = loading_read(&s->l, FILE_REPLICA, handle, 0, text, sizeof text);
	(void)operations(s)->close(s->l.disk, handle); /* nothing was written */
	return size >= 0 && parse_replica(s, view_of(text, (size_t)size));
}

/* Writes a small file aside, syncs it, renames it and syncs the names: after a crash the file has
 * its old content or its new one. `may_stay`: it keeps the old one, too, if there is no room. */
static bool replace_file(struct start *s, enum journal_file file, struct view text, bool may_stay)
{
	const struct disk_operations *o = operations(s);
	const char *aside = journal_names_new[file];
	int handle = o->open(s->l.disk, aside, DISK_CREATE);

	if (may_stay && journal_is_no_room(handle))
		return true;
	if (!check(s, handle, "open", aside))
		return false;

	int written = o->write(s->l.disk, handle, 0, text.data, text.size);
	int synced = written < 0 ? 0 : o->sync(s->l.disk, handle);

	(void)o->close(s->l.disk, handle); /* it was synced, or failed already */
	if (may_stay && (journal_is_no_room(written) || journal_is_no_room(synced)))
		return true;
	return check(s, written, "write", aside) && check(s, synced, "sync", aside) &&
	       check(s, o->rename(s->l.disk, aside, journal_names[file]), "rename", aside) &&
	       sync_names(s);
}

/* Also if it is only of an older format: see REPLICA_FORMAT. */
static bool write_replica(struct start *s)
{
	char uuid[UUID_TEXT_SIZE + 1];
	struct buf line;
	bool done;

	if (s->has_uuid && !s->is_replica_older)
		return true;
	if (!s->is_fresh && !s->exists[FILE_REPLICA] && !s->options->is_copy)
		loading_warn(&s->l,
		             "'%s' was missing beside data: this is a replica of its own now, as a "
		             "backup is that is started",
		             journal_names[FILE_REPLICA]);
	if (!s->has_uuid)
		memcpy(s->j->uuid, s->options->uuid, UUID_SIZE);
	put_uuid(uuid, s->j->uuid);
	buf_init(&line, REPLICA_SIZE_MAX);
	journal_line_put_format(&line, REPLICA_FORMAT);
	journal_line_put(&line, ",\"uuid\":\"");
	journal_line_put(&line, uuid);
	journal_line_put(&line, "\"");
	journal_line_seal(&line, 0);
	done = replace_file(s, FILE_REPLICA, buf_view(&line), s->has_uuid);
	buf_release(&line);
	return done;
}

/* ---- whether the files belong together ---- */

/* Whether the journal names this snapshot: in a note, or, if `first`, also in its first line. */
static bool is_named(const struct found_journal *f, struct snapshot_name name, bool users,
                     bool first)
{
	struct snapshot_name head = users ? f->head.follows.users : f->head.follows.pending;

	if (first && snapshot_name_equal(head, name))
		return true;
	for (size_t i = 0; i < f->note_count; i++)
		if (snapshot_name_equal(users ? f->notes[i].users : f->notes[i].pending, name))
			return true;
	return false;
}

/* Step 3. A snapshot that nobody names is of another time or of another replica. */
static bool judge_snapshot(struct start *s, enum journal_file file)
{
	bool users = file == FILE_USERS;
	struct snapshot_name name = users ? s->users.name : s->pending.name;

	/* What is damaged has been told already, and has no name. */
	if (s->l.bad[file] || s->l.bad[FILE_JOURNAL] || is_named(&s->journal, name, users, true))
		return true;
	return loading_damage(&s->l, file, 0, 0,
	                      name.present
	                              ? "is not the snapshot that the journal names: the files are "
	                                "of different times or replicas"
	                              : "is missing, and the journal names it");
}

/* The old journal was whole when the new one began. The new one says how long it was and which
 * checksum it had; and the old one must itself name the snapshots that the new one follows. */
static bool judge_old(struct start *s)
{
	const struct journal_head *head = &s->journal.head;

	if (s->l.bad[FILE_OLD] || s->l.bad[FILE_JOURNAL])
		return true;
	if (s->old.whole_end != head->old_size || s->old.crc != head->old_crc ||
	    !is_named(&s->old, head->follows.users, true, true) ||
	    !is_named(&s->old, head->follows.pending, false, true))
		return loading_damage(&s->l, FILE_OLD, 0, 0,
		                      "is not the journal before this one, or not all of it");
	return true;
}

/* The old journal is needed unless both snapshots are noted ones. With damage, it is read in any
 * case: it may hold what is lost elsewhere. */
static bool read_old(struct start *s)
{
	struct loading *l = &s->l;
	const struct found_journal *f = &s->journal;

	if (!l->bad[FILE_JOURNAL] && !f->head.has_old && s->old.exists)
		return loading_damage(l, FILE_OLD, 0, 0,
		                      "is there, and the journal knows of none") &&
		       read_journal(l, &s->old);
	s->needs_old = l->bad[FILE_JOURNAL] || l->bad[FILE_USERS] || l->bad[FILE_PENDING] ||
	               (f->head.has_old && !(is_named(f, s->users.name, true, false) &&
	                                     is_named(f, s->pending.name, false, false)));
	if (!s->needs_old)
		return true;
	if (s->old.exists)
		return read_journal(l, &s->old) && judge_old(s);
	return !f->head.has_old ||
	       loading_damage(l, FILE_OLD, 0, 0,
	                      "is missing, and the snapshots do not hold what it held");
}

/* A message whose long text is in no file must have been buried since. */
static bool judge_texts(struct start *s)
{
	uint64_t missing = store_load_missing(s->l.store);
	char what[ERR_SIZE / 4];

	if (missing == 0)
		return true;
	(void)snprintf(what, sizeof what, "lacks the texts of %llu messages",
	               (unsigned long long)missing);
	assert(!s->l.salvage); /* then a reference counts only with its text */
	return loading_damage(&s->l, FILE_PENDING, 0, 0, what);
}

/* A damaged replica.json loses no fact, so it needs no salvage of the others. */
static bool is_damaged(const struct start *s)
{
	for (size_t f = 0; f < FILE_COUNT; f++)
		if (s->l.bad[f] && f != FILE_REPLICA)
			return true;
	return false;
}

/* Steps 1 to 3. The work that burials left is done before the store is asked what is missing. */
static bool read_all(struct start *s)
{
	struct loading *l = &s->l;

	if (!look(s) || !read_replica(s))
		return false;
	if (s->is_fresh)
		return true;
	if (!read_snapshot(l, FILE_USERS, &s->users) ||
	    !read_snapshot(l, FILE_PENDING, &s->pending) ||
	    (s->journal.exists && !read_journal(l, &s->journal)) || !read_old(s) ||
	    !judge_snapshot(s, FILE_USERS) || !judge_snapshot(s, FILE_PENDING))
		return false;
	while (store_work(l->store, UINT32_MAX))
		continue;
	return judge_texts(s);
}

/* ---- going on where the last process ended ---- */

/* The journal goes on behind its last whole line. */
static void take_over(struct start *s)
{
	struct journal *j = s->j;
	const struct found_journal *f = &s->journal;

	j->end = f->whole_end;
	j->reserved = f->size > f->whole_end ? f->size : f->whole_end;
	j->crc = f->crc;
	j->head_size = f->head_size;
	j->named.last = f->named;
	j->names = (struct snapshot_names){ s->users.name, s->pending.name };
	j->sizes[0] = s->users.size;
	j->sizes[1] = s->pending.size;
	j->has_old = s->needs_old;
	j->old_size = s->needs_old ? s->old.whole_end : 0;
	j->has_leftovers = s->l.has_leftovers;
	if (j->has_old)
		compaction_restart(j);
}

/* Writes all from the largest mark to the last whole line again and syncs it. What is read may
 * stand in the cache only: after a failed sync, Linux calls its pages clean. */
static bool write_again(struct start *s)
{
	const struct disk_operations *o = operations(s);
	const char *name = journal_names[FILE_JOURNAL];
	uint64_t at = BUG(tail_not_synced) ? s->j->end : s->journal.mark;
	uint8_t *bytes = memory_alloc(COPY_SIZE);
	bool done = true;

	while (done && at < s->j->end) {
		uint64_t left = s->j->end - at;
		size_t size = left < COPY_SIZE ? (size_t)left : COPY_SIZE;
		int64_t count = o->read(s->l.disk, s->j->handle, at, bytes, size);

		if (count >= 0 && (size_t)count < size)
			count = -EIO;
		done = check(s, count, "read", name) &&
		       check(s, o->write(s->l.disk, s->j->handle, at, bytes, size), "write", name);
		at += size;
	}
	memory_free(bytes);
	if (BUG(tail_not_synced))
		return done;
	return done && check(s, o->sync(s->l.disk, s->j->handle), "sync", name);
}

/* A journal ends with the reserve, unless the disk was full, or an earlier version has stopped. One
 * that was cut at the end of a line shows in no other way. A backup has none, and no uuid. */
static void look_for_reserve(struct start *s)
{
	const struct found_journal *f = &s->journal;

	if (f->size == f->whole_end && f->head.format == JOURNAL_FORMAT && s->exists[FILE_REPLICA])
		loading_warn(
			&s->l,
			"'%s' lacks the empty room that a server leaves at its end: the disk was "
			"full, or the file was cut, and a repair brings back what it lost",
			f->name);
}

/* Reserves room ahead. Without it a start is possible all the same; additions are then refused. */
static bool reserve_ahead(struct start *s)
{
	const struct disk_operations *o = operations(s);
	struct journal *j = s->j;
	const char *name = journal_names[FILE_JOURNAL];
	uint64_t want = j->end + j->reserve_size;
	int result;

	if (j->reserved >= want)
		return true;
	result = o->reserve(s->l.disk, j->handle, want);
	if (journal_is_no_room(result))
		return true;
	if (!check(s, result, "reserve", name))
		return false;
	j->reserved = want;
	return check(s, o->sync(s->l.disk, j->handle), "sync", name);
}

static bool cut_tail(struct start *s)
{
	const struct disk_operations *o = operations(s);
	struct journal *j = s->j;
	const char *name = journal_names[FILE_JOURNAL];

	if (s->journal.torn_size == 0)
		return true;
	loading_warn(&s->l, "'%s': cut off %llu bytes of a torn tail at byte %llu", name,
	             (unsigned long long)s->journal.torn_size, (unsigned long long)j->end);
	s->l.loaded->cut = s->journal.torn_size;
	j->reserved = j->end;
	return check(s, o->truncate(s->l.disk, j->handle, j->end), "cut", name) &&
	       check(s, o->sync(s->l.disk, j->handle), "sync", name);
}

static bool remove_file(struct start *s, const char *name)
{
	int result = operations(s)->remove(s->l.disk, name);

	return result == -ENOENT || check(s, result, "remove", name);
}

/* Step 6. The one aside of a pair stays if it is the journal. */
static bool remove_leftovers(struct start *s)
{
	for (size_t f = 0; f < FILE_COUNT; f++)
		if (s->exists_new[f] && !(f == FILE_JOURNAL && s->is_pair) &&
		    !remove_file(s, journal_names_new[f]))
			return false;
	if (s->exists[FILE_OLD] && !s->j->has_old && !remove_file(s, journal_names[FILE_OLD]))
		return false;
	return sync_names(s);
}

/* The second rename of a TURN. */
static bool finish_pair(struct start *s)
{
	const char *from = journal_names_new[FILE_JOURNAL];

	return !s->is_pair ||
	       (check(s, operations(s)->rename(s->l.disk, from, journal_names[FILE_JOURNAL]),
	              "rename", from) &&
	        sync_names(s));
}

/* Steps 5 and 6. */
static bool go_on(struct start *s)
{
	const char *name = journal_names[FILE_JOURNAL];

	take_over(s);
	look_for_reserve(s);
	if (!finish_pair(s))
		return false;
	s->j->handle = operations(s)->open(s->l.disk, name, DISK_LOG);
	return check(s, s->j->handle, "open", name) && write_again(s) && cut_tail(s) &&
	       reserve_ahead(s) && remove_leftovers(s);
}

/* Both snapshots and an empty journal, of what the store holds: see journal_write_all. */
static bool write_all(struct start *s, bool note)
{
	int result = journal_write_all(s->j, note, s->l.err);

	if (result > 0)
		return loading_fail(&s->l, "write", "both snapshots", -ENOSPC);
	if (result < 0)
		s->l.status = JOURNAL_FAILED;
	return result == 0;
}

/* Behind numbers that would end soon, which no server has left, the files begin with 1 again. */
static bool number_anew(struct start *s)
{
	if (s->journal.named <= NAMED_NUMBER_MAX)
		return true;
	s->j->named.last = 0;
	return write_all(s, true);
}

/* ---- a new directory ---- */

/* A journal of nothing but its first line, which follows no snapshot. */
static bool begin_fresh(struct start *s)
{
	const char *name = journal_names[FILE_JOURNAL];
	struct journal_head head = { 0 };
	struct journal *j = s->j;
	struct buf line;
	bool done;

	buf_init(&line, JOURNAL_BUFFER_MAX);
	journal_line_put_head(&line, &head);
	done = replace_file(s, FILE_JOURNAL, buf_view(&line), false);
	j->head_size = j->end = j->reserved = line.size;
	j->crc = crc32c(0, line.data, line.size);
	buf_release(&line);
	if (!done)
		return false;
	s->exists_new[FILE_JOURNAL] = false;
	j->handle = operations(s)->open(s->l.disk, name, DISK_LOG);
	return check(s, j->handle, "open", name) && reserve_ahead(s) && remove_leftovers(s);
}

/* ---- salvage ---- */

/* What cannot be read is zeros in the copy. */
static bool copy_bytes(struct start *s, enum journal_file file, int from, int to, const char *name)
{
	const struct disk_operations *o = operations(s);
	uint8_t *bytes = memory_alloc(COPY_SIZE);
	uint64_t at = 0;
	int64_t count;
	bool done;

	do {
		count = loading_read(&s->l, file, from, at, bytes, COPY_SIZE);
		done = count >= 0 &&
		       check(s, o->write(s->l.disk, to, at, bytes, (size_t)count), "write", name);
		at += (uint64_t)(done ? count : 0);
	} while (done && count > 0);
	memory_free(bytes);
	return done && check(s, o->sync(s->l.disk, to), "sync", name);
}

/* Copies a damaged file to NAME.bad-N, with the first N that is free. It is not renamed, because
 * after a crash the next start must find the files as they were. */
static bool set_aside(struct start *s, enum journal_file file, const char *name)
{
	const struct disk_operations *o = operations(s);
	char aside[64];
	unsigned n = 1;

	do
		(void)snprintf(aside, sizeof aside, "%s.bad-%u", name, n);
	while (loading_exists(&s->l, aside) && n++ < BAD_FILES_MAX);
	if (s->l.status != JOURNAL_OK)
		return false;

	int from = o->open(s->l.disk, name, DISK_READ);
	int to = from < 0 ? -1 : o->open(s->l.disk, aside, DISK_CREATE);
	bool done = check(s, from, "open", name) && check(s, to, "open", aside) &&
	            copy_bytes(s, file, from, to, aside);

	/* Synced, or failed and told already. */
	if (from >= 0)
		(void)o->close(s->l.disk, from);
	if (to >= 0)
		(void)o->close(s->l.disk, to);
	if (done)
		loading_warn(&s->l, "'%s' was set aside as '%s'", name, aside);
	return done;
}

/* Step 4. All that is whole is in the store; it is written as two new snapshots, and the journal
 * begins anew. */
static bool salvage(struct start *s)
{
	struct journal *j = s->j;
	const char *name;

	for (size_t f = 0; f < FILE_COUNT; f++) {
		name = f == FILE_JOURNAL && s->is_pair ? journal_names_new[f] : journal_names[f];
		if (s->l.bad[f] && (s->exists[f] || (f == FILE_JOURNAL && s->is_pair)) &&
		    !set_aside(s, (enum journal_file)f, name))
			return false;
	}
	if (!sync_names(s))
		return false;
	j->has_old = s->exists[FILE_OLD];

	if (!write_all(s, false))
		return false;
	s->is_pair = false;
	s->exists_new[FILE_JOURNAL] = s->exists_new[FILE_USERS] = false;
	s->exists_new[FILE_PENDING] = s->exists[FILE_OLD] = false;
	return reserve_ahead(s) && remove_leftovers(s);
}

/* ---- opening ---- */

static bool start(struct start *s)
{
	struct store_totals totals;
	bool done;

	if (!read_all(s))
		return false;
	if (s->is_fresh)
		done = begin_fresh(s);
	else if (is_damaged(s))
		done = salvage(s);
	else
		done = go_on(s) && number_anew(s);
	if (!done ||
	    (s->l.bad[FILE_REPLICA] && !set_aside(s, FILE_REPLICA, journal_names[FILE_REPLICA])) ||
	    !write_replica(s))
		return false;
	store_totals(s->l.store, &totals);
	s->l.loaded->facts = totals.facts;
	return true;
}

static void begin(struct start *s, struct disk *disk, const struct journal_options *options,
                  struct store *store, struct journal_loaded *loaded, char err[ERR_SIZE])
{
	*s = (struct start){
		.l = {
			.disk = disk,
			.store = store,
			.salvage = options->salvage,
			.loaded = loaded,
			.err = err,
			.status = JOURNAL_OK,
		},
		.options = options,
	};
	*loaded = (struct journal_loaded){ 0 };
	s->j = journal_new(disk, options, store);
	journal_line_parser_init(&s->l.parser);
	same_init(&s->l.same);
	buf_init(&s->l.texts, JOURNAL_BUFFER_MAX);
	buf_init(&s->l.said, JOURNAL_BUFFER_MAX);
	buf_init(&s->l.batch_texts, JOURNAL_BUFFER_MAX);
}

/* Frees all but the journal. */
static void end(struct start *s)
{
	journal_line_parser_release(&s->l.parser);
	same_release(&s->l.same);
	buf_release(&s->l.texts);
	buf_release(&s->l.said);
	loading_forget_texts(&s->l);
	buf_release(&s->l.batch_texts);
	memory_free(s->journal.notes);
	memory_free(s->old.notes);
}

enum journal_status journal_open(struct disk *disk, const struct journal_options *options,
                                 struct store *store, struct journal **journal,
                                 struct journal_loaded *loaded, char err[ERR_SIZE])
{
	struct start s;

	assert(journal != NULL);
	begin(&s, disk, options, store, loaded, err);
	if (start(&s)) {
		assert(s.l.status == JOURNAL_OK);
		*journal = s.j;
	} else {
		assert(s.l.status != JOURNAL_OK);
		journal_abandon(s.j);
	}
	end(&s);
	return s.l.status;
}

/* ---- looking only ---- */

/* A salvage tells of all damage and not of the first alone. Here its first half is done:
 * reading. */
enum journal_status journal_verify(struct disk *disk, struct store *store,
                                   struct journal_loaded *loaded, char err[ERR_SIZE])
{
	const struct journal_options options = { .salvage = true };
	struct store_totals totals;
	struct start s;

	begin(&s, disk, &options, store, loaded, err);
	err[0] = '\0';
	if (read_all(&s) && s.is_fresh) {
		(void)snprintf(err, ERR_SIZE, "there is no data");
		s.l.status = JOURNAL_REFUSED;
	}
	store_totals(store, &totals);
	loaded->facts = totals.facts;
	loaded->cut = s.journal.torn_size;
	if (s.l.status == JOURNAL_OK && (is_damaged(&s) || s.l.bad[FILE_REPLICA]))
		s.l.status = JOURNAL_REFUSED;
	journal_abandon(s.j);
	end(&s);
	return s.l.status;
}
