/* SPDX-License-Identifier: MIT
 *
 * A page that covers the window (terminal/page.c): what is written for it, which keys are its own,
 * and that what is printed meanwhile is written at once, to the screen below.
 */
#include "tests/terminal/fixture.h"

#define OTHER "\033[?1049h"
#define MAIN  "\033[?1049l"
#define CLEAR "\033[H\033[2J"

static char out[20000];

/* What the terminal writes now. */
static const char *written(struct terminal *t)
{
	struct view bytes = terminal_output(t);

	assert(bytes.size < sizeof out);
	if (bytes.size > 0)
		memcpy(out, bytes.data, bytes.size);
	out[bytes.size] = 0;
	terminal_sent(t, bytes.size);
	return out;
}

/* Whether the parts stand there, one behind the other. */
static bool has_parts(const char *text, const char *a, const char *b, const char *c)
{
	const char *at = strstr(text, a);

	at = at == NULL ? NULL : strstr(at + strlen(a), b);
	at = at == NULL ? NULL : strstr(at + strlen(b), c);
	if (at == NULL)
		printf("# written: '%s'\n", text);
	return at != NULL;
}

static void page(struct terminal *t)
{
	terminal_page(t, view_of_string("one\ntwo\n"), view_of_string("footer"));
}

static void covering(void)
{
	struct fixture f;

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "> ");
	OK(!fixture_keys(&f, "half"), "half a line");
	(void)written(f.t);
	OK(fixture_keys(&f, "\033[5~") && f.event.kind == TERMINAL_PAGE && f.event.rows == -7,
	   "PgUp is an event");
	OK(!fixture_keys(&f, "\033[6~") && written(f.t)[0] == 0, "PgDn is none, and no text");
	IS_U64(terminal_page_rows(f.t), 9, "a page has all rows but one");
	page(f.t);
	OK(terminal_has_page(f.t), "there is a page");
	IS_STRING(written(f.t), OTHER CLEAR "one\r\ntwo\r\nfooter", "it is on the other screen");
	IS_STRING(written(f.t), "", "once");
	OK(fixture_keys(&f, "\033[6~") && f.event.rows == 7, "PgDn goes on");
	OK(fixture_keys(&f, "\033[A") && f.event.rows == -1, "Up goes back by a row");
	page(f.t);
	IS_STRING(written(f.t), CLEAR "one\r\ntwo\r\nfooter", "another page replaces it");
	fixture_print(&f, "a message");
	OK(has_parts(written(f.t), MAIN, "a message\r\n", OTHER CLEAR "one\r\ntwo") ||
	           has_parts(out, MAIN, "a message\n", OTHER CLEAR "one\r\ntwo"),
	   "what is printed is written at once, below it");
	OK(has_parts(out, "a message", "> half", OTHER), "with prompt and line");
	OK(!fixture_keys(&f, "q") && !terminal_has_page(f.t), "q ends it");
	IS_STRING(written(f.t), MAIN, "and nothing has to be drawn");
	OK(line_is(&f, "half|"), "the line is as it was");
	page(f.t);
	(void)written(f.t);
	OK(!fixture_keys(&f, " a line") && line_is(&f, "half a line|"), "any other key counts");
	OK(has_parts(written(f.t), MAIN, "a line", ""), "and ends it");
	page(f.t);
	OK(!fixture_keys(&f, "\003") && line_is(&f, "half a line|") && !terminal_has_page(f.t),
	   "Ctrl-C ends it, and no more");
	page(f.t);
	terminal_input(f.t, view_of_string("\033"));
	OK(!terminal_next(f.t, true, &f.event) && terminal_quiet_ms(f.t) > 0, "Escape by itself");
	terminal_quiet(f.t);
	OK(!terminal_next(f.t, true, &f.event) && !terminal_has_page(f.t), "does, too");
	page(f.t);
	OK(!fixture_keys(&f, "\r") && !terminal_has_page(f.t), "Enter sends nothing");
	fixture_release(&f);
}

static void ending(void)
{
	struct fixture f;

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "> ");
	page(f.t);
	(void)written(f.t);
	terminal_ask(f.t, view_of_string("sure? "), false);
	OK(has_parts(written(f.t), MAIN, "sure? ", "") && !terminal_has_page(f.t),
	   "a question ends it");
	page(f.t);
	OK(!terminal_has_page(f.t) && !fixture_keys(&f, "\033[5~"), "and has none");
	terminal_ask_cancel(f.t);
	page(f.t);
	(void)written(f.t);
	terminal_show(f.t, false);
	OK(has_parts(written(f.t), MAIN, "", "") && !terminal_has_page(f.t),
	   "so does what hides the line");
	terminal_show(f.t, true);
	page(f.t);
	(void)written(f.t);
	terminal_end(f.t);
	OK(has_parts(written(f.t), MAIN, "", "") && strstr(out, OTHER) == NULL, "and the end");
	fixture_release(&f);
}

static void one_screen(void)
{
	struct fixture f;

	fixture_init_as(
		&f, 40, 10,
		&(struct terminal_options){ .line_size_max = 4096, .has_one_screen = true });
	fixture_prompt(&f, "> ");
	(void)written(f.t);
	page(f.t);
	IS_STRING(written(f.t), CLEAR "one\r\ntwo\r\nfooter", "one screen is cleared for a page");
	fixture_print(&f, "a message");
	OK(has_parts(written(f.t), CLEAR, "a message", "> ") && !terminal_has_page(f.t),
	   "and what is printed ends it");
	page(f.t);
	(void)written(f.t);
	OK(!fixture_keys(&f, "\033[F") && has_parts(written(f.t), CLEAR, "> ", ""), "so does End");
	fixture_release(&f);
	fixture_init_as(&f, 40, 10,
	                &(struct terminal_options){ .line_size_max = 4096, .is_dumb = true });
	page(f.t);
	OK(!terminal_has_page(f.t), "a dumb terminal has no pages");
	fixture_release(&f);
}

static bool folds(const char *text, unsigned columns, const char *want)
{
	struct buf to;
	bool same;

	buf_init(&to, 1000);
	terminal_fold(&to, view_of_string(text), columns);
	same = view_equal(buf_view(&to), view_of_string(want));
	if (!same)
		printf("# '%.*s'\n", (int)to.size, (const char *)to.data);
	buf_release(&to);
	return same;
}

static void folding(void)
{
	OK(folds("abcdef\ngh\n", 4, "abcd\nef\ngh\n"), "lines become rows");
	OK(folds("abcd\n\nx", 4, "abcd\n\nx\n"), "a full one is one row, an empty one, too");
	OK(folds("abc\xe6\xbc\xa2x\n", 4, "abc\n\xe6\xbc\xa2x\n"), "a wide character is not cut");
	OK(folds("\033[2mab\033[0mcde\n", 4, "\033[2mab\033[0mcd\ne\n"), "a colour takes no room");
	OK(folds("", 4, "") && folds("\033[2", 4, "\033[2\n"), "nothing, and half a colour");
}

int main(void)
{
	covering();
	ending();
	one_screen();
	folding();
	return tap_done();
}
