/* SPDX-License-Identifier: MIT
 *
 * client_view: what a person reads: lines in a steady layout, for a terminal. Programs, and people
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
 * shows, as `struct client_view_time`. Lines are appended to a buffer of the caller, with colours
 * (terminal/terminal.h takes them away where there are none).
 *
 * Pure but for the buffer.
 */
#ifndef THREEFOLD_CHAT_VIEW_H
#define THREEFOLD_CHAT_VIEW_H

#include "replication/replication.h"

enum {
	CLIENT_VIEW_MARKS_MAX = 8, /* on one character; more are counted, not shown */
	CLIENT_VIEW_NAMES_MAX = 3, /* recipients of one message that are named; the others are
	                            * counted */
};

/* A moment as the person's clock and calendar have it. */
struct client_view_time {
	uint64_t ms; /* since 1970 */
	unsigned year;
	unsigned month;   /* 1 to 12 */
	unsigned day;     /* 1 to 31 */
	unsigned weekday; /* 0: Sunday */
	unsigned hour;
	unsigned minute;
};

struct client_view {
	struct buf *out;
	const char *const *addresses; /* REPLICAS of them, as the person gave them */
	bool is_echoed;               /* a dumb terminal shows what was typed by itself */
	unsigned columns;             /* of the window; the caller keeps it true */
	bool has_day;
	struct client_view_time last; /* of the last line that had one */

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
void client_view_init(struct client_view *v, struct buf *out, const char *const *addresses);
/* No line is needed to say that it is this day. */
void client_view_begin(struct client_view *v, const struct client_view_time *now);

/* ---- messages ---- */

/* `sent`: of the message. One that waited stands in a block of its own, which is ended by
 * client_view_waited_end, or by a message that did not wait. */
void client_view_message(struct client_view *v, const struct shown *shown,
                         const struct client_view_time *sent);
/* Ends the block if one is open. */
void client_view_waited_end(struct client_view *v);

enum client_view_state {
	VIEW_SENDING, /* it was written, and takes long */
	VIEW_WAITING, /* for a live replica, or its turn */
	VIEW_ENDED,
};
/* A message of one's own. */
struct client_view_own {
	const struct view *to; /* none: to all */
	size_t to_count;
	struct view text;
	enum client_view_state state;
	/* VIEW_ENDED: */
	enum outcome outcome;
	const char *detail;
	const struct result *result; /* NULL for what no replica was asked */
};
void client_view_own(struct client_view *v, const struct client_view_own *own,
                     const struct client_view_time *now);
/* So many messages that were shown as waiting are stored, on at least so many replicas. */
void client_view_sent(struct client_view *v, uint64_t count, uint32_t copies,
                      const struct client_view_time *now);
/* Any other line that was typed. What follows the first word of a secret one is not shown. */
void client_view_typed(struct client_view *v, struct view line, bool is_secret, bool waits);

/* ---- replicas ---- */

/* `why[i]` of those that are not live ("": it is). leader -1: none. */
void client_view_ready(struct client_view *v, int leader, const char *const why[REPLICAS],
                       const struct client_view_time *now);
/* Kept until client_view_changes says it. */
void client_view_replica(struct client_view *v, uint32_t index, bool live, const char *why);
void client_view_leader(struct client_view *v);
/* leader -1: none is live. */
void client_view_changes(struct client_view *v, int leader, const struct client_view_time *now);
/* Says whether the facts of all agree, if that is another answer than before. */
void client_view_facts(struct client_view *v, const struct replica_row rows[REPLICAS],
                       const struct client_view_time *now);
/* All of it, as it was asked for. */
void client_view_replicas(struct client_view *v, const struct replica_row rows[REPLICAS]);

/* ---- the rest ---- */

/* "14:03 -- TEXT"; the text is ours. */
void client_view_notice(struct client_view *v, const char *text,
                        const struct client_view_time *now);
void client_view_logged_out(struct client_view *v, const char *why,
                            const struct client_view_time *now);

/* What stands before the line being typed: "alice r1 2/3 to bob, 4 new, 1 waiting> ": replica 1
 * leads, two of three are live. */
struct client_view_prompt {
	const char *own; /* "": not logged in */
	int leader;
	uint32_t live;
	const char *talk;
	uint64_t unread;
	uint64_t waiting;
};
enum { CLIENT_VIEW_PROMPT_SIZE = 512 };
void client_view_prompt(const struct client_view_prompt *p, char text[CLIENT_VIEW_PROMPT_SIZE]);

#endif
