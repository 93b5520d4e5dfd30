/* SPDX-License-Identifier: MIT
 *
 * session/operator: requests of repair: questions about ranges of elements, and facts that it
 * brings.
 *
 *   DIGEST     the range is cut at bounds that the question gives: a digest of each part
 *   SPLIT      the replica cuts the range itself: a bound and a digest of each part
 *   ELEMENTS   the elements themselves, a page of them
 *   STORE      facts of another replica, to be added here
 *   FIGURES    how the replica is, which the caller answers: it knows the disk and the clock, too
 *
 * A question walks the store in order of key. That may be all of the store, so it goes in slices.
 * Between two slices the store may change: the walk does not see what changes behind its place. No
 * answer needs to be of one instant: if it missed a difference, or saw one that was none, the next
 * question finds out.
 *
 * Facts are stored without limits, because another replica has accepted them already. Only a full
 * disk refuses additions. Proofs are checked as for any copy, since the operator's machine may be
 * wrong: an id that does not vouch for its account would be wrong on three replicas.
 */
#include "base/bug.h"
#include "session/private.h"

enum {
	SURVEY_COST_MAX = 1000, /* of a slice: an element is 1, and so are this many bytes: */
	SURVEY_COST_BYTES = 128,
	STORE_COST_MAX = 512, /* of a slice: a message is 1, and so are TEXT_COST_BYTES of it */
	PROOF_COST = 16,      /* an account or a tombstone, which are checked by some hashes */
	TEXT_COST_BYTES = 2048,
};

/* ---- the walk ---- */

/* The key after which a walk begins that begins at a bound. False if no element can come after the
 * bound. A number above all numbers, as a bound may have, is the largest number. */
static bool key_of_bound(const struct bound *bound, struct store_key *key)
{
	const uint8_t *from = bound->bytes;
	uint64_t number = 0;

	if (from[0] > 1)
		return false;
	*key = (struct store_key){ .streams = from[0] };
	memcpy(key->account.bytes, from + 1, ID_SIZE);
	if (!key->streams)
		return true;
	memcpy(key->sender.bytes, from + 1 + ID_SIZE, ID_SIZE);
	memcpy(key->session.bytes, from + 1 + 2 * ID_SIZE, ULID_SIZE);
	for (size_t i = BOUND_SIZE - 8; i < BOUND_SIZE; i++)
		number = number << 8 | from[i];
	key->number = number < NUMBER_MAX ? number : NUMBER_MAX;
	return true;
}

static bool is_in_set(const struct fact *fact, uint8_t set)
{
	bool is_gone = fact->kind == FACT_TOMBSTONE || fact->kind == FACT_BURIAL;

	return (set & (is_gone ? SET_GONE : SET_LIVE)) != 0;
}

/* The element that a walk comes to next. */
struct survey_element {
	struct fact fact;
	struct bound bound;   /* where it stands; bound_end() at the end of the store */
	struct store_key key; /* the walk's place when it has passed the element */
};

/* The next element of the set. The walk passes over what is not in the set, but not over this
 * element (survey_slice). False if the slice ends here. */
static bool survey_peek(const struct sessions *s, struct survey *survey,
                        struct survey_element *next)
{
	for (; survey->cost < SURVEY_COST_MAX; survey->cost++) {
		next->key = survey->key;
		if (survey->is_over || !store_next(s->store, &next->key, &next->fact)) {
			survey->is_over = true;
			next->bound = bound_end();
			return true;
		}
		next->bound = bound_of(&next->fact);
		if (is_in_set(&next->fact, survey->set) ||
		    bound_compare(&next->bound, &survey->end) > 0)
			return true;
		survey->key = next->key;
	}
	return false;
}

/* Whether the walk is past a bound: it is at the end of the store, or the next element stands
 * behind the bound. */
static bool survey_is_past(const struct survey *survey, const struct survey_element *next,
                           const struct bound *bound)
{
	return survey->is_over || bound_compare(&next->bound, bound) > 0;
}

/* One slice of any question. It ends at once if nobody waits for the answer any more. */
static bool survey_slice(struct sessions *s, struct work *work)
{
	struct survey *survey = work->survey;
	struct survey_element next;

	work->cost += SURVEY_COST_MAX / 2; /* a slice takes about as many microseconds */
	survey->cost = 0;
	if (work->connection == SESSION_NONE)
		return true;
	while (survey_peek(s, survey, &next)) {
		if (survey->take(s, work, &next))
			return true;
		survey->key = next.key;
		survey->last = next.bound;
	}
	return false;
}

/* ---- parts: elements that are counted and digested together ---- */

static void part_begin(struct survey *survey)
{
	survey->count = 0;
	survey->size = 0;
	hmac_init(&survey->hmac, survey->nonce, KEY_SIZE);
}

/* An element is digested in the form in which frames carry it. */
static void part_add(struct sessions *s, struct survey *survey, const struct fact *fact)
{
	struct fact unmarked;

	if (BUG(digest_without_mark) && fact->kind == FACT_ACCOUNT) {
		unmarked = *fact;
		unmarked.account.confirmed = false;
		fact = &unmarked;
	}
	buf_clear(&s->scratch);
	session_must(protocol_put_fact(&s->scratch, fact));
	hmac_update(&survey->hmac, s->scratch.data, s->scratch.size);
	survey->count++;
	survey->size += s->scratch.size;
	survey->cost += 1 + (uint32_t)(s->scratch.size / SURVEY_COST_BYTES);
}

static struct digest_part part_end(struct survey *survey)
{
	uint8_t digest[SHA256_SIZE];
	struct digest_part part = {
		.count = survey->count < UINT32_MAX ? (uint32_t)survey->count : UINT32_MAX,
		.size = survey->size < UINT32_MAX ? (uint32_t)survey->size : UINT32_MAX,
	};

	hmac_final(&survey->hmac, digest);
	memcpy(part.digest, digest, DIGEST_SIZE);
	return part;
}

/* ---- digests at bounds that are given ---- */

/* The next bound of the question; false: there is none. */
static bool next_given(const struct work *work, struct survey *survey)
{
	struct reader r = reader_of(work->list);

	r.offset = survey->offset;
	bool is_there = protocol_next_bound(&r, &survey->upto);

	survey->offset = r.offset;
	return is_there;
}

/* An element may end many parts, all but the first of them empty. */
static bool digest_take(struct sessions *s, struct work *work, const struct survey_element *next)
{
	struct survey *survey = work->survey;

	while (survey_is_past(survey, next, &survey->upto)) {
		struct digest_part part = part_end(survey);

		session_must(protocol_put_part(&work->results, &part));
		if (!next_given(work, survey))
			return true;
		part_begin(survey);
	}
	part_add(s, survey, &next->fact);
	return false;
}

/* The last bound of the question, where its range ends. */
static struct bound last_bound(struct view bounds)
{
	struct reader r = reader_of(bounds);
	struct bound bound = bound_begin();

	while (protocol_next_bound(&r, &bound))
		continue;
	return bound;
}

/* What all questions begin with. `nonce`: of digests, or NULL if the question asks for none. */
static struct survey *survey_new(uint8_t set, const struct bound *after, const struct bound *end,
                                 const uint8_t *nonce)
{
	struct survey *survey = memory_alloc_zero(1, sizeof *survey);

	assert(bound_compare(after, end) < 0);
	survey->set = set;
	survey->end = *end;
	survey->last = *after;
	survey->upto = bound_begin();
	survey->is_over = !key_of_bound(after, &survey->key);
	if (nonce != NULL) {
		memcpy(survey->nonce, nonce, KEY_SIZE);
		part_begin(survey);
	}
	return survey;
}

static void digest_reply(const struct work *work, struct frame *reply)
{
	reply->digested.parts = buf_view(&work->results);
}

void session_digest(struct sessions *s, struct connection *c, const struct frame *frame)
{
	const struct bound end = last_bound(frame->digest.bounds);
	struct work work = { .slice = survey_slice,
		             .reply = digest_reply,
		             .list = frame->digest.bounds };

	work.survey = survey_new(frame->digest.set, &frame->digest.after, &end,
	                         frame->digest.nonce);
	work.survey->take = digest_take;
	bool is_there = next_given(&work, work.survey);

	assert(is_there);
	session_work_begin(s, c, &work, frame);
}

/* ---- parts whose bounds are ours ---- */

/* Ends a part at a bound, and puts it into the answer. */
static void put_split(struct work *work, const struct bound *upto)
{
	struct survey *survey = work->survey;
	const struct split_part split = { *upto, part_end(survey) };

	session_must(protocol_put_split(&work->results, &survey->upto, &split));
	assert(survey->parts < PARTS_MAX);
	survey->upto = *upto;
	survey->parts++;
}

/* A part has `step` elements. Only the last one has more, if there would be too many parts. */
static bool split_take(struct sessions *s, struct work *work, const struct survey_element *next)
{
	struct survey *survey = work->survey;

	if (survey_is_past(survey, next, &survey->end)) {
		put_split(work, &survey->end);
		return true;
	}
	if (survey->count >= survey->step && survey->parts < PARTS_MAX - 1) {
		struct bound upto = bound_between(&survey->last, &next->bound);

		put_split(work, &upto);
		part_begin(survey);
	}
	part_add(s, survey, &next->fact);
	return false;
}

static void split_reply(const struct work *work, struct frame *reply)
{
	reply->split_reply.parts = buf_view(&work->results);
}

void session_split(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct work work = { .slice = survey_slice, .reply = split_reply };

	work.survey = survey_new(frame->split.set, &frame->split.after, &frame->split.upto,
	                         frame->split.nonce);
	work.survey->take = split_take;
	work.survey->step = frame->split.step;
	session_work_begin(s, c, &work, frame);
}

/* ---- elements ---- */

/* A page has one element at least, however large. An operator of version 3 has no word for a
 * removal by a stamp, and would end the connection. */
static bool elements_take(struct sessions *s, struct work *work, const struct survey_element *next)
{
	struct survey *survey = work->survey;

	(void)s; /* nothing aside is needed */
	if (survey_is_past(survey, next, &survey->end)) {
		survey->last = survey->end;
		return true;
	}
	size_t size = protocol_fact_size(&next->fact);

	if (next->fact.kind == FACT_TOMBSTONE &&
	    !protocol_knows(work->version, &next->fact.tombstone))
		return false;
	if (work->results.size > 0 && work->results.size + size > survey->step)
		return true;
	session_must(protocol_put_fact(&work->results, &next->fact));
	survey->cost += 1 + (uint32_t)(size / SURVEY_COST_BYTES);
	return false;
}

static void elements_reply(const struct work *work, struct frame *reply)
{
	reply->element_page.reached = work->survey->last;
	reply->element_page.facts = buf_view(&work->results);
}

void session_elements(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct work work = { .version = c->version,
		             .slice = survey_slice,
		             .reply = elements_reply };
	uint32_t size_max = frame->elements.bytes;

	work.survey = survey_new(frame->elements.set, &frame->elements.after, &frame->elements.upto,
	                         NULL);
	work.survey->take = elements_take;
	work.survey->step = size_max < PAGE_SIZE_MAX ? size_max : PAGE_SIZE_MAX;
	session_work_begin(s, c, &work, frame);
}

/* ---- facts that are brought ---- */

/* On a full disk, what is held already is fine, but it cannot get its mark. The session of an
 * account that lapses ends. */
static enum status store_account(struct sessions *s, const struct fact *fact)
{
	struct account held;

	if (!auth_account_fits(&fact->account))
		return STATUS_WRONG_PROOF;
	enum store_state state = store_find(s->store, &fact->account.id, &held, NULL);

	bool is_new = state == STORE_UNKNOWN ||
	              (state != STORE_DEAD &&
	               (account_mark(&fact->account) > account_mark(&held) ||
	                account_verifier_compare(&fact->account, &held) < 0));

	if (s->disk != SESSION_DISK_OK && is_new)
		return STATUS_DISK_FULL;
	(void)session_renew(s, fact, NULL, NULL); /* what is held or gone already is fine, too */
	struct connection *active = session_of(s, &fact->account.id);

	if (active != NULL && store_find(s->store, &fact->account.id, NULL, NULL) == STORE_LAPSED)
		session_removed(s, active);
	return STATUS_OK;
}

/* A tombstone of an account that is held takes its place, so it needs no room. */
static enum status store_tombstone(struct sessions *s, const struct fact *fact)
{
	if (!auth_tombstone_fits(&fact->tombstone))
		return STATUS_WRONG_PROOF;
	struct tombstone held;
	enum store_state state = store_find(s->store, &fact->tombstone.id, NULL, &held);
	bool is_new = state != STORE_DEAD || fact->tombstone.by < held.by;

	if (is_new && !session_may_bury(s, state != STORE_UNKNOWN))
		return STATUS_DISK_FULL;
	(void)session_bury(s, fact, NULL); /* what is gone already is fine, too */
	return STATUS_OK;
}

/* A message comes to its recipient as if it had been sent here. */
static enum status store_message(struct sessions *s, const struct fact *fact)
{
	if (s->disk != SESSION_DISK_OK)
		return STATUS_DISK_FULL;
	enum store_result result = session_apply(s, fact, NULL);

	if (result == STORE_NEW || result == STORE_REPLACED)
		session_push(s, &fact->message);
	return STATUS_OK;
}

static enum status store_burial(struct sessions *s, const struct fact *fact)
{
	if (!session_may_bury(s, store_holds(s->store, &fact->burial.stream)))
		return STATUS_DISK_FULL;
	if (BUG(repair_buries_held_only) && !store_holds(s->store, &fact->burial.stream))
		return STATUS_OK;
	(void)session_apply(s, fact, NULL); /* what is held or gone already is fine, too */
	return STATUS_OK;
}

/* Adds a fact, and what it costs. */
static enum status store_one(struct sessions *s, const struct fact *fact, uint32_t *cost)
{
	switch (fact->kind) {
	case FACT_ACCOUNT:
		*cost += PROOF_COST;
		return store_account(s, fact);
	case FACT_TOMBSTONE:
		*cost += PROOF_COST;
		return store_tombstone(s, fact);
	case FACT_MESSAGE:
		*cost += 1 + (uint32_t)(fact->message.text.size / TEXT_COST_BYTES);
		return store_message(s, fact);
	case FACT_BURIAL:
		*cost += session_burial_cost(&fact->burial.range);
		return store_burial(s, fact);
	}
	assert(false); /* a fact is of one of these kinds */
	return STATUS_WRONG_PROOF;
}

static bool store_slice(struct sessions *s, struct work *work)
{
	struct reader r = reader_of(work->list);
	struct fact fact;
	uint32_t cost = 0;

	r.offset = work->offset;
	while (cost < STORE_COST_MAX && protocol_next_fact(&r, &fact)) {
		enum status status = store_one(s, &fact, &cost);

		/* One status answers for all facts: the first that is not OK, but a full disk
		 * before a wrong proof, since a fact that was refused for it may be right. */
		if (status == STATUS_DISK_FULL || work->status == STATUS_OK)
			work->status = status;
	}
	work->cost += cost;
	work->offset = r.offset;
	assert(work->offset <= work->list.size);
	return work->offset == work->list.size;
}

void session_store(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct work work = { .slice = store_slice, .list = frame->store.facts };

	session_work_begin(s, c, &work, frame);
}

/* ---- how the replica is ---- */

void session_figures(struct sessions *s, struct connection *c, const struct frame *frame)
{
	c->asked_request = frame->request;
	session_ask_caller(s, c);
}

void session_tell(struct sessions *s, uint32_t connection, struct view text)
{
	struct connection *c = session_connection_at(s, connection);
	struct frame reply = {
		.type = FRAME_FIGURES | FRAME_REPLY,
		.request = c->asked_request,
		.figures = { .text = text },
	};

	session_untimed(s);
	if (!c->is_asking || c->state == CONNECTION_CLOSING)
		return;
	c->is_asking = false;
	session_reply(s, c, &reply);
}
