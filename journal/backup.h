/* SPDX-License-Identifier: MIT
 *
 * repair_backup: a store as a directory that a server starts from. It is made beside its place,
 * as DIR.new, and gets its name when it is whole and synced. It has no replica.json: a server that
 * starts from it becomes a replica of its own.
 */
#ifndef THREEFOLD_JOURNAL_BACKUP_H
#define THREEFOLD_JOURNAL_BACKUP_H

#include "journal/disk.h"
#include "store.h"

struct backup;

/* Makes the directory, which must not be there yet; `store` is empty and outlives the backup. NULL
 * and a sentence if it cannot be made. */
struct backup *backup_begin(const char *path, struct store *store, char err[ERR_SIZE]);
/* Writes what the store holds now, and frees. 0, or -1 and a sentence. */
int backup_end(struct backup *b, char err[ERR_SIZE]);
/* Removes what was made, and frees. */
void backup_abandon(struct backup *b);

#endif
