/* SPDX-License-Identifier: MIT
 *
 * session/output: what goes out, and in which order: actions, replies, pushes.
 *
 *   a reply    session_reply_begin  >  held   >  session_synced  >  ready  >  session_output
 *              if nothing waits for the disk                     >  ready  >  session_output
 *   a push     session_ready                                     >  ready  >  session_output
 *
 * A connection has two buffers: `ready` may be written, `held` waits for the disk. A reply that is
 * made while some position is not synced goes to `held`, and one entry (position, connection,
 * bytes) goes to a ring of all held replies. Positions only grow, so the ring is in order by
 * itself: a sync takes what it releases from the front, and looks at nothing else. Pushes always go
 * to `ready`. (A heap of connections by their first held position was the alternative: more code,
 * and a log n that buys nothing.)
 *
 * A buffer exists only while something is in it: an idle connection costs its struct and its slot.
 * Of those that are empty again some are kept, whosever they were, for the next that are needed.
 */
#include "base/bug.h"
#include "session/private.h"

enum {
	ACTIONS_MIN = 16,
	SPARE_MAX = 128,           /* empty outputs that are kept, */
	SPARE_SIZE_MAX = 4 * 1024, /* if they have no more memory than so much */
};

/* ---- connections by number ---- */

struct connection *session_connection(const struct sessions *s, uint32_t number)
{
	assert(s->magic == SESSIONS_MAGIC);
	struct connection *c = number < s->slot_count ? s->slots[number].connection : NULL;

	assert(c == NULL || (c->magic == CONNECTION_MAGIC && c->number == number));
	return c;
}

struct connection *session_connection_at(const struct sessions *s, uint32_t number)
{
	struct connection *c = session_connection(s, number);

	assert(c != NULL);
	return c;
}

void session_untimed(struct sessions *s)
{
	assert(s->magic == SESSIONS_MAGIC);
	s->stamp_ms = STAMP_UNKNOWN;
}

/* ---- actions ---- */

/* The caller fills in what else the kind has. */
static struct action_entry *action_add(struct sessions *s, enum session_action_kind kind,
                                       uint32_t connection)
{
	if (s->action_count == s->action_capacity) {
		s->action_capacity = s->action_capacity == 0 ? ACTIONS_MIN : s->action_capacity * 2;
		s->actions = memory_resize(s->actions, s->action_capacity * sizeof s->actions[0]);
	}
	struct action_entry *action = &s->actions[s->action_count++];

	*action = (struct action_entry){ .kind = kind, .connection = connection };
	return action;
}

void session_note(struct sessions *s, const struct connection *c, enum session_note note,
                  struct view name)
{
	assert(name.size <= sizeof s->noted);
	s->noted_size = name.size;
	if (name.size > 0)
		memcpy(s->noted, name.data, name.size);
	action_add(s, SESSION_NOTE, c->number)->note = (uint8_t)note;
}

void session_ask_caller(struct sessions *s, struct connection *c)
{
	assert(!c->is_asking);
	c->is_asking = true;
	action_add(s, SESSION_ASKED, c->number);
	session_settle(s, c);
}

/* The fact is kept by value. Its views point into the frame, which is there until the next call. */
static void append(struct sessions *s, const struct fact *fact)
{
	if (s->fact_count == s->fact_capacity) {
		s->fact_capacity = s->fact_capacity == 0 ? ACTIONS_MIN : s->fact_capacity * 2;
		s->facts = memory_resize(s->facts, s->fact_capacity * sizeof s->facts[0]);
	}
	s->facts[s->fact_count] = *fact;
	action_add(s, SESSION_APPEND, SESSION_NONE)->fact = s->fact_count++;
	s->appended++;
	assert(s->appended > s->synced);
}

enum store_result session_apply(struct sessions *s, const struct fact *fact,
                                const struct store_limits *limits)
{
	enum store_result result = store_apply(s->store, fact, limits);

	if (result == STORE_NEW || result == STORE_REPLACED)
		append(s, fact);
	return result;
}

bool session_next(struct sessions *s, struct session_action *action)
{
	assert(s->magic == SESSIONS_MAGIC);
	assert(action != NULL);
	if (s->action_taken == s->action_count) {
		s->action_taken = 0;
		s->action_count = 0;
		return false;
	}
	const struct action_entry *next = &s->actions[s->action_taken++];

	*action = (struct session_action){
		.kind = next->kind,
		.connection = next->connection,
		.fact = next->kind == SESSION_APPEND ? &s->facts[next->fact] : NULL,
		.why = next->why,
		.is_urgent = next->is_urgent,
	};
	if (next->kind == SESSION_NOTE) {
		action->note = (enum session_note)next->note;
		action->name = view_of(s->noted, s->noted_size);
		action->from = &session_connection_at(s, next->connection)->from;
	}
	return true;
}

void session_actions_keep(struct sessions *s, uint32_t connection)
{
	uint32_t count = 0;

	for (uint32_t i = s->action_taken; i < s->action_count; i++) {
		assert(s->actions[i].kind != SESSION_APPEND);
		if (s->actions[i].connection != connection)
			s->actions[count++] = s->actions[i];
	}
	s->action_taken = 0;
	s->action_count = count;
}

void session_tell_close(struct sessions *s, struct connection *c)
{
	struct action_entry *action = action_add(s, SESSION_CLOSE, c->number);

	action->why = c->why;
	action->is_urgent = c->is_urgent;
	c->close_told = true;
}

/* ---- buffers ---- */

static struct output *output_make(struct sessions *s)
{
	struct output *output = s->spare;

	if (output != NULL) {
		s->spare = output->next;
		s->spare_count--;
		return output;
	}
	output = memory_alloc(sizeof *output);
	buf_init(&output->buf, OUTPUT_SIZE_MAX);
	output->sent = 0;
	return output;
}

static void output_free(struct sessions *s, struct output **place)
{
	struct output *output = *place;

	*place = NULL;
	if (output == NULL)
		return;
	if (s->spare_count == SPARE_MAX || output->buf.capacity > SPARE_SIZE_MAX) {
		buf_release(&output->buf);
		memory_free(output);
		return;
	}
	buf_clear(&output->buf);
	output->sent = 0;
	output->next = s->spare;
	s->spare = output;
	s->spare_count++;
}

void session_output_release(struct sessions *s)
{
	struct output *next;

	for (struct output *output = s->spare; output != NULL; output = next) {
		next = output->next;
		buf_release(&output->buf);
		memory_free(output);
	}
	s->spare = NULL;
	s->spare_count = 0;
}

static size_t output_left(const struct output *output)
{
	assert(output == NULL || output->sent <= output->buf.size);
	return output == NULL ? 0 : output->buf.size - output->sent;
}

/* Takes bytes off the front. They are dropped when they are half of all, so each byte is moved once
 * at most, or with the whole buffer when nothing is left. */
static void output_take(struct sessions *s, struct output **output, size_t size)
{
	struct output *o = *output;

	assert(size <= output_left(o));
	if (o == NULL)
		return;
	o->sent += size;
	if (o->sent == o->buf.size) {
		output_free(s, output);
	} else if (o->sent >= o->buf.size / 2) {
		buf_consume(&o->buf, o->sent);
		o->sent = 0;
	}
}

void session_output_free(struct sessions *s, struct connection *c)
{
	output_free(s, &c->ready);
	output_free(s, &c->held);
}

struct buf *session_ready(struct sessions *s, struct connection *c)
{
	if (c->ready == NULL)
		c->ready = output_make(s);
	return &c->ready->buf;
}

size_t session_ready_left(const struct connection *c)
{
	return output_left(c->ready);
}

void session_ready_added(struct sessions *s, struct connection *c)
{
	assert(output_left(c->ready) > 0);
	if (!c->listed[LIST_SLOW] && c->state != CONNECTION_CLOSING)
		session_list_add(s, c, LIST_SLOW);
	if (!c->write_told)
		action_add(s, SESSION_WRITE, c->number);
	c->write_told = true;
}

void session_ready_put(struct sessions *s, struct connection *c, const struct frame *frame)
{
	session_must(protocol_encode(session_ready(s, c), frame));
	c->push_open = NO_OFFSET;
	session_ready_added(s, c);
}

/* What is left of a count when so many bytes are gone, and no less than nothing. */
static uint32_t less(uint32_t value, size_t by)
{
	return by < value ? value - (uint32_t)by : 0;
}

/* The count of waiting pushes is never less than what waits: it falls to what is left before the
 * end of the last push, replies between pushes included. */
void session_ready_sent(struct sessions *s, struct connection *c, size_t size)
{
	assert(c->push_open == NO_OFFSET);
	output_take(s, &c->ready, size);
	c->push_tail = less(c->push_tail, size);
	if (c->push_waiting > c->push_tail)
		c->push_waiting = c->push_tail;
	c->read_on_tail = less(c->read_on_tail, size);
	c->taken += size;
	/* Who takes a little now and then is as slow as who takes nothing. */
	if (c->ready != NULL && c->taken < OUTPUT_RATE_SIZE)
		return;
	c->taken = 0;
	session_list_remove(s, c, LIST_SLOW);
	if (c->ready != NULL && c->state != CONNECTION_CLOSING)
		session_list_add(s, c, LIST_SLOW);
}

void session_settle(struct sessions *s, struct connection *c)
{
	size_t waiting = output_left(c->ready) + output_left(c->held);

	size_t most = id_is_zero(&c->account) && !c->is_operator ? OUTPUT_STRANGER_SIZE
	                                                         : OUTPUT_STALL_SIZE;
	size_t counts = c->state != CONNECTION_CLOSING ? waiting : 0;

	s->output_sum += counts - c->counted;
	c->counted = counts;
	if (waiting > most)
		c->stalled = true;
	if (waiting < most / 2)
		c->stalled = false;
	bool takes = c->state != CONNECTION_CLOSING && c->work == NULL && !c->stalled &&
	             c->delayed == 0 && !c->is_asking && !c->listed[LIST_BEHIND];

	if (takes == c->listed[LIST_SILENCE])
		return;
	if (takes) {
		session_list_add(s, c, LIST_SILENCE);
		action_add(s, SESSION_RESUME, c->number);
	} else {
		session_list_remove(s, c, LIST_SILENCE);
	}
}

/* ---- replies ---- */

bool session_holds_replies(const struct sessions *s)
{
	return s->appended > s->synced;
}

/* If nothing is unsynced, the reply may go at once. Then nothing is held either, since whatever is
 * held waits for a position that is not synced: so no reply overtakes another. */
struct buf *session_reply_begin(struct sessions *s, struct connection *c)
{
	assert(!s->reply_open);
	s->reply_open = true;
	s->reply_held = session_holds_replies(s) && !BUG(reply_before_sync);
	if (BUG(repetition_before_sync) && s->fact_count == 0 && c->held == NULL)
		s->reply_held = false; /* nothing of it is new */
	assert(c->held == NULL || s->reply_held);
	if (s->reply_held && c->held == NULL)
		c->held = output_make(s);
	if (!s->reply_held)
		c->push_open = NO_OFFSET;
	struct buf *b = s->reply_held ? &c->held->buf : session_ready(s, c);

	s->reply_start = b->size;
	return b;
}

/* The reply at a place of the ring, 0 the oldest. */
static struct held *held_at(const struct sessions *s, uint32_t place)
{
	return ring_at(&s->held, place, sizeof(struct held));
}

/* Adds a held reply to the ring. Replies of one connection that wait for the same position, one
 * after the other, are one entry: a client that sends many questions at once costs the ring
 * nothing. */
static void held_add(struct sessions *s, const struct connection *c, size_t size)
{
	uint32_t generation = s->slots[c->number].generation;

	assert(size > 0);
	assert(size <= FRAME_SIZE_MAX);
	struct held *last = s->held.count > 0 ? held_at(s, s->held.count - 1) : NULL;

	if (last != NULL && last->position == s->appended && last->connection == c->number &&
	    last->generation == generation) {
		last->size += (uint32_t)size;
		return;
	}
	assert(last == NULL || last->position <= s->appended);
	*(struct held *)ring_add(&s->held, sizeof *last) = (struct held){
		.position = s->appended,
		.connection = c->number,
		.generation = generation,
		.size = (uint32_t)size,
	};
}

void session_reply_end(struct sessions *s, struct connection *c, enum status status)
{
	struct buf *b = s->reply_held ? &c->held->buf : &c->ready->buf;

	assert(s->reply_open);
	assert(b->size > s->reply_start);
	if (c->answer_tags != NULL)
		session_must(protocol_tag(b, s->reply_start, c->answer_tags));
	s->reply_open = false;
	session_spend(c, (b->size - s->reply_start) / COST_BYTES);
	if (s->reply_held)
		held_add(s, c, b->size - s->reply_start);
	else
		session_ready_added(s, c);
	s->counts.refused += status != STATUS_OK;
	session_settle(s, c);
}

struct buf *session_parts_begin(struct sessions *s, struct connection *c,
                                const struct frame *request)
{
	struct buf *b = session_reply_begin(s, c);
	size_t offset = protocol_begin(b, request->type | FRAME_REPLY, 0, request->request);

	assert(offset == s->reply_start);
	session_must(buf_put_u8(b, STATUS_OK));
	s->counts.replies[request->type][STATUS_OK]++;
	return b;
}

void session_parts_end(struct sessions *s, struct connection *c)
{
	protocol_end(s->reply_held ? &c->held->buf : &c->ready->buf, s->reply_start);
	session_reply_end(s, c, STATUS_OK);
}

/* Statuses of a later version, in the words of version 3. */
static enum status told_status(const struct connection *c, enum status status)
{
	return c->version < PROTOCOL_VERSION_VOUCHED && status >= STATUS_CLOSED ? STATUS_DISK_FULL
	                                                                        : status;
}

void session_reply(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct frame told;

	if (told_status(c, frame->status) != frame->status) {
		told = *frame;
		told.status = told_status(c, frame->status);
		session_must(protocol_encode(session_reply_begin(s, c), &told));
	} else {
		session_must(protocol_encode(session_reply_begin(s, c), frame));
	}
	session_reply_end(s, c, frame->status);
	s->counts.replies[frame->type & ~FRAME_REPLY][frame->status]++;
}

struct frame session_reply_to(const struct frame *request, enum status status)
{
	assert(request->type < FRAME_TYPE_REQUEST_END);
	return (struct frame){
		.type = request->type | FRAME_REPLY,
		.request = request->request,
		.status = status,
	};
}

void session_answer(struct sessions *s, struct connection *c, const struct frame *request,
                    enum status status)
{
	struct frame reply = session_reply_to(request, status);

	session_reply(s, c, &reply);
}

/* Moves the next bytes of `held` to `ready`, without a copy if they are all of it and `ready` is
 * empty. A close that waited for the last of them is due then. */
static void release(struct sessions *s, struct connection *c, size_t size)
{
	assert(size <= output_left(c->held));
	if (c->ready == NULL && size == output_left(c->held)) {
		c->ready = c->held;
		c->held = NULL;
	} else {
		session_must(buf_put(session_ready(s, c), c->held->buf.data + c->held->sent, size));
		output_take(s, &c->held, size);
	}
	c->push_open = NO_OFFSET;
	session_ready_added(s, c);
	if (c->held == NULL && c->state == CONNECTION_CLOSING && !c->close_told)
		session_tell_close(s, c);
}

void session_synced(struct sessions *s, uint64_t position)
{
	session_untimed(s);
	assert(position >= s->synced);
	assert(position <= s->appended);
	s->synced = position;
	while (s->held.count > 0 && held_at(s, 0)->position <= position) {
		struct held held = *held_at(s, 0);

		ring_drop(&s->held);
		struct connection_slot *slot = &s->slots[held.connection];

		if (slot->connection != NULL && slot->generation == held.generation)
			release(s, slot->connection, held.size);
	}
}

/* ---- invariants ---- */

static void check_connection(const struct sessions *s, const struct connection *c)
{
	assert(c->listed[LIST_SLOW] == (c->ready != NULL && c->state != CONNECTION_CLOSING));
	assert(c->ready == NULL || output_left(c->ready) > 0);
	assert(c->held == NULL || output_left(c->held) > 0);
	assert(c->held == NULL || session_holds_replies(s));
	assert(c->push_tail <= output_left(c->ready));
	assert(c->push_waiting <= c->push_tail);
	assert(c->read_on_tail <= output_left(c->ready));
	assert(c->push_waiting <= PAGE_SIZE_MAX);
}

/* The ring is in order, and its entries of a connection add up to what is held of it. */
void session_output_check(const struct sessions *s)
{
	size_t *sizes = memory_alloc_zero(s->slot_count, sizeof *sizes);
	uint64_t position = s->synced;

	assert(s->synced <= s->appended);
	assert(!s->reply_open);
	for (uint32_t i = 0; i < s->held.count; i++) {
		const struct held *h = held_at(s, i);

		assert(h->position > s->synced);
		assert(h->position >= position);
		assert(h->position <= s->appended);
		position = h->position;
		if (s->slots[h->connection].connection != NULL &&
		    s->slots[h->connection].generation == h->generation)
			sizes[h->connection] += h->size;
	}
	for (uint32_t i = 0; i < s->slot_count; i++) {
		const struct connection *c = s->slots[i].connection;

		if (c == NULL)
			continue;
		check_connection(s, c);
		assert(output_left(c->held) == sizes[i]);
	}
	memory_free(sizes);
}
