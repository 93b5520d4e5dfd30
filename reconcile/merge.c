/* SPDX-License-Identifier: MIT
 *
 * Elements: pages, merging by key, storing what is missing.
 *
 * The groups that have anything in a range are asked for a page each. Pages end at different
 * places. What all pages cover, up to the smallest of these places, is merged; then the next pages
 * are asked for from there on.
 *
 * For each key the variants are compared. If one variant beats another, the other is not copied:
 * what is gone beats what is not, an account whose mark and whose password are not the smaller ones
 * the other, the earlier or smaller message the other, the dead range that ends later the other.
 * Each variant that is left is stored with the groups that do not show the same. A replica that has
 * learned it meanwhile just learns nothing new.
 */
#include "base/bug.h"
#include "reconcile/private.h"

/* ---- storing ---- */

bool merge_has_room(const struct reconcile *r)
{
	for (uint32_t i = 0; i < r->options.count; i++)
		if (r->members[i].unstored > STORE_WINDOW_BYTES)
			return false;
	return true;
}

/* Until the reply comes, the bytes count as unstored. */
void merge_flush(struct reconcile *r, uint32_t index)
{
	struct member *m = &r->members[index];
	struct frame frame = { .type = FRAME_STORE };

	if (m->store.size == 0)
		return;
	assert(m->state == MEMBER_READY);
	frame.store.facts = buf_view(&m->store);
	m->unstored += m->store.size;
	member_ask(r, index, &frame, 0);
	buf_clear(&m->store);
	m->store_facts = 0;
}

static bool is_known_to(const struct member *m, const struct fact *fact)
{
	return fact->kind != FACT_TOMBSTONE || protocol_knows(m->version, &fact->tombstone);
}

/* Collects a fact for the next STORE to a member, and sends that when it is full. A check stores
 * nothing. */
static void store(struct reconcile *r, uint32_t index, const struct fact *fact)
{
	struct member *m = &r->members[index];

	m->is_behind |= !is_known_to(m, fact);
	if (r->options.mode == RECONCILE_CHECK || !is_known_to(m, fact))
		return;
	struct fact unmarked;

	if (BUG(repair_drops_mark) && fact->kind == FACT_ACCOUNT) {
		unmarked = *fact;
		unmarked.account.confirmed = false;
		fact = &unmarked;
	}
	bool is_put = protocol_put_fact(&m->store, fact);

	assert(is_put);
	m->store_facts++;
	if (m->store.size >= STORE_BYTES)
		merge_flush(r, index);
}

/* They are written before the first pass asks anything, so that pass sees them stored. */
void merge_bring(struct reconcile *r)
{
	struct fact fact;

	for (uint32_t i = 0; i < r->options.count; i++) {
		struct reader reader = reader_of(r->options.bring);

		if (!member_is_ready(r, i))
			continue;
		while (protocol_next_fact(&reader, &fact))
			store(r, i, &fact);
		merge_flush(r, i);
	}
}

/* For the caller, if he wants to see all elements. An account or a tombstone that does not fit its
 * own id came from a damaged replica, and is left out. */
static void collect(struct reconcile *r, const struct fact *fact)
{
	if (!r->options.collect)
		return;
	if (fact->kind == FACT_ACCOUNT && !auth_account_fits(&fact->account))
		return;
	if (fact->kind == FACT_TOMBSTONE && !auth_tombstone_fits(&fact->tombstone))
		return;
	bool is_put = protocol_put_fact(&r->collected, fact);

	assert(is_put);
}

/* ---- pages ---- */

void merge_begin(struct reconcile *r, uint32_t index)
{
	struct plan_task *task = &r->tasks[index];
	const struct plan_range *range = &task->range;
	const struct frame frame = {
		.type = FRAME_ELEMENTS,
		.elements = { .set = r->set,
		              .after = range->after,
		              .upto = range->upto,
		              .bytes = PAGE_BYTES },
	};

	assert(task->waiting == 0);
	task->state = TASK_LIST;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		buf_release(&task->pages[i]);
		buf_init(&task->pages[i], FRAME_SIZE_MAX);
		task->reached[i] = range->upto;
		if (range->speaker[i] != i || range->count[i] == 0)
			continue;
		task->waiting |= (uint8_t)(1u << i);
		member_ask(r, i, &frame, index);
	}
	assert(task->waiting != 0);
}

/* ---- merging ---- */

/* One group's page, and its next element. */
struct merge_head {
	bool is_there;
	struct reader reader;
	struct fact fact;
	struct bound bound;
	struct view bytes; /* of the element; two elements are equal if their bytes are */
};

/* Goes to the next element of the page; is_there is false behind the last one. */
static void head_next(struct merge_head *head)
{
	size_t begin = head->reader.offset;

	head->is_there = protocol_next_fact(&head->reader, &head->fact);
	if (!head->is_there)
		return;
	head->bound = bound_of(&head->fact);
	head->bytes = view_of(head->reader.data + begin, head->reader.offset - begin);
}

/* Of two messages with one number every store keeps this one. */
static bool message_beats(const struct message *a, const struct message *b)
{
	if (a->sent_ms != b->sent_ms)
		return a->sent_ms < b->sent_ms;
	int order = view_compare(a->text, b->text);

	return (order ? order : view_compare(a->audience, b->audience)) < 0;
}

/* Of two accounts that are not the same: both marks and both passwords count. If neither account
 * has all, each is copied to the other. */
static bool account_beats(const struct account *a, const struct account *b)
{
	return account_mark(a) >= account_mark(b) && account_verifier_compare(a, b) <= 0;
}

/* Of two elements with one key: whether a replica that has `a` needs no `b`. */
static bool beats(const struct fact *a, const struct fact *b)
{
	if (a->kind != b->kind)
		return a->kind == FACT_TOMBSTONE || a->kind == FACT_BURIAL;
	switch (a->kind) {
	case FACT_ACCOUNT:
		return account_beats(&a->account, &b->account);
	case FACT_MESSAGE:
		return message_beats(&a->message, &b->message) != BUG(repair_larger_content);
	case FACT_BURIAL:
		return a->burial.range.last > b->burial.range.last;
	case FACT_TOMBSTONE:
		return a->tombstone.by < b->tombstone.by;
	}
	return false;
}

/* What one group shows at a key goes to the members of every group that shows something else. */
static void spread(struct reconcile *r, const struct plan_range *range, struct merge_head *heads,
                   uint32_t from, const struct bound *key)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		uint8_t group = range->speaker[i];

		if (group == NOBODY || group == from)
			continue;
		const struct merge_head *other = &heads[group];
		bool is_shown = other->is_there && bound_compare(&other->bound, key) == 0;

		if (is_shown && (view_equal(other->bytes, heads[from].bytes) ||
		                 beats(&other->fact, &heads[from].fact)))
			continue;
		r->found++;
		if (r->pass == 0 || r->options.mode == RECONCILE_CHECK)
			r->members[i].missing++;
		if (!BUG(repair_one_way) || i > from)
			store(r, i, &heads[from].fact);
	}
	collect(r, &heads[from].fact);
}

/* Merges what all pages show up to `limit`, key by key. Returns how many keys that were. */
static uint32_t merge(struct reconcile *r, struct plan_task *task, const struct bound *limit)
{
	struct merge_head heads[RECONCILE_MAX];
	uint32_t count = 0;
	struct bound key;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		heads[i] = (struct merge_head){ .reader = reader_of(buf_view(&task->pages[i])) };
		head_next(&heads[i]);
	}
	for (;; count++) {
		key = bound_end();
		for (uint32_t i = 0; i < RECONCILE_MAX; i++)
			if (heads[i].is_there && bound_compare(&heads[i].bound, &key) < 0)
				key = heads[i].bound;
		if (bound_is_end(&key) || bound_compare(&key, limit) > 0)
			return count;
		for (uint32_t i = 0; i < RECONCILE_MAX; i++)
			if (heads[i].is_there && bound_compare(&heads[i].bound, &key) == 0)
				spread(r, &task->range, heads, i, &key);
		for (uint32_t i = 0; i < RECONCILE_MAX; i++)
			if (heads[i].is_there && bound_compare(&heads[i].bound, &key) == 0)
				head_next(&heads[i]);
	}
}

/* All pages have come: merges them and goes on, pauses, or ends the task. */
static void merge_pages(struct reconcile *r, uint32_t index)
{
	struct plan_task *task = &r->tasks[index];
	struct bound limit = task->range.upto;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (bound_compare(&task->reached[i], &limit) < 0)
			limit = task->reached[i];
	r->done += merge(r, task, &limit);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		buf_release(&task->pages[i]);
	if (bound_compare(&limit, &task->range.upto) == 0) {
		*task = (struct plan_task){ .state = TASK_FREE };
		return;
	}
	task->range.after = limit;
	if (merge_has_room(r))
		merge_begin(r, index);
	else
		task->state = TASK_PAUSED;
}

/* While a run goes on a set may grow, but not without end. */
static bool is_endless(struct member *m, const struct frame *frame)
{
	struct reader facts = reader_of(frame->element_page.facts);
	struct fact fact;

	while (protocol_next_fact(&facts, &fact))
		m->shown++;
	return m->shown > 2 * m->facts + SHOWN_MORE_MAX;
}

const char *merge_reply(struct reconcile *r, uint32_t index, uint32_t task_index,
                        const struct frame *frame)
{
	struct plan_task *task = &r->tasks[task_index];

	if (is_endless(&r->members[index], frame))
		return "shows more elements than it has";
	bool is_put = buf_put(&task->pages[index], frame->element_page.facts.data,
	                      frame->element_page.facts.size);

	assert(is_put);
	task->reached[index] = frame->element_page.reached;
	if (task->waiting == 0)
		merge_pages(r, task_index);
	return NULL;
}
