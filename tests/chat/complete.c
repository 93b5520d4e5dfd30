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
	kind_is("/set w", COMPLETE_SETTING, 5);
	kind_is("/set wrap t", COMPLETE_VALUE, 10);
	kind_is("/bell o", COMPLETE_VALUE, 6);
	kind_is("/nothing m", COMPLETE_NOTHING, 9);
	kind_is("a plain lin", COMPLETE_NOTHING, 8);
}

/* What Tab offers at the end of this line, with commas. */
static const char *offered(const char *line)
{
	static char text[512];
	const char *blank = strrchr(line, ' ');
	size_t word = blank == NULL ? 0 : (size_t)(blank + 1 - line);
	struct complete_words words;
	size_t offset;
	size_t size = 0;

	text[0] = 0;
	complete_words(complete_kind(view_of_string(line), word, &offset), view_of_string(line),
	               word, &words);
	for (size_t i = 0; i < words.count; i++)
		size += (size_t)snprintf(text + size, sizeof text - size, "%s%.*s",
		                         i == 0 ? "" : ",", (int)words.words[i].size,
		                         (const char *)words.words[i].data);
	return text;
}

static void words(void)
{
	IS_STRING(offered("/log"), "/login,/logout,/log", "commands that begin so");
	IS_STRING(offered("/msg"), "/msg", "one that is whole");
	IS_STRING(offered("/help msg"), "msg", "a topic has no slash");
	IS_STRING(offered("/help ke"), "keys", "the keys are one");
	IS_STRING(offered("/x"), "", "nothing begins with x");
	IS_STRING(offered("/set w"), "wrap", "a setting");
	IS_STRING(offered("/set wrap "), "words,terminal", "its values");
	IS_STRING(offered("/set wrap t"), "terminal", "one of them");
	IS_STRING(offered("/set nothing t"), "", "none, if there is no such setting");
	IS_STRING(offered("/set user a"), "", "a name is not among the choices");
	IS_STRING(offered("/set wrap words "), "", "nothing follows a value");
	IS_STRING(offered("/bell o"), "off,on",
	          "a command that sets has the values of its setting");
}

int main(void)
{
	kinds();
	words();
	return tap_done();
}
