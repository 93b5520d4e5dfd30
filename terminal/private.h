/* SPDX-License-Identifier: MIT
 *
 * What terminal.c, complete.c, find.c, page.c, draw.c and print.c share: the whole of a terminal.
 * terminal.c takes keys and gives events, complete.c ends a word, find.c looks through the history,
 * page.c covers the window, draw.c brings it up to date, print.c makes text harmless and lays out
 * columns. The parts below know nothing of a terminal and have headers of their own: history.h,
 * edit.h, key.h, width.h.
 */
#ifndef THREEFOLD_TERMINAL_PRIVATE_H
#define THREEFOLD_TERMINAL_PRIVATE_H

#include "terminal/history.h"
#include "terminal/key.h"
#include "terminal/terminal.h"

/* A cluster of the prompt or the line, or the mark that replaces something harmful. */
struct cell {
	size_t size;      /* bytes of what is shown */
	size_t offset;    /* where these bytes stand in `shown` */
	size_t at;        /* the offset in the line; for a cell of the prompt 0 */
	uint32_t row;     /* in the picture, from 0 */
	uint32_t column;  /* in the row, from 0 */
	uint32_t columns; /* its width */
	uint8_t step;     /* columns that a terminal does not break; 2: wide characters */
	bool is_doubtful; /* terminals do not agree on its width (terminal/width.h) */
};

/* Prompt and line, laid out in rows and columns. */
struct picture {
	struct buf shown; /* the bytes of all cells */
	struct cell *cells;
	size_t count;
	size_t capacity;
	size_t prompt_count; /* cells of the prompt */
	uint32_t cursor_row;
	uint32_t cursor_column;
	size_t cursor_cell; /* the cell under the cursor; `count`: it stands after the last one */
	uint32_t rows;
	/* The part that is shown: rows from `top` to before `bottom`, cells from `first` to before
	 * `end`. */
	uint32_t top;
	uint32_t bottom;
	size_t first;
	size_t end;
};

enum { CTRL_C = 0x03 };
enum { FIND_SIZE_MAX = 128 };
/* A search for a line of the history. */
struct find {
	bool is_on;
	bool has_failed;    /* no line holds the part */
	struct buf part;    /* what is looked for */
	struct buf prompt;  /* in the place of the prompt */
	size_t index;       /* of the entry that is shown; the history's count: none yet */
	struct edit before; /* the line that was there */
};

/* What covers the window for a while. */
struct page {
	bool is_on;
	bool is_drawn;    /* the terminal shows it */
	bool has_changed; /* since it was drawn */
	struct buf rows;
	struct buf footer;
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
	bool paste_has_marks; /* it began with one, so one is to end it */
	struct buf paste;
	uint64_t paste_lines; /* newlines so far */
	bool paste_is_cut;
	bool paste_ends_in_newline;
	bool paste_was_return;
	bool paste_is_held;   /* until terminal_paste */
	bool paste_may_go_on; /* silence has ended it, and no line was finished since */
	bool is_in_string;    /* an answer of the terminal */
	size_t string_size;   /* so far */
	bool is_quiet;        /* nothing has come for terminal_quiet_ms */

	struct edit line;
	struct edit draft; /* the line under way, during a question */
	bool is_asking;
	bool is_secret;
	struct buf prompt;
	struct buf question;
	struct buf status;   /* the row above the prompt; empty: there is none */
	struct buf front;    /* of a line, when it is typed, */
	struct buf front_by; /* becomes this */
	struct buf cut;      /* what Ctrl-Y puts back */
	enum key last_key;   /* cuts in a row are one */
	uint64_t serial;     /* counts changes of line and cursor */
	struct buf event_text;
	struct history history;
	struct find find;
	struct page page;

	struct buf above; /* printed, but not drawn yet */
	uint64_t printed; /* see terminal_printed */
	struct buf title;
	bool title_is_set; /* the window shows a title of ours */
	bool title_has_changed;
	bool rings;    /* the next output rings the bell */
	bool clears;   /* the next output clears the window */
	bool is_stale; /* what stands right of the cursor and below it is another program's */
	struct buf out;
	size_t out_used;

	struct picture drawn;
	struct picture wanted;
	struct picture status_drawn; /* one row, or no cells: then there is none */
	struct picture status_wanted;
	bool is_drawn;
	uint32_t drawn_columns; /* the window's width then */
	uint32_t top;           /* the row of the line that was the first one shown */
};

/* Whether this window has room for the status row. */
static inline bool terminal_status_fits(const struct terminal *t)
{
	return !t->options.is_dumb && t->rows >= TERMINAL_STATUS_ROWS_MIN;
}

/* ---- find.c ---- */

void find_init(struct find *f, size_t line_size_max);
/* Wipes and frees what it holds. */
void find_release(struct find *f);
/* Begins to look; rings during a question. */
void find_begin(struct terminal *t);
/* Ends the search, if there is one: the line is what was found (`keeps`), or what it was before. */
void find_end(struct terminal *t, bool keeps);
/* Takes a key if it belongs to a search. False: the key still counts. */
bool find_takes(struct terminal *t, enum key key, struct view bytes);

/* ---- page.c ---- */

void page_init(struct page *p);
void page_dispose(struct page *p);
/* Appends to t->out all that brings the window up to date: the lines, and the page above them if
 * there is one. */
void page_draw(struct terminal *t);
/* Takes a key if it belongs to a page, or begins one. *is_event: it makes an event. */
bool page_takes(struct terminal *t, enum key key, struct view bytes, bool *is_event,
                struct terminal_event *event);

/* ---- paste.c ---- */

/* How many bytes at the front surely belong to the paste. The last bytes do not if they may be the
 * beginning of the mark that ends it, or a Ctrl-C that was pressed. */
size_t paste_size(struct view from, bool *has_ended);
/* Whether the bytes can only be the rest of a paste that silence has ended: they break a line and
 * go on. A person presses one key at a time. Taken as keys, each of its lines would be sent. */
bool paste_goes_on(struct view bytes);
/* How many ends of lines there are; CR LF is one. */
size_t paste_lines(struct view bytes);

/* ---- complete.c ---- */

/* The front of the line becomes what terminal_replace has said. */
void complete_front(struct terminal *t);

/* ---- draw.c ---- */

/* Appends to t->out what brings the window up to date, but for a page: what was printed, the prompt
 * and the line. */
void terminal_draw(struct terminal *t);
/* Cleans `text` and puts it into `prompt`, one of the terminal's. */
void terminal_set_prompt(struct terminal *t, struct buf *prompt, struct view text);
/* Frees what a picture holds. */
void picture_release(struct picture *p);

/* ---- print.c ---- */

/* Appends `text`; what a terminal would obey becomes a visible mark, except newlines and, if they
 * are wanted, colours. */
void terminal_clean(struct buf *to, struct view text, bool has_colours);
/* How many bytes at the front go into a row of so many columns. A colour takes none. */
size_t print_row_size(struct view text, unsigned columns);

#endif
