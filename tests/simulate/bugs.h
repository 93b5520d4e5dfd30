/* SPDX-License-Identifier: MIT
 *
 * simulate_bugs: the rules that can be taken away, one at a time, to see whether the simulator
 * notices.
 */
#ifndef THREEFOLD_TESTS_SIMULATE_BUGS_H
#define THREEFOLD_TESTS_SIMULATE_BUGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_bug {
	const char *name;
	uint64_t seeds; /* within so many it is found */
	const char *what;
};
extern const struct sim_bug sim_bugs[];
extern const size_t sim_bugs_count;

/* False: there is no such bug. */
bool sim_bug_switch_on(const char *name);
/* Whether this program has them at all. */
bool sim_bugs_built(void);

#endif
