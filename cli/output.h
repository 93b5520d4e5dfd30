/* SPDX-License-Identifier: MIT
 *
 * output: the one way from the client to stdout. Lines for a script and bytes for a terminal both
 * go through it. It is also the one place that knows what has left the process, so it says which
 * messages are shown: those whose bytes the system has taken, all of them, without an error. What
 * stands in a pipe or a socket is lost if its reader ends, and the system says how much that is. So
 * a message there is shown when it was read, or when somebody has waited long enough for that. What
 * stands in a terminal's buffer is lost with its window, and nobody says how much that is. So a
 * message on a terminal is shown when the terminal is still there a moment later.
 *
 * Nobody has to wait for a reader who stalls: what stdout does not take is kept and written when
 * there is room, so that signals and replicas are still served. What is kept is bounded: beyond
 * OUTPUT_KEPT_MAX a write waits for room, or for a signal. Messages alone never come so far: at
 * most 1 MiB of them is handed out, and JSON makes six bytes of one.
 */
#ifndef THREEFOLD_CLI_OUTPUT_H
#define THREEFOLD_CLI_OUTPUT_H

#include "base/ring.h"
#include "io/loop.h"

enum { OUTPUT_KEPT_MAX = 8 * 1024 * 1024 };

struct cli_output {
	struct loop *loop;
	struct loop_source source; /* its fd: stdout, without waiting if that is possible */
	bool is_listening;         /* for room */
	bool is_tty;
	bool is_socket;
	bool may_wait;    /* a write may: so only small ones are done, when there is room */
	bool is_hasty;    /* the owner sets it: nothing is waited for any more but the log-out */
	bool has_ended;   /* a write has failed, so nothing more is written */
	bool has_failed;  /* it failed for another reason than that the reader closed its end */
	struct buf kept;  /* not written yet */
	uint64_t written; /* bytes, ever */
	uint64_t earlier; /* of them, when a terminal was looked at last, */
	uint64_t settled; /* and the time before */
	struct ring ends; /* of messages that are not shown: struct output_end */
	uint64_t mark;    /* another one than before: the reader of a pipe has read something */
	unsigned look_ms; /* until the next look at that, as long as there are any; 0: a file */
	struct loop_timer look;
	uint64_t shown; /* the serial of the last message that was */
};

/* Begins with nothing written. The loop must outlive it; it must not move. */
void output_init(struct cli_output *output, struct loop *l);
/* Stops its timer and frees its memory. What is kept is dropped. */
void output_release(struct cli_output *output);
/* Writes all bytes to stdout, now or when there is room. A failure is logged once, and sets the
 * flags above. */
void output_write(struct cli_output *output, struct view bytes);
/* Says that all bytes of the message with this serial, and of those before it, were given to
 * output_write. From then on it is found out when they are shown. */
void output_message(struct cli_output *output, uint64_t serial);
/* Whether all bytes are written. */
bool output_is_empty(const struct cli_output *output);
/* Whether all messages are shown, too. */
bool output_is_shown(const struct cli_output *output);
/* What stands in the pipe is not waited for any longer: it counts as read. */
void output_presume(struct cli_output *output);
/* Waits until all bytes are written and all messages shown, until it fails, or until a signal
 * comes; but no longer than this if nothing moves. LOOP_NEVER: for the bytes alone. */
void output_wait(struct cli_output *output, uint64_t ms);

#endif
