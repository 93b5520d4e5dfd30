/* SPDX-License-Identifier: MIT
 *
 * client: a person's, or a program's, way into the chat. It drives one link and reads lines from
 * stdin.
 *
 *   state      what ends it                                   next
 *   STARTING   ready                                          RUNNING
 *              script mode: --timeout without a live replica  exit 3
 *   RUNNING    end of input, /quit, a signal, nobody reads    FINISHING
 *   FINISHING  nothing is under way any more; --timeout       LEAVING, or ENDED if not logged in
 *   LEAVING    the log out's result; the reply timeout        ENDED
 *
 * A turn: the loop waits and hands out events; the link's actions become lines; then, if no
 * command is under way, the next line of input is taken, as long as there is one. Input is asked
 * for only when it is wanted.
 *
 * What is shown, to a program or a person, is cli/show.c's; on a terminal it stands above a
 * prompt and the line being typed (cli/console.h).
 */
#include "cli/client.h"

#include "io/log.h"
#include "io/options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { NOTICE_MS = 1000 };

/* ---- states ---- */

static void set_limit(struct client *c, uint64_t ms)
{
	loop_timer_set(c->loop, &c->limit, loop_now_ms(c->loop) + ms);
}

/* Without waiting for anybody. */
static _Noreturn void end_at_once(struct client *c, enum exit_status status)
{
	console_free(c->console);
	input_release(&c->input);
	exit((int)status);
}

void client_finish(struct client *c)
{
	if (c->state > CLIENT_RUNNING)
		return;
	/* A person may leave before anything was reached. */
	if (c->state == CLIENT_STARTING && c->console != NULL)
		end_at_once(c, EXIT_NO_REPLICA);
	c->state = CLIENT_FINISHING;
	question_close(&c->question);
	loop_timer_cancel(c->loop, &c->notice);
	loop_timer_cancel(c->loop, &c->idle);
	client_show_dropped(c);
	if (c->console == NULL)
		input_want(&c->input, false);
	set_limit(c, c->is_terminal || c->is_hasty ? c->options.reply_timeout_ms
	                                           : c->options.timeout_ms);
}

/* The last thing that a client does. Without a live replica there is nobody to tell. */
static void leave(struct client *c)
{
	char own[DISPLAY_SIZE];

	assert(c->state == CLIENT_FINISHING);
	if (c->is_busy) {
		c->was_refused = true; /* its outcome is not known */
		client_show_abandoned(c);
	}
	if (!link_is_logged_in(c->link, own) || replication_live(link_replication(c->link)) == 0) {
		c->state = CLIENT_ENDED;
		return;
	}
	c->state = CLIENT_LEAVING;
	c->logout_token = link_command(c->link, &(struct command){ .kind = COMMAND_LOGOUT });
	set_limit(c, c->options.reply_timeout_ms);
}

/* Why none is live, in one line. */
static void say_none_is_live(struct client *c, const char *what)
{
	const struct replication *r = link_replication(c->link);

	char text[REPLICAS * (DIAL_TEXT_SIZE + WHY_SIZE) + 128];

	(void)snprintf(text, sizeof(text), "no replica could be reached%s: %s: %s; %s: %s; %s: %s",
	               what, c->options.targets[0].text, replication_why(r, 0),
	               c->options.targets[1].text, replication_why(r, 1),
	               c->options.targets[2].text, replication_why(r, 2));
	if (c->console != NULL)
		client_show_notice(c, text);
	else
		log_plain(LOG_ERROR, "client: %s", text);
}

static void notice_expired(struct loop_timer *timer)
{
	struct client *c = LOOP_OWNER(timer, struct client, notice);

	if (c->state == CLIENT_STARTING && replication_live(link_replication(c->link)) == 0)
		say_none_is_live(c, " yet; it goes on trying");
}

static void limit_expired(struct loop_timer *timer)
{
	struct client *c = LOOP_OWNER(timer, struct client, limit);

	switch (c->state) {
	case CLIENT_STARTING:
		/* With one that is live, ready comes within the reply timeout. */
		if (replication_live(link_replication(c->link)) > 0)
			break;
		say_none_is_live(c, "");
		end_at_once(c, EXIT_NO_REPLICA);
	case CLIENT_FINISHING:
		leave(c);
		break;
	case CLIENT_LEAVING:
		c->state = CLIENT_ENDED;
		break;
	case CLIENT_RUNNING:
	case CLIENT_ENDED:
		break;
	}
}

static void wait_expired(struct loop_timer *timer)
{
	client_wait_over(LOOP_OWNER(timer, struct client, wait));
}

/* A command, but for /wait, holds it off; so the time counts from the last line that was taken. */
static void idle_expired(struct loop_timer *timer)
{
	struct client *c = LOOP_OWNER(timer, struct client, idle);
	char own[DISPLAY_SIZE];

	if (c->state != CLIENT_RUNNING || !link_is_logged_in(c->link, own))
		return;
	if (c->token != 0) {
		loop_timer_set(c->loop, &c->idle, loop_now_ms(c->loop) + c->options.idle_ms);
		return;
	}
	c->logout_token = link_command(c->link, &(struct command){ .kind = COMMAND_LOGOUT });
}

static void restart_idle(struct client *c)
{
	if (c->options.idle_ms != 0)
		loop_timer_set(c->loop, &c->idle, loop_now_ms(c->loop) + c->options.idle_ms);
}

static void signalled(void *context, int number)
{
	struct client *c = context;

	if (number == SIGWINCH || number == SIGTSTP || number == SIGCONT) {
		console_signalled(c->console, number);
		return;
	}
	/* A second one, or one before anything was reached, does not wait for anybody. */
	if (c->is_hasty || c->state == CLIENT_STARTING)
		end_at_once(c, c->state == CLIENT_STARTING ? EXIT_NO_REPLICA : EXIT_REFUSED);
	c->is_hasty = true;
	client_finish(c);
	set_limit(c, c->options.reply_timeout_ms);
}

/* ---- what the link tells ---- */

static void ready(struct client *c)
{
	assert(c->state == CLIENT_STARTING);
	client_show_ready(c);
	loop_timer_cancel(c->loop, &c->limit);
	loop_timer_cancel(c->loop, &c->notice);
	c->state = CLIENT_RUNNING;
	client_show_flush(c);
	if (c->options.user != NULL)
		client_log_in(c, c->options.user);
	else if (c->is_terminal)
		console_print(c->console, view_of_string("/create NAME makes an account.\n"
		                                         "/login NAME logs in to one you have.\n"
		                                         "/help lists commands, Ctrl-D ends.\n"));
	restart_idle(c);
}

static void take_logout(struct client *c)
{
	c->logout_token = 0;
	if (c->state == CLIENT_LEAVING) {
		c->state = CLIENT_ENDED;
		return;
	}
	client_forget_session(c);
	client_show_logged_out(c, "idle");
}

/* Changes of replicas before `ready` are told by it. */
static void handle(void *context, const struct action *action)
{
	struct client *c = context;
	bool is_ready = c->state != CLIENT_STARTING;

	if (c->console != NULL && console_take(c->console, action))
		return;
	/* A death and what follows from it are one line. */
	if (action->kind != ACTION_REPLICA && action->kind != ACTION_LEADER)
		client_show_changes(c);
	switch (action->kind) {
	case ACTION_READY:
		ready(c);
		break;
	case ACTION_REPLICA:
		if (is_ready)
			client_show_replica(c, action);
		break;
	case ACTION_LEADER:
		if (is_ready)
			client_show_leader(c, action->index);
		break;
	case ACTION_RESULT:
		if (action->result->token == c->logout_token)
			take_logout(c);
		else if (action->result->token == c->facts_token)
			c->facts_token = 0;
		else if (action->result->token == c->token)
			client_take_result(c, action->result);
		break;
	case ACTION_MESSAGE:
		c->unseen++;
		client_show_message(c, action->shown);
		break;
	case ACTION_USERS:
		client_take_users(c, action);
		break;
	case ACTION_REPLICAS:
		client_show_replicas(c, action);
		break;
	case ACTION_LOGGED_OUT:
		client_forget_session(c);
		client_show_logged_out(c, action->why);
		break;
	case ACTION_PROGRESS: /* scripts have no line for it */
		if (action->token == c->token)
			progress_done(&c->progress, action->done);
		break;
	default:
		break; /* the driver's */
	}
	client_show_flush(c);
}

/* ---- turns ---- */

/* A line was taken; /quit is one. */
static void after_line(struct client *c)
{
	if (c->wants_end)
		client_finish(c);
	restart_idle(c);
	client_show_flush(c);
}

/* Takes the next line, if it may be taken now; false if there was none. */
static bool take_line(struct client *c)
{
	struct view line;
	bool was_cut;

	if (c->state != CLIENT_RUNNING || c->logout_token != 0 || c->is_busy)
		return false;
	if (!input_line(&c->input, &line, &was_cut)) {
		if (input_has_ended(&c->input))
			client_finish(c);
		else
			input_want(&c->input, true);
		return c->state != CLIENT_RUNNING;
	}
	if (line.size > 0)
		client_take_line(c, line, was_cut, false, false);
	after_line(c);
	return true;
}

/* The same for a person, whose keys count in any state. */
static bool take_typed(struct client *c)
{
	bool is_free = c->logout_token == 0 && !c->is_busy;
	enum console_lines lines = c->state != CLIENT_RUNNING ? CONSOLE_CLOSED
	                           : is_free                  ? CONSOLE_FREE
	                                                      : CONSOLE_BUSY;
	struct console_event event;

	if (c->state == CLIENT_ENDED || !console_next(c->console, lines, &event))
		return false;
	switch (event.kind) {
	case CONSOLE_LINE:
		client_take_line(c, event.text, false, event.is_text, event.was_shown);
		after_line(c);
		break;
	case CONSOLE_ANSWER:
		client_answer(c, event.text);
		after_line(c);
		break;
	case CONSOLE_LEFT:
		client_leave_question(c);
		break;
	case CONSOLE_INTERRUPT:
		signalled(c, SIGINT);
		break;
	case CONSOLE_END:
		client_finish(c);
		break;
	case CONSOLE_NOTHING:
		break;
	}
	return true;
}

/* Everything that can be done without waiting. */
static void work(struct client *c)
{
	do {
		link_pool_settle(c->pool);
		client_go_on(c);
		link_pool_settle(c->pool);
		client_show_flush(c);
		if (c->output.has_ended)
			client_finish(c);
		if (c->state == CLIENT_FINISHING &&
		    (c->is_hasty || (!c->is_busy && replication_idle(link_replication(c->link)))))
			leave(c);
	} while (c->console != NULL ? take_typed(c) : take_line(c));
	link_pool_settle(c->pool);
	client_show_settle(c);
	client_show_flush(c); /* what a timer has said, too */
	client_show_prompt(c);
}

static _Noreturn void die(const char *what, int error)
{
	log_plain(LOG_ERROR, "client: %s: %s", what, strerror(error));
	exit(EXIT_REFUSED);
}

static void set_signals(struct client *c)
{
	int signals[6] = { SIGINT, SIGTERM };
	size_t count = 2;
	struct sigaction before;
	int result;

	(void)signal(SIGPIPE, SIG_IGN);
	if (sigaction(SIGHUP, NULL, &before) != 0 || before.sa_handler != SIG_IGN)
		signals[count++] = SIGHUP;
	if (c->is_terminal) {
		signals[count++] = SIGWINCH;
		signals[count++] = SIGTSTP;
		signals[count++] = SIGCONT;
	}
	result = loop_signals(c->loop, signals, count, signalled, c);
	if (result < 0)
		die("cannot watch signals", -result);
}

static void start(struct client *c)
{
	struct replication_options options = {
		.reply_timeout_ms = (uint32_t)c->options.reply_timeout_ms,
		.wait_ms = c->is_terminal ? 0 : (uint32_t)c->options.timeout_ms,
		.min_copies = (uint32_t)c->options.min_copies,
	};
	if (getrandom(options.seed, sizeof(options.seed), 0) != (ssize_t)sizeof(options.seed))
		die("no random numbers", errno);
	c->loop = loop_new();
	if (c->loop == NULL)
		die("cannot wait for events", errno);
	set_signals(c);
	c->pool = link_pool_new(c->loop);
	c->link = link_new(c->pool, c->options.targets, &options, handle, c);
	explicit_bzero(&options, sizeof(options));
	client_show_init(c);
	progress_init(&c->progress, c->loop);
	command_parser_init(&c->parser, c->is_terminal);
	input_init(&c->input, c->loop, c->is_terminal ? -1 : STDIN_FILENO);
	if (c->is_terminal) {
		c->console = console_new(c->loop, c->link, &c->output, c->options.is_plain);
		c->transcript.is_echoed = console_is_echoed(c->console);
	}
	question_init(&c->question, c->console,
	              view_of(c->options.password, c->options.password_size));
	explicit_bzero(c->options.password, sizeof(c->options.password));
	c->wait.expired = wait_expired;
	c->idle.expired = idle_expired;
	c->limit.expired = limit_expired;
	c->notice.expired = notice_expired;
	if (!c->is_terminal)
		set_limit(c, c->options.timeout_ms);
	loop_timer_set(c->loop, &c->notice, loop_now_ms(c->loop) + NOTICE_MS);
}

static void stop(struct client *c)
{
	console_free(c->console);
	input_release(&c->input);
	command_parser_release(&c->parser);
	client_show_release(c);
	pattern_release(&c->pattern);
	list_clear(&c->list);
	progress_end(&c->progress);
	link_free(c->link);
	link_pool_free(c->pool);
	loop_timer_cancel(c->loop, &c->wait);
	loop_timer_cancel(c->loop, &c->idle);
	loop_timer_cancel(c->loop, &c->limit);
	loop_timer_cancel(c->loop, &c->notice);
	loop_free(c->loop);
}

int main(int argc, char **argv)
{
	/* Not on the stack: the parser's list of names is large. */
	static struct client client;
	struct client *c = &client;

	log_open(LOG_INFO);
	client_options_read(&c->options, argc, argv);
	c->is_terminal = c->options.is_terminal;
	start(c);
	work(c);
	while (c->state != CLIENT_ENDED) {
		loop_turn(c->loop, LOOP_NEVER);
		work(c);
	}
	stop(c);
	return c->was_refused || c->output.has_failed ? EXIT_REFUSED : EXIT_DONE;
}
