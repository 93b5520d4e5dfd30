/* SPDX-License-Identifier: MIT
 *
 * transcript: what a person reads: lines in a steady layout, for a terminal. Programs, and people
 * at the end of a pipe, read chat/script.h instead.
 *
 *   -- waiting since 12 Nov 18:03 --
 *   -- Thursday 12 November 2026 --
 *   18:03          bob: did you get the tickets?
 *   -- end of what waited: 1 message --
 *   -- Saturday 21 November 2026 --
 *   14:02       -> bob: yes, two
 *                     | and a third for carol                   the same message, its next line
 *   14:02       -> eve: hello [offline]                         what is not as it should be
 *   14:03 -- replica 0 (127.0.0.1:7001) is dead: closed the connection; replica 1 leads
 *
 * A line of a message begins with the time, then the sender's name (or an arrow and the
 * recipient's) at the right of a column whose width does not change; a longer name is shown whole
 * all the same, since a name that is cut may be somebody else's. The lines of a text after its
 * first are moved in behind that column and marked, and what a terminal might obey is a visible
 * mark (base/escape.h), so no text makes a line that looks like another message or like a notice:
 * these begin in the first column. No name is "--", nor has one a bracket. Where the window ends
 * the terminal wraps the line by itself, so that it can be copied as it was sent.
 *
 * Nothing is said that goes without saying: a message of one's own that is stored on all three
 * replicas for somebody who is online has no remark. A change of the replicas' is said once.
 *
 * The caller knows the time and the calendar of the person: each line is given the moment that it
 * shows, as `struct transcript_time`. Lines are appended to a buffer of the caller, with colours
 * (terminal/terminal.h takes them away where there are none).
 *
 * Pure but for the buffer.
 */
#ifndef THREEFOLD_CHAT_TRANSCRIPT_H
#define THREEFOLD_CHAT_TRANSCRIPT_H

#include "replication/replication.h"

enum {
	TRANSCRIPT_MARKS_MAX = 8, /* on one character; more are counted, not shown */
	TRANSCRIPT_NAMES_MAX = 3, /* recipients of one message that are named; the others are
	                            * counted */
};

/* A moment as the person's clock and calendar have it. */
struct transcript_time {
	uint64_t ms; /* since 1970 */
	unsigned year;
	unsigned month;   /* 1 to 12 */
	unsigned day;     /* 1 to 31 */
	unsigned weekday; /* 0: Sunday */
	unsigned hour;
	unsigned minute;
};

struct transcript {
	struct buf *out;
	const char *const *addresses; /* REPLICAS of them, as the person gave them */
	bool is_echoed;               /* a dumb terminal shows what was typed by itself */
	unsigned columns;             /* of the window; the caller keeps it true */
	bool has_day;
	struct transcript_time last; /* of the last line that had one */

	uint64_t waited; /* messages of the block that is open; 0: none is */

	/* Changes not said yet, so that what belongs together is one line. */
	bool changed[REPLICAS];
	bool live[REPLICAS];
	bool was_live[REPLICAS]; /* at any time */
	char why[REPLICAS][WHY_SIZE];
	bool leader_changed;
	uint8_t differing; /* replicas that were said to hold other facts than the leader */
};

/* `out` may grow by ESCAPE_GROWTH_MAX times what is shown. */
void transcript_init(struct transcript *t, struct buf *out, const char *const *addresses);
/* No line is needed to say that it is this day. */
void transcript_begin(struct transcript *t, const struct transcript_time *now);

/* ---- messages ---- */

/* `sent`: of the message. One that waited stands in a block of its own, which is ended by
 * transcript_waited_end, or by a message that did not wait. */
void transcript_message(struct transcript *t, const struct shown *shown,
                        const struct transcript_time *sent);
/* Ends the block if one is open. */
void transcript_waited_end(struct transcript *t);

enum transcript_own_state {
	TRANSCRIPT_SENDING, /* it was written, and takes long */
	TRANSCRIPT_WAITING, /* for a live replica, or its turn */
	TRANSCRIPT_ENDED,
};
/* A message of one's own. */
struct transcript_own {
	const struct view *to; /* none: to all */
	size_t to_count;
	struct view text;
	enum transcript_own_state state;
	/* TRANSCRIPT_ENDED: */
	enum outcome outcome;
	const char *detail;
	const struct result *result; /* NULL for what no replica was asked */
};
void transcript_own(struct transcript *t, const struct transcript_own *own,
                    const struct transcript_time *now);
/* So many messages that were shown as waiting are stored, on at least so many replicas. */
void transcript_sent(struct transcript *t, uint64_t count, uint32_t copies,
                     const struct transcript_time *now);
/* Any other line that was typed. What follows the first word of a secret one is not shown. */
void transcript_typed(struct transcript *t, struct view line, bool is_secret, bool waits);

/* ---- replicas ---- */

/* `why[i]` of those that are not live ("": it is). leader -1: none. */
void transcript_ready(struct transcript *t, int leader, const char *const why[REPLICAS],
                      const struct transcript_time *now);
/* Kept until transcript_changes says it. */
void transcript_replica(struct transcript *t, uint32_t index, bool live, const char *why);
void transcript_leader(struct transcript *t);
/* leader -1: none is live. */
void transcript_changes(struct transcript *t, int leader, const struct transcript_time *now);
/* Says whether the facts of all agree, if that is another answer than before. */
void transcript_facts(struct transcript *t, const struct replica_row rows[REPLICAS],
                      const struct transcript_time *now);
/* All of it, as it was asked for. */
void transcript_replicas(struct transcript *t, const struct replica_row rows[REPLICAS]);

/* ---- the rest ---- */

/* "14:03 -- TEXT"; the text is ours. */
void transcript_notice(struct transcript *t, const char *text, const struct transcript_time *now);
void transcript_logged_out(struct transcript *t, const char *why,
                           const struct transcript_time *now);

/* What stands before the line being typed: "alice r1 2/3 to bob, 4 new, 1 waiting> ": replica 1
 * leads, two of three are live. */
struct transcript_prompt {
	const char *own; /* "": not logged in */
	int leader;
	uint32_t live;
	const char *talk;
	uint64_t unread;
	uint64_t waiting;
};
enum { TRANSCRIPT_PROMPT_SIZE = 512 };
void transcript_prompt(const struct transcript_prompt *p, char text[TRANSCRIPT_PROMPT_SIZE]);

#endif
