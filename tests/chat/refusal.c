/* SPDX-License-Identifier: MIT
 *
 * What a person reads when something was refused: each outcome has a sentence and says what to do
 * next, and others' names reach the terminal as marks.
 */
#include "chat/refusal.h"
#include "tests/lib/tap.h"

static struct buf line;

/* The line without its colours. */
static const char *told(const struct script_answer *answer)
{
	static char text[4096];
	size_t size = 0;

	buf_clear(&line);
	refusal_put(&line, answer, "2026-11-21 05:00");
	for (size_t i = 0; i < line.size && size + 1 < sizeof text; i++) {
		if (line.data[i] == 0x1b)
			while (line.data[i] != 'm')
				i++;
		else
			text[size++] = (char)line.data[i];
	}
	text[size] = 0;
	return text;
}

static const char *told_of(const struct result *result, const char *command)
{
	return told(&(struct script_answer){ .command = view_of_string(command),
	                                     .outcome = result->outcome,
	                                     .detail = result->detail,
	                                     .result = result });
}

static void test_each_says_what_to_do(void)
{
	for (enum outcome outcome = OUTCOME_OK + 1; outcome < OUTCOME_END; outcome++)
		for (enum command_kind kind = 0; kind < COMMAND_KIND_END; kind++) {
			struct result result = { .kind = kind, .outcome = outcome, .detail = "" };
			const char *text = told_of(&result, "x");

			/* These the client finds out itself, with advice of its own, or the
			 * replicas' sentence has it. */
			if (outcome == OUTCOME_BAD_TEXT || outcome == OUTCOME_UNKNOWN_COMMAND ||
			    outcome == OUTCOME_USAGE || outcome == OUTCOME_NAME_CHANGED)
				continue;
			ALWAYS(strchr(text, ';') != NULL, outcome_code(outcome));
			ALWAYS(strchr(text, '\n') == text + strlen(text) - 1, "one line");
		}
	OK(true, "each refusal of a replica says what to do next");
}

static void test_lines(void)
{
	struct user users[10] = { { .name = "bob" }, { .name = "a\033[2Jb" } };
	struct result result = { .kind = COMMAND_LOGIN,
		                 .outcome = OUTCOME_ALREADY_LOGGED_IN,
		                 .detail = "a flag ends it",
		                 .since_ms = UINT64_C(1795233600123) };

	IS_STRING(told_of(&result, "login"),
	          "refused: another session of this account is active (since 2026-11-21 "
	          "05:00); /login --take-over NAME moves it here\n",
	          "an active session: since when, and how to move it");
	result = (struct result){ .kind = COMMAND_SEND,
		                  .outcome = OUTCOME_NO_SUCH_USER,
		                  .detail = "there is no such account",
		                  .users = users,
		                  .users_count = 2 };
	IS_STRING(told_of(&result, "msg"),
	          "refused: there is no such account (bob, a^[[2Jb); /list shows who there "
	          "is\n",
	          "names are given, harmless");
	for (size_t i = 1; i < 10; i++)
		strcpy(users[i].name, "n");
	result.users_count = 10;
	OK(strstr(told_of(&result, "msg"), "(bob, n, n, n, n, n, n, n and 2 more)") != NULL,
	   "at most eight of them");
	result = (struct result){ .kind = COMMAND_SEND,
		                  .outcome = OUTCOME_UNKNOWN,
		                  .detail = "it may or may not have been stored",
		                  .has_id = true,
		                  .number = 7 };
	OK(strstr(told_of(&result, "msg"),
	          "it may or may not have been stored; /msg --id "
	          "00000000000000000000000000-7 NAME TEXT sends it again, and it is shown once") !=
	           NULL,
	   "an unknown outcome is said as that, and can be repeated safely");
	result = (struct result){ .kind = COMMAND_ALL,
		                  .outcome = OUTCOME_MAILBOX_FULL,
		                  .detail = "a mailbox is full",
		                  .stored = 3,
		                  .online = 1 };
	IS_STRING(told_of(&result, "all"),
	          "refused: a mailbox is full; stored for 3, 1 of them online; try again "
	          "then\n",
	          "what was stored all the same");
	IS_STRING(told(&(struct script_answer){ .command = view_of_string("x\033y"),
	                                        .outcome = OUTCOME_UNKNOWN_COMMAND,
	                                        .detail = "there is no /x\033y" }),
	          "refused: there is no /x^[y\n", "a command as it was typed, harmless");
}

int main(void)
{
	buf_init(&line, REFUSAL_SIZE_MAX);
	test_each_says_what_to_do();
	test_lines();
	buf_release(&line);
	return tap_done();
}
