/* SPDX-License-Identifier: MIT
 *
 * One connection against sockets of this test: in which order the addresses of a host are dialled,
 * that whoever stands behind is told once, and the bytes of both directions.
 */
#include "tests/driver/fixture.h"
#include "tests/lib/tap.h"

#include <unistd.h>

enum { WAIT_MS = 10000 };

static struct loop *loop;
static struct conn_input buffer;
static struct dial_target target;
static struct dial dial;

/* What was told, and what is to be written. */
static uint32_t connections;
static uint32_t failures;
static char why_failed[128];
static char received[16];
static struct view to_write;

static void connected(struct dial *d)
{
	assert(d == &dial);
	connections++;
}

static void failed(struct dial *d, const char *why)
{
	assert(!conn_is_open(&d->conn));
	(void)snprintf(why_failed, sizeof why_failed, "%s", why);
	failures++;
}

/* Uses nothing until five bytes are there. */
static size_t input(struct dial *d, struct view bytes)
{
	(void)d;
	if (bytes.size < 5)
		return 0;
	memcpy(received, bytes.data, 5);
	return 5;
}

static struct view output(struct dial *d)
{
	(void)d;
	return to_write;
}

static void output_sent(struct dial *d, size_t size)
{
	(void)d;
	to_write = view_of(to_write.data + size, to_write.size - size);
}

static struct dial_half half = {
	.buffer = &buffer,
	.ready = dial_ready,
	.connected = connected,
	.failed = failed,
	.input = input,
	.output = output,
	.output_sent = output_sent,
};

/* Turns until another thing was told. */
static void wait_for_event(void)
{
	uint32_t before = connections + failures;
	uint64_t until_ms;

	loop_turn(loop, 0);
	until_ms = loop_now_ms(loop) + WAIT_MS;
	while (connections + failures == before && loop_now_ms(loop) < until_ms)
		loop_turn(loop, until_ms);
}

static void test_order(const int fds[3])
{
	int peer;

	dial_begin(&dial);
	wait_for_event();
	IS_U64(failures, 1, "when no address answers that is told once");
	OK(strstr(why_failed, "refused") != NULL, "with the reason");
	IS_U64(dial.next, 0, "and the next try begins with the first address");
	OK(listen(fds[1], 10) == 0, "the second address listens");
	dial_begin(&dial);
	wait_for_event();
	IS_U64(connections, 1, "it is found");
	OK(dial_is_connected(&dial), "and connected to");
	IS_U64(dial.next, 1, "the next try begins with it");
	peer = accept4(fds[1], NULL, NULL, SOCK_CLOEXEC);
	(void)close(peer);
	wait_for_event();
	IS_U64(failures, 2, "an end of the stream is told once");
	IS_STRING(why_failed, "closed the connection", "with the reason");
	dial_begin(&dial);
	dial_close(&dial);
	IS_U64(dial.next, 2,
	       "after a try that was given up, the next one begins with the one after it");
	loop_turn(loop, 0);
	IS_U64(connections + failures, 3, "and what the owner closes is not told");
}

static void test_bytes(const int fds[3])
{
	char answer[8];
	int peer;

	dial_begin(&dial);
	OK(!dial_flush(&dial), "a dial writes nothing yet");
	wait_for_event();
	IS_U64(connections, 2, "after the last address comes the first, and then the good one");
	peer = accept4(fds[1], NULL, NULL, SOCK_CLOEXEC);
	if (recv(peer, answer, sizeof answer, MSG_DONTWAIT) == 0) {
		(void)close(peer); /* of the try that was given up */
		peer = accept4(fds[1], NULL, NULL, SOCK_CLOEXEC);
	}
	to_write = view_of_string("question");
	OK(!dial_flush(&dial), "output is written");
	IS_U64(to_write.size, 0, "all of it");
	IS_U64((uint64_t)recv(peer, answer, sizeof answer, 0), 8, "and comes");
	OK(write(peer, "ans", 3) == 3, "half an answer is sent");
	loop_turn(loop, loop_now_ms(loop) + WAIT_MS);
	IS_STRING(received, "", "half an answer is not used");
	OK(write(peer, "wers", 4) == 4, "the rest of it is sent");
	loop_turn(loop, loop_now_ms(loop) + WAIT_MS);
	IS_STRING(received, "answe", "what was left comes again, with what follows");
	(void)shutdown(dial.conn.source.fd, SHUT_WR);
	to_write = view_of_string("more");
	OK(dial_flush(&dial), "a write that fails is told");
	IS_U64(failures, 3, "once");
	OK(!dial_is_connected(&dial), "and the connection is closed");
	(void)close(peer);
}

static void test_none_again(const int fds[3])
{
	(void)close(fds[1]);
	dial_begin(&dial);
	wait_for_event();
	IS_U64(failures, 4, "the good address is gone, and the others do not answer");
	IS_U64(dial.next, 0, "the next try begins with the first address again");
}

int main(void)
{
	int fds[3];

	loop = loop_new();
	half.loop = loop;
	conn_input_init(&buffer, 64);
	for (size_t i = 0; i < 3; i++)
		fds[i] = make_target(&target, i, false);
	dial_init(&dial, &half, &target, 0);
	test_order(fds);
	test_bytes(fds);
	test_none_again(fds);
	dial_close(&dial);
	(void)close(fds[0]);
	(void)close(fds[2]);
	conn_input_release(&buffer);
	loop_free(loop);
	return tap_done();
}
