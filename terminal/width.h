/* SPDX-License-Identifier: MIT
 *
 * width: how many columns text takes on a terminal, and where a cursor may stand in it.
 *
 * The tables are our own, so the answer depends neither on the locale nor on the system: what
 * combines or is invisible takes no column, East Asian wide and full-width characters and emoji
 * take two, everything else one (Unicode 14: general categories Mn, Me, Cf; East Asian Width W, F;
 * ambiguous characters are narrow).
 *
 * A cluster is what people take for one character: a base and all that combines with it, emoji
 * joined by U+200D, an emoji with its skin, two letters of a flag. This is less than the rules of
 * Unicode (UAX 29), and enough for a cursor that never stands within a letter. Terminals do not
 * agree how wide joined emoji are; a cluster's columns are the sum of its parts, which no terminal
 * passes, and such a cluster is called doubtful: whoever writes it names the column for what
 * follows.
 *
 * Pure.
 */
#ifndef THREEFOLD_TERMINAL_WIDTH_H
#define THREEFOLD_TERMINAL_WIDTH_H

#include "base/buf.h"

enum {
	WIDTH_CLUSTER_COLUMNS_MAX = 8,     /* a cluster ends before it would be wider */
	WIDTH_CLUSTER_CHARACTERS_MAX = 32, /* or have more characters */
};

/* How many columns a character takes: 0, 1 or 2. 0 if a terminal does not show it
 * (escape_is_harmful). */
unsigned width_of(uint32_t character);

struct width_cluster {
	size_t size;      /* bytes, at least 1 */
	unsigned columns; /* 0 only if it has no base: a mark alone, or something harmful */
	bool is_doubtful;
};
/* Finds the cluster at the front of `text`, which is not empty. A harmful character, or a byte that
 * is no UTF-8, is a cluster by itself. */
struct width_cluster width_cluster(struct view text);

/* How many columns a text takes: the sum of its clusters. */
size_t width_of_text(struct view text);

#endif
