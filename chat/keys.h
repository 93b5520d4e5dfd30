/* SPDX-License-Identifier: MIT
 *
 * keys: what the keys of the terminal do, as /help keys says it. One table has a row for each thing
 * that can be done; it names the keys of terminal/key.h that do it.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_KEYS_H
#define THREEFOLD_CHAT_KEYS_H

#include "terminal/key.h"

/* /help with this word lists the keys. */
#define KEYS_TOPIC "keys"

enum { KEYS_OF_ROW_MAX = 3, KEYS_TEXT_SIZE = 2560 };

struct keys_row {
	const char *names;              /* as a person calls them, with ", " between */
	const char *does;               /* a sentence without its full stop */
	enum key keys[KEYS_OF_ROW_MAX]; /* what they are to the terminal; the rest is KEY_IGNORED */
};

/* The row of this index, from 0; NULL behind the last one. */
const struct keys_row *keys_row(size_t index);
/* The row that names this key; upper and lower case are equal. NULL if none does. */
const struct keys_row *keys_find(struct view name);
/* Writes what /help keys says in a window of this size, without a newline at the end: a line for
 * each row if that has room above the prompt, else only the names. */
void keys_help(size_t columns, size_t rows, char text[KEYS_TEXT_SIZE]);
/* Writes a line about one row, without a newline at the end. */
void keys_line(const struct keys_row *row, char text[KEYS_TEXT_SIZE]);

#endif
