/* SPDX-License-Identifier: MIT */
#include "chat/status.h"

#include "terminal/terminal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { PIECE_SIZE = COMMAND_ACCOUNT_SIZE + 32 };

/* A text that is built in a fixed size, and how many columns it has so far. */
struct line {
	char *text;
	size_t size_max;
	size_t size;
	size_t columns;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = vsnprintf(l->text + l->size, l->size_max - l->size, format, arguments);
	va_end(arguments);
	assert(count >= 0);
	l->size += (size_t)count;
	l->columns += (size_t)count;
	assert(l->size < l->size_max);
}

/* A style has no columns. */
static void put_style(struct line *l, enum terminal_style style)
{
	size_t columns = l->columns;

	add(l, "%s", terminal_style(style));
	l->columns = columns;
}

static const char *own_name(const struct status_line *s)
{
	return s->own[0] == 0 ? "not logged in" : s->own;
}

/* " 2/3", unless all are live. `after`: the style that goes on behind it. */
static void put_live(struct line *l, const struct status_line *s, enum terminal_style after)
{
	assert(s->live <= REPLICAS);
	if (s->live == REPLICAS)
		return;
	add(l, " ");
	put_style(l, STYLE_ERROR);
	add(l, "%u/%d", s->live, REPLICAS);
	put_style(l, STYLE_NONE);
	if (after != STYLE_NONE)
		put_style(l, after);
}

static void put_talk(struct line *l, const struct status_line *s)
{
	add(l, "to ");
	put_style(l, terminal_style_of(s->talk));
	add(l, "%.*s", (int)s->talk.size, (const char *)s->talk.data);
	put_style(l, STYLE_NONE);
}

static void put_count(struct line *l, uint64_t count, const char *what)
{
	if (count == 0)
		return;
	add(l, ", ");
	put_style(l, STYLE_NOTICE);
	add(l, "%" PRIu64 " %s", count, what);
	put_style(l, STYLE_NONE);
}

void status_prompt(const struct status_line *s, char text[STATUS_PROMPT_SIZE])
{
	struct line l = { .text = text, .size_max = STATUS_PROMPT_SIZE };
	bool has_talk = s->talk.size > 0;

	if (s->has_row) {
		if (has_talk)
			put_talk(&l, s);
		else
			add(&l, "%s", own_name(s));
	} else {
		add(&l, "%s", own_name(s));
		put_live(&l, s, STYLE_NONE);
		if (has_talk) {
			add(&l, " ");
			put_talk(&l, s);
		}
		put_count(&l, conversation_unread(s->conversations), "new");
		put_count(&l, s->waiting, "waiting");
	}
	add(&l, "> ");
}

/* " [carol 3]" for each other conversation with something new, as far as `columns` go. */
static void put_new(struct line *l, const struct status_line *s, size_t columns)
{
	const struct conversations *c = s->conversations;
	size_t left = 0;

	for (size_t i = 0; i < c->count; i++)
		left += c->all[i].unread > 0;
	for (size_t i = 0; i < c->count && left > 0; i++) {
		char piece[PIECE_SIZE];
		char rest[32] = "";
		int size;

		if (c->all[i].unread == 0)
			continue;
		size = snprintf(piece, sizeof piece, " [%s %" PRIu64 "]", c->all[i].name,
		                c->all[i].unread);
		if (left > 1)
			(void)snprintf(rest, sizeof rest, " +%zu", left - 1);
		if (l->columns + (size_t)size + strlen(rest) > columns)
			break;
		add(l, "%s", piece);
		left--;
	}
	if (left > 0)
		add(l, " +%zu", left);
}

void status_row(const struct status_line *s, size_t columns, char text[STATUS_ROW_SIZE])
{
	struct line l = { .text = text, .size_max = STATUS_ROW_SIZE };
	char waiting[32] = "";
	size_t taken;

	if (s->waiting > 0)
		(void)snprintf(waiting, sizeof waiting, " %" PRIu64 " waiting", s->waiting);
	columns = columns > STATUS_COLUMNS_MAX ? STATUS_COLUMNS_MAX : columns;
	taken = strlen(waiting) + 2; /* a blank at the end, and the last column stays free */
	put_style(&l, STYLE_STATUS);
	add(&l, " %s", own_name(s));
	put_live(&l, s, STYLE_STATUS);
	put_new(&l, s, columns > taken ? columns - taken : 0);
	add(&l, "%s ", waiting);
	put_style(&l, STYLE_NONE);
}
