/* SPDX-License-Identifier: MIT
 *
 * What stands around the line being typed (chat/status.h).
 */
#include "chat/status.h"

#include "terminal/width.h"
#include "tests/lib/tap.h"

#include <stdio.h>

static struct conversations c;

/* The text without its colours. */
static const char *plain(const char *text)
{
	static char to[2 * STATUS_ROW_SIZE];
	size_t size = 0;

	for (size_t i = 0; text[i] != 0; i++) {
		if (text[i] == '\033')
			i += strcspn(text + i, "m");
		else
			to[size++] = text[i];
	}
	to[size] = 0;
	return to;
}

static const char *prompt(struct status_line s)
{
	static char text[STATUS_PROMPT_SIZE];

	s.conversations = &c;
	status_prompt(&s, text);
	return plain(text);
}

static const char *row(struct status_line s, size_t columns)
{
	static char text[STATUS_ROW_SIZE];

	s.conversations = &c;
	s.has_row = true;
	status_row(&s, columns, text);
	return plain(text);
}

static void came(const char *from, unsigned count)
{
	while (count-- > 0)
		conversation_came(&c, view_of_string(from));
}

static void test_prompt(void)
{
	struct status_line s = { .own = "", .live = 3, .has_row = true };

	IS_STRING(prompt(s), "not logged in> ", "who is not logged in reads that");
	s.own = "alice";
	IS_STRING(prompt(s), "alice> ", "without a conversation: who one is");
	s.talk = view_of_string("bob");
	came("carol", 3);
	came("dave", 1);
	s.waiting = 2;
	s.live = 1;
	IS_STRING(prompt(s), "to bob> ", "below a status row it says whom the line goes to");
	s.has_row = false;
	IS_STRING(prompt(s), "alice 1/3 to bob, 4 new, 2 waiting> ",
	          "without one it says all the rest");
	s.live = 3;
	s.waiting = 0;
	IS_STRING(prompt(s), "alice to bob, 4 new> ", "but not that all is well");
	conversation_clear(&c);
	s.talk = view_of(NULL, 0);
	IS_STRING(prompt(s), "alice> ", "and nothing, if there is nothing");
	s.own = "";
	s.live = 0;
	IS_STRING(prompt(s), "not logged in 0/3> ", "none is live");
}

static void test_row(void)
{
	struct status_line s = { .own = "alice", .live = 3 };

	IS_STRING(row(s, 80), " alice ", "on a quiet day: who one is");
	s.live = 2;
	IS_STRING(row(s, 80), " alice 2/3 ", "one is not live");
	came("carol", 3);
	conversation_talk(&c, view_of_string("bob"));
	came("bob", 9);
	came("dave", 1);
	IS_STRING(row(s, 80), " alice 2/3 [carol 3] [dave 1] ",
	          "the other conversations with something new, in their order");
	s.waiting = 2;
	IS_STRING(row(s, 80), " alice 2/3 [carol 3] [dave 1] 2 waiting ", "and what waits");
	s.waiting = 0;
	IS_STRING(row(s, 31), " alice 2/3 [carol 3] [dave 1] ", "it fits, just so");
	IS_STRING(row(s, 30), " alice 2/3 [carol 3] +1 ", "what does not fit is counted");
	IS_STRING(row(s, 23), " alice 2/3 +2 ", "a name is never cut");
	IS_STRING(row(s, 10), " alice 2/3 +2 ", "nor the rest, but by the window");
	s.own = "";
	conversation_clear(&c);
	IS_STRING(row(s, 80), " not logged in 2/3 ", "nobody is logged in");
}

static void test_longest(void)
{
	char name[DISPLAY_SIZE];
	char talk[COMMAND_ACCOUNT_SIZE];
	struct status_line s = { .own = name, .live = 1, .waiting = UINT64_MAX };

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = 0;
	memset(talk, 't', sizeof talk - 1);
	talk[sizeof talk - 1] = 0;
	s.talk = view_of_string(talk);
	for (unsigned i = 0; i < CONVERSATION_COUNT_MAX; i++) {
		(void)snprintf(talk, sizeof talk, "n%u", i);
		came(talk, 1);
	}
	for (size_t i = 0; i < c.count; i++)
		c.all[i].unread = UINT64_MAX / CONVERSATION_COUNT_MAX;
	OK(strlen(prompt(s)) > 100, "the longest prompt fits");
	for (size_t columns = 10; columns <= 10000; columns += 7)
		ALWAYS(strlen(row(s, columns)) <= (columns < 120 ? 120 : columns - 1),
		       "a row is no wider than the window");
	OK(strlen(row(s, 10000)) <= STATUS_COLUMNS_MAX, "and never wider than this");
	conversation_clear(&c);
}

int main(void)
{
	conversation_init(&c);
	test_prompt();
	test_row();
	test_longest();
	return tap_done();
}
