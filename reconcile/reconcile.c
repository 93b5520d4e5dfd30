/* SPDX-License-Identifier: MIT
 *
 * Connections: handshake, mutual proof, requests and their replies, times, actions.
 *
 * No proof is written before every replica has said who it is, or is lost. A stranger on a dead
 * replica's port could pass a live one's nonce and uuid on to us, and our proof on to that one: he
 * would be an operator there. Then one uuid answers at two addresses, and neither is told anything.
 */
#include "base/bug.h"
#include "reconcile/private.h"

#include <stdio.h>

enum { RING_MIN = 16 };

/* ---- actions ---- */

static void act(struct reconcile *r, enum reconcile_action_kind kind, uint32_t index)
{
	if (r->action_count == r->action_capacity) {
		r->action_capacity = r->action_capacity == 0 ? 16 : 2 * r->action_capacity;
		r->actions = memory_resize(r->actions, r->action_capacity * sizeof(r->actions[0]));
	}
	r->actions[r->action_count++] = (struct reconcile_action){ kind, index };
}

bool reconcile_next(struct reconcile *r, struct reconcile_action *action)
{
	assert(r->magic == RECONCILE_MAGIC);
	if (r->action_taken == r->action_count) {
		r->action_taken = 0;
		r->action_count = 0;
		return false;
	}
	*action = r->actions[r->action_taken++];
	return true;
}

void reconcile_end(struct reconcile *r, bool is_same)
{
	assert(!r->is_done);
	r->is_done = true;
	r->is_same = is_same;
	act(r, RECONCILE_DONE, 0);
}

/* ---- requests ---- */

bool peer_is_ready(const struct reconcile *r, uint32_t index)
{
	return index < r->options.count && r->peers[index].state == PEER_READY;
}

static void due_add(struct peer *p, struct due due)
{
	if (p->due_count == p->due_capacity) {
		uint32_t capacity = p->due_capacity == 0 ? RING_MIN : 2 * p->due_capacity;
		struct due *ring = memory_alloc(capacity * sizeof(*ring));

		for (uint32_t i = 0; i < p->due_count; i++)
			ring[i] = p->dues[(p->due_first + i) & (p->due_capacity - 1)];
		memory_free(p->dues);
		p->dues = ring;
		p->due_first = 0;
		p->due_capacity = capacity;
	}
	p->dues[(p->due_first + p->due_count++) & (p->due_capacity - 1)] = due;
}

static void write_frame(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct peer *p = &r->peers[index];
	size_t size = p->out.size;
	bool is_put = protocol_encode(&p->out, frame);

	assert(is_put);
	p->bytes_out += p->out.size - size;
	p->wrote_ms = r->time_ms;
	if (!p->write_told)
		act(r, RECONCILE_WRITE, index);
	p->write_told = true;
}

void peer_ask(struct reconcile *r, uint32_t index, const struct frame *frame, uint32_t task)
{
	struct peer *p = &r->peers[index];
	struct frame request = *frame;
	struct due due = { .type = frame->type, .task = (uint8_t)task, .epoch = r->epoch };

	assert(p->state > PEER_DIALLING && p->state < PEER_LOST);
	assert(task < TASKS_MAX || frame->type != FRAME_ELEMENTS);
	if (frame->type == FRAME_STORE) {
		due.bytes = (uint32_t)frame->store.facts.size;
		due.facts = p->store_facts;
	}
	if (p->due_count == 0)
		p->heard_ms = r->time_ms;
	request.request = ++p->request;
	due_add(p, due);
	write_frame(r, index, &request);
}

void peer_lose(struct reconcile *r, uint32_t index, const char *why)
{
	struct peer *p = &r->peers[index];

	if (p->state == PEER_LOST)
		return;
	act(r, RECONCILE_CLOSE, index);
	p->state = PEER_LOST;
	(void)snprintf(p->why, sizeof(p->why), "%s", why);
	buf_clear(&p->out);
	buf_clear(&p->store);
	p->store_facts = 0;
	p->unstored = 0;
	p->due_count = 0;
	if (!r->is_started || r->is_done)
		return;
	r->epoch++;
	r->is_started = false;
	plan_release(r);
}

/* ---- handshake and proof ---- */

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

static struct auth auth_of(const struct peer *p)
{
	struct auth auth = { .purpose = AUTH_OPERATOR };

	memcpy(auth.client_nonce, p->client_nonce, KEY_SIZE);
	memcpy(auth.server_nonce, p->server_nonce, KEY_SIZE);
	memcpy(auth.uuid, p->uuid, UUID_SIZE);
	return auth;
}

static void lose_twins(struct reconcile *r)
{
	bool is_twin[RECONCILE_MAX] = { false };

	for (uint32_t i = 0; i < r->options.count; i++)
		for (uint32_t k = 0; k < r->options.count; k++)
			if (k != i && r->peers[i].state == PEER_GREETED &&
			    r->peers[k].state == PEER_GREETED &&
			    memcmp(r->peers[i].uuid, r->peers[k].uuid, UUID_SIZE) == 0)
				is_twin[i] = true;
	for (uint32_t i = 0; i < r->options.count && !BUG(repair_trusts_twins); i++)
		if (is_twin[i])
			peer_lose(r, i,
			          "the same replica answers at another address too: one server was "
			          "given twice, or its data was copied (see server --new-uuid)");
}

static void prove(struct reconcile *r, uint32_t index)
{
	struct peer *p = &r->peers[index];
	struct frame frame = { .type = FRAME_OPERATE };
	const struct auth auth = auth_of(p);

	memcpy(frame.operate.client_nonce, p->client_nonce, KEY_SIZE);
	auth_operator(r->options.key, false, &auth, frame.operate.proof);
	p->state = PEER_PROVING;
	peer_ask(r, index, &frame, 0);
}

static uint32_t count_between(const struct reconcile *r, enum peer_state first,
                              enum peer_state last)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->options.count; i++)
		count += r->peers[i].state >= first && r->peers[i].state <= last;
	return count;
}

/* Goes on as soon as nobody is waited for. */
static void settle(struct reconcile *r)
{
	if (r->is_done)
		return;
	if (!r->is_started) {
		if (count_between(r, PEER_DIALLING, PEER_GREETING) > 0)
			return;
		lose_twins(r);
		for (uint32_t i = 0; i < r->options.count; i++)
			if (r->peers[i].state == PEER_GREETED)
				prove(r, i);
		if (count_between(r, PEER_PROVING, PEER_COUNTING) > 0)
			return;
		if (count_between(r, PEER_READY, PEER_READY) < r->options.least) {
			reconcile_end(r, false);
			return;
		}
		r->is_started = true;
		plan_start(r);
	}
	plan_pump(r);
}

static const char *take_welcome(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct peer *p = &r->peers[index];

	if (frame->type != FRAME_WELCOME || frame->welcome.version != PROTOCOL_VERSION_MAX)
		return "does not answer the handshake";
	memcpy(p->uuid, frame->welcome.uuid, UUID_SIZE);
	memcpy(p->server_nonce, frame->welcome.nonce, KEY_SIZE);
	p->silence_ms = frame->welcome.silence_ms;
	p->state = PEER_GREETED;
	return NULL;
}

static const char *take_proof(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct peer *p = &r->peers[index];
	const struct frame ping = { .type = FRAME_PING };
	const struct auth auth = auth_of(p);
	uint8_t signature[KEY_SIZE];

	p->is_refused = true;
	if (frame->status != STATUS_OK)
		return "it has another operator key";
	auth_operator(r->options.key, true, &auth, signature);
	if (!equal_in_constant_time(signature, frame->introduced.signature, KEY_SIZE))
		return "it does not hold the operator key";
	p->is_refused = false;
	p->state = PEER_COUNTING;
	peer_ask(r, index, &ping, 0);
	return NULL;
}

/* ---- what comes in ---- */

static const char *take_stored(struct peer *p, const struct due *due, const struct frame *frame)
{
	assert(p->unstored >= due->bytes);
	p->unstored -= due->bytes;
	if (frame->status == STATUS_OK)
		p->stored += due->facts;
	else
		p->refusal = frame->status;
	return NULL;
}

static const char *take_reply(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	struct peer *p = &r->peers[index];

	if (p->due_count == 0 || frame->type != (p->dues[p->due_first].type | FRAME_REPLY))
		return "answers what was not asked";
	const struct due due = p->dues[p->due_first];

	p->due_first = (p->due_first + 1) & (p->due_capacity - 1);
	p->due_count--;
	switch (due.type) {
	case FRAME_OPERATE:
		return take_proof(r, index, frame);
	case FRAME_STORE:
		return take_stored(p, &due, frame);
	case FRAME_PING:
		if (p->state == PEER_COUNTING) {
			p->facts = frame->pong.facts;
			p->state = PEER_READY;
		}
		return NULL;
	default:
		if (frame->status != STATUS_OK)
			return "refuses what only operators may ask";
		return (due.epoch == r->epoch || BUG(repair_old_answers)) && r->is_started
		               ? plan_reply(r, index, due.task, frame)
		               : NULL;
	}
}

static const char *take_frame(struct reconcile *r, uint32_t index, const struct frame *frame)
{
	if (r->peers[index].state == PEER_GREETING)
		return take_welcome(r, index, frame);
	if (frame->type >= FRAME_PUSH && frame->type < FRAME_ERROR)
		return NULL; /* not for us, who are not logged in */
	if (frame->type == FRAME_ERROR)
		return protocol_status_name(frame->status);
	if (r->peers[index].state == PEER_GREETED)
		return "answers what was not asked";
	return take_reply(r, index, frame);
}

/* A line of text is what a replica says to a stranger, and one that is too full to anybody. */
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
	struct peer *p = &r->peers[index];
	char line[RECONCILE_WHY_SIZE];
	const char *why = NULL;
	struct frame frame;
	size_t size = 0;

	assert(r->magic == RECONCILE_MAGIC);
	assert(index < r->options.count);
	assert(p->state != PEER_DIALLING);
	r->time_ms = time_ms;
	buf_clear(&r->collected);
	if (p->state == PEER_LOST || r->is_done || bytes.size == 0)
		return 0;
	if (!protocol_size(bytes, &size)) {
		why = p->state == PEER_GREETING ? line_of(bytes, line) : "sends what is no frame";
		size = bytes.size;
	} else if (size == 0 || bytes.size < size) {
		return 0;
	} else if (protocol_decode(view_of(bytes.data, size), &frame, &why)) {
		p->heard_ms = time_ms;
		p->bytes_in += size;
		why = take_frame(r, index, &frame);
	}
	if (why != NULL)
		peer_lose(r, index, why);
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
	struct peer *p = &r->peers[index];
	const struct frame hello = {
		.type = FRAME_HELLO,
		.hello = { PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX },
	};

	assert(r->magic == RECONCILE_MAGIC);
	r->time_ms = time_ms;
	if (p->state != PEER_DIALLING)
		return;
	p->state = PEER_GREETING;
	p->heard_ms = time_ms;
	write_frame(r, index, &hello);
}

void reconcile_failed(struct reconcile *r, uint32_t index, const char *why, uint64_t time_ms)
{
	assert(r->magic == RECONCILE_MAGIC);
	assert(index < r->options.count);
	r->time_ms = time_ms;
	if (r->peers[index].state == PEER_LOST || r->is_done)
		return;
	peer_lose(r, index, why);
	settle(r);
}

/* ---- output ---- */

struct view reconcile_output(const struct reconcile *r, uint32_t index)
{
	assert(r->magic == RECONCILE_MAGIC);
	assert(index < r->options.count);
	return buf_view(&r->peers[index].out);
}

void reconcile_output_sent(struct reconcile *r, uint32_t index, size_t size)
{
	struct peer *p = &r->peers[index];

	assert(size <= p->out.size);
	buf_consume(&p->out, size);
	p->write_told = p->out.size > 0;
}

/* ---- time ---- */

static uint64_t timeout_of(const struct reconcile *r, const struct peer *p)
{
	if (p->state < PEER_READY)
		return r->options.connect_timeout_ms;
	return r->options.reply_timeout_ms + p->facts / ELEMENTS_PER_MS;
}

/* When something is to be done about a peer: it is late, or wants to hear from us. */
static uint64_t peer_deadline(const struct reconcile *r, const struct peer *p)
{
	uint64_t late_ms = p->heard_ms + timeout_of(r, p);
	uint64_t ping_ms = p->wrote_ms + p->silence_ms / 3;

	if (p->state == PEER_LOST || p->state == PEER_GREETED)
		return UINT64_MAX;
	if (p->state <= PEER_GREETING || p->due_count > 0)
		return late_ms;
	return ping_ms;
}

uint64_t reconcile_deadline(const struct reconcile *r)
{
	uint64_t deadline_ms = UINT64_MAX;

	assert(r->magic == RECONCILE_MAGIC);
	for (uint32_t i = 0; i < r->options.count && !r->is_done; i++) {
		uint64_t at_ms = peer_deadline(r, &r->peers[i]);

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
		struct peer *p = &r->peers[i];

		if (peer_deadline(r, p) > time_ms)
			continue;
		if (p->state <= PEER_GREETING || p->due_count > 0)
			reconcile_failed(r, i, "does not answer in time", time_ms);
		else
			peer_ask(r, i, &ping, 0);
	}
}

/* ---- a run's life ---- */

struct reconcile *reconcile_new(const struct reconcile_options *options, uint64_t time_ms)
{
	struct reconcile *r = memory_alloc_zero(1, sizeof(*r));

	assert(options->count >= 1);
	assert(options->count <= RECONCILE_MAX);
	assert(!options->collect || options->mode == RECONCILE_CHECK);
	r->magic = RECONCILE_MAGIC;
	r->options = *options;
	r->time_ms = time_ms;
	if (r->options.least == 0)
		r->options.least = BUG(repair_alone) ? 1 : 2;
	if (r->options.reply_timeout_ms == 0)
		r->options.reply_timeout_ms = REPLY_TIMEOUT;
	if (r->options.connect_timeout_ms == 0)
		r->options.connect_timeout_ms = CONNECT_TIMEOUT;
	draw(r, "digests", 0, r->nonce);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		struct peer *p = &r->peers[i];

		p->state = i < options->count ? PEER_DIALLING : PEER_LOST;
		p->heard_ms = time_ms;
		draw(r, "operator", i, p->client_nonce);
		buf_init(&p->out, OUTPUT_BYTES_MAX);
		buf_init(&p->store, STORE_BYTES + FACT_SIZE_MAX);
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
		buf_release(&r->peers[i].out);
		buf_release(&r->peers[i].store);
		memory_free(r->peers[i].dues);
	}
	buf_release(&r->scratch);
	buf_release(&r->collected);
	memory_free(r->pending);
	memory_free(r->actions);
	explicit_bzero(r, sizeof(*r));
	memory_free(r);
}

/* ---- what is asked about it ---- */

static void fill_replica(const struct peer *p, struct reconcile_replica *to)
{
	struct sha256 h;

	*to = (struct reconcile_replica){
		.state = p->state == PEER_READY  ? RECONCILE_READY
		         : p->state == PEER_LOST ? RECONCILE_LOST
		                                 : RECONCILE_WAITING,
		.is_refused = p->is_refused,
		.refusal = p->refusal,
		.missing = p->missing,
		.stored = p->stored,
		.bytes_in = p->bytes_in,
		.bytes_out = p->bytes_out,
	};
	memcpy(to->why, p->why, sizeof(to->why));
	sha256_init(&h);
	for (int set = SET_GONE; set <= SET_ALL; set++) {
		to->elements += p->sums[set].elements;
		sha256_update(&h, p->sums[set].digest, KEY_SIZE);
	}
	sha256_final(&h, to->digest);
}

void reconcile_result(const struct reconcile *r, struct reconcile_result *result)
{
	assert(r->magic == RECONCILE_MAGIC);
	*result = (struct reconcile_result){
		.is_done = r->is_done,
		.is_same = r->is_same,
		.is_ready = count_between(r, PEER_READY, PEER_READY) >= r->options.least,
		.passes = r->passes,
	};
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		fill_replica(&r->peers[i], &result->replicas[i]);
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
		progress->stored += r->peers[i].stored;
}

void reconcile_check(const struct reconcile *r)
{
	assert(r->magic == RECONCILE_MAGIC);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct peer *p = &r->peers[i];
		uint64_t unstored = 0;

		for (uint32_t k = 0; k < p->due_count; k++)
			unstored += p->dues[(p->due_first + k) & (p->due_capacity - 1)].bytes;
		assert(p->unstored == unstored);
		assert(p->state != PEER_LOST || (p->due_count == 0 && p->store.size == 0));
		assert((p->store.size == 0) == (p->store_facts == 0));
	}
	for (uint32_t i = 0; i < TASKS_MAX; i++) {
		const struct task *task = &r->tasks[i];

		assert(task->state != TASK_FREE || task->waiting == 0);
		assert(task->state == TASK_FREE || r->is_started || r->is_done);
		for (uint32_t k = 0; k < RECONCILE_MAX; k++)
			assert((task->waiting >> k & 1) == 0 || peer_is_ready(r, k));
	}
	for (uint32_t i = 0; i < r->pending_count; i++)
		assert(bound_compare(&r->pending[i].after, &r->pending[i].upto) < 0);
}
