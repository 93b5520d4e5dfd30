/* SPDX-License-Identifier: MIT
 *
 * The journal writes snapshots of whatever its store holds when it is closed, and a first line that
 * names them; so a journal is opened on the empty directory, the store is filled beside it, and
 * closing it is the backup.
 */
#include "journal/backup.h"

#include "io/file.h"
#include "journal/private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

struct backup {
	char path[PATH_SIZE];
	char aside[PATH_SIZE];
	struct disk *disk;
	struct journal *journal;
};

static int say(const char *what, const char *path, int error, char err[ERR_SIZE])
{
	(void)snprintf(err, ERR_SIZE, "cannot %s '%.300s': %s", what, path, strerror(error));
	return -1;
}

/* Removes whatever a directory of data may hold: also what a backup left that was killed. Most of
 * the files are not there. Gives the first failure, 0 if there is none. */
static int remove_files(struct disk *disk)
{
	int failed = 0;

	for (size_t i = 0; i < 2 * FILE_COUNT; i++) {
		const char *const *names = i % 2 == 0 ? journal_names : journal_names_new;
		int result = disk->operations->remove(disk, names[i / 2]);

		if (result < 0 && result != -ENOENT && failed == 0)
			failed = result;
	}
	return failed;
}

/* The disk goes after the journal, which uses it. */
static void release(struct backup *b)
{
	if (b->journal != NULL)
		journal_abandon(b->journal);
	if (b->disk != NULL)
		disk_close_directory(b->disk);
	memory_free(b);
}

void backup_abandon(struct backup *b)
{
	if (b == NULL)
		return;
	if (b->disk != NULL) {
		/* What cannot be removed stays; the next backup to this place removes it. */
		(void)remove_files(b->disk);
		(void)b->disk->operations->remove(b->disk, DISK_LOCK_NAME);
		(void)b->disk->operations->remove(b->disk, BACKUP_NOTE);
		(void)b->disk->operations->remove(b->disk, journal_unfinished);
		(void)rmdir(b->aside);
	}
	release(b);
}

/* Whether nothing but the lock is in the directory. A backup that ended before its mark was there
 * leaves that. So does a server that ended before its first file; one that runs holds the lock. */
static bool is_bare(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry = NULL;

	if (folder == NULL)
		return false;
	do {
		errno = 0;
		entry = readdir(folder);
	} while (entry != NULL &&
	         (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
	          strcmp(entry->d_name, DISK_LOCK_NAME) == 0));

	bool is_bare = entry == NULL && errno == 0;

	(void)closedir(folder);
	return is_bare;
}

/* Whether the directory may be used: there is none, it is empty, or a backup left it. Whatever else
 * stands there is not for us to remove. */
static bool is_ours(const char *path)
{
	char mark[PATH_SIZE + 32];
	struct stat status;

	if (lstat(path, &status) != 0)
		return errno == ENOENT;
	(void)snprintf(mark, sizeof mark, "%s/%s", path, journal_unfinished);
	/* Only an empty directory can be removed. */
	return S_ISDIR(status.st_mode) && ((lstat(mark, &status) == 0 && S_ISREG(status.st_mode)) ||
	                                   rmdir(path) == 0 || is_bare(path));
}

static int put_mark(struct disk *disk)
{
	const struct disk_operations *operations = disk->operations;
	int handle = operations->open(disk, journal_unfinished, DISK_CREATE);

	if (handle < 0)
		return handle;
	(void)operations->close(disk, handle); /* it is empty */
	return operations->sync_names(disk);
}

/* Opens a journal in the directory aside, which is emptied first: a backup that was killed may have
 * left files there. */
static int open_aside(struct backup *b, struct store *store, char err[ERR_SIZE])
{
	struct journal_options options = { .is_copy = true };
	struct journal_loaded loaded;
	bool is_locked = false;
	int result;

	if (!is_ours(b->aside)) {
		(void)snprintf(
			err, ERR_SIZE,
			"'%.300s' is there, and it is no unfinished backup (it may be a whole one "
			"whose end was killed): give another directory, or move that one away "
			"first",
			b->aside);
		return -1;
	}
	b->disk = disk_open_directory(b->aside, &is_locked, err);
	if (b->disk == NULL)
		return -1;
	result = put_mark(b->disk);
	if (result == 0)
		result = remove_files(b->disk);
	if (result < 0)
		return say("empty", b->aside, -result, err);
	if (!file_random(options.uuid, UUID_SIZE))
		return say("draw a number for", b->aside, errno, err);
	return journal_open(b->disk, &options, store, &b->journal, &loaded, err) == JOURNAL_OK ? 0
	                                                                                       : -1;
}

struct backup *backup_begin(const char *path, struct store *store, char err[ERR_SIZE])
{
	struct backup *b = memory_alloc_zero(1, sizeof *b);
	size_t size = strlen(path);
	struct stat stat;

	while (size > 1 && path[size - 1] == '/')
		size--;
	if (size == 0 || size + 5 > PATH_SIZE) {
		(void)snprintf(err, ERR_SIZE, "the path of the backup is empty or too long");
		memory_free(b);
		return NULL;
	}
	(void)snprintf(b->path, sizeof b->path, "%.*s", (int)size, path);
	(void)snprintf(b->aside, sizeof b->aside, "%.*s.new", (int)size, path);
	if (lstat(b->path, &stat) == 0) {
		(void)snprintf(err, ERR_SIZE,
		               "'%.300s' is there already: give another directory, or move that "
		               "one away first",
		               b->path);
	} else if (open_aside(b, store, err) == 0) {
		return b;
	}
	backup_abandon(b);
	return NULL;
}

int backup_note(struct backup *b, const char *text, char err[ERR_SIZE])
{
	const struct disk_operations *operations = b->disk->operations;
	int handle = operations->open(b->disk, BACKUP_NOTE, DISK_CREATE);
	int result = handle;

	if (handle >= 0)
		result = operations->write(b->disk, handle, 0, text, strlen(text));
	if (result >= 0)
		result = operations->sync(b->disk, handle);
	if (handle >= 0)
		(void)operations->close(b->disk, handle); /* it was synced, or failed already */
	return result < 0 ? say("write the note of", b->aside, -result, err) : 0;
}

/* A server that stops may leave out a snapshot that does not fit; its journal then stays. A backup
 * must have both. */
static int is_whole(struct backup *b, char err[ERR_SIZE])
{
	const struct disk_operations *operations = b->disk->operations;

	for (size_t f = FILE_USERS; f <= FILE_JOURNAL; f++) {
		int handle = operations->open(b->disk, journal_names[f], DISK_READ);

		if (handle < 0)
			return say("write all of", b->aside, ENOSPC, err);
		(void)operations->close(b->disk, handle);
	}
	return 0;
}

/* Takes away what makes the directory a replica of its own, and gives it its name when all of it is
 * on the disk. */
static int finish(struct backup *b, char err[ERR_SIZE])
{
	const struct disk_operations *operations = b->disk->operations;
	struct journal *journal = b->journal;
	int result;

	b->journal = NULL;
	if (journal_close(journal, err) < 0 || is_whole(b, err) < 0)
		return -1;
	result = operations->remove(b->disk, journal_names[FILE_REPLICA]);
	if (result < 0)
		return say("finish", b->aside, -result, err);
	result = operations->remove(b->disk, DISK_LOCK_NAME);
	if (result < 0)
		return say("finish", b->aside, -result, err);
	result = operations->sync_names(b->disk);
	if (result == 0) /* all the rest is on the disk */
		result = operations->remove(b->disk, journal_unfinished);
	if (result == 0)
		result = operations->sync_names(b->disk);
	if (result < 0)
		return say("sync", b->aside, -result, err);
	if (rename(b->aside, b->path) < 0)
		return say("rename to", b->path, errno, err);
	/* It is whole and in its place: whatever fails now does not remove it. */
	disk_close_directory(b->disk);
	b->disk = NULL;
	if (!file_sync_folder(b->path))
		return say("sync the folder of", b->path, errno, err);
	return 0;
}

int backup_end(struct backup *b, char err[ERR_SIZE])
{
	if (finish(b, err) < 0) {
		backup_abandon(b);
		return -1;
	}
	release(b);
	return 0;
}
