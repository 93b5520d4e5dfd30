/* SPDX-License-Identifier: MIT
 *
 * history: the lines a person typed, kept from one session to the next in
 * $XDG_STATE_HOME/threefold/history (~/.local/state/threefold/history), readable by its owner
 * alone.
 *
 * The file has one entry a line; a newline in an entry is written as \n, a backslash as \\. Each
 * entry is appended with one write, so several clients can share the file. A history that is too
 * long is shortened when it is read; other clients go on in the new file. The caller never passes a
 * line that holds a password.
 *
 * The file may be a link: then its target is used, and the link stays. A link to /dev/null is a
 * wish to keep nothing, and nothing is said of it.
 */
#ifndef THREEFOLD_CLI_HISTORY_H
#define THREEFOLD_CLI_HISTORY_H

#include "terminal/terminal.h"

enum {
	HISTORY_COUNT_MAX = 1000,
	HISTORY_FILE_SIZE_MAX = 1024 * 1024, /* of a larger file, this much at its end is read */
	HISTORY_ERR_SIZE = 512,
};

/* Gives the lines of the history to the terminal; makes folder and file if needed. False: there is
 * no history file, and `err` says why; it is "" if neither $XDG_STATE_HOME nor $HOME gives a place,
 * or if it is a link to /dev/null. Then nothing is to be appended. */
bool history_read(struct terminal *t, char err[HISTORY_ERR_SIZE]);
/* Appends a line. Does nothing if it is empty or larger than a sixteenth of HISTORY_FILE_SIZE_MAX.
 * A line that cannot be written is lost, without a word. */
void history_append(struct view line);

#endif
