/* SPDX-License-Identifier: MIT
 *
 * The checker compares what clients told people with what was seen on the wires. Its rules:
 *
 *   Success   Each live replica has answered, and as many said yes as the result says. If two
 *             creations asked a common replica for one name, at most one of them succeeded. A
 *             message goes to the account that its name meant to this client before. A log-in is to
 *             the right account, with the right password, and this account is not gone.
 *   Refusal   It was possible. A name that is refused as taken had an owner. A name that is refused
 *             as unknown belonged to no account that a live replica knew. If several clients race
 *             for a free name and all replicas are live, one of them gets it.
 *   Message   A message that is shown was sent by this sender to this account, byte for byte, and
 *             says of whom else it went to what its sender said. It is
 *             shown once in a life of the client, and in the order of its stream, unless it came
 *             after a later one was shown. That one had waited as long as it should, and no longer.
 *             It was not gone at the replicas that this client asks.
 *   List      It has every account that a live replica knows, and none that a live replica knows to
 *             be gone.
 *
 * Not checked: which of several possible refusals is told, who is shown as online, how long
 * anything else takes.
 */
#include "tests/simulate/simulate.h"

#include <stdlib.h>

void sim_list_room(void **items, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return;
	*capacity = *capacity ? *capacity * 2 : 16;
	*items = memory_resize(*items, *capacity * size);
}

uint32_t sim_account_find(const struct sim *s, const struct id *id)
{
	for (uint32_t i = 0; i < s->history.accounts.count; i++)
		if (id_equal(&s->history.accounts.items[i].id, id))
			return i;
	return UINT32_MAX;
}

/* Whether it is an account of the liar's. */
bool sim_is_liar(const struct sim *s, const struct id *id)
{
	uint32_t at = sim_account_find(s, id);

	return at != UINT32_MAX && s->history.accounts.items[at].by_liar;
}

bool sim_is_deleted(const struct sim *s, const struct id *id)
{
	uint32_t at = sim_account_find(s, id);

	return at != UINT32_MAX && s->history.accounts.items[at].delete_begun;
}

uint32_t sim_session_find(const struct sim *s, const struct ulid *ulid)
{
	for (uint32_t i = s->history.sessions.count; i-- > 0;)
		if (ulid_equal(&s->history.sessions.items[i].ulid, ulid))
			return i;
	return UINT32_MAX;
}

struct sim_message *sim_message_find(struct sim *s, const struct stream *stream, uint64_t number)
{
	for (uint32_t i = s->history.messages.count; i-- > 0;) {
		struct sim_message *m = &s->history.messages.items[i];

		if (m->number == number && stream_compare(&m->stream, stream) == 0)
			return m;
	}
	return NULL;
}

struct sim_seen *sim_seen_get(struct sim *s, uint32_t client, uint32_t life, uint32_t message)
{
	struct sim_seen *seen;

	for (uint32_t i = s->history.seen.count; i-- > 0;) {
		seen = &s->history.seen.items[i];
		if (seen->message == message && seen->client == client && seen->life == life)
			return seen;
	}
	seen = SIM_ADD(s->history.seen);
	*seen = (struct sim_seen){ .client = client, .life = life, .message = message };
	return seen;
}

/* ---- what disks must hold ---- */

void sim_held_set(struct sim *s, struct sim_held *h, uint32_t replica)
{
	h->ever |= 1u << replica;
	if (!h->at[replica])
		h->at[replica] = s->now;
}

uint32_t sim_held_mask(const struct sim_held *h)
{
	return (h->at[0] ? 1u : 0) | (h->at[1] ? 2u : 0) | (h->at[2] ? 4u : 0);
}

bool sim_held_any(const struct sim_held *h)
{
	return sim_held_mask(h) != 0;
}

static void lose(struct sim_held *h, uint32_t replica, uint64_t after)
{
	if (h->at[replica] > after || after == 0)
		h->at[replica] = 0;
}

void sim_check_lost(struct sim *s, uint32_t replica, uint64_t after)
{
	s->replicas[replica].lost_disk = true;
	for (uint32_t i = 0; i < s->history.accounts.count; i++) {
		s->history.accounts.items[i].yes &= ~(1u << replica);
		lose(&s->history.accounts.items[i].stored, replica, after);
		lose(&s->history.accounts.items[i].confirmed, replica, after);
		lose(&s->history.accounts.items[i].lapsed, replica, after);
		lose(&s->history.accounts.items[i].gone, replica, after);
	}
	sim_password_lost(s, replica, after);
	for (uint32_t i = 0; i < s->history.messages.count; i++) {
		lose(&s->history.messages.items[i].stored, replica, after);
		lose(&s->history.messages.items[i].gone, replica, after);
	}
}

/* ---- results ---- */

/* What a lying replica alone knows, it may hide. */
static bool knew(const struct sim *s, const struct sim_held *h, uint32_t live, uint64_t before)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (i != s->lying && (live >> i & 1) && h->at[i] && h->at[i] < before)
			return true;
	return false;
}

/* A creation was acknowledged: nobody else may have the name where they met. */
static void check_owner(struct sim *s, uint32_t at)
{
	const struct sim_account *a = &s->history.accounts.items[at];

	for (uint32_t i = 0; i < s->history.accounts.count && !a->delete_begun; i++) {
		const struct sim_account *b = &s->history.accounts.items[i];

		if (i == at || !b->acknowledged || b->delete_begun ||
		    !sim_same_name(a->name, b->name))
			continue;
		if (a->yes & b->yes)
			sim_fail(s,
			         "'%s' has two owners, accounts %u and %u, acknowledged by the "
			         "same replica",
			         a->name, i, at);
	}
}

static bool in_order(const struct sim_client *p)
{
	return p->order[0] == 0 && p->order[1] == 1 && p->order[2] == 2;
}

static bool is_undisturbed(const struct sim *s, const char *name)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (s->replicas[i].lost_disk || s->replicas[i].clock_turned_at)
			return false;
	for (uint32_t i = 0; i < s->history.accounts.count; i++) {
		const struct sim_account *a = &s->history.accounts.items[i];

		if (sim_same_name(a->name, name) &&
		    (a->by_liar || (a->delete_begun && !a->taken_back)))
			return false;
	}
	return true;
}

/* If several clients wanted a free name, and all replicas were live all the time, one wins. */
static void check_somebody(struct sim *s, const struct sim_attempt *last)
{
	if (!is_undisturbed(s, last->name))
		return;
	for (uint32_t i = 0; i < s->history.attempts.count; i++) {
		const struct sim_attempt *t = &s->history.attempts.items[i];

		if (!sim_same_name(t->name, last->name) ||
		    (t->account == UINT32_MAX && t->ending == SIM_REFUSED)) /* wrote nothing */
			continue;
		if (t->ending != SIM_REFUSED || !t->fair || !t->name_taken)
			return;
	}
	sim_fail(s, "all who wanted '%s' were told that it is taken, and nobody has it",
	         last->name);
}

static void created(struct sim *s, uint32_t c, struct sim_command *k, const struct result *result)
{
	struct sim_attempt *t = &s->history.attempts.items[k->attempt];
	uint32_t at;
	struct sim_account *a;

	t->ending = result->outcome == OUTCOME_OK        ? SIM_OK
	            : result->outcome == OUTCOME_UNKNOWN ? SIM_UNKNOWN
	                                                 : SIM_REFUSED;
	t->ended_at = s->now;
	sim_register_result(s, t, result->outcome);
	t->fair = k->live == 7 && in_order(&s->clients[c]);
	t->name_taken = result->outcome == OUTCOME_NAME_TAKEN;
	if (t->name_taken)
		check_somebody(s, t);
	/* It may also have been deleted meanwhile, from elsewhere. */
	if (result->outcome == OUTCOME_NAME_TAKEN &&
	    (t->account == UINT32_MAX || !s->history.accounts.items[t->account].gone.ever)) {
		for (uint32_t i = 0; i < s->history.accounts.count; i++)
			if (s->history.accounts.items[i].attempt != k->attempt &&
			    sim_same_name(s->history.accounts.items[i].name, t->name))
				return;
		sim_fail(s, "'%s' is said to be taken, by nobody", t->name);
	}
	if (result->outcome != OUTCOME_OK)
		return;
	at = sim_account_find(s, &result->id);
	if (at == UINT32_MAX || s->history.accounts.items[at].attempt != k->attempt) {
		sim_fail(s, "the creation of '%s' is acknowledged for another account", t->name);
		return;
	}
	a = &s->history.accounts.items[at];
	t->account = at;
	a->acknowledged = true;
	a->acknowledged_at = s->now;
	if (result->copies < 1 || result->copies > count_bits_of(a->confirmed.ever))
		sim_fail(
			s,
			"the creation of '%s' is acknowledged with %u copies; confirmed by mask %u",
			t->name, result->copies, sim_held_mask(&a->confirmed));
	if (result->copies < count_bits_of(k->live & a->yes))
		sim_fail(s, "the creation of '%s' is acknowledged before all said so: %u copies",
		         t->name, result->copies);
	/* Who does not show that it belongs is asked for none, and may have the account from a
	 * repair. */
	uint32_t stranger = s->lies_of_strangers || s->lies_of_greetings ? 1u << s->lying : 0;

	if (k->live & ~a->answered & ~stranger)
		sim_fail(s, "the creation of '%s' is acknowledged before all have answered",
		         t->name);
	if (a->taken_back)
		sim_fail(s, "the creation of '%s' is acknowledged after its taking back began",
		         t->name);
	check_owner(s, at);
}

/* Whether this client cannot have missed the account under the name that it used. */
static bool cannot_be_overlooked(const struct sim *s, const struct sim_command *k,
                                 const struct sim_account *a)
{
	char text[ID_TEXT_SIZE + 1], suffixed[DISPLAY_SIZE + ID_TEXT_SIZE];

	if (a->delete_begun || a->lapsing || !knew(s, &a->confirmed, k->live, k->begun_at))
		return false;
	id_to_text(&a->id, text);
	(void)snprintf(suffixed, sizeof suffixed, "%s~%s", a->name,
	               text + ID_TEXT_SIZE - ID_SUFFIX_SIZE);
	return sim_same_name(k->name, a->name) || sim_same_name(k->name, suffixed) ||
	       sim_same_name(k->name, text);
}

static void check_nobody(struct sim *s, uint32_t c, const struct sim_command *k)
{
	for (uint32_t i = 0; i < s->history.accounts.count; i++)
		if (cannot_be_overlooked(s, k, &s->history.accounts.items[i])) {
			sim_fail(s, "client %u: '%s' is said to be nobody, but is account %u", c,
			         k->name, i);
			return;
		}
}

static void check_wrong_password(struct sim *s, uint32_t c, const struct sim_command *k)
{
	const struct sim_attempt *t = &s->history.attempts.items[k->attempt];

	if (k->wrong_password || t->account == UINT32_MAX ||
	    !cannot_be_overlooked(s, k, &s->history.accounts.items[t->account]) ||
	    sim_password_may_fail(s, k, t->account))
		return;
	if (sim_same_name(k->name, t->name))
		for (uint32_t i = 0; i < s->history.accounts.count; i++)
			if (i != t->account &&
			    sim_same_name(s->history.accounts.items[i].name, t->name))
				return; /* the name may be another's */
	sim_fail(s, "client %u: the right password of '%s' is refused", c, k->name);
}

/* `result->id` is set when it is OK. */
static void logged_in(struct sim *s, uint32_t c, struct sim_command *k, const struct result *result)
{
	uint32_t at = sim_account_find(s, &result->id);
	const struct sim_account *a = at == UINT32_MAX ? NULL : &s->history.accounts.items[at];

	if (result->outcome == OUTCOME_NO_SUCH_USER)
		check_nobody(s, c, k);
	if (result->outcome == OUTCOME_WRONG_PASSWORD)
		check_wrong_password(s, c, k);
	if (result->outcome == OUTCOME_UNKNOWN && s->lying < REPLICAS && !s->healed)
		sim_fail(s, "client %u: the log-in as '%s' is given up because a replica lies: %s",
		         c, k->name, result->detail);
	if (result->outcome != OUTCOME_OK)
		return;
	if (!a || a->attempt != k->attempt || k->wrong_password)
		sim_fail(s, "client %u logs in as '%s' with a password that is not his", c,
		         k->name);
	else if (knew(s, &a->gone, k->live, k->begun_at))
		sim_fail(s,
		         "client %u logs in to account %u, which a live replica knows to be gone",
		         c, at);
	else
		sim_password_check_in(s, c, k, at);
}

static void now_logged_in(struct sim *s, uint32_t c, const struct sim_command *k,
                          const struct result *result)
{
	struct sim_client *p = &s->clients[c];

	p->logged_in = true;
	sim_check_lost_arrivals(s, c, REPLICAS);
	sim_check_forget_names(s, c);
	p->account = sim_account_find(s, &result->id);
	p->logins++;
	p->change = result->kind == COMMAND_CREATE ? UINT32_MAX : k->change;
}

/* How many messages with this text are on so many disks. */
static uint32_t messages_of(struct sim *s, uint32_t text, uint32_t copies, bool acknowledge)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < s->history.messages.count; i++) {
		struct sim_message *m = &s->history.messages.items[i];

		if (m->text != text || count_bits_of(m->stored.ever) < copies)
			continue;
		count++;
		m->acknowledged |= acknowledge;
	}
	return count;
}

/* All who were there have answered, and it went to whom the name belongs. */
static void check_sent_to(struct sim *s, uint32_t c, const struct sim_command *k)
{
	const struct sim_message *m = NULL;
	uint32_t at;

	for (uint32_t i = 0; i < s->history.messages.count; i++)
		if (s->history.messages.items[i].text == k->text)
			m = &s->history.messages.items[i];
	if (!m || (k->live & ~m->answered)) {
		sim_fail(s, "t%u is acknowledged before all have answered", k->text);
		return;
	}
	at = sim_account_find(s, &m->stream.recipient);
	for (uint32_t i = 0; i < s->history.accounts.count && !k->command.has_id; i++) {
		const struct sim_account *b = &s->history.accounts.items[i];

		if (i == at || !cannot_be_overlooked(s, k, b) || !sim_same_name(k->name, b->name))
			continue;
		if (!s->history.accounts.items[at].confirming &&
		    !s->history.accounts.items[at].by_liar)
			sim_fail(s,
			         "client %u: t%u goes to account %u, which nobody confirmed, "
			         "though '%s' is account %u",
			         c, k->text, at, k->name, i);
		if (knew(s, &b->confirmed, k->live, k->last_live_at) &&
		    id_compare(&b->id, &m->stream.recipient) < 0)
			sim_fail(s, "client %u: t%u goes to account %u, though '%s' is account %u",
			         c, k->text, at, k->name, i);
	}
}

/* Until the client asks the replicas again, a name leads to the same account as before. */
static void check_known(struct sim *s, uint32_t c, const struct sim_command *k)
{
	struct sim_client *p = &s->clients[c];

	if (k->begun_at <= p->forgot_names_at)
		return;
	for (uint32_t i = 0; i < s->history.messages.count; i++) {
		const struct sim_message *m = &s->history.messages.items[i];
		uint32_t at = sim_account_find(s, &m->stream.recipient);

		for (uint32_t n = 0; n < SIM_NAMES && m->text == k->text; n++) {
			if (!sim_same_name(k->name, sim_names[n]))
				continue;
			if (p->known_as[n] != UINT32_MAX && p->known_as[n] != at)
				sim_fail(s,
				         "client %u: t%u to '%s' goes to account %u, the last one "
				         "went to account %u, and nobody was asked",
				         c, k->text, k->name, at, p->known_as[n]);
			p->known_as[n] = at;
		}
	}
}

void sim_check_forget_names(struct sim *s, uint32_t c)
{
	for (uint32_t n = 0; n < SIM_NAMES; n++)
		s->clients[c].known_as[n] = UINT32_MAX;
	s->clients[c].forgot_names_at = s->now;
}

static void sent(struct sim *s, uint32_t c, struct sim_command *k, const struct result *result)
{
	struct sim_text *t = &s->history.texts.items[k->text];
	uint32_t count;

	if (result->outcome != OUTCOME_OK &&
	    (result->outcome == OUTCOME_NAME_CHANGED || k->command.names_count != 1))
		sim_check_forget_names(s, c);

	t->ending = result->outcome == OUTCOME_OK ? SIM_OK : SIM_UNKNOWN;
	if (result->outcome == OUTCOME_NO_SUCH_USER && k->command.names_count == 1)
		check_nobody(s, c, k);
	if (result->outcome == OUTCOME_DIFFERENT_TEXT && !k->command.has_id)
		sim_fail(s, "t%u is new, and refused as another text of a key that is held",
		         k->text);
	if (result->outcome != OUTCOME_OK) {
		if (result->outcome != OUTCOME_UNKNOWN && k->command.names_count == 1 &&
		    !k->command.has_id)
			t->ending = SIM_REFUSED;
		return;
	}
	t->acknowledged = true;
	(void)messages_of(s, k->text, 1, true);
	count = messages_of(s, k->text, result->copies, false);
	if (result->stored > count)
		sim_fail(s, "t%u is said to be stored for %u on %u replicas; it is for %u", k->text,
		         result->stored, result->copies, count);
	if (result->kind == COMMAND_SEND && result->copies < 1)
		sim_fail(s, "t%u is acknowledged without a copy", k->text);
	if (result->kind == COMMAND_SEND && k->command.names_count == 1)
		check_sent_to(s, c, k);
	if (result->kind == COMMAND_SEND && k->command.names_count == 1 && !k->command.has_id)
		check_known(s, c, k);
}

static void listed(struct sim *s, uint32_t c, struct sim_command *k, const struct result *result)
{
	if (result->outcome != OUTCOME_OK)
		return;
	for (uint32_t i = 0; i < s->history.accounts.count; i++) {
		const struct sim_account *a = &s->history.accounts.items[i];
		bool shown = false;

		for (uint32_t n = 0; n < k->listed_count; n++)
			shown |= id_equal(&s->history.listed.items[k->listed_first + n].id, &a->id);
		if (shown && knew(s, &a->gone, k->live, k->begun_at))
			sim_fail(s,
			         "client %u: the list shows account %u, which a live replica knows "
			         "to be gone",
			         c, i);
		if (!shown && !a->delete_begun && knew(s, &a->confirmed, k->live, k->begun_at) &&
		    name_starts_with(view_of_string(a->name), view_of_string(k->name)))
			sim_fail(s, "client %u: the list lacks account %u (%s)", c, i, a->name);
	}
}

/* Whom a name means: somebody who is not known to be gone, and not nobody, if there is somebody. */
static void looked(struct sim *s, uint32_t c, const struct sim_command *k,
                   const struct result *result)
{
	for (uint32_t i = 0; i < s->history.accounts.count; i++) {
		const struct sim_account *a = &s->history.accounts.items[i];

		if (result->outcome == OUTCOME_OK && id_equal(&result->id, &a->id) &&
		    knew(s, &a->gone, k->live, k->begun_at))
			sim_fail(s,
			         "client %u: '%s' is said to be account %u, which a live replica "
			         "knows to be gone",
			         c, k->name, i);
		if (result->outcome == OUTCOME_NO_SUCH_USER && !a->delete_begun &&
		    knew(s, &a->confirmed, k->live, k->begun_at) &&
		    name_equal(view_of_string(a->name), view_of_string(k->name)))
			sim_fail(s, "client %u: '%s' is said to be nobody; it is account %u", c,
			         k->name, i);
	}
}

void sim_check_users(struct sim *s, uint32_t c, struct sim_command *k, const struct action *a)
{
	(void)c;
	if (k->listed_count == 0)
		k->listed_first = s->history.listed.count;
	/* Two lists at once would mix: the second is then not looked at. */
	if (k->listed_first + k->listed_count != s->history.listed.count) {
		k->live = 0;
		return;
	}
	for (size_t i = 0; i < a->users_count; i++) {
		SIM_ADD(s->history.listed)->id = a->users[i].id;
		k->listed_count++;
	}
}

void sim_check_result(struct sim *s, uint32_t c, struct sim_command *k, const struct result *result)
{
	char name[DISPLAY_SIZE];

	switch (result->kind) {
	case COMMAND_CREATE:
		created(s, c, k, result);
		break;
	case COMMAND_LOGIN:
		logged_in(s, c, k, result);
		break;
	case COMMAND_SEND:
	case COMMAND_ALL:
		sent(s, c, k, result);
		break;
	case COMMAND_PASSWORD:
		sim_password_result(s, c, k, result);
		break;
	case COMMAND_LIST:
		listed(s, c, k, result);
		break;
	case COMMAND_LOOK:
		looked(s, c, k, result);
		break;
	case COMMAND_DELETE:
		if (result->outcome == OUTCOME_OK && s->clients[c].account != UINT32_MAX &&
		    !s->history.accounts.items[s->clients[c].account].gone.ever)
			sim_fail(s, "client %u: a deletion is acknowledged that no replica has", c);
		break;
	default:
		break;
	}
	if ((result->kind == COMMAND_CREATE || result->kind == COMMAND_LOGIN) &&
	    (result->outcome == OUTCOME_OK || result->outcome == OUTCOME_UNKNOWN) &&
	    replication_logged_in(s->clients[c].r, name))
		now_logged_in(s, c, k, result);
	if ((result->kind == COMMAND_LOGOUT || result->kind == COMMAND_DELETE) &&
	    result->outcome == OUTCOME_OK)
		s->clients[c].logged_in = false;
}

void sim_check_life_ended(struct sim *s, uint32_t c)
{
	for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++) {
		struct sim_command *k = &s->clients[c].commands[i];

		if (!k->token)
			continue;
		if (k->command.kind == COMMAND_CREATE)
			s->history.attempts.items[k->attempt].ending = SIM_UNKNOWN;
		if (k->command.kind == COMMAND_PASSWORD)
			s->history.changes.items[k->change].ending = SIM_UNKNOWN;
		if (k->text != UINT32_MAX)
			s->history.texts.items[k->text].ending = SIM_UNKNOWN;
	}
}

/* ---- messages ---- */

/* A message was handed out. Earlier ones of its stream that have come but were not handed out must
 * not be handed out any more. */
static void overtake(struct sim *s, uint32_t c, const struct sim_message *m)
{
	for (uint32_t i = 0; i < s->history.seen.count; i++) {
		struct sim_seen *o = &s->history.seen.items[i];
		const struct sim_message *other = &s->history.messages.items[o->message];

		if (o->client == c && o->life == s->clients[c].life && !o->handed_at &&
		    o->has_come && !other->dated_anew &&
		    !m->dated_anew && /* mailboxes are in order of time */
		    other->number < m->number && stream_compare(&other->stream, &m->stream) == 0)
			o->overtaken = true;
	}
}

void sim_check_lost_arrivals(struct sim *s, uint32_t c, uint32_t replica)
{
	for (uint32_t i = 0; i < s->history.seen.count; i++)
		if (s->history.seen.items[i].client == c &&
		    s->history.seen.items[i].life == s->clients[c].life)
			s->history.seen.items[i].has_come &= replica == REPLICAS ? 0
			                                                         : ~(1u << replica);
}

/* A message is handed out: notes what its waiting is judged by, and judges that it did not take too
 * long. It waits for earlier ones of its stream, as far as they were not handed out; else only for
 * the leader's copy. */
static void check_wait(struct sim *s, uint32_t c, const struct sim_message *m,
                       struct sim_seen *seen)
{
	const struct sim_client *p = &s->clients[c];
	uint64_t since = seen->came_at, excused = seen->came_excused;
	uint64_t before = 0, size = 0, bound, waited;

	for (uint32_t i = 0; i < s->history.seen.count; i++) {
		const struct sim_seen *o = &s->history.seen.items[i];
		const struct sim_message *other = &s->history.messages.items[o->message];

		if (o->client != c || o->life != p->life ||
		    stream_compare(&other->stream, &m->stream) != 0)
			continue;
		if (!o->handed_at) {
			size += o->has_come ? s->history.texts.items[other->text].size + 256 : 0;
			continue;
		}
		before += other->number < m->number;
		if (other->number < m->number && o->handed_at > since) {
			since = o->handed_at;
			excused = o->handed_excused;
		}
		if (o->handed_at >= p->changed_at &&
		    o->handed_at >= o->arrived_at + ORDER_MS * SIM_MS)
			seen->hurried = true;
	}
	seen->hurried |= size > 200 * 1024;
	seen->live = p->live;
	bound = before + 1 < m->number ? ORDER_MS + 2 : GRACE_MS + 2; /* time comes in whole ms */
	waited = s->now - since - (sim_client_excused(s, c) - excused);
	if (waited > bound * SIM_MS)
		sim_fail(s, "client %u: t%u waits for %llu ms, %s an earlier one", c, m->text,
		         (unsigned long long)(waited / SIM_MS),
		         before + 1 < m->number ? "for" : "not for");
}

/* A message is handed out after one that follows it. That is right only if that one had waited, or
 * if all replicas were live and none of them had this one. */
static void check_late(struct sim *s, uint32_t c, const struct sim_message *m)
{
	const struct sim_seen *first = NULL;
	bool had = false;

	for (uint32_t i = 0; i < s->history.seen.count; i++) {
		const struct sim_seen *o = &s->history.seen.items[i];
		const struct sim_message *other = &s->history.messages.items[o->message];

		if (o->client == c && o->life == s->clients[c].life && o->handed_at &&
		    other->number > m->number && stream_compare(&other->stream, &m->stream) == 0 &&
		    (first == NULL || o->handed_at < first->handed_at))
			first = o;
	}
	if (first == NULL)
		return;
	s->produced->late++;
	for (uint32_t i = 0; i < REPLICAS; i++)
		had |= m->stored.at[i] && m->stored.at[i] < first->arrived_at &&
		       (first->live >> i & 1);
	if (m->dated_anew || s->history.messages.items[first->message].dated_anew ||
	    first->hurried || first->handed_at + SIM_MS >= first->arrived_at + ORDER_MS * SIM_MS)
		return;
	if (had || first->live != 7)
		sim_fail(s, "client %u shows t%u after t%u, which had waited for %llu ms only: %s",
		         c, m->text, s->history.messages.items[first->message].text,
		         (unsigned long long)((first->handed_at - first->arrived_at) / SIM_MS),
		         had ? "a live replica had it" : "a replica was not live");
}

/* For the liar's messages the only rule is that one key is shown at most once in a life. */
static void shown_lie(struct sim *s, uint32_t c, const struct shown *shown)
{
	struct sim_client *p = &s->clients[c];
	struct sim_lie lie = {
		c, p->life, { .sender = shown->sender, .session = shown->session }, shown->number
	};

	if (p->account != UINT32_MAX)
		lie.stream.recipient = s->history.accounts.items[p->account].id;
	for (uint32_t i = 0; i < s->history.lies.count; i++)
		if (memcmp(&s->history.lies.items[i], &lie, sizeof lie) == 0)
			sim_fail(s, "client %u shows a message of the liar's twice", c);
	*SIM_ADD(s->history.lies) = lie;
}

bool sim_check_is_sending(const struct sim *s, uint32_t c)
{
	for (uint32_t i = s->history.sessions.count; i-- > 0;) {
		const struct sim_session *session = &s->history.sessions.items[i];

		if (session->client == c && session->life == s->clients[c].life)
			return session->is_sending;
	}
	return false;
}

uint32_t sim_check_handed(struct sim *s, uint32_t c, const struct shown *shown)
{
	struct sim_client *p = &s->clients[c];
	struct stream stream = { .sender = shown->sender, .session = shown->session };
	struct sim_message *m = NULL;
	struct sim_seen *seen;
	const struct sim_text *t;

	if (sim_check_is_sending(s, c))
		sim_fail(s, "client %u is handed a message, and it is there to send", c);
	if (s->clients[c].is_blind)
		sim_fail(s, "client %u is handed a message, and its output has failed", c);
	if (sim_is_liar(s, &shown->sender)) {
		shown_lie(s, c, shown);
		return UINT32_MAX;
	}
	for (uint32_t i = s->history.messages.count; i-- > 0 && !m;) {
		struct sim_message *o = &s->history.messages.items[i];

		stream.recipient = o->stream.recipient;
		if (o->number == shown->number && stream_compare(&o->stream, &stream) == 0 &&
		    p->account != UINT32_MAX &&
		    id_equal(&o->stream.recipient, &s->history.accounts.items[p->account].id))
			m = o;
	}
	if (!m) {
		sim_fail(s, "client %u shows a message that nobody sent to it: %.20s", c,
		         shown->text.data);
		return UINT32_MAX;
	}
	t = &s->history.texts.items[m->text];
	sim_trace(s, "client %u shows t%u number %llu of session %u to account %u", c, m->text,
	          (unsigned long long)m->number, sim_session_find(s, &m->stream.session),
	          sim_account_find(s, &m->stream.recipient));
	if (!view_equal(shown->text, view_of(t->text, t->size)))
		sim_fail(s, "client %u shows another text than was sent: t%u, but %.20s", c,
		         m->text, (const char *)shown->text.data);
	if (!view_equal(shown->audience, view_of(t->audience, t->audience_size)))
		sim_fail(s, "client %u shows t%u as sent to others than it was", c, m->text);
	if (t->ending == SIM_REFUSED && !sim_is_deleted(s, &m->stream.recipient))
		sim_fail(s, "client %u shows t%u, whose sending was refused", c, m->text);
	seen = sim_seen_get(s, c, p->life, (uint32_t)(m - s->history.messages.items));
	if (seen->handed_at)
		sim_fail(s, "client %u shows t%u twice", c, m->text);
	if (!seen->arrived_at)
		sim_fail(s, "client %u shows t%u, which has not come", c, m->text);
	if (seen->overtaken)
		sim_fail(s, "client %u shows t%u after one that follows it; it had come before", c,
		         m->text);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((p->live >> i & 1) && m->gone.at[i] && m->gone.at[i] < p->live_since[i] &&
		    !sim_is_deleted(s, &m->stream.recipient)) /* by himself, just now */
			sim_fail(s, "client %u shows t%u, which replica %u knew to be received", c,
			         m->text, i);
	check_wait(s, c, m, seen);
	check_late(s, c, m);
	seen->handed_at = s->now;
	seen->handed_excused = sim_client_excused(s, c);
	overtake(s, c, m);
	return (uint32_t)(m - s->history.messages.items);
}

void sim_check_shown(struct sim *s, uint32_t c, uint32_t message)
{
	s->produced->shown++;
	if (message == UINT32_MAX)
		return;
	sim_trace(s, "t%u has left client %u", s->history.messages.items[message].text, c);
	s->history.messages.items[message].shown++;
	sim_seen_get(s, c, s->clients[c].life, message)->shown = true;
}

void sim_check_online(struct sim *s, uint32_t c)
{
	uint32_t account = s->clients[c].account;

	for (uint32_t n = 0; n < s->history.messages.count && !s->failed; n++) {
		const struct sim_message *m = &s->history.messages.items[n];
		uint32_t lives = 0, dead = 0;

		if (!m->acknowledged || m->shown || m->told || sim_held_any(&m->gone) ||
		    s->history.accounts.items[account].lapsing ||
		    !id_equal(&m->stream.recipient, &s->history.accounts.items[account].id))
			continue;
		for (uint32_t i = 0; i < REPLICAS; i++) {
			enum store_state state = sim_message_state(s->replicas[i].store, m, NULL);

			lives += state == STORE_ALIVE;
			dead += state == STORE_DEAD;
		}
		if (lives > 0 && dead == 0)
			sim_fail(s, "client %u is online, but t%u was never shown", c, m->text);
	}
}

void sim_check_logged_out(struct sim *s, uint32_t c)
{
	const struct sim_client *p = &s->clients[c];
	const struct sim_session *own = NULL;

	if (!p->logged_in || p->account == UINT32_MAX ||
	    s->history.accounts.items[p->account].delete_begun ||
	    s->history.accounts.items[p->account].lapsing || sim_password_changed_by_another(s, c))
		return;
	for (uint32_t i = 0; i < s->history.sessions.count; i++) {
		const struct sim_session *o = &s->history.sessions.items[i];

		if (o->client == c && o->life == p->life && o->account == p->account)
			own = o;
	}
	for (uint32_t i = 0; i < s->history.sessions.count; i++) {
		const struct sim_session *o = &s->history.sessions.items[i];

		if (own && !own->is_sending && !o->is_sending && o->account == p->account &&
		    ulid_compare(&o->ulid, &own->ulid) > 0)
			return;
	}
	sim_fail(s, "client %u is logged out, but nobody took over", c);
}
