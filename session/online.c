/* SPDX-License-Identifier: MIT
 *
 * session/online: who is logged in where, and the end of sessions and connections.
 *
 * Each account that was logged in since the start has one record: the largest (session, dial) seen,
 * and the connection where it is active now. The records are never forgotten, since a smaller
 * session that comes late must find the larger one. A record costs 48 bytes and a handle. The table
 * makes no pauses when it grows (base/table).
 */
#include "base/bug.h"
#include "base/siphash.h"
#include "session/private.h"

/* ---- the records ---- */

static uint64_t hash_of_id(const struct sessions *s, const struct id *id)
{
	return siphash(&s->key, id->bytes, ID_SIZE);
}

static uint64_t hash_of_handle(const void *context, uint32_t handle)
{
	const struct sessions *s = context;
	const struct remembered *r = arena_at(&s->arena, handle);

	return hash_of_id(s, &r->id);
}

static bool handle_has_id(const void *context, const void *key, uint32_t handle)
{
	const struct sessions *s = context;
	const struct remembered *r = arena_at(&s->arena, handle);

	return id_equal(&r->id, key);
}

struct remembered *session_remembered(const struct sessions *s, const struct id *id)
{
	uint32_t handle = table_find(&s->accounts, hash_of_id(s, id), handle_has_id, s, id);

	return handle == 0 ? NULL : arena_at(&s->arena, handle);
}

struct remembered *session_remember(struct sessions *s, const struct id *id)
{
	struct remembered *r = session_remembered(s, id);

	if (r != NULL)
		return r;
	uint32_t handle = arena_alloc(&s->arena, sizeof *r);

	r = arena_at(&s->arena, handle);
	*r = (struct remembered){ .id = *id, .connection = SESSION_NONE };
	table_add(&s->accounts, hash_of_id(s, id), handle, hash_of_handle, s);
	return r;
}

static bool is_known(const struct connection *c)
{
	return !id_is_zero(&c->account) || c->is_operator;
}

void session_relieve(struct sessions *s)
{
	struct connection *largest = NULL;
	uint32_t number = s->list_first[LIST_SLOW];

	if (s->output_sum <= OUTPUT_SUM_MAX)
		return;
	for (int i = 0; i < OUTPUT_LOOK_MAX && number != SESSION_NONE; i++) {
		struct connection *c = session_connection_at(s, number);
		bool known = is_known(c);

		if (largest == NULL || (!known && is_known(largest)) ||
		    (known == is_known(largest) && c->counted > largest->counted))
			largest = c;
		number = c->links[LIST_SLOW].next;
	}
	if (largest == NULL)
		return;
	session_close(s, largest, STATUS_SLOW, "too much waits to be read on all connections",
	              "does not read", false);
	s->counts.closed_slow++;
}

void session_online_release(struct sessions *s)
{
	table_release(&s->accounts);
	arena_release(&s->arena);
}

void session_online_check(const struct sessions *s)
{
	table_check(&s->accounts, hash_of_handle, s);
	arena_check(&s->arena);
	assert(s->counts.sessions <= s->accounts.count);
}

struct connection *session_of(const struct sessions *s, const struct id *id)
{
	const struct remembered *r = session_remembered(s, id);

	if (r == NULL || r->connection == SESSION_NONE)
		return NULL;
	struct connection *c = session_connection_at(s, r->connection);

	assert(id_equal(&c->account, id));
	assert(ulid_equal(&c->session, &r->session));
	return c;
}

/* ---- ends ---- */

void session_end(struct sessions *s, struct connection *c, enum status why)
{
	if (id_is_zero(&c->account))
		return;
	if (!c->is_sending) {
		struct remembered *r = session_remembered(s, &c->account);

		assert(r != NULL);
		assert(r->connection == c->number);
		r->connection = SESSION_NONE;
		s->counts.sessions--;
	}
	c->account = (struct id){ { 0 } };
	c->is_sending = false;
	c->read_on = false;
	session_crowd_settle(s, c);
	if (why == STATUS_OK)
		return;
	struct frame ended = { .type = FRAME_ENDED, .status = why };

	ended.session.session = c->session;
	session_ready_put(s, c, &ended);
	session_settle(s, c);
}

bool session_may_bury(const struct sessions *s, bool is_held)
{
	return s->disk == SESSION_DISK_OK || (s->disk == SESSION_DISK_LOW && is_held);
}

enum store_result session_bury(struct sessions *s, const struct fact *fact,
                               const struct store_limits *limits)
{
	assert(fact->kind == FACT_TOMBSTONE);
	struct connection *active = session_of(s, &fact->tombstone.id);
	enum store_result result = session_apply(s, fact, limits);

	if (result == STORE_NEW && active != NULL)
		session_end(s, active, STATUS_GONE);
	return result;
}

enum store_result session_renew(struct sessions *s, const struct fact *fact,
                                const struct connection *by, const struct store_limits *limits)
{
	assert(fact->kind == FACT_ACCOUNT);
	struct connection *active = session_of(s, &fact->account.id);
	enum store_result result = session_apply(s, fact, limits);

	if (result == STORE_REPLACED && active != NULL && active != by && !BUG(session_outlives))
		session_end(s, active, STATUS_CHANGED);
	return result;
}

/* The last thing that is said: a line of text to who has not shaken hands, else a frame. */
static void put_farewell(struct sessions *s, struct connection *c, enum status status,
                         const char *text, bool orderly)
{
	struct frame frame = { .type = FRAME_ERROR, .status = status };
	bool is_held = orderly && c->held != NULL;
	struct buf *b = is_held ? session_reply_begin(s, c) : session_ready(s, c);

	frame.error.text = view_of_string(text);
	session_must(c->state == CONNECTION_NEW ? buf_put(b, text, strlen(text))
	                                        : protocol_encode(b, &frame));
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
	if (c->delayed != 0)
		session_list_remove(s, c, LIST_GUESS + c->delayed - 1);
	c->delayed = 0;
	c->state = CONNECTION_CLOSING;
	c->read_on = false;
	c->why = why;
	session_list_remove(s, c, LIST_SLOW);
	session_settle(s, c);
	session_crowd_settle(s, c);
	if (!orderly || c->held == NULL)
		session_tell_close(s, c);
}

void session_removed(struct sessions *s, struct connection *c)
{
	if (c->is_operator || c->state == CONNECTION_CLOSING)
		session_end(s, c, STATUS_OK);
	else
		session_close(s, c, STATUS_CLOCK, "the operator has removed this account",
		              "its account was removed", true);
}
