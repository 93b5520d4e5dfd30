/* SPDX-License-Identifier: MIT
 *
 * The file that keeps what a person typed (cli/history.h).
 */
#include "cli/history.h"
#include "tests/lib/tap.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct terminal *new_terminal(void)
{
	return terminal_new(&(struct terminal_options){ .line_size_max = 1000,
	                                                .history_count_max = HISTORY_COUNT_MAX });
}

static bool last_is(const struct terminal *t, const char *line)
{
	size_t count = terminal_history_count(t);

	return count > 0 && view_equal(terminal_history_get(t, count - 1), view_of_string(line));
}

static void test_links(struct terminal *t, const char *folder, const char *path)
{
	char err[HISTORY_ERR_SIZE];
	char target[128];
	struct stat stat_before;

	assert(symlink("/dev/null", path) == 0);
	OK(!history_read(t, err) && err[0] == 0, "a link to /dev/null is a wish to keep none");
	(void)unlink(path);
	(void)snprintf(target, sizeof target, "%s/elsewhere", folder);
	assert(symlink(target, path) == 0);
	OK(!history_read(t, err) && strstr(err, "/threefold/history'") != NULL &&
	           strstr(err, "link") != NULL,
	   "a link that leads to nothing is told");
	(void)close(open(target, O_CREAT | O_WRONLY, 0600));
	(void)history_read(t, err);
	for (unsigned i = 0; i < 3000; i++)
		history_append(view_of_string(i % 2 == 0 ? "one" : "two"));
	OK(history_read(t, err) && last_is(t, "two"), "one that leads to a file is followed");
	OK(lstat(path, &stat_before) == 0 && S_ISLNK(stat_before.st_mode),
	   "and is still a link when the file was shortened");
	OK(stat(target, &stat_before) == 0 && stat_before.st_size < 5000, "which was its target");
	(void)unlink(target);
	(void)unlink(path);
	assert(mkfifo(path, 0600) == 0);
	OK(!history_read(t, err) && strstr(err, "/threefold/history'") != NULL,
	   "a pipe is no history, and is not waited for");
	(void)unlink(path);
}

static void test_history(void)
{
	char folder[] = "/tmp/threefold.XXXXXX";
	char path[128];
	char err[HISTORY_ERR_SIZE];
	struct terminal *t = new_terminal();
	struct stat stat_before;
	int other;

	if (mkdtemp(folder) == NULL)
		abort();
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)snprintf(path, sizeof path, "%s/threefold/history", folder);
	OK(history_read(t, err) && err[0] == 0, "a history begins");
	IS_U64(terminal_history_count(t), 0, "empty");
	OK(stat(path, &stat_before) == 0 && (stat_before.st_mode & 0777) == 0600,
	   "its file is its owner's");
	history_append(view_of_string("one"));
	history_append(view_of_string("two\nlines \\n and a \\"));
	(void)chmod(path, 0644);
	(void)history_read(t, err);
	IS_U64(terminal_history_count(t), 2, "what was added is there the next time");
	OK(last_is(t, "two\nlines \\n and a \\"), "newlines and backslashes, too");
	OK(stat(path, &stat_before) == 0 && (stat_before.st_mode & 0777) == 0600,
	   "a file that others could read is closed to them");
	for (unsigned i = 0; i < 3000; i++) {
		char line[32];

		(void)snprintf(line, sizeof line, "line %u", i);
		history_append(view_of_string(line));
	}
	other = open(path, O_RDWR | O_CLOEXEC);
	assert(flock(other, LOCK_SH) == 0);
	(void)history_read(t, err);
	OK(stat(path, &stat_before) == 0 && stat_before.st_size > 25000,
	   "one that somebody appends to is not cut");
	assert(flock(other, LOCK_EX) == 0);
	history_append(view_of_string("line 3000"));
	(void)close(other);
	terminal_free(t);
	t = new_terminal();
	(void)history_read(t, err);
	IS_U64(terminal_history_count(t), HISTORY_COUNT_MAX, "of a long one the end is kept");
	OK(last_is(t, "line 3000"), "up to the last, for which nobody was waited");
	OK(stat(path, &stat_before) == 0 && stat_before.st_size < 12000, "the file is cut, too");
	history_append(view_of_string("beside"));
	terminal_free(t);
	t = new_terminal();
	(void)history_read(t, err);
	OK(last_is(t, "beside"), "what is typed later goes to the new one");
	history_append(view_of_string("after"));
	(void)history_read(t, err);
	OK(last_is(t, "after"), "and what was read does not change that");
	(void)unlink(path);
	test_links(t, folder, path);
	(void)unsetenv("XDG_STATE_HOME");
	(void)unsetenv("HOME");
	OK(!history_read(t, err) && err[0] == 0, "without a home there is none");
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/threefold", folder);
	(void)rmdir(path);
	OK(rmdir(folder) == 0, "nothing else was left");
	terminal_free(t);
}

int main(void)
{
	test_history();
	return tap_done();
}
