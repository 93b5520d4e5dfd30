/* SPDX-License-Identifier: MIT
 *
 * A page that covers the window for a while, on the terminal's other screen: below it nothing
 * changes, and the scrollback of the terminal keeps what it has. What is printed meanwhile must
 * leave the process at once, like any other line (the caller tells others that it was shown). So
 * the screen is switched back, the lines are drawn, and the page is put on top again, in one
 * output.
 *
 * The Linux console has no other screen. There the window is cleared for the page, and cleared
 * again behind it; and what is printed ends the page.
 */
#include "terminal/private.h"

#define OTHER_SCREEN "\033[?1049h"
#define MAIN_SCREEN  "\033[?1049l"
#define CLEAR        "\033[H\033[2J"

void terminal_page(struct terminal *t, struct view rows, struct view footer)
{
	if (t->options.is_dumb || t->is_asking || !t->is_shown || t->has_ended)
		return;
	find_end(t, false);
	buf_clear(&t->page.rows);
	terminal_clean(&t->page.rows, rows, !t->options.is_plain);
	buf_clear(&t->page.footer);
	terminal_clean(&t->page.footer, footer, !t->options.is_plain);
	t->page.is_on = true;
	t->page.has_changed = true;
}

void terminal_page_end(struct terminal *t)
{
	t->page.is_on = false;
}

bool terminal_has_page(const struct terminal *t)
{
	return t->page.is_on;
}

unsigned terminal_page_rows(const struct terminal *t)
{
	return t->rows > 1 ? t->rows - 1 : 1;
}

static void uncover(struct terminal *t)
{
	if (t->options.has_one_screen) {
		buf_append_text(&t->out, CLEAR);
		t->printed += t->rows;
		t->is_drawn = false;
		t->page.is_on = false;
	} else {
		buf_append_text(&t->out, MAIN_SCREEN);
	}
	t->page.is_drawn = false;
}

static void cover(struct terminal *t)
{
	struct view rows = buf_view(&t->page.rows);
	struct view row;

	if (!t->page.is_drawn && !t->options.has_one_screen)
		buf_append_text(&t->out, OTHER_SCREEN);
	buf_append_text(&t->out, CLEAR);
	while (view_take_line(&rows, &row)) {
		buf_append(&t->out, row);
		buf_append_text(&t->out, "\r\n");
	}
	buf_append(&t->out, buf_view(&t->page.footer));
	t->page.is_drawn = true;
	t->page.has_changed = false;
}

void page_draw(struct terminal *t)
{
	struct page *p = &t->page;

	if (p->is_drawn && (!p->is_on || t->above.size > 0 || !t->is_shown || t->clears))
		uncover(t);
	p->is_on = p->is_on && t->is_shown;
	if (!p->is_drawn)
		terminal_draw(t);
	if (p->is_on && (!p->is_drawn || p->has_changed))
		cover(t);
	if (t->rings)
		buf_append_text(&t->out, "\a");
	t->rings = false;
}

void terminal_fold(struct buf *to, struct view lines, unsigned columns)
{
	struct view line;

	while (view_take_line(&lines, &line))
		do {
			size_t used = print_row_size(line, columns);

			buf_append(to, view_of(line.data, used));
			buf_append_text(to, "\n");
			line = view_of(line.data + used, line.size - used);
		} while (line.size > 0);
}

/* ---- keys ---- */

static bool is_word(struct view bytes, const char *word)
{
	return view_equal(bytes, view_of_string(word));
}

static void move_page(struct terminal_event *event, int rows)
{
	*event = (struct terminal_event){ .kind = TERMINAL_PAGE, .rows = rows };
}

/* Whether the key is the page's; *is_event: it makes an event. */
bool page_takes(struct terminal *t, enum key key, struct view bytes, bool *is_event,
                struct terminal_event *event)
{
	int rows = t->rows > 3 ? (int)t->rows - 3 : 1; /* two of them stay */

	*is_event = false;
	if (!t->page.is_on && key == KEY_PAGE_UP && !t->is_asking && !t->options.is_dumb) {
		*is_event = true;
		move_page(event, -rows);
		return true;
	}
	if (!t->page.is_on)
		return key == KEY_PAGE_UP || key == KEY_PAGE_DOWN;
	switch (key) {
	case KEY_PAGE_UP:
	case KEY_PAGE_DOWN:
		*is_event = true;
		move_page(event, key == KEY_PAGE_UP ? -rows : rows);
		return true;
	case KEY_UP:
	case KEY_DOWN:
		*is_event = true;
		move_page(event, key == KEY_UP ? -1 : 1);
		return true;
	case KEY_IGNORED:
	case KEY_STRING:
		return false;
	case KEY_ESCAPE:
	case KEY_CANCEL:
	case KEY_INTERRUPT:
	case KEY_ENTER:
	case KEY_END:
		terminal_page_end(t);
		return true;
	default:
		terminal_page_end(t);
		return key == KEY_TEXT && is_word(bytes, "q");
	}
}

void page_init(struct page *p)
{
	buf_init(&p->rows, SIZE_MAX / 4);
	buf_init(&p->footer, SIZE_MAX / 4);
}

void page_dispose(struct page *p)
{
	buf_release(&p->rows);
	buf_release(&p->footer);
}
