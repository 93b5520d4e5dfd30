/* SPDX-License-Identifier: MIT
 *
 * A line is formatted into one buffer, escaped into a second one behind its prefix, and written at
 * once. stdio is not used: its buffer could hold half a line when the process is killed.
 *
 * The readiness protocol is sd_notify(3)'s: one datagram to a Unix socket, whose name in the
 * environment is a path, or begins with '@' for an abstract one.
 */
#include "io/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static enum log_level log_shown = LOG_INFO;
static bool log_is_journal;

enum { LAST_WAIT_MS = 100 };

/* A pipe that has room at all takes so much at once, so whoever asked it first does not wait. */
_Static_assert(LOG_LINE_SIZE_MAX <= PIPE_BUF, "a line fits into a pipe that has room");

/* Where lines go. Whoever reads may stop: then lines are dropped, and the program goes on. stderr
 * itself may be shared with other programs, so it is never made non-blocking; a pipe or a terminal
 * is opened a second time instead. Where that cannot be done, it is asked first. */
static struct {
	int fd;
	bool may_block;
	bool is_socket;
	size_t rest_size; /* of a line that was begun */
	char rest[LOG_LINE_SIZE_MAX];
	uint64_t dropped; /* lines, since the last one that was written */
} log_out = { .fd = STDERR_FILENO };

static void open_out(void)
{
	struct stat stat;
	int fd;

	if (log_out.fd != STDERR_FILENO || fstat(STDERR_FILENO, &stat) != 0)
		return;
	log_out.is_socket = S_ISSOCK(stat.st_mode);
	log_out.may_block = S_ISFIFO(stat.st_mode) || S_ISCHR(stat.st_mode);
	if (!log_out.may_block)
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		log_out.fd = fd;
}

/* Whether stderr is the stream that systemd reads: "DEVICE:INODE". */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat stat;
	char name[64];

	if (stream == NULL || fstat(STDERR_FILENO, &stat) != 0)
		return false;
	(void)snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)stat.st_dev,
	               (uintmax_t)stat.st_ino);
	return strcmp(name, stream) == 0;
}

void log_open(enum log_level shown)
{
	assert(shown >= LOG_ERROR);
	assert(shown <= LOG_DEBUG);
	log_shown = shown;
	log_is_journal = stderr_is_journal();
	open_out();
}

bool log_shows(enum log_level level)
{
	return level <= log_shown;
}

size_t log_escape(struct view from, char *to, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = 0;

	assert(size >= 1);
	for (size_t i = 0; i < from.size; i++) {
		uint8_t byte = from.data[i];
		bool is_plain = byte >= 0x20 && byte < 0x7f && byte != '\\';
		size_t width = is_plain ? 1 : byte == '\\' ? 2 : 4;

		if (width >= size - length)
			break;
		if (is_plain) {
			to[length] = (char)byte;
		} else {
			to[length] = '\\';
			to[length + 1] = byte == '\\' ? '\\' : 'x';
		}
		if (width == 4) {
			to[length + 2] = digits[byte >> 4];
			to[length + 3] = digits[byte & 15];
		}
		length += width;
	}
	assert(length < size);
	to[length] = '\0';
	return length;
}

/* `2026-11-21T04:00:00.123Z ` */
static size_t put_time(char *to, size_t size)
{
	struct timespec now;
	struct tm tm;
	size_t length;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0 || gmtime_r(&now.tv_sec, &tm) == NULL)
		return 0;
	length = strftime(to, size, "%Y-%m-%dT%H:%M:%S", &tm);
	return length +
	       (size_t)snprintf(to + length, size - length, ".%03ldZ ", now.tv_nsec / 1000000);
}

/* Writes what can be written now, and gives how much. A failure counts as written: there is nobody
 * to tell. */
static size_t write_some(const char *data, size_t size)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t written;

	do {
		if (log_out.is_socket)
			written = send(STDERR_FILENO, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		else if (log_out.fd != STDERR_FILENO || !log_out.may_block)
			written = write(log_out.fd, data, size);
		else if (poll(&ready, 1, 0) == 1)
			written = write(STDERR_FILENO, data, size);
		else
			return 0;
	} while (written < 0 && errno == EINTR);
	if (written <= 0) /* nothing is taken: by a file on a full disk */
		return written < 0 && errno == EAGAIN ? 0 : size;
	return (size_t)written;
}

/* The rest of a line that was begun. Somebody who is slow gets `wait_ms` for it. */
static bool write_rest(int wait_ms)
{
	for (;;) {
		size_t written = write_some(log_out.rest, log_out.rest_size);
		struct pollfd ready = { .fd = log_out.fd, .events = POLLOUT };

		log_out.rest_size -= written;
		if (log_out.rest_size == 0)
			return true;
		memmove(log_out.rest, log_out.rest + written, log_out.rest_size);
		if (written == 0 && (wait_ms == 0 || poll(&ready, 1, wait_ms) != 1))
			return false;
	}
}

static bool write_whole(const char *line, size_t size, int wait_ms)
{
	if (log_out.rest_size > 0 && !write_rest(wait_ms))
		return false;
	memcpy(log_out.rest, line, size);
	log_out.rest_size = size;
	if (write_rest(wait_ms) || log_out.rest_size < size)
		return true; /* what has begun is ended before the next line */
	log_out.rest_size = 0;
	return false;
}

/* A line that cannot be written now is dropped and counted. The last words of a program may take a
 * moment. */
static void write_line(enum log_level level, const char *line, size_t size)
{
	int wait_ms = level <= LOG_ERROR ? LAST_WAIT_MS : 0;
	char lost[80];

	if (log_out.dropped > 0) {
		int length = snprintf(lost, sizeof lost,
		                      "%ju lines of the log are lost: nobody read them\n",
		                      (uintmax_t)log_out.dropped);

		if (!write_whole(lost, (size_t)length, wait_ms)) {
			log_out.dropped++;
			return;
		}
		log_out.dropped = 0;
	}
	if (!write_whole(line, size, wait_ms))
		log_out.dropped++;
}

/* Formats first and escapes the whole, so no caller has to think of it. */
static void log_format(enum log_level level, bool with_time, const char *format, va_list values)
{
	char message[LOG_LINE_SIZE_MAX];
	char line[LOG_LINE_SIZE_MAX];
	size_t size = 0;
	int length;

	if (!log_shows(level))
		return;
	length = vsnprintf(message, sizeof message, format, values);
	assert(length >= 0);
	if (log_is_journal)
		size = (size_t)snprintf(line, sizeof line, "<%d>", (int)level);
	else if (with_time)
		size = put_time(line, sizeof line);
	/* One byte is kept for the newline. */
	size += log_escape(view_of_string(message), line + size, sizeof line - 1 - size);
	line[size] = '\n';
	write_line(level, line, size + 1);
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	log_format(level, true, format, values);
	va_end(values);
}

void log_plain(enum log_level level, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	log_format(level, false, format, values);
	va_end(values);
}

const char *log_name(void)
{
	const char *name = program_invocation_short_name;

	return name == NULL || *name == '\0' ? "threefold" : name;
}

void log_own(enum log_level level, const char *format, ...)
{
	char message[LOG_LINE_SIZE_MAX];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(message, sizeof message, format, values);
	va_end(values);
	log_plain(level, "%s: %s", log_name(), message);
}

_Noreturn void log_end(const char *what, int error)
{
	log_line(LOG_ERROR, "cannot %s: %s; this is the end", what, strerror(error));
	quick_exit(1);
}

void log_lines(enum log_level level, const char *text)
{
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");

		if (size != 0)
			log_line(level, "%.*s", (int)size, text);
		text += size + (text[size] == '\n');
	}
}

bool log_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = path == NULL ? 0 : strlen(path);
	socklen_t address_size;
	ssize_t sent;
	int fd;

	assert(state != NULL);
	if (size < 2 || size >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
		return false;
	memcpy(address.sun_path, path, size);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	/* An abstract name is as long as it is said to be; a path may do without its NUL. */
	address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
	              address_size);
	(void)close(fd); /* nothing of ours is in it any more */
	return sent >= 0;
}

/* $WATCHDOG_PID, if it is there, says for which process the other one is meant. */
uint64_t log_watchdog_ms(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	const char *interval = getenv("WATCHDOG_USEC");
	uint64_t us = interval == NULL ? 0 : strtoull(interval, NULL, 10);

	if (pid != NULL && strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	return us == 0 || us / 2000 > 0 ? us / 2000 : 1;
}
