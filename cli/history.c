/* SPDX-License-Identifier: MIT
 *
 * The file is read as a whole, from its end if it is large, and then begins with a line that is
 * cut: that one is dropped. A file that has grown too large is written anew beside itself and put
 * in its place.
 */
#include "cli/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* False if neither variable says where. */
static bool find_path(char path[PATH_SIZE])
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int size;

	/* Relative ones are to be ignored, says the XDG base directory specification. */
	if (state != NULL && state[0] == '/')
		size = snprintf(path, PATH_SIZE, "%s/threefold/history", state);
	else if (home != NULL && home[0] == '/')
		size = snprintf(path, PATH_SIZE, "%s/.local/state/threefold/history", home);
	else
		return false;
	return size > 0 && size < PATH_SIZE;
}

/* Every folder on the way that is missing; whether that went well is seen when the file is
 * opened. */
static void make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = 0;
		(void)mkdir(path, 0700);
		*at = '/';
	}
}

/* One entry, as it stands in the file, into `to`. */
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
	struct buf line;

	buf_init(&line, CLIENT_HISTORY_FILE_SIZE_MAX);
	while (text.size > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.data);

		decode(&line, view_of(text.data, size));
		terminal_history_add(t, buf_view(&line));
		size += end != NULL;
		text = view_of(text.data + size, text.size - size);
	}
	buf_release(&line);
}

/* What has been read may be less than there was: then the rest is a loss of old lines, no more. */
static void read_all(int fd, struct buf *to)
{
	struct stat stat;
	off_t from = 0;
	uint8_t *room = buf_reserve(to, CLIENT_HISTORY_FILE_SIZE_MAX);
	ssize_t count;

	assert(room != NULL);
	if (fstat(fd, &stat) == 0 && stat.st_size > CLIENT_HISTORY_FILE_SIZE_MAX)
		from = stat.st_size - CLIENT_HISTORY_FILE_SIZE_MAX;
	do {
		count = pread(fd, room + to->size, CLIENT_HISTORY_FILE_SIZE_MAX - to->size,
		              from + (off_t)to->size);
		if (count > 0)
			buf_added(to, (size_t)count);
	} while (count > 0 || (count < 0 && errno == EINTR));
	if (from > 0) {
		const uint8_t *end = memchr(to->data, '\n', to->size);

		buf_consume(to, end == NULL ? to->size : (size_t)(end + 1 - to->data));
	}
}

/* False if not all of it could be written. */
static bool write_all(int fd, struct view bytes)
{
	while (bytes.size > 0) {
		ssize_t count = write(fd, bytes.data, bytes.size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		bytes = view_of(bytes.data + count, bytes.size - (size_t)count);
	}
	return true;
}

static int open_file(const char *path, int flags)
{
	return open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
}

/* Writes what the terminal has kept to a new file; the old one's descriptor if that fails. */
static int shorten(int fd, const char *path, const struct terminal *t)
{
	char new_path[PATH_SIZE + 32];
	struct buf text;
	int new_fd;

	(void)snprintf(new_path, sizeof(new_path), "%s.%ld", path, (long)getpid());
	new_fd = open_file(new_path, O_EXCL);
	if (new_fd < 0)
		return fd;
	buf_init(&text, 2 * CLIENT_HISTORY_FILE_SIZE_MAX);
	for (size_t i = 0; i < terminal_history_count(t); i++)
		encode(&text, terminal_history_get(t, i));
	if (!write_all(new_fd, buf_view(&text)) || rename(new_path, path) != 0) {
		(void)unlink(new_path);
		(void)close(new_fd);
		new_fd = fd;
	} else {
		(void)close(fd);
	}
	buf_release(&text);
	return new_fd;
}

int client_history_open(struct terminal *t, char err[CLIENT_HISTORY_ERR_SIZE])
{
	char path[PATH_SIZE];
	struct buf text;
	size_t lines = 0;
	int fd;

	err[0] = 0;
	if (!find_path(path))
		return -1;
	make_folders(path);
	fd = open_file(path, 0);
	if (fd < 0 || fchmod(fd, 0600) != 0) {
		(void)snprintf(err, CLIENT_HISTORY_ERR_SIZE,
		               "what you type is not kept for the next time: '%.300s': %s", path,
		               strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	buf_init(&text, CLIENT_HISTORY_FILE_SIZE_MAX);
	read_all(fd, &text);
	give_lines(t, buf_view(&text));
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	if (lines > 2 * CLIENT_HISTORY_COUNT_MAX || text.size > CLIENT_HISTORY_FILE_SIZE_MAX / 2)
		fd = shorten(fd, path, t);
	buf_release(&text);
	return fd;
}

void client_history_add(int fd, struct view line)
{
	struct buf text;

	/* A line that takes much of the file's room would push out all others. */
	if (fd < 0 || line.size == 0 || line.size > CLIENT_HISTORY_FILE_SIZE_MAX / 16)
		return;
	buf_init(&text, 2 * line.size + 1);
	encode(&text, line);
	(void)write_all(fd, buf_view(&text));
	buf_release(&text);
}
