/* SPDX-License-Identifier: MIT
 *
 * /help in windows of all sizes: whatever form is chosen, it has room there, with a line below it
 * and the prompt.
 */
#include "chat/help.h"
#include "terminal/terminal.h"
#include "tests/chat/rows.h"
#include "tests/lib/tap.h"

/* Rows that words take in columns. */
static size_t rows_of_forms(size_t columns)
{
	char words[VERB_TEXT][HELP_WORD_SIZE];
	size_t widest = 0;
	size_t across;

	help_forms(words);
	for (size_t i = 0; i < VERB_TEXT; i++)
		widest = strlen(words[i]) > widest ? strlen(words[i]) : widest;
	across = (columns + 1) / (widest + 2);
	return across == 0 ? SIZE_MAX : (VERB_TEXT + across - 1) / across;
}

static void test_forms(void)
{
	char text[HELP_SIZE];
	size_t tables = 0;
	size_t forms = 0;

	help_table(text);
	OK(rows_of(text, 80) + 2 <= 24, "the table fits on 80 by 24");
	OK(rows_of(text, 80) == VERB_TEXT + 1, "there no line of it is wrapped");
	for (size_t columns = TERMINAL_COLUMNS_MIN; columns <= 250; columns++)
		for (size_t rows = 1; rows <= 60; rows++) {
			enum help_form form = help_form(columns, rows);

			tables += form == HELP_TABLE;
			forms += form == HELP_FORMS;
			if (form == HELP_TABLE)
				ALWAYS(rows_of(text, columns) + 1 <= rows, "a table has room");
			else if (form == HELP_FORMS)
				ALWAYS(rows_of_forms(columns) + 3 <= rows, "so have forms");
		}
	OK(tables > 0 && forms > 0, "each form has its windows");
	OK(help_form(80, 24) == HELP_TABLE, "80 by 24: the table");
	OK(help_form(80, 23) == HELP_TABLE, "also with a row above the prompt");
	OK(help_form(200, 60) == HELP_TABLE, "200 by 60: the table");
	OK(help_form(100, 14) == HELP_FORMS, "100 by 14: the forms");
	OK(help_form(40, 10) == HELP_NAMES, "40 by 10: the names");
	for (size_t columns = TERMINAL_COLUMNS_MIN + 2; columns <= 250; columns++) {
		help_names(columns, text);
		for (const char *row = text; *row != 0; row += strcspn(row, "\n") + 1)
			ALWAYS(strcspn(row, "\n") < columns, "no row of names is too long");
	}
	help_names(40, text);
	OK(rows_of(text, 40) + 5 <= 10, "they fit there, below what was typed, with a hint, the "
	                                "status and the prompt");
}

static void test_rows(void)
{
	char text[HELP_SIZE];

	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		const struct verb_row *row = verb_row(verb);

		help_row(row, text);
		ALWAYS(text[0] == '/', "help on a command begins with how it is written");
		ALWAYS(strstr(text, row->summary) != NULL, "then what it does");
		ALWAYS(rows_of(text, 40) + 2 <= 10, "and fits on 40 by 10");
		ALWAYS(text[strlen(text) - 1] != ' ', "without a blank at its end");
	}
	help_row(verb_row(VERB_BELL), text);
	OK(strncmp(text, "/bell [on|off]\n  ring", 21) == 0, "as of the bell");
}

int main(void)
{
	test_forms();
	test_rows();
	return tap_done();
}
