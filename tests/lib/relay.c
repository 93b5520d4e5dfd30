/* SPDX-License-Identifier: MIT
 *
 * relay: a link between two network namespaces that can be slow, lossy or stalled.
 *
 *   relay DEVICE OTHER_DEVICE NAMESPACE
 *
 * makes a TUN device here and another one in the namespace whose file is named (as
 * /run/netns/NAME), and carries packets between them, both ways alike. sch_netem would do that,
 * but it is not in every kernel. Orders come on stdin, one a line, and each is answered with 'ok'
 * on stdout:
 *
 *   delay MS      each packet arrives so much later
 *   loss N        of a thousand packets so many are lost, by a fixed seed
 *   stall, go     nothing arrives any more; what was held arrives at once
 *
 * It ends when its input ends. It holds at most PACKETS_MAX packets; further ones are lost, as in
 * any queue.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS_MAX = 4096, PACKET_SIZE_MAX = 2048, LINE_SIZE = 64 };

struct packet {
	uint64_t due_ms;
	size_t size;
	unsigned char bytes[PACKET_SIZE_MAX];
};

/* One direction: a ring, in order of arrival. */
struct lane {
	int from, to;
	size_t first, count;
	struct packet packets[PACKETS_MAX];
};

struct relay {
	struct lane lanes[2];
	uint64_t delay_ms;
	uint32_t lost_of_thousand;
	uint32_t random;
	bool stalled;
	char line[LINE_SIZE];
	size_t line_size;
};

_Noreturn static void fail(const char *what)
{
	(void)fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int tun_open(const char *name)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq request;

	if (fd < 0)
		fail("/dev/net/tun");
	memset(&request, 0, sizeof request);
	request.ifr_flags = IFF_TUN | IFF_NO_PI;
	(void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		fail(name);
	return fd;
}

/* Enters the namespace at `path`. A device belongs to the namespace in which it is made, but its
 * descriptor can be used from any. */
static void enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		fail(path);
	(void)close(fd);
}

static bool is_lost(struct relay *r)
{
	r->random = r->random * 1664525u + 1013904223u;
	return (r->random >> 8) % 1000 < r->lost_of_thousand;
}

static void take(struct relay *r, struct lane *lane)
{
	for (;;) {
		unsigned char bytes[PACKET_SIZE_MAX];
		ssize_t size = read(lane->from, bytes, sizeof bytes);
		struct packet *p;

		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size < 0)
			fail("read of a device");
		if (is_lost(r) || lane->count == PACKETS_MAX)
			continue;
		p = &lane->packets[(lane->first + lane->count++) % PACKETS_MAX];
		p->due_ms = now_ms() + r->delay_ms;
		p->size = (size_t)size;
		memcpy(p->bytes, bytes, p->size);
	}
}

/* Writes a packet. A device that is down or full loses it, as a real link does. */
static void give(struct lane *lane)
{
	while (lane->count > 0 && lane->packets[lane->first].due_ms <= now_ms()) {
		struct packet *p = &lane->packets[lane->first];

		if (write(lane->to, p->bytes, p->size) < 0 && errno != EIO && errno != EAGAIN &&
		    errno != ENOBUFS)
			fail("write to a device");
		lane->first = (lane->first + 1) % PACKETS_MAX;
		lane->count--;
	}
}

static void obey(struct relay *r, const char *line)
{
	unsigned long number;

	if (sscanf(line, "delay %lu", &number) == 1)
		r->delay_ms = number;
	else if (sscanf(line, "loss %lu", &number) == 1)
		r->lost_of_thousand = (uint32_t)number;
	else if (strcmp(line, "stall") == 0)
		r->stalled = true;
	else if (strcmp(line, "go") == 0)
		r->stalled = false;
	else
		(void)printf("what is '%s'?\n", line);
	(void)printf("ok\n");
	(void)fflush(stdout);
}

/* Takes an order from stdin. False if the input has ended. */
static bool read_orders(struct relay *r)
{
	ssize_t size = read(0, r->line + r->line_size, LINE_SIZE - 1 - r->line_size);
	char *end;

	if (size < 0 && errno == EINTR)
		return true;
	if (size <= 0)
		return false;
	r->line_size += (size_t)size;
	r->line[r->line_size] = '\0';
	while ((end = strchr(r->line, '\n'))) {
		*end = '\0';
		obey(r, r->line);
		r->line_size -= (size_t)(end + 1 - r->line);
		memmove(r->line, end + 1, r->line_size + 1);
	}
	return r->line_size < LINE_SIZE - 1;
}

static int wait_ms(const struct relay *r)
{
	uint64_t now = now_ms();
	int wait = -1;

	for (unsigned i = 0; i < 2 && !r->stalled; i++) {
		const struct lane *lane = &r->lanes[i];
		uint64_t due = lane->count ? lane->packets[lane->first].due_ms : 0;
		int left = due > now ? (int)(due - now) : 0;

		if (lane->count && (wait < 0 || left < wait))
			wait = left;
	}
	return wait;
}

static void run(struct relay *r)
{
	struct pollfd fds[3] = { { .fd = 0, .events = POLLIN },
		                 { .fd = r->lanes[0].from, .events = POLLIN },
		                 { .fd = r->lanes[1].from, .events = POLLIN } };

	for (;;) {
		if (poll(fds, 3, wait_ms(r)) < 0 && errno != EINTR)
			fail("poll");
		if ((fds[0].revents & (POLLIN | POLLHUP)) && !read_orders(r))
			return;
		for (unsigned i = 0; i < 2; i++) {
			take(r, &r->lanes[i]);
			if (!r->stalled)
				give(&r->lanes[i]);
		}
	}
}

int main(int argc, char **argv)
{
	static struct relay r; /* large */

	if (argc != 4) {
		(void)fprintf(stderr, "usage: relay DEVICE OTHER_DEVICE NAMESPACE_FILE\n");
		return 2;
	}
	r.random = 7;
	r.lanes[0].from = r.lanes[1].to = tun_open(argv[1]);
	enter(argv[3]);
	r.lanes[1].from = r.lanes[0].to = tun_open(argv[2]);
	(void)printf("ready\n");
	(void)fflush(stdout);
	run(&r);
	return 0;
}
