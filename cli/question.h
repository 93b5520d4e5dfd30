/* SPDX-License-Identifier: MIT
 *
 * question: what a person is asked, on a terminal only: the password, twice for a new account; the
 * name, to delete it; and whether a name that nobody has is to become an account.
 *
 * A question does nothing by itself. Each call comes to a decision about the command under way,
 * which cli/run.c carries out.
 */
#ifndef THREEFOLD_CLI_QUESTION_H
#define THREEFOLD_CLI_QUESTION_H

#include "chat/command.h"
#include "cli/console.h"

enum question_kind {
	QUESTION_NONE,
	QUESTION_PASSWORD,
	QUESTION_PASSWORD_AGAIN,
	QUESTION_NAME_TO_DELETE,
	QUESTION_TO_CREATE, /* the name that somebody wanted to log in to */
};

struct cli_question {
	struct cli_console *console; /* NULL: there is nobody to ask */
	enum question_kind kind;     /* that is under way */
	bool is_closed;

	/* The account that the command under way is about, and what was answered. */
	enum verb verb; /* VERB_CREATE, VERB_LOGIN or VERB_DELETE */
	bool take_over;
	char name[COMMAND_ACCOUNT_SIZE];
	uint8_t password[PASSWORD_SIZE_MAX];
	size_t password_size; /* 0: not known */
	bool is_typed;        /* the password; else it is that of --password-file */

	/* A log-in that was refused may become a creation, if nobody has the name. */
	bool is_looking; /* whether somebody has it */
	bool is_taken;   /* somebody has */
	char refusal[WHY_SIZE];
};

/* What is to be done now. */
enum question_next {
	QUESTION_PASSES,  /* nothing: it is no matter of a question */
	QUESTION_WAITS,   /* nothing: somebody was asked */
	QUESTION_REFUSES, /* end the command as refused: `outcome`, `detail` */
	QUESTION_BEGINS,  /* begin `command`: it creates, logs in, or lists for question_users */
	QUESTION_DELETES, /* delete the account, if it has the name in `command` */
};

/* Views live until the next call, or until the request or the answer goes. */
struct question_decision {
	enum question_next next;
	enum verb verb; /* what the user's command is now: a log-in may have become a creation */
	struct command command;
	enum outcome outcome;
	const char *detail;
};

/* `console` is NULL if there is nobody to ask. `password` is that of --password-file, which counts
 * for the first command; empty: there is none. It is copied. */
void question_init(struct cli_question *q, struct cli_console *console, struct view password);
/* Nobody is asked any more. */
void question_close(struct cli_question *q);
/* Wipes the password: the command has ended. */
void question_forget(struct cli_question *q);

/* Begins a command about an account. What the request lacks is asked for, but for a password that
 * --password-file has given. */
struct question_decision question_begin(struct cli_question *q,
                                        const struct command_request *request);
/* Takes the answer to the question under way. */
struct question_decision question_answer(struct cli_question *q, struct view line);
/* The question under way was left without an answer. */
struct question_decision question_leave(struct cli_question *q);

/* Takes a result of the command under way. QUESTION_PASSES: it is the command's last word. */
struct question_decision question_result(struct cli_question *q, const struct result *result);
/* Takes accounts that were listed for this. */
void question_users(struct cli_question *q, const struct user *users, size_t count);

#endif
