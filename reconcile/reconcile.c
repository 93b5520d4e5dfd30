/* SPDX-License-Identifier: MIT
 *
 * Connections: handshake, mutual proof, what comes in, times, results.
 *
 * No proof is written before every replica has said who it is, or is lost. Otherwise a stranger
 * could listen on the port of a dead replica. He could pass on to us the nonce, uuid and public key
 * of a live replica, and pass on our proof to that one, which would then take him for an operator.
 * But in that case one process answers at two addresses, which is found out before: neither gets a
 * proof.
 *
 * Anybody can read uuid and public key in a greeting, and must not make that replica take no part
 * by repeating them. So each is asked first (MEMBER) to show that it holds the operator key and has
 * these two. That answer is worth nothing to anybody else. Who cannot give it is lost alone, and
 * whoever passes on the other's is found out as above. Two with one uuid and different public keys
 * are a copy of a data directory: both hold the key, and no proof to the one is one to the other,
 * so both take part.
 */
#include "base/bug.h"
#include "reconcile/private.h"

#include <stdio.h>

/* A member does not take part any more. If the run has started, it starts again without it. */
static void lose(struct reconcile *r, uint32_t index, const char *why)
{
	struct member *m = &r->members[index];

	if (m->state == MEMBER_LOST)
		return;
	reconcile_act(r, RECONCILE_CLOSE, index);
	(void)snprintf(m->why, sizeof m->why, "%s", why);
	if (r->is_asking) {
		m->is_asked = false;
		m->is_gone = true;
		member_forget(m);
		return;
	}
	m->state = MEMBER_LOST;
	buf_clear(&m->out);
	buf_clear(&m->store);
	m->store_facts = 0;
	m->unstored = 0;
	member_forget(m);
	if (!r->is_started || r->is_done)
		return;
	r->epoch++;
	r->is_started = false;
	plan_release(r);
}

/* ---- handshake and proof ---- */

/* Nonces come from the seed, so equal events give equal bytes. `what` and `index` tell them
 * apart. */
static void draw(const struct reconcile *r, const char *what, uint32_t index,
                 uint8_t nonce[KEY_SIZE])
{
	const uint8_t byte = (uint8_t)index;
	struct hmac h;

	hmac_init(&h, r->options.seed, KEY_SIZE);
	hmac_update_part(&h, what, strlen(what));
	hmac_update_part(&h, &byte, 1);
	hmac_final(&h, nonce);
}

/* What both proofs are about. Where requests have tags our nonce is a public key. */
static struct auth auth_of(const struct member *m)
{
	struct auth auth = { .purpose = AUTH_OPERATOR, .version = m->version };

	memcpy(auth.client_nonce, m->client_nonce, KEY_SIZE);
	if (m->version >= PROTOCOL_VERSION_KEYED) {
		auth.purpose = AUTH_OPERATOR_KEYED;
		box_public(m->client_nonce, auth.client_nonce);
	}
	memcpy(auth.server_nonce, m->server_nonce, KEY_SIZE);
	memcpy(auth.uuid, m->uuid, UUID_SIZE);
	memcpy(auth.public, m->public, KEY_SIZE);
	return auth;
}

/* Whether a member is one process with another one, or passes on what that says. Who waits until
 * the other one is lost is found out, too: that one has greeted in this run. */
static bool is_twin_of(const struct member *m, const struct member *other)
{
	bool is_lost = other->state == MEMBER_LOST && other->has_greeted;

	return m->state == MEMBER_GREETED && (other->state == MEMBER_GREETED || is_lost) &&
	       memcmp(m->uuid, other->uuid, UUID_SIZE) == 0 &&
	       (is_lost || memcmp(m->public, other->public, KEY_SIZE) == 0);
}

/* Loses every member that another one is, too. */
static void lose_twins(struct reconcile *r)
{
	bool is_twin[RECONCILE_MAX] = { false };

	for (uint32_t i = 0; i < r->options.count; i++)
		for (uint32_t k = 0; k < r->options.count; k++)
			if (k != i && is_twin_of(&r->members[i], &r->members[k]))
				is_twin[i] = true;
	for (uint32_t i = 0; i < r->options.count && !BUG(repair_trusts_twins); i++)
		if (is_twin[i])
			lose(r, i,
			     "the same replica answers at another address too: one server was "
			     "given twice");
}

/* Shows that we hold the operator key, and asks the replica to show it, too. */
static void prove(struct reconcile *r, uint32_t index)
{
	struct member *m = &r->members[index];
	struct frame frame = { .type = FRAME_OPERATE };
	struct auth auth = auth_of(m);

	memcpy(frame.operate.client_nonce, auth.client_nonce, KEY_SIZE);
	auth_operator(r->options.key, false, &auth, frame.operate.proof);
	m->state = MEMBER_PROVING;
	if (m->version >= PROTOCOL_VERSION_KEYED)
		frame.flags = FLAG_KEYED;
	member_ask(r, index, &frame, 0);
	if (m->version < PROTOCOL_VERSION_KEYED)
		return;
	(void)tag_key_make(&m->tags, &m->answers, m->client_nonce, m->public, &auth);
	m->is_tagged = true;
}

/* How many members are in one of the states from `first` to `last`. */
static uint32_t count_between(const struct reconcile *r, enum member_state first,
                              enum member_state last)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->options.count; i++)
		count += r->members[i].state >= first && r->members[i].state <= last;
	return count;
}

/* Takes the next step as soon as no member has to be waited for. Called after every event. */
static void settle(struct reconcile *r)
{
	if (r->is_done)
		return;
	if (r->is_asking) {
		reconcile_asked(r);
		return;
	}
	if (!r->is_started) {
		if (count_between(r, MEMBER_DIALLING, MEMBER_SHOWING) > 0)
			return;
		lose_twins(r);
		/* A proof that leads to nothing is given to nobody. */
		if (count_between(r, MEMBER_GREETED, MEMBER_READY) < r->options.least) {
			reconcile_end(r, false);
			return;
		}
		for (uint32_t i = 0; i < r->options.count; i++)
			if (r->members[i].state == MEMBER_GREETED)
				prove(r, i);
		if (count_between(r, MEMBER_PROVING, MEMBER_COUNTING) > 0)
			return;
		if (count_between(r, MEMBER_READY, MEMBER_READY) < r->options.least) {
			reconcile_end(r, false);
			return;
		}
		r->is_started = true;
		if (r->options.ids != NULL) {
			reconcile_end(r, true);
			return;
		}
		plan_start(r);
	}
	plan_pump(r);
}

/* Each take_... gives NULL, or a phrase for why the member is lost. */
static const char *take_welcome(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct member *m = &r->members[index];
	struct frame member = { .type = FRAME_MEMBER };

	if (frame->type != FRAME_WELCOME || frame->welcome.version < PROTOCOL_VERSION_MIN ||
	    frame->welcome.version > PROTOCOL_VERSION_MAX)
		return "does not answer the handshake";
	memcpy(m->uuid, frame->welcome.uuid, UUID_SIZE);
	memcpy(m->public, frame->welcome.public, KEY_SIZE);
	memcpy(m->server_nonce, frame->welcome.nonce, KEY_SIZE);
	m->version = frame->welcome.version;
	if (m->version < PROTOCOL_VERSION_MAX && auth_nonce_is_lowered(m->server_nonce))
		return "is asked for an earlier version than it speaks: somebody changes what is "
		       "sent to it";
	m->silence_ms = frame->welcome.silence_ms;
	m->share_messages = frame->welcome.share_messages;
	m->share_bytes = frame->welcome.share_bytes;
	m->state = MEMBER_SHOWING;
	memcpy(member.member.nonce, m->member_nonce, KEY_SIZE);
	memcpy(member.member.uuid, m->uuid, UUID_SIZE);
	memcpy(member.member.public, m->public, KEY_SIZE);
	member_ask(r, index, &member, 0);
	return NULL;
}

/* It belongs to the cluster, and is who it says it is. */
static const char *take_member(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct member *m = &r->members[index];
	uint8_t answer[KEY_SIZE];

	auth_member(r->options.key, m->uuid, m->public, m->member_nonce, answer);
	m->is_refused = frame->status != STATUS_OK ||
	                !sha256_equal(answer, frame->introduced.signature);
	if (m->is_refused)
		return AUTH_OTHER_KEY " (or it passes itself off as another)";
	m->state = MEMBER_GREETED;
	m->has_greeted = true;
	return NULL;
}

/* The replica must prove, too, that it holds the key: else it could be anybody, who wants our
 * facts. */
static const char *take_proof(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct member *m = &r->members[index];
	const struct frame ping = { .type = FRAME_PING };
	const struct auth auth = auth_of(m);
	uint8_t signature[KEY_SIZE];

	m->is_refused = true;
	if (frame->status != STATUS_OK)
		return AUTH_OTHER_KEY;
	auth_operator(r->options.key, true, &auth, signature);
	if (!sha256_equal(signature, frame->introduced.signature))
		return "it does not hold the operator key";
	m->is_refused = false;
	m->answers_have_tags = m->is_tagged;
	m->state = MEMBER_COUNTING;
	member_ask(r, index, &ping, 0);
	return NULL;
}

/* ---- what comes in ---- */

/* A replica that refused some facts goes on taking part: the next pass finds what it lacks. */
static const char *take_stored(struct member *m, const struct member_request *request,
                               const struct frame *frame)
{
	assert(m->unstored >= request->bytes);
	m->unstored -= request->bytes;
	if (frame->status == STATUS_OK)
		m->stored += request->facts;
	else
		m->refusal = frame->status;
	return NULL;
}

/* A replica that is too old for the question has said so by FRAME_ERROR, and is lost. */
static const char *take_figures(struct member *m, const struct frame *frame)
{
	if (frame->status != STATUS_OK || !figures_decode(frame->figures.text, &m->figures))
		return "shows figures that have no form";
	m->is_asked = false;
	m->has_figures = true;
	return NULL;
}

/* What several replicas know is joined by the latest. That the entries are of these accounts was
 * checked (protocol_contradiction). */
static const char *take_seen(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct member *m = &r->members[index];
	struct reader reader = reader_of(frame->entries.entries);
	struct entry entry;

	while (protocol_next_entry(&reader, &entry)) {
		struct reconcile_seen *seen = &r->options.seen[m->seen++];
		bool is_alive = entry.state == ENTRY_ALIVE;
		uint64_t session_ms = is_alive ? ulid_time_ms(&entry.session) : 0;

		if (session_ms > seen->session_ms)
			seen->session_ms = session_ms;
		if (is_alive && entry.online_since_ms > seen->online_ms)
			seen->online_ms = entry.online_since_ms;
	}
	m->is_asked = false;
	if (m->seen < r->options.id_count)
		member_ask_more(r, index);
	return NULL;
}

static const char *take_reply(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct member *m = &r->members[index];
	struct member_request request;

	const char *why = member_answers(m, frame, &request);

	if (why != NULL)
		return why;
	switch (request.type) {
	case FRAME_MEMBER:
		return take_member(r, index, frame);
	case FRAME_OPERATE:
		return take_proof(r, index, frame);
	case FRAME_STORE:
		return take_stored(m, &request, frame);
	case FRAME_FIGURES:
		return take_figures(m, frame);
	case FRAME_LOOKUP_ID:
		return take_seen(r, index, frame);
	case FRAME_PING:
		if (frame->pong.facts > UINT32_MAX)
			return "claims more elements than a replica can hold";
		if (m->state == MEMBER_COUNTING) {
			m->facts = frame->pong.facts;
			m->state = MEMBER_READY;
		}
		return NULL;
	default:
		if (frame->status != STATUS_OK)
			return "refuses what only operators may ask";
		if ((request.epoch == r->epoch || BUG(repair_old_answers)) && r->is_started)
			return plan_reply(r, index, request.task, frame);
		return NULL;
	}
}

/* What others are to be told as well must come from the replica itself. Only that it ends the
 * connection may be anybody's word. */
static bool has_right_tag(struct member *m, const struct frame *frame, struct view bytes)
{
	return !m->answers_have_tags || frame->type == FRAME_ERROR ||
	       (protocol_is_tagged(bytes) && tag_take(&m->answers, bytes));
}

static const char *take_frame(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	if (r->members[index].state == MEMBER_GREETING)
		return take_welcome(r, index, frame);
	if (frame->type >= FRAME_PUSH && frame->type < FRAME_ERROR)
		return "sends what is for those who are logged in";
	if (frame->type == FRAME_ERROR)
		return protocol_status_name(frame->status);
	return take_reply(r, index, frame);
}

/* A large set takes longer to digest. */
static uint64_t timeout_of(const struct reconcile *r, const struct member *m)
{
	if (m->state < MEMBER_READY)
		return r->options.connect_timeout_ms;
	uint64_t counting_ms = m->facts / ELEMENTS_PER_MS;

	return r->options.reply_timeout_ms +
	       (counting_ms < COUNTING_MS_MAX ? counting_ms : COUNTING_MS_MAX);
}

/* A frame has come that was waited for. A replica whose every reply comes just in time would make a
 * run as long as it likes, so there is a limit for all of them together. It grows with what is
 * moved, because a large set over a slow line takes its time. */
static const char *count_wait(struct reconcile *r, struct member *m)
{
	uint64_t moved = m->bytes_in + m->bytes_out;

	if (m->requests.count > 0)
		m->waited_ms += r->time_ms - m->heard_ms;
	return m->waited_ms <= WAITS_MAX * timeout_of(r, m) + moved / SLOWEST_PER_MS
	               ? NULL
	               : "answers too slowly";
}

/* A replica that is full answers with a line of text, and so does one that takes us for a
 * stranger. */
static const char *line_of(struct view bytes, char line[RECONCILE_WHY_SIZE])
{
	const uint8_t *end = memchr(bytes.data, '\n', bytes.size);
	size_t size = end != NULL ? (size_t)(end - bytes.data) : bytes.size;

	(void)snprintf(line, RECONCILE_WHY_SIZE, "speaks something else: '%.*s'",
	               (int)(size < 80 ? size : 80), (const char *)bytes.data);
	return line;
}

size_t reconcile_input(struct reconcile *r, uint32_t index, struct view bytes, uint64_t time_ms)
{
	struct member *m = &r->members[index];
	char line[RECONCILE_WHY_SIZE];
	const char *why = NULL;
	struct frame frame;
	size_t size = 0;

	assert(r->magic == RECONCILE_MAGIC);
	assert(index < r->options.count);
	assert(m->state != MEMBER_DIALLING);
	r->time_ms = time_ms;
	buf_clear(&r->collected);
	if (m->state == MEMBER_LOST || m->is_gone || r->is_done || bytes.size == 0)
		return 0;
	if (!protocol_size(bytes, &size)) {
		why = m->state == MEMBER_GREETING ? line_of(bytes, line) : "sends what is no frame";
		size = bytes.size;
	} else if (size == 0 || bytes.size < size) {
		return 0;
	} else if (protocol_decode(view_of(bytes.data, size), &frame, &why)) {
		m->bytes_in += size;
		why = count_wait(r, m);
		m->heard_ms = time_ms;
		if (why == NULL && !has_right_tag(m, &frame, view_of(bytes.data, size)))
			why = "says what somebody has changed on the way";
		if (why == NULL)
			why = take_frame(r, index, &frame);
	}
	if (why != NULL)
		lose(r, index, why);
	settle(r);
	return size;
}

struct view reconcile_collected(const struct reconcile *r)
{
	assert(r->magic == RECONCILE_MAGIC);
	return buf_view(&r->collected);
}

void reconcile_connected(struct reconcile *r, uint32_t index, uint64_t time_ms)
{
	struct member *m = &r->members[index];
	const struct frame hello = {
		.type = FRAME_HELLO,
		.hello = { PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX },
	};

	assert(r->magic == RECONCILE_MAGIC);
	r->time_ms = time_ms;
	if (m->state != MEMBER_DIALLING)
		return;
	m->state = MEMBER_GREETING;
	m->heard_ms = time_ms;
	member_write(r, index, &hello);
}

void reconcile_failed(struct reconcile *r, uint32_t index, const char *why, uint64_t time_ms)
{
	assert(r->magic == RECONCILE_MAGIC);
	assert(index < r->options.count);
	r->time_ms = time_ms;
	if (r->members[index].state == MEMBER_LOST || r->members[index].is_gone || r->is_done)
		return;
	lose(r, index, why);
	settle(r);
}

/* ---- time ---- */

/* When something must be done about a member: its answer is late, or it needs a PING so that it
 * does not think that we are dead. */
static uint64_t deadline_of(const struct reconcile *r, const struct member *m)
{
	/* Until it has shown the key all of it counts together: else who answers bit by bit makes
	 * the others wait until they take us for dead. */
	uint64_t from_ms = m->state <= MEMBER_SHOWING ? r->begun_ms : m->heard_ms;
	uint64_t late_ms = from_ms + timeout_of(r, m);
	uint64_t ping_ms = m->wrote_ms + m->silence_ms / 3;

	if (m->state == MEMBER_LOST || m->state == MEMBER_GREETED || m->is_gone)
		return UINT64_MAX;
	if (m->state <= MEMBER_GREETING || m->requests.count > 0)
		return late_ms;
	return ping_ms;
}

uint64_t reconcile_deadline(const struct reconcile *r)
{
	uint64_t deadline_ms = UINT64_MAX;

	assert(r->magic == RECONCILE_MAGIC);
	for (uint32_t i = 0; i < r->options.count && !r->is_done; i++) {
		uint64_t at_ms = deadline_of(r, &r->members[i]);

		if (at_ms < deadline_ms)
			deadline_ms = at_ms;
	}
	return deadline_ms;
}

void reconcile_tick(struct reconcile *r, uint64_t time_ms)
{
	const struct frame ping = { .type = FRAME_PING };

	assert(r->magic == RECONCILE_MAGIC);
	r->time_ms = time_ms;
	for (uint32_t i = 0; i < r->options.count && !r->is_done; i++) {
		struct member *m = &r->members[i];

		if (deadline_of(r, m) > time_ms)
			continue;
		if (m->state <= MEMBER_GREETING || m->requests.count > 0)
			reconcile_failed(r, i, "does not answer in time", time_ms);
		else
			member_ask(r, i, &ping, 0);
	}
}

/* ---- a run's life ---- */

struct reconcile *reconcile_new(const struct reconcile_options *options, uint64_t time_ms)
{
	struct reconcile *r = memory_alloc_zero(1, sizeof *r);

	assert(options->count >= 1);
	assert(options->count <= RECONCILE_MAX);
	assert(!options->collect || options->mode == RECONCILE_CHECK);
	assert(options->ids == NULL || (!options->figures && !options->collect));
	assert(!options->accounts || options->mode == RECONCILE_CHECK);
	r->magic = RECONCILE_MAGIC;
	r->options = *options;
	r->time_ms = time_ms;
	if (r->options.least == 0)
		r->options.least = BUG(repair_alone) ? 1 : 2;
	if (r->options.reply_timeout_ms == 0)
		r->options.reply_timeout_ms = REPLY_TIMEOUT;
	if (r->options.connect_timeout_ms == 0)
		r->options.connect_timeout_ms = CONNECT_TIMEOUT;
	r->begun_ms = time_ms;
	draw(r, "digests", 0, r->nonce);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		struct member *m = &r->members[i];

		m->state = i < options->count ? MEMBER_DIALLING : MEMBER_LOST;
		m->heard_ms = time_ms;
		draw(r, "operator", i, m->client_nonce);
		draw(r, "member", i, m->member_nonce);
		buf_init(&m->out, OUTPUT_BYTES_MAX);
		buf_init(&m->store, STORE_BYTES + FACT_SIZE_MAX);
	}
	buf_init(&r->scratch, FRAME_SIZE_MAX);
	buf_init(&r->collected, COLLECTED_BYTES_MAX);
	return r;
}

void reconcile_free(struct reconcile *r)
{
	if (r == NULL)
		return;
	assert(r->magic == RECONCILE_MAGIC);
	plan_release(r);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		buf_release(&r->members[i].out);
		buf_release(&r->members[i].store);
		member_forget(&r->members[i]);
	}
	buf_release(&r->scratch);
	buf_release(&r->collected);
	memory_free(r->pending);
	memory_free(r->actions);
	explicit_bzero(r, sizeof *r);
	memory_free(r);
}

/* ---- what is asked about it ---- */

/* The digest of a member is one over those of the last pass of each kind. */
static void fill_replica(const struct reconcile *r, const struct member *m,
                         struct reconcile_replica *to)
{
	struct sha256 h;

	*to = (struct reconcile_replica){
		.state = m->state == MEMBER_READY  ? RECONCILE_READY
		         : m->state == MEMBER_LOST ? RECONCILE_LOST
		                                   : RECONCILE_WAITING,
		.version = m->version,
		.is_refused = m->is_refused,
		.refusal = m->refusal,
		.is_behind = m->is_behind,
		.missing = m->missing,
		.stored = m->stored,
		.bytes_in = m->bytes_in,
		.bytes_out = m->bytes_out,
		.share_messages = m->share_messages,
		.share_bytes = m->share_bytes,
		.has_seen = r->options.ids != NULL && m->seen == r->options.id_count,
		.has_figures = m->has_figures,
		.figures = m->figures,
	};
	memcpy(to->why, m->why, sizeof to->why);
	sha256_init(&h);
	for (int set = SET_GONE; set <= SET_ALL; set++) {
		to->elements += m->sums[set].elements;
		sha256_update(&h, m->sums[set].digest, KEY_SIZE);
	}
	sha256_final(&h, to->digest);
}

uint32_t reconcile_ready(const struct reconcile_result *result)
{
	uint32_t ready = 0;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		ready += result->replicas[i].state == RECONCILE_READY;
	return ready;
}

static bool is_copy(const struct member *m, const struct member *of)
{
	return m->state == MEMBER_READY && of->state == MEMBER_READY &&
	       memcmp(m->uuid, of->uuid, UUID_SIZE) == 0;
}

void reconcile_result(const struct reconcile *r, struct reconcile_result *result)
{
	assert(r->magic == RECONCILE_MAGIC);
	*result = (struct reconcile_result){
		.is_done = r->is_done,
		.is_same = r->is_same,
		.is_ready = count_between(r, MEMBER_READY, MEMBER_READY) >= r->options.least,
		.passes = r->passes,
	};
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		fill_replica(r, &r->members[i], &result->replicas[i]);
		for (uint32_t k = 0; k < i; k++)
			result->replicas[i].is_copy |= is_copy(&r->members[i], &r->members[k]);
	}
}

void reconcile_progress(const struct reconcile *r, struct reconcile_progress *progress)
{
	static const char *const names[SET_ALL + 1] = {
		[0] = "connecting",
		[SET_GONE] = "what is gone",
		[SET_LIVE] = "accounts and messages",
		[SET_ALL] = "all elements",
	};

	assert(r->set <= SET_ALL);
	*progress = (struct reconcile_progress){
		.what = names[r->is_started ? r->set : 0],
		.done = r->done < r->total ? r->done : r->total,
		.total = r->total,
	};
	for (uint32_t i = 0; i < r->options.count; i++)
		progress->stored += r->members[i].stored;
}

void reconcile_check(const struct reconcile *r)
{
	assert(r->magic == RECONCILE_MAGIC);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		member_check(&r->members[i]);
	for (uint32_t i = 0; i < TASKS_MAX; i++) {
		const struct plan_task *task = &r->tasks[i];

		assert(task->state != TASK_FREE || task->waiting == 0);
		assert(task->state == TASK_FREE || r->is_started || r->is_done);
		for (uint32_t k = 0; k < RECONCILE_MAX; k++)
			assert((task->waiting >> k & 1) == 0 || member_is_ready(r, k));
	}
	for (uint32_t i = 0; i < r->pending_count; i++)
		assert(bound_compare(&r->pending[i].after, &r->pending[i].upto) < 0);
}
