/* SPDX-License-Identifier: MIT
 *
 * Each line is made whole at once, from left to right; what is foreign goes through terminal_put or
 * put_harmless. That the text is wrapped by the terminal and not here costs the neat left edge of
 * its further rows, and buys that a copied line is the line, at any width, also after a resize.
 *
 * A day is named when it changes, not before; a line that is a little older than the one above it
 * (the clocks of replicas differ) does not turn the calendar back and forth.
 */
#include "chat/view.h"

#include "base/escape.h"
#include "terminal/terminal.h"
#include "terminal/width.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	NAME_COLUMNS = 12, /* a short name with its eight digits fits */
	NAME_COLUMNS_NARROW = 8,
	COLUMNS_NARROW = 60, /* a window below that is narrow */
	DAY_BACK_MS = 10 * 60 * 1000,
	ADDRESS_COLUMNS_MAX = 40,
};
#define NO_BASE "\xe2\x97\x8c" /* U+25CC, dotted circle: what a lone mark stands on */

static const char *const months[] = {
	"January", "February", "March",     "April",   "May",      "June",
	"July",    "August",   "September", "October", "November", "December",
};
static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
	                                "Thursday", "Friday", "Saturday" };

/* ---- pieces ---- */

static void put(struct client_view *v, struct view bytes)
{
	bool fitted = buf_put(v->out, bytes.data, bytes.size);

	assert(fitted);
	(void)fitted;
}

static void print(struct client_view *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* For our own words and numbers: nothing here is longer than the room, and nothing is foreign. */
static void print(struct client_view *v, const char *format, ...)
{
	char text[256];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	assert(size >= 0);
	assert((size_t)size < sizeof(text));
	put(v, view_of(text, (size_t)size));
}

static void put_style(struct client_view *v, enum terminal_style style)
{
	put(v, view_of_string(terminal_style(style)));
}

/* Foreign words. */
static void show(struct client_view *v, const char *text)
{
	escape_for_terminal(v->out, view_of_string(text));
}

static void put_blanks(struct client_view *v, size_t count)
{
	while (count-- > 0)
		put(v, view_of_string(" "));
}

static size_t name_columns(const struct client_view *v)
{
	return v->columns < COLUMNS_NARROW ? NAME_COLUMNS_NARROW : NAME_COLUMNS;
}

static bool is_mark(struct view text, size_t *size)
{
	uint32_t character = escape_decode(text, size);

	return !escape_is_harmful(character) && width_of(character) == 0;
}

/* One line of a foreign text. Thousands of marks on one character would cover the lines around it,
 * or hide in it, so only some are shown. */
static void put_harmless(struct client_view *v, struct view text)
{
	size_t begin = 0; /* of what is not written yet */
	size_t at = 0;
	size_t marks = 0;

	while (at < text.size) {
		struct view rest = view_of(text.data + at, text.size - at);
		size_t size = 1;
		bool is_another = rest.data[0] >= 0x80 && is_mark(rest, &size);

		if (is_another && at == 0)
			put(v, view_of_string(NO_BASE));
		if (!is_another && marks > CLIENT_VIEW_MARKS_MAX) {
			print(v, "<%zu more marks>", marks - CLIENT_VIEW_MARKS_MAX);
			begin = at;
		}
		marks = is_another ? marks + 1 : 0;
		if (marks == CLIENT_VIEW_MARKS_MAX + 1)
			escape_for_terminal(v->out, view_of(text.data + begin, at - begin));
		at += size;
	}
	if (marks > CLIENT_VIEW_MARKS_MAX)
		print(v, "<%zu more marks>", marks - CLIENT_VIEW_MARKS_MAX);
	else
		escape_for_terminal(v->out, view_of(text.data + begin, at - begin));
}

/* The lines after the first are moved in, so none of them looks like another message. */
static void put_text(struct client_view *v, struct view text)
{
	while (text.size > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.data);

		put_harmless(v, view_of(text.data, size));
		if (end != NULL) {
			put(v, view_of_string("\n"));
			put_blanks(v, sizeof("HH:MM ") - 1 + name_columns(v));
			put(v, view_of_string("| "));
		}
		size += end != NULL;
		text = view_of(text.data + size, text.size - size);
	}
}

/* ---- days and times ---- */

static bool is_same_day(const struct client_view_time *a, const struct client_view_time *b)
{
	return a->year == b->year && a->month == b->month && a->day == b->day;
}

static void end_line(struct client_view *v)
{
	put_style(v, STYLE_NONE);
	put(v, view_of_string("\n"));
}

/* What comes belongs to this moment. */
static void turn_to(struct client_view *v, const struct client_view_time *at)
{
	assert(at->month >= 1);
	assert(at->month <= 12);
	assert(at->weekday < 7);
	if (v->has_day && at->ms < v->last.ms && v->last.ms - at->ms < DAY_BACK_MS)
		return;
	if (v->has_day && !is_same_day(at, &v->last)) {
		put_style(v, STYLE_DIM);
		print(v, "-- %s %u %s %u --", weekdays[at->weekday], at->day, months[at->month - 1],
		      at->year);
		end_line(v);
	}
	v->has_day = true;
	v->last = *at;
}

static void begin_line(struct client_view *v, const struct client_view_time *at)
{
	turn_to(v, at);
	put_style(v, STYLE_DIM);
	print(v, "%02u:%02u ", at->hour, at->minute);
	put_style(v, STYLE_NONE);
}

static void begin_notice(struct client_view *v, const struct client_view_time *now)
{
	begin_line(v, now);
	put_style(v, STYLE_NOTICE);
	print(v, "-- ");
}

void client_view_init(struct client_view *v, struct buf *out, const char *const *addresses)
{
	*v = (struct client_view){ .out = out, .addresses = addresses, .columns = 80 };
}

void client_view_begin(struct client_view *v, const struct client_view_time *now)
{
	v->has_day = true;
	v->last = *now;
}

/* ---- messages ---- */

static void begin_waited(struct client_view *v, const struct client_view_time *since)
{
	put_style(v, STYLE_NOTICE);
	print(v, "-- waiting since %u %.3s ", since->day, months[since->month - 1]);
	if (v->has_day && v->last.year != since->year)
		print(v, "%u ", since->year);
	print(v, "%02u:%02u --", since->hour, since->minute);
	end_line(v);
}

void client_view_waited_end(struct client_view *v)
{
	if (v->waited == 0)
		return;
	put_style(v, STYLE_NOTICE);
	print(v, "-- end of what waited: %ju message%s --", (uintmax_t)v->waited,
	      v->waited == 1 ? "" : "s");
	end_line(v);
	v->waited = 0;
}

void client_view_message(struct client_view *v, const struct shown *shown,
                         const struct client_view_time *sent)
{
	struct view from = view_of_string(shown->from);
	size_t width = width_of_text(from);

	if (!shown->waited)
		client_view_waited_end(v);
	else if (v->waited++ == 0)
		begin_waited(v, sent);
	begin_line(v, sent);
	if (width < name_columns(v))
		put_blanks(v, name_columns(v) - width);
	terminal_put(v->out, terminal_style_of(from), from);
	print(v, ": ");
	put_text(v, shown->text);
	print(v, "\n");
}

/* "-> bob, carol": an arrow and a blank, which no name has. */
static void put_recipients(struct client_view *v, const struct client_view_own *own)
{
	size_t shown = own->to_count < CLIENT_VIEW_NAMES_MAX ? own->to_count
	                                                     : CLIENT_VIEW_NAMES_MAX;
	size_t width = own->to_count == 0 ? sizeof("-> (all)") - 1 : sizeof("->") - 1;

	for (size_t i = 0; i < shown; i++)
		width += width_of_text(own->to[i]) + (i == 0 ? 1 : 2);
	if (width < name_columns(v))
		put_blanks(v, name_columns(v) - width);
	put_style(v, STYLE_DIM);
	print(v, "->");
	put_style(v, STYLE_NONE);
	if (own->to_count == 0)
		print(v, " (all)");
	for (size_t i = 0; i < shown; i++) {
		print(v, i == 0 ? " " : ", ");
		terminal_put(v->out, terminal_style_of(own->to[i]), own->to[i]);
	}
	if (own->to_count > shown)
		print(v, " +%zu", own->to_count - shown);
}

/* Begins a remark, or goes on with it. */
static void remark(struct client_view *v, bool *has_begun, enum terminal_style style)
{
	if (*has_begun) {
		print(v, "; ");
		return;
	}
	put(v, view_of_string(" "));
	put_style(v, style);
	put(v, view_of_string("["));
	*has_begun = true;
}

/* What is not as one would have it. */
static void remark_stored(struct client_view *v, const struct client_view_own *own, bool *has_begun)
{
	const struct result *r = own->result;
	bool is_to_one = own->to_count == 1 && r->stored == 1;
	bool has_few = r->stored > 0 && r->copies < REPLICAS;
	enum terminal_style style = has_few || r->mailbox_full ? STYLE_NOTICE : STYLE_DIM;

	if (r->stored == 0) {
		remark(v, has_begun, style);
		print(v, "there is nobody to send it to");
	} else if (!is_to_one) {
		remark(v, has_begun, style);
		print(v, "%u of %u online", r->online, r->stored);
	} else if (r->online == 0) {
		remark(v, has_begun, style);
		print(v, "offline");
	}
	if (has_few) {
		remark(v, has_begun, style);
		print(v, "on %u of %d replicas", r->copies, REPLICAS);
	}
	if (r->mailbox_full) {
		remark(v, has_begun, style);
		print(v, "your share of this mailbox is full now, until something in it is read");
	}
	if (own->detail[0] != 0) {
		remark(v, has_begun, style);
		show(v, own->detail);
	}
}

/* How the message can be sent again, and be shown once. */
static void put_again(struct client_view *v, const struct client_view_own *own)
{
	char session[ULID_TEXT_SIZE + 1];

	ulid_to_text(&own->result->session, session);
	print(v, "; to send it again: /msg --id %s-%ju ", session, (uintmax_t)own->result->number);
	escape_for_terminal(v->out, own->to[0]);
	print(v, " TEXT");
}

static void remark_failed(struct client_view *v, const struct client_view_own *own, bool *has_begun)
{
	const struct result *r = own->result;

	remark(v, has_begun, STYLE_ERROR);
	if (own->outcome == OUTCOME_UNKNOWN)
		print(v, "perhaps not sent: ");
	else if (r != NULL && r->stored > 0)
		print(v, "sent to %u only: ", r->stored);
	else
		print(v, "not sent: ");
	show(v, own->detail[0] == 0 ? outcome_code(own->outcome) : own->detail);
	for (size_t i = 0; r != NULL && i < r->users_count && i < CLIENT_VIEW_NAMES_MAX; i++) {
		print(v, i == 0 ? " (" : ", ");
		show(v, r->users[i].name);
	}
	if (r != NULL && r->users_count > CLIENT_VIEW_NAMES_MAX)
		print(v, " +%zu", r->users_count - CLIENT_VIEW_NAMES_MAX);
	if (r != NULL && r->users_count > 0)
		print(v, ")");
	if (own->outcome == OUTCOME_NO_SUCH_USER)
		print(v, "; /list shows who there is");
	if (own->outcome == OUTCOME_UNKNOWN && r != NULL && r->has_id && own->to_count == 1)
		put_again(v, own);
}

void client_view_own(struct client_view *v, const struct client_view_own *own,
                     const struct client_view_time *now)
{
	bool has_remark = false;

	assert(own->state != VIEW_ENDED || own->outcome != OUTCOME_OK || own->result != NULL);
	begin_line(v, now);
	put_recipients(v, own);
	print(v, ": ");
	if (v->is_echoed)
		print(v, own->state == VIEW_ENDED && own->outcome == OUTCOME_OK ? "sent" : "...");
	else
		put_text(v, own->text);
	if (own->state != VIEW_ENDED) {
		remark(v, &has_remark, STYLE_NOTICE);
		print(v, own->state == VIEW_WAITING ? "waiting" : "on its way");
	} else if (own->outcome == OUTCOME_OK) {
		remark_stored(v, own, &has_remark);
	} else {
		remark_failed(v, own, &has_remark);
	}
	if (has_remark)
		print(v, "]");
	end_line(v);
}

void client_view_sent(struct client_view *v, uint64_t count, uint32_t copies,
                      const struct client_view_time *now)
{
	assert(count > 0);
	begin_notice(v, now);
	print(v, "%ju message%s that waited %s sent", (uintmax_t)count, count == 1 ? "" : "s",
	      count == 1 ? "is" : "are");
	if (copies < REPLICAS)
		print(v, ", %son %s%u of %d replicas", count == 1 ? "" : "each ",
		      count == 1 ? "" : "at least ", copies, REPLICAS);
	end_line(v);
}

void client_view_typed(struct client_view *v, struct view line, bool is_secret, bool waits)
{
	const char *mark = "> ";

	if (is_secret) {
		const uint8_t *end = memchr(line.data, ' ', line.size);

		line.size = end == NULL ? line.size : (size_t)(end - line.data);
	}
	do {
		const uint8_t *end = memchr(line.data, '\n', line.size);
		size_t size = end == NULL ? line.size : (size_t)(end - line.data);

		put_style(v, STYLE_DIM);
		print(v, "%s", mark);
		put_harmless(v, view_of(line.data, size));
		size += end != NULL;
		line = view_of(line.data + size, line.size - size);
		if (line.size > 0)
			end_line(v);
		mark = "    | ";
	} while (line.size > 0);
	if (is_secret)
		print(v, " ... (not shown)");
	if (waits)
		print(v, " [waiting]");
	end_line(v);
}

/* ---- replicas ---- */

static void put_replica(struct client_view *v, uint32_t index)
{
	print(v, "%u (", index);
	show(v, v->addresses[index]);
	print(v, ")");
}

static unsigned count_live(const struct client_view *v)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		count += v->live[i];
	return count;
}

static void say_dead(struct client_view *v, uint32_t index)
{
	print(v, "replica ");
	put_replica(v, index);
	print(v, " is dead: ");
	show(v, v->why[index]);
}

static void set_replica(struct client_view *v, uint32_t index, bool live, const char *why)
{
	assert(index < REPLICAS);
	v->live[index] = live;
	if (!live)
		v->differing &= (uint8_t) ~(1u << index);
	(void)snprintf(v->why[index], WHY_SIZE, "%s", why);
}

void client_view_ready(struct client_view *v, int leader, const char *const why[REPLICAS],
                       const struct client_view_time *now)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		set_replica(v, i, why[i][0] == 0, why[i]);
	begin_notice(v, now);
	print(v, "%u of %d replicas %s live", count_live(v), REPLICAS,
	      count_live(v) == 1 ? "is" : "are");
	if (leader >= 0) {
		print(v, "; replica ");
		put_replica(v, (uint32_t)leader);
		print(v, " leads");
	}
	end_line(v);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		v->was_live[i] = v->was_live[i] || v->live[i];
		if (v->live[i])
			continue;
		begin_notice(v, now);
		say_dead(v, i);
		end_line(v);
	}
}

void client_view_replica(struct client_view *v, uint32_t index, bool live, const char *why)
{
	set_replica(v, index, live, why);
	v->changed[index] = true;
}

void client_view_leader(struct client_view *v)
{
	v->leader_changed = true;
}

/* What follows from all the changes, at the end of the last one's line. */
static void say_leader(struct client_view *v, uint32_t last, int leader)
{
	if (leader < 0)
		print(v, "; no replica is live: it goes on trying, what you type waits");
	else if (!v->leader_changed)
		return;
	else if ((uint32_t)leader == last)
		print(v, " and leads");
	else
		print(v, "; replica %d leads", leader);
}

void client_view_changes(struct client_view *v, int leader, const struct client_view_time *now)
{
	uint32_t last = REPLICAS;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (v->changed[i])
			last = i;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!v->changed[i])
			continue;
		begin_notice(v, now);
		if (v->live[i]) {
			print(v, "replica ");
			put_replica(v, i);
			print(v, " is live%s", v->was_live[i] ? " again" : "");
			v->was_live[i] = true;
		} else {
			say_dead(v, i);
		}
		if (i == last)
			say_leader(v, last, leader);
		end_line(v);
		v->changed[i] = false;
	}
	v->leader_changed = false;
}

/* ---- facts ---- */

static uint32_t leader_of(const struct replica_row rows[REPLICAS])
{
	uint32_t leader = 0;

	while (leader < REPLICAS && !rows[leader].leader)
		leader++;
	return leader;
}

/* Those that differ from the leader; of those of which it is not known what was said last. */
static uint8_t differing(const struct client_view *v, const struct replica_row rows[REPLICAS])
{
	uint8_t mask = 0;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		bool differs = (v->differing >> i & 1) != 0;

		if (rows[i].agrees_known)
			differs = !rows[i].agrees;
		if (rows[i].live && !rows[i].leader && differs)
			mask |= (uint8_t)(1u << i);
	}
	return mask;
}

static void say_differing(struct client_view *v, uint8_t mask, uint32_t leader)
{
	const char *separator = "";

	print(v, "replica%s ", (mask & (mask - 1)) == 0 ? "" : "s");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		print(v, "%s", separator);
		put_replica(v, i);
		separator = " and ";
	}
	print(v, " hold%s other facts than replica ", (mask & (mask - 1)) == 0 ? "s" : "");
	put_replica(v, leader);
	print(v, ", which leads: run repair");
}

void client_view_facts(struct client_view *v, const struct replica_row rows[REPLICAS],
                       const struct client_view_time *now)
{
	uint32_t leader = leader_of(rows);
	uint8_t mask = differing(v, rows);

	if (leader == REPLICAS || mask == v->differing)
		return;
	begin_notice(v, now);
	if (mask != 0)
		say_differing(v, mask, leader);
	else
		print(v, "the live replicas hold the same facts again");
	end_line(v);
	v->differing = mask;
}

static void put_round_trip(const struct replica_row *row, char text[32])
{
	if (!row->round_trip_known)
		(void)snprintf(text, 32, "?");
	else if (row->round_trip_ms == 0)
		(void)snprintf(text, 32, "<1 ms");
	else
		(void)snprintf(text, 32, "%ju ms", (uintmax_t)row->round_trip_ms);
}

static const char *agreement(const struct replica_row *row)
{
	return row->leader ? "-" : !row->agrees_known ? "?" : row->agrees ? "yes" : "no";
}

static void put_row(struct client_view *v, uint32_t index, const struct replica_row *row,
                    size_t width)
{
	struct view address = view_of_string(v->addresses[index]);
	size_t columns = width_of_text(address);
	const char *state = row->leader ? "leads" : row->live ? "live" : "dead";
	bool is_narrow = v->columns < COLUMNS_NARROW;
	char facts[32] = "?";
	char trip[32];

	put_round_trip(row, trip);
	if (row->facts_known)
		(void)snprintf(facts, sizeof(facts), "%" PRIu64, row->facts);
	print(v, "%u ", index);
	escape_for_terminal(v->out, address);
	put_blanks(v, columns < width ? width - columns : 0);
	print(v, is_narrow || !row->live ? "  %s" : "  %-5s", state);
	if (!row->live) {
		print(v, is_narrow ? "\n    " : "   ");
		show(v, row->why);
	} else if (is_narrow) {
		print(v, "\n    %s facts, agrees: %s, %s", facts, agreement(row), trip);
	} else {
		print(v, "  %8s  %6s  %10s", facts, agreement(row), trip);
	}
	print(v, "\n");
}

void client_view_replicas(struct client_view *v, const struct replica_row rows[REPLICAS])
{
	size_t width = 0;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		size_t columns = width_of_text(view_of_string(v->addresses[i]));

		width = columns > width ? columns : width;
	}
	width = width > ADDRESS_COLUMNS_MAX ? ADDRESS_COLUMNS_MAX : width;
	if (v->columns >= COLUMNS_NARROW) {
		put_style(v, STYLE_DIM);
		print(v, "  %-*s  %-5s  %8s  %6s  %10s", (int)width, "address", "state", "facts",
		      "agrees", "round trip");
		end_line(v);
	}
	for (uint32_t i = 0; i < REPLICAS; i++)
		put_row(v, i, &rows[i], width);
	if (leader_of(rows) == REPLICAS)
		return;
	v->differing = differing(v, rows);
	if (v->differing != 0)
		print(v, "Facts differ: repair makes them agree.\n");
}

/* ---- the rest ---- */

void client_view_notice(struct client_view *v, const char *text, const struct client_view_time *now)
{
	begin_notice(v, now);
	show(v, text);
	end_line(v);
}

void client_view_logged_out(struct client_view *v, const char *why,
                            const struct client_view_time *now)
{
	client_view_waited_end(v);
	begin_notice(v, now);
	print(v, "logged out: ");
	show(v, why);
	end_line(v);
}

static void add(char *text, size_t *size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *text, size_t *size, const char *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = vsnprintf(text + *size, CLIENT_VIEW_PROMPT_SIZE - *size, format, arguments);
	va_end(arguments);
	assert(count >= 0);
	*size += (size_t)count;
	assert(*size < CLIENT_VIEW_PROMPT_SIZE);
}

void client_view_prompt(const struct client_view_prompt *p, char text[CLIENT_VIEW_PROMPT_SIZE])
{
	const char *none = terminal_style(STYLE_NONE);
	size_t size = 0;

	assert(p->live <= REPLICAS);
	add(text, &size, "%s ", p->own[0] == 0 ? "-" : p->own);
	if (p->live < REPLICAS)
		add(text, &size, "%s", terminal_style(STYLE_ERROR));
	if (p->leader < 0)
		add(text, &size, "r- ");
	else
		add(text, &size, "r%d ", p->leader);
	add(text, &size, "%u/%d%s", p->live, REPLICAS, p->live < REPLICAS ? none : "");
	if (p->talk[0] != 0)
		add(text, &size, " to %s%s%s",
		    terminal_style(terminal_style_of(view_of_string(p->talk))), p->talk, none);
	if (p->unread > 0)
		add(text, &size, ", %s%ju new%s", terminal_style(STYLE_NOTICE),
		    (uintmax_t)p->unread, none);
	if (p->waiting > 0)
		add(text, &size, ", %s%ju waiting%s", terminal_style(STYLE_NOTICE),
		    (uintmax_t)p->waiting, none);
	add(text, &size, "> ");
}
