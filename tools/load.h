/* SPDX-License-Identifier: MIT
 *
 * load: one process's run of a closed-loop load, from its accounts to its tally.
 *
 * Each sender keeps `depth` requests in flight and begins the next one when one has ended, on the
 * same replication as every client. All accounts of a run share one setting and one password,
 * which is stretched once, before anything is measured.
 *
 * It belongs to bench: a failure to prepare is told on stderr and ends the process.
 */
#ifndef THREEFOLD_TOOLS_LOAD_H
#define THREEFOLD_TOOLS_LOAD_H

#include "driver/dial.h"
#include "fact/auth.h"
#include "tools/tally.h"

enum load_mode {
	LOAD_STORE,    /* messages to offline recipients; counted when acknowledged */
	LOAD_LIVE,     /* messages to a recipient who is logged in; counted when shown */
	LOAD_LOGIN,    /* log in and out again; each log-in is counted */
	LOAD_LIST,     /* pages of accounts whose names have one prefix, all of them */
	LOAD_IDLE,     /* clients that log in and stay; counted when logged in */
	LOAD_FAILOVER, /* as LOAD_STORE; whoever started the servers kills them */
	LOAD_MODE_END,
};

struct load_options {
	enum load_mode mode;
	uint64_t senders;
	uint64_t depth; /* requests in flight of each sender */
	uint64_t text_size;
	uint64_t measure_ms;
	uint64_t users; /* recipients, or accounts to be listed */
	uint64_t to;    /* recipients of each message, at most `users` */
	bool json;      /* a program reads stdout */
	struct dial_target targets[REPLICAS];
};

enum { LOAD_TAG_SIZE = 12 }; /* with the NUL */

/* What all accounts of a run have in common. */
struct load_key {
	char tag[LOAD_TAG_SIZE]; /* what their names begin with */
	char setting[AUTH_SETTING_TEXT_SIZE];
	uint8_t stretched[KEY_SIZE];
};

/* Which part of a run a process has. Senders and accounts are dealt out in turn. */
struct load_share {
	uint32_t process;   /* which one it is ... */
	uint32_t processes; /* ... of how many */
	int ready_fd;       /* gets a byte when everything is prepared; -1: there is one process */
	int go_fd;          /* gives a byte when all processes are prepared */
};

/* Makes a new tag and a new setting, and stretches the password. */
void load_key_make(struct load_key *key);
/* Makes the accounts, runs the load, and fills in `tally`. */
void load_run(const struct load_options *o, const struct load_key *key,
              const struct load_share *share, struct tally *tally);
/* How many descriptors one process of `processes` needs at most. */
uint64_t load_descriptors(const struct load_options *o, uint64_t processes);
/* Tells on stdout that the load begins, if a program reads there. A run of one process does so by
 * itself. */
void load_announce(const struct load_options *o);

#endif
