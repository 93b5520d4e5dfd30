/* SPDX-License-Identifier: MIT
 *
 * invite: an operator makes an invitation (fact/invitation.h), for servers that take only accounts
 * of who is invited. Each of them checks it by the operator's key alone, so none is asked.
 */
#ifndef THREEFOLD_TOOLS_INVITE_H
#define THREEFOLD_TOOLS_INVITE_H

#include "fact/fact.h"
#include "io/options.h"

/* Prints one that is good up to `expiry_ms`, milliseconds since 1970, on stdout, and on stderr for
 * the servers of which cluster. EXIT_REFUSED, with a sentence on stderr: it could not. */
enum exit_status invite_print(const uint8_t key[KEY_SIZE], uint64_t expiry_ms);

#endif
