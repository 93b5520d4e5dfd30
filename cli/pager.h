/* SPDX-License-Identifier: MIT
 *
 * pager: PgUp. The messages that are kept (cli/archive.h) cover the window, a page at a time, back
 * to the first one. What comes meanwhile is shown below the page, as ever, and counted in its last
 * row. It is for terminals whose own scrollback ends where the client began, or that have none.
 *
 * Older messages are read when the person comes to them, in growing parts and on the caller's
 * thread: a person waits for them anyway, and a look back is short (PAGER_SIZE).
 */
#ifndef THREEFOLD_CLI_PAGER_H
#define THREEFOLD_CLI_PAGER_H

#include "cli/recall.h"

enum {
	PAGER_COUNT = 200,           /* messages that are read at first */
	PAGER_SIZE = 1024 * 1024,    /* or, of so many, so many bytes */
	PAGER_STAY = 2,              /* rows of the window that stand on the first page, too */
	PAGER_COUNT_MAX = 20 * 1000, /* that are kept in memory; further back it does not go */
};

struct pager {
	struct cli_show *show;
	bool is_on;
	struct buf lines; /* of the archive, from the oldest that was read */
	size_t count;
	struct piece_place first; /* where they begin */
	bool is_all;              /* there is nothing before them */
	struct buf rows;          /* what they look like, in rows of the window */
	size_t *starts;           /* offsets of rows */
	size_t rows_count;
	size_t top; /* the first row on the page */
	unsigned columns;
	unsigned height;
	uint64_t unread; /* when it began */
	uint64_t new;    /* that the footer tells */
};

/* `show` outlives `p`, and need not be a person's: then nothing is called. */
void pager_init(struct pager *p, struct cli_show *show);
/* Frees its memory. */
void pager_release(struct pager *p);
/* Moves by rows, below 0 back. If there is no page: begins with what stands before the messages in
 * the window. */
void pager_move(struct pager *p, int rows);
/* Once a turn: tells what has come, lays out anew what does not fit the window any more, and frees
 * what is not shown any more. */
void pager_settle(struct pager *p);

#endif
