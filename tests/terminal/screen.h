/* SPDX-License-Identifier: MIT
 *
 * screen: a small terminal, to look at what terminal/terminal.h draws: what a VT100 and its
 * followers do with the few sequences that are used, and a count of those that they would not
 * know.
 *
 * A row that ran over its end is marked as wrapped. When the window becomes narrower or wider, a
 * screen that rewraps joins such rows and cuts them anew (tmux, VTE, kitty, foot do), one that does
 * not leaves each where it is and hides what is too far right (xterm, the Linux console). Rows that
 * leave the window at its top are kept, so the whole story can be read.
 *
 * Widths are a table of its own, so far as the tests need it.
 */
#ifndef THREEFOLD_TESTS_TERMINAL_SCREEN_H
#define THREEFOLD_TESTS_TERMINAL_SCREEN_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCREEN_COLUMNS_MAX = 220, SCREEN_CELL_SIZE = 24, SCREEN_TEXT_SIZE = 8192 };

struct screen_cell {
	char text[SCREEN_CELL_SIZE]; /* empty: never written */
	uint8_t columns;             /* 0: the right half of a wide one */
	uint8_t colour;              /* the number of the sequence that set it */
};

struct screen_row {
	struct screen_cell cells[SCREEN_COLUMNS_MAX];
	unsigned used; /* cells up to the last written */
	bool wraps;    /* the next row continues it */
};

struct screen {
	struct screen_row *rows; /* with those that have left the window */
	size_t count;
	size_t capacity;
	size_t top; /* the window's first row */
	unsigned columns;
	unsigned height;
	size_t row;      /* the cursor, in rows */
	unsigned column; /* `columns`: it waits behind the last one */
	bool rewraps;
	char sequence[600]; /* a sequence, or a character, whose end has not come */
	size_t sequence_size;
	uint8_t colour;
	unsigned unknown; /* sequences and control characters */
	unsigned bells;
	char title[600];
	int titles_pushed;
};

static inline unsigned screen_width(uint32_t c)
{
	if ((c >= 0x300 && c <= 0x36f) || c == 0x200d || c == 0xfe0f || c == 0x20e3)
		return 0;
	if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x3000 && c <= 0x9fff) ||
	    (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xff01 && c <= 0xff60) ||
	    (c >= 0x1f300 && c <= 0x1faff))
		return 2;
	return 1;
}

/* The character at the front; the text is valid. */
static inline uint32_t screen_decode(const char *text, size_t *size)
{
	const unsigned char *b = (const unsigned char *)text;

	*size = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	if (*size == 1)
		return b[0];
	if (*size == 2)
		return (uint32_t)(b[0] & 0x1f) << 6 | (b[1] & 0x3fu);
	if (*size == 3)
		return (uint32_t)(b[0] & 0x0f) << 12 | (uint32_t)(b[1] & 0x3f) << 6 |
		       (b[2] & 0x3fu);
	return (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3f) << 12 |
	       (uint32_t)(b[2] & 0x3f) << 6 | (b[3] & 0x3fu);
}

static inline struct screen_row *screen_row_at(struct screen *s, size_t index)
{
	while (s->count <= index) {
		if (s->count == s->capacity) {
			s->capacity = 2 * s->capacity + 32;
			s->rows = realloc(s->rows, s->capacity * sizeof *s->rows);
			assert(s->rows != NULL);
		}
		memset(&s->rows[s->count++], 0, sizeof *s->rows);
	}
	return &s->rows[index];
}

static inline void screen_init(struct screen *s, unsigned columns, unsigned height, bool rewraps)
{
	memset(s, 0, sizeof *s);
	assert(columns <= SCREEN_COLUMNS_MAX);
	s->columns = columns;
	s->height = height;
	s->rewraps = rewraps;
	(void)screen_row_at(s, 0);
}

static inline void screen_release(struct screen *s)
{
	free(s->rows);
	s->rows = NULL;
}

static inline void screen_newline(struct screen *s)
{
	s->row++;
	if (s->column >= s->columns)
		s->column = s->columns - 1;
	(void)screen_row_at(s, s->row);
	if (s->row >= s->top + s->height)
		s->top = s->row - s->height + 1;
}

static inline void screen_blank(struct screen_row *row, unsigned column)
{
	/* Half of a wide character does not stay. */
	if (row->cells[column].columns == 0 && row->cells[column].text[0] == 0 && column > 0 &&
	    row->cells[column - 1].columns == 2)
		memset(&row->cells[column - 1], 0, sizeof row->cells[0]);
	if (row->cells[column].columns == 2)
		memset(&row->cells[column + 1], 0, sizeof row->cells[0]);
	memset(&row->cells[column], 0, sizeof row->cells[0]);
}

static inline void screen_put(struct screen *s, const char *text, size_t size)
{
	size_t length;
	unsigned columns = screen_width(screen_decode(text, &length));
	struct screen_row *row = screen_row_at(s, s->row);

	if (columns == 0) {
		unsigned at = s->column;

		while (at > 0 && row->cells[at - 1].columns == 0)
			at--;
		/* What would combine with nothing, or is too long, is lost. */
		if (at == 0 || strlen(row->cells[at - 1].text) + size >= SCREEN_CELL_SIZE)
			s->unknown += at == 0;
		else
			strncat(row->cells[at - 1].text, text, size);
		return;
	}
	if (s->column + columns > s->columns) {
		row->wraps = true;
		s->column = 0;
		screen_newline(s);
		row = screen_row_at(s, s->row);
	}
	for (unsigned i = 0; i < columns; i++)
		screen_blank(row, s->column + i);
	memcpy(row->cells[s->column].text, text, size);
	row->cells[s->column].columns = (uint8_t)columns;
	row->cells[s->column].colour = s->colour;
	s->column += columns;
	if (s->column > row->used)
		row->used = s->column;
}

static inline void screen_erase(struct screen *s)
{
	unsigned from = s->column >= s->columns ? s->columns - 1 : s->column;
	struct screen_row *row = screen_row_at(s, s->row);

	for (unsigned i = from; i < SCREEN_COLUMNS_MAX; i++)
		memset(&row->cells[i], 0, sizeof row->cells[0]);
	row->used = row->used < from ? row->used : from;
	row->wraps = false;
	s->count = s->row + 1;
}

static inline void screen_csi(struct screen *s)
{
	char letter = s->sequence[s->sequence_size - 1];
	unsigned number = (unsigned)strtoul(s->sequence + 2, NULL, 10);
	size_t steps = number == 0 ? 1 : number;

	if (letter == 'A') {
		s->row = s->row - s->top < steps ? s->top : s->row - steps;
	} else if (letter == 'B') {
		s->row += steps;
		if (s->row >= s->top + s->height)
			s->row = s->top + s->height - 1;
		(void)screen_row_at(s, s->row);
	} else if (letter == 'G') {
		s->column = (unsigned)steps > s->columns ? s->columns - 1 : (unsigned)steps - 1;
	} else if (letter == 'H' && s->sequence_size == 3) {
		s->row = s->top;
		s->column = 0;
	} else if (letter == 'J' && number == 0) {
		screen_erase(s);
	} else if (letter == 'J' && number == 2) {
		/* Only ever from the window's first row. */
		s->unknown += s->row != s->top;
		screen_erase(s);
	} else if (letter == 't') {
		s->titles_pushed += number == 22 ? 1 : -1;
	} else if (letter == 'm') {
		s->colour = (uint8_t)number;
	} else {
		s->unknown++;
	}
	if (letter != 'm' && letter != 't' && s->column >= s->columns)
		s->column = s->columns - 1;
}

/* Takes what has collected if it is complete. */
static inline bool screen_sequence(struct screen *s)
{
	char last = s->sequence[s->sequence_size - 1];

	s->sequence[s->sequence_size] = 0;
	if (s->sequence[0] != 0x1b) {
		size_t size;

		(void)screen_decode(s->sequence, &size);
		if (s->sequence_size < size)
			return false;
		screen_put(s, s->sequence, size);
		return true;
	}
	if (s->sequence_size < 2)
		return false;
	if (s->sequence[1] == ']') {
		if (last != '\a')
			return false;
		s->sequence[s->sequence_size - 1] = 0;
		strcpy(s->title, s->sequence + 4);
		return true;
	}
	if (s->sequence[1] != '[') {
		s->unknown++;
		return true;
	}
	if (s->sequence_size < 3 || last < '@' || last > '~')
		return false;
	screen_csi(s);
	return true;
}

static inline void screen_write(struct screen *s, const void *data, size_t size)
{
	const char *bytes = data;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (s->sequence_size > 0 || byte >= 0x80 || byte == 0x1b) {
			assert(s->sequence_size + 1 < sizeof s->sequence);
			s->sequence[s->sequence_size++] = bytes[i];
			if (screen_sequence(s))
				s->sequence_size = 0;
		} else if (byte == '\r') {
			s->column = 0;
		} else if (byte == '\n') {
			screen_newline(s);
		} else if (byte == '\a') {
			s->bells++;
		} else if (byte == '\t') {
			s->column = s->column / 8 * 8 + 8;
			if (s->column >= s->columns)
				s->column = s->columns - 1;
		} else if (byte < 0x20 || byte == 0x7f) {
			s->unknown++;
		} else {
			screen_put(s, &bytes[i], 1);
		}
	}
}

/* One row of the new width, or the first of several, from the joined cells. */
static inline void screen_cut(struct screen *new, const struct screen_cell *cells, size_t count,
                              size_t cursor, bool has_cursor)
{
	struct screen_row *row = screen_row_at(new, new->row);
	unsigned column = 0;
	size_t at = new->row;

	for (size_t i = 0; i < count; i += cells[i].columns == 2 ? 2 : 1) {
		unsigned columns = cells[i].columns == 2 ? 2 : 1;

		if (column + columns > new->columns) {
			row->wraps = true;
			row = screen_row_at(new, ++at);
			column = 0;
		}
		if (has_cursor && (cursor == i || (cursor == i + 1 && columns == 2))) {
			new->top = at; /* the place of the cursor, until the end of the resize */
			new->column = column;
		}
		row->cells[column] = cells[i];
		column += columns;
		row->used = column;
	}
	if (has_cursor && cursor >= count) {
		new->top = at;
		new->column = column;
	}
	new->row = at + 1;
}

static inline void screen_rewrap(struct screen *s, unsigned columns, size_t *anchor)
{
	static struct screen_cell cells[64 * SCREEN_COLUMNS_MAX];
	struct screen new;
	size_t new_anchor = 0;

	screen_init(&new, columns, s->height, true);
	for (size_t i = 0; i < s->count; i++) {
		size_t count = 0;
		size_t cursor = 0;
		bool has_cursor = false;
		bool wraps;

		if (i == *anchor)
			new_anchor = new.row;
		do {
			if (i == s->row) {
				has_cursor = true;
				/* Behind the last cell it stays behind it. */
				cursor = s->column >= s->rows[i].used ? SIZE_MAX
				                                      : count + s->column;
			}
			assert(count + s->rows[i].used <= sizeof cells / sizeof cells[0]);
			memcpy(&cells[count], s->rows[i].cells, s->rows[i].used * sizeof cells[0]);
			count += s->rows[i].used;
			wraps = s->rows[i].wraps && i + 1 < s->count;
			i += wraps;
		} while (wraps);
		screen_cut(&new, cells, count, cursor, has_cursor);
	}
	new.row = new.top;
	new.top = 0;
	*anchor = new_anchor;
	free(s->rows);
	s->rows = new.rows;
	s->capacity = new.capacity;
	s->count = new.count;
	s->row = new.row;
	s->column = new.column;
}

/* *anchor: a row, and where it is afterwards. */
static inline void screen_resize(struct screen *s, unsigned columns, unsigned height,
                                 size_t *anchor)
{
	assert(columns <= SCREEN_COLUMNS_MAX);
	if (s->rewraps && columns != s->columns)
		screen_rewrap(s, columns, anchor);
	s->columns = columns;
	s->height = height;
	if (s->column >= columns)
		s->column = columns - 1;
	/* What was above comes back into a higher window. */
	if (s->rewraps)
		s->top = s->count > height ? s->count - height : 0;
	if (s->row < s->top)
		s->top = s->row;
	if (s->row >= s->top + height)
		s->top = s->row - height + 1;
}

/* The text of a row, up to the last written cell that is no blank. */
static inline void screen_append_row(const struct screen *s, size_t index, char *text)
{
	const struct screen_row *row = &s->rows[index];
	size_t size = strlen(text);

	for (unsigned i = 0; i < row->used; i++) {
		const struct screen_cell *cell = &row->cells[i];
		const char *shown = cell->text;

		if (shown[0] == 0)
			shown = i > 0 && row->cells[i - 1].columns == 2 ? "" : " ";
		assert(size + strlen(shown) < SCREEN_TEXT_SIZE);
		strcpy(text + size, shown);
		size += strlen(shown);
	}
}

static inline void screen_trim(char *text)
{
	size_t size = strlen(text);

	while (size > 0 && text[size - 1] == ' ')
		text[--size] = 0;
}

static inline const char *screen_row_text(const struct screen *s, size_t index,
                                          char text[SCREEN_TEXT_SIZE])
{
	text[0] = 0;
	if (index < s->count)
		screen_append_row(s, index, text);
	screen_trim(text);
	return text;
}

/* The row of the window that has this number, from 0. */
static inline const char *screen_window(const struct screen *s, size_t index,
                                        char text[SCREEN_TEXT_SIZE])
{
	return screen_row_text(s, s->top + index, text);
}

/* A line as it was printed: rows that wrapped, joined. *index: its first row, then the one behind
 * it. */
static inline const char *screen_line(const struct screen *s, size_t *index,
                                      char text[SCREEN_TEXT_SIZE])
{
	text[0] = 0;
	for (;;) {
		bool wraps = s->rows[*index].wraps;

		screen_append_row(s, *index, text);
		++*index;
		if (!wraps || *index >= s->count)
			break;
	}
	screen_trim(text);
	return text;
}

/* For a person, when a test has failed. */
static inline void screen_show(const struct screen *s)
{
	char text[SCREEN_TEXT_SIZE];

	printf("# %u by %u, cursor at %zu, %u\n", s->columns, s->height, s->row - s->top,
	       s->column);
	for (size_t i = s->top > 5 ? s->top - 5 : 0; i < s->count; i++)
		printf("# %s%2zu |%s|%s\n", i < s->top ? "-" : " ",
		       i < s->top ? s->top - i : i - s->top, screen_row_text(s, i, text),
		       s->rows[i].wraps ? " wraps" : "");
}

#endif
