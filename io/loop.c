/* SPDX-License-Identifier: MIT
 *
 * One epoll set, a heap of timers, and lists of what has to be told to the kernel before the next
 * wait.
 *
 * Events that were fetched and not handed out, because the turn was late, stay in `events` and are
 * handed out first in the next turn: a new wait would put the same busy sources in front again.
 * loop_remove looks through them, so nobody is called who is gone.
 *
 * Timers wait until all events that were ready have been handed out. If every wait brings as many
 * events as fit, there may be more behind them; then timers expire at the latest every
 * TURNS_WITHOUT_TIMERS_MAX turns.
 *
 * The timers' heap is a plain binary one, with each timer's place in the timer, so that setting one
 * anew, which happens with every frame of a peer, moves it instead of leaving a dead entry behind.
 * A timer wheel would cost more lines for what is a few thousand timers at most.
 */
#include "io/loop.h"

#include "io/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { TURNS_WITHOUT_TIMERS_MAX = 128 };

/* A growing array of pointers. */
struct list {
	void **items;
	uint32_t count;
	uint32_t capacity;
};

struct loop {
	int epoll;
	uint64_t now_ns;
	uint64_t clock_ms;
	uint64_t began_ns; /* this turn, after its wait */
	bool is_running;   /* a turn has begun and its end was not counted yet */
	bool was_busy;
	uint32_t next; /* of events */
	uint32_t count;
	uint32_t turns_without_timers;
	struct list changes; /* sources whose `wanted` was changed; NULL where one has gone */
	struct list files;   /* sources that epoll does not take */
	struct list timers;  /* the heap */
	struct loop_source signals;
	void (*signalled)(void *context, int signal);
	void *signalled_context;
	struct loop_counts counts;
	struct epoll_event events[LOOP_EVENTS_MAX];
};

/* Grows, never shrinks: its maximum is the number of sources or timers. */
static void list_add(struct list *list, void *item)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
		list->items = memory_resize(list->items, list->capacity * sizeof *list->items);
	}
	list->items[list->count++] = item;
}

/* Through the vDSO: some 25 ns, so it may be asked after each event. */
static uint64_t monotonic_ns(void)
{
	struct timespec now;
	int result = clock_gettime(CLOCK_MONOTONIC, &now);

	assert(result == 0);
	(void)result;
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void read_clocks(struct loop *l)
{
	struct timespec now;
	int result = clock_gettime(CLOCK_REALTIME, &now);

	assert(result == 0);
	(void)result;
	l->clock_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	l->now_ns = monotonic_ns();
}

struct loop *loop_new(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct loop *l;

	if (epoll < 0)
		return NULL;
	l = memory_alloc_zero(1, sizeof *l);
	l->epoll = epoll;
	l->signals.fd = -1;
	read_clocks(l);
	return l;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	if (l->signals.fd >= 0) {
		loop_remove(l, &l->signals);
		(void)close(l->signals.fd);
	}
	assert(l->timers.count == 0);
	assert(l->files.count == 0);
	(void)close(l->epoll);
	memory_free(l->changes.items);
	memory_free(l->files.items);
	memory_free(l->timers.items);
	memory_free(l);
}

/* ---- sources ---- */

static struct epoll_event epoll_event_of(struct loop_source *source)
{
	uint32_t events = 0;

	if (source->wanted & LOOP_READ)
		events |= EPOLLIN;
	if (source->wanted & LOOP_WRITE)
		events |= EPOLLOUT;
	return (struct epoll_event){ .events = events, .data.ptr = source };
}

int loop_add(struct loop *l, struct loop_source *source, unsigned wanted)
{
	struct epoll_event event;

	assert(source->fd >= 0);
	assert(source->ready != NULL);
	assert((wanted & ~(unsigned)(LOOP_READ | LOOP_WRITE)) == 0);
	source->wanted = (uint8_t)wanted;
	source->applied = (uint8_t)wanted;
	source->is_file = false;
	source->change = 0;
	event = epoll_event_of(source);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0)
		return 0;
	if (errno != EPERM)
		return -errno;
	source->is_file = true;
	list_add(&l->files, source);
	return 0;
}

void loop_want(struct loop *l, struct loop_source *source, unsigned wanted)
{
	assert((wanted & ~(unsigned)(LOOP_READ | LOOP_WRITE)) == 0);
	source->wanted = (uint8_t)wanted;
	if (source->is_file || source->change != 0 || source->wanted == source->applied)
		return;
	list_add(&l->changes, source);
	source->change = l->changes.count;
}

/* A source may have been changed back and forth since; only the end counts. */
static void apply_changes(struct loop *l)
{
	for (uint32_t i = 0; i < l->changes.count; i++) {
		struct loop_source *source = l->changes.items[i];
		struct epoll_event event;

		if (source == NULL)
			continue;
		source->change = 0;
		if (source->wanted == source->applied)
			continue;
		source->applied = source->wanted;
		event = epoll_event_of(source);
		/* The descriptor is in the set, and changing an entry needs no memory. */
		if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, source->fd, &event) != 0)
			log_end("change what is waited for", errno);
	}
	l->changes.count = 0;
}

static void remove_file(struct loop *l, const struct loop_source *source)
{
	uint32_t i = 0;

	assert(l->files.count > 0);
	while (l->files.items[i] != source) {
		i++;
		assert(i < l->files.count);
	}
	l->files.items[i] = l->files.items[--l->files.count];
}

void loop_remove(struct loop *l, struct loop_source *source)
{
	if (source->change != 0) {
		assert(l->changes.items[source->change - 1] == source);
		l->changes.items[source->change - 1] = NULL;
		source->change = 0;
	}
	/* An entry that stayed would tell of a source that is gone. */
	if (source->is_file)
		remove_file(l, source);
	else if (epoll_ctl(l->epoll, EPOLL_CTL_DEL, source->fd, NULL) != 0)
		log_end("stop waiting for a descriptor", errno);
	for (uint32_t i = l->next; i < l->count; i++)
		if (l->events[i].data.ptr == source)
			l->events[i].data.ptr = NULL;
	source->wanted = 0;
}

/* ---- timers ---- */

static struct loop_timer *timer_at(const struct loop *l, uint32_t place)
{
	assert(place >= 1);
	assert(place <= l->timers.count);
	return l->timers.items[place - 1];
}

/* Every move within the heap goes through here, so `place` is always right. */
static void timer_put(struct loop *l, struct loop_timer *timer, uint32_t place)
{
	l->timers.items[place - 1] = timer;
	timer->place = place;
}

/* Moves a timer to where it belongs: up while it is before its parent, else down while a child
 * is before it. */
static void timer_settle(struct loop *l, struct loop_timer *timer)
{
	uint32_t place = timer->place;

	while (place > 1 && timer_at(l, place / 2)->deadline_ms > timer->deadline_ms) {
		timer_put(l, timer_at(l, place / 2), place);
		place /= 2;
	}
	for (;;) {
		uint32_t child = 2 * place;

		if (child > l->timers.count)
			break;
		if (child < l->timers.count &&
		    timer_at(l, child + 1)->deadline_ms < timer_at(l, child)->deadline_ms)
			child++;
		if (timer_at(l, child)->deadline_ms >= timer->deadline_ms)
			break;
		timer_put(l, timer_at(l, child), place);
		place = child;
	}
	timer_put(l, timer, place);
}

void loop_timer_set(struct loop *l, struct loop_timer *timer, uint64_t deadline_ms)
{
	assert(timer->expired != NULL);
	assert(timer->place <= l->timers.count);
	timer->deadline_ms = deadline_ms;
	if (timer->place == 0) {
		list_add(&l->timers, timer);
		timer->place = l->timers.count;
	}
	assert(timer_at(l, timer->place) == timer);
	timer_settle(l, timer);
}

void loop_timer_cancel(struct loop *l, struct loop_timer *timer)
{
	uint32_t place = timer->place;
	struct loop_timer *last;

	if (place == 0)
		return;
	assert(timer_at(l, place) == timer);
	last = timer_at(l, l->timers.count);
	l->timers.count--;
	timer->place = 0;
	if (last == timer)
		return;
	timer_put(l, last, place);
	timer_settle(l, last);
}

/* Those that a callback sets to a time that has passed wait for the next turn: it must not keep
 * this one for ever. */
static void expire_timers(struct loop *l)
{
	uint64_t now_ms = loop_now_ms(l);
	uint32_t left = l->timers.count;

	while (left-- > 0 && l->timers.count > 0 && timer_at(l, 1)->deadline_ms <= now_ms) {
		struct loop_timer *timer = timer_at(l, 1);

		loop_timer_cancel(l, timer);
		l->was_busy = true;
		timer->expired(timer);
	}
}

/* ---- signals and wakes ---- */

static void signals_ready(struct loop_source *source, unsigned events)
{
	struct loop *l = LOOP_OWNER(source, struct loop, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(source->fd, &info, sizeof info) == (ssize_t)sizeof info)
		l->signalled(l->signalled_context, (int)info.ssi_signo);
}

int loop_signals(struct loop *l, const int *signals, size_t count,
                 void (*signalled)(void *context, int signal), void *context)
{
	sigset_t set;
	int result;
	int fd;

	assert(l->signals.fd < 0);
	assert(signalled != NULL);
	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	result = pthread_sigmask(SIG_BLOCK, &set, NULL);
	assert(result == 0);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	l->signals = (struct loop_source){ .fd = fd, .ready = signals_ready };
	l->signalled = signalled;
	l->signalled_context = context;
	result = loop_add(l, &l->signals, LOOP_READ);
	if (result < 0) {
		(void)close(fd);
		l->signals.fd = -1;
	}
	return result;
}

bool loop_wait_for_room(struct loop *l, int fd, uint64_t ms)
{
	struct pollfd polled[2] = { { .fd = fd, .events = POLLOUT },
		                    { .fd = l->signals.fd, .events = POLLIN } };
	uint64_t end_ns = monotonic_ns() + (ms < INT_MAX ? ms : INT_MAX) * 1000000;
	int count;

	do {
		uint64_t now_ns = monotonic_ns();
		uint64_t left_ms = now_ns < end_ns ? (end_ns - now_ns + 999999) / 1000000 : 0;

		count = poll(polled, 2, ms == LOOP_NEVER ? -1 : (int)left_ms);
	} while (count < 0 && errno == EINTR);
	return count > 0 && polled[1].revents == 0;
}

static void wake_ready(struct loop_source *source, unsigned events)
{
	struct loop_wake *wake = LOOP_OWNER(source, struct loop_wake, source);
	uint64_t count;

	(void)events;
	if (read(source->fd, &count, sizeof count) == (ssize_t)sizeof count)
		wake->woken(wake);
}

int loop_wake_add(struct loop *l, struct loop_wake *wake)
{
	int result;

	assert(wake->woken != NULL);
	wake->source.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	wake->source.ready = wake_ready;
	if (wake->source.fd < 0)
		return -errno;
	result = loop_add(l, &wake->source, LOOP_READ);
	if (result < 0)
		(void)close(wake->source.fd);
	return result;
}

void loop_wake_remove(struct loop *l, struct loop_wake *wake)
{
	loop_remove(l, &wake->source);
	(void)close(wake->source.fd);
	wake->source.fd = -1;
}

void loop_wake_signal(struct loop_wake *wake)
{
	uint64_t one = 1;
	ssize_t written;

	do
		written = write(wake->source.fd, &one, sizeof one);
	while (written < 0 && errno == EINTR);
	/* It fails only when 2^64 - 2 signals were not taken. The loop would wait for ever. */
	if (written != (ssize_t)sizeof one)
		log_end("wake the loop", errno);
}

/* ---- turns ---- */

/* A turn that has begun ends now, with what the program has done between two calls. */
static void count_turn(struct loop *l, uint64_t end_ns)
{
	uint64_t us = (end_ns - l->began_ns) / 1000;

	if (!l->is_running)
		return;
	l->is_running = false;
	l->counts.turns++;
	if (us > LOOP_LONG_US)
		l->counts.turns_long++;
	if (us > l->counts.longest_us)
		l->counts.longest_us = us;
}

/* If so, nobody waits. */
static bool file_is_wanted(const struct loop *l)
{
	for (uint32_t i = 0; i < l->files.count; i++)
		if (((const struct loop_source *)l->files.items[i])->wanted != 0)
			return true;
	return false;
}

/* For epoll_wait: 0 not to wait, -1 for ever. Rounded up, or a deadline less than a millisecond
 * away would be a busy loop. */
static int wait_ms(const struct loop *l, uint64_t until_ms, uint64_t now_ns)
{
	uint64_t deadline_ms = until_ms;
	uint64_t left_ns;

	if (l->timers.count > 0 && timer_at(l, 1)->deadline_ms < deadline_ms)
		deadline_ms = timer_at(l, 1)->deadline_ms;
	if (file_is_wanted(l) || deadline_ms <= now_ns / 1000000)
		return 0;
	if (deadline_ms > UINT64_MAX / 1000000)
		return -1;
	left_ns = deadline_ms * 1000000 - now_ns;
	if (left_ns / 1000000 >= INT_MAX)
		return INT_MAX;
	return (int)((left_ns + 999999) / 1000000);
}

/* Only when all events of the wait before have been handed out. */
static void wait_for_events(struct loop *l, uint64_t until_ms)
{
	uint64_t end_ns = monotonic_ns();
	int timeout_ms = wait_ms(l, until_ms, end_ns);
	int count;

	count_turn(l, end_ns);
	/* Interrupted (the process was stopped and goes on): what is ready comes first, then the
	 * timers. */
	while ((count = epoll_wait(l->epoll, l->events, LOOP_EVENTS_MAX, timeout_ms)) < 0) {
		if (errno != EINTR)
			log_end("wait for events", errno);
		timeout_ms = 0;
	}
	l->next = 0;
	l->count = (uint32_t)count;
}

static void hand_out(const struct epoll_event *event)
{
	struct loop_source *source = event->data.ptr;
	unsigned events = 0;

	if (source == NULL)
		return;
	if (event->events & EPOLLIN)
		events |= LOOP_READ;
	if (event->events & EPOLLOUT)
		events |= LOOP_WRITE;
	if (event->events & (EPOLLERR | EPOLLHUP))
		events |= LOOP_FAILED | (source->wanted & LOOP_READ);
	/* An earlier callback of this turn may have lost interest. */
	events &= (unsigned)source->wanted | LOOP_FAILED;
	if (events != 0)
		source->ready(source, events);
}

static void hand_out_files(struct loop *l)
{
	for (uint32_t i = l->files.count; i-- > 0;) {
		struct loop_source *source;

		if (i >= l->files.count)
			continue; /* a callback has removed several */
		source = l->files.items[i];
		if (source->wanted == 0)
			continue;
		l->was_busy = true;
		source->ready(source, source->wanted);
	}
}

void loop_turn(struct loop *l, uint64_t until_ms)
{
	bool may_be_more;

	assert(l->next <= l->count);
	apply_changes(l);
	if (l->next == l->count)
		wait_for_events(l, until_ms);
	else
		count_turn(l, monotonic_ns());
	may_be_more = l->count == LOOP_EVENTS_MAX;
	read_clocks(l);
	l->began_ns = l->now_ns;
	l->is_running = true;
	l->was_busy = l->next < l->count;
	while (l->next < l->count) {
		hand_out(&l->events[l->next++]);
		if (l->next < l->count && loop_is_late(l))
			break;
	}
	hand_out_files(l);
	may_be_more |= l->next < l->count;
	l->turns_without_timers++;
	if (!may_be_more || l->turns_without_timers >= TURNS_WITHOUT_TIMERS_MAX) {
		l->turns_without_timers = 0;
		expire_timers(l);
	}
}

bool loop_was_busy(const struct loop *l)
{
	return l->was_busy;
}

bool loop_is_late(const struct loop *l)
{
	return monotonic_ns() - l->began_ns > LOOP_SLICE_US * UINT64_C(1000);
}

uint64_t loop_now_ms(const struct loop *l)
{
	return l->now_ns / 1000000;
}

uint64_t loop_clock_ms(const struct loop *l)
{
	return l->clock_ms;
}

void loop_counts(const struct loop *l, struct loop_counts *counts)
{
	*counts = l->counts;
}
