/* SPDX-License-Identifier: MIT
 *
 * Three runs, as for a password (tools/reset.c): all accounts, a repair that brings the tombstone
 * first, and all accounts again.
 */
#include "tools/remove.h"

#include "tools/change.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A name, LF, and room to see that a line is longer. */
enum { LINE_SIZE = NAME_SIZE_MAX + 3 };

/* Whether the person at the terminal types the name once more. */
static void ask(const char *name)
{
	char line[LINE_SIZE];
	char c = '\0';
	size_t size = 0;

	if (!isatty(STDIN_FILENO))
		change_die(EXIT_REFUSED,
		           "there is no terminal to ask whether %s is meant: --yes says so; "
		           "nothing was changed",
		           name);
	fprintf(stderr,
	        "this removes the account %s, and its mail, for ever; its name again: ", name);
	/* To its end: what is left of a line is typed to whoever reads next, which is a shell. */
	while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
		if (size < sizeof line - 1)
			line[size++] = c;
	line[size] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (strcmp(line, name) != 0)
		change_die(EXIT_REFUSED, "that is not its name; nothing was changed");
}

/* Servers of an earlier release have no word for a removal. */
static void need_versions(const struct change *c)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct reconcile_replica *replica = &c->result.replicas[i];

		if (replica->state == RECONCILE_READY &&
		    replica->version < PROTOCOL_VERSION_VOUCHED)
			change_die(EXIT_REFUSED,
			           "replica %u (%s) is of an earlier release, which cannot remove "
			           "an account: upgrade it first; nothing was changed",
			           i, c->mend->targets[i].text);
	}
}

static void report(const struct change *c)
{
	change_report(c,
	              "until it learns that the account is gone, by a client that hears of it from "
	              "another replica or by repair, it lets the owner in and takes mail for the "
	              "account from whoever reaches that replica alone",
	              "has removed it");
}

/* Whether it is gone, everywhere. */
static enum exit_status judge(struct change *c, const struct id *id, const char *name)
{
	char sentence[NAME_SIZE_MAX + 64];
	uint32_t ready = change_look(c);
	enum store_state state = store_find(c->store, id, NULL, NULL);

	if (ready > 0 && state != STORE_DEAD)
		change_failed(c, "the account %s was not removed", name);
	if (ready == 0)
		change_die(EXIT_NO_REPLICA,
		           "no replica is left: it is not known whether %s was removed", name);
	report(c);
	(void)snprintf(sentence, sizeof sentence,
	               "the account %s is removed; its sessions have ended there", name);
	change_done(sentence);
	return EXIT_DONE;
}

enum exit_status remove_account(struct loop *l, const struct mend_options *mend, const char *who,
                                bool is_sure)
{
	struct fact fact = { .kind = FACT_TOMBSTONE };
	char name[NAME_SIZE_MAX + 1];
	struct account account;
	enum exit_status status;
	struct change c;

	change_begin(&c, l, mend, who);
	change_find(&c, who, &account);
	need_versions(&c);
	view_to_string(account.name, name, sizeof name);
	if (!is_sure)
		ask(name);
	auth_tombstone_remove(&account, GONE_BY_OPERATOR, &fact.tombstone);
	change_tell(&c, &fact);
	status = judge(&c, &fact.tombstone.id, name);
	store_free(c.store);
	return status;
}
