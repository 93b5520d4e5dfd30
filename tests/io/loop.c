/* SPDX-License-Identifier: MIT
 *
 * The loop against pipes, eventfds and real signals; its timers against a naive list. No test
 * sleeps: each waits in loop_turn for an event that is sure to come.
 */
#include "io/loop.h"
#include "io/syncer.h"
#include "tests/lib/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* More sources than two turns hand out, and fewer than the usual 1,024 descriptors of a process. */
enum { TIMERS = 200, SOURCES = 600 };
_Static_assert(SOURCES > 2 * LOOP_EVENTS_MAX, "they need more than two turns");

/* ---- timers ---- */

struct alarm {
	struct loop_timer timer;
	int rang;
	uint64_t order;
};
static uint64_t rings;
static uint64_t last_deadline_ms;
static bool rang_in_order = true;

static void ring(struct loop_timer *timer)
{
	struct alarm *alarm = LOOP_OWNER(timer, struct alarm, timer);

	rang_in_order &= timer->deadline_ms >= last_deadline_ms;
	last_deadline_ms = timer->deadline_ms;
	alarm->rang++;
	alarm->order = rings++;
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Each is set, moved or cancelled at random; `want` is what a list of deadlines says. */
static void test_timers_against_a_list(void)
{
	static struct alarm alarms[TIMERS];
	static uint64_t want[TIMERS]; /* 0: not set */
	struct loop *l = loop_new();
	uint32_t seed = 7;
	uint64_t base = loop_now_ms(l) - 100000;
	size_t due = 0;
	bool same = true;

	for (int i = 0; i < TIMERS; i++)
		alarms[i].timer.expired = ring;
	for (int step = 0; step < 20000; step++) {
		uint32_t i = random_next(&seed) % TIMERS;

		if (random_next(&seed) % 3 == 0) {
			loop_timer_cancel(l, &alarms[i].timer);
			want[i] = 0;
		} else {
			/* Half of them long ago, half in a thousand seconds. */
			want[i] = base + random_next(&seed) % 90000 +
			          (random_next(&seed) % 2 ? 1100000 : 0);
			loop_timer_set(l, &alarms[i].timer, want[i]);
		}
	}
	for (int i = 0; i < TIMERS; i++)
		due += want[i] != 0 && want[i] <= base + 100000;
	loop_turn(l, LOOP_NEVER);
	IS_U64(rings, due, "loop: every timer whose time has come expires, in one turn");
	OK(rang_in_order, "loop: timers expire in the order of their deadlines");
	for (int i = 0; i < TIMERS; i++) {
		bool is_due = want[i] != 0 && want[i] <= base + 100000;

		same &= alarms[i].rang == (is_due ? 1 : 0);
		same &= (alarms[i].timer.place != 0) == (want[i] != 0 && !is_due);
		loop_timer_cancel(l, &alarms[i].timer);
	}
	OK(same, "loop: those that are left are the ones that a list says");
	loop_free(l);
}

static struct loop *again_loop;
static int again_count;

static void ring_again(struct loop_timer *timer)
{
	again_count++;
	loop_timer_set(again_loop, timer, 0);
}

static void test_timer_that_sets_itself(void)
{
	struct loop_timer timer = { .expired = ring_again };

	again_loop = loop_new();
	loop_timer_set(again_loop, &timer, 0);
	loop_turn(again_loop, LOOP_NEVER);
	IS_U64(again_count, 1, "loop: a timer that sets itself to the past does not keep the turn");
	loop_turn(again_loop, LOOP_NEVER);
	IS_U64(again_count, 2, "loop: it expires in the next one");
	loop_timer_cancel(again_loop, &timer);
	loop_free(again_loop);
}

static void test_deadline_is_waited_for(void)
{
	struct loop *l = loop_new();
	uint64_t begin = loop_now_ms(l);
	struct alarm alarm = { .timer = { .expired = ring } };

	last_deadline_ms = 0;
	loop_turn(l, begin + 20);
	OK(loop_now_ms(l) >= begin + 20, "loop: a turn lasts until the time that was given");
	OK(!loop_was_busy(l), "loop: a turn in which nothing came was not busy");
	begin = loop_now_ms(l);
	loop_timer_set(l, &alarm.timer, begin + 20);
	loop_turn(l, begin + 100000);
	OK(alarm.rang == 1 && loop_now_ms(l) >= begin + 20, "loop: or until a timer expires");
	OK(loop_clock_ms(l) > UINT64_C(1600000000000), "loop: the clock counts from 1970");
	loop_free(l);
}

/* ---- sources ---- */

struct pipe_end {
	struct loop_source source;
	struct loop *loop;
	struct pipe_end *victim; /* removed by the first that is called */
	int calls;
	unsigned events;
};

static void pipe_ready(struct loop_source *source, unsigned events)
{
	struct pipe_end *end = LOOP_OWNER(source, struct pipe_end, source);

	end->calls++;
	end->events = events;
	if (end->victim != NULL) {
		loop_remove(end->loop, &end->victim->source);
		end->victim->victim = NULL;
	}
}

static void pipe_open(struct loop *l, struct pipe_end *end, int *other)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
		puts("Bail out! no pipe");
		exit(1);
	}
	*end = (struct pipe_end){ .source = { .fd = fds[0], .ready = pipe_ready }, .loop = l };
	*other = fds[1];
	loop_add(l, &end->source, LOOP_READ);
}

static void test_interest(void)
{
	struct loop *l = loop_new();
	struct pipe_end end;
	int other;

	pipe_open(l, &end, &other);
	(void)!write(other, "x", 1);
	loop_turn(l, LOOP_NEVER);
	OK(end.calls == 1 && end.events == LOOP_READ, "loop: bytes in a pipe are LOOP_READ");
	loop_turn(l, LOOP_NEVER);
	IS_U64(end.calls, 2, "loop: what was not read is said again");
	loop_want(l, &end.source, 0);
	loop_turn(l, 0);
	IS_U64(end.calls, 2, "loop: who wants nothing is not called");
	loop_want(l, &end.source, LOOP_READ);
	loop_want(l, &end.source, 0);
	loop_want(l, &end.source, LOOP_READ);
	loop_turn(l, 0);
	IS_U64(end.calls, 3, "loop: the last wish of a turn counts");
	loop_want(l, &end.source, 0);
	loop_remove(l, &end.source);
	loop_turn(l, 0);
	IS_U64(end.calls, 3, "loop: a source that was changed and removed is forgotten");
	close(end.source.fd);
	close(other);
	loop_free(l);
}

static void test_end_of_a_pipe(void)
{
	struct loop *l = loop_new();
	struct pipe_end end;
	int other;

	pipe_open(l, &end, &other);
	close(other);
	loop_turn(l, LOOP_NEVER);
	OK(end.events & LOOP_READ, "loop: the end of a pipe can be read");
	loop_want(l, &end.source, 0);
	loop_turn(l, LOOP_NEVER);
	IS_U64(end.events, LOOP_FAILED, "loop: and is told also to whoever does not want to read");
	loop_remove(l, &end.source);
	close(end.source.fd);
	loop_free(l);
}

static void test_removal_within_a_turn(void)
{
	struct loop *l = loop_new();
	struct pipe_end ends[2];
	int others[2];

	for (int i = 0; i < 2; i++) {
		pipe_open(l, &ends[i], &others[i]);
		(void)!write(others[i], "x", 1);
	}
	ends[0].victim = &ends[1];
	ends[1].victim = &ends[0];
	loop_turn(l, LOOP_NEVER);
	IS_U64(ends[0].calls + ends[1].calls, 1,
	       "loop: who is removed in a turn is not called in it");
	for (int i = 0; i < 2; i++) {
		if (ends[i].victim != NULL)
			loop_remove(l, &ends[i].source);
		close(ends[i].source.fd);
		close(others[i]);
	}
	loop_free(l);
}

/* Burns time, so that the turn is late after each call. */
static void slow_ready(struct loop_source *source, unsigned events)
{
	struct pipe_end *end = LOOP_OWNER(source, struct pipe_end, source);

	(void)events;
	end->calls++;
	while (!loop_is_late(end->loop))
		;
}

static void test_late_turn(void)
{
	static struct pipe_end ends[8];
	struct loop *l = loop_new();
	struct alarm alarm = { .timer = { .expired = ring } };
	struct loop_counts counts;
	int others[8];
	int called = 0;
	bool each_once = true;

	for (int i = 0; i < 8; i++) {
		pipe_open(l, &ends[i], &others[i]);
		ends[i].source.ready = slow_ready;
		(void)!write(others[i], "x", 1);
	}
	loop_timer_set(l, &alarm.timer, 0);
	last_deadline_ms = 0;
	loop_turn(l, LOOP_NEVER);
	for (int i = 0; i < 8; i++)
		called += ends[i].calls;
	IS_U64(called, 1, "loop: a late turn hands out no further event");
	IS_U64(alarm.rang, 0, "loop: timers wait until all that was ready has been handed out");
	for (int i = 0; i < 7; i++)
		loop_turn(l, LOOP_NEVER);
	for (int i = 0; i < 8; i++)
		each_once &= ends[i].calls == 1;
	OK(each_once, "loop: the next turns go on where it stopped");
	IS_U64(alarm.rang, 1, "loop: then timers expire");
	loop_turn(l, 0);
	loop_counts(l, &counts);
	IS_U64(counts.turns, 8, "loop: turns are counted when they have ended");
	OK(counts.longest_us >= LOOP_SLICE_US, "loop: the longest turn is known");
	for (int i = 0; i < 8; i++) {
		loop_remove(l, &ends[i].source);
		close(ends[i].source.fd);
		close(others[i]);
	}
	loop_free(l);
}

static void test_regular_file(void)
{
	struct loop *l = loop_new();
	struct pipe_end end = { .source = { .fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
		                            .ready = pipe_ready } };

	IS_U64(loop_add(l, &end.source, LOOP_READ), 0, "loop: a regular file is taken");
	loop_turn(l, LOOP_NEVER);
	loop_turn(l, LOOP_NEVER);
	IS_U64(end.calls, 2, "loop: it is always ready");
	loop_want(l, &end.source, 0);
	loop_turn(l, 0);
	IS_U64(end.calls, 2, "loop: unless nothing is wanted of it");
	loop_remove(l, &end.source);
	close(end.source.fd);
	loop_free(l);
}

static void test_many_sources(void)
{
	static struct pipe_end ends[SOURCES];
	struct loop *l = loop_new();
	int turns = 0;
	int called = 0;

	for (int i = 0; i < SOURCES; i++) {
		ends[i].source = (struct loop_source){ .fd = eventfd(1, EFD_CLOEXEC),
			                               .ready = pipe_ready };
		if (ends[i].source.fd < 0) {
			puts("Bail out! no descriptor is left");
			exit(1);
		}
		loop_add(l, &ends[i].source, LOOP_READ);
	}
	/* Each turn calls one at least. */
	for (; turns < SOURCES && called < SOURCES; turns++) {
		loop_turn(l, LOOP_NEVER);
		called = 0;
		for (int i = 0; i < SOURCES; i++)
			called += ends[i].calls > 0;
	}
	IS_U64(called, SOURCES, "loop: more sources than fit into one turn are all called");
	for (int i = 0; i < SOURCES; i++) {
		loop_remove(l, &ends[i].source);
		close(ends[i].source.fd);
	}
	loop_free(l);
}

/* ---- signals, and the other thread ---- */

static int signals[2];

static void signalled(void *context, int number)
{
	(void)context;
	signals[number == SIGUSR1]++;
}

static void test_signals(void)
{
	const int wanted[] = { SIGUSR1, SIGTERM };
	struct loop *l = loop_new();

	IS_U64(loop_signals(l, wanted, 2, signalled, NULL), 0, "loop: signals are taken");
	(void)raise(SIGUSR1);
	(void)raise(SIGTERM);
	loop_turn(l, LOOP_NEVER);
	OK(signals[0] == 1 && signals[1] == 1, "loop: they are events, and kill nobody");
	loop_free(l);
}

struct job {
	struct loop *loop;
	struct syncer *syncer;
	uint64_t runs;
	uint64_t done;
};

static void job_run(void *context)
{
	((struct job *)context)->runs++;
}

static void job_done(void *context)
{
	struct job *job = context;

	job->done++;
	if (job->done < 1000)
		syncer_start(job->syncer);
}

static void test_syncer(void)
{
	struct job job = { .loop = loop_new() };

	job.syncer = syncer_new(job.loop, job_run, job_done, &job);
	syncer_start(job.syncer);
	OK(syncer_is_running(job.syncer),
	   "syncer: a job that was started runs until done is called");
	while (syncer_is_running(job.syncer))
		loop_turn(job.loop, LOOP_NEVER);
	IS_U64(job.runs, 1000, "syncer: each start runs the job once");
	IS_U64(job.done, 1000, "syncer: and calls done once");
	for (int i = 0; i < 1000; i++) {
		syncer_start(job.syncer);
		syncer_wait(job.syncer);
	}
	IS_U64(job.runs, 2000, "syncer: a job that was waited for has run");
	loop_turn(job.loop, 0);
	IS_U64(job.done, 1000, "syncer: done is not called for it, although the loop was woken");
	/* A wake that is left from a job that was waited for must not stand for the next one. */
	syncer_start(job.syncer);
	syncer_wait(job.syncer);
	syncer_start(job.syncer);
	while (syncer_is_running(job.syncer))
		loop_turn(job.loop, LOOP_NEVER);
	OK(job.runs == 2002 && job.done == 1001, "syncer: a late wake ends no other job");
	syncer_free(job.syncer);
	loop_free(job.loop);
}

int main(void)
{
	test_timers_against_a_list();
	test_timer_that_sets_itself();
	test_deadline_is_waited_for();
	test_interest();
	test_end_of_a_pipe();
	test_removal_within_a_turn();
	test_late_turn();
	test_regular_file();
	test_many_sources();
	test_signals();
	test_syncer();
	return tap_done();
}
