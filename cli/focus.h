/* SPDX-License-Identifier: MIT
 *
 * focus: lines of messages that are kept back while a person looks at another conversation.
 *
 * A message that is kept back is not shown, so no replica may be told that it was received, and
 * none that came after it: they are told in order. Whoever kills the client loses nothing; all of
 * these come again. So little may be kept back, or no mailbox is read any further: FOCUS_COUNT_MAX
 * messages and FOCUS_SIZE_MAX bytes since the first one that is kept back, which is half of what
 * may be handed out (HANDED_COUNT_MAX, HANDED_SIZE_MAX). Then the caller shows them all.
 */
#ifndef THREEFOLD_CLI_FOCUS_H
#define THREEFOLD_CLI_FOCUS_H

#include "chat/command.h"

enum {
	FOCUS_COUNT_MAX = 512,
	FOCUS_SIZE_MAX = 512 * 1024,
};

struct focus_line;

struct cli_focus {
	struct focus_line *all; /* in the order in which they came */
	size_t count;
	uint64_t last;  /* the serial of the last message that came */
	uint64_t bytes; /* of all texts since the first one that is kept back */
};

/* Begins with none; a zeroed one is the same. Frees what is kept. */
void focus_clear(struct cli_focus *f);
/* A message has come: its serial, and the size of its text. */
void focus_came(struct cli_focus *f, uint64_t serial, size_t size);
/* Keeps the lines of the last message back; it is of `from`. */
void focus_keep(struct cli_focus *f, struct view from, struct view lines);
/* Whether so much is kept back that all of it has to be shown now. */
bool focus_is_full(const struct cli_focus *f);
/* Gives back the lines of one, or of all if `from` is empty: appends them to `to`, in their
 * order. How many messages that were. */
size_t focus_give(struct cli_focus *f, struct view from, struct buf *to);
/* The serial up to which all messages are shown, if all was written that was given back: 0 if none
 * has come. */
uint64_t focus_shown(const struct cli_focus *f);

#endif
