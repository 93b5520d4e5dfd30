/* SPDX-License-Identifier: MIT
 *
 * Rows (terminal/wrap.h): the examples that a person would look at, and for random texts: the rows
 * are the text, none is wider than the window, and none ends within a word that has room in one.
 */
#include "terminal/wrap.h"
#include "terminal/width.h"
#include "tests/lib/tap.h"

enum { ROUNDS = 20000, PIECES_MAX = 40 };

/* The rows as they are shown, with '/' between them. */
static const char *rows_of(const char *text, size_t column, size_t home, size_t columns)
{
	static char shown[1024];
	struct view left = view_of_string(text);
	size_t size = 0;

	while (left.size > 0) {
		struct wrap_row row = wrap_first(left, size == 0 ? column : home, home, columns);

		size += (size_t)snprintf(shown + size, sizeof shown - size, "%s%.*s",
		                         size == 0 ? "" : "/", (int)row.shown,
		                         (const char *)left.data);
		left = view_of(left.data + row.size, left.size - row.size);
	}
	shown[size] = 0;
	return shown;
}

static void test_examples(void)
{
	IS_STRING(rows_of("one two", 0, 0, 7), "one two", "a line that has room");
	IS_STRING(rows_of("one two three", 0, 0, 9), "one two/three", "a break between words");
	IS_STRING(rows_of("one  two", 0, 0, 6), "one/two", "the blanks there are not shown");
	IS_STRING(rows_of("one two", 0, 0, 3), "one/two", "nor needed");
	IS_STRING(rows_of("one ", 0, 0, 3), "one", "blanks at the end that have no room");
	IS_STRING(rows_of("a http://example.com/x b", 0, 0, 20), "a/http://example.com/x/b",
	          "a long word gets a row of its own");
	IS_STRING(rows_of("a 0123456789 b", 0, 0, 8), "a/01234567/89 b",
	          "one that is longer than a row is broken");
	IS_STRING(rows_of("09:05 bob: one two", 0, 11, 15), "09:05 bob: one/two", "a home");
	IS_STRING(rows_of("09:05 bob: 0123456789", 0, 11, 15), "09:05 bob: 0123/4567/89",
	          "a long word that begins there has no more room in the next row");
	IS_STRING(rows_of("  one", 0, 0, 4), "  on/e", "blanks in front are no word to break at");
	IS_STRING(rows_of("one\xc2\xa0two three", 0, 0, 8), "one\xc2\xa0two/three",
	          "a no-break space does not break");
	IS_STRING(rows_of("\xe4\xb8\x80\xe4\xb8\x80\xe4\xb8\x80", 0, 0, 5),
	          "\xe4\xb8\x80\xe4\xb8\x80/\xe4\xb8\x80", "wide characters");
	IS_STRING(rows_of("ab\xe4\xb8\x80\xe4\xb8\x80", 0, 0, 4), "ab\xe4\xb8\x80/\xe4\xb8\x80",
	          "and narrow ones beside them");
	IS_STRING(rows_of("aaa e\xcc\x81", 0, 0, 5), "aaa e\xcc\x81", "a mark takes no column");
	IS_STRING(rows_of("aaae\xcc\x81", 0, 0, 3), "aaa/e\xcc\x81", "and stays with its letter");
	IS_STRING(rows_of("\033[1mone\033[0m two", 0, 0, 3), "\033[1mone\033[0m/two",
	          "colours take none");
	IS_STRING(rows_of("a\tb", 0, 0, 9), "a\tb", "a tab");
	IS_STRING(rows_of("a\tb", 0, 0, 8), "a/b", "a word ends at it");
	IS_U64(wrap_tab(3, 3), 8, "tab stops are counted from the home");
	IS_U64(wrap_tab(12, 3), 7, "from there on");
}

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static const char *const pieces[] = {
	" ",
	"  ",
	"\t",
	"a",
	"word",
	"-",
	"e\xcc\x81",
	"\xe4\xb8\x80",
	"\xf0\x9f\x98\x80",
	"\xc2\xa0",
	"\033[1m",
	"\033[0m",
	"http://example.com/a/path?of=many#parts",
	"<U+202E>",
	"\xe2\x80\x8b",
};

static size_t random_text(char text[PIECES_MAX * 48])
{
	size_t size = 0;

	for (uint32_t count = draw(PIECES_MAX); count > 0; count--) {
		const char *piece = pieces[draw(sizeof pieces / sizeof pieces[0])];

		memcpy(text + size, piece, strlen(piece));
		size += strlen(piece);
	}
	return size;
}

/* The columns that a row takes which begins at `column`. */
static size_t width_of_row(struct view row, size_t column, size_t home)
{
	while (row.size > 0) {
		size_t colour = wrap_colour(row);
		struct width_cluster cluster = width_cluster(row);

		if (colour == 0)
			column += row.data[0] == '\t' ? wrap_tab(column, home) : cluster.columns;
		if (colour == 0)
			colour = cluster.size;
		row = view_of(row.data + colour, row.size - colour);
	}
	return column;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static void test_random(void)
{
	char text[PIECES_MAX * 48];
	unsigned broken = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		/* The widest cluster has room. */
		size_t columns = WIDTH_CLUSTER_COLUMNS_MAX + 1 + draw(40);
		size_t home = draw((uint32_t)columns - WIDTH_CLUSTER_COLUMNS_MAX);
		size_t column = draw((uint32_t)columns - WIDTH_CLUSTER_COLUMNS_MAX);
		size_t size = random_text(text);
		uint8_t *copy = memory_alloc(size + 1);
		size_t at = 0;

		/* In memory of its own size, so that a read past its end is found. */
		copy = memory_resize(copy, size > 0 ? size : 1);
		memcpy(copy, text, size);
		while (at < size) {
			struct view left = view_of(copy + at, size - at);
			struct wrap_row row = wrap_first(left, column, home, columns);
			struct view shown = view_of(left.data, row.shown);

			ALWAYS(row.size > 0 && row.size <= left.size, "a row takes something");
			ALWAYS(row.shown <= row.size, "and shows no more than that");
			for (size_t i = row.shown; i < row.size; i++)
				ALWAYS(is_blank(left.data[i]) || left.data[i] == 0x1b ||
				               strchr("[01m", left.data[i]) != NULL,
				       "what is not shown is blanks and colours");
			ALWAYS(width_of_row(shown, column, home) <= columns,
			       "no row is wider than the window");
			broken += at + row.size < size;
			at += row.size;
			column = home;
		}
		ALWAYS(at == size, "the rows are the text");
		memory_free(copy);
	}
	OK(broken > ROUNDS, "many were broken");
}

int main(void)
{
	test_examples();
	test_random();
	return tap_done();
}
