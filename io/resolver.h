/* SPDX-License-Identifier: MIT
 *
 * resolver: the addresses of a host name, found on a thread of its own.
 *
 * The system's resolver may block for half a minute, while other hosts are waited for. And a name
 * may lead elsewhere later. So whoever dials asks again from time to time, and looks whether there
 * is an answer. Nobody waits for the thread: if the answer is not wanted any more, the thread frees
 * it.
 */
#ifndef THREEFOLD_IO_RESOLVER_H
#define THREEFOLD_IO_RESOLVER_H

#include "io/address.h"

struct resolver;

/* Begins to find the addresses of a host. Returns what the caller frees; NULL if the system gives
 * no thread. */
struct resolver *resolver_begin(const char *host, uint16_t port);
/* Whether there is an answer. Waits for it, but not longer than so many milliseconds. */
bool resolver_has_ended(struct resolver *r, unsigned ms);
/* The answer, once: as address_resolve gives it. */
int resolver_take(struct resolver *r, struct address addresses[ADDRESS_MAX],
                  char err[ADDRESS_ERR_SIZE]);
/* Frees it, also before its answer. NULL is fine. */
void resolver_free(struct resolver *r);

#endif
