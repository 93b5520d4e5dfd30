/* SPDX-License-Identifier: MIT
 *
 * line: the lines of the journal's files, one JSON object each, both ways. No I/O.
 *
 * A line of a journal is sealed: it ends with ,"crc":"8 hex digits"} and that number is the CRC-32C
 * of all bytes before the comma. An element of a snapshot is the same object without the seal. The
 * keys are written in this order. They are read in any order, but none is missing and no other is
 * accepted:
 *
 *   in both
 *   account     {"id","name","setting","seal","stored_key","server_key","lock","confirmed"};
 *               if the password was changed, with "middle","epoch","by" behind "lock"; one that
 *               lapsed has "lapsed" in place of "confirmed"
 *   tombstone   {"id","name","middle","delete_key"}; of an account that was removed
 *               {"id","name","lock","middle","by"}
 *
 *   stream      {"stream","to","from","session"}: from here on this file has that number for it
 *   message     {"in","no","sent"[,"audience"],"text"}: in the stream of that number, its number
 *   burial      {"in","gone":[first,last]}, or, in a stream that the file has not named,
 *               {"to","from","session","gone"}
 *
 *   reference   {"in","no","sent"[,"audience"],"digest","size"}: a message with a long text
 *   text        {"digest","text"}: a long text, which several references may share. In a snapshot
 *               all texts stand at the end, in a journal each before the first reference of its
 *               batch
 *
 *   Older files have {"to","from","session","number" in place of {"in","no".
 *
 *   audience    {"all":true} or {"count","names":[...]}, and "notice":true: fact/audience.h. A
 *               message to one that is no notice has none
 *
 *   in snapshots only
 *   said        {"said","sent","audience","text"}: what several messages say. From here on this
 *               file has that number for it; numbers count from 1
 *   says        {"in","no","said"}: a message that says what has this number
 *   block       {"crc"}: the CRC-32C of all bytes since the block before, or since the beginning
 *
 *   in journals only
 *   head        {"format","users","pending"}: the first line. It names the snapshots that the
 *               journal follows, and with "old","old_crc" the old journal that they need
 *   synced      {"synced"}: so many bytes of this journal were on the disk when this was written.
 *               A batch begins with it
 *   same        {"in","no","same":true}: a message that has the time, the audience and the text of
 *               the message before it in this batch
 *   note        {"users","pending"}: these snapshots hold all that the old journal held, and may
 *               be put in place
 *
 * Ids are written as in fact/id.h, keys and digests in hexadecimal. The checksum of a missing
 * snapshot is "none".
 *
 * Nearly all lines are streams, messages and burials, so they have a fast way. They are printed
 * without a tree of JSON values. They are read without one if the line is exactly what is printed
 * here for a text that needs no escapes. All other lines go through cJSON. The tests compare the
 * two ways.
 */
#ifndef THREEFOLD_JOURNAL_LINE_H
#define THREEFOLD_JOURNAL_LINE_H

#include "fact/audience.h"
#include "journal/named.h"
#include "store.h"

enum {
	/* Of a journal; 1 had no reference and no text, 2 no audience, 3 named no stream. */
	JOURNAL_FORMAT = 4,
	/* Of a snapshot; 1 had no audience, 2 named no stream, 3 said again what several say. */
	SNAPSHOT_FORMAT = 4,
	/* Of replica.json, which is read first. A journal of an older format is continued, and then
	 * has lines that an earlier version would take for damage. That version refuses this format
	 * as a newer one, and changes nothing. */
	REPLICA_FORMAT = 4,
	/* The longest text with every byte escaped, and the rest of a line. */
	JOURNAL_LINE_SIZE_MAX = TEXT_SIZE_MAX * 6 + 2048,
	JOURNAL_HEX_SIZE = 8,         /* digits of a CRC-32C */
	JOURNAL_SEAL_SIZE = 17,       /* ,"crc":"00000000" and not the brace behind it */
	JOURNAL_SYNCED_SIZE_MAX = 64, /* of a whole line {"synced"} */
};

struct cJSON;

/* A snapshot is named by the checksum of its content, so equal snapshots have one name on all
 * replicas. Not `present`: there is no snapshot, because the journal is the first one. */
struct snapshot_name {
	bool present;
	uint32_t crc;
};

struct snapshot_names {
	struct snapshot_name users;
	struct snapshot_name pending;
};

/* Whether both name the same content, or both no snapshot. */
static inline bool snapshot_name_equal(struct snapshot_name a, struct snapshot_name b)
{
	return a.present == b.present && (!a.present || a.crc == b.crc);
}

/* What the first line of a journal says. */
struct journal_head {
	uint64_t format;
	struct snapshot_names follows;
	bool has_old;      /* the old journal holds facts that these snapshots lack */
	uint64_t old_size; /* its bytes: where its last whole line ends */
	uint32_t old_crc;  /* the CRC-32C of these bytes */
};

enum element_kind {
	ELEMENT_FACT,
	ELEMENT_REFERENCE,
	ELEMENT_TEXT,
	ELEMENT_STREAM,
	ELEMENT_SAID,
	ELEMENT_SAYS,
	ELEMENT_SAME,
	ELEMENT_BLOCK,
	ELEMENT_HEAD,
	ELEMENT_SYNCED,
	ELEMENT_NOTE,
};

/* What a line says. Its views live as long as the line does, and no longer than until the next line
 * is read. */
struct element {
	enum element_kind kind;
	/* FACT; of a REFERENCE, a SAME and a SAYS the message, with an empty text; of a SAID the
	 * time, the audience and the text of one */
	struct fact fact;
	/* STREAM: the number that it gets. FACT, REFERENCE, SAME, SAYS: the number that stands in
	 * the place of the stream, or 0. If the file has not named it (or that was lost, or it has
	 * named two by it), `is_nameless` is true and the stream of the fact is all zero. */
	uint64_t in;
	bool is_nameless;
	uint64_t said;            /* SAID, SAYS */
	uint8_t digest[KEY_SIZE]; /* REFERENCE, TEXT */
	uint32_t text_size;       /* REFERENCE: bytes of the text */
	struct view text;         /* TEXT */
	uint32_t crc;             /* BLOCK */
	uint64_t synced;          /* SYNCED */
	struct journal_head head; /* HEAD; a NOTE sets `follows` only */
};

/* ---- printing ----
 *
 * Each appends to `out`, which must have no maximum that could be reached. */

/* A fact as an open object: its closing brace is left to the caller, who may seal it. `in` is the
 * number of its stream; a burial may have 0, and what has no stream has it. With a `digest` (else
 * NULL) a message becomes a reference. */
void journal_line_put_fact(struct buf *out, const struct fact *fact, uint64_t in,
                           const uint8_t *digest);
/* The name of a stream, and a message that says what the one before it says: open objects. */
void journal_line_put_stream(struct buf *out, uint64_t number, const struct stream *stream);
void journal_line_put_same(struct buf *out, uint64_t in, uint64_t number);
/* What several messages say, and one of them: open objects. `said` is its number in the file. */
void journal_line_put_said(struct buf *out, uint64_t said, const struct message *message);
void journal_line_put_says(struct buf *out, uint64_t in, uint64_t number, uint64_t said);
/* A long text, as an open object. */
void journal_line_put_text(struct buf *out, const uint8_t digest[KEY_SIZE], struct view text);
/* Closes the open object that begins at offset `begin` of `out` with its checksum, and ends the
 * line. */
void journal_line_seal(struct buf *out, size_t begin);
/* Put a whole line of each kind, sealed and ended with a newline: the head, a mark of the bytes
 * that are synced, a note. */
void journal_line_put_head(struct buf *out, const struct journal_head *head);
void journal_line_put_synced(struct buf *out, uint64_t synced);
void journal_line_put_note(struct buf *out, const struct snapshot_names *names);
/* {"crc":"..."}, a block: a whole object, no newline. */
void journal_line_put_block(struct buf *out, uint32_t crc);
/* {"format":N with which every file begins: no comma behind it. */
void journal_line_put_format(struct buf *out, int format);
/* Put pieces, for the head and the tail of a snapshot and for replica.json: a string as it is
 * (nothing is escaped), 8 hexadecimal digits, a decimal number. */
void journal_line_put(struct buf *out, const char *string);
void journal_line_put_hex(struct buf *out, uint32_t value);
void journal_line_put_decimal(struct buf *out, uint64_t value);

/* ---- reading (journal/parse.c) ---- */

/* What is kept from one line of a file to the next: the streams that it has named; the tree that
 * views point into; and the ids of the last line, because neighbours often share them and an id is
 * slow to decode. */
struct journal_line_parser {
	struct named named;
	struct cJSON *tree;
	bool cjson_only; /* for tests: never the fast way */
	struct {
		char text[ID_TEXT_SIZE];
		struct id id;
	} accounts[2]; /* recipient and sender */
	struct {
		char text[ULID_TEXT_SIZE];
		struct ulid ulid;
	} session;
	uint8_t audience[AUDIENCE_SIZE_MAX]; /* of the last line, if it came from the tree */
};

/* Begins with no line read. */
void journal_line_parser_init(struct journal_line_parser *p);
/* Frees all of it, as before the first line of a file. The views of the last element end with
 * it. */
void journal_line_parser_release(struct journal_line_parser *p);
/* Whether the line (without its newline) ends with the right checksum of what stands before. */
bool journal_line_is_sealed(struct view line);
/* Reads a line (without its newline) into `e`. If it is a sealed one, the caller has checked the
 * seal. False, and a phrase in *wrong, if the line is none of the above. */
bool journal_line_parse(struct journal_line_parser *p, struct view line, bool sealed,
                        struct element *e, const char **wrong);
/* Reads 8 digits, "00000000" to "ffffffff". False, and *value is untouched, if `text` is anything
 * else. */
bool journal_line_hex(struct view text, uint32_t *value);

#endif
