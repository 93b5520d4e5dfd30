/* SPDX-License-Identifier: MIT
 *
 * The blocks of memory form a ring. One semaphore counts those that the thread may fill, the other
 * those that the caller may read; so each block belongs to one of the two at any time.
 *
 * The last block that the thread fills is not full. It may be the end of the file, or an error, or
 * a short read after which a direct one could not go on. The thread ends there, and need not know
 * which it was.
 */
#include "journal/ahead.h"

#include "base/buf.h"
#include "journal/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(AHEAD_BLOCK % DIRECT_BLOCK == 0, "a direct read is of whole blocks");

struct ahead {
	int fd;  /* from which the thread reads */
	int own; /* it, if it was opened here; otherwise -1 */
	pthread_t thread;
	sem_t empty;  /* blocks that the thread may fill */
	sem_t filled; /* blocks that the caller may read */
	atomic_bool is_ending;
	uint8_t *blocks; /* AHEAD_BLOCKS of them, aligned */
	uint8_t *allocated;
	size_t sizes[AHEAD_BLOCKS]; /* bytes in each */
	/* the caller's */
	uint64_t offset; /* in the file: what it reads next */
	size_t block;    /* the block that holds it */
	size_t used;     /* bytes of that block that were read */
	bool has_block;  /* the block is the caller's */
	bool is_over;    /* the thread has filled no other */
};

/* A handler of signals may interrupt the wait. */
static void take(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		assert(errno == EINTR);
}

/* Fills a block as far as possible. After a short read only whole blocks of the disk can follow. */
static size_t fill(const struct ahead *a, uint8_t *block, uint64_t offset)
{
	size_t done = 0;

	while (done < AHEAD_BLOCK && done % DIRECT_BLOCK == 0) {
		ssize_t count = pread(a->fd, block + done, AHEAD_BLOCK - done,
		                      (off_t)(offset + done));

		if (count == 0 || (count < 0 && errno != EINTR))
			break;
		if (count > 0)
			done += (size_t)count;
	}
	return done;
}

/* The thread. */
static void *work(void *argument)
{
	struct ahead *a = argument;
	uint64_t offset = 0;

	for (size_t i = 0;; i = (i + 1) % AHEAD_BLOCKS) {
		take(&a->empty);
		if (atomic_load(&a->is_ending))
			return NULL;
		a->sizes[i] = fill(a, a->blocks + i * AHEAD_BLOCK, offset);
		offset += a->sizes[i];
		bool is_last = a->sizes[i] < AHEAD_BLOCK;

		(void)sem_post(&a->filled); /* there are no more than blocks */
		if (is_last)
			return NULL;
	}
}

/* Signals are the caller's: the thread inherits a mask that blocks them all. */
static int start_thread(struct ahead *a)
{
	sigset_t all;
	sigset_t before;
	int result;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&a->thread, NULL, work, a);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

/* Frees what belongs to no thread. */
static void release(struct ahead *a)
{
	(void)sem_destroy(&a->empty);
	(void)sem_destroy(&a->filled);
	if (a->own >= 0)
		(void)close(a->own); /* only read */
	memory_free(a->allocated);
	memory_free(a);
}

/* By the kernel's name for the descriptor: another file may have the file's own name by now. */
struct ahead *ahead_open(int fd)
{
	char path[64];
	struct stat status;
	struct ahead *a;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size < AHEAD_SIZE_MIN)
		return NULL;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* fits */
	a = memory_alloc_zero(1, sizeof *a);
	a->own = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	a->fd = a->own >= 0 ? a->own : fd;
	a->allocated = memory_alloc(AHEAD_BLOCKS * AHEAD_BLOCK + DIRECT_BLOCK);
	a->blocks = a->allocated + (DIRECT_BLOCK - (uintptr_t)a->allocated % DIRECT_BLOCK);
	(void)sem_init(&a->empty, 0, AHEAD_BLOCKS);
	(void)sem_init(&a->filled, 0, 0);
	if (start_thread(a) == 0)
		return a;
	release(a);
	return NULL;
}

/* Makes sure that there are bytes to read, and waits for them. False: there will be no more. */
static bool has_bytes(struct ahead *a)
{
	while (!a->has_block || a->used == a->sizes[a->block]) {
		if (a->is_over)
			return false;
		if (a->has_block) {
			a->block = (a->block + 1) % AHEAD_BLOCKS;
			(void)sem_post(&a->empty); /* there are no more than blocks */
		}
		take(&a->filled);
		a->has_block = true;
		a->used = 0;
		a->is_over = a->sizes[a->block] < AHEAD_BLOCK;
	}
	return true;
}

size_t ahead_read(struct ahead *a, uint64_t offset, void *data, size_t size)
{
	size_t done = 0;

	if (offset != a->offset)
		return 0;
	while (done < size && has_bytes(a)) {
		size_t left = a->sizes[a->block] - a->used;
		size_t part = size - done < left ? size - done : left;

		memcpy((uint8_t *)data + done, a->blocks + a->block * AHEAD_BLOCK + a->used, part);
		a->used += part;
		a->offset += part;
		done += part;
	}
	return done;
}

/* The thread may wait for a block, or have ended. */
void ahead_close(struct ahead *a)
{
	if (a == NULL)
		return;
	atomic_store(&a->is_ending, true);
	(void)sem_post(&a->empty);
	(void)pthread_join(a->thread, NULL);
	release(a);
}
