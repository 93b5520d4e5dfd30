/* SPDX-License-Identifier: MIT
 *
 * complete: what the Tab key may make of the last word of a line: which kind of word belongs there,
 * by the table of commands, and which commands, settings or values begin like it. The names of
 * accounts come from the caller.
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
	COMPLETE_SETTING,
	COMPLETE_VALUE, /* of the setting before it */
};

/* Which kind of word belongs at the end of `line`, which ends at the cursor and whose last word
 * begins at `word_offset`. *name_offset becomes the place where the name begins: in a list of
 * recipients behind the last comma, else word_offset. */
enum complete_kind complete_kind(struct view line, size_t word_offset, size_t *name_offset);

enum { COMPLETE_WORDS_MAX = 32, COMPLETE_WORD_SIZE = 32 };
struct complete_words {
	char memory[COMPLETE_WORDS_MAX][COMPLETE_WORD_SIZE]; /* what `words` show */
	struct view words[COMPLETE_WORDS_MAX];
	size_t count;
};
/* Finds the words of a kind that begin with the last word of `line`, which begins at `word_offset`
 * and may be empty. `kind` is any but COMPLETE_NAME; for COMPLETE_NOTHING there are none. */
void complete_words(enum complete_kind kind, struct view line, size_t word_offset,
                    struct complete_words *words);

#endif
