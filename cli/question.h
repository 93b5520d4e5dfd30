/* SPDX-License-Identifier: MIT
 *
 * question: what the client asks a person, on a terminal only: the password, twice for a new one,
 * after the old one if there is one; the account's name, to delete it; whether to create an account
 * that does not exist; and the invitation, if servers ask for one.
 *
 * This module only decides. Each call returns what to do with the command under way, and cli/run.c
 * does it.
 */
#ifndef THREEFOLD_CLI_QUESTION_H
#define THREEFOLD_CLI_QUESTION_H

#include "chat/command.h"
#include "cli/console.h"

enum question_kind {
	QUESTION_NONE,
	QUESTION_PASSWORD,
	QUESTION_OLD_PASSWORD,
	QUESTION_NEW_PASSWORD, /* in the place of the old one */
	QUESTION_PASSWORD_AGAIN,
	QUESTION_NAME_TO_DELETE,
	QUESTION_TO_CREATE, /* whether to create the account that a log-in named */
	QUESTION_INVITATION,
	QUESTION_TO_TAKE_OVER, /* whether to end the account's session elsewhere */
};

struct cli_question {
	struct cli_console *console; /* NULL: there is nobody to ask */
	enum question_kind kind;     /* the question under way */
	bool is_closed;              /* question_close was called */

	/* The account that the command under way is about, and what was answered. */
	enum verb verb; /* VERB_CREATE, VERB_LOGIN, VERB_PASSWORD or VERB_DELETE */
	bool take_over;
	bool has_invitation;
	struct invitation invitation;
	char name[COMMAND_ACCOUNT_SIZE];
	uint8_t password[PASSWORD_SIZE_MAX];
	size_t password_size;                    /* 0: not known */
	uint8_t old_password[PASSWORD_SIZE_MAX]; /* VERB_PASSWORD: `password` is the new one */
	size_t old_password_size;
	bool is_typed; /* the password; else it is that of --password-file */

	/* A log-in that was refused may become a creation, if nobody has the name. */
	bool is_looking;        /* the replicas were asked whether somebody has the name */
	bool is_taken;          /* somebody has the name */
	char refusal[WHY_SIZE]; /* why the log-in was refused */
};

/* What the caller does next. */
enum question_next {
	QUESTION_PASSES,  /* go on: no question concerns this */
	QUESTION_WAITS,   /* wait for the answer: a question was asked */
	QUESTION_REFUSES, /* end the command as refused: `outcome`, `detail` */
	/* Begin `command`: it creates, logs in, changes the password, or lists for
	 * question_users. */
	QUESTION_BEGINS,
	QUESTION_DELETES, /* delete the account, if it has the name in `command` */
};

/* Views live until the next call, but not longer than the request and the answer: a view may point
 * into them. */
struct question_decision {
	enum question_next next;
	enum verb verb; /* what the user's command is now: a log-in may have become a creation */
	struct command command; /* for QUESTION_BEGINS and QUESTION_DELETES */
	enum outcome outcome;   /* for QUESTION_REFUSES */
	const char *detail;     /* the same */
};

/* `console` is NULL if there is nobody to ask. `password` is that of --password-file and serves the
 * first command; empty: there is none. It is copied. */
void question_init(struct cli_question *q, struct cli_console *console, struct view password);
/* Asks no more questions: the client ends. */
void question_close(struct cli_question *q);
/* Wipes the password. The caller calls it when a command has ended. */
void question_forget(struct cli_question *q);

/* Begins a command about an account, and asks for what the request lacks. It does not ask for a
 * password that --password-file has given. */
struct question_decision question_begin(struct cli_question *q,
                                        const struct command_request *request);
/* Whether the question under way is for a password. */
bool question_is_secret(const struct cli_question *q);
/* Takes the answer to the question under way. */
struct question_decision question_answer(struct cli_question *q, struct view line);
/* Ends the question under way without an answer. QUESTION_PASSES if there is none. */
struct question_decision question_leave(struct cli_question *q);

/* Takes a result of the command under way. QUESTION_PASSES: it ends the command. */
struct question_decision question_result(struct cli_question *q, const struct result *result);
/* Takes a page of the listing that shows whether somebody has the name. */
void question_users(struct cli_question *q, const struct user *users, size_t count);

#endif
