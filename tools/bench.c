/* SPDX-License-Identifier: MIT
 *
 * bench: a closed-loop load generator. load does the work of one process. This file reads the
 * command line, starts as many processes as the limit of open files makes necessary, and prints
 * the figures.
 *
 * Each of several processes prepares its part and says so. When all are prepared, all begin. The
 * tally of each comes back through a pipe.
 */
#include "tools/load.h"

#include "io/log.h"
#include "io/options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PROCESSES_MAX = 256,
	SENDERS_MAX = 100000,
	DEPTH_MAX = 4096,
	USERS_MAX = 10000000,
};

struct child {
	pid_t pid;
	int from; /* 'r' when it is ready, then its tally */
	int to;   /* 'g' */
};

static _Noreturn void die(const char *what)
{
	log_own(LOG_ERROR, "%s: %s", what, strerror(errno));
	exit(EXIT_REFUSED);
}

/* ---- the command line ---- */

static const char purpose[] =
	"Loads the three replicas of a Threefold chat and says how fast they are. Each of C\n"
	"senders keeps D requests in flight. The accounts that it makes are new ones and stay.\n";

static const char notes[] =
	"Modes:\n"
	"  store     messages to N recipients who are not logged in; counts acknowledgements\n"
	"  live      messages to one recipient each who is logged in; counts what was shown\n"
	"  login     each logs in and out again, one at a time; counts log-ins\n"
	"  list      each lists the N accounts of this run; counts lists\n"
	"  idle      C clients log in, stay for S seconds and do nothing; counts clients\n"
	"  failover  as store; it is for whoever started the servers to kill them meanwhile\n"
	"\n"
	"With --json the last line is an object; {\"event\": \"ready\"} comes before it, when the\n"
	"accounts are there and the load begins.\n"
	"\n"
	"Exit status:\n"
	"  0  measured\n"
	"  1  the accounts could not be made, or nothing was answered\n"
	"  2  the command line is wrong, or no host is known\n"
	"  3  no replica could be reached\n";

static const char *const mode_names[LOAD_MODE_END] = {
	[LOAD_STORE] = "store", [LOAD_LIVE] = "live", [LOAD_LOGIN] = "login",
	[LOAD_LIST] = "list",   [LOAD_IDLE] = "idle", [LOAD_FAILOVER] = "failover",
};

/* What the command line says. */
static struct load_options given = {
	.senders = 1, .depth = 1, .text_size = 100, .measure_ms = 2000, .users = 1000, .to = 1
};
static const char *given_mode; /* NULL: none */

static const struct option_row rows[] = {
	{ .name = "mode",
	  .kind = OPTION_TEXT,
	  .argument = "MODE",
	  .help = "what is measured, see below (store)",
	  .text = &given_mode },
	{ .name = "senders",
	  .kind = OPTION_NUMBER,
	  .argument = "C",
	  .help = "senders, each with a session of its own (1)",
	  .number = &given.senders,
	  .min = 1,
	  .max = SENDERS_MAX },
	{ .name = "depth",
	  .kind = OPTION_NUMBER,
	  .argument = "D",
	  .help = "requests in flight of each (1)",
	  .number = &given.depth,
	  .min = 1,
	  .max = DEPTH_MAX },
	{ .name = "text",
	  .kind = OPTION_NUMBER,
	  .argument = "BYTES",
	  .help = "size of a message's text (100)",
	  .number = &given.text_size,
	  .min = 1,
	  .max = TEXT_SIZE_MAX },
	{ .name = "seconds",
	  .kind = OPTION_SECONDS,
	  .argument = "S",
	  .help = "how long is measured, after a warm-up of a\n"
	          "quarter of it, at most half a second (2)",
	  .number = &given.measure_ms,
	  .min = 1,
	  .max = 86400000 },
	{ .name = "users",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .help = "recipients, or accounts to be listed (1000)",
	  .number = &given.users,
	  .min = 1,
	  .max = USERS_MAX },
	{ .name = "to",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .help = "recipients of each message of store and failover (1)",
	  .number = &given.to,
	  .min = 1,
	  .max = RECIPIENTS_MAX },
	{ .name = "json",
	  .kind = OPTION_FLAG,
	  .help = "figures as one JSON object, as the last line",
	  .flag = &given.json },
	{ .name = NULL },
};

static const struct options options = { .program = "bench",
	                                .usage = "HOST PORT HOST PORT HOST PORT",
	                                .purpose = purpose,
	                                .notes = notes,
	                                .rows = rows };

static enum load_mode mode_of(const char *name)
{
	for (unsigned i = 0; i < LOAD_MODE_END; i++)
		if (strcmp(name, mode_names[i]) == 0)
			return (enum load_mode)i;
	options_wrong("mode '%.32s' is none of store, live, login, list, idle and failover", name);
}

/* Help, version and mistakes end the program. */
static const struct load_options *read_options(int argc, char **argv)
{
	int first = options_read(&options, argc, argv);

	if (given_mode != NULL)
		given.mode = mode_of(given_mode);
	if (given.mode == LOAD_LOGIN)
		given.depth = 1; /* nobody logs in twice at a time */
	if (given.to > given.users)
		options_wrong("a message cannot go to %ju of %ju recipients", (uintmax_t)given.to,
		              (uintmax_t)given.users);
	dial_targets_read(given.targets, argc - first, argv + first, true);
	return &given;
}

/* ---- processes ---- */

/* Raises the limit of open files as far as it may, and counts the processes that this takes. */
static uint32_t count_processes(const struct load_options *o)
{
	struct rlimit limit;
	uint64_t processes = 1;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		die("the limit of open files is not known");
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* if it fails there are more processes */
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		die("the limit of open files is not known");
	while (load_descriptors(o, processes) > limit.rlim_cur && processes < PROCESSES_MAX)
		processes++;
	return (uint32_t)processes;
}

static void start_child(const struct load_options *o, const struct load_key *key,
                        struct load_share share, struct child *child)
{
	struct tally tally = { .count = 0 };
	int from[2];
	int to[2];

	if (pipe(from) != 0 || pipe(to) != 0)
		die("no pipe");
	child->pid = fork();
	if (child->pid < 0)
		die("no process");
	child->from = from[0];
	child->to = to[1];
	if (child->pid > 0) {
		(void)close(from[1]);
		(void)close(to[0]);
		return;
	}
	(void)close(from[0]);
	(void)close(to[1]);
	share.ready_fd = from[1];
	share.go_fd = to[0];
	load_run(o, key, &share, &tally);
	_exit(tally_write(&tally, from[1]) ? EXIT_DONE : EXIT_REFUSED);
}

/* Ends with the status of a child that has failed. The child has said why. */
static _Noreturn void end_with(const struct child *child)
{
	int status = 0;

	(void)waitpid(child->pid, &status, 0);
	exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_REFUSED);
}

static void run_processes(const struct load_options *o, const struct load_key *key,
                          uint32_t processes, struct tally *tally)
{
	struct child children[PROCESSES_MAX];
	char byte;

	for (uint32_t i = 0; i < processes; i++)
		start_child(o, key, (struct load_share){ .process = i, .processes = processes },
		            &children[i]);
	for (uint32_t i = 0; i < processes; i++)
		if (read(children[i].from, &byte, 1) != 1)
			end_with(&children[i]);
	load_announce(o);
	for (uint32_t i = 0; i < processes; i++)
		if (write(children[i].to, "g", 1) != 1)
			end_with(&children[i]);
	for (uint32_t i = 0; i < processes; i++)
		if (!tally_read(tally, children[i].from))
			end_with(&children[i]);
	for (uint32_t i = 0; i < processes; i++)
		(void)waitpid(children[i].pid, NULL, 0); /* its tally was whole */
}

/* ---- what is printed ---- */

static void print_json(const struct load_options *o, const struct tally *t, double rate)
{
	(void)printf("{\"mode\": \"%s\", \"senders\": %ju, \"depth\": %ju, \"text\": %ju, "
	             "\"to\": %ju, \"seconds\": %.3f, \"messages\": %zu, \"rate\": %.1f, ",
	             mode_names[o->mode], (uintmax_t)o->senders, (uintmax_t)o->depth,
	             (uintmax_t)o->text_size, (uintmax_t)o->to, (double)t->measured_ns / 1e9,
	             t->count, rate);
	(void)printf("\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, "
	             "\"errors\": %ju, \"longest_pause_us\": %.1f}\n",
	             tally_percentile(t, 50), tally_percentile(t, 90), tally_percentile(t, 99),
	             tally_percentile(t, 100), (uintmax_t)t->errors,
	             (double)t->longest_pause_ns / 1e3);
}

static void print_table(const struct load_options *o, const struct tally *t, double rate)
{
	static const char *const counted[LOAD_MODE_END] = {
		[LOAD_STORE] = "messages acknowledged",
		[LOAD_LIVE] = "messages shown",
		[LOAD_LOGIN] = "log-ins",
		[LOAD_LIST] = "lists",
		[LOAD_IDLE] = "clients logged in",
		[LOAD_FAILOVER] = "messages acknowledged",
	};

	(void)printf("%s: %ju senders x %ju in flight, texts of %ju bytes to %ju, %.3f s\n\n",
	             mode_names[o->mode], (uintmax_t)o->senders, (uintmax_t)o->depth,
	             (uintmax_t)o->text_size, (uintmax_t)o->to, (double)t->measured_ns / 1e9);
	(void)printf("  %-24s %14zu\n", counted[o->mode], t->count);
	(void)printf("  %-24s %14.0f\n", "a second", rate);
	(void)printf("  %-24s %14ju\n", "errors", (uintmax_t)t->errors);
	(void)printf("  %-24s %14.1f us\n", "latency min", tally_percentile(t, 0));
	(void)printf("  %-24s %14.1f us\n", "        p50", tally_percentile(t, 50));
	(void)printf("  %-24s %14.1f us\n", "        p90", tally_percentile(t, 90));
	(void)printf("  %-24s %14.1f us\n", "        p99", tally_percentile(t, 99));
	(void)printf("  %-24s %14.1f us\n", "        max", tally_percentile(t, 100));
	(void)printf("  %-24s %14.1f us\n", "longest pause", (double)t->longest_pause_ns / 1e3);
}

int main(int argc, char **argv)
{
	struct load_share alone = { .processes = 1, .ready_fd = -1, .go_fd = -1 };
	struct tally tally = { .count = 0 };
	const struct load_options *o;
	struct load_key key;
	uint32_t processes;
	double rate;
	bool is_measured;

	log_open(LOG_INFO);
	o = read_options(argc, argv);
	(void)signal(SIGPIPE, SIG_IGN);
	load_key_make(&key);
	processes = count_processes(o);
	if (processes == 1)
		load_run(o, &key, &alone, &tally);
	else
		run_processes(o, &key, processes, &tally);
	tally_sort(&tally);
	rate = tally.measured_ns == 0 ? 0 : (double)tally.count * 1e9 / (double)tally.measured_ns;
	if (o->json)
		print_json(o, &tally, rate);
	else
		print_table(o, &tally, rate);
	is_measured = tally.count > 0;
	tally_release(&tally);
	return is_measured ? EXIT_DONE : EXIT_REFUSED;
}
