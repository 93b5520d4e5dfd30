/* SPDX-License-Identifier: MIT
 *
 * store/text: long texts.
 *
 * Each is held once under its SHA-256 and counts the messages that have it. The bytes stand outside
 * the arena, whose pieces are small.
 *
 * A text to many accounts arrives as many messages in a row. So a new text is first compared with
 * the one that was used last, which saves computing its digest.
 *
 * While a snapshot is read, a text may be awaited: it has users, a digest and a size, but no bytes
 * yet.
 */
#include "base/sha256.h"
#include "store/private.h"

_Static_assert((int)KEY_SIZE == (int)SHA256_SIZE, "a text is named by a SHA-256");

static int compare_text(const void *context, const void *key, uint32_t element)
{
	return memcmp(key, text_at(context, element)->digest, KEY_SIZE);
}

static const struct tree_order text_order = { compare_text, NULL };

/* Copies the bytes into a text that has none yet. */
static void text_give(struct store *s, struct text_slot *slot, struct view text)
{
	assert(slot->data == NULL);
	assert(slot->size == text.size);
	slot->data = memory_alloc(text.size);
	memcpy(slot->data, text.data, text.size);
	s->text_bytes += text.size;
}

/* Whether these bytes are the text that was used last. */
static bool is_last(const struct store *s, struct view text)
{
	const struct text_slot *last = s->text_last ? text_at(s, s->text_last) : NULL;

	return last != NULL && last->data != NULL &&
	       view_equal(view_of(last->data, last->size), text);
}

/* A text without bytes and without users. */
static uint32_t text_new(struct store *s, const uint8_t digest[KEY_SIZE], size_t size)
{
	struct tree_use use = store_use(s, &text_order);
	uint32_t handle = arena_alloc(s->arena, sizeof(struct text_slot));
	struct text_slot *slot = text_at(s, handle);

	*slot = (struct text_slot){ .size = (uint32_t)size };
	memcpy(slot->digest, digest, KEY_SIZE);
	tree_add(&use, &s->texts, digest, handle);
	return handle;
}

uint32_t text_get(struct store *s, struct view text, const uint8_t *digest)
{
	struct tree_use use = store_use(s, &text_order);
	uint8_t own[KEY_SIZE];

	assert(text.size > STORE_TEXT_SHARED);
	assert(text.data != NULL || digest != NULL);
	if (text.data != NULL && is_last(s, text)) {
		text_at(s, s->text_last)->users++;
		return s->text_last;
	}
	if (text.data != NULL) {
		sha256(text.data, text.size, own);
		digest = own;
	}
	uint32_t handle = tree_find(&use, s->texts, digest);

	if (!handle)
		handle = text_new(s, digest, text.size);
	struct text_slot *slot = text_at(s, handle);

	if (text.data != NULL && slot->data == NULL) {
		s->missing -= slot->users;
		text_give(s, slot, text);
	}
	slot->users++;
	s->missing += slot->data == NULL;
	s->text_last = handle;
	return handle;
}

void text_release(struct store *s, uint32_t handle)
{
	struct tree_use use = store_use(s, &text_order);
	struct text_slot *slot = text_at(s, handle);

	assert(slot->users > 0);
	s->missing -= slot->data == NULL;
	if (--slot->users > 0)
		return;
	(void)tree_remove(&use, &s->texts, slot->digest); /* it is `handle` */
	if (slot->data != NULL)
		s->text_bytes -= slot->size;
	memory_free(slot->data);
	arena_free(s->arena, handle);
	if (s->text_last == handle)
		s->text_last = 0;
}

bool store_text_next(const struct store *s, uint8_t after[KEY_SIZE], struct view *text)
{
	struct tree_use use = store_use(s, &text_order);
	uint32_t handle;

	assert(s->magic == STORE_MAGIC);
	while ((handle = tree_next(&use, s->texts, after, NULL)) != 0) {
		const struct text_slot *slot = text_at(s, handle);

		memcpy(after, slot->digest, KEY_SIZE);
		if (slot->data == NULL)
			continue;
		*text = view_of(slot->data, slot->size);
		return true;
	}
	return false;
}

bool store_load_text(struct store *s, struct view text)
{
	struct tree_use use = store_use(s, &text_order);
	uint8_t digest[KEY_SIZE];

	assert(s->magic == STORE_MAGIC);
	sha256(text.data, text.size, digest);
	uint32_t handle = tree_find(&use, s->texts, digest);

	if (!handle || text_at(s, handle)->data != NULL || text_at(s, handle)->size != text.size)
		return false;
	s->changes++;
	s->missing -= text_at(s, handle)->users;
	text_give(s, text_at(s, handle), text);
	return true;
}

uint64_t store_load_missing(const struct store *s)
{
	assert(s->magic == STORE_MAGIC);
	return s->missing;
}

void text_check(const struct store *s)
{
	struct tree_use use = store_use(s, &text_order);
	uint8_t after[KEY_SIZE] = { 0 };
	uint64_t missing = 0;
	size_t bytes = 0;

	tree_check(&use, s->texts);
	for (uint32_t h; (h = tree_next(&use, s->texts, after, NULL)) != 0;) {
		const struct text_slot *slot = text_at(s, h);

		assert(memcmp(after, slot->digest, KEY_SIZE) < 0);
		assert(slot->users > 0);
		assert(slot->size > STORE_TEXT_SHARED);
		memcpy(after, slot->digest, KEY_SIZE);
		missing += slot->data == NULL ? slot->users : 0;
		bytes += slot->data == NULL ? 0 : slot->size;
	}
	assert(missing == s->missing);
	assert(bytes == s->text_bytes);
}
