/* SPDX-License-Identifier: MIT
 *
 * session/lists: lists of connections, by the last frame that came (LIST_SILENCE), by the last
 * output that was taken (LIST_SLOW), and by wrong passwords (LIST_GUESS and the next): one for each
 * length of delay, so that each is in order of time.
 *
 * Each list is in order of time by itself, because whatever happens to a connection moves it to the
 * end. So session_tick looks at nobody who is not late. A call without a time adds entries without
 * one (STAMP_UNKNOWN). They stand together at the end of the list, where the next call with a time
 * finds them and stamps them.
 */
#include "session/private.h"

/* Where in a connection its place in a list stands. */
static unsigned link_at(enum connection_list list)
{
	return list < LIST_GUESS ? list : LIST_GUESS;
}

/* The place of a connection, which must be there. */
static struct list_link *link_of(const struct sessions *s, uint32_t number,
                                 enum connection_list list)
{
	assert(number < s->slot_count);
	assert(s->slots[number].connection != NULL);
	return &s->slots[number].connection->links[link_at(list)];
}

void session_list_add(struct sessions *s, struct connection *c, enum connection_list list)
{
	uint32_t last = s->list_last[list];

	assert(!c->listed[list]);
	c->links[link_at(list)] = (struct list_link){ last, SESSION_NONE, s->stamp_ms };
	if (last == SESSION_NONE) {
		s->list_first[list] = c->number;
	} else {
		assert(link_of(s, last, list)->stamp_ms <= s->stamp_ms);
		link_of(s, last, list)->next = c->number;
	}
	s->list_last[list] = c->number;
	c->listed[list] = true;
}

void session_list_remove(struct sessions *s, struct connection *c, enum connection_list list)
{
	struct list_link link = c->links[link_at(list)];

	if (!c->listed[list])
		return;
	if (link.previous == SESSION_NONE)
		s->list_first[list] = link.next;
	else
		link_of(s, link.previous, list)->next = link.next;
	if (link.next == SESSION_NONE)
		s->list_last[list] = link.previous;
	else
		link_of(s, link.next, list)->previous = link.previous;
	c->listed[list] = false;
}

void session_list_stamp(struct sessions *s, enum connection_list list)
{
	uint32_t number = s->list_last[list];

	while (number != SESSION_NONE && link_of(s, number, list)->stamp_ms == STAMP_UNKNOWN) {
		link_of(s, number, list)->stamp_ms = s->time.monotonic_ms;
		number = link_of(s, number, list)->previous;
	}
}

uint64_t session_list_deadline(const struct sessions *s, enum connection_list list)
{
	uint32_t first = s->list_first[list];

	if (first == SESSION_NONE)
		return UINT64_MAX;
	uint64_t stamp_ms = link_of(s, first, list)->stamp_ms;

	if (stamp_ms == STAMP_UNKNOWN)
		stamp_ms = s->time.monotonic_ms;
	return stamp_ms +
	       (list < LIST_GUESS ? s->options.silence_ms : limit_guess_ms(list - LIST_GUESS + 1));
}

void session_list_check(const struct sessions *s, enum connection_list list)
{
	uint64_t stamp_ms = 0;
	uint32_t previous = SESSION_NONE;
	uint32_t number = s->list_first[list];

	for (; number != SESSION_NONE; number = link_of(s, number, list)->next) {
		const struct list_link *link = link_of(s, number, list);

		assert(s->slots[number].connection->listed[list]);
		assert(link->previous == previous);
		assert(link->stamp_ms >= stamp_ms);
		stamp_ms = link->stamp_ms;
		previous = number;
	}
	assert(s->list_last[list] == previous);
}
