/* SPDX-License-Identifier: MIT
 *
 * O_TMPFILE with linkat would leave nothing behind on a crash, but not every file system has it; so
 * the file written aside has a name with the process's id, and one that a crash left is written
 * over by the next process with that id.
 */
#include "io/key.h"

#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A sentence about a path; gives the status back. */
static enum key_status say(enum key_status status, const char *what, const char *path, int error,
                           char err[KEY_ERR_SIZE])
{
	(void)snprintf(err, KEY_ERR_SIZE, "cannot %s '%.300s': %s", what, path, file_reason(error));
	return status;
}

int key_make_folders(const char *path, char err[KEY_ERR_SIZE])
{
	char part[KEY_PATH_SIZE];
	size_t size = strlen(path);
	size_t failed;

	assert(size != 0);
	if (size >= sizeof part) {
		(void)say(KEY_FAILED, "make", path, ENAMETOOLONG, err);
		return -1;
	}
	memcpy(part, path, size + 1);
	failed = file_make_folders(part);
	if (failed == 0)
		return 0;
	part[failed] = '\0';
	(void)say(KEY_FAILED, "make the folder", part, errno, err);
	return -1;
}

bool key_path(const char *data, char path[KEY_PATH_SIZE])
{
	char one[KEY_PATH_SIZE];
	char two[KEY_PATH_SIZE];
	const char *last;
	int length;

	assert(data[0] != '\0');
	if (strlen(data) >= sizeof one)
		return false;
	(void)snprintf(one, sizeof one, "%s", data);
	(void)snprintf(two, sizeof two, "%s", data);
	last = basename(one);
	/* What is beside '.' or '..' is not told by the text. */
	if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
		length = snprintf(path, KEY_PATH_SIZE, "%s/../operator.key", data);
	else
		length = snprintf(path, KEY_PATH_SIZE, "%s/operator.key", dirname(two));
	return length >= 0 && length < KEY_PATH_SIZE;
}

static bool within(const char *data, char path[KEY_PATH_SIZE])
{
	int length = snprintf(path, KEY_PATH_SIZE, "%s/operator.key", data);

	return length >= 0 && length < KEY_PATH_SIZE;
}

bool key_place(const char *data, char path[KEY_PATH_SIZE])
{
	char folder[KEY_PATH_SIZE];

	if (!within(data, path))
		return false;
	if (access(path, F_OK) == 0)
		return true;
	if (!key_path(data, path))
		return false;
	if (access(path, F_OK) == 0)
		return true;
	memcpy(folder, path, sizeof folder);
	return access(dirname(folder), W_OK) == 0 || within(data, path);
}

void key_state_folder(char path[KEY_PATH_SIZE])
{
	const char *given = getenv("STATE_DIRECTORY");

	/* A supervisor that gives several says not which. */
	if (given == NULL || *given == '\0' || strchr(given, ':') != NULL)
		given = "data";
	(void)snprintf(path, KEY_PATH_SIZE, "%s", given);
}

bool key_look(char path[KEY_PATH_SIZE], char err[KEY_ERR_SIZE])
{
	char state[KEY_PATH_SIZE];
	const char *const folders[] = { state, ".", KEY_STATE_FOLDER };

	key_state_folder(state);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (within(folders[i], path) && access(path, F_OK) == 0)
			return true;
	/* Whoever reads it is told that it may not be. */
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (within(folders[i], path) && access(path, F_OK) != 0 && errno == EACCES)
			return true;
	(void)snprintf(err, KEY_ERR_SIZE,
	               "there is no operator's key '%.200s/operator.key', 'operator.key' or "
	               "'" KEY_STATE_FOLDER "/operator.key': '--key FILE' says where it is",
	               state);
	return false;
}

enum key_status key_read(const char *path, uint8_t key[KEY_SIZE], char err[KEY_ERR_SIZE])
{
	uint8_t bytes[KEY_SIZE + 1];
	enum key_status status = KEY_OK;
	struct stat stat;
	ssize_t count;
	int fd = file_open_data(AT_FDCWD, path, O_RDONLY, 0);

	if (fd < 0)
		return say(file_is_wrong_kind(-fd) ? KEY_REFUSED : KEY_FAILED,
		           "open the operator's key", path, -fd, err);
	count = fstat(fd, &stat) == 0 ? file_read(fd, bytes, sizeof bytes) : -1;
	if (count < 0) {
		status = say(KEY_FAILED, "read the operator's key", path, errno, err);
	} else if (count != KEY_SIZE) {
		(void)snprintf(
			err, KEY_ERR_SIZE,
			"'%.300s' is no operator's key: it must have %d bytes; put a copy of the "
			"right one there (a server makes one where there is none)",
			path, KEY_SIZE);
		status = KEY_REFUSED;
	} else if ((stat.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		(void)snprintf(
			err, KEY_ERR_SIZE,
			"others may read the operator's key '%.300s' (mode %03o): chmod 600 it",
			path, (unsigned)(stat.st_mode & 0777));
		status = KEY_REFUSED;
	} else {
		memcpy(key, bytes, KEY_SIZE);
	}
	explicit_bzero(bytes, sizeof bytes);
	(void)close(fd);
	return status;
}

static enum key_status say_place(const char *path, int error, char err[KEY_ERR_SIZE])
{
	(void)snprintf(err, KEY_ERR_SIZE,
	               "cannot make the operator's key '%.200s': %s; '--key FILE' chooses "
	               "another place",
	               path, file_reason(error));
	return KEY_FAILED;
}

/* Writes a key to a file of this process's own. */
static enum key_status write_aside(const char *aside, const uint8_t key[KEY_SIZE],
                                   char err[KEY_ERR_SIZE])
{
	int fd = file_open_data(AT_FDCWD, aside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	enum key_status status = KEY_OK;

	if (fd < 0)
		return say_place(aside, -fd, err);
	if (fchmod(fd, 0600) != 0 || !file_write(fd, key, KEY_SIZE) || fsync(fd) != 0)
		status = say(KEY_FAILED, "write the operator's key", aside, errno, err);
	(void)close(fd); /* fsync has told all that there is to tell */
	return status;
}

enum key_status key_read_or_make(const char *path, uint8_t key[KEY_SIZE], char err[KEY_ERR_SIZE])
{
	char aside[KEY_PATH_SIZE + 32];
	uint8_t bytes[KEY_SIZE];
	enum key_status status;
	bool is_mine;

	/* Most starts end here. What is there and cannot be read is not replaced. */
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return key_read(path, key, err);
	(void)snprintf(aside, sizeof aside, "%s.%ld.new", path, (long)getpid());
	if (!file_random(bytes, sizeof bytes))
		return say(KEY_FAILED, "draw the operator's key", path, errno, err);
	assert(strlen(aside) < sizeof aside - 1);
	status = write_aside(aside, bytes, err);
	explicit_bzero(bytes, sizeof bytes);
	/* Unlike rename, link does not replace: who comes second takes the key of the first. */
	is_mine = status == KEY_OK && link(aside, path) == 0;
	/* A key that a power cut takes back was copied nowhere yet: a failure does no harm. */
	if (is_mine)
		(void)file_sync_folder(path);
	if (status == KEY_OK && !is_mine && errno != EEXIST)
		status = say(KEY_FAILED, "make the operator's key", path, errno, err);
	(void)unlink(aside); /* if it stays, it is written over one day */
	if (status == KEY_OK)
		status = key_read(path, key, err);
	return status == KEY_OK && is_mine ? KEY_MADE : status;
}
