/* SPDX-License-Identifier: MIT
 *
 * link: drives replication over a loop: dials, reads, writes, sets its timer, has its
 * passwords stretched, and hands to its owner what is meant for the user.
 *
 * All links of a loop stand in one pool, which has what they share: the input buffer, the thread
 * that stretches, and the list of those that have something to write. A link by itself is small,
 * so that one process can hold thousands (bench does).
 *
 *   pool = link_pool_new(loop);
 *   link = link_new(pool, targets, &options, handle, context);
 *   while (running) {
 *           loop_turn(loop, LOOP_NEVER);
 *           link_pool_settle(pool);           once a turn: actions are handed out, output is
 * written
 *   }
 *
 * `handle` is called from link_pool_settle alone, so commands may be given anywhere, in it too.
 * Before a link's time is looked at, all that its sockets hold is read: a process that was
 * stopped for a while finds its replicas' answers before it finds them silent, and what it had
 * written just before gets some more time to be answered.
 *
 * A name with several addresses is dialled at one after another within one try; if the try is
 * given up in between, the next one begins with the address after that.
 */
#ifndef THREEFOLD_DRIVER_LINK_H
#define THREEFOLD_DRIVER_LINK_H

#include "replication/replication.h"
#include "io/address.h"
#include "io/conn.h"

/* Where a replica is: the addresses of its host. */
struct link_target {
	struct address addresses[ADDRESS_MAX];
	size_t count; /* at least 1 */
};

struct link_pool;
struct link;

struct link_pool *link_pool_new(struct loop *l);
/* All its links are freed. */
void link_pool_free(struct link_pool *p);
/* Hands out actions and writes output, of all links that have any. */
void link_pool_settle(struct link_pool *p);

/* Begins to dial. `targets`, REPLICAS of them, must outlive the link. `handle` gets the actions
 * for the user (ACTION_READY and those after it); what they point to lives until it returns. It
 * must not free the link. */
struct link *link_new(struct link_pool *p, const struct link_target *targets,
                      const struct replication_options *options,
                      void (*handle)(void *context, const struct action *action), void *context);
/* Closes the connections; what was not written is lost. */
void link_free(struct link *k);

/* As replication_command. */
uint32_t link_command(struct link *k, const struct command *command);
/* For the questions of replication/replication.h; nobody else feeds it. */
const struct replication *link_replication(const struct link *k);
struct replication_time link_time(const struct link *k);
/* Nothing waits to be written, or to be taken by the replicas' sockets. */
bool link_is_flushed(struct link *k);

#endif
