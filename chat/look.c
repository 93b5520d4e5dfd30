/* SPDX-License-Identifier: MIT
 *
 * Characters by what the eye makes of them. The tables follow Unicode: White_Space, what is
 * Default_Ignorable or only chooses a direction, and the confusables of U+002F.
 */
#include "chat/look.h"

#include "base/escape.h"

struct look_range {
	uint32_t first;
	uint32_t last;
};

static const struct look_range blanks[] = {
	{ '\t', '\r' },     { ' ', ' ' },       { 0x1c, 0x1f },     { 0x85, 0x85 },
	{ 0xa0, 0xa0 },     { 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 },
	{ 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x2800, 0x2800 }, { 0x3000, 0x3000 },
	{ 0x3164, 0x3164 }, { 0xffa0, 0xffa0 },
};

static const struct look_range unseen[] = {
	{ 0x00, 0x08 },       { 0x0e, 0x1b },       { 0x7f, 0x84 },     { 0x86, 0x9f },
	{ 0xad, 0xad },       { 0x34f, 0x34f },     { 0x61c, 0x61c },   { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f }, { 0x202a, 0x202e },
	{ 0x2060, 0x206f },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },
	{ 0x1bca0, 0x1bca3 }, { 0xe0000, 0xe0fff },
};

static const struct look_range slashes[] = {
	{ 0x338, 0x338 },   { 0x1735, 0x1735 }, { 0x2041, 0x2041 },   { 0x2044, 0x2044 },
	{ 0x2215, 0x2216 }, { 0x2571, 0x2571 }, { 0x27cb, 0x27cb },   { 0x29f5, 0x29f5 },
	{ 0x29f8, 0x29f9 }, { 0x3033, 0x3033 }, { 0x4e3f, 0x4e3f },   { 0xfe68, 0xfe68 },
	{ 0xff0f, 0xff0f }, { 0xff3c, 0xff3c }, { 0x1d23a, 0x1d23a }, { '\\', '\\' },
};

static bool is_in(const struct look_range *ranges, size_t count, uint32_t character)
{
	for (size_t i = 0; i < count; i++)
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	return false;
}
#define IS_IN(ranges, character) is_in(ranges, sizeof(ranges) / sizeof(ranges)[0], character)

/* What the character looks like; 0: it is not seen. */
static char seen(uint32_t character)
{
	if (IS_IN(blanks, character))
		return ' ';
	if (character == ESCAPE_INVALID || IS_IN(unseen, character))
		return 0;
	if (IS_IN(slashes, character))
		return '/';
	if (character >= 0xff01 && character <= 0xff5e)
		character -= 0xff01 - '!';
	if (character >= 'A' && character <= 'Z')
		return (char)(character | 0x20);
	return character < 0x7f ? (char)character : '~';
}

/* Takes the first character from `line`, and gives what it looks like. */
static char take(struct view *line, uint32_t *character)
{
	size_t size;

	*character = escape_decode(*line, &size);
	*line = view_of(line->data + size, line->size - size);
	return seen(*character);
}

void look_at(struct view line, struct look *look)
{
	look->size = 0;
	look->is_disguised = false;
	while (line.size > 0 && look->size < LOOK_SIZE - 1) {
		uint32_t character;
		char c = take(&line, &character);
		bool is_after_blank = look->size == 0 || look->text[look->size - 1] == ' ';

		if (c == 0 || (c == ' ' && is_after_blank))
			continue;
		if (look->size == 0 && c == '/')
			look->is_disguised = character != '/';
		look->text[look->size++] = c;
	}
	look->is_cut = line.size > 0;
	if (look->size > 0 && look->text[look->size - 1] == ' ')
		look->size--;
	look->text[look->size] = 0;
}

void look_skip_blanks(struct view *line)
{
	while (line->size > 0) {
		struct view rest = *line;
		uint32_t character;
		char c = take(&rest, &character);

		if (character == ESCAPE_INVALID || (c != ' ' && c != 0))
			break;
		*line = rest;
	}
}

struct view look_first_word(struct view word)
{
	struct view rest = word;

	while (rest.size > 0) {
		size_t at = word.size - rest.size;
		uint32_t character;

		if (take(&rest, &character) == ' ')
			return view_of(word.data, at);
	}
	return word;
}
