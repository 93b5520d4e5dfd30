/* SPDX-License-Identifier: MIT
 *
 * same: what the message before says, in a batch of a journal.
 *
 * One text to many gives as many messages, one after the other. All but the first are lines that
 * say "same", and no more than for whom. Only a message to several or to all is kept, so one to a
 * single recipient costs nothing here.
 */
#ifndef THREEFOLD_JOURNAL_SAME_H
#define THREEFOLD_JOURNAL_SAME_H

#include "base/buf.h"
#include "fact/audience.h"
#include "fact/fact.h"

struct same {
	bool is_known;
	uint64_t sent_ms;
	uint8_t audience[AUDIENCE_SIZE_MAX];
	size_t audience_size;
	struct buf text;
};

/* Knows nothing yet. */
void same_init(struct same *s);
void same_release(struct same *s);
/* The next message stands behind something else: a new batch, or damage. */
static inline void same_forget(struct same *s)
{
	s->is_known = false;
}
/* Copies what a message says, if it is to several or to all; else forgets. */
void same_keep(struct same *s, const struct message *message);
/* Whether the message says just that, and that is known. */
bool same_equals(const struct same *s, const struct message *message);
/* Gives it to the message: views that live until the next same_keep. Asserts that it is known. */
void same_give(const struct same *s, struct message *message);

#endif
