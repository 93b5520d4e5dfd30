/* SPDX-License-Identifier: MIT
 *
 * complete: what Tab may make of the last word of a line: which kind of word belongs there,
 * by the table of commands, and what may be put there.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_COMPLETE_H
#define THREEFOLD_CHAT_COMPLETE_H

#include "base/buf.h"

enum complete_kind {
	COMPLETE_NOTHING,
	COMPLETE_COMMAND, /* with its slash */
	COMPLETE_TOPIC,   /* a command without it, as /help takes */
	COMPLETE_NAME,    /* of an account */
};

/* Of the line up to the cursor, whose last word begins at word_offset. *name_offset: where the
 * name begins, behind others of a list and its commas; else as word_offset. */
enum complete_kind complete_kind(struct view line, size_t word_offset, size_t *name_offset);

enum { COMPLETE_COMMANDS_MAX = 32, COMPLETE_COMMAND_SIZE = 32 };
struct complete_commands {
	char memory[COMPLETE_COMMANDS_MAX][COMPLETE_COMMAND_SIZE];
	struct view words[COMPLETE_COMMANDS_MAX];
	size_t count;
};
/* The commands that begin with `word`, as COMPLETE_COMMAND or COMPLETE_TOPIC has them. */
void complete_commands(enum complete_kind kind, struct view word,
                       struct complete_commands *commands);

#endif
