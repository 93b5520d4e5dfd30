/* SPDX-License-Identifier: MIT
 *
 * backup: writes a store as a directory that a server can start from. The directory is made beside
 * its place, as DIR.new, and gets its name when it is whole and synced. Until then a file in it
 * says that a backup made it: only then may another backup empty it, and no server starts from it.
 * It has no replica.json, so a server that starts from it draws a uuid of its own.
 *
 *   b = backup_begin(path, store, err);   facts are applied to the store;   backup_end(b, err);
 */
#ifndef THREEFOLD_JOURNAL_BACKUP_H
#define THREEFOLD_JOURNAL_BACKUP_H

#include "journal/disk.h"
#include "store.h"

/* The file of backup_note. */
#define BACKUP_NOTE "note.txt"

struct backup;

/* Makes the directory DIR.new; DIR must not be there yet, and DIR.new only if an unfinished backup
 * left it. `store` is empty and outlives the backup.
 * NULL and a sentence if it cannot be made. */
struct backup *backup_begin(const char *path, struct store *store, char err[ERR_SIZE]);
/* Writes a text for people beside the data, in BACKUP_NOTE; no program reads it. 0, or -1 and a
 * sentence. */
int backup_note(struct backup *b, const char *text, char err[ERR_SIZE]);
/* Writes what the store holds now, and frees. 0, or -1 and a sentence. */
int backup_end(struct backup *b, char err[ERR_SIZE]);
/* Removes what was made, and frees. */
void backup_abandon(struct backup *b);

#endif
