/* SPDX-License-Identifier: MIT
 *
 * paragraph: a line for a person becomes rows: broken between words (terminal/wrap.h), the rows
 * after the first indented under the text of the first, in its colour. What was printed stays as
 * it is when the window changes its size.
 *
 * Pure but for the buffer.
 */
#ifndef THREEFOLD_CHAT_PARAGRAPH_H
#define THREEFOLD_CHAT_PARAGRAPH_H

#include "base/buf.h"

enum {
	/* A window or a text that is narrower leaves no room for words: the text begins further
	 * left then. */
	PARAGRAPH_TEXT_MIN = 12,
	/* The buffer grows by at most so many times the size of the line, and as many bytes. */
	PARAGRAPH_GROWTH_MAX = 64,
};

/* Breaks the line that stands in `out` from `from` to the end, and has no newline, into rows for a
 * window of `columns`. The last column stays free. The text begins at column `home`; tab stops are
 * counted from there, and tabs become blanks. Returns how many rows there are. */
size_t paragraph_wrap(struct buf *out, size_t from, size_t home, size_t columns);
/* The same for each line from `from` on; each ends in a newline. */
void paragraph_wrap_lines(struct buf *out, size_t from, size_t home, size_t columns);

#endif
