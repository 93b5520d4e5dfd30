/* SPDX-License-Identifier: MIT
 *
 * tree: see tree.h. A search keeps its path (nodes and indexes), and additions and removals walk
 * it back from the leaf to the root and mend counts, weights and first elements on the way.
 *
 * A full leaf first gives to its right neighbour, so that nodes are well filled in any order of
 * arrival. A full node splits in the middle, but where the new one comes at the end, or near it,
 * the split is made there: the left node stays full, for more will come at the right. A node
 * that is less than a quarter full joins its neighbour if there is room.
 *
 * Links between leaves lost: a path finds the next leaf as well, and a link is one more thing to
 * mend.
 */
#include "base/tree.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"

struct tree_branch {
	uint32_t node;
	uint32_t first; /* the first element below */
	uint64_t count;
	uint64_t weight;
};

/* Behind it stand the places: elements in a leaf, branches in an inner node. */
struct tree_node {
	uint16_t count;
	uint16_t capacity;
	uint16_t level; /* 0: a leaf */
	uint16_t unused;
};

enum {
	NODE_HEADER = sizeof(struct tree_node),
	LEAF_MIN = 2,
	/* Behind this share of a node's places, in sixteenths, an addition counts as one at the
	 * end. */
	NEAR_END = 14,
};
_Static_assert(NODE_HEADER % _Alignof(struct tree_branch) == 0, "branches are aligned");
_Static_assert(NODE_HEADER + TREE_LEAF_MAX * 4 <= ARENA_PIECE_MAX, "a leaf is one piece");
_Static_assert(NODE_HEADER + TREE_BRANCH_MAX * 24 <= ARENA_PIECE_MAX, "a node is one piece");

struct tree_step {
	struct tree_node *node;
	uint32_t handle;
	uint32_t index; /* the branch taken, or the place in the leaf */
};

struct path {
	struct tree_step steps[TREE_HEIGHT_MAX];
	uint32_t depth; /* the leaf's step */
};

static struct tree_node *node_at(const struct arena *a, uint32_t handle)
{
	return arena_at(a, handle);
}

static uint32_t *elements_of(const struct tree_node *leaf)
{
	assert(leaf->level == 0);
	return (uint32_t *)((const uint8_t *)leaf + NODE_HEADER);
}

static struct tree_branch *branches_of(const struct tree_node *node)
{
	assert(node->level > 0);
	return (struct tree_branch *)((const uint8_t *)node + NODE_HEADER);
}

/* An empty node; `capacity` counts elements in a leaf, branches above. */
static uint32_t node_new(struct arena *a, uint16_t level, uint32_t capacity)
{
	size_t place = level ? sizeof(struct tree_branch) : sizeof(uint32_t);
	uint32_t handle = arena_alloc(a, NODE_HEADER + capacity * place);

	*node_at(a, handle) = (struct tree_node){ .capacity = (uint16_t)capacity, .level = level };
	return handle;
}

/* The first element of all that stand below a node, which a branch remembers. */
static uint32_t first_of(const struct tree_node *node)
{
	assert(node->count > 0);
	return node->level ? branches_of(node)->first : *elements_of(node);
}

static uint64_t weight_of(const struct tree_use *use, uint32_t element)
{
	return use->order->weight ? use->order->weight(use->context, element) : 0;
}

/* What the node above has to know of a node, counted anew. */
static struct tree_branch branch_of(const struct tree_use *use, uint32_t handle)
{
	const struct tree_node *node = node_at(use->arena, handle);
	struct tree_branch branch = { .node = handle, .first = first_of(node) };

	if (node->level == 0)
		branch.count = node->count;
	for (uint32_t i = 0; i < node->count; i++) {
		if (node->level == 0) {
			branch.weight += weight_of(use, elements_of(node)[i]);
		} else {
			branch.count += branches_of(node)[i].count;
			branch.weight += branches_of(node)[i].weight;
		}
	}
	return branch;
}

/* ---- searching ---- */

/* The last branch whose first element is not after the key, or the first branch. The last one is
 * tried first, for most that is new is new at the end. */
static uint32_t branch_search(const struct tree_use *use, const struct tree_node *node,
                              const void *key)
{
	const struct tree_branch *branches = branches_of(node);
	uint32_t low = 0;
	uint32_t high = node->count - 1u;

	if (use->order->compare(use->context, key, branches[high].first) >= 0)
		return high;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (use->order->compare(use->context, key, branches[middle].first) >= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The place of the first element at or after the key; *equal: it is at it. */
static uint32_t leaf_search(const struct tree_use *use, const struct tree_node *leaf,
                            const void *key, bool *equal)
{
	const uint32_t *elements = elements_of(leaf);
	uint32_t low = 0;
	uint32_t high = leaf->count - 1u;
	int order = use->order->compare(use->context, key, elements[high]);

	*equal = order == 0;
	if (order >= 0)
		return order > 0 ? high + 1 : high;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		order = use->order->compare(use->context, key, elements[middle]);
		if (order == 0) {
			*equal = true;
			return middle;
		}
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The next step of a path leads into this node; its index is still to be chosen. */
static void path_enter(const struct tree_use *use, struct path *path, uint32_t handle)
{
	assert(path->depth < TREE_HEIGHT_MAX);
	struct tree_step *step = &path->steps[path->depth];

	step->handle = handle;
	step->node = node_at(use->arena, handle);
	assert(step->node->count > 0);
}

/* Follows the right edge, to behind the last element, which it returns. */
static uint32_t path_to_end(const struct tree_use *use, uint32_t root, struct path *path)
{
	uint32_t handle = root;

	for (path->depth = 0;; path->depth++) {
		path_enter(use, path, handle);
		struct tree_step *step = &path->steps[path->depth];
		uint32_t last = step->node->count - 1u;

		if (step->node->level == 0) {
			step->index = last + 1;
			return elements_of(step->node)[last];
		}
		step->index = last;
		handle = branches_of(step->node)[last].node;
	}
}

void tree_prefetch_end(const struct arena *a, uint32_t handle)
{
	if (handle == 0)
		return;
	const struct tree_node *node = node_at(a, handle);

	if (node->level == 0)
		__builtin_prefetch(elements_of(node) + node->count);
	else
		__builtin_prefetch(branches_of(node) + node->count - 1);
}

uint32_t tree_end_child(const struct arena *a, uint32_t handle)
{
	if (handle == 0)
		return 0;
	const struct tree_node *node = node_at(a, handle);

	return node->level == 0 ? handle : branches_of(node)[node->count - 1].node;
}

/* True if the key is behind the last element: most that is new is, and then this one comparison is
 * all. */
static bool search_end(const struct tree_use *use, uint32_t root, const void *key,
                       struct path *path)
{
	return use->order->compare(use->context, key, path_to_end(use, root, path)) > 0;
}

/* Finds the place of a key, and whether an element stands at it. */
static bool search(const struct tree_use *use, uint32_t root, const void *key, struct path *path)
{
	uint32_t handle = root;
	bool equal;

	assert(root != 0);
	if (search_end(use, root, key, path))
		return false;
	for (path->depth = 0;; path->depth++) {
		path_enter(use, path, handle);
		struct tree_step *step = &path->steps[path->depth];

		if (step->node->level == 0) {
			step->index = leaf_search(use, step->node, key, &equal);
			return equal;
		}
		step->index = branch_search(use, step->node, key);
		handle = branches_of(step->node)[step->index].node;
	}
}

/* The first element behind the leaf of this path, or 0. */
static uint32_t after_leaf(const struct path *path)
{
	for (uint32_t depth = path->depth; depth-- > 0;) {
		const struct tree_step *step = &path->steps[depth];

		if (step->index + 1 < step->node->count)
			return branches_of(step->node)[step->index + 1].first;
	}
	return 0;
}

uint32_t tree_find(const struct tree_use *use, uint32_t root, const void *key)
{
	struct path path;

	if (!root || !search(use, root, key, &path))
		return 0;
	const struct tree_step *leaf = &path.steps[path.depth];

	return elements_of(leaf->node)[leaf->index];
}

uint32_t tree_from(const struct tree_use *use, uint32_t root, const void *key)
{
	struct path path;

	if (!root)
		return 0;
	(void)search(use, root, key, &path); /* where it would stand is all that counts here */
	const struct tree_step *leaf = &path.steps[path.depth];

	if (leaf->index < leaf->node->count)
		return elements_of(leaf->node)[leaf->index];
	return after_leaf(&path);
}

uint32_t tree_next(const struct tree_use *use, uint32_t root, const void *key,
                   struct tree_hint *hint)
{
	struct path path;

	if (!root)
		return 0;
	if (hint != NULL && hint->root == root && hint->leaf != NULL &&
	    hint->index + 1 < hint->leaf->count) {
		const uint32_t *elements = elements_of(hint->leaf);

		if (use->order->compare(use->context, key, elements[hint->index]) == 0)
			return elements[++hint->index];
	}
	bool equal = search(use, root, key, &path);
	struct tree_step *leaf = &path.steps[path.depth];

	leaf->index += equal;
	if (leaf->index == leaf->node->count)
		return after_leaf(&path);
	if (hint != NULL)
		*hint = (struct tree_hint){ leaf->node, root, leaf->index };
	return elements_of(leaf->node)[leaf->index];
}

uint32_t tree_ahead(const struct tree_hint *hint, uint32_t steps)
{
	if (hint->leaf == NULL || hint->index + steps >= hint->leaf->count)
		return 0;
	return elements_of(hint->leaf)[hint->index + steps];
}

/* What stands left of a path in the inner nodes; its leaf is weighed apart. */
static struct tree_weight weigh_before(const struct path *path)
{
	struct tree_weight sum = { 0 };

	for (uint32_t depth = 0; depth < path->depth; depth++)
		for (uint32_t i = 0; i < path->steps[depth].index; i++) {
			sum.count += branches_of(path->steps[depth].node)[i].count;
			sum.weight += branches_of(path->steps[depth].node)[i].weight;
		}
	return sum;
}

/* Of the elements of a leaf from one place to another. */
static struct tree_weight weigh_leaf(const struct tree_use *use, const struct tree_node *leaf,
                                     uint32_t from, uint32_t to)
{
	struct tree_weight sum = { .count = to - from };

	assert(from <= to);
	for (uint32_t i = from; i < to; i++)
		sum.weight += weight_of(use, elements_of(leaf)[i]);
	return sum;
}

struct tree_weight tree_between(const struct tree_use *use, uint32_t root, const void *from,
                                const void *to)
{
	struct path low_path;
	struct path high_path;

	if (!root)
		return (struct tree_weight){ 0 };
	/* Whether there is an element at either key makes no difference. */
	(void)search(use, root, from, &low_path);
	(void)search(use, root, to, &high_path);
	const struct tree_step *low = &low_path.steps[low_path.depth];
	const struct tree_step *high = &high_path.steps[high_path.depth];

	if (low->node == high->node)
		return weigh_leaf(use, low->node, low->index, high->index);
	struct tree_weight before = weigh_before(&low_path);
	struct tree_weight sum = weigh_before(&high_path);
	struct tree_weight below = weigh_leaf(use, low->node, 0, low->index);
	struct tree_weight above = weigh_leaf(use, high->node, 0, high->index);

	sum.count += above.count - before.count - below.count;
	sum.weight += above.weight - before.weight - below.weight;
	return sum;
}

uint64_t tree_count(const struct arena *a, uint32_t root)
{
	if (!root)
		return 0;
	const struct tree_node *node = node_at(a, root);
	uint64_t count = 0;

	if (node->level == 0)
		return node->count;
	for (uint32_t i = 0; i < node->count; i++)
		count += branches_of(node)[i].count;
	return count;
}

/* ---- changing ---- */

/* Moves a leaf that is the whole tree into one of another capacity. */
static struct tree_node *leaf_resize(struct arena *a, uint32_t *root, uint32_t capacity)
{
	uint32_t handle = node_new(a, 0, capacity);
	struct tree_node *leaf = node_at(a, handle);
	const struct tree_node *old = node_at(a, *root);

	assert(old->count <= capacity);
	leaf->count = old->count;
	memcpy(elements_of(leaf), elements_of(old), old->count * sizeof(uint32_t));
	arena_free(a, *root);
	*root = handle;
	return leaf;
}

/* The smallest size of a leaf for more than `count` elements: each is half as much again as the
 * one before, in whole granules. Few sizes, since the arena keeps a chunk for each. */
static uint32_t capacity_above(uint32_t count)
{
	static const uint8_t sizes[] = { 2, 4, 6, 10, 16, 24, 36, 54, 82, TREE_LEAF_MAX };
	uint32_t i = 0;

	while (sizes[i] < TREE_LEAF_MAX && sizes[i] <= count)
		i++;
	return sizes[i];
}

/* Keys mostly arrive in order, but those of several writers mix a little: near the end is the
 * end. */
static bool is_near_end(const struct tree_node *node, uint32_t index)
{
	return index * 16 >= node->count * NEAR_END;
}

/* Where a full node is cut for an addition at `index`. */
static uint32_t cut_for(const struct tree_node *node, uint32_t index)
{
	return is_near_end(node, index) ? index : node->count / 2u;
}

/* Moves what stands at `cut` and behind it to a new node, and returns that. */
static uint32_t node_split(struct arena *a, struct tree_node *node, uint32_t cut)
{
	uint32_t handle = node_new(a, node->level, node->level ? TREE_BRANCH_MAX : TREE_LEAF_MAX);
	struct tree_node *right = node_at(a, handle);

	assert(cut <= node->count);
	right->count = (uint16_t)(node->count - cut);
	node->count = (uint16_t)cut;
	if (node->level)
		memcpy(branches_of(right), branches_of(node) + cut,
		       right->count * sizeof(struct tree_branch));
	else
		memcpy(elements_of(right), elements_of(node) + cut,
		       right->count * sizeof(uint32_t));
	return handle;
}

/* The node has room; what stands at `index` and behind it makes way. branch_insert does the
 * same. */
static void element_insert(struct tree_node *leaf, uint32_t index, uint32_t element)
{
	uint32_t *elements = elements_of(leaf);

	assert(leaf->count < leaf->capacity);
	assert(index <= leaf->count);
	memmove(elements + index + 1, elements + index, (leaf->count - index) * sizeof *elements);
	elements[index] = element;
	leaf->count++;
}

static void branch_insert(struct tree_node *node, uint32_t index, struct tree_branch branch)
{
	struct tree_branch *branches = branches_of(node);

	assert(node->count < node->capacity);
	assert(index <= node->count);
	memmove(branches + index + 1, branches + index, (node->count - index) * sizeof *branches);
	branches[index] = branch;
	node->count++;
}

/* Moves the last `count` elements of a leaf to the front of its right neighbour, which has room. */
static void elements_shift(struct tree_node *from, struct tree_node *to, uint32_t count)
{
	assert(count <= from->count);
	assert(to->count + count <= to->capacity);
	memmove(elements_of(to) + count, elements_of(to), to->count * sizeof(uint32_t));
	from->count = (uint16_t)(from->count - count);
	memcpy(elements_of(to), elements_of(from) + from->count, count * sizeof(uint32_t));
	to->count = (uint16_t)(to->count + count);
}

/* Adds to a full leaf by making use of the room in its right neighbour. False if there is none,
 * and nothing was done. The caller then counts the new element into the branch of the path, on
 * the left. */
static bool leaf_share(const struct tree_use *use, const struct path *path, uint32_t element,
                       uint64_t weight)
{
	if (path->depth == 0)
		return false;
	const struct tree_step *leaf = &path->steps[path->depth];
	const struct tree_step *above = &path->steps[path->depth - 1];
	struct tree_branch *left = &branches_of(above->node)[above->index];
	struct tree_branch *right = left + 1;

	if (leaf->node->count < leaf->node->capacity || above->index + 1 == above->node->count)
		return false;
	struct tree_node *to = node_at(use->arena, right->node);
	uint32_t room = (uint32_t)to->capacity - to->count;
	uint32_t moved = leaf->node->count - leaf->index;

	if (room == 0)
		return false;
	if (!is_near_end(leaf->node, leaf->index) || moved > room)
		moved = (room + 1) / 2;
	elements_shift(leaf->node, to, moved);
	struct tree_weight sum = weigh_leaf(use, to, 0, moved);

	if (moved > 0 && leaf->index <= leaf->node->count) {
		element_insert(leaf->node, leaf->index, element);
	} else {
		element_insert(to, leaf->index - leaf->node->count, element);
		sum.count++;
		sum.weight += weight;
	}
	right->first = first_of(to);
	right->count += sum.count;
	right->weight += sum.weight;
	left->count -= sum.count;
	left->weight -= sum.weight;
	return true;
}

/* Adds to the leaf at the path's end. True if it was split: `right` is then the new one. */
static bool leaf_add(const struct tree_use *use, uint32_t *root, struct tree_step *step,
                     uint32_t element, struct tree_branch *right)
{
	struct tree_node *leaf = step->node;

	if (leaf->count == leaf->capacity && leaf->capacity < TREE_LEAF_MAX) {
		assert(step->handle == *root);
		leaf = leaf_resize(use->arena, root, capacity_above(leaf->capacity));
	}
	if (leaf->count < leaf->capacity) {
		element_insert(leaf, step->index, element);
		return false;
	}
	uint32_t cut = cut_for(leaf, step->index);
	uint32_t handle = node_split(use->arena, leaf, cut);

	/* At the cut it goes to the left if there is room, and always to a right one that is
	 * empty. */
	if (step->index < cut || (step->index == cut && leaf->count < leaf->capacity))
		element_insert(leaf, step->index, element);
	else
		element_insert(node_at(use->arena, handle), step->index - cut, element);
	*right = branch_of(use, handle);
	return true;
}

/* Adds a branch behind the one of the path; otherwise as leaf_add. */
static bool inner_add(const struct tree_use *use, struct tree_step *step, struct tree_branch branch,
                      struct tree_branch *right)
{
	struct tree_node *node = step->node;
	uint32_t index = step->index + 1;

	if (node->count < node->capacity) {
		branch_insert(node, index, branch);
		return false;
	}
	uint32_t cut = cut_for(node, index);
	uint32_t handle = node_split(use->arena, node, cut);

	if (index < cut || (index == cut && node->count < node->capacity))
		branch_insert(node, index, branch);
	else
		branch_insert(node_at(use->arena, handle), index - cut, branch);
	*right = branch_of(use, handle);
	return true;
}

/* The root was split: a new one above it has the two as its branches. The only way to more
 * height. */
static void root_grow(const struct tree_use *use, uint32_t *root, struct tree_branch right)
{
	struct tree_branch left = branch_of(use, *root);
	uint16_t level = node_at(use->arena, *root)->level;

	*root = node_new(use->arena, (uint16_t)(level + 1), TREE_BRANCH_MAX);
	branch_insert(node_at(use->arena, *root), 0, left);
	branch_insert(node_at(use->arena, *root), 1, right);
}

/* The first element of a tree. */
static void root_plant(const struct tree_use *use, uint32_t *root, uint32_t element)
{
	assert(*root == 0);
	*root = node_new(use->arena, 0, LEAF_MIN);
	element_insert(node_at(use->arena, *root), 0, element);
}

/* Adds where the path ends, and walks back to the root: each branch on the way counts the element.
 * A node that was split hands its right half up, and its branch no longer counts what is there. */
static void add_at(const struct tree_use *use, uint32_t *root, struct path *path, uint32_t element)
{
	struct tree_branch carry;
	uint64_t weight = weight_of(use, element);
	bool first = path->steps[path->depth].index == 0;
	bool carrying = !leaf_share(use, path, element, weight) &&
	                leaf_add(use, root, &path->steps[path->depth], element, &carry);

	for (uint32_t depth = path->depth; depth-- > 0;) {
		struct tree_step *step = &path->steps[depth];
		struct tree_branch *branch = &branches_of(step->node)[step->index];

		branch->count++;
		branch->weight += weight;
		if (first)
			branch->first = element;
		first = first && step->index == 0;
		if (carrying) {
			struct tree_branch right = carry;

			branch->count -= right.count;
			branch->weight -= right.weight;
			carrying = inner_add(use, step, right, &carry);
		}
	}
	if (carrying)
		root_grow(use, root, carry);
}

void tree_add(const struct tree_use *use, uint32_t *root, const void *key, uint32_t element)
{
	struct path path;

	assert(element != 0);
	if (!*root) {
		root_plant(use, root, element);
		return;
	}
	bool equal = search(use, *root, key, &path);

	assert(!equal);
	(void)equal; /* only the assertion asks */
	add_at(use, root, &path, element);
}

void tree_append(const struct tree_use *use, uint32_t *root, uint32_t element)
{
	struct path path;

	assert(element != 0);
	if (!*root) {
		root_plant(use, root, element);
		return;
	}
	(void)path_to_end(use, *root, &path); /* not looked at, which is the point */
	add_at(use, root, &path, element);
}

static void branch_remove(struct tree_node *node, uint32_t index)
{
	struct tree_branch *branches = branches_of(node);

	assert(index < node->count);
	node->count--;
	memmove(branches + index, branches + index + 1, (node->count - index) * sizeof *branches);
}

/* Joins the branch at `index` with the one behind it if both fit well into one. */
static void join(const struct tree_use *use, struct tree_node *node, uint32_t index)
{
	struct tree_branch *left = &branches_of(node)[index];
	struct tree_branch *right = left + 1;
	struct tree_node *to = node_at(use->arena, left->node);
	struct tree_node *from = node_at(use->arena, right->node);

	assert(index + 1 < node->count);
	if (to->count + from->count > to->capacity * 3 / 4)
		return;
	if (to->level)
		memcpy(branches_of(to) + to->count, branches_of(from),
		       from->count * sizeof(struct tree_branch));
	else
		memcpy(elements_of(to) + to->count, elements_of(from),
		       from->count * sizeof(uint32_t));
	to->count = (uint16_t)(to->count + from->count);
	left->count += right->count;
	left->weight += right->weight;
	arena_free(use->arena, right->node);
	branch_remove(node, index + 1);
}

/* After a removal below: what this step's branch says, and whether its node is worth keeping. */
static void mend(const struct tree_use *use, struct tree_step *step, uint64_t weight)
{
	struct tree_node *node = step->node;
	struct tree_branch *branch = &branches_of(node)[step->index];
	const struct tree_node *below = node_at(use->arena, branch->node);

	assert(branch->count > 0);
	branch->count--;
	branch->weight -= weight;
	if (below->count == 0) {
		arena_free(use->arena, branch->node);
		branch_remove(node, step->index);
		return;
	}
	branch->first = first_of(below);
	if (below->count >= below->capacity / 4)
		return;
	if (step->index + 1 < node->count)
		join(use, node, step->index);
	else if (step->index > 0)
		join(use, node, step->index - 1);
}

/* A root with one branch goes; a leaf that is the whole tree has about the size of it. */
static void root_shrink(struct arena *a, uint32_t *root)
{
	const struct tree_node *node = node_at(a, *root);

	while (node->level && node->count == 1) {
		uint32_t below = branches_of(node)->node;

		arena_free(a, *root);
		*root = below;
		node = node_at(a, below);
	}
	if (node->count == 0) {
		arena_free(a, *root);
		*root = 0;
	} else if (node->level == 0 && node->capacity > 2 * LEAF_MIN &&
	           node->count * 2 <= node->capacity) {
		(void)leaf_resize(a, root, capacity_above(node->count)); /* by the root */
	}
}

/* Takes out the element at the end of a path and mends the way back to the root. */
static uint32_t remove_at(const struct tree_use *use, uint32_t *root, struct path *path)
{
	struct tree_step *step = &path->steps[path->depth];
	uint32_t *elements = elements_of(step->node);

	assert(step->index < step->node->count);
	uint32_t element = elements[step->index];
	uint64_t weight = weight_of(use, element);

	step->node->count--;
	memmove(elements + step->index, elements + step->index + 1,
	        (step->node->count - step->index) * sizeof *elements);
	for (uint32_t depth = path->depth; depth-- > 0;)
		mend(use, &path->steps[depth], weight);
	root_shrink(use->arena, root);
	return element;
}

uint32_t tree_remove(const struct tree_use *use, uint32_t *root, const void *key)
{
	struct path path;
	bool equal = search(use, *root, key, &path);

	assert(equal);
	(void)equal; /* only the assertion asks */
	return remove_at(use, root, &path);
}

uint32_t tree_pop(const struct tree_use *use, uint32_t *root)
{
	struct path path;
	uint32_t handle = *root;

	if (!handle)
		return 0;
	for (path.depth = 0;; path.depth++) {
		assert(path.depth < TREE_HEIGHT_MAX);
		struct tree_node *node = node_at(use->arena, handle);

		path.steps[path.depth] = (struct tree_step){ node, handle, 0 };
		if (node->level == 0)
			return remove_at(use, root, &path);
		handle = branches_of(node)->node;
	}
}

/* Checks the node and all below it, which is of this level, and returns what its branch must
 * say. */
static struct tree_branch check_below(const struct tree_use *use, uint32_t handle, uint32_t level)
{
	const struct tree_node *node = node_at(use->arena, handle);

	assert(node->level == level);
	assert(node->count > 0);
	assert(node->count <= node->capacity);
	for (uint32_t i = 0; level > 0 && i < node->count; i++) {
		const struct tree_branch *branch = &branches_of(node)[i];
		const struct tree_node *below = node_at(use->arena, branch->node);
		struct tree_branch truth = check_below(use, branch->node, level - 1);

		assert(branch->first == truth.first);
		assert(branch->count == truth.count);
		assert(branch->weight == truth.weight);
		assert(below->capacity == (level > 1 ? TREE_BRANCH_MAX : TREE_LEAF_MAX));
	}
	return branch_of(use, handle);
}

void tree_check(const struct tree_use *use, uint32_t root)
{
	if (!root)
		return;
	const struct tree_node *node = node_at(use->arena, root);

	if (node->level)
		assert(node->count > 1);
	(void)check_below(use, root, node->level); /* the assertions are what is wanted */
}
