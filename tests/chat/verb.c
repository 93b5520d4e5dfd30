/* SPDX-License-Identifier: MIT
 *
 * The rows of the table of commands, and how they are found (chat/verb.h).
 */
#include "chat/verb.h"

#include "tests/lib/tap.h"

static void test_rows(void)
{
	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		const struct verb_row *row = verb_row(verb);

		ALWAYS(row->verb == verb, "a row stands in its place");
		ALWAYS(verb_find(view_of_string(row->name)) == row,
		       "a command is found by its name");
		ALWAYS((row->needed & row->optional) == 0, "what is needed is not optional");
		ALWAYS((row->asked & (uint16_t)~row->needed) == 0, "what is asked for is needed");
		ALWAYS(row->summary[0] != 0, "each command says what it does");
	}
	OK(verb_row(VERB_TEXT) == NULL, "plain text is no row");
	OK(verb_find(view_of_string("ms")) == NULL, "half a command is none");
}

static const char *nearest(const char *wrong)
{
	const struct verb_row *row = verb_nearest(view_of_string(wrong));

	return row == NULL ? "" : row->name;
}

static void test_nearest(void)
{
	IS_STRING(nearest("mgs"), "msg", "letters that changed places are one mistake");
	IS_STRING(nearest("lst"), "list", "a letter that is missing");
	IS_STRING(nearest("LOGIN"), "login", "capital letters");
	IS_STRING(nearest("crea"), "create", "the beginning of a command");
	IS_STRING(nearest("replica"), "replicas", "nearly all of it");
	IS_STRING(nearest("whisper"), "msg", "what others call it");
	IS_STRING(nearest("exit"), "quit", "and how they leave");
	IS_STRING(nearest("xyzzy"), "", "nothing is near this");
	IS_STRING(nearest(""), "", "nor nothing");
}

static void test_foreign(void)
{
	static const char *const lines[] = { "bob-> hi", "bob -> hi", "bob->hi", "send bob hi",
		                             "LA",       "C",         "Q",       "help",
		                             "a-b-> hi", "quit" };

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		OK(verb_foreign(view_of_string(lines[i])) != NULL, lines[i]);
	OK(verb_foreign(view_of_string("hello you")) == NULL, "a greeting is of no program");
}

static const char *typed(const char *word)
{
	const struct verb_row *row = verb_typed(view_of_string(word));

	return row == NULL ? "" : row->name;
}

static void test_typed(void)
{
	for (enum verb verb = 0; verb < VERB_TEXT; verb++)
		ALWAYS(verb_typed(view_of_string(verb_row(verb)->name)) == verb_row(verb),
		       "a whole name is its own command, whatever begins like it");
	IS_STRING(typed("m"), "msg", "a part that fits one command");
	IS_STRING(typed("q"), "quit", "another");
	IS_STRING(typed("w"), "wait", "one that does nothing");
	IS_STRING(typed("l"), "", "one that fits several");
	IS_STRING(typed("d"), "", "what cannot be undone is not abbreviated");
	IS_STRING(typed("delet"), "", "not by a letter");
	IS_STRING(typed("al"), "", "nor is what reaches everybody");
	IS_STRING(typed("msgs"), "", "more than a name is none");
	IS_STRING(typed("M"), "", "case counts");
	IS_STRING(typed(""), "", "nothing is none");
}

int main(void)
{
	test_rows();
	test_typed();
	test_nearest();
	test_foreign();
	return tap_done();
}
