/* SPDX-License-Identifier: MIT
 *
 * The mark of those who are online is a character that no name holds. A colour would not do, since
 * some terminals have none.
 */
#include "cli/list.h"

#include <stdio.h>

enum { SUMMARY_ROWS = 2 }; /* on a narrow window */

void listing_clear(struct listing *list)
{
	for (size_t part = 0; part < 2; part++)
		memory_free(list->parts[part].words);
	memset(list, 0, sizeof *list);
}

void listing_add(struct listing *list, const struct user *users, size_t count)
{
	for (size_t part = 0; part < 2; part++) {
		size_t room = LIST_KEPT_MAX - list->parts[part].kept;
		size_t size = list->parts[part].kept + (count < room ? count : room);

		/* Room for all of this page, whichever part they belong to. */
		list->parts[part].words = memory_resize(list->parts[part].words,
		                                        size * sizeof *list->parts[part].words);
	}
	for (size_t i = 0; i < count; i++) {
		size_t part = users[i].online ? 0 : 1;
		size_t kept = list->parts[part].kept;

		list->parts[part].count++;
		if (kept == LIST_KEPT_MAX)
			continue;
		(void)snprintf(list->parts[part].words[kept], DISPLAY_SIZE + 1, "%s%s",
		               users[i].name, part == 0 ? "*" : "");
		list->parts[part].kept++;
	}
}

static void show_nobody(struct cli_console *console, bool is_all)
{
	const char *text = is_all ? "list: there is no account yet: /create NAME makes one"
	                          : "list: no name fits; /list alone shows all";

	console_print_line(console, STYLE_NONE, text);
}

/* Prints the names, and returns how many the screen had room for. */
static uint64_t show_words(const struct listing *list, struct cli_console *console)
{
	size_t count = list->parts[0].kept + list->parts[1].kept;
	struct view *words = memory_alloc(count * sizeof *words);
	uint64_t shown;

	for (size_t i = 0; i < count; i++) {
		size_t first = list->parts[0].kept;

		words[i] = view_of_string(i < first ? list->parts[0].words[i]
		                                    : list->parts[1].words[i - first]);
	}
	shown = console_columns(console, words, count, SUMMARY_ROWS);
	memory_free(words);
	return shown;
}

void listing_show(const struct listing *list, struct cli_console *console, bool is_all)
{
	uint64_t count = list->parts[0].count + list->parts[1].count;
	char rest[96] = "";
	char text[224];
	uint64_t shown;

	if (count == 0) {
		show_nobody(console, is_all);
		return;
	}
	shown = show_words(list, console);
	if (shown < count)
		(void)snprintf(rest, sizeof rest, "; %ju more: /list %s shows fewer",
		               (uintmax_t)(count - shown), is_all ? "PREFIX" : "LONGER");
	(void)snprintf(text, sizeof text, "list: %ju account%s, %ju online (*)%s", (uintmax_t)count,
	               count == 1 ? "" : "s", (uintmax_t)list->parts[0].count, rest);
	console_print_line(console, STYLE_NONE, text);
}
