/* SPDX-License-Identifier: MIT
 *
 * reference: docs/json.md, the interface for programs, from the tables of commands (chat/verb.h),
 * keys (chat/key.h), events and codes (chat/event.h). Its examples of events are lines of
 * chat/script.h.
 *
 * Pure but for the buffer.
 */
#ifndef THREEFOLD_CHAT_REFERENCE_H
#define THREEFOLD_CHAT_REFERENCE_H

#include "chat/verb.h"

enum { REFERENCE_SIZE_MAX = 64 * 1024 };

/* Appends the page as Markdown. `to` has room for REFERENCE_SIZE_MAX bytes more. */
void reference_put(struct buf *to);
/* What a command does for a program, in sentences; NULL for what only a person's terminal has. */
const char *reference_sentence(enum verb verb);

#endif
