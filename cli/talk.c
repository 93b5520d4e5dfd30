/* SPDX-License-Identifier: MIT
 *
 * The file is so small that it is written over in place, in one piece. If that is torn, the line
 * fits no more, and nobody is chosen at the next log-in.
 */
#include "cli/talk.h"

#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_SIZE = COMMAND_ACCOUNT_SIZE + ID_TEXT_SIZE + 3 };

/* Opens the file. A link is followed to what is there, and nothing is made behind it. -1, with an
 * errno value of file_reason. */
static int open_file(const char *path, int flags)
{
	char target[PATH_MAX];
	int fd = file_open_data(AT_FDCWD, path, flags, 0600);

	if (fd == -ELOOP && realpath(path, target) == NULL)
		return -1;
	if (fd == -ELOOP)
		fd = file_open_data(AT_FDCWD, target, flags & ~O_CREAT, 0);
	if (fd < 0)
		errno = -fd;
	return fd < 0 ? -1 : fd;
}

/* Sets what the line says; false if it does not fit. */
static bool parse(struct cli_talk *t, struct view line)
{
	const uint8_t *blank = memchr(line.data, ' ', line.size);
	struct view name;
	struct view id;

	if (blank == NULL || line.data[line.size - 1] != '\n')
		return false;
	name = view_of(line.data, (size_t)(blank - line.data));
	id = view_of(blank + 1, line.size - name.size - 2);
	t->has_id = id_from_text(id, &t->id);
	if (!name_is_reference(name) || (!t->has_id && !view_equal(id, view_of_string("-"))))
		return false;
	view_to_string(name, t->name, sizeof t->name);
	return true;
}

void talk_begin(struct cli_talk *t, const char *account, const struct id *id)
{
	char display[DISPLAY_SIZE];
	char part[DISPLAY_SIZE + 8];
	char line[LINE_SIZE];
	ssize_t size;
	int fd;

	*t = (struct cli_talk){ .has_failed = t->has_failed };
	name_display(display, view_of(account, strcspn(account, "~")), id, false);
	(void)snprintf(part, sizeof part, "talk/%s", display);
	if (!home_path("XDG_STATE_HOME", ".local/state", part, t->path)) {
		t->path[0] = 0;
		return;
	}
	fd = open_file(t->path, O_RDONLY);
	if (fd < 0)
		return;
	size = file_read(fd, line, sizeof line);
	(void)close(fd);
	if (size <= 0 || !parse(t, view_of(line, (size_t)size)))
		t->name[0] = 0;
}

static bool write_line(struct cli_talk *t)
{
	char line[LINE_SIZE];
	char id[ID_TEXT_SIZE + 1] = "-";
	int fd;
	int size;
	bool done;

	if (t->has_id)
		id_to_text(&t->id, id);
	size = snprintf(line, sizeof line, "%s %s\n", t->name, id);
	(void)home_make_folders(t->path); /* what is missing is seen when the file is opened */
	fd = open_file(t->path, O_WRONLY | O_CREAT);
	if (fd < 0)
		return false;
	done = ftruncate(fd, 0) == 0 && file_write(fd, line, (size_t)size);
	(void)close(fd);
	return done;
}

bool talk_keep(struct cli_talk *t, const struct conversation *with, char err[TALK_ERR_SIZE])
{
	bool is_same = strcmp(t->name, with->name) == 0 && t->has_id == with->has_id &&
	               (!t->has_id || id_equal(&t->id, &with->id));

	if (t->path[0] == 0 || is_same)
		return true;
	memcpy(t->name, with->name, sizeof t->name);
	t->id = with->id;
	t->has_id = with->has_id;
	if (write_line(t) || t->has_failed)
		return true;
	t->has_failed = true;
	(void)snprintf(err, TALK_ERR_SIZE,
	               "whom you talk with is not kept for the next time: '%.300s': %s", t->path,
	               file_reason(errno));
	return false;
}

void talk_end(struct cli_talk *t)
{
	t->path[0] = 0;
	t->name[0] = 0;
}
