/* SPDX-License-Identifier: MIT
 *
 * A ring of lines. A walk away from a line keeps its changes, whether it is an entry or the line
 * being typed, until a line is finished. So nobody loses half a line by a wrong key.
 */
#include "terminal/history.h"

void history_init(struct history *h, size_t count_max, size_t line_size_max)
{
	*h = (struct history){ .count_max = count_max };
	if (count_max > 0)
		h->entries = memory_alloc_zero(count_max, sizeof *h->entries);
	buf_init(&h->draft, line_size_max);
}

static struct history_entry *entry_of(const struct history *h, size_t index)
{
	assert(index < h->count);
	return &h->entries[(h->first + index) % h->count_max];
}

static void view_free(struct view *v)
{
	/* The memory is ours, though views point to what is not to be changed. */
	memory_free((void *)(uintptr_t)v->data);
	*v = (struct view){ .size = 0 };
}

static struct view view_copy(struct view v)
{
	uint8_t *data = memory_alloc(v.size);

	if (v.size > 0)
		memcpy(data, v.data, v.size);
	return view_of(data, v.size);
}

static void forget_edit(struct history_entry *entry)
{
	view_free(&entry->edited);
	entry->is_edited = false;
}

static void forget_entry(struct history_entry *entry)
{
	view_free(&entry->text);
	forget_edit(entry);
}

void history_release(struct history *h)
{
	for (size_t i = 0; i < h->count; i++)
		forget_entry(entry_of(h, i));
	memory_free(h->entries);
	buf_release(&h->draft);
	*h = (struct history){ .count = 0 };
}

struct view history_get(const struct history *h, size_t index)
{
	return entry_of(h, index)->text;
}

void history_add(struct history *h, struct view line)
{
	bool is_resting = h->index == h->count;

	if (h->count_max == 0 || line.size == 0)
		return;
	if (h->count > 0 && view_equal(history_get(h, h->count - 1), line))
		return;
	if (h->count == h->count_max) {
		forget_entry(entry_of(h, 0));
		h->first = (h->first + 1) % h->count_max;
		h->count--;
		if (h->index > 0)
			h->index--;
	}
	h->count++;
	*entry_of(h, h->count - 1) = (struct history_entry){ .text = view_copy(line) };
	if (is_resting)
		h->index = h->count;
	assert(h->count <= h->count_max);
	assert(h->index <= h->count);
}

static void keep(struct history *h, const struct edit *l)
{
	struct history_entry *entry;

	if (h->index == h->count) {
		buf_clear(&h->draft);
		buf_append(&h->draft, buf_view(&l->text));
		return;
	}
	entry = entry_of(h, h->index);
	forget_edit(entry);
	if (!view_equal(buf_view(&l->text), entry->text)) {
		entry->edited = view_copy(buf_view(&l->text));
		entry->is_edited = true;
	}
}

bool history_walk(struct history *h, bool back, struct edit *l)
{
	const struct history_entry *entry;

	assert(h->index <= h->count);
	if (back ? h->index == 0 : h->index == h->count)
		return false;
	keep(h, l);
	h->index = back ? h->index - 1 : h->index + 1;
	if (h->index == h->count) {
		edit_set(l, buf_view(&h->draft));
		return true;
	}
	entry = entry_of(h, h->index);
	edit_set(l, entry->is_edited ? entry->edited : entry->text);
	return true;
}

void history_rest(struct history *h)
{
	for (size_t i = 0; i < h->count; i++)
		forget_edit(entry_of(h, i));
	buf_clear(&h->draft);
	h->index = h->count;
}
