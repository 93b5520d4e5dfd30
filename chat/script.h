/* SPDX-License-Identifier: MIT
 *
 * script: the client's lines on stdout when no person sits at a terminal. As JSON they are a stable
 * interface for programs, one object a line; as readable lines they tell people the same facts, and
 * may change. Each call appends whole lines to `out`; the caller writes them at once and empties
 * `out`. Nothing else goes to stdout.
 *
 * docs/json.md lists the events as JSON and their members; it is made of the tables (chat/event.h)
 * by which this file writes them.
 *
 * Whatever others wrote is escaped (base/escape.h), in both forms. Pure but for the buffer.
 */
#ifndef THREEFOLD_CHAT_SCRIPT_H
#define THREEFOLD_CHAT_SCRIPT_H

#include "replication/replication.h"

struct script {
	bool json;
	bool colours;                 /* readable lines show names in colours */
	const char *const *addresses; /* REPLICAS of them, as the user gave them */
	struct buf out;
};

/* Behind a change of the password that not all replicas have heard of. */
#define SCRIPT_PASSWORD_ELSEWHERE \
	"; until the others return and learn it, the old one opens the account there"

/* The one result of a command. `result` is NULL if no replica was asked. */
struct script_answer {
	struct view command; /* without the slash */
	struct view tag;     /* its data is NULL: none */
	enum outcome outcome;
	const char *detail;
	const struct result *result;
	const char *text;  /* help; else NULL */
	bool has_messages; /* check, wait */
	uint64_t messages;
	bool has_count; /* list: how many were shown */
	uint64_t count;
};

/* A message that was sent, or was refused. */
struct script_own {
	const struct view *to; /* none: to all */
	size_t to_count;
	struct view text;
	uint64_t sent_ms;
	const struct script_answer *answer;
};

/* Begins with no line, and without colours. `json`: lines are JSON objects, else they are readable.
 * There are REPLICAS `addresses`; they live longer than the script. */
void script_init(struct script *s, bool json, const char *const *addresses);
/* Frees the memory of `out`. */
void script_release(struct script *s);

/* All of these append one event to s->out: one line, or in readable form some lines. The caller
 * takes them from there. */

/* The first line: which replicas are live, and for those that are not, why (why[i]). leader -1: no
 * replica leads. */
void script_ready(struct script *s, int leader, const bool live[REPLICAS],
                  const char *const why[REPLICAS]);
/* A replica became live, or dead for the reason `why`, a phrase that only a dead one needs. */
void script_replica(struct script *s, uint32_t index, bool live, const char *why);
/* No replica is live, or one is again. */
void script_live(struct script *s, bool is_any_live);
/* Another replica leads. */
void script_leader(struct script *s, uint32_t index);
/* A message that was received. */
void script_message(struct script *s, const struct shown *shown);
/* A message of one's own, with its outcome, as chat/archive.h keeps it: always JSON. No program is
 * told this: it knows what it has sent. */
void script_own(struct script *s, const struct script_own *own);
/* A page of `count` accounts of a list; a list may have several. */
void script_users(struct script *s, const struct user *users, size_t count);
/* The table of /replicas. */
void script_replicas(struct script *s, const struct replica_row rows[REPLICAS]);
/* The session ended without a command. `why` is a phrase. */
void script_logged_out(struct script *s, const char *why);
/* The result of a command: exactly one for each, in their order. answer->detail is not NULL; it may
 * be empty. */
void script_result(struct script *s, const struct script_answer *answer);

enum { SCRIPT_TIME_SIZE = 64 };
/* Writes milliseconds since 1970 as "2026-11-21T04:00:00.123Z", and a NUL. A time after the year
 * 9999 becomes the last moment of that year. */
void script_time(uint64_t ms, char text[SCRIPT_TIME_SIZE]);

#endif
