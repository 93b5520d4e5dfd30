/* SPDX-License-Identifier: MIT
 *
 * In the order in which mistakes are told: options, the count, ports, the same pair twice, unknown
 * hosts, two pairs that are one address. Nothing is dialled before all of it is right.
 */
#include "client_options.h"

#include "io/options.h"

#include <stdio.h>

static const char purpose[] =
	"Chats through the three replicas of a Threefold chat; any two of them may fail. HOST "
	"is a\n"
	"name, an IPv4 or an IPv6 address. On a terminal it is for a person: /help lists the\n"
	"commands. Otherwise, or with --json, it is for programs: one command a line, then it "
	"logs\n"
	"out and ends.\n";

static const char notes[] = "Signals:\n"
			    "  TERM, INT, HUP    log out and end; a second one ends at once\n"
			    "\n"
			    "Exit status:\n"
			    "  0  done\n"
			    "  1  a command was refused, or its outcome is not known\n"
			    "  2  the command line is wrong, or a host is unknown\n"
			    "  3  no replica could be reached\n";

static const struct options *table(struct client_options *o)
{
	static struct option_row rows[6];
	static const struct options options = { .program = "client",
		                                .usage = "HOST PORT HOST PORT HOST PORT",
		                                .purpose = purpose,
		                                .notes = notes,
		                                .rows = rows };
	size_t n = 0;

	rows[n++] = (struct option_row){ .name = "json",
		                         .kind = OPTION_FLAG,
		                         .help = "script mode: one JSON object a line",
		                         .flag = &o->json };
	rows[n++] = (struct option_row){ .name = "timeout",
		                         .kind = OPTION_SECONDS,
		                         .argument = "SECONDS",
		                         .help = "in script mode a command waits so long for a\n"
		                                 "live replica (10)",
		                         .number = &o->timeout_ms,
		                         .min = 1,
		                         .max = 86400000 };
	rows[n++] = (struct option_row){ .name = "reply-timeout",
		                         .kind = OPTION_SECONDS,
		                         .argument = "SECONDS",
		                         .help = "a replica that owes a reply for so long is dead\n"
		                                 "(3)",
		                         .number = &o->reply_timeout_ms,
		                         .min = 10,
		                         .max = 86400000 };
	rows[n++] = (struct option_row){ .name = "min-copies",
		                         .kind = OPTION_NUMBER,
		                         .argument = "K",
		                         .help = "refuse what fewer than K replicas would hold (1)",
		                         .number = &o->min_copies,
		                         .min = 1,
		                         .max = REPLICAS };
	rows[n++] = (struct option_row){ .name = "idle-logout",
		                         .kind = OPTION_SECONDS,
		                         .argument = "SECONDS",
		                         .help = "log out after so long without a command",
		                         .number = &o->idle_ms,
		                         .min = 1,
		                         .max = 86400000 };
	rows[n++] = (struct option_row){ .name = NULL };
	assert(n == sizeof(rows) / sizeof(rows[0]));
	return &options;
}

/* "HOST:PORT", in brackets if the host has colons itself. */
static void write_address(char address[CLIENT_ADDRESS_SIZE], const char *host, unsigned port)
{
	bool brackets = strchr(host, ':') != NULL && host[0] != '[';

	(void)snprintf(address, CLIENT_ADDRESS_SIZE, brackets ? "[%.253s]:%u" : "%.253s:%u", host,
	               port);
}

static bool share_an_address(const struct link_target *a, const struct link_target *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (address_equal(&a->addresses[i], &b->addresses[j]))
				return true;
	return false;
}

void client_options_read(struct client_options *o, int argc, char **argv)
{
	const struct options *options;
	char err[ADDRESS_ERR_SIZE];
	uint16_t ports[REPLICAS];
	char **pairs;
	int first;

	*o = (struct client_options){ .timeout_ms = 10000,
		                      .reply_timeout_ms = REPLY_TIMEOUT_MS,
		                      .min_copies = 1 };
	options = table(o);
	first = options_read(options, argc, argv);
	pairs = argv + first;
	if (argc - first != 2 * REPLICAS)
		options_wrong(options, "three pairs of HOST and PORT are needed, not %d word%s",
		              argc - first, argc - first == 1 ? "" : "s");
	for (size_t i = 0; i < REPLICAS; i++) {
		const char *host = pairs[2 * i];
		const char *port = pairs[2 * i + 1];

		if (!options_port(port, false, &ports[i]))
			options_wrong(options, "port '%.64s' is not a number from 1 to 65535",
			              port);
		write_address(o->addresses[i], host, ports[i]);
		for (size_t j = 0; j < i; j++)
			if (strcmp(o->addresses[i], o->addresses[j]) == 0)
				options_wrong(options, "replica '%s' is given twice",
				              o->addresses[i]);
	}
	for (size_t i = 0; i < REPLICAS; i++) {
		int count = address_resolve(pairs[2 * i], ports[i], false, o->targets[i].addresses,
		                            err);

		if (count < 0)
			options_wrong(options, "%s", err);
		o->targets[i].count = (size_t)count;
		for (size_t j = 0; j < i; j++)
			if (share_an_address(&o->targets[i], &o->targets[j]))
				options_wrong(
					options,
					"'%s' and '%s' are one address: a replica is given twice",
					o->addresses[j], o->addresses[i]);
	}
}
