/* SPDX-License-Identifier: MIT
 *
 * Bytes collect in one buffer. Lines are taken from its front by moving an offset; the rest is
 * moved down only when something is read, so a buffer of short lines is not moved for each of them.
 */
#include "cli/input.h"

#include "base/mark.h"
#include "chat/command.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

static void end_by(struct cli_input *in, int error)
{
	in->has_ended = true;
	in->error = error;
}

/* Overwrites the lines that were given: a password may be among them. */
static void forget_used(struct cli_input *in)
{
	if (in->used > in->wiped)
		explicit_bzero(in->buf.data + in->wiped, in->used - in->wiped);
	in->wiped = in->used;
}

static void input_ready(struct loop_source *source, unsigned events)
{
	struct cli_input *in = LOOP_OWNER(source, struct cli_input, source);
	uint8_t *room;
	ssize_t count;

	(void)events; /* whatever it was, a read tells */
	forget_used(in);
	buf_consume(&in->buf, in->used);
	in->scanned -= in->used;
	/* What was moved down is still where it was, too. */
	if (in->used > 0)
		explicit_bzero(in->buf.data + in->buf.size, in->used);
	in->used = in->wiped = 0;
	room = buf_reserve(&in->buf, READ_SIZE);
	assert(room != NULL);
	count = read(source->fd, room, READ_SIZE);
	if (count > 0)
		buf_added(&in->buf, (size_t)count);
	else if (count == 0)
		in->has_ended = true;
	else if (errno != EINTR && errno != EAGAIN)
		end_by(in, errno);
	input_want(in, false);
}

bool input_read(struct cli_input *in, int ms)
{
	struct pollfd fd = { .fd = in->source.fd, .events = POLLIN };

	if (in->has_ended || poll(&fd, 1, ms) <= 0)
		return false;
	input_ready(&in->source, 0);
	return true;
}

void input_init(struct cli_input *in, struct loop *l, int fd)
{
	*in = (struct cli_input){ .loop = l, .source = { .fd = fd, .ready = input_ready } };
	/* It is read only when it holds no whole line, and a line that is too long is cut. */
	buf_init(&in->buf, COMMAND_LINE_SIZE_MAX + 2 * READ_SIZE);
	in->has_ended = fd < 0;
	/* All at once, and the system gives what is used: growing would leave copies behind. */
	if (fd >= 0)
		(void)buf_reserve(&in->buf, in->buf.size_max);
	/* What cannot be watched is found out now and not at the first line. */
	input_want(in, true);
	input_want(in, false);
}

void input_release(struct cli_input *in)
{
	input_want(in, false);
	/* A password may be among it. */
	buf_wipe(&in->buf);
	buf_release(&in->buf);
}

/* The loop reports the end of a pipe even to a source that wants nothing. So while no lines are
 * wanted, the source is not in the loop. */
void input_want(struct cli_input *in, bool wanted)
{
	wanted = wanted && !in->has_ended;
	if (wanted == in->is_added)
		return;
	if (wanted) {
		int result = loop_add(in->loop, &in->source, LOOP_READ);

		in->is_added = result == 0;
		if (result < 0)
			end_by(in, -result);
	} else {
		loop_remove(in->loop, &in->source);
		in->is_added = false;
	}
}

/* Drops the rest of a line that was cut; false if its end has not come yet. */
static bool skip(struct cli_input *in)
{
	struct view left = view_of(in->buf.data + in->used, in->buf.size - in->used);
	const uint8_t *end = left.size == 0 ? NULL : memchr(left.data, '\n', left.size);

	in->used = end == NULL ? in->buf.size : (size_t)(end + 1 - in->buf.data);
	in->scanned = in->used;
	in->is_skipping = end == NULL;
	return end != NULL;
}

/* Looks at the first bytes of all; false if more are needed, or there is nothing to read. */
static bool begin(struct cli_input *in)
{
	struct view front = buf_view(&in->buf);

	if (front.size < MARK_SIZE && !in->has_ended &&
	    memchr(front.data, '\n', front.size) == NULL)
		return false;
	in->is_begun = true;
	in->used = in->scanned = mark_size(front);
	if (!mark_is_wide(front))
		return true;
	in->is_wide = true;
	in->used = in->scanned = front.size;
	end_by(in, EILSEQ);
	return false;
}

/* Finds the newline that ends the next line; NULL if it has not come. */
static const uint8_t *end_of_piece(struct cli_input *in)
{
	const uint8_t *data = in->buf.data;

	for (;;) {
		size_t known = in->used + in->open;
		const uint8_t *end;

		if (in->scanned == in->buf.size)
			return NULL;
		if (in->open > 0 && in->scanned == known &&
		    (data[known] == '/' || data[known] == '{'))
			return data + known - 1;
		end = memchr(data + in->scanned, '\n', in->buf.size - in->scanned);
		in->scanned = in->buf.size;
		if (end == NULL || data[in->used] != '{')
			return end;
		json_extent_add(&in->extent, view_of(data + known, (size_t)(end - data) - known));
		if (!json_extent_is_open(&in->extent))
			return end;
		in->scanned = (size_t)(end + 1 - data);
		in->open = in->scanned - in->used;
	}
}

bool input_line(struct cli_input *in, struct view *line, bool *was_cut)
{
	const uint8_t *end;
	size_t left;

	*was_cut = false;
	forget_used(in);
	if (in->buf.size == 0 || (!in->is_begun && !begin(in)) || (in->is_skipping && !skip(in)))
		return false;
	assert(in->used <= in->scanned);
	end = end_of_piece(in);
	left = (end == NULL ? in->buf.size : (size_t)(end - in->buf.data)) - in->used;
	if (end == NULL && left <= COMMAND_LINE_SIZE_MAX && (!in->has_ended || left == 0))
		return false;
	*line = view_of(in->buf.data + in->used, left);
	in->open = 0;
	in->extent = (struct json_extent){ .depth = 0 };
	in->used += left + (end != NULL);
	in->scanned = in->used;
	if (left > COMMAND_LINE_SIZE_MAX) {
		line->size = COMMAND_LINE_SIZE_MAX;
		*was_cut = true;
		in->is_skipping = end == NULL;
	} else if (left > 0 && line->data[left - 1] == '\r') {
		line->size--; /* of CR LF */
	}
	return true;
}

bool input_has_ended(const struct cli_input *in)
{
	return in->has_ended && in->used == in->buf.size;
}
