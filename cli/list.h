/* SPDX-License-Identifier: MIT
 *
 * list: the accounts that /list shows to a person. They are collected while their pages come, then
 * shown in columns, as many as the screen holds. A script gets each page as it comes
 * (chat/script.h).
 *
 * Those who are online come first, since the screen may not hold all. No more are kept than a large
 * screen holds, so memory has a bound; the others are only counted.
 */
#ifndef THREEFOLD_CLI_LIST_H
#define THREEFOLD_CLI_LIST_H

#include "cli/console.h"

enum { LIST_KEPT_MAX = 10000 }; /* of those who are online, and as many of the others */

struct listing {
	/* First those who are online, each with a '*' behind its name, then the others. */
	struct {
		char (*words)[DISPLAY_SIZE + 1];
		size_t kept;
		uint64_t count;
	} parts[2];
};

/* Empties a list and frees its memory. A zeroed struct is an empty list, too. */
void listing_clear(struct listing *list);
/* Adds a page of accounts, and copies what it keeps. */
void listing_add(struct listing *list, const struct user *users, size_t count);
/* Prints the list, and a line that sums it up. is_all: /list had no pattern. */
void listing_show(const struct listing *list, struct cli_console *console, bool is_all);

#endif
