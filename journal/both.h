/* SPDX-License-Identifier: MIT
 *
 * both: the short way of a line and that of cJSON must agree. Only builds for tests ask this, of
 * every line that is printed or read: those with -DBOTH_WAYS, which the sanitizers' builds have.
 */
#ifndef THREEFOLD_JOURNAL_BOTH_H
#define THREEFOLD_JOURNAL_BOTH_H

#include "journal/line.h"

#ifdef BOTH_WAYS
/* Asserts that cJSON prints just these bytes for what it reads from them: a whole object. */
void both_check_printed(struct view object);
/* Asserts that two elements which were read from one line say the same. */
void both_check_read(const struct element *a, const struct element *b);
/* Asserts that a stream has this number, which was remembered and not searched for. */
void both_check_number(const struct named *n, uint64_t number, const struct stream *stream);
#else
static inline void both_check_printed(struct view object)
{
	(void)object;
}

static inline void both_check_number(const struct named *n, uint64_t number,
                                     const struct stream *stream)
{
	(void)n, (void)number, (void)stream;
}
#endif

#endif
