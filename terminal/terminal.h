/* SPDX-License-Identifier: MIT
 *
 * terminal: a line that a person edits at the foot of a window, and lines that are printed above
 * it.
 *
 * The caller puts in keys, as the bytes that the terminal sends. It gets events (a line is
 * finished, Tab was pressed, ...) and the bytes that bring the window up to date. The module knows
 * nothing of descriptors, of time or of what the lines mean; io/tty.h switches the real terminal.
 *
 * The promise: whatever is printed, pasted or resized, the line being typed and its cursor stay as
 * they are. The window shows the printed lines, each once and in order, then the prompt and the
 * line. Only terminal_output draws. It draws everything that happened since its last call: it
 * clears the line, writes what was printed, and writes the line again. If only keys were pressed,
 * it writes just what differs.
 *
 * The line is always valid UTF-8, and its cursor stands between clusters (terminal/width.h). It
 * may hold newlines (from a paste, or Alt-Enter), shown as U+23CE. As many lines as paste_lines_max
 * that come at once are a paste, too, where the terminal does not mark it; silence ends it. A line
 * that is wider than the window continues on further rows, of which at most half a window is shown,
 * around the cursor. The last column stays free, because terminals differ in what they do when a
 * row is full.
 *
 * What is printed may hold colours (terminal_style), newlines, and UTF-8. Anything else that a
 * terminal might obey becomes a visible mark (base/escape.h). A terminal without colours gets none.
 * The text of others must go through terminal_put, so that it cannot choose colours either.
 *
 *   t = terminal_new(&options);
 *   terminal_resize(t, columns, rows);                        also before any later output
 *   terminal_prompt(t, view_of_string("alice 1/3> "));
 *   terminal_input(t, bytes);                                 at most terminal_room(t) of them
 *   terminal_quiet_ms(t), terminal_quiet(t);                  when no more come
 *   while (terminal_next(t, wants_lines, &event)) ...         views live until the next call
 *   terminal_print(t, lines);
 *   bytes = terminal_output(t);   write(...);   terminal_sent(t, count);      once a turn
 *   terminal_end(t);              then output and sent once more
 *
 * Keys: arrows, Home, End, Ctrl-B/F/A/E, words with Alt-B/F and Ctrl- or Alt-arrows; Backspace,
 * Delete, Ctrl-D; Ctrl-K/U/W, Alt-D, Alt-Backspace cut, Ctrl-Y puts back what was cut; Up, Down,
 * Alt-P/N walk the history, which keeps the line being typed and changes to its entries; Ctrl-R
 * looks for a part of an entry (terminal/find.c); Ctrl-L clears the window; Tab, Ctrl-C, Ctrl-D and
 * Ctrl-Z become events, and so do PgUp, Ctrl-N/P, Alt-A and Alt-1 to Alt-9, which leave the line as
 * it is; Alt-Enter breaks the line.
 *
 * On a dumb terminal there is no editing and no drawing: the system's own line mode echoes and
 * edits, lines and prompts are written one after the other.
 *
 * Some terminals wrap their rows anew when they become narrower, so our rows have moved before we
 * hear of it. The option `rewraps` says whether this one does. If the option is wrong, a resize
 * leaves old rows or erases some; Ctrl-L repairs the window, and the line itself is never touched.
 *
 * Pure. Secrets are wiped from memory after their line was given to the caller.
 */
#ifndef THREEFOLD_TERMINAL_TERMINAL_H
#define THREEFOLD_TERMINAL_TERMINAL_H

#include "base/buf.h"

enum {
	/* Smaller windows are treated as if they had so many. */
	TERMINAL_COLUMNS_MIN = 10,
	TERMINAL_COLUMNS_MAX = 10000,
	TERMINAL_PROMPT_SIZE_MAX = 1024,
	TERMINAL_STATUS_ROWS_MIN = 10, /* a window with fewer rows has no status row */
	TERMINAL_TITLE_SIZE_MAX = 256,
	TERMINAL_FRONT_SIZE_MAX = 256,
	TERMINAL_INPUT_SIZE_MAX = 64 * 1024,         /* of bytes that made no event yet */
	TERMINAL_LINE_SIZE_MAX = 1024 * 1024,        /* the largest line_size_max */
	TERMINAL_PRINT_SIZE_MAX = 256 * 1024 * 1024, /* of lines that were not drawn yet */
};

struct terminal_options {
	size_t line_size_max;       /* bytes; a longer line is refused with a bell */
	uint32_t paste_lines_max;   /* a larger paste makes TERMINAL_PASTE; 0: no paste does */
	uint32_t history_count_max; /* lines; the oldest are forgotten */
	bool is_dumb;               /* no editing and no drawing: see above */
	bool is_plain;              /* no colours */
	bool rewraps;               /* see above */
	bool has_one_screen;        /* nothing is kept below a page: terminal/page.c */
};

struct terminal;

/* Makes a terminal with an empty line and copies the options. */
struct terminal *terminal_new(const struct terminal_options *options);
/* Wipes and frees it; NULL is fine. */
void terminal_free(struct terminal *t);

/* Sets the window's size; 0 by 0, if it is not known, counts as 80 by 24. The call is cheap, so it
 * is best made before each output. */
void terminal_resize(struct terminal *t, unsigned columns, unsigned rows);
/* Sets what stands before the line; it may hold colours. A prompt of more than
 * TERMINAL_PROMPT_SIZE_MAX bytes is cut. */
void terminal_prompt(struct terminal *t, struct view prompt);
/* Sets what stands in a row of its own above the prompt, also during a question; it may hold
 * colours. Empty: there is no such row, nor is there one in a low window or on a dumb terminal.
 * What is wider than the window, or has more than TERMINAL_PROMPT_SIZE_MAX bytes, is cut. */
void terminal_status(struct terminal *t, struct view status);
/* Whether this window has room for that row. */
bool terminal_has_status(const struct terminal *t);
/* Sets whether colours are shown from now on. */
void terminal_colours(struct terminal *t, bool are_shown);
/* Sets whether prompt and line are shown; at first they are. Keys count in any case. */
void terminal_show(struct terminal *t, bool shown);

/* ---- keys ---- */

enum terminal_event_kind {
	TERMINAL_LINE,      /* Enter: `text` is the line; a new, empty one begins */
	TERMINAL_COMPLETE,  /* Tab: `text` is the line up to the cursor, `word_offset`, `serial` */
	TERMINAL_PASTE,     /* of more than paste_lines_max lines, or too large: terminal_paste */
	TERMINAL_INTERRUPT, /* Ctrl-C: `text` is the line that was cleared (Ctrl-Y puts it back) */
	TERMINAL_EOF,       /* Ctrl-D on an empty line */
	TERMINAL_SUSPEND,   /* Ctrl-Z */
	TERMINAL_GO,        /* to another conversation: `go`, `number` */
	TERMINAL_PAGE,      /* PgUp, or a key on a page: `rows` */
};

/* Which keys it were: Ctrl-N, Ctrl-P, Alt-A, Alt-1 to Alt-9. */
enum terminal_go { GO_NEXT, GO_PREVIOUS, GO_NEW, GO_NUMBER };

struct terminal_event {
	enum terminal_event_kind kind;
	struct view text;
	size_t word_offset; /* COMPLETE: where the last word of `text` begins */
	uint64_t serial;    /* COMPLETE: for terminal_complete */
	uint64_t lines;     /* PASTE: how many it has */
	enum terminal_go go;
	unsigned number;   /* GO_NUMBER: 1 to 9 */
	bool is_too_large; /* PASTE: it does not fit the line and can only be dropped */
	bool was_asked;    /* LINE, INTERRUPT, EOF: this answered a question and ended it */
	int rows;          /* PAGE: so far the page is to go on; below 0: back */
	/* LINE: its first byte came from a paste of several lines, so a '/' there is hardly meant
	 * as a command. */
	bool is_pasted;
};

/* How many bytes terminal_input takes now; 0: take events first. */
size_t terminal_room(const struct terminal *t);
/* Puts in bytes that the terminal has sent: at most terminal_room. */
void terminal_input(struct terminal *t, struct view bytes);
/* For how many milliseconds nothing more must come until terminal_quiet is to be called; 0: it need
 * not be. So the end of a paste, or of an answer of the terminal, may get lost, and the person can
 * go on. */
unsigned terminal_quiet_ms(const struct terminal *t);
/* Says that nothing has come for so long. terminal_next then gives what follows. */
void terminal_quiet(struct terminal *t);
/* Drops the bytes that have made no event yet, unless a paste is among them. The line stays as it
 * is. */
void terminal_drop_input(struct terminal *t);
/* Gives the next event that the bytes make; false if they make no more. While wants_lines is false,
 * Enter waits, and with it all keys after it; Ctrl-C among them drops them. */
bool terminal_next(struct terminal *t, bool wants_lines, struct terminal_event *event);
/* Whether the keys that wait behind an Enter end with Ctrl-D on an empty line. A person who cannot
 * finish a line yet can leave by it; where lines are only late, it has its turn behind them. */
bool terminal_wants_end(const struct terminal *t);

/* The line being typed, or the answer during a question. *cursor is the cursor's offset in it, in
 * bytes. The view lives until the next call that changes the line. */
struct view terminal_line(const struct terminal *t, size_t *cursor);
/* Replaces the line, as if `text` had been typed. Invalid UTF-8 becomes U+FFFD; a text that is too
 * long is cut. */
void terminal_set_line(struct terminal *t, struct view text);

/* Makes `text` the line if it is empty and no question is asked; else Ctrl-Y puts it back. */
void terminal_put_aside(struct terminal *t, struct view text);

/* Asks a question. The line being typed is put aside until the question ends with a LINE, Ctrl-C or
 * Ctrl-D. A secret answer is not shown. A question that is under way is replaced. */
void terminal_ask(struct terminal *t, struct view prompt, bool is_secret);
/* Ends the question without an answer, if there is one. */
void terminal_ask_cancel(struct terminal *t);

/* Inserts the paste of TERMINAL_PASTE at the cursor, or drops it. A paste that is too large is
 * dropped in any case. May be called later, for example after a question, unless another paste has
 * come meanwhile: it replaces this one. */
void terminal_paste(struct terminal *t, bool inserted);

/* Completes the last word before the cursor. One candidate replaces the word, and a blank follows.
 * Several extend the word as far as they agree; if they agree no further, they are listed above the
 * line. Does nothing if the line has changed since the event with this serial. */
void terminal_complete(struct terminal *t, uint64_t serial, const struct view *candidates,
                       size_t count);

/* Sets what the front of a line becomes as soon as it is typed, before anybody can press Enter;
 * empty: nothing. Not the front of an answer, nor of a paste of several lines. Both have at most
 * TERMINAL_FRONT_SIZE_MAX bytes. */
void terminal_replace(struct terminal *t, struct view front, struct view by);

/* ---- history ---- */

/* Adds a line at the end, unless it is empty or equal to the last one. The terminal itself adds
 * nothing, because only the caller knows which lines hold secrets. */
void terminal_history_add(struct terminal *t, struct view line);
/* How many lines the history has. */
size_t terminal_history_count(const struct terminal *t);
/* A line of the history; index 0 is the oldest. The view lives until the history changes. */
struct view terminal_history_get(const struct terminal *t, size_t index);

/* ---- what is shown ---- */

enum terminal_style {
	STYLE_NONE,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_ERROR,
	STYLE_NOTICE,
	STYLE_STATUS, /* of the status row */
	STYLE_NAME,   /* the first of STYLE_NAMES colours that tell names apart */
	STYLE_NAME_END = STYLE_NAME + 10,
	STYLE_END = STYLE_NAME_END,
};
enum { STYLE_NAMES = STYLE_NAME_END - STYLE_NAME };

/* The bytes that begin a style; those of STYLE_NONE end all styles. terminal_print removes them if
 * there are no colours. */
const char *terminal_style(enum terminal_style style);
/* Chooses one of the STYLE_NAMES for a name; always the same for the same name. */
enum terminal_style terminal_style_of(struct view name);
/* Appends others' text to a line that will be printed: escaped, in this style. The buffer grows by
 * at most ESCAPE_GROWTH_MAX times the size of the text, and 16. */
void terminal_put(struct buf *line, enum terminal_style style, struct view text);

/* Prints lines above the line being typed. Each ends in a newline; the last may lack it. Whoever
 * wants them broken between words breaks them before (terminal/wrap.h); else the real terminal
 * wraps them. Tabs stay tabs. False, and nothing is
 * printed, if more than TERMINAL_PRINT_SIZE_MAX bytes would wait to be drawn. */
bool terminal_print(struct terminal *t, struct view lines);
/* Prints items in as many columns as fit, and returns how many items it printed: no more than leave
 * `rows_left` rows of the window free, beside the status row. A dumb terminal gets all items, a
 * line each. */
size_t terminal_print_columns(struct terminal *t, const struct view *items, size_t count,
                              size_t rows_left);
/* Prints items in columns, then a line that says how many are left out, if any. */
void terminal_print_list(struct terminal *t, const struct view *items, size_t count);
/* Covers the window with rows, each with its newline, and a footer without one; no more rows than
 * terminal_page_rows, each narrower than the window (terminal_fold). Both may hold colours. It
 * stays until terminal_page_end, or until a key that is none of its own; PgUp, PgDn, Up and Down
 * make TERMINAL_PAGE. What is printed meanwhile is drawn below it. Does nothing on a dumb terminal,
 * during a question, and while nothing is shown. */
void terminal_page(struct terminal *t, struct view rows, struct view footer);
/* Uncovers the window. */
void terminal_page_end(struct terminal *t);
bool terminal_has_page(const struct terminal *t);
/* How many rows a page has above its footer. */
unsigned terminal_page_rows(const struct terminal *t);
/* How many rows the lines took so far that were printed. A window that was cleared counts as so
 * many rows as it has: nothing of what was printed before stands there. */
uint64_t terminal_printed(const struct terminal *t);
/* Appends lines that may hold colours, cut into rows of at most so many columns. */
void terminal_fold(struct buf *to, struct view lines, unsigned columns);
/* Sets the window's title. An empty one gives back the title that the window had before. Does
 * nothing on a dumb terminal. */
void terminal_title(struct terminal *t, struct view title);
/* Rings the bell with the next output. */
void terminal_bell(struct terminal *t);
/* Makes the next output draw the whole line. For the case that another program has written to the
 * terminal; the terminal's cursor must stand at the beginning of a row. */
void terminal_redraw(struct terminal *t);

/* Draws what has changed, if all that was drawn before has been sent. Returns the bytes that were
 * not sent yet; they live until the next call. */
struct view terminal_output(struct terminal *t);
/* Says that the first `size` bytes of the output were written to the terminal. */
void terminal_sent(struct terminal *t, size_t size);
/* Removes prompt and line for good, and gives back the window's title. Output follows. */
void terminal_end(struct terminal *t);

#endif
