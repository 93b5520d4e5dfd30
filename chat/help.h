/* SPDX-License-Identifier: MIT
 *
 * help: what /help says. For a window in which the table of commands has no room there is a
 * shorter one, and for the smallest just the names.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_HELP_H
#define THREEFOLD_CHAT_HELP_H

#include "chat/verb.h"

enum help_form {
	HELP_TABLE, /* a line for each command: how it is written, what it does */
	HELP_FORMS, /* how they are written */
	HELP_NAMES, /* for the caller to lay out in columns */
};

enum { HELP_SIZE = 2048, HELP_WORD_SIZE = 64 };

/* The fullest form of which all rows, and the prompt, have room. */
enum help_form help_form(size_t columns, size_t rows);
/* The table; ends without a newline. */
void help_table(char text[HELP_SIZE]);
/* The words of the other two forms, one for each verb up to VERB_TEXT. */
void help_words(enum help_form form, char words[VERB_TEXT][HELP_WORD_SIZE]);
/* All there is to say of one command; ends without a newline. */
void help_row(const struct verb_row *row, char text[HELP_SIZE]);

#endif
