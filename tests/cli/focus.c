/* SPDX-License-Identifier: MIT
 *
 * Messages that are kept back (cli/focus.h): none is lost, none is said to be shown too early, and
 * they are never too many.
 */
#include "cli/focus.h"
#include "replication/replication.h"

#include "tests/lib/tap.h"

#include <stdio.h>

static struct cli_focus f;
static struct buf out;

static void keep(const char *from, uint64_t serial, const char *lines)
{
	focus_came(&f, serial, strlen(lines));
	focus_keep(&f, view_of_string(from), view_of_string(lines));
}

static const char *give(const char *from)
{
	static char text[256];

	buf_clear(&out);
	(void)focus_give(&f, view_of_string(from), &out);
	(void)snprintf(text, sizeof text, "%.*s", (int)out.size, (const char *)out.data);
	return text;
}

static void test_order(void)
{
	IS_U64(focus_shown(&f), 0, "nothing has come");
	focus_came(&f, 1, 2);
	IS_U64(focus_shown(&f), 1, "one that is not kept back is shown");
	keep("carol", 2, "c1\n");
	keep("dave", 3, "d1\n");
	focus_came(&f, 4, 2);
	keep("Carol", 5, "c2\n");
	IS_U64(focus_shown(&f), 1, "none behind one that is kept back is shown for the replicas");
	IS_STRING(give("eve"), "", "nothing is kept back of eve");
	IS_STRING(give("carol"), "c1\nc2\n", "those of one, in their order");
	IS_U64(focus_shown(&f), 2, "the first of another one comes next");
	keep("carol", 6, "c3\n");
	IS_STRING(give(""), "d1\nc3\n", "all that are left, in their order");
	IS_U64(focus_shown(&f), 6, "then all are shown");
	IS_STRING(give(""), "", "once");
}

static void test_bounds(void)
{
	uint64_t serial = f.last;
	static char large[FOCUS_SIZE_MAX / 2];
	unsigned count = 0;

	keep("carol", ++serial, "c\n");
	while (!focus_is_full(&f)) {
		if (++count % 2 == 0)
			keep("dave", ++serial, "d\n");
		else
			focus_came(&f, ++serial, 2);
	}
	IS_U64(count, FOCUS_COUNT_MAX - 1, "so many come while one is kept back, of whomever");
	OK(count < (unsigned)HANDED_COUNT_MAX, "fewer than may be handed out");
	(void)give("");
	OK(!focus_is_full(&f), "then there is room again");
	memset(large, 'x', sizeof large - 1);
	keep("carol", ++serial, large);
	OK(!focus_is_full(&f), "half of the bytes");
	focus_came(&f, ++serial, sizeof large + 1);
	OK(focus_is_full(&f), "all of them, shown or not");
	OK((size_t)FOCUS_SIZE_MAX < (size_t)HANDED_SIZE_MAX, "fewer than may be handed out");
	focus_clear(&f);
	OK(!focus_is_full(&f), "nothing is left");
	IS_U64(focus_shown(&f), serial, "nor waits");
}

int main(void)
{
	buf_init(&out, SIZE_MAX / 4);
	test_order();
	test_bounds();
	buf_release(&out);
	return tap_done();
}
