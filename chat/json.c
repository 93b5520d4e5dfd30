/* SPDX-License-Identifier: MIT
 *
 * A command as JSON: one object whose values are strings, a list of strings, a boolean or a number.
 *
 * A string keeps whatever it holds: a NUL, half of a surrogate pair, bytes that are no UTF-8. The
 * check of the field then refuses it as what it is, for instance as a bad text, and not as a line
 * that was not understood. That is why there is this small reader of one flat object beside
 * journal/json.c, which refuses such documents as a whole and knows no fractions.
 *
 * Grammar: RFC 8259. Nothing may follow the object, no key may stand twice.
 */
#include "chat/json.h"

#include "chat/key.h"
#include "protocol.h"

/* The byte at the cursor, or 0 at the end: nowhere outside strings is a NUL allowed either. */
static uint8_t peek(const struct json_cursor *c)
{
	return c->at < c->line.size ? c->line.data[c->at] : 0;
}

static void skip_blanks(struct json_cursor *c)
{
	while (peek(c) == ' ' || peek(c) == '\t' || peek(c) == '\r' || peek(c) == '\n')
		c->at++;
}

/* Takes this byte if it comes next, and the blanks around it. */
static bool take(struct json_cursor *c, char wanted)
{
	skip_blanks(c);
	if (peek(c) != (uint8_t)wanted)
		return false;
	c->at++;
	skip_blanks(c);
	return true;
}

static bool fail(struct json_cursor *c, const char *wrong)
{
	if (c->wrong == NULL)
		c->wrong = wrong;
	return false;
}

static bool take_hex(struct json_cursor *c, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++) {
		uint8_t digit = peek(c);

		if (digit >= '0' && digit <= '9')
			*value = *value * 16 + (uint32_t)(digit - '0');
		else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
			*value = *value * 16 + (uint32_t)((digit | 0x20) - 'a' + 10);
		else
			return fail(c, "a \\u without four digits");
		c->at++;
	}
	return true;
}

/* Appends a character as UTF-8. Half of a pair becomes three bytes that are no UTF-8, which the
 * check of the text finds. */
static void put_character(struct buf *to, uint32_t character)
{
	uint8_t bytes[4];
	size_t size = 0;

	assert(character <= 0x10ffff);
	if (character < 0x80) {
		bytes[size++] = (uint8_t)character;
	} else if (character < 0x800) {
		bytes[size++] = (uint8_t)(0xc0 | character >> 6);
	} else if (character < 0x10000) {
		bytes[size++] = (uint8_t)(0xe0 | character >> 12);
		bytes[size++] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
	} else {
		bytes[size++] = (uint8_t)(0xf0 | character >> 18);
		bytes[size++] = (uint8_t)(0x80 | (character >> 12 & 0x3f));
		bytes[size++] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
	}
	if (character >= 0x80)
		bytes[size++] = (uint8_t)(0x80 | (character & 0x3f));

	/* An escape is longer than what it stands for. */
	buf_append(to, view_of(bytes, size));
}

/* Behind "\u": an escape that is one character, or the first of two that are one together. */
static bool take_unicode(struct json_cursor *c)
{
	uint32_t high;
	uint32_t low;
	size_t back;

	if (!take_hex(c, &high))
		return false;
	back = c->at;
	if (high >= 0xd800 && high <= 0xdbff && peek(c) == '\\') {
		c->at++;
		if (peek(c) == 'u') {
			c->at++;
			if (!take_hex(c, &low))
				return false;
			if (low >= 0xdc00 && low <= 0xdfff) {
				put_character(c->strings,
				              0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00)));
				return true;
			}
		}
		c->at = back;
	}
	put_character(c->strings, high);
	return true;
}

static bool take_escape(struct json_cursor *c)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	uint8_t letter = peek(c);
	const char *found = letter == 0 ? NULL : strchr(letters, (char)letter);

	c->at++;
	if (letter == 'u')
		return take_unicode(c);
	if (found == NULL)
		return fail(c, "an escape that JSON does not have");
	put_character(c->strings, (uint8_t)meant[found - letters]);
	return true;
}

/* How many bytes from the cursor on are what they stand for. */
static size_t plain_size(const struct json_cursor *c)
{
	size_t end = c->at;

	while (end < c->line.size && c->line.data[end] != '"' && c->line.data[end] != '\\' &&
	       (c->line.data[end] >= 0x20 || c->line.data[end] == 0))
		end++;
	return end - c->at;
}

bool json_take_string(struct json_cursor *c, struct view *string)
{
	size_t begin = c->strings->size;

	if (peek(c) != '"')
		return fail(c, "no string where one belongs");
	c->at++;
	for (;;) {
		size_t size = plain_size(c);

		buf_append(c->strings, view_of(c->line.data + c->at, size));
		c->at += size;
		if (c->at == c->line.size)
			return fail(c, "a string without an end, or a newline in it, which is \\n");
		if (c->line.data[c->at++] == '"')
			break;
		if (c->line.data[c->at - 1] != '\\')
			return fail(c, "a control character in a string");
		if (!take_escape(c))
			return false;
	}
	*string = view_of(c->strings->data + begin, c->strings->size - begin);
	return true;
}

static bool take_list(struct json_cursor *c, struct command_fields *fields)
{
	fields->to_count = 0;
	if (take(c, ']'))
		return true;
	do {
		struct view item;

		if (!json_take_string(c, &item))
			return fail(c, "something else than names in 'to'");
		if (fields->to_count <= RECIPIENTS_MAX)
			fields->to[fields->to_count++] = item;
	} while (take(c, ','));
	return take(c, ']') || fail(c, "a list without an end");
}

static bool is_digit(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
}

/* Takes a number as text, also one with a sign or an exponent; the check of the field decides
 * whether it has such numbers. */
static bool take_number(struct json_cursor *c, struct view *number)
{
	size_t begin = c->at;

	while (is_digit(peek(c)) || (c->at > begin && ((peek(c) | 0x20) == 'e' || peek(c) == '+')))
		c->at++;
	if (c->at == begin)
		return fail(c, "a value that does not belong there");
	*number = view_of(c->line.data + begin, c->at - begin);
	return true;
}

static bool take_boolean(struct json_cursor *c, enum field field, bool *value)
{
	struct view rest = view_of(c->line.data + c->at, c->line.size - c->at);

	*value = view_starts_with(rest, view_of_string("true"));
	if (!*value && !view_starts_with(rest, view_of_string("false")))
		return fail(c, field == FIELD_NOTICE ? "'notice' is neither true nor false"
		                                     : "'take_over' is neither true nor false");
	c->at += *value ? 4 : 5;
	return true;
}

static bool take_value(struct json_cursor *c, enum field field, struct command_fields *fields)
{
	struct view *value = &fields->values[field];
	bool given = true;

	if (field == FIELD_TAKE_OVER || field == FIELD_NOTICE) {
		if (!take_boolean(c, field, &given))
			return false;
	} else if (field == FIELD_TO && take(c, '[')) {
		if (!take_list(c, fields))
			return false;
	} else if (field == FIELD_TO) {
		if (!json_take_string(c, &fields->to[0]))
			return false;
		fields->to_count = 1;
	} else if ((field == FIELD_SECONDS || field == FIELD_COUNT) && peek(c) != '"') {
		if (!take_number(c, value))
			return false;
	} else if (!json_take_string(c, value)) {
		return false;
	}
	if (given)
		fields->given |= FIELD_BIT(field);
	return true;
}

static bool is_word(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
	       byte == '-' || byte == '+' || byte == '.';
}

/* Passes over a value of any kind, and is not strict: the command is refused already. */
static bool skip_value(struct json_cursor *c)
{
	const size_t size = c->strings->size;
	size_t depth = 0;

	do {
		struct view string;
		uint8_t byte;

		skip_blanks(c);
		byte = peek(c);
		if (byte == '"') {
			if (!json_take_string(c, &string))
				return false;
			c->strings->size = size;
		} else if (byte == '{' || byte == '[') {
			depth++;
			c->at++;
		} else if (depth > 0 && (byte == '}' || byte == ']')) {
			depth--;
			c->at++;
		} else if (is_word(byte) || (depth > 0 && (byte == ',' || byte == ':'))) {
			c->at++;
		} else {
			return fail(c, "a value that does not belong there");
		}
	} while (depth > 0 || is_word(peek(c)));
	return true;
}

/* A key or a value that is wrong is passed over: what stands behind it may say which command it is,
 * and what its tag is. */
static bool take_member(struct json_cursor *c, struct command_fields *fields, uint32_t *seen)
{
	struct view key;
	enum field field;
	size_t at;
	size_t size;

	if (!json_take_string(c, &key))
		return false;
	if (!take(c, ':'))
		return fail(c, "a key without ':'");
	field = key_find(key);
	if (field == FIELD_END && !view_equal(key, view_of_string("command"))) {
		if (c->wrong == NULL)
			fields->wrong_key = key;
		(void)fail(c, "a key that it does not have");
		return skip_value(c);
	}
	if ((*seen & 1u << field) != 0)
		return fail(c, "a key that stands twice");
	*seen |= 1u << field;
	at = c->at;
	size = c->strings->size;
	if (field == FIELD_END ? json_take_string(c, &fields->word) : take_value(c, field, fields))
		return true;
	if (fields->wrong_key.data == NULL)
		fields->wrong_key = key;
	c->at = at;
	c->strings->size = size;
	return skip_value(c);
}

static bool take_object(struct json_cursor *c, struct command_fields *fields)
{
	uint32_t seen = 0;

	if (!take(c, '{'))
		return fail(c, "no object");
	if (!take(c, '}')) {
		do {
			if (!take_member(c, fields, &seen))
				return false;
		} while (take(c, ','));
		if (!take(c, '}'))
			return fail(c, "an object without an end");
	}
	if (c->at != c->line.size)
		return fail(c, "something after the object");
	if ((seen & 1u << FIELD_END) == 0)
		return fail(c, "no 'command'");
	return true;
}

void command_fields_of_json(struct view line, struct buf *strings, struct command_fields *fields)
{
	struct json_cursor c = { .line = line, .strings = strings };
	uint8_t *room;

	assert(line.size > 0);
	assert(line.size <= strings->size_max);
	buf_clear(strings);
	room = buf_reserve(strings, line.size);
	assert(room != NULL);
	(void)room;
	(void)take_object(&c, fields); /* the cursor knows what was wrong */
	fields->wrong = c.wrong;
	fields->is_json = true;
	assert(strings->size <= line.size);
}

void json_extent_add(struct json_extent *e, struct view bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		uint8_t byte = bytes.data[i];

		if (e->is_escaped)
			e->is_escaped = false;
		else if (e->is_string && byte == '\\')
			e->is_escaped = true;
		else if (byte == '"')
			e->is_string = !e->is_string;
		else if (!e->is_string && (byte == '{' || byte == '['))
			e->depth++;
		else if (!e->is_string && (byte == '}' || byte == ']') && e->depth > 0)
			e->depth--;
	}
}

bool json_extent_is_open(const struct json_extent *e)
{
	return e->depth > 0 && !e->is_string;
}
