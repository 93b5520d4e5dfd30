/* SPDX-License-Identifier: MIT
 *
 * Lines as users type them and as programs write them: what each is understood as, which refusal
 * each mistake gets and in which order, that the two forms mean the same, and that no byte
 * sequence breaks the parser.
 */
#include "tests/lib/tap.h"

#include "chat/command.h"

static struct command_parser parser;
static struct command_request request;

static uint64_t seed = 23;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static void parse_bytes(const void *line, size_t size)
{
	command_parse(&parser, view_of(line, size), false, &request);
}

static void parse(const char *line)
{
	parse_bytes(line, strlen(line));
}

static bool is_view(struct view v, const char *want)
{
	return view_equal(v, view_of_string(want));
}

struct row {
	const char *line;
	const char *word; /* of the result */
	const char *code; /* "ok", or why it is refused */
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[200];

		parse(rows[i].line);
		(void)snprintf(name, sizeof name, "'%.80s' gives %s", rows[i].line, rows[i].code);
		IS_STRING(outcome_code(request.outcome), rows[i].code, name);
		if (!is_view(request.word, rows[i].word))
			OK(false, "its result names the command");
		if ((request.outcome == OUTCOME_OK) != (request.detail[0] == 0))
			OK(false, "a refusal, and only that, has a sentence");
	}
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof rows / sizeof((rows)[0]))

static void test_order_of_refusals(void)
{
	static const struct row rows[] = {
		{ "/create alice pw", "create", "ok" },
		{ "/create", "create", "usage" },
		{ "/create alice", "create", "usage" },
		{ "/create alice pw more", "create", "usage" },
		{ "/create .a pw", "create", "bad-name" },
		{ "/create -a pw", "create", "bad-name" },
		{ "/create a~00000000 pw", "create", "bad-name" },
		{ "/create aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa pw", "create", "ok" },
		{ "/create aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa pw", "create", "bad-name" },
		{ "/create gr\xc3\xbc\xc3\x9f pw", "create", "bad-name" },
		{ "/login alice pw", "login", "ok" },
		{ "/login --take-over alice pw", "login", "ok" },
		{ "/login alice pw --take-over", "login", "ok" },
		{ "/login alice --take-over pw", "login", "ok" },
		{ "/login alice~0123ABCD pw", "login", "ok" },
		{ "/login alice~0123ABC pw", "login", "bad-name" },
		{ "/login alice~0123ABCU pw", "login", "bad-name" },
		{ "/login alice --force", "login", "ok" },
		{ "/login --force alice", "login", "bad-name" },
		{ "/logout", "logout", "ok" },
		{ "/logout now", "logout", "usage" },
		{ "/delete", "delete", "usage" },
		{ "/delete alice", "delete", "ok" },
		{ "/list", "list", "ok" },
		{ "/list al*", "list", "ok" },
		{ "/list a b", "list", "usage" },
		{ "/list -E", "list", "usage" },
		{ "/list -E a|b", "list", "ok" },
		{ "/list a -E b", "list", "usage" },
		{ "/list -x", "list", "ok" },
	};

	CHECK_ROWS(rows);
}

static void test_refusals_of_settings(void)
{
	static const struct row rows[] = {
		{ "/set", "set", "ok" },
		{ "/set wrap", "set", "ok" },
		{ "/set wrap words", "set", "ok" },
		{ "/set wrap words words", "set", "usage" },
		{ "/set Wrap", "set", "ok" },
	};

	CHECK_ROWS(rows);
}

static void test_refusals_of_texts(void)
{
	static const struct row rows[] = {
		{ "/msg bob hi", "msg", "ok" },
		{ "/msg bob", "msg", "usage" },
		{ "/msg", "msg", "usage" },
		{ "/msg bob,carol hi", "msg", "ok" },
		{ "/msg bob,,carol hi", "msg", "bad-name" },
		{ "/msg bob, hi", "msg", "bad-name" },
		{ "/msg -bob hi", "msg", "bad-name" },
		{ "/msg bob \xff", "msg", "bad-text" },
		{ "/msg -bob \xff", "msg", "bad-name" },
		{ "/msg --id 01ARZ3NDEKTSV4RRFFQ69G5FAV-7 bob hi", "msg", "ok" },
		{ "/msg --id 01ARZ3NDEKTSV4RRFFQ69G5FAV-0 bob hi", "msg", "usage" },
		{ "/msg --id 01ARZ3NDEKTSV4RRFFQ69G5FAV- bob hi", "msg", "usage" },
		{ "/msg --id 01ARZ3NDEKTSV4RRFFQ69G5FAV-9007199254740992 bob hi", "msg", "usage" },
		{ "/msg --id 01ARZ3NDEKTSV4RRFFQ69G5FAV-9007199254740991 bob hi", "msg", "ok" },
		{ "/msg --id x bob hi", "msg", "usage" },
		{ "/msg --id 01ARZ3NDEKTSV4RRFFQ69G5FAV-7 bob,carol hi", "msg", "usage" },
		{ "/talk bob", "talk", "ok" },
		{ "/talk", "talk", "usage" },
		{ "/talk b!", "talk", "bad-name" },
		{ "/all hello all", "all", "ok" },
		{ "/all", "all", "usage" },
		{ "/all --id 1", "all", "ok" },
		{ "/all --notice", "all", "usage" },
		{ "/check", "check", "ok" },
		{ "/replicas", "replicas", "ok" },
		{ "/bell on", "bell", "ok" },
		{ "/bell off", "bell", "ok" },
		{ "/bell", "bell", "usage" },
		{ "/bell maybe", "bell", "usage" },
		{ "/bell on off", "bell", "usage" },
		{ "/history", "history", "ok" },
		{ "/history bob", "history", "ok" },
		{ "/history 5", "history", "ok" },
		{ "/history 5 5", "history", "ok" },
		{ "/history bob 1000", "history", "ok" },
		{ "/history bob 1001", "history", "usage" },
		{ "/history bob 0", "history", "usage" },
		{ "/history 0", "history", "usage" },
		{ "/history bob five", "history", "usage" },
		{ "/history .bob", "history", "bad-name" },
		{ "/history bob 5 5", "history", "usage" },
		{ "/search any words", "search", "ok" },
		{ "/search", "search", "usage" },
		{ "/log", "log", "ok" },
		{ "/log on", "log", "ok" },
		{ "/log maybe", "log", "usage" },
		{ "/wait 0.5", "wait", "ok" },
		{ "/wait", "wait", "usage" },
		{ "/wait -1", "wait", "usage" },
		{ "/wait soon", "wait", "usage" },
		{ "/wait 1000001", "wait", "usage" },
		{ "/help", "help", "ok" },
		{ "/help msg", "help", "ok" },
		{ "/quit", "quit", "ok" },
		{ "/foo", "foo", "unknown-command" },
		{ "/foo too many words", "foo", "unknown-command" },
		{ "/", "", "unknown-command" },
		{ "/ msg bob hi", "", "unknown-command" },
		{ "/MSG bob hi", "MSG", "unknown-command" },
		{ "hello", "text", "ok" },
		{ "  /msg bob secret", "msg", "ok" },
	};

	CHECK_ROWS(rows);
}

static void test_json_refusals(void)
{
	static const struct row rows[] = {
		{ "{\"command\":\"msg\",\"to\":[\"bob\"],\"text\":\"two\\nlines\"}", "msg", "ok" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"hi\"}", "msg", "ok" },
		{ " {\"command\":\"quit\"}", "text", "ok" },
		{ "{\"command\":\"quit\"} ", "quit", "ok" },
		{ "{ \"command\" : \"quit\" }", "quit", "ok" },
		{ "{\"command\":\"quit\"} x", "quit", "usage" },
		{ "{\"command\":\"quit\"", "quit", "usage" },
		{ "{\"command\":\"quit\",}", "quit", "usage" },
		{ "{\"command\":\"quit\",\"command\":\"quit\"}", "quit", "usage" },
		{ "{\"command\":\"quit\",\"name\":\"a\"}", "quit", "usage" },
		{ "{\"command\":\"quit\",\"colour\":\"a\"}", "quit", "usage" },
		{ "{\"command\":\"foo\",\"colour\":\"a\"}", "foo", "unknown-command" },
		{ "{\"command\":\"/msg\"}", "/msg", "unknown-command" },
		{ "{\"text\":\"hi\"}", "", "usage" },
		{ "{}", "", "usage" },
		{ "{", "", "usage" },
		{ "{\"command\":7}", "", "usage" },
		{ "{\"command\":\"msg\",\"to\":[],\"text\":\"hi\"}", "msg", "usage" },
		{ "{\"command\":\"msg\",\"to\":[7],\"text\":\"hi\"}", "msg", "usage" },
		{ "{\"command\":\"msg\",\"to\":[\"bob\",\"a b\"],\"text\":\"hi\"}", "msg",
		  "bad-name" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":7}", "msg", "usage" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"\"}", "msg", "bad-text" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"a\\u0000b\"}", "msg",
		  "bad-text" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"\\ud800\"}", "msg", "bad-text" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"\\ud83d\\ude00\"}", "msg", "ok" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"\xff\"}", "msg", "bad-text" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"a\tb\"}", "msg", "usage" },
		{ "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"\\x\"}", "msg", "usage" },
		{ "{\"command\":\"login\",\"name\":\"a\",\"password\":\"p q\",\"take_over\":true}",
		  "login", "ok" },
		{ "{\"command\":\"login\",\"name\":\"a\",\"password\":\"p\",\"take_over\":1}",
		  "login", "usage" },
		{ "{\"command\":\"login\",\"name\":\"a\",\"password\":\"\"}", "login", "usage" },
		{ "{\"command\":\"create\",\"name\":\"a b\",\"password\":\"p\"}", "create",
		  "bad-name" },
		{ "{\"command\":\"create\",\"name\":\"a\",\"password\":\"p\\u0000\"}", "create",
		  "usage" },
		{ "{\"command\":\"bell\",\"state\":\"on\"}", "bell", "ok" },
		{ "{\"command\":\"bell\",\"state\":true}", "bell", "usage" },
		{ "{\"command\":\"wait\",\"seconds\":0.5}", "wait", "ok" },
		{ "{\"command\":\"wait\",\"seconds\":\"0.5\"}", "wait", "ok" },
		{ "{\"command\":\"wait\",\"seconds\":-1}", "wait", "usage" },
		{ "{\"command\":\"wait\",\"seconds\":true}", "wait", "usage" },
		{ "{\"command\":\"list\",\"pattern\":\"a*\"}", "list", "ok" },
		{ "{\"command\":\"list\",\"regex\":\"a|b\"}", "list", "ok" },
		{ "{\"command\":\"list\",\"regex\":\"a\",\"pattern\":\"b\"}", "list", "usage" },
	};

	CHECK_ROWS(rows);
}

static void test_arguments(void)
{
	char text[64];

	parse("/msg bob  two  blanks ");
	OK(is_view(request.text, " two  blanks "),
	   "a text is what follows one blank, as it stands");
	parse("/msg\tbob\thi");
	OK(is_view(request.text, "hi"), "a tab is a blank, too");
	OK(request.to_count == 1 && is_view(request.to[0], "bob"), "the recipient is found");
	parse("/msg bob --id x");
	OK(is_view(request.text, "--id x"), "what looks like an option in a text is text");
	parse("/msg a,b,a,c,b hi");
	IS_U64(request.to_count, 3, "a name that stands twice is one recipient");
	parse("/msg Bob,bOB,eve hi");
	OK(request.to_count == 2 && is_view(request.to[0], "Bob"),
	   "also if it stands there in another case");
	parse("/msg --id 01ARZ3NDEKTSV4RRFFQ69G5FAV-42 bob again");
	ulid_to_text(&request.session, text);
	IS_STRING(text, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "an id names its session");
	IS_U64(request.number, 42, "and its number");
	parse("/login alice --take-over pw");
	OK(request.take_over && is_view(request.password, "pw"),
	   "an option may stand between arguments");
	parse("/list -E a b*");
	IS_STRING(outcome_code(request.outcome), "usage", "a regular expression is one word");
	parse("{\"command\":\"msg\",\"to\":[\"bob\",\"eve\"],"
	      "\"text\":\"q\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}");
	OK(is_view(request.text, "q\"\\/\b\f\n\r\t\xc3\xa9"), "json: every escape is understood");
	OK(request.to_count == 2 && is_view(request.to[1], "eve"), "json: a list of names");
	parse("{\"command\":\"msg\",\"to\":\"bob,eve\",\"text\":\"x\"}");
	IS_STRING(outcome_code(request.outcome), "bad-name", "json: a string is one name");
	parse("{\"command\":\"wait\",\"seconds\":1.25}");
	IS_U64(request.duration_ms, 1250, "json: fractions of seconds");
	parse("/history 7");
	OK(request.count == 7 && request.name.size == 0, "a number alone is how many");
	parse("/history 7 8");
	OK(request.count == 8 && view_equal(request.name, view_of_string("7")),
	   "a name may be a number, too");
	parse("{\"command\":\"history\",\"name\":\"bob\",\"count\":12}");
	OK(request.count == 12 && view_equal(request.name, view_of_string("bob")), "both as JSON");
	parse("{\"command\":\"bell\",\"state\":\"on\"}");
	OK(request.is_on, "json: on");
	parse("/bell off");
	OK(!request.is_on, "off");
	parse("/set user -");
	OK(request.setting == SETTING_USER && is_view(request.value, "-"),
	   "a setting and its value");
	parse("/set width 7");
	OK(strstr(request.detail, "there is no setting 'width'; there is: bell, wrap,") != NULL,
	   "one that there is not is refused with those that there are");
	parse("{\"command\":\"login\",\"name\":\"a\",\"password\":\"p\",\"take_over\":false}");
	OK(!request.take_over, "json: false is not given");
	OK(request.outcome == OUTCOME_OK, "json: and no mistake");
}

static void fill(char *to, size_t size, char c)
{
	memset(to, c, size);
	to[size] = 0;
}

static void test_limits(void)
{
	char *line = memory_alloc(COMMAND_LINE_SIZE_MAX + 1);
	size_t size;

	memcpy(line, "/msg bob ", 9);
	fill(line + 9, TEXT_SIZE_MAX, 'x');
	parse(line);
	IS_STRING(outcome_code(request.outcome), "ok", "a text of 65,536 bytes is sent");
	fill(line + 9, TEXT_SIZE_MAX + 1, 'x');
	parse(line);
	IS_STRING(outcome_code(request.outcome), "too-long", "one of 65,537 is not");
	fill(line + 9, COMMAND_LINE_SIZE_MAX - 9, 'x');
	command_parse(&parser, view_of(line, COMMAND_LINE_SIZE_MAX), true, &request);
	IS_STRING(outcome_code(request.outcome), "too-long",
	          "nor is the front of a line that was cut");
	fill(line, COMMAND_LINE_SIZE_MAX, 'x');
	command_parse(&parser, view_of(line, COMMAND_LINE_SIZE_MAX), true, &request);
	IS_STRING(outcome_code(request.outcome), "too-long", "nor plain text without an end");
	memcpy(line, "{\"command\":\"msg\"", 16);
	command_parse(&parser, view_of(line, COMMAND_LINE_SIZE_MAX), true, &request);
	IS_STRING(outcome_code(request.outcome), "too-long", "nor a JSON line without one");

	memcpy(line, "/login a ", 9);
	fill(line + 9, PASSWORD_SIZE_MAX, 'p');
	parse(line);
	IS_STRING(outcome_code(request.outcome), "ok", "a password of 511 bytes is one");
	fill(line + 9, PASSWORD_SIZE_MAX + 1, 'p');
	parse(line);
	IS_STRING(outcome_code(request.outcome), "usage", "one of 512 is not");

	for (size_t count = RECIPIENTS_MAX; count <= RECIPIENTS_MAX + 1; count++) {
		size = (size_t)sprintf(line, "/msg ");
		for (size_t i = 0; i < count; i++)
			size += (size_t)sprintf(line + size, "%sn%zu", i == 0 ? "" : ",", i);
		(void)sprintf(line + size, " hi");
		parse(line);
		IS_STRING(outcome_code(request.outcome), count == RECIPIENTS_MAX ? "ok" : "usage",
		          "4,096 recipients are the most");
	}
	size = (size_t)sprintf(line, "/list ");
	fill(line + size, COMMAND_PATTERN_SIZE_MAX, 'a');
	parse(line);
	IS_STRING(outcome_code(request.outcome), "ok", "a pattern of 256 bytes is one");
	fill(line + size, COMMAND_PATTERN_SIZE_MAX + 1, 'a');
	parse(line);
	IS_STRING(outcome_code(request.outcome), "usage", "one of 257 is not");
	size = (size_t)sprintf(line, "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"");
	for (size_t i = 0; i < TEXT_SIZE_MAX; i++)
		size += (size_t)sprintf(line + size, "\\u0041");
	(void)sprintf(line + size, "\"}");
	parse(line);
	IS_STRING(outcome_code(request.outcome), "ok", "json: the longest text, all of it escaped");
	IS_U64(request.text.size, TEXT_SIZE_MAX, "json: has its length");
	parse_bytes("/msg bob a\0b", 12);
	IS_STRING(outcome_code(request.outcome), "bad-text", "a NUL is no text");
	memory_free(line);
}

static void test_wrong_command(void)
{
	parse("/mgs bob hi");
	OK(strstr(request.detail, "/msg") != NULL,
	   "the refusal of a wrong command suggests the nearest");
}

static void test_foreign(void)
{
	static const char *const foreign[] = {
		">> bob: hi",
		">>bob : hi",
		"Create user pass",
		"login user pass",
		"\xc2\xa0login user pass",
		"\\login user pass",
		"Deliver user pass",
		"  >> bob: x",
		"//login user pass",
	};
	static const char *const plain[] = {
		"hello",      "send it",  "LA is a city",
		"lists",      "> quoted", "-> hi",
		"a > b",      "helpful",  "create an account now please",
		"(bob-> hi)", "Clear",    "well - > so",
		"bob-> hi",   "b->x",     "send bob hi",
		"LA",         "Q",        "help",
		"list",       "quit",     "//etc/hosts has it",
		"//",
	};
	char name[80];

	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
		parse(foreign[i]);
		(void)snprintf(name, sizeof name, "'%s' is never sent", foreign[i]);
		IS_STRING(outcome_code(request.outcome), "usage", name);
		ALWAYS(strstr(request.detail, "/") != NULL, "it is answered with our form");
	}
	parse("//etc/hosts has it");
	OK(is_view(request.text, "/etc/hosts has it"), "of two slashes one is sent");
	parse(" \xc2\xa0\xe2\x80\x8b/list");
	OK(request.verb == VERB_LIST, "a command behind blanks of any kind is one");
	parse("/login\xe3\x80\x80"
	      "alice\xe3\x80\x80secret");
	OK(strstr(request.detail, "/login;") != NULL && strstr(request.detail, "secret") == NULL &&
	           is_view(request.word, "login"),
	   "a refusal shows nothing behind a blank of any kind");
	parse("/login alice\xc2\xa0secret pw");
	OK(request.outcome == OUTCOME_BAD_NAME && strstr(request.detail, "secret") == NULL,
	   "nor behind one in a name");
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
		parse(plain[i]);
		(void)snprintf(name, sizeof name, "'%s' is text", plain[i]);
		OK(request.outcome == OUTCOME_OK && request.verb == VERB_TEXT, name);
	}
}

static void test_options(void)
{
	parse("/all --notice two words");
	OK(request.is_notice && view_equal(request.text, view_of_string("two words")),
	   "an option before a text is none of it");
	parse("/all no --notice");
	OK(!request.is_notice && view_equal(request.text, view_of_string("no --notice")),
	   "one within it is");
	parse("/msg bob --notice");
	OK(!request.is_notice && view_equal(request.text, view_of_string("--notice")),
	   "so is one behind the name");
	parse("/msg bob  ");
	OK(view_equal(request.text, view_of_string(" ")), "a blank is a text, too");
	parse("{\"command\":\"wait\",\"seconds\":1e9}");
	IS_STRING(request.detail, "'1e9' are no seconds; a number from 0 to 1000000 is",
	          "a number that JSON has and seconds have not is named");
	parse("{\"command\":\"wait\",\"seconds\":-1}");
	IS_STRING(request.detail, "'-1' are no seconds; a number from 0 to 1000000 is",
	          "so is one below 0");
	parse("/nothing/like/it");
	IS_STRING(request.detail,
	          "there is no /nothing/like/it; /help lists all commands, // sends a text that "
	          "begins with /",
	          "what may have been a text is told how to be one");
}

static void test_terminal(void)
{
	struct command_parser *p = memory_alloc(sizeof *p);

	command_parser_init(p, true);
	command_parse(p, view_of_string("/create alice"), false, &request);
	OK(request.outcome == OUTCOME_OK, "terminal: a password is asked for");
	command_parse(p, view_of_string("/create"), false, &request);
	OK(request.outcome == OUTCOME_USAGE, "terminal: a name is not");
	command_parse(p, view_of_string("/delete"), false, &request);
	OK(request.outcome == OUTCOME_OK, "terminal: the confirmation is asked for");
	command_parse(p, view_of_string("/m bob hi"), false, &request);
	OK(request.verb == VERB_MSG && view_equal(request.word, view_of_string("msg")),
	   "terminal: a part of one command is that command");
	command_parse(p, view_of_string("/al hi"), false, &request);
	IS_STRING(request.detail, "/all has to be written out", "terminal: but not of /all");
	command_parse(p, view_of_string("/cr"), false, &request);
	OK(request.outcome == OUTCOME_USAGE && request.verb == VERB_CREATE, "terminal: /cr");
	command_parse(p, view_of_string("/c"), false, &request);
	IS_STRING(request.detail, "/c may be /create or /check: write more of it",
	          "terminal: a part of two is refused with both");
	command_parse(p, view_of_string("{\"command\":\"quit\"}"), false, &request);
	OK(request.verb == VERB_TEXT, "terminal: a brace begins plain text");
	command_parser_release(p);
	memory_free(p);
}

static void test_durations(void)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {
		{ "0", 0 },     { "1", 1000 },      { "0.25", 250 },           { ".5", 500 },
		{ "2.", 2000 }, { "1.2345", 1234 }, { "1000000", 1000000000 }, { "00001", 1000 },
	};
	static const char *const bad[] = {
		"",      ".",  "-1", "+1",          "1e3",
		"1.2.3", "1 ", "a",  "1000000.001", "99999999999999999999999"
	};
	uint64_t ms = 7;

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		OK(command_duration(view_of_string(good[i].text), &ms), good[i].text);
		IS_U64(ms, good[i].ms, "its milliseconds");
	}
	ms = 7;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		OK(!command_duration(view_of_string(bad[i]), &ms) && ms == 7, "no duration");
}

/* Pieces that lead deep into the parser, cut and joined at random, and plain noise. */
static void test_noise(void)
{
	static const char *const pieces[] = {
		"{",       "}",       "\"command\"", ":",       "\"msg\"",      ",",
		"\"to\"",  "[",       "]",           "\"bob\"", "\"text\"",     "\"\\u00",
		"\\ud83d", "\\ude00", "\"",          "\\",      "true",         "false",
		"1.5",     "/msg ",   "/login ",     "--id ",   "--take-over ", " ",
		"bob",     "-E ",     "a*",          "/list ",  "\xff",         "\"seconds\"",
	};
	unsigned refused = 0;
	unsigned rounds = 100000;

	for (unsigned round = 0; round < rounds; round++) {
		char line[200];
		size_t size = 0;
		unsigned count = 1 + draw(12);

		for (unsigned i = 0; i < count; i++) {
			const char *piece = pieces[draw(sizeof pieces / sizeof pieces[0])];
			size_t length = strlen(piece);

			if (draw(8) == 0)
				line[size++] = (char)draw(256);
			memcpy(line + size, piece, length);
			size += length;
		}
		/* In memory of its own, so that a read past its end is found. */
		char *exact = memory_alloc(size);

		memcpy(exact, line, size);
		parse_bytes(exact, size);
		ALWAYS((request.outcome == OUTCOME_OK) == (request.detail[0] == 0),
		       "noise: a sentence");
		refused += request.outcome != OUTCOME_OK;
		memory_free(exact);
	}
	OK(refused > rounds / 4 && refused < rounds,
	   "noise is refused or understood, and breaks nothing");
}

int main(void)
{
	command_parser_init(&parser, false);
	test_order_of_refusals();
	test_refusals_of_settings();
	test_refusals_of_texts();
	test_json_refusals();
	test_arguments();
	test_limits();
	test_wrong_command();
	test_foreign();
	test_options();
	test_terminal();
	test_durations();
	test_noise();
	command_parser_release(&parser);
	return tap_done();
}
