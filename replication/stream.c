/* SPDX-License-Identifier: MIT
 *
 * stream: what is gone of a stream, and telling the replicas what was received.
 *
 * Nothing of a stream is shown before the stream is settled: every live replica that has our
 * session has said, on its present connection, what is gone of it. So what any of them knows to be
 * gone is never shown. Each is asked once for a stream on a connection; the questions of one event
 * go in one frame. The answer also says who the sender is there (person.c).
 *
 * `received` is told of what is shown or gone, and of nothing else (stream_tell): what was handed
 * out and has not left this process is not received (handed.c).
 *
 * It gathers longer: the first number since the last frame sets the time at which all of
 * them are told in one frame. That time is now when there are many, and before a session ends.
 * Until then a replica may push again what was shown, which does no harm. It is told each number
 * once on a connection (`told`). If it has no room for that, it is told again when it shows the
 * message again: a repair may have brought it.
 *
 * What is gone and what was shown is kept for life. Which replica said so is kept only while its
 * connection lasts.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <string.h>

enum {
	RECEIVED_SIZE_MAX = 64 * 1024, /* of one frame */
	FORGET_AT_ONCE = 4,            /* streams that are looked at when one is made */
	STREAM_KEY_SIZE = sizeof(struct stream),
};
_Static_assert(STREAM_KEY_SIZE == 2 * ID_SIZE + ULID_SIZE, "a stream has no padding: it is a key");

/* ---- finding and forgetting them ---- */

static void clear(struct stream_state *s)
{
	ranges_clear(&s->handed);
	ranges_clear(&s->shown);
	ranges_clear(&s->gone);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		ranges_clear(&s->told[i]);
		ranges_clear(&s->to_tell[i]);
	}
}

/* Looks at the oldest one. If nothing of it is under way, it is forgotten: the replicas were told
 * what was received, and are asked before anything of it is shown again. Else it goes to the
 * end. */
static void forget_oldest(struct replication *r)
{
	struct stream_state *s = *(struct stream_state **)ring_at(&r->stream_order, 0, sizeof s);

	ring_drop(&r->stream_order);
	if (s->candidates != NULL || s->asked || s->telling || s->questions || s->in_hand) {
		*(struct stream_state **)ring_add(&r->stream_order, sizeof s) = s;
		return;
	}
	(void)map_take(&r->streams, view_of(&s->key, STREAM_KEY_SIZE));
	if (r->last_stream == s)
		r->last_stream = NULL;
	person_drop(r, s->person);
	clear(s);
	memory_free(s);
}

struct stream_state *stream_known(struct replication *r, const struct id *sender,
                                  const struct ulid *session)
{
	struct stream key = { r->session.id, *sender, *session };
	struct stream_state *s = r->last_stream;

	/* Three replicas push each message, and the next one is often of the same sender. */
	if (s == NULL || memcmp(&s->key, &key, STREAM_KEY_SIZE) != 0)
		s = map_get(&r->streams, view_of(&key, STREAM_KEY_SIZE));
	if (s != NULL)
		r->last_stream = s;
	return s;
}

struct stream_state *stream_get(struct replication *r, const struct id *sender,
                                const struct ulid *session)
{
	struct stream_state *s = stream_known(r, sender, session);

	if (s != NULL)
		return s;
	for (uint32_t i = 0; i < FORGET_AT_ONCE && r->streams.count >= STREAMS_KEPT; i++)
		forget_oldest(r);
	s = memory_alloc_zero(1, sizeof *s);
	s->key = (struct stream){ r->session.id, *sender, *session };
	s->person = person_get(r, sender);
	s->person->streams++;
	map_put(&r->streams, view_of(&s->key, STREAM_KEY_SIZE), s);
	*(struct stream_state **)ring_add(&r->stream_order, sizeof s) = s;
	return s;
}

void stream_brought(struct replication *r, struct stream_state *s, uint32_t index, bool pushed)
{
	struct replica *p = &r->replicas[index];
	uint8_t before = s->brought;

	s->brought |= BIT(index);
	if (before == s->brought)
		return;
	if (before != 0) { /* whoever had it alone has it no longer */
		struct replica *other = &r->replicas[replica_first(before)];

		if (replica_count(before) == 1 && other->alone_pushed > 0)
			other->alone_pushed--;
	} else if (pushed) {
		if (r->now_ms >= p->alone_ms + ALONE_PUSHED_MS) {
			p->alone_ms = r->now_ms;
			p->alone_pushed = 0;
		}
		if (++p->alone_pushed > ALONE_PUSHED_MAX &&
		    (replication_joined(r) & (uint8_t)~BIT(index)) != 0)
			replica_lies(r, index, "pushes without end what no other replica has");
	}
}

/* ---- asking ---- */

/* Puts it on the list of those that stream_settle asks about. */
static void want_answer(struct replica *p, struct stream_state *s)
{
	if (p->ask_count == p->ask_capacity) {
		p->ask_capacity = p->ask_capacity ? p->ask_capacity * 2 : 16;
		p->ask = memory_resize(p->ask, p->ask_capacity * sizeof(struct stream_state *));
	}
	p->ask[p->ask_count++] = s;
}

bool stream_is_settled(struct replication *r, struct stream_state *s)
{
	uint8_t need = replication_joined(r) & (uint8_t)~s->answered;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (need & (uint8_t)~s->asked & BIT(i)) {
			s->asked |= BIT(i);
			want_answer(&r->replicas[i], s);
		}
	return need == 0;
}

/* Writes one question; its answers come in the same order. */
static void ask_some(struct replication *r, uint32_t index, struct stream_state **streams,
                     uint32_t count)
{
	struct stream_question *q = memory_alloc(sizeof *q + count * sizeof(struct stream_state *));
	struct buf *out = &r->replicas[index].out;
	size_t offset;
	bool fits;

	q->count = count;
	memcpy(q->streams, streams, count * sizeof(struct stream_state *));
	offset = due_begin(r, index, FRAME_STREAMS, 0, TARGET_STREAMS, NULL, q);
	fits = offset != SIZE_MAX;
	for (uint32_t i = 0; i < count; i++) {
		struct stream_item item = { .sender = streams[i]->key.sender,
			                    .session = streams[i]->key.session };

		streams[i]->questions++;
		fits &= protocol_put_question(out, &item);
	}
	due_end(r, index, offset, fits);
}

void stream_answers(struct replication *r, uint32_t index, struct stream_question *question,
                    const struct frame *frame)
{
	struct reader answers;
	struct stream_item item;
	uint32_t count = 0;

	if (frame->status == STATUS_OK) {
		answers = reader_of(frame->streams.streams);
		while (count < question->count && protocol_next_answer(&answers, &item)) {
			struct stream_state *s = question->streams[count++];
			struct reader ranges = reader_of(item.ranges);
			struct range range;

			if (r->replicas[index].joined) /* else it was another session that asked */
				s->answered |= BIT(index);
			s->asked &= (uint8_t)~BIT(index);
			person_learn(s->person, index, &item.entry);
			while (!BUG(gone_not_believed) && protocol_next_range(&ranges, &range))
				ranges_add(&s->gone, range.first, range.last);
		}
	}
	for (; count < question->count; count++) /* not answered: wanted still, it is asked again */
		question->streams[count]->asked &= (uint8_t)~BIT(index);
}

/* ---- telling what was received ---- */

/* Puts a number on the list of what is told to one replica, once on a connection. */
static void tell_one(struct replication *r, struct stream_state *s, uint32_t index, uint64_t number)
{
	struct replica *p = &r->replicas[index];

	if (s->told_since[index] != p->refusals) {
		ranges_clear(&s->told[index]);
		s->told_since[index] = p->refusals;
	}
	if (!ranges_add(&s->told[index], number, number))
		return;
	ranges_add(&s->to_tell[index], number, number);
	if (p->tell_first == NULL) {
		p->tell_count = 0;
		p->tell_ms = r->now_ms + RECEIVED_MS;
	}
	if (++p->tell_count == RECEIVED_COUNT)
		p->tell_ms = r->now_ms;
	if (s->telling & BIT(index))
		return;
	s->telling |= BIT(index);
	s->tell_next[index] = p->tell_first;
	p->tell_first = s;
}

void stream_tell(struct replication *r, struct stream_state *s, uint8_t to, uint64_t number)
{
	if ((!ranges_have(&s->shown, number) && !ranges_have(&s->gone, number)) || r->is_blind)
		return;
	/* What an earlier session was handed and this one has shown is told by a later one. */
	if (r->session.is_sending)
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (to & BIT(i))
			tell_one(r, s, i, number);
}

/* Moves ranges of one stream to a frame. False: they do not fit. */
static bool put_received(struct buf *out, const struct stream_state *s, struct ranges *set,
                         uint32_t count)
{
	bool fits = buf_put(out, &s->key.sender, ID_SIZE);
	struct range range;

	fits &= buf_put(out, &s->key.session, ULID_SIZE);
	fits &= buf_put_u16(out, (uint16_t)count);
	for (uint32_t i = 0; i < count && ranges_pop(set, &range); i++)
		fits &= protocol_put_range(out, &range);
	return fits;
}

/* One frame for as many streams as fit; of one with more ranges than a frame takes, the first of
 * them. */
static void tell_some(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	size_t offset = due_begin(r, index, FRAME_RECEIVED, 0, TARGET_RECEIVED, NULL, NULL);
	bool fits = offset != SIZE_MAX;

	while (fits && p->tell_first != NULL && p->out.size - offset < RECEIVED_SIZE_MAX) {
		struct stream_state *s = p->tell_first;
		struct ranges *set = &s->to_tell[index];
		uint32_t count = set->count < RANGES_MAX ? set->count : RANGES_MAX;

		fits &= put_received(&p->out, s, set, count);
		if (set->count > 0)
			continue;
		s->telling &= (uint8_t)~BIT(index);
		p->tell_first = s->tell_next[index];
	}
	due_end(r, index, offset, fits);
}

/* All that has gathered for one replica, in as many frames as that takes. */
static void tell_all(struct replication *r, uint32_t index)
{
	const struct replica *p = &r->replicas[index];

	while (p->tell_first != NULL && p->doubt == NULL)
		tell_some(r, index);
}

void stream_flush(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		tell_all(r, i);
}

void stream_drop_received(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct stream_state *s;

		while ((s = r->replicas[i].tell_first) != NULL) {
			ranges_clear(&s->to_tell[i]);
			s->telling &= (uint8_t)~BIT(i);
			r->replicas[i].tell_first = s->tell_next[i];
		}
	}
}

uint64_t stream_deadline(const struct replication *r)
{
	uint64_t deadline = UINT64_MAX;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].tell_first != NULL && r->replicas[i].tell_ms < deadline)
			deadline = r->replicas[i].tell_ms;
	return deadline;
}

void stream_settle(struct replication *r)
{
	uint8_t joined = replication_joined(r);

	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct replica *p = &r->replicas[i];

		if (!(joined & BIT(i)))
			continue;
		if (r->now_ms >= p->tell_ms)
			tell_all(r, i);
		for (uint32_t at = 0; at < p->ask_count; at += STREAMS_MAX)
			ask_some(r, i, p->ask + at,
			         p->ask_count - at < STREAMS_MAX ? p->ask_count - at : STREAMS_MAX);
		p->ask_count = 0;
	}
}

/* There may be many streams, and a replica whose disk is full refuses each frame. So what was told
 * is dropped only when the stream is told of again. */
void stream_refused(struct replication *r, uint32_t index)
{
	r->replicas[index].refusals++;
}

/* ---- the end of a connection, of a session, of all ---- */

void stream_lost(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	uint8_t others = (uint8_t)~BIT(index);
	struct stream_state *s;
	uint32_t place = 0;

	p->ask_count = 0;
	p->tell_first = NULL;
	while ((s = map_next(&r->streams, &place)) != NULL) {
		s->answered &= others;
		s->asked &= others;
		s->telling &= others;
		ranges_clear(&s->told[index]);
		ranges_clear(&s->to_tell[index]);
		if (BUG(shown_forgotten))
			ranges_clear(&s->handed);
	}
	person_lost(r, index);
}

void stream_release(struct replication *r)
{
	struct stream_state *s;
	uint32_t place = 0;

	while ((s = map_next(&r->streams, &place)) != NULL)
		clear(s);
	replication_empty(&r->streams);
	r->last_stream = NULL;
	ring_release(&r->stream_order);
	person_release(r);
}

bool stream_is_idle(const struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct replica *p = &r->replicas[i];

		if (p->ask_count > 0 || due_is_work(p))
			return false;
	}
	return true;
}
