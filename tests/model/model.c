/* SPDX-License-Identifier: MIT
 *
 * The model's program: prints TAP.
 *
 *   model                      the scopes of make check, and every rule taken away
 *   model --all                those of make model, too
 *   model --long               and those that take long
 *   model SCRIPT [FAULT=N...] [without=RULE] [states=N]     one search, with its story
 */
#include "tests/model/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *name;
	size_t offset;
} fault_names[] = {
	{ "crashes", offsetof(struct faults, crashes) },
	{ "cuts", offsetof(struct faults, cuts) },
	{ "deaths", offsetof(struct faults, deaths) },
	{ "repairs", offsetof(struct faults, repairs) },
	{ "stops", offsetof(struct faults, stops) },
	{ "clocks", offsetof(struct faults, clocks) },
	{ "wipes", offsetof(struct faults, wipes) },
};
enum { FAULT_NAMES = (int)(sizeof fault_names / sizeof *fault_names) };

static unsigned tests;
static unsigned failed;

static void setting_set(const char *script, const struct faults *faults, enum rule without)
{
	setting.script = script_find(script);
	setting.faults = *faults;
	setting.without = without;
	assert(setting.script);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void print_setting(void)
{
	(void)printf("%s", setting.script->name);
	for (unsigned i = 0; i < FAULT_NAMES; i++) {
		uint8_t count = ((const uint8_t *)&setting.faults)[fault_names[i].offset];

		if (count)
			(void)printf(" %s=%u", fault_names[i].name, count);
	}
	if (setting.without)
		(void)printf(" without=%s", rule_name(setting.without));
}

static void result(bool passed, const struct found *found, const struct timespec *start)
{
	tests++;
	failed += !passed;
	(void)printf("%sok %u - model: ", passed ? "" : "not ", tests);
	print_setting();
	if (found->broken)
		(void)printf(": a violation after %u steps", found->shortest);
	else
		(void)printf(": %s",
		             found->complete ? "to the end, no violation" : "NOT to the end");
	(void)printf("\n# %" PRIu64 " states, %" PRIu64 " steps, %" PRIu64 " ends, %.1f s\n",
	             found->states, found->steps_taken, found->ends, seconds_since(start));
	for (unsigned p = 1; p < PROMISES && setting.without; p++)
		if (found->broken >> p & 1)
			(void)printf("# %s\n", promise_text((enum promise)p));
	(void)fflush(stdout);
}

static void run_scope(const struct scope *scope)
{
	struct timespec start;
	struct found found;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	setting_set(scope->script, &scope->faults, RULE_NONE);
	search(UINT32_MAX, true, &found);
	result(found.complete && !found.broken, &found, &start);
}

/* Without the rule something must break, and not merely a queue of this model. */
static void run_hunt(const struct hunt *hunt)
{
	struct timespec start;
	struct found found;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	setting_set(hunt->script, &hunt->faults, hunt->without);
	search(UINT32_MAX, false, &found);
	result(found.broken & ~(UINT32_C(1) << QUEUE_FULL), &found, &start);
}

static void run_all(unsigned level)
{
	(void)printf("# a world has %zu bytes\n", sizeof(struct world));
	for (size_t i = 0; i < scopes_count; i++)
		if (scopes[i].level <= level)
			run_scope(&scopes[i]);
	for (size_t i = 0; i < hunts_count; i++)
		run_hunt(&hunts[i]);
	(void)printf("1..%u\n", tests);
}

/* FAULT=N, without=RULE or states=N. */
static bool read_argument(const char *text, struct faults *faults, enum rule *without,
                          uint64_t *states)
{
	const char *value = strchr(text, '=');
	size_t size = value ? (size_t)(value++ - text) : 0;

	if (!value)
		return false;
	for (unsigned i = 0; i < FAULT_NAMES; i++)
		if (strlen(fault_names[i].name) == size &&
		    memcmp(fault_names[i].name, text, size) == 0) {
			((uint8_t *)faults)[fault_names[i].offset] = (uint8_t)strtoul(value, NULL,
			                                                              10);
			return true;
		}
	for (enum rule r = 1; r < RULES && memcmp(text, "without", size) == 0; r++)
		if (strcmp(rule_name(r), value) == 0) {
			*without = r;
			return true;
		}
	if (memcmp(text, "states", size) != 0)
		return false;
	*states = strtoull(value, NULL, 10);
	return true;
}

static int run_one(int argc, char **argv)
{
	struct faults faults = { 0 };
	enum rule without = RULE_NONE;
	uint64_t states = UINT32_MAX;
	struct timespec start;
	struct found found;

	for (int i = 2; i < argc; i++)
		if (!read_argument(argv[i], &faults, &without, &states)) {
			(void)fprintf(stderr, "model: what is '%s'?\n", argv[i]);
			return 2;
		}
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	setting_set(argv[1], &faults, without);
	search(states, true, &found);
	result(found.complete && !found.broken, &found, &start);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	unsigned level = 0;

	if (argc > 1 && strcmp(argv[1], "--all") == 0) {
		level = 1;
	} else if (argc > 1 && strcmp(argv[1], "--long") == 0) {
		level = 2;
	} else if (argc > 1) {
		if (script_find(argv[1]))
			return run_one(argc, argv);
		(void)fprintf(stderr,
		              "model: there is no script '%s'; they stand in tests/model/scope.c\n",
		              argv[1]);
		return 2;
	}
	run_all(level);
	return failed ? 1 : 0;
}
