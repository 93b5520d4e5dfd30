/* SPDX-License-Identifier: MIT
 *
 * Connections over the loopback interface, against a peer that uses plain blocking calls; and the
 * addresses that they are made of. Frames of random sizes, cut by random writes, must come out
 * whole and in order, whatever part of them the reader uses at a time.
 */
#include "io/address.h"
#include "io/conn.h"
#include "tests/lib/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { FRAME_MAX = 100000, FRAMES = 400 };

struct reader_end {
	struct conn conn;
	struct conn_input *input;
	enum conn_status status;
	struct view bytes;
	int calls;
	unsigned events;
};

static void read_once(struct loop_source *source, unsigned events)
{
	struct reader_end *end = LOOP_OWNER(source, struct reader_end, conn.source);

	end->calls++;
	end->events = events;
	if (events & LOOP_READ)
		end->status = conn_receive(&end->conn, end->input, &end->bytes);
}

/* A connection of ours, and a blocking socket at its other end. */
static void make_pair(struct loop *l, struct reader_end *end, struct conn_input *input, int *other)
{
	struct address addresses[ADDRESS_MAX];
	struct address bound;
	char err[ADDRESS_ERR_SIZE];
	int listener;
	int fd;

	address_resolve("127.0.0.1", 0, true, addresses, err);
	listener = address_bind(addresses, 1, &bound, err);
	if (listener < 0 || address_listen(listener, &bound, err) != 0) {
		printf("Bail out! %s\n", err);
		exit(1);
	}
	*other = address_dial(&bound);
	while ((fd = address_accept(listener, &(struct address){ 0 })) < 0)
		;
	fcntl(*other, F_SETFL, 0);
	close(listener);
	*end = (struct reader_end){ .input = input };
	end->conn.source.ready = read_once;
	conn_open(&end->conn, l, fd, false);
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* A frame is a u32 size and that many bytes of its number. How many whole ones `bytes` begins
 * with is used, at most `most`. */
static size_t use_frames(struct view bytes, uint32_t most, uint32_t *number, bool *good)
{
	size_t used = 0;

	for (; most > 0 && bytes.size - used >= 4; most--) {
		uint32_t size = buf_load_u32(bytes.data + used);

		if (bytes.size - used - 4 < size)
			break;
		for (uint32_t i = 0; i < size; i++)
			*good &= bytes.data[used + 4 + i] == (uint8_t)*number;
		used += 4 + size;
		(*number)++;
	}
	return used;
}

static void put_frame(struct buf *b, uint32_t number, uint32_t *seed)
{
	uint32_t limits[] = { 0, 1, 10, 1000, 70000, FRAME_MAX - 4 };
	uint32_t size = random_next(seed) % (limits[random_next(seed) % 6] + 1);
	uint8_t *to;

	buf_put_u32(b, size);
	to = buf_reserve(b, size);
	memset(to, (int)(uint8_t)number, size);
	buf_added(b, size);
}

static void test_frames_cut_at_random(struct loop *l, struct conn_input *input)
{
	struct reader_end end;
	struct buf out;
	uint32_t seed = 11;
	uint32_t made = 0;
	uint32_t got = 0;
	bool good = true;
	bool is_bounded = true;
	int other;

	make_pair(l, &end, input, &other);
	buf_init(&out, 4 * 1024 * 1024);
	while (got < FRAMES && good) {
		/* Some frames more, and some bytes of them on their way, not more than a socket
		 * takes. */
		while (made < FRAMES && out.size < 200000)
			put_frame(&out, made++, &seed);
		if (out.size != 0) {
			size_t size = 1 + random_next(&seed) % 50000;
			ssize_t sent;

			size = size > out.size ? out.size : size;
			sent = send(other, out.data, size, MSG_DONTWAIT);
			if (sent > 0)
				buf_consume(&out, (size_t)sent);
		}
		end.status = CONN_LATER;
		loop_turn(l, end.conn.source.wanted & LOOP_READ ? LOOP_NEVER : 0);
		if (end.status != CONN_OK)
			end.bytes = conn_rest(&end.conn);
		/* The reader that uses few at a time asks for no more until it is done with what
		 * it has. */
		size_t used = use_frames(end.bytes, 1 + random_next(&seed) % 4, &got, &good);
		uint32_t next = got;
		bool has_whole = use_frames(view_of(end.bytes.data + used, end.bytes.size - used),
		                            1, &next, &good) != 0;

		conn_used(&end.conn, input, end.bytes, used);
		conn_want_input(&end.conn, !has_whole);
		is_bounded &= end.conn.rest_size <= input->rest_max;
	}
	OK(good, "conn: frames that were cut anywhere come whole and in order");
	IS_U64(got, FRAMES, "conn: all of them");
	OK(is_bounded, "conn: what waits is never more than a frame and one read");
	OK(end.conn.rest == NULL, "conn: nothing is held for a connection that has used all");
	conn_close(&end.conn);
	buf_release(&out);
	close(other);
}

static void test_half_a_frame(struct loop *l, struct conn_input *input)
{
	struct reader_end end;
	int other;

	make_pair(l, &end, input, &other);
	(void)!write(other, "abc", 3);
	loop_turn(l, LOOP_NEVER);
	conn_used(&end.conn, input, end.bytes, 1);
	IS_BYTES(conn_rest(&end.conn).data, "bc", 2, "conn: what was not used is kept");
	(void)!write(other, "de", 2);
	loop_turn(l, LOOP_NEVER);
	IS_BYTES(end.bytes.data, "bcde", 4, "conn: and comes again in front of what follows");
	conn_used(&end.conn, input, end.bytes, 0);
	(void)!write(other, "f", 1);
	loop_turn(l, LOOP_NEVER);
	IS_BYTES(end.bytes.data, "bcdef", 5, "conn: also when nothing of it could be used");
	conn_used(&end.conn, input, end.bytes, 4);
	end.bytes = conn_rest(&end.conn);
	IS_BYTES(end.bytes.data, "f", 1, "conn: the last byte is left");
	conn_used(&end.conn, input, end.bytes, 1);
	IS_U64(conn_rest(&end.conn).size, 0, "conn: until it is used without a read");
	close(other);
	loop_turn(l, LOOP_NEVER);
	IS_U64(end.status, CONN_END, "conn: the end of the stream is told");
	conn_close(&end.conn);
	OK(!conn_is_open(&end.conn), "conn: closed");
	conn_close(&end.conn);
	OK(!conn_is_open(&end.conn), "conn: closing twice is closing once");
}

static void test_reset(struct loop *l, struct conn_input *input)
{
	struct linger abort = { .l_onoff = 1, .l_linger = 0 };
	struct reader_end end;
	size_t sent;
	int other;

	make_pair(l, &end, input, &other);
	conn_want_input(&end.conn, false);
	setsockopt(other, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
	close(other);
	while (end.calls == 0)
		loop_turn(l, LOOP_NEVER);
	OK(end.events & LOOP_FAILED, "conn: a reset is told also to whoever does not read");
	IS_U64(conn_receive(&end.conn, input, &end.bytes), CONN_FAILED, "conn: reading then fails");
	IS_U64(end.conn.error, ECONNRESET, "conn: and says why");
	IS_U64(conn_send(&end.conn, view_of_string("x"), &sent), CONN_FAILED,
	       "conn: writing fails without a signal");
	conn_close(&end.conn);
}

static void test_sending(struct loop *l, struct conn_input *input)
{
	enum { SIZE = 20 * 1024 * 1024 };
	uint8_t *bytes = memory_alloc_zero(1, SIZE);
	uint8_t *back = memory_alloc_zero(1, 1024 * 1024);
	struct reader_end end;
	size_t offset = 0;
	size_t got = 0;
	size_t sent;
	bool good = true;
	bool was_short = false;
	int other;

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 7 >> 3);
	make_pair(l, &end, input, &other);
	conn_want_input(&end.conn, false);
	while (offset < SIZE) {
		enum conn_status status = conn_send(&end.conn,
		                                    view_of(bytes + offset, SIZE - offset), &sent);

		offset += sent;
		if (offset < SIZE) {
			was_short = true;
			ALWAYS(end.conn.source.wanted & LOOP_WRITE,
			       "conn: a short write wants room");
			ALWAYS(status == CONN_OK || status == CONN_LATER, "conn: it is no failure");
			/* The peer reads until there is room again. */
			while (end.events == 0) {
				ssize_t count = recv(other, back, 1024 * 1024, 0);

				good &= memcmp(back, bytes + got, (size_t)count) == 0;
				got += (size_t)count;
				loop_turn(l, 0);
			}
			ALWAYS(end.events & LOOP_WRITE, "conn: room is told");
			end.events = 0;
		}
	}
	OK(was_short, "conn: a large write is short");
	OK((end.conn.source.wanted & LOOP_WRITE) == 0,
	   "conn: after the last byte no room is wanted");
	conn_end(&end.conn);
	for (ssize_t count; (count = recv(other, back, 1024 * 1024, 0)) > 0; got += (size_t)count)
		good &= memcmp(back, bytes + got, (size_t)count) == 0;
	OK(good, "conn: every byte arrives in order");
	IS_U64(got, SIZE, "conn: all of them, and then the end of the stream");
	(void)!write(other, "z", 1);
	conn_want_input(&end.conn, true);
	end.status = CONN_LATER;
	while (end.status == CONN_LATER)
		loop_turn(l, LOOP_NEVER);
	OK(end.status == CONN_OK && end.bytes.data[0] == 'z', "conn: the peer may still send");
	conn_used(&end.conn, input, end.bytes, 1);
	conn_close(&end.conn);
	close(other);
	memory_free(bytes);
	memory_free(back);
}

/* ---- addresses ---- */

static void test_texts(void)
{
	struct address addresses[ADDRESS_MAX];
	char text[ADDRESS_TEXT_SIZE];
	char err[ADDRESS_ERR_SIZE];
	struct address other[ADDRESS_MAX];

	IS_U64(address_resolve("127.0.0.1", 80, false, addresses, err), 1,
	       "address: an IPv4 address");
	address_text(&addresses[0], text);
	IS_STRING(text, "127.0.0.1:80", "address: is written with its port");
	IS_U64(address_port(&addresses[0]), 80, "address: which it knows");
	IS_U64(address_resolve("[::1]", 65535, false, addresses, err), 1,
	       "address: brackets are taken");
	address_text(&addresses[0], text);
	IS_STRING(text, "[::1]:65535", "address: an IPv6 address is written with them");
	address_resolve("::1", 65535, false, other, err);
	OK(address_equal(&addresses[0], &other[0]),
	   "address: with and without brackets it is the same");
	address_resolve("0:0::1", 65535, false, other, err);
	OK(address_equal(&addresses[0], &other[0]), "address: as in its longer form");
	address_resolve("::1", 65534, false, other, err);
	OK(!address_equal(&addresses[0], &other[0]), "address: another port is another address");
	/* A system that is newly made knows no names, but other spellings of an address. */
	OK(address_resolve("localhost", 1, false, addresses, err) >= 1 ||
	           address_resolve("127.1", 1, false, addresses, err) == 1,
	   "address: a name");
	/* An empty label: no name server is asked. */
	OK(address_resolve("no-such-host..invalid", 1, false, addresses, err) == -1 &&
	           strstr(err, "'no-such-host..invalid'") != NULL,
	   "address: an unknown name is named");
	OK(address_resolve("", 1, false, addresses, err) == -1, "address: an empty host is none");
	OK(address_resolve("[127.0.0.1]", 1, false, addresses, err) == -1,
	   "address: brackets are for IPv6");
}

static void test_binding(void)
{
	struct address addresses[ADDRESS_MAX];
	struct address bound;
	struct address again;
	char err[ADDRESS_ERR_SIZE];
	char text[ADDRESS_TEXT_SIZE];
	int fd;
	int other;

	address_resolve("127.0.0.1", 0, true, addresses, err);
	fd = address_bind(addresses, 1, &bound, err);
	OK(fd >= 0 && address_port(&bound) != 0, "address: port 0 becomes one that is free");
	IS_U64(address_listen(fd, &bound, err), 0, "address: which is listened on");
	other = address_bind(&bound, 1, &again, err);
	if (other >= 0 && address_listen(other, &again, err) == 0)
		OK(false, "address: nobody else can");
	else
		OK(strstr(err, "127.0.0.1:") != NULL,
		   "address: nobody else can, and is told where");
	if (other >= 0)
		close(other);
	address_resolve("192.0.2.1", 0, true, addresses, err);
	OK(address_bind(addresses, 1, &again, err) < 0 && strstr(err, "192.0.2.1:0") != NULL,
	   "address: that of another host is refused");
	addresses[1] = bound;
	close(fd);
	fd = address_bind(addresses, 2, &again, err);
	OK(fd >= 0 && address_equal(&again, &bound),
	   "address: of several the first that works is taken");
	OK(address_listen(fd, &again, err) == 0, "address: it is served");
	address_resolve("127.0.0.2", address_port(&again), true, &addresses[0], err);
	addresses[1] = again;
	address_text(&again, text);
	for (int turn = 0; turn < 2; turn++) {
		struct address first = addresses[0];

		OK(address_bind(addresses, 2, &bound, err) < 0 && strstr(err, text) != NULL,
		   "address: of a name with two, neither is taken if another serves one");
		addresses[0] = addresses[1];
		addresses[1] = first;
	}
	close(fd);
}

static void test_dialling(struct loop *l, struct conn_input *input)
{
	struct address addresses[ADDRESS_MAX];
	struct address bound;
	struct reader_end end = { .input = input };
	char err[ADDRESS_ERR_SIZE];
	int nodelay = 0;
	socklen_t size = sizeof nodelay;
	int listener;
	int fd;

	address_resolve("127.0.0.1", 0, true, addresses, err);
	listener = address_bind(addresses, 1, &bound, err);
	address_listen(listener, &bound, err);
	fd = address_dial(&bound);
	end.conn.source.ready = read_once;
	IS_U64(conn_open(&end.conn, l, fd, true), 0, "conn: a dial is waited for");
	while ((end.events & LOOP_WRITE) == 0)
		loop_turn(l, LOOP_NEVER);
	IS_U64(address_dialled(fd), 0, "address: a dial that was answered is a connection");
	getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &size);
	OK(nodelay, "conn: small writes are not held back");
	conn_close(&end.conn);
	close(listener);
	/* The listener is gone: the same port answers with a reset. */
	fd = address_dial(&bound);
	end = (struct reader_end){ .input = input };
	end.conn.source.ready = read_once;
	if (fd >= 0) {
		conn_open(&end.conn, l, fd, true);
		while (end.events == 0)
			loop_turn(l, LOOP_NEVER);
		/* The read that came with it has taken the error, or the socket still has it. */
		IS_U64(end.status == CONN_FAILED ? end.conn.error : -address_dialled(fd),
		       ECONNREFUSED, "address: one that nobody answers is refused");
		conn_close(&end.conn);
	} else {
		IS_U64(-fd, ECONNREFUSED, "address: one that nobody answers is refused");
	}
}

/* The peer does not read. What the kernel takes is limited, the rest is counted, and closing leaves
 * nothing of it behind. */
static void test_unread(struct loop *l, struct conn_input *input)
{
	enum { SIZE = 4 * 1024 * 1024 };
	uint8_t *zeros = memory_alloc_zero(1, SIZE);
	struct reader_end end;
	size_t taken = 0;
	size_t sent;
	int other;

	make_pair(l, &end, input, &other);
	IS_U64(conn_unread(&end.conn), 0, "conn: nothing was written, so nothing is unread");
	do {
		(void)conn_send(&end.conn, view_of(zeros, SIZE), &sent);
		taken += sent;
		usleep(20000); /* what is on its way arrives */
	} while (sent != 0);
	OK(conn_unread(&end.conn) > 0, "conn: what a peer does not take is unread");
	OK(conn_unread(&end.conn) <= (size_t)4 * CONN_UNSENT_MAX,
	   "conn: and the kernel keeps little of it");
	conn_drop_unread(&end.conn);
	conn_close(&end.conn);
	for (ssize_t count; (count = recv(other, zeros, SIZE, 0)) > 0;)
		taken -= (size_t)count;
	IS_U64(errno, ECONNRESET, "conn: what was dropped ends in a reset");
	OK(taken > 0, "conn: and is not sent any more");
	close(other);
	memory_free(zeros);
}

int main(void)
{
	struct loop *l = loop_new();
	struct conn_input input;

	conn_input_init(&input, FRAME_MAX);
	test_half_a_frame(l, &input);
	test_frames_cut_at_random(l, &input);
	test_reset(l, &input);
	test_sending(l, &input);
	test_unread(l, &input);
	test_texts();
	test_binding();
	test_dialling(l, &input);
	conn_input_release(&input);
	loop_free(l);
	return tap_done();
}
