/* SPDX-License-Identifier: MIT
 *
 * A queue on the loop's side, of which the first job is with the thread (io/syncer, which knows
 * one job at a time). A forgotten job that is under way is finished and told to nobody.
 */
#include "io/stretcher.h"

#include "fact/auth.h"
#include "io/syncer.h"

#include <errno.h>

struct stretcher_job {
	struct stretcher_job *next;
	void *owner; /* NULL: forgotten */
	uint32_t token;
	bool made; /* this and `stretched` are written by the thread */
	uint8_t stretched[KEY_SIZE];
	char setting[AUTH_SETTING_TEXT_SIZE];
	size_t setting_size;
	size_t password_size;
	uint8_t password[];
};

struct stretcher {
	struct loop *loop;
	struct syncer *syncer;       /* NULL until the first job */
	struct stretcher_job *first; /* with the thread while the syncer is running */
	struct stretcher_job **last;
	void (*done)(void *owner, uint32_t token, const uint8_t *stretched);
};

struct stretcher *stretcher_new(struct loop *l,
                                void (*done)(void *owner, uint32_t token, const uint8_t *stretched))
{
	struct stretcher *s = memory_alloc_zero(1, sizeof *s);

	assert(done != NULL);
	s->loop = l;
	s->done = done;
	s->last = &s->first;
	return s;
}

static void job_free(struct stretcher_job *job)
{
	explicit_bzero(job, sizeof *job + job->password_size);
	memory_free(job);
}

/* Takes the first job out of the queue. */
static struct stretcher_job *take_first(struct stretcher *s)
{
	struct stretcher_job *job = s->first;

	assert(job != NULL);
	s->first = job->next;
	if (s->first == NULL)
		s->last = &s->first;
	return job;
}

void stretcher_free(struct stretcher *s)
{
	if (s == NULL)
		return;
	if (s->syncer != NULL) {
		syncer_wait(s->syncer);
		syncer_free(s->syncer);
	}
	while (s->first != NULL)
		job_free(take_first(s));
	memory_free(s);
}

/* On the thread: it touches nothing but the first job. */
static void run(void *context)
{
	struct stretcher_job *job = ((struct stretcher *)context)->first;

	job->made = auth_stretch(view_of(job->password, job->password_size),
	                         view_of(job->setting, job->setting_size), job->stretched);
}

static void start_next(struct stretcher *s)
{
	while (s->first != NULL && s->first->owner == NULL)
		job_free(take_first(s));
	if (s->first != NULL)
		syncer_start(s->syncer);
}

static void finished(void *context)
{
	struct stretcher *s = context;
	struct stretcher_job *job = take_first(s);

	start_next(s);
	if (job->owner != NULL)
		s->done(job->owner, job->token, job->made ? job->stretched : NULL);
	job_free(job);
}

static struct stretcher_job *job_new(void *owner, uint32_t token, struct view password,
                                     struct view setting)
{
	struct stretcher_job *job = memory_alloc_zero(1, sizeof *job + password.size);

	assert(setting.size <= sizeof job->setting);
	job->owner = owner;
	job->token = token;
	job->setting_size = setting.size;
	job->password_size = password.size;
	if (setting.size > 0)
		memcpy(job->setting, setting.data, setting.size);
	if (password.size > 0)
		memcpy(job->password, password.data, password.size);
	return job;
}

int stretcher_begin(struct stretcher *s, void *owner, uint32_t token, struct view password,
                    struct view setting)
{
	struct stretcher_job *job;

	assert(owner != NULL);
	if (s->syncer == NULL)
		s->syncer = syncer_new(s->loop, run, finished, s);
	if (s->syncer == NULL)
		return -errno;
	job = job_new(owner, token, password, setting);
	*s->last = job;
	s->last = &job->next;
	if (!syncer_is_running(s->syncer))
		start_next(s);
	return 0;
}

void stretcher_forget(struct stretcher *s, const void *owner)
{
	for (struct stretcher_job *job = s->first; job != NULL; job = job->next)
		if (job->owner == owner)
			job->owner = NULL;
}
