/* SPDX-License-Identifier: MIT
 *
 * Linked into the server that tests/faults uses (--wrap=journal_open): a compaction begins after a
 * few messages and not after 128 MiB, and little is reserved. All else is what ships.
 */
#include "journal/journal.h"

enum { COMPACT_SIZE = 5 * 1024, RESERVE_SIZE = 64 * 1024 };

enum journal_status __real_journal_open(struct disk *disk, const struct journal_options *options,
                                        struct store *store, struct journal **journal,
                                        struct journal_loaded *loaded, char err[ERR_SIZE]);
enum journal_status __wrap_journal_open(struct disk *disk, const struct journal_options *options,
                                        struct store *store, struct journal **journal,
                                        struct journal_loaded *loaded, char err[ERR_SIZE]);

enum journal_status __wrap_journal_open(struct disk *disk, const struct journal_options *options,
                                        struct store *store, struct journal **journal,
                                        struct journal_loaded *loaded, char err[ERR_SIZE])
{
	struct journal_options small = *options;

	small.compact_size_min = COMPACT_SIZE;
	small.reserve_size = RESERVE_SIZE;
	return __real_journal_open(disk, &small, store, journal, loaded, err);
}
