/* SPDX-License-Identifier: MIT
 *
 * What is shown: a script gets the lines of chat/script.h; a person gets those of
 * chat/transcript.h, with the local time, and is told what became of a line that was typed.
 *
 * A person's message is shown once: when its outcome is known, with what was wrong, if anything
 * was. If that takes long, or no replica is live, it is shown at once as on its way or waiting, and
 * so are the lines behind it; those that succeed are then told by their number alone, but for what
 * goes to several, whose number is of interest.
 *
 * Whether all replicas hold the same facts is asked in the background: soon after one became live,
 * sooner again while they do not, else seldom. It costs two pings.
 */
#include "cli/client.h"

#include "chat/secret.h"
#include "chat/refusal.h"
#include "io/log.h"
#include "io/tty.h"

#include <stdio.h>
#include <time.h>

enum {
	SLOW_MS = 500, /* without an outcome a message is shown as on its way */
	FACTS_SOON_MS = 2000,
	FACTS_AGAIN_MS = 30 * 1000,
	FACTS_MS = 5 * 60 * 1000,
};

/* ---- time ---- */

static struct transcript_time local(uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

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

/* By the clock that the messages have, or this host's before any replica was heard. */
static struct transcript_time now(const struct client *c)
{
	uint64_t ms = replication_clock(link_replication(c->link), link_time(c->link));
	struct timespec clock;

	if (ms == 0 && clock_gettime(CLOCK_REALTIME, &clock) == 0)
		ms = (uint64_t)clock.tv_sec * 1000;
	return local(ms);
}

static uint32_t live(const struct client *c)
{
	return replication_live(link_replication(c->link));
}

/* ---- the prompt ---- */

static bool is_late(const struct client *c)
{
	return c->state == CLIENT_RUNNING && (live(c) == 0 || c->is_slow);
}

static void set_prompt(struct client *c)
{
	const struct replication *r = link_replication(c->link);
	char own[DISPLAY_SIZE] = "";
	char text[PROGRESS_SIZE + TRANSCRIPT_PROMPT_SIZE] = "";
	struct transcript_prompt prompt = { .own = own,
		                            .leader = replication_leader(r),
		                            .live = replication_live(r),
		                            .talk = c->talk };

	(void)link_is_logged_in(c->link, own);
	prompt.unread = console_unread_count(c->console);
	if (is_late(c))
		prompt.waiting = console_waiting(c->console) +
		                 (live(c) == 0 && c->is_busy && !console_is_asking(c->console));
	if (c->state == CLIENT_RUNNING) {
		progress_text(&c->progress, text);
		transcript_prompt(&prompt, text + strlen(text));
	}
	console_prompt(c->console, text, own);
}

void client_show_prompt(struct client *c)
{
	if (c->console == NULL)
		return;
	set_prompt(c);
	console_draw(c->console);
}

/* ---- lines ---- */

void client_show_flush(struct client *c)
{
	unsigned rows;

	if (c->console != NULL)
		tty_size(&c->transcript.columns, &rows);
	if (c->script.out.size == 0)
		return;
	if (c->console != NULL) {
		set_prompt(c); /* it is drawn below them */
		console_print(c->console, buf_view(&c->script.out));
	} else {
		output_write(&c->output, buf_view(&c->script.out));
	}
	buf_clear(&c->script.out);
}

void client_show_notice(struct client *c, const char *text)
{
	struct transcript_time at = now(c);

	assert(c->console != NULL);
	transcript_notice(&c->transcript, text, &at);
	client_show_flush(c);
}

/* ---- replicas ---- */

static void ask_for_facts(struct client *c, uint64_t ms)
{
	if (c->console != NULL)
		loop_timer_set(c->loop, &c->facts, loop_now_ms(c->loop) + ms);
}

static void facts_expired(struct loop_timer *timer)
{
	struct client *c = LOOP_OWNER(timer, struct client, facts);

	ask_for_facts(c, FACTS_MS);
	if (c->state == CLIENT_RUNNING && c->facts_token == 0 && live(c) > 1)
		c->facts_token = link_command(c->link,
		                              &(struct command){ .kind = COMMAND_REPLICAS });
}

static void show_facts(struct client *c, const struct replica_row rows[REPLICAS])
{
	struct transcript_time at = now(c);
	bool is_known = true;

	transcript_facts(&c->transcript, rows, &at);
	for (uint32_t i = 0; i < REPLICAS; i++)
		is_known = is_known && (!rows[i].live || rows[i].agrees_known);
	ask_for_facts(c, is_known && c->transcript.differing == 0 ? FACTS_MS : FACTS_AGAIN_MS);
}

void client_show_ready(struct client *c)
{
	const struct replication *r = link_replication(c->link);
	struct transcript_time at = now(c);
	int leader = replication_leader(r);
	const char *why[REPLICAS];
	bool is_live[REPLICAS];

	for (uint32_t i = 0; i < REPLICAS; i++) {
		why[i] = replication_why(r, i);
		is_live[i] = why[i][0] == 0;
	}
	if (c->console == NULL) {
		script_ready(&c->script, leader, is_live, why);
		return;
	}
	transcript_begin(&c->transcript, &at);
	transcript_ready(&c->transcript, leader, why, &at);
	ask_for_facts(c, FACTS_SOON_MS);
}

void client_show_replica(struct client *c, const struct action *action)
{
	if (c->console == NULL) {
		script_replica(&c->script, action->index, action->live, action->why);
		return;
	}
	transcript_replica(&c->transcript, action->index, action->live, action->why);
	if (action->live)
		ask_for_facts(c, FACTS_SOON_MS);
}

void client_show_leader(struct client *c, uint32_t index)
{
	if (c->console == NULL)
		script_leader(&c->script, index);
	else
		transcript_leader(&c->transcript);
}

void client_show_changes(struct client *c)
{
	struct transcript_time at;

	if (c->console == NULL)
		return;
	at = now(c);
	transcript_changes(&c->transcript, replication_leader(link_replication(c->link)), &at);
}

void client_show_replicas(struct client *c, const struct action *action)
{
	if (action->token == c->facts_token)
		show_facts(c, action->rows);
	else if (c->console != NULL)
		transcript_replicas(&c->transcript, action->rows);
	else
		script_replicas(&c->script, action->rows);
}

/* ---- messages of others ---- */

void client_show_message(struct client *c, const struct shown *shown)
{
	struct transcript_time sent;

	if (c->console == NULL) {
		script_message(&c->script, shown);
		return;
	}
	sent = local(shown->sent_ms);
	console_announce(c->console);
	transcript_message(&c->transcript, shown, &sent);
}

void client_show_logged_out(struct client *c, const char *why)
{
	struct transcript_time at = now(c);

	if (c->console == NULL)
		script_logged_out(&c->script, why);
	else
		transcript_logged_out(&c->transcript, why, &at);
}

/* ---- what was typed ---- */

static void add_recipient(struct client_own *own, struct view name)
{
	if (own->to_count < TRANSCRIPT_NAMES_MAX) {
		char *to = own->to[own->to_count];

		assert(name.size < COMMAND_ACCOUNT_SIZE);
		memcpy(to, name.data, name.size);
		to[name.size] = 0;
	}
	own->to_count++;
}

/* Whether the request is a message, to somebody: then `own` is it. */
static bool is_message(const struct command_request *q, const char *talk, struct client_own *own)
{
	*own = (struct client_own){ .text = q->text };
	if (q->outcome != OUTCOME_OK)
		return false;
	if (q->verb == VERB_ALL)
		return true;
	if (q->verb == VERB_TEXT && talk[0] != 0)
		add_recipient(own, view_of_string(talk));
	for (size_t i = 0; q->verb == VERB_MSG && i < q->to_count; i++)
		add_recipient(own, q->to[i]);
	return own->to_count > 0;
}

static void show_own(struct client *c, const struct client_own *own,
                     enum transcript_own_state state, const struct script_answer *a)
{
	struct transcript_time at = now(c);
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
	transcript_own(&c->transcript, &line, &at);
}

static void slow_expired(struct loop_timer *timer)
{
	LOOP_OWNER(timer, struct client, slow)->is_slow = true;
}

void client_show_begun(struct client *c)
{
	c->is_slow = false;
	if (c->console != NULL)
		loop_timer_set(c->loop, &c->slow, loop_now_ms(c->loop) + SLOW_MS);
}

void client_show_line(struct client *c, struct view line, bool was_shown)
{
	if (c->console == NULL)
		return;
	c->is_message = is_message(&c->request, c->talk, &c->own);
	c->own_was_shown = was_shown;
	client_show_begun(c);
	if (!c->is_message && !was_shown && !c->transcript.is_echoed)
		transcript_typed(&c->transcript, line, secret_is_in(line), false);
	client_show_flush(c);
}

void client_show_done(struct client *c)
{
	c->is_slow = false;
	loop_timer_cancel(c->loop, &c->slow);
	c->is_message = false;
}

void client_show_result(struct client *c, const struct script_answer *a)
{
	bool done = a->outcome == OUTCOME_OK;

	if (c->console != NULL && !c->is_message && !done) {
		refusal_put(&c->script.out, a);
	} else if (c->console == NULL || (!c->is_message && c->request.verb != VERB_REPLICAS)) {
		script_result(&c->script, a);
	} else if (c->is_message && done && c->own_was_shown && c->own.to_count == 1 &&
	           !a->result->mailbox_full) {
		if (c->late == 0 || a->result->copies < c->late_copies)
			c->late_copies = a->result->copies;
		c->late++;
	} else if (c->is_message) {
		show_own(c, &c->own, TRANSCRIPT_ENDED, a);
	}
	client_show_done(c);
}

/* What is under way and takes long. */
static void show_under_way(struct client *c)
{
	char text[160];

	if (!c->is_busy || console_is_asking(c->console) || c->own_was_shown)
		return;
	/* To all: the prompt says how far it is. */
	if (c->is_message && c->own.to_count == 0 && live(c) > 0)
		return;
	if (c->is_message) {
		show_own(c, &c->own, live(c) == 0 ? TRANSCRIPT_WAITING : TRANSCRIPT_SENDING, NULL);
	} else if (c->token != 0 && live(c) == 0) {
		(void)snprintf(text, sizeof(text),
		               "no replica is live: /%.*s waits until one is back (Ctrl-C twice "
		               "ends the client)",
		               (int)c->request.word.size, (const char *)c->request.word.data);
		client_show_notice(c, text);
	} else {
		return;
	}
	c->own_was_shown = true;
}

/* Lines that wait behind it. Whom a text will go to follows from the lines before it. */
static void show_queue(struct client *c)
{
	struct command_request request;
	struct client_own own;
	struct console_line *queued;
	char talk[COMMAND_ACCOUNT_SIZE];

	memcpy(talk, c->talk, sizeof(talk));
	for (size_t i = 0; (queued = console_waiting_line(c->console, i)) != NULL; i++) {
		struct view line = buf_view(&queued->text);

		if (queued->is_text)
			command_parse_text(line, &request);
		else
			command_parse(&c->parser, line, false, &request);
		if (request.outcome == OUTCOME_OK && request.verb == VERB_TALK) {
			memcpy(talk, request.name.data, request.name.size);
			talk[request.name.size] = 0;
		}
		if (queued->was_shown)
			continue;
		queued->was_shown = true;
		if (is_message(&request, talk, &own))
			show_own(c, &own, TRANSCRIPT_WAITING, NULL);
		else if (!c->transcript.is_echoed)
			transcript_typed(&c->transcript, line, secret_is_in(line), true);
	}
}

void client_show_settle(struct client *c)
{
	struct transcript_time at;

	if (c->console == NULL)
		return;
	client_show_changes(c);
	if (c->transcript.waited > 0 && replication_idle(link_replication(c->link)))
		transcript_waited_end(&c->transcript);
	if (is_late(c)) {
		show_under_way(c);
		show_queue(c);
	}
	if (c->late > 0 && !c->is_busy && console_waiting(c->console) == 0) {
		at = now(c);
		transcript_sent(&c->transcript, c->late, c->late_copies, &at);
		c->late = 0;
	}
	client_show_flush(c);
}

/* ---- the end ---- */

void client_show_dropped(struct client *c)
{
	size_t count = c->console == NULL ? 0 : console_waiting(c->console);
	char text[64];

	if (count == 0)
		return;
	c->was_refused = true;
	(void)snprintf(text, sizeof(text), "%zu line%s that waited %s not sent", count,
	               count == 1 ? "" : "s", count == 1 ? "was" : "were");
	client_show_notice(c, text);
}

void client_show_abandoned(struct client *c)
{
	struct script_answer a = { .outcome = OUTCOME_UNKNOWN,
		                   .detail = "the client ended before there was an answer" };

	if (c->console == NULL || !c->is_message)
		return;
	show_own(c, &c->own, TRANSCRIPT_ENDED, &a);
	client_show_flush(c);
}

/* ---- begin and end ---- */

void client_show_init(struct client *c)
{
	static const char *addresses[REPLICAS];

	for (size_t i = 0; i < REPLICAS; i++)
		addresses[i] = c->options.targets[i].text;
	script_init(&c->script, c->options.json, addresses);
	c->script.colours = !c->options.is_plain;
	transcript_init(&c->transcript, &c->script.out, addresses);
	c->facts.expired = facts_expired;
	c->slow.expired = slow_expired;
	tzset();
}

void client_show_release(struct client *c)
{
	loop_timer_cancel(c->loop, &c->facts);
	loop_timer_cancel(c->loop, &c->slow);
	script_release(&c->script);
}
