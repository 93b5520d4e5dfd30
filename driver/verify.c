/* SPDX-License-Identifier: MIT
 *
 * What stands in files is shown in escapes (log_escape): a name may be anything.
 */
#include "driver/verify.h"

#include "fact/auth.h"
#include "io/file.h"
#include "io/key.h"
#include "io/log.h"
#include "journal/journal.h"
#include "store.h"

#include <stdio.h>
#include <unistd.h>

_Static_assert((int)KEY_ERR_SIZE == (int)ERR_SIZE, "one buffer for every sentence");

static void say(const char *sentence)
{
	char line[4 * sizeof((struct journal_loaded *)0)->warnings];

	(void)log_escape(view_of_string(sentence), line, sizeof line);
	printf("%s\n", line);
}

/* Each line by itself. */
static void say_lines(const char *text)
{
	struct view rest = view_of_string(text);
	struct view line;

	while (view_take_line(&rest, &line)) {
		char sentence[sizeof((struct journal_loaded *)0)->warnings];

		view_to_string(line, sentence, sizeof sentence);
		say(sentence);
	}
}

/* True: all files but the key are whole. */
static bool look_at_data(struct disk *disk)
{
	struct store *store = store_new();
	struct journal_loaded loaded;
	enum journal_status status;
	char err[ERR_SIZE];

	status = journal_verify(disk, store, &loaded, err);
	say_lines(loaded.warnings);
	if (err[0] != '\0')
		say(err);
	if (status == JOURNAL_OK && loaded.cut > 0)
		printf("the journal ends with %ju bytes that were not synced: a start cuts them "
		       "off\n",
		       (uintmax_t)loaded.cut);
	if (status == JOURNAL_OK)
		printf("%ju facts are whole\n", (uintmax_t)loaded.facts);
	store_free(store);
	return status == JOURNAL_OK;
}

/* True: the key is whole, or there is none. */
static bool look_at_key(const char *path, const char *key)
{
	uint8_t secret[KEY_SIZE];
	char cluster[AUTH_CLUSTER_TEXT_SIZE];
	char place[KEY_PATH_SIZE];
	char err[ERR_SIZE];
	bool is_whole;

	if (key == NULL && !key_place(path, place)) {
		say("the path of the data directory is too long");
		return false;
	}
	if (key == NULL && access(place, F_OK) != 0) {
		say("no operator's key belongs to it, as to a backup: a server that starts here "
		    "needs that of the others");
		return true;
	}
	is_whole = key_read(key == NULL ? place : key, secret, err) == KEY_OK;
	if (is_whole) {
		auth_cluster_text(secret, cluster);
		printf("the operator's key is that of cluster %s\n", cluster);
	} else {
		say(err);
	}
	explicit_bzero(secret, sizeof secret);
	return is_whole;
}

enum exit_status verify_run(const char *path, const char *key)
{
	char err[ERR_SIZE];
	bool is_locked;
	struct disk *disk = disk_open_to_read(path, &is_locked, err);
	bool is_whole;

	if (disk == NULL) {
		log_own(LOG_ERROR, "%s", err);
		return is_locked ? EXIT_DATA : EXIT_REFUSED;
	}
	is_whole = look_at_data(disk);
	is_whole = look_at_key(path, key) && is_whole;
	disk_close_directory(disk);
	printf("'%s' is %s; nothing was changed\n", path, is_whole ? "whole" : "not whole");
	if (file_output_is_lost()) {
		log_own(LOG_ERROR, "cannot write to the standard output");
		return EXIT_REFUSED;
	}
	return is_whole ? EXIT_DONE : EXIT_REFUSED;
}
