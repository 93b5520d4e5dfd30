/* SPDX-License-Identifier: MIT */
#include "chat/reference.h"

#include "chat/event.h"
#include "chat/key.h"
#include "chat/say.h"
#include "chat/script.h"
#include "fact/auth.h"

#include <assert.h>

static const char head[] =
	"# The interface for programs\n"
	"\n"
	"`client --json` reads one command a line and writes one JSON object a line, an *event*. "
	"This page lists all of them. README, \"For programs\", tells the rest: options, log-in, "
	"exit status. [Examples](examples/) are a bash script, a bot in Python, and a line for "
	"cron.\n"
	"\n"
	"What stands here stays. A later version may have more commands, events, members and "
	"errors: a program ignores what it does not know.\n"
	"\n"
	"`make docs` writes this page from the tables that the client itself uses.\n";

static const char commands[] =
	"\n## Commands\n\n"
	"A command is a JSON object: `\"command\"` is its name, and it has the keys of these "
	"tables. It may have several lines. Or it is one line as a person types it: `/msg bob "
	"hi`.\n\n"
	"    {\"command\":\"create\",\"name\":\"ann\",\"password\":\"secret\"}\n"
	"    {\"command\":\"msg\",\"to\":[\"ann\",\"ben\"],\"text\":\"two\\nlines\","
	"\"tag\":\"42\"}\n"
	"    {\"command\":\"wait\",\"seconds\":0.01,\"count\":1}\n"
	"\n"
	"| command | keys it needs | keys it may have | when | what it does |\n"
	"|---|---|---|---|---|\n";

static const char *const sentences[VERB_TEXT] = {
	[VERB_CREATE] = "Makes an account and logs in to it. A name has " NAME_FORM
			"; a password has " PASSWORD_FORM ".",
	[VERB_LOGIN] = "Logs in. What was sent to the account meanwhile comes as `message` events.",
	[VERB_LOGOUT] = "Logs out. The account stays, and what is sent to it waits.",
	[VERB_DELETE] = "Deletes the account that is logged in; `name` confirms which it is. What "
			"it has sent is still delivered, and the name becomes free.",
	[VERB_PASSWORD] = "Changes the password. Every other session of the account ends.",
	[VERB_LIST] = "Lists accounts in `users` events: all, or those that fit.",
	[VERB_MSG] = "Sends a message. A recipient who is offline gets it at the next log-in. With "
		     "the `id` of a message whose outcome is unknown it is sent again, and shown "
		     "once.",
	[VERB_TALK] = "Chooses whom lines without a slash go to. A program that uses `msg` does "
		      "not need it.",
	[VERB_ALL] = "Sends a message to every other account, online or not.",
	[VERB_CHECK] = "Counts the messages that came since the last `check` or the log-in. They "
		       "come without it, too.",
	[VERB_REPLICAS] =
		"Asks the three servers how they are, and tells it in a `replicas` event.",
	[VERB_WAIT] = "Waits. Messages come meanwhile. With `count` it ends earlier: when so many "
		      "have come since the last `wait` or the log-in.",
	[VERB_HELP] = "Gives the help that a person reads, of one command or of all.",
	[VERB_QUIT] = "Logs out, and ends the client. The end of the input does the same.",
};

const char *reference_sentence(enum verb verb)
{
	assert(verb < VERB_TEXT);
	return sentences[verb];
}

/* ---- commands ---- */

/* The keys of these fields, or nothing. */
static void put_keys(struct buf *to, uint32_t fields)
{
	bool is_first = true;

	for (enum field field = 0; field < FIELD_END; field++) {
		if ((fields & FIELD_BIT(field)) == 0)
			continue;
		say_own(to, "%s`%s`", is_first ? "" : ", ", key_row(field)->key);
		is_first = false;
	}
	say_own(to, " | ");
}

static void put_commands(struct buf *to)
{
	static const char *const when[] = {
		[WHEN_ANY] = "always",
		[WHEN_IN] = "logged in",
		[WHEN_OUT] = "logged out",
	};
	uint32_t used = FIELD_BIT(FIELD_TAG);
	bool is_first = true;

	buf_append_text(to, commands);
	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		const struct verb_row *row = verb_row(verb);

		if (reference_sentence(verb) == NULL)
			continue;
		say_own(to, "| `%s` | ", row->name);
		put_keys(to, row->needed);
		put_keys(to, row->optional);
		say_own(to, "%s | %s |\n", when[row->when], reference_sentence(verb));
		used |= row->needed | row->optional;
	}
	say_own(to, "\nOnly a person's terminal has");
	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		if (reference_sentence(verb) != NULL)
			continue;
		say_own(to, "%s `%s`", is_first ? "" : ",", verb_row(verb)->name);
		is_first = false;
	}
	say_own(to, ": a program is refused with `%s`.\n", outcome_code(OUTCOME_USAGE));
	say_own(to, "\n| key | its value | meaning |\n|---|---|---|\n");
	for (enum field field = 0; field < FIELD_END; field++)
		if ((used & FIELD_BIT(field)) != 0)
			say_own(to, "| `%s` | %s | %s |\n", key_row(field)->key,
			        key_row(field)->form, key_row(field)->meaning);
	say_own(to, "\nEvery command may have a `tag`. A number may be given as a string.\n");
}

/* ---- events ---- */

static const char *const addresses[REPLICAS] = { "10.0.0.1:7001", "10.0.0.2:7001",
	                                         "10.0.0.3:7001" };
static const bool live[REPLICAS] = { true, true, false };
static const char *const why[REPLICAS] = { "", "", "connection refused" };
static const uint64_t sent_ms = UINT64_C(1795233600123);

static void sample_results(struct script *s, const struct ulid *session)
{
	static const struct user nobody = { .name = "nobody" };
	struct result sent = { .kind = COMMAND_SEND,
		               .copies = 3,
		               .online = 1,
		               .stored = 1,
		               .has_id = true,
		               .session = *session,
		               .number = 7 };
	struct result refused = { .kind = COMMAND_SEND,
		                  .outcome = OUTCOME_NO_SUCH_USER,
		                  .users = &nobody,
		                  .users_count = 1 };
	struct script_answer answer = { .command = view_of_string("msg"),
		                        .tag = view_of_string("42"),
		                        .detail = "",
		                        .result = &sent };

	script_result(s, &answer);
	answer.outcome = refused.outcome;
	answer.detail = "there is no such account";
	answer.result = &refused;
	script_result(s, &answer);
	script_result(s, &(struct script_answer){ .command = view_of_string("list"),
	                                          .detail = "",
	                                          .has_count = true,
	                                          .count = 2 });
}

static void sample_replicas(struct script *s)
{
	struct replica_row table[REPLICAS] = {
		{ .live = true,
		  .leader = true,
		  .facts_known = true,
		  .facts = 120,
		  .agrees_known = true,
		  .agrees = true,
		  .round_trip_known = true,
		  .round_trip_ms = 3 },
		{ 0 },
		{ 0 },
	};

	table[1] = table[0];
	table[1].leader = false;
	view_to_string(view_of_string(why[2]), table[2].why, sizeof table[2].why);
	script_replicas(s, table);
}

static void sample_sent(struct script *s, const struct ulid *session)
{
	const struct view recipient = view_of_string("ann");
	struct result result = { .kind = COMMAND_SEND,
		                 .copies = 3,
		                 .stored = 1,
		                 .has_id = true,
		                 .session = *session,
		                 .number = 8 };
	struct script_answer answer = { .command = view_of_string("msg"),
		                        .detail = "",
		                        .result = &result };

	script_own(s, &(struct script_own){ .to = &recipient,
	                                    .to_count = 1,
	                                    .text = view_of_string("good morning"),
	                                    .sent_ms = sent_ms,
	                                    .answer = &answer });
}

/* Lines of this event, as the client writes them. */
static void sample(struct script *s, enum event event)
{
	static const struct user users[] = { { .name = "ann", .online = true }, { .name = "bob" } };
	struct shown shown = { .number = 7,
		               .from = "bob",
		               .to = "ann",
		               .text = view_of_string("two\nlines"),
		               .sent_ms = sent_ms };
	struct ulid session;

	(void)ulid_from_text(view_of_string("01KBCD0123456789ABCDEFGHJK"), &session);
	shown.session = session;
	switch (event) {
	case EVENT_READY:
		script_ready(s, 0, live, why);
		break;
	case EVENT_RESULT:
		sample_results(s, &session);
		break;
	case EVENT_MESSAGE:
		script_message(s, &shown);
		break;
	case EVENT_USERS:
		script_users(s, users, 2);
		break;
	case EVENT_REPLICA:
		script_replica(s, 2, false, why[2]);
		break;
	case EVENT_LEADER:
		script_leader(s, 1);
		break;
	case EVENT_REPLICAS:
		sample_replicas(s);
		break;
	case EVENT_NONE_LIVE:
		script_live(s, false);
		break;
	case EVENT_LIVE_AGAIN:
		script_live(s, true);
		break;
	case EVENT_LOGGED_OUT:
		script_logged_out(s, "another client has taken over");
		break;
	case EVENT_SENT:
		sample_sent(s, &session);
		break;
	case EVENT_END:
		break;
	}
}

static void put_samples(struct buf *to, enum event event)
{
	struct script s;
	struct view left;
	struct view line;

	script_init(&s, true, addresses);
	sample(&s, event);
	left = buf_view(&s.out);
	while (view_take_line(&left, &line)) {
		buf_append_text(to, "    ");
		buf_append(to, line);
		buf_append_text(to, "\n");
	}
	script_release(&s);
}

static void put_members(struct buf *to, enum event event)
{
	bool is_first = true;

	for (enum event_key key = 0; key < EVENT_KEY_END; key++) {
		const struct event_member *m = event_member(key);

		if (m->event != event)
			continue;
		if (is_first)
			say_own(to, "\n| member | its value | when it is there | meaning |\n"
			            "|---|---|---|---|\n");
		is_first = false;
		say_own(to, "| `%s%s%s` | %s | %s | %s |\n", m->list == NULL ? "" : m->list,
		        m->list == NULL ? "" : "[].", m->name, m->form,
		        m->when == NULL ? "always" : m->when, m->meaning);
	}
}

static void put_events(struct buf *to)
{
	say_own(to, "\n## Events\n\n"
	            "An event is a JSON object on one line. `\"event\"` is its name, which comes "
	            "first. `LIST[].MEMBER` is a member of each object of a list. Times are UTC, "
	            "as `2026-11-21T04:00:00.123Z`.\n");
	for (enum event event = 0; event < EVENT_END; event++) {
		say_own(to, "\n### %s\n\n%s\n\n", event_row(event)->name,
		        event_row(event)->meaning);
		put_samples(to, event);
		put_members(to, event);
	}
}

static void put_refusals(struct buf *to)
{
	say_own(to, "\n## Errors\n\n"
	            "The `error` of a result that is not `ok`. Nothing was done, unless the table, "
	            "or a member `stored`, says otherwise.\n\n"
	            "| error | meaning |\n|---|---|\n");
	for (enum outcome outcome = OUTCOME_OK + 1; outcome < OUTCOME_END; outcome++)
		say_own(to, "| `%s` | %s |\n", outcome_code(outcome), event_refusal(outcome));
}

void reference_put(struct buf *to)
{
	buf_append_text(to, head);
	put_commands(to);
	put_events(to);
	put_refusals(to);
}
