/* SPDX-License-Identifier: MIT
 *
 * A replica of an earlier release in the cluster of cluster.h.
 */
#ifndef THREEFOLD_TESTS_REPLICATION_OLD_H
#define THREEFOLD_TESTS_REPLICATION_OLD_H

#include "tests/replication/cluster.h"

/* For `lie`: a replica of version 3 gives no stamp of the first password. */
static inline void stampless(struct view bytes, struct buf *to)
{
	struct frame f;
	const char *why;

	ALWAYS(protocol_decode(bytes, &f, &why), "a frame of a replica");
	if (f.type == (FRAME_LOGIN | FRAME_REPLY) && f.status == STATUS_OK)
		memset(f.logged_in.stamp, 0, KEY_SIZE);
	ALWAYS(protocol_encode(to, &f), "there is room");
}

/* It starts again and speaks this version, 3 or 0: today's. */
static inline void replica_speaks(struct cluster *k, uint32_t i, uint16_t version)
{
	replica_kill(k, i);
	k->replicas[i].version = version;
	k->replicas[i].lie = version == 3 ? stampless : NULL;
	replica_start(k, i);
}

#endif
