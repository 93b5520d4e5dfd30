/* SPDX-License-Identifier: MIT
 *
 * fake_clock: a shared object that a test loads before libc (LD_PRELOAD), so that a program sees
 * another time than the real one.
 *
 *   FAKE_CLOCK_SPEED=N     its monotonic clock runs N times as fast, and its waits are N times as
 *                          short
 *   FAKE_CLOCK_SHIFT=FILE  its wall clock is shifted by the number of seconds in FILE, which may
 *                          change
 *
 * Work with files and sockets still takes real time, so with a high speed deadlines are tight.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long speed(void)
{
	const char *text = getenv("FAKE_CLOCK_SPEED");
	long long value = text == NULL ? 1 : atoll(text);

	return value < 1 ? 1 : value;
}

static long long shift(void)
{
	const char *name = getenv("FAKE_CLOCK_SHIFT");
	int before = errno;
	long long seconds = 0;
	FILE *file;

	if (name == NULL)
		return 0;
	file = fopen(name, "r");
	if (file != NULL) {
		if (fscanf(file, "%lld", &seconds) != 1)
			seconds = 0;
		(void)fclose(file);
	}
	errno = before;
	return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	const long long second = 1000000000;
	long long ns;

	if (syscall(SYS_clock_gettime, clock, now) != 0)
		return -1;
	if (clock == CLOCK_REALTIME)
		now->tv_sec += (time_t)shift();
	if (clock != CLOCK_MONOTONIC)
		return 0;
	ns = ((long long)now->tv_sec * second + now->tv_nsec) * speed();
	now->tv_sec = (time_t)(ns / second);
	now->tv_nsec = (long)(ns % second);
	return 0;
}

/* Rounds up to whole milliseconds: a wait that ended too soon would be repeated again and again. */
int epoll_wait(int fd, struct epoll_event *events, int events_max, int timeout_ms)
{
	if (timeout_ms > 0)
		timeout_ms = (int)((timeout_ms + speed() - 1) / speed());
	return (int)syscall(SYS_epoll_pwait, fd, events, events_max, timeout_ms, NULL, 0);
}
