/* SPDX-License-Identifier: MIT
 *
 * listener: a socket on which a server accepts connections. It hands each one to its owner, with
 * the address that it comes from.
 *
 * Accepting may fail for a reason that does not pass at once: no descriptor, no memory, a rule of
 * the system. The socket stays readable then, so a loop that only tried again would never rest.
 * Instead the listener rests for LISTENER_REST_MS, and a line in the log says why, once a minute.
 * If it is descriptors that are lacking, a spare one is given up for a moment, so that the client
 * gets a line that says so. The last LISTENER_SPARED numbers of descriptors are for the owner's
 * files: if connections could take them, strangers would keep a journal from being written.
 */
#ifndef THREEFOLD_DRIVER_LISTENER_H
#define THREEFOLD_DRIVER_LISTENER_H

#include "io/address.h"
#include "io/loop.h"

enum {
	LISTENER_ACCEPT_MAX = 64,    /* connections in one turn: who is connected hardly waits */
	LISTENER_SPARED = 32,        /* of few descriptors: a quarter */
	LISTENER_REST_MS = 100,      /* after a failure that concerns no single connection */
	LISTENER_LOG_MS = 60 * 1000, /* between two lines about one kind of trouble */
};

struct listener {
	struct loop *loop;
	struct loop_source source; /* fd -1: closed */
	struct loop_timer rest;
	int spare;          /* -1: none could be had */
	int fd_end;         /* what is accepted has a smaller number */
	uint64_t failed_ms; /* the last lines, by loop_now_ms; 0: none yet */
	uint64_t refused_ms;
	void (*accepted)(struct listener *l, int fd, const struct address *from);
};

/* Begins to accept on `fd`, and takes it over. Whom it calls takes over what it is given. Returns
 * 0; or a negative errno value, and then `fd` is still the caller's. */
int listener_open(struct listener *l, struct loop *loop, int fd,
                  void (*accepted)(struct listener *l, int fd, const struct address *from));
/* Accepts no more. Does nothing if that was called before. */
void listener_close(struct listener *l);
/* Sends a line that a person can read to a connection that was just accepted, and closes it. */
void listener_refuse(struct listener *l, int fd, const char *why);

#endif
