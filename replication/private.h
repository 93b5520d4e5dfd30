/* SPDX-License-Identifier: MIT
 *
 * replication_private: what the parts of replication share. Nobody else includes it.
 *
 *   replication.c   commands, actions, requests as such: audience, waiting, settling
 *   replica.c       one connection: handshake, ping, the own log in, what is due, death
 *   lookup.c        joined look-up: name or id to accounts
 *   create.c        ordered creation and its taking back
 *   login.c         log in, log out, delete
 *   send.c          messages to some or to all
 *   list.c          pages of accounts, joined; the table of replicas
 *   mailbox.c       pages of three replicas merged; pushes; what may be shown
 *   stream.c        what is known of streams and senders; `received`
 *
 * A request (`op`) is a row of behaviour and a state. It multicasts with op_multicast, and its
 * `advance` is called when each of its audience has replied or died. Replies and deaths only set
 * bits and put the op on the list of those to be settled; replication_settle then calls `advance`
 * for one after another, so no op is entered from within another one, except a parent by its
 * child's end.
 */
#ifndef THREEFOLD_REPLICATION_PRIVATE_H
#define THREEFOLD_REPLICATION_PRIVATE_H

#include "base/map.h"
#include "fact/ranges.h"
#include "replication/replication.h"

#define ALL_REPLICAS 7u
#define BIT(index)   ((uint8_t)(1u << (index)))

enum {
	OUTPUT_SIZE_MAX = 64 * 1024 * 1024, /* a replica that lets more wait is as good as dead */
	CANDIDATES_MAX = 3 * LOOKUP_NAME_MAX,
	READ_AHEAD_SIZE = 64 * 1024, /* of a page */
	TOMBSTONES_KEPT = 64,        /* told to every replica that becomes live */
};

/* ---- requests ---- */

struct replication;
struct op;

/* The behaviour of a kind of request. */
struct op_row {
	const char *name;
	size_t size;
	/* From the first step: at the start, and again when the audience was empty and a replica
	 * has become live. */
	void (*start)(struct replication *r, struct op *op);
	/* One of the audience has replied (its bit in `done` is set already). */
	void (*reply)(struct replication *r, struct op *op, uint32_t index,
	              const struct frame *frame);
	/* All of the audience have replied or died, and one is left. */
	void (*advance)(struct replication *r, struct op *op);
	/* Looked at whenever it is settled and not all have replied: what goes in order asks the
	 * next one. NULL: parallel. */
	void (*step)(struct replication *r, struct op *op);
	/* All of the audience have died. NULL: it waits for a live replica, and begins again. */
	void (*emptied)(struct replication *r, struct op *op);
	/* A child has ended; it is freed afterwards. NULL: has no children. */
	void (*child)(struct replication *r, struct op *op, struct op *child);
	/* Fills in what a result says when the time to wait is over. NULL: nothing. */
	void (*expired)(struct replication *r, struct op *op, struct result *result);
	/* Frees what hangs on it. NULL: nothing does. */
	void (*release)(struct op *op);
};

struct op {
	const struct op_row *row;
	struct op *previous, *next; /* all, in order of age */
	struct op *settle_next;
	struct op *parent;
	uint32_t token; /* 0: internal */
	enum command_kind kind;
	uint32_t children;
	uint8_t phase;
	uint8_t audience;
	uint8_t done;
	uint8_t written; /* replicas to which any step of it was ever written */
	bool settling;
	bool waiting;   /* for a live replica */
	bool asking;    /* between a multicast and its advance */
	bool died;      /* one of the audience died with it, since the first step */
	bool restarted; /* after it had been written to some */
	bool ended;
	bool silent; /* its result has been given; it goes on behind */
	bool behind; /* waits for such a one to end, no longer than it would for a live
	              * replica */
	uint64_t wait_until_ms;
	enum outcome outcome; /* of children, for the parent */
};

/* ---- one replica ---- */

enum replica_state {
	REPLICA_DOWN, /* redial at redial_ms */
	REPLICA_DIALLING,
	REPLICA_GREETING, /* HELLO and PING are written */
	REPLICA_PINGING,  /* WELCOME is there */
	REPLICA_WAITING,  /* answered; a log in that it is no part of is under way */
	REPLICA_JOINING,  /* the session's own log in there */
	REPLICA_LIVE,
};

/* What to do with a reply. */
enum target {
	TARGET_OP,
	TARGET_PING,
	TARGET_JOIN,     /* LOGIN of a session at a replica that returned */
	TARGET_HANDOVER, /* before a second TARGET_JOIN */
	TARGET_PAGE,
	TARGET_STREAMS,
	TARGET_RECEIVED,
	TARGET_TELL, /* a tombstone, a log out: nothing */
};

struct stream_state;

/* The streams that one STREAMS frame asked about. */
struct stream_question {
	uint32_t count;
	struct stream_state *streams[];
};

struct due_reply {
	uint8_t target;
	uint8_t type;
	uint32_t request;
	struct op *op;
	struct stream_question *question;
	uint64_t asked_ms;
};

struct page_item {
	struct page_item *next;
	struct place place;
	bool pushed;
	uint32_t text_size;
	uint8_t text[];
};

/* One replica's mailbox while it is read in pages. */
struct reading {
	bool active; /* more pages are wanted */
	bool asked;
	bool back; /* `upto` went back while a page was under way, which must not move it on */
	struct place upto; /* everything at or before it has come, in pages or pushes */
	struct page_item *first, *last;
	size_t size;
};

struct replica {
	enum replica_state state;
	bool failed_once; /* has failed since the start: counts for `ready` */
	bool write_told;
	bool overflow;
	bool welcomed;
	bool login_written; /* on this connection */
	bool joined;        /* logged in on this connection */
	uint8_t uuid[UUID_SIZE];
	uint8_t nonce[KEY_SIZE];
	uint32_t silence_ms;
	bool clock_known;
	int64_t clock_offset_ms; /* its clock less our monotonic time */
	bool facts_known;
	uint64_t facts, sum;
	uint64_t round_trip_ms; /* of the last ping; if facts_known */
	uint32_t next_request;
	struct buf out;
	struct due_reply *expected; /* a ring */
	uint32_t expected_first, expected_count, expected_capacity;
	uint64_t due_since_ms; /* of the oldest reply due */
	uint64_t sent_ms;      /* of the last frame */
	uint64_t redial_ms;
	uint32_t backoff_ms;
	char why[WHY_SIZE];
	struct reading reading;
	struct stream_state *tell_first; /* streams with something in to_tell */
	uint32_t tell_count;             /* numbers there, */
	uint64_t tell_ms;                /* and when they are told; if there are any */
	struct stream_state **ask;       /* streams to ask about */
	uint32_t ask_count, ask_capacity;
};

/* ---- what is known of others ---- */

/* The sender of messages, by id. */
struct person {
	struct id id;
	uint8_t answered; /* replicas that said who it is, on this connection */
	uint8_t alive, holder, confirmed, gone;
	bool named;    /* `name` is set */
	bool shown_as; /* `display` is right until another replica becomes live */
	bool looking;  /* a look-up is under way */
	bool brief;    /* `display` rests on an unconfirmed account: not kept */
	uint32_t era;  /* in which display was found */
	char name[NAME_SIZE_MAX + 1];
	char display[DISPLAY_SIZE];
	uint8_t middle[KEY_SIZE], delete_key[KEY_SIZE];
};

/* A message that has come and is not shown yet. */
struct candidate {
	struct candidate *next;
	uint64_t number;
	uint64_t sent_ms;
	uint64_t arrived_ms;
	uint8_t from;
	bool waited;
	bool merged; /* the merge waits for it */
	uint32_t text_size;
	uint8_t text[];
};

struct stream_state {
	struct stream key;
	struct person *person;
	uint8_t answered; /* replicas that said what is gone of it, on this connection */
	uint8_t asked;
	bool held;                    /* is on the list of those with candidates */
	uint8_t telling;              /* is on these replicas' lists */
	struct ranges shown;          /* for life */
	struct ranges gone;           /* for life */
	struct ranges told[REPLICAS]; /* `received`, on this connection */
	struct ranges to_tell[REPLICAS];
	struct candidate *candidates; /* by number */
	struct stream_state *held_next, *held_previous;
	struct stream_state *tell_next[REPLICAS];
};

/* What the user calls somebody, and who that is. */
struct contact {
	struct outbound *outbound; /* of `id`, in this session; NULL: not looked for */
	size_t size;
	struct id id;
	bool known;      /* `id` is the account that the name gave last */
	bool written_to; /* this client has used `id` under this name */
	bool keep;       /* false: rests on an unconfirmed account, ask each time */
	uint32_t era;    /* asked in */
	/* What every message reads stands before this line, or at its beginning. */
	char name[ID_TEXT_SIZE + DISPLAY_SIZE];
	char display[DISPLAY_SIZE];
};

/* A stream of our own. */
struct outbound {
	struct id id;
	uint64_t number; /* the last one drawn */
	bool full;       /* our share of the mailbox was used up when we last heard */
};

struct login_session {
	bool active;
	struct id id;
	char display[DISPLAY_SIZE];
	char name[NAME_SIZE_MAX + 1];
	char setting[SETTING_SIZE_MAX + 1];
	uint8_t stretched[KEY_SIZE];
	struct account account; /* views into name and setting */
	struct ulid ulid;
	uint32_t dial;
	uint64_t sent_ms; /* the last time drawn: never goes back */
};

struct queued {
	struct action action;
	void *owned; /* freed when the next one is taken */
};

struct kept_tombstone {
	struct tombstone tombstone;
	char name[NAME_SIZE_MAX];
};

struct replication {
	uint32_t magic;
	struct replication_options options;
	uint64_t now_ms;
	uint64_t started_ms;
	uint64_t random_count;
	bool ready;
	uint8_t live;   /* replicas */
	int leader;     /* -1: none */
	uint32_t era;   /* counts replicas becoming live */
	uint32_t token; /* the last one given */
	struct replica replicas[REPLICAS];
	struct login_session session;
	uint32_t logins;  /* log ins under way */
	uint32_t backs;   /* takings back under way */
	uint32_t deletes; /* of the own account, under way */
	struct op *first_op, *last_op;
	struct op *settle_first, *settle_last;
	bool waiting_ops;
	struct map contacts;  /* by name */
	struct map outbounds; /* by id, of this session */
	struct map persons;   /* by id */
	struct map streams;   /* by key */
	struct stream_state *held;
	bool merging;
	bool merge_initial; /* of a log in: pushes wait for their place */
	bool merge_waits;   /* for a candidate */
	size_t held_size;   /* bytes of all candidates */
	struct place merged;
	uint64_t grace_ms;      /* when a held candidate is to be looked at again */
	struct queued *actions; /* a ring */
	uint32_t actions_first, actions_count, actions_capacity;
	void *owned;
	struct kept_tombstone tombstones[TOMBSTONES_KEPT];
	uint32_t tombstones_count;
};

/* ---- replication.c ---- */

/* `size` bytes that nobody can guess, from the seed. */
void replication_random(struct replication *r, void *to, size_t size);
/* A zeroed action at the end of the queue; `owned` is freed after it was taken. */
struct action *replication_act(struct replication *r, enum action_kind kind, void *owned);
struct op *op_new(struct replication *r, const struct op_row *row, struct op *parent);
/* Begins: calls row->start, or waits for a live replica. */
void op_begin(struct replication *r, struct op *op);
/* Does not begin yet: it waits for another one to end. */
void op_stand_behind(struct replication *r, struct op *op);
/* Its audience is who is live now. False: nobody is, and it waits. */
bool op_audience(struct replication *r, struct op *op);
/* To each of the audience. False: it waits. */
bool op_multicast(struct replication *r, struct op *op, const struct frame *frame);
/* To one more of its audience, or once more. */
void op_ask(struct replication *r, struct op *op, uint32_t index, const struct frame *frame);
/* Its advance is to be looked at. */
void op_settle(struct replication *r, struct op *op);
/* A result to be filled in for op_end; zeroed but for token and kind. */
struct result *op_result(const struct op *op, enum outcome outcome, const char *detail);
/* Ends it: gives the result (made by op_result; NULL only for internal ones) and tells the
 * parent. */
void op_end(struct replication *r, struct op *op, struct result *result);
/* Ends it with an outcome that needs nothing else said. */
void op_refuse(struct replication *r, struct op *op, enum outcome outcome, const char *detail);
/* Gives the result now and lets the request go on without a token. */
void op_tell_result(struct replication *r, struct op *op, struct result *result);
void replication_settle(struct replication *r);
uint32_t replica_count(uint8_t mask);
uint32_t replica_first(uint8_t mask);
/* What a person sees: the name alone, or name~digits. */
void display_name(char to[DISPLAY_SIZE], struct view name, const struct id *id, bool plain);
uint64_t replication_now(const struct replication *r);
/* Too few replicas are live for --min-copies: refuses the op and is true. */
bool op_too_few(struct replication *r, struct op *op);

/* ---- replica.c ---- */

void replica_init(struct replication *r, uint32_t index);
void replica_release(struct replication *r, uint32_t index);
/* Writes a request and remembers what its reply is for. */
void due_ask(struct replication *r, uint32_t index, const struct frame *frame, enum target target,
             struct op *op);
/* The same for a frame put into `out` with protocol_begin: request numbers are due_request. */
uint32_t due_request(struct replication *r, uint32_t index, uint8_t type, enum target target,
                     struct op *op, struct stream_question *question);
void replica_die(struct replication *r, uint32_t index, const char *why);
/* A log in or out has ended: those that waited for it go on. */
void replica_go_on(struct replication *r);
void tombstone_tell(struct replication *r, uint32_t index, const struct tombstone *tombstone);
/* Keeps a tombstone, to be told to whoever becomes live later. */
void tombstone_keep(struct replication *r, const struct tombstone *tombstone);
/* The deletion was refused, or nobody knows: it does not go on behind the user's back. */
void tombstone_forget(struct replication *r, const struct id *id);
/* A LOGIN frame for the session or for one being begun. */
void login_frame(struct replication *r, uint32_t index, const struct login_session *session,
                 struct frame *frame);
void login_handover_frame(struct replication *r, uint32_t index,
                          const struct login_session *session, struct frame *frame);
void replica_tick(struct replication *r, uint32_t index);
uint64_t replica_deadline(const struct replication *r, uint32_t index);

/* ---- lookup.c ---- */

struct lookup_account {
	struct id id;
	uint8_t alive;     /* replicas that show it alive */
	uint8_t answered;  /* replicas that said anything about it */
	uint8_t confirmed; /* by these */
	uint8_t online;
	bool gone;
	uint64_t online_since_ms;
	struct ulid session; /* the largest named */
	uint32_t share;      /* the smallest named */
	char name[NAME_SIZE_MAX + 1];
	char setting[SETTING_SIZE_MAX + 1];
	struct tombstone tombstone; /* its name: view of `name` */
};

struct lookup {
	struct op op;
	char text[ID_TEXT_SIZE + DISPLAY_SIZE]; /* what was asked */
	size_t text_size;
	struct id id; /* asked by id */
	bool by_id;
	char name[NAME_SIZE_MAX + 1];
	char suffix[ID_SUFFIX_SIZE + 1];
	void *purpose;                   /* of the parent */
	struct lookup_account *accounts; /* live ones when it has ended, by id */
	uint32_t count;
	uint32_t era;     /* in which it was asked */
	int found;        /* of them the one that counts; -1: none does */
	bool unconfirmed; /* what was found rests on an unconfirmed account */
};

/* `text` is a name, name~digits or a full id, checked by lookup_form. */
struct lookup *lookup_new(struct replication *r, struct op *parent, struct view text,
                          void *purpose);
struct lookup *lookup_id_new(struct replication *r, struct op *parent, const struct id *id,
                             void *purpose);
/* Whether it can stand for an existing account. */
bool lookup_form(struct view text);
/* How the account is shown: plain if it is the one that its name gives. */
void lookup_display(const struct lookup *l, uint32_t at, char display[DISPLAY_SIZE]);

/* ---- the others ---- */

extern const struct op_row create_row, login_row, logout_row, delete_row, send_row, all_row,
	list_row, replicas_row, lookup_row;

void create_command(struct replication *r, struct op *op, const struct command *command);
void login_command(struct replication *r, struct op *op, const struct command *command);
void delete_command(struct replication *r, struct op *op, const struct command *command);
void logout_command(struct replication *r, struct op *op, const struct command *command);
void send_command(struct replication *r, struct op *op, const struct command *command);
void all_command(struct replication *r, struct op *op, const struct command *command);
void list_command(struct replication *r, struct op *op, const struct command *command);
void replicas_command(struct replication *r, struct op *op, const struct command *command);
void login_stretched(struct replication *r, struct op *op, const uint8_t *stretched);
void create_stretched(struct replication *r, struct op *op, const uint8_t *stretched);
/* Logs in to an account that was just made. */
void login_created(struct replication *r, struct op *parent, const struct login_session *made);
/* Copies a session: its account's views then point into the copy. */
void login_session_copy(struct login_session *to, const struct login_session *from);

/* The session ends without being asked to: its account was deleted, or another log in has taken
 * over. */
void login_session_lost(struct replication *r, bool deleted);
/* A session that is not active ended there: perhaps that of a log in which is still under way. */
void login_ended(struct replication *r, uint32_t index, const struct ulid *session,
                 enum status why);
/* Forgets it and what belongs to it. */
void login_session_clear(struct replication *r);

struct outbound *outbound_get(struct replication *r, const struct id *id);

/* A walk through the joined list of accounts, page by page. */
struct list_cursor {
	char prefix[NAME_SIZE_MAX];
	size_t prefix_size;
	char after_name[NAME_SIZE_MAX]; /* of the last account so far; empty at first */
	size_t after_name_size;
	struct id after;
	char plain_name[NAME_SIZE_MAX]; /* the last one that was shown alone: who follows with it
	                                 * has lost it */
	size_t plain_name_size;
	bool last; /* nothing is left */
};
/* One page, as a child of `parent`: when it has ended with OUTCOME_OK, users are those of this page
 * and the cursor stands behind them. An account that lost its name is shown by name~digits. */
struct list_page {
	struct op op;
	struct list_cursor *cursor;
	struct list_cursor next; /* what the cursor will be when it has ended */
	struct user *users;
	uint32_t count;
	struct list_part *parts; /* REPLICAS of them: what each has listed */
	uint8_t *missing;        /* of each of users: replicas that did not list it */
};
void list_page_new(struct replication *r, struct op *parent, struct list_cursor *cursor);
extern const struct op_row list_page_row;

/* mailbox.c */
void mailbox_begin(struct replication *r); /* a log in: pages from everybody who has it */
void mailbox_read(struct replication *r, uint32_t index, const struct place *after);
void mailbox_page(struct replication *r, uint32_t index, const struct frame *frame);
void mailbox_push(struct replication *r, uint32_t index, const struct frame *frame);
void mailbox_read_on(struct replication *r, uint32_t index, const struct place *place);
void mailbox_lost(struct replication *r, uint32_t index); /* the replica died */
void mailbox_clear(struct replication *r);                /* the session ended */
void mailbox_release(struct replication *r);
/* Merges on, shows what may be shown, asks for pages. Called when anything has changed. */
void mailbox_settle(struct replication *r);
void mailbox_tick(struct replication *r);

/* stream.c */
struct stream_state *stream_get(struct replication *r, const struct id *sender,
                                const struct ulid *session);
/* Every live replica has said what is gone of it. If not, those that have not are asked. */
bool stream_is_settled(struct replication *r, struct stream_state *s);
/* Its sender's display is right; if not, it is found out. */
bool person_is_settled(struct replication *r, struct person *p);
void stream_answers(struct replication *r, uint32_t index, struct stream_question *question,
                    const struct frame *frame);
/* To one replica: what it shows was received. Told when it is due (RECEIVED_MS). */
void stream_tell(struct replication *r, struct stream_state *s, uint32_t index, uint64_t number);
/* Replicas that are live and have this session. */
uint8_t replication_joined(const struct replication *r);
/* Writes the questions, and the `received` that is due. */
void stream_settle(struct replication *r);
/* Writes all `received` that has gathered: no later time will do. */
void stream_flush(struct replication *r);
/* When `received` is due; UINT64_MAX: nothing has gathered. */
uint64_t stream_deadline(const struct replication *r);
void stream_lost(struct replication *r, uint32_t index);
void stream_release(struct replication *r);
/* Nothing is asked or without a reply; `received` that is not due yet is no work. */
bool stream_is_idle(const struct replication *r);
/* A look-up for a person has ended. */
extern const struct op_row person_row;

#endif
