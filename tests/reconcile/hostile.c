/* SPDX-License-Identifier: MIT
 *
 * A short run of the fuzz target tests/fuzz/repair.c for `make check`,
 * with the same inputs each time.
 */
#include "tests/fuzz/repair.c"
#include "tests/fuzz/steady.h"

int main(void)
{
	fuzz_steadily(1500, 300);
	OK(true, "hostile: whatever replicas say, a run of repair ends");
	return tap_done();
}
