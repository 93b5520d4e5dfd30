/* SPDX-License-Identifier: MIT
 *
 * The lines of the archive: what was written is read again, whatever it holds; what is damaged is
 * no message and nothing else; and a search finds what is there, compared with a naive one.
 */
#include "tests/lib/tap.h"

#include "chat/archive.h"
#include "chat/script.h"

static const char *const addresses[REPLICAS] = { "a:1", "b:2", "c:3" };
static const char message[] =
	"{\"event\":\"message\",\"id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV-7\",\"from\":\"bob\",\"text\":"
	"\"hi \\\"there\\\"\",\"sent\":\"2026-11-21T04:00:00.123Z\",\"waited\":false}";
static struct script script;
static struct buf strings;
static struct archive_line kept;

static bool reads(const char *line)
{
	return archive_read(view_of_string(line), &strings, &kept);
}

/* Reads the line that the script has written. */
static bool reads_script(void)
{
	struct view line = buf_view(&script.out);
	bool good = line.size > 0 &&
	            archive_read(view_of(line.data, line.size - 1), &strings, &kept);

	buf_clear(&script.out);
	return good;
}

static bool text_is(const char *text)
{
	return view_equal(kept.text, view_of_string(text));
}

static void test_message(void)
{
	OK(reads(message), "a message is read");
	OK(!kept.is_own && text_is("hi \"there\""), "its text");
	IS_STRING(kept.from, "bob", "its sender");
	IS_U64(kept.sent_ms, 1795233600123, "its time");
	OK(kept.has_id && kept.number == 7, "its id");
	OK(reads("{\"text\":\"hi\",\"new\":[{\"a\":\"]\"},1],\"sent\":\"1970-01-01T00:00:00.001Z\","
	         "\"from\":\"bob\",\"more\":null,\"event\":\"message\"}"),
	   "the order does not count, nor what is not known");
	IS_U64(kept.sent_ms, 1, "the first moment");
}

/* Whatever is sent comes back, and every time. */
static void test_again(void)
{
	static const char *const texts[] = { "plain", "\"\\\n\t\r\b\f/", "\x1b[2J \x7f \xc2\x9b",
		                             "\xe2\x80\xae \xef\xbb\xbf \xe2\x80\xa8",
		                             "\xf0\x9f\x98\x80 gr\xc3\xbc\xc3\x9f dich" };
	static const struct view forms[] = {
		{ NULL, 0 },
		{ (const uint8_t *)"\6", 1 },
		{ (const uint8_t *)"\1\2\0\3ann\x0e"
		                   "carol~0123ABCD",
		  22 },
		{ (const uint8_t *)"\5\x09\0\1a\1b\1c\1d\1e\1f\1g\1h", 19 },
	};
	struct shown shown = { .number = NUMBER_MAX, .from = "Ann~0123ABCD", .to = "ann" };
	bool good = true;

	memset(shown.session.bytes, 0x7a, sizeof shown.session.bytes);
	for (uint64_t i = 0; i < 2000; i++) {
		shown.text = view_of_string(texts[i % 5]);
		shown.audience = forms[i % 4];
		shown.sent_ms = 1 + i * UINT64_C(126701399999) / 2;
		script_message(&script, &shown);
		good = good && reads_script() && text_is(texts[i % 5]) &&
		       view_equal(view_of(kept.audience, kept.audience_size), forms[i % 4]) &&
		       kept.sent_ms == shown.sent_ms && kept.number == NUMBER_MAX &&
		       ulid_equal(&kept.session, &shown.session) &&
		       strcmp(kept.from, shown.from) == 0;
	}
	OK(good, "what was written is read again, from 1970 to 5985");
}

static void test_own(void)
{
	struct archive_query query;
	struct view to[20];
	struct result result = { .kind = COMMAND_SEND,
		                 .outcome = OUTCOME_OK,
		                 .detail = "",
		                 .stored = 1,
		                 .online = 1,
		                 .copies = 3 };
	struct script_answer answer = { .command = view_of_string("msg"),
		                        .outcome = OUTCOME_OK,
		                        .detail = "",
		                        .result = &result };
	struct script_own own = { .to = to,
		                  .to_count = 1,
		                  .text = view_of_string("yes\nno"),
		                  .sent_ms = 1000,
		                  .answer = &answer };

	for (size_t i = 0; i < 20; i++)
		to[i] = view_of_string(i == 0 ? "bob" : "carol~0123ABCD");
	script_own(&script, &own);
	OK(reads_script(), "an own message is read");
	OK(kept.is_own && text_is("yes\nno") && kept.outcome == OUTCOME_OK && kept.stored == 1,
	   "with its outcome");
	OK(kept.to_count == 1 && strcmp(kept.to[0], "bob") == 0, "and to whom it went");
	own.to_count = 20;
	script_own(&script, &own);
	OK(reads_script() && kept.to_count == 20 && strcmp(kept.to[7], "carol~0123ABCD") == 0,
	   "of many recipients the first are read, and all are counted");
	to[19] = view_of_string("Zoe");
	script_own(&script, &own);
	OK(archive_query_init(&query, view_of_string("zoe"), view_of(NULL, 0)) &&
	           archive_fits(&query, view_of(script.out.data, script.out.size - 1), &strings),
	   "the last one is found, too");
	OK(archive_query_init(&query, view_of_string("oe"), view_of(NULL, 0)) &&
	           !archive_fits(&query, view_of(script.out.data, script.out.size - 1), &strings),
	   "a part of a name is not");
	OK(archive_query_init(&query, view_of_string("text"), view_of(NULL, 0)) &&
	           !archive_fits(&query, view_of(script.out.data, script.out.size - 1), &strings),
	   "nor what stands beside the names");
	buf_clear(&script.out);
	own.to_count = 0;
	answer.result = NULL;
	answer.outcome = OUTCOME_UNKNOWN;
	answer.detail = "the client ended before there was an answer";
	script_own(&script, &own);
	OK(reads_script() && kept.to_count == 0 && kept.outcome == OUTCOME_UNKNOWN &&
	           strcmp(kept.detail, answer.detail) == 0,
	   "one to all, of unknown outcome");
	OK(reads("{\"event\":\"sent\",\"text\":\"x\",\"sent\":\"2026-11-21T04:00:00.123Z\","
	         "\"ok\":false,\"error\":\"brand-new\"}") &&
	           kept.outcome == OUTCOME_UNKNOWN,
	   "an error of a later version is no success");
}

/* Each line that is cut anywhere, or has one other byte, is read or not, and nothing else. */
static void test_damage(void)
{
	static const char *const wrong[] = {
		"",
		"{",
		"}",
		"{}",
		"null",
		"[]",
		"\"",
		"{\"event\":\"message\"}",
		"{\"event\":\"result\",\"text\":\"x\",\"sent\":\"2026-11-21T04:00:00.123Z\","
		"\"from\":\"bob\"}",
		"{\"event\":\"message\",\"text\":\"x\",\"sent\":\"2026-13-21T04:00:00.123Z\","
		"\"from\":\"bob\"}",
		"{\"event\":\"message\",\"text\":\"x\",\"sent\":\"2026-11-21T04:00:00.123Z\","
		"\"from\":\"--\"}",
		"{\"event\":\"message\",\"text\":\"\\ud800\",\"sent\":\"2026-11-21T04:00:00.123Z\","
		"\"from\":\"bob\"}",
		"{\"event\":\"message\",\"text\":\"a\xff\",\"sent\":\"2026-11-21T04:00:00.123Z\","
		"\"from\":\"bob\"}",
		"{\"event\":\"message\",\"text\":\"x\",\"sent\":\"2026-11-21T04:00:00.123Z\","
		"\"from\":\"bob\",\"x\":[[[[[[[[[[[[]]]]]]]]]]]]}",
		"{\"event\":\"message\",\"text\":\"x\",\"sent\":\"2026-11-21T04:00:00.123Z\","
		"\"from\":\"bob\"}}",
	};
	struct archive_query q;
	char line[sizeof message];
	bool good = true;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		OK(!reads(wrong[i]), wrong[i]);
	for (size_t size = 0; size + 1 < sizeof message; size++)
		good = good && !archive_read(view_of(message, size), &strings, &kept);
	OK(good, "a line that was cut is no message");
	good = archive_query_init(&q, view_of(NULL, 0), view_of_string("there"));
	for (size_t i = 0; i + 1 < sizeof message; i++)
		for (unsigned byte = 0; byte < 256; byte++) {
			memcpy(line, message, sizeof line);
			line[i] = (char)byte;
			(void)archive_fits(&q, view_of(line, sizeof line - 1), &strings);
			if (archive_read(view_of(line, sizeof line - 1), &strings, &kept))
				good = good && name_is_reference(view_of_string(kept.from)) &&
				       message_text_is_valid(kept.text);
		}
	OK(good, "whatever one byte becomes, what is read can be shown");
}

/* ---- search ---- */

static uint64_t found(const char *name, const char *text, struct view lines, size_t wanted,
                      struct view *last, size_t *count)
{
	static struct view room[64];
	struct archive_query q;
	struct archive_hits hits = { .lines = room, .count_max = wanted };

	if (!archive_query_init(&q, view_of_string(name), view_of_string(text)))
		abort();
	archive_scan(&q, lines, &strings, &hits);
	*count = hits.count;
	for (size_t i = 0; i < hits.count; i++)
		last[i] = room[(hits.first + i) % wanted];
	return hits.found;
}

static void put_random(struct buf *to, uint32_t *random, size_t size_max)
{
	static const char letters[] = "aAbB\"\\\n\x01n";
	size_t size = 1 + (*random >> 8) % size_max;

	for (size_t i = 0; i < size; i++) {
		*random = *random * 1664525 + 1013904223;
		(void)buf_put_u8(to, (uint8_t)letters[*random >> 16 & 7]);
	}
}

static bool holds(struct view text, struct view part)
{
	for (size_t i = 0; i + part.size <= text.size; i++) {
		size_t size = 0;

		while (size < part.size && ((text.data[i + size] ^ part.data[size]) & ~0x20) == 0 &&
		       ((text.data[i + size] == part.data[size]) ||
		        (part.data[size] | 0x20) >= 'a'))
			size++;
		if (size == part.size)
			return true;
	}
	return false;
}

static void test_random(void)
{
	struct shown shown = { .number = 1, .from = "bob", .to = "ann", .sent_ms = 1000 };
	struct view texts[300];
	struct view last[64];
	struct buf memory;
	struct buf part;
	uint32_t random = 1;
	bool good = true;
	size_t count;

	buf_init(&memory, 1 << 20);
	buf_init(&part, 64);
	(void)buf_reserve(&memory, 1 << 16); /* so that it does not move */
	for (size_t i = 0; i < 300; i++) {
		size_t begin = memory.size;

		put_random(&memory, &random, 40);
		texts[i] = view_of(memory.data + begin, memory.size - begin);
		shown.text = texts[i];
		script_message(&script, &shown);
		if (i % 7 == 0)
			buf_append_text(&script.out, "\n{\"event\":\"mess\naAbB\n");
	}
	for (unsigned round = 0; round < 3000; round++) {
		uint64_t want = 0;
		char text[64];

		buf_clear(&part);
		put_random(&part, &random, 5);
		memcpy(text, part.data, part.size);
		text[part.size] = 0;
		for (size_t i = 0; i < 300; i++)
			want += holds(texts[i], buf_view(&part));
		good = good && found("", text, buf_view(&script.out), 5, last, &count) == want &&
		       count == (want < 5 ? want : 5);
	}
	OK(good, "a search finds what a naive one finds");
	buf_clear(&script.out);
	buf_release(&part);
	buf_release(&memory);
}

static void test_search(void)
{
	struct shown shown = { .number = 1, .sent_ms = 1000 };
	struct view last[64];
	struct archive_query q;
	char large[ARCHIVE_TEXT_SIZE_MAX + 2];
	size_t count;

	for (unsigned i = 0; i < 1000; i++) {
		char text[64];

		(void)snprintf(text, sizeof text, "Line %u of text, by bob", i);
		(void)snprintf(shown.from, sizeof shown.from, i % 10 == 0 ? "Bob" : "carol");
		shown.text = view_of_string(text);
		script_message(&script, &shown);
	}
	IS_U64(found("", "LINE", buf_view(&script.out), 3, last, &count), 1000,
	       "case does not count");
	OK(count == 3 && archive_read(last[2], &strings, &kept) &&
	           text_is("Line 999 of text, by bob"),
	   "the last ones are kept");
	IS_U64(found("", "line 7", buf_view(&script.out), 50, last, &count), 111, "a text");
	IS_U64(count, 50, "as many as are wanted");
	IS_U64(found("", "carol", buf_view(&script.out), 3, last, &count), 0, "names are no text");
	IS_U64(found("", "message", buf_view(&script.out), 3, last, &count), 0, "nor are keys");
	IS_U64(found("bob", "", buf_view(&script.out), 3, last, &count), 100,
	       "of one person, however the name is written");
	IS_U64(found("", "", buf_view(&script.out), 3, last, &count), 1000, "all");
	IS_U64(found("", "", buf_view(&script.out), 0, last, &count), 1000, "or only how many");
	memset(large, 'x', sizeof large);
	OK(!archive_query_init(&q, view_of(NULL, 0), view_of(large, sizeof large - 1)),
	   "a text that is too long is refused");
	OK(archive_query_init(&q, view_of(NULL, 0), view_of(large, sizeof large - 2)),
	   "one that is not is taken");
	buf_clear(&script.out);
}

int main(void)
{
	script_init(&script, true, addresses);
	buf_init(&strings, ARCHIVE_LINE_SIZE_MAX);
	test_message();
	test_again();
	test_own();
	test_damage();
	test_random();
	test_search();
	buf_release(&strings);
	script_release(&script);
	return tap_done();
}
