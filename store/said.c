/* SPDX-License-Identifier: MIT
 *
 * store/said: what was said to several or to all, held once.
 *
 * One text to many accounts is as many messages, which say the same at the same time. They share
 * one record, which counts them. It is found by hash of all that it says, so that equal sets share
 * alike, in whatever order their messages came. They mostly come in a row: so what is new is first
 * compared with the record that was used last.
 */
#include "store/private.h"

static struct view text_of(const struct said_slot *slot)
{
	return view_of(slot->bytes, slot->size);
}

static struct view audience_of_slot(const struct said_slot *slot)
{
	return view_of(slot->bytes + slot->size, slot->audience_size);
}

static struct content content_of(const struct said_slot *slot)
{
	return (struct content){ .sent_ms = slot->sent_ms,
		                 .text = text_of(slot),
		                 .audience = audience_of_slot(slot) };
}

static uint64_t content_hash(const struct store *s, const struct content *content)
{
	uint64_t parts[] = { content->sent_ms,
		             siphash(&s->key, content->text.data, content->text.size),
		             siphash(&s->key, content->audience.data, content->audience.size) };

	return siphash(&s->key, parts, sizeof parts);
}

/* ---- what base/table asks ---- */

static bool said_match(const void *context, const void *key, uint32_t handle)
{
	const struct said_slot *slot = said_at(context, handle);
	const struct content *content = key;

	return slot->sent_ms == content->sent_ms && view_equal(text_of(slot), content->text) &&
	       view_equal(audience_of_slot(slot), content->audience);
}

static uint64_t said_hash(const void *context, uint32_t handle)
{
	struct content content = content_of(said_at(context, handle));

	return content_hash(context, &content);
}

/* ---- records ---- */

static uint32_t said_new(struct store *s, const struct content *content)
{
	size_t size = content->text.size + content->audience.size;
	uint32_t handle = arena_alloc(s->arena, sizeof(struct said_slot) + size);
	struct said_slot *slot = said_at(s, handle);

	*slot = (struct said_slot){ .sent_ms = content->sent_ms,
		                    .size = (uint16_t)content->text.size,
		                    .audience_size = (uint16_t)content->audience.size };
	if (content->text.size > 0)
		memcpy(slot->bytes, content->text.data, content->text.size);
	memcpy(slot->bytes + content->text.size, content->audience.data, content->audience.size);
	return handle;
}

bool said_is_shared(const struct content *content)
{
	return content->text.size <= STORE_TEXT_SHARED && audience_has_others(content->audience);
}

uint32_t said_get(struct store *s, const struct content *content)
{
	uint32_t handle = s->said_last;

	assert(said_is_shared(content));
	if (!handle || !said_match(s, content, handle)) {
		uint64_t hash = content_hash(s, content);

		handle = table_find(&s->said, hash, said_match, s, content);
		if (!handle) {
			handle = said_new(s, content);
			table_add(&s->said, hash, handle, said_hash, s);
		}
		s->said_last = handle;
	}
	said_at(s, handle)->users++;
	return handle;
}

void said_release(struct store *s, uint32_t handle)
{
	struct said_slot *slot = said_at(s, handle);

	assert(slot->users > 0);
	if (--slot->users > 0)
		return;
	if (s->said_last == handle)
		s->said_last = 0;
	table_remove(&s->said, said_hash(s, handle), handle, said_hash, s);
	arena_free(s->arena, handle);
}

void said_check(const struct store *s)
{
	table_check(&s->said, said_hash, s);
	if (s->totals.messages == 0 && s->work_given == s->work_done)
		assert(s->said.count == 0);
}

/* ---- while a snapshot is read ---- */

uint32_t store_said_hold(struct store *s, const struct message *message)
{
	struct content content = { .sent_ms = message->sent_ms,
		                   .text = message->text,
		                   .audience = message->audience };

	assert(s->magic == STORE_MAGIC);
	return said_is_shared(&content) ? said_get(s, &content) : 0;
}

void store_said_give(struct store *s, uint32_t held, struct message *message)
{
	struct content content = content_of(said_at(s, held));

	assert(s->magic == STORE_MAGIC);
	s->said_last = held;
	message->sent_ms = content.sent_ms;
	message->text = content.text;
	message->audience = content.audience;
}

void store_said_release(struct store *s, uint32_t held)
{
	assert(s->magic == STORE_MAGIC);
	said_release(s, held);
}
