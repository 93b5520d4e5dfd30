/* SPDX-License-Identifier: MIT
 *
 * Orders of what a replica stores, and the form of a text, which every replica must check alike.
 *
 * UTF-8 is checked by the table of the Unicode standard (chapter 3, table 3-7): the first byte of a
 * sequence gives its length and the bounds of its second byte, which rule out what is overlong, the
 * surrogates and what lies above U+10FFFF; later bytes are 80..BF. Runs of ASCII, which most texts
 * are, go eight bytes at a time.
 */
#include "fact/fact.h"

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

enum account_mark account_mark(const struct account *account)
{
	assert(!account->confirmed || !account->lapsed);
	if (account->confirmed)
		return ACCOUNT_CONFIRMED;
	return account->lapsed ? ACCOUNT_LAPSED : ACCOUNT_INTRODUCED;
}

uint32_t account_next_epoch(uint32_t epoch, enum account_by by)
{
	if (by == ACCOUNT_BY_OPERATOR)
		return (epoch >> 16) + 1 > UINT16_MAX ? 0 : ((epoch >> 16) + 1) << 16;
	return (epoch & UINT16_MAX) == UINT16_MAX ? 0 : epoch + 1;
}

/* The setting comes first because clients are told it, and no other part. */
int account_verifier_compare(const struct account *a, const struct account *b)
{
	const struct verifier *v = &a->verifier;
	const struct verifier *w = &b->verifier;
	int order = compare_u64(b->epoch, a->epoch);

	if (order == 0)
		order = view_compare(v->setting, w->setting);
	if (order == 0)
		order = compare_u64(a->by, b->by);
	if (order == 0)
		order = memcmp(v->seal, w->seal, KEY_SIZE);
	if (order == 0)
		order = memcmp(v->stored_key, w->stored_key, KEY_SIZE);
	return order != 0 ? order : memcmp(v->server_key, w->server_key, KEY_SIZE);
}

int stream_compare(const struct stream *a, const struct stream *b)
{
	int order = id_compare(&a->recipient, &b->recipient);

	if (order == 0)
		order = id_compare(&a->sender, &b->sender);
	if (order == 0)
		order = ulid_compare(&a->session, &b->session);
	return order;
}

int place_compare(const struct place *a, const struct place *b)
{
	int order = compare_u64(a->sent_ms, b->sent_ms);

	if (order == 0)
		order = id_compare(&a->sender, &b->sender);
	if (order == 0)
		order = ulid_compare(&a->session, &b->session);
	if (order == 0)
		order = compare_u64(a->number, b->number);
	return order;
}

struct place place_of(const struct message *message)
{
	assert(message->number >= 1);
	assert(message->number <= NUMBER_MAX);
	assert(message->sent_ms <= NUMBER_MAX);
	return (struct place){
		.sent_ms = message->sent_ms,
		.sender = message->stream.sender,
		.session = message->stream.session,
		.number = message->number,
	};
}

/* No message has it: its time would be above NUMBER_MAX. */
struct place place_end(void)
{
	struct place end = { .sent_ms = UINT64_MAX, .number = UINT64_MAX };

	memset(end.sender.bytes, 0xff, sizeof end.sender.bytes);
	memset(end.session.bytes, 0xff, sizeof end.session.bytes);
	assert(end.sent_ms > NUMBER_MAX);
	return end;
}

bool place_is_end(const struct place *place)
{
	struct place end = place_end();

	assert(place_compare(place, &end) <= 0);
	return place_compare(place, &end) == 0;
}

/* No byte of the eight is 0 or above 7F. Taking 1 from each byte sets the high bit of one that was
 * 0; where a borrow might mislead, a byte was 0 all the same. */
static bool is_plain_word(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	return ((word | (word - ones)) & ones << 7) == 0;
}

static bool is_between(uint8_t byte, uint8_t low, uint8_t high)
{
	return byte >= low && byte <= high;
}

/* The size of the sequence that `from` begins with, or 0 if it is not a valid one. */
static size_t sequence_size(const uint8_t *from, size_t left)
{
	uint8_t first = from[0];

	assert(left > 0);
	if (first < 0x80)
		return first == 0 ? 0 : 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	if (first < 0xe0)
		return left >= 2 && is_between(from[1], 0x80, 0xbf) ? 2 : 0;
	if (first < 0xf0) {
		uint8_t low = first == 0xe0 ? 0xa0 : 0x80;
		uint8_t high = first == 0xed ? 0x9f : 0xbf;

		return left >= 3 && is_between(from[1], low, high) &&
		                       is_between(from[2], 0x80, 0xbf)
		               ? 3
		               : 0;
	}
	uint8_t low = first == 0xf0 ? 0x90 : 0x80;
	uint8_t high = first == 0xf4 ? 0x8f : 0xbf;

	return left >= 4 && is_between(from[1], low, high) && is_between(from[2], 0x80, 0xbf) &&
	                       is_between(from[3], 0x80, 0xbf)
	               ? 4
	               : 0;
}

bool message_text_is_valid(struct view text)
{
	size_t offset = 0;

	assert(text.data != NULL || text.size == 0);
	if (text.size < 1 || text.size > TEXT_SIZE_MAX)
		return false;
	while (offset < text.size) {
		size_t left = text.size - offset;

		if (left >= 8 && is_plain_word(buf_load_u64(text.data + offset))) {
			offset += 8;
			continue;
		}
		size_t size = sequence_size(text.data + offset, left);

		if (size == 0)
			return false;
		offset += size;
	}
	assert(offset == text.size);
	return true;
}
