/* SPDX-License-Identifier: MIT
 *
 * In the order in which mistakes are told: options, the count, ports, the same pair twice, unknown
 * hosts. Nothing is dialled before all of it is right.
 */
#include "tools/repair_options.h"

#include "io/options.h"

#include <stdio.h>

static const char purpose[] =
	"Compares what the three replicas of a Threefold chat hold and copies what is missing,\n"
	"in each direction, what is gone first. It may run at any time, also during traffic, any\n"
	"number of times, also at once, and may be killed at any moment. HOST is a name, an IPv4\n"
	"or an IPv6 address. One of the three may be down: the other two are repaired then.\n";

static const char notes[] =
	"Files:\n"
	"  data/operator.key, operator.key    the operator's key, the first of them that is there\n"
	"\n"
	"Exit status:\n"
	"  0  the replicas that were reached hold the same (two of three are enough), or the\n"
	"     backup is written\n"
	"  1  they differ (--check), or a replica could not store what it lacks\n"
	"  2  wrong usage\n"
	"  3  fewer than two replicas could be reached, or the key was refused\n"
	"\n"
	"Examples:\n"
	"  repair 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003\n"
	"  repair a.example 4000 b.example 4000 c.example 4000 --every 3600\n"
	"  repair 127.0.0.1 40001 127.0.0.1 40002 127.0.0.1 40003 --backup /backup/monday\n";

enum { TIMEOUT_MS = 5000, DAY_MS = 86400000 };

static const struct options *table(struct repair_options *o)
{
	static struct option_row rows[6];
	static const struct options options = { .program = "repair",
		                                .usage = "HOST PORT HOST PORT HOST PORT",
		                                .purpose = purpose,
		                                .notes = notes,
		                                .rows = rows };
	size_t n = 0;

	rows[n++] = (struct option_row){ .name = "check",
		                         .kind = OPTION_FLAG,
		                         .help = "change nothing; tell what each replica holds,\n"
		                                 "and exit 1 if that differs",
		                         .flag = &o->check };
	rows[n++] = (struct option_row){ .name = "every",
		                         .kind = OPTION_SECONDS,
		                         .argument = "SECONDS",
		                         .help = "run again and again, so long after the end of\n"
		                                 "the last run",
		                         .number = &o->every_ms,
		                         .min = 10,
		                         .max = DAY_MS };
	rows[n++] = (struct option_row){ .name = "key",
		                         .kind = OPTION_TEXT,
		                         .argument = "FILE",
		                         .help = "the operator's key (default: data/operator.key,\n"
		                                 "else operator.key)",
		                         .text = &o->key };
	rows[n++] = (struct option_row){ .name = "backup",
		                         .kind = OPTION_TEXT,
		                         .argument = "DIR",
		                         .help = "change nothing; write the union of what the\n"
		                                 "replicas hold as a directory that a server\n"
		                                 "starts from; one replica is enough",
		                         .text = &o->backup };
	rows[n++] = (struct option_row){ .name = "connect-timeout",
		                         .kind = OPTION_SECONDS,
		                         .argument = "SECONDS",
		                         .help = "a replica that has not answered the handshake\n"
		                                 "after so long is taken for dead (5)",
		                         .number = &o->timeout_ms,
		                         .min = 10,
		                         .max = DAY_MS };
	rows[n++] = (struct option_row){ .name = NULL };
	assert(n == sizeof(rows) / sizeof(rows[0]));
	return &options;
}

/* "HOST:PORT", in brackets if the host has colons itself. */
static void write_address(struct repair_target *target, const char *host, unsigned port)
{
	bool brackets = strchr(host, ':') != NULL && host[0] != '[';

	(void)snprintf(target->text, sizeof(target->text), brackets ? "[%.253s]:%u" : "%.253s:%u",
	               host, port);
}

static void read_pairs(struct repair_options *o, const struct options *options, char **pairs)
{
	uint16_t ports[RECONCILE_MAX];
	char err[ADDRESS_ERR_SIZE];

	for (size_t i = 0; i < RECONCILE_MAX; i++) {
		const char *port = pairs[2 * i + 1];

		if (!options_port(port, false, &ports[i]))
			options_wrong(options, "port '%.64s' is not a number from 1 to 65535",
			              port);
		write_address(&o->targets[i], pairs[2 * i], ports[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(o->targets[i].text, o->targets[k].text) == 0)
				options_wrong(options, "replica '%s' is given twice",
				              o->targets[i].text);
	}
	for (size_t i = 0; i < RECONCILE_MAX; i++) {
		int count = address_resolve(pairs[2 * i], ports[i], false, o->targets[i].addresses,
		                            err);

		if (count < 0)
			options_wrong(options, "%s", err);
		o->targets[i].count = (size_t)count;
	}
}

void repair_options_read(struct repair_options *o, int argc, char **argv)
{
	const struct options *options;
	int first;

	*o = (struct repair_options){ .timeout_ms = TIMEOUT_MS };
	options = table(o);
	first = options_read(options, argc, argv);
	if (argc - first != 2 * RECONCILE_MAX)
		options_wrong(options, "three pairs of HOST and PORT are needed, not %d word%s",
		              argc - first, argc - first == 1 ? "" : "s");
	if (o->backup != NULL && (o->check || o->every_ms != 0))
		options_wrong(options, "'--backup' excludes '--check' and '--every'");
	read_pairs(o, options, argv + first);
}
