/* SPDX-License-Identifier: MIT
 *
 * bench: what the parts of the load generator share. Nobody else includes it.
 *
 *   tools/bench.c   options, processes, what is printed
 *   tools/bench_options.c   the command line
 *   tools/load.c    one process's run: accounts, senders, their states
 *   tools/tally.c   latencies and counts
 *
 * It is a closed loop: each sender keeps `depth` requests in flight and begins the next when one
 * has ended, on the same replication as every client. All accounts of a run share one setting
 * and one password, which is stretched once, before anything is measured.
 */
#ifndef THREEFOLD_TOOLS_BENCH_H
#define THREEFOLD_TOOLS_BENCH_H

#include "fact/auth.h"
#include "driver/link.h"

#include <stdio.h>

enum bench_mode {
	BENCH_STORE,    /* messages to offline recipients; counted when acknowledged */
	BENCH_LIVE,     /* messages to a recipient who is logged in; counted when shown */
	BENCH_LOGIN,    /* log in and out again; the log in is counted */
	BENCH_LIST,     /* pages of accounts whose names have one prefix, all of them */
	BENCH_IDLE,     /* clients that log in and stay; counted when logged in */
	BENCH_FAILOVER, /* as STORE; whoever started the servers kills them */
	BENCH_MODE_END,
};
extern const char *const bench_mode_names[BENCH_MODE_END];

enum {
	BENCH_SENDERS_MAX = 100000,
	BENCH_DEPTH_MAX = 4096,
	BENCH_USERS_MAX = 10000000,
	BENCH_WARM_MS = 500,   /* at most; and at most a quarter of what is measured */
	BENCH_WAIT_MS = 10000, /* for a replica that is live, and for the last results */
	BENCH_TAG_SIZE = 12,   /* with the NUL: what the names of a run's accounts begin with */
};

struct bench_options {
	enum bench_mode mode;
	uint64_t senders;
	uint64_t depth;
	uint64_t text_size;
	uint64_t measure_ms;
	uint64_t users;
	bool json;
	struct dial_target targets[REPLICAS];
};
/* Reads the command line and resolves every host. Help, version and mistakes end the program. */
void bench_options_read(struct bench_options *o, int argc, char **argv);

#define BENCH_PASSWORD "a-password-of-bench"

/* What all accounts of a run have in common. */
struct bench_key {
	char tag[BENCH_TAG_SIZE];
	char setting[AUTH_SETTING_TEXT_SIZE];
	uint8_t stretched[KEY_SIZE];
};

/* ---- figures ---- */

enum { TALLY_UNIT_NS = 100 }; /* of a latency; the largest value stands for all above it, 429 s */

struct tally {
	uint32_t
		*latencies; /* of every result in the time that is measured; sorted by tally_sort */
	size_t count;
	size_t capacity;
	uint64_t errors;
	uint64_t longest_pause_ns; /* between two results of one sender */
	uint64_t measured_ns;
};

/* Gives the memory back; the tally is as at first. */
void tally_release(struct tally *t);
/* One more result. */
void tally_add(struct tally *t, uint64_t latency_ns);
/* Puts the latencies in their order. */
void tally_sort(struct tally *t);
/* The latency that `percent` of all do not exceed, in microseconds; 0 if there is none. Sorted. */
double tally_percentile(const struct tally *t, double percent);
/* Through a pipe to another process of the same build; false if it is broken. */
bool tally_write(const struct tally *t, int fd);
/* Adds what stands there to `t`. */
bool tally_read(struct tally *t, int fd);

/* ---- one process ---- */

struct bench_share {
	uint32_t process;   /* which it is ... */
	uint32_t processes; /* ... of how many: senders and accounts are dealt out in turn */
	int ready_fd;       /* gets a byte when everything is prepared; -1: nobody else is there */
	int go_fd;          /* gives one when all are */
};

/* Runs and fills in `tally`. A failure to prepare says why and ends the process. */
void bench_run(const struct bench_options *o, const struct bench_key *key,
               const struct bench_share *share, struct tally *tally);
/* Descriptors that one process of `processes` needs at most. */
uint64_t bench_descriptors(const struct bench_options *o, uint64_t processes);
/* Tells whoever watches that the measurement begins. */
void bench_announce(const struct bench_options *o);

#endif
