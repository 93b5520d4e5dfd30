/* SPDX-License-Identifier: MIT
 *
 * bug: a rule that can be taken away, so that the tests can show that they would notice.
 *
 * BUG(name) is the constant false in what ships. Built with -DBUGS it is true for the one bug that
 * is switched on by name; only build/tests/simulate/simulate-bugs is built so.
 * tests/simulate/bugs.c lists all bugs.
 */
#ifndef THREEFOLD_BASE_BUG_H
#define THREEFOLD_BASE_BUG_H

#include <stdbool.h>

/* Is there with -DBUGS only. */
bool bug_is_on(const char *name);

#ifdef BUGS
#define BUG(name) bug_is_on(#name)
#else
#define BUG(name) false
#endif

#endif
