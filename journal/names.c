/* SPDX-License-Identifier: MIT */
#include "journal/private.h"

const char *const journal_names[FILE_COUNT] = {
	[FILE_USERS] = "users.json",      [FILE_PENDING] = "pending.json",
	[FILE_JOURNAL] = "journal.jsonl", [FILE_OLD] = "journal.old.jsonl",
	[FILE_REPLICA] = "replica.json",
};
const char *const journal_names_new[FILE_COUNT] = {
	[FILE_USERS] = "users.json.new",      [FILE_PENDING] = "pending.json.new",
	[FILE_JOURNAL] = "journal.jsonl.new", [FILE_OLD] = "journal.old.jsonl.new",
	[FILE_REPLICA] = "replica.json.new",
};
const char journal_unfinished[] = "backup.unfinished";
