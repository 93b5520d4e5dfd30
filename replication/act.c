/* SPDX-License-Identifier: MIT
 *
 * act: what every part of the client's half stands on.
 *
 * Actions wait in a ring in the order in which they were given, until the caller takes them. What
 * an action points to is one block of memory, which is freed when the next action is taken.
 *
 * Nothing here asks the system for anything: what is random comes from the seed, and the time from
 * the event and from what the replicas have said of their clocks.
 */
#include "replication/private.h"

#include "base/sha256.h"

#include <assert.h>
#include <string.h>

/* ---- what every part asks for ---- */

/* SHA-256 of (seed, counter): 32 bytes a step. Whoever does not know the seed guesses none of them,
 * and whoever has seen some guesses no others. */
void replication_random(struct replication *r, void *to, size_t size)
{
	uint8_t *at = to;

	while (size > 0) {
		uint8_t block[KEY_SIZE + 8];
		uint8_t digest[SHA256_SIZE];
		size_t part = size < sizeof digest ? size : sizeof digest;

		memcpy(block, r->options.seed, KEY_SIZE);
		buf_store_u64(block + KEY_SIZE, r->random_count++);
		sha256(block, sizeof block, digest);
		memcpy(at, digest, part);
		at += part;
		size -= part;
	}
}

/* Each replica's clock is kept as its offset to our monotonic time. The middle one of three counts,
 * so one wrong clock does no harm; of two the leader's, of one that. If none is live, those that
 * were heard last count. */
uint64_t replication_clock(const struct replication *r, struct replication_time time)
{
	int64_t offsets[REPLICAS];
	uint32_t count = 0;
	int64_t middle;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].clock_known && (!r->live || (r->live & BIT(i))))
			offsets[count++] = r->replicas[i].clock_offset_ms;
	if (count == 0)
		return 0;
	middle = offsets[0];
	if (count == 3) {
		int64_t low = offsets[0] < offsets[1] ? offsets[0] : offsets[1];
		int64_t high = offsets[0] < offsets[1] ? offsets[1] : offsets[0];

		middle = offsets[2] < low ? low : offsets[2] > high ? high : offsets[2];
	}
	middle += (int64_t)time.monotonic_ms;
	return middle < 1                          ? 1
	       : (uint64_t)middle > ID_TIME_MS_MAX ? ID_TIME_MS_MAX
	                                           : (uint64_t)middle;
}

uint64_t replication_now(const struct replication *r)
{
	return replication_clock(r, (struct replication_time){ r->now_ms });
}

uint8_t replication_joined(const struct replication *r)
{
	uint8_t mask = 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (r->replicas[i].joined)
			mask |= BIT(i);
	return mask & r->live;
}

/* ---- actions ---- */

static struct queued *queue(struct replication *r, enum action_kind kind)
{
	struct queued *q = ring_add(&r->actions, sizeof *q);

	memset(q, 0, sizeof *q);
	q->action.kind = kind;
	return q;
}

struct action *replication_act(struct replication *r, enum action_kind kind, void *owned)
{
	struct queued *q = queue(r, kind);

	q->owned = owned;
	return &q->action;
}

struct action *replication_act_piece(struct replication *r, enum action_kind kind, void *piece)
{
	struct queued *q = queue(r, kind);

	q->piece = piece;
	return &q->action;
}

static void free_owned(struct replication *r)
{
	memory_free(r->owned);
	pool_free(&r->pool, r->piece);
	r->owned = r->piece = NULL;
}

bool replication_next(struct replication *r, struct action *action)
{
	const struct queued *q;

	assert(r->magic == REPLICATION_MAGIC);
	free_owned(r);
	if (r->actions.count == 0)
		return false;
	q = ring_at(&r->actions, 0, sizeof *q);
	*action = q->action;
	r->owned = q->owned;
	r->piece = q->piece;
	ring_drop(&r->actions);
	return true;
}

void replication_act_release(struct replication *r)
{
	struct action action;

	while (replication_next(r, &action))
		continue;
	ring_release(&r->actions);
}

/* ---- maps ---- */

void replication_empty(struct map *m)
{
	uint32_t place = 0;
	void *value;

	while ((value = map_next(m, &place)) != NULL)
		memory_free(value);
	map_clear(m);
}
