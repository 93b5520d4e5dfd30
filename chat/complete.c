/* SPDX-License-Identifier: MIT
 *
 * Words are counted as the parser of chat/command.h does it: at blanks, options not counted.
 */
#include "chat/complete.h"

#include "chat/command.h"

#include <stdio.h>

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

/* The next word of the line from *at on, which moves behind it; empty: there is none. */
static struct view next_word(struct view line, size_t *at)
{
	size_t from;

	while (*at < line.size && is_blank(line.data[*at]))
		++*at;
	from = *at;
	while (*at < line.size && !is_blank(line.data[*at]))
		++*at;
	return view_of(line.data + from, *at - from);
}

/* The row of the command at the front of the line; NULL if there is none. */
static const struct command_row *row_of(struct view line, size_t *at)
{
	struct view word;

	*at = 0;
	word = next_word(line, at);
	if (word.size < 2 || word.data[0] != '/')
		return NULL;
	return command_find(view_of(word.data + 1, word.size - 1));
}

static bool is_option(struct view word)
{
	return word.size > 1 && word.data[0] == '-';
}

enum complete_kind complete_kind(struct view line, size_t word_offset, size_t *name_offset)
{
	const struct command_row *row;
	size_t arguments = 0;
	size_t at;

	assert(word_offset <= line.size);
	*name_offset = word_offset;
	if (word_offset == 0)
		return line.size > 0 && line.data[0] == '/' ? COMPLETE_COMMAND : COMPLETE_NOTHING;
	row = row_of(view_of(line.data, word_offset), &at);
	if (row == NULL)
		return COMPLETE_NOTHING;
	while (at < word_offset) {
		struct view word = next_word(view_of(line.data, word_offset), &at);

		arguments += word.size > 0 && !is_option(word);
	}
	if (arguments > 0 || row->verb == VERB_CREATE)
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
		                    kind == COMPLETE_COMMAND ? "/" : "", command_row(verb)->name);
		struct view whole = view_of(memory, (size_t)size);

		assert(size > 0);
		assert(size < COMPLETE_COMMAND_SIZE);
		if (view_starts_with(whole, word))
			commands->words[commands->count++] = whole;
	}
}

/* Arguments from `at` on; options are none. */
static size_t count_arguments(struct view line, size_t at)
{
	size_t count = 0;

	while (at < line.size) {
		struct view word = next_word(line, &at);

		count += word.size > 0 && !is_option(word);
	}
	return count;
}

/* One who mistypes a command, or types another program's, has typed the password all the same. So
 * only commands that take none, and plain text, are no secrets. */
bool secret_is_in(struct view line)
{
	size_t at;
	const struct command_row *row = row_of(line, &at);
	size_t front = 0;

	while (front < line.size && is_blank(line.data[front]))
		front++;
	if (front == line.size)
		return false;
	if (line.data[front] != '/') {
		const char *ours = command_foreign(line);

		if (ours == NULL || strncmp(ours, "/msg", 4) == 0)
			return false;
	}
	if (row != NULL && (row->needed & FIELD_BIT(FIELD_PASSWORD)) == 0)
		return false;
	return count_arguments(line, at) >= 2;
}

bool secret_may_follow(struct view line)
{
	size_t at;
	const struct command_row *row = row_of(line, &at);

	return row != NULL && row->asked != 0 && !secret_is_in(line);
}
