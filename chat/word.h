/* SPDX-License-Identifier: MIT
 *
 * word: a line is cut into words at blanks. A blank is a space or a tab. The parser, the completion
 * and the search for passwords all take words with these functions, so they agree.
 *
 * Pure. Words are views into the line.
 */
#ifndef THREEFOLD_CHAT_WORD_H
#define THREEFOLD_CHAT_WORD_H

#include "base/buf.h"

/* Whether it is a space or a tab. */
bool word_is_blank(uint8_t byte);
/* Takes the blanks at the front of `line` away. */
void word_skip_blanks(struct view *line);
/* Takes the next word and the one blank after it from the front of `line`, and any blanks before
 * it. An empty view if there is no word; the line is then empty, too. */
struct view word_take(struct view *line);
/* How many words the line has. */
size_t word_count(struct view line);
/* Counts the words that are no options, of a line whose command is not known: a word of two or more
 * bytes that begins with `-` is an option. */
size_t word_count_arguments(struct view line);

#endif
