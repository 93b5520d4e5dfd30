/* SPDX-License-Identifier: MIT
 *
 * Breadth first, so what is found first is shortest. Of a world that was seen 64 bits and the
 * number of the one that it came from are kept; the worlds themselves only until their own steps
 * were made, without their zeros. Two worlds of one fingerprint would be taken for one: with n
 * states about n * n / 2^65 of them, 1 in 100,000 for 20 million. A violation's story is told by
 * walking the fingerprints again from the beginning.
 */
#include "tests/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct world) % 4 == 0, "its last member is a number of 32 bits");

/* ---- what was seen ---- */

struct seen {
	uint64_t *prints; /* in the order found */
	uint32_t *parents;
	uint32_t *table; /* of places + 1 in the order, by fingerprint */
	uint32_t count, capacity, table_size;
};

static void *more(void *memory, size_t count, size_t size)
{
	void *grown = realloc(memory, count * size);

	if (!grown) {
		(void)printf("Bail out! no memory for %zu states\n", count);
		exit(1);
	}
	return grown;
}

static uint64_t fingerprint(const struct world *w)
{
	const unsigned char *bytes = (const unsigned char *)w;
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < sizeof *w; i += 8) {
		uint64_t word = 0;

		memcpy(&word, bytes + i, sizeof *w - i < 8 ? sizeof *w - i : 8);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 29;
}

static void place(struct seen *s, uint32_t at)
{
	uint64_t slot = s->prints[at] & (s->table_size - 1);

	while (s->table[slot])
		slot = (slot + 1) & (s->table_size - 1);
	s->table[slot] = at + 1;
}

static void grow(struct seen *s)
{
	s->capacity = s->capacity ? s->capacity * 2 : 1u << 16;
	s->table_size = s->capacity * 2;
	s->prints = more(s->prints, s->capacity, sizeof *s->prints);
	s->parents = more(s->parents, s->capacity, sizeof *s->parents);
	s->table = more(s->table, s->table_size, sizeof *s->table);
	memset(s->table, 0, s->table_size * sizeof *s->table);
	for (uint32_t i = 0; i < s->count; i++)
		place(s, i);
}

/* False: it was seen before. */
static bool seen_add(struct seen *s, uint64_t print, uint32_t parent)
{
	uint64_t slot;

	if (s->count == s->capacity)
		grow(s);
	slot = print & (s->table_size - 1);
	for (; s->table[slot]; slot = (slot + 1) & (s->table_size - 1))
		if (s->prints[s->table[slot] - 1] == print)
			return false;
	s->prints[s->count] = print;
	s->parents[s->count] = parent;
	s->table[slot] = ++s->count;
	return true;
}

/* ---- worlds that wait ---- */

enum { BLOCK_SIZE = 1 << 20, PACKED_MAX = (int)(sizeof(struct world) * 9 / 8 + 8) };

struct block {
	struct block *next;
	size_t size;
	unsigned char bytes[BLOCK_SIZE];
};

struct waiting {
	struct block *first, *last;
	size_t at; /* in the first one */
};

/* Eight bytes at a time: which of them are not zero, and those. */
static void pack(struct waiting *q, const struct world *w)
{
	const unsigned char *bytes = (const unsigned char *)w;
	struct block *b = q->last;

	if (!b || b->size + PACKED_MAX > BLOCK_SIZE) {
		b = more(NULL, 1, sizeof *b);
		b->next = NULL;
		b->size = 0;
		if (q->last)
			q->last->next = b;
		else
			q->first = b;
		q->last = b;
	}
	for (size_t i = 0; i < sizeof *w; i += 8) {
		unsigned char *mask = &b->bytes[b->size++];

		*mask = 0;
		for (size_t j = i; j < i + 8 && j < sizeof *w; j++)
			if (bytes[j]) {
				*mask |= BIT(j - i);
				b->bytes[b->size++] = bytes[j];
			}
	}
}

static bool unpack(struct waiting *q, struct world *w)
{
	unsigned char *bytes = (unsigned char *)w;
	struct block *b = q->first;

	if (b && q->at == b->size) {
		q->first = b->next;
		if (!q->first)
			q->last = NULL;
		free(b);
		b = q->first;
		q->at = 0;
	}
	if (!b)
		return false;
	memset(w, 0, sizeof *w);
	for (size_t i = 0; i < sizeof *w; i += 8) {
		unsigned char mask = b->bytes[q->at++];

		for (size_t j = i; mask; j++, mask >>= 1)
			if (mask & 1)
				bytes[j] = b->bytes[q->at++];
	}
	return true;
}

static void waiting_free(struct waiting *q)
{
	while (q->first) {
		struct block *next = q->first->next;

		free(q->first);
		q->first = next;
	}
	q->last = NULL;
}

/* ---- the story ---- */

static void tell_replicas(const struct world *w)
{
	for (unsigned r = 0; r < REPLICAS; r++) {
		const struct replica *p = &w->replicas[r];

		(void)printf(
			"#      r%u: accounts %u, confirmed %u, gone %u; messages %u, buried %u\n",
			r, p->known, p->confirmed, p->gone, p->added, p->buried);
	}
}

static unsigned depth_of(const struct seen *s, uint32_t at)
{
	unsigned depth = 0;

	for (; s->parents[at] != at; at = s->parents[at])
		depth++;
	return depth;
}

/* Walks again from the beginning to the state at this place. */
static void tell(const struct seen *s, uint32_t at, struct steps *steps)
{
	unsigned depth = depth_of(s, at);
	uint32_t *path = more(NULL, depth + 1, sizeof *path);
	struct world w;

	for (unsigned i = depth; i > 0; i--, at = s->parents[at])
		path[i] = at;
	narrating = true;
	world_init(&w);
	for (unsigned i = 1; i <= depth; i++) {
		unsigned k = 0;

		world_steps(&w, steps);
		for (; k < steps->count; k++) {
			steps->worlds[k].broken = 0;
			if (fingerprint(&steps->worlds[k]) == s->prints[path[i]])
				break;
		}
		assert(k < steps->count);
		(void)printf("# %3u. %s\n", i, steps->stories[k]);
		w = steps->worlds[k];
	}
	tell_replicas(&w);
	narrating = false;
	free(path);
}

static void violation(const struct seen *s, uint32_t at, uint32_t promises, bool story,
                      struct steps *steps, struct found *found)
{
	if (!found->broken)
		found->shortest = depth_of(s, at);
	found->broken |= promises;
	if (!story)
		return;
	for (unsigned p = 1; p < PROMISES; p++)
		if (promises >> p & 1)
			(void)printf("# %s\n", promise_text((enum promise)p));
	tell(s, at, steps);
}

/* ---- the search ---- */

static void visit(struct seen *s, struct waiting *q, uint32_t at, struct world *w, bool story,
                  struct steps *steps, struct found *found)
{
	uint32_t promises = w->broken;

	w->broken = 0;
	if (!seen_add(s, fingerprint(w), at))
		return;
	found->states++;
	if (promises)
		violation(s, s->count - 1, promises, story, steps, found);
	else
		pack(q, w);
}

void search(uint64_t states_max, bool story, struct found *found)
{
	struct seen s = { 0 };
	struct waiting q = { 0 };
	struct steps *steps = more(NULL, 1, sizeof *steps);
	struct world w;

	memset(found, 0, sizeof *found);
	memset(steps, 0, sizeof *steps);
	world_init(&w);
	(void)seen_add(&s, fingerprint(&w), 0);
	pack(&q, &w);
	found->states = 1;
	for (uint32_t at = 0; !found->broken && found->states < states_max && unpack(&q, &w);
	     at++) {
		struct world rest = w;

		world_steps(&w, steps);
		found->steps_taken += steps->count;
		if (steps->eager == 0) {
			found->ends++;
			promise_end(&w, &rest);
			if (rest.broken)
				violation(&s, at, rest.broken, story, steps, found);
		}
		for (unsigned i = 0; i < steps->count && !found->broken; i++)
			visit(&s, &q, at, &steps->worlds[i], story, steps, found);
	}
	found->complete = !q.first || (q.first == q.last && q.at == q.first->size);
	waiting_free(&q);
	free(steps);
	free(s.prints);
	free(s.parents);
	free(s.table);
}
