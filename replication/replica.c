/* SPDX-License-Identifier: MIT
 *
 * replica: one connection of a client.
 *
 *   state      event                          -> state
 *   DOWN       redial time                    -> DIALLING    ACTION_DIAL
 *   DIALLING   connected                      -> GREETING    HELLO and PING are written
 *   GREETING   WELCOME                        -> PINGING
 *   PINGING    the ping's answer              -> LIVE, JOINING (a session runs) or WAITING (a log
 *                                             in is under way)
 *   WAITING    the log in has ended           -> LIVE or JOINING
 *   JOINING    LOGIN: OK                      -> LIVE, and its mailbox is read
 *              LOGIN: UNKNOWN                    HANDOVER and LOGIN again
 *              LOGIN: anything else           -> DOWN, or the session is over
 *   any        failure, nothing due in time   -> DOWN
 *
 * The ping's answer has waited for the replica's disk, so a replica whose disk hangs does not
 * become live.
 */
#include "replication/private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- what is due ---- */

static void expect(struct replication *r, uint32_t index, const struct due_reply *e)
{
	struct replica *p = &r->replicas[index];

	if (p->expected_count == p->expected_capacity) {
		uint32_t capacity = p->expected_capacity ? p->expected_capacity * 2 : 16;
		struct due_reply *ring = memory_alloc(capacity * sizeof *ring);

		for (uint32_t i = 0; i < p->expected_count; i++)
			ring[i] = p->expected[(p->expected_first + i) & (p->expected_capacity - 1)];
		memory_free(p->expected);
		p->expected = ring;
		p->expected_first = 0;
		p->expected_capacity = capacity;
	}
	if (p->expected_count == 0)
		p->due_since_ms = r->now_ms;
	p->expected[(p->expected_first + p->expected_count) & (p->expected_capacity - 1)] = *e;
	p->expected_count++;
}

static void will_write(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	p->sent_ms = r->now_ms;
	if (p->write_told)
		return;
	p->write_told = true;
	replication_act(r, ACTION_WRITE, NULL)->index = index;
}

uint32_t due_request(struct replication *r, uint32_t index, uint8_t type, enum target target,
                     struct op *op, struct stream_question *question)
{
	struct replica *p = &r->replicas[index];
	struct due_reply e = { (uint8_t)target, type, 0, op, question, r->now_ms };

	if (++p->next_request == 0)
		p->next_request = 1;
	e.request = p->next_request;
	expect(r, index, &e);
	will_write(r, index);
	return e.request;
}

void due_ask(struct replication *r, uint32_t index, const struct frame *frame, enum target target,
             struct op *op)
{
	struct replica *p = &r->replicas[index];
	struct frame f = *frame;

	f.request = due_request(r, index, f.type, target, op, NULL);
	if (!protocol_encode(&p->out, &f))
		p->overflow = true;
}

/* ---- life and death ---- */

static void choose_leader(struct replication *r)
{
	int leader = r->live ? (int)replica_first(r->live) : -1;

	if (leader == r->leader)
		return;
	r->leader = leader;
	if (leader >= 0)
		replication_act(r, ACTION_LEADER, NULL)->index = (uint32_t)leader;
}

static void tell_state(struct replication *r, uint32_t index, bool live)
{
	struct action *a;
	char *why = NULL;

	if (!live) {
		why = memory_alloc(WHY_SIZE);
		memcpy(why, r->replicas[index].why, WHY_SIZE);
	}
	a = replication_act(r, ACTION_REPLICA, why);
	a->index = index;
	a->live = live;
	a->why = why ? why : "";
}

static void become_live(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	assert(!(r->live & BIT(index)));
	p->state = REPLICA_LIVE;
	p->backoff_ms = REDIAL_MS_MIN;
	p->why[0] = '\0';
	r->live |= BIT(index);
	r->era++;
	tell_state(r, index, true);
	choose_leader(r);
	for (uint32_t i = 0; i < r->tombstones_count; i++)
		tombstone_tell(r, index, &r->tombstones[i].tombstone);
	if (p->joined)
		mailbox_read(r, index, NULL);
}

/* Every request loses it from its audience. */
static void leave_audiences(struct replication *r, uint32_t index)
{
	for (struct op *op = r->first_op; op; op = op->next) {
		if (op->ended || !(op->audience & BIT(index)))
			continue;
		op->audience &= (uint8_t)~BIT(index);
		op->done &= (uint8_t)~BIT(index);
		op->died = true;
		if (op->asking)
			op_settle(r, op);
	}
}

static void forget_connection(struct replica *p)
{
	for (uint32_t i = 0; i < p->expected_count; i++)
		memory_free(
			p->expected[(p->expected_first + i) & (p->expected_capacity - 1)].question);
	p->expected_count = 0;
	p->expected_first = 0;
	buf_release(&p->out);
	p->write_told = false;
	p->overflow = false;
	p->welcomed = false;
	p->login_written = false;
	p->joined = false;
	p->facts_known = false;
}

/* The state DOWN, with the time of the next try: 100 ms doubling to a second, with jitter. */
static void go_down(struct replication *r, uint32_t index, const char *why)
{
	struct replica *p = &r->replicas[index];
	bool was_live = (r->live & BIT(index)) != 0;
	uint8_t jitter;

	(void)snprintf(p->why, sizeof p->why, "%s", why);
	p->state = REPLICA_DOWN;
	p->failed_once = true;
	replication_random(r, &jitter, sizeof jitter);
	p->redial_ms = r->now_ms + p->backoff_ms + p->backoff_ms * jitter / 1024;
	p->backoff_ms = p->backoff_ms * 2 < REDIAL_MS_MAX ? p->backoff_ms * 2 : REDIAL_MS_MAX;
	if (r->options.single)
		p->redial_ms = UINT64_MAX;
	forget_connection(p);
	stream_lost(r, index);
	mailbox_lost(r, index);
	if (!was_live)
		return;
	r->live &= (uint8_t)~BIT(index);
	leave_audiences(r, index);
	tell_state(r, index, false);
	choose_leader(r);
	if (!r->live) /* those that wait for a log in which nobody is left to answer */
		replica_go_on(r);
}

void replica_die(struct replication *r, uint32_t index, const char *why)
{
	if (r->replicas[index].state == REPLICA_DOWN)
		return;
	replication_act(r, ACTION_CLOSE, NULL)->index = index;
	go_down(r, index, why);
}

void replication_failed(struct replication *r, uint32_t index, const char *why,
                        struct replication_time time)
{
	assert(index < REPLICAS);
	r->now_ms = time.monotonic_ms;
	if (r->replicas[index].state == REPLICA_DOWN)
		return;
	go_down(r, index, why);
	replication_settle(r);
}

void replica_init(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	buf_init(&p->out, OUTPUT_SIZE_MAX);
	p->backoff_ms = REDIAL_MS_MIN;
	p->silence_ms = 3 * HEARTBEAT_MS;
	p->state = REPLICA_DIALLING;
	(void)snprintf(p->why, sizeof p->why, "not answered yet");
	p->due_since_ms = r->now_ms;
	replication_act(r, ACTION_DIAL, NULL)->index = index;
}

void replica_release(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	forget_connection(p);
	memory_free(p->expected);
	memory_free(p->ask);
}

void replication_connected(struct replication *r, uint32_t index, struct replication_time time)
{
	struct frame hello = { .type = FRAME_HELLO };
	struct frame ping = { .type = FRAME_PING };
	struct replica *p = &r->replicas[index];

	assert(index < REPLICAS);
	assert(p->state == REPLICA_DIALLING);
	r->now_ms = time.monotonic_ms;
	p->state = REPLICA_GREETING;
	hello.hello.version_min = PROTOCOL_VERSION_MIN;
	hello.hello.version_max = PROTOCOL_VERSION_MAX;
	(void)protocol_encode(&p->out, &hello); /* the buffer is empty: there is room */
	due_ask(r, index, &ping, TARGET_PING, NULL);
	replication_settle(r);
}

/* ---- the session's own log in at a replica that returned ---- */

void login_frame(struct replication *r, uint32_t index, const struct login_session *session,
                 struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	struct auth auth = { .purpose = AUTH_LOGIN, .id = session->id };

	memset(frame, 0, sizeof *frame);
	frame->type = FRAME_LOGIN;
	frame->login.id = session->id;
	frame->login.session = session->ulid;
	frame->login.dial = session->dial;
	replication_random(r, frame->login.client_nonce, KEY_SIZE);
	memcpy(auth.client_nonce, frame->login.client_nonce, KEY_SIZE);
	memcpy(auth.server_nonce, p->nonce, KEY_SIZE);
	memcpy(auth.uuid, p->uuid, UUID_SIZE);
	auth.setting = view_of_string(session->setting);
	auth_proof(session->stretched, &auth, frame->login.proof);
	p->login_written = true;
}

void login_handover_frame(struct replication *r, uint32_t index,
                          const struct login_session *session, struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	struct auth auth = { .purpose = AUTH_INTRODUCE, .id = session->id };

	memset(frame, 0, sizeof *frame);
	frame->type = FRAME_HANDOVER;
	frame->introduce.account = session->account;
	frame->introduce.account.confirmed = false;
	replication_random(r, frame->introduce.client_nonce, KEY_SIZE);
	memcpy(auth.client_nonce, frame->introduce.client_nonce, KEY_SIZE);
	memcpy(auth.server_nonce, p->nonce, KEY_SIZE);
	memcpy(auth.uuid, p->uuid, UUID_SIZE);
	auth.setting = session->account.verifier.setting;
	auth_proof(session->stretched, &auth, frame->introduce.proof);
}

static void join(struct replication *r, uint32_t index)
{
	struct frame frame;

	r->replicas[index].state = REPLICA_JOINING;
	r->session.dial++;
	login_frame(r, index, &r->session, &frame);
	due_ask(r, index, &frame, TARGET_JOIN, NULL);
}

/* While our own deletion is under way the session goes on, and the deletion needs replicas that are
 * live. */
static void account_is_gone(struct replication *r, uint32_t index)
{
	login_session_lost(r, true);
	if (r->replicas[index].state == REPLICA_JOINING)
		become_live(r, index);
}

static void joined(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	struct frame again;

	/* A session that ends makes whoever was JOINING live at once, so this is never an earlier
	 * one's answer. */
	if (!r->session.active || p->state != REPLICA_JOINING) {
		if (p->state == REPLICA_JOINING)
			become_live(r, index);
		return;
	}
	switch (frame->status) {
	case STATUS_OK:
		p->joined = true;
		become_live(r, index);
		break;
	case STATUS_UNKNOWN:
		login_handover_frame(r, index, &r->session, &again);
		due_ask(r, index, &again, TARGET_HANDOVER, NULL);
		break;
	case STATUS_TAKEN_OVER:
		login_session_lost(r, false);
		break;
	case STATUS_GONE:
		account_is_gone(r, index);
		break;
	default:
		replica_die(r, index, "refuses the log in of this session");
	}
}

static void handed_over(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct frame login;

	if (r->replicas[index].state != REPLICA_JOINING)
		return;
	if (!r->session.active) {
		become_live(r, index);
	} else if (frame->status == STATUS_OK) {
		login_frame(r, index, &r->session, &login);
		due_ask(r, index, &login, TARGET_JOIN, NULL);
	} else if (frame->status == STATUS_GONE) {
		account_is_gone(r, index);
	} else {
		replica_die(r, index, "cannot store the account of this session (disk full)");
	}
}

/* Answered: it becomes live now, or after its own log in. */
static void answered(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	if (r->logins && r->live) /* with nobody live that log in begins again, with this one */
		p->state = REPLICA_WAITING;
	else if (r->session.active)
		join(r, index);
	else
		become_live(r, index);
}

void replica_go_on(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct replica *p = &r->replicas[i];

		if (p->state == REPLICA_WAITING ||
		    (p->state == REPLICA_JOINING && !r->session.active))
			answered(r, i);
	}
}

/* ---- tombstones that are told ---- */

void tombstone_tell(struct replication *r, uint32_t index, const struct tombstone *tombstone)
{
	struct frame frame = { .type = FRAME_DELETE, .tombstone = *tombstone };

	due_ask(r, index, &frame, TARGET_TELL, NULL);
}

/* Their names' views follow them. */
static void move_kept(struct replication *r, uint32_t to)
{
	uint32_t left = r->tombstones_count - to - 1;

	memmove(&r->tombstones[to], &r->tombstones[to + 1], left * sizeof *r->tombstones);
	r->tombstones_count--;
	for (uint32_t i = to; i < r->tombstones_count; i++)
		r->tombstones[i].tombstone.name.data = (const uint8_t *)r->tombstones[i].name;
}

void tombstone_forget(struct replication *r, const struct id *id)
{
	for (uint32_t i = 0; i < r->tombstones_count; i++)
		if (id_equal(&r->tombstones[i].tombstone.id, id)) {
			move_kept(r, i);
			return;
		}
}

void tombstone_keep(struct replication *r, const struct tombstone *tombstone)
{
	struct kept_tombstone *kept;

	for (uint32_t i = 0; i < r->tombstones_count; i++)
		if (id_equal(&r->tombstones[i].tombstone.id, &tombstone->id))
			return;
	if (r->tombstones_count == TOMBSTONES_KEPT)
		move_kept(r, 0);
	kept = &r->tombstones[r->tombstones_count++];
	kept->tombstone = *tombstone;
	memcpy(kept->name, tombstone->name.data, tombstone->name.size);
	kept->tombstone.name.data = (const uint8_t *)kept->name;
}

/* ---- frames ---- */

static void welcome(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct replica *p = &r->replicas[index];

	p->welcomed = true;
	p->state = REPLICA_PINGING;
	memcpy(p->uuid, frame->welcome.uuid, UUID_SIZE);
	memcpy(p->nonce, frame->welcome.nonce, KEY_SIZE);
	p->silence_ms = frame->welcome.silence_ms;
	p->clock_known = true;
	p->clock_offset_ms = (int64_t)frame->welcome.clock_ms - (int64_t)r->now_ms;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct replica *other = &r->replicas[i];
		char why[WHY_SIZE];

		if (i == index || !other->welcomed || memcmp(other->uuid, p->uuid, UUID_SIZE) != 0)
			continue;
		(void)snprintf(
			why, sizeof why,
			"is the same replica as number %u: one server was given twice, or a data "
			"directory was copied (then start one of them with --new-uuid)",
			i < index ? i : index);
		replica_die(r, i < index ? index : i, why);
		if (i > index)
			continue;
		break;
	}
}

static void pong(struct replication *r, uint32_t index, const struct due_reply *e,
                 const struct frame *frame)
{
	struct replica *p = &r->replicas[index];

	p->clock_known = true;
	p->clock_offset_ms = (int64_t)frame->pong.clock_ms - (int64_t)r->now_ms;
	p->facts_known = true;
	p->facts = frame->pong.facts;
	p->sum = frame->pong.sum;
	p->round_trip_ms = r->now_ms - e->asked_ms;
	if (p->state == REPLICA_PINGING)
		answered(r, index);
}

static void reply(struct replication *r, uint32_t index, const struct due_reply *e,
                  const struct frame *frame)
{
	switch ((enum target)e->target) {
	case TARGET_OP:
		assert(!e->op->ended);
		if (!e->op->asking || !(e->op->audience & BIT(index)))
			break;
		e->op->done |= BIT(index);
		e->op->row->reply(r, e->op, index, frame);
		op_settle(r, e->op);
		break;
	case TARGET_PING:
		pong(r, index, e, frame);
		if (e->op && e->op->asking && (e->op->audience & BIT(index))) {
			e->op->done |= BIT(index);
			op_settle(r, e->op);
		}
		break;
	case TARGET_JOIN:
		joined(r, index, frame);
		break;
	case TARGET_HANDOVER:
		handed_over(r, index, frame);
		break;
	case TARGET_PAGE:
		mailbox_page(r, index, frame);
		break;
	case TARGET_STREAMS:
		stream_answers(r, index, e->question, frame);
		break;
	case TARGET_RECEIVED:
	case TARGET_TELL:
		break;
	}
}

/* A frame that is no reply. */
static void pushed(struct replication *r, uint32_t index, const struct frame *frame)
{
	char why[WHY_SIZE];

	switch (frame->type) {
	case FRAME_PUSH:
		mailbox_push(r, index, frame);
		break;
	case FRAME_READ_ON:
		mailbox_read_on(r, index, &frame->read_on.place);
		break;
	case FRAME_ENDED:
		if (r->session.active && ulid_equal(&r->session.ulid, &frame->session.session))
			login_session_lost(r, frame->status == STATUS_GONE);
		else
			login_ended(r, index, &frame->session.session, frame->status);
		break;
	default:
		(void)snprintf(why, sizeof why, "closed the connection: %.*s",
		               (int)(frame->error.text.size < 120 ? frame->error.text.size : 120),
		               (const char *)frame->error.text.data);
		replica_die(r, index, why);
	}
}

static void take_frame(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	struct due_reply e;

	if (!p->welcomed && frame->type != FRAME_WELCOME && frame->type != FRAME_ERROR) {
		replica_die(r, index, "does not begin with a greeting");
		return;
	}
	if (frame->type == FRAME_WELCOME && !p->welcomed) {
		welcome(r, index, frame);
		return;
	}
	if (frame->type >= FRAME_PUSH && frame->type <= FRAME_ERROR) {
		pushed(r, index, frame);
		return;
	}
	if (p->expected_count == 0) {
		replica_die(r, index, "answers what it was not asked");
		return;
	}
	e = p->expected[p->expected_first];
	if (e.request != frame->request || (e.type | FRAME_REPLY) != frame->type) {
		replica_die(r, index, "answers in the wrong order");
		return;
	}
	p->expected_first = (p->expected_first + 1) & (p->expected_capacity - 1);
	p->expected_count--;
	p->due_since_ms = r->now_ms;
	reply(r, index, &e, frame);
	memory_free(e.question);
}

/* A line of text instead of a frame: a server of another kind or version says why. */
static size_t take_line(struct replication *r, uint32_t index, struct view bytes)
{
	const uint8_t *end = memchr(bytes.data, '\n', bytes.size);
	char why[WHY_SIZE];

	if (!end && bytes.size < WHY_SIZE)
		return 0;
	(void)snprintf(why, sizeof why, "says: %.*s", (int)(end ? end - bytes.data : WHY_SIZE / 2),
	               (const char *)bytes.data);
	replica_die(r, index, why);
	return bytes.size;
}

size_t replication_input(struct replication *r, uint32_t index, struct view bytes,
                         struct replication_time time)
{
	struct replica *p = &r->replicas[index];
	size_t used = 0;

	assert(index < REPLICAS);
	r->now_ms = time.monotonic_ms;
	while (p->state > REPLICA_DIALLING) {
		struct view rest = { bytes.data + used, bytes.size - used };
		struct frame frame;
		const char *why;
		size_t size;
		char text[WHY_SIZE];

		if (!protocol_size(rest, &size)) {
			size = take_line(r, index, rest);
			if (size == 0)
				break;
			used += size;
			continue;
		}
		if (size == 0 || size > rest.size)
			break;
		rest.size = size;
		used += size;
		if (protocol_decode(rest, &frame, &why)) {
			take_frame(r, index, &frame);
			continue;
		}
		(void)snprintf(text, sizeof text, "sends what is no frame (%s)", why);
		replica_die(r, index, text);
	}
	replication_settle(r);
	return p->state > REPLICA_DIALLING ? used : bytes.size;
}

/* ---- time ---- */

static uint32_t heartbeat_ms(const struct replica *p)
{
	return p->silence_ms / 3 < HEARTBEAT_MS ? p->silence_ms / 3 : HEARTBEAT_MS;
}

uint64_t replica_deadline(const struct replication *r, uint32_t index)
{
	const struct replica *p = &r->replicas[index];
	uint64_t due = p->due_since_ms + r->options.reply_timeout_ms;
	uint64_t ping = p->sent_ms + heartbeat_ms(p);

	if (p->state == REPLICA_DOWN)
		return p->redial_ms;
	if (p->state == REPLICA_DIALLING || p->state == REPLICA_GREETING)
		return due;
	if (p->expected_count == 0)
		return ping;
	return ping < due ? ping : due;
}

void replica_tick(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	struct frame ping = { .type = FRAME_PING };
	char why[WHY_SIZE];

	if (p->state == REPLICA_DOWN) {
		if (r->now_ms < p->redial_ms)
			return;
		p->state = REPLICA_DIALLING;
		p->due_since_ms = r->now_ms;
		replication_act(r, ACTION_DIAL, NULL)->index = index;
		return;
	}
	if ((p->expected_count > 0 || p->state <= REPLICA_GREETING) &&
	    r->now_ms >= p->due_since_ms + r->options.reply_timeout_ms) {
		(void)snprintf(why, sizeof why, "no reply for %u ms", r->options.reply_timeout_ms);
		replica_die(r, index, why);
		return;
	}
	if (p->state >= REPLICA_PINGING && r->now_ms >= p->sent_ms + heartbeat_ms(p))
		due_ask(r, index, &ping, TARGET_PING, NULL);
}

/* ---- output ---- */

struct view replication_output(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	assert(index < REPLICAS);
	p->write_told = false;
	return buf_view(&p->out);
}

void replication_output_sent(struct replication *r, uint32_t index, size_t size)
{
	struct replica *p = &r->replicas[index];

	buf_consume(&p->out, size);
	if (p->out.size == 0 && p->out.capacity > 4096)
		buf_release(&p->out);
}

const char *replication_why(const struct replication *r, uint32_t index)
{
	assert(index < REPLICAS);
	return r->replicas[index].why;
}
