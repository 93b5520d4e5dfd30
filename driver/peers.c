/* SPDX-License-Identifier: MIT
 *
 * A connection has the number that the session gave it. A list of numbers says which connections
 * have something to write. A number stands in the list once: the connection has a mark for it. If a
 * connection has closed since, its number is passed over.
 *
 * A connection that has sent something is read at once if it would be the next one (fair.h). Else
 * it waits for its turn, in the turns of the loop that follow, and the loop does not ask for it.
 *
 *   state     begins with            bytes come      output is written   is freed by
 *   open      accept                 session_input   -                   end of stream, error
 *   closing   SESSION_CLOSE          dropped         -> ended            the same, PEERS_CLOSE_MS
 *   ended     shutdown of our half   dropped         -                   the same, PEERS_CLOSE_MS
 *
 * The kernel takes bytes for a peer that does not read, too, and keeps them. So connections that
 * were written to are looked at each second, until the peer's system has acknowledged all of it. If
 * nothing of it moves for PEERS_UNREAD_MS, the session closes the connection, whatever else comes
 * on it.
 *
 * A socket that is closed before its input is read resets the connection, and the last line may be
 * lost on its way. The last two states prevent that.
 */
#include "driver/peers.h"

#include "driver/fair.h"
#include "driver/listener.h"
#include "io/conn.h"
#include "io/file.h"
#include "io/log.h"

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TRIM_MS = 3000,               /* after a connection has ended */
	TRIM_SIZE = 16 * 1024 * 1024, /* free memory of the heap that is worth giving back */
	SWEEP_MS = 1000,              /* between two looks at what was not read */
	LOOK_COST = 100,              /* units (session_spent) between two looks at the clock */
	READ_COST = 4,                /* of a read, in units */
	READ_COST_BYTES = 4096,       /* and so many bytes of it are one more */
};

struct peers_connection {
	struct conn conn;
	struct peers *peers;
	struct loop_timer timer; /* once it is closing */
	uint64_t written;        /* bytes, in its life */
	uint64_t read;           /* of them were acknowledged at the last sweep */
	uint64_t moved_ms;       /* that sweep saw more of them than the one before */
	uint32_t number;
	uint32_t swept; /* the sweep that saw it last */
	bool is_unread; /* some may not be acknowledged */
	bool is_closing;
	bool is_urgent; /* it is not waited for */
	bool has_ended;
	bool is_to_write;
	bool has_rest; /* what was read already may hold whole frames */
	struct fair_flow flow;
};

/* Numbers of connections. */
struct queue {
	uint32_t *numbers;
	size_t count;
	size_t capacity;
};

/* Lines of one second. */
struct budget {
	uint64_t begun_ms;
	unsigned lines;
};

struct peers {
	struct loop *loop;
	struct sessions *sessions;
	struct journal *journal;
	struct listener listener;
	struct conn_input input;
	struct peers_connection **table; /* by number; NULL where there is none */
	uint32_t table_size;
	struct queue to_write;
	struct queue to_answer; /* operators who ask how the replica is */
	struct queue unread;
	struct loop_timer sweep; /* while some connection is unread */
	uint32_t sweeps;
	struct loop_timer trim; /* after connections have ended */
	void (*tell)(void *context, struct buf *to);
	void *context;    /* of it */
	struct fair fair; /* those who wait to be read */
	size_t heard;
	size_t written;
	struct budget closed;  /* lines about connections that were closed, */
	struct budget refused; /* and about proofs that were wrong */
};

struct session_time peers_time(const struct peers *p)
{
	return (struct session_time){ .clock_ms = loop_clock_ms(p->loop),
		                      .monotonic_ms = loop_now_ms(p->loop) };
}

/* The list grows to what a turn needed at most and never shrinks: 4 bytes for each connection. */
static void queue_add(struct queue *q, uint32_t number)
{
	if (q->count == q->capacity) {
		q->capacity = q->capacity == 0 ? 64 : 2 * q->capacity;
		q->numbers = memory_resize(q->numbers, q->capacity * sizeof *q->numbers);
	}
	q->numbers[q->count++] = number;
}

static struct peers_connection *connection_at(const struct peers *p, uint32_t number)
{
	return number < p->table_size ? p->table[number] : NULL;
}

/* Writing waits for the end of the turn, so that all that a turn brings goes out in one piece. */
static void mark_to_write(struct peers_connection *c)
{
	if (c->is_to_write)
		return;
	c->is_to_write = true;
	queue_add(&c->peers->to_write, c->number);
}

static enum fair_class class_of(const struct peers_connection *c)
{
	return session_is_known(c->peers->sessions, c->number) ? FAIR_KNOWN : FAIR_STRANGER;
}

/* The rest may hold whole frames, and the kernel does not tell of bytes that were read already. */
static void mark_to_read(struct peers_connection *c)
{
	if (c->is_closing)
		return;
	c->has_rest = true;
	fair_add(&c->peers->fair, &c->flow, class_of(c));
}

/* A stranger can cause such a line as often as he likes, so there are only a few a second. */
static bool may_log(const struct peers *p, struct budget *budget)
{
	uint64_t now_ms = loop_now_ms(p->loop);

	if (now_ms - budget->begun_ms >= 1000) {
		budget->begun_ms = now_ms;
		budget->lines = 0;
	}
	return budget->lines++ < PEERS_LOG_MAX;
}

/* ---- closing ---- */

/* The one place where a connection ends, whatever ended it. */
static void connection_free(struct peers_connection *c)
{
	struct peers *p = c->peers;

	log_line(LOG_DEBUG, "connection %u has ended", (unsigned)c->number);
	loop_timer_cancel(p->loop, &c->timer);
	fair_remove(&p->fair, &c->flow);
	conn_close(&c->conn);
	assert(p->table[c->number] == c);
	p->table[c->number] = NULL;
	session_closed(p->sessions, c->number, peers_time(p));
	memory_free(c);
	if (p->trim.place == 0)
		loop_timer_set(p->loop, &p->trim, loop_now_ms(p->loop) + TRIM_MS);
	peers_act(p);
}

/* What a flood has needed goes back to the system. By itself the heap would keep it, because a few
 * small pieces stand between and behind the large ones. */
static void trimmed(struct loop_timer *timer)
{
	(void)timer;
#ifdef __GLIBC__
	if (mallinfo2().fordblks >= TRIM_SIZE)
		(void)malloc_trim(0);
#endif
}

/* The kernel would keep what such a peer does not read long after. */
static void connection_expired(struct loop_timer *timer)
{
	struct peers_connection *c = LOOP_OWNER(timer, struct peers_connection, timer);

	if (conn_unread(&c->conn) != 0)
		conn_drop_unread(&c->conn);
	connection_free(c);
}

/* Its session has ended it. What it still has to say, the reason, goes out first. */
static void connection_begin_close(struct peers_connection *c, const struct session_action *action)
{
	const char *why = action->why;
	struct peers *p = c->peers;

	assert(!c->is_closing);
	assert(c->timer.place == 0);
	if (why != NULL && may_log(p, &p->closed))
		log_line(LOG_INFO, "connection %u is closed: %s", (unsigned)c->number, why);
	c->is_closing = true;
	c->is_urgent = action->is_urgent;
	if (c->flow.place != 0)
		conn_want_input(&c->conn, true); /* what comes is dropped, and the end is seen */
	fair_remove(&p->fair, &c->flow);
	loop_timer_set(p->loop, &c->timer, loop_now_ms(p->loop) + PEERS_CLOSE_MS);
	mark_to_write(c);
}

/* ---- actions and output ---- */

/* One line for each limit that an address has met. */
static void log_reports(struct peers *p)
{
	static const char *const what[LIMIT_KINDS] = {
		[LIMIT_ACCOUNTS] = "refused %u new accounts from %s in the last minute",
		[LIMIT_UNKNOWN] =
			"refused %u messages of or to unknown accounts from %s in the last minute",
		[LIMIT_PASSWORDS] = "slowed %u wrong passwords from %s in the last minute",
		[LIMIT_CONNECTIONS] = "closed or refused %u connections from %s in the last minute",
	};
	struct limit_report report;

	while (session_next_report(p->sessions, &report)) {
		char text[ADDRESS_TEXT_SIZE];

		address_bytes_text(report.address, text);
		for (int kind = 0; kind < LIMIT_KINDS; kind++)
			if (report.refused[kind] > 0)
				log_line(LOG_WARNING, what[kind], (unsigned)report.refused[kind],
				         text);
	}
}

/* One line for what happened. No name has a blank or a quote (fact/name.h), and the address ends
 * the line: so whoever reads the log by a pattern is not fooled by a name. */
static void log_note(struct peers *p, const struct session_action *action)
{
	static const struct {
		bool is_refusal;
		const char *before; /* the name */
		const char *behind;
	} notes[SESSION_NOTES] = {
		[SESSION_LOGGED_IN] = { false, "is logged in as '", "'" },
		[SESSION_LOGGED_IN_SENDING] = { false, "is logged in to send only as '", "'" },
		[SESSION_OPERATOR] = { false, "is an operator's,", "" },
		[SESSION_WRONG_PASSWORD] = { true, "wrong password for '", "'" },
		[SESSION_WRONG_KEY] = { true, "wrong operator key", "" },
	};
	char name[NAME_SIZE_MAX + 1];
	char from[ADDRESS_TEXT_SIZE];

	view_to_string(action->name, name, sizeof name);
	address_bytes_text(action->from->bytes, from);
	if (!notes[action->note].is_refusal)
		log_line(LOG_DEBUG, "connection %u %s%s%s from %s", (unsigned)action->connection,
		         notes[action->note].before, name, notes[action->note].behind, from);
	else if (may_log(p, &p->refused))
		log_line(LOG_NOTICE, "refused: %s%s%s from %s", notes[action->note].before, name,
		         notes[action->note].behind, from);
}

/* SESSION_APPEND comes before the reply that depends on it. So it is enough to take the actions in
 * their order, and nothing is answered that is not in the journal. */
void peers_act(struct peers *p)
{
	struct session_action action;
	bool has_appended = false;

	while (session_next(p->sessions, &action)) {
		struct peers_connection *c;

		if (action.kind == SESSION_APPEND) {
			(void)journal_append(p->journal, action.fact); /* both count alike */
			has_appended = true;
			continue;
		}
		c = connection_at(p, action.connection);
		assert(c != NULL);
		switch (action.kind) {
		case SESSION_APPEND:
			break; /* above */
		case SESSION_WRITE:
			mark_to_write(c);
			break;
		case SESSION_RESUME:
			mark_to_read(c);
			break;
		case SESSION_ASKED:
			queue_add(&p->to_answer, action.connection);
			break;
		case SESSION_NOTE:
			log_note(p, &action);
			break;
		case SESSION_CLOSE:
			connection_begin_close(c, &action);
			break;
		}
	}
	log_reports(p);
	if (has_appended)
		session_behind(p->sessions, journal_is_behind(p->journal));
}

/* ---- what was written and not read ---- */

/* False: all of it was read, or the connection is on its end already. */
static bool connection_is_unread(struct peers_connection *c)
{
	struct peers *p = c->peers;
	uint64_t left = conn_unread(&c->conn);
	uint64_t now_ms = loop_now_ms(p->loop);

	if (left == 0 || c->is_closing)
		return false;
	if (c->written - left > c->read) {
		c->read = c->written - left;
		c->moved_ms = now_ms;
	}
	if (now_ms - c->moved_ms < PEERS_UNREAD_MS)
		return true;
	session_unread(p->sessions, c->number, peers_time(p));
	peers_act(p);
	return false;
}

/* A number that was freed and given again may stand twice in the list: then it stays once. */
static void swept(struct loop_timer *timer)
{
	struct peers *p = LOOP_OWNER(timer, struct peers, sweep);
	size_t count = 0;

	p->sweeps++;
	for (size_t i = 0; i < p->unread.count; i++) {
		struct peers_connection *c = connection_at(p, p->unread.numbers[i]);

		if (c == NULL || !c->is_unread || c->swept == p->sweeps)
			continue;
		c->swept = p->sweeps;
		c->is_unread = connection_is_unread(c);
		if (c->is_unread)
			p->unread.numbers[count++] = c->number;
	}
	p->unread.count = count;
	if (count != 0)
		loop_timer_set(p->loop, timer, loop_now_ms(p->loop) + SWEEP_MS);
}

/* What stands between `read` and `written` is at most what the kernel holds, so the two need not be
 * known exactly when a connection becomes unread. */
static void mark_unread(struct peers_connection *c, size_t size)
{
	struct peers *p = c->peers;

	c->written += size;
	if (size == 0 || c->is_unread)
		return;
	c->is_unread = true;
	c->read = c->written - size;
	c->moved_ms = loop_now_ms(p->loop);
	queue_add(&p->unread, c->number);
	if (p->sweep.place == 0)
		loop_timer_set(p->loop, &p->sweep, loop_now_ms(p->loop) + SWEEP_MS);
}

/* What the socket does not take stays with the session, which bounds it; the loop tells of room. */
static void connection_write(struct peers_connection *c)
{
	struct peers *p = c->peers;
	struct view output;
	size_t sent;

	/* Once more with nothing ends the wait for room. */
	do {
		output = session_output(p->sessions, c->number);
		if (conn_send(&c->conn, output, &sent) == CONN_FAILED) {
			connection_free(c);
			return;
		}
		assert(sent <= output.size);
		if (sent != 0)
			session_output_sent(p->sessions, c->number, sent);
		p->written += sent;
		mark_unread(c, sent);
	} while (sent != 0 && sent == output.size);
	if (c->is_urgent) {
		connection_free(c);
		return;
	}
	if (output.size == 0 && c->is_closing && !c->has_ended) {
		c->has_ended = true;
		conn_end(&c->conn);
		conn_want_input(&c->conn, true);
	}
	peers_act(p);
}

/* Not while the question is being read: the answer lets the connection be read on. Whoever has gone
 * meanwhile is not answered, nor is somebody else who has the number now. */
static void answer_all(struct peers *p)
{
	struct buf text;

	if (p->to_answer.count == 0)
		return;
	buf_init(&text, TEXT_SIZE_MAX);
	p->tell(p->context, &text);
	for (size_t i = 0; i < p->to_answer.count; i++)
		if (connection_at(p, p->to_answer.numbers[i]) != NULL)
			session_tell(p->sessions, p->to_answer.numbers[i], buf_view(&text));
	p->to_answer.count = 0;
	buf_release(&text);
	peers_act(p);
}

void peers_write(struct peers *p)
{
	answer_all(p);
	/* What is added meanwhile is of this turn, too. */
	for (size_t i = 0; i < p->to_write.count; i++) {
		struct peers_connection *c = connection_at(p, p->to_write.numbers[i]);

		if (c == NULL || !c->is_to_write)
			continue;
		c->is_to_write = false;
		if (!c->has_ended)
			connection_write(c);
	}
	p->to_write.count = 0;
}

/* ---- input ---- */

/* Frame by frame, as long as the session takes them, there is time, and it is this connection's
 * turn. `cost` has been spent on it already. */
static void connection_feed(struct peers_connection *c, struct view bytes, uint64_t cost)
{
	struct peers *p = c->peers;
	enum fair_class class = class_of(c);
	bool must_stop = false;
	size_t used = 0;
	uint64_t looked = cost;
	size_t expected = 0;

	while (used < bytes.size && !must_stop && session_takes_input(p->sessions, c->number)) {
		struct view rest = view_of(bytes.data + used, bytes.size - used);
		if (used >= expected)
			expected = used + session_expect(p->sessions, c->number, rest);

		size_t size = session_input(p->sessions, c->number, rest, peers_time(p));

		assert(size <= rest.size);
		assert(size <= FRAME_SIZE_MAX);
		peers_act(p);
		if (size == 0 || c->is_closing)
			break;
		used += size;
		cost += session_spent(p->sessions, c->number);
		/* The clock costs as much as a small frame's decoding. */
		if (cost - looked < LOOK_COST)
			continue;
		looked = cost;
		must_stop = fair_must_stop(&p->fair, class, cost) || loop_is_late(p->loop);
	}
	fair_spend(&p->fair, &c->flow, class, cost);
	if (c->is_closing)
		used = bytes.size;
	conn_used(&c->conn, &p->input, bytes, used);
	c->has_rest = false;
	/* What is here already comes first. SESSION_RESUME, or its next turn, goes on. */
	if (c->is_closing)
		return;
	if (must_stop && used < bytes.size)
		mark_to_read(c);
	conn_want_input(&c->conn,
	                c->flow.place == 0 && session_takes_input(p->sessions, c->number));
}

/* False if the connection was freed. */
static bool connection_read(struct peers_connection *c)
{
	struct peers *p = c->peers;
	struct view bytes;

	switch (conn_receive(&c->conn, &p->input, &bytes)) {
	case CONN_OK:
		p->heard++;
		if (c->is_closing)
			conn_used(&c->conn, &p->input, bytes, bytes.size);
		else
			connection_feed(c, bytes, READ_COST + bytes.size / READ_COST_BYTES);
		return true;
	case CONN_LATER:
		conn_want_input(&c->conn, true);
		return true;
	case CONN_END:
	case CONN_FAILED:
		break;
	}
	connection_free(c);
	return false;
}

/* It is this connection's turn. */
static void serve(struct peers *p, struct fair_flow *flow)
{
	struct peers_connection *c = LOOP_OWNER(flow, struct peers_connection, flow);

	if (c->has_rest || !session_takes_input(p->sessions, c->number))
		connection_feed(c, conn_rest(&c->conn), 0);
	else
		(void)connection_read(c);
}

void peers_continue_known(struct peers *p)
{
	struct fair_flow *flow;

	while (!loop_is_late(p->loop) && (flow = fair_next_known(&p->fair)) != NULL)
		serve(p, flow);
}

void peers_continue(struct peers *p)
{
	struct fair_flow *flow;

	/* A stranger is served in each turn, however late it is. */
	while ((flow = fair_next(&p->fair, loop_is_late(p->loop))) != NULL)
		serve(p, flow);
}

bool peers_have_input(const struct peers *p)
{
	return fair_waits(&p->fair);
}

/* Whose turn it is not waits, and is not asked for by the loop meanwhile. A broken connection that
 * wants no input now is closed, and what is left in it is not read: the client is gone, and nothing
 * of that was acknowledged. */
static void connection_ready(struct loop_source *source, unsigned events)
{
	struct peers_connection *c = LOOP_OWNER(source, struct peers_connection, conn.source);
	struct fair *fair = &c->peers->fair;
	bool waits = c->flow.place != 0;

	if ((events & LOOP_READ) && !waits && !c->is_closing &&
	    !fair_is_next(fair, &c->flow, class_of(c))) {
		fair_add(fair, &c->flow, class_of(c));
		conn_want_input(&c->conn, false);
	} else if ((events & LOOP_READ) || (waits && (events & LOOP_FAILED) && !c->has_rest)) {
		fair_remove(fair, &c->flow); /* it reads now */
		if (!connection_read(c))
			return;
	} else if (events & LOOP_FAILED) {
		connection_free(c);
		return;
	}
	if (events & LOOP_WRITE)
		mark_to_write(c);
}

/* ---- accepting ---- */

/* Takes over a connection that was accepted. Its number is the session's choice, below the
 * session's maximum, so the table is bounded by that. */
static void connection_open(struct listener *l, int fd, const struct address *from)
{
	struct peers *p = LOOP_OWNER(l, struct peers, listener);
	struct limit_address peer;
	uint8_t nonce[KEY_SIZE];
	struct peers_connection *c;
	uint32_t number;

	if (!file_random(nonce, sizeof nonce)) {
		listener_refuse(&p->listener, fd, "no random numbers");
		return;
	}
	peer.is_local = address_bytes(from, peer.bytes);
	number = session_open(p->sessions, nonce, &peer, peers_time(p));
	peers_act(p); /* another one may have been closed */
	if (number == SESSION_NONE) {
		listener_refuse(&p->listener, fd, session_refusal(p->sessions));
		return;
	}
	while (number >= p->table_size) {
		uint32_t size = p->table_size == 0 ? 64 : 2 * p->table_size;

		p->table = memory_resize(p->table, size * sizeof *p->table);
		memset(p->table + p->table_size, 0, (size - p->table_size) * sizeof *p->table);
		p->table_size = size;
	}
	assert(p->table[number] == NULL);
	c = memory_alloc_zero(1, sizeof *c);
	c->peers = p;
	c->number = number;
	c->timer.expired = connection_expired;
	c->conn.source.ready = connection_ready;
	if (conn_open(&c->conn, p->loop, fd, false) != 0) {
		memory_free(c);
		session_closed(p->sessions, number, peers_time(p));
		listener_refuse(&p->listener, fd, "the system takes no more connections");
		return;
	}
	p->table[number] = c;
	if (log_shows(LOG_DEBUG)) {
		char text[ADDRESS_TEXT_SIZE];

		address_bytes_text(peer.bytes, text);
		log_line(LOG_DEBUG, "connection %u has begun from %s", (unsigned)number, text);
	}
	peers_act(p);
}

/* ---- life ---- */

int peers_new(struct loop *l, struct sessions *sessions, struct journal *journal, int listener,
              struct peers **peers)
{
	struct peers *p = memory_alloc_zero(1, sizeof *p);
	int result;

	assert(listener >= 0);
	*p = (struct peers){
		.loop = l,
		.sessions = sessions,
		.journal = journal,
	};
	p->sweep.expired = swept;
	p->trim.expired = trimmed;
	result = listener_open(&p->listener, l, listener, connection_open);
	if (result < 0) {
		memory_free(p);
		return result;
	}
	conn_input_init(&p->input, FRAME_SIZE_MAX);
	*peers = p;
	return 0;
}

void peers_answer(struct peers *p, void (*tell)(void *context, struct buf *to), void *context)
{
	p->tell = tell;
	p->context = context;
}

void peers_stop_accepting(struct peers *p)
{
	listener_close(&p->listener);
	session_report_all(p->sessions);
	log_reports(p);
}

void peers_free(struct peers *p)
{
	if (p == NULL)
		return;
	peers_stop_accepting(p);
	for (uint32_t i = 0; i < p->table_size; i++)
		if (p->table[i] != NULL)
			connection_free(p->table[i]);
	loop_timer_cancel(p->loop, &p->sweep);
	loop_timer_cancel(p->loop, &p->trim);
	conn_input_release(&p->input);
	memory_free(p->table);
	memory_free(p->to_write.numbers);
	memory_free(p->to_answer.numbers);
	memory_free(p->unread.numbers);
	fair_release(&p->fair);
	memory_free(p);
}

void peers_begin_turn(struct peers *p)
{
	p->heard = 0;
	p->written = 0;
	fair_turn(&p->fair);
}

size_t peers_heard(const struct peers *p)
{
	return p->heard;
}

size_t peers_written(const struct peers *p)
{
	return p->written;
}
