/* SPDX-License-Identifier: MIT
 *
 * bench: a closed-loop load generator. tools/load.c does the work of one process; this file reads
 * what is to be done, starts as many processes as the limit of open files asks for, and prints.
 *
 * With several processes each prepares its part and says so; when all have, all begin. What they
 * have measured comes back through a pipe each.
 */
#include "tools/bench.h"

#include "io/log.h"
#include "io/options.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES_MAX = 256 };

struct child {
	pid_t pid;
	int from; /* 'r' when it is ready, then its tally */
	int to;   /* 'g' */
};

static _Noreturn void die(const char *what)
{
	log_plain(LOG_ERROR, "bench: %s: %s", what, strerror(errno));
	exit(EXIT_REFUSED);
}

static void make_key(struct bench_key *key)
{
	static const char password[] = BENCH_PASSWORD;
	uint8_t random[16 + 4];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		die("no random numbers");
	auth_setting_make(random, key->setting);
	(void)snprintf(key->tag, sizeof(key->tag), "b%02x%02x%02x%02x", random[16], random[17],
	               random[18], random[19]);
	if (!auth_stretch(view_of_string(password), view_of_string(key->setting), key->stretched))
		die("crypt(3) does not know yescrypt");
}

/* As many descriptors as this process may have; how many processes it takes with that. */
static uint32_t count_processes(const struct bench_options *o)
{
	struct rlimit limit;
	uint64_t processes = 1;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		die("the limit of open files is not known");
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* a wish: more processes do, too */
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		die("the limit of open files is not known");
	while (bench_descriptors(o, processes) > limit.rlim_cur && processes < PROCESSES_MAX)
		processes++;
	return (uint32_t)processes;
}

/* ---- processes ---- */

static void start_child(const struct bench_options *o, const struct bench_key *key,
                        struct bench_share share, struct child *child)
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
	bench_run(o, key, &share, &tally);
	_exit(tally_write(&tally, from[1]) ? EXIT_DONE : EXIT_REFUSED);
}

/* Ends with the status of a child that did not get so far; it has said why. */
static _Noreturn void end_with(const struct child *child)
{
	int status = 0;

	(void)waitpid(child->pid, &status, 0);
	exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_REFUSED);
}

static void run_processes(const struct bench_options *o, const struct bench_key *key,
                          uint32_t processes, struct tally *tally)
{
	struct child children[PROCESSES_MAX];
	char byte;

	for (uint32_t i = 0; i < processes; i++)
		start_child(o, key, (struct bench_share){ .process = i, .processes = processes },
		            &children[i]);
	for (uint32_t i = 0; i < processes; i++)
		if (read(children[i].from, &byte, 1) != 1)
			end_with(&children[i]);
	bench_announce(o);
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

void bench_announce(const struct bench_options *o)
{
	if (!o->json)
		return;
	(void)puts("{\"event\": \"ready\"}");
	(void)fflush(stdout);
}

static void print_json(const struct bench_options *o, const struct tally *t, double rate)
{
	(void)printf("{\"mode\": \"%s\", \"senders\": %ju, \"depth\": %ju, \"text\": %ju, "
	             "\"seconds\": %.3f, \"messages\": %zu, \"rate\": %.1f, \"p50_us\": %.1f, "
	             "\"p90_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, \"errors\": %ju, "
	             "\"longest_pause_us\": %.1f}\n",
	             bench_mode_names[o->mode], (uintmax_t)o->senders, (uintmax_t)o->depth,
	             (uintmax_t)o->text_size, (double)t->measured_ns / 1e9, t->count, rate,
	             tally_percentile(t, 50), tally_percentile(t, 90), tally_percentile(t, 99),
	             tally_percentile(t, 100), (uintmax_t)t->errors,
	             (double)t->longest_pause_ns / 1e3);
}

static void print_table(const struct bench_options *o, const struct tally *t, double rate)
{
	static const char *const counted[BENCH_MODE_END] = {
		[BENCH_STORE] = "messages acknowledged",
		[BENCH_LIVE] = "messages shown",
		[BENCH_LOGIN] = "log ins",
		[BENCH_LIST] = "lists",
		[BENCH_IDLE] = "clients logged in",
		[BENCH_FAILOVER] = "messages acknowledged",
	};

	(void)printf("%s: %ju senders x %ju in flight, texts of %ju bytes, %.3f s\n\n",
	             bench_mode_names[o->mode], (uintmax_t)o->senders, (uintmax_t)o->depth,
	             (uintmax_t)o->text_size, (double)t->measured_ns / 1e9);
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
	struct bench_share alone = { .processes = 1, .ready_fd = -1, .go_fd = -1 };
	struct tally tally = { .count = 0 };
	struct bench_options options;
	struct bench_key key;
	uint32_t processes;
	double rate;
	bool is_measured;

	log_open(LOG_INFO);
	bench_options_read(&options, argc, argv);
	(void)signal(SIGPIPE, SIG_IGN);
	make_key(&key);
	processes = count_processes(&options);
	if (processes == 1)
		bench_run(&options, &key, &alone, &tally);
	else
		run_processes(&options, &key, processes, &tally);
	tally_sort(&tally);
	rate = tally.measured_ns == 0 ? 0 : (double)tally.count * 1e9 / (double)tally.measured_ns;
	if (options.json)
		print_json(&options, &tally, rate);
	else
		print_table(&options, &tally, rate);
	is_measured = tally.count > 0;
	tally_release(&tally);
	return is_measured ? EXIT_DONE : EXIT_REFUSED;
}
