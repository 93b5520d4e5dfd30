/* SPDX-License-Identifier: MIT
 *
 * The vectors of RFC 7748, numbers at the edges of the field, and points that give nothing.
 */
#include "tests/lib/tap.h"

#include "base/x25519.h"

static void bytes_of(const char *hex, uint8_t bytes[X25519_SIZE])
{
	for (size_t i = 0; i < X25519_SIZE; i++) {
		unsigned value = 0;

		(void)sscanf(hex + 2 * i, "%2x", &value);
		bytes[i] = (uint8_t)value;
	}
}

static void is_bytes(const uint8_t got[X25519_SIZE], const char *want, const char *name)
{
	char hex[2 * X25519_SIZE + 1];

	for (size_t i = 0; i < X25519_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", got[i]);
	IS_STRING(hex, want, name);
}

static void shared_is(const char *secret_hex, const char *public_hex, const char *want,
                      const char *name)
{
	uint8_t secret[X25519_SIZE], public[X25519_SIZE], shared[X25519_SIZE];

	bytes_of(secret_hex, secret);
	bytes_of(public_hex, public);
	x25519_shared(secret, public, shared);
	is_bytes(shared, want, name);
}

/* Section 5.2. The second point has its highest bit set, which must not be looked at. */
static void test_vectors(void)
{
	shared_is("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
	          "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	          "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
	          "x25519: RFC 7748, 5.2, the first vector");
	shared_is("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
	          "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	          "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
	          "x25519: RFC 7748, 5.2, the second vector");
}

static void test_iterations(void)
{
	uint8_t k[X25519_SIZE] = { 9 };
	uint8_t u[X25519_SIZE] = { 9 };
	uint8_t next[X25519_SIZE];

	for (int i = 1; i <= 1000; i++) {
		x25519_shared(k, u, next);
		memcpy(u, k, X25519_SIZE);
		memcpy(k, next, X25519_SIZE);
		if (i == 1)
			is_bytes(k,
			         "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
			         "x25519: RFC 7748, once upon itself");
	}
	is_bytes(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51",
	         "x25519: RFC 7748, a thousand times");
}

/* Section 6.1: Bob's half of it. */
static void test_two_sides(void)
{
	uint8_t bob[X25519_SIZE], public[X25519_SIZE];

	bytes_of("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob);
	x25519_public(bob, public);
	is_bytes(public, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	         "x25519: RFC 7748, 6.1, a public key");
	shared_is("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	          "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	          "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
	          "x25519: RFC 7748, 6.1, the shared secret");
}

/* Two sides of many random pairs agree. */
static void test_pairs(void)
{
	uint64_t seed = 7;
	bool equal = true;

	for (int i = 0; i < 50; i++) {
		uint8_t secrets[2][X25519_SIZE], publics[2][X25519_SIZE], shared[2][X25519_SIZE];

		for (size_t k = 0; k < sizeof secrets; k++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			secrets[k / X25519_SIZE][k % X25519_SIZE] = (uint8_t)(seed >> 56);
		}
		for (int k = 0; k < 2; k++)
			x25519_public(secrets[k], publics[k]);
		for (int k = 0; k < 2; k++)
			equal &= x25519_shared(secrets[k], publics[1 - k], shared[k]);
		equal &= memcmp(shared[0], shared[1], X25519_SIZE) == 0;
	}
	OK(equal, "x25519: two sides get the same secret");
}

/* Numbers around p, computed with the big numbers of another language. p - 1, p and p + 1 are among
 * those that give nothing; p + 2 is another way to write 2. */
static void test_edges(void)
{
	static const char secret[] =
		"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";

	shared_is(secret, "0200000000000000000000000000000000000000000000000000000000000000",
	          "c3fcc415d88688e8cbdf42f155c5b1f1a26e9fd144ef1870878ef159079ff67e", "x25519: 2");
	shared_is(secret, "efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	          "c3fcc415d88688e8cbdf42f155c5b1f1a26e9fd144ef1870878ef159079ff67e",
	          "x25519: p + 2");
	shared_is(secret, "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	          "bfd63d218dd717a9157b6c5694549d2d45efc5ff4f9c8018845f1e493bcb774d",
	          "x25519: p - 2");
	shared_is(secret, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	          "97d2afc2346138facb28bbb3cf5f76727db5ab94dc3b24695a864243c39b8e57",
	          "x25519: the largest number");
	shared_is("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	          "96186d56afdbfeda62f0d07168fa8b142b3d8530e9705fd818cfd33591ea927f",
	          "x25519: all bits of both");
	shared_is("0000000000000000000000000000000000000000000000000000000000000000",
	          "0900000000000000000000000000000000000000000000000000000000000000",
	          "2fe57da347cd62431528daac5fbb290730fff684afc4cfc2ed90995f58cb3b74",
	          "x25519: a secret without a bit");
}

static void test_nothing(void)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	};
	const uint8_t zero[X25519_SIZE] = { 0 };
	bool nothing = true;

	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		uint8_t secret[X25519_SIZE] = { 1, 2, 3 }, public[X25519_SIZE];
		uint8_t shared[X25519_SIZE];

		bytes_of(points[i], public);
		bool is_point = x25519_shared(secret, public, shared);

		nothing &= !is_point && memcmp(shared, zero, X25519_SIZE) == 0;
	}
	OK(nothing, "x25519: points of small order give nothing, and say so");
}

int main(void)
{
	test_vectors();
	test_iterations();
	test_two_sides();
	test_pairs();
	test_edges();
	test_nothing();
	return tap_done();
}
