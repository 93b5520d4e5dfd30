/* SPDX-License-Identifier: MIT
 *
 * What is searched: scripts of the two clients, faults, and rules that are taken away.
 *
 * The accounts 0, 1, 2 have one name; 0 and 2 belong to client A, 1 to client B, if nothing else
 * is said, and 0 is the oldest. Sets of replicas are bits: 7 is all of them, 6 all but the first.
 */
#include "tests/model/model.h"

#include <string.h>

#define CREATE(x, when)                \
	{                              \
		OP_CREATE, (x), (when) \
	}
#define LOGIN_TO(x, when)             \
	{                             \
		OP_LOGIN, (x), (when) \
	}
#define LOGIN_ONCE(x)                 \
	{                             \
		OP_LOGIN_ONCE, (x), 0 \
	}
#define SEND_IT(m, when)             \
	{                            \
		OP_SEND, (m), (when) \
	}
#define DELETE_IT(x, when)             \
	{                              \
		OP_DELETE, (x), (when) \
	}
#define FIND(when)                 \
	{                          \
		OP_FIND, 0, (when) \
	}
#define OWNERS .owner = { 0, 1, 0 }

static const struct script scripts[] = {
	/* rivals for a name */
	{ "names", { { CREATE(0, 0) }, { CREATE(1, 0) } }, OWNERS },
	{ "names-login",
	  { { CREATE(0, 0), LOGIN_TO(0, 0) }, { CREATE(1, 0), LOGIN_TO(1, 0) } },
	  OWNERS },
	/* a creator that crashed creates again, and logs in */
	{ "again",
	  { { CREATE(0, 0), CREATE(2, 0), LOGIN_TO(0, 0) }, { FIND(0) } },
	  { 1, 0 },
	  OWNERS },
	{ "again-rival", { { CREATE(0, 0), CREATE(2, 0) }, { CREATE(1, 0) } }, { 1, 0 }, OWNERS },
	{ "again-send",
	  { { CREATE(0, 0), CREATE(2, 0), LOGIN_TO(0, 0) }, { SEND_IT(0, WHEN_CREATED) } },
	  { 1, 0 },
	  .offline = { false, true },
	  OWNERS },
	/* it crashed in a taking back, is logged in to, and mailed */
	{ "half",
	  { { CREATE(0, 0), LOGIN_TO(0, 0) }, { SEND_IT(0, WHEN_LOGGED_IN) } },
	  { 1, 0 },
	  .offline = { false, true },
	  OWNERS },
	/* use right after creation */
	{ "find",
	  { { CREATE(0, 0) }, { FIND(WHEN_CREATED) } },
	  .offline = { false, true },
	  OWNERS },
	{ "create-mail",
	  { { CREATE(0, 0), LOGIN_TO(0, 0) }, { SEND_IT(0, WHEN_CREATED) } },
	  .offline = { false, true },
	  OWNERS },
	{ "create-login",
	  { { CREATE(0, 0) }, { LOGIN_TO(0, WHEN_CREATED), LOGIN_TO(0, 0) } },
	  { 0, 1 },
	  .offline = { false, true },
	  OWNERS },
	/* the first replica missed the creation */
	{ "missed", { { LOGIN_TO(0, 0) }, { CREATE(1, 0) } }, OWNERS, .made = { 6 } },
	{ "missed-again",
	  { { LOGIN_TO(0, 0), CREATE(2, 0) }, { SEND_IT(0, 0) } },
	  { 1, 0 },
	  OWNERS,
	  .made = { 6 } },
	/* the same, with a creation that was never finished; a rival who reaches only the first
	 * replica */
	{ "unfinished",
	  { { LOGIN_TO(0, 0) }, { CREATE(1, 0) } },
	  OWNERS,
	  .held = { 6 },
	  .out_of_reach = { 0, 6 } },
	/* a creator who dies at the first replica; a rival who reaches the others */
	{ "apart", { { CREATE(0, 0) }, { CREATE(1, 0) } }, OWNERS, .out_of_reach = { 0, 1 } },
	/* the name is taken on the second replica alone; the third is reached later */
	{ "take-back", { { CREATE(0, 0) } }, OWNERS, .made = { 0, 2 }, .out_of_reach = { 4, 0 } },
	/* repair has copied a half-confirmed creation beside an acknowledged one; it is begun
	 * again */
	{ "repeat",
	  { { CREATE(0, 0) } },
	  OWNERS,
	  .made = { 0, 6 },
	  .half = { 3 },
	  .out_of_reach = { 4, 0 } },
	/* a liar dates an account back to win a name */
	{ "steal",
	  { { CREATE(1, 0), FIND(0) }, { { OP_STEAL, 0, WHEN_RIVAL_CREATED } } },
	  .offline = { false, true },
	  .owner = { 1, 0, 1 } },
	/* mail, over crashes of both ends */
	{ "mail",
	  { { LOGIN_TO(0, 0), LOGIN_TO(0, 0) }, { SEND_IT(0, 0) } },
	  { 1, 0 },
	  OWNERS,
	  .made = { 7 } },
	{ "mail-late",
	  { { LOGIN_TO(0, WHEN_STORED), LOGIN_TO(0, 0) }, { SEND_IT(0, 0) } },
	  { 1, 0 },
	  .offline = { true, false },
	  OWNERS,
	  .made = { 7 } },
	{ "two-mails",
	  { { LOGIN_TO(0, 0) }, { SEND_IT(0, 0), SEND_IT(1, 0) } },
	  OWNERS,
	  .made = { 7 } },
	{ "two-mails-late",
	  { { LOGIN_TO(0, WHEN_STORED) }, { SEND_IT(0, 0), SEND_IT(1, 0) } },
	  .offline = { true, false },
	  OWNERS,
	  .made = { 7 } },
	/* a sender who reaches only the first replica */
	{ "mail-apart",
	  { { LOGIN_TO(0, 0) }, { SEND_IT(0, 0) } },
	  OWNERS,
	  .made = { 7 },
	  .out_of_reach = { 0, 6 } },
	/* a message on a replica that the log-in did not reach */
	{ "mail-missed",
	  { { LOGIN_TO(0, 0) } },
	  OWNERS,
	  .made = { 7 },
	  .mailed = { 1 },
	  .out_of_reach = { 1, 0 } },
	/* the first replica knows that a message was received, the second does not, and the
	 * third, which is reached first, has never heard of it */
	{ "received-apart",
	  { { LOGIN_TO(0, 0) } },
	  OWNERS,
	  .made = { 7 },
	  .mailed = { 2, 4 },
	  .received = { 1, 0 },
	  .out_of_reach = { 3, 0 } },
	/* two log-ins to one account */
	{ "two-logins",
	  { { LOGIN_ONCE(0) }, { LOGIN_ONCE(0) } },
	  .somebody_stays = true,
	  .owner = { 0, 0, 0 },
	  .made = { 7 } },
	{ "take-over",
	  { { LOGIN_TO(0, 0) }, { LOGIN_TO(0, WHEN_LOGGED_IN) } },
	  .offline = { false, true },
	  .somebody_stays = true,
	  .owner = { 0, 0, 0 },
	  .made = { 7 } },
	/* deletions */
	{ "delete-send", { { DELETE_IT(0, 0) }, { SEND_IT(0, 0) } }, OWNERS, .made = { 7 } },
	{ "recreate",
	  { { DELETE_IT(0, 0) }, { CREATE(1, WHEN_DELETED), LOGIN_TO(1, 0) } },
	  .offline = { false, true },
	  OWNERS,
	  .made = { 7 } },
	/* the first replica missed a deletion; in the last one two of them */
	{ "stale",
	  { { LOGIN_TO(0, 0) }, { CREATE(1, 0), LOGIN_TO(1, 0) } },
	  OWNERS,
	  .made = { 7 },
	  .deleted = { 6 } },
	{ "stale-find",
	  { { FIND(WHEN_RIVAL_CREATED) }, { CREATE(1, 0) } },
	  .offline = { true, false },
	  OWNERS,
	  .made = { 7 },
	  .deleted = { 6 } },
	{ "stale-twice",
	  { { LOGIN_TO(0, 0) }, { CREATE(1, 0), DELETE_IT(1, 0), CREATE(2, 0) } },
	  .owner = { 0, 1, 1 },
	  .made = { 7 },
	  .deleted = { 6 } },
};

const struct script *script_find(const char *name)
{
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		if (strcmp(scripts[i].name, name) == 0)
			return &scripts[i];
	return NULL;
}

#define FAULTS(...)         \
	{                   \
		__VA_ARGS__ \
	}

/* ---- scopes ---- */

#define NO_FAULTS FAULTS(.crashes = 0)

const struct scope scopes[] = {
	{ "names", FAULTS(.crashes = 1), 0 },
	{ "names", FAULTS(.cuts = 1), 0 },
	{ "names", FAULTS(.deaths = 1, .clocks = 1), 0 },
	{ "names", FAULTS(.repairs = 1), 0 },
	{ "names", FAULTS(.wipes = 1), 0 },
	{ "find", FAULTS(.crashes = 1, .cuts = 1, .deaths = 1), 0 },
	{ "again-send", FAULTS(.deaths = 1), 0 },
	{ "two-logins", NO_FAULTS, 0 },
	{ "missed", FAULTS(.deaths = 1), 0 },
	{ "unfinished", NO_FAULTS, 0 },
	{ "apart", FAULTS(.deaths = 1), 0 },
	{ "take-back", FAULTS(.cuts = 2, .deaths = 1), 0 },
	{ "repeat", FAULTS(.cuts = 2, .deaths = 1), 0 },
	{ "steal", NO_FAULTS, 0 },
	{ "recreate", FAULTS(.crashes = 1, .cuts = 1), 0 },
	{ "stale-find", FAULTS(.crashes = 1, .cuts = 1), 0 },
	{ "delete-send", FAULTS(.crashes = 1), 0 },
	{ "mail", NO_FAULTS, 0 },
	{ "mail-late", FAULTS(.cuts = 1), 0 },
	{ "mail-late", FAULTS(.deaths = 1), 0 },
	{ "mail-late", FAULTS(.wipes = 1), 0 },
	{ "mail-missed", FAULTS(.cuts = 1), 0 },
	{ "received-apart", FAULTS(.crashes = 1), 0 },
	{ "two-mails-late", NO_FAULTS, 0 },
	{ "names", FAULTS(.crashes = 1, .cuts = 1), 2 },
	{ "names", FAULTS(.crashes = 2), 2 },
	{ "names", FAULTS(.crashes = 1, .deaths = 1), 1 },
	{ "names", FAULTS(.cuts = 1, .deaths = 1, .clocks = 1), 1 },
	{ "names", FAULTS(.cuts = 1, .repairs = 1, .stops = 1), 2 },
	{ "names-login", NO_FAULTS, 1 },
	{ "again", FAULTS(.deaths = 1), 1 },
	{ "again-rival", FAULTS(.deaths = 1), 1 },
	{ "half", FAULTS(.deaths = 1), 1 },
	{ "create-login", FAULTS(.cuts = 1, .deaths = 1), 1 },
	{ "create-mail", FAULTS(.crashes = 1), 2 },
	{ "missed", FAULTS(.crashes = 1), 1 },
	{ "missed-again", FAULTS(.deaths = 1), 1 },
	{ "unfinished", FAULTS(.cuts = 1), 2 },
	{ "mail", FAULTS(.deaths = 1), 1 },
	{ "mail", FAULTS(.crashes = 1), 1 },
	{ "mail-late", FAULTS(.cuts = 1, .deaths = 1), 1 },
	{ "received-apart", FAULTS(.cuts = 1, .repairs = 1), 2 },
	{ "two-mails-late", FAULTS(.cuts = 1), 1 },
	{ "two-mails-late", FAULTS(.crashes = 1), 2 },
	{ "take-over", FAULTS(.cuts = 1), 1 },
	{ "two-logins", FAULTS(.cuts = 1), 2 },
	{ "recreate", FAULTS(.crashes = 1, .cuts = 1, .deaths = 1), 1 },
	{ "delete-send", FAULTS(.crashes = 1, .cuts = 1), 1 },
	{ "stale", NO_FAULTS, 1 },
	{ "stale-find", FAULTS(.crashes = 1, .cuts = 1, .repairs = 1), 2 },
	{ "stale-twice", NO_FAULTS, 1 },
	{ "take-back", FAULTS(.crashes = 1, .cuts = 1, .deaths = 1, .wipes = 1), 1 },
	{ "repeat", FAULTS(.crashes = 1, .cuts = 1, .deaths = 1), 1 },
};
const size_t scopes_count = sizeof scopes / sizeof *scopes;

/* ---- rules that are taken away ---- */

static const char *const rule_names[RULES] = {
	[RULE_NONE] = "none",
	[RULE_CONFIRM] = "confirm",
	[RULE_CONFIRM_ALL] = "confirm-all",
	[RULE_CONFIRM_NAME_TEST] = "confirm-name-test",
	[RULE_REPEATED_NAME_TEST] = "repeated-name-test",
	[RULE_BACK_IS_FINAL] = "back-is-final",
	[RULE_BACK_EVERYWHERE] = "back-everywhere",
	[RULE_TELL_REFUSER] = "tell-refuser",
	[RULE_JOINED_LOOKUP] = "joined-lookup",
	[RULE_ASK_GONE] = "ask-gone",
	[RULE_TOMBSTONES] = "tombstones",
	[RULE_GONE_STAYS] = "gone-stays",
	[RULE_HANDOVER] = "handover",
	[RULE_HANDOVER_UNCONFIRMED] = "handover-unconfirmed",
	[RULE_LOGIN_CONFIRMS_NOT] = "login-confirms-not",
	[RULE_LARGER_SESSION] = "larger-session",
	[RULE_SEND_ALL] = "send-all",
	[RULE_EMPTY_AUDIENCE] = "empty-audience",
	[RULE_ASK_STREAM] = "ask-stream",
	[RULE_ASK_AGAIN] = "ask-again",
	[RULE_REMEMBER_SHOWN] = "remember-shown",
	[RULE_NUMBER_ORDER] = "number-order",
	[RULE_BURY_ABSENT] = "bury-absent",
	[RULE_READ_RETURNED] = "read-returned",
};

const char *rule_name(enum rule r)
{
	return rule_names[r];
}

const struct hunt hunts[] = {
	{ RULE_CONFIRM, "apart", FAULTS(.deaths = 1) },
	{ RULE_CONFIRM_ALL, "names", FAULTS(.crashes = 1) },
	{ RULE_CONFIRM_NAME_TEST, "steal", NO_FAULTS },
	{ RULE_REPEATED_NAME_TEST, "repeat", NO_FAULTS },
	{ RULE_BACK_IS_FINAL, "take-back", FAULTS(.cuts = 2) },
	{ RULE_BACK_EVERYWHERE, "take-back", FAULTS(.cuts = 1) },
	{ RULE_TELL_REFUSER, "stale", NO_FAULTS },
	{ RULE_JOINED_LOOKUP, "missed", NO_FAULTS },
	{ RULE_ASK_GONE, "stale-find", NO_FAULTS },
	{ RULE_TOMBSTONES, "stale-find", NO_FAULTS },
	{ RULE_GONE_STAYS, "delete-send", FAULTS(.crashes = 1) },
	{ RULE_HANDOVER, "missed", NO_FAULTS },
	{ RULE_HANDOVER_UNCONFIRMED, "unfinished", NO_FAULTS },
	{ RULE_LOGIN_CONFIRMS_NOT, "unfinished", NO_FAULTS },
	{ RULE_LARGER_SESSION, "two-logins", NO_FAULTS },
	{ RULE_SEND_ALL, "mail", NO_FAULTS },
	{ RULE_EMPTY_AUDIENCE, "mail", FAULTS(.crashes = 3) },
	{ RULE_ASK_STREAM, "mail-late", FAULTS(.deaths = 1) },
	{ RULE_ASK_AGAIN, "received-apart", NO_FAULTS },
	{ RULE_REMEMBER_SHOWN, "mail-late", FAULTS(.cuts = 1) },
	{ RULE_NUMBER_ORDER, "two-mails", NO_FAULTS },
	{ RULE_BURY_ABSENT, "mail-apart", NO_FAULTS },
	{ RULE_READ_RETURNED, "mail-missed", NO_FAULTS },
};
const size_t hunts_count = sizeof hunts / sizeof *hunts;
