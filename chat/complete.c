/* SPDX-License-Identifier: MIT
 *
 * The first argument of a command is completed, and the names in a list of recipients. The name of
 * an account that is about to be created is not: it has to be new.
 */
#include "chat/complete.h"

#include "chat/keys.h"
#include "chat/setting.h"
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

	if (row == NULL || row->verb == VERB_CREATE)
		return COMPLETE_NOTHING;

	size_t count = verb_count_arguments(row, before);

	if (count < 2 && row->arguments[count] == FIELD_VALUE)
		return COMPLETE_VALUE;
	if (count > 0)
		return COMPLETE_NOTHING;
	if (row->verb == VERB_HELP)
		return COMPLETE_TOPIC;
	if (row->arguments[0] == FIELD_SETTING)
		return COMPLETE_SETTING;
	if (row->arguments[0] == FIELD_STATE)
		return COMPLETE_VALUE;
	if (row->arguments[0] == FIELD_TO)
		for (size_t i = word_offset; i < line.size; i++)
			if (line.data[i] == ',')
				*name_offset = i + 1;
	return row->arguments[0] == FIELD_TO || row->arguments[0] == FIELD_NAME ||
	                       row->verb == VERB_LIST
	               ? COMPLETE_NAME
	               : COMPLETE_NOTHING;
}

/* Adds a word, if it begins like what was typed. */
static void add(struct complete_words *words, struct view typed, const char *front,
                const char *word)
{
	char *memory = words->memory[words->count];
	int size = snprintf(memory, COMPLETE_WORD_SIZE, "%s%s", front, word);
	struct view whole = view_of(memory, (size_t)size);

	assert(words->count < COMPLETE_WORDS_MAX);
	assert(size > 0);
	assert(size < COMPLETE_WORD_SIZE);
	if (view_starts_with(whole, typed))
		words->words[words->count++] = whole;
}

/* The setting whose value stands at the end of `before`: /set names it, and the name of a command
 * as /bell is its own setting's. */
static enum setting setting_before(struct view before)
{
	const struct verb_row *row = verb_of_line(&before);

	assert(row != NULL);
	return setting_find(row->verb == VERB_SET ? word_take(&before) : view_of_string(row->name));
}

static void add_values(struct complete_words *words, struct view typed, struct view before)
{
	enum setting setting = setting_before(before);

	if (setting == SETTING_END)
		return;
	for (size_t i = 0; i < SETTING_CHOICES_MAX; i++)
		if (setting_row(setting)->choices[i] != NULL)
			add(words, typed, "", setting_row(setting)->choices[i]);
}

void complete_words(enum complete_kind kind, struct view line, size_t word_offset,
                    struct complete_words *words)
{
	struct view typed = view_of(line.data + word_offset, line.size - word_offset);

	_Static_assert((int)VERB_TEXT < (int)COMPLETE_WORDS_MAX &&
	                       (int)SETTING_END <= (int)COMPLETE_WORDS_MAX,
	               "there is room for every word");
	assert(kind != COMPLETE_NAME);
	words->count = 0;
	if (kind == COMPLETE_VALUE)
		add_values(words, typed, view_of(line.data, word_offset));
	for (enum setting i = 0; i < SETTING_END && kind == COMPLETE_SETTING; i++)
		add(words, typed, "", setting_row(i)->name);
	if (kind != COMPLETE_COMMAND && kind != COMPLETE_TOPIC)
		return;
	for (enum verb verb = 0; verb < VERB_TEXT; verb++)
		add(words, typed, kind == COMPLETE_COMMAND ? "/" : "", verb_row(verb)->name);
	if (kind == COMPLETE_TOPIC)
		add(words, typed, "", KEYS_TOPIC);
}
