/* SPDX-License-Identifier: MIT
 *
 * options: the client's command line, and the addresses of the three replicas, which may come from
 * the config (cli/config.h) instead.
 */
#ifndef THREEFOLD_CLI_OPTIONS_H
#define THREEFOLD_CLI_OPTIONS_H

#include "chat/setting.h"
#include "replication/replication.h"
#include "driver/dial.h"

struct client_options {
	bool json;
	bool is_operator; /* a person who is told of each replica what becomes of it */
	bool is_terminal; /* for a person: no --json, and stdin and stdout are a terminal */
	/* What the person has chosen: in the config, and on the command line for this run. A script
	 * has only what the command line says. */
	struct settings settings;
	const char *user;                    /* the account to log in to at the start; NULL: none */
	char kept_user[SETTING_VALUE_SIZE];  /* `user`, if it is that of the config */
	uint8_t password[PASSWORD_SIZE_MAX]; /* of --password-file */
	size_t password_size;                /* 0: none is given */
	uint64_t timeout_ms;       /* how long a command waits for a live replica in script mode */
	uint64_t reply_timeout_ms; /* a replica that owes a reply for so long counts as dead */
	uint64_t idle_ms;          /* log out after so long without a command; 0: never */
	uint64_t window;           /* a script's messages under way together */
	bool is_sending;           /* a script's log-ins are for sending alone */
	bool takes_over;           /* its log-ins end another session */
	bool stops_on_error;       /* a script ends with the first command that is refused */
	uint64_t min_copies;       /* a message is sent when so many replicas have stored it */
	struct dial_target targets[REPLICAS];
};

/* Reads the command line, or the config, and resolves every host. Writes the config if the command
 * line asks for it. Help, version and mistakes end the program. */
void client_options_read(struct client_options *o, int argc, char **argv);

#endif
