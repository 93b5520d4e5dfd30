/* SPDX-License-Identifier: MIT
 *
 * journal_line: the lines of the journal's files, one JSON object each, both ways. No I/O.
 *
 * A line of a journal is sealed: it ends with ,"crc":"8 hex digits"} and that is the CRC-32C of all
 * before the comma. An element of a snapshot is the same object without the seal. Keys stand in
 * this order, and nothing else is accepted:
 *
 *   account     {"id","name","setting","seal","stored_key","server_key","lock","confirmed"}
 *   tombstone   {"id","name","middle","delete_key"}
 *   message     {"to","from","session","number","sent","text"}
 *   burial      {"to","from","session","gone":[first,last]}
 *
 *   in snapshots only
 *   reference   {"to","from","session","number","sent","digest","size"}: a message whose text is
 *   long text        {"digest","text"}
 *   block       {"crc"}: the CRC-32C of all bytes since the block before, or since the beginning
 *
 *   in journals only
 *   head        {"format","users","pending"} and perhaps "old","old_crc": the first line
 *   synced      {"synced"}: how many bytes of this journal were on the disk when this line was
 *   written note        {"users","pending"}: these snapshots hold all that the old journal held,
 *   and may be put in place
 *
 * Ids are as in fact/id.h, keys and digests in hexadecimal, a missing snapshot's checksum is
 * "none".
 *
 * Messages and burials, nearly all lines there are, are printed without a tree, and read without
 * one if a line is exactly what is printed here for a text that needs no escapes; all else is
 * cJSON's. The tests compare the two.
 */
#ifndef THREEFOLD_JOURNAL_LINE_H
#define THREEFOLD_JOURNAL_LINE_H

#include "store.h"

enum {
	JOURNAL_FORMAT = 1,
	/* The longest text, all of it escaped, and all the rest of a line. */
	JOURNAL_LINE_SIZE_MAX = TEXT_SIZE_MAX * 6 + 1024,
	JOURNAL_SEAL_SIZE = 17, /* ,"crc":"00000000"} without the brace */
	JOURNAL_SYNCED_SIZE_MAX = 64,
};

struct cJSON;

/* A snapshot's name is the checksum of its content. */
struct snapshot_name {
	bool present;
	uint32_t crc;
};

struct snapshot_names {
	struct snapshot_name users;
	struct snapshot_name pending;
};

static inline bool snapshot_name_equal(struct snapshot_name a, struct snapshot_name b)
{
	return a.present == b.present && (!a.present || a.crc == b.crc);
}

struct journal_head {
	uint64_t format;
	struct snapshot_names follows;
	bool has_old;      /* the journal before holds what these snapshots lack */
	uint64_t old_size; /* its bytes, all of them whole */
	uint32_t old_crc;  /* and their CRC-32C */
};

enum element_kind {
	ELEMENT_FACT,
	ELEMENT_REFERENCE,
	ELEMENT_TEXT,
	ELEMENT_BLOCK,
	ELEMENT_HEAD,
	ELEMENT_SYNCED,
	ELEMENT_NOTE,
};

/* What a line says. Views live until the parser's next line, and as long as the line. */
struct element {
	enum element_kind kind;
	struct fact fact;         /* FACT; of a REFERENCE the message, with an empty text */
	uint8_t digest[KEY_SIZE]; /* REFERENCE, TEXT */
	uint32_t text_size;       /* REFERENCE */
	struct view text;         /* TEXT */
	uint32_t crc;             /* BLOCK */
	uint64_t synced;          /* SYNCED */
	struct journal_head head; /* HEAD; of a NOTE `follows` only */
};

/* ---- printing; nothing is appended but what is named ---- */

/* A fact as an open object: all but its closing brace. `digest`: in place of the message's text. */
void journal_line_put_fact(struct buf *out, const struct fact *fact, const uint8_t *digest);
void journal_line_put_text(struct buf *out, const uint8_t digest[KEY_SIZE], struct view text);
/* Closes the object that begins at `begin` with its checksum, and the line. */
void journal_line_seal(struct buf *out, size_t begin);
/* Whole lines, sealed. */
void journal_line_put_head(struct buf *out, const struct journal_head *head);
void journal_line_put_synced(struct buf *out, uint64_t synced);
void journal_line_put_note(struct buf *out, const struct snapshot_names *names);
/* {"crc":"..."} and no newline. */
void journal_line_put_block(struct buf *out, uint32_t crc);
void journal_line_put_hex(struct buf *out, uint32_t value);
void journal_line_put_decimal(struct buf *out, uint64_t value);

/* ---- reading ---- */

/* What is remembered from one line to the next: the tree that views point into, and the last
 * identities, because neighbours often share them. */
struct journal_line_parser {
	struct cJSON *tree;
	bool cjson_only; /* tests: no short way */
	struct {
		char text[ID_TEXT_SIZE];
		struct id id;
	} accounts[2];
	struct {
		char text[ULID_TEXT_SIZE];
		struct ulid ulid;
	} session;
};

void journal_line_parser_init(struct journal_line_parser *p);
void journal_line_parser_release(struct journal_line_parser *p);
/* Whether the line (without its newline) ends with the checksum of what stands before. */
bool journal_line_is_sealed(struct view line);
/* What a line says; of a sealed one the seal must have been checked. False and a phrase if it is
 * nothing known. */
bool journal_line_parse(struct journal_line_parser *p, struct view line, bool sealed,
                        struct element *e, const char **wrong);
/* "00000000" to "ffffffff". */
bool journal_line_hex(struct view text, uint32_t *value);

#endif
