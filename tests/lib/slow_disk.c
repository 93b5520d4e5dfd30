/* SPDX-License-Identifier: MIT
 *
 * slow_disk: a shared object that a test loads before libc (LD_PRELOAD): a disk that takes nothing
 * and syncs nothing for as long as the file $SLOW_DISK exists. It concerns files whose names end in
 * .jsonl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_slow(int fd)
{
	const char *file = getenv("SLOW_DISK");
	char link[64];
	char path[4096];
	ssize_t size;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	size = file == NULL ? -1 : readlink(link, path, sizeof path);
	return size > 6 && memcmp(path + size - 6, ".jsonl", 6) == 0 && access(file, F_OK) == 0;
}

ssize_t write(int fd, const void *data, size_t size)
{
	while (is_slow(fd))
		(void)usleep(10000);
	return syscall(SYS_write, fd, data, size);
}

int fdatasync(int fd)
{
	while (is_slow(fd))
		(void)usleep(10000);
	return (int)syscall(SYS_fdatasync, fd);
}
