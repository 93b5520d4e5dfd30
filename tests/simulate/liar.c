/* SPDX-License-Identifier: MIT
 *
 * The liar: a stranger who speaks the protocol without a client's manners. It has accounts of its
 * own (with right proofs, also dated back), and claims whatever comes to mind about others: their
 * ids, their ends, their mail. It repeats what it heard others say, and says different things to
 * different replicas.
 *
 * It must do no harm to an honest client, with one exception: it may take a name that is less than
 * a minute old from a replica that missed it (DESIGN.md: `confirm` and the clock).
 */
#include "tests/simulate/simulate.h"
#include "tests/store/evil.h"

#include <stdlib.h>

enum {
	ACCOUNTS = 3,
	HEARD = 24,
	TRICKS = 16,
	NUMBERS = 3,
	HOLES = 12,
	FLOOD = 25,
	GUESSES = 18,
	HOARD = 1500,
};

struct liar_account {
	bool used;
	struct account account;
	char name[NAME_SIZE_MAX + 1];
	char setting[AUTH_SETTING_TEXT_SIZE];
	uint8_t key[KEY_SIZE];
	struct ulid session;
	uint32_t dial;
};

struct liar_link {
	struct sim_wire *wire;
	bool welcomed;
	uint8_t nonce[KEY_SIZE], uuid[UUID_SIZE], public[KEY_SIZE];
	struct buf out;
	uint32_t request;
	uint32_t as; /* the account that it logged in to last */
};

struct sim_liar {
	uint64_t next_at;
	struct liar_link links[REPLICAS];
	struct liar_account accounts[ACCOUNTS];
	struct buf heard[HEARD];
	uint32_t heard_count;
};

void sim_liar_init(struct sim *s)
{
	struct sim_liar *l = memory_alloc_zero(1, sizeof *l);

	s->liar = l;
	l->next_at = s->options.lies || s->lies_of_stamps ? s->now + SIM_SECOND : SIM_NEVER;
	for (uint32_t i = 0; i < REPLICAS; i++)
		buf_init(&l->links[i].out, 4 << 20);
	for (uint32_t i = 0; i < HEARD; i++)
		buf_init(&l->heard[i], FRAME_SIZE_MAX);
}

void sim_liar_release(struct sim *s)
{
	if (!s->liar)
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		buf_release(&s->liar->links[i].out);
	for (uint32_t i = 0; i < HEARD; i++)
		buf_release(&s->liar->heard[i]);
	memory_free(s->liar);
	s->liar = NULL;
}

uint64_t sim_liar_next(const struct sim *s)
{
	return s->liar ? s->liar->next_at : SIM_NEVER;
}

void sim_liar_hears(struct sim *s, uint32_t replica, struct view frame)
{
	struct buf *b = &s->liar->heard[s->liar->heard_count++ % HEARD];

	(void)replica;
	buf_clear(b);
	(void)buf_put(b, frame.data, frame.size);
}

/* ---- connections ---- */

static void flush(struct sim *s, struct liar_link *k)
{
	size_t sent;

	if (!k->wire || !k->wire->client_open || k->wire->up.ended || k->out.size == 0)
		return;
	sent = sim_pipe_write(s, k->wire, true, buf_view(&k->out));
	buf_consume(&k->out, sent);
}

static void say(struct liar_link *k, struct frame *f)
{
	f->request = ++k->request;
	(void)protocol_encode(&k->out, f);
}

void sim_liar_connected(struct sim *s, struct sim_wire *w)
{
	struct liar_link *k = &s->liar->links[w->index];
	struct frame hello = { .type = FRAME_HELLO,
		               .hello = { PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX } };

	k->wire = w;
	k->welcomed = false;
	k->as = ACCOUNTS;
	buf_clear(&k->out);
	say(k, &hello);
	flush(s, k);
}

void sim_liar_feed(struct sim *s, struct sim_wire *w)
{
	struct liar_link *k = &s->liar->links[w->index];
	struct view bytes = buf_view(&w->down.arrived);
	struct frame f;
	const char *why;
	size_t size;

	if (!k->welcomed && protocol_size(bytes, &size) && size && size <= bytes.size &&
	    protocol_decode(view_of(bytes.data, size), &f, &why) && f.type == FRAME_WELCOME) {
		k->welcomed = true;
		memcpy(k->nonce, f.welcome.nonce, KEY_SIZE);
		memcpy(k->uuid, f.welcome.uuid, UUID_SIZE);
		memcpy(k->public, f.welcome.public, KEY_SIZE);
	}
	buf_clear(&w->down.arrived);
	flush(s, k);
}

void sim_liar_closed(struct sim *s, struct sim_wire *w)
{
	if (s->liar->links[w->index].wire == w || !s->liar->links[w->index].welcomed)
		s->liar->links[w->index].wire = NULL;
	s->liar->links[w->index].welcomed = false;
}

/* ---- what it is told to say ---- */

static uint64_t clock_ms(const struct sim *s)
{
	return SIM_EPOCH_MS + s->now / SIM_MS;
}

/* Another account in the place of this one. */
static struct liar_account *remake(struct sim *s, struct liar_account *a)
{
	static const uint64_t back[] = { 0, 0, 30000, 59000, 600000, 86400000 };
	static const char *const names[] = { "ann", "bob", "cid", "eve", "fay" };
	uint8_t random[16], seal[KEY_SIZE];
	struct id id;

	a->used = true;
	sim_draw(s, random, sizeof random);
	sim_draw(s, seal, sizeof seal);
	sim_draw(s, a->key, KEY_SIZE);
	sim_draw(s, random, sizeof random);
	auth_setting_make(random, a->setting);
	(void)snprintf(a->name, sizeof a->name, "%s", names[sim_random(s, 5)]);
	sim_spell(s, a->name);
	a->account.name = view_of_string(a->name);
	a->account.confirmed = false;
	auth_verifier_make(a->key, seal, view_of_string(a->setting), &a->account.verifier);
	auth_id_make(clock_ms(s) - back[sim_random(s, 6)], a->account.name, &a->account.verifier,
	             &id);
	a->account.id = id;
	sim_draw(s, random, sizeof random);
	ulid_make(&a->session, sim_chance(s, 10) ? ID_TIME_MS_MAX : clock_ms(s), random);
	a->dial = 1;
	return a;
}

static struct liar_account *some_account(struct sim *s)
{
	struct liar_account *a = &s->liar->accounts[sim_random(s, ACCOUNTS)];

	return a->used && !sim_chance(s, 3) ? a : remake(s, a);
}

/* Mostly one that lives. */
static const struct sim_account *some_victim(struct sim *s)
{
	const struct sim_account *a = NULL;

	for (uint32_t tries = 0; tries < 5 && s->history.accounts.count > 0; tries++) {
		a = &s->history.accounts.items[sim_random(s, s->history.accounts.count)];
		if (!a->by_liar && !a->delete_begun)
			break;
	}
	return a;
}

static struct auth auth_at(const struct liar_link *k, enum auth_purpose purpose,
                           const struct liar_account *a, const struct id *id)
{
	struct auth auth = { .purpose = purpose,
		             .version = PROTOCOL_VERSION_MAX,
		             .id = *id,
		             .setting = view_of_string(a->setting) };

	memcpy(auth.server_nonce, k->nonce, KEY_SIZE);
	memcpy(auth.uuid, k->uuid, UUID_SIZE);
	memcpy(auth.public, k->public, KEY_SIZE);
	return auth;
}

static void introduce(struct sim *s, struct liar_link *k, uint8_t type,
                      const struct liar_account *a, const struct id *under)
{
	struct frame f = { .type = type };
	uint8_t secret[KEY_SIZE], answer[KEY_SIZE];
	struct auth auth;

	f.introduce.id = under ? *under : a->account.id;
	f.introduce.name = a->account.name;
	f.introduce.setting = a->account.verifier.setting;
	auth = auth_at(k, AUTH_INTRODUCE, a, &f.introduce.id);
	sim_draw(s, secret, sizeof secret);
	sim_register_lie(s, &a->account, &f);
	(void)box_close_invited(&f.introduce.box, secret, &auth, &a->account.verifier,
	                        type == FRAME_INTRODUCE ? &f.introduce.invitation : NULL, answer);
	say(k, &f);
}

static void log_in(struct sim *s, struct liar_link *k, struct liar_account *a,
                   const struct id *under)
{
	struct frame f = { .type = FRAME_LOGIN, .login = { .id = under ? *under : a->account.id } };
	struct auth auth;

	f.login.session = a->session;
	f.login.dial = a->dial++;
	sim_draw(s, f.login.client_nonce, KEY_SIZE);
	auth = auth_at(k, AUTH_LOGIN, a, &f.login.id);
	memcpy(auth.client_nonce, f.login.client_nonce, KEY_SIZE);
	auth_proof(a->key, &auth, f.login.proof);
	say(k, &f);
}

/* Another password of its own account, of any epoch, which nobody has vouched for. */
static void renew(struct sim *s, struct liar_link *k, uint8_t type, const struct liar_account *a)
{
	static const uint32_t epochs[] = { 1, 1, 2, UINT32_MAX };
	char setting[AUTH_SETTING_TEXT_SIZE];
	uint8_t random[16], stretched[KEY_SIZE], delete_key[KEY_SIZE], secret[KEY_SIZE];
	uint8_t answer[KEY_SIZE];
	struct frame f = { .type = type };
	struct verifier v;

	sim_draw(s, random, sizeof random);
	sim_draw(s, stretched, sizeof stretched);
	auth_setting_make(random, setting);
	auth_delete_key(a->key, a->account.verifier.seal, delete_key);
	auth_verifier_renew(stretched, delete_key, view_of_string(setting), &v);
	f.introduce.id = a->account.id;
	f.introduce.name = a->account.name;
	f.introduce.setting = v.setting;
	f.introduce.epoch = epochs[sim_random(s, 4)];
	auth_middle(&a->account.verifier, f.introduce.middle);
	sim_draw(s, f.introduce.stamp, KEY_SIZE);
	sim_draw(s, secret, sizeof secret);

	struct auth auth = auth_at(k, AUTH_INTRODUCE, a, &f.introduce.id);

	auth.setting = v.setting;
	(void)box_close(&f.introduce.box, secret, &auth, &v, answer);
	say(k, &f);
}

/* Of somebody else's account, with what its replica holds of it and with the operator's key. The
 * stamp is right; or of another account; or of the epoch before. */
static void vouch(struct sim *s, struct liar_link *k)
{
	uint32_t at = 3 * (uint32_t)sim_random(s, (s->history.accounts.count + 2) / 3);
	const struct sim_account *victim = &s->history.accounts.items[at];
	uint64_t how = sim_random(s, 3);
	char setting[AUTH_SETTING_TEXT_SIZE];
	uint8_t random[16], stretched[KEY_SIZE], secret[KEY_SIZE], answer[KEY_SIZE];
	struct frame f = { .type = FRAME_RENEW };
	struct account a, stamped;
	struct sim_change *change;
	struct auth auth;

	if (victim->by_liar ||
	    store_find(s->replicas[s->lying].store, &victim->id, &a, NULL) != STORE_ALIVE)
		return;
	change = SIM_ADD(s->history.changes);
	memset(change, 0, sizeof *change);
	(void)snprintf(change->text, sizeof change->text, "forged%u", s->history.changes.count);
	sim_draw(s, random, sizeof random);
	sim_draw(s, secret, sizeof secret);
	auth_setting_make(random, setting);
	sim_stretch(view_of_string(change->text), view_of_string(setting), stretched);
	auth_account_middle(&a, a.middle);
	memcpy(f.introduce.middle, a.middle, KEY_SIZE);
	memcpy(answer, a.verifier.lock, KEY_SIZE);
	auth_verifier_make(stretched, secret, view_of_string(setting), &a.verifier);
	memcpy(a.verifier.lock, answer, KEY_SIZE);
	a.epoch += 1 + (uint32_t)sim_random(s, 2);
	a.by = ACCOUNT_BY_OWNER;
	stamped = a;
	if (how == 1)
		stamped.id.bytes[ID_SIZE - 1] ^= 1;
	else if (how == 2)
		stamped.epoch = account_next_epoch(a.epoch, ACCOUNT_BY_OWNER);
	auth_stamp(sim_operator_key, &stamped, f.introduce.stamp);
	f.introduce.id = a.id;
	f.introduce.name = a.name;
	f.introduce.setting = a.verifier.setting;
	f.introduce.epoch = a.epoch;
	f.introduce.by = (uint8_t)a.by;
	change->account = at;
	change->client = SIM_CLIENTS_MAX;
	change->by_liar = true;
	change->is_vouched = how == 0;
	change->epoch = a.epoch;
	memcpy(change->stored_key, a.verifier.stored_key, KEY_SIZE);
	sim_draw(s, secret, sizeof secret);
	auth = auth_at(k, AUTH_INTRODUCE, &s->liar->accounts[0], &f.introduce.id);
	auth.setting = a.verifier.setting;
	(void)box_close(&f.introduce.box, secret, &auth, &a.verifier, answer);
	sim_trace(s, "the liar vouches for epoch %u of account %u, %s", a.epoch, at,
	          how == 0 ? "rightly" : "with another's stamp");
	say(k, &f);
}

static void confirm(struct sim *s, struct liar_link *k, const struct id *id)
{
	struct frame f = { .type = FRAME_CONFIRM };

	f.confirm.id = id ? *id : some_account(s)->account.id;
	say(k, &f);
}

/* With all that a replica shows of it, and a stamp that is none. */
static void remove_by_stamp(struct liar_link *k, const struct account *account)
{
	struct frame f = { .type = FRAME_REMOVE };
	bool is_vouched = account->verifier.lock[1] % 2;

	f.flags = is_vouched ? FLAG_VOUCHED : 0;
	auth_tombstone_remove(account,
	                      account->verifier.lock[2] % 2 ? GONE_BY_OWNER : GONE_BY_OPERATOR,
	                      &f.remove.tombstone);
	say(k, &f);
}

static void delete (struct sim *s, struct liar_link *k, const struct sim_account *victim)
{
	struct frame f = { .type = FRAME_DELETE };
	const struct sim_replica *p;
	struct account account;

	f.tombstone.id = victim->id;
	f.tombstone.name = view_of_string(victim->name);
	sim_draw(s, f.tombstone.middle, KEY_SIZE);
	sim_draw(s, f.tombstone.delete_key, KEY_SIZE);
	p = &s->replicas[f.tombstone.middle[0] % REPLICAS];
	if (f.tombstone.middle[1] % 2 == 0 && p->up &&
	    store_find(p->store, &victim->id, &account, NULL) == STORE_ALIVE)
		remove_by_stamp(k, &account);
	else
		say(k, &f);
}

/* Under one number every replica may get another text. More than one message: every second number,
 * so that each of them leaves a hole. */
static void send(struct sim *s, struct liar_link *k, const struct sim_account *victim,
                 uint64_t number, uint16_t count)
{
	struct frame f = { .type = FRAME_SEND };
	struct buf b;
	/* Nobody; all; a notice to 4,096, of whom eight have this name. */
	static const struct view forms[] = {
		{ NULL, 0 },
		{ (const uint8_t *)"\x02", 1 },
		{ (const uint8_t *)"\x05\x00\x10\1a\1a\1a\1a\1a\1a\1a\1a", 19 },
	};
	unsigned lie = (unsigned)sim_random(s, 1000);
	char text[32];

	(void)snprintf(text, sizeof text, "L%u", lie);
	buf_init(&b, 4 * RECIPIENT_SIZE * HOLES);
	f.send.sent_ms = clock_ms(s) - sim_random(s, 100000);
	f.send.count = count;
	f.send.text = view_of_string(text);
	f.send.audience = forms[lie % 3];
	if (sim_chance(s, 40) && s->history.sessions.count) {
		f.flags = FLAG_SESSION;
		f.send.session =
			s->history.sessions.items[sim_random(s, s->history.sessions.count)].ulid;
	}
	for (uint16_t i = 0; i < count; i++)
		(void)protocol_put_recipient(
			&b, &(struct recipient){ .id = victim->id, .number = number + 2u * i });
	f.send.recipients = buf_view(&b);
	say(k, &f);
	buf_release(&b);
}

/* To each replica the same key, each time with a text of its own. */
static void equivocate(struct sim *s, const struct sim_account *victim)
{
	struct liar_account *a = some_account(s);

	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct liar_link *k = &s->liar->links[i];

		if (!k->wire || !k->welcomed || k->wire->due_count > SIM_DUE_MAX / 2)
			continue;
		introduce(s, k, FRAME_HANDOVER, a, NULL);
		log_in(s, k, a, NULL);
		send(s, k, victim, 1, 1);
	}
	for (uint32_t i = 0; i < REPLICAS; i++) /* the history may move, and the victim with it */
		flush(s, &s->liar->links[i]);
}

/* More accounts than an address may make, at all replicas: nobody else may be refused one. */
static void flood(struct sim *s)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct liar_link *k = &s->liar->links[i];

		if (!k->wire || !k->welcomed || k->wire->due_count > SIM_DUE_MAX / 2)
			continue;
		for (uint32_t n = 0; n < FLOOD; n++)
			introduce(s, k, FRAME_HANDOVER, remake(s, &s->liar->accounts[n % ACCOUNTS]),
			          NULL);
		flush(s, k);
	}
}

/* Passwords of somebody else, one after the other: sim_tap_down counts how fast they are tested. */
static void guess(struct sim *s, struct liar_link *k, const struct id *victim)
{
	for (uint32_t n = 0; n < GUESSES; n++)
		log_in(s, k, some_account(s), victim);
}

/* Somebody else's mail is called received. */
static void received(struct sim *s, struct liar_link *k)
{
	const struct sim_message *m;
	struct frame f = { .type = FRAME_RECEIVED };
	struct range range = { 1, 1 + sim_random(s, 1 << 20) };
	struct stream_item item;
	struct buf ranges, b;

	if (s->history.messages.count == 0)
		return;
	m = &s->history.messages.items[sim_random(s, s->history.messages.count)];
	buf_init(&ranges, 64);
	buf_init(&b, 256);
	(void)protocol_put_range(&ranges, &range);
	item = (struct stream_item){ .sender = m->stream.sender, .session = m->stream.session };
	item.ranges = buf_view(&ranges);
	(void)protocol_put_received(&b, &item);
	f.streams.streams = buf_view(&b);
	say(k, &f);
	buf_release(&ranges);
	buf_release(&b);
}

/* As an operator, with a key that it has made up: mail from one who did not write it. */
static void bring(struct sim *s, struct liar_link *k, const struct sim_account *victim)
{
	struct frame operate = { .type = FRAME_OPERATE };
	struct frame f = { .type = FRAME_STORE };
	struct fact fact = { .kind = FACT_MESSAGE };
	struct buf b;

	if (sim_chance(s, 50)) {
		sim_draw(s, operate.operate.client_nonce, KEY_SIZE);
		sim_draw(s, operate.operate.proof, KEY_SIZE);
		say(k, &operate);
	}
	fact.message.stream.recipient = victim->id;
	fact.message.stream.sender = some_victim(s)->id;
	fact.message.number = 1;
	fact.message.sent_ms = clock_ms(s);
	fact.message.text = view_of_string("L1");
	buf_init(&b, 256);
	(void)protocol_put_fact(&b, &fact);
	f.store.facts = buf_view(&b);
	say(k, &f);
	buf_release(&b);
}

/* Sends itself much mail, and receives it: there is much to be freed. */
static void hoard(struct sim *s, struct liar_link *k)
{
	struct liar_account *a = some_account(s);
	struct frame f = { .type = FRAME_SEND };
	struct frame gone = { .type = FRAME_RECEIVED };
	struct stream_item item = { .sender = a->account.id, .session = a->session };
	const struct range range = { 1, HOARD };
	struct buf ranges, b;

	introduce(s, k, FRAME_HANDOVER, a, NULL);
	log_in(s, k, a, NULL);
	buf_init(&ranges, RANGE_SIZE);
	buf_init(&b, HOARD * RECIPIENT_SIZE);
	for (uint64_t n = 1; n <= HOARD; n++)
		(void)protocol_put_recipient(&b, &(struct recipient){ a->account.id, n });
	f.send.sent_ms = clock_ms(s);
	f.send.count = HOARD;
	f.send.text = view_of_string("L0");
	f.send.recipients = buf_view(&b);
	say(k, &f);
	buf_clear(&b);
	(void)protocol_put_range(&ranges, &range);
	item.ranges = buf_view(&ranges);
	(void)protocol_put_received(&b, &item);
	gone.streams.streams = buf_view(&b);
	say(k, &gone);
	buf_release(&ranges);
	buf_release(&b);
}

/* Sends to ids that nobody has, chosen so that they meet in one place of a table without a key. */
static void crowd(struct sim *s, struct liar_link *k)
{
	struct liar_account *a = some_account(s);
	struct frame f = { .type = FRAME_SEND };
	struct buf b;

	introduce(s, k, FRAME_HANDOVER, a, NULL);
	log_in(s, k, a, NULL);
	buf_init(&b, SIM_EVIL * RECIPIENT_SIZE);
	for (uint64_t n = 0; n < SIM_EVIL; n++)
		(void)protocol_put_recipient(&b, &(struct recipient){ evil_id(n), 1 });
	f.send.sent_ms = clock_ms(s);
	f.send.count = SIM_EVIL;
	f.send.text = view_of_string("L0");
	f.send.recipients = buf_view(&b);
	say(k, &f);
	buf_release(&b);
}

static void repeat(struct sim *s, struct liar_link *k)
{
	struct buf *heard = &s->liar->heard[sim_random(s, HEARD)];

	if (heard->size)
		(void)buf_put(&k->out, heard->data, heard->size);
}

static void garbage(struct sim *s, struct liar_link *k)
{
	uint8_t bytes[64];

	sim_draw(s, bytes, sizeof bytes);
	if (sim_chance(s, 50))
		buf_store_u32(bytes, 60);
	(void)buf_put(&k->out, bytes, sizeof bytes);
}

static void lie(struct sim *s, struct liar_link *k)
{
	const struct sim_account *victim = some_victim(s);
	uint64_t trick = sim_random(s, TRICKS);
	const struct liar_account *a;

	s->produced->lied++;
	if (trick < 2)
		introduce(s, k, FRAME_INTRODUCE, some_account(s), NULL);
	else if (trick < 4)
		introduce(s, k, FRAME_HANDOVER, some_account(s), NULL);
	else if (trick < 6)
		log_in(s, k, some_account(s), NULL);
	else if (trick < 7 && sim_chance(s, 60)) {
		a = some_account(s);
		renew(s, k, sim_chance(s, 60) ? FRAME_PASSWORD : FRAME_RENEW, a);
	} else if (trick < 7)
		confirm(s, k, NULL);
	else if (trick < 8)
		repeat(s, k);
	else if (trick < 9)
		sim_chance(s, 10) ? hoard(s, k) : sim_chance(s, 5) ? crowd(s, k) : received(s, k);
	else if (!victim)
		return;
	else if (trick < 10)
		bring(s, k, victim);
	else if (trick < 12) {
		a = some_account(s);
		introduce(s, k, sim_chance(s, 50) ? FRAME_HANDOVER : FRAME_INTRODUCE, a,
		          &victim->id);
	} else if (trick < 13 && sim_chance(s, 10))
		guess(s, k, &victim->id);
	else if (trick < 13)
		log_in(s, k, some_account(s), &victim->id);
	else if (trick < 14)
		delete (s, k, victim);
	else if (sim_chance(s, 15))
		equivocate(s, victim);
	else if (sim_chance(s, 3))
		garbage(s, k);
	else if (sim_chance(s, 3))
		flood(s);
	else if (sim_chance(s, 10))
		send(s, k, victim, 1 + sim_random(s, NUMBERS), HOLES);
	else
		send(s, k, victim, 1 + sim_random(s, NUMBERS), 1);
}

void sim_liar_step(struct sim *s)
{
	uint32_t i = (uint32_t)sim_random(s, REPLICAS);
	struct liar_link *k = &s->liar->links[i];

	s->liar->next_at = s->now + sim_around(s, (s->lies_of_stamps ? 400 : 200) * SIM_MS);
	if (!k->wire) {
		k->wire = sim_dial(s, SIM_CLIENTS_MAX, i, i);
		k->welcomed = false;
		return;
	}
	if (!k->welcomed || k->wire->due_count > SIM_DUE_MAX / 2)
		return;
	if (!s->lies_of_stamps)
		lie(s, k);
	else if (!s->healed && s->history.accounts.count > 0)
		vouch(s, k);
	flush(s, k);
}
