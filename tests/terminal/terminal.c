/* SPDX-License-Identifier: MIT
 *
 * Keys, lines and events (terminal/terminal.h), also against an editor written in the plainest
 * way. What is drawn is tests/terminal/draw.c.
 */
#include "tests/terminal/fixture.h"

#define WIDE     "\xe6\xbc\xa2"
#define ACUTE    "\xcc\x81"
#define ACCENTED "e\xcc\x81"

static void motions(void)
{
	static const struct {
		const char *keys;
		const char *line;
		const char *name;
	} rows[] = {
		{ "abc\033[D", "ab|c", "Left" },
		{ "abc\033[D\033[D\033[C", "ab|c", "Right" },
		{ "abc\033OD", "ab|c", "Left in the keypad's mode" },
		{ "abc\002\002\006", "ab|c", "Ctrl-B and Ctrl-F" },
		{ "abc\033[H", "|abc", "Home" },
		{ "abc\033[1~", "|abc", "Home of the Linux console" },
		{ "abc\033[7~", "|abc", "Home of rxvt" },
		{ "abc\033OH\033OF", "abc|", "End" },
		{ "abc\001\033[4~", "abc|", "End of the Linux console" },
		{ "abc\001", "|abc", "Ctrl-A" },
		{ "abc\001\005", "abc|", "Ctrl-E" },
		{ "one two.three\033b", "one two.|three", "Alt-B" },
		{ "one two.three\033b\033b", "one |two.three", "twice" },
		{ "one two\001\033f", "one| two", "Alt-F" },
		{ "one two\033[1;5D", "one |two", "Ctrl-Left" },
		{ "one two\033[1;3D", "one |two", "Alt-Left" },
		{ "one two\033[1;2D", "one tw|o", "Shift-Left is Left" },
		{ "one two\001\033[1;5C", "one| two", "Ctrl-Right" },
		{ "one two\033Od", "one |two", "Ctrl-Left of rxvt" },
		{ "a" WIDE "e" ACUTE "\033[D", "a" WIDE "|e" ACUTE,
		  "a letter and its mark are one step" },
		{ "a" WIDE "\033[D", "a|" WIDE, "a wide character is one" },
		{ "abc\033[D\033[D\033[D\033[D\033[D", "|abc", "not beyond the beginning" },
		{ "abc\033[C\006", "abc|", "nor the end" },
		{ "\xd0\xb4\xd0\xb0 x\033b\033b", "|\xd0\xb4\xd0\xb0 x", "words of other scripts" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fixture f;

		fixture_init(&f, 80, 24);
		OK(!fixture_keys(&f, rows[i].keys) && line_is(&f, rows[i].line), rows[i].name);
		fixture_release(&f);
	}
}

static void edits(void)
{
	static const struct {
		const char *keys;
		const char *line;
		const char *name;
	} rows[] = {
		{ "abc\177", "ab|", "Backspace" },
		{ "abc\010", "ab|", "the other Backspace" },
		{ "ae" ACUTE "\177", "a|", "Backspace takes letter and mark" },
		{ "abc\001\033[3~", "|bc", "Delete" },
		{ "abc\001\004", "|bc", "Ctrl-D with a line is Delete" },
		{ "abc\033[3~", "abc|", "Delete at the end does nothing" },
		{ "abc def\001\033f\013", "abc|", "Ctrl-K" },
		{ "abc def\033b\025", "|def", "Ctrl-U" },
		{ "abc d.f\027", "abc |", "Ctrl-W cuts back to a blank" },
		{ "abc d.f\033\177", "abc d.|", "Alt-Backspace cuts a word" },
		{ "abc def\001\033d", "| def", "Alt-D" },
		{ "abc def\001\033[3;5~", "| def", "Ctrl-Delete" },
		{ "abc def\027\001\031", "def|abc ", "Ctrl-Y puts back what was cut" },
		{ "abc def\027\027\031\031", "abc defabc def|", "cuts in a row are one" },
		{ "abc def\027x\177\027\031", "abc |", "not with a key between" },
		{ "ab\001\033d\033d\031", "ab|", "forwards, too" },
		{ "e\001"
		  "x\033[C" ACUTE,
		  "xe" ACUTE "|", "a mark joins what it comes behind" },
		{ "a" ACUTE "\001"
		  "x",
		  "x|a" ACUTE, "in front of a cluster" },
		{ ACUTE "\001"
		        "a",
		  "a" ACUTE "|", "a base before a lone mark joins it" },
		{ "one\033\rtwo", "one\ntwo|", "Alt-Enter breaks the line" },
		{ "a\xff\x80"
		  "b\xc3(\xe2\x82",
		  "ab(|", "what is no UTF-8 is no text" },
		{ "\033[99~\033[2~\033[6~\033OP\033[[Aa\033[1;2;3;4Xb", "ab|",
		  "unknown keys do nothing" },
		{ "a\033\033[Db", "b|a", "an Escape before a key does nothing" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fixture f;

		fixture_init(&f, 80, 24);
		OK(!fixture_keys(&f, rows[i].keys) && line_is(&f, rows[i].line), rows[i].name);
		fixture_release(&f);
	}
}

/* Each key arrives in single bytes, too. */
static void split_keys(void)
{
	static const char keys[] = "a" WIDE
				   "\033[Dx\033[1;5D\033[3~\033[200~p\rq\033[201~\xf0\x9f\x98\x80!";
	struct fixture whole, parts;
	size_t cursor;

	fixture_init(&whole, 80, 24);
	fixture_init(&parts, 80, 24);
	fixture_keys(&whole, keys);
	for (size_t i = 0; keys[i] != 0; i++) {
		char one[2] = { keys[i] };

		fixture_keys(&parts, one);
	}
	OK(view_equal(terminal_line(whole.t, &cursor), terminal_line(parts.t, &cursor)),
	   "keys whose bytes come one by one mean the same");
	OK(view_equal(terminal_line(whole.t, &cursor),
	              view_of_string("p\nq\xf0\x9f\x98\x80!x" WIDE)),
	   "namely this");
	fixture_release(&whole);
	fixture_release(&parts);
}

static void lines_and_signals(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	OK(fixture_keys(&f, "one\rtwo\n"), "Enter is an event");
	OK(event_is(&f, TERMINAL_LINE, "one"), "with the line");
	OK(line_is(&f, "|"), "which is empty then");
	OK(fixture_keys(&f, ""), "the next one waits");
	OK(event_is(&f, TERMINAL_LINE, "two"), "and comes");
	OK(!fixture_keys(&f, "half"), "no Enter, no event");
	OK(fixture_keys(&f, "\003"), "Ctrl-C is one");
	OK(event_is(&f, TERMINAL_INTERRUPT, "half"), "that says what it cleared");
	OK(line_is(&f, "|"), "the line is empty");
	OK(!fixture_keys(&f, "\031") && line_is(&f, "half|"), "and not lost: Ctrl-Y");
	OK(fixture_keys(&f, "\003") && fixture_keys(&f, "\003"), "Ctrl-C on an empty line");
	OK(event_is(&f, TERMINAL_INTERRUPT, ""), "says so");
	OK(fixture_keys(&f, "\004") && event_is(&f, TERMINAL_EOF, ""), "Ctrl-D on an empty line");
	OK(fixture_keys(&f, "\032") && event_is(&f, TERMINAL_SUSPEND, ""), "Ctrl-Z");
	fixture_release(&f);
}

static void waiting_lines(void)
{
	struct fixture f;
	struct terminal_event event;

	fixture_init(&f, 80, 24);
	terminal_input(f.t, view_of_string("one\rtwo"));
	OK(!terminal_next(f.t, false, &event), "Enter waits while no lines are wanted");
	OK(line_is(&f, "one|"), "the keys before it count");
	OK(terminal_next(f.t, true, &event), "then it comes");
	OK(!terminal_next(f.t, true, &event) && line_is(&f, "two|"), "and what was behind it");
	terminal_input(f.t, view_of_string("\rthree\rfour"));
	OK(!terminal_next(f.t, false, &event), "it waits again");
	terminal_input(f.t, view_of_string("\003five"));
	OK(terminal_next(f.t, false, &event), "Ctrl-C does not");
	OK(event.kind == TERMINAL_INTERRUPT, "it is an event");
	OK(!terminal_next(f.t, true, &event) && line_is(&f, "five|"), "what waited is dropped");
	fixture_release(&f);
}

static void pastes(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	OK(!fixture_keys(&f, "ab\033[D\033[200~1\r\n2\n3\r\033[201~"), "a paste sends nothing");
	OK(line_is(&f, "a1\n2\n3|b"), "its newlines stand in the line, but for the last");
	OK(fixture_keys(&f, "\r") && event_is(&f, TERMINAL_LINE, "a1\n2\n3b"), "Enter sends it");
	OK(!f.event.is_pasted, "it began with what was typed");
	OK(!fixture_keys(&f, "\033[200~/help\033[201~"), "one line");
	OK(fixture_keys(&f, "\r") && !f.event.is_pasted, "is as if it had been typed");
	OK(!fixture_keys(&f, "\033[200~/help\nis what it said\033[201~"), "several lines");
	OK(fixture_keys(&f, "\r") && f.event.is_pasted, "are marked as pasted");
	OK(!fixture_keys(&f, "\033[200~\003\004\032\t\033[A\177\033[201~"), "no key is in a paste");
	OK(line_is(&f, "\003\004\032\t\033[A\177|"), "it is text");
	fixture_keys(&f, "\025");
	OK(fixture_keys(&f, "x\033[200~1\n2\n3\n4\033[201~"), "a paste of many lines asks");
	OK(f.event.kind == TERMINAL_PASTE, "with its event");
	IS_U64(f.event.lines, 4, "that says how many");
	OK(view_equal(f.event.text, view_of_string("1\n2\n3\n4")), "and what");
	OK(line_is(&f, "x|"), "it is not in the line yet");
	terminal_ask(f.t, view_of_string("sure? "), false);
	OK(fixture_keys(&f, "yes\r") && f.event.was_asked, "a question may come between");
	terminal_paste(f.t, true);
	OK(line_is(&f, "x1\n2\n3\n4|"), "then it goes where the cursor was");
	OK(fixture_keys(&f, "\033[200~1\n2\n3\n4\033[201~"), "another");
	terminal_paste(f.t, false);
	terminal_paste(f.t, true);
	OK(line_is(&f, "x1\n2\n3\n4|"), "may be dropped, once and for all");
	fixture_release(&f);
}

static void large_pastes(void)
{
	struct fixture f;
	char piece[1000];
	struct terminal_event event;
	bool asked = false;

	memset(piece, 'x', sizeof piece - 1);
	piece[sizeof piece - 1] = '\n';
	fixture_init(&f, 80, 24);
	fixture_keys(&f, "draft");
	terminal_input(f.t, view_of_string("\033[200~"));
	for (unsigned i = 0; i < 10000; i++) {
		terminal_input(f.t, view_of(piece, sizeof piece));
		asked = terminal_next(f.t, true, &event) || asked;
	}
	OK(!asked, "ten thousand lines are taken");
	terminal_input(f.t, view_of_string("\033[201~"));
	OK(terminal_next(f.t, true, &event) && event.kind == TERMINAL_PASTE, "then asked about");
	IS_U64(event.lines, 10000, "all are counted");
	OK(event.is_too_large, "though they cannot go in");
	terminal_paste(f.t, true);
	OK(line_is(&f, "draft|"), "nothing of them does");
	fixture_release(&f);
}

static void unmarked_pastes(void)
{
	struct fixture f;
	struct terminal_event event;

	fixture_init(&f, 80, 24);
	OK(fixture_keys(&f, "one\rtwo\r"), "two lines at once are two lines");
	OK(fixture_keys(&f, "") && event_is(&f, TERMINAL_LINE, "two"), "as if they had been typed");
	OK(!fixture_keys(&f, "hello\r/quit\r\nthere\rlast"), "of more none is sent");
	OK(terminal_quiet_ms(f.t) > 0, "silence shows that it is all");
	terminal_input(f.t, view_of_string(" one\r"));
	OK(!terminal_next(f.t, true, &event), "what comes before it belongs to it");
	terminal_quiet(f.t);
	OK(terminal_next(f.t, true, &event) && event.kind == TERMINAL_PASTE,
	   "and then it is asked about, as a paste with marks is");
	IS_U64(event.lines, 4, "with the number of its lines");
	terminal_paste(f.t, true);
	OK(fixture_keys(&f, "\r") && event_is(&f, TERMINAL_LINE, "hello\n/quit\nthere\nlast one"),
	   "it can be sent as one");
	OK(f.event.is_pasted, "which is no command");
	OK(fixture_keys(&f, "/talk bob\rhello\rthere\r") &&
	           event_is(&f, TERMINAL_LINE, "/talk bob"),
	   "commands that a program writes are done");
	OK(fixture_keys(&f, "") && event_is(&f, TERMINAL_LINE, "hello") && fixture_keys(&f, "") &&
	           event_is(&f, TERMINAL_LINE, "there"),
	   "with what follows them");
	OK(!fixture_keys(&f, "/ta") && fixture_keys(&f, "lk bob\rhello\rthere\r") &&
	           event_is(&f, TERMINAL_LINE, "/talk bob"),
	   "also if they come in pieces");
	OK(fixture_keys(&f, "") && event_is(&f, TERMINAL_LINE, "hello") && fixture_keys(&f, "") &&
	           event_is(&f, TERMINAL_LINE, "there"),
	   "each line");
	OK(fixture_keys(&f, "1\r2\r3\r\033[200~x\033[201~\r"),
	   "where pastes have marks, what has none was typed");
	OK(event_is(&f, TERMINAL_LINE, "1"), "line by line");
	fixture_release(&f);
}

static void limits(void)
{
	struct terminal *t = terminal_new(&(struct terminal_options){ .line_size_max = 5 });
	struct terminal_event event;
	size_t cursor;

	terminal_input(t, view_of_string("1234"));
	terminal_next(t, true, &event);
	terminal_input(t, view_of_string("\xc3\xa9"));
	terminal_next(t, true, &event);
	IS_U64(terminal_line(t, &cursor).size, 4, "a character that would be cut stays out");
	terminal_input(t, view_of_string("5"));
	terminal_next(t, true, &event);
	terminal_input(t, view_of_string("6"));
	terminal_next(t, true, &event);
	OK(view_equal(terminal_line(t, &cursor), view_of_string("12345")),
	   "a line has its maximum");
	terminal_set_line(t, view_of_string("abcd\xc3\xa9"
	                                    "f"));
	OK(view_equal(terminal_line(t, &cursor), view_of_string("abcd")),
	   "what is set is cut between characters");
	terminal_set_line(t, view_of_string("a\xff"));
	OK(view_equal(terminal_line(t, &cursor), view_of_string("a\xef\xbf\xbd")),
	   "and made valid");
	IS_U64(terminal_room(t), TERMINAL_INPUT_SIZE_MAX, "there is room for input");
	terminal_input(t, view_of_string("\rx"));
	IS_U64(terminal_room(t), TERMINAL_INPUT_SIZE_MAX - 2, "less, until it is taken");
	terminal_free(t);
	terminal_free(NULL);
}

static void history(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	fixture_keys(&f, "\033[A");
	OK(line_is(&f, "|"), "nothing before the first line");
	terminal_history_add(f.t, view_of_string("one"));
	terminal_history_add(f.t, view_of_string("two"));
	terminal_history_add(f.t, view_of_string("two"));
	terminal_history_add(f.t, view_of_string(""));
	IS_U64(terminal_history_count(f.t), 2, "neither doubles nor empty lines are kept");
	fixture_keys(&f, "draft\033[A");
	OK(line_is(&f, "two|"), "Up is the last one");
	fixture_keys(&f, "\033p");
	OK(line_is(&f, "one|"), "Alt-P goes on");
	fixture_keys(&f, "\033[A");
	OK(line_is(&f, "one|"), "not beyond the first");
	fixture_keys(&f, "!\033[B");
	OK(line_is(&f, "two|"), "Down comes back");
	fixture_keys(&f, "\033n");
	OK(line_is(&f, "draft|"), "Alt-N to the line that was under way");
	fixture_keys(&f, "\033[A\033[A");
	OK(line_is(&f, "one!|"), "what was changed on the way is as it was left");
	OK(fixture_keys(&f, "\r") && event_is(&f, TERMINAL_LINE, "one!"),
	   "until a line is finished");
	fixture_keys(&f, "\033[A\033[A");
	OK(line_is(&f, "one|"), "then it is as it was before");
	for (unsigned i = 0; i < 9; i++) {
		char text[8];

		(void)snprintf(text, sizeof text, "l%u", i);
		terminal_history_add(f.t, view_of_string(text));
	}
	IS_U64(terminal_history_count(f.t), 5, "the oldest are forgotten");
	OK(view_equal(terminal_history_get(f.t, 0), view_of_string("l4")), "the others are there");
	terminal_ask(f.t, view_of_string("? "), false);
	fixture_keys(&f, "\033[A");
	OK(line_is(&f, "|"), "a question has no history");
	fixture_release(&f);
}

static bool goes(struct fixture *f, const char *keys, enum terminal_go go, unsigned number)
{
	return fixture_keys(f, keys) && event_is(f, TERMINAL_GO, "") && f->event.go == go &&
	       f->event.number == number && line_is(f, "half|");
}

static void other_conversations(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	fixture_keys(&f, "half");
	OK(goes(&f, "\016", GO_NEXT, 0), "Ctrl-N: to the next, and the line stays");
	OK(goes(&f, "\020", GO_PREVIOUS, 0), "Ctrl-P: to the one before");
	OK(goes(&f, "\033a", GO_NEW, 0), "Alt-A: to something new");
	OK(goes(&f, "\0331", GO_NUMBER, 1), "Alt-1: to the first");
	OK(goes(&f, "\0339", GO_NUMBER, 9), "Alt-9: to the ninth");
	OK(!fixture_keys(&f, "\0330") && line_is(&f, "half|"), "there is no Alt-0");
	terminal_ask(f.t, view_of_string("password: "), true);
	fixture_draw(&f);
	OK(!fixture_keys(&f, "\016\0331") && line_is(&f, "|"), "not during a question");
	fixture_draw(&f);
	IS_U64(f.screen.bells, 1, "which rings instead");
	fixture_release(&f);
}

static void fronts(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	terminal_replace(f.t, view_of_string("/reply "), view_of_string("/msg carol "));
	fixture_keys(&f, "/reply");
	OK(line_is(&f, "/reply|"), "the front is not whole");
	fixture_keys(&f, " ");
	OK(line_is(&f, "/msg carol |"), "when it is, it becomes another at once");
	terminal_replace(f.t, view_of_string("/reply "), view_of_string("/msg dave "));
	fixture_keys(&f, "yes");
	OK(fixture_keys(&f, "\r") && event_is(&f, TERMINAL_LINE, "/msg carol yes"),
	   "and stays that one, whatever changes meanwhile");
	fixture_keys(&f, "/reply at once");
	OK(line_is(&f, "/msg dave at once|"), "it may be typed as fast as one can");
	fixture_keys(&f, "\001/reply ");
	OK(line_is(&f, "/msg dave |/msg dave at once"), "it may be put in front of a text");
	fixture_keys(&f, "\025\013x /reply ");
	OK(line_is(&f, "x /reply |"), "it is nothing elsewhere");
	fixture_keys(&f, "\025\033[200~/reply pasted\033[201~");
	OK(line_is(&f, "/msg dave pasted|"), "a paste of one line is like typing");
	fixture_keys(&f, "\025\033[200~/reply a\rb\033[201~");
	OK(line_is(&f, "/reply a\nb|"), "one of several lines is a text");
	fixture_keys(&f, "\025");
	terminal_ask(f.t, view_of_string("? "), false);
	fixture_keys(&f, "/reply ");
	OK(line_is(&f, "/reply |"), "nor is it anything in an answer");
	terminal_ask_cancel(f.t);
	terminal_replace(f.t, view_of_string(""), view_of_string(""));
	fixture_keys(&f, "/reply x");
	OK(line_is(&f, "/reply x|"), "or if there is nothing to become");
	fixture_release(&f);
}

static void questions(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	fixture_keys(&f, "half a line\033[D");
	terminal_ask(f.t, view_of_string("password: "), true);
	OK(line_is(&f, "|"), "a question begins with an empty line");
	OK(fixture_keys(&f, "secret\027sec\t\033[200~ret\nmore\033[201~\r"), "it is answered");
	OK(event_is(&f, TERMINAL_LINE, "secret"), "a paste gives one line, Tab nothing");
	OK(f.event.was_asked, "the event says that it is an answer");
	OK(line_is(&f, "half a lin|e"), "the line is there again, and its cursor");
	fixture_keys(&f, "\031");
	OK(line_is(&f, "half a lin|e"), "of the secret nothing can be put back");
	terminal_ask(f.t, view_of_string("password: "), true);
	OK(fixture_keys(&f, "sec\003") && event_is(&f, TERMINAL_INTERRUPT, ""), "Ctrl-C ends it");
	OK(f.event.was_asked && line_is(&f, "half a lin|e"), "as an answer that is none");
	terminal_ask(f.t, view_of_string("sure? "), false);
	OK(fixture_keys(&f, "\004") && event_is(&f, TERMINAL_EOF, "") && f.event.was_asked,
	   "so does Ctrl-D");
	terminal_ask(f.t, view_of_string("one? "), false);
	fixture_keys(&f, "x");
	terminal_ask(f.t, view_of_string("two? "), false);
	OK(line_is(&f, "|"), "a second question replaces the first");
	terminal_ask_cancel(f.t);
	terminal_ask_cancel(f.t);
	OK(line_is(&f, "half a lin|e"), "a question may be withdrawn");
	terminal_input(f.t, view_of_string("early\r"));
	terminal_drop_input(f.t);
	terminal_ask(f.t, view_of_string("sure? "), false);
	OK(!fixture_keys(&f, "la") && line_is(&f, "la|"), "keys from before can be dropped");
	terminal_input(f.t, view_of_string("\033[200~ter\nq\r"));
	terminal_drop_input(f.t);
	OK(!fixture_keys(&f, "\033[201~") && line_is(&f, "later|"),
	   "but a paste stays whole, and sends nothing");
	fixture_release(&f);
}

static void completion(void)
{
	const struct view names[] = { view_of_string("alice"), view_of_string("albert"),
		                      view_of_string("bob") };
	const struct view letters[] = { view_of_string("\xc3\xa9"), view_of_string("\xc3\xa8") };
	struct fixture f;

	fixture_init(&f, 80, 24);
	OK(fixture_keys(&f, "/msg a rest\001\033f\033f\t"), "Tab is an event");
	OK(event_is(&f, TERMINAL_COMPLETE, "/msg a"), "with the line up to the cursor");
	IS_U64(f.event.word_offset, 5, "and where its last word begins");
	terminal_complete(f.t, f.event.serial, names, 2);
	OK(line_is(&f, "/msg al| rest"), "it becomes what the candidates agree on");
	fixture_keys(&f, "\t");
	terminal_complete(f.t, f.event.serial, names, 2);
	OK(line_is(&f, "/msg al| rest"), "and no more");
	fixture_draw(&f);
	OK(strstr(screen_window(&f.screen, 0, (char[SCREEN_TEXT_SIZE]){ 0 }), "alice   albert"),
	   "then they are listed");
	IS_U64(f.screen.bells, 1, "with a bell");
	fixture_keys(&f, "\t");
	terminal_complete(f.t, f.event.serial, names, 1);
	OK(line_is(&f, "/msg alice | rest"), "a single one is put in, and a blank");
	fixture_keys(&f, "b\t");
	fixture_keys(&f, "x");
	terminal_complete(f.t, f.event.serial, names + 2, 1);
	OK(line_is(&f, "/msg alice bx| rest"), "what comes too late does nothing");
	fixture_keys(&f, "\025\t");
	terminal_complete(f.t, f.event.serial, NULL, 0);
	OK(line_is(&f, "| rest"), "no candidate, no change");
	terminal_complete(f.t, f.event.serial, letters, 2);
	OK(line_is(&f, "| rest"), "no half characters");
	fixture_release(&f);
}

/* ---- against a plain editor ---- */

/* So many of its keys are texts, so that the line grows. */
enum { PLAIN_TEXTS = 14, PLAIN_KEYS = PLAIN_TEXTS + 13 };

struct plain {
	char clusters[400][8];
	unsigned count;
	unsigned cursor;
	char cut[400][8];
	unsigned cut_count;
};

static void plain_insert(struct plain *p, const char *cluster)
{
	memmove(p->clusters[p->cursor + 1], p->clusters[p->cursor], 8 * (p->count - p->cursor));
	strcpy(p->clusters[p->cursor++], cluster);
	p->count++;
}

static void plain_cut(struct plain *p, unsigned from, unsigned to)
{
	if (from < to) {
		memcpy(p->cut, p->clusters[from], 8 * (to - from));
		p->cut_count = to - from;
	}
	memmove(p->clusters[from], p->clusters[to], 8 * (p->count - to));
	p->count -= to - from;
	p->cursor = from;
}

static bool is_letter(const char *cluster)
{
	return cluster[0] != ' ' && cluster[0] != '.';
}

static unsigned plain_word_left(const struct plain *p)
{
	unsigned at = p->cursor;

	while (at > 0 && !is_letter(p->clusters[at - 1]))
		at--;
	while (at > 0 && is_letter(p->clusters[at - 1]))
		at--;
	return at;
}

static unsigned plain_word_right(const struct plain *p)
{
	unsigned at = p->cursor;

	while (at < p->count && !is_letter(p->clusters[at]))
		at++;
	while (at < p->count && is_letter(p->clusters[at]))
		at++;
	return at;
}

enum plain_place { LEFT, RIGHT, HOME, END, WORD_LEFT, WORD_RIGHT };

static unsigned plain_place(const struct plain *p, enum plain_place place)
{
	switch (place) {
	case LEFT:
		return p->cursor > 0 ? p->cursor - 1 : 0;
	case RIGHT:
		return p->cursor < p->count ? p->cursor + 1 : p->count;
	case HOME:
		return 0;
	case END:
		return p->count;
	case WORD_LEFT:
		return plain_word_left(p);
	case WORD_RIGHT:
		return plain_word_right(p);
	}
	return 0;
}

/* What is between the cursor and the place goes; it is kept, or not. */
static void plain_remove(struct plain *p, unsigned to, bool keeps)
{
	struct plain before = *p;

	plain_cut(p, to < p->cursor ? to : p->cursor, to < p->cursor ? p->cursor : to);
	if (keeps)
		return;
	memcpy(p->cut, before.cut, sizeof p->cut);
	p->cut_count = before.cut_count;
}

/* Does one key in both; a neutral key between, so that cuts stay apart. */
static void plain_key(struct plain *p, struct fixture *f, uint32_t which)
{
	static const char *const texts[] = {
		"a", "Z", " ", ".", WIDE, ACCENTED, "\xf0\x9f\x98\x80"
	};
	static const struct {
		const char *bytes;
		enum plain_place place;
		enum { MOVES, ERASES, CUTS } what;
	} keys[] = {
		{ "\033[D", LEFT, MOVES },     { "\033[C", RIGHT, MOVES },
		{ "\001", HOME, MOVES },       { "\005", END, MOVES },
		{ "\177", LEFT, ERASES },      { "\033[3~", RIGHT, ERASES },
		{ "\033b", WORD_LEFT, MOVES }, { "\033f", WORD_RIGHT, MOVES },
		{ "\013", END, CUTS },         { "\025", HOME, CUTS },
		{ "\033d", WORD_RIGHT, CUTS }, { "\033\177", WORD_LEFT, CUTS },
	};
	const char *text = texts[which % 7];
	uint32_t row = which - PLAIN_TEXTS;

	if (which < PLAIN_TEXTS && p->count < 300) {
		plain_insert(p, text);
		fixture_keys(f, text);
	}
	if (which < PLAIN_TEXTS)
		return;
	fixture_keys(f, "\033[99~");
	if (row == sizeof keys / sizeof keys[0]) {
		fixture_keys(f, "\031");
		for (unsigned i = 0; i < p->cut_count && p->count < 399; i++)
			plain_insert(p, p->cut[i]);
		return;
	}
	fixture_keys(f, keys[row].bytes);
	if (keys[row].what == MOVES)
		p->cursor = plain_place(p, keys[row].place);
	else
		plain_remove(p, plain_place(p, keys[row].place), keys[row].what == CUTS);
}

static bool plain_agrees(const struct plain *p, const struct fixture *f)
{
	static char want[4000];

	want[0] = 0;
	for (unsigned i = 0; i <= p->count; i++) {
		if (i == p->cursor)
			strcat(want, "|");
		if (i < p->count)
			strcat(want, p->clusters[i]);
	}
	return line_is(f, want);
}

static void against_plain_editor(void)
{
	unsigned wrong = 0;

	for (uint32_t seed = 1; seed <= 200 && wrong == 0; seed++) {
		static struct plain p;
		struct fixture f;
		uint32_t state = seed;

		memset(&p, 0, sizeof p);
		fixture_init(&f, 80, 24);
		for (unsigned step = 0; step < 300 && wrong == 0; step++) {
			state = state * 1664525 + 1013904223;
			if (p.count + p.cut_count >= 399)
				break;
			plain_key(&p, &f, (state >> 16) % PLAIN_KEYS);
			if (!plain_agrees(&p, &f)) {
				printf("# seed %u, step %u\n", seed, step);
				wrong++;
			}
		}
		fixture_release(&f);
	}
	IS_U64(wrong, 0, "any sequence of keys does what a plain editor does");
}

/* Whatever the bytes, the line is valid and nothing is lost of a room. */
static void any_bytes(void)
{
	struct fixture f;
	uint32_t state = 11;
	size_t cursor;

	fixture_init(&f, 33, 7);
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t byte;

		state = state * 1664525 + 1013904223;
		byte = (uint8_t)(state >> 24);
		if ((state >> 8) % 8 == 0)
			byte = (uint8_t) "\033[O~;1235d"[(state >> 12) % 10];
		terminal_input(f.t, view_of(&byte, 1));
		while (terminal_next(f.t, true, &f.event))
			if (f.event.kind == TERMINAL_LINE)
				terminal_history_add(f.t, f.event.text);
		if (i % 50 == 0)
			fixture_draw(&f);
		if (i % 1000 == 0)
			terminal_resize(f.t, state % 50, state % 13);
		ALWAYS(terminal_line(f.t, &cursor).size <= 4096, "the line has its maximum");
		/* Else the story of rows becomes long. */
		if (i % 5000 == 0) {
			screen_release(&f.screen);
			screen_init(&f.screen, 33, 7, true);
			terminal_redraw(f.t);
		}
	}
	OK(f.screen.unknown == 0, "random bytes as keys reach no state that draws wrongly");
	fixture_release(&f);
}

int main(void)
{
	motions();
	edits();
	split_keys();
	lines_and_signals();
	waiting_lines();
	pastes();
	large_pastes();
	unmarked_pastes();
	limits();
	history();
	other_conversations();
	fronts();
	questions();
	completion();
	against_plain_editor();
	any_bytes();
	return tap_done();
}
