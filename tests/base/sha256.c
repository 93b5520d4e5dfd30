/* SPDX-License-Identifier: MIT
 *
 * The published vectors, and every way of cutting an input into pieces.
 */
#include "tests/lib/tap.h"

#include "base/sha256.h"

static uint64_t seed = 20260217;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static void hex_of(const uint8_t *bytes, size_t size, char *hex)
{
	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void digest_is(const void *data, size_t size, const char *want, const char *name)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	sha256(data, size, digest);
	hex_of(digest, sizeof digest, hex);
	IS_STRING(hex, want, name);
}

static void test_digest_vectors(void)
{
	static char text[1000000];

	digest_is(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	          "sha256: of nothing");
	digest_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	          "sha256: FIPS 180-4, one block");
	digest_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
	          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	          "sha256: FIPS 180-4, two blocks");
	digest_is("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
	          "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	          112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
	          "sha256: 896 bits");
	digest_is("\x19", 1, "68aa2e2ee5dff96e3355e6c7ee373e3d6a4e17f75f9518d843709c0c9bc3e3d4",
	          "sha256: RFC 6234, one byte");
	for (size_t i = 0; i < 640; i++)
		text[i] = (char)('0' + i % 8);
	digest_is(text, 640, "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5",
	          "sha256: RFC 6234, ten whole blocks");
	memset(text, 'a', sizeof text);
	digest_is(text, sizeof text,
	          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
	          "sha256: RFC 6234, a million bytes");
}

static void test_every_length(void)
{
	uint8_t data[300];
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct sha256 all;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7 + 3);
	sha256_init(&all);
	for (size_t size = 0; size < sizeof data; size++) {
		sha256(data, size, digest);
		sha256_update(&all, digest, sizeof digest);
	}
	sha256_final(&all, digest);
	hex_of(digest, sizeof digest, hex);
	IS_STRING(hex, "7b074096cabb18dd0d1b468a173cb2f97f80e952525bca29542e606fd6d0753a",
	          "sha256: every length from 0 to 299");
}

static void test_pieces(void)
{
	static uint8_t data[1000];
	bool is_same = true;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)draw(256);
	for (int round = 0; round < 2000; round++) {
		size_t size = draw(sizeof data + 1);
		size_t offset = 0;
		uint8_t whole[SHA256_SIZE], pieces[SHA256_SIZE];
		struct sha256 h;

		sha256(data, size, whole);
		sha256_init(&h);
		while (offset < size) {
			size_t piece = draw(draw(2) != 0 ? 10 : 200);

			if (piece > size - offset)
				piece = size - offset;
			sha256_update(&h, data + offset, piece);
			offset += piece;
		}
		sha256_final(&h, pieces);
		is_same = is_same && memcmp(whole, pieces, sizeof whole) == 0;
	}
	OK(is_same, "sha256: pieces of any size give the digest of the whole");
}

static void test_parts(void)
{
	uint8_t parts[SHA256_SIZE], written_out[SHA256_SIZE], other[SHA256_SIZE];
	struct sha256 h;

	sha256_init(&h);
	sha256_update_part(&h, "ab", 2);
	sha256_update_part(&h, "", 0);
	sha256_update_part(&h, "c", 1);
	sha256_final(&h, parts);
	sha256("\2\0\0\0ab\0\0\0\0\1\0\0\0c", 15, written_out);
	IS_BYTES(parts, written_out, sizeof parts, "sha256: a part is its length and its bytes");
	sha256_init(&h);
	sha256_update_part(&h, "a", 1);
	sha256_update_part(&h, "", 0);
	sha256_update_part(&h, "bc", 2);
	sha256_final(&h, other);
	OK(memcmp(parts, other, sizeof parts) != 0, "sha256: parts do not run into each other");
}

static void hmac_is(const void *key, size_t key_size, const char *data, const char *want,
                    size_t want_size, const char *name)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	hmac_sha256(key, key_size, data, strlen(data), digest);
	hex_of(digest, want_size, hex);
	IS_STRING(hex, want, name);
}

static void test_hmac_vectors(void)
{
	uint8_t key[131];
	char data[51] = { 0 };

	memset(key, 0x0b, 20);
	hmac_is(key, 20, "Hi There",
	        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", 32,
	        "hmac: RFC 4231, case 1");
	hmac_is("Jefe", 4, "what do ya want for nothing?",
	        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", 32,
	        "hmac: RFC 4231, case 2, a short key");
	memset(key, 0xaa, sizeof key);
	memset(data, 0xdd, 50);
	hmac_is(key, 20, data, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
	        32, "hmac: RFC 4231, case 3");
	hmac_is(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
	        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", 32,
	        "hmac: RFC 4231, case 6, a key longer than a block");
	hmac_is(key, 131,
	        "This is a test using a larger than block-size key and a larger than block-size "
	        "data. The key needs to be hashed before being used by the HMAC algorithm.",
	        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2", 32,
	        "hmac: RFC 4231, case 7, and long data");
	for (size_t i = 0; i < 25; i++)
		key[i] = (uint8_t)(i + 1);
	memset(data, 0xcd, 50);
	hmac_is(key, 25, data, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
	        32, "hmac: RFC 4231, case 4");
	memset(key, 0x0c, 20);
	hmac_is(key, 20, "Test With Truncation", "a3b6167473100ee06e0c796c2955552b", 16,
	        "hmac: RFC 4231, case 5, cut to 128 bits");
}

/* By the definition, for keys up to and beyond a block: one of just a block is not hashed. */
static void test_hmac_keys(void)
{
	uint8_t key[2 * SHA256_BLOCK_SIZE + 1];
	unsigned right = 0;

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 7 + 1);
	for (size_t size = 0; size <= sizeof key; size++) {
		uint8_t inner[SHA256_BLOCK_SIZE + 3], outer[SHA256_BLOCK_SIZE + SHA256_SIZE];
		uint8_t block[SHA256_BLOCK_SIZE] = { 0 }, got[SHA256_SIZE], want[SHA256_SIZE];

		if (size > SHA256_BLOCK_SIZE)
			sha256(key, size, block);
		else
			memcpy(block, key, size);
		for (size_t i = 0; i < SHA256_BLOCK_SIZE; i++) {
			inner[i] = block[i] ^ 0x36;
			outer[i] = block[i] ^ 0x5c;
		}
		memcpy(inner + SHA256_BLOCK_SIZE, "abc", 3);
		sha256(inner, sizeof inner, outer + SHA256_BLOCK_SIZE);
		sha256(outer, sizeof outer, want);
		hmac_sha256(key, size, "abc", 3, got);
		right += memcmp(got, want, SHA256_SIZE) == 0;
	}
	IS_U64(right, sizeof key + 1, "hmac: keys of every length, also of just a block");
}

static void test_hmac_pieces(void)
{
	uint8_t whole[SHA256_SIZE], pieces[SHA256_SIZE];
	struct hmac h;

	hmac_sha256("key", 3, "\3\0\0\0onetwo", 10, whole);
	hmac_init(&h, "key", 3);
	hmac_update_part(&h, "one", 3);
	hmac_update(&h, "two", 3);
	hmac_final(&h, pieces);
	IS_BYTES(pieces, whole, sizeof whole, "hmac: parts and pieces give that of the whole");
	hmac_sha256(NULL, 0, NULL, 0, whole);
	hmac_sha256("\0\0", 2, NULL, 0, pieces);
	IS_BYTES(pieces, whole, sizeof whole, "hmac: a short key is filled with zeros");
	hmac_sha256("\1", 1, NULL, 0, pieces);
	OK(memcmp(pieces, whole, sizeof whole) != 0, "hmac: another key, another result");
}

static void test_equal(void)
{
	uint8_t a[SHA256_SIZE], b[SHA256_SIZE];
	bool is_seen = true;

	memset(a, 0x5a, sizeof a);
	memset(b, 0x5a, sizeof b);
	OK(sha256_equal(a, b), "equal: the same bytes");
	for (size_t bit = 0; bit < 8 * sizeof b; bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		is_seen = is_seen && !sha256_equal(a, b);
		b[bit / 8] = 0x5a;
	}
	OK(is_seen, "equal: one bit anywhere makes them differ");
}

int main(void)
{
	test_digest_vectors();
	test_every_length();
	test_pieces();
	test_parts();
	test_hmac_vectors();
	test_hmac_keys();
	test_hmac_pieces();
	test_equal();
	return tap_done();
}
