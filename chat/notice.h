/* SPDX-License-Identifier: MIT
 *
 * notice: what somebody who only wants to talk is told of the replicas, in lines among the
 * messages: that there are fewer copies, that none is live, that this is over. How many are live
 * stands above the prompt at any time (chat/status.h), so a line is for what lasts. One trouble is
 * two lines at most, one at its begin and one at its end, also if the replicas stop one by one
 * within a few seconds:
 *
 *   told   when                              line                          then told
 *   WELL   fewer than three, and no other    there are fewer copies        FEWER
 *          one stopped for FEWER_MS
 *   FEWER  all three for WELL_MS             all are live again            WELL
 *   any    none is live                      none, what is typed waits     NONE
 *   NONE   all three, or some for BACK_MS    so many are live again        WELL, BACK
 *   BACK   all three for WELL_MS             -                             WELL
 *
 * Pure: the time comes in with each event.
 */
#ifndef THREEFOLD_CHAT_NOTICE_H
#define THREEFOLD_CHAT_NOTICE_H

#include "replication/replication.h"

enum {
	/* A server that is started anew is away for less; and so soon after one that was stopped
	 * comes the next. */
	NOTICE_FEWER_MS = 5000,
	/* One that comes and goes puts it off no longer. */
	NOTICE_FEWER_MAX_MS = 15 * 1000,
	/* Servers that are started anew one after the other are all there for less in between. */
	NOTICE_WELL_MS = 5000,
	/* Those that were stopped together do not come back in one moment. */
	NOTICE_BACK_MS = 3000,
	NOTICE_SIZE = 128,
};

/* What is told if none is live, of everybody's and of the operator's lines. */
#define NOTICE_NONE_TEXT "no replica is live; the client keeps trying, and what you type waits"

enum notice_told { NOTICE_WELL, NOTICE_FEWER, NOTICE_NONE, NOTICE_BACK };

struct notice {
	enum notice_told told;
	uint32_t live;
	uint64_t since_ms; /* all are live, or some, or none, since then */
	uint64_t some_ms;  /* at least one is, since then */
	uint64_t lost_ms;  /* when one stopped last */
};

/* So many replicas are live at the start. Writes the line about it. */
void notice_begin(struct notice *n, uint32_t live, uint64_t now_ms, char text[NOTICE_SIZE]);
/* So many are live now. True if there is a line about it, which is written to `text`. To be called
 * at every change, and at the deadline. */
bool notice_live(struct notice *n, uint32_t live, uint64_t now_ms, char text[NOTICE_SIZE]);
/* When notice_live may have a line although nothing changes; UINT64_MAX: never. */
uint64_t notice_deadline(const struct notice *n);

#endif
