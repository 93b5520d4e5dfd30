/* SPDX-License-Identifier: MIT
 *
 * syncer: a thread beside the loop's. It runs one job at a time, waits in it for what takes its
 * time (the disk, above all), and wakes the loop when it is done.
 *
 * What the job is, it does not know: `run` is called on the thread, once for each syncer_start, and
 * `done` afterwards on the loop's thread, in a turn. What `run` has written is seen in `done`. In
 * between the caller leaves alone what `run` uses.
 */
#ifndef THREEFOLD_IO_SYNCER_H
#define THREEFOLD_IO_SYNCER_H

#include "io/loop.h"

struct syncer;

/* Starts the thread, with all signals blocked. NULL if the system has none; errno says why. */
struct syncer *syncer_new(struct loop *l, void (*run)(void *context), void (*done)(void *context),
                          void *context);
/* Ends the thread; no job is running. */
void syncer_free(struct syncer *s);

/* No job is running. */
void syncer_start(struct syncer *s);
/* From syncer_start until `done` is called, or syncer_wait has returned. */
bool syncer_is_running(const struct syncer *s);
/* Waits for the job, if one is running, and does not call `done` for it. */
void syncer_wait(struct syncer *s);

#endif
