/* SPDX-License-Identifier: MIT
 *
 * The file is read as a whole. Of a large file only the end is read; this part begins within a
 * line, which is dropped. A file that has grown too large is written anew under another name, which
 * then replaces it: so it is opened for each line, and held, shared by those who append. Nobody
 * waits for anybody: a file that somebody holds is shortened the next time.
 */
#include "cli/history.h"

#include "cli/home.h"
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES_MAX = 8 };

/* Decodes one entry of the file into `to`. */
static void decode(struct buf *to, struct view line)
{
	buf_clear(to);
	for (size_t i = 0; i < line.size; i++) {
		uint8_t byte = line.data[i];

		if (byte == '\\' && i + 1 < line.size) {
			byte = line.data[++i];
			byte = byte == 'n' ? '\n' : byte;
		}
		(void)buf_put_u8(to, byte); /* it is no longer than the line */
	}
}

static void encode(struct buf *to, struct view line)
{
	for (size_t i = 0; i < line.size; i++) {
		bool is_escaped = line.data[i] == '\n' || line.data[i] == '\\';

		if (is_escaped)
			(void)buf_put_u8(to, '\\');
		(void)buf_put_u8(to, line.data[i] == '\n' ? 'n' : line.data[i]);
	}
	(void)buf_put_u8(to, '\n');
}

static void give_lines(struct terminal *t, struct view text)
{
	struct buf decoded;
	struct view line;

	buf_init(&decoded, HISTORY_FILE_SIZE_MAX);
	while (view_take_line(&text, &line)) {
		decode(&decoded, line);
		terminal_history_add(t, buf_view(&decoded));
	}
	buf_release(&decoded);
}

/* Reads the last part of the file. What could not be read is a loss of old lines, no more. */
static void read_all(int fd, struct buf *to)
{
	uint8_t *room = buf_reserve(to, HISTORY_FILE_SIZE_MAX);
	off_t from = lseek(fd, -HISTORY_FILE_SIZE_MAX, SEEK_END); /* fails if it is shorter */
	ssize_t count = file_read(fd, room, HISTORY_FILE_SIZE_MAX);

	assert(room != NULL);
	if (count > 0)
		buf_added(to, (size_t)count);
	if (from > 0) {
		const uint8_t *end = memchr(to->data, '\n', to->size);

		buf_consume(to, end == NULL ? to->size : (size_t)(end + 1 - to->data));
	}
}

static int open_file(const char *path, int flags)
{
	int fd = file_open_data(AT_FDCWD, path, O_RDWR | O_CREAT | O_APPEND | flags, 0600);

	if (fd < 0)
		errno = -fd;
	return fd;
}

/* Replaces a link by what it leads to: the person has put it there. False if that is no place where
 * anything is kept. */
static bool follow_link(char path[HOME_PATH_SIZE])
{
	char target[PATH_MAX];

	if (realpath(path, target) == NULL || strlen(target) >= HOME_PATH_SIZE)
		return true; /* opening it tells */
	(void)snprintf(path, HOME_PATH_SIZE, "%s", target);
	return strcmp(path, "/dev/null") != 0;
}

/* Opens the file that has this name now, and holds it as `lock` says until it is closed; *is_held:
 * nobody else held it. */
static int open_history(const char *path, int lock, bool *is_held)
{
	struct stat st;
	int fd = open_file(path, 0);

	/* Somebody may put a shorter one in its place just now: but not many in a row. */
	for (unsigned i = 0; fd >= 0 && i < TRIES_MAX; i++) {
		*is_held = flock(fd, lock | LOCK_NB) == 0;
		if (fstat(fd, &st) != 0 || st.st_nlink > 0)
			break;
		(void)close(fd);
		fd = open_file(path, 0);
	}
	return fd;
}

/* The path, behind the link if it is one. False: there is none, or nothing is to be kept. */
static bool find_path(char path[HOME_PATH_SIZE])
{
	if (!home_path("XDG_STATE_HOME", ".local/state", "history", path))
		return false;
	(void)home_make_folders(path); /* what is missing is seen when the file is opened */
	return follow_link(path);
}

/* Puts a file with the terminal's history in the place of the one that is too long. If that fails,
 * the long one stays. */
static void shorten(const char *path, const struct terminal *t)
{
	char new_path[HOME_PATH_SIZE + 32];
	struct buf text;
	int fd;

	(void)snprintf(new_path, sizeof new_path, "%s.%ld", path, (long)getpid());
	fd = open_file(new_path, O_EXCL);
	if (fd < 0)
		return;
	buf_init(&text, 2 * HISTORY_FILE_SIZE_MAX);
	for (size_t i = 0; i < terminal_history_count(t); i++)
		encode(&text, terminal_history_get(t, i));
	if (!file_write(fd, text.data, text.size) || rename(new_path, path) != 0)
		(void)unlink(new_path);
	(void)close(fd);
	buf_release(&text);
}

bool history_read(struct terminal *t, char err[HISTORY_ERR_SIZE])
{
	char path[HOME_PATH_SIZE];
	struct buf text;
	size_t lines = 0;
	bool is_held = false;
	int fd;

	err[0] = 0;
	if (!find_path(path))
		return false;
	fd = open_history(path, LOCK_EX, &is_held);
	if (fd < 0 || fchmod(fd, 0600) != 0) {
		(void)snprintf(err, HISTORY_ERR_SIZE,
		               "what you type is not kept for the next time: '%.300s': %s", path,
		               file_reason(errno));
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	buf_init(&text, HISTORY_FILE_SIZE_MAX);
	read_all(fd, &text);
	give_lines(t, buf_view(&text));
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	if (is_held && (lines > 2 * HISTORY_COUNT_MAX || text.size > HISTORY_FILE_SIZE_MAX / 2))
		shorten(path, t);
	(void)close(fd);
	buf_release(&text);
	return true;
}

void history_append(struct view line)
{
	char path[HOME_PATH_SIZE];
	struct buf text;
	bool is_held;
	int fd;

	/* A line that takes much of the file's room would push out all others. */
	if (line.size == 0 || line.size > HISTORY_FILE_SIZE_MAX / 16 || !find_path(path))
		return;
	/* Not held only while another client shortens it: the line may be lost then. */
	fd = open_history(path, LOCK_SH, &is_held);
	if (fd < 0)
		return;
	buf_init(&text, 2 * line.size + 1);
	encode(&text, line);
	(void)file_write(fd, text.data, text.size);
	(void)close(fd);
	buf_release(&text);
}
