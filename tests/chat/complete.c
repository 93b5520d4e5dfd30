/* SPDX-License-Identifier: MIT
 *
 * What belongs where in a line (chat/complete.h).
 */
#include "chat/complete.h"

#include "tests/lib/tap.h"

static void kind_is(const char *line, enum complete_kind kind, size_t name_offset)
{
	const char *blank = strrchr(line, ' ');
	size_t word = blank == NULL ? 0 : (size_t)(blank + 1 - line);
	size_t offset;
	bool right = complete_kind(view_of_string(line), word, &offset) == kind;

	OK(right && offset == name_offset, line);
}

static void kinds(void)
{
	kind_is("", COMPLETE_NOTHING, 0);
	kind_is("/", COMPLETE_COMMAND, 0);
	kind_is("/m", COMPLETE_COMMAND, 0);
	kind_is("m", COMPLETE_NOTHING, 0);
	kind_is("/msg ", COMPLETE_NAME, 5);
	kind_is("/msg bo", COMPLETE_NAME, 5);
	kind_is("/msg ann,bob,c", COMPLETE_NAME, 13);
	kind_is("/msg bob hel", COMPLETE_NOTHING, 9);
	kind_is("/talk b", COMPLETE_NAME, 6);
	kind_is("/login --take-over b", COMPLETE_NAME, 19);
	kind_is("/login bob p", COMPLETE_NOTHING, 11);
	kind_is("/create b", COMPLETE_NOTHING, 8);
	kind_is("/list a", COMPLETE_NAME, 6);
	kind_is("/history b", COMPLETE_NAME, 9);
	kind_is("/history bob 2", COMPLETE_NOTHING, 13);
	kind_is("/help m", COMPLETE_TOPIC, 6);
	kind_is("/nothing m", COMPLETE_NOTHING, 9);
	kind_is("a plain lin", COMPLETE_NOTHING, 8);
}

static void commands(void)
{
	struct complete_commands c;

	complete_commands(COMPLETE_COMMAND, view_of_string("/l"), &c);
	IS_U64(c.count, 4, "/login, /logout, /list, /log");
	complete_commands(COMPLETE_COMMAND, view_of_string("/msg"), &c);
	OK(c.count == 1 && view_equal(c.words[0], view_of_string("/msg")), "/msg");
	complete_commands(COMPLETE_TOPIC, view_of_string("msg"), &c);
	OK(c.count == 1 && view_equal(c.words[0], view_of_string("msg")), "a topic has no slash");
	complete_commands(COMPLETE_COMMAND, view_of_string("/x"), &c);
	IS_U64(c.count, 0, "nothing begins with x");
}

int main(void)
{
	kinds();
	commands();
	return tap_done();
}
