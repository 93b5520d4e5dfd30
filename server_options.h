/* SPDX-License-Identifier: MIT
 *
 * server_options: the command line of the server, and its help.
 */
#ifndef THREEFOLD_SERVER_OPTIONS_H
#define THREEFOLD_SERVER_OPTIONS_H

#include "base/buf.h"

struct server_options {
	const char *host;
	uint16_t port;    /* 0: any */
	const char *data; /* NULL: data/PORT */
	uint64_t share_messages;
	uint64_t share_bytes;
	bool salvage;
	bool new_uuid;
	bool verbose;
	bool quiet;
};

/* Fills it in, or ends the program: with the help, the version, or a sentence and EXIT_USAGE.
 * The strings are those of `argv`. */
void server_options_read(struct server_options *o, int argc, char **argv);

#endif
