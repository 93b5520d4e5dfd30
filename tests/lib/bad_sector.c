/* SPDX-License-Identifier: MIT
 *
 * bad_sector: a shared object that a test loads before libc (LD_PRELOAD): a disk of which some
 * sectors cannot be read. BAD_SECTORS='INODE:OFFSET ...' names the 4096 bytes of that file from
 * that offset on. What stands before them is read, as the kernel does.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SECTOR = 4096 };

/* How many of `size` bytes at `offset` can be read. */
static size_t readable(int fd, off_t offset, size_t size)
{
	const char *at = getenv("BAD_SECTORS");
	struct stat stat;

	if (at == NULL || fstat(fd, &stat) != 0)
		return size;
	while (*at != '\0') {
		char *next;
		unsigned long long inode = strtoull(at, &next, 10);
		off_t bad = strtoll(next + 1, &next, 10);

		if (inode == stat.st_ino && offset < bad + SECTOR && offset + (off_t)size > bad)
			size = offset < bad ? (size_t)(bad - offset) : 0;
		at = next + (*next == ' ');
	}
	return size;
}

static ssize_t none(void)
{
	errno = EIO;
	return -1;
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	size_t part = readable(fd, offset, size);

	return part == 0 && size > 0 ? none() : syscall(SYS_pread64, fd, data, part, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off_t offset)
{
	return pread(fd, data, size, offset);
}

ssize_t read(int fd, void *data, size_t size)
{
	off_t offset = lseek(fd, 0, SEEK_CUR); /* -1: it is no file */
	size_t part = offset < 0 ? size : readable(fd, offset, size);

	return part == 0 && size > 0 ? none() : syscall(SYS_read, fd, data, part);
}
