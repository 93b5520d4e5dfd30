/* SPDX-License-Identifier: MIT
 *
 * The table of keys, and the sentence that lists those of a command.
 */
#include "chat/key.h"

#include <stdio.h>

static const struct key_row rows[FIELD_END] = {
	[FIELD_NAME] = { "name", "a string", "an account; with `help`, a command" },
	[FIELD_PASSWORD] = { "password", "a string",
	                     "the account's password; with `password`, the one until now" },
	[FIELD_TAKE_OVER] = { "take_over", "true or false",
	                      "end the session that another client has" },
	[FIELD_PATTERN] = { "pattern", "a string",
	                    "the beginning of a name; with `*` or `?` the whole of one" },
	[FIELD_REGEX] = { "regex", "a string",
	                  "a POSIX extended expression for the beginning of a name" },
	[FIELD_TO] = { "to", "a string or a list of strings", "the recipients" },
	[FIELD_TEXT] = { "text", "a string", "what to say; it may have several lines" },
	[FIELD_ID] = { "id", "a string", "of the message that is sent again, to one recipient" },
	[FIELD_SECONDS] = { "seconds", "a number", "how long; it may have a fraction" },
	[FIELD_STATE] = { "state", "\"on\" or \"off\"", "what it shall be" },
	[FIELD_COUNT] = { "count", "a number", "how many messages" },
	[FIELD_SETTING] = { "setting", "a string", "the name of a setting" },
	[FIELD_VALUE] = { "value", "a string", "what the setting shall be" },
	[FIELD_NOTICE] = { "notice", "true or false", "no program should answer the message" },
	[FIELD_NEW_PASSWORD] = { "new_password", "a string", "the password from now on" },
	[FIELD_INVITATION] = { "invite", "a string", "an invitation, where servers ask for one" },
	[FIELD_TAG] = { "tag", "a string of at most 64 bytes",
	                "any word of yours; the result gives it back" },
};

const struct key_row *key_row(enum field field)
{
	assert(field < FIELD_END);
	return &rows[field];
}

enum field key_find(struct view key)
{
	enum field field = 0;

	while (field < FIELD_END && !view_equal(key, view_of_string(rows[field].key)))
		field++;
	return field;
}

/* Appends the keys of these fields. */
static void put_keys(char text[KEY_SENTENCE_SIZE], uint32_t fields)
{
	bool is_first = true;

	for (enum field field = 0; field < FIELD_END; field++) {
		bool is_last = (fields >> field) == 1;
		size_t size = strlen(text);

		if ((fields & FIELD_BIT(field)) == 0)
			continue;
		(void)snprintf(text + size, KEY_SENTENCE_SIZE - size, "%s\"%s\"",
		               is_first  ? " "
		               : is_last ? " and "
		                         : ", ",
		               rows[field].key);
		is_first = false;
	}
}

static void put_words(char text[KEY_SENTENCE_SIZE], const char *words)
{
	size_t size = strlen(text);

	(void)snprintf(text + size, KEY_SENTENCE_SIZE - size, "%s", words);
}

void key_sentence(const struct verb_row *row, char text[KEY_SENTENCE_SIZE])
{
	(void)snprintf(text, KEY_SENTENCE_SIZE, "%s", row->name);
	if (row->needed != 0) {
		put_words(text, " has");
		put_keys(text, row->needed);
		put_words(text, ", and");
	}
	put_words(text, " may have");
	put_keys(text, row->optional | FIELD_BIT(FIELD_TAG));
}
