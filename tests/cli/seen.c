/* SPDX-License-Identifier: MIT
 *
 * Which messages still stand in the window (cli/seen.h).
 */
#include "cli/seen.h"
#include "tests/lib/tap.h"

int main(void)
{
	struct cli_seen s = { .count = 0 };

	IS_U64(seen_count(&s, 1), 0, "at first none does");
	seen_add(&s, 3);
	seen_add(&s, 5);
	seen_add(&s, 9);
	IS_U64(seen_count(&s, 1), 3, "all do that were shown");
	IS_U64(seen_count(&s, 5), 2, "what begins in the first row does");
	IS_U64(seen_count(&s, 6), 1, "what begins above it does not");
	IS_U64(seen_count(&s, 10), 0, "nor does any, when all has gone");
	seen_add(&s, 0);
	IS_U64(seen_count(&s, 1), 0, "what is shown nowhere is not passed over");
	seen_add(&s, 12);
	IS_U64(seen_count(&s, 1), 1, "what came after it stands there");
	for (uint64_t i = 0; i < 3 * SEEN_MAX; i++)
		seen_add(&s, 20 + i);
	IS_U64(seen_count(&s, 1), SEEN_MAX, "more are not known");
	IS_U64(seen_count(&s, 20 + 3 * SEEN_MAX - 10), 10, "of these the last do");
	seen_clear(&s);
	IS_U64(seen_count(&s, 1), 0, "those of another account do not count");
	return tap_done();
}
