/* SPDX-License-Identifier: MIT
 *
 * client: a person's, or a program's, way into the chat. It drives one link and reads lines from
 * stdin.
 *
 *   state      what ends it                                   next
 *   STARTING   ready                                          RUNNING
 *              script mode: --timeout without a live replica  exit 3
 *   RUNNING    end of input, /quit, a signal, stdout fails    FINISHING
 *   FINISHING  nothing is under way any more, all is          LEAVING, or ENDED if not logged in
 *              written; --timeout; at once after a signal
 *   LEAVING    the log-out's result; the reply timeout        ENDED
 *
 * A turn: the loop waits and hands out events; the link's actions become lines; then, if no
 * command is under way, the next line of input is taken, as long as there is one. Input is asked
 * for only when it is wanted.
 *
 * What is written does not wait for its reader (cli/output.h), and no line is taken before it is
 * written. When a message has left the process, the link is told; only then do replicas forget it.
 * If stdout fails, or a signal comes while its reader stalls, the rest is shown to nobody: the
 * client ends, and the replicas keep what was not shown for the next log-in.
 *
 * What is shown, to a program or a person, is cli/show.c's; on a terminal it stands above a
 * prompt and the line being typed (cli/console.h).
 */
#include "cli/input.h"
#include "cli/pager.h"
#include "cli/run.h"
#include "cli/set.h"

#include "base/mark.h"

#include "io/file.h"
#include "io/log.h"
#include "io/options.h"
#include "io/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	NOTICE_MS = 1000, /* at the start: after so long it tells that no replica is live */
	STALL_MS = 300,   /* after a signal, so long stdout may still take what is to be written */
	FLUSH_SIZE = 32 * 1024, /* of a script's lines, which else are written once a turn */
	LATE_MS = 100,          /* a script that is refused as a whole may still come for so long */
	READ_MS = 1000, /* before a log-out, a reader of a pipe who reads nothing is waited for */
};

enum client_state {
	CLIENT_STARTING,  /* until ready; nothing is read from stdin yet */
	CLIENT_RUNNING,   /* commands, one after another */
	CLIENT_FINISHING, /* no more commands: what is outstanding ends */
	CLIENT_LEAVING,   /* the log-out is under way */
	CLIENT_ENDED,
};

/* One of each part. */
struct client {
	struct client_options options;
	struct loop *loop;
	struct link_pool *pool;
	struct link *link;
	struct cli_output output;
	struct cli_input input;      /* of a script */
	struct cli_console *console; /* of a person; else NULL */
	struct cli_question question;
	struct cli_show show;
	struct cli_run run;
	struct pager pager;

	enum client_state state;
	uint64_t handed;       /* the serial of the last message to be shown, */
	uint64_t shown;        /* and of the last one that the link knows to be */
	uint64_t mark;         /* output.mark, when `reading` was set */
	bool is_blind;         /* nothing more is shown */
	bool was_refused;      /* something was not done, beside what a command was told */
	uint32_t logout_token; /* of a log-out without a command: after idling, or at the end */
	struct loop_timer idle;
	char idle_own[DISPLAY_SIZE]; /* the account that is logged out because of it */
	struct loop_timer limit;     /* of a state */
	struct loop_timer reading;   /* the end of READ_MS */
	struct loop_timer notice;    /* no replica is live yet: say so */
};

/* ---- what has left the process ---- */

/* True if that is more than before: then more messages may come. */
static bool tell_shown(struct client *c)
{
	if (c->shown == c->output.shown)
		return false;
	c->shown = c->output.shown;
	link_shown(c->link, c->shown);
	return true;
}

/* The rest stays with the replicas, and what was shown just before. */
static void go_blind(struct client *c)
{
	c->is_blind = true;
	link_blind(c->link);
	run_blind(&c->run);
	if (c->handed == c->output.shown)
		return;
	c->was_refused = true;
	log_own(LOG_ERROR,
	        "not all messages could be shown; the others come back at the next log-in");
}

static void reading_expired(struct loop_timer *timer)
{
	output_presume(&LOOP_OWNER(timer, struct client, reading)->output);
}

/* Whether something waits until all messages are shown: a log-out, a deletion, the end. */
static bool waits_for_shown(const struct client *c)
{
	return c->state > CLIENT_RUNNING || c->logout_token != 0 || c->run.delete_waits ||
	       (c->run.is_busy && !c->run.is_held && c->run.request.verb == VERB_LOGOUT);
}

/* A program may read the pipe only when the client has ended. */
static void limit_reading(struct client *c)
{
	if (!waits_for_shown(c) || !output_is_empty(&c->output) || output_is_shown(&c->output))
		loop_timer_cancel(c->loop, &c->reading);
	else if (c->reading.place == 0 || c->mark != c->output.mark)
		loop_timer_set(c->loop, &c->reading, loop_now_ms(c->loop) + READ_MS);
	c->mark = c->output.mark;
}

/* ---- states ---- */

static void set_limit(struct client *c, uint64_t ms)
{
	loop_timer_set(c->loop, &c->limit, loop_now_ms(c->loop) + ms);
}

/* Ends the program without waiting for replicas. */
static _Noreturn void end_at_once(struct client *c, enum exit_status status)
{
	console_free(c->console);
	input_release(&c->input);
	exit((int)status);
}

static void finish(struct client *c)
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
	c->was_refused |= show_finish(&c->show);
	if (c->console == NULL)
		input_want(&c->input, false);
	else
		console_leave(c->console);
	set_limit(c, c->options.is_terminal || c->output.is_hasty ? c->options.reply_timeout_ms
	                                                          : c->options.timeout_ms);
}

/* Logs out, which is the last request of a client, or ends at once if no replica is live. */
static void leave(struct client *c)
{
	char own[DISPLAY_SIZE];

	assert(c->state == CLIENT_FINISHING);
	if (c->output.is_hasty)
		output_wait(&c->output, STALL_MS);
	(void)tell_shown(c);
	if (c->output.is_hasty && !output_is_shown(&c->output) && !c->is_blind)
		go_blind(c);
	/* What nobody would read and was not begun is like the lines behind it. */
	if ((!c->output.has_ended || run_has_asked(&c->run)) && run_abandon(&c->run)) {
		c->was_refused = true; /* its outcome is not known */
		show_abandoned(&c->show);
	}
	if (!link_is_logged_in(c->link, own) || replication_live(link_replication(c->link)) == 0) {
		c->state = CLIENT_ENDED;
		return;
	}
	c->state = CLIENT_LEAVING;
	c->logout_token = link_command(c->link, &(struct command){ .kind = COMMAND_LOGOUT });
	set_limit(c, c->options.reply_timeout_ms);
}

/* Prints one line that tells why no replica is live. */
static void say_none_is_live(struct client *c, const char *what)
{
	const struct replication *r = link_replication(c->link);

	char text[REPLICAS * (DIAL_TEXT_SIZE + WHY_SIZE) + 128];

	(void)snprintf(text, sizeof text, "no replica could be reached%s: %s: %s; %s: %s; %s: %s",
	               what, c->options.targets[0].text, replication_why(r, 0),
	               c->options.targets[1].text, replication_why(r, 1),
	               c->options.targets[2].text, replication_why(r, 2));
	if (c->console != NULL)
		show_notice(&c->show, text);
	else
		log_own(LOG_ERROR, "%s", text);
}

static void notice_expired(struct loop_timer *timer)
{
	struct client *c = LOOP_OWNER(timer, struct client, notice);

	if (c->state == CLIENT_STARTING && replication_live(link_replication(c->link)) == 0)
		say_none_is_live(c, " yet; the client keeps trying");
}

/* No replica was reached: each command that a script holds, or that is in the pipe, has its result
 * all the same. */
static void refuse_all(struct client *c)
{
	struct cli_line line = { .was_cut = false };

	show_none_live(&c->show);
	if (c->options.user != NULL)
		run_refuse_line(&c->run, NULL);
	do {
		while (!c->run.wants_end && input_line(&c->input, &line.text, &line.was_cut)) {
			if (line.text.size > 0)
				run_refuse_line(&c->run, &line);
			show_flush(&c->show);
		}
	} while (!c->run.wants_end && input_read(&c->input, LATE_MS));
	show_flush(&c->show);
	output_presume(&c->output);
	output_wait(&c->output, LOOP_NEVER);
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
		refuse_all(c);
		end_at_once(c, EXIT_NO_REPLICA);
	case CLIENT_FINISHING:
		if (c->output.is_hasty || output_is_empty(&c->output))
			leave(c);
		else /* a reader may take his time */
			set_limit(c, c->options.timeout_ms);
		break;
	case CLIENT_LEAVING:
		c->state = CLIENT_ENDED;
		break;
	case CLIENT_RUNNING:
	case CLIENT_ENDED:
		break;
	}
}

static void restart_idle(struct client *c)
{
	if (c->options.idle_ms != 0)
		loop_timer_set(c->loop, &c->idle, loop_now_ms(c->loop) + c->options.idle_ms);
}

/* The time counts from the last line that was taken. If it passes while a command runs, except
 * /wait, it begins anew: the command may be a log-in that takes longer. */
static void idle_expired(struct loop_timer *timer)
{
	struct client *c = LOOP_OWNER(timer, struct client, idle);

	if (c->state != CLIENT_RUNNING)
		return;
	if (run_has_asked(&c->run))
		restart_idle(c);
	else if (link_is_logged_in(c->link, c->idle_own))
		c->logout_token = link_command(c->link,
		                               &(struct command){ .kind = COMMAND_LOGOUT });
}

static void signalled(void *context, int number)
{
	struct client *c = context;

	if (number == SIGWINCH || number == SIGTSTP || number == SIGCONT) {
		console_signalled(c->console, number);
		return;
	}
	/* A second signal, or one before any replica was reached, ends the client at once. */
	if (c->output.is_hasty || c->state == CLIENT_STARTING)
		end_at_once(c, c->state == CLIENT_STARTING ? EXIT_NO_REPLICA : EXIT_REFUSED);
	c->output.is_hasty = true;
	finish(c);
	set_limit(c, c->options.reply_timeout_ms);
}

/* ---- what the link tells ---- */

static void ready(struct client *c)
{
	assert(c->state == CLIENT_STARTING);
	show_ready(&c->show);
	loop_timer_cancel(c->loop, &c->limit);
	loop_timer_cancel(c->loop, &c->notice);
	c->state = CLIENT_RUNNING;
	show_flush(&c->show);
	if (c->options.user != NULL)
		run_log_in(&c->run, c->options.user);
	else if (c->options.is_terminal)
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
	run_forget_session(&c->run);
	memcpy(c->run.idle_own, c->idle_own, sizeof c->idle_own);
	show_logged_out(&c->show, "idle");
}

/* Takes an action of the link. Changes of replicas before `ready` are told with it. */
static void handle(void *context, const struct action *action)
{
	struct client *c = context;
	bool is_ready = c->state != CLIENT_STARTING;

	if (c->console != NULL && console_take(c->console, action))
		return;
	/* The death of a replica and a new leader become one line. */
	if (action->kind != ACTION_REPLICA && action->kind != ACTION_LEADER)
		show_changes(&c->show);
	switch (action->kind) {
	case ACTION_READY:
		ready(c);
		break;
	case ACTION_REPLICA:
		if (is_ready)
			show_replica(&c->show, action);
		break;
	case ACTION_LEADER:
		if (is_ready)
			show_leader(&c->show, action->index);
		break;
	case ACTION_RESULT:
		if (action->result->token == c->logout_token)
			take_logout(c);
		else if (!show_takes(&c->show, action->result->token))
			run_take(&c->run, action);
		break;
	case ACTION_USERS:
	case ACTION_PROGRESS:
		run_take(&c->run, action);
		break;
	case ACTION_MESSAGE:
		if (c->is_blind)
			break;
		c->handed = action->shown->serial;
		show_message(&c->show, action->shown);
		run_heard(&c->run);
		break;
	case ACTION_REPLICAS:
		show_replicas(&c->show, action);
		break;
	case ACTION_LOGGED_OUT:
		run_forget_session(&c->run);
		show_logged_out(&c->show, action->why);
		break;
	default:
		break; /* the driver's */
	}
	if (c->console != NULL || c->show.script.out.size > FLUSH_SIZE)
		show_flush(&c->show);
}

/* ---- turns ---- */

/* Called after a line was taken: it may have been /quit. */
static void after_line(struct client *c)
{
	if (c->run.wants_end)
		finish(c);
	restart_idle(c);
	show_flush(&c->show);
}

/* No line will come. If that is not because the script is done, it was not done. */
static void end_input(struct client *c)
{
	if (c->input.error != 0) {
		c->was_refused = true;
		log_own(LOG_ERROR, "cannot read stdin: %s",
		        c->input.is_wide ? MARK_REFUSAL : strerror(c->input.error));
	}
	finish(c);
}

/* Takes the next line, if it may be taken now; false if there was none. */
static bool take_line(struct client *c)
{
	struct view line;
	bool was_cut;

	if (c->state != CLIENT_RUNNING || c->logout_token != 0 || !run_is_free(&c->run) ||
	    !output_is_empty(&c->output))
		return false;
	if (!input_line(&c->input, &line, &was_cut)) {
		if (input_has_ended(&c->input))
			end_input(c);
		else
			input_want(&c->input, true);
		return c->state != CLIENT_RUNNING;
	}
	if (line.size > 0)
		run_line(&c->run,
		         &(struct cli_line){ .text = line,
		                             .to = conversation_current(&c->show.conversations),
		                             .was_cut = was_cut });
	after_line(c);
	return true;
}

/* Takes all lines that may be taken now: what they send is written together. False if none was. */
static bool take_lines(struct client *c)
{
	bool was_taken = false;

	while (take_line(c))
		was_taken = true;
	return was_taken;
}

/* Takes what a person typed; keys count in any state. False if there was nothing. */
static bool take_typed(struct client *c)
{
	bool is_free = c->logout_token == 0 && !c->run.is_busy;
	enum console_lines lines = c->state != CLIENT_RUNNING ? CONSOLE_CLOSED
	                           : is_free                  ? CONSOLE_FREE
	                           : run_is_looking(&c->run)  ? CONSOLE_LOOKING
	                                                      : CONSOLE_BUSY;
	struct console_event event;

	if (c->state == CLIENT_ENDED || !console_next(c->console, lines, &event))
		return false;
	switch (event.kind) {
	case CONSOLE_LINE:
		run_line(&c->run, &(struct cli_line){ .text = event.text,
		                                      .to = event.to,
		                                      .is_text = event.is_text,
		                                      .was_shown = event.was_shown,
		                                      .is_overtaken = event.is_overtaken });
		after_line(c);
		break;
	case CONSOLE_ASIDE:
		run_aside(&c->run, event.text);
		break;
	case CONSOLE_ANSWER:
		run_answer(&c->run, event.text);
		after_line(c);
		break;
	case CONSOLE_LEFT:
		run_leave_question(&c->run);
		break;
	case CONSOLE_MOVE:
		run_move(&c->run, event.move, event.number);
		break;
	case CONSOLE_BREAK:
		run_break_off(&c->run);
		break;
	case CONSOLE_INTERRUPT:
		signalled(c, SIGINT);
		break;
	case CONSOLE_END:
		c->was_refused |= console_has_failed(c->console);
		finish(c);
		break;
	case CONSOLE_PAGE:
		pager_move(&c->pager, event.rows);
		break;
	case CONSOLE_NOTHING:
		break;
	}
	return true;
}

/* Nobody takes what is written: a request under way may still end. */
static void end_output(struct client *c)
{
	go_blind(c);
	finish(c);
	set_limit(c, c->options.reply_timeout_ms);
}

static bool may_leave(const struct client *c)
{
	bool is_busy = c->is_blind ? run_has_asked(&c->run) : run_is_busy(&c->run);

	return c->output.is_hasty || (!is_busy && output_is_empty(&c->output) &&
	                              replication_idle(link_replication(c->link)));
}

/* Does everything that can be done without waiting. */
static void work(struct client *c)
{
	do {
		do {
			link_pool_settle(c->pool);
			run_go_on(&c->run);
			if (c->run.wants_end)
				finish(c);
			link_pool_settle(c->pool);
			show_flush(&c->show);
		} while (tell_shown(c));
		if (c->output.has_ended && !c->is_blind && c->state != CLIENT_ENDED)
			end_output(c);
		if (waits_for_shown(c))
			show_kept_back(&c->show);
		if (c->state == CLIENT_FINISHING && may_leave(c))
			leave(c);
	} while (c->console != NULL ? take_typed(c) : take_lines(c));
	run_make_way(&c->run);
	limit_reading(c);
	link_pool_settle(c->pool);
	show_settle(&c->show, &c->run.parser);
	show_flush(&c->show); /* what a timer has said, too */
	pager_settle(&c->pager);
	show_prompt(&c->show);
}

static _Noreturn void die(const char *what, int error)
{
	log_own(LOG_ERROR, "%s: %s", what, strerror(error));
	exit(EXIT_REFUSED);
}

static void set_signals(struct client *c)
{
	int signals[6] = { SIGINT, SIGTERM };
	size_t count = 2;
	struct sigaction before;
	int result;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow: a write tells */
	if (sigaction(SIGHUP, NULL, &before) != 0 || before.sa_handler != SIG_IGN)
		signals[count++] = SIGHUP;
	if (c->options.is_terminal) {
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
		.wait_ms = c->options.is_terminal ? 0 : (uint32_t)c->options.timeout_ms,
		.min_copies = (uint32_t)c->options.min_copies,
	};
	if (!file_random(options.seed, sizeof options.seed))
		die("no random numbers", errno);
	c->loop = loop_new();
	if (c->loop == NULL)
		die("cannot wait for events", errno);
	set_signals(c);
	c->pool = link_pool_new(c->loop);
	c->link = link_new(c->pool, c->options.targets, &options, handle, c);
	explicit_bzero(&options, sizeof options);
	output_init(&c->output, c->loop);
	input_init(&c->input, c->loop, c->options.is_terminal ? -1 : STDIN_FILENO);
	if (c->options.is_terminal)
		c->console = console_new(c->loop, c->link, &c->output, &c->options.settings,
		                         set_is_plain(&c->options.settings, true));
	question_init(&c->question, c->console,
	              view_of(c->options.password, c->options.password_size));
	explicit_bzero(c->options.password, sizeof c->options.password);
	show_init(&c->show, c->loop, c->link, &c->output, c->console, &c->options);
	pager_init(&c->pager, &c->show);
	run_init(&c->run, c->loop, c->link, &c->show, &c->question, &c->options);
	c->idle.expired = idle_expired;
	c->limit.expired = limit_expired;
	c->reading.expired = reading_expired;
	c->notice.expired = notice_expired;
	if (!c->options.is_terminal)
		set_limit(c, c->options.timeout_ms);
	loop_timer_set(c->loop, &c->notice, loop_now_ms(c->loop) + NOTICE_MS);
}

/* A status that is not 0 has its reason: a result, unless nobody read the results. */
static void say_untold(const struct client *c)
{
	if (c->run.was_refused && c->output.has_ended && !c->output.has_failed)
		log_plain(LOG_ERROR,
		          "client: the reader of stdout ended before all was told, and a command "
		          "was refused, or its outcome is not known");
}

static void stop(struct client *c)
{
	console_free(c->console);
	input_release(&c->input);
	pager_release(&c->pager);
	run_release(&c->run);
	show_release(&c->show);
	link_free(c->link);
	link_pool_free(c->pool);
	loop_timer_cancel(c->loop, &c->idle);
	loop_timer_cancel(c->loop, &c->limit);
	loop_timer_cancel(c->loop, &c->reading);
	loop_timer_cancel(c->loop, &c->notice);
	output_presume(&c->output);
	output_wait(&c->output, c->output.is_hasty ? STALL_MS : LOOP_NEVER);
	output_release(&c->output);
	loop_free(c->loop);
}

/* A descriptor that was closed is taken, so that nothing else gets its number: reading gives the
 * end, and writing fails. */
static void hold_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDONLY); /* the lowest number that is free */
}

int main(int argc, char **argv)
{
	/* Not on the stack: the parser's list of names is large. */
	static struct client client;
	struct client *c = &client;

	hold_descriptors();
	sandbox_hide_memory();
	log_open(LOG_INFO);
	client_options_read(&c->options, argc, argv);
	start(c);
	work(c);
	while (c->state != CLIENT_ENDED) {
		loop_turn(c->loop, LOOP_NEVER);
		work(c);
	}
	say_untold(c);
	stop(c);
	return c->was_refused || c->run.was_refused || c->output.has_failed ? EXIT_REFUSED
	                                                                    : EXIT_DONE;
}
