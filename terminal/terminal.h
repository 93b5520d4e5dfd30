/* SPDX-License-Identifier: MIT
 *
 * terminal: a line that a person edits at the foot of a window, and lines that are printed above
 * it.
 *
 * Keys go in as the bytes that the terminal sends, events come out (a line is finished, Tab was
 * pressed, ...), and the bytes that bring the window up to date. The module knows nothing of
 * descriptors, time or of what the lines mean; io/tty.h switches the real terminal.
 *
 * The promise: whatever is printed, pasted or resized, the line being typed and its cursor stay as
 * they are, and the window shows exactly the printed lines, each once and in order, then the
 * prompt and the line. Nothing is drawn until terminal_output asks; what happened since the last
 * time is drawn in one go: the line's place is cleared, what was printed is written, the line is
 * written again. If only keys were pressed, just what differs is written.
 *
 * The line is always valid UTF-8, and its cursor stands between clusters (terminal/width.h). It
 * may hold newlines (from a paste, or Alt-Enter), shown as U+23CE. A line that is wider than the
 * window continues on further rows, of which at most half a window is shown, around the cursor.
 * The last column is left free, so that no terminal's idea of a full row matters.
 *
 * What is printed may hold colours (terminal_style), newlines, and UTF-8; everything else that a
 * terminal might obey becomes a visible mark here (base/escape.h), and colours vanish where there
 * are none. Still, others' text goes through terminal_put: it may not even choose its colours.
 *
 *   t = terminal_new(&options);
 *   terminal_resize(t, columns, rows);                        also before any later output
 *   terminal_prompt(t, view_of_string("alice 1/3> "));
 *   terminal_input(t, bytes);                                 at most terminal_room(t) of them
 *   while (terminal_next(t, wants_lines, &event)) ...         views live until the next call
 *   terminal_print(t, lines);
 *   bytes = terminal_output(t);   write(...);   terminal_sent(t, count);      once a turn
 *   terminal_end(t);              then output and sent once more
 *
 * Keys: arrows, Home, End, Ctrl-B/F/A/E, words with Alt-B/F and Ctrl- or Alt-arrows; Backspace,
 * Delete, Ctrl-D; Ctrl-K/U/W, Alt-D, Alt-Backspace cut, Ctrl-Y puts back what was cut; Up, Down,
 * Ctrl-P/N walk the history, in which a line under way and edited entries stay as they were left;
 * Ctrl-L clears the window; Tab, Ctrl-C, Ctrl-D and Ctrl-Z become events; Alt-Enter breaks the
 * line.
 *
 * On a dumb terminal there is no editing and no drawing: the system's own line mode echoes and
 * edits, lines and prompts are written one after the other.
 *
 * A terminal that rewraps its rows when it becomes narrower has moved ours by the time we hear of
 * it; `rewraps` says whether it does. If it says so wrongly, a resize leaves or takes some rows;
 * Ctrl-L mends the window, and the line itself is never touched.
 *
 * Pure. Secrets are wiped from memory when their line has been handed out.
 */
#ifndef THREEFOLD_TERMINAL_TERMINAL_H
#define THREEFOLD_TERMINAL_TERMINAL_H

#include "base/buf.h"

enum {
	/* Smaller windows are treated as if they had so many. */
	TERMINAL_COLUMNS_MIN = 10,
	TERMINAL_COLUMNS_MAX = 10000,
	TERMINAL_PROMPT_SIZE_MAX = 1024,
	TERMINAL_TITLE_SIZE_MAX = 256,
	TERMINAL_INPUT_SIZE_MAX = 64 * 1024,         /* not yet taken */
	TERMINAL_LINE_SIZE_MAX = 1024 * 1024,        /* what line_size_max may be at most */
	TERMINAL_PRINT_SIZE_MAX = 256 * 1024 * 1024, /* printed, and not yet drawn */
};

struct terminal_options {
	size_t line_size_max;       /* bytes; a longer line is refused with a bell */
	uint32_t paste_lines_max;   /* a paste of more lines is asked about; 0: none is */
	uint32_t history_count_max; /* lines; the oldest are forgotten */
	bool is_dumb;
	bool is_plain; /* no colours */
	bool rewraps;
};

struct terminal;

struct terminal *terminal_new(const struct terminal_options *options);
/* NULL is fine. */
void terminal_free(struct terminal *t);

/* The window's size; 0 by 0 if it is not known, which counts as 80 by 24. To be told before every
 * output is cheap and right. */
void terminal_resize(struct terminal *t, unsigned columns, unsigned rows);
/* What stands before the line; may hold colours. Longer ones are cut. */
void terminal_prompt(struct terminal *t, struct view prompt);
/* Whether prompt and line are shown at all; they are at first. Keys count in any case. */
void terminal_show(struct terminal *t, bool shown);

/* ---- keys ---- */

enum terminal_event_kind {
	TERMINAL_LINE,      /* Enter: `text` is the line, which is empty and gone from the window */
	TERMINAL_COMPLETE,  /* Tab: `text` is the line up to the cursor, `word_offset`, `serial` */
	TERMINAL_PASTE,     /* of more than paste_lines_max lines, or too large: terminal_paste */
	TERMINAL_INTERRUPT, /* Ctrl-C: `text` is the line that was cleared (Ctrl-Y puts it back) */
	TERMINAL_EOF,       /* Ctrl-D on an empty line */
	TERMINAL_SUSPEND,   /* Ctrl-Z */
};

struct terminal_event {
	enum terminal_event_kind kind;
	struct view text;
	size_t word_offset; /* COMPLETE: where its last word begins */
	uint64_t serial;    /* COMPLETE: for terminal_complete */
	uint64_t lines;     /* PASTE: how many it has */
	bool is_too_large;  /* PASTE: for the line; only dropping it is possible */
	bool was_asked;     /* LINE, INTERRUPT, EOF: the answer to terminal_ask, which ends */
	/* LINE: its first byte came from a paste of several lines, so it is hardly meant as a
	 * command. */
	bool is_pasted;
};

/* How many bytes terminal_input takes now; 0: events are to be taken first. */
size_t terminal_room(const struct terminal *t);
void terminal_input(struct terminal *t, struct view bytes);
/* Forgets what was put in and has made no event yet; the line stays as it is. */
void terminal_drop_input(struct terminal *t);
/* The next event that the bytes make; false if they make no more. While no lines are wanted, Enter
 * waits, and with it the keys behind it, but for Ctrl-C, which drops them. */
bool terminal_next(struct terminal *t, bool wants_lines, struct terminal_event *event);

/* What is being typed (the answer, during a question), and the cursor's offset in it. The view
 * lives until the next call that changes it. */
struct view terminal_line(const struct terminal *t, size_t *cursor);
/* Replaces it, as if it had been typed; invalid UTF-8 becomes U+FFFD, what is too long is cut. */
void terminal_set_line(struct terminal *t, struct view text);

/* Asks a question: the line under way is put aside until the answer is a LINE, Ctrl-C or Ctrl-D.
 * A secret answer is not shown. A question that is under way is replaced. */
void terminal_ask(struct terminal *t, struct view prompt, bool is_secret);
/* Ends the question without an answer, if there is one. */
void terminal_ask_cancel(struct terminal *t);

/* After TERMINAL_PASTE: inserts it at the cursor, or drops it. May be called later, e.g. after a
 * question; another paste replaces it. Inserting one that is too large drops it. */
void terminal_paste(struct terminal *t, bool inserted);

/* What the last word before the cursor may become. One: it does, and a blank follows. Several: as
 * far as they agree; if that is as far as it is, they are listed above. Nothing happens if the line
 * has changed since the event with this serial. */
void terminal_complete(struct terminal *t, uint64_t serial, const struct view *candidates,
                       size_t count);

/* ---- history ---- */

/* At its end, unless it is empty or equal to the last. The terminal itself adds nothing: the caller
 * knows which lines hold secrets. */
void terminal_history_add(struct terminal *t, struct view line);
size_t terminal_history_count(const struct terminal *t);
/* From 0, the oldest. */
struct view terminal_history_get(const struct terminal *t, size_t index);

/* ---- what is shown ---- */

enum terminal_style {
	STYLE_NONE,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_ERROR,
	STYLE_NOTICE,
	STYLE_NAME, /* the first of STYLE_NAMES colours that tell names apart */
	STYLE_NAME_END = STYLE_NAME + 10,
	STYLE_END = STYLE_NAME_END,
};
enum { STYLE_NAMES = STYLE_NAME_END - STYLE_NAME };

/* The sequence that begins it (STYLE_NONE: that ends all), whether or not there are colours. */
const char *terminal_style(enum terminal_style style);
/* One of the STYLE_NAMES, always the same for the same name. */
enum terminal_style terminal_style_of(struct view name);
/* Appends others' text to a line that will be printed: escaped, in this style. The buffer grows by
 * at most ESCAPE_GROWTH_MAX times the size of the text, and 16. */
void terminal_put(struct buf *line, enum terminal_style style, struct view text);

/* Above the line: one or several lines, each of which ends in a newline (the last may lack it).
 * They are wrapped by the terminal itself, so that it can copy and rewrap them. False, and nothing
 * is printed, if more than TERMINAL_PRINT_SIZE_MAX would wait to be drawn. */
bool terminal_print(struct terminal *t, struct view lines);
/* The same for a list, in as many columns as fit; at most a screenful but for `rows_left` rows, so
 * that these have room below it. How many were printed. A dumb terminal gets all of them, a line
 * each. */
size_t terminal_print_columns(struct terminal *t, const struct view *items, size_t count,
                              size_t rows_left);
/* The same, with a line behind it that tells how many are left out. */
void terminal_print_list(struct terminal *t, const struct view *items, size_t count);
/* Empty: the window gets back the title it had. Nothing on a dumb terminal. */
void terminal_title(struct terminal *t, struct view title);
void terminal_bell(struct terminal *t);
/* Draws all of the line again: somebody else has written to the terminal, and its cursor stands at
 * the beginning of a row. */
void terminal_redraw(struct terminal *t);

/* Draws what has changed, if what was drawn before has been sent, and returns the bytes not sent
 * yet; they live until the next call. */
struct view terminal_output(struct terminal *t);
void terminal_sent(struct terminal *t, size_t size);
/* Takes prompt and line away for good, and gives the title back. */
void terminal_end(struct terminal *t);

#endif
