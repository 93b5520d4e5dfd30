/* SPDX-License-Identifier: MIT
 *
 * session/mailbox: requests about messages: send, received, streams, pages; and pushes.
 *
 * A connection has a place: up to there its client has been answered. A message that is added or
 * changed at or before that place is pushed, since no later page would have it. What comes after
 * the place, a page will bring. A log-in sets the place to the beginning, a page to where that page
 * ends, and the last page to the end.
 *
 * At most a page of pushes waits for a connection. A push that would be too much is dropped, and
 * the place goes back to just before it. From there pages bring it, and nothing behind it is pushed
 * any more. A READ_ON tells the client that place. At most one READ_ON is on its way: if another
 * push is dropped meanwhile (further back), only the place moves, and the next READ_ON tells it. A
 * PAGE that begins at or before the place reads what was dropped, so no READ_ON is needed any more.
 * A PAGE that begins behind the place was asked for before its client knew of the drop, so the
 * READ_ON goes first.
 *
 * What SEND answers for one recipient:
 *
 *   the recipient is gone                    GONE; MAILBOX_FULL if the sender has no word for how
 *                                            (session_find)
 *   the number is dead                       OK: it was received
 *   held with the same content               OK
 *   held with another content                DIFFERENT; the smaller content stays
 *   the same, and the session was named      OK if only the time differs (the smaller stays), else
 *                                            DIFFERENT, and what is held stays
 *   new                                      OK, MAILBOX_FULL or GAPS, as the limits say
 *   new, of a recipient that is unknown      SLOW_DOWN if the sender's address has had too many
 *   new, and the disk is full                DISK_FULL; no smaller content replaces what is held
 */
#include "base/bug.h"
#include "session/private.h"

enum {
	TEXT_COST = 16384, /* bytes: it is written once for all its recipients */
	RANGE_COST = 4,
	PAGE_STEPS = 4096, /* messages of a page, and what it passes over, in a slice */
};

/* ---- pushes ---- */

static struct message_item item_of(const struct message *message)
{
	return (struct message_item){
		.sender = message->stream.sender,
		.session = message->stream.session,
		.number = message->number,
		.sent_ms = message->sent_ms,
		.text = message->text,
		.audience = BUG(audience_dropped) ? view_of(NULL, 0) : message->audience,
	};
}

/* Pushes that follow each other, and that the caller has not taken yet, are one frame. */
static void put_push(struct sessions *s, struct connection *c, const struct message_item *item)
{
	struct buf *b = session_ready(s, c);
	size_t before = b->size;
	bool grows = c->push_open != NO_OFFSET;
	size_t offset = grows ? (size_t)c->push_open : protocol_begin(b, FRAME_PUSH, 0, 0);

	assert(offset != SIZE_MAX);
	assert(offset <= before);
	session_must(protocol_put_message(b, item));
	protocol_end(b, offset);
	c->push_open = (int32_t)offset;
	c->push_waiting += (uint32_t)(b->size - before);
	c->push_tail = (uint32_t)session_ready_left(c);
	assert(c->push_waiting <= PAGE_SIZE_MAX);
	session_ready_added(s, c);
	session_settle(s, c);
}

/* Pushes a message, or drops it, if it is at or before the place. `c` is where the recipient is
 * logged in, or NULL. */
static void push(struct sessions *s, struct connection *c, const struct message *message)
{
	struct place place;
	struct message_item item;
	size_t size = FRAME_HEADER_SIZE + MESSAGE_SIZE + message->text.size +
	              message->audience.size;

	if (c == NULL)
		return;
	place = place_of(message);
	if (place_compare(&place, &c->place) > 0)
		return;
	if (c->push_waiting + size > PAGE_SIZE_MAX) {
		assert(c->push_waiting > 0);
		place.number--; /* the largest place that is smaller: no message has the number 0 */
		c->place = place;
		c->read_on = true;
		return;
	}
	item = item_of(message);
	put_push(s, c, &item);
	s->counts.pushes++;
	s->counts.pushed_unsynced += session_holds_replies(s);
}

void session_push(struct sessions *s, const struct message *message)
{
	push(s, session_of(s, &message->stream.recipient), message);
}

void session_read_on(struct sessions *s, struct connection *c, bool force)
{
	struct frame frame = { .type = FRAME_READ_ON };

	if (!c->read_on || (c->read_on_tail > 0 && !force))
		return;
	frame.read_on.place = c->place;
	session_ready_put(s, c, &frame);
	c->read_on = false;
	c->read_on_tail = (uint32_t)session_ready_left(c);
}

/* ---- send ---- */

/* What is left of the list after the slices that were done. */
static struct view list_left(const struct work *work)
{
	return view_of(work->list.data + work->offset, work->list.size - work->offset);
}

/* Whether a message's key is held or dead, or its recipient gone; then *status is the answer. It is
 * asked if the disk is full, and for a repetition: its sender does not know when the message was
 * first sent, so the same text and audience are the same message. */
static bool is_known(const struct sessions *s, const struct message *message, enum status *status)
{
	struct store_key key = {
		.streams = 1,
		.account = message->stream.recipient,
		.sender = message->stream.sender,
		.session = message->stream.session,
		.number = message->number - 1,
	};
	enum status answer = STATUS_OK;
	struct range range;
	struct fact held;

	if (store_find(s->store, &message->stream.recipient, NULL, NULL) == STORE_DEAD) {
		answer = STATUS_GONE;
	} else if (!store_range_next(s->store, &message->stream, message->number - 1, &range) ||
	           range.first > message->number) {
		if (!store_next(s->store, &key, &held) || held.kind != FACT_MESSAGE ||
		    held.message.number != message->number ||
		    stream_compare(&held.message.stream, &message->stream) != 0)
			return false;
		if (!view_equal(held.message.text, message->text) ||
		    !view_equal(held.message.audience, message->audience))
			answer = STATUS_DIFFERENT;
	}
	*status = answer;
	return true;
}

/* What is stored for accounts that are not known here stays for ever if they never come. So it
 * counts for the address of whoever brings it. True: that has had enough. */
static bool is_over(struct sessions *s, const struct work *work)
{
	uint32_t wait_ms;

	return !limit_take(&s->limit, LIMIT_UNKNOWN, &work->from, s->time.monotonic_ms, &wait_ms);
}

static bool is_unknown(const struct sessions *s, const struct id *id)
{
	enum store_state state = store_find(s->store, id, NULL, NULL);

	return state == STORE_UNKNOWN || state == STORE_LAPSED;
}

/* Stores the message for one recipient, and pushes it to him: the table above. */
static enum status send_one(struct sessions *s, const struct work *work, struct connection *to,
                            const struct message *message)
{
	bool repetition = work->repetition;
	const struct fact fact = { .kind = FACT_MESSAGE, .message = *message };
	enum status known = STATUS_DIFFERENT;
	enum status held; /* not asked for */
	bool is_low = s->disk != SESSION_DISK_OK;
	bool is_held = (is_low || repetition) && is_known(s, message, &known);

	if (is_low)
		return is_held ? known : BUG(full_disk_says_yes) ? STATUS_OK : STATUS_DISK_FULL;
	if (is_held && known == STATUS_DIFFERENT)
		return known;
	if (work->is_limited && to == NULL && is_unknown(s, &message->stream.recipient) &&
	    !is_known(s, message, &held) && is_over(s, work))
		return STATUS_SLOW_DOWN;
	/* A repetition of the same text joins, too: all replicas keep the smaller time. */
	enum store_result result = session_apply(s, &fact, &s->options.limits);

	switch (result) {
	case STORE_NEW:
	case STORE_REPLACED:
		push(s, to, message);
		return result == STORE_NEW ? STATUS_OK : known;
	case STORE_KNOWN:
		return STATUS_OK;
	case STORE_KEPT:
		return known;
	case STORE_GONE:
		return STATUS_GONE;
	case STORE_FULL:
		return STATUS_MAILBOX_FULL;
	case STORE_GAPS:
		return STATUS_GAPS;
	}
	assert(false); /* a result is one of these */
	return STATUS_GONE;
}

static bool send_slice(struct sessions *s, struct work *work)
{
	struct reader r = reader_of(list_left(work));
	uint32_t cost_each = 1 + (uint32_t)(work->text.size / TEXT_COST);
	bool is_long = work->text.size > STORE_TEXT_SHARED;
	uint32_t text_cost = (uint32_t)work->text.size / (is_long ? TEXT_COST : COST_TEXT_BYTES);
	struct recipient recipient;
	uint32_t cost = 0;

	if (is_long && work->offset == 0)
		work->cost += (uint32_t)work->text.size / COST_TEXT_BYTES;
	for (; cost < SLICE_COST_MAX && protocol_next_recipient(&r, &recipient);
	     cost += cost_each) {
		const struct message message = {
			.stream = { recipient.id, work->account, work->session },
			.number = recipient.number,
			.sent_ms = work->sent_ms,
			.text = work->text,
			.audience = work->audience,
		};
		struct connection *to = session_of(s, &recipient.id);
		struct send_result result = { .status = send_one(s, work, to, &message) };

		s->counts.messages[result.status]++;
		if (result.status == STATUS_GONE &&
		    session_find(s, work->version, &recipient.id, NULL, NULL) != STORE_DEAD)
			result.status = STATUS_MAILBOX_FULL; /* no word for how it is gone */
		if (result.status != STATUS_GONE) {
			result.online = to != NULL;
			result.share = session_share(s, &recipient.id, &work->account);
		}
		session_must(protocol_put_result(&work->results, &result));
		work->cost += COST_ADDED + text_cost;
	}
	work->offset += r.offset;
	assert(work->offset <= work->list.size);
	return work->offset == work->list.size;
}

static void send_reply(const struct work *work, struct frame *reply)
{
	reply->sent.results = buf_view(&work->results);
}

/* That the account of a log-in for SEND alone is gone, was removed, or has another password, is
 * noticed here. True: nothing is sent; unless the connection is closed, there is no session. */
static bool sending_is_over(struct sessions *s, struct connection *c)
{
	struct account account;

	switch (store_find(s->store, &c->account, &account, NULL)) {
	case STORE_LAPSED:
		session_removed(s, c);
		return true;
	case STORE_ALIVE:
		if (memcmp(c->password, account.verifier.stored_key, sizeof c->password) == 0)
			return false;
		session_end(s, c, STATUS_CHANGED);
		return true;
	default:
		session_end(s, c, STATUS_GONE);
		return true;
	}
}

void session_send(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct work work = {
		.account = c->account,
		.version = c->version,
		.session = (frame->flags & FLAG_SESSION) != 0 ? frame->send.session : c->session,
		.repetition = (frame->flags & FLAG_SESSION) != 0,
		.is_limited = limit_counts(&s->limit, &c->from),
		.from = c->from,
		.sent_ms = frame->send.sent_ms,
		.text = frame->send.text,
		.audience = frame->send.audience,
		.list = frame->send.recipients,
		.slice = send_slice,
		.reply = send_reply,
	};

	assert(!id_is_zero(&c->account));
	assert(frame->send.count >= 1);
	if (c->is_sending && sending_is_over(s, c)) {
		if (c->state != CONNECTION_CLOSING)
			session_answer(s, c, frame, STATUS_NO_SESSION);
		return;
	}
	session_work_begin(s, c, &work, frame);
}

/* ---- received ---- */

/* The answer to RECEIVED is one status for all ranges. A full disk is worse than a full mailbox,
 * and that is worse than one full stream. */
static enum status worse(enum status a, enum status b)
{
	_Static_assert(STATUS_OK < STATUS_DISK_FULL, "any refusal is worse than none");
	_Static_assert(STATUS_DISK_FULL < STATUS_MAILBOX_FULL, "in the order of the enum");
	_Static_assert(STATUS_MAILBOX_FULL < STATUS_GAPS, "in the order of the enum");
	_Static_assert(STATUS_GAPS < STATUS_SLOW_DOWN, "in the order of the enum");
	if (a == STATUS_OK || b == STATUS_OK)
		return a == STATUS_OK ? b : a;
	return a < b ? a : b;
}

/* Buries one range. Where the stream is held, a burial is no addition, so a full disk takes it, as
 * long as there is any room left. */
static enum status bury(struct sessions *s, const struct work *work, const struct burial *burial)
{
	const struct fact fact = { .kind = FACT_BURIAL, .burial = *burial };
	bool is_held = store_holds(s->store, &burial->stream);

	if (!session_may_bury(s, is_held))
		return STATUS_DISK_FULL;
	if (work->is_limited && !is_held && is_over(s, work))
		return STATUS_SLOW_DOWN;
	enum store_result result = BUG(burial_not_kept)
	                                   ? store_apply(s->store, &fact, &s->options.limits)
	                                   : session_apply(s, &fact, &s->options.limits);

	if (result == STORE_FULL)
		return STATUS_MAILBOX_FULL;
	return result == STORE_GAPS ? STATUS_GAPS : STATUS_OK;
}

uint32_t session_burial_cost(const struct range *range)
{
	uint64_t width = range->last - range->first;

	return 1 + (uint32_t)(width < STORE_SLICE_MAX ? width : STORE_SLICE_MAX) / RANGE_COST;
}

/* Buries the ranges of one stream, until the slice is full. True if that was all of them. */
static bool received_item(struct sessions *s, struct work *work, const struct stream_item *item,
                          uint32_t *cost)
{
	const struct stream stream = { work->account, item->sender, item->session };
	struct reader r = reader_of(item->ranges);
	struct burial burial = { .stream = stream };

	r.offset = work->range * RANGE_SIZE;
	while (*cost < SLICE_COST_MAX && protocol_next_range(&r, &burial.range)) {
		work->status = worse(work->status, bury(s, work, &burial));
		*cost += session_burial_cost(&burial.range);
		work->cost += COST_ADDED + session_burial_cost(&burial.range);
		work->range++;
	}
	return reader_left(&r) == 0;
}

static bool received_slice(struct sessions *s, struct work *work)
{
	struct reader r = reader_of(list_left(work));
	struct stream_item item;
	uint32_t cost = 0;

	while (cost < SLICE_COST_MAX && protocol_next_received(&r, &item)) {
		if (!received_item(s, work, &item, &cost))
			break;
		work->range = 0;
		work->offset += QUESTION_SIZE + 2 + item.ranges.size;
	}
	assert(work->offset <= work->list.size);
	return work->offset == work->list.size;
}

void session_received(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct work work = {
		.account = c->account,
		.is_limited = limit_counts(&s->limit, &c->from),
		.from = c->from,
		.list = frame->streams.streams,
		.slice = received_slice,
	};

	assert(!id_is_zero(&c->account));
	session_work_begin(s, c, &work, frame);
}

/* ---- streams ---- */

/* The first dead ranges of a stream, at most `size_max` bytes of them. */
static struct view dead_ranges(struct sessions *s, const struct stream *stream, size_t size_max)
{
	uint64_t after = 0;
	struct range range;

	buf_clear(&s->scratch);
	while (s->scratch.size + RANGE_SIZE <= size_max &&
	       store_range_next(s->store, stream, after, &range)) {
		session_must(protocol_put_range(&s->scratch, &range));
		after = range.last;
	}
	return buf_view(&s->scratch);
}

/* Answers as many questions as fit into a page, but the first one even if it is larger. A frame has
 * room for all ranges of a stream, since a stream with more than STORE_GAPS_MAX takes no more. */
void session_streams(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct buf *b = session_parts_begin(s, c, frame);
	size_t begin = b->size;
	struct reader r = reader_of(frame->streams.streams);
	struct stream_item item;
	size_t room = FRAME_SIZE_MAX - TAG_SIZE - FRAME_HEADER_SIZE - 1 - ENTRY_SIZE_MAX - 2;
	size_t size = 0;

	while (protocol_next_question(&r, &item)) {
		const struct stream stream = { c->account, item.sender, item.session };

		session_spend(c, COST_ENTRY);
		session_entry(s, c, &item.sender, &item.entry);
		item.ranges = dead_ranges(s, &stream, room);
		size += ENTRY_SIZE_MAX + 2 + item.ranges.size;
		if (size > PAGE_SIZE_MAX && b->size > begin)
			break;
		session_must(protocol_put_answer(b, &item));
	}
	session_parts_end(s, c);
}

/* ---- pages ---- */

/* A push was dropped while the page was being made, so the place has gone back. If the page has
 * what was dropped, it is read from there; else the client is told first, as when a page was
 * asked for before the client knew of the drop. */
static void page_go_back(struct sessions *s, struct connection *c, struct work *work)
{
	if (place_compare(&c->place, &work->place) >= 0)
		return;
	if (place_compare(&c->place, &work->after) >= 0)
		work->place = c->place;
	else
		session_read_on(s, c, true);
	c->read_on = false;
}

/* Puts messages after the place, up to so many bytes of them but at least one. False: nothing but
 * what is still to be freed was met so far. */
static bool page_put(const struct sessions *s, struct work *work)
{
	struct place next = work->place;
	uint64_t budget = PAGE_STEPS;
	struct message message;
	enum store_step step;

	while ((step = store_mailbox_next(s->store, &work->account, &next, &message, &budget)) ==
	       STORE_STEP_FOUND) {
		const struct message_item item = item_of(&message);
		size_t size = MESSAGE_SIZE + message.text.size + message.audience.size;

		if (work->results.size > 0 &&
		    (work->results.size + size > work->bytes || BUG(page_stands_still)))
			break;
		session_must(protocol_put_message(&work->results, &item));
		work->place = next;
	}
	work->is_last = step == STORE_STEP_END;
	if (step != STORE_STEP_FOUND)
		work->place = work->is_last ? place_end() : next;
	work->cost += (uint32_t)((PAGE_STEPS - budget) * COST_ENTRY);
	return work->is_last || work->results.size > 0;
}

/* A slice passes over so many messages that are still to be freed; the messages themselves are
 * of one slice. Up to the place of the slice all has been looked at, so what comes there now is
 * pushed. */
static bool page_slice(struct sessions *s, struct work *work)
{
	struct connection *c = session_connection(s, work->connection);

	if (c == NULL)
		return true;
	if (!id_equal(&c->account, &work->account) || !ulid_equal(&c->session, &work->session)) {
		work->status = STATUS_NO_SESSION;
		return true;
	}
	if (c->work != NULL)
		page_go_back(s, c, work);
	bool is_done = page_put(s, work);

	if (is_done && !work->is_last && BUG(page_stands_still))
		work->place = work->after;
	c->place = work->place;
	return is_done;
}

static void page_reply(const struct work *work, struct frame *reply)
{
	reply->paged.last = work->is_last;
	reply->paged.upto = work->place;
	reply->paged.messages = buf_view(&work->results);
}

void session_page(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct work work = {
		.account = c->account,
		.session = c->session,
		.after = frame->page.after,
		.place = frame->page.after,
		.bytes = frame->page.bytes < PAGE_SIZE_MAX ? frame->page.bytes : PAGE_SIZE_MAX,
		.slice = page_slice,
		.reply = page_reply,
	};

	if (c->read_on && place_compare(&frame->page.after, &c->place) > 0)
		session_read_on(s, c, true);
	c->read_on = false;
	session_work_begin(s, c, &work, frame);
}
