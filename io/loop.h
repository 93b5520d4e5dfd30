/* SPDX-License-Identifier: MIT
 *
 * loop: waits for descriptors, deadlines, signals and other threads, and calls the function that
 * was registered for each. It knows nothing of messages.
 *
 * Programs drive it turn by turn. Work that is done once for all events of a turn stands between
 * two turns:
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
 * turn. What a source waits for (loop_want) is told to the kernel at the end of a turn, and only if
 * it differs from what the kernel knows. Regular files, which epoll refuses, are always ready.
 *
 * Turns are short: after LOOP_SLICE_US no further event is handed out; the rest comes in the next
 * turn, which then does not wait. Handlers with much to do ask loop_is_late. Timers expire after
 * the events of a turn: a process that was stopped for a while reads the bytes of its peers before
 * a timer says that they were silent.
 *
 * The clocks are read once a turn. One thread; only loop_wake_signal may be called on any.
 */
#ifndef THREEFOLD_IO_LOOP_H
#define THREEFOLD_IO_LOOP_H

#include "base/buf.h"

enum {
	LOOP_EVENTS_MAX = 256, /* handed out in one turn */
	LOOP_SLICE_US = 2000,  /* after so long a turn hands out no further event */
	LOOP_LONG_US = 5000,   /* a turn that takes longer is counted */
};
/* A time that never comes. */
#define LOOP_NEVER UINT64_MAX
/* The struct of this type that contains the member to which `pointer` points. */
#define LOOP_OWNER(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct loop;

enum loop_event {
	LOOP_READ = 1,  /* there are bytes, a connection, or the end of the stream */
	LOOP_WRITE = 2, /* there is room, or a dial has ended */
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

/* With it another thread ends the loop's wait. */
struct loop_wake {
	struct loop_source source;
	void (*woken)(struct loop_wake *wake);
};

/* Makes a loop. NULL if the kernel has no descriptor for it; errno says why. */
struct loop *loop_new(void);
/* Frees the loop. The caller has removed all sources, timers and wakes; signals may stay. */
void loop_free(struct loop *l);

/* Watches source->fd for `wanted`, a set of enum loop_event, from now on. Returns 0, or a negative
 * errno value. */
int loop_add(struct loop *l, struct loop_source *source, unsigned wanted);
/* Changes what a source waits for; 0: nothing but LOOP_FAILED. */
void loop_want(struct loop *l, struct loop_source *source, unsigned wanted);
/* Removes a source. Events of it that were not handed out yet are dropped. The caller closes the
 * descriptor afterwards. */
void loop_remove(struct loop *l, struct loop_source *source);

/* Sets the timer, or sets it anew. A deadline that has passed expires in the next turn. */
void loop_timer_set(struct loop *l, struct loop_timer *timer, uint64_t deadline_ms);
/* Cancels the timer. Does nothing if it is not set. */
void loop_timer_cancel(struct loop *l, struct loop_timer *timer);

/* Waits, outside of any turn, until this descriptor has room or an error. False: a signal of
 * loop_signals waits to be handed out, or `ms` are over (LOOP_NEVER: they never are). */
bool loop_wait_for_room(struct loop *l, int fd, uint64_t ms);

/* Blocks these signals in this thread and in those it starts, and hands them out as events. Called
 * at most once, before any thread is started. Returns 0, or a negative errno value. */
int loop_signals(struct loop *l, const int *signals, size_t count,
                 void (*signalled)(void *context, int signal), void *context);

/* Adds a wake; wake->woken is set. Returns 0, or a negative errno value. */
int loop_wake_add(struct loop *l, struct loop_wake *wake);
/* Removes it. The caller makes sure that no thread signals it any more. */
void loop_wake_remove(struct loop *l, struct loop_wake *wake);
/* Ends the loop's wait and makes it call wake->woken, once for any number of signals before that
 * call. May be called on any thread. */
void loop_wake_signal(struct loop_wake *wake);

/* Waits for events and calls their functions. Waits at most until `until_ms`, on the clock of
 * loop_now_ms; 0: not at all. */
void loop_turn(struct loop *l, uint64_t until_ms);
/* Whether the last turn called any function; false if it only waited. */
bool loop_was_busy(const struct loop *l);
/* Whether the turn has taken longer than LOOP_SLICE_US by now, so work that can wait should. Reads
 * the clock. */
bool loop_is_late(const struct loop *l);

/* The monotonic clock, in milliseconds, as it was when this turn began. */
uint64_t loop_now_ms(const struct loop *l);
/* The time of day, in milliseconds since 1970, as it was when this turn began. */
uint64_t loop_clock_ms(const struct loop *l);

/* A turn lasts from the end of its wait to the beginning of the next one. */
struct loop_counts {
	uint64_t turns;
	uint64_t turns_long; /* over LOOP_LONG_US */
	uint64_t longest_us;
};
/* Sets *counts to what was counted since loop_new. */
void loop_counts(const struct loop *l, struct loop_counts *counts);

#endif
