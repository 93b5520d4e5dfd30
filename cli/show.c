/* SPDX-License-Identifier: MIT
 *
 * A person's message is shown once, when its outcome is known, with a remark if something was
 * wrong. If that takes long, or if no replica is live, the message is shown at once as on its way
 * or waiting, and so are the lines after it. When such messages succeed, a person is told only how
 * many they were. A message to several recipients is shown again with its outcome, since the number
 * of recipients reached is of interest.
 *
 * In the background the client asks whether all replicas hold the same facts: soon after a replica
 * became live, often while they differ, else seldom. Each time costs two pings.
 */
#include "cli/show.h"

#include "cli/set.h"

#include "chat/answer.h"
#include "chat/refusal.h"
#include "chat/status.h"
#include "io/log.h"
#include "io/tty.h"
#include "io/zone.h"

#include <stdio.h>
#include <time.h>

enum {
	SLOW_MS = 500, /* without an outcome a message is shown as on its way */
	FACTS_SOON_MS = 2000,
	FACTS_AGAIN_MS = 30 * 1000,
	FACTS_MS = 5 * 60 * 1000,
	SINCE_SIZE = 64,
	WAITED_MS = 60 * 1000, /* what has waited no longer is shown as anything else that comes */
};

/* ---- time ---- */

struct transcript_time show_local_time(uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	zone_follow();
	/* A year that no calendar has is shown as the first one. */
	if (localtime_r(&seconds, &tm) == NULL)
		(void)gmtime_r(&(time_t){ 0 }, &tm);
	return (struct transcript_time){ .ms = ms,
		                         .year = (unsigned)(tm.tm_year + 1900),
		                         .month = (unsigned)(tm.tm_mon + 1),
		                         .day = (unsigned)tm.tm_mday,
		                         .weekday = (unsigned)tm.tm_wday,
		                         .hour = (unsigned)tm.tm_hour,
		                         .minute = (unsigned)tm.tm_min };
}

/* The time by the replicas' clock, as in messages; before a replica is known, by this host's. */
static struct transcript_time now(const struct cli_show *s)
{
	uint64_t ms = replication_clock(link_replication(s->link), link_time(s->link));
	struct timespec clock;

	if (ms == 0 && clock_gettime(CLOCK_REALTIME, &clock) == 0)
		ms = (uint64_t)clock.tv_sec * 1000;
	return show_local_time(ms);
}

static uint32_t live_count(const struct cli_show *s)
{
	return replication_live(link_replication(s->link));
}

/* ---- the prompt ---- */

static bool is_late(const struct cli_show *s)
{
	return s->is_running && (live_count(s) == 0 || s->is_slow);
}

static void set_prompt(struct cli_show *s)
{
	char own[DISPLAY_SIZE] = "";
	char text[PROGRESS_SIZE + STATUS_PROMPT_SIZE] = "";
	char row[STATUS_ROW_SIZE] = "";
	struct status_line status = { .own = own,
		                      .live = live_count(s),
		                      .talk = console_aimed_at(s->console),
		                      .conversations = &s->conversations };

	/* Without an account there is nothing for which the prompt has no room. */
	status.has_row = link_is_logged_in(s->link, own) &&
	                 setting_is_on(s->settings, SETTING_STATUS) &&
	                 console_has_status(s->console);
	if (is_late(s))
		status.waiting = console_waiting(s->console) + (live_count(s) == 0 && s->is_busy &&
		                                                !console_is_asking(s->console));
	if (s->is_running) {
		progress_text(&s->progress, text);
		status_prompt(&status, text + strlen(text));
	}
	if (s->is_running && status.has_row)
		status_row(&status, s->transcript.columns, row);
	console_reply(s->console, conversation_last(&s->conversations));
	console_status(s->console, row);
	console_prompt(s->console, text, own);
}

void show_prompt(struct cli_show *s)
{
	if (s->console == NULL)
		return;
	set_prompt(s);
	if (output_is_empty(s->output)) /* else it is drawn when there is room, as it is then */
		console_draw(s->console);
}

/* ---- lines ---- */

/* What is laid out from now on has the window of this moment. */
static void look_at_window(struct cli_show *s)
{
	if (s->console == NULL)
		return;
	console_size(&s->transcript.columns, &s->transcript.rows);
	s->transcript.wraps = console_wraps(s->console);
}

void show_flush(struct cli_show *s)
{
	look_at_window(s);
	if (s->script.out.size == 0)
		return;
	if (s->console != NULL) {
		set_prompt(s); /* it is drawn below them */
		console_print(s->console, buf_view(&s->script.out));
	} else {
		output_write(s->output, buf_view(&s->script.out));
	}
	buf_clear(&s->script.out);
	if (focus_shown(&s->focus) > s->reported) {
		s->reported = focus_shown(&s->focus);
		output_message(s->output, s->reported);
	}
}

void show_settings(struct cli_show *s, const struct settings *settings)
{
	bool is_plain = set_is_plain(settings, true);

	assert(s->console != NULL);
	s->script.colours = !is_plain;
	console_colours(s->console, is_plain);
	archive_switch(s->archive, setting_is_on(settings, SETTING_LOG));
	if (!setting_is_on(settings, SETTING_FOCUS))
		show_kept_back(s);
}

void show_notice(struct cli_show *s, const char *text)
{
	struct transcript_time at = now(s);

	assert(s->console != NULL);
	transcript_notice(&s->transcript, text, &at);
	show_flush(s);
}

/* ---- replicas ---- */

static void ask_for_facts(struct cli_show *s, uint64_t ms)
{
	if (s->is_operator)
		loop_timer_set(s->loop, &s->facts, loop_now_ms(s->loop) + ms);
}

static void facts_expired(struct loop_timer *timer)
{
	struct cli_show *s = LOOP_OWNER(timer, struct cli_show, facts);

	ask_for_facts(s, FACTS_MS);
	if (s->is_running && s->facts_token == 0 && live_count(s) > 1)
		s->facts_token = link_command(s->link,
		                              &(struct command){ .kind = COMMAND_REPLICAS });
}

static void take_facts(struct cli_show *s, const struct replica_row rows[REPLICAS])
{
	struct transcript_time at = now(s);
	bool is_known = true;

	transcript_facts(&s->transcript, rows, &at);
	for (uint32_t i = 0; i < REPLICAS; i++)
		is_known = is_known && (!rows[i].live || rows[i].agrees_known);
	ask_for_facts(s, is_known && s->transcript.differing == 0 ? FACTS_MS : FACTS_AGAIN_MS);
}

/* The timer only wakes the loop: each turn calls show_changes. */
static void quiet_expired(struct loop_timer *timer)
{
	show_changes(LOOP_OWNER(timer, struct cli_show, quiet));
}

static void set_quiet(struct cli_show *s)
{
	uint64_t deadline = notice_deadline(&s->notice);

	if (deadline == UINT64_MAX)
		loop_timer_cancel(s->loop, &s->quiet);
	else
		loop_timer_set(s->loop, &s->quiet, deadline);
}

/* Tells a person who is no operator what has become of the replicas, if it concerns talking. */
static void show_quietly(struct cli_show *s)
{
	struct transcript_time at = now(s);
	char text[NOTICE_SIZE];

	if (!s->is_running)
		return;
	if (notice_live(&s->notice, live_count(s), loop_now_ms(s->loop), text))
		transcript_notice(&s->transcript, text, &at);
	set_quiet(s);
}

void show_ready(struct cli_show *s)
{
	const struct replication *r = link_replication(s->link);
	struct transcript_time at = now(s);
	int leader = replication_leader(r);
	const char *why[REPLICAS];
	bool is_live[REPLICAS];
	char text[NOTICE_SIZE];

	s->is_running = true;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		why[i] = replication_why(r, i);
		is_live[i] = why[i][0] == 0;
	}
	if (s->console == NULL) {
		memcpy(s->live, is_live, sizeof s->live);
		script_ready(&s->script, leader, is_live, why);
		return;
	}
	transcript_begin(&s->transcript, &at);
	if (!s->is_operator) {
		notice_begin(&s->notice, live_count(s), loop_now_ms(s->loop), text);
		transcript_notice(&s->transcript, text, &at);
		set_quiet(s);
		return;
	}
	transcript_ready(&s->transcript, leader, why, &at);
	ask_for_facts(s, FACTS_SOON_MS);
}

static bool is_any_live(const struct cli_show *s)
{
	bool is_any = false;

	for (uint32_t i = 0; i < REPLICAS; i++)
		is_any = is_any || s->live[i];
	return is_any;
}

/* A program is told of each change, and whether any replica is left. */
static void tell_script(struct cli_show *s, const struct action *action)
{
	bool was_any = is_any_live(s);

	script_replica(&s->script, action->index, action->live, action->why);
	s->live[action->index] = action->live;
	if (is_any_live(s) != was_any)
		script_live(&s->script, !was_any);
}

void show_replica(struct cli_show *s, const struct action *action)
{
	if (s->console == NULL) {
		tell_script(s, action);
		return;
	}
	if (s->is_operator)
		transcript_replica(&s->transcript, action->index, action->live, action->why);
	if (action->live)
		ask_for_facts(s, FACTS_SOON_MS);
}

void show_none_live(struct cli_show *s)
{
	assert(s->console == NULL);
	script_live(&s->script, false);
}

void show_leader(struct cli_show *s, uint32_t index)
{
	if (s->console == NULL)
		script_leader(&s->script, index);
	else if (s->is_operator)
		transcript_leader(&s->transcript);
}

void show_changes(struct cli_show *s)
{
	struct transcript_time at;

	if (s->console == NULL)
		return;
	if (live_count(s) == REPLICAS)
		s->transcript.few_copies = 0;
	if (!s->is_operator) {
		show_quietly(s);
		return;
	}
	at = now(s);
	transcript_changes(&s->transcript, replication_leader(link_replication(s->link)), &at);
}

void show_replicas(struct cli_show *s, const struct action *action)
{
	if (action->token == s->facts_token)
		take_facts(s, action->rows);
	else if (s->console != NULL)
		transcript_replicas(&s->transcript, action->rows);
	else
		script_replicas(&s->script, action->rows);
}

bool show_takes(struct cli_show *s, uint32_t token)
{
	bool is_it = token == s->facts_token;

	if (is_it)
		s->facts_token = 0;
	return is_it;
}

/* ---- messages of others ---- */

/* With the focus on one conversation, messages of others wait until one goes there. What waited
 * for the log-in is shown as a whole. */
static bool is_kept_back(const struct cli_show *s, const struct shown *shown)
{
	struct view current = conversation_current(&s->conversations);

	return s->is_running && setting_is_on(s->settings, SETTING_FOCUS) && !shown->waited &&
	       s->transcript.waited == 0 && current.size > 0 &&
	       !name_equal(current, view_of_string(shown->from)) && !focus_is_full(&s->focus);
}

/* Shows what was kept back of one, or of all if the name is empty. */
static void give_back(struct cli_show *s, struct view from)
{
	if (focus_give(&s->focus, from, &s->script.out) > 0)
		show_flush(s);
}

void show_kept_back(struct cli_show *s)
{
	give_back(s, view_of(NULL, 0));
}

static void take_sender(struct cli_show *s, const struct shown *shown)
{
	struct view from = view_of_string(shown->from);

	conversation_came(&s->conversations, from);
	conversation_identify(&s->conversations, from, &shown->sender);
}

/* A message is kept that begins at this place of the lines that have collected, or is not shown. */
static void note_seen(struct cli_show *s, size_t from, bool is_shown)
{
	uint64_t place = console_printed(s->console) + 1;

	if (!archive_is_on(s->archive) || archive_folder(s->archive)[0] == 0)
		return;
	for (size_t i = 0; i < from; i++)
		place += s->script.out.data[i] == '\n';
	seen_add(&s->seen, is_shown ? place : 0);
}

size_t show_seen(const struct cli_show *s)
{
	uint64_t printed = console_printed(s->console);
	unsigned columns;
	unsigned rows;

	console_size(&columns, &rows);
	rows -= console_has_status(s->console) ? 2 : 1; /* and the prompt */
	return seen_count(&s->seen, printed > rows ? printed - rows + 1 : 1);
}

/* After a short loss of all replicas. That it waited is of no interest: its line has the time. */
static bool has_hardly_waited(const struct cli_show *s, const struct shown *shown)
{
	return s->has_caught_up && s->transcript.waited == 0 &&
	       shown->sent_ms + WAITED_MS >= now(s).ms;
}

/* In a window. */
static void put_message(struct cli_show *s, const struct shown *shown)
{
	struct transcript_time sent = show_local_time(shown->sent_ms);
	size_t begin = s->script.out.size;
	bool keeps = is_kept_back(s, shown);
	uint64_t folded = s->transcript.folded;

	transcript_message(&s->transcript, shown, &sent);
	note_seen(s, begin, !keeps && s->transcript.folded == folded);
	if (!keeps)
		return;
	focus_keep(&s->focus, view_of_string(shown->from),
	           view_of(s->script.out.data + begin, s->script.out.size - begin));
	s->script.out.size = begin;
}

void show_message(struct cli_show *s, const struct shown *shown)
{
	struct shown put = *shown;
	char own[DISPLAY_SIZE];

	focus_came(&s->focus, shown->serial, shown->text.size);
	if (s->console == NULL) {
		script_message(&s->script, shown);
		return;
	}
	look_at_window(s);
	console_announce(s->console);
	if (!link_is_logged_in(s->link, own) || strcmp(own, shown->from) != 0)
		take_sender(s, shown);
	put.waited = put.waited && !has_hardly_waited(s, shown);
	put_message(s, &put);
	archive_message(s->archive, shown);
	if (focus_is_full(&s->focus))
		show_kept_back(s);
}

void show_logged_out(struct cli_show *s, const char *why)
{
	struct transcript_time at = now(s);

	show_kept_back(s);
	if (s->console == NULL)
		script_logged_out(&s->script, why);
	else
		transcript_logged_out(&s->transcript, why, &at);
}

/* ---- what was typed ---- */

static void aim(struct cli_show *s, bool overtakes)
{
	if (s->console != NULL)
		console_aim(s->console, conversation_current(&s->conversations), overtakes);
}

/* The next log-in begins where one is now, unless nothing of what is said is to be kept. */
static void keep_talk(struct cli_show *s)
{
	const struct conversation *current = conversation_find(
		&s->conversations, conversation_current(&s->conversations));
	char err[TALK_ERR_SIZE];

	if (s->console != NULL && current != NULL && setting_is_on(s->settings, SETTING_LOG) &&
	    !talk_keep(&s->talk, current, err))
		show_notice(s, err);
}

void show_talk(struct cli_show *s, struct view name, const struct id *id)
{
	conversation_talk(&s->conversations, name);
	if (id != NULL)
		conversation_identify(&s->conversations, name, id);
	aim(s, false);
	give_back(s, name);
	keep_talk(s);
}

void show_typed(struct cli_show *s, struct view line)
{
	if (!s->transcript.is_echoed)
		transcript_typed(&s->transcript, line, false, false);
	show_flush(s);
}

void show_move(struct cli_show *s, enum conversation_move how, size_t number)
{
	const struct conversation *aimed = conversation_find(&s->conversations,
	                                                     console_aimed_at(s->console));

	/* One moves from where the prompt says one is, also if a /talk waits. */
	if (aimed != NULL)
		conversation_talk(&s->conversations, view_of_string(aimed->name));
	if (conversation_move(&s->conversations, how, number)) {
		aim(s, true);
		give_back(s, conversation_current(&s->conversations));
		keep_talk(s);
	} else {
		console_ring(s->console);
	}
}

void show_forget(struct cli_show *s)
{
	show_kept_back(s);
	conversation_clear(&s->conversations);
	s->has_caught_up = false;
	talk_end(&s->talk);
	aim(s, false);
}

/* The names are shown as those accounts were made, as far as that is known. */
static void spell(const struct cli_show *s, struct show_own *own)
{
	char name[DISPLAY_SIZE];

	for (size_t i = 0; i < own->to_count && i < TRANSCRIPT_NAMES_MAX; i++)
		if (replication_spelled(link_replication(s->link), view_of_string(own->to[i]),
		                        name))
			view_to_string(view_of_string(name), own->to[i], COMMAND_ACCOUNT_SIZE);
}

static void add_recipient(struct show_own *own, struct view name)
{
	if (own->to_count < TRANSCRIPT_NAMES_MAX)
		view_to_string(name, own->to[own->to_count], COMMAND_ACCOUNT_SIZE);
	own->to_count++;
}

/* Whether the request sends a message. Then sets `own` to it. */
static bool is_message(const struct cli_show *s, const struct command_request *q, struct view talk,
                       struct show_own *own)
{
	*own = (struct show_own){ .text = q->text };
	if (q->outcome != OUTCOME_OK)
		return false;
	if (q->verb == VERB_ALL)
		return true;
	if (q->verb == VERB_TEXT && talk.size > 0)
		add_recipient(own, talk);
	for (size_t i = 0; q->verb == VERB_MSG && i < q->to_count; i++)
		add_recipient(own, q->to[i]);
	spell(s, own);
	return own->to_count > 0;
}

static void put_own(struct cli_show *s, const struct show_own *own, enum transcript_own_state state,
                    const struct script_answer *a)
{
	struct transcript_time at = now(s);
	struct view to[TRANSCRIPT_NAMES_MAX];
	struct transcript_own line = {
		.to = to, .to_count = own->to_count, .text = own->text, .state = state
	};

	for (size_t i = 0; i < own->to_count && i < TRANSCRIPT_NAMES_MAX; i++)
		to[i] = view_of_string(own->to[i]);
	if (a != NULL) {
		line.outcome = a->outcome;
		line.detail = a->detail;
		line.result = a->result;
	}
	transcript_own(&s->transcript, &line, &at);
}

static void slow_expired(struct loop_timer *timer)
{
	LOOP_OWNER(timer, struct cli_show, slow)->is_slow = true;
}

void show_begun(struct cli_show *s, struct view word)
{
	s->is_busy = true;
	s->word = word;
	s->is_slow = false;
	/* What was asked of a person took its time; that counts no more. */
	if (s->console != NULL)
		loop_timer_set(s->loop, &s->slow, loop_now_ms(s->loop) + SLOW_MS);
}

/* For the archive, which keeps all recipients. */
static void remember_own(struct cli_show *s, const struct command_request *q, struct view to)
{
	if (q->verb == VERB_MSG)
		archive_sending(s->archive, q->to, q->to_count, q->text);
	else
		archive_sending(s->archive, &to, q->verb == VERB_TEXT ? 1 : 0, q->text);
}

void show_line(struct cli_show *s, const struct command_request *request, struct view line,
               struct view to, bool was_shown)
{
	show_begun(s, view_of(NULL, 0));
	if (s->console == NULL)
		return;
	s->is_message = is_message(s, request, to, &s->own);
	if (s->is_message)
		remember_own(s, request, to);
	s->own_was_shown = was_shown;
	if (!s->is_message && !was_shown && !s->transcript.is_echoed)
		transcript_typed(&s->transcript, line, console_hides(s->console), false);
	show_flush(s);
}

void show_users(struct cli_show *s, const struct user *users, size_t count)
{
	assert(s->console == NULL);
	script_users(&s->script, users, count);
}

void show_done(struct cli_show *s)
{
	s->is_slow = false;
	loop_timer_cancel(s->loop, &s->slow);
	s->is_busy = false;
	s->is_message = false;
	s->word = view_of(NULL, 0);
}

/* Whether the answer is the table of /replicas, after which no other line is needed. */
static bool is_table(const struct script_answer *a)
{
	return a->result != NULL && a->result->kind == COMMAND_REPLICAS;
}

/* The time of the place, as a person reads it; "" if the answer has none. */
static void since_when(const struct script_answer *a, char text[SINCE_SIZE])
{
	struct transcript_time at;

	text[0] = 0;
	if (a->result == NULL || a->result->since_ms == 0)
		return;
	at = show_local_time(a->result->since_ms);
	(void)snprintf(text, SINCE_SIZE, "%04u-%02u-%02u %02u:%02u", at.year, at.month, at.day,
	               at.hour, at.minute);
}

/* The message that has its result was looked up meanwhile. What is kept of it has the name that is
 * shown, if there is one. */
static void take_spelling(struct cli_show *s)
{
	struct view to = view_of_string(s->own.to[0]);

	spell(s, &s->own);
	if (s->own.to_count == 1)
		archive_sending(s->archive, &to, 1, s->own.text);
}

void show_result(struct cli_show *s, const struct script_answer *a)
{
	bool done = a->outcome == OUTCOME_OK;
	size_t from = s->script.out.size;
	uint64_t folded = s->transcript.folded;
	char since[SINCE_SIZE];

	look_at_window(s);
	if (s->is_message)
		take_spelling(s);
	if (s->console != NULL && !s->is_message && !done) {
		since_when(a, since);
		refusal_put(&s->script.out, a, since);
		transcript_wrap(&s->transcript, from);
	} else if (s->console == NULL) {
		script_result(&s->script, a);
	} else if (!s->is_message && !is_table(a)) {
		answer_put(&s->script.out, a);
		transcript_wrap(&s->transcript, from);
	} else if (s->is_message && done && s->own_was_shown && s->own.to_count == 1 &&
	           !a->result->mailbox_full) {
		if (s->late == 0 || a->result->copies < s->late_copies)
			s->late_copies = a->result->copies;
		s->late++;
	} else if (s->is_message) {
		put_own(s, &s->own, TRANSCRIPT_ENDED, a);
	}
	if (s->is_message) {
		note_seen(s, from, !s->own_was_shown && s->transcript.folded == folded);
		archive_sent(s->archive, now(s).ms, a);
	}
	if (s->console != NULL && s->is_message && done && s->own.to_count == 1)
		conversation_wrote(&s->conversations, view_of_string(s->own.to[0]));
	show_done(s);
}

/* Tells a person which command takes long. */
static void show_under_way(struct cli_show *s)
{
	char text[160];

	if (!s->is_busy || console_is_asking(s->console) || s->own_was_shown)
		return;
	/* To all: the prompt says how far it is. */
	if (s->is_message && s->own.to_count == 0 && live_count(s) > 0)
		return;
	if (s->is_message) {
		put_own(s, &s->own, live_count(s) == 0 ? TRANSCRIPT_WAITING : TRANSCRIPT_SENDING,
		        NULL);
	} else if (s->word.size > 0 && live_count(s) == 0) {
		(void)snprintf(text, sizeof text,
		               "no replica is live: /%.*s waits until one is back (Ctrl-C twice "
		               "ends the client)",
		               (int)s->word.size, (const char *)s->word.data);
		show_notice(s, text);
	} else {
		return;
	}
	s->own_was_shown = true;
}

/* Shows the lines that wait, each with whom it will go to. */
static void show_queue(struct cli_show *s, struct command_parser *parser)
{
	struct command_request request;
	struct show_own own;
	struct console_line *queued;

	for (size_t i = 0; (queued = console_waiting_line(s->console, i)) != NULL; i++) {
		struct view line = buf_view(&queued->text);

		if (queued->is_text)
			command_parse_text(line, &request);
		else
			command_parse(parser, line, false, &request);
		if (queued->was_shown)
			continue;
		queued->was_shown = true;
		if (is_message(s, &request, view_of_string(queued->to), &own))
			put_own(s, &own, TRANSCRIPT_WAITING, NULL);
		else if (!s->transcript.is_echoed)
			transcript_typed(&s->transcript, line, queued->is_hidden, true);
	}
}

void show_settle(struct cli_show *s, struct command_parser *parser)
{
	struct transcript_time at;
	char own[DISPLAY_SIZE];

	if (s->console == NULL)
		return;
	show_changes(s);
	if (replication_idle(link_replication(s->link))) {
		transcript_waited_end(&s->transcript);
		s->has_caught_up = link_is_logged_in(s->link, own);
	}
	if (is_late(s)) {
		show_under_way(s);
		show_queue(s, parser);
	}
	if (s->late > 0 && !s->is_busy && console_waiting(s->console) == 0) {
		at = now(s);
		transcript_sent(&s->transcript, s->late, s->late_copies, &at);
		s->late = 0;
	}
	show_flush(s);
}

/* ---- the end ---- */

bool show_finish(struct cli_show *s)
{
	size_t count = s->console == NULL ? 0 : console_waiting(s->console);
	char text[64];

	s->is_running = false;
	show_kept_back(s);
	if (count == 0)
		return false;
	(void)snprintf(text, sizeof text, "%zu line%s that waited %s not sent", count,
	               count == 1 ? "" : "s", count == 1 ? "was" : "were");
	show_notice(s, text);
	return true;
}

void show_abandoned(struct cli_show *s)
{
	struct script_answer a = { .outcome = OUTCOME_UNKNOWN,
		                   .detail = "the client ended before there was an answer" };

	if (s->console == NULL || !s->is_message)
		return;
	put_own(s, &s->own, TRANSCRIPT_ENDED, &a);
	archive_sent(s->archive, now(s).ms, &a);
	show_flush(s);
}

/* ---- begin and end ---- */

/* One sentence for all that cannot be kept, before each part finds out by itself. */
static void say_unkept(struct cli_show *s)
{
	bool keeps_said = setting_is_on(s->settings, SETTING_LOG);
	bool keeps_typed = setting_is_on(s->settings, SETTING_HISTORY);
	char text[HOME_ERR_SIZE + 128];
	char why[HOME_ERR_SIZE];

	if ((!keeps_said && !keeps_typed) || home_can_keep(why))
		return;
	(void)snprintf(text, sizeof text, "what %s not kept for the next time: %s",
	               !keeps_said    ? "you type is"
	               : !keeps_typed ? "is said is"
	                              : "is said and what you type are",
	               why);
	console_print_line(s->console, STYLE_NOTICE, text);
	if (!keeps_said)
		return;
	archive_is_known(s->archive);
	s->talk.has_failed = true;
}

static void say_archive(void *context, const char *text)
{
	show_notice(context, text);
}

void show_init(struct cli_show *s, struct loop *l, struct link *link, struct cli_output *output,
               struct cli_console *console, const struct client_options *options)
{
	*s = (struct cli_show){ .loop = l,
		                .link = link,
		                .output = output,
		                .console = console,
		                .slow = { .expired = slow_expired },
		                .is_operator = console != NULL && options->is_operator,
		                .quiet = { .expired = quiet_expired },
		                .facts = { .expired = facts_expired } };
	s->settings = &options->settings;
	for (size_t i = 0; i < REPLICAS; i++)
		s->addresses[i] = options->targets[i].text;
	script_init(&s->script, options->json, s->addresses);
	s->script.colours = !set_is_plain(&options->settings, options->is_terminal);
	transcript_init(&s->transcript, &s->script.out, s->addresses);
	s->transcript.is_echoed = console != NULL && console_is_echoed(console);
	conversation_init(&s->conversations);
	progress_init(&s->progress, l);
	if (console != NULL) {
		s->archive = archive_new(l, say_archive, s);
		archive_switch(s->archive, setting_is_on(&options->settings, SETTING_LOG));
		say_unkept(s);
	}
	zone_follow();
	tzset();
}

void show_release(struct cli_show *s)
{
	loop_timer_cancel(s->loop, &s->facts);
	loop_timer_cancel(s->loop, &s->quiet);
	loop_timer_cancel(s->loop, &s->slow);
	progress_end(&s->progress);
	archive_free(s->archive);
	focus_clear(&s->focus);
	conversation_clear(&s->conversations);
	script_release(&s->script);
}
