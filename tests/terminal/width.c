/* SPDX-License-Identifier: MIT
 *
 * Widths and clusters (terminal/width.h).
 */
#include "terminal/width.h"

#include "base/escape.h"

#include "tests/lib/tap.h"

static void widths(void)
{
	static const struct {
		uint32_t character;
		unsigned columns;
		const char *name;
	} rows[] = {
		{ 'a', 1, "a letter" },
		{ 0xe9, 1, "a letter with an accent of its own" },
		{ 0x301, 0, "a combining accent" },
		{ 0x5d0, 1, "Hebrew" },
		{ 0x5b0, 0, "a Hebrew point" },
		{ 0x915, 1, "Devanagari" },
		{ 0x94d, 0, "its sign that joins" },
		{ 0xe31, 0, "a Thai vowel above" },
		{ 0x1100, 2, "a Hangul consonant" },
		{ 0x1161, 0, "the vowel that joins it" },
		{ 0xac00, 2, "a Hangul syllable" },
		{ 0x3042, 2, "Hiragana" },
		{ 0x6f22, 2, "a Chinese character" },
		{ 0xff21, 2, "a full-width letter" },
		{ 0xff71, 1, "a half-width Katakana" },
		{ 0x2014, 1, "a dash" },
		{ 0x2500, 1, "a line" },
		{ 0x200b, 0, "a space without width" },
		{ 0x200d, 0, "a joiner" },
		{ 0xfe0f, 0, "a variation" },
		{ 0xad, 1, "a soft hyphen" },
		{ 0x1f600, 2, "an emoji" },
		{ 0x1f3fb, 2, "a skin" },
		{ 0x20000, 2, "a rare Chinese character" },
		{ 0x3fffd, 2, "the last of their planes" },
		{ 0xe0100, 0, "a variation of those" },
		{ 0x10ffff, 1, "the last character" },
		{ 0x1b, 0, "an Escape" },
		{ 0x9b, 0, "a C1 control" },
		{ 0x202e, 0, "a direction mark" },
		{ ESCAPE_INVALID, 0, "no character" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		IS_U64(width_of(rows[i].character), rows[i].columns, rows[i].name);
}

/* Every character is in at most one table, so the order of looking does not matter. */
static void tables(void)
{
	unsigned count[3] = { 0 };

	for (uint32_t c = 0x20; c < 0x110000; c++)
		if (!escape_is_harmful(c))
			count[width_of(c)]++;
	OK(count[0] > 4000 && count[0] < 8000, "some thousand characters have no width");
	OK(count[2] > 180000 && count[2] < 330000, "whole planes are wide");
}

static void cluster_is(const char *text, size_t size, unsigned columns, const char *name)
{
	struct width_cluster cluster = width_cluster(view_of_string(text));

	IS_U64(cluster.size, size, name);
	IS_U64(cluster.columns, columns, name);
}

static void clusters(void)
{
	char many[400] = "a";

	cluster_is("ab", 1, 1, "a letter alone");
	cluster_is("e\xcc\x81x", 3, 1, "a letter and its accent");
	cluster_is("\xcc\x81x", 2, 0, "an accent without a letter");
	cluster_is("\xcc\x81\xcc\x81", 4, 0, "two of them");
	cluster_is("\n\xcc\x81", 1, 0, "a newline takes no accent");
	cluster_is("\x1b[1m", 1, 0, "an Escape is alone");
	cluster_is("\xff\xff", 1, 0, "so is what is no UTF-8");
	cluster_is("\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", 9, 2, "a Hangul syllable in its parts");
	cluster_is("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", 11, 4, "joined emoji");
	cluster_is("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd!", 8, 4, "a thumb and its skin");
	cluster_is("a\xf0\x9f\x8f\xbd", 1, 1, "a letter has no skin");
	cluster_is("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xa9", 8, 2, "a flag: two letters");
	cluster_is("\xe2\x9d\xa4\xef\xb8\x8f", 6, 2, "a heart, shown as an emoji");
	cluster_is("a\xe2\x80\x8d"
	           "b",
	           4, 1, "a joiner does not join Latin letters");
	for (unsigned i = 0; i < 100; i++)
		strcat(many, "\xcc\x81");
	cluster_is(many, 1 + 2 * (WIDTH_CLUSTER_CHARACTERS_MAX - 1), 1,
	           "marks without end are cut");
	many[0] = 0;
	for (unsigned i = 0; i < 20; i++)
		strcat(many, "\xf0\x9f\x91\xa9\xe2\x80\x8d");
	cluster_is(many, 28, WIDTH_CLUSTER_COLUMNS_MAX, "joins without end, too");
	OK(width_cluster(view_of_string("\xe2\x9d\xa4\xef\xb8\x8f")).is_doubtful,
	   "a heart is doubtful");
	OK(!width_cluster(view_of_string("e\xcc\x81")).is_doubtful, "an accent is not");
	IS_U64(width_of_text(view_of_string("a\xe6\xbc\xa2"
	                                    "e\xcc\x81!")),
	       5, "a text is their sum");
}

/* Whatever comes, clusters cut it without a rest. */
static void random_texts(void)
{
	static const char *const pieces[] = {
		"a",    "\xcc\x81", "\xe2\x80\x8d",     "\xf0\x9f\x91\xa9", "\xef\xb8\x8f",
		"\xff", "\n",       "\xf0\x9f\x87\xa9", "\xf0\x9f\x8f\xbd", "\xe6\xbc\xa2"
	};
	uint32_t state = 7;

	for (unsigned round = 0; round < 20000; round++) {
		char text[64] = "";
		struct view left;

		for (unsigned i = 0; i < 10; i++) {
			state = state * 1664525 + 1013904223;
			strcat(text, pieces[(state >> 20) % 10]);
		}
		left = view_of_string(text);
		while (left.size > 0) {
			struct width_cluster cluster = width_cluster(left);
			size_t size;

			ALWAYS(cluster.size > 0 && cluster.size <= left.size, "it has bytes");
			ALWAYS(cluster.columns <= WIDTH_CLUSTER_COLUMNS_MAX, "it is not too wide");
			ALWAYS(cluster.columns == 0 || width_of(escape_decode(left, &size)) > 0,
			       "what is seen has a base");
			left = view_of(left.data + cluster.size, left.size - cluster.size);
		}
	}
	OK(true, "random texts are cut without a rest");
}

int main(void)
{
	widths();
	tables();
	clusters();
	random_texts();
	return tap_done();
}
