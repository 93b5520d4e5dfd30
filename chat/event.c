/* SPDX-License-Identifier: MIT */
#include "chat/event.h"

#include <assert.h>

#define A_STRING  "a string"
#define A_NUMBER  "a number"
#define A_BOOLEAN "true or false"
#define STRINGS   "a list of strings"
#define OBJECTS   "a list of objects"
#define A_STATE   "\"live\" or \"dead\""
#define AN_INDEX  "which one: 0, 1 or 2, in the order in which the client was given them"
#define A_REASON  "a phrase for people"

static const struct event_row rows[EVENT_END] = {
	[EVENT_READY] = { "ready", "The first line. The client has tried to reach all three "
	                           "replicas." },
	[EVENT_RESULT] = { "result", "What became of a command. There is exactly one for each "
	                             "command, and they come in the order of the commands." },
	[EVENT_MESSAGE] = { "message", "A message came. It is shown once." },
	[EVENT_USERS] = { "users", "A part of what `list` lists. There may be several; the result "
	                           "of `list` comes after the last one." },
	[EVENT_REPLICA] = { "replica", "A replica became live, or dead." },
	[EVENT_LEADER] = { "leader", "Another replica leads from now on. A program need not do "
	                             "anything." },
	[EVENT_REPLICAS] = { "replicas", "What `replicas` asked for. Its result comes next." },
	[EVENT_NONE_LIVE] = { "none-live", "No replica is live. Commands wait for one, at most as "
	                                   "long as `--timeout` says, and have their results "
	                                   "then." },
	[EVENT_LIVE_AGAIN] = { "live-again", "After `none-live`: a replica is live again. What "
	                                     "waited goes on by itself." },
	[EVENT_LOGGED_OUT] = { "logged-out", "The session has ended, and no command asked for "
	                                     "that: another client took it over, or the account "
	                                     "is gone. The client runs on." },
	[EVENT_SENT] = { "sent", "A message of one's own. It stands only in the files where a "
	                         "person's client keeps what was said; no program is told of it. "
	                         "Beside these members it has those of its result." },
};

static const struct event_member members[EVENT_KEY_END] = {
	[READY_LEADER] = { EVENT_READY, NULL, "leader", A_NUMBER, NULL,
	                   "the index of the one that leads; -1 if none is live" },
	[READY_REPLICAS] = { EVENT_READY, NULL, "replicas", OBJECTS, NULL, "the three" },
	[READY_INDEX] = { EVENT_READY, "replicas", "index", A_NUMBER, NULL, AN_INDEX },
	[READY_ADDRESS] = { EVENT_READY, "replicas", "address", A_STRING, NULL, "HOST:PORT" },
	[READY_STATE] = { EVENT_READY, "replicas", "state", A_STATE, NULL,
	                  "whether this client reaches it" },
	[READY_REASON] = { EVENT_READY, "replicas", "reason", A_STRING, "it is dead", A_REASON },

	[RESULT_COMMAND] = { EVENT_RESULT, NULL, "command", A_STRING, NULL,
	                     "its name; `msg` for a line without a slash; empty if the line "
	                     "cannot be read" },
	[RESULT_TAG] = { EVENT_RESULT, NULL, "tag", A_STRING, "the command had one",
	                 "the command's tag" },
	[RESULT_OK] = { EVENT_RESULT, NULL, "ok", A_BOOLEAN, NULL, "whether it was done" },
	[RESULT_ERROR] = { EVENT_RESULT, NULL, "error", A_STRING, "not `ok`",
	                   "why, as a code of the last table of this page" },
	[RESULT_DETAIL] = { EVENT_RESULT, NULL, "detail", A_STRING,
	                    "not `ok`; or `ok`, and there is something to say",
	                    "a sentence for people, which may change" },
	[RESULT_NAMES] = { EVENT_RESULT, NULL, "names", STRINGS,
	                   "`msg`, if it is about some of the recipients",
	                   "the recipients that are the reason, or whose mailbox is full" },
	[RESULT_SINCE] = { EVENT_RESULT, NULL, "since", A_STRING, "`already-logged-in`",
	                   "when the other session began" },
	[RESULT_WAIT] = { EVENT_RESULT, NULL, "wait", A_NUMBER, "`slow-down`, if it is known",
	                  "seconds until it may be tried again" },
	[RESULT_COPIES] = { EVENT_RESULT, NULL, "copies", A_NUMBER,
	                    "something was stored, or a session began", "on how many replicas" },
	[RESULT_ONLINE] = { EVENT_RESULT, NULL, "online", A_NUMBER,
	                    "`msg`, `all`, if it was stored", "recipients that were online" },
	[RESULT_STORED] = { EVENT_RESULT, NULL, "stored", A_NUMBER,
	                    "`msg`, `all`, if it was stored", "recipients it was stored for" },
	[RESULT_ID] = { EVENT_RESULT, NULL, "id", A_STRING,
	                "`msg` to one, also if the outcome is unknown; `create`, `login`",
	                "the message's, by which it may be sent again; the account's" },
	[RESULT_MAILBOX] = { EVENT_RESULT, NULL, "mailbox", "\"full\"", "`msg`, `all`",
	                     "this message filled what one sender may have in a mailbox" },
	[RESULT_NAME] = { EVENT_RESULT, NULL, "name", A_STRING, "`create`, `login`",
	                  "the account's name, as it was made" },
	[RESULT_UNFINISHED] = { EVENT_RESULT, NULL, "unfinished", A_BOOLEAN, "`login`",
	                        "true: the account's creation was cut off, and never confirmed" },
	[RESULT_RESET] = { EVENT_RESULT, NULL, "reset", A_BOOLEAN, "`login`",
	                   "true: an operator has set the password" },
	[RESULT_COUNT] = { EVENT_RESULT, NULL, "count", A_NUMBER, "`list`",
	                   "accounts that were listed" },
	[RESULT_MESSAGES] = { EVENT_RESULT, NULL, "messages", A_NUMBER,
	                      "`check`; `wait` with a `count`",
	                      "messages that came since the last `check`, or the last `wait`" },
	[RESULT_TEXT] = { EVENT_RESULT, NULL, "text", A_STRING, "`help`", "the help" },

	[MESSAGE_ID] = { EVENT_MESSAGE, NULL, "id", A_STRING, NULL,
	                 "the one that its sender's result has" },
	[MESSAGE_FROM] = { EVENT_MESSAGE, NULL, "from", A_STRING, NULL, "the sender's name" },
	[MESSAGE_TEXT] = { EVENT_MESSAGE, NULL, "text", A_STRING, NULL, "what was written" },
	[MESSAGE_SENT] = { EVENT_MESSAGE, NULL, "sent", A_STRING, NULL, "when it was sent" },
	[MESSAGE_WAITED] = { EVENT_MESSAGE, NULL, "waited", A_BOOLEAN, NULL,
	                     "it was there before the log-in" },
	[MESSAGE_TO] = { EVENT_MESSAGE, NULL, "to", STRINGS, NULL,
	                 "recipients, as the sender tells: the first eight; none if it went to "
	                 "all" },
	[MESSAGE_TO_COUNT] = { EVENT_MESSAGE, NULL, "to_count", A_NUMBER " or null", NULL,
	                       "how many recipients; null if it went to all" },
	[MESSAGE_ALL] = { EVENT_MESSAGE, NULL, "all", A_BOOLEAN, NULL, "it went to all" },
	[MESSAGE_NOTICE] = { EVENT_MESSAGE, NULL, "notice", A_BOOLEAN, NULL,
	                     "it is a notice: a program that answers messages does not answer "
	                     "this one" },

	[USERS_USERS] = { EVENT_USERS, NULL, "users", OBJECTS, NULL,
	                  "accounts, in the order of their names" },
	[USERS_NAME] = { EVENT_USERS, "users", "name", A_STRING, NULL, "the account's name" },
	[USERS_ONLINE] = { EVENT_USERS, "users", "online", A_BOOLEAN, NULL,
	                   "somebody is logged in to it" },

	[REPLICA_INDEX] = { EVENT_REPLICA, NULL, "index", A_NUMBER, NULL, AN_INDEX },
	[REPLICA_STATE] = { EVENT_REPLICA, NULL, "state", A_STATE, NULL, "what it is now" },
	[REPLICA_REASON] = { EVENT_REPLICA, NULL, "reason", A_STRING, "it is dead", A_REASON },

	[LEADER_INDEX] = { EVENT_LEADER, NULL, "index", A_NUMBER, NULL, AN_INDEX },

	[REPLICAS_REPLICAS] = { EVENT_REPLICAS, NULL, "replicas", OBJECTS, NULL, "the three" },
	[REPLICAS_INDEX] = { EVENT_REPLICAS, "replicas", "index", A_NUMBER, NULL, AN_INDEX },
	[REPLICAS_ADDRESS] = { EVENT_REPLICAS, "replicas", "address", A_STRING, NULL, "HOST:PORT" },
	[REPLICAS_STATE] = { EVENT_REPLICAS, "replicas", "state", A_STATE, NULL,
	                     "whether this client reaches it" },
	[REPLICAS_LEADER] = { EVENT_REPLICAS, "replicas", "leader", A_BOOLEAN, NULL, "it leads" },
	[REPLICAS_FACTS] = { EVENT_REPLICAS, "replicas", "facts", A_NUMBER " or null", NULL,
	                     "how many facts it holds; null if it is not known" },
	[REPLICAS_AGREES] = { EVENT_REPLICAS, "replicas", "agrees", "true, false or null", NULL,
	                      "they are those of the leader; null if it is not known" },
	[REPLICAS_ROUND_TRIP] = { EVENT_REPLICAS, "replicas", "round_trip_ms", A_NUMBER " or null",
	                          NULL,
	                          "milliseconds of a ping, its disk included, rounded down; null "
	                          "if it is not known" },
	[REPLICAS_REASON] = { EVENT_REPLICAS, "replicas", "reason", A_STRING, "it is dead",
	                      A_REASON },

	[LOGGED_OUT_REASON] = { EVENT_LOGGED_OUT, NULL, "reason", A_STRING, NULL, A_REASON },

	[SENT_TO] = { EVENT_SENT, NULL, "to", STRINGS, "it did not go to all",
	              "the recipients, as they were typed" },
	[SENT_TEXT] = { EVENT_SENT, NULL, "text", A_STRING, NULL, "what was written" },
	[SENT_SENT] = { EVENT_SENT, NULL, "sent", A_STRING, NULL, "when" },
};

static const char *const refusals[OUTCOME_END] = {
	[OUTCOME_NAME_TAKEN] = "another account has the name",
	[OUTCOME_BAD_NAME] = "no account can have such a name",
	[OUTCOME_NO_SUCH_USER] = "nobody has that name",
	[OUTCOME_WRONG_PASSWORD] = "the password is wrong, or nobody has that name",
	[OUTCOME_ALREADY_LOGGED_IN] = "another client is logged in to the account; `take_over` "
				      "ends its session",
	[OUTCOME_NOT_LOGGED_IN] = "the command needs a log-in",
	[OUTCOME_LOGGED_IN] = "the command needs a log-out first",
	[OUTCOME_TOO_LONG] = "the line or the text is too long",
	[OUTCOME_BAD_TEXT] = "the text is empty, is not UTF-8, or holds a NUL",
	[OUTCOME_MAILBOX_FULL] = "the recipient has read too little of what this sender wrote: "
				 "the sender's share of the mailbox is full",
	[OUTCOME_DISK_FULL] = "no replica has room",
	[OUTCOME_TOO_FEW_REPLICAS] = "fewer replicas are live than `--min-copies` asks for; or one "
				     "alone, which must not be shown an invitation",
	[OUTCOME_NAME_CHANGED] = "the name means another account than before; the same command "
				 "again goes to the new one",
	[OUTCOME_CLOCK] = "by the servers' clocks the account was begun too long ago to "
			  "be confirmed, or the operator has removed it",
	[OUTCOME_UNKNOWN_COMMAND] = "there is no such command",
	[OUTCOME_USAGE] = "the command is written wrong, or is none for programs; the detail says "
			  "more",
	[OUTCOME_NO_REPLICA] = "no replica could be reached in time, and nothing was done",
	[OUTCOME_UNKNOWN] = "it may have been done, or not. A message may be sent again by its "
			    "`id`, and is shown once then",
	[OUTCOME_DIFFERENT_TEXT] = "the `id` belongs to another text, or differs in `notice`",
	[OUTCOME_SEVERAL] = "several accounts have the name: `NAME~` and eight digits, as `list` "
			    "shows them, tell them apart",
	[OUTCOME_SLOW_DOWN] = "this address has done too much of this in the last minute",
	[OUTCOME_REGISTRATION_CLOSED] = "the servers take no new accounts",
	[OUTCOME_INVITATION_NEEDED] = "the servers take accounts of who is invited; `invite` gives "
				      "the invitation",
	[OUTCOME_INVITATION_EXPIRED] = "the invitation has expired, by the servers' clocks",
	[OUTCOME_INVITATION_WRONG] = "it is no invitation, or not one of these servers' operator",
	[OUTCOME_STOPPED] = "two replicas ended while they had it, so it is sent to no other; it "
			    "may have been done, or not",
};

const struct event_row *event_row(enum event event)
{
	assert(event < EVENT_END);
	return &rows[event];
}

const struct event_member *event_member(enum event_key key)
{
	assert(key < EVENT_KEY_END);
	return &members[key];
}

const char *event_refusal(enum outcome outcome)
{
	assert(outcome > OUTCOME_OK && outcome < OUTCOME_END);
	return refusals[outcome];
}
