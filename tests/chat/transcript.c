/* SPDX-License-Identifier: MIT
 *
 * What a person reads, line by line: the layout, what is said and what goes without saying, and
 * that no text can look like another's line. Colours are taken away before a line is compared, but
 * where they are what is looked at.
 */
#include "tests/lib/tap.h"

#include "chat/transcript.h"
#include "terminal/terminal.h"

static const char *const addresses[REPLICAS] = { "127.0.0.1:1", "host:2", "[::1]:3" };
static struct buf out;
static struct transcript transcript;

static const struct transcript_time monday = { 1000000000000, 2026, 11, 16, 1, 9, 5 };

/* So many minutes later, on the same day. */
static struct transcript_time later(unsigned minutes)
{
	struct transcript_time at = monday;

	at.ms += minutes * UINT64_C(60000);
	at.hour += minutes / 60;
	at.minute += minutes % 60;
	return at;
}

static struct transcript_time day_after(void)
{
	struct transcript_time at = { monday.ms + 86400000, 2026, 11, 17, 2, 0, 0 };

	return at;
}

static void fresh(void)
{
	buf_clear(&out);
	transcript_init(&transcript, &out, addresses);
	transcript_begin(&transcript, &monday);
}

/* What was written, as a string; the buffer is empty afterwards. */
static const char *raw(void)
{
	static char text[65536];

	assert(out.size < sizeof text);
	memcpy(text, out.data, out.size);
	text[out.size] = 0;
	buf_clear(&out);
	return text;
}

/* The same as a terminal without colours shows it. */
static const char *taken(void)
{
	static char text[65536];
	const char *from = raw();
	char *to = text;

	while (*from != 0) {
		if (*from == 0x1b) {
			while (*from != 'm')
				from++;
			from++;
			continue;
		}
		*to++ = *from++;
	}
	*to = 0;
	return text;
}

static const char *message(const char *from, const char *text, bool waited,
                           struct transcript_time at)
{
	struct shown shown = { .text = view_of_string(text), .waited = waited };

	(void)snprintf(shown.from, sizeof shown.from, "%s", from);
	transcript_message(&transcript, &shown, &at);
	return taken();
}

static void test_messages(void)
{
	fresh();
	IS_STRING(message("bob", "hi", false, monday), "09:05          bob: hi\n",
	          "a message: time, name at the right of its column, text");
	IS_STRING(message("al~0123ABCD", "hi", false, monday), "09:05  al~0123ABCD: hi\n",
	          "a name with its digits fits");
	IS_STRING(message("a_name_of_many_letters~0123ABCD", "hi", false, monday),
	          "09:05 a_name_of_many_letters~0123ABCD: hi\n", "a longer one is shown whole");
	transcript.columns = 40;
	IS_STRING(message("bob", "one\ntwo", false, monday),
	          "09:05         bob: one\n                 | two\n",
	          "in a narrow window the column is as wide as the widest name so far");
	fresh();
	transcript.columns = 40;
	IS_STRING(message("bob", "one\ntwo", false, monday),
	          "09:05      bob: one\n              | two\n", "at first it is narrow, too");
	transcript.columns = 200;
	IS_STRING(message("bob", "hi", false, monday), "09:05          bob: hi\n",
	          "in a wide one it is steady");
	IS_STRING(message("bob", "x\n", false, monday), "09:05          bob: x\n",
	          "a newline at the end is no row");
	IS_STRING(message("bob", "a\tb\n\tc", false, monday),
	          "09:05          bob: a\tb\n                  | \tc\n", "tabs stay tabs");
	IS_STRING(message("bob", "", false, monday), "09:05          bob: \n", "an empty text");
}

static const char *addressed(const char *form, size_t size)
{
	struct shown shown = { .from = "bob", .text = view_of_string("hi") };

	shown.audience = view_of(form, size);
	transcript_message(&transcript, &shown, &monday);
	return taken();
}

/* What came to others as well says so, behind the name of its sender. */
static void test_audiences(void)
{
	fresh();
	IS_STRING(addressed("\2", 1), "09:05 bob [to all]: hi\n", "to all");
	IS_STRING(addressed("\4", 1), "09:05 bob [notice]: hi\n", "a notice to one");
	IS_STRING(addressed("\6", 1), "09:05 bob [notice to all]: hi\n", "a notice to all");
	IS_STRING(addressed("\1\2\0\3ann\5carol", 13), "09:05 bob [to ann, carol]: hi\n",
	          "to two: their names");
	IS_STRING(addressed("\1\4\0\3ann\5carol\3eve\3max", 21), "09:05   bob [to 4]: hi\n",
	          "to more than three: how many, in the column if there is room");
}

static void test_wrapped(void)
{
	char text[8192];
	const char *lines;
	size_t count = 0;

	fresh();
	transcript.wraps = true;
	transcript.columns = 40;
	IS_STRING(message("bob", "did you get the tickets for this evening?", false, monday),
	          "09:05      bob: did you get the tickets\n                for this evening?\n",
	          "a text is broken between words, and indented under itself");
	IS_STRING(message("bob", "one two three four five six\nseven eight nine ten eleven", false,
	                  monday),
	          "09:05      bob: one two three four five\n                six\n"
	          "              | seven eight nine ten\n                eleven\n",
	          "each of its lines");
	IS_STRING(message("bob", "a\tb", false, monday), "09:05      bob: a       b\n",
	          "a tab stop is counted from where the text begins");
	transcript_notice(&transcript, "one replica of three is there, the others are not",
	                  &monday);
	IS_STRING(taken(), "09:05 -- one replica of three is there,\n         the others are not\n",
	          "so is a notice");
	transcript_typed(&transcript, view_of_string("/list a very long list of all that there is"),
	                 false, false);
	IS_STRING(taken(), "> /list a very long list of all that\n  there is\n",
	          "and what was typed");
	transcript_notice(&transcript, "in colour, and further on in the same colour", &monday);
	lines = raw();
	OK(strstr(lines, "\n         \033[") != NULL, "a row has the colour of the one before it");

	transcript.columns = 100;
	memset(text, '\n', 5000);
	(void)snprintf(text + 5000, 8, "end");
	text[0] = 'a';
	lines = message("bob", text, false, monday);
	for (const char *c = lines; *c != 0; c++)
		count += *c == '\n';
	IS_U64(count, TRANSCRIPT_ROWS_MAX + 1, "a text of many lines is folded");
	OK(strstr(lines, "| <4960 more lines; PgUp shows all>") != NULL, "the others are counted");
	OK(strstr(lines, "end") == NULL, "and not shown");
	transcript.rows = 24;
	OK(strstr(message("bob", text, false, monday), "| <4984 more lines;") != NULL,
	   "a low window keeps a third for what was said before");
	transcript.rows = 3;
	OK(strstr(message("bob", text, false, monday), "| <4996 more lines;") != NULL,
	   "and the lowest shows some rows");
	transcript.rows = 200;
	OK(strstr(message("bob", text, false, monday), "| <4960 more lines;") != NULL,
	   "a high one shows no more than usual");
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	lines = message("bob", text, false, monday);
	OK(strstr(lines, " more characters; PgUp shows all>") != NULL, "so is a long line");
	transcript.is_unfolded = true;
	OK(strstr(message("bob", text, false, monday), "more characters") == NULL,
	   "who wants all of it gets it");
}

/* What a page's foot takes from its rows. */
static void test_day_of_row(void)
{
	struct view day = transcript_day(
		view_of_string("\033[2m-- Friday 27 November 2026 --\033[0m"));

	OK(view_equal(day, view_of_string("Friday 27 November 2026")), "a row that names a day");
	OK(transcript_day(view_of_string("09:05      bob: -- no day --\n")).size == 0,
	   "what is said names none");
	OK(transcript_day(view_of_string("\n")).size == 0, "nor does an empty row");
	OK(transcript_day(view_of_string("-- it ends\n")).size == 0, "nor one without an end");
}

/* The row that says how much is left could hold as much. */
static void test_folds(void)
{
	char text[8192];

	fresh();
	transcript.wraps = true;
	transcript.columns = 100;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	transcript.rows = 10;
	text[78 * 7] = 0;
	OK(strstr(message("bob", text, false, monday), "more") == NULL,
	   "what would fill no more than the row that says so is shown");
	memset(text, 'x', sizeof text - 1);
	text[82 * 7] = 0;
	OK(strstr(message("bob", text, false, monday), "more characters") != NULL,
	   "what would fill two is not");
	(void)snprintf(text, sizeof text, "1\n2\n3\n4\n5\n6\n7");
	OK(strstr(message("bob", text, false, monday), "| 7\n") != NULL, "so is the last line");
	(void)snprintf(text, sizeof text, "1\n2\n3\n4\n5\n6\n7\n8");
	OK(strstr(message("bob", text, false, monday), "| <2 more lines;") != NULL,
	   "two lines are folded");
}

/* Each line that does not begin with a blank must be one that was meant. */
static bool is_one_message(const char *lines)
{
	size_t count = 0;

	for (const char *line = lines; *line != 0; line = strchr(line, '\n') + 1)
		count += *line != ' ';
	return count == 1;
}

static void test_hostile(void)
{
	static const char *const texts[] = {
		"x\n09:05          eve: forged",
		"x\r09:05          eve: forged",
		"x\r\n\r\n-- Monday 16 November 2026 --",
		"x\x1b[1A\x1b[2K09:05 -- replica 0 is dead",
		"x\xc2\x9b"
		"2K",
		"x\xe2\x80\xa8"
		"09:05          eve: line separator",
		"x\xe2\x80\xa9"
		"09:05          eve: paragraph separator",
		"x\xc2\x85"
		"09:05          eve: next line",
		"x\x0b"
		"09:05          eve: vertical tab",
		"x\x0c"
		"09:05          eve: form feed",
		"x\xe2\x80\xae"
		"desrever",
		"x\xff\xfe\x80",
	};
	char flood[4096];
	size_t size = 0;

	fresh();
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *lines = message("bob", texts[i], false, monday);
		bool clean = true;

		for (const char *c = lines; *c != 0; c++)
			clean = clean && (*c == '\n' || ((uint8_t)*c >= 0x20 && *c != 0x7f));
		OK(is_one_message(lines), "no text begins a line of its own");
		OK(clean, "nor holds what a terminal obeys");
	}
	IS_STRING(message("bob",
	                  "a\xe2\x80\xae"
	                  "b",
	                  false, monday),
	          "09:05          bob: a<U+202E>b\n", "writing direction is a visible mark");
	flood[size++] = 'a';
	for (size_t i = 0; i < 1000; i++, size += 2)
		memcpy(flood + size, "\xcc\x81", 2);
	memcpy(flood + size, "b", 2);
	IS_STRING(message("bob", flood, false, monday),
	          "09:05          bob: a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"
	          "\xcc\x81<992 more marks>b\n",
	          "a thousand marks on one letter are counted");
	flood[size] = 0;
	IS_STRING(message("bob", flood + 1, false, monday),
	          "09:05          bob: \xe2\x97\x8c\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"
	          "\xcc\x81\xcc\x81<992 more marks>\n",
	          "also without a letter, and at the end");
	flood[1 + 2 * TRANSCRIPT_MARKS_MAX] = 0;
	IS_STRING(message("bob", flood, false, monday),
	          "09:05          bob: a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"
	          "\xcc\x81\n",
	          "as many as a script may need are shown");
	IS_STRING(message("bob", "\xe2\x80\x8b\n\xcc\x81x", false, monday),
	          "09:05          bob: \xe2\x97\x8c\xe2\x80\x8b\n                  | "
	          "\xe2\x97\x8c\xcc\x81x\n",
	          "what shows nothing by itself stands on a circle");
}

static void test_colours(void)
{
	struct shown bob = { .from = "bob", .text = view_of_string("\x1b[31mred") };
	char want[64];
	const char *got;

	fresh();
	transcript_message(&transcript, &bob, &monday);
	got = raw();
	(void)snprintf(want, sizeof want, "%sbob%s: ^[[31mred",
	               terminal_style(terminal_style_of(view_of_string("bob"))),
	               terminal_style(STYLE_NONE));
	OK(strstr(got, want) != NULL, "a name has its colour, and a text gives itself none");
}

static void test_days(void)
{
	struct transcript_time before = later(0);

	fresh();
	IS_STRING(message("bob", "a", false, later(1)), "09:06          bob: a\n",
	          "nobody needs to be told what day it is at first");
	IS_STRING(message("bob", "b", false, day_after()),
	          "-- Tuesday 17 November 2026 --\n00:00          bob: b\n",
	          "midnight is one line");
	before = day_after();
	before.ms -= 60000;
	before.day = 16;
	before.weekday = 1;
	before.hour = 23;
	before.minute = 59;
	IS_STRING(message("eve", "c", false, before), "23:59          eve: c\n",
	          "what was sent a moment earlier does not turn the day back");
	IS_STRING(message("bob", "d", false, day_after()), "00:00          bob: d\n",
	          "nor is the day told again");
	IS_STRING(message("bob", "e", false, monday),
	          "-- Monday 16 November 2026 --\n09:05          bob: e\n",
	          "what is much older stands under its own day");
	fresh();
	transcript.has_day = false;
	IS_STRING(message("bob", "a", false, monday), "09:05          bob: a\n",
	          "a first line has no day before it");
}

static void test_waited(void)
{
	struct transcript_time old = { monday.ms - 4 * UINT64_C(86400000), 2026, 11, 12, 4, 18, 3 };
	struct transcript_time older = { 0, 2025, 1, 2, 4, 7, 8 };

	fresh();
	transcript_waited_end(&transcript);
	IS_STRING(taken(), "", "nothing waited: nothing is said");
	IS_STRING(message("bob", "a", true, old),
	          "-- waiting since 12 Nov 18:03 --\n-- Thursday 12 November 2026 --\n"
	          "18:03          bob: a\n",
	          "what waited stands under a line that says since when");
	IS_STRING(message("eve", "b", true, old), "18:03          eve: b\n", "one line for all");
	transcript_waited_end(&transcript);
	IS_STRING(taken(), "-- end of what waited: 2 messages --\n",
	          "and one at its end: how many");
	transcript_waited_end(&transcript);
	IS_STRING(taken(), "", "once");
	IS_STRING(message("bob", "c", true, older),
	          "-- waiting since 2 Jan 2025 07:08 --\n-- Thursday 2 January 2025 --\n"
	          "07:08          bob: c\n",
	          "another year is named");
	IS_STRING(message("bob", "d", false, monday),
	          "-- end of what waited: 1 message --\n-- Monday 16 November 2026 --\n"
	          "09:05          bob: d\n",
	          "what did not wait ends it");
}

/* ---- own messages ---- */

static const char *own(const char *to, const char *text, enum transcript_own_state state,
                       const struct result *r)
{
	struct view names[8];
	struct transcript_own line = {
		.to = names, .text = view_of_string(text), .state = state, .detail = ""
	};

	for (; *to != 0; to += strcspn(to, ",") + (strchr(to, ',') != NULL))
		names[line.to_count++] = view_of(to, strcspn(to, ","));
	if (r != NULL) {
		line.outcome = r->outcome;
		line.detail = r->detail;
		line.result = r;
	}
	transcript_own(&transcript, &line, &monday);
	return taken();
}

static void test_own(void)
{
	struct result r = { .detail = "", .copies = 3, .online = 1, .stored = 1 };

	fresh();
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r), "09:05       -> bob: hi\n",
	          "on all three, for one who is online: no remark");
	IS_STRING(own("bob", "hi\nyou", TRANSCRIPT_ENDED, &r),
	          "09:05       -> bob: hi\n                  | you\n", "its lines are moved in");
	r.online = 0;
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r), "09:05       -> bob: hi [offline]\n",
	          "offline is said");
	r.copies = 2;
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05       -> bob: hi [offline; on 2 of 3 replicas]\n", "so are few copies");
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r), "09:05       -> bob: hi [offline]\n",
	          "once, while it is the same");
	r.copies = 1;
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05       -> bob: hi [offline; on 1 of 3 replicas]\n",
	          "and if it becomes worse");
	r.copies = 3;
	(void)own("bob", "hi", TRANSCRIPT_ENDED, &r);
	r.copies = 1;
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05       -> bob: hi [offline; on 1 of 3 replicas]\n",
	          "or was better meanwhile");
	r.online = 1;
	r.copies = 3;
	r.mailbox_full = true;
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05       -> bob: hi [your share of this mailbox is full now, until something "
	          "in it is read]\n",
	          "and a full mailbox");
	r = (struct result){ .detail = "", .copies = 3, .online = 2, .stored = 5 };
	IS_STRING(own("bob,eve,al,cid,dora", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05 -> bob, eve, al +2: hi [2 of 5 online]\n", "to many");
	IS_STRING(own("", "hi", TRANSCRIPT_ENDED, &r), "09:05     -> (all): hi [2 of 5 online]\n",
	          "to all");
	r = (struct result){ .detail = "" };
	IS_STRING(own("", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05     -> (all): hi [there is nobody to send it to]\n", "to nobody");
	IS_STRING(own("bob", "hi", TRANSCRIPT_WAITING, NULL), "09:05       -> bob: hi [waiting]\n",
	          "waiting");
	IS_STRING(own("bob", "hi", TRANSCRIPT_SENDING, NULL),
	          "09:05       -> bob: hi [on its way]\n", "on its way");
	transcript.is_echoed = true;
	r = (struct result){ .detail = "", .copies = 3, .online = 1, .stored = 1 };
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r), "09:05       -> bob: sent\n",
	          "a dumb terminal has shown the text itself");
}

static void test_own_failed(void)
{
	struct user users[5] = { { .name = "bob" }, { .name = "e\x1bve" }, { .name = "cid" } };
	struct result r = { .outcome = OUTCOME_NO_SUCH_USER,
		            .detail = "there is no such account",
		            .users = users,
		            .users_count = 1 };
	struct transcript_own line = { .text = view_of_string("hi"),
		                       .state = TRANSCRIPT_ENDED,
		                       .outcome = OUTCOME_NOT_LOGGED_IN,
		                       .detail = "log in first" };

	fresh();
	IS_STRING(
		own("bob", "hi", TRANSCRIPT_ENDED, &r),
		"09:05       -> bob: hi [not sent: there is no such account (bob); /list shows who "
		"there is]\n",
		"not sent: why, and what to do next");
	r.users_count = 5;
	r.outcome = OUTCOME_MAILBOX_FULL;
	r.detail = "full";
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05       -> bob: hi [not sent: full (bob, e^[ve, cid +2)]\n",
	          "of many names some");
	r = (struct result){ .outcome = OUTCOME_UNKNOWN,
		             .detail = "it may have been stored",
		             .has_id = true,
		             .number = 7 };
	IS_STRING(own("bob", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05       -> bob: hi [perhaps not sent: it may have been stored; to send it "
	          "again: /msg --id 00000000000000000000000000-7 bob TEXT]\n",
	          "unknown: how it is sent again and shown once");
	r = (struct result){ .outcome = OUTCOME_NO_REPLICA, .detail = "", .stored = 4 };
	IS_STRING(own("", "hi", TRANSCRIPT_ENDED, &r),
	          "09:05     -> (all): hi [sent to 4 only: no-replica]\n", "to some of all");
	transcript_own(&transcript, &line, &monday);
	IS_STRING(taken(), "09:05     -> (all): hi [not sent: log in first]\n",
	          "refused before anybody was asked");
}

static const char *typed(const char *line, bool is_secret, bool waits)
{
	transcript_typed(&transcript, view_of_string(line), is_secret, waits);
	return taken();
}

static void test_typed(void)
{
	fresh();
	IS_STRING(typed("/list", false, false), "> /list\n", "a command stays to be seen");
	IS_STRING(typed("/create ann secret", true, false), "> /create ... (not shown)\n",
	          "its password does not");
	IS_STRING(typed("/list", false, true), "> /list [waiting]\n", "one that waits");
	IS_STRING(typed("a\nb\x1b", false, false), "> a\n    | b^[\n", "several lines");
	transcript_sent(&transcript, 1, 3, &monday);
	IS_STRING(taken(), "09:05 -- 1 message that waited is sent\n", "one that waited is sent");
	transcript_sent(&transcript, 12, 1, &monday);
	IS_STRING(taken(),
	          "09:05 -- 12 messages that waited are sent, each on at least 1 of 3 "
	          "replicas\n",
	          "several are, on how many at least");
}

/* ---- replicas ---- */

static void test_changes(void)
{
	const char *const why[REPLICAS] = { "", "refused \x1b", "" };

	fresh();
	transcript_ready(&transcript, 0, why, &monday);
	IS_STRING(taken(),
	          "09:05 -- 2 of 3 replicas are live; replica 0 (127.0.0.1:1) leads\n"
	          "09:05 -- replica 1 (host:2) is dead: refused ^[\n",
	          "ready: who leads, and who is dead");
	transcript_changes(&transcript, 0, &monday);
	IS_STRING(taken(), "", "nothing changed: nothing is said");
	transcript_replica(&transcript, 0, false, "killed");
	transcript_leader(&transcript);
	transcript_changes(&transcript, 2, &monday);
	IS_STRING(taken(), "09:05 -- replica 0 (127.0.0.1:1) is dead: killed; replica 2 leads\n",
	          "a death and what follows from it are one line");
	transcript_replica(&transcript, 2, false, "cut");
	transcript_changes(&transcript, -1, &monday);
	IS_STRING(taken(),
	          "09:05 -- replica 2 ([::1]:3) is dead: cut; no replica is live; the client "
	          "keeps trying, and what you type waits\n",
	          "the last one");
	transcript_replica(&transcript, 1, true, "");
	transcript_leader(&transcript);
	transcript_changes(&transcript, 1, &monday);
	IS_STRING(taken(), "09:05 -- replica 1 (host:2) is live and leads\n",
	          "one is there for the first time");
	transcript_replica(&transcript, 0, true, "");
	transcript_replica(&transcript, 2, true, "");
	transcript_leader(&transcript);
	transcript_changes(&transcript, 0, &monday);
	IS_STRING(taken(),
	          "09:05 -- replica 0 (127.0.0.1:1) is live again\n"
	          "09:05 -- replica 2 ([::1]:3) is live again; replica 0 leads\n",
	          "two at once");
	transcript_changes(&transcript, 0, &monday);
	IS_STRING(taken(), "", "once");
	transcript_ready(&transcript, 2, (const char *const[]){ "a", "b", "" }, &monday);
	IS_STRING(taken(),
	          "09:05 -- 1 of 3 replicas is live; replica 2 ([::1]:3) leads\n"
	          "09:05 -- replica 0 (127.0.0.1:1) is dead: a\n"
	          "09:05 -- replica 1 (host:2) is dead: b\n",
	          "ready with one");
}

static struct replica_row rows[REPLICAS];

static const char *facts(void)
{
	transcript_facts(&transcript, rows, &monday);
	return taken();
}

static void rows_are(bool first, bool second)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		rows[i] = (struct replica_row){ .live = true,
			                        .leader = i == 0,
			                        .facts_known = true,
			                        .facts = 119 + i,
			                        .agrees_known = true,
			                        .agrees = true };
	rows[1].agrees = first;
	rows[2].agrees = second;
}

static void test_facts(void)
{
	fresh();
	rows_are(true, true);
	IS_STRING(facts(), "", "they agree: nothing is said");
	rows_are(true, false);
	IS_STRING(facts(),
	          "09:05 -- replica 2 ([::1]:3) holds other facts than replica 0 (127.0.0.1:1), "
	          "which leads: run repair\n",
	          "one differs: what to do");
	IS_STRING(facts(), "", "once");
	rows[2].agrees_known = false;
	IS_STRING(facts(), "", "not known: nothing has changed");
	rows_are(false, false);
	IS_STRING(facts(),
	          "09:05 -- replicas 1 (host:2) and 2 ([::1]:3) hold other facts than replica 0 "
	          "(127.0.0.1:1), which leads: run repair\n",
	          "two differ");
	rows_are(true, true);
	IS_STRING(facts(), "09:05 -- the live replicas hold the same facts again\n",
	          "and agree again");
	rows_are(true, false);
	(void)facts();
	transcript_replica(&transcript, 2, false, "cut");
	transcript_changes(&transcript, 0, &monday);
	(void)taken();
	rows[2] = (struct replica_row){ .why = "cut" };
	IS_STRING(facts(), "", "one that is dead holds nothing");
	rows[0].leader = false;
	rows[0].live = rows[1].live = false;
	IS_STRING(facts(), "", "nobody leads: nothing to compare with");
}

static void test_table(void)
{
	fresh();
	rows_are(true, false);
	rows[0].round_trip_known = rows[2].round_trip_known = true;
	rows[2].round_trip_ms = 12;
	rows[1] = (struct replica_row){ .why = "connection \x1b refused" };
	transcript_replicas(&transcript, rows);
	IS_STRING(taken(),
	          "  address      state     facts  agrees  round trip\n"
	          "0 127.0.0.1:1  leads       119       -       <1 ms\n"
	          "1 host:2       dead   connection ^[ refused\n"
	          "2 [::1]:3      live        121      no       12 ms\n"
	          "Facts differ: repair makes them agree.\n",
	          "the table of replicas");
	rows[2].agrees_known = false;
	rows[2].facts_known = false;
	rows[2].round_trip_known = false;
	transcript.columns = 40;
	transcript.differing = 0;
	transcript_replicas(&transcript, rows);
	IS_STRING(taken(),
	          "0 127.0.0.1:1  leads\n    119 facts, agrees: -, <1 ms\n"
	          "1 host:2       dead\n    connection ^[ refused\n"
	          "2 [::1]:3      live\n    ? facts, agrees: ?, ?\n",
	          "in a narrow window");
}

static void test_rest(void)
{
	fresh();
	transcript_notice(&transcript, "something", &monday);
	IS_STRING(taken(), "09:05 -- something\n", "a notice");
	(void)message("bob", "a", true, monday);
	transcript_logged_out(&transcript, "taken over \x1b", &monday);
	IS_STRING(taken(),
	          "-- end of what waited: 1 message --\n09:05 -- logged out: taken over ^[\n",
	          "logged out");
}

int main(void)
{
	buf_init(&out, SIZE_MAX / 2);
	test_messages();
	test_audiences();
	test_wrapped();
	test_folds();
	test_day_of_row();
	test_hostile();
	test_colours();
	test_days();
	test_waited();
	test_own();
	test_own_failed();
	test_typed();
	test_changes();
	test_facts();
	test_table();
	test_rest();
	buf_release(&out);
	return tap_done();
}
