/* SPDX-License-Identifier: MIT
 *
 * due: what is written to a replica, and which replies are due for it.
 *
 * Frames gather in the replica's `out` until the caller takes them; ACTION_WRITE is given once for
 * all that gathers. Every request gets the next number and a due_reply at the end of the ring. A
 * replica answers in the order in which it was asked, so a reply belongs to the front of the ring
 * or to nothing.
 *
 * `due_since_ms` is when the wait for the oldest reply began: when its request was written, or when
 * the reply before it came, whichever is later. One reply within the reply timeout is a sign of
 * life, however many are due.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>

enum { OUTPUT_KEPT = 4096 };

/* ---- the ring ---- */

/* The n-th from the front. */
static struct due_reply *due_at(const struct replica *p, uint32_t n)
{
	return ring_at(&p->due, n, sizeof(struct due_reply));
}

void replica_doubt(struct replication *r, uint32_t index, const char *why)
{
	if (r->replicas[index].doubt == NULL)
		r->replicas[index].doubt = why;
	r->unsettled |= BIT(index);
}

void replica_lies(struct replication *r, uint32_t index, const char *why)
{
	replica_doubt(r, index, why);
	r->replicas[index].lies = true;
}

/* How long slow replies have taken, less what is forgotten. */
static uint64_t slow_ms(const struct replication *r, const struct replica *p)
{
	uint64_t forgotten_ms = (r->now_ms - p->slow_at_ms) / SLOW_FORGET;

	return p->slow_ms > forgotten_ms ? p->slow_ms - forgotten_ms : 0;
}

/* A reply has come. One that is just in time is a sign of life, but if each is, a command costs as
 * many timeouts as it has steps, and everybody waits for this replica. It is dead for a while then,
 * unless the others are as slow: that is the network, or the load. A server answers wrong passwords
 * late on purpose, also if it is the only one that knows the account, or its newest password. */
static void count_slow(struct replication *r, uint32_t index, const struct due_reply *due,
                       const struct frame *reply)
{
	struct replica *p = &r->replicas[index];
	uint64_t took_ms = r->now_ms - p->due_since_ms;
	uint64_t timeout_ms = r->options.reply_timeout_ms;
	bool is_guess = due->type == FRAME_LOGIN && reply->status == STATUS_WRONG_PROOF &&
	                !BUG(guess_is_slow);

	if (took_ms < timeout_ms / SLOW_PART + (is_guess ? SLOW_GUESS_MS : 0))
		return;
	p->slow_ms = slow_ms(r, p) + took_ms;
	p->slow_at_ms = r->now_ms;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (i != index && (r->live & BIT(i)) && p->slow_ms > SLOW_TIMES_MAX * timeout_ms &&
		    slow_ms(r, &r->replicas[i]) < timeout_ms) {
			replica_doubt(r, index, "answers so late each time that all wait for it");
			p->is_slow = true;
		}
}

void due_acquit(struct replication *r, enum target target)
{
	_Static_assert(TARGET_END <= 16, "ended_with has a bit for each");
	r->ends[target] = 0;
	for (uint32_t i = 0; i < REPLICAS; i++)
		r->replicas[i].ended_with &= (uint16_t) ~(1u << target);
}

bool due_take(struct replication *r, uint32_t index, const struct frame *reply,
              struct due_reply *due)
{
	struct replica *p = &r->replicas[index];

	if (p->due.count == 0)
		return false;
	*due = *due_at(p, 0);
	ring_drop(&p->due);
	if (r->ends[due->target] > 0)
		due_acquit(r, due->target); /* it can be answered */
	count_slow(r, index, due, reply);
	p->due_since_ms = r->now_ms;
	p->heard_ms = due->asked_ms;
	return true;
}

void due_release(struct due_reply *due)
{
	for (uint32_t i = 0; due->question != NULL && i < due->question->count; i++)
		due->question->streams[i]->questions--;
	memory_free(due->question);
	memory_free(due->bytes);
	due->question = NULL;
	due->bytes = NULL;
}

void due_hold(struct replication *r, uint32_t index, struct due_reply *due, struct view frame)
{
	struct held_reply *held = memory_alloc(sizeof *held + frame.size);
	struct held_reply **last = &r->replicas[index].held;

	*held = (struct held_reply){ .due = *due, .size = frame.size };
	memcpy(held->bytes, frame.data, frame.size);
	due->question = NULL;
	due->bytes = NULL;
	while (*last != NULL)
		last = &(*last)->next;
	*last = held;
}

struct held_reply *due_take_held(struct replica *p)
{
	struct held_reply *held = p->held;

	p->held = held->next;
	return held;
}

const char *due_contradiction(const struct due_reply *due, const struct frame *reply)
{
	struct frame request;
	const char *why;
	bool is_whole = true;

	request.type = due->type;
	request.send.count = due->count;
	if (due->bytes != NULL)
		is_whole = protocol_decode(view_of(due->bytes, due->size), &request, &why);
	else if (due->type != FRAME_SEND)
		return NULL; /* such a request is not compared */
	assert(is_whole);
	return protocol_contradiction(&request, reply);
}

bool due_is_work(const struct replica *p)
{
	for (uint32_t i = 0; i < p->due.count; i++)
		if (due_at(p, i)->target != TARGET_PING && due_at(p, i)->target != TARGET_MEMBER)
			return true;
	return p->held != NULL;
}

bool due_has(const struct replica *p, const struct op *op)
{
	for (const struct held_reply *held = p->held; held != NULL; held = held->next)
		if (held->due.op == op)
			return true;
	for (uint32_t i = 0; i < p->due.count; i++)
		if (due_at(p, i)->op == op)
			return true;
	return false;
}

void due_strike(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	for (uint32_t i = 0; i < p->due.count; i++) {
		const struct due_reply *due = due_at(p, i);

		if (r->now_ms > due->asked_ms + r->options.reply_timeout_ms)
			continue;
		if (due->op != NULL)
			due->op->is_struck = true;
		else if (!(p->ended_with >> due->target & 1))
			r->ends[due->target]++;
		if (due->op == NULL)
			p->ended_with |= (uint16_t)(1u << due->target);
		r->has_ends |= due->op == NULL;
	}
}

void due_greeted(struct replication *r, uint32_t index, bool is_same)
{
	struct replica *p = &r->replicas[index];

	for (uint32_t target = 0; is_same && target < TARGET_END; target++)
		r->ends[target] -= p->ended_with >> target & 1;
	p->ended_with = 0;
}

void due_clear(struct replica *p)
{
	for (uint32_t i = 0; i < p->due.count; i++)
		due_release(due_at(p, i));
	ring_release(&p->due);
	while (p->held != NULL) {
		struct held_reply *held = due_take_held(p);

		due_release(&held->due);
		memory_free(held);
	}
	buf_release(&p->out);
	p->is_tagged = false;
	explicit_bzero(&p->tags, sizeof p->tags);
	explicit_bzero(&p->next_tags, sizeof p->next_tags);
	p->write_told = false;
	p->doubt = NULL;
}

/* ---- requests ---- */

/* Notes that a reply is due for a request that is about to be written; gives the request's
 * number. */
static uint32_t due_request(struct replication *r, uint32_t index, uint8_t type, enum target target,
                            struct op *op, struct stream_question *question)
{
	struct replica *p = &r->replicas[index];
	struct due_reply due = { .target = (uint8_t)target,
		                 .type = type,
		                 .op = op,
		                 .question = question,
		                 .asked_ms = r->now_ms };

	if (++p->next_request == 0)
		p->next_request = 1; /* 0 is no request's number */
	due.request = p->next_request;
	if (p->due.count == 0)
		p->due_since_ms = r->now_ms;
	*(struct due_reply *)ring_add(&p->due, sizeof due) = due;
	p->sent_ms = r->now_ms;
	if (!p->write_told)
		replication_act(r, ACTION_WRITE, NULL)->index = index;
	p->write_told = true;
	return due.request;
}

/* Keeps what the reply to the request that was written last must fit. The frame stands at
 * `offset`. */
static void due_keep(struct replication *r, uint32_t index, size_t offset)
{
	struct replica *p = &r->replicas[index];
	struct due_reply *due = due_at(p, p->due.count - 1);
	const uint8_t *frame = p->out.data + offset;
	size_t count_at = FRAME_HEADER_SIZE + 8; /* of a SEND, behind its time */

	if (due->type == FRAME_SEND) {
		count_at += (frame[5] & FLAG_SESSION) != 0 ? ULID_SIZE : 0;
		due->count = buf_load_u16(frame + count_at);
	} else if (protocol_is_compared(due->type)) {
		due->size = (uint32_t)(p->out.size - offset);
		due->bytes = memory_alloc(due->size);
		memcpy(due->bytes, frame, due->size);
	}
}

/* A request has been put at `offset`: it is kept, and gets a tag. Behind a LOGIN another key of
 * tags counts. If there was no room for it, so much waits to be written that the replica, or the
 * network, must have stopped taking it. */
static void due_written(struct replication *r, uint32_t index, size_t offset, bool is_put)
{
	struct replica *p = &r->replicas[index];
	const struct due_reply *due = due_at(p, p->due.count - 1);

	if (is_put)
		due_keep(r, index, offset);
	if (is_put && p->is_tagged)
		is_put = protocol_tag(&p->out, offset, &p->tags);
	if (!is_put)
		replica_doubt(r, index, "takes nothing that is written to it");
	if (due->type != FRAME_LOGIN || p->version < PROTOCOL_VERSION_KEYED)
		return;
	p->is_tagged = true;
	p->tags = p->next_tags;
}

void due_ask(struct replication *r, uint32_t index, const struct frame *frame, enum target target,
             struct op *op)
{
	struct frame f = *frame;

	struct buf *out = &r->replicas[index].out;
	size_t offset = out->size;

	f.request = due_request(r, index, f.type, target, op, NULL);
	due_written(r, index, offset, protocol_encode(out, &f));
}

/* Who is only pinged keeps no large buffer. */
void due_ping(struct replication *r, uint32_t index, struct op *op)
{
	struct buf *out = &r->replicas[index].out;

	if (out->size == 0 && out->capacity > OUTPUT_KEPT)
		buf_release(out);
	due_ask(r, index, &(struct frame){ .type = FRAME_PING }, TARGET_PING, op);
}

size_t due_begin(struct replication *r, uint32_t index, uint8_t type, uint8_t flags,
                 enum target target, struct op *op, struct stream_question *question)
{
	uint32_t request = due_request(r, index, type, target, op, question);

	return protocol_begin(&r->replicas[index].out, type, flags, request);
}

void due_end(struct replication *r, uint32_t index, size_t offset, bool fits)
{
	if (fits)
		protocol_end(&r->replicas[index].out, offset);
	due_written(r, index, offset, fits);
}

void due_repeat(struct replication *r, uint32_t index, uint32_t from, size_t offset)
{
	const struct replica *other = &r->replicas[from];
	const struct due_reply *asked = due_at(other, other->due.count - 1);
	struct view frame = view_of(other->out.data + offset, other->out.size - offset);
	struct buf *out = &r->replicas[index].out;
	size_t begin = out->size;
	uint32_t request = due_request(r, index, asked->type, TARGET_OP, asked->op, NULL);

	assert(index != from);
	assert(asked->target == TARGET_OP);
	due_written(r, index, begin, protocol_repeat(out, frame, request));
}

/* ---- what the caller takes ---- */

struct view replication_output(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	assert(index < REPLICAS);
	p->write_told = false;
	return buf_view(&p->out);
}

void replication_output_sent(struct replication *r, uint32_t index, size_t size)
{
	struct replica *p = &r->replicas[index];

	buf_consume(&p->out, size);
}
