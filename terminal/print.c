/* SPDX-License-Identifier: MIT
 *
 * Lines are made harmless when they come in, and wait in one buffer until they are drawn. Only the
 * sequences that set colours (SGR) pass. Each line ends without colours, as it began.
 */
#include "terminal/private.h"

#include "base/escape.h"
#include "terminal/width.h"
#include "terminal/wrap.h"

#include <stdio.h>

static const char *const styles[] = {
	[STYLE_STATUS] = "\033[7m",    [STYLE_NONE] = "\033[0m",      [STYLE_BOLD] = "\033[1m",
	[STYLE_DIM] = "\033[2m",       [STYLE_ERROR] = "\033[31m",    [STYLE_NOTICE] = "\033[36m",
	[STYLE_NAME] = "\033[32m",     [STYLE_NAME + 1] = "\033[33m", [STYLE_NAME + 2] = "\033[35m",
	[STYLE_NAME + 3] = "\033[34m", [STYLE_NAME + 4] = "\033[91m", [STYLE_NAME + 5] = "\033[92m",
	[STYLE_NAME + 6] = "\033[93m", [STYLE_NAME + 7] = "\033[94m", [STYLE_NAME + 8] = "\033[95m",
	[STYLE_NAME + 9] = "\033[96m",
};
_Static_assert(sizeof styles / sizeof styles[0] == STYLE_END, "each style has a sequence");

const char *terminal_style(enum terminal_style style)
{
	assert(style < STYLE_END);
	return styles[style];
}

/* FNV-1a, whose low bits are weaker than the others. */
enum terminal_style terminal_style_of(struct view name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name.size; i++)
		hash = (hash ^ name.data[i]) * 16777619u;
	return (enum terminal_style)(STYLE_NAME + (hash >> 16) % STYLE_NAMES);
}

void terminal_put(struct buf *line, enum terminal_style style, struct view text)
{
	if (style != STYLE_NONE)
		buf_append_text(line, terminal_style(style));
	escape_for_terminal(line, text);
	if (style != STYLE_NONE)
		buf_append_text(line, terminal_style(STYLE_NONE));
}

void terminal_clean(struct buf *to, struct view text, bool has_colours)
{
	while (text.size > 0) {
		size_t size = 0;
		size_t colour = 0;

		while (size < text.size && text.data[size] != '\n') {
			colour = wrap_colour(view_of(text.data + size, text.size - size));
			if (colour > 0)
				break;
			size++;
		}
		escape_for_terminal(to, view_of(text.data, size));
		if (colour > 0 && has_colours)
			buf_append(to, view_of(text.data + size, colour));
		size += colour;
		if (size < text.size && text.data[size] == '\n') {
			buf_append_text(to, "\n");
			size++;
		}
		text = view_of(text.data + size, text.size - size);
	}
}

static bool has_colours(const struct terminal *t)
{
	return !t->options.is_plain;
}

/* A tab stays one, so that who copies the line gets it. */
static void clean_line(struct terminal *t, struct view line)
{
	while (line.size > 0) {
		const uint8_t *tab = memchr(line.data, '\t', line.size);
		size_t size = tab == NULL ? line.size : (size_t)(tab - line.data);

		terminal_clean(&t->above, view_of(line.data, size), has_colours(t));
		if (tab != NULL)
			buf_append_text(&t->above, "\t");
		size += tab != NULL;
		line = view_of(line.data + size, line.size - size);
	}
}

static void print_line(struct terminal *t, struct view line)
{
	clean_line(t, line);
	if (has_colours(t) && line.size > 0 && memchr(line.data, 0x1b, line.size) != NULL)
		buf_append_text(&t->above, terminal_style(STYLE_NONE));
	buf_append_text(&t->above, t->options.is_dumb ? "\n" : "\r\n");
}

size_t print_row_size(struct view text, unsigned columns)
{
	unsigned column = 0;
	size_t used = 0;

	while (used < text.size) {
		struct view rest = view_of(text.data + used, text.size - used);
		struct width_cluster cluster;
		const uint8_t *end;

		if (rest.data[0] == 0x1b) {
			end = memchr(rest.data, 'm', rest.size);
			used += end == NULL ? rest.size : (size_t)(end + 1 - rest.data);
			continue;
		}
		cluster = width_cluster(rest);
		if (column > 0 && column + cluster.columns > columns)
			break;
		column += cluster.columns;
		used += cluster.size;
	}
	return used;
}

static uint64_t rows_of(const struct terminal *t, struct view line)
{
	uint64_t rows = 1;

	while (line.size > t->columns && t->columns > 0) {
		size_t used = print_row_size(line, t->columns);

		line = view_of(line.data + used, line.size - used);
		rows += line.size > 0;
	}
	return rows;
}

uint64_t terminal_printed(const struct terminal *t)
{
	return t->printed;
}

bool terminal_print(struct terminal *t, struct view lines)
{
	size_t room = TERMINAL_PRINT_SIZE_MAX - t->above.size;
	struct view line;

	assert(t->above.size <= TERMINAL_PRINT_SIZE_MAX);
	assert(!t->has_ended);
	if (lines.size > room / ESCAPE_GROWTH_MAX)
		return false;
	while (view_take_line(&lines, &line)) {
		print_line(t, line);
		t->printed += rows_of(t, line);
	}
	return true;
}

/* The columns an item takes when it is shown; in `scratch` what is shown. */
static size_t item_columns(struct buf *scratch, struct view item)
{
	buf_clear(scratch);
	escape_for_terminal(scratch, item);
	return width_of_text(buf_view(scratch));
}

size_t terminal_print_columns(struct terminal *t, const struct view *items, size_t count,
                              size_t rows_left)
{
	bool has_status = t->status.size > 0 && terminal_status_fits(t);
	size_t rows_taken = rows_left + has_status;
	size_t rows_max = t->rows > rows_taken + 1 ? t->rows - rows_taken : 1;
	size_t widest = 1;
	size_t columns;
	size_t rows;
	size_t shown = count;
	struct buf scratch;

	buf_init(&scratch, TERMINAL_PRINT_SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		size_t width = item_columns(&scratch, items[i]);

		widest = width > widest ? width : widest;
	}
	columns = (t->columns - 1 + 2) / (widest + 2);
	columns = columns == 0 || t->options.is_dumb ? 1 : columns;
	if (!t->options.is_dumb && shown > columns * rows_max)
		shown = columns * rows_max;
	rows = (shown + columns - 1) / columns;
	for (size_t row = 0; row < rows; row++) {
		struct buf line;

		buf_init(&line, TERMINAL_PRINT_SIZE_MAX);
		for (size_t i = row; i < shown; i += rows) {
			size_t width = item_columns(&scratch, items[i]);

			buf_append(&line, buf_view(&scratch));
			for (; width < widest + 2 && i + rows < shown; width++)
				buf_append_text(&line, " ");
		}
		(void)terminal_print(t, buf_view(&line)); /* too much is too much to list */
		buf_release(&line);
	}
	buf_release(&scratch);
	return shown;
}

void terminal_print_list(struct terminal *t, const struct view *items, size_t count)
{
	size_t shown = terminal_print_columns(t, items, count, 2);

	if (shown < count) {
		char text[64];

		(void)snprintf(text, sizeof text, "... and %zu more", count - shown);
		(void)terminal_print(t, view_of_string(text));
	}
}

void terminal_title(struct terminal *t, struct view title)
{
	struct buf clean;

	if (t->options.is_dumb || t->has_ended)
		return;
	if (title.size > TERMINAL_TITLE_SIZE_MAX)
		title.size = TERMINAL_TITLE_SIZE_MAX;
	buf_init(&clean, t->title.size_max);
	escape_for_terminal(&clean, title);
	if (!view_equal(buf_view(&clean), buf_view(&t->title)))
		t->title_has_changed = true;
	buf_release(&t->title);
	t->title = clean;
}
