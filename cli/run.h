/* SPDX-License-Identifier: MIT
 *
 * run: does what a line of the user asks for, one command at a time. A line becomes a request
 * (chat/command.h); the request is refused, answered here, or given to the replicas. Each command
 * has exactly one result.
 *
 *   run_line(r, line, ...);
 *   while (r->is_busy) ...               run_take, run_answer, run_leave_question, run_go_on
 */
#ifndef THREEFOLD_CLI_RUN_H
#define THREEFOLD_CLI_RUN_H

#include "chat/pattern.h"
#include "cli/list.h"
#include "cli/question.h"
#include "cli/show.h"

struct cli_run {
	struct loop *loop;
	struct link *link;
	struct cli_show *show;
	struct cli_question *question;
	struct cli_console *console; /* of a person; NULL: it is a script */
	struct command_parser parser;
	bool was_refused; /* some command was */
	bool wants_end;   /* /quit */
	uint64_t unseen;  /* messages since the last /check; the owner counts them */

	/* The command under way. */
	bool is_busy;
	uint32_t token;                 /* of what replicas were asked for it; 0: nothing */
	struct command_request request; /* views into the line until it is begun */
	struct pattern pattern;         /* /list */
	uint64_t listed;
	bool users_told;
	struct listing list;    /* the same for a person */
	struct loop_timer wait; /* /wait */
	bool delete_waits;      /* /delete, for what is pending to be shown */
};

/* `r` is zeroed; all that is given must outlive it. */
void run_init(struct cli_run *r, struct loop *l, struct link *link, struct cli_show *show,
              struct cli_question *question);
/* Stops its timer and frees its memory. */
void run_release(struct cli_run *r);

/* Takes a line, which is not empty; no command is under way. was_cut: it is the front of one that
 * was too long. is_text: it is no command, whatever it begins with. was_shown: while it waited. */
void run_line(struct cli_run *r, struct view line, bool was_cut, bool is_text, bool was_shown);
/* Begins the log-in of --user, the first command. `name` must live until it ends. */
void run_log_in(struct cli_run *r, const char *name);
/* Takes the answer to a question of the command under way. */
void run_answer(struct cli_run *r, struct view line);
/* That question was left without an answer; nothing if there is none. */
void run_leave_question(struct cli_run *r);
/* Takes an action if it belongs to the command under way. */
void run_take(struct cli_run *r, const struct action *action);
/* Once a turn: what the command under way has waited for may have come. */
void run_go_on(struct cli_run *r);
/* The session has ended, and with it the conversation. */
void run_forget_session(struct cli_run *r);

#endif
