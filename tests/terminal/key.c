/* SPDX-License-Identifier: MIT
 *
 * What a terminal sends that no finger has pressed: its answers, whole and in pieces, and pastes
 * that do not end (terminal/key.h, and the states of terminal/terminal.h).
 */
#include "tests/terminal/fixture.h"

/* Keys, then silence. */
static void silence(struct fixture *f)
{
	while (terminal_quiet_ms(f->t) > 0) {
		terminal_quiet(f->t);
		while (terminal_next(f->t, true, &f->event))
			f->events++;
	}
}

struct answer {
	const char *keys;
	const char *line;
	const char *name;
};

static void check_answers(const struct answer *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fixture f;

		fixture_init(&f, 80, 24);
		(void)fixture_keys(&f, rows[i].keys);
		silence(&f);
		OK(f.events == 0 && line_is(&f, rows[i].line), rows[i].name);
		fixture_release(&f);
	}
}

static void answers(void)
{
	static const struct answer rows[] = {
		{ "a\033]11;rgb:1e1e/1e1e/1e1e\033\\b", "ab|", "a colour" },
		{ "a\033]4;1;rgb:cccc/0000/0000\007b", "ab|", "ended by BEL" },
		{ "a\033]lname of the window\033\\b", "ab|", "a title" },
		{ "a\033P1+r436f=323536\033\\b", "ab|", "a capability" },
		{ "a\033P>|XTerm(390)\033\\b", "ab|", "a version" },
		{ "a\033P!|00000000\033\\b", "ab|", "an identity" },
		{ "a\033_Gi=31;OK\033\\b", "ab|", "a picture" },
		{ "a\033_anything at all\033\\b", "ab|", "APC" },
		{ "a\033^private\007b", "ab|", "PM" },
		{ "a\033Xstring\033\\b", "ab|", "SOS" },
		{ "a\033Pqletters\033\\b", "ab|", "DCS that begins with a letter" },
		{ "a\033]\033\\b", "ab|", "an empty one" },
		{ "a\033[?62;1;6cb", "ab|", "a device's attributes" },
		{ "a\033[?64;1;2;6;9;15;16;17;18;21;22;28;29;31;42;44;46cb", "ab|",
		  "of a device with many" },
		{ "a\033[12;40Rb", "ab|", "where the cursor stands" },
		{ "a\033[8;24;80tb", "ab|", "the window's size" },
		{ "a\033[?2026;2$yb", "ab|", "a mode" },
		{ "a\033[Ib\033[O", "ab|", "the window is looked at, or not" },
		{ "a\033[M !!b", "ab|", "the oldest mouse" },
		{ "a\033[M#\xc2\xa1\xc3\xbf"
		  "b",
		  "ab|", "the same in a wide window" },
		{ "a\033[<0;12;7Mb\033[<0;12;7m", "ab|", "the newest" },
		{ "a\033[32;12;7Mb", "ab|", "one between" },
		{ "a\033]11;rgb:1e\033[200~p\033[201~b", "apb|", "a paste breaks an answer off" },
		{ "a\033]11;rgb:1e\033]11;rgb:1e\007b", "ab|", "so does another answer" },
		{ "a\033]11;rgb:1e\002b", "b|a", "so does a control key, which counts" },
		{ "a\033Please\033[D", "aleas|e", "Escape, then a word: what was typed is there" },
		{ "\033]", "|", "Escape, then nothing more of it" },
		{ "a\033Xyz", "ayz|", "Escape, then a word, then nothing more" },
		{ "a\033]11;rgb:1e", "a|", "an answer that does not end" },
		{ "a\\b\033\\c", "a\\bc|", "the end of one that was not seen" },
	};

	check_answers(rows, sizeof rows / sizeof rows[0]);
}

/* With one character in the place of an Escape and another one. */
static void answers_of_c1(void)
{
	static const struct answer rows[] = {
		{ "a\x9d"
		  "11;rgb:1e1e/1e1e/1e1e\x9c"
		  "b",
		  "ab|", "a colour, in the form of 8 bits" },
		{ "a\xc2\x9d"
		  "11;rgb:1e1e/1e1e/1e1e\xc2\x9c"
		  "b",
		  "ab|", "the same as UTF-8" },
		{ "a\x90>|XTerm(390)\033\\b", "ab|", "a version, with another end" },
		{ "\x90$\xf2/", "|", "one that does not end, with half a character in it" },
		{ "a\033P>|XTerm(390)\x9c"
		  "b",
		  "ab|", "and the other way" },
		{ "a\x9bprivate\x9e"
		  "of one\x9c"
		  "b\xc2\x98string\x9c\x9fGi=1\x07",
		  "arivateb|", "CSI of 8 bits, PM, SOS and APC" },
		{ "a\x9b?62;1;6cb\xc2\x9b?62;1;6c", "ab|", "attributes" },
		{ "ab\xc2\x9b"
		  "D\x8f"
		  "Dx",
		  "x|ab", "keys" },
		{ "a\xc2\x85\x85\xc2\x9c\x9c"
		  "b",
		  "ab|", "others have no key" },
		{ "a\x9d"
		  "l\xc4\x9c name\x9c"
		  "b",
		  "ab|", "an end is none within a character" },
		{ "a\x9e"
		  "yz",
		  "ayz|", "a byte of another encoding, then a word, then nothing more" },
		{ "a\xc4\x9c\xe2\x80\x9c", "a\xc4\x9c\xe2\x80\x9c|", "letters have such bytes" },
	};

	check_answers(rows, sizeof rows / sizeof rows[0]);
}

static void answers_in_time(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	fixture_keys(&f, "a\033]11;rgb:1e1e");
	OK(terminal_quiet_ms(f.t) >= 1000, "the rest of an answer may take a while");
	fixture_keys(&f, "/1e1e/1e1e\033");
	fixture_keys(&f, "\\b");
	OK(line_is(&f, "ab|") && terminal_quiet_ms(f.t) == 0, "it comes in parts");
	fixture_keys(&f, "\033]52;c;");
	silence(&f);
	fixture_keys(&f, "c");
	OK(line_is(&f, "abc|"), "after silence keys count again");
	fixture_keys(&f, "\033Plea");
	OK(terminal_quiet_ms(f.t) > 0 && line_is(&f, "abc|"), "what may be an answer waits");
	fixture_keys(&f, "se\r");
	OK(event_is(&f, TERMINAL_LINE, "abclease"), "Enter tells that it was typed");
	terminal_ask(f.t, view_of_string("password: "), true);
	fixture_keys(&f, "se\033]11;rgb:1e1e/1e1e/1e1e\033\\cret\r");
	OK(event_is(&f, TERMINAL_LINE, "secret"), "a password does not contain an answer");
	fixture_release(&f);
}

/* Answers of all kinds among letters, in pieces of any size. */
static void random_answers(void)
{
	static const char *const fronts[] = { "\033]11;",
		                              "\033P1+r",
		                              "\033_G",
		                              "\033^",
		                              "\033X",
		                              "\033_a",
		                              "\033]4",
		                              "\033P|",
		                              "\x9d"
		                              "11;",
		                              "\xc2\x90"
		                              "1+r",
		                              "\x9f"
		                              "Ga",
		                              "\xc2\x98",
		                              "\033[?",
		                              "\x9b?",
		                              "\xc2\x9b?" };
	static const char *const ends[] = { "\033\\", "\007", "\x9c", "\xc2\x9c" };
	const unsigned csi = 12; /* from here on */
	uint32_t state = 5;

	for (unsigned round = 0; round < 3000; round++) {
		struct fixture f;
		char sent[512];
		char want[64] = "";
		size_t size = 0;
		bool was_as_wanted;

		for (unsigned part = 0; part < 6; part++) {
			unsigned which;

			state = state * 1664525 + 1013904223;
			which = (state >> 24) % 15;
			want[part] = sent[size++] = (char)('a' + part);
			size += (size_t)sprintf(sent + size, "%s", fronts[which]);
			for (unsigned i = 0; i < (state >> 16) % 30; i++)
				sent[size++] = which >= csi ? "0;1"[i % 3]
				                            : (char)(' ' + (i + state) % 90);
			size += (size_t)sprintf(sent + size, "%s",
			                        which >= csi ? "c" : ends[(state >> 12) % 4]);
		}
		fixture_init(&f, 80, 24);
		for (size_t at = 0; at < size;) {
			size_t piece;

			state = state * 1664525 + 1013904223;
			piece = 1 + (state >> 24) % 40;
			piece = piece < size - at ? piece : size - at;
			terminal_input(f.t, view_of(sent + at, piece));
			while (terminal_next(f.t, true, &f.event))
				f.events++;
			at += piece;
		}
		strcat(want, "|");
		was_as_wanted = f.events == 0 && line_is(&f, want);
		fixture_release(&f);
		if (!was_as_wanted) {
			OK(false, "nothing of an answer lands in the line");
			return;
		}
	}
	OK(true, "nothing of 18000 answers lands in the line");
}

static void open_pastes(void)
{
	struct fixture f;

	fixture_init(&f, 80, 24);
	fixture_keys(&f, "\033[200~never en");
	OK(line_is(&f, "|") && terminal_quiet_ms(f.t) >= 1000, "a paste may take a while");
	fixture_keys(&f, "ds");
	silence(&f);
	OK(line_is(&f, "never ends|"), "silence ends it");
	fixture_keys(&f, "\025\033[200~cut\033[20");
	silence(&f);
	fixture_keys(&f, "/x");
	OK(line_is(&f, "cut/x|"), "half the mark of its end is no key");

	fixture_keys(&f, "\025\033[200~one\r");
	silence(&f);
	OK(!fixture_keys(&f, "two\rthree\r") && line_is(&f, "one|"), "its rest is no key");
	silence(&f);
	OK(line_is(&f, "onetwo\nthree|"), "and sends nothing");
	OK(fixture_keys(&f, "\r") && fixture_keys(&f, "a\rb\r"), "after an Enter lines are typed");
	fixture_release(&f);

	fixture_init(&f, 80, 24);
	fixture_keys(&f, "\033[200~1\n2\n3\n4\n5\003");
	OK(terminal_quiet_ms(f.t) > 0 && terminal_quiet_ms(f.t) < 1000, "Ctrl-C is soon a key");
	OK(!fixture_keys(&f, "6"), "unless more comes");
	fixture_keys(&f, "\003\003");
	terminal_quiet(f.t);
	OK(terminal_next(f.t, true, &f.event) &&
	           event_is(&f, TERMINAL_INTERRUPT, "1\n2\n3\n4\n5\0036"),
	   "it ends the paste and asks nothing");
	OK(terminal_next(f.t, true, &f.event) && event_is(&f, TERMINAL_INTERRUPT, ""),
	   "the second one counts, too");
	OK(!fixture_keys(&f, "\031") && line_is(&f, "1\n2\n3\n4\n5\0036|"), "Ctrl-Y has the paste");
	terminal_ask(f.t, view_of_string("password: "), true);
	fixture_keys(&f, "\033[200~sec");
	silence(&f);
	OK(fixture_keys(&f, "ret\r") && event_is(&f, TERMINAL_LINE, "secret"),
	   "the same in an answer");
	fixture_release(&f);
}

int main(void)
{
	answers();
	answers_of_c1();
	answers_in_time();
	random_answers();
	open_pastes();
	return tap_done();
}
