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
	bool has_ended;  /* nobody takes what is written any more, so nothing more is written */
	bool has_failed; /* and not because the reader closed its end: that is no mistake */
};

/* Writes all bytes to stdout and waits as long as that takes: a message counts as shown only when
 * it has left this process. A failure is logged once, and sets the marks above. */
void output_write(struct cli_output *output, struct view bytes);

#endif
