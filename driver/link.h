/* SPDX-License-Identifier: MIT
 *
 * link: drives replication over a loop. It dials, reads, writes, sets a timer, has passwords
 * stretched, and hands to its owner what is meant for the user.
 *
 * All links of a loop stand in one pool. The pool has what they share: the input buffer, the thread
 * that stretches passwords, and the list of links to be settled. A link by itself is small, so that
 * one process can hold thousands (bench does).
 *
 *   pool = link_pool_new(loop);
 *   link = link_new(pool, targets, &options, handle, context);
 *   while (running) {
 *           loop_turn(loop, LOOP_NEVER);
 *           link_pool_settle(pool);          once a turn: hands out actions, writes output
 *   }
 *
 * Commands may be given at any time, also by `handle`, which link_pool_settle alone calls.
 *
 * When a link's timer expires, all that its sockets hold is read first: a process that was stopped
 * for a while finds the answers of its replicas before it finds them silent. What it had written
 * just before gets some more time to be answered.
 */
#ifndef THREEFOLD_DRIVER_LINK_H
#define THREEFOLD_DRIVER_LINK_H

#include "driver/dial.h"

struct link_pool;
struct link;

/* The pool is the caller's, to be freed before the loop. */
struct link_pool *link_pool_new(struct loop *l);
/* All its links have been freed. NULL is fine. */
void link_pool_free(struct link_pool *p);
/* Hands out the actions and writes the output of all links that have any. */
void link_pool_settle(struct link_pool *p);

/* Makes a link, which begins to dial when the pool is settled. `targets` must outlive it; `options`
 * are copied. `handle` gets the actions for the user (ACTION_READY and those after it), each with
 * `context`. What an action points to lives until `handle` returns. It must not free the link. */
struct link *link_new(struct link_pool *p, const struct dial_target targets[REPLICAS],
                      const struct replication_options *options,
                      void (*handle)(void *context, const struct action *action), void *context);
/* Closes the connections. What was not written is lost. NULL is fine. */
void link_free(struct link *k);

/* Begins a command, as replication_command does, and returns its token. */
uint32_t link_command(struct link *k, const struct command *command);
/* The message with this serial and all before it have left the process: see replication_shown. May
 * be called by `handle`. Who never calls it is handed HANDED_COUNT_MAX messages and no more. */
void link_shown(struct link *k, uint64_t serial);
/* The output has failed for ever: see replication_blind. */
void link_blind(struct link *k);
/* Whether somebody is logged in, and then the account's name as it is shown; else `name` is
 * untouched. */
bool link_is_logged_in(const struct link *k, char name[DISPLAY_SIZE]);
/* The replication behind the link, for the questions of replication/replication.h. Only the link
 * feeds it. */
const struct replication *link_replication(const struct link *k);
/* The time of this turn, as replication counts it. */
struct replication_time link_time(const struct link *k);
/* Whether no connection has anything to be written. */
bool link_is_flushed(struct link *k);

#endif
