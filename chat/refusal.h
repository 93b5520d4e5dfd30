/* SPDX-License-Identifier: MIT
 *
 * refusal: why something was not done, as a sentence for a person, with what to do next. A
 * script gets the code of the refusal instead (chat/script.h).
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_REFUSAL_H
#define THREEFOLD_CHAT_REFUSAL_H

#include "chat/script.h"

/* Room for every recipient of a message, all of them with marks in their names. */
enum { REFUSAL_SIZE_MAX = 1024 * 1024 };

/* Appends "COMMAND: refused: SENTENCE; WHAT TO DO\n". The outcome is not OUTCOME_OK. */
void refusal_put(struct buf *to, const struct script_answer *answer);

#endif
