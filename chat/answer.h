/* SPDX-License-Identifier: MIT
 *
 * answer: that something was done, as a sentence for a person. A script gets the name of the
 * command instead (chat/script.h), and what was refused has a sentence of its own (chat/refusal.h).
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_ANSWER_H
#define THREEFOLD_CHAT_ANSWER_H

#include "chat/script.h"

/* Appends the sentence and a newline to `to`, or the lines of answer->text. Nothing if the command
 * needs no word. The outcome is OUTCOME_OK, and the command no message, which has its own line
 * (chat/transcript.h). */
void answer_put(struct buf *to, const struct script_answer *answer);

#endif
