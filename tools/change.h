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
	struct reconcile_result told;   /* of that of change_tell */
};

/* Ends the program with a sentence. */
_Noreturn __attribute__((format(printf, 2, 3))) void change_die(enum exit_status status,
                                                                const char *format, ...);
/* Prints the sentence that says what was done. If the standard output takes it not, the program
 * says it on the standard error, and ends with EXIT_REFUSED. */
void change_done(const char *sentence);
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
/* Brings the fact to all that are live, and repairs these. */
void change_tell(struct change *c, const struct fact *fact);
/* After change_tell, when it is known that the fact holds: says of each replica on stdout what
 * became of it there: `lacking` of one that took no part (what it will learn, and from whom), `has`
 * of one that has it. */
void change_report(const struct change *c, const char *lacking, const char *has);
/* After change_tell: those that are left do not have the fact. If too few replicas took part to the
 * end, that is why, and the program ends with EXIT_NO_REPLICA; else with EXIT_REFUSED and the
 * sentence. */
_Noreturn __attribute__((format(printf, 2, 3))) void change_failed(const struct change *c,
                                                                   const char *format, ...);

#endif
