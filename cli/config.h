/* SPDX-License-Identifier: MIT
 *
 * config: the files that a client reads before it begins: where the replicas are, so that
 * `client` alone is enough, and the password of --password-file.
 *
 * $XDG_CONFIG_HOME/threefold/config, by default ~/.config/threefold/config, has three lines, in
 * the order that all clients use:
 *
 *   # comments and empty lines may stand anywhere
 *   replica = 10.0.0.1 7001
 *   replica = 10.0.0.2 7001
 *   replica = ::1 7003
 *
 * Nothing else may stand there, so a slip is told with its line and never ignored. The file holds
 * no secrets.
 *
 * Both files are small and regular; anything else is refused, and nothing is waited for. What is
 * wrong is one sentence in `err`, without the program's name, that says what to do.
 */
#ifndef THREEFOLD_CLI_CONFIG_H
#define THREEFOLD_CLI_CONFIG_H

#include "cli/home.h"
#include "replication/replication.h"

enum {
	CONFIG_SIZE_MAX = 64 * 1024, /* of the file; three lines need less */
	CONFIG_ERR_SIZE = HOME_PATH_SIZE + 256,
	CONFIG_HOST_SIZE = 254, /* a name of 253 bytes and a NUL */
	CONFIG_PORT_SIZE = 6,
};

struct cli_config {
	char hosts[REPLICAS][CONFIG_HOST_SIZE];
	char ports[REPLICAS][CONFIG_PORT_SIZE]; /* numbers from 1 to 65535 */
};

/* Where the file is or would be; false if neither $XDG_CONFIG_HOME nor $HOME says so. */
bool config_path(char path[HOME_PATH_SIZE]);
/* What such a file says; `path` is only for `err`. */
bool config_parse(struct view text, const char *path, struct cli_config *config,
                  char err[CONFIG_ERR_SIZE]);
/* False, with *is_missing or `err`, if there is none that can be used. */
bool config_read(const char *path, struct cli_config *config, bool *is_missing,
                 char err[CONFIG_ERR_SIZE]);
/* Writes it in one step, with the folders that are missing (0700); the file is 0600. */
bool config_write(const char *path, const struct cli_config *config, char err[CONFIG_ERR_SIZE]);

/* The first line of a file that only its owner may read. */
bool config_read_password(const char *path, uint8_t password[PASSWORD_SIZE_MAX], size_t *size,
                          char err[CONFIG_ERR_SIZE]);

#endif
