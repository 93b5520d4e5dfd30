/* SPDX-License-Identifier: MIT */
#include "cli/home.h"

#include <stdio.h>
#include <stdlib.h>

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
