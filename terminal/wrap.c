/* SPDX-License-Identifier: MIT */
#include "terminal/wrap.h"

#include "terminal/width.h"

size_t wrap_colour(struct view from)
{
	size_t size = 2;

	if (from.size < 3 || from.data[0] != 0x1b || from.data[1] != '[')
		return 0;
	while (size < from.size &&
	       (from.data[size] == ';' || (from.data[size] >= '0' && from.data[size] <= '9')))
		size++;
	return size < from.size && from.data[size] == 'm' ? size + 1 : 0;
}

size_t wrap_tab(size_t column, size_t home)
{
	return column < home ? home - column : WRAP_TAB - (column - home) % WRAP_TAB;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

struct wrap_row wrap_first(struct view line, size_t column, size_t home, size_t columns)
{
	size_t at = 0;
	/* Behind the last word that has room, and its blanks; 0: there is none. */
	size_t break_at = 0;
	size_t break_column = 0;
	size_t fits = 0; /* what has room */
	bool has_word = false;

	assert(line.size > 0);
	while (at < line.size) {
		struct view rest = view_of(line.data + at, line.size - at);
		struct width_cluster cluster = { .size = wrap_colour(rest) };
		bool is_colour = cluster.size > 0;
		bool was_forced = false;

		if (!is_colour && is_blank(rest.data[0])) {
			column += rest.data[0] == ' ' ? 1 : wrap_tab(column, home);
			at++;
			break_at = has_word ? at : 0;
			break_column = column;
		} else {
			if (!is_colour)
				cluster = width_cluster(rest);
			if (has_word && cluster.columns >= 2) {
				break_at = at;
				break_column = column;
			}
			was_forced = column + cluster.columns > columns && !is_colour;
			if (was_forced && (has_word || at > 0))
				break;
			at += cluster.size;
			column += cluster.columns;
			has_word = has_word || !is_colour;
			if (cluster.columns >= 2) {
				break_at = at;
				break_column = column;
			}
		}
		if (column <= columns || was_forced)
			fits = at;
	}

	struct wrap_row row = { .size = at, .shown = fits };

	if (at == line.size)
		return row;
	/* A word that begins where a row begins has no more room in the next one. */
	if (break_at > 0 && break_column > home)
		row.size = row.shown = break_at;
	while (row.shown > 0 && is_blank(line.data[row.shown - 1]))
		row.shown--;
	if (row.shown > fits)
		row.shown = fits;
	return row;
}
