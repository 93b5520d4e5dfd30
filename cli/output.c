/* SPDX-License-Identifier: MIT */
#include "cli/output.h"

#include "io/log.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

void output_write(struct cli_output *output, struct view bytes)
{
	while (bytes.size > 0 && !output->has_ended) {
		ssize_t count = write(STDOUT_FILENO, bytes.data, bytes.size);

		if (count >= 0) {
			bytes.data += count;
			bytes.size -= (size_t)count;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

			(void)poll(&room, 1, -1); /* a failure comes back from write */
		} else if (errno != EINTR) {
			output->has_ended = true;
			output->has_failed = errno != EPIPE;
			if (output->has_failed)
				log_plain(LOG_ERROR, "client: cannot write to stdout: %s",
				          strerror(errno));
		}
	}
}
