/* SPDX-License-Identifier: MIT
 *
 * server_peers: the connections of a server. It accepts them, feeds what they send to the sessions,
 * gives the facts that come of it to the journal in their order, and writes what the sessions have
 * for them. It decides nothing.
 *
 *   peers = peers_new(loop, sessions, journal, listener);
 *   each turn:
 *           peers_begin_turn(peers);
 *           loop_turn(loop, peers_have_input(peers) ? 0 : ...);
 *           peers_continue(peers);       what was left unused by turns before
 *           peers_write(peers);          pushes, and replies that hold for nothing
 *           ...                          commit, session_synced, peers_act
 *           peers_write(peers);          the replies that waited for it
 *
 * Each connection is read and written at most once in a turn. One that sends much is cut short when
 * the turn is late (loop_is_late), and goes on, after all others, in the next one.
 */
#ifndef THREEFOLD_DRIVER_PEERS_H
#define THREEFOLD_DRIVER_PEERS_H

#include "session/session.h"
#include "journal/journal.h"
#include "io/loop.h"

enum {
	/* For how long a closed connection may still take its last bytes, the line that says
	 * why. */
	PEERS_CLOSE_MS = 1000,
	PEERS_LOG_MAX = 10, /* lines a second about connections that were closed */
};

struct peers;

/* Accepts on `listener`, which it takes over. 0 and *peers; or a negative errno value. The
 * others must outlive it. */
int peers_new(struct loop *l, struct sessions *sessions, struct journal *journal, int listener,
              struct peers **peers);
/* Closes all connections. */
void peers_free(struct peers *p);
void peers_stop_accepting(struct peers *p);

/* The time of this turn. */
struct session_time peers_time(const struct peers *p);
void peers_begin_turn(struct peers *p);
/* Whether whole frames may wait that were received already. */
bool peers_have_input(const struct peers *p);
void peers_continue(struct peers *p);
/* Takes all actions of the sessions: to be called after every call of theirs that may have made
 * some. */
void peers_act(struct peers *p);
void peers_write(struct peers *p);

/* In this turn: how many connections have sent something, and how many bytes were written to
 * any. */
size_t peers_heard(const struct peers *p);
size_t peers_written(const struct peers *p);

#endif
