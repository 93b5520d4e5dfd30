/* SPDX-License-Identifier: MIT
 *
 * transcript: what a person at a terminal reads: lines in a steady layout. Programs, and people at
 * the end of a pipe, read the lines of chat/script.h instead.
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
 * The line of a message begins with the time. Then comes the sender's name, or an arrow and the
 * recipient's name, at the right of a column whose width does not change. A longer name is still
 * shown whole, because a name that is cut may be somebody else's.
 *
 * No text can make a line that looks like another message or like a notice: these begin in the
 * first column, and the lines of a text after its first are moved in and marked. What a terminal
 * might obey becomes a visible mark (base/escape.h). No name is "--", and no name has a bracket.
 * The terminal wraps a long line by itself, so that it can be copied as it was sent.
 *
 * What is as it should be is not mentioned: a message that is stored on all three replicas, for
 * somebody who is online, has no remark. A change of the replicas is told once.
 *
 * The caller knows the clock and the calendar of the person: it gives each line its moment as a
 * `struct transcript_time`. Lines are appended to a buffer of the caller, with colours;
 * terminal/terminal.h takes these away where there are none.
 *
 * Pure but for the buffer.
 */
#ifndef THREEFOLD_CHAT_TRANSCRIPT_H
#define THREEFOLD_CHAT_TRANSCRIPT_H

#include "replication/replication.h"

enum {
	TRANSCRIPT_MARKS_MAX = 8, /* on one character; more are counted, not shown */
	/* Rows of one message; what more it has is counted, not shown. In a window that is not so
	 * high they are two thirds of its rows, but at least the lesser number. */
	TRANSCRIPT_ROWS_MAX = 40,
	TRANSCRIPT_ROWS_MIN = 4,
	TRANSCRIPT_HOME = 2,      /* where the further rows of a line without a column begin */
	TRANSCRIPT_NAMES_MAX = 3, /* recipients of one message that are named; the others are
	                            * counted */
};

/* A moment in the local time of the person. */
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
	bool is_echoed;               /* a dumb terminal itself shows what was typed */
	unsigned columns;             /* of the window; the caller keeps it true */
	unsigned rows;                /* of the window, 0: not known; the caller keeps it true */
	bool wraps;                   /* lines are broken between words; the caller keeps it true */
	uint64_t folded;              /* messages that were, so far */
	bool is_unfolded;             /* all rows of a message are shown; the caller sets it */
	size_t widest;                /* of the names that fit in a third of the window */
	size_t home;                  /* where the further rows of the line under way begin */
	bool has_day;
	struct transcript_time last; /* of the last line that had one */

	uint64_t waited; /* messages of the block that is open; 0: none is */

	/* How many copies one's last message has, if they are too few: that was said. The caller
	 * sets it to 0 when it is to be said anew. */
	uint32_t few_copies;

	/* Changes not said yet, so that what belongs together is one line. */
	bool changed[REPLICAS];
	bool live[REPLICAS];
	bool was_live[REPLICAS]; /* at any time */
	char why[REPLICAS][WHY_SIZE];
	bool leader_changed;
	uint8_t differing; /* replicas that were said to hold other facts than the leader */
};

/* Begins with nothing shown; there is nothing to release. `out` and the REPLICAS `addresses` live
 * longer than the transcript. `out` may grow by ESCAPE_GROWTH_MAX times what is shown. */
void transcript_init(struct transcript *t, struct buf *out, const char *const *addresses);
/* Sets the day, so that no line names it before it changes. */
void transcript_begin(struct transcript *t, const struct transcript_time *now);

/* Breaks the lines that stand in `out` from `from` on into rows, if lines are broken: for lines
 * that were made elsewhere. Each ends in a newline. */
void transcript_wrap(struct transcript *t, size_t from);
/* The day that a row of messages names, as "Friday 27 November 2026"; empty if it names none. It is
 * a part of the row. */
struct view transcript_day(struct view row);

/* ---- messages ---- */

/* Shows a message that was received; `sent` is its time. Messages that waited for the log-in stand
 * in a block of their own, which transcript_waited_end or a message that did not wait ends. */
void transcript_message(struct transcript *t, const struct shown *shown,
                        const struct transcript_time *sent);
/* Ends the block if one is open. */
void transcript_waited_end(struct transcript *t);

enum transcript_own_state {
	TRANSCRIPT_SENDING, /* it was written, and takes long */
	TRANSCRIPT_WAITING, /* for a live replica, or its turn */
	TRANSCRIPT_ENDED,
};
/* A message that the person sends. */
struct transcript_own {
	const struct view *to; /* none: to all */
	size_t to_count;
	struct view text;
	enum transcript_own_state state;
	bool is_old; /* it was shown at its time: who was online then is of no interest */
	/* TRANSCRIPT_ENDED: */
	enum outcome outcome;
	const char *detail;
	const struct result *result; /* NULL for what no replica was asked */
};
/* Shows a message that the person sends, in the state that it has now. `own` is not kept. One that
 * was shown as waiting, and is stored later, is counted by transcript_sent. */
void transcript_own(struct transcript *t, const struct transcript_own *own,
                    const struct transcript_time *now);
/* Tells that `count` messages that were shown as waiting are stored, each on `copies` replicas or
 * more. `count` is not 0. */
void transcript_sent(struct transcript *t, uint64_t count, uint32_t copies,
                     const struct transcript_time *now);
/* Shows any other line that was typed, of a secret one (chat/secret.h) only the first word.
 * `waits`: its turn has not come. */
void transcript_typed(struct transcript *t, struct view line, bool is_secret, bool waits);

/* ---- replicas ---- */

/* Shows which replicas are live at the start. why[i]: why replica i is dead; "": it is live.
 * leader -1: none leads. */
void transcript_ready(struct transcript *t, int leader, const char *const why[REPLICAS],
                      const struct transcript_time *now);
/* Remembers that a replica became live, or dead for the reason `why` (a phrase, which is copied),
 * until transcript_changes tells it. */
void transcript_replica(struct transcript *t, uint32_t index, bool live, const char *why);
/* Remembers that another replica leads, until transcript_changes tells which. */
void transcript_leader(struct transcript *t);
/* Tells the changes since the last call, if there are any. leader -1: no replica is live. */
void transcript_changes(struct transcript *t, int leader, const struct transcript_time *now);
/* Tells whether the facts of all replicas agree, if that changed. */
void transcript_facts(struct transcript *t, const struct replica_row rows[REPLICAS],
                      const struct transcript_time *now);
/* Shows the answer to /replicas: a table. */
void transcript_replicas(struct transcript *t, const struct replica_row rows[REPLICAS]);

/* ---- the rest ---- */

/* Appends "14:03 -- TEXT". The text may hold foreign bytes. */
void transcript_notice(struct transcript *t, const char *text, const struct transcript_time *now);
/* Appends "-- TEXT --", without a time: what stands below or above it. The text may hold foreign
 * bytes. */
void transcript_rule(struct transcript *t, const char *text);
/* Tells that the session ended without a command, and ends the block of what waited. `why` is a
 * phrase. */
void transcript_logged_out(struct transcript *t, const char *why,
                           const struct transcript_time *now);

#endif
