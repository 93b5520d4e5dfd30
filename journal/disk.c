/* SPDX-License-Identifier: MIT
 *
 * The real disk: one directory, which is kept open. All files are opened relative to it, so if
 * someone renames the directory, all files still go to one place. A handle is the file descriptor.
 * A log has a second descriptor, through which it is written past the page cache (direct.h), if the
 * file system can do that. A file that is read from its front to its end is read ahead (ahead.h).
 *
 * The lock is flock on a file `lock` that stays. The kernel releases the lock when the process
 * ends, however it ends. So no lock can be left over, and no process number has to be checked.
 *
 * fdatasync is called once. After a failure Linux marks the pages as clean, although they are not
 * on the disk; a second call would report success and mean nothing.
 */
#include "journal/disk.h"

#include "io/file.h"
#include "journal/ahead.h"
#include "journal/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	WRITE_SIZE_MAX = 1 << 30, /* of one call; Linux takes no more than 2 GiB at once */
	ZEROS_SIZE = 64 * 1024,
	LOGS_MAX = 3, /* open at once: the journal, the next one, a snapshot */
	DIRECTORY_MODE = 0700,
	FILE_MODE = 0600,
};

/* A file that is written past the page cache. */
struct directory_log {
	int handle;
	struct direct *direct; /* NULL: this entry is free */
};

struct directory {
	struct disk disk;
	struct directory_log logs[LOGS_MAX];
	struct ahead *ahead; /* NULL: no file is read ahead */
	int ahead_handle;    /* the file that is */
	int fd;
	int lock_fd;
};

static struct directory *directory_of(struct disk *d)
{
	assert(d != NULL);
	return (struct directory *)d;
}

/* NULL: the file is no log, or the file system cannot write it past the cache. */
static struct directory_log *find_log(struct disk *d, int handle)
{
	struct directory_log *logs = directory_of(d)->logs;

	for (size_t i = 0; i < LOGS_MAX; i++)
		if (logs[i].direct != NULL && logs[i].handle == handle)
			return &logs[i];
	return NULL;
}

/* If no entry is free, the log is written as any other file. */
static void begin_log(struct disk *d, int handle)
{
	struct directory_log *logs = directory_of(d)->logs;

	for (size_t i = 0; i < LOGS_MAX; i++)
		if (logs[i].direct == NULL) {
			logs[i] = (struct directory_log){ handle, direct_open(handle) };
			return;
		}
}

/* From now on the file is written as any other. */
static void end_log(struct directory_log *log)
{
	if (log == NULL)
		return;
	direct_close(log->direct);
	log->direct = NULL;
}

/* Does nothing if this file is not read ahead. */
static void end_ahead(struct disk *d, int handle)
{
	struct directory *directory = directory_of(d);

	if (directory->ahead == NULL || directory->ahead_handle != handle)
		return;
	ahead_close(directory->ahead);
	directory->ahead = NULL;
}

static int directory_open(struct disk *d, const char *name, enum disk_open how)
{
	static const int flags[] = {
		[DISK_READ] = O_RDONLY,
		[DISK_READ_ALL] = O_RDONLY,
		[DISK_CREATE] = O_RDWR | O_CREAT | O_TRUNC,
		[DISK_LOG] = O_RDWR,
		[DISK_CREATE_LOG] = O_RDWR | O_CREAT | O_TRUNC,
	};
	int fd;

	assert(name != NULL);
	assert((size_t)how < sizeof flags / sizeof flags[0]);
	fd = file_open_data(directory_of(d)->fd, name, flags[how], FILE_MODE);
	if (fd >= 0 && (how == DISK_LOG || how == DISK_CREATE_LOG))
		begin_log(d, fd);
	if (fd >= 0 && how == DISK_READ_ALL && directory_of(d)->ahead == NULL) {
		directory_of(d)->ahead = ahead_open(fd);
		directory_of(d)->ahead_handle = fd;
	}
	return fd;
}

/* On EINTR Linux has closed the descriptor all the same. */
static int directory_close(struct disk *d, int handle)
{
	assert(handle >= 0);
	end_log(find_log(d, handle));
	end_ahead(d, handle);
	return close(handle) == 0 || errno == EINTR ? 0 : -errno;
}

/* What was not read ahead is read here, and so is the end of the file, and so are errors told. */
static int64_t directory_read(struct disk *d, int handle, uint64_t offset, void *data, size_t size)
{
	const struct directory *directory = directory_of(d);
	size_t done = 0;

	assert(offset <= INT64_MAX - size);
	if (directory->ahead != NULL && directory->ahead_handle == handle)
		done = ahead_read(directory->ahead, offset, data, size);
	while (done < size) {
		ssize_t count = pread(handle, (uint8_t *)data + done, size - done,
		                      (off_t)(offset + done));

		if (count == 0)
			break;
		if (count > 0)
			done += (size_t)count;
		else if (errno != EINTR)
			return -errno;
	}
	return (int64_t)done;
}

/* A short write goes on; a write of nothing would go on for ever, so it is a failure. */
static int write_cached(int handle, uint64_t offset, const void *data, size_t size)
{
	size_t done = 0;

	assert(offset <= INT64_MAX - size);
	while (done < size) {
		size_t left = size - done;
		ssize_t count = pwrite(handle, (const uint8_t *)data + done,
		                       left < WRITE_SIZE_MAX ? left : WRITE_SIZE_MAX,
		                       (off_t)(offset + done));

		if (count > 0)
			done += (size_t)count;
		else if (count == 0)
			return -EIO;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Some file systems open a file for direct writing and then refuse the write with EINVAL, before
 * any byte is written. And whole blocks may not fit where the bytes alone do. The file then becomes
 * an ordinary one. */
static int directory_write(struct disk *d, int handle, uint64_t offset, const void *data,
                           size_t size)
{
	struct directory_log *log = find_log(d, handle);
	int result = log != NULL ? direct_write(log->direct, offset, data, size) : -EINVAL;

	if (result != -EINVAL && (result != -ENOSPC || log == NULL))
		return result;
	end_log(log);
	result = write_cached(handle, offset, data, size);
	/* On its way at once, so that a sync at the end of a large file finds little to do. */
	if (result == 0 && size > 0)
		(void)sync_file_range(handle, (off_t)offset, (off_t)size, SYNC_FILE_RANGE_WRITE);
	return result;
}

static int directory_sync(struct disk *d, int handle)
{
	(void)d; /* a descriptor says all */
	return fdatasync(handle) == 0 ? 0 : -errno;
}

/* Nothing can be made or written. */
static int reading_open(struct disk *d, const char *name, enum disk_open how)
{
	return how == DISK_READ || how == DISK_READ_ALL ? directory_open(d, name, how) : -EROFS;
}

static int64_t directory_size(struct disk *d, int handle)
{
	struct stat status;

	(void)d; /* a descriptor says all */
	return fstat(handle, &status) == 0 ? (int64_t)status.st_size : -errno;
}

/* A log forgets the tail that it kept, because that may lie behind the new end. */
static int directory_truncate(struct disk *d, int handle, uint64_t size)
{
	struct directory_log *log = find_log(d, handle);
	int result;

	assert(size <= INT64_MAX);
	if (log != NULL)
		direct_cut(log->direct, size);
	do
		result = ftruncate(handle, (off_t)size);
	while (result < 0 && errno == EINTR);
	return result == 0 ? 0 : -errno;
}

static int write_zeros(int handle, uint64_t from, uint64_t to)
{
	static const uint8_t zeros[ZEROS_SIZE];

	while (from < to) {
		size_t size = to - from < ZEROS_SIZE ? (size_t)(to - from) : ZEROS_SIZE;
		int result = write_cached(handle, from, zeros, size);

		if (result < 0)
			return result;
		from += size;
	}
	return 0;
}

/* First fallocate, because it finds out at once whether there is room. Then real zeros: a block
 * that is only allocated must be marked as written when it is written for the first time, and that
 * makes each fdatasync half as expensive again. */
static int directory_reserve(struct disk *d, int handle, uint64_t size)
{
	int64_t from = directory_size(d, handle);
	struct directory_log *log = find_log(d, handle);
	int result;

	assert(size <= INT64_MAX);
	if (from < 0)
		return (int)from;
	if ((uint64_t)from >= size)
		return 0;
	result = fallocate(handle, 0, from, (off_t)(size - (uint64_t)from)) < 0 ? -errno : 0;
	if (result < 0 && result != -EOPNOTSUPP && result != -EINTR)
		return result;
	if (result == 0 && log != NULL) {
		result = direct_zeros(log->direct, (uint64_t)from, size);
		if (result != -EINVAL)
			return result;
		end_log(log);
	}
	return write_zeros(handle, (uint64_t)from, size);
}

/* Replaces `to` in one step: after a crash the name is that of the old file or of the new one. */
static int directory_rename(struct disk *d, const char *from, const char *to)
{
	int fd = directory_of(d)->fd;

	assert(strcmp(from, to) != 0);
	return renameat(fd, from, fd, to) == 0 ? 0 : -errno;
}

static int directory_remove(struct disk *d, const char *name)
{
	return unlinkat(directory_of(d)->fd, name, 0) == 0 ? 0 : -errno;
}

static int directory_sync_names(struct disk *d)
{
	return fsync(directory_of(d)->fd) == 0 ? 0 : -errno;
}

/* What others than root may use. A product that int64_t cannot hold is as much as it can. A limit
 * of a file's size counts as one of the disk: so the journal is compacted before it gets there. */
static int64_t directory_room(struct disk *d)
{
	struct rlimit limit;
	struct statvfs status;
	uint64_t room;

	if (fstatvfs(directory_of(d)->fd, &status) < 0)
		return -errno;
	if (__builtin_mul_overflow((uint64_t)status.f_bavail, (uint64_t)status.f_frsize, &room) ||
	    room > INT64_MAX)
		room = INT64_MAX;
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < room)
		room = limit.rlim_cur;
	return (int64_t)room;
}

static const struct disk_operations directory_operations = {
	.open = directory_open,
	.close = directory_close,
	.read = directory_read,
	.write = directory_write,
	.sync = directory_sync,
	.size = directory_size,
	.truncate = directory_truncate,
	.reserve = directory_reserve,
	.rename = directory_rename,
	.remove = directory_remove,
	.sync_names = directory_sync_names,
	.room = directory_room,
};

/* Whoever would write has no function for it. */
static const struct disk_operations reading_operations = {
	.open = reading_open,
	.close = directory_close,
	.read = directory_read,
	.size = directory_size,
	.room = directory_room,
};

/* Syncs the directory that holds this one: its name may have been made just now. */
static int sync_parent(int fd)
{
	int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (parent < 0)
		/* A parent that we may not read is one in which we made nothing. */
		return errno == EACCES ? 0 : -errno;
	result = fsync(parent) == 0 ? 0 : -errno;
	(void)close(parent); /* nothing was written through it */
	return result;
}

/* With all directories above it that are missing. */
static int make_directory(const char *path)
{
	size_t size = strlen(path);
	char *copy;
	int result = 0;

	if (size == 0)
		return -ENOENT;
	copy = memory_alloc(size + 1);
	memcpy(copy, path, size + 1);
	if (file_make_folders(copy) != 0 || (mkdir(copy, DIRECTORY_MODE) < 0 && errno != EEXIST))
		result = -errno;
	memory_free(copy);
	return result;
}

/* NULL, or a verb for what failed; *result has the error. */
static const char *directory_begin(struct directory *directory, const char *path, int *result)
{
	*result = make_directory(path);
	if (*result < 0)
		return "make";
	directory->fd = file_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	*result = directory->fd < 0 ? -errno : sync_parent(directory->fd);
	if (*result < 0)
		return "open";
	if (faccessat(directory->fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		*result = -errno;
		return "write in";
	}
	*result = file_open_data(directory->fd, DISK_LOCK_NAME, O_RDWR | O_CREAT, FILE_MODE);
	directory->lock_fd = *result;
	if (*result >= 0 && flock(directory->lock_fd, LOCK_EX | LOCK_NB) < 0)
		*result = -errno;
	return *result >= 0             ? NULL
	       : directory->lock_fd < 0 ? "open the file '" DISK_LOCK_NAME "' in"
	                                : "lock";
}

/* NULL, or a verb for what failed; *result has the error. A backup has no file of the lock. */
static const char *reading_begin(struct directory *directory, const char *path, int *result)
{
	directory->fd = file_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	*result = directory->fd < 0 ? -errno : 0;
	if (*result < 0)
		return "open";
	*result = file_open_data(directory->fd, DISK_LOCK_NAME, O_RDONLY, 0);
	directory->lock_fd = *result;
	if (*result == -ENOENT)
		return NULL;
	if (*result >= 0 && flock(directory->lock_fd, LOCK_SH | LOCK_NB) < 0)
		*result = -errno;
	return *result >= 0             ? NULL
	       : directory->lock_fd < 0 ? "open the file '" DISK_LOCK_NAME "' in"
	                                : "lock";
}

static struct disk *open_directory(const struct disk_operations *operations,
                                   const char *(*begin)(struct directory *directory,
                                                        const char *path, int *result),
                                   const char *path, bool *locked, char err[ERR_SIZE])
{
	struct directory *directory = memory_alloc_zero(1, sizeof *directory);
	const char *failed;
	int result = 0;

	assert(path != NULL);
	directory->disk.operations = operations;
	directory->fd = -1;
	directory->lock_fd = -1;
	*locked = false;
	failed = begin(directory, path, &result);
	if (failed == NULL)
		return &directory->disk;
	*locked = strcmp(failed, "lock") == 0 && result == -EWOULDBLOCK;
	if (*locked)
		(void)snprintf(err, ERR_SIZE,
		               "another server, or a backup, uses the data directory '%.300s'",
		               path);
	else
		(void)snprintf(err, ERR_SIZE, "cannot %s the data directory '%.300s': %s", failed,
		               path, file_reason(-result));
	disk_close_directory(&directory->disk);
	return NULL;
}

struct disk *disk_open_directory(const char *path, bool *locked, char err[ERR_SIZE])
{
	return open_directory(&directory_operations, directory_begin, path, locked, err);
}

struct disk *disk_open_to_read(const char *path, bool *locked, char err[ERR_SIZE])
{
	return open_directory(&reading_operations, reading_begin, path, locked, err);
}

void disk_close_directory(struct disk *d)
{
	if (d == NULL)
		return;

	struct directory *directory = directory_of(d);

	assert(d->operations == &directory_operations || d->operations == &reading_operations);
	/* Nothing was written through either, so closing cannot lose anything. */
	if (directory->lock_fd >= 0)
		(void)close(directory->lock_fd);
	if (directory->fd >= 0)
		(void)close(directory->fd);
	memory_free(directory);
}
