/* SPDX-License-Identifier: MIT
 *
 * Bounds: their order is that of the keys, and a short one holds exactly what a long one would.
 */
#include "fact/bound.h"
#include "store.h"
#include "tests/lib/tap.h"

static uint64_t state = 2463534242;

static uint64_t draw(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

/* Few values, so that keys share parts, and the extremes of each. */
static uint8_t draw_byte(void)
{
	static const uint8_t bytes[] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff };

	return bytes[draw(6)];
}

static void draw_id(struct id *id)
{
	*id = (struct id){ { 0 } };
	id->bytes[draw(2)] = draw_byte();
	id->bytes[ID_SIZE - 1 - draw(2)] = draw_byte();
}

static struct fact draw_fact(void)
{
	struct fact fact = { .kind = (enum fact_kind)(FACT_ACCOUNT + draw(4)) };
	struct stream stream = { .session = { { 0 } } };
	uint64_t number = draw(2) == 0 ? 1 + draw(3) : NUMBER_MAX - draw(300);

	draw_id(&stream.recipient);
	draw_id(&stream.sender);
	stream.session.bytes[draw(ULID_SIZE)] = draw_byte();
	switch (fact.kind) {
	case FACT_ACCOUNT:
		fact.account.id = stream.recipient;
		break;
	case FACT_TOMBSTONE:
		fact.tombstone.id = stream.recipient;
		break;
	case FACT_MESSAGE:
		fact.message = (struct message){ .stream = stream, .number = number };
		break;
	case FACT_BURIAL:
		fact.burial = (struct burial){ stream, { number, NUMBER_MAX } };
		break;
	}
	return fact;
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void test_order(void)
{
	uint32_t right = 0;
	uint32_t equal = 0;

	for (int i = 0; i < 200000; i++) {
		const struct fact f = draw_fact();
		const struct fact g = draw_fact();
		const struct store_key a = store_key_of(&f);
		const struct store_key b = store_key_of(&g);
		const struct bound x = bound_of(&f);
		const struct bound y = bound_of(&g);

		right += sign(store_key_compare(&a, &b)) == sign(bound_compare(&x, &y));
		equal += bound_compare(&x, &y) == 0;
	}
	IS_U64(right, 200000, "bounds are ordered as keys are");
	OK(equal > 100, "some were equal");
}

static void test_ends(void)
{
	const struct bound begin = bound_begin();
	const struct bound end = bound_end();
	uint32_t between = 0;

	for (int i = 0; i < 10000; i++) {
		const struct fact fact = draw_fact();
		const struct bound bound = bound_of(&fact);

		/* The id that is all 0 belongs to nobody: no content has it. */
		between += (bound_compare(&begin, &bound) < 0 || fact.kind == FACT_ACCOUNT ||
		            fact.kind == FACT_TOMBSTONE) &&
		           bound_compare(&bound, &end) < 0;
	}
	IS_U64(between, 10000, "all keys are between the beginning and the end");
	OK(bound_is_end(&end) && !bound_is_end(&begin), "the end is known from others");
	IS_U64(bound_size(&end), 0, "the end has nothing but what may be left out");
	IS_U64(bound_size(&begin), BOUND_SIZE, "the beginning has nothing that may");
}

static void test_between(void)
{
	uint32_t right = 0;
	uint32_t asked = 0;
	size_t size = 0;

	for (int i = 0; i < 200000; i++) {
		const struct fact f = draw_fact();
		const struct fact g = draw_fact();
		struct bound a = bound_of(&f);
		struct bound b = bound_of(&g);

		if (bound_compare(&a, &b) == 0)
			continue;
		if (bound_compare(&a, &b) > 0) {
			const struct bound c = a;

			a = b;
			b = c;
		}
		const struct bound bound = bound_between(&a, &b);
		size_t shared = 0;

		while (a.bytes[shared] == b.bytes[shared])
			shared++;
		asked++;
		right += bound_compare(&a, &bound) <= 0 && bound_compare(&bound, &b) < 0 &&
		         bound_size(&bound) <= shared + 1;
		size += bound_size(&bound);
	}
	IS_U64(right, asked, "a bound between two is not before the one and before the other");
	OK(size / asked < 10, "and short");
}

int main(void)
{
	test_order();
	test_ends();
	test_between();
	return tap_done();
}
