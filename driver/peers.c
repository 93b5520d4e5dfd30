/* SPDX-License-Identifier: MIT
 *
 * A connection's number is the session's; two lists of numbers say who has something to write and
 * whose rest is to be gone on with. A number stands in a list once (the peer has a mark for it);
 * one whose connection has closed since is passed over when its turn comes.
 *
 *   state     begins with            bytes come      output is written   is freed by
 *   open      accept                 session_input   -                   end of stream, error
 *   closing   SESSION_CLOSE          dropped         -> ended            the same, PEERS_CLOSE_MS
 *   ended     shutdown of our half   dropped         -                   the same, PEERS_CLOSE_MS
 *
 * Closing a socket whose input was not read resets the connection and may take the last line with
 * it on its way; hence the last two states.
 *
 * When no descriptor is left, a spare one is given up for a moment, so that whoever dials gets a
 * line and not a wait.
 */
#include "driver/peers.h"

#include "io/address.h"
#include "io/conn.h"
#include "io/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPT_MAX = 64,        /* in one turn */
	REFUSED_LOG_MS = 10000, /* between two lines about refusals */
	LOOK_SIZE = 2048,       /* bytes of frames between two looks at the clock */
};

struct peer {
	struct conn conn;
	struct peers *peers;
	struct loop_timer timer; /* once it is closing */
	uint32_t number;
	bool is_closing;
	bool has_ended;
	bool is_to_write;
	bool is_to_read;
};

/* Numbers of connections. */
struct queue {
	uint32_t *numbers;
	size_t count;
	size_t capacity;
};

struct peers {
	struct loop *loop;
	struct sessions *sessions;
	struct journal *journal;
	struct loop_source listener; /* fd -1: accepts no more */
	int spare;
	struct conn_input input;
	struct peer **table; /* by number; NULL where there is none */
	uint32_t table_size;
	struct queue to_write;
	struct queue to_read;
	size_t heard;
	size_t written;
	uint64_t logged_ms; /* the second of the last lines */
	unsigned logged;
	uint64_t refused_ms; /* the last line about a refusal */
};

struct session_time peers_time(const struct peers *p)
{
	return (struct session_time){ .clock_ms = loop_clock_ms(p->loop),
		                      .monotonic_ms = loop_now_ms(p->loop) };
}

/* Grows to what a turn needed at most, and stays: 4 bytes for each connection. */
static void queue_add(struct queue *q, uint32_t number)
{
	if (q->count == q->capacity) {
		q->capacity = q->capacity == 0 ? 64 : 2 * q->capacity;
		q->numbers = memory_resize(q->numbers, q->capacity * sizeof(*q->numbers));
	}
	q->numbers[q->count++] = number;
}

static struct peer *peer_at(const struct peers *p, uint32_t number)
{
	return number < p->table_size ? p->table[number] : NULL;
}

/* Writing waits for the end of the turn, so that all that a turn brings goes out in one piece. */
static void mark_to_write(struct peer *peer)
{
	if (peer->is_to_write)
		return;
	peer->is_to_write = true;
	queue_add(&peer->peers->to_write, peer->number);
}

/* Its rest may hold whole frames. The kernel does not tell of bytes that were read already. */
static void mark_to_read(struct peer *peer)
{
	if (peer->is_to_read || peer->is_closing)
		return;
	peer->is_to_read = true;
	queue_add(&peer->peers->to_read, peer->number);
}

/* A stranger can make us say this as often as he likes, so we do so a few times a second at
 * most. */
static bool may_log(struct peers *p)
{
	uint64_t now_ms = loop_now_ms(p->loop);

	if (now_ms - p->logged_ms >= 1000) {
		p->logged_ms = now_ms;
		p->logged = 0;
	}
	return p->logged++ < PEERS_LOG_MAX;
}

/* ---- closing ---- */

/* The one place where a connection ends, whatever ended it. */
static void peer_free(struct peer *peer)
{
	struct peers *p = peer->peers;

	log_line(LOG_DEBUG, "connection %u has ended", (unsigned)peer->number);
	loop_timer_cancel(p->loop, &peer->timer);
	conn_close(&peer->conn);
	assert(p->table[peer->number] == peer);
	p->table[peer->number] = NULL;
	session_closed(p->sessions, peer->number, peers_time(p));
	memory_free(peer);
	if (p->listener.fd >= 0)
		loop_want(p->loop, &p->listener, LOOP_READ); /* a descriptor is free again */
	peers_act(p);
}

static void peer_expired(struct loop_timer *timer)
{
	peer_free(LOOP_OWNER(timer, struct peer, timer));
}

/* Its session has ended it. What it still has to say, the reason, goes out first. */
static void peer_begin_close(struct peer *peer, const char *why)
{
	struct peers *p = peer->peers;

	assert(!peer->is_closing);
	assert(peer->timer.place == 0);
	if (why != NULL && may_log(p))
		log_line(LOG_INFO, "connection %u is closed: %s", (unsigned)peer->number, why);
	peer->is_closing = true;
	loop_timer_set(p->loop, &peer->timer, loop_now_ms(p->loop) + PEERS_CLOSE_MS);
	mark_to_write(peer);
}

/* ---- actions and output ---- */

/* SESSION_APPEND stands before the reply that rests on it, so taking the actions in their order is
 * all that it needs for nothing to be answered that is not in the journal. */
void peers_act(struct peers *p)
{
	struct session_action action;

	while (session_next(p->sessions, &action)) {
		struct peer *peer;

		if (action.kind == SESSION_APPEND) {
			(void)journal_append(p->journal, action.fact); /* both count alike */
			continue;
		}
		peer = peer_at(p, action.connection);
		assert(peer != NULL);
		if (action.kind == SESSION_WRITE)
			mark_to_write(peer);
		else if (action.kind == SESSION_RESUME)
			mark_to_read(peer);
		else
			peer_begin_close(peer, action.why);
	}
}

/* What the socket does not take stays with the session, which bounds it; the loop tells of room. */
static void peer_write(struct peer *peer)
{
	struct peers *p = peer->peers;
	struct view output;
	size_t sent;

	/* Once more with nothing ends the wait for room. */
	do {
		output = session_output(p->sessions, peer->number);
		if (conn_send(&peer->conn, output, &sent) == CONN_FAILED) {
			peer_free(peer);
			return;
		}
		assert(sent <= output.size);
		if (sent != 0)
			session_output_sent(p->sessions, peer->number, sent);
		p->written += sent;
	} while (sent != 0 && sent == output.size);
	if (output.size == 0 && peer->is_closing && !peer->has_ended) {
		peer->has_ended = true;
		conn_end(&peer->conn);
		conn_want_input(&peer->conn, true);
	}
	peers_act(p);
}

void peers_write(struct peers *p)
{
	/* What is added meanwhile is of this turn, too. */
	for (size_t i = 0; i < p->to_write.count; i++) {
		struct peer *peer = peer_at(p, p->to_write.numbers[i]);

		if (peer == NULL || !peer->is_to_write)
			continue;
		peer->is_to_write = false;
		if (!peer->has_ended)
			peer_write(peer);
	}
	p->to_write.count = 0;
}

/* ---- input ---- */

/* Frame by frame, as long as the session takes them and there is time. */
static void peer_feed(struct peer *peer, struct view bytes)
{
	struct peers *p = peer->peers;
	bool is_late = false;
	size_t used = 0;
	size_t looked = 0;
	size_t expected = 0;

	while (used < bytes.size && !is_late && session_takes_input(p->sessions, peer->number)) {
		struct view rest = view_of(bytes.data + used, bytes.size - used);
		if (used >= expected)
			expected = used + session_expect(p->sessions, peer->number, rest);

		size_t size = session_input(p->sessions, peer->number, rest, peers_time(p));

		assert(size <= rest.size);
		assert(size <= FRAME_SIZE_MAX);
		peers_act(p);
		if (size == 0 || peer->is_closing)
			break;
		used += size;
		/* The clock costs as much as a small frame's decoding. */
		if (used - looked < LOOK_SIZE)
			continue;
		looked = used;
		is_late = loop_is_late(p->loop);
	}
	if (peer->is_closing)
		used = bytes.size;
	conn_used(&peer->conn, &p->input, bytes, used);
	/* What is here already comes first. SESSION_RESUME, or the next turn, goes on. */
	if (peer->is_closing)
		return;
	if (is_late && used < bytes.size)
		mark_to_read(peer);
	conn_want_input(&peer->conn,
	                !peer->is_to_read && session_takes_input(p->sessions, peer->number));
}

void peers_continue(struct peers *p)
{
	size_t count = p->to_read.count;
	size_t i = 0;

	for (; i < count; i++) {
		struct peer *peer = peer_at(p, p->to_read.numbers[i]);

		if (peer == NULL || !peer->is_to_read)
			continue;
		peer->is_to_read = false;
		if (!peer->is_closing)
			peer_feed(peer, conn_rest(&peer->conn));
		if (loop_is_late(p->loop)) {
			i++;
			break;
		}
	}
	/* Those not reached, and those added, are next time's. */
	p->to_read.count -= i;
	if (p->to_read.count != 0)
		memmove(p->to_read.numbers, p->to_read.numbers + i,
		        p->to_read.count * sizeof(*p->to_read.numbers));
}

bool peers_have_input(const struct peers *p)
{
	return p->to_read.count != 0;
}

/* False if the peer was freed. */
static bool peer_read(struct peer *peer)
{
	struct peers *p = peer->peers;
	struct view bytes;

	switch (conn_receive(&peer->conn, &p->input, &bytes)) {
	case CONN_OK:
		p->heard++;
		if (peer->is_closing)
			conn_used(&peer->conn, &p->input, bytes, bytes.size);
		else
			peer_feed(peer, bytes);
		return true;
	case CONN_LATER:
		return true;
	case CONN_END:
	case CONN_FAILED:
		break;
	}
	peer_free(peer);
	return false;
}

/* A broken connection that is not read from now is closed without reading what is left of it: its
 * peer is gone, and nothing in it was acknowledged. */
static void peer_ready(struct loop_source *source, unsigned events)
{
	struct peer *peer = LOOP_OWNER(source, struct peer, conn.source);

	if (events & LOOP_READ) {
		if (!peer_read(peer))
			return;
	} else if (events & LOOP_FAILED) {
		peer_free(peer);
		return;
	}
	if (events & LOOP_WRITE)
		mark_to_write(peer);
}

/* ---- accepting ---- */

/* One line that a person can read, and the end. */
static void refuse(struct peers *p, int fd, const char *why)
{
	char line[128];
	int size = snprintf(line, sizeof(line), "threefold: %s\n", why);

	/* Best effort: an empty socket takes a line. */
	(void)send(fd, line, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
	if (loop_now_ms(p->loop) - p->refused_ms < REFUSED_LOG_MS)
		return;
	p->refused_ms = loop_now_ms(p->loop);
	log_line(LOG_WARNING, "connections are refused: %s", why);
}

/* Takes over a connection that was accepted. Its number is the session's choice, below the
 * session's maximum, so the table is bounded by that. */
static void peer_open(struct peers *p, int fd)
{
	uint8_t nonce[KEY_SIZE];
	struct peer *peer;
	uint32_t number;

	/* So few bytes are given whole, from the system's generator, once it has been seeded. */
	if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce)) {
		refuse(p, fd, "no random numbers");
		return;
	}
	number = session_open(p->sessions, nonce, peers_time(p));
	if (number == SESSION_NONE) {
		refuse(p, fd, "too many connections");
		return;
	}
	while (number >= p->table_size) {
		uint32_t size = p->table_size == 0 ? 64 : 2 * p->table_size;

		p->table = memory_resize(p->table, size * sizeof(struct peer *));
		memset(p->table + p->table_size, 0, (size - p->table_size) * sizeof(struct peer *));
		p->table_size = size;
	}
	assert(p->table[number] == NULL);
	peer = memory_alloc_zero(1, sizeof(*peer));
	peer->peers = p;
	peer->number = number;
	peer->timer.expired = peer_expired;
	peer->conn.source.ready = peer_ready;
	if (conn_open(&peer->conn, p->loop, fd, false) != 0) {
		memory_free(peer);
		session_closed(p->sessions, number, peers_time(p));
		refuse(p, fd, "the system takes no more connections");
		return;
	}
	p->table[number] = peer;
	log_line(LOG_DEBUG, "connection %u has begun", (unsigned)number);
	peers_act(p);
}

/* With the spare descriptor the first in the queue can at least be told. */
static void refuse_first(struct peers *p)
{
	int fd = -1;

	if (p->spare >= 0) {
		(void)close(p->spare);
		fd = address_accept(p->listener.fd);
	}
	if (fd >= 0)
		refuse(p, fd, "no file descriptor is left, see RLIMIT_NOFILE");
	p->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (p->spare < 0)
		loop_want(p->loop, &p->listener, 0); /* until a connection ends */
}

/* At most ACCEPT_MAX, so that a flood of dials delays those who are connected by little. */
static void listener_ready(struct loop_source *source, unsigned events)
{
	struct peers *p = LOOP_OWNER(source, struct peers, listener);

	(void)events;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		int fd = address_accept(source->fd);

		if (fd >= 0) {
			peer_open(p, fd);
		} else if (fd == -EMFILE || fd == -ENFILE) {
			refuse_first(p);
			return;
		} else if (fd == -EAGAIN) {
			return;
		}
		/* Else that one has gone before we took it; there may be others. */
	}
}

/* ---- life ---- */

int peers_new(struct loop *l, struct sessions *sessions, struct journal *journal, int listener,
              struct peers **peers)
{
	struct peers *p = memory_alloc_zero(1, sizeof(*p));
	int result;

	assert(listener >= 0);
	*p = (struct peers){
		.loop = l,
		.sessions = sessions,
		.journal = journal,
		.listener = { .fd = listener, .ready = listener_ready },
		.spare = open("/dev/null", O_RDONLY | O_CLOEXEC),
	};
	result = loop_add(l, &p->listener, LOOP_READ);
	if (result < 0) {
		(void)close(p->spare);
		memory_free(p);
		return result;
	}
	conn_input_init(&p->input, FRAME_SIZE_MAX);
	*peers = p;
	return 0;
}

void peers_stop_accepting(struct peers *p)
{
	if (p->listener.fd < 0)
		return;
	loop_remove(p->loop, &p->listener);
	(void)close(p->listener.fd);
	p->listener.fd = -1;
}

void peers_free(struct peers *p)
{
	if (p == NULL)
		return;
	peers_stop_accepting(p);
	for (uint32_t i = 0; i < p->table_size; i++)
		if (p->table[i] != NULL)
			peer_free(p->table[i]);
	if (p->spare >= 0)
		(void)close(p->spare);
	conn_input_release(&p->input);
	memory_free(p->table);
	memory_free(p->to_write.numbers);
	memory_free(p->to_read.numbers);
	memory_free(p);
}

void peers_begin_turn(struct peers *p)
{
	p->heard = 0;
	p->written = 0;
}

size_t peers_heard(const struct peers *p)
{
	return p->heard;
}

size_t peers_written(const struct peers *p)
{
	return p->written;
}
