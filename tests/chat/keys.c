/* SPDX-License-Identifier: MIT
 *
 * The table of keys beside what a terminal sends: each key that means something is named by the row
 * of what it does, and no row names a key that does something else. In a window of any size the
 * list has room.
 */
#include "chat/keys.h"
#include "terminal/terminal.h"
#include "tests/chat/rows.h"
#include "tests/lib/tap.h"

#include <stdio.h>

static bool has(const struct keys_row *row, enum key key)
{
	for (size_t i = 0; row != NULL && i < KEYS_OF_ROW_MAX; i++)
		if (row->keys[i] == key)
			return true;
	return false;
}

static enum key decoded(const char *bytes, size_t size)
{
	enum key key = KEY_IGNORED;

	(void)key_decode(view_of(bytes, size), true, &key);
	return key;
}

/* What does not come from one key that a person presses. */
static bool is_no_key(enum key key)
{
	return key == KEY_IGNORED || key == KEY_TEXT || key == KEY_PASTE || key == KEY_PASTE_END ||
	       key == KEY_STRING;
}

static void test_all_keys_have_a_row(void)
{
	for (enum key key = KEY_IGNORED; key <= KEY_STRING; key++) {
		size_t rows = 0;

		for (size_t i = 0; keys_row(i) != NULL; i++)
			rows += !is_no_key(key) && has(keys_row(i), key);
		ALWAYS(rows == !is_no_key(key), "a key has one row, if it is one");
	}
	OK(true, "each key of the terminal has one row");
}

/* The names that have letters of their own: Ctrl with I, J and M are Tab and Enter. */
static const char *name_of_control(char letter, char name[8])
{
	if (letter == 'I')
		return "Tab";
	if (letter == 'J' || letter == 'M')
		return "Enter";
	(void)snprintf(name, 8, "Ctrl-%c", letter);
	return name;
}

static void test_what_is_sent_is_named(void)
{
	char name[8];
	size_t count = 0;

	for (char letter = 'A'; letter <= 'Z'; letter++) {
		char byte = (char)(letter - 'A' + 1);
		enum key key = decoded(&byte, 1);
		const struct keys_row *row;

		row = keys_find(view_of_string(name_of_control(letter, name)));
		ALWAYS(key == KEY_IGNORED ? row == NULL : has(row, key), name);
		count += row != NULL;
	}
	for (char c = '!'; c <= '~'; c++) {
		const char bytes[2] = { '\033', c };
		enum key key;
		const struct keys_row *row;

		/* What begins other keys; and Alt-P in upper case, as ']' and '_', may begin an
		 * answer of the terminal, so a letter counts as the lower-case one. */
		if (c == '[' || (c >= 'A' && c <= 'Z'))
			continue;
		key = decoded(bytes, 2);
		(void)snprintf(name, sizeof name, "Alt-%c", c);
		row = keys_find(view_of_string(name));
		ALWAYS(key == KEY_IGNORED || key == KEY_STRING ? row == NULL : has(row, key), name);
		count += row != NULL;
	}
	OK(count > 30, "Ctrl and Alt with each sign: named, or without a meaning");
}

static void test_what_is_named_is_sent(void)
{
	static const struct {
		const char *name, *bytes;
	} others[] = {
		{ "Enter", "\r" },
		{ "Alt-Enter", "\033\r" },
		{ "Tab", "\t" },
		{ "Up", "\033[A" },
		{ "Down", "\033OB" },
		{ "Right", "\033[C" },
		{ "Left", "\033OD" },
		{ "Home", "\033[H" },
		{ "End", "\033[4~" },
		{ "PgUp", "\033[5~" },
		{ "PgDn", "\033[6~" },
		{ "Del", "\033[3~" },
		{ "Backspace", "\x7f" },
		{ "Escape", "\033" },
		{ "Alt-Backspace", "\033\x7f" },
		{ "Ctrl-Left", "\033[1;5D" },
		{ "Ctrl-Right", "\033[1;5C" },
	};
	size_t names = 0;

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ALWAYS(has(keys_find(view_of_string(others[i].name)),
		           decoded(others[i].bytes, strlen(others[i].bytes))),
		       others[i].name);
	/* Those with a letter are held by what is sent. */
	for (size_t i = 0; keys_row(i) != NULL; i++)
		for (const char *name = keys_row(i)->names; *name != 0;) {
			size_t size = strcspn(name, ",/");
			bool is_held = strcspn(name, "-") + 2 == size ||
			               strncmp(name, "Alt-1", 5) == 0 ||
			               (size == 5 && strncmp(name, "Right", 5) == 0);

			for (size_t j = 0; j < sizeof others / sizeof others[0]; j++)
				is_held |= strlen(others[j].name) == size &&
				           strncmp(name, others[j].name, size) == 0;
			ALWAYS(is_held, name);
			names++;
			name += size;
			name += strspn(name, ",/ ");
		}
	OK(names > 30, "each name of a row is that of a key that does it");
	OK(keys_find(view_of_string("ctrl-r")) != NULL, "in lower case as well");
	OK(keys_find(view_of_string("Ctrl-Q")) == NULL, "a key without a meaning has no row");
	OK(keys_find(view_of_string("Alt-0")) == NULL, "nor has a number that is none");
	OK(keys_find(view_of_string("")) == NULL, "nor has no name");
}

static void test_windows(void)
{
	char text[KEYS_TEXT_SIZE];
	size_t count = 0;
	size_t tables = 0;

	while (keys_row(count) != NULL)
		count++;
	keys_help(80, 23, text);
	OK(rows_of(text, 80) == count, "at 80 by 24, with a status: a line for each row, none "
	                               "wrapped");
	keys_help(200, 60, text);
	OK(rows_of(text, 200) == count, "at 200 by 60 as well");
	keys_help(40, 9, text);
	OK(strncmp(text, "Enter Tab Up Down", 17) == 0, "at 40 by 10 the names alone");
	OK(strstr(text, "\nCtrl-R G N P ") != NULL, "each sort behind the other");
	OK(strstr(text, "\nAlt-Enter P N 1..9 A ") != NULL, "to the last");
	OK(strstr(text, "\n/help Ctrl-R says") != NULL, "and where more is");
	OK(rows_of(text, 40) + 3 <= 10, "they fit there, below what was typed and with the prompt");
	for (size_t columns = TERMINAL_COLUMNS_MIN + 20; columns <= 250; columns++)
		for (size_t rows = 1; rows <= 60; rows++) {
			keys_help(columns, rows, text);
			ALWAYS(text[strlen(text) - 1] != '\n', "no newline at the end");
			if (strncmp(text, "Enter  ", 7) != 0)
				continue;
			ALWAYS(rows_of(text, columns) + 2 <= rows, "a table has room");
			tables++;
		}
	OK(tables > 1000, "many windows have the table");
	keys_line(keys_find(view_of_string("Ctrl-Y")), text);
	IS_STRING(text, "Ctrl-Y: puts back what was cut", "a line about one");
}

int main(void)
{
	test_all_keys_have_a_row();
	test_what_is_sent_is_named();
	test_what_is_named_is_sent();
	test_windows();
	return tap_done();
}
