/* SPDX-License-Identifier: MIT
 *
 * In the order in which mistakes are told: options, the mode, the count, ports, unknown hosts.
 */
#include "tools/bench.h"

#include "io/options.h"

static const char purpose[] =
	"Loads the three replicas of a Threefold chat and says how fast they are. Each of C\n"
	"senders keeps D requests in flight. The accounts that it makes are new ones and stay.\n";

static const char notes[] =
	"Modes:\n"
	"  store     messages to N recipients who are not logged in; counts acknowledgements\n"
	"  live      messages to one recipient each who is logged in; counts what was shown\n"
	"  login     each logs in and out again, one at a time; counts log ins\n"
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
	"  2  the command line is wrong, or a host is unknown\n"
	"  3  no replica could be reached\n";

const char *const bench_mode_names[BENCH_MODE_END] = {
	[BENCH_STORE] = "store", [BENCH_LIVE] = "live", [BENCH_LOGIN] = "login",
	[BENCH_LIST] = "list",   [BENCH_IDLE] = "idle", [BENCH_FAILOVER] = "failover",
};

static struct option_row number_row(const char *name, const char *argument, const char *help,
                                    uint64_t *number, uint64_t max)
{
	return (struct option_row){ .name = name,
		                    .kind = OPTION_NUMBER,
		                    .argument = argument,
		                    .help = help,
		                    .number = number,
		                    .min = 1,
		                    .max = max };
}

static const struct options *table(struct bench_options *o, const char **mode)
{
	static struct option_row rows[8];
	static const struct options options = { .program = "bench",
		                                .usage = "HOST PORT HOST PORT HOST PORT",
		                                .purpose = purpose,
		                                .notes = notes,
		                                .rows = rows };
	size_t n = 0;

	rows[n++] = (struct option_row){ .name = "mode",
		                         .kind = OPTION_TEXT,
		                         .argument = "MODE",
		                         .help = "what is measured, see below (store)",
		                         .text = mode };
	rows[n++] = number_row("senders", "C", "senders, each with a session of its own (1)",
	                       &o->senders, BENCH_SENDERS_MAX);
	rows[n++] = number_row("depth", "D", "requests in flight of each (1)", &o->depth,
	                       BENCH_DEPTH_MAX);
	rows[n++] = number_row("text", "BYTES", "size of a message's text (100)", &o->text_size,
	                       TEXT_SIZE_MAX);
	rows[n++] = (struct option_row){ .name = "seconds",
		                         .kind = OPTION_SECONDS,
		                         .argument = "S",
		                         .help = "how long is measured, after a warm-up of a\n"
		                                 "quarter of it, at most half a second (2)",
		                         .number = &o->measure_ms,
		                         .min = 1,
		                         .max = 86400000 };
	rows[n++] = number_row("users", "N", "recipients, or accounts to be listed (1000)",
	                       &o->users, BENCH_USERS_MAX);
	rows[n++] = (struct option_row){ .name = "json",
		                         .kind = OPTION_FLAG,
		                         .help = "figures as one JSON object, as the last line",
		                         .flag = &o->json };
	rows[n++] = (struct option_row){ .name = NULL };
	assert(n == sizeof(rows) / sizeof(rows[0]));
	return &options;
}

static void read_mode(struct bench_options *o, const struct options *options, const char *mode)
{
	for (unsigned i = 0; i < BENCH_MODE_END; i++) {
		if (strcmp(mode, bench_mode_names[i]) != 0)
			continue;
		o->mode = (enum bench_mode)i;
		return;
	}
	options_wrong(options,
	              "mode '%.32s' is none of store, live, login, list, idle and failover", mode);
}

void bench_options_read(struct bench_options *o, int argc, char **argv)
{
	const char *mode = bench_mode_names[BENCH_STORE];
	const struct options *options;
	char err[ADDRESS_ERR_SIZE];
	int first;

	*o = (struct bench_options){
		.senders = 1, .depth = 1, .text_size = 100, .measure_ms = 2000, .users = 1000
	};
	options = table(o, &mode);
	first = options_read(options, argc, argv);
	read_mode(o, options, mode);
	if (o->mode == BENCH_LOGIN)
		o->depth = 1; /* nobody logs in twice at a time */
	if (argc - first != 2 * REPLICAS)
		options_wrong(options, "three pairs of HOST and PORT are needed, not %d word%s",
		              argc - first, argc - first == 1 ? "" : "s");
	for (size_t i = 0; i < REPLICAS; i++) {
		char **pair = argv + first + 2 * i;
		uint16_t port;
		int count;

		if (!options_port(pair[1], false, &port))
			options_wrong(options, "port '%.64s' is not a number from 1 to 65535",
			              pair[1]);
		count = address_resolve(pair[0], port, false, o->targets[i].addresses, err);
		if (count < 0)
			options_wrong(options, "%s", err);
		o->targets[i].count = (size_t)count;
	}
}
