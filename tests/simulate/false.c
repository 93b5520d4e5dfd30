/* SPDX-License-Identifier: MIT
 *
 * The lying replica. In some runs one of the three lies to clients until the faults end: some of
 * its replies are altered on their way. It stores what it is told, and the history knows what it
 * truly said. The other two are honest and stay up, so nothing may be refused for the lies, nobody
 * be logged out for them, and later all works again.
 *
 * In a sixth of these runs it says of whoever is looked up, each time, that he has a password
 * which nobody has set (lies_of_passwords). In another sixth a client who has the key of its
 * operator vouches for such passwords at all replicas (lies_of_stamps; tests/simulate/liar.c).
 *
 * In the others it has no key at times. It never shows that it belongs (lies_of_strangers), shows
 * settings that nobody has made, and says that passwords were changed. Or its process ends, and
 * somebody on its port greets as it did (lies_of_greetings), and says that of all passwords.
 *
 * Not among the lies, because they are believed: a yes that is none, what it has received itself,
 * that an account is confirmed.
 */
#include "tests/simulate/simulate.h"

enum { LIES_EVERY = 8, KINDS = 6 };

#define CHEAP_SETTING "$y$j7T$bybybybybybybybybybyb."

void sim_false_init(struct sim *s)
{
	s->lying = REPLICAS;
	if (s->options.calm || s->options.seed % LIES_EVERY != 5)
		return;
	s->lying = (uint32_t)sim_random(s, REPLICAS);
	s->lies_percent = 2 + (uint32_t)sim_random(s, 30);
	s->lies_of_passwords = s->options.seed / LIES_EVERY % KINDS == 2;
	s->lies_of_stamps = s->options.seed / LIES_EVERY % KINDS == 3;
	s->lies_of_strangers = s->options.seed / LIES_EVERY % KINDS == 4;
	s->lies_of_greetings = s->options.seed / LIES_EVERY % KINDS == 5;
	s->faults_on &= 1u << FAULT_CRASH_CLIENT | 1u << FAULT_CRASH_CLIENT_HOST |
	                1u << FAULT_STALL_OUTPUT | 1u << FAULT_REPAIR;
	if (s->lies_of_greetings)
		s->faults_on |= 1u << FAULT_KILL;
	sim_trace(s, "replica %u lies", s->lying);
}

/* By a delete key that is none; or, of one in four, by a stamp that is none: an operator's, or that
 * of the owner. */
static void make_gone(struct entry *entry)
{
	struct entry gone = { .id = entry->id, .state = ENTRY_GONE, .name = entry->name };

	if (entry->middle[0] % 4 == 0) {
		gone.by = entry->middle[1] % 2 ? GONE_BY_OWNER : GONE_BY_OPERATOR;
		memcpy(gone.middle, entry->middle, KEY_SIZE);
		memcpy(gone.lock, entry->lock, KEY_SIZE);
	}
	*entry = gone;
}

/* Of whoever was looked up: gone, the last session there is, logged in, an older account of that
 * name, nobody. */
static void alter_entries(struct sim *s, struct frame *f, struct buf *list)
{
	struct reader reader = reader_of(f->entries.entries);
	/* A look-up by name has none that are gone. */
	uint64_t least = f->type == (FRAME_LOOKUP_NAME | FRAME_REPLY);
	uint64_t how = least + sim_random(s, 5 - least);
	bool is_first = true;
	struct entry entry;

	while (protocol_next_entry(&reader, &entry)) {
		if (entry.state == ENTRY_ALIVE && how == 0) {
			make_gone(&entry);
		} else if (entry.state == ENTRY_ALIVE && how == 1) {
			memset(&entry.session, 0xff, sizeof entry.session);
		} else if (entry.state == ENTRY_ALIVE && how == 2) {
			entry.marks |= MARK_ONLINE;
			entry.online_since_ms = 1;
		} else if (entry.state == ENTRY_ALIVE && how == 3 && is_first) {
			entry.id = (struct id){ { 0, 0, 0, 0, 1 } };
			entry.marks |= MARK_CONFIRMED;
		}
		is_first = false;
		if (how == 4 && !least)
			entry = (struct entry){ .id = entry.id, .state = ENTRY_UNKNOWN };
		if (how != 4 || !least)
			(void)protocol_put_entry(list, &entry);
	}
	f->entries.entries = buf_view(list);
}

/* Whoever is looked up has a password that nobody has set. */
static void alter_passwords(struct frame *f, struct buf *list)
{
	struct reader reader = reader_of(f->entries.entries);
	struct entry entry;

	while (protocol_next_entry(&reader, &entry)) {
		entry.epoch += 7;
		(void)protocol_put_entry(list, &entry);
	}
	f->entries.entries = buf_view(list);
}

/* Whoever is looked up has a password of another setting, or a later one: of the cost that all
 * have, or a lower one. */
static void alter_settings(struct sim *s, struct frame *f, struct buf *list)
{
	static const char *const settings[] = { CHEAP_SETTING, "$y$j9T$........bybybybybybyb." };
	struct reader reader = reader_of(f->entries.entries);
	struct entry entry;

	while (protocol_next_entry(&reader, &entry)) {
		if (entry.state == ENTRY_ALIVE) {
			entry.epoch += (uint32_t)sim_random(s, 2);
			entry.setting = view_of_string(settings[sim_random(s, 2)]);
		}
		(void)protocol_put_entry(list, &entry);
	}
	f->entries.entries = buf_view(list);
}

/* It greets as it did before its first end. */
static void alter_greeting(struct sim *s, struct frame *f)
{
	if (s->greeting.type == 0)
		s->greeting = *f;
	memcpy(f->welcome.uuid, s->greeting.welcome.uuid, UUID_SIZE);
	memcpy(f->welcome.public, s->greeting.welcome.public, KEY_SIZE);
}

/* Whether somebody is on its port who greets so. */
static bool is_repeated(const struct sim *s)
{
	uint8_t public[KEY_SIZE];

	if (!s->lies_of_greetings || s->greeting.type == 0 || !s->replicas[s->lying].up)
		return false;
	box_public(s->replicas[s->lying].box_secret, public);
	return memcmp(public, s->greeting.welcome.public, KEY_SIZE) != 0;
}

/* Whether this is one of the lies that it tells each time. */
static bool is_settled(const struct sim *s, uint8_t type)
{
	if (s->lies_of_greetings)
		return type == FRAME_WELCOME ||
		       (type == (FRAME_LOGIN | FRAME_REPLY) && is_repeated(s));
	if (s->lies_of_strangers)
		return type == (FRAME_MEMBER | FRAME_REPLY);
	return s->lies_of_passwords && (type == (FRAME_LOOKUP_NAME | FRAME_REPLY) ||
	                                type == (FRAME_LOOKUP_ID | FRAME_REPLY));
}

static void alter_results(struct sim *s, struct frame *f, struct buf *list)
{
	struct reader reader = reader_of(f->sent.results);
	enum status status = sim_chance(s, 50) ? STATUS_GONE : STATUS_DIFFERENT;
	struct send_result result;

	while (protocol_next_result(&reader, &result)) {
		result.status = status;
		(void)protocol_put_result(list, &result);
	}
	f->sent.results = buf_view(list);
}

/* The account of whoever logs in was removed, by a stamp that is none. */
static void make_login_gone(const struct sim *s, const struct sim_wire *w, struct frame *f)
{
	struct entry *entry = &f->logged_in.entry;
	struct account account;

	if (!w->has_login ||
	    store_find(s->replicas[s->lying].store, &w->account, &account, NULL) != STORE_ALIVE)
		return;
	entry->id = account.id;
	entry->name = account.name;
	entry->by = account.verifier.lock[0] % 2 ? GONE_BY_OWNER : GONE_BY_OPERATOR;
	auth_account_middle(&account, entry->middle);
	memcpy(entry->lock, account.verifier.lock, KEY_SIZE);
}

static void alter_login(struct sim *s, const struct sim_wire *w, struct frame *f)
{
	static const enum status lies[] = { STATUS_UNKNOWN, STATUS_TAKEN_OVER, STATUS_GONE };

	f->status = lies[sim_random(s, 3)];
	memset(&f->logged_in, 0, sizeof f->logged_in);
	memset(&f->logged_in.session, 0xff, sizeof f->logged_in.session);
	f->logged_in.dial = 1;
	f->logged_in.entry.state = ENTRY_GONE;
	f->logged_in.entry.name = view_of_string(sim_names[0]);
	if (f->status == STATUS_GONE && f->request % 2 == 0)
		make_login_gone(s, w, f);
}

static void make_holder(struct frame *f, char setting[SETTING_SIZE_MAX + 1])
{
	const uint8_t salt[16] = { 1 };

	auth_setting_make(salt, setting);
	f->status = STATUS_TAKEN;
	f->introduced.entry = (struct entry){ .id = { { 1, 2, 3 } },
		                              .state = ENTRY_ALIVE,
		                              .marks = MARK_CONFIRMED,
		                              .name = view_of_string(sim_names[0]),
		                              .setting = view_of_string(setting) };
}

/* As one who does not belong. What he alters is no yes only. False: nothing. */
static bool alter_as_stranger(struct sim *s, struct frame *f, struct buf *list)
{
	bool is_no = f->status != STATUS_OK;

	switch (f->type) {
	case FRAME_WELCOME:
		if (s->lies_of_greetings)
			alter_greeting(s, f);
		return is_repeated(s);
	case FRAME_MEMBER | FRAME_REPLY:
		f->status = STATUS_UNKNOWN;
		return true;
	case FRAME_LOOKUP_NAME | FRAME_REPLY:
	case FRAME_LOOKUP_ID | FRAME_REPLY:
		alter_settings(s, f, list);
		return true;
	case FRAME_LOGIN | FRAME_REPLY: /* no other password than those that it shows is right */
		f->status = is_no && s->lies_of_strangers ? STATUS_WRONG_PROOF : STATUS_CHANGED;
		return true;
	default:
		return f->type == (FRAME_PING | FRAME_REPLY);
	}
}

/* Whether it lies in this frame, if it can. */
static bool is_lie(struct sim *s, uint8_t type)
{
	if (s->healed)
		return false;
	return is_settled(s, type) || (!s->lies_of_greetings && sim_chance(s, s->lies_percent));
}

/* A frame on its way to a client: into `to`, as it is or altered. */
static void pass(struct sim *s, struct sim_wire *w, struct view bytes, struct buf *to)
{
	struct frame f, end = { .type = FRAME_ENDED, .status = STATUS_TAKEN_OVER };
	bool is_stranger = s->lies_of_strangers || s->lies_of_greetings;
	char setting[SETTING_SIZE_MAX + 1];
	struct buf list;
	const char *why;

	if (!is_lie(s, bytes.data[4]) || !protocol_decode(bytes, &f, &why) ||
	    (f.status != STATUS_OK && f.type > FRAME_REPLY && !is_stranger)) {
		(void)buf_put(to, bytes.data, bytes.size);
		return;
	}
	buf_init(&list, FRAME_SIZE_MAX);
	end.status = is_stranger ? STATUS_CHANGED : STATUS_TAKEN_OVER;
	if (is_stranger)
		s->produced->falsified -= !alter_as_stranger(s, &f, &list);
	switch (is_stranger && f.type != (FRAME_PING | FRAME_REPLY) ? 0 : f.type) {
	case 0: /* it is altered */
		break;
	case FRAME_LOOKUP_NAME | FRAME_REPLY:
	case FRAME_LOOKUP_ID | FRAME_REPLY:
		if (s->lies_of_passwords)
			alter_passwords(&f, &list);
		else
			alter_entries(s, &f, &list);
		break;
	case FRAME_SEND | FRAME_REPLY:
		alter_results(s, &f, &list);
		break;
	case FRAME_LOGIN | FRAME_REPLY:
		alter_login(s, w, &f);
		break;
	case FRAME_INTRODUCE | FRAME_REPLY:
		make_holder(&f, setting);
		break;
	case FRAME_PING | FRAME_REPLY:
		for (uint32_t i = 0; i < s->history.sessions.count; i++)
			if (s->history.sessions.items[i].client == w->client)
				end.session.session = s->history.sessions.items[i].ulid;
		(void)protocol_encode(to, &end);
		break;
	default: /* as it is */
		s->produced->falsified--;
		break;
	}
	sim_trace(s, "replica %u may lie to client %u: %s", w->replica, w->client,
	          protocol_row(f.type)->name);
	(void)protocol_encode(to, &f);
	s->produced->falsified++;
	buf_release(&list);
}

/* It would be a proof that is cheap to guess from. */
void sim_false_stretch(struct sim *s, uint32_t c, struct view setting)
{
	if (view_compare(setting, view_of_string(CHEAP_SETTING)) == 0)
		sim_fail(s, "client %u stretches a password as a stranger wants it", c);
}

void sim_false_arrive(struct sim *s, struct sim_wire *w, struct view bytes)
{
	size_t used = 0, size;

	(void)buf_put(&w->held_back, bytes.data, bytes.size);
	for (;;) {
		struct view rest = view_of(w->held_back.data + used, w->held_back.size - used);

		if (!protocol_size(rest, &size) || size == 0 || size > rest.size)
			break;
		pass(s, w, view_of(rest.data, size), &w->down.arrived);
		used += size;
	}
	buf_consume(&w->held_back, used);
}
