/* SPDX-License-Identifier: MIT
 *
 * Buffers against an array of fixed size, readers against the bytes that were put, and the edges:
 * nothing, exactly the maximum, one more.
 */
#include "tests/lib/tap.h"

#include "base/buf.h"

static uint64_t seed = 31;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static bool order_is(const char *a, const char *b, int want)
{
	struct view left = view_of_string(a);
	struct view right = view_of_string(b);

	return sign(view_compare(left, right)) == want &&
	       sign(view_compare(right, left)) == -want && view_equal(left, right) == (want == 0);
}

static void test_views(void)
{
	const struct view none = { NULL, 0 };
	struct view abc = view_of("abc", 3);

	IS_U64(view_of_string("").size, 0, "view: of an empty string has no bytes");
	IS_U64(view_of_string("four").size, 4, "view: of a string is without its NUL");
	OK(view_equal(none, view_of("x", 0)), "view: two empty ones are equal wherever they are");
	OK(view_compare(none, none) == 0, "view: nothing compares equal to nothing");
	OK(view_compare(none, abc) < 0, "view: nothing sorts first");
	OK(order_is("abc", "abc", 0), "view: equal bytes are equal");
	OK(order_is("ab", "abc", -1), "view: a prefix sorts before what it begins");
	OK(order_is("b", "abc", 1), "view: the first difference decides");
	OK(order_is("\x7f", "\x80", -1), "view: bytes are unsigned");
	OK(!view_equal(view_of("a\0b", 3), view_of("a\0c", 3)), "view: a NUL is a byte");
	OK(view_starts_with(abc, view_of_string("ab")), "view: begins with a prefix");
	OK(view_starts_with(abc, abc), "view: begins with itself");
	OK(view_starts_with(abc, none), "view: begins with nothing");
	OK(view_starts_with(none, none), "view: nothing begins with nothing");
	OK(!view_starts_with(abc, view_of_string("abcd")), "view: does not begin with more");
	OK(!view_starts_with(abc, view_of_string("b")), "view: does not begin with something else");
}

static void test_lines(void)
{
	struct view rest = view_of_string("one\n\ntwo");
	struct view line;

	OK(view_take_line(&rest, &line) && view_equal(line, view_of_string("one")),
	   "view: a line is taken without its newline");
	OK(view_take_line(&rest, &line) && line.size == 0, "view: so is an empty one");
	OK(view_take_line(&rest, &line) && view_equal(line, view_of_string("two")),
	   "view: and the last, which has none");
	OK(!view_take_line(&rest, &line) && line.size == 0, "view: then nothing is left");
	rest = view_of_string("end\n");
	OK(view_take_line(&rest, &line) && !view_take_line(&rest, &line),
	   "view: a newline at the end begins no line");
	rest = view_of(NULL, 0);
	OK(!view_take_line(&rest, &line), "view: nothing has no line");
}

static void test_integers(void)
{
	uint8_t bytes[14];
	const uint8_t want[14] = { 0x02, 0xf1, 0x06, 0x05, 0x04, 0xf3, 0x0e,
		                   0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08, 0xf7 };
	uint8_t *to = buf_store_u16(bytes, 0xf102);

	to = buf_store_u32(to, 0xf3040506);
	to = buf_store_u64(to, UINT64_C(0xf708090a0b0c0d0e));
	OK(to == bytes + 14, "integers: each put returns the byte after");
	IS_BYTES(bytes, want, sizeof want, "integers: are stored little-endian");
	IS_U64(buf_load_u16(bytes), 0xf102, "integers: 16 bits come back");
	IS_U64(buf_load_u32(bytes + 2), 0xf3040506, "integers: 32 bits come back");
	IS_U64(buf_load_u64(bytes + 6), UINT64_C(0xf708090a0b0c0d0e),
	       "integers: 64 bits come back");
}

static void test_limits(void)
{
	struct buf b;

	buf_init(&b, 10);
	OK(b.data == NULL && b.capacity == 0, "buf: holds no memory before the first put");
	OK(buf_put(&b, NULL, 0), "buf: nothing can be put");
	OK(buf_put(&b, "0123456", 7), "buf: takes what fits");
	OK(!buf_put_u32(&b, 1) && b.size == 7, "buf: four bytes do not go where three are left");
	OK(!buf_put_u64(&b, 1) && b.size == 7, "buf: nor do eight");
	OK(!buf_put_view8(&b, view_of_string("abc")) && b.size == 7,
	   "buf: a view that fits without its length is refused whole");
	OK(buf_put_u16(&b, 0x6261) && buf_put_u8(&b, 'c'), "buf: can be filled to the maximum");
	OK(view_equal(buf_view(&b), view_of_string("0123456abc")), "buf: holds what was put");
	IS_U64(b.capacity, 10, "buf: never allocates above the maximum");
	OK(!buf_put_u8(&b, 0) && !buf_put_u16(&b, 0), "buf: refuses what is above the maximum");
	OK(buf_put(&b, "x", 0), "buf: takes nothing even if full");
	OK(!buf_put(&b, "x", SIZE_MAX), "buf: no size is too large to be refused");
	OK(buf_reserve(&b, SIZE_MAX) == NULL, "buf: nor to be refused a reservation");
	buf_clear(&b);
	OK(b.size == 0 && b.capacity == 10, "buf: keeps its memory when cleared");
	buf_release(&b);
	OK(b.data == NULL && b.capacity == 0 && b.size == 0, "buf: gives its memory back");
	OK(buf_put_u8(&b, 1) && b.size_max == 10, "buf: can be used after a release");
	buf_release(&b);
	buf_release(&b);
	OK(b.data == NULL, "buf: can be released twice");
	buf_init(&b, 0);
	OK(!buf_put_u8(&b, 1), "buf: of no size takes no byte");
	OK(buf_put(&b, NULL, 0), "buf: of no size takes nothing");
	buf_release(&b);
}

static void test_reserve(void)
{
	struct buf b;

	buf_init(&b, 1000);
	uint8_t *to = buf_reserve(&b, 5);

	OK(to != NULL && b.size == 0, "buf: what is reserved does not count yet");
	memcpy(to, "hello", 5);
	buf_added(&b, 2);
	OK(view_equal(buf_view(&b), view_of_string("he")), "buf: less than reserved may be added");
	OK(buf_reserve(&b, 0) == b.data + 2, "buf: nothing is reserved at the end");
	OK(buf_reserve(&b, 998) == b.data + 2, "buf: all that is left can be reserved");
	OK(buf_reserve(&b, 999) == NULL, "buf: one byte more cannot");
	OK(view_equal(buf_view(&b), view_of_string("he")), "buf: growing keeps what was there");
	buf_release(&b);
}

static void test_growth(void)
{
	struct buf b;
	size_t moves = 0;
	size_t capacity = 0;

	buf_init(&b, 1000000);
	for (size_t i = 0; i < 1000000; i++) {
		ALWAYS(buf_put_u8(&b, (uint8_t)(i * 31)), "buf: a byte below the maximum fits");
		moves += b.capacity != capacity;
		capacity = b.capacity;
	}
	OK(moves < 20, "buf: a million puts allocate fewer than twenty times");
	bool is_kept = true;

	for (size_t i = 0; i < 1000000; i++)
		is_kept = is_kept && b.data[i] == (uint8_t)(i * 31);
	OK(is_kept, "buf: growing keeps every byte");
	OK(!buf_put_u8(&b, 0), "buf: the byte after the maximum does not fit");
	buf_release(&b);
}

enum { MODEL_SIZE_MAX = 700 };

struct model {
	uint8_t data[MODEL_SIZE_MAX];
	size_t size;
};

static bool model_put(struct model *m, const uint8_t *data, size_t size)
{
	if (size > MODEL_SIZE_MAX - m->size)
		return false;
	memcpy(m->data + m->size, data, size);
	m->size += size;
	return true;
}

/* One drawn operation on both; whether they said the same. */
static bool step(struct buf *b, struct model *m)
{
	uint8_t bytes[300];
	uint8_t framed[304];
	size_t size = draw(200);
	uint64_t value = 0;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)draw(256);
	for (size_t i = 8; i-- > 0;)
		value = value << 8 | bytes[i];
	switch (draw(9)) {
	case 0:
		return buf_put(b, bytes, size) == model_put(m, bytes, size);
	case 1:
		return buf_put_u8(b, (uint8_t)value) == model_put(m, bytes, 1);
	case 2:
		return buf_put_u16(b, (uint16_t)value) == model_put(m, bytes, 2);
	case 3:
		return buf_put_u32(b, (uint32_t)value) == model_put(m, bytes, 4);
	case 4:
		return buf_put_u64(b, value) == model_put(m, bytes, 8);
	case 5:
		framed[0] = (uint8_t)size;
		memcpy(framed + 1, bytes, size);
		return buf_put_view8(b, view_of(bytes, size)) == model_put(m, framed, size + 1);
	case 6:
		size += 100;
		memcpy(framed, (uint8_t[]){ (uint8_t)size, (uint8_t)(size >> 8), 0, 0 }, 4);
		memcpy(framed + 4, bytes, size);
		return buf_put_view32(b, view_of(bytes, size)) == model_put(m, framed, size + 4);
	case 7:
		size = draw((uint32_t)m->size + 1);
		buf_consume(b, size);
		memmove(m->data, m->data + size, m->size - size);
		m->size -= size;
		return true;
	default:
		if (draw(20) == 0) {
			buf_release(b);
			m->size = 0;
		} else if (draw(20) == 0) {
			buf_clear(b);
			m->size = 0;
		}
		return true;
	}
}

static void test_against_model(void)
{
	static struct model m;
	struct buf b;
	bool is_same = true;
	unsigned refusals = 0;

	buf_init(&b, MODEL_SIZE_MAX);
	for (int i = 0; i < 200000 && is_same; i++) {
		size_t before = m.size;

		is_same = step(&b, &m) && b.size == m.size && b.capacity <= MODEL_SIZE_MAX &&
		          view_equal(buf_view(&b), view_of(m.data, m.size));
		refusals += m.size == before;
	}
	OK(is_same, "buf: does what an array of fixed size does");
	OK(refusals > 1000, "buf: that run met the maximum");
	buf_release(&b);
}

static void test_reader(void)
{
	struct buf b;
	uint8_t copy[3];

	buf_init(&b, 1000);
	OK(buf_put_u8(&b, 0x81) && buf_put_u16(&b, 0x8283) && buf_put_u32(&b, 0x84858687) &&
	           buf_put_u64(&b, UINT64_MAX - 1) && buf_put_view8(&b, view_of_string("short")) &&
	           buf_put_view32(&b, view_of_string("long")) && buf_put(&b, "abcdef", 6) &&
	           buf_put_view8(&b, view_of(NULL, 0)),
	   "reader: there is something to read");
	struct reader r = reader_of(buf_view(&b));

	IS_U64(reader_u8(&r), 0x81, "reader: 8 bits");
	IS_U64(reader_u16(&r), 0x8283, "reader: 16 bits");
	IS_U64(reader_u32(&r), 0x84858687, "reader: 32 bits");
	IS_U64(reader_u64(&r), UINT64_MAX - 1, "reader: 64 bits");
	OK(view_equal(reader_view8(&r), view_of_string("short")), "reader: a view of width 8");
	OK(view_equal(reader_view32(&r), view_of_string("long")), "reader: a view of width 32");
	OK(memcmp(reader_bytes(&r, 2), "ab", 2) == 0, "reader: bytes as they stand");
	reader_copy(&r, copy, 3);
	IS_BYTES(copy, "cde", 3, "reader: a copy");
	OK(view_equal(reader_view(&r, 1), view_of_string("f")), "reader: a view of given size");
	IS_U64(reader_left(&r), 1, "reader: knows what is left");
	IS_U64(reader_view8(&r).size, 0, "reader: an empty view");
	OK(!r.failed && reader_left(&r) == 0, "reader: came to the end and did not fail");
	OK(reader_bytes(&r, 0) != NULL && !r.failed, "reader: no bytes can be had at the end");
	OK(reader_bytes(&r, 1) == NULL && r.failed, "reader: one byte cannot");
	OK(reader_bytes(&r, 0) == NULL, "reader: what has failed goes on failing");
	buf_release(&b);
}

static void test_empty_reader(void)
{
	struct reader r = reader_of((struct view){ NULL, 0 });

	OK(reader_bytes(&r, 0) != NULL && !r.failed, "reader: of nothing gives nothing");
	reader_copy(&r, NULL, 0);
	OK(!r.failed, "reader: of nothing copies nothing");
	IS_U64(reader_u8(&r), 0, "reader: of nothing gives no byte");
	OK(r.failed, "reader: of nothing fails for a byte");
}

/* Reads one of each kind from the first `size` bytes of `data`; the kind at which it failed. */
static int read_kind(struct reader *r, int kind)
{
	uint8_t copy[3] = { 9, 9, 9 };

	switch (kind) {
	case 0:
		return reader_u8(r);
	case 1:
		return reader_u16(r);
	case 2:
		return reader_u32(r) != 0;
	case 3:
		return reader_u64(r) != 0;
	case 4:
		return reader_view8(r).size != 0;
	case 5:
		return reader_view32(r).size != 0;
	case 6:
		return reader_view(r, 3).size != 0;
	default:
		reader_copy(r, copy, 3);
		return copy[0] | copy[1] | copy[2];
	}
}

/* Each kind needs so many of the bytes 3 0 0 0 1 1 1 1. */
static void test_short_reads(void)
{
	static const uint8_t data[8] = { 3, 0, 0, 0, 1, 1, 1, 1 };
	static const size_t need[8] = { 1, 2, 4, 8, 4, 7, 3, 3 };

	for (int kind = 0; kind < 8; kind++)
		for (size_t size = 0; size <= sizeof data; size++) {
			struct reader r = reader_of(view_of(data, size));
			int got = read_kind(&r, kind);

			if (size >= need[kind]) {
				ALWAYS(!r.failed && got != 0, "reader: enough bytes are read");
				ALWAYS(r.offset == need[kind], "reader: consumes what it reads");
				continue;
			}
			ALWAYS(r.failed && got == 0, "reader: too few bytes fail and give zero");
			ALWAYS(r.offset == 0, "reader: a get that fails consumes nothing");
			for (int next = 0; next < 8; next++)
				ALWAYS(read_kind(&r, next) == 0 && r.failed && r.offset == 0,
				       "reader: after a failure every get fails");
		}
	OK(tap_failed == 0, "reader: every get from every shorter input fails whole");

	struct reader r = reader_of(view_of("\xff\xff\xff\xff.", 5));

	OK(reader_view32(&r).data == NULL && r.failed, "reader: a length of 4 GiB is too long");
}

int main(void)
{
	test_views();
	test_lines();
	test_integers();
	test_limits();
	test_reserve();
	test_growth();
	test_against_model();
	test_reader();
	test_empty_reader();
	test_short_reads();
	return tap_done();
}
