/* SPDX-License-Identifier: MIT
 *
 * A client's process, driven as driver/link drives it, and the person who uses it. The person acts
 * at random: creates accounts under few names, logs in to accounts made before (also to those of
 * other clients), writes, lists, leaves. A cheap digest takes the place of crypt(3), since only the
 * equality of stretched passwords matters.
 */
#include "tests/simulate/simulate.h"

#include "base/sha256.h"

#include <stdlib.h>

const char *const sim_names[SIM_NAMES] = { "ann", "bob", "cid", "dee" };

bool sim_same_name(const char *a, const char *b)
{
	return name_equal(view_of_string(a), view_of_string(b));
}

void sim_spell(struct sim *s, char *text)
{
	uint64_t how = sim_random(s, 4);

	for (size_t i = 0; how < 2 && text[i] != '\0'; i++)
		if (text[i] >= 'a' && text[i] <= 'z' && (how == 0 || i == 0))
			text[i] = (char)(text[i] - 'a' + 'A');
}

static struct replication_time client_time(const struct sim *s)
{
	return (struct replication_time){ s->now / SIM_MS };
}

bool sim_client_awake(const struct sim *s, uint32_t c)
{
	return s->clients[c].up && s->clients[c].frozen_until <= s->now;
}

/* ---- life and death ---- */

void sim_client_start(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];
	struct replication_options options = { .wait_ms = 0 };

	assert(!p->up);
	if (sim_chance(s, 25))
		options.wait_ms = 300 + (uint32_t)sim_random(s, 5000);
	if (sim_chance(s, 10))
		options.min_copies = 2;
	if (sim_chance(s, 30))
		options.handed_count_max = 1 + (uint32_t)sim_random(s, 4);
	sim_draw(s, options.seed, KEY_SIZE);
	p->life++;
	p->up = true;
	p->live = 0;
	p->logged_in = false;
	p->start_at = SIM_NEVER;
	p->ends_at = SIM_NEVER;
	p->is_blind = false;
	p->stalled_until = 0;
	p->changed_at = p->settled_at = s->now;
	p->output_delay = s->healed || sim_chance(s, 60) ? 0 : sim_around(s, 20 * SIM_MS);
	sim_check_forget_names(s, c);
	p->next_command_at = s->now + sim_around(s, 50 * SIM_MS);
	for (uint32_t i = 0; i < REPLICAS; i++)
		p->wires[i] = SIM_WIRES_MAX;
	sim_trace(s, "client %u starts, life %u", c, p->life);
	p->r = replication_new(&options, client_time(s));
	sim_client_settle(s, c);
}

void sim_client_release(struct sim *s, uint32_t c)
{
	replication_free(s->clients[c].r);
	s->clients[c].r = NULL;
	memory_free(s->clients[c].handed);
	s->clients[c].handed = NULL;
	s->clients[c].handed_count = s->clients[c].handed_capacity = 0;
}

void sim_client_crash(struct sim *s, uint32_t c, bool host)
{
	struct sim_client *p = &s->clients[c];

	if (!p->up)
		return;
	sim_trace(s, "client %u crashes%s", c, host ? " with its host" : "");
	sim_check_life_ended(s, c);
	sim_client_release(s, c);
	p->up = false;
	p->thaws = false;
	p->ends_at = SIM_NEVER;
	p->frozen_until = 0;
	p->logged_in = false;
	memset(p->commands, 0, sizeof p->commands);
	memset(p->stretches, 0, sizeof p->stretches);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct sim_wire *w = p->wires[i] < SIM_WIRES_MAX ? &s->wires[p->wires[i]] : NULL;

		p->wires[i] = SIM_WIRES_MAX;
		if (!w)
			continue;
		w->client_open = false;
		w->dialling = false;
		w->up.lost = host;
		sim_pipe_end(s, w, true, host);
		sim_wire_settle(s, w);
	}
	p->start_at = s->now + sim_around(s, 500 * SIM_MS);
}

/* ---- output ---- */

/* When the next message leaves the process. */
static uint64_t next_shown(const struct sim_client *p)
{
	if (p->handed_count == 0)
		return SIM_NEVER;
	return p->handed[0].at > p->stalled_until ? p->handed[0].at : p->stalled_until;
}

/* A message that comes behind others is not written before them. */
static void hand(struct sim *s, uint32_t c, const struct shown *shown)
{
	struct sim_client *p = &s->clients[c];
	struct sim_handed *h;
	uint64_t at = s->now + (p->output_delay ? sim_around(s, p->output_delay) : 0);

	sim_list_room((void **)&p->handed, p->handed_count, &p->handed_capacity, sizeof *p->handed);
	h = &p->handed[p->handed_count++];
	h->serial = shown->serial;
	h->message = sim_check_handed(s, c, shown);
	h->at = p->handed_count > 1 && at < h[-1].at ? h[-1].at : at;
}

/* Writes what is due, in one piece, and says so. */
static void show(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];
	uint64_t serial = 0;
	uint32_t count = 0;

	for (; count < p->handed_count && next_shown(p) <= s->now && p->handed[count].at <= s->now;
	     count++) {
		serial = p->handed[count].serial;
		sim_check_shown(s, c, p->handed[count].message);
	}
	if (count == 0)
		return;
	p->handed_count -= count;
	memmove(p->handed, p->handed + count, p->handed_count * sizeof *p->handed);
	replication_shown(p->r, serial, client_time(s));
}

bool sim_client_stall_output(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];

	if (!sim_client_awake(s, c) || p->is_blind)
		return false;
	p->stalled_until = s->now + sim_around(s, 2500 * SIM_MS);
	sim_trace(s, "nobody reads what client %u writes", c);
	return true;
}

/* As the client does: it logs out, if it can, and ends. Or it goes on for a while. */
bool sim_client_fail_output(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];

	if (!sim_client_awake(s, c) || p->is_blind)
		return false;
	sim_trace(s, "the output of client %u fails, %u messages are not shown", c,
	          p->handed_count);
	p->is_blind = true;
	p->handed_count = 0;
	p->ends_at = s->now + sim_around(s, 300 * SIM_MS);
	replication_blind(p->r, client_time(s));
	sim_client_settle(s, c);
	if (p->logged_in && sim_chance(s, 70) && sim_client_busy(s, c) < SIM_COMMANDS_MAX)
		(void)sim_client_command(s, c, &(struct command){ .kind = COMMAND_LOGOUT });
	sim_client_settle(s, c);
	return true;
}

/* ---- actions ---- */

void sim_stretch(struct view password, struct view setting, uint8_t key[KEY_SIZE])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_update_part(&h, password.data, password.size);
	sha256_update_part(&h, setting.data, setting.size);
	sha256_final(&h, key);
}

static void stretch(struct sim *s, uint32_t c, const struct action *a)
{
	struct sim_client *p = &s->clients[c];

	sim_false_stretch(s, c, a->stretch.setting);
	for (uint32_t i = 0; i < SIM_STRETCHES_MAX; i++) {
		if (p->stretches[i].used)
			continue;
		sim_stretch(a->stretch.password, a->stretch.setting, p->stretches[i].key);
		p->stretches[i].used = true;
		p->stretches[i].token = a->stretch.token;
		p->stretches[i].at = s->now + sim_around(s, 8 * SIM_MS);
		return;
	}
	assert(false); /* a person gives no more commands at once */
}

static struct sim_command *command_of(struct sim_client *p, uint32_t token)
{
	for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++)
		if (p->commands[i].token == token)
			return &p->commands[i];
	return NULL;
}

/* The accounts that the client is logged in to, or logs in to: that of each command which logs in,
 * as the last step of a creation does, and at SIM_COMMANDS_MAX that of its session. UINT32_MAX:
 * none. */
static uint32_t account_of(const struct sim *s, uint32_t c, uint32_t at)
{
	const struct sim_client *p = &s->clients[c];
	const struct sim_command *k = &p->commands[at];

	if (at == SIM_COMMANDS_MAX)
		return p->account;
	if (!k->token || k->attempt == UINT32_MAX ||
	    (k->command.kind != COMMAND_LOGIN && k->command.kind != COMMAND_CREATE))
		return UINT32_MAX;
	return s->history.attempts.items[k->attempt].account;
}

static bool any_lapsing(const struct sim *s)
{
	for (uint32_t i = 0; i < s->history.accounts.count; i++)
		if (s->history.accounts.items[i].lapsing)
			return true;
	return false;
}

/* A replica that knows of it refuses the sessions of an account that was removed, and says so. It
 * closes the connection, also if that account is another one of the name, at which the password was
 * tried. */
static bool is_left_for_removal(const struct sim *s, uint32_t c, const struct action *a)
{
	if (strstr(a->why, "the operator has removed") != NULL)
		return any_lapsing(s);
	if (strstr(a->why, "removed") == NULL && strstr(a->why, "refuses the log-in") == NULL)
		return false;
	for (uint32_t at = 0; at <= SIM_COMMANDS_MAX; at++) {
		uint32_t account = account_of(s, c, at);

		if (account != UINT32_MAX && s->history.accounts.items[account].lapsing)
			return true;
	}
	return false;
}

/* A session that has changed its password leaves a replica that has heard of that from somebody
 * else, or has not heard of it yet, and logs in there again. One that logs in leaves a replica
 * where another password was set meanwhile. */
static bool is_left_for_password(struct sim *s, uint32_t c, const struct action *a)
{
	bool knows = strstr(a->why, "has learned the new password") != NULL ||
	             strstr(a->why, "refuses the log-in") != NULL;

	if (!knows && strstr(a->why, "lacks the password") == NULL)
		return false;
	for (uint32_t at = 0; at <= SIM_COMMANDS_MAX; at++) {
		uint32_t account = account_of(s, c, at);

		if (account != UINT32_MAX &&
		    sim_password_is_known(s, s->clients[c].order[a->index], account, knows))
			return true;
	}
	return false;
}

/* One that holds the account, and vouches for nobody, keeps it from those who lack it. */
static bool is_left_by_holder(const struct sim *s, const struct action *a)
{
	return s->lies_of_strangers && strstr(a->why, "another operator key") != NULL;
}

/* A connection ends on which answers are owed: if it is the second one, their request waits for a
 * sign that its replica did not end of it, as long as a reply may take. */
void sim_client_wait_for_sign(struct sim *s, const struct sim_wire *w)
{
	if (w->owed > 0)
		s->clients[w->client].sign_until = s->now + REPLY_TIMEOUT_MS * SIM_MS;
}

static void told_replica(struct sim *s, uint32_t c, const struct action *a)
{
	struct sim_client *p = &s->clients[c];
	uint32_t replica = sim_relay_who(s, c, a);
	uint32_t bit = 1u << replica;

	sim_trace(s, "client %u: replica %u is %s %s", c, replica, a->live ? "live" : "dead",
	          a->why);
	/* A relay that was live is called by the name of whom it passed on. */
	if (a->lies && replica != s->lying && replica == p->order[a->index])
		sim_fail(s, "client %u: an honest replica is taken for a liar: %s", c, a->why);
	/* The network may be slow, too. */
	if (!a->live && !s->healed && s->lying < REPLICAS && replica != s->lying &&
	    strstr(a->why, "no reply") == NULL && !is_left_for_removal(s, c, a) &&
	    !is_left_for_password(s, c, a) && !is_left_by_holder(s, a))
		sim_fail(s, "client %u: a lying replica makes an honest one dead: %s", c, a->why);
	p->changed_at = s->now;
	if (a->live) {
		p->live |= bit;
		p->last_live_at = s->now;
		p->live_since[replica] = p->wires[a->index] < SIM_WIRES_MAX
		                                 ? s->wires[p->wires[a->index]].opened_at
		                                 : s->now;
		return;
	}
	p->live &= ~bit;
	for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++)
		p->commands[i].live &= ~bit;
}

static void told_result(struct sim *s, uint32_t c, const struct result *result)
{
	struct sim_client *p = &s->clients[c];
	struct sim_command *k = command_of(p, result->token);

	if (k == NULL) {
		sim_fail(s, "client %u: a result for a command that it does not wait for", c);
		return;
	}
	sim_trace(s, "client %u: %s of command %u, copies %u of %u: %s", c,
	          outcome_code(result->outcome), (unsigned)k->command.kind, result->copies,
	          result->audience, result->detail ? result->detail : "");
	s->produced->commands[result->kind][result->outcome]++;
	sim_check_result(s, c, k, result);
	memset(k, 0, sizeof *k);
}

static void close_wire(struct sim *s, uint32_t c, uint32_t index)
{
	struct sim_client *p = &s->clients[c];
	struct sim_wire *w;

	if (p->wires[index] == SIM_WIRES_MAX)
		return;
	w = &s->wires[p->wires[index]];
	sim_check_lost_arrivals(s, c, w->replica);
	sim_client_wait_for_sign(s, w);
	sim_relay_lost(s, w);
	p->wires[index] = SIM_WIRES_MAX;
	w->client_open = false;
	w->dialling = false;
	sim_pipe_end(s, w, true, false);
	sim_wire_settle(s, w);
}

static void act(struct sim *s, uint32_t c, const struct action *a)
{
	struct sim_client *p = &s->clients[c];

	switch (a->kind) {
	case ACTION_DIAL:
		assert(p->wires[a->index] == SIM_WIRES_MAX);
		p->wires[a->index] = (uint32_t)(sim_dial(s, c, a->index,
		                                         sim_relay_dialled(s, p->order[a->index])) -
		                                s->wires);
		break;
	case ACTION_CLOSE:
		close_wire(s, c, a->index);
		break;
	case ACTION_STRETCH:
		stretch(s, c, a);
		break;
	case ACTION_REPLICA:
		told_replica(s, c, a);
		break;
	case ACTION_RESULT:
		told_result(s, c, a->result);
		break;
	case ACTION_MESSAGE:
		hand(s, c, a->shown);
		break;
	case ACTION_USERS: {
		struct sim_command *k = command_of(p, a->token);

		if (k)
			sim_check_users(s, c, k, a);
		break;
	}
	case ACTION_LOGGED_OUT:
		sim_trace(s, "client %u is logged out: %s", c, a->why ? a->why : "");
		sim_check_logged_out(s, c);
		p->logged_in = false;
		break;
	default:
		break;
	}
}

/* What has come may wait: for answers, for the reader, for anybody to be live. */
static bool is_excused(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];
	bool waits = p->live == 0 || s->now < p->sign_until || !p->logged_in || p->is_blind ||
	             p->handed_count > 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		waits |= p->wires[i] < SIM_WIRES_MAX &&
		         (s->wires[p->wires[i]].owed > 0 || replication_output(p->r, i).size > 0);
	return waits;
}

uint64_t sim_client_excused(const struct sim *s, uint32_t c)
{
	const struct sim_client *p = &s->clients[c];

	return p->excused + (p->is_excused ? s->now - p->settled_at : 0);
}

void sim_client_settle(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];
	struct action a;

	p->excused = sim_client_excused(s, c);
	p->settled_at = s->now;
	while (replication_next(p->r, &a)) {
		act(s, c, &a);
		if (p->output_delay == 0)
			show(s, c);
	}
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct sim_wire *w = p->wires[i] < SIM_WIRES_MAX ? &s->wires[p->wires[i]] : NULL;
		struct view out;
		size_t sent;

		if (!w || !w->client_open || w->up.ended)
			continue;
		out = replication_output(p->r, i);
		if (!w->lags)
			w->asked_at = s->now;
		sent = out.size ? sim_pipe_write(s, w, true, out) : 0;
		w->lags = sent < out.size;
		if (sent)
			replication_output_sent(p->r, i, sent);
	}
	replication_check(p->r);
	p->is_excused = is_excused(s, c);
}

void sim_client_feed(struct sim *s, struct sim_wire *w)
{
	struct sim_client *p = &s->clients[w->client];
	uint32_t replica = w->replica;
	size_t used;

	if (!sim_client_awake(s, w->client))
		return;
	assert(p->life == w->life);
	sim_tap_arrived(s, w);
	used = replication_input(p->r, w->index, buf_view(&w->down.arrived), client_time(s));
	assert(used <= w->down.arrived.size);
	buf_consume(&w->down.arrived, used);
	w->down.tapped = w->down.tapped > used ? w->down.tapped - used : 0;
	sim_client_settle(s, w->client);
	sim_replica_settle(s, replica); /* there is room again */
}

/* ---- commands ---- */

uint32_t sim_client_busy(const struct sim *s, uint32_t c)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++)
		count += s->clients[c].commands[i].token != 0;
	return count;
}

static void count_pairs(struct sim *s, enum command_kind kind)
{
	for (uint32_t c = 0; c < s->clients_count; c++)
		for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++)
			if (s->clients[c].commands[i].token)
				s->produced->pairs[kind][s->clients[c].commands[i].command.kind]++;
}

struct sim_command *sim_client_command(struct sim *s, uint32_t c, const struct command *command)
{
	struct sim_client *p = &s->clients[c];
	struct sim_command *k = command_of(p, 0);

	assert(k != NULL);
	count_pairs(s, command->kind);
	k->command = *command;
	k->begun_at = s->now;
	k->last_live_at = p->last_live_at;
	k->live = p->live;
	k->text = k->attempt = k->change = UINT32_MAX;
	k->token = replication_command(p->r, command, client_time(s));
	return k;
}

static void create(struct sim *s, uint32_t c)
{
	struct sim_attempt *a = SIM_ADD(s->history.attempts);
	struct command command = { .kind = COMMAND_CREATE };
	struct sim_command *k;
	uint32_t n = (uint32_t)sim_random(s, s->names_count);

	memset(a, 0, sizeof *a);
	(void)snprintf(a->name, sizeof a->name, "%s", sim_names[n]);
	sim_spell(s, a->name);
	(void)snprintf(a->password, sizeof a->password, "pw%u", s->history.attempts.count);
	a->client = c;
	a->life = s->clients[c].life;
	a->account = UINT32_MAX;
	command.name = view_of_string(a->name);
	command.password = view_of_string(a->password);
	command.invitation = sim_register_invitation(s, a, s->history.attempts.count);
	sim_trace(s, "client %u creates %s with %s", c, a->name, a->password);
	k = sim_client_command(s, c, &command);
	k->attempt = s->history.attempts.count - 1;
	(void)snprintf(k->name, sizeof k->name, "%s", a->name);
}

/* How somebody is called: by name, by name~digits, by id. */
static void call(struct sim *s, char to[], size_t size, const struct sim_attempt *a)
{
	char text[ID_TEXT_SIZE + 1];
	uint64_t how = sim_random(s, 10);

	if (a->account == UINT32_MAX || how < 7) {
		(void)snprintf(to, size, "%s", a->name);
		sim_spell(s, to);
		return;
	}
	id_to_text(&s->history.accounts.items[a->account].id, text);
	if (how < 9)
		(void)snprintf(to, size, "%s~%s", a->name, text + ID_TEXT_SIZE - ID_SUFFIX_SIZE);
	else
		(void)snprintf(to, size, "%s", text);
	sim_spell(s, to);
}

/* Mostly one that was not refused, and is not deleted. */
static uint32_t some_attempt(struct sim *s)
{
	uint32_t n = 0;

	for (uint32_t tries = 0; tries < 5; tries++) {
		const struct sim_attempt *a;

		n = (uint32_t)sim_random(s, s->history.attempts.count);
		a = &s->history.attempts.items[n];
		if (a->ending != SIM_REFUSED && a->ending != SIM_OPEN &&
		    (a->account == UINT32_MAX ||
		     !s->history.accounts.items[a->account].delete_begun))
			break;
	}
	return n;
}

static void login(struct sim *s, uint32_t c)
{
	uint32_t n = some_attempt(s);
	struct sim_attempt *a = &s->history.attempts.items[n];
	struct command command = { .kind = COMMAND_LOGIN };
	char name[ID_TEXT_SIZE + DISPLAY_SIZE], password[34];
	uint32_t change = sim_password_pick(s, a->account);
	bool wrong = sim_chance(s, 4);
	struct sim_command *k;

	call(s, name, sizeof name, a);
	(void)snprintf(password, sizeof password, "%s%s", sim_password_text(s, n, change),
	               wrong ? "x" : "");
	command.take_over = sim_chance(s, 50);
	command.is_sending = s->history.texts.count % 5 == 4;
	command.name = view_of_string(name);
	command.password = view_of_string(password);
	sim_trace(s, "client %u logs in as %s with %s%s", c, name, password,
	          command.is_sending  ? ", to send"
	          : command.take_over ? ", taking over"
	                              : "");
	k = sim_client_command(s, c, &command);
	k->attempt = n;
	k->change = change;
	k->wrong_password = wrong;
	(void)snprintf(k->name, sizeof k->name, "%s", name);
}

static uint32_t text_new(struct sim *s, uint32_t c, enum command_kind kind)
{
	struct sim_text *t = SIM_ADD(s->history.texts);
	uint64_t how = sim_random(s, 100);
	size_t size = how < 80   ? 12 + sim_random(s, 40)
	              : how < 98 ? sim_random(s, 3000)
	                         : sim_random(s, 60000);
	int head;

	memset(t, 0, sizeof *t);
	t->size = size < 12 ? 12 : size;
	s->longest = t->size > s->longest ? t->size : s->longest;
	t->text = memory_alloc(t->size + 1);
	head = snprintf(t->text, t->size + 1, "t%u ", s->history.texts.count - 1);
	for (size_t i = (size_t)head; i < t->size; i++)
		t->text[i] = (char)('a' + (i * 7 + s->history.texts.count) % 26);
	t->text[t->size] = '\0';
	t->client = c;
	t->life = s->clients[c].life;
	t->account = s->clients[c].account;
	t->kind = kind;
	t->is_notice = how % 5 == 0;
	return s->history.texts.count - 1;
}

static void send(struct sim *s, uint32_t c)
{
	struct command command = { .kind = COMMAND_SEND };
	char to[3][ID_TEXT_SIZE + DISPLAY_SIZE];
	struct view views[3];
	uint32_t text = text_new(s, c, COMMAND_SEND);
	struct sim_command *k;

	command.names_count = sim_chance(s, 80) ? 1 : 1 + sim_random(s, 3);
	for (size_t i = 0; i < command.names_count; i++) {
		call(s, to[i], sizeof to[i], &s->history.attempts.items[some_attempt(s)]);
		views[i] = view_of_string(to[i]);
	}
	command.names = views;
	command.text = view_of(s->history.texts.items[text].text,
	                       s->history.texts.items[text].size);
	command.is_notice = s->history.texts.items[text].is_notice;
	s->history.texts.items[text].names_count = (uint32_t)command.names_count;
	sim_trace(s, "client %u sends t%u to %s%s", c, text, to[0],
	          command.names_count > 1 ? " and others" : "");
	k = sim_client_command(s, c, &command);
	k->text = text;
	(void)snprintf(k->name, sizeof k->name, "%s", to[0]);
}

/* A message whose outcome is not known, by its id. */
static bool send_again(struct sim *s, uint32_t c)
{
	struct command command = { .kind = COMMAND_SEND, .has_id = true };
	struct sim_client *p = &s->clients[c];
	struct sim_command *k;
	char to[ID_TEXT_SIZE + 1];
	struct view view;

	for (uint32_t i = s->history.messages.count; i-- > 0;) {
		struct sim_message *m = &s->history.messages.items[i];
		struct sim_text *t = m->text < s->history.texts.count
		                             ? &s->history.texts.items[m->text]
		                             : NULL;

		if (!t || t->ending != SIM_UNKNOWN || t->kind != COMMAND_SEND ||
		    t->names_count != 1 || t->account != p->account || sim_chance(s, 30))
			continue;
		id_to_text(&m->stream.recipient, to);
		view = view_of_string(to);
		command.names = &view;
		command.names_count = 1;
		command.session = m->stream.session;
		command.number = m->number;
		command.text = view_of(t->text, t->size);
		command.is_notice = t->is_notice;
		t->ending = SIM_OPEN;
		t->client = c, t->life = p->life;
		sim_trace(s, "client %u sends t%u again, number %llu", c, m->text,
		          (unsigned long long)m->number);
		k = sim_client_command(s, c, &command);
		k->text = m->text;
		(void)snprintf(k->name, sizeof k->name, "%s", to);
		return true;
	}
	return false;
}

static void simple(struct sim *s, uint32_t c, enum command_kind kind)
{
	struct command command = { .kind = kind };
	struct sim_command *k;
	char prefix[4] = "";

	if (kind == COMMAND_LIST && sim_chance(s, 30))
		(void)snprintf(prefix, sizeof prefix, "%.1s", sim_names[sim_random(s, SIM_NAMES)]);
	sim_spell(s, prefix);
	command.name = view_of_string(prefix);
	sim_trace(s, "client %u: command %u %s", c, (unsigned)kind, prefix);
	k = sim_client_command(s, c, &command);
	(void)snprintf(k->name, sizeof k->name, "%s", prefix);
}

static void look(struct sim *s, uint32_t c)
{
	struct command command = { .kind = COMMAND_LOOK };
	char name[DISPLAY_SIZE];
	struct sim_command *k;

	(void)snprintf(name, sizeof name, "%s", sim_names[sim_random(s, SIM_NAMES)]);
	sim_spell(s, name);
	command.name = view_of_string(name);
	sim_trace(s, "client %u looks for %s", c, name);
	k = sim_client_command(s, c, &command);
	(void)snprintf(k->name, sizeof k->name, "%s", name);
}

static void all(struct sim *s, uint32_t c)
{
	struct command command = { .kind = COMMAND_ALL };
	uint32_t text = text_new(s, c, COMMAND_ALL);
	struct sim_command *k;

	command.text = view_of(s->history.texts.items[text].text,
	                       s->history.texts.items[text].size);
	command.is_notice = s->history.texts.items[text].is_notice;
	sim_trace(s, "client %u sends t%u to all", c, text);
	k = sim_client_command(s, c, &command);
	k->text = text;
}

static void act_logged_out(struct sim *s, uint32_t c)
{
	uint64_t what = sim_random(s, 100);

	if (sim_client_busy(s, c) && what < 90 && sim_chance(s, 90))
		return;
	if (s->history.attempts.count < 2 || (what < 35 && s->history.attempts.count < 24))
		create(s, c);
	else if (what < 90)
		login(s, c);
	else
		simple(s, c, what < 97 ? COMMAND_LIST : COMMAND_REPLICAS);
}

static void act_logged_in(struct sim *s, uint32_t c)
{
	uint64_t what = sim_random(s, 100);

	if (what < 8 && send_again(s, c))
		return;
	if (what >= 8 && what < (sim_password_is_reset(s, c) ? 60 : 11)) {
		sim_password_change(s, c);
		return;
	}
	if (what < 62)
		send(s, c);
	else if (what < 66)
		all(s, c);
	else if (what < 74)
		simple(s, c, COMMAND_LIST);
	else if (what < 78)
		look(s, c);
	else if (what < 92)
		simple(s, c, COMMAND_LOGOUT);
	else if (what < 97)
		simple(s, c, COMMAND_DELETE);
	else
		simple(s, c, COMMAND_REPLICAS);
}

void sim_client_act(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];
	uint32_t busy = sim_client_busy(s, c);

	p->next_command_at = s->now + sim_around(s, s->command_gap);
	if (busy >= SIM_COMMANDS_MAX - 2 || (busy > 0 && sim_chance(s, 60)))
		return;
	if (p->logged_in)
		act_logged_in(s, c);
	else
		act_logged_out(s, c);
	sim_client_settle(s, c);
}

/* ---- events ---- */

uint64_t sim_client_next(const struct sim *s, uint32_t c)
{
	const struct sim_client *p = &s->clients[c];
	uint64_t next = SIM_NEVER;
	uint64_t at;

	if (!p->up)
		return p->start_at;
	if (p->thaws)
		return p->frozen_until;
	at = replication_deadline(p->r);
	if (at != UINT64_MAX)
		next = at * SIM_MS;
	if (!s->winding_up && p->next_command_at < next)
		next = p->next_command_at;
	for (uint32_t i = 0; i < SIM_STRETCHES_MAX; i++)
		if (p->stretches[i].used && p->stretches[i].at < next)
			next = p->stretches[i].at;
	if (next_shown(p) < next)
		next = next_shown(p);
	return p->ends_at < next ? p->ends_at : next;
}

static void thaw(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];

	p->thaws = false;
	p->is_excused = true;
	sim_trace(s, "client %u goes on", c);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (p->wires[i] < SIM_WIRES_MAX && s->wires[p->wires[i]].down.arrived.size)
			sim_client_feed(s, &s->wires[p->wires[i]]);
}

void sim_client_step(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];

	if (!p->up) {
		sim_client_start(s, c);
		return;
	}
	if (p->thaws) {
		thaw(s, c);
		return;
	}
	if (p->ends_at <= s->now) {
		sim_client_crash(s, c, false);
		return;
	}
	if (next_shown(p) <= s->now) {
		show(s, c);
		sim_client_settle(s, c);
		return;
	}
	for (uint32_t i = 0; i < SIM_STRETCHES_MAX; i++)
		if (p->stretches[i].used && p->stretches[i].at <= s->now) {
			p->stretches[i].used = false;
			replication_stretched(p->r, p->stretches[i].token, p->stretches[i].key,
			                      client_time(s));
			sim_client_settle(s, c);
			return;
		}
	if (!s->winding_up && p->next_command_at <= s->now) {
		sim_client_act(s, c);
		return;
	}
	replication_tick(p->r, client_time(s));
	sim_client_settle(s, c);
}
