/* SPDX-License-Identifier: MIT
 *
 * session/account: requests about accounts, and the few that are about nothing (ping, operate).
 *
 * Only introduce and confirm may be refused because of what others did. So they look at everything
 * each time: what was true the last time need not be true now.
 *
 *   in this order       introduce                handover         confirm
 *   proof               by the box               by the box       of the connection
 *   confirmed here      -                        -                yes
 *   gone here           gone                     gone             gone
 *   new, registration   closed, uninvited,       uninvited        -
 *     is not open         unfit, expired
 *   not known here      -                        -                unknown
 *   name held           taken                    -                taken
 *   too old             -                        -                clock
 *   lapsed here         clock                    clock            clock
 *   new, disk full      disk full                disk full        disk full
 *   new, too many from  slow down                slow down        -
 *     this address
 *
 * A password that is changed (PASSWORD) or brought (RENEW) asks for no name: the account has it.
 */
#include "base/bug.h"
#include "session/private.h"

#include "base/sha256.h"

void session_ping(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct frame reply = session_reply_to(frame, STATUS_OK);
	struct store_totals totals;

	store_totals(s->store, &totals);
	reply.pong.clock_ms = s->time.clock_ms;
	reply.pong.facts = totals.facts;
	reply.pong.sum = totals.sum;
	session_reply(s, c, &reply);
}

/* ---- look up ---- */

/* What this connection is told of an account, as the next part of a reply. */
static void put_entry(struct sessions *s, const struct connection *c, struct buf *b,
                      const struct id *id)
{
	struct entry entry;

	session_entry(s, c, id, &entry);
	session_must(protocol_put_entry(b, &entry));
}

/* Puts the live accounts of the name, or of the name and the end of the id, at most `count_max`.
 * Gives how many. `confirmed` is of no meaning with an end of the id. */
static uint32_t put_named(struct sessions *s, const struct connection *c, struct buf *b,
                          const struct frame *frame, bool confirmed, uint32_t count_max)
{
	struct view name = frame->lookup_name.name;
	struct view suffix = frame->lookup_name.suffix;
	struct id after = { { 0 } };
	struct account account;
	uint32_t count = 0;

	while (count < count_max &&
	       (suffix.size == 0 ? store_name_next(s->store, name, confirmed, &after, &account)
	                         : store_suffix_next(s->store, name, suffix, &after, &account))) {
		put_entry(s, c, b, &account.id);
		count++;
	}
	return count;
}

/* The confirmed accounts of a name come first. Of the others only a few are told, because anybody
 * can make accounts. */
void session_lookup_name(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct buf *b = session_parts_begin(s, c, frame);

	uint32_t count;

	if (frame->lookup_name.suffix.size > 0) {
		count = put_named(s, c, b, frame, false, LOOKUP_OTHERS_MAX);
	} else {
		count = put_named(s, c, b, frame, true, LOOKUP_NAME_MAX);
		uint32_t left = LOOKUP_NAME_MAX - count;

		count += put_named(s, c, b, frame, false,
		                   left < LOOKUP_OTHERS_MAX ? left : LOOKUP_OTHERS_MAX);
	}
	session_spend(c, count * COST_ENTRY);
	session_parts_end(s, c);
}

void session_lookup_id(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct buf *b = session_parts_begin(s, c, frame);
	struct reader r = reader_of(frame->lookup_id.ids);
	struct id id;

	session_spend(c, frame->lookup_id.ids.size / ID_SIZE * COST_ENTRY);
	while (protocol_next_id(&r, &id))
		put_entry(s, c, b, &id);
	session_parts_end(s, c);
}

/* ---- create ---- */

/* A refusal that names an account: the holder of a name, or the one that is gone. */
static void refuse_with(struct sessions *s, struct connection *c, const struct frame *frame,
                        enum status status, const struct id *id)
{
	struct frame reply = session_reply_to(frame, status);

	assert(status == STATUS_TAKEN || status == STATUS_GONE);
	session_entry(s, c, id, &reply.introduced.entry);
	assert(reply.introduced.entry.state == (status == STATUS_GONE ? ENTRY_GONE : ENTRY_ALIVE));
	session_reply(s, c, &reply);
}

/* What is new here, an account or the tombstone of one, counts for its address. True: that has had
 * enough, and is told when there is more. */
static bool slows_down(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct frame reply = session_reply_to(frame, STATUS_SLOW_DOWN);

	if (!session_is_over(s, c, LIMIT_ACCOUNTS, &reply.slow_down.wait_ms))
		return false;
	session_reply(s, c, &reply);
	return true;
}

static bool stamp_is_right(const struct sessions *s, const struct account *account,
                           const uint8_t stamp[KEY_SIZE])
{
	uint8_t right[KEY_SIZE];

	if (!s->options.has_operator_key)
		return false;
	auth_stamp(s->options.operator_key, account, right);
	return sha256_equal(right, stamp) || BUG(stamp_not_checked);
}

/* Whether somebody who was invited makes it. */
static enum status invited_status(const struct sessions *s, const struct invitation *invitation)
{
	if (BUG(uninvited_introduced))
		return STATUS_OK;
	if (invitation == NULL)
		return STATUS_UNINVITED;
	if (!s->options.has_operator_key ||
	    !invitation_is_right(s->options.operator_key, invitation))
		return STATUS_UNFIT;
	return s->time.clock_ms <= invitation_expiry_ms(invitation) || BUG(invited_for_ever)
	               ? STATUS_OK
	               : STATUS_EXPIRED;
}

/* Whether an account that is new here may be brought. Whoever has made one here, or elsewhere, is
 * told a stamp at the log-in: so it goes on to the replicas that missed it. */
static enum status registration_status(const struct sessions *s, const struct frame *frame,
                                       const struct account *account,
                                       const struct invitation *invitation)
{
	enum status status = STATUS_OK;

	if (s->options.registration == REGISTRATION_OPEN)
		return STATUS_OK;
	if (frame->type == FRAME_HANDOVER)
		status = stamp_is_right(s, account, frame->introduce.stamp) ||
		                         BUG(handed_over_unvouched)
		                 ? STATUS_OK
		                 : STATUS_UNINVITED;
	else if (s->options.registration == REGISTRATION_CLOSED)
		status = STATUS_CLOSED;
	else
		status = invited_status(s, invitation);
	return status;
}

/* Asks in the order of the table above. The store itself answers whether the account is new.
 * `answer` shows that the box was opened. `invitation`: what was closed in it; NULL: none. */
static void introduce_opened(struct sessions *s, struct connection *c, const struct frame *frame,
                             const struct account *account, const struct invitation *invitation,
                             const uint8_t answer[KEY_SIZE])
{
	struct fact fact = { .kind = FACT_ACCOUNT, .account = *account };
	struct frame reply = session_reply_to(frame, STATUS_OK);
	struct account holder, held;
	enum store_state state = session_find(s, c->version, &account->id, &held, NULL);

	if (state == STORE_DEAD) {
		refuse_with(s, c, frame, STATUS_GONE, &account->id);
		return;
	}
	enum status may = state == STORE_UNKNOWN
	                          ? registration_status(s, frame, account, invitation)
	                          : STATUS_OK;

	if (may != STATUS_OK) {
		session_answer(s, c, frame, may);
		return;
	}
	if (frame->type == FRAME_INTRODUCE && !BUG(introduce_always_yes) &&
	    !(BUG(introduce_again_yes) && state == STORE_ALIVE) &&
	    store_holder(s->store, account->name, &account->id, &holder) &&
	    !(BUG(introduce_exact_name) && !view_equal(holder.name, account->name))) {
		refuse_with(s, c, frame, STATUS_TAKEN, &holder.id);
		return;
	}
	if (state == STORE_LAPSED) {
		session_answer(s, c, frame, STATUS_CLOCK);
		return;
	}
	if (state == STORE_UNKNOWN && s->disk != SESSION_DISK_OK) {
		session_answer(s, c, frame, STATUS_DISK_FULL);
		return;
	}
	if (state == STORE_UNKNOWN && slows_down(s, c, frame))
		return;
	if (BUG(handed_over_confirmed) && frame->type == FRAME_HANDOVER && state == STORE_UNKNOWN)
		fact.account.confirmed = true;
	enum store_result result = session_apply(s, &fact, &s->options.limits);

	assert(result == (state == STORE_UNKNOWN ? STORE_NEW : STORE_KNOWN));
	session_spend(c, COST_ADDED);
	if (state == STORE_UNKNOWN || held.epoch == 0) /* else the password is an older one */
		c->proven = account->id;
	memcpy(reply.introduced.signature, answer, KEY_SIZE);
	session_reply(s, c, &reply);
}

/* ---- another password ---- */

/* Opens what PASSWORD and RENEW bring, and checks that name, middle and lock are those of the id.
 * The verifier itself is not vouched for by that. */
static bool open_renewal(struct sessions *s, struct connection *c, const struct frame *frame,
                         struct account *account, uint8_t answer[KEY_SIZE])
{
	struct auth auth;

	*account = (struct account){ .id = frame->introduce.id,
		                     .name = frame->introduce.name,
		                     .epoch = frame->introduce.epoch,
		                     .by = frame->introduce.by };
	account->verifier.setting = frame->introduce.setting;
	memcpy(account->middle, frame->introduce.middle, KEY_SIZE);
	session_spend(c, COST_INTRODUCE);
	session_auth(s, c, AUTH_INTRODUCE, &account->id, frame->introduce.setting,
	             frame->introduce.box.public, &auth);
	return box_open(&frame->introduce.box, s->options.box_secret, &auth, &account->verifier,
	                answer) &&
	       auth_account_fits(account);
}

/* The owner's word: the next epoch, or what is held already. */
static enum status password_status(const struct sessions *s, const struct connection *c,
                                   const struct account *account)
{
	struct account held;

	if (!id_equal(&c->account, &account->id) || account->by != ACCOUNT_BY_OWNER)
		return STATUS_WRONG_PROOF;
	if (!s->options.has_operator_key)
		return STATUS_UNKNOWN;
	if (store_find(s->store, &account->id, &held, NULL) != STORE_ALIVE)
		return STATUS_NO_SESSION;
	if (account_verifier_compare(account, &held) == 0)
		return STATUS_OK;
	if (account->epoch <= held.epoch)
		return STATUS_DIFFERENT;
	if (account->epoch != account_next_epoch(held.epoch, ACCOUNT_BY_OWNER) && !BUG(epochs_jump))
		return STATUS_WRONG_PROOF;
	return s->disk == SESSION_DISK_OK ? STATUS_OK : STATUS_DISK_FULL;
}

void session_password(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct fact fact = { .kind = FACT_ACCOUNT };
	struct frame reply = session_reply_to(frame, STATUS_WRONG_PROOF);

	if (open_renewal(s, c, frame, &fact.account, reply.introduced.signature))
		reply.status = password_status(s, c, &fact.account);
	if (reply.status == STATUS_OK) {
		(void)session_renew(s, &fact, c, &s->options.limits);
		session_spend(c, COST_ADDED);
		auth_stamp(s->options.operator_key, &fact.account, reply.introduced.stamp);
	}
	session_reply(s, c, &reply);
	explicit_bzero(&fact, sizeof fact);
}

/* As a hand-over, of what a replica has vouched for. Who brings an older password than is held has
 * proved nothing by it. */
static void renew_opened(struct sessions *s, struct connection *c, const struct frame *frame,
                         const struct account *account, const uint8_t answer[KEY_SIZE])
{
	struct fact fact = { .kind = FACT_ACCOUNT, .account = *account };
	struct frame reply = session_reply_to(frame, STATUS_OK);
	struct account held;
	enum store_state state = session_find(s, c->version, &account->id, &held, NULL);
	bool is_new = state == STORE_UNKNOWN ||
	              (state == STORE_ALIVE && account_verifier_compare(account, &held) < 0);

	if (state == STORE_DEAD) {
		refuse_with(s, c, frame, STATUS_GONE, &account->id);
		return;
	}
	if (state == STORE_LAPSED) {
		session_answer(s, c, frame, STATUS_CLOCK);
		return;
	}
	if (is_new && s->disk != SESSION_DISK_OK) {
		session_answer(s, c, frame, STATUS_DISK_FULL);
		return;
	}
	if (state == STORE_UNKNOWN && slows_down(s, c, frame))
		return;
	(void)session_renew(s, &fact, c, &s->options.limits);
	session_spend(c, COST_ADDED);
	if (is_new || account_verifier_compare(account, &held) == 0)
		c->proven = account->id;
	memcpy(reply.introduced.signature, answer, KEY_SIZE);
	session_reply(s, c, &reply);
}

void session_renewal(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct account account;
	uint8_t answer[KEY_SIZE];

	if (open_renewal(s, c, frame, &account, answer) &&
	    stamp_is_right(s, &account, frame->introduce.stamp))
		renew_opened(s, c, frame, &account, answer);
	else
		session_answer(s, c, frame, STATUS_WRONG_PROOF);
	explicit_bzero(&account, sizeof account);
}

/* INTRODUCE and HANDOVER. Nothing that is stored is needed to open the box, and the id fits no
 * other content. */
void session_introduce(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct account account = { .id = frame->introduce.id, .name = frame->introduce.name };
	struct invitation copy = { .bytes = { 0 } }, *invitation = NULL;
	uint8_t answer[KEY_SIZE];
	struct auth auth;

	if (frame->type == FRAME_INTRODUCE && (frame->flags & FLAG_VOUCHED) != 0) {
		copy = frame->introduce.invitation;
		invitation = &copy;
	}
	session_spend(c, COST_INTRODUCE);
	account.verifier.setting = frame->introduce.setting;
	session_auth(s, c, AUTH_INTRODUCE, &account.id, frame->introduce.setting,
	             frame->introduce.box.public, &auth);
	bool is_open = box_open_invited(&frame->introduce.box, s->options.box_secret, &auth,
	                                &account.verifier, invitation, answer);

	if (is_open && (auth_account_fits(&account) || BUG(id_not_checked)))
		introduce_opened(s, c, frame, &account, invitation, answer);
	else
		session_answer(s, c, frame, STATUS_WRONG_PROOF);
	explicit_bzero(&account, sizeof account);
	explicit_bzero(&copy, sizeof copy);
}

/* The account with its mark, for the store and the journal. Its strings point into the store, which
 * is about to change, so they are copied. */
static struct fact confirmation(struct sessions *s, const struct account *account)
{
	struct fact fact = { .kind = FACT_ACCOUNT, .account = *account };

	assert(account->name.size <= NAME_SIZE_MAX);
	assert(account->verifier.setting.size <= SETTING_SIZE_MAX);
	memcpy(s->name, account->name.data, account->name.size);
	memcpy(s->setting, account->verifier.setting.data, account->verifier.setting.size);
	fact.account.name = view_of(s->name, account->name.size);
	fact.account.verifier.setting = view_of(s->setting, account->verifier.setting.size);
	fact.account.confirmed = true;
	return fact;
}

/* Confirms an account that is held, unconfirmed, and alone with its name, if the clock and the disk
 * allow it. */
static enum status confirm_alive(struct sessions *s, const struct account *account)
{
	if (!BUG(confirm_without_clock) && s->time.clock_ms > CONFIRM_AGE_MS &&
	    id_time_ms(&account->id) < s->time.clock_ms - CONFIRM_AGE_MS)
		return STATUS_CLOCK;
	if (s->disk != SESSION_DISK_OK)
		return STATUS_DISK_FULL;
	const struct fact fact = confirmation(s, account);
	enum store_result result = session_apply(s, &fact, &s->options.limits);

	assert(result == STORE_NEW);
	return STATUS_OK;
}

void session_confirm(struct sessions *s, struct connection *c, const struct frame *frame)
{
	const struct id *id = &frame->confirm.id;
	struct account account;
	struct account holder;

	assert(id_equal(&c->proven, id));
	switch (session_find(s, c->version, id, &account, NULL)) {
	case STORE_DEAD:
		refuse_with(s, c, frame, STATUS_GONE, id);
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
	if (account.confirmed)
		session_answer(s, c, frame, STATUS_OK);
	else if (!BUG(confirm_without_name_test) &&
	         store_holder(s->store, account.name, id, &holder))
		refuse_with(s, c, frame, STATUS_TAKEN, &holder.id);
	else
		session_answer(s, c, frame, confirm_alive(s, &account));
}

/* ---- delete ---- */

/* The session ends and the name is free at once. The mailbox is freed later, bit by bit. False: it
 * cannot be stored, and the request was answered. */
static bool bury(struct sessions *s, struct connection *c, const struct frame *frame,
                 const struct tombstone *tombstone)
{
	const struct fact fact = { .kind = FACT_TOMBSTONE, .tombstone = *tombstone };
	struct tombstone held;
	enum store_state state = store_find(s->store, &tombstone->id, NULL, &held);

	if ((state == STORE_DEAD && held.by <= tombstone->by) || BUG(no_tombstone))
		return true;
	if (!session_may_bury(s, state != STORE_UNKNOWN)) {
		session_answer(s, c, frame, STATUS_DISK_FULL);
		return false;
	}
	if (state == STORE_UNKNOWN && slows_down(s, c, frame))
		return false;
	enum store_result result = session_bury(s, &fact, &s->options.limits);

	assert(result == STORE_NEW || result == STORE_REPLACED);
	return true;
}

void session_delete(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct work work = { .slice = NULL };

	session_spend(c, COST_PROOF + COST_ADDED);
	if (!auth_tombstone_fits(&frame->tombstone) && !BUG(tombstone_without_key))
		session_answer(s, c, frame, STATUS_WRONG_PROOF);
	else if (bury(s, c, frame, &frame->tombstone))
		session_work_begin(s, c, &work, frame);
}

/* Whether this removal may be: somebody vouches for it, or it is the owner's word. The two are
 * never taken for each other: a client carries what a replica says of its own account on the
 * connection that is logged in to that. */
static bool may_remove(const struct connection *c, const struct frame *frame,
                       const uint8_t right_stamp[KEY_SIZE])
{
	const struct tombstone *tombstone = &frame->remove.tombstone;

	if (BUG(removal_unchecked))
		return true;
	if ((frame->flags & FLAG_VOUCHED) != 0 && !BUG(claim_is_owners_word))
		return sha256_equal(right_stamp, frame->remove.stamp);
	return tombstone->by == GONE_BY_OWNER && id_equal(&c->account, &tombstone->id) &&
	       !c->is_sending;
}

void session_remove(struct sessions *s, struct connection *c, const struct frame *frame)
{
	const struct tombstone *tombstone = &frame->remove.tombstone;
	struct frame reply = session_reply_to(frame, STATUS_OK);

	session_spend(c, COST_PROOF + COST_ADDED);
	if (!s->options.has_operator_key) {
		session_answer(s, c, frame, STATUS_UNKNOWN);
		return;
	}
	auth_gone_stamp(s->options.operator_key, tombstone, reply.introduced.stamp);
	if (!auth_tombstone_fits(tombstone) || !may_remove(c, frame, reply.introduced.stamp))
		session_answer(s, c, frame, STATUS_WRONG_PROOF);
	else if (bury(s, c, frame, tombstone))
		session_reply(s, c, &reply);
}

/* ---- list ---- */

/* Puts the next accounts into `b` and their bits into `online`; gives how many. *last: no more. */
static uint16_t list_accounts(const struct sessions *s, const struct frame *frame, struct buf *b,
                              uint8_t *online, bool *last)
{
	struct view after_name = frame->list.after_name;
	struct id after = frame->list.after;
	struct account account;
	uint16_t count = 0;

	*last = true;
	while (store_list_next(s->store, frame->list.prefix, after_name, &after, &account)) {
		const struct list_item item = { .id = account.id, .name = account.name };

		if (count == frame->list.count) {
			*last = false;
			break;
		}
		session_must(protocol_put_listed(b, &item));
		if (session_of(s, &account.id) != NULL)
			online[count / 8] |= (uint8_t)(1u << count % 8);
		after_name = account.name; /* a view into the store, which does not change here */
		after = account.id;
		count++;
	}
	return count;
}

/* The digest tells a client whether the page that it has is still right. */
static void list_digest(struct view entries, bool last, uint8_t digest[KEY_SIZE])
{
	uint8_t byte = last;
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, &byte, 1);
	if (entries.size > 0)
		sha256_update(&h, entries.data, entries.size);
	sha256_final(&h, digest);
}

/* The entries are put together aside, because what stands before them in the frame depends on all
 * of them. */
void session_list(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct frame reply = session_reply_to(frame, STATUS_OK);
	uint8_t online[(LIST_COUNT_MAX + 7) / 8] = { 0 };
	bool last = false;

	assert(frame->list.count >= 1);
	assert(frame->list.count <= LIST_COUNT_MAX);
	buf_clear(&s->scratch);
	uint16_t count = list_accounts(s, frame, &s->scratch, online, &last);

	session_spend(c, count / COST_LISTED);
	if (BUG(list_never_ends))
		last = false;

	list_digest(buf_view(&s->scratch), last, reply.listed.digest);
	reply.flags = frame->flags & FLAG_DIGEST;
	reply.listed.last = last;
	reply.listed.count = count;
	reply.listed.online = view_of(online, (count + 7u) / 8);
	if ((frame->flags & FLAG_DIGEST) == 0)
		reply.listed.entries = buf_view(&s->scratch);
	session_reply(s, c, &reply);
}

/* ---- operators ---- */

/* Both sides prove the same key to each other; a stranger on a replica's port learns nothing. */
void session_operate(struct sessions *s, struct connection *c, const struct frame *frame)
{
	const struct id nobody = { { 0 } };
	struct frame reply = session_reply_to(frame, STATUS_OK);
	bool is_keyed = (frame->flags & FLAG_KEYED) != 0;
	uint8_t proof[KEY_SIZE];
	struct auth auth;

	session_spend(c, COST_PROOF);
	if (is_keyed)
		session_agree_tags(c, frame->operate.client_nonce);
	session_auth(s, c, is_keyed ? AUTH_OPERATOR_KEYED : AUTH_OPERATOR, &nobody,
	             (struct view){ 0 }, frame->operate.client_nonce, &auth);
	auth_operator(s->options.operator_key, false, &auth, proof);
	if (!s->options.has_operator_key || !sha256_equal(proof, frame->operate.proof)) {
		session_note(s, c, SESSION_WRONG_KEY, (struct view){ 0 });
		session_answer(s, c, frame, STATUS_WRONG_PROOF);
		return;
	}
	c->is_operator = true;
	session_crowd_settle(s, c);
	auth_operator(s->options.operator_key, true, &auth, reply.introduced.signature);
	session_note(s, c, SESSION_OPERATOR, (struct view){ 0 });
	session_reply(s, c, &reply);
	if (is_keyed)
		session_tag_answers(s, c);
}

/* Whether MEMBER asks about this replica, and this process of it. */
static bool is_this_one(const struct sessions *s, const struct frame *frame)
{
	return memcmp(frame->member.uuid, s->options.uuid, UUID_SIZE) == 0 &&
	       memcmp(frame->member.public, s->public, KEY_SIZE) == 0;
}

/* By the secret of its public key. */
static void member_boxed(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct frame reply = session_reply_to(frame, STATUS_OK);

	session_spend(c, COST_INTRODUCE);
	if (!is_this_one(s, frame) ||
	    !box_member(s->options.box_secret, frame->member.nonce, frame->member.uuid,
	                frame->member.public, frame->member.nonce, reply.introduced.signature))
		reply = session_reply_to(frame, STATUS_UNKNOWN);
	session_reply(s, c, &reply);
}

void session_member(struct sessions *s, struct connection *c, const struct frame *frame)
{
	struct frame reply = session_reply_to(frame, STATUS_OK);
	uint8_t *answer = reply.introduced.signature;

	if ((frame->flags & FLAG_BOXED) != 0) {
		member_boxed(s, c, frame);
		return;
	}
	session_spend(c, COST_PROOF);
	if (!s->options.has_operator_key) {
		session_answer(s, c, frame, STATUS_UNKNOWN);
		return;
	}
	auth_member(s->options.operator_key, frame->member.uuid, frame->member.public,
	            frame->member.nonce, answer);
	if (!is_this_one(s, frame))
		sha256(answer, KEY_SIZE, answer);
	session_reply(s, c, &reply);
}
