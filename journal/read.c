/* SPDX-License-Identifier: MIT
 *
 * Each line is checked in this order: it ends in a newline; its checksum fits (in a snapshot, that
 * of its block); it is JSON; it has a meaning. A crash can only damage the first two. So a line
 * whose checksum fits and which has no meaning is refused wherever it stands.
 *
 * A snapshot is whole or damaged: it got its name after it was synced. A journal may have a torn
 * tail, because a crash may interrupt a batch. Its marks tell the two apart: what lies before the
 * largest mark was synced and must be whole. That is why reading goes on after the first line that
 * is not whole: a later mark may say that this line was synced.
 */
#include "journal/private.h"

#include "base/crc32c.h"
#include "journal/json.h"

#include <stdlib.h>

enum {
	WORK_BUDGET = 4096, /* messages freed after a line that buried many */
};

static const char nameless[] = "its stream is not named before it";
static const char unsaid[] = "what it says does not stand before it";

/* Compares the bytes with themselves, one further: all are equal to the first. */
static bool is_zeros(struct view v)
{
	return v.size == 0 || (v.data[0] == 0 && memcmp(v.data, v.data + 1, v.size - 1) == 0);
}

/* ---- facts ---- */

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, KEY_SIZE);
}

/* A salvage leaves out a message whose long text is lost. The damage of the text was told where it
 * stood. (Without a salvage such a message is allowed: it may have been buried since.) */
static bool has_text(const struct loading *l, const uint8_t digest[KEY_SIZE])
{
	return !l->salvage ||
	       (l->texts.size > 0 && bsearch(digest, l->texts.data, l->texts.size / KEY_SIZE,
	                                     KEY_SIZE, compare_digests) != NULL);
}

/* A salvage reads pending.json twice, because the texts stand behind the messages: first it
 * collects the digests of the texts that are whole. They stand in the order that bsearch needs. */
static void collect(struct loading *l, const struct element *e)
{
	bool put = e->kind != ELEMENT_TEXT || buf_put(&l->texts, e->digest, KEY_SIZE);

	assert(put);
	(void)put; /* there are as many digests as texts, and the store holds these */
}

/* Gives an element to the store. What a burial removes the store frees bit by bit, when it is asked
 * to; a start asks after every line, so that memory does not pile up. */
static void apply(struct loading *l, const struct element *e)
{
	if (l->collecting) {
		collect(l, e);
		return;
	}
	if (e->kind == ELEMENT_FACT)
		(void)store_apply(l->store, &e->fact, NULL); /* a fact twice is a fact once */
	else if (e->kind == ELEMENT_TEXT)
		l->has_leftovers |= !store_load_text(l->store, e->text);
	else if (has_text(l, e->digest))
		(void)store_load_message(l->store, &e->fact.message, e->digest, e->text_size);
	if (store_work_done(l->store) != store_work_given(l->store))
		(void)store_work(l->store, WORK_BUDGET); /* the rest after later lines */
}

/* ---- snapshots ---- */

/* Where the reading of a snapshot is. The window keeps the bytes of the block that is being
 * read. */
struct snapshot_reader {
	struct read_window w;
	enum journal_file file;
	uint64_t count;
	uint32_t crc;  /* of the file, up to `hashed` */
	size_t hashed; /* counted from w.keep */
	uint64_t block_line;
	bool has_comma; /* the last block ended with one: another element must follow */
	bool has_tail;
	uint32_t tail_crc;
};

static bool snapshot_damage(struct snapshot_reader *r, uint64_t line, size_t at, const char *what)
{
	return loading_damage(r->w.l, r->file, line, window_offset(&r->w, at), what);
}

/* The first line, {"format":1,"users":[ becomes an object when it is closed, so that cJSON can read
 * it. */
static bool read_head(struct snapshot_reader *r)
{
	static const char closing[] = "]}";
	const char *key = r->file == FILE_USERS ? "users" : "pending";
	char text[128];
	struct view line;
	size_t begin;
	const char *wrong = "its first line is not that of a snapshot";
	uint64_t format = 0;
	enum got got = window_line(&r->w, &line, &begin);

	if (got == GOT_FAILURE)
		return false;
	if (got == GOT_END)
		return snapshot_damage(r, 1, 0, "the file is empty");
	if (got == GOT_PIECE && is_zeros(line))
		return snapshot_damage(r, 1, 0, "there is nothing but NUL bytes");
	if (got != GOT_LINE || line.size + sizeof closing > sizeof text)
		return snapshot_damage(r, 1, 0, wrong);
	memcpy(text, line.data, line.size);
	memcpy(text + line.size, closing, sizeof closing);

	struct cJSON *tree = json_parse(view_of_string(text), &wrong);
	bool fits = tree != NULL && json_integer(json_member(tree, "format"), &format);
	bool known = fits && json_is_array(json_member(tree, key)) && format >= 1 &&
	             format <= SNAPSHOT_FORMAT;

	json_free(tree);
	if (fits && format > SNAPSHOT_FORMAT)
		return loading_refuse_newer(r->w.l, r->file, format);
	return known || snapshot_damage(r, 1, 0, wrong);
}

static bool is_tail(struct view line)
{
	return line.size > 0 && line.data[0] == ']';
}

/* The last line, ],"count":N,"crc":"..."} becomes an object when its first two bytes are replaced
 * by a brace. */
static bool parse_tail(struct snapshot_reader *r, struct view line, uint64_t *count)
{
	static const char *const keys[] = { "count", "crc" };
	char text[128];
	const char *wrong;
	struct view crc;

	if (line.size < 2 || line.size >= sizeof text || line.data[1] != ',')
		return false;
	memcpy(text, line.data + 1, line.size - 1);
	text[0] = '{';

	struct cJSON *tree = json_parse(view_of(text, line.size - 1), &wrong);
	bool fits = tree != NULL && json_has_only(tree, keys, 2) &&
	            json_integer(json_member(tree, "count"), count) &&
	            json_string(json_member(tree, "crc"), &crc) &&
	            journal_line_hex(crc, &r->tail_crc);

	json_free(tree);
	return fits;
}

/* Adds the file's bytes up to `at` to its checksum. */
static void hash_up_to(struct snapshot_reader *r, size_t at)
{
	size_t from = r->w.keep + r->hashed;

	assert(at >= from);
	r->crc = crc32c(r->crc, r->w.data + from, at - from);
	r->hashed = at - r->w.keep;
}

/* {"crc":"........"}, with a comma behind it unless it is the last. */
static bool is_block_line(struct view line, uint32_t *crc)
{
	static const char opening[] = "{\"crc\":\"";
	size_t size = sizeof opening - 1;
	size_t end = size + JOURNAL_HEX_SIZE;

	return (line.size == end + 2 || (line.size == end + 3 && line.data[end + 2] == ',')) &&
	       memcmp(line.data, opening, size) == 0 && memcmp(line.data + end, "\"}", 2) == 0 &&
	       journal_line_hex(view_of(line.data + size, JOURNAL_HEX_SIZE), crc);
}

/* Keeps what messages to come say. The numbers count; with --salvage some may be lost, but each
 * line has more bytes than one. */
static bool keep_said(struct snapshot_reader *r, const struct element *e, uint64_t number,
                      size_t at)
{
	struct loading *l = r->w.l;
	uint64_t count = l->said.size / sizeof(uint32_t);
	uint32_t held = store_said_hold(l->store, &e->fact.message);
	bool fits = held != 0 && e->said > count && e->said <= window_offset(&r->w, at) &&
	            (e->said == count + 1 || l->bad[r->file]);
	const uint32_t none = 0;
	bool put = true;

	for (; fits && put && count + 1 < e->said; count++)
		put = buf_put(&l->said, &none, sizeof none);
	if (fits)
		put = put && buf_put(&l->said, &held, sizeof held);
	assert(put); /* a file has fewer bytes than this may have */
	if (fits)
		return true;
	if (held != 0)
		store_said_release(l->store, held);
	return snapshot_damage(r, number, at, "a number of what is said that cannot stand there");
}

static void forget_said(struct loading *l)
{
	const uint32_t *held = (const uint32_t *)(const void *)l->said.data;

	for (size_t i = 0; i < l->said.size / sizeof *held; i++)
		if (held[i] != 0)
			store_said_release(l->store, held[i]);
	buf_clear(&l->said);
}

/* Fills in what the message says, if that stands before it. */
static bool find_said(const struct loading *l, struct element *e)
{
	const uint32_t *held = (const uint32_t *)(const void *)l->said.data;

	if (e->said > l->said.size / sizeof *held || held[e->said - 1] == 0)
		return false;
	store_said_give(l->store, held[e->said - 1], &e->fact.message);
	e->kind = ELEMENT_FACT;
	return true;
}

/* One element of a block that has its checksum. */
static bool apply_line(struct snapshot_reader *r, struct view line, uint64_t number, size_t at)
{
	struct loading *l = r->w.l;
	struct element e;
	const char *wrong = "no known element";
	bool in_users;

	if (!journal_line_parse(&l->parser, line, false, &e, &wrong) || e.kind >= ELEMENT_SAME)
		return snapshot_damage(r, number, at, wrong);
	in_users = e.kind == ELEMENT_FACT &&
	           (e.fact.kind == FACT_ACCOUNT || e.fact.kind == FACT_TOMBSTONE);
	if (in_users != (r->file == FILE_USERS))
		return snapshot_damage(r, number, at, "an element of another file");
	if (e.kind == ELEMENT_STREAM || (e.kind == ELEMENT_SAID && l->collecting))
		return true;
	if (e.kind == ELEMENT_SAID)
		return keep_said(r, &e, number, at);
	r->count++;
	/* With --salvage the name may be damaged, which was told where it stands. */
	if (e.is_nameless)
		return l->bad[r->file] || snapshot_damage(r, number, at, nameless);
	if (e.kind == ELEMENT_SAYS && !l->collecting && !find_said(l, &e))
		return l->bad[r->file] || snapshot_damage(r, number, at, unsaid);
	apply(l, &e);
	return true;
}

/* The lines of a block from `at` to `end`, each with its comma. */
static bool apply_block(struct snapshot_reader *r, size_t at, size_t end)
{
	uint64_t number = r->block_line;

	while (at < end) {
		const uint8_t *begin = r->w.data + at;
		const uint8_t *newline = memchr(begin, '\n', end - at);
		size_t size = newline != NULL ? (size_t)(newline - begin) : end - at;

		if (size < 2 || begin[size - 1] != ',') {
			if (!snapshot_damage(r, number, at, "a line without its comma"))
				return false;
		} else if (!apply_line(r, view_of(begin, size - 1), number, at)) {
			return false;
		}
		at += size + 1;
		number++;
	}
	return true;
}

/* The checksum of a block has come. Its bytes are in the window, from `keep` on; they begin with
 * the end of the line before, whose comma and newline count, too. */
static bool read_block(struct snapshot_reader *r, struct view line, size_t begin, uint32_t want)
{
	size_t from = r->w.keep;
	const uint8_t *newline = memchr(r->w.data + from, '\n', begin - from);
	bool fits = crc32c(0, r->w.data + from, begin - from) == want && newline != NULL;
	size_t first = newline == NULL ? begin : (size_t)(newline - r->w.data) + 1;

	if (!fits && !snapshot_damage(r, r->block_line, first,
	                              "this and the lines up to the next checksum do not fit it"))
		return false;
	if (fits && !apply_block(r, first, begin))
		return false;
	r->has_comma = line.data[line.size - 1] == ',';

	size_t end = begin + line.size - (r->has_comma ? 1 : 0);

	hash_up_to(r, end);
	r->w.keep = end;
	r->hashed = 0;
	r->block_line = r->w.line + 1;
	return true;
}

/* Checks the tail: what it says must be true, and nothing may follow it. */
static bool read_tail(struct snapshot_reader *r, struct view line, size_t begin)
{
	uint64_t count = 0;
	size_t from = r->w.keep;
	uint64_t number = r->w.line;

	if (!parse_tail(r, line, &count))
		return snapshot_damage(r, number, begin, "its last line is not that of a snapshot");
	/* The checksum covers everything before itself. It is as long as the seal of a line. */
	hash_up_to(r, begin + line.size - JOURNAL_SEAL_SIZE - 1);
	r->has_tail = true;
	if (number > 2 && begin - from > 1)
		return snapshot_damage(r, r->block_line, from, "lines without a checksum");
	if (r->has_comma)
		return snapshot_damage(r, number, begin, "a comma with no element after it");
	if (!r->w.l->bad[r->file] && (r->crc != r->tail_crc || r->count != count))
		return snapshot_damage(r, number, begin,
		                       "the file's checksum or count does not fit");
	return window_line(&r->w, &line, &begin) == GOT_END ||
	       (r->w.l->status == JOURNAL_OK &&
	        snapshot_damage(r, r->w.line, begin, "something after the end"));
}

static bool read_elements(struct snapshot_reader *r)
{
	struct view line;
	size_t begin;
	uint32_t crc;

	r->block_line = 2;
	while (!r->has_tail) {
		enum got got = window_line(&r->w, &line, &begin);

		if (got == GOT_FAILURE)
			return false;
		if (got == GOT_END)
			return snapshot_damage(r, r->w.line + 1, r->w.size,
			                       "the file ends too early");
		if (got == GOT_LINE && is_block_line(line, &crc)) {
			if (!read_block(r, line, begin, crc))
				return false;
		} else if (got == GOT_LINE && is_tail(line)) {
			if (!read_tail(r, line, begin))
				return false;
			r->has_tail = true;
		} else if (r->w.next - r->w.keep > BLOCK_SIZE_MAX || got == GOT_PIECE) {
			/* The block has lost its end: a salvage goes on with the next one. */
			if (!snapshot_damage(r, r->w.line, begin, "no checksum where one is due"))
				return false;
			r->w.keep = r->w.next;
			r->hashed = 0;
			r->block_line = r->w.line + 1;
		}
	}
	return true;
}

static bool read_once(struct loading *l, enum journal_file file, struct found_snapshot *found)
{
	struct snapshot_reader r = { .file = file };
	bool going = true;

	if (!window_open(&r.w, l, file, journal_names[file]))
		return false;
	/* The first block begins with the head, so the window keeps the head. */
	going = read_head(&r) && read_elements(&r);
	found->name = (struct snapshot_name){ .present = true, .crc = r.tail_crc };
	found->size = window_offset(&r.w, r.w.size);
	window_close(&r.w);
	forget_said(l);
	return going;
}

bool read_snapshot(struct loading *l, enum journal_file file, struct found_snapshot *found)
{
	*found = (struct found_snapshot){ 0 };
	if (!loading_exists(l, journal_names[file]))
		return l->status == JOURNAL_OK;
	if (l->salvage && file == FILE_PENDING) {
		bool going;

		l->collecting = true;
		going = read_once(l, file, found);
		l->collecting = false;
		if (!going)
			return false;
	}
	return read_once(l, file, found);
}

/* ---- journals ---- */

/* A long text of the batch that is being read. They are kept in order of the digest. */
struct batch_text {
	uint8_t digest[KEY_SIZE];
	uint8_t *data;
	size_t size;
};

static struct batch_text *batch_texts(const struct loading *l, size_t *count)
{
	*count = l->batch_texts.size / sizeof(struct batch_text);
	return (struct batch_text *)(void *)l->batch_texts.data;
}

void loading_forget_texts(struct loading *l)
{
	size_t count;
	struct batch_text *texts = batch_texts(l, &count);

	for (size_t i = 0; i < count; i++)
		memory_free(texts[i].data);
	buf_clear(&l->batch_texts);
}

/* Where a digest stands, or would stand. */
static size_t batch_text_place(const struct loading *l, const uint8_t digest[KEY_SIZE])
{
	size_t count;
	const struct batch_text *texts = batch_texts(l, &count);
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (memcmp(texts[middle].digest, digest, KEY_SIZE) < 0)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

/* Also a text behind damage is remembered: a salvage takes the whole references to it. */
static void remember_text(struct loading *l, const struct element *e)
{
	size_t place = batch_text_place(l, e->digest);
	struct batch_text text = { .data = memory_alloc(e->text.size), .size = e->text.size };
	size_t count;
	bool put = buf_put(&l->batch_texts, (const uint8_t *)&text, sizeof text);
	struct batch_text *texts = batch_texts(l, &count);

	assert(put);
	(void)put; /* there are no more than the batch has */
	memcpy(text.digest, e->digest, KEY_SIZE);
	memcpy(text.data, e->text.data, e->text.size);
	memmove(texts + place + 1, texts + place, (count - 1 - place) * sizeof *texts);
	texts[place] = text;
}

struct journal_reader {
	struct read_window w;
	struct found_journal *found;
	bool in_zeros;        /* only zeros since the last whole line */
	uint64_t damage_line; /* 0: none yet */
	uint64_t damage_byte;
	uint64_t last_byte; /* after the last byte that is not zero */
};

/* Damage is told with the line and the byte where it begins. */
static bool journal_damage(struct journal_reader *r, uint64_t line, uint64_t byte, const char *what)
{
	return loading_damage(r->w.l, r->found->file, line, byte, what);
}

/* Any of the notes may name a snapshot that is in place, so all are remembered. */
static void add_note(struct found_journal *found, const struct snapshot_names *names)
{
	found->notes = memory_resize(found->notes, (found->note_count + 1) * sizeof *names);
	found->notes[found->note_count++] = *names;
}

/* A line lacks what should stand before it. With --salvage that may be damaged, which was told
 * where it stands. */
static bool is_lost(struct journal_reader *r, uint64_t byte, const char *what)
{
	return r->w.l->bad[r->found->file] || journal_damage(r, r->w.line, byte, what);
}

/* Makes a message of what refers to a text before it in the same batch. */
static bool find_text(const struct loading *l, struct element *e)
{
	size_t count;
	const struct batch_text *texts = batch_texts(l, &count);
	size_t place = batch_text_place(l, e->digest);

	if (place == count || memcmp(texts[place].digest, e->digest, KEY_SIZE) != 0 ||
	    texts[place].size != e->text_size)
		return false;
	e->kind = ELEMENT_FACT;
	e->fact.message.text = view_of(texts[place].data, texts[place].size);
	return true;
}

/* Fills in what a message leaves to the lines before it. NULL, or what is not there. */
static const char *complete(struct loading *l, struct element *e)
{
	struct message *m = &e->fact.message;

	if (e->kind == ELEMENT_FACT && e->fact.kind != FACT_MESSAGE)
		return NULL;
	if (e->kind == ELEMENT_SAME) {
		if (!l->same.is_known)
			return "no message to several is before it in its batch";
		same_give(&l->same, m);
		e->kind = ELEMENT_FACT;
		return NULL;
	}
	if (e->kind == ELEMENT_REFERENCE && !find_text(l, e)) {
		same_forget(&l->same);
		return "its text is not in the same batch";
	}
	same_keep(&l->same, m);
	return NULL;
}

static bool apply_fact(struct journal_reader *r, struct element *e, uint64_t byte)
{
	struct loading *l = r->w.l;
	const char *missing = complete(l, e);

	if (missing == NULL && e->is_nameless)
		missing = nameless;
	if (missing != NULL)
		return is_lost(r, byte, missing);
	apply(l, e);
	l->loaded->replayed++;
	return true;
}

/* A line with a right checksum. Unless it `applies`, because it stands behind damage, only its mark
 * counts. The first line is the head, and no other is; a mark cannot lie behind its own line. */
static bool read_sealed(struct journal_reader *r, struct view line, uint64_t byte, bool applies)
{
	struct loading *l = r->w.l;
	struct found_journal *found = r->found;
	const char *wrong = "no known element";
	struct element e;

	if (!journal_line_parse(&l->parser, line, true, &e, &wrong)) {
		same_forget(&l->same); /* it may have been what the next ones are the same as */
		return journal_damage(r, r->w.line, byte, wrong);
	}
	if ((e.kind == ELEMENT_HEAD) != (r->w.line == 1) ||
	    (e.kind == ELEMENT_SYNCED && e.synced > byte))
		return journal_damage(r, r->w.line, byte, "a line that cannot stand there");
	switch (e.kind) {
	case ELEMENT_HEAD:
		if (e.head.format > JOURNAL_FORMAT)
			return loading_refuse_newer(l, found->file, e.head.format);
		found->head = e.head;
		found->head_size = byte + line.size + 1;
		if (found->mark < found->head_size) /* it is read twice by a salvage */
			found->mark = found->head_size;
		return true;
	case ELEMENT_SYNCED:
		if (e.synced > found->mark)
			found->mark = e.synced;
		loading_forget_texts(l); /* a batch begins */
		same_forget(&l->same);
		return true;
	case ELEMENT_TEXT:
		remember_text(l, &e);
		return true;
	case ELEMENT_STREAM:
		return true;
	case ELEMENT_NOTE:
		if (applies)
			add_note(found, &e.head.follows);
		return true;
	default:
		return !applies || apply_fact(r, &e, byte);
	}
}

/* A damaged newline joins two lines to one, whose checksum is wrong. If the second one is a
 * mark, it must still count: without it, the loss of bytes that were synced would pass for a
 * torn tail. */
static void read_joined_mark(struct journal_reader *r, struct view line, uint64_t byte)
{
	static const char opening[] = "{\"synced\":";
	const uint8_t *at = line.size == 0 ? NULL
	                                   : memmem(line.data + 1, line.size - 1, opening,
	                                            sizeof opening - 1);
	struct element e;
	const char *wrong;

	if (at == NULL)
		return;

	size_t skipped = (size_t)(at - line.data);
	struct view mark = view_of(at, line.size - skipped);

	if (journal_line_is_sealed(mark) &&
	    journal_line_parse(&r->w.l->parser, mark, true, &e, &wrong) &&
	    e.kind == ELEMENT_SYNCED && e.synced <= byte + skipped && e.synced > r->found->mark)
		r->found->mark = e.synced;
}

/* Remembers where the last byte stands that is not zero: behind it is only reserve. */
static void note_bytes(struct journal_reader *r, struct view line, uint64_t byte)
{
	size_t size = line.size;

	while (size > 0 && line.data[size - 1] == 0)
		size--;
	if (size > 0)
		r->last_byte = byte + size;
}

/* Remembers the first damage. Zeros are none if they reach to the end, because a file is reserved
 * ahead with them; if anything follows them, they are. */
static void note_damage(struct journal_reader *r, struct view line, uint64_t byte, enum got got)
{
	if (r->damage_line != 0)
		return;
	if (got == GOT_PIECE && is_zeros(line)) {
		if (r->in_zeros)
			r->w.line--; /* one line of zeros may come in many pieces */
		r->in_zeros = true;
		return;
	}
	r->damage_line = r->w.line;
	r->damage_byte = byte;
}

/* Reads line after line to the end of the file. In a first pass (`after` is 0) lines apply up to
 * the first damage. A salvage makes a second pass, in which every whole line at or behind the byte
 * `after` applies. */
static bool read_lines(struct journal_reader *r, uint64_t after)
{
	struct found_journal *found = r->found;
	struct view line;
	size_t begin;

	for (;;) {
		enum got got = window_line(&r->w, &line, &begin);
		uint64_t byte = window_offset(&r->w, begin);
		bool is_whole;

		if (got == GOT_FAILURE)
			return false;
		if (got == GOT_END)
			return true;
		is_whole = got == GOT_LINE && journal_line_is_sealed(line);
		if (!is_whole || r->in_zeros)
			note_damage(r, line, byte, got);
		if (!is_whole)
			same_forget(&r->w.l->same);
		if (is_whole) {
			bool counts = after > 0 ? byte >= after : r->damage_line == 0;

			if (!read_sealed(r, line, byte, counts))
				return false;
			if (r->damage_line == 0) {
				found->crc = crc32c(found->crc, line.data, line.size + 1);
				found->whole_end = byte + line.size + 1;
			}
		}
		if (got == GOT_LINE && !is_whole)
			read_joined_mark(r, line, byte);
		note_bytes(r, line, byte);
		r->w.keep = r->w.next;
	}
}

/* What was synced must be whole; the old journal was synced to its end. Else what follows the last
 * whole line is a torn tail, and its size is remembered. */
static bool judge_damage(struct journal_reader *r)
{
	struct found_journal *found = r->found;

	if (found->head_size == 0)
		return journal_damage(r, 1, 0,
		                      found->size == 0    ? "the file is empty"
		                      : r->last_byte == 0 ? "there is nothing but NUL bytes"
		                                          : "its first line is not whole");
	found->torn_size = r->last_byte > found->whole_end ? r->last_byte - found->whole_end : 0;
	if (found->file == FILE_OLD || found->whole_end < found->mark)
		return found->torn_size == 0 && found->whole_end >= found->mark
		               ? true
		               : journal_damage(r, r->damage_line != 0 ? r->damage_line : r->w.line,
		                                found->whole_end,
		                                "what was synced is not whole there");
	return true;
}

bool read_journal(struct loading *l, struct found_journal *found)
{
	struct journal_reader r = { .found = found };
	bool going;

	assert(found->exists);
	if (!window_open(&r.w, l, found->file, found->name))
		return false;
	going = read_lines(&r, 0);
	found->size = window_offset(&r.w, r.w.size);
	going = going && judge_damage(&r);
	if (going && l->bad[found->file]) {
		/* Only with --salvage: the second pass. */
		window_close(&r.w);
		if (!window_open(&r.w, l, found->file, found->name))
			return false;
		/* No line need be damaged: the file may be empty or too short. */
		r.damage_line = r.damage_line != 0 ? r.damage_line : 1;
		going = read_lines(&r, found->whole_end + 1);
	}
	found->named = l->parser.named.last;
	loading_forget_texts(l);
	window_close(&r.w);
	return going;
}
