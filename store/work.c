/* SPDX-License-Identifier: MIT
 *
 * store/work: what touches many messages at once: burials, and the mailboxes of gone accounts.
 *
 * A burial adds its range and takes what it covers out of the counts. Both cost O(log n), because
 * a stream's tree knows the count and the size of all messages in a range of numbers. The messages
 * themselves are freed now if they are few, else in slices by a job.
 *
 *   message       in its trees   in counts   in the sum   seen by questions
 *   live          yes            yes         yes          yes
 *   ghost         yes            no          yes          no
 *   freed         no             no          no           no
 *
 * Jobs are done in the order in which they were given. So a burial's stream is there until its job
 * is done, and a mailbox whose shares are counted: only the job of the mailbox frees them, and it
 * comes later.
 */
#include "base/bug.h"
#include "store/private.h"

/* ---- the list of jobs ---- */

static void job_push(struct store *s, struct store_job job)
{
	uint32_t handle = arena_alloc(s->arena, sizeof(struct store_job));

	*(struct store_job *)arena_at(s->arena, handle) = job;
	if (s->job_last)
		((struct store_job *)arena_at(s->arena, s->job_last))->next = handle;
	else
		s->job_first = handle;
	s->job_last = handle;
	s->work_given++;
}

/* The first job is finished. */
static void job_pop(struct store *s)
{
	uint32_t handle = s->job_first;

	assert(handle != 0);
	assert(s->work_done < s->work_given);
	s->job_first = ((const struct store_job *)arena_at(s->arena, handle))->next;
	if (!s->job_first)
		s->job_last = 0;
	arena_free(s->arena, handle);
	s->work_done++;
	assert((s->work_done == s->work_given) == (s->job_first == 0));
}

/* ---- burials ---- */

/* Frees the messages of a stream in a dead range, at most `budget` of them. Gives how many. */
static uint32_t drop_range(struct store *s, struct stream_slot *slot, const struct range *range,
                           uint32_t budget)
{
	struct tree_use use = store_use(s, &message_number_order);
	uint32_t dropped = 0;

	for (; dropped < budget && slot->live; dropped++) {
		uint32_t handle = tree_from(&use, stream_live_at(s, slot->live)->messages,
		                            &range->first);

		if (!handle || message_at(s, handle)->number > range->last)
			break;
		message_drop(s, handle);
	}
	return dropped;
}

/* How many messages of a stream are held in a range, ghosts included, and the size of their
 * texts. */
static struct tree_weight weigh(const struct store *s, const struct stream_slot *slot,
                                struct range range)
{
	struct tree_use use = store_use(s, &message_number_order);

	if (!slot->live)
		return (struct tree_weight){ 0 };
	range.last++;
	return tree_between(&use, stream_live_at(s, slot->live)->messages, &range.first,
	                    &range.last);
}

/* Takes what a new range covers out of all counts. Some of it may be dead already, so only what
 * stands in the holes between the dead ranges counts. Gives how many numbers of these holes are not
 * held. */
static uint64_t uncount_range(struct store *s, const struct stream_slot *slot, struct range range)
{
	uint64_t fresh = 0;

	while (slot->live && range.first <= range.last) {
		struct range dead;
		struct range hole = range;
		bool more = stream_range_from(s, slot, range.first, &dead) &&
		            dead.first <= range.last;

		if (more)
			hole.last = dead.first - 1;
		if (hole.first <= hole.last) {
			struct tree_weight weight = weigh(s, slot, hole);

			message_uncount(s, slot, weight.count, weight.weight);
			fresh += hole.last - hole.first + 1 - weight.count;
		}
		if (!more)
			break;
		range.first = dead.last + 1;
	}
	return fresh;
}

/* Where messages without a gap end that begin with the one of `first`, which is held; at most
 * `last`. First the step doubles while all is held, then it halves. */
static uint64_t held_end(const struct store *s, const struct stream_slot *slot, uint64_t first,
                         uint64_t last)
{
	uint64_t end = first;
	uint64_t step = 1;
	bool grows = true;

	while (step > 0) {
		uint64_t next = step <= last - end ? end + step : last + 1;
		bool held = next <= last &&
		            weigh(s, slot, (struct range){ end + 1, next }).count == next - end;

		if (held)
			end = next;
		grows = grows && held;
		step = grows ? step * 2 : step / 2;
	}
	return end;
}

/* The next numbers at or after `from`, and up to `last`, that are used: a dead range, or messages
 * without a gap. False if there are none. */
static bool used_next(const struct store *s, const struct stream_slot *slot, uint64_t from,
                      uint64_t last, struct range *used)
{
	struct tree_use use = store_use(s, &message_number_order);
	bool is_dead = stream_range_from(s, slot, from, used) && used->first <= last;
	uint32_t handle = slot->live
	                          ? tree_from(&use, stream_live_at(s, slot->live)->messages, &from)
	                          : 0;
	uint64_t number = handle ? message_at(s, handle)->number : UINT64_MAX;

	if (number > last || (is_dead && used->first <= number))
		return is_dead;
	*used = (struct range){ number,
		                held_end(s, slot, number, is_dead ? used->first - 1 : last) };
	return true;
}

/* How many runs a range overlaps or touches. Each of them but one is one less when the range is
 * dead, so all such steps together cost no more than what made the runs. */
static uint32_t runs_met(const struct store *s, const struct stream_slot *slot,
                         const struct range *range)
{
	struct range used = { 0, 0 };
	uint64_t from = range->first - 1;
	uint32_t count = 0;

	while (used_next(s, slot, from, range->last + 1, &used)) {
		count += count == 0 || used.first > from;
		from = used.last + 1;
	}
	return count;
}

/* Whether all numbers of a range are dead. */
static bool is_dead(const struct store *s, const struct stream_slot *slot,
                    const struct range *range)
{
	struct range dead;

	return stream_range_from(s, slot, range->first, &dead) && dead.first <= range->first &&
	       dead.last >= range->last;
}

/* Whether a range would be one more beside the dead ones: it neither overlaps nor touches one. */
static bool adds_range(const struct store *s, const struct stream_slot *slot,
                       const struct range *range)
{
	struct range next;

	return !stream_range_from(s, slot, range->first - 1, &next) || next.first > range->last + 1;
}

/* Whether a range would be a run of its own: it touches nothing that is dead or held. */
static bool adds_run(const struct store *s, const struct stream_slot *slot,
                     const struct range *range)
{
	struct range used;

	return !used_next(s, slot, range->first - 1, range->last + 1, &used);
}

/* A reader hears of messages from three replicas, each of which has taken as many runs as it may.
 * He tells all of them to each. */
static bool has_too_many_runs(const struct store *s, const struct stream_slot *slot,
                              const struct store_limits *limits)
{
	return message_runs(s, slot) > 3 * ((uint64_t)limits->gaps + 1);
}

/* Whether a burial that would be new has room: STORE_NEW, or why it has not. In a stream of which
 * nothing is held it counts as a message of the recipient to himself. */
static enum store_result burial_limits(const struct store *s, const struct store_found *found,
                                       const struct burial *burial,
                                       const struct store_limits *limits)
{
	uint64_t bytes;
	uint32_t messages;

	if (found->stream) {
		const struct stream_slot *slot = stream_at(s, found->stream);
		bool refused = BUG(burial_refused) ? stream_range_count(s, slot) > limits->gaps &&
		                                             adds_range(s, slot, &burial->range)
		                                   : has_too_many_runs(s, slot, limits) &&
		                                             adds_run(s, slot, &burial->range);

		return refused ? STORE_GAPS : STORE_NEW;
	}
	struct store_found own = { .recipient = found->recipient, .sender = found->recipient };

	share_used(s, &own, &messages, &bytes);
	return messages / 2 >= limits->share_messages ? STORE_FULL : STORE_NEW;
}

enum store_result work_burial(struct store *s, const struct burial *burial,
                              const struct store_limits *limits)
{
	struct store_found found;

	assert(burial->range.first >= 1);
	assert(burial->range.first <= burial->range.last);
	assert(burial->range.last <= NUMBER_MAX);
	stream_find(s, &burial->stream, &found);
	if (found.recipient && ident_at(s, found.recipient)->state == STORE_DEAD)
		return STORE_GONE;
	if (found.stream && is_dead(s, stream_at(s, found.stream), &burial->range))
		return STORE_KNOWN;
	if (limits != NULL) {
		enum store_result result = burial_limits(s, &found, burial, limits);

		if (result != STORE_NEW)
			return result;
	}
	bool strange = limits != NULL && !found.stream;

	message_make_stream(s, &burial->stream, &found);
	struct stream_slot *slot = stream_at(s, found.stream);

	mailbox_at(s, slot->mailbox)->strange += strange;
	if (uncount_range(s, slot, burial->range) > 0)
		stream_live_at(s, slot->live)->runs += 1 - runs_met(s, slot, &burial->range);
	stream_range_add(s, slot, burial->range);
	if (weigh(s, slot, burial->range).count > s->slice_max)
		job_push(s, (struct store_job){ .kind = JOB_BURIAL,
		                                .subject = found.stream,
		                                .range = burial->range });
	else
		(void)drop_range(s, slot, &burial->range, UINT32_MAX); /* all */
	return STORE_NEW;
}

/* ---- the mailboxes of gone accounts ---- */

/* Frees one thing of a stream of a detached mailbox: a message, then what a stream has for live
 * messages, then a range. False if nothing is left of it. */
static bool stream_shrink(struct store *s, struct stream_slot *slot)
{
	struct tree_use use = store_use(s, &message_number_order);

	if (!slot->live)
		return stream_range_free_one(s, slot);
	uint32_t message = tree_pop(&use, &stream_live_at(s, slot->live)->messages);

	if (message) {
		message_free(s, message);
	} else {
		arena_free(s->arena, slot->live);
		slot->live = 0;
	}
	return true;
}

/* Frees one thing of a detached mailbox; false if nothing is left but itself. */
static bool mailbox_shrink(struct store *s, struct mailbox *mailbox)
{
	struct tree_use places = store_use(s, &message_place_order);
	struct tree_use shares = store_use(s, &share_order);
	struct tree_use streams = store_use(s, &stream_order);
	const struct stream zero = { .session = { { 0 } } };
	uint32_t handle;

	/* The tree by place is emptied first. The messages are still in the trees of their streams,
	 * with which they are freed below. */
	if (tree_pop(&places, &mailbox->messages))
		return true;
	if ((handle = tree_pop(&shares, &mailbox->shares)) != 0) {
		share_free(s, handle);
		return true;
	}
	handle = tree_from(&streams, mailbox->streams, &zero);
	if (!handle)
		return false;
	if (stream_shrink(s, stream_at(s, handle)))
		return true;
	(void)tree_pop(&streams, &mailbox->streams); /* the first is `handle` */
	stream_free(s, handle);
	return true;
}

/* If no other work waits, the first slice is done at once, and mostly that is all. */
static void work_begin(struct store *s, struct store_job job)
{
	bool idle = s->job_first == 0;

	job_push(s, job);
	if (idle)
		(void)store_work(s, s->slice_max); /* the rest follows in later slices */
}

void work_shares(struct store *s, uint32_t mailbox)
{
	work_begin(s, (struct store_job){ .kind = JOB_SHARES, .subject = mailbox });
}

void work_mailbox(struct store *s, uint32_t mailbox)
{
	work_begin(s, (struct store_job){ .kind = JOB_MAILBOX, .subject = mailbox });
}

/* ---- slices ---- */

/* Goes on where the last slice ended. A share that is made meanwhile does not count there. */
static uint32_t shares_leave(struct store *s, struct store_job *job, uint32_t budget)
{
	uint32_t sender = (uint32_t)job->range.first;
	uint32_t steps = 0;

	while (steps < budget && share_leave_unknown(s, mailbox_at(s, job->subject), &sender))
		steps++;
	job->range.first = sender;
	return steps;
}

/* Does at most `budget` steps of the first job. Gives how many; less than `budget`: the job is
 * finished. */
static uint32_t job_run(struct store *s, uint32_t budget)
{
	struct store_job *job = arena_at(s->arena, s->job_first);
	uint32_t steps = 0;

	if (job->kind == JOB_BURIAL)
		return drop_range(s, stream_at(s, job->subject), &job->range, budget);
	struct mailbox *mailbox = mailbox_at(s, job->subject);

	if (job->kind == JOB_SHARES)
		return shares_leave(s, job, budget);
	assert(mailbox->detached);
	while (steps < budget && mailbox_shrink(s, mailbox))
		steps++;
	if (steps < budget)
		arena_free(s->arena, job->subject);
	return steps;
}

bool store_work(struct store *s, uint32_t budget)
{
	assert(s->magic == STORE_MAGIC);
	assert(budget > 0);
	s->changes++;
	while (s->job_first && budget > 0) {
		uint32_t steps = job_run(s, budget);

		if (steps < budget)
			job_pop(s);
		budget -= steps;
	}
	return s->job_first != 0;
}

/* Each stream's runs are those that a range of all numbers meets. */
void work_check(const struct store *s)
{
	struct tree_use use = store_use(s, &mailbox_order);
	struct tree_use streams = store_use(s, &stream_order);
	const struct range all = { 1, NUMBER_MAX };
	struct id id = { { 0 } };

	for (uint32_t h; (h = tree_next(&use, s->mailboxes, &id, NULL)) != 0;) {
		const struct mailbox *mailbox = mailbox_at(s, h);
		struct stream stream = { .session = { { 0 } } };

		for (uint32_t at;
		     (at = tree_next(&streams, mailbox->streams, &stream, NULL)) != 0;) {
			stream_fill(s, stream_at(s, at), &stream);
			assert(message_runs(s, stream_at(s, at)) ==
			       runs_met(s, stream_at(s, at), &all));
		}
		id = ident_at(s, mailbox->ident)->id;
	}
	assert(s->work_done <= s->work_given);
	assert((s->work_done == s->work_given) == (s->job_first == 0));
}

uint64_t store_work_given(const struct store *s)
{
	assert(s->magic == STORE_MAGIC);
	return s->work_given;
}

uint64_t store_work_done(const struct store *s)
{
	assert(s->magic == STORE_MAGIC);
	return s->work_done;
}
