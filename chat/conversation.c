/* SPDX-License-Identifier: MIT
 *
 * A list that is searched from its front: a person has few conversations, and at most
 * CONVERSATION_COUNT_MAX.
 */
#include "chat/conversation.h"

#include "chat/verb.h"
#include "chat/word.h"

#include <inttypes.h>
#include <stdio.h>

static const size_t none = SIZE_MAX;

void conversation_init(struct conversations *c)
{
	*c = (struct conversations){ .current = none };
}

void conversation_clear(struct conversations *c)
{
	memory_free(c->all);
	conversation_init(c);
}

static size_t find(const struct conversations *c, struct view name)
{
	for (size_t i = 0; i < c->count; i++)
		if (name_equal(view_of_string(c->all[i].name), name))
			return i;
	return none;
}

/* Which one goes when there are too many; there are always some that may. */
static size_t least_used(const struct conversations *c)
{
	size_t best = none;

	for (size_t i = 0; i < c->count; i++) {
		bool is_last = name_equal(view_of_string(c->all[i].name), view_of_string(c->last));
		bool is_new = c->all[i].unread > 0;

		if (i == c->current || is_last)
			continue;
		if (best == none || is_new < (c->all[best].unread > 0) ||
		    (is_new == (c->all[best].unread > 0) && c->all[i].used < c->all[best].used))
			best = i;
	}
	assert(best != none);
	return best;
}

static void drop(struct conversations *c, size_t at)
{
	memmove(&c->all[at], &c->all[at + 1], (c->count - at - 1) * sizeof *c->all);
	c->count--;
	if (c->current != none && c->current > at)
		c->current--;
}

/* The index of this conversation, which begins if it is not there. It counts as used. */
static size_t use(struct conversations *c, struct view name)
{
	size_t at = find(c, name);

	assert(name.size > 0);
	if (at == none) {
		if (c->count == CONVERSATION_COUNT_MAX)
			drop(c, least_used(c));
		if (c->count == c->capacity) {
			c->capacity = c->capacity == 0 ? 8 : 2 * c->capacity;
			c->all = memory_resize(c->all, c->capacity * sizeof *c->all);
		}
		at = c->count++;
		c->all[at] = (struct conversation){ .unread = 0 };
		view_to_string(name, c->all[at].name, COMMAND_ACCOUNT_SIZE);
	}
	c->all[at].used = ++c->uses;
	return at;
}

void conversation_came(struct conversations *c, struct view from)
{
	size_t at = use(c, from);

	view_to_string(from, c->last, COMMAND_ACCOUNT_SIZE);
	if (at != c->current)
		c->all[at].unread++;
}

void conversation_wrote(struct conversations *c, struct view to)
{
	size_t at = use(c, to); /* which may move them all */

	c->all[at].unread = 0;
}

void conversation_identify(struct conversations *c, struct view name, const struct id *id)
{
	size_t at = find(c, name);

	if (at == none)
		return;
	c->all[at].id = *id;
	c->all[at].has_id = true;
}

static void go_to(struct conversations *c, size_t at)
{
	c->current = at;
	c->all[at].unread = 0;
	c->all[at].used = ++c->uses;
}

void conversation_talk(struct conversations *c, struct view name)
{
	c->current = none;
	if (name.size > 0)
		go_to(c, use(c, name));
}

bool conversation_move(struct conversations *c, enum conversation_move how, size_t number)
{
	/* Without a current one, the first is the next, and the last is the one before. */
	size_t from = c->current != none ? c->current : how == CONVERSATION_PREVIOUS ? 0 : c->count;
	size_t step = how == CONVERSATION_PREVIOUS ? c->count - 1 : 1;
	size_t at = from;

	if (how == CONVERSATION_NUMBER) {
		if (number == 0 || number > c->count || number - 1 == c->current)
			return false;
		go_to(c, number - 1);
		return true;
	}
	for (size_t i = 0; i < c->count; i++) {
		at = at >= c->count ? 0 : (at + step) % c->count;
		if (at != c->current && (how != CONVERSATION_NEW || c->all[at].unread > 0)) {
			go_to(c, at);
			return true;
		}
	}
	return false;
}

struct view conversation_current(const struct conversations *c)
{
	if (c->current == none)
		return view_of(NULL, 0);
	return view_of_string(c->all[c->current].name);
}

struct view conversation_last(const struct conversations *c)
{
	return view_of_string(c->last);
}

uint64_t conversation_unread(const struct conversations *c)
{
	uint64_t unread = 0;

	for (size_t i = 0; i < c->count; i++)
		unread += c->all[i].unread;
	return unread;
}

static void put_listed(const struct conversations *c, size_t at, size_t width, char *text,
                       size_t size)
{
	const struct conversation *one = &c->all[at];
	char rest[48] = "";
	char key[32];

	(void)snprintf(key, sizeof key, "%s%zu", at < CONVERSATION_KEYS ? "Alt-" : "", at + 1);
	if (at == c->current)
		(void)snprintf(rest, sizeof rest, "  plain lines go here");
	else if (one->unread > 0)
		(void)snprintf(rest, sizeof rest, "  %" PRIu64 " new", one->unread);
	(void)snprintf(text, size, "%s%5s  %-*s%s", at == 0 ? "" : "\n", key,
	               rest[0] == 0 ? 0 : (int)width, one->name, rest);
}

void conversation_list(const struct conversations *c, char text[CONVERSATION_LIST_SIZE])
{
	size_t listed = c->count < CONVERSATION_LISTED_MAX ? c->count : CONVERSATION_LISTED_MAX;
	size_t width = 0;
	size_t size = 0;

	for (size_t i = 0; i < listed; i++)
		if (strlen(c->all[i].name) > width)
			width = strlen(c->all[i].name);
	(void)snprintf(text, CONVERSATION_LIST_SIZE,
	               "there is no conversation yet: /talk NAME begins one");
	for (size_t i = 0; i < listed; i++) {
		put_listed(c, i, width, text + size, CONVERSATION_LIST_SIZE - size);
		size += strlen(text + size);
	}
	if (listed < c->count)
		(void)snprintf(text + size, CONVERSATION_LIST_SIZE - size, "\nand %zu more",
		               c->count - listed);
}

const struct conversation *conversation_find(const struct conversations *c, struct view name)
{
	size_t at = find(c, name);

	return at == none ? NULL : &c->all[at];
}

bool conversation_of_line(struct view line, struct view *name)
{
	const struct verb_row *row = verb_of_line(&line);

	if (row == NULL || row->verb != VERB_TALK)
		return false;
	word_skip_blanks(&line);
	if (line.size == 0) /* it lists them */
		return false;
	*name = word_take(&line);
	word_skip_blanks(&line);
	if (line.size > 0 || !name_is_reference(*name))
		*name = view_of(NULL, 0);
	return true;
}
