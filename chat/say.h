/* SPDX-License-Identifier: MIT
 *
 * say: appends to a line that somebody will read: words of our own, and words of others.
 *
 * The caller's buffer has room for all that is said in one line; this is asserted. Pure but for the
 * buffer.
 */
#ifndef THREEFOLD_CHAT_SAY_H
#define THREEFOLD_CHAT_SAY_H

#include "base/decimal.h"
#include "fact/audience.h"

enum {
	SAY_NAMES_MAX = 3, /* of an audience that are named; more are counted */
	SAY_AUDIENCE_SIZE = SAY_NAMES_MAX * (DISPLAY_SIZE + 1) + 32,
	SAY_ID_SIZE = ULID_TEXT_SIZE + 1 + DECIMAL_SIZE_MAX + 1,
};

/* Appends our own words and numbers, at most 511 bytes. Nothing is escaped. It and the
 * next two assert that `to` has room. */
void say_own(struct buf *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends a number in decimal digits, with less effort. */
void say_number(struct buf *to, uint64_t number);
/* Appends words of others: what a terminal might obey becomes a visible mark (base/escape.h). */
void say_foreign(struct buf *to, const char *text);

/* Writes of whom a message went to, in the form of fact/audience.h, and a NUL: "" if it is the
 * reader alone, else a blank and the mark that stands behind the sender's name: " [to all]",
 * " [to bob, carol]", " [to 14]", " [notice]", " [notice to all]". Returns its size, which is also
 * its width. It stands there, and not behind the text, because a text could end with the same. */
size_t say_audience(char text[SAY_AUDIENCE_SIZE], struct view form);

/* Writes the id of a message, "SESSION-NUMBER", and a NUL. */
void say_id(const struct ulid *session, uint64_t number, char text[SAY_ID_SIZE]);
/* Reads one. False if it is anything else; so is a number that begins with 0, or is too large. */
bool say_id_read(struct view text, struct ulid *session, uint64_t *number);

#endif
