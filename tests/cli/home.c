/* SPDX-License-Identifier: MIT
 *
 * Where a person's files are, and what is made for them (cli/home.h).
 */
#include "cli/home.h"
#include "tests/lib/tap.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/threefold.XXXXXX";

/* The path of something in the test's folder; lives until the next call but one. */
static const char *in(const char *name)
{
	static char paths[2][128];
	static unsigned next;
	char *path = paths[next++ % 2];

	(void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

static bool is_there(const char *name)
{
	return access(in(name), F_OK) == 0;
}

/* What stands in the way; "" if nothing does. */
static const char *why(const char *home, const char *state)
{
	static char err[HOME_ERR_SIZE];

	(void)unsetenv("HOME");
	(void)unsetenv("XDG_STATE_HOME");
	if (home != NULL)
		(void)setenv("HOME", home, 1);
	if (state != NULL)
		(void)setenv("XDG_STATE_HOME", state, 1);
	err[0] = 0;
	OK(home_can_keep(err) == (err[0] == 0), "whoever cannot keep anything says why");
	return err;
}

static bool names(const char *err, const char *name)
{
	char quoted[160];

	(void)snprintf(quoted, sizeof quoted, "'%s'", in(name));
	return strstr(err, quoted) != NULL;
}

static void test_keeping(void)
{
	char path[HOME_PATH_SIZE];

	OK(names(why(in("nobody"), NULL), "nobody"), "a HOME that is not there is named");
	OK(names(why(in("nobody//"), NULL), "nobody//"), "as it stands");
	OK(names(why(in("nobody"), in("nobody/state")), "nobody"), "also if the rest is set");
	assert(home_path("XDG_CONFIG_HOME", ".config", "config", path));
	OK(!home_make_folders(path) && errno == ENOENT, "nor is it made for a config");
	OK(!is_there("nobody"), "it was not made");
	IS_STRING(why(in("nobody"), in("a/state")), "", "a place of its own is made");
	OK(is_there("a/state/threefold"), "with the folders above it");
	IS_STRING(why(in("a"), NULL), "", "what is missing below HOME is made");
	OK(is_there("a/.local/state/threefold"), "surely");
	(void)close(open(in("a/file"), O_CREAT | O_WRONLY, 0600));
	OK(names(why(NULL, in("a/file")), "a/file/threefold"), "a file is no folder");
	OK(strstr(why(NULL, NULL), "HOME") != NULL, "without a HOME there is no place");
}

int main(void)
{
	static const char *const made[] = {
		"a/.local/state/threefold", "a/.local/state", "a/.local",
		"a/state/threefold",        "a/state",        "a"
	};

	if (mkdtemp(folder) == NULL)
		abort();
	test_keeping();
	(void)unlink(in("a/file"));
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
		(void)rmdir(in(made[i]));
	OK(rmdir(folder) == 0, "nothing else was left");
	return tap_done();
}
