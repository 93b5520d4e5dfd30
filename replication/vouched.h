/* SPDX-License-Identifier: MIT
 *
 * vouched: the session of a client, and what replicas vouch for of its account. A part of
 * private.h, which includes it.
 *
 * A yes to a log-in is signed by P, and brings what P does not prove: the seal, who has set the
 * password, and the stamp by which others take the account. Whoever holds the account can say
 * anything there. So what each has said is kept. Of two that differ counts who is known (member.c),
 * then whose seal opens the lock of the account, then the lower index. At a log-in each replica
 * that lacks the account is told it with one stamp after the other, in the same order, until it
 * takes one.
 */
#ifndef THREEFOLD_REPLICATION_VOUCHED_H
#define THREEFOLD_REPLICATION_VOUCHED_H

#include "replication/replication.h"

/* What replicas have said of one account with one password; masks have a bit for each. */
struct vouched {
	uint8_t said;  /* by these, */
	uint8_t known; /* of whom these were known, */
	uint8_t opens; /* and whose seal opens the lock */
	struct {
		uint8_t seal[KEY_SIZE];
		uint8_t stamp[KEY_SIZE]; /* zeros: none */
		enum account_by by;
	} of[REPLICAS];
	uint8_t told[REPLICAS]; /* whose stamps each was told, since the last log-in there */
};

/* The session that runs, or one that a creation or a log-in makes. */
struct login_session {
	bool active;
	bool is_sending; /* for sending alone: no mailbox, and no other session ends it */
	/* Replicas that have refused it, because an operator has removed the account, and have not
	 * said yes since. One that has lost all it knew meanwhile stays among them: nobody is left
	 * who would hand the account over to it. */
	uint8_t removed;
	/* Replicas that lack its password, while none has said yes to that. */
	uint8_t lacking;
	struct id id;
	char display[DISPLAY_SIZE];
	char name[NAME_SIZE_MAX + 1];
	char setting[SETTING_SIZE_MAX + 1];
	uint8_t stretched[KEY_SIZE];
	struct account account; /* views of `name` and `setting` */
	struct vouched vouched;
	/* What the last change of the password took the place of: log-ins that were written before
	 * are answered under that. Its epoch is the one before. */
	char old_setting[SETTING_SIZE_MAX + 1];
	uint8_t old_stretched[KEY_SIZE];
	struct ulid ulid;
	uint32_t dial;    /* counts log-ins of this session at replicas that returned */
	uint64_t sent_ms; /* the last time drawn: never goes back */
};

/* A yes: it holds this account, of which `stretched` is P, and gives this stamp. */
void vouched_take(struct vouched *v, uint32_t index, const struct account *account,
                  const uint8_t stretched[KEY_SIZE], const uint8_t stamp[KEY_SIZE]);
/* Notes that those of `known` are known. What they have said counts first from then on. */
void vouched_know(struct vouched *v, uint8_t known);
/* Gives the account the seal that counts, and who has set its password. Nothing if nobody has said
 * any. */
void vouched_choose(const struct vouched *v, struct account *account);
/* Whether an operator has set the password, as any says that is known, or as it is chosen. */
bool vouched_is_reset(const struct vouched *v, const struct account *account);
/* Whether anybody has given a stamp. */
bool vouched_has_stamp(const struct vouched *v);
/* The next stamp of this account that `index` has not been told, and is told now. False, and zeros:
 * there is none. */
bool vouched_tell(struct vouched *v, uint32_t index, const struct account *account,
                  uint8_t stamp[KEY_SIZE]);
/* Whether the replica refuses an account for the stamp that it was told, and there is another. */
bool vouched_goes_on(const struct vouched *v, uint32_t index, const struct account *account,
                     enum status status);
/* What is said of a replica that refuses an account which is handed over, but not because it is
 * gone; it lives for ever. */
const char *vouched_refused(const struct login_session *session, enum status status);

#endif
