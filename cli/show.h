/* SPDX-License-Identifier: MIT
 *
 * show: what the client tells a script or a person. A script gets the lines of chat/script.h; a
 * person gets those of chat/transcript.h, above a prompt that says who is logged in, which replica
 * leads, and how many are live.
 *
 * Lines collect in one buffer. show_flush writes them.
 */
#ifndef THREEFOLD_CLI_SHOW_H
#define THREEFOLD_CLI_SHOW_H

#include "chat/conversation.h"
#include "chat/notice.h"
#include "chat/script.h"
#include "chat/transcript.h"
#include "cli/archive.h"
#include "cli/console.h"
#include "cli/focus.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/seen.h"
#include "cli/talk.h"

/* A message as it was typed. */
struct show_own {
	char to[TRANSCRIPT_NAMES_MAX][COMMAND_ACCOUNT_SIZE]; /* the first recipients */
	size_t to_count;                                     /* 0: to all */
	struct view text;                                    /* into the line */
};

struct cli_show {
	struct loop *loop;
	struct link *link;
	struct cli_output *output;
	struct cli_console *console;     /* of a person; NULL: it is a script */
	struct cli_archive *archive;     /* of a person; NULL: it is a script */
	const char *addresses[REPLICAS]; /* as they were given */
	bool live[REPLICAS];             /* as a script was told */
	struct script script;            /* its `out` collects a person's lines, too */
	struct transcript transcript;    /* for a person */
	struct cli_focus focus;          /* messages that are kept back */
	uint64_t reported;               /* the serial up to which the output knows all messages */
	bool is_operator;                /* a person who is told of each replica, */
	struct notice notice;            /* or one who is told only what concerns talking */
	struct loop_timer quiet;         /* until notice_deadline */
	struct cli_progress progress;    /* of /list and /all; cli/run.c sets it */
	bool has_caught_up;              /* since the log-in all that waited was shown */
	bool is_running;                 /* lines are taken, so there is a prompt */
	struct cli_seen seen;            /* messages that are kept, and stand in the window */
	struct cli_talk talk;            /* whom the person talked with last, in a file */
	struct conversations conversations; /* of this session */
	const struct settings *settings;    /* what the person has chosen */

	/* The command under way, and what a person was told of it. */
	bool is_busy;
	struct view word; /* its name, once replicas were asked; else empty */
	bool is_message;  /* it sends `own` */
	struct show_own own;
	bool own_was_shown; /* `own` was shown before its outcome was known */
	bool is_slow;       /* the command has run for longer than `slow` */
	struct loop_timer slow;
	uint64_t late;        /* messages shown as waiting, now stored: still to be told */
	uint32_t late_copies; /* each of them has at least so many copies */

	/* Whether all replicas hold the same facts, asked in the background. */
	uint32_t facts_token;    /* of the question under way; 0: there is none */
	struct loop_timer facts; /* until the next question */
};

/* ---- begin and end ---- */

/* All arguments must outlive `s`; `console` is NULL for a script. */
void show_init(struct cli_show *s, struct loop *l, struct link *link, struct cli_output *output,
               struct cli_console *console, const struct client_options *options);
/* Stops its timers and frees its memory. What was not flushed is dropped. */
void show_release(struct cli_show *s);
/* Takes no more lines. Those that wait are lost, and a person is told so. True if any waited. */
bool show_finish(struct cli_show *s);

/* ---- when lines go out ---- */

/* Writes the lines that have collected. */
void show_flush(struct cli_show *s);
/* Tells a person what was kept back so that similar news become one line, and which command takes
 * long. Called once a turn. `parser` reads the lines that wait, so requests it made before are no
 * longer valid. */
void show_settle(struct cli_show *s, struct command_parser *parser);
/* A person's settings have changed: what follows them only when it is told does so now. */
void show_settings(struct cli_show *s, const struct settings *settings);
/* Draws the prompt, if there is a person. */
void show_prompt(struct cli_show *s);
/* Writes a line of the client itself, at once. There must be a person. */
void show_notice(struct cli_show *s, const char *text);

/* How many of the last messages that are kept stand in the window. */
size_t show_seen(const struct cli_show *s);

/* The time of the place at this moment. */
struct transcript_time show_local_time(uint64_t ms);

/* ---- what happens ---- */

/* Takes ACTION_READY, once: tells how each replica is, and which leads. Lines are taken from now
 * on. */
void show_ready(struct cli_show *s);
/* Takes ACTION_REPLICA, after show_ready. A script is told at once, a person by show_changes. */
void show_replica(struct cli_show *s, const struct action *action);
/* A script is told that no replica is live, before there was any. */
void show_none_live(struct cli_show *s);
/* Takes ACTION_LEADER in the same way. `index`: the replica that leads from now on. */
void show_leader(struct cli_show *s, uint32_t index);
/* Tells a person about all changes that show_replica and show_leader took, in one line: an operator
 * of each, anybody else only what concerns talking (chat/notice.h). */
void show_changes(struct cli_show *s);
/* Takes ACTION_REPLICAS: shows the table of /replicas, or takes the answer to the background
 * question. */
void show_replicas(struct cli_show *s, const struct action *action);
/* Takes a result if the token is that of the background question, and ends the question. False if
 * it is not. */
bool show_takes(struct cli_show *s, uint32_t token);
/* Takes ACTION_MESSAGE: shows it. After the next show_flush the output knows its serial, too. */
void show_message(struct cli_show *s, const struct shown *shown);
/* Tells that the session has ended without a command. `why` is a phrase, as "idle". */
void show_logged_out(struct cli_show *s, const char *why);

/* ---- the command under way ---- */

/* Sets whom plain text goes to from now on; an empty name: nobody. `id`: of the account, or NULL
 * if it is not known, or known from before. */
void show_talk(struct cli_show *s, struct view name, const struct id *id);
/* Shows all messages that were kept back. Called while anything waits until all is shown. */
void show_kept_back(struct cli_show *s);
/* Shows a line that a person has typed, beside the one under way. */
void show_typed(struct cli_show *s, struct view line);
/* Moves to another conversation, or rings if there is none. Lines that were finished before go to
 * whom they were meant for. There must be a person. */
void show_move(struct cli_show *s, enum conversation_move how, size_t number);
/* The session has ended: there are no conversations. */
void show_forget(struct cli_show *s);
/* Begins a command: `request` was made of `line`, plain text goes to `to`, and the views of all
 * must live until the command ends. was_shown: a person saw the line while it waited its turn. */
void show_line(struct cli_show *s, const struct command_request *request, struct view line,
               struct view to, bool was_shown);
/* The command went to the replicas, so it may take long. `word` is the command's name, which must
 * live until the command ends. */
void show_begun(struct cli_show *s, struct view word);
/* Shows a page of accounts. There must be a script: a person gets cli/list.h. */
void show_users(struct cli_show *s, const struct user *users, size_t count);
/* Shows the result and ends the command. `a` is not kept. */
void show_result(struct cli_show *s, const struct script_answer *a);
/* Ends the command without a line. For each show_line or show_begun of a new command the caller
 * calls either this or show_result, once. */
void show_done(struct cli_show *s);
/* The client ends before there is a result: shows a person's message as of unknown outcome. */
void show_abandoned(struct cli_show *s);

#endif
