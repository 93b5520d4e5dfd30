/* SPDX-License-Identifier: MIT
 *
 * command_fields: what a line holds before it is checked. chat/command.c fills it from typed words,
 * chat/json.c from an object. One check of the fields serves both forms.
 */
#ifndef THREEFOLD_CHAT_JSON_H
#define THREEFOLD_CHAT_JSON_H

#include "chat/verb.h"

struct command_fields {
	struct view word;              /* the command, without the slash */
	struct view values[FIELD_END]; /* but for FIELD_TO */
	uint16_t given;                /* fields, as bits */
	struct view *to;               /* room of the caller for RECIPIENTS_MAX + 1 names */
	size_t to_count;               /* one more than RECIPIENTS_MAX: too many */
	const char *wrong;             /* NULL, or a phrase: why this is no command at all */
};

/* Reads one JSON object, a line that is not empty, into `fields`, which the caller has zeroed but
 * for `to`. If it is no command, fields->wrong says why. `strings` is emptied and filled with the
 * strings of the line, which the views of `fields` then show; it may grow to line.size bytes. */
void command_fields_of_json(struct view line, struct buf *strings, struct command_fields *fields);

#endif
