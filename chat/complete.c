/* SPDX-License-Identifier: MIT
 *
 * The first argument of a command is completed, and the names in a list of recipients. The name of
 * an account that is about to be created is not: it has to be new.
 */
#include "chat/complete.h"

#include "chat/verb.h"
#include "chat/word.h"

#include <stdio.h>

enum complete_kind complete_kind(struct view line, size_t word_offset, size_t *name_offset)
{
	struct view before = view_of(line.data, word_offset);

	assert(word_offset <= line.size);
	*name_offset = word_offset;
	if (word_offset == 0)
		return line.size > 0 && line.data[0] == '/' ? COMPLETE_COMMAND : COMPLETE_NOTHING;

	const struct verb_row *row = verb_of_line(&before);

	if (row == NULL || row->verb == VERB_CREATE || word_count_arguments(before) > 0)
		return COMPLETE_NOTHING;
	if (row->verb == VERB_HELP)
		return COMPLETE_TOPIC;
	if (row->arguments[0] == FIELD_TO)
		for (size_t i = word_offset; i < line.size; i++)
			if (line.data[i] == ',')
				*name_offset = i + 1;
	return row->arguments[0] == FIELD_TO || row->arguments[0] == FIELD_NAME ||
	                       row->verb == VERB_LIST
	               ? COMPLETE_NAME
	               : COMPLETE_NOTHING;
}

void complete_commands(enum complete_kind kind, struct view word,
                       struct complete_commands *commands)
{
	_Static_assert((int)VERB_TEXT <= (int)COMPLETE_COMMANDS_MAX,
	               "there is room for every command");

	assert(kind == COMPLETE_COMMAND || kind == COMPLETE_TOPIC);
	commands->count = 0;
	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		char *memory = commands->memory[commands->count];
		int size = snprintf(memory, COMPLETE_COMMAND_SIZE, "%s%s",
		                    kind == COMPLETE_COMMAND ? "/" : "", verb_row(verb)->name);
		struct view whole = view_of(memory, (size_t)size);

		assert(size > 0);
		assert(size < COMPLETE_COMMAND_SIZE);
		if (view_starts_with(whole, word))
			commands->words[commands->count++] = whole;
	}
}
