/* SPDX-License-Identifier: MIT
 *
 * A log-in to a name that nobody has becomes an offer to create the account. It comes after the
 * log-in was refused, since a wrong password and an unknown name look alike there:
 *
 *   log-in refused -> the name is listed -> somebody has it: refused
 *                                        -> nobody has it: create it? -> a new password, twice
 *
 * The password of --password-file makes the account without another question. A log-in that was
 * refused because the account has a session elsewhere becomes an offer to end that one; the
 * password, which was right, is not asked for again. A creation that was refused because it needs
 * an invitation becomes a question for that. Until the end it is one command with one result.
 */
#include "cli/question.h"

#include "chat/word.h"

#include <stdio.h>

enum { PROMPT_SIZE = 128 };

void question_init(struct cli_question *q, struct cli_console *console, struct view password)
{
	*q = (struct cli_question){ .console = console, .password_size = password.size };
	assert(password.size <= sizeof q->password);
	if (password.size > 0)
		memcpy(q->password, password.data, password.size);
}

void question_close(struct cli_question *q)
{
	q->kind = QUESTION_NONE;
	q->is_closed = true;
}

void question_forget(struct cli_question *q)
{
	explicit_bzero(q->password, sizeof q->password);
	explicit_bzero(q->old_password, sizeof q->old_password);
	explicit_bzero(&q->invitation, sizeof q->invitation);
	q->has_invitation = false;
	q->password_size = 0;
	q->old_password_size = 0;
	q->is_typed = false;
}

/* ---- decisions ---- */

static struct question_decision refuse(struct cli_question *q, enum outcome outcome,
                                       const char *detail);

/* Whether the answer is a password. */
static bool is_secret(enum question_kind kind)
{
	return kind == QUESTION_PASSWORD || kind == QUESTION_PASSWORD_AGAIN ||
	       kind == QUESTION_OLD_PASSWORD || kind == QUESTION_NEW_PASSWORD;
}

bool question_is_secret(const struct cli_question *q)
{
	return is_secret(q->kind);
}

static struct question_decision ask(struct cli_question *q, enum question_kind kind)
{
	static const char *const prompts[] = {
		[QUESTION_PASSWORD] = "password (not shown): ",
		[QUESTION_OLD_PASSWORD] = "old password (not shown): ",
		[QUESTION_NEW_PASSWORD] = "new password (not shown): ",
		[QUESTION_PASSWORD_AGAIN] = "the same again: ",
		[QUESTION_NAME_TO_DELETE] = "type the name of your account to delete it: ",
		[QUESTION_INVITATION] = "an invitation is needed. Paste yours: ",
		[QUESTION_TO_TAKE_OVER] = "you are logged in elsewhere: log out there? (y/n) ",
	};
	char offer[PROMPT_SIZE];

	assert(q->console != NULL);
	if (is_secret(kind) && !console_can_hide(q->console))
		return refuse(q, OUTCOME_USAGE,
		              "this terminal goes on showing what is typed, so no password is "
		              "asked for; --password-file FILE gives one");
	q->kind = kind;
	(void)snprintf(offer, sizeof offer, "there is no '%s' yet: create it? (y/n) ", q->name);
	console_ask(q->console, kind == QUESTION_TO_CREATE ? offer : prompts[kind],
	            is_secret(kind));
	return (struct question_decision){ .next = QUESTION_WAITS, .verb = q->verb };
}

/* No question is under way after this one. */
static struct question_decision decide(struct cli_question *q, enum question_next next)
{
	if (q->kind != QUESTION_NONE)
		console_ask_end(q->console);
	q->kind = QUESTION_NONE;
	return (struct question_decision){ .next = next, .verb = q->verb };
}

static struct question_decision begin_account(struct cli_question *q, struct view password)
{
	struct question_decision decision = decide(q, QUESTION_BEGINS);

	decision.command.kind = q->verb == VERB_CREATE ? COMMAND_CREATE : COMMAND_LOGIN;
	decision.command.name = view_of_string(q->name);
	decision.command.password = password;
	decision.command.take_over = q->take_over;
	decision.command.invitation = q->has_invitation ? &q->invitation : NULL;
	return decision;
}

static struct question_decision begin_change(struct cli_question *q, struct view old,
                                             struct view new)
{
	struct question_decision decision = decide(q, QUESTION_BEGINS);

	decision.command.kind = COMMAND_PASSWORD;
	decision.command.password = old;
	decision.command.new_password = new;
	return decision;
}

/* Begins the command if the password is known; else asks for it. */
static struct question_decision go_on(struct cli_question *q)
{
	if (q->password_size == 0)
		return ask(q, QUESTION_PASSWORD);
	return begin_account(q, view_of(q->password, q->password_size));
}

static struct question_decision refuse(struct cli_question *q, enum outcome outcome,
                                       const char *detail)
{
	struct question_decision decision = decide(q, QUESTION_REFUSES);

	decision.outcome = outcome;
	decision.detail = detail;
	return decision;
}

/* ---- answers ---- */

static void keep_password(struct cli_question *q, struct view password)
{
	assert(password.size <= sizeof q->password);
	memcpy(q->password, password.data, password.size);
	q->password_size = password.size;
	q->is_typed = true;
}

/* What is not given is asked for. */
static struct question_decision begin_password(struct cli_question *q,
                                               const struct command_request *request)
{
	struct view old = request->password;

	q->name[0] = 0;
	if (request->new_password.size > 0)
		return begin_change(q, old, request->new_password);
	if (old.size == 0)
		return ask(q, QUESTION_OLD_PASSWORD);
	memcpy(q->old_password, old.data, old.size);
	q->old_password_size = old.size;
	return ask(q, QUESTION_NEW_PASSWORD);
}

struct question_decision question_begin(struct cli_question *q,
                                        const struct command_request *request)
{
	q->verb = request->verb;
	q->take_over = request->take_over;
	q->has_invitation = (request->given & FIELD_BIT(FIELD_INVITATION)) != 0;
	q->invitation = request->invitation;
	if (request->verb == VERB_DELETE)
		return ask(q, QUESTION_NAME_TO_DELETE);
	if (request->verb == VERB_PASSWORD)
		return begin_password(q, request);
	view_to_string(request->name, q->name, sizeof q->name);
	if (request->password.size > 0)
		keep_password(q, request->password);
	return go_on(q);
}

static struct question_decision take_password(struct cli_question *q, struct view line)
{
	bool is_again = q->kind == QUESTION_PASSWORD_AGAIN;

	if (is_again && !view_equal(line, view_of(q->password, q->password_size)))
		return refuse(q, OUTCOME_USAGE, "the two passwords differ; try again");
	if (line.size == 0 || line.size > PASSWORD_SIZE_MAX ||
	    memchr(line.data, 0, line.size) != NULL)
		return refuse(q, OUTCOME_USAGE,
		              "a password has " PASSWORD_FORM " and no NUL; try again");
	if (q->kind == QUESTION_OLD_PASSWORD) {
		memcpy(q->old_password, line.data, line.size);
		q->old_password_size = line.size;
		q->is_typed = true;
		return ask(q, QUESTION_NEW_PASSWORD);
	}
	keep_password(q, line);
	if (q->verb != VERB_LOGIN && !is_again)
		return ask(q, QUESTION_PASSWORD_AGAIN);
	if (q->verb == VERB_PASSWORD)
		return begin_change(q, view_of(q->old_password, q->old_password_size),
		                    view_of(q->password, q->password_size));
	return go_on(q);
}

static struct question_decision take_offer_answer(struct cli_question *q, struct view line)
{
	if (line.size == 0 || (line.data[0] | 0x20) != 'y')
		return refuse(q, OUTCOME_USAGE, "nothing was created; /list shows the names");
	q->verb = VERB_CREATE;
	q->take_over = false;
	return go_on(q);
}

static struct question_decision take_over_answer(struct cli_question *q, struct view line)
{
	if (line.size == 0 || (line.data[0] | 0x20) != 'y')
		return refuse(q, OUTCOME_USAGE, "nothing was done: the other session goes on");
	q->take_over = true;
	return go_on(q);
}

/* Blanks around what was pasted do not count. */
static struct question_decision take_invitation(struct cli_question *q, struct view line)
{
	struct view word = word_take(&line);

	if (word.size == 0)
		return refuse(q, OUTCOME_INVITATION_NEEDED,
		              "nothing was created: without an invitation nobody may");
	if (word_count(line) > 0 || !invitation_from_text(word, &q->invitation))
		return refuse(q, OUTCOME_INVITATION_WRONG,
		              "this is no invitation: one has " INVITATION_FORM);
	q->has_invitation = true;
	return go_on(q);
}

struct question_decision question_answer(struct cli_question *q, struct view line)
{
	struct question_decision decision;

	if (q->kind == QUESTION_TO_CREATE)
		return take_offer_answer(q, line);
	if (q->kind == QUESTION_TO_TAKE_OVER)
		return take_over_answer(q, line);
	if (q->kind == QUESTION_INVITATION)
		return take_invitation(q, line);
	if (q->kind != QUESTION_NAME_TO_DELETE)
		return take_password(q, line);
	decision = decide(q, QUESTION_DELETES);
	decision.command.name = line;
	return decision;
}

struct question_decision question_leave(struct cli_question *q)
{
	if (q->kind == QUESTION_NONE)
		return decide(q, QUESTION_PASSES);
	return refuse(q, OUTCOME_USAGE,
	              "nothing was done: the question was left without an answer");
}

/* ---- a log-in to a name that nobody has ---- */

/* The listing has ended: asks whether to create the account, or gives the old refusal. */
static struct question_decision end_looking(struct cli_question *q, const struct result *result)
{
	q->is_looking = false;
	if (result->outcome != OUTCOME_OK || q->is_taken || q->is_closed)
		return refuse(q, OUTCOME_WRONG_PASSWORD, q->refusal);
	console_drop_keys(q->console);
	return ask(q, QUESTION_TO_CREATE);
}

struct question_decision question_result(struct cli_question *q, const struct result *result)
{
	struct question_decision decision;

	if (q->is_looking)
		return end_looking(q, result);
	if (q->console == NULL || q->is_closed)
		return decide(q, QUESTION_PASSES);
	if (result->outcome == OUTCOME_INVITATION_NEEDED && !q->has_invitation) {
		console_drop_keys(q->console);
		return ask(q, QUESTION_INVITATION);
	}
	if (result->kind != COMMAND_LOGIN)
		return decide(q, QUESTION_PASSES);
	if (result->outcome == OUTCOME_ALREADY_LOGGED_IN && !q->take_over) {
		console_drop_keys(q->console);
		return ask(q, QUESTION_TO_TAKE_OVER);
	}
	if (result->outcome != OUTCOME_WRONG_PASSWORD || !name_is_valid(view_of_string(q->name)))
		return decide(q, QUESTION_PASSES);
	(void)snprintf(q->refusal, sizeof q->refusal, "%.150s; /login NAME tries again",
	               result->detail);
	q->is_looking = true;
	q->is_taken = false;
	if (q->is_typed)
		question_forget(q); /* the account would get another password */
	decision = decide(q, QUESTION_BEGINS);
	decision.command = (struct command){ .kind = COMMAND_LIST,
		                             .name = view_of_string(q->name),
		                             .enough = 1 };
	return decision;
}

void question_users(struct cli_question *q, const struct user *users, size_t count)
{
	/* The name itself comes before longer names that begin with it. An account that lost this
	 * name to another is listed as name~digits, which is not equal. */
	for (size_t i = 0; i < count; i++)
		if (name_equal(view_of_string(users[i].name), view_of_string(q->name)))
			q->is_taken = true;
}
