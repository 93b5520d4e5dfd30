/* SPDX-License-Identifier: MIT
 *
 * run: does what a line of the user asks for, one command at a time. A line becomes a request
 * (chat/command.h); the request is refused, answered here, or given to the replicas. Each command
 * has exactly one result.
 *
 * The messages of a script are an exception to one at a time: as many as its window has room for
 * are under way together. Any other command waits until they are answered. Results come in the
 * order of the commands all the same.
 *
 *   run_line(r, line, ...);
 *   while (r->is_busy) ...               run_take, run_answer, run_leave_question, run_go_on
 */
#ifndef THREEFOLD_CLI_RUN_H
#define THREEFOLD_CLI_RUN_H

#include "chat/pattern.h"
#include "chat/window.h"
#include "cli/here.h"
#include "cli/list.h"
#include "cli/question.h"
#include "cli/wait.h"

struct cli_run {
	struct link *link;
	struct cli_show *show;
	struct cli_question *question;
	struct cli_console *console; /* of a person; NULL: it is a script */
	struct command_parser parser;
	bool was_refused;    /* at least one command was refused */
	bool is_refused;     /* the last one that has ended was */
	bool wants_end;      /* /quit was given, or a command was refused that should not be */
	bool stops_on_error; /* no command is begun after one that was refused */
	bool is_sending;     /* log-ins are for sending alone */
	bool takes_over;     /* log-ins end the session of another client */
	char recalled[COMMAND_ACCOUNT_SIZE]; /* with whom the last lines were shown at the log-in */
	char idle_own[DISPLAY_SIZE]; /* the account whose session ended as idle; "": none has */

	struct window window; /* a script's messages under way */

	/* The command under way, beside them. */
	bool is_busy;
	bool is_held;                   /* it waits until the window is empty */
	uint32_t restore_token;         /* of the look at whom one talked with last */
	uint32_t token;                 /* of the request to the replicas; 0: there is none */
	struct view to;                 /* whom it goes to if it is plain text */
	bool is_overtaken;              /* /talk: a key has moved elsewhere since */
	struct command_request request; /* its views are valid until the command has begun */
	struct pattern pattern;         /* /list: what a name must match */
	uint64_t listed;                /* /list in a script: accounts that were shown */
	bool users_told;                /* /list in a script: at least one page was shown */
	struct listing list;            /* /list for a person: accounts to show at its end */
	struct cli_wait wait;           /* /wait */
	struct cli_here here;           /* what needs no replica */
	bool delete_waits;              /* /delete waits until what is pending is shown */
};

/* `r` is zeroed; all other arguments must outlive it. */
void run_init(struct cli_run *r, struct loop *l, struct link *link, struct cli_show *show,
              struct cli_question *question, struct client_options *options);
/* Stops its timer and frees its memory. */
void run_release(struct cli_run *r);

/* A line of input. Its views must live until its command ends. */
struct cli_line {
	struct view text;  /* not empty */
	struct view to;    /* whom it goes to if it is plain text; empty: nobody */
	bool was_cut;      /* it is the front of a line that was too long */
	bool is_text;      /* it is no command, even if it begins with '/' */
	bool was_shown;    /* a person saw it while it waited */
	bool is_overtaken; /* a /talk does not count: a key has moved elsewhere since */
};
/* Begins what a line asks for. No command is under way. */
void run_line(struct cli_run *r, const struct cli_line *line);
/* Answers a /replicas beside the command under way, which waits for a live replica. */
void run_aside(struct cli_run *r, struct view line);
/* A key moves to another conversation. */
void run_move(struct cli_run *r, enum conversation_move how, size_t number);
/* Begins the log-in of --user, the first command. `name` must live until it ends. */
void run_log_in(struct cli_run *r, const char *name);
/* Takes the answer to a question of the command under way. */
void run_answer(struct cli_run *r, struct view line);
/* Ends that question without an answer. Does nothing if there is none. */
void run_leave_question(struct cli_run *r);
/* Refuses a line, or with NULL the log-in of --user: no replica could be reached. */
void run_refuse_line(struct cli_run *r, const struct cli_line *line);
/* A message was shown: /check counts it, and it may be the last that a /wait waits for. */
void run_heard(struct cli_run *r);
/* Takes an action if it belongs to the command under way. */
void run_take(struct cli_run *r, const struct action *action);
/* Whether a line may be taken: no command is under way that others wait for, and there is room. */
bool run_is_free(const struct cli_run *r);
/* Whether any command is under way. */
bool run_is_busy(const struct cli_run *r);
/* Whether a request to the replicas is. */
bool run_has_asked(const struct cli_run *r);
/* The client ends before there are results: gives a script those that are missing. True if any
 * were. */
bool run_abandon(struct cli_run *r);
/* Whether the command under way looks through what is kept: then it may be broken off, and has its
 * end soon. */
bool run_is_looking(const struct cli_run *r);
void run_break_off(struct cli_run *r);
/* If it looks for long, breaks it off for a line that waits. Called once a turn, after what was
 * typed was taken. */
void run_make_way(struct cli_run *r);
/* Continues the command under way if what it waited for has come. Called once a turn. */
void run_go_on(struct cli_run *r);
/* Nothing more is shown: a deletion that waits for that never begins, and has no result. */
void run_blind(struct cli_run *r);
/* Ends the conversation and the count for /check, because the session has ended. */
void run_forget_session(struct cli_run *r);

#endif
