/* SPDX-License-Identifier: MIT
 *
 * window: commands of a script that are under way together, and what they are answered, in the
 * order in which they were given. An answer that comes before an earlier one waits for it.
 *
 * Pure but for the buffers.
 */
#ifndef THREEFOLD_CHAT_WINDOW_H
#define THREEFOLD_CHAT_WINDOW_H

#include "base/buf.h"

enum {
	WINDOW_SIZE = 64,       /* without --window */
	WINDOW_SIZE_MAX = 4096, /* of --window */
};

/* A command under way, or its answer that waits for an earlier one. */
struct window_slot {
	uint32_t token;  /* of the request; 0: it is answered */
	uint8_t *answer; /* whole lines */
	size_t size;
	uint8_t *tag; /* of the command; NULL: none */
	size_t tag_size;
};

struct window {
	struct window_slot *slots; /* a ring of `size` */
	size_t size;
	size_t first;
	size_t count;
};

/* An empty window for 1 to WINDOW_SIZE_MAX commands. */
void window_init(struct window *w, size_t size);
/* Frees its memory, and the answers that wait. */
void window_release(struct window *w);
/* Adds a command behind all others. `token` is not 0, and no other command under way has it. There
 * must be room: count < size. `tag` is copied; its data is NULL if there is none. */
void window_add(struct window *w, uint32_t token, struct view tag);
/* The tag of a command that is under way. It lives until the command is answered. */
struct view window_tag(const struct window *w, uint32_t token);
/* Whether a command with this token is under way. */
bool window_has(const struct window *w, uint32_t token);
/* The token of the first command, which is under way; 0 if there is none. */
uint32_t window_first(const struct window *w);
/* The bytes of `out` from `begin` on are the answer to a command that is under way. If no earlier
 * command is, they stay there, and behind them the answers are put that waited for this one. Else
 * they are taken away and wait. `out` has room for all that waits. */
void window_answer(struct window *w, uint32_t token, struct buf *out, size_t begin);

#endif
