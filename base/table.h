/* SPDX-License-Identifier: MIT
 *
 * table: a hash of 4-byte handles. It holds nothing of what the handles name: the caller
 * brings the hash and a function that compares.
 *
 * Extendible hashing: the first bits of a hash choose a segment, which is a small
 * open-addressing table of its own. A segment grows by three eighths until it has TABLE_BUCKETS_MAX
 * buckets and then splits by the next bit. So nothing is ever rehashed but one segment of some
 * hundred handles, the table is always about three quarters full, and a handle costs 6 to 8
 * bytes.
 *
 * A bucket is 64 bytes: 12 handles, 8 bits of each one's hash, and how many handles wanted to be
 * in it and went on. A look-up reads one bucket and then, nearly always, only the thing itself.
 */
#ifndef THREEFOLD_BASE_TABLE_H
#define THREEFOLD_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TABLE_WAYS = 12,
	TABLE_BUCKETS_MAX = 64, /* in a segment that can still split: 4 KiB, up to 672 handles */
	TABLE_DEPTH_MAX = 24,   /* bits of the hash that choose a segment */
};

struct table_segment;

/* The count stands here too: a look-up then need not read the segment's head. */
struct table_entry {
	struct table_segment *segment;
	uint32_t bucket_count;
};

/* Asks the processor for what table_hash (below) will read of the thing that `handle` names. */
typedef void table_touch(const void *context, uint32_t handle);

struct table {
	struct table_entry *entries; /* 2^depth; several may be of the same segment */
	unsigned depth;
	uint64_t count;
	size_t held;        /* bytes allocated */
	table_touch *touch; /* NULL: there is none */
};

/* Whether the thing that `handle` names has the key. */
typedef bool table_match(const void *context, const void *key, uint32_t handle);
/* The hash of the thing that `handle` names; asked for when a segment grows or splits. */
typedef uint64_t table_hash(const void *context, uint32_t handle);

/* An empty table: one segment of one bucket. `touch` saves waits for memory when a segment grows,
 * where what the handles name is in no cache; NULL: not worth it. */
void table_init(struct table *t, table_touch *touch);
/* Frees the memory; nothing of what the handles name is touched. */
void table_release(struct table *t);
/* Asks the processor for what a look-up will read first. */
void table_prefetch(const struct table *t, uint64_t hash);
/* A handle that is probably under this hash, by what stands in the table alone; 0: none is seen. */
uint32_t table_guess(const struct table *t, uint64_t hash);
/* The handle under this hash that matches, or 0. */
uint32_t table_find(const struct table *t, uint64_t hash, table_match *match, const void *context,
                    const void *key);
/* Adds a handle, not 0, that is not in the table. */
void table_add(struct table *t, uint64_t hash, uint32_t handle, table_hash *hash_of,
               const void *context);
/* Removes a handle that is in the table. */
void table_remove(struct table *t, uint64_t hash, uint32_t handle, table_hash *hash_of,
                  const void *context);
/* Asserts every invariant. */
void table_check(const struct table *t, table_hash *hash_of, const void *context);

#endif
