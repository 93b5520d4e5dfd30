/* SPDX-License-Identifier: MIT
 *
 * The tap reads every frame on its way, in both directions, and writes the history. A replica that
 * says yes to a request must have its facts on the disk, because a reply leaves only after the
 * sync.
 *
 * The tap also checks the frames of honest clients: only owners delete, only what was shown is
 * called received, and one number of a stream is used for one text only.
 */
#include "tests/simulate/simulate.h"

#include <stdlib.h>

/* The n-th request whose answer has not reached the client. */
static struct sim_due *due_at(const struct sim_wire *w, uint32_t n)
{
	return &w->due[(w->due_first + n) % SIM_DUE_MAX];
}

bool sim_tap_is_next(const struct sim_wire *w, struct view frame)
{
	uint32_t request = buf_load_u32(frame.data + PROTOCOL_REQUEST_AT);

	return w->due_said < w->due_count && due_at(w, w->due_said)->request == request;
}

/* The first one is over. */
static void drop_due(struct sim_wire *w)
{
	buf_release(&due_at(w, 0)->frame);
	w->due_first = (w->due_first + 1) % SIM_DUE_MAX;
	w->due_count--;
	w->due_said -= w->due_said > 0;
}

void sim_tap_release(struct sim_wire *w)
{
	buf_release(&w->up_tap);
	buf_release(&w->down_tap);
	while (w->due_count > 0)
		drop_due(w);
	memory_free(w->due);
	w->due = NULL;
	w->due_said = 0;
}

static bool is_liar(const struct sim_wire *w)
{
	return w->client == SIM_CLIENTS_MAX;
}

static bool is_repair(const struct sim_wire *w)
{
	return w->client > SIM_CLIENTS_MAX;
}

static struct sim_command *outstanding(struct sim *s, uint32_t c, enum command_kind kind,
                                       uint32_t attempt)
{
	for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++) {
		struct sim_command *k = &s->clients[c].commands[i];

		if (k->token && k->command.kind == kind &&
		    (attempt == UINT32_MAX || k->attempt == attempt))
			return k;
	}
	return NULL;
}

/* ---- towards the replica ---- */

/* Whose password opens this account. */
static bool opens(const struct sim_attempt *a, const struct account *account)
{
	struct verifier verifier;
	uint8_t stretched[KEY_SIZE];

	if (!view_equal(view_of_string(a->name), account->name))
		return false;
	sim_stretch(view_of_string(a->password), account->verifier.setting, stretched);
	auth_verifier_make(stretched, account->verifier.seal, account->verifier.setting, &verifier);
	return memcmp(verifier.stored_key, account->verifier.stored_key, KEY_SIZE) == 0;
}

static uint32_t creation_of(struct sim *s, uint32_t c, const struct account *account)
{
	for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++) {
		const struct sim_command *k = &s->clients[c].commands[i];

		if (k->token && k->command.kind == COMMAND_CREATE &&
		    opens(&s->history.attempts.items[k->attempt], account))
			return k->attempt;
	}
	return UINT32_MAX;
}

static void saw_account(struct sim *s, const struct sim_wire *w, const struct account *account)
{
	uint32_t at = sim_account_find(s, &account->id);
	struct sim_account *a;

	if (at != UINT32_MAX)
		return;
	a = SIM_ADD(s->history.accounts);
	memset(a, 0, sizeof *a);
	a->id = account->id;
	memcpy(a->name, account->name.data, account->name.size);
	a->attempt = UINT32_MAX;
	a->by_liar = is_liar(w);
	a->begun_at = s->now;
	s->produced->accounts++;
	if (a->by_liar)
		return;
	a->attempt = creation_of(s, w->client, account);
	if (a->attempt == UINT32_MAX) {
		sim_fail(s, "client %u introduces '%s' without being asked to", w->client, a->name);
		return;
	}
	s->history.attempts.items[a->attempt].account = s->history.accounts.count - 1;
}

/* The tap knows the replica's secrets. What a liar puts into a box is its own affair. */
static void saw_box(struct sim *s, const struct sim_wire *w, const struct frame *f)
{
	struct account account = { .id = f->introduce.id, .name = f->introduce.name };
	struct auth auth = { .purpose = AUTH_INTRODUCE,
		             .version = PROTOCOL_VERSION_MAX,
		             .id = f->introduce.id };
	uint8_t answer[KEY_SIZE];

	account.verifier.setting = auth.setting = f->introduce.setting;
	memcpy(auth.server_nonce, w->nonce, KEY_SIZE);
	memcpy(auth.uuid, w->uuid, UUID_SIZE);
	box_public(w->box_secret, auth.public);
	(void)box_open(&f->introduce.box, w->box_secret, &auth, &account.verifier, answer);
	/* Closed for the process that had greeted so before, nobody can open it any more. */
	if (s->lies_of_greetings && w->replica == s->lying && !auth_account_fits(&account))
		return;
	saw_account(s, w, &account);
}

/* What a PASSWORD or a RENEW has in its box, and whose it is. */
static uint32_t open_renewal(struct sim *s, const struct sim_wire *w, const struct frame *f,
                             struct verifier *v)
{
	struct auth auth = { .purpose = AUTH_INTRODUCE,
		             .version = PROTOCOL_VERSION_MAX,
		             .id = f->introduce.id };
	uint8_t answer[KEY_SIZE];

	v->setting = auth.setting = f->introduce.setting;
	memcpy(auth.server_nonce, w->nonce, KEY_SIZE);
	memcpy(auth.uuid, w->uuid, UUID_SIZE);
	box_public(w->box_secret, auth.public);
	(void)box_open(&f->introduce.box, w->box_secret, &auth, v, answer);
	return sim_account_find(s, &f->introduce.id);
}

static void saw_renewal(struct sim *s, const struct sim_wire *w, const struct frame *f)
{
	struct verifier v;
	uint32_t account = open_renewal(s, w, f, &v);

	sim_password_saw(s, w, account, f, &v);
}

static void answered_renewal(struct sim *s, struct sim_wire *w, const struct frame *to)
{
	struct verifier v;
	uint32_t account = open_renewal(s, w, to, &v);

	sim_password_answered(s, w, account, to, to->type, &v);
}

static void saw_delete(struct sim *s, const struct sim_wire *w, const struct tombstone *tombstone)
{
	uint32_t at = sim_account_find(s, &tombstone->id);
	struct sim_account *a;

	if (at == UINT32_MAX) {
		if (!is_liar(w))
			sim_fail(s, "client %u deletes what nobody made", w->client);
		return;
	}
	a = &s->history.accounts.items[at];
	if (a->delete_begun || is_liar(w))
		return;
	if (!outstanding(s, w->client, COMMAND_CREATE, a->attempt) &&
	    !outstanding(s, w->client, COMMAND_DELETE, UINT32_MAX)) {
		sim_fail(s, "client %u deletes '%s' without being asked to", w->client, a->name);
		return;
	}
	sim_trace(s, "account %u (%s) begins to be deleted", at, a->name);
	a->delete_begun = true;
	a->taken_back = outstanding(s, w->client, COMMAND_CREATE, a->attempt) != NULL;
}

/* Only who makes an account confirms it. */
static void saw_confirm(struct sim *s, const struct sim_wire *w, const struct id *id)
{
	uint32_t at = sim_account_find(s, id);
	struct sim_account *a = at == UINT32_MAX ? NULL : &s->history.accounts.items[at];

	if (!a || !outstanding(s, w->client, COMMAND_CREATE, a->attempt))
		sim_fail(s, "client %u confirms what it does not make", w->client);
	else
		a->confirming = true;
}

static void saw_login(struct sim *s, struct sim_wire *w, const struct frame *f)
{
	uint32_t account = sim_account_find(s, &f->login.id);
	struct sim_session *session;

	w->has_tried = true;
	w->tried = f->login.id;
	if (is_liar(w) || sim_session_find(s, &f->login.session) != UINT32_MAX)
		return;
	if (account == UINT32_MAX) {
		sim_fail(s, "client %u logs in to what nobody made", w->client);
		return;
	}
	session = SIM_ADD(s->history.sessions);
	*session =
		(struct sim_session){ f->login.session, account, w->client,
		                      w->life,          s->now,  (f->flags & FLAG_SENDING) != 0 };
}

/* A broadcast asks for the list first, and may be overtaken meanwhile. */
static bool is_to_some(const struct sim *s, uint32_t text)
{
	return s->history.texts.items[text].kind == COMMAND_SEND;
}

/* A text goes to somebody under one number, in the order in which the texts were given; times of a
 * stream never go back. */
static void check_new(struct sim *s, const struct sim_wire *w, const struct stream *stream,
                      uint64_t number, uint32_t text, uint64_t sent_ms)
{
	for (uint32_t i = 0; i < s->history.messages.count; i++) {
		const struct sim_message *m = &s->history.messages.items[i];

		if (m->text == text && id_equal(&m->stream.recipient, &stream->recipient))
			sim_fail(s, "client %u sends t%u under numbers %llu and %llu", w->client,
			         text, (unsigned long long)m->number, (unsigned long long)number);
		if (m->number < number && m->sent_ms > sent_ms &&
		    stream_compare(&m->stream, stream) == 0)
			sim_fail(s, "client %u: the time of t%u is before that of t%u", w->client,
			         text, m->text);
		if (m->number < number && m->text > text && is_to_some(s, m->text) &&
		    is_to_some(s, text) && stream_compare(&m->stream, stream) == 0)
			sim_fail(s, "client %u: t%u was said before t%u, and is sent after it",
			         w->client, text, m->text);
	}
}

/* The person repeats it, not the client. */
static bool is_said_again(const struct sim *s, uint32_t c, uint32_t text)
{
	for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++) {
		const struct sim_command *k = &s->clients[c].commands[i];

		if (k->token && k->text == text && k->command.has_id)
			return true;
	}
	return false;
}

/* Of whom a message went to is what its command says: not another count, nobody else's name. */
static bool is_audience_of(struct sim *s, const struct sim_text *t, const struct frame *f)
{
	const struct audience audience = audience_of(f->send.audience);
	struct reader r = reader_of(f->send.recipients);
	struct recipient recipient;

	if (audience.is_notice != t->is_notice)
		return false;
	if (t->kind == COMMAND_ALL || f->send.count == 1)
		return audience.kind == (t->kind == COMMAND_ALL ? AUDIENCE_ALL : AUDIENCE_ONE);
	if (audience.kind != AUDIENCE_SEVERAL || audience.count != f->send.count)
		return false;
	for (size_t i = 0; i < audience.names_count; i++) {
		uint32_t account;

		if (!protocol_next_recipient(&r, &recipient))
			return false;
		account = sim_account_find(s, &recipient.id);
		if (account == UINT32_MAX ||
		    !view_starts_with(audience.names[i],
		                      view_of_string(s->history.accounts.items[account].name)))
			return false;
	}
	return true;
}

/* It is the same each time that the message is written. */
static void saw_audience(struct sim *s, const struct sim_wire *w, struct sim_text *t,
                         const struct frame *f)
{
	struct view form = f->send.audience;

	if (!is_audience_of(s, t, f))
		sim_fail(s, "client %u says that a message went to others than it did", w->client);
	if (t->was_written && !view_equal(form, view_of(t->audience, t->audience_size)))
		sim_fail(s, "client %u says anew of whom a message went to", w->client);
	t->was_written = true;
	t->audience_size = (uint16_t)form.size;
	if (form.size > 0)
		memcpy(t->audience, form.data, form.size);
}

static void saw_message(struct sim *s, const struct sim_wire *w, const struct stream *stream,
                        uint64_t number, const struct frame *f)
{
	struct sim_message *m = sim_message_find(s, stream, number);
	uint32_t text = (uint32_t)strtoul((const char *)f->send.text.data + 1, NULL, 10);
	struct sim_text *t = text < s->history.texts.count ? &s->history.texts.items[text] : NULL;

	if (!t || !view_equal(f->send.text, view_of(t->text, t->size))) {
		sim_fail(s, "client %u sends a text that nobody gave it", w->client);
		return;
	}
	saw_audience(s, w, t, f);
	if (m) {
		if (m->text != text)
			sim_fail(s, "client %u uses number %llu for t%u and t%u", w->client,
			         (unsigned long long)number, m->text, text);
		m->dated_anew |= m->sent_ms != f->send.sent_ms;
		if (m->ends >= ENDS_MAX && m->ends_life == w->life && t->client == w->client &&
		    !is_said_again(s, w->client, text))
			sim_fail(s, "client %u repeats t%u, with which %u replicas have ended",
			         w->client, text, m->ends);
		return;
	}
	check_new(s, w, stream, number, text, f->send.sent_ms);
	m = SIM_ADD(s->history.messages);
	memset(m, 0, sizeof *m);
	m->text = text;
	m->stream = *stream;
	m->number = number;
	m->sent_ms = f->send.sent_ms;
	s->produced->messages++;
}

static void saw_send(struct sim *s, const struct sim_wire *w, const struct frame *f)
{
	struct reader r = reader_of(f->send.recipients);
	struct recipient recipient;
	struct stream stream = { .session = f->send.session };

	if (is_liar(w))
		return;
	if (!(f->flags & FLAG_SESSION)) {
		/* The session that is logged in here: that of the client's life. */
		uint32_t at = UINT32_MAX;

		for (uint32_t i = s->history.sessions.count; i-- > 0 && at == UINT32_MAX;)
			if (s->history.sessions.items[i].client == w->client &&
			    s->history.sessions.items[i].life == w->life && w->has_tried &&
			    id_equal(
				    &s->history.accounts.items[s->history.sessions.items[i].account]
					     .id,
				    &w->tried))
				at = i;
		if (at == UINT32_MAX) {
			sim_fail(s, "client %u sends without a session", w->client);
			return;
		}
		stream.session = s->history.sessions.items[at].ulid;
	}
	stream.sender = w->tried;
	while (protocol_next_recipient(&r, &recipient)) {
		stream.recipient = recipient.id;
		saw_message(s, w, &stream, recipient.number, f);
	}
}

/* Messages of one account that `received` covers. */
static void each_received(struct sim *s, const struct sim_wire *w, const struct frame *f,
                          bool answered)
{
	struct reader r = reader_of(f->streams.streams);
	struct stream_item item;

	while (protocol_next_received(&r, &item)) {
		struct reader ranges = reader_of(item.ranges);
		struct range range;

		while (protocol_next_range(&ranges, &range))
			for (uint32_t i = 0; i < s->history.messages.count; i++) {
				struct sim_message *m = &s->history.messages.items[i];

				if (!id_equal(&m->stream.sender, &item.sender) ||
				    !ulid_equal(&m->stream.session, &item.session) ||
				    !id_equal(&m->stream.recipient, &w->tried) ||
				    m->number < range.first || m->number > range.last)
					continue;
				if (answered) {
					sim_held_set(s, &m->gone, w->replica);
					continue;
				}
				if (!m->told && !sim_seen_get(s, w->client, w->life, i)->shown)
					sim_fail(s,
					         "client %u calls t%u received, which it "
					         "has not shown",
					         w->client, m->text);
				m->told = true;
			}
	}
}

static void add_due(struct sim *s, struct sim_wire *w, const struct frame *f, struct view bytes)
{
	struct sim_due *due;

	if (!w->due)
		w->due = memory_alloc_zero(SIM_DUE_MAX, sizeof *w->due);
	if (w->due_count == SIM_DUE_MAX) {
		sim_fail(s, "client %u has too many requests under way", w->client);
		return;
	}
	due = due_at(w, w->due_count++);
	due->request = f->request;
	due->type = f->type;
	due->at = s->now;
	due->asked_at = w->asked_at;
	buf_init(&due->frame, FRAME_SIZE_MAX);
	if (f->type != FRAME_PING)
		(void)buf_put(&due->frame, bytes.data, bytes.size);
}

/* What a client must know before it shows a message: it waits for the answer. */
static bool is_owed(uint8_t type)
{
	return type == FRAME_STREAMS || type == FRAME_PAGE || type == FRAME_LOOKUP_NAME ||
	       type == FRAME_LOOKUP_ID;
}

static void saw_request(struct sim *s, struct sim_wire *w, struct view bytes)
{
	struct frame f;
	const char *why;

	if (!protocol_decode(bytes, &f, &why)) {
		if (!is_liar(w))
			sim_fail(s, "client %u writes what is no frame: %s", w->client, why);
		return;
	}
	if (f.type == FRAME_HELLO)
		return;
	sim_relay_asked(s, w, f.type);
	sim_hash(s, &f.type, 1);
	if (f.type != FRAME_PING)
		sim_trace(s, "client %u -> replica %u: %s %u", w->client, w->replica,
		          protocol_row(f.type)->name, f.request);
	if (is_repair(w))
		sim_repair_asked(s, w, &f);
	else if (f.type == FRAME_INTRODUCE || f.type == FRAME_HANDOVER)
		saw_box(s, w, &f);
	else if (f.type == FRAME_PASSWORD || f.type == FRAME_RENEW)
		saw_renewal(s, w, &f);
	else if (f.type == FRAME_DELETE)
		saw_delete(s, w, &f.tombstone);
	else if (f.type == FRAME_REMOVE && (f.flags & FLAG_VOUCHED) == 0)
		saw_delete(s, w, &f.remove.tombstone); /* else it carries a replica's claim */
	else if (f.type == FRAME_CONFIRM && !is_liar(w))
		saw_confirm(s, w, &f.confirm.id);
	else if (f.type == FRAME_LOGIN)
		saw_login(s, w, &f);
	else if (f.type == FRAME_SEND)
		saw_send(s, w, &f);
	else if (f.type == FRAME_RECEIVED && !is_liar(w))
		each_received(s, w, &f, false);
	add_due(s, w, &f, bytes);
	w->owed += is_owed(f.type);
	if (!is_liar(w) && s->options.lies)
		sim_liar_hears(s, w->replica, bytes);
}

/* Whole frames of a buffer, one after another. */
static void frames(struct sim *s, struct sim_wire *w, struct buf *b,
                   void (*saw)(struct sim *s, struct sim_wire *w, struct view frame))
{
	size_t used = 0;
	size_t size;

	while (used < b->size && !s->failed) {
		struct view rest = view_of(b->data + used, b->size - used);

		if (!protocol_size(rest, &size)) { /* a line, or a lie */
			used = b->size;
			break;
		}
		if (size == 0 || size > rest.size)
			break;
		used += size;
		saw(s, w, view_of(rest.data, size));
	}
	buf_consume(b, used);
}

void sim_tap_up(struct sim *s, struct sim_wire *w, struct view bytes)
{
	(void)buf_put(&w->up_tap, bytes.data, bytes.size);
	frames(s, w, &w->up_tap, saw_request);
}

/* ---- towards the client ---- */

/* What a SEND carries for one recipient; NULL: nothing of an honest client's. */
static struct sim_message *sent_to(struct sim *s, const struct frame *f,
                                   const struct recipient *recipient)
{
	uint32_t text = (uint32_t)strtoul((const char *)f->send.text.data + 1, NULL, 10);

	for (uint32_t i = 0; i < s->history.messages.count; i++) {
		struct sim_message *m = &s->history.messages.items[i];

		if (m->text == text && m->number == recipient->number &&
		    id_equal(&m->stream.recipient, &recipient->id))
			return m;
	}
	return NULL;
}

static void answered_send(struct sim *s, const struct sim_wire *w, const struct frame *f,
                          const struct frame *to)
{
	struct reader r = reader_of(f->sent.results);
	struct reader recipients = reader_of(to->send.recipients);
	struct send_result result;
	struct recipient recipient;

	while (protocol_next_result(&r, &result) &&
	       protocol_next_recipient(&recipients, &recipient)) {
		struct sim_message *m = sent_to(s, to, &recipient);

		if (result.status < STATUS_END && result.status != STATUS_OK)
			s->produced->refusals[result.status]++;
		if (m != NULL && result.status == STATUS_OK)
			sim_held_set(s, &m->stored, w->replica);
	}
}

/* A replica confirms nobody who is over a minute older than its clock, unless he is confirmed there
 * already. */
static void check_age(struct sim *s, uint32_t replica, const struct sim_account *a)
{
	const struct sim_replica *p = &s->replicas[replica];
	int64_t clock_ms = (int64_t)(SIM_EPOCH_MS + s->now / SIM_MS) + p->clock_offset_ms;
	int64_t slack_ms =
		60000; /* the reply waited for the disk, or for a process that was stopped */

	if (a->confirmed.at[replica] || (a->brought >> replica & 1) || p->lost_disk ||
	    (p->clock_turned_at && s->now - p->clock_turned_at < 60 * SIM_SECOND))
		return;
	if ((int64_t)id_time_ms(&a->id) + (int64_t)CONFIRM_AGE_MS + slack_ms < clock_ms)
		sim_fail(s, "replica %u confirms '%s', who is too old for its clock", replica,
		         a->name);
}

/* `introduce`, the first time and every time: no, if another who lives has the name here. */
static void check_holder(struct sim *s, const struct sim_wire *w, const struct sim_account *a,
                         uint64_t asked_at)
{
	for (uint32_t i = 0; i < s->history.accounts.count; i++) {
		const struct sim_account *b = &s->history.accounts.items[i];

		if (b != a && b->stored.at[w->replica] && b->stored.at[w->replica] < asked_at &&
		    !b->delete_begun && !b->gone.ever && !b->lapsing &&
		    sim_same_name(a->name, b->name))
			sim_fail(s, "replica %u grants '%s', which account %u has there",
			         w->replica, a->name, i);
	}
}

static void answered_account(struct sim *s, struct sim_wire *w, uint8_t type,
                             const struct frame *to, uint64_t asked_at)
{
	const struct id *id = type == FRAME_LOGIN     ? &to->login.id
	                      : type == FRAME_CONFIRM ? &to->confirm.id
	                      : type == FRAME_DELETE  ? &to->tombstone.id
	                      : type == FRAME_REMOVE  ? &to->remove.tombstone.id
	                                              : &to->introduce.id;
	uint32_t at = sim_account_find(s, id);
	struct sim_account *a;

	if (type == FRAME_LOGIN) {
		w->has_login = true;
		w->account = *id;
		sim_password_logged_in(s, w, to->login.epoch, asked_at);
	}
	if (at == UINT32_MAX)
		return;
	a = &s->history.accounts.items[at];
	if (type == FRAME_DELETE || type == FRAME_REMOVE) {
		sim_held_set(s, &a->gone, w->replica);
		if (!a->delete_begun && !a->by_liar)
			sim_fail(s, "replica %u believes that '%s' is gone, which nobody deleted",
			         w->replica, a->name);
		return;
	}
	if (type == FRAME_INTRODUCE)
		check_holder(s, w, a, asked_at);
	sim_held_set(s, &a->stored, w->replica);
	if (type != FRAME_CONFIRM)
		return;
	check_age(s, w->replica, a);
	sim_held_set(s, &a->confirmed, w->replica);
	a->yes |= 1u << w->replica & ~a->brought;
}

/* A limit of one address is no other's; and what a stranger tests of passwords is little. Who is
 * logged in is refused for that, and no password is tested. */
static void check_limits(struct sim *s, struct sim_wire *w, const struct frame *f, uint8_t type)
{
	if (!is_liar(w))
		sim_register_answered(s, w->replica, type, f->status);
	if (f->status == STATUS_SLOW_DOWN && !is_liar(w))
		sim_fail(s, "replica %u slows client %u down, who has made little", w->replica,
		         w->client);
	if (!is_liar(w) || w->has_login || type != FRAME_LOGIN || f->status != STATUS_WRONG_PROOF)
		return;
	if (s->now - w->guesses_at >= SIM_SECOND) {
		w->guesses_at = s->now;
		w->guesses = 0;
	}
	if (++w->guesses > SIM_GUESSES_MAX)
		sim_fail(s, "replica %u tests %u passwords a second for a stranger", w->replica,
		         w->guesses);
}

static void answered(struct sim *s, struct sim_wire *w, const struct frame *f,
                     const struct sim_due *due)
{
	struct frame to;
	const char *why;

	if (f->status < STATUS_END && f->status != STATUS_OK)
		s->produced->refusals[f->status]++;
	if (due->frame.size == 0 || !protocol_decode(buf_view(&due->frame), &to, &why))
		return;
	check_limits(s, w, f, due->type);
	if (f->status != STATUS_OK)
		return;
	if (protocol_row(due->type)->may == MAY_SESSION && due->type != FRAME_PASSWORD)
		sim_password_in_session(s, w, due->at);
	switch (due->type) {
	case FRAME_PASSWORD:
	case FRAME_RENEW:
		answered_renewal(s, w, &to);
		break;
	case FRAME_STORE:
	case FRAME_OPERATE:
		if (!is_repair(w))
			sim_fail(s, "replica %u takes client %u for an operator", w->replica,
			         w->client);
		else if (due->type == FRAME_STORE)
			sim_repair_answered(s, w->replica, &to);
		break;
	case FRAME_SEND:
		if (!is_liar(w))
			answered_send(s, w, f, &to);
		break;
	case FRAME_RECEIVED:
		if (!is_liar(w))
			each_received(s, w, &to, true);
		break;
	case FRAME_LOGIN:
	case FRAME_INTRODUCE:
	case FRAME_HANDOVER:
	case FRAME_CONFIRM:
	case FRAME_DELETE:
	case FRAME_REMOVE:
		answered_account(s, w, due->type, &to, due->at);
		break;
	default:
		break;
	}
}

static bool is_answer(const struct frame *f)
{
	return f->type != FRAME_WELCOME && (f->type < FRAME_PUSH || f->type > FRAME_ERROR);
}

/* The same process greets a client that has lost a connection to it: the network broke that, and
 * perhaps those of the others, too. */
static void saw_welcome(struct sim *s, const struct sim_wire *w)
{
	for (uint32_t i = 0; i < s->history.messages.count; i++) {
		struct sim_message *m = &s->history.messages.items[i];

		if ((m->spared[w->replica] != w->boot + 1 &&
		     s->spared[w->client][w->replica] != w->boot + 1) ||
		    s->history.texts.items[m->text].client != w->client)
			continue;
		m->ends = 0;
		m->spared[w->replica] = 0;
	}
}

static void saw_reply(struct sim *s, struct sim_wire *w, struct view bytes)
{
	struct sim_due *due;
	struct frame f;
	const char *why;

	if (!protocol_decode(bytes, &f, &why)) {
		sim_fail(s, "replica %u writes what is no frame: %s", w->replica, why);
		return;
	}
	sim_hash(s, &f.type, 1);
	if (f.type != (FRAME_PING | FRAME_REPLY))
		sim_trace(s, "replica %u -> client %u: %s %u, %s", w->replica, w->client,
		          protocol_row(f.type)->name, f.request, protocol_status_name(f.status));
	if (f.type == FRAME_WELCOME)
		saw_welcome(s, w);
	if (!is_answer(&f))
		return;
	if (w->due_said == w->due_count) {
		sim_fail(s, "replica %u answers what it was not asked", w->replica);
		return;
	}
	due = due_at(w, w->due_said++);
	if (due->request != f.request || (due->type | FRAME_REPLY) != f.type)
		sim_fail(s, "replica %u answers in the wrong order", w->replica);
	else
		answered(s, w, &f, due);
	if (is_liar(w) || is_repair(w)) /* nobody looks at what reaches them */
		drop_due(w);
}

void sim_tap_down(struct sim *s, struct sim_wire *w, struct view bytes)
{
	(void)buf_put(&w->down_tap, bytes.data, bytes.size);
	frames(s, w, &w->down_tap, saw_reply);
}

/* What the client has no answer to, the replica may have ended of; but not if it goes on. */
void sim_tap_lost(struct sim *s, const struct sim_wire *w)
{
	bool has_ended = !s->replicas[w->replica].up || s->replicas[w->replica].boot != w->boot;

	s->spared[w->client][w->replica] = w->lags && !has_ended ? w->boot + 1 : 0;
	for (uint32_t i = 0; i < w->due_count; i++) {
		const struct sim_due *due = due_at(w, i);
		struct recipient recipient;
		struct reader r;
		struct frame f;
		const char *why;

		if (due->type != FRAME_SEND || due->asked_at + REPLY_TIMEOUT_MS * SIM_MS < s->now ||
		    !protocol_decode(buf_view(&due->frame), &f, &why))
			continue;
		r = reader_of(f.send.recipients);
		while (protocol_next_recipient(&r, &recipient)) {
			struct sim_message *m = sent_to(s, &f, &recipient);

			if (m == NULL)
				continue;
			m->spared[w->replica] = has_ended ? 0 : w->boot + 1;
			m->ends = has_ended && m->ends_life == w->life ? m->ends + 1 : has_ended;
			m->ends_life = has_ended ? w->life : 0;
		}
	}
}

/* ---- what reaches a client ---- */

static void arrived_messages(struct sim *s, const struct sim_wire *w, struct view messages)
{
	struct reader r = reader_of(messages);
	struct message_item item;

	while (protocol_next_message(&r, &item)) {
		struct stream stream = { .sender = item.sender, .session = item.session };
		struct sim_message *m;
		struct sim_seen *seen;

		if (sim_is_liar(s, &item.sender))
			continue;
		stream.recipient = w->has_tried ? w->tried : (struct id){ { 0 } };
		m = sim_message_find(s, &stream, item.number);
		if (!m) {
			sim_fail(s,
			         "client %u gets a message from replica %u that nobody sent: "
			         "%.12s, number %llu",
			         w->client, w->replica, item.text.data,
			         (unsigned long long)item.number);
			return;
		}
		seen = sim_seen_get(s, w->client, w->life,
		                    (uint32_t)(m - s->history.messages.items));
		sim_trace(s, "to client %u from replica %u: t%u number %llu of session %u",
		          w->client, w->replica, m->text, (unsigned long long)m->number,
		          sim_session_find(s, &m->stream.session));
		if (!seen->arrived_at)
			seen->arrived_at = s->now;
		s->clients[w->client].arrived_at = s->now;
		if (!seen->has_come) {
			seen->came_at = s->now;
			seen->came_excused = sim_client_excused(s, w->client);
		}
		seen->has_come |= 1u << w->replica;
	}
}

static void heard_of_creation(struct sim *s, const struct sim_wire *w, const struct frame *to,
                              enum status status)
{
	uint32_t at = UINT32_MAX;

	if (to->type == FRAME_CONFIRM)
		at = sim_account_find(s, &to->confirm.id);
	else if (status != STATUS_OK)
		at = sim_account_find(s, &to->introduce.id);
	if (at != UINT32_MAX)
		s->history.accounts.items[at].answered |= 1u << w->replica;
}

/* An answer, also a no, says that this replica has not ended of the message. */
static void heard_of_send(struct sim *s, const struct sim_wire *w, const struct frame *to)
{
	struct reader r = reader_of(to->send.recipients);
	struct recipient recipient;

	while (protocol_next_recipient(&r, &recipient)) {
		struct sim_message *m = sent_to(s, to, &recipient);

		if (m == NULL)
			continue;
		m->answered |= 1u << w->replica;
		m->ends = 0;
	}
}

static void heard(struct sim *s, struct sim_wire *w, enum status status)
{
	const struct sim_due *due;
	struct frame to;
	const char *why;

	if (w->due_said == 0)
		return;
	due = due_at(w, 0);
	if (due->type == FRAME_SEND || due->type == FRAME_CONFIRM || due->type == FRAME_INTRODUCE) {
		if (!protocol_decode(buf_view(&due->frame), &to, &why))
			sim_fail(s, "client %u: a request cannot be read again", w->client);
		else if (due->type == FRAME_SEND)
			heard_of_send(s, w, &to);
		else
			heard_of_creation(s, w, &to, status);
	}
	drop_due(w);
}

void sim_tap_arrived(struct sim *s, struct sim_wire *w)
{
	struct sim_pipe *p = &w->down;
	size_t size;

	while (p->tapped < p->arrived.size) {
		struct view rest = view_of(p->arrived.data + p->tapped,
		                           p->arrived.size - p->tapped);
		struct frame f;
		const char *why;

		if (!protocol_size(rest, &size) || size == 0 || size > rest.size)
			break;
		p->tapped += size;
		if (!protocol_decode(view_of(rest.data, size), &f, &why))
			continue;
		if (f.type == FRAME_WELCOME)
			sim_relay_greeted(s, w);
		if ((f.type & FRAME_REPLY) && is_owed(f.type & (uint8_t)~FRAME_REPLY))
			w->owed--;
		if (is_answer(&f))
			heard(s, w, f.status);
		if (f.type == FRAME_PUSH)
			arrived_messages(s, w, f.push.messages);
		else if (f.type == (FRAME_PAGE | FRAME_REPLY) && f.status == STATUS_OK)
			arrived_messages(s, w, f.paged.messages);
	}
}
