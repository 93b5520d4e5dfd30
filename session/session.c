/* SPDX-License-Identifier: MIT
 *
 * Connections, their output and its order, times, and actions.
 *
 * Two buffers a connection: `ready` may be written, `held` waits for the disk. A reply that is made
 * while a position is not synced goes to `held`, and one entry (position, connection, bytes) to a
 * ring of all held replies. Positions only grow, so the ring is in order by itself, and a sync pops
 * what it releases and looks at nothing else. Pushes always go to `ready`. (A heap of connections
 * by their first held position lost: more code, and a log n that buys nothing.)
 *
 * Two lists of connections, by the last frame that came and by the last output that was taken, are
 * in order by themselves too, because whatever happens moves to the end. So a tick looks at nobody
 * who is not late. Calls without a time leave entries without one; the next call with a time finds
 * them together at the end.
 *
 * Buffers exist only while something is in them: an idle connection is its struct and its slot.
 */
#include "base/bug.h"
#include "session/private.h"

#include "base/mix.h"
#include "base/sha256.h"

enum { SLOTS_MIN = 16, HELD_MIN = 64, ACTIONS_MIN = 16, SILENCE_MS = 6000, CONNECTIONS = 65536 };

/* ---- lists by time ---- */

static struct list_link *link_of(const struct sessions *s, uint32_t number,
                                 enum connection_list list)
{
	assert(number < s->slot_count);
	assert(s->slots[number].connection != NULL);
	return &s->slots[number].connection->links[list];
}

/* At the end, where the latest belong; the time is what the call under way knows of it. */
static void list_add(struct sessions *s, struct connection *c, enum connection_list list)
{
	uint32_t last = s->list_last[list];

	assert(!c->listed[list]);
	c->links[list] = (struct list_link){ last, SESSION_NONE, s->stamp_ms };
	if (last == SESSION_NONE) {
		s->list_first[list] = c->number;
	} else {
		assert(link_of(s, last, list)->stamp_ms <= s->stamp_ms);
		link_of(s, last, list)->next = c->number;
	}
	s->list_last[list] = c->number;
	c->listed[list] = true;
}

static void list_remove(struct sessions *s, struct connection *c, enum connection_list list)
{
	struct list_link link = c->links[list];

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

/* Gives those at the end that have no time the one that is known now. */
static void list_stamp(struct sessions *s, enum connection_list list)
{
	uint32_t number = s->list_last[list];

	while (number != SESSION_NONE && link_of(s, number, list)->stamp_ms == STAMP_UNKNOWN) {
		link_of(s, number, list)->stamp_ms = s->time.monotonic_ms;
		number = link_of(s, number, list)->previous;
	}
}

/* When the first of a list is late. */
static uint64_t list_deadline(const struct sessions *s, enum connection_list list)
{
	uint32_t first = s->list_first[list];

	if (first == SESSION_NONE)
		return UINT64_MAX;
	uint64_t stamp_ms = link_of(s, first, list)->stamp_ms;

	if (stamp_ms == STAMP_UNKNOWN)
		stamp_ms = s->time.monotonic_ms;
	return stamp_ms + s->options.silence_ms;
}

/* ---- actions ---- */

/* The caller fills in what else the kind has. */
static struct action_entry *action_add(struct sessions *s, enum session_action_kind kind,
                                       uint32_t connection)
{
	if (s->action_count == s->action_capacity) {
		s->action_capacity = s->action_capacity == 0 ? ACTIONS_MIN : s->action_capacity * 2;
		s->actions = memory_resize(s->actions, s->action_capacity * sizeof(s->actions[0]));
	}
	struct action_entry *action = &s->actions[s->action_count++];

	*action = (struct action_entry){ .kind = kind, .connection = connection };
	return action;
}

/* The fact is kept by value: its views are the frame's, which is there until the next call. */
void session_append(struct sessions *s, const struct fact *fact)
{
	if (s->fact_count == s->fact_capacity) {
		s->fact_capacity = s->fact_capacity == 0 ? ACTIONS_MIN : s->fact_capacity * 2;
		s->facts = memory_resize(s->facts, s->fact_capacity * sizeof(s->facts[0]));
	}
	s->facts[s->fact_count] = *fact;
	action_add(s, SESSION_APPEND, SESSION_NONE)->fact = s->fact_count++;
	s->appended++;
	assert(s->appended > s->synced);
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
	};
	return true;
}

/* What the caller has not taken yet goes to the front: nothing, or what output left since he last
 * looked. What is for `connection` is forgotten with it. */
static void actions_keep(struct sessions *s, uint32_t connection)
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

/* ---- every call ---- */

void session_begin(struct sessions *s, struct session_time time)
{
	assert(s->magic == SESSIONS_MAGIC);
	assert(time.monotonic_ms >= s->time.monotonic_ms);
	assert(time.monotonic_ms < STAMP_UNKNOWN / 2);
	assert(time.clock_ms <= NUMBER_MAX);
	actions_keep(s, SESSION_NONE);
	s->fact_count = 0;
	session_work_free(&s->spent);
	s->time = time;
	s->stamp_ms = time.monotonic_ms;
	for (int list = 0; list < LISTS; list++)
		list_stamp(s, (enum connection_list)list);
}

/* For calls that are not told the time: what they put into lists is stamped later. */
static void begin_untimed(struct sessions *s)
{
	assert(s->magic == SESSIONS_MAGIC);
	s->stamp_ms = STAMP_UNKNOWN;
}

struct connection *session_connection(const struct sessions *s, uint32_t number)
{
	assert(s->magic == SESSIONS_MAGIC);
	struct connection *c = number < s->slot_count ? s->slots[number].connection : NULL;

	assert(c == NULL || c->magic == CONNECTION_MAGIC);
	return c;
}

static struct connection *connection_at(const struct sessions *s, uint32_t number)
{
	struct connection *c = session_connection(s, number);

	assert(c != NULL);
	assert(c->number == number);
	return c;
}

/* ---- output ---- */

static struct output *output_make(void)
{
	struct output *output = memory_alloc(sizeof(*output));

	buf_init(&output->buf, OUTPUT_SIZE_MAX);
	output->sent = 0;
	return output;
}

static void output_free(struct output **output)
{
	if (*output != NULL)
		buf_release(&(*output)->buf);
	memory_free(*output);
	*output = NULL;
}

static size_t output_left(const struct output *output)
{
	assert(output == NULL || output->sent <= output->buf.size);
	return output == NULL ? 0 : output->buf.size - output->sent;
}

/* Takes bytes off the front. What is gone is dropped when it is half of all, so that each byte is
 * moved once or less, or with the whole buffer when nothing is left. */
static void output_take(struct output **output, size_t size)
{
	struct output *o = *output;

	assert(size <= output_left(o));
	if (o == NULL)
		return;
	o->sent += size;
	if (o->sent == o->buf.size) {
		output_free(output);
	} else if (o->sent >= o->buf.size / 2) {
		buf_consume(&o->buf, o->sent);
		o->sent = 0;
	}
}

struct buf *session_ready(struct connection *c)
{
	if (c->ready == NULL)
		c->ready = output_make();
	return &c->ready->buf;
}

void session_ready_added(struct sessions *s, struct connection *c)
{
	assert(output_left(c->ready) > 0);
	if (!c->listed[LIST_SLOW] && c->state != CONNECTION_CLOSING)
		list_add(s, c, LIST_SLOW);
	if (!c->write_told)
		action_add(s, SESSION_WRITE, c->number);
	c->write_told = true;
}

/* Whether the connection takes input follows from what it is and has; the list of silence holds
 * those that do, so a change of it is also a change of that. */
void session_settle(struct sessions *s, struct connection *c)
{
	size_t waiting = output_left(c->ready) + output_left(c->held);

	if (waiting > OUTPUT_STALL_SIZE)
		c->stalled = true;
	if (waiting < OUTPUT_STALL_SIZE / 2)
		c->stalled = false;
	bool takes = c->state != CONNECTION_CLOSING && c->work == NULL && !c->stalled;

	if (takes == c->listed[LIST_SILENCE])
		return;
	if (takes) {
		list_add(s, c, LIST_SILENCE);
		action_add(s, SESSION_RESUME, c->number);
	} else {
		list_remove(s, c, LIST_SILENCE);
	}
}

void session_touch(struct sessions *s, struct connection *c)
{
	assert(c->listed[LIST_SILENCE]);
	list_remove(s, c, LIST_SILENCE);
	list_add(s, c, LIST_SILENCE);
}

/* ---- replies ---- */

/* Nothing unsynced: the reply may go at once. Then nothing can be held either, since whatever is
 * held waits for a position that is not synced: so no reply overtakes another. */
struct buf *session_reply_begin(struct sessions *s, struct connection *c)
{
	assert(!s->reply_open);
	s->reply_open = true;
	s->reply_held = s->appended > s->synced && !BUG(reply_before_sync);
	if (BUG(repetition_before_sync) && s->fact_count == 0 && c->held == NULL)
		s->reply_held = false; /* nothing of it is new */
	assert(c->held == NULL || s->reply_held);
	if (s->reply_held && c->held == NULL)
		c->held = output_make();
	if (!s->reply_held)
		c->push_open = NO_OFFSET;
	struct buf *b = s->reply_held ? &c->held->buf : session_ready(c);

	s->reply_start = b->size;
	return b;
}

static void held_grow(struct sessions *s)
{
	uint32_t capacity = s->held_capacity == 0 ? HELD_MIN : s->held_capacity * 2;
	struct held *ring = memory_alloc(capacity * sizeof(*ring));

	for (uint32_t i = 0; i < s->held_count; i++)
		ring[i] = s->held[(s->held_first + i) & (s->held_capacity - 1)];
	memory_free(s->held);
	s->held = ring;
	s->held_first = 0;
	s->held_capacity = capacity;
}

/* Replies of one connection that wait for the same position, one after the other, are one entry: a
 * client that pipelines questions costs the ring nothing. */
static void held_add(struct sessions *s, const struct connection *c, size_t size)
{
	uint32_t generation = s->slots[c->number].generation;

	assert(size > 0);
	assert(size <= FRAME_SIZE_MAX);
	if (s->held_count == s->held_capacity)
		held_grow(s);
	uint32_t mask = s->held_capacity - 1;
	struct held *last = &s->held[(s->held_first + s->held_count - 1) & mask];

	if (s->held_count > 0 && last->position == s->appended && last->connection == c->number &&
	    last->generation == generation) {
		last->size += (uint32_t)size;
		return;
	}
	assert(s->held_count == 0 || last->position <= s->appended);
	s->held[(s->held_first + s->held_count++) & mask] = (struct held){
		.position = s->appended,
		.connection = c->number,
		.generation = generation,
		.size = (uint32_t)size,
	};
}

void session_reply_end(struct sessions *s, struct connection *c, enum status status)
{
	const struct buf *b = s->reply_held ? &c->held->buf : &c->ready->buf;

	assert(s->reply_open);
	assert(b->size > s->reply_start);
	s->reply_open = false;
	if (s->reply_held)
		held_add(s, c, b->size - s->reply_start);
	else
		session_ready_added(s, c);
	s->counts.refused += status != STATUS_OK;
	session_settle(s, c);
}

void session_reply(struct sessions *s, struct connection *c, const struct frame *frame)
{
	bool is_encoded = protocol_encode(session_reply_begin(s, c), frame);

	assert(is_encoded);
	session_reply_end(s, c, frame->status);
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

/* Moves the next bytes of `held` to `ready`, without a copy if that is all and nothing else is
 * there. A close that waited for the last of them is due then. */
static void release(struct sessions *s, struct connection *c, size_t size)
{
	assert(size <= output_left(c->held));
	if (c->ready == NULL && size == output_left(c->held)) {
		c->ready = c->held;
		c->held = NULL;
	} else {
		bool is_put = buf_put(session_ready(c), c->held->buf.data + c->held->sent, size);

		assert(is_put);
		output_take(&c->held, size);
	}
	c->push_open = NO_OFFSET;
	session_ready_added(s, c);
	if (c->held == NULL && c->state == CONNECTION_CLOSING && !c->close_told) {
		action_add(s, SESSION_CLOSE, c->number)->why = c->why;
		c->close_told = true;
	}
}

void session_synced(struct sessions *s, uint64_t position)
{
	begin_untimed(s);
	assert(position >= s->synced);
	assert(position <= s->appended);
	s->synced = position;
	while (s->held_count > 0 && s->held[s->held_first].position <= position) {
		struct held held = s->held[s->held_first];

		s->held_first = (s->held_first + 1) & (s->held_capacity - 1);
		s->held_count--;
		struct connection_slot *slot = &s->slots[held.connection];

		if (slot->connection != NULL && slot->generation == held.generation)
			release(s, slot->connection, held.size);
	}
}

struct view session_output(struct sessions *s, uint32_t connection)
{
	struct connection *c = connection_at(s, connection);

	begin_untimed(s);
	c->write_told = true; /* the caller is looking */
	session_read_on(s, c, false);
	c->write_told = false;
	c->push_open = NO_OFFSET;
	if (c->ready == NULL)
		return (struct view){ .data = NULL, .size = 0 };
	return view_of(c->ready->buf.data + c->ready->sent, output_left(c->ready));
}

/* What is left of a count when so many bytes are gone, and no less than nothing. */
static uint32_t less(uint32_t value, size_t by)
{
	return by < value ? value - (uint32_t)by : 0;
}

/* Pushes that are counted as waiting are never fewer than those that do: the count falls to what is
 * left before the end of the last one, replies between them included. */
void session_output_sent(struct sessions *s, uint32_t connection, size_t size)
{
	struct connection *c = connection_at(s, connection);

	begin_untimed(s);
	assert(c->push_open == NO_OFFSET);
	if (size == 0)
		return;
	output_take(&c->ready, size);
	c->push_tail = less(c->push_tail, size);
	if (c->push_waiting > c->push_tail)
		c->push_waiting = c->push_tail;
	c->read_on_tail = less(c->read_on_tail, size);
	list_remove(s, c, LIST_SLOW);
	if (c->ready != NULL && c->state != CONNECTION_CLOSING)
		list_add(s, c, LIST_SLOW);
	session_read_on(s, c, false);
	session_settle(s, c);
}

/* ---- a connection's life ---- */

struct sessions *session_new(const struct session_options *options, struct store *store)
{
	struct sessions *s = memory_alloc_zero(1, sizeof(*s));
	uint8_t digest[SHA256_SIZE];
	struct sha256 h;

	assert(store != NULL);
	assert(options->limits.share_messages > 0);
	assert(options->limits.share_bytes > 0);
	s->magic = SESSIONS_MAGIC;
	s->options = *options;
	s->store = store;
	if (s->options.silence_ms == 0)
		s->options.silence_ms = SILENCE_MS;
	if (s->options.connections_max == 0)
		s->options.connections_max = CONNECTIONS;
	s->free_slot = SESSION_NONE;
	for (int list = 0; list < LISTS; list++) {
		s->list_first[list] = SESSION_NONE;
		s->list_last[list] = SESSION_NONE;
	}
	/* Ids can be searched for, so the table's seed is what strangers do not know. */
	sha256_init(&h);
	sha256_update_part(&h, options->uuid, UUID_SIZE);
	sha256_update_part(&h, options->operator_key, KEY_SIZE);
	sha256_final(&h, digest);
	s->seed = mix_load(digest);
	table_init(&s->accounts);
	arena_init(&s->arena);
	buf_init(&s->scratch, FRAME_SIZE_MAX);
	return s;
}

static void connection_free(struct sessions *s, struct connection *c)
{
	for (int list = 0; list < LISTS; list++)
		list_remove(s, c, (enum connection_list)list);
	output_free(&c->ready);
	output_free(&c->held);
	explicit_bzero(c, sizeof(*c));
	memory_free(c);
}

void session_free(struct sessions *s)
{
	if (s == NULL)
		return;
	assert(s->magic == SESSIONS_MAGIC);
	for (uint32_t i = 0; i < s->slot_count; i++)
		if (s->slots[i].connection != NULL)
			connection_free(s, s->slots[i].connection);
	session_work_free(&s->sliced);
	session_work_free(&s->waiting);
	session_work_free(&s->spent);
	session_accounts_release(s);
	buf_release(&s->scratch);
	memory_free(s->slots);
	memory_free(s->held);
	memory_free(s->actions);
	memory_free(s->facts);
	explicit_bzero(s, sizeof(*s));
	memory_free(s);
}

/* The number that was freed last, so that the numbers in use stay small. */
static uint32_t slot_take(struct sessions *s)
{
	uint32_t number = s->free_slot;

	if (number != SESSION_NONE) {
		s->free_slot = s->slots[number].next_free;
		return number;
	}
	if (s->slot_count == s->options.connections_max)
		return SESSION_NONE;
	if (s->slot_count == s->slot_capacity) {
		s->slot_capacity = s->slot_capacity == 0 ? SLOTS_MIN : s->slot_capacity * 2;
		s->slots = memory_resize(s->slots, s->slot_capacity * sizeof(s->slots[0]));
	}
	s->slots[s->slot_count] = (struct connection_slot){ .next_free = SESSION_NONE };
	return s->slot_count++;
}

uint32_t session_open(struct sessions *s, const uint8_t nonce[KEY_SIZE], struct session_time time)
{
	session_begin(s, time);
	uint32_t number = slot_take(s);

	if (number == SESSION_NONE)
		return SESSION_NONE;
	assert(number < s->options.connections_max);
	assert(s->slots[number].connection == NULL);
	struct connection *c = memory_alloc_zero(1, sizeof(*c));

	c->magic = CONNECTION_MAGIC;
	c->number = number;
	c->state = CONNECTION_NEW;
	c->push_open = NO_OFFSET;
	memcpy(c->nonce, nonce, KEY_SIZE);
	s->slots[number].connection = c;
	s->slots[number].generation++;
	list_add(s, c, LIST_SILENCE);
	s->counts.connections++;
	return number;
}

void session_closed(struct sessions *s, uint32_t connection, struct session_time time)
{
	session_begin(s, time);
	struct connection *c = connection_at(s, connection);

	session_end(s, c, STATUS_OK);
	session_work_drop(c);
	connection_free(s, c);
	actions_keep(s, connection);
	s->slots[connection].connection = NULL;
	s->slots[connection].next_free = s->free_slot;
	s->free_slot = connection;
	s->counts.connections--;
}

/* The last thing that is said: a line to who has not shaken hands, else a frame. */
static void put_farewell(struct sessions *s, struct connection *c, enum status status,
                         const char *text, bool orderly)
{
	struct frame frame = { .type = FRAME_ERROR, .status = status };
	bool is_held = orderly && s->appended > s->synced && c->held != NULL;
	struct buf *b = is_held ? session_reply_begin(s, c) : session_ready(c);

	frame.error.text = view_of_string(text);
	bool is_put = c->state == CONNECTION_NEW ? buf_put(b, text, strlen(text))
	                                         : protocol_encode(b, &frame);

	assert(is_put);
	c->push_open = NO_OFFSET;
	if (is_held)
		session_reply_end(s, c, STATUS_OK);
	else
		session_ready_added(s, c);
}

void session_close(struct sessions *s, struct connection *c, enum status status, const char *text,
                   const char *why, bool orderly)
{
	assert(c->state != CONNECTION_CLOSING);
	session_end(s, c, STATUS_OK);
	session_work_drop(c);
	if (text != NULL)
		put_farewell(s, c, status, text, orderly);
	c->state = CONNECTION_CLOSING;
	c->read_on = false;
	c->why = why;
	list_remove(s, c, LIST_SLOW);
	session_settle(s, c);
	if (orderly && c->held != NULL)
		return;
	action_add(s, SESSION_CLOSE, c->number)->why = why;
	c->close_told = true;
}

bool session_takes_input(const struct sessions *s, uint32_t connection)
{
	return connection_at(s, connection)->listed[LIST_SILENCE];
}

void session_disk_full(struct sessions *s, bool full)
{
	begin_untimed(s);
	s->disk_full = full;
}

/* ---- time ---- */

uint64_t session_deadline(const struct sessions *s)
{
	uint64_t silence = list_deadline(s, LIST_SILENCE);
	uint64_t slow = list_deadline(s, LIST_SLOW);

	assert(s->magic == SESSIONS_MAGIC);
	return silence < slow ? silence : slow;
}

/* Closing takes a connection out of the list, so this ends at the first that is not late. */
static void close_late(struct sessions *s, enum connection_list list, const char *text,
                       const char *why)
{
	while (list_deadline(s, list) <= s->time.monotonic_ms) {
		struct connection *c = connection_at(s, s->list_first[list]);

		session_close(s, c, STATUS_SLOW,
		              c->state == CONNECTION_NEW ? "threefold: no handshake came in time\n"
		                                         : text,
		              why, false);
		s->counts.closed_slow++;
	}
}

void session_tick(struct sessions *s, struct session_time time)
{
	session_begin(s, time);
	close_late(s, LIST_SILENCE, "nothing came on this connection for too long", "silent");
	close_late(s, LIST_SLOW, "what was sent on this connection was not read for too long",
	           "does not read");
}

void session_counts(const struct sessions *s, struct session_counts *counts)
{
	assert(s->magic == SESSIONS_MAGIC);
	*counts = s->counts;
}

/* ---- invariants ---- */

static void check_connection(const struct sessions *s, const struct connection *c)
{
	bool takes = c->state != CONNECTION_CLOSING && c->work == NULL && !c->stalled;

	assert(c->magic == CONNECTION_MAGIC);
	assert(c->listed[LIST_SILENCE] == takes);
	assert(c->listed[LIST_SLOW] == (c->ready != NULL && c->state != CONNECTION_CLOSING));
	assert(c->ready == NULL || output_left(c->ready) > 0);
	assert(c->held == NULL || output_left(c->held) > 0);
	assert(c->held == NULL || s->appended > s->synced);
	assert(c->push_tail <= output_left(c->ready));
	assert(c->push_waiting <= c->push_tail);
	assert(c->read_on_tail <= output_left(c->ready));
	assert(c->push_waiting <= PAGE_SIZE_MAX);
	assert(id_is_zero(&c->account) || c->state == CONNECTION_OPEN);
	assert(id_is_zero(&c->account) || session_of(s, &c->account) == c);
	assert(c->work == NULL || c->work->connection == c->number);
	assert(!c->read_on || !id_is_zero(&c->account));
}

static void check_list(const struct sessions *s, enum connection_list list)
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

/* The ring's stretches of a connection add up to what is held of it. */
static void check_held(const struct sessions *s)
{
	size_t *sizes = memory_alloc_zero(s->slot_count, sizeof(*sizes));
	uint64_t position = s->synced;

	for (uint32_t i = 0; i < s->held_count; i++) {
		const struct held *h = &s->held[(s->held_first + i) & (s->held_capacity - 1)];

		assert(h->position > s->synced);
		assert(h->position >= position);
		assert(h->position <= s->appended);
		position = h->position;
		if (s->slots[h->connection].connection != NULL &&
		    s->slots[h->connection].generation == h->generation)
			sizes[h->connection] += h->size;
	}
	for (uint32_t i = 0; i < s->slot_count; i++)
		if (s->slots[i].connection != NULL)
			assert(output_left(s->slots[i].connection->held) == sizes[i]);
	memory_free(sizes);
}

void session_check(const struct sessions *s)
{
	uint64_t connections = 0;
	uint64_t sessions = 0;

	assert(s->magic == SESSIONS_MAGIC);
	assert(s->synced <= s->appended);
	assert(!s->reply_open);
	for (uint32_t i = 0; i < s->slot_count; i++) {
		const struct connection *c = session_connection(s, i);

		if (c == NULL)
			continue;
		check_connection(s, c);
		connections++;
		sessions += !id_is_zero(&c->account);
	}
	assert(connections == s->counts.connections);
	assert(sessions == s->counts.sessions);
	check_list(s, LIST_SILENCE);
	check_list(s, LIST_SLOW);
	check_held(s);
	session_accounts_check(s);
	assert(s->waiting.first == NULL || store_work_done(s->store) < s->waiting.first->ticket);
}
