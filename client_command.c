/* SPDX-License-Identifier: MIT
 *
 * A line becomes a request (command.h), the request is refused, answered here, or given to the
 * replicas. Each command has exactly one result, which goes through `answer` and ends it.
 */
#include "client.h"

#include <stdio.h>

/* ---- results ---- */

static void end_command(struct client *c)
{
	c->is_busy = false;
	c->token = 0;
	pattern_release(&c->pattern);
}

static void answer(struct client *c, struct script_answer *a)
{
	assert(c->is_busy);
	a->command = c->request.word;
	if (a->outcome != OUTCOME_OK)
		c->was_refused = true;
	client_show_result(c, a);
	end_command(c);
}

static void answer_ok(struct client *c, const char *detail)
{
	answer(c, &(struct script_answer){ .outcome = OUTCOME_OK, .detail = detail });
}

static void refuse(struct client *c, enum outcome outcome, const char *detail)
{
	assert(outcome != OUTCOME_OK);
	answer(c, &(struct script_answer){ .outcome = outcome, .detail = detail });
}

void client_forget_session(struct client *c)
{
	c->talk[0] = 0;
	c->unseen = 0;
}

void client_take_result(struct client *c, const struct result *result)
{
	struct script_answer a = { .outcome = result->outcome,
		                   .detail = result->detail,
		                   .result = result };

	assert(c->is_busy);
	assert(c->token == result->token);
	if (result->kind == COMMAND_LIST && result->outcome == OUTCOME_OK) {
		if (!c->users_told)
			script_users(&c->script, NULL, 0);
		a.has_count = true;
		a.count = c->listed;
	}
	if (result->outcome == OUTCOME_OK &&
	    (result->kind == COMMAND_LOGOUT || result->kind == COMMAND_DELETE))
		client_forget_session(c);
	answer(c, &a);
}

/* A page of accounts: those that fit are shown. */
void client_take_users(struct client *c, const struct action *action)
{
	struct user *fitting;
	size_t count = 0;

	if (action->token != c->token || c->pattern.text == NULL)
		return;
	fitting = mem_alloc(action->users_count * sizeof(*fitting));
	for (size_t i = 0; i < action->users_count; i++)
		if (pattern_fits(&c->pattern, action->users[i].name))
			fitting[count++] = action->users[i];
	if (count > 0) {
		script_users(&c->script, fitting, count);
		c->users_told = true;
		c->listed += count;
	}
	mem_free(fitting);
}

void client_wait_over(struct client *c)
{
	assert(c->request.verb == VERB_WAIT);
	answer_ok(c, "");
}

/* ---- what goes to the replicas ---- */

static void begin(struct client *c, const struct command *command)
{
	c->token = link_command(c->link, command);
	assert(c->token != 0);
	client_show_begun(c); /* what was asked of a person took its time */
}

static void begin_account(struct client *c, enum verb verb, struct view name, struct view password,
                          bool take_over)
{
	begin(c, &(struct command){ .kind = verb == VERB_CREATE ? COMMAND_CREATE : COMMAND_LOGIN,
	                            .name = name,
	                            .password = password,
	                            .take_over = take_over });
}

static void begin_delete(struct client *c, struct view name)
{
	char own[DISPLAY_SIZE];

	if (!client_is_logged_in(c, own))
		refuse(c, OUTCOME_NOT_LOGGED_IN, "the session has ended: log in first");
	else if (!view_equal(name, view_of_string(own)))
		refuse(c, OUTCOME_USAGE,
		       "nothing was deleted: /delete needs the name of your own account, to "
		       "confirm it");
	else
		c->delete_waits = true;
}

/* What waits for the account goes with it, so it is shown first. Without a live replica nothing
 * more comes, and the deletion waits for one itself. */
void client_go_on(struct client *c)
{
	const struct replication *r = link_replication(c->link);
	char own[DISPLAY_SIZE];

	if (!c->delete_waits || (replication_live(r) > 0 && !replication_idle(r)))
		return;
	c->delete_waits = false;
	if (client_is_logged_in(c, own))
		begin(c, &(struct command){ .kind = COMMAND_DELETE });
	else
		refuse(c, OUTCOME_NOT_LOGGED_IN, "the session has ended: log in first");
}

static void begin_list(struct client *c)
{
	const struct command_request *q = &c->request;
	bool is_regex = (q->given & FIELD_BIT(FIELD_REGEX)) != 0;
	char err[PATTERN_ERR_SIZE];

	if (!pattern_init(&c->pattern, q->pattern, is_regex, err)) {
		refuse(c, OUTCOME_USAGE, err);
		return;
	}
	c->listed = 0;
	c->users_told = false;
	if (pattern_is_possible(&c->pattern)) {
		begin(c, &(struct command){ .kind = COMMAND_LIST,
		                            .name = pattern_prefix(&c->pattern) });
		return;
	}
	script_users(&c->script, NULL, 0);
	answer(c,
	       &(struct script_answer){ .outcome = OUTCOME_OK, .detail = "", .has_count = true });
}

static void begin_send(struct client *c, const struct view *to, size_t count)
{
	const struct command_request *q = &c->request;

	begin(c, &(struct command){ .kind = COMMAND_SEND,
	                            .names = to,
	                            .names_count = count,
	                            .text = q->text,
	                            .has_id = (q->given & FIELD_BIT(FIELD_ID)) != 0,
	                            .session = q->session,
	                            .number = q->number });
}

/* Plain text goes to the conversation, as a message. */
static void begin_text(struct client *c)
{
	struct view to = view_of_string(c->talk);
	char own[DISPLAY_SIZE];

	if (c->talk[0] != 0 && client_is_logged_in(c, own)) {
		c->request.word = view_of_string(command_row(VERB_MSG)->name);
		begin_send(c, &to, 1);
		return;
	}
	refuse(c, OUTCOME_USAGE,
	       "this was sent to nobody: choose a conversation with /talk NAME first, or send "
	       "one message "
	       "with /msg NAME TEXT; /help lists all commands");
}

/* ---- what is answered here ---- */

static void do_talk(struct client *c)
{
	struct view name = c->request.name;

	assert(name.size < sizeof(c->talk));
	memcpy(c->talk, name.data, name.size);
	c->talk[name.size] = 0;
	answer_ok(c, "");
}

static void do_check(struct client *c)
{
	struct script_answer a = {
		.outcome = OUTCOME_OK, .detail = "", .has_messages = true, .messages = c->unseen
	};

	c->unseen = 0;
	answer(c, &a);
}

static size_t print_row(const struct command_row *row, bool is_long, char *to, size_t size)
{
	char form[64];
	int count;

	(void)snprintf(form, sizeof(form), "/%s%s%s", row->name, row->usage[0] == 0 ? "" : " ",
	               row->usage);
	count = is_long ? snprintf(to, size, "%s\n  %s. %s", form, row->summary, row->help)
	                : snprintf(to, size, "%-36s %s\n", form, row->summary);
	assert(count > 0);
	assert((size_t)count < size);
	return (size_t)count;
}

static void do_help(struct client *c)
{
	struct view name = c->request.name;
	const struct command_row *row = NULL;
	char text[2048];
	size_t size = 0;

	if ((c->request.given & FIELD_BIT(FIELD_NAME)) != 0) {
		if (name.size > 1 && name.data[0] == '/')
			name = view_of(name.data + 1, name.size - 1);
		row = command_find(name);
		if (row == NULL) {
			refuse(c, OUTCOME_USAGE, "there is no such command; /help lists all");
			return;
		}
		size = print_row(row, true, text, sizeof(text));
	} else {
		for (enum verb verb = 0; verb < VERB_TEXT; verb++)
			size += print_row(command_row(verb), false, text + size,
			                  sizeof(text) - size);
		size += (size_t)snprintf(text + size, sizeof(text) - size,
		                         "After /talk NAME, lines without a slash go to NAME.");
	}
	assert(size < sizeof(text));
	answer(c, &(struct script_answer){ .outcome = OUTCOME_OK, .detail = "", .text = text });
}

static void do_quit(struct client *c)
{
	answer_ok(c, "");
	client_finish(c);
}

/* ---- questions to a person ---- */

static void ask(struct client *c, enum client_question question)
{
	static const char *const prompts[] = {
		[ASK_PASSWORD] = "password (not shown): ",
		[ASK_PASSWORD_AGAIN] = "the same again: ",
		[ASK_NAME_TO_DELETE] = "type the name of your account to delete it: ",
	};

	/* Only on a terminal anything is asked. */
	assert(c->terminal != NULL);
	c->question = question;
	if (question == ASK_COMMAND)
		client_terminal_ask_end(c->terminal);
	else
		client_terminal_ask(c->terminal, prompts[question], question != ASK_NAME_TO_DELETE);
}

static void forget_answers(struct client *c)
{
	explicit_bzero(c->password, sizeof(c->password));
	c->password_size = 0;
	ask(c, ASK_COMMAND);
}

static void ask_for_rest(struct client *c)
{
	const struct command_request *q = &c->request;

	c->asked_verb = q->verb;
	c->asked_take_over = q->take_over;
	if (q->verb == VERB_DELETE) {
		ask(c, ASK_NAME_TO_DELETE);
		return;
	}
	assert(q->name.size < sizeof(c->asked_name));
	memcpy(c->asked_name, q->name.data, q->name.size);
	c->asked_name[q->name.size] = 0;
	ask(c, ASK_PASSWORD);
}

static void take_password(struct client *c, struct view line)
{
	bool is_again = c->question == ASK_PASSWORD_AGAIN;
	struct view password;

	if (is_again && !view_equal(line, view_of(c->password, c->password_size))) {
		forget_answers(c);
		refuse(c, OUTCOME_USAGE, "the two passwords differ; try again");
		return;
	}
	if (line.size == 0 || line.size > PASSWORD_SIZE_MAX ||
	    memchr(line.data, 0, line.size) != NULL) {
		forget_answers(c);
		refuse(c, OUTCOME_USAGE, "a password has 1 to 511 bytes and no NUL");
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
	password = view_of(c->password, c->password_size);
	begin_account(c, c->asked_verb, view_of_string(c->asked_name), password,
	              c->asked_take_over);
	forget_answers(c);
}

void client_drop_question(struct client *c)
{
	if (c->question == ASK_COMMAND)
		return;
	c->request.word = view_of_string(command_row(c->asked_verb)->name);
	forget_answers(c);
	refuse(c, OUTCOME_USAGE, "nothing was done: the question was left without an answer");
}

static void take_answer(struct client *c, struct view line)
{
	/* The line it belongs to is long gone. */
	c->request.word = view_of_string(command_row(c->asked_verb)->name);
	if (c->question == ASK_NAME_TO_DELETE) {
		ask(c, ASK_COMMAND);
		begin_delete(c, line);
	} else {
		take_password(c, line);
	}
}

/* ---- a line ---- */

static void do_verb(struct client *c)
{
	const struct command_request *q = &c->request;

	switch (q->verb) {
	case VERB_CREATE:
	case VERB_LOGIN:
		begin_account(c, q->verb, q->name, q->password, q->take_over);
		break;
	case VERB_LOGOUT:
		begin(c, &(struct command){ .kind = COMMAND_LOGOUT });
		break;
	case VERB_DELETE:
		begin_delete(c, q->name);
		break;
	case VERB_LIST:
		begin_list(c);
		break;
	case VERB_MSG:
		begin_send(c, q->to, q->to_count);
		break;
	case VERB_TALK:
		do_talk(c);
		break;
	case VERB_ALL:
		begin(c, &(struct command){ .kind = COMMAND_ALL, .text = q->text });
		break;
	case VERB_CHECK:
		do_check(c);
		break;
	case VERB_REPLICAS:
		begin(c, &(struct command){ .kind = COMMAND_REPLICAS });
		break;
	case VERB_WAIT:
		loop_timer_set(c->loop, &c->wait, loop_now_ms(c->loop) + q->duration_ms);
		break;
	case VERB_HELP:
		do_help(c);
		break;
	case VERB_QUIT:
		do_quit(c);
		break;
	case VERB_TEXT:
	case VERB_END:
		begin_text(c);
		break;
	}
}

void client_take_line(struct client *c, struct view line, bool was_cut, bool is_text,
                      bool was_shown)
{
	const struct command_row *row;
	char own[DISPLAY_SIZE];
	bool is_in = client_is_logged_in(c, own);

	if (c->question != ASK_COMMAND) {
		take_answer(c, line);
		return;
	}
	assert(!c->is_busy);
	if (is_text)
		command_parse_text(line, &c->request);
	else
		command_parse(&c->parser, line, was_cut, &c->request);
	c->is_busy = true;
	client_show_line(c, line, was_shown);
	row = command_row(c->request.verb);
	if (c->request.outcome != OUTCOME_OK)
		refuse(c, c->request.outcome, c->request.detail);
	else if (row != NULL && row->when == WHEN_IN && !is_in)
		refuse(c, OUTCOME_NOT_LOGGED_IN,
		       "you are not logged in; /login NAME logs in, /create NAME makes an account");
	else if (row != NULL && row->when == WHEN_OUT && is_in)
		refuse(c, OUTCOME_LOGGED_IN, "you are logged in already; /logout first");
	else if (row != NULL && (row->needed & (uint16_t)~c->request.given) != 0)
		ask_for_rest(c);
	else
		do_verb(c);
}
