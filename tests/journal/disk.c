/* SPDX-License-Identifier: MIT
 *
 * The real disk and the simulated one do the same for one story; the real one locks its directory;
 * the simulated one loses, tears and fills up as its header says.
 */
#include "tests/simulate/simdisk.c"

#include "tests/lib/tap.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[256];

static void path_of(char path[512], const char *name)
{
	(void)snprintf(path, 512, "%s/%s", directory, name);
}

/* Everything that an operation answers, in one line each; the same from every disk. */
static void test_story(struct disk *d, const char *which)
{
	const struct disk_operations *o = d->operations;
	uint8_t bytes[64] = { 1 };
	int a;
	int b;

	printf("# %s\n", which);
	IS_U64(-o->open(d, "a", DISK_READ), ENOENT, "disk: a file that is not there is not read");
	IS_U64(-o->open(d, "a", DISK_LOG), ENOENT, "disk: nor opened for writing");
	a = o->open(d, "a", DISK_CREATE);
	OK(a >= 0, "disk: a file is made");
	IS_U64(o->size(d, a), 0, "disk: a new file is empty");
	IS_U64(o->read(d, a, 0, bytes, 10), 0, "disk: reading at the end gives nothing");
	IS_U64(o->write(d, a, 0, "0123456789", 10), 0, "disk: ten bytes are written");
	IS_U64(o->write(d, a, 20, "x", 1), 0, "disk: one is written after the end");
	IS_U64(o->size(d, a), 21, "disk: the size is that of the last byte");
	IS_U64(o->read(d, a, 5, bytes, sizeof bytes), 16, "disk: reading gives what there is");
	IS_BYTES(bytes, "56789\0\0\0\0\0\0\0\0\0\0x", 16, "disk: between written bytes are zeros");
	IS_U64(o->sync(d, a), 0, "disk: a file is synced");
	IS_U64(o->truncate(d, a, 7), 0, "disk: a file is cut");
	IS_U64(o->size(d, a), 7, "disk: to the size asked for");
	IS_U64(o->reserve(d, a, 200000), 0, "disk: room is reserved");
	IS_U64(o->size(d, a), 200000, "disk: which is in the file");
	memset(bytes, 1, sizeof bytes);
	IS_U64(o->read(d, a, 199990, bytes, sizeof bytes), 10, "disk: up to its end");
	IS_BYTES(bytes, "\0\0\0\0\0\0\0\0\0\0", 10, "disk: as zeros");
	IS_U64(o->read(d, a, 0, bytes, 8), 8, "disk: what was written stays");
	IS_BYTES(bytes, "0123456\0", 8, "disk: and what was cut off does not come back");
	IS_U64(o->reserve(d, a, 100), 0, "disk: reserving less changes nothing");
	IS_U64(o->size(d, a), 200000, "disk: not even the size");
	IS_U64(o->rename(d, "a", "b"), 0, "disk: a file is renamed");
	IS_U64(-o->open(d, "a", DISK_READ), ENOENT, "disk: its old name is gone");
	IS_U64(o->write(d, a, 0, "B", 1), 0, "disk: a handle stays with its file");
	b = o->open(d, "b", DISK_LOG);
	OK(b >= 0 && b != a, "disk: its new name leads to it");
	IS_U64(o->read(d, b, 0, bytes, 2), 2, "disk: and to its content");
	IS_BYTES(bytes, "B1", 2, "disk: as last written");
	IS_U64(o->close(d, a), 0, "disk: a handle is closed");
	a = o->open(d, "c", DISK_CREATE);
	IS_U64(o->write(d, a, 0, "c", 1), 0, "disk: another file is written");
	IS_U64(o->rename(d, "c", "b"), 0, "disk: and takes the place of the first");
	IS_U64(o->read(d, b, 0, bytes, 1), 1, "disk: whose handle still reads it");
	IS_U64(bytes[0], 'B', "disk: as it was");
	IS_U64(o->close(d, a), 0, "disk: one handle is closed");
	IS_U64(o->close(d, b), 0, "disk: and the other");
	a = o->open(d, "b", DISK_CREATE);
	IS_U64(o->size(d, a), 0, "disk: making a file that is there empties it");
	IS_U64(o->close(d, a), 0, "disk: and it is closed");
	IS_U64(o->sync_names(d), 0, "disk: names are synced");
	IS_U64(o->remove(d, "b"), 0, "disk: a file is removed");
	IS_U64(-o->remove(d, "b"), ENOENT, "disk: but once");
	IS_U64(-o->rename(d, "b", "c"), ENOENT, "disk: what is gone is not renamed");
	OK(o->room(d) > 0, "disk: there is room");
}

/* A write that cannot be is told, and not tried for ever. */
static void test_refused(struct disk *d)
{
	const struct disk_operations *o = d->operations;
	int a = o->open(d, "r", DISK_CREATE);

	IS_U64(o->write(d, a, 0, "r", 1), 0, "disk: a file is written");
	IS_U64(o->close(d, a), 0, "disk: and closed");
	a = o->open(d, "r", DISK_READ);
	IS_U64(-o->write(d, a, 0, "x", 1), EBADF, "disk: who only reads a file cannot write it");
	IS_U64(o->close(d, a), 0, "disk: it is closed");
	IS_U64(o->remove(d, "r"), 0, "disk: and removed");
}

static void test_real(void)
{
	bool locked = true;
	char err[ERR_SIZE] = "";
	char path[512];
	struct stat status;

	path_of(path, "deep/er");

	struct disk *d = disk_open_directory(path, &locked, err);

	OK(d != NULL && !locked, "disk: a directory is made, with those above it");
	if (d == NULL) {
		printf("# %s\n", err);
		return;
	}
	OK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0700,
	   "disk: for its owner alone");
	test_story(d, "the real disk");
	test_refused(d);

	struct disk *second = disk_open_directory(path, &locked, err);

	OK(second == NULL && locked, "disk: a second server on a directory is refused");
	OK(strstr(err, "another server, or a backup, uses the data directory") != NULL,
	   "disk: in words");
	disk_close_directory(d);
	d = disk_open_directory(path, &locked, err);
	OK(d != NULL, "disk: after the first has gone it is not");
	int file = d->operations->open(d, "mode", DISK_CREATE);
	OK(file >= 0 && fstat(file, &status) == 0 && (status.st_mode & 0777) == 0600,
	   "disk: a file is for its owner alone");
	(void)d->operations->close(d, file);
	disk_close_directory(d);
	(void)snprintf(path + strlen(path), 64, "/mode");
	OK(disk_open_directory(path, &locked, err) == NULL && !locked,
	   "disk: a file is no data directory");
	OK(strstr(err, "cannot") != NULL && strstr(err, path) != NULL,
	   "disk: which is said with its path");
	OK(disk_open_directory("", &locked, err) == NULL, "disk: nor is an empty path");
}

/* The lock falls with the process, however that ends. */
static void test_lock_of_the_dead(void)
{
	bool locked = false;
	char err[ERR_SIZE];
	char path[512];
	int status = 0;

	path_of(path, "locked");
	fflush(stdout);

	pid_t child = fork();

	if (child == 0) {
		struct disk *d = disk_open_directory(path, &locked, err);

		_exit(d != NULL ? 0 : 1); /* without closing */
	}
	OK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0,
	   "disk: a process locks a directory and ends");

	struct disk *d = disk_open_directory(path, &locked, err);

	OK(d != NULL, "disk: its lock is no hindrance to the next");
	disk_close_directory(d);
}

/* ---- the simulated disk ---- */

static int make(struct simdisk *s, const char *name, const char *content)
{
	struct disk *d = simdisk_disk(s);
	int handle = d->operations->open(d, name, DISK_CREATE);

	assert(handle >= 0);
	(void)d->operations->write(d, handle, 0, content, strlen(content)); /* the test looks */
	return handle;
}

static bool has(struct simdisk *s, const char *name, const char *content)
{
	struct view got;

	if (!simdisk_get(s, name, &got))
		return content == NULL;
	return content != NULL && view_equal(got, view_of_string(content));
}

static void test_loss(void)
{
	struct simdisk *s = simdisk_new(1);
	struct disk *d = simdisk_disk(s);
	int a = make(s, "a", "old");

	(void)d->operations->sync(d, a);
	simdisk_crash(s, SIMDISK_KILLED);
	OK(has(s, "a", "old"), "simdisk: a killed process loses nothing");
	simdisk_crash(s, SIMDISK_LOSES);
	OK(has(s, "a", NULL), "simdisk: a synced file without a synced name is lost");
	a = make(s, "a", "old");
	(void)d->operations->sync_names(d);
	simdisk_crash(s, SIMDISK_LOSES);
	OK(has(s, "a", ""), "simdisk: a synced name without synced content is an empty file");
	a = make(s, "a", "old");
	(void)d->operations->sync(d, a);
	(void)d->operations->write(d, a, 0, "new", 3);
	simdisk_crash(s, SIMDISK_LOSES);
	OK(has(s, "a", "old"), "simdisk: what was not synced is lost");
	a = d->operations->open(d, "a", DISK_LOG);
	(void)d->operations->write(d, a, 0, "new", 3);
	simdisk_crash(s, SIMDISK_KEEPS);
	OK(has(s, "a", "new"), "simdisk: or kept");
	a = make(s, "b", "aside");
	(void)d->operations->sync(d, a);
	(void)d->operations->sync_names(d);
	(void)d->operations->rename(d, "b", "a");
	simdisk_crash(s, SIMDISK_LOSES);
	OK(has(s, "a", "new") && has(s, "b", "aside"),
	   "simdisk: a rename that was not synced is undone");
	(void)d->operations->rename(d, "b", "a");
	(void)d->operations->sync_names(d);
	simdisk_crash(s, SIMDISK_LOSES);
	OK(has(s, "a", "aside") && has(s, "b", NULL), "simdisk: one that was synced is not");
	simdisk_free(s);
}

static void test_tearing(void)
{
	unsigned old_pages = 0;
	unsigned new_pages = 0;
	unsigned torn_pages = 0;
	unsigned mixed_files = 0;
	static uint8_t bytes[16 * 4096];

	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct simdisk *s = simdisk_new(seed);
		struct disk *d = simdisk_disk(s);
		int a = make(s, "a", "");
		struct view got = { 0 };
		unsigned before = new_pages;

		memset(bytes, 'o', sizeof bytes);
		(void)d->operations->write(d, a, 0, bytes, sizeof bytes);
		(void)d->operations->sync(d, a);
		(void)d->operations->sync_names(d);
		memset(bytes, 'n', sizeof bytes);
		(void)d->operations->write(d, a, 0, bytes, sizeof bytes);
		simdisk_crash(s, SIMDISK_TEARS);
		(void)simdisk_get(s, "a", &got);
		for (size_t page = 0; page < 16 && got.size == sizeof bytes; page++) {
			const uint8_t *p = got.data + page * 4096;

			old_pages += p[0] == 'o';
			new_pages += p[4095] == 'n';
			torn_pages += p[0] == 'n' && p[4095] == 'o';
		}
		mixed_files += new_pages > before && new_pages < before + 16;
		simdisk_free(s);
	}
	OK(old_pages > 100 && new_pages > 100 && torn_pages > 100,
	   "simdisk: pages are lost, kept and torn");
	OK(mixed_files > 40, "simdisk: each for itself");
}

static void test_faults(void)
{
	struct simdisk *s = simdisk_new(3);
	struct disk *d = simdisk_disk(s);
	const struct disk_operations *o = d->operations;
	int a = make(s, "a", "old");

	(void)o->sync(d, a);
	(void)o->sync_names(d);
	simdisk_fail(s, SIMDISK_WRITE, 2, EIO, false);
	IS_U64(o->write(d, a, 0, "1", 1), 0,
	       "simdisk: the operation before the n-th does not fail");
	IS_U64(-o->write(d, a, 0, "2", 1), EIO, "simdisk: the n-th fails");
	IS_U64(o->write(d, a, 0, "3", 1), 0, "simdisk: the next does not");
	simdisk_fail(s, SIMDISK_WRITE, 1, ENOSPC, true);
	IS_U64(-o->write(d, a, 0, "4", 1), ENOSPC, "simdisk: or all from it on do");
	IS_U64(-o->write(d, a, 0, "5", 1), ENOSPC, "simdisk: for ever");
	simdisk_fail(s, SIMDISK_SYNC, 1, EIO, false);
	IS_U64(-o->sync(d, a), EIO, "simdisk: a sync fails");
	IS_U64(o->sync(d, a), 0, "simdisk: the next says yes");
	OK(has(s, "a", "3ld"), "simdisk: the cache shows what was written");
	simdisk_crash(s, SIMDISK_KEEPS);
	OK(has(s, "a", "old"), "simdisk: the disk never got it");

	a = o->open(d, "a", DISK_LOG);
	simdisk_limit(s, 10);
	IS_U64(-o->write(d, a, 0, "01234567890", 11), ENOSPC, "simdisk: a full disk takes no more");
	IS_U64(o->write(d, a, 0, "0123456789", 10), 0, "simdisk: what fits it takes");
	IS_U64(o->write(d, a, 0, "x", 1), 0, "simdisk: writing over needs no room");
	IS_U64(o->room(d), 0, "simdisk: and it says that there is none");

	simdisk_stop(s, 2);
	IS_U64(o->write(d, a, 0, "y", 1), 0, "simdisk: before the power is cut all is well");
	IS_U64(-o->write(d, a, 0, "z", 1), EIO, "simdisk: then nothing is");
	IS_U64(-o->read(d, a, 0, (char[1]){ 0 }, 1), EIO, "simdisk: not even reading");
	OK(simdisk_is_stopped(s), "simdisk: and it says so");
	simdisk_free(s);
}

static void test_images(void)
{
	struct simdisk *s = simdisk_new(4);
	struct simdisk *other = simdisk_new(5);
	struct simdisk_image *image;

	simdisk_put(s, "a", view_of_string("one"));
	image = simdisk_save(s);
	simdisk_put(s, "a", view_of_string("two"));
	simdisk_put(s, "b", view_of_string("more"));
	simdisk_restore(s, image);
	OK(has(s, "a", "one") && has(s, "b", NULL), "simdisk: an old backup is restored");
	simdisk_restore(other, image);
	OK(has(other, "a", "one"), "simdisk: also on another disk");
	simdisk_wipe(s);
	OK(has(s, "a", NULL) && simdisk_name(s, 0) == NULL, "simdisk: a wiped disk is empty");
	simdisk_image_free(image);
	OK(has(other, "a", "one"), "simdisk: an image is a copy");
	simdisk_free(s);
	simdisk_free(other);
}

/* Removes what the tests made, two levels deep. */
static void clean(const char *path, int levels)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char inner[512];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(inner, sizeof inner, "%.240s/%.240s", path, entry->d_name);
		if (unlink(inner) < 0 && levels > 0)
			clean(inner, levels - 1);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(path); /* what stays is seen by the next test */
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	struct simdisk *s = simdisk_new(9);

	(void)snprintf(directory, sizeof directory, "%s/threefold-disk-XXXXXX",
	               tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(directory) == NULL) {
		printf("Bail out! no temporary directory: %s\n", strerror(errno));
		return 1;
	}
	test_story(simdisk_disk(s), "the simulated disk");
	simdisk_free(s);
	test_real();
	test_lock_of_the_dead();
	test_loss();
	test_tearing();
	test_faults();
	test_images();
	clean(directory, 3);
	return tap_done();
}
