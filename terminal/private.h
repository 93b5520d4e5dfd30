/* SPDX-License-Identifier: MIT
 *
 * What terminal.c, draw.c and print.c share: the whole of a terminal. terminal.c takes keys and
 * gives events, draw.c brings the window up to date, print.c makes text harmless and lays out
 * columns. The parts below know nothing of a terminal and have headers of their own: history.h,
 * edit.h, key.h, width.h.
 */
#ifndef THREEFOLD_TERMINAL_PRIVATE_H
#define THREEFOLD_TERMINAL_PRIVATE_H

#include "terminal/history.h"
#include "terminal/key.h"
#include "terminal/terminal.h"

/* A cluster, or a mark for something harmful; of the prompt or the line. */
struct cell {
	size_t size;   /* bytes of what is shown */
	size_t offset; /* and where they stand in `shown` */
	size_t at;     /* the offset in the line; of the prompt 0 */
	uint32_t row;
	uint32_t column;
	uint32_t columns;
	uint8_t step; /* 2 if it is made of wide characters, which a terminal does not break; else
	               * 1 */
	bool is_doubtful;
};

/* Prompt and line, as they are laid out. */
struct picture {
	struct buf shown;
	struct cell *cells;
	size_t count;
	size_t capacity;
	size_t prompt_count; /* cells of the prompt */
	uint32_t cursor_row;
	uint32_t cursor_column;
	size_t cursor_cell; /* count: behind the last */
	uint32_t rows;
	/* Which part is shown. */
	uint32_t top;
	uint32_t bottom; /* the row behind the last one shown */
	size_t first;
	size_t end; /* the cell behind the last one shown */
};

struct terminal {
	struct terminal_options options;
	uint32_t columns;
	uint32_t rows;
	bool is_shown;
	bool has_ended;

	struct buf input;
	size_t input_used;
	bool is_pasting;
	struct buf paste;
	uint64_t paste_lines; /* newlines so far */
	bool paste_is_cut;
	bool paste_ends_in_newline;
	bool paste_was_return;
	bool paste_is_held; /* until terminal_paste */

	struct edit line;
	struct edit draft; /* the line under way, during a question */
	bool is_asking;
	bool is_secret;
	struct buf prompt;
	struct buf question;
	struct buf cut;    /* what Ctrl-Y puts back */
	enum key last_key; /* cuts in a row are one */
	uint64_t serial;   /* counts changes of line and cursor */
	struct buf event_text;
	struct history history;

	struct buf above; /* printed, and not drawn yet */
	struct buf title;
	bool title_is_set; /* some title of ours is shown */
	bool title_has_changed;
	bool rings;
	bool clears;
	bool is_stale; /* what is right of and below the cursor is not ours */
	struct buf out;
	size_t out_used;

	struct picture drawn;
	struct picture wanted;
	bool is_drawn;
	uint32_t drawn_columns; /* the window's width then */
	uint32_t top;           /* the row of the line that was the first one shown */
};

/* ---- draw.c ---- */

/* Draws into t->out. */
void terminal_draw(struct terminal *t);
void picture_release(struct picture *p);
/* ---- print.c ---- */

/* Appends `text` without what a terminal obeys, but for colours if they are wanted; newlines are
 * left alone. */
void terminal_clean(struct buf *to, struct view text, bool has_colours);

#endif
