/* SPDX-License-Identifier: MIT
 *
 * What the tests of driver/ share: replicas that are sockets of the test.
 */
#ifndef THREEFOLD_TESTS_DRIVER_FIXTURE_H
#define THREEFOLD_TESTS_DRIVER_FIXTURE_H

#include "driver/dial.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* A socket on 127.0.0.1 that listens, or only had its port; its address becomes the target's
 * `place`. */
static int make_target(struct dial_target *target, size_t place, bool listens)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct address *address = &target->addresses[place];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result = bind(fd, (struct sockaddr *)&in, sizeof in);

	assert(result == 0);
	address->size = sizeof address->storage;
	result = getsockname(fd, (struct sockaddr *)&address->storage, &address->size);
	assert(result == 0);
	if (listens)
		result = listen(fd, 1000);
	assert(result == 0);
	target->count = place + 1;
	return fd;
}

#endif
