/* SPDX-License-Identifier: MIT
 *
 * A backup on a real disk: what it leaves when it is whole, when it is given up and when it was
 * killed, and which places it refuses before anything is made there.
 */
#include "journal/backup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/journal.h"
#include "tests/lib/tap.h"

static char folder[200];

static const char *path_of(const char *name)
{
	static char paths[4][400];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

static bool exists(const char *name)
{
	struct stat status;

	return lstat(path_of(name), &status) == 0;
}

static void make_file(const char *name)
{
	int file = open(path_of(name), O_CREAT | O_WRONLY, 0600);

	ALWAYS(file >= 0, "backup: a file is made");
	close(file);
}

static void make_folder(const char *name)
{
	ALWAYS(mkdir(path_of(name), 0700) == 0, "backup: a folder is made");
}

/* Removes a folder of files. */
static void remove_folder(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.')
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	(void)rmdir(path);
}

static struct fact message_of(uint64_t number)
{
	return (struct fact){
		.kind = FACT_MESSAGE,
		.message = { .stream = { .recipient = { { 1 } }, .session = { { 1 } } },
		             .number = number,
		             .sent_ms = number,
		             .text = view_of_string("kept") },
	};
}

static uint64_t sum_of(const struct store *s)
{
	struct store_totals totals;

	store_totals(s, &totals);
	return totals.facts == 0 ? 0 : totals.sum;
}

/* What a server would find there; 0: nothing, or it does not start. */
static uint64_t sum_at(const char *name)
{
	struct journal_options options = { .uuid = { 1 } };
	struct journal_loaded loaded;
	struct journal *j = NULL;
	struct store *s = store_new();
	bool is_locked = false;
	char err[ERR_SIZE];
	uint64_t sum = 0;
	struct disk *disk = disk_open_directory(path_of(name), &is_locked, err);

	if (disk != NULL && journal_open(disk, &options, s, &j, &loaded, err) == JOURNAL_OK)
		sum = sum_of(s);
	if (j != NULL)
		journal_abandon(j);
	if (disk != NULL)
		disk_close_directory(disk);
	store_free(s);
	return sum;
}

/* A whole backup. Gives the sum of what it should hold, 0 with a sentence if it was refused. */
static uint64_t back_up(const char *name, unsigned messages, char err[ERR_SIZE])
{
	struct store *s = store_new();
	struct backup *b = backup_begin(path_of(name), s, err);
	uint64_t sum = 0;

	for (uint64_t i = 1; b != NULL && i <= messages; i++) {
		const struct fact fact = message_of(i);

		(void)store_apply(s, &fact, NULL);
	}
	if (b != NULL && backup_end(b, err) == 0)
		sum = sum_of(s);
	store_free(s);
	return sum;
}

static bool refuses(const char *path, const char *part)
{
	struct store *store = store_new();
	char err[ERR_SIZE] = "";
	struct backup *b = backup_begin(path, store, err);
	bool is_refused = b == NULL && strstr(err, part) != NULL;

	backup_abandon(b);
	store_free(store);
	return is_refused;
}

/* The longest path that has room for ".new" behind it: a path has 4095 bytes at most. */
enum { PATH_LONGEST = 4095 - 4 };

/* The test's own folder, by a path of so many bytes. */
static void path_of_size(char *path, size_t size)
{
	size_t tail = strlen(folder);

	for (size_t i = 0; i < size - tail; i++)
		path[i] = '/';
	memcpy(path + size - tail, folder, tail + 1);
}

static void test_paths(void)
{
	char path[8192];

	OK(refuses("", "empty or too long"), "backup: no path is refused");
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	OK(refuses(path, "empty or too long"), "backup: and one that no file can have");
	path_of_size(path, PATH_LONGEST + 1);
	OK(refuses(path, "empty or too long"), "backup: and one that is a byte too long");
	path_of_size(path, PATH_LONGEST);
	OK(refuses(path, "is there already"), "backup: the longest one is looked at");
}

static void test_whole(void)
{
	char err[ERR_SIZE] = "";
	uint64_t sum = back_up("whole", 100, err);

	OK(sum != 0, "whole: a backup succeeds");
	OK(exists("whole") && !exists("whole.new"), "whole: and has its name");
	OK(!exists("whole/replica.json") && !exists("whole/lock"),
	   "whole: it is no replica of its own");
	OK(sum_at("whole") == sum, "whole: a server finds in it what was there");
	OK(refuses(path_of("whole"), "is there already"), "whole: the next needs another place");
	OK(sum_at("whole") == sum, "whole: and does it no harm");
	OK(back_up("slashes//", 3, err) != 0 && exists("slashes"),
	   "whole: slashes behind the name do no harm");
}

static void test_abandoned(void)
{
	struct store *s = store_new();
	char err[ERR_SIZE];
	struct backup *b = backup_begin(path_of("given-up"), s, err);

	OK(b != NULL && backup_note(b, "a note\n", err) == 0 && exists("given-up.new/" BACKUP_NOTE),
	   "abandoned: it has a note");
	OK(b != NULL && exists("given-up.new") && !exists("given-up"),
	   "abandoned: it is made aside");
	backup_abandon(b);
	OK(!exists("given-up.new") && !exists("given-up"), "abandoned: and nothing of it stays");
	backup_abandon(NULL);
	store_free(s);
}

/* What is left of one that was killed is taken, whatever else stands there is not. */
static void test_left(void)
{
	char err[ERR_SIZE] = "";
	bool is_locked;

	make_folder("empty.new");
	OK(back_up("empty", 5, err) != 0, "left: an empty folder is taken");
	make_folder("killed.new");
	make_file("killed.new/backup.unfinished");
	make_file("killed.new/journal.jsonl");
	uint64_t sum = back_up("killed", 5, err);

	OK(sum != 0 && sum_at("killed") == sum, "left: one that was killed is begun anew");
	OK(!exists("killed/backup.unfinished"), "left: and finished");
	make_folder("bare.new");
	make_file("bare.new/lock");
	OK(back_up("bare", 5, err) != 0, "left: so is one that was killed before its mark");
	make_folder("served.new");
	struct disk *server = disk_open_directory(path_of("served.new"), &is_locked, err);

	ALWAYS(server != NULL, "left: a server begins");
	OK(refuses(path_of("served"), "another server, or a backup, uses"),
	   "left: what is served is not taken");
	disk_close_directory(server);
	make_folder("other.new");
	make_file("other.new/lock");
	make_file("other.new/letter");
	OK(refuses(path_of("other"), "no unfinished backup"), "left: what is another's is not");
	OK(exists("other.new/letter"), "left: and stays");
	make_folder("stuck.new");
	make_file("stuck.new/backup.unfinished");
	make_folder("stuck.new/users.json");
	OK(refuses(path_of("stuck"), "cannot empty"), "left: what cannot be emptied is not");
	(void)rmdir(path_of("stuck.new/users.json"));
	make_file("file.new");
	OK(refuses(path_of("file"), "no unfinished backup"), "left: nor is a file");
	OK(exists("file.new"), "left: which stays, too");
}

int main(void)
{
	const char *temporary = getenv("TMPDIR");
	static const char *const made[] = { "whole",        "slashes",   "empty",     "killed",
		                            "bare",         "other",     "file",      "other.new",
		                            "given-up.new", "stuck.new", "served.new" };

	snprintf(folder, sizeof folder, "%s/threefold-backup.XXXXXX",
	         temporary != NULL ? temporary : "/tmp");
	ALWAYS(mkdtemp(folder) != NULL, "backup: a folder for the test");
	test_paths();
	test_whole();
	test_abandoned();
	test_left();
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
		remove_folder(path_of(made[i]));
	(void)unlink(path_of("file.new"));
	OK(rmdir(folder) == 0, "backup: nothing else was made");
	return tap_done();
}
