/* SPDX-License-Identifier: MIT
 *
 * client_help: what /help says. For a window in which the table of commands has no room there is a
 * shorter one, and for the smallest just the names.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_HELP_H
#define THREEFOLD_CHAT_HELP_H

#include "chat/command.h"

enum client_help_form {
	CLIENT_HELP_TABLE, /* a line for each command: how it is written, what it does */
	CLIENT_HELP_FORMS, /* how they are written */
	CLIENT_HELP_NAMES, /* for the caller to lay out in columns */
};

enum { CLIENT_HELP_SIZE = 2048, CLIENT_HELP_WORD_SIZE = 64 };

/* The fullest form of which all rows, and the prompt, have room. */
enum client_help_form client_help_form(size_t columns, size_t rows);
/* The table; ends without a newline. */
void client_help_table(char text[CLIENT_HELP_SIZE]);
/* The words of the other two forms, one for each verb up to VERB_TEXT. */
void client_help_words(enum client_help_form form, char words[VERB_TEXT][CLIENT_HELP_WORD_SIZE]);
/* All there is to say of one command; ends without a newline. */
void client_help_row(const struct command_row *row, char text[CLIENT_HELP_SIZE]);

#endif
