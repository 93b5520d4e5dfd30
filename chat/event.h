/* SPDX-License-Identifier: MIT
 *
 * event: the table of what a program is told: the events of `client --json`, their members, and
 * what the codes of refusals mean. chat/script.c writes what stands here and nothing else, and
 * chat/reference.c makes docs/json.md of it. A new event, member or outcome needs a row.
 *
 * Pure. Rows are constant.
 */
#ifndef THREEFOLD_CHAT_EVENT_H
#define THREEFOLD_CHAT_EVENT_H

#include "replication/replication.h"

enum event {
	EVENT_READY,
	EVENT_RESULT,
	EVENT_MESSAGE,
	EVENT_USERS,
	EVENT_REPLICA,
	EVENT_LEADER,
	EVENT_REPLICAS,
	EVENT_NONE_LIVE,
	EVENT_LIVE_AGAIN,
	EVENT_LOGGED_OUT,
	EVENT_SENT,
	EVENT_END,
};

/* The members, beside "event" itself. Those of one event stand together. */
enum event_key {
	READY_LEADER,
	READY_REPLICAS,
	READY_INDEX,
	READY_ADDRESS,
	READY_STATE,
	READY_REASON,
	RESULT_COMMAND,
	RESULT_TAG,
	RESULT_OK,
	RESULT_ERROR,
	RESULT_DETAIL,
	RESULT_NAMES,
	RESULT_SINCE,
	RESULT_WAIT,
	RESULT_COPIES,
	RESULT_ONLINE,
	RESULT_STORED,
	RESULT_ID,
	RESULT_MAILBOX,
	RESULT_NAME,
	RESULT_UNFINISHED,
	RESULT_RESET,
	RESULT_COUNT,
	RESULT_MESSAGES,
	RESULT_TEXT,
	MESSAGE_ID,
	MESSAGE_FROM,
	MESSAGE_TEXT,
	MESSAGE_SENT,
	MESSAGE_WAITED,
	MESSAGE_TO,
	MESSAGE_TO_COUNT,
	MESSAGE_ALL,
	MESSAGE_NOTICE,
	USERS_USERS,
	USERS_NAME,
	USERS_ONLINE,
	REPLICA_INDEX,
	REPLICA_STATE,
	REPLICA_REASON,
	LEADER_INDEX,
	REPLICAS_REPLICAS,
	REPLICAS_INDEX,
	REPLICAS_ADDRESS,
	REPLICAS_STATE,
	REPLICAS_LEADER,
	REPLICAS_FACTS,
	REPLICAS_AGREES,
	REPLICAS_ROUND_TRIP,
	REPLICAS_REASON,
	LOGGED_OUT_REASON,
	SENT_TO,
	SENT_TEXT,
	SENT_SENT,
	EVENT_KEY_END,
};

struct event_row {
	const char *name;    /* the value of "event" */
	const char *meaning; /* sentences */
};

struct event_member {
	enum event event;
	const char *list;    /* it is a member of each object in this list; NULL: of the event */
	const char *name;    /* as it is written */
	const char *form;    /* what its value is */
	const char *when;    /* when it is there; NULL: always */
	const char *meaning; /* a phrase */
};

/* The row of an event, which is not EVENT_END. */
const struct event_row *event_row(enum event event);
/* The row of a member, which is not EVENT_KEY_END. */
const struct event_member *event_member(enum event_key key);
/* What the code of an outcome means, a phrase. The outcome is not OUTCOME_OK. */
const char *event_refusal(enum outcome outcome);

#endif
