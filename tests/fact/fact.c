/* SPDX-License-Identifier: MIT
 *
 * Orders against memcmp of the keys written out big-endian; names against a list of characters;
 * texts against a naive decoder, for every string of up to three bytes and many of four.
 */
#include "tests/lib/tap.h"

#include "fact/fact.h"

static uint64_t seed = 8;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

/* Few values, so that prefixes of keys are often equal. */
static void draw_key(struct stream *stream, struct place *place)
{
	memset(stream, 0, sizeof *stream);
	memset(place, 0, sizeof *place);
	stream->recipient.bytes[draw(2) * 21] = (uint8_t)(draw(2) * 200);
	stream->sender.bytes[draw(2) * 21] = (uint8_t)(draw(2) * 200);
	stream->session.bytes[draw(2) * 15] = (uint8_t)(draw(2) * 200);
	place->sent_ms = draw(2) * (draw(2) != 0 ? 1 : UINT64_C(1) << 40);
	place->sender = stream->sender;
	place->session = stream->session;
	place->number = draw(3) * (draw(2) != 0 ? 1 : UINT64_C(1) << 50);
}

static uint8_t *put_big_endian(uint8_t *to, uint64_t value)
{
	for (unsigned shift = 64; shift > 0;) {
		shift -= 8;
		*to++ = (uint8_t)(value >> shift);
	}
	return to;
}

static void write_place(uint8_t key[8 + 22 + 16 + 8], const struct place *place)
{
	uint8_t *to = put_big_endian(key, place->sent_ms);

	memcpy(to, place->sender.bytes, 22);
	memcpy(to + 22, place->session.bytes, 16);
	put_big_endian(to + 38, place->number);
}

static void test_orders(void)
{
	bool is_stream = true;
	bool is_place = true;
	unsigned equal = 0;

	for (int i = 0; i < 100000; i++) {
		struct stream stream[2];
		struct place place[2];
		uint8_t key[2][8 + 22 + 16 + 8];

		for (int k = 0; k < 2; k++) {
			draw_key(&stream[k], &place[k]);
			write_place(key[k], &place[k]);
		}
		/* The members of a stream stand in the order of its key, without padding. */
		is_stream = is_stream && sign(stream_compare(&stream[0], &stream[1])) ==
		                                 sign(memcmp(&stream[0], &stream[1], 22 + 22 + 16));
		is_place = is_place && sign(place_compare(&place[0], &place[1])) ==
		                               sign(memcmp(key[0], key[1], sizeof key[0]));
		equal += place_compare(&place[0], &place[1]) == 0;
	}
	OK(is_stream, "stream: sorts by recipient, sender, session");
	OK(is_place, "place: sorts by time, sender, session, number");
	OK(equal > 100, "place: that run met equal ones");
}

static void test_places(void)
{
	struct message message = { .number = NUMBER_MAX, .sent_ms = NUMBER_MAX };
	struct place zero = { 0 };
	struct place end = place_end();

	memset(&message.stream, 0xff, sizeof message.stream);
	struct place last = place_of(&message);

	OK(last.sent_ms == NUMBER_MAX && last.number == NUMBER_MAX &&
	           id_equal(&last.sender, &message.stream.sender) &&
	           ulid_equal(&last.session, &message.stream.session),
	   "place: has the message's time, sender, session and number");
	OK(place_compare(&last, &end) < 0, "place: the end is after the last possible message");
	OK(place_is_end(&end), "place: the end is the end");
	OK(!place_is_end(&last), "place: the last message is not the end");
	OK(!place_is_end(&zero), "place: the beginning is not the end");
	end.number--;
	OK(!place_is_end(&end), "place: only one is the end");
	message.number = 1;
	message.sent_ms = 0;
	memset(&message.stream, 0, sizeof message.stream);
	struct place first = place_of(&message);

	OK(place_compare(&zero, &first) < 0, "place: the beginning is before the first message");
}

/* Decodes by arithmetic: a code point, then whether it was written in as few bytes as possible. */
static bool model_is_valid(const uint8_t *text, size_t size)
{
	static const uint32_t smallest[5] = { 0, 1, 0x80, 0x800, 0x10000 };

	for (size_t i = 0, more; i < size; i += more) {
		uint32_t point = text[i];

		more = point < 0x80             ? 1
		       : (point & 0xe0) == 0xc0 ? 2
		       : (point & 0xf0) == 0xe0 ? 3
		       : (point & 0xf8) == 0xf0 ? 4
		                                : 0;
		if (more == 0 || more > size - i)
			return false;
		if (more > 1)
			point &= 0x7fu >> more;
		for (size_t k = 1; k < more; k++) {
			if ((text[i + k] & 0xc0) != 0x80)
				return false;
			point = point << 6 | (text[i + k] & 0x3f);
		}
		if (point < smallest[more] || point > 0x10ffff)
			return false;
		if (point >= 0xd800 && point <= 0xdfff)
			return false;
	}
	return size > 0;
}

static void test_short_texts(void)
{
	uint8_t text[4];
	unsigned valid = 0;
	bool is_model = true;

	for (uint32_t n = 0; n < 1u << 24; n++) {
		text[0] = (uint8_t)(n >> 16);
		text[1] = (uint8_t)(n >> 8);
		text[2] = (uint8_t)n;
		bool is_valid = message_text_is_valid(view_of(text, 3));

		valid += is_valid;
		is_model = is_model && is_valid == model_is_valid(text, 3);
		if (n < 1u << 16)
			is_model = is_model && message_text_is_valid(view_of(text + 1, 2)) ==
			                               model_is_valid(text + 1, 2);
		if (n < 1u << 8)
			is_model = is_model && message_text_is_valid(view_of(text + 2, 1)) ==
			                               model_is_valid(text + 2, 1);
	}
	OK(is_model, "text: every string of one to three bytes is judged as by the model");
	/* Three of ASCII without NUL, one and one of two bytes in two orders, one of three. */
	IS_U64(valid, 127 * 127 * 127 + 2 * 127 * 1920 + (65536 - 2048 - 2048),
	       "text: as many strings of three bytes are valid as can be counted");
	static const uint8_t edges[7] = { 0x00, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xff };

	for (uint32_t n = 0; n < 16u << 16; n++)
		for (size_t e = 0; e < sizeof edges; e++) {
			text[0] = (uint8_t)(0xf0 + (n >> 16));
			text[1] = (uint8_t)(n >> 8);
			text[2] = (uint8_t)n;
			text[3] = edges[e];
			is_model = is_model && message_text_is_valid(view_of(text, 4)) ==
			                               model_is_valid(text, 4);
		}
	OK(is_model, "text: strings of four bytes are judged as by the model");
}

/* Pieces valid and not, joined, so that every piece comes to stand at every place of a word. */
static void test_long_texts(void)
{
	static const char *const pieces[] = {
		"a",
		"plain text, as most is",
		"\n\t\r\x1b\x7f",
		"\xc3\xa9",
		"\xe2\x82\xac",
		"\xf0\x9f\x98\x80",
		"\xf4\x8f\xbf\xbf",
		"\xef\xbf\xbf",
		"12345678",
		/* Not valid: a lone later byte, overlong, a surrogate, too high, cut off. */
		"\x80",
		"\xc0\x80",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"\xe2\x82",
	};
	const uint32_t piece_count = sizeof pieces / sizeof pieces[0];
	uint8_t text[400];
	bool is_model = true;
	unsigned valid = 0;

	for (int round = 0; round < 100000; round++) {
		size_t size = 0;
		uint32_t among = draw(3) == 0 ? piece_count : piece_count - 5;

		for (uint32_t i = draw(14) + 1; i > 0; i--) {
			const char *piece = pieces[draw(among)];

			memcpy(text + size, piece, strlen(piece));
			size += strlen(piece);
		}
		if (draw(8) == 0)
			text[draw((uint32_t)size)] = 0;
		bool is_valid = message_text_is_valid(view_of(text, size));
		bool want = model_is_valid(text, size) && memchr(text, 0, size) == NULL;

		valid += is_valid;
		is_model = is_model && is_valid == want;
	}
	OK(is_model, "text: long ones are judged as by the model");
	OK(valid > 10000 && valid < 90000, "text: that run met valid ones and others");
}

static void test_text_edges(void)
{
	static uint8_t text[TEXT_SIZE_MAX + 1];

	OK(!message_text_is_valid(view_of(NULL, 0)), "text: nothing is none");
	memset(text, 'x', sizeof text);
	OK(message_text_is_valid(view_of(text, TEXT_SIZE_MAX)), "text: of 65,536 bytes");
	OK(!message_text_is_valid(view_of(text, TEXT_SIZE_MAX + 1)), "text: not of one more");
	for (size_t at = 0; at < 64; at++)
		for (int c = 0; c < 256; c++) {
			text[at] = (uint8_t)c;
			for (size_t size = at + 1; size < 64; size += 7)
				ALWAYS(message_text_is_valid(view_of(text, size)) ==
				               (c >= 1 && c <= 127),
				       "text: one byte at any place of ASCII");
			text[at] = 'x';
		}
	text[TEXT_SIZE_MAX - 1] = 0xc3;
	OK(!message_text_is_valid(view_of(text, TEXT_SIZE_MAX)),
	   "text: does not end within a character");
	text[TEXT_SIZE_MAX] = 0xa9;
	OK(!message_text_is_valid(view_of(text, TEXT_SIZE_MAX)),
	   "text: what is after its end does not help");
}

/* Who knows an older password does not come up to an operator's, however often he sets another. */
static void test_epochs(void)
{
	uint32_t reset = account_next_epoch(0, ACCOUNT_BY_OPERATOR);
	uint32_t epoch = 0, count = 0, next;

	while ((next = account_next_epoch(epoch, ACCOUNT_BY_OWNER)) != 0 && next > epoch) {
		epoch = next;
		count++;
	}
	IS_U64(next, 0, "epoch: an owner comes to an end");
	IS_U64(count, UINT16_MAX, "epoch: after so many changes");
	OK(epoch < reset, "epoch: none is as large as an operator's");
	IS_U64(account_next_epoch(reset, ACCOUNT_BY_OWNER), reset + 1, "epoch: then they go on");
	OK(account_next_epoch(reset + 7, ACCOUNT_BY_OPERATOR) > reset + UINT16_MAX,
	   "epoch: and so does the operator");
	IS_U64(account_next_epoch(UINT32_MAX, ACCOUNT_BY_OPERATOR), 0, "epoch: to the last");
	IS_U64(account_next_epoch(UINT32_MAX, ACCOUNT_BY_OWNER), 0, "epoch: there is none");
}

int main(void)
{
	test_epochs();
	test_orders();
	test_places();
	test_short_texts();
	test_long_texts();
	test_text_edges();
	return tap_done();
}
