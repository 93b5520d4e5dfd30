/* SPDX-License-Identifier: MIT
 *
 * Room is counted in rows. A line of the table takes as many rows as the window makes of it when it
 * wraps it; words are laid out in columns as terminal/terminal.h does it.
 */
#include "chat/help.h"

#include <stdio.h>

enum {
	PROMPT_ROWS = 1,
	TYPED_ROWS = 1, /* the command itself; the table may move it out of the window */
	LINE_SIZE = 160,
};

static const char last_line[] = "After /talk NAME, lines without / go to NAME; // sends a /.";

static size_t put_form(const struct verb_row *row, char *to, size_t size)
{
	int count = snprintf(to, size, "/%s%s%s", row->name, row->usage[0] == 0 ? "" : " ",
	                     row->usage);

	assert(count > 0);
	assert((size_t)count < size);
	return (size_t)count;
}

static size_t put_line(const struct verb_row *row, char *to, size_t size)
{
	char form[HELP_WORD_SIZE];
	int count;

	(void)put_form(row, form, sizeof form);
	count = snprintf(to, size, "%-36s %s", form, row->summary);
	assert(count > 0);
	assert((size_t)count < size);
	return (size_t)count;
}

static size_t rows_of(size_t width, size_t columns)
{
	return width <= columns ? 1 : (width + columns - 1) / columns;
}

static bool table_fits(size_t columns, size_t rows)
{
	char line[LINE_SIZE];
	size_t taken = rows_of(strlen(last_line), columns) + PROMPT_ROWS;

	for (enum verb verb = 0; verb < VERB_TEXT; verb++)
		taken += rows_of(put_line(verb_row(verb), line, sizeof line), columns);
	return taken <= rows;
}

static bool forms_fit(size_t columns, size_t rows)
{
	char form[HELP_WORD_SIZE];
	size_t widest = 0;

	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		size_t width = put_form(verb_row(verb), form, sizeof form);

		widest = width > widest ? width : widest;
	}

	size_t across = (columns + 1) / (widest + 2);

	return across > 0 &&
	       (VERB_TEXT + across - 1) / across + 1 + TYPED_ROWS + PROMPT_ROWS <= rows;
}

enum help_form help_form(size_t columns, size_t rows)
{
	assert(columns > 0);
	if (table_fits(columns, rows))
		return HELP_TABLE;
	return forms_fit(columns, rows) ? HELP_FORMS : HELP_NAMES;
}

void help_table(char text[HELP_SIZE])
{
	size_t size = 0;

	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		size += put_line(verb_row(verb), text + size, HELP_SIZE - size);
		assert(size + 1 + sizeof last_line < HELP_SIZE);
		text[size++] = '\n';
	}
	memcpy(text + size, last_line, sizeof last_line);
}

void help_forms(char words[VERB_TEXT][HELP_WORD_SIZE])
{
	for (enum verb verb = 0; verb < VERB_TEXT; verb++)
		(void)put_form(verb_row(verb), words[verb], HELP_WORD_SIZE);
}

void help_names(size_t columns, char text[HELP_SIZE])
{
	size_t size = 0;
	size_t used = 0; /* columns of the last row */

	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		const char *name = verb_row(verb)->name;
		size_t width = strlen(name) + 1;
		bool is_first = used == 0 || used + 1 + width >= columns;
		const char *before = used == 0 ? "" : is_first ? "\n" : " ";

		size += (size_t)snprintf(text + size, HELP_SIZE - size, "%s/%s", before, name);
		assert(size < HELP_SIZE - 1);
		used = is_first ? width : used + 1 + width;
	}
	text[size++] = '\n';
	text[size] = 0;
}

void help_row(const struct verb_row *row, char text[HELP_SIZE])
{
	size_t size = put_form(row, text, HELP_SIZE);
	int count = snprintf(text + size, HELP_SIZE - size, "\n  %s.%s%s", row->summary,
	                     row->help[0] == 0 ? "" : " ", row->help);

	assert(count > 0);
	assert((size_t)count < HELP_SIZE - size);
	(void)count;
}
