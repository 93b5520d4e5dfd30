/* SPDX-License-Identifier: MIT
 *
 * One decoder for both forms. It follows table 3-7 of the Unicode standard: overlong forms,
 * surrogates and what lies above U+10FFFF are invalid, and an invalid sequence costs one byte, so
 * that the next character is found again. Runs of plain ASCII, which most text is, are copied in
 * one piece.
 */
#include "base/escape.h"

#include <stdio.h>

static bool is_continuation(struct view from, size_t offset)
{
	return offset < from.size && (from.data[offset] & 0xc0) == 0x80;
}

/* How many bytes a sequence has that begins with `first`, 0 if none does; *low is the least value
 * for which so many are needed. */
static size_t sequence_size(uint8_t first, uint32_t *low)
{
	if (first < 0x80) {
		*low = 0;
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		*low = 0x80;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*low = 0x800;
		return 3;
	}
	*low = 0x10000;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

uint32_t escape_decode(struct view from, size_t *size)
{
	uint32_t low;
	uint32_t character;
	size_t count;

	assert(from.size > 0);
	assert(size != NULL);
	count = sequence_size(from.data[0], &low);
	*size = 1;
	if (count == 0)
		return ESCAPE_INVALID;
	if (count == 1)
		return from.data[0];
	character = from.data[0] & (0x7fu >> count);
	for (size_t i = 1; i < count; i++) {
		if (!is_continuation(from, i))
			return ESCAPE_INVALID;
		character = character << 6 | (from.data[i] & 0x3fu);
	}
	if (character < low || character > 0x10ffff)
		return ESCAPE_INVALID;
	if (character >= 0xd800 && character <= 0xdfff)
		return ESCAPE_INVALID;
	*size = count;
	return character;
}

bool escape_is_harmful(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {
		{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x061c, 0x061c }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	};

	for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
		if (character >= harmful[i].first && character <= harmful[i].last)
			return true;
	return character == ESCAPE_INVALID;
}

/* How many bytes at the front are printable ASCII without quote and backslash, which JSON
 * escapes. */
static size_t plain_size(struct view from)
{
	size_t size = 0;

	while (size < from.size) {
		uint8_t c = from.data[size];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			break;
		size++;
	}
	return size;
}

/* Takes `size` bytes off the front. */
static struct view rest_of(struct view from, size_t size)
{
	assert(size <= from.size);
	return view_of(from.data + size, from.size - size);
}

static void put_mark(struct buf *to, uint32_t character, uint8_t byte)
{
	char mark[16];
	int size;

	if (character == ESCAPE_INVALID)
		size = snprintf(mark, sizeof mark, "<%02X>", byte);
	else if (character < 0x80)
		size = snprintf(mark, sizeof mark, "^%c", (char)(character ^ 0x40));
	else
		size = snprintf(mark, sizeof mark, "<U+%04X>", (unsigned)character);
	assert(size > 0);
	assert((size_t)size < sizeof mark);
	buf_append(to, view_of(mark, (size_t)size));
}

/* Copies plain bytes as they are. Each other character goes to `put`, with the bytes it was read
 * from. */
static void escape(struct buf *to, struct view from,
                   void (*put)(struct buf *to, uint32_t character, struct view bytes))
{
	while (from.size > 0) {
		size_t size = plain_size(from);
		uint32_t character;

		buf_append(to, view_of(from.data, size));
		from = rest_of(from, size);
		if (from.size == 0)
			break;
		character = escape_decode(from, &size);
		put(to, character, view_of(from.data, size));
		from = rest_of(from, size);
	}
}

static void put_terminal_character(struct buf *to, uint32_t character, struct view bytes)
{
	if (escape_is_harmful(character))
		put_mark(to, character, bytes.data[0]);
	else
		buf_append(to, bytes);
}

void escape_for_terminal(struct buf *to, struct view from)
{
	escape(to, from, put_terminal_character);
}

/* The two-character escapes that JSON has; 0 if it has none for this. */
static char short_escape(uint32_t character)
{
	switch (character) {
	case '"':
	case '\\':
		return (char)character;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

/* One character and the bytes it was read from. Named escapes (\n) come first, then \u for what a
 * terminal would obey; all else stays as it is. */
static void put_json_character(struct buf *to, uint32_t character, struct view bytes)
{
	char text[8];
	char escape = short_escape(character);
	int size;

	if (character == ESCAPE_INVALID) {
		buf_append_text(to, "\xef\xbf\xbd");
	} else if (escape != 0) {
		text[0] = '\\';
		text[1] = escape;
		buf_append(to, view_of(text, 2));
	} else if (escape_is_harmful(character)) {
		/* All of them lie below U+10000. */
		assert(character <= 0xffff);
		size = snprintf(text, sizeof text, "\\u%04x", (unsigned)character);
		assert(size == 6);
		buf_append(to, view_of(text, (size_t)size));
	} else {
		buf_append(to, bytes);
	}
}

void escape_for_json(struct buf *to, struct view from)
{
	buf_append_text(to, "\"");
	escape(to, from, put_json_character);
	buf_append_text(to, "\"");
}
