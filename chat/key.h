/* SPDX-License-Identifier: MIT
 *
 * key: the keys of a command as JSON: how each is called, what its value is, and what it means. A
 * new field of chat/verb.h needs a row here.
 *
 * Pure. Rows are constant.
 */
#ifndef THREEFOLD_CHAT_KEY_H
#define THREEFOLD_CHAT_KEY_H

#include "chat/verb.h"

enum { KEY_SENTENCE_SIZE = 256 };

struct key_row {
	const char *key;
	const char *form;    /* what its value is */
	const char *meaning; /* a phrase */
};

/* The row of a field, which is not FIELD_END. */
const struct key_row *key_row(enum field field);
/* The field that this key gives; FIELD_END if there is none. */
enum field key_find(struct view key);
/* Writes which keys a command has, as: msg has "to" and "text", and may have "id" and "tag". */
void key_sentence(const struct verb_row *row, char text[KEY_SENTENCE_SIZE]);

#endif
