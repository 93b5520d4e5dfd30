/* SPDX-License-Identifier: MIT
 *
 * A log on the real disk holds what was written to it, whichever way the bytes took: past the page
 * cache, or through it where that cannot be done. What others read of it is compared with a copy in
 * memory; behind the copy there may be zeros, less than a block of them.
 */
#include "journal/disk.h"

#include "journal/direct.h"
#include "tests/lib/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	COPY_SIZE = 3 << 20,
	STEPS = 400,
};

static char directory[256];

struct log_copy {
	uint8_t bytes[COPY_SIZE];
	uint64_t size; /* what the file has at least */
	uint64_t end;  /* of what was written */
};

static uint64_t next(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

/* As another process would read it. */
static bool is_same(const char *name, const struct log_copy *copy)
{
	static uint8_t bytes[COPY_SIZE + 2 * DIRECT_BLOCK];
	char path[512];
	ssize_t count;
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	fd = open(path, O_RDONLY);
	count = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
	if (fd >= 0)
		(void)close(fd);
	if (count < 0 || (uint64_t)count < copy->size ||
	    (uint64_t)count > copy->size + DIRECT_BLOCK - 1)
		return false;
	for (uint64_t i = copy->size; i < (uint64_t)count; i++)
		if (bytes[i] != 0)
			return false;
	return memcmp(bytes, copy->bytes, copy->size) == 0;
}

static void put(struct disk *d, int log, struct log_copy *copy, uint64_t at, uint64_t size,
                uint64_t *random)
{
	for (uint64_t i = 0; i < size; i++)
		copy->bytes[at + i] = (uint8_t)(1 + next(random) % 255);
	if (d->operations->write(d, log, at, copy->bytes + at, size) != 0)
		tap_ok(false, __FILE__, __LINE__, "direct: a write fails");
	if (at + size > copy->end)
		copy->end = at + size;
	if (copy->end > copy->size)
		copy->size = copy->end;
}

/* One of: more at the end (most of all), over something, behind a hole, zeros ahead, a cut. */
static void do_step(struct disk *d, int log, struct log_copy *copy, uint64_t *random)
{
	static const uint64_t sizes[] = { 1, 100, 4095, 4096, 4097, 20000, 600000 };
	uint64_t size = sizes[next(random) % 7];
	uint64_t what = next(random) % 16;

	if (copy->end + size + 9000 > COPY_SIZE)
		what = 15;
	if (what < 10) {
		put(d, log, copy, copy->end, size, random);
	} else if (what < 12 && copy->end > 0) {
		uint64_t at = next(random) % copy->end;

		put(d, log, copy, at, size % 5000 + 1, random);
	} else if (what == 12) {
		put(d, log, copy, copy->end + next(random) % 9000, 50, random);
	} else if (what < 15) {
		uint64_t want = copy->end + next(random) % 9000;

		(void)d->operations->reserve(d, log, want);
		if (want > copy->size)
			copy->size = want;
	} else {
		copy->end = next(random) % (copy->end + 1);
		memset(copy->bytes + copy->end, 0, COPY_SIZE - copy->end);
		(void)d->operations->truncate(d, log, copy->end);
		copy->size = copy->end;
	}
}

static void test_steps(struct disk *d, const char *name, uint64_t seed)
{
	static struct log_copy copy;
	uint64_t random = seed;
	int log = d->operations->open(d, name, DISK_CREATE_LOG);
	bool same = true;

	memset(&copy, 0, sizeof copy);
	for (unsigned i = 0; i < STEPS && same; i++) {
		do_step(d, log, &copy, &random);
		if (i % 50 == 49) { /* a later process goes on with it */
			(void)d->operations->close(d, log);
			log = d->operations->open(d, name, DISK_LOG);
		}
		same = is_same(name, &copy);
		if (!same)
			printf("# step %u of seed %ju\n", i, (uintmax_t)seed);
	}
	OK(same, "direct: a log holds what was written, and nothing else but zeros");
	IS_U64(d->operations->sync(d, log), 0, "direct: it is synced");
	IS_U64(d->operations->close(d, log), 0, "direct: and closed");
}

/* Whether bytes really pass by the cache is seen by how the kernel has the file open. */
static void test_flag(void)
{
	char path[512];
	int fd;
	struct direct *d;

	(void)snprintf(path, sizeof path, "%s/flag", directory);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	d = direct_open(fd);
	if (d != NULL)
		OK((fcntl(fd + 1, F_GETFL) & O_DIRECT) != 0,
		   "direct: the second descriptor is direct");
	else
		printf("# this file system has no direct writes\n");
	direct_close(d);
	(void)close(fd);
	fd = open("/dev/null", O_RDWR);
	OK(direct_open(fd) == NULL, "direct: what is no file is not written so");
	(void)close(fd);
}

/* No second descriptor is left: then it goes through the cache, and nobody notices. */
static void test_without(struct disk *d)
{
	struct rlimit before;
	struct rlimit few;
	int spare = open("/dev/null", O_RDONLY);

	(void)getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = (rlim_t)spare + 1;
	(void)close(spare);
	(void)setrlimit(RLIMIT_NOFILE, &few);

	int log = d->operations->open(d, "without", DISK_CREATE_LOG);
	struct stat status;

	(void)setrlimit(RLIMIT_NOFILE, &before);
	OK(log >= 0, "direct: a log is opened with the last descriptor");
	IS_U64(d->operations->write(d, log, 0, "ten bytes.", 10), 0, "direct: and written");
	OK(fstat(log, &status) == 0 && status.st_size == 10, "direct: as any other file");
	IS_U64(d->operations->close(d, log), 0, "direct: and closed again");
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	static const char *const names[] = { "a", "b", "c", "flag", "without", "lock" };
	bool locked;
	char err[ERR_SIZE];
	char path[512];

	(void)snprintf(directory, sizeof directory, "%s/threefold-direct-XXXXXX",
	               tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(directory) == NULL) {
		printf("Bail out! no temporary directory: %s\n", strerror(errno));
		return 1;
	}

	struct disk *d = disk_open_directory(directory, &locked, err);

	test_steps(d, "a", 1);
	test_steps(d, "b", 22);
	test_steps(d, "c", 333);
	test_flag();
	test_without(d);
	disk_close_directory(d);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		(void)unlink(path); /* each test may have ended before it made its file */
	}
	(void)rmdir(directory);
	return tap_done();
}
