/* SPDX-License-Identifier: MIT
 *
 * Reading of journal/line.h, in two ways, for speed. The fast way expects exactly the bytes that
 * journal/line.c prints; at the first byte that differs it gives up. Giving up costs only time: the
 * line then goes through cJSON, which also finds out what is wrong with it.
 *
 * cJSON's way is a table at the end of this file: which keys an object must have, and which
 * function reads them.
 */
#include "journal/line.h"

#include "base/crc32c.h"
#include "base/sha256.h"
#include "journal/both.h"
#include "journal/json.h"

void journal_line_parser_init(struct journal_line_parser *p)
{
	memset(p, 0, sizeof *p);
}

void journal_line_parser_release(struct journal_line_parser *p)
{
	named_release(&p->named);
	json_free(p->tree);
	journal_line_parser_init(p);
}

static unsigned hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
}

bool journal_line_hex(struct view text, uint32_t *value)
{
	uint32_t sum = 0;

	if (text.size != JOURNAL_HEX_SIZE)
		return false;
	for (size_t i = 0; i < JOURNAL_HEX_SIZE; i++) {
		if (hex_value(text.data[i]) > 15)
			return false;
		sum = sum << 4 | hex_value(text.data[i]);
	}
	*value = sum;
	return true;
}

static bool key_from_text(struct view text, uint8_t key[KEY_SIZE])
{
	if (text.size != 2 * KEY_SIZE)
		return false;
	for (size_t i = 0; i < KEY_SIZE; i++) {
		unsigned high = hex_value(text.data[2 * i]);
		unsigned low = hex_value(text.data[2 * i + 1]);

		if (high > 15 || low > 15)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool journal_line_is_sealed(struct view line)
{
	static const char opening[] = ",\"crc\":\"";
	size_t opening_size = sizeof opening - 1;
	uint32_t crc;

	if (line.size < JOURNAL_SEAL_SIZE + 2)
		return false;

	size_t size = line.size - JOURNAL_SEAL_SIZE - 1;
	const uint8_t *seal = line.data + size;

	return memcmp(seal, opening, opening_size) == 0 &&
	       memcmp(seal + opening_size + JOURNAL_HEX_SIZE, "\"}", 2) == 0 &&
	       journal_line_hex(view_of(seal + opening_size, JOURNAL_HEX_SIZE), &crc) &&
	       crc32c(0, line.data, size) == crc;
}

/* ---- reading, the fast way ----
 *
 * Each function takes what it expects from the front of *left, or returns false. */
static bool take(struct view *left, const char *text, size_t size)
{
	if (left->size < size || memcmp(left->data, text, size) != 0)
		return false;
	left->data += size;
	left->size -= size;
	return true;
}
#define TAKE(left, text) take((left), (text), sizeof text - 1)

/* A number as it is printed: no sign, no leading zero, at most NUMBER_MAX. */
static bool take_decimal(struct view *left, uint64_t *value)
{
	uint64_t sum = 0;
	size_t size = 0;

	while (size < left->size && left->data[size] >= '0' && left->data[size] <= '9') {
		sum = sum * 10 + (uint64_t)(left->data[size++] - '0');
		if (sum > NUMBER_MAX)
			return false;
	}
	if (size == 0 || (size > 1 && left->data[0] == '0'))
		return false;
	*value = sum;
	left->data += size;
	left->size -= size;
	return true;
}

/* An id: remembered from the line before, if it is the same, else decoded. */
static bool take_account(struct journal_line_parser *p, size_t which, struct view *left,
                         struct id *id)
{
	if (left->size < ID_TEXT_SIZE)
		return false;
	if (memcmp(left->data, p->accounts[which].text, ID_TEXT_SIZE) != 0) {
		if (!id_from_text(view_of(left->data, ID_TEXT_SIZE), &p->accounts[which].id))
			return false; /* the id is untouched */
		memcpy(p->accounts[which].text, left->data, ID_TEXT_SIZE);
	}
	*id = p->accounts[which].id;
	left->data += ID_TEXT_SIZE;
	left->size -= ID_TEXT_SIZE;
	return true;
}

static bool take_session(struct journal_line_parser *p, struct view *left, struct ulid *ulid)
{
	if (left->size < ULID_TEXT_SIZE)
		return false;
	if (memcmp(left->data, p->session.text, ULID_TEXT_SIZE) != 0) {
		if (!ulid_from_text(view_of(left->data, ULID_TEXT_SIZE), &p->session.ulid))
			return false;
		memcpy(p->session.text, left->data, ULID_TEXT_SIZE);
	}
	*ulid = p->session.ulid;
	left->data += ULID_TEXT_SIZE;
	left->size -= ULID_TEXT_SIZE;
	return true;
}

static bool take_stream(struct journal_line_parser *p, struct view *left, struct stream *stream)
{
	return TAKE(left, "\"to\":\"") && take_account(p, 0, left, &stream->recipient) &&
	       TAKE(left, "\",\"from\":\"") && take_account(p, 1, left, &stream->sender) &&
	       TAKE(left, "\",\"session\":\"") && take_session(p, left, &stream->session) &&
	       TAKE(left, "\"");
}

/* Whether the text needs no escapes, and is one that a message may have. */
static bool is_plain_text(struct view text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < 0x20 || text.data[i] == '"' || text.data[i] == '\\')
			return false;
	return message_text_is_valid(text);
}

static bool take_same(struct view left, struct element *e)
{
	e->kind = ELEMENT_SAME;
	return left.size == 0;
}

/* Behind the digest and the size of a reference nothing follows. */
static bool take_reference(struct view left, struct element *e)
{
	uint64_t size = 0;

	e->kind = ELEMENT_REFERENCE;
	e->fact.message.text = view_of(NULL, 0);
	if (left.size < 2 * KEY_SIZE || !key_from_text(view_of(left.data, 2 * KEY_SIZE), e->digest))
		return false;
	left = view_of(left.data + 2 * KEY_SIZE, left.size - 2 * KEY_SIZE);
	if (!TAKE(&left, "\",\"size\":") || !take_decimal(&left, &size) || left.size != 0 ||
	    size <= STORE_TEXT_SHARED || size > TEXT_SIZE_MAX)
		return false;
	e->text_size = (uint32_t)size;
	return true;
}

/* The audiences that are common, and short. All others are read from a tree. */
static const struct {
	const char *text;
	uint8_t form[1];
} usual_audiences[] = {
	{ ",\"audience\":{\"all\":true}", { AUDIENCE_ALL } },
	{ ",\"audience\":{\"notice\":true}", { AUDIENCE_ONE | AUDIENCE_NOTICE } },
	{ ",\"audience\":{\"all\":true,\"notice\":true}", { AUDIENCE_ALL | AUDIENCE_NOTICE } },
};

static struct view take_audience(struct view *left)
{
	for (size_t i = 0; i < sizeof usual_audiences / sizeof usual_audiences[0]; i++)
		if (take(left, usual_audiences[i].text, strlen(usual_audiences[i].text)))
			return view_of(usual_audiences[i].form, 1);
	return view_of(NULL, 0);
}

static bool take_said(struct view *left, struct element *e)
{
	return take_decimal(left, &e->said) && e->said > 0;
}

static bool take_says(struct view left, struct element *e)
{
	e->kind = ELEMENT_SAYS;
	return take_said(&left, e) && left.size == 0;
}

static bool take_sent(struct view *left, struct message *m)
{
	if (!TAKE(left, ",\"sent\":") || !take_decimal(left, &m->sent_ms))
		return false;
	m->audience = take_audience(left);
	return true;
}

/* The text is not copied: it stands in the line as it is. Nothing follows it. */
static bool take_text(struct view left, struct message *m)
{
	if (!TAKE(&left, ",\"text\":\"") || left.size == 0 || left.data[left.size - 1] != '"')
		return false;
	left.size--;
	m->text = left;
	return is_plain_text(left);
}

/* The rest of a message, of a reference or of what is said elsewhere: in a journal by the line
 * before, in a snapshot under a number. */
static bool take_message(struct view left, bool sealed, struct element *e)
{
	struct message *m = &e->fact.message;

	if (!take_decimal(&left, &m->number) || m->number == 0)
		return false;
	if (sealed && TAKE(&left, ",\"same\":true"))
		return take_same(left, e);
	if (!sealed && TAKE(&left, ",\"said\":"))
		return take_says(left, e);
	if (!take_sent(&left, m))
		return false;
	return TAKE(&left, ",\"digest\":\"") ? take_reference(left, e) : take_text(left, m);
}

/* What several messages say has an audience. */
static bool take_saying(struct view left, struct element *e)
{
	e->kind = ELEMENT_SAID;
	e->fact.kind = FACT_MESSAGE;
	return take_said(&left, e) && take_sent(&left, &e->fact.message) &&
	       e->fact.message.audience.size > 0 && take_text(left, &e->fact.message);
}

static bool take_burial(struct view left, struct range *range)
{
	return take_decimal(&left, &range->first) && TAKE(&left, ",") &&
	       take_decimal(&left, &range->last) && TAKE(&left, "]") && left.size == 0 &&
	       range->first >= 1 && range->first <= range->last;
}

/* `open` is a line without its brace, or without its seal. */
static bool parse_fast(struct journal_line_parser *p, struct view open, bool sealed,
                       struct element *e)
{
	e->in = 0;
	e->kind = ELEMENT_FACT;
	if (TAKE(&open, "{\"in\":") && (!take_decimal(&open, &e->in) || e->in == 0))
		return false;
	if (e->in > 0 && TAKE(&open, ",\"no\":")) {
		e->fact.kind = FACT_MESSAGE;
		return take_message(open, sealed, e);
	}
	if (TAKE(&open, "{\"stream\":")) {
		e->kind = ELEMENT_STREAM;
		return take_decimal(&open, &e->in) && e->in > 0 && TAKE(&open, ",") &&
		       take_stream(p, &open, &e->fact.message.stream) && open.size == 0;
	}
	if (!sealed && TAKE(&open, "{\"said\":"))
		return take_saying(open, e);
	e->fact.kind = FACT_BURIAL;
	return (e->in > 0 || (TAKE(&open, "{") && take_stream(p, &open, &e->fact.burial.stream))) &&
	       TAKE(&open, ",\"gone\":[") && take_burial(open, &e->fact.burial.range);
}

/* ---- reading, from a tree ---- */

static bool member_key(const struct cJSON *tree, const char *name, uint8_t key[KEY_SIZE])
{
	struct view text;

	return json_string(json_member(tree, name), &text) && key_from_text(text, key);
}

static bool member_id(const struct cJSON *tree, const char *name, struct id *id)
{
	struct view text;

	return json_string(json_member(tree, name), &text) && id_from_text(text, id);
}

static bool member_hex(const struct cJSON *tree, const char *name, uint32_t *value)
{
	struct view text;

	return json_string(json_member(tree, name), &text) && journal_line_hex(text, value);
}

/* A snapshot's name: 8 digits, or "none". */
static bool member_snapshot(const struct cJSON *tree, const char *key, struct snapshot_name *name)
{
	struct view text;

	if (!json_string(json_member(tree, key), &text))
		return false;
	*name = (struct snapshot_name){ 0 };
	if (view_equal(text, view_of_string("none")))
		return true;
	name->present = true;
	return journal_line_hex(text, &name->crc);
}

static bool member_name(const struct cJSON *tree, struct view *name)
{
	return json_string(json_member(tree, "name"), name) && name_is_valid(*name);
}

/* Each tree_... fills *e from a tree that has the keys of its kind, and no others. False: a value
 * is not of the type or in the range that its key asks for. */
static bool tree_verified(const struct cJSON *tree, struct element *e)
{
	struct account *a = &e->fact.account;
	struct verifier *v = &a->verifier;

	e->kind = ELEMENT_FACT;
	e->fact.kind = FACT_ACCOUNT;
	a->epoch = 0;
	a->by = ACCOUNT_BY_OWNER;
	return member_id(tree, "id", &a->id) && member_name(tree, &a->name) &&
	       json_string(json_member(tree, "setting"), &v->setting) &&
	       v->setting.size <= SETTING_SIZE_MAX && member_key(tree, "seal", v->seal) &&
	       member_key(tree, "stored_key", v->stored_key) &&
	       member_key(tree, "server_key", v->server_key) && member_key(tree, "lock", v->lock);
}

static bool tree_account(const struct cJSON *tree, struct element *e)
{
	e->fact.account.lapsed = false;
	return tree_verified(tree, e) &&
	       json_boolean(json_member(tree, "confirmed"), &e->fact.account.confirmed);
}

/* "lapsed" stands in the place of "confirmed", and is true. */
static bool tree_lapsed(const struct cJSON *tree, struct element *e)
{
	struct account *a = &e->fact.account;

	a->confirmed = false;
	return tree_verified(tree, e) && json_boolean(json_member(tree, "lapsed"), &a->lapsed) &&
	       a->lapsed;
}

/* What an account has of a password that was changed. */
static bool tree_later(const struct cJSON *tree, struct element *e)
{
	struct account *a = &e->fact.account;
	uint64_t epoch, by;

	if (!member_key(tree, "middle", a->middle) ||
	    !json_integer(json_member(tree, "epoch"), &epoch) || epoch < 1 || epoch > UINT32_MAX ||
	    !json_integer(json_member(tree, "by"), &by) || by >= ACCOUNT_BY_END)
		return false;
	a->epoch = (uint32_t)epoch;
	a->by = (enum account_by)by;
	return true;
}

static bool tree_renewed(const struct cJSON *tree, struct element *e)
{
	return tree_account(tree, e) && tree_later(tree, e);
}

static bool tree_lapsed_renewed(const struct cJSON *tree, struct element *e)
{
	return tree_lapsed(tree, e) && tree_later(tree, e);
}

/* What both kinds of tombstones begin with. */
static bool tree_gone(const struct cJSON *tree, struct tombstone *t)
{
	return member_id(tree, "id", &t->id) && member_name(tree, &t->name) &&
	       member_key(tree, "middle", t->middle);
}

static bool tree_tombstone(const struct cJSON *tree, struct element *e)
{
	struct tombstone *t = &e->fact.tombstone;

	e->kind = ELEMENT_FACT;
	e->fact.kind = FACT_TOMBSTONE;
	t->by = GONE_BY_KEY;
	return tree_gone(tree, t) && member_key(tree, "delete_key", t->delete_key);
}

/* Of one that is gone by a stamp. */
static bool tree_removed(const struct cJSON *tree, struct element *e)
{
	struct tombstone *t = &e->fact.tombstone;
	uint64_t by;

	e->kind = ELEMENT_FACT;
	e->fact.kind = FACT_TOMBSTONE;
	if (!tree_gone(tree, t) || !member_key(tree, "lock", t->lock) ||
	    !json_integer(json_member(tree, "by"), &by) || by == GONE_BY_KEY || by >= GONE_BY_END)
		return false;
	t->by = (enum gone_by)by;
	return true;
}

static bool tree_stream(const struct cJSON *tree, struct stream *stream)
{
	struct view text;

	return member_id(tree, "to", &stream->recipient) &&
	       member_id(tree, "from", &stream->sender) &&
	       json_string(json_member(tree, "session"), &text) &&
	       ulid_from_text(text, &stream->session);
}

/* The number of a stream, which `key` has, for a fact that is in one. */
static bool tree_in(const struct cJSON *tree, const char *key, struct element *e)
{
	return json_integer(json_member(tree, key), &e->in) && e->in >= 1;
}

/* The stream, or the number that stands for it. */
static bool tree_place(const struct cJSON *tree, struct element *e, struct stream *stream)
{
	return json_member(tree, "in") != NULL ? tree_in(tree, "in", e) : tree_stream(tree, stream);
}

static bool tree_name(const struct cJSON *tree, struct element *e)
{
	e->kind = ELEMENT_STREAM;
	return tree_in(tree, "stream", e) && tree_stream(tree, &e->fact.message.stream);
}

/* The stream and the number of a message, in today's form or in that of an older file. */
static bool tree_number(const struct cJSON *tree, struct element *e)
{
	struct message *m = &e->fact.message;
	const char *key = json_member(tree, "in") != NULL ? "no" : "number";

	e->fact.kind = FACT_MESSAGE;
	return tree_place(tree, e, &m->stream) &&
	       json_integer(json_member(tree, key), &m->number) && m->number >= 1;
}

/* What messages and references have in common. */
static bool tree_numbers(const struct cJSON *tree, struct element *e)
{
	return tree_number(tree, e) &&
	       json_integer(json_member(tree, "sent"), &e->fact.message.sent_ms);
}

/* "same" is true. */
static bool tree_same(const struct cJSON *tree, struct element *e)
{
	bool same = false;

	e->kind = ELEMENT_SAME;
	return tree_number(tree, e) && json_boolean(json_member(tree, "same"), &same) && same;
}

static bool tree_message_text(const struct cJSON *tree, struct message *m)
{
	return json_string(json_member(tree, "text"), &m->text) && message_text_is_valid(m->text);
}

static bool tree_message(const struct cJSON *tree, struct element *e)
{
	e->kind = ELEMENT_FACT;
	return tree_numbers(tree, e) && tree_message_text(tree, &e->fact.message);
}

static bool tree_said(const struct cJSON *tree, struct element *e)
{
	return json_integer(json_member(tree, "said"), &e->said) && e->said >= 1;
}

static bool tree_says(const struct cJSON *tree, struct element *e)
{
	e->kind = ELEMENT_SAYS;
	return tree_number(tree, e) && tree_said(tree, e);
}

static bool tree_saying(const struct cJSON *tree, struct element *e)
{
	struct message *m = &e->fact.message;

	e->kind = ELEMENT_SAID;
	e->fact.kind = FACT_MESSAGE;
	return tree_said(tree, e) && json_integer(json_member(tree, "sent"), &m->sent_ms) &&
	       json_member(tree, "audience") != NULL && tree_message_text(tree, m);
}

static bool tree_reference(const struct cJSON *tree, struct element *e)
{
	uint64_t size;

	e->kind = ELEMENT_REFERENCE;
	e->fact.message.text = view_of(NULL, 0);
	if (!tree_numbers(tree, e) || !member_key(tree, "digest", e->digest) ||
	    !json_integer(json_member(tree, "size"), &size) || size <= STORE_TEXT_SHARED ||
	    size > TEXT_SIZE_MAX)
		return false;
	e->text_size = (uint32_t)size;
	return true;
}

/* "gone" is an array of two numbers, a range that is not empty. */
static bool tree_burial(const struct cJSON *tree, struct element *e)
{
	struct burial *b = &e->fact.burial;
	const struct cJSON *gone = json_member(tree, "gone");

	e->kind = ELEMENT_FACT;
	e->fact.kind = FACT_BURIAL;
	if (!tree_place(tree, e, &b->stream) || !json_is_array(gone))
		return false;

	const struct cJSON *first = json_first(gone);
	const struct cJSON *last = first == NULL ? NULL : json_next(first);

	return json_integer(first, &b->range.first) && json_integer(last, &b->range.last) &&
	       json_next(last) == NULL && b->range.first >= 1 && b->range.first <= b->range.last;
}

/* The digest must be that of the text. */
static bool tree_text(const struct cJSON *tree, struct element *e)
{
	uint8_t digest[SHA256_SIZE];

	e->kind = ELEMENT_TEXT;
	if (!member_key(tree, "digest", e->digest) ||
	    !json_string(json_member(tree, "text"), &e->text) || !message_text_is_valid(e->text) ||
	    e->text.size <= STORE_TEXT_SHARED)
		return false;
	sha256(e->text.data, e->text.size, digest);
	return memcmp(digest, e->digest, KEY_SIZE) == 0;
}

static bool tree_block(const struct cJSON *tree, struct element *e)
{
	e->kind = ELEMENT_BLOCK;
	return member_hex(tree, "crc", &e->crc);
}

static bool tree_names(const struct cJSON *tree, struct snapshot_names *names)
{
	return member_snapshot(tree, "users", &names->users) &&
	       member_snapshot(tree, "pending", &names->pending);
}

/* The format is only read here: who reads the file refuses a newer one with a sentence of its
 * own. */
static bool tree_head(const struct cJSON *tree, struct element *e)
{
	struct journal_head *head = &e->head;

	e->kind = ELEMENT_HEAD;
	*head = (struct journal_head){ .has_old = json_member(tree, "old") != NULL };
	return json_integer(json_member(tree, "format"), &head->format) &&
	       tree_names(tree, &head->follows) &&
	       (!head->has_old || (json_integer(json_member(tree, "old"), &head->old_size) &&
	                           member_hex(tree, "old_crc", &head->old_crc)));
}

static bool tree_synced(const struct cJSON *tree, struct element *e)
{
	e->kind = ELEMENT_SYNCED;
	return json_integer(json_member(tree, "synced"), &e->synced);
}

static bool tree_note(const struct cJSON *tree, struct element *e)
{
	e->kind = ELEMENT_NOTE;
	return tree_names(tree, &e->head.follows) && e->head.follows.users.present &&
	       e->head.follows.pending.present;
}

/* The names of an audience to several, from the first; false if they are not `count` strings. */
static bool tree_names_of(const struct cJSON *array, struct audience *audience)
{
	const struct cJSON *name = json_is_array(array) ? json_first(array) : NULL;

	audience->names_count = 0;
	for (; name != NULL; name = json_next(name))
		if (audience->names_count == AUDIENCE_NAMES_MAX ||
		    !json_string(name, &audience->names[audience->names_count++]))
			return false;
	return true;
}

/* Gives a message its audience, which has the keys that put_audience writes and no other. */
static bool tree_audience(const struct cJSON *tree, struct journal_line_parser *p,
                          struct element *e)
{
	static const char *const keys[] = { "all", "count", "names", "notice" };
	const struct cJSON *member = json_member(tree, "audience");
	const struct cJSON *notice = json_member(member, "notice");
	struct audience audience = { .kind = AUDIENCE_ONE };
	uint64_t count = 0;
	bool is_all = false;

	e->fact.message.audience = view_of(NULL, 0);
	if (member == NULL)
		return true;
	if (!json_has_only(member, keys, sizeof keys / sizeof keys[0]))
		return false;
	if (notice != NULL && (!json_boolean(notice, &audience.is_notice) || !audience.is_notice))
		return false;
	if (json_member(member, "count") != NULL) {
		audience.kind = AUDIENCE_SEVERAL;
		if (!json_integer(json_member(member, "count"), &count) ||
		    count > AUDIENCE_COUNT_MAX ||
		    !tree_names_of(json_member(member, "names"), &audience))
			return false;
		audience.count = (uint32_t)count;
	}
	if (json_member(member, "all") != NULL) {
		if (count > 0 || !json_boolean(json_member(member, "all"), &is_all) || !is_all)
			return false;
		audience.kind = AUDIENCE_ALL;
	}
	if (!audience_has_form(&audience))
		return false;
	e->fact.message.audience = view_of(p->audience, audience_put(p->audience, &audience));
	return true;
}

/* The kinds of lines, and where each may stand. A line is of the kind whose keys it has: all of
 * them and no other, but that what is a message may have an audience. */
static const struct form {
	const char *keys[11];
	size_t count;
	enum { IN_BOTH, IN_SNAPSHOT, IN_JOURNAL } where;
	bool (*read)(const struct cJSON *tree, struct element *e);
} forms[] = {
	{ { "stream", "to", "from", "session" }, 4, IN_BOTH, tree_name },
	{ { "in", "no", "sent", "text" }, 4, IN_BOTH, tree_message },
	{ { "in", "no", "sent", "digest", "size" }, 5, IN_BOTH, tree_reference },
	{ { "in", "no", "same" }, 3, IN_JOURNAL, tree_same },
	{ { "in", "no", "said" }, 3, IN_SNAPSHOT, tree_says },
	{ { "said", "sent", "text" }, 3, IN_SNAPSHOT, tree_saying },
	{ { "in", "gone" }, 2, IN_BOTH, tree_burial },
	{ { "to", "from", "session", "gone" }, 4, IN_BOTH, tree_burial },
	{ { "to", "from", "session", "number", "sent", "text" }, 6, IN_BOTH, tree_message },
	{ { "id", "name", "setting", "seal", "stored_key", "server_key", "lock", "confirmed" },
	  8,
	  IN_BOTH,
	  tree_account },
	{ { "id", "name", "setting", "seal", "stored_key", "server_key", "lock", "lapsed" },
	  8,
	  IN_BOTH,
	  tree_lapsed },
	{ { "id", "name", "setting", "seal", "stored_key", "server_key", "lock", "middle", "epoch",
	    "by", "confirmed" },
	  11,
	  IN_BOTH,
	  tree_renewed },
	{ { "id", "name", "setting", "seal", "stored_key", "server_key", "lock", "middle", "epoch",
	    "by", "lapsed" },
	  11,
	  IN_BOTH,
	  tree_lapsed_renewed },
	{ { "id", "name", "middle", "delete_key" }, 4, IN_BOTH, tree_tombstone },
	{ { "id", "name", "lock", "middle", "by" }, 5, IN_BOTH, tree_removed },
	{ { "to", "from", "session", "number", "sent", "digest", "size" },
	  7,
	  IN_BOTH,
	  tree_reference },
	{ { "digest", "text" }, 2, IN_BOTH, tree_text },
	{ { "crc" }, 1, IN_SNAPSHOT, tree_block },
	{ { "synced" }, 1, IN_JOURNAL, tree_synced },
	{ { "users", "pending" }, 2, IN_JOURNAL, tree_note },
	{ { "format", "users", "pending" }, 3, IN_JOURNAL, tree_head },
	{ { "format", "users", "pending", "old", "old_crc" }, 5, IN_JOURNAL, tree_head },
};

/* Of a form of one of these kinds, which may have an audience. */
static bool is_message(const struct form *form)
{
	return form->read == tree_message || form->read == tree_reference ||
	       form->read == tree_saying;
}

/* Whether the keys of a tree are exactly those of the form, and the seal's if there is one. */
static bool has_form(const struct cJSON *tree, const struct form *form, bool sealed)
{
	const char *keys[sizeof form->keys / sizeof form->keys[0] + 2];
	size_t count = form->count;

	memcpy(keys, form->keys, count * sizeof keys[0]);
	if (sealed)
		keys[count++] = "crc";
	for (size_t i = 0; i < count; i++)
		if (json_member(tree, keys[i]) == NULL)
			return false;
	if (is_message(form))
		keys[count++] = "audience";
	return json_has_only(tree, keys, count);
}

static bool parse_tree(struct journal_line_parser *p, bool sealed, struct element *e,
                       const char **wrong)
{
	const struct cJSON *tree = p->tree;

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const struct form *form = &forms[i];

		if (form->where == (sealed ? IN_SNAPSHOT : IN_JOURNAL) ||
		    !has_form(tree, form, sealed))
			continue;
		*wrong = "a member is not what its key says";
		return form->read(tree, e) && (!is_message(form) || tree_audience(tree, p, e));
	}
	*wrong = "no known element";
	return false;
}

/* Keeps the name of a stream, or gives a fact the stream that its number means. */
static bool resolve(struct journal_line_parser *p, struct element *e, const char **wrong)
{
	struct stream *stream = e->kind == ELEMENT_FACT && e->fact.kind == FACT_BURIAL
	                                ? &e->fact.burial.stream
	                                : &e->fact.message.stream;
	const struct name *name;

	e->is_nameless = false;
	if (e->kind == ELEMENT_STREAM) {
		*wrong = "its number means another stream, or cannot stand there";
		return named_put(&p->named, e->in, stream);
	}
	if (e->in == 0)
		return true;
	name = named_get(&p->named, e->in);
	e->is_nameless = name == NULL || name->is_disputed;
	*stream = !e->is_nameless ? name->stream : (struct stream){ 0 };
	return true;
}

static bool parse_long(struct journal_line_parser *p, struct view line, bool sealed,
                       struct element *e, const char **wrong)
{
	e->in = 0;
	json_free(p->tree);
	p->tree = json_parse(line, wrong);
	return p->tree != NULL && parse_tree(p, sealed, e, wrong) && resolve(p, e, wrong);
}

/* The long way must read the same. Its tree is freed, because the short way leaves none. */
static void check_both(struct journal_line_parser *p, struct view line, bool sealed,
                       const struct element *e)
{
#ifdef BOTH_WAYS
	const char *wrong = "";
	struct element again;
	bool done = parse_long(p, line, sealed, &again, &wrong);

	assert(done);
	both_check_read(e, &again);
	json_free(p->tree);
	p->tree = NULL;
#else
	(void)p, (void)line, (void)sealed, (void)e;
#endif
}

bool journal_line_parse(struct journal_line_parser *p, struct view line, bool sealed,
                        struct element *e, const char **wrong)
{
	size_t closing = sealed ? JOURNAL_SEAL_SIZE + 1 : 1;

	assert(e != NULL);
	if (line.size <= closing || p->cjson_only || line.data[line.size - 1] != '}' ||
	    !parse_fast(p, view_of(line.data, line.size - closing), sealed, e))
		return parse_long(p, line, sealed, e, wrong);
	if (!resolve(p, e, wrong))
		return false;
	check_both(p, line, sealed, e);
	return true;
}
