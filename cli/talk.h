/* SPDX-License-Identifier: MIT
 *
 * talk: whom a person talked with last, kept in a file for the next log-in:
 * $XDG_STATE_HOME/threefold/talk/ACCOUNT, one line, "NAME ID". ACCOUNT is the name and eight digits
 * of the id. The id says whether the name still means the same person then; it is "-" if it is not
 * known.
 */
#ifndef THREEFOLD_CLI_TALK_H
#define THREEFOLD_CLI_TALK_H

#include "chat/conversation.h"
#include "cli/home.h"

enum { TALK_ERR_SIZE = HOME_PATH_SIZE + 128 };

struct cli_talk {
	char path[HOME_PATH_SIZE];       /* empty: nothing is kept */
	char name[COMMAND_ACCOUNT_SIZE]; /* as it stands in the file; empty: nobody */
	struct id id;
	bool has_id;
	bool has_failed; /* the file cannot be written; that was said */
};

/* Reads what is kept for this account, of the name and id of a log-in's result. What is no such
 * file, or holds something else, is nothing that was kept. */
void talk_begin(struct cli_talk *t, const char *account, const struct id *id);
/* Keeps this one, if it is another one than before. False: it cannot be kept, and `err` says why
 * with a sentence; once, then it is true. A link is written through if what it leads to is
 * there. */
bool talk_keep(struct cli_talk *t, const struct conversation *with, char err[TALK_ERR_SIZE]);
/* The session has ended: nothing is kept until the next one begins. */
void talk_end(struct cli_talk *t);

#endif
