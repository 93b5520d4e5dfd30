/* SPDX-License-Identifier: MIT
 *
 * The word before the cursor is completed, as far as the candidates agree. And one front of a line
 * becomes another as soon as it is there.
 */
#include "terminal/private.h"

static size_t agreeing_size(struct view a, struct view b)
{
	size_t size = 0;

	while (size < a.size && size < b.size && a.data[size] == b.data[size])
		size++;
	/* Not within a character. */
	while (size > 0 && size < a.size && (a.data[size] & 0xc0) == 0x80)
		size--;
	return size;
}

void terminal_complete(struct terminal *t, uint64_t serial, const struct view *candidates,
                       size_t count)
{
	struct edit *l = &t->line;
	size_t at = l->cursor;
	struct view agreed;

	if (serial != t->serial)
		return;
	if (count == 0) {
		t->rings = true;
		return;
	}
	while (at > 0 && l->text.data[at - 1] != ' ' && l->text.data[at - 1] != '\n')
		at--;
	agreed = candidates[0];
	for (size_t i = 1; i < count; i++)
		agreed.size = agreeing_size(agreed, candidates[i]);
	/* What the candidates disagree on is left as it is. */
	if (agreed.size > l->cursor - at || count == 1) {
		edit_erase(l, at, l->cursor);
		if (!edit_insert(l, agreed) || (count == 1 && !edit_insert(l, view_of_string(" "))))
			t->rings = true;
		t->serial++;
	} else {
		t->rings = true;
		terminal_print_list(t, candidates, count);
	}
}

void terminal_replace(struct terminal *t, struct view front, struct view by)
{
	buf_clear(&t->front);
	buf_clear(&t->front_by);
	buf_append(&t->front, front);
	buf_append(&t->front_by, by);
}

void complete_front(struct terminal *t)
{
	struct edit *l = &t->line;
	size_t after;

	if (t->front.size == 0 || t->is_asking || l->is_pasted || l->cursor < t->front.size ||
	    !view_starts_with(buf_view(&l->text), buf_view(&t->front)) ||
	    t->front_by.size > t->options.line_size_max - l->text.size)
		return;
	after = l->text.size - l->cursor;
	edit_erase(l, 0, t->front.size);
	(void)edit_insert(l, buf_view(&t->front_by));
	edit_move(l, l->text.size - after);
	t->serial++;
}
