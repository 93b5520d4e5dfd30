/* SPDX-License-Identifier: MIT
 *
 * Where an object of JSON ends (json_extent), whatever pieces it comes in; and its strings, as
 * whoever reads a file of such lines takes them (chat/json.h).
 */
#include "chat/json.h"

#include "tests/lib/tap.h"

/* Whether an object goes on behind a newline at the end of `text`, of which the first `cut` bytes
 * came alone. */
static bool is_open(const char *text, size_t cut)
{
	struct json_extent e = { .depth = 0 };
	struct view all = view_of_string(text);

	json_extent_add(&e, view_of(all.data, cut));
	json_extent_add(&e, view_of(all.data + cut, all.size - cut));
	return json_extent_is_open(&e);
}

static void test_extent(void)
{
	static const struct {
		const char *text;
		bool is_open;
	} cases[] = {
		{ "{", true },
		{ "{}", false },
		{ "{\n\"a\":1,", true },
		{ "{\n\"a\":1\n}", false },
		{ "{\"a\":[{", true },
		{ "{\"a\":[{}]", true },
		{ "{\"a\":[{}]}", false },
		/* What stands in a string opens and closes nothing. */
		{ "{\"a\":\"}\"", true },
		{ "{\"a\":\"{[\"}", false },
		{ "{\"a\":\"\\\"}\"", true },
		{ "{\"a\":\"\\\\\"}", false },
		{ "{\"a\":\"\\\\\\\"}\"", true },
		{ "{\"\\u007d\":1", true },
		/* A string that is open: no newline may stand there, so it is wrong, and over. */
		{ "{\"a\":\"b", false },
		{ "{\"a\":\"b\\\"}", false },
		/* What closes more than was open does not hide a later object. */
		{ "}]", false },
		{ "}]{", true },
		{ "}]{}", false },
		{ "", false },
	};
	bool is_right = true;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t cut = 0; cut <= strlen(cases[i].text); cut++)
			if (is_open(cases[i].text, cut) != cases[i].is_open) {
				is_right = false;
				printf("# cut at %zu: %s\n", cut, cases[i].text);
			}
	OK(is_right, "whether an object has ended, in any two pieces");
}

/* Byte by byte, an object is open before its last byte but inside of strings, and never behind. */
static void test_each_byte(void)
{
	static const char text[] = "{ \"a\" : [ 1, { \"b\\\"}\" : [ ] } ], \"c\" : { } }";
	struct json_extent e = { .depth = 0 };
	bool is_right = true;

	for (size_t i = 0; i + 1 < sizeof text; i++) {
		json_extent_add(&e, view_of(text + i, 1));
		is_right = is_right &&
		           (e.is_string || json_extent_is_open(&e) == (i + 2 < sizeof text));
	}
	OK(is_right, "an object ends with its last byte");
}

/* Takes a string from the front of the line: it means `want`, and ends before `at`. `want` is NULL:
 * it is none, and what is said of it holds `wrong`. */
static void take(const char *line, const char *want, size_t at, const char *wrong)
{
	struct buf strings;
	struct json_cursor c = { .line = view_of_string(line), .strings = &strings };
	struct view string = view_of(NULL, 0);
	bool is_taken;

	buf_init(&strings, 4096);
	(void)buf_reserve(&strings, c.line.size + 1);
	is_taken = json_take_string(&c, &string);
	if (want == NULL)
		OK(!is_taken && c.wrong != NULL && strstr(c.wrong, wrong) != NULL, line);
	else
		OK(is_taken && c.wrong == NULL && c.at == at &&
		           view_equal(string, view_of_string(want)),
		   line);
	buf_release(&strings);
}

static void test_strings(void)
{
	take("\"\"", "", 2, "");
	take("\"a b\", 1", "a b", 5, "");
	take("\"\\n\\t\\\"\\\\\\/\"", "\n\t\"\\/", 12, "");
	take("\"\\u00e9\\ud83d\\ude00\"", "\xc3\xa9\xf0\x9f\x98\x80", 20, "");
	take("\"abc", NULL, 0, "without an end");
	take("\"a\\x\"", NULL, 0, "an escape");
	take("\"\\u12g4\"", NULL, 0, "four digits");
	take("12", NULL, 0, "no string");
	take(" ", NULL, 0, "no string");
}

int main(void)
{
	test_extent();
	test_each_byte();
	test_strings();
	return tap_done();
}
