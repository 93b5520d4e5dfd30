/* SPDX-License-Identifier: MIT
 *
 * replication: the client's half of the design. It multicasts each request to three replicas, joins
 * their answers, and reports only the outcome.
 *
 * One `replication` is one client: three connections, at most one session, any number of commands
 * at once. It owns no socket, clock or randomness: events come in, ordered actions go out, and the
 * bytes to be written wait in it until the caller takes them. The same form as session/session.h:
 *
 *   r = replication_new(&options, time);
 *   replication_connected / replication_failed / replication_input / replication_tick /
 *   replication_stretched
 *   token = replication_command(r, &command, time);
 *   while (replication_next(r, &action)) ...           after each of these, until there is none
 *                                                      left
 *   replication_output(r, index), replication_output_sent(r, index, size)
 *
 * What it keeps true (DESIGN.md has the arguments):
 *   - A request goes to every live replica and ends when each of its audience has replied or died;
 *     the outcome is the leader's answer joined with what the others know. If the audience becomes
 *     empty it waits for a live replica and starts again from its first step.
 *   - Creation goes in index order and is confirmed by all in parallel; once a taking back has
 *     begun that id is never created again.
 *   - A message is shown once in the life of this object, in the order of its stream, and only
 *     after every live replica has either shown it too or said what of its stream is gone.
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
	GRACE_MS = 250,          /* for what only followers pushed, and for missing numbers */
	/* What was shown is told to the replicas so much later, with all that was shown meanwhile:
	 * nobody waits for it, and one frame costs a replica as much as its message did. At most 50
	 * frames a second are left of a busy stream, and a mailbox is emptied before its reader has
	 * read; what a killed client has not told is shown again to the next one, so no longer. */
	RECEIVED_MS = 20,
	/* Or when so many have gathered: each costs a 64th of a frame then, and more would gain
	 * nothing. A mailbox that is read in pages is emptied page by page. */
	RECEIVED_COUNT = 64,
	REDIAL_MS_MIN = 100,
	REDIAL_MS_MAX = 1000,
	WHY_SIZE = 192, /* of a replica's reason, NUL included */
};

struct replication;

struct replication_options {
	uint8_t seed[KEY_SIZE];    /* random; everything drawn comes from it */
	uint32_t reply_timeout_ms; /* 0: REPLY_TIMEOUT_MS */
	uint32_t wait_ms;          /* how long a command waits for a live replica; 0: for ever */
	uint32_t min_copies;       /* what fewer replicas would hold is refused; 0 and 1 are the
	                            * same */
	bool single;               /* repair and tests: no redial after a failure */
};

struct replication_time {
	uint64_t monotonic_ms; /* never goes back; all other times come from the replicas */
};

/* ---- commands ---- */

enum command_kind {
	COMMAND_CREATE, /* name, password; creating logs in */
	COMMAND_LOGIN,  /* name (also name~digits or a full id), password, take_over */
	COMMAND_LOGOUT,
	COMMAND_DELETE, /* the own account */
	COMMAND_LIST,   /* name: a prefix, possibly empty; enough */
	COMMAND_SEND,   /* names, text; has_id with session and number: the same message again */
	COMMAND_ALL,    /* text, to every other account */
	COMMAND_REPLICAS,
	COMMAND_KIND_END,
};

/* Views are copied. */
struct command {
	enum command_kind kind;
	struct view name;
	struct view password;
	bool take_over;
	uint64_t enough; /* LIST: ends with the page that brings it to so many; 0: all */
	/* CREATE, LOGIN: P of this password under `setting`, if the caller has stretched it before
	 * (bench); else NULL. */
	const uint8_t *stretched;
	struct view setting;
	const struct view *names; /* COMMAND_SEND: 1 to RECIPIENTS_MAX */
	size_t names_count;
	struct view text;
	bool has_id; /* COMMAND_SEND to one recipient */
	struct ulid session;
	uint64_t number;
};

/* Why a command did not do what was asked. outcome_code gives the word of the script interface. */
enum outcome {
	OUTCOME_OK,
	OUTCOME_NAME_TAKEN,
	OUTCOME_BAD_NAME,
	OUTCOME_NO_SUCH_USER,
	OUTCOME_WRONG_PASSWORD,
	OUTCOME_ALREADY_LOGGED_IN,
	OUTCOME_NOT_LOGGED_IN,
	OUTCOME_LOGGED_IN,
	OUTCOME_TOO_LONG,
	OUTCOME_BAD_TEXT,
	OUTCOME_MAILBOX_FULL,
	OUTCOME_DISK_FULL,
	OUTCOME_TOO_FEW_REPLICAS,
	OUTCOME_NAME_CHANGED,
	OUTCOME_CLOCK,
	OUTCOME_UNKNOWN_COMMAND,
	OUTCOME_USAGE,
	OUTCOME_NO_REPLICA,
	OUTCOME_UNKNOWN,        /* it may or may not have taken effect */
	OUTCOME_DIFFERENT_TEXT, /* the id was used for another text */
	OUTCOME_SEVERAL,        /* the name fits several accounts, none of which counts */
	OUTCOME_END,
};
/* As in the script interface: "name-taken"; "ok" for OUTCOME_OK. */
const char *outcome_code(enum outcome outcome);

/* ---- actions ---- */

enum action_kind {
	/* for the driver */
	ACTION_DIAL,    /* index: connect; answer with replication_connected or
	                 * replication_failed */
	ACTION_CLOSE,   /* index: drop the connection at once; no event is expected for it any
	                 * more */
	ACTION_WRITE,   /* index: there is output */
	ACTION_STRETCH, /* stretch: answer with replication_stretched */
	/* for the user */
	ACTION_READY,   /* once: each replica has answered or failed, and one is live */
	ACTION_REPLICA, /* index, live, why: a replica's state has changed */
	ACTION_LEADER,  /* index: another replica leads (there is one) */
	ACTION_RESULT,
	ACTION_MESSAGE,
	ACTION_USERS,      /* before the result of COMMAND_LIST, one or more */
	ACTION_REPLICAS,   /* before the result of COMMAND_REPLICAS */
	ACTION_LOGGED_OUT, /* the session ended without being asked to: why */
	ACTION_PROGRESS,   /* COMMAND_ALL and COMMAND_LIST: done so far */
};

struct user {
	struct id id;
	char name[DISPLAY_SIZE];
	bool online;
};

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

struct result {
	uint32_t token;
	enum command_kind kind;
	enum outcome outcome;
	const char *detail;  /* a sentence for a person; "" if there is nothing to say */
	char text[WHY_SIZE]; /* where `detail` may stand */
	uint32_t copies;     /* replicas that hold it; 0 if that means nothing here */
	uint32_t audience;   /* replicas that were asked in the end */
	/* COMMAND_SEND, COMMAND_ALL: recipients that were online, and all it was stored for */
	uint32_t online;
	uint32_t stored;
	bool has_id; /* to one recipient, also when the outcome is unknown */
	struct ulid session;
	uint64_t number;
	bool mailbox_full; /* this message filled the sender's share */
	/* the recipients that an outcome is about, or whose mailbox is full now */
	const struct user *users;
	size_t users_count;
	char name[DISPLAY_SIZE]; /* COMMAND_CREATE, COMMAND_LOGIN: who is logged in */
	struct id id;
	uint64_t count;  /* COMMAND_LIST: accounts listed */
	bool unfinished; /* COMMAND_LOGIN: all three replicas are live and none has it confirmed */
	uint64_t since_ms; /* already logged in: when that session began; else 0 */
};

struct shown {
	struct ulid session;
	uint64_t number;
	struct id sender;
	char from[DISPLAY_SIZE];
	struct view text;
	uint64_t sent_ms;
	bool waited; /* it was pending when the mailbox was read */
};

struct action {
	enum action_kind kind;
	uint32_t index;
	bool live;
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

struct replication *replication_new(const struct replication_options *options,
                                    struct replication_time time);
void replication_free(struct replication *r);

/* What became of ACTION_DIAL, or of a connection. `why` is a phrase ("connection refused"); it is
 * copied. */
void replication_connected(struct replication *r, uint32_t index, struct replication_time time);
void replication_failed(struct replication *r, uint32_t index, const char *why,
                        struct replication_time time);
/* Takes whole frames from the front of `bytes` and returns how many bytes that was. */
size_t replication_input(struct replication *r, uint32_t index, struct view bytes,
                         struct replication_time time);
/* The answer to ACTION_STRETCH: P (auth_stretch), or NULL if it could not be made. */
void replication_stretched(struct replication *r, uint32_t token, const uint8_t *stretched,
                           struct replication_time time);
/* The monotonic time at which replication_tick has something to do. What has arrived is to be given
 * in first. */
uint64_t replication_deadline(const struct replication *r);
void replication_tick(struct replication *r, struct replication_time time);

/* Begins a command and returns its token, not 0. Its ACTION_RESULT may be there at once. */
uint32_t replication_command(struct replication *r, const struct command *command,
                             struct replication_time time);

/* False: no action left. What an action points to lives until the next call. */
bool replication_next(struct replication *r, struct action *action);
struct view replication_output(struct replication *r, uint32_t index);
void replication_output_sent(struct replication *r, uint32_t index, size_t size);

/* ---- questions ---- */

bool replication_logged_in(const struct replication *r, char name[DISPLAY_SIZE]);
/* -1: none is live. */
int replication_leader(const struct replication *r);
uint32_t replication_live(const struct replication *r);
/* Why a replica is not live ("" if it is); until the next event. */
const char *replication_why(const struct replication *r, uint32_t index);
/* Nothing is under way: no command, no `received` without a reply, no message held back. What was
 * shown may wait to be told still: a log out and a deletion tell it first. */
bool replication_idle(const struct replication *r);
/* The replicas' time (the middle one of the live ones), or 0 if none was ever heard. */
uint64_t replication_clock(const struct replication *r, struct replication_time time);
/* Asserts the invariants. */
void replication_check(const struct replication *r);

#endif
