/* SPDX-License-Identifier: MIT
 *
 * A socket that accepts, while the system refuses: who is handed out, and that a failure that stays
 * costs a rest and no turns. The test has an accept4 of its own, which fails when it is told to.
 */
#include "driver/listener.h"
#include "io/log.h"
#include "tests/driver/fixture.h"
#include "tests/lib/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct loop *loop;
static struct listener listener;
static struct dial_target target;

static int accept_error; /* what accept4 fails with; 0: it works */
static unsigned accept_calls;
static unsigned errors_left; /* how often it still fails; UINT_MAX: always */
static unsigned handed;
static struct address last_from;

/* By its name in the linker, so that it is what address_accept calls. */
int fake_accept(int fd, struct sockaddr *address, socklen_t *size, int flags) __asm__("accept4");
int fake_accept(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	accept_calls++;
	if (accept_error != 0 && errors_left > 0) {
		errors_left -= errors_left != UINT_MAX;
		errno = accept_error;
		return -1;
	}
	return (int)syscall(SYS_accept4, fd, address, size, flags);
}

static void accepted(struct listener *l, int fd, const struct address *from)
{
	assert(l == &listener);
	handed++;
	last_from = *from;
	(void)close(fd);
}

static void fail_with(int error, unsigned times)
{
	accept_error = error;
	errors_left = times;
	accept_calls = 0;
	handed = 0;
}

/* Turns until `count` were handed out, or this time is over. */
static void turn_for(uint64_t ms, unsigned count)
{
	uint64_t end = loop_now_ms(loop) + ms;

	while (handed < count && loop_now_ms(loop) < end)
		loop_turn(loop, end);
}

static int dial(void)
{
	int fd = address_dial(&target.addresses[0]);

	assert(fd >= 0);
	return fd;
}

static void test_hands_out(void)
{
	int fd = dial();
	struct address own = { .size = sizeof own.storage };

	fail_with(0, 0);
	turn_for(10000, 1);
	IS_U64(handed, 1, "a connection is handed out");
	OK(getsockname(fd, (struct sockaddr *)&own.storage, &own.size) == 0 &&
	           address_equal(&own, &last_from),
	   "with the address that it comes from");
	(void)close(fd);
}

/* Each of these leaves the socket readable. */
static void test_rests(void)
{
	static const int errors[] = { ENOMEM, ENOBUFS, EPERM, ENFILE, EMFILE, EPROTO, EINVAL };

	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		int fd = dial();

		fail_with(errors[i], UINT_MAX);
		turn_for(350, 1);
		OK(accept_calls >= 2 && accept_calls <= 12, "the listener rests and tries again");
		fail_with(0, 0);
		turn_for(10000, 1);
		IS_U64(handed, 1, "and goes on when it has passed");
		(void)close(fd);
	}
}

static void test_passes_by(void)
{
	int first = dial();

	fail_with(ECONNABORTED, 3);
	turn_for(10000, 1);
	IS_U64(handed, 1, "a client that has gone delays nobody");
	IS_U64(accept_calls >= 4 && accept_calls <= 5, true, "and costs no rest");
	(void)close(first);
}

/* The client that is accepted by means of the spare descriptor is told why. */
static void test_tells_by_the_spare(void)
{
	char line[200] = "";
	int fd = dial();

	fail_with(EMFILE, 1);
	turn_for(100, 1);
	IS_U64(handed, 0, "without a descriptor nobody is handed out");
	(void)fcntl(fd, F_SETFL, 0);
	OK(recv(fd, line, sizeof line - 1, 0) > 0 && strstr(line, "no file descriptor") != NULL,
	   "but the client is told why");
	OK(listener.spare >= 0, "and there is a spare descriptor again");
	(void)close(fd);
}

/* The last numbers are for files: a connection that would get one is refused, and they are free
 * still. */
static void test_spares_the_last(void)
{
	struct rlimit before;
	struct rlimit few = { .rlim_cur = 128 };
	char line[200] = "";
	int taken[128];
	int count = 0;
	int fd;
	int listening = make_target(&target, 0, true);
	int result;

	fail_with(0, 0);
	result = getrlimit(RLIMIT_NOFILE, &before);
	few.rlim_max = before.rlim_max;
	assert(result == 0 && setrlimit(RLIMIT_NOFILE, &few) == 0);
	listener_close(&listener);
	result = listener_open(&listener, loop, listening, accepted);
	assert(result == 0);
	fd = dial();
	do
		taken[count++] = dup(fd);
	while (taken[count - 1] < 128 - LISTENER_SPARED - 1);
	turn_for(200, 1);
	IS_U64(handed, 0, "who would get one of the last descriptors is not handed out");
	(void)fcntl(fd, F_SETFL, 0);
	OK(recv(fd, line, sizeof line - 1, 0) > 0 && strstr(line, "no file descriptor") != NULL,
	   "but is told why");
	(void)close(taken[--count]);
	(void)close(fd);
	fd = dial();
	turn_for(10000, 1);
	IS_U64(handed, 1, "one below is handed out");
	while (count > 0)
		(void)close(taken[--count]);
	(void)close(fd);
	(void)setrlimit(RLIMIT_NOFILE, &before);
}

int main(void)
{
	int fd = make_target(&target, 0, true);
	int result;

	log_open(LOG_ERROR);
	loop = loop_new();
	assert(loop != NULL);
	result = listener_open(&listener, loop, fd, accepted);
	assert(result == 0);
	test_hands_out();
	test_rests();
	test_passes_by();
	test_tells_by_the_spare();
	test_spares_the_last();
	listener_close(&listener);
	loop_free(loop);
	return tap_done();
}
