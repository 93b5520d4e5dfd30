/* SPDX-License-Identifier: MIT
 *
 * history: the lines a person typed, kept from one session to the next in
 * $XDG_STATE_HOME/threefold/history (~/.local/state/threefold/history), readable by its owner
 * alone.
 *
 * One entry a line; a newline within is written as \n, a backslash as \\. Each is added with one
 * write at the end, so clients at the same time do not harm each other's. What is too long a
 * history is cut when it is read. Passwords are the caller's care: they are never given here.
 */
#ifndef THREEFOLD_CLI_HISTORY_H
#define THREEFOLD_CLI_HISTORY_H

#include "terminal/terminal.h"

enum {
	HISTORY_COUNT_MAX = 1000,
	HISTORY_FILE_SIZE_MAX = 1024 * 1024, /* of which the last part is read */
	HISTORY_ERR_SIZE = 512,
};

/* Makes folder and file if they are not there, and gives the terminal what is in it. A descriptor
 * for history_append; -1: there will be no history file, and `err` says why ("" if nobody has
 * said where it should be). */
int history_open(struct terminal *t, char err[HISTORY_ERR_SIZE]);
/* A line that cannot be written is not kept. */
void history_append(int fd, struct view line);

#endif
