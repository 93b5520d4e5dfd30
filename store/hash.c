/* SPDX-License-Identifier: MIT
 *
 * store/hash: the hashes of elements, of which the store keeps the sum.
 *
 * A hash depends on the canonical content alone, never on how the store holds it. Every part has a
 * fixed size or comes after its size, so two different elements are two different sequences of
 * words. Replicas of different builds compare their sums: to change a hash here is to change the
 * protocol.
 */
#include "base/mix.h"
#include "base/sha256.h"
#include "store/private.h"

#define SUM_SEED UINT64_C(0x73756d206f662061)

/* Bytes of any size, after that size. */
static uint64_t mix_view(uint64_t hash, struct view view)
{
	return mix_bytes(mix_word(hash, view.size), view.data, view.size);
}

static uint64_t mix_stream(enum fact_kind kind, const struct stream *stream)
{
	uint64_t hash = mix_word(SUM_SEED, kind);

	hash = mix_bytes(hash, stream->recipient.bytes, ID_SIZE);
	hash = mix_bytes(hash, stream->sender.bytes, ID_SIZE);
	return mix_bytes(hash, stream->session.bytes, ULID_SIZE);
}

/* Nothing for a message without one, which most are. */
static uint64_t mix_audience(uint64_t hash, struct view audience)
{
	return audience.size == 0 ? hash : mix_view(hash, audience);
}

/* A long text is represented by its digest, which the store knows even when the text has not come
 * yet. */
uint64_t hash_message(const struct stream *stream, uint64_t number, const struct content *content)
{
	uint64_t hash = mix_stream(FACT_MESSAGE, stream);
	const uint8_t *digest = content->digest;
	uint8_t own[KEY_SIZE];

	hash = mix_word(hash, number);
	hash = mix_word(hash, content->sent_ms);
	if (content->text.size <= STORE_TEXT_SHARED)
		return mix_end(mix_audience(mix_view(hash, content->text), content->audience));
	if (digest == NULL) {
		sha256(content->text.data, content->text.size, own);
		digest = own;
	}
	hash = mix_bytes(mix_word(hash, content->text.size), digest, KEY_SIZE);
	return mix_end(mix_audience(hash, content->audience));
}

uint64_t hash_range(const struct stream *stream, const struct range *range)
{
	uint64_t hash = mix_stream(FACT_BURIAL, stream);

	return mix_end(mix_word(mix_word(hash, range->first), range->last));
}

static uint64_t hash_account(const struct account *account)
{
	const struct verifier *v = &account->verifier;
	uint64_t hash = mix_word(SUM_SEED, FACT_ACCOUNT);

	hash = mix_word(hash, account_mark(account));
	hash = mix_bytes(hash, account->id.bytes, ID_SIZE);
	hash = mix_view(hash, account->name);
	hash = mix_view(hash, v->setting);
	hash = mix_bytes(hash, v->seal, KEY_SIZE);
	hash = mix_bytes(hash, v->stored_key, KEY_SIZE);
	hash = mix_bytes(hash, v->server_key, KEY_SIZE);
	hash = mix_bytes(hash, v->lock, KEY_SIZE);
	if (account->epoch > 0) {
		hash = mix_bytes(hash, account->middle, KEY_SIZE);
		hash = mix_word(mix_word(hash, account->epoch), account->by);
	}
	return mix_end(hash);
}

static uint64_t hash_tombstone(const struct tombstone *tombstone)
{
	uint64_t hash = mix_word(SUM_SEED, FACT_TOMBSTONE);

	hash = mix_bytes(hash, tombstone->id.bytes, ID_SIZE);
	hash = mix_view(hash, tombstone->name);
	hash = mix_bytes(hash, tombstone->middle, KEY_SIZE);
	if (tombstone->by == GONE_BY_KEY)
		return mix_end(mix_bytes(hash, tombstone->delete_key, KEY_SIZE));
	hash = mix_bytes(hash, tombstone->lock, KEY_SIZE);
	return mix_end(mix_word(hash, tombstone->by));
}

uint64_t store_fact_hash(const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_ACCOUNT:
		return hash_account(&fact->account);
	case FACT_TOMBSTONE:
		return hash_tombstone(&fact->tombstone);
	case FACT_MESSAGE:
		return hash_message(&fact->message.stream, fact->message.number,
		                    &(struct content){ .sent_ms = fact->message.sent_ms,
		                                       .text = fact->message.text,
		                                       .audience = fact->message.audience });
	case FACT_BURIAL:
		return hash_range(&fact->burial.stream, &fact->burial.range);
	}
	assert(false); /* a fact is of one of these kinds */
	return 0;
}
