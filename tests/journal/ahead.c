/* SPDX-License-Identifier: MIT
 *
 * A file that is read ahead has the same bytes as one that is not, wherever its end lies among the
 * blocks, in whatever pieces the caller takes it, and whether he reads to the end or not.
 */
#include "journal/ahead.h"

#include "journal/disk.h"
#include "tests/lib/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 6 * AHEAD_BLOCK };

static char directory[256];
static uint8_t content[FILE_SIZE_MAX];

static uint64_t next(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

static int make_file(struct disk *d, uint64_t size)
{
	const struct disk_operations *o = d->operations;
	int file = o->open(d, "file", DISK_CREATE);

	if (file < 0 || o->write(d, file, 0, content, size) != 0 || o->sync(d, file) != 0)
		tap_ok(false, __FILE__, __LINE__, "ahead: a file is made");
	return file;
}

/* In pieces of any size; behind the end there is nothing, however often one asks. */
static bool reads_all(struct disk *d, uint64_t size, uint64_t *random)
{
	static uint8_t bytes[FILE_SIZE_MAX];
	int file = d->operations->open(d, "file", DISK_READ_ALL);
	uint64_t at = 0;
	int64_t count = 1;

	while (count > 0) {
		size_t want = 1 + (size_t)(next(random) % (3 * AHEAD_BLOCK / 2));

		count = d->operations->read(d, file, at, bytes, want);
		if (count < 0 || at + (uint64_t)count > size ||
		    memcmp(bytes, content + at, (size_t)count) != 0)
			break;
		if ((size_t)count < want && at + (uint64_t)count != size)
			break;
		at += (uint64_t)count;
	}
	if (count == 0)
		count = d->operations->read(d, file, at, bytes, 1);
	(void)d->operations->close(d, file);
	return count == 0 && at == size;
}

static void test_sizes(struct disk *d)
{
	static const uint64_t sizes[] = {
		0,
		AHEAD_SIZE_MIN - 1,
		AHEAD_SIZE_MIN,
		AHEAD_SIZE_MIN + 1,
		AHEAD_SIZE_MIN + 4096,
		FILE_SIZE_MAX - 12345,
		FILE_SIZE_MAX,
	};
	uint64_t random = 4711;

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		(void)d->operations->close(d, make_file(d, sizes[i]));
		OK(reads_all(d, sizes[i], &random), "ahead: a file of any size is read to its end");
	}
}

/* Nobody reads at the place where the thread is, or to the end. */
static void test_jumps(struct disk *d)
{
	static uint8_t bytes[2 * AHEAD_BLOCK];
	const struct disk_operations *o = d->operations;
	uint64_t random = 815;
	bool same = true;
	int first;
	int second;

	(void)o->close(d, make_file(d, FILE_SIZE_MAX));
	first = o->open(d, "file", DISK_READ_ALL);
	second = o->open(d, "file", DISK_READ_ALL);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t at = next(&random) % FILE_SIZE_MAX;
		size_t size = 1 + (size_t)(next(&random) % sizeof bytes);
		size_t want = size < FILE_SIZE_MAX - at ? size : (size_t)(FILE_SIZE_MAX - at);
		int64_t count = o->read(d, i % 2 == 0 ? first : second, at, bytes, size);

		same = same && count == (int64_t)want && memcmp(bytes, content + at, want) == 0;
	}
	OK(same, "ahead: anything can be read, from two files at a time");
	(void)o->close(d, first);
	same = o->read(d, second, 0, bytes, sizeof bytes) == (int64_t)sizeof bytes &&
	       memcmp(bytes, content, sizeof bytes) == 0;
	OK(same, "ahead: and from the one when the other is closed");
	(void)o->close(d, second);
}

static void test_alone(struct disk *d)
{
	static uint8_t bytes[AHEAD_BLOCK];
	int file = make_file(d, FILE_SIZE_MAX);
	struct ahead *a = ahead_open(file);
	int null = open("/dev/null", O_RDONLY);

	OK(a != NULL, "ahead: a large file has a thread");
	IS_U64(ahead_read(a, 0, bytes, 100), 100, "ahead: it gives the front");
	IS_U64(ahead_read(a, 99, bytes, 100), 0, "ahead: and nothing from elsewhere");
	IS_U64(ahead_read(a, 100, bytes, AHEAD_BLOCK), AHEAD_BLOCK, "ahead: but what follows");
	OK(memcmp(bytes, content + 100, AHEAD_BLOCK) == 0, "ahead: as it stands in the file");
	ahead_close(a);
	OK(ahead_open(null) == NULL, "ahead: what is no file has none");
	(void)close(null);
	ahead_close(ahead_open(file)); /* before anything was read */
	(void)d->operations->close(d, file);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	uint64_t random = 1;
	bool locked;
	char err[ERR_SIZE];

	(void)snprintf(directory, sizeof directory, "%s/threefold-ahead-XXXXXX",
	               tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(directory) == NULL) {
		printf("Bail out! no temporary directory: %s\n", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < sizeof content; i += 8) {
		uint64_t word = next(&random);

		memcpy(content + i, &word, sizeof word);
	}

	struct disk *d = disk_open_directory(directory, &locked, err);

	test_sizes(d);
	test_jumps(d);
	test_alone(d);
	(void)d->operations->remove(d, "file");
	(void)d->operations->remove(d, DISK_LOCK_NAME);
	disk_close_directory(d);
	(void)rmdir(directory);
	return tap_done();
}
