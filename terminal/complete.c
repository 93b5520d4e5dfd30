/* SPDX-License-Identifier: MIT
 *
 * The word before the cursor is completed, as far as the candidates agree.
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
