/* SPDX-License-Identifier: MIT
 *
 * op: a request as such: its state, its audience, its result. A part of private.h, which includes
 * it; the states stand in op.c.
 */
#ifndef THREEFOLD_REPLICATION_OP_H
#define THREEFOLD_REPLICATION_OP_H

#include "replication/replication.h"

struct replication;
struct op;

/* How one kind of request behaves. NULL: nothing is done then, if not said otherwise. */
struct op_row {
	const char *name;
	size_t size; /* of the struct that begins with a struct op */
	/* A command begins: fills in what it says, and calls op_begin or ends it. */
	void (*command)(struct replication *r, struct op *op, const struct command *command);
	/* The first step: at the beginning, and again when the audience was empty and a replica has
	 * become live. */
	void (*start)(struct replication *r, struct op *op);
	/* The answer to op_stretch: P, or NULL if it could not be made. */
	void (*stretched)(struct replication *r, struct op *op, const uint8_t *stretched);
	/* One of the audience has replied; its bit in `done` is set already. */
	void (*reply)(struct replication *r, struct op *op, uint32_t index,
	              const struct frame *frame);
	/* All of the audience have replied or died, and one is left. */
	void (*advance)(struct replication *r, struct op *op);
	/* Some have not replied yet: what goes in order asks the next one. NULL: it has asked all
	 * of them at once. */
	void (*step)(struct replication *r, struct op *op);
	/* All of the audience have died. NULL: it waits for a live replica, and starts again. */
	void (*emptied)(struct replication *r, struct op *op);
	/* A child has ended; it is freed afterwards. NULL: it has no children. */
	void (*child)(struct replication *r, struct op *op, struct op *child);
	/* The time to wait is over: ends it with `result`, which says that no replica could be
	 * reached, or that the outcome is unknown. NULL: it ends with just that. */
	void (*expired)(struct replication *r, struct op *op, struct result *result);
	/* Perhaps it is what replicas ended of (ENDS_MAX): nothing that stands for it is to be
	 * written until it begins again. */
	void (*suspected)(struct replication *r, struct op *op);
	/* It is written to nobody any more (ENDS_MAX): ends it with `result`. NULL: as
	 * `expired`. */
	void (*stopped)(struct replication *r, struct op *op, struct result *result);
	/* Frees what it owns. */
	void (*release)(struct replication *r, struct op *op);
};

/* What a request waits for. op.c says what happens in each state. */
enum op_state {
	OP_BUSY,    /* itself: it begins, or the end of a child, or P */
	OP_ASKING,  /* the replies of its audience */
	OP_WAITING, /* a live replica */
	OP_BEHIND,  /* another request to end */
	OP_ENDED,   /* being freed */
};

/* What it has lost on the way, since its first step. */
enum op_loss {
	OP_WHOLE,     /* nothing */
	OP_DIED,      /* the reply of a replica of its audience, which died first */
	OP_RESTARTED, /* all of them, after it had been written to some: it began again */
};

/* A request. The struct of its kind begins with it. `audience` are the replicas that were live when
 * it was last multicast, less those that have died since; `done`, those of them that have
 * replied. */
struct op {
	const struct op_row *row;
	struct op *previous, *next; /* all requests, in order of age */
	struct op *settle_next;
	struct op *parent;
	uint32_t token; /* of the command; 0: internal */
	enum command_kind kind;
	uint32_t children;
	uint8_t phase; /* the kind's own */
	uint8_t audience;
	uint8_t done;       /* of the audience, who has replied */
	uint8_t helped;     /* who has answered its children */
	uint8_t written;    /* replicas to which any step of it was ever written */
	uint8_t ends;       /* times that a connection ended with it, since one has answered; */
	uint8_t proven;     /* of them, those after which another process has greeted; */
	uint8_t ended;      /* whose they were; */
	uint8_t returned;   /* of them, those that have greeted since, as other processes, */
	uint8_t excused;    /* and those that count only if they do: the network was broken */
	uint64_t judged_ms; /* if they are too many: when it is stopped at the latest */
	bool goes_on;       /* it is stopped only if all of them have come back, and had ended */
	bool is_struck;     /* the one that ends just now has it */
	bool settling;      /* is on the list of those to be settled */
	bool told;          /* its result has been given; it goes on behind */
	enum op_state state;
	enum op_loss loss;
	uint64_t wait_until_ms;
	enum outcome outcome; /* of a child, for its parent */
};

/* ---- what is done with it ---- */

/* A new request, zeroed but for its row and parent; it is freed after op_end. */
struct op *op_new(struct replication *r, const struct op_row *row, struct op *parent);
/* Begins it, once: calls row->start, or waits for a live replica. */
void op_begin(struct replication *r, struct op *op);
/* Does not begin it yet: it waits for another one to end (op_begin_behind), no longer than for a
 * live replica. */
void op_stand_behind(struct replication *r, struct op *op);
/* Another one has ended: begins all that stand behind. */
void op_begin_behind(struct replication *r);
/* Makes all replicas that are live now its audience. False: none is, or too many have ended with it
 * (ENDS_MAX), and it waits. */
bool op_audience(struct replication *r, struct op *op);
/* op_audience, and writes a frame to each of them. False: it waits. */
bool op_multicast(struct replication *r, struct op *op, const struct frame *frame);
/* Writes a frame to one replica of its audience, which is then to reply, perhaps once more. */
void op_ask(struct replication *r, struct op *op, uint32_t index, const struct frame *frame);
/* Goes on asking the same audience, after the end of a child. A replica that is not asked again
 * counts as one that has replied. */
void op_resume(struct replication *r, struct op *op);
/* Asks the caller for P of a password under a setting, which row->stretched hears. Both live as
 * long as the request. It must be that of a command. */
void op_stretch(struct replication *r, struct op *op, struct view password, const char *setting);
/* Ends it as refused, and is true, if fewer replicas are live than options.min_copies. */
bool op_too_few(struct replication *r, struct op *op);
/* A result for op_end, which takes it over. The caller may fill in more: it is zeroed but for
 * token, kind, audience and what is given here. `detail` lives for ever. */
struct result *op_result(struct replication *r, const struct op *op, enum outcome outcome,
                         const char *detail);
/* The same with room for so many users, whom the caller fills in and counts. */
struct result *op_result_of_users(struct replication *r, const struct op *op, enum outcome outcome,
                                  const char *detail, uint32_t users);
/* Ends it, once: gives the result, which is taken over, unless op_tell_result has given one; and
 * tells the parent. The request is freed later, when the event is settled. */
void op_end(struct replication *r, struct op *op, struct result *result);
/* What is said of a request that was stopped. */
extern const char op_stopped[];
/* What becomes of a parent whose child could not be asked about: OUTCOME_NO_REPLICA, or
 * OUTCOME_STOPPED if the child was stopped. */
enum outcome op_unreached(const struct op *child);
/* Ends it with an outcome that needs nothing else said. */
void op_refuse(struct replication *r, struct op *op, enum outcome outcome, const char *detail);
/* Gives the result now, which is taken over, and lets the request go on behind it. Once. */
void op_tell_result(struct replication *r, struct op *op, struct result *result);
/* A replica has replied to it. If that is a late reply, to a step that is over, it is dropped. */
void op_replied(struct replication *r, struct op *op, uint32_t index, const struct frame *frame);
/* The replica has died: every request loses it from its audience. */
void op_lost(struct replication *r, uint32_t index);
/* The replica has greeted, the same process as before or another one: with every request that it
 * had when its connection ended, it has ended or not. Only its first greeting since then tells. */
void op_greeted(struct replication *r, uint32_t index, bool is_same);
/* Those that wait for a live replica start again, if there is one. */
void op_restart(struct replication *r);
/* Puts it on the list of those to be looked at before the event is over, if it is not there. */
void op_settle(struct replication *r, struct op *op);
/* Takes the next one off that list and looks at it. False: none is left. */
bool op_settle_next(struct replication *r);
/* Ends those that have waited for too long. */
void op_tick(struct replication *r);
/* Ends those that wait for a live replica: there will be none. */
void op_give_up(struct replication *r);
/* The monotonic time, in ms, at which the next one has; UINT64_MAX: none waits. */
uint64_t op_deadline(const struct replication *r);
/* Whether nothing is under way that somebody waits for. */
bool op_is_idle(const struct replication *r);
/* Asserts the invariants. */
void op_check(const struct replication *r);
/* Frees all requests, whatever they wait for. No parent is told. */
void op_release(struct replication *r);

#endif
