/* SPDX-License-Identifier: MIT
 *
 * audience: of whom a message went to, as its sender says.
 *
 * It is part of what a message says, beside its text. Nothing is decided by it: it is shown to the
 * reader, who else could not tell a line to him alone from one to everybody. Nobody can check it,
 * because no replica sees more than one command, and a sender may lie here as in a text.
 *
 * It travels, and is held, as bytes of one form, so that two audiences are equal if their bytes
 * are. A message to one recipient that may be answered has none at all, and costs nothing:
 *
 *   u8    kind, plus AUDIENCE_NOTICE for a notice; for one recipient only with it
 *   several:
 *   u16   count of recipients, little-endian, 2 to AUDIENCE_COUNT_MAX
 *   ...   the first names of them, as many as there are but at most AUDIENCE_NAMES_MAX, each a u8
 *         length and so many bytes, which have the form of a reference (fact/name.h)
 */
#ifndef THREEFOLD_FACT_AUDIENCE_H
#define THREEFOLD_FACT_AUDIENCE_H

#include "base/buf.h"
#include "fact/name.h"

enum audience_kind { AUDIENCE_ONE, AUDIENCE_SEVERAL, AUDIENCE_ALL };
enum {
	AUDIENCE_NOTICE = 4, /* added to the kind */
	AUDIENCE_NAMES_MAX = 8,
	AUDIENCE_COUNT_MAX = 4096,
	AUDIENCE_SIZE_MAX = 1 + 2 + AUDIENCE_NAMES_MAX * DISPLAY_SIZE,
};

struct audience {
	enum audience_kind kind;
	bool is_notice;     /* a line that no program should answer */
	uint32_t count;     /* of recipients; 0 for all, whose number is not told */
	size_t names_count; /* several: min(count, AUDIENCE_NAMES_MAX), else 0 */
	struct view names[AUDIENCE_NAMES_MAX];
};

/* Takes one audience from the reader, and checks it. *bytes is then its form, at least one byte,
 * which points into the reader's bytes. False if they have another form. */
bool audience_take(struct reader *r, struct view *bytes);
/* What such bytes say; none: one recipient, no notice. They must have been checked. The names point
 * into them. */
struct audience audience_of(struct view bytes);
/* Writes the form, and returns its size, from 0 to AUDIENCE_SIZE_MAX. The names must be references
 * and as many as the comment at names_count says. */
size_t audience_put(uint8_t to[AUDIENCE_SIZE_MAX], const struct audience *audience);
/* Whether such bytes, or none, say that the message went to others, too. */
static inline bool audience_has_others(struct view bytes)
{
	return bytes.size > 0 && (bytes.data[0] & ~AUDIENCE_NOTICE) != AUDIENCE_ONE;
}
/* Whether audience_put may be asked for it, and the bytes would not be empty. */
bool audience_has_form(const struct audience *audience);

#endif
