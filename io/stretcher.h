/* SPDX-License-Identifier: MIT
 *
 * stretcher: makes keys of passwords on a thread of its own, one after another. Each key takes
 * milliseconds on purpose (fact/auth.h), and the loop must answer others meanwhile.
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
/* Drops the jobs that wait, waits for the job under way, and ends the thread. */
void stretcher_free(struct stretcher *s);

/* Adds a job: stretches `password`, which is copied, with `setting`. `owner` and `token` come back
 * in `done`. Returns 0, or a negative errno value if the system gives no thread. */
int stretcher_begin(struct stretcher *s, void *owner, uint32_t token, struct view password,
                    struct view setting);
/* Makes sure that `done` is not called for any of this owner's jobs. */
void stretcher_forget(struct stretcher *s, const void *owner);

#endif
