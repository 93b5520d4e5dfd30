/* SPDX-License-Identifier: MIT
 *
 * One connection against sockets of this test: in which order the addresses of a host are dialled,
 * that whoever stands behind is told once, and the bytes of both directions.
 */
#include "tests/driver/fixture.h"
#include "tests/lib/tap.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 10000 };

static struct loop *loop;
static struct conn_input buffer;
static struct dial_target target;
static struct dial dial;

/* The system's resolver, as the test wants it. */
static pthread_mutex_t host_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t host_changed = PTHREAD_COND_INITIALIZER;
static enum { HOST_UNKNOWN, HOST_IS_THERE, HOST_BLOCKS } host;

static void host_becomes(int state)
{
	(void)pthread_mutex_lock(&host_mutex);
	host = (unsigned)state;
	(void)pthread_cond_broadcast(&host_changed);
	(void)pthread_mutex_unlock(&host_mutex);
}

static void host_resolves(bool is_there)
{
	host_becomes(is_there ? HOST_IS_THERE : HOST_UNKNOWN);
}

static void host_blocks(void)
{
	host_becomes(HOST_BLOCKS);
}

/* By its name in the linker, so that it is what address_resolve calls. */
int fake_resolve(const char *name, const char *service, const struct addrinfo *hints,
                 struct addrinfo **found) __asm__("getaddrinfo");
int fake_resolve(const char *name, const char *service, const struct addrinfo *hints,
                 struct addrinfo **found)
{
	static const struct sockaddr_in zero;
	struct addrinfo *result;
	struct sockaddr_in *in;
	bool is_there;

	(void)name;
	if (hints->ai_flags & AI_NUMERICHOST)
		return EAI_NONAME; /* it is a name, and nobody need be asked */
	(void)pthread_mutex_lock(&host_mutex);
	while (host == HOST_BLOCKS)
		(void)pthread_cond_wait(&host_changed, &host_mutex);
	is_there = host == HOST_IS_THERE;
	(void)pthread_mutex_unlock(&host_mutex);
	if (!is_there)
		return EAI_NONAME;
	result = calloc(1, sizeof *result);
	in = calloc(1, sizeof *in);
	*in = zero;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = htons((uint16_t)strtoul(service, NULL, 10));
	result->ai_addr = (struct sockaddr *)in;
	result->ai_addrlen = sizeof *in;
	*found = result;
	return 0;
}

void fake_free(struct addrinfo *found) __asm__("freeaddrinfo");
void fake_free(struct addrinfo *found)
{
	free(found->ai_addr);
	free(found);
}

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

/* A name without an address is a dead replica; later it leads somewhere, and then elsewhere. A
 * resolver that does not answer stops nobody. */
static void test_name(void)
{
	struct dial_target named = { .name = "moves.test" };
	struct dial_target where[2] = { { .count = 0 } };
	int fds[2] = { make_target(&where[0], 0, true), make_target(&where[1], 0, true) };
	uint32_t before = failures;

	named.port = address_port(&where[0].addresses[0]);
	dial_release(&dial);
	dial_init(&dial, &half, &named, 0);
	host_resolves(false);
	dial_begin(&dial);
	IS_U64(failures, before, "a try waits for the address of a name");
	wait_for_event();
	IS_U64(failures, before + 1, "a name that has none makes it fail");
	OK(strstr(why_failed, "unknown host 'moves.test'") != NULL, "and the name is told");
	host_resolves(true);
	dial_begin(&dial);
	wait_for_event();
	OK(dial_is_connected(&dial), "it is resolved again");
	dial_close(&dial);
	OK(close(fds[0]) == 0, "then nobody is there any more");
	named.port = address_port(&where[1].addresses[0]); /* where the name leads from now on */
	dial.resolved_ms = 0;
	dial_begin(&dial);
	wait_for_event();
	IS_U64(failures, before + 2, "the old address is tried, and fails");
	while (!resolver_has_ended(dial.resolver, 10000))
		continue;
	dial_begin(&dial);
	wait_for_event();
	OK(dial_is_connected(&dial), "the next try has the new one");
	dial_close(&dial);
	host_resolves(false);
	dial.resolved_ms = 0;
	dial_begin(&dial);
	wait_for_event();
	OK(dial_is_connected(&dial), "an address that was known is good while there is no answer");
	dial_close(&dial);
	host_blocks();
	dial_release(&dial);
	dial_init(&dial, &half, &named, 0);
	dial_begin(&dial);
	loop_turn(loop, loop_now_ms(loop) + 50);
	IS_U64(failures, before + 2, "a resolver that does not answer is waited for");
	dial_release(&dial);
	OK(!conn_is_open(&dial.conn), "and is left alone when the try is given up");
	host_resolves(true);
	(void)close(fds[1]);
}

/* Three names, none of which is answered: the start waits for them at once. */
static void test_start(void)
{
	char *words[] = { "a.test", "1", "b.test", "2", "c.test", "3" };
	struct dial_target targets[3];
	uint64_t began_ms;

	host_blocks();
	loop_turn(loop, 0);
	began_ms = loop_now_ms(loop);
	dial_targets_read(targets, 6, words, false);
	loop_turn(loop, 0);
	OK(loop_now_ms(loop) - began_ms < 5500, "the start waits for all names together");
	for (size_t i = 0; i < 3; i++)
		IS_U64(targets[i].count, 0, "and goes on without them");
	host_resolves(true);
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
	test_name();
	test_start();
	(void)close(fds[0]);
	(void)close(fds[2]);
	conn_input_release(&buffer);
	loop_free(loop);
	/* The thread that nobody waits for frees its answer. */
	for (int i = 0; i < 10000 && heap_live() > 0; i++)
		(void)usleep(1000);
	return tap_done();
}
