/* SPDX-License-Identifier: MIT
 *
 * Questions to a person, on a terminal only: the password, twice for a new account; the name, to
 * delete it; and whether a name that nobody has is to become an account.
 *
 * That offer comes after the log in was refused, since a wrong password and an unknown name look
 * alike there:
 *
 *   log in refused -> OFFER_WANTED -> OFFER_ASKED (the name is listed) -> it is there: refused
 *                                                                      -> it is not: ASK_TO_CREATE
 *                                                                         -> a new password, twice
 *
 * The password of --password-file makes the account without another question. Until the end it is
 * one command with one result.
 */
#include "cli/client.h"

#include <stdio.h>

enum { PROMPT_SIZE = 128 };

static void ask(struct client *c, enum client_question question)
{
	static const char *const prompts[] = {
		[ASK_PASSWORD] = "password (not shown): ",
		[ASK_PASSWORD_AGAIN] = "the same again: ",
		[ASK_NAME_TO_DELETE] = "type the name of your account to delete it: ",
	};
	char offer[PROMPT_SIZE];
	const char *prompt = offer;

	/* Only on a terminal anything is asked. */
	assert(c->console != NULL);
	c->question = question;
	if (question == ASK_COMMAND) {
		console_ask_end(c->console);
		return;
	}
	if (question == ASK_TO_CREATE)
		(void)snprintf(offer, sizeof(offer), "there is no '%s' yet: create it? (y/n) ",
		               c->asked_name);
	else
		prompt = prompts[question];
	console_ask(c->console, prompt, question == ASK_PASSWORD || question == ASK_PASSWORD_AGAIN);
}

static void forget_answers(struct client *c)
{
	explicit_bzero(c->password, sizeof(c->password));
	c->password_size = 0;
	ask(c, ASK_COMMAND);
}

void client_keep_name(struct client *c, enum verb verb, struct view name)
{
	assert(name.size < sizeof(c->asked_name));
	c->asked_verb = verb;
	/* It may be this one already. */
	memmove(c->asked_name, name.data, name.size);
	c->asked_name[name.size] = 0;
}

void client_ask_for_rest(struct client *c)
{
	const struct command_request *q = &c->request;

	c->asked_verb = q->verb;
	c->asked_take_over = q->take_over;
	if (q->verb == VERB_DELETE) {
		ask(c, ASK_NAME_TO_DELETE);
		return;
	}
	client_keep_name(c, q->verb, q->name);
	ask(c, ASK_PASSWORD);
}

static void begin_asked(struct client *c, struct view password)
{
	client_begin_account(c, c->asked_verb, view_of_string(c->asked_name), password,
	                     c->asked_take_over);
}

static void take_password(struct client *c, struct view line)
{
	bool is_again = c->question == ASK_PASSWORD_AGAIN;

	if (is_again && !view_equal(line, view_of(c->password, c->password_size))) {
		forget_answers(c);
		client_refuse(c, OUTCOME_USAGE, "the two passwords differ; try again");
		return;
	}
	if (line.size == 0 || line.size > PASSWORD_SIZE_MAX ||
	    memchr(line.data, 0, line.size) != NULL) {
		forget_answers(c);
		client_refuse(c, OUTCOME_USAGE,
		              "a password has 1 to 511 bytes and no NUL; try again");
		return;
	}
	if (!is_again) {
		memcpy(c->password, line.data, line.size);
		c->password_size = line.size;
		if (c->asked_verb == VERB_CREATE) {
			ask(c, ASK_PASSWORD_AGAIN);
			return;
		}
	}
	begin_asked(c, view_of(c->password, c->password_size));
	forget_answers(c);
}

void client_drop_question(struct client *c)
{
	if (c->question == ASK_COMMAND)
		return;
	c->request.word = view_of_string(verb_row(c->asked_verb)->name);
	forget_answers(c);
	client_refuse(c, OUTCOME_USAGE,
	              "nothing was done: the question was left without an answer");
}

static void take_offer_answer(struct client *c, struct view line)
{
	bool is_yes = line.size > 0 && (line.data[0] | 0x20) == 'y';

	ask(c, ASK_COMMAND);
	if (!is_yes) {
		client_refuse(c, OUTCOME_USAGE, "nothing was created; /list shows the names");
		return;
	}
	c->asked_verb = VERB_CREATE;
	c->asked_take_over = false;
	c->request.word = view_of_string(verb_row(VERB_CREATE)->name);
	if (c->options.password_size > 0)
		begin_asked(c, view_of(c->options.password, c->options.password_size));
	else
		ask(c, ASK_PASSWORD);
}

void client_take_answer(struct client *c, struct view line)
{
	/* The line it belongs to is long gone. */
	c->request.word = view_of_string(verb_row(c->asked_verb)->name);
	switch (c->question) {
	case ASK_NAME_TO_DELETE:
		ask(c, ASK_COMMAND);
		client_begin_delete(c, line);
		break;
	case ASK_TO_CREATE:
		take_offer_answer(c, line);
		break;
	default:
		take_password(c, line);
		break;
	}
}

/* ---- a log in to a name that nobody has ---- */

/* The listing has ended. */
static void end_offer(struct client *c, const struct result *result)
{
	c->offer = OFFER_NONE;
	c->token = 0;
	if (result->outcome == OUTCOME_OK && !c->offer_is_known && c->state == CLIENT_RUNNING) {
		console_drop_keys(c->console);
		ask(c, ASK_TO_CREATE);
		return;
	}
	c->request.word = view_of_string(verb_row(VERB_LOGIN)->name);
	client_refuse(c, OUTCOME_WRONG_PASSWORD, c->refusal);
}

bool client_take_offer(struct client *c, const struct result *result)
{
	if (c->offer == OFFER_ASKED) {
		end_offer(c, result);
		return true;
	}
	if (c->console == NULL || c->state != CLIENT_RUNNING || result->kind != COMMAND_LOGIN ||
	    result->outcome != OUTCOME_WRONG_PASSWORD ||
	    !name_is_valid(view_of_string(c->asked_name)))
		return false;
	(void)snprintf(c->refusal, sizeof(c->refusal), "%.150s; /login NAME tries again",
	               result->detail);
	c->offer = OFFER_WANTED;
	c->offer_is_known = false;
	c->token = 0;
	return true;
}

void client_take_offered(struct client *c, const struct action *action)
{
	if (c->offer != OFFER_ASKED)
		return;
	/* The name itself comes before all that it begins; another account may have lost it. */
	for (size_t i = 0; i < action->users_count; i++)
		if (strcmp(action->users[i].name, c->asked_name) == 0)
			c->offer_is_known = true;
}

static void begin_user(struct client *c)
{
	c->user_waits = false;
	c->is_busy = true;
	c->request = (struct command_request){ .verb = VERB_LOGIN,
		                               .word = view_of_string("login"),
		                               .name = view_of_string(c->options.user) };
	if (c->options.password_size == 0)
		client_ask_for_rest(c);
	else
		client_begin_account(c, VERB_LOGIN, c->request.name,
		                     view_of(c->options.password, c->options.password_size), false);
}

void client_go_on_asking(struct client *c)
{
	if (c->user_waits && c->state == CLIENT_RUNNING)
		begin_user(c);
	if (c->offer != OFFER_WANTED)
		return;
	c->offer = OFFER_ASKED;
	client_begin(c, &(struct command){ .kind = COMMAND_LIST,
	                                   .name = view_of_string(c->asked_name),
	                                   .enough = 1 });
}
