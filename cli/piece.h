/* SPDX-License-Identifier: MIT
 *
 * piece: the files in which the archive of one account stands: 000001.jsonl, 000002.jsonl and so
 * on, in a folder of their own. Lines go to the end of the last piece. When that has
 * PIECE_SIZE_MAX bytes, the next one begins, and only the last PIECES_MAX stay.
 *
 * Several clients may write at once: a piece is opened to be appended to, and some whole lines are
 * one write. Each client looks at the size before it writes, so all of them go on to the next piece
 * together. Nothing is synced: after a power cut the last seconds may be missing. If half of a
 * line stands there at the end, whoever wrote it, the next write ends it first.
 *
 * What stands in a piece is read from its end to its front, in parts, with read and not mapped: a
 * piece that another program cuts meanwhile is then shorter, and ends nobody.
 *
 * These calls wait for the disk. cli/archive.h makes them on threads of their own.
 */
#ifndef THREEFOLD_CLI_PIECE_H
#define THREEFOLD_CLI_PIECE_H

#include "chat/archive.h"
#include "cli/home.h"

#include <stdatomic.h>

enum {
	PIECE_SIZE_MAX = 64 * 1024 * 1024,
	PIECES_MAX = 16,
	PIECE_ERR_SIZE = HOME_PATH_SIZE + 128,
};

/* Where lines are appended to. */
struct pieces {
	char folder[HOME_PATH_SIZE];
	int fd; /* of the last piece; -1: it is not open */
	uint32_t number;
};

/* Begins with nothing open. `folder`, which need not exist, is copied and has less than
 * HOME_PATH_SIZE - 16 bytes. */
void pieces_init(struct pieces *p, const char *folder);
/* Closes the piece. */
void pieces_close(struct pieces *p);
/* Appends whole lines, each with its newline; makes the folder (0700) and the piece (0600) if they
 * are missing. False: `err` says why, as a sentence; some of the lines may be there. */
bool pieces_append(struct pieces *p, struct view lines, char err[PIECE_ERR_SIZE]);

/* Where a line begins. */
struct piece_place {
	uint32_t number; /* of the piece; 0: behind the last line of all */
	uint64_t offset;
};

/* A look back. */
struct piece_look {
	const struct archive_query *query;
	struct piece_place before; /* only lines before this one are looked at */
	size_t wanted;             /* the last so many that fit are given */
	bool counts;        /* all that fit are counted, else it ends when there are enough */
	uint64_t bytes_max; /* it looks at so many, and then no further; 0: at all */
	atomic_bool stops;  /* another thread sets it: it ends soon */
	/* What came of it: */
	struct buf lines; /* with newlines, the oldest first */
	size_t count;
	uint64_t found;
	struct piece_place place; /* where the first one begins; before.., if there is none */
	bool is_all;              /* no line before it fits */
	int error;                /* of the first failure; 0: none. What could be read counts */
};

/* Looks through the pieces of a folder. The first members of `look` are set, `lines` may be
 * anything; piece_look_release frees it. */
void piece_look(const char *folder, struct piece_look *look);
/* Frees the lines. */
void piece_look_release(struct piece_look *look);

#endif
