/* SPDX-License-Identifier: MIT
 *
 * Whether a reply can be one to its request. The form of both was checked when they were decoded;
 * here they are compared. A replica that is broken, or lies, is found out by this before anybody
 * acts on what it says: it goes back in a list, answers about others than was asked, or shows what
 * proves nothing.
 *
 * Every rule holds for each reply by itself and costs no more than reading it.
 */
#include "base/sha256.h"
#include "protocol/private.h"

/* An account that is gone must be the one that was asked about, and prove itself, but for a stamp:
 * only replicas can check that. */
static const char *is_not_gone(const struct entry *entry, const struct id *id)
{
	if (!id_equal(&entry->id, id))
		return "answers about another account";
	const struct tombstone t = entry_tombstone(entry);

	return auth_tombstone_fits(&t) ? NULL : "says without a proof that an account is gone";
}

/* Anybody can make up an id, and not one that fits a name. */
static const char *is_not_alive(const struct entry *entry)
{
	return auth_id_fits(&entry->id, entry->name, entry->middle, entry->lock)
	               ? NULL
	               : "shows an account whose id does not fit its name";
}

/* An entry for the id that was asked about, or of a sender. */
static const char *is_not_shown(const struct entry *entry, const struct id *id)
{
	switch (entry->state) {
	case ENTRY_ALIVE:
		return is_not_alive(entry);
	case ENTRY_GONE:
		return is_not_gone(entry, id);
	default:
		return NULL;
	}
}

/* ---- accounts ---- */

static const char *found(const struct frame *request, const struct frame *reply)
{
	struct view suffix = request->lookup_name.suffix;
	struct reader r = reader_of(reply->entries.entries);
	struct entry entry;

	while (protocol_next_entry(&r, &entry)) {
		char text[ID_TEXT_SIZE + 1];

		id_to_text(&entry.id, text);
		if (!name_equal(entry.name, request->lookup_name.name) ||
		    memcmp(text + ID_TEXT_SIZE - suffix.size, suffix.data, suffix.size) != 0)
			return "finds an account of another name";
		if (is_not_alive(&entry) != NULL)
			return is_not_alive(&entry);
	}
	return NULL;
}

static const char *entries(const struct frame *request, const struct frame *reply)
{
	struct reader ids = reader_of(request->lookup_id.ids);
	struct reader r = reader_of(reply->entries.entries);
	struct entry entry;
	struct id id;

	while (protocol_next_id(&ids, &id)) {
		const char *why;

		if (!protocol_next_entry(&r, &entry) || !id_equal(&entry.id, &id))
			return "answers about another account";
		why = is_not_shown(&entry, &id);
		if (why != NULL)
			return why;
	}
	return reader_left(&r) == 0 ? NULL : "answers more than it was asked";
}

/* INTRODUCE, HANDOVER and CONFIRM. The holder of a name is another account; only CONFIRM does not
 * say of which name. */
static const char *introduced(const struct frame *request, const struct frame *reply)
{
	const struct entry *entry = &reply->introduced.entry;
	bool is_confirm = request->type == FRAME_CONFIRM;
	const struct id *id = is_confirm ? &request->confirm.id : &request->introduce.id;

	if (reply->status == STATUS_GONE)
		return is_not_gone(entry, id);
	if (reply->status == STATUS_TAKEN &&
	    (id_equal(&entry->id, id) ||
	     (!is_confirm && !name_equal(entry->name, request->introduce.name))))
		return "names a holder of another name";
	return reply->status == STATUS_TAKEN ? is_not_alive(entry) : NULL;
}

/* The session that is or was here is not smaller. */
static const char *logged_in(const struct frame *request, const struct frame *reply)
{
	int order;

	if (reply->status == STATUS_GONE)
		return is_not_gone(&reply->logged_in.entry, &request->login.id);
	if (reply->status != STATUS_TAKEN_OVER)
		return NULL;
	order = ulid_compare(&reply->logged_in.session, &request->login.session);
	return order > 0 || (order == 0 && reply->logged_in.dial >= request->login.dial)
	               ? NULL
	               : "names a smaller session as the larger one";
}

/* ---- lists ---- */

static const char *sent(const struct frame *request, const struct frame *reply)
{
	return reply->sent.results.size / RESULT_SIZE == request->send.count
	               ? NULL
	               : "answers for other recipients";
}

/* At least one answer, of the streams in their order. */
static const char *streams(const struct frame *request, const struct frame *reply)
{
	struct reader questions = reader_of(request->streams.streams);
	struct reader r = reader_of(reply->streams.streams);
	struct stream_item question, answer;
	uint32_t count = 0;

	for (; protocol_next_answer(&r, &answer); count++) {
		const char *why;

		if (!protocol_next_question(&questions, &question) ||
		    !id_equal(&answer.sender, &question.sender))
			return "answers about another stream";
		why = is_not_shown(&answer.entry, &question.sender);
		if (why != NULL)
			return why;
	}
	return count > 0 ? NULL : "answers about no stream";
}

/* Behind the place that was asked for, in order, and up to the place that it names. */
static const char *paged(const struct frame *request, const struct frame *reply)
{
	struct reader r = reader_of(reply->paged.messages);
	struct place before = request->page.after;
	struct message_item item;

	while (protocol_next_message(&r, &item)) {
		struct place place = { item.sent_ms, item.sender, item.session, item.number };

		if (place_compare(&place, &before) <= 0)
			return "shows a mailbox out of order";
		before = place;
	}
	if (reply->paged.messages.size == 0 && !reply->paged.last)
		return "shows an empty page that is not the last";
	return place_compare(&before, &reply->paged.upto) <= 0 ? NULL
	                                                       : "shows messages beyond its page";
}

/* The digest of the entries, as LIST's reply has it. */
static bool digest_is_right(const struct frame *reply)
{
	uint8_t last = reply->listed.last;
	uint8_t digest[SHA256_SIZE];
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, &last, 1);
	if (reply->listed.entries.size > 0)
		sha256_update(&h, reply->listed.entries.data, reply->listed.entries.size);
	sha256_final(&h, digest);
	return memcmp(digest, reply->listed.digest, KEY_SIZE) == 0;
}

/* By name, and of one name by id. */
static int compare_listed(struct view name_a, const struct id *a, struct view name_b,
                          const struct id *b)
{
	int order = name_compare(name_a, name_b);

	return order != 0 ? order : id_compare(a, b);
}

static const char *listed(const struct frame *request, const struct frame *reply)
{
	struct view prefix = request->list.prefix;
	struct view name = request->list.after_name;
	struct id id = request->list.after;
	struct reader r = reader_of(reply->listed.entries);
	struct list_item item;

	if (reply->flags != request->flags)
		return "lists in another form than it was asked";
	if (reply->listed.count > request->list.count)
		return "lists more than it was asked";
	if (reply->listed.count < request->list.count && !reply->listed.last)
		return "lists fewer than it was asked, and says that there are more";
	if ((reply->flags & FLAG_DIGEST) != 0)
		return NULL;
	while (protocol_next_listed(&r, &item)) {
		if (compare_listed(name, &id, item.name, &item.id) >= 0)
			return "lists accounts out of order";
		if (!name_starts_with(item.name, prefix))
			return "lists a name that was not asked for";
		name = item.name;
		id = item.id;
	}
	return digest_is_right(reply) ? NULL : "lists what is not of its digest";
}

/* ---- operators ---- */

static const char *digested(const struct frame *request, const struct frame *reply)
{
	struct reader r = reader_of(request->digest.bounds);
	struct bound bound = bound_begin();
	size_t count = 0;

	while (protocol_next_bound(&r, &bound))
		count++;
	return reply->digested.parts.size / PART_SIZE == count ? NULL : "answers about other parts";
}

/* Parts from the beginning of the range to its end, each with as many elements as were asked for.
 * The last one may have fewer, and more if there are as many parts as there may be. */
static const char *split(const struct frame *request, const struct frame *reply)
{
	struct reader r = reader_of(reply->split_reply.parts);
	struct bound before = request->split.after;
	struct split_part part = { .upto = bound_begin() };
	uint32_t parts = 0;

	while (protocol_next_split(&r, &part)) {
		bool is_last = reader_left(&r) == 0;

		if (bound_compare(&part.upto, &before) <= 0)
			return "splits another range";
		if (is_last ? parts + 1 < PARTS_MAX && part.part.count > request->split.step
		            : part.part.count != request->split.step)
			return "splits into other parts";
		parts++;
		before = part.upto;
	}
	return bound_compare(&before, &request->split.upto) == 0 ? NULL : "splits another range";
}

/* In order, of the range and of the set, and at least one if there are more. */
static const char *element_page(const struct frame *request, const struct frame *reply)
{
	struct reader r = reader_of(reply->element_page.facts);
	struct bound before = request->elements.after;
	const struct bound *reached = &reply->element_page.reached;
	struct fact fact;

	if (bound_compare(reached, &request->elements.after) <= 0 ||
	    bound_compare(reached, &request->elements.upto) > 0)
		return "shows elements that are not of the range";
	while (protocol_next_fact(&r, &fact)) {
		bool is_gone = fact.kind == FACT_TOMBSTONE || fact.kind == FACT_BURIAL;
		const struct bound bound = bound_of(&fact);

		if (bound_compare(&before, &bound) >= 0)
			return "shows elements out of order";
		if ((request->elements.set & (is_gone ? SET_GONE : SET_LIVE)) == 0)
			return "shows elements of another set";
		before = bound;
	}
	if (bound_compare(&before, reached) > 0)
		return "shows elements that are not of the range";
	if (reply->element_page.facts.size == 0 &&
	    bound_compare(reached, &request->elements.upto) != 0)
		return "shows an empty page that is not the last";
	return NULL;
}

/* ---- the table ---- */

typedef const char *rule(const struct frame *request, const struct frame *reply);

/* Replies of other types, and refusals with nothing behind them, have nothing to be compared. */
static rule *const rules[FRAME_TYPE_REQUEST_END] = {
	[FRAME_LOOKUP_NAME] = found,    [FRAME_LOOKUP_ID] = entries,
	[FRAME_INTRODUCE] = introduced, [FRAME_HANDOVER] = introduced,
	[FRAME_RENEW] = introduced,     [FRAME_CONFIRM] = introduced,
	[FRAME_LOGIN] = logged_in,      [FRAME_SEND] = sent,
	[FRAME_STREAMS] = streams,      [FRAME_PAGE] = paged,
	[FRAME_LIST] = listed,          [FRAME_DIGEST] = digested,
	[FRAME_SPLIT] = split,          [FRAME_ELEMENTS] = element_page,
};

bool protocol_is_compared(uint8_t type)
{
	assert(type < FRAME_TYPE_REQUEST_END);
	return rules[type] != NULL;
}

const char *protocol_contradiction(const struct frame *request, const struct frame *reply)
{
	bool is_refusal = reply->status != STATUS_OK && reply->status != STATUS_GONE &&
	                  reply->status != STATUS_TAKEN && reply->status != STATUS_TAKEN_OVER;

	assert(request->type < FRAME_TYPE_REQUEST_END);
	assert(reply->type == (request->type | FRAME_REPLY));
	return rules[request->type] == NULL || is_refusal ? NULL
	                                                  : rules[request->type](request, reply);
}
