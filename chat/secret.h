/* SPDX-License-Identifier: MIT
 *
 * secret: whether a typed line may hold a password. Such a line is not shown again, and not kept in
 * the history.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_SECRET_H
#define THREEFOLD_CHAT_SECRET_H

#include "base/buf.h"

/* Whether the line holds, or may hold, a password. */
bool secret_is_in(struct view line);
/* Whether the command in this line asks a question, so that the next line may be a password. */
bool secret_may_follow(struct view line);

#endif
