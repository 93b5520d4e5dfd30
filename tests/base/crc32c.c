/* SPDX-License-Identifier: MIT
 *
 * The published vectors, and the two paths against each other and against the definition, bit by
 * bit.
 */
#include "tests/lib/tap.h"

#include "base/crc32c.h"

static uint64_t seed = 20260217;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

/* By the definition: each bit moves the register on, and a bit that falls out takes the polynomial.
 * */
static uint32_t crc32c_model(uint32_t crc, const uint8_t *data, size_t size)
{
	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

static void crc_is(const uint8_t *data, size_t size, uint32_t want, const char *name)
{
	IS_U64(crc32c(0, data, size), want, name);
	IS_U64(crc32c_portable(0, data, size), want, name);
}

static void test_crc_vectors(void)
{
	static const uint8_t pdu[48] = {
		0x01, 0xc0, 0, 0, 0, 0, 0,    0, 0,    0, 0, 0,    0, 0, 0, 0,
		0x14, 0,    0, 0, 0, 0, 0x04, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
		0x28, 0,    0, 0, 0, 0, 0,    0, 0x02, 0, 0, 0,    0, 0, 0, 0,
	};
	uint8_t data[32];

	crc_is((const uint8_t *)"123456789", 9, 0xe3069283, "crc32c: of 123456789");
	memset(data, 0, sizeof data);
	crc_is(data, 32, 0x8a9136aa, "crc32c: RFC 3720, zeros");
	memset(data, 0xff, sizeof data);
	crc_is(data, 32, 0x62a8ab43, "crc32c: RFC 3720, ones");
	for (size_t i = 0; i < 32; i++)
		data[i] = (uint8_t)i;
	crc_is(data, 32, 0x46dd794e, "crc32c: RFC 3720, rising");
	for (size_t i = 0; i < 32; i++)
		data[i] = (uint8_t)(31 - i);
	crc_is(data, 32, 0x113fdb5c, "crc32c: RFC 3720, falling");
	crc_is(pdu, sizeof pdu, 0xd9963a56, "crc32c: RFC 3720, a read command");
	IS_U64(crc32c(0x12345678, NULL, 0), 0x12345678, "crc32c: nothing changes nothing");
	IS_U64(crc32c_portable(0x12345678, NULL, 0), 0x12345678,
	       "crc32c: nothing changes nothing by tables");
}

static void test_crc_paths(void)
{
	static uint8_t data[5000];
	bool is_model = true;
	bool is_same = true;
	bool goes_on = true;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)draw(256);
	for (int round = 0; round < 2000; round++) {
		size_t offset = draw(64);
		size_t size = draw(round % 10 == 0 ? 4900 : 100);
		size_t first = draw((uint32_t)size + 1);
		uint32_t start = draw(UINT32_MAX);
		const uint8_t *from = data + offset;
		uint32_t want = crc32c_model(start, from, size);

		is_model = is_model && crc32c_portable(start, from, size) == want;
		is_same = is_same && crc32c(start, from, size) == want;
		goes_on = goes_on &&
		          crc32c(crc32c(start, from, first), from + first, size - first) == want;
	}
	OK(is_model, "crc32c: the tables agree with the definition");
	OK(is_same, "crc32c: the path of this machine agrees with the definition");
	OK(goes_on, "crc32c: two halves give the sum of the whole");
}

int main(void)
{
	test_crc_vectors();
	test_crc_paths();
	return tap_done();
}
