/* SPDX-License-Identifier: MIT
 *
 * Answers in any order come out in that of the commands, each once, and none later than it must.
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
			window_add(&w, next, view_of(NULL, 0));
			under_way[count++] = next++;
		} else if (count > 0) {
			size_t at = below(count);
			uint32_t token = under_way[at];

			under_way[at] = under_way[--count];
			good = good && window_has(&w, token);
			answer(&w, &out, token);
			good = good && !window_has(&w, token);
		}
		for (size_t i = 0; i < count; i++)
			first = under_way[i] < first ? under_way[i] : first;
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
	window_add(&w, 1, view_of(NULL, 0));
	window_add(&w, 2, view_of(NULL, 0));
	answer(&w, &out, 2);
	OK(out.size == 0 && window_first(&w) == 1, "an answer that comes too early waits");
	window_release(&w);
	OK(true, "and is freed if it never comes out");
	buf_release(&out);
	return tap_done();
}
