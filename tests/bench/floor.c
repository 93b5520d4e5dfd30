/* SPDX-License-Identifier: MIT
 *
 * floor: measures how fast this machine can be at best. It does only what three durable copies of a
 * message need: there are no accounts, no protocol, and no state.
 *
 * Three processes keep a log each. In a turn, each reads the bytes that have come on all its
 * connections into one block, writes the block, syncs it, and answers ANSWER bytes for each whole
 * message. One more process is all the senders: each keeps DEPTH messages in flight, writes each to
 * all three logs, and counts a message when the third answer is there.
 *
 *   floor DIR SENDERS DEPTH SECONDS append|zeroed|memory [BYTES]
 *
 *   append   each log grows
 *   zeroed   it was filled with zeros before, and starts again at its front when it is full: no
 *            size or place of a block changes
 *   memory   nothing is made durable
 *
 * Prints {"event": "ready"} when the load begins, and then one object: rate (messages a second),
 * p50_us, p90_us, p99_us, p999_us, max_us. The first WARM_MS are not counted. The logs are unlinked
 * as soon as they are open.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	COPIES = 3,
	ANSWER = 8,
	EVENTS = 1024,
	READ_SIZE = 64 * 1024,
	BLOCK_SIZE = 8 * 1024 * 1024,
	ZEROED_SIZE = 64 * 1024 * 1024,
	WARM_MS = 500,
	DESCRIPTORS = 65536,
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void watch(int poller, int fd, uint64_t name)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = name };

	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
}

static void without_delay(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		die("setsockopt");
}

/* ---- a log ---- */

struct log {
	int fd;
	bool is_synced;
	bool is_zeroed;
	size_t place; /* the next block's, in a zeroed one */
	size_t filled;
	uint8_t block[BLOCK_SIZE];
};

static void open_log(struct log *l, const char *folder, const char *how)
{
	char path[4096];

	(void)snprintf(path, sizeof path, "%s/floor.%ld", folder, (long)getpid());
	l->fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (l->fd < 0 || unlink(path) != 0)
		die(path);
	l->is_synced = strcmp(how, "memory") != 0;
	l->is_zeroed = strcmp(how, "zeroed") == 0;
	for (size_t size = 0; l->is_zeroed && size < ZEROED_SIZE; size += BLOCK_SIZE)
		if (write(l->fd, l->block, BLOCK_SIZE) != BLOCK_SIZE)
			die("zeros");
	if (fsync(l->fd) != 0 || lseek(l->fd, 0, SEEK_SET) != 0)
		die("log");
}

static void commit(struct log *l)
{
	if (l->is_zeroed && l->place + l->filled > ZEROED_SIZE) {
		l->place = 0;
		if (lseek(l->fd, 0, SEEK_SET) != 0)
			die("lseek");
	}
	if (write(l->fd, l->block, l->filled) != (ssize_t)l->filled)
		die("write");
	if (l->is_synced && fdatasync(l->fd) != 0)
		die("fdatasync");
	l->place += l->filled;
	l->filled = 0;
}

/* ---- a server ---- */

struct debt {
	int fd;
	uint32_t answers;
};

static void accept_one(int poller, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 || fd >= DESCRIPTORS)
		die("accept");
	without_delay(fd);
	watch(poller, fd, (uint64_t)fd);
}

static void pay(const struct debt *debts, size_t count)
{
	static const uint8_t answers[READ_SIZE];

	for (size_t i = 0; i < count; i++) {
		size_t size = (size_t)debts[i].answers * ANSWER;

		if (write(debts[i].fd, answers, size) != (ssize_t)size)
			die("answer");
	}
}

static _Noreturn void serve(int listener, const char *folder, const char *how, size_t bytes,
                            int ready)
{
	static struct log log;
	static uint32_t rest[DESCRIPTORS]; /* bytes of a message that is not whole yet */
	static struct debt debts[EVENTS];
	struct epoll_event events[EVENTS];
	int poller = epoll_create1(EPOLL_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	open_log(&log, folder, how);
	watch(poller, listener, (uint64_t)listener);
	if (write(ready, "r", 1) != 1)
		die("ready");
	for (;;) {
		int count = epoll_wait(poller, events, EVENTS, -1);
		size_t owed = 0;

		for (int i = 0; i < count; i++) {
			int fd = (int)events[i].data.u64;
			ssize_t size;

			if (fd == listener) {
				accept_one(poller, listener);
				continue;
			}
			if (log.filled + READ_SIZE > BLOCK_SIZE)
				break; /* the others in the next turn */
			size = read(fd, log.block + log.filled, READ_SIZE);
			if (size <= 0)
				exit(0); /* the senders have had enough */
			log.filled += (size_t)size;
			rest[fd] += (uint32_t)size;
			debts[owed] = (struct debt){ fd, rest[fd] / (uint32_t)bytes };
			rest[fd] %= (uint32_t)bytes;
			owed += debts[owed].answers > 0;
		}
		if (log.filled > 0)
			commit(&log);
		pay(debts, owed);
	}
}

static uint16_t start_server(const char *folder, const char *how, size_t bytes)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ready[2];
	pid_t pid;
	char byte;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 1024) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0 || pipe(ready) != 0)
		die("listen");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		serve(listener, folder, how, bytes, ready[1]);
	(void)close(listener);
	(void)close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die("a server has not begun");
	(void)close(ready[0]);
	return ntohs(address.sin_port);
}

/* ---- the senders ---- */

struct sender {
	int fds[COPIES];
	uint64_t answered[COPIES]; /* bytes */
	uint64_t sent;
	uint64_t done;
	uint64_t *begun_ns; /* by number, a ring of `depth` */
	bool is_touched;
};

struct load {
	struct sender *senders;
	uint32_t count;
	uint32_t depth;
	size_t bytes;
	uint8_t *messages; /* `depth` of them */
	int poller;
	uint64_t begin_ns;
	uint64_t end_ns;
	uint32_t *latencies; /* ns */
	size_t measured;
	size_t capacity;
};

static void connect_sender(struct load *l, uint32_t number, const uint16_t ports[COPIES])
{
	struct sender *s = &l->senders[number];

	s->begun_ns = calloc(l->depth, sizeof *s->begun_ns);
	for (uint32_t i = 0; i < COPIES; i++) {
		struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(ports[i]) };

		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		s->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(s->fds[i], (struct sockaddr *)&address, sizeof address) != 0)
			die("connect");
		without_delay(s->fds[i]);
		watch(l->poller, s->fds[i], (uint64_t)number * COPIES + i);
	}
}

/* As many as may be in flight. */
static void send_more(struct load *l, struct sender *s)
{
	uint64_t count = l->depth - (s->sent - s->done);
	uint64_t at_ns = now_ns();

	for (uint64_t i = 0; i < count; i++)
		s->begun_ns[(s->sent + i) % l->depth] = at_ns;
	s->sent += count;
	for (uint32_t i = 0; i < COPIES && count > 0; i++)
		if (write(s->fds[i], l->messages, count * l->bytes) != (ssize_t)(count * l->bytes))
			die("send");
}

static void keep_latency(struct load *l, uint64_t ns)
{
	if (l->measured == l->capacity) {
		l->capacity = l->capacity == 0 ? 65536 : 2 * l->capacity;
		l->latencies = realloc(l->latencies, l->capacity * sizeof *l->latencies);
		if (l->latencies == NULL)
			die("memory");
	}
	l->latencies[l->measured++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static void count_answers(struct load *l, struct sender *s, uint64_t at_ns)
{
	uint64_t all = s->answered[0];

	for (uint32_t i = 1; i < COPIES; i++)
		if (s->answered[i] < all)
			all = s->answered[i];
	for (; s->done < all / ANSWER; s->done++)
		if (at_ns >= l->begin_ns && at_ns < l->end_ns)
			keep_latency(l, at_ns - s->begun_ns[s->done % l->depth]);
}

static void run(struct load *l)
{
	static struct epoll_event events[EVENTS];
	static struct sender *touched[EVENTS];
	static uint8_t answers[READ_SIZE];

	for (uint32_t i = 0; i < l->count; i++)
		send_more(l, &l->senders[i]);
	for (uint64_t at_ns = 0; at_ns < l->end_ns;) {
		int count = epoll_wait(l->poller, events, EVENTS, -1);
		size_t touched_count = 0;

		at_ns = now_ns();
		for (int i = 0; i < count; i++) {
			struct sender *s = &l->senders[events[i].data.u64 / COPIES];
			size_t copy = events[i].data.u64 % COPIES;
			ssize_t size = read(s->fds[copy], answers, sizeof answers);

			if (size <= 0)
				die("a server has ended");
			s->answered[copy] += (uint64_t)size;
			if (!s->is_touched)
				touched[touched_count++] = s;
			s->is_touched = true;
		}
		for (size_t i = 0; i < touched_count; i++) {
			touched[i]->is_touched = false;
			count_answers(l, touched[i], at_ns);
			send_more(l, touched[i]);
		}
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double percentile_us(const struct load *l, double percent)
{
	return l->measured == 0
	               ? 0
	               : l->latencies[(size_t)(percent / 100 * (double)(l->measured - 1) + 0.5)] /
	                         1e3;
}

static uint32_t number(const char *text, uint32_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end != '\0' || value < 1 || value > max) {
		(void)fprintf(stderr, "floor: '%s' is not a number from 1 to %u\n", text, max);
		exit(2);
	}
	return (uint32_t)value;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	struct load l = { .count = 0 };
	uint16_t ports[COPIES];

	if (argc < 6 || argc > 7) {
		(void)fprintf(
			stderr,
			"usage: floor DIR SENDERS DEPTH SECONDS append|zeroed|memory [BYTES]\n");
		return 2;
	}
	l.count = number(argv[2], 4096);
	l.depth = number(argv[3], 4096);
	l.bytes = argc == 7 ? number(argv[6], READ_SIZE) : 100;
	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	for (uint32_t i = 0; i < COPIES; i++)
		ports[i] = start_server(argv[1], argv[5], l.bytes);
	l.poller = epoll_create1(EPOLL_CLOEXEC);
	l.senders = calloc(l.count, sizeof *l.senders);
	l.messages = calloc(l.depth, l.bytes);
	for (uint32_t i = 0; i < l.count; i++)
		connect_sender(&l, i, ports);
	(void)puts("{\"event\": \"ready\"}");
	(void)fflush(stdout);
	l.begin_ns = now_ns() + WARM_MS * UINT64_C(1000000);
	l.end_ns = l.begin_ns + number(argv[4], 3600) * UINT64_C(1000000000);
	run(&l);
	qsort(l.latencies, l.measured, sizeof *l.latencies, compare);
	(void)printf("{\"how\": \"%s\", \"senders\": %u, \"depth\": %u, \"rate\": %.1f, "
	             "\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
	             "\"max_us\": %.1f}\n",
	             argv[5], l.count, l.depth,
	             (double)l.measured * 1e9 / (double)(l.end_ns - l.begin_ns),
	             percentile_us(&l, 50), percentile_us(&l, 90), percentile_us(&l, 99),
	             percentile_us(&l, 99.9), percentile_us(&l, 100));
	return 0;
}
