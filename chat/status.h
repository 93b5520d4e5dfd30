/* SPDX-License-Identifier: MIT
 *
 * status: what stands around the line that a person types: the prompt, which names whom the line
 * goes to, and the row above it, which says who one is, how many replicas are live if not all are,
 * and in which other conversations something is new. In a window without that row the prompt says
 * it all, and the conversations only by a count.
 *
 *   with a row     " alice 2/3 [carol 3] [dave 1] 1 waiting "     "to bob> "
 *   without one    "alice 2/3 to bob, 4 new, 1 waiting> "
 *
 * Pure. Names are those of accounts, which hold nothing that a terminal obeys.
 */
#ifndef THREEFOLD_CHAT_STATUS_H
#define THREEFOLD_CHAT_STATUS_H

#include "chat/conversation.h"

struct status_line {
	const char *own;  /* "": not logged in */
	uint32_t live;    /* replicas */
	struct view talk; /* whom plain text goes to; empty: nobody */
	const struct conversations *conversations;
	uint64_t waiting; /* lines */
	bool has_row;
};

enum {
	STATUS_PROMPT_SIZE = 512,
	STATUS_ROW_SIZE = 1024,
	STATUS_COLUMNS_MAX = 400, /* a row is no wider, however wide the window is */
};

/* Writes the prompt and a NUL, with colours. */
void status_prompt(const struct status_line *s, char text[STATUS_PROMPT_SIZE]);
/* Writes the row for a window of so many columns, and a NUL, with colours. A conversation that does
 * not fit is not cut: how many are left out stands in its place, as "+2". */
void status_row(const struct status_line *s, size_t columns, char text[STATUS_ROW_SIZE]);

#endif
