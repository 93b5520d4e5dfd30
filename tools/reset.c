/* SPDX-License-Identifier: MIT
 *
 * Three runs: one that collects all accounts, a repair that brings the new password first, and one
 * that collects again. The last shows whether the owner has set another password at the same time.
 */
#include "tools/reset.h"

#include "tools/change.h"

#include "io/password.h"

#include "base/sha256.h"

#include <stdio.h>

struct reset {
	struct change change;
	struct account next; /* its name is in the change's store */
	char setting[AUTH_SETTING_TEXT_SIZE];
};

/* ---- the new password ---- */

/* The seal closes no delete key: only the owner knows that, and nobody does from now on. So it is
 * random, as that of a first verifier. */
static void make_next(struct reset *t, const struct account *held, struct view password)
{
	uint8_t stretched[KEY_SIZE];
	uint8_t random[16];
	uint8_t seal[KEY_SIZE];
	struct account *next = &t->next;

	uint32_t epoch = account_next_epoch(held->epoch, ACCOUNT_BY_OPERATOR);

	if (epoch == 0)
		change_die(EXIT_REFUSED, "this password can be changed no more");
	change_draw(random, sizeof random);
	change_draw(seal, sizeof seal);
	auth_setting_make(random, t->setting);
	if (!auth_stretch(password, view_of_string(t->setting), stretched))
		change_die(EXIT_REFUSED, "crypt(3) cannot stretch a password here");
	*next = *held;
	auth_account_middle(held, next->middle);
	auth_verifier_make(stretched, seal, view_of_string(t->setting), &next->verifier);
	memcpy(next->verifier.lock, held->verifier.lock, KEY_SIZE);
	next->epoch = epoch;
	next->by = ACCOUNT_BY_OPERATOR;
	explicit_bzero(stretched, sizeof stretched);
}

static void take_password(const char *who, const char *file, uint8_t *password, size_t *size)
{
	char err[PASSWORD_ERR_SIZE];

	if (file == NULL && !password_ask(who, password, size, err))
		change_die(EXIT_REFUSED, "%s; nothing was changed%s", err,
		           strstr(err, "no terminal") != NULL ? " (--password-file FILE gives one)"
		                                              : "");
	if (file != NULL && !password_read(file, password, size, err))
		change_die(EXIT_REFUSED, "%s; nothing was changed", err);
}

/* ---- what came of it ---- */

static void report(const struct change *c)
{
	change_report(
		c,
		"until it learns the new password, by a log-in of the owner or by repair, the "
		"old one opens the account for whoever reaches that replica alone",
		"has the new password");
}

/* Whether the new password is the one that counts, everywhere. */
static enum exit_status judge(struct reset *t, const char *name)
{
	struct change *c = &t->change;
	char sentence[NAME_SIZE_MAX + 64];
	struct account held;
	uint32_t ready = change_look(c);
	enum store_state state = store_find(c->store, &t->next.id, &held, NULL);

	if (state == STORE_DEAD)
		change_failed(c, "the account %s was deleted meanwhile", name);
	if (ready > 0 && (state != STORE_ALIVE || held.epoch < t->next.epoch))
		change_failed(c, "the password of %s was not set", name);
	if (ready > 0 && !sha256_equal(held.verifier.stored_key, t->next.verifier.stored_key))
		change_failed(c,
		              "another password was set for %s at the same time, and that one "
		              "counts; run it again",
		              name);
	if (ready == 0)
		change_die(EXIT_NO_REPLICA,
		           "no replica is left: it is not known whether the password of "
		           "%s was set",
		           name);
	report(c);
	(void)snprintf(sentence, sizeof sentence,
	               "the password of %s is set; its sessions have ended there", name);
	change_done(sentence);
	return EXIT_DONE;
}

enum exit_status reset_password(struct loop *l, const struct mend_options *mend, const char *who,
                                const char *file)
{
	struct reset t;
	struct change *c = &t.change;
	uint8_t password[PASSWORD_SIZE_MAX];
	char name[NAME_SIZE_MAX + 1];
	struct account account;
	enum exit_status status;
	size_t size;

	change_begin(c, l, mend, who);
	if (file != NULL) /* before anybody is asked anything */
		take_password(c->who, file, password, &size);
	change_find(c, who, &account);
	view_to_string(account.name, name, sizeof name);
	if (file == NULL)
		take_password(name, file, password, &size);
	make_next(&t, &account, view_of(password, size));
	explicit_bzero(password, sizeof password);
	change_tell(c, &(struct fact){ .kind = FACT_ACCOUNT, .account = t.next });
	status = judge(&t, name);
	store_free(c->store);
	explicit_bzero(&t.next, sizeof t.next);
	return status;
}
