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
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOOK_MS = 10, /* at what was read of a pipe */
	TTY_LOOK_MS = 100,
	LOOK_MS_MAX = 320, /* if nothing moves, the time between two looks doubles until then */
	ROUNDS_MAX = 16,   /* that a reader gets who is slow, when the end does not wait for him */
};

/* Where a message ends, counted in bytes that were ever written. */
struct output_end {
	uint64_t at;
	uint64_t serial;
};

static ssize_t write_some(const struct cli_output *output, struct view bytes)
{
	int fd = output->source.fd;
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	/* Not much at once: what is read of it does not count as read before all of it is. */
	if (output->is_socket)
		return send(fd, bytes.data, bytes.size < PIPE_BUF ? bytes.size : PIPE_BUF,
		            MSG_DONTWAIT | MSG_NOSIGNAL);
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
	bool wanted = !output_is_shown(output) && !output->has_ended;

	if (wanted && output->look_ms > 0 && output->look.place == 0)
		loop_timer_set(output->loop, &output->look,
		               loop_now_ms(output->loop) + output->look_ms);
	if (wanted && output->is_listening)
		loop_want(output->loop, &output->source, output->kept.size > 0 ? LOOP_WRITE : 0);
	if (wanted == output->is_listening)
		return;
	output->is_listening = wanted;
	if (!wanted)
		loop_remove(output->loop, &output->source);
	else if (loop_add(output->loop, &output->source, output->kept.size > 0 ? LOOP_WRITE : 0) <
	         0)
		output->is_listening = false; /* the next write tries again */
}

static void fail(struct cli_output *output, int error)
{
	output->has_ended = true;
	output->has_failed = error != EPIPE;
	if (output->has_failed)
		log_own(LOG_ERROR, "cannot write to stdout: %s", strerror(error));
}

/* The terminal, or the reader of the pipe, is gone, without a write that says so. */
static bool has_hung_up(const struct cli_output *output)
{
	struct pollfd polled = { .fd = output->source.fd };

	return poll(&polled, 1, 0) > 0 && (polled.revents & (POLLERR | POLLHUP)) != 0;
}

/* How many bytes have come to their reader. Of a socket the system tells how much memory the unread
 * ones take, which is more than they are, until it is nothing. That is also nothing when the reader
 * has ended, so that is looked at afterwards. */
static uint64_t count_read(struct cli_output *output)
{
	unsigned long request = output->is_socket ? SIOCOUTQ : FIONREAD;
	int unread = 0;

	if (output->is_tty)
		return output->settled;
	if (output->look_ms == 0 || ioctl(output->source.fd, request, &unread) != 0 || unread < 0)
		return output->written;
	output->mark = output->written - (uint64_t)unread;
	if ((uint64_t)unread > output->written || (output->is_socket && has_hung_up(output)))
		return 0;
	return output->mark;
}

static void show_until(struct cli_output *output, uint64_t at)
{
	while (output->ends.count > 0) {
		const struct output_end *end = ring_at(&output->ends, 0, sizeof *end);

		if (end->at > at)
			break;
		output->shown = end->serial;
		ring_drop(&output->ends);
	}
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
	if (output->ends.count > 0)
		show_until(output, count_read(output));
	listen_or_not(output);
}

static void writable(struct loop_source *source, unsigned events)
{
	struct cli_output *output = LOOP_OWNER(source, struct cli_output, source);

	/* A write tells what it was; if there is nothing to be written, the reader has ended. */
	if ((events & LOOP_FAILED) && output->kept.size == 0)
		fail(output, EPIPE);
	flush(output);
}

static unsigned first_look_ms(const struct cli_output *output)
{
	return output->is_tty ? TTY_LOOK_MS : LOOK_MS;
}

static void look(struct cli_output *output)
{
	uint64_t mark = output->mark;
	uint64_t written = output->written;

	if (output->kept.size == 0 && !output->has_ended && has_hung_up(output))
		fail(output, EPIPE);
	if (!output->has_ended) {
		output->settled = output->earlier;
		output->earlier = output->written;
	}
	flush(output);
	if (output->mark != mark || output->written != written)
		output->look_ms = first_look_ms(output);
	else if (output->look_ms < LOOK_MS_MAX)
		output->look_ms *= 2;
	if (output->look.place != 0)
		loop_timer_set(output->loop, &output->look,
		               loop_now_ms(output->loop) + output->look_ms);
}

static void look_expired(struct loop_timer *timer)
{
	look(LOOP_OWNER(timer, struct cli_output, look));
}

static bool is_same_tty(int fd)
{
	unsigned device;
	unsigned own;

	return ioctl(fd, TIOCGDEV, &device) == 0 && ioctl(STDOUT_FILENO, TIOCGDEV, &own) == 0 &&
	       device == own;
}

/* Opens stdout once more. A terminal may belong to another user, after su; then /dev/tty is a way
 * to it. And to open a terminal's other side makes a new terminal. */
static int open_again(bool is_tty)
{
	static const char *const paths[] = { "/proc/self/fd/1", "/dev/tty" };

	for (size_t i = 0; i < (is_tty ? 2 : 1); i++) {
		int fd = open(paths[i], O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (fd >= 0 && (!is_tty || is_same_tty(fd)))
			return fd;
		if (fd >= 0)
			(void)close(fd);
	}
	return -1;
}

void output_init(struct cli_output *output, struct loop *l)
{
	struct stat st;
	int fd;

	*output = (struct cli_output){ .loop = l,
		                       .source = { .fd = STDOUT_FILENO, .ready = writable },
		                       .look = { .expired = look_expired } };
	buf_init(&output->kept, SIZE_MAX / 2);
	if (fstat(STDOUT_FILENO, &st) != 0)
		return;
	output->is_socket = S_ISSOCK(st.st_mode);
	output->is_tty = isatty(STDOUT_FILENO) != 0;
	if (!S_ISFIFO(st.st_mode) && !output->is_tty && !output->is_socket)
		return; /* a file takes what it is given */
	output->look_ms = first_look_ms(output);
	if (output->is_socket)
		return;
	fd = open_again(output->is_tty);
	if (fd >= 0)
		output->source.fd = fd;
	else
		output->may_wait = true;
}

void output_release(struct cli_output *output)
{
	output->has_ended = true;
	listen_or_not(output);
	loop_timer_cancel(output->loop, &output->look);
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
	while (output->kept.size > OUTPUT_KEPT_MAX && !output->has_ended && !output->is_hasty &&
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

bool output_is_shown(const struct cli_output *output)
{
	return output->kept.size == 0 && output->ends.count == 0;
}

void output_presume(struct cli_output *output)
{
	if (!output->has_ended)
		show_until(output, output->written);
}

void output_wait(struct cli_output *output, uint64_t ms)
{
	uint64_t step_ms = first_look_ms(output);

	for (unsigned rounds = 0; output->kept.size > 0 && !output->has_ended; rounds++) {
		if (ms != LOOP_NEVER && rounds == ROUNDS_MAX)
			return;
		if (!loop_wait_for_room(output->loop, output->source.fd, ms))
			return;
		flush(output);
	}
	if (ms == LOOP_NEVER)
		return;
	for (uint64_t at_ms = 0; at_ms < ms && !output_is_shown(output) && !output->has_ended;
	     at_ms += step_ms) {
		(void)loop_wait_for_room(output->loop, -1, step_ms);
		look(output);
	}
}
