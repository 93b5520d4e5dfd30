/* SPDX-License-Identifier: MIT
 *
 * The answer belongs to two, the caller and the thread. Who lets go of it last frees it.
 */
#include "io/resolver.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

struct resolver {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	unsigned owners;
	bool has_ended;
	int count;
	struct address addresses[ADDRESS_MAX];
	char err[ADDRESS_ERR_SIZE];
	char host[ADDRESS_HOST_SIZE];
	uint16_t port;
};

/* Called with the mutex locked; unlocks it. */
static void let_go(struct resolver *r)
{
	bool is_last = --r->owners == 0;

	(void)pthread_mutex_unlock(&r->mutex);
	if (!is_last)
		return;
	(void)pthread_mutex_destroy(&r->mutex);
	(void)pthread_cond_destroy(&r->ended);
	memory_free(r);
}

/* The thread. Until it has ended, nobody else looks at what it writes. */
static void *resolve(void *argument)
{
	struct resolver *r = argument;

	r->count = address_resolve(r->host, r->port, false, r->addresses, r->err);
	(void)pthread_mutex_lock(&r->mutex);
	r->has_ended = true;
	(void)pthread_cond_signal(&r->ended);
	let_go(r);
	return NULL;
}

/* Signals are the loop's thread's: this one inherits a mask that blocks them all. */
static bool start_thread(struct resolver *r)
{
	pthread_t thread;
	sigset_t all;
	sigset_t before;
	bool is_started;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	is_started = pthread_create(&thread, NULL, resolve, r) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (is_started)
		(void)pthread_detach(thread);
	return is_started;
}

struct resolver *resolver_begin(const char *host, uint16_t port)
{
	struct resolver *r = memory_alloc_zero(1, sizeof *r);
	pthread_condattr_t clock;

	assert(strlen(host) < sizeof r->host);
	(void)pthread_mutex_init(&r->mutex, NULL);
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&r->ended, &clock);
	(void)pthread_condattr_destroy(&clock);
	memcpy(r->host, host, strlen(host) + 1);
	r->port = port;
	r->owners = 2;
	if (start_thread(r))
		return r;
	r->owners = 1;
	resolver_free(r);
	return NULL;
}

bool resolver_has_ended(struct resolver *r, unsigned ms)
{
	struct timespec until;
	bool has_ended;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_mutex_lock(&r->mutex);
	while (!r->has_ended && ms > 0)
		if (pthread_cond_timedwait(&r->ended, &r->mutex, &until) != 0)
			break;
	has_ended = r->has_ended;
	(void)pthread_mutex_unlock(&r->mutex);
	return has_ended;
}

int resolver_take(struct resolver *r, struct address addresses[ADDRESS_MAX],
                  char err[ADDRESS_ERR_SIZE])
{
	assert(r->has_ended);
	if (r->count > 0)
		memcpy(addresses, r->addresses, (size_t)r->count * sizeof *addresses);
	else
		memcpy(err, r->err, ADDRESS_ERR_SIZE);
	return r->count;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_lock(&r->mutex);
	let_go(r);
}
