/* SPDX-License-Identifier: MIT
 *
 * complete: what the Tab key may make of the last word of a line: which kind of word belongs there,
 * by the table of commands, and which commands begin like it. The names of accounts come from the
 * caller.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_COMPLETE_H
#define THREEFOLD_CHAT_COMPLETE_H

#include "base/buf.h"

enum complete_kind {
	COMPLETE_NOTHING,
	COMPLETE_COMMAND, /* with its slash */
	COMPLETE_TOPIC,   /* a command without its slash, as /help takes it */
	COMPLETE_NAME,    /* of an account */
};

/* Which kind of word belongs at the end of `line`, which ends at the cursor and whose last word
 * begins at `word_offset`. *name_offset becomes the place where the name begins: in a list of
 * recipients behind the last comma, else word_offset. */
enum complete_kind complete_kind(struct view line, size_t word_offset, size_t *name_offset);

enum { COMPLETE_COMMANDS_MAX = 32, COMPLETE_COMMAND_SIZE = 32 };
struct complete_commands {
	char memory[COMPLETE_COMMANDS_MAX][COMPLETE_COMMAND_SIZE]; /* what `words` show */
	struct view words[COMPLETE_COMMANDS_MAX];
	size_t count;
};
/* Finds the commands that begin with `word`. `kind` is COMPLETE_COMMAND or COMPLETE_TOPIC: with the
 * slash or without it. `word` may be empty. */
void complete_commands(enum complete_kind kind, struct view word,
                       struct complete_commands *commands);

#endif
