/* SPDX-License-Identifier: MIT
 *
 * input: lines from stdin, read only while somebody wants them, so that what is piped in waits in
 * the pipe while a command is under way.
 *
 * A line longer than COMMAND_LINE_SIZE_MAX is given as its front and marked; its rest is skipped.
 * The last line may lack its newline. Terminals are read elsewhere (cli/console.h).
 *
 *   while (input_line(in, &line, &was_cut)) ...       the line lives until the next call
 *   if (input_has_ended(in)) ...
 *   input_want(in, true);                             reads in the next turns; then ask again
 */
#ifndef THREEFOLD_CLI_INPUT_H
#define THREEFOLD_CLI_INPUT_H

#include "base/buf.h"
#include "io/loop.h"

struct cli_input {
	struct loop_source source;
	struct loop *loop;
	bool is_added;
	bool has_ended;   /* there is nothing more to be read */
	bool is_skipping; /* the rest of a line that was cut */
	struct buf buf;
	size_t used;    /* bytes of lines that were given already */
	size_t scanned; /* there is no newline before this */
};

/* A descriptor that cannot be watched, or is none, counts as ended. */
void input_init(struct cli_input *in, struct loop *l, int fd);
void input_release(struct cli_input *in);
void input_want(struct cli_input *in, bool wanted);
bool input_line(struct cli_input *in, struct view *line, bool *was_cut);
/* No line is left, and none will come. */
bool input_has_ended(const struct cli_input *in);

#endif
