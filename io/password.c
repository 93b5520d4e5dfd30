/* SPDX-License-Identifier: MIT
 *
 * A file is opened without waiting: a FIFO without a writer would block. While the terminal is
 * asked, Ctrl-C is a byte that ends the line, and the signals that end a process from outside are
 * held back until the terminal is as it was.
 */
#include "io/password.h"

#include "base/mark.h"
#include "io/file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { CONTROL_C = 3, LOOK_MS = 200 };

/* Writes a sentence to `err` and returns false, so that callers can return its result. */
__attribute__((format(printf, 2, 3))) static bool wrong(char err[PASSWORD_ERR_SIZE],
                                                        const char *format, ...)
{
	va_list values;

	va_start(values, format);
	(void)vsnprintf(err, PASSWORD_ERR_SIZE, format, values);
	va_end(values);
	return false;
}

/* ---- a file ---- */

/* Takes the password from the first line of `text`. */
static bool take_line(const char *path, struct view text, uint8_t password[PASSWORD_SIZE_MAX],
                      size_t *size, char err[PASSWORD_ERR_SIZE])
{
	struct view line;

	if (mark_is_wide(text))
		return wrong(err, "cannot read '%s': " MARK_REFUSAL, path);
	if (text.size > 0)
		text = view_of(text.data + mark_size(text), text.size - mark_size(text));
	(void)view_take_line(&text, &line);
	if (line.size > 0 && line.data[line.size - 1] == '\r')
		line.size--;
	if (line.size == 0)
		return wrong(err, "the first line of '%s' is empty: it is the password", path);
	if (line.size > PASSWORD_SIZE_MAX)
		return wrong(err,
		             "the first line of '%s' is too long: a password has at most %d "
		             "bytes",
		             path, PASSWORD_SIZE_MAX);
	if (memchr(line.data, 0, line.size) != NULL)
		return wrong(err, "the first line of '%s' holds a NUL, which no password has",
		             path);
	memcpy(password, line.data, line.size);
	*size = line.size;
	return true;
}

/* Reads the first line of a pipe, or as much as there is room for. */
static ssize_t read_pipe(int fd, uint8_t *to, size_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t done = 0;

	while (done < size && (done == 0 || to[done - 1] != '\n')) {
		ssize_t count;

		if (poll(&ready, 1, -1) < 0 && errno != EINTR)
			return -1;
		count = read(fd, to + done, 1);
		if (count < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (count == 0)
			break;
		if (count > 0)
			done++;
	}
	return (ssize_t)done;
}

/* -1 and `err` if it is not there, is neither a file nor a pipe, or if others may use it. */
static int open_own(const char *path, struct stat *stat, char err[PASSWORD_ERR_SIZE])
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, stat) != 0)
		(void)wrong(err, "cannot read '%s': %s", path, strerror(errno));
	else if (!S_ISREG(stat->st_mode) && !S_ISFIFO(stat->st_mode))
		(void)wrong(err, "'%s' is %s, not a file or a pipe", path,
		            S_ISDIR(stat->st_mode) ? "a directory" : "a device");
	else if ((stat->st_mode & 077) != 0)
		(void)wrong(err,
		            "others than its owner may use '%s' (mode %03o), and it holds a "
		            "password: chmod 600 it",
		            path, (unsigned)stat->st_mode & 0777);
	else
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

bool password_read(const char *path, uint8_t password[PASSWORD_SIZE_MAX], size_t *size,
                   char err[PASSWORD_ERR_SIZE])
{
	/* The longest password, with a mark before it and CR LF behind it. */
	uint8_t text[PASSWORD_SIZE_MAX + MARK_SIZE + 3];
	struct stat stat;
	int fd = open_own(path, &stat, err);
	ssize_t count;
	bool good;

	if (fd < 0)
		return false;
	count = S_ISFIFO(stat.st_mode) ? read_pipe(fd, text, sizeof text)
	                               : file_read(fd, text, sizeof text);
	if (count < 0)
		good = wrong(err, "cannot read '%s': %s", path, strerror(errno));
	else
		good = take_line(path, view_of(text, (size_t)count), password, size, err);
	explicit_bzero(text, sizeof text);
	(void)close(fd);
	return good;
}

/* ---- the terminal ---- */

/* Who stops this process and lets it go on, as a shell does, may have changed the mode. */
static void hide_again(int fd, const struct termios *hidden)
{
	struct termios now;

	if (tcgetattr(fd, &now) == 0 && now.c_lflag != hidden->c_lflag)
		(void)tcsetattr(fd, TCSANOW, hidden);
}

/* Waits for a line. False: a signal that is held back is to end this process. */
static bool wait_for_line(int fd, const struct termios *hidden)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	sigset_t held;

	while (poll(&ready, 1, LOOK_MS) <= 0) {
		if (sigpending(&held) == 0 &&
		    (sigismember(&held, SIGHUP) || sigismember(&held, SIGINT) ||
		     sigismember(&held, SIGTERM) || sigismember(&held, SIGQUIT)))
			return false;
		hide_again(fd, hidden);
	}
	return true;
}

/* A line that is edited elsewhere, as in a client, could not be typed there. */
static bool has_control(const uint8_t *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

/* Reads a line that is not shown. False: Ctrl-C was typed, or there is no line. */
static bool read_hidden(int fd, const struct termios *hidden, const char *prompt, const char *who,
                        uint8_t to[PASSWORD_SIZE_MAX + 2], size_t *used)
{
	ssize_t count;

	(void)dprintf(fd, "%s%s (not shown): ", prompt, who);
	count = wait_for_line(fd, hidden) ? read(fd, to, PASSWORD_SIZE_MAX + 2) : 0;
	(void)dprintf(fd, "\n");
	if (count <= 0 || to[count - 1] == CONTROL_C)
		return false;
	*used = (size_t)count - (to[count - 1] == '\n');
	return true;
}

static bool ask_twice(int fd, const struct termios *hidden, const char *who,
                      uint8_t password[PASSWORD_SIZE_MAX], size_t *size,
                      char err[PASSWORD_ERR_SIZE])
{
	uint8_t first[PASSWORD_SIZE_MAX + 2];
	uint8_t again[PASSWORD_SIZE_MAX + 2];
	size_t first_size;
	size_t again_size;
	bool good = false;

	if (!read_hidden(fd, hidden, "new password of ", who, first, &first_size)) {
		(void)wrong(err, "no password was typed");
	} else if (first_size == 0 || first_size > PASSWORD_SIZE_MAX ||
	           has_control(first, first_size)) {
		(void)wrong(err, "a password that is typed has " PASSWORD_FORM
		                 " and no control characters");
	} else if (!read_hidden(fd, hidden, "the same again", "", again, &again_size)) {
		(void)wrong(err, "no password was typed");
	} else if (!view_equal(view_of(first, first_size), view_of(again, again_size))) {
		(void)wrong(err, "the two passwords differ");
	} else {
		memcpy(password, first, first_size);
		*size = first_size;
		good = true;
	}
	explicit_bzero(first, sizeof first);
	explicit_bzero(again, sizeof again);
	return good;
}

bool password_ask(const char *who, uint8_t password[PASSWORD_SIZE_MAX], size_t *size,
                  char err[PASSWORD_ERR_SIZE])
{
	struct termios before;
	struct termios hidden;
	sigset_t ends;
	sigset_t mask;
	bool good = false;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		if (fd >= 0)
			(void)close(fd);
		return wrong(err, "there is no terminal to ask for the password");
	}
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGHUP);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGQUIT);
	(void)sigprocmask(SIG_BLOCK, &ends, &mask);
	hidden = before;
	hidden.c_lflag |= ICANON;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ISIG);
	hidden.c_cc[VEOL] = CONTROL_C;
	if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0)
		(void)wrong(err, "this terminal goes on showing what is typed");
	else
		good = ask_twice(fd, &hidden, who, password, size, err);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	(void)close(fd);
	return good;
}
