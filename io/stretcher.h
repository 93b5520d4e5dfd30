/* SPDX-License-Identifier: MIT
 *
 * stretcher: makes keys of passwords on a thread of its own, one after another, because each takes
 * milliseconds on purpose (fact/auth.h), in which a loop would answer nobody.
 *
 * There is one for a loop; the thread begins with the first job. Passwords are copied, and wiped
 * afterwards.
 */
#ifndef THREEFOLD_IO_STRETCHER_H
#define THREEFOLD_IO_STRETCHER_H

#include "io/loop.h"

struct stretcher;

/* `done` is called on the loop's thread, in a turn, for each job that was not forgotten: with the
 * KEY_SIZE bytes, or NULL if they could not be made. */
struct stretcher *stretcher_new(struct loop *l, void (*done)(void *owner, uint32_t token,
                                                             const uint8_t *stretched));
/* Waits for the job under way; the others are dropped. */
void stretcher_free(struct stretcher *s);

/* 0, or a negative errno value if the system gives no thread. */
int stretcher_begin(struct stretcher *s, void *owner, uint32_t token, struct view password,
                    struct view setting);
/* None of this owner's jobs is told of any more. */
void stretcher_forget(struct stretcher *s, const void *owner);

#endif
