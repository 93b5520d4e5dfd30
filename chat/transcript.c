/* SPDX-License-Identifier: MIT
 *
 * Each line is made whole at once, from left to right. Words of others go through terminal_put,
 * say_foreign or put_harmless. When it is whole it is broken into rows (chat/paragraph.h), unless
 * the person leaves that to the terminal: then a copied line is the line as it was sent.
 *
 * A day is named when it changes. The clocks of replicas differ, so a line may be a little older
 * than the one above it; such a line does not turn the calendar back.
 */
#include "chat/transcript.h"

#include "base/escape.h"
#include "chat/notice.h"
#include "chat/paragraph.h"
#include "chat/say.h"
#include "terminal/terminal.h"
#include "terminal/width.h"
#include "terminal/wrap.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	NAME_COLUMNS = 12, /* a short name with its eight digits fits */
	NAME_COLUMNS_NARROW = 8,
	COLUMNS_NARROW = 60,          /* a window below that is narrow */
	DAY_BACK_MS = 10 * 60 * 1000, /* a line that is older by less does not change the day */
	ADDRESS_COLUMNS_MAX = 40,
	TIME_COLUMNS = sizeof("HH:MM ") - 1,
};
#define NO_BASE "\xe2\x97\x8c" /* U+25CC, dotted circle: what a lone mark stands on */

static const char *const months[] = {
	"January", "February", "March",     "April",   "May",      "June",
	"July",    "August",   "September", "October", "November", "December",
};
static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
	                                "Thursday", "Friday", "Saturday" };

/* ---- pieces ---- */

static void put_style(struct transcript *t, enum terminal_style style)
{
	buf_append(t->out, view_of_string(terminal_style(style)));
}

static void put_blanks(struct transcript *t, size_t count)
{
	while (count-- > 0)
		say_own(t->out, " ");
}

/* The widest name so far has room, if a third of the window has. */
static size_t name_columns(const struct transcript *t)
{
	size_t least = t->columns < COLUMNS_NARROW ? NAME_COLUMNS_NARROW : NAME_COLUMNS;

	return t->widest > least && t->widest <= t->columns / 3 ? t->widest : least;
}

static bool is_mark(struct view text, size_t *size)
{
	uint32_t character = escape_decode(text, size);

	return !escape_is_harmful(character) && width_of(character) == 0;
}

/* One line of a foreign text. Thousands of marks on one character would cover the lines around it,
 * or hide in it, so only some are shown. */
static void put_harmless(struct transcript *t, struct view text)
{
	size_t begin = 0; /* of what is not written yet */
	size_t at = 0;
	size_t marks = 0;

	while (at < text.size) {
		struct view rest = view_of(text.data + at, text.size - at);
		size_t size = 1;
		bool is_another = rest.data[0] >= 0x80 && is_mark(rest, &size);

		if (is_another && at == 0)
			buf_append(t->out, view_of_string(NO_BASE));
		if (!is_another && marks > TRANSCRIPT_MARKS_MAX) {
			say_own(t->out, "<%zu more marks>", marks - TRANSCRIPT_MARKS_MAX);
			begin = at;
		}
		marks = is_another ? marks + 1 : 0;
		if (marks == TRANSCRIPT_MARKS_MAX + 1)
			escape_for_terminal(t->out, view_of(text.data + begin, at - begin));
		at += size;
	}
	if (marks > TRANSCRIPT_MARKS_MAX)
		say_own(t->out, "<%zu more marks>", marks - TRANSCRIPT_MARKS_MAX);
	else
		escape_for_terminal(t->out, view_of(text.data + begin, at - begin));
}

/* A tab stays one, until the line is broken into rows. */
static void put_tabbed(struct transcript *t, struct view text)
{
	for (;;) {
		const uint8_t *tab = text.size == 0 ? NULL : memchr(text.data, '\t', text.size);
		size_t size = tab == NULL ? text.size : (size_t)(tab - text.data);

		put_harmless(t, view_of(text.data, size));
		if (tab == NULL)
			return;
		say_own(t->out, "\t");
		text = view_of(text.data + size + 1, text.size - size - 1);
	}
}

/* ---- lines ---- */

/* Ends a row that is ours, and breaks it if it is too long. */
static void end_row(struct transcript *t)
{
	size_t from = t->out->size;

	while (from > 0 && t->out->data[from - 1] != '\n')
		from--;
	if (t->wraps)
		(void)paragraph_wrap(t->out, from, t->home, t->columns);
	say_own(t->out, "\n");
}

static void end_line(struct transcript *t)
{
	put_style(t, STYLE_NONE);
	end_row(t);
	t->home = TRANSCRIPT_HOME;
}

void transcript_wrap(struct transcript *t, size_t from)
{
	if (t->wraps)
		paragraph_wrap_lines(t->out, from, TRANSCRIPT_HOME, t->columns);
}

/* How many bytes at the front of a line have room in so many columns. */
static size_t size_in(struct view line, size_t columns)
{
	size_t size = 0;
	size_t column = 0;

	while (size < line.size) {
		struct view rest = view_of(line.data + size, line.size - size);
		struct width_cluster cluster = width_cluster(rest);

		column += rest.data[0] == '\t' ? WRAP_TAB : cluster.columns;
		if (column > columns)
			break;
		size += cluster.size;
	}
	return size;
}

static size_t count_characters(struct view text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += (text.data[i] & 0xc0) != 0x80;
	return count;
}

static void put_fold(struct transcript *t, struct view left)
{
	size_t lines = 1;

	for (size_t i = 0; i < left.size; i++)
		lines += left.data[i] == '\n';
	put_style(t, STYLE_NOTICE);
	if (lines > 1)
		say_own(t->out, "<%zu more lines", lines);
	else
		say_own(t->out, "<%zu more characters", count_characters(left));
	say_own(t->out, "; PgUp shows all>");
	put_style(t, STYLE_NONE);
}

/* How many rows of a message are shown. */
static size_t rows_max(const struct transcript *t)
{
	size_t rows = t->rows / 3 * 2;

	if (t->rows == 0 || rows > TRANSCRIPT_ROWS_MAX)
		return TRANSCRIPT_ROWS_MAX;
	return rows < TRANSCRIPT_ROWS_MIN ? TRANSCRIPT_ROWS_MIN : rows;
}

/* Whether the text is one line that has room in so many rows. */
static bool has_room(struct view text, size_t rows, size_t width)
{
	return memchr(text.data, '\n', text.size) == NULL &&
	       size_in(text, rows * width) == text.size;
}

/* The lines after the first begin with a bar, so none of them looks like another message. A text of
 * many rows is folded, so that it does not take all that was said before out of the window. What
 * has room in the row that would say so is shown. */
static void put_text(struct transcript *t, struct view text, size_t bar, enum terminal_style style)
{
	size_t width = t->columns > t->home + 1 ? t->columns - t->home - 1 : 1;
	size_t room = t->is_unfolded ? SIZE_MAX / width : rows_max(t);

	while (text.size > 0 && text.data[text.size - 1] == '\n')
		text.size--;
	while (text.size > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.data);
		size_t last = !t->is_unfolded && has_room(text, room + 1, width);
		size_t shown = size_in(view_of(text.data, size), (room + last) * width);
		size_t rows = (width_of_text(view_of(text.data, shown)) + width - 1) / width;
		size_t passed = shown + (shown == size && end != NULL);

		put_tabbed(t, view_of(text.data, shown));
		text = view_of(text.data + passed, text.size - passed);
		if (text.size == 0)
			return;
		room -= rows < 1 ? 1 : rows < room ? rows : room;
		end_row(t);
		t->home = bar + 2;
		put_style(t, style);
		put_blanks(t, bar);
		say_own(t->out, "| ");
		if (shown < size || (room == 0 && !has_room(text, 1, width))) {
			t->folded++;
			put_fold(t, text);
			return;
		}
	}
}

/* ---- days and times ---- */

static bool is_same_day(const struct transcript_time *a, const struct transcript_time *b)
{
	return a->year == b->year && a->month == b->month && a->day == b->day;
}

/* The next line belongs to this moment: names the day if it is another one. */
static void turn_to(struct transcript *t, const struct transcript_time *at)
{
	assert(at->month >= 1);
	assert(at->month <= 12);
	assert(at->weekday < 7);
	if (t->has_day && at->ms < t->last.ms && t->last.ms - at->ms < DAY_BACK_MS)
		return;
	if (t->has_day && !is_same_day(at, &t->last)) {
		put_style(t, STYLE_DIM);
		say_own(t->out, "-- %s %u %s %u --", weekdays[at->weekday], at->day,
		        months[at->month - 1], at->year);
		end_line(t);
	}
	t->has_day = true;
	t->last = *at;
}

struct view transcript_day(struct view row)
{
	const struct view mark = view_of_string("-- ");
	size_t colour = wrap_colour(row);
	const uint8_t *end;

	row = view_of(row.data + colour, row.size - colour);
	if (row.size <= mark.size || memcmp(row.data, mark.data, mark.size) != 0)
		return view_of(NULL, 0);
	row = view_of(row.data + mark.size, row.size - mark.size);
	end = memmem(row.data, row.size, " --", 3);
	return end == NULL ? view_of(NULL, 0) : view_of(row.data, (size_t)(end - row.data));
}

static void begin_line(struct transcript *t, const struct transcript_time *at)
{
	turn_to(t, at);
	put_style(t, STYLE_DIM);
	say_own(t->out, "%02u:%02u ", at->hour, at->minute);
	put_style(t, STYLE_NONE);
	t->home = TIME_COLUMNS + sizeof("-- ") - 1;
}

/* Puts blanks before what takes so many columns, so that names end in one column. A name
 * by itself (is_one) may make the column wider. */
static void align_name(struct transcript *t, size_t width, bool is_one)
{
	if (is_one && width > t->widest && width <= t->columns / 3)
		t->widest = width;
	if (width < name_columns(t))
		put_blanks(t, name_columns(t) - width);
	t->home = TIME_COLUMNS + name_columns(t) + sizeof(": ") - 1;
}

static void begin_notice(struct transcript *t, const struct transcript_time *now)
{
	begin_line(t, now);
	put_style(t, STYLE_NOTICE);
	say_own(t->out, "-- ");
}

void transcript_init(struct transcript *t, struct buf *out, const char *const *addresses)
{
	*t = (struct transcript){
		.out = out, .addresses = addresses, .columns = 80, .home = TRANSCRIPT_HOME
	};
}

void transcript_begin(struct transcript *t, const struct transcript_time *now)
{
	t->has_day = true;
	t->last = *now;
}

/* ---- messages ---- */

static void begin_waited(struct transcript *t, const struct transcript_time *since)
{
	put_style(t, STYLE_NOTICE);
	say_own(t->out, "-- waiting since %u %.3s ", since->day, months[since->month - 1]);
	if (t->has_day && t->last.year != since->year)
		say_own(t->out, "%u ", since->year);
	say_own(t->out, "%02u:%02u --", since->hour, since->minute);
	end_line(t);
}

void transcript_waited_end(struct transcript *t)
{
	if (t->waited == 0)
		return;
	put_style(t, STYLE_NOTICE);
	say_own(t->out, "-- end of what waited: %ju message%s --", (uintmax_t)t->waited,
	        t->waited == 1 ? "" : "s");
	end_line(t);
	t->waited = 0;
}

void transcript_message(struct transcript *t, const struct shown *shown,
                        const struct transcript_time *sent)
{
	struct view from = view_of_string(shown->from);
	char audience[SAY_AUDIENCE_SIZE];
	size_t marked = say_audience(audience, shown->audience);
	size_t width = width_of_text(from) + marked;

	if (!shown->waited)
		transcript_waited_end(t);
	else if (t->waited++ == 0)
		begin_waited(t, sent);
	begin_line(t, sent);
	align_name(t, width, marked == 0);
	terminal_put(t->out, terminal_style_of(from), from);
	if (marked > 0) {
		put_style(t, STYLE_DIM);
		say_own(t->out, "%s", audience);
		put_style(t, STYLE_NONE);
	}
	say_own(t->out, ": ");
	put_text(t, shown->text, t->home - 2, STYLE_NONE);
	end_row(t);
	t->home = TRANSCRIPT_HOME;
}

/* "-> bob, carol": an arrow and a blank, which no name has. */
static void put_recipients(struct transcript *t, const struct transcript_own *own)
{
	size_t shown = own->to_count < TRANSCRIPT_NAMES_MAX ? own->to_count : TRANSCRIPT_NAMES_MAX;
	size_t width = own->to_count == 0 ? sizeof("-> (all)") - 1 : sizeof("->") - 1;

	for (size_t i = 0; i < shown; i++)
		width += width_of_text(own->to[i]) + (i == 0 ? 1 : 2);
	align_name(t, width, own->to_count == 1);
	put_style(t, STYLE_DIM);
	say_own(t->out, "->");
	put_style(t, STYLE_NONE);
	if (own->to_count == 0)
		say_own(t->out, " (all)");
	for (size_t i = 0; i < shown; i++) {
		say_own(t->out, i == 0 ? " " : ", ");
		terminal_put(t->out, terminal_style_of(own->to[i]), own->to[i]);
	}
	if (own->to_count > shown)
		say_own(t->out, " +%zu", own->to_count - shown);
}

/* Begins the remark of a line, or continues it. */
static void remark(struct transcript *t, bool *has_begun, enum terminal_style style)
{
	if (*has_begun) {
		say_own(t->out, "; ");
		return;
	}
	say_own(t->out, " ");
	put_style(t, style);
	say_own(t->out, "[");
	*has_begun = true;
}

/* Remarks on a message that was stored: only what is not as it should be. */
static void remark_stored(struct transcript *t, const struct transcript_own *own, bool *has_begun)
{
	const struct result *r = own->result;
	bool is_to_one = own->to_count == 1 && r->stored == 1;
	bool has_few = r->stored > 0 && r->copies < REPLICAS;
	/* While it is the same for each message, it is said of the first. */
	bool says_few = has_few && r->copies != t->few_copies;
	enum terminal_style style = says_few || r->mailbox_full ? STYLE_NOTICE : STYLE_DIM;

	if (r->stored == 0) {
		remark(t, has_begun, style);
		say_own(t->out, "there is nobody to send it to");
	} else if (!is_to_one) {
		remark(t, has_begun, style);
		say_own(t->out, "%u of %u online", r->online, r->stored);
	} else if (r->online == 0) {
		remark(t, has_begun, style);
		say_own(t->out, "offline");
	}
	if (r->stored > 0)
		t->few_copies = has_few ? r->copies : 0;
	if (says_few) {
		remark(t, has_begun, style);
		say_own(t->out, "on %u of %d replicas", r->copies, REPLICAS);
	}
	if (r->mailbox_full) {
		remark(t, has_begun, style);
		say_own(t->out,
		        "your share of this mailbox is full now, until something in it is read");
	}
	if (own->detail[0] != 0) {
		remark(t, has_begun, style);
		say_foreign(t->out, own->detail);
	}
}

/* How the message can be sent again, and be shown once. */
static void put_again(struct transcript *t, const struct transcript_own *own)
{
	char id[SAY_ID_SIZE];

	say_id(&own->result->session, own->result->number, id);
	say_own(t->out, "; to send it again: /msg --id %s ", id);
	escape_for_terminal(t->out, own->to[0]);
	say_own(t->out, " TEXT");
}

static void remark_failed(struct transcript *t, const struct transcript_own *own, bool *has_begun)
{
	const struct result *r = own->result;

	remark(t, has_begun, STYLE_ERROR);
	if (own->outcome == OUTCOME_UNKNOWN)
		say_own(t->out, "perhaps not sent: ");
	else if (r != NULL && r->stored > 0)
		say_own(t->out, "sent to %u only: ", r->stored);
	else
		say_own(t->out, "not sent: ");
	say_foreign(t->out, own->detail[0] == 0 ? outcome_code(own->outcome) : own->detail);
	for (size_t i = 0; r != NULL && i < r->users_count && i < TRANSCRIPT_NAMES_MAX; i++) {
		say_own(t->out, i == 0 ? " (" : ", ");
		say_foreign(t->out, r->users[i].name);
	}
	if (r != NULL && r->users_count > TRANSCRIPT_NAMES_MAX)
		say_own(t->out, " +%zu", r->users_count - TRANSCRIPT_NAMES_MAX);
	if (r != NULL && r->users_count > 0)
		say_own(t->out, ")");
	if (own->outcome == OUTCOME_NO_SUCH_USER)
		say_own(t->out, "; /list shows who there is");
	if (own->outcome == OUTCOME_UNKNOWN && r != NULL && r->has_id && own->to_count == 1)
		put_again(t, own);
}

void transcript_own(struct transcript *t, const struct transcript_own *own,
                    const struct transcript_time *now)
{
	bool has_remark = false;

	assert(own->state != TRANSCRIPT_ENDED || own->outcome != OUTCOME_OK || own->result != NULL);
	begin_line(t, now);
	put_recipients(t, own);
	say_own(t->out, ": ");
	if (t->is_echoed && !own->is_old)
		say_own(t->out, own->state == TRANSCRIPT_ENDED && own->outcome == OUTCOME_OK
		                        ? "sent"
		                        : "...");
	else
		put_text(t, own->text, t->home - 2, STYLE_NONE);
	if (own->state != TRANSCRIPT_ENDED) {
		remark(t, &has_remark, STYLE_NOTICE);
		say_own(t->out, own->state == TRANSCRIPT_WAITING ? "waiting" : "on its way");
	} else if (own->outcome == OUTCOME_OK) {
		if (!own->is_old)
			remark_stored(t, own, &has_remark);
	} else {
		remark_failed(t, own, &has_remark);
	}
	if (has_remark)
		say_own(t->out, "]");
	end_line(t);
}

void transcript_sent(struct transcript *t, uint64_t count, uint32_t copies,
                     const struct transcript_time *now)
{
	assert(count > 0);
	begin_notice(t, now);
	say_own(t->out, "%ju message%s that waited %s sent", (uintmax_t)count,
	        count == 1 ? "" : "s", count == 1 ? "is" : "are");
	if (copies < REPLICAS)
		say_own(t->out, ", %son %s%u of %d replicas", count == 1 ? "" : "each ",
		        count == 1 ? "" : "at least ", copies, REPLICAS);
	end_line(t);
}

/* The command at the front of a line, and nothing that may be a password. */
static struct view command_name(struct view line)
{
	size_t size = line.size > 0 && line.data[0] == '/';

	while (size > 0 && size < line.size && (line.data[size] | 0x20) >= 'a' &&
	       (line.data[size] | 0x20) <= 'z')
		size++;
	return view_of(line.data, size);
}

void transcript_typed(struct transcript *t, struct view line, bool is_secret, bool waits)
{
	const char *rest;

	if (is_secret)
		line = command_name(line);
	rest = line.size > 0 ? " ... (not shown)" : "... (not shown)";
	put_style(t, STYLE_DIM);
	say_own(t->out, "> ");
	put_text(t, line, 4, STYLE_DIM);
	if (is_secret)
		say_own(t->out, "%s", rest);
	if (waits)
		say_own(t->out, " [waiting]");
	end_line(t);
}

/* ---- replicas ---- */

static void put_replica(struct transcript *t, uint32_t index)
{
	say_own(t->out, "%u (", index);
	say_foreign(t->out, t->addresses[index]);
	say_own(t->out, ")");
}

static unsigned count_live(const struct transcript *t)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		count += t->live[i];
	return count;
}

static void say_dead(struct transcript *t, uint32_t index)
{
	say_own(t->out, "replica ");
	put_replica(t, index);
	say_own(t->out, " is dead: ");
	say_foreign(t->out, t->why[index]);
}

static void set_replica(struct transcript *t, uint32_t index, bool live, const char *why)
{
	assert(index < REPLICAS);
	t->live[index] = live;
	if (!live)
		t->differing &= (uint8_t) ~(1u << index);
	(void)snprintf(t->why[index], WHY_SIZE, "%s", why);
}

void transcript_ready(struct transcript *t, int leader, const char *const why[REPLICAS],
                      const struct transcript_time *now)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		set_replica(t, i, why[i][0] == 0, why[i]);
	begin_notice(t, now);
	say_own(t->out, "%u of %d replicas %s live", count_live(t), REPLICAS,
	        count_live(t) == 1 ? "is" : "are");
	if (leader >= 0) {
		say_own(t->out, "; replica ");
		put_replica(t, (uint32_t)leader);
		say_own(t->out, " leads");
	}
	end_line(t);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		t->was_live[i] = t->was_live[i] || t->live[i];
		if (t->live[i])
			continue;
		begin_notice(t, now);
		say_dead(t, i);
		end_line(t);
	}
}

void transcript_replica(struct transcript *t, uint32_t index, bool live, const char *why)
{
	set_replica(t, index, live, why);
	t->changed[index] = true;
}

void transcript_leader(struct transcript *t)
{
	t->leader_changed = true;
}

/* Who leads after all the changes, at the end of the line of replica `last`. */
static void say_leader(struct transcript *t, uint32_t last, int leader)
{
	if (leader < 0)
		say_own(t->out, "; " NOTICE_NONE_TEXT);
	else if (!t->leader_changed)
		return;
	else if ((uint32_t)leader == last)
		say_own(t->out, " and leads");
	else
		say_own(t->out, "; replica %d leads", leader);
}

void transcript_changes(struct transcript *t, int leader, const struct transcript_time *now)
{
	uint32_t last = REPLICAS;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (t->changed[i])
			last = i;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!t->changed[i])
			continue;
		begin_notice(t, now);
		if (t->live[i]) {
			say_own(t->out, "replica ");
			put_replica(t, i);
			say_own(t->out, " is live%s", t->was_live[i] ? " again" : "");
			t->was_live[i] = true;
		} else {
			say_dead(t, i);
		}
		if (i == last)
			say_leader(t, last, leader);
		end_line(t);
		t->changed[i] = false;
	}
	t->leader_changed = false;
}

/* ---- facts ---- */

static uint32_t leader_of(const struct replica_row rows[REPLICAS])
{
	uint32_t leader = 0;

	while (leader < REPLICAS && !rows[leader].leader)
		leader++;
	return leader;
}

/* The replicas that differ from the leader. If that is not known of one, what was said last
 * stays. */
static uint8_t differing(const struct transcript *t, const struct replica_row rows[REPLICAS])
{
	uint8_t mask = 0;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		bool differs = (t->differing >> i & 1) != 0;

		if (rows[i].agrees_known)
			differs = !rows[i].agrees;
		if (rows[i].live && !rows[i].leader && differs)
			mask |= (uint8_t)(1u << i);
	}
	return mask;
}

static void say_differing(struct transcript *t, uint8_t mask, uint32_t leader)
{
	const char *separator = "";

	say_own(t->out, "replica%s ", (mask & (mask - 1)) == 0 ? "" : "s");
	for (uint32_t i = 0; i < REPLICAS; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		say_own(t->out, "%s", separator);
		put_replica(t, i);
		separator = " and ";
	}
	say_own(t->out, " hold%s other facts than replica ", (mask & (mask - 1)) == 0 ? "s" : "");
	put_replica(t, leader);
	say_own(t->out, ", which leads: run repair");
}

void transcript_facts(struct transcript *t, const struct replica_row rows[REPLICAS],
                      const struct transcript_time *now)
{
	uint32_t leader = leader_of(rows);
	uint8_t mask = differing(t, rows);

	if (leader == REPLICAS || mask == t->differing)
		return;
	begin_notice(t, now);
	if (mask != 0)
		say_differing(t, mask, leader);
	else
		say_own(t->out, "the live replicas hold the same facts again");
	end_line(t);
	t->differing = mask;
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

static void put_row(struct transcript *t, uint32_t index, const struct replica_row *row,
                    size_t width)
{
	struct view address = view_of_string(t->addresses[index]);
	size_t columns = width_of_text(address);
	const char *state = row->leader ? "leads" : row->live ? "live" : "dead";
	bool is_narrow = t->columns < COLUMNS_NARROW;
	char facts[32] = "?";
	char trip[32];

	put_round_trip(row, trip);
	if (row->facts_known)
		(void)snprintf(facts, sizeof facts, "%" PRIu64, row->facts);
	say_own(t->out, "%u ", index);
	escape_for_terminal(t->out, address);
	put_blanks(t, columns < width ? width - columns : 0);
	say_own(t->out, is_narrow || !row->live ? "  %s" : "  %-5s", state);
	if (!row->live) {
		say_own(t->out, is_narrow ? "\n    " : "   ");
		say_foreign(t->out, row->why);
	} else if (is_narrow) {
		say_own(t->out, "\n    %s facts, agrees: %s, %s", facts, agreement(row), trip);
	} else {
		say_own(t->out, "  %8s  %6s  %10s", facts, agreement(row), trip);
	}
	say_own(t->out, "\n");
}

void transcript_replicas(struct transcript *t, const struct replica_row rows[REPLICAS])
{
	size_t width = 0;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		size_t columns = width_of_text(view_of_string(t->addresses[i]));

		width = columns > width ? columns : width;
	}
	width = width > ADDRESS_COLUMNS_MAX ? ADDRESS_COLUMNS_MAX : width;
	if (t->columns >= COLUMNS_NARROW) {
		put_style(t, STYLE_DIM);
		say_own(t->out, "  %-*s  %-5s  %8s  %6s  %10s", (int)width, "address", "state",
		        "facts", "agrees", "round trip");
		end_line(t);
	}
	for (uint32_t i = 0; i < REPLICAS; i++)
		put_row(t, i, &rows[i], width);
	if (leader_of(rows) == REPLICAS)
		return;
	t->differing = differing(t, rows);
	if (t->differing != 0)
		say_own(t->out, "Facts differ: repair makes them agree.\n");
}

/* ---- the rest ---- */

void transcript_notice(struct transcript *t, const char *text, const struct transcript_time *now)
{
	begin_notice(t, now);
	say_foreign(t->out, text);
	end_line(t);
}

void transcript_rule(struct transcript *t, const char *text)
{
	put_style(t, STYLE_DIM);
	say_own(t->out, "-- ");
	say_foreign(t->out, text);
	say_own(t->out, " --");
	end_line(t);
}

void transcript_logged_out(struct transcript *t, const char *why, const struct transcript_time *now)
{
	transcript_waited_end(t);
	begin_notice(t, now);
	say_own(t->out, "logged out: ");
	say_foreign(t->out, why);
	end_line(t);
}
