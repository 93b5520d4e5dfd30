/* SPDX-License-Identifier: MIT
 *
 * The mark of those who are online is one that no name holds, and not a colour: it is there on
 * every terminal.
 */
#include "client_list.h"

#include <stdio.h>

enum { SUMMARY_ROWS = 2 }; /* on a narrow window */

void client_list_clear(struct client_list *list)
{
	mem_free(list->words);
	*list = (struct client_list){ .kept = 0 };
}

void client_list_add(struct client_list *list, const struct user *users, size_t count)
{
	size_t room = CLIENT_LIST_KEPT_MAX - list->kept;
	size_t kept = count < room ? count : room;

	assert(list->kept <= CLIENT_LIST_KEPT_MAX);
	if (kept > 0)
		list->words = mem_resize(list->words, (list->kept + kept) * sizeof(*list->words));
	for (size_t i = 0; i < count; i++) {
		list->count++;
		list->online += users[i].online;
		if (i < kept)
			(void)snprintf(list->words[list->kept++], sizeof(*list->words), "%s%s",
			               users[i].name, users[i].online ? "*" : "");
	}
}

static void show_nobody(struct client_terminal *ct, bool is_all)
{
	const char *text = is_all ? "list: there is no account yet: /create NAME makes one"
	                          : "list: no name fits; /list alone shows all";

	client_terminal_print(ct, view_of_string(text));
}

void client_list_show(const struct client_list *list, struct client_terminal *ct, bool is_all)
{
	char rest[96] = "";
	char text[224];
	struct view *words;
	size_t shown;

	if (list->count == 0) {
		show_nobody(ct, is_all);
		return;
	}
	words = mem_alloc(list->kept * sizeof(*words));
	for (size_t i = 0; i < list->kept; i++)
		words[i] = view_of_string(list->words[i]);
	shown = client_terminal_columns(ct, words, list->kept, SUMMARY_ROWS);
	if (shown < list->count)
		(void)snprintf(rest, sizeof(rest), "; %ju more: /list %s shows fewer",
		               (uintmax_t)(list->count - shown), is_all ? "PREFIX" : "LONGER");
	(void)snprintf(text, sizeof(text), "list: %ju account%s, %ju online (*)%s",
	               (uintmax_t)list->count, list->count == 1 ? "" : "s", (uintmax_t)list->online,
	               rest);
	client_terminal_print(ct, view_of_string(text));
	mem_free(words);
}
