/* SPDX-License-Identifier: MIT
 *
 * repair: the operator's program that makes the three replicas hold the same facts, tells whether
 * they do and how each is, writes backups, sets passwords that were forgotten, removes accounts,
 * and makes invitations.
 *
 * reconcile makes the plan and driver/mend.h carries it out. This file reads the command line and
 * the key, and prints the result. It keeps no state and handles no signal: it may end at any
 * instruction, and the next run continues from what the replicas hold then.
 */
#include "io/file.h"
#include "io/key.h"
#include "io/log.h"
#include "io/options.h"
#include "io/sandbox.h"
#include "journal/backup.h"
#include "driver/mend.h"
#include "tools/accounts.h"
#include "tools/invite.h"
#include "tools/remove.h"
#include "tools/report.h"
#include "tools/reset.h"
#include "tools/unconfirmed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert((int)KEY_ERR_SIZE == (int)ERR_SIZE, "one buffer for every sentence");

enum { TIMEOUT_MS = 5000, DAY_MS = 86400000 };
/* A creation that is not confirmed after so long never will be: `confirm` takes no id that is older
 * than a minute. The rest is for clocks that are wrong. */
enum { HOUR_MS = 3600000 };
enum { BRING_SIZE_MAX = 16 * 1024 * 1024 }; /* of facts that one run brings to all */
enum { DIGEST_SHOWN = 16, ESCAPED_SIZE = 4 * RECONCILE_WHY_SIZE };

/* Of a backup. */
#define KEY_SENTENCE                                                                             \
	"the operator's key, of cluster %s, is not in the backup: keep a copy of it apart from " \
	"the data\n"

static _Noreturn void die(enum exit_status status, const char *sentence)
{
	log_own(LOG_ERROR, "%s", sentence);
	exit((int)status);
}

static void must_be_printed(void)
{
	if (file_output_is_lost())
		die(EXIT_REFUSED, "cannot write to the standard output");
}

/* ---- the command line ---- */

static const char purpose[] =
	"Compares what the three replicas of a Threefold chat hold and copies what is missing,\n"
	"in each direction, what is gone first. It may run at any time, also during traffic, any\n"
	"number of times, also at once, and may be killed at any moment. HOST is a name, an IPv4\n"
	"or an IPv6 address. One of the three may be down: the other two are repaired then. A\n"
	"replica that stops answering is waited for 30 seconds. A host name that cannot be\n"
	"resolved is a replica that is down.\n";

static const char notes[] =
	"Files:\n"
	"  operator.key    the operator's key. Without --key the first of these that is there:\n"
	"                  $STATE_DIRECTORY/operator.key, data/operator.key, operator.key,\n"
	"                  " KEY_STATE_FOLDER "/operator.key\n"
	"\n"
	"Exit status:\n"
	"  0  the replicas that were reached hold the same (two of three are enough, but for\n"
	"     --check and --status), or the backup is written, the password is set, the\n"
	"     account is removed or the invitation is printed\n"
	"  1  they differ (--check, --status), or a replica could not store what it lacks; or\n"
	"     the password is not set, or the account not removed: none, or more than one,\n"
	"     has that name\n"
	"  2  wrong usage\n"
	"  3  too few replicas could be reached, or the key was refused. Two are enough, and\n"
	"     one is for --accounts, --backup, --status and --unconfirmed.\n"
	"     --remove-unconfirmed and --leave-out-unconfirmed need all three, and\n"
	"     --invite needs none\n"
	"  4  --check, --status: those that are live hold the same, but they are fewer than\n"
	"     three, or one runs on a copy of another one's data\n"
	"\n"
	"Examples:\n"
	"  " OPTIONS_NAME " 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003\n"
	"  " OPTIONS_NAME " a.example 4000 b.example 4000 c.example 4000 --every 3600\n"
	"  " OPTIONS_NAME
	" 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003 --backup /backup/monday\n"
	"  " OPTIONS_NAME " 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003 --unconfirmed\n"
	"  " OPTIONS_NAME " 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003 --status --json\n"
	"  " OPTIONS_NAME
	" 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003 --remove-unconfirmed 30\n"
	"  " OPTIONS_NAME " 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003 --set-password anna\n"
	"  " OPTIONS_NAME " 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003 --remove anna\n"
	"  " OPTIONS_NAME " --invite 7\n";

struct repair_options {
	struct mend_options mend;
	struct dial_target targets[RECONCILE_MAX];
	uint64_t every_ms;  /* 0: once */
	const char *key;    /* NULL: where it usually is */
	const char *backup; /* NULL: none */
	bool status;        /* tell how each replica is */
	bool accounts;      /* list them */
	bool json;
	bool prometheus;
	bool unconfirmed;          /* list what was never confirmed */
	bool leave_out;            /* and have it not in the backup */
	uint64_t remove_days;      /* or remove what is so old; 0: nothing */
	bool used_too;             /* although somebody has used it */
	uint64_t invite_days;      /* how long an invitation is good; 0: none is made */
	const char *set_password;  /* of which account; NULL: of none */
	const char *password_file; /* NULL: the terminal is asked */
	const char *remove;        /* which account; NULL: none */
	bool is_sure;              /* that this one is meant */
};

static struct repair_options given = { .mend = { .targets = given.targets,
	                                         .timeout_ms = TIMEOUT_MS } };

static const struct option_row rows[] = {
	{ .name = "check",
	  .kind = OPTION_FLAG,
	  .help = "change nothing; tell what each replica holds,\n"
	          "and exit 1 if that differs, 4 if one is missing",
	  .flag = &given.mend.check },
	{ .name = "status",
	  .kind = OPTION_FLAG,
	  .help = "change nothing; tell how each replica is: what it\n"
	          "holds and lacks, its disk, what it was asked and\n"
	          "refused. One that is live is enough",
	  .flag = &given.status },
	{ .name = "accounts",
	  .kind = OPTION_FLAG,
	  .help = "change nothing; list the accounts: when each was\n"
	          "made and last logged in, how many messages wait for\n"
	          "it, how full its mailbox is for the sender who has\n"
	          "most there, and how many of its own wait elsewhere",
	  .flag = &given.accounts },
	{ .name = "json",
	  .kind = OPTION_FLAG,
	  .help = "with --status: as one JSON object; with --accounts:\n"
	          "as one for each account, one a line",
	  .flag = &given.json },
	{ .name = "prometheus",
	  .kind = OPTION_FLAG,
	  .help = "with --status: as text for Prometheus",
	  .flag = &given.prometheus },
	{ .name = "every",
	  .kind = OPTION_SECONDS,
	  .argument = "SECONDS",
	  .help = "run again and again, so long after the end of\n"
	          "the last run",
	  .number = &given.every_ms,
	  .min = 10,
	  .max = DAY_MS },
	{ .name = "key",
	  .kind = OPTION_TEXT,
	  .argument = "FILE",
	  .help = "the operator's key (default: see Files)",
	  .text = &given.key },
	{ .name = "backup",
	  .once = true,
	  .kind = OPTION_TEXT,
	  .argument = "DIR",
	  .help = "change nothing; write the union of what the\n"
	          "replicas hold as a directory that a server\n"
	          "starts from; one replica is enough",
	  .text = &given.backup },
	{ .name = "unconfirmed",
	  .kind = OPTION_FLAG,
	  .help = "change nothing; list the accounts that no\n"
	          "replica has confirmed: id, age in seconds, name,\n"
	          "and 'used' if it has sent or been sent anything",
	  .flag = &given.unconfirmed },
	{ .name = "remove-unconfirmed",
	  .once = true,
	  .kind = OPTION_NUMBER,
	  .argument = "DAYS",
	  .help = "remove those of them that are so old and were\n"
	          "never used, from all three replicas, and repair\n"
	          "these. Their names are free then",
	  .number = &given.remove_days,
	  .min = 1,
	  .max = 36500 },
	{ .name = "used-too",
	  .kind = OPTION_FLAG,
	  .help = "with --remove-unconfirmed: those that were used,\n"
	          "too. Their owners cannot log in any more",
	  .flag = &given.used_too },
	{ .name = "leave-out-unconfirmed",
	  .kind = OPTION_FLAG,
	  .help = "with --backup: without those of them that are\n"
	          "older than an hour, and without their mail; all\n"
	          "three replicas must take part. Replicas that are\n"
	          "all started from such a backup are rid of them",
	  .flag = &given.leave_out },
	{ .name = "invite",
	  .once = true,
	  .kind = OPTION_NUMBER,
	  .argument = "DAYS",
	  .help = "print an invitation that is good for so many days,\n"
	          "for servers that run with --register invited. Any\n"
	          "number of people may use it. No server is asked, so\n"
	          "no HOST and PORT are expected",
	  .number = &given.invite_days,
	  .min = 1,
	  .max = 365 },
	{ .name = "set-password",
	  .once = true,
	  .kind = OPTION_TEXT,
	  .argument = "NAME",
	  .help = "set the password of an account whose owner has\n"
	          "forgotten it, and repair. Its sessions end, and the\n"
	          "owner is told at the next log-in. NAME is as for\n"
	          "/login, or the account's id",
	  .text = &given.set_password },
	{ .name = "password-file",
	  .once = true,
	  .kind = OPTION_TEXT,
	  .argument = "FILE",
	  .help = "with --set-password: take it from the first line of\n"
	          "FILE, which nobody else may use; else the terminal\n"
	          "is asked",
	  .text = &given.password_file },
	{ .name = "remove",
	  .once = true,
	  .kind = OPTION_TEXT,
	  .argument = "NAME",
	  .help = "remove an account, whoever owns it, with the mail\n"
	          "that waits for it, and repair. Its sessions end.\n"
	          "The terminal is asked for the name once more",
	  .text = &given.remove },
	{ .name = "yes",
	  .kind = OPTION_FLAG,
	  .help = "with --remove: ask nobody",
	  .flag = &given.is_sure },
	{ .name = "connect-timeout",
	  .kind = OPTION_SECONDS,
	  .argument = "SECONDS",
	  .help = "a replica that has not answered the handshake\n"
	          "after so long is taken for dead (5)",
	  .number = &given.mend.timeout_ms,
	  .min = 10,
	  .max = DAY_MS },
	{ .name = NULL },
};

/* ---- what came of it ---- */

static const char *reason(const struct reconcile_replica *replica, char to[ESCAPED_SIZE])
{
	(void)log_escape(view_of_string(replica->why), to, ESCAPED_SIZE);
	return to;
}

static const char *how_lost(const struct reconcile_replica *replica)
{
	return replica->is_refused ? "refused" : "not reached";
}

/* Equal sets have equal digests in one run only: each run has a key of its own for them. */
static void print_digest(const uint8_t digest[KEY_SIZE])
{
	printf(", digest ");
	for (int i = 0; i < DIGEST_SHOWN; i++)
		printf("%02x", digest[i]);
}

static void print_replica(const struct repair_options *o, const struct reconcile_result *result,
                          uint32_t index)
{
	const struct reconcile_replica *replica = &result->replicas[index];
	char why[ESCAPED_SIZE];

	printf("replica %u (%s): ", index, o->targets[index].text);
	if (replica->state == RECONCILE_LOST) {
		printf("%s: %s\n", how_lost(replica), reason(replica, why));
		return;
	}
	/* One that has nobody to be compared with was not asked what it has. */
	if (replica->elements == 0 && o->backup == NULL && reconcile_ready(result) < 2) {
		printf("reached\n");
		return;
	}
	printf("%ju elements", (uintmax_t)replica->elements);
	if (o->mend.check)
		print_digest(replica->digest);
	printf(", %s %ju", o->mend.check || o->backup != NULL ? "lacks" : "lacked",
	       (uintmax_t)replica->missing);
	if (!o->mend.check && o->backup == NULL)
		printf(", got %ju", (uintmax_t)replica->stored);
	if (replica->refusal != STATUS_OK)
		printf("; it could not store all of it: %s",
		       protocol_status_name(replica->refusal));
	if (replica->is_behind)
		printf("; it is of an earlier release, which does not know that accounts were "
		       "removed");
	printf("\n");
}

static void print_left_open(const struct reconcile_result *result)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (result->replicas[i].state == RECONCILE_LOST)
			printf("replica %u took no part: the others lack what it alone holds, and "
			       "it lacks what is new on them, until repair runs with it\n",
			       i);
		else if (result->replicas[i].is_copy)
			printf("replica %u " REPORT_COPY "\n", i);
}

static bool is_refused(const struct reconcile_result *result)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (result->replicas[i].refusal != STATUS_OK)
			return true;
	return false;
}

static bool is_behind(const struct reconcile_result *result)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (result->replicas[i].is_behind)
			return true;
	return false;
}

/* What --check and --status say by their exit status of those who were compared. */
static enum exit_status judge_check(const struct reconcile_result *result)
{
	if (!result->is_ready)
		return EXIT_NO_REPLICA;
	if (!result->is_same)
		return EXIT_REFUSED;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (result->replicas[i].state != RECONCILE_READY || result->replicas[i].is_copy)
			return EXIT_FEWER;
	return EXIT_DONE;
}

/* How those that took part differ: as groups that hold the same. */
static void print_differ(const struct reconcile_result *result, const char *still)
{
	const struct reconcile_replica *r = result->replicas;
	uint32_t same[RECONCILE_MAX]; /* how many others hold what this one holds */
	uint32_t odd = RECONCILE_MAX;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		same[i] = 0;
		for (uint32_t k = 0; k < RECONCILE_MAX; k++)
			same[i] += k != i && memcmp(r[i].digest, r[k].digest, KEY_SIZE) == 0;
	}
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (same[i] == 0 && same[(i + 1) % RECONCILE_MAX] > 0)
			odd = i;
	if (reconcile_ready(result) < RECONCILE_MAX)
		printf("two replicas %sdiffer\n", still);
	else if (odd < RECONCILE_MAX)
		printf("replica %u %sdiffers from the other two\n", odd, still);
	else
		printf("all three replicas %sdiffer\n", still);
}

/* Facts that still differed in the last pass came during the run. All facts from before the run are
 * stored on all replicas, unless a replica has refused them. */
static enum exit_status judge(const struct repair_options *o, const struct reconcile_result *result)
{
	const char *who = reconcile_ready(result) == RECONCILE_MAX ? "all three replicas"
	                                                           : "two replicas";

	if (!result->is_ready) {
		printf("fewer than two replicas took part: nothing is known\n");
		return EXIT_NO_REPLICA;
	}
	if (result->is_same)
		printf("%s hold the same\n", who);
	else if (o->mend.check)
		print_differ(result, "");
	else if (is_refused(result))
		print_differ(result, "still ");
	else if (is_behind(result))
		printf("%s differ by what an earlier release does not know\n", who);
	else
		printf("%s are in use: what differed was copied, more came meanwhile\n", who);
	print_left_open(result);
	if (o->mend.check)
		return judge_check(result);
	return result->is_same || !is_refused(result) ? EXIT_DONE : EXIT_REFUSED;
}

static enum exit_status report(const struct repair_options *o,
                               const struct reconcile_result *result, uint64_t ms)
{
	uint64_t moved = 0;
	enum exit_status status;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		print_replica(o, result, i);
		moved += result->replicas[i].bytes_in + result->replicas[i].bytes_out;
	}
	printf("%ju bytes moved in %u pass%s, %ju.%03ju s\n", (uintmax_t)moved, result->passes,
	       result->passes == 1 ? "" : "es", (uintmax_t)ms / 1000, (uintmax_t)ms % 1000);
	status = judge(o, result);
	must_be_printed();
	return status;
}

/* ---- what is to be done ---- */

static void run(struct loop *l, const struct mend_options *o, struct store *collect,
                struct reconcile_result *result, uint64_t *ms)
{
	uint8_t seed[KEY_SIZE];

	if (!file_random(seed, KEY_SIZE))
		die(EXIT_REFUSED, "the system gives no random numbers");
	mend_run(l, o, seed, collect, result, ms);
	explicit_bzero(seed, sizeof seed);
}

/* Copies all facts but the accounts that nobody confirmed, and what stands in their mailboxes.
 * Gives how many these accounts are. */
static uint64_t copy_without(const struct loop *l, const struct store *from, struct store *to)
{
	struct store_key key = { 0 };
	struct fact fact;
	uint64_t count = 0;

	while (store_next(from, &key, &fact)) {
		bool left = unconfirmed_is(from, &key.account, loop_clock_ms(l), HOUR_MS);

		count += left && fact.kind == FACT_ACCOUNT;
		if (!left)
			(void)store_apply(to, &fact, NULL); /* it is new there */
	}
	return count;
}

/* ---- accounts that were never confirmed ---- */

/* For what goes on without those who take no part. */
static void warn_of_lost(const struct repair_options *o, const struct reconcile_result *result,
                         const char *what)
{
	char why[ESCAPED_SIZE];

	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (result->replicas[i].state == RECONCILE_LOST)
			log_own(LOG_WARNING, "replica %u (%s): %s: %s; %s", i, o->targets[i].text,
			        how_lost(&result->replicas[i]), reason(&result->replicas[i], why),
			        what);
}

static enum exit_status list_unconfirmed(struct loop *l, const struct repair_options *o)
{
	struct store *store = store_new();
	struct reconcile_result result;
	struct unconfirmed u;
	struct account account;
	char text[ID_TEXT_SIZE + 1];
	uint64_t ms;

	run(l, &o->mend, store, &result, &ms);
	if (!result.is_ready)
		die(EXIT_NO_REPLICA, "no replica took part: nothing is known");
	unconfirmed_find(store, loop_clock_ms(l), 0, &u);
	for (size_t i = 0; i < u.count; i++) {
		(void)store_find(store, &u.ids[i], &account, NULL);
		id_to_text(&u.ids[i], text);
		printf("%s %ju %.*s%s\n", text,
		       (uintmax_t)unconfirmed_age_ms(loop_clock_ms(l), &u.ids[i]) / 1000,
		       (int)account.name.size, (const char *)account.name.data,
		       u.used[i] ? " used" : "");
	}
	warn_of_lost(o, &result, "it may have confirmed some");
	unconfirmed_release(&u);
	store_free(store);
	must_be_printed();
	return EXIT_DONE;
}

/* Puts the facts that these accounts have lapsed into `facts`; gives how many. *left: more than
 * are brought in one run. */
static uint64_t put_lapsed(const struct store *all, const struct unconfirmed *u, bool used_too,
                           struct buf *facts, bool *left)
{
	struct fact fact = { .kind = FACT_ACCOUNT };
	uint64_t count = 0;

	*left = false;
	for (size_t i = 0; i < u->count; i++) {
		if (u->used[i] && !used_too)
			continue;
		(void)store_find(all, &u->ids[i], &fact.account, NULL);
		fact.account.lapsed = true;
		*left = facts->size > BRING_SIZE_MAX - FACT_SIZE_MAX;
		if (*left || !protocol_put_fact(facts, &fact))
			break;
		count++;
	}
	return count;
}

/* It is looked at all three first, because one may have confirmed what the others have not. What
 * has lapsed is a fact like others, so a replica that goes away now learns it by a later repair;
 * and an account that is confirmed all the same, by a replica whose clock is wrong, lives. */
static enum exit_status remove_unconfirmed(struct loop *l, const struct repair_options *o)
{
	struct mend_options mend = o->mend;
	struct store *store = store_new();
	struct reconcile_result result;
	struct unconfirmed u;
	struct buf facts;
	uint64_t count;
	uint64_t ms;
	bool left;

	run(l, &o->mend, store, &result, &ms);
	if (reconcile_ready(&result) < RECONCILE_MAX)
		die(EXIT_NO_REPLICA, "a replica took no part, and may have confirmed what the "
		                     "others have not: nothing is removed");
	unconfirmed_find(store, loop_clock_ms(l), o->remove_days * DAY_MS, &u);
	buf_init(&facts, BRING_SIZE_MAX);
	count = put_lapsed(store, &u, o->used_too, &facts, &left);
	mend.bring = buf_view(&facts);
	run(l, &mend, NULL, &result, &ms);
	explicit_bzero(&mend, sizeof mend);
	printf("%s: %ju of %zu accounts that were never confirmed and are so old%s\n",
	       reconcile_ready(&result) == RECONCILE_MAX ? "removed" : "perhaps removed",
	       (uintmax_t)count, u.count, left ? "; run it again for the rest" : "");
	buf_release(&facts);
	unconfirmed_release(&u);
	store_free(store);
	return report(o, &result, ms);
}

/* What the replicas hold goes to `store`, of a backup. */
static void collect(struct loop *l, const struct repair_options *o, struct store *store,
                    struct reconcile_result *result)
{
	struct store *all = o->leave_out ? store_new() : store;
	uint64_t ms;

	run(l, &o->mend, all, result, &ms);
	if (!o->leave_out)
		return;
	if (reconcile_ready(result) == RECONCILE_MAX)
		printf("%ju accounts were never confirmed, and are left out\n",
		       (uintmax_t)copy_without(l, all, store));
	store_free(all);
}

/* Says beside the data which key belongs to it. On failure nothing is left of the backup. */
static bool note_key(const struct repair_options *o, struct backup *backup, char err[ERR_SIZE])
{
	char cluster[AUTH_CLUSTER_TEXT_SIZE];
	char note[sizeof KEY_SENTENCE + AUTH_CLUSTER_TEXT_SIZE];

	auth_cluster_text(o->mend.key, cluster);
	(void)snprintf(note, sizeof note, KEY_SENTENCE, cluster);
	if (backup_note(backup, note, err) == 0)
		return true;
	backup_abandon(backup);
	return false;
}

static enum exit_status back_up(struct loop *l, const struct repair_options *o)
{
	struct store *store = store_new();
	struct reconcile_result result;
	struct store_totals totals;
	struct backup *backup;
	char cluster[AUTH_CLUSTER_TEXT_SIZE];
	char err[ERR_SIZE];

	backup = backup_begin(o->backup, store, err);
	if (backup == NULL)
		die(EXIT_REFUSED, err);
	collect(l, o, store, &result);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		print_replica(o, &result, i);
	if (o->leave_out && reconcile_ready(&result) < RECONCILE_MAX) {
		backup_abandon(backup);
		die(EXIT_NO_REPLICA,
		    "a replica took no part, and may have confirmed what the others "
		    "have not: there is no backup");
	}
	if (!result.is_ready) {
		backup_abandon(backup);
		die(EXIT_NO_REPLICA, "no replica took part: there is no backup");
	}
	store_totals(store, &totals);
	if (!note_key(o, backup, err) || backup_end(backup, err) < 0)
		die(EXIT_REFUSED, err);
	printf("the union of %u replicas, %ju elements, is in '%s'\n", reconcile_ready(&result),
	       (uintmax_t)totals.facts, o->backup);
	auth_cluster_text(o->mend.key, cluster);
	printf(KEY_SENTENCE, cluster);
	print_left_open(&result);
	store_free(store);
	must_be_printed();
	return EXIT_DONE;
}

static enum exit_status run_once(struct loop *l, const struct repair_options *o)
{
	struct reconcile_result result;
	uint64_t ms;

	run(l, &o->mend, NULL, &result, &ms);
	return report(o, &result, ms);
}

/* What is not empty; must_be_printed tells of failure. */
static void print_buf(const struct buf *text)
{
	(void)fwrite(text->data, 1, text->size, stdout);
}

/* ---- all accounts ---- */

/* The smallest share that a replica of the cluster gives: what a sender meets first. */
static void find_accounts(const struct store *store, const struct reconcile_result *result,
                          struct accounts *accounts)
{
	uint32_t share_messages = UINT32_MAX;
	uint64_t share_bytes = UINT64_MAX;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct reconcile_replica *replica = &result->replicas[i];

		if (replica->state != RECONCILE_READY)
			continue;
		if (replica->share_messages < share_messages)
			share_messages = replica->share_messages;
		if (replica->share_bytes < share_bytes)
			share_bytes = replica->share_bytes;
	}
	accounts_find(store, share_messages, share_bytes, accounts);
}

/* Who was there when all was read, and has gone before it told when it saw the accounts. */
static void lose_untold(struct reconcile_result *result, const struct reconcile_result *seen)
{
	uint32_t told = 0;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		struct reconcile_replica *replica = &result->replicas[i];
		const struct reconcile_replica *later = &seen->replicas[i];

		told += later->has_seen;
		if (replica->state != RECONCILE_READY || later->has_seen)
			continue;
		replica->state = RECONCILE_LOST;
		memcpy(replica->why, later->why, sizeof replica->why);
	}
	if (told == 0)
		die(EXIT_NO_REPLICA, "no replica is left: when accounts logged in is not known");
}

/* First all facts are read, to know whom to ask about; then each replica is asked when it last saw
 * them. */
static enum exit_status list_accounts(struct loop *l, const struct repair_options *o)
{
	struct mend_options mend = o->mend;
	struct store *store = store_new();
	struct reconcile_result result;
	struct reconcile_result seen;
	struct accounts accounts;
	uint64_t ms;

	run(l, &o->mend, store, &result, &ms);
	if (!result.is_ready)
		die(EXIT_NO_REPLICA, "no replica took part: nothing is known");
	find_accounts(store, &result, &accounts);
	mend.check = true;
	mend.ids = accounts.ids;
	mend.seen = accounts.seen;
	mend.id_count = accounts.count;
	if (accounts.count > 0)
		run(l, &mend, NULL, &seen, &ms);
	explicit_bzero(&mend, sizeof mend);
	if (accounts.count > 0)
		lose_untold(&result, &seen);
	accounts_print(&accounts, o->json);
	warn_of_lost(o, &result, "it may know of later log-ins, and of more messages");
	accounts_release(&accounts);
	store_free(store);
	must_be_printed();
	return EXIT_DONE;
}

/* ---- how each replica is ---- */

static void fill_report(const struct repair_options *o, const struct reconcile_result *result,
                        struct report *report)
{
	*report = (struct report){ .is_same = result->is_same && result->is_ready };
	auth_cluster_text(o->mend.key, report->cluster);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct reconcile_replica *replica = &result->replicas[i];

		report->replicas[i] = (struct report_replica){
			.address = o->targets[i].text,
			.why = replica->why,
			.is_live = replica->state == RECONCILE_READY,
			.is_copy = replica->is_copy,
			.is_refused = replica->is_refused,
			.has_figures = replica->has_figures,
			.figures = &replica->figures,
			.facts = replica->elements,
			.lacks = replica->missing,
			.digest = replica->digest,
		};
	}
}

static enum exit_status show_status(struct loop *l, const struct repair_options *o)
{
	struct mend_options mend = o->mend;
	struct reconcile_result result;
	struct report report;
	struct buf text;
	uint64_t ms;

	mend.check = true;
	mend.figures = true;
	run(l, &mend, NULL, &result, &ms);
	explicit_bzero(&mend, sizeof mend);
	fill_report(o, &result, &report);
	buf_init(&text, REPORT_SIZE_MAX);
	if (o->json)
		report_json(&text, &report);
	else if (o->prometheus)
		report_prometheus(&text, &report);
	else
		report_text(&text, &report);
	print_buf(&text);
	buf_release(&text);
	must_be_printed();
	return judge_check(&result);
}

static _Noreturn void run_for_ever(struct loop *l, const struct repair_options *o)
{
	for (;;) {
		(void)run_once(l, o); /* it has said how it ended; the next run may do better */
		loop_turn(l, 0);
		uint64_t until_ms = loop_now_ms(l) + o->every_ms;

		while (loop_now_ms(l) < until_ms)
			loop_turn(l, until_ms);
	}
}

static enum exit_status set_password(struct loop *l, const struct repair_options *o)
{
	return reset_password(l, &o->mend, o->set_password, o->password_file);
}

static enum exit_status invite(struct loop *l, const struct repair_options *o)
{
	return invite_print(o->mend.key, loop_clock_ms(l) + o->invite_days * DAY_MS);
}

static enum exit_status remove_one(struct loop *l, const struct repair_options *o)
{
	return remove_account(l, &o->mend, o->remove, o->is_sure);
}

/* ---- the whole ---- */

/* What the program may be asked to do instead of a repair: by an option that is there. */
static const struct job {
	const char *option;
	const bool *flag; /* or */
	const char **text;
	const uint64_t *number;
	bool repeats; /* --every may stand beside it */
	enum exit_status (*run)(struct loop *l, const struct repair_options *o);
} jobs[] = {
	{ .option = "check", .flag = &given.mend.check, .repeats = true, .run = run_once },
	{ .option = "status", .flag = &given.status, .run = show_status },
	{ .option = "accounts", .flag = &given.accounts, .run = list_accounts },
	{ .option = "backup", .text = &given.backup, .run = back_up },
	{ .option = "unconfirmed", .flag = &given.unconfirmed, .run = list_unconfirmed },
	{ .option = "remove-unconfirmed", .number = &given.remove_days, .run = remove_unconfirmed },
	{ .option = "invite", .number = &given.invite_days, .run = invite },
	{ .option = "set-password", .text = &given.set_password, .run = set_password },
	{ .option = "remove", .text = &given.remove, .run = remove_one },
};
enum { JOBS = sizeof jobs / sizeof jobs[0] };

static bool is_wanted(const struct job *job)
{
	return (job->flag != NULL && *job->flag) || (job->text != NULL && *job->text != NULL) ||
	       (job->number != NULL && *job->number != 0);
}

/* The job that is wanted; NULL: a repair. */
static const struct job *wanted(void)
{
	for (const struct job *job = jobs; job < jobs + JOBS; job++)
		if (is_wanted(job))
			return job;
	return NULL;
}

static void exclude(void)
{
	const struct job *first = wanted();

	if (first == NULL)
		return;
	for (const struct job *job = first + 1; job < jobs + JOBS; job++)
		if (is_wanted(job))
			options_wrong("'--%s' and '--%s' exclude each other", first->option,
			              job->option);
	if (given.every_ms != 0 && !first->repeats)
		options_wrong("'--%s' and '--every' exclude each other", first->option);
}

/* Help, version and mistakes end the program; nothing has been dialled then. */
static void read_options(int argc, char **argv)
{
	struct repair_options *o = &given;
	static const struct options options = { .program = "repair",
		                                .usage = "HOST PORT HOST PORT HOST PORT",
		                                .purpose = purpose,
		                                .notes = notes,
		                                .rows = rows };
	int first;

	first = options_read(&options, argc, argv);
	exclude();
	if (o->json && !o->status && !o->accounts)
		options_wrong("'--json' needs '--status' or '--accounts'");
	if (o->prometheus && !o->status)
		options_wrong("'--prometheus' needs '--status'");
	if (o->json && o->prometheus)
		options_wrong("'--json' and '--prometheus' exclude each other");
	if (o->password_file != NULL && o->set_password == NULL)
		options_wrong("'--password-file' needs '--set-password'");
	if (o->is_sure && o->remove == NULL)
		options_wrong("'--yes' needs '--remove'");
	if (o->used_too && o->remove_days == 0)
		options_wrong("'--used-too' needs '--remove-unconfirmed'");
	if (o->leave_out && o->backup == NULL)
		options_wrong("'--leave-out-unconfirmed' needs '--backup'");
	if (o->invite_days == 0)
		dial_targets_read(o->targets, argc - first, argv + first, false);
	else if (argc != first)
		options_wrong("'--invite' asks no server: no HOST and PORT are expected");
}

static void read_key(struct repair_options *o)
{
	static char path[KEY_PATH_SIZE];
	char err[ERR_SIZE];

	if (o->key == NULL && !key_look(path, err))
		die(EXIT_NO_REPLICA, err);
	o->mend.key_file = o->key == NULL ? path : o->key;
	if (key_read(o->mend.key_file, o->mend.key, err) != KEY_OK)
		die(EXIT_NO_REPLICA, err);
}

int main(int argc, char **argv)
{
	struct repair_options *o = &given;
	const struct job *job;
	struct loop *loop;
	enum exit_status status;

	sandbox_hide_memory();
	read_options(argc, argv);
	job = wanted();
	log_open(LOG_INFO);
	umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow: a write tells */
	read_key(o);
	loop = loop_new();
	if (loop == NULL)
		die(EXIT_REFUSED, "the system gives no descriptor for the loop");
	if (o->every_ms != 0)
		run_for_ever(loop, o);
	status = job == NULL ? run_once(loop, o) : job->run(loop, o);
	explicit_bzero(o->mend.key, sizeof o->mend.key);
	loop_free(loop);
	return (int)status;
}
