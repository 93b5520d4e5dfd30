/* SPDX-License-Identifier: MIT
 *
 * tree: a packed B+tree of 4-byte handles. It holds nothing of what the handles name: the caller
 * brings the order.
 *
 * A tree is the handle of its root node in an arena, 0 if it is empty, so that thousands of
 * small trees cost little: a tree of one leaf has a leaf of just about its size. Larger ones
 * have leaves of up to TREE_LEAF_MAX handles. What arrives in ascending order leaves them full.
 *
 * Each branch knows how many elements stand below it and what they weigh together, so the weight
 * of a range of keys costs O(log n).
 *
 * Pure. The order's functions are used inside a call and are not kept. An element's place in the
 * order and its weight must not change while it is in a tree.
 */
#ifndef THREEFOLD_BASE_TREE_H
#define THREEFOLD_BASE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	TREE_LEAF_MAX = 126,  /* handles in a leaf: 512 bytes */
	TREE_BRANCH_MAX = 42, /* branches in an inner node: 1,016 bytes */
	TREE_HEIGHT_MAX = 12, /* 2^32 elements, were each node a quarter full */
};

struct tree_order {
	/* <0, 0, >0 as the key is before, at or after the element. */
	int (*compare)(const void *context, const void *key, uint32_t element);
	/* NULL: everything weighs 0. */
	uint64_t (*weight)(const void *context, uint32_t element);
};

/* What the functions need beside the root: given with each call. */
struct tree_use {
	struct arena *arena;
	const struct tree_order *order;
	const void *context; /* handed to the order's functions */
};

struct tree_weight {
	uint64_t count;
	uint64_t weight;
};

/* Where the last tree_next ended, so that the next one need not search. Zero it when any tree of
 * the arena has changed. */
struct tree_hint {
	const struct tree_node *leaf;
	uint32_t root;
	uint32_t index;
};

/* The element at the key; 0 if there is none. */
uint32_t tree_find(const struct tree_use *use, uint32_t root, const void *key);
/* The first element after the key; 0 at the end. `hint` makes the next step of a walk cheap; it may
 * be NULL. */
uint32_t tree_next(const struct tree_use *use, uint32_t root, const void *key,
                   struct tree_hint *hint);
/* The element that so many more steps of the walk will give, as far as the hint can tell: it does
 * not look beyond its leaf. 0: none. */
uint32_t tree_ahead(const struct tree_hint *hint, uint32_t steps);
/* The first element at or after the key; 0 if there is none. */
uint32_t tree_from(const struct tree_use *use, uint32_t root, const void *key);
/* Adds an element, which is not 0 and whose key is not in the tree. *root changes if the root node
 * does; *root 0 is an empty tree. */
void tree_add(const struct tree_use *use, uint32_t *root, const void *key, uint32_t element);
/* The same for one whose key is after all of them, which its owner knows: compares nothing, and so
 * reads no element. */
void tree_append(const struct tree_use *use, uint32_t *root, uint32_t element);
/* Removes the element at the key, which is in the tree, and returns it. The element itself is not
 * freed. *root becomes 0 with the last one. */
uint32_t tree_remove(const struct tree_use *use, uint32_t *root, const void *key);
/* Removes the first element and returns it; 0 if the tree is empty. Compares nothing. */
uint32_t tree_pop(const struct tree_use *use, uint32_t *root);

/* How many elements stand in the whole tree. */
uint64_t tree_count(const struct arena *a, uint32_t root);
/* The count and the weight of the elements at or after `from` and before `to`, where from <= to. */
struct tree_weight tree_between(const struct tree_use *use, uint32_t root, const void *from,
                                const void *to);

/* Asserts every invariant but the order of the elements, which only their owner can see. */
void tree_check(const struct tree_use *use, uint32_t root);

/* Asks the processor for the end of a node, where the next element is added; 0 is allowed. Its
 * front is read. */
void tree_prefetch_end(const struct arena *a, uint32_t node);
/* The last child of a node; 0: it is a leaf, or none. */
uint32_t tree_end_child(const struct arena *a, uint32_t node);

#endif
