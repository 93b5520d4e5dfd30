/* SPDX-License-Identifier: MIT
 *
 * command_fields: what a line holds before it is checked. chat/command.c fills it from typed words,
 * chat/json.c from an object. One check of the fields serves both forms.
 *
 * json: the strings of such an object, which chat/archive.c reads too, and where it ends.
 */
#ifndef THREEFOLD_CHAT_JSON_H
#define THREEFOLD_CHAT_JSON_H

#include "chat/verb.h"

struct command_fields {
	struct view word;              /* the command, without the slash */
	struct view values[FIELD_END]; /* but for FIELD_TO */
	uint32_t given;                /* fields, as bits */
	struct view *to;               /* room of the caller for RECIPIENTS_MAX + 1 names */
	size_t to_count;               /* one more than RECIPIENTS_MAX: too many */
	const char *wrong;             /* NULL, or a phrase: why this is no command at all */
	struct view wrong_key;         /* where it is wrong; of JSON only, and perhaps of none */
	bool is_json;
};

/* Reads one JSON object, a line that is not empty, into `fields`, which the caller has zeroed but
 * for `to`. If it is no command, fields->wrong says why. `strings` is emptied and filled with the
 * strings of the line, which the views of `fields` then show; it may grow to line.size bytes. */
void command_fields_of_json(struct view line, struct buf *strings, struct command_fields *fields);

/* Where somebody is who reads a line of JSON. */
struct json_cursor {
	struct view line;
	size_t at;
	struct buf *strings; /* those that were taken; has room for the line, so it does not move */
	const char *wrong;   /* a phrase: what was wrong first; NULL: nothing was */
};
/* Takes a string, with its quotes. *string shows what it means, in c->strings. A NUL in it, half of
 * a surrogate pair, and bytes that are no UTF-8 are for the caller to find. False if there is no
 * string, and c->wrong says why. */
bool json_take_string(struct json_cursor *c, struct view *string);

/* How much of an object has come, for a reader that does not know where it ends. */
struct json_extent {
	size_t depth;
	bool is_string;
	bool is_escaped;
};
/* Takes the next bytes of the object. Begins zeroed. */
void json_extent_add(struct json_extent *e, struct view bytes);
/* Whether the object may go on behind a newline: it has not ended, and no string is open, which no
 * newline may stand in. */
bool json_extent_is_open(const struct json_extent *e);

#endif
