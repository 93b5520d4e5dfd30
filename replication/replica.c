/* SPDX-License-Identifier: MIT
 *
 * replica: one connection of a client.
 *
 *   state      event                          -> state
 *   DOWN       redial time                    -> DIALLING    ACTION_DIAL
 *   DIALLING   connected                      -> GREETING    HELLO and PING are written
 *   GREETING   WELCOME                        -> PINGING
 *   PINGING    the ping's answer              -> LIVE, JOINING (a session runs) or WAITING (a log
 *                                             in is under way, or it may be a twin: twin.c)
 *   WAITING    neither is so any more         -> LIVE or JOINING
 *   JOINING    LOGIN: OK                      -> LIVE, and its mailbox is read
 *              LOGIN: UNKNOWN, or OK to a        HANDOVER and LOGIN again, as soon as it has shown
 *              password that was changed since   that it belongs to the cluster (member.c)
 *              LOGIN: anything else           -> DOWN, or the session is over
 *   any        failure, nothing due in time,  -> DOWN
 *              an answer that cannot be, doubt
 *
 * The ping's answer has waited for the replica's disk, so a replica whose disk hangs does not
 * become live. While a log-in is under way it is not known whose session a replica should have, so
 * one that returns waits for the end of that; but not if nobody else is live, for then the log-in
 * waits for it.
 *
 * Whatever a replica says that this protocol does not allow is its death: nothing else that it says
 * can be trusted then.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- life and death ---- */

/* The lowest index leads. */
static void choose_leader(struct replication *r)
{
	int leader = r->live ? (int)replica_first(r->live) : -1;

	if (leader == r->leader)
		return;
	r->leader = leader;
	if (leader >= 0)
		replication_act(r, ACTION_LEADER, NULL)->index = (uint32_t)leader;
}

/* ACTION_REPLICA, with the reason of a death. */
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
	a->lies = !live && r->replicas[index].lies;
	a->why = why ? why : "";
}

/* Whatever was learned before is old now: this one may know better (`era`). */
static void become_live(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	assert(!(r->live & BIT(index)));
	p->state = REPLICA_LIVE;
	p->live_ms = r->now_ms;
	p->why[0] = '\0';
	r->live |= BIT(index);
	r->era++;
	r->changes++;
	tell_state(r, index, true);
	choose_leader(r);
	tombstone_tell_kept(r, index);
	if (p->joined)
		mailbox_read(r, index, NULL);
}

/* Nothing of what was said on it counts on the next one: the replica may have been restarted, wiped
 * or restored in between. */
static void forget_connection(struct replica *p)
{
	due_clear(p);
	p->welcomed = false;
	p->lacks_account = p->says_changed = p->lacks_password = false;
	p->login_written = false;
	p->joined = false;
	memset(&p->ended_session, 0, sizeof p->ended_session);
	p->prove = 0;
	p->handed = false;
	p->facts_known = false;
	p->heard_ms = 0;
	p->page_size = p->short_pages = 0;
	p->alone_pushed = p->alone_merged = p->strange = p->read_ons = 0;
	p->claim = 0;
	p->has_served = false;
}

/* The time of the next try. The pause doubles each time; a random quarter is added, so that not all
 * clients of a replica come back at the same moment. That a replica becomes live does not make it
 * short again: one that fails as soon as it is live would be dialled without end. A command that
 * has ended well does, at once: there are no more of these than the user gives. */
static void set_redial(struct replication *r, struct replica *p, bool was_live)
{
	uint64_t live_ms = was_live ? r->now_ms - p->live_ms : 0;
	bool is_long = p->lies || p->is_slow;
	uint32_t most = is_long ? LIAR_MS_MAX : REDIAL_MS_MAX;
	uint32_t *pause = is_long ? &p->liar_backoff_ms : &p->backoff_ms;
	uint8_t jitter;

	if (live_ms >= BEHAVED_MS || p->has_served)
		p->backoff_ms = REDIAL_MS_MIN;
	if (live_ms >= LIAR_BEHAVED_MS)
		p->liar_backoff_ms = LIAR_MS_MIN;
	replication_random(r, &jitter, sizeof jitter);
	p->redial_ms = r->now_ms + *pause + *pause * jitter / 1024;
	*pause = *pause * 2 < most ? *pause * 2 : most;
	if (r->options.single)
		p->redial_ms = UINT64_MAX;
}

/* The state DOWN. */
static void go_down(struct replication *r, uint32_t index, const char *why)
{
	struct replica *p = &r->replicas[index];
	bool was_live = (r->live & BIT(index)) != 0;

	(void)snprintf(p->why, sizeof p->why, "%s", why);
	p->state = REPLICA_DOWN;
	p->failed_once = true;
	set_redial(r, p, was_live);
	twin_lost(r, index, p->welcomed);
	forget_connection(p);
	member_lost(r, index);
	removed_lost(r, index);
	stream_lost(r, index);
	mailbox_lost(r, index);
	if (!was_live)
		return;
	r->live &= (uint8_t)~BIT(index);
	r->changes++;
	op_lost(r, index);
	tell_state(r, index, false);
	choose_leader(r);
}

/* It has failed by what it says, or does not say: the connection is closed. */
static void die(struct replication *r, uint32_t index, const char *why)
{
	if (r->replicas[index].state == REPLICA_DOWN)
		return;
	replication_act(r, ACTION_CLOSE, NULL)->index = index;
	go_down(r, index, why);
}

/* It has contradicted the protocol or itself. */
static void die_lying(struct replication *r, uint32_t index, const char *why)
{
	if (r->replicas[index].state != REPLICA_DOWN)
		r->replicas[index].lies = true;
	die(r, index, why);
}

void replica_failed(struct replication *r, uint32_t index, const char *why)
{
	if (r->replicas[index].state == REPLICA_DOWN)
		return;
	due_strike(r, index);
	go_down(r, index, why);
}

void replica_init(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	buf_init(&p->out, OUTPUT_SIZE_MAX);
	p->backoff_ms = REDIAL_MS_MIN;
	p->liar_backoff_ms = LIAR_MS_MIN;
	p->silence_ms = 3 * HEARTBEAT_MS;
	p->state = REPLICA_DIALLING;
	(void)snprintf(p->why, sizeof p->why, "not answered yet");
	p->due_since_ms = p->twin.dialled_ms = r->now_ms;
	replication_act(r, ACTION_DIAL, NULL)->index = index;
}

void replica_connected(struct replication *r, uint32_t index)
{
	struct frame hello = { .type = FRAME_HELLO };
	struct replica *p = &r->replicas[index];

	assert(p->state == REPLICA_DIALLING);
	p->state = REPLICA_GREETING;
	hello.hello.version_min = PROTOCOL_VERSION_MIN;
	hello.hello.version_max = PROTOCOL_VERSION_MAX;
	(void)protocol_encode(&p->out, &hello); /* the buffer is empty: there is room */
	due_ping(r, index, NULL);
}

void replica_release(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	forget_connection(p);
	ring_release(&p->due);
	memory_free(p->ask);
}

/* ---- the session's own log-in at a replica that returned ---- */

/* The session goes on there: the same one, with the next dial number, so that a replica tells it
 * from a ghost of itself. */
static void join(struct replication *r, uint32_t index)
{
	struct frame frame;

	r->replicas[index].state = REPLICA_JOINING;
	r->unsettled |= BIT(index);
	r->replicas[index].handed = false;
	r->session.vouched.told[index] = 0;
	r->session.dial++;
	proof_frame(r, index, &r->session, &frame);
	due_ask(r, index, &frame, TARGET_JOIN, NULL);
}

/* The session is over; but not while our own deletion is under way. Then this replica becomes live
 * without the session, because the deletion needs replicas that are live. */
static void account_is_gone(struct replication *r, uint32_t index, const struct entry *entry)
{
	bool by_operator = entry->by == GONE_BY_OPERATOR && !r->deletes;

	if (r->session.active && !id_equal(&entry->id, &r->session.id))
		return; /* of an earlier session: it was held */
	login_session_lost(r, by_operator ? STATUS_CLOCK : STATUS_GONE);
	if (r->replicas[index].state == REPLICA_JOINING)
		become_live(r, index);
}

/* An operator has removed the account. Another replica may have it confirmed, and then it lives, so
 * the session is over when all three have said so. */
static void account_is_removed(struct replication *r, uint32_t index)
{
	r->session.removed |= BIT(index);
	if (r->session.removed == ALL_REPLICAS)
		login_session_lost(r, STATUS_CLOCK);
	else
		die(r, index, "its operator has removed this account");
}

/* A replica says that the session is over. It has told the reason, and no proof of it. So the
 * session asks for itself again: the answer to that is signed, or holds a tombstone. Nothing else
 * is asked anew meanwhile; what is under way there is answered with NO_SESSION. */
static void prove(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	struct frame frame;

	r->session.dial++;
	proof_frame(r, index, &r->session, &frame);
	due_ask(r, index, &frame, TARGET_PROVE, NULL);
	p->prove = p->next_request;
}

/* A replica says that the password was changed. There is no proof of that, because it keeps nothing
 * of the old one: so it is believed as soon as it has shown that it belongs to the cluster; if it
 * has proved that it holds the account, also while nobody is known. If it may be our own change
 * that it has learned, the session logs in there again. */
static void password_changed(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	/* The session may have its new password only since it has asked. */
	if (p->login_epoch < r->session.account.epoch || password_adopt(r))
		die(r, index, "has learned the new password: logs in again");
	else if (member_is_vouched(r, index, replication_joined(r)) ||
	         (p->joined && (!member_known(r) || BUG(changed_believed))))
		login_session_lost(r, STATUS_CHANGED);
	else if (p->joined)
		die(r, index, CHANGED_UNKNOWN);
	else
		(void)snprintf(p->why, sizeof p->why, "says that the password was changed");
}

/* The answer to that. What has ended a session is never forgotten, so there is one right answer. */
static void proved(struct replication *r, uint32_t index, uint32_t request,
                   const struct frame *frame)
{
	struct replica *p = &r->replicas[index];

	if (p->prove != request) /* of a session that has ended meanwhile */
		return;
	p->prove = 0;
	if (frame->status == STATUS_GONE)
		account_is_gone(r, index, &frame->logged_in.entry);
	else if (frame->status == STATUS_CLOCK)
		account_is_removed(r, index);
	else if (frame->status == STATUS_CHANGED ||
	         (frame->status == STATUS_WRONG_PROOF && r->session.account.epoch > 0))
		password_changed(r, index);
	else if (frame->status == STATUS_UNKNOWN && r->session.account.epoch > 0)
		die(r, index, "lacks the password of this session");
	else if (frame->status != STATUS_TAKEN_OVER || BUG(end_is_a_lie))
		die_lying(r, index, "ends a session that is not over");
	else if (proof_is_signed(r, index, &r->session, frame))
		login_session_lost(r, STATUS_TAKEN_OVER);
}

/* The session runs there, unless it has ended there meanwhile: the end is told at once, and the yes
 * before it has waited for the disk. */
static void has_joined(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	if (ulid_equal(&p->ended_session, &r->session.ulid)) {
		prove(r, index);
	} else {
		p->joined = true;
		become_live(r, index);
	}
}

/* A replica says that a session is over. If it has not said yes to that yet, its yes decides what
 * is next (has_joined). */
static void ended(struct replication *r, uint32_t index, const struct ulid *session,
                  enum status why)
{
	struct replica *p = &r->replicas[index];

	if (!login_session_is(r, session)) {
		login_ended(r, index, session);
		return;
	}
	if (why == STATUS_CHANGED && p->joined_epoch < r->session.account.epoch) {
		/* It has heard of our own change from elsewhere. */
		die(r, index, "has learned the new password: logs in again");
		return;
	}
	p->ended_session = *session;
	if (why == STATUS_GONE && r->deletes) /* that is our own doing, whose result is under way */
		return;
	if (p->joined && BUG(end_without_proof))
		login_session_lost(r, STATUS_TAKEN_OVER);
	else if (p->joined && p->prove == 0)
		prove(r, index);
}

/* Whether a replica has said yes to the password of the session. None has if the session goes on
 * with its own change because another one was made (password_adopt). The id vouches for the first
 * password. */
static bool is_vouched_for(const struct login_session *s)
{
	return s->account.epoch == 0 || vouched_has_stamp(&s->vouched);
}

/* To the session's own log-in there, signed. If that was written with a password that the session
 * has changed since, the replica lacks the new one: nobody else will hand it over. */
static void said_yes(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	bool is_old = p->login_epoch < r->session.account.epoch;

	p->joined_epoch = p->login_epoch;
	r->session.removed &= (uint8_t)~BIT(index);
	if (!is_old && !proof_takes_yes(r, index, &r->session, frame))
		return;
	r->has_before &= is_old;
	if (is_old && is_vouched_for(&r->session) && !BUG(joins_with_old_password))
		p->lacks_account = true; /* replica_settle goes on */
	else
		has_joined(r, index);
}

/* It lacks the password that the session goes on with, and no replica has said yes to that. Whoever
 * has stored it may be down, or have lost its disk since. It is waited for until each replica has
 * said so, or one of them twice; then the session returns to the password before. A log-in that is
 * under way with the other one begins again. */
static void lacks_unvouched(struct replication *r, uint32_t index)
{
	struct login_session *s = &r->session;
	bool is_again = (s->lacking & BIT(index)) != 0;

	s->lacking |= BIT(index);
	/* Without one before, a replica has said yes and given no stamp. */
	if (r->has_before && (is_again || s->lacking == ALL_REPLICAS))
		password_return(r);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (i == index || (r->replicas[i].state == REPLICA_JOINING &&
		                   r->replicas[i].login_epoch > s->account.epoch))
			die(r, i, "lacks the password of this session");
}

/* The answer to the session's own log-in there. */
static void joined(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct replica *p = &r->replicas[index];

	/* When a session ends nobody stays JOINING (replica_settle), so this is never the answer to
	 * an earlier one's. */
	if (!r->session.active || p->state != REPLICA_JOINING)
		return;
	switch (frame->status) {
	case STATUS_OK:
		if (proof_is_signed(r, index, &r->session, frame))
			said_yes(r, index, frame);
		break;
	case STATUS_UNKNOWN:
		if (p->handed)
			die_lying(r, index, LIES_UNKNOWN);
		else if (is_vouched_for(&r->session))
			p->lacks_account = true; /* replica_settle goes on */
		else
			lacks_unvouched(r, index);
		break;
	case STATUS_TAKEN_OVER:
		if (proof_is_signed(r, index, &r->session, frame))
			login_session_lost(r, STATUS_TAKEN_OVER);
		break;
	case STATUS_GONE:
		account_is_gone(r, index, &frame->logged_in.entry);
		break;
	case STATUS_CLOCK:
		account_is_removed(r, index);
		break;
	case STATUS_CHANGED:
		p->says_changed = true; /* replica_settle goes on */
		break;
	default:
		/* It may hold another password of this epoch: then the smaller one stays there. */
		if (r->session.account.epoch > 0 && !p->handed && is_vouched_for(&r->session))
			p->lacks_account = true;
		else if (r->session.account.epoch > 0)
			p->says_changed = true;
		else
			die(r, index, "refuses the log-in of this session");
	}
}

/* It does not know the account of the session, and is given it as soon as it has shown that it
 * belongs to the cluster. It waits for that, and does not die: where all have lost the account,
 * they must be there together to vouch for each other. */
static void give_account(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	struct frame frame;

	if (member_may_have(r, index, replication_joined(r))) {
		p->lacks_account = false;
		proof_handover(r, index, &r->session, &frame);
		due_ask(r, index, &frame, TARGET_HANDOVER, NULL);
	} else {
		(void)snprintf(p->why, sizeof p->why, "%s", AUTH_OTHER_KEY);
	}
}

/* It is live with the session, and lacks its password: it is told as soon as it has shown that it
 * belongs to the cluster, once. If it says that the session is over, its proof of that is next. */
static void give_password(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	struct frame frame;

	if (!p->joined || p->prove != 0) {
		p->lacks_password = false;
	} else if (member_may_have(r, index, replication_joined(r))) {
		p->lacks_password = false;
		proof_handover(r, index, &r->session, &frame);
		due_ask(r, index, &frame, TARGET_TELL, NULL);
		explicit_bzero(&frame, sizeof frame);
	}
}

/* It had not known the account; it is asked again when it does. */
static void handed_over(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct frame login;

	if (!r->session.active || r->replicas[index].state != REPLICA_JOINING)
		return;
	if (frame->status == STATUS_OK) {
		if (!proof_is_opened(r, index, frame))
			return;
		r->replicas[index].handed = true;
		proof_frame(r, index, &r->session, &login);
		due_ask(r, index, &login, TARGET_JOIN, NULL);
	} else if (frame->status == STATUS_GONE) {
		account_is_gone(r, index, &frame->introduced.entry);
	} else if (frame->status == STATUS_CLOCK) {
		account_is_removed(r, index);
	} else if (vouched_goes_on(&r->session.vouched, index, &r->session.account,
	                           frame->status)) {
		r->replicas[index].lacks_account = true; /* replica_settle goes on */
	} else {
		die(r, index, vouched_refused(&r->session, frame->status));
	}
}

/* Answered: it becomes live now, or after its own log-in. */
static void answered(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	p->lacks_account = p->says_changed = false;
	r->unsettled |= BIT(index);
	/* With nobody live a log-in begins again, with this one. */
	if ((r->live && login_is_written(r)) || twin_waits(r, index))
		p->state = REPLICA_WAITING;
	else if (r->session.active)
		join(r, index);
	else
		become_live(r, index);
}

/* ---- one replica at two indexes ---- */

/* Both show one uuid: the lower index keeps it. A death may make others known. */
static void settle_copies(struct replication *r)
{
	char why[WHY_SIZE];

	for (uint32_t i = 0; i < REPLICAS; i++)
		for (uint32_t k = i + 1; k < REPLICAS; k++) {
			if (!twin_are_copies(r, i, k))
				continue;
			(void)snprintf(why, sizeof why,
			               "is the same replica as number %u: a data directory was "
			               "copied (start one of them with --new-uuid)",
			               i);
			die(r, k, why);
			settle_copies(r);
		}
}

static void die_as_twin(struct replication *r, uint32_t index, uint32_t other)
{
	char why[WHY_SIZE];

	twin_why(r, index, other, why);
	if (r->replicas[index].twin.is_false)
		die_lying(r, index, why);
	else
		die(r, index, why);
}

/* By the rules of twin.c. A dial that is under way goes on: what it brings is judged then. */
static void settle_twins(struct replication *r, uint32_t index)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		uint8_t losers = i == index ? 0 : twin_losers(r, index, i);

		if (losers & BIT(index))
			die_as_twin(r, index, i);
		if ((losers & BIT(i)) && r->replicas[i].welcomed)
			die_as_twin(r, i, index);
	}
}

/* ---- frames ---- */

/* It says who it is. */
static void welcome(struct replication *r, uint32_t index, const struct frame *frame)
{
	struct replica *p = &r->replicas[index];
	bool is_same;

	p->welcomed = true;
	r->unsettled = ALL_REPLICAS;
	/* The same process greeted us on the connection before. */
	is_same = p->twin.is_set && memcmp(p->public, frame->welcome.public, KEY_SIZE) == 0;
	twin_greeted(r, index, frame->welcome.uuid, frame->welcome.public);
	op_greeted(r, index, is_same);
	due_greeted(r, index, is_same);
	p->state = REPLICA_PINGING;
	memcpy(p->uuid, frame->welcome.uuid, UUID_SIZE);
	memcpy(p->public, frame->welcome.public, KEY_SIZE);
	memcpy(p->nonce, frame->welcome.nonce, KEY_SIZE);
	p->version = frame->welcome.version;
	if (p->version < PROTOCOL_VERSION_MAX && auth_nonce_is_lowered(p->nonce))
		replica_lies(r, index,
		             "is asked for an earlier version than it speaks: somebody "
		             "changes what is sent to it");
	p->silence_ms = frame->welcome.silence_ms;
	p->clock_known = true;
	p->clock_offset_ms = (int64_t)frame->welcome.clock_ms - (int64_t)r->now_ms;
	settle_twins(r, index);
	if (p->welcomed)
		member_greeted(r, index);
}

/* What a ping's answer tells; the first one on a connection says that the replica works. */
static void pong(struct replication *r, uint32_t index, const struct due_reply *due,
                 const struct frame *frame)
{
	struct replica *p = &r->replicas[index];

	p->clock_known = true;
	p->clock_offset_ms = (int64_t)frame->pong.clock_ms - (int64_t)r->now_ms;
	p->facts_known = true;
	p->facts = frame->pong.facts;
	p->sum = frame->pong.sum;
	p->round_trip_ms = r->now_ms - due->asked_ms;
	if (p->claim > p->facts && due->request == p->claim_ping)
		replica_lies(r, index, "lists more accounts than it has");
	if (due->request == p->claim_ping)
		p->claim = 0;
	if (p->state == REPLICA_PINGING)
		answered(r, index);
}

/* It said yes to the log-in of this session, and later that there is none, without ENDED before
 * that. All that was asked before the log-in was answered before it. Who did so for ever would be
 * asked again for ever. */
static bool has_lost_session(const struct replication *r, uint32_t index, const struct frame *frame)
{
	const struct replica *p = &r->replicas[index];

	return frame->status == STATUS_NO_SESSION && r->session.active && p->joined &&
	       !ulid_equal(&p->ended_session, &r->session.ulid);
}

/* A reply goes to whom its request was for. */
static void reply(struct replication *r, uint32_t index, const struct due_reply *due,
                  const struct frame *frame)
{
	switch ((enum target)due->target) {
	case TARGET_OP:
		op_replied(r, due->op, index, frame);
		break;
	case TARGET_PING:
		pong(r, index, due, frame);
		if (due->op != NULL)
			op_replied(r, due->op, index, frame);
		break;
	case TARGET_JOIN:
		joined(r, index, frame);
		break;
	case TARGET_HANDOVER:
		handed_over(r, index, frame);
		break;
	case TARGET_PROVE:
		proved(r, index, due->request, frame);
		break;
	case TARGET_PAGE:
		mailbox_page(r, index, frame);
		break;
	case TARGET_STREAMS:
		stream_answers(r, index, due->question, frame);
		break;
	case TARGET_MEMBER:
		member_answered(r, index, due->request, frame);
		break;
	case TARGET_RECEIVED:
		if (frame->status != STATUS_OK)
			stream_refused(r, index);
		break;
	case TARGET_REMOVE:
		removed_answered(r, index, due->request, frame);
		break;
	default: /* TARGET_TELL */
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
		ended(r, index, &frame->session.session, frame->status);
		break;
	default:
		(void)snprintf(why, sizeof why, "closed the connection: %.*s",
		               (int)(frame->error.text.size < 120 ? frame->error.text.size : 120),
		               (const char *)frame->error.text.data);
		die(r, index, why);
	}
}

/* First comes WELCOME, or ERROR; then replies in the order of the requests, and between them what
 * the replica sends unasked. */
static void take_frame(struct replication *r, uint32_t index, const struct frame *frame,
                       struct view bytes)
{
	struct replica *p = &r->replicas[index];
	struct due_reply due;
	const char *why;

	if (!p->welcomed && frame->type != FRAME_WELCOME && frame->type != FRAME_ERROR) {
		die_lying(r, index, "does not begin with a greeting");
		return;
	}
	if (frame->type == FRAME_WELCOME && !p->welcomed) {
		if (frame->welcome.version < PROTOCOL_VERSION_MIN ||
		    frame->welcome.version > PROTOCOL_VERSION_MAX)
			die_lying(r, index, "greets in a version that it was not offered");
		else
			welcome(r, index, frame);
		return;
	}
	if (frame->type >= FRAME_PUSH && frame->type <= FRAME_ERROR) {
		pushed(r, index, frame);
		return;
	}
	if (!due_take(r, index, frame, &due)) {
		die_lying(r, index, "answers what it was not asked");
		return;
	}
	if (due.request != frame->request || (due.type | FRAME_REPLY) != frame->type)
		die_lying(r, index, "answers in the wrong order");
	else if ((why = due_contradiction(&due, frame)) != NULL)
		die_lying(r, index, why);
	else if (has_lost_session(r, index, frame))
		die_lying(r, index, "has no session, and has not ended it");
	else if (!removed_hold(r, index, &due, frame, bytes))
		reply(r, index, &due, frame);
	due_release(&due);
}

/* A line of text instead of a frame: a server of another kind or version says why. Gives its size,
 * or 0 if its end has not come yet. */
static size_t take_line(struct replication *r, uint32_t index, struct view bytes)
{
	const uint8_t *end = memchr(bytes.data, '\n', bytes.size);
	char why[WHY_SIZE];

	if (end == NULL && bytes.size < WHY_SIZE)
		return 0;
	(void)snprintf(why, sizeof why, "says: %.*s",
	               (int)(end != NULL ? end - bytes.data : WHY_SIZE / 2),
	               (const char *)bytes.data);
	die(r, index, why);
	return bytes.size;
}

/* Takes the frame, or the line, at the front of `bytes`; gives its size, or 0 if it is not whole
 * yet. */
static size_t take_one(struct replication *r, uint32_t index, struct view bytes)
{
	struct frame frame;
	const char *reason;
	char why[WHY_SIZE];
	size_t size;

	if (!protocol_size(bytes, &size))
		return take_line(r, index, bytes);
	if (size == 0 || size > bytes.size)
		return 0;
	if (protocol_decode(view_of(bytes.data, size), &frame, &reason)) {
		take_frame(r, index, &frame, view_of(bytes.data, size));
	} else {
		(void)snprintf(why, sizeof why, "sends what is no frame (%s)", reason);
		die_lying(r, index, why);
	}
	return size;
}

size_t replica_input(struct replication *r, uint32_t index, struct view bytes)
{
	const struct replica *p = &r->replicas[index];
	size_t used = 0;
	size_t size = 1;

	while (size > 0 && p->state > REPLICA_DIALLING && p->doubt == NULL) {
		size = take_one(r, index, view_of(bytes.data + used, bytes.size - used));
		used += size;
	}
	return used;
}

/* ---- settling ---- */

/* Whether it waits for something that may have come with any event. */
static bool is_unsettled(const struct replica *p)
{
	return p->doubt != NULL || p->state == REPLICA_WAITING || p->state == REPLICA_JOINING ||
	       p->lacks_account || p->says_changed || p->lacks_password || p->held != NULL;
}

void replica_check(const struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		assert((r->unsettled & BIT(i)) || !is_unsettled(&r->replicas[i]));
		for (uint32_t k = i + 1; k < REPLICAS; k++)
			assert(!twin_are_copies(r, i, k));
	}
}

/* Its replies that are held, as far as it is known whether they are true. */
static void take_held(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];

	while (p->held != NULL && p->doubt == NULL) {
		struct frame frame;
		const char *why;
		bool is_whole = protocol_decode(view_of(p->held->bytes, p->held->size), &frame,
		                                &why);

		assert(is_whole);
		if (removed_settle(r, index, &p->held->due, &frame) != REMOVED_TRUE)
			return;
		struct held_reply *held = due_take_held(p);

		reply(r, index, &held->due, &frame);
		due_release(&held->due);
		memory_free(held);
	}
}

static void settle(struct replication *r)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		take_held(r, i);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].doubt != NULL)
			die(r, i, r->replicas[i].doubt);
	settle_copies(r);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		enum replica_state state = r->replicas[i].state;

		if (state == REPLICA_WAITING || (state == REPLICA_JOINING && !r->session.active))
			answered(r, i);
		else if (r->replicas[i].lacks_account)
			give_account(r, i);
		else if (r->replicas[i].says_changed)
			password_changed(r, i);
		else if (r->replicas[i].lacks_password)
			give_password(r, i);
	}
	twin_settle(r); /* only one that is live can be there first */
}

void replica_settle(struct replication *r)
{
	settle(r);
	settle_copies(r);
	r->unsettled = 0;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (is_unsettled(&r->replicas[i]))
			r->unsettled |= BIT(i);
}

/* ---- time ---- */

/* Often enough for a replica that drops whoever is silent. */
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
	if (p->due.count > 0 && due < ping)
		ping = due;
	return ping < twin_deadline(r, index) ? ping : twin_deadline(r, index);
}

void replica_tick(struct replication *r, uint32_t index)
{
	struct replica *p = &r->replicas[index];
	char why[WHY_SIZE];

	if (p->state == REPLICA_DOWN) {
		if (r->now_ms < p->redial_ms)
			return;
		p->state = REPLICA_DIALLING;
		p->lies = p->is_slow = false;
		p->due_since_ms = p->twin.dialled_ms = r->now_ms;
		replication_act(r, ACTION_DIAL, NULL)->index = index;
		return;
	}
	if ((p->due.count > 0 || p->state <= REPLICA_GREETING) &&
	    r->now_ms >= p->due_since_ms + r->options.reply_timeout_ms) {
		(void)snprintf(why, sizeof why, "no reply for %u ms", r->options.reply_timeout_ms);
		die(r, index, why);
		return;
	}
	if (p->state >= REPLICA_PINGING && r->now_ms >= p->sent_ms + heartbeat_ms(p))
		due_ping(r, index, NULL);
}
