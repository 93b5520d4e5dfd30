/* SPDX-License-Identifier: MIT
 *
 * list: the accounts that /list shows to a person: collected while their pages come, then in
 * columns, as many as a screen holds. A script gets each page as it comes (chat/script.h).
 *
 * Who is online comes first, since the screen may not hold all. However many accounts there are,
 * only as many as a large screen holds are kept; the others are counted.
 */
#ifndef THREEFOLD_CLI_LIST_H
#define THREEFOLD_CLI_LIST_H

#include "cli/console.h"

enum { LIST_KEPT_MAX = 10000 }; /* of each part */

struct listing {
	/* First those who are online, each with a mark behind it, then the others. */
	struct {
		char (*words)[DISPLAY_SIZE + 1];
		size_t kept;
		uint64_t count;
	} parts[2];
};

/* Empty, and without memory: for the beginning and the end. */
void listing_clear(struct listing *list);
/* A page of users; copies what it keeps. */
void listing_add(struct listing *list, const struct user *users, size_t count);
/* Prints the list, and a line that sums it up. `is_all`: nothing was asked for but all. */
void listing_show(const struct listing *list, struct cli_console *console, bool is_all);

#endif
