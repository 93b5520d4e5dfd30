/* SPDX-License-Identifier: MIT
 *
 * wrap: where a line is broken into rows: between words, and within a word only if it is longer
 * than a row. A blank or a tab ends a word; so does each side of a wide character, since scripts
 * of wide characters have no blanks. A no-break space ends none. Marks stay with what they stand
 * on (terminal/width.h). A colour sequence takes no column.
 *
 * The rows of a line, one after the other, are the line: nothing is lost and nothing is added.
 *
 * Pure.
 */
#ifndef THREEFOLD_TERMINAL_WRAP_H
#define THREEFOLD_TERMINAL_WRAP_H

#include "base/buf.h"

enum { WRAP_TAB = 8 }; /* columns from one tab stop to the next */

struct wrap_row {
	size_t size;  /* bytes of the line, with the blanks at which it is broken */
	size_t shown; /* of these, so many bytes have room; the rest is blanks and colours */
};

/* The first row of `line`, which is not empty and has no newline. The row begins at `column`, the
 * rows after it at `home`, which is where tab stops are counted from; no row goes beyond `columns`,
 * but for a cluster that is wider than a whole row. */
struct wrap_row wrap_first(struct view line, size_t column, size_t home, size_t columns);
/* How many columns a tab takes that stands at `column`. */
size_t wrap_tab(size_t column, size_t home);
/* The size of the colour sequence (SGR) that `from` begins with; 0 if it begins with none. */
size_t wrap_colour(struct view from);

#endif
