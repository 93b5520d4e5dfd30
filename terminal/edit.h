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

/* Makes an empty line. Its text has at most `size_max` bytes. */
void edit_init(struct edit *l, size_t size_max);
/* Wipes and frees the text; the line is then empty. */
void edit_release(struct edit *l);
/* Wipes the text and makes the line empty. */
void edit_clear(struct edit *l);
/* Replaces the text; the cursor then stands at its end. Invalid UTF-8 becomes U+FFFD, and a text
 * that is too long is cut. */
void edit_set(struct edit *l, struct view text);
/* Inserts `text`, which is valid UTF-8, at the cursor. The cursor then stands after it. False, and
 * nothing is inserted, if it does not fit. */
bool edit_insert(struct edit *l, struct view text);
/* Moves the cursor to the first cluster boundary that is not before `offset`, which is at most the
 * size of the text. */
void edit_move(struct edit *l, size_t offset);
/* Removes the bytes from `from` to before `to`, both boundaries of clusters. The cursor then stands
 * at their place. */
void edit_erase(struct edit *l, size_t from, size_t to);
/* The offset to which the cursor would go: left or right by one cluster, left or right by one word,
 * or left to the blank before it. At an end of the line it is that end. Nothing moves. */
size_t edit_left(const struct edit *l);
size_t edit_right(const struct edit *l);
size_t edit_word_left(const struct edit *l);
size_t edit_word_right(const struct edit *l);
size_t edit_blank_left(const struct edit *l);
/* Appends `text` to `to` as valid UTF-8. Bytes that are no UTF-8 become U+FFFD; a NUL is dropped.
 * False if not all of it fits; then whole characters are left out at its end. */
bool edit_clean(struct buf *to, struct view text);

#endif
