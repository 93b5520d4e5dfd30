/* SPDX-License-Identifier: MIT
 *
 * What the window shows is kept as a picture: the cells of prompt and line, each with its row and
 * column. Drawing lays out a new picture and writes the difference: the cells that both pictures
 * begin with stay, and the others are erased and written anew. All moves are relative to the
 * cursor, because nobody knows in which row of the window the line stands.
 *
 * This file ends each row itself, in the last column but one, and never lets the terminal do it. So
 * a wider window changes no row, and in a narrower one each row wraps separately. The old picture
 * and the new width then tell how far the first row is above the cursor. (The alternative is to ask
 * the terminal for its cursor. But the answer comes between the keys, or never.)
 */
#include "terminal/private.h"

#include "base/escape.h"
#include "terminal/width.h"

#include <stdio.h>

#define SYMBOL_NEWLINE "\xe2\x8f\x8e" /* U+23CE, return symbol */
#define SYMBOL_NO_BASE "\xe2\x97\x8c" /* U+25CC, dotted circle: what a lone mark stands on */

void picture_release(struct picture *p)
{
	buf_release(&p->shown);
	memory_free(p->cells);
	p->cells = NULL;
	p->capacity = 0;
	p->count = 0;
}

/* ---- what is to be shown ---- */

void terminal_set_prompt(struct terminal *t, struct buf *prompt, struct view text)
{
	bool has_colours = !t->options.is_plain;

	if (text.size > TERMINAL_PROMPT_SIZE_MAX)
		text.size = TERMINAL_PROMPT_SIZE_MAX;
	buf_clear(prompt);
	terminal_clean(prompt, text, has_colours);
	if (has_colours && text.size > 0 && memchr(text.data, 0x1b, text.size) != NULL)
		buf_append(prompt, view_of_string(terminal_style(STYLE_NONE)));
}

void terminal_prompt(struct terminal *t, struct view prompt)
{
	terminal_set_prompt(t, &t->prompt, prompt);
}

void terminal_status(struct terminal *t, struct view status)
{
	terminal_set_prompt(t, &t->status, status);
}

bool terminal_has_status(const struct terminal *t)
{
	return terminal_status_fits(t);
}

/* ---- layout ---- */

static struct cell *add_cell(struct picture *p, size_t at)
{
	struct cell *cell;

	if (p->count == p->capacity) {
		p->capacity = p->capacity == 0 ? 128 : 2 * p->capacity;
		p->cells = memory_resize(p->cells, p->capacity * sizeof *p->cells);
	}
	cell = &p->cells[p->count++];
	*cell = (struct cell){ .offset = p->shown.size, .at = at, .step = 1 };
	return cell;
}

/* One cell at the front of `text`, which stands at the offset `at` of the line; the bytes it takes
 * of it. */
static size_t add_cluster(struct picture *p, struct view text, size_t at)
{
	struct width_cluster cluster = width_cluster(text);
	struct view bytes = view_of(text.data, cluster.size);
	struct cell *cell = add_cell(p, at);
	size_t size;

	cell->columns = cluster.columns;
	cell->step = width_of(escape_decode(bytes, &size)) == 2 ? 2 : 1;
	cell->is_doubtful = cluster.is_doubtful;
	if (cluster.columns > 0) {
		buf_append(&p->shown, bytes);
	} else if (bytes.data[0] == '\n') {
		buf_append(&p->shown, view_of_string(SYMBOL_NEWLINE));
		cell->columns = 1;
	} else if (escape_is_harmful(escape_decode(bytes, &size))) {
		escape_for_terminal(&p->shown, bytes);
		/* A mark is ASCII. */
		cell->columns = (uint32_t)(p->shown.size - cell->offset);
	} else {
		buf_append(&p->shown, view_of_string(SYMBOL_NO_BASE));
		buf_append(&p->shown, bytes);
		cell->columns = 1;
	}
	cell->size = p->shown.size - cell->offset;
	assert(cell->columns > 0);
	assert(cell->columns < TERMINAL_COLUMNS_MIN);
	return cluster.size;
}

/* The prompt has been cleaned: an Escape begins a colour, which takes no column. */
static void add_prompt(struct picture *p, struct view prompt)
{
	while (prompt.size > 0) {
		size_t size;

		if (prompt.data[0] == 0x1b) {
			const uint8_t *end = memchr(prompt.data, 'm', prompt.size);
			struct cell *cell = add_cell(p, 0);

			assert(end != NULL);
			size = (size_t)(end + 1 - prompt.data);
			buf_append(&p->shown, view_of(prompt.data, size));
			cell->size = size;
		} else {
			size = add_cluster(p, prompt, 0);
		}
		prompt = view_of(prompt.data + size, prompt.size - size);
	}
	p->prompt_count = p->count;
}

/* Gives each cell its place, and the cursor its own. */
static void place_cells(struct picture *p, size_t cursor, bool has_line, uint32_t columns)
{
	uint32_t row = 0;
	uint32_t column = 0;
	bool is_found = false;

	assert(columns >= TERMINAL_COLUMNS_MIN);
	for (size_t i = 0; i < p->count; i++) {
		struct cell *cell = &p->cells[i];

		/* The last column stays free; the cursor may stand there. */
		if (column + cell->columns > columns - 1) {
			row++;
			column = 0;
		}
		cell->row = row;
		cell->column = column;
		if (!is_found && has_line && i >= p->prompt_count && cell->at >= cursor) {
			is_found = true;
			p->cursor_cell = i;
			p->cursor_row = row;
			p->cursor_column = column;
		}
		column += cell->columns;
	}
	if (!is_found) {
		p->cursor_cell = p->count;
		p->cursor_row = row;
		p->cursor_column = column;
	}
	p->rows = row + 1;
}

/* Which rows are shown: those that were, as long as the cursor is among them and none is empty. */
static void choose_rows(struct picture *p, uint32_t top, uint32_t rows)
{
	uint32_t rows_max = rows < 4 ? 1 : (rows + 1) / 2;

	if (top + rows_max > p->rows)
		top = p->rows > rows_max ? p->rows - rows_max : 0;
	if (p->cursor_row < top)
		top = p->cursor_row;
	if (p->cursor_row >= top + rows_max)
		top = p->cursor_row - rows_max + 1;
	p->top = top;
	p->bottom = top + rows_max < p->rows ? top + rows_max : p->rows;
	p->first = 0;
	while (p->first < p->count && p->cells[p->first].row < p->top)
		p->first++;
	p->end = p->first;
	while (p->end < p->count && p->cells[p->end].row < p->bottom)
		p->end++;
	assert(p->cursor_row >= p->top);
	assert(p->cursor_row < p->bottom);
}

/* The status has one row; what does not fit is cut. */
static void lay_out_status(struct terminal *t)
{
	struct picture *p = &t->status_wanted;

	buf_clear(&p->shown);
	p->count = 0;
	if (terminal_status_fits(t))
		add_prompt(p, buf_view(&t->status));
	if (p->count > 0)
		place_cells(p, 0, false, t->columns);
	for (p->end = 0; p->end < p->count && p->cells[p->end].row == 0;)
		p->end++;
}

static void lay_out(struct terminal *t)
{
	struct picture *p = &t->wanted;
	struct view text = buf_view(&t->line.text);
	size_t at = 0;

	buf_clear(&p->shown);
	p->count = 0;
	add_prompt(p, buf_view(t->is_asking    ? &t->question
	                       : t->find.is_on ? &t->find.prompt
	                                       : &t->prompt));
	while (!t->is_secret && at < text.size)
		at += add_cluster(p, view_of(text.data + at, text.size - at), at);
	place_cells(p, t->line.cursor, !t->is_secret, t->columns);
	choose_rows(p, t->top, t->rows);
	t->top = p->top;
	lay_out_status(t);
}

/* ---- writing ---- */

/* Where the terminal's cursor stands; rows as in the picture. */
struct pen {
	uint32_t row;
	uint32_t column;
};

static void append_sequence(struct terminal *t, uint32_t number, char letter)
{
	char text[16];

	(void)snprintf(text, sizeof text, "\033[%u%c", number, letter);
	buf_append_text(&t->out, text);
}

static void move_pen(struct terminal *t, struct pen *pen, uint32_t row, uint32_t column)
{
	if (pen->row > row)
		append_sequence(t, pen->row - row, 'A');
	else if (pen->row < row)
		append_sequence(t, row - pen->row, 'B');
	if (pen->column != column && column == 0)
		buf_append_text(&t->out, "\r");
	else if (pen->column != column)
		append_sequence(t, column + 1, 'G');
	*pen = (struct pen){ .row = row, .column = column };
}

/* Terminals do not agree on the width of a doubtful cluster. So blanks are written first and the
 * cluster over them: on a terminal that makes it narrower, nothing old stays beside it. */
static void write_doubtful(struct terminal *t, const struct cell *cell, struct view bytes)
{
	for (uint32_t i = 0; i < cell->columns; i++)
		buf_append_text(&t->out, " ");
	append_sequence(t, cell->column + 1, 'G');
	buf_append(&t->out, bytes);
	append_sequence(t, cell->column + cell->columns + 1, 'G');
}

static void write_cells(struct terminal *t, const struct picture *p, size_t from, struct pen *pen)
{
	for (size_t i = from; i < p->end; i++) {
		const struct cell *cell = &p->cells[i];
		struct view bytes = view_of(p->shown.data + cell->offset, cell->size);

		if (cell->row > pen->row) {
			assert(cell->row == pen->row + 1);
			buf_append_text(&t->out, "\r\n");
			*pen = (struct pen){ .row = cell->row };
		}
		assert(cell->column == pen->column);
		if (cell->is_doubtful)
			write_doubtful(t, cell, bytes);
		else
			buf_append(&t->out, bytes);
		pen->column += cell->columns;
	}
}

static void write_status(struct terminal *t)
{
	struct pen pen = { 0 };

	if (t->status_wanted.end == 0)
		return;
	write_cells(t, &t->status_wanted, 0, &pen);
	/* The bytes that end its colours may be among those that were cut. */
	if (!t->options.is_plain)
		buf_append_text(&t->out, terminal_style(STYLE_NONE));
	buf_append_text(&t->out, "\r\n");
}

static bool cells_equal(const struct picture *a, size_t i, const struct picture *b, size_t j)
{
	const struct cell *x = &a->cells[i];
	const struct cell *y = &b->cells[j];

	return x->size == y->size && x->columns == y->columns &&
	       memcmp(a->shown.data + x->offset, b->shown.data + y->offset, x->size) == 0;
}

/* The first cell of the new picture that is not there already. A prompt that differs is written as
 * a whole, for its colours. */
static size_t first_difference(const struct picture *old, const struct picture *new)
{
	size_t same = 0;

	while (old->first + same < old->end && new->first + same < new->end &&
	       cells_equal(old, old->first + same, new, new->first + same))
		same++;
	if (new->first + same < new->prompt_count)
		same = 0;
	return new->first + same;
}

static bool status_has_changed(const struct terminal *t)
{
	const struct picture *old = &t->status_drawn;
	const struct picture *new = &t->status_wanted;

	if (old->end != new->end)
		return true;
	for (size_t i = 0; i < new->end; i++)
		if (!cells_equal(old, i, new, i))
			return true;
	return false;
}

static void update(struct terminal *t)
{
	const struct picture *old = &t->drawn;
	const struct picture *new = &t->wanted;
	size_t from = t->is_drawn ? first_difference(old, new) : new->first;
	struct pen pen = { .row = new->top };

	if (t->is_drawn) {
		bool is_longer = old->first + (from - new->first) < old->end;
		struct pen end = { .row = new->top };

		assert(old->top == new->top);
		if (from > new->first) {
			end.row = new->cells[from - 1].row;
			end.column = new->cells[from - 1].column + new->cells[from - 1].columns;
		}
		pen = (struct pen){ .row = old->cursor_row, .column = old->cursor_column };
		if (is_longer || from < new->end)
			move_pen(t, &pen, end.row, end.column);
		if (is_longer)
			buf_append_text(&t->out, "\033[J");
	}
	write_cells(t, new, from, &pen);
	move_pen(t, &pen, new->cursor_row, new->cursor_column);
}

/* How many rows the cells of a picture have become above the one in which the cell `stop` is now.
 * Each of our rows has wrapped separately in a window that is narrower now. */
static uint32_t rows_before(const struct picture *p, size_t stop, uint32_t last_row,
                            uint32_t columns)
{
	uint32_t rows = 0;
	uint32_t row = p->top;
	uint32_t column = 0;

	/* Up to the cell `stop`, too: it may have been moved to the next row. Behind the last one
	 * the cursor stays in the row in which that is. */
	for (size_t i = p->first; i < p->end; i++) {
		const struct cell *cell = &p->cells[i];

		if (cell->row > last_row)
			break;
		if (cell->row > row) {
			rows++;
			row = cell->row;
			column = 0;
		}
		for (uint32_t used = 0; used < cell->columns; used += cell->step) {
			uint32_t part = cell->columns - used < cell->step ? 1 : cell->step;

			if (column + part > columns) {
				rows++;
				column = 0;
			}
			if (i == stop)
				return rows;
			column += part;
		}
	}
	return rows;
}

/* How many rows above the cursor the first row of status and line is now: see the top of this
 * file. */
static uint32_t rows_above(const struct terminal *t)
{
	const struct picture *p = &t->drawn;
	const struct picture *status = &t->status_drawn;
	bool is_narrower = t->options.rewraps && t->columns < t->drawn_columns;
	uint32_t rows = status->end > 0;

	if (!is_narrower)
		return rows + p->cursor_row - p->top;
	if (status->end > 0)
		rows += rows_before(status, status->end, 0, t->columns);
	return rows + rows_before(p, p->cursor_cell, p->cursor_row, t->columns);
}

static void erase(struct terminal *t)
{
	uint32_t rows = rows_above(t);

	assert(t->is_drawn);
	buf_append_text(&t->out, "\r");
	if (rows > 0)
		append_sequence(t, rows, 'A');
	buf_append_text(&t->out, "\033[J");
	t->is_drawn = false;
}

static void draw_title(struct terminal *t)
{
	if (!t->title_has_changed)
		return;
	t->title_has_changed = false;
	/* The title that was there is put on the terminal's stack, and taken from it again. */
	if (!t->title_is_set && t->title.size > 0)
		buf_append_text(&t->out, "\033[22;0t");
	if (t->title.size > 0) {
		buf_append_text(&t->out, "\033]0;");
		buf_append(&t->out, buf_view(&t->title));
		buf_append_text(&t->out, "\a");
	} else if (t->title_is_set) {
		buf_append_text(&t->out, "\033[23;0t");
	}
	t->title_is_set = t->title.size > 0;
}

static void swap(struct picture *a, struct picture *b)
{
	struct picture picture = *a;

	*a = *b;
	*b = picture;
}

static void swap_pictures(struct terminal *t)
{
	swap(&t->wanted, &t->drawn);
	swap(&t->status_wanted, &t->status_drawn);
	t->drawn_columns = t->columns;
}

/* Draws on a dumb terminal: lines and prompts, one after the other. */
static void draw_dumb(struct terminal *t)
{
	const struct buf *prompt = t->is_asking ? &t->question : &t->prompt;

	if (t->is_drawn && (t->above.size > 0 || t->is_stale || !t->is_shown)) {
		buf_append_text(&t->out, "\n");
		t->is_drawn = false;
	}
	buf_append(&t->out, buf_view(&t->above));
	if (t->is_shown && !t->is_drawn) {
		buf_append(&t->out, buf_view(prompt));
		t->is_drawn = true;
	}
}

/* Whether the old drawing must be erased first. It must if the width has changed, because that
 * moved it. Another height matters only if rows above the cursor have left the window, so that
 * other rows are shown than before. */
static bool has_to_go(const struct terminal *t)
{
	if (t->above.size > 0 || !t->is_shown || status_has_changed(t))
		return true;
	return t->columns != t->drawn_columns || t->drawn.top != t->wanted.top;
}

static void draw_lines(struct terminal *t)
{
	if (t->is_shown)
		lay_out(t);
	if (t->clears) {
		buf_append_text(&t->out, "\033[H\033[2J");
		t->printed += t->rows;
		t->is_drawn = false;
	} else if (t->is_drawn && has_to_go(t)) {
		erase(t);
	} else if (!t->is_drawn && t->is_stale) {
		buf_append_text(&t->out, "\r\033[J");
	}
	buf_append(&t->out, buf_view(&t->above));
	draw_title(t);
	if (!t->is_shown)
		return;
	if (!t->is_drawn)
		write_status(t);
	update(t);
	t->is_drawn = true;
	swap_pictures(t);
}

void terminal_draw(struct terminal *t)
{
	if (t->options.is_dumb)
		draw_dumb(t);
	else
		draw_lines(t);
	if (t->rings)
		buf_append_text(&t->out, "\a");
	buf_clear(&t->above);
	t->is_stale = false;
	t->clears = false;
	t->rings = false;
}
