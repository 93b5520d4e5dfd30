/* SPDX-License-Identifier: MIT
 *
 * syncer: a thread beside the loop's, for jobs that wait for the disk. It runs one job at a time
 * and wakes the loop when the job is done.
 *
 * The caller defines the job: `run` is called on the thread, once for each syncer_start, and `done`
 * afterwards on the loop's thread, in a turn. `done` sees what `run` has written. Between the start
 * and `done` the caller must not touch what `run` uses.
 */
#ifndef THREEFOLD_IO_SYNCER_H
#define THREEFOLD_IO_SYNCER_H

#include "io/loop.h"

struct syncer;

/* Starts the thread, with all signals blocked. NULL if the system has none; errno says why. */
struct syncer *syncer_new(struct loop *l, void (*run)(void *context), void (*done)(void *context),
                          void *context);
/* Ends the thread. No job may be running. */
void syncer_free(struct syncer *s);

/* Starts a job. No other job may be running. */
void syncer_start(struct syncer *s);
/* Whether a job is running: from syncer_start until `done` is called, or until syncer_wait has
 * returned. */
bool syncer_is_running(const struct syncer *s);
/* Waits for the job, if one is running, and does not call `done` for it. */
void syncer_wait(struct syncer *s);
/* The same, for `ms` milliseconds at most. False if the job is still running then: the syncer and
 * what the job uses must stay. */
bool syncer_wait_for(struct syncer *s, uint64_t ms);

#endif
