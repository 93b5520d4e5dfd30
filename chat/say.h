/* SPDX-License-Identifier: MIT
 *
 * say: appends to a line that somebody will read: words of our own, and words of others.
 *
 * The caller's buffer has room for all that is said in one line; this is asserted. Pure but for the
 * buffer.
 */
#ifndef THREEFOLD_CHAT_SAY_H
#define THREEFOLD_CHAT_SAY_H

#include "base/buf.h"

/* Appends our own words and numbers, at most 511 bytes. Nothing is escaped. Both functions assert
 * that `to` has room. */
void say_own(struct buf *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends words of others: what a terminal might obey becomes a visible mark (base/escape.h). */
void say_foreign(struct buf *to, const char *text);

#endif
