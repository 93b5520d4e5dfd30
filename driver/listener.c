/* SPDX-License-Identifier: MIT
 *
 * What a failure of accept means:
 *
 *   EAGAIN                   nobody waits                        until the loop tells
 *   EINTR, ECONNABORTED      nothing; that client has gone       the next one
 *   EMFILE, ENFILE           no descriptor is left               the spare one, then a rest
 *   none, a high number      the others are for files            refused, the next one
 *   anything else            this will not pass by itself        a rest
 */
#include "driver/listener.h"

#include "io/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether a line about this kind of trouble is due. */
static bool may_log(const struct listener *l, uint64_t *last_ms)
{
	uint64_t now_ms = loop_now_ms(l->loop);

	if (*last_ms != 0 && now_ms - *last_ms < LISTENER_LOG_MS)
		return false;
	*last_ms = now_ms;
	return true;
}

void listener_refuse(struct listener *l, int fd, const char *why)
{
	char line[128];
	int size = snprintf(line, sizeof line, "threefold: %s\n", why);

	/* Best effort: an empty socket takes a line. */
	(void)send(fd, line, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
	if (may_log(l, &l->refused_ms))
		log_line(LOG_WARNING, "connections are refused: %s", why);
}

static const char no_descriptor[] = "no file descriptor is left, see RLIMIT_NOFILE";

/* Descriptors are given from the lowest number up, so the number tells how many there are. */
static int descriptor_end(void)
{
	struct rlimit limit;
	rlim_t spared;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	spared = limit.rlim_cur / 4 < LISTENER_SPARED ? limit.rlim_cur / 4 : LISTENER_SPARED;
	return (int)(limit.rlim_cur - spared);
}

static void rested(struct loop_timer *timer)
{
	struct listener *l = LOOP_OWNER(timer, struct listener, rest);

	loop_want(l->loop, &l->source, LOOP_READ);
}

static void take_a_rest(struct listener *l)
{
	loop_want(l->loop, &l->source, 0);
	loop_timer_set(l->loop, &l->rest, loop_now_ms(l->loop) + LISTENER_REST_MS);
}

/* Tells the first client in the queue, by means of the spare descriptor. False if it is of no
 * use. */
static bool refuse_first(struct listener *l)
{
	struct address from;
	int fd = -1;

	if (l->spare >= 0) {
		(void)close(l->spare);
		fd = address_accept(l->source.fd, &from);
	}
	if (fd >= 0)
		listener_refuse(l, fd, no_descriptor);
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && l->spare >= 0;
}

static void failed(struct listener *l, int error)
{
	if ((error == EMFILE || error == ENFILE) && refuse_first(l))
		return;
	take_a_rest(l);
	if (may_log(l, &l->failed_ms))
		log_line(LOG_WARNING, "cannot accept connections: %s; trying again each %d ms",
		         strerror(error), LISTENER_REST_MS);
}

static void listener_ready(struct loop_source *source, unsigned events)
{
	struct listener *l = LOOP_OWNER(source, struct listener, source);

	(void)events;
	for (int i = 0; i < LISTENER_ACCEPT_MAX && l->source.fd >= 0; i++) {
		struct address from;
		int fd = address_accept(source->fd, &from);

		if (fd >= l->fd_end) {
			listener_refuse(l, fd, no_descriptor);
		} else if (fd >= 0) {
			l->accepted(l, fd, &from);
		} else if (fd == -EAGAIN) {
			return;
		} else if (fd != -EINTR && fd != -ECONNABORTED) {
			failed(l, -fd);
			return;
		}
	}
}

int listener_open(struct listener *l, struct loop *loop, int fd,
                  void (*accepted)(struct listener *l, int fd, const struct address *from))
{
	int result;

	assert(fd >= 0);
	*l = (struct listener){
		.loop = loop,
		.source = { .fd = fd, .ready = listener_ready },
		.rest = { .expired = rested },
		.spare = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.fd_end = descriptor_end(),
		.accepted = accepted,
	};
	result = loop_add(loop, &l->source, LOOP_READ);
	if (result == 0)
		return 0;
	l->source.fd = -1;
	if (l->spare >= 0)
		(void)close(l->spare);
	return result;
}

void listener_close(struct listener *l)
{
	if (l->source.fd < 0)
		return;
	loop_timer_cancel(l->loop, &l->rest);
	loop_remove(l->loop, &l->source);
	(void)close(l->source.fd);
	l->source.fd = -1;
	if (l->spare >= 0)
		(void)close(l->spare);
	l->spare = -1;
}
