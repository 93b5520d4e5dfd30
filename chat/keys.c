/* SPDX-License-Identifier: MIT
 *
 * The rows stand in the order in which somebody learns them. There are few enough for a window of
 * 80 by 24.
 */
#include "chat/keys.h"

#include <stdio.h>

enum {
	NAMES_WIDTH = 29, /* of the column of names */
	PROMPT_ROWS = 2,
	LINE_SIZE = 160,
};

static const char hint[] = "/help Ctrl-R says what that one does";

static const struct keys_row rows[] = {
	{ "Enter", "sends the line", { KEY_ENTER } },
	{ "Alt-Enter", "breaks the line and does not send it", { KEY_NEWLINE } },
	{ "Tab", "completes; on an empty line it begins a reply", { KEY_TAB } },
	{ "Up, Down, Alt-P, Alt-N", "earlier lines and later ones", { KEY_UP, KEY_DOWN } },
	{ "Ctrl-R", "finds a line that was typed, by a part of it", { KEY_FIND } },
	{ "PgUp, PgDn", "show what was said, page by page", { KEY_PAGE_UP, KEY_PAGE_DOWN } },
	{ "Escape, Ctrl-G", "leave the pages, or the search", { KEY_ESCAPE, KEY_CANCEL } },
	{ "Alt-1..9", "go to the conversation of that number", { KEY_GO_NUMBER } },
	{ "Alt-A", "goes to the next one that has something new", { KEY_GO_NEW } },
	{ "Ctrl-N, Ctrl-P",
	  "go to the next one, the one before",
	  { KEY_GO_NEXT, KEY_GO_PREVIOUS } },
	{ "Left, Right, Ctrl-B, Ctrl-F", "one character back, or on", { KEY_LEFT, KEY_RIGHT } },
	{ "Alt-B, Alt-F, Ctrl-Left/Right",
	  "one word back, or on",
	  { KEY_WORD_LEFT, KEY_WORD_RIGHT } },
	{ "Home, End, Ctrl-A, Ctrl-E", "to the beginning or the end", { KEY_HOME, KEY_END } },
	{ "Backspace, Ctrl-H, Del", "delete one character", { KEY_BACKSPACE, KEY_DELETE } },
	{ "Ctrl-W, Alt-Backspace, Alt-D",
	  "cut a word: Alt-D the one behind the cursor",
	  { KEY_CUT_BLANK_LEFT, KEY_CUT_WORD_LEFT, KEY_CUT_WORD_RIGHT } },
	{ "Ctrl-U, Ctrl-K",
	  "cut all before the cursor, or behind it",
	  { KEY_CUT_TO_HOME, KEY_CUT_TO_END } },
	{ "Ctrl-Y", "puts back what was cut", { KEY_PUT_BACK } },
	{ "Ctrl-L", "clears the window", { KEY_CLEAR } },
	{ "Ctrl-C", "clears the line; twice on an empty one it ends", { KEY_INTERRUPT } },
	{ "Ctrl-D", "ends on an empty line; else deletes one character", { KEY_DELETE_OR_EOF } },
	{ "Ctrl-Z", "goes to the shell, where 'fg' comes back", { KEY_SUSPEND } },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

const struct keys_row *keys_row(size_t index)
{
	return index < ROWS ? &rows[index] : NULL;
}

/* Takes the next name from the front of `names`, and returns its size; 0 at the end. */
static size_t next_name(const char **names, const char **name)
{
	size_t size;

	*names += strspn(*names, ", ");
	*name = *names;
	size = strcspn(*names, ",");
	*names += size;
	return size;
}

/* Whether a name of the form "Ctrl-Left/Right" has this one as its first or second. */
static bool is_of_pair(struct view name, const char *pair, size_t size)
{
	const char *slash = memchr(pair, '/', size);
	const char *dash = memchr(pair, '-', size);
	size_t front;
	size_t rest;

	if (slash == NULL || dash == NULL)
		return false;
	front = (size_t)(dash - pair) + 1;
	rest = (size_t)(pair + size - slash) - 1;
	return view_equal_lower(name, view_of(pair, (size_t)(slash - pair))) ||
	       (name.size == front + rest &&
	        view_equal_lower(view_of(name.data, front), view_of(pair, front)) &&
	        view_equal_lower(view_of(name.data + front, rest), view_of(slash + 1, rest)));
}

static bool is_digit_key(struct view name)
{
	return name.size == 5 && view_equal_lower(view_of(name.data, 4), view_of("alt-", 4)) &&
	       name.data[4] >= '1' && name.data[4] <= '9';
}

const struct keys_row *keys_find(struct view name)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *names = rows[i].names;
		const char *one;
		size_t size;

		while ((size = next_name(&names, &one)) > 0)
			if (view_equal_lower(name, view_of(one, size)) ||
			    is_of_pair(name, one, size))
				return &rows[i];
		if (rows[i].keys[0] == KEY_GO_NUMBER && is_digit_key(name))
			return &rows[i];
	}
	return NULL;
}

static size_t put_row(const struct keys_row *row, char *to, size_t size)
{
	int count = snprintf(to, size, "%-*s %s", NAMES_WIDTH, row->names, row->does);

	assert(count > 0);
	assert((size_t)count < size);
	return (size_t)count;
}

static bool table_fits(size_t columns, size_t rows_left)
{
	char line[LINE_SIZE];
	size_t taken = PROMPT_ROWS;

	for (size_t i = 0; i < ROWS; i++)
		taken += (put_row(&rows[i], line, sizeof line) + columns - 1) / columns;
	return taken <= rows_left;
}

static size_t put_table(char text[KEYS_TEXT_SIZE])
{
	size_t size = 0;

	for (size_t i = 0; i < ROWS; i++) {
		size += put_row(&rows[i], text + size, KEYS_TEXT_SIZE - size - 1);
		text[size++] = '\n';
	}
	text[size - 1] = 0;
	return size;
}

/* A text that is written in rows of less than `columns`. */
struct flow {
	char *text;
	size_t size;
	size_t columns;
	size_t used; /* of the last row */
};

static void put_word(struct flow *f, const char *word, size_t size)
{
	bool is_first = f->used == 0 || f->used + 1 + size >= f->columns;
	const char *before = f->size == 0 ? "" : is_first ? "\n" : " ";

	f->size += (size_t)snprintf(f->text + f->size, KEYS_TEXT_SIZE - f->size, "%s%.*s", before,
	                            (int)size, word);
	assert(f->size < KEYS_TEXT_SIZE);
	f->used = is_first ? size : f->used + 1 + size;
}

/* Those names that begin with `front`, which only the first of them shows; with an empty one, those
 * that have no front. */
static void put_names_with(struct flow *f, const char *front)
{
	size_t front_size = strlen(front);
	bool is_first = true;

	f->used = 0;
	for (size_t i = 0; i < ROWS; i++) {
		const char *names = rows[i].names;
		const char *one;
		size_t size;

		while ((size = next_name(&names, &one)) > 0) {
			size_t own_size = strcspn(one, "-") < size ? strcspn(one, "-") + 1 : 0;
			size_t cut = is_first ? 0 : front_size;

			if (own_size != front_size || strncmp(one, front, front_size) != 0)
				continue;
			put_word(f, one + cut, size - cut);
			is_first = false;
		}
	}
}

static void put_names(size_t columns, char text[KEYS_TEXT_SIZE])
{
	struct flow f = { .text = text, .columns = columns };

	put_names_with(&f, "");
	put_names_with(&f, "Ctrl-");
	put_names_with(&f, "Alt-");
	f.used = 0;
	put_word(&f, hint, sizeof hint - 1);
}

void keys_help(size_t columns, size_t rows_left, char text[KEYS_TEXT_SIZE])
{
	assert(columns > 0);
	if (table_fits(columns, rows_left))
		(void)put_table(text);
	else
		put_names(columns, text);
}

void keys_line(const struct keys_row *row, char text[KEYS_TEXT_SIZE])
{
	(void)snprintf(text, KEYS_TEXT_SIZE, "%s: %s", row->names, row->does);
}
