/* SPDX-License-Identifier: MIT
 *
 * handed: messages that were handed out, until they are shown.
 *
 * A message is handed out as an action, and the caller writes it somewhere. Only the caller knows
 * when it has left the process, or that it never will. So its number goes from `handed` of its
 * stream to `shown` here, when the caller says so, and nowhere else; and stream_tell tells no
 * number that is neither shown nor gone. If the process dies, or its output fails, what was not
 * shown is still in all mailboxes.
 *
 * They are shown in the order in which they were handed out, so they stand in a ring. It is
 * bounded: a caller that shows nothing is handed nothing more.
 */
#include "replication/private.h"

#include <assert.h>

bool handed_has_room(const struct replication *r)
{
	return !r->is_blind && !r->is_leaving && r->handed_size < HANDED_SIZE_MAX &&
	       r->handed.count < r->options.handed_count_max;
}

uint64_t handed_add(struct replication *r, struct stream_state *s, uint64_t number, uint32_t size)
{
	struct handed *h;

	assert(handed_has_room(r));
	h = ring_add(&r->handed, sizeof *h);
	*h = (struct handed){ s, number, size };
	r->handed_size += size;
	ranges_add(&s->handed, number, number);
	s->in_hand++;
	return ++r->handed_serial;
}

void handed_shown(struct replication *r, uint64_t serial)
{
	assert(serial <= r->handed_serial);
	while (r->handed.count > 0 && r->handed_serial - r->handed.count < serial) {
		struct handed h = *(struct handed *)ring_at(&r->handed, 0, sizeof h);

		ring_drop(&r->handed);
		r->handed_size -= h.size;
		h.stream->in_hand--;
		ranges_add(&h.stream->shown, h.number, h.number);
		/* Not if somebody else is logged in by now. */
		if (r->session.active && id_equal(&r->session.id, &h.stream->key.recipient))
			stream_tell(r, h.stream, replication_joined(r), h.number);
	}
}

void handed_drop(struct replication *r)
{
	ring_release(&r->handed);
	r->handed_size = 0;
}
