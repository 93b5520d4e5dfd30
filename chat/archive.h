/* SPDX-License-Identifier: MIT
 *
 * archive: what was said, as the reader keeps it: one line of JSON for each message, the event that
 * a program would have got (chat/script.h: "message" or "sent"). This file knows what such a line
 * holds, and which lines fit a question. Where they are kept is cli/archive.h's.
 *
 * A line may be damaged, cut, or made by somebody's editor. It is then no message, and costs
 * nothing but itself. What a line says is as little to be trusted as what others send: it is shown
 * through chat/transcript.h alone.
 *
 * A search goes over a million lines in less than a second. So it looks for the text in the bytes
 * as they stand, and looks closer only at a line that has them. Upper and lower case of ASCII are
 * equal.
 *
 * Pure but for the buffers of the caller.
 */
#ifndef THREEFOLD_CHAT_ARCHIVE_H
#define THREEFOLD_CHAT_ARCHIVE_H

#include "chat/command.h"

enum {
	ARCHIVE_NAMES_MAX = 8, /* recipients of a line that are read; the others are counted */
	ARCHIVE_TEXT_SIZE_MAX = 256,             /* of what is searched for */
	ARCHIVE_LINE_SIZE_MAX = 4 * 1024 * 1024, /* a longer line is damage */
};

/* A message of others, or one's own with its outcome. */
struct archive_line {
	bool is_own;
	char from[DISPLAY_SIZE]; /* others */
	/* Others: what the sender said of whom it went to, in the form of fact/audience.h. */
	uint8_t audience[AUDIENCE_SIZE_MAX];
	size_t audience_size;
	bool is_all;
	bool is_notice;
	/* The first recipients, and how many they were. Own: none is to all. */
	char to[ARCHIVE_NAMES_MAX][COMMAND_ACCOUNT_SIZE];
	size_t to_count;
	bool has_id;
	struct ulid session;
	uint64_t number;
	struct view text; /* in the caller's buffer */
	uint64_t sent_ms;
	/* Own: */
	enum outcome outcome;
	char detail[COMMAND_DETAIL_SIZE];
	uint32_t stored; /* recipients it was stored for */
};

/* Reads one line, without its newline. False if it is no message. `strings` is emptied and filled
 * with what the views of `kept` show; it may grow to the size of the line. */
bool archive_read(struct view line, struct buf *strings, struct archive_line *kept);

/* What is looked for: all messages, those with one person, or those that hold a text. */
struct archive_query {
	char name[COMMAND_ACCOUNT_SIZE]; /* of the other one; "": anybody */
	uint8_t text[ARCHIVE_TEXT_SIZE_MAX];
	size_t text_size;
	/* What a line that fits surely holds, as its bytes stand, in lower case; and how far a
	 * search for it may go on for the byte that it has looked at (Horspool). */
	uint8_t needle[6 * ARCHIVE_TEXT_SIZE_MAX];
	size_t needle_size;
	uint16_t skip[256];
	uint16_t again;
};

/* Sets what is looked for; `name` and `text` may be empty, and one of them is. A name is that of
 * name_is_reference. False if the text is longer than ARCHIVE_TEXT_SIZE_MAX. */
bool archive_query_init(struct archive_query *q, struct view name, struct view text);
/* Whether the line, without its newline, fits. Of a damaged line only the text is looked at: who
 * gets it must read it, too. `strings` is the caller's room, as for archive_read. */
bool archive_fits(const struct archive_query *q, struct view line, struct buf *strings);

/* Lines that fit: the last ones, and how many there were. */
struct archive_hits {
	struct view *lines; /* a ring of the caller, with room for `count_max` */
	size_t count_max;
	size_t first; /* the oldest one that is kept */
	size_t count;
	uint64_t found;
};
/* Goes through whole lines, each with its newline, and adds those that fit to `hits`. Views show
 * bytes of `lines`. */
void archive_scan(const struct archive_query *q, struct view lines, struct buf *strings,
                  struct archive_hits *hits);

#endif
