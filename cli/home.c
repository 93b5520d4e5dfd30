/* SPDX-License-Identifier: MIT */
#include "cli/home.h"

#include "io/file.h"

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

/* Whether the path leads through a $HOME that is not there. */
static bool is_homeless(const char *path)
{
	const char *home = getenv("HOME");
	size_t size = home == NULL ? 0 : strlen(home);
	struct stat st;

	while (size > 0 && home[size - 1] == '/')
		size--;
	return size > 0 && strncmp(path, home, size) == 0 && path[size] == '/' &&
	       stat(home, &st) != 0;
}

bool home_make_folders(char *path)
{
	if (!is_homeless(path))
		return file_make_folders(path) == 0;
	errno = ENOENT;
	return false;
}

bool home_can_keep(char err[HOME_ERR_SIZE])
{
	char path[HOME_PATH_SIZE];
	size_t size;

	if (!home_path("XDG_STATE_HOME", ".local/state", "", path)) {
		(void)snprintf(err, HOME_ERR_SIZE,
		               "neither XDG_STATE_HOME nor HOME says where to keep it");
		return false;
	}
	if (is_homeless(path)) {
		(void)snprintf(err, HOME_ERR_SIZE, "there is no folder '%s', which HOME names",
		               getenv("HOME"));
		return false;
	}
	size = file_make_folders(path);
	if (size == 0 && access(path, R_OK | W_OK | X_OK) == 0)
		return true;
	(void)snprintf(err, HOME_ERR_SIZE, "'%.*s': %s", (int)(size == 0 ? strlen(path) - 1 : size),
	               path, file_reason(errno));
	return false;
}
