/* SPDX-License-Identifier: MIT
 *
 * history: earlier lines, which Up and Down show again. A line that is changed there keeps the
 * change until some line is finished; then the history is as it was.
 */
#ifndef THREEFOLD_TERMINAL_HISTORY_H
#define THREEFOLD_TERMINAL_HISTORY_H

#include "terminal/edit.h"

struct history_entry {
	struct view text;   /* the memory is the history's own */
	struct view edited; /* what it was changed to, until a line is finished */
	bool is_edited;
};

struct history {
	struct history_entry *entries; /* a ring */
	size_t count;
	size_t count_max;
	size_t first;
	size_t index;     /* the entry that is shown; `count`: the line being typed */
	struct buf draft; /* the line being typed, while an entry is shown */
};

/* Begins an empty history of at most `count_max` lines of at most `line_size_max` bytes. */
void history_init(struct history *h, size_t count_max, size_t line_size_max);
/* Frees the history. */
void history_release(struct history *h);
/* Adds a line at the end, and copies it; a full history loses its oldest line. Does nothing if the
 * line is empty or equal to the last one. */
void history_add(struct history *h, struct view line);
/* A line as it was added; index 0 is the oldest. */
struct view history_get(const struct history *h, size_t index);
/* Shows the line before (`back`) or after this one, and keeps the one that is left. False if there
 * is none. */
bool history_walk(struct history *h, bool back, struct edit *l);
/* Drops all changes to entries, because a line was finished. */
void history_rest(struct history *h);

#endif
