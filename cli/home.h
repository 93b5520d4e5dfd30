/* SPDX-License-Identifier: MIT
 *
 * home: the files that the client keeps for a person: where they are, by the XDG base directory
 * specification.
 */
#ifndef THREEFOLD_CLI_HOME_H
#define THREEFOLD_CLI_HOME_H

#include "base/buf.h"

enum { HOME_PATH_SIZE = 4096 };

/* Sets `path` to $VARIABLE/threefold/NAME. If the variable is not set, or holds a relative path,
 * which the specification says to ignore, it is $HOME/FOLDER/threefold/NAME. False if $HOME is not
 * an absolute path either, or if the result is too long. */
bool home_path(const char *variable, const char *folder, const char *name,
               char path[HOME_PATH_SIZE]);

#endif
