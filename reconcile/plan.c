/* SPDX-License-Identifier: MIT
 *
 * Ranges: passes, splitting, comparing.
 *
 * A pass begins with the range of all elements. A range that differs is a piece of work on a stack.
 * A stack is used so that a part is finished before the next range is split, which keeps it short.
 * A task is a range that is being worked on. Several are worked on at once, because most of the
 * time is spent waiting for answers. What happens to a range depends on the groups in it (members
 * that hold the same):
 *
 *   all are one group             nothing to do
 *   one group alone has anything  its elements are read, and stored with the others
 *   few bytes, or one element     all elements are read and merged; what each lacks is stored
 *   else                          the member with the most elements splits it, and the others
 *                                 answer with digests of the same parts
 *
 * Counts and sizes only decide which way is cheapest. Whether the sets become equal does not depend
 * on them.
 */
#include "base/bug.h"
#include "reconcile/private.h"

/* ---- the stack ---- */

/* A range for a task to come. */
static void push(struct reconcile *r, const struct plan_range *item)
{
	if (r->pending_count == r->pending_capacity) {
		r->pending_capacity = r->pending_capacity == 0 ? 64 : 2 * r->pending_capacity;
		r->pending = memory_resize(r->pending, r->pending_capacity * sizeof *r->pending);
	}
	assert(bound_compare(&item->after, &item->upto) < 0);
	r->pending[r->pending_count++] = *item;
}

/* The value, or the largest that fits. */
static uint32_t saturated(uint64_t value)
{
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* ---- passes ---- */

/* Compares the whole set once, or that of accounts. What the last pass of this kind counted is
 * forgotten. */
static void pass_start(struct reconcile *r)
{
	struct plan_range all = { .after = bound_begin(), .upto = bound_end(), .is_top = true };

	if (r->options.accounts)
		all.upto = bound_of_accounts();
	assert(r->pending_count == 0);
	r->found = 0;
	r->done = 0;
	r->total = 0;
	r->passes++;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		struct member *m = &r->members[i];

		all.speaker[i] = member_is_ready(r, i) ? (uint8_t)i : NOBODY;
		all.count[i] = saturated(m->facts);
		all.size[i] = UINT32_MAX;
		memset(&m->sums[r->set], 0, sizeof m->sums[r->set]);
		m->shown = 0;
		if (r->options.mode == RECONCILE_CHECK)
			m->missing = 0;
	}
	push(r, &all);
}

/* A repair brings first what is gone, so that nothing dead becomes alive elsewhere. A check needs
 * no order. */
void plan_start(struct reconcile *r)
{
	bool is_repair = r->options.mode == RECONCILE_REPAIR;

	r->set = !is_repair ? SET_ALL : BUG(repair_live_first) ? SET_LIVE : SET_GONE;
	r->pass = 0;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		memset(r->members[i].sums, 0, sizeof r->members[i].sums);
	merge_bring(r);
	pass_start(r);
}

/* A pass that found nothing is the last of its kind. After one that found something there is
 * another, which also finds what the copying itself has changed. The kind that follows, or the end,
 * comes then, or when there were as many passes as are allowed. */
static void pass_end(struct reconcile *r)
{
	const uint8_t second = BUG(repair_live_first) ? SET_GONE : SET_LIVE;
	bool is_clean = r->found == 0 || BUG(repair_one_pass);
	uint32_t passes_max = r->options.mode == RECONCILE_REPAIR ? RECONCILE_PASSES_MAX
	                      : !r->options.collect               ? RECONCILE_CHECKS_MAX
	                                                          : 1;

	r->is_clean[r->set] = is_clean;
	r->pass++;
	if (is_clean || r->pass == passes_max) {
		if (r->set == SET_ALL || r->set == second) {
			reconcile_end(r, r->set == SET_ALL
			                         ? is_clean
			                         : is_clean && r->is_clean[SET_ALL ^ second]);
			return;
		}
		r->set = second;
		r->pass = 0;
	}
	pass_start(r);
}

static void task_release(struct plan_task *task)
{
	memory_free(task->uptos);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		memory_free(task->parts[i]);
		buf_release(&task->pages[i]);
	}
	*task = (struct plan_task){ .state = TASK_FREE };
}

void plan_release(struct reconcile *r)
{
	for (uint32_t i = 0; i < TASKS_MAX; i++)
		task_release(&r->tasks[i]);
	r->pending_count = 0;
}

/* ---- what a range becomes ---- */

/* Whether this member speaks for its group. */
static bool speaks(const struct plan_range *range, uint32_t index)
{
	return range->speaker[index] == index;
}

/* The speaker with the most elements; the first of several. */
static uint32_t largest(const struct plan_range *range)
{
	uint32_t most = NOBODY;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (speaks(range, i) && (most == NOBODY || range->count[i] > range->count[most]))
			most = i;
	assert(most != NOBODY);
	return most;
}

/* How many of the groups have anything here. */
static uint32_t groups_with_any(const struct plan_range *range)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		count += speaks(range, i) && range->count[i] > 0;
	return count;
}

/* Whether reading the elements is cheaper than splitting once more. */
static bool is_to_list(const struct plan_range *range)
{
	uint32_t count_max = 0;
	uint32_t size_max = 0;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		if (!speaks(range, i))
			continue;
		if (range->count[i] > count_max)
			count_max = range->count[i];
		if (range->size[i] > size_max)
			size_max = range->size[i];
	}
	return groups_with_any(range) <= 1 || count_max <= 1 || size_max <= LIST_SIZE_MAX;
}

/* The step is chosen so that there are FAN_OUT parts; as many as a frame holds, of the whole
 * set. */
static void ask_split(struct reconcile *r, uint32_t index)
{
	struct plan_task *task = &r->tasks[index];
	const struct plan_range *range = &task->range;
	uint32_t parts = task->range.is_top ? PARTS_MAX - 1 : FAN_OUT;
	struct frame frame = {
		.type = FRAME_SPLIT,
		.split = { .set = r->set, .after = range->after, .upto = range->upto },
	};

	task->splitter = (uint8_t)largest(range);
	frame.split.step = range->count[task->splitter] / parts + 1;
	memcpy(frame.split.nonce, r->nonce, KEY_SIZE);
	task->state = TASK_SPLIT;
	task->waiting = (uint8_t)(1u << task->splitter);
	member_ask(r, task->splitter, &frame, index);
}

static void ask_digests(struct reconcile *r, uint32_t index)
{
	struct plan_task *task = &r->tasks[index];
	struct bound before = bound_begin();
	struct frame frame = {
		.type = FRAME_DIGEST,
		.digest = { .set = r->set, .after = task->range.after },
	};

	memcpy(frame.digest.nonce, r->nonce, KEY_SIZE);
	buf_clear(&r->scratch);
	for (uint32_t k = 0; k < task->part_count; k++) {
		bool is_put = protocol_put_bound(&r->scratch, &before, &task->uptos[k]);

		assert(is_put);
		before = task->uptos[k];
	}
	frame.digest.bounds = buf_view(&r->scratch);
	task->state = TASK_DIGEST;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		if (!speaks(&task->range, i) || i == task->splitter)
			continue;
		task->waiting |= (uint8_t)(1u << i);
		member_ask(r, i, &frame, index);
	}
}

/* In a check nobody needs to see what all others lack whole. */
static bool count_only(struct reconcile *r, const struct plan_range *range)
{
	uint32_t source = largest(range);

	if (r->options.mode != RECONCILE_CHECK || r->options.collect || groups_with_any(range) > 1)
		return false;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		if (range->speaker[i] == NOBODY || range->speaker[i] == source)
			continue;
		r->members[i].missing += range->count[source];
		r->found += range->count[source];
	}
	r->done += range->count[source];
	return true;
}

/* Takes the first step for a range. */
static void task_start(struct reconcile *r, uint32_t index, const struct plan_range *range)
{
	struct plan_task *task = &r->tasks[index];

	assert(task->state == TASK_FREE);
	if (!range->is_top && count_only(r, range))
		return;
	task->range = *range;
	if (range->is_top || !is_to_list(range))
		ask_split(r, index);
	else
		merge_begin(r, index);
}

/* ---- comparing ---- */

/* Without elements there is nothing that a digest could differ in. */
static bool parts_equal(const struct digest_part *a, const struct digest_part *b)
{
	if (a->count == 0 && b->count == 0)
		return true;
	return a->count == b->count && a->size == b->size &&
	       (BUG(digest_not_compared) || memcmp(a->digest, b->digest, DIGEST_SIZE) == 0);
}

/* Makes `item` the given part of the task's range, with the groups of those that are equal in it. A
 * member that did not answer itself has the part of its speaker. */
static void regroup(const struct plan_task *task, uint32_t part, struct plan_range *item)
{
	*item = (struct plan_range){
		.after = part == 0 ? task->range.after : task->uptos[part - 1],
		.upto = task->uptos[part],
	};
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		uint8_t old = task->range.speaker[i];

		item->speaker[i] = NOBODY;
		if (old == NOBODY)
			continue;
		const struct digest_part *own = &task->parts[old][part];

		item->speaker[i] = (uint8_t)i;
		item->count[i] = own->count;
		item->size[i] = own->size;
		for (uint32_t k = 0; k < i; k++) {
			if (item->speaker[k] != k)
				continue;
			if (parts_equal(own, &task->parts[task->range.speaker[k]][part])) {
				item->speaker[i] = (uint8_t)k;
				break;
			}
		}
	}
}

static uint32_t count_groups(const struct plan_range *item)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		count += speaks(item, i);
	return count;
}

/* From the parts of the whole set: how many elements each member has, and one digest of them
 * all. */
static void sum_up(struct reconcile *r, const struct plan_task *task)
{
	struct sha256 h;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		struct member *m = &r->members[i];

		if (task->range.speaker[i] == NOBODY)
			continue;
		sha256_init(&h);
		m->sums[r->set].elements = 0;
		for (uint32_t k = 0; k < task->part_count; k++) {
			const struct digest_part *part = &task->parts[i][k];

			m->sums[r->set].elements += part->count;
			sha256_update(&h, part->digest, DIGEST_SIZE);
		}
		sha256_final(&h, m->sums[r->set].digest);
		if (m->sums[r->set].elements > r->total)
			r->total = m->sums[r->set].elements;
	}
}

/* Lets every member speak for itself again. A group must not last until its elements are compared
 * with those of another group, because its speaker may change while the others do not. For example,
 * another repair that runs at the same time stores with the speaker what it lacked. Then nothing
 * would seem to differ any more, and the others would never get it. */
static void dissolve(struct plan_range *item)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (item->speaker[i] != NOBODY)
			item->speaker[i] = (uint8_t)i;
}

/* All have answered: parts that differ become ranges on the stack. */
static void compare(struct reconcile *r, uint32_t index)
{
	struct plan_task *task = &r->tasks[index];
	struct plan_range item;

	if (task->range.is_top)
		sum_up(r, task);
	/* The last is on top of the stack, so the first goes there last. */
	for (uint32_t k = task->part_count; k-- > 0;) {
		regroup(task, k, &item);
		uint32_t count = item.count[largest(&item)];

		if (count_groups(&item) == 1 && (!r->options.collect || count == 0)) {
			r->done += count;
			continue;
		}
		if (groups_with_any(&item) > 1)
			dissolve(&item);
		push(r, &item);
	}
	task_release(task);
}

/* ---- replies ---- */

/* The splitter's answer: the ends of the parts, and its own digests. */
static void take_split(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct plan_task *task = &r->tasks[index];
	struct reader reader = reader_of(frame->split_reply.parts);
	struct split_part split = { .upto = bound_begin() };

	task->uptos = memory_alloc(PARTS_MAX * sizeof *task->uptos);
	task->parts[task->splitter] = memory_alloc(PARTS_MAX * sizeof(struct digest_part));
	task->part_count = 0;
	while (protocol_next_split(&reader, &split)) {
		task->uptos[task->part_count] = split.upto;
		task->parts[task->splitter][task->part_count++] = split.part;
	}
	assert(task->part_count >= 1);
	assert(task->part_count <= PARTS_MAX);
	ask_digests(r, index);
	if (task->waiting == 0)
		compare(r, index);
}

/* Another member's digests of the same parts. */
static void take_digests(struct reconcile *r, uint32_t index, uint32_t task_index,
                         const struct frame *frame)
{
	struct plan_task *task = &r->tasks[task_index];
	struct reader reader = reader_of(frame->digested.parts);
	struct digest_part *parts;
	uint32_t count = 0;

	parts = memory_alloc(PARTS_MAX * sizeof *parts);
	task->parts[index] = parts;
	while (count < task->part_count && protocol_next_part(&reader, &parts[count]))
		count++;
	if (task->waiting == 0)
		compare(r, task_index);
}

const char *plan_reply(struct reconcile *r, uint32_t index, uint32_t task_index,
                       const struct frame *frame)
{
	struct plan_task *task = &r->tasks[task_index];

	assert(task->state != TASK_FREE);
	assert((task->waiting >> index & 1) != 0);
	task->waiting &= (uint8_t) ~(1u << index);
	switch (task->state) {
	case TASK_SPLIT:
		take_split(r, task_index, frame);
		break;
	case TASK_DIGEST:
		take_digests(r, index, task_index, frame);
		break;
	case TASK_LIST:
		return merge_reply(r, index, task_index, frame);
	case TASK_FREE:
	case TASK_PAUSED:
		assert(false); /* these wait for nothing */
	}
	return NULL;
}

/* ---- going on ---- */

/* Whether nothing waits to be stored, here or at a member. */
static bool is_quiet(const struct reconcile *r)
{
	for (uint32_t i = 0; i < r->options.count; i++)
		if (r->members[i].store.size > 0 || r->members[i].unstored > 0)
			return false;
	return true;
}

/* True if tasks are at work or were begun. */
static bool run_tasks(struct reconcile *r)
{
	bool is_busy = false;

	for (uint32_t i = 0; i < TASKS_MAX; i++) {
		struct plan_task *task = &r->tasks[i];

		if (task->state == TASK_PAUSED && merge_has_room(r))
			merge_begin(r, i);
		while (task->state == TASK_FREE && r->pending_count > 0 && merge_has_room(r)) {
			const struct plan_range item = r->pending[--r->pending_count];

			task_start(r, i, &item);
		}
		is_busy = is_busy || task->state != TASK_FREE;
	}
	return is_busy || r->pending_count > 0;
}

void plan_pump(struct reconcile *r)
{
	assert(r->is_started);
	while (!r->is_asking) {
		bool is_busy = run_tasks(r);

		for (uint32_t i = 0; i < r->options.count; i++)
			if (!is_busy || r->members[i].unstored == 0)
				merge_flush(r, i);
		if (is_busy || !is_quiet(r))
			return;
		pass_end(r);
	}
}
