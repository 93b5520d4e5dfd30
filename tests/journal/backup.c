/* SPDX-License-Identifier: MIT
 *
 * A backup is refused before anything is made if its path cannot be one.
 */
#include "journal/backup.h"

#include "tests/lib/tap.h"

static bool refuses(const char *path)
{
	struct store *store = store_new();
	char err[ERR_SIZE] = "";
	struct backup *b = backup_begin(path, store, err);
	bool is_refused = b == NULL && strstr(err, "empty or too long") != NULL;

	backup_abandon(b);
	store_free(store);
	return is_refused;
}

int main(void)
{
	char path[8192];

	OK(refuses(""), "backup: no path is refused");
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	OK(refuses(path), "backup: and one that no file can have");
	return tap_done();
}
