/* SPDX-License-Identifier: MIT
 *
 * Answers mostly come in order. So a slot is looked for from the first one on, and nearly no answer
 * is copied.
 */
#include "chat/window.h"

static struct window_slot *slot_at(const struct window *w, size_t i)
{
	return &w->slots[(w->first + i) % w->size];
}

void window_init(struct window *w, size_t size)
{
	assert(size >= 1);
	assert(size <= WINDOW_SIZE_MAX);
	*w = (struct window){ .slots = memory_alloc_zero(size, sizeof *w->slots), .size = size };
}

void window_release(struct window *w)
{
	for (size_t i = 0; i < w->count; i++) {
		memory_free(slot_at(w, i)->answer);
		memory_free(slot_at(w, i)->tag);
	}
	memory_free(w->slots);
	*w = (struct window){ .slots = NULL };
}

void window_add(struct window *w, uint32_t token, struct view tag)
{
	struct window_slot *slot = slot_at(w, w->count);

	assert(token != 0);
	assert(w->count < w->size);
	w->count++;
	*slot = (struct window_slot){ .token = token, .tag_size = tag.size };
	if (tag.data == NULL)
		return;
	slot->tag = memory_alloc(tag.size + 1); /* a tag may be empty */
	memcpy(slot->tag, tag.data, tag.size);
}

static struct window_slot *slot_of(const struct window *w, uint32_t token)
{
	for (size_t i = 0; i < w->count; i++)
		if (slot_at(w, i)->token == token)
			return slot_at(w, i);
	return NULL;
}

bool window_has(const struct window *w, uint32_t token)
{
	return token != 0 && slot_of(w, token) != NULL;
}

struct view window_tag(const struct window *w, uint32_t token)
{
	const struct window_slot *slot = slot_of(w, token);

	assert(slot != NULL);
	return view_of(slot->tag, slot->tag_size);
}

uint32_t window_first(const struct window *w)
{
	return w->count == 0 ? 0 : slot_at(w, 0)->token;
}

void window_answer(struct window *w, uint32_t token, struct buf *out, size_t begin)
{
	struct window_slot *slot = slot_of(w, token);

	assert(slot != NULL);
	assert(begin <= out->size);
	slot->token = 0;
	memory_free(slot->tag);
	slot->tag = NULL;
	if (slot != slot_at(w, 0)) {
		slot->size = out->size - begin;
		slot->answer = memory_alloc(slot->size + 1); /* an answer may be empty */
		memcpy(slot->answer, out->data + begin, slot->size);
		out->size = begin;
		return;
	}
	while (w->count > 0 && slot_at(w, 0)->token == 0) {
		slot = slot_at(w, 0);
		if (slot->answer != NULL)
			buf_append(out, view_of(slot->answer, slot->size));
		memory_free(slot->answer);
		w->first = (w->first + 1) % w->size;
		w->count--;
	}
}
