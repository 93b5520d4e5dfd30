/* SPDX-License-Identifier: MIT
 *
 * edit: the line that a person writes, its cursor, and the ways both change. All offsets are bytes.
 *
 * A cluster is what a person sees as one character (terminal/width.h); the cursor stands only
 * between two of them. The line may be a password, so bytes that leave it are overwritten.
 */
#ifndef THREEFOLD_TERMINAL_EDIT_H
#define THREEFOLD_TERMINAL_EDIT_H

#include "base/buf.h"

struct edit {
	struct buf text; /* valid UTF-8 */
	size_t cursor;   /* between two clusters */
	bool is_pasted;  /* the first byte, see struct terminal_event */
};

void edit_init(struct edit *l, size_t size_max);
/* Wipes. */
void edit_release(struct edit *l);
void edit_clear(struct edit *l);
void edit_set(struct edit *l, struct view text);
/* At the cursor, which moves behind it; `text` is valid. False if it does not fit. */
bool edit_insert(struct edit *l, struct view text);
void edit_move(struct edit *l, size_t offset);
/* Takes out the bytes between two offsets; the cursor stands there then. */
void edit_erase(struct edit *l, size_t from, size_t to);
/* Offsets of the cluster boundaries beside the cursor, of words, and of the blank before. */
size_t edit_left(const struct edit *l);
size_t edit_right(const struct edit *l);
size_t edit_word_left(const struct edit *l);
size_t edit_word_right(const struct edit *l);
size_t edit_blank_left(const struct edit *l);
/* `text` as valid UTF-8 at the end of `to`, as much as fits in whole characters: what is no UTF-8
 * becomes U+FFFD, a NUL nothing. False if something was left out. */
bool edit_clean(struct buf *to, struct view text);

#endif
