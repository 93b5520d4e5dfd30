/* SPDX-License-Identifier: MIT
 *
 * The file is the same if inode, size and time of change are. tzset looks at the file anew only if
 * the value of TZ is another one, or there is none.
 */
#include "io/zone.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { LOOK_MS = 250 };

static struct {
	bool is_known;
	int64_t looked_ms;
	struct stat file; /* zeroed: there is none */
} zone;

static void find_file(const char *name, struct stat *file)
{
	const char *folder = getenv("TZDIR");
	char path[PATH_MAX] = "/etc/localtime";
	int size;

	if (name != NULL && name[0] == ':')
		name++;
	if (folder == NULL)
		folder = "/usr/share/zoneinfo";
	if (name != NULL) {
		size = snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : folder,
		                name[0] == '/' ? "" : "/", name);
		if (size < 0 || size >= (int)sizeof path)
			path[0] = 0;
	}
	if (stat(path, file) != 0)
		*file = (struct stat){ .st_size = 0 };
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* tzset, made to look. */
static void read_again(const char *name)
{
	char copy[PATH_MAX];
	int size;

	if (name != NULL) {
		size = snprintf(copy, sizeof copy, "%s", name);
		if (size < 0 || size >= (int)sizeof copy)
			return;
		(void)setenv("TZ", "UTC0", 1);
		tzset();
		(void)setenv("TZ", copy, 1);
	}
	tzset();
}

void zone_follow(void)
{
	const char *name = getenv("TZ");
	struct timespec now = { .tv_sec = 0 };
	struct stat file;
	int64_t now_ms;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (zone.is_known && now_ms - zone.looked_ms < LOOK_MS)
		return;
	zone.looked_ms = now_ms;
	find_file(name, &file);
	if (zone.is_known && !is_same(&file, &zone.file))
		read_again(name);
	zone.is_known = true;
	zone.file = file;
}
