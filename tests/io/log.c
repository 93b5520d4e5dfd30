/* SPDX-License-Identifier: MIT
 *
 * What is logged goes into a pipe that stands for stderr, and is read back byte for byte.
 */
#include "io/log.h"
#include "tests/lib/tap.h"

#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int real_stderr;
static int pipe_fds[2];
static char said[3 * LOG_LINE_SIZE_MAX];

static void listen_to_stderr(void)
{
	if (pipe(pipe_fds) != 0)
		exit(1);
	real_stderr = dup(STDERR_FILENO);
	dup2(pipe_fds[1], STDERR_FILENO);
}

/* What was said since, all of it; one byte more is written so that reading never waits. */
static const char *what_was_said(void)
{
	ssize_t size;

	(void)!write(pipe_fds[1], "", 1);
	size = read(pipe_fds[0], said, sizeof said);
	if (size < 1 || said[size - 1] != '\0')
		exit(1);
	return said;
}

static bool is_like(const char *text, const char *pattern)
{
	regex_t regex;
	bool matches;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		exit(1);
	matches = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return matches;
}

static void test_escape(void)
{
	char to[64];
	uint8_t all[256];
	char large[1025];
	bool is_printable = true;

	IS_U64(log_escape(view_of_string("plain text~"), to, sizeof to), 11,
	       "log: length of a text");
	IS_STRING(to, "plain text~", "log: printable ASCII stays as it is");
	log_escape(view_of_string("a\nb\x1b[2J\x7f\xc3\xa4"), to, sizeof to);
	IS_STRING(to, "a\\x0ab\\x1b[2J\\x7f\\xc3\\xa4", "log: all else is shown as its bytes");
	log_escape(view_of_string("a\\x0a"), to, sizeof to);
	IS_STRING(to, "a\\\\x0a", "log: a backslash is told from an escape");
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	log_escape(view_of(all, sizeof all), large, sizeof large);
	for (const char *c = large; *c != '\0'; c++)
		is_printable &= *c >= 0x20 && *c < 0x7f;
	OK(is_printable, "log: of all 256 bytes only printable ones are written");
	IS_U64(strlen(large), 94 + 2 + 4 * 161, "log: and each of them can be told");
	IS_U64(log_escape(view_of_string("abcdef"), to, 4), 3, "log: what does not fit is cut");
	IS_STRING(to, "abc", "log: at a byte");
	IS_U64(log_escape(view_of_string("ab\n"), to, 6), 2, "log: but not within an escape");
	IS_U64(log_escape(view_of_string("ab\n"), to, 7), 6, "log: which needs all of its bytes");
	IS_U64(log_escape(view_of_string("a"), to, 1), 0, "log: nothing fits into nothing");
}

static void test_lines(void)
{
	char long_text[4000];
	const char *text;

	unsetenv("JOURNAL_STREAM");
	log_open(LOG_INFO);
	log_plain(LOG_NOTICE, "threefold %d", 7);
	IS_STRING(what_was_said(), "threefold 7\n", "log: a plain line has no time stamp");
	log_line(LOG_INFO, "said %s", "so");
	OK(is_like(what_was_said(),
	           "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\."
	           "[0-9]{3}Z said so\n$"),
	   "log: a line begins with the time in UTC");
	log_line(LOG_DEBUG, "not shown");
	IS_STRING(what_was_said(), "", "log: what is above the level is not written");
	log_open(LOG_DEBUG);
	log_line(LOG_DEBUG, "shown");
	OK(is_like(what_was_said(), "shown\n$"), "log: unless that was raised");
	log_line(LOG_INFO, "one\ntwo");
	OK(is_like(what_was_said(), "one\\\\x0atwo\n$"), "log: nobody can fake a second line");
	log_lines(LOG_WARNING, "first\n\nsecond\n");
	OK(is_like(what_was_said(), "^[^\n]* first\n[^\n]* second\n$"),
	   "log: lines of ours are one each");
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	log_line(LOG_INFO, "%s", long_text);
	text = what_was_said();
	OK(strlen(text) == LOG_LINE_SIZE_MAX - 1 && text[strlen(text) - 1] == '\n',
	   "log: a long line is cut and still ends");
}

static void test_journal(void)
{
	char name[64];
	struct stat stat;

	if (fstat(STDERR_FILENO, &stat) != 0)
		exit(1);
	(void)snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)stat.st_dev,
	               (uintmax_t)stat.st_ino);
	setenv("JOURNAL_STREAM", name, 1);
	log_open(LOG_INFO);
	log_line(LOG_WARNING, "hot");
	IS_STRING(what_was_said(), "<4>hot\n",
	          "log: systemd's journal gets levels and no time stamps");
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_open(LOG_INFO);
	log_line(LOG_WARNING, "hot");
	OK(what_was_said()[0] == '2', "log: but not when stderr is something else");
	unsetenv("JOURNAL_STREAM");
	log_open(LOG_INFO);
}

static void test_notify(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char got[64] = "";

	unsetenv("NOTIFY_SOCKET");
	OK(!log_notify("READY=1"), "log: without a supervisor nobody is told");
	memcpy(address.sun_path, path, strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	if (bind(fd, (struct sockaddr *)&address, size) != 0)
		exit(1);
	setenv("NOTIFY_SOCKET", path, 1);
	OK(log_notify("READY=1"), "log: a supervisor is told");
	(void)!recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
	IS_STRING(got, "READY=1", "log: what it is told");
	close(fd);
	OK(!log_notify("READY=1") || path[0] == '/', "log: one that has gone is not waited for");
	setenv("NOTIFY_SOCKET", "relative", 1);
	OK(!log_notify("READY=1"), "log: what is no address is nobody");
	unsetenv("NOTIFY_SOCKET");
}

static void test_watchdog(void)
{
	char pid[32];

	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	IS_U64(log_watchdog_ms(), 0, "log: no watchdog is asked for");
	setenv("WATCHDOG_USEC", "3000000", 1);
	IS_U64(log_watchdog_ms(), 1500, "log: a watchdog of 3 s is told every 1.5 s");
	setenv("WATCHDOG_USEC", "10", 1);
	IS_U64(log_watchdog_ms(), 1, "log: one of microseconds every millisecond");
	setenv("WATCHDOG_PID", "1", 1);
	IS_U64(log_watchdog_ms(), 0, "log: one that was meant for another process is not ours");
	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	IS_U64(log_watchdog_ms(), 1, "log: one for this process is");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

/* In a process of its own, because a log is opened once. No descriptor is free, so the pipe cannot
 * be opened a second time. Nobody reads; a call that waits for that ends it. */
static int life_with_no_reader(void)
{
	struct rlimit limit = { .rlim_cur = STDERR_FILENO + 1, .rlim_max = STDERR_FILENO + 1 };
	char text[PIPE_BUF * 2];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	(void)alarm(20);
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 2;
	log_open(LOG_INFO);
	for (int i = 0; i < 100; i++)
		log_line(i % 10 == 9 ? LOG_ERROR : LOG_INFO, "%s", text);
	return 0;
}

static void test_unread(void)
{
	static char all[1 << 20];
	size_t size = 0;
	size_t lines = 0;
	bool is_whole = true;
	ssize_t count;
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(life_with_no_reader());
	OK(child > 0 && waitpid(child, &status, 0) == child && status == 0,
	   "log: lines over PIPE_BUF, nobody reads and the pipe cannot be opened again: no wait");
	if (fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK) != 0)
		exit(1);
	while ((count = read(pipe_fds[0], all + size, sizeof all - size)) > 0)
		size += (size_t)count;
	(void)fcntl(pipe_fds[0], F_SETFL, 0);
	for (size_t at = 0; at < size; at += LOG_LINE_SIZE_MAX - 1, lines++)
		is_whole &= size - at >= LOG_LINE_SIZE_MAX - 1 &&
		            memchr(all + at, '\n', size - at) == all + at + LOG_LINE_SIZE_MAX - 2;
	OK(is_whole && lines > 10 && lines < 100, "log: what did not fit is lost by whole lines");
}

int main(void)
{
	char path[64];

	listen_to_stderr();
	test_unread();
	test_escape();
	test_lines();
	test_journal();
	test_watchdog();
	(void)snprintf(path, sizeof path, "@threefold-unit-log-%ld", (long)getpid());
	test_notify(path);
	(void)snprintf(path, sizeof path, "/tmp/threefold-unit-log-%ld", (long)getpid());
	test_notify(path);
	(void)unlink(path);
	dup2(real_stderr, STDERR_FILENO);
	return tap_done();
}
