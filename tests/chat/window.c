/* SPDX-License-Identifier: MIT
 *
 * Answers in any order come out in that of the commands, each once, and none later than it must. A
 * command keeps its tag until it is answered.
 */
#include "tests/lib/tap.h"

#include "chat/window.h"

#include <stdio.h>

static uint64_t seed = 5;

static size_t below(size_t limit)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(seed >> 33) % limit;
}

/* The tag of a command: some have none, some an empty one, some a NUL in it. */
static struct view tag_of(uint32_t token, char text[32])
{
	int size;

	if (token % 3 == 0)
		return view_of(NULL, 0);
	if (token % 7 == 0)
		return view_of(text, 0);
	size = snprintf(text, 32, "tag %u", token);
	text[3] = token % 5 == 0 ? '\0' : ' ';
	return view_of(text, (size_t)size);
}

/* Adds a command. What it gives for a tag is overwritten at once. */
static void add(struct window *w, uint32_t token)
{
	char text[32];

	window_add(w, token, tag_of(token, text));
	memset(text, '?', sizeof text);
}

static bool has_its_tag(const struct window *w, uint32_t token)
{
	char text[32];
	struct view want = tag_of(token, text);
	struct view tag = window_tag(w, token);

	return view_equal(tag, want) && (tag.data == NULL) == (want.data == NULL);
}

/* Writes the answer of a command, and gives it to the window. */
static void answer(struct window *w, struct buf *out, uint32_t token)
{
	char text[32];
	size_t begin = out->size;

	(void)snprintf(text, sizeof text, "%u\n", token);
	buf_append_text(out, text);
	window_answer(w, token, out, begin);
}

/* Whether the lines of `out` are the numbers from 1 to `last`. */
static bool counts_to(const struct buf *out, uint32_t last)
{
	struct view left = buf_view(out);
	char text[32];

	for (uint32_t i = 1; i <= last; i++) {
		int size = snprintf(text, sizeof text, "%u\n", i);

		if (!view_starts_with(left, view_of(text, (size_t)size)))
			return false;
		left = view_of(left.data + size, left.size - (size_t)size);
	}
	return left.size == 0;
}

static void test_random(size_t size)
{
	struct window w;
	struct buf out;
	uint32_t under_way[64];
	size_t count = 0;
	uint32_t next = 1;
	bool good = true;

	window_init(&w, size);
	buf_init(&out, 1 << 20);
	while (next <= 300 || count > 0) {
		uint32_t first = UINT32_MAX;

		if (next <= 300 && w.count < w.size && below(2) == 0) {
			add(&w, next);
			under_way[count++] = next++;
		} else if (count > 0) {
			size_t at = below(count);
			uint32_t token = under_way[at];

			under_way[at] = under_way[--count];
			good = good && window_has(&w, token);
			answer(&w, &out, token);
			good = good && !window_has(&w, token);
		}
		for (size_t i = 0; i < count; i++) {
			first = under_way[i] < first ? under_way[i] : first;
			good = good && has_its_tag(&w, under_way[i]);
		}
		good = good && counts_to(&out, (first == UINT32_MAX ? next : first) - 1);
		good = good && window_first(&w) == (count == 0 ? 0 : first);
	}
	OK(good && w.count == 0, "a window answers in order, at once when it can");
	window_release(&w);
	buf_release(&out);
}

int main(void)
{
	struct window w;
	struct buf out;

	for (size_t size = 1; size <= 64; size *= 2)
		test_random(size);
	window_init(&w, 3);
	buf_init(&out, 100);
	add(&w, 1);
	add(&w, 2);
	answer(&w, &out, 2);
	OK(out.size == 0 && window_first(&w) == 1, "an answer that comes too early waits");
	OK(has_its_tag(&w, 1), "and the one before it keeps its tag");
	window_release(&w);
	OK(true, "and is freed if it never comes out");
	buf_release(&out);
	return tap_done();
}
