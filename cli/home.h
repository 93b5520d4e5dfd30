/* SPDX-License-Identifier: MIT
 *
 * home: the files that the client keeps for a person: where they are, by the XDG base directory
 * specification.
 */
#ifndef THREEFOLD_CLI_HOME_H
#define THREEFOLD_CLI_HOME_H

#include "base/buf.h"

enum { HOME_PATH_SIZE = 4096, HOME_ERR_SIZE = HOME_PATH_SIZE + 128 };

/* Sets `path` to $VARIABLE/threefold/NAME. If the variable is not set, or holds a relative path,
 * which the specification says to ignore, it is $HOME/FOLDER/threefold/NAME. False if $HOME is not
 * an absolute path either, or if the result is too long. */
bool home_path(const char *variable, const char *folder, const char *name,
               char path[HOME_PATH_SIZE]);

/* Makes the folders above `path`, but never $HOME itself: who has none, as the user of a service,
 * is to get none from a program that runs with more rights. False, with errno. `path` is changed on
 * the way and restored. */
bool home_make_folders(char *path);
/* Whether anything can be kept in $XDG_STATE_HOME/threefold, which is made if needed. False: `err`
 * says why, and names the folder. */
bool home_can_keep(char err[HOME_ERR_SIZE]);

#endif
