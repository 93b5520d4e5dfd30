/* SPDX-License-Identifier: MIT
 *
 * recall: shows a person what was said before, as it is kept on this side (cli/archive.h):
 * /history, /search, and the last messages at a log-in and in a conversation that one comes to. The
 * lines look as they did when they were new (chat/transcript.h), between two lines that say what
 * they are.
 *
 * A message that was shown again after a client was killed stands twice in the archive; here it is
 * shown once.
 */
#ifndef THREEFOLD_CLI_RECALL_H
#define THREEFOLD_CLI_RECALL_H

#include "cli/show.h"

enum {
	RECALL_COUNT = 20,     /* of /history, if no number is given */
	RECALL_FOUND_MAX = 50, /* that /search shows */
	RECALL_LAST_COUNT = 5, /* at a log-in, and of a conversation */
	/* So far back these are looked for: nobody waits for a disk longer than that takes. */
	RECALL_LAST_SIZE = 1024 * 1024,
};

struct cli_recall {
	struct cli_show *show;
	void (*done)(void *context);
	void *context;
	char name[COMMAND_ACCOUNT_SIZE];      /* /history: with whom; "": all */
	char text[ARCHIVE_TEXT_SIZE_MAX + 1]; /* /search */
	bool is_search;
	bool is_under_way;
};

/* `show` is a person's and outlives `r`. `done` is called when the lines of recall_begin are
 * shown. */
void recall_init(struct cli_recall *r, struct cli_show *show, void (*done)(void *context),
                 void *context);
/* Begins /history (with `name`, which may be empty; the last `count`) or /search (of a text that
 * is not empty). Returns NULL: `done` is called later; or a sentence that says why not. */
const char *recall_history(struct cli_recall *r, struct view name, size_t count);
const char *recall_search(struct cli_recall *r, struct view text);
/* Whether one of them looks for lines now. */
bool recall_is_under_way(const struct cli_recall *r);
/* Ends it soon, if it does: with the lines that were found so far, and a word about that. */
void recall_break_off(struct cli_recall *r);
/* Puts lines of the archive, `count` of them, into a transcript; what is damaged or stands twice is
 * left out. */
void recall_put(struct transcript *t, struct view lines, size_t count);
/* Shows the last messages that were kept, with `name` or, if it is empty, with anybody. Nothing, if
 * there are none. */
void recall_last(struct cli_show *show, struct view name);

#endif
