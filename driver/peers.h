/* SPDX-License-Identifier: MIT
 *
 * peers: the connections of a server. It accepts them, feeds what they send to the sessions,
 * appends the facts that come of it to the journal in their order, and writes what the sessions
 * have for them. It decides nothing.
 *
 *   peers = peers_new(loop, sessions, journal, listener);
 *   each turn:
 *           peers_begin_turn(peers);
 *           loop_turn(loop, peers_have_input(peers) ? 0 : ...);
 *           peers_continue_known(peers); goes on with what earlier turns left unused
 *           peers_write(peers);          pushes, and replies that wait for nothing
 *           ...                          commit, session_synced, peers_act
 *           peers_continue(peers);       strangers, whom nobody waits for
 *           peers_write(peers);          the replies that waited for the commit, and theirs
 *
 * A connection whose requests cost much has its turn after those who ask for less, and after those
 * who are logged in (fair.h). A turn takes no longer than the loop's slice (loop_is_late) and one
 * request more.
 */
#ifndef THREEFOLD_DRIVER_PEERS_H
#define THREEFOLD_DRIVER_PEERS_H

#include "session/session.h"
#include "journal/journal.h"
#include "io/loop.h"

enum {
	PEERS_CLOSE_MS = 1000,  /* a closed connection may take its last bytes for so long */
	PEERS_UNREAD_MS = 6000, /* nothing of what was written reaches the other side: closed */
	PEERS_LOG_MAX = 10,     /* lines a second about connections that were closed, and as
	                         * many about proofs that were wrong */
};

struct peers;

/* Begins to accept on `listener`, and takes it over. Sets *peers and returns 0; or returns a
 * negative errno value, and `listener` is still the caller's. The loop, the sessions and the
 * journal must outlive it. */
int peers_new(struct loop *l, struct sessions *sessions, struct journal *journal, int listener,
              struct peers **peers);
/* From now on `tell` is called when an operator asks how the replica is (SESSION_ASKED). It puts
 * the lines of figures into `to`. */
void peers_answer(struct peers *p, void (*tell)(void *context, struct buf *to), void *context);
/* Closes all connections. NULL is fine. */
void peers_free(struct peers *p);
/* Closes the listener. The connections go on. */
void peers_stop_accepting(struct peers *p);

/* The time of this turn, as the sessions count it. */
struct session_time peers_time(const struct peers *p);
/* Sets the counts of the turn back to 0. */
void peers_begin_turn(struct peers *p);
/* Whether somebody waits for peers_continue. */
bool peers_have_input(const struct peers *p);
/* Reads those who are logged in and wait for their turn, and feeds what they sent to the sessions,
 * until the turn is late. */
void peers_continue_known(struct peers *p);
/* The same for all who wait, so strangers have their part. */
void peers_continue(struct peers *p);
/* Carries out all actions of the sessions. Must be called after each call to a session that may
 * have made some. */
void peers_act(struct peers *p);
/* Writes what the sessions have, as far as the sockets take it. */
void peers_write(struct peers *p);

/* How many connections have sent something in this turn. */
size_t peers_heard(const struct peers *p);
/* How many bytes were written in this turn, to all connections. */
size_t peers_written(const struct peers *p);

#endif
