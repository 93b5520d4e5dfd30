/* SPDX-License-Identifier: MIT
 *
 * The search for a line that was typed (terminal/find.c).
 */
#include "tests/terminal/fixture.h"

static void begin(struct fixture *f)
{
	static const char *const lines[] = { "/msg bob one", "two ONE", "/talk carol",
		                             "three one one", "gr\xc3\xbc\xc3\x9f" };

	fixture_init(f, 40, 24);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		terminal_history_add(f->t, view_of_string(lines[i]));
	fixture_prompt(f, "> ");
}

/* Whether the window shows this in the place of the prompt, and the line behind it. */
static bool prompt_is(struct fixture *f, const char *prompt)
{
	bool right;

	(void)snprintf(f->prompt, sizeof f->prompt, "%s", prompt);
	right = fixture_is_right(f);
	(void)snprintf(f->prompt, sizeof f->prompt, "> ");
	return right;
}

static void looking(void)
{
	struct fixture f;

	begin(&f);
	OK(!fixture_keys(&f, "half\002\022") && line_is(&f, "hal|f"), "Ctrl-R changes nothing yet");
	OK(prompt_is(&f, "(search) '': "), "the prompt says that it is searched");
	OK(!fixture_keys(&f, "o") && line_is(&f, "three one |one"), "the newest line with an o");
	OK(!fixture_keys(&f, "ne") && line_is(&f, "three one |one"), "still has one");
	OK(prompt_is(&f, "(search) 'one': "), "the prompt has the part");
	OK(!fixture_keys(&f, "\022") && line_is(&f, "two |ONE"),
	   "Ctrl-R: an older one, in capitals");
	OK(!fixture_keys(&f, "\022") && line_is(&f, "/msg bob |one"), "and the oldest");
	OK(!fixture_keys(&f, "\022") && line_is(&f, "/msg bob |one"),
	   "which stays if there is no other");
	OK(prompt_is(&f, "(search, none) 'one': ") && f.screen.bells == 1, "and that is told");
	OK(!fixture_keys(&f, "\177\177\177tw") && line_is(&f, "|two ONE"), "Backspace begins anew");
	OK(!fixture_keys(&f, "\007") && line_is(&f, "hal|f"), "Ctrl-G gives back what was there");
	OK(prompt_is(&f, "> "), "and the prompt");
	OK(!fixture_keys(&f, "\022\xc3\xbc\177gr") && line_is(&f, "|gr\xc3\xbc\xc3\x9f"),
	   "Backspace takes a whole character");
	OK(!fixture_keys(&f, "\003") && line_is(&f, "hal|f") && f.events == 0, "so does Ctrl-C");
	OK(!fixture_keys(&f, "\022three\033\033[D") && line_is(&f, "ha|lf"),
	   "so does Escape, before a key");
	fixture_release(&f);
}

static void leaving(void)
{
	struct fixture f;

	begin(&f);
	OK(fixture_keys(&f, "\022bob\r") && event_is(&f, TERMINAL_LINE, "/msg bob one"),
	   "Enter sends what was found");
	OK(line_is(&f, "|") && prompt_is(&f, "> "), "and the line is empty");
	OK(!fixture_keys(&f, "\022bob\033[D") && line_is(&f, "/msg| bob one"),
	   "an arrow keeps it, to be changed");
	OK(!fixture_keys(&f, "!\022") && line_is(&f, "/msg!| bob one"), "with keys as ever");
	OK(!fixture_keys(&f, "zzz\005") && line_is(&f, "/msg! bob one|"),
	   "nothing found keeps the line");
	terminal_input(f.t, view_of_string("\025new\022thr\033"));
	OK(!terminal_next(f.t, true, &f.event) && line_is(&f, "|three one one"),
	   "Escape by itself");
	OK(terminal_quiet_ms(f.t) > 0, "is one after a moment");
	terminal_quiet(f.t);
	OK(!terminal_next(f.t, true, &f.event) && line_is(&f, "new|"), "and leaves");
	terminal_input(f.t, view_of_string("\033"));
	OK(!terminal_next(f.t, true, &f.event) && terminal_quiet_ms(f.t) == 0,
	   "else it may be the front of a key for ever");
	terminal_input(f.t, view_of_string("b\022two\033[200~pasted\033[201~"));
	OK(!terminal_next(f.t, true, &f.event) && line_is(&f, "pasted|two ONE"),
	   "a paste goes into what was found");
	OK(!fixture_keys(&f, "\025\022one\t") == false &&
	           event_is(&f, TERMINAL_COMPLETE, "three one "),
	   "Tab, too");
	fixture_release(&f);
}

static void questions(void)
{
	struct fixture f;
	char keys[300] = "\022";

	begin(&f);
	OK(!fixture_keys(&f, "draft\022one"), "a search is under way");
	terminal_ask(f.t, view_of_string("password: "), true);
	OK(!fixture_keys(&f, "\022one") && line_is(&f, "one|"),
	   "a question ends it, and has none itself");
	OK(fixture_keys(&f, "\r") && event_is(&f, TERMINAL_LINE, "one") && f.event.was_asked,
	   "its answer is the answer");
	OK(line_is(&f, "draft|"), "the line is what it was before the search");
	terminal_set_line(f.t, view_of_string("set"));
	OK(!fixture_keys(&f, "\022two"), "another search");
	terminal_set_line(f.t, view_of_string("set again"));
	OK(line_is(&f, "set again|") && prompt_is(&f, "> "), "a line that is set ends it");
	memset(keys + 1, 'x', 200);
	OK(!fixture_keys(&f, keys) && line_is(&f, "set again|"),
	   "a long part is looked for in vain");
	OK(!fixture_keys(&f, "\022\022\177\022\007") && line_is(&f, "set again|"), "and left");
	fixture_release(&f);
	fixture_init(&f, 40, 24);
	fixture_prompt(&f, "> ");
	OK(!fixture_keys(&f, "\022a\022\177\177b\007x") && line_is(&f, "x|"), "an empty history");
	fixture_release(&f);
}

int main(void)
{
	looking();
	leaving();
	questions();
	return tap_done();
}
