/* SPDX-License-Identifier: MIT */
#include "chat/paragraph.h"

#include "terminal/width.h"
#include "terminal/wrap.h"

static void put_blanks(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_append(out, view_of_string(" "));
}

/* Appends a row, tabs as blanks, and returns the column behind it. */
static size_t put_row(struct buf *out, struct view row, size_t column, size_t home)
{
	while (row.size > 0) {
		size_t colour = wrap_colour(row);
		size_t size = colour > 0 ? colour : width_cluster(row).size;

		if (row.data[0] == '\t') {
			put_blanks(out, wrap_tab(column, home));
			column += wrap_tab(column, home);
		} else {
			buf_append(out, view_of(row.data, size));
			column += colour > 0 ? 0 : width_cluster(row).columns;
		}
		row = view_of(row.data + size, row.size - size);
	}
	return column;
}

/* The last colour sequence in a row, or `before` if it has none. */
static struct view colour_after(struct view row, struct view before)
{
	for (size_t i = 0; i < row.size; i++) {
		struct view rest = view_of(row.data + i, row.size - i);
		size_t size = wrap_colour(rest);

		if (size > 0)
			before = view_of(rest.data, size);
	}
	return before;
}

size_t paragraph_wrap(struct buf *out, size_t from, size_t home, size_t columns)
{
	struct view colour = view_of(NULL, 0);
	struct buf line;
	struct view left;
	size_t rows = 0;

	assert(from <= out->size);
	columns -= columns > 1;
	if (home + PARAGRAPH_TEXT_MIN > columns)
		home = columns > 2 * PARAGRAPH_TEXT_MIN ? 2 : 0;
	buf_init(&line, out->size_max);
	buf_append(&line, view_of(out->data + from, out->size - from));
	out->size = from;
	left = buf_view(&line);
	while (left.size > 0) {
		size_t column = rows == 0 ? 0 : home;
		struct wrap_row row = wrap_first(left, column, home, columns);

		if (rows > 0) {
			buf_append(out, view_of_string("\n"));
			put_blanks(out, home);
			buf_append(out, colour);
		}
		(void)put_row(out, view_of(left.data, row.shown), column, home);
		colour = colour_after(view_of(left.data, row.size), colour);
		left = view_of(left.data + row.size, left.size - row.size);
		rows++;
	}
	buf_release(&line);
	return rows == 0 ? 1 : rows;
}

void paragraph_wrap_lines(struct buf *out, size_t from, size_t home, size_t columns)
{
	struct buf lines;
	struct view left;
	struct view line;

	assert(from <= out->size);
	buf_init(&lines, out->size_max);
	buf_append(&lines, view_of(out->data + from, out->size - from));
	out->size = from;
	left = buf_view(&lines);
	while (view_take_line(&left, &line)) {
		size_t at = out->size;

		buf_append(out, line);
		(void)paragraph_wrap(out, at, home, columns);
		buf_append(out, view_of_string("\n"));
	}
	buf_release(&lines);
}
