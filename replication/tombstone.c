/* SPDX-License-Identifier: MIT
 *
 * tombstone: accounts of which this client has learned that they are gone.
 *
 * A tombstone proves itself, so whoever has one may carry it to a replica that missed it. It is
 * told at once to the live replicas that showed the account alive, and kept for those that become
 * live later: of the tombstones of a client's life the last TOMBSTONES_KEPT. The replies say
 * nothing. What is dropped here is not lost: the next look-up, or a repair, finds it again.
 */
#include "replication/private.h"

#include <assert.h>
#include <string.h>

struct tombstone tombstone_of(const struct entry *entry)
{
	struct tombstone t = { .id = entry->id, .name = entry->name };

	memcpy(t.middle, entry->middle, KEY_SIZE);
	memcpy(t.delete_key, entry->delete_key, KEY_SIZE);
	return t;
}

static void write_one(struct replication *r, uint32_t index, const struct tombstone *tombstone)
{
	struct frame frame = { .type = FRAME_DELETE, .tombstone = *tombstone };

	due_ask(r, index, &frame, TARGET_TELL, NULL);
}

void tombstone_tell(struct replication *r, uint8_t to, const struct tombstone *tombstone)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (to & r->live & BIT(i))
			write_one(r, i, tombstone);
	tombstone_keep(r, tombstone);
}

void tombstone_tell_kept(struct replication *r, uint32_t index)
{
	for (uint32_t i = 0; i < r->tombstones_count; i++)
		write_one(r, index, &r->tombstones[i].tombstone);
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

void tombstone_keep(struct replication *r, const struct tombstone *tombstone)
{
	struct kept_tombstone *kept;

	if (find(r, &tombstone->id) < r->tombstones_count)
		return;
	if (r->tombstones_count == TOMBSTONES_KEPT)
		drop(r, 0);
	kept = &r->tombstones[r->tombstones_count++];
	assert(tombstone->name.size <= sizeof kept->name);
	kept->tombstone = *tombstone;
	memcpy(kept->name, tombstone->name.data, tombstone->name.size);
	kept->tombstone.name.data = (const uint8_t *)kept->name;
}
