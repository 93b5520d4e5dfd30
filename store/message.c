/* SPDX-License-Identifier: MIT
 *
 * store/message: live messages in their two orders, and the shares that limit them.
 *
 * A message stands in two trees. That of its stream, by number, tells whether a message is held,
 * and which messages a burial covers and how large they are. That of its mailbox, by place, tells
 * which message is shown next. In ordinary traffic both grow at their end, which is fast. One tree
 * of all messages by key was the alternative: at ten million messages a look-up in it costs some
 * twenty cache misses.
 */
#include "base/bug.h"
#include "base/sha256.h"
#include "store/private.h"

/* ---- orders ---- */

static int compare_number(const void *context, const void *key, uint32_t element)
{
	uint64_t number = *(const uint64_t *)key;
	uint64_t held = message_at(context, element)->number;

	return (number > held) - (number < held);
}

uint32_t message_weight(const struct message_slot *slot)
{
	return (uint32_t)slot->size + slot->audience_size;
}

static uint64_t weigh_message(const void *context, uint32_t element)
{
	return message_weight(message_at(context, element));
}

const struct tree_order message_number_order = { compare_number, weigh_message };

static int compare_place(const void *context, const void *key, uint32_t element)
{
	const struct store *s = context;
	const struct place *place = key;
	const struct message_slot *slot = message_at(s, element);

	if (place->sent_ms != slot->sent_ms)
		return place->sent_ms < slot->sent_ms ? -1 : 1;
	const struct stream_slot *stream = stream_at(s, slot->stream);
	int order = id_compare(&place->sender, &ident_at(s, stream->sender)->id);

	if (order == 0)
		order = ulid_compare(&place->session, &ident_session_at(s, stream->session)->ulid);
	return order ? order : (place->number > slot->number) - (place->number < slot->number);
}

const struct tree_order message_place_order = { compare_place, NULL };

static int compare_share(const void *context, const void *key, uint32_t element)
{
	uint32_t sender = *(const uint32_t *)key;
	uint32_t held = share_at(context, element)->sender;

	return (sender > held) - (sender < held);
}

const struct tree_order share_order = { compare_share, NULL };

/* ---- shares ----
 * What one sender has in one mailbox is a record. His streams there point to it while messages of
 * them are held, so a message finds it without a search. What he sent to unknown ids is counted a
 * second time, all together, in a share of his ident. When such an id becomes known, the records in
 * its mailbox say how much to take off; that is done in slices, so each says whether it still
 * counts there. */

/* Counts what a sender has sent to unknown ids. The share is made with the first message. */
static void unknown_add(struct store *s, uint32_t sender, uint64_t messages, uint64_t bytes)
{
	struct ident *ident = ident_at(s, sender);

	if (!ident->unknown) {
		ident->unknown = arena_alloc(s->arena, sizeof(struct share));
		*share_at(s, ident->unknown) = (struct share){ .sender = sender };
	}
	struct share *share = share_at(s, ident->unknown);

	share->messages += (uint32_t)messages;
	share->bytes += bytes;
}

/* The share goes with the last message. */
static void unknown_subtract(struct store *s, uint32_t sender, uint64_t messages, uint64_t bytes)
{
	struct ident *ident = ident_at(s, sender);

	if (messages == 0)
		return;
	struct share *share = share_at(s, ident->unknown);

	assert(share->messages >= messages);
	assert(share->bytes >= bytes);
	share->messages -= (uint32_t)messages;
	share->bytes -= bytes;
	if (share->messages > 0)
		return;
	assert(share->bytes == 0);
	arena_free(s->arena, ident->unknown);
	ident->unknown = 0;
}

/* The share of a sender in a mailbox, made if there is none. */
static uint32_t share_get(struct store *s, struct mailbox *mailbox, uint32_t sender)
{
	struct tree_use use = store_use(s, &share_order);
	uint32_t handle = tree_find(&use, mailbox->shares, &sender);

	if (handle)
		return handle;
	handle = arena_alloc(s->arena, sizeof(struct share));
	*share_at(s, handle) = (struct share){ .sender = sender,
		                               .streams = stream_count_from(s, mailbox, sender),
		                               .in_unknown = ident_at(s, mailbox->ident)->state ==
		                                             STORE_UNKNOWN };
	tree_add(&use, &mailbox->shares, &sender, handle);
	return handle;
}

static void leave_unknown(struct store *s, struct share *share)
{
	if (share->in_unknown)
		unknown_subtract(s, share->sender, share->messages, share->bytes);
	share->in_unknown = false;
}

bool share_leave_unknown(struct store *s, const struct mailbox *mailbox, uint32_t *sender)
{
	struct tree_use use = store_use(s, &share_order);
	uint32_t handle = tree_next(&use, mailbox->shares, sender, NULL);

	if (!handle)
		return false;
	*sender = share_at(s, handle)->sender;
	leave_unknown(s, share_at(s, handle));
	return true;
}

void share_free(struct store *s, uint32_t handle)
{
	leave_unknown(s, share_at(s, handle));
	arena_free(s->arena, handle);
}

void message_make_stream(struct store *s, const struct stream *stream, struct store_found *found)
{
	struct tree_use use = store_use(s, &share_order);

	if (found->stream)
		return;
	stream_make(s, stream, found);
	const struct mailbox *mailbox = mailbox_at(s, stream_at(s, found->stream)->mailbox);
	uint32_t handle = tree_find(&use, mailbox->shares, &found->sender);

	if (handle)
		share_at(s, handle)->streams++;
}

/* Streams of a sender in a mailbox of which no message is held. `handle` is his share there; 0: no
 * message of any of them is held. */
static uint32_t read_streams(const struct store *s, const struct mailbox *mailbox, uint32_t sender,
                             uint32_t handle)
{
	if (handle)
		return share_at(s, handle)->streams - share_at(s, handle)->live;
	return stream_count_from(s, mailbox, sender);
}

void share_used(const struct store *s, const struct store_found *found, uint32_t *messages,
                uint64_t *bytes)
{
	struct tree_use use = store_use(s, &share_order);
	const struct ident *recipient = found->recipient ? ident_at(s, found->recipient) : NULL;
	const struct mailbox *mailbox = NULL;
	uint32_t handle = 0; /* of the share that counts */
	bool is_unknown = recipient == NULL || recipient->state == STORE_UNKNOWN;

	*messages = 0;
	*bytes = 0;
	if (!found->sender)
		return;
	if (recipient != NULL && recipient->mailbox)
		mailbox = mailbox_at(s, recipient->mailbox);
	if (is_unknown)
		handle = ident_at(s, found->sender)->unknown;
	else if (mailbox != NULL && found->stream && stream_at(s, found->stream)->live)
		handle = stream_live_at(s, stream_at(s, found->stream)->live)->share;
	else if (mailbox != NULL)
		handle = tree_find(&use, mailbox->shares, &found->sender);
	if (handle) {
		*messages = share_at(s, handle)->messages;
		*bytes = share_at(s, handle)->bytes;
	}
	if (mailbox != NULL && !is_unknown)
		*messages += read_streams(s, mailbox, found->sender, handle);
	if (mailbox != NULL && found->sender == found->recipient)
		*messages += mailbox->strange;
}

/* Mostly it is asked of the last message, whose handles are at hand. */
void store_share(const struct store *s, const struct id *recipient, const struct id *sender,
                 uint32_t *messages, uint64_t *bytes)
{
	struct store_found found = s->last;

	assert(s->magic == STORE_MAGIC);
	if (!found.sender || !id_equal(&ident_at(s, found.sender)->id, sender) ||
	    !id_equal(&ident_at(s, found.recipient)->id, recipient))
		found = (struct store_found){ .recipient = ident_find(s, recipient),
			                      .sender = ident_find(s, sender) };
	share_used(s, &found, messages, bytes);
}

/* ---- counts ----
 *
 *   what                          counts                            ghosts
 *   share (messages, bytes)       a sender's in a mailbox           no
 *   ident.unknown                 a sender's to all unknown ids     no
 *   mailbox.message_count         of the mailbox                    no
 *   totals.messages               of the store                      no
 *   mailbox.sum, totals.sum       hashes, of messages and ranges    yes, until they are freed
 */

/* Puts a message into all counts: the share, the mailbox, the whole. message_uncount does the
 * opposite for many. */
static void message_count(struct store *s, const struct stream_slot *slot, uint64_t bytes)
{
	struct mailbox *mailbox = mailbox_at(s, slot->mailbox);
	struct share *share = share_at(s, stream_live_at(s, slot->live)->share);

	share->messages++;
	share->bytes += bytes;
	if (share->in_unknown)
		unknown_add(s, slot->sender, 1, bytes);
	mailbox->message_count++;
	s->totals.messages++;
}

void message_uncount(struct store *s, const struct stream_slot *slot, uint64_t messages,
                     uint64_t bytes)
{
	struct mailbox *mailbox = mailbox_at(s, slot->mailbox);
	struct share *share = share_at(s, stream_live_at(s, slot->live)->share);

	assert(share->messages >= messages);
	assert(share->bytes >= bytes);
	assert(mailbox->message_count >= messages);
	share->messages -= (uint32_t)messages;
	share->bytes -= bytes;
	if (share->in_unknown)
		unknown_subtract(s, slot->sender, messages, bytes);
	mailbox->message_count -= messages;
	s->totals.messages -= messages;
}

/* ---- messages ---- */

/* None of these places is in a cache, but none depends on another: so the waits overlap. */
void message_prefetch(const struct store *s, const struct stream_slot *slot)
{
	arena_prefetch(s->arena, mailbox_at(s, slot->mailbox)->messages);
	if (!slot->live)
		return;
	arena_prefetch(s->arena, stream_live_at(s, slot->live)->messages);
	arena_prefetch(s->arena, stream_live_at(s, slot->live)->share);
}

uint32_t message_find(const struct store *s, const struct stream_slot *slot, uint64_t number)
{
	struct tree_use use = store_use(s, &message_number_order);

	if (!slot->live || number > stream_live_at(s, slot->live)->number_max)
		return 0;
	return tree_find(&use, stream_live_at(s, slot->live)->messages, &number);
}

uint64_t message_runs(const struct store *s, const struct stream_slot *slot)
{
	return slot->live ? stream_live_at(s, slot->live)->runs : stream_range_count(s, slot);
}

/* Whether a number is held or dead. The largest number that was ever held is one of both, and need
 * not be searched. */
static bool is_used(const struct store *s, const struct stream_slot *slot, uint64_t number)
{
	if (slot->live && number == stream_live_at(s, slot->live)->number_max)
		return number > 0;
	return stream_range_covers(s, slot, number) || message_find(s, slot, number);
}

uint32_t message_near(const struct store *s, const struct stream_slot *slot, uint64_t number)
{
	return (uint32_t)is_used(s, slot, number - 1) + is_used(s, slot, number + 1);
}

/* Whether the text is held as a text_slot. */
static bool is_long(const struct message_slot *slot)
{
	return slot->size > STORE_TEXT_SHARED;
}

/* The handle of its text_slot or said_slot, which stands in the place of the text. */
static uint32_t other_slot(const struct message_slot *slot)
{
	uint32_t handle;

	assert(is_long(slot) || slot->is_said);
	memcpy(&handle, slot->text, sizeof handle);
	return handle;
}

/* Where the audience begins: behind the text, or behind the handle of a long one. */
static size_t audience_offset(const struct message_slot *slot)
{
	return is_long(slot) ? sizeof(uint32_t) : slot->size;
}

/* The content as it came in. It has the digest of a long text, which need not be computed again. */
static struct content content_of(const struct store *s, const struct message_slot *slot)
{
	const uint8_t *bytes = slot->is_said ? said_at(s, other_slot(slot))->bytes : slot->text;
	struct content content = { .sent_ms = slot->sent_ms,
		                   .text = view_of(bytes, slot->size),
		                   .audience = view_of(bytes + audience_offset(slot),
		                                       slot->audience_size) };

	if (is_long(slot)) {
		const struct text_slot *text = text_at(s, other_slot(slot));

		/* While the text is awaited, data is NULL and size is not 0. No such view leaves
		 * the store. */
		content.text = (struct view){ text->data, text->size };
		content.digest = text->digest;
	}
	return content;
}

/* The hash of a held message, as store_fact_hash. */
static uint64_t message_hash(const struct store *s, uint32_t handle)
{
	const struct message_slot *slot = message_at(s, handle);
	struct content content = content_of(s, slot);
	struct stream stream;

	stream_fill(s, stream_at(s, slot->stream), &stream);
	return hash_message(&stream, slot->number, &content);
}

/* The text decides, then the audience. */
static int compare_said(const struct content *a, const struct content *b)
{
	int order = view_compare(a->text, b->text);

	return order ? order : view_compare(a->audience, b->audience);
}

int message_compare(const struct store *s, const struct content *new, uint32_t held)
{
	struct content old = content_of(s, message_at(s, held));

	if (new->sent_ms != old.sent_ms)
		return new->sent_ms < old.sent_ms ? -1 : 1;
	if (new->text.data != NULL && (old.text.data != NULL || old.text.size == 0))
		return compare_said(new, &old);
	/* One of the texts has not come yet. If the digests are the same, the texts are. Else the
	 * text that is there wins: a text that never comes was buried. */
	if (new->text.size == old.text.size && old.digest != NULL) {
		uint8_t digest[KEY_SIZE];

		if (new->digest != NULL)
			memcpy(digest, new->digest, KEY_SIZE);
		else
			sha256(new->text.data, new->text.size, digest);
		if (memcmp(digest, old.digest, KEY_SIZE) == 0)
			return view_compare(new->audience, old.audience);
	}
	return new->text.data == NULL ? 1 : -1;
}

bool message_awaits_text(const struct store *s, uint32_t handle)
{
	const struct message_slot *slot = message_at(s, handle);

	return is_long(slot) && text_at(s, other_slot(slot))->data == NULL;
}

/* What a stream has while messages of it are held, made with the first of them. */
static uint32_t live_get(struct store *s, struct stream_slot *slot)
{
	struct mailbox *mailbox = mailbox_at(s, slot->mailbox);

	if (!slot->live) {
		slot->live = arena_alloc(s->arena, sizeof(struct stream_live));
		*stream_live_at(s, slot->live) = (struct stream_live){
			.share = share_get(s, mailbox, slot->sender),
			.runs = (uint32_t)stream_range_count(s, slot),
			.mark = BUG(mark_of_another) ? 1 : 0,
		};
		share_at(s, stream_live_at(s, slot->live)->share)->live++;
	}
	return slot->live;
}

/* A message that is in no tree and no count yet. */
static uint32_t slot_new(struct store *s, uint32_t stream, uint64_t number,
                         const struct content *content)
{
	bool is_said = said_is_shared(content);
	bool has_other = is_said || content->text.size > STORE_TEXT_SHARED;
	size_t size = has_other ? sizeof(uint32_t) : content->text.size;
	struct view audience = is_said ? view_of(NULL, 0) : content->audience;
	uint32_t handle = arena_alloc(s->arena, sizeof(struct message_slot) + size + audience.size);
	struct message_slot *slot = message_at(s, handle);

	*slot = (struct message_slot){ .stream = stream,
		                       .size = (uint32_t)content->text.size & MESSAGE_TEXT_MASK,
		                       .is_said = is_said,
		                       .audience_size = (uint32_t)content->audience.size &
		                                        MESSAGE_AUDIENCE_MASK,
		                       .number = number,
		                       .sent_ms = content->sent_ms };
	if (has_other) {
		uint32_t other = is_said ? said_get(s, content)
		                         : text_get(s, content->text, content->digest);

		memcpy(slot->text, &other, sizeof other);
	} else if (size > 0) {
		memcpy(slot->text, content->text.data, size);
	}
	if (audience.size > 0)
		memcpy(slot->text + size, audience.data, audience.size);
	return handle;
}

/* Where a message stands in its recipient's mailbox. */
static struct place place_of_slot(const struct store *s, const struct message_slot *slot)
{
	const struct stream_slot *stream = stream_at(s, slot->stream);

	return (struct place){ .sent_ms = slot->sent_ms,
		               .sender = ident_at(s, stream->sender)->id,
		               .session = ident_session_at(s, stream->session)->ulid,
		               .number = slot->number };
}

void message_add(struct store *s, uint32_t handle, const struct stream *stream, uint64_t number,
                 const struct content *content)
{
	struct tree_use numbers = store_use(s, &message_number_order);
	struct tree_use places = store_use(s, &message_place_order);
	struct stream_slot *slot = stream_at(s, handle);
	struct mailbox *mailbox = mailbox_at(s, slot->mailbox);
	struct stream_live *live = stream_live_at(s, live_get(s, slot));
	uint32_t message = slot_new(s, handle, number, content);
	struct place place = { content->sent_ms, stream->sender, stream->session, number };
	struct content held = content_of(s, message_at(s, message));
	uint64_t hash = hash_message(stream, number, &held);

	/* Nearly every message comes after all others. Then nothing need be compared, which would
	 * read a message that is in no cache, twice. */
	if (number > live->number_max)
		tree_append(&numbers, &live->messages, message);
	else
		tree_add(&numbers, &live->messages, &number, message);
	if (content->sent_ms > mailbox->sent_ms_max)
		tree_append(&places, &mailbox->messages, message);
	else
		tree_add(&places, &mailbox->messages, &place, message);
	if (number > live->number_max)
		live->number_max = number;
	if (content->sent_ms > mailbox->sent_ms_max)
		mailbox->sent_ms_max = content->sent_ms;
	message_count(s, slot, message_weight(message_at(s, message)));
	mailbox->sum += hash;
	s->totals.sum += hash;
}

void message_free(struct store *s, uint32_t handle)
{
	const struct message_slot *slot = message_at(s, handle);

	if (slot->is_said)
		said_release(s, other_slot(slot));
	else if (is_long(slot))
		text_release(s, other_slot(slot));
	arena_free(s->arena, handle);
}

/* The last message of a stream has gone, and with the last such stream the sender's share. */
static void live_free(struct store *s, struct stream_slot *slot)
{
	struct tree_use use = store_use(s, &share_order);
	struct mailbox *mailbox = mailbox_at(s, slot->mailbox);
	uint32_t handle = stream_live_at(s, slot->live)->share;
	struct share *share = share_at(s, handle);

	assert(stream_live_at(s, slot->live)->messages == 0);
	arena_free(s->arena, slot->live);
	slot->live = 0;
	if (--share->live > 0)
		return;
	assert(share->messages == 0);
	assert(share->bytes == 0);
	(void)tree_remove(&use, &mailbox->shares, &slot->sender); /* it is `handle` */
	arena_free(s->arena, handle);
}

/* The sum of a detached mailbox was taken out of the whole when it was detached. */
void message_drop(struct store *s, uint32_t handle)
{
	struct tree_use numbers = store_use(s, &message_number_order);
	struct tree_use places = store_use(s, &message_place_order);
	const struct message_slot *message = message_at(s, handle);
	struct stream_slot *slot = stream_at(s, message->stream);
	struct mailbox *mailbox = mailbox_at(s, slot->mailbox);
	struct stream_live *live = stream_live_at(s, slot->live);
	struct place place = place_of_slot(s, message);
	uint64_t hash = message_hash(s, handle);
	uint32_t removed = tree_remove(&numbers, &live->messages, &message->number);

	assert(removed == handle);
	removed = tree_remove(&places, &mailbox->messages, &place);
	assert(removed == handle);
	mailbox->sum -= hash;
	if (!mailbox->detached)
		s->totals.sum -= hash;
	message_free(s, handle);
	if (!live->messages)
		live_free(s, slot);
}

void message_fill(const struct store *s, uint32_t handle, struct message *message)
{
	const struct message_slot *slot = message_at(s, handle);
	struct content content = content_of(s, slot);

	stream_fill(s, stream_at(s, slot->stream), &message->stream);
	message->number = slot->number;
	message->sent_ms = slot->sent_ms;
	message->text = content.text.data == NULL ? view_of(NULL, 0) : content.text;
	message->audience = content.audience;
}

/* The held message of a key; NULL: it is not held. */
static const struct message_slot *held_at(const struct store *s, const struct message *message)
{
	struct store_found found;

	assert(s->magic == STORE_MAGIC);
	stream_find(s, &message->stream, &found);
	uint32_t handle = found.stream
	                          ? message_find(s, stream_at(s, found.stream), message->number)
	                          : 0;

	return handle ? message_at(s, handle) : NULL;
}

/* The long text of a held message; NULL if the message is not held or its text is short. */
static struct text_slot *text_of(const struct store *s, const struct message *message)
{
	const struct message_slot *held = held_at(s, message);

	return held != NULL && is_long(held) ? text_at(s, other_slot(held)) : NULL;
}

uint64_t *store_said_mark(struct store *s, const struct message *message)
{
	const struct message_slot *held = held_at(s, message);
	struct said_slot *said;

	if (held == NULL || !held->is_said)
		return NULL;
	said = said_at(s, other_slot(held));
	return said->users > 1 ? &said->mark : NULL;
}

bool store_text_digest(const struct store *s, const struct message *message,
                       uint8_t digest[KEY_SIZE])
{
	const struct text_slot *text = text_of(s, message);

	if (text == NULL)
		return false;
	memcpy(digest, text->digest, KEY_SIZE);
	return true;
}

bool store_text_once(struct store *s, const struct message *message, uint64_t mark,
                     uint8_t digest[KEY_SIZE], bool *is_first)
{
	struct text_slot *text = text_of(s, message);

	assert(mark != 0);
	if (text == NULL || !view_equal(view_of(text->data, text->size), message->text))
		return false;
	memcpy(digest, text->digest, KEY_SIZE);
	*is_first = text->mark != mark;
	text->mark = mark;
	return true;
}

/* ---- checking ---- */

/* The messages of a mailbox are in order of place, each is in its stream's tree too, and those that
 * are not ghosts are counted. Adds their hashes to the sum. */
static void places_check(const struct store *s, const struct mailbox *mailbox, uint64_t *sum)
{
	struct tree_use places = store_use(s, &message_place_order);
	struct place after = { 0 };
	uint64_t alive = 0;

	tree_check(&places, mailbox->messages);
	for (uint32_t h; (h = tree_next(&places, mailbox->messages, &after, NULL)) != 0;) {
		const struct message_slot *slot = message_at(s, h);
		struct place place = place_of_slot(s, slot);

		assert(place_compare(&after, &place) < 0);
		assert(message_find(s, stream_at(s, slot->stream), slot->number) == h);
		if (stream_range_covers(s, stream_at(s, slot->stream), slot->number))
			assert(s->work_given != s->work_done);
		else
			alive++;
		*sum += message_hash(s, h);
		after = place;
	}
	assert(alive == mailbox->message_count);
}

/* The shares of a mailbox are in order and in use. Gives the messages in all of them. */
static uint64_t shares_check(const struct store *s, const struct mailbox *mailbox)
{
	struct tree_use use = store_use(s, &share_order);
	uint64_t messages = 0;
	uint32_t sender = 0;

	tree_check(&use, mailbox->shares);
	for (uint32_t h; (h = tree_next(&use, mailbox->shares, &sender, NULL)) != 0;) {
		const struct share *share = share_at(s, h);

		assert(share->sender > sender);
		assert(share->live > 0);
		assert(share->streams == stream_count_from(s, mailbox, share->sender));
		sender = share->sender;
		messages += share->messages;
	}
	return messages;
}

/* Each mailbox's sum of hashes is that of its messages and ranges, and both kinds of trees hold the
 * same number of messages. */
void message_check(const struct store *s)
{
	struct tree_use use = store_use(s, &mailbox_order);
	struct tree_use streams = store_use(s, &stream_order);
	struct tree_use numbers = store_use(s, &message_number_order);
	struct id id = { { 0 } };

	for (uint32_t h; (h = tree_next(&use, s->mailboxes, &id, NULL)) != 0;) {
		const struct mailbox *mailbox = mailbox_at(s, h);
		struct stream stream = { .session = { { 0 } } };
		uint64_t sum = 0;
		uint64_t in_streams = 0;

		places_check(s, mailbox, &sum);
		assert(shares_check(s, mailbox) == mailbox->message_count);
		for (uint32_t at;
		     (at = tree_next(&streams, mailbox->streams, &stream, NULL)) != 0;) {
			const struct stream_slot *slot = stream_at(s, at);
			struct range range;

			stream_fill(s, slot, &stream);
			for (uint64_t n = 0; stream_range_from(s, slot, n, &range);
			     n = range.last + 1)
				sum += hash_range(&stream, &range);
			if (!slot->live)
				continue;
			tree_check(&numbers, stream_live_at(s, slot->live)->messages);
			in_streams += tree_count(s->arena, stream_live_at(s, slot->live)->messages);
		}
		assert(in_streams == tree_count(s->arena, mailbox->messages));
		assert(sum == mailbox->sum);
		id = ident_at(s, mailbox->ident)->id;
	}
}
