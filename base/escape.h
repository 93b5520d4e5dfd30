/* SPDX-License-Identifier: MIT
 *
 * escape: text that somebody else wrote, made harmless for a terminal, and made a string for JSON.
 *
 * A terminal obeys what it is shown: control characters move the cursor, escape sequences rename
 * the window, bidirectional marks turn the order of what follows. So whatever comes from outside
 * passes through here before it is shown, and each such character becomes a visible mark:
 *
 *   U+0000..001F, U+007F   ^@ .. ^_, ^?          as terminals show them
 *   U+0080..009F           <U+009B>              C1: one of them begins an escape sequence, too
 *   bidi and line marks    <U+202E>              see escape_is_harmful
 *   bytes that are no UTF-8  <FF>                one mark for each byte
 *
 * The marks are not meant to be read back: a text may contain '^[' itself. JSON is: there the same
 * characters are written as \uXXXX, which loses nothing, and bytes that are no UTF-8 become U+FFFD.
 *
 * Pure.
 */
#ifndef THREEFOLD_BASE_ESCAPE_H
#define THREEFOLD_BASE_ESCAPE_H

#include "base/buf.h"

/* What escape_decode gives for a byte that begins no valid sequence. */
#define ESCAPE_INVALID UINT32_MAX

/* The first character of `from`, which is not empty, and in *size the bytes it has (1 if it is
 * invalid). */
uint32_t escape_decode(struct view from, size_t *size);
/* Whether a terminal may obey it instead of showing it: C0, DEL, C1, the marks and overrides of
 * writing direction (U+061C, U+200E, U+200F, U+202A..202E, U+2066..2069), line and paragraph
 * separators (U+2028, U+2029), the byte order mark (U+FEFF) and what annotates invisibly
 * (U+FFF9..FFFB). */
bool escape_is_harmful(uint32_t character);

/* Each appends; the buffer has room for it, or an assertion fails: callers give one that may grow
 * by ESCAPE_GROWTH_MAX times the size of `from` and two. */
enum { ESCAPE_GROWTH_MAX = 8 };
/* What a terminal would obey as marks; everything else as it is. */
void escape_for_terminal(struct buf *to, struct view from);
/* A JSON string with its quotes. What a terminal would obey is written as an escape, a byte that is
 * no UTF-8 as U+FFFD. */
void escape_for_json(struct buf *to, struct view from);

#endif
