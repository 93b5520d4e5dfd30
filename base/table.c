/* SPDX-License-Identifier: MIT
 *
 * table: see table.h. The parts of a hash: bits 63.. choose the segment, bits 8 to 39 the bucket
 * (scaled, so that a segment may have any number of buckets), bits 0 to 7 are the tag. A full
 * bucket sends on to the next one and counts that; a look-up ends at the first bucket that sent
 * nobody on. A counter that has reached 255 stays there, which costs time and never an answer.
 *
 * One array that doubles would be simpler. It lost because it is half empty after it doubled, and
 * because moving a million handles at once is a pause.
 */
#include "base/table.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/mix.h"

enum {
	SENT_ON_MAX = 255,
	TOUCH_AHEAD = 3, /* buckets: some 30 things on their way from memory, as many as may be */
	TABLE_SPREAD_MIN = 64, /* handles for each entry of the list of segments, at least */
};

struct table_bucket {
	uint8_t tags[TABLE_WAYS]; /* 0: the place is empty */
	uint8_t sent_on;
	uint8_t unused[3];
	uint32_t handles[TABLE_WAYS];
};
_Static_assert(sizeof(struct table_bucket) == 64, "a bucket is a cache line");

struct table_segment {
	uint32_t count;
	uint32_t bucket_count;
	uint32_t depth; /* how many bits of the hash all its handles share */
	uint32_t unused;
	struct table_bucket buckets[];
};

/* Never 0, which marks an empty place. */
static uint8_t tag_of(uint64_t hash)
{
	uint8_t tag = (uint8_t)hash;

	return tag ? tag : 1;
}

/* Scales 32 bits of the hash to the number of buckets: a product and a shift, and no division. */
static uint32_t bucket_of(uint32_t bucket_count, uint64_t hash)
{
	return (uint32_t)(((hash >> 8 & UINT32_MAX) * bucket_count) >> 32);
}

static uint32_t bucket_after(uint32_t bucket_count, uint32_t index)
{
	return index + 1 == bucket_count ? 0 : index + 1;
}

/* Which entry, and so which segment, the first bits of the hash choose. */
static size_t entry_index(const struct table *t, uint64_t hash)
{
	return t->depth ? (size_t)(hash >> (64 - t->depth)) : 0;
}

static size_t segment_size(uint32_t bucket_count)
{
	return sizeof(struct table_segment) + bucket_count * sizeof(struct table_bucket);
}

/* The buckets that `count` handles need: three quarters full. */
static uint32_t buckets_for(uint32_t count)
{
	return (count + count / 3) / TABLE_WAYS + 1;
}

/* All places are empty; counts what the table holds, as segment_free does. */
static struct table_segment *segment_new(struct table *t, uint32_t bucket_count, uint32_t depth)
{
	struct table_segment *segment = memory_alloc_zero(1, segment_size(bucket_count));

	segment->bucket_count = bucket_count;
	segment->depth = depth;
	t->held += segment_size(bucket_count);
	return segment;
}

static void segment_free(struct table *t, struct table_segment *segment)
{
	t->held -= segment_size(segment->bucket_count);
	memory_free(segment);
}

/* An entry remembers the segment's size: both change together, here alone. */
static void entry_set(struct table *t, size_t index, struct table_segment *segment)
{
	t->entries[index] = (struct table_entry){ segment, segment->bucket_count };
}

/* A bit of 0x80 in each byte of `word` that is equal to `tag`. */
static uint64_t bytes_equal(uint64_t word, uint8_t tag)
{
	const uint64_t low7 = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t x = word ^ (tag * UINT64_C(0x0101010101010101));

	return ~(((x & low7) + low7) | x | low7);
}

/* The handle of a bucket that matches, or 0. Compares the tags of eight places at a time; `match`,
 * which reads memory far away, is asked only for places with the right tag. */
static uint32_t bucket_find(const struct table_bucket *bucket, uint8_t tag, table_match *match,
                            const void *context, const void *key)
{
	uint64_t hits = bytes_equal(mix_load(bucket->tags), tag);

	for (; hits; hits &= hits - 1) {
		uint32_t handle = bucket->handles[__builtin_ctzll(hits) / 8];

		if (match(context, key, handle))
			return handle;
	}
	/* Bytes 4 to 11: the lower half of the word has been looked at. */
	hits = bytes_equal(mix_load(bucket->tags + 4), tag) >> 32;
	for (; hits; hits &= hits - 1) {
		uint32_t handle = bucket->handles[8 + __builtin_ctzll(hits) / 8];

		if (match(context, key, handle))
			return handle;
	}
	return 0;
}

/* The segment has room. Each full bucket on the way counts that it sent one on. */
static void segment_add(struct table_segment *segment, uint64_t hash, uint32_t handle)
{
	uint32_t index = bucket_of(segment->bucket_count, hash);

	assert(segment->count < segment->bucket_count * TABLE_WAYS);
	for (;; index = bucket_after(segment->bucket_count, index)) {
		struct table_bucket *bucket = &segment->buckets[index];
		uint8_t *empty = memchr(bucket->tags, 0, TABLE_WAYS);

		if (empty != NULL) {
			*empty = tag_of(hash);
			bucket->handles[empty - bucket->tags] = handle;
			break;
		}
		if (bucket->sent_on < SENT_ON_MAX)
			bucket->sent_on++;
	}
	segment->count++;
}

/* Asks for all that a bucket's handles name, if there is such a bucket. */
static void bucket_touch(const struct table_segment *segment, uint32_t index, table_touch *touch,
                         const void *context)
{
	if (touch == NULL || index >= segment->bucket_count)
		return;
	for (unsigned way = 0; way < TABLE_WAYS; way++)
		if (segment->buckets[index].tags[way])
			touch(context, segment->buckets[index].handles[way]);
}

/* Puts what is in `from` into `low`, or into `high` where the bit below the shared ones is set.
 * What the handles name is seldom in a cache: so it is asked for some buckets ahead. */
static void segment_move(const struct table *t, const struct table_segment *from,
                         struct table_segment *low, struct table_segment *high, table_hash *hash_of,
                         const void *context)
{
	for (uint32_t i = 0; i < TOUCH_AHEAD; i++)
		bucket_touch(from, i, t->touch, context);
	for (uint32_t i = 0; i < from->bucket_count; i++) {
		const struct table_bucket *bucket = &from->buckets[i];
		uint64_t hashes[TABLE_WAYS];

		bucket_touch(from, i + TOUCH_AHEAD, t->touch, context);
		for (unsigned way = 0; way < TABLE_WAYS; way++)
			hashes[way] = bucket->tags[way] ? hash_of(context, bucket->handles[way])
			                                : 0;
		for (unsigned way = 0; way < TABLE_WAYS; way++) {
			bool up = hashes[way] >> (63 - from->depth) & 1;

			if (!bucket->tags[way])
				continue;
			assert(tag_of(hashes[way]) == bucket->tags[way]);
			segment_add(up ? high : low, hashes[way], bucket->handles[way]);
		}
	}
}

/* Gives the segment at `index` another number of buckets. */
static void segment_resize(struct table *t, size_t index, uint32_t bucket_count,
                           table_hash *hash_of, const void *context)
{
	struct table_segment *old = t->entries[index].segment;
	struct table_segment *new = segment_new(t, bucket_count, old->depth);
	size_t copies = (size_t)1 << (t->depth - old->depth);
	size_t first = index & ~(copies - 1);

	segment_move(t, old, new, new, hash_of, context);
	assert(new->count == old->count);
	for (size_t i = first; i < first + copies; i++)
		entry_set(t, i, new);
	segment_free(t, old);
}

/* One more bit chooses: each segment then stands in twice as many entries. No handle moves. */
static void double_entries(struct table *t)
{
	size_t count = (size_t)1 << t->depth;

	t->entries = memory_resize(t->entries, 2 * count * sizeof(struct table_entry));
	t->held += count * sizeof(struct table_entry);
	for (size_t i = count; i-- > 0;)
		t->entries[2 * i] = t->entries[2 * i + 1] = t->entries[i];
	t->depth++;
}

/* Makes two segments of the one for this hash, by the next bit, each as large as its handles
 * need. */
static void segment_split(struct table *t, uint64_t hash, table_hash *hash_of, const void *context)
{
	struct table_segment *old = t->entries[entry_index(t, hash)].segment;

	if (old->depth == t->depth)
		double_entries(t);

	/* Usually each gets half; one may get all. */
	struct table_segment *low = segment_new(t, old->bucket_count, old->depth + 1);
	struct table_segment *high = segment_new(t, old->bucket_count, old->depth + 1);
	size_t copies = (size_t)1 << (t->depth - old->depth);
	size_t first = entry_index(t, hash) & ~(copies - 1);

	segment_move(t, old, low, high, hash_of, context);
	assert(low->count + high->count == old->count);
	for (size_t i = 0; i < copies; i++)
		entry_set(t, first + i, i < copies / 2 ? low : high);
	segment_free(t, old);
	segment_resize(t, first, buckets_for(low->count), hash_of, context);
	segment_resize(t, first + copies / 2, buckets_for(high->count), hash_of, context);
}

void table_init(struct table *t, table_touch *touch)
{
	*t = (struct table){ .touch = touch };
	t->entries = memory_alloc(sizeof(struct table_entry));
	t->held = sizeof(struct table_entry);
	entry_set(t, 0, segment_new(t, 1, 0));
}

void table_release(struct table *t)
{
	size_t count = (size_t)1 << t->depth;

	for (size_t i = 0; i < count;) {
		struct table_segment *segment = t->entries[i].segment;

		i += (size_t)1 << (t->depth - segment->depth);
		segment_free(t, segment);
	}
	assert(t->held == count * sizeof(struct table_entry));
	memory_free(t->entries);
	*t = (struct table){ 0 };
}

/* Equal hashes cannot be told apart by more bits: the list of segments grows only as fast as the
 * table, and a segment that would need it to grow faster grows itself. */
static bool may_split(const struct table *t, const struct table_segment *segment)
{
	if (segment->depth < t->depth)
		return true;
	return t->depth < TABLE_DEPTH_MAX && t->count >> t->depth >= TABLE_SPREAD_MIN;
}

void table_prefetch(const struct table *t, uint64_t hash)
{
	const struct table_entry *entry = &t->entries[entry_index(t, hash)];

	__builtin_prefetch(&entry->segment->buckets[bucket_of(entry->bucket_count, hash)]);
}

uint32_t table_guess(const struct table *t, uint64_t hash)
{
	const struct table_entry *entry = &t->entries[entry_index(t, hash)];
	const struct table_bucket *bucket =
		&entry->segment->buckets[bucket_of(entry->bucket_count, hash)];
	const uint8_t *found = memchr(bucket->tags, tag_of(hash), TABLE_WAYS);

	return found != NULL ? bucket->handles[found - bucket->tags] : 0;
}

uint32_t table_find(const struct table *t, uint64_t hash, table_match *match, const void *context,
                    const void *key)
{
	const struct table_entry *entry = &t->entries[entry_index(t, hash)];
	uint32_t index = bucket_of(entry->bucket_count, hash);
	uint8_t tag = tag_of(hash);

	for (uint32_t seen = 0; seen < entry->bucket_count; seen++) {
		const struct table_bucket *bucket = &entry->segment->buckets[index];
		uint32_t handle = bucket_find(bucket, tag, match, context, key);

		if (handle || !bucket->sent_on)
			return handle;
		index = bucket_after(entry->bucket_count, index);
	}
	return 0;
}

void table_add(struct table *t, uint64_t hash, uint32_t handle, table_hash *hash_of,
               const void *context)
{
	struct table_segment *segment = t->entries[entry_index(t, hash)].segment;

	assert(handle != 0);
	while (segment->count + 1 > segment->bucket_count * TABLE_WAYS * 7 / 8) {
		uint32_t larger = segment->bucket_count + segment->bucket_count * 3 / 8 + 1;

		if (larger > TABLE_BUCKETS_MAX && may_split(t, segment))
			segment_split(t, hash, hash_of, context);
		else
			segment_resize(t, entry_index(t, hash), larger, hash_of, context);
		segment = t->entries[entry_index(t, hash)].segment;
	}
	segment_add(segment, hash, handle);
	t->count++;
}

/* Where the handle stands in this bucket, or TABLE_WAYS. */
static unsigned bucket_way(const struct table_bucket *bucket, uint32_t handle)
{
	unsigned way = 0;

	while (way < TABLE_WAYS && !(bucket->tags[way] && bucket->handles[way] == handle))
		way++;
	return way;
}

void table_remove(struct table *t, uint64_t hash, uint32_t handle, table_hash *hash_of,
                  const void *context)
{
	size_t at = entry_index(t, hash);
	struct table_segment *segment = t->entries[at].segment;
	uint32_t index = bucket_of(segment->bucket_count, hash);
	unsigned way;

	assert(segment->count > 0);
	while ((way = bucket_way(&segment->buckets[index], handle)) == TABLE_WAYS) {
		struct table_bucket *bucket = &segment->buckets[index];

		assert(bucket->sent_on > 0);
		if (bucket->sent_on < SENT_ON_MAX)
			bucket->sent_on--;
		index = bucket_after(segment->bucket_count, index);
	}
	segment->buckets[index].tags[way] = 0;
	segment->count--;
	t->count--;
	if (segment->bucket_count > 1 && segment->count * 3 < segment->bucket_count * TABLE_WAYS)
		segment_resize(t, at, buckets_for(segment->count), hash_of, context);
}

/* Each handle is where its hash says: in this segment, with its tag, and reached from its bucket
 * over buckets that sent somebody on. Returns how many handles there are. */
static uint32_t segment_check(const struct table_segment *segment, size_t index, unsigned depth,
                              table_hash *hash_of, const void *context)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < segment->bucket_count; i++)
		for (unsigned way = 0; way < TABLE_WAYS; way++) {
			const struct table_bucket *bucket = &segment->buckets[i];

			if (!bucket->tags[way])
				continue;
			uint64_t hash = hash_of(context, bucket->handles[way]);

			count++;
			assert(tag_of(hash) == bucket->tags[way]);
			if (segment->depth)
				assert(hash >> (64 - segment->depth) ==
				       index >> (depth - segment->depth));
			for (uint32_t at = bucket_of(segment->bucket_count, hash); at != i;
			     at = bucket_after(segment->bucket_count, at))
				assert(segment->buckets[at].sent_on > 0);
		}
	assert(count == segment->count);
	return count;
}

void table_check(const struct table *t, table_hash *hash_of, const void *context)
{
	size_t segments = (size_t)1 << t->depth;
	size_t held = segments * sizeof(struct table_entry);
	uint64_t count = 0;

	for (size_t i = 0; i < segments;) {
		const struct table_segment *segment = t->entries[i].segment;
		size_t copies = (size_t)1 << (t->depth - segment->depth);

		assert(segment->depth <= t->depth);
		assert(i % copies == 0);
		for (size_t j = 0; j < copies; j++) {
			assert(t->entries[i + j].bucket_count == segment->bucket_count);
			assert(t->entries[i + j].segment == segment);
		}
		count += segment_check(segment, i, t->depth, hash_of, context);
		held += segment_size(segment->bucket_count);
		i += copies;
	}
	assert(count == t->count);
	assert(held == t->held);
}
