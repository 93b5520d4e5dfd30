/* SPDX-License-Identifier: MIT
 *
 * getaddrinfo does the reading of names and numbers; brackets are taken off before. SO_REUSEADDR
 * lets a server come back to its port while connections of its last life linger in the kernel; two
 * servers still cannot listen on one.
 */
#include "io/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

enum { HOST_SIZE_MAX = 256, LISTEN_QUEUE = 4096, RECEIVE_SIZE = 128 * 1024 };

/* Takes the brackets off '[::1]'. */
static bool host_copy(const char *host, char copy[HOST_SIZE_MAX])
{
	size_t size = strlen(host);

	if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
		host++;
		size -= 2;
		if (memchr(host, ':', size) == NULL)
			return false;
	}
	if (size == 0 || size >= HOST_SIZE_MAX)
		return false;
	memcpy(copy, host, size);
	copy[size] = '\0';
	return true;
}

static int copy_found(struct addrinfo *found, struct address addresses[ADDRESS_MAX])
{
	int count = 0;

	for (struct addrinfo *a = found; a != NULL && count < ADDRESS_MAX; a = a->ai_next) {
		assert(a->ai_addrlen <= sizeof addresses[count].storage);
		memset(&addresses[count], 0, sizeof addresses[count]);
		memcpy(&addresses[count].storage, a->ai_addr, a->ai_addrlen);
		addresses[count].size = a->ai_addrlen;
		count++;
	}
	freeaddrinfo(found);
	assert(count > 0);
	return count;
}

/* 0: no such host, or, with AI_NUMERICHOST, no address. */
static int resolve(const char *host, uint16_t port, int flags,
                   struct address addresses[ADDRESS_MAX], char err[ADDRESS_ERR_SIZE])
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | flags,
	};
	struct addrinfo *found = NULL;
	char copy[HOST_SIZE_MAX];
	char service[8];
	int result;

	if (!host_copy(host, copy)) {
		(void)snprintf(err, ADDRESS_ERR_SIZE, "'%.256s' is no host name or address", host);
		return -1;
	}
	(void)snprintf(service, sizeof service, "%u", (unsigned)port);
	result = getaddrinfo(copy, service, &hints, &found);
	if (result == 0)
		return copy_found(found, addresses);
	(void)snprintf(err, ADDRESS_ERR_SIZE, "unknown host '%s': %s", copy,
	               result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
	return 0;
}

int address_resolve(const char *host, uint16_t port, bool to_listen,
                    struct address addresses[ADDRESS_MAX], char err[ADDRESS_ERR_SIZE])
{
	int count = resolve(host, port, to_listen ? AI_PASSIVE : 0, addresses, err);

	return count == 0 ? -1 : count;
}

int address_read(const char *host, uint16_t port, struct address addresses[ADDRESS_MAX],
                 char err[ADDRESS_ERR_SIZE])
{
	return resolve(host, port, AI_NUMERICHOST, addresses, err);
}

void address_text(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	char host[64];
	char service[8];

	if (getnameinfo((const struct sockaddr *)&address->storage, address->size, host,
	                sizeof host, service, sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "unknown:0");
	else if (address->storage.ss_family == AF_INET6)
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%s", host, service);
	else
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "%s:%s", host, service);
}

/* The address proper and the port, in the order of the network. */
static struct view address_host(const struct address *address, in_port_t *port)
{
	if (address->storage.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)&address->storage;

		*port = in6->sin6_port;
		return view_of(&in6->sin6_addr, sizeof in6->sin6_addr);
	}
	assert(address->storage.ss_family == AF_INET);
	const struct sockaddr_in *in = (const void *)&address->storage;

	*port = in->sin_port;
	return view_of(&in->sin_addr, sizeof in->sin_addr);
}

uint16_t address_port(const struct address *address)
{
	in_port_t port;

	(void)address_host(address, &port);
	return ntohs(port);
}

bool address_bytes(const struct address *address, uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t loopback[16] = { [15] = 1 };
	in_port_t port;
	struct view host = address_host(address, &port);

	assert(host.size == 4 || host.size == 16);
	memcpy(bytes, mapped, sizeof mapped);
	memcpy(bytes + 16 - host.size, host.data, host.size);
	return memcmp(bytes, loopback, 16) == 0 ||
	       (memcmp(bytes, mapped, sizeof mapped) == 0 && bytes[12] == 127);
}

void address_bytes_text(const uint8_t bytes[16], char text[ADDRESS_TEXT_SIZE])
{
	static const uint8_t zeros[8];
	struct in6_addr in6;
	struct in_addr in;

	memcpy(&in6, bytes, sizeof in6);
	memcpy(&in, bytes + 12, sizeof in);
	text[0] = '\0';
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		(void)inet_ntop(AF_INET, &in, text, ADDRESS_TEXT_SIZE);
	else if (inet_ntop(AF_INET6, &in6, text, ADDRESS_TEXT_SIZE - 4) != NULL &&
	         memcmp(bytes + 8, zeros, sizeof zeros) == 0)
		strcat(text, "/64");
}

bool address_equal(const struct address *a, const struct address *b)
{
	in_port_t port_a;
	in_port_t port_b;
	struct view host_a = address_host(a, &port_a);
	struct view host_b = address_host(b, &port_b);

	return port_a == port_b && view_equal(host_a, host_b);
}

/* A sentence that names the address; always -1. */
static int say_why(const struct address *address, const char *what, int error,
                   char err[ADDRESS_ERR_SIZE])
{
	char text[ADDRESS_TEXT_SIZE];

	address_text(address, text);
	(void)snprintf(err, ADDRESS_ERR_SIZE, "cannot %s %s: %s%s", what, text, strerror(error),
	               error == EADDRINUSE      ? " (does another server run there?)"
	               : error == EADDRNOTAVAIL ? " (it is no address of this host)"
	                                        : "");
	return -1;
}

/* Gives the socket, or a negative errno value. Only tries: binding does not listen, so it fails for
 * a port in use only if that is listened on, or was bound without SO_REUSEADDR. listen fails for
 * the rest. */
static int bind_one(const struct address *address, struct address *bound,
                    char err[ADDRESS_ERR_SIZE])
{
	int family = address->storage.ss_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int receive_size = RECEIVE_SIZE;
	int on = 1;
	int error;

	if (fd < 0) {
		error = errno;
		(void)say_why(address, "make a socket for", error, err);
		return error == EAFNOSUPPORT ? -EADDRNOTAVAIL : -error;
	}
	*bound = (struct address){ .size = sizeof bound->storage };
	/* What an accepted connection may have sent before it is read. By itself the system lets
	 * that grow to several MiB. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_size, sizeof receive_size);
	/* The last lets '::' serve IPv4 as well, whatever the system's default is. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    (family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int)) != 0) ||
	    bind(fd, (const struct sockaddr *)&address->storage, address->size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&bound->storage, &bound->size) != 0) {
		error = errno;
		(void)say_why(address, "serve on", error, err);
		(void)close(fd);
		return -error;
	}
	return fd;
}

static bool is_any(const struct address *address)
{
	in_port_t port;
	struct view host = address_host(address, &port);
	static const uint8_t none[16] = { 0 };

	return memcmp(host.data, none, host.size) == 0;
}

/* Whether nobody else serves this address of the host that `bound` is another one of. */
static bool is_free(const struct address *address, const struct address *bound,
                    char err[ADDRESS_ERR_SIZE])
{
	struct address other;
	char why[ADDRESS_ERR_SIZE];
	int fd;

	/* The system has chosen the port; or all addresses are served by one socket. */
	if (address_port(address) == 0 || address_equal(address, bound) || is_any(bound))
		return true;
	fd = bind_one(address, &other, why);
	if (fd >= 0)
		(void)close(fd);
	if (fd != -EADDRINUSE)
		return true;
	(void)snprintf(err, ADDRESS_ERR_SIZE, "%s", why);
	return false;
}

int address_bind(const struct address *addresses, size_t count, struct address *bound,
                 char err[ADDRESS_ERR_SIZE])
{
	char other[ADDRESS_ERR_SIZE];
	size_t which = 0;
	int fd;

	assert(count > 0);
	assert(count <= ADDRESS_MAX);
	/* If none can be had, what is said is about the first. */
	fd = bind_one(&addresses[0], bound, err);
	while (fd == -EADDRNOTAVAIL && ++which < count)
		fd = bind_one(&addresses[which], bound, other);
	if (fd < 0)
		return -1;
	for (size_t i = which + 1; i < count; i++) {
		if (is_free(&addresses[i], bound, err))
			continue;
		(void)close(fd);
		return -1;
	}
	return fd;
}

int address_listen(int fd, const struct address *bound, char err[ADDRESS_ERR_SIZE])
{
	if (listen(fd, LISTEN_QUEUE) != 0)
		return say_why(bound, "serve on", errno, err);
	return 0;
}

int address_accept(int listener, struct address *from)
{
	int fd;

	*from = (struct address){ .size = sizeof from->storage };
	fd = accept4(listener, (struct sockaddr *)&from->storage, &from->size,
	             SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

int address_dial(const struct address *address)
{
	int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	assert(address->size != 0);
	if (fd < 0)
		return -errno;
	/* An interrupted connect goes on by itself, like one that would block. */
	if (connect(fd, (const struct sockaddr *)&address->storage, address->size) == 0 ||
	    errno == EINPROGRESS || errno == EINTR)
		return fd;
	error = errno;
	(void)close(fd);
	return -error;
}

int address_dialled(int fd)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return -errno;
	return -error;
}
