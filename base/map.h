/* SPDX-License-Identifier: MIT
 *
 * map: from keys of bytes to pointers, by open addressing with linear probing.
 *
 * The map owns neither keys nor values: a key must stay where it is while it is in the map (it
 * usually stands in the value). Its order means nothing and must not reach any output. All zero is
 * empty, but for `secret`: who puts keys into it that others chose sets it first, to random bytes,
 * so that nobody can choose keys that meet in one place.
 */
#ifndef THREEFOLD_BASE_MAP_H
#define THREEFOLD_BASE_MAP_H

#include "base/buf.h"
#include "base/siphash.h"

struct map_slot {
	struct view key;
	void *value; /* NULL: free */
	uint32_t hash;
};

struct map {
	struct map_slot *slots;
	uint32_t count;
	uint32_t capacity; /* 0 or a power of two, more than count */
	struct siphash_key secret;
};

/* The value of this key; NULL if it is not there. */
void *map_get(const struct map *m, struct view key);
/* `value` is not NULL; asserts that the key is not there yet. */
void map_put(struct map *m, struct view key, void *value);
/* Takes the key out and returns its value, which is the caller's again; NULL if there is none. */
void *map_take(struct map *m, struct view key);
/* The next value after *place (0 at first), or NULL at the end. Nothing may be put or taken
 * meanwhile. */
void *map_next(const struct map *m, uint32_t *place);
/* Frees the slots, not the values, and keeps the secret. */
void map_clear(struct map *m);

#endif
