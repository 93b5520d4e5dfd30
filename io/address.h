/* SPDX-License-Identifier: MIT
 *
 * address: host names, TCP addresses and how they are written; sockets that listen and sockets that
 * dial.
 *
 * A host is a name, an IPv4 or an IPv6 address; the latter also in brackets, '[::1]'. A name may
 * have several addresses, which come in the order of the system's resolver; the callers try them in
 * that order. Resolving a name may block for as long as the resolver takes, so programs do it
 * before their loop begins.
 */
#ifndef THREEFOLD_IO_ADDRESS_H
#define THREEFOLD_IO_ADDRESS_H

#include "base/buf.h"

#include <sys/socket.h>

enum {
	ADDRESS_MAX = 8, /* of one name; more are not looked at */
	ADDRESS_TEXT_SIZE = 80,
	ADDRESS_ERR_SIZE = 512, /* of every buffer for an error's sentence here */
};

struct address {
	struct sockaddr_storage storage;
	socklen_t size;
};

/* Fills in the addresses of a host, with that port; the number of them, at least 1. `to_listen`:
 * only such as this host could serve on. -1 and a sentence if there are none. */
int address_resolve(const char *host, uint16_t port, bool to_listen,
                    struct address addresses[ADDRESS_MAX], char err[ADDRESS_ERR_SIZE]);
/* "127.0.0.1:80", "[::1]:80". */
void address_text(const struct address *address, char text[ADDRESS_TEXT_SIZE]);
uint16_t address_port(const struct address *address);
/* The same host and port. */
bool address_equal(const struct address *a, const struct address *b);

/* A non-blocking socket bound to the first of the addresses that can be, or -1 and a sentence.
 * *bound is where: port 0 has become the one that the system picked. Nobody can connect yet. */
int address_bind(const struct address *addresses, size_t count, struct address *bound,
                 char err[ADDRESS_ERR_SIZE]);
/* From now on they can. 0, or -1 and a sentence. */
int address_listen(int fd, const struct address *bound, char err[ADDRESS_ERR_SIZE]);
/* The next connection, as a non-blocking socket, or a negative errno value: -EAGAIN if there is
 * none. Others may be of that one connection alone. */
int address_accept(int listener);

/* A non-blocking socket that connects to the address, or a negative errno value. When it can be
 * written to the dial has ended: address_dialled tells how, as 0 or a negative errno value. */
int address_dial(const struct address *address);
int address_dialled(int fd);

#endif
