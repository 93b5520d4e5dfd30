/* SPDX-License-Identifier: MIT
 *
 * simulate: hunts for schedules in which a promise breaks.
 *
 *   simulate --seed N [--trace]         one run; with its trace
 *   simulate --seeds FROM COUNT         many, on as many processors as --jobs says
 *   simulate --tap COUNT                the same as tests: TAP
 *   simulate-bugs --bug NAME ...        with one deliberate bug (tests/simulate/bugs.c), until it
 *                                       is found
 *   simulate-bugs --tap-bugs [--afresh] each of them must be found: TAP. The seed that is known
 *                                       to find it comes first, or is forgotten
 *
 * A violation prints the seed, the step, what was violated, and the last lines of the trace; the
 * same seed replays it to the last byte. A run is in a process of its own, so that a failed
 * assertion is a violation like any other.
 */
#include "tests/simulate/simulate.h"
#include "tests/simulate/bugs.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINES = 100, LINE_SIZE = 240, JOBS_MAX = 64, REPLAYED_MAX = 3, RARE = 10000, NEAR = 100 };

static uint64_t failures_max = 20;

static struct {
	char lines[LINES][LINE_SIZE];
	uint64_t count;
	bool on;
} kept; /* the last lines of the trace */

/* What the processes of this run share. */
static struct shared {
	struct {
		uint64_t seed;
		uint64_t step;
		bool running;
		struct sim_produced produced;
	} jobs[JOBS_MAX];
	uint64_t failures;
	uint64_t found; /* the smallest seed of a violation; 0: none */
	uint64_t stop;  /* nobody begins another run */
	bool quiet;
} * shared;

static uint64_t *current_step;

void sim_hash(struct sim *s, const void *data, size_t size)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < size; i++)
		s->hash = (s->hash ^ at[i]) * UINT64_C(0x100000001b3);
	if (current_step)
		*current_step = s->step;
}

void sim_trace(struct sim *s, const char *format, ...)
{
	char *line;
	va_list args;
	int size;

	if (!s->options.trace && !kept.on)
		return;
	line = kept.lines[kept.count++ % LINES];
	size = snprintf(line, LINE_SIZE, "%8" PRIu64 " %9" PRIu64 ".%03u ", s->step,
	                s->now / SIM_MS, (unsigned)(s->now % SIM_MS));
	va_start(args, format);
	(void)vsnprintf(line + size, LINE_SIZE - (size_t)size, format, args);
	va_end(args);
	if (s->options.trace)
		puts(line);
}

void sim_fail(struct sim *s, const char *format, ...)
{
	va_list args;

	if (s->failed)
		return;
	s->failed = true;
	va_start(args, format);
	(void)vsnprintf(s->why, sizeof s->why, format, args);
	va_end(args);
	sim_trace(s, "VIOLATED: %s", s->why);
}

static void print_kept(void)
{
	uint64_t from = kept.count > LINES ? kept.count - LINES : 0;

	for (uint64_t i = from; i < kept.count; i++)
		printf("# %s\n", kept.lines[i % LINES]);
}

/* ---- one run ---- */

/* The hash of its trace. */
static uint64_t run_one(const struct sim_options *options, struct sim_produced *produced,
                        char why[1024])
{
	struct sim *s = memory_alloc_zero(1, sizeof *s);
	uint64_t hash;

	s->options = *options;
	s->produced = produced;
	sim_run(s);
	hash = s->hash;
	if (why)
		(void)snprintf(why, sizeof s->why, "%s", s->why);
	sim_release(s);
	memory_free(s);
	return hash;
}

static void on_abort(int signal_number)
{
	(void)signal_number;
	if (kept.on)
		print_kept();
	(void)fflush(stdout);
	_exit(99);
}

/* Again, in a process of its own, with the trace kept. */
static void replay(const struct sim_options *options)
{
	struct sim_produced *produced = memory_alloc_zero(1, sizeof *produced);
	pid_t child;
	int status;

	(void)fflush(stdout);
	child = fork();
	if (child != 0) {
		(void)waitpid(child, &status, 0);
		free(produced);
		return;
	}
	(void)signal(SIGABRT, on_abort);
	(void)signal(SIGSEGV, on_abort);
	kept.on = true;
	run_one(options, produced, NULL);
	print_kept();
	(void)fflush(stdout);
	_exit(0);
}

static void tell_failure(const struct sim_options *options, uint64_t step, const char *why)
{
	uint64_t failures = __atomic_add_fetch(&shared->failures, 1, __ATOMIC_SEQ_CST);

	if (failures >= failures_max)
		shared->stop = 1;
	if (failures == 1 || options->seed < shared->found)
		shared->found = options->seed;
	if (shared->quiet)
		return;
	printf("# VIOLATION: seed %" PRIu64 ", step %" PRIu64 ": %s\n", options->seed, step, why);
	printf("# replay: tests/simulate%s%s --seed %" PRIu64 " --trace\n",
	       options->calm ? " --calm" : "", options->lies ? " --lies" : "", options->seed);
	if (failures <= REPLAYED_MAX)
		replay(options);
	(void)fflush(stdout);
}

/* ---- many runs ---- */

static void work(const struct sim_options *base, uint32_t job, uint32_t jobs, uint64_t from,
                 uint64_t count)
{
	struct sim_options options = *base;
	char why[1024];

	current_step = &shared->jobs[job].step;
	for (uint64_t i = from; i < count && !shared->stop; i += jobs) {
		options.seed = base->seed + i;
		options.lies = base->lies || options.seed % 4 == 3;
		shared->jobs[job].seed = i;
		shared->jobs[job].running = true;
		run_one(&options, &shared->jobs[job].produced, why);
		shared->jobs[job].running = false;
		if (why[0])
			tell_failure(&options, shared->jobs[job].step, why);
	}
	_exit(0);
}

static pid_t start_job(const struct sim_options *base, uint32_t job, uint32_t jobs, uint64_t from,
                       uint64_t count)
{
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child == 0)
		work(base, job, jobs, from, count);
	return child;
}

/* A run that ended its process is a violation; the job goes on after it. */
static void run_many(const struct sim_options *base, uint64_t count, uint32_t jobs)
{
	pid_t children[JOBS_MAX];
	uint32_t left = jobs;

	for (uint32_t i = 0; i < jobs; i++)
		children[i] = start_job(base, i, jobs, i, count);
	while (left > 0) {
		int status;
		pid_t child = wait(&status);
		uint32_t job = 0;
		struct sim_options options = *base;

		while (job < jobs && children[job] != child)
			job++;
		assert(job < jobs);
		if (!shared->jobs[job].running) {
			left--;
			continue;
		}
		options.seed = base->seed + shared->jobs[job].seed;
		options.lies = base->lies || options.seed % 4 == 3;
		shared->jobs[job].running = false;
		tell_failure(&options, shared->jobs[job].step, "the process ended");
		children[job] = start_job(base, job, jobs, shared->jobs[job].seed + jobs, count);
	}
}

/* ---- what was produced ---- */

static const char *const kinds[SIM_COMMAND_KINDS] = {
	[COMMAND_CREATE] = "create",     [COMMAND_LOGIN] = "login", [COMMAND_LOGOUT] = "logout",
	[COMMAND_DELETE] = "delete",     [COMMAND_LIST] = "list",   [COMMAND_LOOK] = "look",
	[COMMAND_SEND] = "send",         [COMMAND_ALL] = "all",     [COMMAND_REPLICAS] = "replicas",
	[COMMAND_PASSWORD] = "password",
};

static void add(struct sim_produced *to, const struct sim_produced *from)
{
	const uint64_t *a = (const uint64_t *)(const void *)from;
	uint64_t *b = (uint64_t *)(void *)to;

	for (size_t i = 0; i < sizeof *to / sizeof(uint64_t); i++)
		b[i] += a[i];
}

static void print_produced(const struct sim_produced *p)
{
	printf("# runs %" PRIu64 ", steps %" PRIu64 ", frames %" PRIu64 ", virtual seconds %" PRIu64
	       ", starts %" PRIu64 ", torn tails %" PRIu64 ", accounts %" PRIu64
	       ", messages %" PRIu64 ", shown %" PRIu64 ", late %" PRIu64 ", lies %" PRIu64 "\n",
	       p->runs, p->steps, p->frames, p->virtual_s, p->starts, p->torn, p->accounts,
	       p->messages, p->shown, p->late, p->lied);
	printf("# repairs %" PRIu64 ", with enough replicas to the end %" PRIu64
	       ", that said the same %" PRIu64 ", facts moved %" PRIu64 ", accounts lapsed %" PRIu64
	       ", removed %" PRIu64 ", passwords set %" PRIu64 "\n",
	       p->repairs, p->repairs_done, p->repairs_same, p->repaired, p->lapsed, p->removed,
	       p->resets);
	printf("# accounts added where registration is not open %" PRIu64 "\n", p->gated);
	printf("# requests while others' mail is freed %" PRIu64
	       ", while the disk is behind %" PRIu64 ", replies altered %" PRIu64
	       ", relays heard %" PRIu64 ", requests added %" PRIu64 "\n",
	       p->with_ghosts, p->behind, p->falsified, p->relayed, p->forged);
	for (uint32_t k = 0; k < SIM_COMMAND_KINDS; k++) {
		printf("# %-8s", kinds[k]);
		for (uint32_t o = 0; o < OUTCOME_END; o++)
			if (p->commands[k][o])
				printf(" %s %" PRIu64, outcome_code((enum outcome)o),
				       p->commands[k][o]);
		printf("\n# %-8s with", kinds[k]);
		for (uint32_t o = 0; o < SIM_COMMAND_KINDS; o++)
			printf(" %s %" PRIu64, kinds[o], p->pairs[k][o]);
		printf("\n# %-8s during", kinds[k]);
		for (uint32_t f = 0; f < FAULT_END; f++)
			printf(" %s %" PRIu64, sim_fault_names[f], p->faults_in[k][f]);
		printf("\n");
	}
	printf("# faults");
	for (uint32_t f = 0; f < FAULT_END; f++)
		printf(" %s %" PRIu64, sim_fault_names[f], p->faults[f]);
	printf("\n# refusals");
	for (uint32_t k = 0; k < STATUS_END; k++)
		if (p->refusals[k])
			printf(" %s %" PRIu64, protocol_status_name((enum status)k),
			       p->refusals[k]);
	printf("\n");
}

static void print_all_produced(double seconds)
{
	struct sim_produced *sum = calloc(1, sizeof *sum);

	if (!sum)
		return;
	for (uint32_t i = 0; i < JOBS_MAX; i++)
		add(sum, &shared->jobs[i].produced);
	print_produced(sum);
	printf("# %.1f s, %.0f steps a second\n", seconds, (double)sum->steps / seconds);
	free(sum);
}

static double seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the program ---- */

struct arguments {
	struct sim_options options;
	uint64_t count;
	uint32_t jobs;
	bool many, tap, tap_bugs, afresh;
	const char *bug;
};

static const struct option longs[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "seeds", required_argument, NULL, 'n' },
	{ "trace", no_argument, NULL, 't' },
	{ "tap", required_argument, NULL, 'p' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "calm", no_argument, NULL, 'c' },
	{ "lies", no_argument, NULL, 'l' },
	{ "bug", required_argument, NULL, 'b' },
	{ "tap-bugs", no_argument, NULL, 'B' },
	{ "afresh", no_argument, NULL, 'a' },
	{ NULL, 0, NULL, 0 },
};

static struct arguments parse(int argc, char **argv)
{
	struct arguments a = { .jobs = 1, .count = 1 };

	for (int o; (o = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
		switch (o) {
		case 's':
			a.options.seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			a.many = true;
			a.options.seed = strtoull(optarg, NULL, 10);
			a.count = optind < argc ? strtoull(argv[optind++], NULL, 10) : 0;
			break;
		case 'p':
			a.many = a.tap = true;
			a.options.seed = 1;
			a.count = strtoull(optarg, NULL, 10);
			break;
		case 'j':
			a.jobs = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 't':
			a.options.trace = true;
			break;
		case 'c':
			a.options.calm = true;
			break;
		case 'b':
			a.bug = optarg;
			failures_max = 1;
			break;
		case 'B':
			a.many = a.tap_bugs = true;
			break;
		case 'a':
			a.afresh = true;
			break;
		case 'l':
			a.options.lies = true;
			break;
		default:
			exit(2);
		}
	}
	if (a.bug && !sim_bug_switch_on(a.bug)) {
		(void)fprintf(stderr, "simulate: there is no bug '%s'\n", a.bug);
		exit(2);
	}
	if ((a.bug || a.tap_bugs) && !sim_bugs_built()) {
		(void)fprintf(stderr, "simulate: only simulate-bugs has bugs to be switched on\n");
		exit(2);
	}
	if (a.jobs < 1 || a.jobs > JOBS_MAX || a.count < 1) {
		(void)fprintf(stderr,
		              "simulate: --seed N, or --seeds FROM COUNT, and 1 to %d jobs\n",
		              JOBS_MAX);
		exit(2);
	}
	return a;
}

static int run_single(const struct arguments *a)
{
	struct sim_options options = a->options;
	char why[1024];
	uint64_t hash;

	options.lies = options.lies || options.seed % 4 == 3;
	printf("# simulate --seed %" PRIu64 "%s%s\n", options.seed, options.calm ? " --calm" : "",
	       options.lies ? " --lies" : "");
	(void)fflush(stdout);
	kept.on = true;
	(void)signal(SIGABRT, on_abort);
	(void)signal(SIGSEGV, on_abort);
	current_step = &shared->jobs[0].step;
	hash = run_one(&options, &shared->jobs[0].produced, why);
	if (why[0]) {
		if (!options.trace)
			print_kept();
		tell_failure(&options, shared->jobs[0].step, why);
	}
	printf("# hash of the trace: %016" PRIx64 ", steps %" PRIu64 "\n", hash,
	       shared->jobs[0].step);
	return why[0] ? 1 : 0;
}

/* The same seed gives the same trace. */
static bool replays_the_same(uint64_t seed)
{
	struct sim_options options = { .seed = seed, .lies = seed % 4 == 3 };
	struct sim_produced *produced = memory_alloc_zero(1, sizeof *produced);
	uint64_t first, second;

	first = run_one(&options, produced, NULL);
	second = run_one(&options, produced, NULL);
	memory_free(produced);
	return first == second;
}

/* The seed at which so many runs from this one on break a promise; 0: none does. */
static uint64_t search(uint64_t from, uint64_t count, uint32_t jobs)
{
	struct sim_options options = { .seed = from };

	shared->failures = shared->found = shared->stop = 0;
	memset(shared->jobs, 0, sizeof shared->jobs);
	run_many(&options, count, jobs);
	return shared->found;
}

/*
 * Each bug in its turn. The seed that is known must find it, and must be clean without it; if it
 * does not find it any more, all are searched. A failed assertion finds a bug, too.
 */
static int run_bugs(uint32_t jobs, bool afresh)
{
	uint64_t missed = 0;

	failures_max = 1;
	shared->quiet = true;
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	for (size_t i = 0; i < sim_bugs_count; i++) {
		const struct sim_bug *bug = &sim_bugs[i];
		/* A rare one is searched from near the seed that is known: all takes too long. */
		uint64_t from = bug->known > RARE ? bug->known - NEAR : 1;
		uint64_t found = 0;

		if (!afresh && sim_bug_switch_on(bug->name))
			found = search(bug->known, 1, 1);
		if (found == 0 && sim_bug_switch_on(bug->name))
			found = search(from, bug->seeds - from + 1, jobs);
		(void)sim_bug_switch_on(NULL);
		if (found != 0 && search(found, 1, 1) != 0)
			found = 0;
		missed += found == 0;
		printf("%sok %zu - simulate: %s: found by seed %" PRIu64 " (known %" PRIu64
		       ", at most %" PRIu64 "), which is clean without: %s\n",
		       found ? "" : "not ", i + 1, bug->name, found, bug->known, bug->seeds,
		       bug->what);
		(void)fflush(stdout);
	}
	printf("1..%zu\n", sim_bugs_count);
	return missed ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct arguments a = parse(argc, argv);
	double began = seconds_now();
	uint64_t same = 0;

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	              0);
	if (shared == MAP_FAILED)
		memory_exhausted(sizeof *shared);
	if (!a.many)
		return run_single(&a);
	if (a.tap_bugs)
		return run_bugs(a.jobs, a.afresh);
	printf("# simulate --seeds %" PRIu64 " %" PRIu64 "%s%s --jobs %u\n", a.options.seed,
	       a.count, a.options.calm ? " --calm" : "", a.options.lies ? " --lies" : "", a.jobs);
	run_many(&a.options, a.count, a.jobs);
	print_all_produced(seconds_now() - began);
	if (!a.tap)
		return shared->failures ? 1 : 0;
	for (uint64_t seed = 1; shared->failures == 0 && seed <= 5; seed++)
		same += replays_the_same(seed);
	printf("%sok 1 - simulate: %" PRIu64 " schedules break no promise\n",
	       shared->failures ? "not " : "", a.count);
	printf("%sok 2 - simulate: the same seed gives the same trace\n", same == 5 ? "" : "not ");
	printf("1..2\n");
	return shared->failures || same != 5 ? 1 : 0;
}
