/* SPDX-License-Identifier: MIT
 *
 * Keys as bytes. Because every part is big-endian and of one size, comparing is memcmp, and a
 * prefix of a key with 0xff behind it is a bound that holds exactly the keys up to that prefix.
 */
#include "fact/bound.h"

enum {
	ACCOUNT_AT = 1,
	SENDER_AT = ACCOUNT_AT + ID_SIZE,
	SESSION_AT = SENDER_AT + ID_SIZE,
	NUMBER_AT = SESSION_AT + ULID_SIZE,
};
_Static_assert(NUMBER_AT + 8 == BOUND_SIZE, "the number is the last part");

int bound_compare(const struct bound *a, const struct bound *b)
{
	return memcmp(a->bytes, b->bytes, BOUND_SIZE);
}

struct bound bound_begin(void)
{
	return (struct bound){ { 0 } };
}

struct bound bound_end(void)
{
	struct bound end;

	memset(end.bytes, 0xff, BOUND_SIZE);
	return end;
}

struct bound bound_of_accounts(void)
{
	struct bound end = bound_end();

	end.bytes[0] = 0;
	return end;
}

bool bound_is_end(const struct bound *bound)
{
	return bound_size(bound) == 0;
}

static struct bound of_account(const struct id *id)
{
	struct bound bound = { { 0 } };

	memcpy(bound.bytes + ACCOUNT_AT, id->bytes, ID_SIZE);
	return bound;
}

static struct bound of_stream(const struct stream *stream, uint64_t number)
{
	struct bound bound;

	assert(number >= 1);
	assert(number <= NUMBER_MAX);
	bound.bytes[0] = 1;
	memcpy(bound.bytes + ACCOUNT_AT, stream->recipient.bytes, ID_SIZE);
	memcpy(bound.bytes + SENDER_AT, stream->sender.bytes, ID_SIZE);
	memcpy(bound.bytes + SESSION_AT, stream->session.bytes, ULID_SIZE);
	for (int i = 0; i < 8; i++)
		bound.bytes[NUMBER_AT + i] = (uint8_t)(number >> (56 - 8 * i));
	return bound;
}

struct bound bound_of(const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_ACCOUNT:
		return of_account(&fact->account.id);
	case FACT_TOMBSTONE:
		return of_account(&fact->tombstone.id);
	case FACT_MESSAGE:
		return of_stream(&fact->message.stream, fact->message.number);
	case FACT_BURIAL:
		return of_stream(&fact->burial.stream, fact->burial.range.first);
	}
	assert(false); /* a fact is of one of these kinds */
	return bound_end();
}

/* What `a` has up to the first byte in which they differ is before all that `b` has. */
struct bound bound_between(const struct bound *a, const struct bound *b)
{
	struct bound bound = *a;
	size_t size = 0;

	assert(bound_compare(a, b) < 0);
	while (a->bytes[size] == b->bytes[size])
		size++;
	assert(size < BOUND_SIZE);
	assert(a->bytes[size] < b->bytes[size]);
	memset(bound.bytes + size + 1, 0xff, BOUND_SIZE - size - 1);
	assert(bound_compare(&bound, a) >= 0);
	assert(bound_compare(&bound, b) < 0);
	return bound;
}

size_t bound_size(const struct bound *bound)
{
	size_t size = BOUND_SIZE;

	while (size > 0 && bound->bytes[size - 1] == 0xff)
		size--;
	return size;
}
