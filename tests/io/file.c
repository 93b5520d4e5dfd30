/* SPDX-License-Identifier: MIT
 *
 * Whole files, in a folder that is made and removed here.
 */
#include "io/file.h"
#include "tests/lib/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_folders(const char *folder)
{
	char path[128];
	char copy[128];
	struct stat stat;

	(void)snprintf(path, sizeof path, "%s/a//b/c", folder);
	memcpy(copy, path, sizeof path);
	IS_U64(file_make_folders(path), 0, "file: the folders above a path are made");
	IS_STRING(path, copy, "file: the path is restored");
	OK(lstat(path, &stat) != 0, "file: its last part is not made");
	path[strlen(path) - 2] = '\0';
	OK(lstat(path, &stat) == 0 && (stat.st_mode & 0777) == 0700,
	   "file: folders are for their owner alone");
	(void)snprintf(path, sizeof path, "%s/file/b/c", folder);
	IS_U64(file_make_folders(path), strlen(folder) + strlen("/file/b"),
	       "file: the folder that could not be made is told");
	IS_U64((uint64_t)errno, ENOTDIR, "file: and why");
}

static void test_bytes(const char *folder)
{
	static uint8_t bytes[300000];
	static uint8_t back[sizeof bytes + 1];
	char path[128];
	int fd;

	(void)snprintf(path, sizeof path, "%s/file", folder);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 >> 3);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	OK(file_write(fd, bytes, sizeof bytes), "file: all bytes are written");
	OK(file_sync_folder(path), "file: its folder is synced");
	IS_U64((uint64_t)lseek(fd, 0, SEEK_SET), 0, "file: back to its beginning");
	IS_U64((uint64_t)file_read(fd, back, 10), 10, "file: as many are read as are asked for");
	IS_U64((uint64_t)file_read(fd, back + 10, sizeof back - 10), sizeof bytes - 10,
	       "file: or as many as there are");
	IS_BYTES(back, bytes, sizeof bytes, "file: they are what was written");
	(void)close(fd);
	fd = open(path, O_RDONLY);
	OK(!file_write(fd, bytes, 1) && errno == EBADF, "file: a failure to write is told");
	(void)close(fd);
	OK(file_read(-1, back, 1) == -1 && errno == EBADF, "file: so is one to read");
	(void)snprintf(path, sizeof path, "%s/none/file", folder);
	OK(!file_sync_folder(path) && errno == ENOENT, "file: a folder that is not there");
}

/* A pipe gives what is written in pieces; its end is the end of what is read. */
static void test_pipe(void)
{
	uint8_t back[8] = { 0 };
	int fds[2];

	if (pipe(fds) != 0)
		exit(1);
	OK(file_write(fds[1], "one", 3) && file_write(fds[1], "two", 3), "file: into a pipe");
	(void)close(fds[1]);
	IS_U64((uint64_t)file_read(fds[0], back, sizeof back), 6, "file: all that a pipe held");
	IS_BYTES(back, "onetwo", 6, "file: in its order");
	(void)close(fds[0]);
}

int main(void)
{
	char folder[] = "/tmp/threefold-file-XXXXXX";
	char command[64];

	if (mkdtemp(folder) == NULL)
		return 1;
	test_bytes(folder);
	test_folders(folder);
	test_pipe();
	(void)snprintf(command, sizeof command, "rm -r %s", folder);
	(void)!system(command);
	return tap_done();
}
