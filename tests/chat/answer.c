/* SPDX-License-Identifier: MIT
 *
 * What a person reads when something was done: a sentence without the command's name, or nothing.
 */
#include "chat/answer.h"
#include "tests/lib/tap.h"

static struct buf line;

static const char *told(struct script_answer answer)
{
	buf_clear(&line);
	answer.outcome = OUTCOME_OK;
	if (answer.detail == NULL)
		answer.detail = "";
	answer_put(&line, &answer);
	(void)buf_put_u8(&line, 0);
	return (const char *)line.data;
}

static const char *told_of(enum command_kind kind, uint32_t copies)
{
	struct result result = { .kind = kind, .copies = copies, .name = "ann" };

	return told((struct script_answer){ .command = view_of_string("x"), .result = &result });
}

static void test_sentences(void)
{
	IS_STRING(told_of(COMMAND_LOGIN, 0), "you are ann\n", "a log-in: who one is");
	IS_STRING(told_of(COMMAND_CREATE, 3), "you are ann\n", "a new account as well");
	IS_STRING(told_of(COMMAND_CREATE, 2), "you are ann; on 2 of 3 replicas only\n",
	          "also that a replica has not heard of it");
	IS_STRING(told_of(COMMAND_LOGOUT, 3), "logged out\n", "a log-out");
	IS_STRING(told_of(COMMAND_DELETE, 3), "the account is deleted\n", "a deletion");
	IS_STRING(told_of(COMMAND_PASSWORD, 3), "the password is changed\n", "a new password");
	IS_STRING(told_of(COMMAND_PASSWORD, 2),
	          "the password is changed; on 2 of 3 replicas only; until the others return and "
	          "learn it, the old one opens the account there\n",
	          "and where it is old");
	for (enum command_kind kind = 0; kind < COMMAND_KIND_END; kind++) {
		const char *text = told_of(kind, 3);

		ALWAYS(strstr(text, "ok") == NULL && strstr(text, "x:") == NULL,
		       "no code, no name of a command");
		ALWAYS(text[0] != '\n' && strchr(text, '\n') == text + strlen(text) - 1,
		       "one line");
	}
	IS_STRING(told((struct script_answer){ .has_messages = true }),
	          "nothing new since the last look\n", "a look: nothing");
	IS_STRING(told((struct script_answer){ .has_messages = true, .messages = 1 }),
	          "1 message since the last look\n", "one");
	IS_STRING(told((struct script_answer){ .has_messages = true, .messages = 14 }),
	          "14 messages since the last look\n", "or more");
	IS_STRING(told((struct script_answer){ .detail = "kept in /a\033b" }), "kept in /a^[b\n",
	          "a sentence of its own is said, harmless");
	IS_STRING(told((struct script_answer){ .text = "a\nb" }), "a\nb\n", "a text is whole");
	IS_STRING(told((struct script_answer){ .text = NULL }), "",
	          "nothing is said where nothing is to be said");
}

int main(void)
{
	buf_init(&line, 65536);
	test_sentences();
	buf_release(&line);
	return tap_done();
}
