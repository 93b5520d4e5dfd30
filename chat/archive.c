/* SPDX-License-Identifier: MIT
 *
 * A line is read as one object of JSON, whose members may stand in any order and of which those
 * that are not known are skipped: so a later version may add some.
 *
 * The search for bytes is Horspool's: it looks at every needle_size-th byte as long as that is none
 * of the needle's. Our own lines escape a character in one way only (base/escape.h). So a line that
 * holds a text also holds its escaped form, and what holds neither is never looked at closer.
 */
#include "chat/archive.h"

#include "chat/json.h"
#include "chat/say.h"

#include "base/escape.h"

enum { DEPTH_MAX = 8 }; /* of lists and objects in a member that is skipped */

/* ---- a line ---- */

static uint8_t peek(const struct json_cursor *c)
{
	return c->at < c->line.size ? c->line.data[c->at] : 0;
}

static bool take(struct json_cursor *c, char wanted)
{
	if (peek(c) != (uint8_t)wanted)
		return false;
	c->at++;
	return true;
}

/* Takes a value of any kind that nobody asks for. Of a list or an object only the brackets are
 * counted. */
static bool skip_value(struct json_cursor *c)
{
	size_t depth = 0;
	size_t begin = c->at;

	while (c->at < c->line.size) {
		uint8_t byte = peek(c);
		struct view string;

		if (depth == 0 && c->at > begin && (byte == ',' || byte == '}' || byte == ']'))
			return true;
		if (byte == '"') {
			if (!json_take_string(c, &string))
				return false;
			continue;
		}
		if (byte == '[' || byte == '{')
			depth++;
		if ((byte == ']' || byte == '}') && depth-- == 0)
			return false;
		if (depth > DEPTH_MAX)
			return false;
		c->at++;
	}
	return false;
}

static bool take_number(struct json_cursor *c, uint64_t *number)
{
	size_t begin = c->at;

	*number = 0;
	while (peek(c) >= '0' && peek(c) <= '9' && c->at - begin < 18)
		*number = *number * 10 + (uint64_t)(c->line.data[c->at++] - '0');
	return c->at > begin;
}

static bool take_boolean(struct json_cursor *c, bool *value)
{
	struct view rest = view_of(c->line.data + c->at, c->line.size - c->at);

	*value = view_starts_with(rest, view_of_string("true"));
	return skip_value(c);
}

static bool copy_string(char *to, size_t size, struct view from)
{
	if (from.size < size)
		view_to_string(from, to, size);
	return from.size < size;
}

static bool take_names(struct json_cursor *c, struct archive_line *kept)
{
	kept->to_count = 0;
	if (!take(c, '['))
		return false;
	if (!kept->is_own && take(c, ']'))
		return true;
	do {
		struct view name;

		if (!json_take_string(c, &name) || !name_is_reference(name))
			return false;
		if (kept->to_count < ARCHIVE_NAMES_MAX)
			(void)copy_string(kept->to[kept->to_count], COMMAND_ACCOUNT_SIZE, name);
		kept->to_count++;
	} while (take(c, ','));
	return take(c, ']');
}

/* Two digits or more, as script_time writes them. */
static bool take_digits(struct view *text, size_t size, char behind, unsigned *number)
{
	*number = 0;
	if (text->size < size + 1 || text->data[size] != (uint8_t)behind)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text->data[i] < '0' || text->data[i] > '9')
			return false;
		*number = *number * 10 + (unsigned)(text->data[i] - '0');
	}
	*text = view_of(text->data + size + 1, text->size - size - 1);
	return true;
}

/* The inverse of script_time: years begin in March, so that the leap day is a year's last one. */
static bool read_time(struct view text, uint64_t *ms)
{
	unsigned year;
	unsigned month;
	unsigned day;
	unsigned hour;
	unsigned minute;
	unsigned second;
	unsigned fraction;
	uint64_t days;

	if (!take_digits(&text, 4, '-', &year) || !take_digits(&text, 2, '-', &month) ||
	    !take_digits(&text, 2, 'T', &day) || !take_digits(&text, 2, ':', &hour) ||
	    !take_digits(&text, 2, ':', &minute) || !take_digits(&text, 2, '.', &second) ||
	    !take_digits(&text, 3, 'Z', &fraction))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
	    minute > 59 || second > 59)
		return false;
	year -= month <= 2;
	month = month <= 2 ? month + 9 : month - 3;
	days = (uint64_t)year * 365 + year / 4 - year / 100 + year / 400 +
	       (153 * (uint64_t)month + 2) / 5 + day - 1 - 719468;
	*ms = days * 86400000 + hour * UINT64_C(3600000) + minute * UINT64_C(60000) +
	      second * UINT64_C(1000) + fraction;
	return true;
}

static bool read_id(struct view text, struct archive_line *kept)
{
	kept->has_id = say_id_read(text, &kept->session, &kept->number);
	return kept->has_id;
}

static bool read_error(struct view code, struct archive_line *kept)
{
	enum outcome outcome = OUTCOME_OK + 1;

	while (outcome < OUTCOME_END && !view_equal(code, view_of_string(outcome_code(outcome))))
		outcome++;
	/* One that this version does not know is no success. */
	kept->outcome = outcome < OUTCOME_END ? outcome : OUTCOME_UNKNOWN;
	return true;
}

static bool read_detail(struct view text, struct archive_line *kept)
{
	if (text.size >= COMMAND_DETAIL_SIZE)
		text.size = COMMAND_DETAIL_SIZE - 1;
	return memchr(text.data, 0, text.size) == NULL &&
	       copy_string(kept->detail, COMMAND_DETAIL_SIZE, text);
}

static bool read_from(struct view name, struct archive_line *kept)
{
	return name_is_reference(name) && copy_string(kept->from, DISPLAY_SIZE, name);
}

static bool read_text(struct view text, struct archive_line *kept)
{
	kept->text = text;
	return message_text_is_valid(text);
}

static bool read_sent(struct view text, struct archive_line *kept)
{
	return read_time(text, &kept->sent_ms);
}

static bool read_event(struct view event, struct archive_line *kept)
{
	kept->is_own = view_equal(event, view_of_string("sent"));
	return kept->is_own || view_equal(event, view_of_string("message"));
}

/* What a string of this key means; NULL: nothing. */
static bool (*reader_of_key(struct view key))(struct view value, struct archive_line *kept)
{
	static const struct {
		const char *key;
		bool (*read)(struct view value, struct archive_line *kept);
	} keys[] = {
		{ "event", read_event },   { "id", read_id },     { "from", read_from },
		{ "text", read_text },     { "sent", read_sent }, { "error", read_error },
		{ "detail", read_detail },
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (view_equal(key, view_of_string(keys[i].key)))
			return keys[i].read;
	return NULL;
}

static bool take_member(struct json_cursor *c, struct archive_line *kept)
{
	bool (*read)(struct view value, struct archive_line * kept);
	struct view key;
	struct view value;
	uint64_t number;

	if (!json_take_string(c, &key) || !take(c, ':'))
		return false;
	read = reader_of_key(key);
	if (read != NULL)
		return json_take_string(c, &value) && read(value, kept);
	if (view_equal(key, view_of_string("to")))
		return take_names(c, kept);
	if (view_equal(key, view_of_string("all")))
		return take_boolean(c, &kept->is_all);
	if (view_equal(key, view_of_string("notice")))
		return take_boolean(c, &kept->is_notice);
	if (view_equal(key, view_of_string("to_count")) && peek(c) != 'n') {
		if (!take_number(c, &number))
			return false;
		kept->to_count = (size_t)number;
		return true;
	}
	if (!view_equal(key, view_of_string("stored")))
		return skip_value(c);
	if (!take_number(c, &number))
		return false;
	kept->stored = (uint32_t)number;
	return true;
}

/* A line that says it in a way that no message can is shown as one to the reader alone. */
static void set_audience(struct archive_line *kept)
{
	struct audience audience = { .kind = kept->is_all         ? AUDIENCE_ALL
		                             : kept->to_count > 1 ? AUDIENCE_SEVERAL
		                                                  : AUDIENCE_ONE,
		                     .is_notice = kept->is_notice };

	if (audience.kind == AUDIENCE_SEVERAL && kept->to_count <= AUDIENCE_COUNT_MAX)
		audience.count = (uint32_t)kept->to_count;
	while (audience.names_count < audience.count && audience.names_count < AUDIENCE_NAMES_MAX) {
		const char *name = kept->to[audience.names_count];

		audience.names[audience.names_count++] = view_of_string(name);
	}
	if (!kept->is_own && audience_has_form(&audience))
		kept->audience_size = audience_put(kept->audience, &audience);
}

bool archive_read(struct view line, struct buf *strings, struct archive_line *kept)
{
	struct json_cursor c = { .line = line, .strings = strings };

	*kept = (struct archive_line){ .outcome = OUTCOME_OK };
	buf_clear(strings);
	if (line.size == 0 || line.size > ARCHIVE_LINE_SIZE_MAX)
		return false;
	(void)buf_reserve(strings, line.size);
	if (!take(&c, '{'))
		return false;
	do
		if (!take_member(&c, kept))
			return false;
	while (take(&c, ','));
	set_audience(kept);
	return take(&c, '}') && c.at == line.size && kept->text.size > 0 && kept->sent_ms > 0 &&
	       (kept->is_own || kept->from[0] != 0);
}

/* ---- what is looked for ---- */

static void set_skips(struct archive_query *q)
{
	size_t size = q->needle_size;

	for (size_t i = 0; i < 256; i++)
		q->skip[i] = (uint16_t)size;
	q->again = (uint16_t)size;
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = q->needle[i];

		if (i + 1 < size && byte == q->needle[size - 1])
			q->again = (uint16_t)(size - 1 - i);
		q->skip[byte] = (uint16_t)(size - 1 - i);
		if (byte >= 'a' && byte <= 'z')
			q->skip[byte - 32] = q->skip[byte];
	}
}

bool archive_query_init(struct archive_query *q, struct view name, struct view text)
{
	struct buf escaped;

	assert(name.size == 0 || text.size == 0);
	*q = (struct archive_query){ .text_size = text.size };
	if (text.size > ARCHIVE_TEXT_SIZE_MAX || !copy_string(q->name, sizeof q->name, name))
		return false;
	for (size_t i = 0; i < text.size; i++)
		q->text[i] = view_lower(text.data[i]);
	buf_init(&escaped, ESCAPE_GROWTH_MAX * ARCHIVE_TEXT_SIZE_MAX + 2);
	escape_for_json(&escaped, text.size > 0 ? text : name);
	assert(escaped.size - 2 <= sizeof q->needle);
	q->needle_size = escaped.size - 2; /* without the quotes */
	for (size_t i = 0; i < q->needle_size; i++)
		q->needle[i] = view_lower(escaped.data[i + 1]);
	buf_release(&escaped);
	if (q->needle_size > 0)
		set_skips(q);
	return true;
}

/* Where the bytes that each line that fits holds stand next; NULL: nowhere. */
static const uint8_t *find_needle(const struct archive_query *q, struct view in)
{
	size_t last = q->needle_size - 1;
	size_t at = last;

	while (at < in.size) {
		size_t skip = q->skip[in.data[at]];
		size_t left = last;

		if (skip > 0) {
			at += skip;
			continue;
		}
		while (left > 0 && view_lower(in.data[at - last + left - 1]) == q->needle[left - 1])
			left--;
		if (left == 0)
			return in.data + at - last;
		at += q->again;
	}
	return NULL;
}

static bool holds_folded(struct view text, const struct archive_query *q)
{
	const struct view wanted = view_of(q->text, q->text_size);

	for (size_t i = 0; i + wanted.size <= text.size; i++)
		if (view_equal_lower(view_of(text.data + i, wanted.size), wanted))
			return true;
	return false;
}

/* The text of a line as it stands, without its quotes; false if there is none. A quote within a
 * string has a backslash before it, so what looks like the key is the key. */
static bool find_text(struct view line, struct view *text, bool *has_escapes)
{
	static const char key[] = ",\"text\":\"";
	const uint8_t *found = memmem(line.data, line.size, key, sizeof key - 1);
	size_t begin;

	if (found == NULL)
		return false;
	begin = (size_t)(found - line.data) + sizeof key - 1;
	*has_escapes = false;
	for (size_t at = begin; at < line.size && line.data[at] != '"'; at++) {
		if (line.data[at] == '\\') {
			*has_escapes = true;
			at++;
		}
		*text = view_of(line.data + begin, at + 1 - begin);
	}
	return begin < line.size && line.data[begin] != '"';
}

/* Whether the list of recipients, of which archive_read keeps only the first, has the name. No name
 * has an escape or a bracket. */
static bool is_recipient(const struct archive_query *q, struct view line)
{
	static const char key[] = ",\"to\":[";
	size_t size = strlen(q->name);
	const uint8_t *at = memmem(line.data, line.size, key, sizeof key - 1);
	const uint8_t *end = line.data + line.size;

	for (; at != NULL && at < end && *at != ']'; at++)
		if (*at == '"' && (size_t)(end - at) > size + 1 && at[size + 1] == '"' &&
		    name_equal(view_of(at + 1, size), view_of_string(q->name)))
			return true;
	return false;
}

static bool is_with(const struct archive_query *q, const struct archive_line *kept,
                    struct view line)
{
	if (kept->is_own)
		return is_recipient(q, line);
	return name_equal(view_of_string(q->name), view_of_string(kept->from));
}

bool archive_fits(const struct archive_query *q, struct view line, struct buf *strings)
{
	struct archive_line kept;
	struct view text;
	bool has_escapes;

	if (q->text_size == 0)
		return archive_read(line, strings, &kept) &&
		       (q->name[0] == 0 || is_with(q, &kept, line));
	if (!find_text(line, &text, &has_escapes))
		return false;
	if (!has_escapes)
		return holds_folded(text, q);
	return archive_read(line, strings, &kept) && holds_folded(kept.text, q);
}

static void add_hit(struct archive_hits *hits, struct view line)
{
	hits->found++;
	if (hits->count_max == 0)
		return;
	if (hits->count == hits->count_max)
		hits->first = (hits->first + 1) % hits->count_max;
	else
		hits->count++;
	hits->lines[(hits->first + hits->count - 1) % hits->count_max] = line;
}

void archive_scan(const struct archive_query *q, struct view lines, struct buf *strings,
                  struct archive_hits *hits)
{
	while (lines.size > 0) {
		const uint8_t *found = q->needle_size == 0 ? lines.data : find_needle(q, lines);
		const uint8_t *begin;
		const uint8_t *end;

		if (found == NULL)
			return;
		begin = memrchr(lines.data, '\n', (size_t)(found - lines.data));
		begin = begin == NULL ? lines.data : begin + 1;
		end = memchr(found, '\n', (size_t)(lines.data + lines.size - found));
		if (end == NULL)
			return;
		if (archive_fits(q, view_of(begin, (size_t)(end - begin)), strings))
			add_hit(hits, view_of(begin, (size_t)(end - begin)));
		lines = view_of(end + 1, lines.size - (size_t)(end + 1 - lines.data));
	}
}
