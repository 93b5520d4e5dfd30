/* SPDX-License-Identifier: MIT
 *
 * terminal_fixture: a terminal (terminal/terminal.h) before a screen (tests/terminal/screen.h),
 * and what the window has to show, laid out in the plainest way.
 */
#ifndef THREEFOLD_TESTS_TERMINAL_FIXTURE_H
#define THREEFOLD_TESTS_TERMINAL_FIXTURE_H

#include "terminal/terminal.h"

#include "tests/terminal/screen.h"
#include "tests/lib/tap.h"

struct fixture {
	struct terminal *t;
	struct screen screen;
	struct terminal_event event;
	unsigned events;
	char prompt[256];
	char status[256]; /* without colours */
	char **printed;   /* lines, as they should stand above */
	size_t printed_count;
	size_t start; /* the row of the screen at which prompt and line begin */
};

static inline void fixture_init_as(struct fixture *f, unsigned columns, unsigned height,
                                   const struct terminal_options *options)
{
	memset(f, 0, sizeof *f);
	f->t = terminal_new(options);
	terminal_resize(f->t, columns, height);
	screen_init(&f->screen, columns, height, options->rewraps);
}

static inline void fixture_init(struct fixture *f, unsigned columns, unsigned height)
{
	fixture_init_as(f, columns, height,
	                &(struct terminal_options){
				.line_size_max = 4096,
				.paste_lines_max = 3,
				.history_count_max = 5,
				.rewraps = true,
			});
}

static inline void fixture_release(struct fixture *f)
{
	terminal_free(f->t);
	screen_release(&f->screen);
	for (size_t i = 0; i < f->printed_count; i++)
		free(f->printed[i]);
	free(f->printed);
}

static inline void fixture_prompt(struct fixture *f, const char *prompt)
{
	assert(strlen(prompt) < sizeof f->prompt);
	strcpy(f->prompt, prompt);
	terminal_prompt(f->t, view_of_string(prompt));
}

static inline void fixture_status(struct fixture *f, const char *status)
{
	assert(strlen(status) < sizeof f->status);
	strcpy(f->status, status);
	terminal_status(f->t, view_of_string(status));
}

static inline void fixture_print(struct fixture *f, const char *line)
{
	f->printed = realloc(f->printed, (f->printed_count + 1) * sizeof(char *));
	assert(f->printed != NULL);
	f->printed[f->printed_count] = strdup(line);
	screen_trim(f->printed[f->printed_count++]);
	if (!terminal_print(f->t, line[0] == 0 ? view_of_string("\n") : view_of_string(line)))
		abort();
}

/* What is to be drawn reaches the screen. */
static inline void fixture_draw(struct fixture *f)
{
	struct view bytes = terminal_output(f->t);

	screen_write(&f->screen, bytes.data, bytes.size);
	terminal_sent(f->t, bytes.size);
}

/* Keys up to the next event; true if there was one. */
static inline bool fixture_keys(struct fixture *f, const char *keys)
{
	terminal_input(f->t, view_of_string(keys));
	if (!terminal_next(f->t, true, &f->event))
		return false;
	f->events++;
	return true;
}

static inline bool event_is(const struct fixture *f, enum terminal_event_kind kind,
                            const char *text)
{
	bool same = f->event.kind == kind && view_equal(f->event.text, view_of_string(text));

	if (!same)
		printf("# event %d '%.*s'\n", (int)f->event.kind, (int)f->event.text.size,
		       (const char *)f->event.text.data);
	return same;
}

/* Whether the line is this, with | where the cursor stands. */
static inline bool line_is(const struct fixture *f, const char *want)
{
	static char got[SCREEN_TEXT_SIZE];
	size_t cursor;
	struct view line = terminal_line(f->t, &cursor);

	(void)snprintf(got, sizeof got, "%.*s|%.*s", (int)cursor, (const char *)line.data,
	               (int)(line.size - cursor), (const char *)line.data + cursor);
	if (strcmp(got, want) != 0)
		printf("# line is '%s'\n", got);
	return strcmp(got, want) == 0;
}

/* The rows that prompt and line make, as far as the window allows more of them than it shows. */
struct laid_out {
	char rows[200][SCREEN_COLUMNS_MAX * 8];
	unsigned count;
	unsigned cursor_row;
	unsigned cursor_column;
};

/* A cluster as the tests' texts have them: a base, marks, what a joiner joins. Its columns, with
 * one more for a narrow base that is shown as an emoji. */
static inline size_t plain_cluster(const char *text, size_t size, unsigned *columns)
{
	size_t length;
	uint32_t character = screen_decode(text, &length);
	size_t used = length;
	bool joined = false;

	*columns = screen_width(character);
	while (used < size && text[used] != '\n') {
		character = screen_decode(text + used, &length);
		if (screen_width(character) > 0 && !(joined && character >= 0x2190))
			break;
		if (*columns + screen_width(character) > 8)
			break;
		*columns += character == 0xfe0f ? *columns == 1 : screen_width(character);
		joined = character == 0x200d;
		used += length;
	}
	return used;
}

/* What the screen gives to a piece of text. */
static inline unsigned screen_columns(const char *text, size_t size)
{
	unsigned columns = 0;
	size_t length;

	for (size_t i = 0; i < size; i += length)
		columns += screen_width(screen_decode(text + i, &length));
	return columns;
}

static inline void lay_out_part(struct laid_out *l, struct view text, size_t cursor, bool is_line,
                                unsigned columns, unsigned *column)
{
	bool found = !is_line;

	for (size_t at = 0; at <= text.size;) {
		const char *shown = (const char *)text.data + at;
		unsigned width = 0;
		size_t size = 1;
		size_t shown_size;
		size_t length;
		char *row;

		if (at < text.size)
			size = plain_cluster(shown, text.size - at, &width);
		shown_size = size;
		if (at < text.size && shown[0] == '\n') {
			shown = "\xe2\x8f\x8e";
			width = 1;
		}
		if (*column + width > columns - 1) {
			l->count++;
			*column = 0;
			assert(l->count < 200);
			l->rows[l->count - 1][0] = 0;
		}
		if (!found && at >= cursor) {
			found = true;
			l->cursor_row = l->count - 1;
			l->cursor_column = *column;
		}
		if (at == text.size)
			break;
		row = l->rows[l->count - 1];
		if (text.data[at] == '\n')
			shown_size = 3;
		length = strlen(row);
		assert(length + shown_size + width < sizeof l->rows[0]);
		memcpy(row + length, shown, shown_size);
		row[length + shown_size] = 0;
		for (unsigned i = screen_columns(shown, shown_size); i < width; i++)
			strcat(row, " "); /* the screen takes less */
		*column += width;
		at += size;
	}
}

static inline void plain_layout(const struct fixture *f, struct laid_out *l)
{
	size_t cursor;
	struct view line = terminal_line(f->t, &cursor);
	unsigned columns = f->screen.columns;
	unsigned column = 0;

	l->count = 1;
	l->rows[0][0] = 0;
	lay_out_part(l, view_of_string(f->prompt), 0, false, columns, &column);
	lay_out_part(l, line, cursor, true, columns, &column);
	for (unsigned i = 0; i < l->count; i++)
		screen_trim(l->rows[i]);
}

/* The row that the status makes, cut to the window; 0: there is none. */
static inline unsigned plain_status(const struct fixture *f, char row[SCREEN_COLUMNS_MAX * 8])
{
	static struct laid_out l;
	unsigned column = 0;

	if (f->status[0] == 0 || f->screen.height < TERMINAL_STATUS_ROWS_MIN)
		return 0;
	l.count = 1;
	l.rows[0][0] = 0;
	lay_out_part(&l, view_of_string(f->status), 0, false, f->screen.columns, &column);
	screen_trim(l.rows[0]);
	strcpy(row, l.rows[0]);
	return 1;
}

/* Whether the window shows prompt and line with `first` as their first row shown. */
static inline bool shows_from(const struct fixture *f, const struct laid_out *l, unsigned first,
                              unsigned shown)
{
	char text[SCREEN_TEXT_SIZE];
	char status[SCREEN_COLUMNS_MAX * 8];
	unsigned has_status = plain_status(f, status);
	size_t start;

	if (l->cursor_row < first || l->cursor_row >= first + shown ||
	    f->screen.row < l->cursor_row - first + has_status)
		return false;
	start = f->screen.row - (l->cursor_row - first);
	if (has_status > 0 && strcmp(screen_row_text(&f->screen, start - 1, text), status) != 0)
		return false;
	for (unsigned i = 0; i < shown; i++)
		if (strcmp(screen_row_text(&f->screen, start + i, text), l->rows[first + i]) != 0)
			return false;
	for (size_t i = start + shown; i < f->screen.count; i++)
		if (screen_row_text(&f->screen, i, text)[0] != 0)
			return false;
	return f->screen.column == l->cursor_column;
}

/* The row of the screen at which prompt and line begin; SIZE_MAX if they are not shown as they
 * should be. */
static inline size_t fixture_start(const struct fixture *f)
{
	static struct laid_out l;
	char text[SCREEN_COLUMNS_MAX * 8];
	unsigned height = f->screen.height;
	unsigned rows_max = height < 4 ? 1 : (height + 1) / 2;
	unsigned shown;

	plain_layout(f, &l);
	shown = l.count < rows_max ? l.count : rows_max;
	for (unsigned first = 0; first + shown <= l.count; first++)
		if (shows_from(f, &l, first, shown))
			return f->screen.row - (l.cursor_row - first) - plain_status(f, text);
	printf("# want %u rows, cursor at %u, %u\n", l.count, l.cursor_row, l.cursor_column);
	for (unsigned i = 0; i < l.count; i++)
		printf("#     |%s|\n", l.rows[i]);
	screen_show(&f->screen);
	return SIZE_MAX;
}

/* Whether the rows before `start` are what was printed: each line once, in order, whole. */
static inline bool printed_is_above(const struct fixture *f, size_t start)
{
	char text[SCREEN_TEXT_SIZE];
	size_t at = 0;

	for (size_t i = 0; i < f->printed_count; i++) {
		if (at >= start || strcmp(screen_line(&f->screen, &at, text), f->printed[i]) != 0) {
			printf("# line %zu should be '%s', is '%s'\n", i, f->printed[i],
			       at > start ? "" : text);
			screen_show(&f->screen);
			return false;
		}
	}
	if (at != start) {
		printf("# %zu rows above the line were printed, there are %zu\n", at, start);
		screen_show(&f->screen);
	}
	return at == start;
}

/* The promise of terminal/terminal.h, after drawing. */
static inline bool fixture_is_right(struct fixture *f)
{
	fixture_draw(f);
	f->start = fixture_start(f);
	return f->start != SIZE_MAX && printed_is_above(f, f->start) && f->screen.unknown == 0;
}

/* Both hear of it, nothing is drawn yet; it was right before. False if rows of the line have left
 * the window for good. */
static inline bool fixture_resize(struct fixture *f, unsigned columns, unsigned height)
{
	screen_resize(&f->screen, columns, height, &f->start);
	terminal_resize(f->t, columns, height);
	return f->start >= f->screen.top;
}

#endif
