/* SPDX-License-Identifier: MIT
 *
 * Files are read through a window that is large enough for the longest block of a snapshot, so
 * reading takes constant memory, however long the file is. And here stands what a start says of a
 * file that it cannot read, or that is damaged.
 */
#include "journal/private.h"

#include "io/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	WINDOW_SIZE = 2 * BLOCK_SIZE_MAX,
	READ_BLOCK = 4096,
};
_Static_assert(WINDOW_SIZE >= 2 * JOURNAL_LINE_SIZE_MAX, "a kept block and the line after it fit");

/* ---- what is wrong ---- */

/* A warning that does not fit is cut: the first ones say most. */
void loading_warn(struct loading *l, const char *format, ...)
{
	char *warnings = l->loaded->warnings;
	size_t used = strlen(warnings);
	size_t left = sizeof l->loaded->warnings - used;
	va_list arguments;

	if (used > 0 && left > 1) {
		warnings[used++] = '\n';
		left--;
	}
	va_start(arguments, format);
	(void)vsnprintf(warnings + used, left, format, arguments);
	va_end(arguments);
}

bool loading_fail(struct loading *l, const char *what, const char *file, int result)
{
	assert(result < 0);
	(void)snprintf(l->err, ERR_SIZE, "cannot %s '%s': %s", what, file, file_reason(-result));
	l->status = file_is_wrong_kind(-result) ? JOURNAL_REFUSED : JOURNAL_FAILED;
	return false;
}

bool loading_damage(struct loading *l, enum journal_file file, uint64_t line, uint64_t byte,
                    const char *what)
{
	char where[ERR_SIZE / 2];
	const char *name = journal_names[file];

	if (l->collecting)
		return true; /* the second pass will say it */
	if (line == 0)
		(void)snprintf(where, sizeof where, "'%s' %s", name, what);
	else
		(void)snprintf(where, sizeof where, "'%s' is damaged at line %llu, byte %llu: %s",
		               name, (unsigned long long)line, (unsigned long long)byte, what);
	if (l->salvage) {
		if (!l->bad[file] || line != 0)
			loading_warn(l, "%s", where);
		l->bad[file] = true;
		return true;
	}
	(void)snprintf(
		l->err, ERR_SIZE,
		"%s; nothing was changed; --salvage sets damaged files aside (as NAME.bad-N) "
		"and starts with what is whole",
		where);
	l->status = JOURNAL_REFUSED;
	return false;
}

bool loading_refuse_newer(struct loading *l, enum journal_file file, uint64_t format)
{
	bool is_journal = file == FILE_JOURNAL || file == FILE_OLD;

	(void)snprintf(l->err, ERR_SIZE,
	               "'%s' has format %llu, and this program knows formats up to %d: it was "
	               "written by a newer one; nothing was changed",
	               journal_names[file], (unsigned long long)format,
	               is_journal             ? JOURNAL_FORMAT
	               : file == FILE_REPLICA ? REPLICA_FORMAT
	                                      : SNAPSHOT_FORMAT);
	l->status = JOURNAL_REFUSED;
	return false;
}

bool loading_exists(struct loading *l, const char *name)
{
	const struct disk_operations *o = l->disk->operations;
	int handle = o->open(l->disk, name, DISK_READ);

	if (handle == -ENOENT)
		return false;
	if (handle < 0)
		return loading_fail(l, "open", name, handle);
	(void)o->close(l->disk, handle); /* nothing was written */
	return true;
}

/* What a disk says of a lost sector, and a file system of one whose checksum is wrong. */
static bool is_lost_sector(int64_t result)
{
	return result == -EIO || result == -EBADMSG || result == -EUCLEAN || result == -ENODATA ||
	       result == -EILSEQ || result == -EREMOTEIO;
}

/* One block, or what the file has of it. */
static int64_t read_block_at(struct loading *l, enum journal_file file, int handle, uint64_t offset,
                             uint8_t *data, size_t size)
{
	const struct disk_operations *o = l->disk->operations;
	int64_t count = o->read(l->disk, handle, offset, data, size);
	int64_t end;
	char what[ERR_SIZE / 4];

	if (count >= 0 || !is_lost_sector(count))
		return count;
	(void)snprintf(what, sizeof what, "cannot be read at byte %llu: %s",
	               (unsigned long long)offset, strerror((int)-count));
	if (!loading_damage(l, file, 0, 0, what))
		return count;
	memset(data, 0, size);
	end = o->size(l->disk, handle);
	if (end < 0 || (uint64_t)end >= offset + size)
		return end < 0 ? end : (int64_t)size;
	return (uint64_t)end > offset ? end - (int64_t)offset : 0;
}

int64_t loading_read(struct loading *l, enum journal_file file, int handle, uint64_t offset,
                     void *data, size_t size)
{
	int64_t count = l->disk->operations->read(l->disk, handle, offset, data, size);
	size_t done = 0;

	while (is_lost_sector(count) && done < size) {
		size_t block = READ_BLOCK - (size_t)((offset + done) % READ_BLOCK);
		size_t part = size - done < block ? size - done : block;
		int64_t got = read_block_at(l, file, handle, offset + done, (uint8_t *)data + done,
		                            part);

		if (got < 0)
			count = got;
		if (got < 0)
			break;
		done += (size_t)got;
		if ((size_t)got < part)
			size = done;
	}
	if (count < 0 && l->status == JOURNAL_OK && done < size)
		loading_fail(l, "read", journal_names[file], (int)count);
	if (l->status != JOURNAL_OK)
		return -1;
	return count < 0 ? (int64_t)done : count;
}

/* ---- the window ---- */

bool window_open(struct read_window *w, struct loading *l, enum journal_file file, const char *name)
{
	*w = (struct read_window){ .l = l, .file = file };
	journal_line_parser_release(&l->parser); /* what another file has named */
	same_forget(&l->same);
	w->handle = l->disk->operations->open(l->disk, name, DISK_READ_ALL);
	if (w->handle < 0)
		return loading_fail(l, "open", name, w->handle);
	w->data = memory_alloc(WINDOW_SIZE);
	return true;
}

void window_close(struct read_window *w)
{
	if (w->handle >= 0)
		(void)w->l->disk->operations->close(w->l->disk, w->handle); /* only read */
	memory_free(w->data);
}

uint64_t window_offset(const struct read_window *w, size_t at)
{
	return w->base + at;
}

/* Drops what is neither kept nor to be read yet, and reads on behind the rest. False: there is no
 * room, or no more bytes, or a failure (then l->status says so). */
static bool window_fill(struct read_window *w)
{
	size_t keep = w->keep < w->next ? w->keep : w->next;
	int64_t count;

	if (w->at_end)
		return false;
	memmove(w->data, w->data + keep, w->size - keep);
	w->base += keep;
	w->size -= keep;
	w->next -= keep;
	w->keep -= keep;
	if (w->size == WINDOW_SIZE)
		return false;
	count = loading_read(w->l, w->file, w->handle, w->base + w->size, w->data + w->size,
	                     WINDOW_SIZE - w->size);
	if (count < 0)
		return false;
	w->size += (size_t)count;
	w->at_end = w->size < WINDOW_SIZE;
	return count > 0;
}

enum got window_line(struct read_window *w, struct view *line, size_t *begin)
{
	const uint8_t *newline = NULL;
	size_t searched = 0; /* after next */

	for (;;) {
		if (w->size > w->next + searched)
			newline = memchr(w->data + w->next + searched, '\n',
			                 w->size - w->next - searched);
		searched = w->size - w->next;
		if (newline != NULL || searched > JOURNAL_LINE_SIZE_MAX || !window_fill(w))
			break;
	}
	if (w->l->status != JOURNAL_OK)
		return GOT_FAILURE;
	if (newline == NULL && w->size == w->next)
		return GOT_END;

	size_t end = newline != NULL ? (size_t)(newline - w->data) : w->size;

	*begin = w->next;
	*line = view_of(w->data + w->next, end - w->next);
	w->next = newline != NULL ? end + 1 : end;
	w->line++;
	return newline != NULL ? GOT_LINE : GOT_PIECE;
}
