/* SPDX-License-Identifier: MIT
 *
 * What the window shows (terminal/draw.c): after whatever has happened, the lines printed, each
 * once and in order, then prompt and line, and the cursor where it belongs.
 */
#include "tests/terminal/fixture.h"

#define WIDE     "\xe6\xbc\xa2" /* a Chinese character: two columns */
#define ACUTE    "\xcc\x81"     /* combines */
#define ACCENTED "e\xcc\x81"

/* A generator of its own, so that a seed means the same everywhere. */
static uint32_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

static void messages_while_typing(void)
{
	struct fixture f;
	char line[64];

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "alice 1/3> ");
	OK(!fixture_keys(&f, "half a li"), "typing makes no event");
	OK(fixture_is_right(&f), "what is typed is shown behind the prompt");
	fixture_keys(&f, "\033[D\033[D");
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(line, sizeof line, "message %u of a thousand, %.*s", i,
		               (int)(i % 30), "which is now and then too long for a row");
		fixture_print(&f, line);
		if (i % 7 == 0)
			ALWAYS(fixture_is_right(&f), "a message disturbs nothing");
	}
	OK(fixture_is_right(&f), "a thousand messages come, and half a line stays");
	OK(line_is(&f, "half a |li"), "with its cursor");
	fixture_keys(&f, "ne");
	OK(fixture_is_right(&f), "typing goes on where it was");
	fixture_release(&f);
}

static void long_lines(void)
{
	struct fixture f;

	fixture_init(&f, 20, 12);
	fixture_prompt(&f, "> ");
	fixture_print(&f, "above");
	for (unsigned i = 0; i < 100; i++) {
		fixture_keys(&f, i % 5 == 0 ? WIDE : i % 7 == 0 ? "e" ACUTE : "x");
		ALWAYS(fixture_is_right(&f), "a line grows over rows");
	}
	OK(fixture_is_right(&f), "a line that is wider than the window goes on in further rows");
	fixture_print(&f, "a message that is, itself, wider than the window is");
	OK(fixture_is_right(&f), "a message moves them all down");
	fixture_keys(&f, "\001");
	OK(fixture_is_right(&f), "the beginning is shown when the cursor goes there");
	fixture_keys(&f, WIDE "in front ");
	OK(fixture_is_right(&f), "what is put in front moves the rest on");
	fixture_keys(&f, "\013");
	OK(fixture_is_right(&f), "what is cut off leaves nothing behind");
	fixture_release(&f);
}

static void wide_at_the_edge(void)
{
	struct fixture f;

	fixture_init(&f, 11, 10);
	fixture_prompt(&f, "> ");
	fixture_print(&f, "0123456789" WIDE);
	fixture_print(&f, "0123456789a");
	fixture_keys(&f, "1234567");
	OK(fixture_is_right(&f), "the line ends before the last two columns");
	fixture_keys(&f, WIDE);
	OK(fixture_is_right(&f), "a wide character that does not fit begins the next row");
	fixture_keys(&f, "\033[D");
	OK(fixture_is_right(&f), "the cursor stands on it there");
	fixture_keys(&f, "8");
	OK(fixture_is_right(&f), "a narrow one fills the place it left");
	fixture_keys(&f, "\177\177");
	OK(fixture_is_right(&f), "with one less it comes back");
	fixture_release(&f);
}

static void clusters(void)
{
	struct fixture f;

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "> ");
	fixture_keys(&f, "e");
	fixture_draw(&f);
	fixture_keys(&f, ACUTE);
	OK(fixture_is_right(&f), "a mark that comes later joins its letter");
	fixture_keys(&f, "\xe2\x9d\xa4\xef\xb8\x8f!");
	OK(fixture_is_right(&f), "behind a doubtful cluster the rest stands where it should");
	fixture_keys(&f,
	             "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7.");
	OK(fixture_is_right(&f), "joined emoji take the columns of their parts");
	fixture_keys(&f, "\033[D\033[D");
	OK(fixture_is_right(&f), "and are one step for the cursor");
	fixture_keys(&f, "\004");
	OK(fixture_is_right(&f), "and one for Delete");
	fixture_release(&f);
}

static void lone_and_harmful(void)
{
	struct fixture f;
	char text[SCREEN_TEXT_SIZE];

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "> ");
	fixture_keys(&f, ACUTE "a\xe2\x80\xae");
	fixture_keys(&f, "b\033\rc");
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 0, text),
	          "> \xe2\x97\x8c" ACUTE "a<U+202E>b\xe2\x8f\x8e"
	          "c",
	          "a lone mark, a direction mark and a newline are visible");
	IS_U64(f.screen.column, 2 + 1 + 1 + 8 + 1 + 1 + 1, "and counted");
	fixture_release(&f);
}

static void printed_text_is_harmless(void)
{
	struct fixture f;
	char text[SCREEN_TEXT_SIZE];
	struct buf line;
	char all[256];

	fixture_init(&f, 80, 30);
	buf_init(&line, 4096);
	terminal_put(&line, STYLE_BOLD, view_of_string("bob\033[31m"));
	OK(buf_put(&line, ": \033[2J\033]0;x\a\033[1;31mred", 22), "a line of colours and others");
	OK(terminal_print(f.t, buf_view(&line)), "a line is printed");
	for (unsigned i = 0; i < 256; i++)
		all[i] = (char)(i == '\n' ? 'n' : i);
	OK(terminal_print(f.t, view_of(all, 256)), "every byte is");
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 0, text), "bob^[[31m: ^[[2J^[]0;x^Gred",
	          "colours pass, other sequences are marks");
	IS_U64(f.screen.unknown, 0, "nothing else reaches the terminal");
	IS_U64(f.screen.bells, 0, "no bell");
	buf_release(&line);
	fixture_release(&f);
}

static bool has_colour(struct terminal *t)
{
	struct view bytes = terminal_output(t);
	bool has = false;

	for (size_t i = 0; i + 1 < bytes.size; i++)
		has = has || (bytes.data[i] == 0x1b && bytes.data[i + 1] == '[' &&
		              memchr(bytes.data + i, 'm', bytes.size - i) != NULL);
	terminal_sent(t, bytes.size);
	return has;
}

static void colours(void)
{
	for (unsigned plain = 0; plain < 2; plain++) {
		struct terminal *t = terminal_new(
			&(struct terminal_options){ .line_size_max = 100, .is_plain = plain != 0 });

		(void)has_colour(t);
		OK(terminal_print(t, view_of_string("\033[31mred")), "a red line");
		OK(has_colour(t) == !plain, plain ? "is plain where there are no colours"
		                                  : "is red where there are colours");
		terminal_free(t);
	}
	OK(terminal_style_of(view_of_string("bob")) == terminal_style_of(view_of_string("bob")),
	   "a name has one colour");
	OK(terminal_style_of(view_of_string("bob")) != terminal_style_of(view_of_string("alice")),
	   "two names mostly have two");
}

static void coloured_prompts(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	terminal_prompt(f.t, view_of_string("\033[32malice> "));
	fixture_keys(&f, "x");
	fixture_draw(&f);
	terminal_prompt(f.t, view_of_string("\033[32malicia> "));
	fixture_draw(&f);
	IS_U64(f.screen.rows[0].cells[0].colour, 32, "a prompt has its colour");
	IS_U64(f.screen.rows[0].cells[5].colour, 32, "also where only its end has changed");
	IS_U64(f.screen.rows[0].cells[8].colour, 0, "and the line has none");
	fixture_release(&f);
}

static void only_what_differs_is_written(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	fixture_prompt(&f, "> ");
	fixture_keys(&f, "hello");
	fixture_draw(&f);
	IS_U64(terminal_output(f.t).size, 0, "nothing happened: nothing is written");
	fixture_keys(&f, "!");
	IS_U64(terminal_output(f.t).size, 1, "a character at the end is one byte");
	fixture_draw(&f);
	fixture_keys(&f, "\033[D");
	OK(terminal_output(f.t).size <= 6, "a step is one sequence");
	OK(fixture_is_right(&f), "all of it together is right");
	fixture_release(&f);
}

static void slow_terminals(void)
{
	struct fixture f;
	struct view bytes;

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "> ");
	fixture_keys(&f, "hello");
	fixture_print(&f, "one");
	bytes = terminal_output(f.t);
	screen_write(&f.screen, bytes.data, 3);
	terminal_sent(f.t, 3);
	fixture_keys(&f, " there");
	fixture_print(&f, "two");
	fixture_draw(&f); /* what was left of the first */
	OK(fixture_is_right(&f), "what the terminal takes in pieces is drawn in pieces");
	fixture_release(&f);
}

static void resizes(void)
{
	struct fixture f;

	fixture_init(&f, 40, 20);
	fixture_prompt(&f, "> ");
	fixture_print(&f, "a message of some length, so that it is wrapped somewhere in between");
	fixture_print(&f, "another");
	fixture_keys(&f, "a line that is longer than forty columns, and more than once, too");
	OK(fixture_is_right(&f), "before");
	for (unsigned columns = 40; columns >= 10; columns -= 3) {
		(void)fixture_resize(&f, columns, 20);
		ALWAYS(fixture_is_right(&f), "narrower");
	}
	OK(fixture_is_right(&f), "a window that becomes narrower, step by step");
	for (unsigned columns = 10; columns <= 100; columns += 9) {
		(void)fixture_resize(&f, columns, 20);
		ALWAYS(fixture_is_right(&f), "wider");
	}
	OK(fixture_is_right(&f), "and wider again");
	(void)fixture_resize(&f, 30, 20);
	fixture_print(&f, "while it changed");
	fixture_keys(&f, "\033[H" WIDE);
	OK(fixture_is_right(&f), "a message and keys between the change and the drawing");
	(void)fixture_resize(&f, 12, 20);
	(void)fixture_resize(&f, 25, 20);
	OK(fixture_is_right(&f), "two changes before anything is drawn");
	fixture_release(&f);
}

static void not_shown(void)
{
	struct fixture f;
	char text[SCREEN_TEXT_SIZE];

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "> ");
	fixture_keys(&f, "draft");
	fixture_draw(&f);
	terminal_show(f.t, false);
	fixture_print(&f, "alone");
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 0, text), "alone", "a line that is not shown is gone");
	IS_STRING(screen_window(&f.screen, 1, text), "", "wholly");
	fixture_keys(&f, "!");
	terminal_show(f.t, true);
	OK(fixture_is_right(&f), "and comes back as it is by then");
	terminal_title(f.t, view_of_string("(3) chat\a\033"));
	fixture_draw(&f);
	IS_STRING(f.screen.title, "(3) chat^G^[", "the title is escaped");
	IS_U64(f.screen.titles_pushed, 1, "the one before is kept");
	terminal_end(f.t);
	fixture_draw(&f);
	IS_U64(f.screen.titles_pushed, 0, "and given back at the end");
	IS_STRING(screen_window(&f.screen, 1, text), "", "with the line gone");
	IS_U64(f.screen.column, 0, "and the cursor at the beginning of a row");
	fixture_release(&f);
}

static void clears_and_redraws(void)
{
	struct fixture f;
	char text[SCREEN_TEXT_SIZE];

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "> ");
	fixture_print(&f, "old");
	fixture_keys(&f, "draft");
	fixture_draw(&f);
	fixture_keys(&f, "\f");
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 0, text), "> draft", "Ctrl-L clears the window");
	screen_write(&f.screen, "\r\nsomebody else\r\n", 17);
	terminal_redraw(f.t);
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 2, text), "> draft", "the line is drawn again below");
	terminal_bell(f.t);
	fixture_draw(&f);
	IS_U64(f.screen.bells, 1, "a bell rings once");
	fixture_draw(&f);
	IS_U64(f.screen.bells, 1, "not twice");
	fixture_release(&f);
}

static void status_rows(void)
{
	struct fixture f;
	char text[SCREEN_TEXT_SIZE];

	fixture_init(&f, 30, 10);
	fixture_prompt(&f, "to bob> ");
	fixture_status(&f, "alice [carol 3]");
	fixture_print(&f, "a message");
	fixture_keys(&f, "half a line");
	OK(fixture_is_right(&f), "a row above the prompt");
	IS_STRING(screen_window(&f.screen, 1, text), "alice [carol 3]", "says something");
	fixture_status(&f, "alice 2/3 " WIDE " [carol 3] [dave 1]");
	OK(fixture_is_right(&f), "what is wider than the window is cut");
	fixture_resize(&f, 11, 10);
	OK(fixture_is_right(&f), "so it is in a narrow one");
	fixture_resize(&f, 29, 10);
	OK(fixture_is_right(&f), "and comes back");
	terminal_ask(f.t, view_of_string("password: "), true);
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 1, text), "alice 2/3 " WIDE " [carol 3] [dave",
	          "it stays during a question");
	IS_STRING(screen_window(&f.screen, 2, text), "password:", "which stands below it");
	fixture_print(&f, "another message");
	terminal_ask_cancel(f.t);
	OK(fixture_is_right(&f), "then the line is there again");
	fixture_status(&f, "");
	OK(fixture_is_right(&f), "an empty one takes no row");
	fixture_status(&f, "alice");
	OK(fixture_is_right(&f), "another one is there again");
	fixture_resize(&f, 29, 9);
	OK(fixture_is_right(&f), "a low window has none");
	OK(!terminal_has_status(f.t), "and says so");
	fixture_resize(&f, 29, 12);
	OK(fixture_is_right(&f), "a higher one has one");
	terminal_show(f.t, false);
	fixture_draw(&f);
	for (unsigned i = 3; i < 12; i++)
		ALWAYS(screen_window(&f.screen, i, text)[0] == 0, "it goes with the prompt");
	terminal_show(f.t, true);
	OK(fixture_is_right(&f), "and comes with it");
	fixture_release(&f);
}

static void secrets(void)
{
	struct fixture f;
	char text[SCREEN_TEXT_SIZE];

	fixture_init(&f, 40, 10);
	fixture_prompt(&f, "> ");
	fixture_keys(&f, "draft");
	terminal_ask(f.t, view_of_string("password: "), true);
	fixture_keys(&f, "geheim");
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 0, text), "password:", "a secret is not shown");
	IS_U64(f.screen.column, 10, "not even how long it is");
	OK(fixture_keys(&f, "\r"), "Enter ends it");
	OK(event_is(&f, TERMINAL_LINE, "geheim"), "with all that was typed");
	OK(fixture_is_right(&f), "the line under way is there again");
	fixture_release(&f);
}

static void lists(void)
{
	struct fixture f;
	struct view names[100];
	char text[SCREEN_TEXT_SIZE];
	char memory[100][8];

	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(memory[i], sizeof memory[i], "name%02u", i);
		names[i] = view_of_string(memory[i]);
	}
	fixture_init(&f, 40, 6);
	fixture_prompt(&f, "> ");
	terminal_print_list(f.t, names, 7);
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 0, text), "name00  name02  name04  name06",
	          "a list stands in columns, read downwards");
	IS_STRING(screen_window(&f.screen, 1, text), "name01  name03  name05", "to its end");
	terminal_print_list(f.t, names, 100);
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 4, text), "... and 80 more",
	          "more than a screenful is left out");
	IS_U64(terminal_print_columns(f.t, names, 100, 3), 15,
	       "a caller's own lines may have room");
	fixture_draw(&f);
	IS_STRING(screen_window(&f.screen, 4, text), "name02  name05  name08  name11  name14",
	          "the last row of the list stands right above the prompt, then");
	IS_U64(terminal_print_columns(f.t, names, 2, 3), 2, "what fits is printed");
	IS_U64(terminal_print_columns(f.t, names, 0, 3), 0, "nothing is nothing");
	IS_U64(terminal_print_columns(f.t, names, 100, 9), 5, "one row there always is");
	fixture_release(&f);
}

static void dumb_terminals(void)
{
	struct terminal *t = terminal_new(&(struct terminal_options){
		.line_size_max = 100, .is_dumb = true, .is_plain = true });
	struct terminal_event event;
	struct view bytes;

	terminal_prompt(t, view_of_string("\033[1m> \033[0m"));
	terminal_status(t, view_of_string("a status row"));
	OK(terminal_print(t, view_of_string("\033[31mone\ntwo")), "two lines");
	bytes = terminal_output(t);
	OK(view_equal(bytes, view_of_string("one\ntwo\n> ")), "lines and a prompt, nothing else");
	terminal_sent(t, bytes.size);
	OK(terminal_print(t, view_of_string("three")), "another");
	bytes = terminal_output(t);
	OK(view_equal(bytes, view_of_string("\nthree\n> ")), "below the prompt, which comes again");
	terminal_sent(t, bytes.size);
	terminal_title(t, view_of_string("title"));
	terminal_input(t, view_of_string("hello \033[D\x01\n"));
	OK(terminal_next(t, true, &event), "a line");
	OK(view_equal(event.text, view_of_string("hello \033[D\x01")), "is taken as it stands");
	bytes = terminal_output(t);
	OK(view_equal(bytes, view_of_string("> ")), "the system has echoed it: a prompt follows");
	terminal_sent(t, bytes.size);
	terminal_ask(t, view_of_string("password: "), true);
	bytes = terminal_output(t);
	OK(view_equal(bytes, view_of_string("\npassword: ")), "a question has its own row");
	terminal_sent(t, bytes.size);
	terminal_input(t, view_of_string("pw\n"));
	OK(terminal_next(t, true, &event) && event.was_asked, "it is answered");
	bytes = terminal_output(t);
	OK(view_equal(bytes, view_of_string("\n> ")), "what was not echoed is ended by us");
	terminal_sent(t, bytes.size);
	terminal_free(t);
}

/* ---- anything, in any order ---- */

static const char *const words[] = {
	"a",
	"bc ",
	"hello, ",
	"x",
	" ",
	WIDE,
	WIDE WIDE,
	ACCENTED,
	ACUTE,
	"\xe2\x9d\xa4\xef\xb8\x8f",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
	"\xf0\x9f\x98\x80",
	"\xd0\x96",
	"-.-",
	"\033\r",
	"some more words at once ",
};
static const char *const keys[] = {
	"\033[D",
	"\033[C",
	"\033[H",
	"\033[F",
	"\033[A",
	"\033[B",
	"\033[3~",
	"\177",
	"\001",
	"\005",
	"\002",
	"\006",
	"\013",
	"\025",
	"\027",
	"\031",
	"\033b",
	"\033f",
	"\033d",
	"\033\177",
	"\033[1;5C",
	"\033[1;5D",
	"\033OA",
	"\020",
	"\016",
	"\033[99;99X",
	"\xff",
	"\004",
	"\033[200~pasted\rlines\033[201~",
};
#define COUNT(array) ((uint32_t)(sizeof array / sizeof((array)[0])))

/* A lone mark is drawn on a base that the plain layout knows nothing of. */
static bool has_lone_mark(struct fixture *f)
{
	size_t cursor;
	struct view line = terminal_line(f->t, &cursor);

	for (size_t i = 0; i + 1 < line.size; i++)
		if (line.data[i] == 0xcc && (i == 0 || line.data[i - 1] == '\n'))
			return true;
	return false;
}

static void do_something(struct fixture *f)
{
	char line[512] = "";

	switch (random_below(13)) {
	case 0:
		for (uint32_t i = random_below(12); i > 0; i--)
			strcat(line, words[random_below(COUNT(words) - 2)]);
		/* A mark at its front would join what it finds there. */
		if (line[0] != '\xcc')
			fixture_print(f, line);
		break;
	case 1:
		(void)snprintf(line, sizeof line, "user%u 1/3> ", random_below(100) * 77);
		fixture_prompt(f, line);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		fixture_keys(f, keys[random_below(COUNT(keys))]);
		break;
	case 7:
		for (uint32_t i = random_below(6); i > 0; i--)
			strcat(line, i % 3 == 0 ? WIDE : "[bob 7] ");
		fixture_status(f, line);
		break;
	case 6:
		if (random_below(4) == 0 && fixture_keys(f, "\r"))
			terminal_history_add(f->t, f->event.text);
		break;
	default:
		fixture_keys(f, words[random_below(COUNT(words))]);
		break;
	}
	if (has_lone_mark(f))
		terminal_set_line(f->t, view_of_string("again"));
}

/* Returns how many steps went right. */
static unsigned random_story(uint32_t seed, bool rewraps, unsigned steps)
{
	struct fixture f;
	unsigned step;

	random_state = seed;
	uint32_t first_rows = 10 + random_below(20); /* drawn in an order that C fixes */

	fixture_init_as(&f, 11 + random_below(60), first_rows,
	                &(struct terminal_options){
				.line_size_max = 300, .history_count_max = 4, .rewraps = rewraps });
	fixture_prompt(&f, "> ");
	for (step = 0; step < steps; step++) {
		for (uint32_t i = random_below(4); i > 0; i--)
			do_something(&f);
		if (!fixture_is_right(&f))
			break;
		if (random_below(4) != 0)
			continue;
		uint32_t rows = 8 + random_below(24);

		if (fixture_resize(&f, 10 + random_below(60), rows))
			continue;
		/* Rows of the line have left the window, and nobody can take them back; the rest is
		 * right. */
		do_something(&f);
		fixture_draw(&f);
		if (fixture_start(&f) == SIZE_MAX)
			break;
		fixture_release(&f);
		fixture_init_as(&f, 30, 20,
		                &(struct terminal_options){ .line_size_max = 300,
		                                            .history_count_max = 4,
		                                            .rewraps = rewraps });
		fixture_prompt(&f, "> ");
	}
	fixture_release(&f);
	if (step < steps)
		printf("# seed %u, step %u\n", seed, step);
	return step;
}

static void random_stories(bool rewraps, const char *name)
{
	unsigned wrong = 0;

	for (uint32_t seed = 1; seed <= 300; seed++)
		if (random_story(seed, rewraps, 100) < 100 && ++wrong == 3)
			break;
	IS_U64(wrong, 0, name);
}

int main(void)
{
	messages_while_typing();
	long_lines();
	wide_at_the_edge();
	clusters();
	lone_and_harmful();
	printed_text_is_harmless();
	colours();
	coloured_prompts();
	only_what_differs_is_written();
	slow_terminals();
	resizes();
	not_shown();
	clears_and_redraws();
	status_rows();
	secrets();
	lists();
	dumb_terminals();
	random_stories(true, "any keys, messages and sizes on a screen that rewraps");
	random_stories(false, "any keys, messages and sizes on a screen that does not");
	return tap_done();
}
