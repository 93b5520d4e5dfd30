/* SPDX-License-Identifier: MIT
 *
 * What the parts of terminal/terminal.h share: the line and what edits it (terminal/line.c), the
 * history (terminal/history.c), what bytes mean as keys (terminal/key.c), what is printed above
 * (terminal/print.c), and what brings the window up to date (terminal/draw.c). Nobody else
 * includes it.
 */
#ifndef THREEFOLD_TERMINAL_PRIVATE_H
#define THREEFOLD_TERMINAL_PRIVATE_H

#include "terminal/terminal.h"

/* ---- keys ---- */

enum key {
	KEY_IGNORED,
	KEY_TEXT,
	KEY_ENTER,
	KEY_NEWLINE, /* breaks the line, and does not send it */
	KEY_TAB,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_WORD_LEFT,
	KEY_WORD_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_UP,
	KEY_DOWN,
	KEY_BACKSPACE,
	KEY_DELETE,
	KEY_DELETE_OR_EOF,
	KEY_CUT_TO_END,
	KEY_CUT_TO_HOME,
	KEY_CUT_BLANK_LEFT, /* back to a blank */
	KEY_CUT_WORD_LEFT,
	KEY_CUT_WORD_RIGHT,
	KEY_PUT_BACK,
	KEY_CLEAR,
	KEY_INTERRUPT,
	KEY_SUSPEND,
	KEY_PASTE, /* what follows is pasted, up to KEY_PASTE_END */
	KEY_PASTE_END,
};

#define PASTE_BEGIN_SEQUENCE "\033[200~"
#define PASTE_END_SEQUENCE   "\033[201~"

/* The key at the front of `from` and the bytes it has; KEY_TEXT: a run of valid UTF-8 without
 * control characters. 0: more bytes are needed. `from` is not empty. */
size_t key_decode(struct view from, enum key *key);

/* ---- the line ---- */

struct line {
	struct buf text; /* valid UTF-8 */
	size_t cursor;   /* between two clusters */
	bool is_pasted;  /* the first byte, see struct terminal_event */
};

void line_init(struct line *l, size_t size_max);
/* Wipes. */
void line_release(struct line *l);
void line_clear(struct line *l);
void line_set(struct line *l, struct view text);
/* At the cursor, which moves behind it; `text` is valid. False if it does not fit. */
bool line_insert(struct line *l, struct view text);
void line_move(struct line *l, size_t offset);
/* Takes out the bytes between two offsets; the cursor stands there then. */
void line_erase(struct line *l, size_t from, size_t to);
/* Offsets of the cluster boundaries beside the cursor, of words, and of the blank before. */
size_t line_left(const struct line *l);
size_t line_right(const struct line *l);
size_t line_word_left(const struct line *l);
size_t line_word_right(const struct line *l);
size_t line_blank_left(const struct line *l);
/* `text` as valid UTF-8 at the end of `to`, as much as fits in whole characters: what is no UTF-8
 * becomes U+FFFD, a NUL nothing. False if something was left out. */
bool line_clean(struct buf *to, struct view text);

/* ---- history ---- */

struct history_entry {
	struct view text;   /* the memory is the history's own */
	struct view edited; /* what it was changed to, until a line is finished */
	bool is_edited;
};

struct history {
	struct history_entry *entries; /* a ring */
	size_t count;
	size_t count_max;
	size_t first;
	size_t index; /* which one is shown; count: the line under way */
	struct buf draft;
};

void history_init(struct history *h, size_t count_max, size_t line_size_max);
void history_release(struct history *h);
void history_add(struct history *h, struct view line);
struct view history_get(const struct history *h, size_t index);
/* To the one before or behind; keeps the line that is left. False if there is none. */
bool history_walk(struct history *h, bool back, struct line *l);
/* Forgets what was edited, and where it is: the line is a new one. */
void history_rest(struct history *h);

/* ---- what stands in the window ---- */

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

	struct line line;
	struct line draft; /* the line under way, during a question */
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

/* Draws into t->out. */
void terminal_draw(struct terminal *t);
void picture_release(struct picture *p);
/* Appends `text` without what a terminal obeys, but for colours if they are wanted; newlines are
 * left alone. */
void terminal_clean(struct buf *to, struct view text, bool has_colours);

static inline void terminal_append(struct buf *to, struct view bytes)
{
	bool fitted = buf_put(to, bytes.data, bytes.size);

	assert(fitted);
	(void)fitted;
}

#endif
