/* SPDX-License-Identifier: MIT
 *
 * What belongs where in a line, which lines hold passwords (chat/complete.h), and the file in
 * which the others are kept (cli/history.h).
 */
#include "chat/complete.h"
#include "cli/history.h"

#include "tests/lib/tap.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void kind_is(const char *line, enum complete_kind kind, size_t name_offset)
{
	const char *blank = strrchr(line, ' ');
	size_t word = blank == NULL ? 0 : (size_t)(blank + 1 - line);
	size_t offset;
	bool right = client_complete_kind(view_of_string(line), word, &offset) == kind;

	OK(right && offset == name_offset, line);
}

static void kinds(void)
{
	kind_is("", COMPLETE_NOTHING, 0);
	kind_is("/", COMPLETE_COMMAND, 0);
	kind_is("/m", COMPLETE_COMMAND, 0);
	kind_is("m", COMPLETE_NOTHING, 0);
	kind_is("/msg ", COMPLETE_NAME, 5);
	kind_is("/msg bo", COMPLETE_NAME, 5);
	kind_is("/msg ann,bob,c", COMPLETE_NAME, 13);
	kind_is("/msg bob hel", COMPLETE_NOTHING, 9);
	kind_is("/talk b", COMPLETE_NAME, 6);
	kind_is("/login --take-over b", COMPLETE_NAME, 19);
	kind_is("/login bob p", COMPLETE_NOTHING, 11);
	kind_is("/create b", COMPLETE_NOTHING, 8);
	kind_is("/list a", COMPLETE_NAME, 6);
	kind_is("/help m", COMPLETE_TOPIC, 6);
	kind_is("/nothing m", COMPLETE_NOTHING, 9);
	kind_is("a plain lin", COMPLETE_NOTHING, 8);
}

static void commands(void)
{
	struct complete_commands c;

	client_complete_commands(COMPLETE_COMMAND, view_of_string("/l"), &c);
	IS_U64(c.count, 3, "/login, /logout, /list");
	client_complete_commands(COMPLETE_COMMAND, view_of_string("/msg"), &c);
	OK(c.count == 1 && view_equal(c.words[0], view_of_string("/msg")), "/msg");
	client_complete_commands(COMPLETE_TOPIC, view_of_string("msg"), &c);
	OK(c.count == 1 && view_equal(c.words[0], view_of_string("msg")), "a topic has no slash");
	client_complete_commands(COMPLETE_COMMAND, view_of_string("/x"), &c);
	IS_U64(c.count, 0, "nothing begins with x");
}

static void secrets(void)
{
	static const struct {
		const char *line;
		bool is_secret;
		bool asks;
	} rows[] = {
		{ "/login bob", false, true },
		{ "/login bob geheim", true, false },
		{ "  /login bob geheim", true, false },
		{ "/login --take-over bob", false, true },
		{ "/login --take-over bob geheim", true, false },
		{ "/create bob geheim", true, false },
		{ "/logni bob geheim", true, false },
		{ "/delete", false, true },
		{ "/msg bob geheim", false, false },
		{ "/all of you", false, false },
		{ "/help login", false, false },
		{ "login bob geheim", false, false },
		{ ">> bob: geheim oder nicht", false, false },
		{ "Deliver bob geheim", true, false },
		{ "Create bob geheim", true, false },
		{ "and login bob geheim", false, false },
		{ "", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view line = view_of_string(rows[i].line);

		OK(client_line_is_secret(line) == rows[i].is_secret, rows[i].line);
		OK(client_line_asks(line) == rows[i].asks, rows[i].line);
	}
}

static struct terminal *new_terminal(void)
{
	return terminal_new(&(struct terminal_options){
		.line_size_max = 1000, .history_count_max = CLIENT_HISTORY_COUNT_MAX });
}

static bool last_is(const struct terminal *t, const char *line)
{
	size_t count = terminal_history_count(t);

	return count > 0 && view_equal(terminal_history_get(t, count - 1), view_of_string(line));
}

static void history(void)
{
	char folder[] = "/tmp/threefold.XXXXXX";
	char path[128];
	char err[CLIENT_HISTORY_ERR_SIZE];
	struct terminal *t = new_terminal();
	struct stat stat_before;
	int fd;

	if (mkdtemp(folder) == NULL)
		abort();
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)snprintf(path, sizeof(path), "%s/threefold/history", folder);
	fd = client_history_open(t, err);
	OK(fd >= 0 && err[0] == 0, "a history begins");
	IS_U64(terminal_history_count(t), 0, "empty");
	OK(stat(path, &stat_before) == 0 && (stat_before.st_mode & 0777) == 0600,
	   "its file is its owner's");
	client_history_add(fd, view_of_string("one"));
	client_history_add(fd, view_of_string("two\nlines \\n and a \\"));
	(void)close(fd);
	(void)chmod(path, 0644);
	fd = client_history_open(t, err);
	IS_U64(terminal_history_count(t), 2, "what was added is there the next time");
	OK(last_is(t, "two\nlines \\n and a \\"), "newlines and backslashes, too");
	OK(stat(path, &stat_before) == 0 && (stat_before.st_mode & 0777) == 0600,
	   "a file that others could read is closed to them");
	for (unsigned i = 0; i < 3000; i++) {
		char line[32];

		(void)snprintf(line, sizeof(line), "line %u", i);
		client_history_add(fd, view_of_string(line));
	}
	(void)close(fd);
	terminal_free(t);
	t = new_terminal();
	fd = client_history_open(t, err);
	IS_U64(terminal_history_count(t), CLIENT_HISTORY_COUNT_MAX,
	       "of a long one the end is kept");
	OK(last_is(t, "line 2999"), "up to the last");
	OK(stat(path, &stat_before) == 0 && stat_before.st_size < 12000, "the file is cut, too");
	client_history_add(fd, view_of_string("after"));
	(void)close(fd);
	fd = client_history_open(t, err);
	OK(last_is(t, "after"), "and goes on");
	(void)close(fd);
	(void)unlink(path);
	assert(symlink("/dev/null", path) == 0);
	OK(client_history_open(t, err) == -1, "a link is not followed");
	OK(strstr(err, "/threefold/history'") != NULL, "and why there is no history is said");
	(void)unsetenv("XDG_STATE_HOME");
	(void)unsetenv("HOME");
	OK(client_history_open(t, err) == -1 && err[0] == 0, "without a home there is none");
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/threefold", folder);
	(void)rmdir(path);
	OK(rmdir(folder) == 0, "nothing else was left");
	terminal_free(t);
}

int main(void)
{
	kinds();
	commands();
	secrets();
	history();
	return tap_done();
}
