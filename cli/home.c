/* SPDX-License-Identifier: MIT */
#include "cli/home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool home_path(const char *variable, const char *folder, const char *name,
               char path[HOME_PATH_SIZE])
{
	const char *base = getenv(variable);
	const char *home = getenv("HOME");
	int size;

	if (base != NULL && base[0] == '/')
		size = snprintf(path, HOME_PATH_SIZE, "%s/threefold/%s", base, name);
	else if (home != NULL && home[0] == '/')
		size = snprintf(path, HOME_PATH_SIZE, "%s/%s/threefold/%s", home, folder, name);
	else
		return false;
	return size > 0 && size < HOME_PATH_SIZE;
}

bool home_make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		bool good;

		*at = 0;
		good = mkdir(path, 0700) == 0 || errno == EEXIST;
		*at = '/';
		if (!good)
			return false;
	}
	return true;
}

bool home_write(int fd, struct view bytes)
{
	while (bytes.size > 0) {
		ssize_t count = write(fd, bytes.data, bytes.size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		bytes = view_of(bytes.data + count, bytes.size - (size_t)count);
	}
	return true;
}
