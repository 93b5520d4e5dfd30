/* SPDX-License-Identifier: MIT
 *
 * The store of a change holds all accounts as they were found last, and names are views into it.
 */
#include "tools/change.h"

#include "io/file.h"
#include "io/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ESCAPED_SIZE = 4 * RECONCILE_WHY_SIZE, SENTENCE_SIZE = 4096 + 256 };

void change_die(enum exit_status status, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	log_own(LOG_ERROR, "%s", sentence);
	exit((int)status);
}

void change_done(const char *sentence)
{
	printf("%s\n", sentence);
	if (file_output_is_lost())
		change_die(EXIT_REFUSED, "%s; the standard output cannot be written", sentence);
}

void change_draw(void *to, size_t size)
{
	if (!file_random(to, size))
		change_die(EXIT_REFUSED, "the system gives no random numbers");
}

void change_begin(struct change *c, struct loop *l, const struct mend_options *mend,
                  const char *who)
{
	*c = (struct change){ .loop = l, .mend = mend };
	(void)log_escape(view_of_string(who), c->who, sizeof c->who);
	if (!name_is_reference(view_of_string(who)))
		change_die(EXIT_USAGE, "'%s' is no name and no id of an account", c->who);
}

/* One run; `collect` as in mend_run. */
static void run(struct change *c, const struct mend_options *o, struct store *collect,
                struct reconcile_result *result)
{
	uint8_t seed[KEY_SIZE];
	uint64_t ms;

	change_draw(seed, KEY_SIZE);
	mend_run(c->loop, o, seed, collect, result, &ms);
	explicit_bzero(seed, sizeof seed);
}

uint32_t change_look(struct change *c)
{
	struct mend_options o = *c->mend;

	o.accounts = true;
	store_free(c->store);
	c->store = store_new();
	run(c, &o, c->store, &c->result);
	explicit_bzero(&o, sizeof o);
	return reconcile_ready(&c->result);
}

/* Too few took part in this run. */
static _Noreturn void die_of_lost(const struct change *c, const struct reconcile_result *result)
{
	char why[ESCAPED_SIZE];

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct reconcile_replica *replica = &result->replicas[i];

		if (replica->state != RECONCILE_LOST)
			continue;
		(void)log_escape(view_of_string(replica->why), why, sizeof why);
		log_own(LOG_WARNING, "replica %u (%s): %s: %s", i, c->mend->targets[i].text,
		        replica->is_refused ? "refused" : "not reached", why);
	}
	change_die(EXIT_NO_REPLICA, "fewer than two replicas took part: nothing was changed");
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

/* The one account that is meant. */
static void find(struct change *c, struct view who, struct account *account)
{
	struct account another;
	uint32_t count = 0;

	for (int unconfirmed = 0; unconfirmed < 2; unconfirmed++) {
		struct id after = { { 0 } };

		while ((unconfirmed ? next_unconfirmed : next_meant)(c->store, who, &after,
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
		change_die(EXIT_REFUSED, "no account is called '%s'; nothing was changed", c->who);
	if (count > 1)
		change_die(EXIT_REFUSED,
		           "%u accounts are called '%s': give the id of one; nothing was "
		           "changed",
		           count, c->who);
}

void change_find(struct change *c, const char *who, struct account *account)
{
	if (change_look(c) < 2)
		die_of_lost(c, &c->result);
	find(c, view_of_string(who), account);
}

/* ---- telling ---- */

void change_tell(struct change *c, const struct fact *fact)
{
	struct mend_options o = *c->mend;
	struct buf facts;

	buf_init(&facts, FACT_SIZE_MAX);
	bool is_put = protocol_put_fact(&facts, fact);

	assert(is_put);
	o.bring = buf_view(&facts);
	run(c, &o, NULL, &c->told);
	buf_wipe(&facts);
	buf_release(&facts);
	explicit_bzero(&o, sizeof o);
}

void change_report(const struct change *c, const char *lacking, const char *has)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct reconcile_replica *replica = &c->told.replicas[i];

		printf("replica %u (%s) ", i, c->mend->targets[i].text);
		if (replica->state == RECONCILE_LOST)
			printf("took no part: %s\n", lacking);
		else if (replica->refusal != STATUS_OK)
			printf("could not store all of it: %s\n",
			       protocol_status_name(replica->refusal));
		else
			printf("%s\n", has);
	}
}

void change_failed(const struct change *c, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	va_list values;

	if (reconcile_ready(&c->told) < 2 && c->told.passes == 0)
		die_of_lost(c, &c->told);
	if (reconcile_ready(&c->told) < 2)
		change_die(EXIT_NO_REPLICA,
		           "too few replicas took part to the end: one that has gone meanwhile may "
		           "have the change, and bring it to the others when it is back");
	va_start(values, format);
	(void)vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	change_die(EXIT_REFUSED, "%s", sentence);
}
