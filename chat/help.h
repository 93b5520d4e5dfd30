/* SPDX-License-Identifier: MIT
 *
 * help: what /help says. A window that has no room for the table of commands gets a shorter form,
 * and the smallest window only the names.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_HELP_H
#define THREEFOLD_CHAT_HELP_H

#include "chat/verb.h"

enum help_form {
	HELP_TABLE, /* a line for each command: how it is written, what it does */
	HELP_FORMS, /* how they are written */
	HELP_NAMES, /* one behind the other */
};

enum { HELP_SIZE = 2048, HELP_WORD_SIZE = 64 };

/* The fullest form that has room in a window of this size, with the prompt below it. */
enum help_form help_form(size_t columns, size_t rows);
/* Writes the table of all commands, a line each, without a newline at the end. */
void help_table(char text[HELP_SIZE]);
/* Writes the words of HELP_FORMS, one for each verb below VERB_TEXT, for the caller to lay out in
 * columns. */
void help_forms(char words[VERB_TEXT][HELP_WORD_SIZE]);
/* Writes the names of all commands in rows of less than `columns`, each with its newline. */
void help_names(size_t columns, char text[HELP_SIZE]);
/* Writes all that there is to say of one command, without a newline at the end. */
void help_row(const struct verb_row *row, char text[HELP_SIZE]);

#endif
