/* SPDX-License-Identifier: MIT
 *
 * JSON is printed straight into the buffer. Every value is a string that is escaped here, a number
 * or a word; a tree would be built only to be printed.
 */
#include "chat/script.h"

#include "base/escape.h"
#include "chat/say.h"
#include "terminal/terminal.h"

#include <stdio.h>

enum {
	/* The longest line is a result that names every recipient; a text is shorter, each byte
	 * as \u00XX. */
	LINE_SIZE_MAX = 4 * 1024 * 1024,
};

/* ---- pieces ---- */

static void put_string(struct script *s, const char *key, struct view value)
{
	say_own(&s->out, ",\"%s\":", key);
	escape_for_json(&s->out, value);
}

static void put_text(struct script *s, const char *key, const char *value)
{
	put_string(s, key, view_of_string(value));
}

static void put_number(struct script *s, const char *key, uint64_t value)
{
	say_own(&s->out, ",\"%s\":%ju", key, (uintmax_t)value);
}

static const char *word_of(bool value)
{
	return value ? "true" : "false";
}

static const char *state_of(bool live)
{
	return live ? "live" : "dead";
}

void script_init(struct script *s, bool json, const char *const *addresses)
{
	*s = (struct script){ .json = json, .addresses = addresses };
	buf_init(&s->out, LINE_SIZE_MAX);
}

void script_release(struct script *s)
{
	buf_release(&s->out);
}

/* Days to a date of the Gregorian calendar: years begin in March, so that the leap day is a
 * year's last one, and 400 of them have 146,097 days. */
void script_time(uint64_t ms, char text[SCRIPT_TIME_SIZE])
{
	const uint64_t last_ms = UINT64_C(253402300799999);
	uint64_t days;
	uint64_t of_era;
	uint64_t year;
	uint64_t of_year;
	uint64_t month;
	unsigned day;
	unsigned of_day;

	if (ms > last_ms)
		ms = last_ms;
	days = ms / 86400000 + 719468; /* since the first of March of the year 0 */
	of_day = (unsigned)(ms % 86400000);
	of_era = days % 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
	year += days / 146097 * 400 + (month >= 10);
	month = month < 10 ? month + 3 : month - 9;
	(void)snprintf(text, SCRIPT_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
	               (unsigned)year, (unsigned)month, day, of_day / 3600000, of_day / 60000 % 60,
	               of_day / 1000 % 60, of_day % 1000);
}

void script_id(const struct ulid *session, uint64_t number, char text[SCRIPT_ID_SIZE])
{
	char ulid[ULID_TEXT_SIZE + 1];

	ulid_to_text(session, ulid);
	(void)snprintf(text, SCRIPT_ID_SIZE, "%s-%ju", ulid, (uintmax_t)number);
}

/* ---- replicas ---- */

void script_ready(struct script *s, int leader, const bool live[REPLICAS],
                  const char *const why[REPLICAS])
{
	unsigned count = 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		count += live[i];
	if (!s->json) {
		say_own(&s->out, "ready: %u of %d replicas are live", count, REPLICAS);
		if (leader >= 0) {
			say_own(&s->out, ", ");
			say_foreign(&s->out, s->addresses[leader]);
			say_own(&s->out, " leads");
		}
		say_own(&s->out, "\n");
		for (uint32_t i = 0; i < REPLICAS; i++)
			if (!live[i])
				script_replica(s, i, false, why[i]);
		return;
	}
	say_own(&s->out, "{\"event\":\"ready\",\"leader\":%d,\"replicas\":[", leader);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		say_own(&s->out, "%s{\"index\":%u", i == 0 ? "" : ",", i);
		put_text(s, "address", s->addresses[i]);
		put_text(s, "state", state_of(live[i]));
		if (!live[i])
			put_text(s, "reason", why[i]);
		say_own(&s->out, "}");
	}
	say_own(&s->out, "]}\n");
}

void script_replica(struct script *s, uint32_t index, bool live, const char *why)
{
	assert(index < REPLICAS);
	if (s->json) {
		say_own(&s->out, "{\"event\":\"replica\",\"index\":%u", index);
		put_text(s, "state", state_of(live));
		if (!live)
			put_text(s, "reason", why);
		say_own(&s->out, "}\n");
		return;
	}
	say_own(&s->out, "replica ");
	say_foreign(&s->out, s->addresses[index]);
	say_own(&s->out, " is %s%s", state_of(live), live ? "" : ": ");
	if (!live)
		say_foreign(&s->out, why);
	say_own(&s->out, "\n");
}

void script_live(struct script *s, bool is_any_live)
{
	if (s->json)
		say_own(&s->out, "{\"event\":\"%s\"}\n", is_any_live ? "live-again" : "none-live");
	else
		say_own(&s->out, "%s\n",
		        is_any_live ? "a replica is live again"
		                    : "no replica is live: commands wait for one");
}

void script_leader(struct script *s, uint32_t index)
{
	assert(index < REPLICAS);
	if (s->json) {
		say_own(&s->out, "{\"event\":\"leader\",\"index\":%u}\n", index);
		return;
	}
	say_own(&s->out, "replica ");
	say_foreign(&s->out, s->addresses[index]);
	say_own(&s->out, " leads\n");
}

static void put_replica_row(struct script *s, uint32_t index, const struct replica_row *row)
{
	say_own(&s->out, "%s{\"index\":%u", index == 0 ? "" : ",", index);
	put_text(s, "address", s->addresses[index]);
	put_text(s, "state", state_of(row->live));
	say_own(&s->out, ",\"leader\":%s", word_of(row->leader));
	if (row->facts_known)
		put_number(s, "facts", row->facts);
	else
		say_own(&s->out, ",\"facts\":null");
	say_own(&s->out, ",\"agrees\":%s", row->agrees_known ? word_of(row->agrees) : "null");
	if (row->round_trip_known)
		put_number(s, "round_trip_ms", row->round_trip_ms);
	else
		say_own(&s->out, ",\"round_trip_ms\":null");
	if (!row->live)
		put_text(s, "reason", row->why);
	say_own(&s->out, "}");
}

static void show_replica_row(struct script *s, uint32_t index, const struct replica_row *row)
{
	say_own(&s->out, "%u ", index);
	say_foreign(&s->out, s->addresses[index]);
	say_own(&s->out, " %s%s", state_of(row->live), row->leader ? ", leads" : "");
	if (row->facts_known)
		say_own(&s->out, ", %ju facts", (uintmax_t)row->facts);
	if (row->agrees_known && !row->leader)
		say_own(&s->out, ", %s the leader", row->agrees ? "agrees with" : "differs from");
	if (!row->live) {
		say_own(&s->out, ": ");
		say_foreign(&s->out, row->why);
	}
	say_own(&s->out, "\n");
}

void script_replicas(struct script *s, const struct replica_row rows[REPLICAS])
{
	if (s->json)
		say_own(&s->out, "{\"event\":\"replicas\",\"replicas\":[");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (s->json)
			put_replica_row(s, i, &rows[i]);
		else
			show_replica_row(s, i, &rows[i]);
	}
	if (s->json)
		say_own(&s->out, "]}\n");
}

/* ---- messages and users ---- */

/* The text of a message may have lines; those after the first are moved in, so none of them looks
 * like a message of somebody else. */
static void show_message_text(struct script *s, struct view text)
{
	while (text.size > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.data);

		escape_for_terminal(&s->out, view_of(text.data, size));
		say_own(&s->out, "%s", end == NULL ? "" : "\n    | ");
		size += end != NULL;
		text = view_of(text.data + size, text.size - size);
	}
}

static void put_audience(struct script *s, const struct shown *shown)
{
	const struct audience audience = audience_of(shown->audience);

	say_own(&s->out, ",\"to\":[");
	for (size_t i = 0; i < audience.names_count; i++) {
		say_own(&s->out, i == 0 ? "" : ",");
		escape_for_json(&s->out, audience.names[i]);
	}
	if (audience.kind == AUDIENCE_ONE && shown->to[0] != 0)
		escape_for_json(&s->out, view_of_string(shown->to));
	say_own(&s->out, "]");
	if (audience.kind == AUDIENCE_ALL)
		say_own(&s->out, ",\"to_count\":null");
	else
		put_number(s, "to_count", audience.count);
	say_own(&s->out, ",\"all\":%s", word_of(audience.kind == AUDIENCE_ALL));
	say_own(&s->out, ",\"notice\":%s", word_of(audience.is_notice));
}

void script_message(struct script *s, const struct shown *shown)
{
	char time[SCRIPT_TIME_SIZE];
	char id[SCRIPT_ID_SIZE];
	char audience[SAY_AUDIENCE_SIZE];

	(void)say_audience(audience, shown->audience);
	script_time(shown->sent_ms, time);
	script_id(&shown->session, shown->number, id);
	if (s->json) {
		say_own(&s->out, "{\"event\":\"message\"");
		put_text(s, "id", id);
		put_text(s, "from", shown->from);
		put_string(s, "text", shown->text);
		put_text(s, "sent", time);
		say_own(&s->out, ",\"waited\":%s", word_of(shown->waited));
		put_audience(s, shown);
		say_own(&s->out, "}\n");
		return;
	}
	say_own(&s->out, "[%.10s %.8sZ%s] ", time, time + 11, shown->waited ? ", waited" : "");
	terminal_put(&s->out,
	             s->colours ? terminal_style_of(view_of_string(shown->from)) : STYLE_NONE,
	             view_of_string(shown->from));
	say_own(&s->out, "%s", audience);
	say_own(&s->out, ": ");
	show_message_text(s, shown->text);
	say_own(&s->out, "\n");
}

void script_users(struct script *s, const struct user *users, size_t count)
{
	if (s->json)
		say_own(&s->out, "{\"event\":\"users\",\"users\":[");
	for (size_t i = 0; i < count; i++) {
		if (s->json) {
			say_own(&s->out, "%s{\"name\":", i == 0 ? "" : ",");
			escape_for_json(&s->out, view_of_string(users[i].name));
			say_own(&s->out, ",\"online\":%s}", word_of(users[i].online));
		} else {
			say_foreign(&s->out, users[i].name);
			say_own(&s->out, " %s\n", users[i].online ? "online" : "offline");
		}
	}
	if (s->json)
		say_own(&s->out, "]}\n");
}

void script_logged_out(struct script *s, const char *why)
{
	if (s->json) {
		say_own(&s->out, "{\"event\":\"logged-out\"");
		put_text(s, "reason", why);
		say_own(&s->out, "}\n");
	} else {
		say_own(&s->out, "logged out: ");
		say_foreign(&s->out, why);
		say_own(&s->out, "\n");
	}
}

/* ---- results ---- */

static bool is_message(const struct result *r)
{
	return r->kind == COMMAND_SEND || r->kind == COMMAND_ALL;
}

static void put_names(struct script *s, const struct result *r)
{
	say_own(&s->out, ",\"names\":[");
	for (size_t i = 0; i < r->users_count; i++) {
		say_own(&s->out, i == 0 ? "" : ",");
		escape_for_json(&s->out, view_of_string(r->users[i].name));
	}
	say_own(&s->out, "]");
}

static void put_result(struct script *s, const struct result *r)
{
	bool done = r->outcome == OUTCOME_OK;
	char id[SCRIPT_ID_SIZE];
	char account[ID_TEXT_SIZE + 1];

	if (is_message(r) ? done || r->stored > 0 : r->copies > 0)
		put_number(s, "copies", r->copies);
	if (is_message(r) && (done || r->stored > 0)) {
		put_number(s, "online", r->online);
		put_number(s, "stored", r->stored);
	}
	if (r->has_id) {
		script_id(&r->session, r->number, id);
		put_text(s, "id", id);
	}
	if (r->mailbox_full)
		put_text(s, "mailbox", "full");
	if (r->users_count > 0)
		put_names(s, r);
	if (r->since_ms != 0) {
		char since[SCRIPT_TIME_SIZE];

		script_time(r->since_ms, since);
		put_text(s, "since", since);
	}
	if (r->wait_ms != 0) /* in seconds, rounded up */
		put_number(s, "wait", (r->wait_ms + 999) / 1000);
	if (!done || (r->kind != COMMAND_CREATE && r->kind != COMMAND_LOGIN))
		return;
	id_to_text(&r->id, account);
	put_text(s, "name", r->name);
	put_text(s, "id", account);
	if (r->unfinished)
		say_own(&s->out, ",\"unfinished\":true");
}

static void show_stored(struct script *s, const struct result *r)
{
	if (r->kind == COMMAND_SEND && r->stored == 1)
		say_own(&s->out, ": %s",
		        r->online > 0 ? "the recipient is online"
		                      : "the recipient will get it at the next log-in");
	else
		say_own(&s->out, ": stored for %u, %u of them online", r->stored, r->online);
	if (r->stored > 0 && r->copies < REPLICAS)
		say_own(&s->out, "; on %u of %d replicas only", r->copies, REPLICAS);
	if (r->mailbox_full)
		say_own(&s->out, "; your share of the mailbox is full now");
}

static void result_line(struct script *s, const struct result *r)
{
	if (is_message(r)) {
		if (r->outcome == OUTCOME_OK)
			show_stored(s, r);
	} else if (r->kind == COMMAND_CREATE || r->kind == COMMAND_LOGIN) {
		if (r->outcome == OUTCOME_OK) {
			say_own(&s->out, ": you are ");
			say_foreign(&s->out, r->name);
		}
		if (r->since_ms != 0) {
			char since[SCRIPT_TIME_SIZE];

			script_time(r->since_ms, since);
			say_own(&s->out, ": since %s", since);
		}
		if (r->copies > 0 && r->copies < REPLICAS)
			say_own(&s->out, "; on %u of %d replicas only", r->copies, REPLICAS);
	} else if (r->kind == COMMAND_PASSWORD && r->copies > 0 && r->copies < REPLICAS) {
		say_own(&s->out,
		        ": on %u of %d replicas only; the others learn it when they return",
		        r->copies, REPLICAS);
	}
}

/* The members of a result, and the end of its line. */
static void put_answer_members(struct script *s, const struct script_answer *a)
{
	bool done = a->outcome == OUTCOME_OK;

	put_string(s, "command", a->command);
	if (a->tag.data != NULL)
		put_string(s, "tag", a->tag);
	say_own(&s->out, ",\"ok\":%s", word_of(done));
	if (!done)
		put_text(s, "error", outcome_code(a->outcome));
	if (!done || a->detail[0] != 0)
		put_text(s, "detail", a->detail);
	if (a->has_count)
		put_number(s, "count", a->count);
	if (a->has_messages)
		put_number(s, "messages", a->messages);
	if (a->text != NULL)
		put_text(s, "text", a->text);
	if (a->result != NULL)
		put_result(s, a->result);
	say_own(&s->out, "}\n");
}

static void put_answer(struct script *s, const struct script_answer *a)
{
	say_own(&s->out, "{\"event\":\"result\"");
	put_answer_members(s, a);
}

void script_own(struct script *s, const struct script_own *own)
{
	char time[SCRIPT_TIME_SIZE];

	script_time(own->sent_ms, time);
	say_own(&s->out, "{\"event\":\"sent\"");
	for (size_t i = 0; i < own->to_count; i++) {
		say_own(&s->out, i == 0 ? ",\"to\":[" : ",");
		escape_for_json(&s->out, own->to[i]);
		say_own(&s->out, i + 1 == own->to_count ? "]" : "");
	}
	put_string(s, "text", own->text);
	put_text(s, "sent", time);
	put_answer_members(s, own->answer);
}

/* The text of the help is ours and is not escaped, so its lines stay lines. */
static void show_answer(struct script *s, const struct script_answer *a)
{
	if (a->text != NULL && a->outcome == OUTCOME_OK) {
		buf_append(&s->out, view_of_string(a->text));
		say_own(&s->out, "\n");
		return;
	}
	escape_for_terminal(&s->out, a->command);
	if (a->tag.data != NULL) {
		say_own(&s->out, " [");
		escape_for_terminal(&s->out, a->tag);
		say_own(&s->out, "]");
	}
	if (a->outcome == OUTCOME_OK)
		say_own(&s->out, ": ok");
	else
		say_own(&s->out, ": refused (%s)", outcome_code(a->outcome));
	if (a->has_count)
		say_own(&s->out, ": %ju account%s", (uintmax_t)a->count, a->count == 1 ? "" : "s");
	if (a->has_messages)
		say_own(&s->out, ": %ju new message%s", (uintmax_t)a->messages,
		        a->messages == 1 ? "" : "s");
	if (a->result != NULL)
		result_line(s, a->result);
	if (a->detail[0] != 0) {
		say_own(&s->out, ": ");
		say_foreign(&s->out, a->detail);
	}
	for (size_t i = 0; a->result != NULL && i < a->result->users_count; i++) {
		say_own(&s->out, i == 0 ? " (" : ", ");
		say_foreign(&s->out, a->result->users[i].name);
		say_own(&s->out, i + 1 == a->result->users_count ? ")" : "");
	}
	say_own(&s->out, "\n");
}

void script_result(struct script *s, const struct script_answer *answer)
{
	assert(answer->detail != NULL);
	assert(answer->result == NULL || answer->result->outcome == answer->outcome);
	if (s->json)
		put_answer(s, answer);
	else
		show_answer(s, answer);
}
