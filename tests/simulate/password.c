/* SPDX-License-Identifier: MIT
 *
 * Passwords that change: what clients ask for, what the tap sees of it, and what must never happen.
 *
 *   A change that was acknowledged is lost on no disk that has it, and a later one wins.
 *   One that was refused takes effect nowhere.
 *   No replica, and no client that reaches one that knows better, lets an older password in.
 *   No session outlives a change that its replica knows, but the one that made it.
 *   No replica believes a password that its owner did not set there, and nobody vouched for.
 *   When all is quiet, every replica where a session runs holds the password of that.
 *   An operator sets some anew. Their owners, who are told which, log in and set others again.
 *   Who has the operator's key can lock an owner out. Whoever knows the password that was vouched
 *   for then finds all the mail; and no other account is changed by it.
 */
#include "tests/simulate/simulate.h"

static struct sim_change *change_at(struct sim *s, uint32_t at)
{
	return &s->history.changes.items[at];
}

/* ---- what is asked for ---- */

static const char *password_of(struct sim *s, uint32_t attempt, uint32_t change)
{
	return change == UINT32_MAX ? s->history.attempts.items[attempt].password
	                            : change_at(s, change)->text;
}

void sim_password_change(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];
	const struct sim_account *a = p->account == UINT32_MAX
	                                      ? NULL
	                                      : &s->history.accounts.items[p->account];
	struct command command = { .kind = COMMAND_PASSWORD };
	struct sim_change *change;
	struct sim_command *k;

	if (a == NULL || a->attempt == UINT32_MAX)
		return;
	change = SIM_ADD(s->history.changes);
	memset(change, 0, sizeof *change);
	change->account = p->account;
	change->client = c;
	change->life = p->life;
	change->login = p->logins;
	(void)snprintf(change->text, sizeof change->text, "pw%u.%u", a->attempt,
	               s->history.changes.count);
	command.password = view_of_string(password_of(s, a->attempt, p->change));
	command.new_password = view_of_string(change->text);
	sim_trace(s, "client %u changes the password of account %u to %s", c, p->account,
	          change->text);
	k = sim_client_command(s, c, &command);
	k->attempt = a->attempt;
	k->change = s->history.changes.count - 1;
}

/* Mostly the last one that was acknowledged; else any. UINT32_MAX: the first one. */
uint32_t sim_password_pick(struct sim *s, uint32_t account)
{
	bool is_any = sim_chance(s, 30);
	uint32_t picked = UINT32_MAX;

	for (uint32_t i = 0; i < s->history.changes.count; i++) {
		const struct sim_change *change = change_at(s, i);

		if (change->account == account && !change->by_liar &&
		    (is_any ? sim_chance(s, 50) : change->ending == SIM_OK))
			picked = i;
	}
	return picked;
}

/* The newest that a replica holds, when all can be reached. */
uint32_t sim_password_now(struct sim *s, uint32_t account)
{
	struct account newest = { .epoch = 0 };

	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct account held = { .epoch = 0 };

		if (store_find(s->replicas[i].store, &s->history.accounts.items[account].id, &held,
		               NULL) == STORE_ALIVE &&
		    held.epoch > 0 &&
		    (newest.epoch == 0 || account_verifier_compare(&held, &newest) < 0))
			newest = held;
	}
	for (uint32_t i = 0; i < s->history.changes.count && newest.epoch > 0; i++)
		if (change_at(s, i)->account == account &&
		    memcmp(change_at(s, i)->stored_key, newest.verifier.stored_key, KEY_SIZE) == 0)
			return i;
	if (newest.epoch > 0)
		sim_fail(s, "account %u has a password that nobody set", account);
	return UINT32_MAX;
}

const char *sim_password_text(struct sim *s, uint32_t attempt, uint32_t change)
{
	return password_of(s, attempt, change);
}

/* The operator, who tells the owner what it is. Nobody knows the delete key that was under the old
 * one, and the lock stays. */
void sim_password_reset(struct sim *s, uint32_t at, struct account *a,
                        char setting[AUTH_SETTING_TEXT_SIZE])
{
	struct sim_change *change = SIM_ADD(s->history.changes);
	uint8_t random[16], stretched[KEY_SIZE], seal[KEY_SIZE], lock[KEY_SIZE];

	memset(change, 0, sizeof *change);
	(void)snprintf(change->text, sizeof change->text, "reset%u", s->history.changes.count);
	sim_draw(s, random, sizeof random);
	sim_draw(s, seal, sizeof seal);
	auth_setting_make(random, setting);
	sim_stretch(view_of_string(change->text), view_of_string(setting), stretched);
	auth_account_middle(a, a->middle);
	memcpy(lock, a->verifier.lock, KEY_SIZE);
	auth_verifier_make(stretched, seal, view_of_string(setting), &a->verifier);
	memcpy(a->verifier.lock, lock, KEY_SIZE);
	a->epoch = account_next_epoch(a->epoch, ACCOUNT_BY_OPERATOR);
	a->by = ACCOUNT_BY_OPERATOR;
	change->account = at;
	change->client = SIM_CLIENTS_MAX + 1; /* no client has set it */
	change->by_operator = true;
	change->ending = SIM_UNKNOWN;
	change->epoch = a->epoch;
	memcpy(change->stored_key, a->verifier.stored_key, KEY_SIZE);
	sim_trace(s, "account %u: epoch %u is %s, by the operator", at, change->epoch,
	          change->text);
}

/* Its owner is told, and sets another one soon. */
bool sim_password_is_reset(struct sim *s, uint32_t c)
{
	uint32_t at = s->clients[c].change;

	return at != UINT32_MAX && change_at(s, at)->by_operator;
}

/* ---- what the tap sees ---- */

/* The change with this verifier; UINT32_MAX: there is none yet. */
static uint32_t find(struct sim *s, uint32_t account, uint32_t epoch, const uint8_t *stored_key)
{
	for (uint32_t i = 0; i < s->history.changes.count; i++) {
		const struct sim_change *change = change_at(s, i);

		if (change->account == account && change->epoch == epoch &&
		    memcmp(change->stored_key, stored_key, KEY_SIZE) == 0)
			return i;
	}
	return UINT32_MAX;
}

/* The change that a client was asked for, and writes just now for the first time. */
static struct sim_change *asked_for(struct sim *s, uint32_t c, uint32_t account,
                                    const struct verifier *v)
{
	for (uint32_t i = 0; i < s->history.changes.count; i++) {
		struct sim_change *change = change_at(s, i);
		uint8_t stretched[KEY_SIZE];
		struct verifier made;

		if (change->account != account || change->client != c || change->epoch != 0 ||
		    change->by_liar)
			continue;
		sim_stretch(view_of_string(change->text), v->setting, stretched);
		auth_verifier_renew(stretched, v->seal, v->setting, &made);
		if (memcmp(made.stored_key, v->stored_key, KEY_SIZE) == 0)
			return change;
	}
	return NULL;
}

void sim_password_saw(struct sim *s, const struct sim_wire *w, uint32_t account,
                      const struct frame *f, const struct verifier *v)
{
	bool is_liar = w->client == SIM_CLIENTS_MAX;
	struct sim_change *change;

	if (account == UINT32_MAX ||
	    find(s, account, f->introduce.epoch, v->stored_key) != UINT32_MAX)
		return;
	if (is_liar) {
		change = SIM_ADD(s->history.changes);
		memset(change, 0, sizeof *change);
		change->account = account;
		change->client = w->client;
		change->by_liar = true;
	} else {
		change = asked_for(s, w->client, account, v);
	}
	if (change == NULL) {
		sim_fail(s, "client %u sets a password of account %u that nobody typed", w->client,
		         account);
		return;
	}
	change->epoch = f->introduce.epoch;
	memcpy(change->stored_key, v->stored_key, KEY_SIZE);
	if (!is_liar)
		sim_trace(s, "account %u: epoch %u is %s", account, change->epoch, change->text);
}

/* A replica has said yes to PASSWORD or RENEW. */
void sim_password_answered(struct sim *s, struct sim_wire *w, uint32_t account,
                           const struct frame *to, uint8_t type, const struct verifier *v)
{
	bool is_liar = w->client == SIM_CLIENTS_MAX;
	uint32_t at = account == UINT32_MAX ? UINT32_MAX
	                                    : find(s, account, to->introduce.epoch, v->stored_key);
	bool has_before = to->introduce.epoch == 1 ||
	                  (at != UINT32_MAX &&
	                   (change_at(s, at)->is_vouched || change_at(s, at)->by_operator));

	if (is_liar && type == FRAME_RENEW && (at == UINT32_MAX || !change_at(s, at)->is_vouched))
		sim_fail(s, "replica %u believes a stamp that the liar has made up", w->replica);
	if (at == UINT32_MAX)
		return;
	for (uint32_t i = 0; i < s->history.changes.count; i++)
		has_before |= change_at(s, i)->account == account &&
		              change_at(s, i)->epoch == to->introduce.epoch - 1;
	if (!has_before)
		sim_fail(s, "replica %u takes epoch %u of account %u, and there was none before it",
		         w->replica, to->introduce.epoch, account);
	/* A RENEW ends no session on its own connection, whose client knows that password. */
	if (type == FRAME_PASSWORD ||
	    (w->has_login && sim_account_find(s, &w->account) == account &&
	     w->epoch < to->introduce.epoch))
		w->epoch = to->introduce.epoch;
	sim_held_set(s, &change_at(s, at)->held, w->replica);
}

/* A repair has brought an account there. */
void sim_password_brought(struct sim *s, uint32_t replica, const struct account *account)
{
	uint32_t n = sim_account_find(s, &account->id);
	uint32_t at = n == UINT32_MAX ? UINT32_MAX
	                              : find(s, n, account->epoch, account->verifier.stored_key);

	if (at == UINT32_MAX)
		return;
	sim_held_set(s, &change_at(s, at)->held, replica);
	if (account->by == ACCOUNT_BY_OPERATOR)
		change_at(s, at)->ending = SIM_OK;
}

static bool knew_later(struct sim *s, uint32_t replica, uint32_t account, uint32_t epoch,
                       uint64_t before)
{
	for (uint32_t i = 0; i < s->history.changes.count; i++) {
		const struct sim_change *change = change_at(s, i);

		if (change->account == account && change->epoch > epoch &&
		    change->held.at[replica] != 0 && change->held.at[replica] < before)
			return true;
	}
	return false;
}

void sim_password_logged_in(struct sim *s, struct sim_wire *w, uint32_t epoch, uint64_t asked_at)
{
	uint32_t account = sim_account_find(s, &w->account);

	w->epoch = epoch;
	if (account != UINT32_MAX && knew_later(s, w->replica, account, epoch, asked_at))
		sim_fail(s, "replica %u lets client %u in with an older password of account %u",
		         w->replica, w->client, account);
}

void sim_password_in_session(struct sim *s, const struct sim_wire *w, uint64_t asked_at)
{
	uint32_t account = w->has_login ? sim_account_find(s, &w->account) : UINT32_MAX;

	if (account != UINT32_MAX && knew_later(s, w->replica, account, w->epoch, asked_at))
		sim_fail(s,
		         "replica %u: a session of client %u outlives the change of its password",
		         w->replica, w->client);
}

void sim_password_lost(struct sim *s, uint32_t replica, uint64_t after)
{
	for (uint32_t i = 0; i < s->history.changes.count; i++) {
		uint64_t *at = &change_at(s, i)->held.at[replica];

		if (*at > after || after == 0)
			*at = 0;
	}
}

/* ---- results ---- */

void sim_password_result(struct sim *s, uint32_t c, struct sim_command *k,
                         const struct result *result)
{
	struct sim_change *change = change_at(s, k->change);
	bool has_room = true;

	change->ending = result->outcome == OUTCOME_OK        ? SIM_OK
	                 : result->outcome == OUTCOME_UNKNOWN ? SIM_UNKNOWN
	                                                      : SIM_REFUSED;
	for (uint32_t i = 0; i < REPLICAS; i++)
		has_room &= !s->replicas[i].was_full;
	if (result->outcome == OUTCOME_DISK_FULL && has_room)
		sim_fail(s, "client %u: %s is refused for want of room, which there was", c,
		         change->text);
	if (result->outcome != OUTCOME_OK)
		return;
	s->produced->passwords++;
	if (change->login == s->clients[c].logins)
		s->clients[c].change = k->change;
	if (count_bits_of(change->held.ever) < result->copies)
		sim_fail(s, "client %u: %s is said to be on %u replicas", c, change->text,
		         result->copies);
}

static uint32_t epoch_of(struct sim *s, uint32_t change)
{
	return change == UINT32_MAX ? 0 : change_at(s, change)->epoch;
}

void sim_password_check_in(struct sim *s, uint32_t c, const struct sim_command *k, uint32_t account)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((k->live >> i & 1) &&
		    knew_later(s, i, account, epoch_of(s, k->change), k->begun_at))
			sim_fail(s,
			         "client %u logs in with a password that live replica %u knows "
			         "to be an older one",
			         c, i);
}

/* A liar's counts only with a right stamp. */
static bool is_believable(const struct sim_change *change)
{
	return !change->by_liar || change->is_vouched;
}

/* Whether the password of a log-in may be refused, though the account has or had it. */
bool sim_password_may_fail(struct sim *s, const struct sim_command *k, uint32_t account)
{
	uint32_t epoch = epoch_of(s, k->change);
	bool is_held = k->change == UINT32_MAX;

	for (uint32_t i = 0; i < REPLICAS && !is_held; i++)
		is_held = (k->live >> i & 1) && change_at(s, k->change)->held.at[i] != 0 &&
		          change_at(s, k->change)->held.at[i] < k->begun_at;
	for (uint32_t i = 0; i < s->history.changes.count; i++)
		if (change_at(s, i)->account == account && i != k->change &&
		    is_believable(change_at(s, i)) &&
		    (change_at(s, i)->epoch == 0 || change_at(s, i)->epoch >= epoch))
			return true;
	return !is_held;
}

/* By another session than the one that runs in the client; it has an older password then. */
bool sim_password_changed_by_another(struct sim *s, uint32_t c)
{
	const struct sim_client *p = &s->clients[c];
	uint32_t epoch = epoch_of(s, p->change);

	for (uint32_t i = 0; i < s->history.changes.count; i++) {
		const struct sim_change *change = change_at(s, i);

		if (change->account == p->account && change->epoch > 0 && i != p->change &&
		    is_believable(change) && change->epoch >= epoch &&
		    (change->client != c || change->life != p->life || change->login != p->logins))
			return true;
	}
	return false;
}

/* ---- the disks ---- */

/* When all is quiet: wherever a session runs, its password is held, or a later one; but for want of
 * room, which the client was told. */
void sim_password_check_session(struct sim *s, uint32_t c)
{
	const struct sim_client *p = &s->clients[c];
	uint32_t epoch = epoch_of(s, p->change);

	for (uint32_t i = 0; i < REPLICAS && !s->failed; i++) {
		struct account account = { .epoch = 0 };

		if (!s->replicas[i].was_full &&
		    store_find(s->replicas[i].store, &s->history.accounts.items[p->account].id,
		               &account, NULL) == STORE_ALIVE &&
		    account.epoch < epoch)
			sim_fail(s,
			         "client %u: the session goes on at replica %u, which has not "
			         "the password of epoch %u",
			         c, i, epoch);
	}
}

/* Whether another change of that epoch may have won. */
static bool has_rival(struct sim *s, uint32_t at)
{
	for (uint32_t i = 0; i < s->history.changes.count; i++)
		if (i != at && change_at(s, i)->account == change_at(s, at)->account &&
		    change_at(s, i)->epoch == change_at(s, at)->epoch)
			return true;
	return false;
}

/* Such a change may have found another session at a replica, and got only to the others; or the
 * replica ends sessions for it, also one that is just changing the password itself, and says so
 * before the disk has it. */
bool sim_password_is_known(struct sim *s, uint32_t replica, uint32_t account, bool known)
{
	const struct store *store = s->replicas[replica].store;
	struct account held = { .epoch = 0 };

	if (store != NULL)
		(void)store_find(store, &s->history.accounts.items[account].id, &held, NULL);
	for (uint32_t i = 0; i < s->history.changes.count; i++) {
		const struct sim_change *change = change_at(s, i);
		bool is_heard = known && change->epoch > 0 && held.epoch >= change->epoch;

		if (change->account == account && is_believable(change) &&
		    (is_heard || (change->held.at[replica] != 0) == known))
			return true;
	}
	return false;
}

/* `replica`: whose store it is; REPLICAS: the union of all. */
void sim_password_check_store(struct sim *s, uint32_t replica, const struct store *store)
{
	for (uint32_t i = 0; i < s->history.changes.count && !s->failed; i++) {
		const struct sim_change *change = change_at(s, i);
		struct account held = { .epoch = 0 };
		bool is_same;

		if (change->epoch == 0 ||
		    store_find(store, &s->history.accounts.items[change->account].id, &held,
		               NULL) != STORE_ALIVE)
			continue;
		is_same = held.epoch == change->epoch &&
		          memcmp(held.verifier.stored_key, change->stored_key, KEY_SIZE) == 0;
		if (change->ending == SIM_REFUSED && is_same)
			sim_fail(s, "%s was refused, and opens account %u", change->text,
			         change->account);
		if (replica < REPLICAS ? change->held.at[replica] == 0
		                       : !sim_held_any(&change->held))
			continue;
		if (held.epoch < change->epoch ||
		    (held.epoch == change->epoch && !is_same && !has_rival(s, i)))
			sim_fail(s, "replica %u has lost %s, a password of account %u", replica,
			         change->text, change->account);
	}
}
