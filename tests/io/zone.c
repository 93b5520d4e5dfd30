/* SPDX-License-Identifier: MIT
 *
 * A zone whose file changes (io/zone.h). The files are written here: no system's are needed.
 */
#include "io/zone.h"

#include "tests/lib/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A file of version 1 with one zone, `hours` east. */
static void write_zone(const char *path, int hours)
{
	uint8_t file[44 + 6 + 4] = "TZif";
	uint32_t east = (uint32_t)(hours * 3600);
	char other[256];
	int fd;

	file[39] = 1; /* one type */
	file[43] = 4; /* letters of its name */
	for (int i = 0; i < 4; i++)
		file[44 + i] = (uint8_t)(east >> (24 - 8 * i));
	memcpy(file + 50, "XYZ", 4);
	(void)snprintf(other, sizeof other, "%s.new", path);
	fd = open(other, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ALWAYS(fd >= 0 && write(fd, file, sizeof file) == sizeof file, "a zone is written");
	(void)close(fd);
	ALWAYS(rename(other, path) == 0, "and put in its place");
}

static int hour_of(time_t when)
{
	struct tm tm;

	zone_follow();
	ALWAYS(localtime_r(&when, &tm) != NULL, "a time");
	return tm.tm_hour;
}

int main(void)
{
	char folder[] = "/tmp/threefold-zone.XXXXXX";
	char path[64];
	char value[80];
	struct timespec while_it_does_not_look = { .tv_nsec = 300 * 1000 * 1000 };

	ALWAYS(mkdtemp(folder) != NULL, "a folder");
	(void)snprintf(path, sizeof path, "%s/zone", folder);
	(void)snprintf(value, sizeof value, ":%s", path);
	write_zone(path, 0);
	(void)setenv("TZ", value, 1);
	tzset();
	IS_U64(hour_of(3600), 1, "one zone");
	write_zone(path, 9);
	(void)nanosleep(&while_it_does_not_look, NULL);
	IS_U64(hour_of(3600), 10, "the file has changed: another one");
	IS_STRING(getenv("TZ"), value, "the environment is as it was");
	(void)unlink(path);
	(void)nanosleep(&while_it_does_not_look, NULL);
	IS_U64(hour_of(3600), 1, "the file is gone: UTC");
	(void)rmdir(folder);
	return tap_done();
}
