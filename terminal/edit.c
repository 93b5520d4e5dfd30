/* SPDX-License-Identifier: MIT
 *
 * The line is one piece of memory; an insertion moves what is behind it. Boundaries of clusters are
 * found by walking from the front, since what a character belongs to depends on those before it:
 * lines are short, and a megabyte takes some milliseconds.
 *
 * Words are runs of letters and digits; every character beyond ASCII counts as a letter. An edit
 * may join what stood on its two sides to one cluster (a base is put before a lone mark), so after
 * each edit the cursor moves to a boundary.
 */
#include "terminal/edit.h"

#include "base/escape.h"
#include "terminal/width.h"

void edit_init(struct edit *l, size_t size_max)
{
	*l = (struct edit){ .cursor = 0 };
	buf_init(&l->text, size_max);
}

void edit_release(struct edit *l)
{
	buf_wipe(&l->text);
	buf_release(&l->text);
	l->cursor = 0;
}

void edit_clear(struct edit *l)
{
	buf_wipe(&l->text);
	l->cursor = 0;
	l->is_pasted = false;
}

/* The first boundary that is not before `offset`, and in *before the last one that is. */
static size_t boundary(const struct edit *l, size_t offset, size_t *before)
{
	size_t at = 0;

	assert(offset <= l->text.size);
	*before = 0;
	while (at < offset) {
		struct view rest = view_of(l->text.data + at, l->text.size - at);

		*before = at;
		at += width_cluster(rest).size;
	}
	assert(at <= l->text.size);
	return at;
}

void edit_move(struct edit *l, size_t offset)
{
	size_t before;

	l->cursor = boundary(l, offset, &before);
}

/* Makes room for `size` more bytes in new memory, and wipes the old one: it may hold a password,
 * and realloc would leave a copy behind. */
static bool make_room(struct edit *l, size_t size)
{
	size_t wanted = 2 * (l->text.size + size);
	struct buf larger;

	if (size <= l->text.capacity - l->text.size)
		return true;
	if (size > l->text.size_max - l->text.size)
		return false;
	if (wanted > l->text.size_max)
		wanted = l->text.size_max;
	buf_init(&larger, l->text.size_max);
	(void)buf_reserve(&larger, wanted);
	buf_append(&larger, buf_view(&l->text));
	buf_wipe(&l->text);
	buf_release(&l->text);
	l->text = larger;
	return true;
}

bool edit_insert(struct edit *l, struct view text)
{
	size_t behind = l->text.size - l->cursor;

	assert(l->cursor <= l->text.size);
	if (!make_room(l, text.size))
		return false;
	if (text.size == 0)
		return true;
	(void)buf_reserve(&l->text, text.size);
	memmove(l->text.data + l->cursor + text.size, l->text.data + l->cursor, behind);
	memcpy(l->text.data + l->cursor, text.data, text.size);
	buf_added(&l->text, text.size);
	if (l->cursor == 0)
		l->is_pasted = false;
	edit_move(l, l->cursor + text.size);
	return true;
}

void edit_erase(struct edit *l, size_t from, size_t to)
{
	assert(from <= to);
	assert(to <= l->text.size);
	if (from == to)
		return;
	memmove(l->text.data + from, l->text.data + to, l->text.size - to);
	explicit_bzero(l->text.data + l->text.size - (to - from), to - from);
	l->text.size -= to - from;
	if (l->text.size == 0)
		l->is_pasted = false;
	edit_move(l, from);
}

void edit_set(struct edit *l, struct view text)
{
	edit_clear(l);
	(void)make_room(l, text.size < l->text.size_max ? text.size : l->text.size_max);
	(void)edit_clean(&l->text, text);
	l->cursor = l->text.size;
}

size_t edit_left(const struct edit *l)
{
	size_t before;

	(void)boundary(l, l->cursor, &before);
	return before;
}

size_t edit_right(const struct edit *l)
{
	if (l->cursor == l->text.size)
		return l->cursor;
	return l->cursor +
	       width_cluster(view_of(l->text.data + l->cursor, l->text.size - l->cursor)).size;
}

static bool is_word(uint8_t byte)
{
	return byte >= 0x80 || (byte >= '0' && byte <= '9') ||
	       ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n';
}

/* A boundary at or before `offset`. */
static size_t settle(const struct edit *l, size_t offset)
{
	size_t before;

	return boundary(l, offset, &before) == offset ? offset : before;
}

size_t edit_word_left(const struct edit *l)
{
	size_t at = l->cursor;

	while (at > 0 && !is_word(l->text.data[at - 1]))
		at--;
	while (at > 0 && is_word(l->text.data[at - 1]))
		at--;
	return settle(l, at);
}

size_t edit_word_right(const struct edit *l)
{
	size_t at = l->cursor;
	size_t before;

	while (at < l->text.size && !is_word(l->text.data[at]))
		at++;
	while (at < l->text.size && is_word(l->text.data[at]))
		at++;
	return boundary(l, at, &before);
}

size_t edit_blank_left(const struct edit *l)
{
	size_t at = l->cursor;

	while (at > 0 && is_blank(l->text.data[at - 1]))
		at--;
	while (at > 0 && !is_blank(l->text.data[at - 1]))
		at--;
	return settle(l, at);
}

bool edit_clean(struct buf *to, struct view text)
{
	while (text.size > 0) {
		struct view character = { .data = text.data };
		bool is_valid = escape_decode(text, &character.size) != ESCAPE_INVALID;
		size_t size = character.size;

		if (!is_valid)
			character = view_of("\xef\xbf\xbd", 3);
		if (is_valid && text.data[0] == 0)
			character.size = 0;
		if (!buf_put(to, character.data, character.size))
			return false;
		text = view_of(text.data + size, text.size - size);
	}
	return true;
}
