/* SPDX-License-Identifier: MIT
 *
 * tab: completes the word that a person types.
 *
 * To complete a name, it asks the replicas in the background, and the person can type on. The line
 * is completed if it is still the same when the answer comes. One such request is under way at a
 * time.
 */
#ifndef THREEFOLD_CLI_TAB_H
#define THREEFOLD_CLI_TAB_H

#include "driver/link.h"
#include "terminal/terminal.h"

struct cli_tab {
	struct link *link;
	struct terminal *t;
	size_t line_size_max;

	/* A completion that waits for names. */
	uint32_t token; /* 0: none */
	uint64_t serial;
	struct buf before; /* what of the word stands before the name */
	char (*names)[DISPLAY_SIZE];
	size_t names_count;
};

/* Link and terminal outlive `tab`. No line is longer than `line_size_max` bytes. */
void tab_init(struct cli_tab *tab, struct link *link, struct terminal *t, size_t line_size_max);
/* Frees its memory. */
void tab_release(struct cli_tab *tab);
/* Completes the word of a TERMINAL_COMPLETE, at once or when the replicas have answered. Rings if
 * it cannot ask them. */
void tab_complete(struct cli_tab *tab, const struct terminal_event *event);
/* Takes the action if it is part of their answer. False if it is not. */
bool tab_take(struct cli_tab *tab, const struct action *action);

#endif
