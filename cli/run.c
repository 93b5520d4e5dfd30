/* SPDX-License-Identifier: MIT
 *
 * A line becomes a request (chat/command.h), the request is refused, answered here, or given to the
 * replicas. Each command has exactly one result, which goes through `answer` and ends it.
 */
#include "cli/run.h"

#include <stdio.h>

/* ---- results ---- */

static void end_command(struct cli_run *r)
{
	r->is_busy = false;
	r->token = 0;
	pattern_release(&r->pattern);
	listing_clear(&r->list);
	progress_end(&r->show->progress);
	question_forget(r->question);
	wait_cancel(&r->wait);
}

static void note_outcome(struct cli_run *r, enum outcome outcome)
{
	if (outcome == OUTCOME_OK)
		return;
	r->was_refused = true;
	r->wants_end |= r->stops_on_error;
}

static void answer(struct cli_run *r, struct script_answer *a)
{
	assert(r->is_busy);
	a->command = r->request.word;
	a->tag = r->request.tag;
	r->is_refused = a->outcome != OUTCOME_OK;
	note_outcome(r, a->outcome);
	show_result(r->show, a);
	/* Whoever types on without looking means nobody of those there were before. */
	if (r->request.verb == VERB_TALK && a->outcome != OUTCOME_OK && !r->is_overtaken)
		show_talk(r->show, view_of(NULL, 0), NULL);
	end_command(r);
}

static void answer_ok(struct cli_run *r, const char *detail)
{
	answer(r, &(struct script_answer){ .outcome = OUTCOME_OK, .detail = detail });
}

static void refuse(struct cli_run *r, enum outcome outcome, const char *detail)
{
	assert(outcome != OUTCOME_OK);
	answer(r, &(struct script_answer){ .outcome = outcome, .detail = detail });
}

void run_forget_session(struct cli_run *r)
{
	show_forget(r->show);
	r->here.unseen = 0;
	r->wait.heard = 0;
	r->idle_own[0] = 0;
}

static void waited(void *context, uint64_t heard)
{
	struct cli_run *r = context;

	answer(r, &(struct script_answer){
			  .outcome = OUTCOME_OK,
			  .detail = "",
			  .has_messages = (r->request.given & FIELD_BIT(FIELD_COUNT)) != 0,
			  .messages = heard });
}

void run_heard(struct cli_run *r)
{
	r->here.unseen++;
	wait_heard(&r->wait);
}

/* ---- what goes to the replicas ---- */

static void begin(struct cli_run *r, const struct command *command)
{
	assert(r->is_busy);
	r->token = link_command(r->link, command);
	assert(r->token != 0);
	show_begun(r->show, r->request.word);
}

/* ---- a script's messages ---- */

bool run_is_free(const struct cli_run *r)
{
	return !r->is_busy && !r->wants_end && r->window.count < r->window.size;
}

bool run_is_busy(const struct cli_run *r)
{
	return r->is_busy || r->window.count > 0;
}

bool run_has_asked(const struct cli_run *r)
{
	return r->token != 0 || r->window.count > 0;
}

static void answer_in_window(struct cli_run *r, uint32_t token, struct script_answer *a)
{
	struct buf *out = &r->show->script.out;
	size_t begin = out->size;

	a->command = view_of_string(verb_row(VERB_MSG)->name);
	a->tag = window_tag(&r->window, token);
	note_outcome(r, a->outcome);
	script_result(&r->show->script, a);
	window_answer(&r->window, token, out, begin);
}

bool run_abandon(struct cli_run *r)
{
	struct script_answer a = { .outcome = OUTCOME_UNKNOWN,
		                   .detail = "the client ended before there was an answer" };
	uint32_t token;

	if (!run_is_busy(r))
		return false;
	while ((token = window_first(&r->window)) != 0)
		answer_in_window(r, token, &a);
	if (r->is_busy && r->console == NULL) {
		if (r->is_held)
			a.detail = "the client ended before it was begun: nothing was done";
		r->is_held = false;
		answer(r, &a);
	}
	return true;
}

static void begin_delete(struct cli_run *r, struct view name)
{
	char own[DISPLAY_SIZE];

	if (!link_is_logged_in(r->link, own))
		refuse(r, OUTCOME_NOT_LOGGED_IN, "the session has ended: log in first");
	else if (!name_equal(name, view_of_string(own)))
		refuse(r, OUTCOME_USAGE,
		       "nothing was deleted: /delete needs the name of your own account, to "
		       "confirm it");
	else
		r->delete_waits = true;
}

/* Does what a question or its answer has decided. */
static void carry_out(struct cli_run *r, struct question_decision decision)
{
	/* The line of the request may be gone by now, so its views must not be used. */
	if (decision.next != QUESTION_PASSES)
		r->request.word = view_of_string(verb_row(decision.verb)->name);
	switch (decision.next) {
	case QUESTION_PASSES:
	case QUESTION_WAITS:
		break;
	case QUESTION_REFUSES:
		refuse(r, decision.outcome, decision.detail);
		break;
	case QUESTION_BEGINS:
		decision.command.is_sending = r->is_sending;
		decision.command.take_over |= r->takes_over;
		begin(r, &decision.command);
		break;
	case QUESTION_DELETES:
		begin_delete(r, decision.command.name);
		break;
	}
}

void run_answer(struct cli_run *r, struct view line)
{
	if (question_is_secret(r->question))
		console_know(r->console, line);
	carry_out(r, question_answer(r->question, line));
}

void run_leave_question(struct cli_run *r)
{
	carry_out(r, question_leave(r->question));
}

void run_log_in(struct cli_run *r, const char *name)
{
	r->is_busy = true;
	r->request = (struct command_request){ .verb = VERB_LOGIN, .name = view_of_string(name) };
	carry_out(r, question_begin(r->question, &r->request));
}

/* Ends /list. A person gets the names in columns and a summary in the place of a result. */
static void end_list(struct cli_run *r)
{
	bool is_all = r->request.given == 0;

	if (r->console != NULL) {
		show_flush(r->show);
		listing_show(&r->list, r->console, is_all);
		show_done(r->show);
		end_command(r);
		return;
	}
	if (!r->users_told)
		show_users(r->show, NULL, 0);
	answer(r, &(struct script_answer){ .outcome = OUTCOME_OK,
	                                   .detail = "",
	                                   .has_count = true,
	                                   .count = r->listed });
}

/* Ends /talk. A person sees in the prompt that it was done. If nothing was said there since the
 * log-in, what is kept of it is shown. */
static void end_talk(struct cli_run *r, const char *name, const struct id *id)
{
	char copy[COMMAND_ACCOUNT_SIZE];
	bool is_new = conversation_find(&r->show->conversations, view_of_string(name)) == NULL;

	/* The list of conversations may move. */
	(void)snprintf(copy, sizeof copy, "%s", name);
	is_new = is_new && !name_equal(view_of_string(r->recalled), view_of_string(copy));
	if (is_new && !r->is_overtaken && r->console != NULL)
		recall_last(r->show, view_of_string(copy));
	if (!r->is_overtaken)
		show_talk(r->show, view_of_string(copy), id);
	if (r->console == NULL) {
		answer_ok(r, "");
		return;
	}
	show_done(r->show);
	end_command(r);
}

/* A person is back: with the last lines, and with whoever the last plain lines went to, if that
 * name still means the same account. */
static void begin_session(struct cli_run *r, const struct result *result)
{
	const struct cli_talk *talk = &r->show->talk;
	struct view aimed = console_aimed_at(r->console);
	struct view name;

	talk_begin(&r->show->talk, result->name, &result->id);
	name = view_of_string(talk->name);
	/* A /talk that waits has chosen already. */
	if (aimed.size > 0)
		name = aimed;
	if (archive_begin(r->show->archive, result->name, &result->id)) {
		seen_clear(&r->show->seen);
		recall_last(r->show, name);
		view_to_string(name, r->recalled, sizeof r->recalled);
	}
	name = view_of_string(talk->name);
	if (name.size > 0 && setting_is_on(r->here.settings, SETTING_LOG))
		r->restore_token = link_command(
			r->link, &(struct command){ .kind = COMMAND_LOOK, .name = name });
}

/* The answer to the look of begin_session. Whom one has chosen meanwhile counts. */
static void take_restored(struct cli_run *r, const struct result *result)
{
	const struct cli_talk *talk = &r->show->talk;
	char text[COMMAND_ACCOUNT_SIZE + 128];

	r->restore_token = 0;
	if (talk->name[0] == 0 || console_aimed_at(r->console).size > 0)
		return;
	if (result->outcome == OUTCOME_OK && (!talk->has_id || id_equal(&result->id, &talk->id))) {
		show_talk(r->show, view_of_string(result->name), &result->id);
		/* A dumb terminal has a prompt already, and keeps it until something is printed. */
		(void)snprintf(text, sizeof text, "lines go to %s, as before", result->name);
		if (console_is_echoed(r->console))
			show_notice(r->show, text);
		return;
	}
	if (result->outcome != OUTCOME_OK && result->outcome != OUTCOME_NO_SUCH_USER)
		return;
	(void)snprintf(text, sizeof text,
	               result->outcome == OUTCOME_OK
	                       ? "'%s', with whom you talked last, is another account now: "
	                         "/talk NAME chooses whom lines go to"
	                       : "'%s', with whom you talked last, is gone",
	               talk->name);
	show_notice(r->show, text);
}

static void take_result(struct cli_run *r, const struct result *result)
{
	struct script_answer a = { .outcome = result->outcome,
		                   .detail = result->detail,
		                   .result = result };
	struct question_decision decision;

	assert(r->is_busy);
	decision = question_result(r->question, result);
	if (decision.next != QUESTION_PASSES) {
		r->token = 0;
		carry_out(r, decision);
		return;
	}
	if (result->kind == COMMAND_LIST && result->outcome == OUTCOME_OK) {
		end_list(r);
		return;
	}
	if (result->kind == COMMAND_LOOK && result->outcome == OUTCOME_OK) {
		end_talk(r, result->name, &result->id);
		return;
	}
	if (result->outcome == OUTCOME_OK &&
	    (result->kind == COMMAND_LOGOUT || result->kind == COMMAND_DELETE))
		run_forget_session(r);
	answer(r, &a);
	if (r->console != NULL && result->outcome == OUTCOME_OK &&
	    (result->kind == COMMAND_CREATE || result->kind == COMMAND_LOGIN))
		begin_session(r, result);
}

/* Takes a page of accounts and keeps those whose names match the pattern. */
static void take_users(struct cli_run *r, const struct action *action)
{
	struct user *fitting;
	size_t count = 0;

	if (r->pattern.text == NULL) {
		question_users(r->question, action->users, action->users_count);
		return;
	}
	progress_done(&r->show->progress, r->show->progress.done + action->users_count);
	fitting = memory_alloc(action->users_count * sizeof *fitting);
	for (size_t i = 0; i < action->users_count; i++)
		if (pattern_fits(&r->pattern, action->users[i].name))
			fitting[count++] = action->users[i];
	if (r->console != NULL) {
		listing_add(&r->list, fitting, count);
	} else if (count > 0) {
		show_users(r->show, fitting, count);
		r->users_told = true;
		r->listed += count;
	}
	memory_free(fitting);
}

void run_take(struct cli_run *r, const struct action *action)
{
	uint32_t token = action->kind == ACTION_RESULT ? action->result->token : action->token;

	if (action->kind == ACTION_RESULT && window_has(&r->window, token)) {
		struct script_answer a = { .outcome = action->result->outcome,
			                   .detail = action->result->detail,
			                   .result = action->result };

		answer_in_window(r, token, &a);
		return;
	}
	if (action->kind == ACTION_RESULT && token == r->restore_token)
		take_restored(r, action->result);
	if (token != r->token)
		return;
	if (action->kind == ACTION_RESULT)
		take_result(r, action->result);
	else if (action->kind == ACTION_USERS)
		take_users(r, action);
	else if (action->kind == ACTION_PROGRESS) /* scripts have no line for it */
		progress_done(&r->show->progress, action->done);
}

void run_blind(struct cli_run *r)
{
	r->delete_waits = false;
}

static void begin_list(struct cli_run *r)
{
	const struct command_request *q = &r->request;
	bool is_regex = (q->given & FIELD_BIT(FIELD_REGEX)) != 0;
	char err[PATTERN_ERR_SIZE];

	if (!pattern_init(&r->pattern, q->pattern, is_regex, err)) {
		refuse(r, OUTCOME_USAGE, err);
		return;
	}
	r->listed = 0;
	r->users_told = false;
	if (pattern_is_possible(&r->pattern)) {
		progress_begin(&r->show->progress, "/list", NULL);
		begin(r, &(struct command){ .kind = COMMAND_LIST,
		                            .name = pattern_prefix(&r->pattern) });
		return;
	}
	end_list(r);
}

/* A script's message is under way in the window, and nothing waits for it. */
static void begin_send(struct cli_run *r, const struct view *to, size_t count)
{
	const struct command_request *q = &r->request;
	const struct command command = { .kind = COMMAND_SEND,
		                         .names = to,
		                         .names_count = count,
		                         .text = q->text,
		                         .has_id = (q->given & FIELD_BIT(FIELD_ID)) != 0,
		                         .is_notice = q->is_notice,
		                         .session = q->session,
		                         .number = q->number };

	if (r->console != NULL) {
		begin(r, &command);
		return;
	}
	window_add(&r->window, link_command(r->link, &command), q->tag);
	show_done(r->show);
	end_command(r);
}

/* What helps somebody who types a text and is not logged in. */
static const char *say_logged_out(const struct cli_run *r, char detail[COMMAND_DETAIL_SIZE])
{
	if (r->idle_own[0] != 0)
		(void)snprintf(detail, COMMAND_DETAIL_SIZE,
		               "this was sent to nobody: you were logged out, because nothing was "
		               "typed for so long; /login %s logs in again",
		               r->idle_own);
	else
		(void)snprintf(detail, COMMAND_DETAIL_SIZE,
		               "this was sent to nobody: you are not logged in; /login NAME logs "
		               "in, /create NAME makes an account");
	return detail;
}

/* Plain text goes to the conversation, as a message. */
static void begin_text(struct cli_run *r)
{
	const char *ours = verb_foreign(r->request.text);
	char detail[COMMAND_DETAIL_SIZE];
	char own[DISPLAY_SIZE];

	if (r->to.size > 0 && link_is_logged_in(r->link, own)) {
		r->request.word = view_of_string(verb_row(VERB_MSG)->name);
		begin_send(r, &r->to, 1);
		return;
	}
	if (r->console != NULL && !link_is_logged_in(r->link, own)) {
		refuse(r, OUTCOME_NOT_LOGGED_IN, say_logged_out(r, detail));
		return;
	}
	if (ours != NULL)
		(void)snprintf(detail, sizeof detail,
		               "this was sent to nobody: it looks like a command of another "
		               "program, which here is %s",
		               ours);
	refuse(r, OUTCOME_USAGE,
	       ours != NULL ? detail
	                    : "this was sent to nobody: choose a conversation with /talk NAME "
	                      "first, or send one message with /msg NAME TEXT; /help lists all "
	                      "commands");
}

/* ---- conversations ---- */

/* The table comes at once, and its result has the token of nothing that is under way. */
void run_aside(struct cli_run *r, struct view line)
{
	show_typed(r->show, line);
	(void)link_command(r->link, &(struct command){ .kind = COMMAND_REPLICAS });
}

void run_move(struct cli_run *r, enum conversation_move how, size_t number)
{
	r->is_overtaken = true;
	show_move(r->show, how, number);
}

/* ---- one for each verb ---- */

static void do_question(struct cli_run *r)
{
	carry_out(r, question_begin(r->question, &r->request));
}

static void do_logout(struct cli_run *r)
{
	begin(r, &(struct command){ .kind = COMMAND_LOGOUT });
}

static void do_delete(struct cli_run *r)
{
	begin_delete(r, r->request.name);
}

static void do_msg(struct cli_run *r)
{
	begin_send(r, r->request.to, r->request.to_count);
}

static void do_all(struct cli_run *r)
{
	progress_begin(&r->show->progress, "/all", NULL);
	begin(r, &(struct command){ .kind = COMMAND_ALL,
	                            .text = r->request.text,
	                            .is_notice = r->request.is_notice });
}

static void do_replicas(struct cli_run *r)
{
	begin(r, &(struct command){ .kind = COMMAND_REPLICAS });
}

static void do_wait(struct cli_run *r)
{
	const struct command_request *q = &r->request;
	bool has_count = (q->given & FIELD_BIT(FIELD_COUNT)) != 0;

	wait_begin(&r->wait, q->duration_ms, has_count ? q->count : UINT64_MAX);
}

static void do_quit(struct cli_run *r)
{
	answer_ok(r, "");
	r->wants_end = true;
}

/* What needs no replica. */
static void do_here(struct cli_run *r)
{
	struct script_answer a = { .outcome = OUTCOME_OK, .detail = "" };

	if (here_do(&r->here, &r->request, &a))
		answer(r, &a);
}

/* Whom one talks with already is not looked up again: so one may go there while no replica is
 * live. A message to somebody who has gone meanwhile is refused. */
static void do_talk(struct cli_run *r)
{
	const struct conversation *known;
	char own[DISPLAY_SIZE] = "";

	if ((r->request.given & FIELD_BIT(FIELD_NAME)) == 0) {
		do_here(r);
		return;
	}
	known = conversation_find(&r->show->conversations, r->request.name);
	if (known != NULL)
		end_talk(r, known->name, NULL);
	else if (link_is_logged_in(r->link, own) &&
	         name_equal(r->request.name, view_of_string(own)))
		end_talk(r, own, NULL);
	else
		begin(r, &(struct command){ .kind = COMMAND_LOOK, .name = r->request.name });
}

/* Such a command shows lines, and no other line is needed. */
static void here_done(void *context)
{
	struct cli_run *r = context;

	show_done(r->show);
	end_command(r);
}

static void (*const doing[VERB_END])(struct cli_run *r) = {
	[VERB_CREATE] = do_question, [VERB_LOGIN] = do_question,    [VERB_LOGOUT] = do_logout,
	[VERB_DELETE] = do_delete,   [VERB_PASSWORD] = do_question, [VERB_LIST] = begin_list,
	[VERB_MSG] = do_msg,         [VERB_TALK] = do_talk,         [VERB_REPLY] = do_here,
	[VERB_ALL] = do_all,         [VERB_CHECK] = do_here,        [VERB_REPLICAS] = do_replicas,
	[VERB_BELL] = do_here,       [VERB_FOCUS] = do_here,        [VERB_HISTORY] = do_here,
	[VERB_SEARCH] = do_here,     [VERB_LOG] = do_here,          [VERB_SET] = do_here,
	[VERB_WAIT] = do_wait,       [VERB_HELP] = do_here,         [VERB_QUIT] = do_quit,
	[VERB_TEXT] = begin_text,
};

/* ---- a line ---- */

/* Whether the request is a message that will be sent: so it may be under way with others. */
static bool is_message(const struct cli_run *r)
{
	const struct command_request *q = &r->request;
	char own[DISPLAY_SIZE];

	return q->outcome == OUTCOME_OK && link_is_logged_in(r->link, own) &&
	       (q->verb == VERB_MSG || (q->verb == VERB_TEXT && r->to.size > 0));
}

/* What --send-only leaves alone: these make a whole session, or see what is in the mailbox. */
static bool needs_mailbox(enum verb verb)
{
	return verb == VERB_CREATE || verb == VERB_DELETE || verb == VERB_CHECK;
}

/* Does what was read, or refuses it. */
static void do_request(struct cli_run *r)
{
	const struct verb_row *row = verb_row(r->request.verb);
	char own[DISPLAY_SIZE];
	bool is_in = link_is_logged_in(r->link, own);

	if (r->request.outcome != OUTCOME_OK)
		refuse(r, r->request.outcome, r->request.detail);
	else if (row != NULL && row->when == WHEN_IN && !is_in)
		refuse(r, OUTCOME_NOT_LOGGED_IN,
		       "you are not logged in; /login NAME logs in, /create NAME makes an "
		       "account");
	else if (row != NULL && row->when == WHEN_OUT && is_in)
		refuse(r, OUTCOME_LOGGED_IN, "you are logged in already; /logout first");
	else if (r->is_sending && needs_mailbox(r->request.verb))
		refuse(r, OUTCOME_USAGE,
		       "with --send-only a client sends, and nothing else is done to the account");
	else if (row != NULL && row->not_for_programs != NULL && r->console == NULL)
		refuse(r, OUTCOME_USAGE, row->not_for_programs);
	else if (row != NULL && (row->needed & ~(row->may_lack | r->request.given)) != 0)
		do_question(r);
	else
		doing[r->request.verb](r);
	if (r->console != NULL) {
		console_know(r->console, r->request.password);
		console_know(r->console, r->request.new_password);
		/* A log-in that is well formed was not mistyped. */
		if (r->is_refused && (r->request.outcome != OUTCOME_OK || row == NULL))
			console_give_back(r->console);
	}
	command_forget_password(&r->parser, &r->request);
}

void run_line(struct cli_run *r, const struct cli_line *line)
{
	assert(!r->is_busy);
	r->is_refused = false;
	if (line->is_text)
		command_parse_text(line->text, &r->request);
	else
		command_parse(&r->parser, line->text, line->was_cut, &r->request);
	r->is_busy = true;
	r->to = line->to;
	r->is_overtaken = line->is_overtaken;
	show_line(r->show, &r->request, line->text, line->to, line->was_shown);
	r->is_held = r->window.count > 0 && !is_message(r);
	if (!r->is_held)
		do_request(r);
}

void run_refuse_line(struct cli_run *r, const struct cli_line *line)
{
	r->is_busy = true;
	r->request = (struct command_request){ .verb = VERB_LOGIN,
		                               .word = view_of_string("login") };
	if (line != NULL)
		command_parse(&r->parser, line->text, line->was_cut, &r->request);
	if (r->request.outcome != OUTCOME_OK)
		refuse(r, r->request.outcome, r->request.detail);
	else
		refuse(r, OUTCOME_NO_REPLICA, "no replica could be reached: nothing was done");
}

bool run_is_looking(const struct cli_run *r)
{
	return recall_is_under_way(&r->here.recall);
}

void run_break_off(struct cli_run *r)
{
	recall_break_off(&r->here.recall);
}

void run_make_way(struct cli_run *r)
{
	if (run_is_looking(r) && r->show->is_slow && console_waiting(r->console) > 0)
		run_break_off(r);
}

/* A deletion also deletes the messages that wait for the account, so it begins only when they have
 * been shown. Without a live replica nobody knows which they are: a replica that returns would be
 * told to delete them before they are read. */
void run_go_on(struct cli_run *r)
{
	const struct replication *half = link_replication(r->link);
	char own[DISPLAY_SIZE];
	bool is_dark = replication_live(half) == 0;

	if (r->is_held && r->window.count == 0) {
		r->is_held = false;
		if (r->wants_end)
			end_command(r);
		else
			do_request(r);
	}
	if (!r->delete_waits || (!is_dark && !replication_idle(half)))
		return;
	r->delete_waits = false;
	if (!link_is_logged_in(r->link, own))
		refuse(r, OUTCOME_NOT_LOGGED_IN, "the session has ended: log in first");
	else if (is_dark)
		refuse(r, OUTCOME_NO_REPLICA, "nothing was deleted: no replica could be reached");
	else
		begin(r, &(struct command){ .kind = COMMAND_DELETE });
}

void run_init(struct cli_run *r, struct loop *l, struct link *link, struct cli_show *show,
              struct cli_question *question, struct client_options *options)
{
	r->stops_on_error = options->stops_on_error;
	r->is_sending = options->is_sending;
	r->takes_over = options->takes_over;
	window_init(&r->window, (size_t)options->window);
	r->link = link;
	r->show = show;
	r->question = question;
	r->console = show->console;
	wait_init(&r->wait, l, waited, r);
	here_init(&r->here, show, &options->settings, here_done, r);
	command_parser_init(&r->parser, r->console != NULL);
	if (r->console != NULL)
		console_know(r->console, view_of(question->password, question->password_size));
}

void run_release(struct cli_run *r)
{
	command_parser_release(&r->parser);
	window_release(&r->window);
	pattern_release(&r->pattern);
	listing_clear(&r->list);
	wait_cancel(&r->wait);
}
