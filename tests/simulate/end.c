/* SPDX-License-Identifier: MIT
 *
 * The end of a run, step by step:
 *
 *   1  All faults end, and every command that was begun must end.
 *   2  The owner of each acknowledged account logs in and reads the mail.
 *   3  When all is quiet, one repair must make the replicas the same, and a second repair must find
 *      nothing to do.
 *   4  All processes stop. Each disk must hold what its replica acknowledged, and the journals of
 *      all three must be equal, byte for byte.
 */
#include "store/private.h"
#include "tests/simulate/simulate.h"
#include "tests/store/evil.h"

#include <stdlib.h>

enum {
	REPAIR_SECONDS_MAX = 150, /* three replies that never come, and some that do */
	QUIET_SECONDS = 8,        /* until all that was written has arrived */
	LOOKS_MAX = 20,           /* for a client at rest */
};

static void run_for(struct sim *s, uint64_t time)
{
	uint64_t until = s->now + time;

	while (sim_step(s, until))
		;
	if (!s->failed && s->now < until)
		s->now = until;
}

static bool any_busy(const struct sim *s)
{
	for (uint32_t c = 0; c < s->clients_count; c++)
		if (!s->clients[c].up || sim_client_busy(s, c) ||
		    replication_live(s->clients[c].r) < REPLICAS)
			return true;
	return false;
}

/* Its account was removed, which not all replicas know: those that do refuse its session. */
static bool is_removed(const struct sim *s, uint32_t c)
{
	const struct sim_client *p = &s->clients[c];

	return p->logged_in && p->account != UINT32_MAX &&
	       s->history.accounts.items[p->account].lapsing;
}

static void say_waiting(struct sim *s)
{
	for (uint32_t c = 0; c < s->clients_count; c++) {
		if (!is_removed(s, c) &&
		    (!s->clients[c].up || replication_live(s->clients[c].r) < REPLICAS))
			sim_fail(s, "client %u does not reach all replicas, which are up", c);
		for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++)
			if (s->clients[c].commands[i].token)
				sim_fail(s, "client %u: command %u, given at %llu us, never ends",
				         c, (unsigned)s->clients[c].commands[i].command.kind,
				         (unsigned long long)s->clients[c].commands[i].begun_at);
	}
}

static void wait_for_all(struct sim *s)
{
	/* Who has lied is dialled again after minutes. */
	uint32_t most = s->lying < REPLICAS ? 4200 : 600;

	for (uint32_t i = 0; i < most && any_busy(s) && !s->failed; i++)
		run_for(s, 100 * SIM_MS);
	if (any_busy(s) && !s->failed)
		say_waiting(s);
}

static void log_out(struct sim *s, uint32_t c)
{
	struct command command = { .kind = COMMAND_LOGOUT };
	char name[DISPLAY_SIZE];

	if (s->failed || !replication_logged_in(s->clients[c].r, name))
		return;
	(void)sim_client_command(s, c, &command);
	sim_client_settle(s, c);
	wait_for_all(s);
}

static void wait_idle(struct sim *s, uint32_t c)
{
	for (uint32_t i = 0; i < 100 && !s->failed && !replication_idle(s->clients[c].r); i++)
		run_for(s, 100 * SIM_MS);
	run_for(s, 50 * SIM_MS);
}

/* What was shown is told after RECEIVED_MS, when nothing else may be under way any more; and a
 * repair beside it brings more, as often as it has passes. */
static void wait_told(struct sim *s, uint32_t c)
{
	uint32_t looks = 0;

	_Static_assert(RECEIVED_MS < 50, "it is written when wait_idle has seen nothing more");
	do
		wait_idle(s, c);
	while (!s->failed && ++looks < LOOKS_MAX &&
	       (!replication_idle(s->clients[c].r) ||
	        s->now < s->clients[c].arrived_at + 50 * SIM_MS));
}

/* The owner comes back, by his full id, and reads. */
static void read_mail(struct sim *s, uint32_t c, uint32_t account)
{
	struct sim_account *a = &s->history.accounts.items[account];
	struct command command = { .kind = COMMAND_LOGIN, .take_over = true };
	char text[ID_TEXT_SIZE + 1];
	struct sim_command *k;

	id_to_text(&a->id, text);
	command.name = view_of_string(text);
	uint32_t change = sim_password_now(s, account);

	command.password = view_of_string(sim_password_text(s, a->attempt, change));
	sim_trace(s, "client %u logs in as account %u, to read", c, account);
	k = sim_client_command(s, c, &command);
	k->attempt = a->attempt;
	k->change = change;
	(void)snprintf(k->name, sizeof k->name, "%s", text);
	s->clients[c].logged_in = false;
	sim_client_settle(s, c);
	wait_for_all(s);
	if (!s->failed && !a->lapsing &&
	    (!s->clients[c].logged_in || s->clients[c].account != account)) {
		sim_fail(s, "account %u, which was acknowledged, cannot be logged in to", account);
		return;
	}
	wait_told(s, c);
	/* Who was removed is refused for ever, and dials on. */
	if (!s->failed && !is_removed(s, c) && !replication_idle(s->clients[c].r))
		sim_fail(s, "client %u does not come to rest after reading account %u", c, account);
}

static void check_shown(struct sim *s, uint32_t account)
{
	/* A replica that knows it as removed shows nothing of its mail (read_revived). */
	if (s->history.accounts.items[account].lapsing)
		return;
	for (uint32_t i = 0; i < s->history.messages.count && !s->failed; i++) {
		const struct sim_message *m = &s->history.messages.items[i];

		if (m->acknowledged && !m->shown && sim_held_any(&m->stored) &&
		    id_equal(&m->stream.recipient, &s->history.accounts.items[account].id))
			sim_fail(
				s,
				"t%u (message %u) to account %u was acknowledged, and is not shown",
				m->text, i, account);
	}
}

/* Whether a client has shown a message of anybody's in this life. */
static bool has_shown(struct sim *s, uint32_t c, const struct message *message)
{
	const struct sim_lie lie = { c, s->clients[c].life, message->stream, message->number };
	const struct sim_message *m = sim_message_find(s, &message->stream, message->number);

	for (uint32_t i = 0; i < s->history.lies.count; i++)
		if (memcmp(&s->history.lies.items[i], &lie, sizeof lie) == 0)
			return true;
	return m != NULL &&
	       sim_seen_get(s, c, s->clients[c].life, (uint32_t)(m - s->history.messages.items))
	               ->shown;
}

/* What a client has shown and told waits nowhere any more: it never comes back. */
static void check_read(struct sim *s, uint32_t c, uint32_t account)
{
	/* A replica that knows it as removed takes no word of it. */
	if (s->history.accounts.items[account].lapsing)
		return;
	for (uint32_t i = 0; i < REPLICAS && !s->failed; i++) {
		uint64_t steps = STORE_STEPS_ALL;
		struct place place = { 0 };
		struct message message;

		while (store_mailbox_next(s->replicas[i].store,
		                          &s->history.accounts.items[account].id, &place, &message,
		                          &steps) == STORE_STEP_FOUND)
			if (has_shown(s, c, &message))
				sim_fail(s,
				         "client %u has read number %llu of account %u, and "
				         "replica %u would show it again",
				         c, (unsigned long long)message.number,
				         sim_account_find(s, &message.stream.sender), i);
	}
}

/* Who is online has been shown all. */
static void check_online(struct sim *s, uint32_t c)
{
	char name[DISPLAY_SIZE];

	if (!s->failed && !sim_check_is_sending(s, c) &&
	    replication_logged_in(s->clients[c].r, name) && s->clients[c].account != UINT32_MAX) {
		wait_idle(s, c);
		sim_check_online(s, c);
		sim_password_check_session(s, c);
	}
}

/* All see all: an account has one session, of its first client or of the last. */
static void check_sessions(struct sim *s)
{
	char name[DISPLAY_SIZE];

	for (uint32_t c = 0; c < s->clients_count && !s->failed; c++)
		for (uint32_t o = 0; o < c; o++)
			if (!sim_check_is_sending(s, c) && !sim_check_is_sending(s, o) &&
			    replication_logged_in(s->clients[c].r, name) &&
			    replication_logged_in(s->clients[o].r, name) &&
			    s->clients[c].account == s->clients[o].account)
				sim_fail(s, "clients %u and %u are both logged in as account %u", o,
				         c, s->clients[c].account);
}

static void read_account(struct sim *s, uint32_t c, uint32_t i)
{
	read_mail(s, c, i);
	check_shown(s, i);
	check_read(s, c, i);
	log_out(s, c);
}

static void read_all(struct sim *s)
{
	for (uint32_t i = 0; i < s->history.accounts.count && !s->failed; i++) {
		const struct sim_account *a = &s->history.accounts.items[i];

		if (s->options.seed % 3 == 0 && i % 2 == 0)
			continue; /* so that mail is left, too */
		if (a->acknowledged && !a->delete_begun && sim_held_any(&a->stored))
			read_account(s, i % s->clients_count, i);
	}
}

/* Whether replicas still have frames of the liar to answer: a wrong password takes a second. */
static bool is_liar_heard(const struct sim *s)
{
	for (uint32_t i = 0; i < SIM_WIRES_MAX; i++) {
		const struct sim_wire *w = &s->wires[i];

		if (w->used && w->client == SIM_CLIENTS_MAX && w->replica_open && !w->closing &&
		    w->due_count > 0)
			return true;
	}
	return false;
}

static void wait_for_liar(struct sim *s)
{
	for (uint32_t i = 0; i < 600 && is_liar_heard(s) && !s->failed; i++)
		run_for(s, 100 * SIM_MS);
}

static void end_clients(struct sim *s)
{
	for (uint32_t c = 0; c < s->clients_count; c++) {
		sim_client_crash(s, c, false);
		s->clients[c].start_at = SIM_NEVER;
	}
	run_for(s, QUIET_SECONDS * SIM_SECOND);
	wait_for_liar(s);
}

static void start_clients(struct sim *s)
{
	for (uint32_t c = 0; c < s->clients_count; c++)
		s->clients[c].start_at = s->now;
	run_for(s, SIM_SECOND);
	wait_for_all(s);
}

static bool is_revived(const struct sim *s, const struct sim_account *a)
{
	struct account account = { .confirmed = false };

	return a->lapsing && a->acknowledged && !a->delete_begun &&
	       store_find(s->replicas[0].store, &a->id, &account, NULL) == STORE_ALIVE &&
	       account.confirmed;
}

/* Accounts that an operator has removed at some replicas, and that are confirmed: after a repair
 * they live on all of them, with all their mail. */
static void read_revived(struct sim *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->history.accounts.count; i++) {
		struct sim_account *a = &s->history.accounts.items[i];

		if (!is_revived(s, a))
			continue;
		a->lapsing = false;
		if (!any)
			start_clients(s);
		any = true;
		read_account(s, i % s->clients_count, i);
	}
	if (any && !s->failed)
		end_clients(s);
}

/* ---- repair, when all is quiet ---- */

/* What is freed later counts until then. */
static void wait_until_freed(struct sim *s, uint32_t i)
{
	const struct store *store = s->replicas[i].store;

	for (uint32_t looks = 0; looks < 600 && !s->failed; looks++) {
		if (store_work_done(store) == store_work_given(store))
			return;
		run_for(s, 100 * SIM_MS);
	}
}

static void check_equal(struct sim *s, uint32_t i, uint32_t k)
{
	struct store_totals a, b;

	wait_until_freed(s, i);
	wait_until_freed(s, k);
	store_check(s->replicas[k].store);
	store_totals(s->replicas[i].store, &a);
	store_totals(s->replicas[k].store, &b);
	if (a.facts != b.facts || a.sum != b.sum)
		sim_fail(s, "after repair replica %u has %llu facts, replica %u has %llu", k,
		         (unsigned long long)b.facts, i, (unsigned long long)a.facts);
}

/* Those that have begun end. */
static void wait_for_repairs(struct sim *s)
{
	for (uint32_t i = 0; i < REPAIR_SECONDS_MAX && sim_repair_runs(s) && !s->failed; i++)
		run_for(s, SIM_SECOND);
	if (sim_repair_runs(s) && !s->failed)
		sim_fail(s, "repair does not end");
}

/* A run in which nothing else happens: those that are there are the same after it. */
static const struct reconcile_result *repair(struct sim *s, enum reconcile_mode mode,
                                             uint32_t there)
{
	struct reconcile_options options = { .mode = mode };
	const struct sim_repair *p = sim_repair_start(s, &options);

	assert(p != NULL);
	wait_for_repairs(s);
	if (s->failed)
		return &p->result;
	if (!p->ended || !p->result.is_ready || !p->result.is_same)
		sim_fail(s, "all is quiet, but repair does not say the same");
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((there >> i & 1) && p->result.replicas[i].state != RECONCILE_READY)
			sim_fail(s, "all is quiet, but replica %u takes no part in repair: %s", i,
			         p->result.replicas[i].why);
	for (uint32_t i = 0; i < REPLICAS; i++)
		for (uint32_t k = 0; k < i; k++)
			if (!s->failed && (there >> i & 1) && (there >> k & 1))
				check_equal(s, k, i);
	return &p->result;
}

static void repair_without(struct sim *s, uint32_t i)
{
	sim_replica_stop(s, i);
	s->replicas[i].start_at = SIM_NEVER;
	(void)repair(s, RECONCILE_REPAIR, 7u & ~(1u << i));
	s->replicas[i].start_at = s->now;
	run_for(s, SIM_SECOND);
}

static void repair_twice_at_once(struct sim *s)
{
	struct reconcile_options options = { .mode = RECONCILE_REPAIR };

	(void)sim_repair_start(s, &options);
	run_for(s, sim_random(s, 300 * SIM_MS));
	(void)sim_repair_start(s, &options);
	wait_for_repairs(s);
}

/* Nobody is there any more but those who repair. */
static void repair_all(struct sim *s)
{
	const struct reconcile_result *result;

	end_clients(s);
	wait_for_repairs(s);
	if (!s->failed && sim_chance(s, 20))
		repair_without(s, (uint32_t)sim_random(s, REPLICAS));
	if (!s->failed && sim_chance(s, 20))
		repair_twice_at_once(s);
	if (!s->failed)
		(void)repair(s, RECONCILE_REPAIR, 7);
	if (s->failed)
		return;
	result = repair(s, sim_chance(s, 50) ? RECONCILE_REPAIR : RECONCILE_CHECK, 7);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (result->replicas[i].missing || result->replicas[i].stored)
			sim_fail(s, "repair moves to replica %u what it has moved before", i);
	for (uint32_t i = 1; i < REPLICAS; i++)
		if (memcmp(result->replicas[i].digest, result->replicas[0].digest, KEY_SIZE) != 0)
			sim_fail(s, "repair says the same of sets with different digests");
	if (!s->failed)
		read_revived(s);
}

void sim_wind_up(struct sim *s)
{
	struct reconcile_options options = { .mode = RECONCILE_REPAIR };

	s->winding_up = true;
	sim_relay_check(s);
	sim_heal(s);
	run_for(s, 7 * SIM_SECOND); /* connections that are broken, without a word, are found out */
	if (sim_chance(s, 40))
		(void)sim_repair_start(s, &options);
	wait_for_all(s);
	check_sessions(s);
	for (uint32_t c = 0; c < s->clients_count; c++)
		check_online(s, c);
	for (uint32_t c = 0; c < s->clients_count; c++)
		log_out(s, c);
	read_all(s);
	if (!s->failed)
		repair_all(s);
}

/* ---- the disks ---- */

/* What a liar chose so that it meets in one place does not. */
static void check_table(struct sim *s, uint32_t i, const struct store *store)
{
	uint64_t hashes[SIM_EVIL];
	uint32_t held = 0;

	for (uint64_t n = 0; n < SIM_EVIL; n++) {
		struct id id = evil_id(n);

		if (ident_find(store, &id) != 0)
			hashes[held++] = ident_id_hash(store, &id);
	}
	if (evil_collisions(hashes, held) != 0)
		sim_fail(s, "replica %u: %u ids that a stranger chose meet in one place", i, held);
}

static void check_accounts(struct sim *s, uint32_t i, const struct store *store)
{
	for (uint32_t n = 0; n < s->history.accounts.count; n++) {
		const struct sim_account *a = &s->history.accounts.items[n];
		struct account account = { .confirmed = false };
		enum store_state state = store_find(store, &a->id, &account, NULL);

		if (a->stored.at[i] && state == STORE_UNKNOWN)
			sim_fail(s, "replica %u has lost account %u (%s)", i, n, a->name);
		if (a->lapsed.at[i] && state == STORE_ALIVE && !account.confirmed)
			sim_fail(s, "on replica %u account %u, which was removed, is back", i, n);
		if (a->confirmed.at[i] && state != STORE_DEAD && !account.confirmed)
			sim_fail(s, "replica %u has lost that account %u is confirmed", i, n);
		if (a->gone.at[i] && state != STORE_DEAD)
			sim_fail(s, "replica %u has lost that account %u is gone", i, n);
		if (state == STORE_ALIVE && account.confirmed && !a->confirming && !a->by_liar)
			sim_fail(s, "replica %u has account %u confirmed, which nobody confirmed",
			         i, n);
		if (state == STORE_DEAD && !a->delete_begun && !a->by_liar)
			sim_fail(s, "on replica %u account %u is gone, which nobody deleted", i, n);
		if (state == STORE_ALIVE && account.confirmed && a->attempt != UINT32_MAX &&
		    s->history.attempts.items[a->attempt].ending == SIM_REFUSED && !a->delete_begun)
			sim_fail(s,
			         "replica %u has account %u confirmed, whose creation was refused",
			         i, n);
	}
}

static bool is_live_in(const struct store *store, const struct sim_message *m,
                       struct message *message)
{
	struct store_key after = {
		.streams = 1,
		.account = m->stream.recipient,
		.sender = m->stream.sender,
		.session = m->stream.session,
		.number = m->number - 1,
	};
	struct fact fact;

	while (store_next(store, &after, &fact)) {
		if (fact.kind == FACT_BURIAL && fact.burial.range.first <= m->number &&
		    stream_compare(&fact.burial.stream, &m->stream) == 0)
			continue;
		if (fact.kind != FACT_MESSAGE)
			return false;
		*message = fact.message;
		return fact.message.number == m->number &&
		       stream_compare(&fact.message.stream, &m->stream) == 0;
	}
	return false;
}

enum store_state sim_message_state(const struct store *store, const struct sim_message *m,
                                   struct message *held)
{
	struct message message;
	struct range range;

	if (is_live_in(store, m, held ? held : &message))
		return STORE_ALIVE;
	if ((store_range_next(store, &m->stream, m->number - 1, &range) &&
	     range.first <= m->number) ||
	    store_find(store, &m->stream.recipient, NULL, NULL) == STORE_DEAD)
		return STORE_DEAD;
	return STORE_UNKNOWN;
}

static void check_messages(struct sim *s, uint32_t i, const struct store *store)
{
	for (uint32_t n = 0; n < s->history.messages.count; n++) {
		const struct sim_message *m = &s->history.messages.items[n];
		const struct sim_text *t = &s->history.texts.items[m->text];
		struct message held = { .number = 0 };
		enum store_state state = sim_message_state(store, m, &held);

		if (m->stored.at[i] && state == STORE_UNKNOWN)
			sim_fail(s, "replica %u has lost t%u (message %u)", i, m->text, n);
		if (m->gone.at[i] && state != STORE_DEAD)
			sim_fail(s, "replica %u has lost that t%u was received", i, m->text);
		if (state == STORE_ALIVE && !view_equal(held.text, view_of(t->text, t->size)))
			sim_fail(s, "replica %u holds another text than t%u", i, m->text);
		if (state == STORE_ALIVE && t->ending == SIM_REFUSED &&
		    !sim_is_deleted(s, &m->stream.recipient))
			sim_fail(s, "replica %u holds t%u, whose sending was refused", i, m->text);
		if (state == STORE_DEAD && !m->told && !sim_is_liar(s, &m->stream.recipient) &&
		    store_find(store, &m->stream.recipient, NULL, NULL) != STORE_DEAD)
			sim_fail(s, "on replica %u t%u is gone, which nobody received", i, m->text);
	}
}

void sim_check_store(struct sim *s, uint32_t i, const struct store *store)
{
	check_table(s, i, store);
	check_accounts(s, i, store);
	sim_password_check_store(s, i, store);
	check_messages(s, i, store);
}

/* ---- all as one ---- */

static bool open_again(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	struct journal_options options = { .reserve_size = 8192 };
	struct journal_loaded loaded;
	char err[ERR_SIZE] = "";

	p->store = store_new();
	if (journal_open(simdisk_disk(p->disk), &options, p->store, &p->journal, &loaded, err) !=
	    JOURNAL_OK) {
		sim_fail(s, "replica %u cannot be read at the end: %s", i, err);
		return false;
	}
	store_check(p->store);
	return true;
}

static void close_again(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	char err[ERR_SIZE] = "";

	if (!p->journal)
		return;
	if (journal_close(p->journal, err) != 0)
		sim_fail(s, "replica %u cannot be written at the end: %s", i, err);
	p->journal = NULL;
	store_free(p->store);
	p->store = NULL;
}

static void check_same(struct sim *s, const char *name)
{
	struct view first = { NULL, 0 }, other = { NULL, 0 };
	bool has = simdisk_get(s->replicas[0].disk, name, &first);

	for (uint32_t i = 1; i < REPLICAS && !s->failed; i++)
		if (simdisk_get(s->replicas[i].disk, name, &other) != has ||
		    !view_equal(first, other))
			sim_fail(s, "%s of replica %u is not that of replica 0 (%zu and %zu bytes)",
			         name, i, other.size, first.size);
}

/* What was acknowledged and not lost with its disks is in the union. */
static void check_union(struct sim *s, const struct store *store)
{
	for (uint32_t n = 0; n < s->history.accounts.count; n++) {
		const struct sim_account *a = &s->history.accounts.items[n];
		const struct sim_attempt *t = a->attempt == UINT32_MAX
		                                      ? NULL
		                                      : &s->history.attempts.items[a->attempt];
		struct account account = { .confirmed = false };
		enum store_state state = store_find(store, &a->id, &account, NULL);

		for (uint32_t o = 0; o < n && state == STORE_ALIVE && account.confirmed; o++) {
			const struct sim_account *b = &s->history.accounts.items[o];
			struct account other = { .confirmed = false };

			/* Nobody removes an account that may still be confirmed, but this operator
			 * does. Then its name may be given to another one. */
			if (!a->lapsing && !b->lapsing && (a->yes & b->yes) &&
			    sim_same_name(a->name, b->name) &&
			    store_find(store, &b->id, &other, NULL) == STORE_ALIVE &&
			    other.confirmed)
				sim_fail(s, "'%s' has two owners, accounts %u and %u, who met",
				         a->name, o, n);
		}
		if (a->acknowledged && !a->delete_begun && sim_held_any(&a->confirmed) &&
		    (state != STORE_ALIVE || !account.confirmed))
			sim_fail(s, "account %u was acknowledged, and is lost", n);
		if (sim_held_any(&a->gone) && state == STORE_ALIVE)
			sim_fail(s, "account %u is alive after its deletion was acknowledged", n);
		if (t && t->ending == SIM_REFUSED && state == STORE_ALIVE && !a->delete_begun)
			sim_fail(s, "account %u is alive, whose creation was refused", n);
	}
}

static void check_mail(struct sim *s, const struct store *store)
{
	for (uint32_t n = 0; n < s->history.messages.count; n++) {
		const struct sim_message *m = &s->history.messages.items[n];

		if (m->acknowledged && sim_held_any(&m->stored) &&
		    sim_message_state(store, m, NULL) == STORE_UNKNOWN)
			sim_fail(s, "t%u was acknowledged, and is lost", m->text);
	}
}

void sim_check_end(struct sim *s)
{
	for (uint32_t i = 0; i < REPLICAS && !s->failed; i++)
		sim_replica_stop(s, i);
	for (uint32_t i = 0; i < REPLICAS && !s->failed; i++)
		if (open_again(s, i))
			sim_check_store(s, i, s->replicas[i].store);
	if (!s->failed)
		check_union(s, s->replicas[0].store),
			sim_password_check_store(s, REPLICAS, s->replicas[0].store),
			check_mail(s, s->replicas[0].store);
	for (uint32_t i = 1; i < REPLICAS && !s->failed; i++)
		check_equal(s, 0, i);
	for (uint32_t i = 0; i < REPLICAS; i++)
		close_again(s, i);
	check_same(s, "users.json");
	check_same(s, "pending.json");
}
