/* SPDX-License-Identifier: MIT
 *
 * What cJSON accepts and we refuse is found by one walk over the text before cJSON sees it. The
 * walk is no second parser: it knows strings, numbers and brackets as tokens and leaves the grammar
 * to cJSON. What cJSON is told is therefore free of everything that it is known to read differently
 * from the RFC.
 *
 * cJSON gets its memory from memory_alloc, so a NULL from it is always a mistake in the text,
 * never a lack of memory.
 */
#include "journal/json.h"

#include "fact/fact.h"

#include <cjson/cJSON.h>
#include <pthread.h>

static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

/* cJSON keeps its allocator in global variables; they are set once, before its first use. */
static void hooks_set(void)
{
	cJSON_Hooks hooks = { .malloc_fn = memory_alloc, .free_fn = memory_free };

	cJSON_InitHooks(&hooks);
}

static void hooks_need(void)
{
	int failed = pthread_once(&hooks_once, hooks_set);

	assert(failed == 0);
	(void)failed; /* it can only fail on a bad argument */
}

/* message_text_is_valid takes 1 to TEXT_SIZE_MAX bytes. So a longer text is checked piece by piece,
 * and cut where a character begins. */
static bool is_utf8(struct view text)
{
	while (text.size > 0) {
		size_t size = text.size;

		if (size > TEXT_SIZE_MAX) {
			size = TEXT_SIZE_MAX;
			while (size > TEXT_SIZE_MAX - 4 && (text.data[size] & 0xc0) == 0x80)
				size--;
		}
		if (!message_text_is_valid(view_of(text.data, size)))
			return false;
		text.data += size;
		text.size -= size;
	}
	return true;
}

/* Four hexadecimal digits at `at`, not all of them zero. cJSON reads any other byte as a zero. */
static bool is_unicode_escape(struct view text, size_t at)
{
	bool is_zero = true;

	if (at > text.size || text.size - at < 4)
		return false;
	for (size_t i = at; i < at + 4; i++) {
		if (strchr("0123456789abcdefABCDEF", text.data[i]) == NULL)
			return false;
		is_zero = is_zero && text.data[i] == '0';
	}
	return !is_zero;
}

/* From after a string's opening quote to after its closing one. */
static const char *scan_string(struct view text, size_t *at)
{
	while (*at < text.size) {
		uint8_t c = text.data[(*at)++];

		if (c == '"')
			return NULL;
		if (c < 0x20)
			return "a control character in a string";
		if (c != '\\')
			continue;
		if (*at < text.size && text.data[*at] == 'u' && !is_unicode_escape(text, *at + 1))
			return "\\u0000 or a broken \\u in a string";
		*at += 1;
	}
	return "a string without an end";
}

static bool is_number_character(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* A number is plain digits: no sign, no fraction, no exponent, no leading zero. */
static const char *scan_number(struct view text, size_t *at)
{
	size_t begin = *at;
	uint64_t value = 0;

	while (*at < text.size && is_number_character(text.data[*at])) {
		uint8_t c = text.data[(*at)++];

		if (c < '0' || c > '9')
			return "a number that is not whole, or below zero";
		value = value * 10 + (uint64_t)(c - '0');
		if (value > NUMBER_MAX)
			return "a number over 2^53-1";
	}
	assert(*at > begin);
	return *at - begin > 1 && text.data[begin] == '0' ? "a number with leading zeros" : NULL;
}

/* Each scan gives NULL, or a phrase for what is wrong. */
static const char *scan(struct view text)
{
	size_t at = 0;
	unsigned depth = 0;

	while (at < text.size) {
		uint8_t c = text.data[at];
		const char *wrong = NULL;

		if ((c >= '0' && c <= '9') || c == '-') {
			wrong = scan_number(text, &at);
		} else if (c == '"') {
			at++;
			wrong = scan_string(text, &at);
		} else {
			at++;
			if (c == '{' || c == '[')
				depth++;
			if ((c == '}' || c == ']') && depth > 0)
				depth--;
			if (depth > JSON_DEPTH_MAX)
				wrong = "too many levels";
			if (c >= 0x80 || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
				wrong = "a character that cannot stand there";
		}
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

/* Whether an earlier member of the object has the same key. */
static bool has_key_before(const struct cJSON *object, const struct cJSON *member)
{
	for (const struct cJSON *other = object->child; other != member; other = other->next)
		if (strcmp(other->string, member->string) == 0)
			return true;
	return false;
}

/* Recursion is as deep as the text, and scan has counted its levels. Each key is compared with all
 * before it; JSON_MEMBERS_MAX bounds that. */
static const char *check_members(const struct cJSON *value)
{
	size_t count = 0;

	for (const struct cJSON *child = value->child; child != NULL; child = child->next) {
		const char *wrong = check_members(child);

		if (wrong != NULL)
			return wrong;
		if (!cJSON_IsObject(value))
			continue;
		if (++count > JSON_MEMBERS_MAX)
			return "too many members in an object";
		if (has_key_before(value, child))
			return "a key that stands twice";
	}
	return NULL;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* NULL and the tree, or a phrase; a tree may be there all the same. */
static const char *parse(struct view text, struct cJSON **tree)
{
	const char *end = NULL;

	if (text.size > JSON_SIZE_MAX)
		return "too long";
	if (text.size == 0)
		return "empty";
	if (!is_utf8(text))
		return "invalid UTF-8 or a NUL";

	const char *wrong = scan(text);

	if (wrong != NULL)
		return wrong;
	*tree = cJSON_ParseWithLengthOpts((const char *)text.data, text.size, &end, 0);
	if (*tree == NULL)
		return "no JSON";

	size_t used = (size_t)(end - (const char *)text.data);

	assert(used <= text.size);
	while (used < text.size && is_space(text.data[used]))
		used++;
	return used < text.size ? "text after the value" : check_members(*tree);
}

struct cJSON *json_parse(struct view text, const char **wrong)
{
	struct cJSON *tree = NULL;
	const char *failed;

	assert(wrong != NULL);
	hooks_need();
	failed = parse(text, &tree);
	if (failed == NULL) {
		assert(tree != NULL);
		return tree;
	}
	json_free(tree);
	*wrong = failed;
	return NULL;
}

void json_free(struct cJSON *value)
{
	cJSON_Delete(value);
}

const struct cJSON *json_member(const struct cJSON *object, const char *key)
{
	assert(key != NULL);
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

bool json_has_only(const struct cJSON *object, const char *const *keys, size_t count)
{
	assert(keys != NULL);
	if (!cJSON_IsObject(object))
		return false;
	for (const struct cJSON *m = object->child; m != NULL; m = m->next) {
		size_t i = 0;

		while (i < count && strcmp(m->string, keys[i]) != 0)
			i++;
		if (i == count)
			return false;
	}
	return true;
}

bool json_is_array(const struct cJSON *value)
{
	return cJSON_IsArray(value);
}

const struct cJSON *json_first(const struct cJSON *container)
{
	assert(container != NULL);
	return container->child;
}

const struct cJSON *json_next(const struct cJSON *element)
{
	assert(element != NULL);
	return element->next;
}

bool json_string(const struct cJSON *value, struct view *string)
{
	assert(string != NULL);
	if (!cJSON_IsString(value))
		return false;
	*string = view_of_string(value->valuestring);
	return true;
}

/* A tree holds every number as a double. json_parse has let none pass that a double cannot hold. */
bool json_integer(const struct cJSON *value, uint64_t *integer)
{
	assert(integer != NULL);
	if (!cJSON_IsNumber(value))
		return false;
	assert(value->valuedouble >= 0);
	assert(value->valuedouble <= (double)NUMBER_MAX);
	*integer = (uint64_t)value->valuedouble;
	return true;
}

bool json_boolean(const struct cJSON *value, bool *boolean)
{
	assert(boolean != NULL);
	if (!cJSON_IsBool(value))
		return false;
	*boolean = cJSON_IsTrue(value);
	return true;
}

struct cJSON *json_object(void)
{
	hooks_need();
	return cJSON_CreateObject();
}

struct cJSON *json_array(void)
{
	hooks_need();
	return cJSON_CreateArray();
}

void json_put(struct cJSON *container, const char *key, struct cJSON *child)
{
	cJSON_bool put;

	assert(container != NULL);
	assert(child != NULL);
	assert(key != NULL ? cJSON_IsObject(container) : cJSON_IsArray(container));
	put = key != NULL ? cJSON_AddItemToObject(container, key, child)
	                  : cJSON_AddItemToArray(container, child);
	assert(put);
	(void)put; /* it fails only for want of memory, which ends the process before */
}

void json_put_string(struct cJSON *container, const char *key, struct view string)
{
	char *copy = memory_alloc(string.size + 1);

	assert(string.size == 0 || memchr(string.data, '\0', string.size) == NULL);
	if (string.size != 0)
		memcpy(copy, string.data, string.size);
	copy[string.size] = '\0';
	json_put(container, key, cJSON_CreateString(copy));
	memory_free(copy);
}

/* As raw text, because cJSON would print 1000000000000000 as 1e+15. */
void json_put_integer(struct cJSON *container, const char *key, uint64_t integer)
{
	char digits[24];
	size_t at = sizeof digits - 1;

	assert(integer <= NUMBER_MAX);
	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + integer % 10);
		integer /= 10;
	} while (integer != 0);
	json_put(container, key, cJSON_CreateRaw(digits + at));
}

void json_put_boolean(struct cJSON *container, const char *key, bool boolean)
{
	json_put(container, key, cJSON_CreateBool(boolean));
}

/* cJSON prints into memory of its own, which is copied. */
bool json_print(const struct cJSON *value, struct buf *out)
{
	char *text = cJSON_PrintUnformatted(value);
	bool put;

	assert(text != NULL);
	put = buf_put(out, text, strlen(text));
	memory_free(text);
	return put;
}

/* Whether one of eight bytes is below 0x20, a quote or a backslash. All eight are tested at once: a
 * subtraction sets the high bit of each byte that was smaller. Its borrow may also set the bit of
 * the byte above such a one, but never clears one. */
static bool needs_escape(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t high = ones << 7;
	uint64_t quote = word ^ ones * '"';
	uint64_t backslash = word ^ ones * '\\';

	return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
	        ((backslash - ones) & ~backslash)) &
	       high;
}

/* The short escapes where JSON has them, else \u00XX. */
static uint8_t *escape_byte(uint8_t *to, uint8_t c)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	static const char digits[] = "0123456789abcdef";
	const char *known;

	assert(c != '\0');
	if (c >= 0x20 && c != '"' && c != '\\') {
		*to = c;
		return to + 1;
	}
	*to++ = '\\';
	known = strchr(plain, c);
	if (known != NULL) {
		*to = (uint8_t)letters[known - plain];
		return to + 1;
	}
	memcpy(to, "u00", 3);
	to[3] = (uint8_t)digits[c >> 4];
	to[4] = (uint8_t)digits[c & 15];
	return to + 5;
}

/* Eight bytes at a time are copied as they are, as long as none of them needs an escape. */
uint8_t *json_escape(uint8_t *to, struct view string)
{
	size_t at = 0;

	assert(to != NULL);
	*to++ = '"';
	while (at < string.size) {
		uint64_t word;

		if (string.size - at >= sizeof word) {
			memcpy(&word, string.data + at, sizeof word);
			if (!needs_escape(word)) {
				memcpy(to, &word, sizeof word);
				to += sizeof word;
				at += sizeof word;
				continue;
			}
		}
		to = escape_byte(to, string.data[at++]);
	}
	*to++ = '"';
	return to;
}
