/* SPDX-License-Identifier: MIT
 *
 * look: what a line looks like to the person who typed it. An input method writes wide letters and
 * a wide slash, a copied page has blanks that no eye tells from a space, and marks that nobody
 * sees. The parser is strict and takes none of these for a blank or a slash. Whoever asks whether a
 * line was meant as a command asks its look.
 *
 * Pure. Nothing is allocated.
 */
#ifndef THREEFOLD_CHAT_LOOK_H
#define THREEFOLD_CHAT_LOOK_H

#include "base/buf.h"

enum { LOOK_SIZE = 512 };

/* The front of a line in plain ASCII. */
struct look {
	char text[LOOK_SIZE]; /* lower case, single blanks between words; with a NUL */
	size_t size;          /* without the NUL */
	bool is_cut;          /* the line goes on */
	bool is_disguised;    /* it begins with something that only looks like a slash */
};

/* Fills in all of `look`: blanks of all kinds become spaces, wide letters narrow ones, what looks
 * like a slash one, and other characters beyond ASCII '~'. What is not seen is left out. The text
 * may hold a password: wipe it. */
void look_at(struct view line, struct look *look);
/* Takes all blanks, and what is not seen, from the front of `line`. */
void look_skip_blanks(struct view *line);
/* The front of `word` up to its first blank of any kind. So a word is shown without what stands
 * behind it for the person's eye. */
struct view look_first_word(struct view word);

#endif
