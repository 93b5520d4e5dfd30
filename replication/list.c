/* SPDX-License-Identifier: MIT
 *
 * list: the joined list of accounts, page by page.
 *
 *   phase  asks                                            when all have replied
 *   ASK    the first one for a page in full, the           it ends, if all digests are the same
 *          others for a digest of the same page            and a full page is there; else FULL
 *   FULL   those that have sent a digest, in full          merged up to the smallest of their
 *                                                          ends, then GONE
 *   GONE   each replica whether those accounts are gone    it ends
 *          that others have listed and it has not
 *
 * Replicas agree nearly always, and then agreement costs 32 bytes. What is gone is not shown, and
 * those that listed it are told. The command asks for page after page; a page that loses all its
 * replicas begins again where it began, so nothing is shown twice.
 */
#include "replication/private.h"

#include <string.h>

enum { PHASE_ASK, PHASE_FULL, PHASE_GONE };
enum { PAGE_COUNT = 500 };

struct list_part {
	bool full; /* entries are there */
	bool last;
	uint16_t count;
	uint8_t digest[KEY_SIZE];
	uint8_t online[(LIST_COUNT_MAX + 7) / 8];
	struct user *users; /* PAGE_COUNT of them, or NULL */
};

/* ---- one page ---- */

static void page_clear(struct list_page *page)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		memory_free(page->parts[i].users);
	memset(page->parts, 0, REPLICAS * sizeof *page->parts);
	memory_free(page->users);
	memory_free(page->missing);
	page->users = NULL;
	page->missing = NULL;
	page->count = 0;
}

/* `flags`: 0, or FLAG_DIGEST. */
static void ask(struct replication *r, struct list_page *page, uint32_t index, uint8_t flags)
{
	const struct list_cursor *cursor = page->cursor;
	struct frame frame = { .type = FRAME_LIST, .flags = flags };

	frame.list.prefix = view_of(cursor->prefix, cursor->prefix_size);
	frame.list.after_name = view_of(cursor->after_name, cursor->after_name_size);
	frame.list.after = cursor->after;
	frame.list.count = PAGE_COUNT;
	op_ask(r, &page->op, index, &frame);
}

static void page_start(struct replication *r, struct op *op)
{
	struct list_page *page = (struct list_page *)op;

	page_clear(page);
	page->next = *page->cursor;
	op->phase = PHASE_ASK;
	if (!op_audience(r, op))
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (op->audience & BIT(i))
			ask(r, page, i, i == replica_first(op->audience) ? 0 : FLAG_DIGEST);
}

/* One replica's page, or its digest; who is online comes with both. */
static void page_listed(struct list_part *part, const struct frame *frame)
{
	struct reader entries = reader_of(frame->listed.entries);
	struct list_item item;
	uint32_t count = 0;

	part->last = frame->listed.last;
	part->count = frame->listed.count < PAGE_COUNT ? frame->listed.count : PAGE_COUNT;
	memcpy(part->digest, frame->listed.digest, KEY_SIZE);
	if (part->count > 0)
		memcpy(part->online, frame->listed.online.data, (part->count + 7u) / 8);
	if (frame->flags & FLAG_DIGEST)
		return;
	part->full = true;
	if (part->users == NULL)
		part->users = memory_alloc_zero(PAGE_COUNT, sizeof *part->users);
	while (count < part->count && protocol_next_listed(&entries, &item)) {
		struct user *user = &part->users[count];

		user->id = item.id;
		memset(user->name, 0, sizeof user->name);
		memcpy(user->name, item.name.data, item.name.size);
		user->online = part->online[count / 8] >> (count % 8) & 1;
		count++;
	}
	part->count = (uint16_t)count;
}

/* A replica says of one that it has not listed that it is gone: those that listed it are told. */
static void learn_gone(struct replication *r, struct list_page *page, const struct entry *e)
{
	struct tombstone t = entry_tombstone(e);

	for (uint32_t i = 0; i < page->count; i++) {
		if (!id_equal(&page->users[i].id, &e->id))
			continue;
		tombstone_tell(r, (uint8_t)~page->missing[i], &t);
		page->users[i].name[0] = '\0'; /* not shown */
	}
}

static void page_reply(struct replication *r, struct op *op, uint32_t index,
                       const struct frame *frame)
{
	struct list_page *page = (struct list_page *)op;
	struct reader entries;
	struct entry e;

	if (frame->status != STATUS_OK)
		return;
	if (op->phase != PHASE_GONE) {
		page_listed(&page->parts[index], frame);
		return;
	}
	entries = reader_of(frame->entries.entries);
	while (protocol_next_entry(&entries, &e))
		if (e.state == ENTRY_GONE)
			learn_gone(r, page, &e);
}

/* The order of the list: by name, and of one name the oldest first. */
static int user_compare(const struct user *a, const struct user *b)
{
	int order = name_compare(view_of_string(a->name), view_of_string(b->name));

	return order ? order : id_compare(&a->id, &b->id);
}

/* Every account is a fact, also when it is gone. A replica that has listed more accounts than it
 * had facts when it last said so is asked again; nothing else ends a list that is made up. */
static void question_claim(struct replication *r, uint32_t index, uint64_t listed)
{
	struct replica *p = &r->replicas[index];

	if (!p->facts_known || listed <= p->facts || p->claim > 0)
		return;
	due_ping(r, index, NULL);
	p->claim = listed;
	p->claim_ping = p->next_request;
}

/* The cursor goes behind the page; names that are shown alone are told from those that follow
 * them. */
static void page_finish(struct replication *r, struct list_page *page, bool last)
{
	struct list_cursor *cursor = &page->next;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < page->count; i++) {
		struct user *user = &page->users[i];
		size_t size = strlen(user->name);
		char name[NAME_SIZE_MAX];
		bool plain;

		if (size == 0) /* gone */
			continue;
		memcpy(name, user->name, size);
		plain = !name_equal(view_of(name, size),
		                    view_of(cursor->plain_name, cursor->plain_name_size));
		name_display(user->name, view_of(name, size), &user->id, plain);
		memcpy(cursor->plain_name, name, size);
		cursor->plain_name_size = size;
		page->users[kept++] = *user;
	}
	page->count = kept;
	cursor->last = last;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (page->op.audience & BIT(i))
			question_claim(r, i, cursor->listed[i]);
	*page->cursor = *cursor;
	op_end(r, &page->op, op_result(r, &page->op, OUTCOME_OK, ""));
}

/* Behind this account. */
static void set_cursor(struct list_cursor *cursor, const struct user *user)
{
	cursor->after_name_size = strlen(user->name);
	memcpy(cursor->after_name, user->name, cursor->after_name_size);
	cursor->after = user->id;
}

/* All have listed the same accounts. The digest does not cover who is online, so that is joined:
 * online at one is online. */
static void page_agreed(struct replication *r, struct list_page *page, uint32_t from)
{
	struct list_part *part = &page->parts[from];

	page->users = part->users;
	page->count = part->count;
	part->users = NULL;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (page->op.audience & BIT(i))
			page->next.listed[i] += page->count;
	for (uint32_t k = 0; k < page->count; k++)
		for (uint32_t i = 0; i < REPLICAS; i++)
			if (page->op.audience & BIT(i))
				page->users[k].online |= page->parts[i].online[k / 8] >> (k % 8) &
				                         1;
	if (page->count > 0)
		set_cursor(&page->next, &page->users[page->count - 1]);
	page_finish(r, page, part->last || page->count == 0);
}

/* Merges the parts in the order of the list, and notes who has not listed what. It stops at the
 * smallest end of those that have more behind it, and when as many are missing somewhere as one
 * question may ask about. True: nothing is left behind this page. */
static bool page_merge(struct list_page *page)
{
	uint32_t at[REPLICAS] = { 0 };
	uint32_t missing = 0;

	page->users = memory_alloc_zero(REPLICAS * PAGE_COUNT, sizeof *page->users);
	page->missing = memory_alloc_zero(REPLICAS * PAGE_COUNT, 1);
	for (;;) {
		const struct user *least = NULL;
		struct user *user = &page->users[page->count];

		for (uint32_t i = 0; i < REPLICAS; i++) {
			const struct list_part *part = &page->parts[i];

			if (!(page->op.audience & BIT(i)))
				continue;
			if (at[i] == part->count && !part->last)
				return false;
			if (at[i] < part->count &&
			    (least == NULL || user_compare(&part->users[at[i]], least) < 0))
				least = &part->users[at[i]];
		}
		if (least == NULL)
			return true;
		*user = *least;
		for (uint32_t i = 0; i < REPLICAS; i++) {
			const struct list_part *part = &page->parts[i];

			if (!(page->op.audience & BIT(i)))
				continue;
			if (at[i] < part->count && id_equal(&part->users[at[i]].id, &user->id)) {
				user->online |= part->users[at[i]++].online;
				page->next.listed[i]++;
			} else {
				page->missing[page->count] |= BIT(i);
			}
		}
		missing += page->missing[page->count] != 0;
		set_cursor(&page->next, user);
		page->count++;
		if (missing == LOOKUP_IDS_MAX)
			return false;
	}
}

/* What a replica has not listed may be gone there, or unknown: it is asked. */
static void page_ask_gone(struct replication *r, struct list_page *page)
{
	struct frame frame = { .type = FRAME_LOOKUP_ID };
	struct id ids[LOOKUP_IDS_MAX];

	page->op.phase = PHASE_GONE;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		uint32_t count = 0;

		for (uint32_t k = 0; k < page->count; k++)
			if (page->missing[k] & page->op.audience & BIT(i))
				ids[count++] = page->users[k].id;
		frame.lookup_id.ids = view_of(ids, count * ID_SIZE);
		if (count > 0)
			op_ask(r, &page->op, i, &frame);
	}
	op_resume(r, &page->op);
}

static void page_advance(struct replication *r, struct op *op)
{
	struct list_page *page = (struct list_page *)op;
	uint8_t full = 0;
	bool agreed = true;
	uint32_t first = replica_first(op->audience);

	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(op->audience & BIT(i)))
			continue;
		if (page->parts[i].full)
			full |= BIT(i);
		if (memcmp(page->parts[i].digest, page->parts[first].digest, KEY_SIZE) != 0)
			agreed = false;
	}
	if (op->phase == PHASE_GONE) {
		page_finish(r, page, page->next.last);
	} else if (agreed && full) {
		page_agreed(r, page, replica_first(full));
	} else if (full == op->audience) {
		page->next.last = page_merge(page);
		page_ask_gone(r, page);
	} else {
		op->phase = PHASE_FULL;
		for (uint32_t i = 0; i < REPLICAS; i++)
			if (op->audience & (uint8_t)~full & BIT(i))
				ask(r, page, i, 0);
	}
}

static void page_release(struct replication *r, struct op *op)
{
	(void)r;
	struct list_page *page = (struct list_page *)op;

	page_clear(page);
	memory_free(page->parts);
}

const struct op_row list_page_row = {
	.name = "list a page",
	.size = sizeof(struct list_page),
	.start = page_start,
	.reply = page_reply,
	.advance = page_advance,
	.release = page_release,
};

void list_page_new(struct replication *r, struct op *parent, struct list_cursor *cursor)
{
	struct list_page *page = (struct list_page *)op_new(r, &list_page_row, parent);

	page->cursor = cursor;
	page->parts = memory_alloc_zero(REPLICAS, sizeof *page->parts);
	op_begin(r, &page->op);
}

/* ---- the command ---- */

struct list_op {
	struct op op;
	struct list_cursor cursor;
	uint64_t count;  /* listed so far */
	uint64_t enough; /* 0: all */
};

static void list_start(struct replication *r, struct op *op)
{
	list_page_new(r, op, &((struct list_op *)op)->cursor);
}

static void list_end(struct replication *r, struct list_op *l, enum outcome outcome)
{
	struct result *result = op_result(r, &l->op, outcome, "");

	if (outcome != OUTCOME_OK)
		result->detail = send_explain(outcome);
	result->count = l->count;
	op_end(r, &l->op, result);
}

/* A page has ended: shows it, and asks for the next one. */
static void list_child(struct replication *r, struct op *op, struct op *ended)
{
	struct list_op *l = (struct list_op *)op;
	struct list_page *page = (struct list_page *)ended;
	struct action *action;

	if (ended->outcome != OUTCOME_OK) {
		list_end(r, l, op_unreached(ended));
		return;
	}
	l->count += page->count;
	if (page->count > 0) {
		action = replication_act(r, ACTION_USERS, page->users);
		action->users = page->users;
		action->users_count = page->count;
		action->token = op->token;
		page->users = NULL;
	}
	if (l->cursor.last || (l->enough > 0 && l->count >= l->enough))
		list_end(r, l, OUTCOME_OK);
	else
		list_page_new(r, op, &l->cursor);
}

static void list_command(struct replication *r, struct op *op, const struct command *command)
{
	struct list_op *l = (struct list_op *)op;

	/* A prefix that no name can have begins none. */
	if (!name_is_prefix(command->name)) {
		list_end(r, l, OUTCOME_OK);
		return;
	}
	if (command->name.size)
		memcpy(l->cursor.prefix, command->name.data, command->name.size);
	l->cursor.prefix_size = command->name.size;
	l->enough = command->enough;
	op_begin(r, op);
}

const struct op_row list_row = {
	.name = "list",
	.size = sizeof(struct list_op),
	.command = list_command,
	.start = list_start,
	.child = list_child,
};
