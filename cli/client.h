/* SPDX-License-Identifier: MIT
 *
 * client: what the parts of the client share: client.c, which runs it (events, time, its end),
 * cli/run.c, which does what a user's line asks for, cli/question.c, which asks a person
 * for the rest, cli/show.c, which tells a program or a person what happened, and
 * cli/console.c. Nobody else includes it.
 */
#ifndef THREEFOLD_CLI_CLIENT_H
#define THREEFOLD_CLI_CLIENT_H

#include "cli/list.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/question.h"
#include "driver/link.h"
#include "cli/console.h"
#include "chat/transcript.h"
#include "chat/command.h"
#include "cli/input.h"
#include "chat/pattern.h"
#include "chat/script.h"

enum client_state {
	CLIENT_STARTING,  /* until ready; nothing is read from stdin yet */
	CLIENT_RUNNING,   /* commands, one after another */
	CLIENT_FINISHING, /* no more commands: what is outstanding ends */
	CLIENT_LEAVING,   /* the log out is under way */
	CLIENT_ENDED,
};

/* A message as it was typed. */
struct client_own {
	char to[TRANSCRIPT_NAMES_MAX][COMMAND_ACCOUNT_SIZE]; /* the first of them */
	size_t to_count;                                     /* 0: to all */
	struct view text;                                    /* of the line */
};

struct client {
	struct client_options options;
	bool is_terminal;
	enum client_state state;
	bool is_hasty;    /* a signal came: nothing is waited for but the log out */
	bool was_refused; /* some command was */
	struct cli_output output;
	bool wants_end; /* /quit */
	struct loop *loop;
	struct link_pool *pool;
	struct link *link;
	struct input input;      /* of a script */
	struct console *console; /* of a person; else NULL */
	struct command_parser parser;
	struct script script; /* its lines, and `out`, which has those of the view as well */
	struct transcript transcript; /* of a person */

	/* The command under way. */
	bool is_busy;
	uint32_t token;                 /* of what replication does for it; 0: nothing */
	struct command_request request; /* views into the line until it is begun */
	struct pattern pattern;         /* /list */
	uint64_t listed;
	bool users_told;
	struct listing list;      /* the same for a person */
	struct progress progress; /* /list, /all */
	struct loop_timer wait;   /* /wait */
	bool delete_waits;        /* /delete, for what is pending to be shown */

	/* What a person knows of it. */
	bool is_message; /* it sends `own` */
	struct client_own own;
	bool own_was_shown; /* before its outcome was known */
	bool is_slow;
	struct loop_timer slow;
	uint64_t late; /* messages that were shown as waiting, and are stored now: not told yet */
	uint32_t late_copies;

	/* Whether all replicas hold the same facts, asked in the background. */
	uint32_t facts_token; /* 0: not now */
	struct loop_timer facts;

	/* The conversation, and what the user has seen. */
	char talk[COMMAND_ACCOUNT_SIZE]; /* empty: none */
	uint64_t unseen;                 /* messages since the last /check */

	struct question question; /* to a person */

	/* A log out that no command asked for: after idling, or at the end. */
	uint32_t logout_token;
	struct loop_timer idle;
	struct loop_timer limit;  /* of a state */
	struct loop_timer notice; /* nothing is live yet: say so */
};

/* cli/run.c */

/* Takes a line of the user, which is not empty; c->is_busy if it goes on. is_text: it is no
 * command, whatever it begins with. was_shown: while it waited. */
void client_take_line(struct client *c, struct view line, bool was_cut, bool is_text,
                      bool was_shown);
/* The actions that belong to the command under way. */
void client_take_result(struct client *c, const struct result *result);
/* Accounts that it lists: for /list, or for an offer. */
void client_take_users(struct client *c, const struct action *action);
/* The time of /wait has passed. */
void client_wait_over(struct client *c);
/* What the command under way has waited for may have come. */
void client_go_on(struct client *c);
/* The conversation ends with the session. */
void client_forget_session(struct client *c);

/* The answer to a question of the command under way. */
void client_answer(struct client *c, struct view line);
/* That question gets no answer. */
void client_leave_question(struct client *c);
/* Begins the log-in of --user. */
void client_log_in(struct client *c, const char *name);

/* cli/show.c: each for a program or a person, whoever is there */

/* Before the first of the others; c->options are read. */
void client_show_init(struct client *c);
/* Stops its timers and gives its memory back; what has collected is dropped. */
void client_show_release(struct client *c);
/* What has collected goes out at once. */
void client_show_flush(struct client *c);
/* Once a turn: what has waited to be said with more of its kind. */
void client_show_settle(struct client *c);
/* A line of ours, for a person alone. */
void client_show_notice(struct client *c, const char *text);
/* ACTION_READY: how each replica is, and who leads. */
void client_show_ready(struct client *c);
/* ACTION_REPLICA, after ready. */
void client_show_replica(struct client *c, const struct action *action);
/* The replica that leads from now on. */
void client_show_leader(struct client *c, uint32_t index);
/* What the two above have told is complete. */
void client_show_changes(struct client *c);
/* ACTION_REPLICAS: the table of /replicas, or what was asked in the background. */
void client_show_replicas(struct client *c, const struct action *action);
/* ACTION_MESSAGE. */
void client_show_message(struct client *c, const struct shown *shown);
/* The session ended without being asked to; `why` is a phrase. */
void client_show_logged_out(struct client *c, const char *why);
/* The line that c->request was made of is taken now. */
void client_show_line(struct client *c, struct view line, bool was_shown);
/* From now on it may take long. */
void client_show_begun(struct client *c);
/* The result of the command under way. */
void client_show_result(struct client *c, const struct script_answer *a);
/* The command under way has ended; its result was shown, or is none of these lines. */
void client_show_done(struct client *c);
/* Nothing more is taken: lines that wait are dropped. */
void client_show_dropped(struct client *c);
/* The command under way gets no result any more. */
void client_show_abandoned(struct client *c);
/* The prompt anew, if there is a terminal: who, which replica leads, how many are live. */
void client_show_prompt(struct client *c);

/* client.c */

/* No more commands are taken; what is outstanding is finished. */
void client_finish(struct client *c);

#endif
