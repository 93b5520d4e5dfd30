/* SPDX-License-Identifier: MIT
 *
 * The lines of script mode, byte for byte, since programs depend on them; and what hostile texts
 * become in both forms.
 */
#include "tests/lib/tap.h"

#include "chat/script.h"

static const char *const addresses[REPLICAS] = { "127.0.0.1:1", "host:2", "[::1]:3" };
static struct script json;
static struct script plain;

/* What a call wrote, as a string; the buffer is empty afterwards. */
static const char *taken(struct script *s)
{
	static char text[8192];

	assert(s->out.size < sizeof text);
	memcpy(text, s->out.data, s->out.size);
	text[s->out.size] = 0;
	buf_clear(&s->out);
	return text;
}

static void test_time(void)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} times[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 951782399999, "2000-02-28T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 951868800000, "2000-03-01T00:00:00.000Z" },
		{ 1795233600123, "2026-11-21T04:00:00.123Z" },
		{ 4107542399999, "2100-02-28T23:59:59.999Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ NUMBER_MAX, "9999-12-31T23:59:59.999Z" },
	};

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		char text[SCRIPT_TIME_SIZE];

		script_time(times[i].ms, text);
		IS_STRING(text, times[i].text, times[i].text);
	}
}

/* Day by day through four centuries, against a calendar that counts. */
static void test_every_day(void)
{
	static const unsigned lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned year = 1970;
	unsigned month = 1;
	unsigned day = 1;
	bool right = true;

	for (uint64_t n = 0; n < 400 * 366; n++) {
		char want[SCRIPT_TIME_SIZE];
		char text[SCRIPT_TIME_SIZE];
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

		script_time(n * 86400000 + 43200001, text);
		(void)snprintf(want, sizeof want, "%04u-%02u-%02uT12:00:00.001Z", year, month, day);
		right = right && strcmp(text, want) == 0;
		if (++day <= lengths[month - 1] + (leap && month == 2))
			continue;
		day = 1;
		if (++month == 13) {
			month = 1;
			year++;
		}
	}
	OK(right, "every day of 400 years has its date");
}

static void test_replicas(void)
{
	const bool live[REPLICAS] = { true, false, true };
	const char *const why[REPLICAS] = { "", "refused \"it\"", "" };
	struct replica_row rows[REPLICAS] = {
		{ .live = true,
		  .leader = true,
		  .facts_known = true,
		  .facts = 120,
		  .agrees_known = true,
		  .agrees = true,
		  .round_trip_known = true,
		  .round_trip_ms = 12 },
		{ .why = "gone" },
		{ .live = true, .facts_known = true, .facts = 119, .agrees_known = true },
	};

	script_ready(&json, 0, live, why);
	IS_STRING(taken(&json),
	          "{\"event\":\"ready\",\"leader\":0,\"replicas\":[{\"index\":0,"
	          "\"address\":\"127.0.0.1:1\","
	          "\"state\":\"live\"},{\"index\":1,\"address\":\"host:2\",\"state\":\"dead\","
	          "\"reason\":"
	          "\"refused \\\"it\\\"\"},{\"index\":2,\"address\":\"[::1]:3\","
	          "\"state\":\"live\"}]}\n",
	          "ready");
	script_replica(&json, 1, false, "reset");
	IS_STRING(taken(&json),
	          "{\"event\":\"replica\",\"index\":1,\"state\":\"dead\",\"reason\":\"reset\"}\n",
	          "a replica died");
	script_replica(&json, 2, true, "");
	IS_STRING(taken(&json), "{\"event\":\"replica\",\"index\":2,\"state\":\"live\"}\n",
	          "a replica lives");
	script_leader(&json, 2);
	IS_STRING(taken(&json), "{\"event\":\"leader\",\"index\":2}\n", "a leader");
	script_replicas(&json, rows);
	IS_STRING(taken(&json),
	          "{\"event\":\"replicas\",\"replicas\":[{\"index\":0,\"address\":\"127.0.0.1:1\","
	          "\"state\":"
	          "\"live\",\"leader\":true,\"facts\":120,\"agrees\":true,"
	          "\"round_trip_ms\":12},{\"index\":1,\"address\":"
	          "\"host:2\",\"state\":\"dead\",\"leader\":false,\"facts\":null,\"agrees\":null,"
	          "\"round_trip_ms\":null,"
	          "\"reason\":"
	          "\"gone\"},{\"index\":2,\"address\":\"[::1]:3\",\"state\":\"live\","
	          "\"leader\":false,"
	          "\"facts\":119,\"agrees\":false,\"round_trip_ms\":null}]}\n",
	          "the table of replicas; what is not known is null");
	script_ready(&plain, 0, live, why);
	IS_STRING(taken(&plain),
	          "ready: 2 of 3 replicas are live, 127.0.0.1:1 leads\n"
	          "replica host:2 is dead: refused \"it\"\n",
	          "ready, for people");
	script_replicas(&plain, rows);
	IS_STRING(taken(&plain),
	          "0 127.0.0.1:1 live, leads, 120 facts\n1 host:2 dead: gone\n"
	          "2 [::1]:3 live, 119 facts, differs from the leader\n",
	          "the table, for people");
}

/* Whether the line ends so. */
static void ends_with(const char *line, const char *end, const char *name)
{
	size_t size = strlen(line);

	if (!OK(size >= strlen(end) && strcmp(line + size - strlen(end), end) == 0, name))
		printf("# %s\n", line);
}

static void test_messages(void)
{
	struct shown shown = { .number = 7,
		               .from = "bob",
		               .to = "carol",
		               .text = view_of_string("hi \x1b[2J\nalice: fake \xe2\x80\xae"),
		               .sent_ms = 1795233600123,
		               .waited = true };
	struct user users[2] = { { .name = "alice", .online = true }, { .name = "bob~0123ABCD" } };

	(void)ulid_from_text(view_of_string("01ARZ3NDEKTSV4RRFFQ69G5FAV"), &shown.session);
	script_message(&json, &shown);
	IS_STRING(taken(&json),
	          "{\"event\":\"message\",\"id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV-7\","
	          "\"from\":\"bob\",\"text\":"
	          "\"hi \\u001b[2J\\nalice: fake \\u202e\",\"sent\":\"2026-11-21T04:00:00.123Z\","
	          "\"waited\":true,\"to\":[\"carol\"],\"to_count\":1,\"all\":false,"
	          "\"notice\":false}\n",
	          "a message, with nothing raw in it");
	script_message(&plain, &shown);
	IS_STRING(taken(&plain),
	          "[2026-11-21 04:00:00Z, waited] bob: hi ^[[2J\n    | alice: fake <U+202E>\n",
	          "a second line does not look like somebody else's message");
	shown.waited = false;
	shown.text = view_of_string("hi");
	shown.audience = view_of("\1\4\0\3ann\5carol\3eve\3max", 21);
	script_message(&json, &shown);
	ends_with(taken(&json),
	          "\"to\":[\"ann\",\"carol\",\"eve\",\"max\"],\"to_count\":4,\"all\":false,"
	          "\"notice\":false}\n",
	          "to several: who, and how many");
	script_message(&plain, &shown);
	IS_STRING(taken(&plain), "[2026-11-21 04:00:00Z] bob [to 4]: hi\n",
	          "to several, for people");
	shown.audience = view_of("\6", 1);
	script_message(&json, &shown);
	ends_with(taken(&json), "\"to\":[],\"to_count\":null,\"all\":true,\"notice\":true}\n",
	          "a notice to all");
	script_users(&json, users, 2);
	IS_STRING(taken(&json),
	          "{\"event\":\"users\",\"users\":[{\"name\":\"alice\",\"online\":true},{\"name\":"
	          "\"bob~0123ABCD\",\"online\":false}]}\n",
	          "users");
	script_users(&json, NULL, 0);
	IS_STRING(taken(&json), "{\"event\":\"users\",\"users\":[]}\n", "no users");
	script_logged_out(&json, "taken over");
	IS_STRING(taken(&json), "{\"event\":\"logged-out\",\"reason\":\"taken over\"}\n",
	          "logged out");
}

static const char *result_of(struct script *s, const char *command, const struct result *r)
{
	script_result(s, &(struct script_answer){ .command = view_of_string(command),
	                                          .outcome = r->outcome,
	                                          .detail = r->detail,
	                                          .result = r });
	return taken(s);
}

static void test_results(void)
{
	struct result r = { .kind = COMMAND_SEND,
		            .detail = "",
		            .copies = 2,
		            .online = 1,
		            .stored = 1,
		            .has_id = true,
		            .number = 3 };

	IS_STRING(result_of(&json, "msg", &r),
	          "{\"event\":\"result\",\"command\":\"msg\",\"ok\":true,\"copies\":2,\"online\":1,"
	          "\"stored\":1,\"id\":\"00000000000000000000000000-3\"}\n",
	          "a message was sent");
	IS_STRING(result_of(&plain, "msg", &r),
	          "msg: ok: the recipient is online; on 2 of 3 replicas only\n", "for people");
	r.online = 0;
	r.copies = 3;
	r.mailbox_full = true;
	IS_STRING(result_of(&json, "msg", &r),
	          "{\"event\":\"result\",\"command\":\"msg\",\"ok\":true,\"copies\":3,\"online\":0,"
	          "\"stored\":1,\"id\":\"00000000000000000000000000-3\",\"mailbox\":\"full\"}\n",
	          "the message that filled a share");
	IS_STRING(result_of(&plain, "msg", &r),
	          "msg: ok: the recipient will get it at the next log-in; your share of the "
	          "mailbox is "
	          "full now\n",
	          "for people");
}

static void test_refusals(void)
{
	struct user users[2] = { { .name = "bob" }, { .name = "eve" } };
	struct result r;

	r = (struct result){ .kind = COMMAND_SEND,
		             .outcome = OUTCOME_UNKNOWN,
		             .detail = "who \"knows\"",
		             .has_id = true,
		             .number = 4 };
	IS_STRING(result_of(&json, "msg", &r),
	          "{\"event\":\"result\",\"command\":\"msg\",\"ok\":false,"
	          "\"error\":\"unknown-outcome\","
	          "\"detail\":\"who \\\"knows\\\"\",\"id\":\"00000000000000000000000000-4\"}\n",
	          "an unknown outcome has its id, too");
	r = (struct result){ .kind = COMMAND_SEND,
		             .outcome = OUTCOME_NO_SUCH_USER,
		             .detail = "no",
		             .users = users,
		             .users_count = 2 };
	IS_STRING(
		result_of(&json, "msg", &r),
		"{\"event\":\"result\",\"command\":\"msg\",\"ok\":false,\"error\":\"no-such-user\","
		"\"detail\":\"no\",\"names\":[\"bob\",\"eve\"]}\n",
		"a refusal names the recipients");
	IS_STRING(result_of(&plain, "msg", &r), "msg: refused (no-such-user): no (bob, eve)\n",
	          "for people");
	r = (struct result){ .kind = COMMAND_ALL, .detail = "" };
	IS_STRING(result_of(&json, "all", &r),
	          "{\"event\":\"result\",\"command\":\"all\",\"ok\":true,\"copies\":0,\"online\":0,"
	          "\"stored\":0}\n",
	          "to nobody");
	r = (struct result){
		.kind = COMMAND_LOGIN, .detail = "", .name = "bob", .unfinished = true
	};
	IS_STRING(result_of(&json, "login", &r),
	          "{\"event\":\"result\",\"command\":\"login\",\"ok\":true,\"name\":\"bob\",\"id\":"
	          "\"000000000000000000000000000000000000\",\"unfinished\":true}\n",
	          "logged in to an account that was never finished");
	script_result(&json, &(struct script_answer){ .command = view_of("a\"\xff", 3),
	                                              .outcome = OUTCOME_UNKNOWN_COMMAND,
	                                              .detail = "no" });
	IS_STRING(taken(&json),
	          "{\"event\":\"result\",\"command\":\"a\\\"\xef\xbf\xbd\",\"ok\":false,\"error\":"
	          "\"unknown-command\",\"detail\":\"no\"}\n",
	          "an unknown command is repeated, made harmless");
	script_result(&json, &(struct script_answer){ .command = view_of_string("check"),
	                                              .detail = "",
	                                              .has_messages = true,
	                                              .messages = 12 });
	IS_STRING(taken(&json),
	          "{\"event\":\"result\",\"command\":\"check\",\"ok\":true,\"messages\":12}\n",
	          "check");
}

int main(void)
{
	script_init(&json, true, addresses);
	script_init(&plain, false, addresses);
	test_time();
	test_every_day();
	test_replicas();
	test_messages();
	test_results();
	test_refusals();
	script_release(&json);
	script_release(&plain);
	return tap_done();
}
