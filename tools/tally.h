/* SPDX-License-Identifier: MIT
 *
 * tally: what a load has measured: latencies, errors and pauses. The tallies of several processes
 * add up to one.
 */
#ifndef THREEFOLD_TOOLS_TALLY_H
#define THREEFOLD_TOOLS_TALLY_H

#include "base/buf.h"

enum { TALLY_UNIT_NS = 100 }; /* of a latency; the largest value stands for all above it, 429 s */

/* All zero at first: struct tally t = { .count = 0 }. */
struct tally {
	uint32_t *latencies; /* of every result that was measured, in TALLY_UNIT_NS */
	size_t count;
	size_t capacity;
	uint64_t errors;
	uint64_t longest_pause_ns; /* between two results of one sender */
	uint64_t measured_ns;
};

/* Gives the memory back. The tally is as at first. */
void tally_release(struct tally *t);
/* Adds the latency of one more result. */
void tally_add(struct tally *t, uint64_t latency_ns);
/* Sorts the latencies, which tally_percentile needs. */
void tally_sort(struct tally *t);
/* The latency in microseconds that `percent` (0 to 100) of all do not exceed; 0 if none is there.
 * The latencies are sorted. */
double tally_percentile(const struct tally *t, double percent);
/* Writes the tally to a pipe, for another process of the same build. False if that fails. */
bool tally_write(const struct tally *t, int fd);
/* Adds the tally that is read from a pipe to `t`. False if the pipe ended before, or is broken. */
bool tally_read(struct tally *t, int fd);

#endif
