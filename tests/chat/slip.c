/* SPDX-License-Identifier: MIT
 *
 * Texts that were meant as commands, and sentences (chat/slip.h, chat/look.h).
 */
#include "chat/slip.h"

#include "chat/look.h"
#include "tests/lib/tap.h"

static const char *const lines[] = {
	"login alice hunter2",
	"create alice hunter2",
	"login --take-over alice hunter2",
	"Login alice hunter2",
	"LOGIN ALICE HUNTER2",
	"login alice secret",
	"  login alice secret  ",
	"log-in alice secret",
	"login: alice secret",
	"login:alice:secret",
	"login=alice,secret",
	"login alice hun:ter2",
	"lgoin alice hunter2",
	"logn alice hunter2",
	"craete alice hunter2",
	"7login alice hunter2",
	".login alice hunter2",
	"7login alice secret",
	"-login alice secret",
	"l/ogin alice secret",
	"x/login alice secret",
	"hello/login alice secret",
	"register alice secret",
	"signin alice secret",
	"signup alice secret",
	"password hunter2",
	"password: hunter2",
	"password secret",
	"password hunter2 hunter3",
	"pw secret",
	"passwd secret",
	"identify secret",
	"auth secret",
	"login is hunter2",
	"\\login alice secret",
	"\xef\xbc\x8flogin alice secret",
	"\xe2\x88\x95login alice secret",
	"\xe2\x81\x84login alice secret",
	"\xef\xbc\x8fmsg bob hi",
	"\\talk bob",
	"\xef\xbd\x8c\xef\xbd\x8f\xef\xbd\x87\xef\xbd\x89\xef\xbd\x8e\xe3\x80\x80"
	"alice\xe3\x80\x80secret",
	"log\xe2\x80\x8bin alice secret",
	"login\xc2\xa0"
	"alice\xc2\xa0secret",
	"/login alice secret",
	"/ login alice secret",
	"// login alice secret",
	">> bob: hi",
	"Delete bob secret",
	"Deliver bob secret",
};

static const char *const sentences[] = {
	"",
	" ",
	"hi",
	"help",
	"check",
	"Q",
	"login",
	"create",
	"send me the tickets please",
	"send bob hi",
	"p->next is NULL",
	"bob -> hi",
	">> you said that",
	"login is broken",
	"login page down",
	"the login alice hunter2",
	"create a ticket",
	"create something nice!",
	"created two rooms",
	"logic is sound",
	"logins are down",
	"login as alice with hunter2",
	"password please",
	"password is wrong",
	"pass me it",
	"password",
	"Delete this line",
	"delete old logs",
	"\\o/",
	"\\item one two",
	"and/or it",
	"1/2 of it",
	"/ is the root",
	"/etc/passwd is a path",
	"type /login NAME PASSWORD to log in",
	"\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
	"\xef\xbc\x8f \xe3\x81\xaf",
};

static void slips(void)
{
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		OK(slip_meant(view_of_string(lines[i])) != NULL, lines[i]);
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
		OK(slip_meant(view_of_string(sentences[i])) == NULL, sentences[i]);
}

/* A blank or a mark of any kind, and many of them, before and within. */
static void blanks(void)
{
	static const char *const marks[] = {
		" ",
		"\t",
		"\xc2\xa0",
		"\xc2\xad",
		"\xe1\x9a\x80",
		"\xe2\x80\x80",
		"\xe2\x80\x83",
		"\xe2\x80\x8b",
		"\xe2\x80\x8c",
		"\xe2\x80\x8d",
		"\xe2\x80\x8e",
		"\xe2\x80\x8f",
		"\xe2\x80\xa8",
		"\xe2\x80\xae",
		"\xe2\x80\xaf",
		"\xe2\x81\x9f",
		"\xe2\x81\xa0",
		"\xe2\x81\xa6",
		"\xe2\xa0\x80",
		"\xe3\x80\x80",
		"\xe3\x85\xa4",
		"\xef\xb8\x8f",
		"\xef\xbb\xbf",
		"\xef\xbe\xa0",
		"\xf3\xa0\x80\xa0",
	};

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		char line[64];
		struct view rest;

		(void)snprintf(line, sizeof line, "%s%s%slogin alice secret", marks[i],
		               marks[(i + 7) % 25], marks[i]);
		rest = view_of_string(line);
		ALWAYS(slip_meant(rest) != NULL, "what is not seen hides no log-in");
		look_skip_blanks(&rest);
		ALWAYS(view_equal(rest, view_of_string("login alice secret")), "and is taken away");
		(void)snprintf(line, sizeof line, "/login%salice", marks[i]);
		if (i != 0)
			ALWAYS(look_first_word(view_of_string(line)).size <= strlen(line),
			       "a word has an end");
	}
	OK(true, "blanks and marks of 25 kinds");
}

static void random_bytes(void)
{
	uint32_t state = 3;
	unsigned found = 0;

	for (unsigned round = 0; round < 200000; round++) {
		uint8_t line[40];
		size_t size;

		for (size = 0; size < sizeof line; size++) {
			state = state * 1664525 + 1013904223;
			line[size] = (uint8_t)(state >> 24);
			if ((state >> 8) % 3 > 0)
				line[size] =
					(uint8_t) "login create//: \xef\xbc\x8f\xc2\xa0-> pass2"
						[(state >> 12) % 29];
		}
		size = state % sizeof line;
		found += slip_meant(view_of(line, size)) != NULL;
		found += slip_is_log_in(view_of(line, size));
	}
	OK(found > 0, "random bytes are looked at, and some are slips");
}

int main(void)
{
	slips();
	blanks();
	random_bytes();
	return tap_done();
}
