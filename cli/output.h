/* SPDX-License-Identifier: MIT
 *
 * output: the one way from the client to stdout. Lines for a script and bytes for a terminal both
 * go through it.
 */
#ifndef THREEFOLD_CLI_OUTPUT_H
#define THREEFOLD_CLI_OUTPUT_H

#include "base/buf.h"

/* Zeroed at the start. */
struct cli_output {
	bool has_ended;  /* a write has failed, so nothing more is written */
	bool has_failed; /* it failed for another reason than that the reader closed its end */
};

/* Writes all bytes to stdout, and waits as long as that takes, because a message counts as shown
 * only when it has left this process. A failure is logged once, and sets the flags above. */
void output_write(struct cli_output *output, struct view bytes);

#endif
