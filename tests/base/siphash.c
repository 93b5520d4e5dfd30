/* SPDX-License-Identifier: MIT
 *
 * SipHash-1-3 against values of another implementation, which for 2-4 agrees with the paper's
 * appendix; and 2-4. The key is the bytes 0 to 15, the input the bytes 0, 1, 2 ...
 */
#include "base/siphash.h"
#include "tests/lib/tap.h"

static void vectors(void)
{
	static const struct {
		size_t size;
		uint64_t hash;
	} rows[] = {
		{ 0, UINT64_C(0xabac0158050fc4dc) },  { 1, UINT64_C(0xc9f49bf37d57ca93) },
		{ 7, UINT64_C(0xd3927d989bb11140) },  { 8, UINT64_C(0x369095118d299a8e) },
		{ 15, UINT64_C(0xd320d86d2a519956) }, { 16, UINT64_C(0xcc4fdd1a7d908b66) },
		{ 22, UINT64_C(0x7ffe7b9ba320872e) }, { 63, UINT64_C(0x9d199062b7bbb3a8) },
	};
	uint8_t bytes[64];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;

	const struct siphash_key key = siphash_key_from(bytes);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "siphash: %zu bytes", rows[i].size);
		IS_U64(siphash(&key, bytes, rows[i].size), rows[i].hash, name);
	}
}

/* The first 8 bytes are the number. That of 15 bytes is the value of the paper. */
static void tags(void)
{
	static const struct {
		size_t size;
		uint64_t hash;
	} rows[] = {
		{ 8, UINT64_C(0x93f5f5799a932462) },  { 9, UINT64_C(0x9e0082df0ba9e4b0) },
		{ 15, UINT64_C(0xa129ca6149be45e5) }, { 16, UINT64_C(0x3f2acc7f57c29bdb) },
		{ 23, UINT64_C(0xa80c038ccd5ccec8) }, { 63, UINT64_C(0x958a324ceb064572) },
	};
	uint8_t bytes[64];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;

	const struct siphash_key key = siphash_key_from(bytes);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "tag: %zu bytes", rows[i].size);
		IS_U64(siphash_tag(&key, UINT64_C(0x0706050403020100), bytes + 8, rows[i].size - 8),
		       rows[i].hash, name);
	}
}

int main(void)
{
	vectors();
	tags();
	return tap_done();
}
