/* SPDX-License-Identifier: MIT
 *
 * session/login: log in, log out, and what a client is told of an account.
 *
 *   a log-in with            active elsewhere          not active, or here
 *   a larger session         that one ends, is told    accepted
 *   the same, larger dial    that one is closed        accepted
 *   the same, the same dial  taken over                here: the same answer; else taken over
 *   a smaller session, dial  taken over                taken over
 *
 * A log-in for SEND alone (FLAG_SENDING) is accepted beside all of these, and changes none.
 *
 * A session far ahead of the clock is refused before that. It would stay for ever, and the larger
 * ones come to an end. The bound moves on with the clock, so there is always a larger one.
 */
#include "base/bug.h"
#include "session/private.h"

/* ---- what is told of an account ---- */

/* Parts in a million, rounded down: so a share is shown as full only when it is. UINT32_MAX stands
 * for anything larger. */
static uint32_t share_of(uint64_t used, uint64_t share)
{
	uint64_t scaled;

	assert(share > 0);
	if (__builtin_mul_overflow(used, SHARE_FULL, &scaled))
		return UINT32_MAX;
	return scaled / share > UINT32_MAX ? UINT32_MAX : (uint32_t)(scaled / share);
}

/* There are two limits: what counts is the one that is nearer. */
uint32_t session_share(const struct sessions *s, const struct id *recipient,
                       const struct id *sender)
{
	uint32_t messages = 0;
	uint64_t bytes = 0;

	store_share(s->store, recipient, sender, &messages, &bytes);
	uint32_t of_messages = share_of(messages, s->options.limits.share_messages);
	uint32_t of_bytes = share_of(bytes, s->options.limits.share_bytes);

	return of_messages > of_bytes ? of_messages : of_bytes;
}

/* Whether an account counts for its name: it is the best of that name, and either confirmed or the
 * only one. */
static bool is_holder(const struct sessions *s, const struct account *account)
{
	struct account holder;
	bool is_held = store_holder(s->store, account->name, NULL, &holder);

	assert(is_held);
	if (!id_equal(&holder.id, &account->id))
		return false;
	return holder.confirmed || !store_holder(s->store, account->name, &account->id, &holder);
}

/* The share is told only to a connection that is logged in, as it is the share of its account. */
static void entry_alive(const struct sessions *s, const struct connection *c,
                        const struct account *account, struct entry *entry)
{
	const struct remembered *r = session_remembered(s, &account->id);
	const struct connection *active = session_of(s, &account->id);

	entry->state = ENTRY_ALIVE;
	entry->name = account->name;
	entry->setting = account->verifier.setting;
	auth_account_middle(account, entry->middle);
	if (!BUG(entry_without_proof))
		memcpy(entry->lock, account->verifier.lock, KEY_SIZE);
	entry->epoch = account->epoch;
	if (account->confirmed)
		entry->marks |= MARK_CONFIRMED;
	if (is_holder(s, account))
		entry->marks |= MARK_HOLDER;
	if (r != NULL)
		entry->session = r->session;
	if (active != NULL) {
		entry->marks |= MARK_ONLINE;
		entry->online_since_ms = active->online_since_ms;
	}
	if (!id_is_zero(&c->account))
		entry->share = session_share(s, &account->id, &c->account);
}

enum store_state session_find(const struct sessions *s, uint16_t version, const struct id *id,
                              struct account *account, struct tombstone *tombstone)
{
	struct tombstone held;
	enum store_state state = store_find(s->store, id, account, &held);

	if (state == STORE_DEAD && !protocol_knows(version, &held))
		return STORE_LAPSED;
	if (state == STORE_DEAD && tombstone != NULL)
		*tombstone = held;
	return state;
}

void session_entry(const struct sessions *s, const struct connection *c, const struct id *id,
                   struct entry *entry)
{
	struct account account;
	struct tombstone tombstone;

	*entry = (struct entry){ .id = *id, .state = ENTRY_UNKNOWN };
	switch (session_find(s, c->version, id, &account, &tombstone)) {
	case STORE_UNKNOWN:
	case STORE_LAPSED:
		return;
	case STORE_ALIVE:
		entry_alive(s, c, &account, entry);
		return;
	case STORE_DEAD:
		*entry = entry_of_tombstone(&tombstone);
		if (tombstone.by != GONE_BY_KEY && s->options.has_operator_key)
			auth_gone_stamp(s->options.operator_key, &tombstone, entry->stamp);
		return;
	}
}

void session_auth(const struct sessions *s, const struct connection *c, enum auth_purpose purpose,
                  const struct id *id, struct view setting, const uint8_t client_nonce[KEY_SIZE],
                  struct auth *auth)
{
	*auth = (struct auth){
		.purpose = purpose, .version = c->version, .id = *id, .setting = setting
	};
	memcpy(auth->client_nonce, client_nonce, KEY_SIZE);
	memcpy(auth->server_nonce, c->nonce, KEY_SIZE);
	memcpy(auth->uuid, s->options.uuid, UUID_SIZE);
	memcpy(auth->public, s->public, KEY_SIZE);
}

/* ---- log in, log out ---- */

/* <0, 0, >0: the log-in's (session, dial) is smaller than, equal to, larger than the largest that
 * is remembered. */
static int compare_login(const struct frame *frame, const struct remembered *r)
{
	int order = ulid_compare(&frame->login.session, &r->session);

	if (BUG(any_session_stays))
		return 1;
	if (order != 0)
		return order;
	return (frame->login.dial > r->dial) - (frame->login.dial < r->dial);
}

/* Tells the client which (session, dial) is larger than its own, and proves that it knows. */
static void refuse_login(struct sessions *s, struct connection *c, const struct frame *frame,
                         const struct account *account, const struct auth *auth,
                         const struct remembered *r)
{
	struct frame reply = session_reply_to(frame, STATUS_TAKEN_OVER);

	auth_taken_over(account->verifier.server_key, auth, &r->session, r->dial,
	                reply.logged_in.signature);
	reply.logged_in.session = r->session;
	reply.logged_in.dial = r->dial;
	session_reply(s, c, &reply);
}

/* Makes room for a larger log-in. Another session ends and is told. If the session is the same, its
 * client has left that connection behind, which is closed without a word. Gives the time since when
 * the new session is online. */
static uint64_t displace(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct connection *active = session_of(s, &frame->login.id);

	if (active == NULL)
		return s->time.clock_ms;
	bool is_same = ulid_equal(&active->session, &frame->login.session);
	uint64_t since_ms = is_same ? active->online_since_ms : s->time.clock_ms;

	if (active == c)
		session_end(s, active, STATUS_OK);
	else if (!is_same)
		session_end(s, active, STATUS_TAKEN_OVER);
	else
		session_close(s, active, STATUS_TAKEN_OVER, NULL, NULL, false);
	return since_ms;
}

/* Logs in here. The place is set to the beginning, so nothing is pushed until a page has been
 * answered. */
static void activate(struct sessions *s, struct connection *c, const struct frame *frame)
{
	uint64_t since_ms = displace(s, c, frame);
	struct remembered *r = session_remember(s, &frame->login.id);

	assert(id_is_zero(&c->account));
	assert(r->connection == SESSION_NONE);
	r->session = frame->login.session;
	r->dial = frame->login.dial;
	r->connection = c->number;
	c->account = frame->login.id;
	c->session = frame->login.session;
	c->online_since_ms = since_ms;
	c->place = (struct place){ 0 };
	session_crowd_settle(s, c);
	s->counts.sessions++;
}

/* Logs in for SEND alone, beside whatever other sessions there are. */
static void activate_sending(struct sessions *s, struct connection *c, const struct frame *frame,
                             const struct account *account)
{
	session_end(s, c, STATUS_OK);
	c->account = frame->login.id;
	c->session = frame->login.session;
	c->is_sending = true;
	memcpy(c->password, account->verifier.stored_key, sizeof c->password);
	c->place = (struct place){ 0 };
	session_crowd_settle(s, c);
}

/* The proof is right. Whether the session is accepted is decided by the table above. */
static void login_proven(struct sessions *s, struct connection *c, const struct frame *frame,
                         const struct account *account, const struct auth *auth)
{
	const struct remembered *r = session_remembered(s, &frame->login.id);
	int order = r == NULL ? 1 : compare_login(frame, r);
	bool is_here = r != NULL && r->connection == c->number;
	bool is_sending = (frame->flags & FLAG_SENDING) != 0 && !BUG(sender_takes_over);

	if (ulid_time_ms(&frame->login.session) > s->time.clock_ms + SESSION_AHEAD_MS) {
		session_answer(s, c, frame, STATUS_CLOCK);
		return;
	}
	if (!is_sending && (order < 0 || (order == 0 && !is_here))) {
		refuse_login(s, c, frame, account, auth, r);
		return;
	}
	struct frame reply = session_reply_to(frame, STATUS_OK);

	auth_signature(account->verifier.server_key, auth, reply.logged_in.signature);
	auth_seal_mask(account->verifier.server_key, auth, account->verifier.seal,
	               reply.logged_in.sealed);
	if (s->options.has_operator_key)
		auth_stamp(s->options.operator_key, account, reply.logged_in.stamp);
	if (account->epoch > 0) {
		reply.logged_in.by = (uint8_t)account->by;
		memcpy(reply.logged_in.middle, account->middle, KEY_SIZE);
		memcpy(reply.logged_in.lock, account->verifier.lock, KEY_SIZE);
	}
	c->proven = account->id;
	if (!is_sending && c->is_sending)
		session_end(s, c, STATUS_OK);
	if (is_sending)
		activate_sending(s, c, frame, account);
	else if (order > 0)
		activate(s, c, frame);
	if (is_sending || order > 0)
		session_note(s, c, is_sending ? SESSION_LOGGED_IN_SENDING : SESSION_LOGGED_IN,
		             account->name);
	session_reply(s, c, &reply);
}

/* The password is wrong. The answer comes the later the more wrong ones there were for this account
 * from this address. Meanwhile the connection takes no input, and costs nothing else. */
static void login_refused(struct sessions *s, struct connection *c, const struct frame *frame,
                          struct view name)
{
	uint32_t step = limit_guess(&s->limit, &frame->login.id, &c->from, s->time.monotonic_ms);

	session_note(s, c, SESSION_WRONG_PASSWORD, name);
	if (step == 0) {
		session_answer(s, c, frame, STATUS_WRONG_PROOF);
		return;
	}
	c->delayed = step;
	c->delayed_request = frame->request;
	session_list_add(s, c, LIST_GUESS + step - 1);
	session_settle(s, c);
}

void session_login_late(struct sessions *s, struct connection *c)
{
	const struct frame frame = { .type = FRAME_LOGIN, .request = c->delayed_request };

	session_list_remove(s, c, LIST_GUESS + c->delayed - 1);
	c->delayed = 0;
	session_answer(s, c, &frame, STATUS_WRONG_PROOF);
	session_settle(s, c);
}

void session_agree_tags(struct connection *c, const uint8_t public[KEY_SIZE])
{
	c->tags = TAGS_AGREED;
	memcpy(c->tag.public, public, KEY_SIZE);
}

void session_tag_answers(struct sessions *s, struct connection *c)
{
	const struct id nobody = { { 0 } };
	uint8_t public[KEY_SIZE];
	struct tag_key answers;
	struct auth auth;

	assert(c->tags == TAGS_AGREED);
	session_spend(c, COST_INTRODUCE);
	memcpy(public, c->tag.public, KEY_SIZE);
	session_auth(s, c, AUTH_TAG, &nobody, (struct view){ 0 }, public, &auth);
	(void)tag_key_make(&c->tag.key, &answers, s->options.box_secret, public, &auth);
	c->tags = TAGS_KEYED;
	if (c->answer_tags == NULL)
		c->answer_tags = memory_alloc(sizeof *c->answer_tags);
	*c->answer_tags = answers;
	explicit_bzero(&answers, sizeof answers);
}

void session_login(struct sessions *s, struct connection *c, const struct frame *frame)
{
	const struct id *id = &frame->login.id;
	bool is_keyed = (frame->flags & FLAG_KEYED) != 0;
	struct frame reply = session_reply_to(frame, STATUS_GONE);
	struct account account;
	struct auth auth;

	if (is_keyed)
		session_agree_tags(c, frame->login.client_nonce);
	if (!id_is_zero(&c->account) && !id_equal(&c->account, id)) {
		session_answer(s, c, frame, STATUS_WRONG_PROOF);
		return;
	}
	switch (session_find(s, c->version, id, &account, NULL)) {
	case STORE_DEAD:
		session_entry(s, c, id, &reply.logged_in.entry);
		session_reply(s, c, &reply);
		return;
	case STORE_UNKNOWN:
		session_answer(s, c, frame, STATUS_UNKNOWN);
		return;
	case STORE_LAPSED:
		session_answer(s, c, frame, STATUS_CLOCK);
		return;
	case STORE_ALIVE:
		break;
	}
	if (frame->login.epoch != account.epoch) {
		session_answer(s, c, frame,
		               frame->login.epoch > account.epoch ? STATUS_UNKNOWN
		                                                  : STATUS_CHANGED);
		return;
	}
	session_spend(c, COST_PROOF);
	session_auth(s, c, is_keyed ? AUTH_LOGIN_KEYED : AUTH_LOGIN, id, account.verifier.setting,
	             frame->login.client_nonce, &auth);
	auth.session = frame->login.session;
	auth.dial = frame->login.dial;
	auth.epoch = frame->login.epoch;
	auth.flags = frame->flags;
	bool is_right = auth_proof_is_right(account.verifier.stored_key, &auth, frame->login.proof);

	if (BUG(owner_locked_out) && limit_guess(&s->limit, id, &c->from, s->time.monotonic_ms) > 2)
		is_right = false;
	if (is_right)
		login_proven(s, c, frame, &account, &auth);
	else
		login_refused(s, c, frame, account.name);
}

/* A log-out of a session that is not here is fine, too: it has ended. */
void session_logout(struct sessions *s, struct connection *c, const struct frame *frame)
{
	if (!id_is_zero(&c->account) && ulid_equal(&c->session, &frame->session.session))
		session_end(s, c, STATUS_OK);
	session_answer(s, c, frame, STATUS_OK);
}
