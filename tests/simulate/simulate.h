/* SPDX-License-Identifier: MIT
 *
 * simulate: a whole cluster in one process, replayed from a seed.
 *
 * Three replicas (the shipped store, session and journal over a simulated disk), some clients (the
 * shipped replication), repairs (the shipped reconcile), and a liar, joined by a network of byte
 * channels. Time is virtual; all that happens by chance is drawn from one generator, so a seed
 * fixes a run to the last byte.
 *
 *   simulate/simulate.c  options, runs, the trace, what was produced
 *   simulate/run.c       one run: its phases, and which event is next
 *   simulate/net.c       connections: what is under way, delays, stalls, cuts
 *   simulate/replica.c   a replica's process and its disk
 *   simulate/client.c    a client's process and the person before it
 *   simulate/repair.c    a repair's process, and what it must keep to
 *   simulate/fault.c     what goes wrong, and when
 *   simulate/false.c     a replica that lies
 *   simulate/liar.c      frames that no honest client sends
 *   simulate/register.c  who may make an account, and that nobody else has one
 *   simulate/tap.c       what was seen on the wires: the history
 *   simulate/check.c     what the history must be like
 *   simulate/end.c       what must be true when a run has ended
 *
 * A step is one event: bytes that arrive, a timer, a job of a disk, a command, a fault. Whatever a
 * step makes due is done within it, so every interleaving is one of steps.
 *
 * The checker is omniscient: it reads every frame on its way (the tap) and keeps from that what
 * each replica has acknowledged, which is what its disk must hold. It never looks into the
 * programs under test for what they should have done, only into stores for what they hold.
 */
#ifndef THREEFOLD_TESTS_SIMULATE_SIMULATE_H
#define THREEFOLD_TESTS_SIMULATE_SIMULATE_H

#include "reconcile/reconcile.h"
#include "replication/replication.h"
#include "session/session.h"
#include "journal/journal.h"
#include "tests/simulate/simdisk.h"

#include <stdio.h>

enum {
	SIM_EVIL = 32, /* ids that a liar chose (tests/store/evil.h) */
	SIM_CLIENTS_MAX = 6,
	SIM_REPAIRS = 2,
	SIM_ENDS = SIM_CLIENTS_MAX + 1 + SIM_REPAIRS, /* clients, the liar, repairs */
	SIM_WIRES_MAX = 128,
	SIM_CHUNKS_MAX = 32,
	SIM_ACCOUNTS_A_MINUTE = 20, /* of one address */
	SIM_GUESSES_MAX = 14,       /* wrong passwords that are answered to the liar in a second */
	SIM_DUE_MAX = 512,          /* requests on one connection that are not answered */
	SIM_COMMANDS_MAX = 8,       /* of one client, not ended */
	SIM_STRETCHES_MAX = 8,
	SIM_NAMES = 4,
	SIM_BACKUPS = 3,
	SIM_NEVER_SHOWN = 0,
};
#define SIM_NEVER    UINT64_MAX
#define SIM_EPOCH_MS UINT64_C(1790000000000)
#define SIM_MS       UINT64_C(1000) /* times of the simulation are in microseconds */
#define SIM_SECOND   UINT64_C(1000000)

enum sim_invitation { SIM_NONE, SIM_EXPIRED, SIM_FOREIGN, SIM_GOOD, SIM_INVITATIONS };

/* ---- the network ---- */

struct sim_chunk {
	uint32_t size;
	uint64_t at; /* when it arrives */
};

/* One direction of a connection. */
struct sim_pipe {
	struct buf flight;  /* written, not arrived */
	struct buf arrived; /* arrived, not taken by its reader */
	size_t tapped;      /* of `arrived`: seen by the tap (towards clients only) */
	struct sim_chunk chunks[SIM_CHUNKS_MAX];
	uint32_t count;
	uint64_t last_at; /* when the last chunk arrives; a later one arrives later */
	bool ended;       /* no more will be written */
	bool lost;        /* bytes written from now on are lost */
	uint64_t end_at;  /* when the reader is told the end */
};

/* A request whose reply was not seen. */
struct sim_due {
	uint32_t request;
	uint8_t type;
	uint64_t at;
	uint64_t asked_at; /* by the client; it may have been written later */
	struct buf frame;  /* as it was */
};

struct sim_wire {
	bool used;
	uint32_t client; /* SIM_CLIENTS_MAX: the liar; above: a repair */
	uint32_t life;   /* of the client */
	uint32_t index;  /* which it is to the client */
	uint32_t replica;
	uint32_t boot; /* of the replica */
	uint64_t opened_at;
	bool dialling; /* the client does not know yet how the dial ended */
	bool client_open;
	bool replica_open;
	bool accepting; /* connected, but the replica's process has not taken it yet */
	bool closing;   /* the replica has ended it; output is still written */
	uint64_t close_at;
	uint64_t syn_at; /* the dial reaches the replica */
	uint64_t ack_at; /* the client hears that it is connected, or that it is refused */
	bool refused;
	bool greeted; /* the client has heard it */
	uint32_t connection;
	uint8_t nonce[KEY_SIZE];                       /* the replica's for this connection */
	uint8_t uuid[UUID_SIZE], box_secret[KEY_SIZE]; /* of the process that took it */
	struct sim_pipe up, down;
	bool lags;         /* the client has more to write than went out */
	uint64_t asked_at; /* when it had made the first of that, at the earliest */
	/* The tap. */
	struct buf held_back;        /* of a lying replica, which is no whole frame yet */
	struct buf up_tap, down_tap; /* frames that are not whole yet */
	struct sim_due *due;
	uint32_t due_first, due_count; /* those whose answer has not reached the client; */
	uint32_t due_said;             /* of them, those that the replica has answered */
	uint32_t owed; /* answers that must come before a message is shown, and have not */
	bool has_login;
	struct id account; /* of the session that is logged in here */
	uint32_t epoch;    /* of its password */
	bool has_tried;
	struct id tried;  /* of the last LOGIN */
	uint32_t guesses; /* the liar's wrong passwords that were answered in this second */
	uint64_t guesses_at;
};

/* ---- a replica ---- */

struct sim_backup {
	struct simdisk_image *image;
	uint64_t at;
	uint32_t replica; /* whose */
};

struct sim_replica {
	struct simdisk *disk;
	enum journal_room room; /* of the disk, as the sessions know it */
	bool lacks_descriptors;
	struct store *store;
	struct journal *journal;
	struct sessions *sessions;
	bool up;
	uint8_t box_secret[KEY_SIZE];
	bool dead_host; /* the host is off: a dial gets no answer, not even a refusal */
	uint32_t boot;
	uint64_t base; /* journal positions before the session's first */
	uint64_t appended;
	bool job; /* under way */
	bool job_ran;
	uint64_t job_at;
	uint64_t frozen_until;
	bool thaws;        /* is to go on at frozen_until */
	uint64_t start_at; /* of the next process */
	uint64_t work_at;
	uint64_t look_at; /* at the disk's room, and at compaction */
	int64_t clock_offset_ms;
	uint64_t clock_turned_at;
	bool lost_disk; /* ever: wiped, restored, swapped */
	bool was_full;  /* ever: had no room for all */
	bool full;
	bool new_uuid;
	bool salvage;
	struct sim_backup backups[SIM_BACKUPS];
};

/* ---- a client and the person before it ---- */

struct sim_command {
	uint32_t token; /* 0: free */
	struct command command;
	uint32_t attempt; /* CREATE, LOGIN, PASSWORD */
	uint32_t change;  /* PASSWORD: which; LOGIN: with which; UINT32_MAX: the first password */
	uint32_t text;    /* SEND, ALL: of the history */
	uint64_t begun_at;
	uint64_t last_live_at; /* of its client, then */
	uint32_t live;         /* replicas that were live all the time since */
	char name[ID_TEXT_SIZE + DISPLAY_SIZE];
	char names[3][ID_TEXT_SIZE + DISPLAY_SIZE];
	char password[32];
	bool wrong_password;
	uint32_t listed_first, listed_count;
};

/* A message that a client was handed and has not written yet. */
struct sim_handed {
	uint64_t serial;
	uint32_t message; /* UINT32_MAX: of the liar's */
	uint64_t at;      /* when it is written, if the output does not stall */
};

struct sim_client {
	struct replication *r;
	uint32_t life;
	bool up;
	uint64_t frozen_until;
	bool thaws;
	uint64_t start_at;
	uint64_t next_command_at;
	uint64_t output_delay;     /* mean, of a message; 0: all are written at once */
	uint64_t stalled_until;    /* its output takes nothing */
	uint64_t arrived_at;       /* the last message, from any replica */
	bool is_blind;             /* its output has failed, */
	uint64_t ends_at;          /* and it ends for that; else SIM_NEVER */
	struct sim_handed *handed; /* the oldest first */
	uint32_t handed_count, handed_capacity;
	uint8_t order[REPLICAS];  /* which replica stands at which index */
	uint32_t wires[REPLICAS]; /* by index; SIM_WIRES_MAX: none */
	struct sim_command commands[SIM_COMMANDS_MAX];
	struct {
		bool used;
		uint32_t token;
		uint64_t at;
		uint8_t key[KEY_SIZE];
	} stretches[SIM_STRETCHES_MAX];
	uint32_t logins;               /* sessions that it has had */
	uint32_t change;               /* the password of its session; UINT32_MAX: the first one */
	uint32_t live;                 /* replicas (not indexes), as it has told */
	uint32_t live_as[REPLICAS];    /* which one it is, by index */
	uint64_t live_since[REPLICAS]; /* when its connection was made */
	uint64_t last_live_at; /* when a replica last became live; the client then asks again what
	                        * it knew */
	uint64_t changed_at;   /* when one last became live, or died */
	bool is_excused;       /* since it was settled last, what has come waits for more than for
	                        * its order; */
	uint64_t sign_until;   /* a question was lost: perhaps it is asked again only then */
	uint64_t settled_at;
	uint64_t excused; /* and before that, for so long in this life */
	bool logged_in;   /* as it has told */
	uint32_t account; /* of the history, then */
	struct ulid session;
	/* For each name, the account that it led to since the log-in; UINT32_MAX: not known, or the
	 * client asks again. */
	uint32_t known_as[SIM_NAMES];
	uint64_t forgot_names_at;
};

/* ---- a repair ---- */

struct sim_repair {
	struct reconcile *r; /* NULL: none runs */
	uint32_t life;
	enum reconcile_mode mode;
	uint64_t begun_at;
	uint64_t frozen_until;
	bool thaws;
	struct buf bring; /* facts: accounts that lapse or are removed, passwords that are set */
	uint8_t brought;  /* replicas (bits) to which these were sent */
	uint8_t order[REPLICAS];
	uint32_t wires[REPLICAS];
	bool moved[SET_ALL]; /* by set: since its last pass over that began */
	bool ended;          /* by itself: with this result */
	struct reconcile_result result;
};

/* ---- the history ---- */

/* What a replica has acknowledged of a fact: since when its disk must hold it; 0: need not. */
struct sim_held {
	uint64_t at[REPLICAS];
	uint32_t ever; /* a mask: also those whose disk was lost since */
};

struct sim_account {
	struct id id;
	char name[NAME_SIZE_MAX + 1];
	uint32_t attempt;
	bool by_liar;
	struct sim_held stored, confirmed, lapsed, gone;
	uint32_t yes;      /* a mask: these said yes to `confirm`, and have their disks still */
	uint32_t brought;  /* a mask: a repair told these that it is confirmed, so they say yes */
	uint32_t answered; /* a mask: these have said something to `confirm`, or refused before */
	bool confirming;   /* a creation has asked to confirm it */
	bool delete_begun, taken_back;
	bool lapsing;      /* the operator removes it */
	bool acknowledged; /* its creation */
	uint64_t acknowledged_at;
	uint64_t begun_at;
};

enum sim_ending { SIM_OPEN, SIM_OK, SIM_UNKNOWN, SIM_REFUSED };

/* A creation: a name with a password of its own. */
struct sim_attempt {
	char name[NAME_SIZE_MAX + 1];
	char password[32];
	uint32_t client, life;
	enum sim_ending ending;
	uint32_t account;     /* once it is known which: the last id introduced; UINT32_MAX: none */
	uint64_t first_taken; /* the first replica ever asked answered 'taken' and nobody else was
	                       * asked */
	uint64_t ended_at;
	bool fair; /* all replicas were live all the time, in their order */
	bool name_taken;
	bool is_invited; /* with a good invitation, where it needs one */
};

struct sim_text {
	char *text;
	size_t size;
	uint32_t client, life;
	uint32_t account; /* the sender */
	enum sim_ending ending;
	enum command_kind kind;
	uint32_t names_count;
	bool is_notice;
	bool acknowledged;
	bool was_written; /* then these are the bytes of whom it went to, as its client wrote it */
	uint16_t audience_size;
	uint8_t audience[AUDIENCE_SIZE_MAX];
};

struct sim_message {
	uint32_t text;
	struct stream stream;
	uint64_t number, sent_ms;
	struct sim_held stored, gone;
	bool acknowledged;
	uint32_t shown;    /* times, in all lives: it has left the process */
	bool dated_anew;   /* repeated by its id, by a process that did not know its time */
	bool told;         /* a `received` covered it */
	uint32_t answered; /* a mask: these have said something */
	uint32_t ends;     /* replicas that ended with it, since its sender could know better */
	uint32_t ends_life;
	uint32_t spared[REPLICAS]; /* the process, + 1, that had it and lives on; 0: none */
};

/* What one life has seen of one message. */
struct sim_seen {
	uint32_t client, life;
	uint32_t message;
	uint64_t arrived_at;                   /* first ever; 0: not */
	uint64_t came_at;                      /* first, on the connections that last */
	uint64_t handed_at;                    /* out, to be shown; 0: not */
	uint64_t came_excused, handed_excused; /* sim_client_excused at these times */
	uint32_t live;     /* a mask: the replicas that were live for its client then */
	bool hurried;      /* earlier ones need not be waited for: its stream had waited in vain,
	                     * or too much of it had come */
	bool shown;        /* it has left the process */
	uint32_t has_come; /* from these replicas, on connections and in a session that last */
	bool overtaken;    /* a later one of the stream was handed out while it had come */
};

struct sim_session {
	struct ulid ulid;
	uint32_t account;
	uint32_t client, life;
	uint64_t begun_at;
	bool is_sending; /* for sending alone */
};

#define SIM_LIST(type)                    \
	struct {                          \
		struct type *items;       \
		uint32_t count, capacity; \
	}

/* A password that somebody sets in the place of the one before. */
struct sim_change {
	uint32_t account, client, life;
	uint32_t login; /* the session of this client that sets it */
	char text[32];
	uint32_t epoch; /* 0: it was never written */
	uint8_t stored_key[KEY_SIZE];
	struct sim_held held; /* it, or one that wins over it */
	enum sim_ending ending;
	bool by_liar, by_operator;
	bool is_vouched; /* though by the liar: with a right stamp */
};

struct sim_history {
	SIM_LIST(sim_account) accounts;
	SIM_LIST(sim_attempt) attempts;
	SIM_LIST(sim_change) changes;
	SIM_LIST(sim_text) texts;
	SIM_LIST(sim_message) messages;
	SIM_LIST(sim_seen) seen;
	SIM_LIST(sim_session) sessions;
	SIM_LIST(sim_listed) listed;
	SIM_LIST(sim_lie) lies; /* the liar's messages that were shown */
};
struct sim_lie {
	uint32_t client, life;
	struct stream stream;
	uint64_t number;
};
struct sim_listed {
	struct id id;
};

#define SIM_ADD(list)                                                          \
	(sim_list_room((void **)&(list).items, (list).count, &(list).capacity, \
	               sizeof(*(list).items)),                                 \
	 &(list).items[(list).count++])
void sim_list_room(void **items, uint32_t count, uint32_t *capacity, size_t size);

/* ---- faults ---- */

enum sim_fault {
	FAULT_CUT_BOTH,    /* both ends see it */
	FAULT_CUT_CLIENT,  /* the client first: what it sent still arrives */
	FAULT_CUT_REPLICA, /* the replica first */
	FAULT_CUT_SILENT,  /* neither end is told */
	FAULT_STALL_UP,    /* a link delivers nothing for a while, towards the replica */
	FAULT_STALL_DOWN,
	FAULT_PARTITION,    /* a client and a replica, both ways, connections cut */
	FAULT_SLOW_READER,  /* a connection holds few bytes */
	FAULT_KILL,         /* a replica's process */
	FAULT_POWER,        /* a replica's host: unsynced data lost, kept, torn */
	FAULT_POWER_IN_IO,  /* the power goes in some operation of the disk */
	FAULT_STOP_REPLICA, /* cleanly */
	FAULT_KILL_ALL,
	FAULT_FREEZE_REPLICA,
	FAULT_CRASH_CLIENT,      /* what it wrote still arrives */
	FAULT_CRASH_CLIENT_HOST, /* it does not, and nobody is told */
	FAULT_FREEZE_CLIENT,
	FAULT_STALL_OUTPUT, /* a client's: nobody reads what it writes, for a while */
	FAULT_FAIL_OUTPUT,  /* for ever: it tells what was shown, and ends */
	FAULT_CLOCK,        /* a replica's clock jumps */
	FAULT_DISK_FULL,
	FAULT_FSYNC,       /* fails */
	FAULT_DESCRIPTORS, /* none is left: files cannot be opened */
	FAULT_WIPE,
	FAULT_RESTORE, /* an old backup */
	FAULT_SWAP,    /* another's backup, with --new-uuid */
	FAULT_REPAIR,  /* no fault: a repair begins */
	FAULT_KILL_REPAIR,
	FAULT_FREEZE_REPAIR,
	FAULT_END,
};
extern const char *const sim_fault_names[FAULT_END];

/* ---- a relay ---- */

struct sim_relay {
	uint32_t at;   /* the replica on whose port it listens; REPLICAS: none */
	uint32_t to;   /* whom it passes everything on to */
	bool turns;    /* that is drawn anew at some dials */
	uint64_t from; /* when it begins */
	bool stands;
	/* The life of a client that heard a replica last, there where it is, and the boot of
	 * that. */
	struct {
		uint32_t life, boot;
	} heard[REPLICAS][SIM_CLIENTS_MAX];
};

/* ---- a run ---- */

enum { SIM_COMMAND_KINDS = COMMAND_KIND_END };

/* What runs have produced, over all seeds. */
struct sim_produced {
	uint64_t runs, steps, frames, virtual_s;
	uint64_t commands[SIM_COMMAND_KINDS][OUTCOME_END];
	uint64_t pairs[SIM_COMMAND_KINDS][SIM_COMMAND_KINDS]; /* under way at the same time */
	uint64_t faults[FAULT_END];
	uint64_t faults_in[SIM_COMMAND_KINDS][FAULT_END]; /* while such a command was under way */
	uint64_t refusals[STATUS_END];
	uint64_t passwords; /* that were changed */
	uint64_t accounts, messages, shown, late, lied, compactions, starts, torn;
	uint64_t repairs, repairs_done, repairs_same, repaired, lapsed, resets, removed;
	uint64_t with_ghosts, behind, falsified, relayed, forged;
	uint64_t gated; /* accounts that were added where registration is not open */
};

struct sim_options {
	uint64_t seed;
	bool calm;  /* no faults */
	bool trace; /* to stdout */
	bool lies;
};

struct sim {
	struct sim_options options;
	uint64_t random;
	uint64_t now;
	uint64_t step;
	uint64_t hash;
	uint64_t ends_at; /* when the faults end */
	bool healed;
	uint32_t clients_count;
	struct sim_replica replicas[REPLICAS];
	struct sim_client clients[SIM_CLIENTS_MAX];
	struct sim_repair repairs[SIM_REPAIRS];
	struct sim_wire wires[SIM_WIRES_MAX];
	uint64_t blocked_up[SIM_ENDS][REPLICAS]; /* until */
	uint64_t blocked_down[SIM_ENDS][REPLICAS];
	uint32_t lying; /* this replica lies; REPLICAS: none */
	uint32_t lies_percent;
	bool is_gated; /* registration is not open, but as these say: */
	enum session_registration registration[REPLICAS];
	struct invitation invitations[SIM_INVITATIONS]; /* SIM_NONE: of no meaning */
	bool resets;            /* the operator sets passwords, and removes accounts */
	bool forges;            /* somebody adds requests to connections */
	bool lies_of_passwords; /* whatever else it says */
	bool lies_of_strangers; /* it is one: nobody vouches for it */
	bool lies_of_greetings; /* it is one since its first end, and greets as before */
	struct frame greeting;  /* as that was; FRAME_WELCOME, if there was one */
	bool lies_of_stamps;    /* the key of its operator vouches for passwords that nobody set */
	uint32_t faults_on;     /* a mask: which this run has */
	uint64_t fault_at;      /* the next */
	uint64_t fault_gap;     /* mean */
	uint64_t delay;         /* mean, of a chunk */
	uint64_t disk_delay;    /* mean, of a job of a disk */
	uint32_t pipe_size;
	uint64_t command_gap;
	uint32_t share_messages;
	uint32_t gaps;        /* of a stream */
	size_t longest;       /* bytes of a text of this run until now */
	uint32_t names_count; /* that people want in this run */
	struct sim_history history;
	struct sim_produced *produced;
	struct sim_liar *liar;
	struct sim_relay relay;
	/* The process, + 1, that lives on though a connection to it has broken on which the client
	 * had more to write; 0: none. */
	uint32_t spared[SIM_ENDS][REPLICAS];
	bool failed;
	char why[1024];
	uint32_t last_text;
	bool slow_work;  /* slices of long work are far apart */
	bool winding_up; /* the liveness phase gives its own commands */
};

/* simulate/register.c */

/* Decides whether registration is open in this run, and who is let in where. */
void sim_register_init(struct sim *s);
/* The invitation of an attempt, by its number; NULL: none. Notes whether it is good. */
const struct invitation *sim_register_invitation(const struct sim *s, struct sim_attempt *attempt,
                                                 uint32_t number);
/* What became of an attempt. */
void sim_register_result(struct sim *s, const struct sim_attempt *t, enum outcome outcome);
/* A replica has answered a request of an honest client. */
void sim_register_answered(struct sim *s, uint32_t replica, uint8_t type, enum status status);
/* What the liar adds to an INTRODUCE or HANDOVER of its own account. */
void sim_register_lie(struct sim *s, const struct account *account, struct frame *f);
/* A replica adds this fact. */
void sim_register_check(struct sim *s, uint32_t replica, const struct fact *fact);

/* simulate/simulate.c */
void sim_trace(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends the run: the first violation is the one that is told. */
void sim_fail(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_hash(struct sim *s, const void *data, size_t size);

/* simulate/run.c. Two draws stand in two statements: C leaves the order of arguments open, and a
 * seed plays the same schedule on every processor. */
void sim_run(struct sim *s);
void sim_release(struct sim *s);
uint64_t sim_random(struct sim *s, uint64_t limit); /* below limit */
bool sim_chance(struct sim *s, uint32_t percent);
uint64_t sim_around(struct sim *s, uint64_t mean); /* mostly about the mean, sometimes much more */
void sim_draw(struct sim *s, void *to, size_t size);
/* Does the next event; false if there is none before `until`. */
bool sim_step(struct sim *s, uint64_t until);

/* simulate/net.c */
struct sim_wire *sim_dial(struct sim *s, uint32_t client, uint32_t index, uint32_t replica);
uint64_t sim_wire_next(const struct sim *s, const struct sim_wire *w);
void sim_wire_step(struct sim *s, struct sim_wire *w);
/* Writes as much as there is room for; how much that was. */
size_t sim_pipe_write(struct sim *s, struct sim_wire *w, bool up, struct view bytes);
/* Bytes that the client has not written reach the replica behind those that it has. */
void sim_pipe_forge(struct sim *s, struct sim_wire *w, struct view bytes);
void sim_pipe_end(struct sim *s, struct sim_wire *w, bool up, bool loses);
void sim_wire_settle(struct sim *s, struct sim_wire *w); /* frees what both ends have left */
void sim_wire_free(struct sim_wire *w);

/* simulate/replica.c */
void sim_replica_init(struct sim *s, uint32_t i);
void sim_replica_start(struct sim *s, uint32_t i);
/* The process ends; `loss` is what its disk does. */
void sim_replica_crash(struct sim *s, uint32_t i, enum simdisk_loss loss, bool host);
void sim_replica_stop(struct sim *s, uint32_t i);
uint64_t sim_replica_next(const struct sim *s, uint32_t i);
void sim_replica_step(struct sim *s, uint32_t i);
void sim_replica_accept(struct sim *s, struct sim_wire *w);
void sim_replica_feed(struct sim *s, struct sim_wire *w);
void sim_replica_closed(struct sim *s, struct sim_wire *w);
void sim_replica_settle(struct sim *s, uint32_t i);
bool sim_replica_awake(const struct sim *s, uint32_t i);
void sim_replica_release(struct sim *s, uint32_t i);

/* simulate/client.c */
extern const char *const sim_names[SIM_NAMES];
/* Whether two names, or references, are the same: case does not count. */
bool sim_same_name(const char *a, const char *b);
/* Writes a name, or a reference, as somebody may: with some letters in upper case. */
void sim_spell(struct sim *s, char *text);
void sim_stretch(struct view password, struct view setting, uint8_t key[KEY_SIZE]);
void sim_client_start(struct sim *s, uint32_t c);
void sim_client_crash(struct sim *s, uint32_t c, bool host);
uint64_t sim_client_next(const struct sim *s, uint32_t c);
void sim_client_step(struct sim *s, uint32_t c);
void sim_client_settle(struct sim *s, uint32_t c);
void sim_client_feed(struct sim *s, struct sim_wire *w);
bool sim_client_awake(const struct sim *s, uint32_t c);
uint32_t sim_client_busy(const struct sim *s, uint32_t c);
struct sim_command *sim_client_command(struct sim *s, uint32_t c, const struct command *command);
void sim_client_release(struct sim *s, uint32_t c);
void sim_client_act(struct sim *s, uint32_t c); /* the person does something */
bool sim_client_stall_output(struct sim *s, uint32_t c);
/* For how long, in this life, what had come had to wait for more than for its order. */
uint64_t sim_client_excused(const struct sim *s, uint32_t c);
/* This connection of a client ends. */
void sim_client_wait_for_sign(struct sim *s, const struct sim_wire *w);
bool sim_client_fail_output(struct sim *s, uint32_t c);

/* simulate/repair.c */
extern const uint8_t sim_operator_key[KEY_SIZE];
/* NULL: as many as may be are under way. */
struct sim_repair *sim_repair_start(struct sim *s, const struct reconcile_options *options);
bool sim_repair_kill(struct sim *s, uint32_t k, bool host);
bool sim_repair_freeze(struct sim *s, uint32_t k, uint64_t time);
void sim_repair_release(struct sim *s, uint32_t k);
bool sim_repair_awake(const struct sim *s, uint32_t k);
bool sim_repair_runs(const struct sim *s); /* any */
uint64_t sim_repair_next(const struct sim *s, uint32_t k);
void sim_repair_step(struct sim *s, uint32_t k);
void sim_repair_connected(struct sim *s, struct sim_wire *w);
void sim_repair_failed(struct sim *s, struct sim_wire *w, const char *why);
void sim_repair_feed(struct sim *s, struct sim_wire *w);
/* The tap: a request left a repair; a replica said yes to its STORE. */
void sim_repair_asked(struct sim *s, struct sim_wire *w, const struct frame *f);
void sim_repair_answered(struct sim *s, uint32_t replica, const struct frame *request);

/* simulate/fault.c */
void sim_fault_init(struct sim *s);
void sim_fault_step(struct sim *s);
void sim_heal(struct sim *s);

/* simulate/false.c */
void sim_false_init(struct sim *s);
/* A client stretches a password under this setting. */
void sim_false_stretch(struct sim *s, uint32_t c, struct view setting);
/* What a lying replica has written reaches a client. */
void sim_false_arrive(struct sim *s, struct sim_wire *w, struct view bytes);

/* simulate/forge.c */
void sim_forge_init(struct sim *s);
/* Adds a request to some connection, in some of these steps. */
void sim_forge_step(struct sim *s);

/* simulate/relay.c */
void sim_relay_init(struct sim *s);
/* Begins, if it is time. */
void sim_relay_step(struct sim *s);
/* Whom a client reaches that dials a replica. */
uint32_t sim_relay_dialled(struct sim *s, uint32_t replica);
/* Which replica it is that a client calls live, or dead. */
uint32_t sim_relay_who(struct sim *s, uint32_t c, const struct action *a);
/* A greeting has reached a client. */
void sim_relay_greeted(struct sim *s, struct sim_wire *w);
/* A client's connection, or dial, has ended. */
void sim_relay_lost(struct sim *s, const struct sim_wire *w);
/* A client asks this of a replica. */
void sim_relay_asked(struct sim *s, const struct sim_wire *w, uint8_t type);
/* The last seconds of a run have passed with no other fault. */
void sim_relay_check(struct sim *s);
/* Its connections break, and nobody dials it any more. */
void sim_relay_end(struct sim *s);
/* The connection goes to a relay that is gone. */
bool sim_relay_refuses(const struct sim *s, const struct sim_wire *w);

/* simulate/liar.c */
struct sim_liar;
void sim_liar_init(struct sim *s);
uint64_t sim_liar_next(const struct sim *s);
void sim_liar_step(struct sim *s);
void sim_liar_connected(struct sim *s, struct sim_wire *w);
void sim_liar_feed(struct sim *s, struct sim_wire *w);
void sim_liar_closed(struct sim *s, struct sim_wire *w);
void sim_liar_settle(struct sim *s);
/* Keeps a frame of somebody else, to say it again. */
void sim_liar_hears(struct sim *s, uint32_t replica, struct view frame);
void sim_liar_release(struct sim *s);

/* simulate/tap.c */
void sim_tap_up(struct sim *s, struct sim_wire *w, struct view bytes);   /* left the client */
void sim_tap_down(struct sim *s, struct sim_wire *w, struct view bytes); /* left the replica */
void sim_tap_arrived(struct sim *s, struct sim_wire *w);                 /* reaches the client */
/* The client hears that the connection has ended. */
void sim_tap_lost(struct sim *s, const struct sim_wire *w);
/* Whether a frame is the first one on this wire that the replica has not answered. */
bool sim_tap_is_next(const struct sim_wire *w, struct view frame);
void sim_tap_release(struct sim_wire *w);

/* simulate/password.c */
void sim_password_change(struct sim *s, uint32_t c);
void sim_password_reset(struct sim *s, uint32_t at, struct account *a,
                        char setting[AUTH_SETTING_TEXT_SIZE]);
bool sim_password_is_reset(struct sim *s, uint32_t c); /* of the client's session */
uint32_t sim_password_pick(struct sim *s, uint32_t account);
uint32_t sim_password_now(struct sim *s, uint32_t account);
const char *sim_password_text(struct sim *s, uint32_t attempt, uint32_t change);
void sim_password_saw(struct sim *s, const struct sim_wire *w, uint32_t account,
                      const struct frame *f, const struct verifier *v);
void sim_password_answered(struct sim *s, struct sim_wire *w, uint32_t account,
                           const struct frame *to, uint8_t type, const struct verifier *v);
void sim_password_brought(struct sim *s, uint32_t replica, const struct account *account);
void sim_password_logged_in(struct sim *s, struct sim_wire *w, uint32_t epoch, uint64_t asked_at);
void sim_password_in_session(struct sim *s, const struct sim_wire *w, uint64_t asked_at);
void sim_password_lost(struct sim *s, uint32_t replica, uint64_t after);
void sim_password_result(struct sim *s, uint32_t c, struct sim_command *k,
                         const struct result *result);
void sim_password_check_in(struct sim *s, uint32_t c, const struct sim_command *k,
                           uint32_t account);
bool sim_password_may_fail(struct sim *s, const struct sim_command *k, uint32_t account);
bool sim_password_changed_by_another(struct sim *s, uint32_t c);
void sim_password_check_session(struct sim *s, uint32_t c);
/* Whether the replica holds, or does not hold, any change of the account's password. */
bool sim_password_is_known(struct sim *s, uint32_t replica, uint32_t account, bool known);
void sim_password_check_store(struct sim *s, uint32_t replica, const struct store *store);

/* simulate/check.c */
uint32_t sim_account_find(const struct sim *s, const struct id *id); /* UINT32_MAX: none */
bool sim_is_liar(const struct sim *s, const struct id *id);
bool sim_is_deleted(const struct sim *s, const struct id *id); /* its deletion has begun */
uint32_t sim_session_find(const struct sim *s, const struct ulid *ulid);
struct sim_message *sim_message_find(struct sim *s, const struct stream *stream, uint64_t number);
struct sim_seen *sim_seen_get(struct sim *s, uint32_t client, uint32_t life, uint32_t message);
void sim_held_set(struct sim *s, struct sim_held *h, uint32_t replica);
static inline uint32_t count_bits_of(uint32_t mask)
{
	return (mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1);
}
bool sim_held_any(const struct sim_held *h);
uint32_t sim_held_mask(const struct sim_held *h);
/* The disk of a replica has lost what it acknowledged after this time (0: all). */
void sim_check_lost(struct sim *s, uint32_t replica, uint64_t after);
void sim_check_result(struct sim *s, uint32_t c, struct sim_command *k,
                      const struct result *result);
/* A client is handed a message to be shown. Gives which: UINT32_MAX if it is the liar's. */
uint32_t sim_check_handed(struct sim *s, uint32_t c, const struct shown *shown);
/* Whether the last session of this life of a client is for sending alone. */
bool sim_check_is_sending(const struct sim *s, uint32_t c);
/* It has left the process. */
void sim_check_shown(struct sim *s, uint32_t c, uint32_t message);
void sim_check_forget_names(struct sim *s, uint32_t c);
void sim_check_users(struct sim *s, uint32_t c, struct sim_command *k, const struct action *a);
/* What came from this replica (REPLICAS: from all) may be lost with the connection, or the
 * session. */
void sim_check_lost_arrivals(struct sim *s, uint32_t c, uint32_t replica);
/* Who is logged in, and all that has been told: has it been shown? */
void sim_check_online(struct sim *s, uint32_t c);
void sim_check_logged_out(struct sim *s, uint32_t c);
void sim_check_life_ended(struct sim *s, uint32_t c);

/* simulate/end.c */
void sim_wind_up(struct sim *s);
/* What a disk has just given back, against what its replica acknowledged. */
void sim_check_store(struct sim *s, uint32_t i, const struct store *store);
/* Alive: it is held, in *held (or NULL); dead: its number is, or its recipient. */
enum store_state sim_message_state(const struct store *store, const struct sim_message *m,
                                   struct message *held);
void sim_check_end(struct sim *s);

#endif
