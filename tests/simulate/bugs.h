/* SPDX-License-Identifier: MIT
 *
 * simulate_bugs: deliberate bugs that can be switched on, one at a time, to see whether the
 * simulator finds them.
 */
#ifndef THREEFOLD_TESTS_SIMULATE_BUGS_H
#define THREEFOLD_TESTS_SIMULATE_BUGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_bug {
	const char *name;
	uint64_t seeds; /* the simulator must find it within so many, from 1 on */
	uint64_t known; /* this one found it when the row was written, and is tried first */
	const char *what;
};
extern const struct sim_bug sim_bugs[];
extern const size_t sim_bugs_count;

/* Switches a bug on, and any other off. False if there is no bug of this name (NULL: none). */
bool sim_bug_switch_on(const char *name);
/* Whether this program was built with the bugs. */
bool sim_bugs_built(void);

#endif
