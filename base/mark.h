/* SPDX-License-Identifier: MIT
 *
 * mark: how a text from elsewhere is encoded, as its first bytes tell. Editors write a byte order
 * mark before UTF-8, which is none of its text; others save UTF-16, which is no text for us.
 *
 * Pure.
 */
#ifndef THREEFOLD_BASE_MARK_H
#define THREEFOLD_BASE_MARK_H

#include "base/buf.h"

enum { MARK_SIZE = 3 }; /* so many bytes are needed to tell, if there are so many */

/* What is said of a text that is UTF-16 or UTF-32. */
#define MARK_REFUSAL "it is UTF-16 or UTF-32; save it as UTF-8"

/* The size of the mark at the front, which is no text; 0: there is none. */
size_t mark_size(struct view front);
/* Whether the text is UTF-16 or UTF-32: it has their mark, or its first character is one of ASCII
 * with a NUL beside it. */
bool mark_is_wide(struct view front);

#endif
