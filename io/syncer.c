/* SPDX-License-Identifier: MIT
 *
 * Two semaphores pass the job to the thread and back; an eventfd wakes the loop. The semaphore, not
 * the eventfd, says that a job is done: after syncer_wait the eventfd may still tell of a job that
 * nobody asks about any more.
 */
#include "io/syncer.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

struct syncer {
	struct loop *loop;
	struct loop_wake wake;
	void (*run)(void *context);
	void (*done)(void *context);
	void *context;
	sem_t start;
	sem_t finished;
	bool is_running; /* the loop's thread alone */
	bool is_ending;  /* written before `start` is posted */
	pthread_t thread;
};

/* Waits for the semaphore; a signal's handler may interrupt that. */
static void take(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		assert(errno == EINTR);
}

static bool take_if_there(sem_t *semaphore)
{
	int result;

	do
		result = sem_trywait(semaphore);
	while (result != 0 && errno == EINTR);
	return result == 0;
}

/* The thread. Nothing of the syncer but these calls belongs to it. */
static void *work(void *argument)
{
	struct syncer *s = argument;

	for (;;) {
		take(&s->start);
		if (s->is_ending)
			return NULL;
		s->run(s->context);
		(void)sem_post(&s->finished);
		loop_wake_signal(&s->wake);
	}
}

static void woken(struct loop_wake *wake)
{
	struct syncer *s = LOOP_OWNER(wake, struct syncer, wake);

	if (!s->is_running || !take_if_there(&s->finished))
		return;
	s->is_running = false;
	s->done(s->context);
}

/* Signals are the loop's thread's: this one inherits a mask that blocks them all. */
static int start_thread(struct syncer *s)
{
	sigset_t all;
	sigset_t before;
	int result;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&s->thread, NULL, work, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

struct syncer *syncer_new(struct loop *l, void (*run)(void *context), void (*done)(void *context),
                          void *context)
{
	struct syncer *s = memory_alloc_zero(1, sizeof *s);
	int result;

	assert(run != NULL);
	assert(done != NULL);
	*s = (struct syncer){
		.loop = l,
		.wake = { .woken = woken },
		.run = run,
		.done = done,
		.context = context,
	};
	(void)sem_init(&s->start, 0, 0);
	(void)sem_init(&s->finished, 0, 0);
	result = -loop_wake_add(l, &s->wake);
	if (result == 0) {
		result = start_thread(s);
		if (result == 0)
			return s;
		loop_wake_remove(l, &s->wake);
	}
	memory_free(s);
	errno = result;
	return NULL;
}

void syncer_free(struct syncer *s)
{
	if (s == NULL)
		return;
	assert(!s->is_running);
	s->is_ending = true;
	(void)sem_post(&s->start);
	(void)pthread_join(s->thread, NULL);
	loop_wake_remove(s->loop, &s->wake);
	(void)sem_destroy(&s->start);
	(void)sem_destroy(&s->finished);
	memory_free(s);
}

void syncer_start(struct syncer *s)
{
	assert(!s->is_running);
	s->is_running = true;
	(void)sem_post(&s->start);
}

bool syncer_is_running(const struct syncer *s)
{
	return s->is_running;
}

void syncer_wait(struct syncer *s)
{
	if (!s->is_running)
		return;
	take(&s->finished);
	s->is_running = false;
}

bool syncer_wait_for(struct syncer *s, uint64_t ms)
{
	struct timespec until;
	int result;

	if (!s->is_running)
		return true;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	do
		result = sem_timedwait(&s->finished, &until);
	while (result != 0 && errno == EINTR);
	s->is_running = result != 0;
	return result == 0;
}
