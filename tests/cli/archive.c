/* SPDX-License-Identifier: MIT
 *
 * The files of the archive: what is kept is found again, across pieces, next to damage, by several
 * writers, and with a disk that is full or a folder that takes nothing.
 */
#include "cli/archive.h"
#include "io/file.h"
#include "tests/lib/tap.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[] = "/tmp/threefold.XXXXXX";
static char folder[200];
static char told[PIECE_ERR_SIZE + 128];
static unsigned told_count;
static struct archive_query query;
static struct buf strings;

static void say(void *context, const char *text)
{
	(void)context;
	told_count++;
	(void)snprintf(told, sizeof told, "%s", text);
}

static void remove_all(const char *path)
{
	char command[300];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", path);
	if (system(command) != 0)
		abort();
}

static const char *piece_path(unsigned number)
{
	static char path[256];

	(void)snprintf(path, sizeof path, "%s/%06u.jsonl", folder, number);
	return path;
}

static uint64_t size_of(unsigned number)
{
	struct stat st;

	return stat(piece_path(number), &st) == 0 ? (uint64_t)st.st_size : UINT64_MAX;
}

static void put_bytes(unsigned number, const char *bytes)
{
	int fd = open(piece_path(number), O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (!file_write(fd, bytes, strlen(bytes)))
		abort();
	(void)close(fd);
}

static struct script script;

/* A line of a message, as the script makes it. */
static struct view line_of(const char *from, uint64_t number, const char *text)
{
	struct shown shown = { .number = number, .text = view_of_string(text) };

	(void)snprintf(shown.from, sizeof shown.from, "%s", from);
	shown.sent_ms = 1795233600000 + number;
	buf_clear(&script.out);
	script_message(&script, &shown);
	return buf_view(&script.out);
}

/* Looks for a text, and returns how many messages hold it; `numbers` becomes the list of those that
 * are given. */
static uint64_t look(const char *name, const char *text, size_t wanted, bool counts, char *numbers)
{
	struct piece_look l = { .query = &query, .wanted = wanted, .counts = counts };
	struct archive_line kept;
	struct view rest;

	if (!archive_query_init(&query, view_of_string(name), view_of_string(text)))
		abort();
	piece_look(folder, &l);
	rest = buf_view(&l.lines);
	numbers[0] = 0;
	while (rest.size > 0) {
		const uint8_t *end = memchr(rest.data, '\n', rest.size);
		size_t size = (size_t)(end - rest.data);

		if (!archive_read(view_of(rest.data, size), &strings, &kept))
			abort();
		(void)sprintf(numbers + strlen(numbers), "%ju ", (uintmax_t)kept.number);
		rest = view_of(end + 1, rest.size - size - 1);
	}
	piece_look_release(&l);
	return l.found;
}

static void test_pieces(void)
{
	struct pieces p;
	struct pieces q;
	struct stat st;
	char err[PIECE_ERR_SIZE];
	char numbers[4096];

	pieces_init(&p, folder);
	pieces_init(&q, folder);
	IS_U64(look("", "", 5, false, numbers), 0, "where nothing is, nothing is found");
	OK(pieces_append(&p, line_of("bob", 1, "one"), err), "the first line");
	OK(stat(folder, &st) == 0 && (st.st_mode & 0777) == 0700, "the folder is its owner's");
	OK(stat(piece_path(1), &st) == 0 && (st.st_mode & 0777) == 0600, "so is the piece");
	OK(pieces_append(&q, line_of("carol", 2, "two"), err) &&
	           pieces_append(&p, line_of("bob", 3, "three"), err),
	   "two write to it");
	(void)look("", "", 5, false, numbers);
	IS_STRING(numbers, "1 2 3 ", "and all is found, in its order");
	(void)look("bob", "", 5, false, numbers);
	IS_STRING(numbers, "1 3 ", "or what was said with one");
	(void)look("", "", 2, false, numbers);
	IS_STRING(numbers, "2 3 ", "or the last ones");
	IS_U64(look("", "T", 1, true, numbers), 2, "or how many there are");
	(void)chmod(piece_path(1), 0644);
	pieces_close(&p);
	put_bytes(1, "{\"event\":\"message\",\"id\":\"01ARZ3N");
	(void)look("", "", 2, false, numbers);
	IS_STRING(numbers, "2 3 ", "a line that is torn is none");
	OK(pieces_append(&p, line_of("bob", 4, "four"), err), "who comes next");
	OK(stat(piece_path(1), &st) == 0 && (st.st_mode & 0777) == 0600,
	   "closes a piece that others could read");
	(void)look("", "", 9, false, numbers);
	IS_STRING(numbers, "1 2 3 4 ", "and loses nothing to the torn line");
	put_bytes(1, "{\"event\":\"sent\"");
	OK(pieces_append(&p, line_of("bob", 44, "torn by another"), err), "who is there already");
	(void)look("", "", 9, false, numbers);
	IS_STRING(numbers, "1 2 3 4 44 ", "loses nothing to it either");
	(void)unlink(piece_path(1));
	OK(pieces_append(&p, line_of("bob", 5, "five"), err), "a piece that was removed");
	(void)look("", "", 9, false, numbers);
	IS_STRING(numbers, "5 ", "is begun anew");
	remove_all(folder);
	OK(pieces_append(&q, line_of("bob", 6, "six"), err) &&
	           pieces_append(&p, line_of("bob", 7, "seven"), err),
	   "so is the folder");
	(void)look("", "", 9, false, numbers);
	IS_STRING(numbers, "6 7 ", "by all");
	pieces_close(&p);
	pieces_close(&q);
	remove_all(folder);
}

/* A sparse file is as large as a full piece. */
static void fill(unsigned number)
{
	int fd = open(piece_path(number), O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || ftruncate(fd, PIECE_SIZE_MAX - 1) != 0 ||
	    pwrite(fd, "\n", 1, PIECE_SIZE_MAX - 1) != 1)
		abort();
	(void)close(fd);
}

static void test_rotation(void)
{
	struct pieces p;
	struct pieces q;
	char err[PIECE_ERR_SIZE];
	char numbers[4096];
	bool good = true;

	pieces_init(&p, folder);
	pieces_init(&q, folder);
	good = pieces_append(&p, line_of("bob", 1, "one"), err) &&
	       pieces_append(&q, line_of("bob", 2, "two"), err);
	put_bytes(1, "some of somebody's editor\n\n");
	for (unsigned i = 1; i <= PIECES_MAX + 3; i++) {
		fill(i);
		good = good &&
		       pieces_append(i % 2 == 0 ? &p : &q, line_of("bob", 10 + i, "more"), err);
	}
	OK(good && size_of(PIECES_MAX + 4) < 1000, "a full piece is followed by the next one");
	OK(pieces_append(&p, line_of("bob", 80, "x"), err) &&
	           pieces_append(&q, line_of("bob", 81, "x"), err) &&
	           size_of(PIECES_MAX + 5) == UINT64_MAX,
	   "for all who write");
	OK(size_of(4) == UINT64_MAX && size_of(5) != UINT64_MAX, "the last 16 stay");
	OK(unlink(piece_path(PIECES_MAX)) == 0, "one is missing");
	(void)look("", "", 4, false, numbers);
	IS_STRING(numbers, "28 29 80 81 ", "and is left out");
	pieces_close(&p);
	pieces_close(&q);
	remove_all(folder);
}

/* Thousands of lines of all sizes, in parts of all sizes, with damage between them. */
static void test_few(void)
{
	struct piece_look l = { .query = &query, .wanted = 3 };
	struct pieces p;
	char err[PIECE_ERR_SIZE];
	uint64_t count = 0;
	unsigned looks = 0;

	pieces_init(&p, folder);
	for (uint64_t i = 1; i <= 10; i++)
		(void)pieces_append(&p, line_of("bob", i, "few"), err);
	pieces_close(&p);
	(void)archive_query_init(&query, view_of(NULL, 0), view_of(NULL, 0));
	do {
		piece_look(folder, &l);
		count += l.count;
		looks++;
		l.before = l.place;
		piece_look_release(&l);
	} while (!l.is_all && looks < 10);
	OK(count == 10 && looks == 4, "three at a time come to the front");
	remove_all(folder);
}

static void test_look(void)
{
	static char text[40000];
	struct pieces p;
	char err[PIECE_ERR_SIZE];
	char numbers[4096];
	uint64_t bytes = 0;
	struct piece_look l = { .query = &query, .wanted = 1000 };
	uint64_t count = 0;
	bool good = true;

	pieces_init(&p, folder);
	memset(text, 'x', sizeof text - 1);
	for (uint64_t i = 1; i <= 3000; i++) {
		struct view line;

		text[i * 7919 % 2000] = 0;
		line = line_of(i % 3 == 0 ? "bob" : "carol", i,
		               i % 500 == 0    ? "find me"
		               : i % 1000 == 1 ? text + 2000
		                               : text);
		text[i * 7919 % 2000] = 'x';
		if (line.size < 100)
			continue;
		bytes += line.size;
		good = good && pieces_append(&p, line, err);
		if (i % 100 == 0)
			put_bytes(1, "\x80\xff{\n");
	}
	OK(good && bytes > 3000000, "some megabytes are written");
	IS_U64(look("", "find me", 4, true, numbers), 6, "six lines of them are found");
	IS_STRING(numbers, "1500 2000 2500 3000 ", "the last four given");
	(void)look("bob", "", 3, false, numbers);
	IS_STRING(numbers, "2994 2997 3000 ", "bob's last ones");
	/* Page by page to the front. */
	(void)archive_query_init(&query, view_of(NULL, 0), view_of(NULL, 0));
	do {
		piece_look(folder, &l);
		count += l.count;
		good = good && l.error == 0 && (l.count == 1000 || l.is_all);
		l.before = l.place;
		piece_look_release(&l);
	} while (!l.is_all && l.count > 0);
	OK(good && count >= 2900 && count <= 3000, "pages come to the front, each line once");
	l = (struct piece_look){ .query = &query, .wanted = 1000000, .bytes_max = 100000 };
	piece_look(folder, &l);
	OK(l.count > 10 && l.count < 1000 && !l.is_all, "a look goes no further than it may");
	piece_look_release(&l);
	pieces_close(&p);
	/* A line that is longer than any message. */
	for (unsigned i = 0; i < 5 * 1024 / 39; i++)
		put_bytes(1, text + 1000);
	put_bytes(1, "\n");
	(void)pieces_append(&p, line_of("bob", 9999, "find me"), err);
	pieces_close(&p);
	IS_U64(look("", "find me", 2, true, numbers), 7,
	       "five megabytes without a newline cost nothing else");
	IS_STRING(numbers, "3000 9999 ", "before and after them");
	remove_all(folder);
}

/* ---- the archive of a client ---- */

static uint64_t look_count; /* messages that a look has brought */

static void found(void *context, const struct piece_look *look)
{
	look_count = look->count;
	*(bool *)context = true;
}

/* Until all is written, or lost. */
static void settle(struct loop *l, struct cli_archive *a)
{
	bool has_found = false;

	if (!archive_look(a, &query, 1, false, found, &has_found))
		abort();
	for (unsigned i = 0; i < 3000 && !has_found; i++)
		loop_turn(l, loop_now_ms(l) + 10);
}

static struct shown message(uint64_t number)
{
	struct shown shown = { .number = number,
		               .from = "bob",
		               .to = "ann",
		               .text = view_of_string("hi"),
		               .sent_ms = 1 };

	return shown;
}

static void test_archive(void)
{
	struct loop *l = loop_new();
	struct cli_archive *a = archive_new(l, say, NULL);
	struct shown shown;
	struct id id;
	struct id other;
	bool has_found = false;
	char numbers[4096];

	memset(&id, 0x11, sizeof id);
	memset(&other, 0x22, sizeof other);
	OK(archive_is_on(a) && archive_folder(a)[0] == 0, "an archive begins without an account");
	shown = message(1);
	archive_message(a, &shown);
	OK(!archive_look(a, &query, 10, false, found, &has_found), "there is nothing to look at");
	OK(archive_begin(a, "ann", &id) && !archive_begin(a, "ann", &id), "an account, and again");
	(void)snprintf(folder, sizeof folder, "%s", archive_folder(a));
	OK(strstr(folder, "/threefold/log/ann~") != NULL, "has a folder of its name and digits");
	for (uint64_t i = 2; i <= 5; i++) {
		shown = message(i);
		archive_message(a, &shown);
	}
	(void)archive_query_init(&query, view_of(NULL, 0), view_of(NULL, 0));
	OK(archive_look(a, &query, 10, false, found, &has_found), "a look");
	for (unsigned i = 0; i < 10000 && !has_found; i++)
		loop_turn(l, loop_now_ms(l) + 10);
	IS_U64(look_count, 4, "sees what was given to be written before it");
	archive_switch(a, false);
	shown = message(6);
	archive_message(a, &shown);
	archive_switch(a, true);
	OK(archive_begin(a, "ann~22222222", &other), "the name has a new owner");
	OK(strcmp(folder, archive_folder(a)) != 0, "who has another folder");
	shown = message(7);
	archive_message(a, &shown);
	archive_free(a);
	(void)look("", "", 9, false, numbers);
	IS_STRING(numbers, "2 3 4 5 ", "what was said while it was off is not kept");
	remove_all(folder);
	a = archive_new(l, say, NULL);
	(void)archive_begin(a, "ann", &other);
	(void)snprintf(folder, sizeof folder, "%s", archive_folder(a));
	(void)look("", "", 9, false, numbers);
	IS_STRING(numbers, "7 ", "the end waits for the last line");
	archive_free(a);
	remove_all(folder);
	loop_free(l);
}

static void test_trouble(void)
{
	struct loop *l = loop_new();
	struct cli_archive *a = archive_new(l, say, NULL);
	struct shown shown;
	struct id id;
	char numbers[4096];
	char path[256];

	memset(&id, 0x22, sizeof id);
	(void)archive_begin(a, "ann", &id);
	/* Where nothing can be written. */
	(void)snprintf(path, sizeof path, "%s/threefold/log", home);
	remove_all(path);
	(void)close(open(path, O_CREAT | O_WRONLY, 0600));
	IS_U64(told_count, 0, "so far nothing was wrong");
	for (uint64_t i = 8; i <= 10; i++) {
		shown = message(i);
		archive_message(a, &shown);
		settle(l, a);
	}
	IS_U64(told_count, 1, "a folder that cannot be made is told once");
	OK(strstr(told, "what is said is not kept: cannot write to '") != NULL &&
	           strstr(told, "Not a directory") != NULL,
	   "with the reason");
	(void)unlink(path);
	shown = message(11);
	archive_message(a, &shown);
	settle(l, a);
	IS_STRING(told, "what is said is kept again; 3 messages in between were not",
	          "and that it works again");
	(void)look("", "", 9, false, numbers);
	IS_STRING(numbers, "11 ", "from then on");
	archive_free(a);
	remove_all(path);
	if (symlink("/dev/null", path) != 0)
		abort();
	told_count = 0;
	a = archive_new(l, say, NULL);
	(void)archive_begin(a, "ann", &id);
	OK(!archive_is_on(a), "a link to /dev/null is a wish to keep nothing");
	archive_message(a, &shown);
	archive_free(a);
	IS_U64(told_count, 0, "and nothing is said of it");
	(void)unlink(path);
	loop_free(l);
}

/* A file that may grow no further, in the middle of a line. */
static void test_limit(void)
{
	struct rlimit before;
	struct rlimit limit;
	struct pieces p;
	char err[PIECE_ERR_SIZE];
	char numbers[4096];
	struct view line = line_of("bob", 1, "one");
	size_t size = line.size;
	bool good;

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = size + size / 2;
	pieces_init(&p, folder);
	if (!pieces_append(&p, line, err))
		abort();
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	good = pieces_append(&p, line_of("bob", 2, "two"), err);
	(void)setrlimit(RLIMIT_FSIZE, &before); /* it counts for the output of this test, too */
	OK(!good && strstr(err, "too large") != NULL, "a file that may not grow is told");
	IS_U64(size_of(1), size + size / 2, "half of the line is there");
	OK(pieces_append(&p, line_of("bob", 3, "three"), err), "later lines");
	(void)look("", "", 9, false, numbers);
	IS_STRING(numbers, "1 3 ", "lose nothing to it");
	pieces_close(&p);
	remove_all(folder);
	if (symlink("/etc", folder) != 0)
		abort();
	(void)unlink(folder);
	(void)mkdir(folder, 0700);
	if (symlink("elsewhere", piece_path(1)) != 0)
		abort();
	OK(!pieces_append(&p, line_of("bob", 4, "four"), err) && strstr(err, "link") != NULL,
	   "a piece that is a link is refused");
	pieces_close(&p);
	remove_all(folder);
}

int main(void)
{
	if (mkdtemp(home) == NULL)
		abort();
	(void)setenv("XDG_STATE_HOME", home, 1);
	(void)snprintf(folder, sizeof folder, "%s/threefold/log/ann~12345678", home);
	script_init(&script, true, NULL);
	buf_init(&strings, ARCHIVE_LINE_SIZE_MAX);
	test_pieces();
	test_rotation();
	test_few();
	test_look();
	test_limit();
	test_archive();
	test_trouble();
	buf_release(&strings);
	script_release(&script);
	remove_all(home);
	return tap_done();
}
