/* SPDX-License-Identifier: MIT
 *
 * loop: waits for descriptors, deadlines, signals and other threads, and calls whom each concerns.
 * It knows no message.
 *
 * Programs drive it turn by turn, and do between two turns what is to be done once for all events
 * of a turn:
 *
 *   loop = loop_new();
 *   loop_add(loop, &source, LOOP_READ);          source.fd and source.ready are set
 *   while (running) {
 *           loop_turn(loop, wait_until_ms);      waits, then calls ready, woken, signalled, expired
 *           ...                                  commit, write what has collected
 *   }
 *
 * Sources, timers and wakes are the caller's structs, usually inside a larger one (LOOP_OWNER gets
 * back to it); they must not move while they are in the loop. A callback may add, change and remove
 * anything, itself too, and free what it has removed.
 *
 * Readiness is level-triggered: a source that is ready and was not read is called again in the next
 * turn. What a source waits for (loop_want) is told to the kernel once a turn, and only if it has
 * changed in the end. Regular files, which epoll does not take, are always ready.
 *
 * Turns are short: after LOOP_SLICE_US no further event is handed out; the rest comes in the next
 * turn, which then does not wait. Handlers with much to do ask loop_is_late. Timers expire after
 * the events of a turn, so that whoever was stopped for a while finds his peers' bytes before he
 * finds them silent.
 *
 * The clocks are read once a turn. One thread; only loop_wake_signal may be called on any.
 */
#ifndef THREEFOLD_IO_LOOP_H
#define THREEFOLD_IO_LOOP_H

#include "base/buf.h"

enum {
	LOOP_EVENTS_MAX = 256, /* handed out in one turn */
	LOOP_SLICE_US = 2000,
	LOOP_LONG_US = 5000, /* a turn that takes longer is counted */
};
/* A time that never comes. */
#define LOOP_NEVER UINT64_MAX
/* The struct of this type around its member. */
#define LOOP_OWNER(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct loop;

enum loop_event {
	LOOP_READ = 1,  /* bytes, a connection or the end of the stream are there */
	LOOP_WRITE = 2, /* room, or a dial has ended */
	/* An error, or both ends are closed. Reported whether it is wanted or not, and with
	 * LOOP_READ if that is wanted, since a read tells what it was. */
	LOOP_FAILED = 4,
};

struct loop_source {
	int fd;
	uint8_t wanted; /* enum loop_event; the loop's own from here on */
	uint8_t applied;
	bool is_file;
	uint32_t change; /* place in the list of changes, counted from 1 */
	void (*ready)(struct loop_source *source, unsigned events);
};

struct loop_timer {
	uint64_t deadline_ms;
	uint32_t place; /* in the heap, counted from 1; 0: not set */
	void (*expired)(struct loop_timer *timer);
};

/* By which another thread ends the loop's wait. */
struct loop_wake {
	struct loop_source source;
	void (*woken)(struct loop_wake *wake);
};

/* NULL if the kernel has no descriptor for it; errno says why. */
struct loop *loop_new(void);
/* Everything has been removed, but for signals. */
void loop_free(struct loop *l);

/* From here on source->fd is watched for `wanted`. 0, or a negative errno value. */
int loop_add(struct loop *l, struct loop_source *source, unsigned wanted);
void loop_want(struct loop *l, struct loop_source *source, unsigned wanted);
/* The caller closes the descriptor afterwards. An event of this turn that was not handed out yet
 * is forgotten. */
void loop_remove(struct loop *l, struct loop_source *source);

/* Sets it, or sets it anew. One that has passed already expires in the next turn. */
void loop_timer_set(struct loop *l, struct loop_timer *timer, uint64_t deadline_ms);
/* Also of one that is not set. */
void loop_timer_cancel(struct loop *l, struct loop_timer *timer);

/* Waits, outside of any turn, until this descriptor has room or an error. False: a signal of
 * loop_signals waits to be handed out, or `ms` are over (LOOP_NEVER: they never are). */
bool loop_wait_for_room(struct loop *l, int fd, uint64_t ms);

/* Blocks these signals in this thread (and those it starts) and hands them out as events: once
 * for all kinds. To be called before any thread is started. 0, or a negative errno value. */
int loop_signals(struct loop *l, const int *signals, size_t count,
                 void (*signalled)(void *context, int signal), void *context);

/* 0, or a negative errno value. wake->woken is set; it is called once for any number of signals
 * before it. */
int loop_wake_add(struct loop *l, struct loop_wake *wake);
void loop_wake_remove(struct loop *l, struct loop_wake *wake);
/* Any thread. */
void loop_wake_signal(struct loop_wake *wake);

/* Waits until something is to be done, at most until `until_ms` (0: does not wait; LOOP_NEVER),
 * and does it. */
void loop_turn(struct loop *l, uint64_t until_ms);
/* Whether this turn has handed out anything: false if it only waited. */
bool loop_was_busy(const struct loop *l);
/* Whether the turn has taken longer than LOOP_SLICE_US by now: what can wait should. Reads the
 * clock. */
bool loop_is_late(const struct loop *l);

/* As of this turn: monotonic milliseconds, and milliseconds since 1970. */
uint64_t loop_now_ms(const struct loop *l);
uint64_t loop_clock_ms(const struct loop *l);

/* A turn lasts from the end of its wait to the beginning of the next one. */
struct loop_counts {
	uint64_t turns;
	uint64_t turns_long; /* over LOOP_LONG_US */
	uint64_t longest_us;
};
void loop_counts(const struct loop *l, struct loop_counts *counts);

#endif
