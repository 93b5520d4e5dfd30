/* SPDX-License-Identifier: MIT
 *
 * set: changes what a person has chosen (chat/setting.h), and keeps it in the config.
 */
#ifndef THREEFOLD_CLI_SET_H
#define THREEFOLD_CLI_SET_H

#include "chat/setting.h"
#include "cli/config.h"

enum { SET_TEXT_SIZE = CONFIG_ERR_SIZE + 256 };

/* Sets a value, at once and for the next time. `text` becomes a sentence for the person: what is
 * set now, and why it holds for this run only if it could not be kept. False if the value is none
 * of the possible ones: then nothing has changed, and `text` says which they are. */
bool set_change(struct settings *s, enum setting setting, struct view value,
                char text[SET_TEXT_SIZE]);
/* Whether there are no colours, by the setting, the terminal and the environment. */
bool set_is_plain(const struct settings *s, bool is_terminal);

#endif
