/* SPDX-License-Identifier: MIT
 *
 * Asking a member, and giving actions. Everything that is written to a member goes through here.
 *
 * A replica answers requests in the order in which they came. So a ring of the requests that are
 * not answered yet says what the next reply is for.
 */
#include "reconcile/private.h"

/* ---- actions ---- */

void reconcile_act(struct reconcile *r, enum reconcile_action_kind kind, uint32_t index)
{
	if (r->action_count == r->action_capacity) {
		r->action_capacity = r->action_capacity == 0 ? 16 : 2 * r->action_capacity;
		r->actions = memory_resize(r->actions, r->action_capacity * sizeof *r->actions);
	}
	r->actions[r->action_count++] = (struct reconcile_action){ kind, index };
}

bool reconcile_next(struct reconcile *r, struct reconcile_action *action)
{
	assert(r->magic == RECONCILE_MAGIC);
	if (r->action_taken == r->action_count) {
		r->action_taken = 0;
		r->action_count = 0;
		return false;
	}
	*action = r->actions[r->action_taken++];
	return true;
}

/* ---- requests ---- */

bool member_is_ready(const struct reconcile *r, uint32_t index)
{
	return index < r->options.count && r->members[index].state == MEMBER_READY;
}

/* The request at a place of the ring, 0 the oldest. */
static struct member_request *request_at(const struct member *m, uint32_t place)
{
	return ring_at(&m->requests, place, sizeof(struct member_request));
}

void member_write(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct member *m = &r->members[index];
	size_t size = m->out.size;
	bool is_put = protocol_encode(&m->out, frame) &&
	              (!m->is_tagged || protocol_tag(&m->out, size, &m->tags));

	assert(is_put);
	m->bytes_out += m->out.size - size;
	m->wrote_ms = r->time_ms;
	/* One RECONCILE_WRITE is enough until the caller has taken everything. */
	if (!m->write_told)
		reconcile_act(r, RECONCILE_WRITE, index);
	m->write_told = true;
}

void member_ask(struct reconcile *r, uint32_t index, const struct frame *frame, uint32_t task)
{
	struct member *m = &r->members[index];
	struct frame numbered = *frame;
	struct member_request request = {
		.type = frame->type,
		.task = (uint8_t)task,
		.epoch = r->epoch,
	};

	assert(m->state > MEMBER_DIALLING && m->state < MEMBER_LOST);
	assert(task < TASKS_MAX || frame->type != FRAME_ELEMENTS);
	if (frame->type == FRAME_STORE) {
		request.bytes = (uint32_t)frame->store.facts.size;
		request.facts = m->store_facts;
	}
	/* Nothing was asked before, so the member had no reason to say anything. */
	if (m->requests.count == 0)
		m->heard_ms = r->time_ms;
	numbered.request = ++m->last_request;
	request.number = numbered.request;
	size_t offset = m->out.size;

	member_write(r, index, &numbered);
	if (protocol_is_compared(frame->type)) {
		request.size = (uint32_t)(m->out.size - offset);
		request.kept = memory_alloc(request.size);
		memcpy(request.kept, m->out.data + offset, request.size);
	}
	*(struct member_request *)ring_add(&m->requests, sizeof request) = request;
}

const char *member_answers(struct member *m, const struct frame *frame,
                           struct member_request *request)
{
	struct frame asked;
	const char *why = NULL;
	bool is_whole;

	if (m->requests.count == 0)
		return "answers what was not asked";
	*request = *request_at(m, 0);
	if (frame->type != (request->type | FRAME_REPLY) || frame->request != request->number)
		return "answers in the wrong order";
	ring_drop(&m->requests);
	if (request->kept == NULL)
		return NULL;
	is_whole = protocol_decode(view_of(request->kept, request->size), &asked, &why);
	assert(is_whole);
	why = protocol_contradiction(&asked, frame);
	memory_free(request->kept);
	return why;
}

void member_forget(struct member *m)
{
	for (uint32_t i = 0; i < m->requests.count; i++)
		memory_free(request_at(m, i)->kept);
	ring_release(&m->requests);
}

/* ---- the end ---- */

void reconcile_asked(struct reconcile *r)
{
	for (uint32_t i = 0; i < r->options.count; i++)
		if (r->members[i].is_asked)
			return;
	assert(!r->is_done);
	r->is_done = true;
	reconcile_act(r, RECONCILE_DONE, 0);
}

void member_ask_more(struct reconcile *r, uint32_t index)
{
	struct member *m = &r->members[index];
	struct frame frame = { .type = FRAME_FIGURES };

	if (r->options.ids != NULL) {
		frame.type = FRAME_LOOKUP_ID;
		buf_clear(&r->scratch);
		for (uint32_t i = 0; i < LOOKUP_IDS_MAX && m->seen + i < r->options.id_count; i++)
			if (!protocol_put_id(&r->scratch, &r->options.ids[m->seen + i]))
				assert(false); /* there is room for a frame */
		frame.lookup_id.ids = buf_view(&r->scratch);
	}
	m->is_asked = true;
	member_ask(r, index, &frame, 0);
}

void reconcile_end(struct reconcile *r, bool is_same)
{
	bool asks = r->options.figures || (r->options.ids != NULL && r->options.id_count > 0);

	assert(!r->is_asking);
	r->is_asking = true;
	r->is_same = is_same;
	for (uint32_t i = 0; i < r->options.count && asks; i++)
		if (member_is_ready(r, i))
			member_ask_more(r, i);
	reconcile_asked(r);
}

/* ---- output ---- */

struct view reconcile_output(const struct reconcile *r, uint32_t index)
{
	assert(r->magic == RECONCILE_MAGIC);
	assert(index < r->options.count);
	return buf_view(&r->members[index].out);
}

void reconcile_output_sent(struct reconcile *r, uint32_t index, size_t size)
{
	struct member *m = &r->members[index];

	assert(size <= m->out.size);
	buf_consume(&m->out, size);
	m->write_told = m->out.size > 0;
}

void member_check(const struct member *m)
{
	uint64_t unstored = 0;

	for (uint32_t i = 0; i < m->requests.count; i++)
		unstored += request_at(m, i)->bytes;
	assert(m->unstored == unstored);
	assert(m->state != MEMBER_LOST || (m->requests.count == 0 && m->store.size == 0));
	assert((m->store.size == 0) == (m->store_facts == 0));
}
