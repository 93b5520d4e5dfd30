/* SPDX-License-Identifier: MIT
 *
 * config: the files that a client reads before it begins: the config, which says where the
 * replicas are, so that `client` needs no arguments, and what a person has chosen by /set; and the
 * file of --password-file.
 *
 * $XDG_CONFIG_HOME/threefold/config, by default ~/.config/threefold/config, has three lines for the
 * replicas, in the order that all clients use, or none of these, and a line for each setting of
 * chat/setting.h that is not as it is at first:
 *
 *   # comments and empty lines may stand anywhere
 *   replica = 10.0.0.1 7001
 *   replica = 10.0.0.2 7001
 *   replica = ::1 7003
 *   bell = on
 *
 * Any other line is a mistake: it is reported with its number and never ignored. The config holds
 * no secrets. What is written changes the lines that it is about; all others stay as they are. If
 * the config is a link, the file that it leads to is written.
 *
 * Both files must be small and regular. Anything else is refused, and the client never waits for
 * it (a pipe, a device). A function that returns false puts one sentence into `err`: what is wrong
 * and what to do. The sentence lacks the program's name.
 */
#ifndef THREEFOLD_CLI_CONFIG_H
#define THREEFOLD_CLI_CONFIG_H

#include "chat/setting.h"
#include "cli/home.h"
#include "replication/replication.h"

enum {
	CONFIG_SIZE_MAX = 64 * 1024, /* of the file; a dozen lines need less */
	CONFIG_ERR_SIZE = HOME_PATH_SIZE + 256,
	CONFIG_HOST_SIZE = 254, /* a name of 253 bytes and a NUL */
	CONFIG_PORT_SIZE = 6,
};

struct cli_config {
	bool has_replicas;
	char hosts[REPLICAS][CONFIG_HOST_SIZE];
	char ports[REPLICAS][CONFIG_PORT_SIZE]; /* numbers from 1 to 65535 */
	struct settings settings;
};

/* Sets `path` to the place of the config, which need not exist. False if neither $XDG_CONFIG_HOME
 * nor $HOME gives one. */
bool config_path(char path[HOME_PATH_SIZE]);
/* Reads the text of a config into `config`. False at the first line that is wrong, or if there are
 * one or two replicas. `path` is only for `err`. */
bool config_parse(struct view text, const char *path, struct cli_config *config,
                  char err[CONFIG_ERR_SIZE]);
/* Appends the text with another value for a key: its lines are left out, and `lines`, which may be
 * empty, stand in the place of the first one, or at the end. All other lines stay as they are. */
void config_edit(struct view text, struct view key, struct view lines, struct buf *to);

/* Reads the config at `path`. False if there is no file, which sets *is_missing, or if it cannot be
 * used, which sets `err`. */
bool config_read(const char *path, struct cli_config *config, bool *is_missing,
                 char err[CONFIG_ERR_SIZE]);
/* Writes the three replicas, or one setting, into the config in one step: after a crash there is
 * the old one or the new one. A setting that is as it is at first has no line. Makes the folders
 * that are missing, with mode 0700; a new file has mode 0600. `path` is absolute. False also if
 * the config would be wrong with these lines, because others in it are. */
bool config_write_replicas(const char *path, const struct cli_config *config,
                           char err[CONFIG_ERR_SIZE]);
bool config_write_setting(const char *path, const struct settings *s, enum setting setting,
                          char err[CONFIG_ERR_SIZE]);

#endif
