/* SPDX-License-Identifier: MIT
 *
 * A line becomes a request (chat/command.h), the request is refused, answered here, or given to the
 * replicas. Each command has exactly one result, which goes through `answer` and ends it.
 */
#include "cli/client.h"
#include "chat/help.h"

/* ---- results ---- */

static void end_command(struct client *c)
{
	c->is_busy = false;
	c->token = 0;
	pattern_release(&c->pattern);
	list_clear(&c->list);
	progress_end(&c->progress);
	question_forget(&c->question);
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

void client_wait_over(struct client *c)
{
	assert(c->request.verb == VERB_WAIT);
	answer_ok(c, "");
}

/* ---- what goes to the replicas ---- */

static void begin(struct client *c, const struct command *command)
{
	assert(c->is_busy);
	c->token = link_command(c->link, command);
	assert(c->token != 0);
	client_show_begun(c); /* what was asked of a person took its time */
}

static void begin_account(struct client *c, enum verb verb, struct view name, struct view password,
                          bool take_over)
{
	question_account(&c->question, verb, name);
	begin(c, &(struct command){ .kind = verb == VERB_CREATE ? COMMAND_CREATE : COMMAND_LOGIN,
	                            .name = name,
	                            .password = password,
	                            .take_over = take_over });
}

static void begin_delete(struct client *c, struct view name)
{
	char own[DISPLAY_SIZE];

	if (!link_is_logged_in(c->link, own))
		refuse(c, OUTCOME_NOT_LOGGED_IN, "the session has ended: log in first");
	else if (!view_equal(name, view_of_string(own)))
		refuse(c, OUTCOME_USAGE,
		       "nothing was deleted: /delete needs the name of your own account, to "
		       "confirm it");
	else
		c->delete_waits = true;
}

/* What a question, or its answer, has come to. */
static void carry_out(struct client *c, struct question_decision decision)
{
	/* The line it belongs to is long gone. */
	if (decision.next != QUESTION_PASSES)
		c->request.word = view_of_string(verb_row(decision.verb)->name);
	switch (decision.next) {
	case QUESTION_PASSES:
	case QUESTION_WAITS:
		break;
	case QUESTION_REFUSES:
		refuse(c, decision.outcome, decision.detail);
		break;
	case QUESTION_ACCOUNT:
		begin_account(c, decision.verb, decision.name, decision.password,
		              decision.take_over);
		break;
	case QUESTION_DELETES:
		begin_delete(c, decision.name);
		break;
	case QUESTION_LOOKS:
		begin(c, &(struct command){
				 .kind = COMMAND_LIST, .name = decision.name, .enough = 1 });
		break;
	}
}

void client_answer(struct client *c, struct view line)
{
	carry_out(c, question_answer(&c->question, line));
}

void client_leave_question(struct client *c)
{
	carry_out(c, question_leave(&c->question));
}

void client_log_in(struct client *c, const char *name)
{
	c->is_busy = true;
	c->request = (struct command_request){ .verb = VERB_LOGIN, .name = view_of_string(name) };
	carry_out(c, question_begin(&c->question, &c->request));
}

/* A person gets the names in columns, and what sums them up instead of a result. */
static void end_list(struct client *c)
{
	bool is_all = c->request.given == 0;

	if (c->console != NULL) {
		client_show_flush(c);
		list_show(&c->list, c->console, is_all);
		client_show_done(c);
		end_command(c);
		return;
	}
	if (!c->users_told)
		script_users(&c->script, NULL, 0);
	answer(c, &(struct script_answer){ .outcome = OUTCOME_OK,
	                                   .detail = "",
	                                   .has_count = true,
	                                   .count = c->listed });
}

void client_take_result(struct client *c, const struct result *result)
{
	struct script_answer a = { .outcome = result->outcome,
		                   .detail = result->detail,
		                   .result = result };
	struct question_decision decision;

	assert(c->is_busy);
	assert(c->token == result->token);
	decision = question_result(&c->question, result);
	if (decision.next != QUESTION_PASSES) {
		c->token = 0;
		carry_out(c, decision);
		return;
	}
	if (result->kind == COMMAND_LIST && result->outcome == OUTCOME_OK) {
		end_list(c);
		return;
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

	if (action->token != c->token)
		return;
	if (c->pattern.text == NULL) {
		question_users(&c->question, action->users, action->users_count);
		return;
	}
	progress_done(&c->progress, c->progress.done + action->users_count);
	fitting = memory_alloc(action->users_count * sizeof(*fitting));
	for (size_t i = 0; i < action->users_count; i++)
		if (pattern_fits(&c->pattern, action->users[i].name))
			fitting[count++] = action->users[i];
	if (c->console != NULL) {
		list_add(&c->list, fitting, count);
	} else if (count > 0) {
		script_users(&c->script, fitting, count);
		c->users_told = true;
		c->listed += count;
	}
	memory_free(fitting);
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
	if (link_is_logged_in(c->link, own))
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
		progress_begin(&c->progress, "/list");
		begin(c, &(struct command){ .kind = COMMAND_LIST,
		                            .name = pattern_prefix(&c->pattern) });
		return;
	}
	end_list(c);
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

	if (c->talk[0] != 0 && link_is_logged_in(c->link, own)) {
		c->request.word = view_of_string(verb_row(VERB_MSG)->name);
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

/* In a window where the table has no room, what has. */
static const char *fold_help(struct client *c, char text[HELP_SIZE])
{
	char words[VERB_TEXT][HELP_WORD_SIZE];
	struct view items[VERB_TEXT];
	enum help_form form = HELP_TABLE;
	unsigned columns;
	unsigned rows;

	if (c->console != NULL) {
		console_size(&columns, &rows);
		form = help_form(columns, rows);
	}
	if (form == HELP_TABLE) {
		help_table(text);
		return text;
	}
	help_words(form, words);
	for (size_t i = 0; i < VERB_TEXT; i++)
		items[i] = view_of_string(words[i]);
	(void)console_columns(c->console, items, VERB_TEXT, 1);
	return "/help COMMAND says more about one";
}

static void do_help(struct client *c)
{
	struct script_answer a = { .outcome = OUTCOME_OK, .detail = "" };
	struct view name = c->request.name;
	const struct verb_row *row;
	char text[HELP_SIZE];

	if ((c->request.given & FIELD_BIT(FIELD_NAME)) == 0) {
		a.text = fold_help(c, text);
		answer(c, &a);
		return;
	}
	if (name.size > 1 && name.data[0] == '/')
		name = view_of(name.data + 1, name.size - 1);
	row = verb_find(name);
	if (row == NULL) {
		refuse(c, OUTCOME_USAGE, "there is no such command; /help lists all");
		return;
	}
	help_row(row, text);
	a.text = text;
	answer(c, &a);
}

static void do_bell(struct client *c)
{
	if (c->console == NULL) {
		refuse(c, OUTCOME_USAGE, "there is no bell here: only a person's terminal has one");
		return;
	}
	console_bell(c->console, c->request.is_on);
	answer_ok(c, c->request.is_on ? "it rings when a message comes" : "it is quiet");
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
		progress_begin(&c->progress, "/all");
		begin(c, &(struct command){ .kind = COMMAND_ALL, .text = q->text });
		break;
	case VERB_CHECK:
		do_check(c);
		break;
	case VERB_REPLICAS:
		begin(c, &(struct command){ .kind = COMMAND_REPLICAS });
		break;
	case VERB_BELL:
		do_bell(c);
		break;
	case VERB_WAIT:
		loop_timer_set(c->loop, &c->wait, loop_now_ms(c->loop) + q->duration_ms);
		break;
	case VERB_HELP:
		do_help(c);
		break;
	case VERB_QUIT:
		answer_ok(c, "");
		c->wants_end = true;
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
	const struct verb_row *row;
	char own[DISPLAY_SIZE];
	bool is_in = link_is_logged_in(c->link, own);

	assert(!c->is_busy);
	if (is_text)
		command_parse_text(line, &c->request);
	else
		command_parse(&c->parser, line, was_cut, &c->request);
	c->is_busy = true;
	client_show_line(c, line, was_shown);
	row = verb_row(c->request.verb);
	if (c->request.outcome != OUTCOME_OK)
		refuse(c, c->request.outcome, c->request.detail);
	else if (row != NULL && row->when == WHEN_IN && !is_in)
		refuse(c, OUTCOME_NOT_LOGGED_IN,
		       "you are not logged in; /login NAME logs in, /create NAME makes an "
		       "account");
	else if (row != NULL && row->when == WHEN_OUT && is_in)
		refuse(c, OUTCOME_LOGGED_IN, "you are logged in already; /logout first");
	else if (row != NULL && (row->needed & (uint16_t)~c->request.given) != 0)
		carry_out(c, question_begin(&c->question, &c->request));
	else
		do_verb(c);
}
