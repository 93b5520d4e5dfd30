/* SPDX-License-Identifier: MIT
 *
 * address: host names, TCP addresses and how they are written; sockets that listen and sockets that
 * dial.
 *
 * A host is a name, an IPv4 or an IPv6 address; the latter also in brackets, '[::1]'. A name may
 * have several addresses, which come in the order of the system's resolver; the callers try them in
 * that order. Resolving a name may block for as long as the system's resolver takes. So while a
 * loop runs, io/resolver does it.
 */
#ifndef THREEFOLD_IO_ADDRESS_H
#define THREEFOLD_IO_ADDRESS_H

#include "base/buf.h"

#include <sys/socket.h>

enum {
	ADDRESS_HOST_SIZE = 259, /* of a host as it is given: a name, brackets, the NUL */
	ADDRESS_MAX = 8,         /* addresses of one name; more are ignored */
	ADDRESS_TEXT_SIZE = 80,  /* of a written address, with its NUL */
	ADDRESS_ERR_SIZE = 512,  /* of each `err`, which gets a sentence when a call fails */
};

struct address {
	struct sockaddr_storage storage;
	socklen_t size;
};

/* Finds the addresses of a host, with this port. Returns how many there are, at least 1; -1 and
 * `err` if there are none. `to_listen`: only addresses that this host could serve on. Blocks while
 * the system's resolver works. */
int address_resolve(const char *host, uint16_t port, bool to_listen,
                    struct address addresses[ADDRESS_MAX], char err[ADDRESS_ERR_SIZE]);
/* The same for what is an address, and not a name; never blocks. 0: it may be a name. -1 and `err`:
 * it is neither. */
int address_read(const char *host, uint16_t port, struct address addresses[ADDRESS_MAX],
                 char err[ADDRESS_ERR_SIZE]);
/* Writes the address as "127.0.0.1:80" or "[::1]:80". */
void address_text(const struct address *address, char text[ADDRESS_TEXT_SIZE]);
/* The port, in the byte order of this machine. */
uint16_t address_port(const struct address *address);
/* Writes the host as 16 bytes, an IPv4 address as ::ffff:a.b.c.d. Gives whether it is of the
 * loopback interface. */
bool address_bytes(const struct address *address, uint8_t bytes[16]);
/* Writes such bytes as "127.0.0.1", or "2001:db8::" and "/64" if the last 64 bits are zero. */
void address_bytes_text(const uint8_t bytes[16], char text[ADDRESS_TEXT_SIZE]);
/* Whether both have the same host and port. */
bool address_equal(const struct address *a, const struct address *b);

/* Makes a non-blocking socket and binds it to the first address that this host has. Returns the
 * socket, which the caller closes; -1 and `err` if none can be bound, or if somebody else serves
 * the port on another of them: a name with two addresses would stand for two servers. *bound is the
 * address, in which port 0 has become the port that the system picked. Nobody can connect yet. */
int address_bind(const struct address *addresses, size_t count, struct address *bound,
                 char err[ADDRESS_ERR_SIZE]);
/* Lets others connect to the socket. Returns 0, or -1 and `err`. */
int address_listen(int fd, const struct address *bound, char err[ADDRESS_ERR_SIZE]);
/* Takes the next connection, and sets *from to where it comes from. Returns a non-blocking socket,
 * which the caller closes, or a negative errno value: -EAGAIN if there is no connection, -EINTR and
 * -ECONNABORTED if the next one may be there. Other errors stay for a while. */
int address_accept(int listener, struct address *from);

/* Begins to connect to the address. Returns a non-blocking socket, which the caller closes, or a
 * negative errno value. The dial has ended when the socket can be written to. */
int address_dial(const struct address *address);
/* How a dial ended: 0 if the socket is connected, or a negative errno value. */
int address_dialled(int fd);

#endif
