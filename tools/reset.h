/* SPDX-License-Identifier: MIT
 *
 * reset: an operator sets the password of an account, for somebody who has forgotten it.
 *
 * The account is looked for at all replicas that are live. The verifier of its next epoch is made
 * here, as a client makes one (fact/auth.h), with `by` the operator, and brought to all of them.
 * Its sessions end where that is learned.
 */
#ifndef THREEFOLD_TOOLS_RESET_H
#define THREEFOLD_TOOLS_RESET_H

#include "driver/mend.h"
#include "io/options.h"

/* Does it, with the password in the first line of `file`, or asked for on the terminal (NULL).
 * `who` is a name, a name with the last digits of the id, or an id. Two replicas are enough. Says
 * on stdout what was done, and what a third has to learn from whom; on stderr why it was not.
 * EXIT_REFUSED: nothing was changed, or another change counts. EXIT_NO_REPLICA: too few replicas
 * were reached; if one was lost while it was told, what was changed is not known. */
enum exit_status reset_password(struct loop *l, const struct mend_options *mend, const char *who,
                                const char *file);

#endif
