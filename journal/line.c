/* SPDX-License-Identifier: MIT
 *
 * Printing of journal/line.h. Streams, messages and burials, which are nearly all lines, are
 * printed without a tree of JSON values; the bytes are those that cJSON would write.
 */
#include "journal/line.h"

#include "base/bug.h"
#include "base/crc32c.h"
#include "base/decimal.h"
#include "journal/both.h"
#include "journal/json.h"

enum {
	/* Of a message's line all but the text, with room to spare: keys, two ids, a session, two
	 * numbers and the seal. */
	FIXED_SIZE_MAX = 320,
	/* Of an audience: its keys, and names with two quotes and a comma. */
	AUDIENCE_LINE_MAX = 96 + AUDIENCE_NAMES_MAX * (DISPLAY_SIZE + 3),
};

static const char hex_digits[] = "0123456789abcdef";

/* A put never fails: journal/line.h asks for a buffer without a maximum that could be reached. */
static uint8_t *reserve(struct buf *out, size_t size)
{
	uint8_t *to = buf_reserve(out, size);

	assert(to != NULL);
	return to;
}

void journal_line_put(struct buf *out, const char *text)
{
	bool done = buf_put(out, text, strlen(text));

	assert(done);
	(void)done; /* see reserve */
}

static uint8_t *put_literal(uint8_t *to, const char *text, size_t size)
{
	memcpy(to, text, size);
	return to + size;
}
#define PUT(to, text) put_literal((to), (text), sizeof text - 1)

static uint8_t *put_decimal(uint8_t *to, uint64_t value)
{
	return to + decimal_put(to, value);
}

static uint8_t *put_hex(uint8_t *to, uint32_t value)
{
	for (size_t i = JOURNAL_HEX_SIZE; i-- > 0; value >>= 4)
		to[i] = (uint8_t)hex_digits[value & 15];
	return to + JOURNAL_HEX_SIZE;
}

/* id_to_text ends the text with a NUL; the byte that is put next overwrites it. */
static uint8_t *put_id(uint8_t *to, const struct id *id)
{
	id_to_text(id, (char *)to);
	return to + ID_TEXT_SIZE;
}

/* The three members of a stream. */
static uint8_t *put_stream(uint8_t *to, const struct stream *stream)
{
	to = PUT(to, "\"to\":\"");
	to = put_id(to, &stream->recipient);
	to = PUT(to, "\",\"from\":\"");
	to = put_id(to, &stream->sender);
	to = PUT(to, "\",\"session\":\"");
	ulid_to_text(&stream->session, (char *)to);
	return PUT(to + ULID_TEXT_SIZE, "\"");
}

static uint8_t *put_key(uint8_t *to, const uint8_t key[KEY_SIZE])
{
	for (size_t i = 0; i < KEY_SIZE; i++) {
		*to++ = (uint8_t)hex_digits[key[i] >> 4];
		*to++ = (uint8_t)hex_digits[key[i] & 15];
	}
	return to;
}

/* Names have no character that JSON would escape. */
static uint8_t *put_audience(uint8_t *to, struct view form)
{
	struct audience audience = audience_of(form);

	to = PUT(to, ",\"audience\":{");
	if (audience.kind == AUDIENCE_ALL)
		to = PUT(to, "\"all\":true");
	if (audience.kind == AUDIENCE_SEVERAL) {
		to = PUT(to, "\"count\":");
		to = put_decimal(to, audience.count);
		to = PUT(to, ",\"names\":[");
		for (size_t i = 0; i < audience.names_count; i++) {
			to = put_literal(to, i == 0 ? "\"" : ",\"", i == 0 ? 1 : 2);
			to = put_literal(to, (const char *)audience.names[i].data,
			                 audience.names[i].size);
			to = PUT(to, "\"");
		}
		to = PUT(to, "]");
	}
	if (audience.is_notice && audience.kind != AUDIENCE_ONE)
		to = PUT(to, ",");
	if (audience.is_notice)
		to = PUT(to, "\"notice\":true");
	return PUT(to, "}");
}

static uint8_t *put_in(uint8_t *to, uint64_t in)
{
	assert(in >= 1);
	to = PUT(to, "{\"in\":");
	return put_decimal(to, in);
}

static uint8_t *put_number(uint8_t *to, uint64_t number)
{
	assert(number >= 1);
	assert(number <= NUMBER_MAX);
	to = PUT(to, ",\"no\":");
	return put_decimal(to, number);
}

/* The time of a message, and its audience if it has one. */
static uint8_t *put_sent(uint8_t *to, const struct message *m)
{
	assert(m->sent_ms <= NUMBER_MAX);
	to = PUT(to, "\"sent\":");
	to = put_decimal(to, m->sent_ms);
	if (m->audience.size > 0 && !BUG(audience_not_kept))
		to = put_audience(to, m->audience);
	return to;
}

static uint8_t *put_text(uint8_t *to, struct view text)
{
	return json_escape(PUT(to, ",\"text\":"), text);
}

/* With a digest: a reference, which has the digest and the size in place of the text. */
static void put_message(struct buf *out, const struct message *m, uint64_t in,
                        const uint8_t *digest)
{
	size_t text_size = digest != NULL ? 2 * KEY_SIZE + DECIMAL_SIZE_MAX
	                                  : json_escaped_size_max(m->text.size);
	uint8_t *begin = reserve(out, FIXED_SIZE_MAX + AUDIENCE_LINE_MAX + text_size);
	uint8_t *to = put_number(put_in(begin, in), m->number);

	to = put_sent(PUT(to, ","), m);
	if (digest == NULL) {
		to = put_text(to, m->text);
	} else {
		to = PUT(to, ",\"digest\":\"");
		to = put_key(to, digest);
		to = PUT(to, "\",\"size\":");
		to = put_decimal(to, m->text.size);
	}
	buf_added(out, (size_t)(to - begin));
}

static void put_burial(struct buf *out, const struct burial *b, uint64_t in)
{
	uint8_t *begin = reserve(out, FIXED_SIZE_MAX);
	uint8_t *to = in > 0 ? put_in(begin, in) : put_stream(PUT(begin, "{"), &b->stream);

	assert(b->range.first >= 1);
	assert(b->range.first <= b->range.last);
	assert(b->range.last <= NUMBER_MAX);
	to = PUT(to, ",\"gone\":[");
	to = put_decimal(to, b->range.first);
	to = PUT(to, ",");
	to = put_decimal(to, b->range.last);
	to = PUT(to, "]");
	buf_added(out, (size_t)(to - begin));
}

/* Appends a tree as an open object, and frees it. */
static void put_open_tree(struct buf *out, struct cJSON *tree)
{
	bool done = json_print(tree, out);

	assert(done);
	(void)done; /* see reserve */
	assert(out->data[out->size - 1] == '}');
	out->size--;
	json_free(tree);
}

static void tree_put_key(struct cJSON *tree, const char *name, const uint8_t key[KEY_SIZE])
{
	uint8_t text[2 * KEY_SIZE];

	put_key(text, key);
	json_put_string(tree, name, view_of(text, sizeof text));
}

/* What accounts and tombstones begin with. */
static struct cJSON *tree_of(const struct id *id, struct view name)
{
	struct cJSON *tree = json_object();
	char text[ID_TEXT_SIZE + 1];

	id_to_text(id, text);
	json_put_string(tree, "id", view_of_string(text));
	json_put_string(tree, "name", name);
	return tree;
}

static void put_account(struct buf *out, const struct account *a)
{
	struct cJSON *tree = tree_of(&a->id, a->name);

	json_put_string(tree, "setting", a->verifier.setting);
	tree_put_key(tree, "seal", a->verifier.seal);
	tree_put_key(tree, "stored_key", a->verifier.stored_key);
	tree_put_key(tree, "server_key", a->verifier.server_key);
	tree_put_key(tree, "lock", a->verifier.lock);
	if (a->epoch > 0) {
		tree_put_key(tree, "middle", a->middle);
		json_put_integer(tree, "epoch", a->epoch);
		json_put_integer(tree, "by", (uint64_t)a->by);
	}
	if (a->lapsed)
		json_put_boolean(tree, "lapsed", true);
	else
		json_put_boolean(tree, "confirmed", a->confirmed);
	put_open_tree(out, tree);
}

static void put_tombstone(struct buf *out, const struct tombstone *t)
{
	struct cJSON *tree = tree_of(&t->id, t->name);

	if (t->by != GONE_BY_KEY)
		tree_put_key(tree, "lock", t->lock);
	tree_put_key(tree, "middle", t->middle);
	if (t->by == GONE_BY_KEY)
		tree_put_key(tree, "delete_key", t->delete_key);
	else
		json_put_integer(tree, "by", (uint64_t)t->by);
	put_open_tree(out, tree);
}

void journal_line_put_stream(struct buf *out, uint64_t number, const struct stream *stream)
{
	uint8_t *begin = reserve(out, FIXED_SIZE_MAX);
	uint8_t *to = PUT(begin, "{\"stream\":");

	to = put_decimal(to, number);
	to = put_stream(PUT(to, ","), stream);
	buf_added(out, (size_t)(to - begin));
}

void journal_line_put_same(struct buf *out, uint64_t in, uint64_t number)
{
	uint8_t *begin = reserve(out, FIXED_SIZE_MAX);
	uint8_t *to = put_number(put_in(begin, in), number);

	to = PUT(to, ",\"same\":true");
	buf_added(out, (size_t)(to - begin));
}

void journal_line_put_said(struct buf *out, uint64_t said, const struct message *message)
{
	uint8_t *begin = reserve(out, FIXED_SIZE_MAX + AUDIENCE_LINE_MAX +
	                                      json_escaped_size_max(message->text.size));
	uint8_t *to = PUT(begin, "{\"said\":");

	to = put_decimal(to, said);
	to = put_text(put_sent(PUT(to, ","), message), message->text);
	buf_added(out, (size_t)(to - begin));
}

void journal_line_put_says(struct buf *out, uint64_t in, uint64_t number, uint64_t said)
{
	uint8_t *begin = reserve(out, FIXED_SIZE_MAX);
	uint8_t *to = put_number(put_in(begin, in), number);

	to = PUT(to, ",\"said\":");
	to = put_decimal(to, said);
	buf_added(out, (size_t)(to - begin));
}

void journal_line_put_fact(struct buf *out, const struct fact *fact, uint64_t in,
                           const uint8_t *digest)
{
	assert(digest == NULL || fact->kind == FACT_MESSAGE);
	switch (fact->kind) {
	case FACT_ACCOUNT:
		put_account(out, &fact->account);
		return;
	case FACT_TOMBSTONE:
		put_tombstone(out, &fact->tombstone);
		return;
	case FACT_MESSAGE:
		put_message(out, &fact->message, in, digest);
		return;
	case FACT_BURIAL:
		put_burial(out, &fact->burial, in);
		return;
	}
	assert(false); /* there is no other kind */
}

void journal_line_put_text(struct buf *out, const uint8_t digest[KEY_SIZE], struct view text)
{
	uint8_t *begin = reserve(out, FIXED_SIZE_MAX + json_escaped_size_max(text.size));
	uint8_t *to = PUT(begin, "{\"digest\":\"");

	to = put_key(to, digest);
	to = PUT(to, "\",\"text\":");
	to = json_escape(to, text);
	buf_added(out, (size_t)(to - begin));
}

void journal_line_put_hex(struct buf *out, uint32_t value)
{
	put_hex(reserve(out, JOURNAL_HEX_SIZE), value);
	buf_added(out, JOURNAL_HEX_SIZE);
}

void journal_line_put_decimal(struct buf *out, uint64_t value)
{
	uint8_t *begin = reserve(out, DECIMAL_SIZE_MAX);

	buf_added(out, (size_t)(put_decimal(begin, value) - begin));
}

void journal_line_put_format(struct buf *out, int format)
{
	journal_line_put(out, "{\"format\":");
	journal_line_put_decimal(out, (uint64_t)format);
}

void journal_line_seal(struct buf *out, size_t begin)
{
	assert(begin < out->size);

	uint32_t crc = crc32c(0, out->data + begin, out->size - begin);
	uint8_t *to = reserve(out, JOURNAL_SEAL_SIZE + 2);

	to = PUT(to, ",\"crc\":\"");
	to = put_hex(to, crc);
	memcpy(to, "\"}\n", 3);
	buf_added(out, JOURNAL_SEAL_SIZE + 2);
	both_check_printed(view_of(out->data + begin, out->size - begin - 1));
}

static void put_name(struct buf *out, struct snapshot_name name)
{
	journal_line_put(out, "\"");
	if (name.present)
		journal_line_put_hex(out, name.crc);
	else
		journal_line_put(out, "none");
	journal_line_put(out, "\"");
}

/* The members "users" and "pending". */
static void put_names(struct buf *out, const struct snapshot_names *names)
{
	journal_line_put(out, "\"users\":");
	put_name(out, names->users);
	journal_line_put(out, ",\"pending\":");
	put_name(out, names->pending);
}

void journal_line_put_head(struct buf *out, const struct journal_head *head)
{
	size_t begin = out->size;

	journal_line_put_format(out, JOURNAL_FORMAT);
	journal_line_put(out, ",");
	put_names(out, &head->follows);
	if (head->has_old) {
		journal_line_put(out, ",\"old\":");
		journal_line_put_decimal(out, head->old_size);
		journal_line_put(out, ",\"old_crc\":\"");
		journal_line_put_hex(out, head->old_crc);
		journal_line_put(out, "\"");
	}
	journal_line_seal(out, begin);
}

void journal_line_put_synced(struct buf *out, uint64_t synced)
{
	size_t begin = out->size;

	journal_line_put(out, "{\"synced\":");
	journal_line_put_decimal(out, synced);
	journal_line_seal(out, begin);
	assert(out->size - begin <= JOURNAL_SYNCED_SIZE_MAX);
}

void journal_line_put_note(struct buf *out, const struct snapshot_names *names)
{
	size_t begin = out->size;

	assert(names->users.present && names->pending.present);
	journal_line_put(out, "{");
	put_names(out, names);
	journal_line_seal(out, begin);
}

void journal_line_put_block(struct buf *out, uint32_t crc)
{
	journal_line_put(out, "{\"crc\":\"");
	journal_line_put_hex(out, crc);
	journal_line_put(out, "\"}");
}
