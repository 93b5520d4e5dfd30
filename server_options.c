/* SPDX-License-Identifier: MIT
 *
 * One table, from which io/options reads the command line and makes the help. Whether the host can
 * be resolved and the data read is found out later, by whoever needs them.
 */
#include "server_options.h"

#include "fact/fact.h"
#include "io/options.h"

static const char purpose[] =
	"Serves one replica of a Threefold chat. Start three of them, best on three hosts;\n"
	"they never talk to each other. HOST is a name, an IPv4 or an IPv6 address of this host;\n"
	"PORT 0 picks a free one. The first line on stderr tells the address, the data directory\n"
	"and how much was loaded.\n";

static const char notes[] =
	"Files:\n"
	"  DIR/users.json, DIR/pending.json    accounts; messages that were not received yet\n"
	"  DIR/journal.jsonl                   what has changed since those were written\n"
	"  DIR/replica.json                    which replica this is: not to be copied\n"
	"  DIR/../operator.key                 made if absent; copy it to the hosts of the others\n"
	"\n"
	"Signals:\n"
	"  TERM, INT, HUP    stop cleanly; a second TERM or INT at once\n"
	"  USR1              log counters\n"
	"\n"
	"Exit status:\n"
	"  0  stopped cleanly\n"
	"  1  failed: the address cannot be had, the disk cannot be written\n"
	"  2  wrong usage\n"
	"  3  the data was refused: damaged, in use by another server, of a newer format\n"
	"\n"
	"Examples:\n"
	"  server 127.0.0.1 40001\n"
	"  server ::1 40002 --data /var/lib/threefold/40002\n";

enum { SHARE_MESSAGES = 1000000 };
#define SHARE_BYTES (UINT64_C(1) << 30)

void server_options_read(struct server_options *o, int argc, char **argv)
{
	const struct option_row rows[] = {
		{ .name = "data",
		  .letter = 'd',
		  .kind = OPTION_TEXT,
		  .argument = "DIR",
		  .text = &o->data,
		  .help = "where the data is (default: data/PORT)" },
		{ .name = "share-messages",
		  .kind = OPTION_NUMBER,
		  .argument = "N",
		  .number = &o->share_messages,
		  .min = 1,
		  .max = UINT32_MAX / 2,
		  .help = "how many messages of one sender may wait in one\n"
		          "mailbox (default: 1000000)" },
		{ .name = "share-bytes",
		  .kind = OPTION_NUMBER,
		  .argument = "N",
		  .number = &o->share_bytes,
		  .min = 1,
		  .max = NUMBER_MAX / 2,
		  .help = "and how many bytes of text (default: 1073741824)" },
		{ .name = "salvage",
		  .kind = OPTION_FLAG,
		  .flag = &o->salvage,
		  .help = "set a damaged file aside and start with what is\n"
		          "whole; repair brings the rest back" },
		{ .name = "new-uuid",
		  .kind = OPTION_FLAG,
		  .flag = &o->new_uuid,
		  .help = "become another replica: for a data directory that\n"
		          "was copied from one that still runs" },
		{ .name = "verbose",
		  .letter = 'v',
		  .kind = OPTION_FLAG,
		  .flag = &o->verbose,
		  .help = "log connections, too" },
		{ .name = "quiet",
		  .letter = 'q',
		  .kind = OPTION_FLAG,
		  .flag = &o->quiet,
		  .help = "log start, stop and trouble only" },
		{ .name = NULL },
	};
	const struct options options = { .program = "server",
		                         .usage = "HOST PORT",
		                         .purpose = purpose,
		                         .notes = notes,
		                         .rows = rows };
	int first;

	*o = (struct server_options){ .share_messages = SHARE_MESSAGES,
		                      .share_bytes = SHARE_BYTES };
	first = options_read(&options, argc, argv);
	if (argc - first < 2)
		options_wrong(&options, "HOST and PORT are needed");
	if (argc - first > 2)
		options_wrong(&options, "only HOST and PORT are expected, not '%.64s'",
		              argv[first + 2]);
	o->host = argv[first];
	if (!options_port(argv[first + 1], true, &o->port))
		options_wrong(&options, "PORT must be a number from 0 to 65535, not '%.64s'",
		              argv[first + 1]);
	if (o->verbose && o->quiet)
		options_wrong(&options, "'--verbose' and '--quiet' exclude each other");
}
