/* SPDX-License-Identifier: MIT
 *
 * Lines both ways: the short way prints what cJSON would, cJSON reads it back the same, the short
 * way of reading says what cJSON says, and nothing else is taken for a line.
 */
#include "tests/simulate/simdisk.c"

#include "tests/journal/fixture.h"

#include "base/crc32c.h"
#include "journal/line.h"
#include "journal/json.h"

enum { IN = 7 }; /* the number of a stream that has one */

/* The stream of a message or of a burial; NULL: it has none. */
static const struct stream *stream_of(const struct fact *fact)
{
	return fact->kind == FACT_MESSAGE  ? &fact->message.stream
	       : fact->kind == FACT_BURIAL ? &fact->burial.stream
	                                   : NULL;
}

/* A message has its stream by number, a burial every other time. */
static void put_fact(struct buf *out, const struct fact *fact)
{
	bool has_number = fact->kind == FACT_MESSAGE ||
	                  (fact->kind == FACT_BURIAL && fact->burial.range.first % 2 == 0);

	journal_line_put_fact(out, fact, has_number ? IN : 0, NULL);
}

/* Begins to read a file that has named the stream of this fact. */
static void parser_init(struct journal_line_parser *p, const struct fact *fact)
{
	journal_line_parser_init(p);
	if (stream_of(fact) != NULL)
		MUST(named_put(&p->named, IN, stream_of(fact)));
}

static bool fact_equal(const struct fact *a, const struct fact *b)
{
	struct buf x;
	struct buf y;
	bool equal;

	if (a->kind != b->kind)
		return false;
	if (stream_of(a) != NULL && memcmp(stream_of(a), stream_of(b), sizeof(struct stream)) != 0)
		return false;
	buf_init(&x, SIZE_MAX / 4);
	buf_init(&y, SIZE_MAX / 4);
	put_fact(&x, a);
	put_fact(&y, b);
	equal = view_equal(buf_view(&x), buf_view(&y));
	buf_release(&x);
	buf_release(&y);
	return equal;
}

/* An audience, member by member. */
static struct cJSON *audience_copy(const struct cJSON *audience)
{
	struct cJSON *copy = json_object();
	uint64_t count;
	bool boolean;

	if (json_boolean(json_member(audience, "all"), &boolean))
		json_put_boolean(copy, "all", boolean);
	if (json_integer(json_member(audience, "count"), &count)) {
		struct cJSON *names = json_array();
		struct view name;

		for (const struct cJSON *e = json_first(json_member(audience, "names")); e != NULL;
		     e = json_next(e))
			if (json_string(e, &name))
				json_put_string(names, NULL, name);
		json_put_integer(copy, "count", count);
		json_put(copy, "names", names);
	}
	if (json_boolean(json_member(audience, "notice"), &boolean))
		json_put_boolean(copy, "notice", boolean);
	return copy;
}

/* The same line with cJSON doing all of the printing. */
static void cjson_line(struct buf *out, struct view line)
{
	const char *wrong = "";
	struct cJSON *tree = json_parse(line, &wrong);

	assert(tree != NULL);

	struct cJSON *copy = json_object();
	static const char *const keys[] = {
		"in",         "to",   "from",   "session",    "no",      "sent", "audience",
		"text",       "gone", "id",     "name",       "setting", "seal", "stored_key",
		"server_key", "lock", "middle", "delete_key", "epoch",   "by",   "crc"
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const struct cJSON *member = json_member(tree, keys[i]);
		struct view string;
		uint64_t integer;
		bool boolean;

		if (strcmp(keys[i], "crc") == 0 &&
		    json_boolean(json_member(tree, "confirmed"), &boolean))
			json_put_boolean(copy, "confirmed", boolean);
		if (json_string(member, &string))
			json_put_string(copy, keys[i], string);
		else if (json_integer(member, &integer))
			json_put_integer(copy, keys[i], integer);
		else if (strcmp(keys[i], "audience") == 0 && member != NULL) {
			json_put(copy, keys[i], audience_copy(member));
		} else if (json_is_array(member)) {
			struct cJSON *array = json_array();

			for (const struct cJSON *e = json_first(member); e != NULL;
			     e = json_next(e))
				if (json_integer(e, &integer))
					json_put_integer(array, NULL, integer);
			json_put(copy, keys[i], array);
		}
	}
	MUST(json_print(copy, out));
	json_free(copy);
	json_free(tree);
}

static void test_both_ways(void)
{
	struct life l;
	unsigned print_wrong = 0;
	unsigned short_wrong = 0;
	unsigned long_wrong = 0;
	unsigned shorts = 0;

	life_init(&l, 3);
	for (int i = 0; i < 4000; i++) {
		struct life_fact *f = life_fact(&l);
		struct journal_line_parser p;
		struct element e;
		const char *wrong = "";
		struct buf line;
		struct buf printed;

		buf_init(&line, SIZE_MAX / 4);
		buf_init(&printed, SIZE_MAX / 4);
		parser_init(&p, &f->fact);
		put_fact(&line, &f->fact);
		journal_line_seal(&line, 0);
		line.size--; /* the newline */
		cjson_line(&printed, buf_view(&line));
		print_wrong += !view_equal(buf_view(&line), buf_view(&printed));
		short_wrong += !journal_line_is_sealed(buf_view(&line)) ||
		               !journal_line_parse(&p, buf_view(&line), true, &e, &wrong) ||
		               e.kind != ELEMENT_FACT || !fact_equal(&e.fact, &f->fact);
		shorts += p.tree == NULL;
		p.cjson_only = true;
		long_wrong += !journal_line_parse(&p, buf_view(&line), true, &e, &wrong) ||
		              e.kind != ELEMENT_FACT || !fact_equal(&e.fact, &f->fact) ||
		              p.tree == NULL;
		journal_line_parser_release(&p);
		buf_release(&line);
		buf_release(&printed);
		memory_free(f->text);
		f->text = NULL;
		l.count = 0;
	}
	IS_U64(print_wrong, 0, "journal: every line is what cJSON prints");
	IS_U64(short_wrong, 0, "journal: every line is read back the same");
	IS_U64(long_wrong, 0, "journal: and by cJSON the same");
	OK(shorts > 1000, "journal: lines without escapes are read the short way");
	life_end(&l);
}

/* What is cut anywhere, or changed by a bit, is not sealed. */
static void test_seal(void)
{
	static const char text[] = "{\"synced\":1234}";
	unsigned cut = 0;
	unsigned changed = 0;
	struct buf line;

	buf_init(&line, SIZE_MAX / 4);
	(void)buf_put(&line, text, sizeof text - 2);
	journal_line_seal(&line, 0);
	line.size--; /* the newline */
	OK(journal_line_is_sealed(buf_view(&line)), "seal: a whole line");
	for (size_t size = 0; size < line.size; size++)
		cut += journal_line_is_sealed(view_of(line.data, size));
	for (size_t bit = 0; bit < 8 * line.size; bit++) {
		line.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		changed += journal_line_is_sealed(buf_view(&line));
		line.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	IS_U64(cut, 0, "seal: no line that is cut");
	IS_U64(changed, 0, "seal: no line of which a bit has changed");
	buf_release(&line);
}

/* Changes one byte: the short way must say what cJSON says, or leave it to cJSON. */
static void test_flips(void)
{
	struct life l;
	unsigned differ = 0;
	unsigned accepted = 0;

	life_init(&l, 4);
	for (int i = 0; i < 60; i++) {
		struct life_fact *f = life_fact(&l);
		struct buf line;

		buf_init(&line, SIZE_MAX / 4);
		put_fact(&line, &f->fact);
		(void)buf_put(&line, "}", 1);
		for (size_t at = 0; at < line.size && at < 400; at++)
			for (int bit = 0; bit < 8; bit++) {
				struct journal_line_parser a;
				struct journal_line_parser b;
				struct element x;
				struct element y;
				const char *wrong = "";

				line.data[at] ^= (uint8_t)(1 << bit);
				parser_init(&a, &f->fact);
				parser_init(&b, &f->fact);
				b.cjson_only = true;

				bool one = journal_line_parse(&a, buf_view(&line), false, &x,
				                              &wrong);
				bool two = journal_line_parse(&b, buf_view(&line), false, &y,
				                              &wrong);

				differ += one != two || (one && (x.kind != y.kind || x.in != y.in ||
				                                 x.is_nameless != y.is_nameless ||
				                                 (x.kind == ELEMENT_FACT &&
				                                  !fact_equal(&x.fact, &y.fact))));
				accepted += one;
				journal_line_parser_release(&a);
				journal_line_parser_release(&b);
				line.data[at] ^= (uint8_t)(1 << bit);
			}
		buf_release(&line);
		memory_free(f->text);
		f->text = NULL;
		l.count = 0;
	}
	IS_U64(differ, 0, "journal: the short way of reading says what cJSON says");
	OK(accepted > 1000,
	   "journal: many flips leave a line that can be read, so checksums are needed");
	life_end(&l);
}

/* Seals a line that nobody would print so. */
static void seal(struct buf *line)
{
	char end[JOURNAL_SEAL_SIZE + 2];
	uint32_t crc = crc32c(0, line->data, line->size);

	(void)snprintf(end, sizeof end, ",\"crc\":\"%08x\"}", (unsigned)crc);
	(void)buf_put(line, end, strlen(end));
}

static bool reads(const char *text, bool sealed)
{
	struct journal_line_parser p;
	struct element e;
	const char *wrong = "";
	bool read;
	struct buf line;

	buf_init(&line, SIZE_MAX / 4);
	(void)buf_put(&line, text, strlen(text));
	if (sealed) {
		line.size--;
		seal(&line);
		assert(journal_line_is_sealed(buf_view(&line)));
	}
	journal_line_parser_init(&p);
	read = journal_line_parse(&p, buf_view(&line), sealed, &e, &wrong);
	ALWAYS(read || wrong[0] != '\0', "journal: a refused line comes with a phrase");
	journal_line_parser_release(&p);
	buf_release(&line);
	return read;
}

#define TO       "\"to\":\"01KAV9FT005FANRFB8C11DXFF35F9F3GMSGF\""
#define FROM     "\"from\":\"01KAXKNCVH5F1CNVMBNQRNCFWRJD0Y8A2KDQ\""
#define SESSION  "\"session\":\"070W3GE1R70W3GE1R70W3GE1R7\""
#define STREAM   TO "," FROM "," SESSION
#define ID       "\"id\":\"01KAV9FT005FANRFB8C11DXFF35F9F3GMSGF\""
#define AUDIENCE "\"audience\":"
#define SAID_TO  "{" STREAM ",\"number\":1,\"sent\":0," AUDIENCE
#define ZEROS    "00000000000000000000000000000000000000000000000000000000000000"
#define KEY      "\"00" ZEROS "\""

static const char *const good[] = {
	"{\"stream\":1," STREAM "}",
	"{" STREAM ",\"stream\":9007199254740991}",
	"{\"in\":1,\"no\":1,\"sent\":0,\"text\":\"x\"}",
	"{\"no\":1,\"in\":1,\"sent\":0,\"text\":\"x\"}",
	"{\"in\":9007199254740991,\"no\":1,\"sent\":0," AUDIENCE "{\"all\":true},\"text\":\"x\"}",
	"{\"in\":1,\"no\":1,\"sent\":0,\"digest\":" KEY ",\"size\":1025}",
	"{\"in\":1,\"gone\":[1,2]}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"text\":\"x\"}",
	"{\"text\":\"x\"," STREAM ",\"number\":1,\"sent\":0}",
	"{ " STREAM " , \"number\":1,\"sent\":9007199254740991,\"text\":\"\\u0041\" }",
	"{" STREAM ",\"gone\":[1,9007199254740991]}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"digest\":" KEY ",\"size\":1025}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"size\":65536,\"digest\":" KEY "}",
	"{" STREAM ",\"number\":1,\"sent\":0," AUDIENCE "{\"all\":true},\"text\":\"x\"}",
	"{" STREAM ",\"number\":1,\"sent\":0," AUDIENCE
	"{\"count\":9,\"names\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h~0123ABCD\"],"
	"\"notice\":true},\"text\":\"x\"}",
	"{" STREAM ",\"number\":1,\"sent\":0," AUDIENCE "{\"notice\":true},\"digest\":" KEY
	",\"size\":2000}",
	"{" ID ",\"name\":\"a\",\"middle\":" KEY ",\"delete_key\":" KEY "}",
	"{" ID ",\"name\":\"a\",\"middle\":" KEY ",\"lock\":" KEY ",\"by\":1}",
	"{" ID ",\"name\":\"a\",\"middle\":" KEY ",\"lock\":" KEY ",\"by\":2}",
};

static const char *const bad[] = {
	"{}",
	"[]",
	"1",
	"{\"format\":1}",
	"{\"stream\":0," STREAM "}",
	"{\"stream\":1," STREAM ",\"gone\":[1,2]}",
	"{\"stream\":1," TO "," FROM "}",
	"{\"in\":0,\"no\":1,\"sent\":0,\"text\":\"x\"}",
	"{\"in\":01,\"no\":1,\"sent\":0,\"text\":\"x\"}",
	"{\"in\":1,\"no\":0,\"sent\":0,\"text\":\"x\"}",
	"{\"in\":1,\"number\":1,\"sent\":0,\"text\":\"x\"}",
	"{\"in\":1," STREAM ",\"no\":1,\"sent\":0,\"text\":\"x\"}",
	"{" STREAM ",\"no\":1,\"sent\":0,\"text\":\"x\"}",
	"{\"in\":1,\"no\":1,\"sent\":0}",
	"{\"in\":1,\"no\":1,\"same\":false}",
	"{\"in\":1,\"no\":1,\"said\":0}",
	"{\"in\":1,\"no\":1,\"said\":true}",
	"{\"in\":1,\"no\":1,\"said\":1,\"sent\":0}",
	"{\"in\":1,\"no\":1,\"said\":1," AUDIENCE "{\"all\":true}}",
	"{\"said\":1,\"sent\":0,\"text\":\"x\"}",
	"{\"said\":0,\"sent\":0," AUDIENCE "{\"all\":true},\"text\":\"x\"}",
	"{\"said\":1,\"sent\":0," AUDIENCE "{\"all\":true}}",
	"{\"said\":1,\"sent\":0," AUDIENCE "{\"all\":true},\"text\":\"x\",\"no\":1}",
	"{\"in\":1,\"no\":1,\"same\":true,\"sent\":0}",
	"{\"in\":1,\"no\":1,\"same\":true," AUDIENCE "{\"all\":true}}",
	"{\"in\":0,\"gone\":[1,2]}",
	"{\"in\":1," STREAM ",\"gone\":[1,2]}",
	"{\"in\":1}",
	"{\"in\":1,\"no\":1,\"sent\":0,\"digest\":\"g0" ZEROS "\",\"size\":1025}",
	"{\"in\":1,\"no\":1,\"sent\":0,\"digest\":\"0g" ZEROS "\",\"size\":1025}",
	"{" STREAM ",\"number\":0,\"sent\":0,\"text\":\"x\"}",
	"{" STREAM ",\"number\":01,\"sent\":0,\"text\":\"x\"}",
	"{" STREAM ",\"number\":1,\"sent\":9007199254740992,\"text\":\"x\"}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"text\":\"\"}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"text\":\"\\u0000\"}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"text\":\"a\tb\"}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"text\":\"a\"b\"}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"text\":\"a\\b\"c\"}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"text\":7}",
	"{" STREAM ",\"number\":\"1\",\"sent\":0,\"text\":\"x\"}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"text\":\"x\",\"more\":1}",
	"{" STREAM ",\"number\":1,\"number\":1,\"sent\":0,\"text\":\"x\"}",
	"{" STREAM ",\"number\":1,\"sent\":0}",
	"{" TO "," FROM ",\"number\":1,\"sent\":0,\"text\":\"x\"}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"digest\":" KEY ",\"size\":1024}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"digest\":" KEY ",\"size\":65537}",
	"{" STREAM ",\"number\":1,\"sent\":0,\"digest\":" KEY "}",
	"{" STREAM ",\"gone\":[0,1]}",
	"{" STREAM ",\"gone\":[1,2]," AUDIENCE "{\"all\":true}}",
	SAID_TO "{},\"text\":\"x\"}",
	SAID_TO "true,\"text\":\"x\"}",
	SAID_TO "{\"all\":false},\"text\":\"x\"}",
	SAID_TO "{\"notice\":false},\"text\":\"x\"}",
	SAID_TO "{\"all\":true,\"more\":1},\"text\":\"x\"}",
	SAID_TO "{\"all\":true,\"count\":2,\"names\":[\"a\",\"b\"]},\"text\":\"x\"}",
	SAID_TO "{\"count\":2},\"text\":\"x\"}",
	SAID_TO "{\"count\":1,\"names\":[\"a\"]},\"text\":\"x\"}",
	SAID_TO "{\"count\":2,\"names\":[\"a\"]},\"text\":\"x\"}",
	SAID_TO "{\"count\":2,\"names\":[\"a\",\"b c\"]},\"text\":\"x\"}",
	SAID_TO "{\"count\":4097,\"names\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]},"
		"\"text\":\"x\"}",
	SAID_TO "{\"count\":9,\"names\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]},"
		"\"text\":\"x\"}",
	"{" STREAM ",\"gone\":[2,1]}",
	"{" STREAM ",\"gone\":[1]}",
	"{" STREAM ",\"gone\":[1,2,3]}",
	"{" STREAM ",\"gone\":[1,2]} ]",
	"{" STREAM ",\"gone\":1}",
	"{" STREAM ",\"gone\":[1,9007199254740992]}",
	"{" ID ",\"name\":\"-a\",\"middle\":" KEY ",\"delete_key\":" KEY "}",
	"{" ID ",\"name\":\"a\",\"middle\":\"00\",\"delete_key\":" KEY "}",
	"{" ID ",\"name\":\"a\",\"middle\":" KEY "}",
	"{" ID ",\"name\":\"a\",\"middle\":" KEY ",\"lock\":" KEY "}",
	"{" ID ",\"name\":\"a\",\"middle\":" KEY ",\"lock\":" KEY ",\"by\":0}",
	"{" ID ",\"name\":\"a\",\"middle\":" KEY ",\"lock\":" KEY ",\"by\":3}",
	"{" ID ",\"name\":\"a\",\"middle\":" KEY ",\"delete_key\":" KEY ",\"by\":1}",
	"{\"synced\":-1}",
	"{\"synced\":\"1\"}",
	"{\"users\":\"none\",\"pending\":\"none\"}",
};

static const char *const said[] = {
	"{\"in\":1,\"no\":1,\"said\":1}",
	"{\"said\":9007199254740991,\"in\":1,\"no\":1}",
	"{\"said\":1,\"sent\":0," AUDIENCE "{\"all\":true},\"text\":\"x\"}",
	"{\"said\":1,\"text\":\"x\",\"sent\":0," AUDIENCE "{\"count\":2,\"names\":[\"a\",\"b\"]}}",
};

static void test_shapes(void)
{
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (!OK(reads(good[i], false) && reads(good[i], true), "journal: a line is read"))
			printf("# %s\n", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (!OK(!reads(bad[i], false) &&
		                (bad[i][0] != '{' || bad[i][1] == '}' ||
		                 bad[i][strlen(bad[i]) - 1] != '}' || !reads(bad[i], true)),
		        "journal: JSON of another shape is refused"))
			printf("# %s\n", bad[i]);
	OK(reads("{\"synced\":7}", true) && !reads("{\"synced\":7}", false),
	   "journal: a mark stands in journals only");
	OK(reads("{\"in\":1,\"no\":1,\"same\":true}", true) &&
	           reads("{\"no\":1,\"in\":1,\"same\":true}", true) &&
	           !reads("{\"in\":1,\"no\":1,\"same\":true}", false),
	   "journal: so does a message that is the same");
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		OK(reads(said[i], false) && !reads(said[i], true),
		   "journal: what is said by number stands in snapshots only");
	OK(reads("{\"crc\":\"0123abcd\"}", false) && !reads("{\"crc\":\"0123ABCD\"}", false),
	   "journal: checksums have one form");
	OK(reads("{\"format\":1,\"users\":\"none\",\"pending\":\"01234567\"}", true),
	   "journal: a first line is read");
	OK(reads("{\"format\":1,\"users\":\"none\",\"pending\":\"none\",\"old\":7,"
	         "\"old_crc\":\"01234567\"}",
	         true),
	   "journal: a first line that names the journal before is read");
	OK(!reads("{\"format\":1,\"users\":\"none\",\"pending\":\"none\",\"old\":7}", true),
	   "journal: a first line with half of that is refused");
}

/* The figures that files are planned with. */
static void test_sizes(void)
{
	char text[101];
	struct message m = {
		.stream = { life_id(1), life_id(2), { { 7 } } },
		.number = 1000000,
		.sent_ms = UINT64_C(1764000000000),
	};
	struct fact fact;
	struct buf line;

	memset(text, 'a', 100);
	m.text = view_of(text, 100);
	fact = (struct fact){ .kind = FACT_MESSAGE, .message = m };
	buf_init(&line, SIZE_MAX / 4);
	journal_line_put_fact(&line, &fact, 9, NULL);
	/* The brace, the comma, the newline, and a share of the checksum of every kilobyte. */
	OK(line.size + 3 + 20 * line.size / 1024 <= 160,
	   "journal: a message of 100 bytes takes at most 160 in the snapshot");
	journal_line_seal(&line, 0);
	OK(line.size <= 170, "journal: and at most 170 in the journal");
	buf_clear(&line);
	journal_line_put_same(&line, 1000000, 1);
	journal_line_seal(&line, 0);
	OK(line.size <= 60, "journal: one more recipient takes at most 60");
	buf_clear(&line);
	journal_line_put_says(&line, 1000000, 1000000, 1000000);
	OK(line.size + 3 + 20 * line.size / 1024 <= 60, "journal: and so in the snapshot");
	buf_clear(&line);
	journal_line_put_stream(&line, NUMBER_MAX, &m.stream);
	journal_line_seal(&line, 0);
	OK(line.size <= 192, "journal: the name of a stream takes at most 192");
	buf_clear(&line);
	fact = (struct fact){ .kind = FACT_BURIAL,
		              .burial = { .stream = m.stream, .range = { 1, 99 } } };
	journal_line_put_fact(&line, &fact, 0, NULL);
	OK(line.size + 3 + 20 * line.size / 1024 <= 160,
	   "journal: a stream read to its end takes at most 160 in the snapshot");
	buf_clear(&line);
	journal_line_put_synced(&line, NUMBER_MAX);
	OK(line.size <= JOURNAL_SYNCED_SIZE_MAX, "journal: the longest mark has its place");
	buf_release(&line);
}

/* The commonest line, also with the largest numbers, needs no tree. */
static void test_short_way(void)
{
	struct fact fact = { .kind = FACT_MESSAGE };
	struct journal_line_parser p;
	struct element e;
	const char *wrong = "";
	struct buf line;

	fact.message.stream = (struct stream){ life_id(1), life_id(2), { { 7 } } };
	fact.message.number = fact.message.sent_ms = NUMBER_MAX;
	fact.message.text = view_of_string("hi");
	buf_init(&line, SIZE_MAX / 4);
	put_fact(&line, &fact);
	journal_line_seal(&line, 0);
	line.size--;
	parser_init(&p, &fact);
	OK(journal_line_parse(&p, buf_view(&line), true, &e, &wrong) && fact_equal(&e.fact, &fact),
	   "journal: a short message with the largest numbers is read");
	OK(p.tree == NULL, "journal: and is read the short way");
	journal_line_parser_release(&p);
	buf_release(&line);
}

/* What is remembered of a line that was refused is never taken for what stands in the next. */
static void test_after_refusal(void)
{
	struct stream stream = { life_id(1), life_id(2), { { 7, 8, 9 } } };
	struct journal_line_parser p;
	struct element e;
	const char *wrong = "";
	unsigned refused = 0;
	unsigned differ = 0;
	struct buf line;

	buf_init(&line, SIZE_MAX / 4);
	journal_line_put_stream(&line, 1, &stream);
	(void)buf_put(&line, "}", 1);
	journal_line_parser_init(&p);
	MUST(journal_line_parse(&p, buf_view(&line), false, &e, &wrong));
	for (size_t at = 0; at < line.size; at++) {
		uint8_t kept = line.data[at];

		line.data[at] = 'U'; /* no letter of an id */
		refused += !journal_line_parse(&p, buf_view(&line), false, &e, &wrong);
		line.data[at] = kept;
		MUST(journal_line_parse(&p, buf_view(&line), false, &e, &wrong));
		differ += memcmp(&e.fact.message.stream, &stream, sizeof stream) != 0;
	}
	OK(refused > ID_TEXT_SIZE, "journal: a letter that no id has is refused");
	IS_U64(differ, 0, "journal: and the next line is read as it stands");
	journal_line_parser_release(&p);
	buf_release(&line);
}

static void test_extremes(void)
{
	struct message m = { .stream = { life_id(1), life_id(2), { { 7 } } } };
	struct fact fact;
	struct buf line;
	struct journal_line_parser p;
	struct element e;
	const char *wrong = "";
	char *text = memory_alloc(TEXT_SIZE_MAX);

	memset(text, 1, TEXT_SIZE_MAX);
	m.number = m.sent_ms = NUMBER_MAX;
	m.text = view_of(text, TEXT_SIZE_MAX);
	fact = (struct fact){ .kind = FACT_MESSAGE, .message = m };
	buf_init(&line, SIZE_MAX / 4);
	put_fact(&line, &fact);
	journal_line_seal(&line, 0);
	OK(line.size <= JOURNAL_LINE_SIZE_MAX, "journal: the longest line is within its limit");
	line.size--;
	parser_init(&p, &fact);
	OK(journal_line_is_sealed(buf_view(&line)) &&
	           journal_line_parse(&p, buf_view(&line), true, &e, &wrong) &&
	           fact_equal(&e.fact, &fact),
	   "journal: the longest line is read back the same");
	journal_line_parser_release(&p);
	buf_release(&line);
	memory_free(text);
}

int main(void)
{
	test_both_ways();
	test_seal();
	test_flips();
	test_shapes();
	test_sizes();
	test_short_way();
	test_after_refusal();
	test_extremes();
	return tap_done();
}
