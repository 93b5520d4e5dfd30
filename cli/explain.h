/* SPDX-License-Identifier: MIT
 *
 * explain: what /help answers, laid out for the window there is. The texts are those of chat/help.h
 * and chat/keys.h.
 */
#ifndef THREEFOLD_CLI_EXPLAIN_H
#define THREEFOLD_CLI_EXPLAIN_H

#include "chat/help.h"
#include "chat/keys.h"
#include "cli/console.h"

enum { EXPLAIN_SIZE = (int)HELP_SIZE > (int)KEYS_TEXT_SIZE ? (int)HELP_SIZE : (int)KEYS_TEXT_SIZE };

/* Writes what there is to say of a command, with its slash or without, of a key, or of all keys;
 * an empty topic: of all commands, of which a part may be printed at once. Returns `text`, or a
 * constant; NULL if there is no such topic. `console`: NULL for a script, whose window is without
 * end. */
const char *explain_topic(struct cli_console *console, struct view topic, char text[EXPLAIN_SIZE]);

#endif
