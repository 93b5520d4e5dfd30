/* SPDX-License-Identifier: MIT
 *
 * send: a message to some.
 *
 *   phase    what is asked                               when that is there
 *   RESOLVE  a joined look-up of each name that is not   SEND; refused if one of them is unknown,
 *            known since the last replica became live    full, or another account than before
 *   SEND     all live replicas in parallel               done; PROOF if somebody is said to be gone
 *   PROOF    LOOKUP_ID at those that say so: the         done; GONE if the only recipient is gone
 *            answer holds the tombstone, or is a lie
 *   GONE     a joined look-up: has the name another      refused
 *            owner now?
 *
 * A recipient whose mailbox was full is always looked up, because only a look-up says that there is
 * room again. Numbers and the time are drawn when the message is first written, and never again for
 * it: the same id again is the same message, so a request that begins again is safe. What begins
 * again names its session, because its own may be another one by then.
 *
 * Messages are written in the order in which they were given, whomever they go to. So one whose
 * look-ups have ended waits while an earlier one still has some (r->sends). Else a name that has
 * just been looked up for the earlier one would let the later one pass it. A broadcast takes no
 * part in this: it asks for the whole list first.
 *
 * Of the answers to SEND: gone anywhere is gone, if it is proved; else a yes anywhere is a yes.
 * That the key is held with another text cannot be proved. For a message that is new it is not so,
 * because nobody else has drawn its key; for a repetition it counts unless more say yes. That a
 * replica has no room, or no session of ours, speaks only of that replica. It is the outcome if
 * nobody says anything else and nobody died with the request. Beside a death, or an answer that
 * does not count, the outcome is unknown: that replica may have stored it.
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <string.h>

enum { PHASE_RESOLVE, PHASE_SEND, PHASE_PROOF, PHASE_GONE };

struct recipient_state {
	struct contact *contact; /* NULL in a broadcast */
	struct id id;
	struct id expects;        /* whom this name meant when the command was given */
	bool expected;            /* it meant somebody who was written to */
	uint64_t number;          /* 0: not drawn */
	uint8_t said[STATUS_END]; /* replicas that said so */
	bool is_gone;             /* one has proved it */
	bool online;
	uint32_t share; /* of his mailbox that is used, the smallest said; or SHARE_UNKNOWN */
	enum outcome outcome;
};

struct send {
	struct op op;
	uint64_t turn; /* counts commands to send; 0: part of a broadcast */
	struct send *next_turn;
	bool is_resolved; /* it waits for its turn alone */
	uint8_t *text;    /* then the audience */
	uint32_t text_size;
	uint16_t audience_size;
	bool is_notice;
	uint32_t count;
	struct recipient_state *recipients; /* `one`, or allocated */
	struct recipient_state one;
	uint64_t sent_ms;       /* 0: not drawn */
	struct ulid session;    /* of the message's id */
	struct ulid by;         /* in which it was said: it is sent in no other */
	bool repetition;        /* the command named the id: it may have been stored long ago */
	enum outcome unreached; /* a look-up found nobody to ask, or was stopped; else OK */
	uint32_t proof_from;    /* PROOF: the recipients that are asked about, and */
	uint32_t proof_upto;    /* the one behind them */
};

/* ---- who ---- */

/* It may have arrived before. */
static bool is_again(const struct send *s)
{
	return s->repetition || s->op.loss == OP_RESTARTED;
}

static bool is_full(uint32_t share)
{
	return share != SHARE_UNKNOWN && share >= SHARE_FULL;
}

/* What a look-up says of one recipient. `is_unknown`: the message was written before, so what comes
 * of it is an unknown outcome if the name has changed. */
static void learn(struct replication *r, struct recipient_state *to, const struct lookup *l,
                  bool is_unknown)
{
	struct contact *contact = to->contact;
	const struct lookup_account *a;
	struct outbound *outbound;

	if (l->found < 0) {
		to->outcome = l->count > 1 ? OUTCOME_SEVERAL : OUTCOME_NO_SUCH_USER;
		contact->keep = false;
		return;
	}
	a = &l->accounts[l->found];
	to->outcome = OUTCOME_OK;
	if (contact->written_to && !id_equal(&contact->id, &a->id) && !BUG(name_changed_unasked)) {
		to->outcome = OUTCOME_NAME_CHANGED;
		if (is_unknown) { /* that is what is told of it: so the next one asks */
			contact->known = false;
			return;
		}
	}
	contact->id = a->id; /* the same command again goes there */
	contact->known = true;
	contact->keep = !l->unconfirmed;
	contact->era = l->era;
	lookup_display(l, (uint32_t)l->found, contact->display);
	outbound = outbound_get(r, &a->id);
	contact->outbound = outbound;
	outbound->full = is_full(a->share);
}

/* No look-up is needed. */
static bool is_known(struct replication *r, struct contact *contact)
{
	if (!contact->known || !contact->keep || (contact->era != r->era && !BUG(answer_kept)))
		return false;
	return !outbound_of(r, contact)->full;
}

/* ---- results ---- */

/* What is said of each outcome; of any other, as of an unknown one. */
static const char *const sentences[OUTCOME_END] = {
	[OUTCOME_OK] = "",
	[OUTCOME_NO_SUCH_USER] = "there is no such account",
	[OUTCOME_SEVERAL] =
		"several accounts have this name, none of them confirmed: say which one "
		"by its digits",
	[OUTCOME_NAME_CHANGED] = "the name belongs to another account than the one written to "
				 "before; the same command again goes to the new one",
	[OUTCOME_MAILBOX_FULL] =
		"your share of that mailbox is used up until something in it is read",
	[OUTCOME_DISK_FULL] = "no replica has room",
	[OUTCOME_SLOW_DOWN] = "too many messages to accounts that the replicas do not know",
	[OUTCOME_DIFFERENT_TEXT] = "this id was used for another text",
	[OUTCOME_NOT_LOGGED_IN] = "this session has ended",
	[OUTCOME_NO_REPLICA] = "no replica could be reached",
	[OUTCOME_STOPPED] = op_stopped,
	[OUTCOME_UNKNOWN] = "it may or may not have been stored; the same id again is safe",
};

const char *send_explain(enum outcome outcome)
{
	return sentences[sentences[outcome] != NULL ? outcome : OUTCOME_UNKNOWN];
}

/* With room for so many users, and with the message's id if it has one. */
static struct result *make_result(struct replication *r, struct send *s, enum outcome outcome,
                                  uint32_t users)
{
	struct result *result = op_result_of_users(r, &s->op, outcome, send_explain(outcome),
	                                           users);

	if (s->count == 1 && s->recipients[0].number) {
		result->has_id = true;
		result->session = s->session;
		result->number = s->recipients[0].number;
	}
	return result;
}

/* Adds a recipient to those that the result is about. */
static void name_user(struct result *result, const struct recipient_state *to)
{
	struct user *user = (struct user *)(result + 1) + result->users_count++;

	user->id = to->contact->id;
	user->online = to->online;
	memcpy(user->name, to->contact->display, DISPLAY_SIZE);
	if (!user->name[0])
		memcpy(user->name, to->contact->name,
		       to->contact->size < DISPLAY_SIZE - 1 ? to->contact->size : DISPLAY_SIZE - 1);
}

/* Nothing was sent (or it is not known): names those that it is about. */
static void refuse_unsent(struct replication *r, struct send *s, enum outcome outcome)
{
	struct result *result = make_result(r, s, outcome, s->count);

	for (uint32_t i = 0; i < s->count; i++)
		if (s->recipients[i].contact != NULL && s->recipients[i].outcome != OUTCOME_OK)
			name_user(result, &s->recipients[i]);
	op_end(r, &s->op, result);
}

/* ---- sending ---- */

/* A name twice, or two names of one account: one message. */
static void drop_doubles(struct replication *r, struct send *s)
{
	struct map seen = { .secret = r->contacts.secret };
	uint32_t kept = 0;

	if (s->count == 1)
		return;
	for (uint32_t i = 0; i < s->count; i++) {
		struct recipient_state *to = &s->recipients[kept];

		if (map_get(&seen, view_of(&s->recipients[i].id, ID_SIZE)) != NULL)
			continue;
		*to = s->recipients[i];
		map_put(&seen, view_of(&to->id, ID_SIZE), to);
		kept++;
	}
	map_clear(&seen);
	s->count = kept;
}

/* Of whom it goes to: of a command those that are left when doubles are dropped; of a part of a
 * broadcast it is all. */
static struct audience audience_to(const struct send *s)
{
	struct audience audience = { .kind = s->turn == 0   ? AUDIENCE_ALL
		                             : s->count > 1 ? AUDIENCE_SEVERAL
		                                            : AUDIENCE_ONE,
		                     .is_notice = s->is_notice,
		                     .count = s->count };

	if (audience.kind != AUDIENCE_SEVERAL)
		return audience;
	while (audience.names_count < AUDIENCE_NAMES_MAX && audience.names_count < s->count) {
		const char *name = s->recipients[audience.names_count].contact->display;

		audience.names[audience.names_count++] = view_of_string(name);
	}
	return audience;
}

/* Writes the audience behind the text. */
static void say_to_whom(struct replication *r, struct send *s)
{
	uint8_t form[AUDIENCE_SIZE_MAX];
	const struct audience audience = audience_to(s);
	size_t size = audience_put(form, &audience);
	uint8_t *said;

	if (size == 0) /* so it is for nearly every message */
		return;
	said = pool_alloc(&r->pool, s->text_size + size);
	memcpy(said, s->text, s->text_size);
	memcpy(said + s->text_size, form, size);
	pool_free(&r->pool, s->text);
	s->text = said;
	s->audience_size = (uint16_t)size;
}

/* Numbers, time and audience, once. */
static void draw(struct replication *r, struct send *s)
{
	if (!s->sent_ms) {
		uint64_t now = replication_now(r);

		if (now < r->session.sent_ms && !BUG(time_goes_back))
			now = r->session.sent_ms;
		r->session.sent_ms = now;
		s->sent_ms = now;
		say_to_whom(r, s);
		if (!s->repetition)
			s->session = r->session.ulid;
	}
	for (uint32_t i = 0; i < s->count; i++) {
		struct recipient_state *to = &s->recipients[i];
		struct outbound *outbound = to->contact != NULL &&
		                                            id_equal(&to->id, &to->contact->id)
		                                    ? outbound_of(r, to->contact)
		                                    : outbound_get(r, &to->id);

		if (!to->number || (BUG(number_drawn_again) && s->op.loss == OP_RESTARTED))
			to->number = ++outbound->number;
		else if (ulid_equal(&s->session, &r->session.ulid) && outbound->number < to->number)
			outbound->number = to->number;
		if (to->contact != NULL)
			to->contact->written_to = true;
	}
}

/* Each recipient has one number; the text is there once. Gives the frame's offset. */
static size_t put_send(struct replication *r, struct send *s, uint32_t index)
{
	struct buf *out = &r->replicas[index].out;
	bool named = is_again(s);
	size_t offset = due_begin(r, index, FRAME_SEND, named ? FLAG_SESSION : 0, TARGET_OP, &s->op,
	                          NULL);
	bool fits = offset != SIZE_MAX && buf_put_u64(out, s->sent_ms);

	if (named)
		fits &= buf_put(out, &s->session, ULID_SIZE);
	fits &= buf_put_u16(out, (uint16_t)s->count);
	for (uint32_t i = 0; i < s->count; i++) {
		struct recipient to = { s->recipients[i].id, s->recipients[i].number };

		fits &= protocol_put_recipient(out, &to);
	}
	fits &= protocol_put_said(out, view_of(s->text, s->text_size),
	                          view_of(s->text + s->text_size, s->audience_size));
	due_end(r, index, offset, fits);
	return fits ? offset : SIZE_MAX;
}

/* Writes it to the audience. All get the same bytes, so they are made once. */
static void put_sends(struct replication *r, struct send *s)
{
	uint32_t first = replica_first(s->op.audience);
	size_t offset = put_send(r, s, first);

	for (uint32_t i = first + 1; i < REPLICAS; i++) {
		if (!(s->op.audience & BIT(i)))
			continue;
		if (offset != SIZE_MAX)
			due_repeat(r, i, first, offset);
		else
			(void)put_send(r, s, i);
	}
	s->op.written |= s->op.audience;
}

/* What is to be sent may be, as far as the look-ups say. */
static enum outcome recipient_outcome(struct replication *r, const struct send *s,
                                      const struct recipient_state *to)
{
	if (to->outcome != OUTCOME_OK || to->contact == NULL)
		return to->outcome;
	if (to->number && s->op.written && !id_equal(&to->id, &to->contact->id))
		return OUTCOME_NAME_CHANGED; /* since it was written */
	if (to->expected && !id_equal(&to->expects, &to->contact->id))
		return OUTCOME_NAME_CHANGED; /* another send has learned it first */
	if (!s->repetition && !s->op.written && outbound_of(r, to->contact)->full)
		return OUTCOME_MAILBOX_FULL;
	return OUTCOME_OK;
}

/* Whether the session in which it was said runs. While the own account is being deleted, a replica
 * that has done so can be live without the session. What is gone anywhere is gone. That replica
 * would refuse the message, and would close the connection for one that is larger than strangers
 * send. */
static bool is_logged_in(const struct replication *r, const struct send *s)
{
	return login_session_is(r, &s->by) && !(r->live & (uint8_t)~replication_joined(r));
}

/* Everybody is looked up: refuses all of it, or writes it. */
static void resolved(struct replication *r, struct send *s)
{
	enum outcome outcome = OUTCOME_OK;

	for (uint32_t i = 0; i < s->count; i++) {
		struct recipient_state *to = &s->recipients[i];

		to->outcome = recipient_outcome(r, s, to);
		if (outcome == OUTCOME_OK)
			outcome = to->outcome;
		if (to->contact != NULL && to->outcome == OUTCOME_OK)
			to->id = to->contact->id;
	}
	if (s->unreached != OUTCOME_OK)
		outcome = s->unreached;
	else if (outcome == OUTCOME_OK && !is_logged_in(r, s))
		outcome = OUTCOME_NOT_LOGGED_IN;
	if (outcome != OUTCOME_OK) {
		refuse_unsent(r, s, s->op.written ? OUTCOME_UNKNOWN : outcome);
		return;
	}
	if (!s->op.written && op_too_few(r, &s->op))
		return;
	if (!s->op.written)
		drop_doubles(r, s);
	s->op.phase = PHASE_SEND;
	if (!op_audience(r, &s->op))
		return;
	draw(r, s);
	put_sends(r, s);
}

/* All whose turn it is are written. */
static void take_turns(struct replication *r)
{
	struct send *s;

	while ((s = (struct send *)r->sends) != NULL && s->is_resolved) {
		r->sends = s->next_turn != NULL ? &s->next_turn->op : NULL;
		if (r->sends == NULL)
			r->last_send = NULL;
		resolved(r, s);
	}
}

/* Puts it among those that are not written yet. One that begins again stands before those that
 * were given after it. */
static void stand_in_turn(struct replication *r, struct send *s)
{
	struct send *before = (struct send *)r->last_send;
	struct send *at = NULL;

	if (before != NULL && before->turn > s->turn) {
		before = NULL;
		for (at = (struct send *)r->sends; at->turn < s->turn; at = at->next_turn)
			before = at;
	}
	s->next_turn = at;
	if (before != NULL)
		before->next_turn = s;
	else
		r->sends = &s->op;
	if (at == NULL)
		r->last_send = &s->op;
}

/* The first step. What was said in an earlier try is forgotten; numbers and the time are not. */
static void resolve(struct replication *r, struct op *op)
{
	struct send *s = (struct send *)op;

	op->phase = PHASE_RESOLVE;
	s->unreached = OUTCOME_OK;
	for (uint32_t i = 0; i < s->count; i++) {
		struct recipient_state *to = &s->recipients[i];

		to->outcome = OUTCOME_OK;
		memset(to->said, 0, sizeof to->said);
		to->is_gone = false;
		to->online = false;
		to->share = SHARE_UNKNOWN;
		if (to->contact != NULL && !is_known(r, to->contact))
			(void)lookup_new(r, op, view_of(to->contact->name, to->contact->size), to);
	}
	s->is_resolved = op->children == 0;
	if (s->is_resolved && (r->sends == NULL || s->turn == 0 || BUG(sends_overtake)))
		resolved(r, s);
	else
		stand_in_turn(r, s);
}

/* ---- answers ---- */

static void sent(struct send *s, uint32_t index, const struct frame *frame)
{
	struct reader results;
	struct send_result result;

	if (frame->status != STATUS_OK) /* it has no session of ours */
		return;
	results = reader_of(frame->sent.results);
	for (uint32_t i = 0; i < s->count && protocol_next_result(&results, &result); i++) {
		struct recipient_state *to = &s->recipients[i];

		to->online |= result.online;
		if (result.share < to->share)
			to->share = result.share;
		to->said[result.status] |= BIT(index);
	}
}

/* Whether the replica is to prove that this recipient is gone. */
static bool is_proof_due(const struct send *s, uint32_t at, uint32_t index)
{
	return (s->recipients[at].said[STATUS_GONE] & BIT(index)) != 0;
}

/* Asks a replica about those of the recipients whom it says to be gone. True if there are any. */
static bool ask_for_proof_at(struct replication *r, struct send *s, uint32_t index)
{
	struct id ids[LOOKUP_IDS_MAX];
	uint32_t count = 0;

	for (uint32_t at = s->proof_from; at < s->proof_upto; at++)
		if (is_proof_due(s, at, index))
			ids[count++] = s->recipients[at].id;
	if (count == 0)
		return false;
	struct frame frame = { .type = FRAME_LOOKUP_ID };

	frame.lookup_id.ids = view_of(ids, count * ID_SIZE);
	op_ask(r, &s->op, index, &frame);
	return true;
}

/* Asks those that say of recipients that they are gone, of as many as one question holds. False:
 * there are no more. */
static bool ask_for_proof(struct replication *r, struct send *s)
{
	bool is_asked = false;

	while (!is_asked && s->proof_upto < s->count) {
		uint8_t say = 0;

		s->proof_from = s->proof_upto;
		s->proof_upto += LOOKUP_IDS_MAX;
		if (s->proof_upto > s->count)
			s->proof_upto = s->count;
		for (uint32_t at = s->proof_from; at < s->proof_upto; at++)
			say |= s->recipients[at].said[STATUS_GONE];
		if (!(say & s->op.audience)) /* so it is for nearly every message */
			continue;
		for (uint32_t i = 0; i < REPLICAS; i++)
			if (s->op.audience & BIT(i))
				is_asked |= ask_for_proof_at(r, s, i);
	}
	return is_asked;
}

/* A tombstone proves itself (protocol_contradiction has looked), and is told to those that have
 * stored the message for somebody who is gone. A replica that shows none has lied: nothing that it
 * has said of this message counts. */
static void proved(struct replication *r, struct send *s, uint32_t index, const struct frame *frame)
{
	struct reader entries = reader_of(frame->entries.entries);
	bool is_true = frame->status == STATUS_OK;
	struct entry entry;

	for (uint32_t at = s->proof_from; at < s->proof_upto && is_true; at++) {
		struct tombstone tombstone;

		if (!is_proof_due(s, at, index))
			continue;
		is_true = protocol_next_entry(&entries, &entry) && entry.state == ENTRY_GONE;
		if (BUG(gone_without_proof)) {
			s->recipients[at].is_gone = is_true = true;
			continue;
		}
		if (!is_true)
			continue;
		tombstone = entry_tombstone(&entry);
		tombstone_tell(r, s->recipients[at].said[STATUS_OK], &tombstone);
		s->recipients[at].is_gone = true;
	}
	if (is_true)
		return;
	replica_lies(r, index, "says of a recipient that is not gone that it is");
	for (uint32_t at = 0; at < s->count; at++)
		for (int status = 0; status < STATUS_END; status++)
			s->recipients[at].said[status] &= (uint8_t)~BIT(index);
}

static void reply(struct replication *r, struct op *op, uint32_t index, const struct frame *frame)
{
	if (op->phase == PHASE_PROOF)
		proved(r, (struct send *)op, index, frame);
	else
		sent((struct send *)op, index, frame);
}

/* Whether a text that is held under this key is another one: only a key that was named can be. */
static bool is_different(const struct send *s, const struct recipient_state *to)
{
	uint32_t different = replica_count(to->said[STATUS_DIFFERENT]);
	uint32_t stored = replica_count(to->said[STATUS_OK]);

	if (BUG(different_believed))
		return different > 0;
	return s->repetition && different > 0 && different >= stored;
}

/* The joined answers for one recipient: see the top comment. */
static enum outcome join(const struct send *s, const struct recipient_state *to)
{
	bool unsure = (s->op.loss != OP_WHOLE && !BUG(death_is_a_no)) ||
	              (to->said[STATUS_DIFFERENT] && !BUG(lie_is_a_no));

	if (to->is_gone) /* perhaps it was read before */
		return is_again(s) ? OUTCOME_UNKNOWN : OUTCOME_NO_SUCH_USER;
	if (is_different(s, to))
		return OUTCOME_DIFFERENT_TEXT;
	if (to->said[STATUS_OK])
		return OUTCOME_OK;
	if (unsure)
		return OUTCOME_UNKNOWN;
	if (to->said[STATUS_DISK_FULL])
		return OUTCOME_DISK_FULL;
	if (to->said[STATUS_MAILBOX_FULL] || to->said[STATUS_GAPS])
		return OUTCOME_MAILBOX_FULL;
	if (to->said[STATUS_SLOW_DOWN])
		return OUTCOME_SLOW_DOWN;
	return OUTCOME_NOT_LOGGED_IN;
}

/* Adds a recipient to a sum: copies are the fewest that any of them has, the outcome is the first
 * that is no yes. */
static void add_up(struct send_sum *sum, const struct recipient_state *to)
{
	uint32_t copies = replica_count(to->said[STATUS_OK]);

	if (to->outcome == OUTCOME_OK) {
		sum->stored++;
		sum->online += to->online;
		sum->copies = copies < sum->copies ? copies : sum->copies;
	} else if (sum->outcome == OUTCOME_OK) {
		sum->outcome = to->outcome;
	}
}

/* All have answered SEND. */
static void finish(struct replication *r, struct send *s)
{
	struct send_sum sum = { .copies = REPLICAS };
	uint32_t named = 0;
	struct result *result;
	bool full = false;

	for (uint32_t i = 0; i < s->count; i++) {
		struct recipient_state *to = &s->recipients[i];
		bool fills = is_full(to->share);

		to->outcome = join(s, to);
		if (to->is_gone && to->contact != NULL && id_equal(&to->id, &to->contact->id))
			to->contact->known = false; /* asked again at the next use */
		if (fills)
			outbound_get(r, &to->id)->full = true;
		full |= fills;
		named += fills || to->outcome != OUTCOME_OK;
		add_up(&sum, to);
	}
	if (sum.outcome == OUTCOME_OK && sum.copies < r->options.min_copies)
		sum.outcome = OUTCOME_UNKNOWN; /* stored, but not as often as was asked for */
	result = make_result(r, s, sum.outcome, s->recipients[0].contact != NULL ? named : 0);
	for (uint32_t i = 0; i < s->count && result->users != NULL; i++)
		if (s->recipients[i].outcome != OUTCOME_OK || is_full(s->recipients[i].share))
			name_user(result, &s->recipients[i]);
	result->copies = sum.stored ? sum.copies : 0;
	result->stored = sum.stored;
	result->online = sum.online;
	result->mailbox_full = full;
	op_end(r, &s->op, result);
}

static void advance(struct replication *r, struct op *op)
{
	struct send *s = (struct send *)op;
	struct recipient_state *to = &s->recipients[0];

	if (op->phase == PHASE_SEND) {
		op->phase = PHASE_PROOF;
		s->proof_upto = 0;
	}
	if (ask_for_proof(r, s))
		return;
	if (s->count == 1 && to->contact != NULL && to->is_gone && !is_again(s)) {
		op->phase = PHASE_GONE;
		to->contact->known = false;
		(void)lookup_new(r, op, view_of(to->contact->name, to->contact->size), to);
		return;
	}
	finish(r, s);
}

/* The account that was written to is gone. Another send may have learned already who has the name
 * now. */
static enum outcome named_now(struct recipient_state *to)
{
	bool is_another = to->contact->known && !id_equal(&to->contact->id, &to->id);

	to->outcome = is_another ? OUTCOME_NAME_CHANGED : OUTCOME_NO_SUCH_USER;
	return to->outcome;
}

static void child(struct replication *r, struct op *op, struct op *ended)
{
	struct send *s = (struct send *)op;
	struct lookup *l = (struct lookup *)ended;
	struct recipient_state *to = l->purpose;

	if (ended->outcome == OUTCOME_OK)
		learn(r, to, l, op->phase == PHASE_RESOLVE && op->written);
	else
		s->unreached = op_unreached(ended);
	if (op->phase == PHASE_GONE)
		refuse_unsent(r, s, named_now(to));
	else
		s->is_resolved = op->children == 0;
	take_turns(r);
}

/* The result names the message's id, by which it may be sent again. */
static void expired(struct replication *r, struct op *op, struct result *result)
{
	struct send *s = (struct send *)op;
	enum outcome outcome = result->outcome;
	const char *detail = result->detail;

	pool_free(&r->pool, result);
	for (uint32_t i = 0; i < s->count; i++)
		s->recipients[i].outcome = outcome;
	result = make_result(r, s, outcome, 0);
	if (detail == op_stopped)
		result->detail = detail;
	op_end(r, op, result);
}

static void release(struct replication *r, struct op *op)
{
	struct send *s = (struct send *)op;

	pool_free(&r->pool, s->text);
	if (s->recipients != &s->one)
		memory_free(s->recipients);
}

/* `count` recipients, which the caller fills in. */
static void fill(struct replication *r, struct send *s, const struct ulid *by, uint32_t count,
                 struct view text)
{
	s->by = *by;
	s->text = pool_alloc(&r->pool, text.size);
	memcpy(s->text, text.data, text.size);
	s->text_size = (uint32_t)text.size;
	s->count = count;
	s->recipients = count == 1 ? &s->one : memory_alloc_zero(count, sizeof *s->recipients);
}

static void send_command(struct replication *r, struct op *op, const struct command *command)
{
	struct send *s = (struct send *)op;

	assert(command->names_count >= 1);
	assert(command->names_count <= RECIPIENTS_MAX);
	s->turn = ++r->turns;
	s->is_notice = command->is_notice;
	fill(r, s, &r->session.ulid, (uint32_t)command->names_count, command->text);
	for (uint32_t i = 0; i < s->count; i++) {
		struct recipient_state *to = &s->recipients[i];

		to->contact = contact_get(r, command->names[i]);
		to->expected = to->contact->written_to;
		if (to->expected)
			to->expects = to->contact->id;
	}
	if (command->has_id) {
		assert(s->count == 1);
		s->repetition = true;
		s->session = command->session;
		s->one.number = command->number;
	}
	op_begin(r, op);
}

const struct op_row send_row = {
	.name = "send",
	.size = sizeof(struct send),
	.command = send_command,
	.start = resolve,
	.reply = reply,
	.advance = advance,
	.child = child,
	.expired = expired,
	.release = release,
};

/* ---- for a broadcast ---- */

void send_chunk(struct replication *r, struct op *parent, const struct ulid *by,
                const struct id *ids, uint32_t count, struct view text, bool is_notice)
{
	struct send *s = (struct send *)op_new(r, &send_row, parent);

	assert(count >= 1);
	fill(r, s, by, count, text);
	s->is_notice = is_notice;
	for (uint32_t i = 0; i < count; i++)
		s->recipients[i].id = ids[i];
	op_begin(r, &s->op);
}

void send_chunk_sum(const struct op *op, struct send_sum *sum)
{
	const struct send *s = (const struct send *)op;
	bool sent = op->outcome == OUTCOME_OK || op->phase != PHASE_RESOLVE;

	for (uint32_t i = 0; i < s->count; i++) {
		const struct recipient_state *to = &s->recipients[i];

		if (sent && to->outcome == OUTCOME_NO_SUCH_USER)
			continue; /* deleted meanwhile: not one of all */
		if (sent || to->outcome != OUTCOME_OK)
			add_up(sum, to);
		else if (sum->outcome == OUTCOME_OK)
			sum->outcome = op->outcome;
	}
}
