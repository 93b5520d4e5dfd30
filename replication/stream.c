/* SPDX-License-Identifier: MIT
 *
 * stream: what is known of streams and of their senders, and telling the replicas what was
 * received.
 *
 * A stream is settled when every live replica that has our session has said, on its present
 * connection, what is gone of it. The answer also says who the sender is there. A sender is settled
 * when all of them know him as the account that his name gives; in any other case a joined look-up
 * decides how he is shown. What is gone, and what was shown, is kept for life; who said it only
 * while that connection lasts.
 *
 * A question is written at once. `received` gathers: the first number since the last frame sets the
 * time at which all of them are told in one, which is now when there are many, and before a session
 * ends. Until then a replica knows less than it might, as one does whose connection is slow: it may
 * push again what was shown, and is not told twice.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <string.h>

enum {
	RECEIVED_SIZE_MAX = 64 * 1024, /* of one frame */
	STREAM_KEY_SIZE = sizeof(struct stream),
};
_Static_assert(STREAM_KEY_SIZE == 2 * ID_SIZE + ULID_SIZE, "a stream has no padding: it is a key");

uint8_t replication_joined(const struct replication *r)
{
	uint8_t mask = 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].joined)
			mask |= BIT(i);
	return mask & r->live;
}

/* ---- finding them ---- */

static struct person *person_get(struct replication *r, const struct id *id)
{
	struct person *p = map_get(&r->persons, view_of(id, ID_SIZE));

	if (p)
		return p;
	p = memory_alloc_zero(1, sizeof *p);
	p->id = *id;
	map_put(&r->persons, view_of(&p->id, ID_SIZE), p);
	return p;
}

struct stream_state *stream_get(struct replication *r, const struct id *sender,
                                const struct ulid *session)
{
	struct stream key = { r->session.id, *sender, *session };
	struct stream_state *s = map_get(&r->streams, view_of(&key, STREAM_KEY_SIZE));

	if (s)
		return s;
	s = memory_alloc_zero(1, sizeof *s);
	s->key = key;
	s->person = person_get(r, sender);
	map_put(&r->streams, view_of(&s->key, STREAM_KEY_SIZE), s);
	return s;
}

/* ---- asking ---- */

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

static void ask_some(struct replication *r, uint32_t index, struct stream_state **streams,
                     uint32_t count)
{
	struct stream_question *q = memory_alloc(sizeof *q + count * sizeof(struct stream_state *));
	struct buf *out = &r->replicas[index].out;
	uint32_t request;
	size_t offset;
	bool fits;

	q->count = count;
	memcpy(q->streams, streams, count * sizeof(struct stream_state *));
	request = due_request(r, index, FRAME_STREAMS, TARGET_STREAMS, NULL, q);
	offset = protocol_begin(out, FRAME_STREAMS, 0, request);
	fits = offset != SIZE_MAX;
	for (uint32_t i = 0; i < count; i++) {
		struct stream_item item = { .sender = streams[i]->key.sender,
			                    .session = streams[i]->key.session };

		fits &= protocol_put_question(out, &item);
	}
	if (fits)
		protocol_end(out, offset);
	else
		r->replicas[index].overflow = true;
}

static void learn_person(struct replication *r, struct person *p, uint32_t index,
                         const struct entry *e)
{
	uint8_t bit = BIT(index);
	struct tombstone t = { .id = e->id, .name = e->name };

	(void)r;
	p->answered |= bit;
	p->alive &= (uint8_t)~bit;
	p->holder &= (uint8_t)~bit;
	p->confirmed &= (uint8_t)~bit;
	if (e->state == ENTRY_UNKNOWN)
		return;
	if (e->state == ENTRY_ALIVE) {
		p->alive |= bit;
		if (e->marks & MARK_HOLDER)
			p->holder |= bit;
		if (e->marks & MARK_CONFIRMED)
			p->confirmed |= bit;
	} else {
		memcpy(t.middle, e->middle, KEY_SIZE);
		memcpy(t.delete_key, e->delete_key, KEY_SIZE);
		if (!auth_tombstone_fits(&t))
			return;
		memcpy(p->middle, e->middle, KEY_SIZE);
		memcpy(p->delete_key, e->delete_key, KEY_SIZE);
		p->gone |= bit;
	}
	memcpy(p->name, e->name.data, e->name.size);
	p->name[e->name.size] = '\0';
	p->named = true;
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
			learn_person(r, s->person, index, &item.entry);
			while (!BUG(gone_not_believed) && protocol_next_range(&ranges, &range))
				ranges_add(&s->gone, range.first, range.last);
		}
	}
	for (; count < question->count; count++) /* not answered: wanted still, it is asked again */
		question->streams[count]->asked &= (uint8_t)~BIT(index);
}

/* ---- persons ---- */

struct person_op {
	struct op op;
	struct person *person;
};

static void person_start(struct replication *r, struct op *op)
{
	struct person *p = ((struct person_op *)op)->person;

	if (p->named)
		(void)lookup_new(r, op, view_of_string(p->name), NULL);
	else
		(void)lookup_id_new(r, op, &p->id, NULL);
}

static void person_child(struct replication *r, struct op *op, struct op *ended)
{
	struct person *p = ((struct person_op *)op)->person;
	const struct lookup *l = (struct lookup *)ended;

	p->looking = false;
	if (ended->outcome == OUTCOME_OK) {
		bool plain = !l->by_id && l->found >= 0 &&
		             id_equal(&l->accounts[l->found].id, &p->id);
		bool free_name = p->gone && p->named && l->count == 0;

		p->shown_as = true;
		p->era = l->era;
		p->brief = plain && l->unconfirmed;
		display_name(p->display, view_of_string(p->named ? p->name : "unknown"), &p->id,
		             plain || free_name);
	}
	op_end(r, op, op_result(op, ended->outcome, ""));
}

/* It waited for a live replica for too long: found out anew when it is needed. */
static void person_expired(struct replication *r, struct op *op, struct result *result)
{
	((struct person_op *)op)->person->looking = false;
	op_end(r, op, result);
}

const struct op_row person_row = {
	.name = "who is it",
	.size = sizeof(struct person_op),
	.start = person_start,
	.child = person_child,
	.expired = person_expired,
};

/* Gone: those that show him alive are told. He keeps the name that he had, alone if nobody else has
 * it now. */
static void bury_person(struct replication *r, struct person *p)
{
	struct tombstone t = { .id = p->id, .name = view_of_string(p->name) };

	memcpy(t.middle, p->middle, KEY_SIZE);
	memcpy(t.delete_key, p->delete_key, KEY_SIZE);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (p->alive & r->live & BIT(i))
			tombstone_tell(r, i, &t);
	p->alive = 0;
	tombstone_keep(r, &t);
}

bool person_is_settled(struct replication *r, struct person *p)
{
	uint8_t joined = replication_joined(r);
	struct person_op *op;

	if (p->shown_as && p->era == r->era)
		return true;
	if (joined & (uint8_t)~p->answered) /* comes with the answers about his streams */
		return false;
	if (p->gone && p->alive)
		bury_person(r, p);
	if (!p->gone && joined && (p->holder & joined) == joined && p->confirmed) {
		display_name(p->display, view_of_string(p->name), &p->id, true);
		p->shown_as = true;
		p->brief = false;
		p->era = r->era;
		return true;
	}
	if (p->looking)
		return false;
	p->looking = true;
	op = (struct person_op *)op_new(r, &person_row, NULL);
	op->person = p;
	op_begin(r, &op->op);
	return false;
}

/* ---- telling what was received ---- */

void stream_tell(struct replication *r, struct stream_state *s, uint32_t index, uint64_t number)
{
	struct replica *p = &r->replicas[index];

	if (!ranges_add(&s->told[index], number, number))
		return;
	ranges_add(&s->to_tell[index], number, number);
	if (!p->tell_first) {
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

static bool put_received(struct buf *out, const struct stream_state *s, const struct range *items,
                         uint32_t count)
{
	bool fits = buf_put(out, &s->key.sender, ID_SIZE);

	fits &= buf_put(out, &s->key.session, ULID_SIZE);
	fits &= buf_put_u16(out, (uint16_t)count);
	for (uint32_t i = 0; i < count; i++)
		fits &= protocol_put_range(out, &items[i]);
	return fits;
}

/* One frame for as many streams as fit. */
static void tell_some(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	uint32_t request = due_request(r, index, FRAME_RECEIVED, TARGET_RECEIVED, NULL, NULL);
	size_t offset = protocol_begin(&p->out, FRAME_RECEIVED, 0, request);
	bool fits = offset != SIZE_MAX;

	while (fits && p->tell_first && p->out.size - offset < RECEIVED_SIZE_MAX) {
		struct stream_state *s = p->tell_first;
		struct ranges *set = &s->to_tell[index];
		uint32_t count = set->count < RANGES_MAX ? set->count : RANGES_MAX;

		fits &= put_received(&p->out, s, set->items, count);
		if (count < set->count) {
			memmove(set->items, set->items + count,
			        (set->count - count) * sizeof *set->items);
			set->count -= count;
			continue;
		}
		ranges_clear(set);
		s->telling &= (uint8_t)~BIT(index);
		p->tell_first = s->tell_next[index];
	}
	if (fits)
		protocol_end(&p->out, offset);
	else
		p->overflow = true;
}

static void tell_all(struct replication *r, uint32_t index)
{
	const struct replica *p = &r->replicas[index];

	while (p->tell_first && !p->overflow)
		tell_some(r, index);
}

void stream_flush(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		tell_all(r, i);
}

uint64_t stream_deadline(const struct replication *r)
{
	uint64_t deadline = UINT64_MAX;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].tell_first && r->replicas[i].tell_ms < deadline)
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

/* ---- the end of a connection, of a session, of all ---- */

void stream_lost(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	uint8_t others = (uint8_t)~BIT(index);
	struct stream_state *s;
	struct person *person;
	uint32_t place = 0;

	p->ask_count = 0;
	p->tell_first = NULL;
	while ((s = map_next(&r->streams, &place))) {
		s->answered &= others;
		s->asked &= others;
		s->telling &= others;
		ranges_clear(&s->told[index]);
		ranges_clear(&s->to_tell[index]);
		if (BUG(shown_forgotten))
			ranges_clear(&s->shown);
	}
	place = 0;
	while ((person = map_next(&r->persons, &place))) {
		person->answered &= others;
		person->alive &= others;
		person->holder &= others;
		person->confirmed &= others;
	}
}

void stream_release(struct replication *r)
{
	struct stream_state *s;
	void *person;
	uint32_t place = 0;

	while ((s = map_next(&r->streams, &place))) {
		ranges_clear(&s->shown);
		ranges_clear(&s->gone);
		for (uint32_t i = 0; i < REPLICAS; i++) {
			ranges_clear(&s->told[i]);
			ranges_clear(&s->to_tell[i]);
		}
		memory_free(s);
	}
	map_clear(&r->streams);
	place = 0;
	while ((person = map_next(&r->persons, &place)))
		memory_free(person);
	map_clear(&r->persons);
}

bool stream_is_idle(const struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct replica *p = &r->replicas[i];

		if (p->ask_count)
			return false;
		for (uint32_t k = 0; k < p->expected_count; k++)
			if (p->expected[(p->expected_first + k) & (p->expected_capacity - 1)]
			            .target != TARGET_PING)
				return false;
	}
	return true;
}
