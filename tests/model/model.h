/* SPDX-License-Identifier: MIT
 *
 * model: every interleaving of a small cluster, to the end of its states.
 *
 * Three replicas, two clients with short scripts, repair. A `world` is all that exists at one
 * moment, in bytes: what each replica holds, what is under way on each connection, how far each
 * client is, and what was promised so far. A step is one event of one process; `world_steps` gives
 * every world that is one step away, `search` walks them breadth first, so the first violation
 * found is a shortest one.
 *
 * This is the protocol of replication/ and session/, one size smaller: accounts 0, 1, 2 have one
 * name and differ in age and owner; messages 0, 1 are the first two of one sender.
 * tests/model/README.md says what is left out.
 *
 *   replica.c   a replica takes a frame             repair.c   the operator's client
 *   request.c   a client's look up, send, delete    create.c   its ordered creation
 *   login.c     its log in and its connections      mailbox.c  what it shows
 *   promise.c   what must be true of a world        step.c     all that can happen next
 *   scope.c     scripts, faults, rules taken away   search.c   breadth first; tells a violation
 *
 * All sets of replicas, accounts or messages are bits of a byte.
 */
#ifndef THREEFOLD_TESTS_MODEL_MODEL_H
#define THREEFOLD_TESTS_MODEL_MODEL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REPLICAS = 3,
	CLIENTS = 2,
	ACCOUNTS = 3,
	MESSAGES = 2,
	UP_MAX = 6,
	DOWN_MAX = 7,
	SCRIPT_MAX = 5, /* the last row stays empty */
	ROUNDS_MAX = 6,
};

#define BIT(n)   ((uint8_t)(1u << (n)))
#define NOT(set) ((uint8_t) ~(set))

static inline uint8_t bit_if(bool condition, unsigned n)
{
	return (uint8_t)((condition ? 1u : 0u) << n);
}

/* ---- frames ---- */

enum kind {
	NO_FRAME,
	INTRODUCE, /* about: account */
	CONFIRM,   /* about: account */
	DELETE,    /* about: account; value: 1 if it is only told, and no reply is due */
	LOOK,      /* the name; reply: about alive, value confirmed, extra the largest session */
	LOOK_ID,   /* about: accounts; reply: about alive, value gone */
	LOGIN,     /* about: account, extra: session */
	HANDOVER,  /* about: account */
	LOGOUT,    /* extra: session; no reply is due */
	PAGE,      /* reply: value messages */
	STREAM,    /* reply: value what is gone of it */
	RECEIVED,  /* about: message; no reply is due */
	SEND,      /* about: message */
	PUSH,      /* about: message */
	ENDED,     /* extra: session, value: 1 if the account is gone */
	KINDS,
};

enum status { YES, TAKEN, GONE, UNKNOWN, OVER, CLOCK };

struct frame {
	uint8_t kind, about, value, extra;
};

struct up {
	uint8_t count;
	struct frame frames[UP_MAX];
};

struct down {
	uint8_t count;
	struct frame frames[DOWN_MAX];
};

/* ---- processes ---- */

/* A session: rank and the client's own bit make the ULID, the last three bits are the dial
 * number. */
#define SESSION(rank, client, dial) ((uint8_t)((rank) << 4 | (client) << 3 | (dial)))
#define ULID(session)               ((uint8_t)((session) >> 3))

struct replica {
	uint8_t up;
	uint8_t known, confirmed, gone; /* accounts; what is gone is neither */
	uint8_t added, buried;          /* messages; what is buried is not added */
	uint8_t late;                   /* accounts that its clock would not confirm any more */
	uint8_t largest[ACCOUNTS];      /* session seen since the start */
};

/* The replica's end of a connection: who is logged in on it. */
struct seat {
	uint8_t account; /* + 1 */
	uint8_t session;
	uint8_t paged; /* its mailbox has been read: from here on it is pushed to */
};

struct connection {
	uint8_t client_open, replica_open;
	struct seat seat;
	struct up up;
	struct down down;
};

/* What is left of a connection that its client has given up: frames that still arrive. */
struct leftover {
	struct seat seat;
	struct up up;
};

enum phase {
	IDLE,
	INTRODUCING,
	HOLDER, /* is the holder of the name gone? Then `resume` */
	CONFIRMING,
	TAKING_BACK,
	LOOKING,
	LOOKING_GONE,
	LOGGING_IN,
	SENDING,
	DELETING,
};

struct request {
	uint8_t phase, resume;
	uint8_t audience, done, restarted;
	/* the look-up inside */
	uint8_t look_audience, look_done;
	uint8_t alive[REPLICAS], confirmed_somewhere, gone_somewhere, largest;
	uint8_t was_acknowledged, was_deleted; /* accounts, when it began */
	uint8_t target, rounds;
	/* create */
	uint8_t asked, maybe, granted, refused, confirmed, clock, holder, back, own_gone;
	/* log in, send, delete */
	uint8_t yes, unknown, over, gone;
	uint8_t wiped; /* for the promises alone: lost their disks since they said yes */
};

struct reading {
	uint8_t shown, gone; /* for life */
	uint8_t paging,
		initial; /* replicas whose page is awaited; is it the one after the log-in? */
	uint8_t asked, answered;  /* what is gone of the stream, on the present connections */
	uint8_t listed[MESSAGES]; /* in a page that the merge has not come to, by replica */
	uint8_t held, merged, grace;
	uint8_t from[MESSAGES]; /* who pushed it */
	uint8_t told[REPLICAS]; /* received, on the present connection */
	/* for the promises alone: */
	uint8_t seen;             /* shown in this life */
	uint8_t buried[REPLICAS]; /* what each replica had buried when this life began */
};

enum life { NOT_BEGUN, RUNNING, CRASHED, OVER_AND_OUT };

struct client {
	uint8_t life, at, end;
	uint8_t live, waiting, joining, joined; /* replicas */
	uint8_t account;                        /* + 1: logged in */
	uint8_t session;
	uint8_t kept; /* tombstones that it tells replicas that return */
	uint8_t contact, contact_fresh;
	struct request q;
	struct reading reading;
};

struct repair {
	uint8_t step; /* 0: none runs */
	uint8_t known, confirmed, gone, added, buried;
};

/* What has been promised, and what was spent of the faults. */
struct ledger {
	uint8_t crashes, cuts, deaths, repairs, stops, clocks, wipes;
	uint8_t started, sent, wanted_gone, back_begun, taken_back, shown;
	uint8_t acknowledged[ACCOUNTS], granted[ACCOUNTS],
		deleted[ACCOUNTS];   /* by which replicas */
	uint8_t stored[MESSAGES];    /* by which replicas */
	uint8_t recipient[MESSAGES]; /* account + 1 */
	uint8_t acknowledged_by_none;
};

struct world {
	struct replica replicas[REPLICAS];
	struct connection connections[CLIENTS][REPLICAS];
	struct leftover leftovers[CLIENTS][REPLICAS];
	struct client clients[CLIENTS];
	struct repair repair;
	struct ledger ledger;
	uint32_t broken; /* promises; never part of a state that is kept */
};

/* ---- scopes ---- */

/* OP_LOGIN takes over, OP_LOGIN_ONCE gives way, OP_STEAL is a liar's: hand over, confirm. */
enum operation {
	OP_NONE,
	OP_CREATE,
	OP_LOGIN,
	OP_LOGIN_ONCE,
	OP_SEND,
	OP_DELETE,
	OP_FIND,
	OP_STEAL
};
enum guard {
	ALWAYS_READY,
	WHEN_CREATED,
	WHEN_DELETED,
	WHEN_STORED,
	WHEN_LOGGED_IN,
	WHEN_RIVAL_CREATED
};

struct operation_row {
	uint8_t operation, about, guard;
};

struct faults {
	uint8_t crashes, cuts, deaths, repairs, stops, clocks, wipes;
};

struct script {
	const char *name;
	struct operation_row rows[CLIENTS][SCRIPT_MAX];
	uint8_t split[CLIENTS]; /* a second life begins here; 0: there is none */
	bool offline[CLIENTS];  /* begins only when its first row may */
	bool somebody_stays;    /* of the log-ins to account 0 one must stay */
	uint8_t owner[ACCOUNTS];
	uint8_t made
		[ACCOUNTS]; /* accounts that are there at the beginning: acknowledged by these */
	uint8_t deleted[ACCOUNTS];     /* and gone again on these */
	uint8_t half[ACCOUNTS];        /* a creation that was not finished: confirmed on these */
	uint8_t held[ACCOUNTS];        /* known, not confirmed, on these */
	uint8_t mailed[MESSAGES];      /* message to account 0, stored on these */
	uint8_t received[MESSAGES];    /* in an earlier life; and buried on these */
	uint8_t out_of_reach[CLIENTS]; /* replicas that a first life reaches only by a redial */
};

/* Each is a rule of the protocol; the search can be run without it. */
enum rule {
	RULE_NONE,
	RULE_CONFIRM,
	RULE_CONFIRM_ALL,
	RULE_CONFIRM_NAME_TEST,
	RULE_REPEATED_NAME_TEST,
	RULE_BACK_IS_FINAL,
	RULE_BACK_EVERYWHERE,
	RULE_TELL_REFUSER,
	RULE_JOINED_LOOKUP,
	RULE_ASK_GONE,
	RULE_TOMBSTONES,
	RULE_GONE_STAYS,
	RULE_HANDOVER,
	RULE_HANDOVER_UNCONFIRMED,
	RULE_LOGIN_CONFIRMS_NOT,
	RULE_LARGER_SESSION,
	RULE_SEND_ALL,
	RULE_EMPTY_AUDIENCE,
	RULE_ASK_STREAM,
	RULE_ASK_AGAIN,
	RULE_REMEMBER_SHOWN,
	RULE_NUMBER_ORDER,
	RULE_BURY_ABSENT,
	RULE_READ_RETURNED,
	RULES,
};

enum promise {
	PROMISE_NONE,
	ACCOUNT_LOST,
	MESSAGE_LOST,
	ACKNOWLEDGED_BY_NONE,
	SHOWN_TWICE,
	SHOWN_OUT_OF_ORDER,
	TWO_OWNERS,
	OWNER_LOST_NAME,
	STATES_DIFFER,
	OWNER_NOT_FOUND,
	DELETED_FOUND,
	DELETED_LIVES,
	REFUSED_FOR_DELETED,
	REFUSED_LIVES,
	RECEIVED_SHOWN,
	NOT_SHOWN,
	TWO_SESSIONS,
	NO_SESSION,
	NOBODY_STAYED,
	WAITS_FOR_EVER,
	QUEUE_FULL,
	PROMISES,
};

/* What a search is about; set once before it, read by all. */
struct setting {
	const struct script *script;
	struct faults faults;
	enum rule without; /* taken away */
};
extern struct setting setting;

static inline bool rule(enum rule r)
{
	return setting.without != r;
}

const char *rule_name(enum rule r);
const char *promise_text(enum promise p);

static inline void broken(struct world *w, enum promise p)
{
	w->broken |= UINT32_C(1) << p;
}

/* ---- the story, told only when a violation is printed ---- */

extern bool narrating;
void narrate(const char *format, ...) __attribute__((format(printf, 1, 2)));
void frame_name(const struct frame *frame, bool reply, char name[48]);
#define SAY(...) (narrating ? narrate(__VA_ARGS__) : (void)0)

/* ---- sets ---- */

static inline bool has(uint8_t set, unsigned member)
{
	return (set >> member & 1) != 0;
}

static inline unsigned lowest(uint8_t set)
{
	assert(set);
	return (unsigned)__builtin_ctz(set);
}

static inline uint8_t alive(const struct replica *p)
{
	return p->known & NOT(p->gone);
}

/* ---- replica.c ---- */

void replica_apply(struct replica *p, const struct ledger *l, uint8_t known, uint8_t confirmed,
                   uint8_t gone, uint8_t buried);
void replica_add(struct world *w, unsigned r, unsigned m);
void replica_take(struct world *w, unsigned c, unsigned r);
void replica_take_leftover(struct world *w, unsigned c, unsigned r);
void replica_crash(struct world *w, unsigned r, bool wiped);
/* The confirmed one, of several the older; of several unconfirmed none: -1. */
int best(uint8_t candidates, uint8_t confirmed);

/* ---- repair.c ---- */

void repair_step(struct world *w);

/* ---- the client ---- */

void client_ask(struct world *w, unsigned c, unsigned r, struct frame frame);
void client_multicast(struct world *w, unsigned c, uint8_t to, struct frame frame);
void client_tell_tombstones(struct world *w, unsigned c, unsigned r, uint8_t accounts);
void client_hear(struct world *w, unsigned c, unsigned r);
void client_settle(struct world *w, unsigned c);
void client_begin(struct world *w, unsigned c, bool second_life);
void client_start(struct world *w, unsigned c);
void client_dial(struct world *w, unsigned c, unsigned r);
void client_lost(struct world *w, unsigned c, unsigned r);
bool client_may_start(const struct world *w, unsigned c);
const struct operation_row *client_row(const struct world *w, unsigned c);
static inline bool is_login(const struct operation_row *row)
{
	return row->operation == OP_LOGIN || row->operation == OP_LOGIN_ONCE;
}

void request_end(struct world *w, unsigned c);
void request_restart(struct world *w, unsigned c);
void request_look(struct world *w, unsigned c, enum phase phase);

void create_start(struct world *w, unsigned c);
void create_step(struct world *w, unsigned c);
void create_hear(struct world *w, unsigned c, unsigned r, const struct frame *reply);
void create_advance(struct world *w, unsigned c);
void create_looked(struct world *w, unsigned c);

void login_write(struct world *w, unsigned c);
void login_hear(struct world *w, unsigned c, unsigned r, const struct frame *reply);
void login_advance(struct world *w, unsigned c);
void login_join(struct world *w, unsigned c, unsigned r);
void login_joined(struct world *w, unsigned c, unsigned r, const struct frame *reply);
void login_go_on(struct world *w, unsigned c);
void login_lost(struct world *w, unsigned c);
void login_live(struct world *w, unsigned c, unsigned r);

void mailbox_begin(struct world *w, unsigned c);
void mailbox_read(struct world *w, unsigned c, unsigned r);
void mailbox_lost(struct world *w, unsigned c, unsigned r);
void mailbox_clear(struct world *w, unsigned c);
void mailbox_hear(struct world *w, unsigned c, unsigned r, const struct frame *frame);
void mailbox_settle(struct world *w, unsigned c);
/* Whether only the grace keeps a message from being shown. */
bool mailbox_waits_for_grace(const struct world *w, unsigned c, unsigned m);

/* ---- promise.c ---- */

void promise_found(struct world *w, unsigned c, int found);
void promise_refused(struct world *w, unsigned c);
void promise_acknowledged(struct world *w, unsigned account, uint8_t by);
void promise_shown(struct world *w, unsigned c, unsigned m);
void promise_state(struct world *w);
/* Of a world in which nothing but faults can happen. */
void promise_end(const struct world *w, struct world *result);

/* ---- step.c ---- */

enum { STEPS_MAX = 400, STORY_SIZE = 640 };

struct steps {
	unsigned count;
	unsigned eager; /* the first so many are no faults */
	struct world worlds[STEPS_MAX];
	char stories[STEPS_MAX][STORY_SIZE]; /* only when narrating */
};

void world_init(struct world *w);
void world_steps(const struct world *w, struct steps *steps);

/* ---- search.c ---- */

struct found {
	uint64_t states, steps_taken, ends;
	bool complete;
	uint32_t broken;   /* promises */
	unsigned shortest; /* steps of the first violation */
};

/* To the end of the states, or until something is broken (told if `story`), or `states_max`. */
void search(uint64_t states_max, bool story, struct found *found);

/* ---- scope.c ---- */

struct scope {
	const char *script;
	struct faults faults;
	uint8_t level; /* 0: in make check; 1: in make model; 2: takes long */
};

/* A rule that is taken away, and where that is seen. */
struct hunt {
	enum rule without;
	const char *script;
	struct faults faults;
};

const struct script *script_find(const char *name);
extern const struct scope scopes[];
extern const size_t scopes_count;
extern const struct hunt hunts[];
extern const size_t hunts_count;

#endif
