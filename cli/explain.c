/* SPDX-License-Identifier: MIT
 *
 * The fullest form is taken for which the window has room. The row of the status counts as none.
 */
#include "cli/explain.h"

#include <limits.h>

static void window(struct cli_console *console, unsigned *columns, unsigned *rows)
{
	*columns = UINT_MAX;
	*rows = UINT_MAX;
	if (console == NULL)
		return;
	console_size(columns, rows);
	*rows -= console_has_status(console);
}

static const char *all_commands(struct cli_console *console, char text[EXPLAIN_SIZE])
{
	char words[VERB_TEXT][HELP_WORD_SIZE];
	struct view items[VERB_TEXT];
	unsigned columns;
	unsigned rows;
	enum help_form form;

	window(console, &columns, &rows);
	form = console == NULL ? HELP_TABLE : help_form(columns, rows);
	if (form == HELP_TABLE) {
		help_table(text);
		return text;
	}
	if (form == HELP_NAMES) {
		help_names(columns, text);
		console_print(console, view_of_string(text));
		return "/help COMMAND says more about one";
	}
	help_forms(words);
	for (size_t i = 0; i < VERB_TEXT; i++)
		items[i] = view_of_string(words[i]);
	(void)console_columns(console, items, VERB_TEXT, 1);
	return "/help COMMAND says more about one";
}

const char *explain_topic(struct cli_console *console, struct view topic, char text[EXPLAIN_SIZE])
{
	const struct verb_row *row;
	const struct keys_row *keys;
	unsigned columns;
	unsigned rows;

	if (topic.size == 0)
		return all_commands(console, text);
	if (topic.size > 1 && topic.data[0] == '/')
		topic = view_of(topic.data + 1, topic.size - 1);
	row = verb_find(topic);
	keys = keys_find(topic);
	if (row != NULL) {
		help_row(row, text);
	} else if (view_equal(topic, view_of_string(KEYS_TOPIC))) {
		window(console, &columns, &rows);
		keys_help(columns, rows, text);
	} else if (keys != NULL) {
		keys_line(keys, text);
	} else {
		return NULL;
	}
	return text;
}
