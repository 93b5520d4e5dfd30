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

/* The largest line: a sentence and a few names, with much room left. */
enum { REFUSAL_SIZE_MAX = 1024 * 1024 };

/* Appends "refused: SENTENCE; WHAT TO DO\n" to `to`, or the sentence alone if the outcome is not
 * known. The outcome is not OUTCOME_OK. `since`: the time of
 * result->since_ms as the place has it, or "". `to` may grow by ESCAPE_GROWTH_MAX times
 * REFUSAL_SIZE_MAX at most. */
void refusal_put(struct buf *to, const struct script_answer *answer, const char *since);

#endif
