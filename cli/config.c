/* SPDX-License-Identifier: MIT
 *
 * A file is opened without waiting (a FIFO without a writer would block) and read only if it is
 * regular. A new config is written beside the old one, synced, and put into its place, so a crash
 * leaves one or the other. A link is followed first: its place is not the config's.
 */
#include "cli/config.h"

#include "base/mark.h"

#include "io/file.h"
#include "io/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool config_path(char path[HOME_PATH_SIZE])
{
	return home_path("XDG_CONFIG_HOME", ".config", "config", path);
}

/* Writes a sentence to `err` and returns false, so that callers can return its result. */
__attribute__((format(printf, 2, 3))) static bool wrong(char err[CONFIG_ERR_SIZE],
                                                        const char *format, ...)
{
	va_list values;

	va_start(values, format);
	(void)vsnprintf(err, CONFIG_ERR_SIZE, format, values);
	va_end(values);
	return false;
}

/* ---- parsing ---- */

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static void skip_blanks(struct view *v)
{
	while (v->size > 0 && is_blank(v->data[0]))
		*v = view_of(v->data + 1, v->size - 1);
}

/* Takes a word from the front of `v`: up to a blank, or up to `end` if that is not 0. */
static struct view take_word(struct view *v, uint8_t end)
{
	size_t size = 0;

	skip_blanks(v);
	while (size < v->size && !is_blank(v->data[size]) && (end == 0 || v->data[size] != end))
		size++;

	struct view word = view_of(v->data, size);

	*v = view_of(v->data + size, v->size - size);
	skip_blanks(v);
	return word;
}

/* Whether a line holds nothing that a terminal might obey. Messages repeat only such a line. */
static bool is_plain_text(struct view line)
{
	for (size_t i = 0; i < line.size; i++)
		if ((line.data[i] < 0x20 && line.data[i] != '\t') || line.data[i] > 0x7e)
			return false;
	return true;
}

static bool copy_word(char *to, size_t size, struct view word)
{
	if (word.size == 0 || word.size >= size)
		return false;
	view_to_string(word, to, size);
	return true;
}

/* What is read so far. */
struct parsed {
	struct cli_config config;
	size_t count; /* of replicas */
};

/* Takes "KEY =" from the front of a line. An empty view if it has no such front. */
static struct view take_key(struct view *rest)
{
	struct view key = take_word(rest, '=');

	if (rest->size == 0 || rest->data[0] != '=')
		return view_of(NULL, 0);
	*rest = view_of(rest->data + 1, rest->size - 1);
	skip_blanks(rest);
	return key;
}

static const char *parse_replica(struct view rest, struct parsed *p)
{
	uint16_t port;

	if (p->count == REPLICAS)
		return "a fourth replica";
	if (!copy_word(p->config.hosts[p->count], CONFIG_HOST_SIZE, take_word(&rest, 0)))
		return "no HOST of 1 to 253 bytes";
	if (!copy_word(p->config.ports[p->count], CONFIG_PORT_SIZE, take_word(&rest, 0)) ||
	    !options_port(p->config.ports[p->count], false, &port))
		return "no PORT from 1 to 65535";
	if (rest.size > 0)
		return "something after the PORT";
	p->count++;
	return NULL;
}

/* `why` has room for what the setting itself says. */
static const char *parse_setting(enum setting setting, struct view rest, struct parsed *p,
                                 char why[SETTING_ERR_SIZE])
{
	struct view value = take_word(&rest, 0);

	if (rest.size > 0)
		return "something after the value";
	if (p->config.settings.values[setting].source != SETTING_INITIAL)
		return "a setting that stands twice";
	return setting_set(&p->config.settings, setting, value, SETTING_KEPT, why) ? NULL : why;
}

/* Reads one line. NULL: it is good; else a phrase that says what is wrong with it. */
static const char *parse_line(struct view line, struct parsed *p, char why[SETTING_ERR_SIZE])
{
	struct view rest = line;
	struct view key;
	enum setting setting;

	skip_blanks(&rest);
	if (rest.size == 0 || rest.data[0] == '#')
		return NULL;
	if (!is_plain_text(line))
		return "bytes that are no text";
	key = take_key(&rest);
	if (view_equal(key, view_of_string("replica")))
		return parse_replica(rest, p);
	setting = setting_find(key);
	return setting == SETTING_END ? "no line of a config"
	                              : parse_setting(setting, rest, p, why);
}

static struct view without_return(struct view line)
{
	line.size -= line.size > 0 && line.data[line.size - 1] == '\r';
	return line;
}

bool config_parse(struct view text, const char *path, struct cli_config *config,
                  char err[CONFIG_ERR_SIZE])
{
	struct parsed p = { .count = 0 };
	char own[SETTING_ERR_SIZE];
	struct view line;

	setting_init(&p.config.settings);
	if (mark_is_wide(text))
		return wrong(err, "%s: " MARK_REFUSAL, path);
	if (text.size > 0)
		text = view_of(text.data + mark_size(text), text.size - mark_size(text));
	for (size_t number = 1; view_take_line(&text, &line); number++) {
		const char *why = parse_line(without_return(line), &p, own);

		if (why != NULL)
			return wrong(err,
			             "%s:%zu: %s; a line is: replica = HOST PORT, or NAME = VALUE "
			             "of a setting, or a comment that begins with #",
			             path, number, why);
	}
	if (p.count > 0 && p.count < REPLICAS)
		return wrong(err,
		             "%s: %zu replica%s instead of three; there is a line for each: "
		             "replica = HOST PORT",
		             path, p.count, p.count == 1 ? "" : "s");
	p.config.has_replicas = p.count > 0;
	*config = p.config;
	return true;
}

/* Whether both are one key: a setting may be spelled in more than one way. */
static bool is_same_key(struct view a, struct view b)
{
	enum setting setting = setting_find(a);

	return setting == SETTING_END ? view_equal(a, b) : setting == setting_find(b);
}

void config_edit(struct view text, struct view key, struct view lines, struct buf *to)
{
	bool ends = text.size > 0 && text.data[text.size - 1] == '\n';
	bool has_end = true;
	struct view line;

	while (view_take_line(&text, &line)) {
		struct view rest = line;

		if (is_same_key(take_key(&rest), key)) {
			buf_append(to, lines);
			lines.size = 0;
			continue;
		}
		has_end = text.size > 0 || ends;
		buf_append(to, view_of(line.data, line.size + has_end));
	}
	if (lines.size > 0 && !has_end)
		buf_append(to, view_of_string("\n"));
	buf_append(to, lines);
}

/* ---- reading ---- */

/* Opens a regular file without waiting. -1 and `err` if it cannot be used; then errno says why it
 * cannot be opened, or is 0 if it can. */
static int open_to_read(const char *path, char err[CONFIG_ERR_SIZE])
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &stat) != 0) {
		int error = errno;

		(void)wrong(err, "cannot read '%s': %s", path, strerror(error));
		if (fd >= 0)
			(void)close(fd);
		errno = error;
		return -1;
	}
	if (S_ISREG(stat.st_mode))
		return fd;
	(void)close(fd);
	(void)wrong(err, "'%s' is %s, not a file", path,
	            S_ISDIR(stat.st_mode) ? "a directory" : "a pipe or a device");
	errno = 0;
	return -1;
}

/* Reads the text of the config into an empty buffer. False as config_read. */
static bool read_text(const char *path, struct buf *text, bool *is_missing,
                      char err[CONFIG_ERR_SIZE])
{
	int fd = open_to_read(path, err);
	uint8_t *room;
	ssize_t size;

	*is_missing = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
	if (fd < 0)
		return false;
	room = buf_reserve(text, CONFIG_SIZE_MAX + 1);
	assert(room != NULL);
	size = file_read(fd, room, CONFIG_SIZE_MAX + 1);
	if (size < 0)
		(void)wrong(err, "cannot read '%s': %s", path, strerror(errno));
	(void)close(fd);
	if (size > CONFIG_SIZE_MAX)
		return wrong(err, "'%s' has more than %d bytes: it is no config of a client", path,
		             CONFIG_SIZE_MAX);
	if (size > 0)
		buf_added(text, (size_t)size);
	return size >= 0;
}

bool config_read(const char *path, struct cli_config *config, bool *is_missing,
                 char err[CONFIG_ERR_SIZE])
{
	struct buf text;
	bool good;

	buf_init(&text, CONFIG_SIZE_MAX + 1);
	good = read_text(path, &text, is_missing, err) &&
	       config_parse(buf_view(&text), path, config, err);
	buf_release(&text);
	return good;
}

/* ---- writing ---- */

/* Writes the new file beside the old one. False, with errno, if that fails; then it is removed. */
static bool write_new(char *new_path, struct view text)
{
	int fd = mkostemp(new_path, O_CLOEXEC); /* 0600 */
	bool good;
	int error;

	if (fd < 0)
		return false;
	good = file_write(fd, text.data, text.size) && fsync(fd) == 0;
	error = errno;
	if (close(fd) != 0 && good) {
		good = false;
		error = errno;
	}
	if (!good)
		(void)unlink(new_path);
	errno = error;
	return good;
}

static bool replace(const char *path, struct view text, char err[CONFIG_ERR_SIZE])
{
	char new_path[HOME_PATH_SIZE + 16];

	(void)snprintf(new_path, sizeof new_path, "%s.XXXXXX", path);
	if (!home_make_folders(new_path) || !write_new(new_path, text))
		return wrong(err, "cannot write '%s': %s", path, strerror(errno));
	if (rename(new_path, path) != 0) {
		int error = errno;

		(void)unlink(new_path);
		return wrong(err, "cannot write '%s': %s", path, strerror(error));
	}
	if (!file_sync_folder(path))
		return wrong(err, "cannot sync the folder of '%s': %s", path, strerror(errno));
	return true;
}

/* The place of the file itself, behind all links. A link to nothing is refused: what should stand
 * there, only its owner knows. */
static bool follow(const char *path, char real[HOME_PATH_SIZE], char err[CONFIG_ERR_SIZE])
{
	_Static_assert((int)HOME_PATH_SIZE >= (int)PATH_MAX, "a real path has room");
	struct stat stat;

	if (lstat(path, &stat) != 0 || !S_ISLNK(stat.st_mode)) {
		(void)snprintf(real, HOME_PATH_SIZE, "%s", path);
		return true;
	}
	if (realpath(path, real) != NULL)
		return true;
	return wrong(err, "'%s' is a link that leads to no file (%s): nothing is saved", path,
	             strerror(errno));
}

static bool write_lines(const char *path, const char *key, struct view lines,
                        char err[CONFIG_ERR_SIZE])
{
	char real[HOME_PATH_SIZE];
	struct cli_config config;
	struct buf old;
	struct buf text;
	bool is_missing;
	bool good;

	assert(path[0] == '/');
	if (!follow(path, real, err))
		return false;
	buf_init(&old, CONFIG_SIZE_MAX + 1);
	buf_init(&text, 2 * CONFIG_SIZE_MAX);
	good = read_text(real, &old, &is_missing, err) || is_missing;
	if (is_missing)
		buf_append(&text, view_of_string("# The three replicas, in the order that all "
		                                 "clients use, and what /set has chosen.\n"));
	if (good) {
		config_edit(buf_view(&old), view_of_string(key), lines, &text);
		good = config_parse(buf_view(&text), path, &config, err) &&
		       replace(real, buf_view(&text), err);
	}
	buf_release(&old);
	buf_release(&text);
	return good;
}

bool config_write_replicas(const char *path, const struct cli_config *config,
                           char err[CONFIG_ERR_SIZE])
{
	char lines[REPLICAS * (CONFIG_HOST_SIZE + CONFIG_PORT_SIZE + 16)];
	size_t size = 0;

	for (size_t i = 0; i < REPLICAS; i++)
		size += (size_t)snprintf(lines + size, sizeof lines - size, "replica = %s %s\n",
		                         config->hosts[i], config->ports[i]);
	assert(size < sizeof lines);
	return write_lines(path, "replica", view_of(lines, size), err);
}

bool config_write_setting(const char *path, const struct settings *s, enum setting setting,
                          char err[CONFIG_ERR_SIZE])
{
	const char *name = setting_row(setting)->name;
	struct settings initial;
	char line[SETTING_VALUE_SIZE + 64] = "";

	setting_init(&initial);
	if (strcmp(setting_text(s, setting), setting_text(&initial, setting)) != 0)
		(void)snprintf(line, sizeof line, "%s = %s\n", name, setting_text(s, setting));
	return write_lines(path, name, view_of_string(line), err);
}
