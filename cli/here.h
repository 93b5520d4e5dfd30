/* SPDX-License-Identifier: MIT
 *
 * here: the commands that are answered on this side, without a replica: /check, /help, /reply, and
 * those that choose what a person sees, or show what is kept.
 */
#ifndef THREEFOLD_CLI_HERE_H
#define THREEFOLD_CLI_HERE_H

#include "cli/explain.h"
#include "cli/recall.h"
#include "cli/set.h"

struct cli_here {
	struct cli_show *show;
	struct settings *settings;
	struct cli_recall recall; /* /history and /search */
	uint64_t unseen;          /* messages since the last /check, or the log-in */
	union {
		char explained[EXPLAIN_SIZE];
		char changed[SET_TEXT_SIZE];
		char listed[SETTING_TEXT_SIZE];
		char talk[CONVERSATION_LIST_SIZE];
		char log[HOME_PATH_SIZE + 64];
	} text; /* of the answer */
};

/* Show and settings outlive `h`. `done` is called when a command that went on has ended. */
void here_init(struct cli_here *h, struct cli_show *show, struct settings *settings,
               void (*done)(void *context), void *context);
/* Does what the request asks for, which is well formed and of one of these commands. `a` is an
 * answer that says yes and no more: true, and it is the answer, whose words live until the next
 * call; or false, and the command goes on until `done`, without one. */
bool here_do(struct cli_here *h, const struct command_request *q, struct script_answer *a);

#endif
