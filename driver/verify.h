/* SPDX-License-Identifier: MIT
 *
 * verify: looks whether a server could start from a data directory, and changes nothing.
 */
#ifndef THREEFOLD_DRIVER_VERIFY_H
#define THREEFOLD_DRIVER_VERIFY_H

#include "io/options.h"

/* Reads every file of the data directory, and the operator's key (`key`: its file, or NULL: the one
 * that belongs to the directory). Prints a line for each damage, with file, line and byte, and at
 * the end one that sums up. EXIT_DONE: all is whole. EXIT_REFUSED: something is damaged, or cannot
 * be read. EXIT_DATA: a server uses it. A backup has no key, which is no damage. */
enum exit_status verify_run(const char *path, const char *key);

#endif
