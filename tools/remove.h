/* SPDX-License-Identifier: MIT
 *
 * remove: an operator removes an account, whoever owns it.
 *
 * It is gone then as if its owner had deleted it: its sessions end, its mail is dropped, its name
 * is free. The operator has no delete key, so a stamp vouches for it (fact/auth.h).
 */
#ifndef THREEFOLD_TOOLS_REMOVE_H
#define THREEFOLD_TOOLS_REMOVE_H

#include "driver/mend.h"
#include "io/options.h"

/* Does it. `who` as in change_begin. Unless `is_sure` the terminal is asked for the account's name
 * once more. Two replicas are enough. Says on stdout what was done, and what a third has to learn
 * from whom; on stderr why it was not. EXIT_REFUSED: nothing was changed. EXIT_NO_REPLICA: too few
 * replicas were reached; if one was lost while it was told, what was changed is not known. */
enum exit_status remove_account(struct loop *l, const struct mend_options *mend, const char *who,
                                bool is_sure);

#endif
