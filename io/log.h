/* SPDX-License-Identifier: MIT
 *
 * log: lines on stderr for the person or the supervisor who runs a program, and the supervisor's
 * readiness socket.
 *
 * One line is one write(2), so lines of several processes into one file never mix. What is shown is
 * escaped first: whatever somebody else sent (a path, a host's name) cannot move the cursor or fake
 * a second line. Lines begin with the time, unless stderr is the journal of systemd (JOURNAL_STREAM
 * names its device and inode): then with `<N>`, which is the level. There is one log in a process,
 * and only the thread of the loop writes to it, but for log_end.
 *
 * A line that cannot be written is lost: there is no other place to say so. Nothing here waits for
 * a reader. If a pipe is full, or a terminal is stopped, lines are dropped. The next one that can
 * be written tells how many.
 */
#ifndef THREEFOLD_IO_LOG_H
#define THREEFOLD_IO_LOG_H

#include "base/buf.h"

/* The values are those of syslog(3). */
enum log_level {
	LOG_ERROR = 3,   /* something is lost, or the program ends */
	LOG_WARNING = 4, /* a person should look */
	LOG_NOTICE = 5,  /* always worth a line: start, stop */
	LOG_INFO = 6,    /* changes of state */
	LOG_DEBUG = 7,   /* connections that come and go */
};

enum { LOG_LINE_SIZE_MAX = 2048 }; /* of a line with its end; a longer one is cut */

/* Sets the highest level that is written; before the first call it is LOG_INFO. Also finds out
 * whether stderr is the journal of systemd, and makes sure that writing does not wait. */
void log_open(enum log_level shown);
/* Whether lines of this level are written. For lines that cost time to put together. */
bool log_shows(enum log_level level);
/* Logs one line; `format` has no newline at its end. The whole message is escaped by log_escape. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Logs a line without a time stamp. For the first and the last lines of a program, which other
 * programs read. */
void log_plain(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What this program was called by: the last part of argv[0]. It may be installed under another
 * name, and messages are about the one that somebody types. */
const char *log_name(void);
/* Logs "NAME: SENTENCE" without a time stamp; NAME is log_name. For what a program says of itself.
 */
void log_own(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says that the system refuses something without which the program cannot go on ("cannot WHAT: ...;
 * this is the end"), and ends it with 1. Any thread may call it. Nothing is finished, freed or
 * flushed, but a terminal gets its mode back (at_quick_exit). For failures that a system should not
 * have: an assertion would leave a core and no reason. */
_Noreturn void log_end(const char *what, int error);
/* Logs a text of several lines, each as log_line does. */
void log_lines(enum log_level level, const char *text);

/* Writes printable ASCII; other bytes as \xNN, and a backslash twice, so that it can be read
 * back. NUL-terminated, cut to what fits whole into `size` >= 1; returns the length without the
 * NUL. */
size_t log_escape(struct view from, char *to, size_t size);

/* Tells the supervisor a state ("READY=1", "STOPPING=1", ...) by a datagram to $NOTIFY_SOCKET.
 * False if there is no such socket, or if sending fails. */
bool log_notify(const char *state);
/* How often to tell the supervisor "WATCHDOG=1", in milliseconds: half of the time that it allows.
 * 0: never. */
uint64_t log_watchdog_ms(void);

#endif
