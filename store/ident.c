/* SPDX-License-Identifier: MIT
 *
 * store/ident: account ids and sessions.
 *
 * Each is held once, however many streams name it, and found by hash. It is freed when nothing
 * refers to it any more. That happens only when a recipient is gone, because all other streams stay
 * for ever.
 *
 * Where a handle stands in a table depends on the seed of the store, so that strangers cannot make
 * up ids that all meet in one place.
 */
#include "store/private.h"

#include "base/bug.h"

uint64_t ident_id_hash(const struct store *s, const struct id *id)
{
	if (BUG(unkeyed_table))
		return mix_bytes(0, id->bytes, ID_SIZE);
	return siphash(&s->key, id->bytes, ID_SIZE);
}

static uint64_t ulid_hash(const struct store *s, const struct ulid *ulid)
{
	return siphash(&s->key, ulid->bytes, ULID_SIZE);
}

/* ---- what base/table asks ---- */

static bool ident_match(const void *context, const void *key, uint32_t handle)
{
	return memcmp(ident_at(context, handle)->id.bytes, key, ID_SIZE) == 0;
}

static uint64_t ident_hash(const void *context, uint32_t handle)
{
	return ident_id_hash(context, &ident_at(context, handle)->id);
}

static bool session_match(const void *context, const void *key, uint32_t handle)
{
	return memcmp(ident_session_at(context, handle)->ulid.bytes, key, ULID_SIZE) == 0;
}

static uint64_t session_hash(const void *context, uint32_t handle)
{
	return ulid_hash(context, &ident_session_at(context, handle)->ulid);
}

/* ---- account ids ---- */

uint32_t ident_find(const struct store *s, const struct id *id)
{
	return table_find(&s->idents, ident_id_hash(s, id), ident_match, s, id);
}

uint32_t ident_get(struct store *s, const struct id *id)
{
	uint32_t handle = ident_find(s, id);

	if (handle)
		return handle;
	handle = arena_alloc(s->arena, sizeof(struct ident));
	*ident_at(s, handle) = (struct ident){ .id = *id, .state = STORE_UNKNOWN };
	table_add(&s->idents, ident_id_hash(s, id), handle, ident_hash, s);
	return handle;
}

void ident_release(struct store *s, uint32_t handle)
{
	const struct ident *ident = ident_at(s, handle);

	if (ident->state != STORE_UNKNOWN || ident->mailbox || ident->streams)
		return;
	/* Who has sent nothing has no share, and who is unknown has no account. */
	assert(ident->unknown == 0);
	assert(ident->account == 0);
	s->last = (struct store_found){ 0 };
	table_remove(&s->idents, ident_id_hash(s, &ident->id), handle, ident_hash, s);
	arena_free(s->arena, handle);
}

/* ---- sessions ---- */

uint32_t ident_session_find(const struct store *s, const struct ulid *ulid)
{
	return table_find(&s->sessions, ulid_hash(s, ulid), session_match, s, ulid);
}

uint32_t ident_session_get(struct store *s, const struct ulid *ulid)
{
	uint32_t handle = ident_session_find(s, ulid);

	if (handle)
		return handle;
	handle = arena_alloc(s->arena, sizeof(struct session_slot));
	*ident_session_at(s, handle) = (struct session_slot){ .ulid = *ulid };
	table_add(&s->sessions, ulid_hash(s, ulid), handle, session_hash, s);
	return handle;
}

void ident_session_release(struct store *s, uint32_t handle)
{
	const struct session_slot *session = ident_session_at(s, handle);

	if (session->streams)
		return;
	s->last = (struct store_found){ 0 };
	table_remove(&s->sessions, ulid_hash(s, &session->ulid), handle, session_hash, s);
	arena_free(s->arena, handle);
}

void ident_prefetch(const struct store *s, const struct stream *stream)
{
	table_prefetch(&s->idents, ident_id_hash(s, &stream->recipient));
	table_prefetch(&s->idents, ident_id_hash(s, &stream->sender));
	table_prefetch(&s->sessions, ulid_hash(s, &stream->session));
}

void ident_check(const struct store *s)
{
	table_check(&s->idents, ident_hash, s);
	table_check(&s->sessions, session_hash, s);
	assert(s->idents.count >= s->totals.accounts + s->totals.lapsed + s->totals.tombstones);
	assert(s->sessions.count <= s->streams.count);
}
