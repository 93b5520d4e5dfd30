/* SPDX-License-Identifier: MIT
 *
 * slip: a line that would be sent as a text, but was meant as a command. The slash is forgotten
 * (`login alice hunter2`), is not the slash (`7login`, a wide one), stands behind something; the
 * command is mistyped. If it is a log-in, a person would be sent a password.
 *
 * An ordinary sentence is no slip: `login is broken`, `send me the tickets`, `help`.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_SLIP_H
#define THREEFOLD_CHAT_SLIP_H

#include "base/buf.h"

/* How the command is written that a text was probably meant as; NULL: it is a text. `line` is what
 * would be sent, so it is no command for the parser. */
const char *slip_meant(struct view line);
/* Whether the line, with or without a slash, looks like a command of this or another program that
 * has a password among its arguments. */
bool slip_is_log_in(struct view line);

#endif
