/* SPDX-License-Identifier: MIT
 *
 * JSON is printed straight into the buffer. Every value is a string that is escaped here, a number
 * or a word; a tree would be built only to be printed.
 */
#include "chat/script.h"

#include "base/escape.h"
#include "chat/event.h"
#include "chat/say.h"
#include "terminal/terminal.h"

#include <stdio.h>

enum {
	/* The longest line is a result that names every recipient; a text is shorter, each byte
	 * as \u00XX. */
	LINE_SIZE_MAX = 4 * 1024 * 1024,
};

/* ---- pieces ---- */

/* The front of an event's line. */
static void begin(struct script *s, enum event event)
{
	say_own(&s->out, "{\"event\":\"%s\"", event_row(event)->name);
}

static void end(struct script *s)
{
	buf_append_text(&s->out, "}\n");
}

/* What divides the next value from the one before it, unless it is the first. */
static void put_comma(struct script *s, char opening)
{
	if (s->out.data[s->out.size - 1] != (uint8_t)opening)
		buf_append_text(&s->out, ",");
}

/* The name of a member; its value comes next. */
static void put_key(struct script *s, enum event_key key)
{
	put_comma(s, '{');
	buf_append_text(&s->out, "\"");
	buf_append_text(&s->out, event_member(key)->name);
	buf_append_text(&s->out, "\":");
}

static void put_string(struct script *s, enum event_key key, struct view value)
{
	put_key(s, key);
	escape_for_json(&s->out, value);
}

static void put_text(struct script *s, enum event_key key, const char *value)
{
	put_string(s, key, view_of_string(value));
}

static void put_number(struct script *s, enum event_key key, uint64_t value)
{
	put_key(s, key);
	say_number(&s->out, value);
}

static void put_bool(struct script *s, enum event_key key, bool value)
{
	put_key(s, key);
	buf_append_text(&s->out, value ? "true" : "false");
}

static void put_null(struct script *s, enum event_key key)
{
	put_key(s, key);
	buf_append_text(&s->out, "null");
}

static void begin_list(struct script *s, enum event_key key)
{
	put_key(s, key);
	buf_append_text(&s->out, "[");
}

static void end_list(struct script *s)
{
	buf_append_text(&s->out, "]");
}

/* The front of the next object of a list. */
static void begin_object(struct script *s)
{
	put_comma(s, '[');
	buf_append_text(&s->out, "{");
}

static void end_object(struct script *s)
{
	buf_append_text(&s->out, "}");
}

/* The next string of a list. */
static void put_item(struct script *s, struct view value)
{
	put_comma(s, '[');
	escape_for_json(&s->out, value);
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
	begin(s, EVENT_READY);
	put_key(s, READY_LEADER);
	say_own(&s->out, "%d", leader);
	begin_list(s, READY_REPLICAS);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		begin_object(s);
		put_number(s, READY_INDEX, i);
		put_text(s, READY_ADDRESS, s->addresses[i]);
		put_text(s, READY_STATE, state_of(live[i]));
		if (!live[i])
			put_text(s, READY_REASON, why[i]);
		end_object(s);
	}
	end_list(s);
	end(s);
}

void script_replica(struct script *s, uint32_t index, bool live, const char *why)
{
	assert(index < REPLICAS);
	if (s->json) {
		begin(s, EVENT_REPLICA);
		put_number(s, REPLICA_INDEX, index);
		put_text(s, REPLICA_STATE, state_of(live));
		if (!live)
			put_text(s, REPLICA_REASON, why);
		end(s);
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
	if (s->json) {
		begin(s, is_any_live ? EVENT_LIVE_AGAIN : EVENT_NONE_LIVE);
		end(s);
		return;
	}
	say_own(&s->out, "%s\n",
	        is_any_live ? "a replica is live again"
	                    : "no replica is live: commands wait for one");
}

void script_leader(struct script *s, uint32_t index)
{
	assert(index < REPLICAS);
	if (s->json) {
		begin(s, EVENT_LEADER);
		put_number(s, LEADER_INDEX, index);
		end(s);
		return;
	}
	say_own(&s->out, "replica ");
	say_foreign(&s->out, s->addresses[index]);
	say_own(&s->out, " leads\n");
}

static void put_replica_row(struct script *s, uint32_t index, const struct replica_row *row)
{
	begin_object(s);
	put_number(s, REPLICAS_INDEX, index);
	put_text(s, REPLICAS_ADDRESS, s->addresses[index]);
	put_text(s, REPLICAS_STATE, state_of(row->live));
	put_bool(s, REPLICAS_LEADER, row->leader);
	if (row->facts_known)
		put_number(s, REPLICAS_FACTS, row->facts);
	else
		put_null(s, REPLICAS_FACTS);
	if (row->agrees_known)
		put_bool(s, REPLICAS_AGREES, row->agrees);
	else
		put_null(s, REPLICAS_AGREES);
	if (row->round_trip_known)
		put_number(s, REPLICAS_ROUND_TRIP, row->round_trip_ms);
	else
		put_null(s, REPLICAS_ROUND_TRIP);
	if (!row->live)
		put_text(s, REPLICAS_REASON, row->why);
	end_object(s);
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
	if (s->json) {
		begin(s, EVENT_REPLICAS);
		begin_list(s, REPLICAS_REPLICAS);
	}
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (s->json)
			put_replica_row(s, i, &rows[i]);
		else
			show_replica_row(s, i, &rows[i]);
	}
	if (s->json) {
		end_list(s);
		end(s);
	}
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

	begin_list(s, MESSAGE_TO);
	for (size_t i = 0; i < audience.names_count; i++)
		put_item(s, audience.names[i]);
	if (audience.kind == AUDIENCE_ONE && shown->to[0] != 0)
		put_item(s, view_of_string(shown->to));
	end_list(s);
	if (audience.kind == AUDIENCE_ALL)
		put_null(s, MESSAGE_TO_COUNT);
	else
		put_number(s, MESSAGE_TO_COUNT, audience.count);
	put_bool(s, MESSAGE_ALL, audience.kind == AUDIENCE_ALL);
	put_bool(s, MESSAGE_NOTICE, audience.is_notice);
}

void script_message(struct script *s, const struct shown *shown)
{
	char time[SCRIPT_TIME_SIZE];
	char id[SAY_ID_SIZE];
	char audience[SAY_AUDIENCE_SIZE];

	(void)say_audience(audience, shown->audience);
	script_time(shown->sent_ms, time);
	say_id(&shown->session, shown->number, id);
	if (s->json) {
		begin(s, EVENT_MESSAGE);
		put_text(s, MESSAGE_ID, id);
		put_text(s, MESSAGE_FROM, shown->from);
		put_string(s, MESSAGE_TEXT, shown->text);
		put_text(s, MESSAGE_SENT, time);
		put_bool(s, MESSAGE_WAITED, shown->waited);
		put_audience(s, shown);
		end(s);
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
	if (s->json) {
		begin(s, EVENT_USERS);
		begin_list(s, USERS_USERS);
	}
	for (size_t i = 0; i < count; i++) {
		if (s->json) {
			begin_object(s);
			put_text(s, USERS_NAME, users[i].name);
			put_bool(s, USERS_ONLINE, users[i].online);
			end_object(s);
		} else {
			say_foreign(&s->out, users[i].name);
			say_own(&s->out, " %s\n", users[i].online ? "online" : "offline");
		}
	}
	if (s->json) {
		end_list(s);
		end(s);
	}
}

void script_logged_out(struct script *s, const char *why)
{
	if (s->json) {
		begin(s, EVENT_LOGGED_OUT);
		put_text(s, LOGGED_OUT_REASON, why);
		end(s);
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
	begin_list(s, RESULT_NAMES);
	for (size_t i = 0; i < r->users_count; i++)
		put_item(s, view_of_string(r->users[i].name));
	end_list(s);
}

static void put_result(struct script *s, const struct result *r)
{
	bool done = r->outcome == OUTCOME_OK;
	char id[SAY_ID_SIZE];
	char account[ID_TEXT_SIZE + 1];

	if (is_message(r) ? done || r->stored > 0 : r->copies > 0)
		put_number(s, RESULT_COPIES, r->copies);
	if (is_message(r) && (done || r->stored > 0)) {
		put_number(s, RESULT_ONLINE, r->online);
		put_number(s, RESULT_STORED, r->stored);
	}
	if (r->has_id) {
		say_id(&r->session, r->number, id);
		put_text(s, RESULT_ID, id);
	}
	if (r->mailbox_full)
		put_text(s, RESULT_MAILBOX, "full");
	if (r->users_count > 0)
		put_names(s, r);
	if (r->since_ms != 0) {
		char since[SCRIPT_TIME_SIZE];

		script_time(r->since_ms, since);
		put_text(s, RESULT_SINCE, since);
	}
	if (r->wait_ms != 0) /* in seconds, rounded up */
		put_number(s, RESULT_WAIT, (r->wait_ms + 999) / 1000);
	if (!done || (r->kind != COMMAND_CREATE && r->kind != COMMAND_LOGIN))
		return;
	id_to_text(&r->id, account);
	put_text(s, RESULT_NAME, r->name);
	put_text(s, RESULT_ID, account);
	if (r->unfinished)
		put_bool(s, RESULT_UNFINISHED, true);
	if (r->is_reset)
		put_bool(s, RESULT_RESET, true);
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
		say_own(&s->out, ": on %u of %d replicas only" SCRIPT_PASSWORD_ELSEWHERE, r->copies,
		        REPLICAS);
	}
}

/* The members of a result, and the end of its line. */
static void put_answer_members(struct script *s, const struct script_answer *a)
{
	bool done = a->outcome == OUTCOME_OK;

	put_string(s, RESULT_COMMAND, a->command);
	if (a->tag.data != NULL)
		put_string(s, RESULT_TAG, a->tag);
	put_bool(s, RESULT_OK, done);
	if (!done)
		put_text(s, RESULT_ERROR, outcome_code(a->outcome));
	if (!done || a->detail[0] != 0)
		put_text(s, RESULT_DETAIL, a->detail);
	if (a->has_count)
		put_number(s, RESULT_COUNT, a->count);
	if (a->has_messages)
		put_number(s, RESULT_MESSAGES, a->messages);
	if (a->text != NULL)
		put_text(s, RESULT_TEXT, a->text);
	if (a->result != NULL)
		put_result(s, a->result);
	end(s);
}

static void put_answer(struct script *s, const struct script_answer *a)
{
	begin(s, EVENT_RESULT);
	put_answer_members(s, a);
}

void script_own(struct script *s, const struct script_own *own)
{
	char time[SCRIPT_TIME_SIZE];

	script_time(own->sent_ms, time);
	begin(s, EVENT_SENT);
	if (own->to_count > 0) {
		begin_list(s, SENT_TO);
		for (size_t i = 0; i < own->to_count; i++)
			put_item(s, own->to[i]);
		end_list(s);
	}
	put_string(s, SENT_TEXT, own->text);
	put_text(s, SENT_SENT, time);
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
