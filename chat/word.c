/* SPDX-License-Identifier: MIT
 *
 * Only one blank after a word is taken: a text begins behind it, and may begin with blanks.
 */
#include "chat/word.h"

bool word_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

void word_skip_blanks(struct view *line)
{
	while (line->size > 0 && word_is_blank(line->data[0])) {
		line->data++;
		line->size--;
	}
}

struct view word_take(struct view *line)
{
	size_t size = 0;

	word_skip_blanks(line);
	while (size < line->size && !word_is_blank(line->data[size]))
		size++;

	struct view word = view_of(line->data, size);

	size += size < line->size;
	*line = view_of(line->data + size, line->size - size);
	return word;
}

size_t word_count(struct view line)
{
	size_t count = 0;

	while (word_take(&line).size != 0)
		count++;
	return count;
}

size_t word_count_arguments(struct view line)
{
	size_t count = 0;
	struct view word;

	while ((word = word_take(&line)).size != 0)
		count += word.size == 1 || word.data[0] != '-';
	return count;
}
