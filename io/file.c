/* SPDX-License-Identifier: MIT */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

int file_open(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

int file_open_data(int folder, const char *name, int flags, mode_t mode)
{
	struct stat stat;
	int error;
	int fd;

	do
		fd = openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		            mode);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		/* Of a pipe that nobody reads, and of a socket. */
		return errno == ENXIO || errno == ENODEV ? -FILE_NO_FILE : -errno;
	error = fstat(fd, &stat) != 0    ? errno
	        : S_ISDIR(stat.st_mode)  ? EISDIR
	        : !S_ISREG(stat.st_mode) ? FILE_NO_FILE
	                                 : 0;
	if (error == 0)
		return fd;
	(void)close(fd); /* nothing was written */
	return -error;
}

bool file_is_wrong_kind(int error)
{
	return error == ELOOP || error == EISDIR || error == FILE_NO_FILE;
}

const char *file_reason(int error)
{
	switch (error) {
	case ELOOP:
		return "it is a symbolic link";
	case EISDIR:
		return "it is a directory";
	case FILE_NO_FILE:
		return "it is no regular file";
	default:
		return strerror(error);
	}
}

ssize_t file_read(int fd, void *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = read(fd, (uint8_t *)data + done, size - done);

		if (count == 0)
			break;
		if (count < 0 && errno != EINTR)
			return -1;
		if (count > 0)
			done += (size_t)count;
	}
	return (ssize_t)done;
}

bool file_write(int fd, const void *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = write(fd, (const uint8_t *)data + done, size - done);

		if (count == 0)
			errno = EIO; /* no file does that; it must not be tried for ever */
		if (count <= 0 && errno != EINTR)
			return false;
		if (count > 0)
			done += (size_t)count;
	}
	return true;
}

bool file_output_is_lost(void)
{
	struct pollfd end = { .fd = STDOUT_FILENO };

	if (fflush(stdout) == 0 && !ferror(stdout))
		return false;
	return poll(&end, 1, 0) != 1 ||
	       (end.revents & POLLERR) == 0; /* else a pipe without a reader */
}

bool file_random(void *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = getrandom((uint8_t *)data + done, size - done, 0);

		if (count < 0 && errno != EINTR)
			return false;
		if (count > 0)
			done += (size_t)count;
	}
	return true;
}

size_t file_make_folders(char *path)
{
	/* Each slash ends a folder's path, except the first one and doubled ones. */
	for (char *at = path + 1; *at != '\0'; at++) {
		if (*at != '/' || at[-1] == '/')
			continue;
		*at = '\0';

		bool is_made = mkdir(path, 0700) == 0;
		bool is_there = is_made ? file_sync_folder(path) || errno == EACCES
		                        : errno == EEXIST;

		*at = '/';
		if (!is_there)
			return (size_t)(at - path);
	}
	return 0;
}

/* In a folder with the sticky bit nobody can replace another's files. */
bool file_is_shared_folder(const char *path, unsigned *mode)
{
	struct stat status;

	if (stat(path, &status) != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
	    (status.st_mode & S_ISVTX) != 0)
		return false;
	*mode = status.st_mode & 0777;
	return true;
}

bool file_sync_folder(const char *path)
{
	char copy[PATH_SIZE];
	bool is_synced;
	int fd;

	assert(strlen(path) < sizeof copy);
	memcpy(copy, path, strlen(path) + 1);
	fd = file_open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	is_synced = fsync(fd) == 0;
	(void)close(fd); /* nothing was written through it */
	return is_synced;
}
