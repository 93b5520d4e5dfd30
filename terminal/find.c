/* SPDX-License-Identifier: MIT
 *
 * Ctrl-R: a line of the history is found by a part of it, while that is typed. What is looked for
 * stands in the prompt, what was found is the line, with the cursor where the part begins. Upper
 * and lower case of ASCII are equal.
 *
 *   key                            what it does
 *   text, Backspace                changes the part
 *   Ctrl-R                         goes on to an older line that has it
 *   Ctrl-G, Ctrl-C, Escape         gives back the line that was there before
 *   all others                     keep what was found, and then do what they always do
 */
#include "terminal/private.h"

#include "base/escape.h"

/* Where the part stands last in a line; false if nowhere. */
static bool holds(struct view line, struct view part, size_t *offset)
{
	if (part.size > line.size)
		return false;
	for (size_t i = line.size - part.size + 1; i > 0; i--) {
		*offset = i - 1;
		if (view_equal_lower(view_of(line.data + i - 1, part.size), part))
			return true;
	}
	return false;
}

static void set_prompt(struct find *f)
{
	buf_clear(&f->prompt);
	terminal_clean(&f->prompt,
	               view_of_string(f->has_failed ? "(search, none) '" : "(search) '"), false);
	terminal_clean(&f->prompt, buf_view(&f->part), false);
	terminal_clean(&f->prompt, view_of_string("': "), false);
}

/* Shows the newest line that holds the part among the entries before `end`. If there is none, what
 * is shown stays. An empty part is looked for when it has a letter. */
static void look(struct terminal *t, size_t end)
{
	struct find *f = &t->find;
	size_t offset;

	f->has_failed = f->part.size > 0;
	for (size_t i = end; i > 0 && f->part.size > 0; i--) {
		struct view line = history_get(&t->history, i - 1);

		if (!holds(line, buf_view(&f->part), &offset))
			continue;
		f->index = i - 1;
		f->has_failed = false;
		edit_set(&t->line, line);
		edit_move(&t->line, offset);
		break;
	}
	t->rings = t->rings || f->has_failed;
	t->serial++;
	set_prompt(f);
}

void find_begin(struct terminal *t)
{
	struct find *f = &t->find;

	if (t->is_asking) {
		t->rings = true;
		return;
	}
	f->is_on = true;
	f->has_failed = false;
	f->index = t->history.count;
	buf_clear(&f->part);
	edit_set(&f->before, buf_view(&t->line.text));
	edit_move(&f->before, t->line.cursor);
	f->before.is_pasted = t->line.is_pasted;
	set_prompt(f);
}

void find_end(struct terminal *t, bool keeps)
{
	struct find *f = &t->find;

	if (!f->is_on)
		return;
	f->is_on = false;
	if (!keeps) {
		edit_set(&t->line, buf_view(&f->before.text));
		edit_move(&t->line, f->before.cursor);
		t->line.is_pasted = f->before.is_pasted;
	}
	edit_clear(&f->before);
	t->serial++;
}

static void type(struct terminal *t, struct view text)
{
	struct find *f = &t->find;
	size_t end = f->index < t->history.count ? f->index + 1 : t->history.count;

	if (text.size > FIND_SIZE_MAX - f->part.size) {
		t->rings = true;
		return;
	}
	buf_append(&f->part, text);
	look(t, end);
}

static void rub_out(struct terminal *t)
{
	struct find *f = &t->find;

	while (f->part.size > 0 && (f->part.data[--f->part.size] & 0xc0) == 0x80)
		;
	look(t, t->history.count);
}

bool find_takes(struct terminal *t, enum key key, struct view bytes)
{
	if (!t->find.is_on)
		return false;
	switch (key) {
	case KEY_TEXT:
		type(t, bytes);
		return true;
	case KEY_BACKSPACE:
		rub_out(t);
		return true;
	case KEY_FIND:
		look(t, t->find.index);
		return true;
	case KEY_CANCEL:
	case KEY_ESCAPE:
	case KEY_INTERRUPT:
		find_end(t, false);
		return true;
	case KEY_IGNORED:
	case KEY_STRING:
		return false;
	default:
		find_end(t, true);
		return false;
	}
}

void find_init(struct find *f, size_t line_size_max)
{
	buf_init(&f->part, FIND_SIZE_MAX);
	buf_init(&f->prompt, (size_t)ESCAPE_GROWTH_MAX * FIND_SIZE_MAX + 64);
	edit_init(&f->before, line_size_max);
}

void find_release(struct find *f)
{
	buf_release(&f->part);
	buf_release(&f->prompt);
	edit_release(&f->before);
}

/* ---- the history, for the caller ---- */

void terminal_history_add(struct terminal *t, struct view line)
{
	history_add(&t->history, line);
}

size_t terminal_history_count(const struct terminal *t)
{
	return t->history.count;
}

struct view terminal_history_get(const struct terminal *t, size_t index)
{
	return history_get(&t->history, index);
}
