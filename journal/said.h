/* SPDX-License-Identifier: MIT
 *
 * said: what the message before says, in a batch of a journal.
 *
 * One text to many gives as many messages, one after the other. All but the first are lines that
 * say "same", and no more than for whom. Only a message to several or to all is kept, so one to a
 * single recipient costs nothing here.
 */
#ifndef THREEFOLD_JOURNAL_SAID_H
#define THREEFOLD_JOURNAL_SAID_H

#include "base/buf.h"
#include "fact/audience.h"
#include "fact/fact.h"

struct said {
	bool is_known;
	uint64_t sent_ms;
	uint8_t audience[AUDIENCE_SIZE_MAX];
	size_t audience_size;
	struct buf text;
};

/* Knows nothing yet. */
void said_init(struct said *s);
void said_release(struct said *s);
/* The next message stands behind something else: a new batch, or damage. */
static inline void said_forget(struct said *s)
{
	s->is_known = false;
}
/* Copies what a message says, if it is to several or to all; else forgets. */
void said_keep(struct said *s, const struct message *message);
/* Whether the message says just that, and that is known. */
bool said_equals(const struct said *s, const struct message *message);
/* Gives it to the message: views that live until the next said_keep. Asserts that it is known. */
void said_give(const struct said *s, struct message *message);

#endif
