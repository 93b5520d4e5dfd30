/* SPDX-License-Identifier: MIT
 *
 * The strict door to cJSON: each leniency of cJSON's own is refused, and what is printed is read
 * back the same.
 */
#include "journal/json.h"

#include "fact/fact.h"
#include "tests/lib/heap.h"
#include "tests/lib/tap.h"

/* Before anything was parsed, which would set the same. */
static void test_memory(void)
{
	long live = heap_live();
	struct cJSON *object = json_object();

	OK(heap_live() > live, "json: an object's memory is ours from the first one on");
	json_free(object);
	IS_U64((uint64_t)heap_live(), (uint64_t)live, "json: and is given back to us");
}

static bool accepts(const char *text)
{
	const char *wrong = NULL;
	struct cJSON *tree = json_parse(view_of_string(text), &wrong);

	json_free(tree);
	ALWAYS((tree == NULL) == (wrong != NULL),
	       "json: a refusal says what is wrong, and only that");
	return tree != NULL;
}

static const char *wrong_with(struct view text)
{
	const char *wrong = "nothing";
	struct cJSON *tree = json_parse(text, &wrong);

	json_free(tree);
	return wrong;
}

static void test_accepted(void)
{
	OK(accepts("{}"), "json: an empty object is read");
	OK(accepts("[]"), "json: an empty array is read");
	OK(accepts(" \t\r\n{\"a\" : [1, true, false, null, \"x\"]} \n"),
	   "json: white space is read over");
	OK(accepts("0"), "json: zero is read");
	OK(accepts("9007199254740991"), "json: 2^53-1 is read");
	OK(accepts("\"\\ud83c\\udf0d \\u0001 \\u00e4\""), "json: escapes are read");
	OK(accepts("\"\\\\u0000\""), "json: an escaped backslash before u0000 is no NUL");
	OK(accepts("[[[[[[[[1]]]]]]]]"), "json: eight levels are read");
	OK(accepts("{\"a\":{\"b\":1},\"c\":{\"b\":1}}"), "json: two objects may share a key");
	OK(accepts("{\"a\":1,\"A\":2}"), "json: keys differ by case");
}

static void test_refused(void)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"}",
		"{\"a\":1",
		"[1,]",
		"{\"a\":1,}",
		"{\"a\" 1}",
		"{a:1}",
		"'a'",
		"\"a",
		"\"\\",
		"\"\\x\"",
		"\"\\u00g0\"",
		"\"\\ud83c\"",
		"\"\\udf0d\"",
		"nul",
		"truex",
		"1 2",
		"{} {}",
		"{}x",
		"01",
		"00",
		"1.0",
		"1e3",
		"-1",
		"-0",
		"+1",
		".5",
		"1.",
		"9007199254740992",
		"99999999999999999999",
		"\"\\u0000\"",
		"\"a\\u0000b\"",
		"\"\x01\"",
		"\"\n\"",
		"\"\t\"",
		"\xef\xbb\xbf{}",
		"\xff",
		"\"\xc0\x80\"",
		"\"\xed\xa0\x80\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xc3\"",
		"{\"a\":1,\"a\":2}",
		"[{\"a\":{\"b\":1,\"b\":1}}]",
		"[[[[[[[[[1]]]]]]]]]",
		"{}\x0b",
		"\x0c{}",
		"NaN",
		"Infinity",
		"/**/{}",
		"[1 2]",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!OK(!accepts(texts[i]), "json: what is no strict JSON is refused"))
			printf("# '%s'\n", texts[i]);
	OK(strstr(wrong_with(view_of("{}\0", 3)), "NUL") != NULL,
	   "json: a NUL after the value is refused");
	OK(strstr(wrong_with(view_of("\"a\0b\"", 5)), "NUL") != NULL,
	   "json: a NUL in a string is refused");
	IS_STRING(wrong_with(view_of_string("{\"a\":1,\"a\":1}")), "a key that stands twice",
	          "json: a refusal says what is wrong");
}

/* An object of so many members with different keys. */
static bool accepts_members(unsigned count)
{
	char text[16 * (JSON_MEMBERS_MAX + 2)];
	int size = snprintf(text, sizeof text, "{");

	for (unsigned i = 0; i < count; i++)
		size += snprintf(text + size, sizeof text - (size_t)size, "%s\"%u\":1",
		                 i == 0 ? "" : ",", i);
	(void)snprintf(text + size, sizeof text - (size_t)size, "}");
	return accepts(text);
}

static void test_limits(void)
{
	char *text = memory_alloc(JSON_SIZE_MAX + 2);

	OK(accepts_members(JSON_MEMBERS_MAX), "json: as many members as allowed are read");
	OK(!accepts_members(JSON_MEMBERS_MAX + 1), "json: one member more is refused");
	memset(text, 'a', JSON_SIZE_MAX + 1);
	text[0] = '"';
	text[JSON_SIZE_MAX - 1] = '"';
	text[JSON_SIZE_MAX] = '\0';
	OK(accepts(text), "json: the longest text is read");
	text[JSON_SIZE_MAX - 1] = ' ';
	text[JSON_SIZE_MAX - 2] = '"';
	text[JSON_SIZE_MAX] = ' ';
	text[JSON_SIZE_MAX + 1] = '\0';
	OK(!accepts(text), "json: a text longer by one is refused");
	/* Characters of two bytes at both sides of where the check of UTF-8 is cut into pieces. */
	for (size_t shift = 0; shift < 2; shift++) {
		size_t at = 1 + shift;

		memset(text, 'a', JSON_SIZE_MAX);
		text[0] = '"';
		for (; at + 2 < JSON_SIZE_MAX - 2; at += 2)
			memcpy(text + at, "\xc3\xa4", 2);
		text[JSON_SIZE_MAX - 1] = '"';
		text[JSON_SIZE_MAX] = '\0';
		OK(accepts(text), "json: a long text of characters of two bytes is valid UTF-8");
		text[TEXT_SIZE_MAX + shift] = 'a';
		OK(!accepts(text), "json: a broken character in a long text is found");
	}
	memory_free(text);
}

static void test_getters(void)
{
	static const char *const keys[] = { "s", "i", "b", "a" };
	const char *wrong = NULL;
	struct cJSON *tree = json_parse(
		view_of_string(
			"{\"s\":\"x\\u00e4\",\"i\":9007199254740991,\"b\":true,\"a\":[1,2]}"),
		&wrong);
	struct view string = { 0 };
	uint64_t integer = 0;
	bool boolean = false;

	OK(json_string(json_member(tree, "s"), &string) &&
	           view_equal(string, view_of_string("x\xc3\xa4")),
	   "json: a string comes out as UTF-8");
	OK(json_integer(json_member(tree, "i"), &integer), "json: an integer comes out");
	IS_U64(integer, NUMBER_MAX, "json: 2^53-1 comes out exact");
	OK(json_boolean(json_member(tree, "b"), &boolean) && boolean, "json: a boolean comes out");
	OK(!json_integer(json_member(tree, "s"), &integer), "json: a string is no integer");
	OK(!json_string(json_member(tree, "i"), &string), "json: an integer is no string");
	OK(!json_boolean(json_member(tree, "i"), &boolean), "json: an integer is no boolean");
	OK(!json_string(json_member(tree, "S"), &string), "json: keys are found by case");
	OK(!json_integer(NULL, &integer), "json: nothing is no integer");
	OK(json_member(json_member(tree, "s"), "x") == NULL, "json: a string has no members");
	OK(json_is_array(json_member(tree, "a")), "json: an array is one");
	OK(json_next(json_next(json_first(json_member(tree, "a")))) == NULL,
	   "json: an array of two ends after two");
	OK(json_has_only(tree, keys, 4), "json: all keys are among those allowed");
	OK(!json_has_only(tree, keys, 3), "json: a key that is not allowed is noticed");
	OK(!json_has_only(json_member(tree, "a"), keys, 4), "json: an array is no object");
	json_free(tree);
}

static void test_printing(void)
{
	struct cJSON *tree = json_object();
	struct cJSON *array = json_array();
	struct buf out;

	buf_init(&out, 1024);
	json_put_string(tree, "b", view_of_string("a\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa4"));
	json_put_integer(tree, "a", 1000000000000000);
	json_put_integer(tree, "max", NUMBER_MAX);
	json_put_integer(tree, "zero", 0);
	json_put_boolean(tree, "t", true);
	json_put_string(array, NULL, view_of(NULL, 0));
	json_put(tree, "l", array);
	OK(json_print(tree, &out), "json: a tree is printed");
	OK(buf_put_u8(&out, 0), "json: and ended");
	IS_STRING((const char *)out.data,
	          "{\"b\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa4\","
	          "\"a\":1000000000000000,\"max\":9007199254740991,\"zero\":0,"
	          "\"t\":true,\"l\":[\"\"]}",
	          "json: keys stand in the order of putting, integers as digits");
	buf_release(&out);
	buf_init(&out, 8);
	OK(!json_print(tree, &out), "json: printing respects the buffer's maximum");
	IS_U64(out.size, 0, "json: and then puts nothing");
	buf_release(&out);
	json_free(tree);
}

/* Random bytes that are valid UTF-8 without NUL. */
static size_t random_text(uint64_t *random, uint8_t *text, size_t size_max)
{
	static const char *const pieces[] = { "a",
		                              "bc",
		                              "\"",
		                              "\\",
		                              "\n",
		                              "\x01",
		                              "\x1f",
		                              " ",
		                              "\x7f",
		                              "\xc3\xa4",
		                              "\xe2\x82\xac",
		                              "\xf0\x9f\x8c\x8d",
		                              "/",
		                              "12345678",
		                              "\xef\xbf\xbf",
		                              "!",
		                              "#",
		                              "[",
		                              "]" };
	size_t size = 0;

	for (;;) {
		*random = *random * UINT64_C(6364136223846793005) + 1442695040888963407U;

		const char *piece = pieces[(*random >> 33) % (sizeof pieces / sizeof pieces[0])];

		if (size + strlen(piece) > size_max || (*random >> 20) % 40 == 0)
			return size;
		memcpy(text + size, piece, strlen(piece));
		size += strlen(piece);
	}
}

static void test_escape(void)
{
	uint8_t text[200];
	uint8_t escaped[6 * sizeof text + 2];
	uint64_t random = 1;
	unsigned differ = 0;
	unsigned lost = 0;

	for (int i = 0; i < 20000; i++) {
		size_t size = random_text(&random, text, sizeof text);
		size_t used = (size_t)(json_escape(escaped, view_of(text, size)) - escaped);
		struct cJSON *array = json_array();
		struct buf out;
		const char *wrong;
		struct view back;

		buf_init(&out, SIZE_MAX / 2);
		json_put_string(array, NULL, view_of(text, size));
		(void)json_print(array, &out); /* what is missing differs */
		differ += out.size != used + 2 || memcmp(out.data + 1, escaped, used) != 0;
		json_free(array);
		buf_release(&out);
		array = json_parse(view_of(escaped, used), &wrong);
		lost += !json_string(array, &back) || !view_equal(back, view_of(text, size));
		json_free(array);
	}
	IS_U64(differ, 0, "json: a string is escaped as cJSON does it");
	IS_U64(lost, 0, "json: what was escaped is read back the same");
}

/* Whatever bytes come, the answer is a tree or a phrase, never more. */
static void test_garbage(void)
{
	static const char base[] =
		"{\"to\":\"ABC\\u00e4\",\"n\":[1,2,{\"x\":true}],\"m\":9007199254740991}";
	char text[sizeof base];
	uint64_t random = 7;
	unsigned accepted = 0;

	for (int i = 0; i < 50000; i++) {
		memcpy(text, base, sizeof base);
		for (int flips = 0; flips < 2; flips++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
			text[(random >> 33) % (sizeof base - 1)] ^= (char)(1 << (random >> 20) % 8);
		}

		const char *wrong = NULL;
		struct cJSON *tree = json_parse(view_of(text, sizeof base - 1), &wrong);

		ALWAYS((tree == NULL) == (wrong != NULL), "json: garbage is refused with a phrase");
		accepted += tree != NULL;
		json_free(tree);
	}
	OK(accepted > 0 && accepted < 50000, "json: some flips leave JSON, others do not");
}

int main(void)
{
	test_memory();
	test_accepted();
	test_refused();
	test_limits();
	test_getters();
	test_printing();
	test_escape();
	test_garbage();
	return tap_done();
}
