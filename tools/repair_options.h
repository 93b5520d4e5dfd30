/* SPDX-License-Identifier: MIT
 *
 * repair_options: repair's command line, and the addresses of the three replicas.
 */
#ifndef THREEFOLD_TOOLS_REPAIR_OPTIONS_H
#define THREEFOLD_TOOLS_REPAIR_OPTIONS_H

#include "reconcile/reconcile.h"
#include "io/address.h"

enum { REPAIR_ADDRESS_SIZE = 300 }; /* a host name of 253 bytes, brackets, a port */

struct repair_target {
	char text[REPAIR_ADDRESS_SIZE]; /* as it was given: HOST:PORT, [::1]:PORT */
	struct address addresses[ADDRESS_MAX];
	size_t count; /* at least 1 */
};

struct repair_options {
	bool check;
	uint64_t every_ms;  /* 0: once */
	const char *key;    /* NULL: where it usually is */
	const char *backup; /* NULL: none */
	uint64_t timeout_ms;
	struct repair_target targets[RECONCILE_MAX];
};

/* Reads the command line and resolves every host. Help, version and mistakes end the program. */
void repair_options_read(struct repair_options *o, int argc, char **argv);

#endif
