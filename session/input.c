/* SPDX-License-Identifier: MIT
 *
 * What comes in: the handshake, one frame at a time through the table of handlers, and requests
 * that are too long for one turn.
 *
 * A long request is worked off in slices of a bounded cost. The first slice is done in the call
 * that brought the frame, which nearly always is all of it. If not, the frame is copied and the
 * work waits for its turn, behind those that wait already; the connection takes no input until its
 * reply is made, so that replies keep their order. A request that left the store something to free
 * waits until that is freed, in the order of the store's tickets, which is the order of arrival
 * here. What the store frees is one step of the same turn.
 *
 * A connection that ends does not end its work: what was accepted is stored for all recipients.
 */
#include "base/bug.h"
#include "session/private.h"

#include <stdio.h>

enum { LINE_SIZE = 200 };

typedef void handler(struct sessions *s, struct connection *c, const struct frame *frame);

/* Indexed by type. HELLO has no handler: it is allowed once, before all others. */
static handler *const handlers[FRAME_TYPE_REQUEST_END] = {
	[FRAME_PING] = session_ping,           [FRAME_LOOKUP_NAME] = session_lookup_name,
	[FRAME_LOOKUP_ID] = session_lookup_id, [FRAME_INTRODUCE] = session_introduce,
	[FRAME_HANDOVER] = session_introduce,  [FRAME_CONFIRM] = session_confirm,
	[FRAME_DELETE] = session_delete,       [FRAME_LOGIN] = session_login,
	[FRAME_LOGOUT] = session_logout,       [FRAME_SEND] = session_send,
	[FRAME_RECEIVED] = session_received,   [FRAME_STREAMS] = session_streams,
	[FRAME_PAGE] = session_page,           [FRAME_LIST] = session_list,
	[FRAME_OPERATE] = session_operate,     [FRAME_DIGEST] = session_digest,
	[FRAME_SPLIT] = session_split,         [FRAME_ELEMENTS] = session_elements,
	[FRAME_STORE] = session_store,
};

/* ---- work in slices ---- */

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

/* The work itself stays in its list and goes on. */
void session_work_drop(struct connection *c)
{
	if (c->work == NULL)
		return;
	assert(c->work->connection == c->number);
	c->work->connection = SESSION_NONE;
	c->work = NULL;
}

static bool work_slice(struct sessions *s, struct work *work)
{
	switch (work->type) {
	case FRAME_SEND:
		return session_send_slice(s, work);
	case FRAME_RECEIVED:
		return session_received_slice(s, work);
	case FRAME_DIGEST:
	case FRAME_SPLIT:
	case FRAME_ELEMENTS:
		return session_survey_slice(s, work);
	case FRAME_STORE:
		return session_store_slice(s, work);
	default:
		assert(work->type == FRAME_DELETE);
		return true;
	}
}

/* All slices are done: whether the store still frees what they left. The ticket is the last one
 * given by now, not the last one of this work, so that the list of those that wait is in order. */
static bool work_waits(const struct sessions *s, struct work *work)
{
	if (work->freeing && work->ticket == 0)
		work->ticket = store_work_given(s->store);
	return store_work_done(s->store) < work->ticket;
}

static void work_reply(struct sessions *s, struct connection *c, const struct work *work)
{
	struct frame reply = {
		.type = work->type | FRAME_REPLY,
		.request = work->request,
		.status = work->status,
	};

	assert(c->work == NULL);
	if (work->survey != NULL)
		session_survey_reply(work, &reply);
	else
		reply.sent.results = buf_view(&work->results);
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

/* The work, which stood on the stack with views into the caller's bytes, with memory of its own. */
static struct work *work_keep(const struct work *work)
{
	struct work *kept = memory_alloc(sizeof(*kept));
	/* Text and list stand in one frame, so what lies between them is at most that frame. */
	const uint8_t *first = work->list.data;
	const uint8_t *end = work->list.data + work->list.size;

	if (work->text.size > 0 && work->text.data < first)
		first = work->text.data;
	if (work->text.size > 0 && work->text.data + work->text.size > end)
		end = work->text.data + work->text.size;
	*kept = *work;
	if (end == first)
		return kept;
	struct view frame = view_of(first, (size_t)(end - first));

	assert(frame.size <= FRAME_SIZE_MAX);
	kept->copy = memory_alloc(frame.size);
	memcpy(kept->copy, frame.data, frame.size);
	kept->text = view_moved(work->text, frame, kept->copy);
	kept->list = view_moved(work->list, frame, kept->copy);
	return kept;
}

void session_work_begin(struct sessions *s, struct connection *c, struct work *work,
                        const struct frame *frame)
{
	assert(c->work == NULL);
	work->connection = c->number;
	work->type = frame->type;
	work->request = frame->request;
	/* The results of one slice, nearly always all, need no memory of their own. */
	work->results = s->scratch;
	buf_clear(&work->results);
	buf_init(&s->scratch, FRAME_SIZE_MAX);
	bool is_done = work_slice(s, work);

	if (is_done && !work_waits(s, work)) {
		work_reply(s, c, work);
		memory_free(work->survey);
		buf_release(&s->scratch);
		s->scratch = work->results;
		return;
	}
	c->work = work_keep(work);
	work_add(is_done ? &s->waiting : &s->sliced, c->work);
	session_settle(s, c);
}

/* Answers, if somebody still waits, and keeps the copy for the facts of this call. */
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
	return s->sliced.first != NULL || store_work_done(s->store) < store_work_given(s->store);
}

void session_work(struct sessions *s, struct session_time time)
{
	session_begin(s, time);
	if (s->sliced.first != NULL) {
		struct work *work = work_take(&s->sliced);

		if (!work_slice(s, work))
			work_add(&s->sliced, work);
		else if (work_waits(s, work))
			work_add(&s->waiting, work);
		else
			work_end(s, work);
	}
	if (store_work_done(s->store) < store_work_given(s->store))
		(void)store_work(s->store, SLICE_FREED_MAX); /* session_has_work asks again */
	while (s->waiting.first != NULL && s->waiting.first->ticket <= store_work_done(s->store))
		work_end(s, work_take(&s->waiting));
}

/* ---- the handshake ---- */

static void refuse_hello(struct sessions *s, struct connection *c, const char *line,
                         const char *why)
{
	session_close(s, c, STATUS_MALFORMED, line, why, false);
	s->counts.closed_malformed++;
}

/* The largest version that both speak, or 0. */
static uint16_t common_version(const struct frame *hello)
{
	uint16_t version = PROTOCOL_VERSION_MAX;

	if (hello->hello.version_max < version)
		version = hello->hello.version_max;
	if (version < hello->hello.version_min || version < PROTOCOL_VERSION_MIN)
		return 0;
	return version;
}

static void refuse_version(struct sessions *s, struct connection *c, const struct frame *hello)
{
	char line[LINE_SIZE];
	bool client_is_old = hello->hello.version_max < PROTOCOL_VERSION_MIN;

	snprintf(line, sizeof(line),
	         "threefold: this replica speaks versions %d to %d of the protocol, the client %u "
	         "to %u: upgrade the %s\n",
	         PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX, hello->hello.version_min,
	         hello->hello.version_max, client_is_old ? "client" : "replica");
	refuse_hello(s, c, line, "no version in common");
}

/* Nothing is taken of a HELLO that is not whole; after a byte that cannot be of one, no other is
 * waited for. */
static size_t take_hello(struct sessions *s, struct connection *c, struct view bytes)
{
	struct frame hello;
	const char *why = NULL;
	bool whole = false;

	if (!protocol_hello_begins(bytes, &whole)) {
		char line[LINE_SIZE];

		snprintf(line, sizeof(line),
		         "threefold: this is a replica of a threefold chat and expects the "
		         "handshake of its client, versions %d to %d of the protocol\n",
		         PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX);
		refuse_hello(s, c, line, "no handshake");
		return bytes.size;
	}
	if (!whole)
		return 0;
	bool is_decoded = protocol_decode(view_of(bytes.data, HELLO_SIZE), &hello, &why);

	assert(is_decoded);
	uint16_t version = common_version(&hello);

	if (version == 0) {
		refuse_version(s, c, &hello);
		return HELLO_SIZE;
	}
	struct frame welcome = {
		.type = FRAME_WELCOME,
		.request = hello.request,
		.welcome = {
			.version = version,
			.clock_ms = s->time.clock_ms,
			.share_messages = s->options.limits.share_messages,
			.share_bytes = s->options.limits.share_bytes,
			.silence_ms = s->options.silence_ms,
		},
	};

	memcpy(welcome.welcome.uuid, s->options.uuid, UUID_SIZE);
	memcpy(welcome.welcome.nonce, c->nonce, KEY_SIZE);
	c->state = CONNECTION_OPEN;
	session_touch(s, c);
	session_reply(s, c, &welcome);
	return HELLO_SIZE;
}

/* ---- requests ---- */

static void refuse_frame(struct sessions *s, struct connection *c, const char *what)
{
	char text[LINE_SIZE];

	snprintf(text, sizeof(text), "the replica does not understand this client: %s", what);
	session_close(s, c, STATUS_MALFORMED, text, "malformed frame", true);
	s->counts.closed_malformed++;
}

/* STATUS_OK if this connection may send this request. */
static enum status may_send(const struct connection *c, const struct frame *frame,
                            enum protocol_may may)
{
	switch (may) {
	case MAY_ANY:
		return STATUS_OK;
	case MAY_PROVEN:
		assert(frame->type == FRAME_CONFIRM);
		return !id_is_zero(&c->proven) && id_equal(&c->proven, &frame->confirm.id)
		               ? STATUS_OK
		               : STATUS_WRONG_PROOF;
	case MAY_SESSION:
		return id_is_zero(&c->account) ? STATUS_NO_SESSION : STATUS_OK;
	case MAY_OPERATOR:
		return c->is_operator || BUG(anybody_repairs) ? STATUS_OK : STATUS_WRONG_PROOF;
	}
	assert(false); /* a row of the table has one of these */
	return STATUS_WRONG_PROOF;
}

static void dispatch(struct sessions *s, struct connection *c, const struct frame *frame)
{
	const struct protocol_row *row = protocol_row(frame->type);

	assert(row != NULL);
	if (frame->type >= FRAME_TYPE_REQUEST_END || handlers[frame->type] == NULL) {
		refuse_frame(s, c,
		             frame->type == FRAME_HELLO ? "a second handshake"
		                                        : "a frame that is no request");
		return;
	}
	uint64_t appended = s->appended;
	enum status status = may_send(c, frame, row->may);

	if (status == STATUS_OK)
		handlers[frame->type](s, c, frame);
	else
		session_answer(s, c, frame, status);
	/* A burial is no addition where its stream is held, so the table does not call it one. */
	assert(s->appended == appended || row->addition || row->type == FRAME_RECEIVED);
}

size_t session_input(struct sessions *s, uint32_t connection, struct view bytes,
                     struct session_time time)
{
	session_begin(s, time);
	struct connection *c = session_connection(s, connection);
	struct frame frame;
	const char *why = NULL;
	size_t size = 0;

	assert(c != NULL);
	if (!c->listed[LIST_SILENCE] || bytes.size == 0)
		return 0;
	if (c->state == CONNECTION_NEW)
		return take_hello(s, c, bytes);
	if (!protocol_size(bytes, &size)) {
		refuse_frame(s, c, "a length that no frame has");
		return bytes.size;
	}
	if (size == 0 || bytes.size < size)
		return 0;
	session_touch(s, c);
	s->counts.frames++;
	if (!protocol_decode(view_of(bytes.data, size), &frame, &why))
		refuse_frame(s, c, why);
	else
		dispatch(s, c, &frame);
	return size;
}

enum { EXPECT_MIN = 3 }; /* for fewer it is not worth its price */

size_t session_expect(const struct sessions *s, uint32_t connection, struct view bytes)
{
	const struct connection *c = session_connection(s, connection);
	struct id recipients[STORE_EXPECT_MAX];
	size_t count = 0;
	size_t at = 0;
	size_t size;

	assert(c != NULL);
	while (count < STORE_EXPECT_MAX) {
		struct view rest = view_of(bytes.data + at, bytes.size - at);

		if (!protocol_size(rest, &size) || size == 0 || size > rest.size)
			break;
		count += protocol_peek_send(view_of(rest.data, size), &recipients[count]);
		at += size;
	}
	if (count >= EXPECT_MIN && !id_is_zero(&c->account))
		store_expect(s->store, &c->account, &c->session, recipients, count);
	return at;
}
