/* SPDX-License-Identifier: MIT
 *
 * archive: keeps what a person reads and sends, on the person's side, and looks it up:
 * $XDG_STATE_HOME/threefold/log/NAME~DIGITS/ (~/.local/state/threefold/log/...), one folder for
 * each account. The digits are the last ones of the account's id, so accounts of one name, of two
 * chats or one after the other, do not mix. Files: cli/piece.h; lines: chat/archive.h.
 *
 * A message of others is given to a thread when it is handed to the window, some tenths of a second
 * before the replicas are told that it was shown. So a client that is killed has kept it, as long
 * as the disk takes writes at all; and if it is shown again to the next client, it stands there
 * twice, and is listed once. The disk never holds anybody up: a message does not wait for its line.
 *
 * If lines cannot be written, `said` is called with one sentence, and again when they can be. The
 * lines between are lost, and counted.
 *
 *   a = archive_new(loop, said, context);
 *   archive_begin(a, name, &id);                            after each log-in
 *   archive_message(a, &shown);
 *   archive_sending(a, to, count, text);   archive_sent(a, ms, &answer);
 *   archive_look(a, &query, 20, false, found, context);     one at a time
 *   archive_free(a);
 */
#ifndef THREEFOLD_CLI_ARCHIVE_H
#define THREEFOLD_CLI_ARCHIVE_H

#include "chat/script.h"
#include "cli/piece.h"
#include "io/loop.h"

enum {
	/* Lines that wait for a disk that takes none. More are lost. */
	ARCHIVE_WAITING_MAX = 4 * 1024 * 1024,
	/* So long, twice at most, the end of the client waits for a disk that is slow. */
	ARCHIVE_END_MS = 2000,
};

struct cli_archive;

/* Makes an archive that is on, and has no account. `said` is called in turns of the loop, with a
 * sentence for the person. */
struct cli_archive *archive_new(struct loop *l, void (*said)(void *context, const char *text),
                                void *context);
/* Waits for the last lines, not long (ARCHIVE_END_MS), and frees it; NULL is fine. `said` is not
 * called any more. */
void archive_free(struct cli_archive *a);

/* The person knows already that lines cannot be written: it is not said again. */
void archive_is_known(struct cli_archive *a);
/* Sets whether messages are kept from now on. What is kept stays. */
void archive_switch(struct cli_archive *a, bool is_on);
/* Whether they are. False also if there is no place for them, or if log/ is a link to /dev/null, as
 * people make it who want nothing to be kept. */
bool archive_is_on(const struct cli_archive *a);
/* How many messages were lost since the last one that was kept: while it is not 0, nothing is. */
uint64_t archive_lost(const struct cli_archive *a);
/* The folder of the account; "": there is no account, or no place. */
const char *archive_folder(const struct cli_archive *a);

/* What follows belongs to this account, until the next call. `name` is how it is shown. True if it
 * is another account than before. */
bool archive_begin(struct cli_archive *a, const char *name, const struct id *id);
/* Keeps a message of others. */
void archive_message(struct cli_archive *a, const struct shown *shown);
/* An own message is under way: copies whom it goes to (none: to all) and its text. */
void archive_sending(struct cli_archive *a, const struct view *to, size_t to_count,
                     struct view text);
/* Its result is known: keeps the message with it. What no replica was asked for is not kept. */
void archive_sent(struct cli_archive *a, uint64_t sent_ms, const struct script_answer *answer);

/* Looks at once, on this thread, no further back than look->bytes_max, which is set: for what
 * cannot wait. Lines that wait to be written are not seen. False if there is no folder. The caller
 * releases `look`. */
bool archive_look_now(const struct cli_archive *a, struct piece_look *look);
/* Looks for the last `wanted` lines on a thread of its own, when all lines so far are written;
 * `query` is copied, `counts` as in struct piece_look. `found` is called in a later turn of the
 * loop, with what came of it, which lives until it returns. False, and nothing is called, if there
 * is no folder. One look is under way at a time. */
bool archive_look(struct cli_archive *a, const struct archive_query *query, size_t wanted,
                  bool counts, void (*found)(void *context, const struct piece_look *look),
                  void *context);
/* Ends the look under way soon, if there is one: `found` is called with what was found so far. */
void archive_stop(struct cli_archive *a);

#endif
