/* SPDX-License-Identifier: MIT
 *
 * Writes to a pipe or a terminal may wait for as long as its reader likes. To set O_NONBLOCK on
 * stdout would set it for everybody who has it open, the shell too. So it is opened once more, with
 * an open file of our own; a socket is told with each write. Where that cannot be done, little is
 * written at a time, and only when there is room.
 */
#include "cli/output.h"

#include "io/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a message ends, counted in bytes that were ever written. */
struct output_end {
	uint64_t at;
	uint64_t serial;
};

static ssize_t write_some(const struct cli_output *output, struct view bytes)
{
	int fd = output->source.fd;
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	if (output->is_socket)
		return send(fd, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!output->may_wait)
		return write(fd, bytes.data, bytes.size);
	if (poll(&room, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	/* A pipe that has room takes so much at once. */
	return write(fd, bytes.data, bytes.size < PIPE_BUF ? bytes.size : PIPE_BUF);
}

static void listen_or_not(struct cli_output *output)
{
	bool wanted = output->kept.size > 0 && !output->has_ended;

	if (wanted == output->is_listening)
		return;
	output->is_listening = wanted;
	if (!wanted)
		loop_remove(output->loop, &output->source);
	else if (loop_add(output->loop, &output->source, LOOP_WRITE) < 0)
		output->is_listening = false; /* the next write tries again */
}

static void fail(struct cli_output *output, int error)
{
	output->has_ended = true;
	output->has_failed = error != EPIPE;
	if (output->has_failed)
		log_plain(LOG_ERROR, "client: cannot write to stdout: %s", strerror(error));
}

/* As much as there is room for. */
static void flush(struct cli_output *output)
{
	size_t used = 0;

	while (used < output->kept.size && !output->has_ended) {
		ssize_t count = write_some(
			output, view_of(output->kept.data + used, output->kept.size - used));

		if (count >= 0)
			used += (size_t)count;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			fail(output, errno);
	}
	buf_consume(&output->kept, used);
	if (output->has_ended)
		buf_clear(&output->kept);
	output->written += used;
	while (output->ends.count > 0) {
		const struct output_end *end = ring_at(&output->ends, 0, sizeof *end);

		if (end->at > output->written)
			break;
		output->shown = end->serial;
		ring_drop(&output->ends);
	}
	listen_or_not(output);
}

static void writable(struct loop_source *source, unsigned events)
{
	(void)events; /* whatever it was, a write tells */
	flush(LOOP_OWNER(source, struct cli_output, source));
}

void output_init(struct cli_output *output, struct loop *l)
{
	struct stat st;
	int fd = -1;

	*output = (struct cli_output){ .loop = l,
		                       .source = { .fd = STDOUT_FILENO, .ready = writable } };
	buf_init(&output->kept, SIZE_MAX / 2);
	if (fstat(STDOUT_FILENO, &st) != 0)
		return;
	output->is_socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && isatty(STDOUT_FILENO) == 0)
		return; /* a file takes what it is given */
	fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		output->source.fd = fd;
	else
		output->may_wait = true;
}

void output_release(struct cli_output *output)
{
	buf_clear(&output->kept);
	listen_or_not(output);
	buf_release(&output->kept);
	ring_release(&output->ends);
	if (output->source.fd != STDOUT_FILENO)
		(void)close(output->source.fd);
}

void output_write(struct cli_output *output, struct view bytes)
{
	if (bytes.size == 0 || output->has_ended)
		return;
	buf_append(&output->kept, bytes);
	flush(output);
	while (output->kept.size > OUTPUT_KEPT_MAX && !output->has_ended &&
	       loop_wait_for_room(output->loop, output->source.fd, LOOP_NEVER))
		flush(output);
}

void output_message(struct cli_output *output, uint64_t serial)
{
	struct output_end *end;

	if (output->has_ended)
		return;
	end = ring_add(&output->ends, sizeof *end);
	*end = (struct output_end){ output->written + output->kept.size, serial };
	flush(output);
}

bool output_is_empty(const struct cli_output *output)
{
	return output->kept.size == 0;
}

void output_wait(struct cli_output *output, uint64_t ms)
{
	while (output->kept.size > 0 && !output->has_ended &&
	       loop_wait_for_room(output->loop, output->source.fd, ms))
		flush(output);
}
