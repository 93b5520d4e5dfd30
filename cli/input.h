/* SPDX-License-Identifier: MIT
 *
 * input: a script's lines from stdin. They are read only while the caller wants them; while a
 * command is under way, the others wait in the pipe.
 *
 * A line ends with LF, or CR LF. A byte order mark before the first one is skipped.
 *
 * A line longer than COMMAND_LINE_SIZE_MAX is cut there, and marked; its rest is skipped. The last
 * line may lack its newline. cli/console.h reads terminals.
 *
 *   while (input_line(in, &line, &was_cut)) ...       the line lives until the next call
 *   if (input_has_ended(in)) ...
 *   input_want(in, true);                             reads in the next turns; then ask again
 */
#ifndef THREEFOLD_CLI_INPUT_H
#define THREEFOLD_CLI_INPUT_H

#include "chat/json.h"
#include "io/loop.h"

struct cli_input {
	struct loop_source source;
	struct loop *loop;
	bool is_added;
	bool has_ended;   /* stdin has ended, or cannot be read */
	int error;        /* why it cannot be read; 0: it can */
	bool is_wide;     /* because it is UTF-16 or UTF-32 */
	bool is_begun;    /* the first bytes were looked at */
	bool is_skipping; /* the rest of a line that was cut */
	struct buf buf;
	size_t used;               /* bytes of lines that were given already */
	size_t wiped;              /* so many of them are overwritten */
	size_t scanned;            /* there is no end of a line before this */
	struct json_extent extent; /* of the object that the next line begins */
	size_t open;               /* so many bytes of it are lines that do not end it */
};

/* Begins to read `fd`, which stays the caller's; `l` must outlive `in`. -1 counts as ended. So does
 * one that cannot be read or waited for, and `error` says why: it must not pass for a script that
 * is done. */
void input_init(struct cli_input *in, struct loop *l, int fd);
/* Stops reading, and wipes and frees the buffer. */
void input_release(struct cli_input *in);
/* Sets whether the next turns of the loop read. */
void input_want(struct cli_input *in, bool wanted);
/* Reads what is there, and waits for it for so long. False if nothing came, or all has ended. */
bool input_read(struct cli_input *in, int ms);
/* Gives the next line without its newline; false if no whole line is there yet. *was_cut: it was
 * longer than COMMAND_LINE_SIZE_MAX. The line lives until the next call, which overwrites it, since
 * it may hold a password. An object of JSON may have several lines: they are given as one. It
 * ends at the latest where a line begins that is a command of its own, with '/' or '{'. */
bool input_line(struct cli_input *in, struct view *line, bool *was_cut);
/* Whether no line is left and none will come. */
bool input_has_ended(const struct cli_input *in);

#endif
