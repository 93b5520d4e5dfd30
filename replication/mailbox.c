/* SPDX-License-Identifier: MIT
 *
 * mailbox: what came in three mailboxes, handed out once and in order.
 *
 *   what comes                                     goes to
 *   a page                                         the replica's reading
 *   a push at a place that the merge is to reach   the replica's reading
 *   any other push                                 the candidates of its stream
 *   the least of all readings, by the merge        the candidates of its stream
 *   a candidate that may be handed out             the user
 *
 * After a log-in (and after a redial, at that replica) the mailbox is read in pages. The pages of
 * all replicas are merged by place in constant memory: the least head is next, as soon as every
 * replica that has more to give has shown a head. The merge waits until what it brought last is
 * handed out, or waits for others of its stream alone.
 *
 * A candidate is handed out when
 *   - there is room among those that were handed out and are not shown yet (handed.c);
 *   - every live replica has said what is gone of its stream, and it is not (stream.c);
 *   - it is known how its sender is to be shown;
 *   - the merge brought it, or the leader pushed it, or GRACE_MS have passed;
 *   - no number before it is missing, or it has waited long enough (order.c);
 *   - the candidates of its stream before it are handed out.
 * What is gone or was handed out already is not handed out again. Whoever brought it is told
 * `received` if it is gone or was shown.
 *
 * The memory for pages and pushes has a bound. What goes beyond it is dropped, and read again later
 * by pages from that place.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <string.h>

enum {
	HELD_SIZE_MAX = 1024 * 1024, /* of all candidates */
	READ_AHEAD_SIZE = 64 * 1024, /* of a page */
};

/* ---- what a message says ---- */

struct said {
	struct view text, audience;
};

static size_t said_size(const struct said *said)
{
	return said->text.size + said->audience.size;
}

static void said_copy(uint8_t *to, const struct said *said)
{
	memcpy(to, said->text.data, said->text.size);
	if (said->audience.size > 0)
		memcpy(to + said->text.size, said->audience.data, said->audience.size);
}

static size_t candidate_size(const struct candidate *c)
{
	return sizeof *c + c->text_size + c->audience_size;
}

static size_t page_item_size(const struct page_item *item)
{
	return sizeof *item + item->text_size + item->audience_size;
}

/* ---- candidates ---- */

/* Puts the stream on the list of those with candidates. */
static void hold(struct replication *r, struct stream_state *s)
{
	s->held_previous = NULL;
	s->held_next = r->held;
	if (r->held != NULL)
		r->held->held_previous = s;
	r->held = s;
}

static void unhold(struct replication *r, struct stream_state *s)
{
	assert(s->candidates == NULL);
	if (s->held_previous != NULL)
		s->held_previous->held_next = s->held_next;
	else
		r->held = s->held_next;
	if (s->held_next != NULL)
		s->held_next->held_previous = s->held_previous;
}

/* Puts a message among its stream's candidates, by number; or notes that another replica has
 * brought it, too. */
static struct candidate *add_candidate(struct replication *r, struct stream_state *s, uint8_t from,
                                       const struct place *place, bool waited, bool merged,
                                       const struct said *said)
{
	struct candidate **at = &s->candidates;
	struct candidate *c;

	while (*at != NULL && (*at)->number < place->number)
		at = &(*at)->next;
	if (*at != NULL && (*at)->number == place->number) {
		(*at)->from |= from;
		(*at)->merged |= merged;
		(*at)->waited |= waited;
		return *at;
	}
	if (s->candidates == NULL)
		hold(r, s);
	c = pool_alloc(&r->pool, sizeof *c + said_size(said));
	c->next = *at;
	c->number = place->number;
	c->sent_ms = place->sent_ms;
	c->arrived_ms = r->now_ms;
	c->from = from;
	c->waited = waited;
	c->merged = merged;
	c->text_size = (uint32_t)said->text.size;
	c->audience_size = (uint16_t)said->audience.size;
	said_copy(c->said, said);
	*at = c;
	s->held_size += candidate_size(c);
	r->held_size += candidate_size(c);
	return c;
}

/* Takes the first candidate off. */
static void drop_candidate(struct replication *r, struct stream_state *s)
{
	struct candidate *c = s->candidates;

	if (r->merge_for == c)
		r->merge_for = NULL;
	s->candidates = c->next;
	s->held_size -= candidate_size(c);
	r->held_size -= candidate_size(c);
	pool_free(&r->pool, c);
}

/* It was handed out, or it is gone. */
static bool is_done(const struct stream_state *s, uint64_t number)
{
	return ranges_have(&s->handed, number) || ranges_have(&s->gone, number);
}

/* A message that one replica alone has shown, of a sender whom no other one knows. Each costs a
 * look-up, so a mailbox of them is slow; one without end would be waited for without end. */
static void count_strange(struct replication *r, const struct stream_state *s,
                          const struct candidate *c)
{
	uint8_t others = replication_joined(r) & (uint8_t)~c->from;
	struct replica *p = &r->replicas[replica_first(c->from)];

	if (!c->merged || replica_count(c->from) != 1 || others == 0 || (s->person->alive & others))
		return;
	if (p->strange == 0)
		p->strange_ms = r->now_ms;
	if (++p->strange > STRANGE_MAX && r->now_ms >= p->strange_ms + STRANGE_MS)
		replica_lies(r, replica_first(c->from),
		             "shows without end messages of senders whom nobody else knows");
}

/* Gives it to the user, once for all. The replicas hear of it when it is shown (handed.c). */
static void hand_out(struct replication *r, struct stream_state *s, const struct candidate *c)
{
	uint32_t size = c->text_size + c->audience_size;
	struct shown *shown = pool_alloc(&r->pool, sizeof *shown + size);
	uint8_t *said = (uint8_t *)(shown + 1);

	count_strange(r, s, c);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (c->from & BIT(i))
			r->replicas[i].read_ons = 0;
	memset(shown, 0, sizeof *shown);
	shown->serial = handed_add(r, s, c->number, size);
	order_handed(s, c->number);
	shown->session = s->key.session;
	shown->number = c->number;
	shown->sender = s->key.sender;
	memcpy(shown->from, s->person->display, DISPLAY_SIZE);
	memcpy(shown->to, r->session.display, DISPLAY_SIZE);
	memcpy(said, c->said, size);
	shown->text = view_of(said, c->text_size);
	shown->audience = view_of(said + c->text_size, c->audience_size);
	shown->sent_ms = c->sent_ms;
	shown->waited = c->waited;
	replication_act_piece(r, ACTION_MESSAGE, shown)->shown = shown;
	if (BUG(told_before_shown))
		handed_shown(r, shown->serial);
	if (s->person->brief) /* asked again for the next one */
		s->person->shown_as = false;
}

/* A page has brought an earlier number of this stream, and the merge has not come to it yet. But if
 * the merge waits for an older one of this stream, that goes first: a liar's numbers and times need
 * not agree, and each of the two would wait for the other. */
static bool waits_for_merge(const struct replication *r, const struct stream_state *s,
                            const struct candidate *c)
{
	for (const struct candidate *other = s->candidates; other != NULL; other = other->next)
		if (other == r->merge_for && other != c && other->sent_ms < c->sent_ms)
			return false;
	for (uint32_t i = 0; i < REPLICAS; i++)
		for (const struct page_item *item = r->replicas[i].reading.first;
		     item != NULL && item->place.sent_ms <= c->sent_ms; item = item->next)
			if (item->place.number < c->number &&
			    id_equal(&item->place.sender, &s->key.sender) &&
			    ulid_equal(&item->place.session, &s->key.session) &&
			    !is_done(s, item->place.number))
				return true;
	return false;
}

/* The merge goes on, and what it brought of this stream is handed out later. So nobody else waits
 * for that, and what a replica that has returned brings comes before it. */
static void resume_merge(struct replication *r, const struct stream_state *s)
{
	for (const struct candidate *c = s->candidates; c != NULL; c = c->next)
		if (r->merge_for == c && !BUG(order_holds_others))
			r->merge_for = NULL;
}

/* The rules of the top comment. If only time is missing, grace_ms says when. */
static bool may_hand_out(struct replication *r, struct stream_state *s, struct candidate *c)
{
	uint64_t grace_ms = c->arrived_ms + GRACE_MS;
	bool has_room = handed_has_room(r); /* if not, replication_shown looks at it again */

	if ((!stream_is_settled(r, s) || !person_is_settled(r, s->person)) && !BUG(shown_unasked))
		return false;
	if (order_waits(r, s, c)) {
		if (has_room)
			resume_merge(r, s);
		return false;
	}
	if (r->merging && !BUG(merge_overtaken) && waits_for_merge(r, s, c)) {
		resume_merge(r, s);
		return false;
	}
	if (!has_room)
		return false;
	if (c->merged || r->now_ms >= grace_ms)
		return true;
	if (r->leader >= 0 && (c->from & BIT(r->leader)))
		return true;
	if (grace_ms < r->grace_ms)
		r->grace_ms = grace_ms;
	return false;
}

/* Hands out what may be of one stream. */
static void try_stream(struct replication *r, struct stream_state *s)
{
	while (s->candidates != NULL) {
		struct candidate *c = s->candidates;

		if (is_done(s, c->number)) {
			stream_tell(r, s, c->from & replication_joined(r), c->number);
		} else if (may_hand_out(r, s, c)) {
			hand_out(r, s, c);
		} else {
			return;
		}
		drop_candidate(r, s);
	}
	unhold(r, s);
}

/* The same of all streams. */
static void try_held(struct replication *r)
{
	struct stream_state *next;

	r->grace_ms = UINT64_MAX;
	for (struct stream_state *s = r->held; s != NULL; s = next) {
		next = s->held_next;
		try_stream(r, s);
	}
}

void mailbox_tick(struct replication *r)
{
	if (r->now_ms >= r->grace_ms)
		try_held(r);
}

/* ---- pages ---- */

/* Nothing is read, nothing is kept. */
static void clear_list(struct reading *reading)
{
	struct page_item *next;

	for (struct page_item *item = reading->first; item != NULL; item = next) {
		next = item->next;
		memory_free(item);
	}
	memset(reading, 0, sizeof *reading);
}

/* Puts a message at its place; one that is there already stays. Most come in order, so the end is
 * tried first. */
static void insert(struct reading *reading, const struct place *place, bool pushed,
                   const struct said *said)
{
	struct page_item **at = &reading->first;
	struct page_item *item;
	int order = 1;

	if (reading->last != NULL && place_compare(place, &reading->last->place) > 0)
		at = &reading->last->next;
	while (*at != NULL && (order = place_compare(&(*at)->place, place)) < 0)
		at = &(*at)->next;
	if (*at != NULL && order == 0)
		return;
	item = memory_alloc(sizeof *item + said_size(said));
	item->next = *at;
	item->place = *place;
	item->pushed = pushed;
	item->text_size = (uint32_t)said->text.size;
	item->audience_size = (uint16_t)said->audience.size;
	said_copy(item->said, said);
	*at = item;
	if (item->next == NULL)
		reading->last = item;
	reading->size += page_item_size(item);
}

/* Takes the first one off. */
static void pop(struct reading *reading)
{
	struct page_item *item = reading->first;

	reading->first = item->next;
	if (reading->first == NULL)
		reading->last = NULL;
	reading->size -= page_item_size(item);
	memory_free(item);
}

/* If more is kept than two pages: what stands behind the first page is dropped, and read again by
 * pages. */
static void shorten(struct reading *reading)
{
	struct page_item *item = reading->first;
	struct page_item *rest;
	size_t size = 0;

	if (reading->size <= 2 * PAGE_SIZE_MAX)
		return;
	while (item != NULL && item->next != NULL && size + item->text_size < PAGE_SIZE_MAX) {
		size += page_item_size(item);
		item = item->next;
	}
	assert(item != NULL);
	rest = item->next;
	item->next = NULL;
	reading->last = item;
	if (reading->asked)
		reading->back = true;
	if (!reading->active || place_compare(&item->place, &reading->upto) < 0)
		reading->upto = item->place;
	reading->active = true;
	while (rest != NULL) {
		struct page_item *next = rest->next;

		reading->size -= page_item_size(rest);
		memory_free(rest);
		rest = next;
	}
}

/* More pages are wanted: asks for the next one when less than half of one waits to be merged. */
static void want_page(struct replication *r, uint32_t index)
{
	struct reading *reading = &r->replicas[index].reading;
	const struct page_item *head = reading->first;
	bool is_ahead = head != NULL && place_compare(&head->place, &reading->upto) <= 0;

	/* However much is kept: a head behind what was not read yet is no head. */
	if (reading->asked || (is_ahead && reading->size > READ_AHEAD_SIZE / 2))
		return;
	struct frame frame = { .type = FRAME_PAGE };

	reading->asked = true;
	frame.page.after = reading->upto;
	frame.page.bytes = READ_AHEAD_SIZE;
	due_ask(r, index, &frame, TARGET_PAGE, NULL);
}

/* A merge that is over begins again, from the beginning: this replica's mailbox may hold anything.
 * What was shown is not shown again. */
void mailbox_read(struct replication *r, uint32_t index, const struct place *after)
{
	struct reading *reading = &r->replicas[index].reading;

	if (r->is_blind || (r->session.is_sending && !BUG(sender_reads)))
		return;
	if (reading->asked)
		reading->back = true;
	if (after == NULL)
		memset(&reading->upto, 0, sizeof reading->upto);
	else if (!reading->active || place_compare(after, &reading->upto) < 0)
		reading->upto = *after;
	reading->active = true;
	if (r->merging)
		return;
	r->merging = true;
	r->merge_initial = false;
	for (uint32_t i = 0; i < REPLICAS; i++)
		r->replicas[i].alone_merged = r->replicas[i].strange = 0;
	memset(&r->merged, 0, sizeof r->merged);
}

void mailbox_begin(struct replication *r)
{
	uint8_t joined = replication_joined(r);

	if (r->session.is_sending && !BUG(sender_reads))
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (joined & BIT(i))
			mailbox_read(r, i, NULL);
	r->merge_initial = true;
}

/* A READ_ON stands for messages that are not handed out yet. Who goes back again and again, and
 * brings none that is handed out, would be read for ever. Nothing counts while nothing is handed
 * out because nothing is shown. */
static void count_read_on(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	if (!handed_has_room(r))
		p->read_ons = 0;
	if (p->read_ons == 0)
		p->read_on_ms = r->now_ms;
	if (++p->read_ons > READ_ONS_AT_ONCE_MAX ||
	    (p->read_ons > READ_ONS_MAX && r->now_ms >= p->read_on_ms + STRANGE_MS))
		replica_lies(r, index, "goes back in a mailbox without end");
}

void mailbox_read_on(struct replication *r, uint32_t index, const struct place *place)
{
	if (!r->session.active || !r->replicas[index].joined)
		return;
	count_read_on(r, index);
	mailbox_read(r, index, place);
}

/* A replica fills its pages. If each of many has room for what the next one begins with, so that a
 * mailbox of any size would take for ever, it does not want to come to an end. (A single one may
 * have: something was added meanwhile.) */
static void count_short(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	struct reader messages = reader_of(frame->paged.messages);
	struct message_item item;

	if (p->page_size == 0 || p->reading.back || !protocol_next_message(&messages, &item) ||
	    p->page_size + MESSAGE_SIZE + item.text.size + item.audience.size > READ_AHEAD_SIZE)
		p->short_pages = 0;
	else if (++p->short_pages > SHORT_PAGES_MAX)
		replica_lies(r, index, "shows a mailbox in pages that are not full");
	p->page_size = frame->paged.last ? 0 : (uint32_t)frame->paged.messages.size;
}

void mailbox_page(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct reading *reading = &r->replicas[index].reading;
	struct reader messages;
	struct message_item item;

	reading->asked = false;
	if (!r->session.active || !r->replicas[index].joined || r->is_blind ||
	    frame->status != STATUS_OK) {
		reading->active = false;
		reading->back = false;
		return;
	}
	messages = reader_of(frame->paged.messages);
	count_short(r, index, frame);
	while (protocol_next_message(&messages, &item)) {
		struct place place = { item.sent_ms, item.sender, item.session, item.number };
		struct stream_state *s = stream_get(r, &item.sender, &item.session);

		stream_brought(r, s, index, false);
		if (!is_done(s, item.number))
			(void)stream_is_settled(r, s); /* asks ahead, for the whole page at once */
		insert(reading, &place, false, &(struct said){ item.text, item.audience });
	}
	if (reading->back) {
		reading->back = false;
		return;
	}
	reading->upto = frame->paged.upto;
	reading->active = !frame->paged.last;
}

/* ---- pushes ---- */

/* There is no room for a push: what comes after all places of an earlier time is read by pages. */
static void dropped(struct replication *r, uint32_t index, uint64_t sent_ms)
{
	struct place before;

	memset(&before, 0xff, sizeof before);
	before.number = NUMBER_MAX;
	before.sent_ms = sent_ms - 1;
	if (sent_ms == 0)
		memset(&before, 0, sizeof before);
	mailbox_read(r, index, &before);
}

/* What is done already is told to whoever brought it; a push before its turn waits for the merge;
 * any other is a candidate. */
static void take_push(struct replication *r, uint32_t index, const struct message_item *item)
{
	struct reading *reading = &r->replicas[index].reading;
	struct place place = { item->sent_ms, item->sender, item->session, item->number };
	struct stream_state *s = stream_known(r, &item->sender, &item->session);
	const struct said said = { item->text, item->audience };

	if (s != NULL)
		stream_brought(r, s, index, true);
	if (s != NULL && is_done(s, item->number)) {
		stream_tell(r, s, BIT(index), item->number);
	} else if (r->merging && (reading->active || r->merge_initial) &&
	           place_compare(&place, &r->merged) > 0) {
		insert(reading, &place, true, &said);
		shorten(reading);
	} else if (r->held_size > HELD_SIZE_MAX) {
		dropped(r, index, item->sent_ms);
	} else {
		s = stream_get(r, &item->sender, &item->session);
		stream_brought(r, s, index, true);
		(void)add_candidate(r, s, BIT(index), &place, false, false, &said);
	}
}

void mailbox_push(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct reader messages = reader_of(frame->push.messages);
	struct message_item item;

	if (!r->session.active || !r->replicas[index].joined || r->is_blind)
		return;
	while (r->replicas[index].doubt == NULL && protocol_next_message(&messages, &item))
		take_push(r, index, &item);
}

/* ---- the merge ---- */

/* The replica with the least head; -1: there is none. *waits: one that has more to give has not
 * shown a head, so the least of all is not known. A head behind `upto` is none: a page may bring
 * one before it. */
static int least_head(const struct replication *r, bool *waits)
{
	int least = -1;

	*waits = false;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct reading *reading = &r->replicas[i].reading;
		const struct page_item *head = reading->first;

		if (reading->active &&
		    (head == NULL || place_compare(&head->place, &reading->upto) > 0)) {
			*waits = true;
			return -1;
		}
		if (head != NULL &&
		    (least < 0 ||
		     place_compare(&head->place, &r->replicas[least].reading.first->place) < 0))
			least = (int)i;
	}
	return least;
}

/* A message that only one has shown, of those that are read: it may have a whole mailbox that the
 * others have lost, but not one without end. */
static void count_alone(struct replication *r, uint8_t from)
{
	uint32_t index = replica_first(from);

	if (replica_count(from) == 1 && (replication_joined(r) & (uint8_t)~from) != 0 &&
	    ++r->replicas[index].alone_merged > ALONE_MERGED_MAX)
		replica_lies(r, index, "shows without end what no other replica has");
}

/* Takes what stands at the least place off all replicas that show it. */
static void merge_one(struct replication *r, uint32_t least)
{
	struct page_item *head = r->replicas[least].reading.first;
	struct place place = head->place;
	struct stream_state *s = stream_get(r, &place.sender, &place.session);
	bool pushed = true;
	uint8_t from = 0;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct page_item *other = r->replicas[i].reading.first;

		if (other == NULL || place_compare(&other->place, &place) != 0)
			continue;
		from |= BIT(i);
		pushed = pushed && other->pushed;
		stream_brought(r, s, i, other->pushed);
	}
	if (place_compare(&place, &r->merged) > 0)
		r->merged = place;
	if (is_done(s, place.number)) {
		stream_tell(r, s, from, place.number);
	} else {
		count_alone(r, from);
		const struct said said = {
			view_of(head->said, head->text_size),
			view_of(head->said + head->text_size, head->audience_size),
		};

		r->merge_for = add_candidate(r, s, from, &place, !pushed, true, &said);
		try_stream(r, s);
	}
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (from & BIT(i))
			pop(&r->replicas[i].reading);
}

/* Until a candidate is to be handed out first, a page is missing, or nothing is left. */
static void merge(struct replication *r)
{
	while (r->merging && r->merge_for == NULL) {
		bool waits;
		int least = least_head(r, &waits);

		if (least >= 0) {
			merge_one(r, (uint32_t)least);
			continue;
		}
		if (waits)
			return;
		r->merging = false;
	}
}

void mailbox_settle(struct replication *r)
{
	uint8_t joined = replication_joined(r);

	if (!r->session.active)
		return;
	if (r->held != NULL)
		try_held(r);
	merge(r);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((joined & BIT(i)) && r->replicas[i].reading.active)
			want_page(r, i);
	stream_settle(r);
}

/* ---- ends ---- */

void mailbox_lost(struct replication *r, uint32_t index)
{
	clear_list(&r->replicas[index].reading);
}

void mailbox_clear(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct reading *reading = &r->replicas[i].reading;
		bool asked = reading->asked;

		clear_list(reading);
		reading->asked = asked;
		reading->back = asked; /* its answer is of no use any more */
	}
	for (struct stream_state *s = r->held; s != NULL; s = r->held) {
		while (s->candidates != NULL)
			drop_candidate(r, s);
		unhold(r, s);
	}
	r->merging = false;
	r->grace_ms = UINT64_MAX;
}
