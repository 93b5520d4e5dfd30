/* SPDX-License-Identifier: MIT
 *
 * With whom one talks (chat/conversation.h): what is new where, and how one moves.
 */
#include "chat/conversation.h"

#include "tests/lib/tap.h"

#include <stdio.h>

static struct conversations c;

static struct view name_of(const char *text)
{
	return view_of_string(text);
}

/* All of them, as "bob carol:3 *dave": * stands before the current one. */
static const char *all(void)
{
	static char text[512];
	size_t size = 0;

	text[0] = 0;
	for (size_t i = 0; i < c.count; i++) {
		size += (size_t)snprintf(text + size, sizeof text - size, "%s%s%s",
		                         i == 0 ? "" : " ", i == c.current ? "*" : "",
		                         c.all[i].name);
		if (c.all[i].unread > 0)
			size += (size_t)snprintf(text + size, sizeof text - size, ":%ju",
			                         (uintmax_t)c.all[i].unread);
	}
	return text;
}

static void came(const char *from, unsigned count)
{
	while (count-- > 0)
		conversation_came(&c, name_of(from));
}

static void test_counts(void)
{
	conversation_init(&c);
	OK(conversation_current(&c).size == 0, "at first there is none");
	OK(conversation_last(&c).size == 0, "and nobody has written");
	conversation_wrote(&c, name_of("ann"));
	IS_STRING(all(), "ann", "whom one writes to first is the first");
	conversation_clear(&c);
	came("carol", 3);
	came("dave", 1);
	IS_STRING(all(), "carol:3 dave:1", "who writes begins one, which counts what is new");
	conversation_talk(&c, name_of("bob"));
	IS_STRING(all(), "carol:3 dave:1 *bob", "one that is chosen is the current one");
	came("bob", 2);
	IS_STRING(all(), "carol:3 dave:1 *bob", "what comes there is not counted");
	OK(view_equal(conversation_last(&c), name_of("bob")), "but known to be the last");
	IS_U64(conversation_unread(&c), 4, "the others have four together");
	conversation_wrote(&c, name_of("carol"));
	IS_STRING(all(), "carol dave:1 *bob", "who is answered has nothing new");
	conversation_wrote(&c, name_of("eve"));
	IS_STRING(all(), "carol dave:1 *bob eve", "who is written to begins one");
	conversation_talk(&c, name_of("dave"));
	IS_STRING(all(), "carol *dave bob eve", "whom one goes to has nothing new");
	IS_U64(conversation_find(&c, name_of("dave"))->unread, 0, "as one finds it");
	OK(conversation_find(&c, name_of("dav")) == NULL, "half a name finds nothing");
	conversation_talk(&c, name_of(""));
	IS_STRING(all(), "carol dave bob eve", "one may talk to nobody");
	came("Bob", 1);
	OK(view_equal(conversation_last(&c), name_of("Bob")), "the last is who wrote last");
	conversation_clear(&c);
	IS_STRING(all(), "", "all is forgotten");
	OK(conversation_last(&c).size == 0, "with who wrote last");
}

static void test_moves(void)
{
	OK(!conversation_move(&c, CONVERSATION_NEXT, 0), "there is nowhere to go");
	OK(!conversation_move(&c, CONVERSATION_PREVIOUS, 0), "nor back");
	OK(!conversation_move(&c, CONVERSATION_NEW, 0), "nor to something new");
	OK(!conversation_move(&c, CONVERSATION_NUMBER, 1), "nor to a number");
	came("ann", 1);
	came("bob", 1);
	came("carol", 1);
	OK(conversation_move(&c, CONVERSATION_NEXT, 0), "from nowhere");
	IS_STRING(all(), "*ann bob:1 carol:1", "the next is the first");
	OK(conversation_move(&c, CONVERSATION_PREVIOUS, 0), "before the first");
	IS_STRING(all(), "ann bob:1 *carol", "is the last");
	OK(conversation_move(&c, CONVERSATION_NEXT, 0), "behind the last");
	IS_STRING(all(), "*ann bob:1 carol", "is the first");
	OK(conversation_move(&c, CONVERSATION_NUMBER, 3), "a number");
	IS_STRING(all(), "ann bob:1 *carol", "is one's place");
	OK(!conversation_move(&c, CONVERSATION_NUMBER, 3), "one is there already");
	OK(!conversation_move(&c, CONVERSATION_NUMBER, 4), "there is no fourth");
	OK(!conversation_move(&c, CONVERSATION_NUMBER, 0), "and no number 0");
	came("ann", 2);
	OK(conversation_move(&c, CONVERSATION_NEW, 0), "something new");
	IS_STRING(all(), "*ann bob:1 carol", "is looked for behind the current one");
	OK(conversation_move(&c, CONVERSATION_NEW, 0), "once more");
	IS_STRING(all(), "ann *bob carol", "and there is the other");
	OK(!conversation_move(&c, CONVERSATION_NEW, 0), "then nothing is new");
	IS_STRING(all(), "ann *bob carol", "and one stays");
	conversation_talk(&c, name_of(""));
	OK(conversation_move(&c, CONVERSATION_PREVIOUS, 0), "from nowhere back");
	IS_STRING(all(), "ann bob *carol", "is the last one");
	conversation_clear(&c);
	came("ann", 1);
	OK(conversation_move(&c, CONVERSATION_NEXT, 0) && c.current == 0, "the only one");
	OK(!conversation_move(&c, CONVERSATION_NEXT, 0), "has no next");
	OK(!conversation_move(&c, CONVERSATION_PREVIOUS, 0), "and none before it");
	conversation_clear(&c);
}

static const char *numbered(unsigned number)
{
	static char name[16];

	(void)snprintf(name, sizeof name, "n%04u", number);
	return name;
}

/* There are as many as there may be, from n0000 on, all with something new. */
static void fill(void)
{
	conversation_clear(&c);
	for (unsigned i = 0; i < CONVERSATION_COUNT_MAX; i++)
		came(numbered(i), 1);
}

static bool is_there(unsigned number)
{
	return conversation_find(&c, name_of(numbered(number))) != NULL;
}

static void test_bound(void)
{
	fill();
	IS_U64(c.count, CONVERSATION_COUNT_MAX, "so many there may be");
	conversation_wrote(&c, name_of(numbered(500)));
	conversation_wrote(&c, name_of(numbered(400)));
	conversation_talk(&c, name_of(numbered(700)));
	came("one more", 1);
	IS_U64(c.count, CONVERSATION_COUNT_MAX, "they do not become more");
	OK(!is_there(500), "the one without anything new that was used longest ago goes");
	OK(is_there(400), "one that was used later stays");
	OK(view_equal(conversation_current(&c), name_of("n0700")), "the current one is the same");
	came("another", 1);
	OK(!is_there(400), "then it is that one's turn");
	came("the next", 1);
	OK(!is_there(0), "if all have something new, the one that was used longest ago goes");
	OK(is_there(1) && is_there(700), "no other one, and not the current one");

	fill();
	conversation_talk(&c, name_of(numbered(0)));
	came(numbered(1), 1);
	conversation_wrote(&c, name_of(numbered(1)));
	conversation_talk(&c, name_of("new"));
	OK(is_there(1), "whoever wrote last stays, to be answered");
	OK(!is_there(0), "the one before that goes");
	OK(view_equal(conversation_current(&c), name_of("new")), "and the new one is current");
	conversation_clear(&c);
}

static const char *listed(void)
{
	static char text[CONVERSATION_LIST_SIZE];

	conversation_list(&c, text);
	return text;
}

static void test_list(void)
{
	const char *text;

	conversation_clear(&c);
	IS_STRING(listed(), "there is no conversation yet: /talk NAME begins one", "there is none");
	came("bob", 1);
	came("caroline", 12);
	conversation_talk(&c, name_of("bob"));
	conversation_wrote(&c, name_of("dave"));
	IS_STRING(listed(),
	          "Alt-1  bob       plain lines go here\n"
	          "Alt-2  caroline  12 new\n"
	          "Alt-3  dave",
	          "a line each, with its key and what is new");
	fill();
	text = strstr(listed(), "\nAlt-9");
	ALWAYS(text != NULL, "nine have keys");
	OK(view_starts_with(view_of_string(text),
	                    view_of_string("\nAlt-9  n0008  1 new\n   10  n0009  1 new\n")),
	   "the others have a number");
	text = strrchr(listed(), '\n');
	IS_STRING(text, "\nand 960 more", "a long list is cut");
	conversation_clear(&c);
}

static const char *chosen(const char *line)
{
	static char text[64];
	struct view name;

	if (!conversation_of_line(name_of(line), &name))
		return "-";
	(void)snprintf(text, sizeof text, "<%.*s>", (int)name.size, (const char *)name.data);
	return text;
}

static void test_lines(void)
{
	IS_STRING(chosen("/talk bob"), "<bob>", "a /talk chooses");
	IS_STRING(chosen("  /talk   bob~01234567 "), "<bob~01234567>", "with blanks, and digits");
	IS_STRING(chosen("/talk"), "-", "without a name it lists, and chooses nothing");
	IS_STRING(chosen("/talk  "), "-", "also with blanks behind it");
	IS_STRING(chosen("/talk @bob"), "<>", "nobody, with what is no name");
	IS_STRING(chosen("/talk bob carol"), "<>", "nobody, with two");
	IS_STRING(chosen("/msg bob hi"), "-", "another command chooses nothing");
	IS_STRING(chosen("talk bob"), "-", "nor does a text");
}

int main(void)
{
	test_counts();
	test_moves();
	test_bound();
	test_list();
	test_lines();
	return tap_done();
}
