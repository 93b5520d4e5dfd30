/* SPDX-License-Identifier: MIT
 *
 * Which lines hold passwords (chat/secret.h).
 */
#include "chat/secret.h"

#include "tests/lib/tap.h"

static void secrets(void)
{
	static const struct {
		const char *line;
		bool is_secret;
		bool asks;
	} rows[] = {
		{ "/login bob", false, true },
		{ "/login bob geheim", true, false },
		{ "  /login bob geheim", true, false },
		{ "/login --take-over bob", false, true },
		{ "/login --take-over bob geheim", true, false },
		{ "/create bob geheim", true, false },
		{ "/create bob --invite 01M8", true, true },
		{ "/create --invite 01M8 bob", true, true },
		{ "/create bob --invite 01M8 geheim", true, false },
		{ "/login bob -geheim", true, false },
		{ "/login bob --id", true, false },
		{ "/logni bob geheim", true, false },
		{ "/delete", false, true },
		{ "/msg bob geheim", false, false },
		{ "/all of you", false, false },
		{ "/help login", false, false },
		{ "login bob geheim", true, false },
		{ "/crate bob geheim", true, false },
		{ "/lgoin bob geheim", true, false },
		{ "/loginbob geheim neu", true, false },
		{ "/register bob geheim", true, false },
		{ "/identify geheim", true, false },
		{ "/password geheim", true, false },
		{ "/ login bob geheim", true, false },
		{ "//login bob geheim", true, false },
		{ "/login:bob:geheim", true, false },
		{ "\xc2\xa0/login bob geheim", true, false },
		{ "/login\xe3\x80\x80"
		  "bob\xe3\x80\x80geheim",
		  true, false },
		{ "/mgs bob geheim", false, false },
		{ "/mgs bob what a long story", false, false },
		{ "/etc/passwd is a path", false, false },
		{ "/srv/bob/notes.txt is where", false, false },
		{ "/nick bob", false, false },
		{ "login is broken", false, false },
		{ ">> bob: geheim oder nicht", false, false },
		{ "Deliver bob geheim", true, false },
		{ "Create bob geheim", true, false },
		{ "and login bob geheim", false, false },
		{ "", false, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct view line = view_of_string(rows[i].line);

		OK(secret_is_in(line) == rows[i].is_secret, rows[i].line);
		OK(secret_may_follow(line) == rows[i].asks, rows[i].line);
	}
}

static void next(void)
{
	static const struct {
		const char *line;
		enum secret_next next;
	} rows[] = {
		{ "/login", SECRET_NEXT_ANY },
		{ " /login bob", SECRET_NEXT_ANY },
		{ "/create bob", SECRET_NEXT_ANY },
		{ "/login bob geheim", SECRET_NEXT_NONE },
		{ "login bob", SECRET_NEXT_WORD },
		{ "/lgoin bob", SECRET_NEXT_WORD },
		{ "login bob geheim", SECRET_NEXT_NONE },
		{ "/talk bob", SECRET_NEXT_NONE },
		{ "/mgs bob", SECRET_NEXT_NONE },
		{ "good morning", SECRET_NEXT_NONE },
		{ "", SECRET_NEXT_NONE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		IS_U64(secret_next(view_of_string(rows[i].line)), rows[i].next, rows[i].line);
}

static bool knows(const struct secret_known *k, const char *text)
{
	return secret_is_known(k, view_of_string(text));
}

static void known(void)
{
	struct secret_known k;
	static const uint8_t key[SIPHASH_KEY_SIZE] = { 1, 2, 3 };
	char word[] = "password-0";

	secret_known_init(&k, key);
	OK(!knows(&k, "") && !knows(&k, "hunter2"), "nothing is known at first");
	secret_know(&k, view_of_string("hunter2"));
	secret_know(&k, view_of_string("pw"));
	secret_know(&k, view_of_string("cats"));
	secret_know(&k, view_of_string("a long story!"));
	secret_know(&k, view_of_string(""));
	OK(knows(&k, "hunter2") && knows(&k, " hunter2 "), "a password");
	OK(knows(&k, "HUNTER2"), "with the Caps Lock key");
	OK(knows(&k, "it is hunter2, I think"), "in a sentence");
	OK(knows(&k, "hunter2hunter2") && knows(&k, "xhunter2"), "twice, and behind another key");
	OK(!knows(&k, "hunter") && !knows(&k, "hunter 2"), "not half of it");
	OK(knows(&k, "cats") && knows(&k, "my cats.") && !knows(&k, "catsup"),
	   "a short one is a word");
	OK(knows(&k, "pw") && knows(&k, " pw!") && !knows(&k, "the pw"),
	   "a very short one is the whole line");
	OK(knows(&k, "so: A long story!"), "one of several words");
	for (int i = 0; i < SECRET_KNOWN_MAX; i++) {
		word[9] = (char)('0' + i);
		secret_know(&k, view_of_string(word));
	}
	OK(!knows(&k, "hunter2") && knows(&k, "password-0") && knows(&k, "password-7"),
	   "the oldest are forgotten");
	OK(memmem(&k, sizeof k, "password", 8) == NULL, "none can be read");
}

/* A part of a command that has a password, be it that of others, too. */
static void abbreviations(void)
{
	static const char *const lines[] = { "/logi ann pw", "/lo ann pw", "/l ann pw",
		                             "/c ann pw",    "/cr ann pw", "/crea ann pw" };

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		OK(secret_is_in(view_of_string(lines[i])), lines[i]);
	OK(!secret_is_in(view_of_string("/m ann pw")), "/m ann pw");
	OK(!secret_is_in(view_of_string("/h ann 20")), "/h ann 20");
}

int main(void)
{
	secrets();
	next();
	known();
	abbreviations();
	return tap_done();
}
