/* SPDX-License-Identifier: MIT
 *
 * show: what is told to a script or a person, whoever is there. A script gets the lines of
 * chat/script.h; a person gets those of chat/transcript.h, above a prompt that says who is logged
 * in, which replica leads, and how many are live.
 *
 * Lines collect in one buffer, and go out with show_flush.
 */
#ifndef THREEFOLD_CLI_SHOW_H
#define THREEFOLD_CLI_SHOW_H

#include "chat/command.h"
#include "chat/script.h"
#include "chat/transcript.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/progress.h"

/* A message as it was typed. */
struct show_own {
	char to[TRANSCRIPT_NAMES_MAX][COMMAND_ACCOUNT_SIZE]; /* the first recipients */
	size_t to_count;                                     /* 0: to all */
	struct view text;                                    /* of the line */
};

struct cli_show {
	struct loop *loop;
	struct link *link;
	struct cli_output *output;
	struct cli_console *console;     /* of a person; NULL: it is a script */
	const char *addresses[REPLICAS]; /* as they were given */
	struct script script;            /* its lines; `out` has those of the transcript, too */
	struct transcript transcript;    /* for a person */
	uint64_t serial;                 /* of the last message among the lines; 0: there is none */
	struct cli_progress progress;    /* of /list and /all; cli/run.c tells it */
	bool is_running;                 /* lines are taken, so there is a prompt */
	char talk[COMMAND_ACCOUNT_SIZE]; /* whom plain text goes to; empty: nobody */

	/* The command under way, as a person knows it. */
	bool is_busy;
	struct view word; /* its name, once replicas were asked; else empty */
	bool is_message;  /* it sends `own` */
	struct show_own own;
	bool own_was_shown; /* before its outcome was known */
	bool is_slow;
	struct loop_timer slow;
	uint64_t late; /* messages that were shown as waiting, and are stored now: not told yet */
	uint32_t late_copies;

	/* Whether all replicas hold the same facts, asked in the background. */
	uint32_t facts_token; /* 0: not now */
	struct loop_timer facts;
};

/* ---- begin and end ---- */

/* All that is given must outlive it; `console` is NULL for a script. */
void show_init(struct cli_show *s, struct loop *l, struct link *link, struct cli_output *output,
               struct cli_console *console, const struct client_options *options);
/* Stops its timers and frees its memory. What was not flushed is dropped. */
void show_release(struct cli_show *s);
/* No more lines are taken: those that wait are dropped, and a person is told so. True if there
 * were any. */
bool show_finish(struct cli_show *s);

/* ---- when lines go out ---- */

/* Writes what has collected. */
void show_flush(struct cli_show *s);
/* Once a turn, for a person: says what has waited to be said with more of its kind, and what takes
 * long. `parser` is for lines that wait their turn; what it made before is gone. */
void show_settle(struct cli_show *s, struct command_parser *parser);
/* Draws the prompt, if there is a person. */
void show_prompt(struct cli_show *s);
/* Writes a line of ours, at once. There is a person. */
void show_notice(struct cli_show *s, const char *text);

/* ---- what happens ---- */

/* ACTION_READY: tells how each replica is, and which leads. */
void show_ready(struct cli_show *s);
/* ACTION_REPLICA, after ready. */
void show_replica(struct cli_show *s, const struct action *action);
/* ACTION_LEADER, after ready: the replica that leads from now on. */
void show_leader(struct cli_show *s, uint32_t index);
/* What the two before have told is complete: it becomes one line for a person. */
void show_changes(struct cli_show *s);
/* ACTION_REPLICAS: shows the table of /replicas, or takes what was asked in the background. */
void show_replicas(struct cli_show *s, const struct action *action);
/* Whether the result with this token is that of the question in the background, which is over
 * then. */
bool show_takes(struct cli_show *s, uint32_t token);
/* ACTION_MESSAGE. */
void show_message(struct cli_show *s, const struct shown *shown);
/* The session has ended without a command. `why` is a phrase. */
void show_logged_out(struct cli_show *s, const char *why);

/* ---- the command under way ---- */

/* The person talks to this account from now on; an empty name: to nobody. */
void show_talk(struct cli_show *s, struct view name);
/* A line is taken, and `request` was made of it. was_shown: while it waited its turn. The views of
 * both live until show_done. */
void show_line(struct cli_show *s, const struct command_request *request, struct view line,
               bool was_shown);
/* Replicas were asked, so it may take long from now on. `word` is the command's name; it lives
 * until show_done. */
void show_begun(struct cli_show *s, struct view word);
/* A page of accounts, for a script. */
void show_users(struct cli_show *s, const struct user *users, size_t count);
/* The result. It ends the command, as show_done does. */
void show_result(struct cli_show *s, const struct script_answer *a);
/* The command has ended, without a line of ours. */
void show_done(struct cli_show *s);
/* The client ends before there is a result. */
void show_abandoned(struct cli_show *s);

#endif
