/* SPDX-License-Identifier: MIT
 *
 * change: an operator changes one account: the account is looked for at all replicas that are live,
 * a fact about it is brought to them, and they are looked at again.
 *
 * What goes wrong ends the program with a sentence: nothing is changed before change_tell.
 */
#ifndef THREEFOLD_TOOLS_CHANGE_H
#define THREEFOLD_TOOLS_CHANGE_H

#include "driver/mend.h"
#include "io/options.h"

enum { CHANGE_WHO_SIZE = 512 };

struct change {
	struct loop *loop;
	const struct mend_options *mend;
	char who[CHANGE_WHO_SIZE]; /* as it was asked for, for sentences */
	struct store *store;       /* all accounts, as they were found last; the caller frees it */
	struct reconcile_result result; /* of the last run */
};

/* Ends the program with a sentence. */
_Noreturn __attribute__((format(printf, 2, 3))) void change_die(enum exit_status status,
                                                                const char *format, ...);
/* What was printed so far has left the process, or the program ends with EXIT_REFUSED. */
void change_must_be_printed(void);
/* Random bytes of the system. */
void change_draw(void *to, size_t size);
/* Begins. `who` is a name, a name with the last digits of the id, or an id; EXIT_USAGE if not. */
void change_begin(struct change *c, struct loop *l, const struct mend_options *mend,
                  const char *who);
/* Reads all accounts into a new store. Gives how many replicas took part. */
uint32_t change_look(struct change *c);
/* Reads all accounts, and finds the one that is meant, which has views into the store.
 * EXIT_NO_REPLICA: fewer than two replicas took part. EXIT_REFUSED: nobody is called so, or several
 * are, whose ids are told. */
void change_find(struct change *c, const char *who, struct account *account);
/* Brings the fact to all that are live, and repairs these. Says of each replica on stdout what
 * became of it there: `lacking` of one that took no part (what it will learn, and from whom), `has`
 * of one that has it. */
void change_tell(struct change *c, const struct fact *fact, const char *lacking, const char *has);

#endif
