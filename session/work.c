/* SPDX-License-Identifier: MIT
 *
 * session/work: requests that are too long for one turn, and what begins each turn.
 *
 * A long request is done in slices of a bounded cost. The first slice is done in the call that
 * brought the frame, and nearly always that is all. If not, the frame is copied, and the work waits
 * for its turn behind the other works. Its connection takes no input until the reply is made, so
 * replies keep their order.
 *
 * Each turn also lets the store free a little of what burials and deletions have left. No request
 * waits for that: whatever is asked sees nothing of what is still to be freed.
 *
 * When a connection ends, its work goes on: a message that was accepted is stored for all its
 * recipients.
 */
#include "base/bug.h"
#include "session/private.h"

static void work_add(struct work_list *list, struct work *work)
{
	work->next = NULL;
	if (list->last == NULL)
		list->first = work;
	else
		list->last->next = work;
	list->last = work;
}

static struct work *work_take(struct work_list *list)
{
	struct work *work = list->first;

	assert(work != NULL);
	list->first = work->next;
	if (list->first == NULL)
		list->last = NULL;
	work->next = NULL;
	return work;
}

void session_work_free(struct work_list *list)
{
	while (list->first != NULL) {
		struct work *work = work_take(list);

		buf_release(&work->results);
		memory_free(work->survey);
		memory_free(work->copy);
		memory_free(work);
	}
	assert(list->last == NULL);
}

/* A store that may not grow is like a disk that is nearly full. */
void session_look_at_room(struct sessions *s)
{
	s->disk = s->room;
	if (s->room == SESSION_DISK_OK && store_is_full(s->store))
		s->disk = SESSION_DISK_LOW;
}

void session_begin(struct sessions *s, struct session_time time)
{
	assert(s->magic == SESSIONS_MAGIC);
	assert(time.monotonic_ms >= s->time.monotonic_ms);
	assert(time.monotonic_ms < STAMP_UNKNOWN / 2);
	assert(time.clock_ms <= NUMBER_MAX);
	session_look_at_room(s);
	session_actions_keep(s, SESSION_NONE);
	s->fact_count = 0;
	session_work_free(&s->spent);
	s->time = time;
	s->stamp_ms = time.monotonic_ms;
	for (int list = 0; list < LIST_GUESS; list++) /* the others always have a time */
		session_list_stamp(s, (enum connection_list)list);
}

void session_work_drop(struct connection *c)
{
	if (c->work == NULL)
		return;
	assert(c->work->connection == c->number);
	c->work->connection = SESSION_NONE;
	c->work = NULL;
}

/* Does one slice; true if that was the last. */
static bool work_slice(struct sessions *s, struct work *work)
{
	bool is_done = work->slice == NULL || work->slice(s, work);
	struct connection *c = session_connection(s, work->connection);

	if (c != NULL)
		session_spend(c, work->cost);
	work->cost = 0;
	if (BUG(one_queue_for_all) && work->adds &&
	    store_work_done(s->store) < store_work_given(s->store))
		return false;
	return is_done;
}

static void work_reply(struct sessions *s, struct connection *c, const struct work *work)
{
	struct frame reply = {
		.type = work->type | FRAME_REPLY,
		.request = work->request,
		.status = work->status,
	};

	assert(c->work == NULL);
	if (work->reply != NULL)
		work->reply(work, &reply);
	session_reply(s, c, &reply);
}

/* Moves a view of the frame to the copy. */
static struct view view_moved(struct view v, struct view from, const uint8_t *to)
{
	if (v.size == 0)
		return v;
	assert(v.data >= from.data);
	assert(v.data + v.size <= from.data + from.size);
	return view_of(to + (v.data - from.data), v.size);
}

/* Gives a work memory of its own. Until now it stood on the stack, with views into the caller's
 * bytes. Text, audience and list stand in one frame, so all between them is at most that frame. */
static struct work *work_keep(const struct work *work)
{
	struct work *kept = memory_alloc(sizeof *kept);
	const uint8_t *first = work->list.data;
	const uint8_t *end = work->list.data + work->list.size;
	const struct view others[] = { work->text, work->audience };

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (others[i].size > 0 && others[i].data < first)
			first = others[i].data;
		if (others[i].size > 0 && others[i].data + others[i].size > end)
			end = others[i].data + others[i].size;
	}
	*kept = *work;
	if (end == first)
		return kept;
	struct view frame = view_of(first, (size_t)(end - first));

	assert(frame.size <= FRAME_SIZE_MAX);
	kept->copy = memory_alloc(frame.size);
	memcpy(kept->copy, frame.data, frame.size);
	kept->text = view_moved(work->text, frame, kept->copy);
	kept->audience = view_moved(work->audience, frame, kept->copy);
	kept->list = view_moved(work->list, frame, kept->copy);
	return kept;
}

static struct work_list *list_of(struct sessions *s, const struct work *work)
{
	return work->adds ? &s->adding : &s->asking;
}

/* The results of one slice, nearly always all, are collected in `scratch`: they need no memory of
 * their own. A work that is kept takes that buffer with it. */
void session_work_begin(struct sessions *s, struct connection *c, struct work *work,
                        const struct frame *frame)
{
	assert(c->work == NULL);
	work->connection = c->number;
	work->type = frame->type;
	work->adds = session_adds(protocol_row(frame->type));
	work->request = frame->request;
	work->results = s->scratch;
	buf_clear(&work->results);
	buf_init(&s->scratch, FRAME_SIZE_MAX);
	bool is_done = work_slice(s, work);

	if (is_done) {
		work_reply(s, c, work);
		memory_free(work->survey);
		buf_release(&s->scratch);
		s->scratch = work->results;
		return;
	}
	c->work = work_keep(work);
	work_add(list_of(s, work), c->work);
	session_settle(s, c);
}

/* Answers, if somebody still waits. The copy stays until the next call, since facts that were given
 * out in this one point into it. */
static void work_end(struct sessions *s, struct work *work)
{
	struct connection *c = session_connection(s, work->connection);

	if (c != NULL) {
		assert(c->work == work);
		c->work = NULL;
		work_reply(s, c, work);
		session_settle(s, c);
	}
	work_add(&s->spent, work);
}

bool session_has_work(const struct sessions *s)
{
	assert(s->magic == SESSIONS_MAGIC);
	return s->asking.first != NULL || (s->adding.first != NULL && !s->behind) ||
	       store_work_done(s->store) < store_work_given(s->store);
}

/* One slice of the first of a list. */
static void work_next(struct sessions *s, struct work_list *list)
{
	struct work *work = work_take(list);

	if (!work_slice(s, work))
		work_add(list, work);
	else
		work_end(s, work);
}

void session_work(struct sessions *s, struct session_time time)
{
	session_begin(s, time);
	if (s->asking.first != NULL)
		work_next(s, &s->asking);
	if (s->adding.first != NULL && !s->behind)
		work_next(s, &s->adding);
	if (store_work_done(s->store) < store_work_given(s->store))
		(void)store_work(s->store, SLICE_FREED_MAX); /* session_has_work asks again */
}
