/* SPDX-License-Identifier: MIT
 *
 * The rest of a connection is copied to the front of the shared input before a read, so that a
 * frame always stands in one piece. The alternative, reading into a buffer of each connection,
 * costs the memory of a whole read for every peer that has sent half a frame.
 */
#include "io/conn.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void conn_input_init(struct conn_input *input, size_t frame_size_max)
{
	assert(frame_size_max <= UINT32_MAX - CONN_READ_MAX);
	input->rest_max = frame_size_max + CONN_READ_MAX;
	input->data = memory_alloc(input->rest_max + CONN_READ_MAX);
}

void conn_input_release(struct conn_input *input)
{
	memory_free(input->data);
	input->data = NULL;
}

int conn_open(struct conn *c, struct loop *l, int fd, bool dialling)
{
	void (*ready)(struct loop_source * source, unsigned events) = c->source.ready;
	int unsent = CONN_UNSENT_MAX;
	int on = 1;
	int result;

	assert(fd >= 0);
	assert(ready != NULL);
	*c = (struct conn){ .source = { .fd = fd, .ready = ready }, .loop = l };
	/* They fail on what is no TCP socket, a test's pair, where they are not needed. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
	result = loop_add(l, &c->source, dialling ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	if (result < 0)
		c->source.fd = -1;
	return result;
}

void conn_close(struct conn *c)
{
	if (!conn_is_open(c))
		return;
	loop_remove(c->loop, &c->source);
	(void)close(c->source.fd); /* what it may tell, a lost write, the peer finds out */
	c->source.fd = -1;
	memory_free(c->rest);
	c->rest = NULL;
	c->rest_size = 0;
}

bool conn_is_open(const struct conn *c)
{
	return c->loop != NULL && c->source.fd >= 0;
}

/* The other interest stays as it is. */
static void want(struct conn *c, unsigned event, bool wanted)
{
	unsigned others = c->source.wanted & ~event;

	loop_want(c->loop, &c->source, wanted ? others | event : others);
}

void conn_want_input(struct conn *c, bool wanted)
{
	assert(conn_is_open(c));
	want(c, LOOP_READ, wanted);
}

/* What an errno value means to a connection. */
static enum conn_status status_of(struct conn *c, int error)
{
	if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR)
		return CONN_LATER;
	c->error = error;
	return CONN_FAILED;
}

enum conn_status conn_receive(struct conn *c, struct conn_input *input, struct view *bytes)
{
	ssize_t count;

	assert(conn_is_open(c));
	assert(c->rest_size <= input->rest_max);
	count = recv(c->source.fd, input->data + c->rest_size, CONN_READ_MAX, 0);
	if (count < 0)
		return status_of(c, errno);
	if (count == 0)
		return CONN_END;
	if (c->rest_size != 0)
		memcpy(input->data, c->rest, c->rest_size);
	*bytes = view_of(input->data, c->rest_size + (size_t)count);
	return CONN_OK;
}

struct view conn_rest(const struct conn *c)
{
	return view_of(c->rest, c->rest_size);
}

void conn_used(struct conn *c, const struct conn_input *input, struct view bytes, size_t used)
{
	size_t left = bytes.size - used;

	assert(used <= bytes.size);
	assert(left <= input->rest_max);
	assert(bytes.data == c->rest || bytes.data == input->data);
	if (left == 0) {
		memory_free(c->rest);
		c->rest = NULL;
	} else if (bytes.data == c->rest) {
		memmove(c->rest, c->rest + used, left);
	} else if (used == 0 && c->rest_size != 0) {
		/* Still one piece short of a frame: the front is there already. */
		c->rest = memory_resize(c->rest, left);
		memcpy(c->rest + c->rest_size, bytes.data + c->rest_size, left - c->rest_size);
	} else {
		c->rest = memory_resize(c->rest, left);
		memcpy(c->rest, bytes.data + used, left);
	}
	c->rest_size = (uint32_t)left;
}

enum conn_status conn_send(struct conn *c, struct view bytes, size_t *sent)
{
	enum conn_status status = CONN_OK;
	ssize_t count = 0;

	assert(conn_is_open(c));
	*sent = 0;
	if (bytes.size != 0)
		count = send(c->source.fd, bytes.data, bytes.size, MSG_NOSIGNAL);
	if (count < 0)
		status = status_of(c, errno);
	else
		*sent = (size_t)count;
	want(c, LOOP_WRITE, status != CONN_FAILED && *sent < bytes.size);
	return status;
}

size_t conn_unread(const struct conn *c)
{
	int size = 0;

	assert(conn_is_open(c));
	if (ioctl(c->source.fd, SIOCOUTQ, &size) != 0 || size < 0)
		return 0;
	return (size_t)size;
}

void conn_drop_unread(struct conn *c)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert(conn_is_open(c));
	(void)setsockopt(c->source.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void conn_end(struct conn *c)
{
	assert(conn_is_open(c));
	want(c, LOOP_WRITE, false);
	(void)shutdown(c->source.fd, SHUT_WR); /* a connection that is gone already has its end */
}
