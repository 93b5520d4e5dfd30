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
	size_t index; /* which one is shown; count: the line under way */
	struct buf draft;
};

void history_init(struct history *h, size_t count_max, size_t line_size_max);
void history_release(struct history *h);
void history_add(struct history *h, struct view line);
struct view history_get(const struct history *h, size_t index);
/* To the one before or behind; keeps the line that is left. False if there is none. */
bool history_walk(struct history *h, bool back, struct edit *l);
/* Forgets what was edited, and where it is: the line is a new one. */
void history_rest(struct history *h);

#endif
