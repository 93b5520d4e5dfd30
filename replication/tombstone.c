/* SPDX-License-Identifier: MIT
 *
 * tombstone: accounts of which this client has learned that they are gone.
 *
 * A tombstone proves itself, or has a stamp, so whoever has one may carry it to a replica that
 * missed it. It is told at once to the live replicas that showed the account alive, and kept for
 * those that become live later: of the tombstones of a client's life the last TOMBSTONES_KEPT. The
 * replies say nothing. What is dropped here is not lost: the next look-up, or a repair, finds it
 * again.
 */
#include "replication/private.h"

#include <assert.h>
#include <string.h>

bool tombstone_is_known_to(const struct replication *r, uint32_t index, const struct tombstone *t)
{
	return protocol_knows(r->replicas[index].version, t);
}

void tombstone_write(struct replication *r, uint32_t index, const struct tombstone *tombstone,
                     const uint8_t *stamp, enum target target)
{
	struct frame frame = { .type = FRAME_DELETE };

	if (!tombstone_is_known_to(r, index, tombstone))
		return;
	if (tombstone->by == GONE_BY_KEY) {
		frame.tombstone = *tombstone;
	} else {
		frame.type = FRAME_REMOVE;
		frame.flags = FLAG_VOUCHED;
		frame.remove.tombstone = *tombstone;
		memcpy(frame.remove.stamp, stamp, KEY_SIZE);
	}
	due_ask(r, index, &frame, target, NULL);
}

void tombstone_tell(struct replication *r, uint8_t to, const struct tombstone *tombstone)
{
	if (tombstone->by != GONE_BY_KEY)
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (to & r->live & BIT(i))
			tombstone_write(r, i, tombstone, NULL, TARGET_TELL);
	tombstone_keep(r, tombstone, NULL);
}

void tombstone_tell_kept(struct replication *r, uint32_t index)
{
	for (uint32_t i = 0; i < r->tombstones_count; i++) {
		const struct kept_tombstone *kept = &r->tombstones[i];

		tombstone_write(r, index, &kept->tombstone, kept->stamp, TARGET_TELL);
	}
}

/* The index of a kept one; tombstones_count: it is not kept. */
static uint32_t find(const struct replication *r, const struct id *id)
{
	uint32_t at = 0;

	while (at < r->tombstones_count && !id_equal(&r->tombstones[at].tombstone.id, id))
		at++;
	return at;
}

/* Those behind it move up, and the views of their names with them. */
static void drop(struct replication *r, uint32_t at)
{
	uint32_t behind = r->tombstones_count - at - 1;

	memmove(&r->tombstones[at], &r->tombstones[at + 1], behind * sizeof *r->tombstones);
	r->tombstones_count--;
	for (uint32_t i = at; i < r->tombstones_count; i++)
		r->tombstones[i].tombstone.name.data = (const uint8_t *)r->tombstones[i].name;
}

void tombstone_forget(struct replication *r, const struct id *id)
{
	uint32_t at = find(r, id);

	if (at < r->tombstones_count)
		drop(r, at);
}

bool tombstone_is_kept(const struct replication *r, const struct entry *e)
{
	uint32_t at = find(r, &e->id);

	return at < r->tombstones_count && r->tombstones[at].tombstone.by == e->by &&
	       (e->by == GONE_BY_KEY || memcmp(r->tombstones[at].stamp, e->stamp, KEY_SIZE) == 0);
}

/* Beside one with a delete key no other one counts (enum gone_by). */
void tombstone_keep(struct replication *r, const struct tombstone *tombstone, const uint8_t *stamp)
{
	uint32_t at = find(r, &tombstone->id);
	struct kept_tombstone *kept;

	if (at < r->tombstones_count && r->tombstones[at].tombstone.by <= tombstone->by)
		return;
	if (at < r->tombstones_count)
		drop(r, at);
	if (r->tombstones_count == TOMBSTONES_KEPT)
		drop(r, 0);
	kept = &r->tombstones[r->tombstones_count++];
	assert(tombstone->name.size <= sizeof kept->name);
	kept->tombstone = *tombstone;
	memcpy(kept->name, tombstone->name.data, tombstone->name.size);
	kept->tombstone.name.data = (const uint8_t *)kept->name;
	if (stamp != NULL)
		memcpy(kept->stamp, stamp, KEY_SIZE);
}
