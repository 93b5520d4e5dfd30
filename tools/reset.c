/* SPDX-License-Identifier: MIT
 *
 * Three runs: one that collects all accounts, a repair that brings the new password first, and one
 * that collects again. The last shows whether the owner has set another password at the same time.
 */
#include "tools/reset.h"

#include "io/file.h"
#include "io/log.h"
#include "io/password.h"

#include "base/sha256.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ESCAPED_SIZE = 4 * RECONCILE_WHY_SIZE, REFERENCE_SIZE = 128 };

struct reset {
	struct loop *loop;
	const struct mend_options *mend;
	char who[4 * REFERENCE_SIZE]; /* as it was asked for, for sentences */
	struct store *store;          /* all accounts, as they were found last */
	struct reconcile_result result;
	struct account next; /* its name is in `store` */
	char setting[AUTH_SETTING_TEXT_SIZE];
};

static _Noreturn __attribute__((format(printf, 2, 3))) void die(enum exit_status status,
                                                                const char *format, ...)
{
	char sentence[PASSWORD_ERR_SIZE];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	log_own(LOG_ERROR, "%s", sentence);
	exit((int)status);
}

static void draw(void *to, size_t size)
{
	if (!file_random(to, size))
		die(EXIT_REFUSED, "the system gives no random numbers");
}

/* One run; `collect` as in mend_run. Gives how many replicas took part. */
static uint32_t run(struct reset *t, const struct mend_options *o, struct store *collect)
{
	uint8_t seed[KEY_SIZE];
	uint32_t ready = 0;
	uint64_t ms;

	draw(seed, KEY_SIZE);
	mend_run(t->loop, o, seed, collect, &t->result, &ms);
	explicit_bzero(seed, sizeof seed);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		ready += t->result.replicas[i].state == RECONCILE_READY;
	return ready;
}

/* Reads all accounts. Gives how many replicas took part. */
static uint32_t look(struct reset *t)
{
	struct mend_options o = *t->mend;

	o.accounts = true;
	store_free(t->store);
	t->store = store_new();
	uint32_t ready = run(t, &o, t->store);

	explicit_bzero(&o, sizeof o);
	return ready;
}

static void print_lost(const struct reset *t)
{
	char why[ESCAPED_SIZE];

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct reconcile_replica *replica = &t->result.replicas[i];

		if (replica->state != RECONCILE_LOST)
			continue;
		(void)log_escape(view_of_string(replica->why), why, sizeof why);
		log_own(LOG_WARNING, "replica %u (%s): %s: %s", i, t->mend->targets[i].text,
		        replica->is_refused ? "refused" : "not reached", why);
	}
}

/* ---- whom the operator means ---- */

/* The next live account that `who` may mean, after the id `after`; false: there is none. */
static bool next_meant(const struct store *s, struct view who, struct id *after,
                       struct account *account)
{
	const uint8_t *tilde = memchr(who.data, '~', who.size);
	char suffix[ID_SUFFIX_SIZE];
	struct id id;

	if (tilde == NULL && id_from_text(who, &id)) {
		bool is_next = id_is_zero(after);

		*after = id;
		return is_next && store_find(s, &id, account, NULL) == STORE_ALIVE;
	}
	if (tilde == NULL)
		return store_name_next(s, who, true, after, account);
	for (size_t i = 0; i < sizeof suffix; i++)
		suffix[i] = (char)(tilde[1 + i] >= 'a' && tilde[1 + i] <= 'z' ? tilde[1 + i] - 32
		                                                              : tilde[1 + i]);
	return store_suffix_next(s, view_of(who.data, (size_t)(tilde - who.data)),
	                         view_of(suffix, sizeof suffix), after, account);
}

/* Those that nobody has confirmed have the name, too: their owners log in by it. */
static bool next_unconfirmed(const struct store *s, struct view who, struct id *after,
                             struct account *account)
{
	return name_is_valid(who) && store_name_next(s, who, false, after, account);
}

static void say_meant(const struct account *account)
{
	char text[ID_TEXT_SIZE + 1];

	id_to_text(&account->id, text);
	log_own(LOG_ERROR, "%s %.*s%s", text, (int)account->name.size,
	        (const char *)account->name.data,
	        account->confirmed ? "" : ", which nobody has confirmed");
}

/* Finds the one account that is meant, or ends the program. */
static void find(struct reset *t, struct view who, struct account *account)
{
	struct account another;
	uint32_t count = 0;

	for (int unconfirmed = 0; unconfirmed < 2; unconfirmed++) {
		struct id after = { { 0 } };

		while ((unconfirmed ? next_unconfirmed : next_meant)(t->store, who, &after,
		                                                     &another)) {
			if (count == 1)
				say_meant(account);
			if (count >= 1)
				say_meant(&another);
			*account = another;
			count++;
		}
	}
	if (count == 0)
		die(EXIT_REFUSED, "no account is called '%s'; nothing was changed", t->who);
	if (count > 1)
		die(EXIT_REFUSED,
		    "%u accounts are called '%s': give the id of one; nothing was "
		    "changed",
		    count, t->who);
}

/* ---- the new password ---- */

/* The seal closes no delete key: only the owner knows that, and nobody does from now on. So it is
 * random, as that of a first verifier. */
static void make_next(struct reset *t, const struct account *held, struct view password)
{
	uint8_t stretched[KEY_SIZE];
	uint8_t random[16];
	uint8_t seal[KEY_SIZE];
	struct account *next = &t->next;

	if (held->epoch == UINT32_MAX)
		die(EXIT_REFUSED, "this password can be changed no more");
	draw(random, sizeof random);
	draw(seal, sizeof seal);
	auth_setting_make(random, t->setting);
	if (!auth_stretch(password, view_of_string(t->setting), stretched))
		die(EXIT_REFUSED, "crypt(3) cannot stretch a password here");
	*next = *held;
	auth_account_middle(held, next->middle);
	auth_verifier_make(stretched, seal, view_of_string(t->setting), &next->verifier);
	memcpy(next->verifier.lock, held->verifier.lock, KEY_SIZE);
	next->epoch = held->epoch + 1;
	next->by = ACCOUNT_BY_OPERATOR;
	explicit_bzero(stretched, sizeof stretched);
}

static void take_password(const char *who, const char *file, uint8_t *password, size_t *size)
{
	char err[PASSWORD_ERR_SIZE];

	if (file == NULL && !password_ask(who, password, size, err))
		die(EXIT_REFUSED, "%s; nothing was changed%s", err,
		    strstr(err, "no terminal") != NULL ? " (--password-file FILE gives one)" : "");
	if (file != NULL && !password_read(file, password, size, err))
		die(EXIT_REFUSED, "%s; nothing was changed", err);
}

/* ---- what came of it ---- */

/* Told by its own run, which a replica may have been lost in. */
static void print_told(const struct reset *t)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct reconcile_replica *replica = &t->result.replicas[i];

		if (replica->state == RECONCILE_LOST)
			printf("replica %u (%s) took no part: until it learns the new password, by "
			       "a log-in of the owner or by repair, the old one opens the account "
			       "for whoever reaches that replica alone\n",
			       i, t->mend->targets[i].text);
		else if (replica->refusal != STATUS_OK)
			printf("replica %u (%s) could not store all of it: %s\n", i,
			       t->mend->targets[i].text, protocol_status_name(replica->refusal));
		else
			printf("replica %u (%s) has the new password\n", i,
			       t->mend->targets[i].text);
	}
}

/* Whether the new password is the one that counts, everywhere. */
static enum exit_status judge(struct reset *t, const char *name)
{
	struct account held;
	uint32_t ready = look(t);
	enum store_state state = store_find(t->store, &t->next.id, &held, NULL);

	if (ready == 0)
		die(EXIT_NO_REPLICA,
		    "no replica is left: it is not known whether the password of "
		    "%s was set",
		    name);
	if (state == STORE_DEAD)
		die(EXIT_REFUSED, "the account %s was deleted meanwhile", name);
	if (state != STORE_ALIVE || held.epoch < t->next.epoch)
		die(EXIT_REFUSED, "the password of %s was not set", name);
	if (!sha256_equal(held.verifier.stored_key, t->next.verifier.stored_key))
		die(EXIT_REFUSED,
		    "the owner of %s has set another password at the same time, and "
		    "that one counts; run it again",
		    name);
	printf("the password of %s is set; its sessions have ended there\n", name);
	if (fflush(stdout) != 0)
		die(EXIT_REFUSED, "cannot write to the standard output");
	return EXIT_DONE;
}

static void tell(struct reset *t)
{
	const struct fact fact = { .kind = FACT_ACCOUNT, .account = t->next };
	struct mend_options o = *t->mend;
	struct buf facts;

	buf_init(&facts, FACT_SIZE_MAX);
	bool is_put = protocol_put_fact(&facts, &fact);

	assert(is_put);
	o.bring = buf_view(&facts);
	(void)run(t, &o, NULL);
	buf_wipe(&facts);
	buf_release(&facts);
	explicit_bzero(&o, sizeof o);
}

enum exit_status reset_password(struct loop *l, const struct mend_options *mend, const char *who,
                                const char *file)
{
	struct reset t = { .loop = l, .mend = mend };
	uint8_t password[PASSWORD_SIZE_MAX];
	char name[NAME_SIZE_MAX + 1];
	struct account account;
	enum exit_status status;
	size_t size;

	(void)log_escape(view_of_string(who), t.who, sizeof t.who);
	if (!name_is_reference(view_of_string(who)))
		die(EXIT_USAGE, "'%s' is no name and no id of an account", t.who);
	if (file != NULL) /* before anybody is asked anything */
		take_password(who, file, password, &size);
	if (look(&t) < 2) {
		print_lost(&t);
		die(EXIT_NO_REPLICA, "fewer than two replicas took part: nothing was changed");
	}
	find(&t, view_of_string(who), &account);
	view_to_string(account.name, name, sizeof name);
	if (file == NULL)
		take_password(name, file, password, &size);
	make_next(&t, &account, view_of(password, size));
	explicit_bzero(password, sizeof password);
	tell(&t);
	print_told(&t);
	status = judge(&t, name);
	store_free(t.store);
	explicit_bzero(&t.next, sizeof t.next);
	return status;
}
