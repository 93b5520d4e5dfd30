/* SPDX-License-Identifier: MIT */
#include "cli/piece.h"

#include "io/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_SIZE_MIN = 64 * 1024, /* that is read first, and then more at once */
	READ_SIZE = 1024 * 1024,
	NUMBER_DIGITS = 6,
	NUMBER_LAST = 999999,
	NUMBERS_MAX = 64, /* pieces that are looked at; so many stand there only by hand */
};

/* ---- names ---- */

/* 0: no name of a piece. */
static uint32_t number_of(const char *name)
{
	uint32_t number = 0;

	for (size_t i = 0; i < NUMBER_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		number = number * 10 + (uint32_t)(name[i] - '0');
	}
	return strcmp(name + NUMBER_DIGITS, ".jsonl") == 0 ? number : 0;
}

static void path_of(const char *folder, uint32_t number, char path[HOME_PATH_SIZE])
{
	int size = snprintf(path, HOME_PATH_SIZE, "%s/%06u.jsonl", folder, number);

	assert(size > 0);
	assert(size < HOME_PATH_SIZE);
	(void)size;
}

/* The numbers of the last pieces that are there, in their order, and how many. */
static size_t list(const char *folder, uint32_t numbers[NUMBERS_MAX])
{
	DIR *open_folder = opendir(folder);
	const struct dirent *entry;
	size_t count = 0;

	while (open_folder != NULL && (entry = readdir(open_folder)) != NULL) {
		uint32_t number = number_of(entry->d_name);
		size_t at = count;

		if (number == 0 || (count == NUMBERS_MAX && number < numbers[0]))
			continue;
		if (count == NUMBERS_MAX) {
			memmove(numbers, numbers + 1, (NUMBERS_MAX - 1) * sizeof numbers[0]);
			at = --count;
		}
		for (; at > 0 && numbers[at - 1] > number; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = number;
		count++;
	}
	if (open_folder != NULL)
		(void)closedir(open_folder);
	return count;
}

/* ---- writing ---- */

void pieces_init(struct pieces *p, const char *folder)
{
	*p = (struct pieces){ .fd = -1 };
	assert(strlen(folder) < HOME_PATH_SIZE - 16);
	(void)snprintf(p->folder, sizeof p->folder, "%s", folder);
}

void pieces_close(struct pieces *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}

/* The path may be long, the sentence is cut then. */
static bool fail(const struct pieces *p, const char *what, int error, char err[PIECE_ERR_SIZE])
{
	(void)snprintf(err, PIECE_ERR_SIZE, "cannot %s '%.*s': %s", what, HOME_PATH_SIZE - 1,
	               p->folder, file_reason(error));
	return false;
}

/* Older pieces than the last PIECES_MAX go. */
static void drop_old(const struct pieces *p)
{
	uint32_t numbers[NUMBERS_MAX];
	size_t count = list(p->folder, numbers);
	char path[HOME_PATH_SIZE];

	for (size_t i = 0; i + PIECES_MAX < count; i++) {
		path_of(p->folder, numbers[i], path);
		(void)unlink(path);
	}
}

static bool is_full(const struct pieces *p)
{
	struct stat st;

	return fstat(p->fd, &st) == 0 && st.st_size >= PIECE_SIZE_MAX;
}

/* Only its owner may look into what is there. */
static bool open_piece(struct pieces *p)
{
	char path[HOME_PATH_SIZE];
	struct stat st;
	int fd;

	path_of(p->folder, p->number, path);
	fd = file_open_data(AT_FDCWD, path, O_RDWR | O_CREAT | O_APPEND, 0600);
	if (fd < 0) {
		errno = -fd;
		return false;
	}
	if (fstat(fd, &st) == 0 && (st.st_mode & 077) != 0)
		(void)fchmod(fd, 0600);
	p->fd = fd;
	return true;
}

static bool open_last(struct pieces *p)
{
	uint32_t numbers[NUMBERS_MAX];
	char path[HOME_PATH_SIZE];
	size_t count;

	path_of(p->folder, 1, path);
	(void)home_make_folders(path); /* what is missing is seen when the piece is opened */
	count = list(p->folder, numbers);
	p->number = count == 0 ? 1 : numbers[count - 1];
	return open_piece(p);
}

/* The piece that the next lines belong to. One that somebody has removed is begun anew. */
static bool open_next(struct pieces *p)
{
	struct stat st;

	if (p->fd >= 0 && (fstat(p->fd, &st) != 0 || st.st_nlink == 0))
		pieces_close(p);
	if (p->fd < 0 && !open_last(p))
		return false;
	while (is_full(p) && p->number < NUMBER_LAST) {
		pieces_close(p);
		p->number++;
		if (!open_piece(p))
			return false;
		drop_old(p);
	}
	return true;
}

/* Whether the last line has no newline: ours, or that of another client which was stopped while it
 * wrote. */
static bool is_torn(const struct pieces *p)
{
	struct stat st;
	char last;

	if (fstat(p->fd, &st) != 0 || st.st_size == 0)
		return false;
	/* If that is not known: an empty line does no harm. */
	return pread(p->fd, &last, 1, st.st_size - 1) != 1 || last != '\n';
}

bool pieces_append(struct pieces *p, struct view lines, char err[PIECE_ERR_SIZE])
{
	struct buf mended;
	bool good;

	assert(lines.size > 0);
	assert(lines.data[lines.size - 1] == '\n');
	if (!open_next(p))
		return fail(p, "write to", errno, err);
	if (!is_torn(p))
		return file_write(p->fd, lines.data, lines.size) || fail(p, "write to", errno, err);
	buf_init(&mended, lines.size + 1);
	buf_append_text(&mended, "\n");
	buf_append(&mended, lines);
	good = file_write(p->fd, mended.data, mended.size);
	buf_release(&mended);
	return good || fail(p, "write to", errno, err);
}

/* ---- looking back ---- */

/* What a look is at. */
struct back {
	struct piece_look *look;
	uint32_t number;
	int fd;
	uint8_t *part;
	size_t capacity;
	struct view *ring;   /* of hits in one part */
	struct buf strings;  /* of one line */
	struct buf reversed; /* lines that were found, the newest first */
	size_t *sizes;       /* of them */
	uint64_t looked_at;
};

static bool is_stopped(const struct back *b)
{
	return atomic_load(&b->look->stops);
}

static bool is_done(const struct back *b)
{
	const struct piece_look *look = b->look;

	return is_stopped(b) || (!look->counts && look->count >= look->wanted) ||
	       (look->bytes_max > 0 && b->looked_at >= look->bytes_max);
}

static void keep_hits(struct back *b, const struct archive_hits *hits, uint64_t offset)
{
	struct piece_look *look = b->look;

	look->found += hits->found;
	for (size_t i = hits->count; i > 0; i--) {
		struct view line = hits->lines[(hits->first + i - 1) % hits->count_max];

		buf_append(&b->reversed, line);
		b->sizes[look->count++] = line.size;
		look->place = (struct piece_place){ b->number,
			                            offset + (size_t)(line.data - b->part) };
	}
}

/* Looks at the lines that end before `end`, and begin in the part before it. Returns where the
 * first of these begins; `end` itself if that cannot be read. */
static uint64_t look_at_part(struct back *b, uint64_t end, size_t size)
{
	struct piece_look *look = b->look;
	uint64_t begin = end > size ? end - size : 0;
	struct archive_hits hits = { .lines = b->ring, .count_max = look->wanted - look->count };
	const uint8_t *newline;
	size_t front = 0;
	ssize_t count;

	size = (size_t)(end - begin);
	count = pread(b->fd, b->part, size, (off_t)begin);
	if (count < 0 || (size_t)count < size) {
		if (count < 0 && look->error == 0)
			look->error = errno;
		return end;
	}
	b->looked_at += size;
	if (begin > 0) {
		newline = memchr(b->part, '\n', size - 1);
		if (newline == NULL)
			return end;
		front = (size_t)(newline + 1 - b->part);
	}
	archive_scan(look->query, view_of(b->part + front, size - front), &b->strings, &hits);
	keep_hits(b, &hits, begin);
	return begin + front;
}

/* Where the last whole line before `end` ends: what is torn has no newline yet. */
static uint64_t whole_end(struct back *b, uint64_t end)
{
	while (end > 0 && !is_stopped(b)) {
		size_t size = end < READ_SIZE_MIN ? (size_t)end : READ_SIZE_MIN;
		const uint8_t *newline;

		ssize_t count = pread(b->fd, b->part, size, (off_t)(end - size));

		if (count < 0 && b->look->error == 0)
			b->look->error = errno;
		if (count != (ssize_t)size)
			return 0;
		newline = memrchr(b->part, '\n', size);
		if (newline != NULL)
			return end - size + (size_t)(newline + 1 - b->part);
		end -= size;
	}
	return 0;
}

static void look_at_piece(struct back *b, uint64_t end)
{
	size_t size = READ_SIZE_MIN;

	end = whole_end(b, end);
	while (end > 0 && !is_done(b)) {
		uint64_t begin = look_at_part(b, end, size);

		if (begin < end) {
			end = begin;
			size = size < READ_SIZE ? 2 * size : READ_SIZE;
		} else if (size >= ARCHIVE_LINE_SIZE_MAX || b->look->error != 0) {
			end -= end < size ? end : size; /* damage, or a disk that does not read */
			end = whole_end(b, end);
		} else {
			size *= 2; /* a long line */
		}
		if (size > b->capacity) {
			b->part = memory_resize(b->part, size);
			b->capacity = size;
		}
	}
	b->look->is_all = end == 0;
}

static void put_in_order(struct back *b)
{
	struct piece_look *look = b->look;
	size_t end = b->reversed.size;

	for (size_t i = look->count; i > 0; i--) {
		size_t size = b->sizes[i - 1];

		end -= size;
		buf_append(&look->lines, view_of(b->reversed.data + end, size));
		buf_append_text(&look->lines, "\n");
	}
	assert(end == 0);
}

/* Opens the piece and tells its size; -1 if it cannot be read. */
static int open_to_read(const char *folder, uint32_t number, uint64_t *size,
                        struct piece_look *look)
{
	char path[HOME_PATH_SIZE];
	struct stat st;
	int fd;

	path_of(folder, number, path);
	fd = file_open_data(AT_FDCWD, path, O_RDONLY, 0);
	if (fd < 0 && look->error == 0 && fd != -ENOENT)
		look->error = -fd;
	if (fd < 0 || fstat(fd, &st) != 0)
		return fd < 0 ? -1 : fd;
	*size = (uint64_t)st.st_size;
	return fd;
}

void piece_look(const char *folder, struct piece_look *look)
{
	struct back b = { .look = look, .capacity = READ_SIZE };
	uint32_t numbers[NUMBERS_MAX];
	size_t count = list(folder, numbers);

	look->count = 0;
	look->found = 0;
	look->error = 0;
	look->place = look->before;
	look->is_all = count == 0;
	buf_init(&look->lines, SIZE_MAX / 4);
	buf_init(&b.strings, ARCHIVE_LINE_SIZE_MAX);
	buf_init(&b.reversed, SIZE_MAX / 4);
	b.part = memory_alloc(b.capacity);
	b.ring = memory_alloc((look->wanted + 1) * sizeof *b.ring);
	b.sizes = memory_alloc((look->wanted + 1) * sizeof *b.sizes);
	for (size_t i = count; i > 0 && !is_done(&b); i--) {
		uint64_t size = 0;
		uint32_t before = look->before.number;

		b.number = numbers[i - 1];
		look->is_all = false;
		if (before != 0 && b.number > before)
			continue;
		b.fd = open_to_read(folder, b.number, &size, look);
		if (before == b.number && look->before.offset < size)
			size = look->before.offset;
		if (b.fd >= 0) {
			look_at_piece(&b, size);
			(void)close(b.fd);
		}
		/* Of the part that was read last not all may be wanted. */
		look->is_all = look->is_all && i == 1 && look->found == look->count;
	}
	put_in_order(&b);
	memory_free(b.part);
	memory_free(b.ring);
	memory_free(b.sizes);
	buf_release(&b.strings);
	buf_release(&b.reversed);
}

void piece_look_release(struct piece_look *look)
{
	buf_release(&look->lines);
}
