/* SPDX-License-Identifier: MIT
 *
 * Two threads, because a long look back must not keep lines from being written. Each has one job
 * at a time (io/syncer.h). The writer takes all lines that have gathered, so a slow disk gets fewer
 * and larger writes.
 */
#include "cli/archive.h"

#include "io/file.h"
#include "io/syncer.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static const char too_slow[] = "the disk takes nothing for a long time";

/* What the writer has, while it runs; else the loop's thread. */
struct writing {
	struct pieces pieces;
	struct buf lines;
	bool has_failed;
	char err[PIECE_ERR_SIZE];
};

struct cli_archive {
	struct loop *loop;
	void (*said)(void *context, const char *text);
	void *context;
	bool is_on;
	bool is_refused; /* log/ is a link to /dev/null */
	struct id id;    /* of the account; zero: none */
	char folder[HOME_PATH_SIZE];
	struct script script;  /* makes lines; its `out` holds those that wait for the writer */
	struct buf own;        /* of the own message under way: recipients, then the text */
	size_t own_count;      /* recipients */
	uint64_t lost;         /* lines since the last one that was written */
	bool was_told;         /* that they are lost */
	struct syncer *writer; /* NULL: the system had no threads for it and the reader, */
	int no_threads;        /* for this errno */
	struct writing writing;

	struct syncer *reader;
	bool is_looking; /* a look waits, or is under way: then the reader has the next three */
	struct archive_query query;
	struct piece_look look;
	char look_folder[HOME_PATH_SIZE];
	void (*found)(void *context, const struct piece_look *look);
	void *found_context;
};

/* ---- writing ---- */

static uint64_t count_lines(struct view lines)
{
	uint64_t count = 0;

	for (size_t i = 0; i < lines.size; i++)
		count += lines.data[i] == '\n';
	return count;
}

/* On the writer's thread. */
static void write_lines(void *context)
{
	struct writing *w = context;

	w->has_failed = !pieces_append(&w->pieces, buf_view(&w->lines), w->err);
}

static void start_reader(struct cli_archive *a)
{
	if (a->is_looking && !syncer_is_running(a->reader) && a->script.out.size == 0 &&
	    !syncer_is_running(a->writer))
		syncer_start(a->reader);
}

static void start_writer(struct cli_archive *a)
{
	struct buf lines = a->writing.lines;

	if (a->script.out.size == 0 || syncer_is_running(a->writer))
		return;
	buf_clear(&lines);
	a->writing.lines = a->script.out;
	a->script.out = lines;
	if (strcmp(a->writing.pieces.folder, a->folder) != 0) {
		pieces_close(&a->writing.pieces);
		pieces_init(&a->writing.pieces, a->folder);
	}
	syncer_start(a->writer);
}

static void lose(struct cli_archive *a, uint64_t count, const char *why)
{
	char text[PIECE_ERR_SIZE + 128];

	a->lost += count;
	if (a->was_told)
		return;
	a->was_told = true;
	(void)snprintf(text, sizeof text, "what is said is not kept: %s", why);
	a->said(a->context, text);
}

static void take_written(struct cli_archive *a)
{
	char text[128];

	if (a->writing.has_failed) {
		lose(a, count_lines(buf_view(&a->writing.lines)), a->writing.err);
		return;
	}
	if (a->lost > 0) {
		(void)snprintf(text, sizeof text,
		               "what is said is kept again; %ju message%s in between %s not",
		               (uintmax_t)a->lost, a->lost == 1 ? "" : "s",
		               a->lost == 1 ? "was" : "were");
		a->said(a->context, text);
	}
	a->lost = 0;
	a->was_told = false;
}

static void written(void *context)
{
	struct cli_archive *a = LOOP_OWNER(context, struct cli_archive, writing);

	take_written(a);
	start_writer(a);
	start_reader(a);
}

static bool has_account(const struct cli_archive *a)
{
	return a->folder[0] != 0;
}

/* The line that the script has just made waits for the writer, or is lost. */
static void keep(struct cli_archive *a, size_t size_before)
{
	if (a->script.out.size <= ARCHIVE_WAITING_MAX) {
		start_writer(a);
		return;
	}
	a->script.out.size = size_before;
	lose(a, 1, too_slow);
}

void archive_message(struct cli_archive *a, const struct shown *shown)
{
	size_t size = a->script.out.size;

	if (!archive_is_on(a) || !has_account(a))
		return;
	script_message(&a->script, shown);
	keep(a, size);
}

void archive_sending(struct cli_archive *a, const struct view *to, size_t to_count,
                     struct view text)
{
	buf_clear(&a->own);
	a->own_count = to_count;
	for (size_t i = 0; i < to_count; i++)
		(void)buf_put_view32(&a->own, to[i]);
	(void)buf_put_view32(&a->own, text);
}

void archive_sent(struct cli_archive *a, uint64_t sent_ms, const struct script_answer *answer)
{
	struct reader own = reader_of(buf_view(&a->own));
	size_t size = a->script.out.size;
	struct view *to;

	if (!archive_is_on(a) || !has_account(a) || own.size == 0 ||
	    (answer->result == NULL && answer->outcome != OUTCOME_UNKNOWN))
		return;
	to = memory_alloc((a->own_count + 1) * sizeof *to);
	for (size_t i = 0; i < a->own_count; i++)
		to[i] = reader_view32(&own);
	script_own(&a->script, &(struct script_own){ .to = to,
	                                             .to_count = a->own_count,
	                                             .text = reader_view32(&own),
	                                             .sent_ms = sent_ms,
	                                             .answer = answer });
	memory_free(to);
	buf_clear(&a->own);
	keep(a, size);
}

/* ---- looking back ---- */

/* On the reader's thread. */
static void look_back(void *context)
{
	struct cli_archive *a = context;

	piece_look(a->look_folder, &a->look);
}

static void looked(void *context)
{
	struct cli_archive *a = context;

	a->is_looking = false;
	a->found(a->found_context, &a->look);
	piece_look_release(&a->look);
}

bool archive_look_now(const struct cli_archive *a, struct piece_look *look)
{
	assert(look->bytes_max > 0);
	if (!has_account(a))
		return false;
	piece_look(a->folder, look);
	return true;
}

bool archive_look(struct cli_archive *a, const struct archive_query *query, size_t wanted,
                  bool counts, void (*found)(void *context, const struct piece_look *look),
                  void *context)
{
	assert(!a->is_looking);
	if (!has_account(a))
		return false;
	a->is_looking = true;
	a->query = *query;
	a->look = (struct piece_look){ .query = &a->query, .wanted = wanted, .counts = counts };
	a->found = found;
	a->found_context = context;
	(void)snprintf(a->look_folder, sizeof a->look_folder, "%s", a->folder);
	start_reader(a);
	return true;
}

void archive_stop(struct cli_archive *a)
{
	atomic_store(&a->look.stops, true);
}

/* ---- the account, and the switch ---- */

/* Whether log/ is the device that forgets all. */
static bool is_null_device(const char *path)
{
	struct stat st;
	struct stat null;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && stat("/dev/null", &null) == 0 &&
	       st.st_rdev == null.st_rdev;
}

bool archive_begin(struct cli_archive *a, const char *name, const struct id *id)
{
	char display[DISPLAY_SIZE];
	char part[DISPLAY_SIZE + 4];
	const char *end = strchr(name, '~');
	size_t size = end == NULL ? strlen(name) : (size_t)(end - name);

	if (id_equal(id, &a->id) && has_account(a))
		return false;
	a->id = *id;
	/* What waits belongs to the account before: the disk takes nothing, or it was written. */
	if (a->script.out.size > 0)
		lose(a, count_lines(buf_view(&a->script.out)), too_slow);
	buf_clear(&a->script.out);
	if (a->writer == NULL && a->is_on && !a->is_refused)
		lose(a, 0, file_reason(a->no_threads));
	name_display(display, view_of(name, size), id, false);
	(void)snprintf(part, sizeof part, "log/%s", display);
	if (a->writer == NULL || a->is_refused ||
	    !home_path("XDG_STATE_HOME", ".local/state", part, a->folder) ||
	    strlen(a->folder) >= HOME_PATH_SIZE - 16)
		a->folder[0] = 0;
	return true;
}

void archive_is_known(struct cli_archive *a)
{
	a->was_told = true;
}

void archive_switch(struct cli_archive *a, bool is_on)
{
	a->is_on = is_on;
}

bool archive_is_on(const struct cli_archive *a)
{
	return a->is_on && !a->is_refused && a->writer != NULL;
}

uint64_t archive_lost(const struct cli_archive *a)
{
	return a->lost;
}

const char *archive_folder(const struct cli_archive *a)
{
	return a->folder;
}

/* ---- begin and end ---- */

/* Both or none. */
static void start_threads(struct cli_archive *a)
{
	a->writer = syncer_new(a->loop, write_lines, written, &a->writing);
	if (a->writer != NULL)
		a->reader = syncer_new(a->loop, look_back, looked, a);
	if (a->reader != NULL)
		return;
	a->no_threads = errno;
	if (a->writer != NULL)
		syncer_free(a->writer);
	a->writer = NULL;
}

struct cli_archive *archive_new(struct loop *l, void (*said)(void *context, const char *text),
                                void *context)
{
	struct cli_archive *a = memory_alloc_zero(1, sizeof *a);
	char path[HOME_PATH_SIZE];

	*a = (struct cli_archive){ .loop = l, .said = said, .context = context, .is_on = true };
	script_init(&a->script, true, NULL);
	buf_init(&a->writing.lines, a->script.out.size_max);
	a->script.out.size_max = a->writing.lines.size_max = (size_t)16 * ARCHIVE_WAITING_MAX;
	buf_init(&a->own, a->script.out.size_max);
	pieces_init(&a->writing.pieces, "");
	a->is_refused = !home_path("XDG_STATE_HOME", ".local/state", "log", path) ||
	                is_null_device(path);
	start_threads(a);
	return a;
}

/* Gives the disk a while to take the last lines. False if it does not: then the thread may still
 * use what is written. */
static bool end_writer(struct cli_archive *a)
{
	if (!syncer_wait_for(a->writer, ARCHIVE_END_MS))
		return false;
	start_writer(a);
	return syncer_wait_for(a->writer, ARCHIVE_END_MS);
}

void archive_free(struct cli_archive *a)
{
	if (a == NULL)
		return;
	archive_stop(a);
	if (a->writer != NULL) {
		if (!end_writer(a) || !syncer_wait_for(a->reader, ARCHIVE_END_MS))
			return; /* the end of the process ends the threads */
		if (a->is_looking)
			piece_look_release(&a->look);
		syncer_free(a->reader);
		syncer_free(a->writer);
	}
	pieces_close(&a->writing.pieces);
	buf_release(&a->writing.lines);
	buf_release(&a->own);
	script_release(&a->script);
	memory_free(a);
}
