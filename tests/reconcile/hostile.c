/* SPDX-License-Identifier: MIT
 *
 * The same inputs each time for the fuzz target tests/fuzz/repair.c: a short run of it for `make check`.
 */
#include "tests/fuzz/repair.c"
#include "tests/fuzz/steady.h"

int main(void)
{
	fuzz_steadily(1500, 300);
	OK(true, "hostile: whatever replicas say, a run of repair ends");
	return tap_done();
}
