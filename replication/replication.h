/* SPDX-License-Identifier: MIT
 *
 * replication: the client's half of the design. It sends each request to three replicas, joins
 * their answers, and reports the outcome alone.
 *
 * One `replication` is one client: three connections, at most one session, any number of commands
 * at once. It has no socket, no clock and no randomness of its own. Events come in, actions go out
 * in order, and bytes that are to be written wait in it until the caller takes them. The same form
 * as session/session.h:
 *
 *   r = replication_new(&options, time);
 *   one of   token = replication_command(r, &command, time);
 *            replication_connected, replication_failed, replication_input  of a replica
 *            replication_stretched                                         of a password
 *            replication_tick                                              at the deadline
 *   then     while (replication_next(r, &action)) ...
 *   on ACTION_WRITE   replication_output(r, index), replication_output_sent(r, index, size)
 *   replication_shown(r, serial, time)      when messages have left the process: all up to this one
 *
 * What it keeps true (DESIGN.md has the arguments):
 *   - A request goes to every live replica, its audience, and ends when each of these has replied
 *     or died. Their answers are joined: known anywhere is known, gone anywhere is gone. If the
 *     audience becomes empty the request waits for a live replica and starts again.
 *   - An account is created at one replica after the other, in order of index, and then confirmed
 *     by all in parallel. Once its creation is being taken back, that id is never created again.
 *   - A message is shown once in the life of this object, in the order of its stream, and only
 *     after every live replica has either shown it too or said what of its stream is gone.
 *   - Shown means shown: the replicas are told `received` of a message only after the caller has
 *     said that it has left the process (replication_shown). Until then it is only handed out. What
 *     was handed out and never shown is shown to the next client.
 *   - What was learned by joining answers is asked again after another replica has become live.
 *
 * Pure; one thread.
 */
#ifndef THREEFOLD_REPLICATION_REPLICATION_H
#define THREEFOLD_REPLICATION_REPLICATION_H

#include "protocol.h"

enum {
	REPLICAS = 3,
	REPLY_TIMEOUT_MS = 3000, /* no reply for so long while one is due: dead */
	HEARTBEAT_MS = 2000,     /* a ping after so long without a frame */
	/* A replica that has been live for so long has behaved: the pauses begin anew. They also do
	 * when a command ends well with its answer. */
	BEHAVED_MS = 2000,
	/* The same pauses for one that has contradicted the protocol or itself. Nothing that it
	 * says can be trusted, and it is broken rather than busy. */
	LIAR_MS_MIN = 10000,
	LIAR_MS_MAX = 300000,
	LIAR_BEHAVED_MS = 60000,
	/* So long a message that only followers have pushed waits for the leader's, and a number
	 * for those before it that may be on their way. */
	GRACE_MS = 250,
	/* So long, at most, a number waits for those before it that a replica may still bring which
	 * is not live yet, or has not answered since. It is the time in which a replica that has
	 * come back is dialled again, logged in and read, also on a busy machine. */
	ORDER_MS = 3000,
	/* What was shown is told to the replicas so much later, together with all that was shown
	 * meanwhile. Nobody waits for it, and one frame costs a replica as much as its message
	 * did; so a busy stream costs 25 frames a second at most. It is no longer, because what a
	 * killed client has not told is shown again to the next one. */
	RECEIVED_MS = 20,
	/* Or it is told when so many have gathered. Each costs a 64th of a frame then, and more
	 * would gain nothing. */
	RECEIVED_COUNT = 64,
	/* A request that so many replicas had to answer when they ended is sent to no other, and
	 * never again: perhaps they ended of it. */
	ENDS_MAX = 2,
	/* The same of what is asked for a session each time when a replica returns, where nobody
	 * would give an outcome: then the session ends. It is more than twice that all three end
	 * at once, because a session outlives many crashes. */
	SESSION_ENDS_MAX = 7,
	/* A dead replica is dialled again after the first, then after twice as long, up to the
	 * second. */
	REDIAL_MS_MIN = 100,
	REDIAL_MS_MAX = 1000,
	/* So many messages, and so many bytes of them, are handed out and not shown yet: then
	 * nothing more is, until replication_shown. A reader who is slow gathers no memory. */
	HANDED_COUNT_MAX = 1024,
	HANDED_SIZE_MAX = 1024 * 1024,
	WHY_SIZE = 192, /* of a replica's reason, NUL included */
};

struct replication;

struct replication_options {
	uint8_t seed[KEY_SIZE];    /* random; everything drawn comes from it */
	uint32_t reply_timeout_ms; /* 0: REPLY_TIMEOUT_MS */
	uint32_t wait_ms;          /* how long a command waits for a live replica; 0: for ever */
	/* What fewer replicas would hold is refused. 0 and 1 are the same. */
	uint32_t min_copies;
	uint32_t handed_count_max; /* 0: HANDED_COUNT_MAX */
	bool single;               /* repair and tests: no redial after a failure */
};

struct replication_time {
	uint64_t monotonic_ms; /* never goes back; all other times come from the replicas */
};

/* ---- commands ---- */

enum command_kind {
	COMMAND_CREATE, /* name, password, perhaps invitation; creating logs in */
	COMMAND_LOGIN,  /* name (also name~digits or a full id), password, take_over */
	COMMAND_LOGOUT,
	COMMAND_DELETE, /* the own account */
	COMMAND_LIST,   /* name: a prefix, possibly empty; enough */
	COMMAND_LOOK,   /* name, as for a log-in: whose it is */
	COMMAND_SEND,   /* names, text; has_id with session and number: the same message again */
	COMMAND_ALL,    /* text, to every other account */
	COMMAND_REPLICAS,
	COMMAND_PASSWORD, /* of the own account: password (the old one), new_password */
	COMMAND_KIND_END,
};

/* A command and its arguments. Views are copied. */
struct command {
	enum command_kind kind;
	struct view name;
	struct view password;
	struct view new_password; /* COMMAND_PASSWORD */
	bool take_over;
	bool is_sending; /* COMMAND_LOGIN: to send alone, beside any other session */
	/* COMMAND_LIST: it ends with the page that brings it to so many; 0: with the last one. */
	uint64_t enough;
	/* COMMAND_CREATE, COMMAND_LOGIN: P of this password under `setting`, if the caller knows it
	 * already; else NULL, and ACTION_STRETCH asks for it. */
	const uint8_t *stretched;
	struct view setting;
	const struct invitation *invitation; /* COMMAND_CREATE: NULL: none */
	const struct view *names;            /* COMMAND_SEND: 1 to RECIPIENTS_MAX */
	size_t names_count;
	struct view text;
	bool is_notice; /* COMMAND_SEND, COMMAND_ALL: no program should answer it */
	bool has_id;    /* COMMAND_SEND to one recipient */
	struct ulid session;
	uint64_t number;
};

/* What became of a command: it was done, or why not. outcome_code gives the word that scripts
 * read. */
enum outcome {
	OUTCOME_OK,
	OUTCOME_NAME_TAKEN,
	OUTCOME_BAD_NAME, /* no account can be called so */
	OUTCOME_NO_SUCH_USER,
	OUTCOME_WRONG_PASSWORD,    /* or nobody has that name */
	OUTCOME_ALREADY_LOGGED_IN, /* by another client */
	OUTCOME_NOT_LOGGED_IN,     /* the command needs a session */
	OUTCOME_LOGGED_IN,         /* the command is for those who have none */
	OUTCOME_TOO_LONG,
	OUTCOME_BAD_TEXT,         /* no UTF-8, empty, or with a NUL */
	OUTCOME_MAILBOX_FULL,     /* our share of it is */
	OUTCOME_DISK_FULL,        /* no replica has room */
	OUTCOME_TOO_FEW_REPLICAS, /* fewer are live than the copies asked for */
	OUTCOME_NAME_CHANGED, /* the name gives another account than the one written to before */
	OUTCOME_CLOCK,        /* no replica confirms an id of that time */
	OUTCOME_UNKNOWN_COMMAND,
	OUTCOME_USAGE,
	OUTCOME_NO_REPLICA,     /* none could be reached in time */
	OUTCOME_UNKNOWN,        /* it may or may not have taken effect */
	OUTCOME_DIFFERENT_TEXT, /* the id was used for another text, or as no notice */
	OUTCOME_SEVERAL,        /* the name fits several accounts, none of which counts */
	OUTCOME_SLOW_DOWN, /* the replicas take no more of that from this address for a while */
	OUTCOME_REGISTRATION_CLOSED, /* no replica takes new accounts */
	OUTCOME_INVITATION_NEEDED,   /* they take those of who is invited */
	OUTCOME_INVITATION_EXPIRED,
	OUTCOME_INVITATION_WRONG, /* it is none, or not of this cluster */
	OUTCOME_STOPPED, /* ENDS_MAX replicas ended while they had it, so nobody is asked again */
	OUTCOME_END,
};
/* The word of an outcome, which never changes: "name-taken", "ok". It lives for ever. */
const char *outcome_code(enum outcome outcome);

/* ---- actions ---- */

enum action_kind {
	/* for the driver */
	/* index: connect, and answer with replication_connected or replication_failed */
	ACTION_DIAL,
	/* index: drop the connection at once; no event is expected for it any more */
	ACTION_CLOSE,
	ACTION_WRITE,   /* index: there is output */
	ACTION_STRETCH, /* stretch: answer with replication_stretched */
	/* for the user */
	ACTION_READY,   /* once: each replica has answered or failed, and one is live */
	ACTION_REPLICA, /* index, live, why: a replica's state has changed */
	ACTION_LEADER,  /* index: another replica leads (there is one) */
	ACTION_RESULT,
	ACTION_MESSAGE,    /* shown: a message to be shown. When it has left the process, the caller
	                 * calls replication_shown with its serial */
	ACTION_USERS,      /* before the result of COMMAND_LIST, one or more */
	ACTION_REPLICAS,   /* before the result of COMMAND_REPLICAS */
	ACTION_LOGGED_OUT, /* the session ended without being asked to: why */
	ACTION_PROGRESS,   /* COMMAND_ALL and COMMAND_LIST: done so far */
};

/* An account as a list, or a result, shows it. */
struct user {
	struct id id;
	char name[DISPLAY_SIZE];
	bool online;
};

/* One replica in the table of ACTION_REPLICAS. */
struct replica_row {
	bool live;
	bool leader;
	bool facts_known;
	uint64_t facts;
	bool agrees_known; /* no count moved while it was compared with the leader's */
	bool agrees;
	/* From writing the last ping that was answered to its answer, which waited for the disk. */
	bool round_trip_known;
	uint64_t round_trip_ms;
	char why[WHY_SIZE]; /* of a dead one */
};

/* What became of a command. What is not said to be of certain commands is of all. */
struct result {
	uint32_t token;
	enum command_kind kind;
	enum outcome outcome;
	const char *detail;  /* a sentence for a person; "" if there is nothing to say */
	char text[WHY_SIZE]; /* where `detail` may stand */
	uint32_t copies;     /* replicas that hold it; 0 if that means nothing here */
	uint32_t audience;   /* replicas that were asked in the end */
	/* COMMAND_SEND, COMMAND_ALL: recipients that were online, and those it was stored for. */
	uint32_t online;
	uint32_t stored;
	/* COMMAND_SEND to one recipient, also if the outcome is unknown: the message's id, by which
	 * it may be sent again. */
	bool has_id;
	struct ulid session;
	uint64_t number;
	bool mailbox_full; /* this message filled the sender's share */
	/* The recipients that the outcome is about, or whose mailbox is full now. */
	const struct user *users;
	size_t users_count;
	/* COMMAND_CREATE, COMMAND_LOGIN: who is logged in; COMMAND_LOOK: whom the name means. */
	char name[DISPLAY_SIZE];
	struct id id;
	uint64_t count; /* COMMAND_LIST: accounts listed */
	/* COMMAND_LOGIN: all three replicas are live, and none has the account confirmed. */
	bool unfinished;
	bool is_reset;     /* COMMAND_LOGIN: an operator has set the password */
	uint64_t since_ms; /* already logged in: when that session began; else 0 */
	uint32_t wait_ms;  /* slow down: it may be tried again after so long; 0: not known */
};

/* A message. */
struct shown {
	uint64_t serial; /* counts the messages that were handed out, from 1 */
	struct ulid session;
	uint64_t number;
	struct id sender;
	char from[DISPLAY_SIZE];
	char to[DISPLAY_SIZE]; /* the account that it came to */
	struct view text;
	struct view audience; /* fact/audience.h; what the sender says */
	uint64_t sent_ms;
	bool waited; /* it was pending when the mailbox was read */
};

/* What is to be done, or what happened. Which fields mean something says `kind`. */
struct action {
	enum action_kind kind;
	uint32_t index;
	bool live;
	bool lies; /* it has contradicted the protocol or itself: LIAR_MS_MIN */
	const char *why;
	struct {
		uint32_t token;
		struct view password;
		struct view setting;
	} stretch;
	const struct result *result;
	const struct shown *shown;
	const struct user *users;
	size_t users_count;
	const struct replica_row *rows; /* REPLICAS of them */
	uint64_t done;
	uint32_t token; /* ACTION_USERS, ACTION_PROGRESS, ACTION_REPLICAS: of the command */
};

/* ---- calls ---- */

/* A client that has dialled no replica yet: the first actions are three ACTION_DIAL. `options` is
 * copied. */
struct replication *replication_new(const struct replication_options *options,
                                    struct replication_time time);
/* Frees it, whatever is under way; NULL is fine. Connections are the caller's to close. */
void replication_free(struct replication *r);

/* The dial of ACTION_DIAL has succeeded. */
void replication_connected(struct replication *r, uint32_t index, struct replication_time time);
/* The dial, or later the connection, has failed. `why`: a phrase ("connection refused"), which is
 * copied. */
void replication_failed(struct replication *r, uint32_t index, const char *why,
                        struct replication_time time);
/* What has come on a connection. Takes whole frames from the front of `bytes` and returns how many
 * bytes that was; the caller keeps the rest and gives it again with what comes next. */
size_t replication_input(struct replication *r, uint32_t index, struct view bytes,
                         struct replication_time time);
/* The answer to ACTION_STRETCH: P (auth_stretch, KEY_SIZE bytes, which are copied), or NULL if it
 * could not be made. Nothing happens if the command has ended meanwhile. */
void replication_stretched(struct replication *r, uint32_t token, const uint8_t *stretched,
                           struct replication_time time);
/* The message of ACTION_MESSAGE with this serial, and all that were handed out before it, have left
 * the process: they were written to a file, a pipe or a terminal, whole and without an error. From
 * now on the replicas may be told that they were received, and forget them; nothing else allows
 * that. A serial that was given before is fine. May be called while an action is handled. */
void replication_shown(struct replication *r, uint64_t serial, struct replication_time time);
/* The output has failed for ever. Messages that were handed out and are not shown never will be:
 * no replica is told of them. No mailbox is read and nothing is handed out any more. What was
 * shown just before and is not told yet is not told either, because the reader that took it may
 * have failed before it was seen. It comes back, too. Commands go on. */
void replication_blind(struct replication *r, struct replication_time time);
/* The monotonic time at which replication_tick has something to do; it may change with every call.
 * What has arrived is to be given first, or a replica counts as silent that has answered. */
uint64_t replication_deadline(const struct replication *r);
/* Does what time alone brings: redials, pings, replicas that count as dead, requests that have
 * waited too long, messages that were held back. May be called at any time. */
void replication_tick(struct replication *r, struct replication_time time);

/* Begins a command and returns its token, which is not 0. Each command has one ACTION_RESULT with
 * that token; it may be there at once. */
uint32_t replication_command(struct replication *r, const struct command *command,
                             struct replication_time time);

/* The next action, in order. False: none is left. What an action points to lives until the next
 * call. */
bool replication_next(struct replication *r, struct action *action);
/* What waits to be written to a replica; it lives until the next call of any function. */
struct view replication_output(struct replication *r, uint32_t index);
/* The first `size` bytes of it were written; they are dropped. */
void replication_output_sent(struct replication *r, uint32_t index, size_t size);

/* ---- questions ---- */

/* Whether a session runs; if so, `name` becomes how its account is shown; else it is untouched. */
bool replication_logged_in(const struct replication *r, char name[DISPLAY_SIZE]);
/* Whether this client has written to an account by this name, in whatever case; then `shown`
 * becomes how the account is shown to others. */
bool replication_spelled(const struct replication *r, struct view name, char shown[DISPLAY_SIZE]);
/* The index of the replica that leads: the lowest live one. -1: none is live. */
int replication_leader(const struct replication *r);
/* How many are live. */
uint32_t replication_live(const struct replication *r);
/* Why a replica is not live ("" if it is); until the next event. */
const char *replication_why(const struct replication *r, uint32_t index);
/* Whether nothing is under way: no command, no question to a replica, no message that is held back,
 * or handed out and not shown. What was shown may still wait to be told (RECEIVED_MS): a log-out
 * and a deletion tell it first. */
bool replication_idle(const struct replication *r);
/* The replicas' time (the middle one of the live ones), in milliseconds since 1970; 0 if none was
 * ever heard. */
uint64_t replication_clock(const struct replication *r, struct replication_time time);
/* Asserts the invariants. */
void replication_check(const struct replication *r);

#endif
