/* SPDX-License-Identifier: MIT
 *
 * What reaches a terminal holds no control character, whatever came in; what is written as JSON
 * is read back the same. Every byte, every character that is harmful, and random mixtures of
 * valid and broken UTF-8 are tried against a decoder that is written in another way.
 */
#include "tests/lib/tap.h"

#include "base/escape.h"
#include "fact/fact.h"

static uint64_t seed = 11;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static size_t encode(uint32_t c, uint8_t *to)
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (uint8_t)(0xc0 | c >> 6);
		to[1] = (uint8_t)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (uint8_t)(0xe0 | c >> 12);
		to[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		to[2] = (uint8_t)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | c >> 18);
	to[1] = (uint8_t)(0x80 | (c >> 12 & 63));
	to[2] = (uint8_t)(0x80 | (c >> 6 & 63));
	to[3] = (uint8_t)(0x80 | (c & 63));
	return 4;
}

/* Whether the bytes are safe to show: valid UTF-8, and none of what the header names. */
static bool is_safe(struct view shown)
{
	size_t i = 0;

	if (shown.size > 0 && shown.size <= TEXT_SIZE_MAX && !message_text_is_valid(shown))
		return false;
	while (i < shown.size) {
		const uint8_t *p = shown.data + i;

		if (p[0] < 0x20 || p[0] == 0x7f)
			return false;
		if (p[0] == 0xc2 && p[1] < 0xa0)
			return false;
		if (p[0] == 0xd8 && p[1] == 0x9c)
			return false;
		if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f))
			return false;
		if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
			return false;
		if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
			return false;
		i++;
	}
	return true;
}

static const char *shown(const char *bytes, size_t size)
{
	static char text[256];
	struct buf b;

	buf_init(&b, sizeof text - 1);
	escape_for_terminal(&b, view_of(bytes, size));
	if (b.size > 0)
		memcpy(text, b.data, b.size);
	text[b.size] = 0;
	buf_release(&b);
	return text;
}

static const char *json(const char *bytes, size_t size)
{
	static char text[256];
	struct buf b;

	buf_init(&b, sizeof text - 1);
	escape_for_json(&b, view_of(bytes, size));
	memcpy(text, b.data, b.size);
	text[b.size] = 0;
	buf_release(&b);
	return text;
}

static void test_examples(void)
{
	IS_STRING(shown("hi there", 8), "hi there", "plain text stays");
	IS_STRING(shown("", 0), "", "nothing stays nothing");
	IS_STRING(shown("\x1b[2J", 4), "^[[2J", "an escape sequence is shown, not obeyed");
	IS_STRING(shown("a\0b", 3), "a^@b", "a NUL is shown");
	IS_STRING(shown("a\tb\nc\rd\x7f", 8), "a^Ib^Jc^Md^?",
	          "tab, newline, return and DEL are shown");
	IS_STRING(shown("\xc2\x9b"
	                "31m",
	                5),
	          "<U+009B>31m", "the one-character form of an escape sequence is shown");
	IS_STRING(shown("\xe2\x80\xae"
	                "abc",
	                6),
	          "<U+202E>abc", "an override of direction is shown");
	IS_STRING(shown("\xff\xc3", 2), "<FF><C3>", "bytes that are no UTF-8 are shown one by one");
	IS_STRING(shown("\xed\xa0\x80", 3), "<ED><A0><80>", "a surrogate is no UTF-8");
	IS_STRING(shown("\xc0\x9b", 2), "<C0><9B>", "an overlong ESC does not pass");
	IS_STRING(shown("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", 11),
	          "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "letters and emoji stay");
	IS_STRING(json("hi", 2), "\"hi\"", "json: quotes are put around");
	IS_STRING(json("\"\\/\b\f\n\r\t", 8), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"",
	          "json: short escapes");
	IS_STRING(json("\0\x1f\x7f", 3), "\"\\u0000\\u001f\\u007f\"", "json: controls, NUL too");
	IS_STRING(json("\xe2\x80\xae", 3), "\"\\u202e\"", "json: bidi marks are not raw");
	IS_STRING(json("\xff", 1), "\"\xef\xbf\xbd\"", "json: no UTF-8 becomes U+FFFD");
}

static void test_every_byte(void)
{
	bool safe = true;
	bool visible = true;

	for (unsigned first = 0; first < 256; first++)
		for (unsigned second = 0; second < 256; second++) {
			char bytes[2] = { (char)first, (char)second };
			const char *text = shown(bytes, 2);

			safe = safe && is_safe(view_of_string(text));
			visible = visible && strlen(text) >= 2;
		}
	OK(safe, "no pair of bytes reaches the terminal as a control character");
	OK(visible, "no pair of bytes vanishes");
}

/* Each character: harmful ones are marked, all others stay as they are. */
static void test_every_character(void)
{
	unsigned harmful = 0;
	bool right = true;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t bytes[4];
		size_t size = encode(c, bytes);
		size_t decoded = 0;
		uint32_t got = escape_decode(view_of(bytes, size), &decoded);
		bool surrogate = c >= 0xd800 && c <= 0xdfff;

		right = right && got == (surrogate ? ESCAPE_INVALID : c);
		right = right && decoded == (surrogate ? 1 : size);
		if (!surrogate && escape_is_harmful(c))
			harmful++;
	}
	OK(right, "every character is decoded as it was encoded, surrogates are refused");
	IS_U64(harmful, 32 + 33 + 1 + 2 + 7 + 4 + 1 + 3, "as many are harmful as the header names");
	OK(escape_is_harmful(ESCAPE_INVALID), "what is invalid is harmful");
}

static size_t draw_text(uint8_t *to, size_t size_max, bool broken)
{
	size_t size = 0;

	while (size + 4 < size_max && draw(30) != 0) {
		uint32_t c = draw(6) == 0   ? draw(0xa0)
		             : draw(4) == 0 ? 0x2000 + draw(0x70)
		                            : draw(0x10000);

		if (c >= 0xd800 && c <= 0xdfff)
			c = 0x1f600;
		if (c == 0)
			c = 'x';
		size += encode(c, to + size);
		if (broken && draw(5) == 0)
			to[size++] = (uint8_t)draw(256);
	}
	return size;
}

static unsigned hex(const uint8_t *from)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		char c = (char)from[i];

		value = value * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return value;
}

/* Reads back what escape_for_json wrote. */
static size_t unescape(struct view from, uint8_t *to)
{
	size_t size = 0;

	for (size_t i = 1; i + 1 < from.size; i++) {
		static const char letters[] = "bfnrt";
		static const char meant[] = "\b\f\n\r\t";
		const char *letter;

		if (from.data[i] != '\\') {
			to[size++] = from.data[i];
			continue;
		}
		i++;
		letter = strchr(letters, (char)from.data[i]);
		if (from.data[i] == 'u') {
			size += encode(hex(from.data + i + 1), to + size);
			i += 4;
		} else {
			to[size++] = (uint8_t)(letter != NULL ? meant[letter - letters]
			                                      : from.data[i]);
		}
	}
	return size;
}

static void test_random(void)
{
	bool safe = true;
	bool same = true;
	bool bounded = true;

	for (int round = 0; round < 20000; round++) {
		uint8_t text[256];
		uint8_t back[256];
		size_t size = draw_text(text, 200, round % 2 == 0);
		struct buf b;

		buf_init(&b, 256 * ESCAPE_GROWTH_MAX + 2);
		escape_for_terminal(&b, view_of(text, size));
		safe = safe && is_safe(buf_view(&b));
		bounded = bounded && b.size <= size * ESCAPE_GROWTH_MAX;
		buf_clear(&b);
		escape_for_json(&b, view_of(text, size));
		safe = safe && is_safe(buf_view(&b));
		bounded = bounded && b.size <= size * ESCAPE_GROWTH_MAX + 2;
		if (round % 2 != 0)
			same = same && unescape(buf_view(&b), back) == size &&
			       memcmp(back, text, size) == 0;
		buf_release(&b);
	}
	OK(safe, "random texts, broken ones too, reach neither form with anything harmful");
	OK(same, "a text is read back from JSON as it was");
	OK(bounded, "no text grows by more than the header says");
}

int main(void)
{
	test_examples();
	test_every_byte();
	test_every_character();
	test_random();
	return tap_done();
}
