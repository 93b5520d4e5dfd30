/* SPDX-License-Identifier: MIT
 *
 * session/session: the life of a connection, and what happens beside its requests: output that the
 * caller takes, times, invariants.
 *
 * A number stands for a connection while the caller has it open. Numbers are used again, so a held
 * reply is marked with the number's generation: if that has changed, the connection for which the
 * reply was made is gone.
 */
#include "base/sha256.h"
#include "session/private.h"

enum { SLOTS_MIN = 16, SILENCE_MS = 6000, CONNECTIONS = 65536, CLOSING_PART = 16 };

#define TEXT_UNREAD "what was sent on this connection was not read for too long"

/* ---- a connection's life ---- */

struct sessions *session_new(const struct session_options *options, struct store *store)
{
	struct sessions *s = memory_alloc_zero(1, sizeof *s);
	uint8_t digest[SHA256_SIZE];
	struct sha256 h;

	assert(store != NULL);
	assert(options->limits.share_messages > 0);
	assert(options->limits.share_bytes > 0);
	assert(options->limits.gaps > 0);
	s->magic = SESSIONS_MAGIC;
	s->options = *options;
	s->store = store;
	if (s->options.version_max == 0)
		s->options.version_max = PROTOCOL_VERSION_MAX;
	if (s->options.silence_ms == 0)
		s->options.silence_ms = SILENCE_MS;
	if (s->options.connections_max == 0)
		s->options.connections_max = CONNECTIONS;
	box_public(s->options.box_secret, s->public);
	s->open_max = s->options.connections_max - s->options.connections_max / CLOSING_PART;
	if (s->options.addresses.connections == 0)
		s->options.addresses.connections = 1 + (s->options.connections_max - 1) /
		                                               LIMIT_CONNECTIONS_PART;
	s->free_slot = SESSION_NONE;
	for (int list = 0; list < LISTS; list++) {
		s->list_first[list] = SESSION_NONE;
		s->list_last[list] = SESSION_NONE;
	}
	/* A stranger can search for ids that all meet in one place of the table. So the table has
	 * a seed that strangers do not know. */
	sha256_init(&h);
	sha256_update_part(&h, options->uuid, UUID_SIZE);
	sha256_update_part(&h, options->operator_key, KEY_SIZE);
	sha256_final(&h, digest);
	s->key = siphash_key_from(digest);
	limit_init(&s->limit, &s->options.addresses, siphash_key_from(digest + SIPHASH_KEY_SIZE));
	table_init(&s->homes, NULL);
	arena_init(&s->homes_arena);
	table_init(&s->accounts, NULL);
	arena_init(&s->arena);
	buf_init(&s->scratch, FRAME_SIZE_MAX);
	return s;
}

static void connection_free(struct sessions *s, struct connection *c)
{
	for (int list = 0; list < LISTS; list++)
		session_list_remove(s, c, (enum connection_list)list);
	s->output_sum -= c->counted;
	session_output_free(s, c);
	if (c->answer_tags != NULL)
		explicit_bzero(c->answer_tags, sizeof *c->answer_tags);
	memory_free(c->answer_tags);
	explicit_bzero(c, sizeof *c);
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
	session_work_free(&s->asking);
	session_work_free(&s->adding);
	session_work_free(&s->spent);
	session_online_release(s);
	session_crowd_release(s);
	limit_release(&s->limit);
	buf_release(&s->scratch);
	session_output_release(s);
	memory_free(s->slots);
	ring_release(&s->held);
	memory_free(s->actions);
	memory_free(s->facts);
	explicit_bzero(s, sizeof *s);
	memory_free(s);
}

/* A free number, or SESSION_NONE. It is the one that was freed last, so the numbers in use stay
 * small. */
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
		s->slots = memory_resize(s->slots, s->slot_capacity * sizeof s->slots[0]);
	}
	s->slots[s->slot_count] = (struct connection_slot){ .next_free = SESSION_NONE };
	return s->slot_count++;
}

/* Closes a stranger if a new connection from there needs his place. False: there is none. If every
 * slot is held, by connections that are being closed, it would not help to close another one. */
static bool make_room(struct sessions *s, const struct limit_address *from)
{
	struct connection *c;

	s->refused = "too many connections";
	if (s->free_slot == SESSION_NONE && s->slot_count == s->options.connections_max)
		return false;
	if (!session_crowd_has_room(s, from, &c, &s->refused))
		return false;
	if (c == NULL)
		return true;
	limit_refused(&s->limit, LIMIT_CONNECTIONS, &c->from, s->time.monotonic_ms);
	c->is_urgent = true;
	session_close(s, c, STATUS_BUSY,
	              c->state == CONNECTION_NEW
	                      ? "threefold: too many connections; room was needed for another\n"
	                      : "room was needed, and this connection was not logged in",
	              NULL, false);
	return true;
}

const char *session_refusal(const struct sessions *s)
{
	assert(s->magic == SESSIONS_MAGIC);
	return s->refused;
}

uint32_t session_open(struct sessions *s, const uint8_t nonce[KEY_SIZE],
                      const struct limit_address *from, struct session_time time)
{
	static const struct limit_address local = { .is_local = true };

	session_begin(s, time);
	if (from == NULL)
		from = &local;
	uint32_t number = SESSION_NONE;

	if (make_room(s, from))
		number = slot_take(s);
	if (number == SESSION_NONE) {
		limit_refused(&s->limit, LIMIT_CONNECTIONS, from, time.monotonic_ms);
		return SESSION_NONE;
	}
	assert(number < s->options.connections_max);
	assert(s->slots[number].connection == NULL);
	struct connection *c = memory_alloc_zero(1, sizeof *c);

	c->magic = CONNECTION_MAGIC;
	c->number = number;
	c->state = CONNECTION_NEW;
	c->push_open = NO_OFFSET;
	c->from = *from;
	memcpy(c->nonce, nonce, KEY_SIZE);
	s->slots[number].connection = c;
	s->slots[number].generation++;
	session_list_add(s, c, LIST_SILENCE);
	session_crowd_enter(s, c);
	s->counts.connections++;
	return number;
}

void session_closed(struct sessions *s, uint32_t connection, struct session_time time)
{
	session_begin(s, time);
	struct connection *c = session_connection_at(s, connection);

	session_end(s, c, STATUS_OK);
	session_work_drop(c);
	c->state = CONNECTION_CLOSING;
	session_crowd_settle(s, c);
	connection_free(s, c);
	session_actions_keep(s, connection);
	s->slots[connection].connection = NULL;
	s->slots[connection].next_free = s->free_slot;
	s->free_slot = connection;
	s->counts.connections--;
}

bool session_takes_input(const struct sessions *s, uint32_t connection)
{
	return session_connection_at(s, connection)->listed[LIST_SILENCE];
}

uint64_t session_spent(struct sessions *s, uint32_t connection)
{
	struct connection *c = session_connection_at(s, connection);
	uint64_t spent = c->spent;

	c->spent = 0;
	return spent;
}

bool session_is_known(const struct sessions *s, uint32_t connection)
{
	const struct connection *c = session_connection_at(s, connection);

	return !id_is_zero(&c->account) || c->is_operator;
}

void session_behind(struct sessions *s, bool behind)
{
	if (s->behind == behind)
		return;
	session_untimed(s);
	s->behind = behind;
	while (!behind && s->list_first[LIST_BEHIND] != SESSION_NONE) {
		struct connection *c = session_connection_at(s, s->list_first[LIST_BEHIND]);

		session_list_remove(s, c, LIST_BEHIND);
		session_settle(s, c);
	}
}

void session_disk(struct sessions *s, enum session_disk disk)
{
	assert(s->magic == SESSIONS_MAGIC);
	s->room = disk;
	session_look_at_room(s);
}

bool session_memory_is_full(const struct sessions *s)
{
	assert(s->magic == SESSIONS_MAGIC);
	return store_is_full(s->store);
}

/* ---- output ---- */

/* A READ_ON that is due is written at the last moment, since a later drop would change it. */
struct view session_output(struct sessions *s, uint32_t connection)
{
	struct connection *c = session_connection_at(s, connection);

	session_untimed(s);
	c->write_told = true; /* the caller is looking */
	session_read_on(s, c, false);
	c->write_told = false;
	c->push_open = NO_OFFSET;
	if (c->ready == NULL)
		return (struct view){ .data = NULL, .size = 0 };
	return view_of(c->ready->buf.data + c->ready->sent, session_ready_left(c));
}

void session_output_sent(struct sessions *s, uint32_t connection, size_t size)
{
	struct connection *c = session_connection_at(s, connection);

	session_untimed(s);
	if (size == 0)
		return;
	session_ready_sent(s, c, size);
	session_read_on(s, c, false);
	session_settle(s, c);
}

/* ---- time ---- */

uint64_t session_deadline(const struct sessions *s)
{
	uint64_t silence = session_list_deadline(s, LIST_SILENCE);
	uint64_t slow = session_list_deadline(s, LIST_SLOW);

	uint64_t first = silence < slow ? silence : slow;

	assert(s->magic == SESSIONS_MAGIC);
	for (int list = LIST_GUESS; list < LISTS; list++) {
		uint64_t guess = session_list_deadline(s, (enum connection_list)list);

		first = guess < first ? guess : first;
	}
	/* A report that is due already waits to be taken. */
	uint64_t report = limit_deadline(&s->limit);

	return report < first && report > s->ticked_ms ? report : first;
}

static void close_slow(struct sessions *s, struct connection *c, const char *text, const char *why)
{
	session_close(s, c, STATUS_SLOW,
	              c->state == CONNECTION_NEW ? "threefold: no handshake came in time\n" : text,
	              why, false);
	s->counts.closed_slow++;
}

/* Closes all connections of a list that are late. Closing takes a connection out of the list, so
 * this ends at the first that is not late. */
static void close_late(struct sessions *s, enum connection_list list, const char *text,
                       const char *why)
{
	while (session_list_deadline(s, list) <= s->time.monotonic_ms)
		close_slow(s, session_connection_at(s, s->list_first[list]), text, why);
}

void session_tick(struct sessions *s, struct session_time time)
{
	session_begin(s, time);
	s->ticked_ms = time.monotonic_ms;
	close_late(s, LIST_SILENCE, "nothing came on this connection for too long", "silent");
	close_late(s, LIST_SLOW, TEXT_UNREAD, "does not read");
	for (int list = LIST_GUESS; list < LISTS; list++)
		while (session_list_deadline(s, (enum connection_list)list) <= s->time.monotonic_ms)
			session_login_late(s, session_connection_at(s, s->list_first[list]));
}

void session_unread(struct sessions *s, uint32_t connection, struct session_time time)
{
	session_begin(s, time);
	struct connection *c = session_connection_at(s, connection);

	if (c->state != CONNECTION_CLOSING)
		close_slow(s, c, TEXT_UNREAD, "does not read");
}

void session_report_all(struct sessions *s)
{
	assert(s->magic == SESSIONS_MAGIC);
	limit_report_all(&s->limit);
}

bool session_next_report(struct sessions *s, struct limit_report *report)
{
	assert(s->magic == SESSIONS_MAGIC);
	return limit_next_report(&s->limit, s->time.monotonic_ms, report);
}

void session_counts(const struct sessions *s, struct session_counts *counts)
{
	assert(s->magic == SESSIONS_MAGIC);
	*counts = s->counts;
	memcpy(counts->limited, s->limit.refused, sizeof counts->limited);
}

/* ---- invariants ---- */

static void check_connection(const struct sessions *s, const struct connection *c)
{
	bool takes = c->state != CONNECTION_CLOSING && c->work == NULL && !c->stalled &&
	             c->delayed == 0 && !c->is_asking && !c->listed[LIST_BEHIND];

	assert(c->listed[LIST_SILENCE] == takes);
	assert(id_is_zero(&c->account) || c->state == CONNECTION_OPEN);
	assert(!c->is_sending || !id_is_zero(&c->account));
	assert(id_is_zero(&c->account) || c->is_sending || session_of(s, &c->account) == c);
	assert(c->work == NULL || c->work->connection == c->number);
	for (uint32_t step = 1; step <= LIMIT_GUESS_STEPS; step++)
		assert(c->listed[LIST_GUESS + step - 1] == (c->delayed == step));
	assert(!c->read_on || !id_is_zero(&c->account));
	assert(c->is_stranger == (c->state != CONNECTION_CLOSING &&
	                          (id_is_zero(&c->account) || c->is_sending) && !c->is_operator));
}

void session_check(const struct sessions *s)
{
	uint64_t connections = 0;
	uint64_t sessions = 0;

	assert(s->magic == SESSIONS_MAGIC);
	for (uint32_t i = 0; i < s->slot_count; i++) {
		const struct connection *c = session_connection(s, i);

		if (c == NULL)
			continue;
		check_connection(s, c);
		connections++;
		sessions += !id_is_zero(&c->account) && !c->is_sending;
	}
	assert(connections == s->counts.connections);
	assert(sessions == s->counts.sessions);
	session_list_check(s, LIST_SILENCE);
	session_list_check(s, LIST_SLOW);
	session_list_check(s, LIST_BEHIND);
	assert(s->behind || s->list_first[LIST_BEHIND] == SESSION_NONE);
	session_output_check(s);
	session_online_check(s);
	session_crowd_check(s);
}
