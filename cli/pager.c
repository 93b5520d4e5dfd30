/* SPDX-License-Identifier: MIT
 *
 * When older messages are read, or the window has another width, all is laid out anew: that is
 * simple. As many are read each time as there are already, so that this is done a few times only,
 * however far somebody goes back. The page then goes on at the row that has
 * as many rows below it as before.
 */
#include "cli/pager.h"

#include "terminal/terminal.h"

#include <stdio.h>

/* ---- rows ---- */

static void count_rows(struct pager *p)
{
	struct view rest = buf_view(&p->rows);
	size_t at = 0;

	p->rows_count = 0;
	for (size_t i = 0; i < rest.size; i++)
		p->rows_count += rest.data[i] == '\n';
	memory_free(p->starts);
	p->starts = memory_alloc((p->rows_count + 1) * sizeof *p->starts);
	p->starts[0] = 0;
	for (size_t i = 0; i < rest.size; i++)
		if (rest.data[i] == '\n')
			p->starts[++at] = i + 1;
}

/* Makes rows of the lines, as wide as the window is now. */
static void lay_out(struct pager *p)
{
	struct transcript t;
	struct buf out;
	size_t below = p->rows_count - p->top;

	console_size(&p->columns, &p->height);
	buf_init(&out, SIZE_MAX / 4);
	transcript_init(&t, &out, p->show->addresses);
	t.columns = p->columns - 1;
	t.wraps = console_wraps(p->show->console);
	t.is_unfolded = true;
	t.has_day = true; /* a day that nothing was said on: the first line names its own */
	recall_put(&t, buf_view(&p->lines), p->count);
	buf_clear(&p->rows);
	terminal_fold(&p->rows, buf_view(&out), p->columns - 1);
	buf_release(&out);
	count_rows(p);
	p->top = p->rows_count > below ? p->rows_count - below : 0;
}

/* Reads older messages. False if there are none. */
static bool read_more(struct pager *p)
{
	struct archive_query query;
	size_t steps = p->count < PAGER_COUNT ? 1 : p->count / PAGER_COUNT;
	struct piece_look look = { .query = &query,
		                   .before = p->first,
		                   .wanted = steps * PAGER_COUNT,
		                   .bytes_max = steps * (uint64_t)PAGER_SIZE };
	bool has_more;

	if (p->is_all || p->count >= PAGER_COUNT_MAX)
		return false;
	(void)archive_query_init(&query, view_of(NULL, 0), view_of(NULL, 0));
	if (!archive_look_now(p->show->archive, &look))
		return false;
	has_more = look.count > 0;
	buf_append(&look.lines, buf_view(&p->lines));
	buf_release(&p->lines);
	p->lines = look.lines;
	p->count += look.count;
	p->first = look.place;
	p->is_all = look.is_all || !has_more;
	return has_more;
}

/* ---- the page ---- */

static size_t last_top(const struct pager *p)
{
	size_t room = console_page_rows(p->show->console);

	return p->rows_count > room ? p->rows_count - room : 0;
}

/* The day on which the first row of the page was said; empty if that row names it, or if the window
 * has no room for it beside `others`. */
static struct view day(const struct pager *p, size_t others)
{
	struct view found = view_of(NULL, 0);

	if (p->top >= p->rows_count)
		return found;
	for (size_t i = p->top + 1; i-- > 0 && found.size == 0;) {
		found = transcript_day(
			view_of(p->rows.data + p->starts[i], p->starts[i + 1] - p->starts[i]));
		if (found.size > 0 && i == p->top)
			return view_of(NULL, 0);
	}
	return found.size + sizeof("; ") + others < p->columns ? found : view_of(NULL, 0);
}

static void show(struct pager *p)
{
	size_t room = console_page_rows(p->show->console);
	size_t end = p->top + room < p->rows_count ? p->top + room : p->rows_count;
	char keys[128] = "";
	char footer[192] = "";
	char news[48] = "";
	struct view said;

	p->new = console_unread_count(p->show->console) - p->unread;
	if (p->new > 0)
		(void)snprintf(news, sizeof news, "%ju new; ", (uintmax_t)p->new);
	if (p->columns < 60)
		(void)snprintf(keys, sizeof keys, "%sEscape goes back", news);
	else
		(void)snprintf(keys, sizeof keys, "%s%s%sPgUp, PgDn; Escape goes back", news,
		               p->top == 0 && p->is_all ? "the first that is kept; " : "",
		               p->top == last_top(p) ? "the last; " : "");
	said = day(p, strlen("-- ") + strlen(keys));
	(void)snprintf(footer, sizeof footer, "-- %.*s%s%s", (int)said.size,
	               said.size == 0 ? "" : (const char *)said.data, said.size == 0 ? "" : "; ",
	               keys);
	console_page(p->show->console,
	             view_of(p->rows.data + p->starts[p->top], p->starts[end] - p->starts[p->top]),
	             footer);
}

static void end(struct pager *p)
{
	p->is_on = false;
	p->count = 0;
	p->rows_count = 0;
	p->top = 0;
	buf_release(&p->lines);
	buf_release(&p->rows);
	memory_free(p->starts);
	p->starts = NULL;
}

/* How many rows stand before the last `count` messages. */
static size_t rows_before(struct pager *p, size_t count)
{
	size_t all = p->count;

	p->count -= count < all ? count : all;
	lay_out(p);
	p->count = all;
	return p->rows_count;
}

/* What is in the window was read: the page ends where that begins. */
static bool begin(struct pager *p)
{
	char own[DISPLAY_SIZE];
	size_t before;
	size_t room;

	/* After a log-out somebody else may sit there. */
	if (!link_is_logged_in(p->show->link, own))
		return false;
	p->first = (struct piece_place){ .number = 0 };
	p->is_all = false;
	if (!read_more(p)) {
		end(p);
		return false;
	}
	room = console_page_rows(p->show->console);
	before = rows_before(p, show_seen(p->show)) + PAGER_STAY;
	p->is_on = true;
	p->unread = console_unread_count(p->show->console);
	lay_out(p);
	p->top = before > room ? before - room : 0;
	if (p->top > last_top(p))
		p->top = last_top(p);
	return true;
}

void pager_move(struct pager *p, int rows)
{
	size_t back = rows < 0 ? (size_t)-rows : 0;

	if (!p->is_on) {
		if (begin(p))
			show(p);
		else
			show_notice(p->show,
			            "nothing that is kept can be shown: log in, or see /log");
		return;
	}
	while (p->top < back && read_more(p))
		lay_out(p);
	p->top = p->top < back ? 0 : p->top - back;
	if (rows > 0)
		p->top += (size_t)rows;
	if (p->top > last_top(p))
		p->top = last_top(p);
	show(p);
}

void pager_settle(struct pager *p)
{
	unsigned columns;
	unsigned height;

	if (!p->is_on)
		return;
	if (!console_has_page(p->show->console)) {
		end(p);
		return;
	}
	console_size(&columns, &height);
	if (columns != p->columns || height != p->height) {
		lay_out(p);
		pager_move(p, 0);
	} else if (console_unread_count(p->show->console) != p->unread + p->new) {
		show(p);
	}
}

void pager_init(struct pager *p, struct cli_show *show)
{
	*p = (struct pager){ .show = show };
	buf_init(&p->lines, SIZE_MAX / 4);
	buf_init(&p->rows, SIZE_MAX / 4);
}

void pager_release(struct pager *p)
{
	end(p);
}
